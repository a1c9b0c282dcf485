/* Diversions signed: which div tokens an INVITE needs that goes on to another target (RFC 8946 §4.1, §5.1), and who diverted it. */
#include "call_group.h"
#include "div_support.h"

#define DATE "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"
#define HISTORY(digit, index) "<sip:+1212555010" digit "@h>;index=" index

/* An INVITE, and what became of it. */
static struct scene {
    char text[STIR_MAX_MESSAGE], out[2 * STIR_MAX_MESSAGE];
    size_t text_len, out_len;
    struct stir_attest_report report;
    struct stir_diag diag;
    struct stir_sip before, after;
} scene;

static void __attribute__((format(printf, 1, 2))) put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    scene.text_len += (size_t)vsnprintf(scene.text + scene.text_len, sizeof(scene.text) - scene.text_len, format, args);
    va_end(args);
    assert_true(scene.text_len < sizeof(scene.text));
}

/* Tokens as in div_support.h, divided by '|'; "compact" behind one makes it so. */
static void put_tokens(const char *tokens)
{
    static char value[ROOM];
    for (const char *p = tokens; *p;) {
        char one[256];
        size_t n = strcspn(p, "|");
        snprintf(one, sizeof(one), "%.*s", (int)n, p);
        write_token(&pki, value, one);
        const char *signature = strchr(strchr(value, '.') + 1, '.') + 1;
        bool compact = strstr(one, "compact");
        put("Identity: %s%s\r\n", compact ? ".." : "", compact ? signature : value);
        p += n + (p[n] == '|');
    }
}

/* 1 calls, To says `to`, the Request-URI `target`. */
static void write_invite(const char *tokens, char to, char target, const char *extra)
{
    memset(&scene, 0, sizeof(scene));
    put("INVITE sip:+1212555010%c@h SIP/2.0\r\nFrom: <sip:+12125550101@h>;tag=1\r\nTo: <sip:+1212555010%c@h>\r\n" DATE "%s", target, to, extra);
    put_tokens(tokens);
    put("Content-Length: 0\r\n\r\n");
}

static enum stir_err sign(const char *ppt, const char *div)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    struct stir_party given;
    params.claims.ppt = strcmp(ppt, "div") == 0 ? STIR_PPT_DIV : STIR_PPT_DIV_O;
    params.claims.x5u = S(X5U);
    params.cert = pki.leaf;
    params.now = NOW;
    if (div) {
        assert_err(stir_party_parse(&given, S(div), NULL), STIR_OK);
        params.claims.div = &given;
    }
    return stir_attest_invite(scene.out, sizeof(scene.out), &scene.out_len, &scene.report, stir_slice_of(scene.text, scene.text_len), &params, &pki.signer,
                              pki.ctx, &scene.diag);
}

/* What came out goes on to the next. */
static void pass_on(void)
{
    memcpy(scene.text, scene.out, scene.out_len);
    scene.text_len = scene.out_len;
}

static char last(struct stir_slice number)
{
    return number.n ? number.p[number.n - 1] : '?';
}

/* What was added, in the words of div_support.h: "div 1>3 by 2 at 1.1|div-o 1>3 by 2 [0]", where 0 is the header that it is around. */
static void describe(char *text, size_t cap)
{
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = scene.before.call.n_identity; i < scene.after.call.n_identity; i++) {
        struct stir_identity id, other;
        struct stir_passport *p = NULL;
        assert_err(stir_identity_parse(&id, scene.after.identities[i], STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
        assert_err(stir_passport_parse(&p, &id), STIR_OK);
        assert_int_equal(p->n_faults, 0);
        assert_int_equal(p->n_dest, 1);
        n += (size_t)snprintf(text + n, cap - n, "%s%.*s %c>%c by %c%s%.*s", n ? "|" : "", (int)p->ppt_text.n, p->ppt_text.p, last(p->orig.text),
                              last(p->dest[0].text), last(p->div.text), p->div_hi.p ? " at " : "", (int)p->div_hi.n, p->div_hi.p ? p->div_hi.p : "");
        for (size_t k = 0; k < i && p->opt.p; k++)
            if (stir_identity_parse(&other, scene.after.identities[k], STIR_IDENTITY_TOLERANT, NULL, NULL) == STIR_OK && other.token.n == p->opt.n &&
                memcmp(other.token.p, p->opt.p, p->opt.n) == 0)
                n += (size_t)snprintf(text + n, cap - n, " [%zu]", k);
        stir_passport_free(p);
    }
}

/* Nothing but the new headers, in one piece. */
static void assert_otherwise_unchanged(const char *name)
{
    size_t at = scene.report.identity_at, more = scene.report.bytes_added;
    if (scene.out_len != scene.text_len + more || memcmp(scene.out, scene.text, at) != 0 ||
        memcmp(scene.out + at + more, scene.text + at, scene.text_len - at) != 0)
        fail_msg("%s: the message is another", name);
    assert_int_equal(scene.after.identities_seen, scene.before.identities_seen + scene.report.identities_added);
}

struct row {
    const char *name, *tokens;
    char to, target;
    const char *extra, *wanted; /* headers; what is added, or what the refusal says */
    enum stir_err err;
};

static void sign_rows(const struct row *rows, size_t n, const char *ppt)
{
    for (size_t i = 0; i < n; i++) {
        char text[1024];
        write_invite(rows[i].tokens, rows[i].to, rows[i].target, rows[i].extra);
        assert_err(stir_sip_parse(&scene.before, stir_slice_of(scene.text, scene.text_len), NULL), STIR_OK);
        enum stir_err err = sign(ppt, NULL);
        if (err != rows[i].err)
            fail_msg("%s: %s %s", rows[i].name, stir_err_name(err), scene.diag.text);
        if (err != STIR_OK) {
            if (!strstr(scene.diag.text, rows[i].wanted))
                fail_msg("%s: \"%s\"", rows[i].name, scene.diag.text);
            continue;
        }
        assert_err(stir_sip_parse(&scene.after, stir_slice_of(scene.out, scene.out_len), NULL), STIR_OK);
        assert_otherwise_unchanged(rows[i].name);
        describe(text, sizeof(text));
        if (strcmp(text, rows[i].wanted) != 0)
            fail_msg("%s: \"%s\", wanted \"%s\"", rows[i].name, text, rows[i].wanted);
    }
}

/*= RFC8946-3b RFC8946-3g RFC8946-4.1a test */
static void each_caller_of_the_diverter_gets_one_div(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"one token", "shaken 1>2", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"two of one caller and callee", "shaken 1>2|rph 1>2", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"two callers", "shaken 1>2|rph 9>2", '2', '3', "", "div 1>3 by 2|div 9>3 by 2", STIR_OK},
        {"one for another callee", "shaken 1>2|rph 1>7", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"several callees, one diverts", "shaken 1>27", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"a base token in compact form", "base 1>2 compact", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"retargeted again", "shaken 1>2|div 1>3 by 2", '2', '4', "Diversion: <sip:+12125550103@h>\r\n", "div 1>4 by 3", STIR_OK},
        {"retargeted again, To rewritten", "shaken 1>2|div 1>3 by 2", '3', '4', "", "div 1>4 by 3", STIR_OK},
        {"two chains retargeted again", "shaken 1>2|rph 9>2|div 1>3 by 2|div 9>3 by 2", '3', '4', "", "div 1>4 by 3|div 9>4 by 3", STIR_OK},
        {"behind a div-o", "div-o 1>3 by 2 [shaken 1>2]", '3', '4', "", "div 1>4 by 3", STIR_OK},
        {"the second of two chains is there already", "shaken 1>2|rph 9>2|div 9>3 by 2", '2', '3', "", "div 1>3 by 2", STIR_OK},
        {"not diverted", "shaken 1>2", '2', '2', "", "not diverted", STIR_ESTATE},
        {"the same number in another form", "shaken 1>2", '2', '2', "Diversion: <tel:+1-212-555-0102>\r\n", "not diverted", STIR_ESTATE},
        {"signed by nobody", "", '2', '3', "", "no Identity", STIR_ESTATE},
        {"signed for others", "shaken 1>7", '2', '3', "", "no Identity of the INVITE is for 12125550102, whom To names", STIR_ESTATE},
        {"a link is missing", "shaken 1>2|div 1>3 by 2", '4', '5', "", "no Identity of the INVITE is for 12125550104", STIR_ESTATE},
        {"it is there already", "shaken 1>2|div 1>3 by 2", '2', '3', "", "says already", STIR_ESTATE},
        {"a response's token", "rsp 1>2", '2', '3', "", "no Identity of the INVITE is for", STIR_ESTATE},
    };
    sign_rows(rows, sizeof(rows) / sizeof(rows[0]), "div");
}

static void the_diverter_is_whom_the_message_names(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"History-Info", "shaken 1>2", '3', '3', "History-Info: " HISTORY("2", "1") ", " HISTORY("3", "1.1") ";mp=1\r\n", "div 1>3 by 2 at 1", STIR_OK},
        {"two headers of it", "shaken 1>2", '3', '3', "History-Info: " HISTORY("2", "1") "\r\nhistory-info: " HISTORY("3", "1.1") "\r\n", "div 1>3 by 2 at 1",
         STIR_OK},
        {"the target not entered yet", "shaken 1>2", '3', '3', "History-Info: " HISTORY("7", "1") ", " HISTORY("2", "1.1") "\r\n", "div 1>3 by 2 at 1.1",
         STIR_OK},
        {"entries of one number", "shaken 1>2", '3', '3',
         "History-Info: " HISTORY("2", "1") ", <tel:+1-212-555-0102>;index=1.1;rc=1, " HISTORY("3",
                                                                                               "1.1.1") ", <sip:+12125550103@gw>;index=1.1.1.1;rc=1.1.1\r\n",
         "div 1>3 by 2 at 1.1", STIR_OK},
        {"mapped from one that is not the last", "shaken 1>2", '3', '3',
         "History-Info: " HISTORY("2", "1") ", " HISTORY("7", "1.1") ", " HISTORY("3", "1.2") ";mp=1, <sip:+12125550103@gw>;index=1.2.1;rc=1.2\r\n",
         "div 1>3 by 2 at 1", STIR_OK},
        {"headers within a URI, quotes, and what looks like an entry in them", "shaken 1>2", '3', '3',
         "History-Info: \"B, <sip:+12125550107@h>;index=9\" <sip:+12125550102@h?Reason=SIP%3Bcause%3D302>;x=\";index=8,\";index=1.4\r\n", "div 1>3 by 2 at 1.4",
         STIR_OK},
        {"an index that is none", "shaken 1>2", '3', '3', "History-Info: " HISTORY("2", "first") "\r\n", "div 1>3 by 2", STIR_OK},
        {"hidden from us", "shaken 1>2", '2', '3', "History-Info: <sip:anonymous@anonymous.invalid>;index=1\r\n",
         "no Identity of the INVITE is for sip:anonymous", STIR_ESTATE},
        {"unreadable", "shaken 1>2", '2', '3', "History-Info: " HISTORY("2", "1") ", ???;index=1.1\r\n", "History-Info names nobody", STIR_ESTATE},
        {"only the target", "shaken 1>2", '2', '3', "History-Info: " HISTORY("3", "1") "\r\n", "div 1>3 by 2", STIR_OK},
        {"the last, though an earlier one would fit", "shaken 1>2", '2', '3', "History-Info: " HISTORY("2", "1") ", " HISTORY("7", "1.1") "\r\n",
         "is for 12125550107, whom History-Info", STIR_ESTATE},
        {"Diversion, the topmost", "shaken 1>2", '3', '3',
         "Diversion: <sip:+12125550102@h>;reason=unconditional, <sip:+12125550107@h>\r\nDiversion: <tel:+12125550108>\r\n", "div 1>3 by 2", STIR_OK},
        {"History-Info before Diversion", "shaken 1>2", '7', '3', "Diversion: <tel:+12125550108>\r\nHistory-Info: " HISTORY("2", "1") "\r\n",
         "div 1>3 by 2 at 1", STIR_OK},
        {"Diversion before To", "shaken 1>2", '7', '3', "Diversion: <tel:+12125550102>\r\n", "div 1>3 by 2", STIR_OK},
        {"unreadable Diversion", "shaken 1>2", '2', '3', "Diversion: <>\r\n", "Diversion names nobody", STIR_ESTATE},
    };
    sign_rows(rows, sizeof(rows) / sizeof(rows[0]), "div");
    write_invite("shaken 1>2", '7', '3', "History-Info: " HISTORY("8", "1") "\r\n");
    assert_err(sign("div", "+12125550102"), STIR_OK); /* who is told needs not ask */
}

/*= RFC8946-5.1a RFC8946-5.1b test */
static void each_token_of_the_diverter_gets_one_div_o(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"one token", "shaken 1>2", '2', '3', "", "div-o 1>3 by 2 [0]", STIR_OK},
        {"two tokens of one caller", "shaken 1>2|rph 1>2", '2', '3', "", "div-o 1>3 by 2 [0]|div-o 1>3 by 2 [1]", STIR_OK},
        {"one for another callee", "rph 1>7|shaken 1>2", '2', '3', "", "div-o 1>3 by 2 [1]", STIR_OK},
        {"around a div-o", "div-o 1>3 by 2 [shaken 1>2]", '3', '4', "History-Info: " HISTORY("3", "1.1") "\r\n", "div-o 1>4 by 3 at 1.1 [0]", STIR_OK},
        {"around a div", "shaken 1>2|div 1>3 by 2", '3', '4', "", "div-o 1>4 by 3 [1]", STIR_OK},
        {"the compact form cannot be nested", "base 1>2 compact", '2', '3', "", "no Identity of the INVITE in full form", STIR_ESTATE},
        {"not diverted", "shaken 1>2", '2', '2', "", "not diverted", STIR_ESTATE},
    };
    sign_rows(rows, sizeof(rows) / sizeof(rows[0]), "div-o");
    /* What it made is not made again. */
    write_invite("shaken 1>2", '2', '3', "");
    assert_err(sign("div-o", NULL), STIR_OK);
    pass_on();
    assert_err(sign("div-o", NULL), STIR_ESTATE);
    assert_non_null(strstr(scene.diag.text, "says already"));
}

/* Who diverts needs a certificate for the diverting number, and no other. */
/*= RFC8946-3f test */
static void the_certificate_covers_the_diverting_number(void **state)
{
    (void)state;
    static const struct {
        const char *held;
        enum stir_err err;
    } rows[] = {{"12125550102", STIR_OK}, {"12125550101", STIR_EVALUE}, {"12125550103", STIR_EVALUE}};
    for (size_t i = 0; i < 3; i++) {
        struct stir_tnauth_entry one = {STIR_TNAUTH_ONE, S(rows[i].held), 1};
        struct stir_tnauth *list = pki_list(&one, 1);
        struct stir_cert *all = pki.leaf;
        pki.leaf = pki_leaf(&pki, list, NOW - 100, NOW + 100);
        write_invite("shaken 1>2", '2', '3', "");
        assert_err(sign("div", NULL), rows[i].err);
        assert_err(sign("div-o", NULL), rows[i].err);
        stir_cert_free(pki.leaf);
        pki.leaf = all;
        stir_tnauth_free(list);
    }
}

/* What we sign, we verify: hop by hop, each kind over the other. */
static void a_call_diverted_again_and_again_passes(void **state)
{
    (void)state;
    static const char *const ways[] = {"div div div div", "div-o div-o div-o", "div div-o div", "div-o div div-o"};
    struct stir_policy policy = support_policy("shaken");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        char target = '2';
        size_t hops = 0;
        write_invite("shaken 1>2|rph 1>2", '2', '2', "Resource-Priority: ets.0\r\n");
        for (const char *p = ways[i]; *p; p += strcspn(p, " "), p += *p == ' ') {
            char ppt[8], before[] = "+12125550100";
            snprintf(ppt, sizeof(ppt), "%.*s", (int)strcspn(p, " "), p);
            before[11] = target++;
            scene.text[strlen("INVITE sip:+1212555010")] = target;
            if (sign(ppt, before) != STIR_OK)
                fail_msg("%s, hop %zu: %s", ways[i], hops, scene.diag.text);
            pass_on();
            hops++;
        }
        assert_err(stir_sip_parse(&scene.after, stir_slice_of(scene.text, scene.text_len), NULL), STIR_OK);
        struct stir_verdict *verdict = call_verify(&scene.after.call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
        for (size_t t = 0; t < verdict->n_tokens; t++)
            if (verdict->tokens[t].reason != STIR_R_NONE)
                fail_msg("%s, token %zu: %s", ways[i], t, stir_reason_name(verdict->tokens[t].reason));
        if (verdict->verstat != STIR_VERSTAT_PASSED || verdict->rph != STIR_RPH_PASSED)
            fail_msg("%s: %s", ways[i], stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
    }
}

static void what_has_no_room_is_refused(void **state)
{
    (void)state;
    char tokens[512] = "shaken 1>2|rph 9>2", history[8192] = "";
    for (int i = 0; i < 13; i++)
        strcat(tokens, "|rph 1>7");
    write_invite(tokens, '2', '3', ""); /* 15, and two would come */
    assert_err(sign("div", NULL), STIR_ELIMIT);
    assert_non_null(strstr(scene.diag.text, "carries 15 Identity headers: with 2 more"));
    for (int i = 0; i <= STIR_MAX_HISTORY; i++) {
        write_invite("shaken 1>2", '2', '3', history);
        assert_err(sign("div", NULL), STIR_OK);
        strcat(history, "History-Info: " HISTORY("2", "1") "\r\n");
    }
    write_invite("shaken 1>2", '2', '3', history);
    assert_err(sign("div", NULL), STIR_ELIMIT);
    assert_non_null(strstr(scene.diag.text, "History-Info"));
    assert_err(sign("div", "+12125550102"), STIR_OK); /* of no matter to who is told */
}

/* Of numbers: a div-o is held against what it nests. */
/*= RFC8946-5.1b RFC8946-6a RFC8946-6b test */
static void a_div_o_must_fit_what_it_nests(void **state)
{
    (void)state;
    static const struct {
        const char *name, *orig, *dest, *div, *nested;
        enum stir_err err;
    } rows[] = {
        {"good", "+12125550101", "+12125550103", "+12125550102", "shaken 1>2", STIR_OK},
        {"one of several callees", "+12125550101", "+12125550103", "+12125550102", "shaken 1>72", STIR_OK},
        {"another caller", "+12125550109", "+12125550103", "+12125550102", "shaken 1>2", STIR_EVALUE},
        {"another callee", "+12125550101", "+12125550103", "+12125550107", "shaken 1>2", STIR_EVALUE},
        {"diverted to itself", "+12125550101", "+12125550102", "+12125550102", "shaken 1>2", STIR_EVALUE},
        {"no diverter", "+12125550101", "+12125550103", NULL, "shaken 1>2", STIR_EVALUE},
        {"nothing nested", "+12125550101", "+12125550103", "+12125550102", NULL, STIR_EVALUE},
        {"compact", "+12125550101", "+12125550103", "+12125550102", "..AAAA", STIR_EVALUE},
        {"junk", "+12125550101", "+12125550103", "+12125550102", "a.b.c", STIR_EVALUE},
        {"a header", "+12125550101", "+12125550103", "+12125550102", "a.b.c;info=<https://h/c>", STIR_EVALUE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static char nested[ROOM], value[2 * ROOM];
        struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
        struct stir_party orig, dest, div;
        struct stir_diag diag = {0};
        size_t n;
        assert_err(stir_party_parse(&orig, S(rows[i].orig), NULL), STIR_OK);
        assert_err(stir_party_parse(&dest, S(rows[i].dest), NULL), STIR_OK);
        if (rows[i].div)
            assert_err(stir_party_parse(&div, S(rows[i].div), NULL), STIR_OK);
        if (rows[i].nested && rows[i].nested[0] == 's')
            write_one(&pki, nested, rows[i].nested, "shaken", NULL, "");
        else
            snprintf(nested, sizeof(nested), "%s", rows[i].nested ? rows[i].nested : "");
        params.claims.ppt = STIR_PPT_DIV_O;
        params.claims.x5u = S(X5U);
        params.claims.orig = &orig;
        params.claims.dest = &dest;
        params.claims.n_dest = 1;
        params.claims.div = rows[i].div ? &div : NULL;
        params.claims.opt = rows[i].nested ? S(nested) : S(NULL);
        params.now = NOW;
        enum stir_err err = stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag);
        if (err != rows[i].err || (err != STIR_OK && !diag.text[0]))
            fail_msg("%s: %s %s", rows[i].name, stir_err_name(err), diag.text);
        params.style.compact = true; /* never */
        assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag), STIR_EVALUE);
        params.style.compact = false;
        params.claims.ppt = STIR_PPT_DIV; /* and a div with opt never */
        assert_err(stir_attest(value, sizeof(value), &n, &params, &pki.signer, pki.ctx, &diag), rows[i].nested ? STIR_EVALUE : STIR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_caller_of_the_diverter_gets_one_div),
        cmocka_unit_test(the_diverter_is_whom_the_message_names),
        cmocka_unit_test(each_token_of_the_diverter_gets_one_div_o),
        cmocka_unit_test(the_certificate_covers_the_diverting_number),
        cmocka_unit_test(a_call_diverted_again_and_again_passes),
        cmocka_unit_test(what_has_no_room_is_refused),
        cmocka_unit_test(a_div_o_must_fit_what_it_nests),
    };
    return cmocka_run_group_tests_name("divert", tests, make_pki, free_pki);
}
