/* The client's folder. Every name in it comes to be by one rename, so that a kill at any moment leaves the old or the new. */
#include "service/acme_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/crash_point.h"
#include "io/dir.h"

enum { WORK_MAX = 16384 };
static const char work_file[] = "order.json";

static enum stir_err failed(struct stir_diag *diag, const char *path, const char *what)
{
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s cannot be %s: %s", path, what, strerror(errno));
}

static enum stir_err of_file(enum stir_file_err err, const char *path, const char *what, struct stir_diag *diag)
{
    switch (err) {
    case STIR_FILE_OK: return STIR_OK;
    case STIR_FILE_NOMEM: return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    case STIR_FILE_OPEN_TO_OTHERS: return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s can be read by group or others: chmod 0600 it", path);
    case STIR_FILE_TOO_LONG: return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%.120s is longer than such a file is", path);
    case STIR_FILE_DIRECTORY: return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s is a folder; a file is wanted", path);
    case STIR_FILE_HOLDS_KEY: return stir_diag_set(diag, STIR_EEXISTS, SIZE_MAX, "%.120s holds a private key, which is not written over", path);
    case STIR_FILE_EXISTS: return stir_diag_set(diag, STIR_EEXISTS, SIZE_MAX, "%.120s is there already", path);
    default: break;
    }
    if (errno == ENOENT)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "%.120s is not there", path);
    return failed(diag, path, what);
}

enum stir_err stir_acme_path(char out[STIR_ACME_PATH], const struct stir_acme *acme, const char *name, struct stir_diag *diag)
{
    int n = snprintf(out, STIR_ACME_PATH, "%s/%s", acme->dir, name);
    return n > 0 && n < STIR_ACME_PATH ? STIR_OK : stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%.80s: no file has a path of that length", acme->dir);
}

/* One at a time: a timer and a person must not both order. */
enum stir_err stir_acme_hold(struct stir_acme *acme, struct stir_diag *diag)
{
    if (acme->lock >= 0)
        return STIR_OK;
    int fd = open(acme->dir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0)
        return failed(diag, acme->dir, "opened");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return stir_diag_set(diag, STIR_EBUSY, SIZE_MAX, "another process works on %.120s now", acme->dir);
    }
    acme->lock = fd;
    return STIR_OK;
}

void stir_acme_let_go(struct stir_acme *acme)
{
    if (acme->lock >= 0)
        close(acme->lock);
    acme->lock = -1;
}

enum stir_err stir_acme_load(struct stir_slice *out, const struct stir_acme *acme, const char *name, size_t max, bool secret, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH];
    TRY(stir_acme_path(path, acme, name, diag));
    return of_file(stir_file_read(out, path, max, secret), path, "read", diag);
}

static enum stir_err sync_dir(const char *path, struct stir_diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    int bad = fd < 0 || fsync(fd) != 0;
    if (fd >= 0)
        close(fd);
    return bad ? failed(diag, path, "synced") : STIR_OK;
}

enum stir_err stir_acme_save(const struct stir_acme *acme, const char *name, struct stir_slice content, bool secret, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH];
    TRY(stir_acme_path(path, acme, name, diag));
    stir_crash_point("acme client: before a file");
    TRY(of_file(stir_file_write(path, content, secret ? STIR_FILE_SECRET_FORCED : STIR_FILE_PUBLIC), path, "written", diag));
    stir_crash_point("acme client: after a file");
    return sync_dir(acme->dir, diag);
}

void stir_acme_drop(const struct stir_acme *acme, const char *name)
{
    char path[STIR_ACME_PATH];
    if (stir_acme_path(path, acme, name, NULL) == STIR_OK)
        (void)unlink(path);
}

enum stir_err stir_acme_rename(const struct stir_acme *acme, const char *from, const char *to, struct stir_diag *diag)
{
    char old[STIR_ACME_PATH], new[STIR_ACME_PATH];
    TRY(stir_acme_path(old, acme, from, diag));
    TRY(stir_acme_path(new, acme, to, diag));
    stir_crash_point("acme client: before a rename");
    if (rename(old, new) != 0)
        return failed(diag, new, "put in place");
    stir_crash_point("acme client: after a rename");
    return sync_dir(acme->dir, diag);
}

enum stir_err stir_acme_load_key(struct stir_key **out, const struct stir_acme *acme, const char *name, struct stir_diag *diag)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag why = {0};
    TRY(stir_acme_load(&pem, acme, name, STIR_MAX_KEY_PEM, true, diag));
    enum stir_err err = stir_key_from_pem(out, pem, NULL, NULL, &why);
    stir_file_free(&pem);
    return err == STIR_OK ? STIR_OK : stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.100s/%s is no key that can be used: %s", acme->dir, name, stir_err_text(err));
}

static enum stir_err write_key(char pem[4096], size_t *n, const struct stir_key *key, struct stir_diag *diag)
{
    enum stir_err err = stir_key_write_pem(pem, 4096, n, key, (struct stir_slice){NULL, 0});
    return err == STIR_OK ? STIR_OK : stir_diag_set(diag, err, SIZE_MAX, "the key cannot be written: %s", stir_err_text(err));
}

enum stir_err stir_acme_save_key(const struct stir_acme *acme, const char *name, const struct stir_key *key, struct stir_diag *diag)
{
    char pem[4096];
    size_t n;
    enum stir_err err = write_key(pem, &n, key, diag);
    err = err == STIR_OK ? stir_acme_save(acme, name, stir_slice_of(pem, n), true, diag) : err;
    OPENSSL_cleanse(pem, sizeof(pem));
    return err;
}

/* ---- certs/SERIAL ---- */

static void remove_half(const struct stir_acme *acme, const char *half)
{
    static const char *const files[] = {"key.pem", "chain.pem", "x5u"};
    char name[160], path[STIR_ACME_PATH];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(name, sizeof(name), "%s/%s", half, files[i]);
        stir_acme_drop(acme, name);
    }
    if (stir_acme_path(path, acme, half, NULL) == STIR_OK)
        (void)rmdir(path);
}

static enum stir_err make_half(const struct stir_acme *acme, const char *half, const struct stir_key *key, struct stir_slice chain, const char *x5u,
                               struct stir_diag *diag)
{
    char path[STIR_ACME_PATH], name[160], line[STIR_MAX_URL + 2];
    TRY(stir_acme_path(path, acme, "certs", diag));
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return failed(diag, path, "made");
    TRY(stir_acme_path(path, acme, half, diag));
    if (mkdir(path, 0755) != 0)
        return failed(diag, path, "made");
    snprintf(name, sizeof(name), "%s/key.pem", half);
    TRY(stir_acme_save_key(acme, name, key, diag));
    snprintf(name, sizeof(name), "%s/chain.pem", half);
    TRY(stir_acme_save(acme, name, chain, false, diag));
    snprintf(name, sizeof(name), "%s/x5u", half);
    snprintf(line, sizeof(line), "%s\n", x5u);
    if (x5u[0])
        TRY(stir_acme_save(acme, name, stir_slice_str(line), false, diag));
    return sync_dir(path, diag);
}

enum stir_err stir_acme_keep(const struct stir_acme *acme, const char *serial, const struct stir_key *key, struct stir_slice chain, const char *x5u,
                             struct stir_diag *diag)
{
    char half[80], whole[80], path[STIR_ACME_PATH];
    snprintf(half, sizeof(half), "certs/.%s.new", serial);
    snprintf(whole, sizeof(whole), "certs/%s", serial);
    TRY(stir_acme_path(path, acme, whole, diag));
    if (stir_dir_is(path))
        return STIR_OK; /* a kill behind the rename: it was whole then */
    remove_half(acme, half);
    TRY(make_half(acme, half, key, chain, x5u, diag));
    TRY(stir_acme_rename(acme, half, whole, diag));
    TRY(stir_acme_path(path, acme, "certs", diag));
    return sync_dir(path, diag);
}

enum stir_err stir_acme_use(const struct stir_acme *acme, const char *serial, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH], target[80];
    snprintf(target, sizeof(target), "certs/%s", serial);
    TRY(stir_acme_path(path, acme, ".current.new", diag));
    (void)unlink(path);
    if (symlink(target, path) != 0)
        return failed(diag, path, "made");
    return stir_acme_rename(acme, ".current.new", "current", diag);
}

/* ---- order.json ---- */

static void take(char *out, size_t cap, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    snprintf(out, cap, "%s", text && strlen(text) < cap ? text : "");
}

/* It is ours, but a disk may have lost its end: then it counts as not there, and an order is begun anew. */
enum stir_err stir_acme_work_load(struct stir_acme_work *out, const struct stir_acme *acme, struct stir_diag *diag)
{
    struct stir_slice text = {NULL, 0};
    *out = (struct stir_acme_work){.order = ""};
    TRY(stir_acme_load(&text, acme, work_file, WORK_MAX, false, diag));
    json_t *object = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    stir_file_free(&text);
    take(out->identifier, sizeof(out->identifier), object, "identifier");
    take(out->order, sizeof(out->order), object, "order");
    take(out->key, sizeof(out->key), object, "key");
    take(out->deploy, sizeof(out->deploy), object, "deploy");
    json_decref(object);
    return out->order[0] || out->deploy[0] ? STIR_OK : stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "nothing is under way");
}

enum stir_err stir_acme_work_save(const struct stir_acme_work *work, const struct stir_acme *acme, struct stir_diag *diag)
{
    json_t *object = json_pack("{ssssssss}", "identifier", work->identifier, "order", work->order, "key", work->key, "deploy", work->deploy);
    char *text = object ? json_dumps(object, JSON_INDENT(1)) : NULL;
    json_decref(object);
    enum stir_err err = text ? stir_acme_save(acme, work_file, stir_slice_str(text), false, diag) : STIR_ENOMEM;
    free(text);
    return err;
}

void stir_acme_work_drop(const struct stir_acme *acme)
{
    stir_acme_drop(acme, work_file);
}
