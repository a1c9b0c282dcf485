/* Authority tokens checked: RFC 9448 §6, in its order. */
#include "core/pa_signer.h"
#include "core/token.h"

STIR_AUTO_STRUCT_FREE(stir_trust)

enum { CLOCKS_DIFFER = 60 }; /* seconds that a token may seem to be made in the future */

/* One check; ends at the first fault. */
struct checking {
    const struct stir_token *token;
    const struct stir_token_demand *demand;
    struct stir_es256_ctx *ctx;
    enum stir_token_fault fault;
    struct stir_diag *diag;
};

static enum stir_err found(struct checking *c, enum stir_token_fault fault, const char *why)
{
    c->fault = fault;
    (void)stir_diag_set(c->diag, STIR_OK, SIZE_MAX, "%s", why);
    return STIR_OK;
}

/* ---- Who signed ---- */

static bool is_own_trouble(enum stir_err err)
{
    return err == STIR_ENOMEM || err == STIR_ECRYPTO || err == STIR_EARG;
}

/* What is wrong with the signer is a fault of the token, and `why` has said it. */
static enum stir_err signer_fault(struct checking *c, enum stir_err err)
{
    if (err == STIR_OK || is_own_trouble(err))
        return err;
    c->fault = STIR_TOKEN_SIGNER;
    return STIR_OK;
}

/*= RFC9448-6b RFC9448-6d */
static enum stir_err check_with(struct checking *c, struct stir_pa_signer *signer, const struct stir_trust *roots)
{
    TRY(signer_fault(c, stir_pa_signer_check(signer, "token", roots, c->demand->now, c->diag)));
    if (c->fault != STIR_TOKEN_GOOD)
        return STIR_OK;
    enum stir_err err = stir_jws_verify(&c->token->jws, c->ctx, stir_cert_key(signer->cert[0]));
    return err == STIR_ESIG ? found(c, STIR_TOKEN_SIGNATURE, "the token was not signed by the certificate given for it, or was changed since") : err;
}

/* A token that brings a chain beside its x5u says twice who signed it: both must say the same (RFC 7515 §4.1.6). */
/*= RFC9448-6c */
static enum stir_err check_brought(struct checking *c, const struct stir_pa_signer *signer)
{
    struct stir_pa_signer brought = {.n = 0};
    if (!c->token->x5c_pem.p || !c->demand->signer_pem.p)
        return STIR_OK;
    enum stir_err err = signer_fault(c, stir_pa_signer_read(&brought, "token", c->token->x5c_pem, c->diag));
    if (err == STIR_OK && c->fault == STIR_TOKEN_GOOD && !stir_key_same_public(stir_cert_key(brought.cert[0]), stir_cert_key(signer->cert[0])))
        err = found(c, STIR_TOKEN_SIGNER, "x5u and x5c of the token name different signers");
    stir_pa_signer_clear(&brought);
    return err;
}

/* The first certificate, which is no CA's: one of a CA signs certificates, and nothing else. */
static enum stir_err check_signer(struct checking *c, struct stir_pa_signer *signer, const struct stir_trust *roots)
{
    struct stir_slice pem = c->demand->signer_pem.p ? c->demand->signer_pem : c->token->x5c_pem;
    if (!pem.p)
        return found(c, STIR_TOKEN_SIGNER, "the certificates of the token's signer are not there: fetch what its x5u names");
    TRY(signer_fault(c, stir_pa_signer_read(signer, "token", pem, c->diag)));
    if (c->fault != STIR_TOKEN_GOOD)
        return STIR_OK;
    const struct stir_cert_info *info = stir_cert_info(signer->cert[0]);
    if (info->basic_constraints >= STIR_PART_BAD || info->is_ca)
        return found(c, STIR_TOKEN_SIGNER, "the token's signer is a CA: it may sign certificates, and no tokens");
    TRY(check_brought(c, signer));
    return c->fault == STIR_TOKEN_GOOD ? check_with(c, signer, roots) : STIR_OK;
}

static enum stir_err check_signature(struct checking *c)
{
    STIR_AUTO_STRUCT(stir_trust) *roots = NULL;
    struct stir_pa_signer signer = {.n = 0};
    TRY(stir_pa_roots(&roots, c->demand->pa_root_pem, c->diag));
    enum stir_err err = check_signer(c, &signer, roots);
    stir_pa_signer_clear(&signer);
    return err;
}

/* ---- What it says ---- */

/*= RFC9448-6f */
static enum stir_err check_list(struct checking *c)
{
    const struct stir_tnauth *wanted = c->demand->list;
    if (!wanted || stir_slice_eq(stir_tnauth_der(wanted), stir_tnauth_der(c->token->list)))
        return STIR_OK;
    return found(c, STIR_TOKEN_LIST, "the token is for another TNAuthList than the one asked for: get a token for this one");
}

/*= RFC9448-6g */
static enum stir_err check_times(struct checking *c)
{
    const struct stir_token_info *info = &c->token->info;
    int64_t now = c->demand->now;
    if (now >= info->exp) /*= RFC7519-4.1.4 */
        return found(c, STIR_TOKEN_EXPIRED, "the token has expired: get a new one");
    int64_t later = info->nbf > info->iat ? info->nbf : info->iat;
    if (later > now && later - now > CLOCKS_DIFFER)
        return found(c, STIR_TOKEN_EARLY, "the token is from the future (nbf or iat): compare the clocks");
    return STIR_OK;
}

static bool is_fingerprint_of(const struct checking *c, enum stir_token_binding binding, enum stir_err *err)
{
    char text[STIR_TOKEN_FINGERPRINT_TEXT];
    *err = stir_token_fingerprint(text, sizeof(text), c->demand->account, binding);
    return *err == STIR_OK && stir_slice_ieq(c->token->info.fingerprint, stir_slice_str(text));
}

/*= RFC9448-6h */
static enum stir_err check_fingerprint(struct checking *c)
{
    enum stir_token_binding binding = c->demand->binding;
    if (!c->demand->account)
        return STIR_OK;
    if (!stir_token_is_fingerprint(c->token->info.fingerprint))
        return found(c, STIR_TOKEN_FINGERPRINT, "the fingerprint of the token is not \"SHA256\" and 32 pairs of hex digits with ':' between them");
    for (enum stir_token_binding by = STIR_TOKEN_BY_JWK; by <= STIR_TOKEN_BY_SPKI; by++) {
        enum stir_err err = STIR_OK;
        if ((binding == by || binding == STIR_TOKEN_BY_EITHER) && is_fingerprint_of(c, by, &err))
            return STIR_OK;
        TRY(err);
    }
    return found(c, STIR_TOKEN_FINGERPRINT, "the token is bound to the key of another account: get one with the fingerprint of this account's key");
}

/*= RFC9448-6i */
static enum stir_err check_ca(struct checking *c)
{
    int ca = c->demand->ca;
    if (ca < 0 || (ca != 0) == c->token->info.ca)
        return STIR_OK;
    return found(c, STIR_TOKEN_CA,
                 ca ? "a CA certificate is asked for, and \"ca\" of the token is not true" : "\"ca\" of the token is true, and no CA certificate is asked for");
}

static enum stir_err check_life(struct checking *c)
{
    if (c->demand->max_life <= 0 || c->token->info.exp - c->demand->now <= c->demand->max_life)
        return STIR_OK;
    return found(c, STIR_TOKEN_LONG, "the token lives for longer than is accepted here: get one with an earlier exp");
}

/* ---- The whole ---- */

static bool are_arguments(const struct stir_token_demand *demand)
{
    if (!demand || demand->size != sizeof(*demand) || !demand->pa_root_pem.p || demand->now < 0)
        return false;
    return !demand->account || (demand->binding >= STIR_TOKEN_BY_JWK && demand->binding <= STIR_TOKEN_BY_EITHER);
}

enum stir_err stir_token_check(enum stir_token_fault *fault, const struct stir_token *token, const struct stir_token_demand *demand, struct stir_diag *diag)
{
    static enum stir_err (*const steps[])(struct checking *) = {check_signature, check_list, check_times, check_fingerprint, check_ca, check_life};
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_es256_ctx) *ctx = NULL;
    if (!fault || !token || !are_arguments(demand))
        return STIR_EARG;
    TRY(stir_es256_ctx_new(&ctx));
    struct checking c = {.token = token, .demand = demand, .ctx = ctx, .diag = diag};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && c.fault == STIR_TOKEN_GOOD; i++)
        TRY(steps[i](&c));
    *fault = c.fault;
    return STIR_OK;
}

const char *stir_token_fault_text(enum stir_token_fault fault)
{
    switch (fault) {
    case STIR_TOKEN_GOOD: return "good";
    case STIR_TOKEN_SIGNER: return "not from the policy administrator";
    case STIR_TOKEN_SIGNATURE: return "the signature is wrong";
    case STIR_TOKEN_LIST: return "for another TNAuthList";
    case STIR_TOKEN_EXPIRED: return "expired";
    case STIR_TOKEN_EARLY: return "from the future";
    case STIR_TOKEN_FINGERPRINT: return "bound to another account";
    case STIR_TOKEN_CA: return "for another kind of certificate";
    case STIR_TOKEN_LONG: return "lives for too long";
    }
    return "unknown fault";
}

/* ---- Fingerprints ---- */

bool stir_token_is_fingerprint(struct stir_slice text)
{
    if (text.n != STIR_FINGERPRINT_CHARS || !stir_slice_eq(stir_slice_upto(text, 7), stir_slice_str("SHA256 ")))
        return false;
    for (size_t i = 7; i < text.n; i++)
        if ((i - 7) % 3 == 2 ? text.p[i] != ':' : stir_hex_value((unsigned char)text.p[i]) < 0)
            return false;
    return true;
}

/*= RFC9448-5.4d */
enum stir_err stir_token_fingerprint(char *buf, size_t cap, const struct stir_key *key, enum stir_token_binding binding)
{
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_es256_ctx) *ctx = NULL;
    unsigned char digest[STIR_SHA256];
    size_t n = 0;
    if ((!buf && cap) || !key)
        return STIR_EARG;
    if (binding != STIR_TOKEN_BY_JWK && binding != STIR_TOKEN_BY_SPKI)
        return STIR_EVALUE;
    TRY(stir_es256_ctx_new(&ctx));
    TRY(binding == STIR_TOKEN_BY_JWK ? stir_jwk_thumbprint(digest, ctx, key) : stir_es256_digest(ctx, stir_key_spki(key), digest));
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_fingerprint(&w, digest);
    return stir_writer_close(&w, &n);
}
