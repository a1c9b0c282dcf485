#define _XOPEN_SOURCE 700 /* realpath() */
#include "io/store_engine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "core/bytes.h"
#include "io/store_copy.h"

enum {
    WAL_KEPT = 64 << 20, /* bytes of the journal beside the store that stay on the disk when it was longer once */
    CACHE_KIB = 16384,
};

struct statement {
    sqlite3 *db;
    sqlite3_stmt *st;
    int parameter[STIR_STORE_MAX_VALUES + 1]; /* SQLite's number of $1, $2 ...: it counts them in the order in which they stand; 0: not there */
    size_t n;
    bool waiting; /* the first row was stepped to by run() */
};

/* --- what it says --- */

static enum stir_err err_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STIR_EBUSY;
    case SQLITE_NOMEM: return STIR_ENOMEM;
    case SQLITE_TOOBIG: return STIR_ELIMIT;
    case SQLITE_NOTADB: return STIR_EVALUE;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID ? STIR_EEXISTS : STIR_EIO;
    default: return STIR_EIO;
    }
}

/* SQLite's messages name tables, columns and words of the SQL, never values. */
static enum stir_err fault(sqlite3 *db, struct stir_diag *said)
{
    const int code = sqlite3_extended_errcode(db);
    if ((code & 0xff) == SQLITE_NOTADB)
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "it is no SQLite file");
    if ((code & 0xff) == SQLITE_FULL)
        return stir_diag_set(said, STIR_EIO, SIZE_MAX, "the disk is full: make room, and it goes on");
    if ((code & 0xff) == SQLITE_CORRUPT)
        return stir_diag_set(said, STIR_EIO, SIZE_MAX, "it is damaged (%s): restore a backup", sqlite3_errmsg(db));
    return stir_diag_set(said, err_of(code), SIZE_MAX, "%s (SQLite %d)", sqlite3_errmsg(db), code);
}

/* --- statements --- */

static void forget(void *statement)
{
    struct statement *s = statement;
    (void)sqlite3_finalize(s->st); /* says again what run() said */
    free(s);
}

/* Which $1 is which. Others than $1 to $24 are a mistake in the program. */
static bool number_parameters(struct statement *s)
{
    for (int i = 1; i <= sqlite3_bind_parameter_count(s->st); i++) {
        const char *name = sqlite3_bind_parameter_name(s->st, i);
        char *end = NULL;
        const long number = name && name[0] == '$' ? strtol(name + 1, &end, 10) : 0;
        if (number < 1 || number > STIR_STORE_MAX_VALUES || *end)
            return false;
        s->parameter[number] = i;
        if ((size_t)number > s->n)
            s->n = (size_t)number;
    }
    return true;
}

static enum stir_err prepare(void **out, void *db, const char *sql, const struct stir_store_value *values, size_t n, struct stir_diag *said)
{
    (void)values;
    (void)n;
    const char *rest = NULL;
    struct statement *s = calloc(1, sizeof(*s));
    if (!s)
        return STIR_ENOMEM;
    s->db = db;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->st, &rest) != SQLITE_OK) {
        enum stir_err err = fault(db, said);
        forget(s);
        return err;
    }
    if (!s->st || *rest || !number_parameters(s)) {
        forget(s);
        return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "not one statement with values $1 to $%d", STIR_STORE_MAX_VALUES);
    }
    *out = s;
    return STIR_OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct stir_store_value *v)
{
    switch (v->kind) {
    case STIR_STORE_INT: return sqlite3_bind_int64(st, at, v->i);
    case STIR_STORE_TEXT: return sqlite3_bind_text64(st, at, v->s.p, v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    case STIR_STORE_BYTES: return v->s.n ? sqlite3_bind_blob64(st, at, v->s.p, v->s.n, SQLITE_TRANSIENT) : sqlite3_bind_zeroblob(st, at, 0);
    case STIR_STORE_NULL: break;
    }
    return sqlite3_bind_null(st, at);
}

static enum stir_err bind_all(const struct statement *s, const struct stir_store_value *values, size_t n, struct stir_diag *said)
{
    if (n != s->n)
        return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "%zu values for a statement that wants %zu", n, s->n);
    for (size_t i = 0; i < n; i++)
        if (s->parameter[i + 1] && bind_one(s->st, s->parameter[i + 1], &values[i]) != SQLITE_OK)
            return fault(s->db, said);
    return STIR_OK;
}

static void reset(void *statement)
{
    struct statement *s = statement;
    (void)sqlite3_reset(s->st); /* says again what run() said */
    (void)sqlite3_clear_bindings(s->st);
    s->waiting = false;
}

static enum stir_err step(const struct statement *s, struct stir_diag *said)
{
    switch (sqlite3_step(s->st)) {
    case SQLITE_ROW: return STIR_OK;
    case SQLITE_DONE: return STIR_ENOTFOUND;
    default: return fault(s->db, said);
    }
}

static enum stir_err run(void *statement, bool writes, const struct stir_store_value *values, size_t n, size_t *changed, struct stir_diag *said)
{
    struct statement *s = statement;
    if (!writes && !sqlite3_stmt_readonly(s->st))
        return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "a statement that writes, where only reading is");
    TRY(bind_all(s, values, n, said));
    const sqlite3_int64 before = sqlite3_total_changes64(s->db);
    enum stir_err err = step(s, said);
    if (err != STIR_OK && err != STIR_ENOTFOUND)
        return err;
    s->waiting = err == STIR_OK;
    *changed = (size_t)(sqlite3_total_changes64(s->db) - before);
    return STIR_OK;
}

static enum stir_err next(void *statement, struct stir_diag *said)
{
    struct statement *s = statement;
    if (s->waiting) {
        s->waiting = false;
        return STIR_OK;
    }
    return sqlite3_stmt_busy(s->st) ? step(s, said) : STIR_ENOTFOUND; /* at its end, a step would begin anew */
}

static struct stir_slice get(const void *statement, unsigned column)
{
    sqlite3_stmt *st = ((const struct statement *)statement)->st;
    const int at = (int)column;
    if (sqlite3_column_type(st, at) == SQLITE_NULL)
        return (struct stir_slice){NULL, 0};
    const void *p = sqlite3_column_blob(st, at); /* of a text: its bytes */
    return stir_slice_of(p ? p : "", (size_t)sqlite3_column_bytes(st, at));
}

static int64_t get_int(const void *statement, unsigned column)
{
    return sqlite3_column_int64(((const struct statement *)statement)->st, (int)column);
}

/* --- transactions --- */

static enum stir_err script(void *db, const char *sql, struct stir_diag *said)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? STIR_OK : fault(db, said);
}

static enum stir_err begin(void *db, bool writes, struct stir_diag *said)
{
    return script(db, writes ? "BEGIN IMMEDIATE" : "BEGIN", said);
}

static enum stir_err commit(void *db, struct stir_diag *said)
{
    return script(db, "COMMIT", said);
}

static void undo(void *db)
{
    if (!sqlite3_get_autocommit(db)) /* a full disk and the like undo by themselves */
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static enum stir_err alone(void *db, bool on, struct stir_diag *said)
{
    (void)db;
    (void)on;
    (void)said;
    return STIR_OK; /* BEGIN IMMEDIATE lets one write at a time */
}

/* --- open, close --- */

static enum stir_err say_errno(struct stir_diag *said, const char *what)
{
    return stir_diag_set(said, errno == ENOENT ? STIR_ENOTFOUND : STIR_EIO, SIZE_MAX, "%s: %s", what, strerror(errno));
}

/* Its folder by its real name, for SQLITE_OPEN_NOFOLLOW bears no link anywhere; the file itself may be none. */
static enum stir_err whole_path(char name[STIR_STORE_NAME], const char *where, struct stir_diag *said)
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *slash = strrchr(where, '/'), *base = slash ? slash + 1 : where;
    struct stir_writer w = stir_writer_of(name, STIR_STORE_NAME);
    stir_put_text(&w, where);
    if (stir_writer_close(&w, NULL) != STIR_OK)
        return stir_diag_set(said, STIR_ELIMIT, SIZE_MAX, "a path of more than %d bytes", STIR_STORE_NAME - 1);
    if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "the path of a file is wanted, such as /var/lib/stir/stir.db");
    snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - where) + 1 : 1, slash ? where : ".");
    if (!realpath(dir, real))
        return say_errno(said, "its folder");
    w = stir_writer_of(name, STIR_STORE_NAME);
    stir_put_text(&w, strcmp(real, "/") == 0 ? "" : real);
    stir_put_char(&w, '/');
    stir_put_text(&w, base);
    if (stir_writer_close(&w, NULL) == STIR_OK)
        return STIR_OK;
    return stir_diag_set(said, STIR_ELIMIT, SIZE_MAX, "a path of more than %d bytes", STIR_STORE_NAME - 1);
}

/* It holds keys of accounts and hashes of passwords: of its owner alone, and its journal is as it is. The file is never opened here: closing it would give up
 * the locks that SQLite has on it for other threads of this process. */
static enum stir_err check_file(const char *path, bool create, struct stir_diag *said)
{
    struct stat st;
    if (create && mknod(path, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
        return say_errno(said, "the file");
    if (lstat(path, &st) != 0)
        return say_errno(said, "the file");
    if (S_ISLNK(st.st_mode))
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "it is a symbolic link: name the file itself");
    if (!S_ISREG(st.st_mode))
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "it is no regular file");
    if (st.st_mode & 077)
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "others may read it, and it holds secrets: chmod 600");
    if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0)
        return stir_diag_set(said, STIR_EIO, SIZE_MAX, "%s: it belongs to the user of stir serve; be that one, or root", strerror(errno));
    return STIR_OK;
}

static enum stir_err ask_int(int64_t *out, sqlite3 *db, const char *sql, struct stir_diag *said)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW) {
        enum stir_err err = fault(db, said);
        (void)sqlite3_finalize(st);
        return err;
    }
    *out = sqlite3_column_int64(st, 0);
    return sqlite3_finalize(st) == SQLITE_OK ? STIR_OK : fault(db, said);
}

/* "STIR": a file of another program is not touched. */
#define MARK "1398032722"

static enum stir_err check_owner(sqlite3 *db, struct stir_diag *said)
{
    int64_t owner = 0, tables = 0;
    TRY(script(db, "BEGIN", said)); /* both of one moment: another may be making it */
    enum stir_err err = ask_int(&owner, db, "PRAGMA application_id", said);
    if (err == STIR_OK)
        err = ask_int(&tables, db, "SELECT count(*) FROM sqlite_schema", said);
    undo(db);
    TRY(err);
    if (owner == strtol(MARK, NULL, 10) || (owner == 0 && tables == 0))
        return STIR_OK;
    return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "it is a file of another program: give stir one of its own");
}

/* What a strange file could make of our own SQL is off: views, triggers, functions in its schema. */
static void harden(sqlite3 *db)
{
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

/* A commit that is answered is on the disk: with a journal that is synced at each of them. */
static enum stir_err make_durable(sqlite3 *db, struct stir_diag *said)
{
    char text[160];
    sqlite3_stmt *st = NULL;
    enum stir_err err = STIR_OK;
    if (sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        err = fault(db, said);
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(st, 0), "wal") != 0)
        err = stir_diag_set(said, STIR_EIO, SIZE_MAX, "SQLite can keep no write-ahead log beside it: a local disk is wanted, no network share");
    (void)sqlite3_finalize(st);
    TRY(err);
    snprintf(text, sizeof(text), "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = %d; PRAGMA cache_size = -%d; PRAGMA cell_size_check = ON", WAL_KEPT,
             CACHE_KIB);
    return script(db, text, said);
}

static enum stir_err prepare_file(sqlite3 *db, struct stir_diag *said)
{
    (void)sqlite3_busy_timeout(db, STIR_STORE_BUSY_MS);
    harden(db);
    TRY(check_owner(db, said));
    return make_durable(db, said);
}

static void close_it(void *db)
{
    (void)sqlite3_close(db); /* all statements are finalized */
}

static enum stir_err open_it(void **out, char *name, const char *where, bool create, struct stir_diag *said)
{
    sqlite3 *db = NULL;
    TRY(whole_path(name, where, said));
    TRY(check_file(name, create, said));
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(name, &db, flags, NULL);
    enum stir_err err = code == SQLITE_OK ? prepare_file(db, said) : db ? fault(db, said) : STIR_ENOMEM;
    if (err != STIR_OK)
        close_it(db);
    else
        *out = db;
    return err;
}

/* --- the whole of it --- */

static enum stir_err integrity(void *db, struct stir_diag *said)
{
    sqlite3_stmt *st = NULL;
    enum stir_err err = STIR_OK;
    if (sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK || sqlite3_step(st) != SQLITE_ROW)
        err = fault(db, said);
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(st, 0), "ok") != 0)
        err = stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "damaged: %s", (const char *)sqlite3_column_text(st, 0));
    (void)sqlite3_finalize(st);
    return err;
}

static enum stir_err backup(void *db, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *said)
{
    return stir_store_copy_sqlite(db, path, progress, arg, said);
}

const struct stir_store_driver stir_store_sqlite = {
    .engine = STIR_STORE_SQLITE,
    .text_type = "TEXT",
    .bytes_type = "BLOB",
    .tables = "SELECT (SELECT count(*) FROM sqlite_schema WHERE name = 'store_migrations'), (SELECT count(*) FROM sqlite_schema)",
    .mark = "PRAGMA application_id = " MARK,
    .open = open_it,
    .close = close_it,
    .alone = alone,
    .begin = begin,
    .commit = commit,
    .undo = undo,
    .script = script,
    .prepare = prepare,
    .run = run,
    .next = next,
    .reset = reset,
    .forget = forget,
    .get = get,
    .get_int = get_int,
    .backup = backup,
    .integrity = integrity,
};
