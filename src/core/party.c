#include <stir/tn.h>

#include "core/bytes.h"
#include "core/tn.h"

/* Behind a quoted string that begins at `at`; 0 when it does not end. */
static size_t skip_quoted(struct stir_slice text, size_t at)
{
    for (at++; at < text.n && text.p[at] != '"'; at++)
        if (text.p[at] == '\\')
            at++;
    return at < text.n ? at + 1 : 0;
}

/* The addr-spec of a name-addr (RFC 3261 §25.1), or all of `text` when it has no angle brackets. A '<' inside quotes is part of the display name. */
static enum stir_err find_uri(struct stir_slice *uri, struct stir_slice text)
{
    size_t at = 0;
    while (at < text.n && text.p[at] != '<') {
        at = text.p[at] == '"' ? skip_quoted(text, at) : at + 1;
        if (at == 0)
            return STIR_ESYNTAX;
    }
    if (at == text.n) {
        *uri = text;
        return STIR_OK;
    }
    text = stir_slice_from(text, at + 1);
    size_t end = stir_slice_find(text, '>');
    if (end == text.n)
        return STIR_ESYNTAX;
    struct stir_slice params = stir_slice_trim(stir_slice_from(text, end + 1));
    if (params.n && params.p[0] != ';') /* a second address, perhaps: whose call is it then? */
        return STIR_ESYNTAX;
    *uri = stir_slice_trim(stir_slice_upto(text, end));
    return STIR_OK;
}

/* Bytes of the scheme, its ':' not counted; 0 when there is none. */
static size_t scheme_length(struct stir_slice text)
{
    size_t n = 0;
    if (text.n == 0 || !stir_is_alpha(text.p[0]))
        return 0;
    while (n < text.n && (stir_is_alpha(text.p[n]) || stir_is_digit(text.p[n]) || text.p[n] == '+' || text.p[n] == '-' || text.p[n] == '.'))
        n++;
    return n < text.n && text.p[n] == ':' ? n : 0;
}

/* The byte that "%XX" at the start of `s` stands for, -1 when it is no such thing. */
static int percent_value(struct stir_slice s)
{
    if (s.n < 3 || s.p[0] != '%' || stir_hex_value(s.p[1]) < 0 || stir_hex_value(s.p[2]) < 0)
        return -1;
    return stir_hex_value(s.p[1]) << 4 | stir_hex_value(s.p[2]);
}

/* Percent-decoding, once. `*text` may be `buf` afterwards; absent stays absent. */
static enum stir_err decode(struct stir_slice *text, char buf[STIR_PARTY_MAX])
{
    struct stir_writer w = stir_writer_of(buf, STIR_PARTY_MAX);
    struct stir_slice left = *text;
    if (stir_slice_find(left, '%') == left.n) /* nearly always: absent, or it stays as it is */
        return left.n <= STIR_PARTY_MAX ? STIR_OK : STIR_ELIMIT;
    while (left.n) {
        int value = left.p[0] == '%' ? percent_value(left) : (unsigned char)left.p[0];
        if (value < 0)
            return STIR_ESYNTAX;
        stir_put_char(&w, (char)value);
        left = stir_slice_from(left, left.p[0] == '%' ? 3 : 1);
    }
    TRY(stir_writer_end(&w, NULL));
    *text = stir_slice_of(buf, w.need);
    return STIR_OK;
}

/* telephone-subscriber of RFC 3966 §3: the parameters are cut where they stand, then what is left is decoded, once (RFC 3986 §2.4). */
static enum stir_err read_subscriber(struct stir_tn_digits *x, enum stir_tn_fit *fit, struct stir_slice text, struct stir_slice *context, char *context_buf,
                                     const struct stir_tn_plan *plan)
{
    char number_buf[STIR_PARTY_MAX];
    size_t end = stir_slice_find(text, ';');
    struct stir_slice number = stir_slice_upto(text, end);
    TRY(stir_tn_context(context, stir_slice_from(text, end)));
    TRY(decode(&number, number_buf));
    TRY(decode(context, context_buf));
    return stir_tn_fit_subscriber(x, fit, number, *context, plan);
}

static bool is_host_char(char c)
{
    return stir_is_alpha(c) || stir_is_digit(c) || c == '-' || c == '_' || c == '.';
}

static bool is_name(struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_host_char(s.p[i]))
            return false;
    return s.n > 0;
}

static void put_lower(struct stir_writer *w, struct stir_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        stir_put_char(w, stir_lower(s.p[i]));
}

static enum stir_err take_uri(struct stir_party *out, struct stir_party *uri, struct stir_writer *w)
{
    TRY(stir_writer_close(w, &uri->len));
    uri->kind = STIR_PARTY_URI;
    *out = *uri;
    return STIR_OK;
}

/* A local number of somebody else's plan: unique together with its context (RFC 3966 §5.1.5), so both are the identity. */
static enum stir_err take_local(struct stir_party *out, const struct stir_tn_digits *x, struct stir_slice context)
{
    struct stir_party uri = {.kind = STIR_PARTY_NONE};
    struct stir_writer w = stir_writer_of(uri.text, sizeof(uri.text));
    struct stir_tn_digits code;
    stir_put_text(&w, "tel:");
    stir_put(&w, x->text, x->n);
    stir_put_text(&w, ";phone-context=");
    if (context.n && context.p[0] == '+') {
        TRY(stir_tn_digits_read(&code, context));
        stir_put_char(&w, '+');
        stir_put(&w, code.text, code.n);
    } else if (is_name(context)) {
        put_lower(&w, context);
    } else {
        return STIR_EVALUE;
    }
    return take_uri(out, &uri, &w);
}

static enum stir_err parse_tel(struct stir_party *out, struct stir_slice text, const struct stir_tn_plan *plan)
{
    char context_buf[STIR_PARTY_MAX];
    struct stir_slice context;
    struct stir_tn_digits x;
    enum stir_tn_fit fit = STIR_TN_WRONG;
    enum stir_err err = read_subscriber(&x, &fit, text, &context, context_buf, plan);
    if (err != STIR_OK)
        return err == STIR_ELIMIT ? err : STIR_EVALUE;
    if (fit == STIR_TN_FOREIGN)
        return take_local(out, &x, context);
    return fit == STIR_TN_WRONG ? STIR_EVALUE : stir_tn_take(out, &x, fit, plan);
}

/* A SIP URI taken apart (RFC 3261 §25.1). */
struct sip_uri {
    struct stir_slice scheme;
    struct stir_slice user; /* with parameters, without password; absent when there is no '@' */
    struct stir_slice host; /* with brackets */
    bool user_is_phone;
};

static bool is_ipv6_reference(struct stir_slice s)
{
    if (s.n < 4 || s.p[0] != '[' || s.p[s.n - 1] != ']')
        return false;
    for (size_t i = 1; i < s.n - 1; i++)
        if (stir_hex_value(s.p[i]) < 0 && s.p[i] != ':' && s.p[i] != '.')
            return false;
    return stir_slice_find(s, ':') < s.n;
}

/* hostport, the port dropped. */
static enum stir_err read_host(struct sip_uri *uri, struct stir_slice hostport)
{
    size_t bracket = stir_slice_find(hostport, ']');
    size_t from = bracket < hostport.n ? bracket : 0;
    size_t host = from + stir_slice_find(stir_slice_from(hostport, from), ':');
    struct stir_slice port = stir_slice_from(hostport, host);
    uri->host = stir_slice_upto(hostport, host);
    if (!is_name(uri->host) && !is_ipv6_reference(uri->host))
        return STIR_ESYNTAX;
    if (port.n == 1 || port.n > 6)
        return STIR_ESYNTAX;
    for (size_t i = 1; i < port.n; i++)
        if (!stir_is_digit(port.p[i]))
            return STIR_ESYNTAX;
    return STIR_OK;
}

/* `user=phone` among the parameters, each behind a ';'. */
static bool says_phone(struct stir_slice params)
{
    while (params.n) {
        params = stir_slice_from(params, 1);
        struct stir_slice param = stir_slice_upto(params, stir_slice_find(params, ';'));
        params = stir_slice_from(params, param.n);
        size_t equals = stir_slice_find(param, '=');
        if (equals < param.n && stir_slice_ieq(stir_slice_trim(stir_slice_upto(param, equals)), stir_slice_str("user")) &&
            stir_slice_ieq(stir_slice_trim(stir_slice_from(param, equals + 1)), stir_slice_str("phone")))
            return true;
    }
    return false;
}

/* Only hosts that are more than a number stand alone: "sip:911" lost its host, and its user is none. */
static bool stands_alone(struct stir_slice host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!stir_is_digit(host.p[i]))
            return true;
    return false;
}

/*= RFC8224-8.5a RFC8224-8.5b */
static enum stir_err split_sip(struct sip_uri *uri, struct stir_slice rest)
{
    size_t at = stir_slice_find(rest, '@');
    uri->user = stir_slice_of(NULL, 0);
    if (at < rest.n) {
        struct stir_slice userinfo = stir_slice_upto(rest, at);
        uri->user = stir_slice_upto(userinfo, stir_slice_find(userinfo, ':'));
        rest = stir_slice_from(rest, at + 1);
        if (uri->user.n == 0 || stir_slice_find(rest, '@') < rest.n) /* two readers could cut at different ones */
            return STIR_ESYNTAX;
    }
    size_t headers = stir_slice_find(rest, '?');
    rest = stir_slice_upto(rest, headers);
    size_t params = stir_slice_find(rest, ';');
    uri->user_is_phone = says_phone(stir_slice_from(rest, params));
    TRY(read_host(uri, stir_slice_trim(stir_slice_upto(rest, params))));
    return uri->user.p || stands_alone(uri->host) ? STIR_OK : STIR_ESYNTAX;
}

/* A user part that nobody labelled as a number, and that looks like nothing else (RFC 8224 §8.1: local policy). */
static bool looks_dialled(struct stir_slice user)
{
    user = stir_slice_upto(user, stir_slice_find(user, ';'));
    if (user.n && user.p[0] == '+')
        return true;
    while (user.n) {
        int c = user.p[0] == '%' ? percent_value(user) : (unsigned char)user.p[0];
        if (c == '+')
            return true;
        if (!stir_is_digit(c) && c != '*' && c != '#' && c != '-' && c != '(' && c != ')')
            return false;
        user = stir_slice_from(user, user.p[0] == '%' ? 3 : 1);
    }
    return true;
}

static bool is_unreserved(int c)
{
    return stir_is_alpha(c) || stir_is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void put_percent(struct stir_writer *w, int c)
{
    static const char hex[] = "0123456789ABCDEF";
    char text[3] = {'%', hex[c >> 4], hex[c & 15]};
    stir_put(w, text, 3);
}

/* Lower case, escaped unreserved characters decoded, other escapes with upper-case digits (RFC 3986 §6.2.2); bytes beyond ASCII escaped, as they should have
 * been sent. */
/*= RFC8224-8.5d */
static enum stir_err put_user(struct stir_writer *w, struct stir_slice user)
{
    while (user.n) {
        bool escaped = user.p[0] == '%';
        int c = escaped ? percent_value(user) : (unsigned char)user.p[0];
        if (c < 0 || (!escaped && (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"')))
            return STIR_ESYNTAX;
        if ((escaped && !is_unreserved(c)) || c >= 0x80)
            put_percent(w, c);
        else
            stir_put_char(w, stir_lower((char)c));
        user = stir_slice_from(user, escaped ? 3 : 1);
    }
    return STIR_OK;
}

/*= RFC8224-8.5c */
static enum stir_err take_sip(struct stir_party *out, const struct sip_uri *sip)
{
    struct stir_party uri = {.kind = STIR_PARTY_NONE};
    struct stir_writer w = stir_writer_of(uri.text, sizeof(uri.text));
    put_lower(&w, sip->scheme);
    stir_put_char(&w, ':');
    if (sip->user.p) {
        TRY(put_user(&w, sip->user));
        stir_put_char(&w, '@');
    }
    put_lower(&w, sip->host);
    return take_uri(out, &uri, &w);
}

/*= RFC8224-6.1c RFC8224-6.2d RFC8224-8.1 */
static enum stir_err parse_sip(struct stir_party *out, struct stir_slice scheme, struct stir_slice rest, const struct stir_tn_plan *plan)
{
    char context_buf[STIR_PARTY_MAX];
    struct sip_uri uri = {.scheme = scheme};
    struct stir_slice context;
    struct stir_tn_digits x;
    enum stir_tn_fit fit = STIR_TN_WRONG;
    TRY(split_sip(&uri, rest));
    bool number = uri.user.p && (uri.user_is_phone || looks_dialled(uri.user)) && read_subscriber(&x, &fit, uri.user, &context, context_buf, plan) == STIR_OK &&
                  fit != STIR_TN_WRONG && fit != STIR_TN_FOREIGN;
    if (number && stir_tn_take(out, &x, fit, plan) == STIR_OK)
        return STIR_OK;
    return take_sip(out, &uri);
}

/* urn:service:sos (RFC 5031): scheme, namespace and services know no case; the names of other namespaces may. */
static enum stir_err parse_urn(struct stir_party *out, struct stir_slice rest)
{
    struct stir_party uri = {.kind = STIR_PARTY_NONE};
    struct stir_writer w = stir_writer_of(uri.text, sizeof(uri.text));
    rest = stir_slice_trim(stir_slice_upto(rest, stir_slice_find(rest, ';')));
    size_t colon = stir_slice_find(rest, ':');
    struct stir_slice space = stir_slice_upto(rest, colon);
    if (!is_name(space) || rest.n < colon + 2)
        return STIR_ESYNTAX;
    struct stir_slice name = stir_slice_from(rest, colon + 1);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] <= ' ' || name.p[i] >= 0x7f || name.p[i] == '<' || name.p[i] == '>' || name.p[i] == '"')
            return STIR_ESYNTAX;
    stir_put_text(&w, "urn:");
    put_lower(&w, space);
    stir_put_char(&w, ':');
    if (stir_slice_ieq(space, stir_slice_str("service")))
        put_lower(&w, name);
    else
        stir_put_slice(&w, name);
    return take_uri(out, &uri, &w);
}

enum stir_err stir_party_parse(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *options)
{
    struct stir_tn_plan plan;
    struct stir_slice uri;
    if (!out || !text.p)
        return STIR_EARG;
    TRY(stir_tn_plan_read(&plan, options));
    TRY(find_uri(&uri, stir_slice_trim(text)));
    if (uri.n == 0)
        return STIR_ESYNTAX;
    size_t n = scheme_length(uri);
    struct stir_slice scheme = stir_slice_upto(uri, n);
    if (n == 0)
        return stir_tn_parse(out, uri, options);
    struct stir_slice rest = stir_slice_from(uri, n + 1);
    if (stir_slice_ieq(scheme, stir_slice_str("tel")))
        return parse_tel(out, rest, &plan);
    if (stir_slice_ieq(scheme, stir_slice_str("sip")) || stir_slice_ieq(scheme, stir_slice_str("sips")))
        return parse_sip(out, scheme, rest, &plan);
    if (stir_slice_ieq(scheme, stir_slice_str("urn")))
        return parse_urn(out, rest);
    return STIR_ESYNTAX;
}

bool stir_party_eq(const struct stir_party *a, const struct stir_party *b)
{
    return a && b && a->kind == b->kind && stir_slice_eq(stir_slice_of(a->text, a->len), stir_slice_of(b->text, b->len));
}
