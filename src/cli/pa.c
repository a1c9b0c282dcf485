#include "cli/pa.h"

#include <string.h>

int pa_open(const struct cli *cli, struct cli_desk *desk, bool create)
{
    int status = desk_read(cli, desk);
    return status == CLI_YES ? desk_open(cli, desk, create) : status;
}

int pa_done(const struct cli *cli, const char *kind, const char *which, const char *member, const char *value)
{
    if (!cli->json) {
        printf("%s ", kind);
        cli_print(stir_slice_str(which));
        printf(": %s\n", value);
        return CLI_YES;
    }
    cli_json_begin(NULL, '{');
    cli_json_str(kind, which);
    cli_json_str(member, value);
    cli_json_end('}');
    cli_json_done();
    return CLI_YES;
}

int pa_password_read(const struct cli *cli, struct pa_password *out)
{
    struct stir_slice text = {NULL, 0};
    const char *path = cli_get(cli, "--password-file");
    if (!path) {
        out->made = true;
        return stir_pa_password_new(out->text) == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "no password could be made");
    }
    enum stir_file_err err = stir_file_read(&text, path, 4096, strcmp(path, "-") != 0);
    if (err != STIR_FILE_OK)
        return cli_file(cli, err, path);
    struct stir_slice line = cli_first_line(text);
    bool good = line.n >= STIR_PA_MIN_PASSWORD && line.n <= STIR_PA_MAX_PASSWORD && !memchr(line.p, '\0', line.n);
    if (good)
        memcpy(out->text, line.p, line.n);
    stir_file_free(&text);
    return good ? CLI_YES : cli_fail(cli, CLI_NO, "%s: the first line must be a password of %d to %d bytes", path, STIR_PA_MIN_PASSWORD, STIR_PA_MAX_PASSWORD);
}

/* ---- One of the listed ---- */

struct finding {
    const char *beginning;
    char *sha256;
    size_t found;
};

static void look_at(void *arg, const struct stir_pa_ca_row *row)
{
    struct finding *f = arg;
    size_t n = strlen(f->beginning);
    if (!stir_slice_is(row->state, "listed") || row->sha256.n != (size_t)2 * STIR_SHA256 || n > row->sha256.n || memcmp(row->sha256.p, f->beginning, n) != 0)
        return;
    memcpy(f->sha256, row->sha256.p, row->sha256.n);
    f->found++;
}

int pa_find_ca(const struct cli *cli, struct cli_desk *desk, const char *beginning, char sha256[2 * STIR_SHA256 + 1])
{
    char small[2 * STIR_SHA256 + 1] = "";
    struct stir_diag diag = {0};
    struct finding f = {small, sha256, 0};
    size_t n = strlen(beginning);
    if (n < 8 || n >= sizeof(small) || strspn(beginning, "0123456789abcdefABCDEF") != n)
        return cli_fail(cli, CLI_USAGE, "\"%s\" is no SHA-256 of a certificate, nor 8 digits of its beginning", beginning);
    for (size_t i = 0; i < n; i++)
        small[i] = beginning[i] >= 'A' && beginning[i] <= 'F' ? (char)(beginning[i] + ('a' - 'A')) : beginning[i];
    memset(sha256, 0, (size_t)2 * STIR_SHA256 + 1);
    enum stir_err err = stir_pa_cas(&desk->clerk, look_at, &f, &diag);
    if (err != STIR_OK)
        return desk_failed(cli, err, &diag);
    if (f.found == 1)
        return CLI_YES;
    return cli_fail(cli, CLI_NO,
                    f.found ? "several certificates that are listed begin with %s: give more of it" : "no certificate that is listed begins with %s",
                    beginning);
}

/* ---- [pa] ---- */

static void say(void *arg, bool fatal, const char *text)
{
    const struct cli *cli = arg;
    if (fatal)
        cli_fail(cli, CLI_CANNOT, "%s", text);
    else
        cli_warn(cli, "%s", text);
}

int pa_reading(const struct cli *cli, struct stir_pa **out, const struct cli_desk *desk)
{
    struct cli own = *cli;
    const struct stir_pa_say to = {say, &own};
    if (!desk->conf)
        return cli_fail(cli, CLI_USAGE, "--conf FILE is needed: keys and lives stand in its [pa]");
    switch (stir_pa_new(out, desk->conf, &to)) {
    case STIR_OK: return CLI_YES;
    case STIR_ENOMEM: return cli_fail(cli, CLI_CANNOT, "out of memory");
    default: return CLI_CANNOT;
    }
}
