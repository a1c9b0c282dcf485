/* Names: a line that can be written as a Name is read as a line that is written as the same Name; any DER gives a line of printable ASCII. */
#include <stdlib.h>

#include "core/cert.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void line_to_name_to_line(struct stir_slice line)
{
    static char der[65536], again[65536];
    struct stir_writer w = stir_writer_of(der, sizeof(der)), w2 = stir_writer_of(again, sizeof(again));
    struct stir_diag diag = {.text = ""};
    enum stir_err err = stir_name_put_text(&w, line, "name", &diag);
    require(err == STIR_OK || (err == STIR_EVALUE && diag.text[0]));
    if (err != STIR_OK)
        return;
    char *text = stir_name_text(stir_slice_of(der, w.need));
    require(text != NULL);
    require(stir_name_put_text(&w2, stir_slice_str(text), "name", NULL) == STIR_OK);
    require(stir_slice_eq(stir_slice_of(der, w.need), stir_slice_of(again, w2.need)));
    free(text);
}

static void any_der_gives_a_line(struct stir_slice der)
{
    struct stir_name_parts parts;
    struct stir_arena arena = {NULL, 0, 0};
    char *text = stir_name_text(der);
    require(text != NULL);
    for (const char *c = text; *c; c++)
        require(*c >= ' ' && *c < 0x7f);
    if (stir_name_read(&parts, der, &arena) == STIR_OK) {
        require(stir_utf8_valid(parts.cn) && stir_utf8_valid(parts.o) && stir_utf8_valid(parts.c) && stir_utf8_valid(parts.serial_number));
        require(parts.n_all >= parts.n_cn + parts.n_o + parts.n_c + parts.n_serial_number);
    }
    stir_arena_clear(&arena);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!data || size > 4096)
        return 0;
    line_to_name_to_line(stir_slice_of(data, size));
    any_der_gives_a_line(stir_slice_of(data, size));
    return 0;
}
