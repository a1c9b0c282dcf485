/* Which interface a path is, and what the headers of a request allow. Pure. */
#ifndef STIR_FRONT_API_ROUTE_H
#define STIR_FRONT_API_ROUTE_H

#include "front/api.h"
#include "service/office.h"

enum stir_api_what {
    STIR_API_SIGNING_MS = 1,
    STIR_API_VERIFICATION_MS,
    STIR_API_SIGN,
    STIR_API_SIGN_BATCH,
    STIR_API_VERIFY,
    STIR_API_VERIFY_BATCH,
    STIR_API_INSPECT_ONE,
    STIR_API_SIGN_CSV,
    STIR_API_CHECK,
    STIR_API_CHAIN, /* `rest`: its name */
    STIR_API_HEALTHZ,
    STIR_API_READYZ,
    STIR_API_METRICS,
    STIR_API_VERSION,
    STIR_API_DOCUMENT, /* /openapi.json */
    STIR_API_OFFICE,   /* of the policy administrator or the certificate authority */
};

struct stir_api_route {
    enum stir_api_what what;
    enum stir_api_dialect dialect; /* of faults; of the Ms paths STIR_API_OWN means: told by the body's members */
    struct stir_slice tenant;      /* of /t/TENANT/...; absent */
    struct stir_slice rest;
    bool call;    /* it is about a call: it needs a token, and may have a tenant */
    bool reading; /* GET and HEAD; else POST */
    bool any_method;
    const char *allow;
    enum stir_office_who who; /* of STIR_API_OFFICE */
};

/* False: there is nothing there, for this listener. */
bool stir_api_route(struct stir_api_route *out, const struct stir_conf_http *http, const char *repository, struct stir_slice path);
bool stir_api_method_fits(const struct stir_api_route *route, struct stir_slice method);

/* The media type in a Content-Type, whatever its parameters. */
bool stir_api_type_is(struct stir_slice content_type, const char *type);
/* An Accept header (absent: all) takes `type`. */
bool stir_api_accepts(struct stir_slice accept, const char *type);
/* One of an If-None-Match list, or "*". */
bool stir_api_has_etag(struct stir_slice list, const char *etag);
/* "Bearer TOKEN"; absent when it is another scheme. */
struct stir_slice stir_api_bearer(struct stir_slice authorization);
/* May be said back: visible ASCII, not too long. */
bool stir_api_is_request_id(struct stir_slice id);

#endif
