/* SIP messages, as far as STIR reads them (RFC 3261 §7, §25). One pass over the head, nothing allocated, every value a slice of the message with its
 * folds in it. The message is hostile: what another reader could take for a different call (a header twice, NUL, a lone CR, mixed line ends) is refused. */
#include <stir/call.h>

#include "core/sip.h"

struct reading {
    struct stir_sip *sip;
    struct stir_slice message;
    struct stir_diag *diag;
    size_t at;  /* beginning of the next line */
    size_t eol; /* bytes of a line's end, 0 before the first */
    size_t headers;
    struct stir_slice content_type, content_length;
};

static enum stir_err broken(const struct reading *r, size_t offset, const char *what)
{
    return stir_diag_set(r->diag, STIR_ESYNTAX, offset, "%s", what);
}

/* ---- Characters ---- */

/* token of RFC 3261 §25.1. */
static bool is_token(unsigned char c)
{
    static const bool token[256] = {
        ['!'] = true, ['%'] = true, ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true, ['_'] = true, ['`'] = true,
        ['~'] = true, ['0'] = true, ['1'] = true,  ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true, ['6'] = true, ['7'] = true,
        ['8'] = true, ['9'] = true, ['A'] = true,  ['B'] = true, ['C'] = true, ['D'] = true, ['E'] = true, ['F'] = true, ['G'] = true,
        ['H'] = true, ['I'] = true, ['J'] = true,  ['K'] = true, ['L'] = true, ['M'] = true, ['N'] = true, ['O'] = true, ['P'] = true,
        ['Q'] = true, ['R'] = true, ['S'] = true,  ['T'] = true, ['U'] = true, ['V'] = true, ['W'] = true, ['X'] = true, ['Y'] = true,
        ['Z'] = true, ['a'] = true, ['b'] = true,  ['c'] = true, ['d'] = true, ['e'] = true, ['f'] = true, ['g'] = true, ['h'] = true,
        ['i'] = true, ['j'] = true, ['k'] = true,  ['l'] = true, ['m'] = true, ['n'] = true, ['o'] = true, ['p'] = true, ['q'] = true,
        ['r'] = true, ['s'] = true, ['t'] = true,  ['u'] = true, ['v'] = true, ['w'] = true, ['x'] = true, ['y'] = true, ['z'] = true,
    };
    return token[c];
}

static struct stir_slice token_of(struct stir_slice s)
{
    size_t n = 0;
    while (n < s.n && is_token((unsigned char)s.p[n]))
        n++;
    return stir_slice_upto(s, n);
}

/* The whole of `s` is `name`, in any case. */
static inline bool is_name(struct stir_slice s, const char *name)
{
    size_t i = 0;
    while (i < s.n && name[i] && stir_lower(s.p[i]) == stir_lower(name[i]))
        i++;
    return i == s.n && !name[i];
}

/* ---- Lines ---- */

/* First byte below ' ' from `at` on: only those end a line or must not stand in one. Eight bytes a step: this is the one loop that sees every byte. */
static size_t next_control(struct stir_slice s, size_t at)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    while (s.n - at >= 8) {
        uint64_t eight;
        memcpy(&eight, s.p + at, 8);
        if ((eight - 0x20 * each) & ~eight & 0x80 * each)
            break;
        at += 8;
    }
    while (at < s.n && (unsigned char)s.p[at] >= ' ')
        at++;
    return at;
}

/* The first line says how lines end. Mixed ends are refused: a stricter reader upstream takes a bare LF for a part of the value, and so lets a header pass
 * that it would have removed. */
static enum stir_err hold_eol(struct reading *r, size_t at, size_t eol)
{
    if (r->eol == 0)
        r->eol = eol;
    if (r->eol == eol)
        return STIR_OK;
    return broken(r, at, "some lines of the head end with CRLF and some with LF alone: give all lines the same end");
}

/* The next line without its end. */
static enum stir_err take_line(struct reading *r, struct stir_slice *line)
{
    const struct stir_slice m = r->message;
    for (size_t at = next_control(m, r->at);; at = next_control(m, at + 1)) {
        if (at >= m.n)
            return broken(r, m.n, "the message ends within its head: an empty line must follow the last header");
        bool crlf = m.p[at] == '\r' && at + 1 < m.n && m.p[at + 1] == '\n';
        if (crlf || m.p[at] == '\n') {
            *line = stir_slice_of(m.p + r->at, at - r->at);
            r->at = at + (crlf ? 2 : 1);
            return hold_eol(r, at, crlf ? 2 : 1);
        }
        if (m.p[at] == '\r')
            return broken(r, at, "a CR without LF in the head");
        if (m.p[at] == '\0')
            return broken(r, at, "a NUL in the head");
    }
}

/* ---- Start line ---- */

/* SIP-Version SP Status-Code SP Reason-Phrase; the second SP may lack where there is no phrase. */
static bool read_status_line(struct reading *r, struct stir_slice line)
{
    const char *p = line.p + 8;
    if (line.n < 11 || p[-1] != ' ' || p[0] < '1' || p[0] > '6' || !stir_is_digit(p[1]) || !stir_is_digit(p[2]) || (line.n > 11 && p[3] != ' '))
        return false;
    r->sip->status = (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
    r->sip->call.is_response = true;
    return true;
}

/* A scheme, a colon and something behind it, with nothing that cannot stand in a URI: white space above all, which would let two readers cut differently. */
static bool is_uri(struct stir_slice s)
{
    size_t colon = stir_slice_find(s, ':');
    if (colon + 1 >= s.n || !stir_is_alpha(s.p[0]))
        return false;
    for (size_t i = 0; i < colon; i++)
        if (!stir_is_alpha(s.p[i]) && !stir_is_digit(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.')
            return false;
    for (size_t i = colon; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')
            return false;
    }
    return true;
}

/* Method SP Request-URI SP SIP-Version. */
static bool read_request_line(struct reading *r, struct stir_slice line)
{
    static const size_t version = sizeof(" SIP/2.0") - 1;
    struct stir_slice method = token_of(line);
    if (method.n == 0 || line.n <= method.n + 1 + version || line.p[method.n] != ' ')
        return false;
    struct stir_slice uri = stir_slice_of(line.p + method.n + 1, line.n - method.n - 1 - version);
    if (!is_name(stir_slice_from(line, line.n - version), " SIP/2.0") || !is_uri(uri))
        return false;
    r->sip->method = method;
    r->sip->call.ruri = uri;
    return true;
}

static enum stir_err read_start_line(struct reading *r)
{
    struct stir_slice line;
    size_t begin = r->at;
    TRY(take_line(r, &line));
    bool response = line.n >= 7 && is_name(stir_slice_upto(line, 7), "SIP/2.0");
    if (response ? read_status_line(r, line) : read_request_line(r, line))
        return STIR_OK;
    return stir_diag_set(r->diag, STIR_ESYNTAX, begin, "not a SIP/2.0 request line or status line: \"%.*s\"", STIR_SHOW(line));
}

/* ---- Headers ---- */

enum field { OTHER, FROM, TO, CALL_ID, CSEQ, DATE, IDENTITY, PAI, RESOURCE_PRIORITY, PRIORITY, CALL_INFO, HISTORY, DIVERSION, CONTENT_TYPE, CONTENT_LENGTH };

/* Compact forms: RFC 3261 §7.3.3; "y" was registered for Identity by RFC 4474. */
static enum field compact_field(char c)
{
    switch (stir_lower(c)) {
    case 'f': return FROM;
    case 't': return TO;
    case 'i': return CALL_ID;
    case 'y': return IDENTITY;
    case 'c': return CONTENT_TYPE;
    case 'l': return CONTENT_LENGTH;
    default: return OTHER;
    }
}

/* Which header it is: the whole name is compared, its length only chooses with what. */
static enum field field_of(struct stir_slice name)
{
    switch (name.n) {
    case 1: return compact_field(name.p[0]);
    case 2: return is_name(name, "To") ? TO : OTHER;
    case 4: return is_name(name, "From") ? FROM : is_name(name, "CSeq") ? CSEQ : is_name(name, "Date") ? DATE : OTHER;
    case 7: return is_name(name, "Call-ID") ? CALL_ID : OTHER;
    case 8: return is_name(name, "Identity") ? IDENTITY : is_name(name, "Priority") ? PRIORITY : OTHER;
    case 9: return is_name(name, "Call-Info") ? CALL_INFO : is_name(name, "Diversion") ? DIVERSION : OTHER;
    case 12: return is_name(name, "Content-Type") ? CONTENT_TYPE : is_name(name, "History-Info") ? HISTORY : OTHER;
    case 14: return is_name(name, "Content-Length") ? CONTENT_LENGTH : OTHER;
    case 17: return is_name(name, "Resource-Priority") ? RESOURCE_PRIORITY : OTHER;
    case 19: return is_name(name, "P-Asserted-Identity") ? PAI : OTHER;
    default: return OTHER;
    }
}

static enum stir_err set_once(struct reading *r, struct stir_slice *field, const char *name, struct stir_slice value)
{
    if (field->p)
        return stir_diag_set(r->diag, STIR_ESYNTAX, (size_t)(value.p - r->message.p), "%s stands twice: two readers could disagree about the call", name);
    *field = value;
    return STIR_OK;
}

static enum stir_err set_first(struct stir_slice *field, struct stir_slice value)
{
    if (!field->p)
        *field = value;
    return STIR_OK;
}

/* One value per header, never cut at commas: the grammar of Identity is no list. One beyond the limit is kept, so that the verdict says so; all are counted. */
static enum stir_err add_identity(struct reading *r, struct stir_slice value)
{
    if (r->sip->identities_seen <= STIR_MAX_IDENTITIES)
        r->sip->identities[r->sip->call.n_identity++] = value;
    r->sip->identities_seen++;
    return STIR_OK;
}

size_t stir_sip_element(struct stir_slice s, char separator)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == separator)
            return i;
        struct stir_slice rest = stir_slice_from(s, i);
        if (s.p[i] == '"') {
            size_t n = quoted_end(rest);
            i = n ? i + n - 1 : s.n - 1;
        } else if (s.p[i] == '<') {
            i += stir_slice_find(rest, '>');
        }
    }
    return s.n;
}

static enum stir_err add_pai(struct reading *r, struct stir_slice value)
{
    while (value.n) {
        size_t n = stir_sip_element(value, ',');
        struct stir_slice one = stir_slice_trim(stir_slice_upto(value, n));
        value = stir_slice_from(value, n < value.n ? n + 1 : n);
        if (one.n == 0)
            continue;
        if (r->sip->call.n_pai == STIR_MAX_PAI)
            return stir_diag_set(r->diag, STIR_ELIMIT, (size_t)(one.p - r->message.p), "more than %d P-Asserted-Identity values", STIR_MAX_PAI);
        r->sip->pais[r->sip->call.n_pai++] = one;
    }
    return STIR_OK;
}

/* Each value as it stands: rph.c cuts the lists. */
static enum stir_err add_resource_priority(struct reading *r, struct stir_slice value)
{
    if (r->sip->call.n_resource_priority == STIR_MAX_RPH)
        return stir_diag_set(r->diag, STIR_ELIMIT, (size_t)(value.p - r->message.p), "more than %d Resource-Priority headers", STIR_MAX_RPH);
    r->sip->resource_priorities[r->sip->call.n_resource_priority++] = value;
    return STIR_OK;
}

/* Each value as it stands: history.c cuts the lists, and says so when some had no room. */
static enum stir_err add_history(struct reading *r, struct stir_slice value)
{
    if (r->sip->histories_seen < STIR_MAX_HISTORY)
        r->sip->histories[r->sip->histories_seen] = value;
    r->sip->histories_seen++;
    return STIR_OK;
}

static enum stir_err set_field(struct reading *r, enum field field, struct stir_slice value)
{
    struct stir_call *call = &r->sip->call;
    switch (field) {
    case FROM: return set_once(r, &call->from, "From", value);
    case TO: return set_once(r, &call->to, "To", value);
    case CALL_ID: return set_once(r, &call->call_id, "Call-ID", value);
    case CSEQ: return set_once(r, &call->cseq, "CSeq", value);
    case DATE: return set_once(r, &call->date, "Date", value);
    case CONTENT_TYPE: return set_once(r, &r->content_type, "Content-Type", value);
    case CONTENT_LENGTH: return set_once(r, &r->content_length, "Content-Length", value);
    case RESOURCE_PRIORITY: return add_resource_priority(r, value);
    case PRIORITY: return set_first(&call->priority, value);
    case HISTORY: return add_history(r, value);
    case DIVERSION: return set_first(&r->sip->diversion, value);
    case CALL_INFO: return set_first(&call->call_reason, stir_call_reason(value));
    case IDENTITY: return add_identity(r, value);
    case PAI: return add_pai(r, value);
    case OTHER: break;
    }
    return STIR_OK;
}

/*= RFC3261-7.3.1 */
/* field-name *( SP / HTAB ) ":" value; `line` holds all lines of a folded header. */
static enum stir_err read_header(struct reading *r, struct stir_slice line)
{
    struct stir_slice name = token_of(line);
    size_t colon = name.n;
    while (colon < line.n && stir_is_space(line.p[colon]))
        colon++;
    if (name.n == 0 || colon == line.n || line.p[colon] != ':')
        return stir_diag_set(r->diag, STIR_ESYNTAX, (size_t)(line.p - r->message.p), "not a header (\"Name: value\"): \"%.*s\"", STIR_SHOW(line));
    return set_field(r, field_of(name), stir_slice_trim(stir_slice_from(line, colon + 1)));
}

/* A header with the lines that continue it: those that begin with white space. */
static enum stir_err take_header(struct reading *r, struct stir_slice *header)
{
    TRY(take_line(r, header));
    while (header->n && r->at < r->message.n && stir_is_space(r->message.p[r->at])) {
        struct stir_slice more;
        TRY(take_line(r, &more));
        header->n = (size_t)(more.p + more.n - header->p);
    }
    return STIR_OK;
}

static enum stir_err read_head(struct reading *r)
{
    const char *begin = r->message.p + r->at;
    TRY(read_start_line(r));
    r->sip->date_at = r->at;
    for (;;) {
        struct stir_slice header;
        size_t at = r->at;
        TRY(take_header(r, &header));
        if (header.n == 0) {
            r->sip->identity_at = at;
            r->sip->eol = stir_slice_str(r->eol == 2 ? "\r\n" : "\n");
            r->sip->head = stir_slice_of(begin, (size_t)(r->message.p + r->at - begin));
            return STIR_OK;
        }
        if (++r->headers > STIR_MAX_SIP_HEADERS)
            return stir_diag_set(r->diag, STIR_ELIMIT, at, "more than %d headers", STIR_MAX_SIP_HEADERS);
        TRY(read_header(r, header));
    }
}

/* ---- Body ---- */

/* The next line of a body, which may end with LF alone whatever the head does. */
static bool body_line(struct stir_slice *body, struct stir_slice *line)
{
    if (body->n == 0)
        return false;
    size_t n = stir_slice_find(*body, '\n');
    *line = stir_slice_upto(*body, n && body->p[n - 1] == '\r' ? n - 1 : n);
    *body = stir_slice_from(*body, n < body->n ? n + 1 : n);
    return true;
}

/* "type / subtype" without parameters; `subtype` NULL: any. */
static bool is_media_type(struct stir_slice value, const char *type, const char *subtype)
{
    value = skip_lws(value);
    struct stir_slice first = token_of(value);
    struct stir_slice rest = skip_lws(stir_slice_from(value, first.n));
    if (!is_name(first, type) || rest.n == 0 || rest.p[0] != '/')
        return false;
    return !subtype || is_name(token_of(skip_lws(stir_slice_from(rest, 1))), subtype);
}

static enum stir_err add_fingerprint(struct reading *r, struct stir_slice line)
{
    static const char name[] = "a=fingerprint:";
    const size_t n = sizeof(name) - 1;
    if (line.n < n || memcmp(line.p, name, n) != 0)
        return STIR_OK;
    if (r->sip->call.n_fingerprints == STIR_MAX_FINGERPRINTS)
        return stir_diag_set(r->diag, STIR_ELIMIT, (size_t)(line.p - r->message.p), "more than %d a=fingerprint lines in the SDP", STIR_MAX_FINGERPRINTS);
    r->sip->fingerprints[r->sip->call.n_fingerprints++] = stir_slice_trim(stir_slice_from(line, n));
    return STIR_OK;
}

/* The header of a body part says that SDP follows. */
static bool announces_sdp(struct stir_slice line)
{
    struct stir_slice name = token_of(line);
    struct stir_slice rest = skip_lws(stir_slice_from(line, name.n));
    return field_of(name) == CONTENT_TYPE && rest.n && rest.p[0] == ':' && is_media_type(stir_slice_from(rest, 1), "application", "sdp");
}

/* Any line that begins with two hyphens divides parts: no line of SDP does, whatever the boundary, so that parts within parts need no stack. */
static enum stir_err read_multipart(struct reading *r, struct stir_slice body)
{
    struct stir_slice line;
    bool in_head = false, sdp = false;
    while (body_line(&body, &line)) {
        if (line.n >= 2 && memcmp(line.p, "--", 2) == 0) {
            in_head = true;
            sdp = false;
        } else if (in_head) {
            in_head = line.n > 0;
            sdp = sdp || announces_sdp(line);
        } else if (sdp) {
            TRY(add_fingerprint(r, line));
        }
    }
    return STIR_OK;
}

static enum stir_err read_sdp(struct reading *r, struct stir_slice body)
{
    struct stir_slice line;
    while (body_line(&body, &line))
        TRY(add_fingerprint(r, line));
    return STIR_OK;
}

/* Content-Length may shorten the body; one that says more than there is says nothing. */
static enum stir_err cut_body(struct reading *r)
{
    const struct stir_slice value = r->content_length;
    struct stir_slice body = stir_slice_from(r->message, r->at);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (!stir_is_digit(value.p[i]))
            return broken(r, (size_t)(value.p - r->message.p), "Content-Length is not a number");
        n = n > STIR_MAX_MESSAGE ? n : n * 10 + (size_t)(value.p[i] - '0');
    }
    if (value.p && value.n == 0)
        return broken(r, (size_t)(value.p - r->message.p), "Content-Length is not a number");
    r->sip->body = value.p && n < body.n ? stir_slice_upto(body, n) : body;
    return STIR_OK;
}

static enum stir_err read_body(struct reading *r)
{
    TRY(cut_body(r));
    if (r->sip->body.n == 0 || !r->content_type.p)
        return STIR_OK;
    if (is_media_type(r->content_type, "application", "sdp"))
        return read_sdp(r, r->sip->body);
    if (is_media_type(r->content_type, "multipart", NULL))
        return read_multipart(r, r->sip->body);
    return STIR_OK;
}

/* ---- Message ---- */

static void clear(struct stir_sip *sip)
{
    memset(sip, 0, sizeof(*sip));
    sip->call.size = sizeof(sip->call);
    sip->call.identity = sip->identities;
    sip->call.pai = sip->pais;
    sip->call.fingerprints = sip->fingerprints;
    sip->call.resource_priority = sip->resource_priorities;
}

static enum stir_err read_message(struct reading *r)
{
    const struct stir_slice m = r->message;
    if (m.n > STIR_MAX_MESSAGE)
        return stir_diag_set(r->diag, STIR_ELIMIT, STIR_MAX_MESSAGE, "the message has %zu bytes, more than %d", m.n, STIR_MAX_MESSAGE);
    /*= RFC3261-7.5 */
    while (r->at < m.n && (m.p[r->at] == '\r' || m.p[r->at] == '\n'))
        r->at++;
    TRY(read_head(r));
    r->sip->call.display_name = stir_display_name(r->sip->call.from);
    return read_body(r);
}

enum stir_err stir_sip_parse(struct stir_sip *out, struct stir_slice message, struct stir_diag *diag)
{
    if (!out)
        return STIR_EARG;
    clear(out);
    if (!message.p)
        return STIR_EARG;
    struct reading r = {.sip = out, .message = message, .diag = diag};
    enum stir_err err = read_message(&r);
    if (err != STIR_OK)
        clear(out);
    return err;
}
