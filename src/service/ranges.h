/* Ranges of telephone numbers that may lie anyhow, and all of them that hold one number: a sorted list that is searched as a tree. */
#ifndef STIR_SERVICE_RANGES_H
#define STIR_SERVICE_RANGES_H

#include <stir/err.h>

struct stir_range {
    uint64_t first, last; /* as stir_number_read() has them; both are in it */
    uint32_t tag;         /* the caller's */
};
/* Zero it to begin. */
struct stir_ranges {
    struct stir_range *items;
    uint64_t *most; /* of item i: the greatest `last` of the subtree that it is the root of */
    size_t n, room;
};

/* STIR_ENOMEM. */
enum stir_err stir_ranges_add(struct stir_ranges *ranges, uint64_t first, uint64_t last, uint32_t tag) STIR_MUST_USE;
/* "12155551212", "12155550000-12155559999", or "1215555*": numbers of any length that begin so. STIR_ESYNTAX, STIR_ENOMEM. */
enum stir_err stir_ranges_add_pattern(struct stir_ranges *ranges, struct stir_slice pattern, uint32_t tag) STIR_MUST_USE;
/* Once all are there, before the first question. STIR_ENOMEM. */
enum stir_err stir_ranges_sort(struct stir_ranges *ranges) STIR_MUST_USE;
void stir_ranges_free(struct stir_ranges *ranges); /* what it holds */

/* A walk through the ranges that hold a number. */
struct stir_ranges_walk {
    const struct stir_ranges *ranges;
    uint64_t number;
    struct {
        uint32_t low, high;
    } left[40]; /* parts still to be looked at: one for each level of a tree of 2^32 */
    unsigned depth;
};
void stir_ranges_begin(struct stir_ranges_walk *walk, const struct stir_ranges *ranges, uint64_t number);
const struct stir_range *stir_ranges_next(struct stir_ranges_walk *walk); /* NULL: no more; in no order */

#endif
