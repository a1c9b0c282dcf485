/* The call: an INVITE that the authentication service signs over SIP, and the verification service judges over HTTP. */
#include "cli/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/peer.h"

enum { SIP_TRIES = 10, SIP_WAIT_MS = 1000, HTTP_WAIT_MS = 20000, VALUE = 4096 };

/* --- SIP --- */

/* A socket to `port` of this machine, and its own port. -1: errno says why. */
static int open_udp(unsigned port, unsigned *own)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, here;
    socklen_t n = sizeof(here);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&there, sizeof(there)) == 0 &&
        getsockname(fd, (struct sockaddr *)(void *)&here, &n) == 0) {
        *own = ntohs(here.sin_port);
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Send, and wait for a final answer; sent again as long as none comes (RFC 3261 §17.1.1.2). Bytes of the answer, NUL behind them; 0: none. */
static size_t ask_sip(int fd, const char *message, char *answer, size_t cap)
{
    for (unsigned i = 0; i < SIP_TRIES && !lab_ends(); i++) {
        if (send(fd, message, strlen(message), 0) < 0)
            return 0;
        for (int64_t until = stir_clock_monotonic_ms() + SIP_WAIT_MS, left; (left = until - stir_clock_monotonic_ms()) > 0;) {
            struct pollfd ready = {fd, POLLIN, 0};
            ssize_t n = poll(&ready, 1, (int)left) > 0 ? recv(fd, answer, cap - 1, 0) : 0;
            if (n < 0)
                return 0;
            answer[n] = '\0';
            if (n > 0 && strncmp(answer, "SIP/2.0 1", 9) != 0)
                return (size_t)n;
        }
    }
    return 0;
}

/* The value of a header field of an answer of our own daemon, which writes each on one line. */
static bool field(const char *message, const char *name, char *out, size_t cap)
{
    char begin[64];
    snprintf(begin, sizeof(begin), "\r\n%s: ", name);
    const char *at = strstr(message, begin), *end = at ? strstr(at + strlen(begin), "\r\n") : NULL;
    size_t n = end ? (size_t)(end - at) - strlen(begin) : 0;
    if (!n || n >= cap)
        return false;
    memcpy(out, at + strlen(begin), n);
    out[n] = '\0';
    return true;
}

/* What a call has in common with its ACK. */
struct call {
    char id[64], via[128], from[128], to[VALUE];
};

static int write_invite(char *out, size_t cap, const struct call *c, const char *more)
{
    return snprintf(out, cap,
                    "INVITE sip:+" LAB_DEST "@" LAB_HOST ";user=phone SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: <sip:+" LAB_DEST "@" LAB_HOST
                    ";user=phone>\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%sContent-Length: 0\r\n\r\n",
                    c->via, c->from, c->id, more);
}

static void acknowledge(int fd, struct call *c, const char *answer)
{
    char ack[LAB_MESSAGE];
    if (field(answer, "To", c->to, sizeof(c->to)) &&
        snprintf(ack, sizeof(ack),
                 "ACK sip:+" LAB_DEST "@" LAB_HOST ";user=phone SIP/2.0\r\nVia: %s\r\nMax-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 ACK\r\n"
                 "Content-Length: 0\r\n\r\n",
                 c->via, c->from, c->to, c->id) < (int)sizeof(ack))
        (void)!send(fd, ack, strlen(ack), 0);
}

/* The message as it goes on: with what the answer brought. */
static int keep_signed(struct lab *lab, const struct call *c, const char *answer)
{
    char more[LAB_MESSAGE + 256], whole[2 * LAB_MESSAGE], date[128] = "";
    if (strncmp(answer, "SIP/2.0 302", 11) != 0 || !field(answer, "Identity", lab->identity, sizeof(lab->identity)))
        return cli_fail(lab->cli, CLI_NO, "the call was not signed: %.*s", (int)strcspn(answer, "\r\n"), answer);
    bool dated = field(answer, "Date", date, sizeof(date));
    snprintf(more, sizeof(more), "%s%s%sIdentity: %s\r\n", dated ? "Date: " : "", date, dated ? "\r\n" : "", lab->identity);
    if (write_invite(whole, sizeof(whole), c, more) >= (int)sizeof(whole))
        return cli_fail(lab->cli, CLI_CANNOT, "the message is too long");
    return lab_write(lab, "signed.sip", STIR_FILE_PUBLIC, "%s", whole);
}

int lab_sign(struct lab *lab)
{
    struct call c;
    char invite[LAB_MESSAGE], answer[LAB_MESSAGE], id[37];
    unsigned own = 0;
    int fd = open_udp(lab->port[LAB_SIP_AS], &own);
    if (fd < 0 || stir_uuid(id) != STIR_OK)
        return cli_fail(lab->cli, CLI_CANNOT, "no socket: %s", strerror(errno));
    snprintf(c.id, sizeof(c.id), "%s", id);
    snprintf(c.via, sizeof(c.via), "SIP/2.0/UDP " LAB_HOST ":%u;branch=z9hG4bK%s;rport", own, id);
    snprintf(c.from, sizeof(c.from), "<sip:+" LAB_ORIG "@" LAB_HOST ":%u;user=phone>;tag=lab", own);
    write_invite(invite, sizeof(invite), &c, "");
    lab_say(lab, "INVITE of +" LAB_ORIG " to +" LAB_DEST ", to udp:" LAB_HOST ":%u", lab->port[LAB_SIP_AS]);
    size_t n = ask_sip(fd, invite, answer, sizeof(answer));
    if (n)
        acknowledge(fd, &c, answer);
    close(fd);
    if (!n)
        return cli_fail(lab->cli, CLI_CANNOT, "the authentication service does not answer");
    int status = keep_signed(lab, &c, answer);
    if (status == CLI_YES)
        lab_say(lab, "%.*s\nIdentity: %.120s...", (int)strcspn(answer, "\r\n"), answer, lab->identity);
    return status;
}

/* --- HTTP --- */

/* One request to our own daemon. The status, 0: nobody is there. `out` is to be cleared in any case. */
static long ask_http(struct lab *lab, struct stir_peer_answer *out, const char *method, const char *path, const char *type, struct stir_slice body)
{
    const struct stir_peer_options options = {.any_url = true, .timeout_ms = HTTP_WAIT_MS};
    struct stir_peer *peer = NULL;
    struct stir_diag diag = {0};
    char url[VALUE];
    snprintf(url, sizeof(url), "http://" LAB_HOST ":%u%s", lab->port[LAB_HTTP], path);
    const struct stir_peer_ask ask = {.method = method, .url = url, .type = type, .body = body};
    enum stir_err err = stir_peer_new(&peer, &options, &diag);
    if (err == STIR_OK)
        err = stir_peer_ask(out, peer, &ask, &diag);
    stir_peer_free(peer);
    return err == STIR_OK ? out->status : 0;
}

long lab_get(struct lab *lab, const char *path)
{
    struct stir_peer_answer answer = {0};
    long status = ask_http(lab, &answer, "GET", path, NULL, (struct stir_slice){NULL, 0});
    stir_peer_answer_free(&answer);
    return status;
}

/* A member of the verdict; "" where it is null. */
static const char *said(const json_t *verdict, const char *name)
{
    const char *text = json_string_value(json_object_get(verdict, name));
    return text ? text : "";
}

static int judge(struct lab *lab, struct stir_slice body)
{
    json_t *answer = json_loadb(body.p, body.n, 0, NULL);
    const json_t *verdict = json_object_get(answer, "verdict");
    int status = CLI_YES;
    snprintf(lab->verstat, sizeof(lab->verstat), "%s", said(verdict, "verstat"));
    if (strcmp(lab->verstat, "TN-Validation-Passed") == 0)
        lab_say(lab, "%s attest=%s spc=%s", lab->verstat, said(verdict, "attest"), said(verdict, "spc"));
    else
        status = cli_fail(lab->cli, CLI_NO, "the call was not verified: %s %s", lab->verstat, said(verdict, "reason"));
    json_decref(answer);
    return status;
}

int lab_verify(struct lab *lab)
{
    char path[2 * LAB_PATH];
    struct stir_slice message = {NULL, 0};
    struct stir_peer_answer answer = {0};
    snprintf(path, sizeof(path), "%s/signed.sip", lab->dir);
    int status = cli_read(lab->cli, &message, path, 4 * LAB_MESSAGE, CLI_CANNOT);
    if (status != CLI_YES)
        return status;
    lab_say(lab, "$ curl -s -H 'Content-Type: message/sip' --data-binary @signed.sip http://" LAB_HOST ":%u/v1/verify", lab->port[LAB_HTTP]);
    long got = ask_http(lab, &answer, "POST", "/v1/verify", "message/sip", message);
    status = got == 200 ? judge(lab, answer.body) : cli_fail(lab->cli, CLI_CANNOT, "the verification service answers %ld", got);
    stir_peer_answer_free(&answer);
    stir_file_free(&message);
    return status;
}
