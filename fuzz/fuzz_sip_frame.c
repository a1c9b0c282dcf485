/* Messages cut out of a stream: they end where Content-Length says, for us and for who reads them next, however the stream comes apart. */
#include <stdlib.h>

#include "core/bytes.h"
#include "front/sip_frame.h"

#include <stir/call.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Fewer bytes of a message are no message, nor a fault. */
static void parts_want_more(struct stir_slice whole)
{
    struct stir_sip_frame part;
    size_t step = whole.n > 64 ? whole.n / 61 : 1;
    for (size_t n = 1; n < whole.n; n += step) {
        stir_sip_frame(&part, stir_slice_upto(whole, n));
        require(part.what == STIR_SIP_FRAME_MORE && part.n == 0);
    }
}

static void ends_where_it_says(struct stir_slice message)
{
    static struct stir_sip sip;
    if (stir_sip_parse(&sip, message, NULL) != STIR_OK)
        return;
    require(sip.body.p + sip.body.n == message.p + message.n);
    require(sip.head.n + sip.body.n <= message.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice rest = stir_slice_of(data, size);
    while (rest.n) {
        struct stir_sip_frame frame;
        stir_sip_frame(&frame, rest);
        require(frame.n <= rest.n && (frame.n == 0) == (frame.what == STIR_SIP_FRAME_MORE));
        require((frame.code != 0) == (frame.what == STIR_SIP_FRAME_BAD));
        if (frame.what == STIR_SIP_FRAME_MORE || frame.what == STIR_SIP_FRAME_BAD)
            return 0;
        if (frame.what == STIR_SIP_FRAME_MESSAGE) {
            require(frame.message.p == rest.p && frame.message.n == frame.n && frame.n <= STIR_MAX_MESSAGE);
            parts_want_more(frame.message);
            ends_where_it_says(frame.message);
        } else {
            require(frame.what != STIR_SIP_FRAME_PING || frame.n == 4);
        }
        rest = stir_slice_from(rest, frame.n);
    }
    return 0;
}
