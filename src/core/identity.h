/* Inside of the Identity header, for those who have a token of their own making. */
#ifndef STIR_CORE_IDENTITY_H
#define STIR_CORE_IDENTITY_H

#include <stir/identity.h>

#include "core/bytes.h"

/* A full-form token that stands in no header: its parts, and no parameters. False when it has not three of them. */
bool stir_identity_of_token(struct stir_identity *out, struct stir_slice token) STIR_MUST_USE;
/* These values may stand in a header: no character of theirs ends its field. */
bool stir_identity_may_write(struct stir_slice x5u, struct stir_slice ppt);
/* The parameters behind the token: ";info=<...>;alg=ES256;ppt=...". */
void stir_identity_put_params(struct stir_writer *w, struct stir_slice x5u, struct stir_slice ppt, const struct stir_identity_style *style);

#endif
