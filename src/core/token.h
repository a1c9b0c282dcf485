/* Inside of authority tokens, for the files of the room. */
#ifndef STIR_CORE_TOKEN_H
#define STIR_CORE_TOKEN_H

#include <stir/token.h>

#include "core/jws.h"

struct stir_token {
    struct stir_token_info info;
    struct stir_arena arena; /* all texts of it */
    struct stir_jws jws;
    struct stir_slice x5c_pem; /* the chain of the header as PEM; absent when there is none */
    struct stir_tnauth *list;
};

STIR_AUTO_STRUCT_FREE(stir_token)

enum { STIR_FINGERPRINT_CHARS = STIR_TOKEN_FINGERPRINT_TEXT - 1 };

/* "SHA256 " and 32 pairs of hex digits with ':' between them, of either case. */
bool stir_token_is_fingerprint(struct stir_slice text);

#endif
