/* External account binding (RFC 8555 §7.3.4): HS256 over the key of an account, by a key that both sides were given. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "core/jws.h"

enum { JWK_ROOM = 160 }; /* 126 bytes */

/*= RFC7518-3.2 */
static bool is_mac_key(struct stir_slice key)
{
    return key.p && key.n >= STIR_EAB_KEY_MIN && key.n <= STIR_EAB_KEY_MAX;
}

static enum stir_err mac(unsigned char out[STIR_SHA256], struct stir_slice input, struct stir_slice key)
{
    size_t n = 0;
    unsigned char *made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA2-256", NULL, key.p, key.n, (const unsigned char *)input.p, input.n, out, STIR_SHA256, &n);
    return made && n == STIR_SHA256 ? STIR_OK : STIR_ECRYPTO;
}

static void put_header(struct stir_writer *w, struct stir_slice kid, struct stir_slice url)
{
    stir_put_text(w, "{\"alg\":\"HS256\",\"kid\":");
    stir_put_json_string(w, kid);
    stir_put_text(w, ",\"url\":");
    stir_put_json_string(w, url);
    stir_put_char(w, '}');
}

static void put_object(struct stir_writer *w, struct stir_slice input, const unsigned char tag[STIR_SHA256])
{
    size_t dot = stir_slice_find(input, '.');
    stir_put_text(w, "{\"protected\":\"");
    stir_put_slice(w, stir_slice_upto(input, dot));
    stir_put_text(w, "\",\"payload\":\"");
    stir_put_slice(w, stir_slice_from(input, dot + 1));
    stir_put_text(w, "\",\"signature\":\"");
    stir_put_b64url(w, stir_slice_of(tag, STIR_SHA256));
    stir_put_text(w, "\"}");
}

static enum stir_err put(struct stir_writer *w, struct stir_arena *arena, struct stir_slice kid, struct stir_slice url, const struct stir_key *account,
                         struct stir_slice mac_key)
{
    char jwk[JWK_ROOM];
    unsigned char tag[STIR_SHA256];
    size_t room = 64 + 6 * (kid.n + url.n), all = stir_b64url_encoded(room) + 1 + stir_b64url_encoded(JWK_ROOM); /* an escaped character takes six */
    char *header = stir_arena_get(arena, room), *input = stir_arena_get(arena, all);
    if (!header || !input)
        return STIR_ENOMEM;
    struct stir_writer h = stir_writer_of(header, room), p = stir_writer_of(jwk, sizeof(jwk)), in = stir_writer_of(input, all);
    put_header(&h, kid, url);
    stir_put_jwk(&p, account);
    stir_put_b64url(&in, stir_slice_of(header, h.need));
    stir_put_char(&in, '.');
    stir_put_b64url(&in, stir_slice_of(jwk, p.need));
    TRY(mac(tag, stir_slice_of(input, in.need), mac_key));
    put_object(w, stir_slice_of(input, in.need), tag);
    return STIR_OK;
}

/*= RFC8555-7.3.4 */
enum stir_err stir_eab_put(struct stir_writer *w, struct stir_slice kid, struct stir_slice url, const struct stir_key *account, struct stir_slice mac_key)
{
    STIR_OSSL_QUIET;
    struct stir_arena arena = {NULL, 0, 0};
    if (!kid.n || !url.n || !account)
        return STIR_EARG;
    if (!is_mac_key(mac_key))
        return STIR_EKEY;
    enum stir_err err = put(w, &arena, kid, url, account, mac_key);
    stir_arena_clear(&arena);
    return err;
}

static enum stir_err header_string(struct stir_slice *out, struct stir_json header, const char *name, struct stir_arena *arena, struct stir_diag *diag)
{
    struct stir_json value;
    if (!stir_json_member(header, name, &value) || value.type != STIR_JSON_STRING)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the header of the external account binding lacks the string \"%s\"", name);
    TRY(stir_json_string(out, value, arena));
    return out->n ? STIR_OK : stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the external account binding is empty", name);
}

/*= RFC8555-7.3.4 */
static enum stir_err judge_header(struct stir_eab *eab, struct stir_json header, struct stir_arena *arena, struct stir_diag *diag)
{
    struct stir_slice alg;
    struct stir_json value;
    TRY(header_string(&alg, header, "alg", arena, diag));
    if (!stir_slice_is(alg, "HS256"))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the external account binding has alg \"%.*s\"; only HS256 is accepted", STIR_SHOW(alg));
    if (stir_json_member(header, "nonce", &value))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the external account binding has a nonce; only the request around it may have one");
    TRY(stir_jws_plain(header, diag));
    TRY(header_string(&eab->kid, header, "kid", arena, diag));
    return header_string(&eab->url, header, "url", arena, diag);
}

enum stir_err stir_eab_read(struct stir_eab *out, struct stir_arena *arena, struct stir_json json, struct stir_diag *diag)
{
    struct stir_jws_parts parts;
    struct stir_eab eab = {.mac = {0}};
    TRY(stir_jws_open_flattened(&parts, arena, json, diag));
    TRY(judge_header(&eab, parts.header, arena, diag));
    if (parts.payload.type != STIR_JSON_OBJECT)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the payload of the external account binding is not the account's JWK");
    if (parts.signature.n != STIR_SHA256)
        return stir_diag_set(diag, STIR_ESIG, SIZE_MAX, "the MAC of the external account binding has %zu bytes; HS256 has 32", parts.signature.n);
    memcpy(eab.mac, parts.signature.p, STIR_SHA256);
    eab.signing_input = parts.signing_input;
    eab.jwk = parts.payload;
    *out = eab;
    return STIR_OK;
}

enum stir_err stir_eab_verify(const struct stir_eab *eab, struct stir_slice mac_key)
{
    STIR_OSSL_QUIET;
    unsigned char wanted[STIR_SHA256];
    if (!is_mac_key(mac_key))
        return STIR_EKEY;
    TRY(mac(wanted, eab->signing_input, mac_key));
    bool same = CRYPTO_memcmp(wanted, eab->mac, STIR_SHA256) == 0;
    OPENSSL_cleanse(wanted, sizeof(wanted));
    return same ? STIR_OK : STIR_ESIG;
}
