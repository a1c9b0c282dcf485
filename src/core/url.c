#include "core/url.h"

/* RFC 1035 §2.3.4 */
enum { LABEL_MAX = 63, NAME_MAX_LENGTH = 253 };

enum { PORT_HTTPS = 443, PORT_HTTPS_ALT = 8443 };

/* Faults seen, a bit for each: the lowest is the one to tell. */
struct faults {
    unsigned bits;
};

static void add(struct faults *faults, enum stir_url_fault fault)
{
    faults->bits |= 1u << fault;
}

static enum stir_url_fault first(const struct faults *faults)
{
    for (int fault = STIR_URL_SCHEME; fault <= STIR_URL_LONG; fault++)
        if (faults->bits & 1u << fault)
            return (enum stir_url_fault)fault;
    return STIR_URL_GOOD;
}

/* Characters and escapes of `s`; '[', ']' and '#' have been dealt with. */
static bool has_url_chars(struct stir_slice s)
{
    for (;;) {
        s = stir_slice_from(s, stir_span(s, STIR_C_URL));
        if (s.n == 0)
            return true;
        if (s.n < 3 || s.p[0] != '%' || stir_hex_value(s.p[1]) < 0 || stir_hex_value(s.p[2]) < 0)
            return false;
        s = stir_slice_from(s, 3);
    }
}

/* A label that inet_aton() reads as a number: decimal, octal, hexadecimal. Octal digits are not checked: 08 is no host either. */
static bool is_number(struct stir_slice label)
{
    bool hex = label.n >= 2 && label.p[0] == '0' && (label.p[1] == 'x' || label.p[1] == 'X');
    for (size_t i = hex ? 2 : 0; i < label.n; i++)
        if (hex ? stir_hex_value(label.p[i]) < 0 : !stir_is_digit(label.p[i]))
            return false;
    return true;
}

static bool is_label(struct stir_slice label)
{
    for (size_t i = 0; i < label.n; i++)
        if (!stir_is_alpha(label.p[i]) && !stir_is_digit(label.p[i]) && label.p[i] != '-' && label.p[i] != '_')
            return false;
    return label.n > 0 && label.n <= LABEL_MAX;
}

/* A DNS name, or numbers that the resolver would take for an address without asking DNS. */
static void judge_name(struct stir_url *url, struct faults *faults)
{
    struct stir_slice left = url->host;
    size_t labels = 0, numbers = 0;
    bool last_is_number = false, more = true;
    if (left.n > NAME_MAX_LENGTH)
        add(faults, STIR_URL_HOST);
    while (more) {
        struct stir_slice label = stir_slice_upto(left, stir_slice_find(left, '.'));
        if (!is_label(label)) {
            add(faults, STIR_URL_HOST);
            return;
        }
        labels++;
        last_is_number = is_number(label);
        numbers += last_is_number;
        more = label.n < left.n;
        left = stir_slice_from(left, label.n + more);
    }
    url->host_is_ip = numbers == labels && labels <= 4;
    if (last_is_number && !url->host_is_ip) /* no top-level domain is a number */
        add(faults, STIR_URL_HOST);
}

/* "[" IPv6address "]" */
static void judge_literal(struct stir_url *url, struct faults *faults)
{
    size_t colons = 0;
    for (size_t i = 0; i < url->host.n; i++) {
        colons += url->host.p[i] == ':';
        if (stir_hex_value(url->host.p[i]) < 0 && url->host.p[i] != ':' && url->host.p[i] != '.')
            add(faults, STIR_URL_HOST); /* a zone, or an address of the future */
    }
    if (colons < 2)
        add(faults, STIR_URL_HOST);
    url->host_is_ip = true;
}

/* `port` without its ':'. */
static bool read_port(struct stir_url *url, struct stir_slice port, bool any_url, struct faults *faults)
{
    unsigned value = 0;
    for (size_t i = 0; i < port.n; i++) {
        if (!stir_is_digit(port.p[i]))
            return false;
        if (value <= UINT16_MAX)
            value = value * 10 + (unsigned)(port.p[i] - '0');
    }
    url->port_given = true;
    if (value == 0 || value > UINT16_MAX || (!any_url && value != PORT_HTTPS && value != PORT_HTTPS_ALT))
        add(faults, STIR_URL_PORT);
    url->port = value > UINT16_MAX ? 0 : (uint16_t)value;
    return true;
}

/* authority = [ userinfo "@" ] host [ ":" port ]; false when it is none. */
static bool read_authority(struct stir_url *url, struct stir_slice authority, bool any_url, struct faults *faults)
{
    size_t at = stir_slice_find(authority, '@');
    if (at < authority.n) {
        if (!has_url_chars(stir_slice_upto(authority, at)))
            return false;
        add(faults, STIR_URL_USERINFO);
        authority = stir_slice_from(authority, at + 1);
    }
    bool literal = authority.n && authority.p[0] == '[';
    size_t end = stir_slice_find(authority, literal ? ']' : ':');
    if (literal && end == authority.n)
        return false;
    url->host = literal ? stir_slice_of(authority.p + 1, end - 1) : stir_slice_upto(authority, end);
    struct stir_slice port = stir_slice_from(authority, end + literal);
    if (!has_url_chars(url->host) || stir_slice_find(url->host, '@') < url->host.n || (port.n && port.p[0] != ':'))
        return false;
    if (port.n && !read_port(url, stir_slice_from(port, 1), any_url, faults))
        return false;
    if (literal)
        judge_literal(url, faults);
    else
        judge_name(url, faults);
    if (url->host_is_ip && !any_url)
        add(faults, STIR_URL_IP);
    return true;
}

/* path [ "?" query ] [ "#" fragment ] */
static bool read_path(struct stir_url *url, struct stir_slice rest, struct faults *faults)
{
    size_t fragment = stir_slice_find(rest, '#');
    size_t query = stir_slice_find(stir_slice_upto(rest, fragment), '?');
    struct stir_slice path = stir_slice_upto(rest, query);
    if (fragment < rest.n)
        add(faults, STIR_URL_FRAGMENT);
    if (query < fragment) {
        add(faults, STIR_URL_QUERY);
        url->query = stir_slice_from(stir_slice_upto(rest, fragment), query + 1);
    }
    if (stir_slice_find(path, ';') < path.n)
        add(faults, STIR_URL_PARAMS);
    url->path = path.n ? path : stir_slice_str("/");
    return has_url_chars(stir_slice_upto(rest, fragment)) && (fragment == rest.n || has_url_chars(stir_slice_from(rest, fragment + 1)));
}

static size_t authority_length(struct stir_slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')
        n++;
    return n;
}

static enum stir_url_fault parse(struct stir_url *out, struct stir_slice text, bool any_url, unsigned borne)
{
    struct stir_url url = {.port = PORT_HTTPS};
    struct faults faults = {0};
    size_t colon = stir_slice_find(text, ':');
    if (!stir_slice_ieq(stir_slice_upto(text, colon), stir_slice_str("https")) || colon == text.n)
        return STIR_URL_SCHEME;
    struct stir_slice rest = stir_slice_from(text, colon + 1);
    if (rest.n < 2 || rest.p[0] != '/' || rest.p[1] != '/')
        return STIR_URL_SYNTAX;
    rest = stir_slice_from(rest, 2);
    size_t n = authority_length(rest);
    if (!read_authority(&url, stir_slice_upto(rest, n), any_url, &faults) || !read_path(&url, stir_slice_from(rest, n), &faults))
        return STIR_URL_SYNTAX;
    if (text.n > STIR_MAX_URL)
        add(&faults, STIR_URL_LONG);
    *out = url;
    faults.bits &= ~borne;
    return first(&faults);
}

/*= ATIS1000074-5.3.1 */
enum stir_url_fault stir_url_parse(struct stir_url *out, struct stir_slice text, bool any_url)
{
    return parse(out, text, any_url, 0);
}

enum stir_url_fault stir_url_parse_content(struct stir_url *out, struct stir_slice text, bool any_url)
{
    return parse(out, text, any_url, 1u << STIR_URL_QUERY | 1u << STIR_URL_PARAMS);
}

enum stir_err stir_url_write(char *buf, size_t cap, const struct stir_url *url)
{
    bool six = stir_slice_find(url->host, ':') < url->host.n;
    struct stir_writer w = stir_writer_of(buf, cap ? cap - 1 : 0);
    size_t n;
    stir_put_text(&w, six ? "https://[" : "https://");
    for (size_t i = 0; i < url->host.n; i++)
        stir_put_char(&w, stir_lower(url->host.p[i]));
    stir_put_format(&w, six ? "]:%u" : ":%u", url->port);
    stir_put_slice(&w, url->path);
    if (url->query.p) {
        stir_put_char(&w, '?');
        stir_put_slice(&w, url->query);
    }
    return stir_writer_close(&w, &n);
}

const char *stir_url_fault_text(enum stir_url_fault fault)
{
    switch (fault) {
    case STIR_URL_GOOD: return "the URL is good";
    case STIR_URL_SCHEME: return "the URL does not begin with https://";
    case STIR_URL_SYNTAX: return "this is no URL, or it holds a character that no URL has";
    case STIR_URL_USERINFO: return "the URL holds a user name or password";
    case STIR_URL_PORT: return "the URL's port is neither 443 nor 8443";
    case STIR_URL_QUERY: return "the URL has a query ('?')";
    case STIR_URL_FRAGMENT: return "the URL has a fragment ('#')";
    case STIR_URL_PARAMS: return "the URL has parameters (';') in its path";
    case STIR_URL_HOST: return "the URL's host is no name that DNS has";
    case STIR_URL_IP: return "the URL's host is an address instead of a name";
    case STIR_URL_LONG: return "the URL is longer than 1024 bytes";
    }
    return "";
}
