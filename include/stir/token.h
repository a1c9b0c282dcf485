/** @file stir/token.h  Authority tokens for TNAuthLists, in SHAKEN called SPC tokens (RFC 9447, RFC 9448, ATIS-1000080): a policy administrator's word that an
 *  account may have a certificate for a list. Written by the administrator, carried by the provider, checked by the certificate authority.
 *  Pure: no I/O; what x5u names is fetched by the caller. */
#ifndef STIR_TOKEN_H
#define STIR_TOKEN_H

#include <stir/signer.h>
#include <stir/tnauth.h>
#include <stir/trust.h>

STIR_BEGIN

/** What the fingerprint of a token is the digest of. RFC 9448 §5.4 says the thumbprint; deployed clients hash the SubjectPublicKeyInfo. */
enum stir_token_binding {
    STIR_TOKEN_BY_JWK = 1,  /**< RFC 7638 thumbprint of the account key */
    STIR_TOKEN_BY_SPKI = 2, /**< SHA-256 of its SubjectPublicKeyInfo */
    STIR_TOKEN_BY_EITHER = 3,
};

/** An authority token that was read and not yet believed. */
struct stir_token;

/** What a token says. Slices are borrowed from it. Times are seconds since 1970 UTC. */
struct stir_token_info {
    struct stir_slice jws;          /**< the compact form, as it was sent */
    struct stir_slice x5u;          /**< where the administrator publishes its signer's certificates; absent: `has_x5c` */
    bool has_x5c;                   /**< the chain stands in the header: stir_token_check() takes it from there when no other is given */
    struct stir_slice iss, jti;     /**< iss absent when not said; jti is always there */
    int64_t exp;                    /**< not used from then on */
    int64_t iat;                    /**< 0: not said */
    int64_t nbf;                    /**< 0: not said */
    struct stir_slice tktype;       /**< "TNAuthList" */
    struct stir_slice tkvalue;      /**< as it stands */
    const struct stir_tnauth *list; /**< tkvalue, read */
    struct stir_slice fingerprint;  /**< "SHA256 55:AB:..." as it stands */
    bool ca;                        /**< a CA certificate may be asked for (RFC 9448 §5.4) */
};

/** Read a token: RFC 9448 §6 step 1. Compact JWS, ES256, strict JSON; exp, jti and atc with tktype "TNAuthList" (RFC 9447's spelling "TnAuthList" is borne),
 * tkvalue (base64url, or base64 as deployed ones write), fingerprint; ca, false when absent; x5u or x5c in the header.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_EB64, STIR_EJSON, STIR_EVALUE (another algorithm, `none` among them; a claim missing or not of its type), STIR_EDER
 * (tkvalue), STIR_ELIMIT, STIR_ENOMEM, STIR_EARG: `diag` names the member; `*out` is untouched unless STIR_OK. The caller frees with stir_token_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_token_read(struct stir_token **out, struct stir_slice text, struct stir_diag *diag);

/** Free a token; NULL is fine. */
STIR_API void stir_token_free(struct stir_token *token);

/** What it says, borrowed for its life.
 *  @return never NULL. */
STIR_API const struct stir_token_info *stir_token_info(const struct stir_token *token);

/** Why a token does not authorise; in the order in which they are asked (RFC 9448 §6). Numbers are part of the ABI. */
enum stir_token_fault {
    STIR_TOKEN_GOOD = 0,
    STIR_TOKEN_SIGNER = 1,      /**< the chain given has no path to a root of the administrator, or its first certificate may not sign */
    STIR_TOKEN_SIGNATURE = 2,   /**< not signed by it */
    STIR_TOKEN_LIST = 3,        /**< tkvalue is not the identifier's list */
    STIR_TOKEN_EXPIRED = 4,     /**< exp is past */
    STIR_TOKEN_EARLY = 5,       /**< nbf or iat is in the future, by more than a minute */
    STIR_TOKEN_FINGERPRINT = 6, /**< bound to another account's key */
    STIR_TOKEN_CA = 7,          /**< ca is true and no CA certificate is asked for, or the reverse */
    STIR_TOKEN_LONG = 8,        /**< exp is further away than is accepted */
};

/** A fault in a few words, for a person.
 *  @return a constant string; never NULL. */
STIR_API const char *stir_token_fault_text(enum stir_token_fault fault);

/** What a token is held against. */
struct stir_token_demand {
    size_t size;                    /**< sizeof(struct stir_token_demand) */
    struct stir_slice signer_pem;   /**< what its x5u gave, leaf first; absent: its x5c */
    struct stir_slice pa_root_pem;  /**< the pinned roots of the administrator: nothing else is trusted */
    const struct stir_tnauth *list; /**< the order's; NULL: any */
    struct stir_key *account;       /**< the account's key; NULL: any */
    enum stir_token_binding binding;
    int ca; /**< 1: a CA certificate is asked for, 0: an end entity's, -1: not known yet */
    int64_t now;
    int64_t max_life; /**< seconds from now that exp may be away; 0: any */
};
#ifdef __cplusplus
#define STIR_TOKEN_DEMAND_INIT           \
    {                                    \
        sizeof(struct stir_token_demand) \
    }
#else
#define STIR_TOKEN_DEMAND_INIT                   \
    {                                            \
        .size = sizeof(struct stir_token_demand) \
    }
#endif

/** Check it: RFC 9448 §6 steps 2 to 9; `*fault` is the first that fails. jti is for the caller to remember.
 *  @return STIR_OK (`*fault` and, unless it is GOOD, `diag` say how it ended); STIR_EPEM, STIR_EDER, STIR_EKEY (the administrator's root is unusable),
 * STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_token_check(enum stir_token_fault *fault, const struct stir_token *token, const struct stir_token_demand *demand,
                                                      struct stir_diag *diag);

/** What goes into a token. */
struct stir_token_params {
    size_t size;                /**< sizeof(struct stir_token_params) */
    struct stir_slice x5u;      /**< https; required */
    struct stir_slice iss, jti; /**< iss absent: none; jti required, unique */
    int64_t iat, exp;
    struct stir_slice tkvalue;     /**< base64url DER: of stir_tnauth_der() */
    struct stir_slice fingerprint; /**< as the provider asked: "SHA256 " and 32 pairs */
    bool ca;
};
#ifdef __cplusplus
#define STIR_TOKEN_PARAMS_INIT           \
    {                                    \
        sizeof(struct stir_token_params) \
    }
#else
#define STIR_TOKEN_PARAMS_INIT                   \
    {                                            \
        .size = sizeof(struct stir_token_params) \
    }
#endif

/** Make and sign a token, compact, with a closing NUL.
 *  @return STIR_OK; STIR_EVALUE (a member is missing or not allowed; `diag` says which), STIR_ELIMIT (`cap` too small; `*len` says what is needed without the
 * NUL), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or what the signer answers. */
STIR_API STIR_MUST_USE enum stir_err stir_token_make(char *buf, size_t cap, size_t *len, const struct stir_token_params *params,
                                                     const struct stir_signer *signer, struct stir_diag *diag);

/** The fingerprint text of a key, with a closing NUL: STIR_TOKEN_FINGERPRINT_TEXT bytes.
 *  @return STIR_OK; STIR_EVALUE (BY_EITHER), STIR_ELIMIT, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_token_fingerprint(char *buf, size_t cap, const struct stir_key *key, enum stir_token_binding binding);
#define STIR_TOKEN_FINGERPRINT_TEXT 103 /**< "SHA256 ", 32 pairs, 31 colons, NUL */

/** What the administrator's list of trusted CAs is made of. */
struct stir_ca_list_params {
    size_t size; /**< sizeof(struct stir_ca_list_params) */
    struct stir_slice x5u;
    int64_t sequence, exp;
    struct stir_cert *const *certs;
    size_t n; /**< up to STIR_MAX_LISTED */
};
#ifdef __cplusplus
#define STIR_CA_LIST_PARAMS_INIT           \
    {                                      \
        sizeof(struct stir_ca_list_params) \
    }
#else
#define STIR_CA_LIST_PARAMS_INIT                   \
    {                                              \
        .size = sizeof(struct stir_ca_list_params) \
    }
#endif

/** Make and sign the list as a compact JWS, with a closing NUL: what stir_ca_list_parse() reads.
 *  @return STIR_OK; STIR_EVALUE, STIR_ELIMIT (`*len` says what is needed without the NUL), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or what the signer answers. */
STIR_API STIR_MUST_USE enum stir_err stir_ca_list_make(char *buf, size_t cap, size_t *len, const struct stir_ca_list_params *params,
                                                       const struct stir_signer *signer, struct stir_diag *diag);

STIR_END
#endif
