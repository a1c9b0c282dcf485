#include "call_group.h"

enum { ROOM = 2048, MOST = 4 };

/* A call from ORIG to DEST with a good shaken token unless told otherwise, rph tokens, and the headers they are compared with. */
struct scene {
    char values[MOST][ROOM];
    struct stir_slice identity[MOST], asked[MOST];
    struct stir_call call;
};

/* What stands where, as in the message; NULL: the usual, or nothing. */
struct row {
    const char *name;
    const char *auth[2]; /* of up to two rph tokens: what stands between the brackets */
    const char *sph;
    const char *dest;
    const char *headers[3]; /* Resource-Priority */
    const char *priority, *to, *ruri;
    const char *spoil; /* of the first rph token: "signature", "iat", "orig" or "url" */
    enum stir_reason reason;
    enum stir_rph_verstat rph;
};

static void add_shaken(struct scene *s, const char *dest)
{
    char payload[512];
    snprintf(payload, sizeof(payload), "{\"attest\":\"A\",\"dest\":{%s},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", dest);
    pki_sign(&pki, s->values[s->call.n_identity], ROOM, GOOD_HEADER, payload, GOOD_PARAMS);
    s->call.n_identity++;
}

static void add_rph(struct scene *s, const char *auth, const char *dest, const char *sph, const char *spoil)
{
    char payload[1024], more[64] = "", *value = s->values[s->call.n_identity];
    const char *iat = strcmp(spoil, "iat") == 0 ? "1789990000" : "1790000000", *orig = strcmp(spoil, "orig") == 0 ? "12155559999" : ORIG;
    if (sph)
        snprintf(more, sizeof(more), ",\"sph\":\"%s\"", sph);
    snprintf(payload, sizeof(payload), "{\"dest\":{%s},\"iat\":%s,\"orig\":{\"tn\":\"%s\"},\"rph\":{\"auth\":[%s]}%s}", dest, iat, orig, auth, more);
    pki_sign(&pki, value, ROOM, "{\"alg\":\"ES256\",\"ppt\":\"rph\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload,
             strcmp(spoil, "url") == 0 ? ";info=<http://x>;alg=ES256;ppt=rph" : ";info=<" X5U ">;alg=ES256;ppt=rph");
    if (strcmp(spoil, "signature") == 0) {
        char *within = strchr(strchr(value, '.') + 1, '.') + 10;
        *within = *within == 'A' ? 'B' : 'A';
    }
    s->call.n_identity++;
}

static void set(struct scene *s, const struct row *row)
{
    const char *dest = row->dest ? row->dest : "\"tn\":[\"" DEST "\"]";
    memset(s, 0, sizeof(*s));
    s->call = call_of(s->identity, ORIG, row->to ? row->to : DEST);
    s->call.n_identity = 0;
    s->call.resource_priority = s->asked;
    for (size_t i = 0; i < 3 && row->headers[i]; i++)
        s->asked[s->call.n_resource_priority++] = S(row->headers[i]);
    if (row->priority)
        s->call.priority = S(row->priority);
    if (row->ruri)
        s->call.ruri = S(row->ruri);
    add_shaken(s, dest);
    for (size_t i = 0; i < 2 && row->auth[i]; i++)
        add_rph(s, row->auth[i], dest, row->sph, row->spoil && i == 0 ? row->spoil : "");
    for (size_t i = 0; i < s->call.n_identity; i++)
        s->identity[i] = S(s->values[i]);
}

static struct stir_verdict *judge(const struct scene *s, const char *preset)
{
    struct stir_policy policy = support_policy(preset);
    return call_verify(&s->call, &policy, pki.trust, stir_slice_of(pki.pem, pki.pem_len), NOW);
}

#define OK_RPH STIR_R_NONE, STIR_RPH_PASSED
#define BAD_RPH(reason) STIR_R_##reason, STIR_RPH_FAILED
#define SOS "\"uri\":[\"urn:service:sos\"]"

static const struct row rows[] = {
    {"one value", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"two values in a list", {"\"ets.0\",\"wps.0\""}, NULL, NULL, {"ets.0, wps.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"in two headers, otherwise ordered", {"\"ets.0\",\"wps.0\""}, NULL, NULL, {"wps.0", " ets.0 ,"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"a folded list", {"\"ets.0\",\"wps.0\""}, NULL, NULL, {"ets.0,\r\n wps.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"in another case", {"\"ETS.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"said twice", {"\"ets.0\""}, NULL, NULL, {"ets.0,ets.0", "ets.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"two authorities", {"\"ets.0\"", "\"wps.0\""}, NULL, NULL, {"ets.0, wps.0"}, NULL, NULL, NULL, NULL, OK_RPH},
    {"H53 another value", {"\"ets.0\""}, NULL, NULL, {"wps.0"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"another priority", {"\"ets.1\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"a value was added", {"\"ets.0\""}, NULL, NULL, {"ets.0, wps.0"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"added in a header of its own", {"\"ets.0\""}, NULL, NULL, {"ets.0", "wps.0"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"a value was dropped", {"\"ets.0\",\"wps.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"the header was dropped", {"\"ets.0\""}, NULL, NULL, {NULL}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"a value with junk behind", {"\"ets.0\""}, NULL, NULL, {"ets.0;x"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_MISMATCH)},
    {"no r-value", {"\"ets\""}, NULL, NULL, {"ets"}, NULL, NULL, NULL, NULL, BAD_RPH(RPH_FORM)},
    {"a bad signature", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, "signature", BAD_RPH(SIGNATURE_BAD)},
    {"an old token", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, "iat", BAD_RPH(IAT_STALE)},
    {"for another caller", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, "orig", BAD_RPH(ORIG_MISMATCH)},
    {"info that may not be fetched", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, "url", BAD_RPH(INFO_BAD)},
    {"one of two authorities fails", {"\"ets.0\"", "\"wps.0\""}, NULL, NULL, {"ets.0, wps.0"}, NULL, NULL, NULL, "signature", BAD_RPH(SIGNATURE_BAD)},
    {"an emergency call", {"\"esnet.1\""}, NULL, SOS, {"esnet.1"}, NULL, "<urn:service:sos>", "urn:service:sos", NULL, OK_RPH},
    {"an emergency number", {"\"esnet.1\""}, NULL, "\"tn\":[\"911\"]", {"esnet.1"}, NULL, "<sip:911@h;user=phone>", NULL, NULL, OK_RPH},
    {"a callback", {"\"esnet.0\""}, "psap-callback", NULL, {"esnet.0"}, "psap-callback", NULL, NULL, NULL, OK_RPH},
    {"a callback in another case", {"\"esnet.0\""}, "psap-callback", NULL, {"esnet.0"}, " PSAP-Callback", NULL, NULL, NULL, OK_RPH},
    {"a callback without Priority", {"\"esnet.0\""}, "psap-callback", NULL, {"esnet.0"}, NULL, NULL, NULL, NULL, BAD_RPH(SPH_MISMATCH)},
    {"a callback of other Priority", {"\"esnet.0\""}, "psap-callback", NULL, {"esnet.0"}, "urgent", NULL, NULL, NULL, BAD_RPH(SPH_MISMATCH)},
    {"sph without esnet", {"\"ets.0\""}, "psap-callback", NULL, {"ets.0"}, "psap-callback", NULL, NULL, NULL, BAD_RPH(SPH_FORM)},
    {"sph of another value", {"\"esnet.0\""}, "emergency", NULL, {"esnet.0"}, "emergency", NULL, NULL, NULL, BAD_RPH(SPH_FORM)},
    {"no rph token", {NULL}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, NULL, STIR_R_NONE, STIR_RPH_NONE},
};

/*= RFC8443-4.2 test */
/*= RFC9027-4 test */
static void rph_is_held_against_the_message_and_the_caller_against_nothing_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct scene scene;
        set(&scene, &rows[i]);
        struct stir_verdict *verdict = judge(&scene, "shaken");
        if (verdict->verstat != STIR_VERSTAT_PASSED || verdict->deciding != 0)
            fail_msg("%s: the caller is %s by token %d", rows[i].name, stir_verstat_text(verdict->verstat), verdict->deciding);
        if (verdict->rph != rows[i].rph)
            fail_msg("%s: %s", rows[i].name, stir_rph_verstat_text(verdict->rph));
        if (rows[i].auth[0] && verdict->tokens[1].reason != rows[i].reason)
            fail_msg("%s: %s, wanted %s", rows[i].name, stir_reason_name(verdict->tokens[1].reason), stir_reason_name(rows[i].reason));
        stir_verdict_free(verdict);
    }
}

/* The Request-URI of an emergency call is the service, whatever digits stand in To. */
static void an_emergency_call_may_be_signed_for_the_service_or_the_digits(void **state)
{
    (void)state;
    static const char *const dests[] = {SOS, "\"tn\":[\"911\"]"};
    for (size_t i = 0; i < 2; i++) {
        static struct scene scene;
        struct row row = {"", {"\"esnet.1\""}, NULL, dests[i], {"esnet.1"}, NULL, "<sip:911@h;user=phone>", "urn:service:sos", NULL, OK_RPH};
        set(&scene, &row);
        struct stir_verdict *verdict = judge(&scene, "shaken");
        assert_int_equal(verdict->rph, STIR_RPH_PASSED);
        stir_verdict_free(verdict);
    }
}

/* It says nothing of who calls: neither does a good one make a call pass, nor a bad one make it fail. */
static void rph_alone_decides_no_call(void **state)
{
    (void)state;
    static struct scene scene;
    const char *const spoils[] = {NULL, "signature", "iat"};
    for (size_t i = 0; i < 3; i++) {
        struct row row = {"", {"\"ets.0\""}, NULL, NULL, {"ets.0"}, NULL, NULL, NULL, spoils[i], OK_RPH};
        set(&scene, &row);
        scene.call.identity = scene.identity + 1;
        scene.call.n_identity = 1;
        struct stir_verdict *verdict = judge(&scene, "shaken");
        assert_int_equal(verdict->verstat, STIR_VERSTAT_NO);
        assert_int_equal(verdict->reason, STIR_R_PPT_UNSUPPORTED);
        assert_int_equal(verdict->deciding, -1);
        assert_int_equal(verdict->rph, spoils[i] ? STIR_RPH_FAILED : STIR_RPH_PASSED);
        stir_verdict_free(verdict);
    }
}

/* The other way round: a caller whose token fails may still have the right to priority. */
static void a_failing_caller_leaves_rph_alone(void **state)
{
    (void)state;
    static struct scene scene;
    set(&scene, &rows[0]);
    char *within = strchr(strchr(scene.values[0], '.') + 1, '.') + 10;
    *within = *within == 'A' ? 'B' : 'A';
    struct stir_verdict *verdict = judge(&scene, "shaken");
    assert_int_equal(verdict->reason, STIR_R_SIGNATURE_BAD);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_FAILED);
    assert_int_equal(verdict->rph, STIR_RPH_PASSED);
    stir_verdict_free(verdict);
}

/* What calls itself rph and cannot be read vouches for nothing. */
static void junk_of_ppt_rph_fails(void **state)
{
    (void)state;
    static struct scene scene;
    set(&scene, &rows[0]);
    scene.identity[1] = S("junk;info=<" X5U ">;ppt=rph");
    struct stir_verdict *verdict = judge(&scene, "shaken");
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    assert_int_equal(verdict->rph, STIR_RPH_FAILED);
    stir_verdict_free(verdict);
}

static void more_values_than_are_compared_fail(void **state)
{
    (void)state;
    static struct scene scene;
    char many[STIR_MAX_PRIORITIES * 6 + 16] = "ets.0";
    set(&scene, &rows[0]);
    for (size_t i = 1; i < STIR_MAX_PRIORITIES; i++)
        strcat(many, ",ets.0");
    scene.asked[0] = S(many);
    struct stir_verdict *verdict = judge(&scene, "shaken");
    assert_int_equal(verdict->rph, STIR_RPH_PASSED);
    stir_verdict_free(verdict);
    strcat(many, ",wps.0");
    scene.asked[0] = S(many);
    verdict = judge(&scene, "shaken");
    assert_int_equal(verdict->tokens[1].reason, STIR_R_RPH_MISMATCH);
    stir_verdict_free(verdict);
}

/* The verdict says it in every form. */
static void the_verdict_names_the_priority(void **state)
{
    (void)state;
    static const struct {
        size_t row;
        const char *line, *json;
    } wanted[] = {
        {0, "TN-Validation-Passed priority=RPH-Validation-Passed attest=A", "\"verstatPriority\":\"RPH-Validation-Passed\""},
        {7, "TN-Validation-Passed priority=RPH-Validation-Failed attest=A", "\"verstatPriority\":\"RPH-Validation-Failed\""},
        {sizeof(rows) / sizeof(rows[0]) - 1, "TN-Validation-Passed attest=A", "\"verstatPriority\":\"No-RPH-Validation\""},
    };
    for (size_t i = 0; i < 3; i++) {
        static struct scene scene;
        static char text[65536];
        size_t n;
        set(&scene, &rows[wanted[i].row]);
        struct stir_verdict *verdict = judge(&scene, "shaken");
        assert_err(stir_verdict_explain(text, sizeof(text), &n, verdict), STIR_OK);
        if (strncmp(text, wanted[i].line, strlen(wanted[i].line)) != 0)
            fail_msg("%s", text);
        assert_err(stir_verdict_json(text, sizeof(text), &n, verdict), STIR_OK);
        if (!strstr(text, wanted[i].json))
            fail_msg("%s", text);
        stir_verdict_free(verdict);
    }
}

/*= RFC9970-9 test */
static void rsp_is_read_in_responses_alone(void **state)
{
    (void)state;
    static const struct {
        const char *dest;
        bool is_response;
        enum stir_reason reason;
    } tokens[] = {{DEST, true, STIR_R_NONE}, {"12125550199", true, STIR_R_DEST_MISMATCH}, {DEST, false, STIR_R_PPT_UNSUPPORTED}};
    for (size_t i = 0; i < 3; i++) {
        static struct scene scene;
        char payload[256];
        set(&scene, &rows[sizeof(rows) / sizeof(rows[0]) - 1]);
        snprintf(payload, sizeof(payload), "{\"dest\":{\"tn\":[\"%s\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"}}", tokens[i].dest);
        pki_sign(&pki, scene.values[0], ROOM, "{\"alg\":\"ES256\",\"ppt\":\"rsp\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload,
                 ";info=<" X5U ">;ppt=rsp");
        scene.identity[0] = S(scene.values[0]);
        scene.call.is_response = tokens[i].is_response;
        struct stir_verdict *verdict = judge(&scene, "shaken");
        if (verdict->tokens[0].reason != tokens[i].reason)
            fail_msg("%zu: %s", i, stir_reason_name(verdict->tokens[0].reason));
        assert_int_equal(check_of(verdict, STIR_CHECK_RSP)->outcome, tokens[i].is_response ? STIR_PASS : STIR_FAIL);
        assert_int_equal(verdict->verstat, STIR_VERSTAT_NO); /* it speaks of who answers */
        stir_verdict_free(verdict);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rph_is_held_against_the_message_and_the_caller_against_nothing_of_it),
        cmocka_unit_test(an_emergency_call_may_be_signed_for_the_service_or_the_digits),
        cmocka_unit_test(rph_alone_decides_no_call),
        cmocka_unit_test(a_failing_caller_leaves_rph_alone),
        cmocka_unit_test(junk_of_ppt_rph_fails),
        cmocka_unit_test(more_values_than_are_compared_fail),
        cmocka_unit_test(the_verdict_names_the_priority),
        cmocka_unit_test(rsp_is_read_in_responses_alone),
    };
    return cmocka_run_group_tests_name("rph", tests, make_pki, free_pki);
}
