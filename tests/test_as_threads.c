/* One book, several workers at once: what they share is never changed, and what is random is nobody else's. */
#include "as_usual.h"

#include <pthread.h>

enum { THREADS = 4, CALLS = 60 };

struct thread {
    pthread_t thread;
    struct stir_es256_ctx *ctx;
    struct stir_as_answer answer;
    char origids[CALLS][37], attest[CALLS];
    size_t n_signed;
};

static void *work(void *arg)
{
    struct thread *t = arg;
    struct stir_worker worker = {.ctx = t->ctx, .live = &scene.live};
    struct stir_peer peer = {.address = as_address("192.0.2.17"), .sip = &scene.sip};
    for (size_t i = 0; i < CALLS; i++) {
        struct stir_source source;
        stir_source_find(scene.sources, &peer, &source);
        struct stir_as_call call = {.source = &source, .message = S(scene.message), .sip = &scene.sip, .unix_ms = NOW * 1000};
        stir_as_sign(&worker, &call, &t->answer);
        t->n_signed += t->answer.result == STIR_SIGNED && t->answer.n_new == 2;
        memcpy(t->origids[i], t->answer.origid, 37);
        t->attest[i] = t->answer.attest;
    }
    return NULL;
}

static void workers_share_one_book(void **state)
{
    static struct thread threads[THREADS];
    (void)state;
    open_usual("[sign]\ndiv = yes\n");
    assert_outcome(as_invite("192.0.2.17", "+12155550001", "Diversion: <sip:+12155550002@b>\r\n"), "main shaken A 12155550001>12125550100");
    snprintf(scene.message, sizeof(scene.message),
             "INVITE sip:+13035559999@as.example SIP/2.0\r\nFrom: <sip:+12155550001@a>;tag=1\r\nTo: <sip:+12155550002@b>\r\n"
             "Diversion: <sip:+12155550002@b>\r\n\r\n");
    assert_outcome(as_send_message("192.0.2.17"), "main shaken A 12155550001>12155550002|div 12155550001>13035559999 by 12155550002");
    for (size_t i = 0; i < THREADS; i++) {
        assert_err(stir_es256_ctx_new(&threads[i].ctx), STIR_OK);
        assert_int_equal(pthread_create(&threads[i].thread, NULL, work, &threads[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    for (size_t i = 0; i < THREADS * CALLS; i++) {
        assert_int_equal(threads[i / CALLS].attest[i % CALLS], 'A');
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(threads[i / CALLS].origids[i % CALLS], threads[k / CALLS].origids[k % CALLS]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(threads[i].n_signed, CALLS);
        stir_es256_ctx_free(threads[i].ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(workers_share_one_book)};
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
