/* The rules of time: iat against now, Date against now, Date against iat, each apart, under each preset and in both forms; H29, H31. */
#include "call_group.h"

#include <limits.h>

enum { NO_DATE = INT_MIN, GARBLED = INT_MIN + 1 };

/* Each time in seconds from now; what the verdict says, what the check "date" says. */
struct row {
    const char *name, *policy;
    int iat, date;
    enum stir_reason reason;
    enum stir_outcome outcome;
    enum stir_reason of_date;
};

#define FINE STIR_R_NONE
static const struct row rows[] = {
    /* iat against now, the same for all */
    {"60 s old", "shaken", -60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s old", "shaken", -61, NO_DATE, STIR_R_IAT_STALE, STIR_NOT_REACHED, FINE},
    {"60 s ahead", "shaken", 60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s ahead", "shaken", 61, NO_DATE, STIR_R_IAT_FUTURE, STIR_NOT_REACHED, FINE},
    {"a fresh Date does not mend iat", "shaken", -61, 0, STIR_R_IAT_STALE, STIR_WARNING, STIR_R_IAT_DATE_DIFFER},
    {"60 s old", "strict", -60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s old", "strict", -61, NO_DATE, STIR_R_IAT_STALE, STIR_NOT_REACHED, FINE},
    {"60 s ahead", "strict", 60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s ahead", "strict", 61, NO_DATE, STIR_R_IAT_FUTURE, STIR_NOT_REACHED, FINE},
    {"60 s old", "rfc8224", -60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s old", "rfc8224", -61, NO_DATE, STIR_R_IAT_STALE, STIR_NOT_REACHED, FINE},
    {"60 s ahead", "rfc8224", 60, NO_DATE, FINE, STIR_NOT_REACHED, FINE},
    {"61 s ahead", "rfc8224", 61, NO_DATE, STIR_R_IAT_FUTURE, STIR_NOT_REACHED, FINE},
    /* ATIS: iat alone */
    {"60 s old", "atis", -60, 0, FINE, STIR_OFF, FINE},
    {"61 s old", "atis", -61, 0, STIR_R_IAT_STALE, STIR_OFF, FINE},
    {"60 s ahead", "atis", 60, 0, FINE, STIR_OFF, FINE},
    {"61 s ahead", "atis", 61, 0, STIR_R_IAT_FUTURE, STIR_OFF, FINE},
    {"a Date of yesterday", "atis", 0, -86400, FINE, STIR_OFF, FINE},
    {"a Date of yesterday", "us", 0, -86400, FINE, STIR_OFF, FINE},
    {"a Date of yesterday", "ca", 0, -86400, FINE, STIR_OFF, FINE},
    {"a Date of yesterday", "fr-man", 0, -86400, FINE, STIR_OFF, FINE},
    {"a garbled Date", "atis", 0, GARBLED, FINE, STIR_OFF, FINE},
    {"61 s old", "us", -61, NO_DATE, STIR_R_IAT_STALE, STIR_OFF, FINE},
    {"61 s ahead", "fr-man", 61, NO_DATE, STIR_R_IAT_FUTURE, STIR_OFF, FINE},
    /* Date against now */
    {"Date 60 s old", "rfc8224", 0, -60, FINE, STIR_PASS, FINE},
    {"Date 61 s old", "rfc8224", 0, -61, STIR_R_DATE_STALE, STIR_FAIL, STIR_R_DATE_STALE},
    {"Date 60 s ahead", "rfc8224", 0, 60, FINE, STIR_PASS, FINE},
    {"Date 61 s ahead", "rfc8224", 0, 61, STIR_R_DATE_FUTURE, STIR_FAIL, STIR_R_DATE_FUTURE},
    {"a garbled Date", "rfc8224", 0, GARBLED, FINE, STIR_WARNING, STIR_R_DATE_BAD},
    {"Date 60 s old", "strict", 0, -60, FINE, STIR_PASS, FINE},
    {"Date 61 s old", "strict", 0, -61, STIR_R_DATE_STALE, STIR_FAIL, STIR_R_DATE_STALE},
    {"Date 60 s ahead", "strict", 0, 60, FINE, STIR_PASS, FINE},
    {"Date 61 s ahead", "strict", 0, 61, STIR_R_DATE_FUTURE, STIR_FAIL, STIR_R_DATE_FUTURE},
    {"a garbled Date", "strict", 0, GARBLED, STIR_R_DATE_BAD, STIR_FAIL, STIR_R_DATE_BAD},
    {"Date 60 s old", "shaken", 0, -60, FINE, STIR_PASS, FINE},
    {"Date 61 s old", "shaken", 0, -61, FINE, STIR_WARNING, STIR_R_DATE_STALE},
    {"Date 60 s ahead", "shaken", 0, 60, FINE, STIR_PASS, FINE},
    {"Date 61 s ahead", "shaken", 0, 61, FINE, STIR_WARNING, STIR_R_DATE_FUTURE},
    {"a garbled Date", "shaken", 0, GARBLED, FINE, STIR_WARNING, STIR_R_DATE_BAD},
    {"Date 61 s old", "us-strict", 0, -61, STIR_R_DATE_STALE, STIR_FAIL, STIR_R_DATE_STALE},
    /* Date against iat, both fresh: the verifier goes by iat */
    {"60 s apart", "rfc8224", -30, 30, FINE, STIR_PASS, FINE},
    {"61 s apart", "rfc8224", -30, 31, FINE, STIR_WARNING, STIR_R_IAT_DATE_DIFFER},
    {"61 s apart, the other way", "rfc8224", 31, -30, FINE, STIR_WARNING, STIR_R_IAT_DATE_DIFFER},
    {"60 s apart", "shaken", 30, -30, FINE, STIR_PASS, FINE},
    {"61 s apart", "shaken", 31, -30, FINE, STIR_WARNING, STIR_R_IAT_DATE_DIFFER},
    {"61 s apart", "strict", 31, -30, FINE, STIR_WARNING, STIR_R_IAT_DATE_DIFFER},
};

static const char *date_of(char text[30], int seconds)
{
    if (seconds == NO_DATE)
        return NULL;
    if (seconds == GARBLED)
        return "yesterday";
    assert_err(stir_date_write(text, NOW + seconds), STIR_OK);
    return text;
}

static struct stir_verdict *verdict_of(const struct stir_policy *policy, const char *identity, const char *date)
{
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    call.date = stir_slice_str(date);
    return call_verify(&call, policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
}

static void sign_at(char *identity, size_t cap, int iat)
{
    char payload[512];
    snprintf(payload, sizeof(payload),
             "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":%lld,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", (long long)NOW + iat);
    pki_sign(&pki, identity, cap, GOOD_HEADER, payload, GOOD_PARAMS);
}

/*= RFC8224-12.1 test */
static void each_rule_of_time_holds_to_its_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char identity[2048], date[30];
        struct stir_policy policy = support_policy(rows[i].policy);
        sign_at(identity, sizeof(identity), rows[i].iat);
        struct stir_verdict *v = verdict_of(&policy, identity, date_of(date, rows[i].date));
        const struct stir_check *check = check_of(v, STIR_CHECK_DATE);
        if (v->reason != rows[i].reason || check->outcome != rows[i].outcome || check->reason != rows[i].of_date)
            fail_msg("%s, %s: %s; date %s %s", rows[i].policy, rows[i].name, stir_reason_name(v->reason), stir_outcome_text(check->outcome),
                     stir_reason_name(check->reason));
        if (v->reason != FINE && (stir_reason_info(v->reason)->sip_code != 403 || v->verstat != STIR_VERSTAT_NO))
            fail_msg("%s, %s: not 403, No-TN-Validation", rows[i].policy, rows[i].name);
        stir_verdict_free(v);
    }
}

/* In compact form the Date is iat: it is judged by both rules, and cannot be missing. */
static void the_compact_form_lives_by_its_date(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int date;
        enum stir_severity stale; /* what a policy of one's own makes of a stale Date */
        enum stir_reason reason;
    } forms[] = {
        {"60 s old", -60, STIR_SEVERITY_FAIL, FINE},
        {"61 s old", -61, STIR_SEVERITY_FAIL, STIR_R_DATE_STALE},
        {"61 s old, by iat", -61, STIR_SEVERITY_OFF, STIR_R_IAT_STALE},
        {"60 s ahead", 60, STIR_SEVERITY_FAIL, FINE},
        {"61 s ahead", 61, STIR_SEVERITY_FAIL, STIR_R_DATE_FUTURE},
        {"61 s ahead, by iat", 61, STIR_SEVERITY_OFF, STIR_R_IAT_FUTURE},
        {"missing", NO_DATE, STIR_SEVERITY_FAIL, STIR_R_DATE_MISSING},
        {"garbled", GARBLED, STIR_SEVERITY_FAIL, STIR_R_DATE_MISSING},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        char full[2048], compact[2048], payload[512], date[30];
        struct stir_policy policy = support_policy("rfc8224");
        assert_err(stir_policy_set(&policy, STIR_R_DATE_STALE, forms[i].stale), STIR_OK);
        assert_err(stir_policy_set(&policy, STIR_R_DATE_FUTURE, forms[i].stale), STIR_OK);
        snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":%lld,\"orig\":{\"tn\":\"" ORIG "\"}}",
                 (long long)NOW + (forms[i].date > GARBLED ? forms[i].date : 0));
        pki_sign(&pki, full, sizeof(full), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload, ";info=<" X5U ">");
        snprintf(compact, sizeof(compact), "..%s", strchr(strchr(full, '.') + 1, '.') + 1);
        struct stir_verdict *v = verdict_of(&policy, compact, date_of(date, forms[i].date));
        if (v->reason != forms[i].reason)
            fail_msg("%s: %s", forms[i].name, stir_reason_name(v->reason));
        stir_verdict_free(v);
    }
}

/* Three windows: widening one leaves the others. */
static void each_window_is_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t max_age, max_future, max_date_age, max_date_iat;
        int iat, date;
        enum stir_reason reason;
        size_t warnings; /* besides the CRL that nobody gave */
    } windows[] = {
        {"an older iat", 300, 60, 60, 60, -300, NO_DATE, FINE, 0},
        {"not one ahead", 300, 60, 60, 60, 61, NO_DATE, STIR_R_IAT_FUTURE, 0},
        {"iat ahead", 60, 300, 60, 60, 300, NO_DATE, FINE, 0},
        {"not an older one", 60, 300, 60, 60, -61, NO_DATE, STIR_R_IAT_STALE, 0},
        {"an older Date differs all the same", 60, 60, 300, 60, 0, -300, FINE, 1},
        {"and may differ", 60, 60, 300, 300, 0, -300, FINE, 0},
        {"differing makes no Date fresh", 60, 60, 60, 300, 0, -61, STIR_R_DATE_STALE, 0},
        {"none at all", 0, 0, 0, 0, 0, 0, FINE, 0},
        {"none at all, a second off", 0, 0, 0, 0, 1, 0, STIR_R_IAT_FUTURE, 1},
    };
    for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        char identity[2048], date[30];
        struct stir_policy policy = support_policy("rfc8224");
        policy.max_age = windows[i].max_age;
        policy.max_future = windows[i].max_future;
        policy.max_date_age = windows[i].max_date_age;
        policy.max_date_iat = windows[i].max_date_iat;
        assert_err(stir_policy_set(&policy, STIR_R_REVOCATION_UNKNOWN, STIR_SEVERITY_OFF), STIR_OK);
        sign_at(identity, sizeof(identity), windows[i].iat);
        struct stir_verdict *v = verdict_of(&policy, identity, date_of(date, windows[i].date));
        if (v->reason != windows[i].reason || v->tokens[0].n_warnings != windows[i].warnings)
            fail_msg("%s: %s, %zu warnings", windows[i].name, stir_reason_name(v->reason), v->tokens[0].n_warnings);
        stir_verdict_free(v);
    }
}

/* RFC 8224 §6.2 step 4: where Date counts, the certificate must hold at it too. */
static void the_certificate_holds_at_the_date_where_the_date_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *policy;
        int date;
        enum stir_reason reason;
    } dates[] = {
        {"rfc8224, before it", "rfc8224", -60, STIR_R_CERT_NOT_YET},
        {"rfc8224, within it", "rfc8224", -20, FINE},
        {"shaken, before it", "shaken", -60, FINE},
    };
    char pem[2 * 4096];
    size_t n = 0, m = 0;
    struct stir_cert *leaf = pki_leaf(&pki, pki.list, NOW - 30, NOW + 86400);
    assert_err(stir_cert_write_pem(pem, sizeof(pem), &n, leaf), STIR_OK);
    assert_err(stir_cert_write_pem(pem + n, sizeof(pem) - n, &m, pki.ca), STIR_OK);
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        char identity[2048], date[30];
        struct stir_policy policy = support_policy(dates[i].policy);
        sign_at(identity, sizeof(identity), 0);
        struct stir_slice value = S(identity);
        struct stir_call call = call_of(&value, ORIG, DEST);
        call.date = stir_slice_str(date_of(date, dates[i].date));
        struct stir_verdict *v = call_verify(&call, &policy, pki.trust, stir_slice_of(pem, n + m), NOW);
        if (v->reason != dates[i].reason)
            fail_msg("%s: %s", dates[i].name, stir_reason_name(v->reason));
        stir_verdict_free(v);
    }
    stir_cert_free(leaf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_of_time_holds_to_its_second),
        cmocka_unit_test(the_compact_form_lives_by_its_date),
        cmocka_unit_test(each_window_is_its_own),
        cmocka_unit_test(the_certificate_holds_at_the_date_where_the_date_counts),
    };
    return cmocka_run_group_tests_name("freshness", tests, make_pki, free_pki);
}
