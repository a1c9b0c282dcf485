/* How the command speaks: errors, JSON, and other people's text without its control characters. */
#include "cli/cli.h"

#include "core/json_text.h"

#include <stdarg.h>
#include <stdlib.h>

/* The next character of `s`, and its bytes; 0 when they are no UTF-8. */
static size_t next_character(struct stir_slice s, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)s.p;
    return stir_utf8_read(p, p + s.n, c);
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* A terminal does as control characters say, those above 0x80 too; bytes that are no UTF-8 could be any of them. */
static void put_plain(FILE *to, struct stir_slice text)
{
    while (text.n) {
        uint32_t c = 0;
        size_t n = next_character(text, &c), shown = n ? n : 1;
        for (size_t i = 0; i < shown; i++) {
            if (n == 0 || is_control(c))
                fprintf(to, "\\x%02x", (unsigned char)text.p[i]);
            else
                fputc(text.p[i], to);
        }
        text = stir_slice_of(text.p + shown, text.n - shown);
    }
}

/* JSON is UTF-8 (RFC 8259 §8.1): what is not becomes U+FFFD. */
static void put_json(struct stir_slice s)
{
    putchar('"');
    while (s.n) {
        uint32_t c = 0;
        size_t n = next_character(s, &c), taken = n ? n : 1;
        if (n == 0)
            fputs("\xef\xbf\xbd", stdout);
        else if (c == '"' || c == '\\')
            printf("\\%c", (int)c);
        else if (is_control(c))
            printf("\\u%04x", (unsigned)c);
        else
            fwrite(s.p, 1, n, stdout);
        s = stir_slice_of(s.p + taken, s.n - taken);
    }
    putchar('"');
}

static bool follows; /* something stands before, at this level */
static int depth;    /* brackets that are open */

static void json_name(const char *name)
{
    if (follows)
        putchar(',');
    follows = true;
    if (name) {
        put_json(stir_slice_str(name));
        putchar(':');
    }
}

/* "stir key new: ", as far as the command is known. */
static void put_who(const struct cli *cli)
{
    const struct cli_command *c = cli->command;
    fputs("stir", stderr);
    if (c->noun)
        fprintf(stderr, " %s", c->noun);
    if (c->verb)
        fprintf(stderr, " %s", c->verb);
    fputs(": ", stderr);
}

int cli_fail(const struct cli *cli, int status, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cli->json) { /* an object of its own, or an element of the list that is open */
        json_name(NULL);
        printf("{\"error\":");
        put_json(stir_slice_str(text));
        printf(",\"status\":%d}", status);
        if (depth == 0)
            cli_json_done();
    }
    put_who(cli);
    put_plain(stderr, stir_slice_str(text));
    fputc('\n', stderr);
    return status;
}

void cli_warn(const struct cli *cli, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    put_who(cli);
    fputs("warning: ", stderr);
    put_plain(stderr, stir_slice_str(text));
    fputc('\n', stderr);
}

void cli_print(struct stir_slice text)
{
    put_plain(stdout, text);
}

char *cli_tnauth_text(const struct stir_tnauth *list)
{
    size_t n = 0;
    char none[1];
    if (!list || stir_tnauth_text(none, 1, &n, list) != STIR_ELIMIT)
        return NULL;
    char *text = malloc(n + 1);
    if (text && stir_tnauth_text(text, n + 1, &n, list) != STIR_OK) {
        free(text);
        text = NULL;
    }
    return text;
}

void cli_json_begin(const char *name, char bracket)
{
    json_name(name);
    putchar(bracket);
    follows = false;
    depth++;
}

void cli_json_end(char bracket)
{
    putchar(bracket);
    follows = true;
    depth--;
}

void cli_json_text(const char *name, struct stir_slice value)
{
    json_name(name);
    if (value.p)
        put_json(value);
    else
        printf("null");
}

void cli_json_str(const char *name, const char *value)
{
    cli_json_text(name, stir_slice_str(value));
}

void cli_json_int(const char *name, int64_t value)
{
    json_name(name);
    printf("%lld", (long long)value);
}

void cli_json_bool(const char *name, bool value)
{
    json_name(name);
    printf("%s", value ? "true" : "false");
}

void cli_json_time(const char *name, int64_t at)
{
    char text[21];
    cli_json_str(name, stir_time_write(text, at) == STIR_OK ? text : NULL);
}

void cli_json_hex(const char *name, struct stir_slice bytes)
{
    json_name(name);
    putchar('"');
    for (size_t i = 0; i < bytes.n; i++)
        printf("%02X", (unsigned char)bytes.p[i]);
    putchar('"');
}

void cli_json_raw(const char *name, const char *json)
{
    json_name(name);
    printf("%s", json);
}

void cli_json_done(void)
{
    putchar('\n');
    follows = false;
}
