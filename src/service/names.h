/* Names of the configuration, and whose they are: tables made once, then searched by halves. */
#ifndef STIR_SERVICE_NAMES_H
#define STIR_SERVICE_NAMES_H

#include <stir/slice.h>

#define STIR_NAMES_NOBODY UINT32_MAX

struct stir_named {
    struct stir_slice name; /* borrowed */
    uint32_t at;            /* its owner's place in the file */
};
struct stir_names {
    struct stir_named *items;
    size_t n;
    int (*compare)(struct stir_slice a, struct stir_slice b);
};

/* Room for `most` names, compared in any case or exactly; free(items). False: out of memory. */
bool stir_names_room(struct stir_names *names, size_t most, bool any_case) STIR_MUST_USE;
void stir_names_add(struct stir_names *names, struct stir_slice name, size_t at);
void stir_names_sort(struct stir_names *names); /* once all are there */

/* The first of that name, and how many there are; they are in the order of their owners. */
const struct stir_named *stir_names_find(const struct stir_names *names, struct stir_slice name, size_t *n);
/* Whose the name is; STIR_NAMES_NOBODY, also for the empty name. */
uint32_t stir_names_owner(const struct stir_names *names, struct stir_slice name);

#endif
