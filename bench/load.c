/* stir-load: a load of calls on a server, from one UDP source port or over a few HTTP connections, each call's answer held against what it must be.
 *
 *   stir-load MODE ADDRESS:PORT [OPTION...]
 *
 * MODE: as, vs (SIP redirect servers), signing, verifying (ATIS-1000082 over HTTP), sign-csv, check (secsipidx), junk (datagrams that are no SIP, or nearly).
 *   --calls N        a round (20000)         --rounds N      (1)
 *   --window N       calls under way at once; HTTP: connections (32)
 *   --rate N         calls a second, whether answers come or not; latencies count from when a call was due
 *   --pid PID        rounds alternate with OpenSSL's bare operation: calls by CPU second of that process against operations by CPU second
 *   --signer KEY X5U (vs, verifying, check; may be repeated) tokens are signed by these in turn; a '%' in X5U becomes the call's number
 *   --path PATH      --header LINE           --expect TEXT   what a good answer holds
 *   --seed FILE      (junk)                  --no-ack        answers are not acknowledged
 *
 * One line of JSON on stdout; progress, one line a round, on stderr with --verbose. Exit status 1: an answer was wrong or lost. */
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

enum { MOST_ROUNDS = 4096, RAW_SECONDS_PER_1000 = 300 };

void load_die(const char *what, const char *why)
{
    fprintf(stderr, "stir-load: %s: %s\n", what, why);
    exit(3);
}

double load_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_of(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0)
        load_die("the server", "is gone");
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ------------------------------------------------------------------ OpenSSL alone */

struct raw {
    EVP_PKEY_CTX *ctx;
    bool signs;
    unsigned char digest[32], sig[80];
    size_t n_sig;
};

static void raw_new(struct raw *raw, bool signs)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *signer = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    memset(raw, 0, sizeof(*raw));
    raw->signs = signs;
    raw->n_sig = sizeof(raw->sig);
    memset(raw->digest, 'x', sizeof(raw->digest));
    if (!signer || EVP_PKEY_sign_init(signer) != 1 || EVP_PKEY_sign(signer, raw->sig, &raw->n_sig, raw->digest, sizeof(raw->digest)) != 1)
        load_die("OpenSSL", "does not sign");
    raw->ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (!raw->ctx || (signs ? EVP_PKEY_sign_init(raw->ctx) : EVP_PKEY_verify_init(raw->ctx)) != 1)
        load_die("OpenSSL", "has no context");
    EVP_PKEY_CTX_free(signer);
    EVP_PKEY_free(key);
}

static void raw_once(struct raw *raw)
{
    unsigned char sig[80];
    size_t n = sizeof(sig);
    int done = raw->signs ? EVP_PKEY_sign(raw->ctx, sig, &n, raw->digest, sizeof(raw->digest))
                          : EVP_PKEY_verify(raw->ctx, raw->sig, raw->n_sig, raw->digest, sizeof(raw->digest));
    if (done != 1)
        load_die("OpenSSL", "failed");
}

/* Operations by second of this thread's CPU time. */
static double raw_rate(struct raw *raw)
{
    double begun = cpu_of(CLOCK_THREAD_CPUTIME_ID), took = 0;
    size_t n = 0;
    while ((took = cpu_of(CLOCK_THREAD_CPUTIME_ID) - begun) < (double)RAW_SECONDS_PER_1000 / 1e3)
        for (size_t i = 0; i < 100; i++, n++)
            raw_once(raw);
    return (double)n / took;
}

/* ------------------------------------------------------------------ options */

static const char *const modes[] = {"as", "vs", "signing", "verifying", "sign-csv", "check", "junk"};
static const char *const paths[] = {"", "", "/stir/v1/signing", "/stir/v1/verification", "/v1/sign-csv", "/v1/check", ""};
static const char *const expected[] = {"\r\nIdentity:", "TN-Validation-Passed", "\"identity\"", "TN-Validation-Passed", ";info=<", "OK", ""};

static void read_server(struct load *load, const char *text)
{
    char address[64];
    const char *colon = strrchr(text, ':');
    struct sockaddr_in *v4 = (struct sockaddr_in *)&load->server;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&load->server;
    bool bracketed = text[0] == '[';
    if (!colon || (size_t)(colon - text) >= sizeof(address) || strlen(text) >= sizeof(load->host))
        load_die(text, "is no ADDRESS:PORT");
    snprintf(load->host, sizeof(load->host), "%s", text);
    snprintf(address, sizeof(address), "%.*s", (int)(colon - text) - 2 * bracketed, text + bracketed);
    unsigned long port = strtoul(colon + 1, NULL, 10);
    load->server.ss_family = bracketed ? AF_INET6 : AF_INET;
    load->n_server = bracketed ? sizeof(*v6) : sizeof(*v4);
    *(bracketed ? &v6->sin6_port : &v4->sin_port) = htons((uint16_t)port);
    if (inet_pton(load->server.ss_family, address, bracketed ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr) != 1)
        load_die(text, "is no ADDRESS:PORT");
}

static void add_signer(struct load *load, const char *file, const char *x5u)
{
    static char pem[8192];
    struct stir_diag diag = {0};
    struct load_signer *signer = &load->signers[load->n_signers];
    FILE *in = fopen(file, "rb");
    size_t n = in ? fread(pem, 1, sizeof(pem), in) : 0;
    if (!in || load->n_signers++ == LOAD_SIGNERS || stir_key_from_pem(&signer->key, stir_slice_of(pem, n), NULL, NULL, &diag) != STIR_OK)
        load_die(file, diag.text[0] ? diag.text : "cannot be read");
    fclose(in);
    signer->x5u = x5u;
}

static double number(const char *text)
{
    char *end = NULL;
    double value = text ? strtod(text, &end) : -1;
    if (!text || *end || value < 0)
        load_die(text ? text : "an option", "wants a number");
    return value;
}

static bool verbose;

/* The option at `argv`; how many words it took. */
static int read_option(struct load *load, char **argv, int n)
{
    const char *name = argv[0], *value = n > 1 ? argv[1] : NULL;
    if (strcmp(name, "--no-ack") == 0)
        return load->ack = false, 1;
    if (strcmp(name, "--verbose") == 0)
        return verbose = true, 1;
    if (!value)
        load_die(name, "is no option, or wants a value");
    if (strcmp(name, "--calls") == 0)
        load->calls = (size_t)number(value);
    else if (strcmp(name, "--rounds") == 0)
        load->rounds = (size_t)number(value);
    else if (strcmp(name, "--window") == 0)
        load->window = (size_t)number(value);
    else if (strcmp(name, "--rate") == 0)
        load->rate = number(value);
    else if (strcmp(name, "--pid") == 0)
        load->pid = (pid_t)number(value);
    else if (strcmp(name, "--path") == 0)
        load->path = value;
    else if (strcmp(name, "--expect") == 0)
        load->expect = value;
    else if (strcmp(name, "--header") == 0 && load->n_headers < LOAD_HEADERS)
        load->headers[load->n_headers++] = value;
    else if (strcmp(name, "--seed") == 0 && load->n_seeds < LOAD_SIGNERS)
        load->seeds[load->n_seeds++] = value;
    else if (strcmp(name, "--signer") == 0 && n > 2)
        return add_signer(load, value, argv[2]), 3;
    else
        load_die(name, "is no option, or there are too many");
    return 2;
}

static void read_options(struct load *load, int argc, char **argv)
{
    size_t mode = 0, most = sizeof(modes) / sizeof(modes[0]);
    if (argc < 3) {
        fprintf(stderr, "stir-load MODE ADDRESS:PORT [OPTION...]: see bench/load.c\n");
        exit(2);
    }
    while (mode < most && strcmp(modes[mode], argv[1]) != 0)
        mode++;
    if (mode == most)
        load_die(argv[1], "is no mode");
    *load = (struct load){.mode = (enum load_mode)mode,
                          .mode_name = modes[mode],
                          .path = paths[mode],
                          .expect = expected[mode],
                          .calls = 20000,
                          .rounds = 1,
                          .window = 32,
                          .ack = true,
                          .run = (unsigned)getpid() ^ (unsigned)time(NULL) << 12};
    read_server(load, argv[2]);
    for (int i = 3; i < argc;)
        i += read_option(load, argv + i, argc - i);
    bool http = mode >= LOAD_SIGNING && mode <= LOAD_CHECK, signs = mode == LOAD_VS || mode == LOAD_VERIFYING || mode == LOAD_CHECK;
    if (signs && !load->n_signers)
        load_die(load->mode_name, "wants --signer KEY X5U");
    if (mode == LOAD_JUNK && load->rate <= 0)
        load_die("junk", "wants --rate");
    if (!load->calls || !load->rounds || load->rounds > MOST_ROUNDS || !load->window || (http && load->window > LOAD_CONNECTIONS))
        load_die("--calls, --rounds, --window", "are out of range");
    if (stir_es256_ctx_new(&load->ctx) != STIR_OK)
        load_die("memory", "there is not enough");
}

/* ------------------------------------------------------------------ figures */

struct figures {
    struct load_tally total;
    double rates[MOST_ROUNDS], ratios[MOST_ROUNDS], per_cpu[MOST_ROUNDS]; /* by round: calls by second; by CPU second and OpenSSL's; by CPU second */
    size_t n;
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_size_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), by_size);
    return n ? values[n / 2] : 0;
}

static void add(struct figures *f, const struct load_tally *one)
{
    f->total.good += one->good;
    f->total.bad += one->bad;
    f->total.lost += one->lost;
    f->total.again += one->again;
    f->total.seconds += one->seconds;
    f->total.n_latency += one->n_latency;
    if (one->bad && !f->total.first_bad[0])
        memcpy(f->total.first_bad, one->first_bad, sizeof(one->first_bad));
}

static void one_round(struct load *load, size_t round, struct raw *raw, clockid_t clock, struct figures *f)
{
    struct load_batch batch;
    struct load_tally tally = {.latency_us = f->total.latency_us + f->total.n_latency};
    load_make(load, round * load->calls, load->calls, &batch);
    double bare = load->pid ? raw_rate(raw) : 0, cpu = load->pid ? cpu_of(clock) : 0;
    if (load->mode == LOAD_JUNK)
        load_junk(load, &batch, &tally);
    else if (load->mode <= LOAD_VS)
        load_sip(load, &batch, &tally);
    else
        load_http(load, &batch, &tally);
    if (load->pid) {
        cpu = cpu_of(clock) - cpu;
        f->per_cpu[f->n] = (double)tally.good / cpu;
        f->ratios[f->n] = f->per_cpu[f->n] / bare;
    }
    f->rates[f->n++] = (double)tally.good / tally.seconds;
    add(f, &tally);
    load_batch_free(&batch);
    if (verbose)
        fprintf(stderr, "round %zu: %zu good, %zu bad, %zu lost, %zu again, %.0f a second\n", round, tally.good, tally.bad, tally.lost, tally.again,
                f->rates[f->n - 1]);
}

static uint32_t percentile(const struct load_tally *total, double part)
{
    return total->n_latency ? total->latency_us[(size_t)(part * (double)(total->n_latency - 1))] : 0;
}

static void print(const struct load *load, struct figures *f)
{
    const struct load_tally *total = &f->total;
    qsort(total->latency_us, total->n_latency, sizeof(uint32_t), by_size_u32);
    printf("{\"mode\": \"%s\", \"good\": %zu, \"bad\": %zu, \"lost\": %zu, \"again\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, ", load->mode_name,
           total->good, total->bad, total->lost, total->again, total->seconds, median(f->rates, f->n));
    if (load->pid) {
        double ratio = median(f->ratios, f->n);
        printf("\"per_cpu_second\": %.1f, \"ratio\": %.4f, \"q25\": %.4f, \"q75\": %.4f, ", median(f->per_cpu, f->n), ratio, f->ratios[f->n / 4],
               f->ratios[f->n - 1 - f->n / 4]);
    }
    printf("\"p50_us\": %u, \"p99_us\": %u, \"p999_us\": %u}\n", percentile(total, 0.5), percentile(total, 0.99), percentile(total, 0.999));
    if (total->first_bad[0])
        fprintf(stderr, "stir-load: the first wrong answer:\n%s\n", total->first_bad);
}

int main(int argc, char **argv)
{
    static struct load load;
    static struct figures figures;
    struct raw raw;
    clockid_t clock = 0;
    read_options(&load, argc, argv);
    figures.total.latency_us = calloc(load.calls * load.rounds, sizeof(uint32_t));
    if (!figures.total.latency_us)
        load_die("memory", "there is not enough for this many calls");
    if (load.pid && clock_getcpuclockid(load.pid, &clock) != 0)
        load_die("--pid", "names no process");
    raw_new(&raw, load.mode == LOAD_AS || load.mode == LOAD_SIGNING || load.mode == LOAD_SIGN_CSV);
    for (size_t i = 0; i < load.rounds; i++)
        one_round(&load, i, &raw, clock, &figures);
    print(&load, &figures);
    EVP_PKEY_CTX_free(raw.ctx);
    for (size_t i = 0; i < load.n_signers; i++)
        stir_key_free(load.signers[i].key);
    stir_es256_ctx_free(load.ctx);
    free(figures.total.latency_us);
    return figures.total.bad || figures.total.lost ? 1 : 0;
}
