/* stir.conf(5): what is refused, and in which words. */
#include "config_support.h"

#include <stdlib.h>

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
        {AS SIGNER "[rule r]\n", "stir.conf:10: [rule r] attest: is needed: what they get: A, B, C, asked (what a trusted source asks for), none (goes on "
                                 "unsigned), refuse (403; calls to emergency numbers go on unsigned)"},
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
        {"", "stir.conf: [server] roles: is needed: what this process does: as (authentication service), vs (verification service), cr (certificate "
             "repository), pa (policy administrator), ca (certificate authority)"},
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
        {AS SIGNER HTTP "serve = inspect\nmax-connections = 10\nmax-per-address = 11\n",
         "stir.conf:14: [http h] max-per-address: is more than max-connections"},
        {AS SIGNER "[sip t]\nrole = as\nlisten = tcp:127.0.0.1:5061\nmax-connections = 10\nmax-per-address = 11\n",
         "stir.conf:14: [sip t] max-per-address: is more than max-connections"},
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
                           S("[server]\nroles = as xx\nworkers = 1000\nfoo = 1\n[sip s]\nrole = as\nlisten = udp:127.0.0.1:x\nidle = 1\n[rule r]\nattest = D\n"
                             "trunks = t\n[bogus]\nx = y\nz\n[log]\nlevel = 1\nlevel = 2\n"),
                           &said),
                     STIR_EVALUE);
    static const char *const wanted[] = {":2: [server] roles: \"xx\"", ":3: [server] workers",           ":4: [server] foo",    ":7: [sip s] listen",
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
    n = (size_t)snprintf(text, 512, "%s", AS SIGNER);
    for (size_t i = 0; i < STIR_CONFIG_LISTENERS; i++)
        n += (size_t)snprintf(text + n, 64, "[sip s%zu]\nrole = as\nlisten = udp:127.0.0.1:%zu\n", i, 6000 + i);
    assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
    assert_string_equal(said.text, "stir.conf: has 65 sections [sip NAME] and [http NAME]; 64 are the most\n");
    n = (size_t)snprintf(text, 512, "%s", AS SIGNER "[rule r]\nattest = B\nnumbers =");
    for (size_t i = 0; i <= STIR_CONFIG_ITEMS; i++)
        n += (size_t)snprintf(text + n, 64, " 1215555%04zu", i);
    memcpy(text + n, "\n", 2);
    assert_int_equal(parse(&conf, S(text), &said), STIR_EVALUE);
    assert_non_null(strstr(said.text, ":12: [rule r] numbers: has 1001 words; 1000 are the most"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_told_in_words_that_help),
        cmocka_unit_test(all_faults_are_told),
        cmocka_unit_test(a_file_of_nothing_but_faults_ends),
        cmocka_unit_test(limits_are_told),
    };
    return cmocka_run_group_tests_name("config_refuse", tests, NULL, NULL);
}
