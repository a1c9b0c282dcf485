/* stir_tnauth_parse() and stir_tnauth_from_base64(): what is read is written canonically, and a list covers and encompasses itself. */
#include <stdlib.h>

#include <stir/tnauth.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool known_error(enum stir_err err)
{
    return err == STIR_EDER || err == STIR_EVALUE || err == STIR_ELIMIT;
}

static void covers_its_own(const struct stir_tnauth *list)
{
    bool by_code = true, numbers = false, codes = false;
    for (size_t i = 0; i < stir_tnauth_count(list); i++) {
        struct stir_tnauth_entry e = stir_tnauth_get(list, i);
        bool code = e.kind == STIR_TNAUTH_SPC;
        require(e.text.n > 0 && (code ? e.count == 0 : e.kind == STIR_TNAUTH_ONE ? e.count == 1 : e.count >= 2));
        require(code || stir_tnauth_covers(list, e.text));
        numbers = numbers || !code;
        codes = codes || code;
    }
    require(stir_tnauth_has_numbers(list) == numbers && (stir_tnauth_spc(list).p != NULL) == codes);
    require(stir_tnauth_encompasses(list, list, &by_code) && !by_code);
}

/* The canonical DER reads as the same list, and every entry of it, alone, lies within. */
static void reads_back(const struct stir_tnauth *list)
{
    struct stir_tnauth *again = NULL;
    struct stir_slice der = stir_tnauth_der(list);
    require(stir_tnauth_parse(&again, der) == STIR_OK);
    require(stir_slice_eq(stir_tnauth_der(again), der) && stir_tnauth_count(again) == stir_tnauth_count(list));
    require(stir_tnauth_encompasses(list, again, NULL) && stir_tnauth_encompasses(again, list, NULL));
    stir_tnauth_free(again);
    for (size_t i = 0; i < stir_tnauth_count(list) && i < 8; i++) {
        struct stir_tnauth_entry e = stir_tnauth_get(list, i);
        again = NULL;
        if (stir_tnauth_new(&again, &e, 1, NULL) != STIR_OK) /* what is borne when read and not made */
            continue;
        require(stir_tnauth_encompasses(list, again, NULL));
        stir_tnauth_free(again);
    }
}

static void writes_text(const struct stir_tnauth *list)
{
    size_t need = 0, len = 0;
    require(stir_tnauth_text(NULL, 0, &need, list) == STIR_ELIMIT && need > 0);
    char *text = malloc(need + 1);
    require(text && stir_tnauth_text(text, need, &len, list) == STIR_ELIMIT && len == need);
    require(stir_tnauth_text(text, need + 1, &len, list) == STIR_OK && len == need && strlen(text) == need);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice input = stir_slice_of(data, size);
    struct stir_tnauth *list = NULL;
    if (!data)
        return 0;
    enum stir_err err = stir_tnauth_from_base64(&list, input);
    require(err == STIR_OK || ((known_error(err) || err == STIR_EB64) && !list));
    if (err != STIR_OK)
        err = stir_tnauth_parse(&list, input);
    if (err != STIR_OK) {
        require(known_error(err) && !list);
        return 0;
    }
    covers_its_own(list);
    reads_back(list);
    writes_text(list);
    stir_tnauth_free(list);
    return 0;
}
