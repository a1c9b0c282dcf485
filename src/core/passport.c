#include "core/passport.h"

/* ---- Kinds ---- */

/*= RFC8946-3c */
static const char *const kinds[] = {
    [STIR_PPT_NONE] = "",   [STIR_PPT_SHAKEN] = "shaken", [STIR_PPT_DIV] = "div", [STIR_PPT_DIV_O] = "div-o",
    [STIR_PPT_RPH] = "rph", [STIR_PPT_RCD] = "rcd",       [STIR_PPT_RSP] = "rsp", [STIR_PPT_OTHER] = "",
};

const char *stir_ppt_text(enum stir_ppt ppt)
{
    return (unsigned)ppt <= STIR_PPT_OTHER ? kinds[ppt] : "";
}

enum stir_ppt stir_ppt_of(struct stir_slice text)
{
    if (!text.p)
        return STIR_PPT_NONE;
    for (int i = STIR_PPT_SHAKEN; i < STIR_PPT_OTHER; i++)
        if (stir_slice_is(text, kinds[i]))
            return (enum stir_ppt)i;
    return STIR_PPT_OTHER;
}

/* ---- Faults ---- */

void stir_passport_fault(struct stir_passport *passport, enum stir_reason reason)
{
    size_t at = passport->n_faults;
    while (at > 0 && passport->faults[at - 1] > reason)
        at--;
    if ((at > 0 && passport->faults[at - 1] == reason) || passport->n_faults == STIR_PASSPORT_FAULTS)
        return;
    memmove(passport->faults + at + 1, passport->faults + at, (passport->n_faults - at) * sizeof(passport->faults[0]));
    passport->faults[at] = reason;
    passport->n_faults++;
}

bool stir_passport_has_fault(const struct stir_passport *passport, enum stir_reason reason)
{
    for (size_t i = 0; i < passport->n_faults; i++)
        if (passport->faults[i] == reason)
            return true;
    return false;
}

/* ---- Parts ---- */

/* Decode one part of a token. A part that is no base64url gives the absent slice. */
static enum stir_err decode(struct stir_slice *out, struct stir_arena *arena, struct stir_slice part)
{
    size_t n = 0;
    unsigned char *bytes = stir_arena_get(arena, stir_b64url_max_decoded(part.n) + 1);
    if (!bytes)
        return STIR_ENOMEM;
    *out = stir_b64url_decode(bytes, &n, part) == STIR_OK ? stir_slice_of(bytes, n) : stir_slice_of(NULL, 0);
    return STIR_OK;
}

static bool read_object(struct stir_json *out, struct stir_slice text, bool *canonical)
{
    return text.p && stir_json_parse(out, text, canonical, NULL) == STIR_OK && out->type == STIR_JSON_OBJECT;
}

/* Open the full-form token `token`. *opt gets the token that it nests, absent when it is no div-o. */
/*= RFC8946-6a RFC8946-6b */
static enum stir_err open_token(bool *good, struct stir_slice *opt, struct stir_arena *arena, struct stir_slice token)
{
    struct stir_slice header, payload, signature, ppt = {NULL, 0};
    struct stir_json head, body, member;
    size_t first = stir_slice_find(token, '.');
    *good = false;
    *opt = stir_slice_of(NULL, 0);
    if (first == token.n || token.n > STIR_MAX_TOKEN)
        return STIR_OK;
    struct stir_slice rest = stir_slice_from(token, first + 1);
    size_t second = stir_slice_find(rest, '.');
    if (second == rest.n)
        return STIR_OK;
    TRY(decode(&header, arena, stir_slice_upto(token, first)));
    TRY(decode(&payload, arena, stir_slice_upto(rest, second)));
    TRY(decode(&signature, arena, stir_slice_from(rest, second + 1)));
    *good = signature.n == STIR_ES256_SIG && read_object(&head, header, NULL) && read_object(&body, payload, NULL);
    if (!*good)
        return STIR_OK;
    if (stir_json_member(head, "ppt", &member) && member.type == STIR_JSON_STRING)
        TRY(stir_json_string(&ppt, member, arena));
    if (stir_ppt_of(ppt) != STIR_PPT_DIV_O)
        return STIR_OK;
    *good = stir_json_member(body, "opt", &member) && member.type == STIR_JSON_STRING;
    return *good ? stir_json_string(opt, member, arena) : STIR_OK;
}

enum stir_err stir_opt_form(bool *good, struct stir_arena *arena, struct stir_slice opt)
{
    for (int depth = 0; depth < STIR_MAX_OPT; depth++) {
        struct stir_slice inner;
        TRY(open_token(good, &inner, arena, opt));
        if (!*good || !inner.p)
            return STIR_OK;
        opt = inner;
    }
    *good = false;
    return STIR_OK;
}

/* ---- The header (RFC 8225 §4, RFC 7515 §4.1) ---- */

/* A header member that must be a string, when it is there. */
static enum stir_err read_text(struct stir_passport *p, struct stir_arena *arena, struct stir_slice *out, struct stir_json value)
{
    if (value.type == STIR_JSON_STRING)
        return stir_json_string(out, value, arena);
    stir_passport_fault(p, STIR_R_HEADER_TYPE);
    return STIR_OK;
}

enum member { ALG, TYP, X5U, PPT, CRIT, B64, ZIP, JWK, JKU, X5C, MEMBERS };

static const struct stir_slice members[MEMBERS] = {
#define ROW(id, name) [id] = {name, sizeof(name) - 1}
    ROW(ALG, "alg"), ROW(TYP, "typ"), ROW(X5U, "x5u"), ROW(PPT, "ppt"), ROW(CRIT, "crit"),
    ROW(B64, "b64"), ROW(ZIP, "zip"), ROW(JWK, "jwk"), ROW(JKU, "jku"), ROW(X5C, "x5c"),
#undef ROW
};

static enum stir_err read_member(struct stir_passport *p, struct stir_arena *arena, enum member member, struct stir_json value)
{
    switch (member) {
    case ALG: return read_text(p, arena, &p->alg, value);
    case TYP: return read_text(p, arena, &p->typ, value);
    case X5U: return read_text(p, arena, &p->x5u, value);
    case PPT: return read_text(p, arena, &p->ppt_text, value);
    case CRIT: /*= RFC7515-4.1.11 */
    case B64:
    case ZIP: stir_passport_fault(p, STIR_R_CRIT); return STIR_OK;
    case JWK:
    case JKU:
    case X5C: stir_passport_fault(p, STIR_R_KEY_IN_HEADER); return STIR_OK;
    case MEMBERS: break;
    }
    return STIR_OK; /* others are ignored, as RFC 7515 §4 has it */
}

/* A member that must be there and say `wanted`. One that is no string has its fault already. */
static void judge_member(struct stir_passport *p, bool seen, struct stir_slice text, const char *wanted, enum stir_reason missing, enum stir_reason other)
{
    if (!seen)
        stir_passport_fault(p, missing);
    else if (text.p && wanted && !stir_slice_is(text, wanted))
        stir_passport_fault(p, other);
}

/*= RFC8224-4.1l RFC8225-4.1 RFC8225-4.2 */
static enum stir_err read_header(struct stir_passport *p, struct stir_arena *arena, struct stir_json header)
{
    bool seen[MEMBERS + 1] = {false};
    for (struct stir_json_iter it = stir_json_iter(header); stir_json_next(&it);) {
        struct stir_slice name;
        int member = 0;
        TRY(stir_json_unescape(&name, it.name, arena));
        while (member < MEMBERS && !stir_slice_eq(name, members[member]))
            member++;
        seen[member] = true;
        TRY(read_member(p, arena, (enum member)member, it.value));
    }
    p->ppt = seen[PPT] && !p->ppt_text.p ? STIR_PPT_OTHER : stir_ppt_of(p->ppt_text);
    judge_member(p, seen[ALG], p->alg, "ES256", STIR_R_ALG_MISSING, STIR_R_ALG_OTHER);
    judge_member(p, seen[TYP], p->typ, "passport", STIR_R_TYP_MISSING, STIR_R_TYP_OTHER);
    judge_member(p, seen[X5U], p->x5u, NULL, STIR_R_X5U_MISSING, STIR_R_NONE);
    return STIR_OK;
}

/* ---- The whole ---- */

static enum stir_err read_parts(struct stir_passport *p, struct stir_arena *arena, const struct stir_identity *identity)
{
    struct stir_slice signature;
    TRY(decode(&p->header_json, arena, identity->header));
    TRY(decode(&p->payload_json, arena, identity->payload));
    TRY(decode(&signature, arena, identity->signature));
    if (!p->header_json.p || !p->payload_json.p || !signature.p)
        stir_passport_fault(p, STIR_R_BASE64);
    p->signature_len = signature.n;
    if (signature.n == STIR_ES256_SIG)
        memcpy(p->signature, signature.p, STIR_ES256_SIG);
    else
        stir_passport_fault(p, STIR_R_SIGNATURE_FORM); /*= RFC7518-3.4 */
    return STIR_OK;
}

/*= RFC8225-6b RFC8225-9a */
enum stir_err stir_passport_read(struct stir_passport *out, struct stir_arena *arena, const struct stir_identity *identity)
{
    struct stir_json header, payload;
    bool header_canonical = true, payload_canonical = true;
    memset(out, 0, sizeof(*out));
    if (identity->compact || !identity->header.p || !identity->payload.p || !identity->signature.p)
        return STIR_EVALUE;
    if (identity->token.n > STIR_MAX_TOKEN || identity->header.n + identity->payload.n + identity->signature.n > STIR_MAX_TOKEN - 2)
        return STIR_ELIMIT;
    TRY(read_parts(out, arena, identity));
    bool has_header = read_object(&header, out->header_json, &header_canonical);
    bool has_payload = read_object(&payload, out->payload_json, &payload_canonical);
    if (has_header)
        TRY(read_header(out, arena, header));
    else
        stir_passport_fault(out, STIR_R_HEADER_JSON);
    if (has_payload)
        TRY(stir_passport_claims(out, arena, payload));
    else
        stir_passport_fault(out, STIR_R_PAYLOAD_JSON);
    if (!header_canonical || !payload_canonical)
        stir_passport_fault(out, STIR_R_NOT_CANONICAL);
    out->canonical = has_header && has_payload && header_canonical && payload_canonical;
    return STIR_OK;
}

struct stir_json stir_passport_payload(const struct stir_passport *passport)
{
    struct stir_json object = {STIR_JSON_OBJECT, {NULL, 0}};
    if (passport->payload_json.p && !stir_passport_has_fault(passport, STIR_R_PAYLOAD_JSON))
        object.text = stir_slice_trim(passport->payload_json);
    return object;
}

/* What stir_passport_parse() gives: the token lies in its own arena. */
struct owned {
    struct stir_passport passport; /* first: the public pointer is the pointer to the whole */
    struct stir_arena arena;
};

enum stir_err stir_passport_parse(struct stir_passport **out, const struct stir_identity *identity)
{
    struct stir_arena arena = {NULL, 0, 0};
    if (!out || !identity)
        return STIR_EARG;
    struct owned *owned = stir_arena_get(&arena, sizeof(*owned));
    if (!owned)
        return STIR_ENOMEM;
    enum stir_err err = stir_passport_read(&owned->passport, &arena, identity);
    if (err != STIR_OK) {
        stir_arena_clear(&arena);
        return err;
    }
    owned->arena = arena;
    *out = &owned->passport;
    return STIR_OK;
}

void stir_passport_free(struct stir_passport *passport)
{
    if (!passport)
        return;
    struct stir_arena arena = ((struct owned *)(void *)passport)->arena; /* a copy: the original lies in what is freed */
    stir_arena_clear(&arena);
}
