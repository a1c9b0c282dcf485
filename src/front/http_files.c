/* What HTTP gives out that is no call: chains of the repository, health, figures, documents. */
#include "front/http_call.h"

#include "service/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

extern const unsigned char stir_openapi[];
extern const size_t stir_openapi_n;

static const char TEXT[] = "text/plain; charset=utf-8";

enum { GONE = 410, NOT_MODIFIED = 304 };

/* As long as the operator says, and never beyond the certificate's end: URLs are for one chain each, and do not change. */
static void say_age(struct stir_http_call *call, int64_t now)
{
    int64_t left = call->file.not_after - now, age = call->desk->front->conf->repository.max_age;
    snprintf(call->max_age, sizeof(call->max_age), "public, max-age=%" PRId64 ", immutable", age < left ? age : left);
    stir_http_call_field(call, "Cache-Control", call->max_age);
}

void stir_http_serve_chain(struct stir_http_call *call)
{
    struct stir_repository *repository = call->desk->front->repository;
    int64_t now = call->unix_ms / 1000;
    enum stir_shelf_state state = repository ? stir_repository_take(repository, call->route.rest, now, &call->file) : STIR_SHELF_NONE;
    if (state != STIR_SHELF_HERE) {
        bool over = state == STIR_SHELF_OVER;
        stir_http_call_field(call, "Cache-Control", "no-store");
        stir_api_put(&call->text, over ? "the certificate is over\n" : "no such chain\n");
        stir_http_call_answer(call, over ? GONE : stir_api_fault_status(STIR_API_NO_RESOURCE), TEXT);
        return;
    }
    say_age(call, now);
    stir_http_call_field(call, "ETag", call->file.etag);
    if (stir_api_has_etag(stir_http_header(call->request, "If-None-Match"), call->file.etag)) {
        stir_http_call_answer(call, NOT_MODIFIED, NULL);
        return;
    }
    stir_http_call_field(call, "X-Content-Type-Options", "nosniff");
    call->answer.body = call->file.chain;
    stir_http_call_answer(call, 200, "application/pem-certificate-chain");
}

static void say_ready(struct stir_http_call *call)
{
    const struct stir_http_health *health = &call->desk->front->health;
    char text[4096] = "";
    bool ready = !health->ready || health->ready(health->arg, text, sizeof(text));
    if (ready || !text[0])
        stir_api_put(&call->text, ready ? "ready\n" : "not ready\n");
    stir_api_put(&call->text, text); /* what is said of one that is ready is a warning */
    stir_http_call_field(call, "Cache-Control", "no-store");
    stir_http_call_answer(call, ready ? 200 : 503, TEXT);
}

static void say_figures(struct stir_http_call *call)
{
    size_t n = 0;
    char *page = stir_metrics_page(call->desk->worker->shared->metrics, &n);
    stir_api_put_slice(&call->text, stir_slice_of(page, page ? n : 0));
    free(page);
    stir_http_call_answer(call, page ? 200 : 503, "text/plain; version=0.0.4; charset=utf-8");
}

void stir_http_serve_operations(struct stir_http_call *call)
{
    switch (call->route.what) {
    case STIR_API_READYZ: say_ready(call); return;
    case STIR_API_METRICS: say_figures(call); return;
    case STIR_API_VERSION:
        stir_api_put(&call->text, "{\"version\":");
        stir_api_put_words(&call->text, stir_version());
        stir_api_put(&call->text, "}");
        stir_http_call_answer(call, 200, "application/json");
        return;
    case STIR_API_DOCUMENT:
        call->answer.body = stir_slice_of(stir_openapi, stir_openapi_n);
        stir_http_call_answer(call, 200, "application/json");
        return;
    default: /* healthz: the loop turns, which is all that is asked */
        stir_api_put(&call->text, "ok\n");
        stir_http_call_field(call, "Cache-Control", "no-store");
        stir_http_call_answer(call, 200, TEXT);
    }
}
