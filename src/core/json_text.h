/* Characters inside the quotes of a JSON string: UTF-8, escapes, and the order of names. */
#ifndef STIR_CORE_JSON_TEXT_H
#define STIR_CORE_JSON_TEXT_H

#include "core/bytes.h"

/* Decode the UTF-8 sequence at `p` (before `end`). @return its bytes; 0 when it is none: overlong, a surrogate, beyond U+10FFFF, cut short. */
size_t stir_utf8_read(const unsigned char *p, const unsigned char *end, uint32_t *c);
/* Encode `c`. @return its bytes. */
size_t stir_utf8_write(char out[4], uint32_t c);

/* Decode the escape at `p`, a surrogate pair as one character. @return its bytes; 0 when it is none, or half of a pair. */
size_t stir_json_escape_read(const unsigned char *p, const unsigned char *end, uint32_t *c);
/* The shortest spelling of `c` inside quotes. @return its bytes. */
size_t stir_json_spell(char out[6], uint32_t c);

/* Next character of a checked string; -1 at its end. */
int32_t stir_json_character(struct stir_reader *r);

bool stir_json_has_escape(struct stir_slice raw);
/* Order of two raw names by Unicode code point, escapes read. */
int stir_json_compare_characters(struct stir_slice a, struct stir_slice b);
/* The same for names without escapes: UTF-8 sorts as its code points do. */
int stir_json_compare_bytes(struct stir_slice a, struct stir_slice b);

#endif
