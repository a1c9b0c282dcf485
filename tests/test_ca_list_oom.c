/* Out of memory in the list of trusted CAs, and in JWS: every allocation fails once, in turn. */
#include "oom.h"

#include "core/ca_list.h"

enum { NOW = 1780272000 };

struct texts {
    struct stir_slice list, signer, root;
    size_t certs;
};

static enum stir_err read_list(void *arg)
{
    const struct texts *t = arg;
    struct stir_ca_list *list = NULL;
    struct stir_trust_builder *builder = NULL;
    enum stir_err err = stir_ca_list_parse(&list, t->list, t->signer, t->root, -1, NOW, NULL);
    if (err == STIR_OK)
        assert_int_equal(stir_ca_list_info(list)->n_certs, t->certs);
    else
        assert_null(list);
    if (err == STIR_OK)
        err = stir_trust_builder_new(&builder);
    if (err == STIR_OK)
        err = stir_trust_add_ca_list(builder, list);
    stir_trust_builder_free(builder);
    stir_ca_list_free(list);
    return err;
}

static void a_list_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t certs;
    } rows[] = {{"ca-list/good.jws", 2}, {"ca-list/good-escaped-answer.json", 2}, {"ca-list/good-base64.jws", 2}, {"ca-list/good-8.jws", 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct texts t = {support_file(rows[i].file), support_file("ca-list/signer.pem"), support_file("crl/pa-root.pem"), rows[i].certs};
        assert_true(oom_run_named(rows[i].file, read_list, &t) >= 20);
        support_free(t.list);
        support_free(t.signer);
        support_free(t.root);
    }
}

/* The forms that ACME uses. */
static enum stir_err read_flattened(void *arg)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_jws jws;
    struct stir_slice nonce = {NULL, 0};
    enum stir_err err = stir_jws_read_flattened(&jws, &arena, S(arg), NULL);
    if (err == STIR_OK)
        err = stir_jws_header(&nonce, &jws, "nonce", &arena);
    if (err == STIR_OK)
        assert_slice(nonce, "a/b");
    stir_arena_clear(&arena);
    return err;
}

static void a_flattened_signature_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static char text[] = "{\"protected\":\"eyJhbGciOiJFUzI1NiIsIm5vbmNlIjoiYVwvYiJ9\",\"payload\":\"e3\\u0030\",\"signature\":\""
                         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    oom_run(read_flattened, text);
}

static enum stir_err read_jwk(void *arg)
{
    struct stir_json jwk;
    struct stir_key *key = NULL;
    enum stir_err err = stir_json_parse(&jwk, S(arg), NULL, NULL);
    if (err == STIR_OK)
        err = stir_jwk_read(&key, jwk, NULL);
    assert_true((err == STIR_OK) == (key != NULL));
    stir_key_free(key);
    return err;
}

static void a_key_in_json_is_read_or_not(void **state)
{
    (void)state;
    struct stir_slice text = support_file("../../fuzz/corpus/jws/jwk.json");
    oom_run(read_jwk, (void *)(uintptr_t)text.p);
    support_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_flattened_signature_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_key_in_json_is_read_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
