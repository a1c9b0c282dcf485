/* The authentication service of the daemon: which identity signs a call, with which attestation and on what ground; one call in, one answer out, at once.
 * A book is what the conf's signers, rules and numbers are when they have been read and checked: immutable, shared by threads. */
#ifndef STIR_SERVICE_AS_H
#define STIR_SERVICE_AS_H

#include "service/record.h"
#include "service/worker.h"

#include <stir/attest.h>

struct stir_as_book;

/* Told of everything that is wrong or worth a warning, with the section's name: "signer main: its certificate ends in 9 days". */
struct stir_as_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* Read keys, certificates and number files of `conf` and check them before they go live: key matches certificate, SPC, validity at `now`, life, names that
 * exist. Every fault is said, not the first alone; a certificate that has ended or not begun is no fault: its signer is passed over, and that is said. x5u is
 * held against what is fetched by stir_as_check_x5u(). The book borrows `conf`. STIR_EVALUE: something fatal was said. */
enum stir_err stir_as_book_new(struct stir_as_book **out, const struct stir_conf *conf, int64_t now, const struct stir_as_say *say) STIR_MUST_USE;
void stir_as_book_free(struct stir_as_book *book);

/* Fetch each signer's x5u from outside, as verifiers will ([fetch] of the conf; `check-x5u` of the signer), and hold it against its certificate file: another
 * certificate there is fatal, one that cannot be had a warning (the repository may be this very process, not begun yet). `leave_out`: it is a warning too, and
 * that signer signs nothing as long as the book lives; workers may be signing meanwhile. Several are fetched at once. Waits for the network: never on a worker.
 * STIR_EVALUE: something fatal was said, or every signer was left out; STIR_ENOMEM. */
enum stir_err stir_as_check_x5u(struct stir_as_book *book, bool leave_out, const struct stir_as_say *say) STIR_MUST_USE;

/* What the operator watches: each signing identity, and each numbers file with its lines, bytes and load time. */
struct stir_as_signer_state {
    const char *name, *spc, *x5u;
    int64_t not_before, not_after;
    bool usable; /* now; `why` when it is not */
    const char *why;
};
bool stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out);
struct stir_as_numbers_state {
    const char *name, *file;
    size_t lines, bytes;
    int64_t load_ms;
};
bool stir_as_numbers_at(const struct stir_as_book *book, size_t index, struct stir_as_numbers_state *out);

/* A call that shall be signed. Either the message is there (SIP, and HTTP that carries one), or `claims` (HTTP): numbers canonical already. */
struct stir_as_call {
    const struct stir_source *source;
    struct stir_slice message;  /* absent: claims */
    const struct stir_sip *sip; /* of `message`; NULL: claims */
    const struct stir_passport_params
        *claims; /* HTTP: ppt, orig, dest, attest (what is asked for; 0: rules alone), origid (absent: made), iat (0: now), div, rph ... */
    int64_t unix_ms;
};

enum {
    STIR_AS_IDENTITIES = STIR_MAX_IDENTITIES,
    STIR_AS_TEXT = STIR_MAX_TOKEN + STIR_MAX_URL + 2048, /* the longest token, or a shaken one and some ten div */
};

/* The answer; slices live in it, in the message or in `claims`. Not copied: it points into itself. */
struct stir_as_answer {
    enum stir_sign_result result;
    int sip_code; /* for REFUSED: 403 and the like; else 0 */
    const char *phrase;
    struct stir_slice identities[STIR_AS_IDENTITIES]; /* of the call as it goes on: those that came, byte for byte, then ours */
    size_t n, n_new;
    char date[30]; /* a Date to add; "" when the message has one, or nothing was signed */
    char attest;   /* of a shaken token that was signed; else 0 */
    char origid[STIR_MAX_ORIGID + 1];
    char why[200]; /* unsigned or refused, and where it is known of a call that is passed on */
    char proof[200];
    enum stir_err err; /* HTTP: STIR_OK, or why nothing was signed: STIR_EVALUE, STIR_ETIME, STIR_ELIMIT (a claim; `why` names it), STIR_ENOTFOUND (nobody signs
                          for it), STIR_ESTATE (a rule), or what the signer said */
    struct stir_record record; /* filled but for way, times and answer's codes */
    struct stir_party orig, dest;
    char text[STIR_AS_TEXT]; /* ours are written here */
};

/* Sign. Never waits. The answer is valid until the next call with it; `record` in it is complete for stir_records_put() but for `way`, `took_us` and the codes.
 *
 * SIP: a call that is signed already goes on byte for byte, but for a shaken token of our own that is older than reroute_after: a fresh one takes its place; a
 * div token is added where [sign] div wants one and the rules would give the diverting number an A, or the trunk is trusted. Who withholds his number (Privacy:
 * id, user) is signed for by P-Asserted-Identity. HTTP: a customer is signed for with ppt shaken and div alone; the rest is for providers that have proven who
 * they are, and for trusted trunks. origid counts when the source is trusted, or nobody's. */
void stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer);

#endif
