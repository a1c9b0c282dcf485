/* The certificate repository (STI-CR): a folder of chains, kept in memory, read again when it changes; where they are too many for that, read one by one. Only
 * what was read as certificates is given out, written anew: nothing else that a file holds, a private key least of all, can leave. */
#ifndef STIR_SERVICE_REPOSITORY_H
#define STIR_SERVICE_REPOSITORY_H

#include "service/conf.h"

#include <stir/cert.h>

#define STIR_REPOSITORY_MAX_FILES 4096        /* chains that are kept; a provider has a few a year, and keeps the old ones */
#define STIR_REPOSITORY_MAX_BYTES (64u << 20) /* of all of them */
#define STIR_REPOSITORY_MAX_NAME 128          /* characters of a name */

struct stir_repository;

/* Told of files that are not served, and why. From the thread of stir_repository_new() and from its own. */
struct stir_repository_say {
    void (*say)(void *arg, bool fatal, const char *text);
    void *arg;
};

/* Read the folder, and begin to watch it. STIR_EIO: it cannot be listed; STIR_ENOMEM. */
enum stir_err stir_repository_new(struct stir_repository **out, const struct stir_conf_repository *conf, const struct stir_repository_say *say,
                                  struct stir_diag *diag) STIR_MUST_USE;
void stir_repository_free(struct stir_repository *repository);

enum stir_shelf_state { STIR_SHELF_NONE = 0, STIR_SHELF_HERE, STIR_SHELF_OVER /* its certificate is over */ };

/* A chain on the shelf; valid until it is given back. */
struct stir_shelf_file {
    struct stir_shelf *shelf; /* NULL: there is none */
    struct stir_slice chain;  /* PEM */
    const char *etag;         /* with its quotes */
    int64_t not_after;        /* of the first certificate */
};
/* Letters, digits, '-', '_' and '.', none of these dots the first character, ".pem" at the end: no path, no dot file. */
bool stir_repository_is_name(struct stir_slice name);
/* The chain `name` at `now`: from memory, or the file of that name, which is read for this. From any thread; give it back when the state is STIR_SHELF_HERE. */
enum stir_shelf_state stir_repository_take(struct stir_repository *repository, struct stir_slice name, int64_t now, struct stir_shelf_file *out);
void stir_repository_give_back(struct stir_shelf_file *file);

#endif
