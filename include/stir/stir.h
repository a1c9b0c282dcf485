/** @file stir/stir.h  The whole library: STIR/SHAKEN in C. See libstir(3).
 *  Pure: no I/O, no clock, no threads, no globals. Objects that say "counted" or "immutable" may be shared by threads, all others belong to one at a time. */
#ifndef STIR_STIR_H
#define STIR_STIR_H

#include <stir/attest.h>
#include <stir/call.h>
#include <stir/cert.h>
#include <stir/chain.h>
#include <stir/crl.h>
#include <stir/err.h>
#include <stir/identity.h>
#include <stir/key.h>
#include <stir/limits.h>
#include <stir/lint.h>
#include <stir/passport.h>
#include <stir/policy.h>
#include <stir/reason.h>
#include <stir/replay.h>
#include <stir/signer.h>
#include <stir/slice.h>
#include <stir/spc_table.h>
#include <stir/tn.h>
#include <stir/tnauth.h>
#include <stir/token.h>
#include <stir/trust.h>
#include <stir/verdict.h>
#include <stir/verify.h>
#include <stir/verstat.h>

#endif
