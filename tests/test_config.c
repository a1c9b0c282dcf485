/* stir.conf(5): what is read, what is refused and in which words, and that it goes back to text. */
#include "support.h"

#include "server/config.h"
#include "server/config_read.h"

#include <stdlib.h>

/* What was said: a line each. */
struct said {
    char text[65536];
    size_t n, lines;
};

static void say(void *arg, const char *text)
{
    struct said *said = arg;
    said->lines++;
    if (said->n < sizeof(said->text))
        said->n += (size_t)snprintf(said->text + said->n, sizeof(said->text) - said->n, "%s\n", text);
}

static enum stir_err parse(struct stir_conf **out, struct stir_slice text, struct said *said)
{
    const struct stir_config_say to = {say, said};
    *said = (struct said){.n = 0};
    *out = NULL;
    return stir_config_parse(out, text, "stir.conf", &to);
}

static struct stir_conf *good(const char *text)
{
    struct stir_conf *conf;
    struct said said;
    if (parse(&conf, S(text), &said) != STIR_OK)
        fail_msg("%s", said.text);
    return conf;
}

/* The smallest of each role. */
#define AS "[server]\nroles = as\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:5060\n"
#define SIGNER "[signer m]\nkey = /k.pem\ncert = /c.pem\nx5u = https://cr.example.com/c.pem\n"
#define VS "[server]\nroles = vs\n[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5070\n[trust]\ndir = /trust\n"

static void the_smallest_is_safe(void **state)
{
    struct stir_conf *conf = good(AS SIGNER);
    (void)state;
    assert_int_equal(conf->server.roles, STIR_ROLE_AS);
    assert_int_equal(conf->server.workers, 0);
    assert_int_equal(conf->n_sip, 1);
    assert_string_equal(conf->sip[0].name, "s");
    assert_false(conf->sip[0].any_source);
    assert_int_equal(conf->sip[0].answer_within_ms, 400);
    assert_int_equal(conf->n_signers, 1);
    assert_true(conf->signers[0].check_x5u);
    assert_string_equal(conf->signers[0].tenant, "");
    assert_int_equal(conf->n_rules, 0);
    assert_int_equal(conf->sign.existing, STIR_EXISTING_PASS);
    assert_int_equal(conf->sign.attest_headers.n, 4);
    assert_null(conf->sign.tn.plan);
    assert_int_equal(conf->sign.tn.size, sizeof(struct stir_tn_options));
    assert_int_equal(conf->n_actions, 1);
    assert_string_equal(conf->actions[0].name, "default");
    assert_int_equal(conf->actions[0].missing + conf->actions[0].ok + conf->actions[0].failed + conf->actions[0].unusable, STIR_ACT_PASS);
    assert_string_equal(conf->verify.policy.name, "shaken");
    assert_int_equal(conf->verify.policy.max_age, 60);
    assert_int_equal(conf->log.mask, STIR_NUMBERS_MASKED);
    assert_int_equal(conf->log.level, 3);
    assert_int_equal(conf->evidence.when_full, STIR_FULL_GO_ON);
    assert_int_equal(conf->fetch.memory_bytes, 64 << 20);
    assert_int_equal(strlen(conf->hash), 16);
    stir_config_free(conf);
}

static void all_kinds_of_values_are_read(void **state)
{
    struct stir_conf *conf =
        good("# a comment\n[server]\nroles = vs as\nstop-wait = 1500ms\nworkers=2\n[sip s]\nrole=as\nlisten = udp:127.0.0.1:0  tcp:[::1]:5060\n"
             "sources = any\nnothing = 404\ncontact = sbc.example.com:5080\n[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5061\n" SIGNER
             "tenant = acme\nnumbers = 12155551212 1215555* 12155550000-12155559999\nmax-life = 90d\nwarn-before = 36h\n"
             "[tenant acme]\nkind = provider\nhosts = a.example b.example\nmax-attest = B\n"
             "[trunk t]\naddresses = 192.0.2.0/28 2001:db8::/32\nheader = X-Trunk: 17\ndial-plan = US\ntechnical-prefixes = 99# 1234\n"
             "origid = trunk\norigid-value = de305d54-75b4-431b-adb2-eb6b9e546014\n"
             "[numbers n]\nfile = /numbers\nkind = evidence\n[rule r]\ntrunks = t\nnumber-sets = n\nowned = yes\nattest = A\n"
             "[rule s]\nattest = refuse\n"
             "[sign]\ndial-plan = FR\nattest-headers = none\n[verify]\nmax-age = 15s\nfail = date-stale\npreset = us\noff = date-future\n"
             "policy-oids = 1.2.3 1.2.4\naccept = none rcd\n[trust]\ndir = /trust\n[http h]\nlisten = 127.0.0.1:8080 [::1]:8080\n"
             "serve = inspect operations\nmax-body = 64K\n[log]\nformat = json\nlevel = debug\n[evidence]\nrotate-size = 2G\n");
    (void)state;
    assert_int_equal(conf->server.roles, STIR_ROLE_AS | STIR_ROLE_VS);
    assert_int_equal(conf->server.stop_wait_ms, 1500);
    assert_int_equal(conf->server.workers, 2);
    assert_int_equal(conf->sip[0].listen.n, 2);
    assert_string_equal(conf->sip[0].listen.items[1], "tcp:[::1]:5060");
    assert_null(conf->sip[0].listen.items[2]);
    assert_true(conf->sip[0].any_source);
    assert_int_equal(conf->sip[0].nothing, STIR_NOTHING_404);
    assert_int_equal(conf->sip[1].role, STIR_ROLE_VS);
    assert_string_equal(conf->signers[0].tenant, "acme");
    assert_int_equal(conf->signers[0].numbers.n, 3);
    assert_int_equal(conf->signers[0].max_life, 90 * 86400);
    assert_int_equal(conf->signers[0].warn_before, 36 * 3600);
    assert_int_equal(conf->tenants[0].kind, STIR_TENANT_PROVIDER);
    assert_int_equal(conf->tenants[0].max_attest, 'B');
    assert_string_equal(conf->trunks[0].header, "X-Trunk: 17");
    assert_ptr_equal(conf->trunks[0].tn.plan, stir_tn_plan(S("US")));
    assert_string_equal(conf->trunks[0].tn.technical_prefixes[1], "1234");
    assert_null(conf->trunks[0].tn.technical_prefixes[2]);
    assert_int_equal(conf->trunks[0].origid, STIR_ORIGID_TRUNK);
    assert_int_equal(conf->numbers[0].kind, STIR_NUMBERS_EVIDENCE);
    assert_true(conf->rules[0].owned);
    assert_int_equal(conf->rules[0].attest, STIR_DECIDE_A);
    assert_int_equal(conf->rules[1].attest, STIR_DECIDE_REFUSE);
    assert_ptr_equal(conf->sign.tn.plan, stir_tn_plan(S("FR")));
    assert_int_equal(conf->sign.attest_headers.n, 0);
    assert_string_equal(conf->verify.policy.name, "us");
    assert_int_equal(conf->verify.policy.max_age, 15);
    assert_int_equal(conf->verify.policy.accept, 1 << STIR_PPT_NONE | 1 << STIR_PPT_RCD);
    assert_ptr_equal(conf->verify.policy.tn.plan, stir_tn_plan(S("US")));
    assert_int_equal(stir_policy_severity(&conf->verify.policy, STIR_R_DATE_STALE), STIR_SEVERITY_FAIL);
    assert_int_equal(stir_policy_severity(&conf->verify.policy, STIR_R_DATE_FUTURE), STIR_SEVERITY_OFF);
    assert_int_equal(conf->verify.policy.n_policy_oids, 2);
    assert_string_equal(conf->verify.policy.policy_oid[1], "1.2.4");
    assert_int_equal(conf->http[0].apis, STIR_API_INSPECT | STIR_API_OPERATIONS);
    assert_int_equal(conf->http[0].max_body, 65536);
    assert_true(conf->log.json);
    assert_int_equal(conf->log.level, 4);
    assert_int_equal(conf->evidence.rotate_bytes, 2LL << 30);
    stir_config_free(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_is_safe),
        cmocka_unit_test(all_kinds_of_values_are_read),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
