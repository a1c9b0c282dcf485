/* Inside of the path check: what its files share, and what a verification takes from a chain. */
#ifndef STIR_CORE_CHAIN_H
#define STIR_CORE_CHAIN_H

#include <stir/chain.h>

#include "core/cert.h"
#include "core/trust.h"

/* The key, the constraints (at most two: i is 0 or 1; NULL where there is none) and the TNAuthList that hold for the signer. The list is the leaf's, or when
 * the leaf has none the nearest issuer's: a CA's list limits the whole path (RFC 8226 §9). NULL where there is none. Borrowed. */
struct stir_key *stir_chain_key(const struct stir_chain *chain);
const struct stir_constraints *stir_chain_constraints(const struct stir_chain *chain, size_t i);
const struct stir_tnauth *stir_chain_tnauth(const struct stir_chain *chain);

/* What was found about a path: all reasons, and a sentence about the first of them that is fatal. */
enum { STIR_FINDING_BASE = STIR_R_CERT_UNREADABLE, STIR_FINDINGS = 64, STIR_FINDING_DETAIL = 400 };
struct stir_findings {
    const struct stir_policy *policy;
    uint64_t found;         /* bit: reason - STIR_FINDING_BASE */
    enum stir_reason fatal; /* the first that fails under the policy, in the catalogue's order; STIR_R_NONE */
    char detail[STIR_FINDING_DETAIL];
};
void stir_findings_add(struct stir_findings *findings, enum stir_reason reason, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For "%.*s" with a name: long ones are cut, so that a sentence keeps its end. */
#define STIR_NAME(text) 120, (text)

/* Certificates from the leaf on, each signed by the next. */
struct stir_path {
    struct stir_cert *cert[STIR_MAX_CHAIN + 1]; /* borrowed */
    size_t n;
    const struct stir_domain *domain; /* of the anchor that it ends at; NULL when it does not */
};

/* A path, judged. */
struct stir_path_verdict {
    struct stir_path path;
    struct stir_findings findings;
    int64_t valid_from, valid_until, checked_until;
    bool trusted;
};

/* What a path is searched for. */
struct stir_path_task {
    struct stir_cert *leaf;
    struct stir_cert *const *others; /* delivered with it */
    size_t n_others;
    const struct stir_trust *trust;
    const struct stir_policy *policy;
    int64_t now;
};

/* path.c: search the best path to an anchor, or say best why there is none. @return STIR_OK, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_path_search(const struct stir_path_task *task, struct stir_path_verdict *out) STIR_MUST_USE;

/* rules.c: what RFC 5280 §6.1, RFC 9060 and the SHAKEN profile ask of the certificates of a path, but for signatures, dates and revocation. */
void stir_rules_path(const struct stir_path *path, struct stir_findings *findings);
/* May this certificate issue, with `below` intermediates between it and the last certificate of the path (self-issued ones not counted)?
 * @return STIR_R_NONE, STIR_R_ISSUER_NOT_CA, STIR_R_ISSUER_KEY_USAGE, STIR_R_PATH_LENGTH or STIR_R_CRITICAL_EXTENSION. */
enum stir_reason stir_rules_issuer(const struct stir_cert_info *issuer, size_t below);
/* The certificate has a critical extension that is not understood, or one that stands twice. */
bool stir_rules_odd_extension(const struct stir_cert_info *cert, struct stir_slice *oid);
/* A key that no signature is trusted from: unknown, too short, so long that it is an attack on our time, or with explicit parameters. */
bool stir_rules_key_refused(const struct stir_cert_info *issuer);

/* revocation.c: hold every certificate of an anchored path but the anchor against the lists of its domain. `*until` is lowered to the last second at which
 * they say the same. @return STIR_OK, STIR_ENOMEM, STIR_ECRYPTO. */
enum stir_err stir_revocation_path(const struct stir_path *path, int64_t now, struct stir_findings *findings, int64_t *until) STIR_MUST_USE;

#endif
