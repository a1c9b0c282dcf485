/* Keys and certificates of [pa]: read, and held against each other and the root, before anything is signed with them. */
#include "service/pa_parts.h"

#include "core/url.h"
#include "io/file.h"
#include "service/secret.h"

#include <stdio.h>
#include <string.h>

/* What is being read, for what is said of it. */
struct reading {
    const struct stir_pa_say *say;
    const char *key_name, *cert_name; /* keys of [pa] */
    const char *key_file, *cert_file;
    unsigned usage; /* what the certificate must be for */
    const char *usage_text;
};

static void say(const struct stir_pa_say *to, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(const struct stir_pa_say *to, bool fatal, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (to && to->say)
        to->say(to->arg, fatal, text);
}

static const char *why(const struct stir_diag *diag, enum stir_err err)
{
    return diag->text[0] ? diag->text : stir_err_text(err);
}

static bool read_key(struct stir_pa_seal *seal, const struct reading *r)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, r->key_file, STIR_MAX_KEY_PEM, true, &diag);
    if (err == STIR_OK)
        err = stir_key_from_pem(&seal->key, pem, NULL, NULL, &diag);
    stir_file_free(&pem);
    if (err != STIR_OK)
        say(r->say, true, "[pa] %s %s: %s", r->key_name, r->key_file, why(&diag, err));
    return err == STIR_OK;
}

static bool read_chain(struct stir_pa_seal *seal, const struct reading *r)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, r->cert_file, STIR_MAX_PEM, false, &diag);
    if (err == STIR_OK)
        err = stir_certs_parse(seal->chain, STIR_MAX_CHAIN, &seal->n, pem, &diag);
    stir_file_free(&pem);
    if (err != STIR_OK)
        say(r->say, true, "[pa] %s %s: %s", r->cert_name, r->cert_file, why(&diag, err));
    return err == STIR_OK;
}

static bool read_roots(struct stir_pa *pa, const struct stir_pa_say *to)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&pem, pa->conf->root, STIR_MAX_PEM, false, &diag);
    if (err == STIR_OK)
        err = stir_certs_parse(pa->roots, STIR_PA_ROOTS, &pa->n_roots, pem, &diag);
    stir_file_free(&pem);
    if (err != STIR_OK)
        say(to, true, "[pa] root %s: %s", pa->conf->root, why(&diag, err));
    return err == STIR_OK;
}

static void narrow(struct stir_pa_seal *seal, const struct stir_cert *cert)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    seal->from = info->not_before > seal->from ? info->not_before : seal->from;
    seal->until = info->not_after < seal->until ? info->not_after : seal->until;
}

/* The root that is `last`, or that signed it. */
static const struct stir_cert *find_root(const struct stir_pa *pa, const struct stir_cert *last)
{
    for (size_t i = 0; i < pa->n_roots; i++)
        if (stir_slice_eq(stir_cert_info(pa->roots[i])->der, stir_cert_info(last)->der) || stir_cert_signed_by(last, pa->roots[i]) == STIR_OK)
            return pa->roots[i];
    return NULL;
}

/* Each is signed by the next, and the last leads to a root. */
static bool reaches_root(const struct stir_pa *pa, struct stir_pa_seal *seal, const struct reading *r)
{
    seal->from = 0;
    seal->until = INT64_MAX;
    for (size_t i = 0; i + 1 < seal->n; i++)
        if (stir_cert_signed_by(seal->chain[i], seal->chain[i + 1]) != STIR_OK) {
            say(r->say, true, "[pa] %s %s: certificate %zu is not signed by the one behind it: leaf first, then each one's issuer", r->cert_name, r->cert_file,
                i + 1);
            return false;
        }
    const struct stir_cert *root = find_root(pa, seal->chain[seal->n - 1]);
    if (!root) {
        say(r->say, true, "[pa] %s %s: has no path to a root in %s: nobody who pins it would believe what is signed", r->cert_name, r->cert_file,
            pa->conf->root);
        return false;
    }
    for (size_t i = 0; i < seal->n; i++)
        narrow(seal, seal->chain[i]);
    narrow(seal, root);
    return true;
}

static bool belongs_together(const struct stir_pa_seal *seal, const struct reading *r)
{
    const struct stir_cert_info *info = stir_cert_info(seal->chain[0]);
    if (!stir_cert_key(seal->chain[0]) || !stir_key_same_public(seal->key, stir_cert_key(seal->chain[0])))
        say(r->say, true, "[pa] %s %s: is not the key of the first certificate in %s", r->key_name, r->key_file, r->cert_file);
    else if (info->key_usage != STIR_PART_GOOD || !(info->key_usage_bits & r->usage))
        say(r->say, true, "[pa] %s %s: its key usage lacks %s", r->cert_name, r->cert_file, r->usage_text);
    else
        return true;
    return false;
}

/* PEM of the certificates, written anew; those that signed themselves are left out when `published`: whoever checks has pinned his root. */
static bool write_pem(char **out, size_t *n, struct stir_cert *const *certs, size_t n_certs, bool published)
{
    size_t cap = 0, len;
    for (size_t i = 0; i < n_certs; i++)
        cap += stir_cert_info(certs[i])->der.n * 3 / 2 + 100;
    *out = malloc(cap + 1);
    *n = 0;
    for (size_t i = 0; *out && i < n_certs; i++) {
        if (published && i > 0 && stir_cert_info(certs[i])->self_issued)
            continue;
        if (stir_cert_write_pem(*out + *n, cap + 1 - *n, &len, certs[i]) != STIR_OK)
            return false;
        *n += len;
    }
    return *out != NULL;
}

static bool name_it(const struct stir_pa *pa, struct stir_pa_seal *seal)
{
    stir_pa_hex(seal->sha256, stir_cert_info(seal->chain[0])->sha256);
    snprintf(seal->id, sizeof(seal->id), "%.*s", STIR_PA_CERT_ID - 1, seal->sha256);
    int n = snprintf(seal->url, sizeof(seal->url), "%s/pa/%s.pem", pa->url, seal->id);
    return n > 0 && (size_t)n < sizeof(seal->url) && write_pem(&seal->pem, &seal->n_pem, seal->chain, seal->n, true);
}

static bool read_seal(struct stir_pa *pa, struct stir_pa_seal *seal, const struct reading *r)
{
    if (!read_key(seal, r) || !read_chain(seal, r) || !belongs_together(seal, r) || !reaches_root(pa, seal, r))
        return false;
    if (name_it(pa, seal))
        return true;
    say(r->say, true, "[pa] %s %s: out of memory, or [pa] url is too long", r->cert_name, r->cert_file);
    return false;
}

/* The signer's certificate has cRLSign, or there is another for that. */
static bool has_crl_signer(const struct stir_pa *pa, const struct stir_pa_say *to)
{
    if (pa->crl.key || stir_cert_info(pa->signer.chain[0])->key_usage_bits & STIR_KU_CRL_SIGN)
        return true;
    say(to, true, "[pa] cert %s: its key usage lacks cRLSign, and there is neither crl-key nor crl-cert: no CRL could be signed", pa->conf->cert);
    return false;
}

bool stir_pa_keys_read(struct stir_pa *pa, const struct stir_pa_say *to)
{
    const struct stir_conf_pa *conf = pa->conf;
    const struct reading signer = {to, "key", "cert", conf->key, conf->cert, STIR_KU_DIGITAL_SIGNATURE, "digitalSignature"};
    const struct reading crl = {to, "crl-key", "crl-cert", conf->crl_key, conf->crl_cert, STIR_KU_CRL_SIGN, "cRLSign"};
    if (!read_roots(pa, to) || !read_seal(pa, &pa->signer, &signer))
        return false;
    if (conf->crl_key[0] && !read_seal(pa, &pa->crl, &crl))
        return false;
    if (!has_crl_signer(pa, to))
        return false;
    if (write_pem(&pa->root_pem, &pa->n_root_pem, pa->roots, pa->n_roots, false))
        return true;
    say(to, true, "[pa] root: out of memory");
    return false;
}

static void free_seal(struct stir_pa_seal *seal)
{
    stir_key_free(seal->key);
    for (size_t i = 0; i < seal->n; i++)
        stir_cert_free(seal->chain[i]);
    free(seal->pem);
}

void stir_pa_keys_free(struct stir_pa *pa)
{
    free_seal(&pa->signer);
    free_seal(&pa->crl);
    for (size_t i = 0; i < pa->n_roots; i++)
        stir_cert_free(pa->roots[i]);
    free(pa->root_pem);
}

static enum stir_err keep(const struct stir_pa_seal *seal, struct stir_store *store, int64_t now)
{
    return stir_store_do(store, "INSERT INTO pa_certificates (id, pem, added) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                         STIR_VALUES(stir_store_str(seal->id), stir_store_text(stir_slice_of(seal->pem, seal->n_pem)), stir_store_int(now)), NULL);
}

enum stir_err stir_pa_keys_keep(struct stir_pa *pa, struct stir_store *store, int64_t now)
{
    if (atomic_load(&pa->kept))
        return STIR_OK;
    TRY(keep(&pa->signer, store, now));
    return pa->crl.key ? keep(&pa->crl, store, now) : STIR_OK;
}
