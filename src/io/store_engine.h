/* What an engine does for the face (io/store.c). The face keeps the rules: what a transaction is, when it runs again, what a value may be, which statements are
 * prepared. An engine speaks to its library alone. `said` is never NULL here, and what an engine says in it holds no value of a statement and no password. */
#ifndef STIR_IO_STORE_ENGINE_H
#define STIR_IO_STORE_ENGINE_H

#include "io/store.h"

enum {
    STIR_STORE_NAME = 1200,          /* bytes of stir_store_name(): a path, or host, port and database */
    STIR_STORE_STATEMENTS = 512,     /* different SQL texts of one connection: a program has some hundred, so more is SQL put together from values */
    STIR_STORE_BUSY_MS = 250,        /* an engine's own wait for another's transaction, before the face undoes and waits */
    STIR_STORE_STATEMENT_MS = 30000, /* the longest that one statement may take, where the engine can end it */
};

struct stir_store_driver {
    enum stir_store_engine engine;
    const char *text_type, *bytes_type; /* what TEXT and BYTES of a migration stand for */
    /* One row: is the table of migrations there (0, 1), and how many tables and the like, in all. */
    const char *tables;
    const char *mark; /* SQL of the first migration, which says whose store this is; "": none */
    /* What another put there meanwhile may be told as STIR_EEXISTS though the work looked for it first: it is run again to see it. */
    bool exists_too_late;
    /* `name`: room for STIR_STORE_NAME, set first, whatever comes. STIR_EBUSY: another is just opening it. */
    enum stir_err (*open)(void **db, char *name, const char *where, bool create, struct stir_diag *said);
    void (*close)(void *db);
    /* Migrations: wait for others that make some, and keep them waiting; `on` false: no longer. */
    enum stir_err (*alone)(void *db, bool on, struct stir_diag *said);
    enum stir_err (*begin)(void *db, bool writes, struct stir_diag *said);
    enum stir_err (*commit)(void *db, struct stir_diag *said); /* anything but STIR_OK: undo() follows */
    void (*undo)(void *db);
    enum stir_err (*script)(void *db, const char *sql, struct stir_diag *said); /* several statements, without values and rows */
    /* A statement for many runs; `values` say of what kinds they will be. It writes, and may not: STIR_ESTATE. */
    enum stir_err (*prepare)(void **statement, void *db, const char *sql, const struct stir_store_value *values, size_t n, struct stir_diag *said);
    /* All that it changes is changed when this answers; rows come by next(). The values need not outlive the call. */
    enum stir_err (*run)(void *statement, bool writes, const struct stir_store_value *values, size_t n, size_t *changed, struct stir_diag *said);
    enum stir_err (*next)(void *statement, struct stir_diag *said); /* STIR_ENOTFOUND: no more */
    void (*reset)(void *statement);                                 /* rows are let go; harmless twice */
    void (*forget)(void *statement);
    struct stir_slice (*get)(const void *statement, unsigned column); /* of the row: absent is NULL */
    int64_t (*get_int)(const void *statement, unsigned column);
    enum stir_err (*backup)(void *db, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *said);
    enum stir_err (*integrity)(void *db, struct stir_diag *said);
};

extern const struct stir_store_driver stir_store_sqlite;
extern const struct stir_store_driver stir_store_postgresql;

#endif
