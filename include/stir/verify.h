/** @file stir/verify.h  The verification service (STI-VS) as a step machine (RFC 8224 §6.2, RFC 8588).
 *  It never fetches: it names what it needs, the caller answers, it goes on. Pure: no I/O, no clock: one `now` per call.
 *  A verification belongs to one thread at a time. */
#ifndef STIR_VERIFY_H
#define STIR_VERIFY_H

#include <stir/call.h>
#include <stir/chain.h>
#include <stir/verdict.h>

STIR_BEGIN

/** A verification under way. */
struct stir_verify;

enum stir_need_kind {
    STIR_NEED_CERT = 1,      /**< the body of `url`: stir_verify_supply_pem() or stir_verify_supply_chain() */
    STIR_NEED_CONTENT = 2,   /**< the body of `url` (rich call data): stir_verify_supply_bytes() */
    STIR_NEED_TNLIST = 3,    /**< the TNAuthList at `url`: stir_verify_supply_bytes() */
    STIR_NEED_REPLAY = 4,    /**< has `key` been seen in another call: stir_verify_supply_answer(), 1 for yes */
    STIR_NEED_AUTHORITY = 5, /**< does the provider `url` (a code, or several with one blank between two) hold the number `key`: stir_verify_supply_answer(),
                                  1 yes, 0 another does, -1 unknown, as stir_spc_table_holds() has it */
};

/** Something a verification waits for. Content that does not come changes nothing but what is said of it. Slices live until it is answered. */
struct stir_need {
    unsigned id; /**< names it in the answer */
    enum stir_need_kind kind;
    size_t token; /**< which token needs it: its place in the verdict; up to the last Identity header, that header's index */
    struct stir_slice url;
    struct stir_slice key;
    size_t max_bytes; /**< an answer longer than this is refused */
    int64_t until;    /**< of a REPLAY need: the last second for which `key` must be remembered */
};

/** Begin. `call`'s slices must live until the verification is freed; policy and trust are used until then too (the snapshot is counted). `ctx` may be NULL: one
 * is made then.
 *  @return STIR_OK; STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG; `*out` is untouched unless STIR_OK. The caller frees with stir_verify_free(). */
STIR_API STIR_MUST_USE enum stir_err stir_verify_new(struct stir_verify **out, const struct stir_call *call, const struct stir_policy *policy,
                                                     struct stir_trust *trust, struct stir_es256_ctx *ctx, int64_t now);

/** Go as far as the answers allow. All open needs are named at once, in `*needs`, valid until the next call with `v`. None: the verdict is there.
 *  @return STIR_OK; STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_next(struct stir_verify *v, const struct stir_need **needs, size_t *n);

/** Answer a CERT need with the body as received.
 *  @return STIR_OK, also when the body is junk (the verdict says so); STIR_ENOTFOUND (no such open need), STIR_ENOMEM, STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_supply_pem(struct stir_verify *v, unsigned id, struct stir_slice pem);

/** Answer a CERT need with a chain from a cache. A chain that is not current (stir_chain_is_current()) is refused.
 *  @return STIR_OK; STIR_ENOTFOUND, STIR_ESTATE (not current), STIR_EARG. The chain is counted. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_supply_chain(struct stir_verify *v, unsigned id, struct stir_chain *chain);

/** Answer a CONTENT need, or a TNLIST need (DER, RFC 8226 §10.1), with the body as received; it is not kept. More needs may follow: a jCard names further content.
 *  @return STIR_OK, also when the body is not what was signed for, or longer than asked (the verdict says so); STIR_ENOTFOUND (no such open need), STIR_ENOMEM,
 *  STIR_ECRYPTO, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_supply_bytes(struct stir_verify *v, unsigned id, struct stir_slice bytes);

/** Answer a REPLAY need, as stir_replay_check() has it: 1 seen in another call, 0 not, -1 unknown (then, and after stir_verify_fail(), the check is not reached
 *  and the token passes); or an AUTHORITY need, as stir_spc_table_holds() has it: 1 held, 0 not, -1 unknown (then, and after stir_verify_fail(), the policy's
 *  severity of STIR_R_HOLDER_UNKNOWN counts, which is to say nothing).
 *  @return STIR_OK; STIR_ENOTFOUND, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_supply_answer(struct stir_verify *v, unsigned id, int answer);

/** The need cannot be met; `reason` says why: STIR_R_INFO_UNREACHABLE, STIR_R_INFO_REFUSED or another of the catalogue.
 *  @return STIR_OK; STIR_ENOTFOUND, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_fail(struct stir_verify *v, unsigned id, enum stir_reason reason);

/** The verdict, once stir_verify_next() named no need. The caller owns it and frees it with stir_verdict_free(); it outlives the verification.
 *  @return STIR_OK; STIR_ESTATE (needs are open), STIR_ENOMEM, STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verify_take(struct stir_verify *v, struct stir_verdict **out);

/** Free a verification; NULL is fine. */
STIR_API void stir_verify_free(struct stir_verify *v);

STIR_END
#endif
