#include "core/jws.h"

/* ---- Reading ---- */

/* Decode one part of a JWS. */
static enum stir_err decode(struct stir_slice *out, struct stir_arena *arena, struct stir_slice part, const char *what, struct stir_diag *diag)
{
    size_t n = 0;
    unsigned char *bytes = stir_arena_get(arena, stir_b64url_max_decoded(part.n) + 1);
    if (!bytes)
        return STIR_ENOMEM;
    if (stir_b64url_decode(bytes, &n, part) != STIR_OK)
        return stir_diag_set(diag, STIR_EB64, SIZE_MAX, "the %s of the JWS is not base64url without padding", what);
    *out = stir_slice_of(bytes, n);
    return STIR_OK;
}

/* Read a JSON object. */
static enum stir_err read_object(struct stir_json *out, struct stir_slice text, const char *what, struct stir_diag *diag)
{
    struct stir_diag why = {0};
    enum stir_err err = stir_json_parse(out, text, NULL, &why);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the %s is no strict JSON: %s", what, why.text);
    return out->type == STIR_JSON_OBJECT ? STIR_OK : stir_diag_set(diag, STIR_EJSON, SIZE_MAX, "the %s is JSON, but no object", what);
}

enum stir_err stir_jws_header(struct stir_slice *out, const struct stir_jws *jws, const char *name, struct stir_arena *arena)
{
    struct stir_json value;
    *out = stir_slice_of(NULL, 0);
    if (!stir_json_member(jws->header, name, &value) || value.type != STIR_JSON_STRING)
        return STIR_OK;
    return stir_json_string(out, value, arena);
}

enum stir_err stir_jws_plain(struct stir_json header, struct stir_diag *diag)
{
    static const char *const never[] = {"crit", "b64", "zip"};
    struct stir_json value;
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        if (stir_json_member(header, never[i], &value)) /*= RFC7515-4.1.11 */
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the header of the JWS has \"%s\", which is not understood", never[i]);
    return STIR_OK;
}

/* ES256, and nothing that changes what was signed or how. */
static enum stir_err judge(struct stir_jws *out, const struct stir_jws_parts *parts, struct stir_arena *arena, struct stir_diag *diag)
{
    struct stir_jws jws = {.signing_input = parts->signing_input, .header = parts->header, .payload = parts->payload};
    struct stir_slice alg;
    TRY(stir_jws_header(&alg, &jws, "alg", arena));
    if (!stir_slice_is(alg, "ES256")) /*= RFC8555-6.2 */
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the JWS is signed with alg \"%.*s\"; only ES256 is accepted", STIR_SHOW(alg));
    TRY(stir_jws_plain(jws.header, diag));
    if (parts->signature.n != STIR_ES256_SIG) /*= RFC7518-3.4 */
        return stir_diag_set(diag, STIR_ESIG, SIZE_MAX, "the signature of the JWS has %zu bytes; ES256 has 64", parts->signature.n);
    memcpy(jws.signature, parts->signature.p, STIR_ES256_SIG);
    *out = jws;
    return STIR_OK;
}

/* The parts as they were sent; `signing_input` holds the first two. */
static enum stir_err read_parts(struct stir_jws_parts *out, struct stir_arena *arena, const struct stir_slice part[3], struct stir_slice signing_input,
                                struct stir_diag *diag)
{
    struct stir_jws_parts parts = {.signing_input = signing_input};
    struct stir_slice header, payload;
    TRY(decode(&header, arena, part[0], "header", diag));
    TRY(decode(&payload, arena, part[1], "payload", diag));
    TRY(decode(&parts.signature, arena, part[2], "signature", diag));
    TRY(read_object(&parts.header, header, "header of the JWS", diag));
    if (payload.n)
        TRY(read_object(&parts.payload, payload, "payload of the JWS", diag));
    *out = parts;
    return STIR_OK;
}

/*= RFC7515-5.2 */
enum stir_err stir_jws_read(struct stir_jws *out, struct stir_arena *arena, struct stir_slice text, struct stir_diag *diag)
{
    struct stir_jws_parts parts;
    struct stir_slice part[3], rest = text;
    for (size_t i = 0; i < 3; i++) {
        size_t dot = stir_slice_find(rest, '.');
        if ((dot == rest.n) != (i == 2))
            return stir_diag_set(diag, STIR_ESYNTAX, SIZE_MAX, "this is no compact JWS: it has not three parts with '.' between them");
        part[i] = stir_slice_upto(rest, dot);
        rest = stir_slice_from(rest, i < 2 ? dot + 1 : dot);
    }
    TRY(read_parts(&parts, arena, part, stir_slice_upto(text, part[0].n + 1 + part[1].n), diag));
    return judge(out, &parts, arena, diag);
}

/* header "." payload of parts that were sent apart. */
static enum stir_err join(struct stir_slice *out, struct stir_arena *arena, struct stir_slice header, struct stir_slice payload)
{
    size_t n = header.n + 1 + payload.n;
    char *input = stir_arena_get(arena, n);
    if (!input)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(input, n);
    stir_put_slice(&w, header);
    stir_put_char(&w, '.');
    stir_put_slice(&w, payload);
    *out = stir_slice_of(input, n);
    return STIR_OK;
}

enum stir_err stir_jws_open_flattened(struct stir_jws_parts *out, struct stir_arena *arena, struct stir_json object, struct stir_diag *diag)
{
    static const char *const names[] = {"protected", "payload", "signature"}, *const never[] = {"header", "signatures"};
    struct stir_json value;
    struct stir_slice part[3], input;
    if (object.type != STIR_JSON_OBJECT)
        return stir_diag_set(diag, STIR_EJSON, SIZE_MAX, "the JWS is no object of JSON");
    for (size_t i = 0; i < 2; i++)
        if (stir_json_member(object, never[i], &value)) /*= RFC8555-6.2 */
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the JWS has \"%s\"; it must be flattened, with a protected header alone", never[i]);
    for (size_t i = 0; i < 3; i++) {
        if (!stir_json_member(object, names[i], &value) || value.type != STIR_JSON_STRING)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the flattened JWS lacks the string \"%s\"", names[i]);
        TRY(stir_json_string(&part[i], value, arena));
    }
    TRY(join(&input, arena, part[0], part[1]));
    return read_parts(out, arena, part, input, diag);
}

enum stir_err stir_jws_read_flattened(struct stir_jws *out, struct stir_arena *arena, struct stir_slice text, struct stir_diag *diag)
{
    struct stir_jws_parts parts;
    struct stir_json object;
    TRY(read_object(&object, text, "JWS", diag));
    TRY(stir_jws_open_flattened(&parts, arena, object, diag));
    return judge(out, &parts, arena, diag);
}

enum stir_err stir_jws_verify(const struct stir_jws *jws, struct stir_es256_ctx *ctx, struct stir_key *key)
{
    unsigned char digest[STIR_SHA256];
    TRY(stir_es256_digest(ctx, jws->signing_input, digest));
    return stir_es256_verify(ctx, key, digest, stir_slice_of(jws->signature, STIR_ES256_SIG));
}

/* ---- Keys ---- */

static bool says(struct stir_json jwk, const char *name, const char *wanted)
{
    struct stir_json value;
    struct stir_slice text;
    return stir_json_member(jwk, name, &value) && stir_json_string(&text, value, NULL) == STIR_OK && stir_slice_is(text, wanted);
}

/* A coordinate: its whole length, leading zeros included. */
/*= RFC7518-6.2.1.2 */
static enum stir_err read_coordinate(unsigned char out[STIR_P256_BYTES], struct stir_json jwk, const char *name, struct stir_diag *diag)
{
    struct stir_json value;
    struct stir_slice text = {NULL, 0};
    size_t n = 0;
    bool good = stir_json_member(jwk, name, &value) && stir_json_string(&text, value, NULL) == STIR_OK && text.n == stir_b64url_encoded(STIR_P256_BYTES) &&
                stir_b64url_decode(out, &n, text) == STIR_OK;
    return good ? STIR_OK : stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the JWK is not base64url of 32 bytes", name);
}

enum stir_err stir_jwk_read(struct stir_key **out, struct stir_json jwk, struct stir_diag *diag)
{
    unsigned char point[2 * STIR_P256_BYTES];
    struct stir_json value;
    if (jwk.type != STIR_JSON_OBJECT || !says(jwk, "kty", "EC") || !says(jwk, "crv", "P-256"))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the JWK is no EC key on P-256 (kty EC, crv P-256)");
    if (stir_json_member(jwk, "d", &value))
        return stir_diag_set(diag, STIR_EKEY, SIZE_MAX, "the JWK is a private key, and now others have seen it; make a new one");
    TRY(read_coordinate(point, jwk, "x", diag));
    TRY(read_coordinate(point + STIR_P256_BYTES, jwk, "y", diag));
    return stir_key_from_point(out, point, diag);
}

/*= RFC7638-3.2 */
void stir_put_jwk(struct stir_writer *w, const struct stir_key *key)
{
    struct stir_slice spki = stir_key_spki(key), point = stir_slice_from(spki, spki.n - 2 * STIR_P256_BYTES);
    stir_put_text(w, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"");
    stir_put_b64url(w, stir_slice_upto(point, STIR_P256_BYTES));
    stir_put_text(w, "\",\"y\":\"");
    stir_put_b64url(w, stir_slice_from(point, STIR_P256_BYTES));
    stir_put_text(w, "\"}");
}

enum stir_err stir_jwk_thumbprint(unsigned char out[STIR_SHA256], struct stir_es256_ctx *ctx, const struct stir_key *key)
{
    char text[160]; /* 126 bytes */
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    stir_put_jwk(&w, key);
    return stir_es256_digest(ctx, stir_slice_of(text, w.need), out);
}

void stir_put_fingerprint(struct stir_writer *w, const unsigned char digest[STIR_SHA256])
{
    static const char hex[] = "0123456789ABCDEF";
    stir_put_text(w, "SHA256");
    for (size_t i = 0; i < STIR_SHA256; i++) {
        stir_put_char(w, i ? ':' : ' ');
        stir_put_char(w, hex[digest[i] >> 4]);
        stir_put_char(w, hex[digest[i] & 15]);
    }
}
