#include "service/ranges.h"

#include "core/bytes.h"
#include "core/spc_table.h"

#include <stdlib.h>

enum stir_err stir_ranges_add(struct stir_ranges *ranges, uint64_t first, uint64_t last, uint32_t tag)
{
    if (ranges->n == ranges->room) {
        size_t room = ranges->room * 2 + 16;
        struct stir_range *items = room < UINT32_MAX ? realloc(ranges->items, room * sizeof(*items)) : NULL;
        if (!items)
            return STIR_ENOMEM;
        ranges->items = items;
        ranges->room = room;
    }
    ranges->items[ranges->n++] = (struct stir_range){first, last, tag};
    return STIR_OK;
}

/* All numbers that begin with those digits: one range for each length that they may have. */
static enum stir_err add_prefix(struct stir_ranges *ranges, struct stir_slice digits, uint32_t tag)
{
    uint64_t first, last;
    if (!stir_number_read(&first, digits))
        return STIR_ESYNTAX;
    last = first;
    for (size_t n = digits.n; n <= STIR_TN_MAX; n++) {
        TRY(stir_ranges_add(ranges, first, last, tag));
        first *= 10;
        last = last * 10 + 9;
    }
    return STIR_OK;
}

enum stir_err stir_ranges_add_pattern(struct stir_ranges *ranges, struct stir_slice pattern, uint32_t tag)
{
    uint64_t first, last;
    if (pattern.n && pattern.p[pattern.n - 1] == '*')
        return add_prefix(ranges, stir_slice_upto(pattern, pattern.n - 1), tag);
    if (stir_slice_find(pattern, '+') < pattern.n || stir_number_range(&first, &last, pattern))
        return STIR_ESYNTAX;
    return stir_ranges_add(ranges, first, last, tag);
}

static int by_first(const void *a, const void *b)
{
    const struct stir_range *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->tag > y->tag) - (x->tag < y->tag);
}

/* Of the part from `low` to `high`, whose root is its middle. As deep as the tree is high: 32 at most. */
static uint64_t fill_most(struct stir_ranges *ranges, size_t low, size_t high)
{
    if (low >= high)
        return 0;
    size_t mid = low + (high - low) / 2;
    uint64_t left = fill_most(ranges, low, mid), right = fill_most(ranges, mid + 1, high), most = ranges->items[mid].last;
    most = left > most ? left : most;
    return ranges->most[mid] = right > most ? right : most;
}

enum stir_err stir_ranges_sort(struct stir_ranges *ranges)
{
    if (ranges->n == 0)
        return STIR_OK;
    ranges->most = malloc(ranges->n * sizeof(*ranges->most));
    if (!ranges->most)
        return STIR_ENOMEM;
    qsort(ranges->items, ranges->n, sizeof(*ranges->items), by_first);
    fill_most(ranges, 0, ranges->n);
    return STIR_OK;
}

void stir_ranges_free(struct stir_ranges *ranges)
{
    free(ranges->items);
    free(ranges->most);
    *ranges = (struct stir_ranges){NULL, NULL, 0, 0};
}

static void look_at(struct stir_ranges_walk *walk, uint32_t low, uint32_t high)
{
    if (low >= high)
        return;
    walk->left[walk->depth].low = low;
    walk->left[walk->depth++].high = high;
}

void stir_ranges_begin(struct stir_ranges_walk *walk, const struct stir_ranges *ranges, uint64_t number)
{
    walk->ranges = ranges;
    walk->number = number;
    walk->depth = 0;
    look_at(walk, 0, (uint32_t)ranges->n);
}

const struct stir_range *stir_ranges_next(struct stir_ranges_walk *walk)
{
    while (walk->depth) {
        uint32_t low = walk->left[walk->depth - 1].low, high = walk->left[walk->depth - 1].high, mid = low + (high - low) / 2;
        const struct stir_range *range = &walk->ranges->items[mid];
        walk->depth--;
        if (walk->ranges->most[mid] < walk->number) /* all of this part ends before it */
            continue;
        if (range->first <= walk->number)
            look_at(walk, mid + 1, high);
        look_at(walk, low, mid);
        if (range->first <= walk->number && walk->number <= range->last)
            return range;
    }
    return NULL;
}
