/* The name that an alert shows: whole characters, room for the operator's words, and nothing by which a caller says of himself that he was verified. */
#include "service/alert.h"

#include "support.h"

static const char *alert_of(const char *prefix, const char *name, const char *suffix)
{
    static char buf[STIR_ALERT_BYTES + 1];
    size_t n = stir_alert_name(buf, prefix, S(name), suffix);
    assert_int_equal(n, strlen(buf));
    return buf;
}

static void the_operators_words_stand_around_the_callers(void **state)
{
    static const struct {
        const char *prefix, *name, *suffix, *wanted;
    } rows[] = {
        {"[Spam?]", "Alice", "", "[Spam?] Alice"},
        {"", "Alice", "?", "Alice ?"},
        {"!", "Alice", "?", "! Alice ?"},
        {"[Spam?]", "", "", "[Spam?]"},
        {"", "", "", ""},
        {"[Spam?]", NULL, "", "[Spam?]"},
        {" [Spam?] ", " Alice ", "", "[Spam?] Alice"},
        {"[Spam?]", "Alexandria", "", "[Spam?] Alexand"},
        {"A", "Alexandria of Egypt", "Z", "A Alexandria Z"}, /* the blank before the cut goes too */
        {"", "Alexandria of Egypt", "", "Alexandria of E"},
        {"Possible fraud!", "Alice", "", "Possible fraud!"},
        {"Very possible fraud", "Alice", "?", "Very possible f"},
        {"[Spam?]", "Zo\xc3\xab \xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e", "", "[Spam?] Zo\xc3\xab \xe6\x9d\x8e\xe6\x9d\x8e\xe6\x9d\x8e"},
        {"", "A\\\"l\\\\ice", "", "A\"l\\ice"},                 /* quoted pairs */
        {"", "Al\r\n ice\tB", "", "Al ice B"},                  /* folds */
        {"", "A\x01l\x7f\xc2\x85ice", "", "Alice"},             /* control characters */
        {"", "Zo\xeb \xc0\x80 \xed\xa0\x80", "", "Zo? ?? ???"}, /* no UTF-8 */
        {"", "Smith (Jr) [X1]", "", "Smith (Jr) [X1]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = alert_of(rows[i].prefix, rows[i].name, rows[i].suffix);
        if (strcmp(got, rows[i].wanted) != 0)
            fail_msg("row %zu: \"%s\", wanted \"%s\"", i, got, rows[i].wanted);
    }
}

static void a_caller_cannot_say_that_he_was_verified(void **state)
{
    static const char *const names[] = {
        "Bob (Verified)",
        "Bob [V]",
        "Bob [v]",
        "[V] Bob",
        "Bob(verified)",
        "Bob ( V E R I F I E D )",
        "Bob V.E.R.I.F.I.E.D.",
        "VERIFIED Bob",
        "Bob - Verified!",
        "Bob (V)",
        "Bob {V}",
        "Bob <V>",
        "Bob [ V ]",
        "Bob [[V]]",
        "Bob [A]",
        "Bob [\xe2\x9c\x93]",
        "Bob \xe2\x9c\x94",
        "Bob \xe2\x9c\x85",
        "Bob \xe2\x98\x91",
        "Bob \xe2\x88\x9a",
        "Bob \xf0\x9f\x97\xb8",
        "Bob \xf0\x9f\x9b\xa1\xef\xb8\x8f",
        "Bob \xf0\x9f\x86\x97",
        "Bob \xe2\x93\x8b",
        "Bob (\xd1\xb5)",
        "Bob [\xce\xbd]",
        "Bob [\xe2\x85\xa4]",
        "Bob \xef\xbc\x88\xef\xbc\xb6\xef\xbc\x89" /* of full width */,
        "Bob \xe3\x80\x90V\xe3\x80\x91",
        "Bob (V\xcc\x81)" /* with an accent */,
        "Bob (V\xe2\x80\x8b"
        "erified)" /* with a blank of no width */,
        "Bob V\xc2\xa0"
        "e\xc2\xa0rified",
        "Bob Ver\xc2\xadified",
        "Bob V\xd0\xb5r\xd1\x96"
        "fi\xd0\xb5"
        "d" /* Cyrillic letters in it */,
        "Bob Ver1f1ed",
        "Bob V3R!F!3D",
        "Bob Verrified",
        "Bob V\xc3\xa9rifi\xc3\xa9",
        "Bob \xf0\x9d\x90\x95\xf0\x9d\x90\x9e\xf0\x9d\x90\xab\xf0\x9d\x90\xa2\xf0\x9d\x90\x9f\xf0\x9d\x90\xa2\xf0\x9d\x90\x9e\xf0\x9d\x90\x9d",
        "Bob \xe1\xb4\xa0\xe1\xb4\x87\xca\x80\xc9\xaa\xea\x9c\xb0\xc9\xaa\xe1\xb4\x87\xe1\xb4\x85",
        "Bob (Ver(Verified)ified)",
        "Bob VeriVerifiedfied",
        "Bob [(V)]",
        "Bob \\[V\\]",
        "Bob (\\V)",
        "Bob (Valid)",
        "Bob [OK]",
        "Bob \xe2\x80\xae(V)",
        "Bob [Attest A]",
        "Validated Bob",
        "Bob \xe2\x91\xa0\xe2\x92\xb1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *got = alert_of("[Spam?]", names[i], "");
        if (strncmp(got, "[Spam?] Bob", 11) != 0 || strspn(got + 11, " .-!") != strlen(got + 11)) /* signs may stay */
            fail_msg("\"%s\" became \"%s\"", names[i], got);
    }
}

static void what_is_cut_is_looked_at_again(void **state)
{
    (void)state;
    assert_string_equal(alert_of("", "Johnny Black [Victor]", ""), "Johnny Black V"); /* not "Johnny Black [V" */
    assert_string_equal(alert_of("", "Johnny B Ver(xxxx)", ""), "Johnny B Verxx");
    assert_string_equal(alert_of("", "Bob [V", ""), "Bob V");
    assert_string_equal(alert_of("", "Bob V]]", ""), "Bob V");
}

static void a_quoted_string_ends_where_it_should(void **state)
{
    char buf[64];
    size_t n;
    (void)state;
    struct stir_writer w = stir_writer_of(buf, sizeof(buf));
    stir_alert_put_quoted(&w, S("a\"b\\c\r\nd\x7f"));
    assert_err(stir_writer_close(&w, &n), STIR_OK);
    assert_string_equal(buf, "\"a\\\"b\\\\cd\"");
}

static void every_name_ends(void **state)
{
    static char name[70000];
    (void)state;
    memset(name, '(', sizeof(name) - 1);
    assert_string_equal(alert_of("!", name, ""), "!");
    for (size_t i = 0; i + 1 < sizeof(name); i++)
        name[i] = "(a)"[i % 3];
    assert_string_equal(alert_of("!", name, ""), "!");
    for (size_t i = 0; i + 1 < sizeof(name); i++)
        name[i] = "verified"[i % 8];
    assert_string_equal(alert_of("!", name, ""), "!");
    memset(name, '\\', sizeof(name) - 1);
    assert_string_equal(alert_of("!", name, ""), "! \\\\\\\\\\\\\\\\\\\\\\\\\\");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_operators_words_stand_around_the_callers),
        cmocka_unit_test(a_caller_cannot_say_that_he_was_verified),
        cmocka_unit_test(what_is_cut_is_looked_at_again),
        cmocka_unit_test(a_quoted_string_ends_where_it_should),
        cmocka_unit_test(every_name_ends),
    };
    return cmocka_run_group_tests_name("alert", tests, NULL, NULL);
}
