/** @file stir/cert.h  Certificates and requests: any certificate read, the SHAKEN profile written (ATIS-1000080 6.4.1, RFC 8226).
 *  Reading says what stands there and judges nothing: stir/lint.h knows the profile, stir/chain.h knows trust.
 *  Pure: no I/O. A certificate is immutable, counted, and may be shared by threads. */
#ifndef STIR_CERT_H
#define STIR_CERT_H

#include <stir/signer.h>
#include <stir/tnauth.h>

STIR_BEGIN

/** A certificate. */
struct stir_cert;

enum stir_cert_key {
    STIR_CERT_KEY_OTHER = 0,         /**< another algorithm, or a key that cannot be read */
    STIR_CERT_KEY_P256 = 1,          /**< EC, named curve prime256v1 */
    STIR_CERT_KEY_P256_EXPLICIT = 2, /**< the same curve spelt out in parameters: never accepted */
    STIR_CERT_KEY_P384 = 3,          /**< EC, named curve secp384r1 */
    STIR_CERT_KEY_EC_OTHER = 4,
    STIR_CERT_KEY_RSA = 5,
};

enum stir_cert_sig {
    STIR_CERT_SIG_OTHER = 0,
    STIR_CERT_SIG_ECDSA_SHA256 = 1,
    STIR_CERT_SIG_ECDSA_SHA384 = 2,
    STIR_CERT_SIG_RSA_SHA256 = 3,
    STIR_CERT_SIG_RSA_SHA384 = 4,
    STIR_CERT_SIG_RSA_SHA512 = 5,
    STIR_CERT_SIG_ECDSA_SHA1 = 6,
    STIR_CERT_SIG_RSA_SHA1 = 7,
    STIR_CERT_SIG_ECDSA_SHA512 = 8,
};

/** Key usage bits, numbered as in RFC 5280 §4.2.1.3: bit 0 is digitalSignature. */
enum stir_key_usage {
    STIR_KU_DIGITAL_SIGNATURE = 1 << 0,
    STIR_KU_NON_REPUDIATION = 1 << 1,
    STIR_KU_KEY_ENCIPHERMENT = 1 << 2,
    STIR_KU_DATA_ENCIPHERMENT = 1 << 3,
    STIR_KU_KEY_AGREEMENT = 1 << 4,
    STIR_KU_KEY_CERT_SIGN = 1 << 5,
    STIR_KU_CRL_SIGN = 1 << 6,
    STIR_KU_ENCIPHER_ONLY = 1 << 7,
    STIR_KU_DECIPHER_ONLY = 1 << 8,
};

/** How an extension or part stands in the certificate. */
enum stir_part {
    STIR_PART_ABSENT = 0,
    STIR_PART_GOOD = 1,
    STIR_PART_BAD = 2,   /**< there, and cannot be read */
    STIR_PART_TWICE = 3, /**< there more than once: never used */
};

/** One CRL distribution point. */
struct stir_cert_crldp {
    struct stir_slice url;        /**< first URI of fullName; absent when there is none */
    struct stir_slice crl_issuer; /**< DER Name of the first directoryName of cRLIssuer; absent when there is none */
    unsigned n_names;             /**< general names of fullName */
    bool has_reasons;
};

/** One extension as it stands. */
struct stir_cert_ext {
    struct stir_slice oid; /**< dotted text */
    bool critical;
    bool known;              /**< understood by libstir, well formed and there once, so that it may be critical */
    struct stir_slice value; /**< content of the OCTET STRING */
};

/** What a certificate says. Slices are borrowed from the certificate. Times are seconds since 1970 UTC. */
struct stir_cert_info {
    struct stir_slice der;             /**< the whole certificate */
    unsigned char sha256[STIR_SHA256]; /**< fingerprint of `der` */
    int version;                       /**< 1, 2 or 3 */
    struct stir_slice serial;          /**< big-endian content bytes of the INTEGER, sign byte included */
    const char *serial_hex;            /**< upper-case hex of its magnitude, at least "00"; a minus sign before a negative one */
    bool serial_negative;
    struct stir_slice issuer_der, subject_der; /**< DER Names, as they stand: compared by bytes */
    const char *issuer, *subject;              /**< RFC 2253 one-line text for people, control and non-ASCII characters escaped */
    struct stir_slice cn, o, c, serial_number; /**< first of each in the subject, UTF-8; absent when missing */
    struct stir_slice issuer_cn, issuer_o, issuer_c;
    unsigned n_cn, n_o, n_c, n_serial_number; /**< how often each stands in the subject */
    unsigned n_rdn;                           /**< attributes of the subject, all types */
    int64_t not_before, not_after;
    enum stir_cert_key key;
    unsigned key_bits;
    enum stir_cert_sig sig; /**< outer signatureAlgorithm */
    bool sig_mismatch;      /**< tbsCertificate.signature differs from it */
    struct stir_slice spki; /**< DER SubjectPublicKeyInfo */
    bool self_issued;       /**< issuer and subject are the same bytes */

    enum stir_part basic_constraints;
    bool basic_constraints_critical, is_ca;
    int path_len; /**< -1: no limit */
    enum stir_part key_usage;
    bool key_usage_critical;
    bool key_usage_padding;  /**< DER encoding with wrong unused bits: borne */
    unsigned key_usage_bits; /**< enum stir_key_usage */
    enum stir_part ski;
    struct stir_slice ski_id;
    enum stir_part aki;
    struct stir_slice aki_id; /**< keyIdentifier; absent when the extension has none */
    enum stir_part crldp;
    bool crldp_critical;
    struct stir_cert_crldp crldps[STIR_MAX_CRLDP];
    size_t n_crldps;
    enum stir_part policies;
    bool policies_critical;
    struct stir_slice policy[STIR_MAX_POLICIES]; /**< dotted text */
    size_t n_policies;
    enum stir_part tnauth;
    bool tnauth_critical;
    const struct stir_tnauth *tnauth_list; /**< NULL unless tnauth is GOOD */
    enum stir_part constraints;            /**< JWTClaimConstraints and the enhanced form together; details in core/constraints */
    bool constraints_both;
    struct stir_slice tnlist_url;                  /**< AIA id-ad-stirTNList; absent when there is none */
    struct stir_slice ca_issuers_url;              /**< AIA caIssuers; absent when there is none */
    struct stir_cert_ext ext[STIR_MAX_EXTENSIONS]; /**< in the order of the certificate */
    size_t n_ext;
};

/** Read one certificate from DER.
 *  @return STIR_OK; STIR_EDER (no X.509 certificate, or bytes after it), STIR_ELIMIT (longer than STIR_MAX_CERT, more than STIR_MAX_EXTENSIONS),
 *  STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with stir_cert_free(). `der` is not kept. */
STIR_API STIR_MUST_USE enum stir_err stir_cert_parse(struct stir_cert **out, struct stir_slice der, struct stir_diag *diag);

/** Read all certificates of a PEM text, or the one of DER, in their order. Text between the blocks that is no PEM is borne (real bundles have comments) up to
 *  STIR_MAX_PEM bytes; for a bundle of anchors give a `max` above STIR_MAX_CHAIN.
 *  @return STIR_OK (`*n` is at least 1); STIR_EPEM (no certificate, or a broken block), STIR_EKEY (a private key among them: nobody may publish one), STIR_EDER
 * (a block that is no certificate), STIR_ELIMIT (more than `max`, or too long), STIR_ENOMEM, STIR_EARG; nothing is given unless STIR_OK. Each of `out[0..*n-1]`
 * is the caller's. */
STIR_API STIR_MUST_USE enum stir_err stir_certs_parse(struct stir_cert **out, size_t max, size_t *n, struct stir_slice text, struct stir_diag *diag);

/** One more owner.
 *  @return `cert`. */
STIR_API struct stir_cert *stir_cert_ref(struct stir_cert *cert);

/** One owner less; NULL is fine. */
STIR_API void stir_cert_free(struct stir_cert *cert);

/** What the certificate says, borrowed for its life.
 *  @return never NULL. */
STIR_API const struct stir_cert_info *stir_cert_info(const struct stir_cert *cert);

/** The certificate's P-256 key, borrowed.
 *  @return NULL unless info.key is STIR_CERT_KEY_P256. */
STIR_API struct stir_key *stir_cert_key(const struct stir_cert *cert);

/** Whether `issuer`'s key made the signature of `cert`: any algorithm OpenSSL's default provider verifies, SHA-1 and weaker never.
 *  @return STIR_OK; STIR_ESIG (it did not), STIR_EKEY (the key or the algorithm is unusable), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_cert_signed_by(const struct stir_cert *cert, const struct stir_cert *issuer);

/** Write a certificate as PEM with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_cert_write_pem(char *buf, size_t cap, size_t *len, const struct stir_cert *cert);

/** Kinds of certificate that are written. */
enum stir_cert_role {
    STIR_CERT_ROOT = 0,
    STIR_CERT_INTERMEDIATE = 1,
    STIR_CERT_END_ENTITY = 2,
    STIR_CERT_DELEGATE_CA = 3, /**< delegates numbers of its TNAuthList on (RFC 9060 §4.1): a CA that has one, no path limit of its own but `path_len` */
    STIR_CERT_DELEGATE = 4,    /**< end entity of a delegate path: any entries in its TNAuthList */
    STIR_CERT_CRL_SIGNER = 5,  /**< signs indirect CRLs for a policy administrator: cRLSign alone */
    STIR_CERT_PA_SIGNER = 6,   /**< signs tokens and lists for a policy administrator: digitalSignature alone, no TNAuthList */
};

/** A claim and the values it may have (RFC 8226 §8, RFC 9118). */
struct stir_cert_permitted {
    struct stir_slice claim;
    const struct stir_slice *values;
    size_t n;
};

/** Limits on the claims that a certificate may sign. All absent: no extension. With `must_exclude`, or where `enhanced` says so, RFC 9118's extension is
 * written, else RFC 8226's; never both (RFC 9118 §6). */
struct stir_cert_constraints {
    const struct stir_slice *must_include, *must_exclude;
    size_t n_must_include, n_must_exclude;
    const struct stir_cert_permitted *permitted;
    size_t n_permitted;
    bool enhanced;
    struct stir_slice der; /**< instead of all lists: an extension's content as it stands, of a request; `enhanced` says which one it is of */
};

/** What goes into a certificate or a request. */
struct stir_cert_params {
    size_t size;                                     /**< sizeof(struct stir_cert_params) */
    enum stir_cert_role role;                        /**< certificates; of a request only whether it is a CA's: INTERMEDIATE and DELEGATE_CA ask for cA TRUE */
    struct stir_slice cn, o, c, serial_number;       /**< subject; UTF-8; written C, O, CN, serialNumber, absent ones left out; `c` two capital letters */
    const struct stir_tnauth *tnauth;                /**< end entities, delegates, delegate CAs (required), and requests; no others */
    struct stir_key *key;                            /**< public half of the subject: NULL takes the signer's (root, request) */
    struct stir_slice serial;                        /**< 8 to 20 bytes, positive; absent: 16 bytes from OpenSSL's CSPRNG */
    int64_t not_before, not_after;                   /**< certificates; seconds since 1970 UTC */
    struct stir_slice crl_url;                       /**< CRL distribution point; absent: none */
    struct stir_slice crl_issuer;                    /**< one-line name, "CN=STI-PA CRL,O=STI-PA,C=US": RFC 2253 order, written most significant first */
    struct stir_slice policy;                        /**< dotted OID; absent: none */
    const struct stir_cert *issuer;                  /**< NULL for a root */
    int path_len;                                    /**< of an INTERMEDIATE or a DELEGATE_CA, 0 to 8; below 0: none is written */
    const struct stir_cert_constraints *constraints; /**< end entities, delegates, and requests; NULL: none */
};
#ifdef __cplusplus
#define STIR_CERT_PARAMS_INIT           \
    {                                   \
        sizeof(struct stir_cert_params) \
    }
#else
#define STIR_CERT_PARAMS_INIT                   \
    {                                           \
        .size = sizeof(struct stir_cert_params) \
    }
#endif

/** Make and sign a certificate to the SHAKEN profile, a delegate's (RFC 9060), or a policy administrator's.
 *  @return STIR_OK; STIR_EVALUE (a member is missing or not allowed; `diag` says which), STIR_EMISMATCH (the signer is not the issuer's key, the issuer is
 * no CA, or the TNAuthList reaches beyond the issuer's, which a code in it does not say: RFC 9060 §4), STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG, or
 * what the signer answers; `*out` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_cert_make(struct stir_cert **out, const struct stir_cert_params *params, const struct stir_signer *signer,
                                                    struct stir_diag *diag);

/** The part of that certificate that is signed, for signers that answer later: hash it, have it signed, then stir_signed_assemble() and stir_cert_parse().
 *  @return as stir_cert_make(); STIR_ELIMIT also when `cap` is too small (`*len` says what is needed). */
STIR_API STIR_MUST_USE enum stir_err stir_cert_prepare(unsigned char *tbs, size_t cap, size_t *len, const struct stir_cert_params *params,
                                                       struct stir_key *signing_key, struct stir_diag *diag);

/** A certificate request (PKCS#10). */
struct stir_csr;

/** What a request says. Slices are borrowed from it. */
struct stir_csr_info {
    struct stir_slice der;
    struct stir_slice subject_der;
    const char *subject; /**< one line, as in struct stir_cert_info */
    struct stir_slice cn, o, c, serial_number;
    enum stir_cert_key key;
    struct stir_slice spki;
    enum stir_part tnauth;
    const struct stir_tnauth *tnauth_list; /**< NULL unless GOOD */
    bool wants_ca;                         /**< asks for basicConstraints cA TRUE */
    struct stir_slice constraints;         /**< content of the claim constraints it asks for; absent: none */
    bool constraints_enhanced;
    size_t n_sans;               /**< entries of a subjectAltName it asks for: a SHAKEN request has none */
    struct stir_slice other_ext; /**< dotted OID of the first other extension it asks for that no certificate of STIR has; absent: none */
};

/** Read a request from PEM or DER and check its own signature.
 *  @return STIR_OK; STIR_EPEM, STIR_EDER (also where it asks for constraints that cannot be read, or in both forms), STIR_ESIG (not signed by its key),
 * STIR_EKEY (its key or algorithm is unusable, or a private key stands beside it), STIR_ELIMIT, STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched
 * unless STIR_OK. The caller frees with stir_csr_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_csr_parse(struct stir_csr **out, struct stir_slice text, struct stir_diag *diag);

/** Free a request; NULL is fine. */
STIR_API void stir_csr_free(struct stir_csr *csr);

/** What the request says, borrowed for its life.
 *  @return never NULL. */
STIR_API const struct stir_csr_info *stir_csr_info(const struct stir_csr *csr);

/** The request's P-256 key, borrowed.
 *  @return NULL unless info.key is STIR_CERT_KEY_P256. */
STIR_API struct stir_key *stir_csr_key(const struct stir_csr *csr);

/** Make and sign a request: subject, TNAuthList, claim constraints and kind (`role`) of `params`.
 *  @return as stir_cert_make(). The caller frees with stir_csr_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_csr_make(struct stir_csr **out, const struct stir_cert_params *params, const struct stir_signer *signer,
                                                   struct stir_diag *diag);

/** Write a request as PEM with a closing NUL; `*len` without it.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_csr_write_pem(char *buf, size_t cap, size_t *len, const struct stir_csr *csr);

STIR_END
#endif
