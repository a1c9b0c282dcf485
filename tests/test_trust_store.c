/* Folders of trust: what they hold and how old it is, what is due, refresh in an event loop, and all of it without memory. Lists: tests/data/ca-list and crl.
 */
#include "oom.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <stir/chain.h>
#include <stir/trust_refresh.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/trust_keep.h"

enum { NOW = 1780272000, DAY = 86400, EXP = NOW + 30 * DAY, HOUR = 3600 }; /* 2026-06-01 */

static struct lab {
    char dir[64];
    struct stir_slice list, newer, signer, root, pa_crl, crl;
    int64_t now;
} lab;

static void put(const char *file, const char *text)
{
    struct stir_trust_folder folder = {.dir = lab.dir, .name = "us"};
    assert_err(stir_trust_folder_write(&folder, file, S(text), NULL), STIR_OK);
}

static void remove_all(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", lab.dir);
    assert_int_equal(system(command), 0);
}

/* us: list 7, the administrator's certificates and revocation list, kept at NOW. */
static int begin(void **state)
{
    struct stir_trust_folder folder;
    struct stir_ca_list *list = NULL;
    char name[STIR_TRUST_CRL_NAME];
    bool known;
    (void)state;
    lab = (struct lab){.list = support_file("ca-list/good.jws"),
                       .newer = support_file("ca-list/good-8.jws"),
                       .signer = support_file("ca-list/signer.pem"),
                       .root = support_file("crl/pa-root.pem"),
                       .pa_crl = support_file("crl/pa-crl.pem"),
                       .crl = support_file("crl/pa-indirect.crl"),
                       .now = NOW};
    snprintf(lab.dir, sizeof(lab.dir), "/tmp/stir-store-XXXXXX");
    assert_non_null(mkdtemp(lab.dir));
    assert_err(stir_trust_folder_hold(&folder, lab.dir, "us", NULL), STIR_OK);
    assert_err(stir_trust_keep_list(&list, &folder, lab.list, lab.signer, lab.root, NOW, NULL), STIR_OK);
    stir_ca_list_free(list);
    assert_err(stir_trust_folder_write(&folder, STIR_TRUST_FILE_CRL_SIGNER, lab.pa_crl, NULL), STIR_OK);
    assert_err(stir_trust_folder_write(&folder, STIR_TRUST_FILE_PA_ROOT, lab.root, NULL), STIR_OK);
    struct stir_trust_crl in = {.pa = lab.root, .fetched = lab.pa_crl};
    assert_err(stir_crl_parse(&in.crl, lab.crl, NULL), STIR_OK);
    assert_err(stir_trust_keep_crl(name, &known, &folder, &in, NOW, NULL), STIR_OK);
    assert_true(known);
    stir_crl_free(in.crl);
    stir_trust_folder_release(&folder);
    return 0;
}

static int end(void **state)
{
    struct stir_slice *const texts[] = {&lab.list, &lab.newer, &lab.signer, &lab.root, &lab.pa_crl, &lab.crl};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        support_free(*texts[i]);
    remove_all();
    return 0;
}

static struct stir_trust_store *read_at(int64_t now)
{
    struct stir_trust_store *store = NULL;
    struct stir_diag diag = {0};
    if (stir_trust_store_read(&store, lab.dir, now, NULL, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return store;
}

static void a_folder_says_what_it_holds(void **state)
{
    size_t n;
    (void)state;
    struct stir_trust_store *store = read_at(NOW);
    const struct stir_trust_item *items = stir_trust_store_items(store, &n);
    assert_int_equal(n, 2);
    assert_int_equal(items[0].kind, STIR_TRUST_LIST);
    assert_string_equal(items[0].domain, "us");
    assert_int_equal(items[0].sequence, 7);
    assert_int_equal(items[0].from, NOW);
    assert_int_equal(items[0].until, EXP);
    assert_int_equal(items[0].used_until, EXP + 72 * HOUR);
    assert_int_equal(items[0].n_certs, 2);
    assert_string_equal(items[0].signer, "CN=STI-PA List,O=STI-PA,C=US");
    assert_false(items[0].changed);
    assert_int_equal(items[1].kind, STIR_TRUST_CRL);
    assert_non_null(items[1].crl);
    assert_int_equal(stir_trust_store_until(store), EXP + 72 * HOUR);
    stir_trust_store_free(store);
    put(STIR_TRUST_FILE_ANCHORS, lab.root.p);
    store = read_at(NOW);
    assert_true(stir_trust_store_items(store, &n)[0].changed);
    stir_trust_store_free(store);
}

static void age_has_four_steps(void **state)
{
    static const struct {
        int64_t after;
        enum stir_trust_life life;
    } rows[] = {
        {0, STIR_TRUST_FRESH},        {15 * DAY - 1, STIR_TRUST_FRESH},        {15 * DAY, STIR_TRUST_HALF_OVER},   {30 * DAY - 1, STIR_TRUST_HALF_OVER},
        {30 * DAY, STIR_TRUST_GRACE}, {30 * DAY + HOUR - 1, STIR_TRUST_GRACE}, {30 * DAY + HOUR, STIR_TRUST_OVER},
    };
    (void)state;
    put(STIR_TRUST_FILE_SETTINGS, "list-grace = 1h\n");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n;
        struct stir_trust_store *store = read_at(NOW + rows[i].after);
        if (stir_trust_store_items(store, &n)[0].life != rows[i].life)
            fail_msg("%lld s after: %d, wanted %d", (long long)rows[i].after, stir_trust_store_items(store, &n)[0].life, rows[i].life);
        stir_trust_store_free(store);
    }
}

static bool trusts(const char *body, int64_t now)
{
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    struct stir_chain *chain = NULL;
    struct stir_policy policy;
    struct stir_trust_store *store = read_at(now);
    struct stir_slice pem = support_file(body);
    assert_err(stir_policy_preset(&policy, S("shaken")), STIR_OK);
    assert_err(stir_trust_builder_new(&builder), STIR_OK);
    assert_err(stir_trust_store_add(store, builder, NULL), STIR_OK);
    assert_err(stir_trust_freeze(&trust, builder, 1), STIR_OK);
    assert_err(stir_chain_from_pem(&chain, pem, trust, &policy, now), STIR_OK);
    bool yes = stir_chain_info(chain)->trusted;
    stir_chain_free(chain);
    stir_trust_free(trust);
    stir_trust_store_free(store);
    support_free(pem);
    return yes;
}

static void an_expired_list_is_trusted_for_its_grace_and_no_longer(void **state)
{
    (void)state;
    assert_true(trusts("crl/chain2.pem", NOW));
    assert_true(trusts("crl/chain2.pem", EXP + 72 * HOUR - 1));
    assert_false(trusts("crl/chain2.pem", EXP + 72 * HOUR));
}

static void what_was_fetched_counts_only_under_a_pinned_root(void **state)
{
    char path[128];
    (void)state;
    assert_false(trusts("crl/chain1.pem", NOW)); /* revoked, by the list whose signer is in crl-signer.pem */
    snprintf(path, sizeof(path), "%s/us/%s", lab.dir, STIR_TRUST_FILE_PA_ROOT);
    assert_int_equal(unlink(path), 0);
    assert_true(trusts("crl/chain1.pem", NOW));
}

static void a_wrong_folder_is_said(void **state)
{
    struct stir_trust_store *store = NULL;
    struct stir_diag diag = {0};
    (void)state;
    assert_err(stir_trust_store_read(&store, "/nowhere", NOW, NULL, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "/nowhere"));
    put(STIR_TRUST_FILE_SETTINGS, "list-grace = 1h\nlist-grace = 2h\nx\n");
    assert_err(stir_trust_store_read(&store, lab.dir, NOW, NULL, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "domain.conf:2: list-grace: stands twice"));
    put(STIR_TRUST_FILE_SETTINGS, "");
    put(STIR_TRUST_FILE_STATE, "{\"schema\":1}");
    assert_err(stir_trust_store_read(&store, lab.dir, NOW, NULL, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "state.json"));
    assert_null(store);
    assert_err(stir_trust_store_read(NULL, lab.dir, NOW, NULL, NULL), STIR_EARG);
    assert_err(stir_trust_store_read(&store, NULL, NOW, NULL, NULL), STIR_EARG);
    assert_err(stir_trust_store_add(NULL, NULL, NULL), STIR_EARG);
    assert_int_equal(stir_trust_store_until(NULL), INT64_MAX);
    stir_trust_store_free(NULL);
}

/* ---- Refresh ---- */

static int64_t clock_of(void *arg)
{
    return *(const int64_t *)arg;
}

static struct stir_trust_refresh *refresh_new(void)
{
    static const char *const loopback[] = {"127.1.0.0/16"};
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    struct stir_trust_refresh *refresh = NULL;
    options.allow_net = loopback;
    options.n_allow_net = 1;
    options.any_url = true;
    options.timeout_ms = 500;
    options.resolver = "127.1.2.3:1";
    options.clock = clock_of;
    options.clock_arg = &lab.now;
    assert_err(stir_trust_refresh_new(&refresh, lab.dir, &options, NULL), STIR_OK);
    return refresh;
}

static void set_time(const char *file, int64_t at)
{
    char path[192];
    const struct timespec times[2] = {{.tv_sec = at}, {.tv_sec = at}};
    snprintf(path, sizeof(path), "%s/us/%s", lab.dir, file);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int64_t due(struct stir_trust_refresh *refresh)
{
    int64_t at = -1;
    struct stir_diag diag = {0};
    if (stir_trust_refresh_due(refresh, &at, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    return at;
}

static void a_list_is_due_after_its_refresh_or_at_half_of_its_life(void **state)
{
    struct stir_trust_refresh *refresh = refresh_new();
    struct stir_trust_outcome outcome;
    (void)state;
    assert_int_equal(due(refresh), INT64_MAX); /* no settings, nobody to ask */
    put(STIR_TRUST_FILE_SETTINGS, "pa-url = https://127.1.2.3:1/\nlist-refresh = 6h\n");
    set_time(STIR_TRUST_FILE_LIST, NOW);
    assert_int_equal(due(refresh), NOW + 6 * HOUR);
    set_time(STIR_TRUST_FILE_LIST, NOW + 20 * DAY);
    assert_int_equal(due(refresh), NOW + 15 * DAY);
    lab.now = NOW + 16 * DAY;
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_DUE, NULL, NULL), STIR_OK);
    stir_trust_refresh_finish(refresh);
    assert_true(stir_trust_refresh_next(refresh, &outcome));
    assert_int_equal(outcome.end, STIR_TRUST_UNREACHABLE);
    assert_int_equal(due(refresh), lab.now + 600); /* not at once again */
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_DUE, NULL, NULL), STIR_OK);
    assert_false(stir_trust_refresh_next(refresh, &outcome));
    put(STIR_TRUST_FILE_SETTINGS, "crl-url = https://127.1.2.3:1/crl\n");
    assert_true(due(refresh) != INT64_MAX);
    stir_trust_refresh_free(refresh);
}

static void an_event_loop_refreshes_without_blocking(void **state)
{
    struct stir_trust_refresh *refresh = refresh_new();
    struct stir_trust_outcome outcome = {.end = 0};
    size_t lists = 0, crls = 0;
    (void)state;
    put(STIR_TRUST_FILE_SETTINGS,
        "pa-url = https://127.1.2.3:1\ncrl-url = https://127.1.2.3:1/crl\ncrl-url = https://unresolved.test/crl\ncrl-url = https://10.0.0.1/crl\n");
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_CRLS, "us", NULL), STIR_OK);
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS, NULL, NULL), STIR_ESTATE);
    assert_err(stir_trust_refresh_point(refresh, "us", S("https://elsewhere.test/crl"), NULL), STIR_OK);
    assert_true(stir_trust_refresh_fd(refresh) >= 0);
    for (int64_t wait = stir_trust_refresh_wait(refresh); wait >= 0; wait = stir_trust_refresh_wait(refresh)) {
        struct pollfd fd = {.fd = stir_trust_refresh_fd(refresh), .events = POLLIN};
        assert_true(wait <= 500);
        (void)poll(&fd, 1, (int)wait);
        stir_trust_refresh_step(refresh);
        while (stir_trust_refresh_next(refresh, &outcome)) {
            assert_int_equal(outcome.end, STIR_TRUST_UNREACHABLE);
            assert_string_equal(outcome.domain, "us");
            assert_true(outcome.detail[0] && !outcome.file[0] && outcome.sequence == -1);
            lists += outcome.kind == STIR_TRUST_LIST;
            crls += outcome.kind == STIR_TRUST_CRL;
        }
    }
    assert_int_equal(lists, 1);
    assert_int_equal(crls, 4);
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS, "fr", NULL), STIR_ENOTFOUND);
    stir_trust_refresh_free(refresh);
}

static void what_is_under_way_is_dropped(void **state)
{
    struct stir_trust_refresh *refresh = refresh_new();
    (void)state;
    put(STIR_TRUST_FILE_SETTINGS, "pa-url = https://127.1.2.3:1\ncrl-url = https://unresolved.test/crl\n");
    assert_err(stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_CRLS, NULL, NULL), STIR_OK);
    stir_trust_refresh_free(refresh);
}

static void a_refresh_is_asked_well(void **state)
{
    struct stir_trust_refresh *refresh = NULL;
    struct stir_trust_outcome outcome;
    struct stir_net_options options = STIR_NET_OPTIONS_INIT;
    int64_t at;
    (void)state;
    options.resolver = "junk";
    assert_err(stir_trust_refresh_new(NULL, lab.dir, NULL, NULL), STIR_EARG);
    assert_err(stir_trust_refresh_new(&refresh, NULL, NULL, NULL), STIR_EARG);
    assert_err(stir_trust_refresh_new(&refresh, lab.dir, &options, NULL), STIR_ESYNTAX);
    assert_null(refresh);
    assert_err(stir_trust_refresh_start(NULL, STIR_TRUST_REFRESH_LISTS, NULL, NULL), STIR_EARG);
    assert_err(stir_trust_refresh_due(NULL, &at, NULL), STIR_EARG);
    assert_err(stir_trust_refresh_point(NULL, "us", S("https://a/"), NULL), STIR_EARG);
    assert_int_equal(stir_trust_refresh_fd(NULL), -1);
    assert_int_equal(stir_trust_refresh_wait(NULL), -1);
    assert_false(stir_trust_refresh_next(NULL, &outcome));
    stir_trust_refresh_step(NULL);
    stir_trust_refresh_finish(NULL);
    stir_trust_refresh_free(NULL);
}

/* ---- Without memory ---- */

static enum stir_err read_and_freeze(void *arg)
{
    struct stir_trust_store *store = NULL;
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    (void)arg;
    enum stir_err err = stir_trust_store_read(&store, lab.dir, NOW, NULL, NULL);
    if (err == STIR_OK)
        err = stir_trust_builder_new(&builder);
    if (err == STIR_OK)
        err = stir_trust_store_add(store, builder, NULL);
    if (err == STIR_OK)
        err = stir_trust_freeze(&trust, builder, 1);
    if (err != STIR_OK)
        stir_trust_builder_free(builder);
    stir_trust_free(trust);
    stir_trust_store_free(store);
    return err;
}

static enum stir_err keep_list_again(void *arg)
{
    struct stir_trust_folder folder = {.lock = -1};
    struct stir_ca_list *list = NULL;
    (void)arg;
    enum stir_err err = stir_trust_folder_hold(&folder, lab.dir, "us", NULL);
    if (err == STIR_OK)
        err = stir_trust_keep_list(&list, &folder, lab.newer, lab.signer, lab.root, NOW, NULL);
    stir_ca_list_free(list);
    stir_trust_folder_release(&folder);
    return err;
}

static enum stir_err keep_crl_again(void *arg)
{
    struct stir_trust_folder folder = {.lock = -1};
    struct stir_trust_crl in = {.pa = lab.root, .fetched = lab.pa_crl};
    char name[STIR_TRUST_CRL_NAME];
    bool known;
    (void)arg;
    enum stir_err err = stir_trust_folder_hold(&folder, lab.dir, "us", NULL);
    if (err == STIR_OK)
        err = stir_crl_parse(&in.crl, lab.crl, NULL);
    if (err == STIR_OK)
        err = stir_trust_keep_crl(name, &known, &folder, &in, NOW, NULL);
    stir_crl_free(in.crl);
    stir_trust_folder_release(&folder);
    return err;
}

static enum stir_err ask_what_is_due(void *arg)
{
    int64_t at;
    return stir_trust_refresh_due(arg, &at, NULL);
}

/* Whatever fails, each list that was asked for has its outcome, or nothing was asked for. */
static void without_memory_a_refresh_ends_all_the_same(void **state)
{
    bool failed = true;
    (void)state;
    put(STIR_TRUST_FILE_SETTINGS, "pa-url = https://127.1.2.3:1\nlogin-file = account\ncrl-url = https://127.1.2.3:1/crl\ncrl-host = ca.example\n");
    put("account", "user = a\npassword = b\n");
    char path[128];
    snprintf(path, sizeof(path), "%s/us/account", lab.dir);
    assert_int_equal(chmod(path, 0600), 0);
    for (size_t n = 1; failed; n++) {
        struct stir_trust_refresh *refresh = refresh_new();
        struct stir_trust_outcome outcome = {.end = 0};
        size_t outcomes = 0;
        oom.failed = 0;
        oom.and_after = false;
        oom.fail_at = n;
        enum stir_err err = stir_trust_refresh_start(refresh, STIR_TRUST_REFRESH_LISTS | STIR_TRUST_REFRESH_CRLS, NULL, NULL);
        stir_trust_refresh_finish(refresh);
        oom.fail_at = 0;
        failed = oom.failed > 0;
        for (; stir_trust_refresh_next(refresh, &outcome); outcomes++)
            if (outcome.end != STIR_TRUST_UNREACHABLE && outcome.end != STIR_TRUST_FAILED)
                fail_msg("allocation %zu: %d", n, outcome.end);
        if ((err != STIR_OK && (err != STIR_ENOMEM || outcomes)) || (err == STIR_OK && outcomes != 2))
            fail_msg("allocation %zu: %s, %zu outcomes", n, stir_err_name(err), outcomes);
        stir_trust_refresh_free(refresh);
    }
}

static void without_memory_nothing_is_taken_for_good(void **state)
{
    (void)state;
    oom_run(read_and_freeze, NULL);
    oom_run(keep_crl_again, NULL);
    oom_run(keep_list_again, NULL);
    put(STIR_TRUST_FILE_SETTINGS, "pa-url = https://127.1.2.3:1\ncrl-url = https://127.1.2.3:1/crl\n");
    struct stir_trust_refresh *refresh = refresh_new();
    oom_run(ask_what_is_due, refresh);
    stir_trust_refresh_free(refresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_says_what_it_holds, begin, end),
        cmocka_unit_test_setup_teardown(age_has_four_steps, begin, end),
        cmocka_unit_test_setup_teardown(an_expired_list_is_trusted_for_its_grace_and_no_longer, begin, end),
        cmocka_unit_test_setup_teardown(what_was_fetched_counts_only_under_a_pinned_root, begin, end),
        cmocka_unit_test_setup_teardown(a_wrong_folder_is_said, begin, end),
        cmocka_unit_test_setup_teardown(a_list_is_due_after_its_refresh_or_at_half_of_its_life, begin, end),
        cmocka_unit_test_setup_teardown(an_event_loop_refreshes_without_blocking, begin, end),
        cmocka_unit_test_setup_teardown(what_is_under_way_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(a_refresh_is_asked_well, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_nothing_is_taken_for_good, begin, end),
        cmocka_unit_test_setup_teardown(without_memory_a_refresh_ends_all_the_same, begin, end),
    };
    return cmocka_run_group_tests_name("trust_store", tests, NULL, NULL);
}
