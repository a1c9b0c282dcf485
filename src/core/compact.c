/* The compact form (RFC 8224 §4.1.1, RFC 8225 §7): header and payload are rebuilt from the message, byte for byte as the signer must have built them. */
#include "core/compact.h"

#include "core/json_text.h"
#include "core/mky.h"
#include "core/sip.h"
#include "core/verify.h"

/*= RFC8224-6.2f */
static enum stir_err rebuild(struct stir_judgement *j, struct stir_passport_params *params)
{
    enum { ROOM = STIR_MAX_JSON };
    const struct stir_message *m = j->message;
    char *header = stir_arena_get(j->arena, ROOM), *payload = stir_arena_get(j->arena, ROOM);
    char *token = stir_arena_get(j->arena, STIR_MAX_TOKEN);
    size_t n_header, n_payload;
    if (!header || !payload || !token)
        return STIR_ENOMEM;
    params->x5u = j->identity.info;
    params->iat = m->date;
    params->orig = &m->caller;
    params->dest = &m->callee;
    params->n_dest = 1;
    TRY(stir_passport_write_header(header, ROOM, &n_header, params));
    TRY(stir_passport_write_payload(payload, ROOM, &n_payload, params, NULL));
    struct stir_writer w = stir_writer_of(token, STIR_MAX_TOKEN);
    struct stir_identity full = j->identity;
    stir_put_b64url(&w, stir_slice_of(header, n_header));
    full.header = stir_slice_of(token, w.need);
    stir_put_char(&w, '.');
    size_t at = w.need;
    stir_put_b64url(&w, stir_slice_of(payload, n_payload));
    full.payload = stir_slice_of(token + at, w.need - at);
    full.signing_input = stir_slice_of(token, w.need);
    stir_put_char(&w, '.');
    at = w.need;
    stir_put_slice(&w, j->identity.signature);
    full.signature = stir_slice_of(token + at, w.need - at);
    full.token = stir_slice_of(token, w.need);
    full.compact = false;
    if (w.need > w.cap)
        return STIR_ELIMIT;
    j->identity = full;
    return STIR_OK;
}

static enum stir_err write_name(struct stir_slice *rcd, struct stir_arena *arena, struct stir_slice display_name)
{
    static const char begin[] = "{\"nam\":", escape[] = "\\u0000";
    struct stir_slice name;
    if (display_name.n > STIR_MAX_JSON)
        return STIR_ELIMIT;
    TRY(stir_sip_text(&name, arena, display_name));
    size_t room = sizeof(begin) + name.n * (sizeof(escape) - 1) + sizeof("\"\"}");
    char *text = stir_arena_get(arena, room);
    if (!text)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(text, room);
    stir_put_text(&w, begin);
    stir_put_json_string(&w, name);
    stir_put_char(&w, '}');
    *rcd = stir_slice_of(text, w.need);
    return stir_utf8_valid(name) ? STIR_OK : STIR_EVALUE;
}

/*= RFC9795-12.2a */
enum stir_err stir_compact_rcd(struct stir_slice *rcd, struct stir_slice *crn, struct stir_arena *arena, const struct stir_call *call)
{
    *crn = stir_slice_of(NULL, 0);
    if (call->call_reason.p) /*= RFC9795-9.3 */
        TRY(stir_sip_text(crn, arena, call->call_reason));
    return write_name(rcd, arena, call->display_name);
}

/* What the message holds beyond who calls whom: media keys, and for ppt rcd the name that is shown, and why. */
static enum stir_err fill(struct stir_passport_params *params, struct stir_arena *arena, const struct stir_call *call)
{
    TRY(stir_mky_write(&params->mky, arena, call->fingerprints, call->n_fingerprints)); /* sorted when the payload is written */
    return params->ppt == STIR_PPT_RCD ? stir_compact_rcd(&params->rcd, &params->crn, arena, call) : STIR_OK;
}

enum stir_err stir_compact_expand(struct stir_judgement *j)
{
    const struct stir_message *m = j->message;
    enum stir_ppt kind = j->identity.ppt.p ? stir_ppt_of(j->identity.ppt) : STIR_PPT_NONE;
    bool defined = kind == STIR_PPT_NONE || kind == STIR_PPT_RCD; /* SHAKEN, div, rph and rsp are full form only */
    if (!j->policy->allow_compact || !defined) {
        stir_judge_say(j, STIR_R_COMPACT_FORM, defined ? "this policy takes the full form alone" : NULL);
        return STIR_OK;
    }
    stir_judge_pass(j, STIR_CHECK_FORM);
    if (!m->has_date)
        stir_judge_say(j, STIR_R_DATE_MISSING, NULL);
    if (m->caller.kind == STIR_PARTY_NONE)
        stir_judge_say(j, STIR_R_CALLER_UNKNOWN, NULL);
    if (m->callee.kind == STIR_PARTY_NONE)
        stir_judge_say(j, STIR_R_CALLEE_UNKNOWN, NULL);
    if (!m->has_date || m->caller.kind == STIR_PARTY_NONE || m->callee.kind == STIR_PARTY_NONE) {
        if (!stir_judge_failure(j)) /* borne or not, there is nothing to rebuild it from */
            stir_judge_say(j, STIR_R_COMPACT_FORM, "the message lacks what it is rebuilt from");
        return STIR_OK;
    }
    struct stir_passport_params params = STIR_PASSPORT_PARAMS_INIT;
    params.ppt = kind;
    enum stir_err err = fill(&params, j->arena, m->call);
    if (err == STIR_OK)
        err = rebuild(j, &params);
    if (err == STIR_ENOMEM)
        return err;
    if (err != STIR_OK)
        stir_judge_say(j, STIR_R_COMPACT_FORM, "it cannot be rebuilt from the message: %s", stir_err_text(err));
    return STIR_OK;
}
