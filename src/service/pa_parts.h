/* What the rooms of the policy administrator share. */
#ifndef STIR_SERVICE_PA_PARTS_H
#define STIR_SERVICE_PA_PARTS_H

#include "service/pa.h"
#include "service/schema.h"

#include "core/json.h"
#include "io/crash_point.h"
#include "service/metrics.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <stir/token.h>

enum {
    STIR_PA_ROOTS = 8,                      /* certificates of [pa] root */
    STIR_PA_CERT_ID = 33,                   /* half of a SHA-256 in hex, with its NUL: the name of a certificate in URLs */
    STIR_PA_SHA_TEXT = 2 * STIR_SHA256 + 1, /* a whole one */
    STIR_PA_MAX_REQUEST = 16384,            /* bytes of the body of a login or of a request for a token; a TNAuthList of 256 codes takes 5,000 */
    STIR_PA_MAX_REPORT = 262144,            /* of a report: a certificate and its chain, of 16,384 bytes each at most, in base64url */
    STIR_PA_MAX_BEARER = 256,               /* bytes of a token of access; ours have 43 */
    STIR_PA_LOGINS_AT_ONCE = 2,             /* passwords checked at once: each takes 32 MiB and a tenth of a second, and clerks have other work */
    STIR_PA_WRONG_MS = 20000,               /* a wrong password holds its address for so long, */
    STIR_PA_WRONG_MAX_MS = 600000,          /* and more than this is refused unseen: 30 at once, and then three a minute */
    STIR_PA_CHORE_MS = 2000,                /* between two looks at the store, which a command or another node may have changed */
    STIR_PA_RETRY_MS = 10000,               /* the same, when something could not be made */
    STIR_PA_SAY_MS = 60000,                 /* between two lines about one chore that goes on failing */
    STIR_PA_KEPT = 8,                       /* lists, and CRLs, that stay in the store: those that clients are fetching, and the ones before for questions */
    STIR_PA_CLOCK_SLACK = 60,               /* seconds by which the clocks of two nodes may differ */
    STIR_PA_CRL_LATE = 60,                  /* seconds until a revocation without a CRL is told by /readyz */
    STIR_PA_WARN_DAYS = 14,                 /* before a signer's end */
    STIR_PA_PASSWORD_TEXT = 128,            /* "scrypt$N$r$p$salt$hash" */
};

/* A key and its certificates. */
struct stir_pa_seal {
    struct stir_key *key;
    struct stir_cert *chain[STIR_MAX_CHAIN]; /* leaf first */
    size_t n;
    char id[STIR_PA_CERT_ID], sha256[STIR_PA_SHA_TEXT];
    char url[STIR_MAX_URL + 1]; /* where `pem` is */
    char *pem;                  /* the chain without what signed itself */
    size_t n_pem;
    int64_t from, until; /* of the whole path, to its root */
};

enum stir_pa_chore { STIR_PA_CHORE_LIST = 0, STIR_PA_CHORE_CRL, STIR_PA_CHORE_LOGINS, STIR_PA_CHORE_FILES, STIR_PA_CHORES };

struct stir_pa {
    const struct stir_conf_pa *conf;
    struct stir_pa_seal signer, crl; /* crl.key NULL: the signer is both */
    struct stir_cert *roots[STIR_PA_ROOTS];
    size_t n_roots;
    char *root_pem;
    size_t n_root_pem;
    char url[STIR_MAX_URL + 1], crl_url[STIR_MAX_URL + 1]; /* without '/' at the end */
    struct stir_slice prefix;                              /* the path of `url`; empty when it has none */
    atomic_bool kept;                                      /* our certificates are in the store */
    atomic_bool begun;                                     /* the first chores were done */
    atomic_uint logins;                                    /* under way */
    atomic_bool file_certs;                                /* they are in static_dir */
    _Atomic int64_t say_again[STIR_PA_CHORES];             /* monotonic milliseconds; 0: the chore went well */
    _Atomic int64_t file_list, file_crl;                   /* sequence and number of what is in static_dir; -1: not known */
};
static inline const struct stir_pa_seal *stir_pa_crl_seal(const struct stir_pa *pa)
{
    return pa->crl.key ? &pa->crl : &pa->signer;
}

/* pa_keys.c: the files of [pa]. False: something fatal was said. */
bool stir_pa_keys_read(struct stir_pa *pa, const struct stir_pa_say *say);
void stir_pa_keys_free(struct stir_pa *pa);
/* Within a transaction: ours are in the store, so that what they signed can be checked after they have been replaced. */
enum stir_err stir_pa_keys_keep(struct stir_pa *pa, struct stir_store *store, int64_t now) STIR_MUST_USE;

/* pa_answer.c: refusals, {"status":"error","code":...,"message":...}: `code` for programs, the text for people, never a secret. */
void stir_pa_refuse(struct stir_exchange *x, int status, const char *code, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* What an error of the store is for a client: 503, with what it was in the log. */
void stir_pa_fail(struct stir_clerk *clerk, struct stir_exchange *x, enum stir_err err, const struct stir_diag *diag);
/* The body as a JSON object. False: refused. */
bool stir_pa_body(struct stir_exchange *x, struct stir_json *out, size_t max);
/* A member that is a string; false: not there, or something else (then `*out` is absent). STIR_ENOMEM is a refusal of its own. */
bool stir_pa_text(struct stir_slice *out, struct stir_json object, const char *name, struct stir_arena *arena);
/* The token of Authorization, "Bearer" or not before it. Absent: there is none. */
struct stir_slice stir_pa_bearer(const struct stir_exchange *x);
/* The answer's entity tag is `tag`; true: the client has it already, and is told so. */
bool stir_pa_same(struct stir_exchange *x, const char *tag);
/* SHA-256 of a secret, by which the store knows it. */
enum stir_err stir_pa_hash(unsigned char hash[STIR_SHA256], struct stir_clerk *clerk, struct stir_slice secret) STIR_MUST_USE;
void stir_pa_hex(char text[STIR_PA_SHA_TEXT], const unsigned char hash[STIR_SHA256]);

/* pa_password.c */
enum stir_err stir_pa_password_make(char text[STIR_PA_PASSWORD_TEXT], struct stir_slice password) STIR_MUST_USE;
/* Takes the same time whatever `stored` is; absent: of nobody, and false. */
bool stir_pa_password_is(struct stir_slice stored, struct stir_slice password);

/* pa_login.c */
void stir_pa_serve_login(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
void stir_pa_serve_logout(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
struct stir_pa_client_row {
    char account[STIR_ID], provider[STIR_PA_MAX_ID + 1];
    bool suspended, may_ca;
};
/* Within a transaction: whose a token of access is. STIR_ENOTFOUND: nobody's. */
enum stir_err stir_pa_who(struct stir_pa_client_row *out, struct stir_store *store, const unsigned char hash[STIR_SHA256], int64_t now) STIR_MUST_USE;

/* pa_ask.c: what is asked in a request for a token, read and judged as far as it can be without the store. */
struct stir_pa_wish {
    struct stir_arena arena;
    struct stir_tnauth *list;
    struct stir_slice tkvalue, fingerprint; /* tkvalue: canonical */
    bool ca;
};
/* False: refused. Cleared in any case by stir_pa_wish_clear(). */
bool stir_pa_wish_read(struct stir_pa_wish *wish, struct stir_exchange *x);
void stir_pa_wish_clear(struct stir_pa_wish *wish);
/* pa_token.c: `account` as it stands in the path. */
void stir_pa_serve_token(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x, struct stir_slice account);

/* pa_list.c, pa_crl.c: made anew when due, or when `force`; `*made` (may be NULL) says whether. STIR_ENOTFOUND: nothing is listed. */
enum stir_err stir_pa_list_make(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, bool force, bool *made, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_crl_make(struct stir_pa *pa, struct stir_clerk *clerk, int64_t now, bool force, bool *made, struct stir_diag *diag) STIR_MUST_USE;
/* The newest: its number, times and text, malloc()ed. STIR_ENOTFOUND. */
struct stir_pa_issue {
    int64_t number, made, expires;
    char *text;
    size_t n;
};
enum stir_err stir_pa_list_newest(struct stir_pa_issue *out, struct stir_store *store, struct stir_diag *diag) STIR_MUST_USE;
enum stir_err stir_pa_crl_newest(struct stir_pa_issue *out, struct stir_store *store, struct stir_diag *diag) STIR_MUST_USE;
/* malloc()ed. */
enum stir_err stir_pa_crl_pem(char **out, size_t *n, struct stir_slice der, struct stir_diag *diag) STIR_MUST_USE;
void stir_pa_serve_list(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
void stir_pa_serve_crl(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
/* Whether something made at `made`, that ends at `expires`, is made anew now. */
bool stir_pa_is_due(int64_t made, int64_t expires, int64_t every, int64_t now);
/* The number behind `last`: never below the time, so that a store that was brought back from a backup does not fall behind what is out there. */
int64_t stir_pa_next_number(int64_t last, int64_t now);

/* pa_revocation.c */
void stir_pa_serve_report(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);

/* pa_cas.c: within a transaction: `name`, a DER Name, is from now on for the CA called `ca` to report for. STIR_EMISMATCH: it is another's. */
enum stir_err stir_pa_issuer_take(struct stir_store *store, struct stir_slice name, const char *ca, int64_t now) STIR_MUST_USE;
/* A path of CAs from chain[0] to `top`, each signed by the next. */
enum stir_err stir_pa_issuer_path(struct stir_cert *const *chain, size_t n, const struct stir_cert *top, struct stir_diag *diag) STIR_MUST_USE;

/* pa_state.c: numbers and ends of the newest; 0: there is none. */
struct stir_pa_state {
    int64_t list, list_made, list_until, crl, crl_made, crl_until;
    int64_t waits_since; /* the oldest report that no CRL has yet */
};
enum stir_err stir_pa_state(struct stir_pa_state *out, struct stir_store *store, struct stir_diag *diag) STIR_MUST_USE;

/* pa_files.c: what is in static_dir is what is newest in the store. */
enum stir_err stir_pa_files(struct stir_pa *pa, struct stir_clerk *clerk, const struct stir_pa_state *state, struct stir_diag *diag) STIR_MUST_USE;

static inline void stir_pa_count(const struct stir_clerk *clerk, enum stir_metric metric)
{
    if (clerk->metrics)
        stir_metrics_add(clerk->metrics, metric, 1);
}
/* Within a transaction: a row of the audit; takes `detail`, NULL is "no memory". */
enum stir_err stir_pa_audit(struct stir_clerk *clerk, int64_t now, const char *event, const char *actor, const char *subject, json_t *detail) STIR_MUST_USE;

#endif
