/* What the rooms of `stir lab` share: the folder, the ports, the daemon. The lab runs the commands that a person would type, in its folder, one after another.
 */
#ifndef STIR_CLI_LAB_H
#define STIR_CLI_LAB_H

#include "cli/cli.h"

#include <stdarg.h>
#include <sys/types.h>

/* Where it listens, all on 127.0.0.1. With --port N these are N, N+1 and so on, in this order. */
enum lab_port { LAB_SIP_AS = 0, LAB_SIP_VS, LAB_HTTP, LAB_HTTPS, LAB_PORTS };

enum {
    LAB_PATH = 512,         /* bytes of the folder's path, and of a file's in it */
    LAB_HEARD = 64 << 10,   /* bytes kept of what a command says */
    LAB_WAIT_S = 120,       /* a command may take so long */
    LAB_READY_S = 60,       /* and the daemon to be ready */
    LAB_STOP_S = 20,        /* and to end, before it is killed */
    LAB_URL = 128,          /* bytes of one of its own URLs */
    LAB_MESSAGE = 16 << 10, /* bytes of a SIP message */
    LAB_TLS_DAYS = 30,      /* of the lab's certificates of HTTPS */
    LAB_PASSWORD = 32,      /* characters of the provider's password at the administrator */
};

#define LAB_HOST "127.0.0.1"
#define LAB_SPC "709J"
#define LAB_CRL_ISSUER "CN=STI-PA CRL,O=Lab,C=US"
#define LAB_ORIG "12155551212"
#define LAB_DEST "12025550100"

/* `step` answers CLI_YES, or its status is ours. */
#define TRY_CLI(step)           \
    do {                        \
        int status_ = (step);   \
        if (status_ != CLI_YES) \
            return status_;     \
    } while (0)

struct lab {
    struct cli *cli;
    char dir[LAB_PATH], self[LAB_PATH]; /* its folder, and this program; both absolute */
    unsigned port[LAB_PORTS];
    char user[64]; /* who the daemon is */
    bool made;     /* the folder is one of our own */
    pid_t daemon;  /* 0: none */
    char heard[LAB_HEARD];
    size_t n_heard; /* what the last command said */
    char world[64]; /* https://LAB_HOST:PORT: administrator, authority, repository */
    char account[64], password[LAB_PASSWORD + 1];
    char identity[LAB_MESSAGE], verstat[64];
    char x5u[STIR_MAX_URL + 1];
};

/* --- speaking: lab.c. With --json standard output is for the summary alone, and this goes to standard error. --- */
void lab_say(const struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- lab_run.c: commands and the daemon --- */

/* Run `stir WORD...` in the folder, shown as a person types it; what it says is shown and kept in lab->heard. NULL ends the words. CLI_YES, or said already:
 * its status was another. */
int lab_stir(struct lab *lab, const char *const *words);
#define LAB_STIR(lab, ...) lab_stir(lab, (const char *const[]){__VA_ARGS__, NULL})
/* The same, unseen, until it went wrong. */
int lab_stir_quiet(struct lab *lab, const char *const *words);
#define LAB_QUIET(lab, ...) lab_stir_quiet(lab, (const char *const[]){__VA_ARGS__, NULL})
/* Begin `stir serve stir.conf`, and wait until it is ready. */
int lab_serve(struct lab *lab);
/* Wait for SIGINT or SIGTERM, or for the end of the daemon, which is a failure. */
int lab_stay(struct lab *lab);
void lab_stop(struct lab *lab);
/* Did somebody ask to end? */
bool lab_ends(void);
/* Hold SIGINT and SIGTERM back: they are looked at between two steps. */
void lab_signals(void);

/* --- lab_files.c: what no command makes --- */

/* Ports that nobody has, or --port and those behind it. */
int lab_ports(struct lab *lab);
/* A root of HTTPS, and a certificate of it for LAB_HOST: tls-root.pem, tls.pem, tls.key. */
int lab_tls(struct lab *lab);
/* stir.conf: without what signs, until there is a certificate. */
int lab_conf(struct lab *lab, bool signing);
/* What the provider's folder says of its certificate's x5u. */
int lab_x5u(struct lab *lab);
/* A file in the folder. */
int lab_write(struct lab *lab, const char *name, enum stir_file_mode mode, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The folder with all that is in it goes, if it is one of our own. */
void lab_remove(struct lab *lab);

/* --- lab_call.c: the call --- */

/* An INVITE to the authentication service, over UDP: its 302 brings the Identity, which goes into signed.sip. */
int lab_sign(struct lab *lab);
/* signed.sip to the verification service, over HTTP: it must pass. */
int lab_verify(struct lab *lab);
/* GET http://LAB_HOST:PORT/PATH: its status, 0 when nobody is there. */
long lab_get(struct lab *lab, const char *path);

/* --- lab_summary.c: everything that others need to know, as one JSON object: lab.json, and standard output with --json --- */
int lab_summary(struct lab *lab);

#endif
