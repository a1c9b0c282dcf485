/* The policy administrator (STI-PA): providers and their accounts, SPC tokens, the list of trusted CAs, the indirect CRL (ATIS-1000080, RFC 9447 §5, RFC 9448
 * §5). A struct stir_pa is one reading of the configuration, shared by all clerks; all state is in the store. */
#ifndef STIR_SERVICE_PA_H
#define STIR_SERVICE_PA_H

#include "service/conf.h"
#include "service/office.h"

#include <stir/cert.h>
#include <stir/crl.h>

struct stir_pa;
struct stir_pa_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* Keys and certificates of [pa], checked: they belong together and under its root. As stir_ca_new(). */
enum stir_err stir_pa_new(struct stir_pa **out, const struct stir_conf *conf, const struct stir_pa_say *say) STIR_MUST_USE;
void stir_pa_free(struct stir_pa *pa);

bool stir_pa_owns(const struct stir_pa *pa, struct stir_slice path);
void stir_pa_serve(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
/* Lists and CRLs that are due are made anew, logins that are over forgotten, static files written. @return milliseconds until the next. */
int64_t stir_pa_chores(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now);
bool stir_pa_ready(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, char *buf, size_t cap);

/* What `stir pa` does by hand, on the same store, each in a transaction with its row of the audit; `actor` is who. STIR_EEXISTS, STIR_ENOTFOUND, STIR_EVALUE.
 */
struct stir_pa_provider {
    const char *id, *name; /* id: 1 to 32 letters, digits, '-', '_' */
    const char *const *codes;
    size_t n_codes;
    const char *const *contacts;
    size_t n_contacts;
    const char *user, *password; /* of its first account */
    bool may_ca;                 /* tokens with ca true: for CAs of delegates */
};
/* `account` (STIR_ID bytes) is the account's id, for URLs. */
enum stir_err stir_pa_provider_add(struct stir_clerk *clerk, const struct stir_pa_provider *provider, const char *actor, int64_t now, char *account,
                                   struct stir_diag *diag) STIR_MUST_USE;
/* "active", "suspended": one who is suspended gets no tokens; his certificates stand until they are revoked. */
enum stir_err stir_pa_provider_state(struct stir_clerk *clerk, const char *id, const char *state, const char *actor, int64_t now,
                                     struct stir_diag *diag) STIR_MUST_USE;
/* `token` (65 bytes; NULL: none is made): what the CA reports its revocations with; only its hash is kept. The list is made anew by the next chore. */
enum stir_err stir_pa_ca_add(struct stir_clerk *clerk, const struct stir_cert *cert, const char *name, char *token, const char *actor, int64_t now,
                             struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_ca_remove(struct stir_clerk *clerk, const char *sha256, const char *actor, int64_t now, struct stir_diag *diag) STIR_MUST_USE;
/* A revocation, by a CA's report or by hand; the same again is STIR_OK. Within a transaction. `not_after`: of the certificate, 0: unknown. */
enum stir_err stir_pa_revoke(struct stir_store *store, struct stir_slice issuer_der, const char *serial, int64_t at, int reason, int64_t not_after,
                             const char *reporter, int64_t now) STIR_MUST_USE;
/* The list and the CRL, made now whatever is due. */
enum stir_err stir_pa_publish(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag) STIR_MUST_USE;

#endif
