/* The name that a telephone shows for a call that goes on with an alert: the operator's words around the caller's own, from which everything is taken that
 * looks as if somebody had verified it. */
#ifndef STIR_SERVICE_ALERT_H
#define STIR_SERVICE_ALERT_H

#include "core/bytes.h"

enum {
    STIR_ALERT_CHARS = 15,                   /* characters of a display name that telephones show */
    STIR_ALERT_BYTES = 4 * STIR_ALERT_CHARS, /* of UTF-8 */
};

/* UTF-8 with a closing NUL, of at most STIR_ALERT_CHARS characters; answers its bytes. `name` is the caller's as the message has it, without quotes, with folds
 * and quoted pairs (struct stir_call, display_name); absent or empty: the operator's words alone. It gets the room that prefix and suffix leave. Gone are
 * check marks, badges and all other pictures, "[V]" and whatever else stands alone in brackets, "(Verified)" and its like in any case, spelling and alphabet,
 * control and invisible characters; bytes that are no UTF-8 become '?'. */
size_t stir_alert_name(char buf[STIR_ALERT_BYTES + 1], const char *prefix, struct stir_slice name, const char *suffix);

/* As a quoted-string of SIP (RFC 3261 §25.1), quotes and all. Control characters are left out. */
void stir_alert_put_quoted(struct stir_writer *w, struct stir_slice text);

#endif
