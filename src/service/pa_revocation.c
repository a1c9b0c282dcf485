/* Revocations: the CAs report theirs, and the administrator's CRL tells everybody. A CA reports for its own issuers' certificates alone: their names are its
 * own by its listed certificate, by a chain it showed, or by `stir pa ca add --issuer`. */
#include "service/pa_parts.h"

#include <stdio.h>
#include <string.h>

enum { SERIAL = 40 }; /* hex digits (RFC 5280 §4.1.2.2: 20 octets) */

/* Capital letters, an even number of digits, no zeros before it but in "00". */
static bool normal_serial(char out[SERIAL + 2], struct stir_slice hex)
{
    size_t n = 0;
    while (hex.n > 2 && hex.p[0] == '0')
        hex = stir_slice_from(hex, 1);
    if (hex.n == 0 || hex.n > SERIAL || !stir_is_all(hex, STIR_C_HEX))
        return false;
    if (hex.n % 2)
        out[n++] = '0';
    for (size_t i = 0; i < hex.n; i++)
        out[n++] = hex.p[i] >= 'a' ? (char)(hex.p[i] - ('a' - 'A')) : hex.p[i];
    out[n] = '\0';
    return true;
}

static bool is_reason(int64_t reason)
{
    return reason >= 0 && reason <= 10 && reason != 7 && reason != 8;
}

static bool is_name(struct stir_slice der)
{
    struct stir_reader r = stir_reader_of(der);
    struct stir_slice content;
    return der.n <= STIR_MAX_CERT && stir_der_get(&r, 0x30, &content, NULL) == STIR_OK && stir_reader_left(&r) == 0;
}

struct revoking {
    struct stir_slice issuer;
    const char *serial;
    int64_t at, reason, not_after, now;
    const char *reporter;
};

static enum stir_err revoke(struct stir_store *store, const struct revoking *r, size_t *added)
{
    char serial[SERIAL + 2];
    int64_t at = r->at > 0 && r->at < r->now ? r->at : r->now;
    if (!normal_serial(serial, stir_slice_str(r->serial)) || !is_reason(r->reason) || !is_name(r->issuer) || r->not_after < 0)
        return STIR_EVALUE;
    return stir_store_do(store,
                         "INSERT INTO pa_revocations (issuer, serial, revoked, reason, reporter, told, not_after, crl)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT DO NOTHING",
                         STIR_VALUES(stir_store_bytes(r->issuer), stir_store_str(serial), stir_store_int(at), stir_store_int(r->reason),
                                     stir_store_str(r->reporter), stir_store_int(r->now), stir_store_int(r->not_after)),
                         added);
}

enum stir_err stir_pa_revoke(struct stir_store *store, struct stir_slice issuer_der, const char *serial, int64_t at, int reason, int64_t not_after,
                             const char *reporter, int64_t now)
{
    const struct revoking r = {issuer_der, serial, at, reason, not_after, now, reporter};
    size_t added = 0;
    return revoke(store, &r, &added);
}

/* ---- Reports ---- */

enum outcome { TAKEN = 0, STRANGER, FOREIGN, UNPROVEN, FORGED };

struct report {
    struct stir_clerk *clerk;
    unsigned char hash[STIR_SHA256];
    struct stir_arena arena;
    struct revoking revoking;
    struct stir_cert *cert; /* NULL: not sent */
    struct stir_cert *chain[STIR_MAX_CHAIN];
    size_t n_chain;
    enum outcome outcome;
    char ca[STIR_PA_MAX_TEXT + 1]; /* its name */
    char sha256[STIR_PA_SHA_TEXT]; /* of its listed certificate */
    size_t added;
    struct stir_diag diag;
};

static bool decode(struct stir_slice *out, struct stir_slice text, struct report *r)
{
    unsigned char *room = stir_arena_get(&r->arena, stir_b64url_max_decoded(text.n) + 1);
    size_t n = 0;
    if (!room || stir_b64url_decode(room, &n, text) != STIR_OK)
        return false;
    *out = stir_slice_of(room, n);
    return true;
}

static bool take_cert(struct stir_cert **out, struct stir_json value, struct report *r)
{
    struct stir_slice text, der;
    return value.type == STIR_JSON_STRING && stir_json_string(&text, value, &r->arena) == STIR_OK && decode(&der, text, r) &&
           stir_cert_parse(out, der, NULL) == STIR_OK;
}

static bool bad(struct stir_exchange *x, const char *member, const char *what)
{
    stir_pa_refuse(x, 400, member, "%s %s", member, what);
    return false;
}

/* A number that may be absent. */
static bool read_number(struct stir_exchange *x, struct stir_json body, const char *name, int64_t *out)
{
    struct stir_json value;
    if (!stir_json_member(body, name, &value) || (stir_json_integer(out, value) && *out >= 0))
        return true;
    return bad(x, name, "must be a whole number: Unix seconds, or of reason a CRLReason");
}

static bool read_names(struct report *r, struct stir_exchange *x, struct stir_json body)
{
    struct stir_slice issuer, serial;
    char normal[SERIAL + 2];
    if (!stir_pa_text(&issuer, body, "issuer", &r->arena) || !decode(&r->revoking.issuer, issuer, r) || !is_name(r->revoking.issuer))
        return bad(x, "issuer", "must be the base64url of the DER Name of the certificate's issuer");
    if (!stir_pa_text(&serial, body, "serial", &r->arena) || !normal_serial(normal, serial))
        return bad(x, "serial", "must be the certificate's serial in hex, of 20 bytes at most");
    r->revoking.serial = stir_arena_format(&r->arena, "%s", normal);
    return r->revoking.serial != NULL || bad(x, "serial", "does not fit into memory");
}

static bool read_numbers(struct report *r, struct stir_exchange *x, struct stir_json body)
{
    if (!read_number(x, body, "revokedAt", &r->revoking.at) || !read_number(x, body, "reason", &r->revoking.reason) ||
        !read_number(x, body, "notAfter", &r->revoking.not_after))
        return false;
    return is_reason(r->revoking.reason) || bad(x, "reason", "must be a CRLReason: 0 to 6, 9 or 10");
}

static bool read_cert(struct report *r, struct stir_exchange *x, struct stir_json body)
{
    struct stir_json value;
    char serial[SERIAL + 2];
    if (!stir_json_member(body, "certificate", &value))
        return true;
    if (!take_cert(&r->cert, value, r))
        return bad(x, "certificate", "must be the base64url of the certificate's DER");
    const struct stir_cert_info *info = stir_cert_info(r->cert);
    if (!stir_slice_eq(info->issuer_der, r->revoking.issuer) || !normal_serial(serial, stir_slice_str(info->serial_hex)) ||
        strcmp(serial, r->revoking.serial) != 0)
        return bad(x, "certificate", "is not the one of this issuer and serial");
    r->revoking.not_after = info->not_after;
    return true;
}

static bool read_chain(struct report *r, struct stir_exchange *x, struct stir_json body)
{
    struct stir_json value;
    if (!stir_json_member(body, "chain", &value))
        return true;
    if (value.type != STIR_JSON_ARRAY)
        return bad(x, "chain", "must be a list of certificates");
    for (struct stir_json_iter it = stir_json_iter(value); stir_json_next(&it); r->n_chain++)
        if (r->n_chain == STIR_MAX_CHAIN || !take_cert(&r->chain[r->n_chain], it.value, r))
            return bad(x, "chain", "must be a list of the base64url of certificates' DER, 8 at most, the issuing one first");
    return true;
}

static bool read_report(struct report *r, struct stir_exchange *x)
{
    struct stir_json body;
    if (!stir_pa_body(x, &body, STIR_PA_MAX_REPORT))
        return false;
    return read_names(r, x, body) && read_numbers(r, x, body) && read_cert(r, x, body) && read_chain(r, x, body);
}

/* Nobody else can have the name from now on: that is written down, like what an operator does by hand. */
static enum stir_err take_issuer(struct stir_store *store, const struct report *r)
{
    struct stir_store_rows *rows = NULL;
    char actor[STIR_PA_SHA_TEXT + 4];
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT 1 FROM pa_issuers WHERE issuer = $1 AND ca = $2",
                                           STIR_VALUES(stir_store_bytes(r->revoking.issuer), stir_store_str(r->ca)));
    stir_store_rows_free(rows);
    if (err != STIR_ENOTFOUND)
        return err;
    TRY(stir_pa_issuer_take(store, r->revoking.issuer, r->ca, r->revoking.now));
    snprintf(actor, sizeof(actor), "ca %s", r->sha256);
    return stir_pa_audit(r->clerk, r->revoking.now, "issuer added", actor, r->sha256,
                         json_pack("{s:s, s:s}", "ca", r->ca, "issuer", stir_cert_info(r->chain[0])->subject));
}

/* The certificate that issued, as far as we have it: the listed one, or the first of the chain. */
static enum stir_err prove(struct stir_store *store, struct report *r, struct stir_cert *listed)
{
    bool by_listed = stir_slice_eq(stir_cert_info(listed)->subject_der, r->revoking.issuer);
    bool by_chain = !by_listed && r->n_chain > 0 && stir_slice_eq(stir_cert_info(r->chain[0])->subject_der, r->revoking.issuer);
    enum stir_err err = STIR_OK;
    if (by_chain) {
        r->outcome = UNPROVEN;
        if (stir_pa_issuer_path(r->chain, r->n_chain, listed, &r->diag) != STIR_OK)
            return STIR_OK;
        err = take_issuer(store, r);
    } else {
        struct stir_store_rows *rows = NULL;
        err = stir_store_ask_one(&rows, store, "SELECT ca FROM pa_issuers WHERE issuer = $1", STIR_VALUES(stir_store_bytes(r->revoking.issuer)));
        if (err == STIR_OK && !stir_slice_is(stir_store_get(rows, 0), r->ca))
            err = STIR_EMISMATCH;
        stir_store_rows_free(rows);
    }
    r->outcome = err == STIR_OK ? TAKEN : err == STIR_ENOTFOUND ? UNPROVEN : FOREIGN;
    if (err != STIR_OK)
        return err == STIR_ENOTFOUND || err == STIR_EMISMATCH ? STIR_OK : err;
    const struct stir_cert *issuer = by_listed ? listed : by_chain ? r->chain[0] : NULL;
    if (r->cert && issuer && stir_cert_signed_by(r->cert, issuer) != STIR_OK)
        r->outcome = FORGED;
    return STIR_OK;
}

/* Whose token it is. STIR_ENOTFOUND: no listed CA's. */
static enum stir_err find_ca(struct stir_store *store, struct report *r, struct stir_cert **listed)
{
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT sha256, der, name FROM pa_cas WHERE token_hash = $1 AND state = 'listed'",
                           STIR_VALUES(stir_store_bytes(stir_slice_of(r->hash, sizeof(r->hash))))));
    struct stir_slice sha256 = stir_store_get(rows, 0), name = stir_store_get(rows, 2);
    snprintf(r->sha256, sizeof(r->sha256), "%.*s", (int)sha256.n, sha256.p);
    snprintf(r->ca, sizeof(r->ca), "%.*s", (int)name.n, name.p);
    enum stir_err err = stir_cert_parse(listed, stir_store_get(rows, 1), &r->diag);
    stir_store_rows_free(rows);
    return err;
}

static enum stir_err record(struct stir_store *store, struct report *r)
{
    char actor[STIR_PA_SHA_TEXT + 4];
    snprintf(actor, sizeof(actor), "ca %s", r->sha256);
    r->revoking.reporter = actor;
    enum stir_err err = revoke(store, &r->revoking, &r->added);
    r->revoking.reporter = NULL;
    TRY(err);
    if (!r->added)
        return STIR_OK;
    stir_crash_point("pa report: recorded");
    return stir_pa_audit(r->clerk, r->revoking.now, "revocation recorded", actor, r->revoking.serial,
                         json_pack("{s:I, s:I}", "reason", (json_int_t)r->revoking.reason, "notAfter", (json_int_t)r->revoking.not_after));
}

static enum stir_err take(struct stir_store *store, void *arg)
{
    struct report *r = arg;
    struct stir_cert *listed = NULL;
    r->outcome = STRANGER;
    enum stir_err err = find_ca(store, r, &listed);
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    if (err == STIR_OK)
        err = prove(store, r, listed);
    stir_cert_free(listed);
    TRY(err);
    return r->outcome == TAKEN ? record(store, r) : STIR_OK;
}

static void answer(const struct report *r, struct stir_exchange *x)
{
    switch (r->outcome) {
    case TAKEN:
        x->hurry = true;
        stir_exchange_json(x, 200, "application/json", json_pack("{s:s}", "status", "success"));
        return;
    case STRANGER: stir_pa_refuse(x, 403, "credentials", "the Authorization is not the token of a CA that is listed"); return;
    case FOREIGN: stir_pa_refuse(x, 403, "issuer", "this issuer's name is another CA's: no one revokes for another"); return;
    case UNPROVEN:
        stir_pa_refuse(x, 403, "issuer", "this issuer is not known to be yours: send \"chain\", from its certificate to below your listed one%s%s",
                       r->diag.text[0] ? "; " : "", r->diag.text);
        return;
    case FORGED: stir_pa_refuse(x, 400, "certificate", "the certificate is not signed by the issuer it names"); return;
    }
}

static const char *const outcomes[] = {"taken", "stranger", "foreign-issuer", "unproven-issuer", "forged"};

static void work(struct report *r, struct stir_exchange *x, struct stir_slice bearer)
{
    enum stir_err err = stir_pa_hash(r->hash, r->clerk, bearer);
    if (err == STIR_OK)
        err = stir_store_transact(r->clerk->store, take, r, &r->diag);
    stir_crash_point("pa report: committed");
    if (err != STIR_OK) {
        stir_pa_fail(r->clerk, x, err, &r->diag);
        return;
    }
    answer(r, x);
    stir_clerk_say(r->clerk, r->outcome == TAKEN ? 2 : 1, "pa", "report=%s ca=%.16s serial=%s new=%d peer=\"%s\"", outcomes[r->outcome], r->sha256,
                   r->revoking.serial, r->added > 0, x->peer);
}

void stir_pa_serve_report(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct report r = {.clerk = clerk, .revoking = {.now = x->now}};
    struct stir_slice bearer = stir_pa_bearer(x);
    (void)pa;
    if (!bearer.p) {
        stir_exchange_field(x, "WWW-Authenticate", "Bearer realm=\"sti-pa\"");
        stir_pa_refuse(x, 401, "authorization", "Authorization is missing: the token that the administrator gave this CA");
    } else if (read_report(&r, x)) {
        work(&r, x, bearer);
    }
    stir_cert_free(r.cert);
    for (size_t i = 0; i < STIR_MAX_CHAIN; i++)
        stir_cert_free(r.chain[i]);
    stir_arena_clear(&r.arena);
}
