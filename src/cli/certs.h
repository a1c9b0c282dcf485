/* Reading files of certificates: shared by cert show, cert lint and cert verify. */
#ifndef STIR_CLI_CERTS_H
#define STIR_CLI_CERTS_H

#include "cli/cli.h"

enum { CERTS_MAX = 512 }; /* bundles of trust anchors are looked at too */

struct certs {
    struct stir_cert *cert[CERTS_MAX];
    size_t n;
};

/* All certificates of a file or "-"; bad content is CLI_NO. */
int certs_read(const struct cli *cli, struct certs *out, const char *path);
void certs_clear(struct certs *certs);
/* The one among them that issued `cert`, NULL when none did. */
const struct stir_cert *certs_issuer(const struct certs *certs, const struct stir_cert *cert);

#endif
