/* Authority tokens written: what a policy administrator gives to a provider (RFC 9448 §5). */
#include "core/token.h"
#include "core/url.h"

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

/* As a CA will read it: base64url without padding, and a list behind it. */
static enum stir_err check_list(struct stir_slice tkvalue, struct stir_diag *diag)
{
    struct stir_tnauth *list = NULL;
    bool url = tkvalue.n > 0;
    for (size_t i = 0; i < tkvalue.n; i++)
        url = url && (stir_is_alpha(tkvalue.p[i]) || stir_is_digit(tkvalue.p[i]) || tkvalue.p[i] == '-' || tkvalue.p[i] == '_');
    enum stir_err err = url ? stir_tnauth_from_base64(&list, tkvalue) : STIR_EB64;
    stir_tnauth_free(list);
    return err == STIR_OK || err == STIR_ENOMEM ? err : refuse(diag, "tkvalue is no TNAuthList in base64url without padding");
}

static enum stir_err check_texts(const struct stir_token_params *p, struct stir_diag *diag)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, p->x5u, true);
    if (fault != STIR_URL_GOOD)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "x5u \"%.*s\": %s", STIR_SHOW(p->x5u), stir_url_fault_text(fault));
    if (!p->jti.n || p->jti.n > STIR_MAX_JTI || !stir_utf8_valid(p->jti))
        return refuse(diag, "jti is missing, longer than STIR_MAX_JTI, or no UTF-8");
    if (p->iss.p && (!p->iss.n || p->iss.n > STIR_MAX_URL || !stir_utf8_valid(p->iss)))
        return refuse(diag, "iss is empty, longer than STIR_MAX_URL, or no UTF-8");
    if (!stir_token_is_fingerprint(p->fingerprint))
        return refuse(diag, "fingerprint is not \"SHA256\" and 32 pairs of hex digits with ':' between them");
    return STIR_OK;
}

static enum stir_err check(const struct stir_token_params *p, struct stir_diag *diag)
{
    TRY(check_texts(p, diag));
    if (p->iat < 0 || p->exp <= p->iat)
        return refuse(diag, "exp is not later than iat");
    return check_list(p->tkvalue, diag);
}

static void put_member(struct stir_writer *w, const char *name, struct stir_slice value)
{
    stir_put_text(w, name);
    stir_put_json_string(w, value);
}

static void put_header(struct stir_writer *w, const struct stir_token_params *p)
{
    put_member(w, "{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5u\":", p->x5u);
    stir_put_char(w, '}');
}

/*= RFC9448-5 */
static void put_payload(struct stir_writer *w, const struct stir_token_params *p)
{
    stir_put_text(w, "{\"exp\":");
    stir_put_int(w, p->exp);
    if (p->iat) {
        stir_put_text(w, ",\"iat\":");
        stir_put_int(w, p->iat);
    }
    if (p->iss.p)
        put_member(w, ",\"iss\":", p->iss);
    put_member(w, ",\"jti\":", p->jti);
    put_member(w, ",\"atc\":{\"tktype\":\"TNAuthList\",\"tkvalue\":", p->tkvalue);
    stir_put_text(w, p->ca ? ",\"ca\":true" : ",\"ca\":false");
    put_member(w, ",\"fingerprint\":", p->fingerprint);
    stir_put_text(w, "}}");
}

static enum stir_err put_token(struct stir_writer *w, struct stir_arena *arena, const struct stir_token_params *p, const struct stir_signer *signer)
{
    struct stir_writer count = stir_writer_of(NULL, 0);
    put_header(&count, p);
    size_t n_header = count.need;
    put_payload(&count, p);
    size_t n_payload = count.need - n_header;
    char *header = stir_arena_get(arena, n_header), *payload = stir_arena_get(arena, n_payload);
    if (!header || !payload)
        return STIR_ENOMEM;
    struct stir_writer h = stir_writer_of(header, n_header), c = stir_writer_of(payload, n_payload);
    put_header(&h, p);
    put_payload(&c, p);
    return stir_jws_put_compact(w, stir_slice_of(header, n_header), stir_slice_of(payload, n_payload), signer);
}

enum stir_err stir_token_make(char *buf, size_t cap, size_t *len, const struct stir_token_params *params, const struct stir_signer *signer,
                              struct stir_diag *diag)
{
    struct stir_arena arena = {NULL, 0, 0};
    if ((!buf && cap) || !len || !params || params->size != sizeof(*params))
        return STIR_EARG;
    TRY(check(params, diag));
    struct stir_writer w = stir_writer_of(buf, cap ? cap - 1 : 0);
    enum stir_err err = put_token(&w, &arena, params, signer);
    stir_arena_clear(&arena);
    TRY(err);
    if (w.need > STIR_MAX_AUTHORITY)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "a token of %zu bytes is longer than the %d that are read: split its TNAuthList", w.need,
                             STIR_MAX_AUTHORITY);
    w.cap = cap;
    return stir_writer_close(&w, len);
}
