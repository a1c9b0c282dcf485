#include "core/json_pointer.h"

enum { INDEX_DIGITS = 4 }; /* of an index: STIR_MAX_VALUES and more */

/* "~1" is '/', "~0" is '~'; *good turns false at any other '~'. */
static enum stir_err decode(bool *good, struct stir_slice *step, struct stir_arena *arena)
{
    if (stir_slice_find(*step, '~') == step->n)
        return STIR_OK;
    char *to = stir_arena_get(arena, step->n);
    if (!to)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(to, step->n);
    for (struct stir_reader r = stir_reader_of(*step); *good && stir_reader_left(&r);) {
        int c = stir_reader_get(&r);
        int next = c == '~' ? stir_reader_get(&r) : 0;
        *good = c != '~' || next == '0' || next == '1';
        stir_put_char(&w, next == '1' ? '/' : (char)c);
    }
    *step = stir_slice_of(to, w.need);
    return STIR_OK;
}

/* An index of an array: digits, no leading zero. */
static bool read_index(size_t *index, struct stir_slice step)
{
    *index = 0;
    for (size_t i = 0; i < step.n; i++) {
        if (!stir_is_digit(step.p[i]))
            return false;
        *index = *index * 10 + (size_t)(step.p[i] - '0');
        if (i == INDEX_DIGITS)
            return false;
    }
    return step.n == 1 || (step.n > 1 && step.p[0] != '0');
}

static bool step_into(struct stir_json *value, struct stir_slice step)
{
    size_t left = 0;
    bool is_array = value->type == STIR_JSON_ARRAY;
    if (is_array && !read_index(&left, step))
        return false;
    for (struct stir_json_iter it = stir_json_iter(*value); stir_json_next(&it);) {
        if (is_array ? left-- == 0 : stir_json_name_is(it.name, step)) {
            *value = it.value;
            return true;
        }
    }
    return false;
}

/*= RFC6901-4 */
enum stir_err stir_json_point(bool *found, struct stir_json *out, struct stir_json root, struct stir_slice pointer, struct stir_arena *arena)
{
    bool good = true;
    while (good && pointer.n) {
        struct stir_slice rest = stir_slice_from(pointer, 1), step = stir_slice_upto(rest, stir_slice_find(rest, '/'));
        good = pointer.p[0] == '/';
        pointer = stir_slice_from(rest, step.n);
        if (good)
            TRY(decode(&good, &step, arena));
        good = good && step_into(&root, step);
    }
    *found = good;
    if (good)
        *out = root;
    return STIR_OK;
}
