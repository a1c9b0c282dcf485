/** @file stir/attest.h  The authentication service (STI-AS): a call, a signer and an attestation become an Identity header (RFC 8224 §6.1, RFC 8588).
 *  It refuses what a verifier would refuse. Pure: no I/O, no clock. */
#ifndef STIR_ATTEST_H
#define STIR_ATTEST_H

#include <stir/call.h>
#include <stir/cert.h>
#include <stir/passport.h>
#include <stir/policy.h>

STIR_BEGIN

/** What to sign. */
struct stir_attest_params {
    size_t size;                        /**< sizeof(struct stir_attest_params) */
    struct stir_passport_params claims; /**< ppt, x5u, attest, origid, orig, dest; iat 0 takes `now` */
    const struct stir_cert *cert;       /**< the certificate behind x5u; NULL: not checked */
    int64_t now;                        /**< seconds since 1970 UTC */
    struct stir_tn_options tn;          /**< dial plan for the message's numbers */
    enum stir_caller_source caller;     /**< which header names the caller */
    struct stir_identity_style style;
    int64_t max_date_age; /**< seconds between an INVITE's Date and `now`; 0: 60 */
    bool any_url;         /**< labs: x5u ports other than 443 and 8443, and IP addresses */
    bool media_keys;      /**< of a message: sign the fingerprints of its SDP as mky; tokens of no kind, and the compact form, do so in any case */
};
#ifdef __cplusplus
#define STIR_ATTEST_PARAMS_INIT                                                                                                                        \
    {                                                                                                                                                  \
        sizeof(struct stir_attest_params), STIR_PASSPORT_PARAMS_INIT, nullptr, 0, STIR_TN_OPTIONS_INIT, STIR_CALLER_PAI_FROM, STIR_IDENTITY_STYLE_INIT \
    }
#else
#define STIR_ATTEST_PARAMS_INIT                                                                                                                       \
    {                                                                                                                                                 \
        .size = sizeof(struct stir_attest_params), .claims = STIR_PASSPORT_PARAMS_INIT, .tn = STIR_TN_OPTIONS_INIT, .style = STIR_IDENTITY_STYLE_INIT \
    }
#endif

/** A token that waits for its signature. */
struct stir_attest {
    char token[STIR_MAX_TOKEN + 1]; /**< header "." payload, then "." signature after finishing */
    size_t len;
    unsigned char digest[STIR_SHA256]; /**< to be signed */
    char x5u[STIR_MAX_URL + 1];
    char ppt[16];
    struct stir_identity_style style;
};

/** Check everything and build what is signed.
 *  @return STIR_OK; STIR_EVALUE (a claim, a number or the x5u; `diag` says which), STIR_EMISMATCH (`key` is not the certificate's), STIR_ETIME (the certificate
 * is not valid at iat or now, or iat is more than a minute off), STIR_ELIMIT, STIR_ECRYPTO, STIR_EARG. `key` may be NULL when the signer is not at hand. */
STIR_API STIR_MUST_USE enum stir_err stir_attest_prepare(struct stir_attest *out, const struct stir_attest_params *params, const struct stir_key *key,
                                                         struct stir_es256_ctx *ctx, struct stir_diag *diag);

/** Put the signature in: the Identity value with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_attest_finish(char *buf, size_t cap, size_t *len, const struct stir_attest *prepared,
                                                        const unsigned char sig[STIR_ES256_SIG]);

/** Both, with a signer that answers at once.
 *  @return as the two, or what the signer answers. */
STIR_API STIR_MUST_USE enum stir_err stir_attest(char *buf, size_t cap, size_t *len, const struct stir_attest_params *params, const struct stir_signer *signer,
                                                 struct stir_es256_ctx *ctx, struct stir_diag *diag);

/** What signing an INVITE did. */
struct stir_attest_report {
    size_t identity_at; /**< offset of the first new Identity line in the new message */
    size_t bytes_added; /**< by Identity and Date together */
    bool date_added;
    bool over_1300; /**< the new message is longer than 1,300 bytes: over UDP it may be fragmented or refused (RFC 3261 §18.1.1) */
    size_t identities_added; /**< more than one where several tokens are diverted */
};

/** Sign an INVITE: orig and dest from the message, Date added when it has none; the message otherwise byte for byte, with a closing NUL.
 *  `params->claims` gives ppt, x5u, attest, origid; its orig and dest must be NULL. For ppt rcd, without rcd and crn, rcd is the display name of From (RFC 9795
 *  §12.1); it must be that in the compact form, where crn is the call-reason of Call-Info. For ppt rsp the message is a response of 100 to 299 instead, orig is
 *  From and dest is To (RFC 9970 §4).
 *
 *  For ppt div and div-o (RFC 8946) the INVITE is as it goes on to the new target: dest is the Request-URI, div, unless given, the party before it by
 *  History-Info (with its index), else by the topmost Diversion, else the callee of To. Signed is what the tokens that were for that party want: one div for each
 *  caller that they name, or one div-o around each of them that is in full form; what is there already is not signed again.
 *  @return as stir_attest(); STIR_ESYNTAX (no SIP message, or no INVITE), STIR_ETIME (its Date is more than max_date_age off; compact: iat is not its Date),
 *  STIR_ELIMIT (also: with more Identity headers no verifier would judge it), STIR_ESTATE (it carries a shaken Identity already; for div and div-o: it carries
 *  none, none that was for the diverting party, was not diverted, or says so already), STIR_EVALUE (compact: rcd or crn is not what the message says;
 *  media_keys: its SDP has no fingerprint that can be read). */
STIR_API STIR_MUST_USE enum stir_err stir_attest_invite(char *buf, size_t cap, size_t *len, struct stir_attest_report *report, struct stir_slice invite,
                                                        const struct stir_attest_params *params, const struct stir_signer *signer, struct stir_es256_ctx *ctx,
                                                        struct stir_diag *diag);

/** Sign a token over exactly these claims: header and payload are brought into canonical form and nothing else is looked at but alg, which must be ES256 or
 * missing. The token with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_EJSON, STIR_EVALUE (alg is another, or no objects), STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or what the signer answers. */
STIR_API STIR_MUST_USE enum stir_err stir_attest_claims(char *buf, size_t cap, size_t *len, struct stir_slice header_json, struct stir_slice payload_json,
                                                        const struct stir_signer *signer, struct stir_es256_ctx *ctx, struct stir_diag *diag);

/** Take what names our own tokens out of the value of a Reason header that travels back to the caller (RFC 9410 §7): he may not be meant to see their claims,
 *  and a fresh token could be used again. `own` are the Identity values that this service put into the call. Of a list of values only those go that hold the
 *  signature or the payload of one of them, in ppi or elsewhere; the rest stays as it is, joined with ", ". `*removed` (may be NULL) says how many went: log
 *  them first, they say why a verifier did not believe us. When nothing is left, `*len` is 0, and the header goes too.
 *  @return STIR_OK; STIR_ESYNTAX (a quote that does not end: leave the header out), STIR_EVALUE (one of `own` is no Identity value), STIR_ELIMIT (more than
 *  STIR_MAX_IDENTITIES of them, a value longer than a message; `cap` too small: `*len` says what is needed without the NUL), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_attest_reason_strip(char *buf, size_t cap, size_t *len, size_t *removed, struct stir_slice value,
                                                              const struct stir_slice *own, size_t n_own);

STIR_END
#endif
