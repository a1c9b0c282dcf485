/* Files of the command and the daemon: read whole under a cap, written atomically. */
#ifndef STIR_IO_FILE_H
#define STIR_IO_FILE_H

#include <stir/slice.h>

#include <sys/types.h>

enum stir_file_err {
    STIR_FILE_OK = 0,
    STIR_FILE_ERRNO, /* errno says why */
    STIR_FILE_DIRECTORY,
    STIR_FILE_TOO_LONG,       /* more than the cap */
    STIR_FILE_EXISTS,         /* and may not be replaced */
    STIR_FILE_HOLDS_KEY,      /* it holds a private key, and what is written is none */
    STIR_FILE_OPEN_TO_OTHERS, /* a secret that group or others can read */
    STIR_FILE_NOMEM,
};

enum stir_file_mode {
    STIR_FILE_PUBLIC = 0,        /* 0644 less the umask, replaces what is there, but never a private key */
    STIR_FILE_SECRET = 1,        /* 0600, never replaces */
    STIR_FILE_SECRET_FORCED = 2, /* 0600, replaces */
    STIR_FILE_PUBLISHED = 3,     /* as STIR_FILE_PUBLIC, and 0644 whatever the umask is: for another program to serve */
};

/* Read the file `path` ("-": standard input) of at most `max` bytes; NUL behind it, not counted. `secret`: refused when group or others can read it.
 * The caller frees with stir_file_free(), which cleanses. */
enum stir_file_err stir_file_read(struct stir_slice *out, const char *path, size_t max, bool secret);
void stir_file_free(struct stir_slice *content);

/* Write `path` whole or not at all: a new file beside it, synced, renamed. */
enum stir_file_err stir_file_write(const char *path, struct stir_slice content, enum stir_file_mode mode);

#endif
