/* What a SIP answer says of a verdict: P-Asserted-Identity, Reason, redress and X-headers. */
#include "service/vs_answer.h"

#include "vs_support.h"

static const struct lab *now_in; /* whose calls are told of */

static void write_lines(struct stir_vs_call *vs, const struct stir_vs_answer *answer)
{
    struct lab_call *c = (struct lab_call *)(void *)vs;
    size_t n = 0, m = 0;
    struct stir_slice message = stir_slice_of(c->message, c->n);
    char *exact;
    assert_err(stir_vs_write_headers(NULL, 0, &n, message, &c->sip, answer, &now_in->conf), STIR_ELIMIT);
    assert_true(n < sizeof(c->lines));
    exact = malloc(n + 1);
    assert_non_null(exact);
    assert_err(stir_vs_write_headers(exact, n + 1, &m, message, &c->sip, answer, &now_in->conf), STIR_OK);
    assert_int_equal(m, n);
    memcpy(c->lines, exact, n + 1);
    free(exact);
    lab_told(vs, answer);
}

/* The lines of an answer, each on a line of its own, ended by LF. */
static const char *lines_of(struct lab *lab, const struct lab_invite *in)
{
    static struct lab_call c;
    static char out[4096];
    size_t n = 0;
    now_in = lab;
    lab_write(lab, &c, in);
    lab_start_with(lab, &lab->worker, &c, 20000, write_lines);
    lab_wait(lab, &c);
    for (const char *p = c.lines; *p; p++)
        if (*p != '\r')
            out[n++] = *p;
    out[n] = '\0';
    return out;
}

#define IS(in, wanted) assert_string_equal(lines_of(lab, &(in)), wanted)

static void the_callers_identity_carries_verstat(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite from_alone = {.from = "\"Alice\" <sip:+" ORIG "@example.com;user=phone>"}, bare = {.from = "sip:+" ORIG "@example.com"},
                                   asserted = {.pai = "<tel:+" ORIG ">"}, both = {.pai = "\"A\" <sip:+" ORIG "@x.example;verstat=No-TN-Validation>"},
                                   two = {.pai = "<tel:+" ORIG ">\r\nP-Asserted-Identity: <sip:alice@example.com;verstat=TN-Validation-Passed>"},
                                   unsigned_ = {.pai = "<tel:+" ORIG ";verstat=TN-Validation-Passed>", .unsigned_ = true},
                                   nobody = {.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>", .unsigned_ = true},
                                   torn = {.pai = "\"A <tel:+" ORIG ">", .unsigned_ = true};
    /* A name that only the caller gave is not asserted. */
    IS(from_alone, "P-Asserted-Identity: <sip:+" ORIG ";verstat=TN-Validation-Passed@example.com;user=phone>\n");
    IS(bare, "P-Asserted-Identity: <sip:+" ORIG ";verstat=TN-Validation-Passed@example.com>\n");
    IS(asserted, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Passed>\n");
    IS(both, "P-Asserted-Identity: \"A\" <sip:+" ORIG ";verstat=TN-Validation-Passed@x.example>\n");
    IS(two, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Passed>\nP-Asserted-Identity: <sip:alice@example.com>\n");
    IS(unsigned_, "P-Asserted-Identity: <tel:+" ORIG ";verstat=No-TN-Validation>\n");
    IS(nobody, "");
    IS(torn, "");
}

static void attestation_stands_behind_verstat_where_it_is_wanted(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite weak = {.attest = 'B', .pai = "<tel:+" ORIG ">"};
    IS(weak, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Passed>\n");
    lab->actions[0].with_attest = true;
    IS(weak, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Passed-B>\n");
}

#define REASON_438 "Reason: STIR ;cause=438 ;text=\"Invalid Identity Header\" ;ppi=\".."

static void a_failure_goes_on_with_its_reason(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite forged = {.forged = true, .pai = "<tel:+" ORIG ">"}, dead = {.x5u = "https://mute.example/a.pem", .pai = "<tel:+" ORIG ">"};
    const char *lines = lines_of(lab, &forged);
    const char pai[] = "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Failed>\n" REASON_438;
    assert_int_equal(strncmp(lines, pai, sizeof(pai) - 1), 0);
    lab->conf.verify.reason_protocol = STIR_CONF_REASON_SIP;
    IS(forged, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Failed>\nReason: SIP ;cause=438 ;text=\"Invalid Identity Header\"\n");
    IS(dead, "P-Asserted-Identity: <tel:+" ORIG ";verstat=No-TN-Validation>\nReason: SIP ;cause=436 ;text=\"Bad Identity Info\"\n");
}

static void a_stopped_call_says_why_and_where_to_complain(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite none = {.unsigned_ = true, .pai = "<tel:+" ORIG ">"};
    struct stir_conf_actions *a = &lab->actions[0];
    lab->conf.verify.reason_protocol = STIR_CONF_REASON_SIP;
    a->missing = STIR_ACT_STOP;
    a->redress = "https://block.example.net/complaint-jws";
    IS(none, "Reason: SIP ;cause=428 ;text=\"Use Identity Header\"\n");
    a->stop = STIR_STOP_608;
    IS(none, "Reason: SIP ;cause=428 ;text=\"Use Identity Header\"\nCall-Info: <https://block.example.net/complaint-jws>;purpose=jwscard\n");
    a->stop = STIR_STOP_603;
    a->redress = "sip:redress@example.net";
    IS(none, "Reason: SIP ;cause=428 ;text=\"Use Identity Header\"\nReason: Q.850 ;cause=21 ;text=\"Network Blocked\"\nCall-Info: <sip:redress@example.net>\n");
    a->redress = "x>\r\nEvil: 1";
    IS(none, "Reason: SIP ;cause=428 ;text=\"Use Identity Header\"\nReason: Q.850 ;cause=21 ;text=\"Network Blocked\"\n");
}

static void an_alert_is_the_display_name(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite named = {.from = "\"Bob (Verified)\" <sip:+" ORIG "@example.com>", .unsigned_ = true},
                                   asserted = {.from = "\"Q \\\" [V]\" <sip:x@example.com>",
                                               .pai = "\"X\" <tel:+" ORIG ">\r\nP-Asserted-Identity: sip:+" ORIG "@y.example",
                                               .unsigned_ = true};
    struct stir_conf_actions *a = &lab->actions[0];
    static const char *const wanted[] = {"alert=X-Warning"};
    a->missing = STIR_ACT_ALERT;
    a->prefix = "[Spam?]";
    IS(named, "P-Asserted-Identity: <sip:+" ORIG ";verstat=No-TN-Validation@example.com>\n");
    a->display_name = true;
    IS(named, "P-Asserted-Identity: \"[Spam?] Bob\" <sip:+" ORIG ";verstat=No-TN-Validation@example.com>\n");
    a->headers = (struct stir_conf_list){wanted, 1};
    IS(asserted, "P-Asserted-Identity: \"[Spam?] Q \\\"\" <tel:+" ORIG ";verstat=No-TN-Validation>\n"
                 "P-Asserted-Identity: \"[Spam?] Q \\\"\" <sip:+" ORIG ";verstat=No-TN-Validation@y.example>\n"
                 "X-Warning: \"[Spam?] Q \\\"\"\n");
}

static void headers_of_the_operators_choice(void **state)
{
    struct lab *lab = *state;
    static const char *const wanted[] = {"attest=X-Attest", "origid", "spc=X-Spc", "reason", "verstat=X-Verstat", "alert", "nonsense=X-Nonsense"};
    static const struct lab_invite good = {.pai = "<tel:+" ORIG ">"}, forged = {.forged = true, .pai = "<tel:+" ORIG ">"};
    lab->actions[0].headers = (struct stir_conf_list){wanted, sizeof(wanted) / sizeof(wanted[0])};
    lab->conf.verify.reason_protocol = STIR_CONF_REASON_SIP;
    IS(good, "P-Asserted-Identity: <tel:+" ORIG ";verstat=TN-Validation-Passed>\nX-Attest: A\nX-STIR-Origid: " ORIGID
             "\nX-Spc: 709J\nX-Verstat: TN-Validation-Passed\n");
    /* What a forged token claims is nobody's word. */
    IS(forged, "P-Asserted-Identity: <tel:+" ORIG
               ";verstat=TN-Validation-Failed>\nReason: SIP ;cause=438 ;text=\"Invalid Identity Header\"\nX-STIR-Reason: signature-bad\n"
               "X-Verstat: TN-Validation-Failed\n");
}

#define LAB(test) cmocka_unit_test_setup_teardown(test, lab_begin, lab_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB(the_callers_identity_carries_verstat), LAB(attestation_stands_behind_verstat_where_it_is_wanted),
        LAB(a_failure_goes_on_with_its_reason),    LAB(a_stopped_call_says_why_and_where_to_complain),
        LAB(an_alert_is_the_display_name),         LAB(headers_of_the_operators_choice),
    };
    return cmocka_run_group_tests_name("vs_answer", tests, NULL, NULL);
}
