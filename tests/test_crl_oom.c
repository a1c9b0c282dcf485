#include "oom.h"

/* Read the text at `arg`, and look at what is read. */
static enum stir_err read_list(void *arg)
{
    const struct stir_slice *text = arg;
    struct stir_crl *crl = NULL;
    enum stir_err err = stir_crl_parse(&crl, *text, NULL);
    if (err == STIR_OK)
        assert_int_equal(stir_crl_info(crl)->n_entries, 4);
    else
        assert_null(crl);
    stir_crl_free(crl);
    return err;
}

static void a_list_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const char *const files[] = {"crl/pa-indirect.crl", "crl/pa-indirect-crl.pem"};
    for (size_t i = 0; i < 2; i++) {
        struct stir_slice text = support_file(files[i]);
        assert_true(oom_run_named(files[i], read_list, &text) >= 6);
        support_free(text);
    }
}

/* Blocks that are passed over, and a second list that is refused. */
static enum stir_err read_bundle(void *arg)
{
    enum stir_err err = read_list(arg);
    return err == STIR_EPEM ? STIR_OK : err;
}

static void a_text_of_many_blocks_leaves_nothing_behind(void **state)
{
    (void)state;
    struct stir_slice cert = support_file("crl/pa-crl.pem"), list = support_file("crl/pa-indirect-crl.pem");
    char text[8192];
    snprintf(text, sizeof(text), "%s%s%s%s", cert.p, list.p, cert.p, list.p);
    struct stir_slice both = S(text), first = stir_slice_of(text, cert.n + list.n + cert.n);
    oom_run_named("two lists", read_bundle, &both);
    oom_run_named("one list", read_list, &first);
    support_free(cert);
    support_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_text_of_many_blocks_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
