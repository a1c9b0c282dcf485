/* Files that the configuration names: by path, or as credential:NAME, which systemd's LoadCredential put into $CREDENTIALS_DIRECTORY. */
#ifndef STIR_SERVICE_SECRET_H
#define STIR_SERVICE_SECRET_H

#include <stir/err.h>

/* Read the file `name` of at most `max` bytes, NUL behind it, not counted. `secret`: refused when group or others can read it, unless it is a credential, whose
 * folder is closed to them. Free with stir_file_free(), which cleanses. @return STIR_OK; STIR_EIO, STIR_ELIMIT, STIR_ENOMEM: `diag` names the file and what to
 * do. */
enum stir_err stir_secret_read(struct stir_slice *out, const char *name, size_t max, bool secret, struct stir_diag *diag) STIR_MUST_USE;

#endif
