/* The certificate authorities that are trusted, and whose issuers' names they are. A CA is known by its name here: its certificates, the old one and the one
 * that follows, share the issuers. */
#include "service/pa_parts.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static bool may_issue(const struct stir_cert_info *info)
{
    return info->is_ca && (info->key_usage == STIR_PART_ABSENT || (info->key_usage == STIR_PART_GOOD && info->key_usage_bits & STIR_KU_KEY_CERT_SIGN));
}

enum stir_err stir_pa_issuer_path(struct stir_cert *const *chain, size_t n, const struct stir_cert *top, struct stir_diag *diag)
{
    if (n > 0 && stir_slice_eq(stir_cert_info(chain[n - 1])->der, stir_cert_info(top)->der))
        n--;
    for (size_t i = 0; i < n; i++) {
        const struct stir_cert *above = i + 1 < n ? chain[i + 1] : top;
        const struct stir_cert_info *info = stir_cert_info(chain[i]);
        if (!may_issue(info))
            return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%.60s is no certificate of a CA", info->subject);
        if (!stir_slice_eq(info->issuer_der, stir_cert_info(above)->subject_der) || stir_cert_signed_by(chain[i], above) != STIR_OK)
            return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "%.60s is not signed by %.60s", info->subject, stir_cert_info(above)->subject);
    }
    return STIR_OK;
}

/* The CA of this name has a certificate on the list. */
static enum stir_err is_listed(struct stir_store *store, struct stir_slice ca, bool *yes)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT 1 FROM pa_cas WHERE name = $1 AND state = 'listed' LIMIT 1", STIR_VALUES(stir_store_text(ca)));
    stir_store_rows_free(rows);
    *yes = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* Whoever is no longer listed keeps no name from others. */
enum stir_err stir_pa_issuer_take(struct stir_store *store, struct stir_slice name, const char *ca, int64_t now)
{
    struct stir_store_rows *rows = NULL;
    bool listed = false, own = false;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT ca FROM pa_issuers WHERE issuer = $1", STIR_VALUES(stir_store_bytes(name)));
    if (err == STIR_OK) {
        struct stir_slice owner = stir_store_get(rows, 0);
        own = stir_slice_is(owner, ca);
        err = own ? STIR_OK : is_listed(store, owner, &listed);
    }
    stir_store_rows_free(rows);
    if (err == STIR_OK && own)
        return STIR_OK;
    if (err == STIR_OK && listed)
        return STIR_EMISMATCH;
    if (err != STIR_OK && err != STIR_ENOTFOUND)
        return err;
    return stir_store_do(store, "INSERT INTO pa_issuers (issuer, ca, added) VALUES ($1, $2, $3) ON CONFLICT (issuer) DO UPDATE SET ca = $2, added = $3",
                         STIR_VALUES(stir_store_bytes(name), stir_store_str(ca), stir_store_int(now)), NULL);
}

/* ---- By hand ---- */

struct adding {
    struct stir_clerk *clerk;
    const struct stir_cert_info *cert;
    char sha256[STIR_PA_SHA_TEXT], name[STIR_PA_MAX_TEXT + 1];
    const char *actor;
    unsigned char token_hash[STIR_SHA256];
    bool with_token;
    int64_t now;
    struct stir_diag *diag;
};

static enum stir_err judge(struct adding *a, const char *name)
{
    const struct stir_cert_info *info = a->cert;
    struct stir_slice said = name && name[0] ? stir_slice_str(name) : info->o.p ? info->o : info->cn;
    stir_pa_hex(a->sha256, info->sha256);
    if (!may_issue(info))
        return stir_diag_set(a->diag, STIR_EVALUE, SIZE_MAX, "%.100s is no certificate of a CA", info->subject);
    if (info->not_after < a->now)
        return stir_diag_set(a->diag, STIR_EVALUE, SIZE_MAX, "%.100s is over", info->subject);
    if (!said.n || said.n > STIR_PA_MAX_TEXT || !stir_utf8_valid(said))
        return stir_diag_set(a->diag, STIR_EVALUE, SIZE_MAX, "a CA's name has 1 to %d bytes of UTF-8, and this has %zu", STIR_PA_MAX_TEXT, said.n);
    memcpy(a->name, said.p, said.n);
    return STIR_OK;
}

/* A CA that is called otherwise from now on keeps its issuers, when nobody else has its former name. */
static enum stir_err rename_issuers(struct stir_store *store, const struct adding *a)
{
    return stir_store_do(store,
                         "UPDATE pa_issuers SET ca = $1 WHERE ca IN (SELECT name FROM pa_cas WHERE sha256 = $2)"
                         " AND NOT EXISTS (SELECT 1 FROM pa_cas o WHERE o.sha256 <> $2 AND o.name = pa_issuers.ca)",
                         STIR_VALUES(stir_store_str(a->name), stir_store_str(a->sha256)), NULL);
}

static enum stir_err put(struct stir_store *store, const struct adding *a)
{
    TRY(stir_store_do(store,
                      "INSERT INTO pa_cas (sha256, name, der, state, added, removed, token_hash) VALUES ($1, $2, $3, 'listed', $4, 0, NULL)"
                      " ON CONFLICT (sha256) DO UPDATE SET name = $2, state = 'listed', added = $4, removed = 0",
                      STIR_VALUES(stir_store_str(a->sha256), stir_store_str(a->name), stir_store_bytes(a->cert->der), stir_store_int(a->now)), NULL));
    if (!a->with_token)
        return STIR_OK;
    return stir_store_do(store, "UPDATE pa_cas SET token_hash = $2 WHERE sha256 = $1",
                         STIR_VALUES(stir_store_str(a->sha256), stir_store_bytes(stir_slice_of(a->token_hash, sizeof(a->token_hash)))), NULL);
}

static enum stir_err add(struct stir_store *store, void *arg)
{
    struct adding *a = arg;
    TRY(rename_issuers(store, a));
    TRY(put(store, a));
    enum stir_err err = stir_pa_issuer_take(store, a->cert->subject_der, a->name, a->now);
    if (err == STIR_EMISMATCH)
        return stir_diag_set(a->diag, err, SIZE_MAX, "the name %.100s is another CA's: give both the same --name if they are one", a->cert->subject);
    TRY(err);
    return stir_pa_audit(a->clerk, a->now, "ca listed", a->actor, a->sha256,
                         json_pack("{s:s, s:s, s:b}", "name", a->name, "subject", a->cert->subject, "token", (int)a->with_token));
}

static enum stir_err make_token(struct adding *a, char *token)
{
    unsigned char bytes[STIR_SHA256];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return STIR_ECRYPTO;
    stir_pa_hex(token, bytes);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    a->with_token = true;
    return stir_pa_hash(a->token_hash, a->clerk, stir_slice_str(token));
}

enum stir_err stir_pa_ca_add(struct stir_clerk *clerk, const struct stir_cert *cert, const char *name, char *token, const char *actor, int64_t now,
                             struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    _Static_assert((int)STIR_PA_REPORT_TOKEN == (int)STIR_PA_SHA_TEXT, "a token is 32 bytes in hex");
    struct adding a = {.clerk = clerk, .cert = stir_cert_info(cert), .actor = actor, .now = now, .diag = diag};
    TRY(judge(&a, name));
    if (token)
        TRY(make_token(&a, token));
    return stir_store_transact(clerk->store, add, &a, diag);
}

struct removing {
    struct stir_clerk *clerk;
    const char *sha256, *actor;
    int64_t now;
    struct stir_diag *diag;
};

static enum stir_err remove_ca(struct stir_store *store, void *arg)
{
    struct removing *r = arg;
    size_t changed = 0;
    TRY(stir_store_do(store, "UPDATE pa_cas SET state = 'removed', removed = $2, token_hash = NULL WHERE sha256 = $1 AND state = 'listed'",
                      STIR_VALUES(stir_store_str(r->sha256), stir_store_int(r->now)), &changed));
    if (changed == 0)
        return stir_diag_set(r->diag, STIR_ENOTFOUND, SIZE_MAX, "no certificate %.64s is listed: stir pa ca list shows what is", r->sha256);
    return stir_pa_audit(r->clerk, r->now, "ca removed", r->actor, r->sha256, json_object());
}

enum stir_err stir_pa_ca_remove(struct stir_clerk *clerk, const char *sha256, const char *actor, int64_t now, struct stir_diag *diag)
{
    struct removing r = {clerk, sha256, actor, now, diag};
    return stir_store_transact(clerk->store, remove_ca, &r, diag);
}

struct letting {
    struct stir_clerk *clerk;
    const char *sha256, *actor;
    struct stir_cert *const *chain;
    size_t n;
    int64_t now;
    struct stir_diag *diag;
};

static enum stir_err take_issuer(struct stir_store *store, struct letting *l, struct stir_cert *listed, const char *ca)
{
    const struct stir_cert_info *issuer = stir_cert_info(l->chain[0]);
    TRY(stir_pa_issuer_path(l->chain, l->n, listed, l->diag));
    enum stir_err err = stir_pa_issuer_take(store, issuer->subject_der, ca, l->now);
    if (err == STIR_EMISMATCH)
        return stir_diag_set(l->diag, err, SIZE_MAX, "the name %.100s is another CA's", issuer->subject);
    TRY(err);
    return stir_pa_audit(l->clerk, l->now, "issuer added", l->actor, l->sha256, json_pack("{s:s, s:s}", "ca", ca, "issuer", issuer->subject));
}

static enum stir_err let(struct stir_store *store, void *arg)
{
    struct letting *l = arg;
    struct stir_store_rows *rows = NULL;
    struct stir_cert *listed = NULL;
    char ca[STIR_PA_MAX_TEXT + 1] = "";
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT name, der FROM pa_cas WHERE sha256 = $1 AND state = 'listed'", STIR_VALUES(stir_store_str(l->sha256)));
    if (err == STIR_OK) {
        struct stir_slice name = stir_store_get(rows, 0);
        snprintf(ca, sizeof(ca), "%.*s", (int)name.n, name.p);
        err = stir_cert_parse(&listed, stir_store_get(rows, 1), l->diag);
    }
    stir_store_rows_free(rows);
    if (err == STIR_ENOTFOUND)
        return stir_diag_set(l->diag, err, SIZE_MAX, "no certificate %.64s is listed: stir pa ca list shows what is", l->sha256);
    if (err == STIR_OK)
        err = take_issuer(store, l, listed, ca);
    stir_cert_free(listed);
    return err;
}

enum stir_err stir_pa_issuer_add(struct stir_clerk *clerk, const char *sha256, struct stir_cert *const *chain, size_t n, const char *actor, int64_t now,
                                 struct stir_diag *diag)
{
    struct letting l = {clerk, sha256, actor, chain, n, now, diag};
    return n > 0 ? stir_store_transact(clerk->store, let, &l, diag) : STIR_EARG;
}

struct walking {
    void (*row)(void *arg, const struct stir_pa_ca_row *row);
    void *arg;
};

static enum stir_err walk(struct stir_store *store, void *arg)
{
    const struct walking *w = arg;
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask(&rows, store,
                                       "SELECT c.sha256, c.name, c.der, c.state, c.added, c.removed, c.token_hash,"
                                       " (SELECT COUNT(*) FROM pa_issuers i WHERE i.ca = c.name) FROM pa_cas c ORDER BY c.name, c.added, c.sha256",
                                       STIR_NO_VALUES);
    while (err == STIR_OK && (err = stir_store_next(rows)) == STIR_OK) {
        const struct stir_pa_ca_row row = {.sha256 = stir_store_get(rows, 0),
                                           .name = stir_store_get(rows, 1),
                                           .der = stir_store_get(rows, 2),
                                           .state = stir_store_get(rows, 3),
                                           .added = stir_store_get_int(rows, 4),
                                           .removed = stir_store_get_int(rows, 5),
                                           .may_report = !stir_store_is_null(rows, 6),
                                           .issuers = stir_store_get_int(rows, 7)};
        w->row(w->arg, &row);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

enum stir_err stir_pa_cas(struct stir_clerk *clerk, void (*row)(void *arg, const struct stir_pa_ca_row *row), void *arg, struct stir_diag *diag)
{
    struct walking w = {row, arg};
    return stir_store_look(clerk->store, walk, &w, diag);
}
