#define _GNU_SOURCE /* MAP_ANONYMOUS */

#include "front/sip_memory.h"

#include "core/bytes.h"
#include "core/siphash.h"
#include "io/net_guard.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
    ALIGN = 8,
    MIN_RING = 512 * 1024, /* bytes of a shard: some of the longest answers */
    KEY_TEXT = 512,        /* bytes of what is hashed; longer fields stand there as their hash */
};

enum state { DEAD, WAITING, ANSWERED, ACKNOWLEDGED };

/* An entry of the ring; its bytes follow. */
struct entry {
    struct stir_sip_key key;
    int64_t until_ms;
    void *owner, *call; /* WAITING */
    uint32_t next;      /* of its bucket: offset + 1; 0: none */
    uint32_t n;         /* bytes of the answer */
    uint32_t total;     /* of the entry in the ring */
    uint32_t state;
};

/* Entries stand from `tail` on up to `head`, or, wrapped, from `tail` up to `end` and from 0 up to `head`. */
struct shard {
    pthread_mutex_t lock;
    unsigned char *ring;
    uint32_t size;           /* of the ring */
    uint32_t head, tail;     /* both 0 when there is nothing */
    uint32_t end;            /* of the entries before the wrap; 0: not wrapped */
    uint32_t touched;        /* bytes that have ever been used: memory in truth */
    uint32_t n, max;         /* entries, dead ones too */
    uint32_t *buckets, mask; /* offset + 1 of the first */
};

struct stir_sip_memory {
    atomic_size_t owners;
    size_t answers;
    struct stir_siphash hash[3]; /* two for keys, one for tags */
    struct shard shards[STIR_SIP_MEMORY_SHARDS];
};

/* ---- Keys ---- */

static void put_field(struct stir_writer *w, const struct stir_siphash *hash, struct stir_slice field)
{
    uint64_t n = field.n;
    stir_put(w, &n, sizeof(n));
    if (field.n <= KEY_TEXT / 8) {
        stir_put_slice(w, field);
        return;
    }
    uint64_t instead = stir_siphash(hash, field);
    stir_put(w, &instead, sizeof(instead));
}

static bool has_cookie(struct stir_slice branch)
{
    return branch.n > 7 && stir_slice_ieq(stir_slice_upto(branch, 7), stir_slice_str("z9hG4bK"));
}

/*= RFC3261-17.2.3 */
/* Besides branch and sent-by stand the peer's address, Call-ID and CSeq in it: what is asked again is the same in these, and one call's answer must never go to
 * another, however a client chooses its branches. Without the magic cookie (RFC 2543) Request-URI and tag do too. */
struct stir_sip_key stir_sip_memory_key(const struct stir_sip_memory *memory, const struct stir_sip_request *r, const struct sockaddr_storage *peer,
                                        uint64_t local)
{
    char text[KEY_TEXT];
    struct stir_net_addr address;
    struct stir_writer w = stir_writer_of(text, sizeof(text));
    size_t n = 0;
    memset(&address, 0, sizeof(address));
    if (stir_net_addr_of(&address, (const struct sockaddr *)peer) != STIR_OK)
        address.bytes[0] = 1;
    stir_put(&w, &local, sizeof(local));
    stir_put(&w, &address, sizeof(address));
    stir_put(&w, &r->cseq_number, sizeof(r->cseq_number));
    put_field(&w, &memory->hash[2], r->via.branch);
    put_field(&w, &memory->hash[2], r->via.sent_by);
    put_field(&w, &memory->hash[2], r->call_id);
    if (!has_cookie(r->via.branch)) {
        put_field(&w, &memory->hash[2], r->ruri);
        put_field(&w, &memory->hash[2], r->from_tag);
    }
    /* 28 bytes and five fields of at most 72: it fits. */
    if (stir_writer_end(&w, &n) != STIR_OK)
        n = 0;
    struct stir_sip_key key = {stir_siphash(&memory->hash[0], stir_slice_of(text, n)), stir_siphash(&memory->hash[1], stir_slice_of(text, n))};
    return key;
}

void stir_sip_memory_tag(const struct stir_sip_memory *memory, struct stir_sip_key key, char tag[17])
{
    static const char hex[] = "0123456789abcdef";
    uint64_t h = stir_siphash(&memory->hash[2], stir_slice_of(&key, sizeof(key)));
    for (int i = 0; i < 16; i++, h >>= 4)
        tag[i] = hex[h & 15];
    tag[16] = '\0';
}

/* ---- The ring ---- */

static struct entry *entry_at(const struct shard *s, uint32_t offset)
{
    return (struct entry *)(void *)(s->ring + offset);
}

static char *bytes_of(struct entry *e)
{
    return (char *)(e + 1);
}

static uint32_t *bucket_of(const struct shard *s, struct stir_sip_key key)
{
    return &s->buckets[(key.a >> 8) & s->mask];
}

static struct entry *find(const struct shard *s, struct stir_sip_key key, int64_t now_ms)
{
    for (uint32_t at = *bucket_of(s, key); at;) {
        struct entry *e = entry_at(s, at - 1);
        if (e->key.a == key.a && e->key.b == key.b)
            return e->until_ms > now_ms ? e : NULL;
        at = e->next;
    }
    return NULL;
}

/* Out of its bucket; it stands dead in the ring until the tail has come so far. */
static void unlink_entry(struct shard *s, struct entry *e)
{
    uint32_t self = (uint32_t)((unsigned char *)e - s->ring) + 1;
    if (e->state == DEAD)
        return;
    uint32_t *at = bucket_of(s, e->key);
    while (*at && *at != self)
        at = &entry_at(s, *at - 1)->next;
    if (*at)
        *at = e->next;
    e->state = DEAD;
}

static void drop_oldest(struct shard *s)
{
    struct entry *e = entry_at(s, s->tail);
    unlink_entry(s, e);
    s->tail += e->total;
    if (s->end && s->tail == s->end)
        s->tail = s->end = 0;
    if (--s->n == 0)
        s->head = s->tail = s->end = 0;
}

static void drop_old(struct shard *s, int64_t now_ms)
{
    while (s->n && (entry_at(s, s->tail)->state == DEAD || entry_at(s, s->tail)->until_ms <= now_ms))
        drop_oldest(s);
}

/* Room for `total` bytes at the head. What has been used before is used again before more memory is touched; the oldest go when there is none. */
static uint32_t make_room(struct shard *s, uint32_t total)
{
    for (;;) {
        if (s->end) {
            if (total < s->tail - s->head) /* never up to the tail itself: head == tail means empty */
                return s->head;
        } else if (total <= s->touched - s->head) {
            return s->head;
        } else if (total < s->tail) {
            s->end = s->head;
            s->head = 0;
            return 0;
        } else if (total <= s->size - s->head) {
            s->touched = s->head + total;
            return s->head;
        }
        drop_oldest(s);
    }
}

static struct entry *append(struct shard *s, struct stir_sip_key key, int64_t now_ms, enum state state, size_t n)
{
    size_t total = (sizeof(struct entry) + n + ALIGN - 1) / ALIGN * ALIGN;
    if (total > s->size / 4)
        return NULL;
    drop_old(s, now_ms);
    while (s->n >= s->max)
        drop_oldest(s);
    uint32_t at = make_room(s, (uint32_t)total);
    struct entry *e = entry_at(s, at);
    uint32_t *bucket = bucket_of(s, key);
    *e = (struct entry){.key = key, .until_ms = now_ms + STIR_SIP_REMEMBERED_MS, .next = *bucket, .n = (uint32_t)n, .total = (uint32_t)total, .state = state};
    *bucket = at + 1;
    s->head = at + (uint32_t)total;
    s->n++;
    return e;
}

/* The newest entry, as if it had not been. */
static void take_back(struct shard *s, struct entry *e)
{
    unlink_entry(s, e);
    if ((unsigned char *)e + e->total != s->ring + s->head)
        return;
    s->head -= e->total;
    if (--s->n == 0)
        s->head = s->tail = s->end = 0;
}

static struct shard *lock_shard(struct stir_sip_memory *memory, struct stir_sip_key key)
{
    struct shard *s = &memory->shards[key.a % STIR_SIP_MEMORY_SHARDS];
    pthread_mutex_lock(&s->lock);
    return s;
}

/* ---- What the front asks ---- */

static bool copy_answer(struct entry *e, char *buf, size_t cap, size_t *len)
{
    if (e->n > cap)
        return false;
    memcpy(buf, bytes_of(e), e->n);
    *len = e->n;
    return true;
}

enum stir_sip_seen stir_sip_memory_begin(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, void *owner, void *call, char *buf,
                                         size_t cap, size_t *len)
{
    enum stir_sip_seen seen = STIR_SIP_NEW;
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, now_ms);
    if (e && e->state == WAITING) {
        seen = STIR_SIP_WAITING;
    } else if (e && copy_answer(e, buf, cap, len)) {
        seen = STIR_SIP_ANSWERED;
    } else {
        if (e)
            unlink_entry(s, e);
        e = append(s, key, now_ms, WAITING, 0);
        e->owner = owner;
        e->call = call;
    }
    pthread_mutex_unlock(&s->lock);
    return seen;
}

void stir_sip_memory_answer(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, struct stir_slice bytes)
{
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, now_ms);
    if (e)
        take_back(s, e);
    e = append(s, key, now_ms, ANSWERED, bytes.n);
    if (e)
        memcpy(bytes_of(e), bytes.p, bytes.n);
    pthread_mutex_unlock(&s->lock);
}

void stir_sip_memory_forget(struct stir_sip_memory *memory, struct stir_sip_key key)
{
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, INT64_MIN);
    if (e)
        unlink_entry(s, e);
    pthread_mutex_unlock(&s->lock);
}

enum stir_sip_seen stir_sip_memory_look(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms,
                                        void (*meet)(void *arg, void *owner, void *call), void *arg)
{
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, now_ms);
    enum stir_sip_seen seen = !e ? STIR_SIP_NEW : e->state == WAITING ? STIR_SIP_WAITING : STIR_SIP_ANSWERED;
    if (seen == STIR_SIP_WAITING)
        meet(arg, e->owner, e->call);
    pthread_mutex_unlock(&s->lock);
    return seen;
}

void stir_sip_memory_ack(struct stir_sip_memory *memory, struct stir_sip_key key)
{
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, INT64_MIN);
    if (e && e->state == ANSWERED)
        e->state = ACKNOWLEDGED;
    pthread_mutex_unlock(&s->lock);
}

bool stir_sip_memory_again(struct stir_sip_memory *memory, struct stir_sip_key key, int64_t now_ms, char *buf, size_t cap, size_t *len)
{
    struct shard *s = lock_shard(memory, key);
    struct entry *e = find(s, key, now_ms);
    bool again = e && e->state == ANSWERED && copy_answer(e, buf, cap, len);
    pthread_mutex_unlock(&s->lock);
    return again;
}

/* ---- Beginning and end ---- */

static bool init_shard(struct shard *s, size_t answers)
{
    size_t buckets = 64, bytes = answers * STIR_SIP_ANSWER_BYTES;
    while (buckets < answers)
        buckets *= 2;
    s->size = (uint32_t)(bytes > MIN_RING ? bytes : MIN_RING);
    s->max = (uint32_t)(2 * answers); /* one that waited stands dead before its answer */
    s->mask = (uint32_t)(buckets - 1);
    /* Pages of their own: what is not used yet takes no memory, whatever malloc does with its own. */
    void *ring = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    s->ring = ring == MAP_FAILED ? NULL : ring;
    s->buckets = calloc(buckets, sizeof(*s->buckets));
    return s->ring && s->buckets;
}

enum stir_err stir_sip_memory_new(struct stir_sip_memory **out, size_t answers)
{
    unsigned char secret[3 * STIR_SIPHASH_SECRET];
    if (answers > STIR_SIP_MAX_ANSWERS)
        answers = STIR_SIP_MAX_ANSWERS;
    if (RAND_bytes(secret, sizeof(secret)) != 1)
        return STIR_ECRYPTO;
    struct stir_sip_memory *memory = calloc(1, sizeof(*memory));
    if (!memory)
        return STIR_ENOMEM;
    atomic_init(&memory->owners, 1);
    memory->answers = answers;
    for (size_t i = 0; i < 3; i++)
        memory->hash[i] = stir_siphash_of(secret + i * STIR_SIPHASH_SECRET);
    bool ok = true;
    for (size_t i = 0; i < STIR_SIP_MEMORY_SHARDS; i++) {
        pthread_mutex_init(&memory->shards[i].lock, NULL);
        ok = init_shard(&memory->shards[i], answers / STIR_SIP_MEMORY_SHARDS + 1) && ok;
    }
    if (!ok) {
        stir_sip_memory_free(memory);
        return STIR_ENOMEM;
    }
    *out = memory;
    return STIR_OK;
}

struct stir_sip_memory *stir_sip_memory_ref(struct stir_sip_memory *memory)
{
    atomic_fetch_add(&memory->owners, 1);
    return memory;
}

void stir_sip_memory_free(struct stir_sip_memory *memory)
{
    if (!memory || atomic_fetch_sub(&memory->owners, 1) != 1)
        return;
    for (size_t i = 0; i < STIR_SIP_MEMORY_SHARDS; i++) {
        if (memory->shards[i].ring)
            munmap(memory->shards[i].ring, memory->shards[i].size);
        free(memory->shards[i].buckets);
        pthread_mutex_destroy(&memory->shards[i].lock);
    }
    free(memory);
}

size_t stir_sip_memory_room(const struct stir_sip_memory *memory)
{
    return memory->answers;
}
