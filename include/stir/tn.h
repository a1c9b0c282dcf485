/** @file stir/tn.h  Telephone numbers and URIs in canonical form (RFC 8224 §8.1, §8.3, §8.5).
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_TN_H
#define STIR_TN_H

#include <stir/err.h>
#include <stir/limits.h>

STIR_BEGIN

/** What a party of a call is. */
enum stir_party_kind {
    STIR_PARTY_NONE = 0, /**< nothing was given, or an anonymous caller */
    STIR_PARTY_TN = 1,   /**< a telephone number: `text` is its canonical form, digits (and # *) without '+' */
    STIR_PARTY_URI = 2,  /**< a URI in canonical form */
};

/** What a dial plan made of a number. */
enum stir_tn_standing {
    STIR_STANDING_UNKNOWN = 0,   /**< a URI, or a number of which no plan was asked */
    STIR_STANDING_GLOBAL = 1,    /**< it has its country code, now or before */
    STIR_STANDING_SPECIAL = 2,   /**< a number that has none: 911, 112, *67 and the like */
    STIR_STANDING_LOCAL = 3,     /**< no rule of the plan makes it global: a short code, a digit too many; it stays as it is */
    STIR_STANDING_AMBIGUOUS = 4, /**< two rules of the plan make two numbers of it: it stays as it is */
};

/** The standing in words, such as "two rules of the dial plan make two numbers of it".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_tn_standing_text(enum stir_tn_standing standing);

/** A caller or a callee in canonical form; kind and text compare by bytes. */
struct stir_party {
    enum stir_party_kind kind;
    size_t len;                     /**< bytes of `text`, without the NUL */
    char text[STIR_PARTY_MAX + 1];  /**< NUL-terminated; a URI may not contain NUL */
    enum stir_tn_standing standing; /**< of a number, by the plan that it was read with */
};

/** A country's dial plan, as data of the library. */
struct stir_dial_plan;

/** The dial plan that turns what people write into canonical numbers (RFC 8224 §8.3), in this order:
 *  - a special number stays as it is;
 *  - a number that has '+', or an international prefix (cut), has its country code and never gets another;
 *  - country_code "1" (North America): ten digits of which the first is 2 to 9 get a 1, eleven that begin with 1 stay; where neither fits, national_prefix is
 *    cut when what is left does fit;
 *  - another country_code with national_prefix: a number that begins with it loses it and gets the code; others stay;
 *  - another country_code without: numbers of 7 digits and more get the code, unless they begin with it and go on for 7 digits or more;
 *  - what is left stays: nobody can tell how to make it global.
 *
 *  What a source puts before its numbers is known to its operator alone, and never guessed. With technical or portability prefixes the number is read as it
 *  stands and without each that it begins with. One reading that gives a number with its country code is taken; of two that give different ones none is, and
 *  the number is ambiguous. When none does, the longest technical prefix goes. How well that tells depends on what is known of lengths: a `plan` knows most,
 *  and without plan and country code a technical prefix goes wherever a number begins with it.
 *
 *  Canonical numbers have no '+', so some foreign ones look national (4712345678, Norway, in North America). Numbers of claims, canonical already, are
 *  therefore read without a plan (NULL). For numbers of the plan itself, reading twice gives the same as reading once. */
struct stir_tn_options {
    size_t size; /**< sizeof(struct stir_tn_options) */
    /** Country code, 1 to 3 digits, put before national numbers; NULL or "" leaves them alone. With "1" a 10-digit number is national. */
    const char *country_code;
    /** International prefix that is cut, digits, such as "011" or "00"; NULL for none. */
    const char *international_prefix;
    /** National (trunk) prefix that is cut before the country code is put, digits, such as "0"; NULL for none. */
    const char *national_prefix;
    /** Numbers that are kept as they are, such as "911", NULL-terminated list; NULL for the built-in list (911, 112, 988, N11, and all that begin with * or #;
     *  with a plan, the emergency numbers of its country too). */
    const char *const *special;
    /** A plan of stir_tn_plan() instead of code and prefixes, which are not read then; NULL for none. */
    const struct stir_dial_plan *plan;
    /** Technical prefixes of this source, digits, # and *, such as "99#" or "1234", before the number and a '+'; NULL-terminated list of up to
     *  STIR_MAX_PREFIXES, NULL for none. */
    const char *const *technical_prefixes;
    /** Routing prefixes of ported numbers, digits and the letters A to F, X for any digit, such as "D1XX" or "347": before the number, or behind its country
     *  code or trunk prefix. A list as above. */
    const char *const *portability_prefixes;
    /** Digits of the country's national numbers without trunk prefix, such as 10 to 11 for country_code "55"; 0 and 0 when that is not known. Others are not
     *  made global. A plan knows its own. */
    unsigned national_min, national_max;
};
/** No country code, no prefixes, the built-in special numbers. */
#define STIR_TN_OPTIONS_INIT                                                           \
    {                                                                                  \
        sizeof(struct stir_tn_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 \
    }

/** The dial plan of a country, by its two letters in either case: "US", "CA", "FR", "DE", "GB", "IT", "MX", "ES", "AU". It knows country code, international
 *  prefixes, trunk prefix and the lengths of national numbers, and never guesses: a number that no rule fits, or two that disagree, stays as it is.
 *  @return constant data; NULL when there is no such plan. */
STIR_API const struct stir_dial_plan *stir_tn_plan(struct stir_slice name);

/** The `index`th plan's name, from 0.
 *  @return NULL past the end. */
STIR_API const char *stir_tn_plan_at(size_t index);

/** Bring the telephone number `text` into canonical form: '+' and visual separators dropped, tel parameters cut first, prefixes
 *  and country code by `options` (NULL: STIR_TN_OPTIONS_INIT). `text` is a number, not a URI.
 *  @return STIR_OK; STIR_ESYNTAX (a character no number has: letters, non-ASCII digits), STIR_EVALUE (no digits, more than E.164's 15, '+' before a 0, a
 *  phone-context of another plan), STIR_ELIMIT (longer than STIR_PARTY_MAX), STIR_EARG (a NULL; an option that is not what it says above, or a prefix that the
 * country code begins with); `*out` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_tn_parse(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *options);

/** Is `tn` in canonical form already: 1 to 15 of 0-9 # *, nothing else? Says nothing about its country code.
 *  @return true when it is. */
STIR_API bool stir_tn_is_canonical(struct stir_slice tn);

/** Is `tn`, canonical, a number that has no country code: 911, 112, *67 and the like, by `options` as above?
 *  @return true when it is. */
STIR_API bool stir_tn_is_special(struct stir_slice tn, const struct stir_tn_options *options);

/** Read a party from SIP or from a person: a tel, sip, sips or urn URI, a name-addr ("Alice" <sip:...>;tag=x), or a bare number.
 *  tel URIs and SIP URIs with user=phone, a leading '+' or a user part of digits that make a number by `options` become STIR_PARTY_TN;
 *  others become STIR_PARTY_URI in the form of RFC 8224 §8.5 (scheme:user@host, or scheme:host where there is no user; lower case, percent-encoded unreserved
 *  characters decoded, no password, port, parameters or headers). anonymous.invalid hosts and the user "anonymous" give STIR_PARTY_URI too, and so does a SIP
 *  URI whose number is none (RFC 8224 §8.1). A local number with a phone-context that is a country code is national there; with another one, which `options`
 *  cannot make global, it is a STIR_PARTY_URI: tel:NUMBER;phone-context=CONTEXT, or the SIP URI.
 *  @return STIR_OK; STIR_ESYNTAX (no such form), STIR_EVALUE (tel URI or bare number whose number is none), STIR_ELIMIT (canonical form longer than
 *  STIR_PARTY_MAX), STIR_EARG as stir_tn_parse(); `*out` is untouched unless STIR_OK. */
STIR_API STIR_MUST_USE enum stir_err stir_party_parse(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *options);

/** Are they one party?
 *  @return true for the same kind and the same canonical text. */
STIR_API bool stir_party_eq(const struct stir_party *a, const struct stir_party *b);

STIR_END
#endif
