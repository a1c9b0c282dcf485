/* What the commands of `stir pa` share. */
#ifndef STIR_CLI_PA_H
#define STIR_CLI_PA_H

#include "cli/desk.h"
#include "service/pa.h"
#include "service/schema.h"

/* desk_read() and desk_open(). */
int pa_open(const struct cli *cli, struct cli_desk *desk, bool create);
/* "provider voice: suspended", or {"provider":"voice","state":"suspended"}. */
int pa_done(const struct cli *cli, const char *kind, const char *which, const char *member, const char *value);

/* A password of --password-file, or one that is made. The caller cleanses it. */
struct pa_password {
    char text[STIR_PA_MAX_PASSWORD + 1];
    bool made;
};
int pa_password_read(const struct cli *cli, struct pa_password *out);

/* A certificate by its SHA-256 or the beginning of it, 8 digits or more. CLI_NO: none is listed, or several begin so; said already. */
int pa_find_ca(const struct cli *cli, struct cli_desk *desk, const char *beginning, char sha256[2 * STIR_SHA256 + 1]);

/* The reading of [pa] of --conf; CLI_CANNOT when it cannot be used, said already. */
int pa_reading(const struct cli *cli, struct stir_pa **out, const struct cli_desk *desk);

#endif
