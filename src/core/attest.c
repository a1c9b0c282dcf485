#include "core/attest.h"

#include "core/cert.h"
#include "core/compact.h"
#include "core/divert.h"
#include "core/identity.h"
#include "core/json.h"
#include "core/mky.h"
#include "core/passport.h"
#include "core/url.h"
#include "core/verify.h"

#include <stdlib.h>

enum { MAX_DATE_AGE = 60, UDP_SAFE = 1300 };

STIR_AUTO_STRUCT_FREE(stir_es256_ctx)

static enum stir_err check_x5u(const struct stir_attest_params *params, struct stir_diag *diag)
{
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, params->claims.x5u, params->any_url);
    if (fault != STIR_URL_GOOD)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "x5u \"%.*s\": %s", STIR_SHOW(params->claims.x5u), stir_url_fault_text(fault));
    return STIR_OK;
}

static enum stir_err check_party(const char *claim, const struct stir_party *party, const struct stir_attest_params *params, struct stir_diag *diag)
{
    bool shaken = params->claims.ppt == STIR_PPT_SHAKEN;
    if (!party || party->kind == STIR_PARTY_NONE)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s is missing", claim);
    if (party->standing == STIR_STANDING_AMBIGUOUS)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s \"%s\": %s; give it with '+' and its country code", claim, party->text,
                             stir_tn_standing_text(party->standing));
    if (party->kind == STIR_PARTY_URI && shaken && strcmp(claim, "orig") == 0)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "orig \"%s\" is no telephone number: a shaken token is signed for numbers", party->text);
    if (party->kind == STIR_PARTY_TN && !stir_tn_is_canonical(stir_slice_of(party->text, party->len)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s \"%s\" is no canonical number: digits only, country code first", claim, party->text);
    return STIR_OK;
}

/* Of the compact form a verifier rebuilds what the message holds, and nothing else. Of tokens without kind that is the parties, the time and the media keys, of
 * rcd a name and a reason too. */
/*= RFC8224-9b RFC8225-8d RFC8946-3d RFC9795-9.2 */
static enum stir_err check_style(const struct stir_attest_params *params, struct stir_diag *diag)
{
    const struct stir_passport_params *claims = &params->claims;
    bool base = claims->ppt == STIR_PPT_NONE, rcd = claims->ppt == STIR_PPT_RCD;
    if (!params->style.compact)
        return STIR_OK;
    if (!base && !rcd)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the compact form is for tokens without ppt, and for rcd: no verifier takes it of another kind");
    if (claims->attest || claims->origid.p || claims->iss.p || claims->rcdi.p || (base && (claims->rcd.p || claims->crn.p)))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the compact form has no %s: its claims must stand in the message",
                             claims->rcdi.p  ? "rcdi"
                             : claims->iss.p ? "iss"
                                             : "further claims");
    return STIR_OK;
}

static bool is_diversion(enum stir_ppt ppt)
{
    return ppt == STIR_PPT_DIV || ppt == STIR_PPT_DIV_O;
}

/*= RFC8946-3b */
static enum stir_err check_diversion(const struct stir_attest_params *params, struct stir_diag *diag)
{
    const struct stir_passport_params *claims = &params->claims;
    if (!is_diversion(claims->ppt))
        return STIR_OK;
    TRY(check_party("div", claims->div, params, diag));
    for (size_t i = 0; i < claims->n_dest; i++)
        if (stir_party_eq(&claims->dest[i], claims->div))
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "dest is %s, the diverting number itself: nothing was diverted", claims->div->text);
    return claims->ppt == STIR_PPT_DIV_O ? stir_divert_check(claims, diag) : STIR_OK;
}

/*= RFC8588-5 RFC9795-12.1a */
static enum stir_err check_claims(const struct stir_attest_params *params, struct stir_diag *diag)
{
    const struct stir_passport_params *claims = &params->claims;
    bool shaken = claims->ppt == STIR_PPT_SHAKEN;
    if (claims->attest ? claims->attest < 'A' || claims->attest > 'C' : shaken)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "attest must be A, B or C");
    if (claims->origid.p ? !stir_is_uuid(claims->origid) : shaken)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "origid \"%.*s\" is no UUID", STIR_SHOW(claims->origid));
    if (claims->iss.p && claims->ppt != STIR_PPT_RCD && claims->ppt != STIR_PPT_OTHER)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "iss marks rich call data of a third party: it goes with ppt rcd alone");
    TRY(check_style(params, diag));
    TRY(check_party("orig", claims->orig, params, diag));
    if (claims->n_dest == 0 || claims->n_dest > STIR_MAX_DESTS)
        return stir_diag_set(diag, claims->n_dest ? STIR_ELIMIT : STIR_EVALUE, SIZE_MAX, "dest has %zu parties; 1 to %d may stand there", claims->n_dest,
                             STIR_MAX_DESTS);
    for (size_t i = 0; i < claims->n_dest; i++)
        TRY(check_party("dest", &claims->dest[i], params, diag));
    TRY(check_diversion(params, diag));
    return check_x5u(params, diag);
}

/* Sums of `now` and the window stay within 64 bits. */
static bool has_times(const struct stir_attest_params *params)
{
    return params->now >= 0 && params->now <= STIR_IAT_MAX && params->max_date_age >= 0 && params->max_date_age <= STIR_IAT_MAX;
}

static int64_t window_of(const struct stir_attest_params *params)
{
    return params->max_date_age ? params->max_date_age : MAX_DATE_AGE;
}

/*= RFC8224-6.1g RFC8225-5.1.1b */
static enum stir_err check_time(const struct stir_attest_params *params, int64_t iat, struct stir_diag *diag)
{
    int64_t window = window_of(params);
    if (iat < 0 || iat > STIR_IAT_MAX)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "iat %lld is no time", (long long)iat);
    if (iat < params->now - window || iat > params->now + window)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "iat %lld is %lld s off: a verifier would call it stale", (long long)iat,
                             (long long)(iat > params->now ? iat - params->now : params->now - iat));
    return STIR_OK;
}

/* Whose number the signer must hold, as the verifier sees it. */
/*= RFC8946-3f */
static const struct stir_party *number_to_hold(const struct stir_passport_params *claims)
{
    switch (claims->ppt) {
    case STIR_PPT_DIV:
    case STIR_PPT_DIV_O: return claims->div;
    case STIR_PPT_RSP: return claims->dest;
    default: return claims->orig;
    }
}

/* What a verifier would hold against the certificate, before anybody has to find out from a failed call. */
/*= RFC8224-6.1a RFC8224-6.1d RFC8224-6.1h RFC8946-3h RFC8946-4.1c */
static enum stir_err check_cert(const struct stir_attest_params *params, const struct stir_key *key, int64_t iat, struct stir_diag *diag)
{
    const struct stir_cert_info *cert = params->cert ? stir_cert_info(params->cert) : NULL;
    const struct stir_party *held = number_to_hold(&params->claims);
    if (!cert)
        return STIR_OK;
    if (cert->key != STIR_CERT_KEY_P256)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate's key is not P-256 on the named curve");
    if (key && !stir_key_same_public(key, stir_cert_key(params->cert)))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the key is not the one of the certificate %s", cert->subject);
    if (cert->not_before > iat || cert->not_before > params->now)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the certificate %s is not valid yet", cert->subject);
    if (cert->not_after < iat || cert->not_after < params->now)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the certificate %s has expired", cert->subject);
    if (cert->is_ca)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate %s is a CA's: only end-entity certificates sign calls", cert->subject);
    if (cert->key_usage != STIR_PART_GOOD || !(cert->key_usage_bits & STIR_KU_DIGITAL_SIGNATURE))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate %s may not sign: its key usage lacks digitalSignature", cert->subject);
    if (!cert->tnauth_list)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate %s has no readable TNAuthList", cert->subject);
    if (params->claims.iss.p) /* a third party: it holds a name, and no number */
        return stir_iss_reflects(params->claims.iss, cert)
                   ? STIR_OK
                   : stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "iss \"%.*s\" is no name of the certificate %s", STIR_SHOW(params->claims.iss), cert->subject);
    if (held && !stir_tnauth_spc(cert->tnauth_list).p &&
        (held->kind != STIR_PARTY_TN || !stir_tnauth_covers(cert->tnauth_list, stir_slice_of(held->text, held->len))))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the certificate %s does not cover %s", cert->subject, held->text);
    return STIR_OK;
}

/* What the certificate allows its holder to say, and asks him to (RFC 8226 §8, RFC 9118). */
/*= RFC8226-8c */
static enum stir_err check_constraints(const struct stir_cert *cert, struct stir_slice payload, struct stir_diag *diag)
{
    for (size_t i = 0; cert && i < 2; i++) {
        const struct stir_constraints *constraints = stir_cert_constraints(cert, i);
        enum stir_reason reason = STIR_R_NONE;
        struct stir_slice claim = {NULL, 0};
        if (constraints)
            TRY(stir_constraints_check(constraints, (struct stir_json){STIR_JSON_OBJECT, payload}, &reason, &claim));
        if (reason != STIR_R_NONE)
            return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%.*s: %s", STIR_SHOW(claim), stir_reason_info(reason)->text);
    }
    return STIR_OK;
}

/* header "." payload, base64url, into out->token. */
static enum stir_err write_signing_input(struct stir_attest *out, const struct stir_passport_params *claims, const struct stir_cert *cert,
                                         struct stir_diag *diag)
{
    char header[STIR_MAX_URL + 256], payload[STIR_MAX_JSON];
    size_t n_header, n_payload;
    enum stir_err err = stir_passport_write_header(header, sizeof(header), &n_header, claims);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the token's header cannot be written: %s", stir_err_text(err));
    TRY(stir_passport_write_payload(payload, sizeof(payload), &n_payload, claims, diag));
    TRY(check_constraints(cert, stir_slice_of(payload, n_payload), diag));
    struct stir_writer w = stir_writer_of(out->token, STIR_MAX_TOKEN - 87); /* room for "." and the signature's 86 characters */
    stir_put_b64url(&w, stir_slice_of(header, n_header));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(payload, n_payload));
    err = stir_writer_end(&w, &out->len);
    return err == STIR_OK ? err : stir_diag_set(diag, err, SIZE_MAX, "the token is longer than %d bytes", STIR_MAX_TOKEN);
}

static enum stir_err digest_with(struct stir_es256_ctx *ctx, struct stir_slice data, unsigned char digest[STIR_SHA256])
{
    STIR_AUTO_STRUCT(stir_es256_ctx) *own = NULL;
    if (!ctx)
        TRY(stir_es256_ctx_new(&own));
    return stir_es256_digest(ctx ? ctx : own, data, digest);
}

enum stir_err stir_attest_prepare(struct stir_attest *out, const struct stir_attest_params *params, const struct stir_key *key, struct stir_es256_ctx *ctx,
                                  struct stir_diag *diag)
{
    if (!out || !params || params->size < sizeof(*params) || params->claims.size < sizeof(params->claims) || !has_times(params))
        return STIR_EARG;
    struct stir_passport_params claims = params->claims;
    if (claims.iat == 0)
        claims.iat = params->now;
    TRY(check_claims(params, diag));
    TRY(check_time(params, claims.iat, diag));
    TRY(check_cert(params, key, claims.iat, diag));
    TRY(write_signing_input(out, &claims, params->cert, diag));
    struct stir_slice ppt = claims.ppt == STIR_PPT_OTHER ? claims.ppt_text : stir_slice_str(stir_ppt_text(claims.ppt));
    if (claims.x5u.n > STIR_MAX_URL || ppt.n >= sizeof(out->ppt))
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "x5u or ppt is too long");
    memcpy(out->x5u, claims.x5u.p, claims.x5u.n);
    out->x5u[claims.x5u.n] = '\0';
    if (ppt.n)
        memcpy(out->ppt, ppt.p, ppt.n);
    out->ppt[ppt.n] = '\0';
    out->style = params->style;
    return digest_with(ctx, stir_slice_of(out->token, out->len), out->digest);
}

/*= RFC8224-4.1.1 RFC8225-7a */
enum stir_err stir_attest_finish(char *buf, size_t cap, size_t *len, const struct stir_attest *prepared, const unsigned char sig[STIR_ES256_SIG])
{
    if (!buf || !len || !prepared || !sig || prepared->len > STIR_MAX_TOKEN)
        return STIR_EARG;
    struct stir_slice x5u = stir_slice_str(prepared->x5u), ppt = stir_slice_str(prepared->ppt[0] ? prepared->ppt : NULL);
    if (!stir_identity_may_write(x5u, ppt)) /* somebody wrote into it meanwhile */
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put(&w, prepared->style.compact ? "." : prepared->token, prepared->style.compact ? 1 : prepared->len);
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(sig, STIR_ES256_SIG));
    stir_identity_put_params(&w, x5u, ppt, &prepared->style);
    return stir_writer_close(&w, len);
}

enum stir_err stir_attest(char *buf, size_t cap, size_t *len, const struct stir_attest_params *params, const struct stir_signer *signer,
                          struct stir_es256_ctx *ctx, struct stir_diag *diag)
{
    struct stir_attest prepared;
    unsigned char sig[STIR_ES256_SIG];
    if (!buf || !len || !signer || !signer->sign || signer->size < sizeof(*signer))
        return STIR_EARG;
    TRY(stir_attest_prepare(&prepared, params, signer->key, ctx, diag));
    TRY(signer->sign(signer->arg, prepared.digest, sig));
    return stir_attest_finish(buf, cap, len, &prepared, sig);
}

bool stir_attest_vouches(const struct stir_identity *identity)
{
    return !identity->ppt.p || stir_ppt_of(identity->ppt) == STIR_PPT_SHAKEN;
}

/* An intermediate passes it on and never signs again. */
static bool is_signed(const struct stir_sip *sip)
{
    for (size_t i = 0; i < sip->call.n_identity; i++) {
        struct stir_identity identity;
        if (stir_identity_parse(&identity, sip->call.identity[i], STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK)
            continue;
        if (stir_attest_vouches(&identity))
            return true;
    }
    return false;
}

/*= RFC8224-4.1i RFC8224-4.1j */
enum stir_err stir_attest_date(int64_t *iat, bool *add_date, const struct stir_sip *sip, const struct stir_attest_params *params, struct stir_diag *diag)
{
    int64_t window = window_of(params), date;
    *add_date = !sip->call.date.p;
    if (*add_date) {
        if (*iat == 0)
            *iat = params->now;
        return STIR_OK;
    }
    if (stir_date_parse(&date, sip->call.date) != STIR_OK)
        return stir_diag_set(diag, STIR_ESYNTAX, SIZE_MAX, "the Date header \"%.*s\" cannot be read", STIR_SHOW(sip->call.date));
    if (date < params->now - window || date > params->now + window)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the Date header \"%.*s\" is %lld s off: a verifier would call it stale", STIR_SHOW(sip->call.date),
                             (long long)(date > params->now ? date - params->now : params->now - date));
    if (*iat == 0)
        *iat = date;
    if (params->style.compact && *iat != date)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "iat %lld is not the Date header, from which a verifier takes that of the compact form",
                             (long long)*iat);
    return STIR_OK;
}

/* The compact form says what the message does, so that a claim which is given must be that. `given` is JSON or text. */
static enum stir_err hold(struct stir_slice given, struct stir_slice of_message, const char *what, struct stir_diag *diag)
{
    if (!given.p || stir_slice_eq(given, of_message))
        return STIR_OK;
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the message does not say %s: only the full form can", what);
}

/* rcd as the caller gave it, in canonical form; absent when he did not. */
static enum stir_err canonical_rcd(struct stir_slice *out, struct stir_arena *arena, struct stir_slice rcd, struct stir_diag *diag)
{
    *out = rcd;
    if (!rcd.p)
        return STIR_OK;
    char *text = stir_arena_get(arena, STIR_MAX_JSON);
    if (!text)
        return STIR_ENOMEM;
    out->p = text;
    return stir_json_canonical(text, STIR_MAX_JSON, &out->n, rcd, diag);
}

/* Rich call data that nobody gave is the name that the message shows. */
/*= RFC9795-9.1 RFC9795-12.1c */
static enum stir_err fill_rcd(struct stir_attest_params *params, struct stir_arena *arena, const struct stir_call *call, struct stir_diag *diag)
{
    struct stir_passport_params *claims = &params->claims;
    struct stir_slice rcd, crn, given;
    bool compact = params->style.compact;
    if (claims->ppt != STIR_PPT_RCD || (!compact && (claims->rcd.p || claims->crn.p)))
        return STIR_OK;
    enum stir_err err = stir_compact_rcd(&rcd, &crn, arena, call);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "the display name of From cannot be signed: %s", stir_err_text(err));
    if (compact) {
        TRY(canonical_rcd(&given, arena, claims->rcd, diag));
        TRY(hold(given, rcd, "this rcd, which must be the display name of From and no more", diag));
        TRY(hold(claims->crn, crn, "this crn, which must be the call-reason of Call-Info", diag));
        claims->crn = crn;
    }
    claims->rcd = rcd;
    return STIR_OK;
}

/*= RFC8224-4.1k */
static enum stir_err fill_media_keys(struct stir_attest_params *params, struct stir_arena *arena, const struct stir_call *call, struct stir_diag *diag)
{
    bool in_any_case = params->claims.ppt == STIR_PPT_NONE || params->style.compact;
    if (params->claims.mky.p || (!params->media_keys && !(in_any_case && call->n_fingerprints)))
        return STIR_OK;
    TRY(stir_mky_write(&params->claims.mky, arena, call->fingerprints, call->n_fingerprints));
    if (params->claims.mky.p)
        return STIR_OK;
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the SDP has no a=fingerprint that can be read: there are no media keys to sign");
}

/* Requests that begin a call, and for rsp the responses that say who answers. */
/*= RFC9970-4 */
static enum stir_err check_message(const struct stir_sip *sip, const struct stir_attest_params *params, struct stir_diag *diag)
{
    bool rsp = params->claims.ppt == STIR_PPT_RSP;
    if (rsp && !sip->call.is_response)
        return stir_diag_set(diag, STIR_ESYNTAX, 0, "an rsp token says who answers: it stands in a response, such as 183 or 200, never in a request");
    if (rsp && sip->status >= 300)
        return stir_diag_set(diag, STIR_ESYNTAX, 0, "the response is a %d: an rsp token stands in those from 100 to 299, in which somebody answers",
                             sip->status);
    if (!rsp && !stir_slice_is(sip->method, "INVITE"))
        return stir_diag_set(diag, STIR_ESYNTAX, 0, "not an INVITE: only requests that begin a call are signed%s",
                             sip->call.is_response ? ", and responses with ppt rsp" : "");
    if (params->claims.ppt == STIR_PPT_SHAKEN && is_signed(sip))
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "the INVITE is signed already: pass it on as it is");
    if (sip->identities_seen >= STIR_MAX_IDENTITIES)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the message carries %zu Identity headers: with one more no verifier would judge it",
                             sip->identities_seen);
    return STIR_OK;
}

/* A message on its way to be signed. */
struct signing {
    struct stir_slice text;
    struct stir_sip sip;
    struct stir_message message;
    struct stir_divert divert;
    struct stir_arena arena; /* text of claims, until the tokens are written */
    struct stir_writer w;    /* what the message becomes */
    struct stir_attest_report did;
};

/* How many there will be. */
static enum stir_err plan_divert(struct signing *s, const struct stir_attest_params *params, struct stir_diag *diag)
{
    if (!is_diversion(params->claims.ppt))
        return STIR_OK;
    TRY(stir_divert_plan(&s->divert, &s->sip, &s->message, params, diag));
    if (s->sip.identities_seen + s->divert.n > STIR_MAX_IDENTITIES)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "the INVITE carries %zu Identity headers: with %zu more no verifier would judge it",
                             s->sip.identities_seen, s->divert.n);
    return STIR_OK;
}

/* The claims that the message says. */
/*= RFC8224-4.1e RFC8224-4.1g */
static enum stir_err fill_claims(struct signing *s, struct stir_attest_params *params, struct stir_diag *diag)
{
    stir_message_read(&s->message, &s->sip.call, params->caller, &params->tn);
    params->claims.orig = &s->message.caller;
    params->claims.dest = &s->message.callee;
    params->claims.n_dest = 1;
    TRY(plan_divert(s, params, diag));
    TRY(fill_rcd(params, &s->arena, &s->sip.call, diag));
    return fill_media_keys(params, &s->arena, &s->sip.call, diag);
}

/* Up to where the first Identity is put in: behind those that were there. */
/*= RFC8224-6.1f RFC8946-4.1b */
static enum stir_err put_head(struct signing *s, int64_t date)
{
    const struct stir_sip *sip = &s->sip;
    stir_put_slice(&s->w, stir_slice_upto(s->text, sip->date_at));
    if (s->did.date_added) {
        char text[30];
        TRY(stir_date_write(text, date));
        stir_put_text(&s->w, "Date: ");
        stir_put_text(&s->w, text);
        stir_put_slice(&s->w, sip->eol);
    }
    stir_put_slice(&s->w, stir_slice_of(s->text.p + sip->date_at, sip->identity_at - sip->date_at));
    s->did.identity_at = s->w.need;
    return STIR_OK;
}

/*= RFC8224-6.1i */
static enum stir_err put_identity(struct signing *s, const struct stir_attest_params *params, const struct stir_signer *signer, struct stir_es256_ctx *ctx,
                                  struct stir_diag *diag)
{
    char identity[STIR_MAX_TOKEN + STIR_MAX_URL + 64];
    size_t n;
    TRY(stir_attest(identity, sizeof(identity), &n, params, signer, ctx, diag));
    stir_put_text(&s->w, "Identity: ");
    stir_put(&s->w, identity, n);
    stir_put_slice(&s->w, s->sip.eol);
    s->did.identities_added++;
    return STIR_OK;
}

/* One Identity, or as many as the tokens that are diverted want. */
/*= RFC8946-3g RFC8946-5.1a RFC8946-5.1b */
static enum stir_err put_identities(struct signing *s, struct stir_attest_params *params, const struct stir_signer *signer, struct stir_es256_ctx *ctx,
                                    struct stir_diag *diag)
{
    struct stir_passport_params *claims = &params->claims;
    if (!is_diversion(claims->ppt))
        return put_identity(s, params, signer, ctx, diag);
    claims->dest = &s->message.target;
    claims->div = &s->divert.by.party;
    claims->div_hi = s->divert.by.hi;
    for (size_t i = 0; i < s->divert.n; i++) {
        claims->orig = &s->divert.needed[i].orig;
        claims->opt = s->divert.needed[i].opt;
        TRY(put_identity(s, params, signer, ctx, diag));
    }
    return STIR_OK;
}

static enum stir_err put_rest(struct signing *s, size_t *len)
{
    stir_put_slice(&s->w, stir_slice_from(s->text, s->sip.identity_at));
    s->did.bytes_added = s->w.need - s->text.n;
    s->did.over_1300 = s->w.need > UDP_SAFE; /*= RFC3261-18.1.1 */
    return stir_writer_close(&s->w, len);
}

static enum stir_err sign_message(struct signing *s, size_t *len, struct stir_attest_params *params, const struct stir_signer *signer,
                                  struct stir_es256_ctx *ctx, struct stir_diag *diag)
{
    TRY(stir_sip_parse(&s->sip, s->text, diag));
    TRY(check_message(&s->sip, params, diag));
    TRY(fill_claims(s, params, diag));
    TRY(stir_attest_date(&params->claims.iat, &s->did.date_added, &s->sip, params, diag));
    TRY(put_head(s, params->claims.iat));
    TRY(put_identities(s, params, signer, ctx, diag));
    return put_rest(s, len);
}

enum stir_err stir_attest_invite(char *buf, size_t cap, size_t *len, struct stir_attest_report *report, struct stir_slice invite,
                                 const struct stir_attest_params *params, const struct stir_signer *signer, struct stir_es256_ctx *ctx, struct stir_diag *diag)
{
    if (!buf || !len || !params || params->size < sizeof(*params) || params->claims.orig || params->claims.dest || !has_times(params))
        return STIR_EARG;
    struct signing s = {.text = invite, .w = stir_writer_of(buf, cap)};
    struct stir_attest_params full = *params;
    enum stir_err err = sign_message(&s, len, &full, signer, ctx, diag);
    stir_arena_clear(&s.arena);
    if (err == STIR_OK && report)
        *report = s.did;
    return err;
}

static enum stir_err check_alg(struct stir_slice header, struct stir_diag *diag)
{
    struct stir_json object, alg;
    TRY(stir_json_parse(&object, header, NULL, diag));
    if (stir_json_member(object, "alg", &alg) && !stir_slice_is(alg.text, "\"ES256\""))
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "alg is %.*s: only ES256 is ever signed", STIR_SHOW(alg.text));
    return STIR_OK;
}

enum stir_err stir_attest_claims(char *buf, size_t cap, size_t *len, struct stir_slice header_json, struct stir_slice payload_json,
                                 const struct stir_signer *signer, struct stir_es256_ctx *ctx, struct stir_diag *diag)
{
    char header[STIR_MAX_JSON], payload[STIR_MAX_JSON], input[2 * STIR_MAX_JSON];
    unsigned char digest[STIR_SHA256], sig[STIR_ES256_SIG];
    size_t n_header, n_payload, n;
    if (!buf || !len || !signer || !signer->sign || signer->size < sizeof(*signer))
        return STIR_EARG;
    TRY(stir_json_canonical(header, sizeof(header), &n_header, header_json, diag));
    TRY(stir_json_canonical(payload, sizeof(payload), &n_payload, payload_json, diag));
    TRY(check_alg(stir_slice_of(header, n_header), diag));
    struct stir_writer w = stir_writer_of(input, sizeof(input));
    stir_put_b64url(&w, stir_slice_of(header, n_header));
    stir_put_char(&w, '.');
    stir_put_b64url(&w, stir_slice_of(payload, n_payload));
    TRY(stir_writer_end(&w, &n));
    TRY(digest_with(ctx, stir_slice_of(input, n), digest));
    TRY(signer->sign(signer->arg, digest, sig));
    struct stir_writer token = stir_writer_of(buf, cap);
    stir_put(&token, input, n);
    stir_put_char(&token, '.');
    stir_put_b64url(&token, stir_slice_of(sig, STIR_ES256_SIG));
    return stir_writer_close(&token, len);
}
