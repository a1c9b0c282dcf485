/* Authority tokens read (RFC 9447 §4, RFC 9448 §5): what they say, believed by nobody yet. */
#include "core/token.h"

#include <stdlib.h>

#include "core/url.h"

struct reading {
    struct stir_token *token;
    struct stir_diag *diag;
};

static enum stir_err refuse(const struct reading *r, enum stir_err err, const char *why)
{
    return stir_diag_set(r->diag, err, SIZE_MAX, "%s", why);
}

/* ---- Header ---- */

/* A chain in the header (RFC 7515 §4.1.6): base64 of DER, written as PEM, so that one reader of bundles reads both. */
static enum stir_err put_x5c_entry(const struct reading *r, struct stir_writer *w, struct stir_json entry)
{
    struct stir_slice text;
    if (entry.type != STIR_JSON_STRING)
        return refuse(r, STIR_EVALUE, "x5c of the token holds something that is no string");
    TRY(stir_json_string(&text, entry, &r->token->arena));
    for (size_t i = 0; i < text.n; i++)
        if (!stir_is_alpha(text.p[i]) && !stir_is_digit(text.p[i]) && (!text.p[i] || !strchr("+/=", text.p[i])))
            return refuse(r, STIR_EVALUE, "x5c of the token holds something that is no base64 of a certificate");
    stir_put_text(w, "-----BEGIN CERTIFICATE-----\n");
    stir_put_slice(w, text);
    stir_put_text(w, "\n-----END CERTIFICATE-----\n");
    return STIR_OK;
}

static enum stir_err read_x5c(struct reading *r)
{
    struct stir_json array;
    size_t n = 0;
    if (!stir_json_member(r->token->jws.header, "x5c", &array))
        return STIR_OK;
    if (array.type != STIR_JSON_ARRAY)
        return refuse(r, STIR_EVALUE, "x5c of the token is no array of certificates");
    size_t room = array.text.n + STIR_MAX_CHAIN * 64; /* the lines around each */
    char *pem = stir_arena_get(&r->token->arena, room);
    if (!pem)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(pem, room);
    for (struct stir_json_iter it = stir_json_iter(array); stir_json_next(&it);) {
        if (++n > STIR_MAX_CHAIN)
            return refuse(r, STIR_ELIMIT, "x5c of the token holds more certificates than any chain has");
        TRY(put_x5c_entry(r, &w, it.value));
    }
    if (n == 0)
        return refuse(r, STIR_EVALUE, "x5c of the token is empty");
    r->token->x5c_pem = stir_slice_of(pem, w.need);
    r->token->info.has_x5c = true;
    return STIR_OK;
}

/*= RFC9448-6b */
static enum stir_err read_x5u(struct reading *r)
{
    struct stir_json value;
    struct stir_url url;
    struct stir_slice *x5u = &r->token->info.x5u;
    if (!stir_json_member(r->token->jws.header, "x5u", &value))
        return STIR_OK;
    if (value.type != STIR_JSON_STRING)
        return refuse(r, STIR_EVALUE, "x5u of the token is no string");
    TRY(stir_json_string(x5u, value, &r->token->arena));
    enum stir_url_fault fault = stir_url_parse(&url, *x5u, true);
    if (fault == STIR_URL_GOOD)
        return STIR_OK;
    return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "x5u of the token, \"%.*s\": %s", STIR_SHOW(*x5u), stir_url_fault_text(fault));
}

/* alg is judged by the reader of JWS. A token that says that it is one of another kind is none of ours (RFC 8725 §3.11). */
static enum stir_err read_header(struct reading *r)
{
    struct stir_json value;
    struct stir_slice typ;
    if (stir_json_member(r->token->jws.header, "typ", &value)) {
        TRY(stir_jws_header(&typ, &r->token->jws, "typ", &r->token->arena));
        if (!stir_slice_ieq(typ, stir_slice_str("JWT")))
            return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "the token is of type \"%.*s\", not JWT: it is no authority token", STIR_SHOW(typ));
    }
    TRY(read_x5u(r));
    TRY(read_x5c(r));
    if (!r->token->info.x5u.p && !r->token->info.has_x5c)
        return refuse(r, STIR_EVALUE, "the token has neither x5u nor x5c: nobody can know who signed it");
    return STIR_OK;
}

/* ---- Claims ---- */

static enum stir_err read_string(const struct reading *r, struct stir_slice *out, struct stir_json object, const char *name, bool required)
{
    struct stir_json value;
    if (!stir_json_member(object, name, &value)) {
        if (!required)
            return STIR_OK;
        return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "the token lacks \"%s\"", name);
    }
    if (value.type != STIR_JSON_STRING)
        return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the token is no string", name);
    TRY(stir_json_string(out, value, &r->token->arena));
    return out->n ? STIR_OK : stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the token is empty", name);
}

/* NumericDate (RFC 7519 §2), whole seconds. */
static enum stir_err read_time(const struct reading *r, int64_t *out, const char *name, bool required)
{
    struct stir_json value;
    if (!stir_json_member(r->token->jws.payload, name, &value)) {
        if (!required)
            return STIR_OK;
        return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "the token lacks \"%s\"", name);
    }
    if (stir_json_integer(out, value) && *out > 0)
        return STIR_OK;
    return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "\"%s\" of the token is no number of seconds since 1970", name);
}

/*= RFC9448-5 RFC9447-4a */
static enum stir_err read_claims(struct reading *r)
{
    struct stir_token_info *info = &r->token->info;
    struct stir_json payload = r->token->jws.payload;
    if (payload.type != STIR_JSON_OBJECT)
        return refuse(r, STIR_EJSON, "the token is empty");
    TRY(read_string(r, &info->iss, payload, "iss", false));
    TRY(read_time(r, &info->exp, "exp", true));            /*= RFC9448-5.2 */
    TRY(read_string(r, &info->jti, payload, "jti", true)); /*= RFC9448-5.3 */
    TRY(read_time(r, &info->iat, "iat", false));
    TRY(read_time(r, &info->nbf, "nbf", false));
    if (info->jti.n > STIR_MAX_JTI)
        return stir_diag_set(r->diag, STIR_ELIMIT, SIZE_MAX, "\"jti\" of the token has %zu bytes, more than %d", info->jti.n, STIR_MAX_JTI);
    return STIR_OK;
}

/*= RFC9448-5.4a RFC9448-6e */
static enum stir_err read_type(const struct reading *r)
{
    struct stir_slice tktype = r->token->info.tktype;
    if (stir_slice_is(tktype, "TNAuthList") || stir_slice_is(tktype, "TnAuthList"))
        return STIR_OK;
    return stir_diag_set(r->diag, STIR_EVALUE, SIZE_MAX, "tktype of the token is \"%.*s\", not \"TNAuthList\"", STIR_SHOW(tktype));
}

/*= RFC9448-5.4b */
static enum stir_err read_list(struct reading *r)
{
    struct stir_token *token = r->token;
    enum stir_err err = stir_tnauth_from_base64(&token->list, token->info.tkvalue);
    token->info.list = token->list;
    if (err == STIR_OK || err == STIR_ENOMEM)
        return err;
    return stir_diag_set(r->diag, err == STIR_EVALUE ? STIR_EDER : err, SIZE_MAX, "tkvalue of the token is no TNAuthList in base64url: %s", stir_err_text(err));
}

/*= RFC9448-6a RFC9448-5.4c RFC9447-4b RFC9447-7b */
static enum stir_err read_atc(struct reading *r)
{
    struct stir_json atc, ca = {.type = STIR_JSON_NULL};
    struct stir_token_info *info = &r->token->info;
    if (!stir_json_member(r->token->jws.payload, "atc", &atc) || atc.type != STIR_JSON_OBJECT)
        return refuse(r, STIR_EVALUE, "the token lacks the object \"atc\"");
    TRY(read_string(r, &info->tktype, atc, "tktype", true));
    TRY(read_type(r));
    TRY(read_string(r, &info->tkvalue, atc, "tkvalue", true));
    TRY(read_string(r, &info->fingerprint, atc, "fingerprint", true));
    if (stir_json_member(atc, "ca", &ca) && ca.type != STIR_JSON_BOOL)
        return refuse(r, STIR_EVALUE, "\"ca\" of the token is neither true nor false");
    info->ca = ca.type == STIR_JSON_BOOL && stir_slice_is(ca.text, "true");
    return read_list(r);
}

/* ---- The whole ---- */

static enum stir_err read(struct stir_token *token, struct stir_slice text, struct stir_diag *diag)
{
    struct reading r = {token, diag};
    token->info.jws = stir_arena_copy(&token->arena, text);
    if (!token->info.jws.p)
        return STIR_ENOMEM;
    TRY(stir_jws_read(&token->jws, &token->arena, token->info.jws, diag));
    TRY(read_header(&r));
    TRY(read_claims(&r));
    return read_atc(&r);
}

enum stir_err stir_token_read(struct stir_token **out, struct stir_slice text, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    if (!out || !text.p)
        return STIR_EARG;
    text = stir_slice_trim(text);
    if (text.n > STIR_MAX_AUTHORITY)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the token has %zu bytes, more than %d", text.n, STIR_MAX_AUTHORITY);
    STIR_AUTO_STRUCT(stir_token) *token = calloc(1, sizeof(*token));
    if (!token)
        return STIR_ENOMEM;
    TRY(read(token, text, diag));
    *out = STIR_MOVE(token);
    return STIR_OK;
}

void stir_token_free(struct stir_token *token)
{
    if (!token)
        return;
    stir_tnauth_free(token->list);
    stir_arena_clear(&token->arena);
    free(token);
}

const struct stir_token_info *stir_token_info(const struct stir_token *token)
{
    static const struct stir_token_info nothing = {.exp = 0};
    return token ? &token->info : &nothing;
}
