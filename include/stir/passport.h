/** @file stir/passport.h  PASSporT tokens of every kind (RFC 8225, 8588, 8946, 8443, 9027, 9795, 9970).
 *  Pure: no I/O. Thread-safe on distinct objects. */
#ifndef STIR_PASSPORT_H
#define STIR_PASSPORT_H

#include <stir/identity.h>
#include <stir/tn.h>

STIR_BEGIN

/** Kinds of PASSporT (IANA registry of ppt values). */
enum stir_ppt {
    STIR_PPT_NONE = 0,   /**< no ppt: the base PASSporT (RFC 8225) */
    STIR_PPT_SHAKEN = 1, /**< RFC 8588 */
    STIR_PPT_DIV = 2,    /**< RFC 8946 §3 */
    STIR_PPT_DIV_O = 3,  /**< RFC 8946 §5 */
    STIR_PPT_RPH = 4,    /**< RFC 8443, with sph of RFC 9027 */
    STIR_PPT_RCD = 5,    /**< RFC 9795 */
    STIR_PPT_RSP = 6,    /**< RFC 9970 */
    STIR_PPT_OTHER = 7,  /**< a ppt that is none of these */
};

/** The ppt value of a kind, such as "div-o".
 *  @return a constant string; "" for STIR_PPT_NONE and STIR_PPT_OTHER. */
STIR_API const char *stir_ppt_text(enum stir_ppt ppt);

/** The kind that a ppt value names. Case-sensitive.
 *  @return STIR_PPT_NONE for the absent slice, STIR_PPT_OTHER for an unknown kind. */
STIR_API enum stir_ppt stir_ppt_of(struct stir_slice text);

/** One number or URI of a claim: what it says, unescaped. */
struct stir_claim_party {
    enum stir_party_kind kind; /**< STIR_PARTY_NONE when the claim is missing or malformed */
    struct stir_slice text;    /**< as the token says it: compare only after stir_tn_parse() or stir_party_parse() */
};

#define STIR_PASSPORT_FAULTS 32 /**< faults kept of one token: more than can come together */

/** A token, decoded. All slices live as long as the object. Members that are missing or malformed are absent, and `faults` says so. */
struct stir_passport {
    struct stir_slice header_json, payload_json; /**< decoded text, as received */
    unsigned char signature[STIR_ES256_SIG];     /**< valid when signature_len is 64 */
    size_t signature_len;                        /**< bytes that the third part decodes to; 64 in a good token */
    struct stir_slice alg, typ, x5u, ppt_text;   /**< header members */
    enum stir_ppt ppt;                           /**< the kind that the header signs for */
    bool has_iat;
    int64_t iat; /**< seconds since 1970 UTC */
    struct stir_claim_party orig;
    struct stir_claim_party dest[STIR_MAX_DESTS];
    size_t n_dest;
    char attest; /**< 'A', 'B' or 'C'; 0 when missing or malformed */
    struct stir_slice origid;
    struct stir_claim_party div;
    struct stir_slice div_hi; /**< History-Info index of div */
    struct stir_slice opt;    /**< the nested token of div-o */
    struct stir_slice rph[STIR_MAX_RPH];
    size_t n_rph;
    struct stir_slice sph;
    struct stir_slice rcd, rcdi, mky; /**< raw JSON of the claim */
    struct stir_slice crn, iss;
    bool canonical;                                /**< header and payload are RFC 8225 §9 byte for byte */
    enum stir_reason faults[STIR_PASSPORT_FAULTS]; /**< what is wrong with its form, in the order of the catalogue's numbers, each once; severity is policy's */
    size_t n_faults;
};

/** Decode and judge for form the token of `identity` (full form only). Never looks at the signature's truth, the time or the numbers.
 *  @return STIR_OK when header and payload could be looked at, whatever `faults` then say (bad base64 and bad JSON are faults too);
 *  STIR_EVALUE (compact form, or no three parts), STIR_ELIMIT (longer than STIR_MAX_TOKEN), STIR_ENOMEM, STIR_EARG; `*out` is untouched unless STIR_OK.
 *  The caller frees with stir_passport_free(). `identity` is not kept. */
STIR_API STIR_MUST_USE enum stir_err stir_passport_parse(struct stir_passport **out, const struct stir_identity *identity);

/** Free a token; NULL is fine. */
STIR_API void stir_passport_free(struct stir_passport *passport);

/** What goes into a token. Absent members are left out. Numbers must be canonical already. */
struct stir_passport_params {
    size_t size;       /**< sizeof(struct stir_passport_params) */
    enum stir_ppt ppt; /**< kind; STIR_PPT_OTHER takes `ppt_text` */
    struct stir_slice ppt_text;
    struct stir_slice x5u;         /**< https URL of the certificate */
    int64_t iat;                   /**< seconds since 1970 UTC, at least 1 */
    const struct stir_party *orig; /**< one */
    const struct stir_party *dest; /**< `n_dest` of them; written sorted, numbers before URIs */
    size_t n_dest;
    char attest; /**< 'A', 'B', 'C' or 0 */
    struct stir_slice origid;
    const struct stir_party *div;
    struct stir_slice div_hi;
    struct stir_slice opt;        /**< full-form token of div-o */
    const struct stir_slice *rph; /**< r-values such as "ets.0" */
    size_t n_rph;
    struct stir_slice sph;
    struct stir_slice rcd, rcdi, mky; /**< JSON texts, written in canonical form */
    struct stir_slice crn, iss;
};
#ifdef __cplusplus
#define STIR_PASSPORT_PARAMS_INIT           \
    {                                       \
        sizeof(struct stir_passport_params) \
    }
#else
#define STIR_PASSPORT_PARAMS_INIT                   \
    {                                               \
        .size = sizeof(struct stir_passport_params) \
    }
#endif

/** Write the token's header, canonical JSON (RFC 8225 §9), with a closing NUL. `buf` may be NULL when `cap` is 0.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_EVALUE (x5u missing, longer than STIR_MAX_URL or
 *  with a character that no URL has, ppt unknown), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_passport_write_header(char *buf, size_t cap, size_t *len, const struct stir_passport_params *params);

/** Write the token's payload, canonical JSON (RFC 8225 §9), with a closing NUL; mky in the order of RFC 8225 §5.2.2. What is written reads back without
 *  faults. `buf` may be NULL when `cap` is 0.
 *  @return STIR_OK; STIR_ELIMIT (as above; claims are judged as a whole only when they fit), STIR_EVALUE (a claim that its kind needs is missing or bad:
 *  attest, origid, div, opt, rph, sph, rcd; or more than STIR_MAX_JSON bytes in all), STIR_EJSON (rcd, rcdi or mky is no JSON), STIR_ENOMEM, STIR_EARG;
 *  `diag` names the claim. */
STIR_API STIR_MUST_USE enum stir_err stir_passport_write_payload(char *buf, size_t cap, size_t *len, const struct stir_passport_params *params,
                                                                 struct stir_diag *diag);

/** Bring any JSON object into the canonical form of RFC 8225 §9, with a closing NUL: no white space, members sorted by code point at every level.
 *  @return STIR_OK; STIR_EJSON (not strict JSON, or a name stands twice), STIR_EVALUE (not an object), STIR_ELIMIT (too deep, too long, `cap` too small),
 * STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_json_canonical(char *buf, size_t cap, size_t *len, struct stir_slice json, struct stir_diag *diag);

/** A random UUID (version 4) with a closing NUL, for origid.
 *  @return STIR_OK; STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_uuid(char buf[37]);

/** Is `text` a UUID: 8-4-4-4-12 hex digits, either case?
 *  @return true when it is. */
STIR_API bool stir_is_uuid(struct stir_slice text);

STIR_END
#endif
