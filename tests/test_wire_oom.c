/* The readers of captures and logs when memory is short: told, and nothing leaked. */
#include "oom.h"
#include "wire_support.h"

#include "io/sip_log.h"

static enum stir_err read_packets(void *arg)
{
    const struct packet *packets = arg;
    struct heard *heard = __real_calloc(1, sizeof(*heard));
    struct stir_wire *wire = NULL;
    assert_non_null(heard);
    enum stir_err err = stir_wire_new(&wire, hear, heard);
    for (size_t i = 0; err == STIR_OK && packets[i].n; i++)
        err = stir_wire_packet(wire, STIR_WIRE_RAW, bytes_of(&packets[i]), packets[i].n, 1000);
    if (err == STIR_OK) {
        stir_wire_end(wire);
        assert_heard(heard, INVITE "|" INVITE "|");
    }
    stir_wire_free(wire);
    free(heard);
    return err;
}

static void packets_are_read_or_memory_is_short(void **state)
{
    struct packet *packets = calloc(8, sizeof(*packets)), *udp = calloc(2, sizeof(*udp));
    (void)state;
    assert_non_null(packets);
    assert_non_null(udp);
    put_udp(udp, S(INVITE));
    put_ipv4(&packets[0], 17, (struct fragment){.id = 1, .more = true}, stir_slice_of(udp->bytes, 64));
    put_ipv4(&packets[1], 17, (struct fragment){.id = 1, .offset = 64}, stir_slice_of(udp->bytes + 64, udp->n - 64));
    static const size_t order[] = {0, 40, 60, 20}, n = 20;
    for (size_t i = 0; i < 4; i++) {
        udp[1].n = 0;
        put_tcp(&udp[1], 1, (uint32_t)order[i], ACK, stir_slice_of(INVITE + order[i], order[i] == 60 ? sizeof(INVITE) - 61 : n));
        put_ipv4(&packets[2 + i], 6, (struct fragment){0}, bytes_of(&udp[1]));
    }
    assert_true(oom_run(read_packets, packets) >= 6);
    free(packets);
    free(udp);
}

static void count(void *arg, const struct stir_sip_log_message *message)
{
    (void)message;
    ++*(size_t *)arg;
}

static enum stir_err read_log(void *arg)
{
    struct stir_sip_log *log = NULL;
    size_t messages = 0;
    enum stir_err err = stir_sip_log_new(&log, count, &messages);
    if (err == STIR_OK) {
        stir_sip_log_feed(log, S(arg));
        stir_sip_log_end(log);
        assert_int_equal(messages, 1);
    }
    stir_sip_log_free(log);
    return err;
}

static void a_log_is_read_or_memory_is_short(void **state)
{
    (void)state;
    oom_run(read_log, OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_read_or_memory_is_short),
        cmocka_unit_test(a_log_is_read_or_memory_is_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
