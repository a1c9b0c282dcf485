/* One list of a domain on its way: a few requests one after another, each of which says what comes next; what came in the end goes through io/trust_keep. */
#ifndef STIR_IO_TRUST_ERRAND_H
#define STIR_IO_TRUST_ERRAND_H

#include <stir/trust_refresh.h>

#include "io/net_open.h"
#include "io/trust_folder.h"

/* A domain while it is worked on. */
struct stir_trust_target {
    struct stir_trust_target *next;
    struct stir_trust_folder folder;
    struct stir_trust_settings settings;
    struct stir_slice root; /* pa-root.pem */
    bool pinned;            /* a root is in it */
};

/* Open a domain of folder `dir` before those of `list`, where it stays, to be freed with them, whatever comes. */
enum stir_err stir_trust_target_open(struct stir_trust_target **list, const char *dir, const char *name, struct stir_diag *diag) STIR_MUST_USE;
/* Free those before `end`. */
void stir_trust_targets_free(struct stir_trust_target **list, const struct stir_trust_target *end);

/* All that is under way, and what has ended. */
struct stir_trust_errands {
    const char *dir;
    bool any_url;
    int64_t (*clock)(void *arg);
    void *clock_arg;
    struct stir_fetcher *fetcher;
    struct stir_trust_errand *active, *ended, **last;
};

struct stir_trust_errand {
    struct stir_trust_errand *next;
    struct stir_trust_errands *all;
    struct stir_trust_target *target;
    struct stir_trust_outcome outcome;
    void (*then)(struct stir_trust_errand *, const struct stir_flight *); /* what to do with what comes; NULL: not begun */
    struct stir_slice token;                                              /* a secret */
    unsigned logins, hops;
    struct stir_slice list; /* the administrator's list, while its signer is fetched */
    struct stir_crl *crl;   /* a revocation list, while its signer is fetched */
    char *signers;          /* certificates that were fetched for it, PEM */
    size_t n_signers;
};

/* One more: the list of CAs, or the revocation list at `url`; the same one is not asked for twice at a time. STIR_ENOMEM. */
enum stir_err stir_trust_errand_add(struct stir_trust_errands *all, struct stir_trust_target *target, enum stir_trust_kind kind,
                                    struct stir_slice url) STIR_MUST_USE;
/* All that was added and not begun. */
void stir_trust_errands_begin(struct stir_trust_errands *all);
/* Do what can be done now. */
void stir_trust_errands_step(struct stir_trust_errands *all);
void stir_trust_errands_drop(struct stir_trust_errand **list);

#endif
