/* How long an answer may be used: what its headers say (RFC 9111, RFC 5861), read for a cache of one's own. */
#ifndef STIR_IO_HTTP_LIFE_H
#define STIR_IO_HTTP_LIFE_H

#include <stir/slice.h>

/* Durations in seconds; -1: the headers do not say. Zero it by STIR_HTTP_LIFE_INIT. */
struct stir_http_life {
    bool no_store;        /* may not be kept */
    bool no_cache;        /* may be kept, and is asked for again each time */
    bool must_revalidate; /* may not be used stale */
    int64_t max_age;
    int64_t while_revalidate, if_error;
    int64_t age;                /* spent in other caches */
    bool has_date, has_expires; /* an Expires that cannot be read has passed */
    int64_t date, expires;      /* Unix seconds */
};
#define STIR_HTTP_LIFE_INIT                                   \
    {                                                         \
        .max_age = -1, .while_revalidate = -1, .if_error = -1 \
    }

/* Take in one header field; those that say nothing about this are passed by. */
void stir_http_life_read(struct stir_http_life *life, struct stir_slice name, struct stir_slice value);

/* Is `value` an entity tag that can be sent back as it is (RFC 9110 §8.8.3): not empty, at most STIR_HTTP_ETAG bytes, no blank and no control character? */
enum { STIR_HTTP_ETAG = 256 };
bool stir_http_etag_is_good(struct stir_slice value);

/* Seconds from `now` that it is fresh; -1 when the headers do not say. Never below 0 otherwise. */
int64_t stir_http_life_fresh(const struct stir_http_life *life, int64_t now);

#endif
