/* Trust that keeps itself fresh: what changes in the folder becomes a snapshot, what is bad does not, and what runs out is said before it has. */
#include "service/trust.h"

#include <pthread.h>
#include <stir/trust_store.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "trust_support.h"

enum { TEXTS = 8192 };

struct lab {
    char dir[64];
    struct stir_conf_trust conf;
    struct stir_conf_fetch fetch;
    struct stir_trust_keeper *keeper;
    pthread_mutex_t lock; /* over what the keeper's thread tells */
    char said[TEXTS];
    size_t n_said, n_fatal, n_changed;
    struct stir_trust *newest;
};

static void put(struct lab *lab, const char *domain, const char *file, const char *text)
{
    char path[256], beside[272];
    snprintf(path, sizeof(path), "%s/%s", lab->dir, domain);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s/%s", lab->dir, domain, file);
    snprintf(beside, sizeof(beside), "%s.new", path);
    FILE *f = fopen(beside, "wb");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0 && rename(beside, path) == 0); /* whole or not at all, as everybody writes there */
}

static void put_file(struct lab *lab, const char *domain, const char *file, const char *data)
{
    struct stir_slice text = support_file(data);
    put(lab, domain, file, text.p);
    support_free(text);
}

static int begin(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    assert_non_null(lab);
    snprintf(lab->dir, sizeof(lab->dir), "/tmp/stir-keep-XXXXXX");
    assert_non_null(mkdtemp(lab->dir));
    pthread_mutex_init(&lab->lock, NULL);
    lab->conf.dir = lab->dir;
    lab->fetch = (struct stir_conf_fetch){.tls_root = "", .resolver = "127.0.0.1:9", .cache_dir = ""};
    put_file(lab, "us", "ca.pem", "crl/pa-root.pem");
    *state = lab;
    return 0;
}

static int end(void **state)
{
    struct lab *lab = *state;
    char command[128];
    stir_trust_keeper_free(lab->keeper);
    stir_trust_free(lab->newest);
    snprintf(command, sizeof(command), "rm -rf '%s'", lab->dir);
    assert_int_equal(system(command), 0);
    pthread_mutex_destroy(&lab->lock);
    free(lab);
    return 0;
}

static void changed(void *arg, struct stir_trust *trust)
{
    struct lab *lab = arg;
    pthread_mutex_lock(&lab->lock);
    stir_trust_free(lab->newest);
    lab->newest = trust;
    lab->n_changed++;
    pthread_mutex_unlock(&lab->lock);
}

static void say(void *arg, bool fatal, const char *text)
{
    struct lab *lab = arg;
    pthread_mutex_lock(&lab->lock);
    size_t n = strlen(lab->said);
    snprintf(lab->said + n, TEXTS - n, "%s\n", text);
    lab->n_said++;
    lab->n_fatal += fatal;
    pthread_mutex_unlock(&lab->lock);
}

static void open_keeper(struct lab *lab)
{
    struct stir_diag diag = {0};
    if (stir_trust_keeper_new(&lab->keeper, &lab->conf, &lab->fetch, changed, say, lab, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static void nap(int ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static size_t count(struct lab *lab, const size_t *what)
{
    pthread_mutex_lock(&lab->lock);
    size_t n = *what;
    pthread_mutex_unlock(&lab->lock);
    return n;
}

/* Until it is `wanted`, or a minute is over. */
static void await(struct lab *lab, const size_t *what, size_t wanted)
{
    for (int i = 0; i < 6000 && count(lab, what) < wanted; i++)
        nap(10);
    assert_int_equal(count(lab, what), wanted);
}

static bool has_said(struct lab *lab, const char *text)
{
    pthread_mutex_lock(&lab->lock);
    bool said = strstr(lab->said, text) != NULL;
    pthread_mutex_unlock(&lab->lock);
    return said;
}

static bool trusts(struct lab *lab, const char *pem)
{
    struct stir_policy policy = support_policy("shaken");
    struct stir_trust *trust = stir_trust_keeper_now(lab->keeper);
    struct stir_chain *chain = support_chain(pem, trust, &policy, (int64_t)time(NULL));
    bool yes = !support_has_reason(chain, STIR_R_ISSUER_MISSING);
    stir_chain_free(chain);
    stir_trust_free(trust);
    return yes;
}

static uint64_t generation(struct lab *lab)
{
    struct stir_trust *trust = stir_trust_keeper_now(lab->keeper);
    uint64_t number = stir_trust_generation(trust);
    stir_trust_free(trust);
    return number;
}

static void the_first_snapshot_is_there_at_once(void **state)
{
    struct lab *lab = *state;
    struct stir_trust_keeper *another = NULL;
    struct stir_trust_state states[4] = {{.life = -1}};
    open_keeper(lab);
    assert_true(trusts(lab, "crl/pa-root.pem"));
    assert_int_equal(stir_trust_keeper_states(lab->keeper, NULL, 0), 1);
    assert_int_equal(stir_trust_keeper_states(lab->keeper, states, 4), 1);
    assert_string_equal(states[0].domain, "us");
    assert_string_equal(states[0].file, "ca.pem");
    assert_int_equal(states[0].life, STIR_TRUST_FRESH);
    assert_int_equal(states[0].anchors, 1);
    assert_int_equal(states[0].until, 0);
    assert_int_equal(states[0].last_success, 0);
    assert_err(stir_trust_keeper_new(&another, &lab->conf, &lab->fetch, changed, say, lab, NULL), STIR_OK);
    struct stir_trust *trust = stir_trust_keeper_now(another);
    assert_int_not_equal(stir_trust_generation(trust), generation(lab)); /* chains judged under the one are none under the other */
    stir_trust_free(trust);
    stir_trust_keeper_free(another);
    assert_int_equal(count(lab, &lab->n_said) + count(lab, &lab->n_changed), 0);
}

static void a_folder_that_cannot_be_read_is_no_beginning(void **state)
{
    struct lab *lab = *state;
    struct stir_diag diag = {0};
    put(lab, "us", "ca.pem", "nonsense");
    assert_err(stir_trust_keeper_new(&lab->keeper, &lab->conf, &lab->fetch, changed, say, lab, &diag), STIR_EPEM);
    assert_non_null(strstr(diag.text, "us/ca.pem"));
    lab->conf.dir = "/nowhere";
    assert_err(stir_trust_keeper_new(&lab->keeper, &lab->conf, &lab->fetch, changed, say, lab, &diag), STIR_EIO);
    assert_null(lab->keeper);
}

static void what_changes_in_the_folder_becomes_a_snapshot(void **state)
{
    struct lab *lab = *state;
    open_keeper(lab);
    uint64_t first = generation(lab);
    assert_false(trusts(lab, "crl/ca-root.pem"));
    put_file(lab, "ca", "ca.pem", "crl/ca-root.pem");
    await(lab, &lab->n_changed, 1);
    assert_true(trusts(lab, "crl/ca-root.pem"));
    assert_true(generation(lab) > first);
    assert_int_equal(stir_trust_generation(lab->newest), generation(lab));
    /* What is known of a list is no part of a snapshot. */
    put(lab, "us", "list.jws", "x");
    nap(2500);
    assert_int_equal(count(lab, &lab->n_changed), 1);
}

static void what_is_bad_takes_nobodys_place(void **state)
{
    struct lab *lab = *state;
    open_keeper(lab);
    uint64_t first = generation(lab);
    put(lab, "us", "ca.pem", "nonsense");
    await(lab, &lab->n_said, 1);
    assert_true(has_said(lab, "us/ca.pem"));
    assert_true(has_said(lab, "what was read before holds on"));
    assert_true(trusts(lab, "crl/pa-root.pem"));
    put(lab, "us", "ca.pem", "nonsense again"); /* the same fault is said once */
    nap(2500);
    assert_int_equal(count(lab, &lab->n_said), 1);
    assert_int_equal(generation(lab), first);
    put_file(lab, "us", "ca.pem", "crl/ca-root.pem");
    await(lab, &lab->n_changed, 1);
    await(lab, &lab->n_said, 2);
    assert_false(trusts(lab, "crl/pa-root.pem"));
    assert_int_equal(count(lab, &lab->n_fatal), 0);
}

static void a_list_that_runs_out_is_said_and_trusted_no_more(void **state)
{
    struct lab *lab = *state;
    struct stir_trust_state shown;
    char text[512];
    int64_t now = (int64_t)time(NULL);
    snprintf(text, sizeof(text), "{\"schema\":1,\"source\":\"list\",\"imported\":%lld,\"ca_sha256\":\"\",\"sequence\":7,\"exp\":%lld,\"signer\":\"CN=PA\"}\n",
             (long long)now - 100, (long long)now + 3);
    put(lab, "us", "state.json", text);
    put(lab, "us", "domain.conf", "list-grace = 2s\n");
    open_keeper(lab);
    assert_true(has_said(lab, "us/ca.pem: half of its life is over and no newer one came; it ends 20"));
    assert_true(has_said(lab, "somebody changed the file"));
    assert_true(trusts(lab, "crl/pa-root.pem"));
    assert_int_equal(stir_trust_keeper_states(lab->keeper, &shown, 1), 1);
    assert_int_equal(shown.life, STIR_TRUST_HALF_OVER);
    assert_int_equal(shown.sequence, 7);
    await(lab, &lab->n_changed, 1); /* by the clock: no file changed */
    await(lab, &lab->n_fatal, 1);
    assert_true(has_said(lab, "used on for its grace"));
    assert_true(has_said(lab, "nobody of this domain is trusted"));
    assert_false(trusts(lab, "crl/pa-root.pem"));
}

static void an_administrator_who_cannot_be_reached_is_said(void **state)
{
    struct lab *lab = *state;
    put(lab, "us", "domain.conf", "crl-url = https://pa.example/crl\n");
    lab->conf.refresh = true;
    open_keeper(lab);
    await(lab, &lab->n_said, 1);
    assert_true(has_said(lab, "us: revocation list https://pa.example"));
    assert_true(has_said(lab, "the last good one stays"));
    assert_int_equal(count(lab, &lab->n_changed), 0);
}

#define LAB(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB(the_first_snapshot_is_there_at_once), LAB(a_folder_that_cannot_be_read_is_no_beginning),     LAB(what_changes_in_the_folder_becomes_a_snapshot),
        LAB(what_is_bad_takes_nobodys_place),     LAB(a_list_that_runs_out_is_said_and_trusted_no_more), LAB(an_administrator_who_cannot_be_reached_is_said),
    };
    return cmocka_run_group_tests_name("trust_keeper", tests, NULL, NULL);
}
