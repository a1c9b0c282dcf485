/* The certificate authority (STI-CA): RFC 8555 with TNAuthList identifiers and tkauth-01 (RFC 9447, RFC 9448). A struct stir_ca is one reading of the
 * configuration, shared by all clerks; everything that must outlive it is in the store, but nonces and limits by address, which a process keeps. */
#ifndef STIR_SERVICE_CA_H
#define STIR_SERVICE_CA_H

#include "service/clerk.h"
#include "service/conf.h"
#include "service/exchange.h"
#include "service/schema.h"

struct stir_ca;

/* Told of what is wrong, and of what is doubtful (`fatal` false), a line each. */
struct stir_ca_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* Read key, chain and roots of [ca], check that they belong together, and make profiles ready. `before`: nonces and limits are taken over from it, so that no
 * client is refused for a reload; NULL: none. @return STIR_OK; STIR_EVALUE, STIR_EIO and what reading answers; each fault was said. `conf` must outlive it. */
enum stir_err stir_ca_new(struct stir_ca **out, const struct stir_conf *conf, struct stir_ca *before, const struct stir_ca_say *say) STIR_MUST_USE;
void stir_ca_free(struct stir_ca *ca); /* NULL is fine */

/* Is `path` one of its own? From any thread. */
bool stir_ca_owns(const struct stir_ca *ca, struct stir_slice path);
/* Answer a request; always answers. On a clerk's thread. */
void stir_ca_serve(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_exchange *x);
/* At the start, before anything is served: what a crash left is finished or burnt, and said in log and audit. */
enum stir_err stir_ca_recover(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now, struct stir_diag *diag) STIR_MUST_USE;
/* Work that waits: challenges under way, orders and authorizations that are over, revocations on their way to the administrator, tokens that may be forgotten.
 * @return milliseconds after which it wants to be called again. */
int64_t stir_ca_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now);
/* For /readyz: its certificate ends, its store fails. */
bool stir_ca_ready(struct stir_ca *ca, int64_t now, char *buf, size_t cap);

/* External account bindings (RFC 8555 §7.3.4): credentials that the operator gives to whom he knows, for one account each; what `stir ca binding` does. */
enum {
    STIR_CA_BINDING_KEY = 32,   /* bytes of its MAC key */
    STIR_CA_BINDING_MAC = 44,   /* of that as base64url, NUL included */
    STIR_CA_BINDING_NAME = 100, /* bytes */
    STIR_CA_BINDING_CODES = 64,
};
struct stir_ca_binding {
    const char *name;         /* whom it is for */
    const char *const *codes; /* that its account may order for; none: any */
    size_t n_codes;
};
/* `kid` and `mac` are given, the latter this once; the caller cleanses it. STIR_EVALUE, STIR_ELIMIT (`diag` says what), and what a store answers. */
enum stir_err stir_ca_binding_add(struct stir_clerk *clerk, const struct stir_ca_binding *binding, const char *actor, int64_t now, char kid[STIR_ID],
                                  char mac[STIR_CA_BINDING_MAC], struct stir_diag *diag) STIR_MUST_USE;
/* Nobody makes an account with it any more, and the account that has it orders nothing; its certificates stand. STIR_ENOTFOUND. */
enum stir_err stir_ca_binding_revoke(struct stir_clerk *clerk, const char *kid, const char *actor, int64_t now, struct stir_diag *diag) STIR_MUST_USE;
struct stir_ca_binding_row {
    struct stir_slice kid, name, codes /* a JSON list */, state /* active, revoked */, account /* absent: not used yet */;
    int64_t created;
};
/* All, the oldest first; false of `row` ends it. */
enum stir_err stir_ca_binding_each(struct stir_clerk *clerk, bool (*row)(void *arg, const struct stir_ca_binding_row *row), void *arg,
                                   struct stir_diag *diag) STIR_MUST_USE;

#endif
