/* Revocation (RFC 8555 §7.6). */
#include "service/acme_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/file.h"

static enum stir_err read_leaf(struct stir_cert **leaf, const char *path, struct stir_diag *diag)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_cert *chain[STIR_MAX_CHAIN];
    size_t n = 0;
    if (stir_file_read(&pem, path, STIR_MAX_PEM, false) != STIR_FILE_OK)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.150s cannot be read", path);
    enum stir_err err = stir_certs_parse(chain, STIR_MAX_CHAIN, &n, pem, NULL);
    stir_file_free(&pem);
    if (err != STIR_OK)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.120s is no certificate chain: %s", path, stir_err_text(err));
    for (size_t i = 1; i < n; i++)
        stir_cert_free(chain[i]);
    *leaf = chain[0];
    return STIR_OK;
}

/* key.pem beside the chain. */
static enum stir_err key_beside(struct stir_key **key, const char *chain_file, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH];
    struct stir_slice pem = {NULL, 0};
    const char *slash = strrchr(chain_file, '/');
    int n = snprintf(path, sizeof(path), "%.*skey.pem", slash ? (int)(slash + 1 - chain_file) : 0, chain_file);
    if (n <= 0 || n >= (int)sizeof(path) || stir_file_read(&pem, path, STIR_MAX_KEY_PEM, true) != STIR_FILE_OK)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s cannot be read, or others can read it (chmod 0600)", path);
    enum stir_err err = stir_key_from_pem(key, pem, NULL, NULL, NULL);
    stir_file_free(&pem);
    return err == STIR_OK ? err : stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s is no key that can be used", path);
}

static json_t *body_of(struct stir_slice der, int reason)
{
    size_t cap = stir_b64url_encoded(der.n) + 1;
    char *text = malloc(cap);
    struct stir_writer w = stir_writer_of(text, cap);
    json_t *body = NULL;
    if (!text)
        return NULL;
    stir_put_b64url(&w, der);
    if (stir_writer_close(&w, NULL) == STIR_OK)
        body = reason >= 0 ? json_pack("{sssi}", "certificate", text, "reason", reason) : json_pack("{ss}", "certificate", text);
    free(text);
    return body;
}

static enum stir_err send(struct stir_acme *acme, const struct stir_cert *leaf, int reason, struct stir_key *key, struct stir_diag *diag)
{
    struct stir_acme_reply reply = {.http = {.retry_after = -1}};
    json_t *body = body_of(stir_cert_info(leaf)->der, reason);
    const struct stir_acme_post post = {.url = acme->resource[STIR_ACME_REVOKE], .payload = body, .key = key};
    enum stir_err err = body ? stir_acme_send(acme, &reply, &post, diag) : STIR_ENOMEM;
    json_decref(body);
    TRY(err);
    if (stir_acme_is_problem(&reply, "alreadyRevoked")) {
        stir_acme_tell(acme, "certificate %s was revoked already", stir_cert_info(leaf)->serial_hex);
    } else if (reply.http.status < 200 || reply.http.status > 204) {
        const struct stir_json none = {STIR_JSON_NULL, {NULL, 0}};
        err = stir_acme_refusal(acme, &reply, reply.has_json ? reply.json : none, "the authority refuses to revoke", diag);
    } else {
        stir_acme_tell(acme, "certificate %s is revoked", stir_cert_info(leaf)->serial_hex);
    }
    stir_acme_reply_clear(&reply);
    return err;
}

/* So that it is not taken for good until its end: it is due at once. Another's certificate has no folder here. */
static enum stir_err mark(struct stir_acme *acme, const struct stir_cert *leaf, struct stir_diag *diag)
{
    char name[160], path[STIR_ACME_PATH];
    struct stir_cert *ours = NULL;
    snprintf(name, sizeof(name), "certs/%s/chain.pem", stir_cert_info(leaf)->serial_hex);
    TRY(stir_acme_path(path, acme, name, diag));
    if (read_leaf(&ours, path, NULL) != STIR_OK)
        return STIR_OK;
    bool same = stir_slice_eq(stir_cert_info(ours)->der, stir_cert_info(leaf)->der);
    stir_cert_free(ours);
    if (!same)
        return STIR_OK;
    snprintf(name, sizeof(name), "certs/%s/" STIR_ACME_REVOKED, stir_cert_info(leaf)->serial_hex);
    return stir_acme_save(acme, name, stir_slice_str("revoked\n"), false, diag);
}

static enum stir_err revoke(struct stir_acme *acme, const char *chain_file, int reason, bool by_certificate_key, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH];
    struct stir_cert *leaf = NULL;
    struct stir_key *key = NULL;
    TRY(stir_acme_path(path, acme, "current/chain.pem", diag));
    if (!chain_file)
        chain_file = path;
    TRY(by_certificate_key ? stir_acme_directory(acme, diag) : stir_acme_account(acme, diag)); /* a lost account cannot be asked for */
    if (!acme->resource[STIR_ACME_REVOKE][0])
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the authority has no revokeCert in its directory");
    TRY(read_leaf(&leaf, chain_file, diag));
    enum stir_err err = by_certificate_key ? key_beside(&key, chain_file, diag) : STIR_OK;
    err = err == STIR_OK ? send(acme, leaf, reason, key, diag) : err;
    err = err == STIR_OK ? mark(acme, leaf, diag) : err;
    stir_key_free(key);
    stir_cert_free(leaf);
    return err;
}

enum stir_err stir_acme_revoke(struct stir_acme *acme, const char *chain_file, int reason, bool by_certificate_key, struct stir_diag *diag)
{
    TRY(stir_acme_hold(acme, diag));
    acme->deadline = stir_clock_monotonic_ms() + acme->settings.timeout * 1000;
    enum stir_err err = revoke(acme, chain_file, reason, by_certificate_key, diag);
    stir_acme_let_go(acme);
    return err;
}
