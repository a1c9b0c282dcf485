/* The HTTP front: each worker runs its own libmicrohttpd daemons over shared listening sockets, inside of its loop. */
#ifndef STIR_FRONT_HTTP_H
#define STIR_FRONT_HTTP_H

#include "service/worker.h"

struct stir_http_front;

/* Bind all sockets of conf's [http] sections and read certificates; as stir_sip_front_new(), but `conf` is kept, and lives as long as the front. */
enum stir_err stir_http_front_new(struct stir_http_front **out, const struct stir_conf *conf, struct stir_shared *shared, struct stir_http_front *before,
                                  struct stir_diag *diag) STIR_MUST_USE;
bool stir_http_front_bound(const struct stir_http_front *front, size_t index, char *buf, size_t cap);

struct stir_http_desk;
enum stir_err stir_http_front_join(struct stir_http_desk **out, struct stir_http_front *front, struct stir_worker *worker) STIR_MUST_USE;
void stir_http_desk_leave(struct stir_http_desk *desk, void (*gone)(void *arg), void *arg);
void stir_http_desk_free(struct stir_http_desk *desk);
void stir_http_front_free(struct stir_http_front *front);

/* What /healthz and /readyz ask; set once by the server. `ready` writes what is missing or at risk, one line each, and answers whether it can work. From any thread. */
struct stir_http_health {
    bool (*ready)(void *arg, char *buf, size_t cap);
    void *arg;
};
void stir_http_front_health(struct stir_http_front *front, struct stir_http_health health);

#endif
