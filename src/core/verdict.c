#include "core/verdict.h"

#include "core/json_text.h"

void stir_verdict_free(struct stir_verdict *verdict)
{
    if (!verdict)
        return;
    struct stir_verdict_box *box = (struct stir_verdict_box *)verdict;
    for (size_t i = 0; i < box->n_chains; i++)
        stir_chain_free(box->chains[i]);
    stir_trust_free(box->trust);
    struct stir_arena arena = box->arena; /* the box lies in it */
    stir_arena_clear(&arena);
}

const char *stir_outcome_text(enum stir_outcome outcome)
{
    switch (outcome) {
    case STIR_PASS: return "pass";
    case STIR_WARNING: return "warning";
    case STIR_FAIL: return "fail";
    case STIR_OFF: return "off";
    case STIR_NOT_REACHED: break;
    }
    return "not reached";
}

const char *stir_rph_verstat_text(enum stir_rph_verstat rph)
{
    switch (rph) {
    case STIR_RPH_PASSED: return "RPH-Validation-Passed";
    case STIR_RPH_FAILED: return "RPH-Validation-Failed";
    case STIR_RPH_NONE: break;
    }
    return "No-RPH-Validation";
}

const char *stir_connected_text(enum stir_connected connected)
{
    switch (connected) {
    case STIR_CONNECTED_PASSED: return "passed";
    case STIR_CONNECTED_FAILED: return "failed";
    case STIR_CONNECTED_UNKNOWN: break;
    }
    return "unknown";
}

static const struct stir_check *failing_check(const struct stir_token_verdict *t)
{
    for (size_t i = 0; t && i < t->n_checks; i++)
        if (t->checks[i].outcome == STIR_FAIL)
            return &t->checks[i];
    return NULL;
}

/* Text of an outsider on a line of ours: control characters, those of ISO 6429's upper half too, and what is no UTF-8 become '?'. */
static void put_plain(struct stir_writer *w, struct stir_slice s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = s.n ? p + s.n : p;
    while (p < end) {
        uint32_t c = 0;
        size_t n = stir_utf8_read(p, end, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
            stir_put_char(w, '?');
        else
            stir_put(w, p, n);
        p += n ? n : 1;
    }
}

/* The same for a value that ends at the next blank: nobody writes a pair of his own. */
static void put_word(struct stir_writer *w, struct stir_slice s)
{
    while (s.n) {
        size_t blank = stir_slice_find(s, ' ');
        put_plain(w, stir_slice_upto(s, blank));
        if (blank < s.n)
            stir_put_char(w, '?');
        s = stir_slice_from(s, blank < s.n ? blank + 1 : blank);
    }
}

static void put_pair(struct stir_writer *w, const char *name, struct stir_slice value)
{
    if (!value.n)
        return;
    stir_put_char(w, ' ');
    stir_put_text(w, name);
    stir_put_char(w, '=');
    put_word(w, value);
}

static void put_parties(struct stir_writer *w, const struct stir_token_verdict *t)
{
    put_pair(w, "orig", t->orig);
    for (size_t i = 0; i < t->n_dest; i++) {
        if (i == 0) {
            put_pair(w, "dest", t->dest[0]);
        } else {
            stir_put_char(w, ',');
            put_word(w, t->dest[i]);
        }
    }
}

/* Of a response: the token that says who answers, or why nobody can say. */
static const struct stir_token_verdict *answering(const struct stir_verdict *v)
{
    for (size_t i = 0; i < v->n_tokens; i++)
        if (v->tokens[i].ppt == STIR_PPT_RSP && (v->tokens[i].reason == STIR_R_NONE) == (v->connected == STIR_CONNECTED_PASSED))
            return &v->tokens[i];
    return NULL;
}

static void put_line(struct stir_writer *w, const struct stir_verdict *v)
{
    const struct stir_token_verdict *t = v->connected ? answering(v) : stir_verdict_decider(v);
    enum stir_reason reason = v->connected && t ? t->reason : v->reason;
    stir_put_text(w, stir_verstat_text(v->verstat));
    if (v->connected)
        put_pair(w, "connected", stir_slice_str(stir_connected_text(v->connected)));
    if (v->rph != STIR_RPH_NONE)
        put_pair(w, "priority", stir_slice_str(stir_rph_verstat_text(v->rph)));
    if (reason != STIR_R_NONE) {
        const struct stir_reason_info *info = stir_reason_info(reason);
        const struct stir_check *check = failing_check(t);
        stir_put_format(w, " reason=%s sip=%d \"%s\"", info->name, info->sip_code, info->sip_phrase);
        if (t)
            put_parties(w, t);
        stir_put_format(w, ": %s", info->text);
        if (check && check->detail[0]) {
            stir_put_text(w, " (");
            put_plain(w, stir_slice_str(check->detail));
            stir_put_char(w, ')');
        }
        return;
    }
    if (!t)
        return;
    if (t->attest)
        put_pair(w, "attest", stir_slice_of(&t->attest, 1));
    put_pair(w, "spc", t->spc);
    put_parties(w, t);
    if (t->has_iat) {
        stir_put_text(w, " age=");
        stir_put_int(w, v->now - t->iat);
        stir_put_char(w, 's');
    }
    if (t->n_warnings)
        stir_put_format(w, " warnings=%zu", t->n_warnings);
}

enum stir_err stir_verdict_line(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict)
{
    if (!buf || !len || !verdict)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    put_line(&w, verdict);
    return stir_writer_close(&w, len);
}

static void explain_check(struct stir_writer *w, const struct stir_check *c)
{
    stir_put_format(w, "  %-11s  %-11s  ", stir_outcome_text(c->outcome), stir_check_name(c->id));
    const struct stir_reason_info *info = stir_reason_info(c->reason);
    if (!info) {
        stir_put_text(w, stir_check_question(c->id));
    } else {
        stir_put_format(w, "%s: %s", info->name, info->text);
        if (c->detail[0]) {
            stir_put_text(w, " (");
            put_plain(w, stir_slice_str(c->detail));
            stir_put_char(w, ')');
        }
        stir_put_format(w, "  [%s]", info->clause);
    }
    stir_put_char(w, '\n');
}

static size_t headers_of(const struct stir_verdict *v)
{
    size_t n = 0;
    while (n < v->n_tokens && v->tokens[n].nested == 0)
        n++;
    return n;
}

static void explain_token(struct stir_writer *w, const struct stir_verdict *v, const struct stir_token_verdict *t)
{
    stir_put_format(w, "Identity %zu of %zu", t->index + 1, headers_of(v));
    if (t->nested)
        stir_put_format(w, ", token %zu inside of its own", t->nested);
    stir_put_format(w, ": %s", stir_verstat_text(t->verstat));
    if (t->ppt_text.n)
        put_pair(w, "ppt", t->ppt_text);
    if (t->attest)
        put_pair(w, "attest", stir_slice_of(&t->attest, 1));
    put_parties(w, t);
    put_pair(w, "origid", t->origid);
    put_pair(w, "iss", t->iss);
    stir_put_char(w, '\n');
    if (t->signer[0]) {
        stir_put_text(w, "  signed as  ");
        put_plain(w, stir_slice_str(t->signer));
        put_pair(w, "spc", t->spc);
        if (t->domain[0])
            put_pair(w, "domain", stir_slice_str(t->domain));
        stir_put_char(w, '\n');
    }
    if (t->rcd.p || t->crn.p) {
        stir_put_text(w, t->iss.p ? "  call data of a third party  " : "  call data   ");
        put_plain(w, t->rcd);
        put_pair(w, "crn", t->crn);
        stir_put_char(w, '\n');
    }
    for (size_t i = 0; i < t->n_checks; i++)
        explain_check(w, &t->checks[i]);
    if (t->n_warnings) {
        stir_put_text(w, "  warnings:");
        for (size_t i = 0; i < t->n_warnings; i++)
            stir_put_format(w, " %s", stir_reason_name(t->warnings[i]));
        stir_put_char(w, '\n');
    }
}

/* What a verifier would answer: the response when it refuses the call, the headers when it does not. */
static void explain_answer(struct stir_writer *w, const struct stir_verdict *v)
{
    const struct stir_reason_info *info = stir_reason_info(v->reason);
    if (info)
        stir_put_format(w, "Response when the call is refused: %d %s\n", info->sip_code, info->sip_phrase);
    for (size_t i = 0, n = 0; i < stir_reports_of(v); i++) {
        if (!stir_reports(v, i))
            continue;
        stir_put_text(w, n++ ? "  Reason: " : "Headers of a response when it goes on:\n  Reason: ");
        stir_put_reason(w, v, i, STIR_REASON_STIR);
        stir_put_char(w, '\n');
    }
}

enum stir_err stir_verdict_explain(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict)
{
    if (!buf || !len || !verdict)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    put_line(&w, verdict);
    stir_put_char(&w, '\n');
    for (size_t i = 0; i < verdict->n_tokens; i++)
        explain_token(&w, verdict, &verdict->tokens[i]);
    explain_answer(&w, verdict);
    return stir_writer_close(&w, len);
}

/* Every member but an object's first, which is written by hand. */
static void json_name(struct stir_writer *w, const char *name)
{
    stir_put_char(w, ',');
    stir_put_json_string(w, stir_slice_str(name));
    stir_put_char(w, ':');
}

static void json_text(struct stir_writer *w, const char *name, struct stir_slice value)
{
    json_name(w, name);
    if (value.p && value.n)
        stir_put_json_string(w, value);
    else
        stir_put_text(w, "null");
}

static void json_int(struct stir_writer *w, const char *name, bool given, int64_t value)
{
    json_name(w, name);
    if (given)
        stir_put_int(w, value);
    else
        stir_put_text(w, "null");
}

static void json_reason(struct stir_writer *w, enum stir_reason reason)
{
    const struct stir_reason_info *info = stir_reason_info(reason);
    json_text(w, "reason", stir_slice_str(info ? info->name : NULL));
    json_name(w, "sip");
    if (!info) {
        stir_put_text(w, "null");
        return;
    }
    stir_put_format(w, "{\"code\":%d,\"phrase\":\"%s\"}", info->sip_code, info->sip_phrase);
}

/* The members that the call and each of its tokens share; NULL writes them as null. */
static void json_claims(struct stir_writer *w, const struct stir_token_verdict *t)
{
    static const struct stir_token_verdict nobody = {.signer = "", .domain = ""};
    if (!t)
        t = &nobody;
    json_text(w, "attest", stir_slice_of(&t->attest, t->attest ? 1 : 0));
    json_text(w, "orig", t->orig);
    json_name(w, "dest");
    stir_put_char(w, '[');
    for (size_t i = 0; i < t->n_dest; i++) {
        if (i)
            stir_put_char(w, ',');
        stir_put_json_string(w, t->dest[i]);
    }
    stir_put_char(w, ']');
    json_text(w, "origid", t->origid);
    json_int(w, "iat", t->has_iat, t->iat);
    json_text(w, "x5u", t->x5u);
    json_text(w, "spc", t->spc);
}

static void json_check(struct stir_writer *w, const struct stir_check *c)
{
    const struct stir_reason_info *info = stir_reason_info(c->reason);
    stir_put_format(w, "{\"name\":\"%s\"", stir_check_name(c->id));
    json_text(w, "result", stir_slice_str(stir_outcome_text(c->outcome)));
    json_text(w, "reason", stir_slice_str(info ? info->name : NULL));
    json_text(w, "clause", stir_slice_str(info ? info->clause : NULL));
    json_text(w, "detail", stir_slice_str(c->detail));
    stir_put_char(w, '}');
}

static void json_token(struct stir_writer *w, const struct stir_token_verdict *t)
{
    stir_put_format(w, "{\"index\":%zu,\"nested\":%zu", t->index, t->nested);
    json_text(w, "ppt", t->ppt_text);
    json_text(w, "verstat", stir_slice_str(stir_verstat_text(t->verstat)));
    json_reason(w, t->reason);
    json_claims(w, t);
    json_text(w, "signer", stir_slice_str(t->signer));
    json_text(w, "domain", stir_slice_str(t->domain));
    json_text(w, "iss", t->iss);
    json_name(w, "rcd");
    stir_put_slice(w, t->rcd.p ? t->rcd : stir_slice_str("null"));
    json_text(w, "crn", t->crn);
    json_name(w, "warnings");
    stir_put_char(w, '[');
    for (size_t i = 0; i < t->n_warnings; i++) {
        if (i)
            stir_put_char(w, ',');
        stir_put_json_string(w, stir_slice_str(stir_reason_name(t->warnings[i])));
    }
    stir_put_char(w, ']');
    json_name(w, "path");
    stir_put_char(w, '[');
    for (size_t i = 0; i < t->n_path; i++) {
        if (i)
            stir_put_char(w, ',');
        stir_put_json_string(w, t->path[i]);
    }
    stir_put_char(w, ']');
    json_name(w, "checks");
    stir_put_char(w, '[');
    for (size_t i = 0; i < t->n_checks; i++) {
        if (i)
            stir_put_char(w, ',');
        json_check(w, &t->checks[i]);
    }
    stir_put_text(w, "]}");
}

static void json_reason_headers(struct stir_writer *w, const struct stir_verdict *v)
{
    json_name(w, "reason_headers");
    stir_put_char(w, '[');
    for (size_t i = 0, n = 0; i < stir_reports_of(v); i++) {
        char text[512];
        struct stir_writer value = stir_writer_of(text, sizeof(text));
        if (!stir_reports(v, i) || !stir_put_reason(&value, v, i, STIR_REASON_STIR) || value.need > value.cap)
            continue;
        if (n++)
            stir_put_char(w, ',');
        stir_put_json_string(w, stir_slice_of(text, value.need));
    }
    stir_put_char(w, ']');
}

enum stir_err stir_verdict_json(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict)
{
    if (!buf || !len || !verdict)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    const struct stir_token_verdict *t = stir_verdict_decider(verdict);
    stir_put_text(&w, "{\"schema\":1");
    json_text(&w, "verstat", stir_slice_str(stir_verstat_text(verdict->verstat)));
    json_text(&w, "verstatPriority", stir_slice_str(stir_rph_verstat_text(verdict->rph)));
    json_text(&w, "connected", stir_slice_str(verdict->connected ? stir_connected_text(verdict->connected) : NULL));
    json_claims(&w, t);
    json_reason(&w, verdict->reason);
    json_reason_headers(&w, verdict);
    json_int(&w, "now", true, verdict->now);
    json_text(&w, "policy", stir_slice_str(verdict->policy));
    json_int(&w, "trust_generation", true, (int64_t)verdict->trust_generation);
    json_int(&w, "deciding", t != NULL, verdict->deciding);
    json_name(&w, "tokens");
    stir_put_char(&w, '[');
    for (size_t i = 0; i < verdict->n_tokens; i++) {
        if (i)
            stir_put_char(&w, ',');
        json_token(&w, &verdict->tokens[i]);
    }
    stir_put_text(&w, "]}");
    return stir_writer_close(&w, len);
}
