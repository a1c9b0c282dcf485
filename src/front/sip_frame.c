#include "front/sip_frame.h"

#include "core/bytes.h"

/* Bytes of the head with its empty line; 0: not there yet. Lines may end with LF alone: such a message is answered 400, but it has an end. */
static size_t head_of(struct stir_slice s)
{
    for (size_t at = 0; at < s.n;) {
        const char *lf = memchr(s.p + at, '\n', s.n - at);
        if (!lf)
            return 0;
        size_t next = (size_t)(lf - s.p) + 1;
        if (next < s.n && s.p[next] == '\n')
            return next + 1;
        if (next + 1 < s.n && s.p[next] == '\r' && s.p[next + 1] == '\n')
            return next + 2;
        at = next;
    }
    return 0;
}

/* The value of a line "Content-Length: 12", or of its compact form; absent for other lines. */
static struct stir_slice length_of(struct stir_slice line)
{
    size_t colon = stir_slice_find(line, ':');
    struct stir_slice name = stir_slice_trim(stir_slice_upto(line, colon));
    if (colon == line.n || stir_is_space(line.p[0]) || (!stir_slice_ieq(name, stir_slice_str("Content-Length")) && !stir_slice_ieq(name, stir_slice_str("l"))))
        return stir_slice_of(NULL, 0);
    return stir_slice_trim(stir_slice_from(line, colon + 1));
}

/* SIZE_MAX: no number, or one that no message has. */
static size_t number(struct stir_slice s)
{
    size_t n = 0;
    if (s.n == 0)
        return SIZE_MAX;
    for (size_t i = 0; i < s.n; i++) {
        if (!stir_is_digit(s.p[i]) || n > STIR_MAX_MESSAGE)
            return SIZE_MAX;
        n = n * 10 + (size_t)(s.p[i] - '0');
    }
    return n;
}

/* Content-Length of a head; SIZE_MAX when it has none, or two: where the message ends would be a matter of taste. */
static size_t content_length(struct stir_slice head)
{
    size_t n = SIZE_MAX, seen = 0;
    while (head.n) {
        size_t end = stir_slice_find(head, '\n');
        struct stir_slice line = stir_slice_upto(head, end), value = {NULL, 0};
        head = stir_slice_from(head, end < head.n ? end + 1 : end);
        /* A value in the line that continues this one would be another reader's: it is no number here, and so refused. */
        if (line.n)
            value = length_of(line);
        if (!value.p)
            continue;
        n = number(value);
        seen++;
    }
    return seen == 1 ? n : SIZE_MAX;
}

static bool read_blank(struct stir_sip_frame *out, struct stir_slice s)
{
    if (s.n >= 4 && memcmp(s.p, "\r\n\r\n", 4) == 0) {
        *out = (struct stir_sip_frame){.what = STIR_SIP_FRAME_PING, .n = 4};
        return true;
    }
    bool blank = s.n >= 2 && s.p[0] == '\r' && s.p[1] == '\n';
    /* Those two may be the first half of a ping. */
    if (s.n <= 3 && memcmp(s.p, "\r\n\r", s.n) == 0)
        *out = (struct stir_sip_frame){.what = STIR_SIP_FRAME_MORE};
    else if (blank || s.p[0] == '\n')
        *out = (struct stir_sip_frame){.what = STIR_SIP_FRAME_BLANK, .n = blank ? 2 : 1};
    else
        return false;
    return true;
}

void stir_sip_frame(struct stir_sip_frame *out, struct stir_slice s)
{
    if (read_blank(out, s))
        return;
    size_t head = head_of(s);
    size_t body = head ? content_length(stir_slice_upto(s, head)) : 0;
    bool no_length = body == SIZE_MAX, too_long = !no_length && (head ? body > STIR_MAX_MESSAGE || head > STIR_MAX_MESSAGE - body : s.n >= STIR_MAX_MESSAGE);
    if (no_length || too_long) {
        *out = (struct stir_sip_frame){.what = STIR_SIP_FRAME_BAD,
                                       .n = s.n,
                                       .message = stir_slice_upto(s, head),
                                       .code = too_long ? 513 : 400,
                                       .phrase = too_long ? "Message Too Large" : "A stream needs one Content-Length in each message"};
        return;
    }
    bool whole = head && s.n - head >= body;
    *out = (struct stir_sip_frame){
        .what = whole ? STIR_SIP_FRAME_MESSAGE : STIR_SIP_FRAME_MORE, .n = whole ? head + body : 0, .message = stir_slice_upto(s, whole ? head + body : 0)};
}
