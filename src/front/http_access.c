/* Who asks, and whether he may. */
#include "front/http_call.h"

#include "service/metrics.h"

static bool unauthorized(struct stir_http_call *call, const char *why, const char *challenge)
{
    stir_http_call_field(call, "WWW-Authenticate", challenge);
    stir_metrics_add(call->desk->worker->shared->metrics, STIR_METRIC_HTTP_REFUSED, 1);
    return stir_api_fail(&call->fault, STIR_API_UNAUTHORIZED, "", "%s", why);
}

static bool forbidden(struct stir_http_call *call, const char *why)
{
    stir_metrics_add(call->desk->worker->shared->metrics, STIR_METRIC_HTTP_REFUSED, 1);
    return stir_api_fail(&call->fault, STIR_API_FORBIDDEN, "", "%s", why);
}

/* By all that the peer brings: its address, its token, and each name of its certificate until one proves something. */
static void find_source(struct stir_http_call *call, struct stir_peer *peer)
{
    const struct stir_http_request *request = call->request;
    const struct stir_source_book *book = call->live->sources;
    stir_source_find(book, peer, &call->source);
    for (size_t i = 0; i < request->n_names && !call->source.proven; i++) {
        peer->tls_name = stir_slice_str(request->names[i]);
        stir_source_find(book, peer, &call->source);
    }
}

static const struct stir_conf_tenant *tenant_of_path(const struct stir_conf *conf, struct stir_slice path)
{
    for (size_t i = 0; i < conf->n_tenants; i++)
        if (conf->tenants[i].path[0] && stir_slice_is(path, conf->tenants[i].path))
            return &conf->tenants[i];
    return NULL;
}

/* It says that it can be proven who it is. */
static bool has_proof(const struct stir_conf_tenant *tenant)
{
    return tenant && (tenant->token_file[0] || tenant->client_name[0]);
}

/* A proof, and not of the tenant whose path it is. */
static bool is_somebody_elses(struct stir_http_call *call, struct stir_peer *peer)
{
    struct stir_source other;
    peer->path = (struct stir_slice){0};
    stir_source_find(call->live->sources, peer, &other);
    return other.proven;
}

bool stir_http_call_admit(struct stir_http_call *call)
{
    const struct stir_http_request *request = call->request;
    struct stir_slice authorization = stir_http_header(request, "Authorization");
    struct stir_peer peer = {.address = *request->peer, .bearer = stir_api_bearer(authorization), .path = call->route.tenant};
    const struct stir_conf_tenant *named = call->route.tenant.p ? tenant_of_path(call->live->conf, call->route.tenant) : NULL;
    if (call->route.tenant.p && !named)
        return stir_api_fail(&call->fault, STIR_API_NO_RESOURCE, "", "there is no tenant at this path");
    find_source(call, &peer);
    if (call->source.proven)
        return !named || call->source.tenant == named ? true : forbidden(call, "the path is another tenant's");
    if (named && (peer.bearer.p || request->n_names) && is_somebody_elses(call, &peer))
        return forbidden(call, "the path is another tenant's");
    if (peer.bearer.p)
        return unauthorized(call, "the token is nobody's here", "Bearer realm=\"stir\", error=\"invalid_token\"");
    if (named ? has_proof(named) : has_proof(call->source.tenant))
        return unauthorized(call, "this tenant is known by its token or certificate", "Bearer realm=\"stir\"");
    return call->gate->conf->open ? true : unauthorized(call, "a token or a client certificate is needed", "Bearer realm=\"stir\"");
}
