/* The SIP front with several workers on one socket: calls that wait, CANCELs that come to another worker, retransmissions, and reloads meanwhile. Run it under
 * ThreadSanitizer too (-Db_sanitize=thread). */
#include "front/sip.h"
#include "io/socket.h"
#include "service/as.h"
#include "service/live.h"
#include "service/metrics.h"
#include "service/records.h"
#include "service/vs_answer.h"

#include "support.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 3, CALLS = 600, RELOADS = 4 };

static struct stir_conf_trunk trunk = {.name = "trunk", .actions = ""};
static struct stir_conf_actions actions = {.name = "default"};
static atomic_size_t begun, cancelled, recorded;

/* ---- Stand-ins: a verification takes as many milliseconds as its call says ---- */

struct stir_live *__wrap_stir_live_ref(struct stir_live *live);
void __wrap_stir_live_free(struct stir_live *live);
void __wrap_stir_source_find(const struct stir_source_book *book, const struct stir_peer *peer, struct stir_source *out);
bool __wrap_stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out);
void __wrap_stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer);
enum stir_err __wrap_stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call);
void __wrap_stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call);
enum stir_emergency __wrap_stir_emergency_of_call(const struct stir_conf *conf, const struct stir_source *source, const struct stir_call *call);
enum stir_err __wrap_stir_vs_write_headers(char *buf, size_t cap, size_t *len, struct stir_slice message, const struct stir_sip *sip,
                                           const struct stir_vs_answer *answer, const struct stir_conf *conf);
void __wrap_stir_records_put(struct stir_records *records, const struct stir_record *record);
void __wrap_stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...);

struct stir_live *__wrap_stir_live_ref(struct stir_live *live)
{
    atomic_fetch_add(&live->owners, 1);
    return live;
}

void __wrap_stir_live_free(struct stir_live *live)
{
    if (live)
        atomic_fetch_sub(&live->owners, 1);
}

void __wrap_stir_source_find(const struct stir_source_book *book, const struct stir_peer *peer, struct stir_source *out)
{
    (void)book;
    (void)peer;
    memset(out, 0, sizeof(*out));
    out->trunk = &trunk;
}

bool __wrap_stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out)
{
    (void)book;
    (void)index;
    (void)now;
    (void)out;
    return false;
}

void __wrap_stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer)
{
    (void)worker;
    (void)call;
    memset(answer, 0, sizeof(*answer));
}

struct wait {
    struct stir_timer timer;
    struct stir_vs_call *call;
};

static void done(struct stir_vs_call *call)
{
    struct stir_vs_answer answer = {.act = STIR_ACT_PASS};
    free(call->state);
    call->state = NULL;
    call->done(call, &answer);
}

static void fire(struct stir_timer *timer)
{
    done(((struct wait *)(void *)timer)->call);
}

enum stir_err __wrap_stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call)
{
    int number = atoi(call->call->call_id.p);
    atomic_fetch_add(&begun, 1);
    if (number % 3 == 0) {
        done(call);
        return STIR_OK;
    }
    struct wait *wait = calloc(1, sizeof(*wait));
    if (!wait)
        return STIR_ENOMEM;
    wait->timer.fire = fire;
    wait->call = call;
    call->state = wait;
    if (stir_loop_after(worker->loop, &wait->timer, number % 3 == 1 ? number % 40 : 230 + number % 30))
        return STIR_OK;
    free(wait);
    return STIR_ENOMEM;
}

void __wrap_stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call)
{
    struct wait *wait = call->state;
    if (!wait)
        return;
    stir_loop_cancel(worker->loop, &wait->timer);
    free(wait);
    call->state = NULL;
    atomic_fetch_add(&cancelled, 1);
}

enum stir_emergency __wrap_stir_emergency_of_call(const struct stir_conf *conf, const struct stir_source *source, const struct stir_call *call)
{
    (void)conf;
    (void)source;
    (void)call;
    return STIR_EMERGENCY_NO;
}

enum stir_err __wrap_stir_vs_write_headers(char *buf, size_t cap, size_t *len, struct stir_slice message, const struct stir_sip *sip,
                                           const struct stir_vs_answer *answer, const struct stir_conf *conf)
{
    (void)buf;
    (void)cap;
    (void)message;
    (void)sip;
    (void)answer;
    (void)conf;
    *len = 0;
    return STIR_OK;
}

void __wrap_stir_records_put(struct stir_records *records, const struct stir_record *record)
{
    (void)records;
    (void)record;
    atomic_fetch_add(&recorded, 1);
}

void __wrap_stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...)
{
    (void)records;
    (void)level;
    (void)event;
    (void)format;
}

/* ---- Workers ---- */

struct thread {
    pthread_t thread;
    struct stir_worker worker;
    struct stir_sip_desk *desk;
};

/* A letter that changes a worker's front, or takes it away. */
struct change {
    struct stir_post post;
    struct thread *thread;
    struct stir_sip_front *front; /* NULL: stop */
    struct stir_sip_desk *old;
    atomic_size_t *left; /* that are not done yet */
};

static struct thread threads[WORKERS];
static struct stir_live live;
static struct stir_conf conf;
static struct stir_shared shared;

static void *run(void *arg)
{
    stir_loop_run(((struct thread *)arg)->worker.loop);
    return NULL;
}

static void gone(void *arg)
{
    struct change *change = arg;
    stir_sip_desk_free(change->old);
    if (!change->front)
        stir_loop_stop(change->thread->worker.loop);
    atomic_fetch_sub(change->left, 1);
}

static void do_change(struct stir_post *post)
{
    struct change *change = (struct change *)(void *)post;
    change->old = change->thread->desk;
    change->thread->desk = NULL;
    if (change->front && stir_sip_front_join(&change->thread->desk, change->front, &change->thread->worker) != STIR_OK)
        abort();
    stir_sip_desk_leave(change->old, gone, change);
}

static void nap(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* All workers go over to `front` (NULL: stop), at their own time. */
static void change_all(struct change *changes, struct stir_sip_front *front, atomic_size_t *left)
{
    atomic_store(left, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        changes[i] = (struct change){.post = {.open = do_change}, .thread = &threads[i], .front = front, .left = left};
        stir_loop_post(threads[i].worker.loop, &changes[i].post);
    }
}

/* ---- The client ---- */

static int codes[CALLS];

static void say(int fd, const char *method, int number)
{
    char text[1000];
    int n = snprintf(text, sizeof(text),
                     "%s sip:+12155551213@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK%d\r\nFrom: <sip:a@example.com>;tag=%d\r\nTo: "
                     "<sip:b@example.com>\r\nCall-ID: %d\r\nCSeq: 1 %s\r\n\r\n",
                     method, number, number, number, method);
    while (send(fd, text, (size_t)n, 0) < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
        nap(1);
}

static void note(int fd, const char *text)
{
    const char *id = strstr(text, "Call-ID: ");
    int code = atoi(text + 8), number = id ? atoi(id + 9) : -1;
    assert_true(number >= 0 && number < CALLS);
    if (strstr(text, "CSeq: 1 CANCEL") || code < 200)
        return;
    assert_true(code == 302 || code == 487);
    if (codes[number])
        assert_int_equal(codes[number], code); /* never two answers to one call */
    codes[number] = code;
    say(fd, "ACK", number);
}

static void hear(int fd)
{
    char text[4096];
    ssize_t n;
    while ((n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
        text[n] = '\0';
        note(fd, text);
    }
}

static size_t open_calls(void)
{
    size_t n = 0;
    for (int i = 0; i < CALLS; i++)
        n += codes[i] == 0;
    return n;
}

static void workers_share_calls_and_reload_under_load(void **state)
{
    static const char *const listen[] = {"udp:127.0.0.1:0"};
    struct stir_conf_sip section = {.name = "vs",
                                    .role = STIR_ROLE_VS,
                                    .listen = {listen, 1},
                                    .contact = "",
                                    .answer_within_ms = 2000,
                                    .max_answers = 10000,
                                    .max_connections = 4,
                                    .idle_ms = 60000,
                                    .tls_cert = "",
                                    .tls_key = "",
                                    .tls_client_ca = ""};
    struct stir_sip_front *fronts[RELOADS + 1];
    struct change changes[WORKERS];
    atomic_size_t left = 0;
    struct stir_diag diag = {0, ""};
    struct stir_address at;
    char bound[100];
    (void)state;
    conf.sip = &section;
    conf.n_sip = 1;
    conf.actions = &actions;
    conf.n_actions = 1;
    assert_err(stir_policy_preset(&conf.verify.policy, S("shaken")), STIR_OK);
    atomic_init(&live.owners, 1);
    live.conf = &conf;
    live.trust = (struct stir_trust *)(void *)&live;
    assert_err(stir_metrics_new(&shared.metrics), STIR_OK);
    assert_err(stir_sip_front_new(&fronts[0], &conf, &shared, NULL, &diag), STIR_OK);
    for (unsigned i = 0; i < WORKERS; i++) {
        threads[i].worker = (struct stir_worker){.index = i, .live = &live, .shared = &shared};
        assert_err(stir_loop_new(&threads[i].worker.loop), STIR_OK);
        assert_err(stir_sip_front_join(&threads[i].desk, fronts[0], &threads[i].worker), STIR_OK);
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run, &threads[i]), 0);
    }
    assert_true(stir_sip_front_bound(fronts[0], 0, bound, sizeof(bound)));
    *strchr(bound, ' ') = '\0';
    assert_err(stir_address_parse(&at, S(bound), STIR_UDP), STIR_OK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0), front = 0;
    assert_int_equal(connect(fd, (struct sockaddr *)&at.at, at.n), 0);

    for (int i = 0; i < CALLS; i++) {
        say(fd, "INVITE", i);
        if (i % 5 == 0)
            say(fd, "INVITE", i); /* asked again before it could be answered */
        if (i >= 20 && i % 4 == 0)
            say(fd, "CANCEL", i - 20);
        if (i % 10 == 0)
            nap(3);
        hear(fd);
        if (i % (CALLS / RELOADS) == CALLS / RELOADS / 2) {
            while (atomic_load(&left)) {
                hear(fd);
                nap(1);
            }
            assert_err(stir_sip_front_new(&fronts[front + 1], &conf, &shared, fronts[front], &diag), STIR_OK);
            change_all(changes, fronts[++front], &left);
        }
    }
    for (int i = 0; i < 400 && open_calls(); i++) {
        nap(10);
        hear(fd);
        if (i % 50 == 49) /* what was lost is asked again */
            for (int call = 0; call < CALLS; call++)
                if (!codes[call])
                    say(fd, "INVITE", call);
    }
    assert_int_equal(open_calls(), 0);
    assert_int_equal(atomic_load(&begun), CALLS);    /* each once, whoever got it, before and after a reload */
    assert_int_equal(atomic_load(&recorded), CALLS); /* those that were cancelled too */
    assert_true(atomic_load(&cancelled) > 0);

    while (atomic_load(&left))
        nap(1);
    change_all(changes, NULL, &left);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i].thread, NULL);
        stir_loop_free(threads[i].worker.loop);
    }
    for (int i = 0; i <= front; i++)
        stir_sip_front_free(fronts[i]);
    stir_metrics_free(shared.metrics);
    assert_int_equal(atomic_load(&live.owners), 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_share_calls_and_reload_under_load),
    };
    return cmocka_run_group_tests_name("sip_threads", tests, NULL, NULL);
}
