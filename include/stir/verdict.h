/** @file stir/verdict.h  The result of a verification: one for the call, one for each token, every check with its outcome.
 *  Pure: no I/O. Immutable once given; owned by the library until stir_verdict_free(). */
#ifndef STIR_VERDICT_H
#define STIR_VERDICT_H

#include <stir/passport.h>
#include <stir/reason.h>

STIR_BEGIN

/** Outcome of a check. */
enum stir_outcome {
    STIR_NOT_REACHED = 0, /**< an earlier gate had failed, or there was nothing to look at */
    STIR_PASS = 1,
    STIR_WARNING = 2, /**< passed, with something to say */
    STIR_FAIL = 3,
    STIR_OFF = 4, /**< not looked at by this policy */
};

/** The outcome as text: "pass", "fail", "warning", "not reached", "off".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_outcome_text(enum stir_outcome outcome);

/** One check of one token. */
struct stir_check {
    enum stir_check_id id;
    enum stir_outcome outcome;
    enum stir_reason reason; /**< the failure, else the first warning, else STIR_R_NONE */
    const char *detail;      /**< one line about this call, such as what was compared with what; "" when there is none */
};

#define STIR_TOKEN_WARNINGS 32 /**< warnings kept of one token */

/** The judgement of one token. Slices and strings live as long as the verdict. */
struct stir_token_verdict {
    size_t index; /**< which of the call's Identity headers */
    enum stir_ppt ppt;
    struct stir_slice ppt_text;
    enum stir_verstat verstat;
    enum stir_reason reason; /**< first failure in the order of checks; STIR_R_NONE when it passed */
    char attest;             /**< 'A', 'B', 'C', or 0 */
    struct stir_slice orig;  /**< as the token says it */
    const struct stir_slice *dest;
    size_t n_dest;
    struct stir_slice origid;
    bool has_iat;
    int64_t iat;
    struct stir_slice x5u;
    struct stir_slice spc;           /**< of the signer's certificate */
    const char *signer;              /**< subject of the signer's certificate; "" when unknown */
    const char *domain;              /**< trust domain; "" when none */
    const struct stir_check *checks; /**< STIR_CHECK_COUNT - 1 of them, in the order of reporting */
    size_t n_checks;
    enum stir_reason warnings[STIR_TOKEN_WARNINGS];
    size_t n_warnings;
    const struct stir_slice *path; /**< parties that the call went through (div chain), caller's target first */
    size_t n_path;
    struct stir_slice rcd; /**< rich call data, canonical JSON; absent unless the token passed. The check "rcd" says what of it does not hold */
    struct stir_slice crn; /**< reason of the call; absent unless the token passed */
    struct stir_slice iss; /**< of rich call data from a third party: who that says it is; absent in all other tokens */
    size_t nested;         /**< 0: the token of the header itself; 1: what that, a div-o token, holds in opt; 2: what that one holds; and so on */
};

/** The result for a call's priority (RFC 8443, RFC 9027), as 3GPP spells it. It changes nothing of the result for the caller's number, and that nothing of it.
 */
enum stir_rph_verstat {
    STIR_RPH_NONE = 0,   /**< No-RPH-Validation: no token of ppt rph came */
    STIR_RPH_PASSED = 1, /**< RPH-Validation-Passed: all that Resource-Priority says was signed */
    STIR_RPH_FAILED = 2, /**< RPH-Validation-Failed: take Resource-Priority out of the request and treat it as an ordinary call (RFC 8443 §4.2) */
};

/** The value as text, such as "RPH-Validation-Passed".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_rph_verstat_text(enum stir_rph_verstat rph);

/** The result for who answers (RFC 9970): of a response alone, and beside the result for the caller's number. */
enum stir_connected {
    STIR_CONNECTED_UNKNOWN = 0, /**< not a response, or without a token of ppt rsp */
    STIR_CONNECTED_PASSED = 1,  /**< the callee's own network signed the response */
    STIR_CONNECTED_FAILED = 2,  /**< none of its rsp tokens passed: who asked for it may send CANCEL or BYE (§7); a response cannot be refused */
};

/** The value as text: "unknown", "passed", "failed".
 *  @return a constant string; never NULL. */
STIR_API const char *stir_connected_text(enum stir_connected connected);

/** The judgement of a call. */
struct stir_verdict {
    size_t size; /**< sizeof(struct stir_verdict) as the library knows it */
    enum stir_verstat verstat;
    enum stir_reason reason;                 /**< STIR_R_NONE when it passed */
    int deciding;                            /**< index into tokens of the one that decides; -1 when there is none */
    const struct stir_token_verdict *tokens; /**< one of each Identity header, in their order, and behind them those inside of div-o tokens */
    size_t n_tokens;
    int64_t now;        /**< the time it was judged at */
    const char *policy; /**< name of the policy */
    uint64_t trust_generation;
    enum stir_rph_verstat rph;     /**< of the call's priority: its own result, whatever `verstat` says */
    enum stir_connected connected; /**< of who answers, likewise */
};

/** Free a verdict; NULL is fine. */
STIR_API void stir_verdict_free(struct stir_verdict *verdict);

/** One line for people and logs, with a closing NUL: "TN-Validation-Passed attest=A spc=709J orig=... dest=... age=12s", or the verstat with reason and SIP
 * code.
 *  @return STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL), STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verdict_line(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict);

/** Every check of every token with outcome, reason and clause, many lines, with a closing NUL.
 *  @return as stir_verdict_line(). */
STIR_API STIR_MUST_USE enum stir_err stir_verdict_explain(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict);

/** The verdict as JSON, "schema": 1, one line, with a closing NUL. docs/VERDICT.md describes it.
 *  @return as stir_verdict_line(). */
STIR_API STIR_MUST_USE enum stir_err stir_verdict_json(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict);

/** The value of a Reason header (RFC 9410) for one token: `STIR ;cause=436 ;text="Bad Identity Info" ;ppi="..sig"`, with a closing NUL. A signature that is
 * none is left out.
 *  @return as stir_verdict_line(); STIR_ENOTFOUND when the token passed. */
STIR_API STIR_MUST_USE enum stir_err stir_verdict_reason_header(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict, size_t token);

/** How Reason headers are written. */
enum stir_reason_protocol {
    STIR_REASON_STIR = 0, /**< RFC 9410: one header for each token that fails, which ppi names by its signature */
    STIR_REASON_SIP = 1,  /**< for older peers, that know no protocol STIR: one header for the call, since RFC 3326 §2 allows one of a protocol, and no ppi */
};

/** The Reason headers of a response to a call that goes on although its verification failed, or a part of it (RFC 9410 §4): whole lines, "Reason: ...", each
 *  with CRLF, none when there is nothing to report; with a closing NUL. They belong into any response but 100. A token of a kind that the policy does not know
 *  is ignored (RFC 8224 §6.2), and reported only when the call fails for that.
 *  @return as stir_verdict_line(). */
STIR_API STIR_MUST_USE enum stir_err stir_verdict_reason_headers(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict,
                                                                 enum stir_reason_protocol protocol);

STIR_END
#endif
