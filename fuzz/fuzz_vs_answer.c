/* What a SIP answer says of a verdict, for whatever message was judged: whole lines, of our headers alone, whose values are one line each but for folds; what
 * carries verstat names the caller who was judged. */
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "service/vs_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 1 << 18 };

static void check(bool good)
{
    if (!good)
        abort();
}

static bool begins(struct stir_slice s, const char *text)
{
    size_t n = strlen(text);
    return s.n >= n && memcmp(s.p, text, n) == 0;
}

/* A fold is CRLF and a blank; files that lost the CR have LF and a blank. */
static size_t line_end(struct stir_slice s)
{
    size_t i = 0;
    while (i < s.n && !(s.p[i] == '\n' && (i + 1 == s.n || (s.p[i + 1] != ' ' && s.p[i + 1] != '\t'))))
        i++;
    return i < s.n ? i + 1 : s.n;
}

static bool contains(struct stir_slice s, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= s.n; i++)
        if (memcmp(s.p + i, text, n) == 0)
            return true;
    return false;
}

static void check_line(struct stir_slice line, const struct stir_vs_answer *answer)
{
    static const char pai[] = "P-Asserted-Identity: ";
    struct stir_party party;
    check(line.n > 2 && line.p[line.n - 2] == '\r' && line.p[line.n - 1] == '\n');
    for (size_t i = 0; i + 2 < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        check(c >= ' ' || c == '\t' || c == '\r' || c == '\n');
        if (c == '\n')
            check(line.p[i + 1] == ' ' || line.p[i + 1] == '\t');
        if (c == '\r')
            check(line.p[i + 1] == '\n');
    }
    check(begins(line, pai) || begins(line, "Reason: ") || begins(line, "X-") || begins(line, "Call-Info: "));
    if (!begins(line, pai) || !contains(line, ";verstat=TN-Validation-Failed"))
        return;
    /* Some have it in a display name, which stays. */
    struct stir_slice value = stir_slice_of(line.p + sizeof(pai) - 1, line.n - sizeof(pai) - 1);
    if (value.n && value.p[0] == '<')
        check(answer->caller && stir_party_parse(&party, value, &answer->policy->tn) == STIR_OK && stir_party_eq(&party, answer->caller));
}

static void write_answer(struct stir_slice message, const struct stir_sip *sip, const struct stir_vs_answer *answer, const struct stir_conf *conf)
{
    static char lines[CAP];
    size_t n = 0, need = 0;
    enum stir_err err = stir_vs_write_headers(lines, sizeof(lines), &n, message, sip, answer, conf);
    check(err == STIR_OK && n < CAP && lines[n] == '\0');
    if (n)
        check(stir_vs_write_headers(lines, n, &need, message, sip, answer, conf) == STIR_ELIMIT && need == n); /* no room for the NUL */
    check(stir_vs_write_headers(lines, n + 1, &need, message, sip, answer, conf) == STIR_OK && need == n);
    struct stir_slice rest = stir_slice_of(lines, n);
    while (rest.n) {
        size_t end = line_end(rest);
        check_line(stir_slice_upto(rest, end), answer);
        rest = stir_slice_from(rest, end);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const wanted[] = {"attest=X-Attest", "reason", "verstat", "alert=X-Alert"};
    static struct stir_sip sip;
    struct stir_slice message = stir_slice_of(data, size);
    struct stir_conf_actions actions = {.name = "default", .prefix = "[Spam?]", .suffix = "", .redress = "https://example.net/r", .headers = {wanted, 4}};
    struct stir_verdict verdict = {.size = sizeof(verdict), .verstat = STIR_VERSTAT_FAILED, .reason = STIR_R_SIGNATURE_BAD, .deciding = -1};
    struct stir_conf conf = {.actions = &actions, .n_actions = 1};
    struct stir_policy policy;
    struct stir_party caller;
    if (stir_sip_parse(&sip, message, NULL) != STIR_OK)
        return 0;
    check(stir_policy_preset(&policy, stir_slice_str("shaken")) == STIR_OK);
    bool known = stir_party_parse(&caller, sip.call.n_pai ? sip.call.pai[0] : sip.call.from, &policy.tn) == STIR_OK;
    struct stir_vs_answer answer = {.verdict = &verdict, .policy = &policy, .caller = known ? &caller : NULL, .actions = &actions};
    write_answer(message, &sip, &answer, &conf);
    answer.act = STIR_ACT_ALERT;
    write_answer(message, &sip, &answer, &conf);
    actions.display_name = true;
    write_answer(message, &sip, &answer, &conf);
    answer.act = STIR_ACT_STOP;
    answer.sip_code = 608;
    write_answer(message, &sip, &answer, &conf);
    return 0;
}
