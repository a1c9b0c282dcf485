/* SQL behind one interface: SQLite in a file (WAL, synchronous FULL) for one node, PostgreSQL for several. A connection belongs to one thread at a time. SQL is
 * constant text, in what both engines speak, with $1, $2 ... for values; each text is prepared once for its connection. Nothing but a transaction changes
 * anything: one that met another is run again. docs/STORE.md says what operators see of it.
 * Both engines: text is ordered by its bytes; columns that are read are BIGINT, TEXT or BYTES (CAST a sum AS BIGINT); where nothing but a value tells a type,
 * and it may be NULL, CAST it. PostgreSQL brings all rows of a statement at once: ask for many in pages (LIMIT). Never open and close the file of a SQLite
 * store beside this: closing gives up the locks that SQLite has on it for the whole process. */
#ifndef STIR_IO_STORE_H
#define STIR_IO_STORE_H

#include <stir/err.h>

enum {
    STIR_STORE_MAX_VALUES = 24,      /* of one statement */
    STIR_STORE_MAX_BYTES = 4u << 20, /* of one value: the longest is a CRL of STIR_MAX_CRL bytes */
    STIR_STORE_TRIES = 20,           /* of one transaction that meets others, with a growing wait between: seconds in all */
};

struct stir_store;

enum stir_store_engine { STIR_STORE_SQLITE = 0, STIR_STORE_POSTGRESQL };

/* A change of the schema: SQL of both engines, several statements; BYTES stands for the engine's type of bytes (BLOB, BYTEA). Numbered from 1, in their order,
 * never changed once released. */
struct stir_store_migration {
    const char *name; /* what it is for, in a few words */
    const char *sql;
};
struct stir_store_schema {
    const struct stir_store_migration *migrations;
    size_t n;
};

/* Open `where`: "postgresql://..." (libpq's URL; PGPASSFILE and PGPASSWORD hold), else a path of SQLite, with or without "sqlite:" before it. The schema is
 * brought up to date, each migration in a transaction of its own; a store that is newer than this program is refused. `create`: a SQLite file that is not there
 * is made, 0600. @return STIR_OK; STIR_ENOTFOUND (no such file, and not to be made), STIR_EIO, STIR_EVALUE (no store of ours, or a newer one), STIR_ELIMIT,
 * STIR_ENOMEM: `diag` says what and what to do, never a password. */
enum stir_err stir_store_open(struct stir_store **out, const char *where, const struct stir_store_schema *schema, bool create,
                              struct stir_diag *diag) STIR_MUST_USE;
void stir_store_close(struct stir_store *store); /* NULL is fine */
/* The path that `where` names; NULL: it is PostgreSQL's. */
const char *stir_store_path(const char *where);
enum stir_store_engine stir_store_engine(const struct stir_store *store);
/* `where` as it may be said: without a password. */
const char *stir_store_name(const struct stir_store *store);

enum stir_store_kind { STIR_STORE_NULL = 0, STIR_STORE_INT, STIR_STORE_TEXT, STIR_STORE_BYTES };
struct stir_store_value {
    enum stir_store_kind kind;
    int64_t i;
    struct stir_slice s; /* TEXT: UTF-8 without NUL */
};
static inline struct stir_store_value stir_store_int(int64_t i)
{
    return (struct stir_store_value){STIR_STORE_INT, i, {NULL, 0}};
}
/* An absent slice is NULL. */
static inline struct stir_store_value stir_store_text(struct stir_slice s)
{
    return (struct stir_store_value){s.p ? STIR_STORE_TEXT : STIR_STORE_NULL, 0, s};
}
static inline struct stir_store_value stir_store_str(const char *s)
{
    return stir_store_text(s ? stir_slice_str(s) : (struct stir_slice){NULL, 0});
}
static inline struct stir_store_value stir_store_bytes(struct stir_slice s)
{
    return (struct stir_store_value){s.p ? STIR_STORE_BYTES : STIR_STORE_NULL, 0, s};
}
/* Values of a statement: STIR_VALUES(stir_store_int(1), stir_store_str("x")). */
#define STIR_VALUES(...) \
    (const struct stir_store_value[]){__VA_ARGS__}, sizeof((const struct stir_store_value[]){__VA_ARGS__}) / sizeof(struct stir_store_value)
#define STIR_NO_VALUES NULL, 0

/* Run `work` in one transaction, serialisable; when it met another's, or the store was busy, it is undone and run again from its beginning: `work` changes
 * nothing but the store and what it writes anew each time. Any error of `work` undoes it and is answered; a work in which a statement failed is undone even
 * when it answers STIR_OK, with that statement's error. Not within another, of any connection of this thread. Transactions of one process on one PostgreSQL
 * take turns. @return what `work` answers; STIR_EBUSY (it met others STIR_STORE_TRIES times), STIR_EIO (the store failed; `diag` says how, also when
 * PostgreSQL was lost while it committed: nobody knows then whether it did). */
enum stir_err stir_store_transact(struct stir_store *store, enum stir_err (*work)(struct stir_store *store, void *arg), void *arg,
                                  struct stir_diag *diag) STIR_MUST_USE;
/* The same, for reading: one state of everything, and nothing is written. */
enum stir_err stir_store_look(struct stir_store *store, enum stir_err (*work)(struct stir_store *store, void *arg), void *arg,
                              struct stir_diag *diag) STIR_MUST_USE;

/* Within a transaction: one statement that gives no rows. `*changed` (may be NULL): rows it touched.
 * @return STIR_OK; STIR_EEXISTS (something that is unique is there already; the whole transaction is lost then, on both engines: use ON CONFLICT DO NOTHING and
 * look at `*changed`), STIR_EBUSY, STIR_EIO. STIR_EBUSY is to be passed on: stir_store_transact() runs the work again. */
enum stir_err stir_store_do(struct stir_store *store, const char *sql, const struct stir_store_value *values, size_t n, size_t *changed) STIR_MUST_USE;

/* Within a transaction: one that gives rows. One set of rows at a time for each SQL text; stir_store_rows_free() before the transaction ends. */
struct stir_store_rows;
enum stir_err stir_store_ask(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values,
                             size_t n) STIR_MUST_USE;
/* The next row. @return STIR_OK; STIR_ENOTFOUND: no more; STIR_EBUSY, STIR_EIO. */
enum stir_err stir_store_next(struct stir_store_rows *rows) STIR_MUST_USE;
bool stir_store_is_null(const struct stir_store_rows *rows, unsigned column);
int64_t stir_store_get_int(const struct stir_store_rows *rows, unsigned column);       /* 0 when NULL */
struct stir_slice stir_store_get(const struct stir_store_rows *rows, unsigned column); /* text or bytes, until the next row; absent when NULL */
void stir_store_rows_free(struct stir_store_rows *rows);                               /* NULL is fine */
/* ask() and next() for one row: STIR_ENOTFOUND when there is none, and then `*out` is NULL. */
enum stir_err stir_store_ask_one(struct stir_store_rows **out, struct stir_store *store, const char *sql, const struct stir_store_value *values,
                                 size_t n) STIR_MUST_USE;

/* A copy of all of it as one moment saw it, into the new file `path` (0600), while others go on writing. SQLite alone: pg_dump is PostgreSQL's, and `diag` says
 * so. `progress(arg, done, all)` now and then; NULL: none. STIR_EEXISTS, STIR_EIO. */
enum stir_err stir_store_backup(struct stir_store *store, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
                                struct stir_diag *diag) STIR_MUST_USE;
/* What the engine itself says of its file: STIR_OK; STIR_EVALUE, and `diag` says what is broken. */
enum stir_err stir_store_integrity(struct stir_store *store, struct stir_diag *diag) STIR_MUST_USE;

#endif
