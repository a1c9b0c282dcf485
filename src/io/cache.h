/* What was fetched, by URL: in memory, and certificates on disk too. Knows times and bounds; knows nothing of the network and reads no clock. */
#ifndef STIR_IO_CACHE_H
#define STIR_IO_CACHE_H

#include <stir/cert.h>
#include <stir/limits.h>
#include <stir/net.h>

#include "io/http_life.h"

/* One URL's answer. Times are Unix seconds. */
struct stir_kept {
    enum stir_reason reason; /* STIR_R_NONE: a body; else a failure, remembered in memory alone */
    bool junk;               /* a body that is no certificate: as short-lived as a failure, never on disk, never used stale */
    int http_status;
    struct stir_slice body;
    char etag[STIR_HTTP_ETAG + 1];
    char detail[200];
    int64_t fetched;     /* or found unchanged */
    int64_t fresh_until; /* last second at which it is fresh */
    int64_t while_until; /* last second at which it may be used while it is asked for anew: stale-while-revalidate */
    int64_t retry_at;    /* not asked for again before this: the last try failed */
    int64_t error_until; /* last second at which it may be used because it cannot be had: stale-if-error */
};

struct stir_cache_options {
    size_t memory_bytes, memory_entries, disk_bytes, disk_entries;
    const char *folder; /* NULL: none. Copied. */
};

enum stir_cache_state {
    STIR_CACHE_NONE = 0,
    STIR_CACHE_FRESH = 1,
    STIR_CACHE_AGEING = 2, /* fresh, in the last tenth of its time: a good moment to ask anew */
    STIR_CACHE_WHILE = 3,  /* stale, and may be used while it is asked for anew */
    STIR_CACHE_STALE = 4,  /* stale: ask anew by its ETag; may be used until error_until when that fails */
    STIR_CACHE_HELD = 5,   /* stale, may be used, and asking anew failed a moment ago */
};

/* The last second at which it is neither stale nor ageing, or a failed try forbids another. */
int64_t stir_kept_quiet_until(const struct stir_kept *kept);
/* Free the body, where it is the caller's own; the rest stays as it is. */
void stir_kept_clear(struct stir_kept *kept);

struct stir_cache;

/* STIR_ENOTFOUND: there is no such folder, or it is not ours to write. */
enum stir_err stir_cache_new(struct stir_cache **out, const struct stir_cache_options *options) STIR_MUST_USE;
void stir_cache_free(struct stir_cache *cache);

/* What is kept of `key`, with where it was found; NULL for STIR_CACHE_NONE. Memory first; then disk, when `on_disk`, whose file is judged anew and taken into
 * memory. Lives until the next call. */
const struct stir_kept *stir_cache_find(struct stir_cache *cache, struct stir_slice key, bool on_disk, int64_t now, enum stir_cache_state *state,
                                        enum stir_net_source *source);

/* Keep a copy, in place of what was there. What does not fit or cannot be written is not kept, and nothing else happens. */
void stir_cache_put(struct stir_cache *cache, struct stir_slice key, bool on_disk, const struct stir_kept *kept, int64_t now);
void stir_cache_drop(struct stir_cache *cache, struct stir_slice key, bool on_disk);

/* For tests and figures. */
size_t stir_cache_entries(const struct stir_cache *cache);
size_t stir_cache_bytes(const struct stir_cache *cache);

/* The last second at which all certificates of `pem` are within their validity. STIR_ENOMEM; any other error: it is no body of certificates that may be kept.
 */
enum stir_err stir_cache_valid_until(int64_t *out, struct stir_slice pem) STIR_MUST_USE;

#endif
