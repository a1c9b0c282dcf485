/* The daemon: what it is made of, and the rooms of src/server that make it. Everything here belongs to the main thread but what a lock is named for. */
#ifndef STIR_SERVER_SERVER_H
#define STIR_SERVER_SERVER_H

#include "front/http.h"
#include "front/sip.h"
#include "io/loop.h"
#include "service/as.h"
#include "service/fetching.h"
#include "service/live.h"
#include "service/office.h"
#include "service/records.h"
#include "service/renewals.h"
#include "service/trust.h"
#include "service/worker.h"

#include <stir/err.h>

struct stir_server;

/* A worker's places at the fronts of one reading of the configuration. */
struct stir_desks {
    struct stir_sip_desk *sip;
    struct stir_http_desk *http;
};

/* A worker thread and what it runs; its members belong to its thread. */
struct stir_hand {
    struct stir_post errand; /* of stir_hands_all(): first, so that the letter is the hand */
    struct stir_round *round;
    struct stir_server *server;
    struct stir_worker worker;
    pthread_t thread;
    struct stir_desks desks;
    struct stir_leaver *leavers; /* desks of former configurations that end what they had accepted */
};

/* The fronts of one reading of the configuration, which they own a part of: a request that was under way at a reload asks it when it is whole. */
struct stir_fronts {
    struct stir_sip_front *sip;
    struct stir_http_front *http;
    struct stir_setting *setting;
};

struct stir_server {
    const char *path; /* of the configuration */
    struct stir_loop *loop;
    struct stir_shared shared;
    pthread_mutex_t lock; /* over `live` and `faults`: workers' metrics and readiness read them */
    struct stir_live *live;
    uint64_t generation, policies;
    struct stir_fronts fronts;
    struct stir_trust_keeper *trust; /* the office of roles pa and ca is `shared`'s, since fronts ask it */
    struct stir_post news;           /* of the keeper: its snapshot has changed */
    atomic_bool news_sent;
    struct stir_renewals *_Atomic renewals; /* NULL: no signer is renewed here; workers that tell of them see it come */
    struct stir_post renewed;               /* one has a new certificate */
    atomic_bool renewed_sent;
    struct stir_timer again; /* a reload for it that was refused is tried again */
    struct stir_hand *hands;
    size_t n_hands;        /* that run */
    atomic_size_t leaving; /* desks that are not gone yet */
    struct stir_control *control;
    /* read by workers that are asked for metrics or readiness */
    atomic_bool stopping, reload_failed;
    _Atomic int64_t reloaded_at; /* Unix seconds */
};

/* Told of faults at start and at a reload, a line each. */
struct stir_server_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* setting.c: a file read and everything behind its names, or nothing and every fault said. */
enum stir_err stir_setting_read(struct stir_setting **out, const char *path, int64_t now, const struct stir_server_say *say) STIR_MUST_USE;
/* x5u of each signer against what the world sees; false: something fatal was said. `starting`: a signer that fails is left out alone, and the daemon starts
 * with the others, or for its other roles; else it is fatal, since what runs is better. Waits for the network: never on a worker. */
bool stir_setting_check_x5u(const struct stir_setting *setting, bool starting, const struct stir_server_say *say);

/* hands.c: the worker threads. */
enum stir_err stir_hands_start(struct stir_server *server, size_t n) STIR_MUST_USE;
/* `work` once on every worker's thread, between two turns; returns when all have done it, with the first that is not STIR_OK. Needs no memory. */
enum stir_err stir_hands_all(struct stir_server *server, enum stir_err (*work)(struct stir_hand *hand, void *arg), void *arg);
/* They hold this state from now on. */
void stir_hands_take(struct stir_server *server, struct stir_live *live);
/* Their threads end; what is still open is closed by force. Their loops stay, for letters under way, until stir_hands_free(). */
void stir_hands_stop(struct stir_server *server);
void stir_hands_free(struct stir_server *server);

/* desks.c: workers come to fronts and leave them. */
/* All join `fronts`, which become the server's, and leave those they were at: nothing new is read there, what was accepted is answered, then the former fronts
 * are freed. Or none does, and nothing has changed. */
enum stir_err stir_desks_join(struct stir_server *server, const struct stir_fronts *fronts) STIR_MUST_USE;
/* All leave, for good. */
void stir_desks_leave(struct stir_server *server);
/* Wait until those who left are gone. False: not within `ms`. */
bool stir_desks_wait(struct stir_server *server, int64_t ms);
/* On a worker's thread, at its end: by force. */
void stir_desks_close(struct stir_hand *hand);

/* fronts.c */
enum stir_err stir_fronts_new(struct stir_fronts *out, struct stir_setting *setting, struct stir_server *server, const struct stir_fronts *before,
                              struct stir_diag *diag) STIR_MUST_USE;
void stir_fronts_free(struct stir_fronts *fronts);

/* reload.c: read the configuration again; all of it is taken over, or nothing. */
bool stir_server_reload(struct stir_server *server, const struct stir_server_say *say);
/* Tell systemd's `systemctl status` what is in use. Main thread. */
void stir_server_status(const struct stir_server *server);
/* A signer has a new certificate: the renewing thread calls it. */
void stir_server_renewed(void *arg);
/* A new snapshot of trust: the keeper's thread calls it. */
void stir_server_trust(void *arg, struct stir_trust *trust);
/* Put `live` in the place of the one there is; it is taken. */
void stir_server_take(struct stir_server *server, struct stir_live *live);
/* One more owner of the live state; from any thread. */
struct stir_live *stir_server_live(struct stir_server *server);

/* control.c: the unix socket of `stir conf reload`. "": none. */
enum stir_err stir_control_new(struct stir_control **out, struct stir_server *server, const char *path, struct stir_diag *diag) STIR_MUST_USE;
void stir_control_free(struct stir_control *control);

/* watch.c: what /metrics and /readyz are told of certificates, trust and caches. */
void stir_watch_metrics(void *arg, struct stir_metrics_text *text);
bool stir_watch_ready(void *arg, char *buf, size_t cap);
/* The same for each role, into `shared.unready`: what OPTIONS are answered by. */
void stir_watch_roles(struct stir_server *server);
/* Say which signing identities end soon; on the main thread, each hour. */
void stir_watch_ends(struct stir_server *server);

/* serve.c: `stir serve FILE`. Runs until SIGTERM or SIGINT; answers the exit status. */
struct stir_serve_options {
    const char *path;
    void (*told)(void *arg, const char *line); /* "listening udp:127.0.0.1:5060 as", then "ready" */
    void *arg;
};
int stir_serve(const struct stir_serve_options *options);

#endif
