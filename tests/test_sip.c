/* stir/call.h: stir_sip_parse() over the messages of tests/data/sip and over texts made here.
 * Over 600 lines, and one subject: what one reader takes and refuses. */
#include "support.h"

struct message {
    struct stir_slice text;
    struct stir_sip sip;
};

/* Into the caller's own: a message that was read points into itself and is never copied. */
static void read_file(struct message *m, const char *name)
{
    char path[128];
    struct stir_diag diag = {0, ""};
    snprintf(path, sizeof(path), "sip/%s", name);
    m->text = support_file(path);
    if (stir_sip_parse(&m->sip, m->text, &diag) != STIR_OK)
        fail_msg("%s: %s (at %zu)", name, diag.text, diag.offset);
}

/* Identity begins so in all our files. */
#define TOKEN "eyJhbGciOiJFUzI1NiIsInBwdCI6"

static bool begins(struct stir_slice s, const char *text)
{
    return s.n >= strlen(text) && memcmp(s.p, text, strlen(text)) == 0;
}

static bool ends(struct stir_slice s, const char *text)
{
    return s.n >= strlen(text) && memcmp(s.p + s.n - strlen(text), text, strlen(text)) == 0;
}

static void reads_a_plain_invite(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "plain.sip");
    const struct stir_call *call = &m.sip.call;
    assert_int_equal(call->size, sizeof(struct stir_call));
    assert_slice(m.sip.method, "INVITE");
    assert_int_equal(m.sip.status, 0);
    assert_false(call->is_response);
    assert_slice(call->ruri, "sip:+12125550100@vs.example.net;user=phone");
    assert_slice(call->from, "\"Alice Example\" <sip:+12155551212@gw.example.com;user=phone>;tag=a48s");
    assert_slice(call->to, "<sip:+12125550100@vs.example.net;user=phone>");
    assert_slice(call->call_id, "7f3a91c0-plain@192.0.2.10");
    assert_slice(call->cseq, "102 INVITE");
    assert_slice(call->date, "Sun, 18 Oct 2026 16:00:00 GMT");
    assert_slice(call->display_name, "Alice Example");
    assert_int_equal(call->n_identity, 1);
    assert_int_equal(m.sip.identities_seen, 1);
    assert_true(begins(call->identity[0], TOKEN) && ends(call->identity[0], "alg=ES256;ppt=shaken"));
    assert_int_equal(call->n_pai, 0);
    assert_int_equal(call->n_fingerprints, 0);
    assert_null(call->priority.p);
    assert_int_equal(call->n_resource_priority, 0);
    assert_slice(m.sip.eol, "\r\n");
    support_free(m.text);
}

static void places_head_body_and_insertions(void **state)
{
    (void)state;
    static const char *const names[] = {"plain.sip", "unsigned.sip", "lf-only.sip", "folded.sip", "redirect.sip"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct message m;
        read_file(&m, names[i]);
        const struct stir_sip *sip = &m.sip;
        assert_ptr_equal(sip->head.p, m.text.p);
        assert_int_equal(sip->head.n + sip->body.n, m.text.n);
        assert_ptr_equal(sip->body.p, m.text.p + sip->head.n);
        assert_int_equal(sip->identity_at + sip->eol.n, sip->head.n);
        assert_memory_equal(m.text.p + sip->identity_at, sip->eol.p, sip->eol.n);
        assert_ptr_equal(strstr(m.text.p, "\n") + 1, m.text.p + sip->date_at);
        support_free(m.text);
    }
}

static void inserted_headers_are_read_back(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "unsigned.sip");
    char text[2048];
    int n = snprintf(text, sizeof(text), "%.*sDate: then\r\n%.*sIdentity: now\r\n%s", (int)m.sip.date_at, m.text.p, (int)(m.sip.identity_at - m.sip.date_at),
                     m.text.p + m.sip.date_at, m.text.p + m.sip.identity_at);
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, stir_slice_of(text, (size_t)n), NULL), STIR_OK);
    assert_slice(sip.call.date, "then");
    assert_int_equal(sip.call.n_identity, 1);
    assert_slice(sip.call.identity[0], "now");
    assert_slice(sip.call.from, "Alice Example <sip:+12155551212@gw.example.com>;tag=u1");
    support_free(m.text);
}

static void keeps_tel_uris(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "tel.sip");
    assert_slice(m.sip.call.ruri, "tel:+1-212-555-0100");
    assert_slice(m.sip.call.from, "<tel:+1-215-555-1212;cpc=ordinary>;tag=t1");
    assert_null(m.sip.call.display_name.p);
    support_free(m.text);
}

static void cuts_p_asserted_identity_outside_quotes_and_brackets(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "pai.sip");
    assert_int_equal(m.sip.call.n_pai, 4);
    assert_slice(m.sip.call.pai[0], "\"Example, Inc. \\\"HQ\\\"\" <sip:+12155551212@gw.example.com;user=phone>");
    assert_slice(m.sip.call.pai[1], "<tel:+12155551212>");
    assert_slice(m.sip.call.pai[2], "<sip:hq,main@gw.example.com>");
    assert_slice(m.sip.call.pai[3], "sip:reception@gw.example.com");
    support_free(m.text);
}

static void takes_every_resource_priority_and_the_first_priority(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "pai.sip");
    assert_int_equal(m.sip.call.n_resource_priority, 2);
    assert_slice(m.sip.call.resource_priority[0], "ets.0, wps.1");
    assert_slice(m.sip.call.resource_priority[1], "q735.3");
    assert_slice(m.sip.call.priority, "urgent");
    support_free(m.text);
}

/*= RFC3261-7.3.1 test */
static void values_keep_their_folds(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "folded.sip");
    const struct stir_call *call = &m.sip.call;
    assert_slice(call->from, "\"Alice\r\n  Example\"\r\n\t<sip:+12155551212@gw.example.com>\r\n ;tag=f1");
    assert_slice(call->display_name, "Alice\r\n  Example");
    assert_slice(call->to, "<sip:+12125550100@vs.example.net>");
    assert_slice(call->call_id, "7f3a91c0-folded@192.0.2.10");
    assert_slice(call->cseq, "0009\r\n  INVITE");
    assert_slice(call->date, "Sun, 18 Oct 2026\r\n 16:00:00 GMT");
    assert_int_equal(call->n_pai, 2);
    assert_slice(call->pai[0], "<tel:+12155551212>");
    assert_slice(call->pai[1], "<sip:+12155551212@gw.example.com>");
    assert_int_equal(call->n_identity, 1);
    assert_true(begins(call->identity[0], TOKEN) && ends(call->identity[0], "\r\n ;alg=ES256\r\n ;ppt=shaken"));
    support_free(m.text);
}

static void reads_compact_names(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "compact.sip");
    const struct stir_call *call = &m.sip.call;
    assert_slice(call->from, "\"Alice\" <sip:+12155551212@gw.example.com>;tag=c1");
    assert_slice(call->to, "sip:+12125550100@vs.example.net");
    assert_slice(call->call_id, "7f3a91c0-compact@192.0.2.10");
    assert_int_equal(call->n_identity, 1);
    assert_true(begins(call->identity[0], TOKEN));
    assert_int_equal(call->n_fingerprints, 2);
    support_free(m.text);
}

static void reads_files_that_lost_the_cr(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "lf-only.sip");
    assert_slice(m.sip.eol, "\n");
    assert_slice(m.sip.call.date, "Sun, 18 Oct 2026 16:00:00 GMT");
    assert_int_equal(m.sip.call.n_fingerprints, 2);
    assert_slice(m.sip.call.fingerprints[0], "sha-256 02:1A:CC:54:27:AB:EB:9C:53:3F:3E:4B:65:2E:7D:46:3F:54:42:CD:54:F1:7A:03:A2:7D:F9:B0:7F:46:19:B2");
    assert_slice(m.sip.call.fingerprints[1], "sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB:3C:12:DF:3E:5D:49:6B:19:E5:7C:AB:01");
    support_free(m.text);
}

static void reads_a_response(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "redirect.sip");
    assert_int_equal(m.sip.status, 302);
    assert_true(m.sip.call.is_response);
    assert_null(m.sip.method.p);
    assert_null(m.sip.call.ruri.p);
    assert_int_equal(m.sip.call.n_identity, 1);
    support_free(m.text);
}

static void each_identity_header_is_one_value(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "two-identities.sip");
    assert_int_equal(m.sip.call.n_identity, 2);
    assert_true(ends(m.sip.call.identity[0], "ppt=shaken"));
    assert_true(ends(m.sip.call.identity[1], "ppt=\"div\""));
    support_free(m.text);

    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, S("SIP/2.0 200\r\nIdentity: a.b.c, d.e.f\r\ny:\r\n\r\n"), NULL), STIR_OK);
    assert_int_equal(sip.call.n_identity, 2);
    assert_slice(sip.call.identity[0], "a.b.c, d.e.f");
    assert_slice(sip.call.identity[1], "");
}

static void finds_fingerprints_in_the_sdp_parts_of_a_multipart(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "multipart.sip");
    assert_int_equal(m.sip.call.n_fingerprints, 2);
    assert_slice(m.sip.call.fingerprints[0], "sha-256 22:22");
    assert_slice(m.sip.call.fingerprints[1], "sha-384 33:33");
    support_free(m.text);
}

static void bears_what_is_odd_but_legal(void **state)
{
    (void)state;
    struct message m;
    read_file(&m, "torture-legal.sip");
    const struct stir_call *call = &m.sip.call;
    assert_slice(m.sip.method, "A!%odd*Method_+~'`-.");
    assert_slice(call->ruri, "sip:o~d.user(1)&co=+$/way?,;x:p&w=1$@example.org;p;q=%00?h=v");
    assert_slice(call->to, "\"\\\x07 bell \\\x7f <not> ; , an address\" <sip:t@example.org>");
    assert_slice(call->from, "\"\\\\\" <sip:f%00@example.org> ; x = \",\" ; tag=9");
    assert_slice(call->display_name, "\\\\");
    assert_slice(call->call_id, "w0rd@of.(){}[]<>\"?:/");
    assert_slice(call->cseq, "0000000004\r\n A!%odd*Method_+~'`-.");
    assert_int_equal(call->n_pai, 2);
    assert_slice(call->pai[0], "<tel:+1>");
    assert_slice(call->pai[1], "\"\\\",<x>\" <tel:+2>");
    support_free(m.text);
}

#define REQUEST "INVITE sip:b@example.org SIP/2.0\r\n"

/* What is refused, where, and the word that the diagnosis must have. */
static void refuses_what_two_readers_could_read_differently(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t offset;
        const char *says;
    } rows[] = {
        {"From twice", REQUEST "From: a\r\nf: b\r\n\r\n", 46, "From stands twice"},
        {"the same To twice", REQUEST "To: a\r\nTO : a\r\n\r\n", 46, "To stands twice"},
        {"Call-ID twice", REQUEST "Call-ID: a\r\ni: a\r\n\r\n", 49, "Call-ID stands twice"},
        {"CSeq twice", REQUEST "CSeq: 1 A\r\nCSeq:\r\n\r\n", 50, "CSeq stands twice"},
        {"Date twice", REQUEST "Date:\r\ndate: x\r\n\r\n", 47, "Date stands twice"},
        {"Content-Length twice", REQUEST "l: 0\r\nContent-Length: 1\r\n\r\n", 56, "Content-Length stands twice"},
        {"Content-Type twice", REQUEST "c: a/b\r\nContent-Type: a/c\r\n\r\n", 56, "Content-Type stands twice"},
        {"a lone CR", REQUEST "Subject: a\rFrom: b\r\n\r\n", 44, "CR without LF"},
        {"a bare LF among CRLF", REQUEST "Subject: a\nFrom: b\r\n\r\n", 44, "some with LF alone"},
        {"CRLF among bare LF", "INVITE sip:b@example.org SIP/2.0\nFrom: b\r\n\n", 40, "some with LF alone"},
        {"no colon", REQUEST "From a\r\n\r\n", 34, "not a header"},
        {"a space in the name", REQUEST "Fr om: a\r\n\r\n", 34, "not a header"},
        {"no name", REQUEST ": a\r\n\r\n", 34, "not a header"},
        {"a fold behind the start line", REQUEST " From: a\r\n\r\n", 34, "not a header"},
        {"no empty line", REQUEST "From: a\r\n", 43, "ends within its head"},
        {"cut in a header", REQUEST "From: <sip:a", 46, "ends within its head"},
        {"cut in the empty line", REQUEST "\r", 34, "CR without LF"},
        {"a blank that folds the empty line", REQUEST "From: a\r\n \r\n", 46, "ends within its head"},
        {"Content-Length negative", REQUEST "l: -1\r\n\r\n", 37, "not a number"},
        {"Content-Length empty", REQUEST "Content-Length:\r\n\r\n", 49, "not a number"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_sip sip;
        struct stir_diag diag = {0, ""};
        enum stir_err err = stir_sip_parse(&sip, S(rows[i].text), &diag);
        if (err != STIR_ESYNTAX || diag.offset != rows[i].offset || !strstr(diag.text, rows[i].says))
            fail_msg("%s: %s at %zu \"%s\"", rows[i].name, stir_err_name(err), diag.offset, diag.text);
    }
}

static void refuses_from_twice_in_whatever_spelling(void **state)
{
    (void)state;
    struct stir_slice text = support_file("sip/from-twice.sip");
    struct stir_sip sip;
    struct stir_diag diag = {0, ""};
    assert_err(stir_sip_parse(&sip, text, &diag), STIR_ESYNTAX);
    assert_non_null(strstr(diag.text, "From"));
    assert_null(sip.call.from.p);
    support_free(text);
}

static void refuses_nul_in_the_head_but_not_in_the_body(void **state)
{
    (void)state;
    static const char head[] = REQUEST "Subject: a\0b\r\n\r\n";
    static const char quoted[] = REQUEST "To: \"\\\0\" <sip:b@example.org>\r\n\r\n";
    static const char body[] = REQUEST "c: text/plain\r\n\r\na\0b";
    struct stir_sip sip;
    struct stir_diag diag = {0, ""};
    assert_err(stir_sip_parse(&sip, stir_slice_of(head, sizeof(head) - 1), &diag), STIR_ESYNTAX);
    assert_int_equal(diag.offset, 44);
    assert_non_null(strstr(diag.text, "NUL"));
    assert_err(stir_sip_parse(&sip, stir_slice_of(quoted, sizeof(quoted) - 1), NULL), STIR_ESYNTAX);
    assert_err(stir_sip_parse(&sip, stir_slice_of(body, sizeof(body) - 1), NULL), STIR_OK);
    assert_int_equal(sip.body.n, 3);
}

static void judges_start_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
        int status;
    } rows[] = {
        {"INVITE sip:a@b SIP/2.0", true, 0},
        {"invite SIPS:a@b sip/2.0", true, 0},
        {"X tel:+1 SIP/2.0", true, 0},
        {"X urn:service:sos SIP/2.0", true, 0},
        {"X a+b-c.9:x SIP/2.0", true, 0},
        {"SIP/2.0 100 Trying", true, 100},
        {"SIP/2.0 699 ", true, 699},
        {"SIP/2.0 200", true, 200},
        {"sip/2.0 428 Use Identity Header", true, 428},
        {"SIP/2.0 099 x", false, 0},
        {"SIP/2.0 700 x", false, 0},
        {"SIP/2.0 2000 x", false, 0},
        {"SIP/2.0 20 x", false, 0},
        {"SIP/2.0 2x0 x", false, 0},
        {"SIP/2.0  200 x", false, 0},
        {"SIP/2.0\t200 x", false, 0},
        {"SIP/2.0", false, 0},
        {"SIP/2.0200 x", false, 0},
        {"SIP/3.0 200 x", false, 0},
        {"INVITE sip:a@b SIP/7.0", false, 0},
        {"INVITE sip:a@b", false, 0},
        {"INVITE SIP/2.0", false, 0},
        {"INVITE  SIP/2.0", false, 0},
        {"INVITE sip: SIP/2.0", false, 0},
        {"INVITE :a SIP/2.0", false, 0},
        {"INVITE a SIP/2.0", false, 0},
        {"INVITE 1a:b SIP/2.0", false, 0},
        {"INVITE a_b:c SIP/2.0", false, 0},
        {"INVITE sip:a@b  SIP/2.0", false, 0},
        {"INVITE  sip:a@b SIP/2.0", false, 0},
        {"INVITE sip:a@b SIP/2.0 ", false, 0},
        {"INVITE sip:a@b; lr SIP/2.0", false, 0},
        {"INVITE <sip:a@b> SIP/2.0", false, 0},
        {"INVITE sip:\"a\"@b SIP/2.0", false, 0},
        {"INVITE sip:a\x7f@b SIP/2.0", false, 0},
        {"IN(VITE sip:a@b SIP/2.0", false, 0},
        {" INVITE sip:a@b SIP/2.0", false, 0},
        {"GET /index.html HTTP/1.1", false, 0},
        {"\x16\x03\x01", false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[128];
        struct stir_sip sip;
        struct stir_diag diag = {0, ""};
        snprintf(text, sizeof(text), "%s\r\n\r\n", rows[i].line);
        enum stir_err err = stir_sip_parse(&sip, S(text), &diag);
        if (err != (rows[i].good ? STIR_OK : STIR_ESYNTAX) || sip.status != rows[i].status || (!rows[i].good && !strstr(diag.text, "request line or status")))
            fail_msg("\"%s\": %s, %d, \"%s\"", rows[i].line, stir_err_name(err), sip.status, diag.text);
    }
}

static void a_message_of_a_start_line_alone_is_a_message(void **state)
{
    (void)state;
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, S("OPTIONS sip:b@example.org SIP/2.0\n\n"), NULL), STIR_OK);
    assert_null(sip.call.from.p);
    assert_null(sip.call.to.p);
    assert_null(sip.call.date.p);
    assert_int_equal(sip.date_at, sip.identity_at);
    assert_int_equal(sip.body.n, 0);
}

/*= RFC3261-7.5 test */
static void skips_empty_lines_before_the_message(void **state)
{
    (void)state;
    struct stir_sip sip;
    struct stir_slice text = S("\r\n\r\n" REQUEST "From: a\r\n\r\nbody");
    assert_err(stir_sip_parse(&sip, text, NULL), STIR_OK);
    assert_ptr_equal(sip.head.p, text.p + 4);
    assert_int_equal(sip.date_at, 4 + 34);
    assert_int_equal(sip.identity_at, 4 + 34 + 9);
    assert_slice(sip.body, "body");
    assert_err(stir_sip_parse(&sip, S("\r\n\r\n"), NULL), STIR_ESYNTAX);
    assert_err(stir_sip_parse(&sip, S(""), NULL), STIR_ESYNTAX);
}

static void content_length_shortens_but_never_lengthens_the_body(void **state)
{
    (void)state;
    static const struct {
        const char *length;
        size_t body;
    } rows[] = {{"0", 0}, {"3", 3}, {"007", 7}, {"10", 10}, {"11", 10}, {"65536", 10}, {"18446744073709551617", 10}, {"99999999999999999999999999999", 10}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct stir_sip sip;
        snprintf(text, sizeof(text), REQUEST "Content-Length : %s\r\n\r\n0123456789", rows[i].length);
        assert_err(stir_sip_parse(&sip, S(text), NULL), STIR_OK);
        if (sip.body.n != rows[i].body)
            fail_msg("%s: %zu", rows[i].length, sip.body.n);
    }
}

static void fingerprints_are_read_from_sdp_only(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        size_t fingerprints;
    } rows[] = {{"application/sdp", 1},
                {"APPLICATION/SDP;charset=x", 1},
                {"application / sdp", 1},
                {"application/sdpx", 0},
                {"application/sd", 0},
                {"application sdp", 0},
                {"application/", 0},
                {"application", 0},
                {"text/plain", 0},
                {"", 0},
                {"multipart/mixed;boundary=x", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct stir_sip sip;
        snprintf(text, sizeof(text), REQUEST "Content-Type: %s\r\n\r\nv=0\r\na=fingerprint:sha-1 00 \r\nA=fingerprint:x\r\n a=fingerprint:y", rows[i].type);
        assert_err(stir_sip_parse(&sip, S(text), NULL), STIR_OK);
        if (sip.call.n_fingerprints != rows[i].fingerprints)
            fail_msg("%s: %zu", rows[i].type, sip.call.n_fingerprints);
        if (rows[i].fingerprints)
            assert_slice(sip.call.fingerprints[0], "sha-1 00");
    }
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, S(REQUEST "\r\na=fingerprint:sha-1 00\r\n"), NULL), STIR_OK);
    assert_int_equal(sip.call.n_fingerprints, 0);
}

static void finds_display_names(void **state)
{
    (void)state;
    static const struct {
        const char *from, *name;
    } rows[] = {
        {"\"Bob\" <sip:b@c>", "Bob"},
        {"\"Bob\"<sip:b@c>", "Bob"},
        {"\"\" <sip:b@c>", ""},
        {"\"a \\\"b\\\" <c>\" <sip:b@c>", "a \\\"b\\\" <c>"},
        {"Bob  Builder   <sip:b@c>;tag=1", "Bob  Builder"},
        {"Bob<sip:b@c>", "Bob"},
        {"J\xc3\xbcrgen <sip:b@c>", "J\xc3\xbcrgen"},
        {"<sip:b@c>", NULL},
        {"sip:b@c", NULL},
        {"sip:b@c;x=\"<\"", NULL},
        {"\"Bob\" sip:b@c", NULL},
        {"\"Bob <sip:b@c>", NULL},
        {"\"Bob", NULL},
        {"\"Bob\\", NULL},
        {"\"", NULL},
        {"Bob \"x\" <sip:b@c>", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct stir_sip sip;
        snprintf(text, sizeof(text), REQUEST "From: %s\r\n\r\n", rows[i].from);
        assert_err(stir_sip_parse(&sip, S(text), NULL), STIR_OK);
        struct stir_slice name = sip.call.display_name;
        if (rows[i].name ? !name.p || !stir_slice_is(name, rows[i].name) : name.p != NULL)
            fail_msg("%s: \"%.*s\"", rows[i].from, (int)name.n, name.p ? name.p : "(absent)");
    }
}

static void cuts_unbalanced_lists_without_harm(void **state)
{
    (void)state;
    static const struct {
        const char *pai;
        size_t n;
        const char *first;
    } rows[] = {
        {"", 0, ""},           {",,", 0, ""},         {"a,b", 2, "a"},        {"<a,b", 1, "<a,b"},
        {"\"a,b", 1, "\"a,b"}, {"\"a\\", 1, "\"a\\"}, {"<a>,<b>,", 2, "<a>"}, {"<\">,\"<\">", 2, "<\">"},
        {"a\\,b", 2, "a\\"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct stir_sip sip;
        snprintf(text, sizeof(text), REQUEST "P-Asserted-Identity: %s\r\n\r\n", rows[i].pai);
        assert_err(stir_sip_parse(&sip, S(text), NULL), STIR_OK);
        if (sip.call.n_pai != rows[i].n || (rows[i].n && !stir_slice_is(sip.call.pai[0], rows[i].first)))
            fail_msg("%s: %zu", rows[i].pai, sip.call.n_pai);
    }
}

/* REQUEST and n times `line`, then an empty line. */
static struct stir_slice repeat(const char *line, size_t n, const char *behind)
{
    size_t len = strlen(line), head = strlen(REQUEST), cap = head + n * len + strlen(behind) + 8;
    char *text = malloc(cap);
    assert_non_null(text);
    memcpy(text, REQUEST, head);
    for (size_t i = 0; i < n; i++)
        memcpy(text + head + i * len, line, len);
    snprintf(text + head + n * len, cap - head - n * len, "%s", behind);
    return S(text);
}

static void holds_the_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *line;
        size_t n;
        const char *behind;
        enum stir_err err;
        const char *says;
    } rows[] = {
        {"headers, as many as may be", "X: y\r\n", STIR_MAX_SIP_HEADERS, "\r\n", STIR_OK, ""},
        {"headers, one more", "X: y\r\n", STIR_MAX_SIP_HEADERS + 1, "\r\n", STIR_ELIMIT, "headers"},
        {"P-Asserted-Identity, as many as may be", "P-Asserted-Identity: y\r\n", STIR_MAX_PAI, "\r\n", STIR_OK, ""},
        {"P-Asserted-Identity, one more", "P-Asserted-Identity: y\r\n", STIR_MAX_PAI, "P-Asserted-Identity: z\r\n\r\n", STIR_ELIMIT, "P-Asserted-Identity"},
        {"fingerprints, as many as may be", "a=fingerprint:x\r\n", STIR_MAX_FINGERPRINTS, "", STIR_OK, ""},
        {"fingerprints, one more", "a=fingerprint:x\r\n", STIR_MAX_FINGERPRINTS + 1, "", STIR_ELIMIT, "a=fingerprint"},
        {"bytes", "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n zzzzzzzzzzzzzzzzzzzzzz\r\n", 1000, "\r\n", STIR_ELIMIT, "bytes"},
        {"folds of one header are one header", "X: y\r\n", 1, " z\r\n z\r\n z\r\n\r\n", STIR_OK, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice text = repeat(rows[i].line, rows[i].n, rows[i].behind);
        if (strncmp(rows[i].line, "a=", 2) == 0) {
            char *with_head = malloc(text.n + 64);
            assert_non_null(with_head);
            snprintf(with_head, text.n + 64, REQUEST "c: application/sdp\r\n\r\n%s", text.p + strlen(REQUEST));
            support_free(text);
            text = S(with_head);
        }
        struct stir_sip sip;
        struct stir_diag diag = {0, ""};
        enum stir_err err = stir_sip_parse(&sip, text, &diag);
        if (err != rows[i].err || !strstr(diag.text, rows[i].says))
            fail_msg("%s: %s \"%s\"", rows[i].name, stir_err_name(err), diag.text);
        support_free(text);
    }
}

static void reads_a_message_of_the_largest_size(void **state)
{
    (void)state;
    static char text[STIR_MAX_MESSAGE + 1];
    memset(text, 'x', sizeof(text));
    memcpy(text, REQUEST "\r\n", strlen(REQUEST) + 2);
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, stir_slice_of(text, STIR_MAX_MESSAGE), NULL), STIR_OK);
    assert_err(stir_sip_parse(&sip, stir_slice_of(text, STIR_MAX_MESSAGE + 1), NULL), STIR_ELIMIT);
}

static void counts_identities_beyond_the_limit(void **state)
{
    (void)state;
    struct stir_slice text = repeat("Identity: a.b.c\r\n", 40, "\r\n");
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, text, NULL), STIR_OK);
    assert_int_equal(sip.call.n_identity, STIR_MAX_IDENTITIES + 1); /* too many for a verdict to pass */
    assert_int_equal(sip.identities_seen, 40);
    support_free(text);
}

/* Every prefix of a real message is read without reading past its end (the sanitizers watch), and none of its heads is taken for whole. */
static void no_prefix_of_a_head_is_a_message(void **state)
{
    (void)state;
    struct stir_slice text = support_file("sip/folded.sip");
    struct stir_sip sip;
    assert_err(stir_sip_parse(&sip, text, NULL), STIR_OK);
    size_t head = sip.head.n;
    for (size_t n = 0; n < head; n++) {
        char *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, text.p, n);
        assert_err(stir_sip_parse(&sip, stir_slice_of(exact, n), NULL), STIR_ESYNTAX);
        free(exact);
    }
    support_free(text);
}

static void null_arguments_are_refused(void **state)
{
    (void)state;
    struct stir_sip sip;
    struct stir_slice absent = {NULL, 0};
    assert_err(stir_sip_parse(NULL, S("x"), NULL), STIR_EARG);
    assert_err(stir_sip_parse(&sip, absent, NULL), STIR_EARG);
    assert_int_equal(sip.call.size, sizeof(struct stir_call));
}

/*= RFC9795-9.3 RFC9796-6 test */
static void finds_the_call_reason(void **state)
{
    (void)state;
    static const struct {
        const char *call_info, *reason;
    } rows[] = {
        {"<data:>;purpose=jcard;call-reason=\"For your ears only\"", "For your ears only"},
        {"<https://h.example/j.json>;Call-Reason = \"a\"", "a"},
        {"<https://h.example/j.json> ;purpose=icon, <data:>;call-reason=\"b\"", "b"},
        {"<data:>;call-reason=\"a \\\"b\\\"\";purpose=jcard", "a \\\"b\\\""},
        {"<data:>;call-reason=\"\"", ""},
        {"<data:>;call-reason=\"a\"\r\nCall-Info: <data:>;call-reason=\"b\"", "a"},
        {"<data:>;purpose=jcard\r\nCALL-INFO: <data:>;call-reason=\"b\"", "b"},
        {"<data:>;x=\";call-reason=\\\"no\\\"\";call-reason=\"yes\"", "yes"},
        {"<data:;call-reason=\"no\">", NULL},
        {"<data:>;call-reason=a", NULL},
        {"<data:>;call-reason", NULL},
        {"<data:>;call-reason=", NULL},
        {"<data:>;call-reason=\"a", NULL},
        {"<data:>;call-reasons=\"a\"", NULL},
        {"<data:>;x=\"a;call-reason=\"a\"", NULL},
        {"<data:", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        struct stir_sip sip;
        snprintf(text, sizeof(text), REQUEST "Call-Info: %s\r\n\r\n", rows[i].call_info);
        assert_err(stir_sip_parse(&sip, S(text), NULL), STIR_OK);
        struct stir_slice reason = sip.call.call_reason;
        if (rows[i].reason ? !reason.p || !stir_slice_is(reason, rows[i].reason) : reason.p != NULL)
            fail_msg("%s: \"%.*s\"", rows[i].call_info, (int)reason.n, reason.p ? reason.p : "(absent)");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_plain_invite),
        cmocka_unit_test(places_head_body_and_insertions),
        cmocka_unit_test(inserted_headers_are_read_back),
        cmocka_unit_test(keeps_tel_uris),
        cmocka_unit_test(cuts_p_asserted_identity_outside_quotes_and_brackets),
        cmocka_unit_test(takes_every_resource_priority_and_the_first_priority),
        cmocka_unit_test(values_keep_their_folds),
        cmocka_unit_test(reads_compact_names),
        cmocka_unit_test(reads_files_that_lost_the_cr),
        cmocka_unit_test(reads_a_response),
        cmocka_unit_test(each_identity_header_is_one_value),
        cmocka_unit_test(finds_fingerprints_in_the_sdp_parts_of_a_multipart),
        cmocka_unit_test(bears_what_is_odd_but_legal),
        cmocka_unit_test(refuses_what_two_readers_could_read_differently),
        cmocka_unit_test(refuses_from_twice_in_whatever_spelling),
        cmocka_unit_test(refuses_nul_in_the_head_but_not_in_the_body),
        cmocka_unit_test(judges_start_lines),
        cmocka_unit_test(a_message_of_a_start_line_alone_is_a_message),
        cmocka_unit_test(skips_empty_lines_before_the_message),
        cmocka_unit_test(content_length_shortens_but_never_lengthens_the_body),
        cmocka_unit_test(fingerprints_are_read_from_sdp_only),
        cmocka_unit_test(finds_display_names),
        cmocka_unit_test(finds_the_call_reason),
        cmocka_unit_test(cuts_unbalanced_lists_without_harm),
        cmocka_unit_test(holds_the_limits),
        cmocka_unit_test(reads_a_message_of_the_largest_size),
        cmocka_unit_test(counts_identities_beyond_the_limit),
        cmocka_unit_test(no_prefix_of_a_head_is_a_message),
        cmocka_unit_test(null_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
