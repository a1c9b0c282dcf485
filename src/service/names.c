#include "service/names.h"

#include "core/bytes.h"

#include <stdlib.h>

static int compare_exact(struct stir_slice a, struct stir_slice b)
{
    return stir_slice_compare(a, b);
}

static int compare_any_case(struct stir_slice a, struct stir_slice b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        int order = (unsigned char)stir_lower(a.p[i]) - (unsigned char)stir_lower(b.p[i]);
        if (order)
            return order;
    }
    return (a.n > b.n) - (a.n < b.n);
}

/* qsort has no room for the table's own order. */
static int by_exact(const void *a, const void *b)
{
    const struct stir_named *x = a, *y = b;
    int order = compare_exact(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_any_case(const void *a, const void *b)
{
    const struct stir_named *x = a, *y = b;
    int order = compare_any_case(x->name, y->name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

bool stir_names_room(struct stir_names *names, size_t most, bool any_case)
{
    names->compare = any_case ? compare_any_case : compare_exact;
    names->items = calloc(most ? most : 1, sizeof(*names->items));
    return names->items != NULL;
}

void stir_names_add(struct stir_names *names, struct stir_slice name, size_t at)
{
    names->items[names->n++] = (struct stir_named){name, (uint32_t)at};
}

void stir_names_sort(struct stir_names *names)
{
    qsort(names->items, names->n, sizeof(*names->items), names->compare == compare_exact ? by_exact : by_any_case);
}

/* The first of that name, and how many there are; they are in the order of the file. */
const struct stir_named *stir_names_find(const struct stir_names *names, struct stir_slice name, size_t *n)
{
    size_t low = 0, high = names->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (names->compare(names->items[mid].name, name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (*n = 0; low + *n < names->n && names->compare(names->items[low + *n].name, name) == 0;)
        ++*n;
    return names->items + low;
}

/* Whose the name is; STIR_NAMES_NOBODY. */
uint32_t stir_names_owner(const struct stir_names *names, struct stir_slice name)
{
    size_t n = 0;
    const struct stir_named *found = name.n ? stir_names_find(names, name, &n) : NULL;
    return n ? found->at : STIR_NAMES_NOBODY;
}
