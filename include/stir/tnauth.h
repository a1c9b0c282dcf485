/** @file stir/tnauth.h  TNAuthorizationList, the certificate extension (RFC 8226 §9).
 *  Pure: no I/O. Thread-safe on distinct objects; a list is immutable once made. */
#ifndef STIR_TNAUTH_H
#define STIR_TNAUTH_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

enum stir_tnauth_kind {
    STIR_TNAUTH_SPC = 0,   /**< service provider code: the whole of a provider's numbers */
    STIR_TNAUTH_RANGE = 1, /**< `count` numbers from `text` on */
    STIR_TNAUTH_ONE = 2,   /**< one number */
};

struct stir_tnauth_entry {
    enum stir_tnauth_kind kind;
    struct stir_slice text; /**< the code, the first number of the range, or the number */
    uint64_t count;         /**< numbers of a range, at least 2; 1 for a single one, 0 for a code */
};

/** A list. */
struct stir_tnauth;

/** Parse DER `der` into `*out`. Strict DER with explicit tags; extra members of a range are borne (the type is extensible); a range whose last member is
 *  as long as its first is borne even where the RFC's formula forbids it (requirements trap 12).
 *  @return STIR_OK; STIR_EDER (not RFC 8226 §9), STIR_EVALUE (a character or a length that a number or code has not, a count below 2, a range that would
 * lengthen its number), STIR_ELIMIT (also a code longer than STIR_MAX_SPC), STIR_ENOMEM, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with
 * stir_tnauth_free(). `der` is not kept. */
STIR_API STIR_MUST_USE enum stir_err stir_tnauth_parse(struct stir_tnauth **out, struct stir_slice der);

/** Make a list of `n` entries, each checked as a certificate may carry it: the strict form of the range rule, codes of 1 to STIR_MAX_SPC letters and digits.
 *  @return STIR_OK; STIR_EVALUE (an entry; `diag` says which), STIR_ELIMIT, STIR_ENOMEM, STIR_EARG. The caller frees with stir_tnauth_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_tnauth_new(struct stir_tnauth **out, const struct stir_tnauth_entry *entries, size_t n, struct stir_diag *diag);

/** Read the base64url (or base64) DER of ACME identifiers and SPC tokens.
 *  @return as stir_tnauth_parse(), and STIR_EB64. */
STIR_API STIR_MUST_USE enum stir_err stir_tnauth_from_base64(struct stir_tnauth **out, struct stir_slice text);

/** Free a list; NULL is fine. */
STIR_API void stir_tnauth_free(struct stir_tnauth *list);

/** How many entries the list has.
 *  @return at least 1. */
STIR_API size_t stir_tnauth_count(const struct stir_tnauth *list);

/** The `i`th entry, borrowed.
 *  @return an entry of kind SPC with an absent text past the end. */
STIR_API struct stir_tnauth_entry stir_tnauth_get(const struct stir_tnauth *list, size_t i);

/** The list's DER, borrowed: canonical, made by us, whatever spelling was parsed.
 *  @return a slice; never absent. */
STIR_API struct stir_slice stir_tnauth_der(const struct stir_tnauth *list);

/** The canonical text, such as "spc:709J one:12155551212 range:12155551000+1000", with a closing NUL.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_tnauth_text(char *buf, size_t cap, size_t *len, const struct stir_tnauth *list);

/** The first service provider code.
 *  @return the absent slice when there is none. */
STIR_API struct stir_slice stir_tnauth_spc(const struct stir_tnauth *list);

/** Does the list itself cover the canonical number `tn`, by a range or a single number? A code covers only by tables outside the list.
 *  @return true when it does. */
STIR_API bool stir_tnauth_covers(const struct stir_tnauth *list, struct stir_slice tn);

/** Has the list entries of numbers, so that it limits by itself?
 *  @return true when it has. */
STIR_API bool stir_tnauth_has_numbers(const struct stir_tnauth *list);

/** Does every entry of `child` lie within `parent` (RFC 9060 §4.1): codes in codes (exact text), numbers in the union of ranges and single numbers?
 *  A parent with a code may delegate any number: then `*by_code` is set true, and the caller decides whether the code's numbers are known; with
 *  `by_code` NULL nobody decides, and such a child does not lie within.
 *  @return true when it does. */
STIR_API bool stir_tnauth_encompasses(const struct stir_tnauth *parent, const struct stir_tnauth *child, bool *by_code);

STIR_END
#endif
