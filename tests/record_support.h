/* Records of calls for tests of what is made of them. */
#ifndef STIR_TESTS_RECORD_SUPPORT_H
#define STIR_TESTS_RECORD_SUPPORT_H

#include "core/verdict.h"
#include "service/record.h"

#include "support.h"

#define RECORD_TIME INT64_C(1763728867123) /* 2025-11-21T12:41:07.123Z */

static const struct stir_conf_trunk record_trunk = {.name = "pbx", .customer = "17", .tenant = "acme"};
static const struct stir_conf_tenant record_tenant = {.name = "acme", .kind = STIR_TENANT_CUSTOMER};
static const struct stir_source record_source = {.trunk = &record_trunk, .tenant = &record_tenant, .proven = true, .address = "192.0.2.1:5060"};

static inline struct stir_record record_of_sign(void)
{
    static const struct stir_slice identities[] = {{"ey.ours.sig;info=<https://cr.example/1.pem>;ppt=shaken", 54}};
    struct stir_record record = {
        .kind = STIR_RECORD_SIGN,
        .way = STIR_WAY_SIP_UDP,
        .unix_ms = RECORD_TIME,
        .took_us = 180,
        .source = &record_source,
        .call_id = S("call-1@192.0.2.1"),
        .orig = S("12155551212"),
        .dest = S("12155559876"),
        .ruri = S("sip:12155559876@example.com"),
        .conf_hash = "0123456789abcdef",
        .result = STIR_SIGNED,
        .ppt = STIR_PPT_SHAKEN,
        .attest = 'A',
        .rule = "own",
        .proof = "owned by customer 17 (numbers main, line 3: 12155551212)",
        .why = "",
        .signer = "main",
        .serial = S("0a0b"),
        .x5u = S("https://cr.example/1.pem"),
        .origid = S("123e4567-e89b-12d3-a456-426655440000"),
        .identities = identities,
        .n_identities = 1,
        .n_new = 1,
        .bytes_added = 612,
        .sip_code = 302,
    };
    return record;
}

/* A verdict of one token that failed for `reason`, or passed. Static: of one test at a time. */
static inline const struct stir_verdict *record_verdict(enum stir_reason reason)
{
    static struct stir_check checks[2];
    static struct stir_token_verdict token;
    static struct stir_verdict_box box; /* what is made of a verdict looks into it */
    static const struct stir_slice dest = {"12155559876", 11};
    const enum stir_verstat verstat = reason ? STIR_VERSTAT_FAILED : STIR_VERSTAT_PASSED;
    checks[0] = (struct stir_check){STIR_CHECK_DATE, STIR_PASS, STIR_R_NONE, ""};
    checks[1] = (struct stir_check){STIR_CHECK_ORIG, reason ? STIR_FAIL : STIR_PASS, reason, reason ? "the token says 12155550000, the call 12155551212" : ""};
    token = (struct stir_token_verdict){
        .ppt = STIR_PPT_SHAKEN,
        .ppt_text = S("shaken"),
        .verstat = verstat,
        .reason = reason,
        .attest = 'A',
        .orig = S("12155551212"),
        .dest = &dest,
        .n_dest = 1,
        .origid = S("123e4567-e89b-12d3-a456-426655440000"),
        .has_iat = true,
        .iat = RECORD_TIME / 1000,
        .x5u = S("https://cr.example/1.pem"),
        .spc = S("709J"),
        .signer = "CN=SHAKEN 709J",
        .domain = "us",
        .checks = checks,
        .n_checks = 2,
    };
    box.verdict = (struct stir_verdict){
        .size = sizeof(box.verdict),
        .verstat = verstat,
        .reason = reason,
        .deciding = 0,
        .tokens = &token,
        .n_tokens = 1,
        .now = RECORD_TIME / 1000,
        .policy = "shaken",
    };
    return &box.verdict;
}

static inline struct stir_record record_of_verify(enum stir_reason reason)
{
    static const unsigned char chain_hash[32] = {0xab, 0xcd};
    struct stir_record record = {
        .kind = STIR_RECORD_VERIFY,
        .way = STIR_WAY_HTTP,
        .unix_ms = RECORD_TIME,
        .took_us = 260000,
        .waited_us = 250000,
        .source = &record_source,
        .request_id = S("req-7"),
        .call_id = S("call-2@192.0.2.1"),
        .orig = S("12155551212"),
        .dest = S("12155559876"),
        .conf_hash = "0123456789abcdef",
        .verdict = record_verdict(reason),
        .act = reason ? STIR_ACT_STOP : STIR_ACT_PASS,
        .chain_hash = chain_hash,
        .http_code = reason ? 438 : 200,
    };
    return record;
}

#endif
