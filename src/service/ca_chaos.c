#include "service/ca_parts.h"

#include "core/time.h"

/* SplitMix64: a good generator in three lines; what it gives is no secret. */
static uint64_t next(struct stir_ca_memory *memory)
{
    pthread_mutex_lock(&memory->lock);
    uint64_t z = memory->chaos += 0x9e3779b97f4a7c15u;
    pthread_mutex_unlock(&memory->lock);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static bool is_chaotic(const struct stir_ca *ca)
{
    return ca->conf->ca.chaos != 0;
}

bool stir_ca_chance(struct stir_ca *ca, unsigned percent)
{
    return is_chaotic(ca) && next(ca->memory) % 100 < percent;
}

uint64_t stir_ca_dice(struct stir_ca *ca)
{
    return next(ca->memory);
}

static void swap_elements(json_t *list, size_t a, size_t b)
{
    json_t *first = json_incref(json_array_get(list, a)), *second = json_incref(json_array_get(list, b));
    if (json_array_set_new(list, a, second) == 0)
        json_array_set_new(list, b, first);
    else
        json_decref(first);
}

/* Fisher and Yates. */
static void shuffle_list(struct stir_ca *ca, json_t *list)
{
    for (size_t n = json_array_size(list); n > 1; n--)
        swap_elements(list, n - 1, next(ca->memory) % n);
}

/* A member that is set anew stands at the end: taking each out and putting it back in a shuffled order makes that order theirs. */
static void shuffle_members(struct stir_ca *ca, json_t *object)
{
    json_t *names = json_array(), *value;
    const char *name;
    json_object_foreach(object, name, value) if (json_array_append_new(names, json_string(name))) break;
    shuffle_list(ca, names);
    for (size_t i = 0; i < json_array_size(names); i++) {
        name = json_string_value(json_array_get(names, i));
        value = json_incref(json_object_get(object, name));
        json_object_del(object, name);
        json_object_set_new(object, name, value);
    }
    json_decref(names);
}

enum { DEEP = 4 }; /* of our own answers: an order's error, its subproblems, their identifiers */

static void shuffle(struct stir_ca *ca, json_t *json, int depth)
{
    json_t *value;
    const char *name;
    size_t i;
    if (json_is_array(json))
        shuffle_list(ca, json);
    else if (json_is_object(json))
        shuffle_members(ca, json);
    if (depth == DEEP)
        return;
    if (json_is_array(json))
        json_array_foreach(json, i, value) shuffle(ca, value, depth + 1);
    else
        json_object_foreach(json, name, value) shuffle(ca, value, depth + 1);
}

json_t *stir_ca_disorder(struct stir_ca *ca, json_t *json)
{
    if (json && is_chaotic(ca))
        shuffle(ca, json, 0);
    return json;
}

void stir_ca_retry_after(struct stir_ca_request *r, int64_t seconds)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct stir_civil at;
    if (stir_ca_chance(r->ca, STIR_CHAOS_DATE) && stir_time_to_civil(&at, r->x->now + seconds))
        stir_exchange_field(r->x, "Retry-After", "%s, %02d %s %04d %02d:%02d:%02d GMT", days[at.weekday], at.day, months[at.month - 1], at.year, at.hour,
                            at.minute, at.second); /*= RFC9110-5.6.7 */
    else
        stir_exchange_field(r->x, "Retry-After", "%lld", (long long)seconds);
}
