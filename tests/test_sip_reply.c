/* Requests read, judged and answered without sockets: what RFC 3261 wants of a redirect server. */
#include "front/sip_frame.h"
#include "front/sip_gate.h"
#include "io/socket.h"

#include "support.h"

static struct sockaddr_storage at(const char *text)
{
    struct stir_address a;
    assert_err(stir_address_parse(&a, S(text), STIR_UDP), STIR_OK);
    return a.at;
}

static char answer_text[STIR_SIP_MAX_REPLY + 1];

static const char *answer_to(const struct stir_sip_request *r, const char *peer, const struct stir_sip_reply *reply)
{
    struct sockaddr_storage from = at(peer);
    size_t n = 0;
    assert_err(stir_sip_reply_write(answer_text, sizeof(answer_text) - 1, &n, r, &from, reply), STIR_OK);
    answer_text[n] = '\0';
    return answer_text;
}

/* ---- The table of requests ---- */

struct row {
    char name[100], step[16], part[120];
    int code;
    char text[4096];
    size_t n;
};

static void add_line(struct row *row, struct stir_slice line)
{
    for (size_t i = 0; i < line.n; i++) {
        unsigned byte;
        if (line.p[i] == '{' && i + 3 < line.n && line.p[i + 3] == '}' && sscanf(line.p + i, "{%2X}", &byte) == 1) {
            row->text[row->n++] = (char)byte;
            i += 3;
        } else {
            row->text[row->n++] = line.p[i];
        }
    }
    memcpy(row->text + row->n, "\r\n", 2);
    row->n += 2;
}

/* The next row of `rest`, which begins with its "===" line. */
static bool take_row(struct stir_slice *rest, struct row *row)
{
    struct stir_slice line;
    char title[300];
    if (!support_line(rest, &line))
        return false;
    snprintf(title, sizeof(title), "%.*s", (int)line.n, line.p);
    memset(row, 0, sizeof(*row));
    char *first = strstr(title, ": ");
    assert_non_null(first);
    snprintf(row->name, sizeof(row->name), "%.*s", (int)(first - title - 4), title + 4);
    assert_true(sscanf(first + 2, "%15s %d %119[^\n]", row->step, &row->code, row->part) >= 1);
    while (rest->n && strncmp(rest->p, "=== ", 4) != 0) {
        assert_true(support_line(rest, &line));
        add_line(row, line);
    }
    return true;
}

static const char *const steps[] = {
    [STIR_SIP_DROP] = "drop", [STIR_SIP_ABSORB] = "absorb", [STIR_SIP_REPLY] = "reply", [STIR_SIP_CANCEL] = "cancel", [STIR_SIP_SERVE] = "serve"};

/* All Via values of the request stand in the answer, in their order. */
static void vias_are_echoed(const struct row *row, const struct stir_sip_request *r, const char *answer)
{
    const char *from = answer;
    for (size_t i = 1; i < r->n_vias; i++) {
        char via[600];
        snprintf(via, sizeof(via), "\r\nVia: %.*s\r\n", (int)r->vias[i].n, r->vias[i].p);
        from = strstr(from, via);
        if (!from)
            fail_msg("%s: \"%s\" is not in its place", row->name, via);
    }
}

static void judge_row(const struct row *row)
{
    static struct stir_sip_request r;
    struct stir_sip_verdict verdict;
    struct stir_sip_gate gate = {.known = true, .ready = true};
    stir_sip_request_read(&r, stir_slice_of(row->text, row->n));
    stir_sip_gate(&verdict, &r, &gate);
    if (strcmp(steps[verdict.step], row->step) != 0 || verdict.code != row->code)
        fail_msg("%s: %s %d (%s), not %s %d", row->name, steps[verdict.step], verdict.code, verdict.phrase, row->step, row->code);
    if (verdict.step != STIR_SIP_REPLY)
        return;
    struct stir_sip_reply reply = {.code = verdict.code, .phrase = verdict.phrase, .tag = "ourtag", .lines = S(verdict.lines)};
    const char *answer = answer_to(&r, "192.0.2.10:5062", &reply);
    if (!strstr(answer, row->part))
        fail_msg("%s: no \"%s\" in %s", row->name, row->part, answer);
    vias_are_echoed(row, &r, answer);
    /* An answer is a message that can be read. */
    static struct stir_sip again;
    struct stir_diag diag = {0, ""};
    if (stir_sip_parse(&again, S(answer), &diag) != STIR_OK || again.status != row->code)
        fail_msg("%s: the answer cannot be read: %s: %s", row->name, diag.text, answer);
    if (row->code != 403) {
        gate.known = false;
        stir_sip_gate(&verdict, &r, &gate);
        assert_int_equal(verdict.code, r.fault ? row->code : 403);
    }
}

/*= RFC3261-8.2 test */
static void requests_are_judged_in_the_order_of_the_rfc(void **state)
{
    struct stir_slice all = support_file("sip-server/requests.txt");
    struct stir_slice rest = all, line;
    static struct row row;
    size_t n = 0;
    (void)state;
    while (rest.n && strncmp(rest.p, "=== ", 4) != 0)
        assert_true(support_line(&rest, &line));
    for (; take_row(&rest, &row); n++)
        judge_row(&row);
    assert_true(n > 40);
    support_free(all);
}

static const char plain[] = "INVITE sip:bob@example.com SIP/2.0\r\n"
                            "Via: %s\r\n"
                            "From: <sip:alice@example.com>;tag=1\r\n"
                            "To: <sip:bob@example.com>\r\n"
                            "Call-ID: 1\r\n"
                            "CSeq: 1 INVITE\r\n\r\n";

static const struct stir_sip_request *with_via(const char *via)
{
    static struct stir_sip_request r;
    static char text[4096];
    snprintf(text, sizeof(text), plain, via);
    stir_sip_request_read(&r, S(text));
    return &r;
}

/*= RFC3261-18.2.1 test */
/*= RFC3581-4 test */
/*= RFC3261-18.2.2 test */
static void answers_go_where_via_and_the_packet_say(void **state)
{
    static const struct {
        const char *via, *peer, *answer, *to;
    } rows[] = {
        {"SIP/2.0/UDP 192.0.2.10:5062;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10:5062;branch=b", "192.0.2.10:5062"},
        {"SIP/2.0/UDP 192.0.2.10;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;branch=b", "192.0.2.10:5060"},
        {"SIP/2.0/UDP host.example.com;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP host.example.com;branch=b;received=192.0.2.10", "192.0.2.10:5060"},
        {"SIP/2.0/UDP 10.0.0.1:5070;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 10.0.0.1:5070;branch=b;received=192.0.2.10", "192.0.2.10:5070"},
        {"SIP/2.0/UDP 192.0.2.10;rport;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;branch=b;received=192.0.2.10;rport=7000", "192.0.2.10:7000"},
        {"SIP/2.0/UDP 192.0.2.10 ; branch=b ; rport", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;branch=b;received=192.0.2.10;rport=7000", "192.0.2.10:7000"},
        /* what the sender says of itself is not believed */
        {"SIP/2.0/UDP 192.0.2.10;received=198.51.100.1;rport=99;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;branch=b;received=192.0.2.10;rport=7000",
         "192.0.2.10:7000"},
        {"SIP/2.0/UDP 192.0.2.10;received=198.51.100.1;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;branch=b", "192.0.2.10:5060"},
        {"SIP/2.0/UDP 192.0.2.10;maddr=198.51.100.1;branch=b", "192.0.2.10:7000", "SIP/2.0/UDP 192.0.2.10;maddr=198.51.100.1;branch=b", "192.0.2.10:5060"},
        {"SIP/2.0/UDP [2001:db8::1]:5062;branch=b", "[2001:db8::1]:7000", "SIP/2.0/UDP [2001:db8::1]:5062;branch=b", "[2001:db8::1]:5062"},
        {"SIP/2.0/UDP [2001:DB8:0::1]:5062;branch=b", "[2001:db8::1]:7000", "SIP/2.0/UDP [2001:DB8:0::1]:5062;branch=b", "[2001:db8::1]:5062"},
        {"SIP/2.0/UDP [2001:db8::2];branch=b;rport", "[2001:db8::1]:7000", "SIP/2.0/UDP [2001:db8::2];branch=b;received=2001:db8::1;rport=7000",
         "[2001:db8::1]:7000"},
        {"SIP/2.0/UDP 192.0.2.10;branch=b, SIP/2.0/TCP other.example.com;x=\"a,b\"", "192.0.2.10:7000",
         "SIP/2.0/UDP 192.0.2.10;branch=b, SIP/2.0/TCP other.example.com;x=\"a,b\"", "192.0.2.10:5060"},
    };
    struct stir_sip_reply reply = {.code = 302, .phrase = "Moved Temporarily", .tag = "t"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[300], to[STIR_ADDRESS_TEXT];
        const struct stir_sip_request *r = with_via(rows[i].via);
        if (!r->answerable)
            fail_msg("%s cannot be answered: %s", rows[i].via, r->phrase);
        snprintf(line, sizeof(line), "\r\nVia: %s\r\n", rows[i].answer);
        if (!strstr(answer_to(r, rows[i].peer, &reply), line))
            fail_msg("%s: no \"%s\" in %s", rows[i].via, line, answer_text);
        struct sockaddr_storage peer = at(rows[i].peer), there = stir_sip_reply_to(r, &peer);
        stir_address_text(to, sizeof(to), &there);
        assert_string_equal(to, rows[i].to);
    }
}

static void a_via_that_cannot_be_read_is_not_answered(void **state)
{
    static const char *const rows[] = {"",
                                       "SIP/2.0/UDP",
                                       "SIP/2.0/UDP ;branch=b",
                                       "SIP/2.0 192.0.2.1",
                                       "SIP/2.0/UDP192.0.2.1",
                                       "SIP/2.0/UDP 192.0.2.1:99999",
                                       "SIP/2.0/UDP 192.0.2.1:x",
                                       "SIP/2.0/UDP [2001:db8::1;branch=b",
                                       "SIP/2.0/UDP a b;branch=b",
                                       ", SIP/2.0/UDP 192.0.2.1"};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (with_via(rows[i])->answerable)
            fail_msg("\"%s\" is taken for a Via", rows[i]);
}

/*= RFC3261-8.2.6.2 test */
static void our_tag_is_put_into_to_once(void **state)
{
    static struct stir_sip_request r;
    struct stir_sip_reply reply = {.code = 481, .phrase = "x", .tag = "ours"};
    (void)state;
    stir_sip_request_read(
        &r,
        S("BYE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: \"x;tag=no\" <sip:b@c;tag=no>;tag=theirs\r\nCall-ID: "
          "1\r\nCSeq: 1 BYE\r\n\r\n"));
    assert_true(stir_slice_is(r.to_tag, "theirs"));
    assert_null(strstr(answer_to(&r, "192.0.2.1:5060", &reply), "ours"));
    stir_sip_request_read(
        &r, S("BYE sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:a@b>;tag=1\r\nTo: \"x;tag=no\" <sip:b@c;tag=no>\r\nCall-ID: "
              "1\r\nCSeq: 1 BYE\r\n\r\n"));
    assert_int_equal(r.to_tag.n, 0);
    assert_non_null(strstr(answer_to(&r, "192.0.2.1:5060", &reply), "\r\nTo: \"x;tag=no\" <sip:b@c;tag=no>;tag=ours\r\n"));
}

/* ---- Contact ---- */

static void a_contact_is_the_request_uri_with_another_host(void **state)
{
    static const struct {
        const char *ruri, *host, *contact;
    } rows[] = {
        {"sip:+12155551213@as.example.net;user=phone", "", "<sip:+12155551213@as.example.net;user=phone>"},
        {"sip:+12155551213@as.example.net;user=phone", "sbc.example.com:5080", "<sip:+12155551213@sbc.example.com:5080;user=phone>"},
        {"sip:+12155551213;npdi;rn=+12155550000@as.example.net:5060;user=phone;transport=udp", "sbc.example.com",
         "<sip:+12155551213;npdi;rn=+12155550000@sbc.example.com;user=phone;transport=udp>"},
        {"sips:a;b?c@[2001:db8::1]:5061", "[2001:db8::2]", "<sips:a;b?c@[2001:db8::2]>"},
        {"sip:as.example.net;lr", "sbc.example.com", "<sip:sbc.example.com;lr>"},
        {"SIP:1@as", "sbc", "<SIP:1@sbc>"},
        {"tel:+12155551213;npdi", "sbc.example.com", "<tel:+12155551213;npdi>"},
        {"urn:service:sos", "sbc.example.com", "<urn:service:sos>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char buf[400], line[300];
        size_t n;
        struct stir_writer w = stir_writer_of(buf, sizeof(buf) - 1);
        struct stir_sip_contact contact = {.ruri = S(rows[i].ruri), .host = rows[i].host, .date = ""};
        stir_sip_put_contact(&w, &contact);
        assert_err(stir_writer_close(&w, &n), STIR_OK);
        snprintf(line, sizeof(line), "Contact: %s\r\n", rows[i].contact);
        assert_string_equal(buf, line);
    }
}

static void an_embedded_identity_is_escaped(void **state)
{
    char buf[600];
    size_t n;
    const struct stir_slice identities[] = {S("a.b-_c;info=<https://cr.example.com/x?y=1&z>;alg=ES256;ppt=\"shaken\""), S("x\r\n y")};
    struct stir_writer w = stir_writer_of(buf, sizeof(buf) - 1);
    struct stir_sip_contact contact = {
        .ruri = S("sip:1@as;user=phone"), .host = "sbc", .embedded = identities, .n_embedded = 2, .date = "Sat, 21 Nov 2026 12:00:00 GMT"};
    (void)state;
    stir_sip_put_contact(&w, &contact);
    assert_err(stir_writer_close(&w, &n), STIR_OK);
    assert_string_equal(buf,
                        "Contact: <sip:1@sbc;user=phone?Identity=a.b-_c%3Binfo%3D%3Chttps://cr.example.com/x?y%3D1%26z%3E%3Balg%3DES256%3Bppt%3D%22shaken%22"
                        "&Identity=x%20y&Date=Sat%2C%2021%20Nov%202026%2012:00:00%20GMT>\r\n");
}

static void a_reason_is_quoted(void **state)
{
    char buf[200];
    size_t n;
    struct stir_writer w = stir_writer_of(buf, sizeof(buf) - 1);
    (void)state;
    stir_sip_put_reason(&w, 403, "No \"contract\" \\");
    assert_err(stir_writer_close(&w, &n), STIR_OK);
    assert_string_equal(buf, "Reason: SIP;cause=403;text=\"No \\\"contract\\\" \\\\\"\r\n");
}

/* ---- Frames ---- */

static void a_stream_is_cut_by_its_lengths(void **state)
{
    static const struct {
        const char *stream;
        enum stir_sip_frame_kind what;
        size_t n; /* BAD: all */
    } rows[] = {
        {"\r\n\r\n", STIR_SIP_FRAME_PING, 4},
        {"\r\n\r\nA: b", STIR_SIP_FRAME_PING, 4},
        {"\r\n", STIR_SIP_FRAME_MORE, 0},
        {"\r", STIR_SIP_FRAME_MORE, 0},
        {"\r\nOPTIONS", STIR_SIP_FRAME_BLANK, 2},
        {"\nOPTIONS", STIR_SIP_FRAME_BLANK, 1},
        {"OPTIONS sip:a SIP/2.0\r\nA: b\r\n", STIR_SIP_FRAME_MORE, 0},
        {"X y z\r\nContent-Length: 0\r\n\r\nNEXT", STIR_SIP_FRAME_MESSAGE, 28},
        {"X y z\r\nl: 3\r\n\r\nabcNEXT", STIR_SIP_FRAME_MESSAGE, 18},
        {"X y z\r\ncontent-length :3\r\n\r\nab", STIR_SIP_FRAME_MORE, 0},
        {"X y z\nl: 1\n\nabc", STIR_SIP_FRAME_MESSAGE, 13},
        {"X y z\r\nA: b\r\n\r\n", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl: 1\r\nl: 1\r\n\r\na", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl: 1\r\nContent-Length: 2\r\n\r\nab", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl:\r\n 1\r\n\r\na", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl: -1\r\n\r\n", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl: 65535\r\n\r\n", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nl: 18446744073709551617\r\n\r\na", STIR_SIP_FRAME_BAD, 0},
        {"X y z\r\nA: b\r\n l: 0\r\nl: 1\r\n\r\na", STIR_SIP_FRAME_MESSAGE, 29},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_sip_frame frame;
        stir_sip_frame(&frame, S(rows[i].stream));
        if (frame.what != rows[i].what || frame.n != (rows[i].what == STIR_SIP_FRAME_BAD ? strlen(rows[i].stream) : rows[i].n))
            fail_msg("\"%s\": %d of %zu bytes", rows[i].stream, (int)frame.what, frame.n);
        assert_true((frame.code != 0) == (frame.what == STIR_SIP_FRAME_BAD));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged_in_the_order_of_the_rfc),
        cmocka_unit_test(answers_go_where_via_and_the_packet_say),
        cmocka_unit_test(a_via_that_cannot_be_read_is_not_answered),
        cmocka_unit_test(our_tag_is_put_into_to_once),
        cmocka_unit_test(a_contact_is_the_request_uri_with_another_host),
        cmocka_unit_test(an_embedded_identity_is_escaped),
        cmocka_unit_test(a_reason_is_quoted),
        cmocka_unit_test(a_stream_is_cut_by_its_lengths),
    };
    return cmocka_run_group_tests_name("sip_reply", tests, NULL, NULL);
}
