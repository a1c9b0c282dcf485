/* Static files for a web server: ca-list.jws, crl.der, crl.pem, signer.pem, crl-signer.pem, and what signed under the names that x5u has. Whoever writes holds
 * the folder and reads the store under that, so that a slower one never puts an older list in the place of a newer one. */
#include "service/pa_parts.h"

#include "io/dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH = 4096 };

static enum stir_err failed(struct stir_diag *diag, const char *path, enum stir_file_err err)
{
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "[pa] static-dir: %.100s: %s", path, err == STIR_FILE_ERRNO ? strerror(errno) : "cannot be written");
}

static bool path_of(char path[PATH], const struct stir_pa *pa, const char *name)
{
    int n = snprintf(path, PATH, "%s/%s", pa->conf->static_dir, name);
    return n > 0 && n < PATH;
}

static enum stir_err write_file(const struct stir_pa *pa, const char *name, struct stir_slice content, struct stir_diag *diag)
{
    char path[PATH];
    if (!path_of(path, pa, name))
        return STIR_ELIMIT;
    enum stir_file_err err = stir_file_write(path, content, STIR_FILE_PUBLISHED);
    return err == STIR_FILE_OK ? STIR_OK : failed(diag, path, err);
}

static enum stir_err write_seal(const struct stir_pa *pa, const struct stir_pa_seal *seal, const char *name, struct stir_diag *diag)
{
    char own[STIR_PA_CERT_ID + 4];
    snprintf(own, sizeof(own), "%s.pem", seal->id);
    TRY(write_file(pa, own, stir_slice_of(seal->pem, seal->n_pem), diag));
    return write_file(pa, name, stir_slice_of(seal->pem, seal->n_pem), diag);
}

/* A list that trusts nobody cannot be said: then there is none. */
static enum stir_err remove_list(const struct stir_pa *pa, struct stir_diag *diag)
{
    char path[PATH];
    if (!path_of(path, pa, "ca-list.jws"))
        return STIR_ELIMIT;
    return unlink(path) == 0 || errno == ENOENT ? STIR_OK : failed(diag, path, STIR_FILE_ERRNO);
}

static enum stir_err write_list(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_diag *diag)
{
    struct stir_pa_issue list;
    enum stir_err err = stir_pa_list_newest(&list, clerk->store, diag);
    if (err == STIR_ENOTFOUND)
        err = remove_list(pa, diag);
    else if (err == STIR_OK && list.number != atomic_load(&pa->file_list))
        err = write_file(pa, "ca-list.jws", stir_slice_of(list.text, list.n), diag);
    if (err == STIR_OK)
        atomic_store(&pa->file_list, list.number);
    free(list.text);
    return err;
}

static enum stir_err write_both(const struct stir_pa *pa, const struct stir_pa_issue *crl, struct stir_diag *diag)
{
    char *pem = NULL;
    size_t n = 0;
    struct stir_slice der = stir_slice_of(crl->text, crl->n);
    TRY(stir_pa_crl_pem(&pem, &n, der, diag));
    enum stir_err err = write_file(pa, "crl.der", der, diag);
    if (err == STIR_OK)
        err = write_file(pa, "crl.pem", stir_slice_of(pem, n), diag);
    free(pem);
    return err;
}

static enum stir_err write_crl(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_diag *diag)
{
    struct stir_pa_issue crl;
    enum stir_err err = stir_pa_crl_newest(&crl, clerk->store, diag);
    if (err == STIR_OK && crl.number != atomic_load(&pa->file_crl))
        err = write_both(pa, &crl, diag);
    if (err == STIR_OK)
        atomic_store(&pa->file_crl, crl.number);
    free(crl.text);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err write_all(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_diag *diag)
{
    if (!atomic_load(&pa->file_certs)) {
        TRY(write_seal(pa, &pa->signer, "signer.pem", diag));
        TRY(write_seal(pa, stir_pa_crl_seal(pa), "crl-signer.pem", diag));
        TRY(write_file(pa, "root.pem", stir_slice_of(pa->root_pem, pa->n_root_pem), diag));
        atomic_store(&pa->file_certs, true);
    }
    TRY(write_list(pa, clerk, diag));
    return write_crl(pa, clerk, diag);
}

static bool is_written(struct stir_pa *pa, const struct stir_pa_state *state)
{
    return atomic_load(&pa->file_certs) && atomic_load(&pa->file_list) == state->list && atomic_load(&pa->file_crl) == state->crl;
}

enum stir_err stir_pa_files(struct stir_pa *pa, struct stir_clerk *clerk, const struct stir_pa_state *state, struct stir_diag *diag)
{
    int lock = -1;
    if (!pa->conf->static_dir[0] || is_written(pa, state))
        return STIR_OK;
    enum stir_file_err err = stir_dir_make(pa->conf->static_dir);
    if (err == STIR_FILE_OK)
        err = stir_dir_lock(&lock, pa->conf->static_dir);
    if (err != STIR_FILE_OK)
        return failed(diag, pa->conf->static_dir, err);
    enum stir_err done = write_all(pa, clerk, diag);
    stir_dir_unlock(lock);
    return done;
}
