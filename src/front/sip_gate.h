/* What a request is answered before any service looks at it (RFC 3261 §8.2, §8.3). Pure. */
#ifndef STIR_FRONT_SIP_GATE_H
#define STIR_FRONT_SIP_GATE_H

#include "front/sip_reply.h"

enum stir_sip_step {
    STIR_SIP_DROP,   /* nothing that could be answered, or a response */
    STIR_SIP_ABSORB, /* ACK */
    STIR_SIP_REPLY,  /* code, phrase and lines */
    STIR_SIP_CANCEL,
    STIR_SIP_SERVE, /* INVITE */
};

/* What the front knows. */
struct stir_sip_gate {
    bool known;     /* the source */
    bool ready;     /* the role */
    bool emergency; /* the request goes to help (STIR_EMERGENCY_SURE): what it requires stops it not */
};

struct stir_sip_verdict {
    enum stir_sip_step step;
    int code;
    const char *phrase;
    char lines[600]; /* of the answer */
};

/* The request must live as long as `phrase` is used. */
void stir_sip_gate(struct stir_sip_verdict *out, const struct stir_sip_request *request, const struct stir_sip_gate *gate);

#endif
