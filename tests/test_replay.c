#include "call_support.h"

enum { ROOM = 4096 };

static const unsigned char SECRET[STIR_REPLAY_SECRET] = "0123456789abcdef";

/* A key is a digest: every bit of it depends on the number. */
static void key_of(unsigned char key[STIR_REPLAY_KEY], uint64_t number)
{
    for (size_t i = 0; i < STIR_REPLAY_KEY; i += 8) {
        uint64_t z = number + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        z ^= z >> 31;
        memcpy(key + i, &z, 8);
    }
}

static struct stir_replay *memory_of(size_t entries)
{
    struct stir_replay *replay = NULL;
    assert_err(stir_replay_new(&replay, entries, SECRET), STIR_OK);
    return replay;
}

static bool was_seen(struct stir_replay *replay, uint64_t number, const char *call_id, int64_t until, int64_t now)
{
    unsigned char key[STIR_REPLAY_KEY];
    bool seen = true;
    key_of(key, number);
    assert_err(stir_replay_check(replay, key, call_id ? S(call_id) : stir_slice_of(NULL, 0), until, now, &seen), STIR_OK);
    return seen;
}

static struct stir_replay_stats stats_of(const struct stir_replay *replay)
{
    struct stir_replay_stats stats = STIR_REPLAY_STATS_INIT;
    assert_err(stir_replay_stats(replay, &stats), STIR_OK);
    return stats;
}

static void a_token_of_another_call_is_seen(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(100);
    assert_false(was_seen(replay, 1, "a@h", 160, 100));
    assert_true(was_seen(replay, 1, "b@h", 160, 101));
    assert_true(was_seen(replay, 1, "b@h", 160, 102)); /* the first call stays the one it belongs to */
    assert_false(was_seen(replay, 2, "b@h", 160, 102));
    assert_int_equal(stats_of(replay).seen, 2);
    assert_int_equal(stats_of(replay).checks, 4);
    stir_replay_free(replay);
}

static void the_same_call_is_a_retransmission_or_a_fork(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(100);
    assert_false(was_seen(replay, 1, "a@h", 160, 100));
    assert_false(was_seen(replay, 1, "a@h", 160, 101));
    assert_false(was_seen(replay, 1, "a@h", 160, 102));
    assert_true(was_seen(replay, 1, "A@h", 160, 102)); /* Call-IDs are compared byte for byte */
    assert_int_equal(stats_of(replay).same_call, 2);
    stir_replay_free(replay);
}

/* Nobody gets past the memory by leaving the Call-ID away. */
static void a_call_without_id_is_no_retransmission(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(100);
    assert_false(was_seen(replay, 1, NULL, 160, 100));
    assert_true(was_seen(replay, 1, NULL, 160, 100));
    assert_true(was_seen(replay, 1, "", 160, 100));
    assert_true(was_seen(replay, 1, "a@h", 160, 100));
    stir_replay_free(replay);
}

static void entries_count_to_the_last_second(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t until, again_until, at;
        bool seen;
    } rows[] = {
        {"the second it was seen in", 160, 160, 100, true}, {"the last second", 160, 160, 160, true},  {"the second after", 160, 160, 161, false},
        {"expired when it came", 99, 99, 100, false},       {"only this second", 100, 100, 100, true}, {"a clock that went back", 160, 160, 50, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_replay *replay = memory_of(1);
        if (was_seen(replay, 1, "a@h", rows[i].until, 100))
            fail_msg("%s: seen at first", rows[i].name);
        if (was_seen(replay, 1, "b@h", rows[i].again_until, rows[i].at) != rows[i].seen)
            fail_msg("%s: wanted %d", rows[i].name, rows[i].seen);
        stir_replay_free(replay);
    }
    struct stir_replay *replay = memory_of(1);
    assert_false(was_seen(replay, 1, "a@h", 160, 100));
    assert_false(was_seen(replay, 1, "a@h", 200, 110)); /* kept for longer */
    assert_true(was_seen(replay, 1, "b@h", 160, 190));
    stir_replay_free(replay);
}

/* Three quarters full and nothing is forgotten; beyond that what was to expire first goes, and is counted. */
static void what_expires_first_makes_room(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(ROOM);
    for (uint64_t i = 0; i < ROOM * 3 / 4; i++)
        assert_false(was_seen(replay, i, "a@h", 1000, 100));
    assert_int_equal(stats_of(replay).evicted, 0);
    for (uint64_t i = 0; i < ROOM * 3 / 4; i++)
        assert_true(was_seen(replay, i, "b@h", 1000, 100));
    for (uint64_t i = 0; i < ROOM; i++) /* all of these would stay, were there room for twice as many */
        assert_false(was_seen(replay, ROOM + i, "a@h", 2000, 100));
    uint64_t evicted = stats_of(replay).evicted, older = 0, newer = 0;
    assert_in_range(evicted, ROOM * 3 / 4, ROOM + ROOM / 10);
    for (uint64_t i = 0; i < ROOM; i++)
        newer += was_seen(replay, ROOM + i, "b@h", 0, 100);
    for (uint64_t i = 0; i < ROOM * 3 / 4; i++)
        older += was_seen(replay, i, "b@h", 0, 100);
    assert_true(newer > ROOM * 8 / 10);
    assert_true(older < ROOM / 5);
    assert_int_equal(ROOM * 3 / 4 + ROOM - evicted, older + newer); /* each lost one is counted */
    for (uint64_t i = 0; i < ROOM * 3 / 4; i++)                     /* all that has expired is room again */
        assert_false(was_seen(replay, 3 * ROOM + i, "a@h", 4000, 3000));
    assert_int_equal(stats_of(replay).evicted, evicted);
    stir_replay_free(replay);
}

/* In one place of sixteen: the soonest of all goes, whichever of the two buckets it lies in. */
static void the_soonest_to_expire_goes(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(8);
    for (uint64_t i = 0; i < 8; i++)
        assert_false(was_seen(replay, i, "a@h", 200 + (int64_t)(i + 5) % 8, 100));
    assert_false(was_seen(replay, 100, "a@h", 150, 100)); /* takes the place of 3, though it expires sooner */
    assert_int_equal(stats_of(replay).evicted, 1);
    for (uint64_t i = 0; i < 8; i++)
        assert_int_equal(was_seen(replay, i, "b@h", 0, 100), i != 3);
    assert_true(was_seen(replay, 100, "b@h", 0, 100));
    stir_replay_free(replay);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Held against a list of all that ever came. With room enough both always agree; with too little, what is not seen is at most what was evicted, and what is
 * seen was there. */
static void answers_are_those_of_a_simple_model(void **state)
{
    (void)state;
    enum { TOKENS = 600, STEPS = 60000, CALLS = 3 };
    static const size_t rooms[] = {4 * TOKENS, 64};
    static const char *const calls[CALLS] = {"a@h", "b@h", "c@h"};
    for (size_t r = 0; r < 2; r++) {
        struct model {
            int64_t until;
            size_t call;
        } model[TOKENS] = {{0, 0}};
        struct stir_replay *replay = memory_of(rooms[r]);
        uint64_t seed = 88172645463325252u, missed = 0;
        int64_t now = 1000;
        for (size_t step = 0; step < STEPS; step++) {
            now += next_random(&seed) % 8 == 0;
            size_t token = next_random(&seed) % TOKENS, call = next_random(&seed) % CALLS;
            int64_t until = now + (int64_t)(next_random(&seed) % 120) - 5;
            struct model *m = &model[token];
            bool live = m->until >= now, wanted = live && m->call != call;
            bool seen = was_seen(replay, token, calls[call], until, now);
            if (seen && !wanted)
                fail_msg("step %zu: token %zu is seen and was not there", step, token);
            if (rooms[r] > TOKENS && seen != wanted)
                fail_msg("step %zu: token %zu is not seen", step, token);
            missed += wanted && !seen;
            if (live && !(wanted && !seen)) {
                m->until = until > m->until ? until : m->until;
            } else {
                *m = (struct model){until, call};
            }
        }
        if (rooms[r] > TOKENS)
            assert_int_equal(stats_of(replay).evicted, 0);
        else
            assert_in_range(missed, 1, stats_of(replay).evicted);
        stir_replay_free(replay);
    }
}

/* Another secret spreads otherwise: what is lost under one is not what is lost under another. */
static void the_secret_decides_what_meets(void **state)
{
    (void)state;
    unsigned char other[STIR_REPLAY_SECRET] = "another secret!";
    struct stir_replay *one = memory_of(256), *two = NULL;
    size_t differ = 0;
    assert_err(stir_replay_new(&two, 256, other), STIR_OK);
    for (uint64_t i = 0; i < 512; i++)
        assert_int_equal(was_seen(one, i, "a@h", 200, 100), was_seen(two, i, "a@h", 200, 100));
    for (uint64_t i = 0; i < 512; i++)
        differ += was_seen(one, i, "b@h", 0, 100) != was_seen(two, i, "b@h", 0, 100);
    assert_true(differ > 50);
    stir_replay_free(two);
    stir_replay_free(one);
}

static void it_takes_what_it_says(void **state)
{
    (void)state;
    struct stir_replay *replay = memory_of(1001);
    struct stir_replay_stats stats = stats_of(replay);
    assert_int_equal(stats.entries, 1008);
    assert_in_range(stats.bytes, 1008 * 32, 1008 * 32 + 256);
    stir_replay_free(replay);
    stir_replay_free(NULL);
}

static void bad_arguments_are_refused(void **state)
{
    (void)state;
    struct stir_replay *replay = NULL, *good = memory_of(1);
    struct stir_replay_stats stats = {0};
    unsigned char key[STIR_REPLAY_KEY] = {0};
    bool seen = true;
    assert_err(stir_replay_new(NULL, 1, SECRET), STIR_EARG);
    assert_err(stir_replay_new(&replay, 0, SECRET), STIR_EARG);
    assert_err(stir_replay_new(&replay, (size_t)STIR_MAX_REPLAY + 1, SECRET), STIR_EARG);
    assert_err(stir_replay_new(&replay, 1, NULL), STIR_EARG);
    assert_null(replay);
    assert_err(stir_replay_check(NULL, key, S("a"), 1, 1, &seen), STIR_EARG);
    assert_err(stir_replay_check(good, NULL, S("a"), 1, 1, &seen), STIR_EARG);
    assert_err(stir_replay_check(good, key, stir_slice_of(NULL, 1), 1, 1, &seen), STIR_EARG);
    assert_err(stir_replay_check(good, key, S("a"), 1, -1, &seen), STIR_EARG);
    assert_err(stir_replay_check(good, key, S("a"), 1, 1, NULL), STIR_EARG);
    assert_true(seen);
    assert_err(stir_replay_stats(NULL, &stats), STIR_EARG);
    assert_err(stir_replay_stats(good, NULL), STIR_EARG);
    assert_err(stir_replay_stats(good, &stats), STIR_EARG); /* without its size */
    stir_replay_free(good);
}

/* One token in several calls, through the verifier and a memory: H15, the mirrored signature is no other token. */
static void a_token_in_another_call_is_replayed(void **state)
{
    (void)state;
    static const struct {
        const char *name, *call_id;
        int answer; /* -2: as the memory has it; -3: the need fails */
        enum stir_reason reason;
        enum stir_outcome outcome;
    } steps[] = {
        {"first", "a@h", -2, STIR_R_NONE, STIR_PASS},
        {"retransmission or fork", "a@h", -2, STIR_R_NONE, STIR_PASS},
        {"another call", "b@h", -2, STIR_R_REPLAYED, STIR_FAIL},
        {"unknown", "b@h", -1, STIR_R_NONE, STIR_NOT_REACHED},
        {"no memory", "b@h", -3, STIR_R_NONE, STIR_NOT_REACHED},
    };
    static struct pki pki;
    char token[4096];
    struct stir_replay *replay = memory_of(10);
    struct stir_policy policy = support_policy("shaken");
    pki_make(&pki);
    policy.check_replay = true;
    pki_sign(&pki, token, sizeof(token), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    struct stir_slice value = S(token);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct stir_call call = call_of(&value, ORIG, DEST);
        struct stir_verify *v = NULL;
        struct stir_verdict *verdict = NULL;
        const struct stir_need *needs;
        size_t n;
        bool seen = false;
        call.call_id = S(steps[i].call_id);
        assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_int_equal(needs[0].kind, STIR_NEED_CERT); /* nothing is remembered before the signature is good */
        assert_err(stir_verify_supply_answer(v, needs[0].id, 0), STIR_ENOTFOUND);
        assert_err(stir_verify_supply_pem(v, needs[0].id, stir_slice_of(pki.pem, pki.pem_len)), STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_int_equal(n, 1);
        assert_int_equal(needs[0].kind, STIR_NEED_REPLAY);
        assert_int_equal(needs[0].key.n, STIR_REPLAY_KEY);
        assert_int_equal(needs[0].until, NOW + 60);
        assert_err(stir_verify_take(v, &verdict), STIR_ESTATE);
        assert_err(stir_verify_supply_answer(v, needs[0].id, 2), STIR_EARG);
        if (steps[i].answer == -2)
            assert_err(stir_replay_check(replay, (const unsigned char *)needs[0].key.p, call.call_id, needs[0].until, NOW, &seen), STIR_OK);
        assert_err(steps[i].answer == -3 ? stir_verify_fail(v, needs[0].id, STIR_R_INTERNAL)
                                         : stir_verify_supply_answer(v, needs[0].id, steps[i].answer == -2 ? seen : steps[i].answer),
                   STIR_OK);
        assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
        assert_err(stir_verify_take(v, &verdict), STIR_OK);
        if (verdict->reason != steps[i].reason || check_of(verdict, STIR_CHECK_REPLAY)->outcome != steps[i].outcome)
            fail_msg("%s: %s", steps[i].name, stir_reason_name(verdict->reason));
        stir_verdict_free(verdict);
        stir_verify_free(v);
    }
    stir_replay_free(replay);
    pki_free(&pki);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_of_another_call_is_seen),
        cmocka_unit_test(the_same_call_is_a_retransmission_or_a_fork),
        cmocka_unit_test(a_call_without_id_is_no_retransmission),
        cmocka_unit_test(entries_count_to_the_last_second),
        cmocka_unit_test(what_expires_first_makes_room),
        cmocka_unit_test(the_soonest_to_expire_goes),
        cmocka_unit_test(answers_are_those_of_a_simple_model),
        cmocka_unit_test(the_secret_decides_what_meets),
        cmocka_unit_test(it_takes_what_it_says),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(a_token_in_another_call_is_replayed),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
