/* Folders: made, read, and worked on by one process at a time. */
#ifndef STIR_IO_DIR_H
#define STIR_IO_DIR_H

#include "io/file.h"

/* Names in a folder. */
struct stir_listing {
    char **name;
    size_t n;
};

/* The path leads to a folder. */
bool stir_dir_is(const char *path);

/* Make the folder `path`, 0755; one that is there already is fine. */
enum stir_file_err stir_dir_make(const char *path);

/* The names in folder `path` in their order, without those that begin with '.': of folders when `suffix` is NULL, else of what ends in `suffix` and is none.
 * More than `max` is STIR_FILE_TOO_LONG. The caller frees with stir_listing_free(). */
enum stir_file_err stir_dir_list(struct stir_listing *out, const char *path, const char *suffix, size_t max);
void stir_listing_free(struct stir_listing *names);

/* Wait until nobody else holds folder `path`, and hold it: `*lock` is given back with stir_dir_unlock(). */
enum stir_file_err stir_dir_lock(int *lock, const char *path);
void stir_dir_unlock(int lock);

#endif
