/* Revocation lists: shared by crl show, crl import and trust show. */
#ifndef STIR_CLI_CRL_H
#define STIR_CLI_CRL_H

#include "cli/trust_dir.h"

/* A list from a file or "-"; bad content answers `status_bad`. Free with stir_crl_free(). */
int crl_read(const struct cli *cli, struct stir_crl **out, const char *path, int status_bad);
/* "ISSUER, number N, FROM to UNTIL, 4 entries" and a line end. */
void crl_line(const struct stir_crl_info *info);
/* Members of an object that is open. */
void crl_json(const struct stir_crl_info *info);

#endif
