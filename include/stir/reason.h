/** @file stir/reason.h  Why a call or a certificate is judged as it is: the one catalogue of reasons.
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_REASON_H
#define STIR_REASON_H

#include <stir/slice.h>

STIR_BEGIN

/** Reasons: STIR_R_NONE or one of docs/REASONS.md. Numbers are stable for ever. The catalogue is src/core/reasons.def. */
enum stir_reason {
    STIR_R_NONE = 0,                     /**< nothing to say */
    STIR_R_IDENTITY_MISSING = 100,       /**< the call carries no Identity header */
    STIR_R_IDENTITY_TOO_MANY = 101,      /**< more Identity headers than are judged for one call */
    STIR_R_CALLER_UNKNOWN = 102,         /**< the message names no caller that can be compared with orig */
    STIR_R_CALLEE_UNKNOWN = 103,         /**< the message names no callee that can be compared with dest */
    STIR_R_DATE_MISSING = 104,           /**< the token needs the Date header and the message has none */
    STIR_R_DATE_BAD = 105,               /**< the Date header cannot be read */
    STIR_R_DATE_STALE = 106,             /**< the Date header is older than the policy allows */
    STIR_R_DATE_FUTURE = 107,            /**< the Date header lies in the future */
    STIR_R_IDENTITY_SYNTAX = 200,        /**< the Identity header does not follow its grammar */
    STIR_R_IDENTITY_TOO_LONG = 201,      /**< the Identity header or its token is longer than any real one */
    STIR_R_IDENTITY_PARTS = 202,         /**< the token has not exactly three parts */
    STIR_R_IDENTITY_DEPARTURE = 203,     /**< the header departs from the grammar in a way that is tolerated */
    STIR_R_PARAM_DUPLICATE = 204,        /**< a header parameter stands twice */
    STIR_R_BASE64 = 205,                 /**< a part of the token is not base64url without padding */
    STIR_R_COMPACT_FORM = 206,           /**< the compact form is not allowed for this kind of token */
    STIR_R_PARAM_PPT_OTHER = 207,        /**< the ppt parameter differs from the signed ppt */
    STIR_R_PPT_UNSUPPORTED = 208,        /**< this kind of token is not accepted here */
    STIR_R_INFO_MISSING = 209,           /**< the header has no info parameter */
    STIR_R_INFO_BAD = 210,               /**< the info URL is not one that may be fetched */
    STIR_R_INFO_UNREACHABLE = 211,       /**< the certificate could not be fetched */
    STIR_R_INFO_REFUSED = 212,           /**< the certificate's address is one that is never fetched from */
    STIR_R_PARAM_ALG_OTHER = 213,        /**< the alg parameter differs from the signed alg */
    STIR_R_PARAM_PPT_MISSING = 214,      /**< the token has a ppt and the header parameter is missing */
    STIR_R_HEADER_JSON = 300,            /**< the token's header is not one strict JSON object */
    STIR_R_ALG_MISSING = 301,            /**< the token's header lacks alg */
    STIR_R_TYP_MISSING = 302,            /**< the token's header lacks typ */
    STIR_R_X5U_MISSING = 303,            /**< the token's header lacks x5u */
    STIR_R_PPT_MISSING = 304,            /**< the token's header lacks ppt */
    STIR_R_HEADER_TYPE = 305,            /**< a member of the token's header is not a string */
    STIR_R_CRIT = 306,                   /**< the token's header asks for an extension that nobody knows  crit  b64  zip) */
    STIR_R_KEY_IN_HEADER = 307,          /**< the token's header brings a key of its own  jwk  jku  x5c)  which is never used */
    STIR_R_X5U_OTHER = 308,              /**< x5u differs from the info parameter */
    STIR_R_TYP_OTHER = 309,              /**< typ is not passport */
    STIR_R_ALG_OTHER = 310,              /**< alg is not ES256  and nothing else is ever accepted */
    STIR_R_PPT_OTHER = 311,              /**< the signed ppt is not the one this call needs */
    STIR_R_NOT_CANONICAL = 312,          /**< the token's JSON is not in canonical form */
    STIR_R_PAYLOAD_JSON = 400,           /**< the token's payload is not one strict JSON object */
    STIR_R_IAT_MISSING = 401,            /**< the token lacks iat */
    STIR_R_IAT_FORM = 402,               /**< iat is not an integer number of seconds */
    STIR_R_ORIG_MISSING = 403,           /**< the token lacks orig */
    STIR_R_ORIG_FORM = 404,              /**< orig is not an object with exactly one tn or uri */
    STIR_R_DEST_MISSING = 405,           /**< the token lacks dest */
    STIR_R_DEST_FORM = 406,              /**< dest is not an object of tn and uri arrays with at least one entry */
    STIR_R_ATTEST_MISSING = 407,         /**< the shaken token lacks attest */
    STIR_R_ORIGID_MISSING = 408,         /**< the shaken token lacks origid */
    STIR_R_ATTEST_VALUE = 409,           /**< attest is not A  B or C */
    STIR_R_ORIGID_FORM = 410,            /**< origid is not a UUID */
    STIR_R_TN_FORM = 411,                /**< a tn claim holds something that is not a telephone number */
    STIR_R_TN_NOT_CANONICAL = 412,       /**< a tn claim is not digits only with the country code first */
    STIR_R_DIV_FORM = 413,               /**< div is missing  is not one tn or uri  or stands with opt */
    STIR_R_OPT_FORM = 414,               /**< opt of a div-o token is missing or no full-form token */
    STIR_R_RPH_FORM = 415,               /**< rph is missing or has no array of r-values in auth */
    STIR_R_SPH_FORM = 416,               /**< sph is not psap-callback  or stands without an esnet value in rph */
    STIR_R_RCD_FORM = 417,               /**< rcd is missing or its nam  apn  icn  jcd  jcl are not as defined */
    STIR_R_RCDI_FORM = 418,              /**< rcdi is not an object of digests over pointers into rcd */
    STIR_R_CRN_FORM = 419,               /**< crn is not a string */
    STIR_R_MKY_FORM = 420,               /**< mky is not an array of alg and dig objects */
    STIR_R_CLAIM_UNKNOWN = 421,          /**< the token carries claims that its kind does not define */
    STIR_R_ATTEST_BELOW_MINIMUM = 422,   /**< the attestation is lower than the policy asks for */
    STIR_R_RCDI_LEGACY = 423,            /**< rcdi has the key icn of an old draft  where /icn is the pointer */
    STIR_R_IAT_STALE = 500,              /**< the token is older than the policy allows */
    STIR_R_IAT_FUTURE = 501,             /**< the token lies in the future */
    STIR_R_IAT_DATE_DIFFER = 502,        /**< iat and the Date header differ by more than the policy allows */
    STIR_R_ORIG_MISMATCH = 600,          /**< signed for another caller */
    STIR_R_DEST_MISMATCH = 601,          /**< signed for another callee */
    STIR_R_RETARGETED_WITHOUT_DIV = 602, /**< the call was retargeted and no div token says by whom */
    STIR_R_REPLAYED = 603,               /**< the same token was seen in another call */
    STIR_R_CERT_UNREADABLE = 700,        /**< the certificate cannot be read */
    STIR_R_CERT_WITH_KEY = 701,          /**< a private key was published with the certificate */
    STIR_R_CHAIN_TOO_LONG = 702,         /**< more certificates than any real chain has */
    STIR_R_ISSUER_MISSING = 703,         /**< no trusted issuer: the path does not end at an anchor */
    STIR_R_ISSUER_SIGNATURE = 704,       /**< an issuer has the right name and did not sign the certificate */
    STIR_R_ISSUER_NOT_CA = 705,          /**< an issuer is not a CA */
    STIR_R_ISSUER_KEY_USAGE = 706,       /**< an issuer's key usage lacks keyCertSign */
    STIR_R_PATH_LENGTH = 707,            /**< the path is longer than an issuer's pathLenConstraint allows */
    STIR_R_CRITICAL_EXTENSION = 708,     /**< a certificate has a critical extension that is not understood */
    STIR_R_CERT_ALGORITHM = 709,         /**< a certificate is signed with an algorithm that is not trusted */
    STIR_R_CERT_EXPIRED = 710,           /**< the signing certificate had expired */
    STIR_R_CERT_NOT_YET = 711,           /**< the signing certificate was not valid yet */
    STIR_R_ISSUER_EXPIRED = 712,         /**< an issuer's certificate had expired */
    STIR_R_ISSUER_NOT_YET = 713,         /**< an issuer's certificate was not valid yet */
    STIR_R_LEAF_IS_CA = 714,             /**< the signing certificate is a CA certificate */
    STIR_R_LEAF_KEY_USAGE = 715,         /**< the signing certificate's key usage lacks digitalSignature */
    STIR_R_LEAF_KEY = 716,               /**< the signing certificate's key is not P-256 on the named curve */
    STIR_R_REVOKED = 717,                /**< a certificate of the path is revoked */
    STIR_R_REVOCATION_UNKNOWN = 718,     /**< no usable CRL tells whether the certificates are revoked */
    STIR_R_TNAUTH_MISSING = 719,         /**< the signing certificate has no TNAuthList */
    STIR_R_TNAUTH_BAD = 720,             /**< a TNAuthList cannot be read */
    STIR_R_TNAUTH_NOT_ENCOMPASSED = 721, /**< a TNAuthList goes beyond its issuer's */
    STIR_R_TNAUTH_SHAPE = 722,           /**< the TNAuthList is not exactly one service provider code */
    STIR_R_SPC_FORM = 723,               /**< the service provider code is not digits and upper-case letters  or not as long as its domain's are */
    STIR_R_NOT_AUTHORISED = 724,         /**< the number is outside the certificate's TNAuthList */
    STIR_R_CN_SPC = 725,                 /**< the certificate's common name does not carry its service provider code */
    STIR_R_POLICY_OID = 726,             /**< the certificate has not exactly one policy of the accepted ones */
    STIR_R_KEY_USAGE_EXTRA = 727,        /**< the signing certificate's key usage allows more than digitalSignature */
    STIR_R_CRLDP_ISSUER = 728,           /**< the certificate has no CRL distribution point that names its cRLIssuer */
    STIR_R_ISSUER_ALGORITHM = 729,       /**< an issuer's key or signature is not P-256 with SHA-256 */
    STIR_R_KEY_IDENTIFIER = 730,         /**< authority and subject key identifiers along the path do not match */
    STIR_R_CONSTRAINTS_BAD = 731,        /**< the certificate's claim constraints cannot be read */
    STIR_R_CONSTRAINTS_BOTH = 732,       /**< the certificate has both forms of claim constraints */
    STIR_R_CHAIN_ORDER = 733,            /**< the certificates were not sent signer first  each followed by its issuer */
    STIR_R_BASIC_CONSTRAINTS = 734,      /**< the signing certificate has no critical basicConstraints */
    STIR_R_COUNTRY_OTHER = 735,          /**< the signer's trust domain does not vouch for numbers of the caller's country */
    STIR_R_COUNTRY_UNVOUCHED = 736,      /**< a caller from a country for which the signer's trust domain does not vouch, and the token does not say that it does */
    STIR_R_HOLDER_OTHER = 737,           /**< another provider than the certificate's holds the number */
    STIR_R_HOLDER_UNKNOWN = 738,         /**< nobody knows which provider holds the number */
    STIR_R_TNLIST_MISSING = 739,         /**< the TNAuthList that the certificate names by URL did not come  or cannot be read */
    STIR_R_SIGNATURE_FORM = 800,         /**< the signature is not 64 bytes */
    STIR_R_SIGNATURE_BAD = 801,          /**< the signature does not verify with the certificate's key */
    STIR_R_CLAIM_EXCLUDED = 900,         /**< the certificate forbids a claim that the token carries */
    STIR_R_CLAIM_REQUIRED = 901,         /**< the certificate asks for a claim that the token lacks */
    STIR_R_CLAIM_NOT_PERMITTED = 902,    /**< the certificate does not permit a claim's value */
    STIR_R_DIV_CHAIN_BROKEN = 910,       /**< the div tokens do not link the first callee to this one */
    STIR_R_DIV_ORIG_CHANGED = 911,       /**< orig changes along the div chain */
    STIR_R_DIV_LOOP = 912,               /**< the div chain comes back to itself */
    STIR_R_DIV_TOO_LONG = 913,           /**< the div chain is longer than is followed */
    STIR_R_RPH_MISMATCH = 920,           /**< rph differs from the Resource-Priority header */
    STIR_R_SPH_MISMATCH = 921,           /**< sph differs from the Priority header */
    STIR_R_RCD_DIGEST = 930,             /**< rich call data does not match its digest */
    STIR_R_RCD_UNVERIFIED = 931,         /**< rich call data could not be verified */
    STIR_R_RCD_ISSUER = 932,             /**< iss of third-party rich call data is not the signer  or nobody vouches for the number */
    STIR_R_RCD_NAME = 933,               /**< the name in rich call data is not the one that the message shows */
    STIR_R_RSP_IN_REQUEST = 940,         /**< an rsp token in a request  where it means nothing */
    STIR_R_MKY_MISMATCH = 950,           /**< mky differs from the fingerprints of the SDP */
    STIR_R_INTERNAL = 990,               /**< the verifier could not finish  out of memory or a fault of OpenSSL) */
};

/** Checks of a verdict, in the order of reporting. The list is src/core/checks.def. */
enum stir_check_id {
    STIR_CHECK_NONE = 0,         /**< none */
    STIR_CHECK_DATE = 1,         /**< is the Date header there where it is needed  readable and fresh? */
    STIR_CHECK_IDENTITY = 2,     /**< can the Identity header be read? */
    STIR_CHECK_FORM = 3,         /**< is the token in a form that its kind allows? */
    STIR_CHECK_PPT_PARAM = 4,    /**< is this a kind of token that is accepted  and does the header say so? */
    STIR_CHECK_INFO = 5,         /**< is there an info URL  and may it be fetched? */
    STIR_CHECK_FETCH = 6,        /**< was the certificate obtained? */
    STIR_CHECK_HEADER = 7,       /**< does the token's header have all its members? */
    STIR_CHECK_X5U = 8,          /**< is x5u the info URL? */
    STIR_CHECK_TYP = 9,          /**< is typ passport? */
    STIR_CHECK_ALG = 10,         /**< is alg ES256? */
    STIR_CHECK_PPT = 11,         /**< is the signed ppt the one needed? */
    STIR_CHECK_PAYLOAD = 12,     /**< does the token have all its claims  of the right types? */
    STIR_CHECK_IAT = 13,         /**< is the token fresh? */
    STIR_CHECK_ORIG = 14,        /**< was it signed for this caller? */
    STIR_CHECK_DEST = 15,        /**< was it signed for this callee? */
    STIR_CHECK_CHAIN = 16,       /**< does the certificate's path end at a trust anchor? */
    STIR_CHECK_VALIDITY = 17,    /**< was every certificate valid at iat  and is it now? */
    STIR_CHECK_REVOCATION = 18,  /**< is no certificate of the path revoked? */
    STIR_CHECK_TNAUTH = 19,      /**< does the certificate carry a readable TNAuthList  within its issuer's? */
    STIR_CHECK_AUTHORITY = 20,   /**< does the certificate cover the number? */
    STIR_CHECK_PROFILE = 21,     /**< does the certificate follow the SHAKEN profile? */
    STIR_CHECK_SIGNATURE = 22,   /**< does the signature verify? */
    STIR_CHECK_ATTEST = 23,      /**< is attest A  B or C? */
    STIR_CHECK_CONSTRAINTS = 24, /**< do the claims keep the certificate's claim constraints? */
    STIR_CHECK_DIV = 25,         /**< do the div tokens link up? */
    STIR_CHECK_RPH = 26,         /**< do rph and sph agree with the message? */
    STIR_CHECK_RCD = 27,         /**< does the rich call data match its digests? */
    STIR_CHECK_MKY = 28,         /**< do the media keys agree with the SDP? */
    STIR_CHECK_RSP = 29,         /**< does an rsp token stand in a response? */
    STIR_CHECK_REPLAY = 30,      /**< is this the first call with this token? */
};
#define STIR_CHECK_COUNT 31 /**< one more than the highest number of a check */

/** The result for a caller's number, as TS 24.229 spells it. */
enum stir_verstat {
    STIR_VERSTAT_NO = 0,     /**< No-TN-Validation */
    STIR_VERSTAT_PASSED = 1, /**< TN-Validation-Passed */
    STIR_VERSTAT_FAILED = 2, /**< TN-Validation-Failed */
};

/** What a policy makes of a reason. */
enum stir_severity {
    STIR_SEVERITY_OFF = 0,  /**< not looked at */
    STIR_SEVERITY_WARN = 1, /**< said, and changes nothing */
    STIR_SEVERITY_FAIL = 2, /**< the check fails */
};

/** One row of the catalogue. All strings are constant. */
struct stir_reason_info {
    enum stir_reason reason;
    const char *name;                   /**< stable, such as "iat-stale" */
    const char *text;                   /**< one line for a person */
    const char *clause;                 /**< where the rule stands, such as "RFC 8224 6.2 step 4" */
    int sip_code;                       /**< response code (RFC 8224 §6.2.2), RFC 9410 cause and 3GPP reasonCode */
    const char *sip_phrase;             /**< its phrase */
    int atis_case;                      /**< E-number of ATIS-1000082's table, 0 when it has none */
    int atis_code;                      /**< ATIS-1000082 reasoncode */
    enum stir_verstat verstat;          /**< what a call gets that fails for this reason */
    enum stir_check_id check;           /**< the check it belongs to */
    enum stir_severity severity;        /**< under the shaken preset */
    enum stir_severity severity_strict; /**< under the strict preset */
};

/** The row of `reason`.
 *  @return a constant row, or NULL for STIR_R_NONE and for numbers that are none. */
STIR_API const struct stir_reason_info *stir_reason_info(enum stir_reason reason);

/** The `index`th row of the catalogue, from 0, in the order of numbers.
 *  @return a constant row, or NULL past the end. */
STIR_API const struct stir_reason_info *stir_reason_at(size_t index);

/** The stable name of a reason, "none" for STIR_R_NONE.
 *  @return a constant string; never NULL. */
STIR_API const char *stir_reason_name(enum stir_reason reason);

/** The reason with the stable name `name`.
 *  @return STIR_R_NONE when there is none. */
STIR_API enum stir_reason stir_reason_by_name(struct stir_slice name);

/** The stable name of a check, such as "freshness".
 *  @return a constant string; "none" for numbers that are none. */
STIR_API const char *stir_check_name(enum stir_check_id check);

/** What a check asks, in one line.
 *  @return a constant string; "" for numbers that are none. */
STIR_API const char *stir_check_question(enum stir_check_id check);

/** A verstat value as TS 24.229 spells it, such as "TN-Validation-Passed".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_verstat_text(enum stir_verstat verstat);

STIR_END
#endif
