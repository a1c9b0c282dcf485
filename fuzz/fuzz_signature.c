/* Signatures between their two forms. First byte even: the rest is DER; what is read is written back as the same bytes. Odd: the rest is r||s; what is written
 * reads back as the same numbers, also in SEQUENCE {tbs, algorithm, signature}. Never a crash, and made-up bytes never verify. */
#include <stdlib.h>

#include <stir/stir.h>

#include "core/es256.h"

static void hold(bool property)
{
    if (!property)
        abort();
}

/* The generator's key, so that the fuzzer knows no more than anybody: its private value is 1, and a digest of zeros still wants r and s that fit. */
static void check_verify(struct stir_slice sig)
{
    static const unsigned char spki[91] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
                                           0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                                           0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98,
                                           0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b,
                                           0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    static struct stir_es256_ctx *ctx;
    static struct stir_key *key;
    unsigned char digest[STIR_SHA256];
    if (!ctx) {
        hold(stir_es256_ctx_new(&ctx) == STIR_OK);
        hold(stir_key_from_spki(&key, stir_slice_of(spki, sizeof(spki)), NULL) == STIR_OK);
    }
    hold(stir_es256_digest(ctx, stir_slice_str("nobody signed this"), digest) == STIR_OK);
    hold(stir_es256_verify(ctx, key, digest, sig) == STIR_ESIG);
}

static void check_der(struct stir_slice der)
{
    unsigned char sig[STIR_ES256_SIG], back[STIR_ECDSA_DER];
    if (stir_es256_from_der(sig, der) != STIR_OK)
        return;
    size_t n = stir_es256_to_der(back, sig);
    hold(stir_slice_eq(der, stir_slice_of(back, n)));
    check_verify(stir_slice_of(sig, sizeof(sig)));
}

static void check_raw(const unsigned char sig[STIR_ES256_SIG])
{
    static const char tbs[] = "\x30\x03\x02\x01\x05";
    unsigned char der[STIR_ECDSA_DER], back[STIR_ES256_SIG], whole[200];
    struct stir_slice content, bits;
    size_t n = stir_es256_to_der(der, sig), len = 0;
    enum stir_err err = stir_signed_assemble(whole, sizeof(whole), &len, stir_slice_of(tbs, sizeof(tbs) - 1), sig);
    if (n == 0) {
        hold(!stir_p256_in_range(sig) || !stir_p256_in_range(sig + STIR_P256_BYTES));
        hold(err == STIR_EVALUE);
        return;
    }
    hold(n <= sizeof(der) && err == STIR_OK);
    hold(stir_es256_from_der(back, stir_slice_of(der, n)) == STIR_OK && memcmp(back, sig, sizeof(back)) == 0);
    struct stir_reader r = stir_reader_of(stir_slice_of(whole, len));
    hold(stir_der_get(&r, 0x30, &content, NULL) == STIR_OK && stir_reader_left(&r) == 0);
    r = stir_reader_of(content);
    hold(stir_der_get(&r, 0x30, NULL, NULL) == STIR_OK && stir_der_get(&r, 0x30, NULL, NULL) == STIR_OK);
    hold(stir_der_get(&r, 0x03, &bits, NULL) == STIR_OK && stir_reader_left(&r) == 0);
    hold(stir_slice_eq(stir_slice_from(bits, 1), stir_slice_of(der, n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct stir_slice rest = stir_slice_of(data + 1, size - 1);
    if (!(data[0] & 1)) {
        check_der(rest);
        return 0;
    }
    check_verify(rest);
    if (rest.n == STIR_ES256_SIG)
        check_raw(data + 1);
    return 0;
}
