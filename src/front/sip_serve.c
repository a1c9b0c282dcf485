/* INVITEs that come to a service, and what its answer is in SIP. */
#include "front/sip_desk.h"

#include "io/clock.h"
#include "service/metrics.h"
#include "service/records.h"
#include "service/unanswered.h"
#include "service/vs_answer.h"

enum {
    LONG_INVITE = 1300, /* bytes: beyond it RFC 3261 §18.1.1 wants TCP, and UDP may be cut */
    WARN_EACH_MS = 60000,
};

static enum stir_record_way way_of(const struct stir_sip_call *call)
{
    switch (call->flow.socket->asked.transport) {
    case STIR_TCP: return STIR_WAY_SIP_TCP;
    case STIR_TLS: return STIR_WAY_SIP_TLS;
    case STIR_UDP: break;
    }
    return STIR_WAY_SIP_UDP;
}

static void put_record(struct stir_sip_call *call, struct stir_record *record, int code)
{
    record->way = way_of(call);
    record->sip_code = code;
    record->took_us = stir_clock_monotonic_us() - call->flow.begun_us;
    stir_records_put(call->desk->front->shared->records, record);
}

static void write_unanswered(struct stir_unanswered *out, const struct stir_sip_call *call, const char *why)
{
    enum stir_record_kind kind = call->flow.socket->section->role == STIR_ROLE_VS ? STIR_RECORD_VERIFY : STIR_RECORD_SIGN;
    stir_unanswered_write(out, kind, call->live->conf, &call->source, &call->request.sip.call, call->flow.unix_ms, why);
}

void stir_sip_unanswered(struct stir_sip_call *call, const char *why, int code)
{
    struct stir_unanswered kept;
    write_unanswered(&kept, call, why);
    put_record(call, &kept.record, code);
}

/* The answer, or, where that has no room, a bare redirection: a call goes on, whatever its size. */
static int answer_or_go_on(struct stir_sip_call *call, int code, const char *phrase, const struct stir_writer *lines)
{
    if (lines->need <= lines->cap && stir_sip_answer(call, code, phrase, stir_slice_of(lines->p, lines->need)))
        return code;
    struct stir_writer w = stir_writer_of(call->desk->lines, STIR_SIP_MAX_REPLY);
    struct stir_sip_contact contact = {.ruri = call->request.ruri, .host = call->flow.socket->section->contact, .date = ""};
    stir_sip_put_contact(&w, &contact);
    if (w.need <= w.cap && stir_sip_answer(call, 302, "Moved Temporarily", stir_slice_of(w.p, w.need)))
        return 302;
    stir_sip_memory_forget(call->desk->front->memory, call->key);
    return 0;
}

/* ---- Signing ---- */

static int64_t bytes_added(const struct stir_as_answer *answer)
{
    size_t n = answer->date[0] ? strlen("Date: ") + strlen(answer->date) + 2 : 0;
    for (size_t i = answer->n - answer->n_new; i < answer->n; i++)
        n += strlen("Identity: ") + answer->identities[i].n + 2;
    return (int64_t)n;
}

/* Once a minute, and how many there were. */
static void warn_of_length(struct stir_sip_desk *desk)
{
    int64_t now = stir_loop_ms(desk->worker->loop);
    stir_metrics_add(desk->front->shared->metrics, STIR_METRIC_SIP_OVER_1300, 1);
    desk->long_answers++;
    if (desk->warned_ms && now < desk->warned_ms + WARN_EACH_MS)
        return;
    stir_records_say(desk->front->shared->records, 1, "front",
                     "%zu INVITEs pass %d bytes with their Identity: use TCP on the way to the next hop, UDP may lose them", desk->long_answers, LONG_INVITE);
    desk->warned_ms = now;
    desk->long_answers = 0;
}

/* Identity, Date and Contact of a 302, as the section wants them. */
static void put_signed(struct stir_writer *w, const struct stir_sip_call *call, const struct stir_as_answer *answer)
{
    const struct stir_sip_section *section = call->flow.socket->section;
    bool can_embed = stir_sip_is_sip_uri(call->request.ruri);
    bool embeds = section->identity_in != STIR_IDENTITY_IN_HEADER && can_embed;
    if (section->identity_in != STIR_IDENTITY_IN_CONTACT || !can_embed) {
        for (size_t i = 0; i < answer->n; i++)
            stir_sip_put_header(w, "Identity", answer->identities[i]);
        if (answer->date[0])
            stir_sip_put_header(w, "Date", stir_slice_str(answer->date));
    }
    struct stir_sip_contact contact = {
        .ruri = call->request.ruri, .host = section->contact, .embedded = answer->identities, .n_embedded = embeds ? answer->n : 0, .date = answer->date};
    stir_sip_put_contact(w, &contact);
}

/* Nothing was signed and nothing taken away: the INVITE may go on as it is. */
static bool is_nothing(const struct stir_sip_call *call, const struct stir_as_answer *answer)
{
    return answer->n_new == 0 && answer->n == call->request.sip.identities_seen;
}

static int answer_signed(struct stir_sip_call *call, const struct stir_as_answer *answer)
{
    struct stir_writer w = stir_writer_of(call->desk->lines, STIR_SIP_MAX_REPLY);
    if (answer->result == STIR_SIGN_REFUSED) {
        int code = answer->sip_code ? answer->sip_code : 403;
        const char *phrase = answer->phrase ? answer->phrase : "Forbidden";
        stir_sip_put_reason(&w, code, phrase);
        return answer_or_go_on(call, code, phrase, &w);
    }
    if (is_nothing(call, answer) && call->flow.socket->section->nothing == STIR_NOTHING_404)
        return answer_or_go_on(call, 404, "Not Found", &w);
    put_signed(&w, call, answer);
    return answer_or_go_on(call, 302, "Moved Temporarily", &w);
}

static void sign(struct stir_sip_call *call)
{
    struct stir_sip_desk *desk = call->desk;
    struct stir_as_answer *answer = desk->answer;
    struct stir_as_call as = {.source = &call->source,
                              .message = stir_slice_of(call->message, (size_t)(call->request.sip.body.p + call->request.sip.body.n - call->message)),
                              .sip = &call->request.sip,
                              .unix_ms = call->flow.unix_ms};
    stir_as_sign(desk->worker, &as, answer);
    int code = answer_signed(call, answer);
    answer->record.bytes_added = bytes_added(answer);
    answer->record.over_1300 = answer->n_new && as.message.n + (size_t)answer->record.bytes_added > LONG_INVITE;
    if (answer->record.over_1300)
        warn_of_length(desk);
    put_record(call, &answer->record, code);
}

/* ---- Verifying ---- */

/* The lines of the service, and for a call that goes on the Contact. */
static int answer_verified(struct stir_sip_call *call, const struct stir_vs_answer *answer)
{
    struct stir_writer w = stir_writer_of(call->desk->lines, STIR_SIP_MAX_REPLY);
    bool stop = answer->act == STIR_ACT_STOP && answer->sip_code;
    struct stir_slice message = stir_slice_of(call->message, (size_t)(call->request.sip.body.p + call->request.sip.body.n - call->message));
    size_t n = 0;
    if (answer->verdict && stir_vs_write_headers(w.p, w.cap, &n, message, &call->request.sip, answer, call->live->conf) == STIR_OK)
        w.need = n;
    if (stop)
        return answer_or_go_on(call, answer->sip_code, answer->phrase ? answer->phrase : "", &w);
    struct stir_sip_contact contact = {.ruri = call->request.ruri, .host = call->flow.socket->section->contact, .date = ""};
    stir_sip_put_contact(&w, &contact);
    return answer_or_go_on(call, 302, "Moved Temporarily", &w);
}

/* At once, or when what it waited for has come. */
static void verified(struct stir_vs_call *vs, const struct stir_vs_answer *answer)
{
    struct stir_sip_call *call = (struct stir_sip_call *)(void *)((char *)vs - offsetof(struct stir_sip_call, vs));
    struct stir_sip_desk *desk = call->desk;
    stir_sip_enter(desk);
    struct stir_record record = answer->record;
    put_record(call, &record, answer_verified(call, answer));
    call->done = true;
    if (call->waits)
        stir_sip_call_finish(call);
    stir_sip_exit(desk);
}

/* Nobody can judge it: it goes on as if nobody had been asked. */
static void go_on(struct stir_sip_call *call, enum stir_err err)
{
    struct stir_writer none = stir_writer_of(call->desk->lines, 0);
    struct stir_unanswered kept;
    none.need = 1;
    int code = answer_or_go_on(call, 302, "Moved Temporarily", &none);
    write_unanswered(&kept, call,
                     err == STIR_EARG ? "no verdict could be made: there is no trust" : "no verdict could be made: out of memory, or a fault of OpenSSL");
    kept.record.unanswered = false; /* that it goes on is an answer */
    put_record(call, &kept.record, code);
}

static bool verify(struct stir_sip_call *call)
{
    memset(&call->vs, 0, sizeof(call->vs));
    call->vs.source = &call->source;
    call->vs.call = &call->request.sip.call;
    call->vs.unix_ms = call->flow.unix_ms;
    call->vs.within_ms = call->flow.socket->section->answer_within_ms;
    call->vs.done = verified;
    enum stir_err err = stir_vs_begin(call->desk->worker, &call->vs);
    if (err == STIR_OK)
        return !call->done;
    go_on(call, err);
    return false;
}

/* ---- Both ---- */

bool stir_sip_serve(struct stir_sip_call *call)
{
    if (call->flow.socket->section->role == STIR_ROLE_VS)
        return verify(call);
    sign(call);
    return false;
}

bool stir_sip_is_ready(const struct stir_sip_call *call)
{
    const struct stir_live *live = call->live;
    const unsigned role = call->flow.socket->section->role;
    struct stir_as_signer_state state;
    if (atomic_load_explicit(&call->desk->front->shared->unready, memory_order_relaxed) & role)
        return false;
    if (role == STIR_ROLE_VS)
        return live->trust != NULL;
    for (size_t i = 0; live->as && stir_as_signer_at(live->as, i, call->flow.unix_ms / 1000, &state); i++)
        if (state.usable)
            return true;
    return false;
}
