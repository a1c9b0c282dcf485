#include "front/api_route.h"

struct row {
    const char *path;
    enum stir_api_what what;
    unsigned apis; /* any of them */
    enum stir_api_dialect dialect;
    bool call, reading, any_method;
};

enum { ALL_CALLS = STIR_API_SIGNING | STIR_API_VERIFICATION | STIR_API_NATIVE | STIR_API_INSPECT | STIR_API_ACME | STIR_API_PA };

static const struct row rows[] = {
    {"/v1/sign", STIR_API_SIGN, STIR_API_NATIVE, STIR_API_OWN, true, false, false},
    {"/v1/verify", STIR_API_VERIFY, STIR_API_NATIVE, STIR_API_OWN, true, false, false},
    {"/v1/sign/batch", STIR_API_SIGN_BATCH, STIR_API_NATIVE, STIR_API_OWN, true, false, false},
    {"/v1/verify/batch", STIR_API_VERIFY_BATCH, STIR_API_NATIVE, STIR_API_OWN, true, false, false},
    {"/v1/inspect", STIR_API_INSPECT_ONE, STIR_API_INSPECT, STIR_API_OWN, true, false, false},
    {"/v1/sign-csv", STIR_API_SIGN_CSV, STIR_API_SECSIPIDX, STIR_API_SECSIPIDX_TEXT, true, false, true},
    {"/v1/check", STIR_API_CHECK, STIR_API_SECSIPIDX, STIR_API_SECSIPIDX_TEXT, true, false, true},
    {"/healthz", STIR_API_HEALTHZ, STIR_API_OPERATIONS, STIR_API_OWN, false, true, false},
    {"/readyz", STIR_API_READYZ, STIR_API_OPERATIONS, STIR_API_OWN, false, true, false},
    {"/metrics", STIR_API_METRICS, STIR_API_OPERATIONS, STIR_API_OWN, false, true, false},
    {"/version", STIR_API_VERSION, STIR_API_OPERATIONS, STIR_API_OWN, false, true, false},
    {"/openapi.json", STIR_API_DOCUMENT, ALL_CALLS, STIR_API_OWN, false, true, false},
};

/* The Ms paths hang below a root that the operator chooses. */
static const struct row ms_rows[] = {
    {"/signing", STIR_API_SIGNING_MS, STIR_API_SIGNING, STIR_API_OWN, true, false, false},
    {"/verification", STIR_API_VERIFICATION_MS, STIR_API_VERIFICATION, STIR_API_OWN, true, false, false},
};

static const struct row chain_row = {"", STIR_API_CHAIN, STIR_API_REPOSITORY, STIR_API_OWN, false, true, false};
static const struct row pub_row = {"", STIR_API_CHAIN, STIR_API_SECSIPIDX, STIR_API_OWN, false, true, false};

static bool take(struct stir_api_route *out, const struct row *row, const struct stir_conf_http *http)
{
    if (!(http->apis & row->apis) || (out->tenant.p && !row->call))
        return false;
    out->what = row->what;
    out->dialect = row->dialect;
    out->call = row->call;
    out->reading = row->reading;
    out->any_method = row->any_method;
    out->allow = row->reading ? "GET, HEAD" : "POST";
    return true;
}

static bool cut(struct stir_slice *path, const char *prefix)
{
    size_t n = strlen(prefix);
    if (path->n < n || memcmp(path->p, prefix, n) != 0)
        return false;
    *path = stir_slice_from(*path, n);
    return true;
}

static bool find(struct stir_api_route *out, const struct row *table, size_t n, const struct stir_conf_http *http, struct stir_slice path)
{
    for (size_t i = 0; i < n; i++)
        if (stir_slice_is(path, table[i].path))
            return take(out, &table[i], http);
    return false;
}

/* A file's name is the whole rest: what has a '/' in it is no name, and is not looked for. */
static bool find_chain(struct stir_api_route *out, const struct stir_conf_http *http, const char *repository, struct stir_slice path)
{
    struct stir_slice rest = path;
    if (repository[0] && cut(&rest, repository) && take(out, &chain_row, http)) {
        out->rest = rest;
        return true;
    }
    rest = path;
    if (cut(&rest, "/v1/pub/") && take(out, &pub_row, http)) {
        out->rest = rest;
        return true;
    }
    return false;
}

bool stir_api_route(struct stir_api_route *out, const struct stir_conf_http *http, const char *repository, struct stir_slice path)
{
    *out = (struct stir_api_route){0};
    struct stir_slice rest = path;
    if (cut(&rest, "/t/")) {
        size_t slash = stir_slice_find(rest, '/');
        if (slash == 0 || slash == rest.n)
            return false;
        out->tenant = stir_slice_of(rest.p, slash);
        path = stir_slice_from(rest, slash);
    }
    rest = path;
    if (cut(&rest, http->root) && find(out, ms_rows, sizeof(ms_rows) / sizeof(ms_rows[0]), http, rest))
        return true;
    return find(out, rows, sizeof(rows) / sizeof(rows[0]), http, path) || find_chain(out, http, repository, path);
}

bool stir_api_method_fits(const struct stir_api_route *route, struct stir_slice method)
{
    if (route->any_method)
        return true;
    return route->reading ? stir_slice_is(method, "GET") || stir_slice_is(method, "HEAD") : stir_slice_is(method, "POST");
}

static struct stir_slice media_type(struct stir_slice text)
{
    return stir_slice_trim(stir_slice_of(text.p, stir_slice_find(text, ';')));
}

bool stir_api_type_is(struct stir_slice content_type, const char *type)
{
    return content_type.p && stir_slice_ieq(media_type(content_type), stir_slice_str(type));
}

/* ";q=0" and ";q=0.000" take nothing. */
static bool is_refused(struct stir_slice range)
{
    for (size_t at = stir_slice_find(range, ';'); at < range.n; at = stir_slice_find(range, ';')) {
        range = stir_slice_trim(stir_slice_from(range, at + 1));
        if (range.n < 3 || stir_lower(range.p[0]) != 'q' || range.p[1] != '=' || range.p[2] != '0')
            continue;
        size_t i = 3;
        while (i < range.n && (range.p[i] == '0' || range.p[i] == '.'))
            i++;
        if (i == range.n || range.p[i] == ';' || stir_is_space(range.p[i]))
            return true;
    }
    return false;
}

static bool range_takes(struct stir_slice range, struct stir_slice type)
{
    struct stir_slice media = media_type(range);
    if (media.n == 0 || is_refused(range))
        return false;
    if (stir_slice_is(media, "*/*") || stir_slice_is(media, "*") || stir_slice_ieq(media, type))
        return true;
    size_t slash = stir_slice_find(type, '/');
    return media.n == slash + 2 && media.p[media.n - 1] == '*' && stir_slice_ieq(stir_slice_of(media.p, slash + 1), stir_slice_of(type.p, slash + 1));
}

bool stir_api_accepts(struct stir_slice accept, const char *type)
{
    if (!accept.p || stir_slice_trim(accept).n == 0)
        return true;
    while (accept.n) {
        size_t comma = stir_slice_find(accept, ',');
        if (range_takes(stir_slice_of(accept.p, comma), stir_slice_str(type)))
            return true;
        accept = stir_slice_from(accept, comma < accept.n ? comma + 1 : accept.n);
    }
    return false;
}

bool stir_api_has_etag(struct stir_slice list, const char *etag)
{
    while (list.p && list.n) {
        size_t comma = stir_slice_find(list, ',');
        struct stir_slice one = stir_slice_trim(stir_slice_of(list.p, comma));
        if (one.n > 2 && one.p[0] == 'W' && one.p[1] == '/')
            one = stir_slice_from(one, 2); /* weak comparison (RFC 9110 §13.1.2) */
        if (stir_slice_is(one, "*") || stir_slice_is(one, etag))
            return true;
        list = stir_slice_from(list, comma < list.n ? comma + 1 : list.n);
    }
    return false;
}

struct stir_slice stir_api_bearer(struct stir_slice authorization)
{
    struct stir_slice none = {0}, text = stir_slice_trim(authorization);
    if (!authorization.p || text.n < 7 || !stir_slice_ieq(stir_slice_of(text.p, 7), stir_slice_str("Bearer ")))
        return none;
    return stir_slice_trim(stir_slice_from(text, 7));
}

bool stir_api_is_request_id(struct stir_slice id)
{
    if (!id.p || id.n == 0 || id.n > STIR_API_MAX_REQUEST_ID)
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (id.p[i] <= ' ' || id.p[i] > '~')
            return false;
    return true;
}
