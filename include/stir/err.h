/** @file stir/err.h  What can go wrong with a call of the library.
 *  A telephone call or a certificate that is judged bad is a verdict, not one of these.
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_ERR_H
#define STIR_ERR_H

#include <stir/slice.h>

STIR_BEGIN

/** Errors. Numbers are part of the ABI: never reused (tests/data/numbers.tsv holds them). */
enum stir_err {
    STIR_OK = 0,         /**< done */
    STIR_ENOMEM = 1,     /**< out of memory */
    STIR_ELIMIT = 2,     /**< longer, deeper or more than stir/limits.h allows, or the caller's buffer is too small */
    STIR_ESYNTAX = 3,    /**< text does not follow its grammar */
    STIR_EDER = 4,       /**< bytes are not the DER that their definition asks for */
    STIR_EPEM = 5,       /**< no PEM block of the wanted kind, or a broken one */
    STIR_EJSON = 6,      /**< not strict JSON, or a name stands twice */
    STIR_EB64 = 7,       /**< not base64url without padding */
    STIR_EVALUE = 8,     /**< well formed, but a value that is not allowed there */
    STIR_EKEY = 9,       /**< not a P-256 key on the named curve, or not the half (private, public) that is needed */
    STIR_EPASS = 10,     /**< the key is encrypted and the passphrase is missing or wrong */
    STIR_ESIG = 11,      /**< the signature does not verify */
    STIR_EMISMATCH = 12, /**< things that do not belong together (key and certificate, CSR and order) */
    STIR_ETIME = 13,     /**< outside a validity or a freshness window */
    STIR_ESTATE = 14,    /**< a call out of order */
    STIR_EARG = 15,      /**< a NULL or a struct size that cannot be */
    STIR_ENOTFOUND = 16, /**< nothing by that name or number */
    STIR_ECRYPTO = 17,   /**< OpenSSL could not do it */
    STIR_EIO = 18,       /**< a file, a folder, a store or a peer cannot be read or written (never from the core, which has none) */
    STIR_EEXISTS = 19,   /**< there already, and there may be one only */
    STIR_EBUSY = 20,     /**< somebody else has it now: the same again may do */
};

/** Where and what, in words for a person. Optional everywhere: pass NULL when nobody reads it. Untouched on STIR_OK. */
struct stir_diag {
    size_t offset;  /**< byte of the input at which it went wrong, when that makes sense */
    char text[200]; /**< one line, no newline, never a secret; control characters of the input escaped */
};

/** The stable name of an error, such as "STIR_EDER".
 *  @return a constant string, "STIR_E?" for a number that is none; never NULL. */
STIR_API const char *stir_err_name(enum stir_err err);

/** The error in a few words.
 *  @return a constant string; never NULL. */
STIR_API const char *stir_err_text(enum stir_err err);

/** The version of the library that runs, such as "0.1.0".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_version(void);

STIR_END
#endif
