/* The way in (RFC 8555 §6). Everything cheap comes first, and nothing of the store is asked for a request that brings no nonce of ours: a stranger's garbage
 * costs him a nonce each time. A nonce is spent as soon as the request that carries it has the form of one, whatever becomes of its signature: §6.5 wants one
 * that appeared never to be good again, and nobody can spend another's, since he would have to guess it. */
#include "service/ca_parts.h"

/* --- the form --- */

/* "application/jose+json", in any case, parameters borne. */
static bool is_jose(struct stir_slice type)
{
    return stir_slice_ieq(stir_slice_trim(stir_slice_upto(type, stir_slice_find(type, ';'))), stir_slice_str("application/jose+json"));
}

static bool has_form(struct stir_ca_request *r)
{
    struct stir_exchange *x = r->x;
    if (x->too_long)
        return stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 413, "the request is longer than is read here");
    if (!is_jose(x->content_type)) /*= RFC8555-6.2 */
        return stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 415, "the Content-Type is \"%.*s\"; it must be application/jose+json", STIR_SHOW(x->content_type));
    return true;
}

/* The algorithm that a JWS names, when it could not be read: the one thing that has a problem of its own. Absent: it names none, or ES256. */
static struct stir_slice other_algorithm(struct stir_ca_request *r, struct stir_slice text)
{
    const struct stir_slice none = {NULL, 0};
    struct stir_json object, value;
    struct stir_jws jws = {.signing_input = none};
    struct stir_slice part, alg;
    size_t n = 0;
    if (stir_json_parse(&object, text, NULL, NULL) != STIR_OK || object.type != STIR_JSON_OBJECT || !stir_json_member(object, "protected", &value) ||
        stir_json_string(&part, value, &r->arena) != STIR_OK)
        return none;
    unsigned char *bytes = stir_arena_get(&r->arena, stir_b64url_max_decoded(part.n) + 1);
    if (!bytes || stir_b64url_decode(bytes, &n, part) != STIR_OK || stir_json_parse(&jws.header, stir_slice_of(bytes, n), NULL, NULL) != STIR_OK ||
        jws.header.type != STIR_JSON_OBJECT || stir_jws_header(&alg, &jws, "alg", &r->arena) != STIR_OK || stir_slice_is(alg, "ES256"))
        return none;
    return alg;
}

bool stir_ca_read_jws(struct stir_ca_request *r, struct stir_jws *out, struct stir_slice text)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_jws_read_flattened(out, &r->arena, text, &diag);
    if (err == STIR_OK)
        return true;
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return stir_ca_went(r, err, &diag);
    struct stir_slice alg = other_algorithm(r, text);
    if (alg.p)
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_SIGNATURE_ALGORITHM, "the request is signed with alg \"%.*s\"; only ES256 is accepted", STIR_SHOW(alg));
    return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "%s", diag.text[0] ? diag.text : "the body is no flattened JWS");
}

/* --- the protected header --- */

/* A member that is a string. Absent: it is not there; false: it is something else (answered). */
static bool text_of(struct stir_ca_request *r, struct stir_slice *out, const struct stir_jws *jws, const char *name)
{
    struct stir_json value;
    *out = (struct stir_slice){NULL, 0};
    if (!stir_json_member(jws->header, name, &value))
        return true;
    if (value.type != STIR_JSON_STRING)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"%s\" in the protected header is no string", name);
    return stir_ca_went(r, stir_json_string(out, value, &r->arena), NULL);
}

/*= RFC8555-6.4 */
bool stir_ca_is_url(struct stir_ca_request *r, const struct stir_jws *jws)
{
    struct stir_slice url;
    if (!text_of(r, &url, jws, "url"))
        return false;
    if (!url.p)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the protected header lacks \"url\"");
    if (!stir_slice_is(url, r->url))
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "\"url\" in the protected header is %.*s, and the request went to %.200s", STIR_SHOW(url), r->url);
    return true;
}

/* Which of the two ways to say whose the signature is. */
static bool is_identified(struct stir_ca_request *r, enum stir_ca_who who, struct stir_json *jwk, struct stir_slice *kid)
{
    bool has_jwk = stir_json_member(r->jws.header, "jwk", jwk);
    if (!text_of(r, kid, &r->jws, "kid"))
        return false;
    if (has_jwk && kid->p) /*= RFC8555-6.2 */
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the protected header has \"jwk\" and \"kid\"; it must have one of them");
    if (!has_jwk && !kid->p)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the protected header has neither \"jwk\" nor \"kid\"");
    if (has_jwk && !(who & STIR_CA_JWK))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "this request is signed by an account: \"kid\" with its URL, not \"jwk\"");
    if (kid->p && !(who & STIR_CA_KID))
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "this request is signed by a key that no account stands for: \"jwk\", not \"kid\"");
    r->by_jwk = has_jwk;
    return true;
}

static bool is_b64url(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!stir_is_alpha(s.p[i]) && !stir_is_digit(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
            return false;
    return s.n > 0;
}

static bool refuse_nonce(struct stir_ca_request *r, const char *why)
{
    stir_clerk_count(r->clerk, STIR_METRIC_ACME_NONCE_REJECTED);
    return stir_ca_refuse(r, STIR_PROBLEM_BAD_NONCE, "the nonce %s; ask again with the one in Replay-Nonce", why);
}

/*= RFC8555-6.5 */
static bool is_fresh(struct stir_ca_request *r)
{
    static const char *const why[] = {
        [STIR_NONCE_FOREIGN] = "was not given out here, or before a restart", [STIR_NONCE_USED] = "was used before", [STIR_NONCE_OLD] = "is too old"};
    struct stir_slice nonce;
    if (!text_of(r, &nonce, &r->jws, "nonce"))
        return false;
    if (!nonce.p)
        return refuse_nonce(r, "is not in the protected header");
    if (!is_b64url(nonce)) /*= RFC8555-6.5.2 */
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"nonce\" in the protected header is not base64url");
    enum stir_nonce_end end = stir_nonce_spend(r->ca->memory->nonces, nonce);
    if (end == STIR_NONCE_GOOD && stir_ca_chance(r->ca, STIR_CHAOS_NONCE))
        end = STIR_NONCE_OLD;
    return end == STIR_NONCE_GOOD || refuse_nonce(r, why[end]);
}

/* --- whose it is --- */

struct seek {
    struct stir_ca_account *out;
    struct stir_slice id;
};

static enum stir_err seek_account(struct stir_store *store, void *arg)
{
    const struct seek *seek = arg;
    stir_ca_account_clear(seek->out);
    return stir_ca_account_by_id(seek->out, store, seek->id);
}

/* The id in one of our account URLs; absent: it is none. */
static struct stir_slice id_of(struct stir_ca_request *r, struct stir_slice kid)
{
    const char *before = stir_ca_url(r, "acct", "", NULL);
    size_t n = before ? strlen(before) : 0;
    struct stir_slice id = before && kid.n > n && memcmp(kid.p, before, n) == 0 ? stir_slice_from(kid, n) : (struct stir_slice){NULL, 0};
    return is_b64url(id) && id.n < STIR_ID ? id : (struct stir_slice){NULL, 0};
}

static bool find_account(struct stir_ca_request *r, struct stir_slice kid)
{
    struct stir_diag diag = {0};
    struct seek seek = {&r->account, id_of(r, kid)};
    if (!seek.id.p)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"kid\" in the protected header is no account URL of this authority");
    enum stir_err err = stir_store_look(r->clerk->store, seek_account, &seek, &diag);
    if (err == STIR_ENOTFOUND)
        return stir_ca_refuse(r, STIR_PROBLEM_ACCOUNT_DOES_NOT_EXIST, "there is no account at \"kid\"; make one (newAccount)");
    if (!stir_ca_went(r, err, &diag))
        return false;
    r->key = stir_key_ref(r->account.key);
    return true;
}

bool stir_ca_read_jwk(struct stir_ca_request *r, struct stir_key **out, struct stir_json jwk)
{
    struct stir_diag diag = {0};
    enum stir_err err = stir_jwk_read(out, jwk, &diag);
    if (err == STIR_EVALUE || err == STIR_EKEY)
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_PUBLIC_KEY, "%s", diag.text[0] ? diag.text : "\"jwk\" is no public key on P-256");
    return stir_ca_went(r, err, &diag);
}

bool stir_ca_is_signed(struct stir_ca_request *r, const struct stir_jws *jws, struct stir_key *key)
{
    enum stir_err err = stir_jws_verify(jws, r->clerk->ctx, key);
    if (err == STIR_ESIG)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the signature does not verify with the key that the protected header names");
    return stir_ca_went(r, err, NULL);
}

bool stir_ca_enter(struct stir_ca_request *r, enum stir_ca_who who)
{
    struct stir_json jwk;
    struct stir_slice kid;
    if (!has_form(r) || !stir_ca_read_jws(r, &r->jws, r->x->body) || !stir_ca_is_url(r, &r->jws) || !is_identified(r, who, &jwk, &kid) || !is_fresh(r))
        return false;
    if (!(r->by_jwk ? stir_ca_read_jwk(r, &r->key, jwk) : find_account(r, kid)) || !stir_ca_is_signed(r, &r->jws, r->key))
        return false;
    r->post_as_get = r->jws.payload.text.n == 0;
    if (!r->by_jwk && strcmp(r->account.status, "valid") != 0) /*= RFC8555-7.3.6 */
        return stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "the account is %s; it can do nothing any more", r->account.status);
    return true;
}

/*= RFC8555-6.3 */
bool stir_ca_fetches(struct stir_ca_request *r)
{
    return r->post_as_get || stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "this resource is only fetched: the payload must be empty, and it is not");
}

bool stir_ca_has_object(struct stir_ca_request *r)
{
    return !r->post_as_get || stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "the payload is empty; this request needs a JSON object");
}

void stir_ca_greet(struct stir_ca_request *r)
{
    char nonce[STIR_NONCE];
    if (!r->flood && stir_nonce_new(nonce, r->ca->memory->nonces) == STIR_OK)
        stir_exchange_field(r->x, "Replay-Nonce", "%s", nonce);                     /*= RFC8555-6.5 */
    stir_exchange_field(r->x, "Link", "<%s/directory>;rel=\"index\"", r->ca->base); /*= RFC8555-7.1 */
    stir_exchange_field(r->x, "Cache-Control", "no-store");
}
