/* What a verifier says to the one who signed: Reason headers (RFC 3326, RFC 9410). Nothing in them is of the caller's choosing but a signature, and that only
 * when it can be one. */
#include "core/verdict.h"

static enum stir_reason reason_of(const struct stir_verdict *v, size_t token)
{
    return v->n_tokens ? v->tokens[token].reason : v->reason;
}

/*= RFC8224-6.2c */
bool stir_reports(const struct stir_verdict *verdict, size_t token)
{
    enum stir_reason reason = reason_of(verdict, token);
    bool ignored = reason == STIR_R_PPT_UNSUPPORTED || reason == STIR_R_RSP_IN_REQUEST;
    return reason != STIR_R_NONE && (!ignored || verdict->reason == reason);
}

static bool is_signature(struct stir_slice s)
{
    return stir_is_all(s, STIR_C_PART) && s.n <= STIR_MAX_PPI && stir_slice_find(s, '.') == s.n;
}

/*= RFC9410-5a RFC9410-5b */
bool stir_put_reason(struct stir_writer *w, const struct stir_verdict *verdict, size_t token, enum stir_reason_protocol protocol)
{
    const struct stir_verdict_box *box = (const struct stir_verdict_box *)verdict;
    bool whole_call = protocol == STIR_REASON_SIP;
    const struct stir_reason_info *info = stir_reason_info(whole_call ? verdict->reason : reason_of(verdict, token));
    if (!info)
        return false;
    stir_put_format(w, "%s ;cause=%d ;text=\"%s\"", whole_call ? "SIP" : "STIR", info->sip_code, info->sip_phrase);
    if (!whole_call && verdict->n_tokens && is_signature(box->signature[token])) {
        stir_put_text(w, " ;ppi=\"..");
        stir_put_slice(w, box->signature[token]);
        stir_put_char(w, '"');
    }
    return true;
}

enum stir_err stir_verdict_reason_header(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict, size_t token)
{
    if (!buf || !len || !verdict || (token >= verdict->n_tokens && verdict->n_tokens))
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    return stir_put_reason(&w, verdict, token, STIR_REASON_STIR) ? stir_writer_close(&w, len) : STIR_ENOTFOUND;
}

static void put_header(struct stir_writer *w, const struct stir_verdict *verdict, size_t token, enum stir_reason_protocol protocol)
{
    stir_put_text(w, "Reason: ");
    stir_put_reason(w, verdict, token, protocol);
    stir_put_text(w, "\r\n");
}

/*= RFC9410-6 */
enum stir_err stir_verdict_reason_headers(char *buf, size_t cap, size_t *len, const struct stir_verdict *verdict, enum stir_reason_protocol protocol)
{
    if ((!buf && cap) || !len || !verdict || (unsigned)protocol > STIR_REASON_SIP)
        return STIR_EARG;
    struct stir_writer w = stir_writer_of(buf, cap);
    if (protocol == STIR_REASON_SIP && verdict->reason != STIR_R_NONE)
        put_header(&w, verdict, 0, protocol);
    for (size_t i = 0; protocol == STIR_REASON_STIR && i < stir_reports_of(verdict); i++)
        if (stir_reports(verdict, i))
            put_header(&w, verdict, i, protocol);
    return stir_writer_close(&w, len);
}
