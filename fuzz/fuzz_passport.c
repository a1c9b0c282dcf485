/* PASSporTs: whatever the token, its faults are in order; one without faults can be written and reads back the same. What opt was taken for a token, the
 * verifier can take apart. */
#include <stdlib.h>

#include "core/identity.h"
#include "core/passport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool split(struct stir_identity *id, struct stir_slice token)
{
    *id = (struct stir_identity){.token = token};
    size_t first = stir_slice_find(token, '.');
    if (first == token.n)
        return false;
    struct stir_slice rest = stir_slice_from(token, first + 1);
    size_t second = stir_slice_find(rest, '.');
    if (second == rest.n || stir_slice_find(stir_slice_from(rest, second + 1), '.') != rest.n - second - 1)
        return false;
    id->header = stir_slice_upto(token, first);
    id->payload = stir_slice_upto(rest, second);
    id->signature = stir_slice_from(rest, second + 1);
    return true;
}

static bool to_party(struct stir_party *out, struct stir_claim_party claim)
{
    if (claim.text.n > STIR_PARTY_MAX)
        return false;
    *out = (struct stir_party){.kind = claim.kind, .len = claim.text.n};
    if (claim.text.n)
        memcpy(out->text, claim.text.p, claim.text.n);
    return true;
}

/* The parameters that would give this token; false when the writer is stricter than the reader on purpose. */
static bool to_params(struct stir_passport_params *params, struct stir_party *parties, const struct stir_passport *p)
{
    *params = (struct stir_passport_params)STIR_PASSPORT_PARAMS_INIT;
    params->ppt = p->ppt;
    params->ppt_text = p->ppt_text;
    params->x5u = p->x5u;
    params->iat = p->iat;
    params->orig = &parties[0];
    params->div = p->div.kind ? &parties[1] : NULL;
    params->dest = &parties[2];
    params->n_dest = p->n_dest;
    params->attest = p->attest;
    params->origid = p->origid;
    params->div_hi = p->div_hi;
    params->opt = p->opt;
    params->rph = p->rph;
    params->n_rph = p->n_rph;
    params->sph = p->sph;
    params->rcd = p->rcd;
    params->rcdi = p->rcdi;
    params->mky = p->mky;
    params->crn = p->crn;
    params->iss = p->iss;
    for (size_t i = 0; i < p->div_hi.n; i++)
        if (!stir_is_digit(p->div_hi.p[i]) && p->div_hi.p[i] != '.')
            return false;
    for (size_t i = 0; i < p->n_dest; i++)
        if (!to_party(&parties[2 + i], p->dest[i]))
            return false;
    return to_party(&parties[0], p->orig) && to_party(&parties[1], p->div);
}

static void same_party(struct stir_claim_party a, struct stir_claim_party b)
{
    must(a.kind == b.kind && stir_slice_eq(a.text, b.text));
}

static void same_claims(const struct stir_passport *a, const struct stir_passport *b)
{
    must(b->n_faults == 0 && a->iat == b->iat && a->attest == b->attest && a->n_dest == b->n_dest && a->n_rph == b->n_rph);
    same_party(a->orig, b->orig);
    same_party(a->div, b->div);
    must(stir_slice_eq(a->origid, b->origid) && stir_slice_eq(a->opt, b->opt) && stir_slice_eq(a->sph, b->sph) && stir_slice_eq(a->crn, b->crn) &&
         stir_slice_eq(a->iss, b->iss) && stir_slice_eq(a->rcd, b->rcd) && stir_slice_eq(a->rcdi, b->rcdi));
}

/* A header that can be written reads as it was. */
static void write_header_again(const struct stir_passport *p, const struct stir_passport_params *params)
{
    static char header[2 * STIR_MAX_JSON], canonical[2 * STIR_MAX_JSON];
    struct stir_json object, x5u = {STIR_JSON_NULL, {NULL, 0}};
    struct stir_slice text;
    size_t n, m;
    if (stir_passport_write_header(header, sizeof(header), &n, params) != STIR_OK)
        return;
    must(stir_json_canonical(canonical, sizeof(canonical), &m, stir_slice_of(header, n), NULL) == STIR_OK && m == n && memcmp(header, canonical, n) == 0);
    must(stir_json_parse(&object, stir_slice_of(header, n), NULL, NULL) == STIR_OK);
    must(stir_json_member(object, "x5u", &x5u));
    must(stir_json_string(&text, x5u, NULL) == STIR_OK && stir_slice_eq(text, p->x5u));
}

static void write_again(const struct stir_passport *p)
{
    static struct stir_party parties[2 + STIR_MAX_DESTS];
    static char payload[2 * STIR_MAX_JSON];
    struct stir_passport_params params;
    struct stir_passport again = {.ppt = p->ppt};
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_json object;
    size_t n;
    if (!to_params(&params, parties, p))
        return;
    write_header_again(p, &params);
    must(stir_passport_write_payload(payload, sizeof(payload), &n, &params, NULL) == STIR_OK);
    must(stir_json_parse(&object, stir_slice_of(payload, n), NULL, NULL) == STIR_OK);
    must(stir_passport_claims(&again, &arena, object) == STIR_OK);
    same_claims(p, &again);
    stir_arena_clear(&arena);
}

static void judge(const struct stir_passport *p)
{
    for (size_t i = 1; i < p->n_faults; i++)
        must(p->faults[i - 1] < p->faults[i]);
    must(p->signature_len == STIR_ES256_SIG || stir_passport_has_fault(p, STIR_R_SIGNATURE_FORM));
    must(p->canonical != (stir_passport_has_fault(p, STIR_R_NOT_CANONICAL) || stir_passport_has_fault(p, STIR_R_HEADER_JSON) ||
                          stir_passport_has_fault(p, STIR_R_PAYLOAD_JSON)));
    must((stir_passport_payload(p).text.p != NULL) == !stir_passport_has_fault(p, STIR_R_PAYLOAD_JSON));
    must(p->ppt == STIR_PPT_NONE || p->ppt == STIR_PPT_OTHER || stir_slice_is(p->ppt_text, stir_ppt_text(p->ppt)));
    must(p->has_iat == (p->iat > 0) && p->n_dest <= STIR_MAX_DESTS && p->n_rph <= STIR_MAX_RPH);
    if (p->n_faults == 0)
        must(p->has_iat && p->orig.kind && p->n_dest && p->x5u.p && stir_slice_is(p->alg, "ES256") && (p->ppt != STIR_PPT_SHAKEN || p->attest));
}

/* The tokens that one nests, each well formed as far as opt was judged. */
static void unfold(struct stir_slice opt)
{
    for (int depth = 1; opt.p; depth++) {
        struct stir_arena arena = {NULL, 0, 0};
        struct stir_identity id;
        struct stir_passport p;
        must(depth <= STIR_MAX_OPT && opt.n <= STIR_MAX_TOKEN);
        must(stir_identity_of_token(&id, opt) && stir_slice_eq(id.token, opt) && id.signing_input.n < opt.n);
        must(stir_passport_read(&p, &arena, &id) == STIR_OK && p.signature_len == STIR_ES256_SIG);
        must(!stir_passport_has_fault(&p, STIR_R_HEADER_JSON) && !stir_passport_has_fault(&p, STIR_R_PAYLOAD_JSON) &&
             !stir_passport_has_fault(&p, STIR_R_BASE64));
        must(p.ppt != STIR_PPT_DIV_O || p.opt.p);
        judge(&p);
        static char inner[STIR_MAX_TOKEN];
        bool more = p.ppt == STIR_PPT_DIV_O;
        if (more)
            memcpy(inner, p.opt.p, p.opt.n);
        opt = more ? stir_slice_of(inner, p.opt.n) : stir_slice_of(NULL, 0);
        stir_arena_clear(&arena);
    }
}

/* One line of `rest`, which goes on behind it. */
static struct stir_slice take_line(struct stir_slice *rest)
{
    size_t n = stir_slice_find(*rest, '\n');
    struct stir_slice line = stir_slice_upto(*rest, n);
    *rest = stir_slice_from(*rest, n < rest->n ? n + 1 : n);
    return line;
}

/* header "." payload "." signature of two lines of JSON; '@' in the payload stands for the token before. False when there is no room. */
static bool encode(char *token, size_t *n, struct stir_slice header, struct stir_slice payload)
{
    static char json[4 * STIR_MAX_TOKEN];
    struct stir_writer w = stir_writer_of(json, sizeof(json)), t = stir_writer_of(token, 4 * STIR_MAX_TOKEN);
    size_t at = stir_slice_find(payload, '@'), json_len;
    stir_put_slice(&w, stir_slice_upto(payload, at));
    if (at < payload.n) {
        stir_put(&w, token, *n);
        stir_put_slice(&w, stir_slice_from(payload, at + 1));
    }
    if (stir_writer_end(&w, &json_len) != STIR_OK)
        return false;
    stir_put_b64url(&t, header);
    stir_put_char(&t, '.');
    stir_put_b64url(&t, stir_slice_of(json, json_len));
    stir_put_text(&t, ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    return stir_writer_end(&t, n) == STIR_OK;
}

/* A token; or, when it begins with a brace, header and payload as JSON with a line feed between them, and as many pairs of lines more as there are: each the
 * token around the one before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[4 * STIR_MAX_TOKEN];
    struct stir_slice input = stir_slice_of(data, size);
    struct stir_identity id;
    struct stir_passport *p;
    if (size > 2 * STIR_MAX_TOKEN)
        return 0;
    if (size && data[0] == '{') {
        size_t n = 0;
        for (struct stir_slice rest = input; rest.n;) {
            struct stir_slice header = take_line(&rest), payload = take_line(&rest);
            if (!encode(text, &n, header, payload))
                return 0;
        }
        input = stir_slice_of(text, n);
    }
    if (!split(&id, input) || stir_passport_parse(&p, &id) != STIR_OK)
        return 0;
    judge(p);
    unfold(p->opt);
    if (p->n_faults == 0)
        write_again(p);
    stir_passport_free(p);
    return 0;
}
