#include "io/store.h"

#include "core/bytes.h"
#include "io/clock.h"
#include "io/crash_point.h"
#include "io/store_engine.h"
#include "io/store_grow.h"

#include <stdlib.h>
#include <time.h>

enum { LONGEST_WAIT_MS = 250, EXISTS_TRIES = 3 };

/* A prepared statement, and the rows it gives. */
struct stir_store_rows {
    struct stir_store *store;
    char *sql;
    void *statement;
    bool open; /* somebody reads its rows */
};

enum state { IDLE = 0, READING, WRITING };

struct stir_store {
    const struct stir_store_driver *driver;
    void *db;
    char name[STIR_STORE_NAME];
    enum state state;
    enum stir_err failed;                                     /* a statement of this transaction: nothing more is done in it */
    struct stir_diag said;                                    /* what the engine said of it */
    struct stir_store_rows *cache[2 * STIR_STORE_STATEMENTS]; /* by their SQL; open addressing, half full at most */
    size_t n_cache;
    uint64_t dice;
};

/* --- again, and the wait before it --- */

/* Growing, and never twice the same: those that met must not meet again. */
static void wait_before(struct stir_store *store, unsigned again)
{
    const int64_t most = again < 8 ? INT64_C(1) << again : LONGEST_WAIT_MS;
    store->dice = (store->dice ^ (uint64_t)stir_clock_monotonic_us()) * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const int64_t us = most * 500 + (int64_t)((store->dice >> 33) % (uint64_t)(most * 500));
    const struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    (void)nanosleep(&pause, NULL); /* a signal makes it shorter: harmless */
}

/* --- statements --- */

static void let_go_of_rows(struct stir_store *store)
{
    for (size_t i = 0; i < sizeof(store->cache) / sizeof(*store->cache); i++)
        if (store->cache[i] && store->cache[i]->open) {
            store->driver->reset(store->cache[i]->statement);
            store->cache[i]->open = false;
        }
}

static void forget_statements(struct stir_store *store)
{
    for (size_t i = 0; i < sizeof(store->cache) / sizeof(*store->cache); i++)
        if (store->cache[i]) {
            store->driver->forget(store->cache[i]->statement);
            free(store->cache[i]->sql);
            free(store->cache[i]);
            store->cache[i] = NULL;
        }
    store->n_cache = 0;
}

/* Where the statement of `sql` is, or may be put. SQL is the program's own: nobody can choose texts that collide. */
static struct stir_store_rows **place_of(struct stir_store *store, const char *sql)
{
    const size_t n = sizeof(store->cache) / sizeof(*store->cache);
    uint64_t hash = UINT64_C(14695981039346656037);
    for (const char *p = sql; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    size_t at = (size_t)(hash % n);
    while (store->cache[at] && strcmp(store->cache[at]->sql, sql) != 0)
        at = (at + 1) % n;
    return &store->cache[at];
}

static enum stir_err statement_of(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n)
{
    struct stir_store_rows **place = place_of(store, sql), *made;
    if (*place) {
        *out = *place;
        return STIR_OK;
    }
    if (store->n_cache == STIR_STORE_STATEMENTS)
        return stir_diag_set(&store->said, STIR_ELIMIT, SIZE_MAX, "more than %d different statements: SQL is constant text", STIR_STORE_STATEMENTS);
    made = calloc(1, sizeof(*made));
    char *copy = strdup(sql);
    enum stir_err err = made && copy ? store->driver->prepare(&made->statement, store->db, sql, values, n, &store->said) : STIR_ENOMEM;
    if (err != STIR_OK) {
        free(copy);
        free(made);
        return err;
    }
    made->store = store;
    made->sql = copy;
    *out = *place = made;
    store->n_cache++;
    return STIR_OK;
}

/* What one engine bears and the other does not is refused for both. */
static enum stir_err check_values(struct stir_store *store, const struct stir_store_value *values, size_t n)
{
    if (n > STIR_STORE_MAX_VALUES)
        return stir_diag_set(&store->said, STIR_ELIMIT, SIZE_MAX, "a statement of %zu values, %d are the most", n, STIR_STORE_MAX_VALUES);
    for (size_t i = 0; i < n; i++) {
        const struct stir_store_value *v = &values[i];
        if (v->kind != STIR_STORE_TEXT && v->kind != STIR_STORE_BYTES)
            continue;
        if (v->s.n > STIR_STORE_MAX_BYTES)
            return stir_diag_set(&store->said, STIR_ELIMIT, SIZE_MAX, "value %zu of a statement has %zu bytes, %u are the most", i + 1, v->s.n,
                                 (unsigned)STIR_STORE_MAX_BYTES);
        if (v->kind == STIR_STORE_TEXT && (!stir_utf8_valid(v->s) || memchr(v->s.p, '\0', v->s.n)))
            return stir_diag_set(&store->said, STIR_EVALUE, SIZE_MAX, "value %zu of a statement is no text: UTF-8 without NUL is wanted", i + 1);
    }
    return STIR_OK;
}

static enum stir_err run(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n,
                         size_t *changed)
{
    size_t touched = 0;
    if (store->state == IDLE)
        return stir_diag_set(&store->said, STIR_ESTATE, SIZE_MAX, "a statement outside of a transaction");
    TRY(check_values(store, values, n));
    TRY(statement_of(out, store, sql, values, n));
    if ((*out)->open)
        return stir_diag_set(&store->said, STIR_ESTATE, SIZE_MAX, "the rows of the same statement are still being read");
    enum stir_err err = store->driver->run((*out)->statement, store->state == WRITING, values, n, &touched, &store->said);
    if (err != STIR_OK)
        store->driver->reset((*out)->statement);
    else if (changed)
        *changed = touched;
    return err;
}

/* A transaction in which something failed is lost, in both engines: PostgreSQL says so, and for SQLite we do. */
static enum stir_err note(struct stir_store *store, enum stir_err err)
{
    if (err != STIR_OK && err != STIR_ENOTFOUND && store->failed == STIR_OK)
        store->failed = err;
    return err;
}

enum stir_err stir_store_do(struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n, size_t *changed)
{
    struct stir_store_rows *rows = NULL;
    TRY(store->failed);
    TRY(note(store, run(&rows, store, sql, values, n, changed)));
    store->driver->reset(rows->statement);
    return STIR_OK;
}

enum stir_err stir_store_ask(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n)
{
    struct stir_store_rows *rows = NULL;
    *out = NULL;
    TRY(store->failed);
    TRY(note(store, run(&rows, store, sql, values, n, NULL)));
    rows->open = true;
    *out = rows;
    return STIR_OK;
}

enum stir_err stir_store_next(struct stir_store_rows *rows)
{
    struct stir_store *store = rows->store;
    TRY(store->failed);
    if (!rows->open)
        return note(store, stir_diag_set(&store->said, STIR_ESTATE, SIZE_MAX, "rows were read after they were let go"));
    return note(store, store->driver->next(rows->statement, &store->said));
}

enum stir_err stir_store_ask_one(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n)
{
    struct stir_store_rows *rows = NULL;
    *out = NULL;
    TRY(stir_store_ask(&rows, store, sql, values, n));
    enum stir_err err = stir_store_next(rows);
    if (err == STIR_OK)
        *out = rows;
    else
        stir_store_rows_free(rows);
    return err;
}

bool stir_store_is_null(const struct stir_store_rows *rows, unsigned column)
{
    return !stir_store_get(rows, column).p;
}

int64_t stir_store_get_int(const struct stir_store_rows *rows, unsigned column)
{
    return rows->open ? rows->store->driver->get_int(rows->statement, column) : 0;
}

struct stir_slice stir_store_get(const struct stir_store_rows *rows, unsigned column)
{
    return rows->open ? rows->store->driver->get(rows->statement, column) : (struct stir_slice){NULL, 0};
}

void stir_store_rows_free(struct stir_store_rows *rows)
{
    if (rows && rows->open) {
        rows->store->driver->reset(rows->statement);
        rows->open = false;
    }
}

/* --- transactions --- */

typedef enum stir_err work_fn(struct stir_store *store, void *arg);

/* What the work answered, when nothing failed below it: a work that goes on after a failure has not done what it thinks. */
static enum stir_err outcome(const struct stir_store *store, enum stir_err answered)
{
    if (store->failed == STIR_EBUSY || (store->failed != STIR_OK && answered == STIR_OK))
        return store->failed;
    return answered;
}

static enum stir_err commit(struct stir_store *store)
{
    if (store->state == READING)
        return store->driver->commit(store->db, &store->said);
    stir_crash_point("store: before commit");
    TRY(store->driver->commit(store->db, &store->said));
    stir_crash_point("store: committed");
    return STIR_OK;
}

static enum stir_err try_once(struct stir_store *store, bool writes, work_fn *work, void *arg)
{
    store->failed = STIR_OK;
    store->said.text[0] = '\0';
    enum stir_err err = store->driver->begin(store->db, writes, &store->said);
    if (err != STIR_OK) {
        store->failed = err;
        return err;
    }
    store->state = writes ? WRITING : READING;
    err = outcome(store, work(store, arg));
    let_go_of_rows(store);
    if (err == STIR_OK)
        err = note(store, commit(store));
    if (err != STIR_OK)
        store->driver->undo(store->db);
    store->state = IDLE;
    return err;
}

/* What ran `again` times again and answered `err`. */
static bool may_do_again(const struct stir_store *store, enum stir_err err, unsigned again)
{
    if (err == STIR_EEXISTS && store->failed == STIR_EEXISTS && store->driver->exists_too_late)
        return again < EXISTS_TRIES;
    return err == STIR_EBUSY && again + 1 < STIR_STORE_TRIES;
}

static enum stir_err in_transaction(struct stir_store *store, bool writes, work_fn *work, void *arg, struct stir_diag *diag)
{
    if (store->state != IDLE)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "a transaction within a transaction");
    enum stir_err err = try_once(store, writes, work, arg);
    for (unsigned again = 0; may_do_again(store, err, again); again++) {
        wait_before(store, again);
        err = try_once(store, writes, work, arg);
    }
    const bool ours = err != STIR_OK && err == store->failed; /* else it is the work's own, which has said why where it wanted to */
    store->failed = STIR_OK;
    if (err == STIR_EBUSY)
        return stir_diag_set(diag, err, SIZE_MAX, "the store %.80s is busy: it was tried %d times; try again%s%s", store->name, STIR_STORE_TRIES,
                             store->said.text[0] ? ": " : "", store->said.text);
    return ours && store->said.text[0] ? stir_diag_set(diag, err, SIZE_MAX, "the store %.80s: %s", store->name, store->said.text) : err;
}

enum stir_err stir_store_transact(struct stir_store *store, work_fn *work, void *arg, struct stir_diag *diag)
{
    return in_transaction(store, true, work, arg, diag);
}

enum stir_err stir_store_look(struct stir_store *store, work_fn *work, void *arg, struct stir_diag *diag)
{
    return in_transaction(store, false, work, arg, diag);
}

/* --- open, close --- */

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

const char *stir_store_path(const char *where)
{
    if (begins(where, "postgresql://") || begins(where, "postgres://"))
        return NULL;
    return begins(where, "sqlite:") ? where + strlen("sqlite:") : where;
}

static enum stir_err open_engine(struct stir_store *store, const char *where, bool create)
{
    const char *path = stir_store_path(where);
    store->driver = path ? &stir_store_sqlite : &stir_store_postgresql;
    enum stir_err err = STIR_EBUSY;
    for (unsigned again = 0; err == STIR_EBUSY && again < STIR_STORE_TRIES; again++) {
        if (again)
            wait_before(store, again);
        store->said.text[0] = '\0';
        err = store->driver->open(&store->db, store->name, path ? path : where, create, &store->said);
    }
    return err;
}

enum stir_err stir_store_open(struct stir_store **out, const char *where, const struct stir_store_schema *schema, bool create, struct stir_diag *diag)
{
    struct stir_store *store = calloc(1, sizeof(*store));
    if (!store)
        return STIR_ENOMEM;
    store->dice = (uint64_t)(uintptr_t)store;
    enum stir_err err = open_engine(store, where, create);
    if (err != STIR_OK)
        (void)stir_diag_set(diag, err, SIZE_MAX, "the store %.80s: %s", store->name, store->said.text[0] ? store->said.text : stir_err_text(err));
    else
        err = stir_store_grow(store, schema, diag);
    if (err != STIR_OK) {
        stir_store_close(store);
        return err;
    }
    *out = store;
    return STIR_OK;
}

void stir_store_close(struct stir_store *store)
{
    if (!store)
        return;
    if (store->db) {
        forget_statements(store);
        store->driver->close(store->db);
    }
    free(store);
}

enum stir_store_engine stir_store_engine(const struct stir_store *store)
{
    return store->driver->engine;
}

const char *stir_store_name(const struct stir_store *store)
{
    return store->name;
}

/* --- for io/store_grow.c --- */

const struct stir_store_driver *stir_store_driver_of(const struct stir_store *store)
{
    return store->driver;
}

enum stir_err stir_store_script(struct stir_store *store, const char *sql)
{
    TRY(store->failed);
    return note(store, store->driver->script(store->db, sql, &store->said));
}

enum stir_err stir_store_alone(struct stir_store *store, bool on, struct stir_diag *diag)
{
    store->said.text[0] = '\0';
    enum stir_err err = store->driver->alone(store->db, on, &store->said);
    return err == STIR_OK ? err : stir_diag_set(diag, err, SIZE_MAX, "the store %.80s: %s", store->name, store->said.text);
}

/* --- the whole of it --- */

enum stir_err stir_store_backup(struct stir_store *store, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
                                struct stir_diag *diag)
{
    if (store->state != IDLE)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "a backup within a transaction");
    store->said.text[0] = '\0';
    enum stir_err err = store->driver->backup(store->db, path, progress, arg, &store->said);
    return err == STIR_OK ? err : stir_diag_set(diag, err, SIZE_MAX, "%s", store->said.text[0] ? store->said.text : stir_err_text(err));
}

enum stir_err stir_store_integrity(struct stir_store *store, struct stir_diag *diag)
{
    if (store->state != IDLE)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "a check within a transaction");
    store->said.text[0] = '\0';
    enum stir_err err = store->driver->integrity(store->db, &store->said);
    return err == STIR_OK ? err : stir_diag_set(diag, err, SIZE_MAX, "the store %.80s: %s", store->name, store->said.text);
}
