/* The strict JSON of tokens, its canonical form, and base64url. */
#include "support.h"

#include "core/json.h"

static struct stir_slice slice_n(const char *text, size_t n)
{
    return stir_slice_of(text, n);
}
#define RAW(text) slice_n((text), sizeof(text) - 1)

static enum stir_err parse(struct stir_json *out, struct stir_slice text, bool *canonical)
{
    struct stir_diag diag = {0, ""};
    enum stir_err err = stir_json_parse(out, text, canonical, &diag);
    if (err != STIR_OK && (diag.text[0] == '\0' || diag.offset > text.n))
        fail_msg("\"%.*s\" is refused without a word, or at byte %zu", (int)text.n, text.p, diag.offset);
    return err;
}

/* `n` times `text`, in a buffer that the next call overwrites. */
static const char *times(const char *text, size_t n)
{
    static char buf[8192];
    size_t len = strlen(text);
    assert_true(n * len < sizeof(buf));
    for (size_t i = 0; i < n; i++)
        memcpy(buf + i * len, text, len);
    buf[n * len] = '\0';
    return buf;
}

static void json_takes_every_kind_of_value(void **state)
{
    (void)state;
    static const struct {
        const char *text, *span;
        enum stir_json_type type;
        bool canonical;
    } rows[] = {
        {"null", "null", STIR_JSON_NULL, true},
        {"true", "true", STIR_JSON_BOOL, true},
        {"false", "false", STIR_JSON_BOOL, true},
        {"0", "0", STIR_JSON_NUMBER, true},
        {"-1", "-1", STIR_JSON_NUMBER, true},
        {"99999999999999999999", "99999999999999999999", STIR_JSON_NUMBER, true},
        {"-0", "-0", STIR_JSON_NUMBER, false},
        {"1.5", "1.5", STIR_JSON_NUMBER, false},
        {"1e9", "1e9", STIR_JSON_NUMBER, false},
        {"-0.25E-03", "-0.25E-03", STIR_JSON_NUMBER, false},
        {"\"\"", "\"\"", STIR_JSON_STRING, true},
        {"\"a\"", "\"a\"", STIR_JSON_STRING, true},
        {" \t\r\n[ ] \n", "[ ]", STIR_JSON_ARRAY, false},
        {"[]", "[]", STIR_JSON_ARRAY, true},
        {"[1,[2],{}]", "[1,[2],{}]", STIR_JSON_ARRAY, true},
        {"{}", "{}", STIR_JSON_OBJECT, true},
        {"{}\n", "{}", STIR_JSON_OBJECT, false},
        {"{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}", STIR_JSON_OBJECT, true},
        {"{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}", STIR_JSON_OBJECT, false},
        {"{\"a\" :1}", "{\"a\" :1}", STIR_JSON_OBJECT, false},
        {"{\"a\":[{\"c\":1,\"b\":2}]}", "{\"a\":[{\"c\":1,\"b\":2}]}", STIR_JSON_OBJECT, false},
        {"\"\\n\\u001f\\\"\\\\\"", "\"\\n\\u001f\\\"\\\\\"", STIR_JSON_STRING, true},
        {"\"\\u000a\"", "\"\\u000a\"", STIR_JSON_STRING, false},
        {"\"\\u001F\"", "\"\\u001F\"", STIR_JSON_STRING, false},
        {"\"\\/\"", "\"\\/\"", STIR_JSON_STRING, false},
        {"\"\\u00e9\"", "\"\\u00e9\"", STIR_JSON_STRING, false},
        {"\"\\ud83d\\ude00\"", "\"\\ud83d\\ude00\"", STIR_JSON_STRING, false},
        {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", STIR_JSON_STRING, true},
        {"{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2}", "{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2}", STIR_JSON_OBJECT, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_json v;
        bool canonical = !rows[i].canonical;
        if (parse(&v, S(rows[i].text), &canonical) != STIR_OK)
            fail_msg("%s is refused", rows[i].text);
        assert_slice(v.text, rows[i].span);
        if (v.type != rows[i].type || canonical != rows[i].canonical)
            fail_msg("%s has type %d, canonical %d", rows[i].text, v.type, canonical);
    }
}

/*= RFC8225-9d test */
static void json_refuses_what_is_not_strict(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct {
            const char *p;
            size_t n;
        } text;
    } rows[] = {
#define ROW(name, text)            \
    {                              \
        name,                      \
        {                          \
            text, sizeof(text) - 1 \
        }                          \
    }
        ROW("nothing", ""),
        ROW("white space alone", " \n"),
        ROW("byte order mark", "\xef\xbb\xbf{}"),
        ROW("two values", "{}{}"),
        ROW("text behind", "{}x"),
        ROW("open object", "{"),
        ROW("open array", "[1"),
        ROW("wrong bracket", "[1}"),
        ROW("wrong bracket of an object", "{\"a\":1]"),
        ROW("closing bracket alone", "]"),
        ROW("comma at the end of an object", "{\"a\":1,}"),
        ROW("comma at the end of an array", "[1,]"),
        ROW("comma first", "[,1]"),
        ROW("two commas", "[1,,2]"),
        ROW("no comma", "[1 2]"),
        ROW("no colon", "{\"a\" 1}"),
        ROW("no value", "{\"a\":}"),
        ROW("name without quotes", "{a:1}"),
        ROW("name in single quotes", "{'a':1}"),
        ROW("name that is a number", "{1:1}"),
        ROW("array as in RFC 8443 section 3", "{\"dest\":{[\"tn\":\"12125550113\"]}}"),
        ROW("comment", "{}/**/"),
        ROW("True", "True"),
        ROW("tru", "tru"),
        ROW("NaN", "NaN"),
        ROW("plus", "+1"),
        ROW("minus alone", "-"),
        ROW("leading zero", "01"),
        ROW("leading zero below zero", "-01"),
        ROW("leading zero in an array", "[00]"),
        ROW("point first", ".5"),
        ROW("point last", "1."),
        ROW("exponent without digits", "1e"),
        ROW("exponent with a sign alone", "1e+"),
        ROW("hex", "0x10"),
        ROW("string without end", "\"a"),
        ROW("string that ends in a backslash", "\"a\\"),
        ROW("escape that is none", "\"\\x41\""),
        ROW("escape cut short", "\"\\u12\""),
        ROW("escape without hex", "\"\\u12g4\""),
        ROW("high surrogate alone", "\"\\ud83d\""),
        ROW("high surrogate before a letter", "\"\\ud83dx12345\""),
        ROW("high surrogate before another escape", "\"\\ud83d\\u0041\""),
        ROW("two high surrogates", "\"\\ud83d\\ud83d\""),
        ROW("low surrogate alone", "\"\\ude00\""),
        ROW("two low surrogates", "\"\\ude00\\ude00\""),
        ROW("NUL", "\"1215\0"
                   "5551212\""),
        ROW("NUL escaped", "\"1215\\u00005551212\""),
        ROW("NUL in a name", "{\"a\\u0000\":1}"),
        ROW("NUL behind the value", "{}\0"),
        ROW("line break in a string", "\"a\nb\""),
        ROW("tab in a string", "\"a\tb\""),
        ROW("UTF-8 byte alone", "\"\x80\""),
        ROW("UTF-8 cut short", "\"\xc3\""),
        ROW("UTF-8 cut short at the end", "\"\xe2\x82"),
        ROW("UTF-8 overlong", "\"\xc0\xaf\""),
        ROW("UTF-8 overlong of three bytes", "\"\xe0\x9f\xbf\""),
        ROW("UTF-8 overlong of four bytes", "\"\xf0\x8f\xbf\xbf\""),
        ROW("UTF-8 surrogate", "\"\xed\xa0\x80\""),
        ROW("UTF-8 beyond Unicode", "\"\xf4\x90\x80\x80\""),
        ROW("UTF-8 of five bytes", "\"\xf8\x88\x80\x80\x80\""),
        ROW("UTF-8 outside a string", "\xc3\xa9"),
        ROW("name twice", "{\"attest\":\"A\",\"attest\":\"C\"}"),
        ROW("name twice, apart", "{\"a\":1,\"b\":2,\"a\":3}"),
        ROW("name twice, out of order", "{\"z\":1,\"b\":2,\"a\":3,\"b\":4}"),
        ROW("name twice, nested", "{\"orig\":{\"tn\":\"1\",\"tn\":\"2\"}}"),
        ROW("name twice, in an array", "[[{\"a\":[],\"a\":[]}]]"),
        ROW("name twice behind an object", "{\"a\":{\"a\":1,\"b\":2},\"a\":3}"),
        ROW("name twice, escaped", "{\"\\u0061ttest\":\"C\",\"attest\":\"A\"}"),
        ROW("name twice, escaped second", "{\"attest\":\"A\",\"iat\":1,\"att\\u0065st\":\"C\"}"),
        ROW("name twice, both escaped", "{\"\\/\":1,\"\\u002f\":2}"),
        ROW("name twice, a surrogate pair", "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"),
        ROW("empty name twice", "{\"\":1,\"\":2}"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_json v = {STIR_JSON_NUMBER, S("untouched")};
        bool canonical = true;
        enum stir_err err = parse(&v, slice_n(rows[i].text.p, rows[i].text.n), &canonical);
        if (err != STIR_EJSON || !stir_slice_is(v.text, "untouched") || !canonical)
            fail_msg("%s: answers %s", rows[i].name, stir_err_name(err));
    }
}

static void json_takes_names_that_only_look_alike(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"a\":1,\"A\":2}",
        "{\"a\":1,\"aa\":2}",
        "{\"aa\":1,\"a\":2}",
        "{\"a\":{\"a\":{\"a\":1}}}",
        "[{\"a\":1},{\"a\":1}]",
        "{\"\\\\u0061\":1,\"a\":2}",
        "{\"b\":{\"a\":1},\"a\":{\"a\":1}}",
        "{\"\\u0062\":1,\"a\":2,\"\\u0063\":3}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_json v;
        if (parse(&v, S(rows[i]), NULL) != STIR_OK)
            fail_msg("%s is refused", rows[i]);
    }
}

static void json_says_where_it_went_wrong(void **state)
{
    (void)state;
    struct stir_json v;
    struct stir_diag diag;
    assert_err(stir_json_parse(&v, S("{\"iat\":1 \"orig\":2}"), NULL, &diag), STIR_EJSON);
    assert_int_equal(diag.offset, 9);
    assert_string_equal(diag.text, "JSON, byte 9: a ',' or a '}' is missing");
    assert_err(stir_json_parse(&v, S("{\"a\":1,\"a\":1}"), NULL, &diag), STIR_EJSON);
    assert_string_equal(diag.text, "JSON: the name \"a\" stands twice in one object");
    assert_err(stir_json_parse(&v, S("{"), NULL, NULL), STIR_EJSON);
}

static void json_has_limits(void **state)
{
    (void)state;
    char text[16384];
    struct stir_json v;
    snprintf(text, sizeof(text), "%s", times("[", STIR_MAX_DEPTH));
    strcat(text, times("]", STIR_MAX_DEPTH));
    assert_err(parse(&v, S(text), NULL), STIR_OK);
    snprintf(text, sizeof(text), "[%s", times("[", STIR_MAX_DEPTH));
    strcat(text, times("]", STIR_MAX_DEPTH + 1));
    assert_err(parse(&v, S(text), NULL), STIR_ELIMIT);
    assert_err(parse(&v, S(times("[", 8000)), NULL), STIR_ELIMIT);
    assert_err(parse(&v, S(times("{\"a\":", STIR_MAX_DEPTH + 1)), NULL), STIR_ELIMIT);

    snprintf(text, sizeof(text), "[%s0]", times("0,", STIR_MAX_VALUES - 2));
    assert_err(parse(&v, S(text), NULL), STIR_OK);
    snprintf(text, sizeof(text), "[%s0]", times("0,", STIR_MAX_VALUES - 1));
    assert_err(parse(&v, S(text), NULL), STIR_ELIMIT);

    for (int extra = 0; extra < 2; extra++)
        for (int step = -1; step <= 1; step += 2) {
            size_t n = 0;
            text[n++] = '{';
            for (int i = 0; i < STIR_MAX_MEMBERS + extra; i++)
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"%03d\":0", i ? "," : "", 500 + step * i);
            text[n++] = '}';
            assert_err(parse(&v, slice_n(text, n), NULL), extra ? STIR_ELIMIT : STIR_OK);
        }
}

static void json_walks_objects_and_arrays(void **state)
{
    (void)state;
    struct stir_json v, m;
    assert_err(parse(&v, S(" { \"a\" : [1, \"x]\\\"}\" , {\"b\":{}} ] , \"\\u0062\":\"{\", \"c\" :null,\"d\":-12 } "), NULL), STIR_OK);
    struct stir_json_iter it = stir_json_iter(v);
    assert_true(stir_json_next(&it));
    assert_slice(it.name, "a");
    assert_int_equal(it.value.type, STIR_JSON_ARRAY);
    struct stir_json_iter in = stir_json_iter(it.value);
    assert_true(stir_json_next(&in));
    assert_null(in.name.p);
    assert_slice(in.value.text, "1");
    assert_true(stir_json_next(&in));
    assert_slice(in.value.text, "\"x]\\\"}\"");
    assert_true(stir_json_next(&in));
    assert_slice(in.value.text, "{\"b\":{}}");
    assert_false(stir_json_next(&in));
    assert_true(stir_json_next(&it));
    assert_slice(it.name, "\\u0062");
    assert_slice(it.value.text, "\"{\"");
    assert_true(stir_json_name_is(it.name, S("b")));
    assert_false(stir_json_name_is(it.name, S("bb")));
    assert_false(stir_json_name_is(it.name, S("")));
    assert_true(stir_json_next(&it));
    assert_slice(it.name, "c");
    assert_int_equal(it.value.type, STIR_JSON_NULL);
    assert_true(stir_json_next(&it));
    assert_slice(it.value.text, "-12");
    assert_false(stir_json_next(&it));
    assert_false(stir_json_next(&it));

    assert_true(stir_json_member(v, "b", &m));
    assert_slice(m.text, "\"{\"");
    assert_true(stir_json_member(v, "c", &m));
    assert_false(stir_json_member(v, "x", &m));
    assert_false(stir_json_member(v, "", &m));
    assert_false(stir_json_member(m, "a", &m));
    it = stir_json_iter(m);
    assert_false(stir_json_next(&it));
}

static void json_walks_an_object_of_strings_without_taking_them_for_names(void **state)
{
    (void)state;
    struct stir_json v;
    assert_err(parse(&v, S("[\"a\" , \"b\", \":\"]"), NULL), STIR_OK);
    struct stir_json_iter it = stir_json_iter(v);
    size_t n = 0;
    for (; stir_json_next(&it); n++)
        assert_null(it.name.p);
    assert_int_equal(n, 3);
}

static void json_strings_are_unescaped(void **state)
{
    (void)state;
    struct stir_arena arena = {0};
    struct stir_json v;
    struct stir_slice s;
    const struct stir_slice plain = S("\"sip:alice@example.com\"");
    assert_err(parse(&v, plain, NULL), STIR_OK);
    assert_err(stir_json_string(&s, v, NULL), STIR_OK);
    assert_slice(s, "sip:alice@example.com");
    assert_ptr_equal(s.p, plain.p + 1);
    assert_err(parse(&v, S("\"\""), NULL), STIR_OK);
    assert_err(stir_json_string(&s, v, NULL), STIR_OK);
    assert_non_null(s.p);
    assert_int_equal(s.n, 0);
    assert_err(parse(&v, S("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\xc3\xa9\""), NULL), STIR_OK);
    assert_err(stir_json_string(&s, v, &arena), STIR_OK);
    assert_slice(s, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa9");
    assert_err(stir_json_string(&s, v, NULL), STIR_OK);
    assert_null(s.p);
    stir_arena_clear(&arena);
    arena.limit = 4;
    assert_err(stir_json_string(&s, v, &arena), STIR_ENOMEM);
    assert_err(parse(&v, S("1"), NULL), STIR_OK);
    assert_err(stir_json_string(&s, v, &arena), STIR_EVALUE);
}

static void json_integers_do_not_overflow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        int64_t value;
    } rows[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"1443208345", true, 1443208345},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e9", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"[1]", false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_json v;
        int64_t got = 0;
        assert_err(parse(&v, S(rows[i].text), NULL), STIR_OK);
        if (stir_json_integer(&got, v) != rows[i].good || got != rows[i].value)
            fail_msg("%s reads as %lld", rows[i].text, (long long)got);
    }
}

static void assert_canonical(const char *text, const char *wanted)
{
    struct stir_json v;
    char buf[4096];
    bool canonical;
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    assert_err(parse(&v, S(text), &canonical), STIR_OK);
    assert_err(stir_json_put_canonical(&w, v), STIR_OK);
    assert_err(stir_writer_close(&w, NULL), STIR_OK);
    if (strcmp(buf, wanted) != 0)
        fail_msg("%s becomes %s, wanted %s", text, buf, wanted);
    if (canonical && strcmp(text, wanted) != 0)
        fail_msg("%s was called canonical and becomes %s", text, buf);
}

/*= RFC8225-9b RFC8225-9c RFC8225-9e test */
static void json_writes_the_canonical_form(void **state)
{
    (void)state;
    static const char golden[] = "{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"iat\":1443208345,\"orig\":{\"tn\":\"12155551212\"}}";
    static const char rfc8225_9_1[] = "{\"dest\":{\"uri\":[\"sip:alice@example.com\"]},\"iat\":1443208345,\"mky\":["
                                      "{\"alg\":\"sha-256\",\"dig\":\"021ACC5427ABEB9C533F3E4B652E7D463F5442CD54F17A03A27DF9B07F4619B2\"},"
                                      "{\"alg\":\"sha-256\",\"dig\":\"4AADB9B13F82183B540212DF3E5D496B19E57CAB3E4B652E7D463F5442CD54F1\"}],"
                                      "\"orig\":{\"tn\":\"12155551212\"}}";
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        {golden, golden},
        {"{ \"iat\": 1443208345,\n \"orig\": {\"tn\": \"12155551212\"}, \"dest\":{\"uri\" : [ \"sip:alice@example.com\" ] } }\n", golden},
        {rfc8225_9_1, rfc8225_9_1},
        {"{\n  \"dest\":{\"uri\":[\"sip:alice@example.com\"]},\n  \"orig\":{\"tn\":\"12155551212\"},\n  \"iat\":1443208345,\n  \"mky\":[\n"
         "    {\n      \"alg\":\"sha-256\",\n      \"dig\":\"021ACC5427ABEB9C533F3E4B652E7D463F5442CD54F17A03A27DF9B07F4619B2\"\n    },\n"
         "    {\n      \"dig\":\"4AADB9B13F82183B540212DF3E5D496B19E57CAB3E4B652E7D463F5442CD54F1\",\n      \"alg\":\"sha-256\"\n    }\n  ]\n}",
         rfc8225_9_1},
        {"{\"x5u\":\"https://cert.example.org/passport.cer\",\"typ\":\"passport\",\"alg\":\"ES256\"}",
         "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"https://cert.example.org/passport.cer\"}"},
        {"[ ]", "[]"},
        {"{ }", "{}"},
        {"[3,1, 2]", "[3,1,2]"},
        {"[true,false,null,-0,1.50,1E3]", "[true,false,null,0,1.50,1E3]"},
        {"{\"b\":{\"d\":[{\"f\":1,\"e\":2}],\"c\":0},\"a\":{}}", "{\"a\":{},\"b\":{\"c\":0,\"d\":[{\"e\":2,\"f\":1}]}}"},
        {"{\"aa\":1,\"a\":2,\"\":3,\"B\":4}", "{\"\":3,\"B\":4,\"a\":2,\"aa\":1}"},
        {"{\"\xf0\x9f\x98\x80\":1,\"\xef\xbf\xbd\":2}", "{\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":1}"},
        {"{\"\\ud83d\\ude00\":1,\"\\ufffd\":2}", "{\"\xef\xbf\xbd\":2,\"\xf0\x9f\x98\x80\":1}"},
        {"{\"\\u0062\":1,\"a\":2,\"c\\n\":3,\"c\":4}", "{\"a\":2,\"b\":1,\"c\":4,\"c\\n\":3}"},
        {"\"\\u000a\\u0022\\/\\u005c\\u001F\\u007f\\b\"", "\"\\n\\\"/\\\\\\u001f\x7f\\b\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_canonical(rows[i].text, rows[i].wanted);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_canonical(rows[i].wanted, rows[i].wanted);
}

static void canonical_writing_is_bounded_for_values_nobody_checked(void **state)
{
    (void)state;
    char text[4096], buf[8192];
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    snprintf(text, sizeof(text), "%s", times("[", 100));
    strcat(text, times("]", 100));
    assert_err(stir_json_put_canonical(&w, (struct stir_json){STIR_JSON_ARRAY, S(text)}), STIR_ELIMIT);
    snprintf(text, sizeof(text), "{%s\"a\":0}", times("\"a\":0,", STIR_MAX_MEMBERS));
    assert_err(stir_json_put_canonical(&w, (struct stir_json){STIR_JSON_OBJECT, S(text)}), STIR_ELIMIT);
}

static size_t decode(unsigned char *out, struct stir_slice text)
{
    size_t n = SIZE_MAX;
    return stir_b64url_decode(out, &n, text) == STIR_OK ? n : SIZE_MAX;
}

static void base64url_has_the_vectors_of_rfc4648(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *text;
    } rows[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
                {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char out[16];
        char text[16];
        struct stir_writer w = stir_writer_of(text, sizeof(text));
        assert_int_equal(decode(out, S(rows[i].text)), strlen(rows[i].plain));
        assert_memory_equal(out, rows[i].plain, strlen(rows[i].plain));
        stir_put_b64url(&w, S(rows[i].plain));
        assert_int_equal(w.need, stir_b64url_encoded(strlen(rows[i].plain)));
        assert_err(stir_writer_close(&w, NULL), STIR_OK);
        assert_string_equal(text, rows[i].text);
    }
}

/*= RFC7515-2 test */
static void base64url_refuses_other_spellings(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",    "Zg==", "Zg=",   "Zm8=",  "Zm9vZ", "Zh",       "Zn",      "Zm9",     "Zm-",  "Z g",  "Zg\n", "\nZg", "Zm9\nv", "+/+/", "Zm+v",
        "Zm/v", "Zm.v", "Zm9v.", "Zm9v=", "====",  "Zm9v====", "Zm\x80v", "Zm8\xc3", "Zm,v", "Zm:v", "Zm@v", "Zm[v", "Zm`v",   "Zm{v"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned char out[16];
        if (decode(out, S(rows[i])) != SIZE_MAX)
            fail_msg("\"%s\" is taken", rows[i]);
    }
    unsigned char out[3];
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 4; at++) {
            char four[4] = {'A', 'A', 'A', 'A'};
            four[at] = (char)c;
            bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            if ((decode(out, slice_n(four, 4)) == 3) != good)
                fail_msg("byte %d at %zu is judged wrong", c, at);
        }
}

static void base64url_is_the_identity_both_ways(void **state)
{
    (void)state;
    unsigned char plain[70], back[70];
    char text[100];
    uint32_t seed = 1;
    for (size_t n = 0; n <= sizeof(plain); n++)
        for (int round = 0; round < 20; round++) {
            for (size_t i = 0; i < n; i++)
                plain[i] = (unsigned char)((seed = seed * 1664525 + 1013904223) >> 24);
            size_t len;
            struct stir_writer w = stir_writer_of(text, sizeof(text));
            stir_put_b64url(&w, stir_slice_of(plain, n));
            assert_err(stir_writer_end(&w, &len), STIR_OK);
            assert_int_equal(len, stir_b64url_encoded(n));
            assert_int_equal(stir_b64url_max_decoded(len), n);
            assert_int_equal(decode(back, slice_n(text, len)), n);
            assert_memory_equal(back, plain, n);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_takes_every_kind_of_value),
        cmocka_unit_test(json_refuses_what_is_not_strict),
        cmocka_unit_test(json_takes_names_that_only_look_alike),
        cmocka_unit_test(json_says_where_it_went_wrong),
        cmocka_unit_test(json_has_limits),
        cmocka_unit_test(json_walks_objects_and_arrays),
        cmocka_unit_test(json_walks_an_object_of_strings_without_taking_them_for_names),
        cmocka_unit_test(json_strings_are_unescaped),
        cmocka_unit_test(json_integers_do_not_overflow),
        cmocka_unit_test(json_writes_the_canonical_form),
        cmocka_unit_test(canonical_writing_is_bounded_for_values_nobody_checked),
        cmocka_unit_test(base64url_has_the_vectors_of_rfc4648),
        cmocka_unit_test(base64url_refuses_other_spellings),
        cmocka_unit_test(base64url_is_the_identity_both_ways),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
