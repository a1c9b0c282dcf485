/* What the tests of the store share: a schema of their own. */
#ifndef STIR_TESTS_STORE_THINGS_H
#define STIR_TESTS_STORE_THINGS_H

#include "store_support.h"

#include "core/bytes.h"
#include "io/crash_point.h"

static const struct stir_store_migration steps[] = {
    {"things", "CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT NOT NULL, data BYTES, note TEXT); CREATE INDEX things_n ON things (n);"},
    {"counters", "CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL);"},
    {"pairs", "CREATE TABLE pairs (a BIGINT NOT NULL, b BIGINT NOT NULL, PRIMARY KEY (a, b));"},
};
static const struct stir_store_schema schema = {steps, 2};
static struct stir_store *store;
static struct stir_diag diag;

static inline int set_up(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = store_again(&schema);
    return 0;
}

static inline int set_up_nothing(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = NULL;
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    stir_crash_hook = NULL;
    stir_store_close(store);
    folder_remove();
    return 0;
}

static inline enum stir_err put(struct stir_store *s, const char *name, int64_t n)
{
    return stir_store_do(s, "INSERT INTO things (name, n) VALUES ($1, $2)", STIR_VALUES(stir_store_str(name), stir_store_int(n)), NULL);
}

static inline enum stir_err write_it(struct stir_store *s, void *arg)
{
    (void)arg;
    return put(s, "a", 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define T0(name) cmocka_unit_test_setup_teardown(name, set_up_nothing, tear_down)

#endif
