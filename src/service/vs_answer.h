/* What a SIP answer of the verification service says of its verdict, as header lines. */
#ifndef STIR_SERVICE_VS_ANSWER_H
#define STIR_SERVICE_VS_ANSWER_H

#include "service/vs.h"

/* Write the lines that an answer to `message` (read into `sip`) carries beside those that every response has, each with its CRLF; none is no error:
 *  - for a call that goes on: P-Asserted-Identity with verstat. Those of the request, where they can be read and are the caller's; where it has none, one with
 *    the URI of From when that is a number. [actions] display-name puts the text of an ALERT before them;
 *  - Reason (RFC 9410; [verify] reason-protocol) for what failed;
 *  - for a call that is stopped: with 603 Reason of protocol Q.850, cause 21; with 603 and 608 the contact for redress in Call-Info (RFC 8688 §3.2.2: purpose
 *    jwscard, when it is an https URI);
 *  - the X-headers of [actions] headers: attest, origid and spc of calls that passed, verstat, reason of those that did not, alert of an ALERT.
 * From of a response is that of the request (RFC 3261 §8.2.6.2), and so is not written here.
 * STIR_OK; STIR_ELIMIT (`cap` too small; `*len` says what is needed without the closing NUL). */
enum stir_err stir_vs_write_headers(char *buf, size_t cap, size_t *len, struct stir_slice message, const struct stir_sip *sip,
                                    const struct stir_vs_answer *answer, const struct stir_conf *conf) STIR_MUST_USE;

#endif
