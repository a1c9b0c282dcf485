/* A message from the socket to the service: read, known or not, answered at once where no service is needed. */
#include "front/sip_desk.h"

#include "service/live.h"
#include "service/metrics.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Calls ---- */

static struct stir_sip_call *get_call(struct stir_sip_desk *desk, struct stir_slice message)
{
    struct stir_sip_call *call = desk->spare;
    if (call) {
        desk->spare = call->next;
        desk->n_spare--;
    } else {
        call = malloc(sizeof(*call));
        if (!call)
            return NULL;
        call->message = call->room;
        call->cap = sizeof(call->room);
        memset(&call->vs, 0, sizeof(call->vs));
        memset(&call->trying, 0, sizeof(call->trying));
    }
    if (message.n > call->cap) {
        char *longer = malloc(message.n);
        if (!longer) {
            free(call);
            return NULL;
        }
        call->message = longer;
        call->cap = message.n;
    }
    memcpy(call->message, message.p, message.n);
    call->next = call->previous = call->conn_next = call->conn_previous = NULL;
    call->desk = desk;
    call->live = NULL;
    call->claimed = call->waits = call->tried = call->done = false;
    return call;
}

static void put_call(struct stir_sip_call *call)
{
    struct stir_sip_desk *desk = call->desk;
    stir_live_free(call->live);
    if (call->message != call->room) {
        free(call->message);
        call->message = call->room;
        call->cap = sizeof(call->room);
    }
    if (desk->n_spare >= STIR_SIP_SPARE_CALLS) {
        free(call);
        return;
    }
    call->next = desk->spare;
    desk->spare = call;
    desk->n_spare++;
}

/* ---- Answers ---- */

void stir_sip_send(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, const struct sockaddr_storage *to, size_t len)
{
    struct stir_slice bytes = stir_slice_of(desk->reply, len);
    if (flow->socket->asked.transport == STIR_UDP)
        stir_sip_udp_send(desk, flow, to, bytes);
    else if (flow->conn)
        stir_sip_conn_send(flow->conn, bytes);
}

bool stir_sip_answer(struct stir_sip_call *call, int code, const char *phrase, struct stir_slice lines)
{
    struct stir_sip_desk *desk = call->desk;
    char tag[STIR_SIP_TAG];
    struct stir_sip_reply reply = {.code = code, .phrase = phrase, .tag = code == 100 ? NULL : tag, .lines = lines};
    bool udp = call->flow.socket->asked.transport == STIR_UDP;
    struct sockaddr_storage to = stir_sip_reply_to(&call->request, &call->flow.peer);
    size_t n;
    stir_sip_memory_tag(desk->front->memory, call->key, tag);
    if (stir_sip_reply_write(desk->reply, udp ? STIR_SIP_UDP_PAYLOAD : STIR_SIP_MAX_REPLY, &n, &call->request, &call->flow.peer, &reply) != STIR_OK)
        return false;
    stir_sip_send(desk, &call->flow, &to, n);
    if (!call->claimed || code == 100)
        return true;
    stir_sip_memory_answer(desk->front->memory, call->key, stir_loop_ms(desk->worker->loop), stir_slice_of(desk->reply, n));
    if (udp && call->tried)
        stir_sip_repeat(call, &to);
    return true;
}

static void answer(struct stir_sip_call *call, int code, const char *phrase, const char *lines)
{
    if (!stir_sip_answer(call, code, phrase, stir_slice_str(lines)))
        stir_metrics_add(call->desk->front->shared->metrics, STIR_METRIC_SIP_MALFORMED, 1);
}

/* ---- Calls that wait ---- */

static void say_trying(struct stir_timer *timer)
{
    struct stir_sip_call *call = (struct stir_sip_call *)(void *)((char *)timer - offsetof(struct stir_sip_call, trying));
    struct stir_sip_desk *desk = call->desk;
    stir_sip_enter(desk);
    call->tried = true;
    answer(call, 100, "Trying", "");
    if (call->flow.conn)
        stir_sip_conn_settle(call->flow.conn);
    stir_sip_exit(desk);
}

static void begin_waiting(struct stir_sip_call *call)
{
    struct stir_sip_desk *desk = call->desk;
    struct stir_sip_conn *conn = call->flow.conn;
    call->waits = true;
    call->next = desk->waiting;
    if (desk->waiting)
        desk->waiting->previous = call;
    desk->waiting = call;
    if (conn) {
        call->conn_next = conn->calls;
        if (conn->calls)
            conn->calls->conn_previous = call;
        conn->calls = call;
    }
    call->trying.fire = say_trying;
    /* Without memory for a timer there is no 100, and the client asks again. */
    if (!stir_loop_after(desk->worker->loop, &call->trying, STIR_SIP_TRYING_MS))
        call->trying.place = 0;
}

void stir_sip_call_unhook(struct stir_sip_call *call)
{
    struct stir_sip_conn *conn = call->flow.conn;
    if (!conn)
        return;
    if (call->conn_next)
        call->conn_next->conn_previous = call->conn_previous;
    if (call->conn_previous)
        call->conn_previous->conn_next = call->conn_next;
    else
        conn->calls = call->conn_next;
    call->flow.conn = NULL;
}

static void end_waiting(struct stir_sip_call *call)
{
    struct stir_sip_desk *desk = call->desk;
    stir_loop_cancel(desk->worker->loop, &call->trying);
    stir_sip_call_unhook(call);
    if (call->next)
        call->next->previous = call->previous;
    if (call->previous)
        call->previous->next = call->next;
    else
        desk->waiting = call->next;
    call->waits = false;
    put_call(call);
}

void stir_sip_call_finish(struct stir_sip_call *call)
{
    struct stir_sip_conn *conn = call->flow.conn;
    end_waiting(call);
    if (conn)
        stir_sip_conn_settle(conn);
}

void stir_sip_call_abandon(struct stir_sip_call *call)
{
    stir_vs_cancel(call->desk->worker, &call->vs);
    stir_sip_unanswered(call, "the daemon ended before the call was answered", 0);
    stir_sip_memory_forget(call->desk->front->memory, call->key);
    end_waiting(call);
}

/*= RFC3261-9.2 */
void stir_sip_call_cancel(struct stir_sip_call *call)
{
    stir_vs_cancel(call->desk->worker, &call->vs);
    answer(call, 487, "Request Terminated", "");
    stir_sip_unanswered(call, "cancelled by the caller's side while it waited", 487);
    stir_sip_call_finish(call);
}

/* ---- Requests ---- */

/* Trunk and tenant. A certificate with several names is who any of them is: the trunk that stands first in the file. */
static void find_source(struct stir_sip_call *call)
{
    const struct stir_tls_names *names = call->flow.conn ? call->flow.conn->names : NULL;
    struct stir_peer peer = {.address = call->flow.peer, .sip = &call->request.sip};
    size_t n = names ? names->n : 0;
    if (n)
        peer.tls_name = names->names[0];
    stir_source_find(call->live->sources, &peer, &call->source);
    for (size_t i = 1; i < n; i++) {
        struct stir_source other;
        peer.tls_name = names->names[i];
        stir_source_find(call->live->sources, &peer, &other);
        if (other.trunk && (!call->source.trunk || other.trunk < call->source.trunk))
            call->source = other;
    }
}

static enum stir_emergency emergency_of(const struct stir_sip_call *call)
{
    return stir_emergency_of_call(call->live->conf, &call->source, &call->request.sip.call);
}

static bool is_overloaded(const struct stir_sip_call *call)
{
    int64_t most = call->live->conf->server.max_queue_ms;
    return most > 0 && call->flow.queued_ms > most && emergency_of(call) == STIR_EMERGENCY_NO;
}

/* An INVITE: asked again, too late to be looked at, or served. True: it waits. */
static bool invite(struct stir_sip_call *call)
{
    struct stir_sip_desk *desk = call->desk;
    struct stir_sip_memory *memory = desk->front->memory;
    size_t n = 0;
    enum stir_sip_seen seen = stir_sip_memory_begin(memory, call->key, stir_loop_ms(desk->worker->loop), desk, call, desk->reply, STIR_SIP_MAX_REPLY, &n);
    if (seen != STIR_SIP_NEW) {
        struct sockaddr_storage to = stir_sip_reply_to(&call->request, &call->flow.peer);
        stir_metrics_add(desk->front->shared->metrics, STIR_METRIC_SIP_RETRANSMISSIONS, 1);
        if (seen == STIR_SIP_ANSWERED)
            stir_sip_send(desk, &call->flow, &to, n);
        return false;
    }
    if (is_overloaded(call)) {
        stir_metrics_add(desk->front->shared->metrics, STIR_METRIC_SIP_OVERLOAD, 1);
        stir_sip_memory_forget(memory, call->key);
        answer(call, 503, "Service Unavailable", "Retry-After: 1\r\n");
        if (call->source.trunk) /* strangers in flood would make the evidence grow; the metric counts them */
            stir_sip_unanswered(call, "overload: it waited too long to be looked at", 503);
        return false;
    }
    call->claimed = true;
    return stir_sip_serve(call);
}

static void cancel(struct stir_sip_call *call)
{
    if (stir_sip_cancel(call->desk, call->key) == STIR_SIP_NEW)
        answer(call, 481, "Call/Transaction Does Not Exist", "");
    else
        answer(call, 200, "OK", "");
}

static void refuse(struct stir_sip_call *call, const struct stir_sip_verdict *verdict)
{
    struct stir_metrics *metrics = call->desk->front->shared->metrics;
    if (verdict->code == 403) {
        stir_metrics_add(metrics, STIR_METRIC_SIP_UNKNOWN_SOURCE, 1);
        /* A stranger does not keep a place; a trunk that is known by a header may send something without it. */
        if (call->flow.conn && !call->flow.conn->known)
            call->flow.conn->ended = true;
    }
    if (call->request.fault)
        stir_metrics_add(metrics, STIR_METRIC_SIP_MALFORMED, 1);
    answer(call, verdict->code, verdict->phrase, verdict->lines);
}

/* True: it waits. */
static bool look(struct stir_sip_call *call)
{
    struct stir_sip_front *front = call->desk->front;
    const struct stir_sip_socket *socket = call->flow.socket;
    struct stir_sip_gate gate = {.known = false};
    struct stir_sip_verdict verdict;
    if (call->request.answerable) {
        call->key = stir_sip_memory_key(front->memory, &call->request, &call->flow.peer, socket->id);
        call->live = stir_live_ref(call->desk->worker->live);
    }
    if (call->request.answerable && !call->request.fault) {
        find_source(call);
        gate.known = call->source.trunk || socket->section->any_source;
        if (gate.known && call->flow.conn)
            call->flow.conn->known = true;
        gate.emergency = call->request.n_requires > 0 && emergency_of(call) == STIR_EMERGENCY_SURE;
        gate.ready = stir_slice_is(call->request.method, "OPTIONS") && stir_sip_is_ready(call);
    }
    stir_sip_gate(&verdict, &call->request, &gate);
    switch (verdict.step) {
    case STIR_SIP_ABSORB:
        if (call->request.answerable)
            stir_sip_memory_ack(front->memory, call->key);
        return false;
    case STIR_SIP_REPLY: refuse(call, &verdict); return false;
    case STIR_SIP_CANCEL: cancel(call); return false;
    case STIR_SIP_SERVE: return invite(call);
    case STIR_SIP_DROP: break;
    }
    if (!call->request.response)
        stir_metrics_add(front->shared->metrics, STIR_METRIC_SIP_MALFORMED, 1);
    return false;
}

void stir_sip_take(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, struct stir_slice message)
{
    stir_metrics_add(desk->front->shared->metrics, STIR_METRIC_SIP_REQUESTS, 1);
    /* An ACK is of use to an answer that is repeated, and to nothing else. */
    if (message.n > 4 && memcmp(message.p, "ACK ", 4) == 0 && atomic_load_explicit(&desk->front->repeating, memory_order_relaxed) == 0)
        return;
    /*= RFC3261-7.5 */
    while (message.n && (message.p[0] == '\r' || message.p[0] == '\n'))
        message = stir_slice_from(message, 1);
    struct stir_sip_call *call = get_call(desk, message);
    if (!call)
        return;
    call->flow = *flow;
    stir_sip_request_read(&call->request, stir_slice_of(call->message, message.n));
    if (flow->fault) {
        call->request.fault = flow->fault;
        snprintf(call->request.phrase, sizeof(call->request.phrase), "%s", flow->phrase);
    }
    if (look(call))
        begin_waiting(call);
    else
        put_call(call);
}
