/* Every kind of PASSporT: what it costs to sign one, and to judge the call that carries it. Claims are given as JSON for all alike; what a kind cannot stand
 * without (a shaken token beside div and rph, the token inside of div-o) is signed beforehand and judged with it. */
#ifndef STIR_BENCH_KINDS_H
#define STIR_BENCH_KINDS_H

#include "measure.h"

#define BENCH_ORIG "12155551212"
#define BENCH_CALLEE "12025550100"
#define BENCH_TARGET "12025550199"
#define BENCH_PARTIES(dest) "\"dest\":{\"tn\":[\"" dest "\"]},"
#define BENCH_TIMES "\"iat\":1700000000,"
#define BENCH_CALLER "\"orig\":{\"tn\":\"" BENCH_ORIG "\"}"

static const struct kind {
    const char *name, *ppt, *payload; /* a '%s' in it: the shaken token */
    const char *policy;
    bool with_shaken, diverted, response;
    enum stir_verstat verstat;
} kinds[] = {
    {"shaken", "shaken", "{\"attest\":\"A\"," BENCH_PARTIES(BENCH_CALLEE) BENCH_TIMES BENCH_CALLER ",\"origid\":\"123e4567-e89b-12d3-a456-426655440000\"}",
     "shaken", false, false, false, STIR_VERSTAT_PASSED},
    {"base", "", "{" BENCH_PARTIES(BENCH_CALLEE) BENCH_TIMES BENCH_CALLER "}", "rfc8224", false, false, false, STIR_VERSTAT_PASSED},
    {"div and shaken", "div", "{" BENCH_PARTIES(BENCH_TARGET) "\"div\":{\"tn\":\"" BENCH_CALLEE "\"}," BENCH_TIMES BENCH_CALLER "}", "shaken", true, true,
     false, STIR_VERSTAT_PASSED},
    {"div-o", "div-o", "{" BENCH_PARTIES(BENCH_TARGET) "\"div\":{\"tn\":\"" BENCH_CALLEE "\"}," BENCH_TIMES "\"opt\":\"%s\"," BENCH_CALLER "}", "shaken", false,
     true, false, STIR_VERSTAT_PASSED},
    {"rph and shaken", "rph", "{" BENCH_PARTIES(BENCH_CALLEE) BENCH_TIMES BENCH_CALLER ",\"rph\":{\"auth\":[\"ets.0\"]}}", "shaken", true, false, false,
     STIR_VERSTAT_PASSED},
    {"rcd", "rcd", "{" BENCH_PARTIES(BENCH_CALLEE) BENCH_TIMES BENCH_CALLER ",\"rcd\":{\"nam\":\"Q Branch\"}}", "rfc8224", false, false, false,
     STIR_VERSTAT_PASSED},
    {"rsp", "rsp", "{" BENCH_PARTIES(BENCH_CALLEE) BENCH_TIMES BENCH_CALLER "}", "shaken", false, false, true, STIR_VERSTAT_NO},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), KIND_ROUNDS = 101, KIND_ROOM = 4096 };

struct kind_call {
    struct world *w;
    const struct kind *kind;
    char header[256], payload[KIND_ROOM], shaken[KIND_ROOM], value[KIND_ROOM];
    struct stir_slice values[2], asked;
    struct stir_call call;
    struct stir_policy policy;
};

static void sign_claims(struct world *w, char value[KIND_ROOM], const char *header, const char *payload)
{
    struct stir_diag diag = {0};
    struct stir_key_signer held = {w->signers[0].key, w->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    size_t n = 0;
    must(stir_attest_claims(value, KIND_ROOM, &n, stir_slice_str(header), stir_slice_str(payload), &signer, w->ctx, &diag), payload, &diag);
}

static void write_kind_header(struct kind_call *c, const char *ppt)
{
    snprintf(c->header, sizeof(c->header), "{\"alg\":\"ES256\",%s%s%s\"typ\":\"passport\",\"x5u\":\"%s\"}", ppt[0] ? "\"ppt\":\"" : "", ppt,
             ppt[0] ? "\"," : "", c->w->signers[0].url);
}

static void add_params(struct kind_call *c, char value[KIND_ROOM], const char *ppt)
{
    size_t n = strlen(value);
    snprintf(value + n, KIND_ROOM - n, ";info=<%s>;alg=ES256%s%s", c->w->signers[0].url, ppt[0] ? ";ppt=" : "", ppt);
}

/* The payload, with the shaken token where `inside` it says so. */
static void write_payload(struct kind_call *c, const char *inside)
{
    struct stir_slice before = stir_slice_of(c->kind->payload, inside ? (size_t)(inside - c->kind->payload) : strlen(c->kind->payload));
    size_t n = strlen(c->shaken);
    char *at = c->payload;
    if (before.n + n + 512 > sizeof(c->payload))
        die(c->kind->name, "is too long");
    at = (char *)memcpy(at, before.p, before.n) + before.n;
    if (inside) {
        at = (char *)memcpy(at, c->shaken, n) + n;
        memcpy(at, inside + 2, strlen(inside + 2));
    }
}

static void make_kind(struct kind_call *c, struct world *w, const struct kind *kind)
{
    struct stir_call call = STIR_CALL_INIT;
    *c = (struct kind_call){.w = w, .kind = kind, .asked = stir_slice_str("ets.0")};
    write_kind_header(c, "shaken");
    sign_claims(w, c->shaken, c->header, kinds[0].payload);
    write_payload(c, strstr(kind->payload, "%s"));
    add_params(c, c->shaken, "shaken");
    write_kind_header(c, kind->ppt);
    sign_claims(w, c->value, c->header, c->payload);
    add_params(c, c->value, kind->ppt);
    c->values[0] = stir_slice_str(c->value);
    c->values[1] = stir_slice_str(c->shaken);
    call.identity = c->values;
    call.n_identity = kind->with_shaken ? 2 : 1;
    call.from = stir_slice_str("<sip:+" BENCH_ORIG "@a.example>;tag=1");
    call.to = stir_slice_str("<sip:+" BENCH_CALLEE "@b.example>");
    call.ruri = stir_slice_str(kind->diverted ? "sip:+" BENCH_TARGET "@b.example" : "sip:+" BENCH_CALLEE "@b.example");
    call.resource_priority = strcmp(kind->ppt, "rph") == 0 ? &c->asked : NULL;
    call.n_resource_priority = call.resource_priority != NULL;
    call.is_response = kind->response;
    if (strcmp(kind->ppt, "rcd") == 0)
        call.display_name = stir_slice_str("Q Branch");
    c->call = call;
    must(stir_policy_preset(&c->policy, stir_slice_str(kind->policy)), "policy", NULL);
}

static void sign_kind(void *arg, size_t i)
{
    struct kind_call *c = arg;
    char value[KIND_ROOM];
    (void)i;
    sign_claims(c->w, value, c->header, c->payload);
}

static void verify_kind(void *arg, size_t i)
{
    struct kind_call *c = arg;
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    (void)i;
    must(stir_verify_new(&v, &c->call, &c->policy, c->w->trust, c->w->ctx, NOW), "verify", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    for (size_t j = 0; j < n; j++)
        must(stir_verify_supply_chain(v, needs[j].id, c->w->signers[0].prepared), "chain", NULL);
    must(stir_verify_next(v, &needs, &n), "verify", NULL);
    must(stir_verify_take(v, &verdict), "verdict", NULL);
    if (n || verdict->verstat != c->kind->verstat || verdict->tokens[0].reason != STIR_R_NONE)
        die(c->kind->name, stir_reason_name(verdict->tokens[0].reason));
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

/* Times, and what they are of the same for shaken, round by round. */
static void measure_kinds(struct world *w, FILE *json)
{
    static struct kind_call base, call;
    make_kind(&base, w, &kinds[0]);
    printf("\n%-16s %10s %10s   %s\n", "kind", "sign ns", "verify ns", "of the same for shaken");
    fprintf(json, "  \"kinds\": {\n");
    for (size_t i = 0; i < KINDS; i++) {
        make_kind(&call, w, &kinds[i]);
        const struct side sign[2] = {{sign_kind, &base}, {sign_kind, &call}}, verify[2] = {{verify_kind, &base}, {verify_kind, &call}};
        struct result signing = measure_sides(sign, KIND_ROUNDS), judging = measure_sides(verify, KIND_ROUNDS);
        printf("%-16s %10.0f %10.0f   %5.2f %5.2f\n", kinds[i].name, signing.ns, judging.ns, 1 / signing.ratio, 1 / judging.ratio);
        fflush(stdout);
        fprintf(json, "    \"%s\": {\"sign_ns\": %.1f, \"verify_ns\": %.1f, \"sign_to_shaken\": %.3f, \"verify_to_shaken\": %.3f}%s\n", kinds[i].name,
                signing.ns, judging.ns, 1 / signing.ratio, 1 / judging.ratio, i + 1 < KINDS ? "," : "");
    }
    fprintf(json, "  },\n");
}

#endif
