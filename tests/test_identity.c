#include "support.h"

#include <stir/identity.h>

#define URL "https://cert.example.org/passport.cer"
#define STRICT STIR_IDENTITY_STRICT
#define TOLERANT STIR_IDENTITY_TOLERANT

static struct stir_identity parsed(const char *text, enum stir_identity_mode mode)
{
    struct stir_identity id;
    struct stir_diag diag = {.text = ""};
    enum stir_err err = stir_identity_parse(&id, S(text), mode, NULL, &diag);
    if (err != STIR_OK)
        fail_msg("\"%s\": %s, %s", text, stir_err_name(err), diag.text);
    return id;
}

static void the_grammar_reads_strictly(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "aA0-_.b.c;info=<" URL ">;alg=ES256;ppt=shaken",
        "aA0-_.b.c;info=<" URL ">;ppt=shaken;alg=ES256",
        "aA0-_.b.c;INFO=<" URL ">;Alg=ES256;pPT=shaken",
        "aA0-_.b.c ; info = <" URL "> ; alg = ES256 ; ppt = shaken ",
        "aA0-_.b.c\r\n ;info=<" URL ">\r\n\t;\r\n alg\n =\n ES256;ppt=\r\n shaken\r\n",
        "aA0-_.b.c;info=<" URL ">;x;alg=ES256;y=[::1]:80;z=\"a;b,c\\\"\";ppt=shaken",
        "aA0-_.b.c;info=<" URL ">;alg=ES256;x=\"\";x=1;ppt=shaken",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct stir_identity id = parsed(texts[i], STRICT);
        assert_slice(id.token, "aA0-_.b.c");
        assert_slice(id.header, "aA0-_");
        assert_slice(id.payload, "b");
        assert_slice(id.signature, "c");
        assert_slice(id.signing_input, "aA0-_.b");
        assert_slice(id.info, URL);
        assert_slice(id.alg, "ES256");
        assert_slice(id.ppt, "shaken");
        assert_false(id.compact);
        assert_int_equal(id.departures, 0);
    }
}

static void absent_parameters_are_absent(void **state)
{
    (void)state;
    struct stir_identity id = parsed("a.b.c;info=<" URL ">", STRICT);
    assert_null(id.alg.p);
    assert_null(id.ppt.p);
    id = parsed("a.b.c", TOLERANT);
    assert_null(id.info.p);
    assert_int_equal(id.departures, STIR_ID_NO_INFO);
}

static void the_compact_form_has_a_signature_only(void **state)
{
    (void)state;
    struct stir_identity id = parsed("..rq3p;info=<" URL ">", STRICT);
    assert_true(id.compact);
    assert_slice(id.token, "..rq3p");
    assert_slice(id.signature, "rq3p");
    assert_non_null(id.header.p);
    assert_int_equal(id.header.n, 0);
    assert_non_null(id.payload.p);
    assert_int_equal(id.payload.n, 0);
    assert_null(id.signing_input.p);
}

static void commas_and_semicolons_stay_inside_brackets_and_quotes(void **state)
{
    (void)state;
    struct stir_identity id = parsed("a.b.c;info=<https://h/a,b;c=d?e,f>;x=\"1,2;info=3\"", STRICT);
    assert_slice(id.info, "https://h/a,b;c=d?e,f");
    id = parsed("a.b.c;info=https://h/a,b;alg=ES256", TOLERANT);
    assert_slice(id.info, "https://h/a,b");
    id = parsed("a.b.c;info=\"https://h/a,b;alg=RS256\"", TOLERANT);
    assert_slice(id.info, "https://h/a,b;alg=RS256");
    assert_null(id.alg.p);
}

/* Each departure by itself: its bit when tolerant, an error with its reason when strict. */
static void each_departure_has_its_bit_and_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned departures;
        enum stir_reason reason;
    } rows[] = {
        {"a.b.c", STIR_ID_NO_INFO, STIR_R_INFO_MISSING},
        {"a.b.c;alg=ES256", STIR_ID_NO_INFO, STIR_R_INFO_MISSING},
        {"a.b.c;info=<>", STIR_ID_INFO_EMPTY, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=" URL, STIR_ID_INFO_NO_BRACKETS, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;alg=ES256;info=<" URL ">", STIR_ID_INFO_NOT_FIRST, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;x;info=<" URL ">", STIR_ID_INFO_NOT_FIRST, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=\"" URL "\"", STIR_ID_INFO_QUOTED, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">alg=ES256;ppt=shaken", STIR_ID_MISSING_SEMICOLON, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL "> alg=ES256", STIR_ID_MISSING_SEMICOLON, STIR_R_IDENTITY_SYNTAX},
        {"\"a.b.c\";info=<" URL ">", STIR_ID_TOKEN_QUOTED, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=\"shaken\"", STIR_ID_PARAM_QUOTED, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;alg=\"ES256\"", STIR_ID_PARAM_QUOTED, STIR_R_IDENTITY_SYNTAX},
        {"TOKEN;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"a.b;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"a.b.c.d;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"..;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {".;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"...c;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"a..c;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {".b.c;info=<" URL ">", STIR_ID_BAD_PARTS, STIR_R_IDENTITY_PARTS},
        {"a.b.c=;info=<" URL ">", STIR_ID_BAD_CHARS, STIR_R_BASE64},
        {"a.b+.c;info=<" URL ">", STIR_ID_BAD_CHARS, STIR_R_BASE64},
        {"a/.b.c;info=<" URL ">", STIR_ID_BAD_CHARS, STIR_R_BASE64},
        {"a.b.\xe2\x80\x9c;info=<" URL ">", STIR_ID_BAD_CHARS, STIR_R_BASE64},
        {"a.b=;info=<" URL ">", STIR_ID_BAD_PARTS | STIR_ID_BAD_CHARS, STIR_R_IDENTITY_PARTS},
        {"a+.b.c", STIR_ID_BAD_CHARS | STIR_ID_NO_INFO, STIR_R_BASE64},
        {"a.b.c;info=<" URL ">;", STIR_ID_PARAM_EMPTY, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;;info=<" URL ">", STIR_ID_PARAM_EMPTY, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c; ;info=<" URL ">", STIR_ID_PARAM_EMPTY, STIR_R_IDENTITY_SYNTAX},
        {"Identity: a.b.c;info=<" URL ">", STIR_ID_WITH_NAME, STIR_R_IDENTITY_SYNTAX},
        {"y:a.b.c;info=<" URL ">", STIR_ID_WITH_NAME, STIR_R_IDENTITY_SYNTAX},
        {"IDENTITY :\r\n a.b.c;info=<" URL ">", STIR_ID_WITH_NAME, STIR_R_IDENTITY_SYNTAX},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_identity id = parsed(rows[i].text, TOLERANT);
        if (id.departures != rows[i].departures)
            fail_msg("%s: departures %#x, wanted %#x", rows[i].text, id.departures, rows[i].departures);
        if ((id.header.p == NULL) != !!(id.departures & STIR_ID_BAD_PARTS))
            fail_msg("%s: parts are there or are not", rows[i].text);
        struct stir_identity kept = {.departures = 77};
        enum stir_reason reason = STIR_R_NONE;
        struct stir_diag diag = {.text = ""};
        assert_err(stir_identity_parse(&kept, S(rows[i].text), STRICT, &reason, &diag), STIR_ESYNTAX);
        if (reason != rows[i].reason)
            fail_msg("%s: reason %s, wanted %s", rows[i].text, stir_reason_name(reason), stir_reason_name(rows[i].reason));
        assert_true(strlen(diag.text) > 10);
        assert_int_equal(kept.departures, 77);
    }
}

static void what_has_no_meaning_is_refused_in_both_modes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum stir_reason reason;
    } rows[] = {
        {"", STIR_R_IDENTITY_SYNTAX},
        {" \r\n", STIR_R_IDENTITY_SYNTAX},
        {"Identity:", STIR_R_IDENTITY_SYNTAX},
        {";", STIR_R_IDENTITY_SYNTAX},
        {";info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"\"\";info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"\"a.b.c;info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"\"a.b. c\";info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c\";info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b .c;info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b\r\n .c;info=<" URL ">", STIR_R_IDENTITY_SYNTAX}, /* folded inside the token */
        {"a.b.c info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ";alg=ES256", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=< " URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<https://h/\r\n a>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<\"" URL "\">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=\"\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=\"" URL, STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=\"h\\", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=\"https:\\//h/\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">\"x\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=" URL " alg=ES256", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;alg", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;alg=", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;alg=;ppt=shaken", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=\"\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=\"shaken", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=\"sha\\ken\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=\"shaken\",\"x\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=<shaken>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;alg=ES256 ppt=shaken", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;=x", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;x=", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;x=<y>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;x=\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">, d.e.f;info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c,d.e.f;info=<" URL ">", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;ppt=shaken,d.e.f", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">\r\nVia: x", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">\nVia: x", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">\r ;alg=ES256", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<" URL ">;x=\"\r\ny\"", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<https://h/\x01>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<https://h/\x7f>", STIR_R_IDENTITY_SYNTAX},
        {"a.b.c;info=<>;info=<a>", STIR_R_PARAM_DUPLICATE},
        {"a.b.c;info=<" URL ">;INFO=<" URL ">", STIR_R_PARAM_DUPLICATE},
        {"a.b.c;info=<" URL ">;info=" URL, STIR_R_PARAM_DUPLICATE},
        {"a.b.c;info=<" URL ">;alg=ES256;alg=ES256", STIR_R_PARAM_DUPLICATE},
        {"a.b.c;info=<" URL ">;ppt=shaken;Ppt=\"div\"", STIR_R_PARAM_DUPLICATE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int mode = TOLERANT; mode <= STRICT; mode++) {
            struct stir_identity id = {.departures = 77};
            enum stir_reason reason = STIR_R_NONE;
            struct stir_diag diag = {.text = ""};
            enum stir_err err = stir_identity_parse(&id, S(rows[i].text), (enum stir_identity_mode)mode, &reason, &diag);
            if (err != STIR_ESYNTAX || reason != rows[i].reason || id.departures != 77 || strlen(diag.text) < 10)
                fail_msg("\"%s\": %s, %s, %s", rows[i].text, stir_err_name(err), stir_reason_name(reason), diag.text);
        }
    struct stir_identity id;
    assert_err(stir_identity_parse(&id, stir_slice_of("a.b.c\0;info=<x>", 15), TOLERANT, NULL, NULL), STIR_ESYNTAX);
}

static void assert_too_long(struct stir_slice text)
{
    struct stir_identity id;
    struct stir_diag diag;
    enum stir_reason reason = STIR_R_NONE;
    assert_err(stir_identity_parse(&id, text, TOLERANT, &reason, &diag), STIR_ELIMIT);
    assert_int_equal(reason, STIR_R_IDENTITY_TOO_LONG);
}

static void long_values_tokens_and_lists_are_limits(void **state)
{
    (void)state;
    static char text[STIR_MAX_IDENTITY + 2];
    struct stir_identity id;
    memset(text, 'a', sizeof(text));
    memcpy(text, "a.b.c;info=<", 12);
    text[STIR_MAX_IDENTITY - 1] = '>';
    assert_err(stir_identity_parse(&id, stir_slice_of(text, STIR_MAX_IDENTITY), TOLERANT, NULL, NULL), STIR_OK);
    text[STIR_MAX_IDENTITY - 1] = 'a';
    text[STIR_MAX_IDENTITY] = '>';
    assert_too_long(stir_slice_of(text, STIR_MAX_IDENTITY + 1));

    memset(text, 'a', sizeof(text));
    memcpy(text, "a.b.", 4);
    assert_err(stir_identity_parse(&id, stir_slice_of(text, STIR_MAX_TOKEN), TOLERANT, NULL, NULL), STIR_OK);
    assert_too_long(stir_slice_of(text, STIR_MAX_TOKEN + 1));

    size_t n = (size_t)snprintf(text, sizeof(text), "a.b.c;info=<x>");
    for (int i = 1; i < STIR_MAX_PARAMS; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, ";p%d=1", i);
    assert_err(stir_identity_parse(&id, stir_slice_of(text, n), TOLERANT, NULL, NULL), STIR_OK);
    n += (size_t)snprintf(text + n, sizeof(text) - n, ";q");
    assert_too_long(stir_slice_of(text, n));
}

/* Flags of identity-headers.tsv that this module can see. Each says what the row must read as; a departure that no flag of the row names must not be there.
 *
 * Left to test_passport (JSON and claims, signature length and encoding): header lacks typ / x5u / ppt, header keys not sorted, payload keys not sorted, header
 * extra key issuer, header JSON whitespace, header / payload / sig undecodable, sig N bytes, typ JWT, iat not integer, orig / dest missing, origid missing,
 * origid not UUID, orig / dest is a string, orig.tn array, orig.tn odd chars, orig.tn / dest.tn with +, dest.tn string not array, dest.uri, tn local number,
 * x5u http://, x5u not http(s) URL, x5u without scheme, x5u explicit port, JSON has spaces after ':' and ','. Left to test_url: info http://, info explicit
 * port, info IP host. Left to test_verify: info != x5u, ppt param != header ppt. */
struct flags {
    bool bare, ppt_quoted, ppt_unquoted, ppt_missing, alg_missing, no_semicolon, compact, parts, no_payload, empty, no_brackets, token_quoted, not_first,
        spaces;
};

static bool has_flag(struct stir_slice flags, const char *flag)
{
    return strstr(flags.p, flag) != NULL;
}

static struct flags flags_of(struct stir_slice text)
{
    struct flags f = {
        .bare = has_flag(text, "bare token, no params"),
        .ppt_quoted = has_flag(text, "ppt quoted"),
        .ppt_unquoted = has_flag(text, "ppt unquoted"),
        .ppt_missing = has_flag(text, "ppt param missing"),
        .alg_missing = has_flag(text, "alg param missing"),
        .no_semicolon = has_flag(text, "missing ';' after info"),
        .compact = has_flag(text, "compact form"),
        .parts = has_flag(text, " dot-parts"),
        .no_payload = has_flag(text, "payload undecodable") && has_flag(text, "sig 0 bytes"), /* "header..": two dots, one part (requirements H 18) */
        .empty = has_flag(text, "info empty <>"),
        .no_brackets = has_flag(text, "info without angle brackets"),
        .token_quoted = has_flag(text, "token in quotes"),
        .not_first = has_flag(text, "params not info-first"),
        .spaces = has_flag(text, "whitespace in params"),
    };
    return f;
}

static unsigned departures_of(const struct flags *f)
{
    unsigned bits = 0;
    bits |= f->bare ? STIR_ID_NO_INFO : 0;
    bits |= f->ppt_quoted ? STIR_ID_PARAM_QUOTED : 0;
    bits |= f->no_semicolon ? STIR_ID_MISSING_SEMICOLON : 0;
    bits |= f->parts || f->no_payload ? STIR_ID_BAD_PARTS : 0;
    bits |= f->empty ? STIR_ID_INFO_EMPTY : 0;
    bits |= f->no_brackets ? STIR_ID_INFO_QUOTED : 0; /* the one row without brackets has quotes */
    bits |= f->token_quoted ? STIR_ID_TOKEN_QUOTED : 0;
    bits |= f->not_first ? STIR_ID_INFO_NOT_FIRST : 0;
    return bits;
}

static void check_wild_row(unsigned number, struct stir_slice header, struct stir_slice text)
{
    struct flags f = flags_of(text);
    struct stir_identity id;
    struct stir_diag diag = {.text = ""};
    if (stir_identity_parse(&id, header, TOLERANT, NULL, &diag) != STIR_OK)
        fail_msg("row %u: %s", number, diag.text);
    unsigned wanted = departures_of(&f);
    if (id.departures != wanted)
        fail_msg("row %u: departures %#x, wanted %#x", number, id.departures, wanted);
    bool swallowed = f.no_brackets; /* that row has alg and ppt inside info's quotes */
    if (id.compact != f.compact || !id.ppt.p != (f.bare || f.ppt_missing || swallowed) || !id.alg.p != (f.bare || f.alg_missing || swallowed))
        fail_msg("row %u: compact %d, ppt \"%.*s\", alg \"%.*s\"", number, id.compact, (int)id.ppt.n, id.ppt.p, (int)id.alg.n, id.alg.p);
    if (f.ppt_unquoted && !swallowed && (id.departures & STIR_ID_PARAM_QUOTED || id.ppt.p[-1] != '='))
        fail_msg("row %u: ppt is not unquoted", number);
    if (f.spaces && !(stir_slice_is(id.info, "https://c/cert") && stir_slice_is(id.ppt, "shaken") && stir_slice_is(id.token, "t.o.k")))
        fail_msg("row %u: white space is not skipped", number);
    enum stir_err strict = stir_identity_parse(&id, header, STRICT, NULL, NULL);
    if (strict != (wanted ? STIR_ESYNTAX : STIR_OK))
        fail_msg("row %u: strict answers %s", number, stir_err_name(strict));
}

static void every_wild_header_reads_as_its_flags_say(void **state)
{
    (void)state;
    struct stir_slice file = support_file("headers/identity-headers.tsv"), text = file, line;
    unsigned number = 1, rows = 0;
    assert_true(support_line(&text, &line)); /* names of the columns */
    while (support_line(&text, &line)) {
        char flags[1024];
        support_field(&line); /* source */
        support_field(&line); /* kind */
        struct stir_slice header = support_field(&line);
        support_field(&line); /* signature_check */
        snprintf(flags, sizeof(flags), "%.*s", (int)line.n, line.p);
        check_wild_row(++number, header, S(flags));
        rows++;
    }
    support_free(file);
    assert_int_equal(rows, 55);
}

static void writing_follows_the_style(void **state)
{
    (void)state;
    char buf[200];
    size_t len = 0;
    struct stir_identity_style style = STIR_IDENTITY_STYLE_INIT;
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S("shaken"), NULL), STIR_OK);
    assert_string_equal(buf, "a.b.c;info=<" URL ">;alg=ES256;ppt=shaken");
    assert_int_equal(len, strlen(buf));
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S(NULL), &style), STIR_OK);
    assert_string_equal(buf, "a.b.c;info=<" URL ">;alg=ES256");
    style.quoted_ppt = true;
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S("div-o"), &style), STIR_OK);
    assert_string_equal(buf, "a.b.c;info=<" URL ">;alg=ES256;ppt=\"div-o\"");
    style.compact = style.no_alg = true;
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S(NULL), &style), STIR_OK);
    assert_string_equal(buf, "..c;info=<" URL ">");
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("..c"), S(URL), S(NULL), &style), STIR_OK);
    assert_string_equal(buf, "..c;info=<" URL ">");
}

static void writing_says_how_much_room_it_needs(void **state)
{
    (void)state;
    char buf[200] = "x";
    size_t len = 0;
    size_t wanted = strlen("a.b.c;info=<" URL ">;alg=ES256;ppt=shaken");
    assert_err(stir_identity_write(NULL, 0, &len, S("a.b.c"), S(URL), S("shaken"), NULL), STIR_ELIMIT);
    assert_int_equal(len, wanted);
    assert_err(stir_identity_write(buf, wanted, &len, S("a.b.c"), S(URL), S("shaken"), NULL), STIR_ELIMIT);
    assert_string_equal(buf, "");
    assert_err(stir_identity_write(buf, wanted + 1, &len, S("a.b.c"), S(URL), S("shaken"), NULL), STIR_OK);
    assert_int_equal(strlen(buf), wanted);
}

static void writing_refuses_what_would_break_the_header(void **state)
{
    (void)state;
    static const char *const bad[] = {"x\r\nVia: y", "x\n", "x>", "<x", "x;y", "\"x", "x y", "x\ty", "x\x01", "x\x7f", ""};
    char buf[300] = "kept";
    size_t len = 77;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char token[64];
        snprintf(token, sizeof(token), "a.b%s.c", bad[i][0] ? bad[i] : ".");
        assert_err(stir_identity_write(buf, sizeof(buf), &len, S(token), S(URL), S("shaken"), NULL), STIR_EVALUE);
        assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(bad[i]), S("shaken"), NULL), STIR_EVALUE);
        assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S(bad[i]), NULL), STIR_EVALUE);
    }
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), stir_slice_of("x\0y", 3), S("shaken"), NULL), STIR_EVALUE);
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S(""), S(URL), S("shaken"), NULL), STIR_EVALUE);
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b"), S(URL), S("shaken"), NULL), STIR_EVALUE);
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c="), S(URL), S("shaken"), NULL), STIR_EVALUE);
    assert_err(stir_identity_write(buf, sizeof(buf), &len, S("a.b.c"), S(URL), S("a,b"), NULL), STIR_EVALUE);
    assert_string_equal(buf, "kept");
    assert_int_equal(len, 77);
}

/* Every wild token, written in every style, reads strictly as itself; quoted_ppt reads with its one departure. */
static void what_is_written_reads_as_itself(void **state)
{
    (void)state;
    struct stir_slice file = support_file("headers/identity-headers.tsv"), text = file, line;
    static char buf[STIR_MAX_IDENTITY];
    unsigned written = 0;
    while (support_line(&text, &line)) {
        struct stir_identity id, again;
        size_t len;
        support_field(&line);
        support_field(&line);
        if (stir_identity_parse(&id, support_field(&line), TOLERANT, NULL, NULL) != STIR_OK || !id.header.p || !id.info.n)
            continue;
        for (unsigned i = 0; i < 8; i++) {
            struct stir_identity_style style = {sizeof(style), i & 1, i & 2, i & 4};
            assert_err(stir_identity_write(buf, sizeof(buf), &len, id.token, id.info, id.ppt, &style), STIR_OK);
            bool departs = style.quoted_ppt && id.ppt.p;
            assert_err(stir_identity_parse(&again, stir_slice_of(buf, len), departs ? TOLERANT : STRICT, NULL, NULL), STIR_OK);
            assert_int_equal(again.departures, departs ? STIR_ID_PARAM_QUOTED : 0);
            assert_true(stir_slice_eq(again.info, id.info) && stir_slice_eq(again.ppt, id.ppt) && stir_slice_eq(again.signature, id.signature));
            assert_true(style.compact ? again.compact : stir_slice_eq(again.token, id.token));
            assert_true(style.no_alg ? !again.alg.p : stir_slice_is(again.alg, "ES256"));
            written++;
        }
    }
    support_free(file);
    assert_true(written >= 8 * 25);
}

static void every_departure_has_words(void **state)
{
    (void)state;
    for (unsigned bit = STIR_ID_NO_INFO; bit <= STIR_ID_WITH_NAME; bit <<= 1)
        assert_true(strlen(stir_identity_departure_text((enum stir_identity_departure)bit)) > 10);
    assert_string_equal(stir_identity_departure_text((enum stir_identity_departure)(STIR_ID_WITH_NAME << 1)), "");
}

static void wrong_arguments_are_answered(void **state)
{
    (void)state;
    struct stir_identity id;
    struct stir_identity_style style = {1, false, false, false};
    char buf[100];
    size_t len;
    assert_err(stir_identity_parse(NULL, S("a.b.c"), TOLERANT, NULL, NULL), STIR_EARG);
    assert_err(stir_identity_parse(&id, S(NULL), TOLERANT, NULL, NULL), STIR_EARG);
    assert_err(stir_identity_write(NULL, 1, &len, S("a.b.c"), S(URL), S(NULL), NULL), STIR_EARG);
    assert_err(stir_identity_write(buf, 1, NULL, S("a.b.c"), S(URL), S(NULL), NULL), STIR_EARG);
    assert_err(stir_identity_write(buf, 1, &len, S(NULL), S(URL), S(NULL), NULL), STIR_EARG);
    assert_err(stir_identity_write(buf, 1, &len, S("a.b.c"), S(NULL), S(NULL), NULL), STIR_EARG);
    assert_err(stir_identity_write(buf, 1, &len, S("a.b.c"), S(URL), S(NULL), &style), STIR_EARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_reads_strictly),
        cmocka_unit_test(absent_parameters_are_absent),
        cmocka_unit_test(the_compact_form_has_a_signature_only),
        cmocka_unit_test(commas_and_semicolons_stay_inside_brackets_and_quotes),
        cmocka_unit_test(each_departure_has_its_bit_and_its_reason),
        cmocka_unit_test(what_has_no_meaning_is_refused_in_both_modes),
        cmocka_unit_test(long_values_tokens_and_lists_are_limits),
        cmocka_unit_test(every_wild_header_reads_as_its_flags_say),
        cmocka_unit_test(writing_follows_the_style),
        cmocka_unit_test(writing_says_how_much_room_it_needs),
        cmocka_unit_test(writing_refuses_what_would_break_the_header),
        cmocka_unit_test(what_is_written_reads_as_itself),
        cmocka_unit_test(every_departure_has_words),
        cmocka_unit_test(wrong_arguments_are_answered),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
