/* Issuing: the one room that signs. What is to be signed is committed before it is signed, and what was signed before anybody has it, so that no serial is
 * given twice and no certificate is out that is not recorded, whenever the power fails (docs/STORE.md). */
#include "service/ca_order.h"

#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "io/crash_point.h"
#include "io/file.h"

STIR_AUTO_STRUCT_FREE(stir_cert)
static void text_free(char *p)
{
    free(p);
}
typedef char text;
STIR_AUTO_FREE(text, text_free)

/* --- the published chain --- */

enum stir_err stir_ca_chain_pem(char **out, size_t *n, const struct stir_ca *ca, const struct stir_cert *cert)
{
    size_t cap = (ca->n_chain + 1) * (STIR_MAX_CERT * 3 / 2), len = 0, used = 0;
    STIR_AUTO(text) *pem = malloc(cap);
    if (!pem)
        return STIR_ENOMEM;
    TRY(stir_cert_write_pem(pem, cap, &used, cert));
    /* Roots are the verifier's own: what is self-issued stays away (RFC 8555 §9.1, RFC 9060 §7). */
    for (size_t i = 0; i < ca->n_chain; i++) {
        if (i && stir_cert_info(ca->chain[i])->self_issued)
            continue;
        TRY(stir_cert_write_pem(pem + used, cap - used, &len, ca->chain[i]));
        used += len;
    }
    *out = STIR_MOVE(pem);
    *n = used;
    return STIR_OK;
}

bool stir_ca_publish(const struct stir_ca *ca, const struct stir_cert *cert, struct stir_diag *diag)
{
    const char *dir = ca->conf->ca.publish_dir;
    char path[4096];
    size_t n = 0;
    STIR_AUTO(text) *pem = NULL;
    if (!dir[0])
        return true;
    int written = snprintf(path, sizeof(path), "%s/%s.pem", dir, stir_cert_info(cert)->serial_hex);
    enum stir_err err = written < 0 || (size_t)written >= sizeof(path) ? STIR_ELIMIT : stir_ca_chain_pem(&pem, &n, ca, cert);
    stir_crash_point("issue: file not written");
    if (err == STIR_OK && stir_file_write(path, stir_slice_of(pem, n), STIR_FILE_PUBLISHED) == STIR_FILE_OK)
        return true;
    (void)stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s cannot be written: the chain of certificate %s is not published", path, stir_cert_info(cert)->serial_hex);
    return false;
}

/* --- intent --- */

enum refusal { GRANTED = 0, ORDER_MOVED, KEY_OF_ACCOUNT, KEY_REVOKED, SERIAL_TAKEN };

struct intent {
    const struct stir_ca *ca;
    const struct stir_clerk *clerk;
    const struct stir_ca_issue *issue;
    char serial[STIR_CA_SERIAL_TEXT], spc[STIR_MAX_SPC + 1];
    struct stir_slice tbs;
    unsigned char tbs_hash[STIR_SHA256], spki_hash[STIR_SHA256];
    int64_t now;
    enum refusal refusal;
};

static enum stir_err digest(unsigned char out[STIR_SHA256], struct stir_slice bytes)
{
    return EVP_Q_digest(NULL, "SHA256", NULL, bytes.p, bytes.n, out, NULL) == 1 ? STIR_OK : STIR_ECRYPTO;
}

static enum stir_err is_there(struct stir_store *store, const char *sql, struct stir_slice value, bool *there)
{
    struct stir_store_rows *rows = NULL;
    enum stir_err err = stir_store_ask_one(&rows, store, sql, STIR_VALUES(stir_store_bytes(value)));
    stir_store_rows_free(rows);
    *there = err == STIR_OK;
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* RFC 8555 §11.1: whoever holds a certificate's key would hold the account. And a key that was given up stays so. */
/*= RFC8555-11.1 */
static enum stir_err look_at_key(struct stir_store *store, struct intent *in)
{
    unsigned char thumbprint[STIR_SHA256];
    bool there = false;
    if (!in->ca->conf->ca.account_key_allowed) {
        TRY(stir_ca_thumbprint(thumbprint, in->issue->key));
        TRY(is_there(store, "SELECT 1 FROM acme_accounts WHERE thumbprint = $1", stir_slice_of(thumbprint, sizeof(thumbprint)), &there));
        if (there)
            in->refusal = KEY_OF_ACCOUNT;
    }
    TRY(is_there(store, "SELECT 1 FROM certificates WHERE spki_hash = $1 AND state = 'revoked' LIMIT 1", stir_slice_of(in->spki_hash, STIR_SHA256), &there));
    if (there)
        in->refusal = KEY_REVOKED;
    return STIR_OK;
}

static enum stir_err insert_certificate(struct stir_store *store, struct intent *in)
{
    const struct stir_ca_issue *issue = in->issue;
    size_t changed = 0;
    TRY(stir_store_do(
        store,
        "INSERT INTO certificates (issuer, serial, state, order_id, account, profile, node, spc, tnauth, spki_hash, tbs, tbs_hash, der, sha256,"
        " not_before, not_after, created, issued, revoked, reason, published) VALUES ($1, $2, 'intent', $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL,"
        " NULL, $12, $13, $14, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        STIR_VALUES(stir_store_str(in->ca->issuer), stir_store_str(in->serial), stir_store_str(issue->order), stir_store_str(issue->account),
                    stir_store_str(issue->profile->name), stir_store_str(in->clerk->node), stir_store_str(in->spc),
                    stir_store_bytes(stir_tnauth_der(issue->list)), stir_store_bytes(stir_slice_of(in->spki_hash, STIR_SHA256)), stir_store_bytes(in->tbs),
                    stir_store_bytes(stir_slice_of(in->tbs_hash, STIR_SHA256)), stir_store_int(issue->not_before), stir_store_int(issue->not_after),
                    stir_store_int(in->now)),
        &changed));
    if (!changed)
        in->refusal = SERIAL_TAKEN;
    return STIR_OK;
}

static void put_hex(struct stir_writer *w, struct stir_slice bytes)
{
    for (size_t i = 0; i < bytes.n; i++)
        stir_put_format(w, "%02X", (unsigned)(unsigned char)bytes.p[i]);
}

static enum stir_err audit_intent(struct stir_store *store, const struct intent *in)
{
    char detail[400];
    struct stir_writer w = stir_writer_of(detail, sizeof(detail) - 1);
    stir_put_text(&w, "{\"order\":");
    stir_put_json_string(&w, stir_slice_str(in->issue->order ? in->issue->order : ""));
    stir_put_text(&w, ",\"profile\":");
    stir_put_json_string(&w, stir_slice_str(in->issue->profile->name));
    stir_put_text(&w, ",\"spc\":");
    stir_put_json_string(&w, stir_slice_str(in->spc));
    stir_put_text(&w, ",\"tbs\":\"");
    put_hex(&w, stir_slice_of(in->tbs_hash, STIR_SHA256));
    stir_put_text(&w, "\"}");
    TRY(stir_writer_close(&w, NULL));
    const struct stir_audit_entry entry = {"certificate intended", in->issue->actor, in->serial, detail};
    return stir_audit_add(store, in->clerk->node, in->now * 1000, &entry);
}

/* The first transaction. What is refused leaves nothing: STIR_EVALUE undoes it. */
static enum stir_err write_intent(struct stir_store *store, void *arg)
{
    struct intent *in = arg;
    size_t changed = 1;
    in->refusal = GRANTED;
    if (in->issue->order)
        TRY(stir_store_do(store, "UPDATE acme_orders SET status = 'processing', serial = $2 WHERE id = $1 AND status = 'ready' AND expires > $3",
                          STIR_VALUES(stir_store_str(in->issue->order), stir_store_str(in->serial), stir_store_int(in->now)), &changed));
    if (!changed)
        in->refusal = ORDER_MOVED;
    else
        TRY(look_at_key(store, in));
    if (in->refusal == GRANTED)
        TRY(insert_certificate(store, in));
    if (in->refusal != GRANTED)
        return STIR_EVALUE;
    TRY(audit_intent(store, in));
    stir_crash_point("issue: before the intent is committed");
    return STIR_OK;
}

static enum stir_err refuse(struct stir_ca_issue *issue, enum stir_problem problem, const char *why)
{
    issue->problem = problem;
    snprintf(issue->why, sizeof(issue->why), "%s", why);
    return STIR_EVALUE;
}

static enum stir_err tell_refusal(struct stir_ca_issue *issue, enum refusal refusal, enum stir_err err)
{
    switch (refusal) {
    case GRANTED:
    case SERIAL_TAKEN: return err;
    case ORDER_MOVED: return STIR_ESTATE;
    case KEY_OF_ACCOUNT:
        return refuse(issue, STIR_PROBLEM_BAD_CSR, "the key is that of an account; a certificate needs a key of its own (RFC 8555 section 11.1)");
    case KEY_REVOKED: return refuse(issue, STIR_PROBLEM_BAD_CSR, "the key is that of a certificate that was revoked; make a new one");
    }
    return err;
}

/* --- what is to be signed --- */

static enum stir_err new_serial(unsigned char serial[STIR_CA_SERIAL], char hex[STIR_CA_SERIAL_TEXT])
{
    if (RAND_bytes(serial, STIR_CA_SERIAL) != 1)
        return STIR_ECRYPTO;
    serial[0] = (unsigned char)((serial[0] & 0x3f) | 0x40); /* positive, and always as long */
    struct stir_writer w = stir_writer_of(hex, STIR_CA_SERIAL_TEXT - 1);
    put_hex(&w, stir_slice_of(serial, STIR_CA_SERIAL));
    return stir_writer_close(&w, NULL);
}

/* TBS of a fresh serial, and what our linter says of it: what it faults is never signed. */
static enum stir_err prepare(struct intent *in, struct stir_ca_issue *issue, unsigned char *tbs, size_t cap, struct stir_arena *arena, struct stir_diag *diag)
{
    unsigned char serial[STIR_CA_SERIAL];
    struct stir_cert_params params;
    size_t n = 0, faults = 0;
    TRY(new_serial(serial, in->serial));
    TRY(stir_ca_profile_params(&params, in->ca, issue, arena));
    params.serial = stir_slice_of(serial, sizeof(serial));
    enum stir_err err = stir_cert_prepare(tbs, cap, &n, &params, in->ca->key, diag);
    if (err == STIR_EVALUE)
        return refuse(issue, STIR_PROBLEM_BAD_CSR, diag->text);
    TRY(err);
    in->tbs = stir_slice_of(tbs, n);
    TRY(digest(in->tbs_hash, in->tbs));
    TRY(stir_ca_profile_lint(&faults, in->ca, issue->profile, in->tbs, issue->why, sizeof(issue->why), diag));
    if (!faults)
        return STIR_OK;
    stir_clerk_count(in->clerk, STIR_METRIC_CA_LINT_ERRORS);
    stir_clerk_say(in->clerk, 0, "ca-lint", "a certificate for %s was not issued: our own linter faults it: %s", in->spc[0] ? in->spc : "numbers", issue->why);
    return refuse(issue, STIR_PROBLEM_SERVER_INTERNAL,
                  "the certificate would not meet its profile, and so is not issued; the operator finds the reason in the log");
}

/* --- the second half --- */

struct completion {
    const struct stir_ca *ca;
    const struct stir_clerk *clerk;
    const char *serial, *order, *actor;
    const struct stir_cert_info *info;
    int64_t now;
    bool late; /* the intent is gone: somebody else has finished or burnt it */
};

static enum stir_err audit_completion(struct stir_store *store, const struct completion *c)
{
    char detail[200];
    struct stir_writer w = stir_writer_of(detail, sizeof(detail) - 1);
    stir_put_text(&w, "{\"sha256\":\"");
    put_hex(&w, stir_slice_of(c->info->sha256, STIR_SHA256));
    stir_put_text(&w, "\"}");
    TRY(stir_writer_close(&w, NULL));
    const struct stir_audit_entry entry = {"certificate issued", c->actor, c->serial, detail};
    return stir_audit_add(store, c->clerk->node, c->now * 1000, &entry);
}

/* The second transaction. Nothing left to publish where nothing is published. */
static enum stir_err write_completion(struct stir_store *store, void *arg)
{
    struct completion *c = arg;
    size_t changed = 0;
    TRY(stir_store_do(store,
                      "UPDATE certificates SET state = 'issued', der = $3, sha256 = $4, issued = $5, published = $6"
                      " WHERE issuer = $1 AND serial = $2 AND state = 'intent'",
                      STIR_VALUES(stir_store_str(c->ca->issuer), stir_store_str(c->serial), stir_store_bytes(c->info->der),
                                  stir_store_bytes(stir_slice_of(c->info->sha256, STIR_SHA256)), stir_store_int(c->now),
                                  stir_store_int(c->ca->conf->ca.publish_dir[0] ? 0 : c->now)),
                      &changed));
    c->late = changed == 0;
    if (c->late)
        return STIR_OK;
    if (c->order)
        TRY(stir_store_do(store, "UPDATE acme_orders SET status = 'valid' WHERE id = $1 AND status = 'processing'", STIR_VALUES(stir_store_str(c->order)),
                          NULL));
    TRY(audit_completion(store, c));
    stir_crash_point("issue: before the certificate is committed");
    return STIR_OK;
}

/* The certificate that somebody else made of the intent, from its row. */
struct made {
    const char *issuer, *serial;
    struct stir_cert *cert;
};
static enum stir_err look_at_made(struct stir_store *store, void *arg)
{
    struct made *m = arg;
    struct stir_store_rows *rows = NULL;
    stir_cert_free(m->cert);
    m->cert = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT der FROM certificates WHERE issuer = $1 AND serial = $2 AND state <> 'burnt' AND der IS NOT NULL",
                           STIR_VALUES(stir_store_str(m->issuer), stir_store_str(m->serial))));
    enum stir_err err = stir_cert_parse(&m->cert, stir_store_get(rows, 0), NULL);
    stir_store_rows_free(rows);
    return err;
}

/* Sign, and see that it is our signature: a key that is not the certificate's, or a device that miscalculates, is found here. */
static enum stir_err sign(struct stir_cert **out, const struct stir_ca *ca, const struct stir_clerk *clerk, struct stir_slice tbs, struct stir_diag *diag)
{
    unsigned char hash[STIR_SHA256], sig[STIR_ES256_SIG], der[STIR_MAX_CERT];
    struct stir_key_signer held = {ca->key, clerk->ctx};
    const struct stir_signer signer = stir_signer_of_key(&held);
    size_t n = 0;
    TRY(digest(hash, tbs));
    stir_crash_point("issue: not signed");
    TRY(signer.sign(signer.arg, hash, sig));
    stir_crash_point("issue: signed, not committed");
    TRY(stir_signed_assemble(der, sizeof(der), &n, tbs, sig));
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    TRY(stir_cert_parse(&cert, stir_slice_of(der, n), diag));
    TRY(stir_cert_signed_by(cert, ca->chain[0]));
    *out = STIR_MOVE(cert);
    return STIR_OK;
}

enum stir_err stir_ca_complete(struct stir_ca *ca, struct stir_clerk *clerk, const char *serial, struct stir_slice tbs, const char *order, const char *actor,
                               int64_t now, struct stir_cert **out, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    TRY(sign(&cert, ca, clerk, tbs, diag));
    struct completion c = {.ca = ca, .clerk = clerk, .serial = serial, .order = order, .actor = actor, .info = stir_cert_info(cert), .now = now};
    TRY(stir_store_transact(clerk->store, write_completion, &c, diag));
    if (c.late) {
        struct made made = {ca->issuer, serial, NULL};
        enum stir_err err = stir_store_look(clerk->store, look_at_made, &made, diag);
        if (err != STIR_OK)
            return stir_diag_set(diag, err, SIZE_MAX, "the intent of serial %s is gone", serial);
        stir_cert_free(cert);
        cert = made.cert;
    }
    stir_crash_point("issue: committed, not published");
    struct stir_diag why = {0};
    if (!stir_ca_publish(ca, cert, &why))
        stir_clerk_say(clerk, 0, "ca-publish", "%s; it is tried again", why.text);
    stir_crash_point("issue: published");
    *out = STIR_MOVE(cert);
    return STIR_OK;
}

static enum stir_err commit_intent(struct intent *in, struct stir_ca_issue *issue, unsigned char *tbs, size_t cap, struct stir_arena *arena,
                                   struct stir_diag *diag)
{
    enum stir_err err = STIR_EBUSY;
    for (int i = 0; i < STIR_CA_SERIAL_TRIES; i++) {
        TRY(prepare(in, issue, tbs, cap, arena, diag));
        stir_crash_point("issue: linted");
        in->refusal = GRANTED;
        err = stir_store_transact(in->clerk->store, write_intent, in, diag);
        if (err != STIR_EVALUE || in->refusal != SERIAL_TAKEN)
            return err == STIR_EVALUE ? tell_refusal(issue, in->refusal, err) : err;
    }
    return err;
}

static enum stir_err issue_one(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_ca_issue *issue, int64_t now, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct intent in = {.ca = ca, .clerk = clerk, .issue = issue, .now = now};
    struct stir_slice spc = stir_tnauth_spc(issue->list);
    struct stir_arena arena = {0};
    unsigned char tbs[STIR_MAX_CERT];
    snprintf(in.spc, sizeof(in.spc), "%.*s", STIR_SHOW(spc));
    TRY(digest(in.spki_hash, stir_key_spki(issue->key)));
    enum stir_err err = commit_intent(&in, issue, tbs, sizeof(tbs), &arena, diag);
    stir_arena_clear(&arena);
    TRY(err);
    stir_crash_point("issue: intent committed");
    return stir_ca_complete(ca, clerk, in.serial, in.tbs, issue->order, issue->actor, now, &issue->cert, diag);
}

enum stir_err stir_ca_issue(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_ca_issue *issue, int64_t now, struct stir_diag *diag)
{
    enum stir_err err = issue_one(ca, clerk, issue, now, diag);
    stir_clerk_count(clerk, err == STIR_OK ? STIR_METRIC_CA_ISSUED : STIR_METRIC_CA_NOT_ISSUED);
    return err;
}
