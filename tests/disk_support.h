/* A disk under SQLite that can lose its power, and be full. What was written and not synced is lost with the power: a copy of each file as of its last sync is
 * kept in the folder, as "synced-NAME". disk_begin() before the first store is opened. */
#ifndef STIR_TESTS_DISK_SUPPORT_H
#define STIR_TESTS_DISK_SUPPORT_H

#include <sqlite3.h>

#include "folder_support.h"

enum { DISK_FILES = 64 };

struct disk_file {
    sqlite3_file *file;
    char name[128];
    const sqlite3_io_methods *real;
    sqlite3_io_methods ours;
};

static struct disk_file disk_files[DISK_FILES];
static sqlite3_vfs disk_vfs, *disk_real;
static bool disk_is_full;
static unsigned disk_syncs;

static inline struct disk_file *disk_find(const sqlite3_file *file)
{
    for (size_t i = 0; i < DISK_FILES; i++)
        if (disk_files[i].file == file)
            return &disk_files[i];
    return NULL;
}

static inline void disk_copy(const char *from, const char *to)
{
    char *bytes = NULL;
    struct stat st;
    int fd = open(path_in(from), O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    bytes = malloc((size_t)st.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(pread(fd, bytes, (size_t)st.st_size, 0), st.st_size);
    close(fd); /* SQLite's locks are of the process: of files that a store has open, only the journal is copied while they matter */
    file_put(to, bytes, (size_t)st.st_size);
    free(bytes);
}

/* Through the descriptor of a copy, for closing one of our own would give up SQLite's locks on the file. */
static inline void disk_keep(struct disk_file *f)
{
    char to[160], *bytes;
    sqlite3_int64 n = 0;
    assert_int_equal(f->real->xFileSize(f->file, &n), SQLITE_OK);
    bytes = malloc((size_t)n + 1);
    assert_non_null(bytes);
    for (sqlite3_int64 at = 0; at < n; at += 4096)
        assert_int_equal(f->real->xRead(f->file, bytes + at, (int)(n - at < 4096 ? n - at : 4096), at), SQLITE_OK);
    snprintf(to, sizeof(to), "synced-%s", f->name);
    file_put(to, bytes, (size_t)n);
    free(bytes);
}

static inline int disk_sync(sqlite3_file *file, int flags)
{
    struct disk_file *f = disk_find(file);
    const int code = f->real->xSync(file, flags);
    if (code == SQLITE_OK)
        disk_keep(f);
    disk_syncs++;
    return code;
}

static inline int disk_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    return disk_is_full ? SQLITE_FULL : disk_find(file)->real->xWrite(file, bytes, n, at);
}

static inline int disk_close(sqlite3_file *file)
{
    struct disk_file *f = disk_find(file);
    f->file = NULL;
    return f->real->xClose(file);
}

static inline int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    const int code = disk_real->xOpen(disk_real, name, file, flags, out);
    struct disk_file *f = disk_find(NULL);
    (void)vfs;
    if (code != SQLITE_OK || !file->pMethods || !name)
        return code;
    assert_non_null(f);
    const char *slash = strrchr(name, '/');
    snprintf(f->name, sizeof(f->name), "%s", slash ? slash + 1 : name);
    f->file = file;
    f->real = file->pMethods;
    f->ours = *f->real;
    f->ours.xSync = disk_sync;
    f->ours.xWrite = disk_write;
    f->ours.xClose = disk_close;
    file->pMethods = &f->ours;
    return code;
}

static inline void disk_begin(void)
{
    disk_real = sqlite3_vfs_find(NULL);
    disk_vfs = *disk_real;
    disk_vfs.zName = "disk";
    disk_vfs.xOpen = disk_open;
    disk_vfs.pNext = NULL;
    assert_int_equal(sqlite3_vfs_register(&disk_vfs, 1), SQLITE_OK);
}

static inline void disk_end(void)
{
    assert_int_equal(sqlite3_vfs_unregister(&disk_vfs), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_register(disk_real, 1), SQLITE_OK);
}

/* What is left of `name` and its journal when the power goes now: `copy` and its journal. */
static inline void disk_lose_power(const char *name, const char *copy)
{
    char from[160], to[160];
    snprintf(from, sizeof(from), "synced-%s", name);
    disk_copy(from, copy);
    snprintf(from, sizeof(from), "synced-%s-wal", name);
    snprintf(to, sizeof(to), "%s-wal", copy);
    disk_copy(from, to);
}

#endif
