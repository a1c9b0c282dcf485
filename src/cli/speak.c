/* How the command speaks: errors, JSON, and other people's text without its control characters. */
#include "cli/cli.h"

#include <stdarg.h>

static void put_plain(FILE *to, struct stir_slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            fprintf(to, "\\x%02x", c);
        else
            fputc(c, to);
    }
}

static void put_json(struct stir_slice s)
{
    putchar('"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

int cli_fail(const struct cli *cli, int status, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (cli->json) {
        printf("{\"error\":");
        put_json(stir_slice_str(text));
        printf(",\"status\":%d}\n", status);
    }
    fprintf(stderr, "stir %s%s%s: ", cli->command->noun, cli->command->verb ? " " : "", cli->command->verb ? cli->command->verb : "");
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
    fprintf(stderr, "stir %s%s%s: warning: ", cli->command->noun, cli->command->verb ? " " : "", cli->command->verb ? cli->command->verb : "");
    put_plain(stderr, stir_slice_str(text));
    fputc('\n', stderr);
}

void cli_print(struct stir_slice text)
{
    put_plain(stdout, text);
}

static bool follows; /* something stands before, at this level */

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

void cli_json_begin(const char *name, char bracket)
{
    json_name(name);
    putchar(bracket);
    follows = false;
}

void cli_json_end(char bracket)
{
    putchar(bracket);
    follows = true;
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
