/* Out of memory on the way of a call: signing, verifying by either way, and the readers of everything that comes with it. An answer is whole or STIR_ENOMEM; a
 * verdict is never one of a call that was judged by half. */
#include "oom.h"

#include "delegate_support.h"

static struct pki pki;
static char identity[4096];

static int make_pki(void **state)
{
    (void)state;
    pki_make(&pki);
    pki_sign(&pki, identity, sizeof(identity), GOOD_HEADER, GOOD_PAYLOAD, GOOD_PARAMS);
    return 0;
}

static int free_pki(void **state)
{
    (void)state;
    pki_free(&pki);
    return 0;
}

static struct stir_slice body(void)
{
    return stir_slice_of(pki.pem, pki.pem_len);
}

/* How a call of two headers, of which the second is good, is put to the test. */
struct job {
    struct stir_policy policy;
    struct stir_slice values[2];
    const char *from;
    struct stir_chain *chain; /* NULL: the certificates are supplied as text */
    struct stir_es256_ctx *ctx;
    enum stir_reason reason;
};

static enum stir_err verify(void *arg)
{
    const struct job *job = arg;
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    struct stir_call call = call_of(job->values, job->from, DEST);
    call.n_identity = 2;
    enum stir_err err = stir_verify_new(&v, &call, &job->policy, pki.trust, job->ctx, NOW);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    for (size_t i = 0; err == STIR_OK && i < n; i++)
        err = job->chain ? stir_verify_supply_chain(v, needs[i].id, job->chain) : stir_verify_supply_pem(v, needs[i].id, body());
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_take(v, &verdict);
    if (err == STIR_OK)
        assert_int_equal(verdict->reason, job->reason);
    else
        assert_null(verdict);
    stir_verify_free(v);
    stir_verdict_free(verdict);
    return err;
}

/* A token that fails for what the message says of its priority: with room for the words. */
static enum stir_err verify_rph(void *arg)
{
    const struct stir_slice *value = arg, asked = S("wps.0");
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    struct stir_call call = call_of(value, ORIG, DEST);
    call.resource_priority = &asked;
    call.n_resource_priority = 1;
    enum stir_err err = stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_take(v, &verdict);
    if (err == STIR_OK)
        assert_int_equal(verdict->tokens[0].reason, STIR_R_RPH_MISMATCH);
    stir_verify_free(v);
    stir_verdict_free(verdict);
    return err;
}

/* A list by reference, and then a question for its code. */
struct listed {
    struct stir_slice identity, pem, list;
};

static enum stir_err verify_listed(void *arg)
{
    const struct listed *job = arg;
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    struct stir_call call = call_of(&job->identity, ORIG, DEST);
    policy.fetch_tnlist = policy.check_authority = true;
    enum stir_err err = stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_supply_pem(v, needs[0].id, job->pem);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_supply_bytes(v, needs[0].id, job->list);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_supply_answer(v, needs[0].id, 0);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_take(v, &verdict);
    if (err == STIR_OK) {
        assert_slice(verdict->tokens[0].spc, "0123");
        assert_int_equal(check_of(verdict, STIR_CHECK_AUTHORITY)->reason, STIR_R_HOLDER_OTHER);
    }
    stir_verify_free(v);
    stir_verdict_free(verdict);
    return err;
}

static void lists_by_reference_answer_enomem(void **state)
{
    static char pem[16384];
    struct delegate path = {.parent = "spc:0123", .url = "https://numbers.example.com/0123.der"};
    struct stir_tnauth *list = list_of("spc:0123");
    struct listed job = {S(identity), delegate_make(pem, sizeof(pem), &pki, &path), stir_tnauth_der(list)};
    (void)state;
    oom_run(verify_listed, &job);
    stir_tnauth_free(list);
}

static void priority_answers_enomem(void **state)
{
    (void)state;
    char token[4096];
    pki_sign(&pki, token, sizeof(token), "{\"alg\":\"ES256\",\"ppt\":\"rph\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"rph\":{\"auth\":[\"ets.0\"]}}", ";info=<" X5U ">;ppt=rph");
    struct stir_slice value = S(token);
    oom_run(verify_rph, &value);
}

static void verifying_answers_enomem(void **state)
{
    (void)state;
    struct job job = {support_policy("shaken"), {S("..AA;info=<" X5U ">"), S(identity)}, ORIG, NULL, NULL, STIR_R_NONE};
    oom_run_named("with certificates", verify, &job);
    assert_err(stir_chain_from_pem(&job.chain, body(), pki.trust, &job.policy, NOW), STIR_OK);
    job.ctx = pki.ctx;
    oom_run_named("with a chain", verify, &job);
    job.from = "12155559999";
    job.reason = STIR_R_COMPACT_FORM; /* of the first, which says as much as the second */
    job.policy.exhaustive = true;
    oom_run_named("a failing call, all checks", verify, &job);
    stir_chain_free(job.chain);
}

/* What a div-o token nests takes memory of its own. */
static void nested_tokens_answer_enomem(void **state)
{
    (void)state;
    static char inner[4096], payload[8192], outer[8192];
    pki_sign(&pki, inner, sizeof(inner), GOOD_HEADER,
             "{\"attest\":\"A\",\"dest\":{\"tn\":[\"12125550111\"]},\"iat\":1790000000,\"orig\":{\"tn\":\"" ORIG "\"},\"origid\":\"" ORIGID "\"}", "");
    snprintf(payload, sizeof(payload),
             "{\"dest\":{\"tn\":[\"" DEST "\"]},\"div\":{\"tn\":\"12125550111\"},\"iat\":1790000000,\"opt\":\"%s\",\"orig\":{\"tn\":\"" ORIG "\"}}", inner);
    pki_sign(&pki, outer, sizeof(outer), "{\"alg\":\"ES256\",\"ppt\":\"div-o\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}", payload,
             ";info=<" X5U ">;ppt=div-o");
    struct job job = {support_policy("shaken"), {S("..AA;info=<" X5U ">"), S(outer)}, ORIG, NULL, pki.ctx, STIR_R_NONE};
    oom_run(verify, &job);
    job.from = "12155559999";
    job.reason = STIR_R_COMPACT_FORM;
    job.policy.exhaustive = true;
    oom_run_named("a failing call, all checks", verify, &job);
}

/* The compact form is rebuilt, media keys and all. */
static enum stir_err verify_compact(void *arg)
{
    const struct stir_slice *value = arg, fingerprints[] = {S("sha-256 4A:AD:B9:B1"), S("SHA-256 02:1a:cc:54")};
    struct stir_policy policy = support_policy("rfc8224");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 0;
    struct stir_call call = call_of(value, ORIG, DEST);
    call.date = S("Mon, 21 Sep 2026 14:13:20 GMT");
    call.fingerprints = fingerprints;
    call.n_fingerprints = 2;
    call.display_name = S("Alice \\\"Al\\\"");
    call.call_reason = S("x");
    enum stir_err err = stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW);
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK) {
        assert_int_equal(n, 1);
        err = stir_verify_supply_pem(v, needs[0].id, body());
    }
    if (err == STIR_OK)
        err = stir_verify_next(v, &needs, &n);
    if (err == STIR_OK)
        err = stir_verify_take(v, &verdict);
    if (err == STIR_OK)
        assert_int_equal(verdict->reason, STIR_R_NONE);
    stir_verify_free(v);
    stir_verdict_free(verdict);
    return err;
}

/* A call with rich call data, inline and behind two URLs, one of them named by a linked jCard; and with media keys. */
static enum stir_err verify_content(void *arg)
{
    static const char card[] = "[\"vcard\",[[\"photo\",{},\"uri\",\"https://h.example/p.png\"]]]";
    const struct stir_slice *value = arg;
    struct stir_slice fingerprint = S("sha-256 0A:0B");
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs = NULL;
    size_t n = 1;
    struct stir_call call = call_of(value, ORIG, DEST);
    policy.fetch_content = true;
    call.fingerprints = &fingerprint;
    call.n_fingerprints = 1;
    enum stir_err err = stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW);
    while (err == STIR_OK && n) {
        err = stir_verify_next(v, &needs, &n);
        for (size_t i = 0; err == STIR_OK && i < n; i++)
            err = needs[i].kind == STIR_NEED_CERT
                      ? stir_verify_supply_pem(v, needs[i].id, body())
                      : stir_verify_supply_bytes(v, needs[i].id, S(stir_slice_is(needs[i].url, "https://h.example/c") ? card : "\x89PNG"));
    }
    if (err == STIR_OK)
        err = stir_verify_take(v, &verdict);
    if (err == STIR_OK) {
        assert_int_equal(verdict->reason, STIR_R_NONE);
        assert_int_equal(check_of(verdict, STIR_CHECK_RCD)->outcome, STIR_PASS);
        assert_int_equal(check_of(verdict, STIR_CHECK_MKY)->outcome, STIR_PASS);
        assert_non_null(verdict->tokens[0].rcd.p);
    }
    stir_verdict_free(verdict);
    stir_verify_free(v);
    return err;
}

static void content_answers_enomem(void **state)
{
    (void)state;
    static char token[4096];
    pki_sign(&pki, token, sizeof(token), GOOD_HEADER,
             "{\"attest\":\"A\",\"dest\":{\"tn\":[\"" DEST "\"]},\"iat\":1790000000,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"0A0B\"}],\"orig\":{\"tn\":\"" ORIG
             "\"},\"origid\":\"" ORIGID
             "\",\"rcd\":{\"a/b\":\"x\",\"icn\":\"data:image/png;base64,iVBORw\",\"jcl\":\"https://h.example/c\",\"nam\":\"x\"},\"rcdi\":{"
             "\"/a~1b\":\"sha256-ui30kDosFOhtw7zKWJEbRKwdJRS3Inv26wjPuXj1Whs\",\"/icn\":\"sha256-D0Y2x49l02OezloGS1rnU+NAhhShT7GKtNdUDSwkhUM\","
             "\"/jcl\":\"sha256-mCkWOpLUTWt3Sk0uO1ykNFtWHtPw2IB+Jc4gn7isoDI\",\"/jcl/1/0/3\":\"sha256-D0Y2x49l02OezloGS1rnU+NAhhShT7GKtNdUDSwkhUM\"}}",
             GOOD_PARAMS);
    struct stir_slice value = S(token);
    oom_run(verify_content, &value);
}

static void the_compact_form_answers_enomem(void **state)
{
    (void)state;
    char full[4096], compact[4096];
    pki_sign(&pki, full, sizeof(full), "{\"alg\":\"ES256\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"dest\":{\"tn\":[\"" DEST
             "\"]},\"iat\":1790000000,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"021ACC54\"},{\"alg\":\"sha-256\",\"dig\":\"4AADB9B1\"}],"
             "\"orig\":{\"tn\":\"" ORIG "\"}}",
             ";info=<" X5U ">");
    snprintf(compact, sizeof(compact), "..%s", strchr(strchr(full, '.') + 1, '.') + 1);
    struct stir_slice value = S(compact);
    oom_run(verify_compact, &value);
    pki_sign(&pki, full, sizeof(full), "{\"alg\":\"ES256\",\"ppt\":\"rcd\",\"typ\":\"passport\",\"x5u\":\"" X5U "\"}",
             "{\"crn\":\"x\",\"dest\":{\"tn\":[\"" DEST
             "\"]},\"iat\":1790000000,\"mky\":[{\"alg\":\"sha-256\",\"dig\":\"021ACC54\"},{\"alg\":\"sha-256\",\"dig\":\"4AADB9B1\"}],"
             "\"orig\":{\"tn\":\"" ORIG "\"},\"rcd\":{\"nam\":\"Alice \\\"Al\\\"\"}}",
             ";info=<" X5U ">;ppt=rcd");
    snprintf(compact, sizeof(compact), "..%s", strchr(strchr(full, '.') + 1, '.') + 1);
    value = S(compact);
    oom_run_named("rich call data", verify_compact, &value);
}

/* A certificate that could not be read for want of memory is still asked for, and can be supplied again. */
static void a_need_outlives_a_lack_of_memory(void **state)
{
    (void)state;
    struct stir_policy policy = support_policy("shaken");
    struct stir_verify *v = NULL;
    struct stir_verdict *verdict = NULL;
    const struct stir_need *needs;
    size_t n;
    struct stir_slice value = S(identity);
    struct stir_call call = call_of(&value, ORIG, DEST);
    assert_err(stir_verify_new(&v, &call, &policy, pki.trust, pki.ctx, NOW), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    oom.fail_at = 1;
    oom.and_after = false;
    assert_err(stir_verify_supply_pem(v, needs[0].id, body()), STIR_ENOMEM);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_int_equal(n, 1);
    assert_err(stir_verify_supply_pem(v, needs[0].id, body()), STIR_OK);
    assert_err(stir_verify_next(v, &needs, &n), STIR_OK);
    assert_err(stir_verify_take(v, &verdict), STIR_OK);
    assert_int_equal(verdict->verstat, STIR_VERSTAT_PASSED);
    stir_verdict_free(verdict);
    stir_verify_free(v);
}

static struct stir_attest_params claims(const struct stir_party *orig, const struct stir_party *dest)
{
    struct stir_attest_params params = STIR_ATTEST_PARAMS_INIT;
    params.claims.ppt = STIR_PPT_SHAKEN;
    params.claims.x5u = S(X5U);
    params.claims.attest = 'A';
    params.claims.origid = S(ORIGID);
    params.claims.orig = orig;
    params.claims.dest = dest;
    params.claims.n_dest = dest != NULL;
    params.cert = pki.leaf;
    params.now = NOW;
    return params;
}

static enum stir_err attest(void *arg)
{
    const struct stir_party *parties = arg;
    struct stir_attest_params params = claims(&parties[0], &parties[1]);
    char value[4096];
    size_t n;
    return stir_attest(value, sizeof(value), &n, &params, &pki.signer, NULL, NULL);
}

static enum stir_err attest_invite(void *arg)
{
    struct stir_attest_params params = claims(NULL, NULL);
    char value[8192];
    size_t n;
    return stir_attest_invite(value, sizeof(value), &n, NULL, S((const char *)arg), &params, &pki.signer, NULL, NULL);
}

static enum stir_err attest_compact(void *arg)
{
    struct stir_attest_params params = claims(NULL, NULL);
    char value[8192];
    size_t n;
    params.claims.ppt = STIR_PPT_RCD;
    params.claims.attest = 0;
    params.claims.origid = S(NULL);
    params.claims.rcd = S("{\"nam\":\"Alice\"}");
    params.style.compact = true;
    return stir_attest_invite(value, sizeof(value), &n, NULL, S((const char *)arg), &params, &pki.signer, NULL, NULL);
}

static enum stir_err attest_claims(void *arg)
{
    char value[4096];
    size_t n;
    return stir_attest_claims(value, sizeof(value), &n, S(GOOD_HEADER), S((const char *)arg), &pki.signer, NULL, NULL);
}

static enum stir_err divert_invite(void *arg)
{
    struct stir_attest_params params = claims(NULL, NULL);
    char value[16384];
    size_t n;
    params.claims.ppt = STIR_PPT_DIV_O;
    params.claims.attest = 0;
    params.claims.origid = S(NULL);
    return stir_attest_invite(value, sizeof(value), &n, NULL, S((const char *)arg), &params, &pki.signer, NULL, NULL);
}

static void diverting_answers_enomem(void **state)
{
    (void)state;
    static char diverted[16384];
    snprintf(diverted, sizeof(diverted),
             "INVITE sip:+12125550177@h SIP/2.0\r\nFrom: <sip:+" ORIG "@h>\r\nTo: <sip:+" DEST "@h>\r\nIdentity: %s\r\nIdentity: %s\r\n\r\n", identity,
             identity);
    oom_run(divert_invite, diverted);
}

static void signing_answers_enomem(void **state)
{
    (void)state;
    static char invite[] = "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\n\r\n",
                payload[] = GOOD_PAYLOAD;
    static char shown[] = "INVITE sip:+12125550100@h SIP/2.0\r\nFrom: \"Alice\" <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\n"
                          "Call-Info: <data:>;call-reason=\"x\"\r\nContent-Type: application/sdp\r\n\r\na=fingerprint:sha-256 AB:CD\r\n";
    struct stir_party parties[2];
    assert_err(stir_party_parse(&parties[0], S(ORIG), NULL), STIR_OK);
    assert_err(stir_party_parse(&parties[1], S(DEST), NULL), STIR_OK);
    oom_run(attest, parties);
    oom_run(attest_invite, invite);
    oom_run(attest_compact, shown);
    oom_run(attest_claims, payload);
}

static struct stir_cert_params leaf_params(void)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    params.role = STIR_CERT_END_ENTITY;
    params.cn = S("SHAKEN 709J");
    params.o = S("Test Provider");
    params.c = S("US");
    params.tnauth = pki.list;
    params.key = pki.key;
    params.issuer = pki.ca;
    params.not_before = NOW;
    params.not_after = NOW + 86400;
    params.policy = S("2.16.840.1.114569.1.1.4");
    params.crl_url = S("https://pa.example.com/crl");
    params.crl_issuer = S("CN=PA,O=PA,C=US");
    return params;
}

static enum stir_err make_cert(void *arg)
{
    (void)arg;
    struct stir_cert_params params = leaf_params();
    struct stir_cert *cert = NULL;
    char pem[4096];
    size_t n;
    enum stir_err err = stir_cert_make(&cert, &params, &pki.ca_signer, NULL);
    if (err == STIR_OK)
        err = stir_cert_write_pem(pem, sizeof(pem), &n, cert);
    stir_cert_free(cert);
    return err;
}

static enum stir_err make_csr(void *arg)
{
    (void)arg;
    struct stir_cert_params params = leaf_params();
    struct stir_csr *csr = NULL;
    char pem[4096];
    size_t n;
    params.issuer = NULL;
    enum stir_err err = stir_csr_make(&csr, &params, &pki.signer, NULL);
    if (err == STIR_OK)
        err = stir_csr_write_pem(pem, sizeof(pem), &n, csr);
    stir_csr_free(csr);
    return err;
}

static void writing_certificates_and_requests_answers_enomem(void **state)
{
    (void)state;
    oom_run(make_cert, NULL);
    oom_run(make_csr, NULL);
}

static enum stir_err read_tnauth(void *arg)
{
    struct stir_tnauth *list = NULL, *again = NULL;
    enum stir_err err = stir_tnauth_from_base64(&list, S((const char *)arg));
    if (err == STIR_OK)
        err = stir_tnauth_parse(&again, stir_tnauth_der(list));
    if (err == STIR_OK)
        assert_true(stir_tnauth_covers(again, S("12155551000")));
    stir_tnauth_free(again);
    stir_tnauth_free(list);
    return err;
}

static enum stir_err read_passport(void *arg)
{
    struct stir_identity parts;
    struct stir_passport *token = NULL;
    assert_err(stir_identity_parse(&parts, S((const char *)arg), STIR_IDENTITY_STRICT, NULL, NULL), STIR_OK);
    enum stir_err err = stir_passport_parse(&token, &parts);
    if (err == STIR_OK)
        assert_int_equal(token->n_faults, 0);
    stir_passport_free(token);
    return err;
}

static enum stir_err read_crl(void *arg)
{
    const struct stir_slice *text = arg;
    struct stir_crl *crl = NULL;
    enum stir_err err = stir_crl_parse(&crl, *text, NULL);
    stir_crl_free(crl);
    return err;
}

static void readers_answer_enomem(void **state)
{
    (void)state;
    static char range[] = "MBWhEzARFgsxMjE1NTU1MTAwMAICA-g";
    struct stir_slice list = support_file("crl/pa-indirect.crl");
    oom_run(read_tnauth, range);
    oom_run(read_passport, identity);
    oom_run(read_crl, &list);
    support_free(list);
}

static void count(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    (void)rule;
    (void)detail;
    ++*(size_t *)arg;
}

/* Lint has no way to say that it lacked memory: it finds the same without any. */
static void lint_needs_no_memory(void **state)
{
    (void)state;
    struct stir_cert *certs[1];
    assert_int_equal(support_certs(certs, 1, "chain/ca-alone.pem"), 1);
    size_t with = 0, without = 0;
    size_t found = stir_lint_cert(certs[0], NULL, stir_lint_profile_by_name(S("all")), count, &with);
    oom.fail_at = 1;
    oom.and_after = true;
    assert_int_equal(stir_lint_cert(certs[0], NULL, stir_lint_profile_by_name(S("all")), count, &without), found);
    oom.fail_at = 0;
    oom.and_after = false;
    assert_true(with > 0);
    assert_int_equal(with, without);
    support_certs_free(certs, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_tokens_answer_enomem),
        cmocka_unit_test(verifying_answers_enomem),
        cmocka_unit_test(priority_answers_enomem),
        cmocka_unit_test(content_answers_enomem),
        cmocka_unit_test(the_compact_form_answers_enomem),
        cmocka_unit_test(a_need_outlives_a_lack_of_memory),
        cmocka_unit_test(diverting_answers_enomem),
        cmocka_unit_test(signing_answers_enomem),
        cmocka_unit_test(writing_certificates_and_requests_answers_enomem),
        cmocka_unit_test(lists_by_reference_answer_enomem),
        cmocka_unit_test(readers_answer_enomem),
        cmocka_unit_test(lint_needs_no_memory),
    };
    return cmocka_run_group_tests_name("verify_oom", tests, make_pki, free_pki);
}
