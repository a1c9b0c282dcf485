/* Nonces of the certificate authority: sealed, good once, and bounded. Run by many threads under ThreadSanitizer too. */
#include "support.h"

#include "service/ca_parts.h"

#include <pthread.h>
#include <stdlib.h>

enum { WINDOW = 4096 };
static struct stir_nonces *nonces;

static int set_up(void **state)
{
    (void)state;
    nonces = NULL;
    assert_err(stir_nonces_new(&nonces, "node-1", WINDOW), STIR_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_nonces_free(nonces);
    return 0;
}

static void nonce_is_good_once(void **state)
{
    char nonce[STIR_NONCE], other[STIR_NONCE];
    (void)state;
    assert_err(stir_nonce_new(nonce, nonces), STIR_OK);
    assert_err(stir_nonce_new(other, nonces), STIR_OK);
    assert_string_not_equal(nonce, other);
    assert_int_equal(stir_nonce_spend(nonces, S(nonce)), STIR_NONCE_GOOD);
    assert_int_equal(stir_nonce_spend(nonces, S(nonce)), STIR_NONCE_USED);
    assert_int_equal(stir_nonce_spend(nonces, S(other)), STIR_NONCE_GOOD);
    assert_int_equal(stir_nonce_spend(nonces, S(other)), STIR_NONCE_USED);
}

static void nonce_is_base64url(void **state)
{
    char nonce[STIR_NONCE];
    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_err(stir_nonce_new(nonce, nonces), STIR_OK);
        assert_int_equal(strspn(nonce, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(nonce));
    }
}

/* Any bit of it changed, cut, or longer: nobody makes one himself. */
static void nonce_that_was_touched_is_foreign(void **state)
{
    char nonce[STIR_NONCE], touched[STIR_NONCE + 1];
    (void)state;
    assert_err(stir_nonce_new(nonce, nonces), STIR_OK);
    size_t n = strlen(nonce);
    for (size_t i = 0; i < n; i++) {
        memcpy(touched, nonce, n + 1);
        touched[i] = nonce[i] == 'A' ? 'B' : 'A';
        assert_int_equal(stir_nonce_spend(nonces, S(touched)), STIR_NONCE_FOREIGN);
    }
    assert_int_equal(stir_nonce_spend(nonces, stir_slice_of(nonce, n - 1)), STIR_NONCE_FOREIGN);
    snprintf(touched, sizeof(touched), "%sA", nonce);
    assert_int_equal(stir_nonce_spend(nonces, S(touched)), STIR_NONCE_FOREIGN);
    assert_int_equal(stir_nonce_spend(nonces, S("")), STIR_NONCE_FOREIGN);
    assert_int_equal(stir_nonce_spend(nonces, S(nonce)), STIR_NONCE_GOOD);
}

static void nonce_of_another_start_is_foreign(void **state)
{
    struct stir_nonces *other = NULL;
    char nonce[STIR_NONCE];
    (void)state;
    assert_err(stir_nonce_new(nonce, nonces), STIR_OK); /* of the same number */
    assert_err(stir_nonces_new(&other, "node-1", WINDOW), STIR_OK);
    assert_err(stir_nonce_new(nonce, other), STIR_OK);
    assert_int_equal(stir_nonce_spend(nonces, S(nonce)), STIR_NONCE_FOREIGN);
    assert_int_equal(stir_nonce_spend(other, S(nonce)), STIR_NONCE_GOOD);
    stir_nonces_free(other);
}

static void nonce_room_takes_the_longest_name_of_a_node(void **state)
{
    struct stir_nonces *other = NULL;
    char name[65], nonce[STIR_NONCE];
    (void)state;
    memset(name, 'n', 64);
    name[64] = '\0';
    assert_err(stir_nonces_new(&other, name, WINDOW), STIR_OK);
    assert_err(stir_nonce_new(nonce, other), STIR_OK);
    assert_int_equal(stir_nonce_spend(other, S(nonce)), STIR_NONCE_GOOD);
    stir_nonces_free(other);
}

/* It lives through WINDOW later ones, and the place it leaves says nothing of those that come after. */
static void nonce_is_old_when_the_window_has_passed_it(void **state)
{
    char first[STIR_NONCE], second[STIR_NONCE], third[STIR_NONCE], last[STIR_NONCE];
    (void)state;
    assert_err(stir_nonce_new(first, nonces), STIR_OK);
    assert_err(stir_nonce_new(second, nonces), STIR_OK);
    assert_err(stir_nonce_new(third, nonces), STIR_OK);
    assert_int_equal(stir_nonce_spend(nonces, S(second)), STIR_NONCE_GOOD);
    for (int i = 3; i < WINDOW; i++)
        assert_err(stir_nonce_new(last, nonces), STIR_OK);
    assert_int_equal(stir_nonce_spend(nonces, S(first)), STIR_NONCE_GOOD);
    assert_err(stir_nonce_new(last, nonces), STIR_OK);
    assert_int_equal(stir_nonce_spend(nonces, S(first)), STIR_NONCE_OLD);
    assert_int_equal(stir_nonce_spend(nonces, S(second)), STIR_NONCE_USED);
    assert_int_equal(stir_nonce_spend(nonces, S(last)), STIR_NONCE_GOOD);
    assert_err(stir_nonce_new(last, nonces), STIR_OK); /* takes the place of the second, which was used */
    assert_int_equal(stir_nonce_spend(nonces, S(second)), STIR_NONCE_OLD);
    assert_int_equal(stir_nonce_spend(nonces, S(last)), STIR_NONCE_GOOD);
    assert_int_equal(stir_nonce_spend(nonces, S(third)), STIR_NONCE_GOOD);
}

enum { THREADS = 4, EACH = 500 };
static char shared[EACH][STIR_NONCE];
static int wins[THREADS];

static void *spend_all(void *arg)
{
    int *good = arg;
    char own[STIR_NONCE];
    for (int i = 0; i < EACH; i++) {
        *good += stir_nonce_spend(nonces, S(shared[i])) == STIR_NONCE_GOOD;
        if (stir_nonce_new(own, nonces) != STIR_OK || stir_nonce_spend(nonces, S(own)) != STIR_NONCE_GOOD)
            *good = -EACH * THREADS;
    }
    return NULL;
}

static void nonce_is_good_for_one_of_many_threads(void **state)
{
    pthread_t threads[THREADS];
    int all = 0;
    (void)state;
    for (int i = 0; i < EACH; i++)
        assert_err(stir_nonce_new(shared[i], nonces), STIR_OK);
    for (int i = 0; i < THREADS; i++) {
        wins[i] = 0;
        assert_int_equal(pthread_create(&threads[i], NULL, spend_all, &wins[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all += wins[i];
    }
    assert_int_equal(all, EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nonce_is_good_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_is_base64url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_that_was_touched_is_foreign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_of_another_start_is_foreign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_room_takes_the_longest_name_of_a_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_is_old_when_the_window_has_passed_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonce_is_good_for_one_of_many_threads, set_up, tear_down),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
