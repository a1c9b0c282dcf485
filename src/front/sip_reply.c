#include "front/sip_reply.h"

#include "core/sip.h"
#include "io/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

enum { SIP_PORT = 5060 };

/* ---- Via ---- */

/* The peer's address as `received` has it, without a port; IPv4 within IPv6 as IPv4. */
static void peer_text(char buf[INET6_ADDRSTRLEN], const struct sockaddr_storage *peer)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    buf[0] = '\0';
    if (peer->ss_family == AF_INET) {
        memcpy(&four, peer, sizeof(four));
        stir_ipv4_text(buf, (const unsigned char *)&four.sin_addr);
    } else if (peer->ss_family == AF_INET6) {
        memcpy(&six, peer, sizeof(six));
        if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
            stir_ipv4_text(buf, &six.sin6_addr.s6_addr[12]);
        else
            inet_ntop(AF_INET6, &six.sin6_addr, buf, INET6_ADDRSTRLEN);
    }
}

static unsigned peer_port(const struct sockaddr_storage *peer)
{
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    if (peer->ss_family == AF_INET) {
        memcpy(&four, peer, sizeof(four));
        return ntohs(four.sin_port);
    }
    memcpy(&six, peer, sizeof(six));
    return peer->ss_family == AF_INET6 ? ntohs(six.sin6_port) : 0;
}

/* The host of sent-by is this address, in whatever spelling. */
static bool is_host(struct stir_slice host, const char *address)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr one, other;
    if (stir_slice_is(host, address))
        return true;
    if (host.n < 4 || host.p[0] != '[' || host.n - 2 >= sizeof(text))
        return false;
    memcpy(text, host.p + 1, host.n - 2);
    text[host.n - 2] = '\0';
    return inet_pton(AF_INET6, text, &one) == 1 && inet_pton(AF_INET6, address, &other) == 1 && memcmp(&one, &other, sizeof(one)) == 0;
}

/* The parameters but those that this hop alone writes. */
static void put_params(struct stir_writer *w, struct stir_slice params)
{
    while (params.n && params.p[0] == ';') {
        struct stir_slice rest = stir_slice_from(params, 1);
        size_t n = stir_sip_element(rest, ';');
        struct stir_slice one = stir_slice_trim(stir_slice_upto(rest, n));
        struct stir_slice name = stir_slice_trim(stir_slice_upto(one, stir_slice_find(one, '=')));
        params = stir_slice_from(rest, n);
        if (stir_slice_ieq(name, stir_slice_str("received")) || stir_slice_ieq(name, stir_slice_str("rport")))
            continue;
        stir_put_char(w, ';');
        stir_put_slice(w, one);
    }
}

/*= RFC3261-18.2.1 */
/*= RFC3581-4 */
static void put_top_via(struct stir_writer *w, const struct stir_sip_via *via, const struct sockaddr_storage *peer)
{
    char address[INET6_ADDRSTRLEN];
    peer_text(address, peer);
    stir_put_text(w, "Via: ");
    stir_put_slice(w, via->sent);
    put_params(w, via->params);
    if (via->rport || !is_host(via->host, address)) {
        stir_put_text(w, ";received=");
        stir_put_text(w, address);
    }
    if (via->rport) {
        stir_put_text(w, ";rport=");
        stir_put_int(w, peer_port(peer));
    }
    if (via->others.n) {
        stir_put_text(w, ", ");
        stir_put_slice(w, via->others);
    }
    stir_put_text(w, "\r\n");
}

/*= RFC3261-18.2.2 */
struct sockaddr_storage stir_sip_reply_to(const struct stir_sip_request *request, const struct sockaddr_storage *peer)
{
    struct sockaddr_storage to = *peer;
    unsigned port = request->via.port ? request->via.port : SIP_PORT;
    if (request->via.rport)
        return to;
    if (to.ss_family == AF_INET) {
        struct sockaddr_in four;
        memcpy(&four, &to, sizeof(four));
        four.sin_port = htons((uint16_t)port);
        memcpy(&to, &four, sizeof(four));
    } else if (to.ss_family == AF_INET6) {
        struct sockaddr_in6 six;
        memcpy(&six, &to, sizeof(six));
        six.sin6_port = htons((uint16_t)port);
        memcpy(&to, &six, sizeof(six));
    }
    return to;
}

/* ---- The answer ---- */

void stir_sip_put_header(struct stir_writer *w, const char *name, struct stir_slice value)
{
    stir_put_text(w, name);
    stir_put(w, ": ", 2);
    stir_put_slice(w, value);
    stir_put(w, "\r\n", 2);
}

/*= RFC3261-8.2.6.2 */
static void put_to(struct stir_writer *w, const struct stir_sip_request *request, const char *tag)
{
    stir_put_text(w, "To: ");
    stir_put_slice(w, request->to);
    if (tag && !request->to_tag.n) {
        stir_put_text(w, ";tag=");
        stir_put_text(w, tag);
    }
    stir_put_text(w, "\r\n");
}

static void put_status(struct stir_writer *w, int code, const char *phrase)
{
    char line[] = "SIP/2.0 000 ";
    line[8] = (char)('0' + code / 100 % 10);
    line[9] = (char)('0' + code / 10 % 10);
    line[10] = (char)('0' + code % 10);
    stir_put(w, line, sizeof(line) - 1);
    stir_put_text(w, phrase ? phrase : "");
    stir_put(w, "\r\n", 2);
}

enum stir_err stir_sip_reply_write(char *buf, size_t cap, size_t *len, const struct stir_sip_request *request, const struct sockaddr_storage *peer,
                                   const struct stir_sip_reply *reply)
{
    struct stir_writer w = stir_writer_of(buf, cap);
    put_status(&w, reply->code, reply->phrase);
    put_top_via(&w, &request->via, peer);
    for (size_t i = 1; i < request->n_vias; i++)
        stir_sip_put_header(&w, "Via", request->vias[i]);
    stir_sip_put_header(&w, "From", request->from);
    put_to(&w, request, reply->tag);
    stir_sip_put_header(&w, "Call-ID", request->call_id);
    stir_sip_put_header(&w, "CSeq", request->cseq);
    /*= RFC3261-8.2.6.1 */
    if (reply->code == 100 && request->timestamp.p)
        stir_sip_put_header(&w, "Timestamp", request->timestamp);
    stir_put_slice(&w, reply->lines);
    stir_put_text(&w, "Content-Length: 0\r\n\r\n");
    return stir_writer_end(&w, len);
}

void stir_sip_put_reason(struct stir_writer *w, int code, const char *phrase)
{
    stir_put_text(w, "Reason: SIP;cause=");
    stir_put_int(w, code);
    stir_put_text(w, ";text=\"");
    for (; *phrase; phrase++) {
        if (*phrase == '"' || *phrase == '\\')
            stir_put_char(w, '\\');
        stir_put_char(w, *phrase);
    }
    stir_put_text(w, "\"\r\n");
}

/* ---- Contact ---- */

bool stir_sip_is_sip_uri(struct stir_slice uri)
{
    struct stir_slice scheme = stir_slice_upto(uri, stir_slice_find(uri, ':'));
    return stir_slice_ieq(scheme, stir_slice_str("sip")) || stir_slice_ieq(scheme, stir_slice_str("sips"));
}

/* The Request-URI's host and port: behind "sip:" and userinfo, up to the parameters. An '@' stands unescaped nowhere else (RFC 3261 §25.1). */
static void cut_uri(struct stir_slice uri, struct stir_slice *before, struct stir_slice *host, struct stir_slice *after)
{
    size_t begin = stir_slice_find(uri, '@');
    if (begin == uri.n)
        begin = stir_slice_find(uri, ':');
    *before = stir_slice_upto(uri, begin + 1);
    struct stir_slice rest = stir_slice_from(uri, begin + 1);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != ';' && rest.p[end] != '?')
        end++;
    *host = stir_slice_upto(rest, end);
    *after = stir_slice_from(rest, end);
}

/* hvalue (RFC 3261 §25.1): unreserved and hnv-unreserved stand for themselves, all else is escaped. Folds are taken out: unescaped they would end the header.
 */
static void put_hvalue(struct stir_writer *w, struct stir_slice value)
{
    static const char hex[] = "0123456789ABCDEF", plain[] = "-_.!~*'()[]/?:+$";
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c == '\r' || c == '\n')
            continue;
        if (stir_is_alpha(c) || stir_is_digit(c) || (c && strchr(plain, c))) {
            stir_put_char(w, (char)c);
        } else {
            const char escaped[3] = {'%', hex[c >> 4], hex[c & 15]};
            stir_put(w, escaped, sizeof(escaped));
        }
    }
}

void stir_sip_put_contact(struct stir_writer *w, const struct stir_sip_contact *contact)
{
    stir_put_text(w, "Contact: <");
    if (stir_sip_is_sip_uri(contact->ruri)) {
        struct stir_slice before, host, after;
        cut_uri(contact->ruri, &before, &host, &after);
        stir_put_slice(w, before);
        stir_put_slice(w, contact->host[0] ? stir_slice_str(contact->host) : host);
        stir_put_slice(w, after);
        char separator = '?';
        for (size_t i = 0; i < contact->n_embedded; i++, separator = '&') {
            stir_put_char(w, separator);
            stir_put_text(w, "Identity=");
            put_hvalue(w, contact->embedded[i]);
        }
        if (contact->n_embedded && contact->date[0]) {
            stir_put_text(w, "&Date=");
            put_hvalue(w, stir_slice_str(contact->date));
        }
    } else {
        stir_put_slice(w, contact->ruri);
    }
    stir_put_text(w, ">\r\n");
}
