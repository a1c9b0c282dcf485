/* Header fields that say how long an answer may be used, as fetch hands them in: a line each, up to the first that has no colon. Nothing that a server writes
 * makes a time below 0 or beyond bounds, and saying more never makes it longer. */
#include <stdlib.h>

#include "core/bytes.h"
#include "io/http_life.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1780272000 };

static void check(bool good)
{
    if (!good)
        abort();
}

static bool in_bounds(int64_t seconds)
{
    return seconds >= -1 && seconds <= INT32_MAX;
}

static void check_life(const struct stir_http_life *life)
{
    int64_t fresh = stir_http_life_fresh(life, NOW);
    check(in_bounds(fresh) && in_bounds(life->max_age) && in_bounds(life->while_revalidate) && in_bounds(life->if_error));
    check(life->age >= 0 && life->age <= INT32_MAX);
    check(!life->no_cache || fresh == 0);
    check(life->max_age < 0 || fresh <= life->max_age);
    check((fresh == -1) == (life->max_age < 0 && !life->has_expires && !life->no_cache));
}

/* What is said twice counts as the shorter. */
static void check_more(const struct stir_http_life *before, const struct stir_http_life *after)
{
    check(after->no_store >= before->no_store && after->no_cache >= before->no_cache && after->must_revalidate >= before->must_revalidate);
    check(before->max_age < 0 || after->max_age <= before->max_age);
    check(before->while_revalidate < 0 || after->while_revalidate <= before->while_revalidate);
    check(before->if_error < 0 || after->if_error <= before->if_error);
    check(!before->has_expires || (after->has_expires && after->expires <= before->expires));
}

static void check_etag(struct stir_slice value)
{
    bool good = stir_http_etag_is_good(value);
    check(!good ||
          (value.n && value.n <= STIR_HTTP_ETAG && !memchr(value.p, '\r', value.n) && !memchr(value.p, '\0', value.n) && !memchr(value.p, ' ', value.n)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice text = stir_slice_of(data ? (const void *)data : "", size);
    struct stir_http_life life = STIR_HTTP_LIFE_INIT;
    while (text.n) {
        size_t end = stir_slice_find(text, '\n');
        struct stir_slice line = stir_slice_upto(text, end);
        size_t colon = stir_slice_find(line, ':');
        if (colon == line.n)
            break;
        const struct stir_http_life before = life;
        struct stir_slice value = stir_slice_trim(stir_slice_from(line, colon + 1));
        stir_http_life_read(&life, stir_slice_upto(line, colon), value);
        check_life(&life);
        check_more(&before, &life);
        check_etag(value);
        text = stir_slice_from(text, end < text.n ? end + 1 : end);
    }
    return 0;
}
