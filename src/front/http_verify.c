/* Verification over HTTP, in every dialect. A call that waits for a certificate is a suspended request; a batch is answered when its last call is. */
#include "front/http_call.h"

#include "io/clock.h"
#include "service/records.h"
#include "service/unanswered.h"

#include <stdio.h>
#include <stdlib.h>

static const char JSON[] = "application/json";

static void finish(struct stir_http_call *call);

static void put_record(struct stir_http_item *item, struct stir_record record)
{
    struct stir_http_call *call = item->call;
    record.way = stir_http_way(call);
    record.took_us = stir_clock_monotonic_us() - call->began_us;
    record.http_code = item->status;
    record.request_id = call->request_id[0] ? stir_slice_str(call->request_id) : (struct stir_slice){0};
    stir_records_put(call->desk->worker->shared->records, &record);
}

static void put_unanswered(struct stir_http_item *item, const char *why)
{
    const struct stir_http_call *call = item->call;
    struct stir_unanswered kept;
    stir_unanswered_write(&kept, STIR_RECORD_VERIFY, call->live->conf, &call->source, &item->verify.call, call->unix_ms, why);
    put_record(item, kept.record);
}

void stir_http_verify_end(struct stir_http_call *call, const char *why)
{
    for (size_t i = 0; i < call->n_items; i++) {
        struct stir_http_item *item = &call->items[i];
        if (!item->open)
            continue;
        stir_vs_cancel(call->desk->worker, &item->vs);
        item->open = false;
        put_unanswered(item, why);
    }
}

/* secsipidx's answers say nothing but yes and no; why stands beside them. */
static int write_check(struct stir_http_item *item, const struct stir_vs_answer *answer)
{
    const struct stir_verdict *v = answer->verdict;
    struct stir_http_call *call = item->call;
    if (v && v->verstat == STIR_VERSTAT_PASSED) {
        stir_api_put(&item->text, "OK\n");
        return 200;
    }
    stir_api_put(&item->text, "FAILED\n");
    stir_http_call_field(call, "X-Stir-Reason", v ? stir_reason_name(v->reason) : "internal");
    return 500;
}

static int write_item(struct stir_http_item *item, const struct stir_vs_answer *answer)
{
    struct stir_http_call *call = item->call;
    switch (call->route.what) {
    case STIR_API_VERIFICATION_MS: {
        bool fine = stir_api_write_verification(&item->text, &item->verify, answer, call->gate->conf->camel_case, &call->fault);
        return fine ? 200 : stir_api_fault_status(call->fault.kind);
    }
    case STIR_API_CHECK: return write_check(item, answer);
    case STIR_API_INSPECT_ONE: stir_api_write_inspect(&item->text, answer); break;
    default: stir_api_write_verify(&item->text, answer); break;
    }
    return 200;
}

static void item_done(struct stir_vs_call *vs, const struct stir_vs_answer *answer)
{
    struct stir_http_item *item = (struct stir_http_item *)(void *)((char *)vs - offsetof(struct stir_http_item, vs));
    struct stir_http_call *call = item->call;
    item->open = false;
    item->status = write_item(item, answer);
    put_record(item, answer->record);
    call->n_open--;
    if (!call->starting && call->n_open == 0)
        finish(call);
}

/* What the table of ATIS-1000082 has for a `time` that is not fresh (E3) is said by the policy elsewhere; an interface that asks for it takes it seriously. */
static unsigned asks(const struct stir_http_call *call)
{
    switch (call->route.what) {
    case STIR_API_VERIFICATION_MS: return STIR_VS_DATE_COUNTS;
    case STIR_API_INSPECT_ONE: return STIR_VS_INSPECT;
    default: return 0;
    }
}

/* Give it to the service; what cannot begin is answered in its place. */
static void begin_item(struct stir_http_item *item)
{
    struct stir_http_call *call = item->call;
    item->vs = (struct stir_vs_call){.source = &call->source,
                                     .call = &item->verify.call,
                                     .unix_ms = call->unix_ms,
                                     .within_ms = call->gate->conf->answer_within_ms,
                                     .asks = asks(call),
                                     .done = item_done};
    item->open = true;
    call->n_open++;
    enum stir_err err = stir_vs_begin(call->desk->worker, &item->vs);
    if (err == STIR_OK)
        return;
    call->n_open--;
    item->open = false;
    stir_api_fail(&call->fault, STIR_API_INTERNAL, "", "%s", err == STIR_EARG ? "this server verifies nothing: it has no trust" : stir_err_text(err));
    item->status = stir_api_fault_status(STIR_API_INTERNAL);
    put_unanswered(item, call->fault.why);
}

static bool read_one(struct stir_http_call *call)
{
    struct stir_api_verify *v = &call->one.verify;
    struct stir_slice body = call->request->body;
    if (call->route.what == STIR_API_CHECK)
        return stir_api_read_check(v, body, &call->arena, &call->fault);
    if (call->route.what != STIR_API_VERIFICATION_MS)
        return stir_api_read_verify(v, body, stir_http_is_sip(call), &call->arena, &call->fault);
    bool read = stir_api_read_verification(v, body, stir_http_given_dialect(call), &call->arena, &call->fault);
    call->dialect = v->dialect;
    return read;
}

void stir_http_verify_one(struct stir_http_call *call)
{
    if (!read_one(call)) {
        stir_http_call_refuse(call);
        return;
    }
    call->items = &call->one;
    call->n_items = 1;
    call->one.call = call;
    call->starting = true;
    begin_item(&call->one);
    call->starting = false;
    if (call->n_open == 0)
        finish(call);
}

static void begin_element(struct stir_http_item *item, struct stir_slice text)
{
    struct stir_http_call *call = item->call;
    call->fault = (struct stir_api_fault){0};
    bool read = stir_api_read_verify(&item->verify, text, false, &call->arena, &call->fault);
    if (read)
        begin_item(item);
    if (read && call->fault.kind == STIR_API_FINE)
        return;
    item->status = stir_api_fault_status(call->fault.kind);
    stir_api_write_fault(&item->text, STIR_API_OWN, &call->fault);
}

void stir_http_verify_batch(struct stir_http_call *call)
{
    struct stir_slice texts[STIR_API_MAX_BATCH];
    size_t n = 0;
    bool fine = stir_api_read_batch(texts, &n, call->request->body, &call->fault);
    call->items = fine ? calloc(n + 1, sizeof(*call->items)) : NULL;
    if (fine && !call->items)
        fine = stir_api_fail(&call->fault, STIR_API_INTERNAL, "", "out of memory");
    if (!fine) {
        stir_http_call_refuse(call);
        return;
    }
    call->n_items = n;
    call->batch = true;
    call->starting = true;
    for (size_t i = 0; i < n; i++) {
        call->items[i].call = call;
        begin_element(&call->items[i], texts[i]);
    }
    call->starting = false;
    if (call->n_open == 0)
        finish(call);
}

static void finish_batch(struct stir_http_call *call)
{
    for (size_t i = 0; i < call->n_items; i++) {
        struct stir_http_item *item = &call->items[i];
        stir_api_put(&call->text, i ? ",{\"status\":" : "[{\"status\":");
        stir_api_put_int(&call->text, item->status);
        stir_api_put(&call->text, ",\"answer\":");
        stir_api_put_slice(&call->text, stir_slice_of(item->text.p, item->text.n));
        stir_api_put(&call->text, "}");
        call->text.broke = call->text.broke || item->text.broke;
    }
    stir_api_put(&call->text, call->n_items ? "]" : "[]");
    stir_http_call_answer(call, 200, JSON);
}

static void finish(struct stir_http_call *call)
{
    if (call->batch) {
        finish_batch(call);
        return;
    }
    struct stir_http_item *item = &call->one;
    if (call->fault.kind != STIR_API_FINE) {
        stir_http_call_refuse(call);
        return;
    }
    call->answer.body = stir_slice_of(item->text.p, item->text.n);
    call->text.broke = item->text.broke;
    bool text = call->route.what == STIR_API_CHECK;
    if (text)
        stir_http_call_field(call, "X-Stir-Checked", "token; orig and dest are its own");
    stir_http_call_answer(call, item->status, text ? "text/plain; charset=utf-8" : JSON);
}
