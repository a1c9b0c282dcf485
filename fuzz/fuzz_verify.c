/* A whole call from outside: the first two bytes say how long the SIP message is, the rest is the x5u body. Whatever comes, there is a verdict, and nobody who
 * does not hold the key of an anchored certificate passes: the trust snapshot is empty, so nothing may ever pass. */
#include <stir/stir.h>

#include <stdint.h>
#include <stdlib.h>

static void need(bool truth)
{
    if (!truth)
        abort();
}

static void write_all(const struct stir_verdict *verdict)
{
    enum stir_err (*const writers[])(char *, size_t, size_t *, const struct stir_verdict *) = {stir_verdict_line, stir_verdict_explain, stir_verdict_json};
    for (size_t i = 0; i < 3; i++) {
        char none[1];
        size_t want = 0, got = 0;
        need(writers[i](none, sizeof(none), &want, verdict) == STIR_ELIMIT);
        char *text = malloc(want + 1);
        need(text && writers[i](text, want + 1, &got, verdict) == STIR_OK && got == want);
        free(text);
    }
}

/* H25: one header a line, whatever the tokens say, and nothing in a line that would begin another. */
static void check_headers(const struct stir_verdict *verdict, enum stir_reason_protocol protocol)
{
    static char text[STIR_MAX_TOKENS * 512];
    size_t n = 0, lines = 0;
    need(stir_verdict_reason_headers(text, sizeof(text), &n, verdict, protocol) == STIR_OK);
    for (const char *line = text, *end; line < text + n; line = end + 2, lines++) {
        end = memchr(line, '\r', (size_t)(text + n - line));
        need(end && end[1] == '\n' && end - line > 12 && memcmp(line, protocol == STIR_REASON_SIP ? "Reason: SIP " : "Reason: STIR", 12) == 0);
        for (const char *p = line; p < end; p++)
            need(*p >= ' ' && *p < 0x7f && *p != ',');
    }
    need(lines >= 1 && lines <= (protocol == STIR_REASON_SIP || verdict->n_tokens == 0 ? 1 : verdict->n_tokens));
}

static void judge(const struct stir_call *call, struct stir_slice pem, const char *preset, bool exhaustive)
{
    struct stir_policy policy;
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t n;
    need(stir_policy_preset(&policy, stir_slice_str(preset)) == STIR_OK);
    policy.exhaustive = exhaustive;
    policy.max_age = policy.max_future = INT64_C(1) << 37; /* so that the later checks are reached */
    need(stir_trust_builder_new(&builder) == STIR_OK && stir_trust_freeze(&trust, builder, 1) == STIR_OK);
    need(stir_verify_new(&v, call, &policy, trust, NULL, 1656534340) == STIR_OK);
    need(stir_verify_next(v, &needs, &n) == STIR_OK);
    for (size_t i = 0; i < n; i++)
        need(stir_verify_supply_pem(v, needs[i].id, pem) == STIR_OK);
    need(stir_verify_next(v, &needs, &n) == STIR_OK && n == 0);
    need(stir_verify_take(v, &verdict) == STIR_OK);
    need(verdict->verstat != STIR_VERSTAT_PASSED && verdict->reason != STIR_R_NONE && verdict->connected != STIR_CONNECTED_PASSED);
    write_all(verdict);
    check_headers(verdict, STIR_REASON_STIR);
    check_headers(verdict, STIR_REASON_SIP);
    stir_verdict_free(verdict);
    stir_verify_free(v);
    stir_trust_free(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = (size_t)data[0] << 8 | data[1];
    struct stir_slice rest = stir_slice_of(data + 2, size - 2);
    struct stir_slice message = stir_slice_of(rest.p, n < rest.n ? n : rest.n), pem = stir_slice_of(rest.p + message.n, rest.n - message.n);
    struct stir_sip *sip = calloc(1, sizeof(*sip));
    need(sip != NULL);
    if (stir_sip_parse(sip, message, NULL) == STIR_OK) {
        judge(&sip->call, pem, "shaken", true);
        judge(&sip->call, pem, "rfc8224", false);
        judge(&sip->call, pem, "strict", false);
    }
    free(sip);
    return 0;
}
