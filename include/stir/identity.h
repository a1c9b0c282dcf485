/** @file stir/identity.h  The Identity header field (RFC 8224 §4 with erratum 6499).
 *  Pure: no I/O. Thread-safe. Slices point into the caller's text, which must outlive them. */
#ifndef STIR_IDENTITY_H
#define STIR_IDENTITY_H

#include <stir/err.h>
#include <stir/limits.h>
#include <stir/reason.h>

STIR_BEGIN

/** How much departure from the grammar is borne. */
enum stir_identity_mode {
    STIR_IDENTITY_TOLERANT = 0, /**< what the wild sends; each departure is a bit of `departures` */
    STIR_IDENTITY_STRICT = 1,   /**< RFC 8224 with erratum 6499: any departure is an error */
};

/** Departures from the grammar that are tolerated. Bits; stable. */
enum stir_identity_departure {
    STIR_ID_NO_INFO = 1 << 0,           /**< the info parameter is missing (a bare token) */
    STIR_ID_INFO_EMPTY = 1 << 1,        /**< info=<> */
    STIR_ID_INFO_NO_BRACKETS = 1 << 2,  /**< info without angle brackets */
    STIR_ID_INFO_NOT_FIRST = 1 << 3,    /**< another parameter comes before info */
    STIR_ID_INFO_QUOTED = 1 << 4,       /**< info="..." */
    STIR_ID_MISSING_SEMICOLON = 1 << 5, /**< no ';' between info=<...> and the next parameter */
    STIR_ID_TOKEN_QUOTED = 1 << 6,      /**< the token in double quotes */
    STIR_ID_PARAM_QUOTED = 1 << 7,      /**< ppt="shaken" or alg="ES256": the RFC's examples write it, its grammar does not */
    STIR_ID_BAD_PARTS = 1 << 8,         /**< not three parts divided by dots, of which header and payload are both there or, in compact form, both empty */
    STIR_ID_BAD_CHARS = 1 << 9,         /**< a character in the token that base64url has not ("=", "+", "/", ...) */
    STIR_ID_PARAM_EMPTY = 1 << 10,      /**< ;; or a ';' at the end */
    STIR_ID_WITH_NAME = 1 << 11,        /**< the value begins with the header's name, "Identity:" or "y:" */
};

/** One Identity value, taken apart. */
struct stir_identity {
    struct stir_slice token;                      /**< the token as it stands, without quotes */
    struct stir_slice header, payload, signature; /**< its parts, still base64url; absent when there are not three; header and payload empty in compact form */
    struct stir_slice signing_input;              /**< header "." payload as received: the bytes that are signed; absent in compact form */
    struct stir_slice info, alg, ppt;             /**< values without brackets and quotes; absent when the parameter is */
    bool compact;                                 /**< ".." and a signature */
    unsigned departures;                          /**< bits of enum stir_identity_departure */
};

/** Take an Identity value apart. Parameter names in any case, any order after the token; white space and folded lines where the grammar has them.
 *  @return STIR_OK; STIR_ESYNTAX (unreadable, or any departure when strict; a duplicate info, alg or ppt; CR or LF that is no folding; NUL),
 *  STIR_ELIMIT (longer than STIR_MAX_IDENTITY, token longer than STIR_MAX_TOKEN, more than STIR_MAX_PARAMS parameters), STIR_EARG;
 *  `*out` is untouched unless STIR_OK. `*reason`, when `reason` is not NULL, says on STIR_ESYNTAX and STIR_ELIMIT which row of the catalogue it is:
 *  STIR_R_IDENTITY_SYNTAX, _IDENTITY_TOO_LONG or _PARAM_DUPLICATE, and when strict also _IDENTITY_PARTS, _BASE64 or _INFO_MISSING. */
STIR_API STIR_MUST_USE enum stir_err stir_identity_parse(struct stir_identity *out, struct stir_slice value, enum stir_identity_mode mode,
                                                         enum stir_reason *reason, struct stir_diag *diag);

/** Options of writing. */
struct stir_identity_style {
    size_t size;     /**< sizeof(struct stir_identity_style) */
    bool quoted_ppt; /**< ppt="shaken" for receivers that insist; the default is the grammar's ppt=shaken */
    bool no_alg;     /**< leave out ;alg=ES256 */
    bool compact;    /**< the compact form: ".." and the signature */
};
#define STIR_IDENTITY_STYLE_INIT                                \
    {                                                           \
        sizeof(struct stir_identity_style), false, false, false \
    }

/** Write `token;info=<x5u>;alg=ES256;ppt=...` with a closing NUL into `buf` of `cap` bytes; `*len` is its length without the NUL.
 *  An absent `ppt` leaves the parameter out. `style` NULL is the default.
 *  @return STIR_OK; STIR_ELIMIT (`cap` is too small; `*len` says what is needed without the NUL), STIR_EVALUE (a character in `token`, `x5u` or `ppt`
 *  that would break the header: control characters, '<', '>', '"', ';' or white space; a `token` that is not three parts of base64url, a `ppt` that is no token
 *  of RFC 3261), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_identity_write(char *buf, size_t cap, size_t *len, struct stir_slice token, struct stir_slice x5u,
                                                         struct stir_slice ppt, const struct stir_identity_style *style);

/** What one departure is, in words.
 *  @return a constant string; "" for a bit that is none. */
STIR_API const char *stir_identity_departure_text(enum stir_identity_departure bit);

STIR_END
#endif
