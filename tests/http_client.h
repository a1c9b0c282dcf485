/* A client of HTTP in the thread of the loop that serves it: it speaks a little, then the loop turns. */
#ifndef STIR_TESTS_HTTP_CLIENT_H
#define STIR_TESTS_HTTP_CLIENT_H

#include "io/loop.h"

#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

enum { CLIENTS = 8 };

static struct http_client {
    struct stir_loop *loop;
    struct sockaddr_in at;
    int fd[CLIENTS];
    char heard[200000];
    size_t n;
} client;

static void client_begin(struct stir_loop *loop, struct sockaddr_in at)
{
    memset(&client, 0, sizeof(client));
    client.loop = loop;
    client.at = at;
    for (size_t i = 0; i < CLIENTS; i++)
        client.fd[i] = -1;
}

static void hang_up(size_t i)
{
    if (client.fd[i] >= 0)
        close(client.fd[i]);
    client.fd[i] = -1;
}

static void client_end(void)
{
    for (size_t i = 0; i < CLIENTS; i++)
        hang_up(i);
}

static void dial(size_t i)
{
    client.fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client.fd[i], (struct sockaddr *)&client.at, sizeof(client.at)), 0);
}

static void say(size_t i, const char *text)
{
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        ssize_t put = send(client.fd[i], text + at, n - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put > 0)
            at += (size_t)put;
        else
            assert_true(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
        if (put < 0 && errno != EAGAIN)
            return;
        stir_loop_turn(client.loop, 0);
    }
}

/* What came, until `want` stands in it or the server closed. True: it stands there. */
static bool hear(size_t i, const char *want)
{
    client.n = 0;
    client.heard[0] = '\0';
    for (int turns = 0; turns < 3000; turns++) {
        stir_loop_turn(client.loop, 2);
        ssize_t got = recv(client.fd[i], client.heard + client.n, sizeof(client.heard) - 1 - client.n, MSG_DONTWAIT);
        if (got > 0)
            client.n += (size_t)got;
        client.heard[client.n] = '\0';
        if (strstr(client.heard, want))
            return true;
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return false;
    }
    fail_msg("neither an answer nor an end: %s", client.heard);
    return false;
}

static void turn(int64_t ms)
{
    for (int64_t until = stir_loop_ms(client.loop) + ms; stir_loop_ms(client.loop) < until;)
        stir_loop_turn(client.loop, 2);
}

#endif
