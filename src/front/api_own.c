/* Our own JSON interface: /v1/sign, /v1/verify, /v1/inspect and their batches. */
#include "front/api.h"

#include "core/sip.h"
#include "service/record.h"

static bool no_memory(struct stir_api_fault *fault)
{
    return stir_api_fail(fault, STIR_API_INTERNAL, "", "out of memory");
}

/* A whole SIP message. */
static bool read_message(struct stir_sip **out, struct stir_slice message, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_diag diag = {0};
    struct stir_sip *sip = stir_arena_get(arena, sizeof(*sip));
    if (!sip)
        return no_memory(fault);
    enum stir_err err = stir_sip_parse(sip, message, &diag);
    if (err != STIR_OK)
        return stir_api_fail(fault, STIR_API_VALUE, "message", "%s", diag.text[0] ? diag.text : stir_err_text(err));
    *out = sip;
    return true;
}

/* A party as people write it too: "12155551212", "sip:alice@example.com"; else as {"tn": ...} or {"uri": ...}. */
static bool read_parties(struct stir_party *out, size_t cap, size_t *n, struct stir_json value, const char *name, struct stir_arena *arena,
                         struct stir_api_fault *fault)
{
    struct stir_slice text = {0};
    if (value.type == STIR_JSON_OBJECT)
        return stir_api_read_parties(out, cap, n, value, name, arena, fault);
    struct stir_slice texts[STIR_MAX_DESTS];
    size_t count = 0;
    if (!stir_api_read_texts(texts, STIR_MAX_DESTS, &count, value, name, arena, fault))
        return false;
    if (count == 0 || count > cap)
        return stir_api_fail(fault, STIR_API_VALUE, name, "it names %zu, where 1 to %zu may be", count, cap);
    for (*n = 0; *n < count; ++*n) {
        text = texts[*n];
        enum stir_err err = stir_party_parse(&out[*n], text, NULL);
        if (err != STIR_OK)
            return stir_api_fail(fault, STIR_API_VALUE, name, "%.*s: %s", STIR_SHOW(text), stir_err_text(err));
        if (out[*n].kind == STIR_PARTY_NONE)
            return stir_api_fail(fault, STIR_API_VALUE, name, "it names nobody");
    }
    return true;
}

static bool raw_json(struct stir_slice *out, struct stir_json value)
{
    *out = value.text;
    return true;
}

/* Signing */

enum { MESSAGE, PPT, ATTEST, ORIG, DEST, IAT, ORIGID, DIV, HI, OPT, RPH, SPH, RCD, RCDI, CRN, ISS, MKY, SIGN_MEMBERS };

static bool read_kind(struct stir_passport_params *c, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    c->ppt = STIR_PPT_SHAKEN;
    struct stir_slice text = {0};
    if (!m->there)
        return true;
    if (!stir_api_read_text(&text, m->value, "ppt", arena, fault))
        return false;
    c->ppt = text.n ? stir_ppt_of(text) : STIR_PPT_NONE;
    return c->ppt != STIR_PPT_OTHER ? true : stir_api_fail(fault, STIR_API_VALUE, "ppt", "no such kind of token is known");
}

static bool read_texts_of(struct stir_passport_params *c, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    const struct {
        int member;
        struct stir_slice *to;
    } texts[] = {{ORIGID, &c->origid}, {HI, &c->div_hi}, {OPT, &c->opt}, {SPH, &c->sph}, {CRN, &c->crn}, {ISS, &c->iss}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (m[texts[i].member].there && !stir_api_read_text(texts[i].to, m[texts[i].member].value, m[texts[i].member].name, arena, fault))
            return false;
    (void)(m[RCD].there && raw_json(&c->rcd, m[RCD].value));
    (void)(m[RCDI].there && raw_json(&c->rcdi, m[RCDI].value));
    (void)(m[MKY].there && raw_json(&c->mky, m[MKY].value));
    return true;
}

static bool read_claims(struct stir_api_sign *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_passport_params *c = &out->claims;
    size_t one = 0;
    if (!m[ORIG].there || !m[DEST].there)
        return stir_api_fail(fault, STIR_API_MISSING, m[ORIG].there ? "dest" : "orig", "it is not there, and neither is message");
    if (!read_kind(c, &m[PPT], arena, fault) || !read_parties(&out->orig, 1, &one, m[ORIG].value, "orig", arena, fault) ||
        !read_parties(out->dest, STIR_MAX_DESTS, &c->n_dest, m[DEST].value, "dest", arena, fault))
        return false;
    c->orig = &out->orig;
    c->dest = out->dest;
    if (m[DIV].there && !read_parties(&out->div, 1, &one, m[DIV].value, "div", arena, fault))
        return false;
    c->div = m[DIV].there ? &out->div : NULL;
    c->rph = m[RPH].there ? out->rph : NULL;
    if (m[RPH].there && !stir_api_read_rph(out->rph, &c->n_rph, m[RPH].value, arena, fault))
        return false;
    if (m[IAT].there && !stir_api_read_time(&c->iat, m[IAT].value, "iat", fault))
        return false;
    if (m[ATTEST].there && !stir_api_read_attest(&c->attest, m[ATTEST].value, arena, fault))
        return false;
    return read_texts_of(c, m, arena, fault);
}

bool stir_api_read_sign(struct stir_api_sign *out, struct stir_slice body, bool sip_body, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_json object;
    struct stir_api_member m[SIGN_MEMBERS] = {
        [MESSAGE] = {.name = "message"}, [PPT] = {.name = "ppt"},       [ATTEST] = {.name = "attest"}, [ORIG] = {.name = "orig"}, [DEST] = {.name = "dest"},
        [IAT] = {.name = "iat"},         [ORIGID] = {.name = "origid"}, [DIV] = {.name = "div"},       [HI] = {.name = "hi"},     [OPT] = {.name = "opt"},
        [RPH] = {.name = "rph"},         [SPH] = {.name = "sph"},       [RCD] = {.name = "rcd"},       [RCDI] = {.name = "rcdi"}, [CRN] = {.name = "crn"},
        [ISS] = {.name = "iss"},         [MKY] = {.name = "mky"}};
    stir_api_sign_begin(out, STIR_API_OWN);
    if (sip_body) {
        out->message = body;
        return read_message(&out->sip, body, arena, fault);
    }
    if (!stir_api_read_object(&object, body, fault) || !stir_api_members(m, SIGN_MEMBERS, object, fault))
        return false;
    if (!m[MESSAGE].there)
        return read_claims(out, m, arena, fault);
    for (size_t i = PPT; i < SIGN_MEMBERS; i++)
        if (m[i].there)
            return stir_api_fail(fault, STIR_API_VALUE, m[i].name, "it stands beside message, which says all that is signed");
    return stir_api_read_text(&out->message, m[MESSAGE].value, "message", arena, fault) && read_message(&out->sip, out->message, arena, fault);
}

/* Verification */

enum {
    V_MESSAGE,
    V_IDENTITY,
    V_FROM,
    V_PAI,
    V_TO,
    V_RURI,
    V_DATE,
    V_TIME,
    V_CALL_ID,
    V_CSEQ,
    V_PRIORITIES,
    V_PRIORITY,
    V_PRINTS,
    V_NAME,
    V_RESPONSE,
    VERIFY_MEMBERS
};

/* A header value or URI as it stands, or a party as an object. */
static bool read_end(struct stir_slice *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_party party;
    if (!m->there)
        return true;
    if (m->value.type != STIR_JSON_OBJECT)
        return stir_api_read_text(out, m->value, m->name, arena, fault);
    if (!stir_api_read_party(&party, m->value, m->name, arena, fault))
        return false;
    *out = stir_api_party_text(&party, arena);
    return out->p ? true : no_memory(fault);
}

static bool read_date(struct stir_api_verify *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    int64_t at = 0;
    if (m[V_DATE].there)
        return stir_api_read_text(&out->call.date, m[V_DATE].value, "date", arena, fault);
    if (!m[V_TIME].there)
        return true;
    if (!stir_api_read_time(&at, m[V_TIME].value, "time", fault))
        return false;
    if (stir_date_write(out->date, at) != STIR_OK)
        return stir_api_fail(fault, STIR_API_VALUE, "time", "it is no time in seconds since 1970");
    out->call.date = stir_slice_str(out->date);
    return true;
}

static bool read_lists(struct stir_api_verify *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_call *c = &out->call;
    const struct {
        int member;
        struct stir_slice *to;
        size_t cap, *n;
    } lists[] = {{V_IDENTITY, out->identities, STIR_MAX_IDENTITIES + 1, &c->n_identity},
                 {V_PAI, out->pai, STIR_MAX_PAI, &c->n_pai},
                 {V_PRIORITIES, out->priorities, STIR_MAX_RPH, &c->n_resource_priority},
                 {V_PRINTS, out->fingerprints, STIR_MAX_FINGERPRINTS, &c->n_fingerprints}};
    c->identity = out->identities;
    c->pai = out->pai;
    c->resource_priority = out->priorities;
    c->fingerprints = out->fingerprints;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (m[lists[i].member].there &&
            !stir_api_read_texts(lists[i].to, lists[i].cap, lists[i].n, m[lists[i].member].value, m[lists[i].member].name, arena, fault))
            return false;
    return true;
}

static bool read_call(struct stir_api_verify *out, const struct stir_api_member *m, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_call *c = &out->call;
    const struct {
        int member;
        struct stir_slice *to;
    } texts[] = {{V_CALL_ID, &c->call_id}, {V_CSEQ, &c->cseq}, {V_PRIORITY, &c->priority}, {V_NAME, &c->display_name}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (m[texts[i].member].there && !stir_api_read_text(texts[i].to, m[texts[i].member].value, m[texts[i].member].name, arena, fault))
            return false;
    c->is_response = m[V_RESPONSE].there && stir_slice_is(m[V_RESPONSE].value.text, "true");
    return read_lists(out, m, arena, fault) && read_date(out, m, arena, fault) && read_end(&c->from, &m[V_FROM], arena, fault) &&
           read_end(&c->to, &m[V_TO], arena, fault) && read_end(&c->ruri, &m[V_RURI], arena, fault);
}

static bool take_message(struct stir_api_verify *out, struct stir_slice message, struct stir_arena *arena, struct stir_api_fault *fault)
{
    if (!read_message(&out->sip, message, arena, fault))
        return false;
    out->call = out->sip->call;
    return true;
}

bool stir_api_read_verify(struct stir_api_verify *out, struct stir_slice body, bool sip_body, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_json object;
    struct stir_slice message = {0};
    struct stir_api_member m[VERIFY_MEMBERS] = {[V_MESSAGE] = {.name = "message"},
                                                [V_IDENTITY] = {.name = "identity"},
                                                [V_FROM] = {.name = "from"},
                                                [V_PAI] = {.name = "pai"},
                                                [V_TO] = {.name = "to"},
                                                [V_RURI] = {.name = "ruri"},
                                                [V_DATE] = {.name = "date"},
                                                [V_TIME] = {.name = "time"},
                                                [V_CALL_ID] = {.name = "call_id"},
                                                [V_CSEQ] = {.name = "cseq"},
                                                [V_PRIORITIES] = {.name = "resource_priority"},
                                                [V_PRIORITY] = {.name = "priority"},
                                                [V_PRINTS] = {.name = "fingerprints"},
                                                [V_NAME] = {.name = "display_name"},
                                                [V_RESPONSE] = {.name = "is_response"}};
    *out = (struct stir_api_verify){.dialect = STIR_API_OWN, .call = STIR_CALL_INIT};
    if (sip_body)
        return take_message(out, body, arena, fault);
    if (!stir_api_read_object(&object, body, fault) || !stir_api_members(m, VERIFY_MEMBERS, object, fault))
        return false;
    if (!m[V_MESSAGE].there)
        return read_call(out, m, arena, fault);
    for (size_t i = V_IDENTITY; i < VERIFY_MEMBERS; i++)
        if (m[i].there)
            return stir_api_fail(fault, STIR_API_VALUE, m[i].name, "it stands beside message, which says all that is verified");
    return stir_api_read_text(&message, m[V_MESSAGE].value, "message", arena, fault) && take_message(out, message, arena, fault);
}

/* Batches: an array is cut at its own commas, and each element is read as a text of its own, with the limits of one. */

/* The end of the element at `at`: a comma or the closing bracket of the array; text.n: none. */
static size_t element_end(struct stir_slice text, size_t at)
{
    size_t depth = 0;
    bool quoted = false;
    for (; at < text.n; at++) {
        char c = text.p[at];
        if (quoted) {
            at += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (depth == 0 && (c == ',' || c == ']')) {
            return at;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return text.n;
            depth--;
        }
    }
    return text.n;
}

bool stir_api_read_batch(struct stir_slice items[STIR_API_MAX_BATCH], size_t *n, struct stir_slice body, struct stir_api_fault *fault)
{
    struct stir_slice text = stir_slice_trim(body);
    *n = 0;
    if (text.n == 0)
        return stir_api_fail(fault, STIR_API_NO_BODY, "", "the request has no body");
    if (text.p[0] != '[' || text.p[text.n - 1] != ']')
        return stir_api_fail(fault, STIR_API_PARSE, "", "the body is no JSON array");
    for (size_t at = 1; at < text.n;) {
        size_t end = element_end(text, at);
        if (end == text.n)
            return stir_api_fail(fault, STIR_API_PARSE, "", "the array does not end, or ends too early");
        struct stir_slice item = stir_slice_trim(stir_slice_of(text.p + at, end - at));
        if (item.n == 0 && *n == 0 && end == text.n - 1)
            return true; /* [] */
        if (item.n == 0 || *n == STIR_API_MAX_BATCH)
            return stir_api_fail(fault, STIR_API_PARSE, "", item.n ? "the array has more than 100 elements" : "an element of the array is missing");
        items[(*n)++] = item;
        if (text.p[end] == ']' && end != text.n - 1)
            return stir_api_fail(fault, STIR_API_PARSE, "", "something stands behind the array");
        at = end + 1;
    }
    return text.n > 1 && text.p[text.n - 1] == ']';
}

/* Answers */

static void put_member(struct stir_api_text *out, const char *name, struct stir_slice value)
{
    stir_api_put(out, ",\"");
    stir_api_put(out, name);
    stir_api_put(out, "\":");
    stir_api_put_string(out, value.n ? value : (struct stir_slice){0});
}

void stir_api_write_sign(struct stir_api_text *out, const struct stir_as_answer *answer)
{
    const struct stir_record *r = &answer->record;
    bool ours = answer->n_new > 0 && answer->n > 0;
    stir_api_put(out, "{\"result\":\"");
    stir_api_put(out, stir_sign_result_text(answer->result));
    stir_api_put(out, "\"");
    put_member(out, "identity", ours ? answer->identities[answer->n - 1] : (struct stir_slice){0});
    stir_api_put(out, ",\"identities\":[");
    for (size_t i = 0; i < answer->n; i++) {
        stir_api_put(out, i ? "," : "");
        stir_api_put_string(out, answer->identities[i]);
    }
    stir_api_put(out, "],\"new\":");
    stir_api_put_int(out, (int64_t)answer->n_new);
    put_member(out, "date", stir_slice_str(answer->date));
    put_member(out, "attest", stir_slice_of(&answer->attest, answer->attest ? 1 : 0));
    put_member(out, "origid", stir_slice_str(answer->origid));
    put_member(out, "x5u", ours ? r->x5u : (struct stir_slice){0});
    put_member(out, "signer", ours ? stir_slice_str(r->signer) : (struct stir_slice){0});
    put_member(out, "rule", stir_slice_str(r->rule));
    put_member(out, "proof", stir_slice_str(answer->proof));
    put_member(out, "why", stir_slice_str(answer->why));
    stir_api_put(out, "}");
}

static void put_verdict(struct stir_api_text *out, const struct stir_verdict *verdict)
{
    size_t n = 0, cap = 8192;
    char *at = stir_api_room(out, cap);
    enum stir_err err = !verdict || !at ? STIR_EARG : stir_verdict_json(at, cap, &n, verdict);
    if (err == STIR_ELIMIT) {
        cap = n + 1;
        at = stir_api_room(out, cap);
        err = at ? stir_verdict_json(at, cap, &n, verdict) : STIR_EARG;
    }
    if (err == STIR_OK)
        out->n += n;
    else
        stir_api_put(out, "null");
}

void stir_api_write_verify(struct stir_api_text *out, const struct stir_vs_answer *answer)
{
    stir_api_put(out, "{\"action\":\"");
    stir_api_put(out, stir_act_text(answer->act));
    stir_api_put(out, "\",\"sip\":");
    if (answer->sip_code) {
        stir_api_put(out, "{\"code\":");
        stir_api_put_int(out, answer->sip_code);
        put_member(out, "phrase", stir_slice_str(answer->phrase));
        stir_api_put(out, "}");
    } else {
        stir_api_put(out, "null");
    }
    stir_api_put(out, answer->late ? ",\"late\":true" : ",\"late\":false");
    stir_api_put(out, answer->emergency ? ",\"emergency\":true" : ",\"emergency\":false");
    stir_api_put(out, ",\"verdict\":");
    put_verdict(out, answer->verdict);
    stir_api_put(out, "}");
}

void stir_api_write_inspect(struct stir_api_text *out, const struct stir_vs_answer *answer)
{
    put_verdict(out, answer->verdict);
}
