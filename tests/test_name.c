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

static enum stir_err line_to_line(const char *text, char *out, size_t cap, struct stir_diag *diag)
{
    char der[2048];
    size_t n;
    struct stir_writer w = stir_writer_of(der, sizeof(der));
    enum stir_err err = stir_name_put_text(&w, S(text), "crl_issuer", diag);
    if (err != STIR_OK)
        return err;
    assert_err(stir_writer_end(&w, &n), STIR_OK);
    char *line = stir_name_text(stir_slice_of(der, n));
    snprintf(out, cap, "%s", line);
    free(line);
    return STIR_OK;
}

static void writes_names_from_one_line_and_reads_the_same_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line; /* NULL: the same */
    } rows[] = {
        {"CN=STI-PA CRL,O=STI-PA,C=US", NULL},
        {"CN=STI-PA CRL,O=STI-PA,L=Bridgewater,ST=NJ,C=US", NULL},
        {" cn = a b , o=x ", "CN=a b,O=x"},
        {"CN=a\\,b\\\\c\\\"d", NULL},
        {"CN=\\ a\\ ", NULL},
        {"CN=\\#a", NULL},
        {"CN=a=b", NULL},
        {"CN=\\C3\\A9", NULL},
        {"CN=\xc3\xa9", "CN=\\C3\\A9"},
        {"emailAddress=a@b.example,DC=example,UID=1,STREET=x,OU=y,serialNumber=7", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[512];
        struct stir_diag diag = {0};
        const char *want = rows[i].line ? rows[i].line : rows[i].text;
        if (line_to_line(rows[i].text, line, sizeof(line), &diag) != STIR_OK)
            fail_msg("%s: %s", rows[i].text, diag.text);
        if (strcmp(line, want) != 0)
            fail_msg("%s: becomes \"%s\"", rows[i].text, line);
    }
}

static void most_significant_part_is_written_first(void **state)
{
    (void)state;
    unsigned char der[64];
    struct stir_writer w = stir_writer_of(der, sizeof(der));
    assert_err(stir_name_put_text(&w, S("CN=a,C=US"), "x", NULL), STIR_OK);
    assert_int_equal(w.need, 27);
    assert_memory_equal(der,
                        "\x30\x19\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02US\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
                        "a",
                        27);
}

static void refuses_names_that_cannot_be_written(void **state)
{
    (void)state;
    static const struct {
        const char *text, *diag;
    } rows[] = {
        {"", "type=value"},
        {"CN", "type=value"},
        {"CN=a,", "type=value"},
        {"CN=", "0 characters"},
        {"X=a", "attribute \"X\""},
        {"1.2.3=a", "attribute"},
        {"CN=a+O=b", "backslash"},
        {"CN=\"a\"", "backslash"},
        {"CN=#0c0161", "backslash"},
        {"CN=a\\", "backslash"},
        {"CN=a\\x", "backslash"},
        {"CN=a\\00", "control"},
        {"CN=a\tb", "control"},
        {"CN=\\C2\\80", "control"},
        {"CN=\\C3", "UTF-8"},
        {"C=us", "capital"},
        {"C=USA", "capital"},
        {"serialNumber=a@b", "PrintableString"},
        {"DC=\xc3\xa9", "ASCII"},
        {"CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "65 characters"},
        {"O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a,O=a", "more than 16"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[512];
        struct stir_diag diag = {0};
        enum stir_err err = line_to_line(rows[i].text, line, sizeof(line), &diag);
        if (err != STIR_EVALUE || !strstr(diag.text, rows[i].diag) || !strstr(diag.text, "crl_issuer"))
            fail_msg("%s: %s, \"%s\"", rows[i].text, stir_err_name(err), diag.text);
    }
    char longest[700] = "CN=";
    memset(longest + 3, 'a', 690);
    char line[512];
    assert_err(line_to_line(longest, line, sizeof(line), NULL), STIR_EVALUE);
}

static void reads_identifiers_both_ways(void **state)
{
    (void)state;
    static const char *const rows[] = {"1.2.3", "2.5.29.19", "2.16.840.1.114569.1.1.4", "2.25.329800735698586629295641978511506172918", "0.0", "2.999"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char der[64];
        struct stir_writer w = stir_writer_of(der, sizeof(der));
        struct stir_arena arena = {0};
        struct stir_slice text = {NULL, 0};
        assert_err(stir_oid_put(&w, S(rows[i])), STIR_OK);
        assert_err(stir_oid_text(&text, stir_slice_of(der, w.need), &arena), STIR_OK);
        assert_slice(text, rows[i]);
        stir_arena_clear(&arena);
    }
    static const char *const bad[] = {"", "1", "1.", ".1", "1..2", "1.2.", "3.1", "1.40", "01.2", "1.02", "1.2 3", "1.a", "1.-2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char der[64];
        struct stir_writer w = stir_writer_of(der, sizeof(der));
        if (stir_oid_put(&w, S(bad[i])) != STIR_EVALUE || w.need)
            fail_msg("\"%s\" is taken", bad[i]);
    }
}

static void lengths_of_written_values_are_minimal(void **state)
{
    (void)state;
    static unsigned char buf[70100];
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct stir_writer w = stir_writer_of(buf, sizeof(buf)), small = stir_writer_of(buf, 3);
        size_t outer = stir_der_open(&w, 0x30), inner = stir_der_open(&w, 0x04);
        struct stir_slice content = {NULL, 0};
        for (size_t j = 0; j < lengths[i]; j++)
            stir_put_char(&w, (char)j);
        stir_der_close(&w, inner);
        stir_der_close(&w, outer);
        assert_err(stir_der_only(stir_slice_of(buf, w.need), 0x30, &content), STIR_OK);
        assert_err(stir_der_only(content, 0x04, &content), STIR_OK);
        assert_int_equal(content.n, lengths[i]);
        for (size_t j = 0; j < content.n; j++)
            if (content.p[j] != (char)j)
                fail_msg("length %zu, byte %zu", lengths[i], j);
        size_t need = w.need;
        outer = stir_der_open(&small, 0x30);
        inner = stir_der_open(&small, 0x04);
        for (size_t j = 0; j < lengths[i]; j++)
            stir_put_char(&small, 'x');
        stir_der_close(&small, inner);
        stir_der_close(&small, outer);
        assert_int_equal(small.need, need); /* counts on when full */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_every_string_type_become_utf8),
        cmocka_unit_test(one_line_names_show_unknown_types_and_joined_pairs),
        cmocka_unit_test(writes_names_from_one_line_and_reads_the_same_line),
        cmocka_unit_test(most_significant_part_is_written_first),
        cmocka_unit_test(refuses_names_that_cannot_be_written),
        cmocka_unit_test(reads_identifiers_both_ways),
        cmocka_unit_test(lengths_of_written_values_are_minimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
