/* External account binding: as it comes, and with the input as header and payload under a good MAC; a binding is never a signature. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 1 << 14 };
static const struct stir_slice key = {"0123456789abcdef0123456789abcdef", 32}, other = {"0123456789abcdef0123456789abcdeg", 32};

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static enum stir_err check(struct stir_eab *eab, struct stir_slice text, struct stir_arena *arena)
{
    struct stir_json json;
    struct stir_jws jws;
    struct stir_diag diag = {0};
    if (stir_json_parse(&json, text, NULL, NULL) != STIR_OK)
        return STIR_EJSON;
    enum stir_err err = stir_eab_read(eab, arena, json, &diag);
    hold((err == STIR_OK) == (diag.text[0] == '\0'));
    if (err == STIR_OK) {
        hold(eab->kid.n && eab->url.n && eab->jwk.type == STIR_JSON_OBJECT && stir_slice_find(eab->signing_input, '.') < eab->signing_input.n);
        hold(stir_jws_read_flattened(&jws, arena, text, NULL) != STIR_OK);
        enum stir_err good = stir_eab_verify(eab, key), bad = stir_eab_verify(eab, other);
        hold((good == STIR_OK || good == STIR_ESIG) && (bad == STIR_OK || bad == STIR_ESIG) && (good == STIR_ESIG || bad == STIR_ESIG));
    }
    return err;
}

/* The input up to its first line feed as header, the rest as payload. */
static void check_signed(struct stir_slice input, struct stir_arena *arena)
{
    static char text[4 * LONGEST];
    static char signing_input[2 * LONGEST];
    unsigned char mac[STIR_SHA256];
    struct stir_eab eab;
    size_t n = 0, line = stir_slice_find(input, '\n');
    struct stir_slice payload = line < input.n ? stir_slice_from(input, line + 1) : stir_slice_str("{}");
    struct stir_writer in = stir_writer_of(signing_input, sizeof(signing_input)), w = stir_writer_of(text, sizeof(text));
    stir_put_b64url(&in, stir_slice_upto(input, line));
    size_t dot = in.need;
    stir_put_char(&in, '.');
    stir_put_b64url(&in, payload);
    hold(in.need <= sizeof(signing_input));
    hold(EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, key.p, key.n, (const unsigned char *)signing_input, in.need, mac, sizeof(mac), &n) != NULL);
    stir_put_text(&w, "{\"protected\":\"");
    stir_put(&w, signing_input, dot);
    stir_put_text(&w, "\",\"payload\":\"");
    stir_put(&w, signing_input + dot + 1, in.need - dot - 1);
    stir_put_text(&w, "\",\"signature\":\"");
    stir_put_b64url(&w, stir_slice_of(mac, sizeof(mac)));
    stir_put_text(&w, "\"}");
    hold(w.need <= sizeof(text));
    if (check(&eab, stir_slice_of(text, w.need), arena) == STIR_OK)
        hold(stir_eab_verify(&eab, key) == STIR_OK && stir_eab_verify(&eab, other) == STIR_ESIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_eab eab;
    struct stir_slice input = stir_slice_of(data ? (const void *)data : "", size);
    (void)check(&eab, input, &arena);
    if (size <= LONGEST)
        check_signed(input, &arena);
    stir_arena_clear(&arena);
    return 0;
}
