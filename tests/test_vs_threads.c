/* Two workers, one fetcher, one memory of seen tokens: under ThreadSanitizer. */
#include "vs_support.h"

#include "service/live.h"

#include <pthread.h>

enum { WORKERS = 2, CALLS = 300, KINDS = 4 };

static atomic_size_t owners_now;

/* The live state's owner is the server; here it is the test. */
struct stir_live *stir_live_ref(struct stir_live *live)
{
    atomic_fetch_add(&owners_now, 1);
    return live;
}

void stir_live_free(struct stir_live *live)
{
    if (live)
        atomic_fetch_sub(&owners_now, 1);
}

struct crew {
    struct lab *lab;
    struct stir_worker worker;
    struct lab_call *calls;
    size_t wrong;
    pthread_t thread;
};

static void begin_one(struct crew *crew, struct lab_call *c, int64_t within_ms)
{
    c->vs.source = &crew->lab->source;
    c->vs.call = &c->sip.call;
    c->vs.unix_ms = crew->lab->now * 1000;
    c->vs.within_ms = within_ms;
    c->vs.done = lab_told;
    crew->wrong += stir_vs_begin(&crew->worker, &c->vs) != STIR_OK;
}

/* Good ones, forged ones, ones whose repository is mute, and ones that nobody waits for any more. */
static void *work(void *arg)
{
    struct crew *crew = arg;
    size_t told = 0;
    for (size_t i = 0; i < CALLS; i++) {
        begin_one(crew, &crew->calls[i], i % KINDS == 2 ? 20 : 60000);
        if (i % KINDS == 3)
            stir_vs_cancel(&crew->worker, &crew->calls[i].vs);
        if (i % 16 == 0)
            stir_loop_turn(crew->worker.loop, 0);
    }
    for (int turn = 0; turn < 6000 && told < CALLS - CALLS / KINDS; turn++) {
        stir_loop_turn(crew->worker.loop, 10);
        told = 0;
        for (size_t i = 0; i < CALLS; i++)
            told += i % KINDS != 3 && crew->calls[i].told == 1;
    }
    crew->wrong += told != CALLS - CALLS / KINDS;
    return NULL;
}

static void prepare(struct lab *lab, struct crew *crew, size_t index)
{
    char url[64], call_id[32];
    crew->lab = lab;
    crew->worker = (struct stir_worker){.index = (unsigned)index, .live = &lab->live, .shared = &lab->shared};
    crew->calls = calloc(CALLS, sizeof(*crew->calls));
    assert_non_null(crew->calls);
    assert_err(stir_loop_new(&crew->worker.loop), STIR_OK);
    assert_err(stir_es256_ctx_new(&crew->worker.ctx), STIR_OK);
    for (size_t i = 0; i < CALLS; i++) {
        snprintf(url, sizeof(url), "https://mute-%zu.example/sp.pem", i % 40);
        snprintf(call_id, sizeof(call_id), "call-%zu-%zu", index, i);
        const struct lab_invite in = {.x5u = i % KINDS < 2 ? X5U : url, .forged = i % KINDS == 1, .call_id = call_id};
        lab_write(lab, &crew->calls[i], &in);
    }
}

static void two_workers_share_what_they_share(void **state)
{
    struct lab *lab = *state;
    struct crew crews[WORKERS] = {{.wrong = 0}};
    struct stir_replay_stats replays;
    struct stir_fetching_stats stats;
    assert_err(stir_replays_new(&lab->shared.replays, 10000), STIR_OK);
    lab->live.policy.check_replay = true;
    stir_fetching_tend(lab->shared.fetching, lab->shared.chains);
    for (size_t i = 0; i < WORKERS; i++)
        prepare(lab, &crews[i], i);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&crews[i].thread, NULL, work, &crews[i]), 0);
    for (size_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(crews[i].thread, NULL), 0);
    stir_fetching_stats(lab->shared.fetching, &stats);
    stir_fetching_free(lab->shared.fetching);
    lab->shared.fetching = NULL;
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(crews[i].wrong, 0);
        for (size_t k = 0; k < CALLS; k++) {
            const struct lab_call *c = &crews[i].calls[k];
            assert_int_equal(c->told, k % KINDS == 3 ? 0 : 1);
            if (k % KINDS == 1)
                assert_int_equal(c->reason, STIR_R_SIGNATURE_BAD);
            if (k % KINDS == 2)
                assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
        }
        stir_loop_free(crews[i].worker.loop);
        stir_es256_ctx_free(crews[i].worker.ctx);
        free(crews[i].calls);
    }
    stir_replays_stats(lab->shared.replays, &replays);
    assert_int_equal(replays.checks, WORKERS * ((CALLS + KINDS - 1) / KINDS)); /* each good one, and no other */
    assert_int_equal(atomic_load(&owners_now), 0);
    assert_true(stats.asked >= 40);
}

#define LAB(test) cmocka_unit_test_setup_teardown(test, lab_begin, lab_end)

int main(void)
{
    const struct CMUnitTest tests[] = {LAB(two_workers_share_what_they_share)};
    return cmocka_run_group_tests_name("vs_threads", tests, NULL, NULL);
}
