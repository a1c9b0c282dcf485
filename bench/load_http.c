/* HTTP/1.1 over a handful of connections that stay: one request under way on each. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static const size_t IDLE = SIZE_MAX;

struct line {
    int fd;
    size_t request, sent; /* its index in the batch; bytes of it that are out */
    size_t n;             /* of the answer so far */
    double due;
    char answer[LOAD_ANSWER];
};

struct client {
    struct load *load;
    const struct load_batch *batch;
    struct load_tally *tally;
    size_t next, waiting;
    double begun;
};

static struct line *lines;

static void open_line(const struct load *load, struct line *line)
{
    int one = 1;
    if (line->fd >= 0)
        close(line->fd);
    line->fd = socket(load->server.ss_family, SOCK_STREAM, 0);
    if (line->fd < 0 || connect(line->fd, (const struct sockaddr *)&load->server, load->n_server) != 0 || fcntl(line->fd, F_SETFL, O_NONBLOCK) != 0)
        load_die(load->host, "takes no connection");
    setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    line->request = IDLE;
    line->n = 0;
}

static void push(struct client *c, struct line *line)
{
    const struct load_request *request = &c->batch->requests[line->request];
    ssize_t n = send(line->fd, c->batch->text + request->at + line->sent, request->n - line->sent, MSG_NOSIGNAL);
    if (n > 0)
        line->sent += (size_t)n;
}

static void begin(struct client *c, struct line *line, double due)
{
    line->request = c->next++;
    line->sent = line->n = 0;
    line->due = due;
    c->waiting++;
    push(c, line);
}

static void send_due(struct client *c)
{
    for (size_t i = 0; i < c->load->window && c->next < c->batch->n; i++) {
        double now = load_now(), due = c->load->rate > 0 ? c->begun + (double)c->next / c->load->rate : now;
        if (due > now)
            break;
        if (lines[i].request == IDLE)
            begin(c, &lines[i], due);
    }
}

/* Length of the answer when all of it is there, else 0. */
static size_t whole(const struct line *line)
{
    const char *end = strstr(line->answer, "\r\n\r\n"), *length = strstr(line->answer, "ontent-Length:");
    if (!length)
        length = strstr(line->answer, "ontent-length:");
    if (!end || !length || length > end)
        return 0;
    size_t n = (size_t)(end + 4 - line->answer) + strtoul(length + 14, NULL, 10);
    return line->n >= n ? n : 0;
}

static void finish(struct client *c, struct line *line, bool lost)
{
    struct load_tally *tally = c->tally;
    if (lost) {
        tally->lost++;
    } else {
        tally->latency_us[tally->n_latency++] = (uint32_t)((load_now() - line->due) * 1e6);
        if (strncmp(line->answer, "HTTP/1.1 200 ", 13) == 0 && strstr(line->answer, c->load->expect))
            tally->good++;
        else if (tally->bad++ == 0)
            snprintf(tally->first_bad, sizeof(tally->first_bad), "%.511s", line->answer);
    }
    line->request = IDLE;
    c->waiting--;
}

static void hear(struct client *c, struct line *line)
{
    ssize_t n = recv(line->fd, line->answer + line->n, sizeof(line->answer) - 1 - line->n, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) { /* closed: what was under way is lost */
        if (line->request != IDLE)
            finish(c, line, true);
        open_line(c->load, line);
        return;
    }
    line->n += (size_t)n;
    line->answer[line->n] = '\0';
    if (line->request != IDLE && whole(line))
        finish(c, line, false);
}

/* Wait for answers, or until a call is due: asleep, so that the server has the processor. */
static void turn(struct client *c)
{
    fd_set in, out;
    int most = 0;
    double left = 0.02;
    if (c->load->rate > 0 && c->next < c->batch->n && c->waiting < c->load->window && c->begun + (double)c->next / c->load->rate - load_now() < left)
        left = c->begun + (double)c->next / c->load->rate - load_now();
    struct timespec patience = {0, left > 0 ? (long)(left * 1e9) : 0};
    FD_ZERO(&in);
    FD_ZERO(&out);
    for (size_t i = 0; i < c->load->window; i++) {
        FD_SET(lines[i].fd, &in);
        if (lines[i].request != IDLE && lines[i].sent < c->batch->requests[lines[i].request].n)
            FD_SET(lines[i].fd, &out);
        most = lines[i].fd > most ? lines[i].fd : most;
    }
    if (pselect(most + 1, &in, &out, NULL, &patience, NULL) <= 0)
        return;
    for (size_t i = 0; i < c->load->window; i++) {
        bool readable = FD_ISSET(lines[i].fd, &in);
        if (FD_ISSET(lines[i].fd, &out))
            push(c, &lines[i]);
        if (readable)
            hear(c, &lines[i]);
    }
}

/* Answers that do not come end the wait for them. */
static void give_up(struct client *c)
{
    for (size_t i = 0; i < c->load->window; i++)
        if (lines[i].request != IDLE && load_now() - lines[i].due > (double)LOAD_GIVE_UP_MS / 1e3) {
            finish(c, &lines[i], true);
            open_line(c->load, &lines[i]);
        }
}

void load_http(struct load *load, const struct load_batch *batch, struct load_tally *tally)
{
    struct client c = {.load = load, .batch = batch, .tally = tally};
    if (!lines) {
        lines = calloc(LOAD_CONNECTIONS, sizeof(*lines));
        if (!lines)
            load_die("memory", "there is not enough for the connections");
        for (size_t i = 0; i < load->window; i++) {
            lines[i].fd = -1;
            open_line(load, &lines[i]);
        }
    }
    c.begun = load_now();
    while (c.next < batch->n || c.waiting) {
        send_due(&c);
        turn(&c);
        give_up(&c);
    }
    tally->seconds = load_now() - c.begun;
}
