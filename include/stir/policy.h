/** @file stir/policy.h  What a verifier insists on.
 *  Pure: no I/O. A plain struct: fill it from a preset, change what you need, share it while nobody changes it. */
#ifndef STIR_POLICY_H
#define STIR_POLICY_H

#include <stir/identity.h>
#include <stir/passport.h>
#include <stir/reason.h>

STIR_BEGIN

/** Which header names the caller. */
enum stir_caller_source {
    STIR_CALLER_PAI_FROM = 0, /**< P-Asserted-Identity (tel before sip) when there is one, else From: SHAKEN */
    STIR_CALLER_FROM = 1,     /**< From alone: RFC 8224, France */
    STIR_CALLER_FROM_PAI = 2, /**< From unless it is anonymous or no number, then P-Asserted-Identity */
};

/** Reasons whose severity a policy may change at once. */
#define STIR_POLICY_OVERRIDES 64
/** Policy OIDs that a policy may accept. */
#define STIR_POLICY_OIDS 8

/** A policy. */
struct stir_policy {
    size_t size;          /**< sizeof(struct stir_policy) */
    const char *name;     /**< of the preset it came from; constant */
    uint64_t id;          /**< the caller's number for it: cached chains die with it; 0 is fine for one policy */
    unsigned accept;      /**< bit 1 << ppt for each kind that may decide a call: none, shaken or rcd; others never do */
    bool strict;          /**< take severities from the catalogue's strict column, and read Identity strictly */
    bool allow_compact;   /**< compact form where the kind defines it */
    bool exhaustive;      /**< run later checks even when a gate failed: for explanations, never for traffic */
    int64_t max_age;      /**< seconds that iat may lie behind now; default 60. No window is below 0 or longer than 8,000 years */
    int64_t max_future;   /**< seconds that iat may lie ahead of now; default 60 */
    int64_t max_date_age; /**< seconds between Date and now, either way; default 60 */
    int64_t max_date_iat; /**< seconds between Date and iat, either way; default 60 */
    enum stir_caller_source caller;
    struct stir_tn_options tn; /**< dial plan for the numbers of the message */
    bool crl_required;         /**< without a usable CRL the call fails */
    bool tnauth_optional;      /**< labs: a leaf without TNAuthList may sign */
    bool any_url;              /**< labs: x5u ports other than 443 and 8443, and IP addresses; never another scheme than https */
    struct {
        enum stir_reason reason;
        enum stir_severity severity;
    } overrides[STIR_POLICY_OVERRIDES]; /**< severities that differ from the catalogue's */
    size_t n_overrides;
    const char *policy_oid[STIR_POLICY_OIDS]; /**< accepted certificate policies, dotted */
    size_t n_policy_oids;                     /**< 0: any in the SHAKEN arc */
    char min_attest;    /**< 'A', 'B' or 'C': a token that decides says at least this, and one without attestation does not do; 0: any does */
    bool fetch_content; /**< ask for what rich call data names by URL; without it, such content is a warning */
    bool check_authority; /**< ask of each token that vouches for a number, under a certificate that names a code alone, whether that provider holds the number:
                               a later round of needs; off in every preset */
    bool fetch_tnlist;    /**< ask for TNAuthLists where a certificate of the path names its own by URL; without it, such a certificate has none */
    bool check_replay;  /**< ask of each token that passed all else whether it came with another call: a second round of needs; off in every preset */
};

/** Fill `*out` with a preset: "shaken" (the default: what the field needs), "strict" (every departure from the standards is fatal),
 *  "rfc8224" (any kind of token, compact form too, caller from From), "atis", "us", "us-strict", "ca", "fr-man". stir-policy(7) states what is in each.
 *  @return STIR_OK; STIR_ENOTFOUND (no such preset), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_policy_preset(struct stir_policy *out, struct stir_slice name);

/** The `index`th preset's name, from 0.
 *  @return NULL past the end. */
STIR_API const char *stir_policy_preset_at(size_t index);

/** What the policy makes of a reason.
 *  @return its override, else the catalogue's column. */
STIR_API enum stir_severity stir_policy_severity(const struct stir_policy *policy, enum stir_reason reason);

/** Set a reason's severity. What would leave nothing to judge, or let anybody be anybody (a bad signature, another algorithm), cannot be softened.
 *  @return STIR_OK; STIR_ENOTFOUND (no such reason), STIR_EVALUE (one that stays fatal), STIR_ELIMIT (STIR_POLICY_OVERRIDES), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_policy_set(struct stir_policy *policy, enum stir_reason reason, enum stir_severity severity);

STIR_END
#endif
