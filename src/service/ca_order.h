/* From an order to a certificate: what the rooms of orders, authorizations, issuing and revocation share. An order has one identifier, one authorization with
 * one challenge, and at most one certificate. Everything here is a row of the store, read and changed within transactions. */
#ifndef STIR_SERVICE_CA_ORDER_H
#define STIR_SERVICE_CA_ORDER_H

#include "service/ca_parts.h"

#include <stdio.h>

enum {
    STIR_CA_MAX_IDENTIFIERS = 16, /* of one order that are looked at: one is right, more are told apart in subproblems */
    STIR_CA_MAX_FAULTS = 8,       /* of one request that are told */
    STIR_CA_MAX_ANSWER = 16384,   /* characters of an authority token: some 1,000; with a chain in it a few thousand */
    STIR_CA_PAST = 86400,         /* seconds that a notBefore asked for may lie back: clients ask for the midnight before */
    STIR_CA_FUTURE = 30 * 86400,  /* and ahead */
    STIR_CA_MIN_LIFE = 60,        /* seconds that a certificate must be good for when it is ordered */
    STIR_CA_POLL = 1,             /* Retry-After of what is under way, seconds */
    STIR_CA_JUDGE_FOR = 120,      /* seconds that a signer's certificates are asked for; then the challenge fails */
    STIR_CA_ASK_AGAIN = 3,        /* seconds until they are asked for again where they could not be had */
    STIR_CA_INTENT_OLD = 600,     /* seconds after which an intent of a node that does not come back is anybody's: longer than any signature takes */
    STIR_CA_INTENT_OWN = 30,    /* and of this node: a transaction that failed while its store was away; no clerk is at it any more, and two would do no harm */
    STIR_CA_SERIAL = 16,        /* bytes: 126 random bits */
    STIR_CA_SERIAL_TEXT = 41,   /* hex of the longest that a certificate may have, 20 bytes, and NUL */
    STIR_CA_SERIAL_TRIES = 4,   /* serials tried when one is there already: the second is practically never needed */
    STIR_CA_BATCH = 256,        /* rows of one chore */
    STIR_CA_NOTICE_FIRST = 15,  /* seconds until a revocation that the administrator did not take is told again; doubled each time */
    STIR_CA_NOTICE_WAIT = 900,  /* and at most this */
    STIR_CA_NOTICE_LATE = 3600, /* a revocation that waits longer than this is an alarm */
};

/* --- rows; texts in the arena --- */

struct stir_ca_order {
    struct stir_slice id, account, status, type, value, profile; /* status as it is now: an order that is over is "invalid", whatever its row still says */
    struct stir_slice tnauth;                                    /* DER */
    int64_t not_before, not_after;                               /* asked for; 0: not */
    int64_t expires, created;
    struct stir_slice error;         /* a problem document; absent: none */
    struct stir_slice serial;        /* of its certificate, from `processing` on; absent before */
    struct stir_slice authorization; /* id of the one it has */
    bool over;                       /* it is invalid for no other reason than the time */
};
struct stir_ca_authorization {
    struct stir_slice id, order, account, status, type, value, tnauth; /* status as it is now */
    int64_t expires, validated, answered;
    struct stir_slice challenge, token, challenge_status, answer, error;
    bool ca; /* the token authorises a CA certificate */
};

/* @return STIR_OK; STIR_ENOTFOUND; STIR_EBUSY, STIR_EIO, STIR_ENOMEM. */
enum stir_err stir_ca_order_get(struct stir_ca_order *out, struct stir_store *store, struct stir_arena *arena, struct stir_slice id, int64_t now) STIR_MUST_USE;
enum stir_err stir_ca_authorization_get(struct stir_ca_authorization *out, struct stir_store *store, struct stir_arena *arena, struct stir_slice id,
                                        int64_t now, bool by_challenge) STIR_MUST_USE;
/* An order under way is `invalid` from now on, with a problem document (NULL: none; taken); its pending authorization goes with it. Within a transaction. */
enum stir_err stir_ca_order_fail(struct stir_store *store, struct stir_slice id, json_t *problem) STIR_MUST_USE;

static inline bool stir_ca_is(struct stir_slice status, const char *name)
{
    return stir_slice_is(status, name);
}

/* --- answers --- */

/* The order as RFC 8555 §7.1.3 has it, with Location, Retry-After while it is under way, and x5u (RFC 9448 §7). */
void stir_ca_answer_order(struct stir_ca_request *r, int status, const struct stir_ca_order *order);
/* The order of rest[0], when it is this account's: what is another's does not exist. False: answered. */
bool stir_ca_own_order(struct stir_ca_request *r, struct stir_ca_order *out);
/* Several faults of one request: one is the problem itself, more are its subproblems (RFC 8555 §6.7.1), under their common type, or `compound`. */
struct stir_ca_faults {
    struct stir_ca_fault {
        enum stir_problem problem;
        char text[240];
        struct stir_slice type, value; /* of an identifier; absent: of none */
    } fault[STIR_CA_MAX_FAULTS];
    size_t n, left_out;
};
void stir_ca_fault(struct stir_ca_faults *faults, enum stir_problem problem, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* False: answered; true: there are none. */
bool stir_ca_without_faults(struct stir_ca_request *r, const struct stir_ca_faults *faults, const char *what);
/* A member of the payload that is a string; absent: there is none. False: it is something else, and that was answered. */
bool stir_ca_text_member(struct stir_ca_request *r, const char *name, struct stir_slice *out);
/* A time as RFC 8555 writes it, into the arena. */
const char *stir_ca_time(struct stir_arena *arena, int64_t at);

/* --- tokens: ca_judge.c --- */

struct stir_ca_judgement {
    enum stir_problem problem; /* NONE: it authorises */
    char why[400];
    char issuer[STIR_MAX_URL + 1], jti[257]; /* who gave it, and which it is: used once */
    int64_t exp;
    bool ca;
};
/* Note why a token does not authorise. Answers false. */
bool stir_ca_disprove(struct stir_ca_judgement *j, enum stir_problem problem, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Hold the token `text` against the authorization, its order's profile and the account's key. `wait`: for the certificates that its x5u names; without,
 * `*judged` is false when they are not at hand, and they are on their way. @return STIR_OK (whatever the judgement), STIR_ENOMEM, STIR_ECRYPTO, and what makes
 * the administrator's roots unusable. */
enum stir_err stir_ca_judge(struct stir_ca *ca, struct stir_slice text, const struct stir_ca_authorization *a, const char *profile, struct stir_key *account,
                            int64_t now, bool wait, struct stir_ca_judgement *j, bool *judged) STIR_MUST_USE;

/* --- profiles: ca_profile.c --- */

/* Its external account binding, where the account has one, holds and covers the list: when it is ordered, and when it is issued. False: answered. */
bool stir_ca_may_have(struct stir_ca_request *r, const struct stir_tnauth *list);

/* By name; an empty one is the default of [ca]. NULL: there is none. */
const struct stir_conf_profile *stir_ca_profile(const struct stir_ca *ca, struct stir_slice name);
/* Is this list one that certificates of the profile may have, and one that the issuing certificate may give? False: `why` (of `cap` bytes) says why not. */
bool stir_ca_profile_takes(const struct stir_ca *ca, const struct stir_conf_profile *profile, const struct stir_tnauth *list, char *why, size_t cap);
/* Times for a certificate of now; those of the order (0: not said) hold, and a notBefore may lie back from when they were `ordered`. False: they cannot be,
 * `why` says so. */
bool stir_ca_profile_times(const struct stir_ca *ca, const struct stir_conf_profile *profile, int64_t now, int64_t ordered, int64_t asked_before,
                           int64_t asked_after, int64_t *not_before, int64_t *not_after, char *why, size_t cap);
/* What is written: everything but the serial. Slices and lists lie in the arena, or are the issue's and the configuration's. */
enum stir_err stir_ca_profile_params(struct stir_cert_params *out, const struct stir_ca *ca, const struct stir_ca_issue *issue,
                                     struct stir_arena *arena) STIR_MUST_USE;
/* What our linter says of a certificate before it is signed: the number of faults above warning, the first of them in `why`. `tbs` is assembled with a
 * signature that is none; lint does not look at it. STIR_EDER and the like: it is no certificate at all. */
enum stir_err stir_ca_profile_lint(size_t *faults, const struct stir_ca *ca, const struct stir_conf_profile *profile, struct stir_slice tbs, char *why,
                                   size_t cap, struct stir_diag *diag) STIR_MUST_USE;
/* At the start: would certificates of each profile pass our own linter? Faults are said by `say`. True: they would. */
bool stir_ca_profiles_try(const struct stir_ca *ca, int64_t now, const struct stir_ca_say *say);

/* What is wrong with a request for this issue (ca_request.c): its key and own signature were read, `ca_authorised` says whether a CA may be asked for. */
enum stir_err stir_ca_csr_faults(struct stir_ca_faults *faults, const struct stir_ca *ca, const struct stir_csr_info *csr, const struct stir_ca_issue *issue,
                                 bool ca_authorised, struct stir_arena *arena) STIR_MUST_USE;

/* --- issuing: ca_issue.c, ca_recover.c --- */

/* Serial, as text, and the chain as it is published and downloaded. */
enum stir_err stir_ca_chain_pem(char **out, size_t *n, const struct stir_ca *ca, const struct stir_cert *cert) STIR_MUST_USE;
/* SERIAL.pem into publish_dir, whole or not at all; nothing where there is no such folder. False: it could not be written, `diag` says why. */
bool stir_ca_publish(const struct stir_ca *ca, const struct stir_cert *cert, struct stir_diag *diag);
/* Sign what was committed, and commit the certificate: the second half of issuing, for recovery too. `serial` names the intent. */
enum stir_err stir_ca_complete(struct stir_ca *ca, struct stir_clerk *clerk, const char *serial, struct stir_slice tbs, const char *order, const char *actor,
                               int64_t now, struct stir_cert **out, struct stir_diag *diag) STIR_MUST_USE;
/* Intents older than STIR_CA_INTENT_OLD, of whichever node; and files of publish_dir that are missing. Milliseconds until it wants to be called again. */
int64_t stir_ca_recover_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now);

/* --- revocation: ca_revoke.c --- */

/* A certificate that is issued is revoked: row, audit, and the notice on its way. Within a transaction. STIR_EEXISTS: it was revoked already. */
enum stir_err stir_ca_revoke_row(const struct stir_ca *ca, struct stir_store *store, const char *node, struct stir_slice serial, int reason, const char *actor,
                                 int64_t now) STIR_MUST_USE;
/* May a reason be given by people? 0, 1, 3, 4, 5, 9 of RFC 5280 §5.3.1 are those of certificates of providers. */
bool stir_ca_reason_ok(int64_t reason);
extern const char stir_ca_reasons[]; /* in words, for a detail */

#endif
