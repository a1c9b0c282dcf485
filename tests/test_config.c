/* stir.conf(5): what is read, what is refused and in which words, and that it goes back to text. */
#include "support.h"

#include "server/config.h"
#include "server/config_read.h"

#include "io/file.h"

#include <stdlib.h>
#include <unistd.h>

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

/* ---- What is refused ---- */

#define TLS_SIP "[sip t]\nrole = as\nlisten = tls:127.0.0.1:5061\n"
#define HTTP "[http h]\nlisten = 127.0.0.1:8080\n"

static void each_fault_is_told_in_words_that_help(void **state)
{
    static const struct {
        const char *text, *fault;
    } rows[] = {
        /* lines */
        {AS SIGNER "nonsense\n", "stir.conf:10: [signer m]: the line is no \"key = value\""},
        {AS SIGNER "tenant =\n", "stir.conf:10: [signer m]: the line has no value"},
        {AS SIGNER "[log\n", "stir.conf:10: [signer m]: the line begins a section, which ends with ']' and nothing behind it"},
        {AS SIGNER "[log] # x\n", "stir.conf:10: [signer m]: the line begins a section, which ends with ']' and nothing behind it"},
        {"workers = 1\n" AS SIGNER, "stir.conf:1: a key stands before the first section; [server] is the usual first one"},
        /* sections */
        {AS SIGNER "[evidense]\ndir = /x\n", "stir.conf:10: [evidense]: no such section; did you mean [evidence]?"},
        {AS SIGNER "[]\n", "stir.conf:10: []: no such section; stir conf keys lists them"},
        {AS SIGNER "[xyzzy]\n", "stir.conf:10: [xyzzy]: no such section; stir conf keys lists them"},
        {AS SIGNER "[log a]\n", "stir.conf:10: [log a]: there is one such section, without a name: [log]"},
        {AS SIGNER "[rule]\nattest = B\n", "stir.conf:10: [rule]: needs a name: [rule NAME]"},
        {AS SIGNER "[rule a b]\nattest = B\n", "stir.conf:10: [rule a b]: \"a b\" is no name; names are 1 to 32 letters, digits, '-', '_' and '.'"},
        {AS SIGNER "[rule 123456789012345678901234567890123]\nattest = B\n",
         "stir.conf:10: [rule 123456789012345678901234567890123]: \"123456789012345678901234567890123\" is no name; names are 1 to 32 letters, digits, '-', "
         "'_' and '.'"},
        {AS SIGNER "[log]\nlevel = info\n[log]\n", "stir.conf:12: [log]: stands twice; it began in line 10"},
        {AS SIGNER "[actions default]\n[actions default]\n", "stir.conf:11: [actions default]: stands twice; it began in line 10"},
        {AS SIGNER "[rule r]\nattest = B\n[rule r]\nattest = C\n", "stir.conf:12: [rule r]: stands twice; it began in line 10"},
        /* keys */
        {AS SIGNER "[log]\nlevle = info\n", "stir.conf:11: [log] levle: there is no such key; did you mean level?"},
        {AS SIGNER "[log]\nrotate-size = 1M\n", "stir.conf:11: [log] rotate-size: there is no such key here; it stands in [evidence]"},
        {AS SIGNER "[log]\nxyzzy = 1\n", "stir.conf:11: [log] xyzzy: there is no such key; stir conf keys lists them"},
        {AS SIGNER "[log]\nlevel = info\nlevel = info\n", "stir.conf:12: [log] level: stands twice; line 11 has it already"},
        {AS SIGNER "[rule r]\n",
         "stir.conf:10: [rule r] attest: is needed: what they get: A, B, C, asked (what a trusted source asks for), none (goes on unsigned), refuse (403)"},
        /* values */
        {AS SIGNER "[server2]\n", "stir.conf:10: [server2]: no such section; did you mean [server]?"},
        {AS SIGNER "[metrics]\nmax-trunks = 10001\n", "stir.conf:11: [metrics] max-trunks: 10001 is out of bounds; 0 to 10000 is what it may be"},
        {AS SIGNER "[metrics]\nmax-trunks = 99999999999999999999\n",
         "stir.conf:11: [metrics] max-trunks: 99999999999999999999 is out of bounds; 0 to 10000 is what it may be"},
        {AS SIGNER "[metrics]\nmax-trunks = -1\n", "stir.conf:11: [metrics] max-trunks: \"-1\" is none; such are written as digits alone"},
        {AS SIGNER "[fetch]\ntimeout = 2\n", "stir.conf:11: [fetch] timeout: \"2\" is none; such are written as 500ms, 5s, 10m, 12h or 7d with its unit"},
        {AS SIGNER "[fetch]\ntimeout = 31s\n", "stir.conf:11: [fetch] timeout: 31s is out of bounds; 100ms to 30s is what it may be"},
        {AS SIGNER "[evidence]\nkeep = 10ms\n", "stir.conf:11: [evidence] keep: \"10ms\" is none; such are written as 5s, 10m, 12h or 7d with its unit"},
        {AS SIGNER "[evidence]\nkeep = 1 d\n", "stir.conf:11: [evidence] keep: \"1 d\" is none; such are written as 5s, 10m, 12h or 7d with its unit"},
        {AS SIGNER "[evidence]\nmemory = 64MB\n", "stir.conf:11: [evidence] memory: \"64MB\" is none; such are written as 4096, 64K, 256M or 2G"},
        {AS SIGNER "[evidence]\nmemory = 1K\n", "stir.conf:11: [evidence] memory: 1K is out of bounds; 1M to 16G is what it may be"},
        {AS SIGNER "[evidence]\nmemory = 9999999999999G\n", "stir.conf:11: [evidence] memory: 9999999999999G is out of bounds; 1M to 16G is what it may be"},
        {AS SIGNER "[evidence]\nsync = true\n", "stir.conf:11: [evidence] sync: \"true\" is neither yes nor no"},
        {AS SIGNER "[log]\nlevel = verbose\n", "stir.conf:11: [log] level: \"verbose\" is none of error, warning, notice, info or debug"},
        {AS SIGNER "[http h]\nlisten = 127.0.0.1:80\nserve = inspect inspect\n", "stir.conf:12: [http h] serve: \"inspect\" stands twice"},
        {AS SIGNER "[http h]\nlisten = localhost:80\nserve = inspect\n", "stir.conf:11: [http h] listen: \"localhost:80\" is no place to listen at; one is "
                                                                         "192.0.2.1:8443 or [::1]:8080, an address and no name (tls-cert makes it "
                                                                         "HTTPS)"},
        {"[server]\nroles = as\n[sip s]\nrole = as\nlisten = 127.0.0.1:5060\n" SIGNER,
         "stir.conf:5: [sip s] listen: \"127.0.0.1:5060\" is no place to listen at; one is udp:192.0.2.1:5060, tcp:[2001:db8::1]:5060 or tls:0.0.0.0:5061, an "
         "address and no name"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1/28\n",
         "stir.conf:11: [trunk t] addresses: \"192.0.2.1/28\" has bits beyond its prefix: which network is meant? One is 192.0.2.0/28"},
        {AS SIGNER "[trunk t]\naddresses = a.example\n",
         "stir.conf:11: [trunk t] addresses: \"a.example\" is no network; one is 192.0.2.0/28, 2001:db8::/32, or an address alone"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1 192.0.2.1\n", "stir.conf:11: [trunk t] addresses: \"192.0.2.1\" stands twice"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1\nheader = X-Trunk 17\n",
         "stir.conf:12: [trunk t] header: \"X-Trunk 17\" is no header with its value; one is X-Trunk: 17"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1\ndial-plan = XX\n",
         "stir.conf:12: [trunk t] dial-plan: \"XX\" is no dial plan; there are US, CA, FR, DE, GB, IT, MX, ES and AU"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1\norigid = trunk\norigid-value = x\n",
         "stir.conf:13: [trunk t] origid-value: \"x\" is no UUID; one is de305d54-75b4-431b-adb2-eb6b9e546014"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1\ntechnical-prefixes = +1\n",
         "stir.conf:12: [trunk t] technical-prefixes: \"+1\" is no prefix; digits, '#' and '*' make one, 16 at most"},
        {AS SIGNER "[rule r]\nattest = B\nnumbers = +12155551212\n",
         "stir.conf:12: [rule r] numbers: \"+12155551212\" is no number, prefix or range; these are 12155551212, 1215555* and 12155550000-12155559999: digits "
         "with the country code first, no '+'"},
        {AS SIGNER "[rule r]\nattest = B\nnumbers = 12155551213-12155551212\n",
         "stir.conf:12: [rule r] numbers: \"12155551213-12155551212\" is a range that ends before it begins"},
        {AS SIGNER "[webhook]\nurl = https://u:p@example.com/\n", "stir.conf:11: [webhook] url: \"https://u:p@example.com/\" is no URL to post to; one is "
                                                                  "https://example.com/stir (a token stands in token-file, not in "
                                                                  "the URL)"},
        {AS SIGNER "[sign]\ndial-plan = us2\n", "stir.conf:11: [sign] dial-plan: \"us2\" is no dial plan; there are none US CA FR DE GB IT MX ES AU"},
        {AS SIGNER "[verify]\npreset = usa\n",
         "stir.conf:11: [verify] preset: \"usa\" is no preset; there are shaken strict rfc8224 atis us us-strict ca fr-man"},
        {AS SIGNER "[verify]\nfail = stale-date\n", "stir.conf:11: [verify] fail: \"stale-date\" is no reason; docs/REASONS.md lists them"},
        {AS SIGNER "[verify]\noff = signature-bad\n", "stir.conf:11: [verify] off: \"signature-bad\" stays fatal: without it anybody could be anybody"},
        {AS SIGNER "[verify]\nfail = policy-oid\nwarn = policy-oid\n", "stir.conf:12: [verify] warn: \"policy-oid\" stands twice in fail, warn and off"},
        {AS SIGNER "[verify]\npolicy-oids = 1..2\n",
         "stir.conf:11: [verify] policy-oids: \"1..2\" is no policy; one is 2.16.840.1.114569.1.1.4, and any is all of them"},
        {AS SIGNER "[fetch]\nresolver = dns.example\n",
         "stir.conf:11: [fetch] resolver: \"dns.example\" is no DNS server; one is 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53"},
        {AS SIGNER "[fetch]\ntls-root = credential:root\n",
         "stir.conf:11: [fetch] tls-root: \"credential:root\" must be a path; only keys, certificates and tokens come from credentials"},
        {AS SIGNER "[fetch]\ntls-root = -\n",
         "stir.conf:11: [fetch] tls-root: \"-\" must be a path; standard input can be read only once, and a reload reads again"},
        {AS SIGNER "[repository]\npath = cr\n", "stir.conf:11: [repository] path: \"cr\" is no path of a folder; one is /cr/"},
        /* between keys and sections */
        {"[server]\nroles = as\n" SIGNER,
         "stir.conf:2: [server] roles: as, and no listener leads to it: [sip NAME] with role = as, or [http NAME] with serve = signing"},
        {AS, "stir.conf:2: [server] roles: as wants a signing identity: [signer NAME] with key, cert and x5u"},
        {"[server]\nroles = vs\n[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5060\n",
         "stir.conf: [trust] dir: is needed by role vs: nobody is trusted by default"},
        {"[server]\nroles = cr\n[http h]\nlisten = 127.0.0.1:80\nserve = repository\n",
         "stir.conf: [repository] dir: is needed by role cr: where are the certificates?"},
        {"",
         "stir.conf: [server] roles: is needed: what this process does: as (authentication service), vs (verification service), cr (certificate repository)"},
        {AS SIGNER "[sip v]\nrole = vs\nlisten = udp:127.0.0.1:5070\n", "stir.conf:11: [sip v] role: is vs, which is not among the roles of [server]"},
        {AS SIGNER HTTP "serve = verification\n", "stir.conf:12: [http h] serve: verification wants role vs among those of [server]"},
        {AS SIGNER HTTP "serve = repository\n", "stir.conf:12: [http h] serve: repository wants role cr among those of [server]"},
        {AS SIGNER HTTP "serve = signing\n",
         "stir.conf:12: [http h] serve: signing, and no tenant has a token-file, or a client-name and this listener a tls-client-ca: nobody could use it. Give "
         "one, or write open = yes to sign for whoever can connect"},
        {VS HTTP "serve = native\n",
         "stir.conf:10: [http h] serve: verification, and no tenant has a token-file, or a client-name and this listener a tls-client-ca: nobody could use it. "
         "Give one, or write open = yes to verify for whoever can connect"},
        {AS SIGNER HTTP "serve = inspect\ntls-cert = /c\n", "stir.conf:13: [http h] tls-cert: wants tls-key too, the certificate's private key"},
        {AS SIGNER HTTP "serve = inspect\ntls-client-ca = /c\n",
         "stir.conf:13: [http h] tls-client-ca: wants tls-cert and tls-key too: without them nothing here speaks TLS"},
        {AS SIGNER HTTP "serve = inspect\nmax-connections = 10\n", "stir.conf:13: [http h] max-connections: max-per-address is more than max-connections"},
        {AS SIGNER TLS_SIP, "stir.conf:12: [sip t] listen: tls: wants tls-cert and tls-key"},
        {AS SIGNER "[sip t]\nrole = as\nlisten = udp:127.0.0.1:5060\n",
         "stir.conf:12: [sip t] listen: udp:127.0.0.1:5060 is taken: line 5 listens at udp:127.0.0.1:5060"},
        {AS SIGNER "[sip t]\nrole = as\nlisten = udp:0.0.0.0:5060\n",
         "stir.conf:12: [sip t] listen: udp:0.0.0.0:5060 is taken: line 5 listens at udp:127.0.0.1:5060"},
        {AS SIGNER "[signer n]\nkey = /k\ncert = /d\nx5u = http://cr.example.com/c.pem\n",
         "stir.conf:13: [signer n] x5u: \"http://cr.example.com/c.pem\" the URL does not begin with https://"},
        {AS SIGNER "[signer n]\nkey = /k\ncert = /d\nx5u = https://cr.example.com:444/c.pem\n",
         "stir.conf:13: [signer n] x5u: \"https://cr.example.com:444/c.pem\": the URL's port is neither 443 nor 8443 (ATIS-1000074 5.3.1); verifiers would not "
         "fetch "
         "it"},
        {AS SIGNER "[signer n]\nkey = /k\ncert = /other.pem\nx5u = https://cr.example.com/c.pem\n",
         "stir.conf:13: [signer n] x5u: is that of [signer m], which has another certificate: each certificate has a URL of its own"},
        {AS SIGNER "tenant = acmee\n[tenant acme]\nkind = customer\npath = acme\n",
         "stir.conf:10: [signer m] tenant: there is no [tenant acmee]; did you mean acme?"},
        {AS SIGNER "tenant = acme\n[tenant acme]\nkind = customer\npath = acme\n",
         "stir.conf:10: [signer m] tenant: acme is a customer, whose calls are signed with our certificates: leave tenant out, or make it a provider"},
        {AS SIGNER "[tenant acme]\nkind = provider\npath = acme\n",
         "stir.conf:11: [tenant acme] kind: is provider, and no [signer NAME] has tenant = acme: its calls could not be signed"},
        {AS SIGNER "[tenant acme]\nkind = customer\n",
         "stir.conf:10: [tenant acme]: nothing leads to this tenant; give it hosts, path, token-file or client-name, or a trunk that names it"},
        {AS SIGNER "[tenant a]\nkind = customer\nhosts = x.example\n[tenant b]\nkind = customer\nhosts = y.example x.example\n",
         "stir.conf:15: [tenant b] hosts: \"x.example\" is that of another in line 12, and nobody could tell them apart"},
        {AS SIGNER "[tenant a]\nkind = customer\npath = a\norigid-value = de305d54-75b4-431b-adb2-eb6b9e546014\n",
         "stir.conf:13: [tenant a] origid-value: is for origid = customer"},
        {AS SIGNER "[trunk t]\nheader = X-Trunk: 17\n",
         "stir.conf:10: [trunk t]: needs addresses or tls-name: a header alone proves nothing, anybody can write one"},
        {AS SIGNER "[trunk t]\ncustomer = 17\n", "stir.conf:10: [trunk t]: needs addresses or tls-name"},
        {AS SIGNER "[trunk t]\ntls-name = a.example\n",
         "stir.conf:11: [trunk t] tls-name: no listener has a tls-client-ca, so that nobody shows a certificate"},
        {AS SIGNER "[trunk t]\naddresses = 192.0.2.1\nactions = strict\n", "stir.conf:12: [trunk t] actions: there is no [actions strict]"},
        {AS SIGNER "[rule r]\nattest = B\nowned = yes\n", "stir.conf:12: [rule r] owned: wants number-sets: which lists say who has the number?"},
        {AS SIGNER "[rule r]\nattest = A\n",
         "stir.conf:11: [rule r] attest: is A for everybody; name the trunks, tenants, number-sets or numbers that deserve it"},
        {AS SIGNER "[rule r]\nattest = A\ntrunks = x\n", "stir.conf:12: [rule r] trunks: there is no [trunk x]"},
        {AS SIGNER "[actions default]\nfailed = alert\n", "stir.conf:10: [actions default]: alerts, and has neither prefix nor suffix to do so"},
        {AS SIGNER "[actions a]\nfailed = stop\nstop = 603\n",
         "stir.conf:12: [actions a] stop: 603 and 608 carry where a blocked caller may complain: give redress"},
        {AS SIGNER "[verify]\ncheck-authority = yes\n", "stir.conf:11: [verify] check-authority: wants numbers: the list that says who holds a number"},
        {AS SIGNER "[verify]\nnumbers = /n\n", "stir.conf:11: [verify] numbers: is read by check-authority = yes alone"},
        {AS SIGNER "[evidence]\nwhen-full = unsigned\n", "stir.conf:11: [evidence] when-full: wants dir: without it there is no evidence"},
        {AS SIGNER "[webhook]\ntoken-file = /t\n", "stir.conf:11: [webhook] token-file: wants url"},
        {AS SIGNER "[webhook]\nqueue = 10\n", "stir.conf:10: [webhook] batch: is more than queue"},
        {AS SIGNER "[repository]\npath = /v1/cr/\n", "stir.conf:11: [repository] path: \"/v1/cr/\" is where other interfaces are"},
        {"[server]\nroles = as\ngroup = stir\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:5060\n" SIGNER, "stir.conf:3: [server] group: wants user too"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_conf *conf;
        struct said said;
        enum stir_err err = parse(&conf, S(rows[i].text), &said);
        char wanted[512];
        snprintf(wanted, sizeof(wanted), "%s\n", rows[i].fault);
        if (err != STIR_EVALUE || conf)
            fail_msg("%s: taken", rows[i].fault);
        if (strcmp(said.text, wanted) != 0)
            fail_msg("wanted %s\nhave %s", rows[i].fault, said.text);
    }
}

static void all_faults_are_told(void **state)
{
    struct stir_conf *conf;
    struct said said;
    (void)state;
    assert_int_equal(parse(&conf,
                           S("[server]\nroles = as pa\nworkers = 1000\nfoo = 1\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:x\nidle = 1\n[rule r]\nattest = D\n"
                             "trunks = t\n[bogus]\nx = y\nz\n[log]\nlevel = 1\nlevel = 2\n"),
                           &said),
                     STIR_EVALUE);
    static const char *const wanted[] = {":2: [server] roles: \"pa\"", ":3: [server] workers",           ":4: [server] foo",    ":7: [sip s] listen",
                                         ":8: [sip s] idle",           ":10: [rule r] attest",           ":12: [bogus]",        ":14: the line is no",
                                         ":16: [log] level",           ":17: [log] level: stands twice", ":11: [rule r] trunks"};
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        if (!strstr(said.text, wanted[i]))
            fail_msg("\"%s\" is not told:\n%s", wanted[i], said.text);
}

static void a_file_of_nothing_but_faults_ends(void **state)
{
    enum { LINES = 5000 };
    char *text = malloc(LINES * 2 + 1);
    struct stir_conf *conf;
    struct said said;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + 2 * i, "x\n", 3);
    assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
    assert_int_equal(said.lines, STIR_CONFIG_FAULTS + 1);
    assert_non_null(strstr(said.text, "faults more"));
    free(text);
}

static void limits_are_told(void **state)
{
    struct stir_conf *conf;
    struct said said;
    (void)state;
    char *text = calloc(1, STIR_CONFIG_MAX + 2);
    assert_non_null(text);
    memset(text, '#', STIR_CONFIG_MAX + 1);
    assert_int_equal(parse(&conf, S(text), &said), STIR_ELIMIT);
    assert_non_null(strstr(said.text, "is longer than 4194304 bytes"));
    size_t n = 0;
    for (size_t i = 0; i <= STIR_CONFIG_SECTIONS; i++)
        n += (size_t)snprintf(text + n, 64, "[rule r%zu]\nattest = B\n", i);
    assert_int_equal(parse(&conf, S(text), &said), STIR_ELIMIT);
    assert_non_null(strstr(said.text, "has 20001 sections; 20000 are the most"));
    n = (size_t)snprintf(text, 512, "%s", AS SIGNER "[rule r]\nattest = B\nnumbers =");
    for (size_t i = 0; i <= STIR_CONFIG_ITEMS; i++)
        n += (size_t)snprintf(text + n, 64, " 1215555%04zu", i);
    memcpy(text + n, "\n", 2);
    assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
    assert_non_null(strstr(said.text, ":12: [rule r] numbers: has 1001 words; 1000 are the most"));
    free(text);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_is_safe),
        cmocka_unit_test(all_kinds_of_values_are_read),
        cmocka_unit_test(each_fault_is_told_in_words_that_help),
        cmocka_unit_test(all_faults_are_told),
        cmocka_unit_test(a_file_of_nothing_but_faults_ends),
        cmocka_unit_test(limits_are_told),
        cmocka_unit_test(a_pasted_key_is_one_fault_and_is_never_shown),
        cmocka_unit_test(what_a_bad_secret_says_is_not_repeated),
        cmocka_unit_test(what_is_shown_reads_back),
        cmocka_unit_test(the_hash_tells_what_is_meant),
        cmocka_unit_test(every_default_and_example_is_good),
        cmocka_unit_test(many_trunks_are_read),
        cmocka_unit_test(relative_paths_begin_at_the_files_own_folder),
        cmocka_unit_test(what_is_worth_a_second_look_is_said),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
