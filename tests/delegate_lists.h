/* Lists of numbers from the text that stir_tnauth_text() writes. */
#ifndef STIR_TESTS_DELEGATE_LISTS_H
#define STIR_TESTS_DELEGATE_LISTS_H

#include "support.h"

/* "spc:709J one:12155551212 range:12155551000+1000" */
static inline struct stir_tnauth *list_of(const char *text)
{
    struct stir_tnauth_entry entries[16];
    struct stir_tnauth *made = NULL;
    size_t n = 0;
    while (*text) {
        size_t len = strcspn(text, " ");
        const char *colon = memchr(text, ':', len), *plus = memchr(text, '+', len);
        assert_non_null(colon);
        const char *end = plus ? plus : text + len;
        assert_true(n < sizeof(entries) / sizeof(entries[0]));
        entries[n].kind = *text == 's' ? STIR_TNAUTH_SPC : *text == 'r' ? STIR_TNAUTH_RANGE : STIR_TNAUTH_ONE;
        entries[n].text = stir_slice_of(colon + 1, (size_t)(end - colon - 1));
        entries[n].count = plus ? strtoull(plus + 1, NULL, 10) : 0;
        n++;
        text += len + (text[len] == ' ');
    }
    assert_int_equal(stir_tnauth_new(&made, entries, n, NULL), STIR_OK);
    return made;
}

#endif
