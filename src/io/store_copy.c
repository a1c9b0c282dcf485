#include "io/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/crash_point.h"

enum { PAGES_AT_ONCE = 512 };

static enum stir_err say(struct stir_diag *said, const char *path, const char *why)
{
    return stir_diag_set(said, STIR_EIO, SIZE_MAX, "cannot write %.120s: %s", path, why);
}

static int step(sqlite3_backup *copy, void (*progress)(void *arg, int64_t done, int64_t all), void *arg)
{
    int code = sqlite3_backup_step(copy, PAGES_AT_ONCE);
    while (code == SQLITE_OK) {
        if (progress)
            progress(arg, sqlite3_backup_pagecount(copy) - sqlite3_backup_remaining(copy), sqlite3_backup_pagecount(copy));
        code = sqlite3_backup_step(copy, PAGES_AT_ONCE);
    }
    return code;
}

/* A transaction that reads holds the moment: without one the copy would begin anew at each change of others. */
static enum stir_err copy_pages(sqlite3 *from, sqlite3 *to, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
                                struct stir_diag *said)
{
    if (sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL) != SQLITE_OK) {
        enum stir_err err = stir_diag_set(said, STIR_EIO, SIZE_MAX, "cannot read the store: %s", sqlite3_errmsg(from));
        if (!sqlite3_get_autocommit(from))
            (void)sqlite3_exec(from, "ROLLBACK", NULL, NULL, NULL);
        return err;
    }
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    int code = copy ? step(copy, progress, arg) : SQLITE_ERROR;
    const int closed = copy ? sqlite3_backup_finish(copy) : SQLITE_OK;
    (void)sqlite3_exec(from, "ROLLBACK", NULL, NULL, NULL);
    if (code == SQLITE_DONE && closed == SQLITE_OK)
        return STIR_OK;
    return say(said, path, sqlite3_errmsg(to));
}

/* One file, without a journal beside it: whoever opens it next makes one. */
static enum stir_err fill(sqlite3 *from, const char *temporary, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg,
                          struct stir_diag *said)
{
    sqlite3 *to = NULL;
    enum stir_err err = STIR_OK;
    if (sqlite3_open_v2(temporary, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        err = say(said, path, to ? sqlite3_errmsg(to) : "out of memory");
    if (err == STIR_OK)
        err = copy_pages(from, to, path, progress, arg, said);
    if (err == STIR_OK && sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) != SQLITE_OK)
        err = say(said, path, sqlite3_errmsg(to));
    if (sqlite3_close(to) != SQLITE_OK && err == STIR_OK)
        err = say(said, path, "it cannot be closed");
    return err;
}

static bool sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

bool stir_store_sync_folder(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof(copy), "%s", path);
    return sync_path(dirname(copy), O_DIRECTORY);
}

/* The name appears with all of the content behind it. */
static enum stir_err put_in_place(const char *temporary, const char *path, struct stir_diag *said)
{
    if (!sync_path(temporary, 0))
        return say(said, path, strerror(errno));
    stir_crash_point("backup: before its name");
    if (link(temporary, path) != 0) {
        const int why = errno;
        return why == EEXIST ? stir_diag_set(said, STIR_EEXISTS, SIZE_MAX, "%.120s is there already: name a new file", path) : say(said, path, strerror(why));
    }
    stir_crash_point("backup: named");
    return stir_store_sync_folder(path) ? STIR_OK : say(said, path, strerror(errno));
}

enum stir_err stir_store_copy_sqlite(sqlite3 *db, const char *path, void (*progress)(void *arg, int64_t done, int64_t all), void *arg, struct stir_diag *said)
{
    char temporary[PATH_MAX];
    struct stat st;
    if (lstat(path, &st) == 0)
        return stir_diag_set(said, STIR_EEXISTS, SIZE_MAX, "%.120s is there already: name a new file", path);
    if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
        return say(said, path, strerror(ENAMETOOLONG));
    int fd = mkstemp(temporary); /* 0600 */
    if (fd < 0)
        return say(said, path, strerror(errno));
    (void)close(fd);
    enum stir_err err = fill(db, temporary, path, progress, arg, said);
    if (err == STIR_OK)
        err = put_in_place(temporary, path, said);
    (void)unlink(temporary);
    return err;
}
