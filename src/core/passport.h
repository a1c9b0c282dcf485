/* Inside of PASSporTs: the form of reading that the verifier uses, and what the files of this room share. */
#ifndef STIR_CORE_PASSPORT_H
#define STIR_CORE_PASSPORT_H

#include <stir/passport.h>

#include "core/json.h"

#define STIR_IAT_MAX INT64_C(253402300799) /* the last second of the year 9999: no clock says more, and dates have four-digit years */
#define STIR_MAX_OPT 8                     /* tokens inside each other (div-o): base64url makes each a third longer, real ones fill STIR_MAX_TOKEN with 6 */

/* As stir_passport_parse(), into the caller's struct: everything decoded lies in the arena, and the slices of `out` live as long as it does.
 * @return as stir_passport_parse(); *out is written in any case. */
enum stir_err stir_passport_read(struct stir_passport *out, struct stir_arena *arena, const struct stir_identity *identity) STIR_MUST_USE;

/* The checked payload object, to be walked with stir_json_iter(); absent text when it was none (STIR_R_PAYLOAD_JSON). */
struct stir_json stir_passport_payload(const struct stir_passport *passport);

bool stir_passport_has_fault(const struct stir_passport *passport, enum stir_reason reason);

/* ---- Between the files of this room ---- */

/* Note a fault: kept in the order of numbers, each once. */
void stir_passport_fault(struct stir_passport *passport, enum stir_reason reason);

/* Read and judge the claims of `payload`, a checked object; passport->ppt says by which rules. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_passport_claims(struct stir_passport *passport, struct stir_arena *arena, struct stir_json payload) STIR_MUST_USE;

/* `opt` is a full-form token, and so are the tokens that it nests: three parts of base64url, two strict JSON objects, 64 bytes of signature. What it says is
 * judged when it is read itself. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_opt_form(bool *good, struct stir_arena *arena, struct stir_slice opt) STIR_MUST_USE;

/* rcd and rcdi (RFC 9795). `rcd` is an absent text when the token has none. STIR_R_TN_NOT_CANONICAL is told apart, through `apn`; so is the key "icn"
 * of old drafts, which is no pointer, through `legacy`. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_rcd_form(bool *good, struct stir_slice *apn, struct stir_arena *arena, struct stir_json rcd) STIR_MUST_USE;
enum stir_err stir_rcdi_form(bool *good, bool *legacy, struct stir_arena *arena, struct stir_json rcdi, struct stir_json rcd) STIR_MUST_USE;

/* A jCard (RFC 7095 §3.2): ["vcard", [ properties ]]. */
bool stir_is_jcard(struct stir_json card);

/* How a number stands in a claim: STIR_R_NONE (canonical), STIR_R_TN_NOT_CANONICAL ('+' or visual separators) or STIR_R_TN_FORM. */
enum stir_reason stir_claim_tn_form(struct stir_slice text);

#endif
