/* How a reading of [ca] is made: everything is read and held against each other before anything is served. */
#include "service/ca_order.h"

#include "io/clock.h"
#include "io/dir.h"
#include "service/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <stir/net.h>

enum { SAID = 400 }; /* characters of a line for the operator */

struct setup {
    struct stir_ca *ca;
    const struct stir_conf_ca *conf;
    const struct stir_ca_say *say;
    int64_t now;
    bool faulty;
};

static void tell(struct setup *s, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void tell(struct setup *s, bool fatal, const char *format, ...)
{
    char text[SAID];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    s->faulty = s->faulty || fatal;
    if (s->say && s->say->say)
        s->say->say(s->say->arg, fatal, text);
}

static const char *why(enum stir_err err, const struct stir_diag *diag)
{
    return diag->text[0] ? diag->text : stir_err_text(err);
}

/* --- the address --- */

/* "https://ca.example/acme": kept without '/' at its end; what stands behind the host is the path. */
static void read_url(struct setup *s)
{
    const char *url = s->conf->url, *host = NULL;
    size_t n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    if (n > STIR_MAX_URL - 256) {
        tell(s, true, "[ca] url is longer than %d characters", STIR_MAX_URL - 256);
        return;
    }
    memcpy(s->ca->base, url, n);
    s->ca->base[n] = '\0';
    if (strncmp(s->ca->base, "https://", 8) == 0)
        host = s->ca->base + 8;
    else if (s->conf->any_url && strncmp(s->ca->base, "http://", 7) == 0)
        host = s->ca->base + 7;
    if (!host || !*host || *host == '/' || strpbrk(s->ca->base, "?#\"<>\\ ")) {
        tell(s, true, "[ca] url = %s is no address of an authority: https://HOST/PATH, without '?' and '#', is one", url);
        return;
    }
    const char *slash = strchr(host, '/');
    s->ca->path = slash ? slash : s->ca->base + n;
}

/* --- key and chain --- */

static void read_key(struct setup *s)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, s->conf->key, STIR_MAX_KEY_PEM, true, &diag);
    if (err == STIR_OK)
        err = stir_key_from_pem(&s->ca->key, pem, NULL, NULL, &diag);
    if (err != STIR_OK)
        tell(s, true, "[ca] key = %s: %s", s->conf->key, why(err, &diag));
    stir_file_free(&pem);
}

static void check_issuer(struct setup *s, const struct stir_cert_info *info)
{
    bool signs = info->key_usage == STIR_PART_GOOD && (info->key_usage_bits & STIR_KU_KEY_CERT_SIGN);
    const char *name = s->conf->cert;
    if (info->basic_constraints != STIR_PART_GOOD || !info->is_ca || !signs)
        tell(s, true, "[ca] cert = %s: the first certificate is %s, not that of a certificate authority (basicConstraints cA, keyUsage keyCertSign)", name,
             info->subject);
    if (s->now >= info->not_after)
        tell(s, true, "[ca] cert = %s: the issuing certificate is over; make a new one under its root (stir ca init --csr)", name);
    else if (s->now < info->not_before)
        tell(s, true, "[ca] cert = %s: the issuing certificate does not hold yet; is the clock right?", name);
    else if (info->not_after - s->now < STIR_CA_ENDS_SOON)
        tell(s, false, "[ca] cert = %s: the issuing certificate ends in %lld days, and no certificate will outlive it", name,
             (long long)((info->not_after - s->now) / 86400));
    if (info->self_issued)
        tell(s, false, "[ca] cert = %s: the issuing certificate is a root; one under a root whose key is offline can be replaced", name);
}

static void name_issuer(struct setup *s, struct stir_slice spki)
{
    STIR_OSSL_QUIET;
    unsigned char digest[STIR_SHA256];
    if (EVP_Q_digest(NULL, "SHA256", NULL, spki.p, spki.n, digest, NULL) != 1) {
        tell(s, true, "[ca] cert: %s", stir_err_text(STIR_ECRYPTO));
        return;
    }
    for (size_t i = 0; i < STIR_SHA256; i++)
        snprintf(s->ca->issuer + 2 * i, 3, "%02x", digest[i]);
}

static void read_chain(struct setup *s)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    struct stir_ca *ca = s->ca;
    enum stir_err err = stir_secret_read(&pem, s->conf->cert, STIR_MAX_PEM, false, &diag);
    if (err == STIR_OK)
        err = stir_certs_parse(ca->chain, STIR_MAX_CHAIN, &ca->n_chain, pem, &diag);
    stir_file_free(&pem);
    if (err != STIR_OK) {
        ca->n_chain = 0;
        tell(s, true, "[ca] cert = %s: %s", s->conf->cert, why(err, &diag));
        return;
    }
    check_issuer(s, stir_cert_info(ca->chain[0]));
    name_issuer(s, stir_cert_info(ca->chain[0])->spki);
    if (ca->key && (!stir_cert_key(ca->chain[0]) || !stir_key_same_public(ca->key, stir_cert_key(ca->chain[0]))))
        tell(s, true, "[ca] key = %s is not the key of the first certificate of cert = %s", s->conf->key, s->conf->cert);
    for (size_t i = 0; i + 1 < ca->n_chain; i++)
        if (stir_cert_signed_by(ca->chain[i], ca->chain[i + 1]) != STIR_OK)
            tell(s, true, "[ca] cert = %s: certificate %zu is not signed by certificate %zu; the issuing one stands first, then what signed it", s->conf->cert,
                 i + 1, i + 2);
}

/* --- the administrator's roots --- */

static void read_pa_root(struct setup *s)
{
    struct stir_cert *roots[STIR_MAX_PA];
    struct stir_diag diag = {0};
    size_t n = 0;
    enum stir_err err = stir_secret_read(&s->ca->pa_root, s->conf->pa_root, STIR_MAX_PEM, false, &diag);
    if (err == STIR_OK)
        err = stir_certs_parse(roots, STIR_MAX_PA, &n, s->ca->pa_root, &diag);
    if (err != STIR_OK)
        tell(s, true, "[ca] pa-root = %s: %s", s->conf->pa_root, why(err, &diag));
    for (size_t i = 0; err == STIR_OK && i < n; i++) {
        const struct stir_cert_info *info = stir_cert_info(roots[i]);
        if (s->now >= info->not_after)
            tell(s, false, "[ca] pa-root = %s: %s is over; no token under it holds", s->conf->pa_root, info->subject);
        if (!info->is_ca)
            tell(s, true, "[ca] pa-root = %s: %s is no root: tokens are signed below it", s->conf->pa_root, info->subject);
        stir_cert_free(roots[i]);
    }
}

/* --- the rest --- */

static void check_folder(struct setup *s)
{
    const char *dir = s->conf->publish_dir;
    if (!dir[0])
        return;
    if (!stir_dir_is(dir))
        tell(s, true, "[ca] publish-dir = %s is no folder; make it, and let the daemon's user write there", dir);
    else if (access(dir, W_OK | X_OK) != 0)
        tell(s, true, "[ca] publish-dir = %s cannot be written to by this user", dir);
}

static void check_profile(struct setup *s)
{
    const struct stir_conf *conf = s->ca->conf;
    for (size_t i = 0; i < conf->n_profiles; i++)
        if (strcmp(conf->profiles[i].name, s->conf->profile) == 0)
            return;
    tell(s, true, "[ca] profile = %s: there is no [profile %s]", s->conf->profile, s->conf->profile);
}

/* What fetches the x5u of tokens. */
static void make_net(struct setup *s)
{
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    const struct stir_conf_fetch *fetch = &s->ca->conf->fetch;
    struct stir_diag diag = {0};
    options.allow_net = fetch->allow_net.items;
    options.n_allow_net = fetch->allow_net.n;
    options.resolver = fetch->resolver && fetch->resolver[0] ? fetch->resolver : NULL;
    options.tls_root = s->conf->tls_root[0] ? s->conf->tls_root : NULL;
    options.any_url = s->conf->any_url;
    options.negative = STIR_CA_ASK_AGAIN;
    enum stir_err err = stir_net_new(&s->ca->net, &options, &diag);
    if (err != STIR_OK)
        tell(s, true, "[ca]: tokens' x5u cannot be fetched: %s", why(err, &diag));
}

static enum stir_err memory_new(struct stir_ca_memory **out, const char *node)
{
    struct stir_ca_memory *m = calloc(1, sizeof(*m));
    if (!m)
        return STIR_ENOMEM;
    pthread_mutex_init(&m->lock, NULL);
    atomic_store(&m->owners, 1);
    enum stir_err err = stir_nonces_new(&m->nonces, node, STIR_NONCE_WINDOW);
    if (err == STIR_OK)
        err = stir_ca_addresses_new(&m->addresses);
    *out = m;
    return err;
}

static void memory_free(struct stir_ca_memory *m)
{
    if (!m || atomic_fetch_sub(&m->owners, 1) != 1)
        return;
    stir_nonces_free(m->nonces);
    stir_ca_addresses_free(m->addresses);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* Nonces and limits live on from the reading before; a seed that is the same goes on where it stood. */
static enum stir_err take_memory(struct stir_ca *ca, struct stir_ca *before)
{
    int64_t seed = ca->conf->ca.chaos;
    if (before) {
        ca->memory = before->memory;
        atomic_fetch_add(&ca->memory->owners, 1);
    } else {
        TRY(memory_new(&ca->memory, ca->conf->store.node));
    }
    pthread_mutex_lock(&ca->memory->lock);
    if (seed != ca->memory->seed)
        ca->memory->chaos = (uint64_t)seed;
    ca->memory->seed = seed;
    pthread_mutex_unlock(&ca->memory->lock);
    return STIR_OK;
}

/* Who signs the CRL: as [ca] says, or the administrator's signer where that is a role of this process. What is wrong with its file, [pa] says. */
static enum stir_err find_crl_issuer(struct setup *s, const struct stir_conf *conf)
{
    struct stir_cert *chain[STIR_MAX_CHAIN];
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    size_t n = 0;
    const char *told = conf->ca.crl_issuer;
    if (!told[0] && (conf->server.roles & STIR_ROLE_PA) &&
        stir_secret_read(&pem, conf->pa.crl_cert[0] ? conf->pa.crl_cert : conf->pa.cert, STIR_MAX_PEM, false, &diag) == STIR_OK &&
        stir_certs_parse(chain, STIR_MAX_CHAIN, &n, pem, &diag) == STIR_OK)
        told = stir_cert_info(chain[0])->subject;
    s->ca->crl_issuer = strdup(told);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(chain[i]);
    stir_file_free(&pem);
    return s->ca->crl_issuer ? STIR_OK : STIR_ENOMEM;
}

enum stir_err stir_ca_new(struct stir_ca **out, const struct stir_conf *conf, struct stir_ca *before, const struct stir_ca_say *say)
{
    struct stir_ca *ca = calloc(1, sizeof(*ca));
    if (!ca)
        return STIR_ENOMEM;
    struct setup s = {ca, &conf->ca, say, stir_clock_unix_ms() / 1000, false};
    ca->conf = conf;
    ca->path = "";
    pthread_mutex_init(&ca->net_lock, NULL);
    read_url(&s);
    read_key(&s);
    read_chain(&s);
    read_pa_root(&s);
    check_folder(&s);
    check_profile(&s);
    make_net(&s);
    enum stir_err err = find_crl_issuer(&s, conf);
    if (err == STIR_OK)
        err = take_memory(ca, before);
    if (err == STIR_OK && s.faulty)
        err = STIR_EVALUE;
    if (err == STIR_OK)
        (void)stir_ca_profiles_try(ca, s.now, say);
    if (err != STIR_OK) {
        stir_ca_free(ca);
        return err;
    }
    *out = ca;
    return STIR_OK;
}

void stir_ca_free(struct stir_ca *ca)
{
    if (!ca)
        return;
    stir_key_free(ca->key);
    for (size_t i = 0; i < ca->n_chain; i++)
        stir_cert_free(ca->chain[i]);
    stir_file_free(&ca->pa_root);
    free(ca->crl_issuer);
    stir_net_free(ca->net);
    memory_free(ca->memory);
    pthread_mutex_destroy(&ca->net_lock);
    free(ca);
}
