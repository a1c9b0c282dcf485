/* The policy administrator (STI-PA): providers and their accounts, SPC tokens, the list of trusted CAs, the indirect CRL (ATIS-1000080, RFC 9447 §5, RFC 9448
 * §5; docs/PA.md). A struct stir_pa is one reading of the configuration, shared by all clerks; all state is in the store. */
#ifndef STIR_SERVICE_PA_H
#define STIR_SERVICE_PA_H

#include "service/clerk.h"
#include "service/conf.h"
#include "service/exchange.h"

#include <stir/cert.h>
#include <stir/crl.h>

struct stir_pa;
struct stir_pa_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* Keys and certificates of [pa], checked: they belong together and under its root. `conf` is borrowed for the life of it. STIR_EVALUE: something fatal was
 * said; STIR_ENOMEM. */
enum stir_err stir_pa_new(struct stir_pa **out, const struct stir_conf *conf, const struct stir_pa_say *say) STIR_MUST_USE;
void stir_pa_free(struct stir_pa *pa);

/* /sti-pa/, /api/v1/, /at/, /download/v1/crl and /pa/; with the path of [pa] url before them, too. */
bool stir_pa_owns(const struct stir_pa *pa, struct stir_slice path);
void stir_pa_serve(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
/* Lists and CRLs that are due are made anew, logins that are over forgotten, static files written. @return milliseconds until the next: 2,000 at most, since a
 * command may have changed the store. */
int64_t stir_pa_chores(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now);
/* Lines of what is wrong, closed with NUL: no list or CRL, one that is over or soon, a signer that ends. */
bool stir_pa_ready(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, char *buf, size_t cap);

/* What `stir pa` does by hand, on the same store, each in a transaction with its row of the audit; `actor` is who. STIR_EEXISTS, STIR_ENOTFOUND, STIR_EVALUE:
 * `diag` says which. */
enum {
    STIR_PA_MAX_ID = 32,        /* characters of a provider's id */
    STIR_PA_MAX_TEXT = 200,     /* bytes of a name, of one contact, of a user's name */
    STIR_PA_MAX_CODES = 256,    /* of one provider */
    STIR_PA_MAX_CONTACTS = 16,  /* of one provider */
    STIR_PA_MIN_PASSWORD = 12,  /* characters */
    STIR_PA_MAX_PASSWORD = 256, /* bytes */
    STIR_PA_REPORT_TOKEN = 65,  /* bytes of a CA's token with its NUL */
};
struct stir_pa_provider {
    const char *id, *name;    /* id: 1 to 32 letters, digits, '-', '_' */
    const char *const *codes; /* each 4 characters, or 5 of a RespOrg: capital letters and digits; held by nobody else */
    size_t n_codes;
    const char *const *contacts;
    size_t n_contacts;
    const char *user, *password; /* of its first account; the password of 12 characters or more */
    bool may_ca;                 /* tokens with ca true, and with several of its codes: for CAs of delegates */
};
/* `account` (STIR_ID bytes) is the account's id, for URLs; the provider's id is good there, too. */
enum stir_err stir_pa_provider_add(struct stir_clerk *clerk, const struct stir_pa_provider *provider, const char *actor, int64_t now, char *account,
                                   struct stir_diag *diag) STIR_MUST_USE;
/* "active", "suspended": one who is suspended gets no tokens; his certificates stand until they are revoked. */
enum stir_err stir_pa_provider_state(struct stir_clerk *clerk, const char *id, const char *state, const char *actor, int64_t now,
                                     struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_code_add(struct stir_clerk *clerk, const char *id, const char *code, const char *actor, int64_t now,
                               struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_code_remove(struct stir_clerk *clerk, const char *id, const char *code, const char *actor, int64_t now,
                                  struct stir_diag *diag) STIR_MUST_USE;
/* A new password for the account of `user`; it is unlocked, and what was logged in is logged out. */
enum stir_err stir_pa_password(struct stir_clerk *clerk, const char *user, const char *password, const char *actor, int64_t now,
                               struct stir_diag *diag) STIR_MUST_USE;
/* A password nobody can guess, of 24 characters. */
enum { STIR_PA_PASSWORD = 25 };
enum stir_err stir_pa_password_new(char password[STIR_PA_PASSWORD]) STIR_MUST_USE;

/* Providers in the order of their ids (`id` NULL: all). Texts until the next one; STIR_ENOTFOUND: there is none of that id. */
struct stir_pa_provider_row {
    struct stir_slice id, name, state, contacts, codes; /* contacts and codes: JSON lists */
    struct stir_slice account, user;                    /* of its first account */
    int64_t created, updated, locked_until, tokens;     /* tokens: given so far */
    bool may_ca;
};
enum stir_err stir_pa_providers(struct stir_clerk *clerk, const char *id, void (*row)(void *arg, const struct stir_pa_provider_row *row), void *arg,
                                struct stir_diag *diag) STIR_MUST_USE;

/* `name`: the CA's, one for all its certificates; NULL: its O. `token` (STIR_PA_REPORT_TOKEN bytes; NULL: none is made): what the CA reports its revocations
 * with; only its hash is kept. The same again, with another name or token, renews these, and lists it again when it was removed. The list is made anew by the
 * next chore. The subject becomes a name of issuers that this CA, and no other, may report for: STIR_EMISMATCH when another has it. */
enum stir_err stir_pa_ca_add(struct stir_clerk *clerk, const struct stir_cert *cert, const char *name, char *token, const char *actor, int64_t now,
                             struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_ca_remove(struct stir_clerk *clerk, const char *sha256, const char *actor, int64_t now, struct stir_diag *diag) STIR_MUST_USE;
/* Let the CA `sha256` report for the certificates of `issuer`, too: one of its own below it, by a chain of `n` above it that ends under the CA's certificate.
 * STIR_EMISMATCH: there is no such path, or another CA has the name. */
enum stir_err stir_pa_issuer_add(struct stir_clerk *clerk, const char *sha256, struct stir_cert *const *chain, size_t n, const char *actor, int64_t now,
                                 struct stir_diag *diag) STIR_MUST_USE;
struct stir_pa_ca_row {
    struct stir_slice sha256, name, der, state; /* state: "listed", "removed" */
    int64_t added, removed, issuers;            /* issuers: names it may report for */
    bool may_report;                            /* it has a token */
};
enum stir_err stir_pa_cas(struct stir_clerk *clerk, void (*row)(void *arg, const struct stir_pa_ca_row *row), void *arg, struct stir_diag *diag) STIR_MUST_USE;

/* A revocation, by a CA's report or by hand; the same again is STIR_OK. Within a transaction, whose owner writes the row of the audit. `issuer_der`: the DER
 * Name of the certificate's issuer; `serial`: hex of its magnitude; `reason`: CRLReason, 0 to 10 without 7 and 8; `not_after`: of the certificate, 0: unknown.
 * STIR_EVALUE: something of it cannot be. */
enum stir_err stir_pa_revoke(struct stir_store *store, struct stir_slice issuer_der, const char *serial, int64_t at, int reason, int64_t not_after,
                             const char *reporter, int64_t now) STIR_MUST_USE;

/* A CA in another house reports by POST to [pa] url /sti-pa/revocation (or /api/v1/revocation), Authorization its token, borne by "Bearer" or bare, a JSON
 * object: issuer       base64url of the DER Name serial       hex of the magnitude, as struct stir_cert_info has it revokedAt    Unix seconds; absent: now
 *   reason       CRLReason as a number; absent: 0
 *   notAfter     Unix seconds, of the certificate; absent: unknown, and the entry stays for ever
 *   certificate  base64url of the certificate's DER; absent: none. It must be of this issuer and serial; its notAfter goes before the one said.
 *   chain        list of base64url of DER certificates, the issuing one first, up to but without the listed one; needed at the first report of an issuer that
 *                is not the listed certificate itself: from then on its name is this CA's
 * The answer is 200 {"status":"success"}, for the same again too; the CRL that has it follows within seconds. */

/* The list and the CRL, made now whatever is due, and the static files. STIR_ENOTFOUND: no CA is listed, so there is no list; the CRL is made. */
enum stir_err stir_pa_publish(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag) STIR_MUST_USE;

#endif
