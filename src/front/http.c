#include "front/http_call.h"

#include "io/file.h"
#include "io/socket.h"

#include "service/records.h"
#include "service/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct pems {
    struct stir_slice cert, key, client_ca;
};

static void free_pems(struct pems *pems)
{
    stir_file_free(&pems->cert);
    stir_file_free(&pems->key);
    stir_file_free(&pems->client_ca);
}

static enum stir_err read_pems(struct pems *pems, const struct stir_conf_http *conf, struct stir_diag *diag)
{
    TRY(stir_secret_read(&pems->cert, conf->tls_cert, STIR_MAX_BUNDLE, false, diag));
    TRY(stir_secret_read(&pems->key, conf->tls_key, STIR_MAX_BUNDLE, true, diag));
    return conf->tls_client_ca[0] ? stir_secret_read(&pems->client_ca, conf->tls_client_ca, STIR_MAX_BUNDLE, false, diag) : STIR_OK;
}

/* With NUL behind it, and none within. */
static bool is_text(struct stir_slice pem)
{
    return !pem.p || strlen(pem.p) == pem.n;
}

static void count_turned_away(void *arg)
{
    struct stir_shared *shared = arg;
    stir_metrics_add(shared->metrics, STIR_METRIC_HTTP_TURNED_AWAY, 1);
}

static enum stir_err open_port(struct stir_http_gate *gate, int fd, struct stir_diag *diag)
{
    const struct stir_conf_http *conf = gate->conf;
    struct stir_http_limits limits = {.max_body = (size_t)conf->max_body,
                                      .max_connections = (size_t)conf->max_connections,
                                      .max_per_address = (size_t)conf->max_per_address,
                                      .request_ms = conf->request_ms,
                                      .idle_ms = conf->idle_ms,
                                      .turned_away = count_turned_away,
                                      .arg = gate->front->shared};
    struct pems pems = {{0}, {0}, {0}};
    if (!conf->tls_cert[0])
        return stir_http_port_new(&gate->port, fd, &limits, NULL, diag);
    enum stir_err err = read_pems(&pems, conf, diag);
    if (err == STIR_OK && (!is_text(pems.cert) || !is_text(pems.key) || !is_text(pems.client_ca)))
        err = stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "certificate, key or CA of TLS is no PEM text");
    if (err == STIR_OK) {
        struct stir_http_tls tls = {pems.cert.p, pems.key.p, pems.client_ca.p};
        err = stir_http_port_new(&gate->port, fd, &limits, &tls, diag);
    } else {
        close(fd);
    }
    free_pems(&pems);
    return err;
}

/* How many gates of `front` were asked to listen at `at`: several may be at port 0. */
static size_t count_asked(const struct stir_http_front *front, const struct sockaddr_storage *at)
{
    size_t n = 0;
    for (size_t i = 0; i < front->n_gates; i++)
        n += stir_address_eq(&front->gates[i].asked, at);
    return n;
}

/* The socket of the front that goes, where it listens at the same address: connections that wait in it are not lost. `skip`: those that have been taken. */
static int take_over(const struct stir_http_front *before, const struct sockaddr_storage *at, size_t skip, struct sockaddr_storage *bound)
{
    for (size_t i = 0; before && i < before->n_gates; i++) {
        const struct stir_http_gate *old = &before->gates[i];
        if (!stir_address_eq(&old->asked, at) || skip-- > 0)
            continue;
        *bound = old->bound;
        return fcntl(stir_http_port_fd(old->port), F_DUPFD_CLOEXEC, 3);
    }
    return -1;
}

static enum stir_err open_gate(struct stir_http_front *front, const struct stir_conf_http *conf, const char *listen, const struct stir_http_front *before,
                               struct stir_diag *diag)
{
    struct stir_http_gate *gate = &front->gates[front->n_gates];
    struct stir_address address;
    enum stir_err err = stir_address_parse(&address, stir_slice_str(listen), STIR_TCP);
    if (err != STIR_OK || address.transport != STIR_TCP)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s is no ADDRESS:PORT", listen);
    *gate = (struct stir_http_gate){.front = front, .conf = conf, .asked = address.at};
    int fd = take_over(before, &address.at, count_asked(front, &address.at), &gate->bound);
    if (fd < 0)
        TRY(stir_socket_open(&fd, &address, &gate->bound, diag));
    TRY(open_port(gate, fd, diag));
    front->n_gates++;
    return STIR_OK;
}

static void say_repository(void *arg, bool fatal, const char *text)
{
    struct stir_http_front *front = arg;
    stir_records_say(front->shared->records, fatal ? 0 : 1, "repository", "%s", text);
}

static enum stir_err open_repository(struct stir_http_front *front, struct stir_diag *diag)
{
    struct stir_repository_say say = {say_repository, front};
    bool wanted = false;
    for (size_t i = 0; i < front->conf->n_http; i++)
        wanted = wanted || (front->conf->http[i].apis & (STIR_API_REPOSITORY | STIR_API_SECSIPIDX));
    return wanted && front->conf->repository.dir[0] ? stir_repository_new(&front->repository, &front->conf->repository, &say, diag) : STIR_OK;
}

static enum stir_err open_gates(struct stir_http_front *front, const struct stir_http_front *before, struct stir_diag *diag)
{
    const struct stir_conf *conf = front->conf;
    size_t n = 0;
    for (size_t i = 0; i < conf->n_http; i++)
        n += conf->http[i].listen.n;
    front->gates = calloc(n + 1, sizeof(*front->gates));
    if (!front->gates)
        return STIR_ENOMEM;
    for (size_t i = 0; i < conf->n_http; i++) {
        const struct stir_conf_http *http = &conf->http[i];
        for (size_t k = 0; k < http->listen.n; k++) {
            struct stir_diag why = {0};
            enum stir_err err = open_gate(front, http, http->listen.items[k], before, &why);
            if (err != STIR_OK)
                return stir_diag_set(diag, err, SIZE_MAX, "[http %s] %s: %s", http->name, http->listen.items[k], why.text[0] ? why.text : stir_err_text(err));
        }
    }
    return STIR_OK;
}

enum stir_err stir_http_front_new(struct stir_http_front **out, const struct stir_conf *conf, struct stir_shared *shared, struct stir_http_front *before,
                                  struct stir_diag *diag)
{
    struct stir_http_front *front = calloc(1, sizeof(*front));
    if (!front)
        return STIR_ENOMEM;
    front->conf = conf;
    front->shared = shared;
    if (before)
        front->health = before->health;
    enum stir_err err = open_gates(front, before, diag);
    if (err == STIR_OK)
        err = open_repository(front, diag);
    if (err != STIR_OK) {
        stir_http_front_free(front);
        return err;
    }
    *out = front;
    return STIR_OK;
}

bool stir_http_front_bound(const struct stir_http_front *front, size_t index, char *buf, size_t cap)
{
    char address[STIR_ADDRESS_TEXT];
    if (index >= front->n_gates)
        return false;
    const struct stir_http_gate *gate = &front->gates[index];
    stir_address_text(address, sizeof(address), &gate->bound);
    snprintf(buf, cap, "%s:%s %s", gate->conf->tls_cert[0] ? "https" : "http", address, gate->conf->name);
    return true;
}

void stir_http_front_health(struct stir_http_front *front, struct stir_http_health health)
{
    front->health = health;
}

void stir_http_front_free(struct stir_http_front *front)
{
    if (!front)
        return;
    for (size_t i = 0; i < front->n_gates; i++)
        stir_http_port_free(front->gates[i].port);
    stir_repository_free(front->repository);
    free(front->gates);
    free(front);
}

/* Desks */

static enum stir_err join_all(struct stir_http_desk *desk)
{
    struct stir_http_front *front = desk->front;
    desk->counters = calloc(front->n_gates + 1, sizeof(*desk->counters));
    desk->sign = malloc(sizeof(*desk->sign));
    desk->answer = malloc(sizeof(*desk->answer));
    unsigned char secret[STIR_SIPHASH_SECRET];
    if (!desk->counters || !desk->sign || !desk->answer)
        return STIR_ENOMEM;
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    desk->names = stir_siphash_of(secret);
    for (size_t i = 0; i < front->n_gates; i++) {
        struct stir_http_counter *counter = &desk->counters[i];
        *counter = (struct stir_http_counter){.desk = desk, .gate = &front->gates[i]};
        struct stir_http_handler handler = {counter, stir_http_call_serve, stir_http_call_gone, stir_http_call_cancel};
        TRY(stir_http_server_new(&counter->server, front->gates[i].port, desk->worker->loop, &handler));
        desk->n_counters++;
    }
    return STIR_OK;
}

enum stir_err stir_http_front_join(struct stir_http_desk **out, struct stir_http_front *front, struct stir_worker *worker)
{
    struct stir_http_desk *desk = calloc(1, sizeof(*desk));
    if (!desk)
        return STIR_ENOMEM;
    desk->front = front;
    desk->worker = worker;
    enum stir_err err = join_all(desk);
    if (err != STIR_OK) {
        stir_http_desk_free(desk);
        return err;
    }
    *out = desk;
    return STIR_OK;
}

static void counter_gone(void *arg)
{
    struct stir_http_desk *desk = arg;
    if (--desk->leaving == 0 && desk->gone)
        desk->gone(desk->gone_arg);
}

void stir_http_desk_leave(struct stir_http_desk *desk, void (*gone)(void *arg), void *arg)
{
    desk->gone = gone;
    desk->gone_arg = arg;
    desk->leaving = desk->n_counters + 1;
    for (size_t i = 0; i < desk->n_counters; i++)
        stir_http_server_leave(desk->counters[i].server, counter_gone, desk);
    counter_gone(desk);
}

void stir_http_desk_free(struct stir_http_desk *desk)
{
    if (!desk)
        return;
    for (size_t i = 0; i < desk->n_counters; i++)
        stir_http_server_free(desk->counters[i].server);
    while (desk->kept) {
        struct stir_http_call *next = desk->kept->next;
        stir_http_call_free(desk->kept);
        desk->kept = next;
    }
    free(desk->counters);
    free(desk->sign);
    free(desk->answer);
    free(desk);
}
