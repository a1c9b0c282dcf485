/* The one PKI of a test program: its group's set-up makes it, the tear-down frees it. */
#ifndef STIR_TESTS_CALL_GROUP_H
#define STIR_TESTS_CALL_GROUP_H

#include "call_support.h"

static struct pki pki;

static inline int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    return 0;
}

static inline int free_pki(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

/* What x5u gives. */
static inline struct stir_slice body(void)
{
    return stir_slice_of(pki.pem, pki.pem_len);
}

#endif
