#define _GNU_SOURCE /* recvmmsg, sendmmsg, struct in6_pktinfo */

/* Datagrams, several a system call: one shared socket for each address, read by all workers. */
#include "front/sip_desk.h"

#include "io/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

enum {
    CONTROL = 128,                   /* bytes: a time stamp and an address */
    SOCKET_BUFFER = 4 * 1024 * 1024, /* bytes that the kernel keeps while workers are busy, when it may (net.core.rmem_max) */
};

struct control {
    _Alignas(struct cmsghdr) unsigned char bytes[CONTROL];
};

struct stir_sip_out {
    /* in */
    struct mmsghdr in[STIR_SIP_BATCH];
    struct iovec in_vec[STIR_SIP_BATCH];
    struct sockaddr_storage from[STIR_SIP_BATCH];
    struct control in_control[STIR_SIP_BATCH];
    char in_bytes[STIR_SIP_BATCH][STIR_MAX_MESSAGE + 1];
    /* out */
    struct mmsghdr out[STIR_SIP_OUT_BATCH];
    struct iovec out_vec[STIR_SIP_OUT_BATCH];
    struct sockaddr_storage to[STIR_SIP_OUT_BATCH];
    struct control out_control[STIR_SIP_OUT_BATCH];
    char out_bytes[4 * STIR_MAX_MESSAGE];
    size_t n, used;
    int fd; /* that all of them go out of */
};

enum stir_err stir_sip_out_new(struct stir_sip_out **out)
{
    struct stir_sip_out *o = calloc(1, sizeof(*o));
    if (!o)
        return STIR_ENOMEM;
    for (size_t i = 0; i < STIR_SIP_BATCH; i++) {
        o->in_vec[i] = (struct iovec){o->in_bytes[i], sizeof(o->in_bytes[i])};
        o->in[i].msg_hdr = (struct msghdr){.msg_name = &o->from[i], .msg_iov = &o->in_vec[i], .msg_iovlen = 1, .msg_control = &o->in_control[i]};
    }
    for (size_t i = 0; i < STIR_SIP_OUT_BATCH; i++)
        o->out[i].msg_hdr = (struct msghdr){.msg_name = &o->to[i], .msg_iov = &o->out_vec[i], .msg_iovlen = 1};
    *out = o;
    return STIR_OK;
}

void stir_sip_out_free(struct stir_sip_out *out)
{
    free(out);
}

static bool is_wildcard(const struct sockaddr_storage *at)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (at->ss_family == AF_INET) {
        memcpy(&four, at, sizeof(four));
        return four.sin_addr.s_addr == htonl(INADDR_ANY);
    }
    memcpy(&six, at, sizeof(six));
    return IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
}

enum stir_err stir_sip_udp_prepare(struct stir_sip_socket *socket, struct stir_diag *diag)
{
    int on = 1, size = SOCKET_BUFFER;
    bool four = socket->bound.ss_family == AF_INET;
    socket->wildcard = is_wildcard(&socket->bound);
    (void)setsockopt(socket->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)); /* as much as the kernel gives */
    if (setsockopt(socket->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
        (socket->wildcard && setsockopt(socket->fd, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_PKTINFO : IPV6_RECVPKTINFO, &on, sizeof(on)) != 0))
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "UDP socket: %s", strerror(errno));
    return STIR_OK;
}

/* ---- In ---- */

static void read_local(struct stir_sip_local *local, const struct cmsghdr *c)
{
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        local->family = AF_INET;
        memcpy(local->address, &info.ipi_spec_dst, sizeof(info.ipi_spec_dst));
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        local->family = AF_INET6;
        memcpy(local->address, &info.ipi6_addr, sizeof(info.ipi6_addr));
        local->interface = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
    }
}

/* How long the datagram stood in the socket. What the clock says is not believed when it would be very long: the clock was set meanwhile. */
static int64_t queued_ms(const struct cmsghdr *c, const struct timespec *now)
{
    struct timespec came;
    memcpy(&came, CMSG_DATA(c), sizeof(came));
    int64_t ms = ((int64_t)now->tv_sec - came.tv_sec) * 1000 + (now->tv_nsec - came.tv_nsec) / 1000000;
    return ms > 0 && ms <= STIR_SIP_NOT_BELIEVED_MS ? ms : 0;
}

static void read_control(struct stir_sip_flow *flow, struct msghdr *m, const struct timespec *now)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS)
            flow->queued_ms = queued_ms(c, now);
        else
            read_local(&flow->local, c);
    }
}

static void take_one(struct stir_sip_ear *ear, size_t i)
{
    struct stir_sip_out *o = ear->desk->out;
    struct stir_sip_flow flow = {.socket = ear->socket, .peer = o->from[i]};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    read_control(&flow, &o->in[i].msg_hdr, &now);
    flow.unix_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    flow.begun_us = stir_clock_monotonic_us();
    /* One byte more than a message may have was asked for: longer ones come cut, and are dropped. Keep-alives are no messages (RFC 5626 §3.5.1). */
    if (o->in[i].msg_len > 4 && o->in[i].msg_len <= STIR_MAX_MESSAGE)
        stir_sip_take(ear->desk, &flow, stir_slice_of(o->in_bytes[i], o->in[i].msg_len));
}

size_t stir_sip_udp_read(struct stir_sip_ear *ear)
{
    struct stir_sip_out *o = ear->desk->out;
    for (size_t i = 0; i < STIR_SIP_BATCH; i++) {
        o->in[i].msg_hdr.msg_namelen = sizeof(o->from[i]);
        o->in[i].msg_hdr.msg_controllen = sizeof(o->in_control[i]);
    }
    int n = recvmmsg(ear->socket->fd, o->in, STIR_SIP_BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++)
        take_one(ear, (size_t)i);
    return n > 0 ? (size_t)n : 0;
}

/* One batch a turn, so that connections and timers have theirs too; the loop comes again while there is more. */
void stir_sip_udp_ready(struct stir_watch *watch, uint32_t events)
{
    struct stir_sip_ear *ear = (struct stir_sip_ear *)(void *)watch;
    struct stir_sip_desk *desk = ear->desk;
    (void)events;
    stir_sip_enter(desk);
    stir_sip_udp_read(ear);
    stir_sip_exit(desk);
}

/* ---- Out ---- */

/* What cannot be sent is lost, as datagrams are: the client asks again. */
void stir_sip_udp_flush(struct stir_sip_desk *desk)
{
    struct stir_sip_out *o = desk->out;
    for (size_t at = 0; at < o->n;) {
        int n = sendmmsg(o->fd, o->out + at, (unsigned)(o->n - at), MSG_DONTWAIT);
        at += n > 0 ? (size_t)n : 1; /* that one cannot be sent: the others may */
    }
    o->n = o->used = 0;
}

/* From the address that the request came to, when the socket has many. */
static void put_control(struct msghdr *m, struct control *control, const struct stir_sip_local *local)
{
    m->msg_control = NULL;
    m->msg_controllen = 0;
    if (!local->family)
        return;
    bool four = local->family == AF_INET;
    struct in_pktinfo info4 = {.ipi_ifindex = 0};
    struct in6_pktinfo info6 = {.ipi6_ifindex = local->interface};
    memcpy(&info4.ipi_spec_dst, local->address, sizeof(info4.ipi_spec_dst));
    memcpy(&info6.ipi6_addr, local->address, sizeof(info6.ipi6_addr));
    size_t n = four ? sizeof(info4) : sizeof(info6);
    memset(control, 0, sizeof(*control));
    m->msg_control = control;
    m->msg_controllen = CMSG_SPACE(n);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = four ? IPPROTO_IP : IPPROTO_IPV6;
    c->cmsg_type = four ? IP_PKTINFO : IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(n);
    memcpy(CMSG_DATA(c), four ? (const void *)&info4 : (const void *)&info6, n);
}

void stir_sip_udp_send(struct stir_sip_desk *desk, const struct stir_sip_flow *flow, const struct sockaddr_storage *to, struct stir_slice bytes)
{
    struct stir_sip_out *o = desk->out;
    if (o->n && (o->fd != flow->socket->fd || o->n == STIR_SIP_OUT_BATCH || bytes.n > sizeof(o->out_bytes) - o->used))
        stir_sip_udp_flush(desk);
    size_t i = o->n++;
    o->fd = flow->socket->fd;
    memcpy(o->out_bytes + o->used, bytes.p, bytes.n);
    o->out_vec[i] = (struct iovec){o->out_bytes + o->used, bytes.n};
    o->used += bytes.n;
    o->to[i] = *to;
    o->out[i].msg_hdr.msg_namelen = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    put_control(&o->out[i].msg_hdr, &o->out_control[i], &flow->local);
}
