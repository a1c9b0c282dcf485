/* Answers written from a request, without sockets (RFC 3261 §8.2.6, §18.2.1; RFC 3581). Pure. */
#ifndef STIR_FRONT_SIP_REPLY_H
#define STIR_FRONT_SIP_REPLY_H

#include "core/bytes.h"
#include "front/sip_request.h"

#include <sys/socket.h>

#define STIR_SIP_ALLOW "Allow: INVITE, ACK, CANCEL, OPTIONS\r\n"

enum {
    STIR_SIP_MAX_REPLY = 65535, /* bytes of an answer: what a peer has to read (STIR_MAX_MESSAGE) */
    STIR_SIP_TAG = 17,          /* bytes of our tag with its NUL */
};

struct stir_sip_reply {
    int code;
    const char *phrase;
    const char *tag;         /* put into To when it has none; NULL for a 100 */
    struct stir_slice lines; /* further header lines, each with its end */
};

/* The answer: Via in order, the topmost with received and rport as `peer` shows them, From, To, Call-ID, CSeq, `lines`, no body.
 * STIR_ELIMIT: more than `cap`. */
enum stir_err stir_sip_reply_write(char *buf, size_t cap, size_t *len, const struct stir_sip_request *request, const struct sockaddr_storage *peer,
                                   const struct stir_sip_reply *reply) STIR_MUST_USE;

/* Where an answer over UDP goes: back to where the request came from (rport), else to the port of Via at that host. maddr is not followed: it would let anybody
 * have answers sent to whom he likes. */
struct sockaddr_storage stir_sip_reply_to(const struct stir_sip_request *request, const struct sockaddr_storage *peer);

/* ---- Contact of a redirection ---- */

/* How it is written. */
struct stir_sip_contact {
    struct stir_slice ruri;
    const char *host;                  /* HOST[:PORT] instead of the Request-URI's; "": its own. tel and urn have none */
    const struct stir_slice *embedded; /* Identity values that stand in it as a header component; NULL: none. For sip and sips alone. */
    size_t n_embedded;
    const char *date; /* embedded too, unless "" */
};
/* "Contact: <...>" CRLF. */
void stir_sip_put_contact(struct stir_writer *w, const struct stir_sip_contact *contact);
/* A URI that can carry embedded headers. */
bool stir_sip_is_sip_uri(struct stir_slice uri);

/* "Identity: value" CRLF. */
void stir_sip_put_header(struct stir_writer *w, const char *name, struct stir_slice value);
/* Reason: SIP;cause=403;text="..." CRLF (RFC 3326). */
void stir_sip_put_reason(struct stir_writer *w, int code, const char *phrase);

#endif
