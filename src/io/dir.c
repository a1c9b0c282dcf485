#include "io/dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool stir_dir_is(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

enum stir_file_err stir_dir_make(const char *path)
{
    if (mkdir(path, 0755) == 0 || (errno == EEXIST && stir_dir_is(path)))
        return STIR_FILE_OK;
    return STIR_FILE_ERRNO;
}

static bool is_wanted(int folder, const char *name, const char *suffix)
{
    struct stat st;
    size_t n = strlen(name), end = suffix ? strlen(suffix) : 0;
    if (name[0] == '.' || fstatat(folder, name, &st, 0) != 0)
        return false;
    if (!suffix)
        return S_ISDIR(st.st_mode);
    return !S_ISDIR(st.st_mode) && n > end && strcmp(name + n - end, suffix) == 0;
}

static enum stir_file_err add_name(struct stir_listing *names, const char *name)
{
    char **more = realloc(names->name, (names->n + 1) * sizeof(*more));
    if (!more)
        return STIR_FILE_NOMEM;
    names->name = more;
    names->name[names->n] = strdup(name);
    return names->name[names->n] ? names->n++, STIR_FILE_OK : STIR_FILE_NOMEM;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum stir_file_err stir_dir_list(struct stir_listing *out, const char *path, const char *suffix, size_t max)
{
    struct stir_listing names = {NULL, 0};
    enum stir_file_err err = STIR_FILE_OK;
    DIR *folder = opendir(path);
    if (!folder)
        return STIR_FILE_ERRNO;
    for (struct dirent *entry = readdir(folder); entry && err == STIR_FILE_OK; entry = readdir(folder)) {
        if (!is_wanted(dirfd(folder), entry->d_name, suffix))
            continue;
        err = names.n < max ? add_name(&names, entry->d_name) : STIR_FILE_TOO_LONG;
    }
    closedir(folder);
    if (err != STIR_FILE_OK) {
        stir_listing_free(&names);
        return err;
    }
    if (names.n)
        qsort(names.name, names.n, sizeof(*names.name), by_bytes);
    *out = names;
    return STIR_FILE_OK;
}

void stir_listing_free(struct stir_listing *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    *names = (struct stir_listing){NULL, 0};
}

enum stir_file_err stir_dir_lock(int *lock, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0)
        return STIR_FILE_ERRNO;
    int got = flock(fd, LOCK_EX);
    while (got != 0 && errno == EINTR)
        got = flock(fd, LOCK_EX);
    if (got == 0) {
        *lock = fd;
        return STIR_FILE_OK;
    }
    int why = errno;
    close(fd);
    errno = why;
    return STIR_FILE_ERRNO;
}

void stir_dir_unlock(int lock)
{
    close(lock);
}
