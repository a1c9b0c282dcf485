#define _GNU_SOURCE /* realpath() */
/* stir lab: the whole framework on this machine, in one folder, from nothing to a call that is signed and verified. It runs the commands that a person would
 * type, and says them. */
#include "cli/lab.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {"--once", CLI_FLAG, NULL, "end when the call is verified; without it the lab stays until Ctrl-C", false},
    {"--port", CLI_VALUE, "N", "listen on N and the ports behind it; default 0: ports that are free", false},
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

static int folders(struct lab *lab, const char *const *names)
{
    char path[2 * LAB_PATH];
    for (; *names; names++) {
        snprintf(path, sizeof(path), "%s/%s", lab->dir, *names);
        if (mkdir(path, 0755) != 0)
            return cli_fail(lab->cli, CLI_CANNOT, "%s: %s", path, strerror(errno));
    }
    return CLI_YES;
}

/* --- the steps --- */

/* 1. A certificate authority, and our key and certificate. */
static int authority(struct lab *lab)
{
    static const char *const names[] = {"cr", NULL};
    lab_say(lab, "\n== 1. A certificate authority, and a certificate for provider " LAB_SPC);
    TRY_CLI(folders(lab, names));
    TRY_CLI(LAB_STIR(lab, "key", "new", "-o", "root.key"));
    TRY_CLI(LAB_STIR(lab, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "root.pem"));
    TRY_CLI(LAB_STIR(lab, "key", "new", "-o", "main.key"));
    TRY_CLI(LAB_STIR(lab, "csr", "new", "--key", "main.key", "--spc", LAB_SPC, "--org", "Lab Telephone", "-o", "main.csr"));
    TRY_CLI(LAB_STIR(lab, "cert", "sign", "--csr", "main.csr", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "cr/main.pem"));
    TRY_CLI(LAB_STIR(lab, "trust", "import", "--pem", "root.pem", "trust"));
    snprintf(lab->x5u, sizeof(lab->x5u), "https://" LAB_HOST ":%u/cr/main.pem", lab->port[LAB_HTTPS]);
    return CLI_YES;
}

/* 2. The daemon. */
static int daemon_of(struct lab *lab)
{
    lab_say(lab, "\n== 2. The daemon: every role in one process");
    TRY_CLI(lab_tls(lab));
    TRY_CLI(lab_conf(lab, true));
    TRY_CLI(LAB_STIR(lab, "conf", "check", "stir.conf"));
    return lab_serve(lab);
}

/* 3. The call. */
static int call(struct lab *lab)
{
    lab_say(lab, "\n== 3. A call, signed over SIP and verified over HTTP");
    TRY_CLI(lab_sign(lab));
    return lab_verify(lab);
}

static int steps(struct lab *lab)
{
    TRY_CLI(find_self(lab));
    TRY_CLI(make_folder(lab));
    TRY_CLI(lab_ports(lab));
    TRY_CLI(authority(lab));
    TRY_CLI(daemon_of(lab));
    TRY_CLI(call(lab));
    return lab_summary(lab);
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
    if (!cli_has(cli, "--keep"))
        lab_remove(&lab);
    return status;
}

const struct cli_command cmd_lab = {
    "lab", NULL, "[DIR]", 0, 1, "run the whole framework on this machine: authorities, a provider's certificate, a call signed and verified", options, run};
