/* What telephones show (RFC 9796 §10): images by their first bytes, and SVG that refers to nothing. */
#include "support.h"

#include <time.h>

#include "core/image.h"

#define SVG(inside) "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.2\" baseProfile=\"tiny\">" inside "</svg>"

enum verdict { GOOD, NO_IMAGE, REFERS };

/*= RFC9796-10.1 test */
/*= RFC9795-5.1.4b RFC9795-5.1.5d RFC9796-10.2 test */
static void images_are_told_by_their_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n; /* 0: up to the NUL */
        enum verdict verdict;
    } rows[] = {
        {"\x89PNG\r\n\x1a\n", 0, GOOD},
        {"\xff\xd8\xff\xe0", 0, GOOD},
        {"GIF89a", 0, GOOD},
        {"BM\x36", 0, GOOD},
        {"RIFF\x10\0\0\0WEBPVP8 ", 16, GOOD},
        {"RIFF\x10\0\0\0WAVEfmt ", 16, NO_IMAGE},
        {"RIFF", 0, NO_IMAGE},
        {"\x89PN", 0, NO_IMAGE},
        {"\xff", 0, NO_IMAGE},
        {"", 0, NO_IMAGE},
        {"plain", 0, NO_IMAGE},
        {"<html><body>404</body></html>", 0, NO_IMAGE},
        {"%PDF-1.7", 0, NO_IMAGE},
        {"\x1f\x8b\x08", 0, NO_IMAGE}, /* compressed SVG: nobody can say what it refers to */
        {"<\0s\0v\0g\0>\0", 10, NO_IMAGE},
        {SVG("<path d=\"M0 0h9\"/>"), 0, GOOD},
        {"\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<!-- made by hand -->" SVG(""), 0, GOOD},
        {" \n<SVG/>", 0, GOOD},
        {SVG("<use href=\"#a\"/><use xlink:href = '#b'/><g fill=\"url(#c)\" style=\"mask:url('#d')\"/>"), 0, GOOD},
        {SVG("<image href=\"https://h.example/x.png\"/>"), 0, REFERS},
        {SVG("<image xlink:HREF='//h.example/x'/>"), 0, REFERS},
        {SVG("<image href=\n  'x.png'/>"), 0, REFERS},
        {SVG("<image href=\"#a\"/><image href=\"x\"/>"), 0, REFERS},
        {SVG("<image href=\"data:image/svg+xml,%3Csvg\"/>"), 0, REFERS},
        {SVG("<animate attributeName=\"href\" to=\"https://h.example\"/>"), 0, REFERS},
        {SVG("<g fill=\"url(https://h.example/x#a)\"/>"), 0, REFERS},
        {SVG("<style>@import 'https://h.example/x.css'</style>"), 0, REFERS},
        {SVG("<g style=\"fill:u\\72l(https://h.example)\"/>"), 0, REFERS},
        {SVG("<g style=\"fill:u&#114;l(https://h.example)\"/>"), 0, REFERS},
        {SVG("<audio src = \"https://h.example/x\"/>"), 0, REFERS},
        {SVG("<script>1</script>"), 0, REFERS},
        {SVG("<g xml:base=\"https://h.example/\"/>"), 0, REFERS},
        {"<?xml-stylesheet type=\"text/css\"?>" SVG(""), 0, REFERS},
        {"<!DOCTYPE svg SYSTEM \"https://h.example/x.dtd\">" SVG(""), 0, REFERS},
        {"<!-- <!-- --><!ENTITY x SYSTEM \"https://h.example\">" SVG(""), 0, REFERS},
        {SVG("<![CDATA[x]]>"), 0, REFERS},
        {SVG("<a href"), 0, REFERS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n = rows[i].n ? rows[i].n : strlen(rows[i].bytes);
        char *exact = malloc(n ? n : 1); /* nothing behind it may be read */
        assert_non_null(exact);
        memcpy(exact, rows[i].bytes, n);
        const char *fault = stir_image_fault(stir_slice_of(exact, n));
        enum verdict verdict = !fault ? GOOD : strstr(fault, "refers") ? REFERS : NO_IMAGE;
        if (verdict != rows[i].verdict)
            fail_msg("row %zu, %.40s: %s", i, rows[i].bytes, fault ? fault : "good");
        free(exact);
    }
}

/* The longest content takes no longer than it must: every word is sought once, and never again from each of its places. */
static void long_images_are_read_in_little_time(void **state)
{
    (void)state;
    static char text[STIR_MAX_CONTENT];
    static const char part[] = "<!-- href=#a ";
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = part[i % (sizeof(part) - 1)];
    memcpy(text, "<svg>", 5);
    clock_t begun = clock();
    assert_null(stir_image_fault(stir_slice_of(text, sizeof(text))));
    double seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    if (seconds > 5)
        fail_msg("%.2f s", seconds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_are_told_by_their_bytes),
        cmocka_unit_test(long_images_are_read_in_little_time),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
