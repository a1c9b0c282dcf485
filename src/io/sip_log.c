#define _GNU_SOURCE /* memmem, timegm */
#include "io/sip_log.h"

#include "core/bytes.h"
#include "core/time.h"
#include "io/sip_text.h"

#include <stdlib.h>
#include <stir/limits.h>
#include <time.h>

enum { PREFIX_MAX = 256, TIME_LINES = 3 };

enum part { OUTSIDE, HEAD, BODY };

struct stir_sip_log {
    stir_sip_log_sink *sink;
    void *arg;
    uint64_t lines, long_lines;
    char line[STIR_SIP_LOG_LINE];
    size_t n;
    bool is_long;

    enum part part;
    char prefix[PREFIX_MAX]; /* what stood before the first line of the message */
    size_t n_prefix;
    bool has_dots; /* ngrep writes a dot for the CR of each line */
    char message[STIR_MAX_MESSAGE];
    size_t n_message;
    uint64_t began;

    int64_t at; /* the last time that was written, and where */
    uint64_t at_line;
};

enum stir_err stir_sip_log_new(struct stir_sip_log **out, stir_sip_log_sink *sink, void *arg)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return STIR_ENOMEM;
    (*out)->sink = sink;
    (*out)->arg = arg;
    return STIR_OK;
}

void stir_sip_log_free(struct stir_sip_log *log)
{
    free(log);
}

uint64_t stir_sip_log_lines(const struct stir_sip_log *log)
{
    return log->lines;
}

uint64_t stir_sip_log_long_lines(const struct stir_sip_log *log)
{
    return log->long_lines;
}

/* ---- Times ---- */

/* Digits by a pattern: 'd' is a digit, '-' a date's separator, others themselves, ' ' also 'T'. */
static bool fits(struct stir_slice s, const char *pattern)
{
    size_t i = 0;
    for (; pattern[i]; i++) {
        if (i >= s.n)
            return false;
        char c = s.p[i];
        bool good = pattern[i] == 'd'   ? stir_is_digit(c)
                    : pattern[i] == '-' ? c == '-' || c == '/'
                    : pattern[i] == ' ' ? c == ' ' || c == 'T'
                                        : c == pattern[i];
        if (!good)
            return false;
    }
    return true;
}

static int number(struct stir_slice s, size_t at, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n; i++)
        value = value * 10 + (s.p[at + i] - '0');
    return value;
}

/* Seconds east of UTC; false when no zone is written. */
static bool read_zone(struct stir_slice s, int *east)
{
    *east = 0;
    if (s.n && s.p[0] == 'Z')
        return true;
    bool colon = s.n && (s.p[0] == '+' || s.p[0] == '-') && fits(stir_slice_from(s, 1), "dd:dd");
    if (!colon && !(s.n && (s.p[0] == '+' || s.p[0] == '-') && fits(stir_slice_from(s, 1), "dddd")))
        return false;
    *east = (number(s, 1, 2) * 60 + number(s, colon ? 4 : 3, 2)) * (s.p[0] == '-' ? -60 : 60);
    return true;
}

/* "2026-11-21 09:35:18.123456", "2026/11/21T09:35:18+01:00" at the start of `s`. */
static bool read_time(struct stir_slice s, int64_t *out)
{
    static const char pattern[] = "dddd-dd-dd dd:dd:dd";
    int east;
    if (!fits(s, pattern))
        return false;
    struct tm tm = {.tm_year = number(s, 0, 4) - 1900, .tm_mon = number(s, 5, 2) - 1, .tm_mday = number(s, 8, 2), .tm_isdst = -1};
    tm.tm_hour = number(s, 11, 2);
    tm.tm_min = number(s, 14, 2);
    tm.tm_sec = number(s, 17, 2);
    if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    s = stir_slice_from(s, sizeof(pattern) - 1);
    if (s.n && (s.p[0] == '.' || s.p[0] == ','))
        s = stir_slice_from(s, 1);
    while (s.n && stir_is_digit(s.p[0]))
        s = stir_slice_from(s, 1);
    bool has_zone = read_zone(s, &east);
    time_t at = has_zone ? timegm(&tm) - east : mktime(&tm);
    if (at < 0 || at > STIR_TIME_MAX)
        return false;
    *out = at;
    return true;
}

static void note_time(struct stir_sip_log *log, struct stir_slice line)
{
    enum { WITHIN = 128 }; /* bytes of the line: loggers write the time in front */
    for (size_t i = 0; i < line.n && i < WITHIN; i++)
        if (stir_is_digit(line.p[i]) && (i == 0 || !stir_is_digit(line.p[i - 1])) && read_time(stir_slice_from(line, i), &log->at)) {
            log->at_line = log->lines;
            return;
        }
}

/* ---- Messages ---- */

static void finish(struct stir_sip_log *log, bool is_cut)
{
    if (log->part == OUTSIDE)
        return;
    struct stir_sip_log_message m = {.line = log->began, .is_cut = is_cut, .text = stir_slice_of(log->message, log->n_message)};
    m.has_at = log->at_line && log->at_line <= log->began && log->at_line + TIME_LINES >= log->began;
    m.at = m.has_at ? log->at : 0;
    log->part = OUTSIDE;
    log->sink(log->arg, &m);
}

static void put(struct stir_sip_log *log, struct stir_slice line)
{
    struct stir_writer w = {log->message, sizeof(log->message), log->n_message};
    stir_put_slice(&w, line);
    stir_put_text(&w, "\r\n");
    if (w.need <= w.cap)
        log->n_message = w.need;
    else
        finish(log, true); /* longer than a message may be */
}

static struct stir_slice without_dot(struct stir_slice line)
{
    return line.n && line.p[line.n - 1] == '.' ? stir_slice_upto(line, line.n - 1) : line;
}

/* Where a message begins in a line; line.n when none does. */
static size_t find_start(struct stir_slice line, bool *dots)
{
    static const char method[] = "INVITE ";
    size_t at = 0;
    while (at < line.n && stir_is_space(line.p[at]))
        at++;
    for (bool first = true; at < line.n; first = false) {
        struct stir_slice rest = stir_slice_from(line, at);
        if (!first) {
            const char *found = memmem(rest.p, rest.n, method, sizeof(method) - 1);
            if (!found)
                return line.n;
            at = (size_t)(found - line.p);
            rest = stir_slice_from(line, at);
        }
        *dots = !stir_sip_starts(rest) && stir_sip_starts(without_dot(rest));
        if (*dots || stir_sip_starts(rest))
            return at;
        at += !first;
    }
    return line.n;
}

static bool begin(struct stir_sip_log *log, struct stir_slice line)
{
    bool dots = false;
    size_t at = find_start(line, &dots);
    if (at == line.n || at > PREFIX_MAX)
        return false;
    finish(log, log->part == HEAD);
    memcpy(log->prefix, line.p, at);
    log->n_prefix = at;
    log->has_dots = dots;
    log->n_message = 0;
    log->began = log->lines;
    log->part = HEAD;
    struct stir_slice start = stir_slice_from(line, at);
    put(log, dots ? without_dot(start) : start);
    return true;
}

/* A line of the message without what the logger put in front: the same indentation, the same words, or as many other ones with the same end ("... kamailio[7]:
 * "). */
static struct stir_slice strip(const struct stir_sip_log *log, struct stir_slice line)
{
    enum { TAIL = 3 };
    size_t n = log->n_prefix, blanks = 0;
    if (log->has_dots)
        line = without_dot(line);
    while (blanks < n && blanks < line.n && stir_is_space(line.p[blanks]) && stir_is_space(log->prefix[blanks]))
        blanks++;
    bool same = n > TAIL && line.n >= n && memcmp(line.p + n - TAIL, log->prefix + n - TAIL, TAIL) == 0;
    return stir_slice_from(line, same ? n : blanks);
}

static bool is_header(struct stir_slice line)
{
    size_t colon = stir_slice_find(line, ':');
    struct stir_slice name = stir_slice_trim(stir_slice_upto(line, colon));
    return stir_is_space(line.p[0]) || (colon < line.n && stir_is_all(name, STIR_C_TOKEN));
}

static bool is_sdp(struct stir_slice line)
{
    return line.n >= 2 && line.p[0] >= 'a' && line.p[0] <= 'z' && line.p[1] == '=';
}

/* A line of a message; false when it belongs to none. */
static bool go_on(struct stir_sip_log *log, struct stir_slice line)
{
    struct stir_slice text = strip(log, line);
    bool blank = stir_slice_trim(text).n == 0;
    if (log->part == OUTSIDE)
        return false;
    if (log->part == HEAD && blank) {
        put(log, stir_slice_of("", 0));
        if (log->part == HEAD)
            log->part = BODY;
        return true;
    }
    if (log->part == HEAD ? is_header(text) : !blank && is_sdp(text)) {
        put(log, text);
        return true;
    }
    finish(log, log->part == HEAD);
    return false;
}

/* ---- Lines ---- */

static void take_line(struct stir_sip_log *log, struct stir_slice line)
{
    bool dots;
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    if (find_start(line, &dots) == line.n && go_on(log, line))
        return;
    note_time(log, line);
    (void)begin(log, line);
}

/* Loggers that keep a message on one line write its line ends as these. */
static const char *const escapes[] = {"#015#012", "\\r\\n", "\\\\r\\\\n"};

/* The escape that follows "SIP/2.0" in a line; NULL for a line that is one line. */
static const char *escape_of(struct stir_slice line)
{
    static const char version[] = " SIP/2.0";
    const char *at = memmem(line.p, line.n, version, sizeof(version) - 1);
    struct stir_slice rest = at ? stir_slice_of(at + sizeof(version) - 1, line.n - (size_t)(at - line.p) - (sizeof(version) - 1)) : stir_slice_of(NULL, 0);
    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (rest.n >= strlen(escapes[i]) && memcmp(rest.p, escapes[i], strlen(escapes[i])) == 0)
            return escapes[i];
    return NULL;
}

static void end_line(struct stir_sip_log *log)
{
    struct stir_slice line = stir_slice_of(log->line, log->n);
    const char *escape = escape_of(line);
    log->lines++;
    log->long_lines += log->is_long;
    if (!escape) {
        take_line(log, line);
    } else {
        for (const char *at; (at = memmem(line.p, line.n, escape, strlen(escape))); line = stir_slice_from(line, (size_t)(at - line.p) + strlen(escape)))
            take_line(log, stir_slice_upto(line, (size_t)(at - line.p)));
        finish(log, log->part == HEAD);
    }
    log->n = 0;
    log->is_long = false;
}

void stir_sip_log_feed(struct stir_sip_log *log, struct stir_slice bytes)
{
    while (bytes.n) {
        size_t end = stir_slice_find(bytes, '\n'), room = sizeof(log->line) - log->n, n = end < room ? end : room;
        memcpy(log->line + log->n, bytes.p, n);
        log->n += n;
        log->is_long = log->is_long || n < end;
        if (end < bytes.n)
            end_line(log);
        bytes = stir_slice_from(bytes, end < bytes.n ? end + 1 : end);
    }
}

void stir_sip_log_end(struct stir_sip_log *log)
{
    if (log->n)
        end_line(log);
    finish(log, log->part == HEAD);
}
