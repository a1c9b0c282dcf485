#include "support.h"

#include <stir/tn.h>

/* Numbers as people write them in each country, from its numbering plan; where the regulator keeps some for fiction, those. */
static const struct row {
    const char *plan, *text, *wanted;
} rows[] = {
    /* North America: 10 digits, trunk 1, 011 abroad */
    {"US", "(212) 555-0100", "12125550100"},
    {"US", "1-800-555-0199", "18005550199"},
    {"US", "12125550100", "12125550100"},
    {"US", "+1 212 555 0100", "12125550100"},
    {"US", "011 44 20 7946 0018", "442079460018"},
    {"US", "011 52 55 1234 5678", "525512345678"},
    {"US", "011 1 416 555 0123", "14165550123"},
    {"US", "011 1 416 055 0123", "01114160550123"}, /* no exchange begins with 0 */
    {"US", "212-055-0100", "2120550100"},
    {"US", "555-0100", "5550100"},          /* of which area? */
    {"US", "442079460018", "442079460018"}, /* 12 digits: its code it has, or it is no number */
    {"US", "0119", "0119"},
    {"US", "911", "911"},
    {"US", "1 115 555 0100", "11155550100"},
    {"CA", "416 555 0123", "14165550123"},
    {"CA", "1 604 555 0188", "16045550188"},
    {"CA", "514-555-0142", "15145550142"},
    {"CA", "16135550100", "16135550100"},
    {"CA", "+1 (902) 555-0107", "19025550107"},
    {"CA", "011 33 1 99 00 12 34", "33199001234"},
    {"CA", "011 49 30 23125000", "493023125000"},
    {"CA", "867.555.0133", "18675550133"},
    {"CA", "555-0123", "5550123"},
    {"CA", "116 555 0123", "1165550123"},
    {"CA", "988", "988"},
    /* France: 9 digits behind the 0; overseas departments have other codes */
    {"FR", "01 99 00 12 34", "33199001234"},
    {"FR", "02.61.91.00.01", "33261910001"},
    {"FR", "06 39 98 12 34", "262639981234"}, /* a mobile of Mayotte */
    {"FR", "07 57 12 34 56", "33757123456"},
    {"FR", "08 00 12 34 56", "33800123456"},
    {"FR", "09 70 12 34 56", "33970123456"},
    {"FR", "+33 1 99 00 12 34", "33199001234"},
    {"FR", "33199001234", "33199001234"},
    {"FR", "0033 6 12 34 56 78", "33612345678"},
    {"FR", "0033 06 12 34 56 78", "00330612345678"}, /* the 0 is one too many, or not: nobody knows */
    {"FR", "00 44 20 7946 0018", "442079460018"},
    {"FR", "02 62 12 34 56", "262262123456"}, /* Reunion */
    {"FR", "05 90 12 34 56", "590590123456"}, /* Guadeloupe */
    {"FR", "06 96 12 34 56", "596696123456"}, /* Martinique */
    {"FR", "09 76 12 34 56", "0976123456"},   /* overseas, but where? */
    {"FR", "0700 12 34 56 78 90",
     "33700123456789"
     "0"}, /* a machine: 13 digits */
    {"FR", "3651", "3651"},
    {"FR", "199001234", "199001234"}, /* not without its 0 */
    {"FR", "01 99 00 12 3", "019900123"},
    {"FR", "33262123456", "33262123456"},
    /* Germany: many lengths */
    {"DE", "030 23125 000", "493023125000"},
    {"DE", "089 99998 123", "498999998123"},
    {"DE", "0171 39200 01", "491713920001"},
    {"DE", "0152 28817386", "4915228817386"},
    {"DE", "0800 330 1000", "498003301000"},
    {"DE", "032 1234567890", "49321234567890"},
    {"DE", "0700 12345678", "4970012345678"},
    {"DE", "+49 221 4710 123", "492214710123"},
    {"DE", "0049 40 66969 123", "494066969123"},
    {"DE", "0043 1 234567", "431234567"},
    {"DE", "493023125000", "493023125000"},
    {"DE", "0171 3920", "01713920"}, /* too short for a mobile */
    {"DE", "23125000", "23125000"},  /* of which area? */
    {"DE", "0049 0 30 23125000", "004903023125000"},
    {"DE", "110", "110"},
    /* United Kingdom: 10 digits, some 9 */
    {"GB", "020 7946 0018", "442079460018"},
    {"GB", "0113 496 0123", "441134960123"},
    {"GB", "07700 900123", "447700900123"},
    {"GB", "0306 999 0123", "443069990123"},
    {"GB", "0808 157 0123", "448081570123"},
    {"GB", "0909 879 0123", "449098790123"},
    {"GB", "016977 2345", "44169772345"}, /* Brampton: 9 */
    {"GB", "0800 1111", "448001111"},
    {"GB", "+44 20 7946 0018", "442079460018"},
    {"GB", "442079460018", "442079460018"},
    {"GB", "00 1 212 555 0100", "12125550100"},
    {"GB", "0044 7700 900123", "447700900123"},
    {"GB", "020 7946 001", "0207946001"},
    {"GB", "7946 0018", "79460018"},
    {"GB", "999", "999"},
    /* Italy: no trunk prefix, the 0 stays */
    {"IT", "06 698 12345", "390669812345"},
    {"IT", "02 1234 5678", "390212345678"},
    {"IT", "011 562 1234", "390115621234"},
    {"IT", "0471 123456", "390471123456"},
    {"IT", "347 123 4567", "393471234567"},
    {"IT", "393 123 4567", "393931234567"}, /* a mobile that begins like the code */
    {"IT", "335 123 456", "39335123456"},
    {"IT", "800 123 456", "39800123456"},
    {"IT", "199 123 456", "39199123456"},
    {"IT", "+39 06 698 12345", "390669812345"},
    {"IT", "390669812345", "390669812345"},
    {"IT", "0039 347 123 4567", "393471234567"},
    {"IT", "00 41 44 123 45 67", "41441234567"},
    {"IT", "39 0669 8123", "3906698123"},        /* its code it has: 390 is no mobile prefix */
    {"IT", "39 8001234", "398001234"},           /* a mobile, or the code and a green number: stays */
    {"IT", "0039 6 698 12345", "0039669812345"}, /* the 0 is lost */
    {"IT", "112", "112"},
    {"IT", "117", "117"},
    /* Mexico: 10 digits, nothing before them since 2019 */
    {"MX", "55 1234 5678", "525512345678"},
    {"MX", "33 1234 5678", "523312345678"},
    {"MX", "81 1234 5678", "528112345678"},
    {"MX", "998 123 4567", "529981234567"},
    {"MX", "800 123 4567", "528001234567"},
    {"MX", "+52 55 1234 5678", "525512345678"},
    {"MX", "525512345678", "525512345678"},
    {"MX", "00 1 212 555 0100", "12125550100"},
    {"MX", "0052 55 1234 5678", "525512345678"},
    {"MX", "52 1 55 1234 5678", "5215512345678"}, /* mobiles, until 2019 */
    {"MX", "01 55 1234 5678", "015512345678"},    /* trunk 01, until 2019 */
    {"MX", "1234 5678", "12345678"},
    {"MX", "911", "911"},
    /* Spain: 9 digits, no trunk prefix */
    {"ES", "91 123 45 67", "34911234567"},
    {"ES", "612 345 678", "34612345678"},
    {"ES", "722 123 456", "34722123456"},
    {"ES", "900 123 456", "34900123456"},
    {"ES", "810 123 456", "34810123456"},
    {"ES", "+34 91 123 45 67", "34911234567"},
    {"ES", "34911234567", "34911234567"},
    {"ES", "0034 612 345 678", "34612345678"},
    {"ES", "00 351 21 123 4567", "351211234567"},
    {"ES", "091 123 45 67", "0911234567"},
    {"ES", "12 345 678", "12345678"},
    /* Australia: trunk 0, and several carriers abroad */
    {"AU", "02 5550 1234", "61255501234"},
    {"AU", "03 7010 1234", "61370101234"},
    {"AU", "07 7010 1234", "61770101234"},
    {"AU", "08 7010 1234", "61870101234"},
    {"AU", "0491 570 006", "61491570006"},
    {"AU", "+61 491 570 006", "61491570006"},
    {"AU", "61491570006", "61491570006"},
    {"AU", "0011 44 20 7946 0018", "442079460018"},
    {"AU", "0018 1 212 555 0100", "12125550100"},
    {"AU", "0011 61 2 5550 1234", "61255501234"},
    {"AU", "00 44 20 7946 0018", "00442079460018"}, /* nobody dials 00 there */
    {"AU", "13 12 34", "131234"},
    {"AU", "5550 1234", "55501234"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct stir_tn_options options_of(const char *plan)
{
    struct stir_tn_options options = STIR_TN_OPTIONS_INIT;
    options.plan = stir_tn_plan(S(plan));
    assert_non_null(options.plan);
    return options;
}

static void numbers_become_global_by_the_plan_of_their_country(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct stir_tn_options options = options_of(rows[i].plan);
        struct stir_party party;
        enum stir_err err = stir_tn_parse(&party, S(rows[i].text), &options);
        if (err != STIR_OK || strcmp(party.text, rows[i].wanted) != 0)
            fail_msg("%s: %s reads as %s, wanted %s", rows[i].plan, rows[i].text, err == STIR_OK ? party.text : stir_err_name(err), rows[i].wanted);
    }
}

static void every_plan_has_its_rows(void **state)
{
    (void)state;
    const char *name;
    for (size_t k = 0; (name = stir_tn_plan_at(k)) != NULL; k++) {
        size_t n = 0;
        for (size_t i = 0; i < ROWS; i++)
            n += strcmp(rows[i].plan, name) == 0;
        if (n < 10)
            fail_msg("%s has %zu rows", name, n);
    }
}

/* A national number that is global now is the same number when it comes again. */
static void canonical_numbers_of_a_plan_stay(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct stir_tn_options options = options_of(rows[i].plan);
        struct stir_party once, twice;
        assert_err(stir_tn_parse(&once, S(rows[i].text), &options), STIR_OK);
        assert_err(stir_tn_parse(&twice, stir_slice_of(once.text, once.len), &options), STIR_OK);
        if (!stir_party_eq(&once, &twice))
            fail_msg("%s: %s reads as %s, and that as %s", rows[i].plan, rows[i].text, once.text, twice.text);
    }
}

static void a_context_says_that_the_number_is_national(void **state)
{
    (void)state;
    static const struct row contexts[] = {
        {"IT", "tel:0669812345;phone-context=+39", "390669812345"},   {"FR", "tel:0199001234;phone-context=+33", "33199001234"},
        {"FR", "tel:199001234;phone-context=+33", "33199001234"},     {"FR", "tel:262123456;phone-context=+33", "262262123456"},
        {"GB", "tel:2079460018;phone-context=+44", "442079460018"},   {"FR", "tel:19900;phone-context=+33", "tel:19900;phone-context=+33"},
        {"MX", "sip:5512345678;phone-context=+52@h", "525512345678"}, {"FR", "tel:2125550100;phone-context=+1", "12125550100"},
    };
    for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
        struct stir_tn_options options = options_of(contexts[i].plan);
        struct stir_party party;
        assert_err(stir_party_parse(&party, S(contexts[i].text), &options), STIR_OK);
        if (strcmp(party.text, contexts[i].wanted) != 0)
            fail_msg("%s: %s reads as %s", contexts[i].plan, contexts[i].text, party.text);
    }
}

static void plans_are_known_by_two_letters(void **state)
{
    (void)state;
    assert_ptr_equal(stir_tn_plan(S("fr")), stir_tn_plan(S("FR")));
    assert_null(stir_tn_plan(S("FRA")));
    assert_null(stir_tn_plan(S("F")));
    assert_null(stir_tn_plan(S("")));
    assert_null(stir_tn_plan(S("ZZ")));
    assert_string_equal(stir_tn_plan_at(0), "US");
    assert_null(stir_tn_plan_at(SIZE_MAX));
}

/* The plan is all there is: code and prefixes beside it are not read, special numbers are. */
static void a_plan_stands_alone(void **state)
{
    (void)state;
    static const char *const special[] = {"0199001234", NULL};
    struct stir_tn_options options = options_of("FR");
    struct stir_party party;
    options.country_code = "44";
    options.international_prefix = "011";
    options.national_prefix = "9";
    assert_err(stir_tn_parse(&party, S("0199001234"), &options), STIR_OK);
    assert_string_equal(party.text, "33199001234");
    options.special = special;
    assert_err(stir_tn_parse(&party, S("0199001234"), &options), STIR_OK);
    assert_string_equal(party.text, "0199001234");
}

/* What the plan says of a number: short codes and numbers with a digit too many or too few are made nobody's, emergency numbers are known as such, and what two
 * rules claim is left alone. */
static void numbers_that_are_not_global_say_why(void **state)
{
    (void)state;
    static const struct {
        const char *plan, *text;
        enum stir_tn_standing standing;
    } numbers[] = {
        {"US", "011 44 20 7946 0018", STIR_STANDING_GLOBAL},
        {"US", "1 212 555 0100", STIR_STANDING_GLOBAL},
        {"US", "212 555 0100", STIR_STANDING_GLOBAL},
        {"US", "00 44 20 7946 0018", STIR_STANDING_LOCAL}, /* 00 is not dialled there */
        {"US", "0 212 555 0100", STIR_STANDING_LOCAL},
        {"US", "555 0100", STIR_STANDING_LOCAL},
        {"US", "732873", STIR_STANDING_LOCAL}, /* a short code */
        {"US", "911", STIR_STANDING_SPECIAL},
        {"US", "988", STIR_STANDING_SPECIAL},
        {"US", "*67", STIR_STANDING_SPECIAL},
        {"CA", "011 33 1 99 00 12 34", STIR_STANDING_GLOBAL},
        {"CA", "613 555 0100", STIR_STANDING_GLOBAL},
        {"CA", "1 613 555 01000", STIR_STANDING_LOCAL},
        {"CA", "40404", STIR_STANDING_LOCAL},
        {"CA", "211", STIR_STANDING_SPECIAL},
        {"FR", "00 44 20 7946 0018", STIR_STANDING_GLOBAL},
        {"FR", "01 99 00 12 34", STIR_STANDING_GLOBAL},
        {"FR", "199 00 12 34", STIR_STANDING_LOCAL}, /* the 0 is missing */
        {"FR", "011 33 1 99 00 12 34", STIR_STANDING_LOCAL},
        {"FR", "3651", STIR_STANDING_LOCAL},
        {"FR", "38200", STIR_STANDING_LOCAL},
        {"FR", "15", STIR_STANDING_SPECIAL},
        {"FR", "17", STIR_STANDING_SPECIAL},
        {"FR", "18", STIR_STANDING_SPECIAL},
        {"FR", "112", STIR_STANDING_SPECIAL},
        {"FR", "119", STIR_STANDING_SPECIAL},
        {"DE", "0044 20 7946 0018", STIR_STANDING_GLOBAL},
        {"DE", "030 23125 000", STIR_STANDING_GLOBAL},
        {"DE", "23125 000", STIR_STANDING_LOCAL},
        {"DE", "11833", STIR_STANDING_LOCAL},
        {"DE", "110", STIR_STANDING_SPECIAL},
        {"DE", "112", STIR_STANDING_SPECIAL},
        {"DE", "999", STIR_STANDING_LOCAL}, /* Britain's */
        {"GB", "00 33 1 99 00 12 34", STIR_STANDING_GLOBAL},
        {"GB", "020 7946 0018", STIR_STANDING_GLOBAL},
        {"GB", "20 7946 0018", STIR_STANDING_LOCAL},
        {"GB", "118 500", STIR_STANDING_LOCAL},
        {"GB", "999", STIR_STANDING_SPECIAL},
        {"GB", "111", STIR_STANDING_SPECIAL},
        {"IT", "00 33 1 99 00 12 34", STIR_STANDING_GLOBAL},
        {"IT", "06 698 12345", STIR_STANDING_GLOBAL},
        {"IT", "6 698 12345", STIR_STANDING_LOCAL}, /* the 0 is part of it */
        {"IT", "4242", STIR_STANDING_LOCAL},
        {"IT", "39 8001234", STIR_STANDING_AMBIGUOUS}, /* a mobile of 9 digits, or code and a green number */
        {"IT", "113", STIR_STANDING_SPECIAL},
        {"IT", "118", STIR_STANDING_SPECIAL},
        {"MX", "00 1 212 555 0100", STIR_STANDING_GLOBAL},
        {"MX", "55 1234 5678", STIR_STANDING_GLOBAL},
        {"MX", "01 55 1234 5678", STIR_STANDING_LOCAL}, /* no trunk prefix since 2019 */
        {"MX", "044 55 1234 5678", STIR_STANDING_LOCAL},
        {"MX", "24120", STIR_STANDING_LOCAL},
        {"MX", "911", STIR_STANDING_SPECIAL},
        {"MX", "089", STIR_STANDING_SPECIAL},
        {"ES", "091", STIR_STANDING_SPECIAL},
        {"AU", "000", STIR_STANDING_SPECIAL},
        {"AU", "13 12 34", STIR_STANDING_LOCAL},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct stir_tn_options options = options_of(numbers[i].plan);
        struct stir_party party;
        char digits[32];
        size_t n = 0;
        assert_err(stir_tn_parse(&party, S(numbers[i].text), &options), STIR_OK);
        for (const char *p = numbers[i].text; *p; p++)
            if (*p != ' ')
                digits[n++] = *p;
        bool as_it_was = party.len == n && memcmp(party.text, digits, n) == 0;
        if (party.standing != numbers[i].standing || (party.standing != STIR_STANDING_GLOBAL && !as_it_was))
            fail_msg("%s: %s reads as %s: %s", numbers[i].plan, numbers[i].text, party.text, stir_tn_standing_text(party.standing));
        if ((party.standing == STIR_STANDING_SPECIAL) != stir_tn_is_special(stir_slice_of(party.text, party.len), &options))
            fail_msg("%s: %s is special, or is it", numbers[i].plan, numbers[i].text);
    }
}

static void nothing_is_known_without_a_plan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum stir_tn_standing standing;
    } numbers[] = {{"2125550100", STIR_STANDING_UNKNOWN},  {"+12125550100", STIR_STANDING_GLOBAL},       {"911", STIR_STANDING_SPECIAL},
                   {"sip:alice@h", STIR_STANDING_UNKNOWN}, {"sip:+12125550100@h", STIR_STANDING_GLOBAL}, {"tel:110", STIR_STANDING_UNKNOWN},
                   {"<sip:911@h>", STIR_STANDING_SPECIAL}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct stir_party party;
        assert_err(stir_party_parse(&party, S(numbers[i].text), NULL), STIR_OK);
        if (party.standing != numbers[i].standing)
            fail_msg("%s: %s", numbers[i].text, stir_tn_standing_text(party.standing));
    }
    for (unsigned i = 0; i < 5; i++)
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(stir_tn_standing_text((enum stir_tn_standing)i), stir_tn_standing_text((enum stir_tn_standing)k));
}

/* Sources and what they put before numbers, as their operators tell. */
static const char *const carrier[] = {"99#", NULL}, *const digits[] = {"1234", "12345", NULL}, *const berlin[] = {"030", NULL};
static const char *const german[] = {"DXXX", NULL}, *const french[] = {"59123", NULL}, *const italian[] = {"347", "38X", NULL},
                         *const brazilian[] = {"55341", NULL};

enum source_name { CARRIER_US, DIGITS_US, DIGITS_ALONE, BERLIN, GERMANY, FRANCE, ITALY, ITALY_CARRIER, BRAZIL, BRAZIL_ALONE, SOURCES };

static const struct {
    const char *plan, *code, *trunk;
    const char *const *technical, *const *portability;
    unsigned min, max;
} sources[SOURCES] = {
    [CARRIER_US] = {"US", NULL, NULL, carrier, NULL, 0, 0},  [DIGITS_US] = {"US", NULL, NULL, digits, NULL, 0, 0},
    [DIGITS_ALONE] = {NULL, NULL, NULL, digits, NULL, 0, 0}, [BERLIN] = {"DE", NULL, NULL, berlin, NULL, 0, 0},
    [GERMANY] = {"DE", NULL, NULL, NULL, german, 0, 0},      [FRANCE] = {"FR", NULL, NULL, NULL, french, 0, 0},
    [ITALY] = {"IT", NULL, NULL, NULL, italian, 0, 0},       [ITALY_CARRIER] = {"IT", NULL, NULL, carrier, italian, 0, 0},
    [BRAZIL] = {NULL, "55", "0", NULL, brazilian, 10, 11},   [BRAZIL_ALONE] = {NULL, "55", "0", NULL, brazilian, 0, 0},
};

static const struct {
    enum source_name source;
    const char *text, *wanted;
    enum stir_tn_standing standing;
} sent[] = {
    {CARRIER_US, "99#12125550100", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "99#+1 (212) 555-0100", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "99#011442079460018", "442079460018", STIR_STANDING_GLOBAL},
    {CARRIER_US, "99#911", "911", STIR_STANDING_SPECIAL},
    {CARRIER_US, "12125550100", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "tel:99%2312125550100", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "<sip:99%232125550100;npdi;rn=+12125559999@h;user=phone>", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "<sip:99%23+12125550100@h>", "12125550100", STIR_STANDING_GLOBAL},
    {CARRIER_US, "98#12125550100", "98#12125550100", STIR_STANDING_LOCAL},
    {CARRIER_US, "99#", "99#", STIR_STANDING_LOCAL},
    {DIGITS_US, "12342125550100", "12125550100", STIR_STANDING_GLOBAL},
    {DIGITS_US, "1234+442079460018", "442079460018", STIR_STANDING_GLOBAL},
    {DIGITS_US, "1234512125550100", "12125550100", STIR_STANDING_GLOBAL},
    {DIGITS_US, "12345550100", "12345550100", STIR_STANDING_GLOBAL}, /* area code 234, and no prefix */
    {DIGITS_US, "12345551234", "12345551234", STIR_STANDING_GLOBAL},
    {DIGITS_US, "+12345550100", "12345550100", STIR_STANDING_GLOBAL},
    {DIGITS_US, "12345", "5", STIR_STANDING_LOCAL},
    {DIGITS_ALONE, "12342125550100", "2125550100", STIR_STANDING_UNKNOWN},
    {DIGITS_ALONE, "123452125550100", "2125550100", STIR_STANDING_UNKNOWN}, /* the longest */
    {BERLIN, "030017112345678", "4917112345678", STIR_STANDING_GLOBAL},
    {BERLIN, "0300301234567", "0300301234567", STIR_STANDING_AMBIGUOUS}, /* a number of Berlin's, or one behind the prefix */
    {GERMANY, "+49D1231711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "<sip:+49d123-171-1234567@h;user=phone>", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "0049D1231711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "49D1231711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "0D1231711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "D12301711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "01711234567", "491711234567", STIR_STANDING_GLOBAL},
    {GERMANY, "+49E1231711234567", "STIR_ESYNTAX", STIR_STANDING_UNKNOWN},
    {GERMANY, "+49D12X1711234567", "STIR_ESYNTAX", STIR_STANDING_UNKNOWN},
    {FRANCE, "+3359123199001234", "33199001234", STIR_STANDING_GLOBAL}, /* 16 digits: no number */
    {FRANCE, "591230199001234", "33199001234", STIR_STANDING_GLOBAL},
    {FRANCE, "059123199001234", "33199001234", STIR_STANDING_GLOBAL},
    {FRANCE, "05 91 23 19 90", "33591231990", STIR_STANDING_GLOBAL}, /* a number that begins so */
    {ITALY, "+39 347 335 1234567", "393351234567", STIR_STANDING_GLOBAL},
    {ITALY, "+39 347 1234567", "393471234567", STIR_STANDING_GLOBAL},
    {ITALY, "347 335 1234567", "393351234567", STIR_STANDING_GLOBAL},
    {ITALY, "347 1234567", "393471234567", STIR_STANDING_GLOBAL},
    {ITALY, "389 06 698 12345", "390669812345", STIR_STANDING_GLOBAL},
    {ITALY_CARRIER, "99# 389 06 698 12345", "390669812345", STIR_STANDING_GLOBAL},
    {ITALY, "347 0471234", "3470471234", STIR_STANDING_AMBIGUOUS}, /* a mobile of ten digits, or Bolzano's behind the prefix */
    {BRAZIL, "+55 55341 11 98765 4321", "5511987654321", STIR_STANDING_GLOBAL},
    {BRAZIL, "0 11 98765 4321", "5511987654321", STIR_STANDING_GLOBAL},
    {BRAZIL, "0 11 98765 43210",
     "011987654321"
     "0",
     STIR_STANDING_LOCAL},
    {BRAZIL, "0 11 8765 4321", "551187654321", STIR_STANDING_GLOBAL},
    {BRAZIL_ALONE, "+55 55341 1 2345", "555534112345", STIR_STANDING_AMBIGUOUS}, /* without lengths nobody knows */
};

static struct stir_tn_options options_of_source(enum source_name source)
{
    struct stir_tn_options options = STIR_TN_OPTIONS_INIT;
    options.plan = sources[source].plan ? stir_tn_plan(S(sources[source].plan)) : NULL;
    options.country_code = sources[source].code;
    options.national_prefix = sources[source].trunk;
    options.technical_prefixes = sources[source].technical;
    options.portability_prefixes = sources[source].portability;
    options.national_min = sources[source].min;
    options.national_max = sources[source].max;
    return options;
}

static void prefixes_of_a_source_go_where_the_plan_tells_that_they_are_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        struct stir_tn_options options = options_of_source(sent[i].source);
        struct stir_party party = {.standing = STIR_STANDING_UNKNOWN};
        enum stir_err err = stir_party_parse(&party, S(sent[i].text), &options);
        const char *got = err == STIR_OK ? party.text : stir_err_name(err);
        if (strcmp(got, sent[i].wanted) != 0 || party.standing != sent[i].standing)
            fail_msg("%zu: %s reads as %s: %s", (size_t)sent[i].source, sent[i].text, got, stir_tn_standing_text(party.standing));
    }
}

static void prefixes_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const empty[] = {"", NULL}, *const letters[] = {"12G", NULL}, *const plus[] = {"+49", NULL}, *const hash[] = {"9#", NULL},
                             *const longest[] = {"12345678901234567", NULL};
    const char *many[STIR_MAX_PREFIXES + 2];
    struct stir_party party;
    for (size_t i = 0; i <= STIR_MAX_PREFIXES; i++)
        many[i] = "1";
    many[STIR_MAX_PREFIXES + 1] = NULL;
    const struct {
        const char *name;
        const char *const *technical, *const *portability;
        unsigned min, max;
        enum stir_err err;
    } bad[] = {
        {"empty", empty, NULL, 0, 0, STIR_EARG},
        {"letters", letters, NULL, 0, 0, STIR_EARG},
        {"a plus", plus, NULL, 0, 0, STIR_EARG},
        {"too long", longest, NULL, 0, 0, STIR_EARG},
        {"too many", many, NULL, 0, 0, STIR_EARG},
        {"as many as there may be", many + 1, NULL, 0, 0, STIR_OK},
        {"a hash", hash, NULL, 0, 0, STIR_OK},
        {"ported: a hash", NULL, hash, 0, 0, STIR_EARG},
        {"ported: letters", NULL, letters, 0, 0, STIR_EARG},
        {"ported: too many", NULL, many, 0, 0, STIR_EARG},
        {"lengths turned round", NULL, NULL, 8, 7, STIR_EARG},
        {"longer than any", NULL, NULL, 8, 16, STIR_EARG},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct stir_tn_options options = STIR_TN_OPTIONS_INIT;
        options.technical_prefixes = bad[i].technical;
        options.portability_prefixes = bad[i].portability;
        options.national_min = bad[i].min;
        options.national_max = bad[i].max;
        enum stir_err err = stir_tn_parse(&party, S("12125550100"), &options);
        if (err != bad[i].err)
            fail_msg("%s: %s", bad[i].name, stir_err_name(err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_global_by_the_plan_of_their_country),
        cmocka_unit_test(every_plan_has_its_rows),
        cmocka_unit_test(canonical_numbers_of_a_plan_stay),
        cmocka_unit_test(a_context_says_that_the_number_is_national),
        cmocka_unit_test(plans_are_known_by_two_letters),
        cmocka_unit_test(a_plan_stands_alone),
        cmocka_unit_test(numbers_that_are_not_global_say_why),
        cmocka_unit_test(nothing_is_known_without_a_plan),
        cmocka_unit_test(prefixes_of_a_source_go_where_the_plan_tells_that_they_are_there),
        cmocka_unit_test(prefixes_that_are_none_are_refused),
    };
    return cmocka_run_group_tests_name("dialplan", tests, NULL, NULL);
}
