/* The cache folder: one file a URL, named by its SHA-256, replaced whole; a file that is not exactly what was written is none. */
#ifndef STIR_IO_CACHE_DISK_H
#define STIR_IO_CACHE_DISK_H

#include "io/cache.h"

struct stir_cache_disk;

enum stir_err stir_cache_disk_new(struct stir_cache_disk **out, const char *folder, size_t max_bytes, size_t max_entries) STIR_MUST_USE;
void stir_cache_disk_free(struct stir_cache_disk *disk);

/* `out->body` is the caller's, freed with free(). False: nothing there, or it is broken and gone now. */
bool stir_cache_disk_read(struct stir_cache_disk *disk, struct stir_slice key, struct stir_kept *out, int64_t now);
void stir_cache_disk_write(struct stir_cache_disk *disk, struct stir_slice key, const struct stir_kept *kept);
void stir_cache_disk_drop(struct stir_cache_disk *disk, struct stir_slice key);

#endif
