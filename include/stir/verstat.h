/** @file stir/verstat.h  The verstat parameter of P-Asserted-Identity and From (TS 24.229 §7.2A.20): the sender's own taken out, the verifier's put in.
 *  Pure: no I/O. Thread-safe. */
#ifndef STIR_VERSTAT_H
#define STIR_VERSTAT_H

#include <stir/policy.h>
#include <stir/verdict.h>

STIR_BEGIN

/** Take every verstat out of one value of From or P-Asserted-Identity: a URI or a name-addr, not a list of them. It is found in the user part, behind the
 *  host and behind the '>', in any case, with percent-escapes and blanks. What a display name or another quoted string says stays, and so does all else but
 *  blanks around what was taken out and between angle brackets and URI. With a closing NUL.
 *  @return STIR_OK; STIR_ESYNTAX (two readers could see different parameters in it: a quote or bracket out of place, a control character, a blank within a URI,
 *  a comma behind it; or its parameter is part of what else would be a number), STIR_ELIMIT (`cap` too small; `*len` says what is needed without the NUL),
 *  STIR_EARG. A value that cannot be read should not be sent on. */
STIR_API STIR_MUST_USE enum stir_err stir_verstat_strip(char *buf, size_t cap, size_t *len, struct stir_slice value);

/** The same, with this verstat put in: behind the number of a tel URI and its parameters, or at the end of the user part of a SIP URI that names a number.
 *  `attest` 0 writes the plain value; 'B' and 'C' are written behind TN-Validation-Passed for networks that want "-B" and "-C", 'A' and other results stay
 * plain.
 *  @return as stir_verstat_strip(); STIR_EVALUE when the value names no number that could carry it; STIR_EARG for another `attest`, too. */
STIR_API STIR_MUST_USE enum stir_err stir_verstat_put(char *buf, size_t cap, size_t *len, struct stir_slice value, enum stir_verstat verstat, char attest);

/** What became of a request on its way. */
struct stir_verstat_report {
    size_t put;                     /**< values of From and P-Asserted-Identity that carry the verdict's verstat now */
    size_t stripped;                /**< values that had come with one */
    bool resource_priority_removed; /**< RPH-Validation-Failed: it is an ordinary call now (RFC 8443 §4.2) */
};

/** The request as it goes on after its verification, with a closing NUL: verstat taken out of From and of each P-Asserted-Identity, and put into those that
 *  name the caller who was judged (a number that nobody looked at gets none); Resource-Priority taken out when the verdict says that its signature failed; all
 *  else, Identity too, byte for byte. `verdict` and `policy` are those of this message. `with_attest`: "-B" and "-C" as for stir_verstat_put(). `report` may
 *  be NULL.
 *  @return STIR_OK; STIR_ESYNTAX, STIR_ELIMIT (no SIP request, or a value that stir_verstat_strip() refuses; `diag` says which; `cap` too small, as above),
 *  STIR_EARG. */
STIR_API STIR_MUST_USE enum stir_err stir_verstat_message(char *buf, size_t cap, size_t *len, struct stir_verstat_report *report, struct stir_slice message,
                                                          const struct stir_verdict *verdict, const struct stir_policy *policy, bool with_attest,
                                                          struct stir_diag *diag);

STIR_END
#endif
