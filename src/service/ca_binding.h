/* External account binding (RFC 8555 §7.3.4): an account of ours vouched for by a credential that the operator gave to somebody he knows. */
#ifndef STIR_SERVICE_CA_BINDING_H
#define STIR_SERVICE_CA_BINDING_H

#include "service/ca_parts.h"

enum { STIR_CA_BINDING_JWS = 4096 }; /* bytes of the JWS that is kept and shown again; one has some 500 */

/* What "externalAccountBinding" of a newAccount says, believed but for whether its credential is free. */
struct stir_ca_bound {
    const char *kid;       /* "": there is none */
    struct stir_slice jws; /* as it was sent */
};
/* Read and check it: form, url, key, MAC. False: a problem was answered, externalAccountRequired where one is missing among them. In the arena. */
bool stir_ca_binding_read(struct stir_ca_request *r, struct stir_ca_bound *out);
/* Within a transaction: the credential is `account`'s from now on. STIR_EEXISTS: it is another's, or was taken back. */
enum stir_err stir_ca_binding_claim(struct stir_store *store, const char *kid, const char *account) STIR_MUST_USE;

#endif
