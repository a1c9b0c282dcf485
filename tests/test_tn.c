#include "support.h"

#include <stir/tn.h>

static const struct stir_tn_options none = STIR_TN_OPTIONS_INIT;
static const struct stir_tn_options america = {sizeof(america), "1", "011", "1", NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options america_plain = {sizeof(america_plain), "1", NULL, NULL, NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options office = {sizeof(office), "1", "9011", "9", NULL, NULL, NULL, NULL, 0, 0}; /* 9 for an outside line */
static const struct stir_tn_options britain = {sizeof(britain), "44", "00", "0", NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options spain = {sizeof(spain), "34", "00", NULL, NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options italy = {sizeof(italy), "39", "00", "", NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options russia = {sizeof(russia), "7", "810", "8", NULL, NULL, NULL, NULL, 0, 0};
static const struct stir_tn_options gateway = {sizeof(gateway), NULL, "00", NULL, NULL, NULL, NULL, NULL, 0, 0};

/* What a text reads as: "tn 12155551212", "uri sip:a@b", or the error's name. */
struct row {
    const char *text;
    const char *wanted;
};

typedef enum stir_err parse_fn(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *options);

static void check_rows(parse_fn *parse, const struct stir_tn_options *options, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stir_party party = {.kind = STIR_PARTY_NONE, .len = 77};
        char got[STIR_PARTY_MAX + 10];
        enum stir_err err = parse(&party, S(rows[i].text), options);
        if (err != STIR_OK) {
            snprintf(got, sizeof(got), "%s", stir_err_name(err));
            assert_int_equal(party.len, 77);
        } else {
            snprintf(got, sizeof(got), "%s %s", party.kind == STIR_PARTY_TN ? "tn" : "uri", party.text);
            assert_int_equal(party.len, strlen(party.text));
            assert_true(party.kind == STIR_PARTY_URI || stir_tn_is_canonical(stir_slice_of(party.text, party.len)));
        }
        if (strcmp(got, rows[i].wanted) != 0)
            fail_msg("\"%s\" reads as %s, wanted %s", rows[i].text, got, rows[i].wanted);
    }
}
#define CHECK_ROWS(parse, options, rows) check_rows(parse, options, rows, sizeof(rows) / sizeof(rows[0]))

/*= RFC8224-8.3a test */
static void numbers_lose_plus_and_separators(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"12155551212", "tn 12155551212"},
        {"+12155551212", "tn 12155551212"},
        {"+1 (215) 555-1212", "tn 12155551212"},
        {"(+1) 215.555.1212", "tn 12155551212"},
        {"\t+1-215-555-1212\r\n", "tn 12155551212"},
        {"030/1234567", "tn 0301234567"},
        {"2155551212", "tn 2155551212"},
        {"911", "tn 911"},
        {"*67", "tn *67"},
        {"#31#", "tn #31#"},
        {"7042", "tn 7042"},
        {"123456789012345", "tn 123456789012345"},
        {"1234567890123456", "STIR_EVALUE"},
        {"+1234567890123456", "STIR_EVALUE"},
        {"1234567890123456789012345678901234567890", "STIR_EVALUE"},
        {"", "STIR_EVALUE"},
        {"+", "STIR_EVALUE"},
        {"()-", "STIR_EVALUE"},
        {"+0215551212", "STIR_EVALUE"}, /* no country code begins with 0 */
        {"+1215#5551212", "STIR_EVALUE"},
        {"+*67", "STIR_EVALUE"},
        {"+911", "tn 911"},
        {"++12155551212", "STIR_ESYNTAX"},
        {"1+2155551212", "STIR_ESYNTAX"},
        {"1-800-FLOWERS", "STIR_ESYNTAX"},
        {"+1215555%31212", "STIR_ESYNTAX"}, /* a URI is percent-encoded, a number is not */
        {"12155551212,,3", "STIR_ESYNTAX"},
        {"tel:+12155551212", "STIR_ESYNTAX"},
        {"\xef\xbc\x91"
         "2155551212",
         "STIR_ESYNTAX"}, /* U+FF11, a digit of another width */
        {"\xd9\xa1\xd9\xa2", "STIR_ESYNTAX"},
        {"\xc2\xa0"
         "12155551212",
         "STIR_ESYNTAX"},
    };
    CHECK_ROWS(stir_tn_parse, NULL, rows);
    CHECK_ROWS(stir_tn_parse, &none, rows);
}

static void parameters_are_cut_before_digits_are_read(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"+12155551212;npdi;rn=+12155550000", "tn 12155551212"},
        {"+12155551212;verstat=TN-Validation-Passed", "tn 12155551212"},
        {"+12155551212;verstat=TN-Validation-Passed-B;cpc=ordinary", "tn 12155551212"},
        {"+12155551212;ext=12", "tn 12155551212"},
        {"+12155551212;isub=1411", "tn 12155551212"},
        {"+12155551212;", "tn 12155551212"},
        {"+12155551212 ;npdi", "tn 12155551212"},
        {";rn=12155550000", "STIR_EVALUE"},
        {"2155551212;phone-context=+1", "tn 12155551212"},
        {"7042;phone-context=example.com", "STIR_EVALUE"},
        {"2155551212;phone-context=+1;phone-context=+44", "STIR_ESYNTAX"},
        {"2155551212;phone-context", "STIR_ESYNTAX"},
    };
    CHECK_ROWS(stir_tn_parse, NULL, rows);
}

static void longer_than_a_party_is_a_limit(void **state)
{
    (void)state;
    char text[STIR_PARTY_MAX + 2];
    struct stir_party party;
    memset(text, ' ', sizeof(text));
    text[0] = text[sizeof(text) - 1] = '1';
    assert_err(stir_tn_parse(&party, stir_slice_of(text, sizeof(text)), NULL), STIR_ELIMIT);
    text[STIR_PARTY_MAX - 1] = '2';
    assert_err(stir_tn_parse(&party, stir_slice_of(text, STIR_PARTY_MAX), NULL), STIR_OK);
    assert_string_equal(party.text, "12");
}

static void country_code_1_is_put_before_ten_digits(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2155551212", "tn 12155551212"},
        {"(215) 555-1212", "tn 12155551212"},
        {"12155551212", "tn 12155551212"},
        {"+12155551212", "tn 12155551212"},
        {"1155551212", "tn 1155551212"}, /* no area code begins with 1 */
        {"0155551212", "tn 0155551212"},
        {"5551212", "tn 5551212"}, /* seven digits: whose area? */
        {"011442071234567", "tn 442071234567"},
        {"+442071234567", "tn 442071234567"},
        {"+4712345678", "tn 4712345678"}, /* Norway: ten digits, and not national */
        {"0110", "tn 0110"},              /* nothing global behind the prefix */
        {"011", "tn 011"},
        {"911", "tn 911"},
        {"+911", "tn 911"},
        {"*672155551212", "tn *672155551212"},
        {"2155#1212", "tn 2155#1212"},
        {"22155551212", "tn 22155551212"},
    };
    CHECK_ROWS(stir_tn_parse, &america, rows);
    static const struct row plain[] = {
        {"2155551212", "tn 12155551212"}, {"12155551212", "tn 12155551212"}, {"011442071234567", "tn 011442071234567"}, /* no prefix was named */
    };
    CHECK_ROWS(stir_tn_parse, &america_plain, plain);
}

static void an_outside_line_is_cut_when_a_number_is_left(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"912155551212", "tn 12155551212"},
        {"92155551212", "tn 12155551212"},
        {"9172345678", "tn 19172345678"}, /* New York, not a 9 and nine digits */
        {"9555", "tn 9555"},
        {"9011442071234567", "tn 442071234567"},
        {"9", "tn 9"},
    };
    CHECK_ROWS(stir_tn_parse, &office, rows);
}

static void a_trunk_prefix_marks_national_numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"02071234567", "tn 442071234567"},
        {"(020) 7123 4567", "tn 442071234567"},
        {"442071234567", "tn 442071234567"},
        {"+442071234567", "tn 442071234567"},
        {"00442071234567", "tn 442071234567"},
        {"0012155551212", "tn 12155551212"},
        {"12155551212", "tn 12155551212"}, /* canonical already, another country's */
        {"7123", "tn 7123"},
        {"112", "tn 112"},
        {"0", "tn 0"},
        {"01234567890123456", "STIR_EVALUE"},
        {"012345678901234567890123456789", "STIR_EVALUE"},
        {"+012345", "STIR_EVALUE"},
    };
    CHECK_ROWS(stir_tn_parse, &britain, rows);
}

static void without_a_trunk_prefix_every_long_number_is_national(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"612345678", "tn 34612345678"},
        {"34612345678", "tn 34612345678"},
        {"+34612345678", "tn 34612345678"},
        {"+12155551212", "tn 12155551212"},
        {"0012155551212", "tn 12155551212"},
        {"123456", "tn 123456"}, /* a service or an extension */
        {"1234567", "tn 341234567"},
        {"34123456", "tn 3434123456"}, /* too short to have its code */
        {"12345678901234567890123456789", "STIR_EVALUE"},
    };
    CHECK_ROWS(stir_tn_parse, &spain, rows);
    static const struct row italian[] = {{"0612345678", "tn 390612345678"}, {"390612345678", "tn 390612345678"}}; /* the 0 belongs to the number */
    CHECK_ROWS(stir_tn_parse, &italy, italian);
}

static void an_international_prefix_is_cut_without_a_country_code(void **state)
{
    (void)state;
    static const struct row rows[] = {{"00442071234567", "tn 442071234567"}, {"2155551212", "tn 2155551212"}, {"000", "tn 000"}};
    CHECK_ROWS(stir_tn_parse, &gateway, rows);
}

static uint64_t seed = 0x2545f4914f6cdd1du;
static unsigned dice(unsigned sides)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % sides;
}

/* `text` gets 1 to 17 digits, now and then with a prefix of the plan. */
static void throw_number(char text[32], const struct stir_tn_options *plan)
{
    size_t at = 0;
    const char *prefixes[] = {"", "", "+", plan->international_prefix, plan->national_prefix, plan->country_code};
    const char *prefix = prefixes[dice(6)];
    if (prefix)
        for (; *prefix; prefix++)
            text[at++] = *prefix;
    for (size_t n = dice(14) + 1; n > 0; n--)
        text[at++] = "0123456789*#"[dice(100) == 0 ? 10 + dice(2) : dice(10)];
    text[at] = '\0';
}

/* A foreign number that reads as one of the plan once its '+' is gone: inherent, and said in the header. */
static bool looks_national(struct stir_slice tn, const struct stir_tn_options *plan)
{
    if (stir_slice_is(S(plan->country_code), "1"))
        return tn.n == 10 || (plan->national_prefix && plan->national_prefix[0] == tn.p[0]);
    if (plan->national_prefix && plan->national_prefix[0])
        return tn.p[0] == plan->national_prefix[0];
    return plan->country_code && tn.n >= 7;
}

static void reading_twice_is_reading_once(void **state)
{
    (void)state;
    static const struct stir_tn_options *const plans[] = {&none, &america, &america_plain, &office, &britain, &spain, &italy, &russia, &gateway};
    unsigned compared = 0;
    for (size_t i = 0; i < 400000; i++) {
        const struct stir_tn_options *plan = plans[dice(sizeof(plans) / sizeof(plans[0]))];
        struct stir_party once, twice;
        char text[32];
        throw_number(text, plan);
        if (stir_tn_parse(&once, S(text), plan) != STIR_OK)
            continue;
        struct stir_slice tn = stir_slice_of(once.text, once.len);
        bool abroad = text[0] == '+' || (plan->international_prefix && strncmp(text, plan->international_prefix, strlen(plan->international_prefix)) == 0);
        if (abroad && looks_national(tn, plan))
            continue;
        compared++;
        assert_err(stir_tn_parse(&twice, tn, plan), STIR_OK);
        if (!stir_party_eq(&once, &twice))
            fail_msg("\"%s\" with code \"%s\": %s, then %s", text, plan->country_code ? plan->country_code : "", once.text, twice.text);
        assert_err(stir_tn_parse(&twice, tn, NULL), STIR_OK);
        if (!stir_party_eq(&once, &twice))
            fail_msg("\"%s\": %s, and without a plan %s", text, once.text, twice.text);
    }
    assert_true(compared > 250000);
}

static void special_numbers_are_the_built_in_or_the_listed(void **state)
{
    (void)state;
    static const char *const special[] = {"911", "112", "988", "211", "311", "411", "511", "611", "711", "811", "*67", "#31#", "*"};
    static const char *const usual[] = {"", "111", "011", "912", "9911", "12155551212", "110", "1*2"};
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
        if (!stir_tn_is_special(S(special[i]), NULL))
            fail_msg("%s is special", special[i]);
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (stir_tn_is_special(S(usual[i]), NULL))
            fail_msg("%s is not special", usual[i]);
    static const char *const list[] = {"110", "116117", NULL};
    struct stir_tn_options german = {sizeof(german), "49", "00", NULL, list, NULL, NULL, NULL, 0, 0};
    assert_true(stir_tn_is_special(S("110"), &german));
    assert_false(stir_tn_is_special(S("911"), &german));
    assert_false(stir_tn_is_special(S(NULL), NULL));
    german.size = 1;
    assert_false(stir_tn_is_special(S("110"), &german));
    german.size = sizeof(german);
    static const struct row rows[] = {{"116117", "tn 116117"}, {"+110", "tn 110"}, {"6912345678", "tn 496912345678"}, {"*67", "tn *67"}};
    CHECK_ROWS(stir_tn_parse, &german, rows);
}

/*= RFC8224-8.3b test */
static void canonical_is_1_to_15_of_digits_star_and_hash(void **state)
{
    (void)state;
    assert_true(stir_tn_is_canonical(S("1")));
    assert_true(stir_tn_is_canonical(S("12155551212")));
    assert_true(stir_tn_is_canonical(S("*67#")));
    assert_true(stir_tn_is_canonical(S("123456789012345")));
    assert_false(stir_tn_is_canonical(S("1234567890123456")));
    assert_false(stir_tn_is_canonical(S("")));
    assert_false(stir_tn_is_canonical(S(NULL)));
    assert_false(stir_tn_is_canonical(S("+12155551212")));
    assert_false(stir_tn_is_canonical(S("1215 5551212")));
    assert_false(stir_tn_is_canonical(S("1215a")));
    assert_false(stir_tn_is_canonical(stir_slice_of("1\0002", 3)));
}

/*= RFC8224-6.1c RFC8224-6.2d RFC8224-8.1 test */
static void uris_with_numbers_are_numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"tel:+1-215-555-1212", "tn 12155551212"},
        {"TEL:+12155551212", "tn 12155551212"},
        {"tel:+12155551212;npdi;rn=+12155550000", "tn 12155551212"},
        {"tel:+1215555%31212", "tn 12155551212"},
        {"tel:911", "tn 911"},
        {"<tel:+15715550001;verstat=TN-Validation-Passed>", "tn 15715550001"},
        {"<sip:+15715550001;verstat=TN-Validation-Passed@example.com;user=phone>", "tn 15715550001"},
        {"<sip:+15715550001;verstat=TN-Validation-Passed-A@example.com;user=phone>", "tn 15715550001"},
        {"<sip:+15715550001@example.com;verstat=No-TN-Validation>", "tn 15715550001"},
        {"sip:+1(215)555.1212;npdi@h;user=phone", "tn 12155551212"},
        {"sip:+12155551212;rn=12155550000;npdi@h;user=phone", "tn 12155551212"},
        {"sips:+12155551212@h", "tn 12155551212"},
        {"SIP:+12155551212@H;USER=PHONE", "tn 12155551212"},
        {"sip:+12155551212:secret99@h:5060;transport=tls?Subject=1", "tn 12155551212"},
        {"sip:%2B12155551212@h", "tn 12155551212"},
        {"sip:+1215555%31212@h;user=phone", "tn 12155551212"},
        {"sip:12155551212@10.0.0.1", "tn 12155551212"},
        {"sip:(215)555-1212@h", "tn 2155551212"},
        {"sip:*67@h", "tn *67"},
        {"sip:%2331%23@h", "tn #31#"},
        {"sip:112@psap.example.net", "tn 112"},
        {"sip:+12155551212@[2001:db8::1]:5060", "tn 12155551212"},
        {"+1 (215) 555-1212", "tn 12155551212"},
        {"911", "tn 911"},
        {"*67", "tn *67"},
        {"tel:", "STIR_EVALUE"},
        {"tel:alice", "STIR_EVALUE"},
        {"tel:+12155551212@example.com", "STIR_EVALUE"},
        {"tel:+1234567890123456", "STIR_EVALUE"},
        {"tel:+1215555%2531212", "STIR_EVALUE"}, /* decoded once, not twice */
        {"tel:+12155%3", "STIR_EVALUE"},
        {"tel:+0123", "STIR_EVALUE"},
        {"1234567890123456", "STIR_EVALUE"},
    };
    CHECK_ROWS(stir_party_parse, NULL, rows);
    static const struct row national[] = {
        {"sip:2155551212@h;user=phone", "tn 12155551212"},
        {"sip:2155551212@h", "tn 12155551212"},
        {"tel:215-555-1212", "tn 12155551212"},
        {"sip:011442071234567@h;user=phone", "tn 442071234567"},
    };
    CHECK_ROWS(stir_party_parse, &america, national);
}

/*= RFC8224-8.5a RFC8224-8.5b RFC8224-8.5c RFC8224-8.5d test */
static void other_uris_are_normalised(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"sips:Bob%2e:pw@EXAMPLE.com:5061;transport=tls?Subject=x", "uri sips:bob.@example.com"},
        {"SIP:Alice@Example.COM", "uri sip:alice@example.com"},
        {"sip:%41lice%7E%5f@example.com", "uri sip:alice~_@example.com"},
        {"sip:a%c3%a9%2f@example.com", "uri sip:a%C3%A9%2F@example.com"},
        {"sip:a\xc3\xa9@example.com", "uri sip:a%C3%A9@example.com"}, /* should have been escaped, and is the same then */
        {"sip:f%00@example.org", "uri sip:f%00@example.org"},
        {"sip:a%25%34@h", "uri sip:a%254@h"},
        {"sip:o~d.user(1)&co=+$/way?,;x:p&w=1$@example.org;p;q=%00?h=v", "uri sip:o~d.user(1)&co=+$/way?,;x@example.org"},
        {"sip:alice;day=tuesday@atlanta.com", "uri sip:alice;day=tuesday@atlanta.com"},
        {"sip:alice@[2001:DB8::1]:5060;lr", "uri sip:alice@[2001:db8::1]"},
        {"sip:alice@[::ffff:10.0.0.1]", "uri sip:alice@[::ffff:10.0.0.1]"},
        {"sip:example.com", "uri sip:example.com"},
        {"sip:10.0.0.1:5060", "uri sip:10.0.0.1"},
        {"sip:[::1]", "uri sip:[::1]"},
        {"sip:anonymous@anonymous.invalid", "uri sip:anonymous@anonymous.invalid"},
        {"\"Anonymous\" <sip:anonymous@Anonymous.Invalid>;tag=1", "uri sip:anonymous@anonymous.invalid"},
        {"sip:+12345678901234567;npdi@h;user=phone", "uri sip:+12345678901234567;npdi@h"}, /* no E.164 number */
        {"sip:alice@h;user=phone", "uri sip:alice@h"},
        {"sip:10.0.0.1@h", "uri sip:10.0.0.1@h"},
        {"sip:alice+12155551212@h", "uri sip:alice+12155551212@h"},
        {"sip:+12155551212%3Bnpdi@h", "uri sip:+12155551212%3Bnpdi@h"}, /* an escaped ';' is data, not a delimiter */
        {"sip:%2531%2532@h", "uri sip:%2531%2532@h"},
        {"sip:%EF%BC%91%EF%BC%92@h;user=phone", "uri sip:%EF%BC%91%EF%BC%92@h"},
        {"sip:\xef\xbc\x91@h;user=phone", "uri sip:%EF%BC%91@h"},
        {"urn:service:sos", "uri urn:service:sos"},
        {"<URN:Service:SOS.Police>", "uri urn:service:sos.police"},
        {"urn:service:sos;tag=77", "uri urn:service:sos"},
        {"urn:UUID:F81D4FAE", "uri urn:uuid:F81D4FAE"},
    };
    CHECK_ROWS(stir_party_parse, NULL, rows);
    static const struct row refused[] = {
        {"", "STIR_ESYNTAX"},
        {" ", "STIR_ESYNTAX"},
        {"<>", "STIR_ESYNTAX"},
        {"alice", "STIR_ESYNTAX"},
        {"alice@example.com", "STIR_ESYNTAX"},
        {"mailto:alice@example.com", "STIR_ESYNTAX"},
        {"sip:", "STIR_ESYNTAX"},
        {"sip:@h", "STIR_ESYNTAX"},
        {"sip::pw@h", "STIR_ESYNTAX"},
        {"sip:alice@", "STIR_ESYNTAX"},
        {"sip:alice@h@evil", "STIR_ESYNTAX"},
        {"sip:alice@h;x=a@evil", "STIR_ESYNTAX"},
        {"sip:alice@h:", "STIR_ESYNTAX"},
        {"sip:alice@h:50x", "STIR_ESYNTAX"},
        {"sip:alice@h:123456", "STIR_ESYNTAX"},
        {"sip:alice@h_%41", "STIR_ESYNTAX"},
        {"sip:alice@[::1", "STIR_ESYNTAX"},
        {"sip:alice@[::1]x", "STIR_ESYNTAX"},
        {"sip:alice@[12]", "STIR_ESYNTAX"},
        {"sip:alice@[::g]", "STIR_ESYNTAX"},
        {"sip:911", "STIR_ESYNTAX"},
        {"sip:al ice@h", "STIR_ESYNTAX"},
        {"sip:al%4gice@h", "STIR_ESYNTAX"},
        {"sip:al%4", "STIR_ESYNTAX"},
        {"urn:service:", "STIR_ESYNTAX"},
        {"urn:service", "STIR_ESYNTAX"},
        {"urn::sos", "STIR_ESYNTAX"},
        {"urn:service:s os", "STIR_ESYNTAX"},
        {"urn:ser vice:sos", "STIR_ESYNTAX"},
    };
    CHECK_ROWS(stir_party_parse, NULL, refused);
    struct stir_party party;
    assert_err(stir_party_parse(&party, stir_slice_of("sip:al\0ce@h", 11), NULL), STIR_ESYNTAX);
}

static void name_addrs_are_read_past_quotes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"\"Alice\" <sip:+12155551212@h>;tag=1928301774", "tn 12155551212"},
        {"Alice Smith <sip:+12155551212@h>", "tn 12155551212"},
        {"+1 900 555 0000 <sip:+12155551212@h>", "tn 12155551212"},
        {"<sip:+12155551212@h>", "tn 12155551212"},
        {"< sip:+12155551212@h >", "tn 12155551212"},
        {"\"<sip:+19005550000@evil>\" <sip:+12155551212@h>", "tn 12155551212"},
        {"\"a\\\"<sip:+19005550000@evil>\\\\\" <sip:+12155551212@h>", "tn 12155551212"},
        {"\"\" <tel:+12155551212>", "tn 12155551212"},
        {"<sip:+12155551212@h> ; tag=x", "tn 12155551212"},
        {"sip:+12155551212@h;tag=1;x=\"<\"", "tn 12155551212"},
        {"sip:alice@h ;tag=1", "uri sip:alice@h"},
        {"\"Alice <sip:+12155551212@h>", "STIR_ESYNTAX"},
        {"\"Alice\\", "STIR_ESYNTAX"},
        {"\"Alice\" sip:+12155551212@h", "STIR_ESYNTAX"},
        {"<sip:+12155551212@h", "STIR_ESYNTAX"},
        {"<sip:+12155551212@h>, <sip:+19005550000@evil>", "STIR_ESYNTAX"},
        {"<sip:+12155551212@h> <sip:+19005550000@evil>", "STIR_ESYNTAX"},
        {"<<sip:alice@h>", "STIR_ESYNTAX"},
        {"<sip:alice<x@h>", "STIR_ESYNTAX"},
    };
    CHECK_ROWS(stir_party_parse, NULL, rows);
}

static void phone_context_tells_whose_local_number_it_is(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"tel:2155551212;phone-context=+1", "tn 12155551212"},
        {"tel:215-555-1212;Phone-Context=%2B1", "tn 12155551212"},
        {"tel:12155551212;phone-context=+1", "tn 12155551212"},
        {"tel:911;phone-context=+1", "tn 911"}, /* RFC 3966 §5.1.5: "+1-911" is no number */
        {"tel:911;phone-context=ims.mnc001.mcc310.3gppnetwork.org", "tn 911"},
        {"tel:*67;phone-context=example.com", "tn *67"},
        {"tel:+12155551212;phone-context=example.com", "tn 12155551212"},
        {"tel:555-1212;phone-context=+1", "uri tel:5551212;phone-context=+1"},
        {"tel:863-1234;phone-context=+1-914-555", "uri tel:8631234;phone-context=+1914555"},
        {"tel:7042;phone-context=Example.COM", "uri tel:7042;phone-context=example.com"},
        {"tel:2155551212;phone-context=example.com", "uri tel:2155551212;phone-context=example.com"},
        {"tel:612345678;phone-context=+34", "tn 34612345678"},
        {"tel:02071234567;phone-context=+44", "uri tel:02071234567;phone-context=+44"}, /* whose 0 is it? */
        {"tel:123;phone-context=+44", "uri tel:123;phone-context=+44"},
        {"tel:123*4567;phone-context=+44", "uri tel:123*4567;phone-context=+44"},
        {"tel:612345678;phone-context=+034", "uri tel:612345678;phone-context=+034"},
        {"tel:6123456789012345;phone-context=+34", "STIR_EVALUE"},
        {"sip:7042;phone-context=example.com@h;user=phone", "uri sip:7042;phone-context=example.com@h"},
        {"sip:2155551212;phone-context=+1@h;user=phone", "tn 12155551212"},
        {"tel:7042;phone-context=", "STIR_EVALUE"},
        {"tel:7042;phone-context=+", "STIR_EVALUE"},
        {"tel:7042;phone-context=a b", "STIR_EVALUE"},
        {"tel:7042;phone-context=%zz", "STIR_EVALUE"},
        {"tel:7042;phone-context=a;phone-context=b", "STIR_EVALUE"},
    };
    CHECK_ROWS(stir_party_parse, NULL, rows);
    static const struct row planned[] = {
        {"tel:2155551212;phone-context=example.com", "tn 12155551212"},
        {"tel:7042;phone-context=example.com", "uri tel:7042;phone-context=example.com"},
    };
    CHECK_ROWS(stir_party_parse, &america, planned);
    static const struct row british[] = {
        {"tel:02071234567;phone-context=+44", "tn 442071234567"},
        {"tel:2071234567;phone-context=+44", "tn 442071234567"},
        {"tel:2155551212;phone-context=+1", "tn 12155551212"},
    };
    CHECK_ROWS(stir_party_parse, &britain, british);
}

static void a_canonical_uri_reads_as_itself(void **state)
{
    (void)state;
    static const char *const texts[] = {"sips:Bob%2e:pw@EXAMPLE.com:5061;transport=tls?Subject=x",
                                        "sip:f%00%3b%40@example.org",
                                        "sip:10.0.0.1:5060",
                                        "sip:7042;phone-context=example.com@h;user=phone",
                                        "tel:863-1234;phone-context=+1-914-555",
                                        "URN:SERVICE:sos",
                                        "sip:+12345678901234567;npdi@h;user=phone",
                                        "sip:\xef\xbc\x91@h;user=phone"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct stir_party once, twice;
        assert_err(stir_party_parse(&once, S(texts[i]), &america), STIR_OK);
        assert_err(stir_party_parse(&twice, stir_slice_of(once.text, once.len), &america), STIR_OK);
        if (!stir_party_eq(&once, &twice))
            fail_msg("%s: %s, then %s", texts[i], once.text, twice.text);
    }
}

static void long_parties_are_a_limit(void **state)
{
    (void)state;
    char text[600] = "sip:";
    struct stir_party party;
    memset(text + 4, 'a', 400);
    memcpy(text + 4 + STIR_PARTY_MAX - 6, "@h", 3);
    assert_err(stir_party_parse(&party, S(text), NULL), STIR_OK);
    assert_int_equal(party.len, STIR_PARTY_MAX);
    memset(text + 4, 'a', 400);
    memcpy(text + 4 + STIR_PARTY_MAX - 5, "@h", 3);
    assert_err(stir_party_parse(&party, S(text), NULL), STIR_ELIMIT);
    memset(text + 4, '1', 400);
    memcpy(text, "tel:", 4);
    assert_err(stir_party_parse(&party, S(text), NULL), STIR_ELIMIT);
}

static void parties_are_equal_in_kind_and_text(void **state)
{
    (void)state;
    struct stir_party a, b;
    assert_err(stir_party_parse(&a, S("tel:+12155551212"), NULL), STIR_OK);
    assert_err(stir_party_parse(&b, S("sip:12155551212@x"), NULL), STIR_OK);
    assert_true(stir_party_eq(&a, &b));
    b.kind = STIR_PARTY_URI;
    assert_false(stir_party_eq(&a, &b));
    assert_err(stir_party_parse(&b, S("tel:+12155551213"), NULL), STIR_OK);
    assert_false(stir_party_eq(&a, &b));
    assert_false(stir_party_eq(&a, NULL));
    assert_false(stir_party_eq(NULL, &a));
}

static void wrong_arguments_are_answered(void **state)
{
    (void)state;
    static const struct stir_tn_options wrong[] = {
        {8, "1", NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {sizeof(none), "+1", NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {sizeof(none), "1234", NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
        {sizeof(none), "1", "x", NULL, NULL, NULL, NULL, NULL, 0, 0},
        {sizeof(none), "1", NULL, "#", NULL, NULL, NULL, NULL, 0, 0},
        {sizeof(none), "81", NULL, "8", NULL, NULL, NULL, NULL, 0, 0}, /* would eat 81... again */
        {sizeof(none), "81", "81", NULL, NULL, NULL, NULL, NULL, 0, 0},
    };
    struct stir_party party;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_err(stir_tn_parse(&party, S("1"), &wrong[i]), STIR_EARG);
        assert_err(stir_party_parse(&party, S("1"), &wrong[i]), STIR_EARG);
    }
    assert_err(stir_tn_parse(NULL, S("1"), NULL), STIR_EARG);
    assert_err(stir_tn_parse(&party, S(NULL), NULL), STIR_EARG);
    assert_err(stir_party_parse(NULL, S("1"), NULL), STIR_EARG);
    assert_err(stir_party_parse(&party, S(NULL), NULL), STIR_EARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_lose_plus_and_separators),
        cmocka_unit_test(parameters_are_cut_before_digits_are_read),
        cmocka_unit_test(longer_than_a_party_is_a_limit),
        cmocka_unit_test(country_code_1_is_put_before_ten_digits),
        cmocka_unit_test(an_outside_line_is_cut_when_a_number_is_left),
        cmocka_unit_test(a_trunk_prefix_marks_national_numbers),
        cmocka_unit_test(without_a_trunk_prefix_every_long_number_is_national),
        cmocka_unit_test(an_international_prefix_is_cut_without_a_country_code),
        cmocka_unit_test(reading_twice_is_reading_once),
        cmocka_unit_test(special_numbers_are_the_built_in_or_the_listed),
        cmocka_unit_test(canonical_is_1_to_15_of_digits_star_and_hash),
        cmocka_unit_test(uris_with_numbers_are_numbers),
        cmocka_unit_test(other_uris_are_normalised),
        cmocka_unit_test(name_addrs_are_read_past_quotes),
        cmocka_unit_test(phone_context_tells_whose_local_number_it_is),
        cmocka_unit_test(a_canonical_uri_reads_as_itself),
        cmocka_unit_test(long_parties_are_a_limit),
        cmocka_unit_test(parties_are_equal_in_kind_and_text),
        cmocka_unit_test(wrong_arguments_are_answered),
    };
    return cmocka_run_group_tests_name("tn", tests, NULL, NULL);
}
