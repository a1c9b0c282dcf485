/* The SIP front over real sockets: what goes in and what comes out. */
#include "sip_front_support.h"

static int close_down(void **state)
{
    (void)state;
    support_close();
    return 0;
}

static int open_as(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_AS);
    support_open();
    return 0;
}

static int open_vs(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_VS);
    support_open();
    return 0;
}

static uint64_t metric(const char *name)
{
    size_t n;
    char *page = stir_metrics_page(f.shared.metrics, &n);
    assert_non_null(page);
    char line[100];
    snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(page, line);
    uint64_t value = at ? strtoull(at + strlen(line), NULL, 10) : UINT64_MAX;
    free(page);
    return value;
}

/* The last record is of call 1, which no service has answered. */
static void assert_unanswered(enum stir_record_kind kind, int code, const char *why)
{
    assert_true(in.record.unanswered);
    assert_int_equal(in.record.kind, kind);
    assert_int_equal(in.record.way, STIR_WAY_SIP_UDP);
    assert_int_equal(in.record.sip_code, code);
    assert_string_equal(in.record_call_id, "call-1@example.com");
    assert_string_equal(in.record_orig, "12155551212");
    if (!strstr(in.record_why, why))
        fail_msg("%s", in.record_why);
}

static void an_invite_is_redirected_with_its_identity(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    char via[160];
    (void)state;
    in.date = "Sat, 21 Nov 2026 12:00:00 GMT";
    give(fd, request("INVITE", 1, "Timestamp: 54\r\n"));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    snprintf(via, sizeof(via), "\r\nVia: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bK-1;received=127.0.0.1;rport=%u\r\n", port_of(fd));
    assert_has(via);
    assert_has("\r\nIdentity: aaa.bbb.ccc;info=<https://cr.example.com/a.pem>;alg=ES256;ppt=shaken\r\n");
    assert_has("\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\n");
    assert_has("\r\nContact: <sip:+12155551213@sbc.example.com;user=phone>\r\n");
    assert_has("\r\nFrom: \"Alice\" <sip:+12155551212@example.com>;tag=f1\r\n");
    assert_has("\r\nTo: <sip:+12155551213@example.com>;tag=");
    assert_has("\r\nCall-ID: call-1@example.com\r\nCSeq: 1 INVITE\r\n");
    assert_has("\r\nContent-Length: 0\r\n\r\n");
    assert_has_not("Timestamp");
    assert_int_equal(in.records, 1);
    assert_string_equal(in.record_call_id, "call-1@example.com");
    assert_int_equal(in.record.sip_code, 302);
    assert_int_equal(in.record.way, STIR_WAY_SIP_UDP);
    assert_int_equal(in.record.bytes_added, (int64_t)(in.fresh.n + 12 + 37));
    assert_true(in.record.took_us >= 0);
    close(fd);
}

/*= RFC3261-17.2.1 test */
static void who_asks_again_gets_the_same_bytes(void **state)
{
    static char first[TEXT];
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    memcpy(first, f.text, f.n + 1);
    in.fresh = S("other.bytes.now");
    for (int i = 0; i < 3; i++) {
        give(fd, request("INVITE", 1, ""));
        assert_true(hear(fd));
        assert_string_equal(f.text, first);
    }
    assert_int_equal(in.signed_calls, 1);
    assert_int_equal(in.records, 1);
    assert_int_equal(metric("stir_sip_retransmissions_total"), 3);
    give(fd, request("INVITE", 2, ""));
    assert_true(hear(fd));
    assert_has("other.bytes.now");
    assert_int_equal(in.signed_calls, 2);
    close(fd);
}

/* Another transaction each: another branch, call, number, sender's address. */
static void another_call_never_gets_those_bytes(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {{"z9hG4bK-1", "z9hG4bK-2"}, {"call-1@", "call-2@"}, {"CSeq: 1", "CSeq: 2"}, {":5099", ":5098"}};
    static char text[TEXT];
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *base = request("INVITE", 1, ""), *at = strstr(base, rows[i].from);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - base), base, rows[i].to, at + strlen(rows[i].from));
        give(fd, text);
        assert_true(hear(fd));
        assert_int_equal(in.signed_calls, i + 2);
    }
    int other = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&f.bound[0], sizeof(struct sockaddr_in)), 0);
    give(other, request("INVITE", 1, ""));
    assert_true(hear(other));
    assert_int_equal(in.signed_calls, 6);
    close(other);
    close(fd);
}

static void who_is_unknown_is_told_403(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    in.known = false;
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 403);
    assert_has_not("Identity");
    give(fd, request("OPTIONS", 2, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 403);
    assert_int_equal(in.signed_calls, 0);
    assert_int_equal(metric("stir_sip_unknown_source_total"), 2);
    close(fd);
}

static void any_source_is_served_when_the_section_says_so(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_AS);
    f.sections[0].any_source = true;
    support_open();
    in.known = false;
    int fd = client(SOCK_DGRAM, 0);
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

static void options_say_whether_the_role_is_ready(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("OPTIONS", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 200);
    assert_has("\r\nAllow: INVITE, ACK, CANCEL, OPTIONS\r\n");
    assert_has("\r\nSupported:");
    in.usable = false;
    give(fd, request("OPTIONS", 2, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 503);
    assert_has("\r\nRetry-After: ");
    in.usable = true;
    atomic_store(&f.shared.unready, STIR_ROLE_VS); /* another role's */
    give(fd, request("OPTIONS", 3, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 200);
    atomic_store(&f.shared.unready, STIR_ROLE_AS);
    give(fd, request("OPTIONS", 4, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 503);
    give(fd, request("INVITE", 5, "")); /* calls are served as well as can be */
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

static void an_ack_is_absorbed(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("ACK", 1, ""));
    assert_false(hear(fd));
    in.known = false;
    give(fd, request("ACK", 2, ""));
    assert_false(hear(fd));
    close(fd);
}

static void a_verified_call_goes_on_with_what_the_service_says(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_has("\r\nX-Act: 0\r\n");
    assert_has("\r\nContact: <sip:+12155551213@sbc.example.com;user=phone>\r\n");
    in.act = STIR_ACT_STOP;
    in.stop_code = 438;
    give(fd, request("INVITE", 2, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 438);
    assert_has("SIP/2.0 438 Invalid Identity Header\r\n");
    assert_has("\r\nX-Act: 1\r\n");
    assert_has_not("Contact");
    assert_int_equal(in.records, 2);
    assert_int_equal(in.record.sip_code, 438);
    in.vs_begins = STIR_ENOMEM; /* nobody can judge it: it goes on */
    give(fd, request("INVITE", 3, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_has_not("X-Act");
    assert_int_equal(in.records, 3);
    assert_string_equal(in.record_call_id, "call-3@example.com");
    assert_string_equal(in.record_orig, "12155551212");
    assert_string_equal(in.record_why, "no verdict could be made: out of memory, or a fault of OpenSSL");
    assert_int_equal(in.record.sip_code, 302);
    assert_false(in.record.unanswered);
    close(fd);
}

/*= RFC3261-8.2.6.1 test */
static void a_call_that_waits_is_told_100_and_answered_later(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    in.vs_waits = true;
    give(fd, request("INVITE", 1, "Timestamp: 54\r\n"));
    give(fd, request("INVITE", 1, "Timestamp: 54\r\n")); /* asked again: absorbed */
    while (!hear(fd))
        assert_int_equal(in.n_waiting, 1);
    assert_int_equal(code(), 100);
    assert_has("\r\nTimestamp: 54\r\n");
    assert_has_not(";tag=f1;tag");
    assert_has("To: <sip:+12155551213@example.com>\r\n");
    assert_int_equal(in.verified_calls, 1);
    assert_int_equal(in.records, 0);
    vs_done(in.waiting[--in.n_waiting]);
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_int_equal(in.records, 1);
    assert_int_equal(metric("stir_sip_retransmissions_total"), 1);
    close(fd);
}

/*= RFC3261-17.2.1 test */
static void what_follows_a_100_is_repeated_until_its_ack(void **state)
{
    static char first[TEXT];
    int fd = client(SOCK_DGRAM, 0);
    int again = 0;
    (void)state;
    in.vs_waits = true;
    give(fd, request("INVITE", 1, ""));
    while (!hear(fd))
        assert_int_equal(in.n_waiting, 1);
    assert_int_equal(code(), 100);
    vs_done(in.waiting[--in.n_waiting]);
    assert_true(hear(fd));
    memcpy(first, f.text, f.n + 1);
    for (int i = 0; i < 20 && again < 2; i++)
        if (hear(fd)) {
            assert_string_equal(f.text, first);
            again++;
        }
    assert_int_equal(again, 2);
    give(fd, request("ACK", 1, ""));
    for (int i = 0; i < 20; i++)
        assert_false(hear(fd));
    close(fd);
}

/*= RFC3261-9.2 test */
static void a_cancel_ends_a_call_that_waits(void **state)
{
    int fd = client(SOCK_DGRAM, 0), codes[2] = {0, 0};
    (void)state;
    in.vs_waits = true;
    give(fd, request("CANCEL", 1, "")); /* nothing there yet */
    assert_true(hear(fd));
    assert_int_equal(code(), 481);
    give(fd, request("INVITE", 1, ""));
    turn(5);
    give(fd, request("CANCEL", 1, ""));
    for (int i = 0; i < 2; i++) {
        assert_true(hear(fd));
        codes[i] = code();
        assert_has(code() == 200 ? "CSeq: 1 CANCEL\r\n" : "CSeq: 1 INVITE\r\n");
    }
    assert_true((codes[0] == 200 && codes[1] == 487) || (codes[0] == 487 && codes[1] == 200));
    assert_int_equal(in.cancelled, 1);
    assert_int_equal(in.records, 1);
    assert_unanswered(STIR_RECORD_VERIFY, 487, "cancelled");
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 487);
    give(fd, request("CANCEL", 1, "")); /* too late: it has no effect */
    assert_true(hear(fd));
    assert_int_equal(code(), 200);
    close(fd);
}

static void what_is_no_sip_is_dropped_and_counted(void **state)
{
    static const char *const rows[] = {"hello, world\r\n\r\n", "INVITE\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01 binary"};
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        give(fd, rows[i]);
    give(
        fd,
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n");
    give(fd, "\r\n\r\n");
    assert_false(hear(fd));
    assert_int_equal(metric("stir_sip_malformed_total"), sizeof(rows) / sizeof(rows[0]));
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

/* The kernel begins to stamp datagrams a moment after the first socket has asked for it: until then they seem not to have waited. What that took is forgotten;
 * one call, the last, was told 503. */
static void wait_for_stamps(int fd)
{
    unsigned number = 100;
    do {
        give(fd, request("INVITE", ++number, ""));
        poll(NULL, 0, 60);
        assert_true(hear(fd));
    } while (code() != 503 && number < 150);
    assert_int_equal(code(), 503);
    in.signed_calls = in.records = 0;
}

static void what_waited_too_long_is_told_503_but_for_emergencies(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    f.conf.server.max_queue_ms = 20;
    wait_for_stamps(fd);
    give(fd, request("INVITE", 1, ""));
    poll(NULL, 0, 60);
    assert_true(hear(fd));
    assert_int_equal(code(), 503);
    assert_has("\r\nRetry-After: ");
    assert_int_equal(in.signed_calls, 0);
    assert_int_equal(in.records, 1);
    assert_unanswered(STIR_RECORD_SIGN, 503, "overload");
    assert_int_equal(in.record.result, STIR_SIGN_REFUSED);
    assert_int_equal(metric("stir_sip_overload_total"), 2);
    give(fd, request("INVITE", 1, "")); /* asked again in time: served */
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    in.emergency = true;
    give(fd, request("INVITE", 2, ""));
    poll(NULL, 0, 60);
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    close(fd);
}

/* Whoever floods us would choose how much evidence there is. */
static void an_overload_of_strangers_is_counted_and_makes_no_record(void **state)
{
    (void)state;
    support_conf(STIR_ROLE_AS);
    f.sections[0].any_source = true;
    f.conf.server.max_queue_ms = 20;
    support_open();
    in.known = false;
    int fd = client(SOCK_DGRAM, 0);
    wait_for_stamps(fd);
    give(fd, request("INVITE", 1, ""));
    poll(NULL, 0, 60);
    assert_true(hear(fd));
    assert_int_equal(code(), 503);
    assert_int_equal(metric("stir_sip_overload_total"), 2);
    assert_int_equal(in.records, 0);
    close(fd);
}

static void a_call_cut_off_by_the_end_has_its_record(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    in.vs_waits = true;
    give(fd, request("INVITE", 1, ""));
    turn(5);
    assert_int_equal(in.n_waiting, 1);
    support_close();
    assert_int_equal(in.cancelled, 1);
    assert_int_equal(in.records, 1);
    assert_unanswered(STIR_RECORD_VERIFY, 0, "the daemon ended");
    close(fd);
}

static void what_an_emergency_call_requires_does_not_hold_it_up(void **state)
{
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("INVITE", 1, "Require: vendor-9\r\n"));
    assert_true(hear(fd));
    assert_int_equal(code(), 420);
    in.emergency = true;
    give(fd, request("INVITE", 2, "Require: vendor-9\r\n"));
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    give(fd, request("OPTIONS", 3, "Require: vendor-9\r\n"));
    assert_true(hear(fd));
    assert_int_equal(code(), 420);
    in.known = false;
    give(fd, request("INVITE", 4, "Require: vendor-9\r\n"));
    assert_true(hear(fd));
    assert_int_equal(code(), 403);
    close(fd);
}

/* What the service decided, as the section wants it written. */
static void answers_are_written_as_the_section_wants(void **state)
{
    static const struct {
        const char *what;
        enum stir_sign_result result;
        enum stir_conf_nothing nothing;
        enum stir_conf_identity_in identity_in;
        const char *contact, *ruri, *more;
        int code;
        const char *has, *has_not;
    } rows[] = {
        {"host of ours", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "sbc.example.net:5080", "sip:1@as;user=phone", "", 302,
         "\r\nContact: <sip:1@sbc.example.net:5080;user=phone>\r\n", "?Identity"},
        {"in the Contact", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_CONTACT, "sbc", "sip:1@as", "", 302,
         "\r\nContact: <sip:1@sbc?Identity=aaa.bbb.ccc%3Binfo", "\r\nIdentity: "},
        {"in both", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_BOTH, "sbc", "sip:1@as", "", 302, "\r\nIdentity: aaa.bbb.ccc;info", "\r\nDate"},
        {"in both, the Contact", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_BOTH, "sbc", "sip:1@as", "", 302, "<sip:1@sbc?Identity=aaa", "\r\nDate"},
        {"tel has no headers", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_CONTACT, "sbc", "tel:+12155551213", "", 302, "\r\nIdentity: aaa.bbb.ccc;info",
         "?Identity"},
        {"tel as it is", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "sbc", "tel:+12155551213", "", 302, "\r\nContact: <tel:+12155551213>\r\n",
         "sbc"},
        {"passed on, first", STIR_SIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "Identity: x.y.z;a=\"b\"\r\n ;c\r\n", 302,
         "\r\nIdentity: x.y.z;a=\"b\"\r\n ;c\r\nIdentity: aaa.bbb.ccc", "?"},
        {"nothing to do", STIR_SIGN_UNSIGNED, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "", 302, "\r\nContact: <sip:1@as>\r\n",
         "\r\nIdentity"},
        {"nothing to do, 404", STIR_SIGN_UNSIGNED, STIR_NOTHING_404, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "", 404, "SIP/2.0 404 Not Found\r\n", "Contact"},
        {"signed already, 404", STIR_SIGN_PASSED_ON, STIR_NOTHING_404, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "Identity: x.y.z\r\n", 404, "404", "Contact"},
        {"signed already", STIR_SIGN_PASSED_ON, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "Identity: x.y.z\r\n", 302,
         "\r\nIdentity: x.y.z\r\n", "aaa"},
        {"stripped and signed anew", STIR_SIGNED, STIR_NOTHING_404, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "Identity: x.y.z\r\n", 302, "\r\nIdentity: aaa",
         "x.y.z"},
        {"stripped", STIR_SIGN_UNSIGNED, STIR_NOTHING_404, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "Identity: x.y.z\r\n", 302, "\r\nContact: ", "Identity"},
        {"refused", STIR_SIGN_REFUSED, STIR_NOTHING_302, STIR_IDENTITY_IN_HEADER, "", "sip:1@as", "", 403,
         "\r\nReason: SIP;cause=403;text=\"No \\\"contract\\\"\"\r\n", "Contact"},
    };
    (void)state;
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char text[TEXT];
        support_conf(STIR_ROLE_AS);
        f.sections[0].nothing = rows[i].nothing;
        f.sections[0].identity_in = rows[i].identity_in;
        f.sections[0].contact = rows[i].contact;
        support_open();
        in.result = rows[i].result;
        in.strips = strncmp(rows[i].what, "stripped", 8) == 0;
        int fd = client(SOCK_DGRAM, 0);
        snprintf(text, sizeof(text), "INVITE %s %s", rows[i].ruri, strstr(request("INVITE", i, rows[i].more), "SIP/2.0\r\n"));
        give(fd, text);
        assert_true(hear(fd));
        if (code() != rows[i].code || !strstr(f.text, rows[i].has) || strstr(f.text, rows[i].has_not))
            fail_msg("%s: %s", rows[i].what, f.text);
        assert_int_equal(in.records, 1);
        assert_int_equal(in.record.sip_code, rows[i].code);
        close(fd);
        support_close();
    }
}

static void growth_beyond_1300_bytes_is_told(void **state)
{
    static char long_header[1300];
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    give(fd, request("INVITE", 1, ""));
    assert_true(hear(fd));
    assert_false(in.record.over_1300);
    snprintf(long_header, sizeof(long_header), "X-Long: %0990d\r\n", 0);
    give(fd, request("INVITE", 2, long_header));
    assert_true(hear(fd));
    assert_true(in.record.over_1300);
    in.result = STIR_SIGN_UNSIGNED; /* long, but not for us */
    snprintf(long_header, sizeof(long_header), "X-Long: %01250d\r\n", 0);
    give(fd, request("INVITE", 3, long_header));
    assert_true(hear(fd));
    assert_false(in.record.over_1300);
    assert_int_equal(in.record.bytes_added, 0);
    assert_int_equal(metric("stir_sip_over_1300_total"), 1);
    close(fd);
}

/* An answer that has no room goes without its Identity: the call is worth more. */
static void an_answer_without_room_is_a_bare_redirection(void **state)
{
    static char big[65000];
    int fd = client(SOCK_DGRAM, 0);
    (void)state;
    memset(big, 'i', sizeof(big));
    in.fresh = stir_slice_of(big, sizeof(big));
    static char text[TEXT];
    snprintf(text, sizeof(text), "%s", request("INVITE", 2, ""));
    char *via = strstr(text, "rport;");
    assert_non_null(via);
    static char longer[TEXT];
    snprintf(longer, sizeof(longer), "%.*sx=%0700d;%s", (int)(via - text), text, 0, via);
    give(fd, longer);
    assert_true(hear(fd));
    assert_int_equal(code(), 302);
    assert_has_not("\r\nIdentity: ");
    assert_has("\r\nContact: <sip:");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_invite_is_redirected_with_its_identity, open_as, close_down),
        cmocka_unit_test_setup_teardown(who_asks_again_gets_the_same_bytes, open_as, close_down),
        cmocka_unit_test_setup_teardown(another_call_never_gets_those_bytes, open_as, close_down),
        cmocka_unit_test_setup_teardown(who_is_unknown_is_told_403, open_as, close_down),
        cmocka_unit_test_setup_teardown(any_source_is_served_when_the_section_says_so, NULL, close_down),
        cmocka_unit_test_setup_teardown(options_say_whether_the_role_is_ready, open_as, close_down),
        cmocka_unit_test_setup_teardown(an_ack_is_absorbed, open_as, close_down),
        cmocka_unit_test_setup_teardown(a_verified_call_goes_on_with_what_the_service_says, open_vs, close_down),
        cmocka_unit_test_setup_teardown(a_call_that_waits_is_told_100_and_answered_later, open_vs, close_down),
        cmocka_unit_test_setup_teardown(what_follows_a_100_is_repeated_until_its_ack, open_vs, close_down),
        cmocka_unit_test_setup_teardown(a_cancel_ends_a_call_that_waits, open_vs, close_down),
        cmocka_unit_test_setup_teardown(what_is_no_sip_is_dropped_and_counted, open_as, close_down),
        cmocka_unit_test_setup_teardown(what_waited_too_long_is_told_503_but_for_emergencies, open_as, close_down),
        cmocka_unit_test_setup_teardown(an_overload_of_strangers_is_counted_and_makes_no_record, NULL, close_down),
        cmocka_unit_test_setup_teardown(a_call_cut_off_by_the_end_has_its_record, open_vs, NULL),
        cmocka_unit_test_setup_teardown(what_an_emergency_call_requires_does_not_hold_it_up, open_as, close_down),
        cmocka_unit_test(answers_are_written_as_the_section_wants),
        cmocka_unit_test_setup_teardown(growth_beyond_1300_bytes_is_told, open_as, close_down),
        cmocka_unit_test_setup_teardown(an_answer_without_room_is_a_bare_redirection, open_as, close_down),
    };
    return cmocka_run_group_tests_name("sip_front", tests, NULL, NULL);
}
