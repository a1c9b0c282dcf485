/* Customers of trunks that no list of numbers knows: a name that was written otherwise than in the list costs every call its A, and nothing else tells. */
#include "service/as_book.h"

#include <stdlib.h>

enum { NAMED = 5 /* the rest is counted */ };

/* The customers of trunks, each once by its first trunk, and which of them a list names. */
struct customers {
    struct stir_names names;
    bool *listed;
};

/* `owned` and evidence alone look for customers in lists. */
static bool lists_matter(const struct stir_conf *conf)
{
    for (size_t i = 0; i < conf->n_rules; i++)
        if (conf->rules[i].owned)
            return true;
    for (size_t i = 0; i < conf->n_numbers; i++)
        if (conf->numbers[i].kind == STIR_NUMBERS_EVIDENCE)
            return true;
    return false;
}

static bool collect(struct customers *all, const struct stir_conf *conf)
{
    size_t n = 0;
    all->listed = calloc(conf->n_trunks + 1, sizeof(*all->listed));
    if (!all->listed || !stir_names_room(&all->names, conf->n_trunks, true))
        return false;
    for (size_t i = 0; i < conf->n_trunks; i++)
        if (*conf->trunks[i].customer)
            stir_names_add(&all->names, stir_slice_str(conf->trunks[i].customer), i);
    stir_names_sort(&all->names);
    for (size_t i = 0; i < all->names.n; i++)
        if (n == 0 || all->names.compare(all->names.items[n - 1].name, all->names.items[i].name) != 0)
            all->names.items[n++] = all->names.items[i];
    all->names.n = n;
    return true;
}

static void mark(void *arg, struct stir_slice customer)
{
    struct customers *all = arg;
    size_t n = 0;
    const struct stir_named *found = stir_names_find(&all->names, customer, &n);
    if (n)
        all->listed[found - all->names.items] = true;
}

static void tell(struct stir_as_making *m, const struct customers *all)
{
    size_t missing = 0;
    for (size_t i = 0; i < all->names.n; i++) {
        const struct stir_conf_trunk *trunk = &m->book->conf->trunks[all->names.items[i].at];
        if (!all->listed[i] && ++missing <= NAMED)
            stir_as_tell(m, false, "trunk %s: no list of numbers names its customer %.60s: no number is his by any list", trunk->name, trunk->customer);
    }
    if (missing > NAMED)
        stir_as_tell(m, false, "trunks: no list of numbers names the customers of %zu more", missing - NAMED);
}

void stir_as_customers_look(struct stir_as_making *m)
{
    const struct stir_conf *conf = m->book->conf;
    struct customers all = {.listed = NULL};
    if (!lists_matter(conf))
        return;
    if (collect(&all, conf)) {
        for (size_t i = 0; all.names.n && i < conf->n_numbers; i++)
            if (m->book->sets[i]) /* one that could not be read was told */
                stir_number_set_customers(m->book->sets[i], mark, &all);
        tell(m, &all);
    } else {
        m->out_of_memory = true;
    }
    free(all.names.items);
    free(all.listed);
}
