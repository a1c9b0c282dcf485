/* What the tests of tokens share: the administrator of tests/data/ca-list, tokens of any text under its key, and the account that they are for. */
#ifndef STIR_TESTS_TOKEN_SUPPORT_H
#define STIR_TESTS_TOKEN_SUPPORT_H

#include "support.h"

#include "core/jws.h"

static const int64_t TOKEN_NOW = 1780272000; /* 2026-06-01 */

/* Keys that live as long as the test program, and the signer over the administrator's. */
struct token_room {
    struct stir_es256_ctx *ctx;
    struct stir_key *key, *account, *stranger;
    struct stir_key_signer held;
    struct stir_signer signer;
    struct stir_slice signer_pem, root_pem;
    struct stir_tnauth *list;
    char fingerprint[STIR_TOKEN_FINGERPRINT_TEXT];
};

static inline struct stir_key *token_private_key(const char *file)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(file);
    assert_err(stir_key_from_pem(&key, pem, NULL, NULL, NULL), STIR_OK);
    support_free(pem);
    return key;
}

static inline struct stir_key *token_public_key(const char *file)
{
    struct stir_key *key = NULL;
    struct stir_slice pem = support_file(file);
    assert_err(stir_key_from_public_pem(&key, pem, NULL), STIR_OK);
    support_free(pem);
    return key;
}

static inline void token_room_open(struct token_room *room)
{
    assert_err(stir_es256_ctx_new(&room->ctx), STIR_OK);
    room->key = token_private_key("ca-list/signer.key");
    room->account = token_public_key("vectors/rfc/rfc8225-public-key.pem");
    assert_err(stir_key_generate(&room->stranger), STIR_OK);
    room->held = (struct stir_key_signer){room->key, room->ctx};
    room->signer = stir_signer_of_key(&room->held);
    room->signer_pem = support_file("ca-list/signer.pem");
    room->root_pem = support_file("crl/pa-root.pem");
    assert_err(stir_tnauth_from_base64(&room->list, S("MAigBhYENzA5Sg")), STIR_OK);
    assert_err(stir_token_fingerprint(room->fingerprint, sizeof(room->fingerprint), room->account, STIR_TOKEN_BY_JWK), STIR_OK);
}

static inline void token_room_close(struct token_room *room)
{
    stir_tnauth_free(room->list);
    support_free(room->signer_pem);
    support_free(room->root_pem);
    stir_key_free(room->key);
    stir_key_free(room->account);
    stir_key_free(room->stranger);
    stir_es256_ctx_free(room->ctx);
}

/* A good token's parameters; the caller changes what the test is about. */
static inline struct stir_token_params token_params(const struct token_room *room)
{
    struct stir_token_params p = STIR_TOKEN_PARAMS_INIT;
    p.x5u = S("https://pa.example/list-signer.pem");
    p.iss = S("https://pa.example/");
    p.jti = S("id6098364921");
    p.iat = TOKEN_NOW;
    p.exp = TOKEN_NOW + 3600;
    p.tkvalue = S("MAigBhYENzA5Sg");
    p.fingerprint = stir_slice_str(room->fingerprint);
    return p;
}

/* What a good token is held against. */
static inline struct stir_token_demand token_demand(const struct token_room *room)
{
    struct stir_token_demand d = STIR_TOKEN_DEMAND_INIT;
    d.signer_pem = room->signer_pem;
    d.pa_root_pem = room->root_pem;
    d.list = room->list;
    d.account = room->account;
    d.binding = STIR_TOKEN_BY_JWK;
    d.ca = 0;
    d.now = TOKEN_NOW;
    d.max_life = 86400;
    return d;
}

/* Any header and payload, signed by the administrator. In a buffer that the next one overwrites. */
static inline struct stir_slice token_of_texts(const struct token_room *room, const char *header, const char *payload)
{
    static char text[2 * STIR_MAX_AUTHORITY];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    assert_err(stir_jws_put_compact(&w, S(header), S(payload), &room->signer), STIR_OK);
    assert_true(w.need <= sizeof(text));
    return stir_slice_of(text, w.need);
}

#endif
