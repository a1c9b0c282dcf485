/* The verification service of the daemon: what is answered, when, and what is done with the call. */
#include "vs_support.h"

#include <openssl/evp.h>

#define MUTE "https://mute.example/sp.pem"

static const struct lab_invite good = {.from = NULL}, none = {.unsigned_ = true}, forged = {.forged = true}, dead = {.x5u = MUTE};

static void the_first_call_waits_for_the_certificate_and_the_next_finds_it(void **state)
{
    struct lab *lab = *state;
    struct stir_fetching_stats stats;
    const struct lab_call *c = lab_run(lab, &good, 20000);
    assert_false(c->at_once || c->late);
    assert_int_equal(c->verstat, STIR_VERSTAT_PASSED);
    assert_true(c->waited_us > 0);
    c = lab_run(lab, &good, 20000);
    assert_true(c->at_once);
    assert_int_equal(c->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(c->waited_us, 0);
    assert_string_equal(c->orig, ORIG);
    assert_string_equal(c->dest, DEST);
    stir_fetching_stats(lab->shared.fetching, &stats);
    assert_int_equal(stats.asked, 1);
}

static void a_record_names_the_certificates_by_the_digest_of_what_came(void **state)
{
    struct lab *lab = *state;
    unsigned char wanted[STIR_SHA256];
    assert_int_equal(EVP_Digest(lab->pki.pem, lab->pki.pem_len, wanted, NULL, EVP_sha256(), NULL), 1);
    for (int i = 0; i < 2; i++) { /* fetched, and from the cache */
        const struct lab_call *c = lab_run(lab, &good, 20000);
        assert_true(c->has_chain_hash);
        assert_memory_equal(c->chain_hash, wanted, STIR_SHA256);
    }
    assert_false(lab_run(lab, &none, 20000)->has_chain_hash);
}

/* ---- Outcomes and actions ---- */

enum { RFC8224 = STIR_STOP_RFC8224, B608 = STIR_STOP_608, B603 = STIR_STOP_603 };

static void each_outcome_has_its_action_and_code(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite weak = {.attest = 'B'}, stranger = {.from = "<sip:+12155559999@example.com>"},
                                   bad_url = {.x5u = "https://cr.example.com:444/a.pem"};
    static const struct {
        const char *name;
        const struct lab_invite *in;
        enum stir_vs_outcome outcome;
        int code; /* of RFC 8224 */
    } rows[] = {
        {"no Identity", &none, STIR_OUTCOME_MISSING, 428},
        {"good", &good, STIR_OUTCOME_OK, 403},
        {"forged", &forged, STIR_OUTCOME_FAILED, 438},
        {"another caller", &stranger, STIR_OUTCOME_FAILED, 438},
        {"below the minimum", &weak, STIR_OUTCOME_FAILED, 438},
        {"mute repository", &dead, STIR_OUTCOME_UNUSABLE, 436},
        {"port that is not asked", &bad_url, STIR_OUTCOME_UNUSABLE, 436},
    };
    static const enum stir_conf_act acts[] = {STIR_ACT_PASS, STIR_ACT_STOP, STIR_ACT_ALERT};
    static const int codes[] = {0, 608, 603};
    struct stir_conf_actions *a = &lab->actions[0];
    (void)lab_run(lab, &good, 20000);
    a->min_attest = 'A';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t k = 0; k < 3; k++)
            for (int stop = RFC8224; stop <= B603; stop++) {
                enum stir_conf_act other = acts[k] == STIR_ACT_PASS ? STIR_ACT_STOP : STIR_ACT_PASS;
                a->stop = (enum stir_conf_stop)stop;
                a->missing = rows[i].outcome == STIR_OUTCOME_MISSING ? acts[k] : other;
                a->ok = rows[i].outcome == STIR_OUTCOME_OK ? acts[k] : other;
                a->failed = rows[i].outcome == STIR_OUTCOME_FAILED ? acts[k] : other;
                a->unusable = rows[i].outcome == STIR_OUTCOME_UNUSABLE ? acts[k] : other;
                const struct lab_call *c = lab_run(lab, rows[i].in, 30);
                int code = acts[k] != STIR_ACT_STOP ? 0 : stop == RFC8224 ? rows[i].code : codes[stop];
                if (c->act != acts[k] || c->sip_code != code)
                    fail_msg("%s, action %d, stop %d: did %d with %d, wanted %d", rows[i].name, acts[k], stop, c->act, c->sip_code, code);
            }
}

static void the_trunk_chooses_actions_and_dial_plan(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite local = {.from = "<sip:2155551212@example.com;user=phone>"};
    lab->actions[2].ok = STIR_ACT_STOP;
    assert_int_equal(lab_run(lab, &good, 20000)->act, STIR_ACT_PASS);
    lab->trunk.actions = "two";
    assert_int_equal(lab_run(lab, &good, 20000)->act, STIR_ACT_STOP);
    lab->trunk.actions = "gone"; /* `conf check` refuses it; nobody falls through it */
    assert_int_equal(lab_run(lab, &good, 20000)->act, STIR_ACT_PASS);
    assert_int_equal(lab_run(lab, &local, 20000)->reason, STIR_R_ORIG_MISMATCH);
    lab->trunk.tn.plan = stir_tn_plan(S("US"));
    assert_int_equal(lab_run(lab, &local, 20000)->reason, STIR_R_NONE);
    lab->source.trunk = NULL;
    assert_int_equal(lab_run(lab, &local, 20000)->reason, STIR_R_ORIG_MISMATCH);
}

/* ---- Time ---- */

static void a_call_that_waits_too_long_is_answered_as_unusable(void **state)
{
    struct lab *lab = *state;
    lab->actions[0].unusable = STIR_ACT_ALERT;
    const struct lab_call *c = lab_run(lab, &dead, 200);
    assert_false(c->at_once);
    assert_true(c->late);
    assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
    assert_int_equal(c->act, STIR_ACT_ALERT);
    assert_true(c->waited_us >= 100000); /* the loop's clock is that of its last turn: a busy machine makes it late */
    lab_settle(lab);                     /* the fetch ends later, and nobody is told */
}

static void a_call_without_time_is_answered_with_what_is_at_hand(void **state)
{
    struct lab *lab = *state;
    const struct lab_call *c = lab_run(lab, &good, 0);
    assert_true(c->at_once && c->late);
    assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
    (void)lab_run(lab, &good, 20000);
    c = lab_run(lab, &good, 0);
    assert_true(c->at_once && !c->late);
    assert_int_equal(c->reason, STIR_R_NONE);
}

static void a_fetch_that_fails_before_the_time_is_over_is_not_late(void **state)
{
    struct lab *lab = *state;
    const struct lab_call *c = lab_run(lab, &dead, 60000); /* the fetcher gives up after 400 ms */
    assert_false(c->late);
    assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
    c = lab_run(lab, &dead, 60000); /* and remembers */
    assert_false(c->late);
}

static void without_a_fetcher_nothing_waits(void **state)
{
    struct lab *lab = *state;
    struct stir_fetching *fetching = lab->shared.fetching;
    lab->shared.fetching = NULL;
    const struct lab_call *c = lab_run(lab, &good, 20000);
    assert_true(c->at_once && !c->late);
    assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
    lab->shared.fetching = fetching;
}

/* ---- Emergency calls ---- */

static void an_emergency_call_is_never_stopped(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite rows[] = {
        {.to = "<tel:911;phone-context=+1>", .ruri = "tel:911;phone-context=+1", .forged = true},
        {.to = "<sip:911@example.net>", .ruri = "sip:911@example.net;user=phone", .unsigned_ = true},
        {.to = "<sip:+112@example.net;user=phone>", .ruri = "sip:+112@example.net;user=phone", .unsigned_ = true},
        {.ruri = "sip:+911@psap.example.net", .unsigned_ = true},
        {.ruri = "sip:+1911@psap.example.net;user=phone", .unsigned_ = true},
        {.ruri = "tel:+1-911", .unsigned_ = true},
        {.ruri = "sip:SOS@psap.example.net", .unsigned_ = true},
        {.ruri = "sips:sos;x=1@psap.example.net:5061", .forged = true},
        {.to = "<urn:service:sos>", .ruri = "urn:service:sos", .unsigned_ = true},
        {.to = "<sip:112@example.net;user=phone>", .ruri = "URN:Service:SOS.fire", .forged = true},
        {.ruri = "urn:service:sos.ambulance", .x5u = MUTE},
        {.to = "<sip:999@example.net;user=phone>", .ruri = "sip:999@example.net;user=phone", .unsigned_ = true},
    };
    static const struct lab_invite others[] = {
        {.to = "<sip:411@example.net;user=phone>", .ruri = "sip:411@example.net;user=phone", .unsigned_ = true},
        {.to = "<urn:service:sosh>", .ruri = "urn:service:sosh", .unsigned_ = true},
        {.to = "<urn:service:counseling>", .ruri = "urn:service:counseling", .unsigned_ = true},
        {.more = "Priority: emergency\r\n", .unsigned_ = true},
        {.ruri = "sip:sosa@example.net", .unsigned_ = true},
        {.ruri = "sip:bob@sos", .unsigned_ = true},
        {.ruri = "sip:+19110@example.net", .unsigned_ = true},
        {.to = "<sip:9110@example.net;user=phone>", .ruri = "sip:9110@example.net;user=phone", .unsigned_ = true},
        {.to = "\"911\" <sip:bob@911.example.net>", .ruri = "sip:bob@911.example.net", .unsigned_ = true},
    };
    struct stir_conf_actions *a = &lab->actions[0];
    a->missing = a->failed = a->unusable = a->ok = STIR_ACT_STOP;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lab_call *c = lab_run(lab, &rows[i], 30);
        if (!c->emergency || c->act != STIR_ACT_PASS || c->sip_code)
            fail_msg("emergency call %zu: %s, act %d, code %d", i, c->emergency ? "known" : "not known", c->act, c->sip_code);
        assert_int_equal(stir_emergency_of_call(&lab->conf, NULL, c->vs.call), STIR_EMERGENCY_SURE);
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct lab_call *c = lab_run(lab, &others[i], 30);
        if (c->emergency || c->act != STIR_ACT_STOP)
            fail_msg("ordinary call %zu: %s, act %d", i, c->emergency ? "an emergency" : "ordinary", c->act);
        assert_int_equal(stir_emergency_of_call(&lab->conf, NULL, c->vs.call), STIR_EMERGENCY_NO);
    }
}

/* To and Priority are the caller's own words: they hurry a call, and pass no stop. */
static void what_the_caller_says_of_emergency_stops_no_stop(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite rows[] = {
        {.to = "<sip:911@example.net;user=phone>", .unsigned_ = true},
        {.to = "<urn:service:sos>", .forged = true},
        {.to = "<sip:sos@example.net>", .unsigned_ = true},
        {.more = "Priority: psap-callback\r\n", .forged = true},
    };
    struct stir_conf_actions *a = &lab->actions[0];
    a->missing = a->failed = a->unusable = a->ok = STIR_ACT_STOP;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct lab_call *c = lab_run(lab, &rows[i], 30);
        if (c->emergency || c->act != STIR_ACT_STOP)
            fail_msg("call %zu: %s, act %d", i, c->emergency ? "an emergency" : "ordinary", c->act);
        assert_int_equal(stir_emergency_of_call(&lab->conf, &lab->source, c->vs.call), STIR_EMERGENCY_SAID);
    }
}

static void without_a_request_uri_the_callee_counts(void **state)
{
    struct lab *lab = *state;
    struct stir_call call = STIR_CALL_INIT;
    call.from = S("+" ORIG);
    call.to = S("911");
    assert_int_equal(stir_emergency_of_call(&lab->conf, &lab->source, &call), STIR_EMERGENCY_SURE);
    call.to = S("+" DEST);
    assert_int_equal(stir_emergency_of_call(&lab->conf, &lab->source, &call), STIR_EMERGENCY_NO);
}

#define CALLS_BACK "Priority: PSAP-Callback\r\nResource-Priority: esnet.0\r\n"
#define ESNET "\"rph\":{\"auth\":[\"esnet.0\"]}"
#define SPH ",\"sph\":\"psap-callback\""

static void a_psaps_call_back_is_somebody_elses_word(void **state)
{
    struct lab *lab = *state;
    static const struct {
        const char *name;
        struct lab_invite in;
        bool trusted, sure;
    } rows[] = {
        {"said by the caller", {.more = CALLS_BACK, .unsigned_ = true}, false, false},
        {"said by a trusted trunk", {.more = CALLS_BACK, .unsigned_ = true}, true, true},
        {"a trusted trunk, another priority", {.more = "Priority: emergency\r\n", .unsigned_ = true}, true, false},
        {"signed", {.more = CALLS_BACK, .unsigned_ = true, .rph = ESNET SPH}, false, true},
        {"signed without sph", {.more = CALLS_BACK, .unsigned_ = true, .rph = ESNET}, false, false},
        {"forged", {.more = CALLS_BACK, .forged = true, .rph = ESNET SPH}, false, false},
        {"signed for another priority", {.more = "Resource-Priority: esnet.0\r\n", .unsigned_ = true, .rph = ESNET SPH}, false, false},
        {"signed for other resources", {.more = "Priority: psap-callback\r\n", .unsigned_ = true, .rph = ESNET SPH}, false, false},
    };
    struct stir_conf_actions *a = &lab->actions[0];
    a->missing = a->failed = a->unusable = a->ok = STIR_ACT_STOP;
    (void)lab_run(lab, &good, 20000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        lab->trunk.trusted = rows[i].trusted;
        const struct lab_call *c = lab_run(lab, &rows[i].in, 20000);
        if (c->emergency != rows[i].sure || c->act != (rows[i].sure ? STIR_ACT_PASS : STIR_ACT_STOP))
            fail_msg("%s: %s, act %d", rows[i].name, c->emergency ? "an emergency" : "ordinary", c->act);
    }
}

static void the_plan_of_the_trunk_knows_its_emergency_numbers(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite police = {.to = "<sip:17@example.fr;user=phone>", .ruri = "sip:17@example.fr;user=phone", .unsigned_ = true},
                                   behind_the_code = {.ruri = "sip:+3317@example.fr;user=phone", .unsigned_ = true};
    assert_false(lab_run(lab, &police, 0)->emergency);
    lab->trunk.tn.plan = stir_tn_plan(S("FR"));
    assert_true(lab_run(lab, &police, 0)->emergency);
    assert_true(lab_run(lab, &behind_the_code, 0)->emergency);
}

static void an_emergency_call_waits_a_short_time_alone(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite help = {.to = "<sip:911@example.net;user=phone>", .ruri = "sip:911@example.net;user=phone", .x5u = MUTE},
                                   said = {.more = "Priority: psap-callback\r\n", .x5u = "https://mute.example/other.pem"};
    struct stir_policy *policy = &lab->live.policy;
    assert_err(stir_policy_set(policy, STIR_R_DEST_MISMATCH, STIR_SEVERITY_WARN), STIR_OK); /* the token is for another callee */
    const struct lab_call *c = lab_run(lab, &help, 3600000);
    assert_true(c->emergency && c->late);
    assert_true(c->waited_us >= 150000);
    assert_int_equal(c->reason, STIR_R_INFO_UNREACHABLE);
    c = lab_run(lab, &said, 3600000);
    assert_true(!c->emergency && c->late);
}

/* ---- Many, and the end ---- */

static void a_cancelled_call_is_never_answered(void **state)
{
    struct lab *lab = *state;
    static struct lab_call c;
    lab_write(lab, &c, &dead);
    lab_start(lab, &lab->worker, &c, 60000);
    assert_int_equal(atomic_load(&lab->shared.waiting), 1);
    stir_vs_cancel(&lab->worker, &c.vs);
    assert_int_equal(atomic_load(&lab->shared.waiting), 0);
    stir_vs_cancel(&lab->worker, &c.vs);
    memset(c.message, 'x', sizeof(c.message)); /* the caller's again */
    lab_settle(lab);
    assert_int_equal(c.told, 0);
}

static void calls_under_way_end_on_the_state_they_began_with(void **state)
{
    struct lab *lab = *state;
    static struct lab_call c;
    struct stir_live next = lab->live;
    struct stir_trust_builder *builder = support_builder();
    assert_err(stir_trust_add_anchor(builder, lab->pki.root), STIR_OK);
    next.trust = support_freeze(builder, 8);
    next.owners = 1;
    lab_write(lab, &c, &dead);
    lab_start(lab, &lab->worker, &c, 50);
    lab->worker.live = &next;
    lab_wait(lab, &c);
    assert_int_equal(c.generation, LAB_GENERATION);
    assert_int_equal(lab_run(lab, &good, 20000)->generation, 8);
    assert_int_equal(atomic_load(&next.owners), 1);
    lab->worker.live = &lab->live;
    stir_trust_free(next.trust);
}

static void the_end_of_the_fetcher_answers_those_that_wait(void **state)
{
    struct lab *lab = *state;
    static struct lab_call c;
    lab_write(lab, &c, &dead);
    lab_start(lab, &lab->worker, &c, 60000);
    stir_fetching_free(lab->shared.fetching);
    lab->shared.fetching = NULL;
    lab_wait(lab, &c);
    assert_int_equal(c.reason, STIR_R_INFO_UNREACHABLE);
    assert_false(c.late);
}

static void one_token_in_two_calls_is_seen_by_all_workers(void **state)
{
    struct lab *lab = *state;
    static struct lab_call first, again, fork;
    assert_err(stir_replays_new(&lab->shared.replays, 1000), STIR_OK);
    lab->live.policy.check_replay = true;
    (void)lab_run(lab, &none, 0);
    lab_write(lab, &first, &good);
    again = first;
    fork = first;
    memcpy(strstr(again.message, "call-1"), "call-2", 6);
    assert_err(stir_sip_parse(&again.sip, stir_slice_of(again.message, again.n), NULL), STIR_OK);
    assert_err(stir_sip_parse(&fork.sip, stir_slice_of(fork.message, fork.n), NULL), STIR_OK);
    lab_start(lab, &lab->worker, &first, 20000);
    lab_wait(lab, &first);
    assert_int_equal(first.reason, STIR_R_NONE);
    lab_start(lab, &lab->other, &fork, 20000);
    assert_int_equal(fork.reason, STIR_R_NONE);
    lab_start(lab, &lab->other, &again, 20000);
    assert_int_equal(again.reason, STIR_R_REPLAYED);
    struct stir_replay_stats stats;
    stir_replays_stats(lab->shared.replays, &stats);
    assert_int_equal(stats.checks, 3);
    assert_int_equal(stats.seen, 1);
}

static void who_holds_a_number_is_asked_of_the_table(void **state)
{
    struct lab *lab = *state;
    struct stir_spc_table *ours = NULL, *anothers = NULL;
    assert_err(stir_spc_table_parse(&ours, S("12155550000-12155559999 709J\n"), NULL), STIR_OK);
    assert_err(stir_spc_table_parse(&anothers, S("12155550000-12155559999 123X\n"), NULL), STIR_OK);
    lab->live.policy.check_authority = true;
    assert_err(stir_policy_set(&lab->live.policy, STIR_R_HOLDER_OTHER, STIR_SEVERITY_FAIL), STIR_OK);
    lab->live.numbers = anothers;
    assert_int_equal(lab_run(lab, &good, 20000)->reason, STIR_R_HOLDER_OTHER);
    lab->live.numbers = ours;
    assert_int_equal(lab_run(lab, &good, 20000)->reason, STIR_R_NONE);
    lab->live.numbers = NULL;
    assert_int_equal(lab_run(lab, &good, 20000)->reason, STIR_R_NONE);
    stir_spc_table_free(ours);
    stir_spc_table_free(anothers);
}

/* What rich call data shows is waited for like a certificate, and its absence stops nobody. */
static void content_that_does_not_come_is_a_warning(void **state)
{
    struct lab *lab = *state;
    static const struct lab_invite shown = {
        .rcd = "{\"icn\":\"https://mute.example/icon.png\",\"nam\":\"Alice\"},\"rcdi\":{\"/icn\":\"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"};
    struct stir_fetching_stats stats;
    lab->live.policy.fetch_content = true;
    const struct lab_call *c = lab_run(lab, &shown, 60000);
    assert_false(c->at_once || c->late);
    assert_int_equal(c->reason, STIR_R_NONE);
    stir_fetching_stats(lab->shared.fetching, &stats);
    assert_int_equal(stats.asked, 2); /* the certificate, and the picture */
}

static void two_tokens_of_one_call_are_asked_for_at_once(void **state)
{
    struct lab *lab = *state;
    static struct lab_call c;
    static const struct lab_invite second = {.x5u = MUTE, .forged = true};
    char token[4096], line[5000];
    struct stir_fetching_stats stats;
    lab_sign(lab, token, sizeof(token), &second, MUTE);
    snprintf(line, sizeof(line), "Identity: %s\r\n", token);
    const struct lab_invite both = {.more = line};
    lab_write(lab, &c, &both);
    lab_start(lab, &lab->worker, &c, 60000);
    assert_int_equal(atomic_load(&lab->shared.waiting), 1); /* a call waits once, whatever for */
    stir_fetching_stats(lab->shared.fetching, &stats);
    assert_int_equal(stats.asked, 2);
    lab_wait(lab, &c);
    assert_int_equal(c.verstat, STIR_VERSTAT_PASSED);
}

static void a_policy_that_judges_certificates_otherwise_is_another(void **state)
{
    struct lab *lab = *state;
    const struct stir_policy *policy = &lab->live.policy;
    struct stir_policy other = *policy;
    other.max_age++;
    other.min_attest = 'A';
    other.check_replay = true;
    other.tn.plan = stir_tn_plan(S("US"));
    assert_true(stir_actions_same_chains(policy, &other)); /* of calls */
    other = *policy;
    other.strict = !other.strict;
    assert_false(stir_actions_same_chains(policy, &other));
    other = *policy;
    other.crl_required = !other.crl_required;
    assert_false(stir_actions_same_chains(policy, &other));
    other = *policy;
    other.tnauth_optional = !other.tnauth_optional;
    assert_false(stir_actions_same_chains(policy, &other));
    other = *policy;
    assert_err(stir_policy_set(&other, STIR_R_CN_SPC, STIR_SEVERITY_FAIL), STIR_OK);
    assert_false(stir_actions_same_chains(policy, &other));
    assert_false(stir_actions_same_chains(&other, policy));
    struct stir_policy third = other;
    assert_err(stir_policy_set(&third, STIR_R_CN_SPC, STIR_SEVERITY_OFF), STIR_OK);
    assert_false(stir_actions_same_chains(&third, &other));
    other = third = *policy;
    other.n_policy_oids = third.n_policy_oids = 1;
    other.policy_oid[0] = "2.16.840.1.114569.1.1.3";
    third.policy_oid[0] = "2.16.840.1.114569.1.1.4";
    assert_false(stir_actions_same_chains(&third, &other));
    assert_false(stir_actions_same_chains(policy, &other));
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void calls_that_wait_are_bounded_and_cached_ones_go_by(void **state)
{
    enum { CALLS = 2000, MOST = 500 };
    struct lab *lab = *state;
    struct lab_call *calls = calloc(CALLS, sizeof(*calls));
    size_t at_once = 0, before = open_descriptors();
    char url[64];
    assert_non_null(calls);
    lab->conf.server.max_waiting = MOST;
    (void)lab_run(lab, &good, 20000);
    for (size_t i = 0; i < CALLS; i++) {
        snprintf(url, sizeof(url), "https://mute-%zu.example/sp.pem", i);
        const struct lab_invite in = {.x5u = url};
        lab_write(lab, &calls[i], &in);
        lab_start(lab, &lab->worker, &calls[i], 60000);
        assert_true(atomic_load(&lab->shared.waiting) <= MOST);
        at_once += calls[i].at_once && calls[i].late;
        if (i % 100 == 0)
            assert_true(lab_run(lab, &good, 20000)->at_once);
    }
    assert_true(open_descriptors() < before + 64 + 16); /* [fetch] max-connections, and DNS */
    assert_true(at_once >= CALLS - 2 * MOST);
    for (size_t i = 0; i < CALLS; i++)
        lab_wait(lab, &calls[i]);
    free(calls);
}

static void a_state_that_trusts_nobody_verifies_nothing(void **state)
{
    struct lab *lab = *state;
    static struct lab_call c;
    lab_write(lab, &c, &good);
    c.vs.source = &lab->source;
    c.vs.call = &c.sip.call;
    c.vs.done = lab_told;
    c.vs.unix_ms = -1000000;
    assert_err(stir_vs_begin(&lab->worker, &c.vs), STIR_EARG);
    c.vs.unix_ms = lab->now * 1000;
    struct stir_trust *trust = lab->live.trust;
    lab->live.trust = NULL;
    assert_err(stir_vs_begin(&lab->worker, &c.vs), STIR_EARG);
    lab->live.trust = trust;
    assert_int_equal(c.told, 0);
    stir_vs_cancel(&lab->worker, &c.vs);
}

#define LAB(test) cmocka_unit_test_setup_teardown(test, lab_begin, lab_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB(the_first_call_waits_for_the_certificate_and_the_next_finds_it),
        LAB(a_record_names_the_certificates_by_the_digest_of_what_came),
        LAB(each_outcome_has_its_action_and_code),
        LAB(the_trunk_chooses_actions_and_dial_plan),
        LAB(a_call_that_waits_too_long_is_answered_as_unusable),
        LAB(a_call_without_time_is_answered_with_what_is_at_hand),
        LAB(a_fetch_that_fails_before_the_time_is_over_is_not_late),
        LAB(without_a_fetcher_nothing_waits),
        LAB(an_emergency_call_is_never_stopped),
        LAB(what_the_caller_says_of_emergency_stops_no_stop),
        LAB(without_a_request_uri_the_callee_counts),
        LAB(a_psaps_call_back_is_somebody_elses_word),
        LAB(the_plan_of_the_trunk_knows_its_emergency_numbers),
        LAB(an_emergency_call_waits_a_short_time_alone),
        LAB(a_cancelled_call_is_never_answered),
        LAB(calls_under_way_end_on_the_state_they_began_with),
        LAB(the_end_of_the_fetcher_answers_those_that_wait),
        LAB(one_token_in_two_calls_is_seen_by_all_workers),
        LAB(a_policy_that_judges_certificates_otherwise_is_another),
        LAB(who_holds_a_number_is_asked_of_the_table),
        LAB(content_that_does_not_come_is_a_warning),
        LAB(two_tokens_of_one_call_are_asked_for_at_once),
        LAB(calls_that_wait_are_bounded_and_cached_ones_go_by),
        LAB(a_state_that_trusts_nobody_verifies_nothing),
    };
    return cmocka_run_group_tests_name("vs", tests, NULL, NULL);
}
