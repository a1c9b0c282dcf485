/* Strict JSON of tokens: a reader that allocates nothing and bears no duplicate names, the canonical writer of RFC 8225 §9, and base64url. */
#ifndef STIR_CORE_JSON_H
#define STIR_CORE_JSON_H

#include <stir/limits.h>

#include "core/bytes.h"

enum stir_json_type {
    STIR_JSON_NULL = 0,
    STIR_JSON_BOOL = 1,
    STIR_JSON_NUMBER = 2,
    STIR_JSON_STRING = 3,
    STIR_JSON_ARRAY = 4,
    STIR_JSON_OBJECT = 5,
};

/* A value as it stands: `text` is its span, quotes and brackets included, without white space around it. */
struct stir_json {
    enum stir_json_type type;
    struct stir_slice text;
};

/* Check that `text` is exactly one strict JSON value (RFC 8259, white space around it borne): UTF-8, no lone surrogates, no NUL (escaped or not), no control
 * characters, no duplicate names at any level (compared after unescaping), depth, members and values within stir/limits.h. Everything below is only for values
 * that went through here. *canonical (may be NULL) is set when it is already RFC 8225 §9: no white space, names sorted by code point, no needless escapes,
 * numbers as integers in shortest form.
 * @return STIR_OK, STIR_EJSON, STIR_ELIMIT; `diag` says where and what. */
enum stir_err stir_json_parse(struct stir_json *out, struct stir_slice text, bool *canonical, struct stir_diag *diag) STIR_MUST_USE;

/* Walk the members of an object: for (struct stir_json_iter it = stir_json_iter(obj); stir_json_next(&it);) it.name (raw, between the quotes), it.value. Arrays
 * have no names. */
struct stir_json_iter {
    struct stir_reader r;
    struct stir_slice name; /* raw, between the quotes */
    struct stir_json value;
};
struct stir_json_iter stir_json_iter(struct stir_json container);
bool stir_json_next(struct stir_json_iter *it);

/* The member named `name` (compared after unescaping). false when there is none. */
bool stir_json_member(struct stir_json object, const char *name, struct stir_json *out);

/* The raw name `raw` of an iterator says `name`, after unescaping. */
bool stir_json_name_is(struct stir_slice raw, struct stir_slice name);

/* What stands between the quotes of a name or a string, unescaped as stir_json_string() does.
 * @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_json_unescape(struct stir_slice *out, struct stir_slice raw, struct stir_arena *arena) STIR_MUST_USE;

/* A string's value. Without escapes it is a slice of the text; with escapes it is put into the arena (NULL arena: absent slice).
 * @return STIR_OK, STIR_EVALUE (not a string), STIR_ENOMEM. */
enum stir_err stir_json_string(struct stir_slice *out, struct stir_json value, struct stir_arena *arena) STIR_MUST_USE;

/* An integer: '-'? digits, no fraction, no exponent, within int64. false when it is not. */
bool stir_json_integer(int64_t *out, struct stir_json value);

/* Write `value` canonically (RFC 8225 §9). Strings keep their characters, escapes become the shortest ones; numbers that are no integers are written as they
 * stand.
 * @return STIR_OK, STIR_ELIMIT (only for a value that did not go through stir_json_parse()). */
enum stir_err stir_json_put_canonical(struct stir_writer *w, struct stir_json value) STIR_MUST_USE;

/* base64url without padding (RFC 7515 §2). Decode is strict: alphabet, no padding, no white space, unused bits zero.
 * `out` has room for stir_b64url_max_decoded(n). @return STIR_OK, STIR_EB64. */
enum stir_err stir_b64url_decode(unsigned char *out, size_t *n, struct stir_slice text) STIR_MUST_USE;
static inline size_t stir_b64url_max_decoded(size_t n)
{
    return n / 4 * 3 + (n % 4 ? n % 4 - 1 : 0);
}
static inline size_t stir_b64url_encoded(size_t n)
{
    return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
}
void stir_put_b64url(struct stir_writer *w, struct stir_slice bytes);

#endif
