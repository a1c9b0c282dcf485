/* From root to somebody who may do nothing else, with no way back. Main thread, before any other thread begins: what it changes is the process's. */
#ifndef STIR_IO_PRIVILEGE_H
#define STIR_IO_PRIVILEGE_H

#include <stir/err.h>

/* Become `user` and `group` ("": the user's own), with the groups of that user and no others, and make sure that there is no way back. umask is 0077 from here
 * on; no core is ever dumped, since it would hold keys; nothing that is executed gains rights.
 * Who is not root already stays, and `user`, when it is given, must be who it is. Root must say who to become: STIR_EVALUE without `user`; "root" is an answer,
 * if not a good one. STIR_ENOTFOUND (no such user or group), STIR_EIO (the system refused): `diag` says which and what to do. */
enum stir_err stir_privilege_drop(const char *user, const char *group, struct stir_diag *diag) STIR_MUST_USE;

#endif
