/* Names: read, shown in one line, written. */
#include "certs.h"

static void names_of_every_string_type_become_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct stir_slice value;
        const char *utf8, *line;
    } rows[] = {
        {"printable",
         ROW("\x13\x02"
             "ab"),
         "ab", "CN=ab"},
        {"empty", ROW("\x0c\x00"), "", "CN="},
        {"utf8", ROW("\x0c\x03\xe2\x82\xac"), "\xe2\x82\xac", "CN=\\E2\\82\\AC"},
        {"broken utf8", ROW("\x0c\x02\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd", "CN=\\EF\\BF\\BD\\EF\\BF\\BD"},
        {"utf8 of four bytes", ROW("\x0c\x04\xf0\x9f\x93\x9e"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"t61", ROW("\x14\x01\xe9"), "\xc3\xa9", "CN=\\C3\\A9"},
        {"ia5",
         ROW("\x16\x03"
             "a,b"),
         "a,b", "CN=a\\,b"},
        {"bmp", ROW("\x1e\x04\x00\x41\x20\xac"), "A\xe2\x82\xac", "CN=A\\E2\\82\\AC"},
        {"bmp pair", ROW("\x1e\x04\xd8\x3d\xdc\xde"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"bmp half a pair", ROW("\x1e\x02\xd8\x3d"), "\xef\xbf\xbd", "CN=\\EF\\BF\\BD"},
        {"universal", ROW("\x1c\x04\x00\x01\xf4\xde"), "\xf0\x9f\x93\x9e", "CN=\\F0\\9F\\93\\9E"},
        {"universal too high", ROW("\x1c\x04\x00\x11\x00\x00"), "\xef\xbf\xbd", "CN=\\EF\\BF\\BD"},
        {"line break",
         ROW("\x0c\x03"
             "a\nb"),
         "a\nb", "CN=a\\0Ab"},
        {"blanks and hash", ROW("\x0c\x04 #a "), " #a ", "CN=\\ #a\\ "},
        {"hash", ROW("\x0c\x02#a"), "#a", "CN=\\#a"},
        {"no string", ROW("\x02\x01\x07"), NULL, "CN=#020107"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char name[64];
        struct stir_writer w = stir_writer_of(name, sizeof(name));
        size_t seq = stir_der_open(&w, 0x30), set = stir_der_open(&w, 0x31), pair = stir_der_open(&w, 0x30);
        stir_put(&w, "\x06\x03\x55\x04\x03", 5);
        stir_put_slice(&w, rows[i].value);
        stir_der_close(&w, pair);
        stir_der_close(&w, set);
        stir_der_close(&w, seq);
        struct stir_arena arena = {0};
        struct stir_name_parts parts;
        assert_err(stir_name_read(&parts, stir_slice_of(name, w.need), &arena), STIR_OK);
        if (!stir_slice_eq(parts.cn, S(rows[i].utf8)) || (parts.cn.p == NULL) != (rows[i].utf8 == NULL) || parts.n_cn != 1)
            fail_msg("%s: cn \"%.*s\"", rows[i].row, (int)parts.cn.n, parts.cn.p);
        stir_arena_clear(&arena);
        char *line = stir_name_text(stir_slice_of(name, w.need));
        if (!line || strcmp(line, rows[i].line) != 0)
            fail_msg("%s: line \"%s\"", rows[i].row, line);
        free(line);
    }
}

static void one_line_names_show_unknown_types_and_joined_pairs(void **state)
{
    (void)state;
    static const char name[] = "\x30\x2c\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US\x31\x1d\x30\x0a\x06\x03\x55\x04\x03\x0c\x03"
                               "a+b"
                               "\x30\x0f\x06\x08\x2b\x06\x01\x05\x05\x07\x09\x01\x0c\x03"
                               "xyz";
    struct stir_slice der = stir_slice_of(name, sizeof(name) - 1);
    char *line = stir_name_text(der);
    assert_string_equal(line, "CN=a\\+b+1.3.6.1.5.5.7.9.1=#0C0378797A,C=US");
    free(line);
    line = stir_name_text(stir_slice_of("\x30\x00", 2));
    assert_string_equal(line, "");
    free(line);
    line = stir_name_text(stir_slice_of("\x30\x01", 2));
    assert_string_equal(line, "?");
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_every_string_type_become_utf8),
        cmocka_unit_test(one_line_names_show_unknown_types_and_joined_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
