#include "core/mky.h"

/* A key as mky writes it: the algorithm in small letters, the digest as hex in capitals without colons. */
struct media_key {
    struct stir_slice alg, dig;
};

struct media_keys {
    struct media_key key[STIR_MAX_FINGERPRINTS];
    size_t n;
};

static enum stir_err read_key(bool *good, struct media_key *out, struct stir_arena *arena, struct stir_slice alg, struct stir_slice dig)
{
    char *room = stir_arena_get(arena, alg.n + dig.n + 1);
    if (!room)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(room, alg.n + dig.n);
    *good = *good && stir_is_all(alg, STIR_C_TOKEN);
    for (size_t i = 0; i < alg.n; i++)
        stir_put_char(&w, stir_lower(alg.p[i]));
    for (size_t i = 0; i < dig.n; i++) {
        int value = stir_hex_value(dig.p[i]);
        if (value >= 0)
            stir_put_char(&w, "0123456789ABCDEF"[value]);
        *good = *good && (value >= 0 || dig.p[i] == ':');
    }
    *out = (struct media_key){stir_slice_of(room, alg.n), stir_slice_of(room + alg.n, w.need - alg.n)};
    *good = *good && out->dig.n;
    return STIR_OK;
}

static enum stir_err read_fingerprints(bool *good, struct media_keys *out, struct stir_arena *arena, const struct stir_slice *fingerprints, size_t n)
{
    out->n = 0;
    *good = n <= STIR_MAX_FINGERPRINTS;
    for (size_t i = 0; *good && i < n; i++) {
        struct stir_slice value = stir_slice_trim(fingerprints[i]), alg = stir_slice_upto(value, stir_slice_find(value, ' '));
        TRY(read_key(good, &out->key[out->n++], arena, alg, stir_slice_trim(stir_slice_from(value, alg.n))));
    }
    return STIR_OK;
}

static enum stir_err read_claim(bool *good, struct media_keys *out, struct stir_arena *arena, struct stir_slice mky)
{
    const struct stir_json array = {STIR_JSON_ARRAY, mky};
    out->n = 0;
    *good = true;
    for (struct stir_json_iter it = stir_json_iter(array); *good && stir_json_next(&it);) {
        struct stir_json alg, dig;
        struct stir_slice a, d;
        *good = out->n < STIR_MAX_FINGERPRINTS && stir_json_member(it.value, "alg", &alg) && stir_json_member(it.value, "dig", &dig);
        if (!*good)
            break;
        TRY(stir_json_string(&a, alg, arena));
        TRY(stir_json_string(&d, dig, arena));
        TRY(read_key(good, &out->key[out->n++], arena, a, d));
    }
    return STIR_OK;
}

enum stir_err stir_mky_write(struct stir_slice *out, struct stir_arena *arena, const struct stir_slice *fingerprints, size_t n)
{
    static const char alg[] = "{\"alg\":\"", dig[] = "\",\"dig\":\"", end[] = "\"},";
    struct media_keys keys;
    size_t room = sizeof("[]");
    bool good;
    *out = stir_slice_of(NULL, 0);
    TRY(read_fingerprints(&good, &keys, arena, fingerprints, n));
    if (!good || !keys.n)
        return STIR_OK;
    for (size_t i = 0; i < keys.n; i++)
        room += sizeof(alg) + sizeof(dig) + sizeof(end) + keys.key[i].alg.n + keys.key[i].dig.n;
    char *text = stir_arena_get(arena, room);
    if (!text)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(text, room);
    stir_put_char(&w, '[');
    for (size_t i = 0; i < keys.n; i++) {
        stir_put_text(&w, alg);
        stir_put_slice(&w, keys.key[i].alg);
        stir_put_text(&w, dig);
        stir_put_slice(&w, keys.key[i].dig);
        stir_put(&w, end, i + 1 < keys.n ? sizeof(end) - 1 : sizeof(end) - 2);
    }
    stir_put_char(&w, ']');
    *out = stir_slice_of(text, w.need);
    return STIR_OK;
}

/* Every key of `some` is among `all`. */
static bool is_within(const struct media_keys *some, const struct media_keys *all)
{
    for (size_t i = 0; i < some->n; i++) {
        bool found = false;
        for (size_t k = 0; k < all->n && !found; k++)
            found = stir_slice_eq(some->key[i].alg, all->key[k].alg) && stir_slice_eq(some->key[i].dig, all->key[k].dig);
        if (!found)
            return false;
    }
    return true;
}

enum stir_err stir_mky_compare(bool *same, struct stir_arena *arena, struct stir_slice mky, const struct stir_slice *fingerprints, size_t n)
{
    struct media_keys signed_for, offered;
    bool good = true;
    *same = false;
    TRY(read_claim(&good, &signed_for, arena, mky));
    if (good)
        TRY(read_fingerprints(&good, &offered, arena, fingerprints, n));
    *same = good && is_within(&signed_for, &offered) && is_within(&offered, &signed_for);
    return STIR_OK;
}
