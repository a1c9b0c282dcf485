#include "service/audit.h"

#include "io/crash_point.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "core/bytes.h"

enum { NODE_MAX = 64, PAGE = 500 };

/* --- the hash: docs/AUDIT.md says it so that anybody can do it, tests/acme/audit.py does --- */

static bool add_bytes(EVP_MD_CTX *ctx, const void *p, size_t n)
{
    const unsigned char length[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n};
    return EVP_DigestUpdate(ctx, length, sizeof(length)) == 1 && (n == 0 || EVP_DigestUpdate(ctx, p, n) == 1);
}

static bool add_slice(EVP_MD_CTX *ctx, struct stir_slice s)
{
    return add_bytes(ctx, s.p, s.n);
}

static bool add_int(EVP_MD_CTX *ctx, int64_t value)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (56 - 8 * i));
    return add_bytes(ctx, bytes, sizeof(bytes));
}

/* SHA-256 of the hash before and of every member, each behind its length. */
static enum stir_err hash_row(unsigned char out[STIR_SHA256], const unsigned char before[STIR_SHA256], const struct stir_audit_row *row)
{
    STIR_OSSL_QUIET;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const bool good = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 && add_bytes(ctx, "stir audit 1", 12) && add_bytes(ctx, before, STIR_SHA256) &&
                      add_slice(ctx, row->node) && add_int(ctx, row->seq) && add_int(ctx, row->at_ms) && add_slice(ctx, row->event) &&
                      add_slice(ctx, row->actor) && add_slice(ctx, row->subject) && add_slice(ctx, row->detail) && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return good ? STIR_OK : STIR_ECRYPTO;
}

static bool take_hash(unsigned char out[STIR_SHA256], struct stir_slice bytes)
{
    if (bytes.n != STIR_SHA256)
        return false;
    memcpy(out, bytes.p, STIR_SHA256);
    return true;
}

/* --- writing --- */

/* The end of the chain of `node`: 0 and a hash of zeros before its first row. */
static enum stir_err head_of(struct stir_store *store, struct stir_slice node, int64_t *seq, unsigned char hash[STIR_SHA256])
{
    struct stir_store_rows *rows;
    memset(hash, 0, STIR_SHA256);
    *seq = 0;
    enum stir_err err = stir_store_ask_one(&rows, store, "SELECT seq, hash FROM audit_heads WHERE node = $1", STIR_VALUES(stir_store_text(node)));
    if (err != STIR_OK)
        return err == STIR_ENOTFOUND ? STIR_OK : err;
    *seq = stir_store_get_int(rows, 0);
    err = take_hash(hash, stir_store_get(rows, 1)) ? STIR_OK : STIR_EVALUE;
    stir_store_rows_free(rows);
    return err;
}

/* The head first: it is where writers of one chain meet, and PostgreSQL tells them so there. */
static enum stir_err put_row(struct stir_store *store, const struct stir_audit_row *row)
{
    const struct stir_store_value node = stir_store_text(row->node), seq = stir_store_int(row->seq);
    const struct stir_store_value hash = stir_store_bytes(stir_slice_of(row->hash, STIR_SHA256));
    TRY(stir_store_do(store,
                      "INSERT INTO audit_heads (node, seq, hash) VALUES ($1, $2, $3)"
                      " ON CONFLICT (node) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
                      STIR_VALUES(node, seq, hash), NULL));
    stir_crash_point("audit: head written, row not");
    return stir_store_do(store, "INSERT INTO audit (node, seq, at_ms, event, actor, subject, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                         STIR_VALUES(node, seq, stir_store_int(row->at_ms), stir_store_text(row->event), stir_store_text(row->actor),
                                     stir_store_text(row->subject), stir_store_text(row->detail), hash),
                         NULL);
}

static struct stir_slice text_of(const char *text)
{
    return stir_slice_str(text ? text : "");
}

enum stir_err stir_audit_add(struct stir_store *store, const char *node, int64_t now_ms, const struct stir_audit_entry *entry)
{
    unsigned char before[STIR_SHA256];
    struct stir_audit_row row = {.node = stir_slice_str(node),
                                 .event = text_of(entry->event),
                                 .actor = text_of(entry->actor),
                                 .subject = text_of(entry->subject),
                                 .detail = text_of(entry->detail),
                                 .at_ms = now_ms};
    if (row.node.n < 1 || row.node.n > NODE_MAX)
        return STIR_EVALUE;
    TRY(head_of(store, row.node, &row.seq, before));
    row.seq++;
    TRY(hash_row(row.hash, before, &row));
    return put_row(store, &row);
}

/* --- reading --- */

struct reading {
    const char *node;
    int64_t from_ms;
    bool (*row)(void *arg, const struct stir_audit_row *row);
    void *arg;
    struct stir_diag *diag;
    int64_t at_ms, seq; /* of the last row */
    char last[NODE_MAX + 1];
    bool ended;
};

/* A row of "node, seq, at_ms, event, actor, subject, detail, hash"; false: its hash is none. */
static bool take_row(struct stir_audit_row *row, const struct stir_store_rows *rows)
{
    *row = (struct stir_audit_row){.node = stir_store_get(rows, 0),
                                   .seq = stir_store_get_int(rows, 1),
                                   .at_ms = stir_store_get_int(rows, 2),
                                   .event = stir_store_get(rows, 3),
                                   .actor = stir_store_get(rows, 4),
                                   .subject = stir_store_get(rows, 5),
                                   .detail = stir_store_get(rows, 6)};
    return row->node.n <= NODE_MAX && take_hash(row->hash, stir_store_get(rows, 7));
}

#define COLUMNS "SELECT node, seq, at_ms, event, actor, subject, detail, hash FROM audit "

static enum stir_err ask_page(struct stir_store_rows **rows, struct stir_store *store, const struct reading *r)
{
    if (r->node)
        return stir_store_ask(rows, store, COLUMNS "WHERE node = $1 AND seq > $2 AND at_ms >= $3 ORDER BY seq LIMIT $4",
                              STIR_VALUES(stir_store_str(r->node), stir_store_int(r->seq), stir_store_int(r->from_ms), stir_store_int(PAGE)));
    return stir_store_ask(rows, store, COLUMNS "WHERE (at_ms, node, seq) > ($1, $2, $3) ORDER BY at_ms, node, seq LIMIT $4",
                          STIR_VALUES(stir_store_int(r->at_ms), stir_store_str(r->last), stir_store_int(r->seq), stir_store_int(PAGE)));
}

static void remember(struct reading *r, const struct stir_audit_row *row)
{
    r->at_ms = row->at_ms;
    r->seq = row->seq;
    memcpy(r->last, row->node.p, row->node.n);
    r->last[row->node.n] = '\0';
}

/* The rows of a page; `*n`: how many there were. */
static enum stir_err read_page(struct stir_store_rows *rows, struct reading *r, size_t *n)
{
    struct stir_audit_row row;
    enum stir_err err = stir_store_next(rows);
    for (*n = 0; err == STIR_OK && !r->ended; (*n)++) {
        if (!take_row(&row, rows))
            return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "row %lld of node %.*s of the audit log is no row: see stir audit verify", (long long)row.seq,
                                 STIR_SHOW(row.node));
        r->ended = !r->row(r->arg, &row);
        remember(r, &row);
        if (!r->ended)
            err = stir_store_next(rows);
    }
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err read_all(struct stir_store *store, void *arg)
{
    struct reading *r = arg;
    for (size_t n = PAGE; n == PAGE && !r->ended;) {
        struct stir_store_rows *rows;
        TRY(ask_page(&rows, store, r));
        enum stir_err err = read_page(rows, r, &n);
        stir_store_rows_free(rows);
        TRY(err);
    }
    return STIR_OK;
}

enum stir_err stir_audit_each(struct stir_store *store, const char *node, int64_t from_ms, bool (*row)(void *arg, const struct stir_audit_row *row), void *arg,
                              struct stir_diag *diag)
{
    struct reading r = {.node = node, .from_ms = from_ms, .row = row, .arg = arg, .diag = diag, .at_ms = from_ms};
    return stir_store_look(store, read_all, &r, diag); /* nothing is told twice: a look that is busy has told nothing */
}

/* --- verifying --- */

struct verifying {
    void (*told)(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault);
    void *arg;
    char node[NODE_MAX + 1]; /* the last that was told of: a look that runs again goes on behind it */
    bool broken;
};

/* One chain, from its first row on. */
struct chain {
    struct stir_slice node;
    int64_t seq;
    unsigned char hash[STIR_SHA256];
    char fault[160];
};

static void check_row(struct chain *c, const struct stir_store_rows *rows)
{
    unsigned char hash[STIR_SHA256];
    struct stir_audit_row row;
    const bool whole = take_row(&row, rows);
    if (row.seq != c->seq + 1)
        snprintf(c->fault, sizeof(c->fault), "row %lld is missing: the next that is there is %lld", (long long)(c->seq + 1), (long long)row.seq);
    else if (!whole || hash_row(hash, c->hash, &row) != STIR_OK || memcmp(hash, row.hash, STIR_SHA256) != 0)
        snprintf(c->fault, sizeof(c->fault), "row %lld is not what was written: its hash is another", (long long)row.seq);
    if (c->fault[0])
        return;
    c->seq = row.seq;
    memcpy(c->hash, row.hash, STIR_SHA256);
}

static enum stir_err check_page(struct chain *c, struct stir_store *store, size_t *n)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask(&rows, store, COLUMNS "WHERE node = $1 AND seq > $2 ORDER BY seq LIMIT $3",
                       STIR_VALUES(stir_store_text(c->node), stir_store_int(c->seq), stir_store_int(PAGE))));
    enum stir_err err = stir_store_next(rows);
    for (*n = 0; err == STIR_OK && !c->fault[0]; (*n)++) {
        check_row(c, rows);
        err = stir_store_next(rows);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err check_chain(struct chain *c, struct stir_store *store)
{
    unsigned char head[STIR_SHA256];
    int64_t seq;
    for (size_t n = PAGE; n == PAGE && !c->fault[0];)
        TRY(check_page(c, store, &n));
    enum stir_err err = head_of(store, c->node, &seq, head);
    if (err != STIR_OK && err != STIR_EVALUE)
        return err;
    if (!c->fault[0] && seq != c->seq)
        snprintf(c->fault, sizeof(c->fault), "%lld rows were written and %lld are there", (long long)seq, (long long)c->seq);
    else if (!c->fault[0] && (err != STIR_OK || memcmp(head, c->hash, STIR_SHA256) != 0))
        snprintf(c->fault, sizeof(c->fault), "the last row, %lld, is not the one that was written last", (long long)c->seq);
    return STIR_OK;
}

/* The node behind `node`, in the order of their names: of rows and of heads, for either may be gone. STIR_ENOTFOUND: none. */
static enum stir_err next_node(char out[NODE_MAX + 1], struct stir_store *store, const char *node)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, store,
                           "SELECT n FROM (SELECT min(node) AS n FROM audit WHERE node > $1"
                           " UNION ALL SELECT min(node) AS n FROM audit_heads WHERE node > $1) AS nodes WHERE n IS NOT NULL ORDER BY n LIMIT 1",
                           STIR_VALUES(stir_store_str(node))));
    const struct stir_slice name = stir_store_get(rows, 0);
    const bool fits = name.n <= NODE_MAX;
    if (fits) {
        memcpy(out, name.p, name.n);
        out[name.n] = '\0';
    }
    stir_store_rows_free(rows);
    return fits ? STIR_OK : STIR_EVALUE;
}

static enum stir_err verify_all(struct stir_store *store, void *arg)
{
    struct verifying *v = arg;
    char name[NODE_MAX + 1];
    enum stir_err err = next_node(name, store, v->node);
    while (err == STIR_OK) {
        struct chain c = {.node = stir_slice_str(name)};
        TRY(check_chain(&c, store));
        v->told(v->arg, name, c.seq, c.hash, c.fault[0] ? c.fault : NULL);
        v->broken = v->broken || c.fault[0];
        memcpy(v->node, name, sizeof(name));
        err = next_node(name, store, v->node);
    }
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

enum stir_err stir_audit_verify(struct stir_store *store,
                                void (*told)(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault), void *arg,
                                struct stir_diag *diag)
{
    struct verifying v = {.told = told, .arg = arg};
    TRY(stir_store_look(store, verify_all, &v, diag));
    return v.broken ? stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "a chain of the audit log does not hold") : STIR_OK;
}
