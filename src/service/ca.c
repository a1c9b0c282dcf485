#include "service/ca_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* --- whose a path is --- */

enum { MAX_ID = 64 }; /* characters of an id in a path; ours have 22, a serial up to 40 */

struct resource {
    const char *name, *asked; /* "acct", and "orders" of "acct/ID/orders" */
    bool has_id, has_after;   /* something may stand behind `asked`: where a list goes on */
    enum stir_ca_who who;     /* what its requests are signed by; 0: it may be asked without an account */
    const char *allow;        /* methods */
    const char *event;
    void (*answer)(struct stir_ca_request *r);
};

#define READ "GET, HEAD, POST" /* what needs no account may be asked either way (RFC 8555 §6.3) */
static const struct resource resources[] = {
    {"directory", NULL, false, false, 0, READ, "acme directory", stir_ca_directory},
    {"new-nonce", NULL, false, false, 0, READ, "acme new-nonce", stir_ca_new_nonce},
    {"new-account", NULL, false, false, STIR_CA_JWK, "POST", "acme new-account", stir_ca_new_account},
    {"new-order", NULL, false, false, STIR_CA_KID, "POST", "acme new-order", stir_ca_new_order},
    {"revoke-cert", NULL, false, false, STIR_CA_EITHER, "POST", "acme revoke-cert", stir_ca_revoke},
    {"key-change", NULL, false, false, STIR_CA_KID, "POST", "acme key-change", stir_ca_key_change},
    {"acct", NULL, true, false, STIR_CA_KID, "POST", "acme account", stir_ca_account},
    {"acct", "orders", true, true, STIR_CA_KID, "POST", "acme orders", stir_ca_account},
    {"order", NULL, true, false, STIR_CA_KID, "POST", "acme order", stir_ca_order},
    {"order", "finalize", true, false, STIR_CA_KID, "POST", "acme finalize", stir_ca_finalize},
    {"authz", NULL, true, false, STIR_CA_KID, "POST", "acme authorization", stir_ca_authorization},
    {"chall", NULL, true, false, STIR_CA_KID, "POST", "acme challenge", stir_ca_challenge},
    {"cert", NULL, true, false, STIR_CA_KID, "POST", "acme certificate", stir_ca_certificate},
};

/* The next part of a path that begins with '/'. */
static struct stir_slice take_part(struct stir_slice *path)
{
    if (path->n == 0 || path->p[0] != '/')
        return (struct stir_slice){NULL, 0};
    struct stir_slice rest = stir_slice_from(*path, 1);
    size_t n = stir_slice_find(rest, '/');
    *path = stir_slice_from(rest, n);
    return stir_slice_upto(rest, n);
}

static bool is_id(struct stir_slice s)
{
    if (s.n == 0 || s.n > MAX_ID)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!stir_is_alpha(s.p[i]) && !stir_is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return true;
}

static bool fits(const struct resource *resource, struct stir_slice name, const struct stir_slice rest[3])
{
    if (!stir_slice_is(name, resource->name) || (resource->has_id ? !is_id(rest[0]) : rest[0].p != NULL))
        return false;
    if (resource->asked ? !stir_slice_is(rest[1], resource->asked) : rest[1].p != NULL)
        return false;
    return rest[2].p == NULL || (resource->has_after && is_id(rest[2]));
}

/* What stands behind the authority's own path; absent: it is not one of its paths. */
static struct stir_slice below(const struct stir_ca *ca, struct stir_slice path)
{
    size_t n = strlen(ca->path);
    if (path.n <= n || memcmp(path.p, ca->path, n) != 0 || path.p[n] != '/')
        return (struct stir_slice){NULL, 0};
    return stir_slice_from(path, n);
}

static const struct resource *find(struct stir_slice rest[3], const struct stir_ca *ca, struct stir_slice path)
{
    struct stir_slice at = below(ca, path), name = take_part(&at);
    for (size_t i = 0; i < 3; i++)
        rest[i] = take_part(&at);
    for (size_t i = 0; at.n == 0 && i < sizeof(resources) / sizeof(*resources); i++)
        if (fits(&resources[i], name, rest))
            return &resources[i];
    return NULL;
}

/* Where no path of its own stands before its resources, only these are its own. */
bool stir_ca_owns(const struct stir_ca *ca, struct stir_slice path)
{
    struct stir_slice at = below(ca, path), name = take_part(&at);
    if (ca->path[0])
        return name.p != NULL;
    for (size_t i = 0; i < sizeof(resources) / sizeof(*resources); i++)
        if (stir_slice_is(name, resources[i].name))
            return true;
    return false;
}

/* --- resources without an account --- */

/* A member that no client knows: RFC 8555 §7.1.1 lets a directory grow. */
static void add_unknown(struct stir_ca *ca, json_t *directory)
{
    char name[24];
    snprintf(name, sizeof(name), "x%012llx", (unsigned long long)(stir_ca_dice(ca) >> 16));
    json_object_set_new(directory, name, json_string("https://github.com/ietf-wg-acme/acme/blob/main/draft-ietf-acme-acme.md"));
}

/* Name and what it is, as clients of profiles expect them in meta. */
static json_t *profiles_of(const struct stir_conf *conf)
{
    static const char *const kinds[] = {[STIR_PROFILE_SHAKEN] = "end entity with one service provider code",
                                        [STIR_PROFILE_DELEGATE] = "end entity of a delegate, for numbers or codes",
                                        [STIR_PROFILE_DELEGATE_CA] = "certificate authority of a delegate"};
    json_t *profiles = json_object();
    for (size_t i = 0; i < conf->n_profiles; i++)
        json_object_set_new(profiles, conf->profiles[i].name, json_string(kinds[conf->profiles[i].kind]));
    return profiles;
}

static json_t *meta_of(const struct stir_conf *whole)
{
    const struct stir_conf_ca *conf = &whole->ca;
    json_t *meta = json_pack("{s:b, s:o}", "externalAccountRequired", conf->binding_required, "profiles", profiles_of(whole));
    if (conf->terms[0])
        json_object_set_new(meta, "termsOfService", json_string(conf->terms));
    if (conf->website[0])
        json_object_set_new(meta, "website", json_string(conf->website));
    return meta;
}

/*= RFC8555-7.1.1 */
void stir_ca_directory(struct stir_ca_request *r)
{
    static const struct {
        const char *name, *resource;
    } rows[] = {
        {"newNonce", "new-nonce"}, {"newAccount", "new-account"}, {"newOrder", "new-order"}, {"revokeCert", "revoke-cert"}, {"keyChange", "key-change"}};
    json_t *directory = json_object();
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *url = stir_ca_url(r, rows[i].resource, NULL, NULL);
        json_object_set_new(directory, rows[i].name, url ? json_string(url) : NULL);
    }
    json_object_set_new(directory, "meta", meta_of(r->ca->conf));
    if (r->ca->conf->ca.chaos)
        add_unknown(r->ca, directory);
    stir_ca_answer(r, 200, directory);
}

/*= RFC8555-7.2 */
void stir_ca_new_nonce(struct stir_ca_request *r)
{
    r->answered = true;
    r->x->status = stir_exchange_is(r->x, "HEAD") ? 200 : 204;
    r->x->type = NULL;
}

/* --- a request --- */

static bool is_method(struct stir_ca_request *r, const struct resource *resource)
{
    bool reads = resource->allow[0] == 'G';
    if (stir_exchange_is(r->x, "POST") || (reads && (stir_exchange_is(r->x, "GET") || stir_exchange_is(r->x, "HEAD"))))
        return true;
    stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 405, "the method %.*s is not for this resource; %s", STIR_SHOW(r->x->method),
                      reads ? "GET, HEAD or POST is" : "POST is, with an empty payload where it is only fetched (RFC 8555 section 6.3)"); /*= RFC8555-6.3 */
    stir_exchange_field(r->x, "Allow", "%s", resource->allow);
    return false;
}

/* Who asks. What needs no account is either got, or fetched by one that there is (RFC 8555 section 6.3). */
static bool enters(struct stir_ca_request *r, const struct resource *resource)
{
    if (resource->who)
        return stir_ca_enter(r, resource->who);
    return !stir_exchange_is(r->x, "POST") || (stir_ca_enter(r, STIR_CA_KID) && stir_ca_fetches(r));
}

static bool write_url(struct stir_ca_request *r)
{
    int n = snprintf(r->url, sizeof(r->url), "%.*s%.*s", (int)(r->ca->path - r->ca->base), r->ca->base, (int)r->x->path.n, r->x->path.p);
    return n > 0 && (size_t)n < sizeof(r->url);
}

static bool is_slow_enough(struct stir_ca_request *r)
{
    r->flood = !stir_ca_within(r, STIR_LIMIT_REQUESTS_ADDRESS, r->x->peer);
    return !r->flood;
}

static void serve(struct stir_ca_request *r, const struct resource *resource)
{
    if (!resource || !write_url(r))
        stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "there is nothing at %.*s; the directory is at %s/directory", STIR_SHOW(r->x->path), r->ca->base);
    else if (is_slow_enough(r) && is_method(r, resource) && enters(r, resource))
        resource->answer(r);
    if (!r->answered)
        stir_ca_went(r, STIR_ESTATE, NULL);
}

void stir_ca_serve(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct stir_ca_request r = {.ca = ca, .clerk = clerk, .x = x};
    const struct resource *resource = find(r.rest, ca, x->path);
    x->event = resource ? resource->event : "acme nothing";
    serve(&r, resource);
    if (!resource || resource->answer != stir_ca_directory)
        stir_ca_greet(&r);
    stir_ca_account_clear(&r.account);
    stir_key_free(r.key);
    stir_arena_clear(&r.arena);
}

/* --- chores and readiness --- */

int64_t stir_ca_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    int64_t (*const rooms[])(struct stir_ca * ca, struct stir_clerk * clerk, int64_t now) = {stir_ca_challenge_chores, stir_ca_order_chores,
                                                                                             stir_ca_report_chores, stir_ca_limit_chores};
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
        int64_t wait = rooms[i](ca, clerk, now);
        next = wait < next ? wait : next;
    }
    return next;
}

static bool say_ready(char *buf, size_t cap, const char *line)
{
    size_t n = strlen(buf);
    snprintf(buf + n, cap - n, "%s%s", n ? "\n" : "", line);
    return false;
}

bool stir_ca_ready(struct stir_ca *ca, int64_t now, char *buf, size_t cap)
{
    bool ready = true;
    if (cap)
        buf[0] = '\0';
    if (now >= stir_cert_info(ca->chain[0])->not_after)
        ready = say_ready(buf, cap, "the certificate of the certificate authority is over");
    if (now - atomic_load(&ca->memory->store_failed) < STIR_CA_STORE_SICK)
        ready = say_ready(buf, cap, "the store of the certificate authority failed within the last minute");
    return stir_ca_report_ready(ca, now, buf, cap) && ready;
}
