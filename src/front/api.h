/* The HTTP interfaces without HTTP: text of a request in, a call for a service out; a service's answer in, text out. Pure: no sockets, no clock, no conf but
 * what is passed. Dialects: ATIS-1000082, 3GPP TS 24.229 Annex V (Ms), secsipidx's, our own. What is read points into the body or into the arena. */
#ifndef STIR_FRONT_API_H
#define STIR_FRONT_API_H

#include "core/bytes.h"
#include "core/json.h"

#include "service/as.h"
#include "service/vs.h"

#define STIR_API_MAX_BATCH 100       /* calls of one batch: more of them are several requests, which several workers take */
#define STIR_API_MAX_PROTECTED 32    /* protectedHeaders of one 3GPP request */
#define STIR_API_MAX_REQUEST_ID 128  /* characters of an X-RequestID that is said back; a UUID has 36 */
#define STIR_API_MAX_TEXT (4u << 20) /* bytes of one answer: a hundred full verdicts */

enum stir_api_dialect { STIR_API_ATIS = 0, STIR_API_3GPP, STIR_API_SECSIPIDX_TEXT, STIR_API_OWN };

/* Text that grows, up to STIR_API_MAX_TEXT. Zero it to begin; `broke` when memory did not suffice, and then it is of no use. */
struct stir_api_text {
    char *p;
    size_t n, cap;
    bool broke;
};
void stir_api_put(struct stir_api_text *text, const char *words);
void stir_api_put_slice(struct stir_api_text *text, struct stir_slice s);
void stir_api_put_int(struct stir_api_text *text, int64_t value);
/* A JSON string; "null" when `s` is absent. */
void stir_api_put_string(struct stir_api_text *text, struct stir_slice s);
/* The same of a C string; "" is null. */
void stir_api_put_words(struct stir_api_text *text, const char *words);
/* Room for `n` more bytes, NULL: none. */
char *stir_api_room(struct stir_api_text *text, size_t n);
void stir_api_text_free(struct stir_api_text *text);

/* Why a request cannot be served. */
enum stir_api_fault_kind {
    STIR_API_FINE = 0,
    STIR_API_NO_BODY,
    STIR_API_MISSING, /* `name` is not there */
    STIR_API_ACCEPT,  /* no answer of the types that are asked for; `name` */
    STIR_API_NO_RESOURCE,
    STIR_API_BODY_TYPE, /* `name` is what would be read */
    STIR_API_VALUE,     /* `name` has a value that it may not have: `why` */
    STIR_API_PARSE,     /* the body cannot be read: `why` */
    STIR_API_LENGTH,    /* no Content-Length */
    STIR_API_METHOD,
    STIR_API_INTERNAL,
    STIR_API_UNAUTHORIZED, /* who is it? `why` */
    STIR_API_FORBIDDEN,    /* not for him: `why` */
    STIR_API_TOO_LONG,
    STIR_API_FAULTS,
};
struct stir_api_fault {
    enum stir_api_fault_kind kind;
    char name[64];
    char why[200];
};
/* Note it, with text as of printf(); answers false, so that `return stir_api_fail(...)` reads well. */
bool stir_api_fail(struct stir_api_fault *fault, enum stir_api_fault_kind kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int stir_api_fault_status(enum stir_api_fault_kind kind);
/* The body of the answer, in the words of `dialect`. */
void stir_api_write_fault(struct stir_api_text *out, enum stir_api_dialect dialect, const struct stir_api_fault *fault);

/* Members of an object by name, in any case: 3GPP and ATIS peers spell them differently. */
struct stir_api_member {
    const char *name;
    bool there;
    struct stir_json value;
};
/* False: one of them stands twice, in different case. Those that nobody asked for are let be. */
bool stir_api_members(struct stir_api_member *want, size_t n, struct stir_json object, struct stir_api_fault *fault);

/* A call to be signed. The parties stand last, since they are long: those that claims point at are set, no others. */
struct stir_api_sign {
    enum stir_api_dialect dialect;
    struct stir_passport_params claims;
    struct stir_sip *sip; /* a whole message instead of claims: in the arena; NULL: claims */
    struct stir_slice message;
    struct stir_slice request_id; /* 3GPP: said back */
    struct stir_slice rph[STIR_MAX_RPH];
    struct stir_party orig, div, dest[STIR_MAX_DESTS];
};
/* Nothing is said yet, in `dialect`. */
static inline void stir_api_sign_begin(struct stir_api_sign *sign, enum stir_api_dialect dialect)
{
    const struct stir_passport_params none = STIR_PASSPORT_PARAMS_INIT;
    sign->dialect = dialect;
    sign->claims = none;
    sign->sip = NULL;
    sign->message = sign->request_id = (struct stir_slice){NULL, 0};
}

/* A call to be verified. */
struct stir_api_verify {
    enum stir_api_dialect dialect;
    struct stir_call call;
    struct stir_slice identities[STIR_MAX_IDENTITIES + 1], pai[STIR_MAX_PAI], priorities[STIR_MAX_RPH], fingerprints[STIR_MAX_FINGERPRINTS];
    char date[30];
    struct stir_sip *sip; /* as above */
    bool has_shaken;      /* 3GPP: identityHeader is there, and so is a verstatValue */
    struct stir_slice request_id, display_name;
};

/* Bodies of {root}/signing and {root}/verification. `given` STIR_API_ATIS or STIR_API_3GPP: that dialect; STIR_API_OWN: told by the members, ATIS where both
 * would read the same. out->dialect is right also when this fails. */
bool stir_api_read_signing(struct stir_api_sign *out, struct stir_slice body, enum stir_api_dialect given, struct stir_arena *arena,
                           struct stir_api_fault *fault);
bool stir_api_read_verification(struct stir_api_verify *out, struct stir_slice body, enum stir_api_dialect given, struct stir_arena *arena,
                                struct stir_api_fault *fault);
/* How a signing ended for HTTP: false when there is no Identity to give, and `fault` says why. */
bool stir_api_is_signed(const struct stir_as_answer *answer, struct stir_api_fault *fault);
void stir_api_write_signing(struct stir_api_text *out, const struct stir_api_sign *sign, const struct stir_as_answer *answer);
/* False: the answer is no verification at all, but a fault. `camel`: reasonCode as 3GPP has it; else reasoncode. */
bool stir_api_write_verification(struct stir_api_text *out, const struct stir_api_verify *verify, const struct stir_vs_answer *answer, bool camel,
                                 struct stir_api_fault *fault);

/* Our own: JSON, or a whole SIP message (`sip_body`). */
bool stir_api_read_sign(struct stir_api_sign *out, struct stir_slice body, bool sip_body, struct stir_arena *arena, struct stir_api_fault *fault);
bool stir_api_read_verify(struct stir_api_verify *out, struct stir_slice body, bool sip_body, struct stir_arena *arena, struct stir_api_fault *fault);
void stir_api_write_sign(struct stir_api_text *out, const struct stir_as_answer *answer);
void stir_api_write_verify(struct stir_api_text *out, const struct stir_vs_answer *answer);
/* The verdict alone. */
void stir_api_write_inspect(struct stir_api_text *out, const struct stir_vs_answer *answer);
/* The elements of a batch, `*n` of them: texts that are read one by one. Nothing but their ends is looked at. */
bool stir_api_read_batch(struct stir_slice items[STIR_API_MAX_BATCH], size_t *n, struct stir_slice body, struct stir_api_fault *fault);

/* secsipidx's. */
bool stir_api_read_csv(struct stir_api_sign *out, struct stir_slice *x5u, struct stir_slice body, struct stir_api_fault *fault);
bool stir_api_read_check(struct stir_api_verify *out, struct stir_slice body, struct stir_arena *arena, struct stir_api_fault *fault);

/* Shared by the readers. A party as the services want it: {"tn": ...} or {"uri": ...}, where a list of one is as good. */
bool stir_api_read_party(struct stir_party *out, struct stir_json value, const char *name, struct stir_arena *arena, struct stir_api_fault *fault);
bool stir_api_read_parties(struct stir_party *out, size_t cap, size_t *n, struct stir_json value, const char *name, struct stir_arena *arena,
                           struct stir_api_fault *fault);
/* As a header of SIP would have it: numbers with '+', so that no dial plan changes them, but those that have no country code. Absent: out of memory. */
struct stir_slice stir_api_party_text(const struct stir_party *party, struct stir_arena *arena);
bool stir_api_read_text(struct stir_slice *out, struct stir_json value, const char *name, struct stir_arena *arena, struct stir_api_fault *fault);
bool stir_api_read_texts(struct stir_slice *out, size_t cap, size_t *n, struct stir_json value, const char *name, struct stir_arena *arena,
                         struct stir_api_fault *fault);
bool stir_api_read_attest(char *out, struct stir_json value, struct stir_arena *arena, struct stir_api_fault *fault);
bool stir_api_read_time(int64_t *out, struct stir_json value, const char *name, struct stir_api_fault *fault);
bool stir_api_read_rph(struct stir_slice *out, size_t *n, struct stir_json value, struct stir_arena *arena, struct stir_api_fault *fault);
/* The object that a body is. */
bool stir_api_read_object(struct stir_json *out, struct stir_slice body, struct stir_api_fault *fault);

#endif
