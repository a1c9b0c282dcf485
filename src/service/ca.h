/* The certificate authority (STI-CA): RFC 8555 with TNAuthList identifiers and tkauth-01 (RFC 9447, RFC 9448). A struct stir_ca is one reading of the
 * configuration, shared by all clerks; everything that must outlive it is in the store, but nonces and limits by address, which a process keeps. */
#ifndef STIR_SERVICE_CA_H
#define STIR_SERVICE_CA_H

#include "service/conf.h"
#include "service/office.h"

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

#endif
