/* A provider's side of the policy administrator: log in, ask for an SPC token (RFC 9447 §5, RFC 9448 §5.5, the deployed API of requirements D6). */
#ifndef STIR_SERVICE_PA_CLIENT_H
#define STIR_SERVICE_PA_CLIENT_H

#include "io/peer.h"

#include <stir/tnauth.h>

struct stir_pa_client {
    const char *url;     /* "https://authenticate-api.iconectiv.com" */
    bool generic;        /* the paths of ATIS-1000080, /sti-pa/account/ID/token, and Bearer; else the deployed ones, /api/v1/... */
    bool unwrapped;      /* members of atc not within "atc" */
    const char *account; /* the id in the path */
    const char *user;    /* of the login; NULL: `token` is the authorization */
    struct stir_slice password;
    struct stir_slice token; /* an access token; absent: log in */
};
/* An SPC token for `list` and `fingerprint`, checked as far as the client can (stir_token_read(), its list, its fingerprint, life left of `min_life` seconds).
 * `crl`: what it says of its CRL, "" when nothing. Both are free()d by the caller. STIR_EIO (no answer), STIR_EVALUE (it says no: `diag` says its words). */
enum stir_err stir_pa_client_token(char **token, char **crl, struct stir_peer *peer, const struct stir_pa_client *client, const struct stir_tnauth *list,
                                   const char *fingerprint, bool ca, int64_t now, int64_t min_life, struct stir_diag *diag) STIR_MUST_USE;

#endif
