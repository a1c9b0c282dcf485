#include "core/identity.h"

/* The value as it is read, and what is known of it so far. */
struct scan {
    struct stir_slice text;
    size_t at;
    struct stir_identity id;
    size_t params; /* that have a name */
    enum stir_reason reason;
    struct stir_diag *diag;
};

static enum stir_err fail(struct scan *s, enum stir_err err, enum stir_reason reason, const char *what)
{
    s->reason = reason;
    return stir_diag_set(s->diag, err, s->at, "Identity, byte %zu: %s", s->at, what);
}

static enum stir_err fail_syntax(struct scan *s, const char *what)
{
    return fail(s, STIR_ESYNTAX, STIR_R_IDENTITY_SYNTAX, what);
}

static int peek(const struct scan *s)
{
    return s->at < s->text.n ? (unsigned char)s->text.p[s->at] : -1;
}

static struct stir_slice since(const struct scan *s, size_t from)
{
    return stir_slice_of(s->text.p + from, s->at - from);
}

/* The characters of `classes` that come next. */
static struct stir_slice take(struct scan *s, unsigned classes)
{
    size_t from = s->at;
    s->at += stir_span(stir_slice_from(s->text, from), classes);
    return since(s, from);
}

/* Where the first control character or DEL stands, from `at` on. Eight at a time. */
static size_t find_control(struct stir_slice text, size_t at)
{
    const uint64_t each = 0x0101010101010101u;
    for (uint64_t eight; text.n - at >= 8; at += 8) {
        memcpy(&eight, text.p + at, 8);
        if (((eight - each * ' ') | ((eight ^ each * 0x7f) - each)) & ~eight & each * 0x80)
            break;
    }
    while (at < text.n && (unsigned char)text.p[at] >= ' ' && text.p[at] != 0x7f)
        at++;
    return at;
}

/* Line ends that are no folding, NUL and other control characters: no reader may see another header behind them. */
static enum stir_err check_characters(struct scan *s)
{
    for (s->at = 0; (s->at = find_control(s->text, s->at)) < s->text.n; s->at++) {
        int c = peek(s);
        bool crlf = c == '\r' && s->text.n - s->at > 1 && s->text.p[s->at + 1] == '\n';
        if (c == '\t')
            continue;
        size_t behind = s->at + (crlf ? 2 : 1);
        if ((!crlf && c != '\n') || behind >= s->text.n || !stir_is_space(s->text.p[behind]))
            return fail_syntax(s, c == '\r' || c == '\n' ? "a line end that is not followed by a blank" : "a control character");
        s->at = behind;
    }
    s->at = 0;
    return STIR_OK;
}

/* SWS of RFC 3261 §25.1; line ends are known to be folding. */
static void skip_space(struct scan *s)
{
    while (stir_is_space(peek(s)) || peek(s) == '\r' || peek(s) == '\n')
        s->at++;
}

/* "Identity" or "y", and HCOLON. */
static void skip_name(struct scan *s)
{
    size_t colon = stir_slice_find(s->text, ':');
    struct stir_slice name = stir_slice_trim(stir_slice_upto(s->text, colon));
    if (colon == s->text.n || (!stir_slice_ieq(name, stir_slice_str("Identity")) && !stir_slice_ieq(name, stir_slice_str("y"))))
        return;
    s->id.departures |= STIR_ID_WITH_NAME;
    s->at = colon + 1;
    skip_space(s);
}

/* What ends a token without quotes, whatever stands in it. */
static bool ends_digest(int c)
{
    return c < 0 || c == ';' || c == ',' || c == '"' || c == '<' || c == '>' || stir_is_space(c) || c == '\r' || c == '\n';
}

/* header "." payload "." signature. An empty signature is a signature still, for the verifier to judge; of empty headers and payloads only both make sense: the
 * compact form (RFC 8225 §7). */
/*= RFC8225-6a */
static void split_token(struct stir_identity *id)
{
    struct stir_slice left = id->token;
    size_t dot = stir_slice_find(left, '.');
    struct stir_slice header = stir_slice_upto(left, dot);
    left = stir_slice_from(left, dot < left.n ? dot + 1 : dot);
    dot = stir_slice_find(left, '.');
    struct stir_slice payload = stir_slice_upto(left, dot);
    bool two_dots = dot < left.n;
    struct stir_slice signature = stir_slice_from(left, two_dots ? dot + 1 : dot);
    bool compact = header.n == 0 && payload.n == 0 && signature.n > 0;
    if (!two_dots || stir_slice_find(signature, '.') < signature.n || (!compact && (header.n == 0 || payload.n == 0))) {
        id->departures |= STIR_ID_BAD_PARTS;
        return;
    }
    id->header = header;
    id->payload = payload;
    id->signature = signature;
    id->compact = compact;
    if (!compact)
        id->signing_input = stir_slice_upto(id->token, id->token.n - signature.n - 1);
}

bool stir_identity_of_token(struct stir_identity *out, struct stir_slice token)
{
    *out = (struct stir_identity){.token = token};
    split_token(out);
    return out->header.p && !out->compact;
}

static enum stir_err read_token(struct scan *s)
{
    bool quoted = peek(s) == '"';
    s->at += quoted;
    size_t from = s->at;
    for (take(s, STIR_C_PART); !ends_digest(peek(s)); take(s, STIR_C_PART)) { /* base64url, by erratum 6499 of RFC 8224 */
        s->id.departures |= STIR_ID_BAD_CHARS;
        s->at++;
    }
    s->id.token = since(s, from);
    if (s->id.token.n == 0)
        return fail_syntax(s, "no token before the parameters");
    if (s->id.token.n > STIR_MAX_TOKEN)
        return fail(s, STIR_ELIMIT, STIR_R_IDENTITY_TOO_LONG, "the token is longer than 8192 bytes");
    split_token(&s->id);
    if (!quoted)
        return STIR_OK;
    s->id.departures |= STIR_ID_TOKEN_QUOTED;
    if (peek(s) != '"')
        return fail_syntax(s, "the quotes around the token do not close");
    s->at++;
    return STIR_OK;
}

/* How a parameter's value is written. */
enum form { PLAIN, QUOTED, BRACKETED };

/* quoted-string; `escaped` when a backslash stands in it. */
static enum stir_err get_quoted(struct scan *s, struct stir_slice *value, bool *escaped)
{
    size_t from = ++s->at;
    *escaped = false;
    while (peek(s) >= 0 && peek(s) != '"') {
        bool backslash = peek(s) == '\\';
        *escaped |= backslash;
        s->at += backslash && s->at + 1 < s->text.n ? 2 : 1;
    }
    *value = since(s, from);
    if (peek(s) < 0)
        return fail_syntax(s, "a quoted value does not close");
    s->at++;
    return STIR_OK;
}

/* LAQUOT absoluteURI RAQUOT: the one place where ';' and ',' are part of the value, and no white space is. */
static enum stir_err get_bracketed(struct scan *s, struct stir_slice *value)
{
    s->at++;
    *value = take(s, STIR_C_BRACKET);
    if (peek(s) != '>')
        return fail_syntax(s, peek(s) < 0 ? "info's '<' does not close" : "a blank, '<' or '\"' inside info's angle brackets");
    s->at++;
    return STIR_OK;
}

/* gen-value = token / host, of which an IPv6 address has more characters than a token */
static struct stir_slice get_plain(struct scan *s)
{
    size_t from = s->at;
    for (take(s, STIR_C_TOKEN); peek(s) == '[' || peek(s) == ']' || peek(s) == ':'; take(s, STIR_C_TOKEN))
        s->at++;
    return since(s, from);
}

static enum stir_err read_info(struct scan *s)
{
    struct stir_slice value;
    bool escaped = false;
    enum form form = peek(s) == '<' ? BRACKETED : peek(s) == '"' ? QUOTED : PLAIN;
    if (form == BRACKETED)
        TRY(get_bracketed(s, &value));
    else if (form == QUOTED)
        TRY(get_quoted(s, &value, &escaped));
    else
        value = take(s, STIR_C_FIELD); /* up to the next ';' or blank */
    if (s->id.info.p)
        return fail(s, STIR_ESYNTAX, STIR_R_PARAM_DUPLICATE, "info stands twice");
    if (escaped || (form != BRACKETED && value.n == 0))
        return fail_syntax(s, escaped ? "a backslash in info" : "info has no value");
    s->id.info = value;
    s->id.departures |= form == QUOTED ? STIR_ID_INFO_QUOTED : form == PLAIN ? STIR_ID_INFO_NO_BRACKETS : value.n == 0 ? STIR_ID_INFO_EMPTY : 0;
    if (s->params > 1)
        s->id.departures |= STIR_ID_INFO_NOT_FIRST;
    return STIR_OK;
}

/* alg or ppt. */
static enum stir_err read_word(struct scan *s, struct stir_slice *word, const char *twice)
{
    struct stir_slice value;
    bool escaped = false, quoted = peek(s) == '"';
    if (quoted)
        TRY(get_quoted(s, &value, &escaped));
    else
        value = take(s, STIR_C_TOKEN);
    if (word->p)
        return fail(s, STIR_ESYNTAX, STIR_R_PARAM_DUPLICATE, twice);
    if (escaped || value.n == 0)
        return fail_syntax(s, escaped ? "a backslash in alg or ppt" : "alg or ppt has no value");
    if (quoted)
        s->id.departures |= STIR_ID_PARAM_QUOTED;
    *word = value;
    return STIR_OK;
}

/* generic-param = token [ EQUAL gen-value ], of which nothing is kept. */
static enum stir_err read_other(struct scan *s)
{
    struct stir_slice value;
    bool escaped;
    if (peek(s) == '"')
        return get_quoted(s, &value, &escaped);
    return get_plain(s).n ? STIR_OK : fail_syntax(s, "a parameter has '=' and no value");
}

static enum stir_err read_param(struct scan *s)
{
    struct stir_slice name = take(s, STIR_C_TOKEN);
    if (name.n == 0)
        return fail_syntax(s, "no parameter name where one should be");
    if (++s->params > STIR_MAX_PARAMS)
        return fail(s, STIR_ELIMIT, STIR_R_IDENTITY_TOO_LONG, "more than 16 parameters");
    bool info = stir_slice_ieq(name, stir_slice_str("info"));
    bool alg = stir_slice_ieq(name, stir_slice_str("alg"));
    bool ppt = stir_slice_ieq(name, stir_slice_str("ppt"));
    skip_space(s);
    if (peek(s) != '=')
        return info || alg || ppt ? fail_syntax(s, "no '=' behind info, alg or ppt") : STIR_OK;
    s->at++;
    skip_space(s);
    if (info)
        return read_info(s);
    if (alg)
        return read_word(s, &s->id.alg, "alg stands twice");
    return ppt ? read_word(s, &s->id.ppt, "ppt stands twice") : read_other(s);
}

/* *( SEMI param ), empty ones borne, and the ';' behind info=<...> that some forget. */
static enum stir_err read_params(struct scan *s)
{
    bool behind_bracket = false;
    for (;;) {
        skip_space(s);
        if (peek(s) < 0)
            return STIR_OK;
        if (peek(s) == ';') {
            s->at++;
            skip_space(s);
            if (peek(s) < 0 || peek(s) == ';') {
                s->id.departures |= STIR_ID_PARAM_EMPTY;
                behind_bracket = false;
                continue;
            }
        } else if (behind_bracket && (stir_classes[peek(s)] & STIR_C_TOKEN)) {
            s->id.departures |= STIR_ID_MISSING_SEMICOLON;
        } else {
            return fail_syntax(s, peek(s) == ',' ? "a comma: one header carries one value" : "something else than ';' before the next parameter");
        }
        TRY(read_param(s));
        behind_bracket = s->text.p[s->at - 1] == '>';
    }
}

/* Strict: the gravest departure becomes the error. */
static enum stir_err judge_strictly(struct scan *s)
{
    unsigned departures = s->id.departures;
    enum stir_reason reason = departures & STIR_ID_BAD_PARTS   ? STIR_R_IDENTITY_PARTS
                              : departures & STIR_ID_BAD_CHARS ? STIR_R_BASE64
                              : departures & STIR_ID_NO_INFO   ? STIR_R_INFO_MISSING
                                                               : STIR_R_IDENTITY_SYNTAX;
    unsigned bit = departures & STIR_ID_BAD_PARTS ? STIR_ID_BAD_PARTS : departures & STIR_ID_BAD_CHARS ? STIR_ID_BAD_CHARS : departures & -departures;
    s->reason = reason;
    return stir_diag_set(s->diag, STIR_ESYNTAX, SIZE_MAX, "Identity: %s", stir_identity_departure_text((enum stir_identity_departure)bit));
}

static enum stir_err read_value(struct scan *s, enum stir_identity_mode mode)
{
    if (s->text.n > STIR_MAX_IDENTITY)
        return fail(s, STIR_ELIMIT, STIR_R_IDENTITY_TOO_LONG, "the header is longer than 16384 bytes");
    TRY(check_characters(s));
    skip_name(s);
    TRY(read_token(s));
    TRY(read_params(s));
    if (!s->id.info.p)
        s->id.departures |= STIR_ID_NO_INFO;
    return mode == STIR_IDENTITY_STRICT && s->id.departures ? judge_strictly(s) : STIR_OK;
}

enum stir_err stir_identity_parse(struct stir_identity *out, struct stir_slice value, enum stir_identity_mode mode, enum stir_reason *reason,
                                  struct stir_diag *diag)
{
    struct scan s = {.text = stir_slice_trim(value), .reason = STIR_R_NONE, .diag = diag};
    if (!out || !value.p)
        return STIR_EARG;
    enum stir_err err = read_value(&s, mode);
    if (err == STIR_OK)
        *out = s.id;
    else if (reason)
        *reason = s.reason;
    return err;
}

/*= RFC8224-6.1j RFC8224-6.1k RFC8946-4.1d RFC9795-12.1b */
void stir_identity_put_params(struct stir_writer *w, struct stir_slice x5u, struct stir_slice ppt, const struct stir_identity_style *style)
{
    stir_put_text(w, ";info=<");
    stir_put_slice(w, x5u);
    stir_put_text(w, style->no_alg ? ">" : ">;alg=ES256");
    if (ppt.p) {
        stir_put_text(w, style->quoted_ppt ? ";ppt=\"" : ";ppt=");
        stir_put_slice(w, ppt);
        stir_put_text(w, style->quoted_ppt ? "\"" : "");
    }
}

/* No character that ends its field, or the header. ppt as the grammar's token: what quotes hide, a reader of the other form would stumble over. */
bool stir_identity_may_write(struct stir_slice x5u, struct stir_slice ppt)
{
    return x5u.p && stir_is_all(x5u, STIR_C_FIELD) && (!ppt.p || stir_is_all(ppt, STIR_C_TOKEN));
}

enum stir_err stir_identity_write(char *buf, size_t cap, size_t *len, struct stir_slice token, struct stir_slice x5u, struct stir_slice ppt,
                                  const struct stir_identity_style *style)
{
    static const struct stir_identity_style plain = STIR_IDENTITY_STYLE_INIT;
    struct stir_identity id = {.token = token};
    if (!style)
        style = &plain;
    if ((!buf && cap) || !len || !token.p || !x5u.p || style->size < sizeof(*style))
        return STIR_EARG;
    if (!stir_is_all(token, STIR_C_PART) || !stir_identity_may_write(x5u, ppt))
        return STIR_EVALUE;
    split_token(&id);
    if (id.departures)
        return STIR_EVALUE;
    struct stir_writer w = stir_writer_of(buf, cap);
    stir_put_text(&w, style->compact ? ".." : "");
    stir_put_slice(&w, style->compact ? id.signature : token);
    stir_identity_put_params(&w, x5u, ppt, style);
    return stir_writer_close(&w, len);
}

const char *stir_identity_departure_text(enum stir_identity_departure bit)
{
    switch (bit) {
    case STIR_ID_NO_INFO: return "the info parameter is missing";
    case STIR_ID_INFO_EMPTY: return "info=<> holds no URL";
    case STIR_ID_INFO_NO_BRACKETS: return "info has no angle brackets around its URL";
    case STIR_ID_INFO_NOT_FIRST: return "info is not the first parameter";
    case STIR_ID_INFO_QUOTED: return "info has quotes instead of angle brackets";
    case STIR_ID_MISSING_SEMICOLON: return "no ';' between info=<...> and the next parameter";
    case STIR_ID_TOKEN_QUOTED: return "the token stands in quotes";
    case STIR_ID_PARAM_QUOTED: return "alg or ppt stands in quotes";
    case STIR_ID_BAD_PARTS: return "the token has not three parts divided by dots";
    case STIR_ID_BAD_CHARS: return "the token holds a character that base64url has not";
    case STIR_ID_PARAM_EMPTY: return "an empty parameter: \";;\", or ';' at the end";
    case STIR_ID_WITH_NAME: return "the value begins with the header's name";
    }
    return "";
}
