/* Where a call comes from. Trunks are looked up by the one thing they name that tells most (a header, else a TLS name, else networks), in tables that are
 * searched by halves; everything else that they name is then asked of those few that are left. Tokens are never compared as they stand: of each a keyed digest
 * is kept, whose place in the table nobody can know who has not the key, and it is compared in constant time. */
#include "service/source.h"

#include "core/bytes.h"
#include "io/file.h"
#include "io/socket.h"
#include "service/header.h"
#include "service/names.h"
#include "service/secret.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum { NOBODY = STIR_NAMES_NOBODY, SECRET = 32 };

struct network {
    struct stir_network net;
    uint32_t trunk;
};
/* Networks of one family and length; one search for each. */
struct width {
    size_t from, n;
};

/* One header name that trunks are told by, and the values. */
struct header {
    struct stir_slice name;
    struct stir_names values;
};

/* What a trunk names, read once. */
struct trunk {
    size_t networks, n_networks; /* in `all` */
    struct stir_slice tls_name, header, value;
    uint32_t tenant;
};

struct bearer {
    unsigned char digest[STIR_SHA256];
    uint32_t tenant;
};

struct stir_source_book {
    const struct stir_conf *conf;
    struct trunk *trunks;
    struct stir_network *all;
    struct network *networks; /* of the trunks that are found by them */
    size_t n_networks;
    struct width *widths;
    size_t n_widths;
    struct header *headers;
    size_t n_headers;
    struct stir_names tls_names;
    uint32_t *others; /* trunks that name nothing they could be looked up by */
    size_t n_others;
    struct stir_names hosts, paths, clients; /* of tenants */
    struct bearer *bearers;
    size_t n_bearers;
    unsigned char secret[SECRET];
    EVP_MD *sha256;
};

/* ---- Trunks, made ---- */

static void split_header(struct trunk *trunk, const char *text)
{
    struct stir_slice whole = stir_slice_str(text);
    size_t colon = stir_slice_find(whole, ':');
    if (whole.n == 0)
        return;
    trunk->header = stir_slice_trim(stir_slice_upto(whole, colon));
    trunk->value = stir_slice_trim(stir_slice_from(whole, colon < whole.n ? colon + 1 : colon));
}

static uint32_t tenant_named(const struct stir_conf *conf, const char *name)
{
    for (size_t i = 0; *name && i < conf->n_tenants; i++)
        if (strcmp(conf->tenants[i].name, name) == 0)
            return (uint32_t)i;
    return NOBODY;
}

static enum stir_err read_trunk(struct stir_source_book *book, size_t i, size_t *networks, struct stir_diag *diag)
{
    const struct stir_conf_trunk *conf = &book->conf->trunks[i];
    struct trunk *trunk = &book->trunks[i];
    *trunk = (struct trunk){.networks = *networks, .tls_name = stir_slice_str(conf->tls_name), .tenant = tenant_named(book->conf, conf->tenant)};
    split_header(trunk, conf->header);
    if (*conf->header && (trunk->header.n == 0 || trunk->value.n == 0))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[trunk %s] header: \"%s\" is no \"Name: value\"", conf->name, conf->header);
    if (*conf->tenant && trunk->tenant == NOBODY)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[trunk %s] tenant: there is no [tenant %s]", conf->name, conf->tenant);
    for (size_t k = 0; k < conf->addresses.n; k++)
        if (stir_network_parse(&book->all[(*networks)++], stir_slice_str(conf->addresses.items[k])) != STIR_OK)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[trunk %s] addresses: \"%s\" is no network", conf->name, conf->addresses.items[k]);
    trunk->n_networks = *networks - trunk->networks;
    return STIR_OK;
}

/* Bits behind the network's own do not count. */
static void mask(struct stir_network *net)
{
    size_t bytes = net->family == AF_INET ? 4 : 16;
    for (size_t i = 0; i < bytes; i++) {
        unsigned kept = net->bits > i * 8 ? net->bits - (unsigned)i * 8 : 0;
        if (kept < 8)
            net->address[i] = (unsigned char)(net->address[i] & (0xff00u >> kept));
    }
    memset(net->address + bytes, 0, sizeof(net->address) - bytes);
}

static int compare_networks(const struct stir_network *a, const struct stir_network *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return memcmp(a->address, b->address, sizeof(a->address));
}

static int by_network(const void *a, const void *b)
{
    const struct network *x = a, *y = b;
    int order = compare_networks(&x->net, &y->net);
    return order ? order : (x->trunk > y->trunk) - (x->trunk < y->trunk);
}

static void sort_networks(struct stir_source_book *book)
{
    qsort(book->networks, book->n_networks, sizeof(*book->networks), by_network);
    for (size_t i = 0; i < book->n_networks; i++) {
        const struct stir_network *net = &book->networks[i].net;
        struct width *last = book->n_widths ? &book->widths[book->n_widths - 1] : NULL;
        if (!last || book->networks[last->from].net.family != net->family || book->networks[last->from].net.bits != net->bits)
            book->widths[book->n_widths++] = (struct width){i, 1};
        else
            last->n++;
    }
}

static struct header *header_named(struct stir_source_book *book, struct stir_slice name)
{
    for (size_t i = 0; i < book->n_headers; i++)
        if (stir_slice_ieq(book->headers[i].name, name))
            return &book->headers[i];
    struct header *made = &book->headers[book->n_headers];
    *made = (struct header){.name = name};
    if (!stir_names_room(&made->values, book->conf->n_trunks, false))
        return NULL;
    book->n_headers++;
    return made;
}

/* Into the one table by which it is found. */
static enum stir_err place_trunk(struct stir_source_book *book, size_t i)
{
    const struct trunk *trunk = &book->trunks[i];
    if (trunk->header.n) {
        struct header *header = header_named(book, trunk->header);
        if (!header)
            return STIR_ENOMEM;
        stir_names_add(&header->values, trunk->value, i);
    } else if (trunk->tls_name.n) {
        stir_names_add(&book->tls_names, trunk->tls_name, i);
    } else if (trunk->n_networks) {
        for (size_t k = 0; k < trunk->n_networks; k++) {
            struct network *network = &book->networks[book->n_networks++];
            *network = (struct network){book->all[trunk->networks + k], (uint32_t)i};
            mask(&network->net);
        }
    } else {
        book->others[book->n_others++] = (uint32_t)i;
    }
    return STIR_OK;
}

static enum stir_err make_trunks(struct stir_source_book *book, struct stir_diag *diag)
{
    size_t n = book->conf->n_trunks, networks = 0;
    for (size_t i = 0; i < n; i++)
        networks += book->conf->trunks[i].addresses.n;
    book->trunks = calloc(n + 1, sizeof(*book->trunks));
    book->all = calloc(networks + 1, sizeof(*book->all));
    book->networks = calloc(networks + 1, sizeof(*book->networks));
    book->widths = calloc(networks + 1, sizeof(*book->widths));
    book->headers = calloc(n + 1, sizeof(*book->headers));
    book->others = calloc(n + 1, sizeof(*book->others));
    if (!book->trunks || !book->all || !book->networks || !book->widths || !book->headers || !book->others || !stir_names_room(&book->tls_names, n, true))
        return STIR_ENOMEM;
    networks = 0;
    for (size_t i = 0; i < n; i++) {
        TRY(read_trunk(book, i, &networks, diag));
        TRY(place_trunk(book, i));
    }
    sort_networks(book);
    stir_names_sort(&book->tls_names);
    for (size_t i = 0; i < book->n_headers; i++)
        stir_names_sort(&book->headers[i].values);
    return STIR_OK;
}

/* ---- Tenants, made ---- */

static bool digest_of(const struct stir_source_book *book, struct stir_slice token, unsigned char out[STIR_SHA256])
{
    unsigned char text[SECRET + STIR_MAX_BEARER];
    STIR_OSSL_QUIET;
    if (token.n < STIR_MIN_BEARER || token.n > STIR_MAX_BEARER)
        return false;
    memcpy(text, book->secret, SECRET);
    memcpy(text + SECRET, token.p, token.n);
    bool done = EVP_Digest(text, SECRET + token.n, out, NULL, book->sha256, NULL) == 1;
    OPENSSL_cleanse(text, SECRET + token.n);
    return done;
}

static enum stir_err add_bearer(struct stir_source_book *book, size_t *room, struct stir_slice token, size_t tenant, struct stir_diag *diag)
{
    const struct stir_conf_tenant *conf = &book->conf->tenants[tenant];
    if (token.n < STIR_MIN_BEARER || token.n > STIR_MAX_BEARER)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[tenant %s] token-file: %s has a token of %zu characters; %d to %d may be (openssl rand -hex 32)",
                             conf->name, conf->token_file, token.n, STIR_MIN_BEARER, STIR_MAX_BEARER);
    if (book->n_bearers == *room) {
        struct bearer *more = realloc(book->bearers, (*room * 2 + 16) * sizeof(*more));
        if (!more)
            return STIR_ENOMEM;
        book->bearers = more;
        *room = *room * 2 + 16;
    }
    struct bearer *bearer = &book->bearers[book->n_bearers++];
    bearer->tenant = (uint32_t)tenant;
    return digest_of(book, token, bearer->digest) ? STIR_OK : STIR_ECRYPTO;
}

static enum stir_err add_bearers(struct stir_source_book *book, size_t *room, struct stir_slice text, size_t tenant, struct stir_diag *diag)
{
    size_t before = book->n_bearers;
    while (text.n) {
        size_t n = stir_slice_find(text, '\n');
        struct stir_slice line = stir_slice_trim(stir_slice_upto(text, n));
        text = stir_slice_from(text, n < text.n ? n + 1 : n);
        if (line.n && line.p[0] != '#')
            TRY(add_bearer(book, room, line, tenant, diag));
    }
    if (book->n_bearers > before)
        return STIR_OK;
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[tenant %s] token-file: %s holds no token", book->conf->tenants[tenant].name,
                         book->conf->tenants[tenant].token_file);
}

static enum stir_err read_bearers(struct stir_source_book *book, size_t *room, size_t tenant, struct stir_diag *diag)
{
    const struct stir_conf_tenant *conf = &book->conf->tenants[tenant];
    struct stir_slice text = {NULL, 0};
    struct stir_diag why = {0};
    if (!*conf->token_file)
        return STIR_OK;
    enum stir_err err = stir_secret_read(&text, conf->token_file, STIR_MAX_BEARERS, true, &why);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "[tenant %s] token-file: %s", conf->name, why.text);
    err = add_bearers(book, room, text, tenant, diag);
    stir_file_free(&text);
    return err;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const struct bearer *)a)->digest, ((const struct bearer *)b)->digest, STIR_SHA256);
}

/* One token, one tenant. */
static enum stir_err sort_bearers(struct stir_source_book *book, struct stir_diag *diag)
{
    if (book->n_bearers)
        qsort(book->bearers, book->n_bearers, sizeof(*book->bearers), by_digest);
    for (size_t i = 1; i < book->n_bearers; i++) {
        const struct bearer *a = &book->bearers[i - 1], *b = &book->bearers[i];
        if (a->tenant != b->tenant && by_digest(a, b) == 0)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[tenant %s] and [tenant %s] have a token in common: nobody could tell them apart",
                                 book->conf->tenants[a->tenant].name, book->conf->tenants[b->tenant].name);
    }
    return STIR_OK;
}

/* A name that two tenants have tells them not apart. */
static enum stir_err hold_apart(const struct stir_source_book *book, const struct stir_names *names, const char *key, struct stir_diag *diag)
{
    for (size_t i = 1; i < names->n; i++)
        if (names->items[i].at != names->items[i - 1].at && names->compare(names->items[i].name, names->items[i - 1].name) == 0)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "[tenant %s] and [tenant %s] have the same %s \"%.*s\"",
                                 book->conf->tenants[names->items[i - 1].at].name, book->conf->tenants[names->items[i].at].name, key,
                                 STIR_SHOW(names->items[i].name));
    return STIR_OK;
}

static enum stir_err make_tenants(struct stir_source_book *book, struct stir_diag *diag)
{
    const struct stir_conf *conf = book->conf;
    size_t hosts = 0, room = 0;
    for (size_t i = 0; i < conf->n_tenants; i++)
        hosts += conf->tenants[i].hosts.n;
    if (!stir_names_room(&book->hosts, hosts, true) || !stir_names_room(&book->paths, conf->n_tenants, false) ||
        !stir_names_room(&book->clients, conf->n_tenants, true))
        return STIR_ENOMEM;
    for (size_t i = 0; i < conf->n_tenants; i++) {
        const struct stir_conf_tenant *tenant = &conf->tenants[i];
        for (size_t k = 0; k < tenant->hosts.n; k++)
            stir_names_add(&book->hosts, stir_slice_str(tenant->hosts.items[k]), i);
        if (*tenant->path)
            stir_names_add(&book->paths, stir_slice_str(tenant->path), i);
        if (*tenant->client_name)
            stir_names_add(&book->clients, stir_slice_str(tenant->client_name), i);
        TRY(read_bearers(book, &room, i, diag));
    }
    stir_names_sort(&book->hosts);
    stir_names_sort(&book->paths);
    stir_names_sort(&book->clients);
    TRY(hold_apart(book, &book->hosts, "host", diag));
    TRY(hold_apart(book, &book->paths, "path", diag));
    TRY(hold_apart(book, &book->clients, "client-name", diag));
    return sort_bearers(book, diag);
}

enum stir_err stir_source_book_new(struct stir_source_book **out, const struct stir_conf *conf, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct stir_source_book *book = calloc(1, sizeof(*book));
    if (!book)
        return STIR_ENOMEM;
    book->conf = conf;
    book->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    enum stir_err err = book->sha256 && RAND_bytes(book->secret, SECRET) == 1 ? make_trunks(book, diag) : STIR_ECRYPTO;
    if (err == STIR_OK)
        err = make_tenants(book, diag);
    if (err == STIR_OK)
        *out = book;
    else
        stir_source_book_free(book);
    return err;
}

void stir_source_book_free(struct stir_source_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < book->n_headers; i++)
        free(book->headers[i].values.items);
    free(book->trunks);
    free(book->all);
    free(book->networks);
    free(book->widths);
    free(book->headers);
    free(book->others);
    free(book->tls_names.items);
    free(book->hosts.items);
    free(book->paths.items);
    free(book->clients.items);
    free(book->bearers);
    EVP_MD_free(book->sha256);
    OPENSSL_cleanse(book->secret, SECRET);
    free(book);
}

/* ---- Trunks, found ---- */

/* All that the trunk names holds. */
static bool fits(const struct stir_source_book *book, uint32_t at, const struct stir_peer *peer)
{
    const struct trunk *trunk = &book->trunks[at];
    bool inside = trunk->n_networks == 0;
    for (size_t i = 0; i < trunk->n_networks && !inside; i++)
        inside = stir_network_has(&book->all[trunk->networks + i], &peer->address);
    if (!inside || (trunk->tls_name.n && !(peer->tls_name.p && stir_slice_ieq(trunk->tls_name, peer->tls_name))))
        return false;
    return !trunk->header.n || (peer->sip && stir_slice_eq(stir_header_only(peer->sip->head, trunk->header), trunk->value));
}

/* The first that fits of those in the order of the file, when it stands before `best`. */
static uint32_t first_named(const struct stir_source_book *book, const struct stir_names *names, struct stir_slice name, const struct stir_peer *peer,
                            uint32_t best)
{
    size_t n = 0;
    const struct stir_named *found = name.n ? stir_names_find(names, name, &n) : NULL;
    for (size_t i = 0; i < n && found[i].at < best; i++)
        if (fits(book, found[i].at, peer))
            return found[i].at;
    return best;
}

/* IPv4 within IPv6 is IPv4. */
static bool address_of(struct stir_network *out, const struct sockaddr_storage *at)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    memset(out, 0, sizeof(*out));
    if (at->ss_family == AF_INET) {
        memcpy(&four, at, sizeof(four));
        out->family = AF_INET;
        memcpy(out->address, &four.sin_addr, 4);
        return true;
    }
    if (at->ss_family != AF_INET6)
        return false;
    memcpy(&six, at, sizeof(six));
    bool v4 = memcmp(&six.sin6_addr, mapped, sizeof(mapped)) == 0;
    out->family = v4 ? AF_INET : AF_INET6;
    memcpy(out->address, (const unsigned char *)&six.sin6_addr + (v4 ? 12 : 0), v4 ? 4 : 16);
    return true;
}

static uint32_t first_of_width(const struct stir_source_book *book, const struct width *width, const struct stir_network *address, const struct stir_peer *peer,
                               uint32_t best)
{
    const struct network *list = book->networks + width->from;
    struct stir_network wanted = *address;
    size_t low = 0, high = width->n;
    if (list->net.family != address->family)
        return best;
    wanted.bits = list->net.bits;
    mask(&wanted);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_networks(&list[mid].net, &wanted) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < width->n && list[low].trunk < best && compare_networks(&list[low].net, &wanted) == 0; low++)
        if (fits(book, list[low].trunk, peer))
            return list[low].trunk;
    return best;
}

static uint32_t find_trunk(const struct stir_source_book *book, const struct stir_peer *peer)
{
    struct stir_network address;
    uint32_t best = first_named(book, &book->tls_names, peer->tls_name, peer, NOBODY);
    for (size_t i = 0; peer->sip && i < book->n_headers; i++)
        best = first_named(book, &book->headers[i].values, stir_header_only(peer->sip->head, book->headers[i].name), peer, best);
    for (size_t i = 0; i < book->n_others && book->others[i] < best; i++)
        if (fits(book, book->others[i], peer))
            best = book->others[i];
    if (address_of(&address, &peer->address))
        for (size_t i = 0; i < book->n_widths; i++)
            best = first_of_width(book, &book->widths[i], &address, peer, best);
    return best;
}

/* ---- Tenants, found ---- */

struct stir_slice stir_uri_host(struct stir_slice uri)
{
    struct stir_slice none = {NULL, 0};
    size_t scheme = stir_slice_find(uri, ':');
    if (scheme == uri.n ||
        !(stir_slice_ieq(stir_slice_upto(uri, scheme), stir_slice_str("sip")) || stir_slice_ieq(stir_slice_upto(uri, scheme), stir_slice_str("sips"))))
        return none;
    uri = stir_slice_from(uri, scheme + 1);
    size_t at = stir_slice_find(uri, '@');
    if (at < uri.n)
        uri = stir_slice_from(uri, at + 1);
    if (stir_slice_find(uri, '@') < uri.n) /* in a user, or in a parameter? */
        return none;
    size_t end = uri.n && uri.p[0] == '[' ? stir_slice_find(uri, ']') : 0;
    if (end == uri.n)
        return none;
    while (end < uri.n && uri.p[end] != ':' && uri.p[end] != ';' && uri.p[end] != '?')
        end++;
    return end ? stir_slice_upto(uri, end) : none;
}

/* Whoever has a trunk for himself does not choose whose call it is by writing another host. */
static uint32_t tenant_of_sip(const struct stir_source_book *book, uint32_t trunk, const struct stir_peer *peer)
{
    if (trunk != NOBODY && (book->trunks[trunk].tenant != NOBODY || *book->conf->trunks[trunk].customer))
        return book->trunks[trunk].tenant;
    return stir_names_owner(&book->hosts, stir_uri_host(peer->sip->call.ruri));
}

/* The place of a digest tells nobody anything: it is keyed. That it is the same is found out in constant time. */
static uint32_t tenant_of_bearer(const struct stir_source_book *book, struct stir_slice token)
{
    struct bearer wanted;
    size_t low = 0, high = book->n_bearers;
    if (!digest_of(book, token, wanted.digest))
        return NOBODY;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(book->bearers[mid].digest, wanted.digest, 8) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < book->n_bearers && CRYPTO_memcmp(book->bearers[low].digest, wanted.digest, STIR_SHA256) == 0)
        return book->bearers[low].tenant;
    return NOBODY;
}

/* Each proof must name the same tenant, and what proves nothing may not name another. */
static uint32_t tenant_of_http(const struct stir_source_book *book, uint32_t trunk, const struct stir_peer *peer, bool *proven)
{
    uint32_t of_token = peer->bearer.p ? tenant_of_bearer(book, peer->bearer) : NOBODY;
    uint32_t of_client = peer->tls_name.p ? stir_names_owner(&book->clients, peer->tls_name) : NOBODY;
    uint32_t of_path = peer->path.p ? stir_names_owner(&book->paths, peer->path) : NOBODY;
    uint32_t of_trunk = trunk == NOBODY ? NOBODY : book->trunks[trunk].tenant;
    uint32_t tenant = of_token != NOBODY ? of_token : of_client;
    if ((peer->bearer.p && of_token == NOBODY) || (of_client != NOBODY && of_client != tenant))
        return NOBODY;
    bool proof = tenant != NOBODY;
    if (peer->path.p && (of_path == NOBODY || (proof && of_path != tenant)))
        return NOBODY;
    tenant = proof ? tenant : of_path != NOBODY ? of_path : of_trunk;
    if (of_trunk != NOBODY && of_trunk != tenant)
        return NOBODY;
    *proven = proof;
    return tenant;
}

void stir_source_find(const struct stir_source_book *book, const struct stir_peer *peer, struct stir_source *out)
{
    uint32_t trunk = find_trunk(book, peer);
    bool proven = false;
    uint32_t tenant = peer->sip ? tenant_of_sip(book, trunk, peer) : tenant_of_http(book, trunk, peer, &proven);
    out->trunk = trunk == NOBODY ? NULL : &book->conf->trunks[trunk];
    out->tenant = tenant == NOBODY ? NULL : &book->conf->tenants[tenant];
    out->http = !peer->sip;
    out->proven = out->tenant && (peer->sip ? out->trunk != NULL : proven);
    stir_address_text(out->address, sizeof(out->address), &peer->address);
}
