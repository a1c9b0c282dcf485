/* SIP messages in the text of loggers: where they begin and end, what is taken off, which time is theirs. */
#include "heard.h"

#include "io/sip_log.h"
#include "io/sip_text.h"

#include <time.h>

#define START "INVITE sip:+12125550100@192.0.2.2 SIP/2.0"
#define WANTED START "\r\nCall-ID: a@192.0.2.1\r\nIdentity: a.b.c;info=<https://x/y>\r\n ;alg=ES256\r\n\r\nv=0\r\na=fingerprint:SHA-256 AA\r\n"
enum { AT = 1795253718 }; /* 2026-11-21T09:35:18Z */

struct heard {
    char text[1 << 18];
    size_t n, messages;
    struct stir_sip_log_message first;
};

static void hear(void *arg, const struct stir_sip_log_message *message)
{
    struct heard *heard = arg;
    heard->n = heard_add(heard->text, sizeof(heard->text), heard->n, message->text, message->is_cut);
    if (heard->messages++ == 0)
        heard->first = *message;
}

/* Read `text` in parts of `step` bytes. Answers the lines that are too long. */
static uint64_t read_by(struct heard *heard, struct stir_slice text, size_t step)
{
    struct stir_sip_log *log = NULL;
    *heard = (struct heard){.n = 0};
    assert_err(stir_sip_log_new(&log, hear, heard), STIR_OK);
    for (size_t at = 0; at < text.n; at += step)
        stir_sip_log_feed(log, stir_slice_of(text.p + at, text.n - at < step ? text.n - at : step));
    stir_sip_log_end(log);
    uint64_t long_lines = stir_sip_log_long_lines(log);
    stir_sip_log_free(log);
    return long_lines;
}

static struct heard *read_text(const char *text)
{
    static struct heard heard;
    (void)read_by(&heard, S(text), SIZE_MAX / 2);
    return &heard;
}

#define HEAD(prefix, end) prefix START end prefix "Call-ID: a@192.0.2.1" end prefix "Identity: a.b.c;info=<https://x/y>" end prefix " ;alg=ES256" end prefix end
#define MESSAGE(prefix, end) HEAD(prefix, end) prefix "v=0" end prefix "a=fingerprint:SHA-256 AA" end
#define SYSLOG(text) "2026-11-21T09:35:18.000" text "+00:00 proxy kamailio[77]: "

static const struct {
    const char *name, *text;
    bool has_at;
    uint64_t line;
} logs[] = {
    {"a message alone", MESSAGE("", "\r\n"), false, 1},
    {"with LF", MESSAGE("", "\n"), false, 1},
    {"sngrep",
     "\n2026-11-21 09:35:18.123456 192.0.2.1:5060 -> 192.0.2.2:5070\n" MESSAGE(
         "", "\n") "\n2026-11-21 09:35:19 192.0.2.2:5070 -> 192.0.2.1:5060\nSIP/2.0 100 Trying\nVia: x\n\n",
     true, 3},
    {"ngrep",
     "interface: eth0 (192.0.2.0/24)\n####\nU 2026/11/21 09:35:18.123456 192.0.2.1:5060 -> 192.0.2.2:5070 #5\n" HEAD(
         "", ".\n") "v=0.\na=fingerprint:SHA-256 AA.\n\n\n#",
     true, 4},
    {"Asterisk",
     "[2026-11-21 09:35:18.123] VERBOSE[77] res_pjsip_logger.c: <--- Received SIP request (1200 bytes) from UDP:192.0.2.1:5060 --->\n" MESSAGE(
         "", "\n") "\n<--- Transmitting SIP response (300 bytes) to UDP:192.0.2.1:5060 --->\nSIP/2.0 100 Trying\n\n",
     true, 2},
    {"FreeSWITCH",
     "2026-11-21 09:35:18.10 [DEBUG] sofia.c:1 x\nrecv 1200 bytes from udp/[192.0.2.1]:5060 at 09:35:18.1:\n   ---------\n" MESSAGE("   ",
                                                                                                                                    "\n") "   ---------\n",
     true, 4},
    {"tabs", MESSAGE("\t", "\n"), false, 1},
    {"Kamailio over syslog", MESSAGE(SYSLOG("1"), "\n"), true, 1},
    {"a line of syslog", SYSLOG("1") "INFO: <script>: " MESSAGE("", "#015#012") "\n", true, 1},
    {"a line of JSON", "{\"time\":\"2026-11-21T09:35:18Z\",\"msg\":\"" MESSAGE("", "\\r\\n") "\"}\n", true, 1},
    {"JSON in JSON", "{\"time\":\"2026-11-21T09:35:18Z\",\"msg\":\"{'m':'" MESSAGE("", "\\\\r\\\\n") "'}\"}\n", true, 1},
};

static void each_log_is_read_however_it_comes(void **state)
{
    static struct heard heard;
    static const size_t steps[] = {1, 2, 7, 64, 1 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++)
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            (void)read_by(&heard, S(logs[i].text), steps[k]);
            if (strncmp(heard.text, WANTED "|", sizeof(WANTED)) != 0)
                fail_msg("%s by %zu: found\n%s", logs[i].name, steps[k], heard.text);
            if (heard.first.has_at != logs[i].has_at || heard.first.at != (logs[i].has_at ? AT : 0) || heard.first.line != logs[i].line)
                fail_msg("%s by %zu: time %lld, line %llu", logs[i].name, steps[k], (long long)heard.first.at, (unsigned long long)heard.first.line);
        }
}

static void a_time_is_read_as_loggers_write_it(void **state)
{
    static const struct {
        const char *line;
        int64_t at; /* -1: none */
    } rows[] = {
        {"2026-11-21 09:35:18", AT},         {"2026-11-21T09:35:18Z", AT},        {"2026/11/21 09:35:18.999999 x", AT},
        {"[2026-11-21 09:35:18,123] x", AT}, {"2026-11-21T10:35:18+01:00 x", AT}, {"2026-11-21T10:35:18.5+0100 x", AT},
        {"2026-11-21 04:05:18-05:30", AT},   {"12026-11-21 09:35:18", -1},        {"2026-13-21 09:35:18", -1},
        {"2026-11-00 09:35:18", -1},         {"2026-11-32 09:35:18", -1},         {"2026-11-21 24:35:18", -1},
        {"2026-11-21 09:60:18", -1},         {"2026-11-21 09:35:61", -1},         {"2026-11-21", -1},
        {"1969-11-21 09:35:18", -1},         {"1970-01-01 00:00:00+01:00", -1},   {"Nov 21 09:35:18", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s\n" START "\n\n", rows[i].line);
        struct heard *heard = read_text(text);
        if (heard->messages != 1 || heard->first.has_at != (rows[i].at >= 0) || (rows[i].at >= 0 && heard->first.at != rows[i].at))
            fail_msg("\"%s\": %lld", rows[i].line, heard->first.has_at ? (long long)heard->first.at : -1);
    }
}

static void a_time_without_a_zone_is_local(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "XYZ-2", 1), 0);
    tzset();
    struct heard *heard = read_text("2026-11-21 11:35:18\n" START "\n\n");
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    assert_int_equal(heard->first.at, AT);
}

static void a_time_is_that_of_the_message_behind_it(void **state)
{
    (void)state;
    assert_true(read_text("2026-11-21 09:35:18\n\n\n" START "\n\n")->first.has_at);
    assert_false(read_text("2026-11-21 09:35:18\n\n\n\n" START "\n\n")->first.has_at);
    assert_false(read_text(START "\n\n2026-11-21 09:35:18\n")->first.has_at);
}

static void messages_end_where_they_end(void **state)
{
    static const struct {
        const char *name, *text, *wanted;
    } rows[] = {
        {"two, one behind the other", START "\nA: b\n\n" START "\nC: d\n\n", START "\r\nA: b\r\n\r\n|" START "\r\nC: d\r\n\r\n|"},
        {"requests and responses", "BYE sip:a SIP/2.0\nA: b\n\nSIP/2.0 200 OK\nA: b\n\n", "BYE sip:a SIP/2.0\r\nA: b\r\n\r\n|SIP/2.0 200 OK\r\nA: b\r\n\r\n|"},
        {"what is no header ends the head", START "\nA: b\n[3] other words\nC: d\n", "~" START "\r\nA: b\r\n|"},
        {"and so does another message", START "\nA: b\n" START "\n\n", "~" START "\r\nA: b\r\n|" START "\r\n\r\n|"},
        {"and the end of the file", START "\nA: b\n", "~" START "\r\nA: b\r\n|"},
        {"without an end of line", START "\nA: b", "~" START "\r\nA: b\r\n|"},
        {"what is no SDP ends the body", START "\n\nv=0\nV=0\nv=1\n", START "\r\n\r\nv=0\r\n|"},
        {"a header that is continued", START "\nA: b\n\tc\n\n", START "\r\nA: b\r\n\tc\r\n\r\n|"},
        {"a prefix of another length", "[1] " START "\n[12] A: b\n", "~" START "\r\n|"},
        {"a prefix with other words", "[1] to: " START "\n[2] go: A: b\n[3] do: \n", START "\r\nA: b\r\n\r\n|"},
        {"other methods behind a prefix are none", "x: BYE sip:a SIP/2.0\n", ""},
        {"nor is an INVITE of another version", "INVITE sip:a SIP/3.0\nINVITE sip:a\nINVITE a b SIP/2.0\ninvite sip:a SIP/2.0\nINVITE  SIP/2.0\n", ""},
        {"the word before the message", "INVITE received: " START "\n\n", START "\r\n\r\n|"},
        {"nothing", "", ""},
        {"bytes that are none", "\x01\xff\n\n\r\n", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *heard = read_text(rows[i].text);
        if (strcmp(heard->text, rows[i].wanted) != 0)
            fail_msg("%s: found\n%s", rows[i].name, heard->text);
    }
}

static void a_prefix_has_its_bound(void **state)
{
    static char text[400];
    (void)state;
    for (int n = 256; n <= 257; n++) {
        snprintf(text, sizeof(text), "%*s" START "\n\n", n, ":");
        if (read_text(text)->messages != (n == 256))
            fail_msg("%d bytes before the message: %zu found", n, read_text(text)->messages);
    }
}

static void what_is_too_long_is_told(void **state)
{
    static struct heard heard;
    static char text[1 << 18];
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    (void)state;
    stir_put_text(&w, START "\n");
    while (w.need < 70000)
        stir_put_text(&w, "Header: value\n");
    assert_int_equal(read_by(&heard, stir_slice_of(text, w.need), 4096), 0);
    assert_int_equal(heard.text[0], '~'); /* longer than a message */
    assert_int_equal(heard.messages, 1);
    for (size_t n = STIR_SIP_LOG_LINE; n <= STIR_SIP_LOG_LINE + 1; n++) {
        memset(text, 'x', n);
        snprintf(text + n, 100, "\n" START "\n\n");
        if (read_by(&heard, stir_slice_str(text), 1000) != (n > STIR_SIP_LOG_LINE) || heard.messages != 1)
            fail_msg("a line of %zu bytes", n);
    }
}

/* A line that looks like the beginning of messages again and again takes no longer than another. */
static void hostile_lines_take_no_time(void **state)
{
    static struct heard heard;
    static char text[STIR_SIP_LOG_LINE + 1];
    static const char *const words[] = {"INVITE ", "INVITE x SIP/2.0 ", " SIP/2.0#015#012", "INVITE x SIP/2.0#015#012", "1", "2026-11-21 ", " "};
    (void)state;
    clock_t from = clock();
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (size_t at = 0; at < sizeof(text) - 1; at++)
            text[at] = words[i][at % strlen(words[i])];
        text[sizeof(text) - 1] = '\n';
        for (int round = 0; round < 20; round++)
            (void)read_by(&heard, stir_slice_of(text, sizeof(text)), sizeof(text));
    }
    assert_true(clock() - from < 20 * CLOCKS_PER_SEC); /* a second with sanitizers; quadratic would be minutes */
}

/* ---- io/sip_text ---- */

static void a_head_is_found_however_it_comes(void **state)
{
    static const struct {
        const char *text;
        size_t head;
    } rows[] = {{"A\r\nB: c\r\n\r\nbody", 11}, {"A\nB: c\n\nbody", 8}, {"A\r\nB\r\n\r", 0}, {"A\r\nB\r\n", 0}, {"A\n\r\n", 4}, {"A", 0}, {"", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_slice text = S(rows[i].text);
        size_t scanned = 0, head = 0;
        for (size_t n = 0; n <= text.n && !head; n++)
            head = stir_sip_head(stir_slice_upto(text, n), &scanned);
        if (head != rows[i].head)
            fail_msg("\"%s\": %zu", rows[i].text, head);
    }
}

static void content_length_is_read_in_both_its_names(void **state)
{
    static const struct {
        const char *head;
        size_t n;
    } rows[] = {
        {"A: b\r\nContent-Length: 12\r\n", 12}, {"content-length :  7 \n", 7}, {"l:3\n", 3},       {"A: b\n", 0},         {"L: 999999999\n", 999999999},
        {"l: 1000000000\n", SIZE_MAX},          {"l: -1\n", SIZE_MAX},         {"l:\n", SIZE_MAX}, {"l: 1x\n", SIZE_MAX}, {"Content-Length-X: 4\n", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (stir_sip_content_length(S(rows[i].head)) != rows[i].n)
            fail_msg("\"%s\": %zu", rows[i].head, stir_sip_content_length(S(rows[i].head)));
}

static void a_value_is_that_of_a_whole_line(void **state)
{
    (void)state;
    assert_slice(stir_sip_value(S("INVITE i:x SIP/2.0\r\nVia: y\r\ncall-id : a@b \r\nCall-ID: c\r\n"), "Call-ID", "i"), "a@b");
    assert_slice(stir_sip_value(S("A: b\nI:a\n"), "Call-ID", "i"), "a");
    assert_slice(stir_sip_value(S("i:\n"), "Call-ID", "i"), "");
    assert_null(stir_sip_value(S("A: b\nCall-ID: a@"), "Call-ID", "i").p);
    assert_null(stir_sip_value(S("i\nCall-ID\nx-i: 1\n"), "Call-ID", "i").p);
}

static void one_message_is_told_from_many(void **state)
{
    (void)state;
    assert_true(stir_sip_is_one(S(START "\r\nA: b\r\n\r\nv=0\r\n")));
    assert_true(stir_sip_is_one(S(START)));
    assert_false(stir_sip_is_one(S(START "\n\n" START "\n\n")));
    assert_false(stir_sip_is_one(S("\n" START "\n\n")));
    assert_false(stir_sip_is_one(S(START "\n\nSIP/2.0 200 OK\n")));
    assert_false(stir_sip_is_one(S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_log_is_read_however_it_comes), cmocka_unit_test(a_time_is_read_as_loggers_write_it),
        cmocka_unit_test(a_time_without_a_zone_is_local),    cmocka_unit_test(a_time_is_that_of_the_message_behind_it),
        cmocka_unit_test(messages_end_where_they_end),       cmocka_unit_test(a_prefix_has_its_bound),
        cmocka_unit_test(what_is_too_long_is_told),          cmocka_unit_test(hostile_lines_take_no_time),
        cmocka_unit_test(a_head_is_found_however_it_comes),  cmocka_unit_test(content_length_is_read_in_both_its_names),
        cmocka_unit_test(a_value_is_that_of_a_whole_line),   cmocka_unit_test(one_message_is_told_from_many),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
