/* Revocation (RFC 8555 §7.6): by the account that had the certificate, by its key, or by an account that has proven the same list; the policy administrator,
 * who makes the CRL, is told. */
#include "service/ca_order.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "io/crash_point.h"
#include "service/pa.h"

STIR_AUTO_STRUCT_FREE(stir_cert)

/* --- reasons (RFC 5280 §5.3.1) --- */

const char stir_ca_reasons[] = "0 (unspecified), 1 (keyCompromise), 3 (affiliationChanged), 4 (superseded), 5 (cessationOfOperation)";

/* 2 and 10 are of authorities, 6 and 8 of holds, which a CRL of SHAKEN does not have, 9 is the authority's own to say. */
bool stir_ca_reason_ok(int64_t reason)
{
    return reason == 0 || reason == 1 || (reason >= 3 && reason <= 5);
}

/* --- the row --- */

/* What the administrator is told: src/service/pa.h. */
static enum stir_err put_notice(const struct stir_ca *ca, struct stir_store *store, const struct stir_cert *cert, int reason, int64_t now)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    char id[STIR_ID], *body;
    char *text = malloc(stir_b64url_encoded(STIR_MAX_CERT) * (STIR_MAX_CHAIN + 2));
    if (!text)
        return STIR_ENOMEM;
    json_t *json = json_object(), *chain = json_array();
    int bad = json_object_set_new(json, "chain", chain);
    const struct stir_slice parts[] = {info->issuer_der, info->der};
    for (size_t i = 0; i < 2 + ca->n_chain; i++) {
        const struct stir_cert_info *above = i < 2 ? NULL : stir_cert_info(ca->chain[i - 2]);
        if (above && above->self_issued)
            continue; /* the root: what the administrator lists */
        struct stir_writer w = stir_writer_of(text, stir_b64url_encoded(STIR_MAX_CERT) * (STIR_MAX_CHAIN + 2) - 1);
        stir_put_b64url(&w, above ? above->der : parts[i]);
        if (stir_writer_close(&w, NULL) != STIR_OK)
            bad = -1;
        bad |= above ? json_array_append_new(chain, json_string(text)) : json_object_set_new(json, i ? "certificate" : "issuer", json_string(text));
    }
    free(text);
    bad |= json_object_set_new(json, "serial", json_string(info->serial_hex)) | json_object_set_new(json, "revokedAt", json_integer(now)) |
           json_object_set_new(json, "reason", json_integer(reason)) | json_object_set_new(json, "notAfter", json_integer(info->not_after));
    body = bad ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    enum stir_err err = body ? stir_id_new(id) : STIR_ENOMEM;
    if (err == STIR_OK)
        err = stir_store_do(store, "INSERT INTO notices (id, body, created, tries, next, done, error) VALUES ($1, $2, $3, 0, $3, 0, NULL)",
                            STIR_VALUES(stir_store_str(id), stir_store_str(body), stir_store_int(now)), NULL);
    free(body);
    return err;
}

/* An administrator in the same store has it at once; another is told. */
static enum stir_err tell(const struct stir_ca *ca, struct stir_store *store, const struct stir_cert *cert, int reason, int64_t now)
{
    const struct stir_cert_info *info = stir_cert_info(cert);
    if (ca->conf->ca.report_url[0])
        return put_notice(ca, store, cert, reason, now);
    if (ca->conf->server.roles & STIR_ROLE_PA)
        return stir_pa_revoke(store, info->issuer_der, info->serial_hex, now, reason, info->not_after, "stir", now);
    return STIR_OK;
}

static enum stir_err audit_revocation(struct stir_store *store, const char *node, const char *serial, int reason, const char *actor, int64_t now)
{
    char detail[32];
    snprintf(detail, sizeof(detail), "{\"reason\":%d}", reason);
    const struct stir_audit_entry entry = {"certificate revoked", actor, serial, detail};
    return stir_audit_add(store, node, now * 1000, &entry);
}

enum stir_err stir_ca_revoke_row(const struct stir_ca *ca, struct stir_store *store, const char *node, struct stir_slice serial, int reason, const char *actor,
                                 int64_t now)
{
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT der, state FROM certificates WHERE issuer = $1 AND serial = $2 AND der IS NOT NULL",
                           STIR_VALUES(stir_store_str(ca->issuer), stir_store_text(serial))));
    bool revoked = stir_slice_is(stir_store_get(rows, 1), "revoked");
    enum stir_err err = stir_cert_parse(&cert, stir_store_get(rows, 0), NULL);
    stir_store_rows_free(rows);
    TRY(err);
    if (revoked)
        return STIR_EEXISTS;
    TRY(stir_store_do(store, "UPDATE certificates SET state = 'revoked', revoked = $3, reason = $4 WHERE issuer = $1 AND serial = $2",
                      STIR_VALUES(stir_store_str(ca->issuer), stir_store_text(serial), stir_store_int(now), stir_store_int(reason)), NULL));
    TRY(tell(ca, store, cert, reason, now));
    TRY(audit_revocation(store, node, stir_cert_info(cert)->serial_hex, reason, actor, now));
    stir_crash_point("revoke: before it is committed");
    return STIR_OK;
}

/* --- the request --- */

struct revocation {
    struct stir_ca_request *r;
    struct stir_slice der;
    unsigned char sha256[STIR_SHA256];
    int64_t reason;
    enum { DONE = 0, UNKNOWN, NOT_ALLOWED, ALREADY } end;
};

/*= RFC8555-7.6 */
static bool read_reason(struct stir_ca_request *r, int64_t *reason)
{
    struct stir_json value;
    *reason = 0;
    if (!stir_json_member(r->jws.payload, "reason", &value))
        return true;
    if (!stir_json_integer(reason, value))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"reason\" is no integer");
    return stir_ca_reason_ok(*reason) ||
           stir_ca_refuse(r, STIR_PROBLEM_BAD_REVOCATION_REASON, "this reason is not taken from clients; allowed are %s", stir_ca_reasons);
}

static bool read_certificate(struct revocation *v)
{
    struct stir_ca_request *r = v->r;
    struct stir_slice text;
    size_t n = 0;
    if (!stir_ca_text_member(r, "certificate", &text))
        return false;
    if (!text.p || text.n > stir_b64url_encoded(STIR_MAX_CERT))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"certificate\" is missing, or longer than any of ours");
    unsigned char *der = stir_arena_get(&r->arena, stir_b64url_max_decoded(text.n) + 1);
    if (!der)
        return stir_ca_went(r, STIR_ENOMEM, NULL);
    if (stir_b64url_decode(der, &n, text) != STIR_OK)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"certificate\" is not the base64url of a certificate's DER");
    v->der = stir_slice_of(der, n);
    return EVP_Q_digest(NULL, "SHA256", NULL, der, n, v->sha256, NULL) == 1 || stir_ca_went(r, STIR_ECRYPTO, NULL);
}

/* An account that has proven the whole list of the certificate, and has it still. */
static enum stir_err has_proven(struct stir_store *store, const struct stir_ca_request *r, struct stir_slice tnauth, bool *proven)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err =
        stir_store_ask_one(&rows, store, "SELECT 1 FROM acme_authorizations WHERE account = $1 AND status = 'valid' AND tnauth = $2 AND expires > $3 LIMIT 1",
                           STIR_VALUES(stir_store_str(r->account.id), stir_store_bytes(tnauth), stir_store_int(r->x->now)));
    stir_store_rows_free(rows);
    *proven = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* A row, kept while the next question is asked. */
struct subject {
    char serial[STIR_CA_SERIAL_TEXT];
    bool ours; /* the account's, or its key signed */
    struct stir_slice tnauth;
};

static enum stir_err find_subject(struct stir_store *store, struct revocation *v, struct subject *s)
{
    struct stir_store_rows *rows = NULL;
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT serial, account, tnauth, der FROM certificates WHERE sha256 = $1 AND issuer = $2",
                           STIR_VALUES(stir_store_bytes(stir_slice_of(v->sha256, STIR_SHA256)), stir_store_str(v->r->ca->issuer))));
    snprintf(s->serial, sizeof(s->serial), "%.*s", STIR_SHOW(stir_store_get(rows, 0)));
    s->tnauth = stir_arena_copy(&v->r->arena, stir_store_get(rows, 2));
    s->ours = !v->r->by_jwk && stir_slice_is(stir_store_get(rows, 1), v->r->account.id);
    enum stir_err err = stir_cert_parse(&cert, stir_store_get(rows, 3), NULL);
    stir_store_rows_free(rows);
    TRY(err);
    if (v->r->by_jwk)
        s->ours = stir_cert_key(cert) && stir_key_same_public(stir_cert_key(cert), v->r->key);
    return STIR_OK;
}

static enum stir_err revoke(struct stir_store *store, void *arg)
{
    struct revocation *v = arg;
    struct subject subject = {.ours = false};
    char actor[64];
    v->end = UNKNOWN;
    enum stir_err err = find_subject(store, v, &subject);
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    TRY(err);
    bool allowed = subject.ours;
    if (!allowed && !v->r->by_jwk && subject.tnauth.p)
        TRY(has_proven(store, v->r, subject.tnauth, &allowed));
    v->end = NOT_ALLOWED;
    if (!allowed)
        return STIR_OK;
    if (v->r->by_jwk)
        snprintf(actor, sizeof(actor), "certificate key");
    else
        snprintf(actor, sizeof(actor), "account %s", v->r->account.id);
    err = stir_ca_revoke_row(v->r->ca, store, v->r->clerk->node, stir_slice_str(subject.serial), (int)v->reason, actor, v->r->x->now);
    v->end = err == STIR_EEXISTS ? ALREADY : DONE;
    return err == STIR_EEXISTS ? STIR_OK : err;
}

static void answer_revocation(struct stir_ca_request *r, const struct revocation *v)
{
    switch (v->end) {
    case UNKNOWN: stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "this authority has issued no such certificate"); return;
    case NOT_ALLOWED:
        stir_ca_refuse_as(r, STIR_PROBLEM_UNAUTHORIZED, 403,
                          "only the account that ordered it, one that has proven the same TNAuthList, or the certificate's own key may revoke it");
        return;
    case ALREADY: stir_ca_refuse(r, STIR_PROBLEM_ALREADY_REVOKED, "the certificate was revoked before"); return;
    case DONE: break;
    }
    stir_crash_point("revoke: committed, not answered");
    stir_clerk_count(r->clerk, STIR_METRIC_CA_REVOKED);
    r->answered = true;
    stir_exchange_answer(r->x, 200, NULL, (struct stir_slice){"", 0});
}

/*= RFC8555-7.6 */
void stir_ca_revoke(struct stir_ca_request *r)
{
    struct revocation v = {.r = r};
    struct stir_diag diag = {0};
    r->x->event = "acme revoke-cert";
    if (!stir_ca_has_object(r) || !read_certificate(&v) || !read_reason(r, &v.reason))
        return;
    if (stir_ca_went(r, stir_store_transact(r->clerk->store, revoke, &v, &diag), &diag))
        answer_revocation(r, &v);
}
