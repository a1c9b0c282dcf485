/* stir conf reload: ask a stir serve that runs to read its configuration again. It says a line at a time what is wrong, and at last "ok generation=N" or
 * "failed". */
#include "cli/conf.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/clock.h"

enum { ANSWER_MAX = 1 << 20, WAIT_S = 300 /* each signer's certificate may be fetched */ };

static const struct cli_option options[] = {
    {"--control", CLI_VALUE, "PATH", "the daemon's socket, instead of a FILE whose [server] control names it", false},
    {NULL, CLI_FLAG, NULL, NULL, false},
};

static int open_socket(const struct cli *cli, const char *path, int *out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(at.sun_path))
        return cli_fail(cli, CLI_USAGE, "%s: a path of a socket has at most %zu bytes", path, sizeof(at.sun_path) - 1);
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
        *out = fd;
        return CLI_YES;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    return cli_fail(cli, CLI_CANNOT, "%s: %s; does stir serve run with [server] control = %s?", path, strerror(why), path);
}

/* Everything that is said until the other side closes. False: it took too long, or it was too much. */
static bool hear(int fd, struct conf_said *said)
{
    char line[1024];
    size_t n = 0, all = 0;
    for (const int64_t until = stir_clock_monotonic_ms() + WAIT_S * 1000; stir_clock_monotonic_ms() < until;) {
        struct pollfd ready = {fd, POLLIN, 0};
        char c[512];
        if (poll(&ready, 1, 1000) <= 0)
            continue;
        ssize_t got = recv(fd, c, sizeof(c), 0);
        if (got <= 0)
            return got == 0;
        all += (size_t)got;
        for (ssize_t i = 0; i < got; i++) {
            if (c[i] != '\n' && n + 1 < sizeof(line))
                line[n++] = c[i];
            if (c[i] != '\n')
                continue;
            line[n] = '\0';
            conf_say(said, line);
            n = 0;
        }
        if (all > ANSWER_MAX)
            return false;
    }
    return false;
}

/* What the last line says; it is taken off. */
static int verdict(struct conf_said *said, int64_t *generation)
{
    static const char ok[] = "ok generation=";
    size_t at = said->n ? said->n - 1 : 0;
    while (at && said->text[at - 1] != '\n')
        at--;
    const char *last = said->text ? said->text + at : "";
    int status = strncmp(last, ok, sizeof(ok) - 1) == 0 ? CLI_YES : strcmp(last, "failed\n") == 0 ? CLI_NO : CLI_CANNOT;
    for (const char *p = last + sizeof(ok) - 1; status == CLI_YES && *p >= '0' && *p <= '9' && *generation < INT64_MAX / 16; p++)
        *generation = *generation * 10 + (*p - '0');
    if (status != CLI_CANNOT) {
        said->text[at] = '\0';
        said->n = at;
        said->lines--;
    }
    return status;
}

static int ask(const struct cli *cli, int fd)
{
    static const char reload[] = "reload\n";
    struct conf_said said = {NULL, 0, 0};
    int64_t generation = 0;
    bool whole = send(fd, reload, sizeof(reload) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(reload) - 1 && hear(fd, &said);
    int status = verdict(&said, &generation);
    if (status == CLI_CANNOT || !whole) {
        status = cli_fail(cli, CLI_CANNOT, "the daemon did not say what became of it; its log does");
    } else if (cli->json) {
        cli_json_begin(NULL, '{');
        cli_json_bool("reloaded", status == CLI_YES);
        if (status == CLI_YES)
            cli_json_int("generation", generation);
        conf_said_json("said", &said);
        cli_json_end('}');
        cli_json_done();
    } else {
        conf_said_print("", &said);
        if (status == CLI_YES)
            printf("reloaded, generation %lld\n", (long long)generation);
        else
            printf("nothing was changed\n");
    }
    conf_said_free(&said);
    return status;
}

static int run(struct cli *cli)
{
    const char *path = cli_get(cli, "--control");
    struct conf_said faults = {NULL, 0, 0};
    struct stir_conf *conf = NULL;
    int status = CLI_YES, fd = -1;
    if (!path == !cli->n_operands)
        return cli_fail(cli, CLI_USAGE, "give the configuration's FILE, or --control PATH");
    if (!path) {
        status = conf_read(&conf, cli->operand[0], &faults);
        if (!conf)
            status = cli_fail(cli, status, "%.*s (stir conf check says all; --control PATH does without the file)",
                              (int)strcspn(faults.text ? faults.text : "", "\n"), faults.text ? faults.text : "");
        else if (!conf->server.control[0])
            status = cli_fail(cli, CLI_CANNOT, "%s has no [server] control; SIGHUP reloads too", cli->operand[0]);
        else
            path = conf->server.control;
    }
    if (status == CLI_YES)
        status = open_socket(cli, path, &fd);
    if (status == CLI_YES) {
        status = ask(cli, fd);
        close(fd);
    }
    stir_config_free(conf);
    conf_said_free(&faults);
    return status;
}

const struct cli_command cmd_conf_reload = {"conf",  "reload", "[FILE]", 0, 1, "let a stir serve that runs read its configuration again: all of it, or nothing",
                                            options, run};
