#include "call_support.h"

enum { NOTHING = 77 };

static void becomes(const char *in, const char *wanted, enum stir_err err, const char *buf, size_t n)
{
    const char *got = err == STIR_OK ? buf : stir_err_name(err);
    if (strcmp(got, wanted) != 0 || n != (err == STIR_OK ? strlen(wanted) : NOTHING))
        fail_msg("%s becomes %s, wanted %s", in, got, wanted);
}

static void writes_as(const char *in, enum stir_verstat verstat, char attest, const char *wanted)
{
    char buf[512];
    size_t n = NOTHING;
    enum stir_err err = stir_verstat_put(buf, sizeof(buf), &n, S(in), verstat, attest);
    becomes(in, wanted, err, buf, n);
}

static void strips_to(const char *in, const char *wanted)
{
    char buf[512];
    size_t n = NOTHING;
    enum stir_err err = stir_verstat_strip(buf, sizeof(buf), &n, S(in));
    becomes(in, wanted, err, buf, n);
}

#define PASSED ";verstat=TN-Validation-Passed"

static void verstat_stands_behind_the_number(void **state)
{
    (void)state;
    static const struct {
        const char *in, *wanted;
    } rows[] = {
        {"tel:+15715550001", "tel:+15715550001" PASSED},
        {"<tel:+15715550001>", "<tel:+15715550001" PASSED ">"},
        {"< tel:+15715550001 >", "<tel:+15715550001" PASSED ">"},
        {"<TEL:+1-571-555-0001;npdi;rn=+15715550000>;x=y", "<TEL:+1-571-555-0001;npdi;rn=+15715550000" PASSED ">;x=y"},
        {"<tel:7042;phone-context=example.com>", "<tel:7042;phone-context=example.com" PASSED ">"},
        {"<sip:+15715550001@example.com;user=phone>", "<sip:+15715550001" PASSED "@example.com;user=phone>"},
        {"<sip:5715550001@example.com;user=phone>", "<sip:5715550001" PASSED "@example.com;user=phone>"},
        {"sips:+15715550001@example.com:5061;tag=1", "sips:+15715550001" PASSED "@example.com:5061;tag=1"},
        {"\"A, B\" <SIP:+15715550001;cpc=ordinary:pw@[2001:db8::1]:5060>;tag=1",
         "\"A, B\" <SIP:+15715550001;cpc=ordinary" PASSED ":pw@[2001:db8::1]:5060>;tag=1"},
        {" \"<sip:+1@x>\" <sip:5715550001@h> ; tag=\"a;verstat=b\" ", "\"<sip:+1@x>\" <sip:5715550001" PASSED "@h> ; tag=\"a;verstat=b\""},
        {"Doe, John <sip:+15715550001@h>", "Doe, John <sip:+15715550001" PASSED "@h>"},
        {"\xc3\x89lise <sip:+33199001234@h>\r\n ;tag=1", "\xc3\x89lise <sip:+33199001234" PASSED "@h>\r\n ;tag=1"},
        /* What came in goes. */
        {"<tel:+15715550001;verstat=TN-Validation-Failed>", "<tel:+15715550001" PASSED ">"},
        {"tel:+15715550001;verstat=x;npdi;verstat=y", "tel:+15715550001;npdi" PASSED},
        {"<sip:+15715550001;verstat=X@h;verstat=Y>;verstat=Z", "<sip:+15715550001" PASSED "@h>"},
        {"<sip:+15715550001;verstat=X:pw@h>", "<sip:+15715550001" PASSED ":pw@h>"},
        /* Nothing there that could carry it. */
        {"<sip:alice@example.com>", "STIR_EVALUE"},
        {"<sip:anonymous@anonymous.invalid>", "STIR_EVALUE"},
        {"<sip:example.com>", "STIR_EVALUE"},
        {"<urn:service:sos>", "STIR_EVALUE"},
        {"+15715550001", "STIR_EVALUE"},
        {"", "STIR_ESYNTAX"},
        {"<tel:+1571", "STIR_ESYNTAX"},
        {"<tel:abc>", "STIR_ESYNTAX"},
        {"<tel:+15715550001>, <tel:+15715550002>", "STIR_ESYNTAX"},
        {"<tel:+15715550001>\r\nEvil: 1", "STIR_ESYNTAX"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        writes_as(rows[i].in, STIR_VERSTAT_PASSED, 0, rows[i].wanted);
}

static void the_attestation_stands_behind_a_pass_only(void **state)
{
    (void)state;
    writes_as("tel:+1", STIR_VERSTAT_PASSED, 'A', "tel:+1;verstat=TN-Validation-Passed");
    writes_as("tel:+1", STIR_VERSTAT_PASSED, 'B', "tel:+1;verstat=TN-Validation-Passed-B");
    writes_as("tel:+1", STIR_VERSTAT_PASSED, 'C', "tel:+1;verstat=TN-Validation-Passed-C");
    writes_as("tel:+1", STIR_VERSTAT_FAILED, 'C', "tel:+1;verstat=TN-Validation-Failed");
    writes_as("tel:+1", STIR_VERSTAT_NO, 'B', "tel:+1;verstat=No-TN-Validation");
    writes_as("tel:+1", STIR_VERSTAT_PASSED, 'D', "STIR_EARG");
}

/* H50: else the caller writes his own result. */
static void what_the_sender_says_of_himself_goes(void **state)
{
    (void)state;
    static const struct {
        const char *in, *wanted;
    } rows[] = {
        {"<sip:+1888@h;verstat=TN-Validation-Passed>", "<sip:+1888@h>"},
        {"<sip:+1888@h;user=phone;verstat=TN-Validation-Passed;x=1>;tag=2", "<sip:+1888@h;user=phone;x=1>;tag=2"},
        {"<sip:+1888;verstat=TN-Validation-Passed;npdi@h>", "<sip:+1888;npdi@h>"},
        {"<sip:+1888;verstat=X:pw@h>", "<sip:+1888:pw@h>"},
        {"<sip:+1888;verstat=a,b?c@h>", "<sip:+1888@h>"},
        {"<tel:+1888;VerStat=x>", "<tel:+1888>"},
        {"<tel:+1888;verstat>", "<tel:+1888>"},
        {"<tel:+1888;verstat=x:y@z?a>", "<tel:+1888>"},
        {"<tel:+1888;%76erst%41t%3dx>", "<tel:+1888>"},
        {"<tel:+1888;%20verstat%20=x>", "<tel:+1888>"},
        {"<tel:+1888;npdi=a%3Bverstat=x>", "<tel:+1888;npdi=a>"},
        {"<sip:+1888;npdi%3bverstat%3dx%3bcpc@h>", "<sip:+1888;npdi%3bcpc@h>"},
        {"<sip:+1888;verstat=x%3Bnpdi@h>", "<sip:+1888@h>"},
        {"<sip:+1888@h>;verstat=\"x\"junk;tag=1", "<sip:+1888@h>;tag=1"},
        {"<sip:+1888@h> ; verstat = \"TN;x\" ; tag=1", "<sip:+1888@h>; tag=1"},
        {"<sip:+1888@h>;\r\n verstat=x;tag=1", "<sip:+1888@h>;tag=1"},
        {"<sip:+1888@h>;tag=1;verstat\t", "<sip:+1888@h>;tag=1"},
        {"<sip:+1@h;verstat=a;verstat=b?Subject=verstat>", "<sip:+1@h?Subject=verstat>"},
        {"<sip:alice;verstat=x@h>", "<sip:alice@h>"},
        {"sip:alice@h;verstat=x", "sip:alice@h"},
        {"sip:+1888;verstat=x@h;tag=2", "sip:+1888@h;tag=2"},
        {"sip:h;verstat=\"a;b\";tag=2", "sip:h;tag=2"},
        {"<sip:+1@h> \t;verstat=x ", "<sip:+1@h>"},
        /* What only looks like it stays. */
        {"<tel:+1888;verstatus=x>", "<tel:+1888;verstatus=x>"},
        {"<tel:+1888;xverstat=x>", "<tel:+1888;xverstat=x>"},
        {"\";verstat=x\" <tel:+1888>", "\";verstat=x\" <tel:+1888>"},
        {"<sip:h>;a=\"\\\";verstat=x\"", "<sip:h>;a=\"\\\";verstat=x\""},
        {"sip:+1@h\n", "sip:+1@h"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        strips_to(rows[i].in, rows[i].wanted);
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"open <sip:+1@h>",
        "<sip:+1@h>;verstat=\"open",
        "<sip:+1@h>;a=\"open",
        "<sip:+1@h",
        "<sip:+1@h> ;verstat\t>", /* a '>' behind the '>' */
        "<sip:+1@h>;verstat=x>;a",
        "<sip:+1@h>;a=<sip:+2;verstat=x@h>",
        "<sip:+1@h>, <sip:+2;verstat=x@h>",
        "<sip:+1@h>;a=b,<sip:+2@h>",
        "<sip:+1@h>verstat=x",
        "Bob;verstat=x <sip:+1@h>",
        "Bob%3Bverstat=x <sip:+1@h>",
        "Bob> <sip:+1@h>",
        "<sip:+1@h;ver stat=x>",
        "<sip:+1;verstat=\"a@h>", /* whose quote is it? */
        "<sip:+1;verstat=\"@x\"@h>",
        "<sip:+1<a@h>",
        "sip:a;b=\"@\";verstat=x",
        ";verstat=x",
        "%3Bverstat=x;tag=1",
        "<sip:+1888%3Bverstat=x@h>", /* no number before, one afterwards */
        "<tel:2155551212;phone-context=+1%3Bverstat=x>",
        "sip:+1\x01@h",
        "sip:+1@h\rx",
        "sip:+1@h\n\nx",
        "sip:+1@h\x7f",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        strips_to(rows[i], "STIR_ESYNTAX");
}

static void a_short_buffer_says_what_is_needed(void **state)
{
    (void)state;
    char buf[64];
    size_t n = 0;
    assert_err(stir_verstat_put(NULL, 0, &n, S("tel:+1"), STIR_VERSTAT_PASSED, 0), STIR_ELIMIT);
    assert_int_equal(n, strlen("tel:+1;verstat=TN-Validation-Passed"));
    assert_err(stir_verstat_put(buf, n, &n, S("tel:+1"), STIR_VERSTAT_PASSED, 0), STIR_ELIMIT);
    assert_err(stir_verstat_put(buf, n + 1, &n, S("tel:+1"), STIR_VERSTAT_PASSED, 0), STIR_OK);
    assert_err(stir_verstat_strip(NULL, 0, &n, S("tel:+1;verstat")), STIR_ELIMIT);
    assert_int_equal(n, 6);
    assert_err(stir_verstat_strip(NULL, 1, &n, S("tel:+1")), STIR_EARG);
    assert_err(stir_verstat_strip(buf, sizeof(buf), NULL, S("tel:+1")), STIR_EARG);
    assert_err(stir_verstat_strip(buf, sizeof(buf), &n, S(NULL)), STIR_EARG);
    assert_err(stir_verstat_put(buf, sizeof(buf), NULL, S("tel:+1"), STIR_VERSTAT_PASSED, 0), STIR_EARG);
}

#define REQUEST_LINE "INVITE sip:+12125550100@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n"
#define REST "To: <sip:+12125550100@h;verstat=x>\r\nIdentity: a.b.c;info=<https://h/c>\r\nContent-Length: 5\r\n\r\n;vers"
#define CALLER "<sip:+12155551212@h;user=phone>"
#define CALLER_PASSED "<sip:+12155551212" PASSED "@h;user=phone>"

static struct stir_verdict verdict_with(enum stir_verstat verstat, enum stir_rph_verstat rph)
{
    struct stir_verdict verdict = {.size = sizeof(verdict), .verstat = verstat, .rph = rph, .deciding = -1};
    return verdict;
}

/* One message of these headers, and what is wanted of it. */
struct message {
    const char *name, *policy, *in, *out;
    enum stir_verstat verstat;
    enum stir_rph_verstat rph;
    size_t put, stripped;
};

static const struct message messages[] = {
    {"From alone", "shaken", "From: " CALLER ";tag=1\r\n", "From: " CALLER_PASSED ";tag=1\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 1, 0},
    {"compact and folded", "shaken", "f:\r\n \"A\"\r\n " CALLER "\r\n", "f:\r\n \"A\"\r\n " CALLER_PASSED "\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 1, 0},
    {"both name him", "shaken", "P-Asserted-Identity: <tel:+12155551212>, " CALLER "\r\nFrom: " CALLER "\r\n",
     "P-Asserted-Identity: <tel:+12155551212" PASSED ">, " CALLER_PASSED "\r\nFrom: " CALLER_PASSED "\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 3, 0},
    {"a From that nobody looked at", "shaken", "From: <sip:+19995550000;verstat=TN-Validation-Passed@h>\r\nP-Asserted-Identity: " CALLER "\r\n",
     "From: <sip:+19995550000@h>\r\nP-Asserted-Identity: " CALLER_PASSED "\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 1, 1},
    {"a PAI that nobody looked at", "rfc8224", "From: " CALLER "\r\np-asserted-identity: <tel:+19995550000;verstat=x>\r\n",
     "From: " CALLER_PASSED "\r\np-asserted-identity: <tel:+19995550000>\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 1, 1},
    {"failed", "shaken", "From: " CALLER "\r\n", "From: <sip:+12155551212;verstat=TN-Validation-Failed@h;user=phone>\r\n", STIR_VERSTAT_FAILED, STIR_RPH_NONE,
     1, 0},
    {"an anonymous caller", "shaken", "From: <sip:anonymous@anonymous.invalid;verstat=x>\r\n", "From: <sip:anonymous@anonymous.invalid>\r\n", STIR_VERSTAT_NO,
     STIR_RPH_NONE, 0, 1},
    {"a number without URI", "shaken", "From: +12155551212\r\n", "From: +12155551212\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 0, 0},
    {"a national number by the plan", "us", "From: <sip:2155551212@h>\r\nP-Asserted-Identity: <tel:+12155551212>\r\n",
     "From: <sip:2155551212" PASSED "@h>\r\nP-Asserted-Identity: <tel:+12155551212" PASSED ">\r\n", STIR_VERSTAT_PASSED, STIR_RPH_NONE, 2, 0},
    {"RPH failed", "shaken",
     "Resource-Priority: ets.0\r\nFrom: " CALLER "\r\nresource-priority :\r\n wps.0,\r\n\tets.1\r\nPriority: urgent\r\nResource-Priority:\r\n",
     "From: " CALLER_PASSED "\r\nPriority: urgent\r\n", STIR_VERSTAT_PASSED, STIR_RPH_FAILED, 1, 0},
    {"RPH passed", "shaken", "Resource-Priority: ets.0\r\nFrom: " CALLER "\r\n", "Resource-Priority: ets.0\r\nFrom: " CALLER_PASSED "\r\n", STIR_VERSTAT_PASSED,
     STIR_RPH_PASSED, 1, 0},
    {"no rph token", "shaken", "Resource-Priority: ets.0\r\nFrom: " CALLER "\r\n", "Resource-Priority: ets.0\r\nFrom: " CALLER_PASSED "\r\n",
     STIR_VERSTAT_PASSED, STIR_RPH_NONE, 1, 0},
};

/* RFC 8443 §4.2 too. */
/*= RFC8443-4.2 test */
static void a_request_goes_on_with_its_verstat_and_is_otherwise_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        const struct message *m = &messages[i];
        char in[2048], wanted[2048], out[2048];
        struct stir_policy policy = support_policy(m->policy);
        struct stir_verdict verdict = verdict_with(m->verstat, m->rph);
        struct stir_verstat_report report;
        struct stir_diag diag = {0};
        size_t n;
        snprintf(in, sizeof(in), "%s%s%s", REQUEST_LINE, m->in, REST);
        snprintf(wanted, sizeof(wanted), "%s%s%s", REQUEST_LINE, m->out, REST);
        if (stir_verstat_message(out, sizeof(out), &n, &report, S(in), &verdict, &policy, false, &diag) != STIR_OK)
            fail_msg("%s: %s", m->name, diag.text);
        if (strcmp(out, wanted) != 0 || n != strlen(wanted))
            fail_msg("%s: %s", m->name, out);
        if (report.put != m->put || report.stripped != m->stripped || report.resource_priority_removed != (m->rph == STIR_RPH_FAILED))
            fail_msg("%s: %zu put, %zu stripped", m->name, report.put, report.stripped);
        assert_err(stir_verstat_message(out, n, &n, NULL, S(in), &verdict, &policy, false, NULL), STIR_ELIMIT);
        assert_int_equal(n, strlen(wanted));
    }
}

static void the_attestation_of_the_deciding_token_is_written_when_asked_for(void **state)
{
    (void)state;
    char out[1024];
    size_t n;
    struct stir_token_verdict tokens[2] = {{.attest = 'A'}, {.attest = 'C'}};
    struct stir_verdict verdict = verdict_with(STIR_VERSTAT_PASSED, STIR_RPH_NONE);
    struct stir_policy policy = support_policy("shaken");
    const char *in = REQUEST_LINE "From: <tel:+12155551212>\r\n" REST;
    verdict.tokens = tokens;
    verdict.n_tokens = 2;
    verdict.deciding = 1;
    assert_err(stir_verstat_message(out, sizeof(out), &n, NULL, S(in), &verdict, &policy, true, NULL), STIR_OK);
    assert_non_null(strstr(out, "From: <tel:+12155551212;verstat=TN-Validation-Passed-C>\r\n"));
    assert_err(stir_verstat_message(out, sizeof(out), &n, NULL, S(in), &verdict, &policy, false, NULL), STIR_OK);
    assert_non_null(strstr(out, "From: <tel:+12155551212;verstat=TN-Validation-Passed>\r\n"));
}

static void what_cannot_be_read_does_not_go_on(void **state)
{
    (void)state;
    static const struct {
        const char *in, *says;
    } rows[] = {
        {REQUEST_LINE "From: <sip:+1@h>;a=b>\r\n" REST, "From can be read in two ways"},
        {REQUEST_LINE "From: <sip:+1@h>\r\nP-Asserted-Identity: <sip:+1888%3Bverstat=x@h>\r\n" REST, "P-Asserted-Identity can be read in two ways"},
        {"SIP/2.0 200 OK\r\n\r\n", "a response"},
        {"hello", "head"},
    };
    struct stir_verdict verdict = verdict_with(STIR_VERSTAT_PASSED, STIR_RPH_NONE);
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[1024];
        size_t n = NOTHING;
        struct stir_diag diag = {0};
        struct stir_verstat_report report = {.put = NOTHING};
        assert_err(stir_verstat_message(out, sizeof(out), &n, &report, S(rows[i].in), &verdict, &policy, false, &diag), STIR_ESYNTAX);
        if (!strstr(diag.text, rows[i].says) || report.put != NOTHING || n != NOTHING)
            fail_msg("%s: %s", rows[i].says, diag.text);
    }
    char out[8];
    size_t n;
    assert_err(stir_verstat_message(out, sizeof(out), &n, NULL, S(NULL), &verdict, &policy, false, NULL), STIR_EARG);
    assert_err(stir_verstat_message(out, sizeof(out), NULL, NULL, S("x"), &verdict, &policy, false, NULL), STIR_EARG);
    assert_err(stir_verstat_message(out, sizeof(out), &n, NULL, S("x"), NULL, &policy, false, NULL), STIR_EARG);
    assert_err(stir_verstat_message(out, sizeof(out), &n, NULL, S("x"), &verdict, NULL, false, NULL), STIR_EARG);
    assert_err(stir_verstat_message(NULL, 1, &n, NULL, S("x"), &verdict, &policy, false, NULL), STIR_EARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verstat_stands_behind_the_number),
        cmocka_unit_test(the_attestation_stands_behind_a_pass_only),
        cmocka_unit_test(what_the_sender_says_of_himself_goes),
        cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
        cmocka_unit_test(a_short_buffer_says_what_is_needed),
        cmocka_unit_test(a_request_goes_on_with_its_verstat_and_is_otherwise_the_same),
        cmocka_unit_test(the_attestation_of_the_deciding_token_is_written_when_asked_for),
        cmocka_unit_test(what_cannot_be_read_does_not_go_on),
    };
    return cmocka_run_group_tests_name("verstat", tests, NULL, NULL);
}
