/* Out of memory: every allocation of libstir fails once, in turn. Each case does one whole job and frees all it was given. */
#include "oom.h"

static enum stir_err make_and_write_key(void *arg)
{
    (void)arg;
    struct stir_key *key = NULL, *again = NULL;
    char pem[4096];
    size_t len = 0;
    enum stir_err err = stir_key_generate(&key);
    if (err == STIR_OK)
        err = stir_key_write_pem(pem, sizeof(pem), &len, key, stir_slice_str(NULL));
    if (err == STIR_OK)
        err = stir_key_from_pem(&again, stir_slice_of(pem, len), NULL, NULL, NULL);
    if (err == STIR_OK)
        assert_true(stir_key_is_private(again) && stir_key_same_public(key, again));
    stir_key_free(again);
    stir_key_free(key);
    return err;
}

static enum stir_err sign_and_verify_digest(void *arg)
{
    struct stir_key *key = arg;
    struct stir_es256_ctx *ctx = NULL;
    unsigned char digest[STIR_SHA256] = {1}, sig[STIR_ES256_SIG];
    enum stir_err err = stir_es256_ctx_new(&ctx);
    if (err == STIR_OK)
        err = stir_es256_sign(ctx, key, digest, sig);
    if (err == STIR_OK)
        err = stir_es256_verify(ctx, key, digest, stir_slice_of(sig, sizeof(sig)));
    stir_es256_ctx_free(ctx);
    return err;
}

static void keys_answer_enomem(void **state)
{
    (void)state;
    oom_run(make_and_write_key, NULL);
}

static void es256_answers_enomem(void **state)
{
    (void)state;
    struct stir_key *key = NULL;
    assert_err(stir_key_generate(&key), STIR_OK);
    oom_run(sign_and_verify_digest, key);
    stir_key_free(key);
}

static enum stir_err make_replay(void *arg)
{
    static const unsigned char secret[STIR_REPLAY_SECRET] = {1};
    struct stir_replay *replay = NULL;
    unsigned char key[STIR_REPLAY_KEY] = {0};
    bool seen = true;
    (void)arg;
    enum stir_err err = stir_replay_new(&replay, 100, secret);
    if (err == STIR_OK)
        err = stir_replay_check(replay, key, S("a@h"), 160, 100, &seen);
    if (err == STIR_OK)
        assert_false(seen);
    else
        assert_null(replay);
    stir_replay_free(replay);
    return err;
}

static void the_replay_memory_answers_enomem(void **state)
{
    (void)state;
    oom_run(make_replay, NULL);
}

/* More different lists than there is room for at first, in no order, one range within another, and one said twice. */
static enum stir_err make_spc_table(void *arg)
{
    struct stir_spc_table *table = NULL;
    enum stir_err err = stir_spc_table_parse(&table, *(const struct stir_slice *)arg, NULL);
    if (err == STIR_OK)
        assert_slice(stir_spc_table_find(table, S("15555550300")), "C300");
    else
        assert_null(table);
    stir_spc_table_free(table);
    return err;
}

static void tables_of_numbers_answer_enomem(void **state)
{
    static char text[40000];
    size_t n = 0;
    (void)state;
    for (int i = 1200; i--;)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%llu C%d\n", 15555550000ull + (unsigned)i, i);
    n += (size_t)snprintf(text + n, sizeof(text) - n, "15555550000-15555559999 ALL\n15555550000-15555559999 MORE\n");
    struct stir_slice slice = stir_slice_of(text, n);
    oom_run(make_spc_table, &slice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_answer_enomem),
        cmocka_unit_test(es256_answers_enomem),
        cmocka_unit_test(the_replay_memory_answers_enomem),
        cmocka_unit_test(tables_of_numbers_answer_enomem),
    };
    return cmocka_run_group_tests_name("oom", tests, NULL, NULL);
}
