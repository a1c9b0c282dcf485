/* SIP over UDP from one source port: a window of calls, or a rate; what is not answered is sent again as a client transaction does (RFC 3261 §17.1.1). */
#include "load.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

enum { WAITING = 1, DONE = 2 };

struct flight {
    double due, sent; /* when it ought to have gone, and when it went last */
    unsigned char state, again;
};

struct client {
    struct load *load;
    const struct load_batch *batch;
    struct load_tally *tally;
    struct flight *flights;
    int fd;
    size_t next, oldest, waiting; /* indices in the batch */
    double begun;
};

static int open_socket(const struct load *load)
{
    int fd = socket(load->server.ss_family, SOCK_DGRAM, 0), room = 4 << 20;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&load->server, load->n_server) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        load_die("socket", "could not be opened");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)); /* as much as the system gives */
    return fd;
}

static void put(struct client *c, size_t i)
{
    const struct load_request *request = &c->batch->requests[i];
    c->flights[i].sent = load_now();
    if (send(c->fd, c->batch->text + request->at, request->n, 0) < 0)
        c->tally->again++; /* a full buffer, or nobody there: it is sent again when its time comes */
}

/* The value of header `name` in `text`; NULL: none. */
static const char *header(const char *text, const char *name, size_t *n)
{
    const char *at = strstr(text, name);
    if (!at)
        return NULL;
    at += strlen(name);
    at += strspn(at, " ");
    *n = strcspn(at, "\r");
    return at;
}

static bool is_good(const struct load *load, const char *text)
{
    return strncmp(text, "SIP/2.0 302 ", 12) == 0 && strstr(text, load->expect);
}

static void acknowledge(struct client *c, size_t i, const char *text)
{
    char buf[LOAD_ROOM];
    size_t n = 0;
    const char *to = header(text, "\r\nTo:", &n);
    if (to && c->load->ack && send(c->fd, buf, load_ack(c->load, c->batch->first + i, to, n, buf), 0) < 0)
        c->tally->again++;
}

static void answered(struct client *c, const char *text)
{
    size_t n = 0;
    const char *id = header(text, "\r\nCall-ID:", &n);
    char *end = NULL;
    unsigned long long index = id ? strtoull(id, &end, 10) : 0;
    if (!id || *end != '-' || strtoul(end + 1, NULL, 16) != c->load->run || index < c->batch->first || index - c->batch->first >= c->batch->n)
        return; /* of a batch before */
    size_t i = (size_t)index - c->batch->first;
    struct flight *flight = &c->flights[i];
    if (text[8] == '1')
        return;
    acknowledge(c, i, text);
    if (flight->state != WAITING)
        return;
    flight->state = DONE;
    c->waiting--;
    c->tally->latency_us[c->tally->n_latency++] = (uint32_t)((load_now() - flight->due) * 1e6);
    if (is_good(c->load, text))
        c->tally->good++;
    else if (c->tally->bad++ == 0)
        snprintf(c->tally->first_bad, sizeof(c->tally->first_bad), "%.511s", text);
}

static void hear(struct client *c)
{
    static char text[LOAD_ANSWER];
    ssize_t n = 0;
    while ((n = recv(c->fd, text, sizeof(text) - 1, 0)) > 0) {
        text[n] = '\0';
        answered(c, text);
    }
}

/* Send what is due: by the rate, or as the window has room. */
static void send_due(struct client *c)
{
    double now = load_now();
    while (c->next < c->batch->n && (c->load->rate > 0 ? c->begun + (double)c->next / c->load->rate <= now : c->waiting < c->load->window)) {
        struct flight *flight = &c->flights[c->next];
        flight->due = c->load->rate > 0 ? c->begun + (double)c->next / c->load->rate : now;
        flight->state = WAITING;
        c->waiting++;
        put(c, c->next++);
        now = load_now();
    }
}

static void send_again(struct client *c)
{
    double now = load_now();
    while (c->oldest < c->next && c->flights[c->oldest].state == DONE)
        c->oldest++;
    for (size_t i = c->oldest; i < c->next; i++) {
        struct flight *flight = &c->flights[i];
        if (flight->state != WAITING || now - flight->sent < (double)LOAD_AGAIN_MS / 1e3)
            continue;
        if (now - flight->due > (double)LOAD_GIVE_UP_MS / 1e3 || flight->again == LOAD_AGAIN) {
            flight->state = DONE;
            c->waiting--;
            c->tally->lost++;
            continue;
        }
        flight->again++;
        c->tally->again++;
        put(c, i);
    }
}

/* Wait for an answer, or until a call is due: asleep, so that the server has the processor. */
static bool answer_comes(const struct client *c)
{
    double left = 0.02;
    fd_set ready;
    if (c->load->rate > 0 && c->next < c->batch->n && c->begun + (double)c->next / c->load->rate - load_now() < left)
        left = c->begun + (double)c->next / c->load->rate - load_now();
    struct timespec patience = {0, left > 0 ? (long)(left * 1e9) : 0};
    FD_ZERO(&ready);
    FD_SET(c->fd, &ready);
    return pselect(c->fd + 1, &ready, NULL, NULL, &patience, NULL) > 0;
}

void load_sip(struct load *load, const struct load_batch *batch, struct load_tally *tally)
{
    static int fd = -1; /* one source port for all rounds */
    struct client c = {.load = load, .batch = batch, .tally = tally, .begun = load_now()};
    double looked = c.begun;
    if (fd < 0)
        fd = open_socket(load);
    c.fd = fd;
    c.flights = calloc(batch->n, sizeof(*c.flights));
    if (!c.flights)
        load_die("memory", "there is not enough for this many calls");
    while (c.next < batch->n || c.waiting) {
        send_due(&c);
        if (answer_comes(&c))
            hear(&c);
        if (load_now() - looked > 0.02) {
            send_again(&c);
            looked = load_now();
        }
    }
    tally->seconds = load_now() - c.begun;
    free(c.flights);
}

void load_junk(struct load *load, const struct load_batch *batch, struct load_tally *tally)
{
    static char text[LOAD_ANSWER];
    int fd = open_socket(load);
    double begun = load_now();
    for (size_t i = 0; i < batch->n; i++) {
        double left = begun + (double)i / load->rate - load_now();
        if (left > 0.001)
            poll(NULL, 0, (int)(left * 1e3));
        if (send(fd, batch->text + batch->requests[i].at, batch->requests[i].n, 0) > 0)
            tally->good++;
        else
            tally->lost++;
        while (recv(fd, text, sizeof(text), 0) > 0) /* whatever it answers */
            tally->again++;
    }
    tally->seconds = load_now() - begun;
    close(fd);
}
