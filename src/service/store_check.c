#include "service/store_check.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <stir/cert.h>

#include "core/bytes.h"
#include "service/audit.h"

STIR_AUTO_STRUCT_FREE(stir_cert)

enum { PAGE = 256 };

struct checking {
    struct stir_store_figures *figures;
    void (*fault)(void *arg, const char *text);
    void *arg;
    int64_t said; /* of the rule at hand */
};

static void say(struct checking *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct checking *c, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    c->figures->faults++;
    if (c->said++ < STIR_STORE_CHECK_SAID)
        c->fault(c->arg, text);
}

static void end_rule(struct checking *c)
{
    char text[80];
    if (c->said > STIR_STORE_CHECK_SAID) {
        snprintf(text, sizeof(text), "... and %lld more of these", (long long)(c->said - STIR_STORE_CHECK_SAID));
        c->fault(c->arg, text);
    }
    c->said = 0;
}

/* --- between tables: each query gives the names of what does not hold --- */

#define OF_AUDIT(event) " LEFT JOIN audit a ON a.subject = c.serial AND a.event = '" event "'"

static const struct {
    const char *sql, *says; /* says: with the name for "%.*s" */
} rules[] = {
    {"SELECT o.id FROM acme_orders o LEFT JOIN certificates c ON c.order_id = o.id AND c.state IN ('issued', 'revoked')"
     " WHERE o.status = 'valid' AND c.serial IS NULL",
     "order %.*s is valid, and there is no certificate of it"},
    {"SELECT o.id FROM acme_orders o LEFT JOIN certificates c ON c.order_id = o.id AND c.state = 'intent' WHERE o.status = 'processing' AND c.serial IS NULL",
     "order %.*s is processing, and no certificate is intended for it"},
    {"SELECT c.serial FROM certificates c JOIN acme_orders o ON o.id = c.order_id WHERE c.state IN ('issued', 'revoked')"
     " AND (o.status <> 'valid' OR o.serial IS NULL OR o.serial <> c.serial)",
     "certificate %.*s was issued, and its order does not say so"},
    {"SELECT c.serial FROM certificates c JOIN acme_orders o ON o.id = c.order_id WHERE c.state = 'intent' AND o.status <> 'processing'",
     "certificate %.*s is intended, and its order is not processing"},
    {"SELECT o.id FROM acme_orders o LEFT JOIN acme_accounts a ON a.id = o.account WHERE a.id IS NULL", "order %.*s is of no account"},
    {"SELECT o.id FROM acme_orders o LEFT JOIN acme_authorizations a ON a.order_id = o.id WHERE o.status IN ('pending', 'ready') AND a.id IS NULL",
     "order %.*s waits for an authorization that is not there"},
    {"SELECT serial FROM certificates WHERE state NOT IN ('intent', 'issued', 'burnt', 'revoked') OR (state IN ('issued', 'revoked')) <> (der IS NOT NULL)"
     " OR (der IS NULL) <> (sha256 IS NULL)",
     "certificate %.*s: its state does not fit what is kept of it"},
    {"SELECT min(serial) FROM certificates WHERE sha256 IS NOT NULL GROUP BY sha256 HAVING count(*) > 1", "certificate %.*s is there twice"},
    {"SELECT c.serial FROM certificates c" OF_AUDIT("certificate intended") " WHERE a.seq IS NULL", "serial %.*s was given, and the audit log does not know"},
    {"SELECT c.serial FROM certificates c" OF_AUDIT("certificate issued") " WHERE c.state IN ('issued', 'revoked') AND a.seq IS NULL",
     "certificate %.*s was issued, and the audit log does not know"},
    {"SELECT c.serial FROM certificates c" OF_AUDIT("certificate burnt") " WHERE c.state = 'burnt' AND a.seq IS NULL",
     "serial %.*s was burnt, and the audit log does not know"},
    {"SELECT c.serial FROM certificates c" OF_AUDIT("certificate revoked") " WHERE c.state = 'revoked' AND a.seq IS NULL",
     "certificate %.*s was revoked, and the audit log does not know"},
    {"SELECT a.subject FROM audit a LEFT JOIN certificates c ON c.serial = a.subject WHERE a.event = 'certificate intended' AND c.serial IS NULL",
     "serial %.*s is in the audit log alone"},
    {"SELECT a.subject FROM audit a LEFT JOIN certificates c ON c.serial = a.subject AND c.state IN ('issued', 'revoked')"
     " WHERE a.event = 'certificate issued' AND c.serial IS NULL",
     "certificate %.*s was issued by the audit log, and is not there"},
    {"SELECT a.subject FROM audit a LEFT JOIN certificates c ON c.serial = a.subject AND c.state = 'revoked'"
     " WHERE a.event = 'certificate revoked' AND c.serial IS NULL",
     "certificate %.*s was revoked by the audit log, and is not"},
    {"SELECT k.code FROM pa_codes k LEFT JOIN pa_providers p ON p.id = k.provider WHERE p.id IS NULL", "code %.*s is held by no provider"},
    {"SELECT k.id FROM pa_accounts k LEFT JOIN pa_providers p ON p.id = k.provider WHERE p.id IS NULL", "account %.*s is of no provider"},
};

static enum stir_err check_rule(struct checking *c, struct stir_store *store, const char *sql, const char *says)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask(&rows, store, sql, STIR_NO_VALUES));
    enum stir_err err = stir_store_next(rows);
    while (err == STIR_OK) {
        char text[300];
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        const struct stir_slice name = stir_store_get(rows, 0);
        const char *at = strstr(says, "%.*s");
        stir_put(&w, says, at ? (size_t)(at - says) : strlen(says));
        stir_put_slice(&w, stir_slice_upto(name, name.n < 60 ? name.n : 60));
        stir_put_text(&w, at ? at + strlen("%.*s") : "");
        say(c, "%s", stir_writer_close(&w, NULL) == STIR_OK ? text : says);
        err = stir_store_next(rows);
    }
    stir_store_rows_free(rows);
    end_rule(c);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* --- each certificate against its row --- */

struct at_row {
    char issuer[100], serial[100];
};

static bool is_hash_of(struct stir_slice hash, struct stir_slice bytes)
{
    STIR_OSSL_QUIET;
    unsigned char sum[STIR_SHA256];
    return EVP_Digest(bytes.p, bytes.n, sum, NULL, EVP_sha256(), NULL) == 1 && stir_slice_eq(hash, stir_slice_of(sum, sizeof(sum)));
}

/* What was signed: the first member of the certificate. */
static struct stir_slice tbs_of(struct stir_slice der)
{
    struct stir_reader whole = stir_reader_of(der), members;
    struct stir_slice content, tbs = {NULL, 0};
    if (stir_der_get(&whole, 0x30, &content, NULL) != STIR_OK)
        return tbs;
    members = stir_reader_of(content);
    return stir_der_get(&members, 0x30, &content, &tbs) == STIR_OK ? tbs : (struct stir_slice){NULL, 0};
}

/* Columns: issuer, serial, state, tbs, tbs_hash, der, sha256, spki_hash, not_before, not_after, tnauth. NULL: it holds. */
static const char *fault_of(const struct stir_store_rows *rows)
{
    const struct stir_slice tbs = stir_store_get(rows, 3), tbs_hash = stir_store_get(rows, 4), der = stir_store_get(rows, 5);
    if (tbs.p && !is_hash_of(tbs_hash, tbs))
        return "what was to be signed is not what was intended";
    if (!der.p)
        return NULL;
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    if (stir_cert_parse(&cert, der, NULL) != STIR_OK)
        return "its DER cannot be read";
    const struct stir_cert_info *info = stir_cert_info(cert);
    if (!is_hash_of(tbs_hash, tbs_of(der)))
        return "what was signed is not what was intended";
    if (!stir_slice_is(stir_store_get(rows, 1), info->serial_hex))
        return "its DER has another serial";
    if (!stir_slice_eq(stir_store_get(rows, 6), stir_slice_of(info->sha256, STIR_SHA256)))
        return "its DER has another fingerprint";
    if (!is_hash_of(stir_store_get(rows, 7), info->spki))
        return "its DER has another key";
    if (stir_store_get_int(rows, 8) != info->not_before || stir_store_get_int(rows, 9) != info->not_after)
        return "its DER has another validity";
    return NULL;
}

static enum stir_err check_page(struct checking *c, struct stir_store *store, struct at_row *at, size_t *n)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask(&rows, store,
                       "SELECT issuer, serial, state, tbs, tbs_hash, der, sha256, spki_hash, not_before, not_after FROM certificates"
                       " WHERE (issuer, serial) > ($1, $2) ORDER BY issuer, serial LIMIT $3",
                       STIR_VALUES(stir_store_str(at->issuer), stir_store_str(at->serial), stir_store_int(PAGE))));
    enum stir_err err = stir_store_next(rows);
    for (*n = 0; err == STIR_OK; (*n)++) {
        const struct stir_slice issuer = stir_store_get(rows, 0), serial = stir_store_get(rows, 1);
        const char *wrong = fault_of(rows);
        if (wrong)
            say(c, "certificate %.*s: %s", STIR_SHOW(serial), wrong);
        snprintf(at->issuer, sizeof(at->issuer), "%.*s", (int)(issuer.n < sizeof(at->issuer) ? issuer.n : sizeof(at->issuer) - 1), issuer.p);
        snprintf(at->serial, sizeof(at->serial), "%.*s", (int)(serial.n < sizeof(at->serial) ? serial.n : sizeof(at->serial) - 1), serial.p);
        err = stir_store_next(rows);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err check_certificates(struct checking *c, struct stir_store *store)
{
    struct at_row at = {"", ""};
    for (size_t n = PAGE; n == PAGE;)
        TRY(check_page(c, store, &at, &n));
    end_rule(c);
    return STIR_OK;
}

/* --- figures --- */

static enum stir_err count(struct stir_store *store, struct stir_store_figures *f)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, store,
                           "SELECT (SELECT count(*) FROM acme_accounts), (SELECT count(*) FROM acme_orders),"
                           " (SELECT count(*) FROM certificates WHERE state IN ('issued', 'revoked')),"
                           " (SELECT count(*) FROM certificates WHERE state = 'intent'), (SELECT count(*) FROM certificates WHERE state = 'revoked'),"
                           " (SELECT count(*) FROM pa_providers), (SELECT count(*) FROM audit), (SELECT count(*) FROM audit_heads)",
                           STIR_NO_VALUES));
    int64_t *const figures[] = {&f->accounts, &f->orders, &f->certificates, &f->intents, &f->revoked, &f->providers, &f->audit_rows, &f->nodes};
    for (unsigned i = 0; i < sizeof(figures) / sizeof(*figures); i++)
        *figures[i] = stir_store_get_int(rows, i);
    stir_store_rows_free(rows);
    return STIR_OK;
}

/* A look that runs again says again what it said: that is when a server was lost, and better than half of it. */
static enum stir_err check_tables(struct stir_store *store, void *arg)
{
    struct checking *c = arg;
    TRY(count(store, c->figures));
    TRY(check_certificates(c, store));
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
        TRY(check_rule(c, store, rules[i].sql, rules[i].says));
    return STIR_OK;
}

static void tell_chain(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)rows;
    (void)head;
    if (fault)
        say(arg, "audit log of node %s: %s", node, fault);
}

enum stir_err stir_store_check(struct stir_store *store, struct stir_store_figures *figures, void (*fault)(void *arg, const char *text), void *arg,
                               struct stir_diag *diag)
{
    struct checking c = {figures, fault, arg, 0};
    struct stir_diag why = {0};
    *figures = (struct stir_store_figures){0};
    enum stir_err err = stir_store_integrity(store, &why);
    if (err == STIR_EVALUE) {
        say(&c, "%s", why.text);
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why.text);
    }
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "%s", why.text);
    err = stir_audit_verify(store, tell_chain, &c, diag);
    if (err != STIR_OK && err != STIR_EVALUE)
        return err;
    end_rule(&c);
    TRY(stir_store_look(store, check_tables, &c, diag));
    return figures->faults ? stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the store has %lld faults", (long long)figures->faults) : STIR_OK;
}
