/* Requests to the policy administrator and the certificate authority over HTTP: they go whole to a clerk, who stands in for the real ones here, and whatever
 * becomes of the connection meanwhile, nothing is lost and nothing is read that is gone. */
#define OFFICE_OF_ITS_OWN
#include "http_front.h"

#include "service/office.h"

static struct {
    struct stir_office_job *jobs[8];
    size_t n;
    bool full;
} office;

enum stir_office_who stir_office_whose(struct stir_office *where, struct stir_slice path)
{
    assert_ptr_equal(where, &office);
    if (path.n >= 6 && memcmp(path.p, "/acme/", 6) == 0)
        return STIR_OFFICE_CA;
    return path.n >= 8 && memcmp(path.p, "/sti-pa/", 8) == 0 ? STIR_OFFICE_PA : STIR_OFFICE_NOBODY;
}

bool stir_office_give(struct stir_office *where, struct stir_office_job *job)
{
    assert_ptr_equal(where, &office);
    if (office.full)
        return false;
    office.jobs[office.n++] = job;
    return true;
}

void stir_office_busy(struct stir_exchange *x, enum stir_office_who who)
{
    assert_int_equal(who, STIR_OFFICE_CA);
    (void)stir_exchange_answer(x, 503, "application/problem+json", stir_slice_str("{}"));
    stir_exchange_field(x, "Retry-After", "5");
}

bool stir_office_ready(struct stir_office *where, char *buf, size_t cap)
{
    (void)where, (void)buf, (void)cap;
    return true;
}

static void begin_office(unsigned apis)
{
    begin("serve = native\nmax-body = 1K");
    memset(&office, 0, sizeof(office));
    f.shared.office = (struct stir_office *)(void *)&office;
    f.conf->http[0].apis |= apis;
    open_front();
}

/* Send, and turn until a clerk has it. */
static struct stir_exchange *arrive(size_t i, const char *text)
{
    size_t before = office.n;
    hang_up(i);
    dial(i);
    say(i, text);
    for (int turns = 0; turns < 3000 && office.n == before; turns++)
        stir_loop_turn(client.loop, 2);
    assert_int_equal(office.n, before + 1);
    return &office.jobs[before]->x;
}

/* The clerk is done with the newest. */
static void clerk_answers(int status, const char *body)
{
    struct stir_office_job *job = office.jobs[--office.n];
    if (body)
        assert_true(stir_exchange_answer(&job->x, status, "application/json", stir_slice_str(body)));
    job->x.status = status;
    job->done(job);
}

static void is_text(struct stir_slice s, const char *text)
{
    if (!stir_slice_is(s, text))
        fail_msg("\"%.*s\" is not \"%s\"", (int)s.n, s.p, text);
    assert_int_equal(s.p[s.n], '\0');
}

static void a_request_goes_whole_to_a_clerk_and_comes_back(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    struct stir_exchange *x = arrive(0, "POST /acme/new-order?x=1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/jose+json\r\n"
                                        "Accept: */*\r\nAuthorization: Bearer t\r\nIf-None-Match: \"e\"\r\nContent-Length: 4\r\n\r\nbody");
    is_text(x->method, "POST");
    is_text(x->path, "/acme/new-order");
    is_text(x->body, "body");
    is_text(x->content_type, "application/jose+json");
    is_text(x->accept, "*/*");
    is_text(x->authorization, "Bearer t");
    is_text(x->if_none_match, "\"e\"");
    assert_string_equal(x->peer, "127.0.0.1");
    assert_true(x->now > 1700000000);
    assert_false(x->too_long);
    assert_int_equal(office.jobs[0]->who, STIR_OFFICE_CA);
    stir_exchange_field(x, "Location", "https://ca.example/acme/order/%d", 7);
    stir_exchange_field(x, "Replay-Nonce", "n");
    clerk_answers(201, "{\"a\":1}");
    hear(0, "\x01");
    assert_memory_equal(client.heard, "HTTP/1.1 201", 12);
    assert_non_null(strstr(client.heard, "Location: https://ca.example/acme/order/7\r\n"));
    assert_non_null(strstr(client.heard, "Replay-Nonce: n\r\n"));
    assert_non_null(strstr(client.heard, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(client.heard, "X-Content-Type-Options: nosniff\r\n"));
    assert_string_equal(body_of(), "{\"a\":1}");
    end();
}

static void what_is_absent_is_not_there(void **state)
{
    (void)state;
    begin_office(STIR_API_PA);
    struct stir_exchange *x = arrive(0, "GET /sti-pa/ca-list HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert_null(x->content_type.p);
    assert_null(x->authorization.p);
    assert_int_equal(x->body.n, 0);
    assert_int_equal(office.jobs[0]->who, STIR_OFFICE_PA);
    clerk_answers(204, NULL);
    hear(0, "\x01");
    assert_memory_equal(client.heard, "HTTP/1.1 204", 12);
    assert_null(strstr(client.heard, "Content-Type"));
    end();
}

static void any_method_is_the_clerks_to_judge(void **state)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};
    char text[100];
    (void)state;
    begin_office(STIR_API_ACME);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        snprintf(text, sizeof(text), "%s /acme/new-nonce HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", methods[i]);
        is_text(arrive(0, text)->method, methods[i]);
        clerk_answers(405, "{}");
        hear(0, "\x01");
        assert_memory_equal(client.heard, "HTTP/1.1 405", 12);
        assert_string_equal(body_of(), strcmp(methods[i], "HEAD") == 0 ? "" : "{}");
    }
    end();
}

static void a_listener_serves_what_it_says_alone(void **state)
{
    (void)state;
    begin_office(STIR_API_PA);
    assert_int_equal(ask("GET", "/acme/directory", "", NULL), 404);
    assert_int_equal(ask("GET", "/nothing", "", NULL), 404);
    end();
    begin_office(STIR_API_ACME);
    assert_int_equal(ask("GET", "/sti-pa/ca-list", "", NULL), 404);
    end();
    begin_office(0);
    assert_int_equal(ask("GET", "/acme/directory", "", NULL), 404);
    assert_int_equal(office.n, 0);
    f.shared.office = NULL;
    f.conf->http[0].apis |= STIR_API_ACME;
    assert_int_equal(ask("GET", "/acme/directory", "", NULL), 404);
    end();
}

static void a_body_that_is_too_long_is_said_so(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    struct stir_exchange *x = arrive(0, "POST /acme/new-order HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1025\r\n\r\n");
    assert_true(x->too_long);
    assert_int_equal(x->body.n, 0);
    clerk_answers(413, "{}");
    hear(0, "413");
    end();
}

static void a_full_queue_is_busy(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    office.full = true;
    assert_int_equal(ask("POST", "/acme/new-order", "", "x"), 503);
    assert_non_null(strstr(client.heard, "Retry-After: 5\r\n"));
    office.full = false;
    arrive(0, "GET /acme/directory HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    clerk_answers(200, "{}");
    hear(0, "200");
    end();
}

static void a_client_that_leaves_disturbs_nobody(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    arrive(0, "POST /acme/new-order HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    hang_up(0);
    turn(20);
    is_text(office.jobs[0]->x.body, "body");
    clerk_answers(201, "{}");
    turn(20);
    arrive(1, "GET /acme/directory HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    clerk_answers(200, "{}");
    hear(1, "200");
    end();
}

static void a_clerk_may_be_slower_than_the_front(void **state)
{
    struct stir_office_job *late;
    (void)state;
    begin_office(STIR_API_ACME);
    struct stir_exchange *x = arrive(0, "POST /acme/new-order HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    late = office.jobs[--office.n];
    stir_http_desk_free(f.desk); /* by force, as at the end */
    f.desk = NULL;
    is_text(x->path, "/acme/new-order");
    is_text(x->body, "body");
    assert_true(stir_exchange_answer(x, 201, "application/json", stir_slice_str("{}")));
    late->done(late);
    end();
}

static void who_leaves_answers_first(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    arrive(0, "POST /acme/new-order HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    stir_http_desk_leave(f.desk, note_left, NULL);
    turn(20);
    assert_false(f.left);
    clerk_answers(201, "{}");
    hear(0, "\x01");
    assert_memory_equal(client.heard, "HTTP/1.1 201", 12);
    for (int i = 0; i < 500 && !f.left; i++)
        turn(2);
    assert_true(f.left);
    end();
}

static void requests_of_one_connection_come_in_their_order(void **state)
{
    (void)state;
    begin_office(STIR_API_ACME);
    arrive(0, "GET /acme/a HTTP/1.1\r\nHost: h\r\n\r\nGET /acme/b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    turn(20);
    assert_int_equal(office.n, 1);
    clerk_answers(200, "{\"first\":1}");
    for (int i = 0; i < 500 && !office.n; i++)
        turn(2);
    is_text(office.jobs[0]->x.path, "/acme/b");
    clerk_answers(200, "{\"second\":2}");
    hear(0, "\x01");
    assert_non_null(strstr(client.heard, "second"));
    end();
}

/* ---- Who asks ---- */

static const char *peer_of(const char *headers)
{
    static char peer[STIR_EXCHANGE_PEER];
    char text[1000];
    snprintf(text, sizeof(text), "GET /acme/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n%s\r\n", headers);
    struct stir_exchange *x = arrive(0, text);
    snprintf(peer, sizeof(peer), "%s", x->peer);
    clerk_answers(200, "{}");
    hear(0, "200");
    return peer;
}

static void only_a_proxy_says_who_asks(void **state)
{
    static const char *const proxies[] = {"192.0.2.0/24", "127.0.0.1", NULL};
    (void)state;
    begin_office(STIR_API_ACME);
    assert_string_equal(peer_of("X-Forwarded-For: 203.0.113.9\r\n"), "127.0.0.1");
    f.conf->http[0].proxies = (struct stir_conf_list){proxies, 1};
    assert_string_equal(peer_of("X-Forwarded-For: 203.0.113.9\r\n"), "127.0.0.1");
    f.conf->http[0].proxies = (struct stir_conf_list){proxies, 2};
    assert_string_equal(peer_of(""), "127.0.0.1");
    assert_string_equal(peer_of("X-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    assert_string_equal(peer_of("X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n"), "203.0.113.9");
    assert_string_equal(peer_of("X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.9\r\n"), "203.0.113.9");
    assert_string_equal(peer_of("x-forwarded-for: 2001:db8:1:2:3:4:5:6\r\n"), "2001:db8:1:2::/64");
    assert_string_equal(peer_of("X-Forwarded-For: [2001:db8:1:2::9]\r\n"), "2001:db8:1:2::/64");
    assert_string_equal(peer_of("X-Forwarded-For: ::ffff:203.0.113.9\r\n"), "203.0.113.9");
    assert_string_equal(peer_of("X-Forwarded-For: 203.0.113.9, unknown\r\n"), "127.0.0.1");
    assert_string_equal(peer_of("X-Forwarded-For: 203.0.113.9,\r\n"), "127.0.0.1");
    assert_string_equal(peer_of("X-Forwarded-For: 2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999\r\n"), "127.0.0.1");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_goes_whole_to_a_clerk_and_comes_back),
        cmocka_unit_test(what_is_absent_is_not_there),
        cmocka_unit_test(any_method_is_the_clerks_to_judge),
        cmocka_unit_test(a_listener_serves_what_it_says_alone),
        cmocka_unit_test(a_body_that_is_too_long_is_said_so),
        cmocka_unit_test(a_full_queue_is_busy),
        cmocka_unit_test(a_client_that_leaves_disturbs_nobody),
        cmocka_unit_test(a_clerk_may_be_slower_than_the_front),
        cmocka_unit_test(who_leaves_answers_first),
        cmocka_unit_test(requests_of_one_connection_come_in_their_order),
        cmocka_unit_test(only_a_proxy_says_who_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
