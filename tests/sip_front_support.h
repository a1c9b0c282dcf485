/* A SIP front on loopback with ports of the kernel's choice, and services that stand in for the real ones: what they answer, and when, the test says. The
 * program is linked with --wrap for each of them. */
#ifndef STIR_TESTS_SIP_FRONT_SUPPORT_H
#define STIR_TESTS_SIP_FRONT_SUPPORT_H

#include "front/sip.h"
#include "io/socket.h"
#include "service/as.h"
#include "service/live.h"
#include "service/metrics.h"
#include "service/records.h"
#include "service/vs_answer.h"

#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_WAITING = 64, MAX_BOUND = 8, TEXT = 70000 };

/* What the stand-ins do, and what they saw. */
struct stand_in {
    bool known;     /* the source */
    bool emergency; /* every call is one */
    bool usable;    /* a signing identity */
    int slow_ms;    /* of each signature */
    enum stir_sign_result result;
    bool strips;             /* Identity headers that came are taken away */
    struct stir_slice fresh; /* Identity that is added */
    const char *date;
    size_t signed_calls, verified_calls, cancelled, records;
    char record_call_id[128], record_orig[32], record_why[100];
    struct stir_record record; /* the last; its slices are gone */
    bool vs_waits;
    enum stir_err vs_begins;
    enum stir_conf_act act;
    int stop_code;
    struct stir_vs_call *waiting[MAX_WAITING];
    size_t n_waiting;
    char tls_name[64];
};
static struct stand_in in;

struct fixture {
    struct stir_loop *loop;
    struct stir_shared shared;
    struct stir_conf conf;
    struct stir_conf_sip sections[2];
    struct stir_conf_actions actions;
    struct stir_conf_trunk trunk;
    struct stir_live live;
    struct stir_worker worker;
    struct stir_sip_front *front;
    struct stir_sip_desk *desk;
    struct sockaddr_storage bound[MAX_BOUND];
    bool gone;
    char text[TEXT + 1]; /* the last answer */
    size_t n;
};
static struct fixture f;

/* ---- Stand-ins ---- */

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
        assert_true(atomic_fetch_sub(&live->owners, 1) > 1);
}

void __wrap_stir_source_find(const struct stir_source_book *book, const struct stir_peer *peer, struct stir_source *out)
{
    (void)book;
    assert_non_null(peer->sip);
    memset(out, 0, sizeof(*out));
    out->trunk = in.known ? &f.trunk : NULL;
    if (peer->tls_name.p)
        snprintf(in.tls_name, sizeof(in.tls_name), "%.*s", (int)peer->tls_name.n, peer->tls_name.p);
}

bool __wrap_stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out)
{
    (void)book;
    (void)now;
    memset(out, 0, sizeof(*out));
    out->usable = in.usable;
    return index == 0;
}

void __wrap_stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer)
{
    (void)worker;
    in.signed_calls++;
    if (in.slow_ms)
        poll(NULL, 0, in.slow_ms);
    answer->result = in.result;
    answer->sip_code = in.result == STIR_SIGN_REFUSED ? 403 : 0;
    answer->phrase = "No \"contract\"";
    answer->n = in.strips ? 0 : call->sip->call.n_identity;
    for (size_t i = 0; i < answer->n; i++)
        answer->identities[i] = call->sip->call.identity[i];
    answer->n_new = 0;
    if (in.result == STIR_SIGNED) {
        answer->identities[answer->n++] = in.fresh;
        answer->n_new = 1;
    }
    snprintf(answer->date, sizeof(answer->date), "%s", in.date);
    memset(&answer->record, 0, sizeof(answer->record));
    answer->record.kind = STIR_RECORD_SIGN;
    answer->record.call_id = call->sip->call.call_id;
}

static void vs_done(struct stir_vs_call *call)
{
    struct stir_vs_answer answer = {.act = in.act, .sip_code = in.act == STIR_ACT_STOP ? in.stop_code : 0, .phrase = "Invalid Identity Header"};
    answer.verdict = (const struct stir_verdict *)(const void *)&in; /* only looked at whether it is there */
    answer.record.kind = STIR_RECORD_VERIFY;
    answer.record.call_id = call->call->call_id;
    call->done(call, &answer);
}

enum stir_err __wrap_stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call)
{
    (void)worker;
    in.verified_calls++;
    if (in.vs_begins != STIR_OK)
        return in.vs_begins;
    if (in.vs_waits && in.n_waiting < MAX_WAITING)
        in.waiting[in.n_waiting++] = call;
    else
        vs_done(call);
    return STIR_OK;
}

void __wrap_stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call)
{
    (void)worker;
    for (size_t i = 0; i < in.n_waiting; i++)
        if (in.waiting[i] == call) {
            in.waiting[i] = in.waiting[--in.n_waiting];
            in.cancelled++;
            return;
        }
}

enum stir_emergency __wrap_stir_emergency_of_call(const struct stir_conf *conf, const struct stir_source *source, const struct stir_call *call)
{
    (void)conf;
    (void)source;
    (void)call;
    return in.emergency ? STIR_EMERGENCY_SURE : STIR_EMERGENCY_NO;
}

enum stir_err __wrap_stir_vs_write_headers(char *buf, size_t cap, size_t *len, struct stir_slice message, const struct stir_sip *sip,
                                           const struct stir_vs_answer *answer, const struct stir_conf *conf)
{
    struct stir_sip again;
    (void)sip;
    (void)conf;
    assert_err(stir_sip_parse(&again, message, NULL), STIR_OK);
    *len = (size_t)snprintf(buf, cap, "X-Act: %d\r\n", (int)answer->act);
    return STIR_OK;
}

void __wrap_stir_records_put(struct stir_records *records, const struct stir_record *record)
{
    (void)records;
    in.records++;
    in.record = *record;
    snprintf(in.record_orig, sizeof(in.record_orig), "%.*s", (int)record->orig.n, record->orig.p ? record->orig.p : "");
    snprintf(in.record_why, sizeof(in.record_why), "%s", record->why ? record->why : "");
    snprintf(in.record_call_id, sizeof(in.record_call_id), "%.*s", (int)record->call_id.n, record->call_id.p);
}

void __wrap_stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...)
{
    (void)records;
    (void)level;
    (void)event;
    (void)format;
}

/* ---- The front ---- */

static const char *const default_listen[] = {"udp:127.0.0.1:0", "tcp:127.0.0.1:0"};

static void support_conf(unsigned role)
{
    memset(&f, 0, sizeof(f));
    memset(&in, 0, sizeof(in));
    in.known = in.usable = true;
    in.result = STIR_SIGNED;
    in.fresh = S("aaa.bbb.ccc;info=<https://cr.example.com/a.pem>;alg=ES256;ppt=shaken");
    in.date = "";
    f.sections[0] = (struct stir_conf_sip){.name = "one",
                                           .role = role,
                                           .listen = {default_listen, 2},
                                           .contact = "",
                                           .answer_within_ms = 2000,
                                           .max_answers = 1000,
                                           .max_connections = 4,
                                           .idle_ms = 60000,
                                           .tls_cert = "",
                                           .tls_key = "",
                                           .tls_client_ca = ""};
    f.conf.sip = f.sections;
    f.conf.n_sip = 1;
    f.actions.name = "default";
    f.conf.actions = &f.actions;
    f.conf.n_actions = 1;
    assert_err(stir_policy_preset(&f.conf.verify.policy, S("shaken")), STIR_OK);
    memcpy(f.conf.hash, "0123456789abcdef", 17);
    f.trunk = (struct stir_conf_trunk){.name = "trunk", .actions = "", .tenant = "", .customer = ""};
    assert_err(stir_loop_new(&f.loop), STIR_OK);
    assert_err(stir_metrics_new(&f.shared.metrics), STIR_OK);
    atomic_init(&f.live.owners, 1);
    f.live.conf = &f.conf;
    f.live.as = (const struct stir_as_book *)(const void *)&f;
    f.live.trust = (struct stir_trust *)(void *)&f;
    f.worker = (struct stir_worker){.loop = f.loop, .live = &f.live, .shared = &f.shared};
}

static void note_bound(const struct stir_sip_front *front)
{
    char text[100];
    for (size_t i = 0; i < MAX_BOUND && stir_sip_front_bound(front, i, text, sizeof(text)); i++) {
        struct stir_address a;
        *strchr(text, ' ') = '\0';
        assert_err(stir_address_parse(&a, S(text), STIR_UDP), STIR_OK);
        f.bound[i] = a.at;
    }
}

static void support_open(void)
{
    struct stir_diag diag = {0, ""};
    if (stir_sip_front_new(&f.front, &f.conf, &f.shared, NULL, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    note_bound(f.front);
    assert_err(stir_sip_front_join(&f.desk, f.front, &f.worker), STIR_OK);
}

static void support_close(void)
{
    stir_sip_desk_free(f.desk);
    stir_sip_front_free(f.front);
    stir_metrics_free(f.shared.metrics);
    stir_loop_free(f.loop);
    assert_int_equal(atomic_load(&f.live.owners), 1);
}

/* ---- Clients ---- */

static inline int client(int type, size_t socket_index)
{
    const struct sockaddr_storage *to = &f.bound[socket_index];
    int fd = socket(to->ss_family, type, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)to, to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)), 0);
    return fd;
}

static inline unsigned port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t n = sizeof(at);
    char text[STIR_ADDRESS_TEXT];
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    stir_address_text(text, sizeof(text), &at);
    return (unsigned)atoi(strrchr(text, ':') + 1);
}

static inline void turn(int times)
{
    for (int i = 0; i < times; i++)
        stir_loop_turn(f.loop, 1);
}

static inline void give(int fd, const char *bytes)
{
    assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
}

/* The next answer in f.text; false when none comes. */
static inline bool hear(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    f.n = 0;
    f.text[0] = '\0';
    for (int i = 0; i < 40; i++) {
        stir_loop_turn(f.loop, 1);
        if (poll(&p, 1, 2) == 1) {
            ssize_t n = recv(fd, f.text, TEXT, 0);
            if (n <= 0)
                return false;
            f.n = (size_t)n;
            f.text[n] = '\0';
            return true;
        }
    }
    return false;
}

static inline int code(void)
{
    return strncmp(f.text, "SIP/2.0 ", 8) == 0 ? atoi(f.text + 8) : 0;
}

static inline void assert_has(const char *part)
{
    if (!strstr(f.text, part))
        fail_msg("no \"%s\" in:\n%s", part, f.text);
}

static inline void assert_has_not(const char *part)
{
    if (strstr(f.text, part))
        fail_msg("\"%s\" in:\n%s", part, f.text);
}

/* A request; `more` are further header lines. */
static inline const char *request(const char *method, unsigned number, const char *more)
{
    static char text[TEXT];
    snprintf(text, sizeof(text),
             "%s sip:+12155551213@sbc.example.com;user=phone SIP/2.0\r\n"
             "Via: SIP/2.0/UDP 127.0.0.1:5099;rport;branch=z9hG4bK-%u\r\n"
             "Max-Forwards: 70\r\n"
             "From: \"Alice\" <sip:+12155551212@example.com>;tag=f%u\r\n"
             "To: <sip:+12155551213@example.com>\r\n"
             "Call-ID: call-%u@example.com\r\n"
             "CSeq: 1 %s\r\n"
             "%s"
             "Content-Length: 0\r\n\r\n",
             method, number, number, number, method, more);
    return text;
}

#endif
