/* A request: where it goes, and what is asked of it before a service sees it. */
#include "front/http_call.h"

#include "io/clock.h"
#include "service/live.h"
#include "service/metrics.h"
#include "service/records.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEEP_CALLS = 64,   /* kept for reuse, with their text */
    KEEP_TEXT = 16384, /* one longer than this is not kept */
};

static const char JSON[] = "application/json";

enum stir_record_way stir_http_way(const struct stir_http_call *call)
{
    return call->request->tls ? STIR_WAY_HTTPS : STIR_WAY_HTTP;
}

static struct stir_http_call *take_call(struct stir_http_desk *desk)
{
    struct stir_http_call *call = desk->kept;
    if (!call)
        return calloc(1, sizeof(*call));
    desk->kept = call->next;
    desk->n_kept--;
    struct stir_api_text text = {call->text.p, 0, call->text.cap, false}, one = {call->one.text.p, 0, call->one.text.cap, false};
    memset(call, 0, sizeof(*call));
    call->text = text;
    call->one.text = one;
    return call;
}

void stir_http_call_free(struct stir_http_call *call)
{
    stir_api_text_free(&call->text);
    stir_api_text_free(&call->one.text);
    free(call);
}

static void give_back(struct stir_http_call *call)
{
    struct stir_http_desk *desk = call->desk;
    if (call->items && call->items != &call->one) {
        for (size_t i = 0; i < call->n_items; i++)
            stir_api_text_free(&call->items[i].text);
        free(call->items);
    }
    stir_http_office_end(call);
    stir_arena_clear(&call->arena);
    stir_repository_give_back(&call->file);
    stir_live_free(call->live);
    if (desk->n_kept >= KEEP_CALLS || call->text.cap > KEEP_TEXT || call->one.text.cap > KEEP_TEXT) {
        stir_http_call_free(call);
        return;
    }
    call->next = desk->kept;
    desk->kept = call;
    desk->n_kept++;
}

void stir_http_call_field(struct stir_http_call *call, const char *name, const char *value)
{
    if (call->answer.n_fields < STIR_HTTP_MAX_FIELDS)
        call->answer.fields[call->answer.n_fields++] = (struct stir_http_field){name, value};
}

void stir_http_call_answer(struct stir_http_call *call, int status, const char *type)
{
    if (call->text.broke) { /* half a text is none */
        status = stir_api_fault_status(STIR_API_INTERNAL);
        stir_api_text_free(&call->text);
    }
    call->answer.status = (unsigned)status;
    call->answer.type = type;
    if (!call->answer.body.p)
        call->answer.body = stir_slice_of(call->text.p, call->text.n);
    if (call->request_id[0])
        stir_http_call_field(call, "X-RequestID", call->request_id);
    stir_metrics_add(call->desk->worker->shared->metrics, STIR_METRIC_HTTP_REQUESTS, 1);
    stir_http_answer(call->request, &call->answer);
}

/* A header's value is one line of visible ASCII, whatever stands in a reason. */
static void put_reason(struct stir_http_call *call)
{
    size_t n = 0;
    for (; call->fault.why[n]; n++)
        if ((unsigned char)call->fault.why[n] < ' ' || (unsigned char)call->fault.why[n] > '~')
            call->fault.why[n] = '?';
    if (n)
        stir_http_call_field(call, "X-Stir-Reason", call->fault.why);
}

/* secsipidx says the same for whatever cannot be signed. */
static void refuse_as_text(struct stir_http_call *call, int status)
{
    bool few = call->fault.kind == STIR_API_PARSE;
    put_reason(call);
    stir_http_call_field(call, "X-Content-Type-Options", "nosniff");
    stir_api_put(&call->text, status == 400 ? few ? "too few tokens\n" : "cannot read body\n" : call->fault.why);
    stir_http_call_answer(call, status, "text/plain; charset=utf-8");
}

void stir_http_call_refuse(struct stir_http_call *call)
{
    int status = stir_api_fault_status(call->fault.kind);
    call->text.n = 0;
    call->text.broke = false;
    if (call->dialect == STIR_API_SECSIPIDX_TEXT) {
        refuse_as_text(call, status);
        return;
    }
    stir_api_write_fault(&call->text, call->dialect, &call->fault);
    stir_http_call_answer(call, status, JSON);
}

bool stir_http_is_sip(const struct stir_http_call *call)
{
    struct stir_slice type = stir_http_header(call->request, "Content-Type");
    return stir_api_type_is(type, "message/sip") || stir_api_type_is(type, "application/sip");
}

enum stir_api_dialect stir_http_given_dialect(const struct stir_http_call *call)
{
    switch (call->gate->conf->dialect) {
    case STIR_DIALECT_ATIS: return STIR_API_ATIS;
    case STIR_DIALECT_3GPP: return STIR_API_3GPP;
    default: return STIR_API_OWN;
    }
}

/* As a UUID (version 4) looks. */
static void make_name(struct stir_http_desk *desk, char *buf)
{
    uint64_t count[2] = {desk->named++, 0}, half[2];
    for (; count[1] < 2; count[1]++)
        half[count[1]] = stir_siphash(&desk->names, stir_slice_of(count, sizeof(count)));
    snprintf(buf, 37, "%08x-%04x-4%03x-%x%03x-%012" PRIx64, (unsigned)(half[0] >> 32), (unsigned)(half[0] >> 16 & 0xffff), (unsigned)(half[0] & 0xfff),
             (unsigned)(8 | half[1] >> 62), (unsigned)(half[1] >> 48 & 0xfff), half[1] & 0xffffffffffff);
}

/* What a peer calls the request; where the interface wants a name and none came, one is made. */
static void name_request(struct stir_http_call *call)
{
    struct stir_slice id = stir_http_header(call->request, "X-RequestID");
    if (stir_api_is_request_id(id))
        memcpy(call->request_id, id.p, id.n + 1);
    else if (call->route.what == STIR_API_SIGNING_MS || call->route.what == STIR_API_VERIFICATION_MS)
        make_name(call->desk, call->request_id);
}

static bool is_ms(const struct stir_http_call *call)
{
    return call->route.what == STIR_API_SIGNING_MS || call->route.what == STIR_API_VERIFICATION_MS;
}

static bool may_be_sip(const struct stir_http_call *call)
{
    return call->route.what == STIR_API_SIGN || call->route.what == STIR_API_VERIFY || call->route.what == STIR_API_INSPECT_ONE;
}

static bool type_fits(const struct stir_http_call *call, struct stir_slice type)
{
    if (stir_api_type_is(type, JSON))
        return true;
    if (!type.p)
        return !is_ms(call);
    return may_be_sip(call) && stir_http_is_sip(call);
}

/* In the order of ATIS-1000082's table: what is answered, what came, how long it is. */
static bool headers_fit(struct stir_http_call *call)
{
    struct stir_api_fault *fault = &call->fault;
    struct stir_slice accept = stir_http_header(call->request, "Accept"), type = stir_http_header(call->request, "Content-Type");
    if (call->request->too_long)
        return stir_api_fail(fault, STIR_API_TOO_LONG, "", "the body is longer than %lld bytes", (long long)call->gate->conf->max_body);
    if (call->route.dialect == STIR_API_SECSIPIDX_TEXT)
        return true;
    if (!stir_api_accepts(accept, JSON)) {
        char shown[64];
        snprintf(shown, sizeof(shown), "%.*s", STIR_SHOW(accept));
        return stir_api_fail(fault, STIR_API_ACCEPT, shown, "answers are application/json");
    }
    if (!type_fits(call, type))
        return stir_api_fail(fault, STIR_API_BODY_TYPE, JSON, "the body is no application/json");
    if (is_ms(call) && !call->request->has_length)
        return stir_api_fail(fault, STIR_API_LENGTH, "", "there is no Content-Length");
    return true;
}

static void dispatch(struct stir_http_call *call)
{
    switch (call->route.what) {
    case STIR_API_SIGNING_MS:
    case STIR_API_SIGN: stir_http_sign_one(call); break;
    case STIR_API_SIGN_BATCH: stir_http_sign_batch(call); break;
    case STIR_API_SIGN_CSV: stir_http_sign_csv(call); break;
    case STIR_API_VERIFICATION_MS:
    case STIR_API_VERIFY:
    case STIR_API_INSPECT_ONE:
    case STIR_API_CHECK: stir_http_verify_one(call); break;
    case STIR_API_VERIFY_BATCH: stir_http_verify_batch(call); break;
    case STIR_API_CHAIN: stir_http_serve_chain(call); break;
    case STIR_API_OFFICE: stir_http_office_serve(call); break;
    default: stir_http_serve_operations(call); break;
    }
}

/* Which dialect a fault is told in before the body is read: below the root that two share, ATIS-1000082's unless the listener is for 3GPP alone. */
static enum stir_api_dialect first_dialect(const struct stir_http_call *call, bool found)
{
    const char *root = call->gate->conf->root;
    size_t n = strlen(root);
    bool below = root[0] && call->request->path.n > n && memcmp(call->request->path.p, root, n) == 0;
    if (found ? !is_ms(call) : !below)
        return found ? call->route.dialect : STIR_API_OWN;
    return call->gate->conf->dialect == STIR_DIALECT_3GPP ? STIR_API_3GPP : STIR_API_ATIS;
}

static bool goes_on(struct stir_http_call *call)
{
    const struct stir_http_front *front = call->desk->front;
    const struct stir_conf_http *conf = call->gate->conf;
    if (call->request->stranger)
        return stir_api_fail(&call->fault, STIR_API_FORBIDDEN, "", "a certificate of the CA for clients is needed");
    bool found = stir_api_route(&call->route, conf, front->repository ? front->conf->repository.path : "", call->request->path) || stir_http_office_finds(call);
    call->dialect = first_dialect(call, found);
    if (!found)
        return stir_api_fail(&call->fault, STIR_API_NO_RESOURCE, "", "there is nothing at this path");
    name_request(call);
    if (!stir_api_method_fits(&call->route, call->request->method)) {
        stir_http_call_field(call, "Allow", call->route.allow);
        return stir_api_fail(&call->fault, STIR_API_METHOD, "", "the method is not %s", call->route.allow);
    }
    return !call->route.call || (stir_http_call_admit(call) && headers_fit(call));
}

void stir_http_call_serve(void *arg, struct stir_http_request *request)
{
    struct stir_http_counter *counter = arg;
    struct stir_http_desk *desk = counter->desk;
    struct stir_http_call *call = take_call(desk);
    if (!call) {
        struct stir_http_answer busy = {.status = 503};
        stir_http_answer(request, &busy);
        return;
    }
    request->user = call;
    call->desk = desk;
    call->gate = counter->gate;
    call->request = request;
    call->dialect = STIR_API_OWN;
    call->live = stir_live_ref(desk->worker->live);
    call->began_us = stir_clock_monotonic_us();
    call->unix_ms = stir_loop_unix_ms(desk->worker->loop);
    if (goes_on(call))
        dispatch(call);
    else
        stir_http_call_refuse(call);
}

void stir_http_call_gone(void *arg, struct stir_http_request *request)
{
    (void)arg;
    struct stir_http_call *call = request->user;
    request->user = NULL;
    if (!call)
        return;
    stir_http_verify_end(call, "the client left before it was answered");
    give_back(call);
}

void stir_http_call_cancel(void *arg, struct stir_http_request *request)
{
    (void)arg;
    struct stir_http_call *call = request->user;
    if (!call)
        return;
    stir_http_verify_end(call, "the daemon ended before the call was answered");
    stir_http_office_end(call);
}
