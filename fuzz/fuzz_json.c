/* Strict JSON: what is read can be walked, and its canonical form is a fixed point. */
#include <stdlib.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void walk(struct stir_json value, unsigned depth)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_slice text;
    struct stir_json again;
    int64_t number;
    must(depth <= STIR_MAX_DEPTH);
    if (value.type == STIR_JSON_STRING) {
        must(stir_json_string(&text, value, &arena) == STIR_OK && text.p && stir_utf8_valid(text) && (!text.n || !memchr(text.p, 0, text.n)));
        must(stir_json_name_is(stir_slice_of(value.text.p + 1, value.text.n - 2), text));
    }
    if (stir_json_integer(&number, value))
        must(value.type == STIR_JSON_NUMBER);
    for (struct stir_json_iter it = stir_json_iter(value); stir_json_next(&it);) {
        must((value.type == STIR_JSON_OBJECT) == (it.name.p != NULL));
        must(stir_json_parse(&again, it.value.text, NULL, NULL) == STIR_OK && again.type == it.value.type && again.text.n == it.value.text.n);
        walk(it.value, depth + 1);
    }
    stir_arena_clear(&arena);
}

/* The canonical form, malloc'd. */
static char *canonical_form(struct stir_json value, size_t *n)
{
    struct stir_writer w = stir_writer_of(NULL, 0);
    must(stir_json_put_canonical(&w, value) == STIR_OK);
    char *buf = malloc(w.need + 1);
    must(buf != NULL);
    w = stir_writer_of(buf, w.need + 1);
    must(stir_json_put_canonical(&w, value) == STIR_OK);
    must(stir_writer_close(&w, n) == STIR_OK);
    return buf;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data, size);
    struct stir_json value, again;
    struct stir_diag diag = {0, ""};
    bool canonical;
    size_t n, m;
    if (stir_json_parse(&value, text, &canonical, &diag) != STIR_OK) {
        must(diag.text[0] != '\0');
        return 0;
    }
    must(stir_utf8_valid(text));
    walk(value, 0);
    char *once = canonical_form(value, &n);
    must(!canonical || stir_slice_eq(text, stir_slice_of(once, n)));
    must(stir_json_parse(&again, stir_slice_of(once, n), NULL, NULL) == STIR_OK && again.type == value.type);
    char *twice = canonical_form(again, &m);
    must(n == m && memcmp(once, twice, n) == 0);
    free(once);
    free(twice);
    return 0;
}
