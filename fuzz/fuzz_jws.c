/* JWS and JWK: what is read is written back the same, the flattened form says what the compact one says, and nothing but ES256 is ever read. */
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

static void check_jws(const struct stir_jws *jws, struct stir_arena *arena)
{
    struct stir_slice alg;
    hold(jws->header.type == STIR_JSON_OBJECT && stir_slice_find(jws->signing_input, '.') < jws->signing_input.n);
    hold(stir_jws_header(&alg, jws, "alg", arena) == STIR_OK && stir_slice_is(alg, "ES256"));
    hold(jws->payload.type == STIR_JSON_OBJECT || (jws->payload.type == STIR_JSON_NULL && jws->payload.text.n == 0));
}

static void put_member(struct stir_writer *w, const char *name, struct stir_slice value)
{
    stir_put_text(w, name);
    stir_put_json_string(w, value);
}

/* The same in JSON. */
static void flatten(const struct stir_jws *jws, struct stir_slice signature, struct stir_arena *arena)
{
    struct stir_jws again;
    size_t dot = stir_slice_find(jws->signing_input, '.'), room = jws->signing_input.n + signature.n + 64;
    char *text = stir_arena_get(arena, room);
    hold(text != NULL);
    struct stir_writer w = stir_writer_of(text, room);
    put_member(&w, "{\"protected\":", stir_slice_upto(jws->signing_input, dot));
    put_member(&w, ",\"payload\":", stir_slice_from(jws->signing_input, dot + 1));
    put_member(&w, ",\"signature\":", signature);
    stir_put_char(&w, '}');
    hold(w.need <= room);
    hold(stir_jws_read_flattened(&again, arena, stir_slice_of(text, w.need), NULL) == STIR_OK);
    hold(stir_slice_eq(again.signing_input, jws->signing_input) && memcmp(again.signature, jws->signature, STIR_ES256_SIG) == 0);
}

static void check_compact(struct stir_slice text, struct stir_arena *arena)
{
    struct stir_jws jws;
    struct stir_diag diag = {0};
    char signature[96];
    struct stir_writer w = stir_writer_of(signature, sizeof(signature));
    enum stir_err err = stir_jws_read(&jws, arena, text, &diag);
    hold((err == STIR_OK) == (diag.text[0] == '\0'));
    if (err != STIR_OK)
        return;
    check_jws(&jws, arena);
    stir_put_b64url(&w, stir_slice_of(jws.signature, STIR_ES256_SIG));
    struct stir_slice tail = stir_slice_of(signature, w.need);
    hold(text.n == jws.signing_input.n + 1 + tail.n && stir_slice_eq(stir_slice_from(text, jws.signing_input.n + 1), tail));
    flatten(&jws, tail, arena);
}

static void check_jwk(struct stir_slice text)
{
    char written[160];
    struct stir_writer w = stir_writer_of(written, sizeof(written));
    struct stir_key *key = NULL, *again = NULL;
    struct stir_json jwk;
    if (stir_json_parse(&jwk, text, NULL, NULL) != STIR_OK || stir_jwk_read(&key, jwk, NULL) != STIR_OK)
        return;
    stir_put_jwk(&w, key);
    hold(w.need <= sizeof(written) && stir_json_parse(&jwk, stir_slice_of(written, w.need), NULL, NULL) == STIR_OK);
    hold(stir_jwk_read(&again, jwk, NULL) == STIR_OK && stir_key_same_public(key, again));
    stir_key_free(key);
    stir_key_free(again);
}

/* What is signed here verifies, and its thumbprint is one line. */
static void check_key(void)
{
    static bool done;
    struct stir_es256_ctx *ctx = NULL;
    struct stir_key *key = NULL;
    struct stir_jws jws = {.signing_input = stir_slice_str("a.b")};
    unsigned char digest[STIR_SHA256];
    char line[128];
    struct stir_writer w = stir_writer_of(line, sizeof(line));
    if (done)
        return;
    done = true;
    hold(stir_es256_ctx_new(&ctx) == STIR_OK && stir_key_generate(&key) == STIR_OK && stir_es256_digest(ctx, jws.signing_input, digest) == STIR_OK);
    hold(stir_es256_sign(ctx, key, digest, jws.signature) == STIR_OK && stir_jws_verify(&jws, ctx, key) == STIR_OK);
    hold(stir_jwk_thumbprint(digest, ctx, key) == STIR_OK);
    stir_put_fingerprint(&w, digest);
    hold(w.need == 6 + 3 * STIR_SHA256);
    stir_key_free(key);
    stir_es256_ctx_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_jws jws;
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    check_key();
    check_compact(text, &arena);
    if (stir_jws_read_flattened(&jws, &arena, text, NULL) == STIR_OK)
        check_jws(&jws, &arena);
    check_jwk(text);
    stir_arena_clear(&arena);
    return 0;
}
