/* Signing over HTTP, in every dialect. It never waits. */
#include "front/http_call.h"

#include "io/clock.h"
#include "service/records.h"

#include <stdio.h>

static const char JSON[] = "application/json";

static void put_record(struct stir_http_call *call, struct stir_record *record, int status)
{
    record->way = stir_http_way(call);
    record->took_us = stir_clock_monotonic_us() - call->began_us;
    record->http_code = status;
    record->request_id = call->request_id[0] ? stir_slice_str(call->request_id) : (struct stir_slice){0};
    stir_records_put(call->desk->worker->shared->records, record);
}

static bool sign(struct stir_http_call *call, const struct stir_api_sign *what)
{
    struct stir_as_call asked = {.source = &call->source, .unix_ms = call->unix_ms};
    if (!call->live->as)
        return stir_api_fail(&call->fault, STIR_API_INTERNAL, "", "this server has no signing identities");
    if (what->sip) {
        asked.message = what->message;
        asked.sip = what->sip;
    } else {
        asked.claims = &what->claims;
    }
    stir_as_sign(call->desk->worker, &asked, call->desk->answer);
    return true;
}

/* Our own interface tells of calls that go on without a signature; only what was refused, or could not be read, is an error of HTTP. */
static bool is_told(const struct stir_as_answer *answer, struct stir_api_fault *fault)
{
    bool goes_on = answer->err == STIR_OK || answer->err == STIR_ESTATE || answer->err == STIR_ENOTFOUND;
    if (goes_on && answer->result != STIR_SIGN_REFUSED)
        return true;
    return stir_api_is_signed(answer, fault);
}

/* One call, read already, into `out`. The status that is answered. */
static int sign_into(struct stir_http_call *call, struct stir_api_text *out)
{
    struct stir_as_answer *answer = call->desk->answer;
    bool own = call->desk->sign->dialect == STIR_API_OWN;
    if (!sign(call, call->desk->sign))
        return stir_api_fault_status(call->fault.kind);
    bool fine = own ? is_told(answer, &call->fault) : stir_api_is_signed(answer, &call->fault);
    int status = fine ? 200 : stir_api_fault_status(call->fault.kind);
    if (fine && own)
        stir_api_write_sign(out, answer);
    else if (fine)
        stir_api_write_signing(out, call->desk->sign, answer);
    put_record(call, &answer->record, status);
    return status;
}

static bool read_one(struct stir_http_call *call)
{
    struct stir_api_sign *s = call->desk->sign;
    if (call->route.what == STIR_API_SIGN)
        return stir_api_read_sign(s, call->request->body, stir_http_is_sip(call), &call->arena, &call->fault);
    bool read = stir_api_read_signing(s, call->request->body, stir_http_given_dialect(call), &call->arena, &call->fault);
    call->dialect = s->dialect;
    return read;
}

/* The token says less than was asked: whoever asked should not have to decode it to learn that. */
static void tell_attest(struct stir_http_call *call)
{
    static const char *const text[] = {"A", "B", "C"};
    char asked = call->desk->sign->claims.attest, got = call->desk->answer->attest;
    if (asked && got >= 'A' && got <= 'C' && got != asked)
        stir_http_call_field(call, "X-Stir-Attest", text[got - 'A']);
}

void stir_http_sign_one(struct stir_http_call *call)
{
    int status = read_one(call) ? sign_into(call, &call->text) : stir_api_fault_status(call->fault.kind);
    if (status != 200) {
        stir_http_call_refuse(call);
        return;
    }
    tell_attest(call);
    stir_http_call_answer(call, status, JSON);
}

static void put_element(struct stir_api_text *out, bool first, int status, struct stir_slice text)
{
    stir_api_put(out, first ? "[" : ",");
    stir_api_put(out, "{\"status\":");
    stir_api_put_int(out, status);
    stir_api_put(out, ",\"answer\":");
    stir_api_put_slice(out, text);
    stir_api_put(out, "}");
}

static void sign_element(struct stir_http_call *call, struct stir_api_text *one, struct stir_slice item)
{
    call->fault = (struct stir_api_fault){0};
    one->n = 0;
    one->broke = false;
    bool read = stir_api_read_sign(call->desk->sign, item, false, &call->arena, &call->fault);
    int status = read ? sign_into(call, one) : stir_api_fault_status(call->fault.kind);
    if (status != 200) {
        one->n = 0;
        stir_api_write_fault(one, STIR_API_OWN, &call->fault);
    }
    put_element(&call->text, call->text.n == 0, status, stir_slice_of(one->p, one->n));
    call->text.broke = call->text.broke || one->broke;
    stir_arena_clear(&call->arena);
}

void stir_http_sign_batch(struct stir_http_call *call)
{
    struct stir_slice items[STIR_API_MAX_BATCH];
    size_t n = 0;
    if (!stir_api_read_batch(items, &n, call->request->body, &call->fault)) {
        stir_http_call_refuse(call);
        return;
    }
    for (size_t i = 0; i < n; i++)
        sign_element(call, &call->one.text, items[i]);
    stir_api_put(&call->text, n ? "]" : "[]");
    stir_http_call_answer(call, 200, JSON);
}

/* secsipidx lets its caller name the URL; ours must be one that our certificates stand behind. */
static bool is_ours(const struct stir_http_call *call, struct stir_slice x5u)
{
    struct stir_as_signer_state state;
    for (size_t i = 0; call->live->as && stir_as_signer_at(call->live->as, i, call->unix_ms / 1000, &state); i++)
        if (stir_slice_is(x5u, state.x5u))
            return true;
    return false;
}

void stir_http_sign_csv(struct stir_http_call *call)
{
    struct stir_slice x5u = {0};
    bool read = stir_api_read_csv(call->desk->sign, &x5u, call->request->body, &call->fault);
    if (read && x5u.p && !is_ours(call, x5u))
        read = stir_api_fail(&call->fault, STIR_API_VALUE, "x5u", "the URL is not that of a signing identity here");
    if (!read || !sign(call, call->desk->sign)) {
        stir_http_call_refuse(call);
        return;
    }
    struct stir_as_answer *answer = call->desk->answer;
    bool fine = stir_api_is_signed(answer, &call->fault);
    if (!fine && call->fault.kind != STIR_API_FORBIDDEN)
        call->fault.kind = STIR_API_VALUE; /* "cannot read body", as it is there for all that could not be signed */
    int status = fine ? 200 : stir_api_fault_status(call->fault.kind);
    put_record(call, &answer->record, status);
    if (!fine) {
        stir_http_call_refuse(call);
        return;
    }
    stir_api_put_slice(&call->text, answer->identities[answer->n - 1]);
    stir_api_put(&call->text, "\n");
    tell_attest(call);
    stir_http_call_answer(call, 200, "text/plain; charset=utf-8");
}
