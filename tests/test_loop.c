/* The event loop: descriptors, timers, letters. */
#include "io/loop.h"

#include "support.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

struct fixture {
    struct stir_loop *loop;
    int order[16];
    size_t n;
};
static struct fixture f;

static int set_up(void **state)
{
    (void)state;
    memset(&f, 0, sizeof(f));
    assert_err(stir_loop_new(&f.loop), STIR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_loop_free(f.loop);
    return 0;
}

struct numbered {
    struct stir_timer timer;
    int number;
};

static void note(struct stir_timer *timer)
{
    f.order[f.n++] = ((struct numbered *)(void *)timer)->number;
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct numbered t[] = {{{.fire = note}, 3}, {{.fire = note}, 1}, {{.fire = note}, 2}, {{.fire = note}, 9}};
    (void)state;
    assert_true(stir_loop_after(f.loop, &t[0].timer, 15));
    assert_true(stir_loop_after(f.loop, &t[1].timer, 1));
    assert_true(stir_loop_after(f.loop, &t[2].timer, 8));
    assert_true(stir_loop_after(f.loop, &t[3].timer, 4));
    stir_loop_cancel(f.loop, &t[3].timer);
    for (int i = 0; i < 100 && f.n < 3; i++)
        stir_loop_turn(f.loop, 50);
    assert_int_equal(f.n, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(f.order[i], i + 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(t[i].timer.place, 0);
}

/* Against the plain way: a list that is searched. Cancels in any order, so that every hole of the heap is filled. */
static void the_heap_holds_what_was_not_cancelled(void **state)
{
    static struct numbered t[200];
    unsigned seed = 7;
    (void)state;
    for (int i = 0; i < 200; i++) {
        t[i] = (struct numbered){{.fire = note}, i};
        seed = seed * 1103515245u + 12345u;
        assert_true(stir_loop_after(f.loop, &t[i].timer, 1000 + (seed >> 16) % 500));
    }
    size_t left = 200;
    for (int round = 0; round < 190; round++) {
        seed = seed * 1103515245u + 12345u;
        struct numbered *one = &t[(seed >> 16) % 200];
        left -= one->timer.place != 0;
        stir_loop_cancel(f.loop, &one->timer);
    }
    size_t set = 0;
    for (int i = 0; i < 200; i++)
        set += t[i].timer.place != 0;
    assert_int_equal(set, left);
}

struct pipe_watch {
    struct stir_watch watch;
    struct stir_watch *other;
    int calls;
};

static void drop_other(struct stir_watch *watch, uint32_t events)
{
    struct pipe_watch *p = (struct pipe_watch *)(void *)watch;
    (void)events;
    p->calls++;
    stir_loop_unwatch(f.loop, p->other);
    stir_loop_unwatch(f.loop, watch);
}

static void an_unwatched_descriptor_is_not_told_even_in_the_same_turn(void **state)
{
    int a[2], b[2];
    (void)state;
    assert_int_equal(pipe(a) | pipe(b), 0);
    struct pipe_watch one = {{a[0], drop_other}, NULL, 0}, two = {{b[0], drop_other}, &one.watch, 0};
    one.other = &two.watch;
    assert_err(stir_loop_watch(f.loop, &one.watch, EPOLLIN, false), STIR_OK);
    assert_err(stir_loop_watch(f.loop, &two.watch, EPOLLIN, false), STIR_OK);
    assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
    stir_loop_turn(f.loop, 1000);
    stir_loop_turn(f.loop, 0);
    assert_int_equal(one.calls + two.calls, 1);
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

struct letter {
    struct stir_post post;
    int number;
};
static struct letter letters[1000];
static int opened[1000];
static size_t n_opened;

static void open_letter(struct stir_post *post)
{
    opened[n_opened++] = ((struct letter *)(void *)post)->number;
    if (n_opened == 1000)
        stir_loop_stop(f.loop);
}

static void *send_letters(void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        letters[i] = (struct letter){{NULL, open_letter}, i};
        stir_loop_post(f.loop, &letters[i].post);
    }
    return NULL;
}

static void letters_of_another_thread_come_in_their_order(void **state)
{
    pthread_t thread;
    (void)state;
    n_opened = 0;
    assert_int_equal(pthread_create(&thread, NULL, send_letters, NULL), 0);
    stir_loop_run(f.loop);
    pthread_join(thread, NULL);
    assert_int_equal(n_opened, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(opened[i], i);
}

static void letters_that_nobody_read_are_opened_at_the_end(void **state)
{
    struct letter last = {{NULL, open_letter}, 17};
    (void)state;
    n_opened = 0;
    stir_loop_post(f.loop, &last.post);
    stir_loop_free(f.loop);
    f.loop = NULL;
    assert_int_equal(n_opened, 1);
    assert_int_equal(opened[0], 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_times, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_heap_holds_what_was_not_cancelled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unwatched_descriptor_is_not_told_even_in_the_same_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(letters_of_another_thread_come_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(letters_that_nobody_read_are_opened_at_the_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
