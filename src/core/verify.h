/* One token under judgement: what the step machine (verify.c) moves along and the checks (gates.c, credential.c) write to. */
#ifndef STIR_CORE_VERIFY_H
#define STIR_CORE_VERIFY_H

#include <stir/cert.h>
#include <stir/verify.h>

#include "core/rcd.h"

/* What the message says, read once for all tokens. */
struct stir_message {
    const struct stir_call *call;
    struct stir_party caller, callee;
    struct stir_party target; /* whom the call reaches: the Request-URI; without one the callee; nobody when it cannot be read */
    bool retargeted;          /* the Request-URI does not name the callee of To */
    bool has_date;
    enum stir_reason date_fault; /* STIR_R_NONE, or why the Date header is no use */
    int64_t date;
};

/* A TNAuthList by reference. */
struct stir_tnlist {
    struct stir_slice url;    /* where it is; absent when the certificate holds it itself, or none is fetched */
    struct stir_tnauth *list; /* what was there; NULL when nothing usable was, */
    const char *miss;         /* and why */
    bool asks;
};

struct stir_judgement {
    size_t number;            /* place among the tokens of the call: first those of the headers, in their order, then those that div-o tokens nest */
    size_t index;             /* of the Identity header that it came in */
    size_t nested;            /* 0: it stands in the header itself; else how deep inside */
    struct stir_arena *arena; /* of the verdict: everything shown lives here */
    const struct stir_policy *policy;
    const struct stir_message *message;
    const struct stir_trust *trust;
    int64_t now;
    bool out_of_memory;

    struct stir_identity identity;
    struct stir_passport *passport; /* NULL when the header could not be taken apart */
    struct stir_chain *chain;       /* once the need is answered */
    enum stir_reason chain_failure; /* why there is none */
    bool asks, answered, asks_authority, asks_replay;
    struct stir_tnlist tnlists[STIR_MAX_CHAIN + 1]; /* of the certificates of the path, those that are fetched */
    struct stir_slice tnlist_spc;                   /* the first code of the signer's */
    struct stir_slice authority_codes, authority_tn;
    unsigned char replay_key[STIR_SHA256];
    uint32_t diverted_by;    /* bits of the tokens that link dest to the target (div.c), on whatever way */
    struct stir_slice *path; /* parties of the shortest way that stands */
    size_t n_path;
    struct stir_rcd *rcd; /* NULL when the token has no rich call data */

    struct stir_check *checks; /* STIR_CHECK_COUNT - 1, by number */
    enum stir_reason warnings[STIR_TOKEN_WARNINGS];
    size_t n_warnings;
};

/* Record a reason by the policy's severity. `format` NULL: no detail. True when the check now fails. */
bool stir_judge_say(struct stir_judgement *j, enum stir_reason reason, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The check was made; nothing was said against it, or only warnings. */
void stir_judge_pass(struct stir_judgement *j, enum stir_check_id check);
/* The policy does not look at it, unless something was said already. */
void stir_judge_off(struct stir_judgement *j, enum stir_check_id check);
/* The first failing check in the order of reporting, NULL when none fails. */
const struct stir_check *stir_judge_failure(const struct stir_judgement *j);
/* The token's faults that belong to `check`, said. */
void stir_judge_faults(struct stir_judgement *j, enum stir_check_id check);

/* Everything that needs no certificate: grammar, form, kind, URL, claims, times, numbers. `value` is that of the header, or the token that is nested. */
enum stir_err stir_judge_gates(struct stir_judgement *j, struct stir_slice value) STIR_MUST_USE;
/* A claim names the same party as the message. */
bool stir_claim_is(const struct stir_claim_party *claim, const struct stir_party *party);
/* One of dest does. */
bool stir_dest_is(const struct stir_passport *passport, const struct stir_party *party);
/* A claim in canonical form; false when it is none. */
bool stir_party_of_claim(struct stir_party *out, const struct stir_claim_party *claim);
/* For whom the call is (div.c): dest against the message, over all tokens together, before the certificates; and what a bad div token does to the one it speaks
 * for, after them. */
void stir_judge_target(struct stir_judgement *tokens, size_t n);
void stir_judge_diversion(struct stir_judgement *tokens, size_t n);
/* The part of it that is about rich call data and media keys. */
enum stir_err stir_judge_claims(struct stir_judgement *j) STIR_MUST_USE;
/* What became of the content that rich call data speaks of; the last word once none is open. */
void stir_judge_content(struct stir_judgement *j);
/* Rich call data of a third party, as iss says; it never decides. */
bool stir_is_third_party(const struct stir_judgement *j);
/* Of a kind that the policy lets decide who calls, and its signer's own call. */
bool stir_may_decide(const struct stir_judgement *j);
/* Does iss reflect the certificate's Subject? How is left to those who issue certificates (RFC 9795 §10.1): here as its common name, its organisation, or the
 * whole of it. */
bool stir_iss_reflects(struct stir_slice iss, const struct stir_cert_info *cert);
/* iss against the signer's certificate; and over all tokens together, before and after the certificates: does any that stands vouch for the number?
 * (third_party.c) */
void stir_judge_issuer(struct stir_judgement *j);
void stir_judge_third_parties(struct stir_judgement *tokens, size_t n);
/* rph and sph against the message (rph.c), over all tokens together. */
bool stir_is_rph(const struct stir_judgement *j);
void stir_judge_priority(struct stir_judgement *tokens, size_t n, const struct stir_call *call);
/* The compact form brought into full form from the message, where its kind allows that; otherwise said why not, and left compact. */
enum stir_err stir_compact_expand(struct stir_judgement *j) STIR_MUST_USE;
/* Everything that does. */
enum stir_err stir_judge_credential(struct stir_judgement *j, struct stir_es256_ctx *ctx) STIR_MUST_USE;
/* TNAuthLists by reference (authority.c): which are asked for, once there is a chain; what comes for the `i`th certificate of the path, or why it does not;
 * false when the token fails for them. */
void stir_tnlist_begin(struct stir_judgement *j);
enum stir_err stir_tnlist_supply(struct stir_judgement *j, size_t i, struct stir_slice der) STIR_MUST_USE;
void stir_tnlist_miss(struct stir_judgement *j, size_t i, const char *why);
bool stir_judge_tnlist(struct stir_judgement *j);
void stir_tnlist_free(struct stir_judgement *j);
/* The number against the TNAuthLists and the domain; and, for lists that name a code, whether to ask who holds it, and what the answer means. */
void stir_judge_authority(struct stir_judgement *j);
enum stir_err stir_ask_authority(struct stir_judgement *j) STIR_MUST_USE;
void stir_answer_authority(struct stir_judgement *j, int answer);
/* Which of the tokens decides for the call, and what all of them say together (decision.c): `verdict` has those of `judgements`, in their order. */
void stir_judge_call(struct stir_verdict *verdict, const struct stir_judgement *judgements, const struct stir_call *call);
/* Read caller, callee and Date from the call. */
void stir_message_read(struct stir_message *message, const struct stir_call *call, enum stir_caller_source caller, const struct stir_tn_options *tn);

#endif
