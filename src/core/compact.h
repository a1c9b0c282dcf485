/* Rich call data in the compact form (RFC 9795 §9), the same to who signs and to who verifies. */
#ifndef STIR_CORE_COMPACT_H
#define STIR_CORE_COMPACT_H

#include <stir/call.h>

#include "core/bytes.h"

/* rcd and crn as the message says them: nam is the display name of From, "" without one; crn the call-reason of Call-Info, absent without one. Nothing else
 * has a compact form: jcd, jcl and rcdi must not (§9.1, §9.2). @return STIR_OK, STIR_EVALUE (the name is not UTF-8), STIR_ELIMIT, STIR_ENOMEM. */
enum stir_err stir_compact_rcd(struct stir_slice *rcd, struct stir_slice *crn, struct stir_arena *arena, const struct stir_call *call) STIR_MUST_USE;

#endif
