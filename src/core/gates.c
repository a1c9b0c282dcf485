/* The gates: what is judged of a token before any certificate is asked for. All of them are looked at, so that the reason reported is the first in the order of
 * reporting and not the first that happened to be tested. */
#include "core/verify.h"

#include "core/identity.h"
#include "core/passport.h"
#include "core/url.h"

bool stir_judge_say(struct stir_judgement *j, enum stir_reason reason, const char *format, ...)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    enum stir_severity severity = stir_policy_severity(j->policy, reason);
    if (!info || severity == STIR_SEVERITY_OFF)
        return false;
    struct stir_check *check = &j->checks[info->check - 1];
    bool fatal = severity == STIR_SEVERITY_FAIL;
    if (!fatal) {
        bool known = false;
        for (size_t i = 0; i < j->n_warnings; i++)
            known = known || j->warnings[i] == reason;
        if (!known && j->n_warnings < STIR_TOKEN_WARNINGS)
            j->warnings[j->n_warnings++] = reason;
    }
    /* The first failure of a check stands; a failure replaces a warning, nothing replaces a failure. */
    if (check->outcome == STIR_FAIL || (check->outcome == STIR_WARNING && !fatal))
        return fatal;
    check->outcome = fatal ? STIR_FAIL : STIR_WARNING;
    check->reason = reason;
    check->detail = "";
    if (format) {
        va_list args;
        va_start(args, format);
        check->detail = stir_arena_vformat(j->arena, format, args);
        va_end(args);
        if (!check->detail) {
            check->detail = "";
            j->out_of_memory = true;
        }
    }
    return fatal;
}

void stir_judge_pass(struct stir_judgement *j, enum stir_check_id check)
{
    if (j->checks[check - 1].outcome == STIR_NOT_REACHED)
        j->checks[check - 1].outcome = STIR_PASS;
}

void stir_judge_off(struct stir_judgement *j, enum stir_check_id check)
{
    if (j->checks[check - 1].outcome == STIR_NOT_REACHED)
        j->checks[check - 1].outcome = STIR_OFF;
}

/*= RFC8224-6.2b */
const struct stir_check *stir_judge_failure(const struct stir_judgement *j)
{
    for (size_t i = 0; i < STIR_CHECK_COUNT - 1; i++)
        if (j->checks[i].outcome == STIR_FAIL)
            return &j->checks[i];
    return NULL;
}

void stir_judge_faults(struct stir_judgement *j, enum stir_check_id check)
{
    for (size_t i = 0; i < j->passport->n_faults; i++) {
        enum stir_reason fault = j->passport->faults[i];
        const struct stir_reason_info *info = stir_reason_info(fault);
        if (!info || info->check != check)
            continue;
        if (fault == STIR_R_ALG_OTHER)
            stir_judge_say(j, fault, "alg is \"%.*s\"", STIR_SHOW(j->passport->alg));
        else if (fault == STIR_R_TYP_OTHER)
            stir_judge_say(j, fault, "typ is \"%.*s\"", STIR_SHOW(j->passport->typ));
        else if (fault == STIR_R_SIGNATURE_FORM)
            stir_judge_say(j, fault, "it has %zu bytes", j->passport->signature_len);
        else
            stir_judge_say(j, fault, NULL);
    }
}

static bool has_fault(const struct stir_passport *p, enum stir_reason reason)
{
    for (size_t i = 0; i < p->n_faults; i++)
        if (p->faults[i] == reason)
            return true;
    return false;
}

static bool read_party(struct stir_party *out, struct stir_slice text, const struct stir_tn_options *tn)
{
    return text.n && stir_party_parse(out, text, tn) == STIR_OK;
}

/* The header value holds a tel URI: bare, or in the angle brackets behind a name. */
static bool is_tel(struct stir_slice value)
{
    value = stir_slice_trim(value);
    bool quoted = value.n && value.p[0] == '"';
    for (size_t i = quoted; quoted && i < value.n; i++) {
        if (value.p[i] == '\\') {
            i++;
        } else if (value.p[i] == '"') {
            value = stir_slice_from(value, i + 1);
            quoted = false;
        }
    }
    size_t angle = stir_slice_find(value, '<');
    value = stir_slice_trim(stir_slice_from(value, angle < value.n ? angle + 1 : 0));
    return value.n > 4 && stir_slice_ieq(stir_slice_upto(value, 4), stir_slice_of("tel:", 4));
}

/* The first PAI that names a number, tel before sip; else the first that can be read. */
static bool read_pai(struct stir_party *out, const struct stir_call *call, const struct stir_tn_options *tn)
{
    struct stir_party party;
    int best = 0;
    for (size_t i = 0; i < call->n_pai && i < STIR_MAX_PAI; i++) {
        if (!read_party(&party, call->pai[i], tn))
            continue;
        int rank = party.kind != STIR_PARTY_TN ? 1 : is_tel(call->pai[i]) ? 3 : 2;
        if (rank > best) {
            *out = party;
            best = rank;
        }
    }
    return best > 0;
}

void stir_message_read(struct stir_message *message, const struct stir_call *call, enum stir_caller_source caller, const struct stir_tn_options *tn)
{
    *message = (struct stir_message){.call = call};
    struct stir_party from = {0}, pai = {0};
    bool has_from = read_party(&from, call->from, tn), has_pai = read_pai(&pai, call, tn);
    switch (call->is_response ? STIR_CALLER_FROM : caller) { /* who answers asserts himself */
    case STIR_CALLER_PAI_FROM: message->caller = has_pai ? pai : from; break;
    case STIR_CALLER_FROM: message->caller = from; break;
    case STIR_CALLER_FROM_PAI: message->caller = has_from && (from.kind == STIR_PARTY_TN || !has_pai) ? from : pai; break;
    }
    if (!read_party(&message->callee, call->to, tn) && !read_party(&message->callee, call->ruri, tn))
        message->callee = (struct stir_party){0};
    /* A Request-URI that cannot be read leads somewhere, and nobody can say that it is to the callee. */
    message->retargeted = call->ruri.p && !(read_party(&message->target, call->ruri, tn) && stir_party_eq(&message->target, &message->callee));
    if (!message->retargeted)
        message->target = message->callee;
    if (call->date.p) {
        message->has_date = stir_date_parse(&message->date, call->date) == STIR_OK;
        if (!message->has_date)
            message->date_fault = STIR_R_DATE_BAD;
    }
}

static bool asks_for_date(const struct stir_policy *policy)
{
    static const enum stir_reason reasons[] = {STIR_R_DATE_BAD, STIR_R_DATE_STALE, STIR_R_DATE_FUTURE, STIR_R_IAT_DATE_DIFFER};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (stir_policy_severity(policy, reasons[i]) != STIR_SEVERITY_OFF)
            return true;
    return false;
}

/* Date against now and Date against iat are rules of their own, each with its window; iat against now is judge_iat()'s. In compact form iat is the Date. */
/*= RFC8224-12.1 */
static void judge_date(struct stir_judgement *j)
{
    const struct stir_message *m = j->message;
    if (!asks_for_date(j->policy)) {
        stir_judge_off(j, STIR_CHECK_DATE);
        return;
    }
    if (m->date_fault != STIR_R_NONE)
        stir_judge_say(j, m->date_fault, "\"%.*s\"", STIR_SHOW(stir_slice_trim(m->call->date)));
    if (!m->has_date)
        return;
    if (m->date < j->now - j->policy->max_date_age)
        stir_judge_say(j, STIR_R_DATE_STALE, "%lld s old, %lld allowed", (long long)(j->now - m->date), (long long)j->policy->max_date_age);
    if (m->date > j->now + j->policy->max_date_age)
        stir_judge_say(j, STIR_R_DATE_FUTURE, "%lld s ahead, %lld allowed", (long long)(m->date - j->now), (long long)j->policy->max_date_age);
    if (j->passport && j->passport->has_iat) {
        int64_t apart = j->passport->iat > m->date ? j->passport->iat - m->date : m->date - j->passport->iat;
        if (apart > j->policy->max_date_iat)
            stir_judge_say(j, STIR_R_IAT_DATE_DIFFER, "they are %lld s apart, %lld allowed", (long long)apart, (long long)j->policy->max_date_iat);
    }
    stir_judge_pass(j, STIR_CHECK_DATE);
}

/* A departure that the verifier bears; those that leave no token to judge have reasons of their own. */
static void judge_departures(struct stir_judgement *j)
{
    unsigned own = STIR_ID_NO_INFO | STIR_ID_INFO_EMPTY | STIR_ID_BAD_PARTS | STIR_ID_BAD_CHARS;
    for (unsigned bit = 1; bit && bit <= j->identity.departures; bit <<= 1)
        if (j->identity.departures & bit & ~own)
            stir_judge_say(j, STIR_R_IDENTITY_DEPARTURE, "%s", stir_identity_departure_text((enum stir_identity_departure)bit));
    if (j->identity.departures & STIR_ID_BAD_PARTS)
        stir_judge_say(j, STIR_R_IDENTITY_PARTS, NULL);
    else if (j->identity.departures & STIR_ID_BAD_CHARS)
        stir_judge_say(j, STIR_R_BASE64, "a character that base64url has not");
}

/* What the claim opt holds is in full form, or it was not taken for a token (passport.c). */
static bool judge_nested(struct stir_judgement *j, struct stir_slice token)
{
    if (!stir_identity_of_token(&j->identity, token)) {
        stir_judge_say(j, STIR_R_IDENTITY_PARTS, NULL);
        return false;
    }
    stir_judge_pass(j, STIR_CHECK_IDENTITY);
    return true;
}

/* A nested token has no parameters: it says itself what they would. */
static void read_own_params(struct stir_judgement *j)
{
    j->identity.info = j->passport->x5u;
    j->identity.ppt = j->passport->ppt_text;
}

static bool judge_identity(struct stir_judgement *j, struct stir_slice value)
{
    struct stir_diag diag = {0};
    enum stir_reason reason = STIR_R_IDENTITY_SYNTAX;
    enum stir_identity_mode mode = j->policy->strict ? STIR_IDENTITY_STRICT : STIR_IDENTITY_TOLERANT;
    enum stir_err err = stir_identity_parse(&j->identity, value, mode, &reason, &diag);
    if (err != STIR_OK) {
        stir_judge_say(j, reason == STIR_R_NONE ? STIR_R_IDENTITY_SYNTAX : reason, "%s", diag.text);
        return false;
    }
    judge_departures(j);
    stir_judge_pass(j, STIR_CHECK_IDENTITY);
    return !(j->identity.departures & STIR_ID_BAD_PARTS);
}

/* Kinds whose signer vouches for the caller decide a call, by the policy. */
/*= RFC8224-6.2c RFC8225-8b */
static bool decides(const struct stir_policy *policy, enum stir_ppt ppt)
{
    const unsigned deciding = 1u << STIR_PPT_NONE | 1u << STIR_PPT_SHAKEN | 1u << STIR_PPT_RCD;
    return ppt != STIR_PPT_OTHER && (policy->accept & deciding & 1u << ppt);
}

/* Third parties sign rich call data for numbers that they do not hold. */
bool stir_is_third_party(const struct stir_judgement *j)
{
    return j->passport && j->passport->ppt == STIR_PPT_RCD && j->passport->iss.p;
}

/*= RFC9795-10a */
bool stir_may_decide(const struct stir_judgement *j)
{
    return j->passport && decides(j->policy, j->passport->ppt) && !stir_is_third_party(j);
}

/* Always read, whatever may decide: div says by whom a call was retargeted, rph speaks of its priority, rcd of its caller; rsp stands in responses alone and
 * speaks of who answers. */
/*= RFC9970-9 */
static bool accepts(const struct stir_judgement *j, enum stir_ppt ppt)
{
    bool response = j->message->call->is_response;
    const unsigned always = 1u << STIR_PPT_DIV | 1u << STIR_PPT_DIV_O | 1u << STIR_PPT_RPH | 1u << STIR_PPT_RCD;
    return always & 1u << ppt || (ppt == STIR_PPT_RSP && response) || decides(j->policy, ppt);
}

/* The ppt parameter and the signed ppt against each other and against what the policy accepts (requirements A1.8, E5, E13, H 42, 43). */
/*= RFC8224-4.1d */
static void judge_kind(struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    struct stir_slice param = j->identity.ppt;
    bool readable = !has_fault(p, STIR_R_HEADER_JSON);
    bool same = readable && stir_slice_eq(param, p->ppt_text) && p->ppt_text.p;
    if (param.p) {
        if (readable && !same && !decides(j->policy, stir_ppt_of(param)))
            stir_judge_say(j, STIR_R_PARAM_PPT_OTHER, "ppt is \"%.*s\"", STIR_SHOW(param));
        else if (!accepts(j, stir_ppt_of(param)))
            stir_judge_say(j, STIR_R_PPT_UNSUPPORTED, "ppt is \"%.*s\"", STIR_SHOW(param));
        else if (readable && !p->ppt_text.p)
            stir_judge_say(j, STIR_R_PPT_MISSING, NULL);
        else if (readable && !same)
            stir_judge_say(j, STIR_R_PPT_OTHER, "the header says \"%.*s\", the token \"%.*s\"", STIR_SHOW(param), STIR_SHOW(p->ppt_text));
    } else if (readable && p->ppt_text.p) {
        stir_judge_say(j, STIR_R_PARAM_PPT_MISSING, NULL);
        if (!accepts(j, p->ppt))
            stir_judge_say(j, STIR_R_PPT_UNSUPPORTED, "ppt is \"%.*s\"", STIR_SHOW(p->ppt_text));
    } else if (readable && !accepts(j, STIR_PPT_NONE)) {
        stir_judge_say(j, STIR_R_PPT_MISSING, NULL);
    }
    if (readable && p->ppt == STIR_PPT_RSP && !j->message->call->is_response)
        stir_judge_say(j, STIR_R_RSP_IN_REQUEST, NULL);
    if (readable && p->ppt == STIR_PPT_RSP)
        stir_judge_pass(j, STIR_CHECK_RSP);
    stir_judge_pass(j, STIR_CHECK_PPT_PARAM);
    if (readable)
        stir_judge_pass(j, STIR_CHECK_PPT);
}

/*= RFC8224-4 */
static void judge_info(struct stir_judgement *j)
{
    struct stir_slice info = j->identity.info;
    if (!info.p) {
        stir_judge_say(j, STIR_R_INFO_MISSING, "%s", j->nested ? "inside of opt x5u stands for it, and is missing too" : "");
        return;
    }
    struct stir_url url;
    enum stir_url_fault fault = stir_url_parse(&url, info, j->policy->any_url);
    if (fault != STIR_URL_GOOD)
        stir_judge_say(j, STIR_R_INFO_BAD, "%s: \"%.*s\"", stir_url_fault_text(fault), STIR_SHOW(info));
    stir_judge_pass(j, STIR_CHECK_INFO);
}

/*= RFC8224-4.1b RFC8224-4.1c */
static void judge_header(struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    stir_judge_faults(j, STIR_CHECK_HEADER);
    stir_judge_pass(j, STIR_CHECK_HEADER);
    if (has_fault(p, STIR_R_HEADER_JSON))
        return;
    if (p->x5u.p && j->identity.info.p) {
        if (!stir_slice_eq(p->x5u, j->identity.info))
            stir_judge_say(j, STIR_R_X5U_OTHER, "x5u is \"%.*s\"", STIR_SHOW(p->x5u));
        stir_judge_pass(j, STIR_CHECK_X5U);
    }
    stir_judge_faults(j, STIR_CHECK_TYP);
    if (p->typ.p)
        stir_judge_pass(j, STIR_CHECK_TYP);
    stir_judge_faults(j, STIR_CHECK_ALG);
    if (p->alg.p) {
        if (j->identity.alg.p && !stir_slice_eq(j->identity.alg, p->alg))
            stir_judge_say(j, STIR_R_PARAM_ALG_OTHER, "the header says \"%.*s\", the token \"%.*s\"", STIR_SHOW(j->identity.alg), STIR_SHOW(p->alg));
        stir_judge_pass(j, STIR_CHECK_ALG);
    }
}

/*= RFC8946-4.2f RFC9795-10.2b */
static void judge_iat(struct stir_judgement *j)
{
    int64_t iat = j->passport->iat;
    if (!j->passport->has_iat)
        return;
    if (iat < j->now - j->policy->max_age)
        stir_judge_say(j, STIR_R_IAT_STALE, "%lld s old, %lld allowed", (long long)(j->now - iat), (long long)j->policy->max_age);
    if (iat > j->now + j->policy->max_future)
        stir_judge_say(j, STIR_R_IAT_FUTURE, "%lld s ahead, %lld allowed", (long long)(iat - j->now), (long long)j->policy->max_future);
    stir_judge_pass(j, STIR_CHECK_IAT);
}

bool stir_party_of_claim(struct stir_party *out, const struct stir_claim_party *claim)
{
    enum stir_err err = claim->kind == STIR_PARTY_TN ? stir_tn_parse(out, claim->text, NULL) : stir_party_parse(out, claim->text, NULL);
    return err == STIR_OK && out->kind == claim->kind;
}

/* A claim names the same party as the message. A number that was signed with '+' or separators is brought into form first; that departure has its own warning.
 */
bool stir_claim_is(const struct stir_claim_party *claim, const struct stir_party *party)
{
    struct stir_party signed_for;
    if (claim->kind != party->kind)
        return false;
    if (stir_slice_eq(claim->text, stir_slice_of(party->text, party->len)))
        return true;
    if (claim->kind == STIR_PARTY_TN && stir_tn_is_canonical(claim->text))
        return false;
    return stir_party_of_claim(&signed_for, claim) && stir_party_eq(&signed_for, party);
}

bool stir_dest_is(const struct stir_passport *passport, const struct stir_party *party)
{
    for (size_t i = 0; i < passport->n_dest; i++)
        if (stir_claim_is(&passport->dest[i], party))
            return true;
    return false;
}

/* Cut and paste is caught here: the caller comes from the message, never from the token. For whom the call is, div.c judges over all tokens together. */
/*= RFC8224-6.2.4 RFC9795-10.2a */
static void judge_caller(struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    const struct stir_party *caller = &j->message->caller;
    if (caller->kind == STIR_PARTY_NONE) {
        stir_judge_say(j, STIR_R_CALLER_UNKNOWN, NULL);
    } else if (p->orig.kind != STIR_PARTY_NONE) {
        if (!stir_claim_is(&p->orig, caller))
            stir_judge_say(j, STIR_R_ORIG_MISMATCH, "orig is %.*s, the message says %s", STIR_SHOW(p->orig.text), caller->text);
        stir_judge_pass(j, STIR_CHECK_ORIG);
    }
}

/* How well the signer knows the caller, where the policy asks for it. Of a kind that has no attestation nobody can say. */
static void judge_attest(struct stir_judgement *j)
{
    const struct stir_passport *p = j->passport;
    char least = j->policy->min_attest;
    stir_judge_faults(j, STIR_CHECK_ATTEST);
    if (least && stir_may_decide(j) && (!p->attest || p->attest > least)) /* 'A' is the highest */
        stir_judge_say(j, STIR_R_ATTEST_BELOW_MINIMUM, "attest is %c, at least %c is asked for", p->attest ? p->attest : '-', least);
    if (p->attest)
        stir_judge_pass(j, STIR_CHECK_ATTEST);
}

enum stir_err stir_judge_gates(struct stir_judgement *j, struct stir_slice value)
{
    bool readable = j->nested ? judge_nested(j, value) : judge_identity(j, value);
    if (!readable) {
        judge_date(j);
        return STIR_OK;
    }
    if (j->identity.compact) {
        TRY(stir_compact_expand(j));
        if (j->identity.compact) { /* still: it was refused, and there is no more to read */
            judge_info(j);
            judge_date(j);
            return STIR_OK;
        }
    } else {
        stir_judge_pass(j, STIR_CHECK_FORM);
    }
    struct stir_passport *p = stir_arena_get(j->arena, sizeof(*p));
    if (!p)
        return STIR_ENOMEM;
    TRY(stir_passport_read(p, j->arena, &j->identity));
    j->passport = p;
    if (j->nested)
        read_own_params(j);
    stir_judge_faults(j, STIR_CHECK_IDENTITY);
    judge_kind(j);
    judge_info(j);
    judge_header(j);
    stir_judge_faults(j, STIR_CHECK_PAYLOAD);
    stir_judge_pass(j, STIR_CHECK_PAYLOAD);
    stir_judge_faults(j, STIR_CHECK_SIGNATURE);
    if (!has_fault(p, STIR_R_PAYLOAD_JSON)) {
        judge_iat(j);
        judge_caller(j);
        judge_attest(j);
        TRY(stir_judge_claims(j));
    }
    judge_date(j);
    return STIR_OK;
}
