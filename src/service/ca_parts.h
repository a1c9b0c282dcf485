/* Inside of the certificate authority: what its rooms share. The way of a request: ca.c finds the resource, ca_door.c asks who it is (JWS, nonce, URL,
 * account), then the resource's own room answers: ca_account.c, ca_order.c, ca_challenge.c, ca_finalize.c, ca_revoke.c. ca_issue.c alone signs. How a
 * reading of [ca] is made stands in ca_setup.c. */
#ifndef STIR_SERVICE_CA_PARTS_H
#define STIR_SERVICE_CA_PARTS_H

#include "core/jws.h"
#include <stir/tnauth.h>

#include "service/audit.h"
#include "service/ca.h"
#include "service/schema.h"

#include <stir/cert.h>
#include <stir/token.h>

#include <pthread.h>
#include <stdatomic.h>

/* --- problems: ca_problem.c --- */

/* RFC 8555 §6.7: the types that apply here. `caa`, `dns`, `connection` and `tls` do not: no name of the DNS is validated; what cannot be fetched of an
 * administrator is `connection`. */
enum stir_problem {
    STIR_PROBLEM_NONE = 0,
    STIR_PROBLEM_ACCOUNT_DOES_NOT_EXIST,
    STIR_PROBLEM_ALREADY_REVOKED,
    STIR_PROBLEM_BAD_CSR,
    STIR_PROBLEM_BAD_NONCE,
    STIR_PROBLEM_BAD_PUBLIC_KEY,
    STIR_PROBLEM_BAD_REVOCATION_REASON,
    STIR_PROBLEM_BAD_SIGNATURE_ALGORITHM, /* with "algorithms" */
    STIR_PROBLEM_COMPOUND,
    STIR_PROBLEM_CONNECTION,
    STIR_PROBLEM_EXTERNAL_ACCOUNT_REQUIRED,
    STIR_PROBLEM_INCORRECT_RESPONSE,
    STIR_PROBLEM_INVALID_CONTACT,
    STIR_PROBLEM_MALFORMED,
    STIR_PROBLEM_ORDER_NOT_READY,
    STIR_PROBLEM_RATE_LIMITED, /* with Retry-After */
    STIR_PROBLEM_REJECTED_IDENTIFIER,
    STIR_PROBLEM_SERVER_INTERNAL,
    STIR_PROBLEM_UNAUTHORIZED,
    STIR_PROBLEM_UNSUPPORTED_CONTACT,
    STIR_PROBLEM_UNSUPPORTED_IDENTIFIER,
    STIR_PROBLEM_USER_ACTION_REQUIRED,
    STIR_PROBLEMS,
};
/* "urn:ietf:params:acme:error:badNonce" */
const char *stir_problem_type(enum stir_problem problem);
/* "badNonce": the type without what stands before all of them. */
const char *stir_problem_name(enum stir_problem problem);
enum { STIR_PROBLEM_DETAIL = 600 }; /* characters of a detail; what is longer is cut */
/* The document {type, detail, status}; `status` 0: the type's own. NULL: no memory. What outsiders wrote may stand in it: control characters are escaped, bytes
 * that are no UTF-8 replaced. The caller may put "subproblems" into it. */
json_t *stir_problem_json(enum stir_problem problem, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* --- a request --- */

struct stir_ca_account {
    char id[STIR_ID];
    struct stir_key *key;
    char status[16];  /* valid, deactivated, revoked */
    char binding[65]; /* kid of its external account binding; "" none */
};

struct stir_ca_request {
    struct stir_ca *ca;
    struct stir_clerk *clerk;
    struct stir_exchange *x;
    struct stir_arena arena;
    struct stir_slice rest[3]; /* what stands behind the resource's name in the path: its id, what is asked of it, and from where on; absent: nothing */
    struct stir_jws jws;
    bool post_as_get;               /* the payload is empty (RFC 8555 §6.3) */
    struct stir_key *key;           /* that the signature verified under: the account's, or that of "jwk" */
    bool by_jwk;                    /* it stood in the header, and no account is known by it yet */
    struct stir_ca_account account; /* unless by_jwk */
    char url[STIR_MAX_URL + 1];     /* the request's own, absolute: that of the protected header is the same */
    bool answered;
    bool flood; /* refused by the limit of its address: it gets no nonce, or a flood would make those of others old */
};
/* Answer with a problem, once; the first stands. Always answers false, so that `return stir_ca_refuse(...)` reads well. */
bool stir_ca_refuse(struct stir_ca_request *r, enum stir_problem problem, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* With another status than the type's own. */
bool stir_ca_refuse_as(struct stir_ca_request *r, enum stir_problem problem, int status, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* With a document that is made already (stir_problem_json(), with "subproblems" and the like); takes it, NULL is "no memory". */
bool stir_ca_refuse_json(struct stir_ca_request *r, json_t *document);
/* An error of a store, of memory and the like: 500 serverInternal, 503 with Retry-After where the same again may do (STIR_EBUSY); the log has more. STIR_OK
 * answers true. */
bool stir_ca_went(struct stir_ca_request *r, enum stir_err err, const struct stir_diag *diag);
/* Retry-After: seconds, or with chaos now and then a date (RFC 9110 §10.2.3 has both). */
void stir_ca_retry_after(struct stir_ca_request *r, int64_t seconds);
/* 200 and so on with JSON; takes it. With chaos its members and lists stand in odd order. */
void stir_ca_answer(struct stir_ca_request *r, int status, json_t *json);
/* "https://ca.example/acme/order/ID" into the arena; `id` NULL: none. NULL: no memory (answered). */
const char *stir_ca_url(struct stir_ca_request *r, const char *resource, const char *id, const char *rest);

/* --- the way in: ca_door.c --- */

/* What a resource asks of the JWS before it; ca.c's table says it, and asks before the resource's room is entered. */
enum stir_ca_who { STIR_CA_KID = 1, STIR_CA_JWK = 2, STIR_CA_EITHER = 3 };
/* POST alone, application/jose+json, flattened JWS, ES256, jwk or kid and which, nonce (spent here), url, signature, the account and that it is valid. False: a
 * problem was answered. Everything that is cheap comes first; a nonce is spent only by a request whose form is right. */
bool stir_ca_enter(struct stir_ca_request *r, enum stir_ca_who who);
/* After it: the payload is empty (POST-as-GET, RFC 8555 §6.3), or it is an object. False: malformed was answered. */
bool stir_ca_fetches(struct stir_ca_request *r);
bool stir_ca_has_object(struct stir_ca_request *r);
/* Its steps, for the JWS within a JWS of a key change; each answers when it is false. `text` is a flattened JWS; its url is the request's own; its jwk a key
 * (the caller frees); its signature was made by `key`. */
bool stir_ca_read_jws(struct stir_ca_request *r, struct stir_jws *out, struct stir_slice text);
bool stir_ca_is_url(struct stir_ca_request *r, const struct stir_jws *jws);
bool stir_ca_read_jwk(struct stir_ca_request *r, struct stir_key **out, struct stir_json jwk);
bool stir_ca_is_signed(struct stir_ca_request *r, const struct stir_jws *jws, struct stir_key *key);
/* A fresh nonce into Replay-Nonce, and Link rel="index", and that nobody keeps it: on every answer but that of the directory, and no nonce for a flood. */
void stir_ca_greet(struct stir_ca_request *r);

/* Nonces: ca_nonce.c. Sealed (AES-256-GCM, a key of this process start) counters, with the node's name as what is authenticated beside; those that were used
 * are remembered in a window that follows the counter. Thread-safe. */
struct stir_nonces;
enum {
    STIR_NONCE = 64,              /* room for one as text, NUL included */
    STIR_NONCE_WINDOW = 1u << 22, /* a nonce lives through so many later ones: 70 minutes at 1,000 a second, in 512 KiB whatever happens */
};
/* `window`, a multiple of 8: how many later ones a nonce lives through. */
enum stir_err stir_nonces_new(struct stir_nonces **out, const char *node, uint64_t window) STIR_MUST_USE;
void stir_nonces_free(struct stir_nonces *nonces);
enum stir_err stir_nonce_new(char out[STIR_NONCE], struct stir_nonces *nonces) STIR_MUST_USE;
enum stir_nonce_end { STIR_NONCE_GOOD = 0, STIR_NONCE_FOREIGN /* not ours, or of another start */, STIR_NONCE_USED, STIR_NONCE_OLD /* out of the window */ };
enum stir_nonce_end stir_nonce_spend(struct stir_nonces *nonces, struct stir_slice nonce);

/* Limits: ca_limits.c. A bucket in the store for accounts and codes, in memory for addresses. `per_hour` 0: no limit. False: answered with rateLimited and
 * Retry-After. Outside of transactions. */
enum stir_ca_limit { STIR_LIMIT_ORDERS_ACCOUNT = 0, STIR_LIMIT_ORDERS_CODE, STIR_LIMIT_ACCOUNTS_ADDRESS, STIR_LIMIT_REQUESTS_ADDRESS, STIR_LIMITS };
bool stir_ca_within(struct stir_ca_request *r, enum stir_ca_limit limit, const char *who);

/* --- resources; each answers, and stands behind the door: who asks is known --- */

void stir_ca_directory(struct stir_ca_request *r);   /* ca.c */
void stir_ca_new_nonce(struct stir_ca_request *r);   /* ca.c */
void stir_ca_new_account(struct stir_ca_request *r); /* ca_account.c, with external account binding */
void stir_ca_account(struct stir_ca_request *r);     /* rest[0]: id; rest[1] "orders": its list */
/* Answer with the account `id` as the store has it; `located`: Location says where it is. */
void stir_ca_answer_account(struct stir_ca_request *r, const char *id, int status, bool located);
void stir_ca_key_change(struct stir_ca_request *r); /* ca_key_change.c */
void stir_ca_new_order(struct stir_ca_request *r);  /* ca_order.c */
void stir_ca_order(struct stir_ca_request *r);      /* rest[0]: id; rest[1] "finalize": ca_finalize.c */
void stir_ca_finalize(struct stir_ca_request *r);
void stir_ca_authorization(struct stir_ca_request *r); /* ca_challenge.c */
void stir_ca_challenge(struct stir_ca_request *r);
void stir_ca_certificate(struct stir_ca_request *r); /* ca_finalize.c */
void stir_ca_revoke(struct stir_ca_request *r);      /* ca_revoke.c */

/* --- rows: ca_rows.c, within transactions --- */

enum stir_err stir_ca_account_by_id(struct stir_ca_account *out, struct stir_store *store, struct stir_slice id) STIR_MUST_USE;
enum stir_err stir_ca_account_by_key(struct stir_ca_account *out, struct stir_store *store, const struct stir_key *key) STIR_MUST_USE;
/* May `key` be no account's: it is known to others, or a certificate has it (but where [ca] certificate-key = any). */
enum stir_err stir_ca_key_is_barred(bool *barred, const struct stir_ca *ca, struct stir_store *store, const struct stir_key *key) STIR_MUST_USE;
/* The thumbprint under which an account's key is found (RFC 7638): STIR_ECRYPTO. */
enum stir_err stir_ca_thumbprint(unsigned char out[STIR_SHA256], const struct stir_key *key) STIR_MUST_USE;
void stir_ca_account_clear(struct stir_ca_account *account);

/* --- certificates: ca_profile.c, ca_issue.c --- */

/* What is to be issued: everything was checked. */
struct stir_ca_issue {
    const char *order, *account; /* NULL: by hand */
    const struct stir_conf_profile *profile;
    const struct stir_tnauth *list;
    struct stir_key *key;
    struct stir_slice cn, o, c, serial_number;
    int64_t not_before, not_after;
    const char *actor; /* of the audit */
    /* given */
    struct stir_cert *cert;
    enum stir_problem problem; /* why not, when STIR_EVALUE is answered: our own linter, a key that was seen */
    char why[300];
};
/* The whole of it: intent (serial, TBS and its hash, order `processing`, audit) committed; signed; certificate, `valid` and audit committed. Crash points lie
 * between. STIR_EVALUE: refused, see problem and why; nothing was signed. */
enum stir_err stir_ca_issue(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_ca_issue *issue, int64_t now, struct stir_diag *diag) STIR_MUST_USE;

/* --- chaos for clients under test ([ca] chaos): ca_chaos.c --- */

/* A generator of one seed, thread-safe. True with about `percent` of calls; never without chaos. */
bool stir_ca_chance(struct stir_ca *ca, unsigned percent);
uint64_t stir_ca_dice(struct stir_ca *ca); /* the next number of it, whether or not there is chaos */
enum {
    STIR_CHAOS_NONCE = 5, /* percent of good nonces that are refused */
    STIR_CHAOS_SLOW = 50, /* percent of orders that are `processing` for a while */
    STIR_CHAOS_DATE = 50, /* percent of Retry-After that are dates */
};
/* Members of objects and elements of lists in another order, all the way down; as it was without chaos. Takes and gives `json`; NULL stays NULL. */
json_t *stir_ca_disorder(struct stir_ca *ca, json_t *json);

/* --- chores and readiness of the rooms: stir_ca_chores() and stir_ca_ready() ask them --- */

/* Milliseconds until the next; none changes anything twice when two nodes do it at once. */
int64_t stir_ca_order_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now);     /* ca_order.c: what is over, tokens that may be forgotten */
int64_t stir_ca_challenge_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now); /* ca_challenge.c: challenges under way */
int64_t stir_ca_report_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now);    /* ca_report.c: revocations on their way */
/* Adds a line to `buf`, and answers false, when a revocation waits too long for the administrator. */
bool stir_ca_report_ready(struct stir_ca *ca, int64_t now, char *buf, size_t cap);
int64_t stir_ca_limit_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now); /* ca_limits.c: buckets that are empty */

/* --- what a process keeps from one reading to the next: ca_setup.c --- */

enum {
    STIR_CA_ENDS_SOON = 30 * 86400, /* seconds before the end of the issuing certificate from when on its operator is told */
    STIR_CA_STORE_SICK = 90,        /* seconds after a failure of the store that /readyz tells of it: a chore tries the store each minute */
};
struct stir_ca_addresses; /* ca_limits.c: limits by address, bounded */
enum stir_err stir_ca_addresses_new(struct stir_ca_addresses **out) STIR_MUST_USE;
void stir_ca_addresses_free(struct stir_ca_addresses *addresses); /* NULL is fine */
struct stir_ca_memory {
    atomic_uint owners;
    struct stir_nonces *nonces;
    struct stir_ca_addresses *addresses;
    atomic_llong store_failed;       /* Unix second of the last failure; 0: never */
    atomic_llong notice_waits_since; /* Unix second since which a revocation waits for the administrator; 0: none does */
    pthread_mutex_t lock;            /* over what follows */
    int64_t seed;                    /* of chaos */
    uint64_t chaos;                  /* where its generator stands */
};

/* What one reading of [ca] gave: immutable but for what names its lock. */
struct stir_ca {
    const struct stir_conf *conf;
    struct stir_key *key;                    /* the issuing key; signs behind stir_signer alone */
    struct stir_cert *chain[STIR_MAX_CHAIN]; /* the issuing certificate first */
    size_t n_chain;
    char issuer[65];           /* hex of SHA-256 of its SubjectPublicKeyInfo */
    char *crl_issuer;          /* of certificates; NULL: none is known */
    struct stir_slice pa_root; /* PEM */
    struct stir_net *net;      /* x5u of tokens; under net_lock */
    pthread_mutex_t net_lock;
    struct stir_ca_memory *memory; /* nonces, limits by address, chaos: counted, handed from one reading to the next */
    char base[STIR_MAX_URL + 1];   /* of [ca] url, without '/' at its end: "https://ca.example/acme" */
    const char *path;              /* of it: "/acme"; "" where there is none */
};

#endif
