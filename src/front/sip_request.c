#include "front/sip_request.h"

#include "core/sip.h"

#include <stdio.h>

enum {
    MAX_CSEQ_DIGITS = 10,
    MAX_FORWARDS = 255, /* RFC 3261 §20.22 */
};

/* ---- Lines ---- */

/* The next line without its end, and what follows. False at the end. */
static bool take_line(struct stir_slice *rest, struct stir_slice *line)
{
    if (rest->n == 0)
        return false;
    const char *lf = memchr(rest->p, '\n', rest->n);
    size_t n = lf ? (size_t)(lf - rest->p) : rest->n;
    *line = stir_slice_upto(*rest, n && rest->p[n - 1] == '\r' ? n - 1 : n);
    *rest = stir_slice_from(*rest, lf ? n + 1 : n);
    return true;
}

/* A header with the lines that continue it; false at the empty line. */
static bool take_header(struct stir_slice *rest, struct stir_slice *header)
{
    struct stir_slice more;
    if (!take_line(rest, header) || header->n == 0)
        return false;
    while (rest->n && stir_is_space(rest->p[0]) && take_line(rest, &more))
        header->n = (size_t)(more.p + more.n - header->p);
    return true;
}

/* What an answer repeats must not end its line, nor be taken for a line of its own. */
static bool is_clean(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\r' && i + 2 < s.n && s.p[i + 1] == '\n' && stir_is_space(s.p[i + 2]))
            i += 2;
        else if (c == 0x7f || (c < ' ' && c != '\t'))
            return false;
    }
    return true;
}

/* ---- Values ---- */

static struct stir_slice take_token(struct stir_slice *s)
{
    size_t n = stir_span(*s, STIR_C_TOKEN);
    struct stir_slice token = stir_slice_upto(*s, n);
    *s = skip_lws(stir_slice_from(*s, n));
    return token;
}

struct stir_slice stir_sip_param(struct stir_slice params, const char *name, bool *found)
{
    *found = false;
    while (params.n && params.p[0] == ';') {
        params = stir_slice_from(params, 1);
        size_t n = stir_sip_element(params, ';');
        struct stir_slice one = stir_slice_trim(stir_slice_upto(params, n));
        params = stir_slice_from(params, n);
        size_t equals = stir_slice_find(one, '=');
        if (!stir_slice_ieq(stir_slice_trim(stir_slice_upto(one, equals)), stir_slice_str(name)))
            continue;
        *found = true;
        return equals < one.n ? stir_slice_trim(stir_slice_from(one, equals + 1)) : stir_slice_of(one.p + one.n, 0);
    }
    return stir_slice_of(NULL, 0);
}

static bool read_number(uint32_t *out, struct stir_slice s, uint32_t most)
{
    uint64_t value = 0;
    if (s.n == 0 || s.n > MAX_CSEQ_DIGITS)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!stir_is_digit(s.p[i]))
            return false;
        value = value * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = (uint32_t)value;
    return value <= most;
}

/* host [":" port], with blanks around the colon; host is a name, IPv4, or IPv6 in brackets. */
static bool read_sent_by(struct stir_sip_via *via, struct stir_slice s)
{
    uint32_t port = 0;
    bool bracket = s.n && s.p[0] == '[';
    size_t end = stir_slice_find(s, bracket ? ']' : ':');
    if (bracket && end == s.n)
        return false;
    via->sent_by = s;
    via->host = stir_slice_trim(stir_slice_upto(s, bracket ? end + 1 : end));
    s = skip_lws(stir_slice_from(s, bracket ? end + 1 : end));
    for (size_t i = 0; i < via->host.n; i++)
        if ((unsigned char)via->host.p[i] <= ' ' || via->host.p[i] == '"' || via->host.p[i] == '<')
            return false;
    if (via->host.n == 0 || (s.n && (s.p[0] != ':' || !read_number(&port, skip_lws(stir_slice_from(s, 1)), 65535))))
        return false;
    via->port = port;
    return true;
}

/*= RFC3261-20.42 */
/* SIP / 2.0 / UDP host:port;params, further values. */
static bool read_via(struct stir_sip_via *via, struct stir_slice value)
{
    bool found;
    size_t n = stir_sip_element(value, ',');
    struct stir_slice one = stir_slice_trim(stir_slice_upto(value, n));
    memset(via, 0, sizeof(*via));
    via->others = n < value.n ? stir_slice_trim(stir_slice_from(value, n + 1)) : stir_slice_of(NULL, 0);
    size_t semicolon = stir_sip_element(one, ';');
    via->sent = stir_slice_trim(stir_slice_upto(one, semicolon));
    via->params = stir_slice_from(one, semicolon);
    struct stir_slice s = via->sent;
    for (int i = 0; i < 3; i++) {
        if (take_token(&s).n == 0)
            return false;
        if (i == 2)
            break;
        if (s.n == 0 || s.p[0] != '/')
            return false;
        s = skip_lws(stir_slice_from(s, 1));
    }
    if (s.p == via->sent.p || !is_lws(s.p[-1]) || !read_sent_by(via, s))
        return false;
    via->branch = stir_sip_param(via->params, "branch", &found);
    (void)stir_sip_param(via->params, "rport", &via->rport);
    return true;
}

/* tag of From or To; false when the value cannot be cut: a quote or bracket that does not end. */
static bool read_tag(struct stir_slice *tag, struct stir_slice value)
{
    bool found;
    size_t semicolon = stir_sip_element(value, ';');
    *tag = stir_slice_of(NULL, 0);
    for (size_t i = 0; i < semicolon; i++) {
        size_t n = 0;
        if (value.p[i] == '"')
            n = quoted_end(stir_slice_of(value.p + i, semicolon - i));
        else if (value.p[i] == '<')
            n = stir_slice_find(stir_slice_of(value.p + i, semicolon - i), '>') + 1;
        else
            continue;
        if (n == 0 || i + n > semicolon)
            return false;
        i += n - 1;
    }
    *tag = stir_sip_param(stir_slice_from(value, semicolon), "tag", &found);
    return value.n > 0;
}

/* ---- The head ---- */

enum field { OTHER, VIA, FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS_, REQUIRE, TIMESTAMP, CONTENT_LENGTH };

static enum field if_is(struct stir_slice name, const char *whole, enum field field)
{
    return stir_slice_ieq(name, stir_slice_of(whole, name.n)) ? field : OTHER;
}

/* The length chooses with what the whole name is compared: most headers are none of these. */
static enum field field_of(struct stir_slice name)
{
    char first = name.n ? stir_lower(name.p[0]) : '\0';
    switch (name.n) {
    case 1: return first == 'v' ? VIA : first == 'f' ? FROM : first == 't' ? TO : first == 'i' ? CALL_ID : first == 'l' ? CONTENT_LENGTH : OTHER;
    case 2: return if_is(name, "To", TO);
    case 3: return if_is(name, "Via", VIA);
    case 4: return first == 'f' ? if_is(name, "From", FROM) : if_is(name, "CSeq", CSEQ);
    case 7: return first == 'c' ? if_is(name, "Call-ID", CALL_ID) : if_is(name, "Require", REQUIRE);
    case 9: return if_is(name, "Timestamp", TIMESTAMP);
    case 12: return first == 'm' ? if_is(name, "Max-Forwards", MAX_FORWARDS_) : OTHER;
    case 14: return if_is(name, "Content-Length", CONTENT_LENGTH);
    default: return OTHER;
    }
}

struct head {
    struct stir_slice max_forwards, content_length;
    bool twice; /* what may stand once */
    bool too_many;
};

static void set_once(struct head *head, struct stir_slice *field, struct stir_slice value)
{
    if (field->p)
        head->twice = true;
    else
        *field = value;
}

static void add(struct head *head, struct stir_slice *list, size_t *n, size_t cap, struct stir_slice value)
{
    if (*n < cap)
        list[(*n)++] = value;
    else
        head->too_many = true;
}

static void note(struct stir_sip_request *r, struct head *head, enum field field, struct stir_slice value)
{
    switch (field) {
    case VIA: add(head, r->vias, &r->n_vias, STIR_SIP_MAX_VIA, value); break;
    case FROM: set_once(head, &r->from, value); break;
    case TO: set_once(head, &r->to, value); break;
    case CALL_ID: set_once(head, &r->call_id, value); break;
    case CSEQ: set_once(head, &r->cseq, value); break;
    case MAX_FORWARDS_: set_once(head, &head->max_forwards, value); break;
    case REQUIRE: add(head, r->requires, &r->n_requires, STIR_SIP_MAX_REQUIRE, value); break;
    case TIMESTAMP: r->timestamp = value; break;
    case CONTENT_LENGTH: set_once(head, &head->content_length, value); break;
    case OTHER: break;
    }
}

static void read_head(struct stir_sip_request *r, struct head *head, struct stir_slice rest)
{
    struct stir_slice header;
    for (unsigned n = 0; n < STIR_MAX_SIP_HEADERS && take_header(&rest, &header); n++) {
        struct stir_slice name = stir_slice_upto(header, stir_span(header, STIR_C_TOKEN));
        size_t colon = name.n;
        while (colon < header.n && stir_is_space(header.p[colon]))
            colon++;
        enum field field = colon < header.n && header.p[colon] == ':' ? field_of(name) : OTHER;
        if (field != OTHER)
            note(r, head, field, stir_slice_trim(stir_slice_from(header, colon + 1)));
    }
}

/* ---- Faults ---- */

/* Said to whoever sent it; a Reason-Phrase has no quotes and no line ends. */
static void set_fault(struct stir_sip_request *r, int code, const char *text)
{
    if (r->fault)
        return;
    r->fault = code;
    snprintf(r->phrase, sizeof(r->phrase), "%s", text);
    for (char *p = r->phrase; *p; p++)
        if (*p == '"')
            *p = '\'';
}

/* METHOD SP anything SP SIP/x.y: as much as tells a response, another version, and the method of what is broken. */
static void read_start(struct stir_sip_request *r, struct stir_slice line)
{
    size_t last = line.n;
    while (last > 0 && line.p[last - 1] != ' ')
        last--;
    struct stir_slice version = stir_slice_from(line, last);
    r->method = stir_slice_upto(line, stir_span(line, STIR_C_TOKEN));
    r->response = line.n >= 4 && stir_slice_ieq(stir_slice_upto(line, 4), stir_slice_str("SIP/"));
    if (version.n > 4 && stir_slice_ieq(stir_slice_upto(version, 4), stir_slice_str("SIP/")) && !stir_slice_ieq(version, stir_slice_str("SIP/2.0")))
        set_fault(r, 505, "Version Not Supported");
}

static void read_numbers(struct stir_sip_request *r, const struct head *head)
{
    uint32_t n = 0;
    struct stir_slice method = r->cseq;
    struct stir_slice digits = stir_slice_upto(r->cseq, stir_span(r->cseq, STIR_C_TOKEN));
    method = skip_lws(stir_slice_from(r->cseq, digits.n));
    if (!read_number(&r->cseq_number, digits, INT32_MAX))
        set_fault(r, 400, "CSeq is not a number below 2**31 and a method");
    else if (!stir_slice_eq(method, r->method))
        set_fault(r, 400, "CSeq names another method");
    if (head->max_forwards.p && !read_number(&n, head->max_forwards, MAX_FORWARDS))
        set_fault(r, 400, "Max-Forwards is not a number from 0 to 255");
    r->max_forwards = head->max_forwards.p ? (int)n : -1;
    if (head->content_length.p && (!read_number(&n, head->content_length, INT32_MAX) || (!r->fault && n > r->sip.body.n)))
        set_fault(r, 400, "Content-Length is more than there is");
}

static void read_values(struct stir_sip_request *r, const struct head *head)
{
    bool tags = read_tag(&r->from_tag, r->from);
    tags = read_tag(&r->to_tag, r->to) && tags;
    if (!tags)
        set_fault(r, 400, "From or To cannot be read: a quote or bracket that does not end");
    read_numbers(r, head);
    if (head->twice)
        set_fault(r, 400, "A header that may stand once stands twice");
    if (head->too_many)
        set_fault(r, 400, "Too many Via or Require headers");
}

static bool can_be_answered(const struct stir_sip_request *r)
{
    const struct stir_slice repeated[] = {r->from, r->to, r->call_id, r->cseq};
    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
        if (repeated[i].n == 0 || (r->fault && !is_clean(repeated[i])))
            return false;
    for (size_t i = 0; r->fault && i < r->n_vias; i++)
        if (!is_clean(r->vias[i]))
            return false;
    return !r->timestamp.p || !r->fault || is_clean(r->timestamp);
}

static void clear(struct stir_sip_request *r)
{
    static const struct stir_slice none;
    r->fault = 0;
    r->phrase[0] = '\0';
    r->answerable = r->response = false;
    r->n_vias = r->n_requires = 0;
    r->method = r->ruri = r->from = r->to = r->call_id = r->cseq = r->timestamp = r->from_tag = r->to_tag = none;
    r->cseq_number = 0;
    r->max_forwards = -1;
}

void stir_sip_request_read(struct stir_sip_request *r, struct stir_slice message)
{
    struct stir_diag diag = {0, ""};
    struct head head = {{NULL, 0}, {NULL, 0}, false, false};
    struct stir_slice line;
    clear(r);
    while (message.n && (message.p[0] == '\r' || message.p[0] == '\n'))
        message = stir_slice_from(message, 1);
    struct stir_slice rest = message;
    if (!take_line(&rest, &line)) {
        set_fault(r, 400, "No SIP message");
        return;
    }
    read_start(r, line);
    if (r->response)
        return;
    enum stir_err err = stir_sip_parse(&r->sip, message, &diag);
    if (err != STIR_OK)
        set_fault(r, 400, diag.text);
    else if (r->sip.eol.n != 2)
        set_fault(r, 400, "Lines do not end with CRLF");
    r->ruri = r->sip.call.ruri;
    read_head(r, &head, rest);
    if (!r->from.n || !r->to.n || !r->call_id.n || !r->cseq.n || r->n_vias == 0 || !read_via(&r->via, r->vias[0])) {
        set_fault(r, 400, "Via, From, To, Call-ID or CSeq is missing or cannot be read");
        return;
    }
    read_values(r, &head);
    r->answerable = can_be_answered(r);
}
