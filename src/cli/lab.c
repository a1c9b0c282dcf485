#define _GNU_SOURCE /* realpath() */
/* stir lab: the whole framework on this machine, in one folder, from nothing to a call that is signed and verified. It runs the commands that a person would
 * type, and says them. */
#include "cli/lab.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/rand.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"--once", CLI_FLAG, NULL, "end when the call is verified; without it the lab stays until Ctrl-C", false},
    {"--port", CLI_VALUE, "N", "listen on N and the ports behind it; default 0: ports that are free", false},
    {"--chaos", CLI_VALUE, "SEED", "the authority refuses nonces, is slow, and says things in odd order, to try clients: the same for the same seed", false},
    {"--store", CLI_VALUE, "URL", "keep state in postgresql://..., which is empty; default: a file in the folder", false},
    {"--keep", CLI_FLAG, NULL, "leave the folder of the lab's own choice when it ends; one that was named stays anyway", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

void lab_say(const struct lab *lab, const char *format, ...)
{
    FILE *to = lab->cli->json ? stderr : stdout;
    va_list args;
    va_start(args, format);
    vfprintf(to, format, args);
    va_end(args);
    fputc('\n', to);
    fflush(to);
}

static int find_self(struct lab *lab)
{
    ssize_t n = readlink("/proc/self/exe", lab->self, sizeof(lab->self) - 1);
    const struct passwd *who = getpwuid(geteuid());
    if (n <= 0)
        return cli_fail(lab->cli, CLI_CANNOT, "/proc/self/exe: %s", strerror(errno));
    lab->self[n] = '\0';
    if (!who || snprintf(lab->user, sizeof(lab->user), "%s", who->pw_name) >= (int)sizeof(lab->user))
        return cli_fail(lab->cli, CLI_CANNOT, "the user %ld has no name", (long)geteuid());
    return CLI_YES;
}

/* The folder named, which must be new or empty, or a new one below TMPDIR. */
static int make_folder(struct lab *lab)
{
    const char *tmp = getenv("TMPDIR");
    char name[LAB_PATH];
    if (lab->cli->n_operands) {
        snprintf(name, sizeof(name), "%s", lab->cli->operand[0]);
        if (mkdir(name, 0755) != 0 && (errno != EEXIST || rmdir(name) != 0 || mkdir(name, 0755) != 0))
            return cli_fail(lab->cli, CLI_CANNOT, "%s: %s; a lab begins in a new folder, or an empty one", name, strerror(errno));
    } else {
        snprintf(name, sizeof(name), "%s/stir-lab.XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
        if (!mkdtemp(name))
            return cli_fail(lab->cli, CLI_CANNOT, "%s: %s", name, strerror(errno));
        lab->made = true;
    }
    char *whole = realpath(name, NULL);
    bool fits = whole && snprintf(lab->dir, sizeof(lab->dir), "%s", whole) < LAB_PATH - 64;
    free(whole);
    return fits ? CLI_YES : cli_fail(lab->cli, CLI_CANNOT, "%s: the path is too long for a lab", name);
}

/* A folder in the lab's. */
static int make_one(struct lab *lab, const char *name)
{
    char path[2 * LAB_PATH];
    snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
    return mkdir(path, 0755) == 0 ? CLI_YES : cli_fail(lab->cli, CLI_CANNOT, "%s: %s", path, strerror(errno));
}

/* --- the steps --- */

static int random_password(struct lab *lab)
{
    unsigned char bytes[LAB_PASSWORD / 2];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return cli_fail(lab->cli, CLI_CANNOT, "no random bytes");
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(lab->password + 2 * i, 3, "%02x", bytes[i]);
    TRY_CLI(lab_write(lab, "password", STIR_FILE_SECRET, "%s\n", lab->password));
    return lab_write(lab, "login", STIR_FILE_SECRET, "user = lab\npassword = %s\n", lab->password);
}

static int authorities(struct lab *lab)
{
    char crl[LAB_URL];
    lab_say(lab, "\n== 1. A policy administrator and a certificate authority: keys, certificates, configuration");
    snprintf(crl, sizeof(crl), "%s/download/v1/crl", lab->world);
    TRY_CLI(LAB_STIR(lab, "pa", "init", "pa", "--url", lab->world, "--org", "Lab"));
    TRY_CLI(LAB_STIR(lab, "ca", "init", "ca", "--org", "Lab", "--crl-url", crl, "--crl-issuer", LAB_CRL_ISSUER));
    TRY_CLI(make_one(lab, "cr"));
    TRY_CLI(random_password(lab));
    TRY_CLI(LAB_STIR(lab, "trust", "add", "trust", "--pa-root", "pa/pa-root.pem", "--pa-url", lab->world, "--login-file", "../../login", "--crl-url", crl));
    TRY_CLI(lab_tls(lab));
    TRY_CLI(lab_conf(lab, false));
    return LAB_STIR(lab, "conf", "check", "stir.conf");
}

static int daemon_of(struct lab *lab)
{
    lab_say(lab, "\n== 2. The daemon: every role in one process");
    return lab_serve(lab);
}

/* The id of the account, of what `stir pa provider add --json` said. */
static int take_account(struct lab *lab)
{
    json_t *said = json_loads(lab->heard, 0, NULL);
    const char *account = json_string_value(json_object_get(said, "account"));
    int status = account && snprintf(lab->account, sizeof(lab->account), "%s", account) < (int)sizeof(lab->account)
                     ? CLI_YES
                     : cli_fail(lab->cli, CLI_CANNOT, "the administrator names no account");
    json_decref(said);
    return status;
}

static int provider(struct lab *lab)
{
    lab_say(lab, "\n== 3. The administrator trusts the authority, and knows a provider, " LAB_SPC);
    TRY_CLI(LAB_STIR(lab, "pa", "ca", "add", "ca/root.pem", "--issuer", "ca/ca.pem", "--name", "Lab CA", "--conf", "stir.conf"));
    TRY_CLI(LAB_STIR(lab, "pa", "provider", "add", "lab", "--name", "Lab Telephone", "--code", LAB_SPC, "--user", "lab", "--password-file", "password",
                     "--conf", "stir.conf", "--json"));
    TRY_CLI(take_account(lab));
    return LAB_STIR(lab, "pa", "publish", "--conf", "stir.conf");
}

static int certificate(struct lab *lab)
{
    char directory[LAB_URL];
    lab_say(lab, "\n== 4. The provider gets a token of the one, and with it a certificate of the other, by ACME");
    snprintf(directory, sizeof(directory), "%s/acme/directory", lab->world);
    TRY_CLI(LAB_STIR(lab, "acme", "register", "provider", "--directory", directory, "--agree", "--spc", LAB_SPC, "--org", "Lab Telephone", "--country", "US",
                     "--pa-url", lab->world, "--pa-account", lab->account, "--pa-user", "lab", "--pa-password-file", "password", "--ca-root", "tls-root.pem",
                     "--set", "any-url=yes"));
    TRY_CLI(LAB_STIR(lab, "acme", "obtain", "provider", "--verbose"));
    TRY_CLI(LAB_STIR(lab, "cert", "lint", "provider/current/chain.pem"));
    return lab_x5u(lab);
}

static int believe(struct lab *lab)
{
    lab_say(lab, "\n== 5. Whoever verifies believes the administrator alone, and takes its lists");
    TRY_CLI(LAB_STIR(lab, "trust", "update", "trust", "--any-url", "--allow-net", "127.0.0.0/8", "--tls-root", "tls-root.pem"));
    return LAB_STIR(lab, "crl", "update", "trust", "--any-url", "--allow-net", "127.0.0.0/8", "--tls-root", "tls-root.pem");
}

static int begin_again(struct lab *lab)
{
    lab_say(lab, "\n== 6. The daemon again, which signs now too");
    TRY_CLI(lab_write(lab, "numbers.txt", STIR_FILE_PUBLIC, "12155550000-12155559999 house\n"));
    TRY_CLI(lab_conf(lab, true));
    TRY_CLI(LAB_STIR(lab, "conf", "check", "--files", "stir.conf"));
    lab_stop(lab);
    return lab_serve(lab);
}

static int call(struct lab *lab)
{
    lab_say(lab, "\n== 7. A call, signed over SIP and verified over HTTP");
    TRY_CLI(lab_sign(lab));
    return lab_verify(lab);
}

static int steps(struct lab *lab)
{
    int64_t seed;
    TRY_CLI(cli_number(lab->cli, "--chaos", 0, 0, INT32_MAX, &seed));
    TRY_CLI(find_self(lab));
    TRY_CLI(make_folder(lab));
    TRY_CLI(lab_ports(lab));
    snprintf(lab->world, sizeof(lab->world), "https://" LAB_HOST ":%u", lab->port[LAB_HTTPS]);
    TRY_CLI(authorities(lab));
    TRY_CLI(daemon_of(lab));
    TRY_CLI(provider(lab));
    TRY_CLI(certificate(lab));
    TRY_CLI(believe(lab));
    TRY_CLI(begin_again(lab));
    TRY_CLI(call(lab));
    return lab_summary(lab);
}

/* A daemon was begun, and an error names its log: that is not taken away from who has to read it. */
static bool is_to_be_read(const struct lab *lab, int status)
{
    char log[LAB_PATH + 16];
    snprintf(log, sizeof(log), "%s/serve.log", lab->dir);
    return status != CLI_YES && !lab_ends() && lab->made && access(log, F_OK) == 0;
}

static int run(struct cli *cli)
{
    static struct lab lab;
    lab = (struct lab){.cli = cli};
    lab_signals();
    int status = steps(&lab);
    if (status == CLI_YES && !cli_has(cli, "--once")) {
        lab_say(&lab, "\nIt stays up until Ctrl-C.");
        status = lab_stay(&lab);
    }
    lab_stop(&lab);
    if (is_to_be_read(&lab, status))
        lab_say(&lab, "\nWhat there is of the lab stays in %s", lab.dir);
    else if (!cli_has(cli, "--keep"))
        lab_remove(&lab);
    return status;
}

const struct cli_command cmd_lab = {
    "lab", NULL, "[DIR]", 0, 1, "run the whole framework on this machine: authorities, a provider's certificate, a call signed and verified", options, run};
