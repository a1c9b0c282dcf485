/* Inside of the authentication service: signing identities, rules and lists as they are asked for each call. */
#ifndef STIR_SERVICE_AS_BOOK_H
#define STIR_SERVICE_AS_BOOK_H

#include "service/as.h"
#include "service/names.h"
#include "service/numbers.h"
#include "service/ranges.h"

#include <stdatomic.h>

/* Trunks or tenants, a bit each, by their place in the conf; `bits` NULL: any. */
struct stir_places {
    uint64_t *bits;
};
static inline bool stir_place_is_in(const struct stir_places *places, uint32_t at)
{
    return !places->bits || (at != STIR_NAMES_NOBODY && (places->bits[at / 64] >> (at % 64) & 1));
}

/* Lists by their place. */
struct stir_sets {
    uint32_t *at;
    size_t n;
};

struct stir_as_signer {
    const struct stir_conf_signer *conf;
    struct stir_key *key;
    struct stir_cert *chain[STIR_MAX_CHAIN]; /* as x5u gives it: [0] signs */
    size_t n_chain;
    const struct stir_cert_info *cert;
    const char *key_file, *cert_file, *x5u_text; /* of the conf, or of the folder of an ACME client as it was when it was read */
    char *found[3];                              /* the latter; NULL: none */
    struct stir_slice spc, x5u, serial;          /* spc absent: its certificate names numbers */
    char spc_text[STIR_MAX_SPC + 1];
    uint32_t tenant;
    struct stir_places trunks;
    struct stir_sets sets;
    bool narrow;             /* it names numbers or lists: it signs for no others */
    atomic_bool is_left_out; /* its x5u serves another certificate: the one thing that changes in a book */
};

/* Signers of one tenant, or of none: no call is signed by those of another group. */
struct stir_as_group {
    uint32_t *loose; /* those to be looked at for every number: they name none, or name lists */
    size_t n_loose;
    struct stir_ranges numbers; /* of the others; the tag is the signer's place */
};

struct stir_as_rule {
    const struct stir_conf_rule *conf;
    struct stir_places trunks, tenants;
    struct stir_sets sets;
    struct stir_ranges numbers;
};

struct stir_as_book {
    const struct stir_conf *conf;
    struct stir_number_set **sets;
    int64_t *load_ms;
    struct stir_as_signer *signers;
    size_t n_signers;
    struct stir_names by_x5u;
    struct stir_as_group *groups; /* of each tenant, by its place; the last one is nobody's */
    struct stir_as_rule *rules;
    struct stir_tn_options *tn; /* of each trunk, by its place; the last one is that of calls of no trunk */
    char (*trunk_origids)[37];  /* "": a fresh one for each call */
    char (*tenant_origids)[37];
    char (*customer_origids)[37];      /* of trunks: their customer's */
    unsigned char secret[STIR_SHA256]; /* what origids are made from that nobody gave */
};

/* What is told while a book is made. */
struct stir_as_making {
    struct stir_as_book *book;
    const struct stir_as_say *say;
    int64_t now;
    bool fatal, out_of_memory;
};
void stir_as_tell(struct stir_as_making *making, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Names of the conf made into bits, or into places of lists; a name that is none is told. */
void stir_as_places(struct stir_as_making *making, struct stir_places *out, const struct stir_conf_list *names, bool tenants, const char *section);
void stir_as_sets(struct stir_as_making *making, struct stir_sets *out, const struct stir_conf_list *names, const char *section);
void stir_as_patterns(struct stir_as_making *making, struct stir_ranges *out, const struct stir_conf_list *patterns, uint32_t tag, const char *section);

/* ---- customers.c ---- */

/* Tell of customers of trunks that stand in no list, where rules look for them. */
void stir_as_customers_look(struct stir_as_making *making);

/* ---- as_acme.c ---- */

/* The files that `current` of an ACME client's folder names now. False: there is none, or something is wrong, and that was told. */
bool stir_as_acme_find(struct stir_as_making *making, struct stir_as_signer *signer);

/* ---- signers.c ---- */

void stir_as_signers_make(struct stir_as_making *making);
/* What only the keys know, for what is made from it. */
void stir_as_mix_secret(struct stir_as_book *book, struct stir_slice pem);

void stir_as_signers_free(struct stir_as_book *book);
/* Why the signer cannot be used at `now`; NULL: it can. */
const char *stir_as_signer_fault(const struct stir_as_signer *signer, int64_t now);
/* Who signs for `number` of that tenant and trunk, with a certificate that is valid now and at `iat`; NULL: nobody, and `why` says so. `number` may be a URI.
 */
const struct stir_as_signer *stir_as_choose(const struct stir_as_book *book, uint32_t tenant, uint32_t trunk, const struct stir_number *number, int64_t now,
                                            int64_t iat, char *why, size_t cap);

/* ---- rules.c ---- */

/* What the rules look at. */
struct stir_as_question {
    const struct stir_source *source;
    uint32_t trunk, tenant;
    struct stir_slice customer; /* whose call it is; absent: nobody's */
    bool known;                 /* a trunk of ours, or a tenant that has proven it */
    bool trusted;               /* what it asks for counts, as far as rules say; of others less alone does */
    struct stir_number number;
    char asked;           /* 'A', 'B', 'C'; 0: nothing */
    const char *asked_by; /* a header's name, or what else */
    int64_t now;
};
enum stir_as_verdict { STIR_AS_SIGN = 0, STIR_AS_LEAVE, STIR_AS_REFUSE };
struct stir_as_decision {
    enum stir_as_verdict verdict;
    char attest;
    const char *rule; /* "": none matched */
    char proof[200];
};
void stir_as_rules_make(struct stir_as_making *making);
void stir_as_rules_free(struct stir_as_book *book);
void stir_as_decide(const struct stir_as_book *book, const struct stir_as_question *question, struct stir_as_decision *out);
bool stir_as_sets_have(const struct stir_as_book *book, const struct stir_sets *sets, const struct stir_number *number, struct stir_slice customer, int64_t now,
                       struct stir_number_hit *hit, const char **name);

#endif
