/* What must hold for the policy administrator and the certificate authority: what their roles need, who reaches them, and URLs that agree. */
#include "server/config_read.h"

#include <stdarg.h>
#include <stdio.h>

static void fault(struct stir_config_reading *r, const struct stir_config_place *place, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void fault(struct stir_config_reading *r, const struct stir_config_place *place, const char *key, const char *format, ...)
{
    char what[STIR_CONFIG_FAULT];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    stir_config_fault(r, stir_config_line(place, key), place, key, "%s", what);
}

static struct stir_config_place only(const struct stir_config_reading *r, enum stir_config_kind kind)
{
    struct stir_config_place none = {.kind = kind};
    for (size_t i = 0; i < r->n_places; i++)
        if (r->places[i].kind == kind)
            return r->places[i];
    return none;
}

/* ---- What a role needs ---- */

struct need {
    const char *key, *value;
};

static void check_needs(struct stir_config_reading *r, const struct stir_config_place *place, const char *role, const struct need *needs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!needs[i].value[0] && !stir_config_given(place, needs[i].key))
            fault(r, place, needs[i].key, "is needed by role %s: %s", role, stir_config_key_of(place->kind, stir_slice_str(needs[i].key))->help);
}

static bool is_served(const struct stir_conf *conf, unsigned api)
{
    for (size_t i = 0; i < conf->n_http; i++)
        if (conf->http[i].apis & api)
            return true;
    return false;
}

static void check_role(struct stir_config_reading *r, unsigned role, const char *name, unsigned api, const char *word)
{
    struct stir_config_place server = only(r, STIR_SECTION_SERVER), store = only(r, STIR_SECTION_STORE);
    const struct need needs[] = {{"url", r->conf->store.url}};
    if (!(r->conf->server.roles & role))
        return;
    check_needs(r, &store, name, needs, 1);
    if (!is_served(r->conf, api))
        fault(r, &server, "roles", "%s, and no listener leads to it: [http NAME] with serve = %s", name, word);
}

/* ---- Who listens ---- */

static bool is_loopback(const struct stir_conf_list *listen)
{
    for (size_t i = 0; i < listen->n; i++)
        if (strncmp(listen->items[i], "127.", 4) != 0 && strncmp(listen->items[i], "[::1]", 5) != 0)
            return false;
    return true;
}

static bool is_http(const char *url)
{
    return strncmp(url, "http://", 7) == 0;
}

/* Passwords, tokens and accounts pass here: in clear text to nobody but this machine, or to who ends TLS in front of it. */
static void check_listener(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf *conf = r->conf;
    const struct stir_conf_http *http = &conf->http[place->index];
    bool acme = http->apis & STIR_API_ACME, pa = http->apis & STIR_API_PA;
    if (acme && !(conf->server.roles & STIR_ROLE_CA))
        fault(r, place, "serve", "acme wants role ca among those of [server]");
    if (pa && !(conf->server.roles & STIR_ROLE_PA))
        fault(r, place, "serve", "pa wants role pa among those of [server]");
    if ((acme || pa) && !http->tls_cert[0] && !http->proxies.n && !is_loopback(&http->listen))
        fault(r, place, "serve", "%s in clear text: give tls-cert and tls-key, or the proxies that end TLS in front of it", acme ? "acme" : "pa");
    if (http->proxies.n && !acme && !pa)
        fault(r, place, "proxies", "is for serve = acme and pa alone");
}

/* ---- URLs ---- */

/* The path of a URL that a word of the table has checked. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://"), *slash = host ? strchr(host + 3, '/') : NULL;
    return slash ? slash : "";
}

/* `path` is `head`, or stands below it. */
static bool is_below(const char *path, const char *head)
{
    size_t n = strlen(head);
    return n && strncmp(path, head, n) == 0 && (!path[n] || path[n] == '/' || head[n - 1] == '/');
}

/* Where other interfaces are: nobody could tell two of them apart by the path. */
static const char *const taken[] = {"/v1", "/t", "/healthz", "/readyz", "/metrics", "/version", "/openapi.json", "/sti-pa", "/api", "/at", "/download", "/pa"};

static void check_ca_url(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf *conf = r->conf;
    const char *path = path_of(conf->ca.url);
    for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
        if (is_below(path, taken[i]))
            fault(r, place, "url", "\"%s\" is where other interfaces are; /acme is free", path);
    for (size_t i = 0; path[0] && i < conf->n_http; i++)
        if (is_below(path, conf->http[i].root) && (conf->http[i].apis & (STIR_API_SIGNING | STIR_API_VERIFICATION)))
            fault(r, place, "url", "\"%s\" is below the root of [http %s]", path, conf->http[i].name);
    if ((conf->server.roles & STIR_ROLE_CR) && path[0] && (is_below(path, conf->repository.path) || is_below(conf->repository.path, path)))
        fault(r, place, "url", "\"%s\" and [repository] path \"%s\" are one in the other", path, conf->repository.path);
}

static void check_scheme(struct stir_config_reading *r, const struct stir_config_place *place, const char *key, const char *url, bool allowed)
{
    if (is_http(url) && !allowed)
        fault(r, place, key, "is http, which anybody on the way could answer; https, or any-url = yes in a lab");
}

/* ---- Sections ---- */

static void check_store(struct stir_config_reading *r)
{
    struct stir_config_place store = only(r, STIR_SECTION_STORE);
    if (store.line && stir_config_given(&store, "url") && !(r->conf->server.roles & (STIR_ROLE_PA | STIR_ROLE_CA)))
        fault(r, &store, "url", "is for roles pa and ca, and neither is among those of [server]");
}

static void check_pa(struct stir_config_reading *r)
{
    const struct stir_conf_pa *pa = &r->conf->pa;
    struct stir_config_place place = only(r, STIR_SECTION_PA);
    const struct need needs[] = {{"url", pa->url}, {"key", pa->key}, {"cert", pa->cert}, {"root", pa->root}};
    check_role(r, STIR_ROLE_PA, "pa", STIR_API_PA, "pa");
    if (!(r->conf->server.roles & STIR_ROLE_PA))
        return;
    check_needs(r, &place, "pa", needs, sizeof(needs) / sizeof(*needs));
    if (pa->crl_key[0] && !pa->crl_cert[0])
        fault(r, &place, "crl-key", "wants crl-cert too, its certificate");
    if (pa->crl_cert[0] && !pa->crl_key[0])
        fault(r, &place, "crl-cert", "wants crl-key too, the certificate's private key");
    if (pa->list_every >= pa->list_life)
        fault(r, &place, "list-every", "is not sooner than list-life: the list would be over before the next is there");
    if (pa->crl_every >= pa->crl_life)
        fault(r, &place, "crl-every", "is not sooner than crl-life: the CRL would be over before the next is there");
}

/* What certificates name is that of the administrator in the same process, where nothing else is said. */
static void find_crl(struct stir_config_reading *r)
{
    struct stir_conf *conf = r->conf;
    char url[STIR_CONFIG_URL + 32];
    if (conf->ca.crl_url[0] || !(conf->server.roles & STIR_ROLE_PA))
        return;
    snprintf(url, sizeof(url), "%s%s", conf->pa.crl_url[0] ? conf->pa.crl_url : conf->pa.url, conf->pa.crl_url[0] ? "" : "/download/v1/crl");
    const char *kept = stir_arena_copy(r->room.arena, stir_slice_str(url)).p;
    r->room.no_memory = r->room.no_memory || !kept;
    conf->ca.crl_url = kept ? kept : "";
}

static void check_ca(struct stir_config_reading *r)
{
    const struct stir_conf *conf = r->conf;
    const struct stir_conf_ca *ca = &conf->ca;
    struct stir_config_place place = only(r, STIR_SECTION_CA);
    const struct need needs[] = {{"url", ca->url}, {"key", ca->key}, {"cert", ca->cert}, {"pa-root", ca->pa_root}},
                      far[] = {{"crl-url", ca->crl_url}, {"crl-issuer", ca->crl_issuer}};
    check_role(r, STIR_ROLE_CA, "ca", STIR_API_ACME, "acme");
    if (!(conf->server.roles & STIR_ROLE_CA))
        return;
    check_needs(r, &place, "ca", needs, sizeof(needs) / sizeof(*needs));
    if (!(conf->server.roles & STIR_ROLE_PA))
        check_needs(r, &place, "ca", far, sizeof(far) / sizeof(*far));
    find_crl(r);
    check_ca_url(r, &place);
    check_scheme(r, &place, "report-url", ca->report_url, ca->any_url);
    if (ca->report_url[0] && !ca->report_token[0])
        fault(r, &place, "report-url", "wants report-token: the administrator takes revocations from CAs that he knows");
    if (ca->report_token[0] && !ca->report_url[0])
        fault(r, &place, "report-token", "wants report-url");
    if (ca->publish_url[0] && !ca->publish_dir[0])
        fault(r, &place, "publish-url", "wants publish-dir: from where would the chains be served?");
    if (ca->authorization_life > ca->order_life)
        fault(r, &place, "authorization-life", "is more than order-life: an authorization ends with its order");
}

static bool is_always_there(const char *claim)
{
    return strcmp(claim, "iat") == 0 || strcmp(claim, "orig") == 0 || strcmp(claim, "dest") == 0;
}

static void check_profile(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf_profile *profile = &r->conf->profiles[place->index];
    if (profile->life > profile->max_life)
        fault(r, place, stir_config_given(place, "life") ? "life" : "max-life", "life is more than max-life");
    if (profile->path_len >= 0 && profile->kind != STIR_PROFILE_DELEGATE_CA)
        fault(r, place, "path-length", "is for kind = delegate-ca alone");
    for (size_t i = 0; i < profile->must_exclude.n; i++)
        if (is_always_there(profile->must_exclude.items[i]))
            fault(r, place, "must-exclude", "%s stands in every PASSporT (RFC 9118 4)", profile->must_exclude.items[i]);
}

/* ---- Signers that are renewed ---- */

static void check_renewed(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf_signer *signer = &r->conf->signers[place->index];
    const struct need own[] = {{"key", signer->key}, {"cert", signer->cert}, {"x5u", signer->x5u}};
    for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        bool given = stir_config_given(place, own[i].key);
        if (!given && !stir_config_given(place, "acme"))
            fault(r, place, own[i].key, "is needed: %s (or give acme)", stir_config_key_of(STIR_SECTION_SIGNER, stir_slice_str(own[i].key))->help);
        if (given && signer->acme[0])
            fault(r, place, own[i].key, "stands beside acme, whose folder says it; give one of them");
    }
    for (size_t i = 0; signer->acme[0] && i < place->index; i++)
        if (strcmp(r->conf->signers[i].acme, signer->acme) == 0)
            fault(r, place, "acme", "is that of [signer %s]: each has a folder of its own", r->conf->signers[i].name);
}

void stir_config_check_office(struct stir_config_reading *r)
{
    check_store(r);
    check_pa(r);
    check_ca(r);
    for (size_t i = 0; i < r->n_places; i++) {
        if (r->places[i].kind == STIR_SECTION_HTTP)
            check_listener(r, &r->places[i]);
        else if (r->places[i].kind == STIR_SECTION_PROFILE)
            check_profile(r, &r->places[i]);
        else if (r->places[i].kind == STIR_SECTION_SIGNER)
            check_renewed(r, &r->places[i]);
    }
}
