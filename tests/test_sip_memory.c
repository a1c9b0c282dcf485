/* What was answered and what waits: the same bytes again, never another's, in bounded memory, for many threads. */
#include "front/sip_memory.h"
#include "io/socket.h"

#include "support.h"

#include <pthread.h>

#ifdef __SANITIZE_THREAD__
enum { SHADOW = 5 }; /* ThreadSanitizer keeps four bytes for one */
#else
enum { SHADOW = 1 };
#endif

static struct stir_sip_memory *memory;
static int owner, call;
static char buf[STIR_MAX_MESSAGE];
static size_t n;

static int tear_down(void **state)
{
    (void)state;
    stir_sip_memory_free(memory);
    memory = NULL;
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    assert_err(stir_sip_memory_new(&memory, 1000), STIR_OK);
    return 0;
}

static struct stir_sip_key key_of(uint64_t number)
{
    struct stir_sip_key key = {number * UINT64_C(0x9e3779b97f4a7c15), number};
    return key;
}

static enum stir_sip_seen begin(uint64_t number, int64_t now)
{
    return stir_sip_memory_begin(memory, key_of(number), now, &owner, &call, buf, sizeof(buf), &n);
}

static void an_answer_is_given_again(void **state)
{
    (void)state;
    assert_int_equal(begin(1, 0), STIR_SIP_NEW);
    assert_int_equal(begin(1, 10), STIR_SIP_WAITING);
    stir_sip_memory_answer(memory, key_of(1), 20, S("the answer"));
    assert_int_equal(begin(1, 30), STIR_SIP_ANSWERED);
    assert_true(stir_slice_is(stir_slice_of(buf, n), "the answer"));
    assert_int_equal(begin(2, 30), STIR_SIP_NEW);
    assert_int_equal(begin(1, 20 + STIR_SIP_REMEMBERED_MS - 1), STIR_SIP_ANSWERED);
    assert_int_equal(begin(1, 20 + STIR_SIP_REMEMBERED_MS), STIR_SIP_NEW);
    stir_sip_memory_forget(memory, key_of(1));
    assert_int_equal(begin(1, 40), STIR_SIP_NEW);
}

static void meet(void *arg, void *who, void *what)
{
    assert_ptr_equal(who, &owner);
    assert_ptr_equal(what, &call);
    ++*(int *)arg;
}

static void what_waits_is_met_and_what_is_acknowledged_is_not_repeated(void **state)
{
    int met = 0;
    (void)state;
    assert_int_equal(stir_sip_memory_look(memory, key_of(1), 0, meet, &met), STIR_SIP_NEW);
    assert_int_equal(begin(1, 0), STIR_SIP_NEW);
    assert_int_equal(stir_sip_memory_look(memory, key_of(1), 0, meet, &met), STIR_SIP_WAITING);
    assert_int_equal(met, 1);
    assert_false(stir_sip_memory_again(memory, key_of(1), 0, buf, sizeof(buf), &n));
    stir_sip_memory_answer(memory, key_of(1), 0, S("x"));
    assert_int_equal(stir_sip_memory_look(memory, key_of(1), 0, meet, &met), STIR_SIP_ANSWERED);
    assert_int_equal(met, 1);
    assert_true(stir_sip_memory_again(memory, key_of(1), 0, buf, sizeof(buf), &n));
    stir_sip_memory_ack(memory, key_of(1));
    assert_false(stir_sip_memory_again(memory, key_of(1), 0, buf, sizeof(buf), &n));
    assert_int_equal(begin(1, 1), STIR_SIP_ANSWERED); /* asked again it is all the same */
}

/* Against a plain list: many sizes, times and orders, so that the rings wrap at every place. */
static void rings_say_what_a_list_says(void **state)
{
    enum { MANY = 200000 };
    static int64_t answered[MANY];
    static uint16_t lengths[MANY];
    static char bytes[STIR_MAX_MESSAGE];
    uint64_t random = 88172645463325252u;
    int64_t now = 0;
    size_t remembered = 0;
    (void)state;
    for (uint64_t i = 0; i < MANY; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        now += (int64_t)(random % 20);
        lengths[i] = (uint16_t)(random % 50 == 0 ? random % 60000 : random % 3000);
        assert_int_equal(begin(i, now), STIR_SIP_NEW);
        if (random % 7 == 0)
            continue; /* waits for ever */
        memset(bytes, (int)(i & 0x7f), lengths[i]);
        stir_sip_memory_answer(memory, key_of(i), now, stir_slice_of(bytes, lengths[i]));
        answered[i] = now + 1;
        uint64_t old = i - random % 100 % (i + 1);
        if (!answered[old] || old == i)
            continue;
        bool there = stir_sip_memory_again(memory, key_of(old), now, buf, sizeof(buf), &n);
        assert_false(there && answered[old] - 1 + STIR_SIP_REMEMBERED_MS <= now);
        if (!there)
            continue;
        remembered++;
        assert_int_equal(n, lengths[old]);
        for (size_t at = 0; at < n; at += 97)
            assert_int_equal(buf[at], (int)(old & 0x7f));
    }
    assert_true(remembered > MANY / 2);
}

/* Until there is no room, the newest are remembered. */
static void the_room_that_was_promised_is_there(void **state)
{
    static char bytes[STIR_SIP_ANSWER_BYTES - 200];
    size_t there = 0;
    (void)state;
    for (uint64_t i = 0; i < 900; i++) {
        assert_int_equal(begin(i, 0), STIR_SIP_NEW);
        stir_sip_memory_answer(memory, key_of(i), 0, stir_slice_of(bytes, sizeof(bytes)));
    }
    for (uint64_t i = 0; i < 900; i++)
        there += stir_sip_memory_again(memory, key_of(i), 0, buf, sizeof(buf), &n);
    assert_true(there >= 850); /* shards are filled by chance */
}

static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * 4096;
}

static void a_million_calls_take_the_memory_of_a_hundred_thousand(void **state)
{
    static char bytes[1400];
    size_t early = 0;
    (void)state;
    stir_sip_memory_free(memory);
    assert_err(stir_sip_memory_new(&memory, 20000), STIR_OK);
    for (uint64_t i = 0; i < 1000000; i++) {
        int64_t now = (int64_t)(i / 3);
        assert_int_equal(begin(i, now), STIR_SIP_NEW);
        stir_sip_memory_answer(memory, key_of(i), now, stir_slice_of(bytes, sizeof(bytes)));
        if (i == 100000)
            early = resident();
    }
    assert_true(resident() < early + SHADOW * (2u << 20));
}

/* Memory follows the load: few calls in the time of an answer's life take little, however many come after each other. */
static void a_small_load_takes_little_memory(void **state)
{
    static char bytes[1400];
    (void)state;
    stir_sip_memory_free(memory);
    assert_err(stir_sip_memory_new(&memory, 200000), STIR_OK); /* 400 MB of room */
    size_t before = resident();
    for (uint64_t i = 0; i < 200000; i++) {
        int64_t now = (int64_t)i * 10; /* 3,200 within 32 seconds: 4.7 MB */
        assert_int_equal(begin(i, now), STIR_SIP_NEW);
        stir_sip_memory_answer(memory, key_of(i), now, stir_slice_of(bytes, sizeof(bytes)));
    }
    assert_true(resident() < before + SHADOW * (24u << 20));
}

static struct stir_sip_key key_of_request(const char *branch, const char *sent_by, const char *call_id, const char *cseq, const char *from_tag,
                                          const char *peer)
{
    static struct stir_sip_request r;
    char text[2000];
    struct stir_address a;
    snprintf(text, sizeof(text),
             "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s\r\nFrom: <sip:a@example.com>;tag=%s\r\nTo: <sip:b@example.com>\r\nCall-ID: "
             "%s\r\nCSeq: %s "
             "INVITE\r\n\r\n",
             sent_by, branch, from_tag, call_id, cseq);
    stir_sip_request_read(&r, S(text));
    assert_true(r.answerable);
    assert_err(stir_address_parse(&a, S(peer), STIR_UDP), STIR_OK);
    return stir_sip_memory_key(memory, &r, &a.at, 7);
}

/*= RFC3261-17.2.3 test */
static void a_transaction_is_told_from_every_other(void **state)
{
    static const char *const rows[][6] = {
        {"z9hG4bKa", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.1:5060"}, {"z9hG4bKb", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.1:5060"},
        {"z9hG4bKa", "192.0.2.1:5061", "c1", "1", "t", "192.0.2.1:5060"}, {"z9hG4bKa", "192.0.2.1:5060", "c2", "1", "t", "192.0.2.1:5060"},
        {"z9hG4bKa", "192.0.2.1:5060", "c1", "2", "t", "192.0.2.1:5060"}, {"z9hG4bKa", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.2:5060"},
        {"z9hG4bK", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.1:5060"},  {"z9hG4bK", "192.0.2.1:5060", "c1", "1", "u", "192.0.2.1:5060"},
        {"0", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.1:5060"},
    };
    enum { N = sizeof(rows) / sizeof(rows[0]) };
    struct stir_sip_key keys[N];
    (void)state;
    for (size_t i = 0; i < N; i++) {
        keys[i] = key_of_request(rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4], rows[i][5]);
        for (size_t j = 0; j < i; j++)
            if (keys[i].a == keys[j].a || keys[i].b == keys[j].b)
                fail_msg("rows %zu and %zu have the same key", i, j);
    }
    struct stir_sip_key again = key_of_request("z9hG4bKa", "192.0.2.1:5060", "c1", "1", "t", "192.0.2.1:9999"); /* NAT changed the port */
    assert_true(again.a == keys[0].a && again.b == keys[0].b);
}

/* ---- Threads ---- */

static void *hammer(void *arg)
{
    uint64_t base = *(uint64_t *)arg;
    char out[4096], bytes[1500];
    size_t len;
    memset(bytes, 'x', sizeof(bytes));
    for (uint64_t i = 0; i < 20000; i++) {
        struct stir_sip_key key = key_of(base + i % 5000 + (i & 1 ? 1000000 : 0)); /* some are another thread's too */
        if (stir_sip_memory_begin(memory, key, (int64_t)i, &owner, &call, out, sizeof(out), &len) == STIR_SIP_NEW)
            stir_sip_memory_answer(memory, key, (int64_t)i, stir_slice_of(bytes, 100 + i % 1400));
        stir_sip_memory_ack(memory, key);
        (void)stir_sip_memory_again(memory, key, (int64_t)i, out, sizeof(out), &len);
    }
    return NULL;
}

static void many_threads_share_it(void **state)
{
    pthread_t threads[4];
    uint64_t bases[4] = {0, 2500, 5000, 7500};
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &bases[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_given_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_met_and_what_is_acknowledged_is_not_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rings_say_what_a_list_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_room_that_was_promised_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_million_calls_take_the_memory_of_a_hundred_thousand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_load_takes_little_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_is_told_from_every_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_share_it, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sip_memory", tests, NULL, NULL);
}
