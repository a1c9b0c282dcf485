/* Where messages end in a stream (RFC 3261 §18.3): Content-Length is a must there. Keep-alives of RFC 5626 §3.5.1 are answered. */
#include "front/sip_desk.h"

#include "front/sip_frame.h"
#include "io/clock.h"

/* A lower bound: since the loop was told of the bytes. How long they stood in the kernel before that nobody knows. */
static int64_t lag_ms(const struct stir_sip_conn *conn, int64_t now_us)
{
    int64_t ms = now_us / 1000 - stir_loop_ms(conn->desk->worker->loop);
    return ms > 0 ? ms : 0;
}

static void take(struct stir_sip_conn *conn, const struct stir_sip_frame *frame)
{
    struct stir_sip_flow flow = {
        .socket = conn->socket, .conn = conn, .peer = conn->peer, .begun_us = stir_clock_monotonic_us(), .fault = frame->code, .phrase = frame->phrase};
    flow.queued_ms = lag_ms(conn, flow.begun_us);
    flow.unix_ms = stir_loop_unix_ms(conn->desk->worker->loop);
    conn->progress = true;
    stir_sip_take(conn->desk, &flow, frame->message);
}

bool stir_sip_stream_eat(struct stir_sip_conn *conn)
{
    struct stir_slice rest = stir_slice_of(conn->in, conn->in_n);
    struct stir_sip_frame frame = {.what = STIR_SIP_FRAME_PING};
    while (rest.n && frame.what != STIR_SIP_FRAME_MORE && frame.what != STIR_SIP_FRAME_BAD && !conn->broken && !conn->ended) {
        stir_sip_frame(&frame, rest);
        if (frame.what == STIR_SIP_FRAME_PING)
            stir_sip_conn_send(conn, stir_slice_str("\r\n"));
        else if (frame.what == STIR_SIP_FRAME_MESSAGE || frame.what == STIR_SIP_FRAME_BAD)
            take(conn, &frame);
        rest = stir_slice_from(rest, frame.n);
    }
    if (rest.n)
        memmove(conn->in, rest.p, rest.n);
    conn->in_n = rest.n;
    return frame.what != STIR_SIP_FRAME_BAD;
}
