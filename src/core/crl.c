#include <stdlib.h>

#include "core/cert.h"
#include "core/crl.h"
#include "core/der.h"

enum { REMOVE_FROM_CRL = 8 };

STIR_AUTO_STRUCT_FREE(stir_crl)

/* ---- order */

/* Any total order of bytes will do: shorter first. */
static int compare_bytes(struct stir_slice a, struct stir_slice b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* The same integer without redundant sign bytes: serials are numbers, however they were written. */
static struct stir_slice minimal(struct stir_slice serial)
{
    while (serial.n > 1 && ((serial.p[0] == 0 && !(serial.p[1] & 0x80)) || (serial.p[0] == (char)0xff && serial.p[1] & 0x80)))
        serial = stir_slice_from(serial, 1);
    return serial;
}

static int compare_rank(size_t rank_a, struct stir_slice serial_a, const struct stir_crl_revoked *b)
{
    if (rank_a != b->issuer->rank)
        return rank_a < b->issuer->rank ? -1 : 1;
    return compare_bytes(minimal(serial_a), minimal(b->serial));
}

static int by_name(const void *a, const void *b)
{
    return compare_bytes((*(const struct stir_crl_issuer *const *)a)->der, (*(const struct stir_crl_issuer *const *)b)->der);
}

/* Of two entries for one certificate the one that revokes comes first, then the one that stands first. */
static int by_serial(const void *a, const void *b)
{
    const struct stir_crl_revoked *x = *(const struct stir_crl_revoked *const *)a, *y = *(const struct stir_crl_revoked *const *)b;
    int order = compare_rank(x->issuer->rank, x->serial, y);
    if (order == 0)
        order = (x->reason == REMOVE_FROM_CRL) - (y->reason == REMOVE_FROM_CRL);
    return order ? order : (x > y) - (x < y);
}

/* Give equal names equal ranks and keep one of each. */
static void rank_issuers(struct stir_crl *crl)
{
    for (size_t i = 0; i < crl->n_issuers; i++)
        crl->names[i] = &crl->issuers[i];
    qsort(crl->names, crl->n_issuers, sizeof(*crl->names), by_name);
    size_t kept = 0;
    for (size_t i = 0; i < crl->n_issuers; i++) {
        struct stir_crl_issuer *issuer = &crl->issuers[crl->names[i] - crl->issuers];
        if (kept == 0 || !stir_slice_eq(crl->names[kept - 1]->der, issuer->der))
            crl->names[kept++] = issuer;
        issuer->rank = kept - 1;
    }
    crl->n_names = kept;
}

static void sort_entries(struct stir_crl *crl)
{
    rank_issuers(crl);
    for (size_t i = 0; i < crl->info.n_entries; i++)
        crl->sorted[i] = &crl->entries[i];
    qsort(crl->sorted, crl->info.n_entries, sizeof(*crl->sorted), by_serial);
}

/* ---- in and out */

static enum stir_err parse_der(struct stir_crl **out, unsigned char *der, size_t n, struct stir_diag *diag)
{
    STIR_AUTO_STRUCT(stir_crl) *crl = calloc(1, sizeof(*crl));
    if (!crl) {
        free(der);
        return STIR_ENOMEM;
    }
    crl->der = der;
    atomic_init(&crl->owners, 1);
    if (n > STIR_MAX_CRL)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the CRL has %zu bytes, more than %u", n, STIR_MAX_CRL);
    TRY(stir_crl_read(crl, stir_slice_of(der, n), diag));
    sort_entries(crl);
    *out = STIR_MOVE(crl);
    return STIR_OK;
}

/* The next block "X509 CRL"; blocks of other kinds are passed over. STIR_ENOTFOUND when there is none. */
static enum stir_err next_list(struct stir_slice text, size_t *at, unsigned char **der, size_t *n, struct stir_diag *diag)
{
    for (;;) {
        struct stir_slice label = {NULL, 0};
        enum stir_err err = stir_pem_next(text, at, &label, der, n);
        if (err == STIR_EPEM)
            return stir_pem_broken(diag, text, *at);
        if (err != STIR_OK || stir_slice_is(label, "X509 CRL"))
            return err;
        free(*der);
        *der = NULL;
    }
}

/* The one list of a PEM text. */
static enum stir_err only_list(struct stir_slice text, unsigned char **der, size_t *n, struct stir_diag *diag)
{
    unsigned char *second = NULL;
    size_t at = 0, ignored = 0;
    enum stir_err err = next_list(text, &at, der, n, diag);
    if (err == STIR_ENOTFOUND)
        return stir_diag_set(diag, STIR_EPEM, SIZE_MAX, "neither a CRL in DER nor a PEM block X509 CRL");
    TRY(err);
    err = next_list(text, &at, &second, &ignored, diag);
    if (err == STIR_ENOTFOUND)
        return STIR_OK;
    free(second);
    free(*der);
    return err == STIR_OK ? stir_diag_set(diag, STIR_EPEM, at, "the PEM text has more than one X509 CRL: read them one at a time") : err;
}

enum stir_err stir_crl_parse(struct stir_crl **out, struct stir_slice text, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    unsigned char *der = NULL;
    size_t n = 0;
    if (!out || !text.p)
        return STIR_EARG;
    /* base64 takes four letters for three bytes; twice the size leaves room for lines and comments */
    if (text.n > 2 * (size_t)STIR_MAX_CRL)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the CRL has %zu bytes, more than %u", text.n, STIR_MAX_CRL);
    if (text.n == 0 || text.p[0] != STIR_DER_SEQUENCE) {
        TRY(only_list(text, &der, &n, diag));
        return parse_der(out, der, n, diag);
    }
    der = malloc(text.n);
    if (!der)
        return STIR_ENOMEM;
    memcpy(der, text.p, text.n);
    return parse_der(out, der, text.n, diag);
}

struct stir_crl *stir_crl_ref(struct stir_crl *crl)
{
    if (crl)
        atomic_fetch_add_explicit(&crl->owners, 1, memory_order_relaxed);
    return crl;
}

void stir_crl_free(struct stir_crl *crl)
{
    if (!crl || atomic_fetch_sub_explicit(&crl->owners, 1, memory_order_acq_rel) != 1)
        return;
    free(crl->entries);
    free(crl->sorted);
    free(crl->issuers);
    free(crl->names);
    free(crl->issuer_text);
    free(crl->der);
    free(crl);
}

const struct stir_crl_info *stir_crl_info(const struct stir_crl *crl)
{
    static const struct stir_crl_info nothing = {.issuer = ""};
    return crl ? &crl->info : &nothing;
}

static void show(const struct stir_crl_revoked *entry, struct stir_crl_entry *out)
{
    out->issuer_der = entry->issuer->der;
    out->serial = entry->serial;
    out->revoked_at = entry->at;
    out->reason = entry->reason;
}

bool stir_crl_entry_at(const struct stir_crl *crl, size_t i, struct stir_crl_entry *out)
{
    if (!crl || !out || i >= crl->info.n_entries)
        return false;
    show(&crl->entries[i], out);
    return true;
}

/* The rank of a name; false when no entry and not the list itself has it. */
static bool find_rank(const struct stir_crl *crl, struct stir_slice name, size_t *rank)
{
    size_t low = 0, high = crl->n_names;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_bytes(name, crl->names[middle]->der);
        if (order == 0) {
            *rank = middle;
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

bool stir_crl_find(const struct stir_crl *crl, struct stir_slice issuer_der, struct stir_slice serial, struct stir_crl_entry *out)
{
    size_t rank, low = 0, high = stir_crl_info(crl)->n_entries;
    if (!crl || !out || !find_rank(crl, issuer_der, &rank))
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_rank(rank, serial, crl->sorted[middle]) > 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == crl->info.n_entries || compare_rank(rank, serial, crl->sorted[low]) != 0)
        return false;
    show(crl->sorted[low], out);
    return true;
}

/* Order of big-endian numbers; an absent one is the lowest. */
static int compare_numbers(struct stir_slice a, struct stir_slice b)
{
    if (!a.p || !b.p)
        return (a.p != NULL) - (b.p != NULL);
    while (a.n && a.p[0] == 0)
        a = stir_slice_from(a, 1);
    while (b.n && b.p[0] == 0)
        b = stir_slice_from(b, 1);
    return compare_bytes(a, b);
}

int stir_crl_order(const struct stir_crl *a, const struct stir_crl *b)
{
    int order = compare_numbers(a->info.number, b->info.number);
    return order ? order : (a->info.this_update > b->info.this_update) - (a->info.this_update < b->info.this_update);
}

enum stir_err stir_crl_signed_by(const struct stir_crl *crl, const struct stir_cert *signer)
{
    STIR_OSSL_QUIET;
    if (!crl || !signer)
        return STIR_EARG;
    return stir_signature_check(stir_cert_info(signer)->spki, crl->algorithm, crl->tbs, crl->signature);
}
