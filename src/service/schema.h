/* What the store of the policy administrator and the certificate authority holds (docs/STORE.md): one schema, both engines. */
#ifndef STIR_SERVICE_SCHEMA_H
#define STIR_SERVICE_SCHEMA_H

#include "io/store.h"

extern const struct stir_store_schema stir_schema;

/* A name that nobody can guess, 128 bits as 22 characters of base64url: of accounts, orders and the like, in URLs too. STIR_ECRYPTO. */
enum { STIR_ID = 23 };
enum stir_err stir_id_new(char id[STIR_ID]) STIR_MUST_USE;

#endif
