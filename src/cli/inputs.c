/* What most commands read: files and values, keys, certificates, trust, times, numbers. */
#include "cli/trust_dir.h"
#include "core/json.h"
#include "io/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CLI_LATEST INT64_C(212378284799) /* the last second of 8699: what stir_verify_new() takes, in a round number */

/* Does the command write over keys, when it is told to? */
static bool has_force(const struct cli *cli)
{
    const struct cli_option *o = cli->command->options;
    while (o->name && strcmp(o->name, "--force") != 0)
        o++;
    return o->name != NULL;
}

static int file_failed(const struct cli *cli, enum stir_file_err err, const char *path, size_t max, int status_long)
{
    switch (err) {
    case STIR_FILE_OK: return CLI_YES;
    case STIR_FILE_ERRNO: return cli_fail(cli, CLI_CANNOT, "%s: %s", path, strerror(errno));
    case STIR_FILE_DIRECTORY: return cli_fail(cli, CLI_CANNOT, "%s: is a directory", path);
    case STIR_FILE_TOO_LONG: return cli_fail(cli, status_long, "%s: longer than %zu bytes, which no real one is", path, max);
    case STIR_FILE_EXISTS:
        return cli_fail(cli, CLI_CANNOT, "%s: exists, and a key is never overwritten; give another name%s", path,
                        has_force(cli) ? ", or --force to lose the old one" : "");
    case STIR_FILE_HOLDS_KEY: return cli_fail(cli, CLI_CANNOT, "%s: holds a private key, and would be overwritten; give another name to -o", path);
    case STIR_FILE_OPEN_TO_OTHERS: return cli_fail(cli, CLI_CANNOT, "%s: others can read this key; mend it with: chmod 600 %s", path, path);
    case STIR_FILE_NOMEM: return cli_fail(cli, CLI_CANNOT, "out of memory");
    }
    return CLI_CANNOT;
}

int cli_file(const struct cli *cli, enum stir_file_err err, const char *path)
{
    return file_failed(cli, err, path, 0, CLI_CANNOT);
}

int cli_read(const struct cli *cli, struct stir_slice *out, const char *path, size_t max, int status_long)
{
    return file_failed(cli, stir_file_read(out, path, max, false), path, max, status_long);
}

/* No token, header or list is the name of a file that is there; who gives one forgot the @. */
static bool is_file(const char *value)
{
    struct stat st;
    return stat(value, &st) == 0 && S_ISREG(st.st_mode);
}

int cli_read_value(const struct cli *cli, struct stir_slice *out, const char *value, size_t max)
{
    if (strcmp(value, "@") == 0)
        return cli_fail(cli, CLI_USAGE, "the name of the file is missing behind @");
    if (strcmp(value, "-") == 0 || value[0] == '@') {
        int status = cli_read(cli, out, value[0] == '@' ? value + 1 : "-", max, CLI_NO);
        if (status != CLI_YES)
            return status;
    } else if (is_file(value)) {
        return cli_fail(cli, CLI_USAGE, "\"%s\" is the name of a file; for what it holds, write @%s", value, value);
    } else {
        size_t n = strlen(value);
        char *copy = n <= max ? strdup(value) : NULL;
        if (n > max)
            return cli_fail(cli, CLI_NO, "the value is longer than %zu bytes, which no real one is", max);
        if (!copy)
            return cli_fail(cli, CLI_CANNOT, "out of memory");
        *out = stir_slice_of(copy, n);
    }
    return CLI_YES;
}

struct stir_slice cli_trim(struct stir_slice text)
{
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) /* the byte order mark of editors */
        text = stir_slice_of(text.p + 3, text.n - 3);
    while (text.n && strchr(" \t\r\n", text.p[text.n - 1]) && text.p[text.n - 1])
        text.n--;
    while (text.n && strchr(" \t\r\n", text.p[0]) && text.p[0])
        text = stir_slice_of(text.p + 1, text.n - 1);
    return text;
}

static int write_with(const struct cli *cli, struct stir_slice content, enum stir_file_mode mode)
{
    const char *path = cli_get(cli, "-o");
    if (path && strcmp(path, "-") != 0)
        return file_failed(cli, stir_file_write(path, content, mode), path, 0, CLI_CANNOT);
    return fwrite(content.p, 1, content.n, stdout) == content.n ? CLI_YES : cli_fail(cli, CLI_CANNOT, "standard output cannot be written");
}

int cli_write(const struct cli *cli, struct stir_slice content)
{
    return write_with(cli, content, STIR_FILE_PUBLIC);
}

int cli_write_secret(const struct cli *cli, struct stir_slice content)
{
    return write_with(cli, content, cli_has(cli, "--force") ? STIR_FILE_SECRET_FORCED : STIR_FILE_SECRET);
}

/* The passphrase of --pass-file, without its line end. */
static int pass_of(char *buf, int cap, void *arg)
{
    const struct stir_slice *pass = arg;
    if (!pass->p || pass->n > (size_t)cap)
        return -1;
    memcpy(buf, pass->p, pass->n);
    return (int)pass->n;
}

struct stir_slice cli_first_line(struct stir_slice text)
{
    const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    if (end)
        text.n = (size_t)(end - text.p);
    if (end && text.n && text.p[text.n - 1] == '\r')
        text.n--;
    return text;
}

static int read_pass(const struct cli *cli, struct stir_slice *pass)
{
    const char *path = cli_get(cli, "--pass-file");
    *pass = (struct stir_slice){NULL, 0};
    if (!path)
        return CLI_YES;
    int status = file_failed(cli, stir_file_read(pass, path, 4096, true), path, 4096, CLI_CANNOT);
    if (status == CLI_YES)
        *pass = cli_first_line(*pass);
    return status;
}

/* A file that others can read is no key's; of one that holds none, that is what shall be said. */
static enum stir_file_err read_key_file(struct stir_slice *pem, const char *path)
{
    enum stir_file_err err = stir_file_read(pem, path, STIR_MAX_KEY_PEM, true);
    if (err != STIR_FILE_OPEN_TO_OTHERS || stir_file_read(pem, path, STIR_MAX_KEY_PEM, false) != STIR_FILE_OK)
        return err;
    if (strstr(pem->p, "PRIVATE KEY") || !strstr(pem->p, "-----BEGIN CERTIFICATE"))
        stir_file_free(pem);
    return pem->p ? STIR_FILE_OK : err;
}

static int read_key(const struct cli *cli, struct stir_key **out, const char *path, struct stir_slice *pem)
{
    struct stir_slice pass;
    struct stir_diag diag = {0};
    int status = file_failed(cli, read_key_file(pem, path), path, STIR_MAX_KEY_PEM, CLI_CANNOT);
    if (status == CLI_YES)
        status = read_pass(cli, &pass);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_key_from_pem(out, *pem, pass.p ? pass_of : NULL, &pass, &diag);
    stir_file_free(&pass);
    if (err == STIR_EPASS)
        return cli_fail(cli, CLI_CANNOT, "%s: the key is encrypted and %s", path,
                        cli_has(cli, "--pass-file") ? "the passphrase is wrong" : "needs --pass-file FILE");
    if (err != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
    return CLI_YES;
}

int cli_key(const struct cli *cli, struct stir_key **out, const char *name)
{
    struct stir_slice pem = {NULL, 0};
    int status = read_key(cli, out, cli_get(cli, name), &pem);
    stir_file_free(&pem);
    return status;
}

int cli_cert(const struct cli *cli, struct stir_cert **out, const char *path, int status_bad)
{
    struct stir_slice text = {NULL, 0};
    struct stir_cert *certs[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    int status = cli_read(cli, &text, path, STIR_MAX_PEM, status_bad);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(certs, STIR_MAX_CHAIN, &n, text, &diag);
    stir_file_free(&text);
    if (err != STIR_OK)
        return cli_fail(cli, err == STIR_ENOMEM ? CLI_CANNOT : status_bad, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
    for (size_t i = 1; i < n; i++)
        stir_cert_free(certs[i]);
    *out = certs[0];
    return CLI_YES;
}

static int add_anchors(const struct cli *cli, struct stir_trust_builder *builder, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_BUNDLE, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_trust_add_pem(builder, text, &diag);
    stir_file_free(&text);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

int cli_add_pa(const struct cli *cli, struct stir_trust_builder *builder, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_cert *certs[STIR_MAX_CHAIN];
    struct stir_diag diag = {0};
    size_t n = 0;
    int status = cli_read(cli, &text, path, STIR_MAX_PEM, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_certs_parse(certs, STIR_MAX_CHAIN, &n, text, &diag);
    stir_file_free(&text);
    for (size_t i = 0; i < n; i++) {
        if (err == STIR_OK)
            err = stir_trust_add_pa(builder, certs[i]);
        stir_cert_free(certs[i]);
    }
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

int cli_add_crl(const struct cli *cli, struct stir_trust_builder *builder, const char *path)
{
    struct stir_slice text = {NULL, 0};
    struct stir_crl *crl = NULL;
    struct stir_diag diag = {0};
    int status = cli_read(cli, &text, path, STIR_MAX_CRL * 2, CLI_CANNOT); /* PEM is a third longer than DER */
    if (status != CLI_YES)
        return status;
    enum stir_err err = stir_crl_parse(&crl, text, &diag);
    stir_file_free(&text);
    if (err == STIR_OK)
        err = stir_trust_add_crl(builder, crl);
    stir_crl_free(crl);
    return err == STIR_OK ? CLI_YES : cli_fail(cli, CLI_CANNOT, "%s: %s", path, diag.text[0] ? diag.text : stir_err_text(err));
}

static int add_files(const struct cli *cli, struct stir_trust_builder *builder, size_t *folders)
{
    static const struct {
        const char *name;
        int (*add)(const struct cli *, struct stir_trust_builder *, const char *);
    } sources[] = {{"--trust", add_anchors}, {"--pa-trust", cli_add_pa}, {"--crl", cli_add_crl}};
    int status = CLI_YES;
    for (size_t s = 0; s < sizeof(sources) / sizeof(sources[0]); s++)
        for (size_t i = 0; status == CLI_YES && i < cli_all(cli, sources[s].name); i++) {
            const char *path = cli_nth(cli, sources[s].name, i);
            if (s == 0 && stir_dir_is(path))
                ++*folders;
            else if (s > 0 && *folders == cli_all(cli, "--trust"))
                status = cli_fail(cli, CLI_USAGE, "%s %s belongs to files of --trust, and folders have their own; see stir crl import", sources[s].name, path);
            else
                status = sources[s].add(cli, builder, path);
        }
    return status;
}

/* Files are one domain, "default"; each folder has domains of its own. */
static int add_trust(const struct cli *cli, struct stir_trust_builder *builder)
{
    size_t folders = 0;
    int64_t now;
    int status = cli_time(cli, "--at", cli_now(), &now);
    if (status == CLI_YES)
        status = add_files(cli, builder, &folders);
    for (size_t i = 0; folders && status == CLI_YES && i < cli_all(cli, "--trust"); i++)
        if (stir_dir_is(cli_nth(cli, "--trust", i)))
            status = trust_dir_add(cli, builder, cli_nth(cli, "--trust", i), now);
    return status;
}

int cli_trust(const struct cli *cli, struct stir_trust **out)
{
    struct stir_trust_builder *builder = NULL;
    if (stir_trust_builder_new(&builder) != STIR_OK)
        return cli_fail(cli, CLI_CANNOT, "out of memory");
    int status = add_trust(cli, builder);
    if (status == CLI_YES && stir_trust_freeze(out, builder, 1) == STIR_OK)
        return CLI_YES;
    stir_trust_builder_free(builder);
    return status == CLI_YES ? cli_fail(cli, CLI_CANNOT, "out of memory") : status;
}

int64_t cli_now(void)
{
    return (int64_t)time(NULL);
}

int cli_time(const struct cli *cli, const char *name, int64_t otherwise, int64_t *out)
{
    const char *value = cli_get(cli, name);
    *out = otherwise;
    if (value && stir_time_parse(out, stir_slice_str(value)) != STIR_OK)
        return cli_fail(cli, CLI_USAGE, "%s \"%s\" is no time: give Unix seconds, or RFC 3339 such as 2022-06-29T20:25:36Z", name, value);
    if (value && (*out < 0 || *out > CLI_LATEST))
        return cli_fail(cli, CLI_USAGE, "%s \"%s\" is no time between 1970 and 8700", name, value);
    return CLI_YES;
}

int cli_number(const struct cli *cli, const char *name, int64_t otherwise, int64_t low, int64_t high, int64_t *out)
{
    const char *value = cli_get(cli, name);
    int64_t n = 0;
    *out = otherwise;
    if (!value)
        return CLI_YES;
    for (const char *p = value; *p; p++) {
        if (*p < '0' || *p > '9' || n > high)
            return cli_fail(cli, CLI_USAGE, "%s \"%s\" is no number from %lld to %lld", name, value, (long long)low, (long long)high);
        n = n * 10 + (*p - '0');
    }
    if (n < low || n > high)
        return cli_fail(cli, CLI_USAGE, "%s \"%s\" is no number from %lld to %lld", name, value, (long long)low, (long long)high);
    *out = n;
    return CLI_YES;
}

int cli_policy(const struct cli *cli, struct stir_policy *out)
{
    const char *preset = cli_get(cli, "--policy"), *name;
    char names[256];
    size_t n = 0;
    if (stir_policy_preset(out, stir_slice_str(preset ? preset : "shaken")) == STIR_OK)
        return CLI_YES;
    for (size_t i = 0; (name = stir_policy_preset_at(i)) != NULL && n < sizeof(names); i++)
        n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "", name);
    return cli_fail(cli, CLI_USAGE, "--policy \"%s\" is none of %s", preset, names);
}

static const char *const revocation_reasons[] = {"unspecified", "keyCompromise",        "cACompromise",    "affiliationChanged",
                                                 "superseded",  "cessationOfOperation", "certificateHold", NULL,
                                                 NULL,          "privilegeWithdrawn",   "aACompromise"};

const char *cli_revocation_reason_name(int reason)
{
    return reason >= 0 && reason < (int)(sizeof(revocation_reasons) / sizeof(*revocation_reasons)) ? revocation_reasons[reason] : NULL;
}

int cli_revocation_reason(const struct cli *cli, int otherwise, int *out)
{
    const char *text = cli_get(cli, "--reason");
    int64_t number = -1;
    *out = otherwise;
    if (!text)
        return CLI_YES;
    (void)stir_json_integer(&number, (struct stir_json){STIR_JSON_NUMBER, stir_slice_str(text)});
    for (int i = 0; i < (int)(sizeof(revocation_reasons) / sizeof(*revocation_reasons)); i++)
        if (revocation_reasons[i] && (strcmp(revocation_reasons[i], text) == 0 || number == i)) {
            *out = i;
            return CLI_YES;
        }
    return cli_fail(
        cli, CLI_USAGE,
        "--reason \"%s\" is none of unspecified, keyCompromise, cACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold, "
        "privilegeWithdrawn, aACompromise",
        text);
}
