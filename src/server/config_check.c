/* What must hold between keys and sections, when each has been read: names that exist, places that are free, roles that have what they need. */
#include "server/config_read.h"

#include "core/url.h"
#include "io/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

enum { APIS_SIGN = STIR_API_SIGNING | STIR_API_NATIVE | STIR_API_SECSIPIDX, APIS_VERIFY = STIR_API_VERIFICATION | STIR_API_NATIVE | STIR_API_SECSIPIDX };

/* A name of something, and where it stands: sorted, so that a file of thousands of trunks is checked in no time. */
struct name {
    const char *text;
    unsigned group; /* what it is a name of */
    const struct stir_config_place *place;
};

struct names {
    struct name *name;
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    int order = strcmp(x->text, y->text);
    return order ? order : x->place < y->place ? -1 : x->place > y->place;
}

static void add(struct names *names, unsigned group, const char *text, const struct stir_config_place *place)
{
    if (text[0])
        names->name[names->n++] = (struct name){text, group, place};
}

/* The first of the name; NULL. */
static const struct name *find(const struct names *names, unsigned group, const char *text)
{
    size_t low = 0, high = names->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct name *at = &names->name[mid];
        int order = at->group != group ? (at->group < group ? -1 : 1) : strcmp(at->text, text);
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < names->n && names->name[low].group == group && strcmp(names->name[low].text, text) == 0 ? &names->name[low] : NULL;
}

static const void *at(const struct stir_config_reading *r, const struct stir_config_place *place)
{
    return stir_config_at(r->conf, place->kind, place->index);
}

/* The place of a section that stands once; one without a line when it is not in the file. */
static struct stir_config_place only(const struct stir_config_reading *r, enum stir_config_kind kind)
{
    struct stir_config_place none = {.kind = kind};
    for (size_t i = 0; i < r->n_places; i++)
        if (r->places[i].kind == kind)
            return r->places[i];
    return none;
}

static void fault(struct stir_config_reading *r, const struct stir_config_place *place, const char *key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void fault(struct stir_config_reading *r, const struct stir_config_place *place, const char *key, const char *format, ...)
{
    char what[STIR_CONFIG_FAULT];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    stir_config_fault(r, key ? stir_config_line(place, key) : place->line, place, key, "%s", what);
}

/* ---- Names ---- */

static void twice(struct stir_config_reading *r, const struct names *names, const char *(*key)(unsigned group))
{
    for (size_t i = 1; i < names->n; i++) {
        const struct name *a = &names->name[i - 1], *b = &names->name[i];
        if (a->group != b->group || strcmp(a->text, b->text) != 0 || (a->place == b->place && key(a->group)))
            continue;
        if (key(a->group))
            fault(r, b->place, key(a->group), "\"%s\" is that of another in line %zu, and nobody could tell them apart", b->text,
                  stir_config_line(a->place, key(a->group)));
        else
            fault(r, b->place, NULL, "stands twice; it began in line %zu", a->place->line);
    }
}

static const char *no_key(unsigned group)
{
    (void)group;
    return NULL;
}

struct of_kind {
    const struct names *names;
    unsigned kind;
};

static const char *nth_of_kind(const void *arg, size_t i)
{
    const struct of_kind *o = arg;
    return o->names->name[i].group == o->kind ? o->names->name[i].text : NULL;
}

static void refers(struct stir_config_reading *r, const struct names *names, const struct stir_config_place *place, const struct stir_config_key *key,
                   const char *to)
{
    if (!to[0] || find(names, key->refers, to))
        return;
    struct of_kind of = {names, key->refers};
    /* Nobody reads the ten thousandth fault, and a hint takes as long as there are names. */
    const char *meant = r->faults < STIR_CONFIG_FAULTS ? stir_config_near(stir_slice_str(to), names->n, nth_of_kind, &of) : NULL;
    fault(r, place, key->name, "there is no [%s %s]%s%s%s", stir_config_sections[key->refers].kind, to, meant ? "; did you mean " : "", meant ? meant : "",
          meant ? "?" : "");
}

static void check_references(struct stir_config_reading *r, const struct names *names)
{
    for (size_t i = 0; i < r->n_places; i++) {
        const struct stir_config_place *place = &r->places[i];
        const struct stir_config_section *section = &stir_config_sections[place->kind];
        for (size_t k = 0; k < section->n_keys; k++) {
            const struct stir_config_key *key = &section->keys[k];
            const char *value = (const char *)at(r, place) + key->offset;
            if (key->refers == STIR_SECTION_NONE || !place->lines[k])
                continue;
            if (key->type == STIR_KEY_TEXT)
                refers(r, names, place, key, *(const char *const *)(const void *)value);
            for (size_t w = 0; key->type == STIR_KEY_LIST && w < ((const struct stir_conf_list *)(const void *)value)->n; w++)
                refers(r, names, place, key, ((const struct stir_conf_list *)(const void *)value)->items[w]);
        }
    }
}

/* The first of its kind is there unwritten. */
static bool is_unwritten(enum stir_config_kind kind)
{
    return kind == STIR_SECTION_ACTIONS || kind == STIR_SECTION_PROFILE;
}

/* Which sections there are, by name. */
static bool list_sections(const struct stir_config_reading *r, struct names *names)
{
    names->name = calloc(r->n_places + 2, sizeof(*names->name));
    static const struct stir_config_place actions = {.kind = STIR_SECTION_ACTIONS}, profile = {.kind = STIR_SECTION_PROFILE};
    if (!names->name)
        return false;
    for (size_t i = 0; i < r->n_places; i++)
        if (stir_config_sections[r->places[i].kind].named && !(is_unwritten(r->places[i].kind) && r->places[i].index == 0))
            add(names, r->places[i].kind, *(const char *const *)at(r, &r->places[i]), &r->places[i]);
    add(names, STIR_SECTION_ACTIONS, "default", &actions);
    add(names, STIR_SECTION_PROFILE, "shaken", &profile);
    qsort(names->name, names->n, sizeof(*names->name), by_name);
    return true;
}

/* ---- Listeners ---- */

struct bound {
    struct stir_address address;
    const char *text;
    const struct stir_config_place *place;
};

static bool is_wildcard(const struct sockaddr_storage *a)
{
    char text[STIR_ADDRESS_TEXT];
    stir_address_text(text, sizeof(text), a);
    return strncmp(text, "0.0.0.0:", 8) == 0 || strncmp(text, "[::]:", 5) == 0;
}

static unsigned port_of(const struct sockaddr_storage *a)
{
    char text[STIR_ADDRESS_TEXT];
    stir_address_text(text, sizeof(text), a);
    const char *colon = strrchr(text, ':');
    return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

enum { LISTEN = 16 }; /* places of one section: the table's bound of `listen` */

/* Two sockets of one kind at one port, at one address or one of them at all. Port 0 is the kernel's choice. */
static bool collide(const struct bound *a, const struct bound *b)
{
    const struct sockaddr_storage *x = &a->address.at, *y = &b->address.at;
    if ((a->address.transport == STIR_UDP) != (b->address.transport == STIR_UDP) || x->ss_family != y->ss_family || !port_of(x) || port_of(x) != port_of(y))
        return false;
    return stir_address_eq(x, y) || is_wildcard(x) || is_wildcard(y);
}

static void check_tls(struct stir_config_reading *r, const struct stir_config_place *place, const char *cert, const char *key, const char *ca, bool tls)
{
    if (tls && !cert[0])
        fault(r, place, "listen", "tls: wants tls-cert and tls-key");
    if (cert[0] && !key[0])
        fault(r, place, "tls-cert", "wants tls-key too, the certificate's private key");
    if (key[0] && !cert[0])
        fault(r, place, "tls-key", "wants tls-cert too");
    if (ca[0] && !cert[0])
        fault(r, place, "tls-client-ca", "wants tls-cert and tls-key too: without them nothing here speaks TLS");
}

/* The addresses of one listener. */
static size_t add_bound(struct bound *out, const struct stir_conf_list *listen, const struct stir_config_place *place, enum stir_transport otherwise)
{
    size_t n = 0;
    for (size_t i = 0; i < listen->n; i++) {
        out[n] = (struct bound){.text = listen->items[i], .place = place};
        n += stir_address_parse(&out[n].address, stir_slice_str(listen->items[i]), otherwise) == STIR_OK;
    }
    return n;
}

static void check_sip(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf_sip *sip = at(r, place);
    struct bound bound[LISTEN];
    bool tls = false;
    size_t n = add_bound(bound, &sip->listen, place, STIR_UDP);
    for (size_t i = 0; i < n; i++)
        tls = tls || bound[i].address.transport == STIR_TLS;
    check_tls(r, place, sip->tls_cert, sip->tls_key, sip->tls_client_ca, tls);
    if (sip->tls_cert[0] && n && !tls)
        fault(r, place, "tls-cert", "no tls: is among listen, so that nothing here speaks TLS");
    if (sip->max_per_address > sip->max_connections && stir_config_given(place, "max-per-address"))
        fault(r, place, "max-per-address", "is more than max-connections");
    if (sip->role && !(r->conf->server.roles & sip->role))
        fault(r, place, "role", "is %s, which is not among the roles of [server]", sip->role == STIR_ROLE_AS ? "as" : "vs");
}

/* Somebody can prove who he is here. */
static bool has_access(const struct stir_conf *conf, const struct stir_conf_http *http)
{
    for (size_t i = 0; i < conf->n_tenants; i++)
        if (conf->tenants[i].token_file[0] || (http->tls_client_ca[0] && conf->tenants[i].client_name[0]))
            return true;
    return false;
}

static void check_http(struct stir_config_reading *r, const struct stir_config_place *place)
{
    static const struct {
        unsigned api, roles;
        const char *what;
    } rows[] = {{STIR_API_SIGNING, STIR_ROLE_AS, "signing wants role as"},
                {STIR_API_VERIFICATION, STIR_ROLE_VS, "verification wants role vs"},
                {STIR_API_NATIVE, STIR_ROLE_AS | STIR_ROLE_VS, "native wants role as or vs"},
                {STIR_API_SECSIPIDX, STIR_ROLE_AS | STIR_ROLE_VS, "secsipidx wants role as or vs"},
                {STIR_API_REPOSITORY, STIR_ROLE_CR, "repository wants role cr"}};
    const struct stir_conf_http *http = at(r, place);
    check_tls(r, place, http->tls_cert, http->tls_key, http->tls_client_ca, false);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((http->apis & rows[i].api) && !(r->conf->server.roles & rows[i].roles))
            fault(r, place, "serve", "%s among those of [server]", rows[i].what);
    bool signs = (http->apis & APIS_SIGN) && (r->conf->server.roles & STIR_ROLE_AS),
         verifies = (http->apis & APIS_VERIFY) && (r->conf->server.roles & STIR_ROLE_VS);
    if ((signs || verifies) && !http->open && !has_access(r->conf, http))
        fault(r, place, "serve",
              "%s, and no tenant has a token-file, or a client-name and this listener a tls-client-ca: nobody could use it. "
              "Give one, or write open = yes to %s for whoever can connect",
              signs ? "signing" : "verification", signs ? "sign" : "verify");
    if (http->max_per_address > http->max_connections && stir_config_given(place, "max-per-address"))
        fault(r, place, "max-per-address", "is more than max-connections");
}

static void check_addresses(struct stir_config_reading *r)
{
    size_t room = (r->conf->n_sip + r->conf->n_http) * LISTEN, n = 0;
    if (room > STIR_CONFIG_LISTENERS * LISTEN) {
        stir_config_fault(r, 0, NULL, NULL, "has %zu sections [sip NAME] and [http NAME]; %d are the most", room / LISTEN, STIR_CONFIG_LISTENERS);
        return;
    }
    struct bound *bound = calloc(room + 1, sizeof(*bound));
    if (!bound) {
        r->room.no_memory = true;
        return;
    }
    for (size_t i = 0; i < r->n_places; i++) {
        const struct stir_config_place *place = &r->places[i];
        if (place->kind == STIR_SECTION_SIP)
            n += add_bound(bound + n, &((const struct stir_conf_sip *)at(r, place))->listen, place, STIR_UDP);
        else if (place->kind == STIR_SECTION_HTTP)
            n += add_bound(bound + n, &((const struct stir_conf_http *)at(r, place))->listen, place, STIR_TCP);
    }
    for (size_t i = 1; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (collide(&bound[k], &bound[i]))
                fault(r, bound[i].place, "listen", "%s is taken: line %zu listens at %s", bound[i].text, stir_config_line(bound[k].place, "listen"),
                      bound[k].text);
    free(bound);
}

/* ---- Sources and signers ---- */

static const char *tenant_key(unsigned group)
{
    static const char *const keys[] = {"hosts", "path", "client-name"};
    return keys[group];
}

/* Trunks that lead to tenants; hosts, paths and names that two tenants have. */
static void check_tenants(struct stir_config_reading *r)
{
    const struct stir_conf *conf = r->conf;
    struct names names = {NULL, 0}, leads = {NULL, 0};
    size_t room = 1;
    for (size_t i = 0; i < conf->n_tenants; i++)
        room += conf->tenants[i].hosts.n + 2;
    names.name = calloc(room, sizeof(*names.name));
    leads.name = calloc(conf->n_trunks + conf->n_signers + 1, sizeof(*leads.name));
    r->room.no_memory = r->room.no_memory || !names.name || !leads.name;
    for (size_t i = 0; !r->room.no_memory && i < r->n_places; i++) {
        const struct stir_config_place *place = &r->places[i];
        const struct stir_conf_tenant *tenant = at(r, place);
        if (place->kind == STIR_SECTION_TRUNK)
            add(&leads, 0, ((const struct stir_conf_trunk *)at(r, place))->tenant, place);
        if (place->kind == STIR_SECTION_SIGNER)
            add(&leads, 1, ((const struct stir_conf_signer *)at(r, place))->tenant, place);
        if (place->kind != STIR_SECTION_TENANT)
            continue;
        for (size_t h = 0; h < tenant->hosts.n; h++)
            add(&names, 0, tenant->hosts.items[h], place);
        add(&names, 1, tenant->path, place);
        add(&names, 2, tenant->client_name, place);
    }
    if (!r->room.no_memory) {
        qsort(names.name, names.n, sizeof(*names.name), by_name);
        qsort(leads.name, leads.n, sizeof(*leads.name), by_name);
        twice(r, &names, tenant_key);
    }
    for (size_t i = 0; !r->room.no_memory && i < r->n_places; i++) {
        const struct stir_config_place *place = &r->places[i];
        const struct stir_conf_tenant *tenant = at(r, place);
        if (place->kind != STIR_SECTION_TENANT)
            continue;
        if (!tenant->hosts.n && !tenant->path[0] && !tenant->token_file[0] && !tenant->client_name[0] && !find(&leads, 0, tenant->name))
            fault(r, place, NULL, "nothing leads to this tenant; give it hosts, path, token-file or client-name, or a trunk that names it");
        if (tenant->kind == STIR_TENANT_PROVIDER && (conf->server.roles & STIR_ROLE_AS) && stir_config_given(place, "kind") && !find(&leads, 1, tenant->name))
            fault(r, place, "kind", "is provider, and no [signer NAME] has tenant = %s: its calls could not be signed", tenant->name);
        if (tenant->origid_value[0] && tenant->origid != STIR_ORIGID_CUSTOMER)
            fault(r, place, "origid-value", "is for origid = customer");
    }
    free(names.name);
    free(leads.name);
}

static bool asks_for_certificates(const struct stir_conf *conf)
{
    for (size_t i = 0; i < conf->n_sip; i++)
        if (conf->sip[i].tls_client_ca[0])
            return true;
    for (size_t i = 0; i < conf->n_http; i++)
        if (conf->http[i].tls_client_ca[0])
            return true;
    return false;
}

static void check_trunk(struct stir_config_reading *r, const struct stir_config_place *place)
{
    struct stir_conf_trunk *trunk = &r->conf->trunks[place->index];
    trunk->tn = (struct stir_tn_options)STIR_TN_OPTIONS_INIT;
    trunk->tn.plan = trunk->dial_plan[0] ? stir_tn_plan(stir_slice_str(trunk->dial_plan)) : NULL;
    trunk->tn.technical_prefixes = trunk->technical_prefixes.items;
    trunk->tn.portability_prefixes = trunk->portability_prefixes.items;
    if (!stir_config_given(place, "addresses") && !trunk->tls_name[0])
        fault(r, place, NULL, "needs addresses or tls-name%s", trunk->header[0] ? ": a header alone proves nothing, anybody can write one" : "");
    if (trunk->tls_name[0] && !asks_for_certificates(r->conf))
        fault(r, place, "tls-name", "no listener has a tls-client-ca, so that nobody shows a certificate");
    if (trunk->origid_value[0] && trunk->origid != STIR_ORIGID_TRUNK)
        fault(r, place, "origid-value", "is for origid = trunk");
}

static void check_signer(struct stir_config_reading *r, const struct stir_config_place *place, const struct names *names)
{
    const struct stir_conf_signer *signer = at(r, place);
    const struct stir_conf *conf = r->conf;
    struct stir_url url;
    enum stir_url_fault wrong = stir_url_parse(&url, stir_slice_str(signer->x5u), conf->sign.any_url);
    if (signer->x5u[0] && wrong != STIR_URL_GOOD)
        fault(r, place, "x5u", "\"%.60s\": %s (ATIS-1000074 5.3.1); verifiers would not fetch it", signer->x5u, stir_url_fault_text(wrong));
    const struct name *tenant = find(names, STIR_SECTION_TENANT, signer->tenant);
    if (tenant && conf->tenants[tenant->place->index].kind == STIR_TENANT_CUSTOMER)
        fault(r, place, "tenant", "%s is a customer, whose calls are signed with our certificates: leave tenant out, or make it a provider", signer->tenant);
}

/* One URL, one certificate. */
static void check_urls(struct stir_config_reading *r)
{
    struct names urls = {calloc(r->conf->n_signers + 1, sizeof(*urls.name)), 0};
    if (!urls.name) {
        r->room.no_memory = true;
        return;
    }
    for (size_t i = 0; i < r->n_places; i++)
        if (r->places[i].kind == STIR_SECTION_SIGNER)
            add(&urls, 0, ((const struct stir_conf_signer *)at(r, &r->places[i]))->x5u, &r->places[i]);
    qsort(urls.name, urls.n, sizeof(*urls.name), by_name);
    for (size_t i = 1; i < urls.n; i++) {
        const struct stir_conf_signer *a = at(r, urls.name[i - 1].place), *b = at(r, urls.name[i].place);
        if (strcmp(a->x5u, b->x5u) == 0 && strcmp(a->cert, b->cert) != 0)
            fault(r, urls.name[i].place, "x5u", "is that of [signer %s], which has another certificate: each certificate has a URL of its own", a->name);
    }
    free(urls.name);
}

static void check_rule(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf_rule *rule = at(r, place);
    bool names = rule->trunks.n || rule->tenants.n || rule->number_sets.n || rule->numbers.n;
    if (rule->owned && !rule->number_sets.n)
        fault(r, place, "owned", "wants number-sets: which lists say who has the number?");
    if (rule->attest == STIR_DECIDE_A && stir_config_given(place, "attest") && !names)
        fault(r, place, "attest", "is A for everybody; name the trunks, tenants, number-sets or numbers that deserve it");
}

static void check_actions(struct stir_config_reading *r, const struct stir_config_place *place)
{
    const struct stir_conf_actions *a = at(r, place);
    const enum stir_conf_act acts[] = {a->missing, a->ok, a->failed, a->unusable};
    bool stops = false, alerts = false;
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        stops = stops || acts[i] == STIR_ACT_STOP;
        alerts = alerts || acts[i] == STIR_ACT_ALERT;
    }
    if (alerts && !a->prefix[0] && !a->suffix[0])
        fault(r, place, NULL, "alerts, and has neither prefix nor suffix to do so");
    if (stops && a->stop != STIR_STOP_RFC8224 && !a->redress[0])
        fault(r, place, "stop", "603 and 608 carry where a blocked caller may complain: give redress");
}

/* ---- Sections that stand once ---- */

static bool is_reached(const struct stir_conf *conf, unsigned role, unsigned apis)
{
    for (size_t i = 0; i < conf->n_sip; i++)
        if (conf->sip[i].role == role)
            return true;
    for (size_t i = 0; i < conf->n_http; i++)
        if (conf->http[i].apis & apis)
            return true;
    return false;
}

static void check_roles(struct stir_config_reading *r)
{
    const struct stir_conf *conf = r->conf;
    struct stir_config_place server = only(r, STIR_SECTION_SERVER), trust = only(r, STIR_SECTION_TRUST), repository = only(r, STIR_SECTION_REPOSITORY);
    unsigned roles = conf->server.roles;
    if (!server.line)
        fault(r, &server, "roles", "is needed: %s", stir_config_key_of(STIR_SECTION_SERVER, stir_slice_str("roles"))->help);
    if ((roles & STIR_ROLE_AS) && !conf->n_signers)
        fault(r, &server, "roles", "as wants a signing identity: [signer NAME] with key, cert and x5u");
    if ((roles & STIR_ROLE_AS) && !is_reached(conf, STIR_ROLE_AS, APIS_SIGN))
        fault(r, &server, "roles", "as, and no listener leads to it: [sip NAME] with role = as, or [http NAME] with serve = signing");
    if ((roles & STIR_ROLE_VS) && !conf->trust.dir[0])
        fault(r, &trust, "dir", "is needed by role vs: nobody is trusted by default");
    if ((roles & STIR_ROLE_VS) && !is_reached(conf, STIR_ROLE_VS, APIS_VERIFY))
        fault(r, &server, "roles", "vs, and no listener leads to it: [sip NAME] with role = vs, or [http NAME] with serve = verification");
    if ((roles & STIR_ROLE_CR) && !conf->repository.dir[0])
        fault(r, &repository, "dir", "is needed by role cr: where are the certificates?");
    if ((roles & STIR_ROLE_CR) && !is_reached(conf, STIR_ROLE_CR, STIR_API_REPOSITORY))
        fault(r, &server, "roles", "cr, and no listener leads to it: [http NAME] with serve = repository");
}

static void check_rest(struct stir_config_reading *r)
{
    const struct stir_conf *conf = r->conf;
    struct stir_config_place server = only(r, STIR_SECTION_SERVER), verify = only(r, STIR_SECTION_VERIFY), evidence = only(r, STIR_SECTION_EVIDENCE),
                             webhook = only(r, STIR_SECTION_WEBHOOK), repository = only(r, STIR_SECTION_REPOSITORY);
    if (strlen(conf->server.control) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        fault(r, &server, "control", "a path of a socket has at most %zu bytes", sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    if (conf->server.group[0] && !conf->server.user[0])
        fault(r, &server, "group", "wants user too");
    if (conf->verify.policy.check_authority && !conf->verify.numbers[0])
        fault(r, &verify, "check-authority", "wants numbers: the list that says who holds a number");
    if (conf->verify.numbers[0] && !conf->verify.policy.check_authority)
        fault(r, &verify, "numbers", "is read by check-authority = yes alone");
    if (conf->evidence.when_full == STIR_FULL_UNSIGNED && !conf->evidence.dir[0])
        fault(r, &evidence, "when-full", "wants dir: without it there is no evidence");
    if (conf->webhook.token_file[0] && !conf->webhook.url[0])
        fault(r, &webhook, "token-file", "wants url");
    if (conf->webhook.batch > conf->webhook.queue)
        fault(r, &webhook, "batch", "is more than queue");
    if (strncmp(conf->repository.path, "/v1/", 4) == 0 || strncmp(conf->repository.path, "/t/", 3) == 0 || strcmp(conf->repository.path, "/") == 0)
        fault(r, &repository, "path", "\"%s\" is where other interfaces are", conf->repository.path);
}

static void check_sections(struct stir_config_reading *r, const struct names *names)
{
    for (size_t i = 0; i < r->n_places; i++) {
        const struct stir_config_place *place = &r->places[i];
        switch (place->kind) {
        case STIR_SECTION_SIP: check_sip(r, place); break;
        case STIR_SECTION_HTTP: check_http(r, place); break;
        case STIR_SECTION_TRUNK: check_trunk(r, place); break;
        case STIR_SECTION_SIGNER: check_signer(r, place, names); break;
        case STIR_SECTION_RULE: check_rule(r, place); break;
        case STIR_SECTION_ACTIONS: check_actions(r, place); break;
        default: break;
        }
    }
}

void stir_config_check(struct stir_config_reading *r)
{
    struct names names = {NULL, 0};
    if (!list_sections(r, &names)) {
        r->room.no_memory = true;
        return;
    }
    check_roles(r);
    check_rest(r);
    stir_config_check_office(r);
    twice(r, &names, no_key);
    check_references(r, &names);
    check_sections(r, &names);
    free(names.name);
    check_urls(r);
    check_tenants(r);
    check_addresses(r);
}
