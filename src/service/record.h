/* What is kept of one call: log, evidence, webhook and metrics are all made of this, by one call of stir_records_put(). Everything is borrowed for that call.
 */
#ifndef STIR_SERVICE_RECORD_H
#define STIR_SERVICE_RECORD_H

#include "service/source.h"

#include <stir/verdict.h>

enum stir_record_kind { STIR_RECORD_SIGN = 1, STIR_RECORD_VERIFY = 2 };

/* How it came in. */
enum stir_record_way { STIR_WAY_SIP_UDP = 1, STIR_WAY_SIP_TCP, STIR_WAY_SIP_TLS, STIR_WAY_HTTP, STIR_WAY_HTTPS };

/* What became of a call that was to be signed. */
enum stir_sign_result {
    STIR_SIGNED = 1,
    STIR_SIGN_PASSED_ON, /* it had a token already, which went on byte for byte */
    STIR_SIGN_UNSIGNED,  /* goes on without; `why` */
    STIR_SIGN_REFUSED,   /* `why` */
};

struct stir_record {
    enum stir_record_kind kind;
    enum stir_record_way way;
    int64_t unix_ms;   /* when it came in */
    int64_t took_us;   /* until it was answered */
    int64_t waited_us; /* of that: for the network */
    const struct stir_source *source;
    struct stir_slice request_id; /* X-RequestID of HTTP */
    struct stir_slice call_id, orig, dest, ruri;
    struct stir_slice date; /* as it came */
    const char *conf_hash;
    /* signing */
    enum stir_sign_result result;
    enum stir_ppt ppt;
    char attest;              /* 0: none */
    const char *rule, *proof; /* which rule gave it, and on what ground, in words: "owned by customer 17 (numbers main, line 3)" */
    const char *why;          /* unsigned or refused: why, one line */
    const char *signer;       /* name of the signing identity */
    struct stir_slice serial; /* hex, of its certificate */
    struct stir_slice x5u, origid;
    const struct stir_slice *identities; /* in the answer */
    size_t n_identities, n_new;          /* the last n_new of them are ours */
    int64_t bytes_added;                 /* to the message */
    bool over_1300;
    /* verifying */
    const struct stir_verdict *verdict; /* NULL: none could be made; `why` */
    enum stir_conf_act act;
    bool emergency;                  /* never stopped */
    const unsigned char *chain_hash; /* SHA-256 of the certificates as received; NULL: none */
    /* the answer */
    bool unanswered; /* it ended without one of the service, as `why` says: there is no verdict and no action */
    int sip_code;    /* 0: no SIP */
    int http_code;   /* 0: no HTTP */
};

/* What a record says of a party of a message: its text, nothing where none was read. It lives as long as the party. */
static inline struct stir_slice stir_record_party(const struct stir_party *party)
{
    return party->kind == STIR_PARTY_NONE ? stir_slice_of(NULL, 0) : stir_slice_of(party->text, party->len);
}

/* Words for log, evidence and metrics: "signed", "passed-on", "unsigned", "refused"; "pass", "stop", "alert"; "sip-udp", "https". Constant, never NULL. */
const char *stir_sign_result_text(enum stir_sign_result result);
const char *stir_act_text(enum stir_conf_act act);
const char *stir_way_text(enum stir_record_way way);

#endif
