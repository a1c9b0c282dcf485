/* The authentication service and SIP: what a message carries already, its Date, who hides, who was diverted, who calls again. */
#include "as_usual.h"

static void an_identity_that_came_goes_on_byte_for_byte_and_gets_no_second_beside_it(void **state)
{
    static const char *const came[] = {
        "aaaa.bbbb.cccc;info=<https://other.example/c.pem>;alg=ES256;ppt=\"shaken\"",
        "aaaa.bbbb.cccc;info=<https://other.example/c.pem>",
        "  aaaa.bbbb.cccc ;\r\n\tppt = shaken ; info=<https://other.example/c.pem>",
        "aaaa.bbbb.cccc",
    };
    (void)state;
    open_usual("");
    for (size_t i = 0; i < sizeof(came) / sizeof(came[0]); i++) {
        char headers[512];
        snprintf(headers, sizeof(headers), "%s: %s\r\n", i % 2 ? "y" : "Identity", came[i]);
        assert_outcome(as_invite("192.0.2.17", "+12155550001", headers), "passed on");
        assert_int_equal(scene.answer.n, 1);
        assert_int_equal(scene.answer.date[0], '\0');
        assert_slice(scene.answer.identities[0], came[i] + strspn(came[i], " "));
        assert_ptr_equal(scene.answer.identities[0].p, scene.sip.identities[0].p);
    }
    /* Of another kind: it stays, and the shaken one comes behind it. */
    assert_outcome(as_invite("192.0.2.17", "+12155550001", "Identity: aaaa.bbbb.cccc;info=<https://other.example/c.pem>;ppt=rph\r\n"),
                   "main shaken A 12155550001>12125550100");
    assert_int_equal(scene.answer.n, 2);
    assert_slice(scene.answer.identities[0], "aaaa.bbbb.cccc;info=<https://other.example/c.pem>;ppt=rph");
    /* A rule that refuses, refuses those too; one that does not sign, passes them on. */
    assert_outcome(as_invite("192.0.2.66", "+12155550001", "Identity: aaaa.bbbb.cccc\r\n"), "refused 403");
    assert_outcome(as_invite("192.0.2.9", "+12155550001", "Identity: aaaa.bbbb.cccc\r\n"), "passed on");
}

static void a_rule_that_refuses_lets_calls_for_help_go_on_unsigned(void **state)
{
    static const char *const calls[] = {"sip:911@psap.example", "urn:service:sos", "urn:service:sos.police", "sip:sos@psap.example", "sip:+1911@psap.example"};
    (void)state;
    open_usual("");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        snprintf(scene.message, sizeof(scene.message),
                 "INVITE %s SIP/2.0\r\nFrom: <sip:+12155550001@a>;tag=1\r\nTo: <%s>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n\r\n", calls[i], calls[i]);
        assert_outcome(as_send_message("192.0.2.66"), "unsigned");
        assert_says(scene.answer.why, "rule bad: its calls are refused, but for emergency calls");
    }
    /* To is the caller's own word. */
    snprintf(scene.message, sizeof(scene.message),
             "INVITE sip:+12125550100@b SIP/2.0\r\nFrom: <sip:+12155550001@a>;tag=1\r\nTo: <sip:911@b>\r\nPriority: psap-callback\r\n"
             "Call-ID: c1\r\nCSeq: 1 INVITE\r\n\r\n");
    assert_outcome(as_send_message("192.0.2.66"), "refused 403");
    assert_outcome(as_invite("192.0.2.66", "+12155550001", ""), "refused 403");
}

static void identities_of_sources_that_are_not_trusted_are_left_out_when_so_configured(void **state)
{
    (void)state;
    open_usual("[sign]\nexisting = strip\n");
    assert_outcome(as_invite("192.0.2.17", "+12155550001", "Identity: aaaa.bbbb.cccc\r\n"), "main shaken A 12155550001>12125550100");
    assert_int_equal(scene.answer.n, 1);
    assert_outcome(as_invite("192.0.2.1", "+12155550001", "Identity: aaaa.bbbb.cccc\r\n"), "passed on");
    assert_outcome(as_invite("192.0.2.9", "+12155550001", "Identity: aaaa.bbbb.cccc\r\n"), "unsigned");
    assert_int_equal(scene.answer.n, 0);
}

static void a_call_with_too_many_identities_gets_no_more(void **state)
{
    char headers[2048] = "";
    (void)state;
    open_usual("");
    for (size_t i = 0; i < STIR_MAX_IDENTITIES; i++)
        strcat(headers, "Identity: aaaa.bbbb.cccc;info=<https://o.example/c.pem>;ppt=rph\r\n");
    assert_outcome(as_invite("192.0.2.17", "+12155550001", headers), "unsigned");
    assert_int_equal(scene.answer.n, STIR_MAX_IDENTITIES);
    assert_says(scene.answer.why, "Identity headers");
}

/* The Identity line of the last answer. */
static const char *signed_line(void)
{
    static char line[4096];
    struct stir_slice one = scene.answer.identities[scene.answer.n - 1];
    snprintf(line, sizeof(line), "Identity: %.*s\r\n", (int)one.n, one.p);
    return line;
}

static void a_token_of_ours_that_a_reroute_made_old_is_replaced(void **state)
{
    char line[4096], foreign[8192], before[40];
    (void)state;
    open_usual("[sign]\nreroute-after = 10s\n");
    assert_outcome(as_invite("192.0.2.17", "+12155550001", ""), "main shaken A 12155550001>12125550100");
    strcpy(before, scene.answer.origid);
    snprintf(line, sizeof(line), "%s", signed_line());
    scene.now = NOW + 10;
    assert_outcome(as_invite("192.0.2.17", "+12155550001", line), "passed on");
    scene.now = NOW + 11;
    assert_outcome(as_invite("192.0.2.17", "+12155550001", line), "main shaken A 12155550001>12125550100");
    assert_int_equal(scene.answer.n, 1);
    assert_string_not_equal(scene.answer.origid, before);
    /* Rules decide anew; a trusted trunk's call is known to be the same one. */
    assert_outcome(as_invite("192.0.2.1", "+12155550001", line), "main shaken C 12155550001>12125550100");
    assert_string_equal(scene.answer.origid, before);
    /* The Date of the first try is still there, and fresh enough. */
    char dated[8192];
    snprintf(dated, sizeof(dated), "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n%s", line);
    assert_outcome(as_invite("192.0.2.17", "+12155550001", dated), "main shaken A 12155550001>12125550100");
    struct stir_identity parts;
    struct stir_passport *token = NULL;
    assert_err(stir_identity_parse(&parts, scene.answer.identities[0], STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
    assert_err(stir_passport_parse(&token, &parts), STIR_OK);
    assert_true(token->iat == NOW + 11);
    stir_passport_free(token);
    /* Not signed by us, whatever its x5u says: it goes on. */
    snprintf(foreign, sizeof(foreign), "%s", line);
    char *signature = strchr(strchr(foreign, '.') + 1, '.') + 1;
    *signature = *signature == 'A' ? 'B' : 'A';
    assert_outcome(as_invite("192.0.2.17", "+12155550001", foreign), "passed on");
    /* Somebody else's beside ours: one that stands is enough. */
    snprintf(foreign, sizeof(foreign), "%sIdentity: aaaa.bbbb.cccc\r\n", line);
    assert_outcome(as_invite("192.0.2.17", "+12155550001", foreign), "passed on");
    assert_int_equal(scene.answer.n, 2);
    /* What cannot be signed anew goes on as it came. */
    assert_outcome(as_invite("192.0.2.9", "+12155550001", line), "passed on");
    assert_outcome(as_invite("192.0.2.17", "<sip:bob@example.com>", line), "passed on");
    assert_int_equal(scene.answer.n, 1);
    snprintf(scene.message, sizeof(scene.message), "INVITE tel:x SIP/2.0\r\nFrom: <sip:+12155550001@a>\r\nTo: <tel:x>\r\n%s\r\n", line);
    assert_outcome(as_send_message("192.0.2.17"), "passed on");
    assert_says(scene.answer.why, "dest");
    assert_int_equal(scene.answer.n, 1);
    assert_string_equal(scene.answer.origid, "");
}

static void a_tokens_signer_of_another_tenant_makes_it_not_ours(void **state)
{
    char line[8192];
    (void)state;
    open_tenants("[sign]\nreroute-after = 10s\n");
    assert_outcome(invite_to("192.0.2.1", "+12155551212", "alpha.example"), "alpha shaken C 12155551212>12125550100");
    snprintf(line, sizeof(line), "%s", signed_line());
    scene.now = NOW + 20;
    assert_outcome(as_invite("192.0.2.2", "+12155551212", line), "passed on");
}

static void a_number_that_is_withheld_is_signed_for_by_what_the_network_asserts(void **state)
{
    static const char pai[] = "P-Asserted-Identity: <sip:+12155550001@a>\r\n";
    char headers[512];
    (void)state;
    open_usual("");
    snprintf(headers, sizeof(headers), "%sPrivacy: id\r\n", pai);
    assert_outcome(as_invite("192.0.2.17", "\"Anonymous\" <sip:anonymous@anonymous.invalid>", headers), "main shaken A 12155550001>12125550100");
    assert_outcome(as_invite("192.0.2.17", "\"Anonymous\" <sip:anonymous@anonymous.invalid>", "Privacy: id\r\n"), "unsigned");
    assert_says(scene.answer.why, "no telephone number");
    open_usual("[sign]\ncaller = from\n");
    assert_outcome(as_invite("192.0.2.17", "+12155550002", pai), "main shaken A 12155550002>12125550100");
    assert_outcome(as_invite("192.0.2.17", "+12155550002", headers), "main shaken A 12155550001>12125550100");
    snprintf(headers, sizeof(headers), "%sPrivacy: critical ; USER\r\n", pai);
    assert_outcome(as_invite("192.0.2.17", "+12155550002", headers), "main shaken A 12155550001>12125550100");
    snprintf(headers, sizeof(headers), "%sPrivacy: none\r\n", pai);
    assert_outcome(as_invite("192.0.2.17", "+12155550002", headers), "main shaken A 12155550002>12125550100");
}

static const char *diverted(const char *host, const char *headers)
{
    snprintf(
        scene.message, sizeof(scene.message),
        "INVITE sip:+13035559999@as.example SIP/2.0\r\nFrom: <sip:+12155550001@a>;tag=1\r\nTo: <sip:+12155550002@b>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n%s\r\n",
        headers);
    return as_send_message(host);
}

static void a_diverted_call_gets_a_div_for_a_number_that_is_the_sources(void **state)
{
    static const char diversion[] = "Diversion: <sip:+12155550002@b>;reason=unconditional\r\n", other[] = "Diversion: <sip:+12155551212@b>;reason=busy\r\n";
    char line[8192], history[8192];
    (void)state;
    open_usual("[sign]\ndiv = yes\n");
    assert_outcome(diverted("192.0.2.17", diversion), "main shaken A 12155550001>12155550002|div 12155550001>13035559999 by 12155550002");
    assert_int_equal(scene.answer.n_new, 2);
    /* Signed on its first leg, diverted on its second: that one goes on and the div comes behind it. */
    snprintf(line, sizeof(line), "Identity: %.*s\r\n%s", (int)scene.answer.identities[0].n, scene.answer.identities[0].p, diversion);
    assert_outcome(diverted("192.0.2.17", line), "passed on + main div 12155550001>13035559999 by 12155550002");
    assert_int_equal(scene.answer.n, 2);
    /* Said already. */
    snprintf(history, sizeof(history), "Identity: %.*s\r\nIdentity: %.*s\r\n%s", (int)scene.answer.identities[0].n, scene.answer.identities[0].p,
             (int)scene.answer.identities[1].n, scene.answer.identities[1].p, diversion);
    assert_outcome(diverted("192.0.2.17", history), "passed on");
    /* History-Info speaks before Diversion. */
    snprintf(history, sizeof(history), "History-Info: <sip:+12155550002@b>;index=1, <sip:+13035559999@b>;index=1.1\r\n%s", other);
    assert_outcome(diverted("192.0.2.17", history), "main shaken A 12155550001>12155550002|div 12155550001>13035559999 by 12155550002");
    /* A number of somebody else's diverts nothing for this source, unless it is trusted. */
    assert_outcome(diverted("192.0.2.18", diversion), "main shaken B 12155550001>12155550002");
    assert_says(scene.answer.why, "Diversion names a diverting number that is not known to be this source's");
    assert_outcome(diverted("192.0.2.1", diversion), "main shaken C 12155550001>12155550002|div 12155550001>13035559999 by 12155550002");
    /* Less is asked for the caller, not for the number that sent the call on. */
    snprintf(history, sizeof(history), "P-Attestation-Info: C\r\n%s", diversion);
    assert_outcome(diverted("192.0.2.17", history), "main shaken C 12155550001>12155550002|div 12155550001>13035559999 by 12155550002");
    /* Not diverted, or not wanted. */
    assert_outcome(diverted("192.0.2.17", ""), "main shaken A 12155550001>12155550002");
    open_usual("[sign]\ndiv = no\n");
    assert_outcome(diverted("192.0.2.17", diversion), "main shaken A 12155550001>12155550002");
}

static void the_date_is_that_of_the_message_or_added(void **state)
{
    (void)state;
    open_usual("");
    as_invite("192.0.2.17", "+12155550001", "");
    assert_string_equal(scene.answer.date, "Mon, 21 Sep 2026 14:13:20 GMT");
    assert_int_equal(scene.answer.record.bytes_added, (int64_t)(10 + scene.answer.identities[0].n + 2 + 6 + 29 + 2));
    assert_false(scene.answer.record.over_1300);
    as_invite("192.0.2.17", "+12155550001", "Date: Mon, 21 Sep 2026 14:13:00 GMT\r\n");
    assert_string_equal(scene.answer.date, "");
    assert_int_equal(scene.answer.result, STIR_SIGNED);
    assert_outcome(as_invite("192.0.2.17", "+12155550001", "Date: Mon, 21 Sep 2026 14:12:19 GMT\r\n"), "unsigned");
    assert_says(scene.answer.why, "stale");
    assert_outcome(as_invite("192.0.2.17", "+12155550001", "Date: yesterday\r\n"), "unsigned");
    char headers[1024] = "X-Long: ";
    memset(headers + 8, 'x', 700);
    strcpy(headers + 708, "\r\n");
    as_invite("192.0.2.17", "+12155550001", headers);
    assert_true(scene.answer.record.over_1300);
    open_usual("[sign]\nadd-date = no\n");
    as_invite("192.0.2.17", "+12155550001", "");
    assert_string_equal(scene.answer.date, "");
}

static void numbers_are_read_by_the_plan_and_prefixes_of_their_trunk(void **state)
{
    (void)state;
    as_open(AS_HEAD AS_SIGNER("main") "[sign]\ndial-plan = US\n[trunk us]\naddresses = 192.0.2.1\n[trunk fr]\naddresses = 192.0.2.2\ndial-plan = FR\n"
                                      "[trunk tech]\naddresses = 192.0.2.3\ntechnical-prefixes = 99#\n");
    assert_outcome(as_invite("192.0.2.1", "<sip:2155551212@a>", ""), "main shaken C 12155551212>12125550100");
    assert_outcome(as_invite("192.0.2.2", "<sip:0142345678@a>", ""), "main shaken C 33142345678>12125550100");
    assert_outcome(as_invite("192.0.2.3", "<sip:99%232155551212@a>", ""), "main shaken C 12155551212>12125550100");
    assert_outcome(as_invite("192.0.2.3", "<sip:99#2155551212@a>", ""), "main shaken C 12155551212>12125550100");
}

/* ---- Origination identifiers ---- */

static const char *origid_of(const char *host, const char *headers)
{
    static char kept[2][40];
    static int turn;
    as_invite(host, "+12155550001", headers);
    assert_int_equal(scene.answer.result, STIR_SIGNED);
    return strcpy(kept[turn = !turn], scene.answer.origid);
}

static void origids_are_by_call_customer_or_trunk_as_configured(void **state)
{
    static const char text[] =
        AS_HEAD AS_SIGNER("main") "[tenant acme]\nkind = customer\norigid = customer\n[trunk call]\naddresses = 192.0.2.1\n[trunk trunk]\n"
                                  "addresses = 192.0.2.2\norigid = trunk\n[trunk given]\naddresses = 192.0.2.3\norigid = trunk\norigid-value = "
                                  "123e4567-e89b-42d3-a456-426655440001\n[trunk t17]\naddresses = 192.0.2.4\ncustomer = 17\norigid = customer\n"
                                  "[trunk u17]\naddresses = 192.0.2.5\ncustomer = 17\norigid = customer\n[trunk acme]\naddresses = 192.0.2.6\n"
                                  "tenant = acme\norigid = trunk\n[trunk core]\naddresses = 192.0.2.7\ntrusted = yes\n";
    char first[40];
    (void)state;
    as_open(text);
    char seen[40][40];
    for (size_t i = 0; i < 40; i++) {
        strcpy(seen[i], origid_of("192.0.2.1", ""));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[k], seen[i]);
    }
    assert_string_equal(origid_of("192.0.2.2", ""), origid_of("192.0.2.2", ""));
    assert_string_equal(origid_of("192.0.2.3", ""), "123e4567-e89b-42d3-a456-426655440001");
    assert_string_equal(origid_of("192.0.2.4", ""), origid_of("192.0.2.5", ""));
    assert_string_not_equal(origid_of("192.0.2.4", ""), origid_of("192.0.2.2", ""));
    assert_string_equal(origid_of("192.0.2.6", ""), origid_of("192.0.2.6", ""));
    strcpy(first, origid_of("192.0.2.2", ""));
    assert_true(stir_is_uuid(S(first)));
    as_open(text); /* the same again after a restart */
    assert_string_equal(origid_of("192.0.2.2", ""), first);
    /* Asked for by a trusted trunk, and by nobody else; zeros ask for a fresh one. */
    assert_string_equal(origid_of("192.0.2.7", "P-Origination-ID: " ORIGID "\r\n"), ORIGID);
    assert_string_equal(origid_of("192.0.2.7", "Origination-ID: " ORIGID "\r\n"), ORIGID);
    assert_string_not_equal(origid_of("192.0.2.1", "P-Origination-ID: " ORIGID "\r\n"), ORIGID);
    assert_string_not_equal(origid_of("192.0.2.7", "P-Origination-ID: 00000000-0000-0000-0000-000000000000\r\n"), "00000000-0000-0000-0000-000000000000");
    assert_string_not_equal(origid_of("192.0.2.7", "P-Origination-ID: x\r\n"), "x");
}

/* What is kept of a call says everything about it. */
static void the_record_is_whole(void **state)
{
    (void)state;
    open_usual("");
    as_invite("192.0.2.17", "+12155550001", "Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n");
    const struct stir_record *r = &scene.answer.record;
    assert_int_equal(r->kind, STIR_RECORD_SIGN);
    assert_true(r->unix_ms == NOW * 1000 + 321);
    assert_ptr_equal(r->source, &scene.source);
    assert_slice(r->call_id, "c1");
    assert_slice(r->orig, "12155550001");
    assert_slice(r->dest, "12125550100");
    assert_slice(r->ruri, "sip:+12125550100@as.example");
    assert_slice(r->date, "Mon, 21 Sep 2026 14:13:20 GMT");
    assert_string_equal(r->conf_hash, scene.conf->hash);
    assert_int_equal(r->result, STIR_SIGNED);
    assert_int_equal(r->ppt, STIR_PPT_SHAKEN);
    assert_int_equal(r->attest, 'A');
    assert_string_equal(r->rule, "owned");
    assert_string_equal(r->signer, "main");
    assert_slice(r->x5u, "https://cr.example.com/main.pem");
    assert_true(r->serial.n >= 2);
    assert_slice(r->origid, scene.answer.origid);
    assert_int_equal(r->n_identities, 1);
    assert_int_equal(r->n_new, 1);
    struct stir_as_numbers_state numbers;
    assert_true(stir_as_numbers_at(scene.book, 0, &numbers));
    assert_string_equal(numbers.name, "main");
    assert_int_equal(numbers.lines, 3);
    assert_true(numbers.bytes > 0);
    assert_false(stir_as_numbers_at(scene.book, 2, &numbers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_identity_that_came_goes_on_byte_for_byte_and_gets_no_second_beside_it),
        cmocka_unit_test(a_rule_that_refuses_lets_calls_for_help_go_on_unsigned),
        cmocka_unit_test(identities_of_sources_that_are_not_trusted_are_left_out_when_so_configured),
        cmocka_unit_test(a_call_with_too_many_identities_gets_no_more),
        cmocka_unit_test(a_token_of_ours_that_a_reroute_made_old_is_replaced),
        cmocka_unit_test(a_tokens_signer_of_another_tenant_makes_it_not_ours),
        cmocka_unit_test(a_number_that_is_withheld_is_signed_for_by_what_the_network_asserts),
        cmocka_unit_test(a_diverted_call_gets_a_div_for_a_number_that_is_the_sources),
        cmocka_unit_test(the_date_is_that_of_the_message_or_added),
        cmocka_unit_test(numbers_are_read_by_the_plan_and_prefixes_of_their_trunk),
        cmocka_unit_test(origids_are_by_call_customer_or_trunk_as_configured),
        cmocka_unit_test(the_record_is_whole),
    };
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
