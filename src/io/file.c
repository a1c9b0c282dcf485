#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 100, BESIDE = 12 /* characters of ".new-123abc" */ };

/* All that `fd` gives, up to max + 1 bytes. */
static enum stir_file_err read_all(struct stir_slice *out, int fd, size_t max)
{
    size_t cap = 4096, n = 0;
    char *p = malloc(cap + 1);
    if (!p)
        return STIR_FILE_NOMEM;
    for (;;) {
        ssize_t got = read(fd, p + n, cap - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int why = errno;
            OPENSSL_cleanse(p, n);
            free(p);
            errno = why;
            return STIR_FILE_ERRNO;
        }
        n += (size_t)got;
        if (got == 0 || n > max)
            break;
        if (n == cap) {
            /* Not realloc: what it leaves behind could be a key. */
            char *bigger = malloc(cap * 2 + 1);
            if (bigger)
                memcpy(bigger, p, n);
            OPENSSL_cleanse(p, n);
            free(p);
            if (!bigger)
                return STIR_FILE_NOMEM;
            p = bigger;
            cap *= 2;
        }
    }
    p[n] = '\0';
    *out = stir_slice_of(p, n);
    if (n > max) {
        stir_file_free(out);
        return STIR_FILE_TOO_LONG;
    }
    return STIR_FILE_OK;
}

enum stir_file_err stir_file_read(struct stir_slice *out, const char *path, size_t max, bool secret)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return read_all(out, STDIN_FILENO, max);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return STIR_FILE_ERRNO;
    enum stir_file_err err = STIR_FILE_OK;
    if (fstat(fd, &st) != 0)
        err = STIR_FILE_ERRNO;
    else if (S_ISDIR(st.st_mode))
        err = STIR_FILE_DIRECTORY;
    else if (secret && S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)))
        err = STIR_FILE_OPEN_TO_OTHERS;
    if (err == STIR_FILE_OK)
        err = read_all(out, fd, max);
    int why = errno;
    close(fd);
    errno = why;
    return err;
}

void stir_file_free(struct stir_slice *content)
{
    char *p = (char *)(uintptr_t)content->p;
    if (p) {
        OPENSSL_cleanse(p, content->n);
        free(p);
    }
    *content = (struct stir_slice){NULL, 0};
}

/* No private key is written over; without the memory to look, nothing is. */
static enum stir_file_err look_for_key(const char *path)
{
    struct stir_slice old = {NULL, 0};
    enum stir_file_err err = stir_file_read(&old, path, 65536, false);
    bool found = err == STIR_FILE_OK && strstr(old.p, "PRIVATE KEY-----") != NULL;
    stir_file_free(&old);
    return found ? STIR_FILE_HOLDS_KEY : err == STIR_FILE_NOMEM ? err : STIR_FILE_OK;
}

static enum stir_file_err write_all(int fd, struct stir_slice content)
{
    while (content.n) {
        ssize_t put = write(fd, content.p, content.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return STIR_FILE_ERRNO;
        content = stir_slice_of(content.p + put, content.n - (size_t)put);
    }
    return fsync(fd) == 0 ? STIR_FILE_OK : STIR_FILE_ERRNO;
}

/* A terminal, a pipe, /dev/null, or a link to one (/dev/stdout): written to, never replaced. */
static enum stir_file_err write_through(const char *path, struct stir_slice content)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return STIR_FILE_ERRNO;
    enum stir_file_err err = write_all(fd, content);
    if (err == STIR_FILE_ERRNO && (errno == EINVAL || errno == EROFS))
        err = STIR_FILE_OK; /* such things cannot be synced */
    int why = errno;
    close(fd);
    errno = why;
    return err;
}

/* A new file beside; `beside` ends in the place of its name. The kernel holds the mode against the umask: asking for the umask would set it, for a moment, for
 * every thread of the process. */
static int make_beside(char *beside, size_t n, mode_t mode)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t any;
        if (RAND_bytes((unsigned char *)&any, sizeof(any)) != 1) {
            errno = EIO;
            return -1;
        }
        snprintf(beside + n, BESIDE, ".new-%06x", (unsigned)(any & 0xffffff));
        int fd = open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static bool is_open_to_all(enum stir_file_mode mode)
{
    return mode == STIR_FILE_PUBLIC || mode == STIR_FILE_PUBLISHED;
}

enum stir_file_err stir_file_write(const char *path, struct stir_slice content, enum stir_file_mode mode)
{
    struct stat st, target;
    bool there = lstat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return STIR_FILE_DIRECTORY;
    if (there && mode == STIR_FILE_SECRET)
        return STIR_FILE_EXISTS;
    if (there && stat(path, &target) == 0 && !S_ISREG(target.st_mode) && !S_ISDIR(target.st_mode))
        return write_through(path, content);
    enum stir_file_err err = there && is_open_to_all(mode) ? look_for_key(path) : STIR_FILE_OK;
    if (err != STIR_FILE_OK)
        return err;
    size_t n = strlen(path);
    char *beside = malloc(n + BESIDE);
    if (!beside)
        return STIR_FILE_NOMEM;
    memcpy(beside, path, n);
    int fd = make_beside(beside, n, is_open_to_all(mode) ? 0644 : 0600);
    if (fd < 0) {
        free(beside);
        return STIR_FILE_ERRNO;
    }
    if (mode == STIR_FILE_PUBLISHED && fchmod(fd, 0644) != 0)
        err = STIR_FILE_ERRNO;
    if (err == STIR_FILE_OK)
        err = write_all(fd, content);
    if (close(fd) != 0 && err == STIR_FILE_OK)
        err = STIR_FILE_ERRNO;
    /* link() refuses to replace, so that nothing that appeared meanwhile is lost. */
    if (err == STIR_FILE_OK && mode == STIR_FILE_SECRET)
        err = link(beside, path) == 0 ? STIR_FILE_OK : errno == EEXIST ? STIR_FILE_EXISTS : STIR_FILE_ERRNO;
    else if (err == STIR_FILE_OK)
        err = rename(beside, path) == 0 ? STIR_FILE_OK : STIR_FILE_ERRNO;
    int why = errno;
    if (err != STIR_FILE_OK || mode == STIR_FILE_SECRET)
        unlink(beside);
    free(beside);
    errno = why;
    return err;
}
