/* Limits are buckets that leak: each event puts in an hour's worth divided by what an hour allows, time takes out, and an event that would overflow the bucket
 * is refused until it would not. So an hour's worth may come at once, and never more than two within any hour. */
#include "service/ca_parts.h"

#include "io/lru.h"

#include <stdlib.h>

enum {
    HOUR_MS = 3600 * 1000,
    SECOND_MS = 1000,
    ADDRESSES = 65536,         /* remembered at once: those that asked last; a stranger with more has /64s or a botnet, which no address tells */
    ADDRESS_BYTES = 32u << 20, /* that they may take */
    CHORE_MS = 60 * SECOND_MS, /* how often empty buckets are thrown away, and the store is tried */
};

/* Put one event into a bucket; the wait in milliseconds when it overflows, and then nothing was put in. */
static int64_t pour(int64_t *level_ms, int64_t *at_ms, int64_t now_ms, int64_t per_hour)
{
    int64_t gone = now_ms > *at_ms ? now_ms - *at_ms : 0, level = *level_ms > gone ? *level_ms - gone : 0, one = per_hour < HOUR_MS ? HOUR_MS / per_hour : 1;
    if (level + one > HOUR_MS)
        return level + one - HOUR_MS;
    *level_ms = level + one;
    *at_ms = now_ms;
    return 0;
}

/* --- by address, in memory --- */

enum { KINDS = 2 }; /* accounts and requests */
struct address {
    struct stir_lru_item item;
    struct {
        int64_t level_ms, at_ms;
    } bucket[KINDS];
    char name[STIR_EXCHANGE_PEER];
};

struct stir_ca_addresses {
    pthread_mutex_t lock;
    struct stir_lru lru;
};

static void release(struct stir_lru_item *item)
{
    free(item);
}

enum stir_err stir_ca_addresses_new(struct stir_ca_addresses **out)
{
    struct stir_ca_addresses *a = calloc(1, sizeof(*a));
    if (!a)
        return STIR_ENOMEM;
    enum stir_err err = stir_lru_init(&a->lru, ADDRESSES, ADDRESS_BYTES, release);
    if (err != STIR_OK) {
        free(a);
        return err;
    }
    pthread_mutex_init(&a->lock, NULL);
    *out = a;
    return STIR_OK;
}

void stir_ca_addresses_free(struct stir_ca_addresses *addresses)
{
    if (!addresses)
        return;
    stir_lru_clear(&addresses->lru);
    pthread_mutex_destroy(&addresses->lock);
    free(addresses);
}

static struct address *address_of(struct stir_ca_addresses *a, const char *name)
{
    struct stir_slice key = stir_slice_str(name);
    struct stir_lru_item *there = stir_lru_find(&a->lru, key);
    if (there) {
        stir_lru_touch(&a->lru, there);
        return (struct address *)there;
    }
    struct address *made = key.n < sizeof(made->name) ? calloc(1, sizeof(*made)) : NULL;
    if (!made)
        return NULL;
    memcpy(made->name, name, key.n + 1);
    made->item.key = stir_slice_str(made->name);
    made->item.cost = sizeof(*made);
    return stir_lru_put(&a->lru, &made->item) ? made : NULL;
}

/* Without memory nobody is refused. */
static int64_t ask_address(struct stir_ca_addresses *a, const char *name, int kind, int64_t now_ms, int64_t per_hour)
{
    pthread_mutex_lock(&a->lock);
    struct address *address = address_of(a, name);
    int64_t wait = address ? pour(&address->bucket[kind].level_ms, &address->bucket[kind].at_ms, now_ms, per_hour) : 0;
    pthread_mutex_unlock(&a->lock);
    return wait;
}

/* --- in the store --- */

struct ask {
    const char *what, *who;
    int64_t now_ms, per_hour, wait_ms;
};

static enum stir_err read_bucket(int64_t *level_ms, int64_t *at_ms, struct stir_store *store, const struct ask *ask)
{
    struct stir_store_rows *row = NULL;
    enum stir_err err = stir_store_ask_one(&row, store, "SELECT level_ms, at_ms FROM limits WHERE what = $1 AND who = $2",
                                           STIR_VALUES(stir_store_str(ask->what), stir_store_str(ask->who)));
    if (err == STIR_OK) {
        *level_ms = stir_store_get_int(row, 0);
        *at_ms = stir_store_get_int(row, 1);
        stir_store_rows_free(row);
    }
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

static enum stir_err ask_store(struct stir_store *store, void *arg)
{
    struct ask *ask = arg;
    int64_t level_ms = 0, at_ms = 0;
    TRY(read_bucket(&level_ms, &at_ms, store, ask));
    ask->wait_ms = pour(&level_ms, &at_ms, ask->now_ms, ask->per_hour);
    if (ask->wait_ms)
        return STIR_OK;
    return stir_store_do(store,
                         "INSERT INTO limits (what, who, level_ms, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (what, who) DO UPDATE"
                         " SET level_ms = excluded.level_ms, at_ms = excluded.at_ms",
                         STIR_VALUES(stir_store_str(ask->what), stir_store_str(ask->who), stir_store_int(level_ms), stir_store_int(at_ms)), NULL);
}

/* --- both --- */

static int64_t allowed(const struct stir_conf_ca *conf, enum stir_ca_limit limit)
{
    switch (limit) {
    case STIR_LIMIT_ORDERS_ACCOUNT: return conf->orders_per_account;
    case STIR_LIMIT_ORDERS_CODE: return conf->orders_per_code;
    case STIR_LIMIT_ACCOUNTS_ADDRESS: return conf->accounts_per_address;
    case STIR_LIMIT_REQUESTS_ADDRESS: return conf->requests_per_address;
    case STIR_LIMITS: break;
    }
    return 0;
}

static bool refuse(struct stir_ca_request *r, enum stir_ca_limit limit, int64_t per_hour, int64_t wait_ms)
{
    static const char *const what[STIR_LIMITS] = {"orders of one account", "certificates for one code", "new accounts from one address",
                                                  "requests from one address"};
    long long seconds = (wait_ms + SECOND_MS - 1) / SECOND_MS;
    stir_ca_refuse(r, STIR_PROBLEM_RATE_LIMITED, "more than %lld %s within an hour; ask again in %lld seconds", (long long)per_hour, what[limit], seconds);
    stir_ca_retry_after(r, seconds); /*= RFC8555-6.6 */
    return false;
}

bool stir_ca_within(struct stir_ca_request *r, enum stir_ca_limit limit, const char *who)
{
    static const char *const names[STIR_LIMITS] = {"orders-account", "orders-code", "", ""};
    struct stir_diag diag = {0};
    struct ask ask = {names[limit], who, r->x->now * SECOND_MS, allowed(&r->ca->conf->ca, limit), 0};
    if (ask.per_hour <= 0)
        return true;
    if (limit == STIR_LIMIT_ACCOUNTS_ADDRESS || limit == STIR_LIMIT_REQUESTS_ADDRESS)
        ask.wait_ms = ask_address(r->ca->memory->addresses, who, limit == STIR_LIMIT_REQUESTS_ADDRESS, ask.now_ms, ask.per_hour);
    else if (!stir_ca_went(r, stir_store_transact(r->clerk->store, ask_store, &ask, &diag), &diag))
        return false;
    return ask.wait_ms == 0 || refuse(r, limit, ask.per_hour, ask.wait_ms);
}

static enum stir_err empty(struct stir_store *store, void *arg)
{
    const int64_t *now_ms = arg;
    return stir_store_do(store, "DELETE FROM limits WHERE at_ms + level_ms < $1", STIR_VALUES(stir_store_int(*now_ms)), NULL);
}

int64_t stir_ca_limit_chores(struct stir_ca *ca, struct stir_clerk *clerk, int64_t now)
{
    int64_t now_ms = now * SECOND_MS;
    struct stir_diag diag = {0};
    enum stir_err err = stir_store_transact(clerk->store, empty, &now_ms, &diag);
    if (err != STIR_OK)
        stir_clerk_say(clerk, 1, "acme-fault", "empty limits stay for now: %s%s%s", stir_err_text(err), diag.text[0] ? ": " : "", diag.text);
    if (err == STIR_EIO)
        atomic_store(&ca->memory->store_failed, now);
    return CHORE_MS;
}
