#include "service/secret.h"

#include "core/bytes.h"
#include "io/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char CREDENTIAL[] = "credential:";

static bool is_credential(const char *name)
{
    return strncmp(name, CREDENTIAL, sizeof(CREDENTIAL) - 1) == 0;
}

static enum stir_err path_of(char *path, size_t cap, const char *name, struct stir_diag *diag)
{
    bool credential = is_credential(name);
    const char *folder = credential ? getenv("CREDENTIALS_DIRECTORY") : NULL, *file = credential ? name + sizeof(CREDENTIAL) - 1 : name;
    if (credential && !folder)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: there is no $CREDENTIALS_DIRECTORY: start under systemd with LoadCredential=%s:...", name, file);
    if (credential && (!*file || file[0] == '.' || strchr(file, '/')))
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: the name of a credential has no '/' and does not begin with '.'", name);
    int n = credential ? snprintf(path, cap, "%s/%s", folder, file) : snprintf(path, cap, "%s", file);
    return n > 0 && (size_t)n < cap ? STIR_OK : stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.80s: no file has a path of that length", name);
}

static enum stir_err told(enum stir_file_err err, int why, const char *name, size_t max, struct stir_diag *diag)
{
    switch (err) {
    case STIR_FILE_OK: return STIR_OK;
    case STIR_FILE_NOMEM: return STIR_ENOMEM;
    case STIR_FILE_TOO_LONG: return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%s is longer than %zu bytes", name, max);
    case STIR_FILE_DIRECTORY: return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s is a folder; a file is wanted", name);
    case STIR_FILE_OPEN_TO_OTHERS: return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s can be read by group or others: chmod 0600 it", name);
    default: return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s cannot be read: %s", name, strerror(why));
    }
}

enum stir_err stir_secret_read(struct stir_slice *out, const char *name, size_t max, bool secret, struct stir_diag *diag)
{
    char path[4096];
    TRY(path_of(path, sizeof(path), name, diag));
    /* systemd gives a unit's user its credentials by an access list, which shows as bits of the group. */
    enum stir_file_err err = stir_file_read(out, path, max, secret && !is_credential(name));
    return told(err, errno, name, max, diag);
}
