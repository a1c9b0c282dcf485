#include "io/store_engine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>
#include <openssl/crypto.h>

#include "core/bytes.h"

/* Types by their numbers, which PostgreSQL never changes (its catalog pg_type). */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_NAME = 19, OID_VARCHAR = 1043 };

/* Whoever writes waits here for the others of this process that write to the same database, before its transaction begins: they all add to one chain of the
 * audit log, and of those that meet there the server lets one through and has the others do it all again. */
struct turn {
    struct turn *next;
    char *where;
    size_t users;
    pthread_mutex_t mutex;
};

struct postgresql {
    PGconn *conn;
    struct turn *turn;
    bool has_turn;
    unsigned age;  /* of the connection: one that was made anew knows none of the statements */
    unsigned next; /* number of the next statement's name */
};

struct statement {
    struct postgresql *db;
    char *sql;
    char name[16];
    unsigned age; /* of the connection that it was prepared on */
    Oid types[STIR_STORE_MAX_VALUES];
    size_t n;
    PGresult *result;
    int row; /* -1: before the first */
};

/* --- what it says --- */

static enum stir_err err_of(const char *state)
{
    static const struct {
        const char *state;
        enum stir_err err;
    } states[] = {
        {"40001", STIR_EBUSY},   /* serialization_failure */
        {"40P01", STIR_EBUSY},   /* deadlock_detected */
        {"55P03", STIR_EBUSY},   /* lock_not_available */
        {"57P01", STIR_EBUSY},   /* admin_shutdown: of the server, or of this connection; the next try connects again */
        {"57P02", STIR_EBUSY},   /* crash_shutdown */
        {"23505", STIR_EEXISTS}, /* unique_violation */
        {"25006", STIR_ESTATE},  /* read_only_sql_transaction */
        {"53200", STIR_ENOMEM},  /* out_of_memory */
    };
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (strcmp(state, states[i].state) == 0)
            return states[i].err;
    return STIR_EIO;
}

/* The last line of a message of libpq, without its end: those before it say what was tried. */
static struct stir_slice last_line(const char *message)
{
    struct stir_slice text = stir_slice_trim(stir_slice_str(message));
    for (size_t at = stir_slice_find(text, '\n'); at < text.n; at = stir_slice_find(text, '\n'))
        text = stir_slice_trim(stir_slice_from(text, at + 1));
    return text;
}

/* A server that is gone before a transaction was to be committed has done nothing: the next try connects again. */
static enum stir_err lost(const struct postgresql *db, struct stir_diag *said)
{
    const struct stir_slice why = last_line(PQerrorMessage(db->conn));
    return stir_diag_set(said, STIR_EBUSY, SIZE_MAX, "PostgreSQL is gone: %.*s", (int)(why.n < 120 ? why.n : 120), why.p);
}

/* What went wrong with `result`. The first line of what the server says names tables and rules; values are in its detail, which is not told. */
static enum stir_err fault(const struct postgresql *db, const PGresult *result, struct stir_diag *said)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *why = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    if (!state && PQstatus(db->conn) != CONNECTION_OK)
        return lost(db, said);
    if (!result || !state)
        return stir_diag_set(said, STIR_EIO, SIZE_MAX, "%.*s", STIR_SHOW(last_line(PQerrorMessage(db->conn))));
    return stir_diag_set(said, err_of(state), SIZE_MAX, "%s (PostgreSQL %s)", why ? why : "an error", state);
}

static bool is_good(const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static enum stir_err script(void *db, const char *sql, struct stir_diag *said)
{
    const struct postgresql *pg = db;
    if (!*sql)
        return STIR_OK;
    PGresult *result = PQexec(pg->conn, sql);
    enum stir_err err = is_good(result) ? STIR_OK : fault(pg, result, said);
    PQclear(result);
    return err;
}

/* --- turns --- */

static struct turn *turns;
static pthread_mutex_t turns_mutex = PTHREAD_MUTEX_INITIALIZER;

/* A mutex that a thread which has it cannot wait for: a transaction within one of another connection is told, and hangs not. */
static struct turn *make_turn(const char *where)
{
    pthread_mutexattr_t kind;
    struct turn *turn = calloc(1, sizeof(*turn));
    char *copy = strdup(where);
    if (!turn || !copy) {
        free(copy);
        free(turn);
        return NULL;
    }
    (void)pthread_mutexattr_init(&kind);
    (void)pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    (void)pthread_mutex_init(&turn->mutex, &kind);
    (void)pthread_mutexattr_destroy(&kind);
    turn->where = copy;
    turn->next = turns;
    return turns = turn;
}

static struct turn *get_turn(const char *where)
{
    (void)pthread_mutex_lock(&turns_mutex);
    struct turn *turn = turns;
    while (turn && strcmp(turn->where, where) != 0)
        turn = turn->next;
    if (!turn)
        turn = make_turn(where);
    if (turn)
        turn->users++;
    (void)pthread_mutex_unlock(&turns_mutex);
    return turn;
}

static void free_turn(struct turn *turn)
{
    (void)pthread_mutex_destroy(&turn->mutex);
    OPENSSL_cleanse(turn->where, strlen(turn->where));
    free(turn->where);
    free(turn);
}

static void put_turn(struct turn *turn)
{
    (void)pthread_mutex_lock(&turns_mutex);
    struct turn **at = &turns;
    while (*at && *at != turn)
        at = &(*at)->next;
    if (*at && --turn->users == 0) {
        *at = turn->next;
        free_turn(turn);
    }
    (void)pthread_mutex_unlock(&turns_mutex);
}

static enum stir_err take_turn(struct postgresql *db, struct stir_diag *said)
{
    if (pthread_mutex_lock(&db->turn->mutex) != 0)
        return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "a transaction within one of another connection of this thread");
    db->has_turn = true;
    return STIR_OK;
}

static void end_turn(struct postgresql *db)
{
    if (db->has_turn)
        (void)pthread_mutex_unlock(&db->turn->mutex);
    db->has_turn = false;
}

/* --- the connection --- */

static void be_silent(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* Whatever the database, its roles and PGOPTIONS say: an answered commit is on the disk, nothing waits for ever, and nothing sits in a transaction. */
static enum stir_err set_up(struct postgresql *db, struct stir_diag *said)
{
    char text[400];
    const char *encoding = PQparameterStatus(db->conn, "server_encoding");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "the database is of encoding %s: createdb --encoding=UTF8", encoding ? encoding : "?");
    if (PQserverVersion(db->conn) < 120000)
        return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "PostgreSQL is older than 12");
    PQsetNoticeReceiver(db->conn, be_silent, NULL);
    snprintf(text, sizeof(text),
             "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';"
             "SET statement_timeout = %d; SET lock_timeout = %d; SET idle_in_transaction_session_timeout = %d; SET bytea_output = hex;"
             "SET client_min_messages = error",
             STIR_STORE_STATEMENT_MS, STIR_STORE_STATEMENT_MS / 2, 2 * STIR_STORE_STATEMENT_MS);
    return script(db, text, said);
}

static enum stir_err connect(struct postgresql *db, struct stir_diag *said)
{
    /* What stands behind the URL is stronger than it, what stands before is weaker. */
    const char *const names[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {"10", "20000", "stir", db->turn->where, "UTF8", NULL};
    PQfinish(db->conn);
    db->age++;
    db->conn = PQconnectdbParams(names, values, 1);
    if (!db->conn)
        return STIR_ENOMEM;
    if (PQstatus(db->conn) == CONNECTION_OK)
        return set_up(db, said);
    const struct stir_slice why = last_line(PQerrorMessage(db->conn));
    return stir_diag_set(said, STIR_EIO, SIZE_MAX, "cannot connect: %.*s", (int)(why.n < 150 ? why.n : 150), why.p);
}

/* --- its name --- */

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (; options->keyword; options++)
        if (strcmp(options->keyword, keyword) == 0)
            return options->val ? options->val : "";
    return "";
}

/* A password that was not percent-encoded is read as part of a host, a port or a database. */
static bool is_plain(const char *host, const char *port, const char *dbname)
{
    return !strchr(host, '@') && strspn(port, "0123456789,") == strlen(port) && !strpbrk(dbname, "@/");
}

/* The parts of a URL that are no secret. What cannot be read is not shown. */
static enum stir_err name_of(char name[STIR_STORE_NAME], const char *where, struct stir_diag *said)
{
    struct stir_writer w = stir_writer_of(name, STIR_STORE_NAME);
    PQconninfoOption *options = PQconninfoParse(where, NULL);
    const char *user = options ? option(options, "user") : "", *host = options ? option(options, "host") : "", *port = options ? option(options, "port") : "";
    const bool good = options && is_plain(host, port, option(options, "dbname"));
    stir_put_text(&w, "postgresql://");
    if (good)
        stir_put_format(&w, "%s%s%s%s%s/%s", user, *user ? "@" : "", host, *port ? ":" : "", port, option(options, "dbname"));
    PQconninfoFree(options);
    TRY(stir_writer_close(&w, NULL));
    if (good)
        return STIR_OK;
    return stir_diag_set(
        said, STIR_EVALUE, SIZE_MAX,
        "PostgreSQL's library cannot read this URL: postgresql://USER:PASSWORD@HOST/DATABASE, with @, : and / of a password as %%40, %%3A, %%2F");
}

static void close_it(void *db)
{
    struct postgresql *pg = db;
    PQfinish(pg->conn);
    if (pg->turn)
        put_turn(pg->turn);
    free(pg);
}

static enum stir_err open_it(void **out, char *name, const char *where, bool create, struct stir_diag *said)
{
    (void)create; /* a database is made by whoever runs the server */
    TRY(name_of(name, where, said));
    struct postgresql *db = calloc(1, sizeof(*db));
    if (!db)
        return STIR_ENOMEM;
    db->turn = get_turn(where);
    enum stir_err err = db->turn ? connect(db, said) : STIR_ENOMEM;
    if (err != STIR_OK)
        close_it(db);
    else
        *out = db;
    return err;
}

/* --- transactions --- */

static enum stir_err begin_here(struct postgresql *pg, bool writes, struct stir_diag *said)
{
    const char *sql = writes ? "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    if (PQstatus(pg->conn) != CONNECTION_OK)
        TRY(connect(pg, said));
    return script(pg, sql, said); /* of a connection that was lost while nobody used it: STIR_EBUSY, and the next try connects */
}

static enum stir_err begin(void *db, bool writes, struct stir_diag *said)
{
    struct postgresql *pg = db;
    if (writes)
        TRY(take_turn(pg, said));
    enum stir_err err = begin_here(pg, writes, said);
    if (err != STIR_OK)
        end_turn(pg);
    return err;
}

/* The server undoes a transaction in which something failed, and answers its COMMIT with ROLLBACK. A lost answer is no failure that can be tried again: what
 * was asked may have been done. */
static enum stir_err commit(void *db, struct stir_diag *said)
{
    struct postgresql *pg = db;
    PGresult *result = PQexec(pg->conn, "COMMIT");
    enum stir_err err = STIR_OK;
    if (PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        err = stir_diag_set(said, STIR_EIO, SIZE_MAX, "PostgreSQL undid the transaction instead of committing it");
    else if (PQresultStatus(result) != PGRES_COMMAND_OK)
        err = fault(pg, result, said);
    PQclear(result);
    if (err == STIR_OK)
        end_turn(pg);
    if (err == STIR_EBUSY && PQstatus(pg->conn) != CONNECTION_OK)
        return stir_diag_set(said, STIR_EIO, SIZE_MAX, "PostgreSQL was lost while it committed: nobody knows whether it did; look before you do it again");
    return err;
}

static void undo(void *db)
{
    struct postgresql *pg = db;
    if (PQstatus(pg->conn) == CONNECTION_OK && PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        PQclear(PQexec(pg->conn, "ROLLBACK"));
    end_turn(pg);
}

/* A lock that has nothing to do with rows: under it, whoever comes second begins its transaction when the first has ended, and sees what it did. It ends with
 * the connection, too. */
static enum stir_err alone(void *db, bool on, struct stir_diag *said)
{
    char text[200];
    if (on)
        return script(db, "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(1398032722)", said);
    snprintf(text, sizeof(text), "SELECT pg_advisory_unlock(1398032722); SET statement_timeout = %d; SET lock_timeout = %d", STIR_STORE_STATEMENT_MS,
             STIR_STORE_STATEMENT_MS / 2);
    return script(db, text, said);
}

/* --- statements --- */

static void reset(void *statement)
{
    struct statement *s = statement;
    PQclear(s->result);
    s->result = NULL;
    s->row = -1;
}

static void forget(void *statement)
{
    struct statement *s = statement;
    reset(s);
    free(s->sql);
    free(s);
}

static enum stir_err prepare_here(struct statement *s, struct stir_diag *said)
{
    PGresult *result = PQprepare(s->db->conn, s->name, s->sql, (int)s->n, s->types);
    enum stir_err err = is_good(result) ? STIR_OK : fault(s->db, result, said);
    PQclear(result);
    if (err == STIR_OK)
        s->age = s->db->age;
    return err;
}

/* A value that is NULL at first has the type that PostgreSQL finds for it. */
static Oid type_of(enum stir_store_kind kind)
{
    return kind == STIR_STORE_INT ? OID_INT8 : kind == STIR_STORE_TEXT ? OID_TEXT : kind == STIR_STORE_BYTES ? OID_BYTEA : 0;
}

static enum stir_err prepare(void **out, void *db, const char *sql, const struct stir_store_value *values, size_t n, struct stir_diag *said)
{
    struct statement *s = calloc(1, sizeof(*s));
    if (!s)
        return STIR_ENOMEM;
    s->db = db;
    s->sql = strdup(sql);
    s->n = n;
    s->row = -1;
    for (size_t i = 0; i < n; i++)
        s->types[i] = type_of(values[i].kind);
    snprintf(s->name, sizeof(s->name), "s%u", s->db->next++);
    enum stir_err err = s->sql ? prepare_here(s, said) : STIR_ENOMEM;
    if (err != STIR_OK)
        forget(s);
    else
        *out = s;
    return err;
}

/* What is sent: integers in text, where libpq wants a NUL behind them; the rest as it is. */
struct sent {
    char numbers[STIR_STORE_MAX_VALUES][24];
    char *texts[STIR_STORE_MAX_VALUES];
    const char *values[STIR_STORE_MAX_VALUES];
    int lengths[STIR_STORE_MAX_VALUES], formats[STIR_STORE_MAX_VALUES];
};

static void lay_out(struct sent *sent, const struct stir_store_value *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct stir_store_value *v = &values[i];
        sent->formats[i] = v->kind != STIR_STORE_INT; /* the binary form of a text is its bytes */
        sent->lengths[i] = (int)v->s.n;               /* at most STIR_STORE_MAX_BYTES */
        sent->values[i] = v->kind == STIR_STORE_NULL ? NULL : v->s.n ? v->s.p : "";
        if (v->kind == STIR_STORE_INT) {
            snprintf(sent->numbers[i], sizeof(sent->numbers[i]), "%lld", (long long)v->i);
            sent->values[i] = sent->numbers[i];
        }
    }
}

/* Columns whose bytes get() and get_int() can read. */
static enum stir_err check_columns(const PGresult *result, struct stir_diag *said)
{
    for (int i = 0; i < PQnfields(result); i++)
        switch (PQftype(result, i)) {
        case OID_BOOL:
        case OID_BYTEA:
        case OID_INT2:
        case OID_INT4:
        case OID_INT8:
        case OID_TEXT:
        case OID_NAME:
        case OID_VARCHAR: break;
        default:
            return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "column %d (%s) is of a type that is not read: CAST it AS BIGINT or TEXT", i, PQfname(result, i));
        }
    return STIR_OK;
}

static enum stir_err run(void *statement, bool writes, const struct stir_store_value *values, size_t n, size_t *changed, struct stir_diag *said)
{
    (void)writes; /* the transaction is READ ONLY */
    struct statement *s = statement;
    struct sent sent;
    if (n != s->n)
        return stir_diag_set(said, STIR_ESTATE, SIZE_MAX, "%zu values for a statement that wants %zu", n, s->n);
    if (s->age != s->db->age)
        TRY(prepare_here(s, said));
    lay_out(&sent, values, n);
    reset(s);
    s->result = PQexecPrepared(s->db->conn, s->name, (int)n, sent.values, sent.lengths, sent.formats, 1);
    if (!is_good(s->result))
        return fault(s->db, s->result, said);
    *changed = PQresultStatus(s->result) == PGRES_COMMAND_OK ? (size_t)strtoul(PQcmdTuples(s->result), NULL, 10) : 0;
    return check_columns(s->result, said);
}

static enum stir_err next(void *statement, struct stir_diag *said)
{
    struct statement *s = statement;
    (void)said;
    if (s->row + 1 >= PQntuples(s->result))
        return STIR_ENOTFOUND;
    s->row++;
    return STIR_OK;
}

static bool is_there(const struct statement *s, int column)
{
    return s->result && s->row >= 0 && column < PQnfields(s->result) && !PQgetisnull(s->result, s->row, column);
}

static struct stir_slice get(const void *statement, unsigned column)
{
    const struct statement *s = statement;
    if (!is_there(s, (int)column))
        return (struct stir_slice){NULL, 0};
    return stir_slice_of(PQgetvalue(s->result, s->row, (int)column), (size_t)PQgetlength(s->result, s->row, (int)column));
}

/* Integers come in their binary form: big-endian, of 1 to 8 bytes. */
static int64_t get_int(const void *statement, unsigned column)
{
    const struct statement *s = statement;
    const struct stir_slice bytes = get(s, column);
    if (!bytes.p || bytes.n < 1 || bytes.n > 8)
        return 0;
    switch (PQftype(s->result, (int)column)) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8: break;
    default: return 0;
    }
    uint64_t value = (signed char)bytes.p[0] < 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.n; i++)
        value = value << 8 | (unsigned char)bytes.p[i];
    return (int64_t)value;
}

/* --- the whole of it --- */

static enum stir_err backup(void *db, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *said)
{
    (void)db;
    (void)progress;
    (void)arg;
    return stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "a PostgreSQL store is backed up with its own program: pg_dump --format=custom --file=%.60s URL", path);
}

/* Pages are PostgreSQL's own business (data checksums, pg_amcheck); what it knows to be broken is asked for. */
static enum stir_err integrity(void *db, struct stir_diag *said)
{
    const struct postgresql *pg = db;
    PGresult *result = PQexec(pg->conn, "SELECT (SELECT count(*) FROM pg_index WHERE NOT indisvalid),"
                                        " (SELECT coalesce(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database())");
    enum stir_err err = is_good(result) ? STIR_OK : fault(pg, result, said);
    if (err == STIR_OK && strcmp(PQgetvalue(result, 0, 0), "0") != 0)
        err = stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "%s indexes of the database are not valid: REINDEX", PQgetvalue(result, 0, 0));
    else if (err == STIR_OK && strcmp(PQgetvalue(result, 0, 1), "0") != 0)
        err = stir_diag_set(said, STIR_EVALUE, SIZE_MAX, "PostgreSQL found %s broken pages: restore a backup", PQgetvalue(result, 0, 1));
    PQclear(result);
    return err;
}

const struct stir_store_driver stir_store_postgresql = {
    .engine = STIR_STORE_POSTGRESQL,
    .text_type = "TEXT COLLATE \"C\"",
    .bytes_type = "BYTEA",
    .tables = "SELECT (SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = 'store_migrations'),"
              " (SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema())",
    .mark = "",
    .exists_too_late = true,
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
