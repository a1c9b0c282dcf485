/* Answers of ATIS-1000082 and of 3GPP TS 24.229 Annex V (Ms). Codes and cases are the catalogue's. */
#include "front/api.h"

#include "core/verdict.h"

STIR_AUTO_STRUCT_FREE(stir_passport)

bool stir_api_is_signed(const struct stir_as_answer *answer, struct stir_api_fault *fault)
{
    const char *why = answer->why[0] ? answer->why : "it was not signed";
    if (answer->n_new > 0 && answer->n > 0)
        return true;
    switch (answer->err) {
    case STIR_OK:
    case STIR_ESTATE:
    case STIR_ENOTFOUND: return stir_api_fail(fault, STIR_API_FORBIDDEN, "", "%s", why);
    case STIR_EVALUE:
    case STIR_ELIMIT:
    case STIR_EJSON: return stir_api_fail(fault, STIR_API_VALUE, "signingRequest", "%s", why);
    case STIR_ETIME: return stir_api_fail(fault, STIR_API_VALUE, "iat", "%s", why);
    default: return stir_api_fail(fault, STIR_API_INTERNAL, "", "%s", why);
    }
}

void stir_api_write_signing(struct stir_api_text *out, const struct stir_api_sign *sign, const struct stir_as_answer *answer)
{
    bool ms = sign->dialect == STIR_API_3GPP;
    stir_api_put(out, ms ? "{\"signingResponse\":{\"identityHeader\":" : "{\"signingResponse\":{\"identity\":");
    stir_api_put_string(out, answer->identities[answer->n - 1]);
    if (ms && sign->request_id.p) {
        stir_api_put(out, ",\"requestId\":");
        stir_api_put_string(out, sign->request_id);
    }
    stir_api_put(out, "}}");
}

/* The phrase of a code: that of the catalogue's first row with it. */
static const char *phrase_of(int code)
{
    const struct stir_reason_info *row = NULL;
    for (size_t i = 0; (row = stir_reason_at(i)) != NULL && row->sip_code != code;)
        i++;
    return row ? row->sip_phrase : "";
}

/* What is said of the reason in one line: its name, its case, its words, and what was compared with what. */
static void put_description(struct stir_api_text *out, const struct stir_reason_info *row, const struct stir_token_verdict *token)
{
    struct stir_api_text line = {0};
    stir_api_put(&line, row->name);
    if (row->atis_case) {
        stir_api_put(&line, " (E");
        stir_api_put_int(&line, row->atis_case);
        stir_api_put(&line, ")");
    }
    stir_api_put(&line, ": ");
    stir_api_put(&line, row->text);
    for (size_t i = 0; token && i < token->n_checks; i++) {
        const struct stir_check *check = &token->checks[i];
        if (check->reason != row->reason || !check->detail[0])
            continue;
        stir_api_put(&line, ": ");
        stir_api_put(&line, check->detail);
        break;
    }
    stir_api_put_string(out, line.broke ? stir_slice_str(row->text) : stir_slice_of(line.p, line.n));
    stir_api_text_free(&line);
}

static void put_name(struct stir_api_text *out, const char *lower, const char *camel, bool is_camel)
{
    stir_api_put(out, ",\"");
    stir_api_put(out, is_camel ? camel : lower);
    stir_api_put(out, "\":");
}

static void write_atis(struct stir_api_text *out, const struct stir_verdict *v, bool camel)
{
    const struct stir_reason_info *row = stir_reason_info(v->reason);
    stir_api_put(out, "{\"verificationResponse\":{\"verstat\":\"");
    stir_api_put(out, stir_verstat_text(v->verstat));
    stir_api_put(out, "\"");
    if (row) {
        put_name(out, "reasoncode", "reasonCode", camel);
        stir_api_put_int(out, row->atis_code);
        put_name(out, "reasontext", "reasonText", camel);
        stir_api_put_string(out, stir_slice_str(phrase_of(row->atis_code)));
        put_name(out, "reasondesc", "reasonDesc", camel);
        put_description(out, row, stir_verdict_decider(v));
    }
    stir_api_put(out, "}}");
}

/* 3GPP */

static struct stir_passport *passport_of(struct stir_slice value)
{
    struct stir_identity identity;
    struct stir_passport *passport = NULL;
    if (stir_identity_parse(&identity, value, STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || identity.compact)
        return NULL;
    return stir_passport_parse(&passport, &identity) == STIR_OK ? passport : NULL;
}

static void put_claims(struct stir_api_text *out, const struct stir_passport *passport)
{
    size_t n = 0;
    char *at = stir_api_room(out, STIR_MAX_JSON + 1);
    if (at && passport && stir_json_canonical(at, STIR_MAX_JSON + 1, &n, passport->payload_json, NULL) == STIR_OK)
        out->n += n;
    else
        stir_api_put(out, "{}");
}

static void put_result(struct stir_api_text *out, const struct stir_token_verdict *t, struct stir_slice value)
{
    const struct stir_reason_info *row = stir_reason_info(t->reason);
    STIR_AUTO_STRUCT(stir_passport) *passport = passport_of(value);
    struct stir_identity identity = {0};
    stir_api_put(out, "{\"verifyResult\":{\"ppt\":");
    stir_api_put_string(out, t->ppt_text.p ? t->ppt_text : stir_slice_str(stir_ppt_text(t->ppt)));
    stir_api_put(out, row ? ",\"status\":\"fail\"" : ",\"status\":\"pass\"");
    if (!row) {
        stir_api_put(out, ",\"validClaims\":");
        put_claims(out, passport);
        stir_api_put(out, "}}");
        return;
    }
    stir_api_put(out, ",\"reasonCode\":");
    stir_api_put_int(out, row->sip_code);
    stir_api_put(out, ",\"reasonText\":");
    stir_api_put_string(out, stir_slice_str(row->sip_phrase));
    stir_api_put(out, ",\"reasonDescription\":");
    put_description(out, row, t);
    if (stir_identity_parse(&identity, value, STIR_IDENTITY_TOLERANT, NULL, NULL) == STIR_OK) {
        stir_api_put(out, ",\"passport\":");
        stir_api_put_string(out, identity.token);
    }
    stir_api_put(out, "}}");
}

static void put_results(struct stir_api_text *out, const struct stir_api_verify *verify, const struct stir_verdict *v)
{
    bool first = true;
    stir_api_put(out, ",\"verifyResults\":[");
    for (size_t i = 0; i < v->n_tokens; i++) {
        const struct stir_token_verdict *t = &v->tokens[i];
        if (t->nested || t->index >= verify->call.n_identity)
            continue;
        stir_api_put(out, first ? "" : ",");
        put_result(out, t, verify->identities[t->index]);
        first = false;
    }
    stir_api_put(out, "]");
}

static void put_diversion(struct stir_api_text *out, const struct stir_token_verdict *t, const struct stir_passport *passport)
{
    bool is_tn = passport->div.kind == STIR_PARTY_TN;
    stir_api_put(out, is_tn ? "{\"div\":{\"tn\":" : "{\"div\":{\"uri\":");
    stir_api_put_string(out, passport->div.text);
    stir_api_put(out, "},\"verstatValue\":\"");
    stir_api_put(out, stir_verstat_text(t->verstat));
    stir_api_put(out, "\"}");
}

/* The result for each party that diverted the call. */
static void put_diversions(struct stir_api_text *out, const struct stir_api_verify *verify, const struct stir_verdict *v)
{
    bool any = false;
    for (size_t i = 0; i < v->n_tokens; i++) {
        const struct stir_token_verdict *t = &v->tokens[i];
        if ((t->ppt != STIR_PPT_DIV && t->ppt != STIR_PPT_DIV_O) || t->nested || t->index >= verify->call.n_identity)
            continue;
        STIR_AUTO_STRUCT(stir_passport) *passport = passport_of(verify->identities[t->index]);
        if (!passport || passport->div.kind == STIR_PARTY_NONE)
            continue;
        stir_api_put(out, any ? "," : ",\"divResult\":[");
        put_diversion(out, t, passport);
        any = true;
    }
    stir_api_put(out, any ? "]" : "");
}

static void write_3gpp(struct stir_api_text *out, const struct stir_api_verify *verify, const struct stir_verdict *v)
{
    stir_api_put(out, "{\"verificationResponse\":{");
    if (verify->has_shaken) {
        stir_api_put(out, "\"verstatValue\":\"");
        stir_api_put(out, stir_verstat_text(v->verstat));
        stir_api_put(out, "\",");
    }
    stir_api_put(out, "\"verstatPriority\":\"");
    stir_api_put(out, stir_rph_verstat_text(v->rph));
    stir_api_put(out, "\"");
    put_results(out, verify, v);
    put_diversions(out, verify, v);
    if (verify->request_id.p) {
        stir_api_put(out, ",\"requestId\":");
        stir_api_put_string(out, verify->request_id);
    }
    if (verify->display_name.p) {
        stir_api_put(out, ",\"displayName\":");
        stir_api_put_string(out, verify->display_name);
    }
    stir_api_put(out, "}}");
}

/* Case E2 of the table, a parameter whose value is none, is answered by HTTP's own code. */
enum { CASE_BAD_PARAMETER = 2 };

bool stir_api_write_verification(struct stir_api_text *out, const struct stir_api_verify *verify, const struct stir_vs_answer *answer, bool camel,
                                 struct stir_api_fault *fault)
{
    const struct stir_verdict *v = answer->verdict;
    if (!v)
        return stir_api_fail(fault, STIR_API_INTERNAL, "", "no verdict could be made");
    const struct stir_reason_info *row = stir_reason_info(v->reason);
    if (verify->dialect == STIR_API_3GPP) {
        write_3gpp(out, verify, v);
        return true;
    }
    if (row && row->atis_case == CASE_BAD_PARAMETER)
        return stir_api_fail(fault, STIR_API_VALUE, "identity", "%s: %s", row->name, row->text);
    write_atis(out, v, camel);
    return true;
}
