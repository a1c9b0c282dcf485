#include "io/resolve.h"

#include <sys/select.h> /* which ares.h forgets */

#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "core/bytes.h"

enum { NAME_CAP = 256, TRIES = 2 };

struct stir_resolver {
    ares_channel channel;
    int epoll;
};

/* Lives until c-ares has called back, whoever listens. */
struct stir_lookup {
    stir_resolved *told; /* NULL once cancelled */
    void *arg;
};

void stir_watch(int epoll, uint64_t kind, int fd, bool reading, bool writing)
{
    struct epoll_event event = {.events = (reading ? EPOLLIN : 0u) | (writing ? EPOLLOUT : 0u), .data.u64 = kind << 32 | (uint32_t)fd};
    if (!reading && !writing)
        (void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event); /* closed descriptors have left by themselves */
    else if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event); /* failing, the flight ends at its deadline */
}

static void socket_changed(void *arg, ares_socket_t fd, int reading, int writing)
{
    struct stir_resolver *resolver = arg;
    stir_watch(resolver->epoll, STIR_WATCH_DNS, fd, reading, writing);
}

/* "IP", "IP:PORT", "[IPv6]:PORT": an address, not a name. */
static enum stir_err use_server(struct stir_resolver *resolver, struct stir_slice server)
{
    char text[80];
    struct stir_net_addr addr;
    struct stir_slice host = server;
    if (server.n && server.p[0] == '[') {
        size_t end = stir_slice_find(server, ']');
        if (end == server.n)
            return STIR_ESYNTAX;
        host = stir_slice_of(server.p + 1, end - 1);
    } else if (stir_net_addr_parse(&addr, server) != STIR_OK) {
        host = stir_slice_upto(server, stir_slice_find(server, ':'));
    }
    if (server.n >= sizeof(text) || stir_net_addr_parse(&addr, host) != STIR_OK)
        return STIR_ESYNTAX;
    memcpy(text, server.p, server.n);
    text[server.n] = '\0';
    int status = ares_set_servers_ports_csv(resolver->channel, text);
    return status == ARES_SUCCESS ? STIR_OK : status == ARES_ENOMEM ? STIR_ENOMEM : STIR_ESYNTAX;
}

static enum stir_err open_channel(struct stir_resolver *resolver, struct stir_slice server, int64_t timeout_ms)
{
    char dns[] = "b", files_and_dns[] = "fb";
    struct ares_options options = {
        /* The second try waits twice as long as the first: both together take about the time that a fetch has. */
        .timeout = (int)(timeout_ms / 3 + 1),
        .tries = TRIES,
        .flags = ARES_FLAG_NOSEARCH, /* a URL's host is a whole name */
        .lookups = server.p ? dns : files_and_dns,
        .sock_state_cb = socket_changed,
        .sock_state_cb_data = resolver,
    };
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_FLAGS | ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB;
    int status = ares_init_options(&resolver->channel, &options, mask);
    if (status != ARES_SUCCESS)
        return status == ARES_ENOMEM ? STIR_ENOMEM : STIR_ECRYPTO;
    enum stir_err err = server.p ? use_server(resolver, server) : STIR_OK;
    if (err != STIR_OK)
        ares_destroy(resolver->channel);
    return err;
}

enum stir_err stir_resolver_new(struct stir_resolver **out, struct stir_slice server, int64_t timeout_ms, int epoll)
{
    struct stir_resolver *resolver = calloc(1, sizeof(*resolver));
    if (!resolver)
        return STIR_ENOMEM;
    resolver->epoll = epoll;
    enum stir_err err = open_channel(resolver, server, timeout_ms);
    if (err == STIR_OK)
        *out = resolver;
    else
        free(resolver);
    return err;
}

void stir_resolver_free(struct stir_resolver *resolver)
{
    if (!resolver)
        return;
    ares_destroy(resolver->channel); /* calls back for what is open: each lookup is freed there */
    free(resolver);
}

static void collect(struct stir_addrs *addrs, const struct ares_addrinfo *info)
{
    for (const struct ares_addrinfo_node *node = info->nodes; node; node = node->ai_next) {
        if (addrs->n < STIR_RESOLVE_ADDRS && stir_net_addr_of(&addrs->addr[addrs->n], node->ai_addr) == STIR_OK)
            addrs->n++;
        addrs->seen++;
    }
}

static void answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct stir_lookup *lookup = arg;
    struct stir_addrs addrs = {.n = 0};
    (void)timeouts;
    if (status == ARES_SUCCESS && info)
        collect(&addrs, info);
    if (lookup->told)
        lookup->told(lookup->arg, &addrs, status == ARES_SUCCESS ? NULL : ares_strerror(status));
    if (info)
        ares_freeaddrinfo(info);
    free(lookup);
}

enum stir_err stir_lookup_start(struct stir_lookup **out, struct stir_resolver *resolver, struct stir_slice host, stir_resolved *told, void *arg)
{
    const struct ares_addrinfo_hints hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};
    char name[NAME_CAP];
    if (host.n == 0 || host.n >= sizeof(name))
        return STIR_ELIMIT;
    struct stir_lookup *lookup = malloc(sizeof(*lookup));
    if (!lookup)
        return STIR_ENOMEM;
    memcpy(name, host.p, host.n);
    name[host.n] = '\0';
    *lookup = (struct stir_lookup){told, arg};
    *out = lookup; /* before it starts: the answer may come from inside, and then the lookup is gone */
    ares_getaddrinfo(resolver->channel, name, NULL, &hints, answered, lookup);
    return STIR_OK;
}

void stir_lookup_cancel(struct stir_lookup *lookup)
{
    lookup->told = NULL;
}

void stir_resolver_step(struct stir_resolver *resolver, int fd, bool readable, bool writable)
{
    ares_process_fd(resolver->channel, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
}

int64_t stir_resolver_wait(struct stir_resolver *resolver)
{
    struct timeval tv;
    if (!ares_timeout(resolver->channel, NULL, &tv))
        return -1;
    return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1;
}
