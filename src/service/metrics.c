#include "service/metrics_text.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/bytes.h"
#include "core/verdict.h"
#include "io/process.h"

/* One relaxed atomic addition a counter, some twelve a call: 3 ns each alone, 9 ns when two threads raise the same one; a call costs 25 000 ns and more. */
typedef _Atomic uint64_t counter;

enum {
    ATTESTS = 4, /* none, A, B, C */
    PPTS = STIR_PPT_OTHER + 1,
    RESULTS = STIR_SIGN_REFUSED, /* from 1 on */
    VERSTATS = STIR_VERSTAT_FAILED + 1,
    ACTS = STIR_ACT_ALERT + 1,
    WAYS = STIR_WAY_HTTPS, /* from 1 on */
    CODES = 700,
    SLOTS = 4 * STIR_METRICS_NAMES, /* of a table of names: at most a quarter of them are full */
    MAX_REASONS = 1000,
    MAX_NAME = 200,
    LABELS = 1024, /* four of them, with a name of which each byte is escaped */
};

/* Upper bounds in microseconds; the last one has none. */
static const int64_t bounds_us[] = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};
enum { BOUNDS = sizeof(bounds_us) / sizeof(bounds_us[0]), BUCKETS = BOUNDS + 1 };

struct histogram {
    counter bucket[BUCKETS];
    counter sum_us;
};

/* What is counted of a trunk or a tenant. */
struct party {
    counter sign[ATTESTS][RESULTS];
    counter verify[VERSTATS][ACTS];
    char name[];
};

/* Names only come, so that who looks one up needs no lock: a slot is empty or stays as it is. */
struct names {
    struct party *none, *other;
    _Atomic(struct party *) slot[SLOTS];
    size_t n; /* without those two */
};

struct stir_metrics {
    counter plain[STIR_METRIC_COUNT];
    counter sign[ATTESTS][PPTS][RESULTS];
    counter act[ACTS];
    counter answer[WAYS][CODES];
    struct histogram sign_time, verify_time, verify_wait;
    struct names trunks, tenants;
    counter *verify; /* [verstat][reason][attest][ppt] */
    size_t n_reasons;
    uint16_t place_of[MAX_REASONS]; /* of a reason's number in the catalogue, from 1; 0: none */
    double started;
    _Atomic uint64_t conf_hash;
    struct {
        void (*tell)(void *arg, struct stir_metrics_text *text);
        void *arg;
    } sources[STIR_METRICS_SOURCES];
    size_t n_sources;
};

static void raise_by(counter *c, uint64_t n)
{
    atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static uint64_t value_of(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

/* ---- Names ---- */

static struct party *party_new(const char *name)
{
    const size_t n = strlen(name) + 1;
    struct party *party = calloc(1, sizeof(*party) + n);
    if (party)
        memcpy(party->name, name, n);
    return party;
}

/* FNV-1a: names are the operator's own. */
static size_t place_of(const char *name)
{
    uint32_t hash = 2166136261u;
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash % SLOTS;
}

/* The slot of `name`, or the empty one where it belongs. There is always an empty one. */
static _Atomic(struct party *) *slot_of(struct names *names, const char *name)
{
    size_t at = place_of(name);
    for (;; at = (at + 1) % SLOTS) {
        const struct party *party = atomic_load_explicit(&names->slot[at], memory_order_acquire);
        if (!party || strcmp(party->name, name) == 0)
            return &names->slot[at];
    }
}

static struct party *party_of(struct names *names, const char *name)
{
    struct party *party = atomic_load_explicit(slot_of(names, name), memory_order_acquire);
    return party ? party : names->other;
}

/* False: out of memory. A name more than `max` is left to "other". */
static bool add_name(struct names *names, const char *name, size_t max)
{
    _Atomic(struct party *) *slot = slot_of(names, name);
    if (atomic_load_explicit(slot, memory_order_relaxed) || names->n >= max || strlen(name) > MAX_NAME)
        return true;
    struct party *party = party_new(name);
    if (!party)
        return false;
    atomic_store_explicit(slot, party, memory_order_release);
    names->n++;
    return true;
}

/* A trunk that is called "other" or "none" shares their line: two lines of one name would be no page. */
static bool names_begin(struct names *names)
{
    if (!add_name(names, "none", SIZE_MAX) || !add_name(names, "other", SIZE_MAX))
        return false;
    names->none = party_of(names, "none");
    names->other = party_of(names, "other");
    names->n = 0;
    return true;
}

static void names_end(struct names *names)
{
    for (size_t i = 0; i < SLOTS; i++)
        free(atomic_load_explicit(&names->slot[i], memory_order_relaxed));
}

enum stir_err stir_metrics_conf(struct stir_metrics *metrics, const struct stir_conf *conf)
{
    const int64_t wanted = conf->metrics.max_trunks;
    const size_t max = wanted < 0 ? 0 : wanted > STIR_METRICS_NAMES ? STIR_METRICS_NAMES : (size_t)wanted;
    bool good = true;
    for (size_t i = 0; i < conf->n_trunks; i++)
        good = add_name(&metrics->trunks, conf->trunks[i].name, max) && good;
    for (size_t i = 0; i < conf->n_tenants; i++)
        good = add_name(&metrics->tenants, conf->tenants[i].name, max) && good;
    uint64_t hash = 0;
    for (size_t i = 0; i < 16 && stir_hex_value(conf->hash[i]) >= 0; i++)
        hash = hash << 4 | (uint64_t)stir_hex_value(conf->hash[i]);
    atomic_store_explicit(&metrics->conf_hash, hash, memory_order_relaxed);
    return good ? STIR_OK : STIR_ENOMEM;
}

/* ---- Begin and end ---- */

static size_t index_reasons(struct stir_metrics *metrics)
{
    size_t n = 0;
    for (const struct stir_reason_info *info; (info = stir_reason_at(n)); n++)
        if ((size_t)info->reason < MAX_REASONS)
            metrics->place_of[info->reason] = (uint16_t)(n + 1);
    return n + 1;
}

enum stir_err stir_metrics_new(struct stir_metrics **out)
{
    struct stir_process process = {0};
    struct stir_metrics *metrics = calloc(1, sizeof(*metrics));
    if (!metrics)
        return STIR_ENOMEM;
    metrics->n_reasons = index_reasons(metrics);
    metrics->verify = calloc((size_t)VERSTATS * metrics->n_reasons * ATTESTS * PPTS, sizeof(*metrics->verify));
    if (!metrics->verify || !names_begin(&metrics->trunks) || !names_begin(&metrics->tenants)) {
        stir_metrics_free(metrics);
        return STIR_ENOMEM;
    }
    if (stir_process_read(&process))
        metrics->started = process.start_seconds;
    *out = metrics;
    return STIR_OK;
}

void stir_metrics_free(struct stir_metrics *metrics)
{
    if (!metrics)
        return;
    names_end(&metrics->trunks);
    names_end(&metrics->tenants);
    free(metrics->verify);
    free(metrics);
}

/* ---- Counting ---- */

void stir_metrics_add(struct stir_metrics *metrics, enum stir_metric metric, uint64_t n)
{
    raise_by(&metrics->plain[metric], n);
}

void stir_metrics_set(struct stir_metrics *metrics, enum stir_metric metric, int64_t value)
{
    atomic_store_explicit(&metrics->plain[metric], (uint64_t)value, memory_order_relaxed);
}

int64_t stir_metrics_get(const struct stir_metrics *metrics, enum stir_metric metric)
{
    return (int64_t)value_of(&metrics->plain[metric]);
}

static void observe(struct histogram *h, int64_t us)
{
    size_t i = 0;
    us = us < 0 ? 0 : us;
    while (i < BOUNDS && us > bounds_us[i])
        i++;
    raise_by(&h->bucket[i], 1);
    raise_by(&h->sum_us, (uint64_t)us);
}

static size_t attest_index(char attest)
{
    return attest >= 'A' && attest <= 'C' ? (size_t)(attest - 'A') + 1 : 0;
}

static size_t ppt_index(enum stir_ppt ppt)
{
    return (unsigned)ppt < PPTS ? (size_t)ppt : (size_t)STIR_PPT_OTHER;
}

static counter *verify_cell(const struct stir_metrics *metrics, size_t verstat, size_t reason, size_t attest, size_t ppt)
{
    return &metrics->verify[((verstat * metrics->n_reasons + reason) * ATTESTS + attest) * PPTS + ppt];
}

static void count_verify(struct stir_metrics *metrics, const struct stir_record *record, struct party *trunk, struct party *tenant)
{
    const struct stir_verdict *v = record->verdict;
    const struct stir_token_verdict *token = stir_verdict_decider(v);
    const size_t verstat = v && (unsigned)v->verstat < VERSTATS ? (size_t)v->verstat : 0, act = (unsigned)record->act < ACTS ? (size_t)record->act : 0;
    const size_t reason = v && (size_t)v->reason < MAX_REASONS ? metrics->place_of[v->reason] : 0;
    raise_by(verify_cell(metrics, verstat, reason, attest_index(token ? token->attest : 0), ppt_index(token ? token->ppt : STIR_PPT_NONE)), 1);
    raise_by(&metrics->act[act], 1);
    raise_by(&trunk->verify[verstat][act], 1);
    raise_by(&tenant->verify[verstat][act], 1);
    observe(&metrics->verify_time, record->took_us);
    observe(&metrics->verify_wait, record->waited_us);
}

static void count_sign(struct stir_metrics *metrics, const struct stir_record *record, struct party *trunk, struct party *tenant)
{
    const size_t attest = attest_index(record->attest);
    const size_t result = record->result >= STIR_SIGNED && record->result <= STIR_SIGN_REFUSED ? (size_t)record->result - 1 : STIR_SIGN_REFUSED - 1;
    raise_by(&metrics->sign[attest][ppt_index(record->ppt)][result], 1);
    raise_by(&trunk->sign[attest][result], 1);
    raise_by(&tenant->sign[attest][result], 1);
    observe(&metrics->sign_time, record->took_us);
}

void stir_metrics_call(struct stir_metrics *metrics, const struct stir_record *record)
{
    const struct stir_source *source = record->source;
    struct party *trunk = source && source->trunk ? party_of(&metrics->trunks, source->trunk->name) : metrics->trunks.none;
    struct party *tenant = source && source->tenant ? party_of(&metrics->tenants, source->tenant->name) : metrics->tenants.none;
    const int code = record->sip_code ? record->sip_code : record->http_code;
    if (record->unanswered)
        stir_metrics_add(metrics, STIR_METRIC_UNANSWERED, 1);
    else if (record->kind == STIR_RECORD_VERIFY)
        count_verify(metrics, record, trunk, tenant);
    else
        count_sign(metrics, record, trunk, tenant);
    if (record->way >= STIR_WAY_SIP_UDP && record->way <= STIR_WAY_HTTPS && code > 0 && code < CODES)
        raise_by(&metrics->answer[record->way - 1][code], 1);
}

/* ---- The page ---- */

void stir_metrics_source(struct stir_metrics *metrics, void (*tell)(void *arg, struct stir_metrics_text *text), void *arg)
{
    if (metrics->n_sources == STIR_METRICS_SOURCES)
        return;
    metrics->sources[metrics->n_sources].tell = tell;
    metrics->sources[metrics->n_sources++].arg = arg;
}

static const char *const attests[ATTESTS] = {"none", "A", "B", "C"};

static const char *ppt_label(size_t ppt)
{
    return ppt == STIR_PPT_NONE ? "none" : ppt == STIR_PPT_OTHER ? "other" : stir_ppt_text((enum stir_ppt)ppt);
}

/* Cells at 0 are left out: most of them never count. */
static void tell_cell(struct stir_metrics_text *text, const char *name, const char *labels, const counter *cell)
{
    uint64_t value = value_of(cell);
    if (value)
        stir_metrics_count(text, name, labels, value);
}

static void tell_histogram(struct stir_metrics_text *text, const char *name, const char *help, const struct histogram *h)
{
    char series[80], labels[40];
    uint64_t total = 0;
    stir_metrics_family(text, name, "histogram", help);
    snprintf(series, sizeof(series), "%s_bucket", name);
    for (size_t i = 0; i < BUCKETS; i++) {
        total += value_of(&h->bucket[i]);
        if (i < BOUNDS)
            snprintf(labels, sizeof(labels), "le=\"%.9g\"", (double)bounds_us[i] / 1e6);
        else
            snprintf(labels, sizeof(labels), "le=\"+Inf\"");
        stir_metrics_count(text, series, labels, total);
    }
    snprintf(series, sizeof(series), "%s_sum", name);
    stir_metrics_value(text, series, "", (double)value_of(&h->sum_us) / 1e6);
    snprintf(series, sizeof(series), "%s_count", name);
    stir_metrics_count(text, series, "", total);
}

static void tell_sign(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    char labels[LABELS];
    stir_metrics_family(text, "stir_sign_total", "counter", "calls that were to be signed");
    for (size_t a = 0; a < ATTESTS; a++)
        for (size_t p = 0; p < PPTS; p++)
            for (size_t r = 0; r < RESULTS; r++) {
                stir_metrics_labels(labels, sizeof(labels), "attest", attests[a], "ppt", ppt_label(p), "result",
                                    stir_sign_result_text((enum stir_sign_result)(r + 1)), NULL);
                tell_cell(text, "stir_sign_total", labels, &metrics->sign[a][p][r]);
            }
    tell_histogram(text, "stir_sign_duration_seconds", "from a call that is to be signed to its answer", &metrics->sign_time);
}

static void tell_reason(const struct stir_metrics *metrics, struct stir_metrics_text *text, size_t verstat, size_t reason)
{
    const struct stir_reason_info *info = reason ? stir_reason_at(reason - 1) : NULL;
    char labels[LABELS];
    for (size_t a = 0; a < ATTESTS; a++)
        for (size_t p = 0; p < PPTS; p++) {
            const counter *cell = verify_cell(metrics, verstat, reason, a, p);
            if (!value_of(cell))
                continue;
            stir_metrics_labels(labels, sizeof(labels), "verstat", stir_verstat_text((enum stir_verstat)verstat), "reason", info ? info->name : "none",
                                "attest", attests[a], "ppt", ppt_label(p), NULL);
            tell_cell(text, "stir_verify_total", labels, cell);
        }
}

static void tell_verify(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    char labels[LABELS];
    stir_metrics_family(text, "stir_verify_total", "counter", "calls verified");
    for (size_t v = 0; v < VERSTATS; v++)
        for (size_t r = 0; r < metrics->n_reasons; r++)
            tell_reason(metrics, text, v, r);
    tell_histogram(text, "stir_verify_duration_seconds", "from a call that is to be verified to its answer", &metrics->verify_time);
    tell_histogram(text, "stir_verify_wait_seconds", "what of it was spent waiting for certificates and other things from the network", &metrics->verify_wait);
    stir_metrics_family(text, "stir_verify_actions_total", "counter", "what was done with the calls verified");
    for (size_t i = 0; i < ACTS; i++) {
        stir_metrics_labels(labels, sizeof(labels), "action", stir_act_text((enum stir_conf_act)i), NULL);
        stir_metrics_count(text, "stir_verify_actions_total", labels, value_of(&metrics->act[i]));
    }
}

static void tell_answers(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    char labels[LABELS], code[12];
    stir_metrics_family(text, "stir_answers_total", "counter", "answers to calls, by the way they came and the code");
    for (size_t w = 0; w < WAYS; w++)
        for (unsigned c = 0; c < CODES; c++) {
            if (!value_of(&metrics->answer[w][c]))
                continue;
            snprintf(code, sizeof(code), "%u", c);
            stir_metrics_labels(labels, sizeof(labels), "way", stir_way_text((enum stir_record_way)(w + 1)), "code", code, NULL);
            tell_cell(text, "stir_answers_total", labels, &metrics->answer[w][c]);
        }
}

static void tell_party_sign(struct stir_metrics_text *text, const char *family, const char *label, const struct party *party)
{
    char labels[LABELS];
    for (size_t a = 0; a < ATTESTS; a++)
        for (size_t r = 0; r < RESULTS; r++) {
            stir_metrics_labels(labels, sizeof(labels), label, party->name, "attest", attests[a], "result",
                                stir_sign_result_text((enum stir_sign_result)(r + 1)), NULL);
            tell_cell(text, family, labels, &party->sign[a][r]);
        }
}

static void tell_party_verify(struct stir_metrics_text *text, const char *family, const char *label, const struct party *party)
{
    char labels[LABELS];
    for (size_t v = 0; v < VERSTATS; v++)
        for (size_t a = 0; a < ACTS; a++) {
            stir_metrics_labels(labels, sizeof(labels), label, party->name, "verstat", stir_verstat_text((enum stir_verstat)v), "action",
                                stir_act_text((enum stir_conf_act)a), NULL);
            tell_cell(text, family, labels, &party->verify[v][a]);
        }
}

static void tell_names(struct stir_metrics_text *text, const char *family, const char *help, const char *label, struct names *names,
                       void (*tell)(struct stir_metrics_text *text, const char *family, const char *label, const struct party *party))
{
    stir_metrics_family(text, family, "counter", help);
    for (size_t i = 0; i < SLOTS; i++) {
        const struct party *party = atomic_load_explicit(&names->slot[i], memory_order_acquire);
        if (party)
            tell(text, family, label, party);
    }
}

static void tell_plain(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    static const struct {
        const char *name, *type, *help;
    } families[] = {
#define C(id, name, help) {name, "counter", help},
#define G(id, name, help) {name, "gauge", help},
#include "service/metrics.def"
#undef C
#undef G
    };
    for (size_t i = 0; i < STIR_METRIC_COUNT; i++) {
        stir_metrics_family(text, families[i].name, families[i].type, families[i].help);
        if (families[i].type[0] == 'g')
            stir_metrics_value(text, families[i].name, "", (double)stir_metrics_get(metrics, (enum stir_metric)i));
        else
            stir_metrics_count(text, families[i].name, "", value_of(&metrics->plain[i]));
    }
}

static void tell_build(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    char labels[LABELS], hash[17];
    snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)atomic_load_explicit(&metrics->conf_hash, memory_order_relaxed));
    stir_metrics_family(text, "stir_build_info", "gauge", "the program that runs");
    stir_metrics_labels(labels, sizeof(labels), "version", stir_version(), "openssl", OpenSSL_version(OPENSSL_VERSION_STRING), NULL);
    stir_metrics_value(text, "stir_build_info", labels, 1);
    stir_metrics_family(text, "stir_config_info", "gauge", "the configuration in force");
    stir_metrics_labels(labels, sizeof(labels), "hash", hash, NULL);
    stir_metrics_value(text, "stir_config_info", labels, 1);
}

static void tell_process(const struct stir_metrics *metrics, struct stir_metrics_text *text)
{
    struct stir_process p;
    if (!stir_process_read(&p))
        return;
    const struct {
        const char *name, *type, *help;
        double value;
    } families[] = {
        {"process_cpu_seconds_total", "counter", "user and system time of this process", p.cpu_seconds},
        {"process_open_fds", "gauge", "open file descriptors", (double)p.open_fds},
        {"process_max_fds", "gauge", "file descriptors that may be open", (double)p.max_fds},
        {"process_virtual_memory_bytes", "gauge", "virtual memory", (double)p.virtual_bytes},
        {"process_resident_memory_bytes", "gauge", "resident memory", (double)p.resident_bytes},
        {"process_threads", "gauge", "threads", (double)p.threads},
        {"process_start_time_seconds", "gauge", "when this process began", metrics->started},
    };
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        stir_metrics_family(text, families[i].name, families[i].type, families[i].help);
        stir_metrics_value(text, families[i].name, "", families[i].value);
    }
}

char *stir_metrics_page(struct stir_metrics *metrics, size_t *n)
{
    struct stir_metrics_text text = {0};
    tell_build(metrics, &text);
    tell_sign(metrics, &text);
    tell_verify(metrics, &text);
    tell_answers(metrics, &text);
    tell_names(&text, "stir_trunk_sign_total", "calls of a trunk that were to be signed", "trunk", &metrics->trunks, tell_party_sign);
    tell_names(&text, "stir_trunk_verify_total", "calls of a trunk that were verified", "trunk", &metrics->trunks, tell_party_verify);
    tell_names(&text, "stir_tenant_sign_total", "calls of a tenant that were to be signed", "tenant", &metrics->tenants, tell_party_sign);
    tell_names(&text, "stir_tenant_verify_total", "calls of a tenant that were verified", "tenant", &metrics->tenants, tell_party_verify);
    tell_plain(metrics, &text);
    for (size_t i = 0; i < metrics->n_sources; i++)
        metrics->sources[i].tell(metrics->sources[i].arg, &text);
    tell_process(metrics, &text);
    return stir_metrics_text_take(&text, n);
}
