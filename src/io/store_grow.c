#include "io/store_grow.h"

#include "core/bytes.h"
#include "io/clock.h"
#include "io/crash_point.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <stir/limits.h>

struct growth {
    const struct stir_store_schema *schema;
    struct stir_diag *diag;
    int64_t version; /* migrations that the store has had */
};

/* The same text is the same migration: a program that changed one that was released would read a store wrongly. */
static enum stir_err hash_of(char hex[2 * STIR_SHA256 + 1], const struct stir_store_migration *migration)
{
    STIR_OSSL_QUIET;
    unsigned char sum[STIR_SHA256];
    if (EVP_Digest(migration->sql, strlen(migration->sql), sum, NULL, EVP_sha256(), NULL) != 1)
        return STIR_ECRYPTO;
    struct stir_writer w = stir_writer_of(hex, (size_t)2 * STIR_SHA256 + 1);
    for (size_t i = 0; i < sizeof(sum); i++)
        stir_put_format(&w, "%02x", sum[i]);
    return stir_writer_close(&w, NULL);
}

static enum stir_err newer(const struct growth *g, const struct stir_store *store, struct stir_slice name)
{
    return stir_diag_set(g->diag, STIR_EVALUE, SIZE_MAX, "the store %.80s is newer than this program (\"%.*s\" is not known here): use the newer program",
                         stir_store_name(store), STIR_SHOW(name));
}

/* One migration that the store has had: `number`, `name`, `sha256` are of the store. */
static enum stir_err compare(struct growth *g, const struct stir_store *store, int64_t number, struct stir_slice name, struct stir_slice sha256)
{
    char hex[2 * STIR_SHA256 + 1];
    if (number != g->version + 1)
        return stir_diag_set(g->diag, STIR_EVALUE, SIZE_MAX, "the store %.80s lacks migration %lld of its schema: restore it from a backup",
                             stir_store_name(store), (long long)(g->version + 1));
    if ((uint64_t)number > g->schema->n)
        return newer(g, store, name);
    TRY(hash_of(hex, &g->schema->migrations[number - 1]));
    if (!stir_slice_is(sha256, hex))
        return stir_diag_set(g->diag, STIR_EVALUE, SIZE_MAX, "the store %.80s was made by another program: its migration %lld (\"%.*s\") is not this one's",
                             stir_store_name(store), (long long)number, STIR_SHOW(name));
    g->version = number;
    return STIR_OK;
}

static enum stir_err read_rows(struct growth *g, struct stir_store *store)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask(&rows, store, "SELECT number, name, sha256 FROM store_migrations ORDER BY number", STIR_NO_VALUES));
    enum stir_err err = stir_store_next(rows);
    while (err == STIR_OK) {
        err = compare(g, store, stir_store_get_int(rows, 0), stir_store_get(rows, 1), stir_store_get(rows, 2));
        if (err == STIR_OK)
            err = stir_store_next(rows);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* g->version: 0 for a store with nothing in it. */
static enum stir_err read_version(struct stir_store *store, void *arg)
{
    struct growth *g = arg;
    struct stir_store_rows *rows;
    g->version = 0;
    TRY(stir_store_ask_one(&rows, store, stir_store_driver_of(store)->tables, STIR_NO_VALUES));
    const bool known = stir_store_get_int(rows, 0) != 0, empty = stir_store_get_int(rows, 1) == 0;
    stir_store_rows_free(rows);
    if (known)
        return read_rows(g, store);
    if (empty)
        return STIR_OK;
    return stir_diag_set(g->diag, STIR_EVALUE, SIZE_MAX, "the store %.80s holds tables of another program: give stir one of its own", stir_store_name(store));
}

static bool is_word(char c)
{
    return stir_is_alpha(c) || stir_is_digit(c) || c == '_';
}

/* `sql` with the engine's types; the caller frees. */
static char *in_words_of(const struct stir_store_driver *driver, const char *sql)
{
    const struct {
        const char *word, *type;
    } types[] = {{"BYTES", driver->bytes_type}, {"TEXT", driver->text_type}};
    const size_t cap = strlen(sql) * 4 + 1; /* TEXT COLLATE "C" is the longest, for four characters and one between */
    char *out = malloc(cap);
    if (!out)
        return NULL;
    struct stir_writer w = stir_writer_of(out, cap);
    for (const char *p = sql; *p;) {
        size_t n = 0;
        while (is_word(p[n]))
            n++;
        struct stir_slice word = n ? stir_slice_of(p, n) : stir_slice_of(p, 1);
        p += word.n;
        for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
            if (stir_slice_is(word, types[i].word))
                word = stir_slice_str(types[i].type);
        stir_put_slice(&w, word);
    }
    if (stir_writer_close(&w, NULL) == STIR_OK)
        return out;
    free(out);
    return NULL;
}

static enum stir_err script(struct stir_store *store, const char *sql)
{
    char *text = in_words_of(stir_store_driver_of(store), sql);
    if (!text)
        return STIR_ENOMEM;
    enum stir_err err = stir_store_script(store, text);
    free(text);
    return err;
}

/* The next migration, when there is one: another process may have made it meanwhile. */
static enum stir_err grow_once(struct stir_store *store, void *arg)
{
    struct growth *g = arg;
    char hex[2 * STIR_SHA256 + 1];
    TRY(read_version(store, g));
    if ((uint64_t)g->version >= g->schema->n)
        return STIR_OK;
    const struct stir_store_migration *next = &g->schema->migrations[g->version];
    stir_crash_point("store: migration not begun");
    TRY(hash_of(hex, next));
    if (g->version == 0) {
        TRY(script(store, stir_store_driver_of(store)->mark));
        TRY(script(store, "CREATE TABLE store_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, at BIGINT NOT NULL)"));
    }
    TRY(script(store, next->sql));
    stir_crash_point("store: migration half made");
    TRY(stir_store_do(store, "INSERT INTO store_migrations (number, name, sha256, at) VALUES ($1, $2, $3, $4)",
                      STIR_VALUES(stir_store_int(g->version + 1), stir_store_str(next->name), stir_store_str(hex), stir_store_int(stir_clock_unix_ms() / 1000)),
                      NULL));
    g->version++;
    return STIR_OK;
}

enum stir_err stir_store_grow(struct stir_store *store, const struct stir_store_schema *schema, struct stir_diag *diag)
{
    struct growth g = {schema, diag, 0};
    TRY(stir_store_look(store, read_version, &g, diag));
    if ((uint64_t)g.version == schema->n)
        return STIR_OK;
    TRY(stir_store_alone(store, true, diag));
    enum stir_err err = STIR_OK;
    while (err == STIR_OK && (uint64_t)g.version < schema->n)
        err = stir_store_transact(store, grow_once, &g, diag);
    enum stir_err freed = stir_store_alone(store, false, diag);
    return err != STIR_OK ? err : freed;
}
