/* Media keys (RFC 8225 §5.2.2): the claim mky, and the fingerprints of the SDP that it stands for. */
#ifndef STIR_CORE_MKY_H
#define STIR_CORE_MKY_H

#include "core/json.h"

/* The claim for these values of a=fingerprint, "sha-256 AB:CD:...", in their order; the absent slice when there are none, one is malformed, or there are more
 * than STIR_MAX_FINGERPRINTS. @return STIR_OK, STIR_ENOMEM. */
enum stir_err stir_mky_write(struct stir_slice *out, struct stir_arena *arena, const struct stir_slice *fingerprints, size_t n) STIR_MUST_USE;

/* Do the claim `mky` (an array that stir_passport_read() found good) and the fingerprints name the same keys, whatever their order? @return STIR_OK,
 * STIR_ENOMEM. */
enum stir_err stir_mky_compare(bool *same, struct stir_arena *arena, struct stir_slice mky, const struct stir_slice *fingerprints, size_t n) STIR_MUST_USE;

#endif
