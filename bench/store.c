/* A store with many certificates: how long it takes to fill, to open, and to find one. store WHERE COUNT: one line of JSON. */
#include "io/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "service/schema.h"

enum {
    AT_ONCE = 20000, /* rows of one transaction */
    LOOKUPS = 20000,
    DER = 780, /* bytes of a certificate of the profile, and of what was signed of it */
    TBS = 690,
    OPENED = 5,
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Anything of row `n`, always the same, and as little to be squeezed as a signature. */
static void fill(unsigned char *p, size_t size, uint64_t n)
{
    uint64_t x = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0) {
            x ^= x >> 30;
            x *= UINT64_C(0xbf58476d1ce4e5b9);
            x ^= x >> 27;
        }
        p[i] = (unsigned char)(x >> (8 * (i % 8)));
    }
}

static void serial_of(char serial[33], uint64_t n)
{
    unsigned char bytes[16];
    fill(bytes, sizeof(bytes), n ^ UINT64_C(0x5e));
    for (size_t i = 0; i < 16; i++)
        snprintf(serial + 2 * i, 3, "%02X", bytes[i]);
}

static const char issuer[] = "52F0B6C5B2B0E2B1A5C9C9D8F16B3C0E5A0B7D9F4E1C2A3B4C5D6E7F8091A2B3";

struct batch {
    uint64_t from, to;
};

static enum stir_err put_one(struct stir_store *store, uint64_t n)
{
    unsigned char der[DER], tbs[TBS], hashes[96];
    char serial[33], order[30], account[30], spc[8];
    fill(der, sizeof(der), n);
    fill(tbs, sizeof(tbs), n + 1);
    fill(hashes, sizeof(hashes), n + 2);
    serial_of(serial, n);
    snprintf(order, sizeof(order), "order%017llu", (unsigned long long)n);
    snprintf(account, sizeof(account), "account%015llu", (unsigned long long)(n % 3000));
    snprintf(spc, sizeof(spc), "%04llu", (unsigned long long)(n % 3000));
    return stir_store_do(
        store,
        "INSERT INTO certificates (issuer, serial, state, order_id, account, profile, node, spc, tnauth, spki_hash, tbs, tbs_hash, der, sha256,"
        " not_before, not_after, created, issued, revoked, reason, published)"
        " VALUES ($1, $2, 'issued', $3, $4, 'shaken', 'node', $5, NULL, $6, $7, $8, $9, $10, $11, $11, $11, $11, 0, 0, 1)",
        STIR_VALUES(stir_store_str(issuer), stir_store_str(serial), stir_store_str(order), stir_store_str(account), stir_store_str(spc),
                    stir_store_bytes(stir_slice_of(hashes, 32)), stir_store_bytes(stir_slice_of(tbs, sizeof(tbs))),
                    stir_store_bytes(stir_slice_of(hashes + 32, 32)), stir_store_bytes(stir_slice_of(der, sizeof(der))),
                    stir_store_bytes(stir_slice_of(hashes + 64, 32)), stir_store_int((int64_t)n)),
        NULL);
}

static enum stir_err put_batch(struct stir_store *store, void *arg)
{
    const struct batch *b = arg;
    enum stir_err err = STIR_OK;
    for (uint64_t n = b->from; n < b->to && err == STIR_OK; n++)
        err = put_one(store, n);
    return err;
}

struct lookup {
    uint64_t n;
    bool by_serial;
};

/* What a client of ACME, or a revocation, asks for: the certificate by its serial, or by its hash. */
static enum stir_err find(struct stir_store *store, void *arg)
{
    const struct lookup *l = arg;
    struct stir_store_rows *rows = NULL;
    char serial[33];
    unsigned char hashes[96];
    enum stir_err err;
    serial_of(serial, l->n);
    fill(hashes, sizeof(hashes), l->n + 2);
    if (l->by_serial)
        err = stir_store_ask_one(&rows, store, "SELECT state, der, not_after FROM certificates WHERE issuer = $1 AND serial = $2",
                                 STIR_VALUES(stir_store_str(issuer), stir_store_str(serial)));
    else
        err = stir_store_ask_one(&rows, store, "SELECT state, der, not_after FROM certificates WHERE sha256 = $1",
                                 STIR_VALUES(stir_store_bytes(stir_slice_of(hashes + 64, 32))));
    if (err == STIR_OK && stir_store_get(rows, 1).n != DER)
        err = STIR_EMISMATCH;
    stir_store_rows_free(rows);
    return err;
}

/* What a start asks for: what a crash left. */
static enum stir_err recover(struct stir_store *store, void *arg)
{
    static const char *const sqls[] = {
        "SELECT c.serial, o.status FROM certificates c LEFT JOIN acme_orders o ON o.id = c.order_id WHERE c.state = 'intent' AND c.node = 'node'"
        " ORDER BY c.created LIMIT 256",
        "SELECT serial FROM certificates WHERE issuer = 'x' AND published = 0 ORDER BY created LIMIT 256",
    };
    (void)arg;
    for (size_t i = 0; i < 2; i++) {
        struct stir_store_rows *rows = NULL;
        enum stir_err err = stir_store_ask_one(&rows, store, sqls[i], STIR_NO_VALUES);
        stir_store_rows_free(rows);
        if (err != STIR_OK && err != STIR_ENOTFOUND)
            return err;
    }
    return STIR_OK;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static enum stir_err measure(struct stir_store *store, uint64_t count, bool by_serial, struct stir_diag *diag)
{
    static double ms[LOOKUPS];
    enum stir_err err = STIR_OK;
    for (size_t i = 0; i < LOOKUPS && err == STIR_OK; i++) {
        struct lookup l = {i * UINT64_C(2654435761) % count, by_serial};
        const double begun = now_ms();
        err = stir_store_look(store, find, &l, diag);
        ms[i] = now_ms() - begun;
    }
    qsort(ms, LOOKUPS, sizeof(*ms), by_size);
    printf(",\"by_%s_ms\":{\"p50\":%.3f,\"p99\":%.3f,\"longest\":%.3f}", by_serial ? "serial" : "sha256", ms[LOOKUPS / 2], ms[LOOKUPS / 100 * 99],
           ms[LOOKUPS - 1]);
    return err;
}

static enum stir_err fill_store(struct stir_store *store, uint64_t count, struct stir_diag *diag)
{
    const double begun = now_ms();
    enum stir_err err = STIR_OK;
    for (struct batch b = {0, 0}; b.from < count && err == STIR_OK; b.from = b.to) {
        b.to = b.from + AT_ONCE < count ? b.from + AT_ONCE : count;
        err = stir_store_transact(store, put_batch, &b, diag);
    }
    printf("{\"certificates\":%llu,\"fill_seconds\":%.1f", (unsigned long long)count, (now_ms() - begun) / 1e3);
    return err;
}

/* Opened as a start does; the slowest of some. */
static enum stir_err open_again(struct stir_store **store, const char *where, struct stir_diag *diag)
{
    double slowest = 0;
    enum stir_err err = STIR_OK;
    for (int i = 0; i < OPENED && err == STIR_OK; i++) {
        stir_store_close(*store);
        *store = NULL;
        const double begun = now_ms();
        err = stir_store_open(store, where, &stir_schema, false, diag);
        if (err == STIR_OK)
            err = stir_store_look(*store, recover, NULL, diag);
        if (now_ms() - begun > slowest)
            slowest = now_ms() - begun;
    }
    printf(",\"start_ms\":%.1f", slowest);
    return err;
}

int main(int argc, char **argv)
{
    struct stir_store *store = NULL;
    struct stir_diag diag = {0};
    const uint64_t count = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (!count) {
        fprintf(stderr, "stir-store WHERE COUNT\n");
        return 2;
    }
    enum stir_err err = stir_store_open(&store, argv[1], &stir_schema, true, &diag);
    if (err == STIR_OK)
        err = fill_store(store, count, &diag);
    if (err == STIR_OK)
        err = open_again(&store, argv[1], &diag);
    if (err == STIR_OK)
        err = measure(store, count, true, &diag);
    if (err == STIR_OK)
        err = measure(store, count, false, &diag);
    printf("}\n");
    stir_store_close(store);
    if (err != STIR_OK)
        fprintf(stderr, "%s %s\n", stir_err_name(err), diag.text);
    return err == STIR_OK ? 0 : 3;
}
