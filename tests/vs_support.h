/* What the tests of the daemon's verification share: a provider and his signed INVITEs, at the system's time because the fetcher's clock is the system's; a
 * folder from which the fetcher takes his certificate; a DNS server that never answers; and a worker with everything that it shares. */
#ifndef STIR_TESTS_VS_SUPPORT_H
#define STIR_TESTS_VS_SUPPORT_H

#include "io/cache.h"
#include "service/actions.h"
#include "service/fetching.h"
#include "service/replays.h"
#include "service/vs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <time.h>
#include <unistd.h>

#include "call_support.h"

enum { LAB_ACTIONS = 3, LAB_MESSAGE = 16384, LAB_GENERATION = 7 };

struct lab {
    struct pki pki;
    struct stir_conf conf;
    struct stir_conf_actions actions[LAB_ACTIONS];
    struct stir_conf_trunk trunk;
    struct stir_source source;
    struct stir_live live;
    struct stir_shared shared;
    struct stir_worker worker, other; /* `other` runs in the same loop */
    int64_t now;
    int mute;
    char resolver[32], folder[64];
};

/* One call and what came of it. */
struct lab_call {
    struct stir_vs_call vs; /* first: one is the other */
    struct stir_sip sip;
    char message[LAB_MESSAGE];
    size_t n;
    unsigned told;
    bool at_once, late, emergency, has_verdict;
    enum stir_conf_act act;
    int sip_code;
    enum stir_reason reason;
    enum stir_verstat verstat;
    uint64_t generation;
    int64_t waited_us;
    unsigned char chain_hash[STIR_SHA256];
    bool has_chain_hash;
    char orig[32], dest[64], lines[4096];
};

/* ---- The lab ---- */

static inline void lab_set_policy(struct lab *lab, const char *preset)
{
    assert_err(stir_policy_preset(&lab->live.policy, S(preset)), STIR_OK);
    lab->live.policy.id = 1;
    lab->conf.verify.policy = lab->live.policy;
}

/* What another process fetched: the provider's certificates, fresh for an hour. `url` with its port, as the cache names it. */
static inline void lab_keep(struct lab *lab, const char *url)
{
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {1 << 20, 100, 1 << 20, 100, lab->folder};
    struct stir_kept kept = {.http_status = 200,
                             .body = stir_slice_of(lab->pki.pem, lab->pki.pem_len),
                             .fetched = lab->now - 10,
                             .fresh_until = lab->now + 3600,
                             .while_until = lab->now + 3600,
                             .error_until = lab->now + 3600};
    assert_err(stir_cache_new(&cache, &options), STIR_OK);
    stir_cache_put(cache, S(url), true, &kept, lab->now);
    stir_cache_free(cache);
}

static inline void lab_open_mute(struct lab *lab)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    lab->mute = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(lab->mute >= 0 && bind(lab->mute, (struct sockaddr *)&at, sizeof(at)) == 0 && getsockname(lab->mute, (struct sockaddr *)&at, &n) == 0);
    snprintf(lab->resolver, sizeof(lab->resolver), "127.0.0.1:%u", ntohs(at.sin_port));
}

static inline void lab_open_fetching(struct lab *lab)
{
    struct stir_diag diag = {0};
    if (stir_fetching_new(&lab->shared.fetching, &lab->conf.fetch, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
}

static inline int lab_begin(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    assert_non_null(lab);
    lab->now = (int64_t)time(NULL);
    pki_make_at(&lab->pki, lab->now);
    snprintf(lab->folder, sizeof(lab->folder), "/tmp/stir-vs-XXXXXX");
    assert_non_null(mkdtemp(lab->folder));
    lab_keep(lab, "https://cr.example.com:443/709J.pem"); /* X5U */
    lab_open_mute(lab);
    for (size_t i = 0; i < LAB_ACTIONS; i++)
        lab->actions[i] = (struct stir_conf_actions){.name = i == 0 ? "default" : i == 1 ? "one" : "two", .prefix = "", .suffix = "", .redress = ""};
    lab->conf.actions = lab->actions;
    lab->conf.n_actions = LAB_ACTIONS;
    lab->conf.server.max_waiting = 10000;
    lab->conf.fetch = (struct stir_conf_fetch){.tls_root = "", .resolver = lab->resolver, .cache_dir = lab->folder, .timeout_ms = 400, .max_fetches = 1024};
    memcpy(lab->conf.hash, "0123456789abcdef", 17);
    lab->trunk = (struct stir_conf_trunk){.name = "trunk", .actions = "", .tenant = "", .customer = ""};
    lab->source.trunk = &lab->trunk;
    lab->live.owners = 1;
    lab->live.conf = &lab->conf;
    lab->live.trust = lab->pki.trust;
    lab_set_policy(lab, "shaken");
    assert_err(stir_chain_cache_new(&lab->shared.chains, NULL), STIR_OK);
    lab_open_fetching(lab);
    assert_err(stir_loop_new(&lab->worker.loop), STIR_OK);
    lab->worker.ctx = lab->pki.ctx;
    lab->worker.live = &lab->live;
    lab->worker.shared = &lab->shared;
    lab->other = lab->worker;
    lab->other.index = 1;
    *state = lab;
    return 0;
}

static inline int lab_end(void **state)
{
    struct lab *lab = *state;
    DIR *dir = opendir(lab->folder);
    const struct dirent *entry;
    char path[512];
    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", lab->folder, entry->d_name);
            unlink(path);
        }
    if (dir)
        closedir(dir);
    rmdir(lab->folder);
    stir_fetching_free(lab->shared.fetching);
    stir_loop_free(lab->worker.loop);
    assert_int_equal(atomic_load(&lab->shared.waiting), 0);
    assert_int_equal(atomic_load(&lab->live.owners), 1); /* nobody holds what he began with */
    stir_replays_free(lab->shared.replays);
    stir_chain_cache_free(lab->shared.chains);
    close(lab->mute);
    pki_free(&lab->pki);
    free(lab);
    return 0;
}

/* ---- Calls ---- */

/* What an INVITE says; NULL: as usual. */
struct lab_invite {
    const char *from, *to, *ruri, *pai, *call_id, *x5u, *rcd, *more; /* `more`: header lines */
    const char *rph;                                                 /* members of an rph token behind the first one */
    char attest;                                                     /* 0: A */
    bool unsigned_, forged;                                          /* no Identity; a signature that is not the provider's */
};

static inline void lab_sign(struct lab *lab, char *token, size_t cap, const struct lab_invite *in, const char *x5u)
{
    char header[2048], payload[1024], params[2048];
    snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"ppt\":\"shaken\",\"typ\":\"passport\",\"x5u\":\"%s\"}", x5u);
    snprintf(payload, sizeof(payload),
             "{\"attest\":\"%c\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":%lld,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"%s%s}",
             in->attest ? in->attest : 'A', (long long)lab->now, in->rcd ? ",\"rcd\":" : "", in->rcd ? in->rcd : "");
    snprintf(params, sizeof(params), ";info=<%s>;alg=ES256;ppt=shaken", x5u);
    pki_sign(&lab->pki, token, cap, header, payload, params);
    if (in->forged) {
        char *signature = strchr(token, ';') - 20;
        *signature = *signature == 'A' ? 'B' : 'A';
    }
}

/* The whole header line. */
static inline void lab_sign_rph(struct lab *lab, char *line, size_t cap, const struct lab_invite *in)
{
    char payload[1024];
    snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":%lld,\"orig\":{\"tn\":\"" ORIG "\"},%s}", (long long)lab->now, in->rph);
    snprintf(line, cap, "Identity: ");
    pki_sign(&lab->pki, line + strlen(line), cap - strlen(line), "{\"alg\":\"ES256\",\"ppt\":\"rph\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload,
             ";info=<" X5U ">;alg=ES256;ppt=rph");
    if (in->forged) {
        char *signature = strchr(line, ';') - 20;
        *signature = *signature == 'A' ? 'B' : 'A';
    }
    snprintf(line + strlen(line), cap - strlen(line), "\r\n");
}

static inline void lab_write(struct lab *lab, struct lab_call *c, const struct lab_invite *in)
{
    char token[4096] = "", rph[4096] = "";
    const char *ruri = in->ruri ? in->ruri : "sip:+" DEST "@example.net;user=phone";
    memset(c, 0, sizeof(*c));
    if (in->rph)
        lab_sign_rph(lab, rph, sizeof(rph), in);
    if (!in->unsigned_)
        lab_sign(lab, token, sizeof(token), in, in->x5u ? in->x5u : X5U);
    int n = snprintf(
        c->message, sizeof(c->message),
        "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: %s;tag=1\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: 1 INVITE\r\n%s%s%s%s%s%s%s%s\r\n",
        ruri, in->from ? in->from : "\"Alice\" <sip:+" ORIG "@example.com;user=phone>", in->to ? in->to : "<sip:+" DEST "@example.net;user=phone>",
        in->call_id ? in->call_id : "call-1", in->pai ? "P-Asserted-Identity: " : "", in->pai ? in->pai : "", in->pai ? "\r\n" : "",
        in->unsigned_ ? "" : "Identity: ", token, in->unsigned_ ? "" : "\r\n", rph, in->more ? in->more : "");
    assert_true(n > 0 && (size_t)n < sizeof(c->message));
    c->n = (size_t)n;
    assert_err(stir_sip_parse(&c->sip, stir_slice_of(c->message, c->n), NULL), STIR_OK);
}

static inline void lab_copy(char *out, size_t cap, struct stir_slice s)
{
    snprintf(out, cap, "%.*s", (int)s.n, s.p ? s.p : "");
}

static inline void lab_told(struct stir_vs_call *vs, const struct stir_vs_answer *answer)
{
    struct lab_call *c = (struct lab_call *)(void *)vs;
    c->told++;
    c->late = answer->late;
    c->emergency = answer->emergency;
    c->act = answer->act;
    c->sip_code = answer->sip_code;
    c->has_verdict = answer->verdict != NULL;
    assert_ptr_equal(answer->record.verdict, answer->verdict);
    if (answer->verdict) {
        c->reason = answer->verdict->reason;
        c->verstat = answer->verdict->verstat;
        c->generation = answer->verdict->trust_generation;
    }
    c->waited_us = answer->record.waited_us;
    c->has_chain_hash = answer->record.chain_hash != NULL;
    if (c->has_chain_hash)
        memcpy(c->chain_hash, answer->record.chain_hash, STIR_SHA256);
    lab_copy(c->orig, sizeof(c->orig), answer->record.orig);
    lab_copy(c->dest, sizeof(c->dest), answer->record.dest);
}

static inline void lab_start_with(struct lab *lab, struct stir_worker *worker, struct lab_call *c, int64_t within_ms,
                                  void (*told)(struct stir_vs_call *vs, const struct stir_vs_answer *answer))
{
    c->vs.source = &lab->source;
    c->vs.call = &c->sip.call;
    c->vs.unix_ms = lab->now * 1000 + 500;
    c->vs.within_ms = within_ms;
    c->vs.done = told;
    assert_err(stir_vs_begin(worker, &c->vs), STIR_OK);
    c->at_once = c->told == 1;
}

static inline void lab_start(struct lab *lab, struct stir_worker *worker, struct lab_call *c, int64_t within_ms)
{
    lab_start_with(lab, worker, c, within_ms, lab_told);
}

/* Until it is answered, or a minute is over. */
static inline void lab_wait(struct lab *lab, const struct lab_call *c)
{
    for (int i = 0; i < 6000 && !c->told; i++)
        stir_loop_turn(lab->worker.loop, 10);
    assert_int_equal(c->told, 1);
}

/* A whole call; static: a message is too long for many frames. */
static inline const struct lab_call *lab_run(struct lab *lab, const struct lab_invite *in, int64_t within_ms)
{
    static struct lab_call c;
    lab_write(lab, &c, in);
    lab_start(lab, &lab->worker, &c, within_ms);
    lab_wait(lab, &c);
    return &c;
}

/* Until the fetcher has nothing under way and all its answers were opened. */
static inline void lab_settle(struct lab *lab)
{
    struct stir_fetching_stats stats;
    for (int i = 0; i < 6000; i++) {
        stir_fetching_stats(lab->shared.fetching, &stats);
        stir_loop_turn(lab->worker.loop, stats.under_way ? 10 : 0);
        if (stats.under_way == 0)
            break;
    }
    stir_loop_turn(lab->worker.loop, 0);
}

#endif
