#include "core/siphash.h"

static uint64_t read_le(const unsigned char *p, size_t n)
{
    uint64_t word = 0;
    if (n == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
        memcpy(&word, p, 8);
        return word;
    }
    for (size_t i = 0; i < n; i++)
        word |= (uint64_t)p[i] << 8 * i;
    return word;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_rounds(uint64_t v[4], unsigned rounds)
{
    while (rounds--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

struct stir_siphash stir_siphash_of(const unsigned char secret[STIR_SIPHASH_SECRET])
{
    struct stir_siphash hash = {{read_le(secret, 8), read_le(secret + 8, 8)}};
    return hash;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012): 64 bits that nobody can steer who does not know the secret. */
uint64_t stir_siphash(const struct stir_siphash *hash, struct stir_slice bytes)
{
    const uint64_t *secret = hash->secret;
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t n = bytes.n;
    uint64_t v[4] = {secret[0] ^ UINT64_C(0x736f6d6570736575), secret[1] ^ UINT64_C(0x646f72616e646f6d), secret[0] ^ UINT64_C(0x6c7967656e657261),
                     secret[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)n << 56;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word = read_le(p, 8);
        v[3] ^= word;
        sip_rounds(v, 2);
        v[0] ^= word;
    }
    last |= read_le(p, n);
    v[3] ^= last;
    sip_rounds(v, 2);
    v[0] ^= last;
    v[2] ^= 0xff;
    sip_rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
