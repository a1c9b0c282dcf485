/* A store of a test's own, on the engine that the test was started for: `postgresql` as the first argument takes the database that STIR_TEST_POSTGRESQL
 * names (tests/acme/postgres.py starts one), each test in a schema of its own; else a SQLite file in `folder`. */
#ifndef STIR_TESTS_STORE_SUPPORT_H
#define STIR_TESTS_STORE_SUPPORT_H

#include "io/store.h"

#include "folder_support.h"

static const char *store_server; /* URL of PostgreSQL; NULL: SQLite */
static unsigned store_schema_at;
static char store_where[1200];

/* Before cmocka runs. */
static inline void store_engine_of(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "postgresql") == 0) {
        store_server = getenv("STIR_TEST_POSTGRESQL");
        if (!store_server) {
            fprintf(stderr, "STIR_TEST_POSTGRESQL names no server: run this by tests/acme/postgres.py\n");
            exit(1);
        }
    }
}

static inline bool store_is_postgresql(void)
{
    return store_server != NULL;
}

static enum stir_err store_run_one(struct stir_store *store, void *sql)
{
    return stir_store_do(store, sql, STIR_NO_VALUES, NULL);
}

/* One statement in a transaction of its own. */
static inline void store_sql(struct stir_store *store, const char *sql)
{
    struct stir_diag diag = {0};
    char copy[2000];
    snprintf(copy, sizeof(copy), "%s", sql);
    if (stir_store_transact(store, store_run_one, copy, &diag) != STIR_OK)
        fail_msg("%s: %s", sql, diag.text);
}

static enum stir_err store_count_one(struct stir_store *store, void *arg)
{
    struct {
        const char *sql;
        int64_t n;
    } *count = arg;
    struct stir_store_rows *rows;
    enum stir_err err = stir_store_ask_one(&rows, store, count->sql, STIR_NO_VALUES);
    if (err == STIR_OK)
        count->n = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return err;
}

/* The number that `sql` gives. */
static inline int64_t store_int(struct stir_store *store, const char *sql)
{
    struct {
        const char *sql;
        int64_t n;
    } count = {sql, -1};
    struct stir_diag diag = {0};
    if (stir_store_look(store, store_count_one, &count, &diag) != STIR_OK)
        fail_msg("%s: %s", sql, diag.text);
    return count.n;
}

static inline struct stir_store *store_open_at(const char *where, const struct stir_store_schema *schema)
{
    struct stir_store *store = NULL;
    struct stir_diag diag = {0};
    if (stir_store_open(&store, where, schema, true, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return store;
}

/* A new and empty place: in `store_where`. */
static inline void store_place(void)
{
    static const struct stir_store_schema nothing = {NULL, 0};
    folder_make();
    if (!store_server) {
        snprintf(store_where, sizeof(store_where), "%s", path_in("store.db"));
        return;
    }
    char sql[100];
    struct stir_store *store = store_open_at(store_server, &nothing);
    snprintf(sql, sizeof(sql), "CREATE SCHEMA t%ld_%u", (long)getpid(), ++store_schema_at);
    store_sql(store, sql);
    stir_store_close(store);
    snprintf(store_where, sizeof(store_where), "%s%coptions=-csearch_path%%3Dt%ld_%u", store_server, strchr(store_server, '?') ? '&' : '?', (long)getpid(),
             store_schema_at);
}

/* The same place by another name, as another process has it: PostgreSQL's writers of one process take turns. */
static inline void store_elsewhere(char out[1300], int n)
{
    snprintf(out, 1300, store_server ? "%s&application_name=test%d" : "%s", store_where, n);
}

static inline struct stir_store *store_again(const struct stir_store_schema *schema)
{
    return store_open_at(store_where, schema);
}

#endif
