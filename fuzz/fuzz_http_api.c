/* The HTTP interfaces without HTTP: the first byte says which. What is read is what a service may be given; whatever came, the answer is JSON. */
#include <stdlib.h>

#include "front/api.h"
#include "front/api_route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(bool fact)
{
    if (!fact)
        abort();
}

/* Strict JSON, or more of it than the reader takes. */
static void check_json(const struct stir_api_text *text)
{
    struct stir_json json;
    hold(!text->broke);
    enum stir_err err = stir_json_parse(&json, stir_slice_of(text->p, text->n), NULL, NULL);
    hold(err == STIR_OK || err == STIR_ELIMIT);
}

static void check_fault(const struct stir_api_fault *fault)
{
    static const enum stir_api_dialect dialects[] = {STIR_API_ATIS, STIR_API_3GPP, STIR_API_OWN};
    hold(fault->kind > STIR_API_FINE && fault->kind < STIR_API_FAULTS);
    hold(stir_api_fault_status(fault->kind) >= 400);
    for (size_t i = 0; i < 3; i++) {
        struct stir_api_text text = {0};
        stir_api_write_fault(&text, dialects[i], fault);
        check_json(&text);
        stir_api_text_free(&text);
    }
}

static void check_party(const struct stir_party *party)
{
    hold(party->len > 0 && party->len == strlen(party->text));
    hold(party->kind == STIR_PARTY_URI || (party->kind == STIR_PARTY_TN && stir_tn_is_canonical(stir_slice_of(party->text, party->len))));
}

static void check_sign(const struct stir_api_sign *s)
{
    const struct stir_passport_params *c = &s->claims;
    if (s->sip)
        return;
    hold(c->orig == &s->orig && c->dest == s->dest && c->n_dest >= 1 && c->n_dest <= STIR_MAX_DESTS && c->n_rph <= STIR_MAX_RPH);
    hold(c->iat >= 0 && (c->attest == 0 || (c->attest >= 'A' && c->attest <= 'C')));
    check_party(c->orig);
    for (size_t i = 0; i < c->n_dest; i++)
        check_party(&c->dest[i]);
    if (c->div)
        check_party(c->div);
    struct stir_as_answer *answer = calloc(1, sizeof(*answer));
    struct stir_api_text text = {0};
    hold(answer != NULL);
    answer->identities[0] = s->request_id.p ? s->request_id : stir_slice_str("a.b.c");
    answer->n = answer->n_new = 1;
    if (s->dialect == STIR_API_OWN)
        stir_api_write_sign(&text, answer);
    else if (s->dialect != STIR_API_SECSIPIDX_TEXT)
        stir_api_write_signing(&text, s, answer);
    if (s->dialect != STIR_API_SECSIPIDX_TEXT)
        check_json(&text);
    stir_api_text_free(&text);
    free(answer);
}

/* Answers for whatever its tokens turn out to be. */
static void check_verify(const struct stir_api_verify *v, unsigned which)
{
    struct stir_token_verdict tokens[STIR_MAX_IDENTITIES + 1] = {0};
    hold(v->call.n_identity <= STIR_MAX_IDENTITIES + 1 && v->call.n_resource_priority <= STIR_MAX_RPH && v->call.n_pai <= STIR_MAX_PAI);
    size_t n = v->call.n_identity < STIR_MAX_IDENTITIES ? v->call.n_identity : STIR_MAX_IDENTITIES;
    const struct stir_reason_info *row = stir_reason_at(which % 90);
    for (size_t i = 0; i < n; i++)
        tokens[i] = (struct stir_token_verdict){
            .index = i, .ppt = i % 2 ? STIR_PPT_DIV : STIR_PPT_SHAKEN, .reason = which & 1 && row ? row->reason : STIR_R_NONE, .signer = "", .domain = ""};
    struct stir_verdict verdict = {
        .verstat = STIR_VERSTAT_NO, .reason = row ? row->reason : STIR_R_NONE, .deciding = -1, .tokens = tokens, .n_tokens = n, .policy = ""};
    struct stir_vs_answer answer = {.verdict = &verdict, .phrase = ""};
    struct stir_api_text text = {0};
    struct stir_api_fault fault = {0};
    if (v->dialect == STIR_API_OWN) {
        stir_api_write_verify(&text, &answer);
        check_json(&text);
    } else if (v->dialect != STIR_API_SECSIPIDX_TEXT && !v->sip) {
        if (stir_api_write_verification(&text, v, &answer, which & 2, &fault))
            check_json(&text);
        else
            check_fault(&fault);
    }
    stir_api_text_free(&text);
}

static void check_batch(struct stir_slice body)
{
    struct stir_slice items[STIR_API_MAX_BATCH];
    struct stir_api_fault fault = {0};
    struct stir_json json;
    size_t n = 0;
    bool fine = stir_api_read_batch(items, &n, body, &fault);
    if (!fine)
        check_fault(&fault);
    for (size_t i = 0; fine && i < n; i++)
        hold(items[i].n > 0 && items[i].p >= body.p && items[i].p + items[i].n <= body.p + body.n);
    /* What is a JSON array of few elements is cut into as many. */
    if (stir_json_parse(&json, body, NULL, NULL) != STIR_OK || json.type != STIR_JSON_ARRAY)
        return;
    size_t want = 0;
    for (struct stir_json_iter it = stir_json_iter(json); stir_json_next(&it);)
        want++;
    hold(want > STIR_API_MAX_BATCH ? !fine : fine && n == want);
}

static void check_headers(struct stir_slice text)
{
    struct stir_conf_http http = {.root = "/stir/v1", .apis = 0x7f};
    struct stir_api_route route;
    if (stir_api_route(&route, &http, "/cr/", text)) {
        hold(route.what >= STIR_API_SIGNING_MS && route.what <= STIR_API_DOCUMENT && route.allow);
        hold(!route.tenant.p || (route.call && route.tenant.n && stir_slice_find(route.tenant, '/') == route.tenant.n));
        hold(route.rest.n <= text.n);
    }
    (void)stir_api_accepts(text, "application/json");
    (void)stir_api_type_is(text, "application/json");
    (void)stir_api_has_etag(text, "\"x\"");
    struct stir_slice bearer = stir_api_bearer(text);
    hold(bearer.n <= text.n);
    if (stir_api_is_request_id(text))
        hold(!memchr(text.p, '\n', text.n) && !memchr(text.p, '\r', text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stir_api_sign sign;
    static struct stir_api_verify verify;
    if (size == 0)
        return 0;
    struct stir_slice body = stir_slice_of(data + 1, size - 1), x5u;
    struct stir_arena arena = {0};
    struct stir_api_fault fault = {0};
    bool read = true, is_sign = false, is_verify = false;
    unsigned which = data[0] % 13;
    static const enum stir_api_dialect given[] = {STIR_API_OWN, STIR_API_ATIS, STIR_API_3GPP};
    if (which < 3)
        is_sign = read = stir_api_read_signing(&sign, body, given[which], &arena, &fault);
    else if (which < 6)
        is_verify = read = stir_api_read_verification(&verify, body, given[which - 3], &arena, &fault);
    else if (which < 8)
        is_sign = read = stir_api_read_sign(&sign, body, which == 7, &arena, &fault);
    else if (which < 10)
        is_verify = read = stir_api_read_verify(&verify, body, which == 9, &arena, &fault);
    else if (which == 10)
        is_sign = read = stir_api_read_csv(&sign, &x5u, body, &fault);
    else if (which == 11)
        is_verify = read = stir_api_read_check(&verify, body, &arena, &fault);
    else
        check_batch(body);
    if (!read)
        check_fault(&fault);
    if (is_sign)
        check_sign(&sign);
    if (is_verify)
        check_verify(&verify, data[0]);
    check_headers(body);
    stir_arena_clear(&arena);
    return 0;
}
