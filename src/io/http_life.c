#include "io/http_life.h"

#include <stir/call.h>

#include "core/bytes.h"

/* RFC 9111 §1.2.2: what does not fit is as long as a recipient can think; 68 years are enough. */
enum { FOREVER = INT32_MAX };

/* delta-seconds, with or without quotes; `otherwise` when it is none. */
static int64_t seconds(struct stir_slice text, int64_t otherwise)
{
    int64_t value = 0;
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = stir_slice_of(text.p + 1, text.n - 2);
    if (text.n == 0)
        return otherwise;
    for (size_t i = 0; i < text.n; i++) {
        if (!stir_is_digit(text.p[i]))
            return otherwise;
        value = value * 10 + (text.p[i] - '0');
        if (value > FOREVER)
            value = FOREVER;
    }
    return value;
}

/* What is said twice counts as the shorter time (RFC 9111 §4.2.1). */
static void take_least(int64_t *known, struct stir_slice text)
{
    int64_t value = seconds(text, 0); /* what cannot be read counts as stale */
    if (*known < 0 || value < *known)
        *known = value;
}

static void read_directive(struct stir_http_life *life, struct stir_slice directive)
{
    size_t equals = stir_slice_find(directive, '=');
    struct stir_slice name = stir_slice_trim(stir_slice_upto(directive, equals));
    struct stir_slice value = equals < directive.n ? stir_slice_trim(stir_slice_from(directive, equals + 1)) : stir_slice_of("", 0);
    if (stir_slice_ieq(name, stir_slice_str("no-store")))
        life->no_store = true;
    else if (stir_slice_ieq(name, stir_slice_str("no-cache")))
        life->no_cache = true;
    else if (stir_slice_ieq(name, stir_slice_str("must-revalidate")))
        life->must_revalidate = true;
    else if (stir_slice_ieq(name, stir_slice_str("max-age")))
        take_least(&life->max_age, value);
    else if (stir_slice_ieq(name, stir_slice_str("stale-while-revalidate")))
        take_least(&life->while_revalidate, value);
    else if (stir_slice_ieq(name, stir_slice_str("stale-if-error")))
        take_least(&life->if_error, value);
}

void stir_http_life_read(struct stir_http_life *life, struct stir_slice name, struct stir_slice value)
{
    if (stir_slice_ieq(name, stir_slice_str("Cache-Control"))) {
        while (value.n) {
            size_t comma = stir_slice_find(value, ',');
            read_directive(life, stir_slice_upto(value, comma));
            value = stir_slice_from(value, comma < value.n ? comma + 1 : comma);
        }
    } else if (stir_slice_ieq(name, stir_slice_str("Expires"))) {
        int64_t expires;
        if (stir_date_parse(&expires, value) != STIR_OK)
            expires = 0;
        if (!life->has_expires || expires < life->expires)
            life->expires = expires;
        life->has_expires = true;
    } else if (stir_slice_ieq(name, stir_slice_str("Date"))) {
        life->has_date = stir_date_parse(&life->date, value) == STIR_OK;
    } else if (stir_slice_ieq(name, stir_slice_str("Age"))) {
        life->age = seconds(value, 0);
    }
}

bool stir_http_etag_is_good(struct stir_slice value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
            return false;
    return value.n > 0 && value.n <= STIR_HTTP_ETAG;
}

int64_t stir_http_life_fresh(const struct stir_http_life *life, int64_t now)
{
    int64_t fresh = life->max_age;
    if (fresh < 0 && life->has_expires) /* both dates are of the server's clock */
        fresh = life->expires - (life->has_date ? life->date : now);
    else if (fresh < 0)
        return life->no_cache ? 0 : -1;
    fresh -= life->age;
    return fresh < 0 || life->no_cache ? 0 : fresh > FOREVER ? FOREVER : fresh;
}
