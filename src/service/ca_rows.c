#include "service/ca_parts.h"

#include <stdio.h>

#include <openssl/evp.h>

enum { JWK = 160 }; /* bytes of a JWK of P-256 in its required form: 126 */

enum stir_err stir_ca_thumbprint(unsigned char out[STIR_SHA256], const struct stir_key *key)
{
    STIR_OSSL_QUIET;
    char text[JWK];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    stir_put_jwk(&w, key);
    return EVP_Q_digest(NULL, "SHA256", NULL, text, w.need, out, NULL) == 1 ? STIR_OK : STIR_ECRYPTO;
}

/* A text of ours into its member; longer is a store that somebody wrote to by hand. */
static enum stir_err keep(char *out, size_t cap, struct stir_slice text)
{
    if (text.n >= cap)
        return STIR_EIO;
    if (text.n)
        memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return STIR_OK;
}

/* id, spki, status, binding */
static enum stir_err read_account(struct stir_ca_account *out, const struct stir_store_rows *row)
{
    struct stir_ca_account account = {0};
    TRY(keep(account.id, sizeof(account.id), stir_store_get(row, 0)));
    TRY(keep(account.status, sizeof(account.status), stir_store_get(row, 2)));
    TRY(keep(account.binding, sizeof(account.binding), stir_store_get(row, 3)));
    TRY(stir_key_from_spki(&account.key, stir_store_get(row, 1), NULL));
    *out = account;
    return STIR_OK;
}

static enum stir_err find(struct stir_ca_account *out, struct stir_store *store, const char *sql, struct stir_store_value value)
{
    struct stir_store_rows *row = NULL;
    TRY(stir_store_ask_one(&row, store, sql, &value, 1));
    enum stir_err err = read_account(out, row);
    stir_store_rows_free(row);
    return err;
}

enum stir_err stir_ca_account_by_id(struct stir_ca_account *out, struct stir_store *store, struct stir_slice id)
{
    return find(out, store, "SELECT id, spki, status, binding FROM acme_accounts WHERE id = $1", stir_store_text(id));
}

enum stir_err stir_ca_account_by_key(struct stir_ca_account *out, struct stir_store *store, const struct stir_key *key)
{
    unsigned char thumbprint[STIR_SHA256];
    TRY(stir_ca_thumbprint(thumbprint, key));
    return find(out, store, "SELECT id, spki, status, binding FROM acme_accounts WHERE thumbprint = $1",
                stir_store_bytes(stir_slice_of(thumbprint, sizeof(thumbprint))));
}

void stir_ca_account_clear(struct stir_ca_account *account)
{
    stir_key_free(account->key);
    *account = (struct stir_ca_account){0};
}

enum stir_err stir_ca_key_is_barred(bool *barred, const struct stir_ca *ca, struct stir_store *store, const struct stir_key *key)
{
    STIR_OSSL_QUIET;
    unsigned char digest[STIR_SHA256];
    struct stir_slice spki = stir_key_spki(key);
    struct stir_store_rows *row = NULL;
    /* 1: keyCompromise (RFC 5280 section 5.3.1) */
    const char *sql = ca->conf->ca.account_key_allowed ? "SELECT 1 FROM certificates WHERE spki_hash = $1 AND state = 'revoked' AND reason = 1 LIMIT 1"
                                                       : "SELECT 1 FROM certificates WHERE spki_hash = $1 LIMIT 1";
    *barred = false;
    if (EVP_Q_digest(NULL, "SHA256", NULL, spki.p, spki.n, digest, NULL) != 1)
        return STIR_ECRYPTO;
    enum stir_err err = stir_store_ask_one(&row, store, sql, STIR_VALUES(stir_store_bytes(stir_slice_of(digest, sizeof(digest)))));
    stir_store_rows_free(row);
    *barred = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}
