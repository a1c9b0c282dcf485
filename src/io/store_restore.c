#include "io/store_restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/clock.h"
#include "io/crash_point.h"
#include "io/store_copy.h"

static enum stir_err say(struct stir_diag *diag, enum stir_err err, const char *path, const char *why)
{
    return stir_diag_set(diag, err, SIZE_MAX, "%.120s: %s", path, why);
}

static bool is_there(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* Whoever has a store open holds a lock in the 512 bytes that SQLite keeps for that. This process has it not open, so that closing the file gives up nothing.
 */
static bool is_in_use(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000, .l_len = 512};
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    const bool used = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        (void)close(fd);
    return used;
}

static bool put_path(char out[PATH_MAX], const char *path, const char *end)
{
    return snprintf(out, PATH_MAX, "%s%s", path, end) < PATH_MAX;
}

static enum stir_err check_place(const struct stir_store_restore *r, bool force, struct stir_diag *diag)
{
    if (is_there(r->target) && !force)
        return say(diag, STIR_EEXISTS, r->target, "is there already; --force replaces it, and keeps it under another name");
    if (is_in_use(r->target))
        return say(diag, STIR_EBUSY, r->target, "a program has it open: stop stir serve first");
    return STIR_OK;
}

/* A backup is one file; a journal beside it says that it is a store in use, or a copy that was made without one. */
static enum stir_err open_backup(sqlite3 **out, const char *file, struct stir_diag *diag)
{
    char journal[PATH_MAX];
    if (!is_there(file))
        return say(diag, STIR_ENOTFOUND, file, strerror(ENOENT));
    if (!put_path(journal, file, "-wal") || is_there(journal))
        return say(diag, STIR_EVALUE, file, "has a journal beside it, and so is no backup of stir store backup");
    if (sqlite3_open_v2(file, out, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
        sqlite3_exec(*out, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK)
        return STIR_OK;
    enum stir_err err = say(diag, STIR_EVALUE, file, *out ? sqlite3_errmsg(*out) : "out of memory");
    (void)sqlite3_close(*out);
    *out = NULL;
    return err;
}

/* Root restores for whoever runs the daemon: the copy is of the owner of what was there, or of its folder. */
static enum stir_err give_away(const struct stir_store_restore *r, struct stir_diag *diag)
{
    struct stat st;
    char folder[PATH_MAX];
    const char *slash = strrchr(r->target, '/');
    if (geteuid() != 0)
        return STIR_OK;
    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - r->target) + 1 : 1, slash ? r->target : ".");
    if ((lstat(r->target, &st) != 0 && stat(folder, &st) != 0) || chown(r->temporary, st.st_uid, st.st_gid) != 0)
        return say(diag, STIR_EIO, r->temporary, strerror(errno));
    return STIR_OK;
}

enum stir_err stir_store_restore_copy(struct stir_store_restore *out, const char *target, const char *file, bool force,
                                      void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *diag)
{
    sqlite3 *backup = NULL;
    *out = (struct stir_store_restore){.kept = ""};
    if (!put_path(out->target, target, "") || !put_path(out->temporary, target, ".restoring"))
        return say(diag, STIR_ELIMIT, target, strerror(ENAMETOOLONG));
    TRY(check_place(out, force, diag));
    TRY(open_backup(&backup, file, diag));
    stir_store_restore_drop(out); /* of one that was killed */
    enum stir_err err = stir_store_copy_sqlite(backup, out->temporary, progress, arg, diag);
    (void)sqlite3_close(backup);
    if (err == STIR_OK)
        err = give_away(out, diag);
    if (err != STIR_OK)
        stir_store_restore_drop(out);
    return err;
}

/* What was there, journal and all, under a name of this moment. The journal goes before the new file comes: SQLite would apply it to that. */
static enum stir_err keep_former(struct stir_store_restore *r, struct stir_diag *diag)
{
    char end[40], journal[PATH_MAX], kept_journal[PATH_MAX], shared[PATH_MAX];
    struct stir_writer w = stir_writer_of(end, sizeof(end));
    stir_put_format(&w, ".before-%lld", (long long)stir_clock_unix_ms());
    TRY(stir_writer_close(&w, NULL));
    if (!put_path(r->kept, r->target, end) || !put_path(journal, r->target, "-wal") || !put_path(kept_journal, r->kept, "-wal") ||
        !put_path(shared, r->target, "-shm"))
        return say(diag, STIR_ELIMIT, r->target, strerror(ENAMETOOLONG));
    if (link(r->target, r->kept) != 0)
        return say(diag, STIR_EIO, r->kept, strerror(errno));
    if (rename(journal, kept_journal) != 0 && errno != ENOENT)
        return say(diag, STIR_EIO, kept_journal, strerror(errno));
    if (unlink(shared) != 0 && errno != ENOENT)
        return say(diag, STIR_EIO, shared, strerror(errno));
    return STIR_OK;
}

enum stir_err stir_store_restore_place(struct stir_store_restore *r, struct stir_diag *diag)
{
    char journal[PATH_MAX];
    stir_crash_point("restore: looked at, not in place");
    TRY(check_place(r, true, diag));
    if (!put_path(journal, r->temporary, "-wal") || is_there(journal))
        return say(diag, STIR_EIO, r->temporary, "its journal was not taken into it; is the disk full?");
    if (is_there(r->target))
        TRY(keep_former(r, diag));
    stir_crash_point("restore: former one kept");
    if (rename(r->temporary, r->target) != 0)
        return say(diag, STIR_EIO, r->target, strerror(errno));
    stir_crash_point("restore: in place");
    return stir_store_sync_folder(r->target) ? STIR_OK : say(diag, STIR_EIO, r->target, strerror(errno));
}

void stir_store_restore_drop(struct stir_store_restore *r)
{
    char beside[PATH_MAX];
    (void)unlink(r->temporary);
    if (put_path(beside, r->temporary, "-wal"))
        (void)unlink(beside);
    if (put_path(beside, r->temporary, "-shm"))
        (void)unlink(beside);
}
