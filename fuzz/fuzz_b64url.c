/* base64url: encoding and decoding undo each other, and no bytes have two spellings. */
#include <stdlib.h>

#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct stir_slice encode(char *buf, size_t cap, struct stir_slice bytes)
{
    size_t n;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_b64url(&w, bytes);
    must(stir_writer_end(&w, &n) == STIR_OK && n == stir_b64url_encoded(bytes.n));
    return stir_slice_of(buf, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice input = stir_slice_of(data, size);
    const size_t text_cap = stir_b64url_encoded(size) + 1;
    char *text = malloc(text_cap);
    unsigned char *bytes = malloc(size + 1);
    size_t n = 0;
    must(text && bytes);
    struct stir_slice encoded = encode(text, text_cap, input);
    must(stir_b64url_decode(bytes, &n, encoded) == STIR_OK && stir_slice_eq(stir_slice_of(bytes, n), input));
    if (stir_b64url_decode(bytes, &n, input) == STIR_OK) {
        must(n == stir_b64url_max_decoded(size));
        must(stir_slice_eq(encode(text, text_cap, stir_slice_of(bytes, n)), input));
    }
    free(text);
    free(bytes);
    return 0;
}
