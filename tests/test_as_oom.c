/* Sources and signing identities when memory runs out: nothing half made, nothing lost. */
#include "oom.h"

#include "as_usual.h"

static enum stir_err make_sources(void *arg)
{
    struct stir_source_book *book = NULL;
    struct stir_source source;
    enum stir_err err = stir_source_book_new(&book, scene.conf, NULL);
    (void)arg;
    if (err == STIR_OK) {
        struct stir_peer peer = {.address = as_address("203.0.113.1"), .bearer = S(BETA_TOKEN)};
        stir_source_find(book, &peer, &source);
        assert_string_equal(source.tenant->name, "beta");
    }
    stir_source_book_free(book);
    return err;
}

static enum stir_err make_book(void *arg)
{
    struct stir_as_book *book = NULL;
    struct stir_as_signer_state seen;
    enum stir_err err = stir_as_book_new(&book, scene.conf, NOW, arg);
    if (err == STIR_OK)
        assert_true(stir_as_signer_at(book, 2, NOW, &seen) && seen.usable);
    stir_as_book_free(book);
    return err;
}

static void books_are_made_whole_or_not_at_all(void **state)
{
    (void)state;
    write_lists();
    open_tenants(LISTS "[rule a]\nnumber-sets = main free\nowned = yes\nattest = A\n[rule b]\ntenants = cust\nnumbers = 1215* 1303*\nattest = B\n");
    oom_run_named("stir_source_book_new", make_sources, NULL);
    oom_run_named("stir_as_book_new", make_book, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(books_are_made_whole_or_not_at_all)};
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
