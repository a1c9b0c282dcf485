/* A request as it goes on: From and P-Asserted-Identity with the verdict's verstat, without a Resource-Priority that nobody may claim. */
#include "core/verdict.h"
#include "core/verify.h"
#include "core/verstat.h"

enum { CHANGES = 1 + STIR_MAX_PAI + STIR_MAX_RPH };

/* What is changed, in the order of the message: values that are rewritten, lines that go. */
struct change {
    struct stir_slice old;
    bool goes;
};

struct onward {
    struct stir_sip sip;
    struct stir_message read;
    struct change change[CHANGES];
    size_t n;
};

static void add(struct onward *o, struct stir_slice old, bool goes)
{
    size_t at = o->n++;
    for (; at > 0 && o->change[at - 1].old.p > old.p; at--)
        o->change[at] = o->change[at - 1];
    o->change[at] = (struct change){old, goes};
}

/* From the line that `p` stands on, or the one that it continues, up to the next header. */
static struct stir_slice lines_around(struct stir_slice message, const char *p)
{
    size_t begin = (size_t)(p - message.p), end = begin;
    while (begin > 0 && (message.p[begin - 1] != '\n' || stir_is_space(message.p[begin])))
        begin--;
    do
        end += stir_slice_find(stir_slice_from(message, end), '\n') + 1;
    while (end < message.n && stir_is_space(message.p[end]));
    return stir_slice_upto(stir_slice_from(message, begin), end - begin);
}

static void find_changes(struct onward *o, struct stir_slice message, const struct stir_verdict *verdict)
{
    const struct stir_call *call = &o->sip.call;
    if (call->from.n)
        add(o, call->from, false);
    for (size_t i = 0; i < call->n_pai; i++)
        add(o, call->pai[i], false);
    /*= RFC8443-4.2 */
    for (size_t i = 0; verdict->rph == STIR_RPH_FAILED && i < call->n_resource_priority; i++)
        add(o, lines_around(message, call->resource_priority[i].p), true);
}

/* Does the value name the number that was judged? */
static bool is_caller(const struct onward *o, struct stir_slice value, const struct stir_policy *policy)
{
    struct stir_party party;
    return o->read.caller.kind == STIR_PARTY_TN && stir_party_parse(&party, value, &policy->tn) == STIR_OK && stir_party_eq(&party, &o->read.caller);
}

static enum stir_err rewrite(struct stir_writer *w, struct stir_verstat_report *report, struct stir_slice value, struct stir_slice put)
{
    struct stir_verstat_edit edit = {.put = put};
    enum stir_err err = stir_put_verstat(w, &edit, value);
    if (err == STIR_EVALUE) { /* a number without a URI has no place for it, and nothing was written yet */
        edit.put.n = 0;
        err = stir_put_verstat(w, &edit, value);
    }
    report->stripped += edit.stripped > 0;
    report->put += edit.put.n > 0;
    return err;
}

static enum stir_err write_onward(struct stir_writer *w, struct stir_verstat_report *report, const struct onward *o, struct stir_slice message,
                                  const struct stir_policy *policy, struct stir_slice param, struct stir_diag *diag)
{
    size_t at = 0;
    for (size_t i = 0; i < o->n; i++) {
        struct stir_slice old = o->change[i].old;
        size_t place = (size_t)(old.p - message.p);
        stir_put_slice(w, stir_slice_of(message.p + at, place - at));
        at = place + old.n;
        report->resource_priority_removed |= o->change[i].goes;
        if (o->change[i].goes)
            continue;
        struct stir_slice put = is_caller(o, old, policy) ? param : stir_slice_of(NULL, 0);
        if (rewrite(w, report, old, put) != STIR_OK)
            return stir_diag_set(diag, STIR_ESYNTAX, place, "%s can be read in two ways, and is not sent on: \"%.*s\"",
                                 old.p == o->sip.call.from.p ? "From" : "P-Asserted-Identity", STIR_SHOW(old));
    }
    stir_put_slice(w, stir_slice_from(message, at));
    return STIR_OK;
}

static char attest_of(const struct stir_verdict *v)
{
    const struct stir_token_verdict *token = stir_verdict_decider(v);
    return token ? token->attest : 0;
}

enum stir_err stir_verstat_message(char *buf, size_t cap, size_t *len, struct stir_verstat_report *report, struct stir_slice message,
                                   const struct stir_verdict *verdict, const struct stir_policy *policy, bool with_attest, struct stir_diag *diag)
{
    char text[STIR_VERSTAT_PARAM];
    struct stir_verstat_report done = {0};
    struct onward o = {.n = 0};
    struct stir_writer w = stir_writer_of(buf, cap);
    if ((!buf && cap) || !len || !message.p || !verdict || !policy || policy->size < sizeof(*policy))
        return STIR_EARG;
    TRY(stir_sip_parse(&o.sip, message, diag));
    if (o.sip.call.is_response)
        return stir_diag_set(diag, STIR_ESYNTAX, 0, "a response, not a request: nobody calls with it");
    stir_message_read(&o.read, &o.sip.call, policy->caller, &policy->tn);
    find_changes(&o, message, verdict);
    struct stir_slice param = stir_verstat_param(text, verdict->verstat, with_attest ? attest_of(verdict) : 0);
    TRY(write_onward(&w, &done, &o, message, policy, param, diag));
    TRY(stir_writer_close(&w, len));
    if (report)
        *report = done;
    return STIR_OK;
}
