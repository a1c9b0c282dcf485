/* stir_sip_parse(): whatever comes, every slice lies in the message, and headers can be put in where it says. */
#include <stdlib.h>

#include "core/history.h"
#include "core/sip.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void within(struct stir_slice message, struct stir_slice s)
{
    require(!s.p || (s.p >= message.p && s.n <= message.n && (size_t)(s.p - message.p) <= message.n - s.n));
}

static void slices_lie_within(const struct stir_sip *sip, struct stir_slice m)
{
    const struct stir_call *call = &sip->call;
    const struct stir_slice singles[] = {call->from,     call->to,    call->ruri,         call->date,        call->call_id, call->cseq,
                                         call->priority, sip->method, call->display_name, call->call_reason, sip->head,     sip->body};
    for (size_t i = 0; i < sizeof(singles) / sizeof(singles[0]); i++)
        within(m, singles[i]);
    require(call->n_identity <= STIR_MAX_IDENTITIES + 1 && call->n_pai <= STIR_MAX_PAI && call->n_fingerprints <= STIR_MAX_FINGERPRINTS);
    require(sip->identities_seen >= call->n_identity);
    for (size_t i = 0; i < call->n_identity; i++)
        within(m, call->identity[i]);
    for (size_t i = 0; i < call->n_pai; i++)
        within(m, call->pai[i]);
    for (size_t i = 0; i < call->n_fingerprints; i++)
        within(m, call->fingerprints[i]);
    require(call->n_resource_priority <= STIR_MAX_RPH);
    for (size_t i = 0; i < call->n_resource_priority; i++)
        within(m, call->resource_priority[i]);
}

/* Folds and escapes taken out, a text is no longer than it was. */
static void texts_are_plain(const struct stir_call *call)
{
    const struct stir_slice raw[] = {call->display_name, call->call_reason};
    struct stir_arena arena = {NULL, 0, 0};
    for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        struct stir_slice text = {NULL, 0};
        if (raw[i].p)
            require(stir_sip_text(&text, &arena, raw[i]) != STIR_OK || text.n <= raw[i].n);
    }
    stir_arena_clear(&arena);
}

/* A Date behind the start line and an Identity behind the last header are read back, and nothing else changes. */
static void takes_headers(const struct stir_sip *sip, struct stir_slice m)
{
    static char text[STIR_MAX_MESSAGE + 64];
    struct stir_sip again;
    size_t n = 0;
    require(sip->date_at <= sip->identity_at && sip->identity_at < m.n);
#define ADD(bytes, count) (memcpy(text + n, (bytes), (count)), n += (count))
    ADD(m.p, sip->date_at);
    ADD("X-Seen: 1", 9);
    ADD(sip->eol.p, sip->eol.n);
    ADD(m.p + sip->date_at, sip->identity_at - sip->date_at);
    ADD("Identity: a.b.c", 15);
    ADD(sip->eol.p, sip->eol.n);
    ADD(m.p + sip->identity_at, m.n - sip->identity_at);
#undef ADD
    enum stir_err err = stir_sip_parse(&again, stir_slice_of(text, n), NULL);
    if (err == STIR_ELIMIT)
        return;
    require(err == STIR_OK && again.identities_seen == sip->identities_seen + 1);
    if (sip->call.n_identity < STIR_MAX_IDENTITIES)
        require(stir_slice_is(again.identities[sip->call.n_identity], "a.b.c"));
    require(stir_slice_eq(again.call.from, sip->call.from) && stir_slice_eq(again.call.to, sip->call.to) && stir_slice_eq(again.body, sip->body));
    require(again.call.n_pai == sip->call.n_pai && again.call.n_fingerprints == sip->call.n_fingerprints);
}

/* Who diverted the call is somebody else than whom it reaches, unless Diversion says so; the index is one. */
static void names_a_diverter(const struct stir_sip *sip, struct stir_slice m)
{
    struct stir_diverter by;
    struct stir_party target = {.kind = STIR_PARTY_NONE};
    if (stir_party_parse(&target, sip->call.ruri, NULL) != STIR_OK)
        target.kind = STIR_PARTY_NONE;
    enum stir_err err = stir_diverter_read(&by, sip, &target, NULL);
    require(err == (sip->histories_seen > STIR_MAX_HISTORY ? STIR_ELIMIT : STIR_OK));
    within(m, by.hi);
    within(m, sip->diversion);
    if (err != STIR_OK || !by.source)
        return;
    bool history = strcmp(by.source, "History-Info") == 0;
    require(history || (sip->diversion.p && !by.hi.p));
    require(!history || target.kind == STIR_PARTY_NONE || !stir_party_eq(&by.party, &target));
    for (size_t i = 0; i < by.hi.n; i++)
        require(by.hi.p[i] == '.' || (by.hi.p[i] >= '0' && by.hi.p[i] <= '9'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stir_sip sip;
    struct stir_diag diag = {0, ""};
    struct stir_slice message = stir_slice_of(data, size);
    enum stir_err err = stir_sip_parse(&sip, message, &diag);
    if (err != STIR_OK) {
        require(err == STIR_ESYNTAX || err == STIR_ELIMIT || (err == STIR_EARG && !data));
        require(err == STIR_EARG || (diag.text[0] && diag.offset <= size));
        return 0;
    }
    require(!diag.text[0] && sip.call.is_response == (sip.status != 0) && (sip.method.p == NULL) == sip.call.is_response);
    slices_lie_within(&sip, message);
    texts_are_plain(&sip.call);
    takes_headers(&sip, message);
    names_a_diverter(&sip, message);
    return 0;
}
