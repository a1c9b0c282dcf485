/* stir.conf(5) when memory is short: told, nothing half read, nothing leaked. */
#include "oom.h"

#include "server/config.h"

static const char CONF[] = "[server]\nroles = as vs\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:5060\n[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5070\n"
                           "[http h]\nlisten = 127.0.0.1:8080\nserve = inspect\n[trust]\ndir = /trust\n"
                           "[signer m]\nkey = /k.pem\ncert = /c.pem\nx5u = https://cr.example.com/c.pem\nnumbers = 1215555* 12155551212\ntenant = p\n"
                           "[tenant p]\nkind = provider\nhosts = a.example b.example\npath = p\n[trunk t]\naddresses = 192.0.2.0/28\ntenant = p\n"
                           "[verify]\npreset = us\nfail = date-stale\npolicy-oids = 1.2.3\n[rule r]\ntrunks = t\nattest = B\n";

static size_t faults;

static void count(void *arg, const char *text)
{
    (void)arg;
    (void)text;
    faults++;
}

static enum stir_err read_conf(void *arg)
{
    const struct stir_config_say say = {count, NULL};
    struct stir_conf *conf = NULL;
    enum stir_err err = stir_config_parse(&conf, S(arg), "stir.conf", &say);
    assert_int_equal(conf != NULL, err == STIR_OK);
    stir_config_free(conf);
    return err;
}

static void a_configuration_is_read_or_memory_is_short(void **state)
{
    (void)state;
    assert_true(oom_run(read_conf, (void *)(uintptr_t)CONF) >= 10);
    assert_int_equal(faults, 0); /* memory that is short is no fault of the file's */
}

/* So many lists that the conf takes more than one block. */
static void so_is_a_long_one(void **state)
{
    enum { TRUNKS = 40 };
    char *text = malloc(sizeof(CONF) + TRUNKS * 96);
    (void)state;
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, sizeof(CONF), "%s", CONF);
    for (size_t i = 0; i < TRUNKS; i++)
        n += (size_t)snprintf(text + n, 96, "[trunk t%zu]\naddresses = 10.0.%zu.0/24 2001:db8:%zx::/64\nactions = default\n", i, i & 255, i);
    assert_true(oom_run(read_conf, text) >= 12);
    assert_int_equal(faults, 0);
    free(text);
}

static enum stir_err write_conf(void *arg)
{
    const struct stir_conf *conf = arg;
    char *text = stir_config_text(conf, true), *json = stir_config_json(conf, false);
    enum stir_err err = text && json ? STIR_OK : STIR_ENOMEM;
    if (text)
        assert_non_null(strstr(text, "[verify]\npreset = us\n"));
    free(text);
    free(json);
    return err;
}

static void it_is_written_or_memory_is_short(void **state)
{
    const struct stir_config_say say = {count, NULL};
    struct stir_conf *conf = NULL;
    (void)state;
    assert_int_equal(stir_config_parse(&conf, S(CONF), "stir.conf", &say), STIR_OK);
    assert_true(oom_run(write_conf, conf) >= 10);
    stir_config_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_is_read_or_memory_is_short),
        cmocka_unit_test(so_is_a_long_one),
        cmocka_unit_test(it_is_written_or_memory_is_short),
    };
    return cmocka_run_group_tests_name("config_oom", tests, NULL, NULL);
}
