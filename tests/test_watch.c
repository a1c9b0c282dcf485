/* Readiness and figures of the daemon: what /readyz says of the whole, and OPTIONS of one role. */
#include "server/server.h"

#include <stdlib.h>

#include "support.h"

static struct {
    struct stir_live live;
    struct stir_server server;
    bool usable, may_sign;
    const char *fault;
    size_t n_trust, grown; /* items of trust; by so many more once they were counted */
    size_t over;           /* place of the one that is over; SIZE_MAX: none */
    char text[4096];
} w;

struct stir_live *__wrap_stir_server_live(struct stir_server *server);
void __wrap_stir_live_free(struct stir_live *live);
bool __wrap_stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out);
bool __wrap_stir_as_numbers_at(const struct stir_as_book *book, size_t index, struct stir_as_numbers_state *out);
void __wrap_stir_records_fault(struct stir_records *records, char *buf, size_t cap);
bool __wrap_stir_records_may_sign(struct stir_records *records);
size_t __wrap_stir_trust_keeper_states(struct stir_trust_keeper *keeper, struct stir_trust_state *out, size_t cap);

struct stir_live *__wrap_stir_server_live(struct stir_server *server)
{
    (void)server;
    return &w.live;
}

void __wrap_stir_live_free(struct stir_live *live)
{
    assert_ptr_equal(live, &w.live);
}

bool __wrap_stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out)
{
    (void)book;
    (void)now;
    *out = (struct stir_as_signer_state){.name = "main", .spc = "709J", .usable = w.usable, .why = "its certificate has ended"};
    return index == 0;
}

bool __wrap_stir_as_numbers_at(const struct stir_as_book *book, size_t index, struct stir_as_numbers_state *out)
{
    (void)book;
    (void)index;
    (void)out;
    return false;
}

void __wrap_stir_records_fault(struct stir_records *records, char *buf, size_t cap)
{
    (void)records;
    snprintf(buf, cap, "%s", w.fault);
}

bool __wrap_stir_records_may_sign(struct stir_records *records)
{
    (void)records;
    return w.may_sign;
}

size_t __wrap_stir_trust_keeper_states(struct stir_trust_keeper *keeper, struct stir_trust_state *out, size_t cap)
{
    size_t n = w.n_trust;
    assert_ptr_equal(keeper, &w);
    for (size_t i = 0; i < n && i < cap; i++) {
        out[i] = (struct stir_trust_state){.domain = "us", .life = i == w.over ? 3 : 0};
        snprintf(out[i].file, sizeof(out[i].file), "item-%zu.pem", i);
    }
    w.n_trust += w.grown;
    w.grown = 0;
    return n;
}

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof(w));
    w.live.as = (const struct stir_as_book *)(const void *)&w;
    w.server.trust = (struct stir_trust_keeper *)(void *)&w;
    w.usable = w.may_sign = true;
    w.fault = "";
    w.n_trust = 3;
    w.over = SIZE_MAX;
    return 0;
}

static unsigned unready(void)
{
    stir_watch_roles(&w.server);
    return atomic_load(&w.server.shared.unready);
}

static bool ready(void)
{
    return stir_watch_ready(&w.server, w.text, sizeof(w.text));
}

static void all_is_ready_when_nothing_is_wrong(void **state)
{
    (void)state;
    assert_true(ready());
    assert_string_equal(w.text, "");
    assert_int_equal(unready(), 0);
}

static void signers_concern_signing_alone(void **state)
{
    (void)state;
    w.usable = false;
    assert_false(ready());
    assert_string_equal(w.text, "signer main: its certificate has ended\nsigners all: none can sign\n");
    assert_int_equal(unready(), STIR_ROLE_AS);
}

static void trust_that_is_over_concerns_verification_alone(void **state)
{
    (void)state;
    w.over = 2;
    assert_false(ready());
    assert_string_equal(w.text, "trust item-2.pem: is over and not used\n");
    assert_int_equal(unready(), STIR_ROLE_VS);
    w.over = SIZE_MAX;
    assert_int_equal(unready(), 0); /* and it is over when it is */
}

static void evidence_concerns_signing_when_nothing_is_signed_without_it(void **state)
{
    (void)state;
    w.fault = "No space left on device";
    assert_false(ready());
    assert_string_equal(w.text, "evidence : No space left on device\n");
    assert_int_equal(unready(), 0); /* when-full = go-on: calls are served */
    w.may_sign = false;
    assert_int_equal(unready(), STIR_ROLE_AS);
    w.fault = ""; /* its file takes records, but most of its memory waits */
    assert_false(ready());
    assert_int_equal(unready(), STIR_ROLE_AS);
}

static void a_stop_under_way_concerns_everybody(void **state)
{
    (void)state;
    w.server.stopping = true;
    assert_false(ready());
    assert_int_equal(unready(), STIR_ROLE_AS | STIR_ROLE_VS);
}

static void every_item_of_trust_is_looked_at(void **state)
{
    (void)state;
    w.n_trust = 300;
    w.over = 299;
    assert_false(ready());
    assert_string_equal(w.text, "trust item-299.pem: is over and not used\n");
    w.over = 5;
    w.grown = 100; /* between counting and reading */
    assert_false(ready());
    assert_string_equal(w.text, "trust item-5.pem: is over and not used\n");
    w.n_trust = 0;
    assert_true(ready());
}

static void every_item_of_trust_is_a_figure(void **state)
{
    size_t n = 0;
    (void)state;
    w.n_trust = 300;
    assert_err(stir_metrics_new(&w.server.shared.metrics), STIR_OK);
    stir_metrics_source(w.server.shared.metrics, stir_watch_metrics, &w.server);
    char *page = stir_metrics_page(w.server.shared.metrics, &n);
    assert_non_null(page);
    assert_non_null(strstr(page, "stir_trust_life{domain=\"us\",file=\"item-299.pem\"} 0\n"));
    free(page);
    stir_metrics_free(w.server.shared.metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_is_ready_when_nothing_is_wrong, begin),
        cmocka_unit_test_setup(signers_concern_signing_alone, begin),
        cmocka_unit_test_setup(trust_that_is_over_concerns_verification_alone, begin),
        cmocka_unit_test_setup(evidence_concerns_signing_when_nothing_is_signed_without_it, begin),
        cmocka_unit_test_setup(a_stop_under_way_concerns_everybody, begin),
        cmocka_unit_test_setup(every_item_of_trust_is_looked_at, begin),
        cmocka_unit_test_setup(every_item_of_trust_is_a_figure, begin),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
