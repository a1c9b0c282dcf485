/* SipHash-2-4: where a stranger chooses the keys of a table, and may not choose their places. */
#ifndef STIR_CORE_SIPHASH_H
#define STIR_CORE_SIPHASH_H

#include <stir/slice.h>

enum { STIR_SIPHASH_SECRET = 16 };

struct stir_siphash {
    uint64_t secret[2];
};

struct stir_siphash stir_siphash_of(const unsigned char secret[STIR_SIPHASH_SECRET]);
uint64_t stir_siphash(const struct stir_siphash *hash, struct stir_slice bytes);

#endif
