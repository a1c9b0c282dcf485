/* The compact form (RFC 8224 §4.1.1, RFC 8225 §7): header and payload are rebuilt from the message, byte for byte as the signer must have built them. */
#include "core/json.h"
#include "core/verify.h"

enum { MKY_MAX = 2048 };

/* One a=fingerprint value, "sha-256 AB:CD:...", as a member of mky; false when it is none. */
static bool put_fingerprint(struct stir_writer *w, struct stir_slice value)
{
    value = stir_slice_trim(value);
    size_t space = stir_slice_find(value, ' ');
    if (space == 0 || space == value.n)
        return false;
    struct stir_slice dig = stir_slice_trim(stir_slice_from(value, space));
    stir_put_text(w, "{\"alg\":\"");
    for (size_t i = 0; i < space; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\' || (unsigned char)value.p[i] < 0x21)
            return false;
        stir_put_char(w, stir_lower(value.p[i]));
    }
    stir_put_text(w, "\",\"dig\":\"");
    for (size_t i = 0; i < dig.n; i++) {
        char c = dig.p[i];
        if (c == ':')
            continue;
        if (stir_hex_value(c) < 0)
            return false;
        stir_put_char(w, c >= 'a' && c <= 'f' ? (char)(c - ('a' - 'A')) : c);
    }
    stir_put_text(w, "\"}");
    return true;
}

static bool comes_before(struct stir_slice a, struct stir_slice b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order < 0 || (order == 0 && a.n < b.n);
}

/* mky of the message's fingerprints, sorted (RFC 8225 §5.2.2); the absent slice when there are none. */
static enum stir_err write_mky(struct stir_slice *out, struct stir_judgement *j)
{
    const struct stir_call *call = j->message->call;
    struct stir_slice item[STIR_MAX_FINGERPRINTS];
    size_t n = call->n_fingerprints < STIR_MAX_FINGERPRINTS ? call->n_fingerprints : STIR_MAX_FINGERPRINTS, done = 0;
    *out = (struct stir_slice){NULL, 0};
    char *room = n ? stir_arena_get(j->arena, 2 * MKY_MAX) : NULL;
    if (n && !room)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(room, MKY_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t from = w.need;
        if (!put_fingerprint(&w, call->fingerprints[i]) || w.need > w.cap)
            return STIR_OK;
        struct stir_slice this = stir_slice_of(room + from, w.need - from);
        size_t at = done++;
        for (; at > 0 && comes_before(this, item[at - 1]); at--)
            item[at] = item[at - 1];
        item[at] = this;
    }
    if (n == 0)
        return STIR_OK;
    struct stir_writer list = stir_writer_of(room + MKY_MAX, MKY_MAX);
    for (size_t i = 0; i < done; i++) {
        stir_put_char(&list, i ? ',' : '[');
        stir_put_slice(&list, item[i]);
    }
    stir_put_char(&list, ']');
    if (list.need <= list.cap)
        *out = stir_slice_of(list.p, list.need);
    return STIR_OK;
}

/*= RFC8224-4.1.1 */
static enum stir_err rebuild(struct stir_judgement *j, struct stir_passport_params *params)
{
    enum { ROOM = STIR_MAX_JSON };
    const struct stir_message *m = j->message;
    char *header = stir_arena_get(j->arena, ROOM), *payload = stir_arena_get(j->arena, ROOM);
    char *token = stir_arena_get(j->arena, STIR_MAX_TOKEN);
    size_t n_header, n_payload;
    if (!header || !payload || !token)
        return STIR_ENOMEM;
    params->ppt = STIR_PPT_NONE;
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

enum stir_err stir_compact_expand(struct stir_judgement *j)
{
    const struct stir_message *m = j->message;
    bool base = !j->identity.ppt.p; /* no other kind defines it: SHAKEN, div, rph and rsp are full form only */
    if (!j->policy->allow_compact || !base) {
        stir_judge_say(j, STIR_R_COMPACT_FORM, NULL);
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
    TRY(write_mky(&params.mky, j));
    enum stir_err err = rebuild(j, &params);
    if (err == STIR_ENOMEM)
        return err;
    if (err != STIR_OK)
        stir_judge_say(j, STIR_R_COMPACT_FORM, "it cannot be rebuilt from the message: %s", stir_err_text(err));
    return STIR_OK;
}
