/* The HTTP front with a real loop and real sockets. The services are stand-ins, so that what they are asked can be seen; the sources, the metrics and the
 * configuration are real. */
#ifndef STIR_TESTS_HTTP_FRONT_H
#define STIR_TESTS_HTTP_FRONT_H

#include "front/http.h"
#include "front/http_call.h"
#include "server/config.h"
#include "service/live.h"
#include "service/metrics.h"
#include "service/records.h"

#include "http_client.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define TOKEN_A "token-of-alpha-0123456789"
#define TOKEN_B "token-of-beta-0123456789"

static struct fixture {
    char dir[64];
    struct stir_conf *conf;
    struct stir_setting setting;
    struct stir_live live;
    struct stir_shared shared;
    struct stir_worker worker;
    struct stir_source_book *sources;
    struct stir_http_front *front;
    struct stir_http_desk *desk;
    /* what the services were asked, and what they say */
    size_t signs, verifies, records;
    const char *tenant;
    bool proven;
    char orig[64], dest[64], attest;
    struct stir_vs_call *waiting[STIR_API_MAX_BATCH];
    size_t n_waiting;
    bool hold; /* verifications wait */
    unsigned asks;
    char from[128], to[128], date[64];
    enum stir_err err;
    enum stir_sign_result result;
    char given;
    size_t cancelled;
    int http_code;
    enum stir_record_way way;
    char request_id[64];
    char recorded_orig[64], why[128];
    bool unanswered;
    enum stir_err begins; /* what stir_vs_begin() answers */
    bool left;
} f;

/* Stand-ins */

struct stir_live *stir_live_ref(struct stir_live *live)
{
    atomic_fetch_add(&live->owners, 1);
    return live;
}

void stir_live_free(struct stir_live *live)
{
    if (live)
        atomic_fetch_sub(&live->owners, 1);
}

static inline void keep(char *to, size_t cap, struct stir_slice s)
{
    snprintf(to, cap, "%.*s", (int)s.n, s.p ? s.p : "");
}

void stir_as_sign(struct stir_worker *worker, const struct stir_as_call *call, struct stir_as_answer *answer)
{
    (void)worker;
    f.signs++;
    f.tenant = call->source->tenant ? call->source->tenant->name : "";
    f.proven = call->source->proven;
    memset(answer, 0, sizeof(*answer));
    answer->result = f.result;
    answer->err = f.err;
    answer->record.kind = STIR_RECORD_SIGN;
    if (call->claims) {
        keep(f.orig, sizeof(f.orig), stir_slice_str(call->claims->orig->text));
        keep(f.dest, sizeof(f.dest), stir_slice_str(call->claims->dest[0].text));
        f.attest = call->claims->attest;
    }
    snprintf(answer->why, sizeof(answer->why), "%s", f.result == STIR_SIGNED ? "" : "no rule lets it");
    if (f.result != STIR_SIGNED)
        return;
    answer->identities[0] = stir_slice_str("aaa.bbb.ccc;info=<https://cr.example/a.pem>;alg=ES256;ppt=shaken");
    answer->n = answer->n_new = 1;
    answer->attest = f.given ? f.given : call->claims ? call->claims->attest : 'A';
    answer->record.x5u = stir_slice_str("https://cr.example/a.pem");
    answer->record.signer = "main";
}

bool stir_as_signer_at(const struct stir_as_book *book, size_t index, int64_t now, struct stir_as_signer_state *out)
{
    (void)book;
    (void)now;
    *out = (struct stir_as_signer_state){.name = "main", .x5u = "https://cr.example/a.pem"};
    return index == 0;
}

static inline void say_passed(struct stir_vs_call *call)
{
    struct stir_verdict verdict = {.size = sizeof(verdict), .verstat = STIR_VERSTAT_PASSED, .deciding = -1, .policy = "shaken"};
    struct stir_vs_answer answer = {.verdict = &verdict, .act = STIR_ACT_PASS, .record = {.kind = STIR_RECORD_VERIFY}};
    call->done(call, &answer);
}

enum stir_err stir_vs_begin(struct stir_worker *worker, struct stir_vs_call *call)
{
    (void)worker;
    f.verifies++;
    f.tenant = call->source->tenant ? call->source->tenant->name : "";
    f.asks = call->asks;
    keep(f.from, sizeof(f.from), call->call->from);
    keep(f.to, sizeof(f.to), call->call->to);
    keep(f.date, sizeof(f.date), call->call->date);
    if (f.begins != STIR_OK)
        return f.begins;
    if (f.hold)
        f.waiting[f.n_waiting++] = call;
    else
        say_passed(call);
    return STIR_OK;
}

void stir_vs_cancel(struct stir_worker *worker, struct stir_vs_call *call)
{
    (void)worker;
    (void)call;
    f.cancelled++;
}

void stir_records_put(struct stir_records *records, const struct stir_record *record)
{
    (void)records;
    f.records++;
    f.http_code = record->http_code;
    f.way = record->way;
    keep(f.request_id, sizeof(f.request_id), record->request_id);
    keep(f.recorded_orig, sizeof(f.recorded_orig), record->orig);
    snprintf(f.why, sizeof(f.why), "%s", record->why ? record->why : "");
    f.unanswered = record->unanswered;
    assert_true(record->took_us >= 0);
}

void stir_records_say(struct stir_records *records, int level, const char *event, const char *format, ...)
{
    (void)records;
    (void)level;
    (void)event;
    (void)format;
}

/* No office, but where a test has one of its own (test_http_office.c). */
#ifndef OFFICE_OF_ITS_OWN
enum stir_office_who stir_office_whose(struct stir_office *where, struct stir_slice path)
{
    (void)where, (void)path;
    return STIR_OFFICE_NOBODY;
}

bool stir_office_give(struct stir_office *where, struct stir_office_job *job)
{
    (void)where, (void)job;
    return false;
}

void stir_office_busy(struct stir_exchange *x, enum stir_office_who who)
{
    (void)x, (void)who;
}
#endif

/* Around each test */

static inline const char *path_of(const char *name)
{
    static char path[4][256];
    static unsigned at;
    at = (at + 1) % 4;
    snprintf(path[at], sizeof(path[at]), "%s/%s", f.dir, name);
    return path[at];
}

static inline void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path_of(name), mode), 0);
}

static inline void note(void *arg, const char *text)
{
    (void)arg;
    fail_msg("%s", text);
}

static inline void begin(const char *http)
{
    char text[4096];
    struct stir_diag diag = {0};
    memset(&f, 0, sizeof(f));
    snprintf(f.dir, sizeof(f.dir), "/tmp/stir-http-XXXXXX");
    assert_non_null(mkdtemp(f.dir));
    assert_int_equal(mkdir(path_of("cr"), 0755), 0);
    write_file("alpha.tokens", TOKEN_A "\n", 0600);
    write_file("beta.tokens", TOKEN_B "\n", 0600);
    snprintf(text, sizeof(text),
             "[server]\nroles = as vs cr\n[http api]\nlisten = 127.0.0.1:0\n%s\n[http all]\nlisten = 127.0.0.2:0\nserve = signing verification "
             "repository\n[tenant alpha]\nkind = customer\npath = alpha\ntoken-file = %s\n"
             "[tenant beta]\nkind = customer\npath = beta\ntoken-file = %s\n[tenant gamma]\nkind = customer\npath = gamma\n"
             "[repository]\ndir = %s\n[trust]\ndir = %s\n[signer main]\nkey = k\ncert = c\nx5u = https://cr.example/a.pem\n",
             http, path_of("alpha.tokens"), path_of("beta.tokens"), path_of("cr"), f.dir);
    struct stir_config_say say = {note, NULL};
    assert_err(stir_config_parse(&f.conf, stir_slice_str(text), "test.conf", &say), STIR_OK);
    assert_err(stir_source_book_new(&f.sources, f.conf, &diag), STIR_OK);
    assert_err(stir_metrics_new(&f.shared.metrics), STIR_OK);
    f.live = (struct stir_live){.conf = f.conf, .sources = f.sources, .as = (const struct stir_as_book *)&f};
    atomic_init(&f.live.owners, 1);
    assert_err(stir_loop_new(&f.worker.loop), STIR_OK);
    f.worker.live = &f.live;
    f.worker.shared = &f.shared;
    f.result = STIR_SIGNED;
}

static inline void open_front(void)
{
    struct stir_diag diag = {0};
    char bound[128];
    enum stir_err err = stir_http_front_new(&f.front, f.conf, &f.shared, NULL, &diag);
    if (err != STIR_OK)
        fail_msg("%s", diag.text);
    assert_err(stir_http_front_join(&f.desk, f.front, &f.worker), STIR_OK);
    assert_true(stir_http_front_bound(f.front, 0, bound, sizeof(bound)));
    unsigned port = 0;
    assert_int_equal(sscanf(bound, "http:127.0.0.1:%u api", &port), 1);
    client_begin(f.worker.loop, (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)});
}

static inline void end(void)
{
    char command[200];
    stir_http_desk_free(f.desk);
    stir_http_front_free(f.front);
    assert_int_equal(atomic_load(&f.live.owners), 1);
    stir_metrics_free(f.shared.metrics);
    stir_source_book_free(f.sources);
    stir_config_free(f.conf);
    stir_loop_free(f.worker.loop);
    client_end();
    snprintf(command, sizeof(command), "rm -rf %s", f.dir);
    assert_int_equal(system(command), 0);
}

static inline const char *status_line(void)
{
    return client.heard;
}

/* One request on a connection of its own; what came is in client.heard. @return the status. */
static inline int ask(const char *method, const char *path, const char *headers, const char *body)
{
    static char text[300000];
    hang_up(0);
    dial(0);
    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s%s", method, path, headers, body ? "" : "\r\n");
    if (body)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
    say(0, text);
    hear(0, "\x01");
    int status = 0;
    sscanf(status_line(), "HTTP/1.1 %d", &status);
    return status;
}

static inline const char *body_of(void)
{
    const char *at = strstr(client.heard, "\r\n\r\n");
    return at ? at + 4 : "";
}

#define JSON_TYPE "Content-Type: application/json\r\n"
#define AUTH_A "Authorization: Bearer " TOKEN_A "\r\n"
#define AUTH_B "Authorization: Bearer " TOKEN_B "\r\n"
#define SIGN_BODY                                                                                                                     \
    "{\"signingRequest\":{\"attest\":\"A\",\"orig\":{\"tn\":\"12155551212\"},\"dest\":{\"tn\":[\"12155551213\"]},\"iat\":1443208345," \
    "\"origid\":\"de305d54-75b4-431b-adb2-eb6b9e546014\"}}"
#define VERIFY_BODY \
    "{\"verificationRequest\":{\"from\":{\"tn\":\"12155551212\"},\"to\":{\"tn\":[\"12155551213\"]},\"time\":1443208345,\"identity\":\"a.b.c;info=<x>\"}}"

static inline void note_left(void *arg)
{
    (void)arg;
    f.left = true;
}

#endif
