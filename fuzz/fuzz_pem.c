/* stir_pem_next() and stir_certs_parse(): every block moves on, and what is decoded is written and decoded again as the same. */
#include <stdlib.h>

#include "core/cert.h"

enum { MANY = 16 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void reads_back(const unsigned char *der, size_t n)
{
    size_t cap = n * 2 + 128, len = 0, at = 0, again_n = 0;
    char *text = malloc(cap);
    struct stir_slice label;
    unsigned char *again = NULL;
    require(text != NULL);
    struct stir_writer w = stir_writer_of(text, cap);
    stir_put_pem(&w, "X", stir_slice_of(der, n));
    require(stir_writer_close(&w, &len) == STIR_OK);
    require(stir_pem_next(stir_slice_of(text, len), &at, &label, &again, &again_n) == STIR_OK);
    require(again_n == n && memcmp(again, der, n) == 0);
    free(again);
    free(text);
}

static void walk(struct stir_slice text)
{
    for (size_t at = 0;;) {
        struct stir_slice label = {NULL, 0};
        unsigned char *der = NULL;
        size_t n = 0, before = at;
        enum stir_err err = stir_pem_next(text, &at, &label, &der, &n);
        require(at <= text.n && at >= before);
        require((err == STIR_OK) == (der != NULL));
        require(!label.p || (label.p >= text.p && label.p + label.n <= text.p + text.n));
        if (err == STIR_EPEM) {
            struct stir_diag diag = {.text = ""};
            require(stir_pem_broken(&diag, text, at) == STIR_EPEM && diag.text[0]);
        }
        if (err != STIR_OK)
            return;
        require(at > before && n > 0);
        reads_back(der, n);
        free(der);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data, size);
    struct stir_cert *certs[MANY] = {NULL};
    struct stir_diag diag = {.text = ""};
    size_t n = 0;
    if (!data)
        return 0;
    walk(text);
    enum stir_err err = stir_certs_parse(certs, MANY, &n, text, &diag);
    require(err == STIR_OK ? n > 0 && n <= MANY : n == 0 && diag.text[0]);
    for (size_t i = 0; i < MANY; i++) {
        require((certs[i] != NULL) == (i < n));
        stir_cert_free(certs[i]);
    }
    return 0;
}
