/* The name of an alert, around whatever a caller calls himself: whole characters, no more than are shown, nothing that ends a line, and no word or badge in
 * plain letters that says he was verified. Made of itself it stays what it is. */
#include <stdlib.h>
#include <string.h>

#include "service/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static size_t characters(const char *text, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* The words, in plain letters, whatever stands between them. */
static bool says_verified(const char *text, size_t n)
{
    char small[STIR_ALERT_BYTES + 1];
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (stir_is_alpha((unsigned char)text[i]))
            small[k++] = stir_lower(text[i]);
    small[k] = '\0';
    return strstr(small, "verified") || strstr(small, "validated");
}

/* "[V]" in plain brackets. */
static bool has_badge(const char *text, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++)
        if (strchr("([{<", text[i]) && stir_is_alpha((unsigned char)text[i + 1]) && strchr(")]}>", text[i + 2]))
            return true;
    return false;
}

static void check_name(const char *text, size_t n)
{
    check(n <= STIR_ALERT_BYTES && strlen(text) == n && stir_utf8_valid(stir_slice_of(text, n)) && characters(text, n) <= STIR_ALERT_CHARS);
    for (size_t i = 0; i < n; i++)
        check((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
    check(n == 0 || (text[0] != ' ' && text[n - 1] != ' '));
}

/* Quoted, it reads as it was. */
static void check_quoted(const char *text, size_t n)
{
    char quoted[2 * STIR_ALERT_BYTES + 3], read[2 * STIR_ALERT_BYTES + 3];
    struct stir_writer w = stir_writer_of(quoted, sizeof(quoted));
    size_t len, k = 0;
    stir_alert_put_quoted(&w, stir_slice_of(text, n));
    check(stir_writer_close(&w, &len) == STIR_OK && len >= 2 && quoted[0] == '"' && quoted[len - 1] == '"');
    for (size_t i = 1; i + 1 < len; i++) {
        check(quoted[i] != '"');
        i += quoted[i] == '\\';
        check(i + 1 < len);
        read[k++] = quoted[i];
    }
    check(k == n && memcmp(read, text, n) == 0);
}

/* Plain text as a quoted string holds it, so that it is read as it is. */
static size_t escape(char *out, const char *text, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\\')
            out[k++] = '\\';
        out[k++] = text[i];
    }
    return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[STIR_ALERT_BYTES + 1], again[STIR_ALERT_BYTES + 1], escaped[2 * STIR_ALERT_BYTES];
    struct stir_slice caller = stir_slice_of(data, size);
    size_t n = stir_alert_name(name, "", caller, "");
    check_name(name, n);
    check(!says_verified(name, n) && !has_badge(name, n));
    check_quoted(name, n);
    check(stir_alert_name(again, "", stir_slice_of(escaped, escape(escaped, name, n)), "") == n && memcmp(again, name, n) == 0);
    n = stir_alert_name(name, "[Spam?]", caller, "");
    check_name(name, n);
    check(n >= 7 && memcmp(name, "[Spam?]", 7) == 0);
    n = stir_alert_name(name, "!", caller, "(unverified)");
    check_name(name, n);
    check(n >= 12 && memcmp(name + n - 12, "(unverified)", 12) == 0);
    return 0;
}
