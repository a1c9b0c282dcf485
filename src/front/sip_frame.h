/* The next message of a stream (RFC 3261 §18.3). Pure. */
#ifndef STIR_FRONT_SIP_FRAME_H
#define STIR_FRONT_SIP_FRAME_H

#include <stir/err.h>
#include <stir/limits.h>

enum stir_sip_frame_kind {
    STIR_SIP_FRAME_MORE,    /* not whole yet */
    STIR_SIP_FRAME_PING,    /* two line ends between messages: a keep-alive (RFC 5626 §3.5.1) */
    STIR_SIP_FRAME_BLANK,   /* one, or the third: of no meaning */
    STIR_SIP_FRAME_MESSAGE, /* whole */
    STIR_SIP_FRAME_BAD,     /* its end cannot be found: too long, or without Content-Length; `message` is what there is of it, to be answered if it can */
};

struct stir_sip_frame {
    enum stir_sip_frame_kind what;
    size_t n; /* bytes that it takes of the stream */
    struct stir_slice message;
    int code; /* BAD: what it is answered */
    const char *phrase;
};

/* `stream` is not empty. */
void stir_sip_frame(struct stir_sip_frame *out, struct stir_slice stream);

#endif
