/* The worker threads: started, told things between two turns, stopped. */
#include "server/server.h"

#include <stdlib.h>

#include "io/thread.h"

/* One thing that every worker does once, and the count of those who have not yet. */
struct stir_round {
    pthread_mutex_t lock;
    pthread_cond_t done;
    size_t left;
    enum stir_err err;
    enum stir_err (*work)(struct stir_hand *hand, void *arg);
    void *arg;
};

static void do_errand(struct stir_post *post)
{
    struct stir_hand *hand = (struct stir_hand *)(void *)post;
    struct stir_round *round = hand->round;
    enum stir_err err = round->work(hand, round->arg);
    pthread_mutex_lock(&round->lock);
    if (round->err == STIR_OK)
        round->err = err;
    if (--round->left == 0)
        pthread_cond_signal(&round->done);
    pthread_mutex_unlock(&round->lock);
}

enum stir_err stir_hands_all(struct stir_server *server, enum stir_err (*work)(struct stir_hand *hand, void *arg), void *arg)
{
    struct stir_round round = {.left = server->n_hands, .work = work, .arg = arg};
    pthread_mutex_init(&round.lock, NULL);
    pthread_cond_init(&round.done, NULL);
    for (size_t i = 0; i < server->n_hands; i++) {
        server->hands[i].errand.open = do_errand;
        server->hands[i].round = &round;
        stir_loop_post(server->hands[i].worker.loop, &server->hands[i].errand);
    }
    pthread_mutex_lock(&round.lock);
    while (round.left)
        pthread_cond_wait(&round.done, &round.lock);
    pthread_mutex_unlock(&round.lock);
    pthread_cond_destroy(&round.done);
    pthread_mutex_destroy(&round.lock);
    return round.err;
}

static enum stir_err take(struct stir_hand *hand, void *arg)
{
    stir_live_free(hand->worker.live);
    hand->worker.live = stir_live_ref(arg);
    return STIR_OK;
}

void stir_hands_take(struct stir_server *server, struct stir_live *live)
{
    (void)stir_hands_all(server, take, live); /* cannot fail */
}

static void *work(void *arg)
{
    struct stir_hand *hand = arg;
    stir_loop_run(hand->worker.loop);
    stir_desks_close(hand);
    return NULL;
}

static void hand_clear(struct stir_hand *hand)
{
    stir_loop_free(hand->worker.loop);
    stir_es256_ctx_free(hand->worker.ctx);
    stir_live_free(hand->worker.live);
}

static enum stir_err hand_start(struct stir_server *server, struct stir_hand *hand, unsigned index)
{
    *hand = (struct stir_hand){.server = server, .worker = {.index = index, .shared = &server->shared, .live = stir_live_ref(server->live)}};
    enum stir_err err = stir_loop_new(&hand->worker.loop);
    if (err == STIR_OK)
        err = stir_es256_ctx_new(&hand->worker.ctx);
    if (err == STIR_OK && !stir_thread_begin(&hand->thread, work, hand))
        err = STIR_ENOMEM;
    if (err != STIR_OK)
        hand_clear(hand);
    return err;
}

enum stir_err stir_hands_start(struct stir_server *server, size_t n)
{
    enum stir_err err = STIR_OK;
    server->hands = calloc(n, sizeof(*server->hands));
    if (!server->hands)
        return STIR_ENOMEM;
    while (server->n_hands < n && err == STIR_OK) {
        err = hand_start(server, &server->hands[server->n_hands], (unsigned)server->n_hands);
        server->n_hands += err == STIR_OK;
    }
    return err;
}

void stir_hands_stop(struct stir_server *server)
{
    for (size_t i = 0; i < server->n_hands; i++)
        stir_loop_stop(server->hands[i].worker.loop);
    for (size_t i = 0; i < server->n_hands; i++)
        pthread_join(server->hands[i].thread, NULL);
}

void stir_hands_free(struct stir_server *server)
{
    for (size_t i = 0; i < server->n_hands; i++)
        hand_clear(&server->hands[i]);
    free(server->hands);
    server->hands = NULL;
    server->n_hands = 0;
}
