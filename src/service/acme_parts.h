/* What the rooms of the ACME client share: acme_ask (requests), acme_account, acme_order, acme_token, acme_kind, acme_folder, acme_deploy, acme_client. */
#ifndef STIR_SERVICE_ACME_PARTS_H
#define STIR_SERVICE_ACME_PARTS_H

#include "service/acme_client.h"

#include <stir/cert.h>

#include <jansson.h>

#include "core/json.h"

enum {
    STIR_ACME_PATH = 4096,
    STIR_ACME_NONCES = 8,          /* kept for the next requests: one comes with each answer */
    STIR_ACME_BAD_NONCES = 10,     /* one request that is refused for its nonce is sent anew so often */
    STIR_ACME_TRIES = 4,           /* requests that find nobody, or an authority in trouble */
    STIR_ACME_AUTHORIZATIONS = 64, /* of one order; ours have one */
    STIR_ACME_CHALLENGES = 32,     /* of one authorization */
    STIR_ACME_JSON = 1u << 16,     /* bytes of an answer that is JSON: orders have some hundred */
    STIR_ACME_TOKEN = 16384,       /* bytes of an authority token */
    STIR_ACME_WAIT_MS = 500,       /* before a state is looked at again where nothing is said; half as much more each time, up to */
    STIR_ACME_WAIT_MAX_MS = 10000,
    STIR_ACME_HOOK_MS = 120000, /* a program may take */
};

/* What an order is for: identifiers and challenges as data, so that the flow knows nothing of telephone numbers. */
struct stir_acme_kind {
    const char *identifier; /* its type */
    bool several;           /* a value may be several, with commas between */
    /* Its value as the order has it; in the arena. */
    enum stir_err (*value)(struct stir_acme *acme, struct stir_arena *arena, const char **out, struct stir_diag *diag);
    const char *challenge; /* its type */
    /* Whether a challenge of that type is one that can be answered. */
    bool (*suits)(struct stir_json challenge);
    /* What a challenge is answered with; the caller owns `*out`. */
    enum stir_err (*answer)(struct stir_acme *acme, struct stir_json challenge, json_t **out, struct stir_diag *diag);
    /* The request for `key`, DER, in the arena. */
    enum stir_err (*request)(struct stir_acme *acme, struct stir_arena *arena, struct stir_key *key, struct stir_slice *der, struct stir_diag *diag);
    /* Does what came fit what was asked for, beyond key, signatures and dates? */
    enum stir_err (*check)(struct stir_acme *acme, struct stir_cert *const *chain, size_t n, struct stir_diag *diag);
};
extern const struct stir_acme_kind stir_acme_tnauthlist; /* acme_kind.c */

enum stir_acme_resource { STIR_ACME_NEW_NONCE = 0, STIR_ACME_NEW_ACCOUNT, STIR_ACME_NEW_ORDER, STIR_ACME_REVOKE, STIR_ACME_KEY_CHANGE, STIR_ACME_RESOURCES };

/* Beside a chain, once its certificate was revoked: the key is never certified again. */
#define STIR_ACME_REVOKED "revoked"

struct stir_acme {
    char dir[STIR_ACME_PATH];
    struct stir_acme_settings settings;
    struct stir_arena texts; /* of the settings */
    struct stir_acme_told told;
    const struct stir_acme_kind *kind;
    struct stir_peer *peer;
    struct stir_es256_ctx *ctx;
    struct stir_tnauth *list;
    int lock; /* -1: not held */
    struct stir_key *key;
    char *kid; /* the account's URL; NULL: not known yet */
    bool has_directory;
    char resource[STIR_ACME_RESOURCES][STIR_MAX_URL + 1];
    char terms[STIR_MAX_URL + 1];
    bool binding_required;
    char *nonce[STIR_ACME_NONCES];
    size_t n_nonces;
    char *token;      /* the authority token of this run; NULL: not asked for yet */
    int64_t deadline; /* monotonic milliseconds */
};

/* Say a line to whoever listens. */
void stir_acme_tell(const struct stir_acme *acme, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Wait `ms`, or less when it was stopped (STIR_EBUSY); STIR_ETIME at once when that is beyond the deadline. */
enum stir_err stir_acme_wait(struct stir_acme *acme, int64_t ms, struct stir_diag *diag) STIR_MUST_USE;

/* --- requests: acme_ask.c --- */

/* An answer: what HTTP says, and its body read as JSON where it is an object. */
struct stir_acme_reply {
    struct stir_peer_answer http;
    struct stir_arena arena;
    struct stir_json json;
    bool has_json;
};
void stir_acme_reply_clear(struct stir_acme_reply *reply);
/* A member that is a string; absent when there is none. */
struct stir_slice stir_acme_text(struct stir_acme_reply *reply, struct stir_json object, const char *name);

struct stir_acme_post {
    const char *url;
    const json_t *payload; /* NULL: POST-as-GET */
    const char *accept;    /* NULL: JSON */
    struct stir_key *key;  /* signs, and stands in the header as jwk; NULL: the account's key, as kid */
};
/* A signed request (RFC 8555 §6.2 to §6.5); nonces that are refused are retried with fresh ones, and so is an authority that is in trouble or asks for
 * patience, within the deadline. STIR_OK whatever the answer's status is in the end. Clear `*out` then. */
enum stir_err stir_acme_send(struct stir_acme *acme, struct stir_acme_reply *out, const struct stir_acme_post *post, struct stir_diag *diag) STIR_MUST_USE;
/* The same, and another status than 200, 201 and 204 is STIR_EVALUE: "`what`: the words of the problem document". */
enum stir_err stir_acme_want(struct stir_acme *acme, struct stir_acme_reply *out, const struct stir_acme_post *post, const char *what,
                             struct stir_diag *diag) STIR_MUST_USE;
/* The problem document in `object` (an answer's, or an `error` member) in words; STIR_EVALUE. */
enum stir_err stir_acme_refusal(struct stir_acme *acme, struct stir_acme_reply *reply, struct stir_json object, const char *what, struct stir_diag *diag);
/* Is it the problem "urn:ietf:params:acme:error:`type`"? */
bool stir_acme_is_problem(struct stir_acme_reply *reply, const char *type);
/* The directory, once. */
enum stir_err stir_acme_directory(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;

/* --- the account: acme_account.c --- */

/* account.key and account.url, and what a kill in the middle of a key change left. STIR_ENOTFOUND: not registered. */
enum stir_err stir_acme_account(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;

/* --- the folder: acme_folder.c --- */

enum stir_err stir_acme_hold(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE; /* STIR_EBUSY */
void stir_acme_let_go(struct stir_acme *acme);
/* `name` in the folder. STIR_ELIMIT. */
enum stir_err stir_acme_path(char out[STIR_ACME_PATH], const struct stir_acme *acme, const char *name, struct stir_diag *diag) STIR_MUST_USE;
/* Files of the folder, whole. `secret`: 0600, and refused when others can read it. STIR_ENOTFOUND; free with stir_file_free(). */
enum stir_err stir_acme_load(struct stir_slice *out, const struct stir_acme *acme, const char *name, size_t max, bool secret,
                             struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_acme_save(const struct stir_acme *acme, const char *name, struct stir_slice content, bool secret, struct stir_diag *diag) STIR_MUST_USE;
void stir_acme_drop(const struct stir_acme *acme, const char *name);
enum stir_err stir_acme_rename(const struct stir_acme *acme, const char *from, const char *to, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_acme_load_key(struct stir_key **out, const struct stir_acme *acme, const char *name, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_acme_save_key(const struct stir_acme *acme, const char *name, const struct stir_key *key, struct stir_diag *diag) STIR_MUST_USE;
/* A certificate into certs/SERIAL, whole before it has that name. `x5u` "": none. */
enum stir_err stir_acme_keep(const struct stir_acme *acme, const char *serial, const struct stir_key *key, struct stir_slice chain, const char *x5u,
                             struct stir_diag *diag) STIR_MUST_USE;
/* `current` names certs/SERIAL from now on. */
enum stir_err stir_acme_use(const struct stir_acme *acme, const char *serial, struct stir_diag *diag) STIR_MUST_USE;

/* order.json: what is under way. */
struct stir_acme_work {
    char identifier[512];         /* the order's value: another list in acme.conf ends it */
    char order[STIR_MAX_URL + 1]; /* its URL */
    char key[64];                 /* file of the certificate's key */
    char deploy[64];              /* serial of a certificate that is there, and whose hook and reload have not gone well yet; "": none */
};
enum { STIR_ACME_IDENTIFIER = 512 };
/* STIR_ENOTFOUND: nothing is, or nothing that can be read. */
enum stir_err stir_acme_work_load(struct stir_acme_work *out, const struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_acme_work_save(const struct stir_acme_work *work, const struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;
void stir_acme_work_drop(const struct stir_acme *acme);

/* --- orders: acme_order.c --- */

/* What an order ends in: the chain, checked but for what the kind asks. Zeroed to begin; cleared by the caller. */
struct stir_acme_issued {
    struct stir_cert *chain[STIR_MAX_CHAIN];
    size_t n;
    char x5u[STIR_MAX_URL + 1]; /* as the order says it; "" */
};
void stir_acme_issued_clear(struct stir_acme_issued *issued);
/* Begin an order: newOrder; `url` gets its place. */
enum stir_err stir_acme_order_begin(struct stir_acme *acme, char url[STIR_MAX_URL + 1], const char *identifier, struct stir_diag *diag) STIR_MUST_USE;
/* Go through with it, from whatever state it is in, to its certificate for `key`. STIR_ENOTFOUND: the authority does not have it any more, or it is invalid;
 * STIR_EMISMATCH: what came is not what was asked for. */
enum stir_err stir_acme_order_finish(struct stir_acme *acme, struct stir_acme_issued *out, const char *url, struct stir_key *key,
                                     struct stir_diag *diag) STIR_MUST_USE;
/* Ours, in order, signed, and in its time: acme_chain.c. */
enum stir_err stir_acme_chain_check(struct stir_acme *acme, struct stir_cert *const *chain, size_t n, const struct stir_key *key, int64_t now,
                                    struct stir_diag *diag) STIR_MUST_USE;

/* --- the authority token: acme_token.c --- */

/* From file, hook or administrator; acme->token. */
enum stir_err stir_acme_token(struct stir_acme *acme, struct stir_diag *diag) STIR_MUST_USE;

/* --- the end: acme_deploy.c --- */

/* The hook and the reload for what `current` names. STIR_ESTATE: one of them failed. */
enum stir_err stir_acme_deploy(struct stir_acme *acme, const char *serial, struct stir_diag *diag) STIR_MUST_USE;

#endif
