/* Tokens written: canonical from the start, and judged as a verifier would before they are given away, so that nothing is signed that one would fault. */
#include "core/json_text.h"
#include "core/passport.h"

/* Characters of a URI (RFC 3986 §2): nothing that could end the angle brackets around it. */
static bool is_url_text(struct stir_slice text)
{
    size_t n = 0;
    while (n < text.n && ((stir_classes[(unsigned char)text.p[n]] & STIR_C_URL) || (text.p[n] && memchr("#[]%", text.p[n], 4))))
        n++;
    return n > 0 && n == text.n && n <= STIR_MAX_URL;
}

static bool are_arguments(const char *buf, size_t cap, const size_t *len, const struct stir_passport_params *params)
{
    return (buf || !cap) && len && params && params->size == sizeof(*params) && (params->dest || !params->n_dest) && (params->rph || !params->n_rph);
}

/* The kind that the token will be read as. */
static enum stir_ppt kind_of(const struct stir_passport_params *params)
{
    return params->ppt == STIR_PPT_OTHER ? stir_ppt_of(params->ppt_text) : params->ppt;
}

/*= RFC8224-4.1a RFC8224-4.1l RFC8224-9a RFC8225-4.2 */
enum stir_err stir_passport_write_header(char *buf, size_t cap, size_t *len, const struct stir_passport_params *params)
{
    if (!are_arguments(buf, cap, len, params))
        return STIR_EARG;
    struct stir_slice ppt = params->ppt == STIR_PPT_OTHER ? params->ppt_text : stir_slice_str(stir_ppt_text(params->ppt));
    struct stir_writer w = stir_writer_of(buf, cap);
    if (!is_url_text(params->x5u) || (params->ppt != STIR_PPT_NONE && !stir_is_all(ppt, STIR_C_TOKEN)))
        return STIR_EVALUE;
    stir_put_text(&w, "{\"alg\":\"ES256\",");
    if (ppt.n) {
        stir_put_text(&w, "\"ppt\":");
        stir_put_json_string(&w, ppt);
        stir_put_char(&w, ',');
    }
    stir_put_text(&w, "\"typ\":\"passport\",\"x5u\":");
    stir_put_json_string(&w, params->x5u);
    stir_put_char(&w, '}');
    return stir_writer_close(&w, len);
}

/* A payload while it is written. */
struct payload {
    struct stir_writer w;
    struct stir_arena arena;
    struct stir_diag *diag;
};

static enum stir_err refuse(const struct payload *out, const char *claim, const char *what)
{
    return stir_diag_set(out->diag, STIR_EVALUE, SIZE_MAX, "%s: %s", claim, what);
}

/* Begin the member `name`. */
static void begin(struct payload *out, const char *name)
{
    stir_put_text(&out->w, out->w.need ? ",\"" : "{\"");
    stir_put_text(&out->w, name);
    stir_put_text(&out->w, "\":");
}

static enum stir_err put_text(struct payload *out, const char *claim, struct stir_slice text)
{
    if (!stir_utf8_valid(text) || (text.n && memchr(text.p, '\0', text.n)))
        return refuse(out, claim, "bytes that are not UTF-8, or a NUL");
    stir_put_json_string(&out->w, text);
    return STIR_OK;
}

/* A claim that is a string. */
static enum stir_err put_string_claim(struct payload *out, const char *name, struct stir_slice text)
{
    if (!text.p)
        return STIR_OK;
    begin(out, name);
    return put_text(out, name, text);
}

/* Parse a claim that the caller gives as JSON. */
static enum stir_err parse_claim(struct payload *out, const char *name, struct stir_slice text, struct stir_json *value)
{
    struct stir_diag diag = {0, ""};
    enum stir_err err = stir_json_parse(value, text, NULL, &diag);
    if (err != STIR_OK)
        return stir_diag_set(out->diag, err == STIR_EJSON ? STIR_EJSON : STIR_EVALUE, diag.offset, "%s: %s", name, diag.text);
    return STIR_OK;
}

static enum stir_err put_json_claim(struct payload *out, const char *name, struct stir_slice text)
{
    struct stir_json value;
    if (!text.p)
        return STIR_OK;
    TRY(parse_claim(out, name, text, &value));
    begin(out, name);
    return stir_json_put_canonical(&out->w, value);
}

/* ---- Numbers and URIs ---- */

static enum stir_err put_party(struct payload *out, const char *claim, const struct stir_party *party)
{
    if (party->len > STIR_PARTY_MAX || (party->kind != STIR_PARTY_TN && party->kind != STIR_PARTY_URI))
        return refuse(out, claim, "neither a number nor a URI");
    return put_text(out, claim, stir_slice_of(party->text, party->len));
}

/* orig and div: one party, and the History-Info index of div. */
/*= RFC8224-4.1f RFC8225-5.2.1.1a RFC8225-5.2.1.2 */
static enum stir_err put_one(struct payload *out, const char *claim, const struct stir_party *party, struct stir_slice hi)
{
    if (!party || party->kind == STIR_PARTY_NONE)
        return hi.p ? refuse(out, "hi", "stands without a div") : STIR_OK;
    begin(out, claim);
    stir_put_char(&out->w, '{');
    if (hi.p) {
        for (size_t i = 0; i < hi.n; i++)
            if (!stir_is_digit(hi.p[i]) && hi.p[i] != '.')
                return refuse(out, "hi", "no index of History-Info, such as 1.2.1");
        stir_put_text(&out->w, "\"hi\":");
        stir_put_json_string(&out->w, hi);
        stir_put_char(&out->w, ',');
    }
    stir_put_text(&out->w, party->kind == STIR_PARTY_TN ? "\"tn\":" : "\"uri\":");
    TRY(put_party(out, claim, party));
    stir_put_char(&out->w, '}');
    return STIR_OK;
}

/* Order of dest: numbers before URIs, each by its bytes. */
static int compare_parties(const struct stir_party *a, const struct stir_party *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return stir_json_compare_bytes(stir_slice_of(a->text, a->len), stir_slice_of(b->text, b->len));
}

static enum stir_err put_dest(struct payload *out, const struct stir_party *dest, size_t n)
{
    const struct stir_party *sorted[STIR_MAX_DESTS];
    if (n > STIR_MAX_DESTS)
        return refuse(out, "dest", "more numbers and URIs than a verifier reads");
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        if (dest[i].len > STIR_PARTY_MAX)
            return refuse(out, "dest", "neither a number nor a URI");
        for (; at > 0 && compare_parties(sorted[at - 1], &dest[i]) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &dest[i];
    }
    for (size_t i = 0; i < n; i++) {
        bool first = i == 0 || sorted[i - 1]->kind != sorted[i]->kind, last = i + 1 == n || sorted[i + 1]->kind != sorted[i]->kind;
        if (i == 0)
            begin(out, "dest");
        if (first)
            stir_put_text(&out->w, i ? "," : "{");
        if (first)
            stir_put_text(&out->w, sorted[i]->kind == STIR_PARTY_TN ? "\"tn\":[" : "\"uri\":[");
        else
            stir_put_char(&out->w, ',');
        TRY(put_party(out, "dest", sorted[i]));
        if (last)
            stir_put_char(&out->w, ']');
    }
    if (n)
        stir_put_char(&out->w, '}');
    return STIR_OK;
}

/* ---- The others ---- */

static void put_attest(struct payload *out, char attest)
{
    if (!attest)
        return;
    begin(out, "attest");
    stir_put_json_string(&out->w, stir_slice_of(&attest, 1));
}

static enum stir_err put_iat(struct payload *out, int64_t iat)
{
    if (iat < 1 || iat > STIR_IAT_MAX)
        return refuse(out, "iat", "no time between the years 1970 and 9999");
    begin(out, "iat");
    stir_put_int(&out->w, iat);
    return STIR_OK;
}

static enum stir_err put_rph(struct payload *out, const struct stir_slice *rph, size_t n)
{
    if (!n)
        return STIR_OK;
    begin(out, "rph");
    for (size_t i = 0; i < n; i++) {
        stir_put_text(&out->w, i ? "," : "{\"auth\":[");
        TRY(put_text(out, "rph", rph[i]));
    }
    stir_put_text(&out->w, "]}");
    return STIR_OK;
}

/* A fingerprint of mky and what it is sorted by: alg and dig, one behind the other. */
struct media_key {
    struct stir_json value;
    struct stir_slice order;
};

static enum stir_err read_media_key(struct payload *out, struct media_key *key, struct stir_json value)
{
    struct stir_json alg, dig;
    struct stir_slice a, d;
    if (!stir_json_member(value, "alg", &alg) || !stir_json_member(value, "dig", &dig) || alg.type != STIR_JSON_STRING || dig.type != STIR_JSON_STRING)
        return refuse(out, "mky", "not an array of alg and dig objects");
    TRY(stir_json_string(&a, alg, &out->arena));
    TRY(stir_json_string(&d, dig, &out->arena));
    char *order = stir_arena_get(&out->arena, a.n + d.n + 1);
    if (!order)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(order, a.n + d.n);
    stir_put_slice(&w, a);
    stir_put_slice(&w, d);
    *key = (struct media_key){value, stir_slice_of(order, w.need)};
    return STIR_OK;
}

/*= RFC8225-5.2.2b RFC8225-5.2.2d */
static enum stir_err put_mky(struct payload *out, struct stir_slice mky)
{
    struct media_key keys[STIR_MAX_FINGERPRINTS];
    struct stir_json array;
    size_t n = 0;
    if (!mky.p)
        return STIR_OK;
    TRY(parse_claim(out, "mky", mky, &array));
    for (struct stir_json_iter it = stir_json_iter(array); array.type == STIR_JSON_ARRAY && stir_json_next(&it); n++) {
        struct media_key key;
        size_t at = n;
        if (n == STIR_MAX_FINGERPRINTS)
            return refuse(out, "mky", "more fingerprints than a verifier reads");
        TRY(read_media_key(out, &key, it.value));
        for (; at > 0 && stir_json_compare_bytes(keys[at - 1].order, key.order) > 0; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
    }
    if (!n)
        return refuse(out, "mky", "not an array of alg and dig objects");
    begin(out, "mky");
    for (size_t i = 0; i < n; i++) {
        stir_put_char(&out->w, i ? ',' : '[');
        TRY(stir_json_put_canonical(&out->w, keys[i].value));
    }
    stir_put_char(&out->w, ']');
    return STIR_OK;
}

/* ---- The whole ---- */

/*= RFC8225-6b RFC8588-8 */
static enum stir_err put_claims(struct payload *out, const struct stir_passport_params *params)
{
    put_attest(out, params->attest);
    TRY(put_string_claim(out, "crn", params->crn));
    TRY(put_dest(out, params->dest, params->n_dest));
    TRY(put_one(out, "div", params->div, params->div_hi));
    TRY(put_iat(out, params->iat));
    TRY(put_string_claim(out, "iss", params->iss));
    TRY(put_mky(out, params->mky));
    TRY(put_string_claim(out, "opt", params->opt));
    TRY(put_one(out, "orig", params->orig, stir_slice_of(NULL, 0)));
    TRY(put_string_claim(out, "origid", params->origid));
    TRY(put_json_claim(out, "rcd", params->rcd));
    TRY(put_json_claim(out, "rcdi", params->rcdi));
    TRY(put_rph(out, params->rph, params->n_rph));
    TRY(put_string_claim(out, "sph", params->sph));
    stir_put_char(&out->w, '}');
    return STIR_OK;
}

static bool is_plain_party(const struct stir_party *party)
{
    if (!party || party->kind != STIR_PARTY_TN)
        return party && party->kind == STIR_PARTY_URI && party->len > 0;
    return stir_tn_is_canonical(stir_slice_of(party->text, party->len));
}

/* What nearly every call is: a shaken token with the claims that it needs and no other, each as the reader wants it. In what is written of such parameters
 * there is nothing left to find. */
static bool is_plain(const struct stir_passport_params *params)
{
    const struct stir_slice others[] = {params->div_hi, params->opt, params->sph, params->rcd, params->rcdi, params->mky, params->crn, params->iss};
    if (params->ppt != STIR_PPT_SHAKEN || params->attest < 'A' || params->attest > 'C' || !stir_is_uuid(params->origid))
        return false;
    if (params->div || params->n_rph || params->n_dest == 0 || !is_plain_party(params->orig))
        return false;
    for (size_t i = 0; i < params->n_dest; i++)
        if (!is_plain_party(&params->dest[i]))
            return false;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].p)
            return false;
    return true;
}

/* Read what was written as a verifier would. */
static enum stir_err read_back(struct payload *out, struct stir_slice text, enum stir_ppt ppt)
{
    struct stir_passport token = {.ppt = ppt};
    struct stir_json object;
    bool canonical;
    if (stir_json_parse(&object, text, &canonical, out->diag) != STIR_OK)
        return STIR_EVALUE; /* each claim was good JSON: too many values, or too deep, together */
    TRY(stir_passport_claims(&token, &out->arena, object));
    if (!canonical)
        stir_passport_fault(&token, STIR_R_NOT_CANONICAL);
    return token.n_faults ? refuse(out, "payload", stir_reason_info(token.faults[0])->text) : STIR_OK;
}

static enum stir_err write_payload(struct payload *out, size_t *len, const struct stir_passport_params *params)
{
    TRY(put_claims(out, params));
    TRY(stir_writer_close(&out->w, len));
    if (out->w.need > STIR_MAX_JSON)
        return refuse(out, "payload", "longer than a token may be");
    return is_plain(params) ? STIR_OK : read_back(out, stir_slice_of(out->w.p, out->w.need), kind_of(params));
}

enum stir_err stir_passport_write_payload(char *buf, size_t cap, size_t *len, const struct stir_passport_params *params, struct stir_diag *diag)
{
    size_t need = 0;
    if (!are_arguments(buf, cap, len, params))
        return STIR_EARG;
    struct payload out = {stir_writer_of(buf, cap), {NULL, 0, 0}, diag};
    enum stir_err err = write_payload(&out, &need, params);
    stir_arena_clear(&out.arena);
    if (err != STIR_OK && cap)
        buf[0] = '\0';
    if (err == STIR_OK || err == STIR_ELIMIT)
        *len = need;
    return err;
}

enum stir_err stir_json_canonical(char *buf, size_t cap, size_t *len, struct stir_slice json, struct stir_diag *diag)
{
    struct stir_json value;
    if ((!buf && cap) || !len || (!json.p && json.n))
        return STIR_EARG;
    if (json.n > STIR_MAX_JSON)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "JSON of %zu bytes: longer than a token may be", json.n);
    TRY(stir_json_parse(&value, json, NULL, diag));
    if (value.type != STIR_JSON_OBJECT)
        return stir_diag_set(diag, STIR_EVALUE, 0, "JSON: a value, but not an object");
    struct stir_writer w = stir_writer_of(buf, cap);
    TRY(stir_json_put_canonical(&w, value));
    return stir_writer_close(&w, len);
}
