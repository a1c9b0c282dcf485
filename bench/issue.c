/* How fast the certificate authority issues, beside how fast its key signs: the whole of stir_ca_issue() (intent committed, signed, linted, certificate
 * committed, published), by one clerk or by several on a store of each its own connection. Run by bench/issue.py.  stir-issue STIR.CONF CLERKS SECONDS:
 * {"raw":...,"issued":...,"p99_ms":...} */
#include "server/config.h"
#include "service/ca_parts.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"

enum { CLERKS = 16, TIMES = 100000 };

static struct stir_ca *ca;
static const struct stir_conf *conf;
static int64_t until_ms;

struct clerk {
    pthread_t thread;
    struct stir_clerk clerk;
    size_t n;
    float ms[TIMES];
};
static struct clerk clerks[CLERKS];

static void die(const char *what, const struct stir_diag *diag)
{
    fprintf(stderr, "stir-issue: %s: %s\n", what, diag ? diag->text : "");
    exit(1);
}

static void say(void *arg, const char *text)
{
    (void)arg;
    fprintf(stderr, "%s\n", text);
}
static void say_ca(void *arg, bool fatal, const char *text)
{
    (void)arg;
    if (fatal)
        fprintf(stderr, "%s\n", text);
}

static void issue_one(struct clerk *c, const struct stir_tnauth *list)
{
    struct stir_diag diag = {0};
    struct stir_key *key = NULL;
    int64_t now = stir_clock_unix_ms() / 1000;
    if (stir_key_generate(&key) != STIR_OK)
        die("a key", NULL);
    struct stir_ca_issue issue = {.profile = &conf->profiles[0],
                                  .list = list,
                                  .key = key,
                                  .cn = stir_slice_str("SHAKEN 709J"),
                                  .o = stir_slice_str("Bench"),
                                  .c = stir_slice_str("US"),
                                  .not_before = now,
                                  .not_after = now + conf->profiles[0].life,
                                  .actor = "bench"};
    int64_t begun = stir_clock_monotonic_us();
    if (stir_ca_issue(ca, &c->clerk, &issue, now, &diag) != STIR_OK)
        die(issue.why[0] ? issue.why : "not issued", &diag);
    if (c->n < TIMES)
        c->ms[c->n] = (float)(stir_clock_monotonic_us() - begun) / 1000;
    c->n++;
    stir_cert_free(issue.cert);
    stir_key_free(key);
}

static void *work(void *arg)
{
    struct stir_tnauth *list = NULL;
    if (stir_tnauth_from_base64(&list, stir_slice_str("MAigBhYENzA5Sg")) != STIR_OK)
        die("the list", NULL);
    while (stir_clock_monotonic_ms() < until_ms)
        issue_one(arg, list);
    stir_tnauth_free(list);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Signatures a second of the issuing key alone. */
static double raw(void)
{
    unsigned char digest[STIR_SHA256] = {1}, signature[STIR_ES256_SIG];
    struct stir_key_signer held = {ca->key, clerks[0].clerk.ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    int64_t begun = stir_clock_monotonic_us();
    enum { N = 20000 };
    for (int i = 0; i < N; i++) {
        digest[1] = (unsigned char)i;
        if (signer.sign(signer.arg, digest, signature) != STIR_OK)
            die("a signature", NULL);
    }
    return N * 1e6 / (double)(stir_clock_monotonic_us() - begun);
}

static void open_clerk(struct clerk *c)
{
    struct stir_diag diag = {0};
    if (stir_store_open(&c->clerk.store, conf->store.url, &stir_schema, true, &diag) != STIR_OK)
        die("the store", &diag);
    if (stir_es256_ctx_new(&c->clerk.ctx) != STIR_OK)
        die("a context", NULL);
    c->clerk.node = conf->store.node;
}

static void close_clerk(struct clerk *c)
{
    stir_store_close(c->clerk.store);
    stir_es256_ctx_free(c->clerk.ctx);
}

static void run(size_t n, double seconds)
{
    static float all[TIMES];
    size_t issued = 0, times = 0;
    double signatures = raw();
    int64_t begun = stir_clock_monotonic_ms();
    until_ms = begun + (int64_t)(seconds * 1000);
    for (size_t i = 0; i < n; i++)
        if (pthread_create(&clerks[i].thread, NULL, work, &clerks[i]) != 0)
            die("a thread", NULL);
    for (size_t i = 0; i < n; i++)
        pthread_join(clerks[i].thread, NULL);
    double took = (double)(stir_clock_monotonic_ms() - begun) / 1000;
    for (size_t i = 0; i < n; i++) {
        issued += clerks[i].n;
        for (size_t k = 0; k < clerks[i].n && k < TIMES && times < TIMES; k++)
            all[times++] = clerks[i].ms[k];
    }
    qsort(all, times, sizeof(*all), compare);
    printf("{\"clerks\": %zu, \"raw_signatures_per_second\": %.0f, \"issued_per_second\": %.1f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", n, signatures,
           (double)issued / took, times ? (double)all[times / 2] : 0, times ? (double)all[times * 99 / 100] : 0);
}

int main(int argc, char **argv)
{
    struct stir_conf *read = NULL;
    const struct stir_config_say told = {say, NULL};
    const struct stir_ca_say told_ca = {say_ca, NULL};
    size_t n = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    if (n < 1 || n > CLERKS) {
        fprintf(stderr, "stir-issue: STIR.CONF CLERKS SECONDS\n");
        return 2;
    }
    if (stir_config_read(&read, argv[1], &told) != STIR_OK)
        die(argv[1], NULL);
    conf = read;
    if (stir_ca_new(&ca, conf, NULL, &told_ca) != STIR_OK)
        die("[ca]", NULL);
    for (size_t i = 0; i < n; i++)
        open_clerk(&clerks[i]);
    run(n, strtod(argv[3], NULL));
    for (size_t i = 0; i < n; i++)
        close_clerk(&clerks[i]);
    stir_ca_free(ca);
    stir_config_free(read);
    return 0;
}
