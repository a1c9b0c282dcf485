/* stir.conf(5): what is read, secrets that stay where they are, and that it goes back to text. */
#include "config_support.h"

#include "io/file.h"

#include <stdlib.h>
#include <unistd.h>

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

/* ---- Secrets ---- */

static void a_pasted_key_is_one_fault_and_is_never_shown(void **state)
{
    static const char *const rows[] = {
        "key = -----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\nhushhushhush==\n-----END PRIVATE KEY-----\n",
        "key =\n-----BEGIN PRIVATE KEY-----\nhushhushhush==\n-----END PRIVATE KEY-----\n",
        "key = MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghushhushhushhushhush==\n",
        "key = {\"kty\":\"EC\",\"d\":\"hushhush\"}\n",
        "key = -----BEGIN PRIVATE KEY-----hushhush\n[log]\nlevle = info\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024];
        struct stir_conf *conf;
        struct said said;
        snprintf(text, sizeof(text), "%s[signer m]\ncert = /c.pem\nx5u = https://cr.example.com/c.pem\n%s", AS, rows[i]);
        assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
        if (strstr(said.text, "hush"))
            fail_msg("%s", said.text);
        if (!strstr(said.text, "mode 0600"))
            fail_msg("nothing is said of a file: %s", said.text);
    }
}

static void what_a_bad_secret_says_is_not_repeated(void **state)
{
    struct stir_conf *conf;
    struct said said;
    (void)state;
    assert_int_equal(parse(&conf, S(AS SIGNER "[webhook]\nurl = https://h.example/\ntoken-file = credential:a/SECRET\n"), &said), STIR_EVALUE);
    assert_null(strstr(said.text, "SECRET"));
    assert_non_null(strstr(said.text, ":12: [webhook] token-file: the value is no credential"));
    assert_int_equal(parse(&conf, S(AS SIGNER "[webhook]\nurl = https://h.example/\ntoken = SECRET\n"), &said), STIR_EVALUE);
    assert_null(strstr(said.text, "SECRET"));
    assert_non_null(strstr(said.text, "did you mean token-file?"));
}

/* ---- Back to text ---- */

static void comes_back(const struct stir_conf *conf, bool effective)
{
    char *text = stir_config_text(conf, effective);
    struct stir_conf *again;
    struct said said;
    assert_non_null(text);
    if (parse(&again, S(text), &said) != STIR_OK)
        fail_msg("%s\n%s", said.text, text);
    char *second = stir_config_text(again, effective);
    assert_non_null(second);
    assert_string_equal(second, text);
    assert_string_equal(again->hash, conf->hash);
    stir_config_free(again);
    free(text);
    free(second);
}

static const char *const complete[] = {
    AS SIGNER,
    VS,
    AS SIGNER "[sign]\nattest-headers = none\norigid-headers = X-A X-B\ndial-plan = US\n[actions default]\nfailed = alert\nprefix = [SPAM?] x\n",
    VS
    "[verify]\npreset = us\noff = policy-oid\nfail = date-stale\nwarn = claim-unknown iat-date-differ\npolicy-oids = any\ndial-plan = none\nmin-attest = B\n",
    VS "[verify]\npreset = rfc8224\naccept = none\nmax-date-age = 90s\nmax-age = 2m\nmax-future = 3601s\n[fetch]\nmemory = 1025K\ntimeout = 1500ms\n",
    VS "[actions a]\nok = alert\nsuffix = z\n[actions b]\nmin-attest = A\nheaders = attest=X-A verstat=X-V\n[trunk t]\naddresses = 10.0.0.0/8\nactions = b\n",
    AS SIGNER
    "tenant = p\nnumbers = 1* 12-13\n[tenant p]\nkind = provider\npath = p\n[rule a]\nattest = none\n[numbers n]\nfile = /n\n[log]\nnumbers = hashed\n",
};

static void what_is_shown_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(complete) / sizeof(complete[0]); i++) {
        struct stir_conf *conf = good(complete[i]);
        comes_back(conf, false);
        comes_back(conf, true);
        stir_config_free(conf);
    }
}

static void the_hash_tells_what_is_meant(void **state)
{
    struct stir_conf *a = good(AS SIGNER), *spaced = good("# hello\n\n" AS "\n" SIGNER "\n[log]\n"), *other = good(AS SIGNER "[log]\nlevel = debug\n");
    (void)state;
    assert_string_equal(a->hash, spaced->hash);
    assert_string_not_equal(a->hash, other->hash);
    stir_config_free(a);
    stir_config_free(spaced);
    stir_config_free(other);
}

static void what_a_start_alone_reads_is_told(void **state)
{
    static const struct {
        const char *more, *key; /* NULL: a reload may change it */
    } rows[] = {
        {"", NULL},
        {"[log]\nlevel = debug\n", NULL},
        {"[verify]\nmax-age = 15s\n", NULL},
        {"[sip t]\nrole = as\nlisten = udp:127.0.0.1:5062\n", NULL},
        {"[verify]\nreplay-entries = 2000\n", "[verify] replay-entries"},
        {"[trust]\ndir = /trust\n", "[trust] dir"},
        {"[fetch]\nallow-net = 127.0.0.0/8\n", "[fetch] allow-net"},
        {"[fetch]\ntables = 1\n", "[fetch] tables"},
    };
    struct stir_conf *before = good(AS SIGNER);
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[1024], key[STIR_CONFIG_KEY_TEXT] = "";
        snprintf(text, sizeof(text), "%s%s", AS SIGNER, rows[i].more);
        struct stir_conf *after = good(text);
        if (stir_config_fixed(before, after, key) != (rows[i].key != NULL) || strcmp(key, rows[i].key ? rows[i].key : "") != 0)
            fail_msg("\"%s\" is \"%s\"", rows[i].more, key);
        stir_config_free(after);
    }
    stir_config_free(before);
}

static void every_default_and_example_is_good(void **state)
{
    struct stir_arena arena = {0};
    struct stir_config_room room = {&arena, "", false};
    (void)state;
    for (size_t i = 0; i < STIR_SECTIONS; i++) {
        const struct stir_config_section *section = &stir_config_sections[i];
        void *at = malloc(section->size);
        assert_non_null(at);
        assert_true(section->n_keys <= STIR_CONFIG_KEYS);
        assert_true(stir_config_default(&room, (enum stir_config_kind)i, at, S("shaken")));
        for (size_t k = 0; k < section->n_keys; k++) {
            char fault[STIR_CONFIG_FAULT];
            if (!stir_config_set(&room, &section->keys[k], at, S(section->keys[k].example), fault))
                fail_msg("[%s] %s: %s", section->kind, section->keys[k].name, fault);
        }
        free(at);
    }
    stir_arena_clear(&arena);
}

static bool takes(const struct stir_config_key *key, void *at, int64_t amount, const char *unit)
{
    struct stir_arena arena = {0};
    struct stir_config_room room = {&arena, "", false};
    char text[64], fault[STIR_CONFIG_FAULT] = "";
    snprintf(text, sizeof(text), "%lld%s", (long long)amount, unit);
    bool taken = stir_config_set(&room, key, at, S(text), fault);
    assert_int_equal(!taken, fault[0] != 0);
    stir_arena_clear(&arena);
    return taken;
}

static void every_bound_holds_at_both_ends(void **state)
{
    static const char *const units[] = {[STIR_KEY_NUMBER] = "", [STIR_KEY_SPAN_MS] = "ms", [STIR_KEY_SPAN] = "s", [STIR_KEY_SIZE] = ""};
    size_t looked = 0;
    (void)state;
    for (size_t i = 0; i < STIR_SECTIONS; i++) {
        const struct stir_config_section *section = &stir_config_sections[i];
        char *at = calloc(1, section->size);
        assert_non_null(at);
        for (size_t k = 0; k < section->n_keys; k++) {
            const struct stir_config_key *key = &section->keys[k];
            if (key->type != STIR_KEY_NUMBER && key->type != STIR_KEY_SPAN && key->type != STIR_KEY_SPAN_MS && key->type != STIR_KEY_SIZE)
                continue;
            const int64_t *value = (const void *)(at + key->offset);
            bool good = takes(key, at, key->low, units[key->type]) && *value == key->low && takes(key, at, key->high, units[key->type]) && *value == key->high;
            good = good && !takes(key, at, key->high + 1, units[key->type]) && (key->low == 0 || !takes(key, at, key->low - 1, units[key->type])) &&
                   *value == key->high;
            if (!good || key->low > key->high)
                fail_msg("[%s] %s", section->kind, key->name);
            looked++;
        }
        free(at);
    }
    assert_true(looked > 30);
}

static void many_trunks_are_read(void **state)
{
    enum { TRUNKS = 10000 };
    char *text = malloc(TRUNKS * 64 + 1024);
    (void)state;
    assert_non_null(text);
    size_t n = (size_t)snprintf(text, 1024, "%s", AS SIGNER);
    for (size_t i = 0; i < TRUNKS; i++)
        n += (size_t)snprintf(text + n, 64, "[trunk t%zu]\naddresses = 10.%zu.%zu.%zu\n", i, i >> 16, i >> 8 & 255, i & 255);
    struct stir_conf *conf = good(text);
    assert_int_equal(conf->n_trunks, TRUNKS);
    assert_string_equal(conf->trunks[TRUNKS - 1].name, "t9999");
    stir_config_free(conf);
    free(text);
}

/* ---- Files ---- */

static void relative_paths_begin_at_the_files_own_folder(void **state)
{
    char folder[] = "/tmp/stir-config-XXXXXX", path[64];
    struct said said = {.n = 0};
    const struct stir_config_say to = {say, &said};
    struct stir_conf *conf = NULL;
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/stir.conf", folder);
    assert_int_equal(stir_file_write(path, S(AS "[signer m]\nkey = credential:k\ncert = keys/c.pem\nx5u = https://cr.example.com/c.pem\n"), STIR_FILE_PUBLIC),
                     STIR_FILE_OK);
    if (stir_config_read(&conf, path, &to) != STIR_OK)
        fail_msg("%s", said.text);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "%s/keys/c.pem", folder);
    assert_string_equal(conf->signers[0].cert, wanted);
    assert_string_equal(conf->signers[0].key, "credential:k");
    stir_config_free(conf);
    unlink(path);
    rmdir(folder);
    assert_int_equal(stir_config_read(&conf, path, &to), STIR_EIO);
    assert_non_null(strstr(said.text, "stir.conf: cannot be read"));
    said.n = 0;
    assert_int_equal(stir_config_read(&conf, "/tmp", &to), STIR_EIO);
    assert_non_null(strstr(said.text, "/tmp: is a folder"));
}

static void what_is_worth_a_second_look_is_said(void **state)
{
    static const struct {
        const char *text, *doubt;
    } rows[] = {
        {AS SIGNER "[http h]\nlisten = 192.0.2.1:80\nserve = signing\nopen = yes\n", "[http h] open: whoever can connect"},
        {AS SIGNER "[http h]\nlisten = 192.0.2.1:80\nserve = signing\n[tenant a]\nkind = customer\ntoken-file = /t\n", "clear text"},
        {AS "sources = any\n" SIGNER, "[sip s] sources = any"},
        {AS SIGNER, "there is no [trunk NAME]"},
        {AS SIGNER "[trunk t]\naddresses = 0.0.0.0/0\ntrusted = yes\n", "[trunk t] trusted"},
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8\n[rule r]\nattest = asked\n", "[rule r] attest = asked"},
        {AS SIGNER "[trunk t]\naddresses = ::/0\n", "[trunk t] addresses: it is everybody"},
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8\n[trunk u]\naddresses = 10.9.0.0/16 10.0.0.1\n", "[trunk u] no call is of it: [trunk t]"},
        {AS SIGNER "[trunk t]\naddresses = 2001:db8::/33\n[trunk u]\naddresses = 2001:db8:7fff::1\nheader = X-T: 1\n", "[trunk u] no call"},
        {AS SIGNER "[rule r]\nnumbers = 1215555\nattest = B\n", "[rule r] numbers: 1215555 is one number and no prefix: was 1215555* meant?"},
        {AS "[signer m]\nkey = k\ncert = c\nx5u = https://cr.example.com/c.pem\nnumbers = 1303\n", "[signer m] numbers: 1303 is one number"},
        {VS "[actions strict]\nfailed = stop\n", "[actions strict]: no [trunk NAME] has actions = strict"},
        {VS "[actions default]\nok = stop\n", "[actions default] ok = stop"},
        {AS SIGNER "[numbers n]\nfile = n\n[rule r]\nnumber-sets = n\nattest = A\n", "[rule r] number-sets without owned = yes"},
        {AS SIGNER "[rule r]\nattest = B\n[rule s]\nattest = C\n", "[rule s] and what follows are never reached"},
        {AS SIGNER "[sign]\nany-url = yes\n", "[sign] any-url"},
        {AS SIGNER "[log]\nnumbers = full\n", "personal data"},
        {VS "[fetch]\nallow-net = 127.0.0.0/8\n", "allow-net are for labs"},
        {AS SIGNER, "[evidence] dir is not given"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct said said = {.n = 0};
        const struct stir_config_say to = {say, &said};
        struct stir_conf *conf = good(rows[i].text);
        stir_config_doubts(conf, &to);
        if (!strstr(said.text, rows[i].doubt))
            fail_msg("\"%s\" is not said: %s", rows[i].doubt, said.text);
        stir_config_free(conf);
    }
}

/* What is right is not doubted: who reads warnings every day reads none. */
static void what_is_well_meant_is_not_doubted(void **state)
{
    static const struct {
        const char *text, *doubt;
    } rows[] = {
        {AS SIGNER "[trunk t]\naddresses = 10.9.0.0/16\n[trunk u]\naddresses = 10.0.0.0/8\n", "no call is of it"},           /* the narrower one stands first */
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8\n[trunk u]\naddresses = 10.9.0.0/16 192.0.2.1\n", "no call is of it"}, /* in part */
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8\nheader = X-T: 1\n[trunk u]\naddresses = 10.9.0.0/16\n", "no call is of it"},
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8\nheader = X-T: 1\n[trunk u]\naddresses = 10.0.0.0/8\nheader = X-T: 2\n", "no call is of it"},
        {AS SIGNER "[trunk t]\naddresses = 2001:db8::/33\n[trunk u]\naddresses = 2001:db8:8000::1\n", "no call is of it"},
        {AS SIGNER "[trunk t]\naddresses = 10.0.0.0/8 2001:db8::/32\n", "everybody"},
        {AS SIGNER "[rule r]\nnumbers = 1215555* 12155551212 1215000-1215999\nattest = B\n", "is one number"},
        {VS "[actions strict]\nfailed = stop\n[trunk t]\naddresses = 10.0.0.1\nactions = strict\n", "[actions strict]"},
        {VS "[actions default]\nfailed = stop\n", "[actions"},
        {AS SIGNER "[numbers n]\nfile = n\n[rule r]\nnumber-sets = n\nowned = yes\nattest = A\n", "number-sets without"},
        {AS SIGNER "[numbers n]\nfile = n\n[rule r]\nnumber-sets = n\nattest = B\n", "number-sets without"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct said said = {.n = 0};
        const struct stir_config_say to = {say, &said};
        struct stir_conf *conf = good(rows[i].text);
        stir_config_doubts(conf, &to);
        if (strstr(said.text, rows[i].doubt))
            fail_msg("\"%s\" is said of a good one: %s", rows[i].doubt, said.text);
        stir_config_free(conf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_is_safe),
        cmocka_unit_test(all_kinds_of_values_are_read),
        cmocka_unit_test(a_pasted_key_is_one_fault_and_is_never_shown),
        cmocka_unit_test(what_a_bad_secret_says_is_not_repeated),
        cmocka_unit_test(what_is_shown_reads_back),
        cmocka_unit_test(the_hash_tells_what_is_meant),
        cmocka_unit_test(what_a_start_alone_reads_is_told),
        cmocka_unit_test(every_default_and_example_is_good),
        cmocka_unit_test(every_bound_holds_at_both_ends),
        cmocka_unit_test(many_trunks_are_read),
        cmocka_unit_test(relative_paths_begin_at_the_files_own_folder),
        cmocka_unit_test(what_is_worth_a_second_look_is_said),
        cmocka_unit_test(what_is_well_meant_is_not_doubted),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
