/* The claims of a payload, each read and judged for form (RFC 8225 §5, RFC 8588, RFC 8946, RFC 8443, RFC 9027, RFC 9795). */
#include "core/passport.h"

/* A payload while it is read. */
struct claims {
    struct stir_passport *p;
    struct stir_arena *arena;
    unsigned seen;              /* bits of the rows of `table` */
    struct stir_json rcd, rcdi; /* judged together, at the end */
};

static bool name_is(struct stir_slice raw, const char *name)
{
    return stir_slice_is(raw, name) || stir_json_name_is(raw, stir_slice_str(name));
}

/* ---- Numbers and URIs ---- */

/*= RFC8225-5.2.1.1b */
enum stir_reason stir_claim_tn_form(struct stir_slice text)
{
    static const char separators[] = "-.() "; /* RFC 3966 §3, and the blank that people put */
    size_t digits = 0;
    bool loose = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (stir_is_digit(c) || c == '#' || c == '*')
            digits++;
        else if ((c == '+' && i == 0) || memchr(separators, c, sizeof(separators) - 1))
            loose = true;
        else
            return STIR_R_TN_FORM;
    }
    if (digits == 0 || digits > STIR_TN_MAX || text.n > STIR_PARTY_MAX)
        return STIR_R_TN_FORM;
    return loose ? STIR_R_TN_NOT_CANONICAL : STIR_R_NONE;
}

/* The kind of party that the member name `raw` stands for. */
static enum stir_party_kind party_kind(struct stir_slice raw)
{
    if (raw.n == 2 && raw.p[0] == 't' && raw.p[1] == 'n')
        return STIR_PARTY_TN; /* nearly all of them */
    return name_is(raw, "tn") ? STIR_PARTY_TN : name_is(raw, "uri") ? STIR_PARTY_URI : STIR_PARTY_NONE;
}

/* One number or URI. *good turns false when it is no string, or an empty URI; a number that is none is a fault of its own and gives STIR_PARTY_NONE. */
static enum stir_err read_party(struct claims *c, enum stir_party_kind kind, struct stir_json value, struct stir_claim_party *out, bool *good)
{
    struct stir_slice text;
    *out = (struct stir_claim_party){STIR_PARTY_NONE, {NULL, 0}};
    if (value.type != STIR_JSON_STRING) {
        *good = false;
        return STIR_OK;
    }
    TRY(stir_json_string(&text, value, c->arena));
    if (kind == STIR_PARTY_TN) {
        enum stir_reason form = stir_claim_tn_form(text);
        if (form != STIR_R_NONE)
            stir_passport_fault(c->p, form);
        if (form == STIR_R_TN_FORM)
            return STIR_OK;
    } else if (text.n == 0) {
        *good = false;
        return STIR_OK;
    }
    *out = (struct stir_claim_party){kind, text};
    return STIR_OK;
}

/* An object with exactly one tn or uri. `hi` not NULL: a div, which may say more beside it (RFC 8946 §3, §8). */
/*= RFC8225-5.2.1a RFC8225-5.2.1b RFC8946-3e */
static enum stir_err read_one(struct claims *c, struct stir_json object, struct stir_claim_party *out, struct stir_slice *hi, enum stir_reason fault)
{
    size_t parties = 0;
    bool good = object.type == STIR_JSON_OBJECT;
    for (struct stir_json_iter it = stir_json_iter(object); good && stir_json_next(&it);) {
        enum stir_party_kind kind = party_kind(it.name);
        if (kind != STIR_PARTY_NONE) {
            parties++;
            TRY(read_party(c, kind, it.value, out, &good));
        } else if (!hi) {
            good = false;
        } else if (name_is(it.name, "hi")) {
            good = it.value.type == STIR_JSON_STRING;
            if (good)
                TRY(stir_json_string(hi, it.value, c->arena));
        }
    }
    if (good && parties == 1)
        return STIR_OK;
    *out = (struct stir_claim_party){STIR_PARTY_NONE, {NULL, 0}};
    if (hi)
        *hi = stir_slice_of(NULL, 0);
    stir_passport_fault(c->p, fault);
    return STIR_OK;
}

static enum stir_err read_orig(struct claims *c, struct stir_json value)
{
    return read_one(c, value, &c->p->orig, NULL, STIR_R_ORIG_FORM);
}

static enum stir_err read_div(struct claims *c, struct stir_json value)
{
    return read_one(c, value, &c->p->div, &c->p->div_hi, STIR_R_DIV_FORM);
}

/* One of the arrays of dest; *entries counts them all, those that are no numbers too. */
static enum stir_err read_dest_array(struct claims *c, enum stir_party_kind kind, struct stir_json array, size_t *entries, bool *good)
{
    for (struct stir_json_iter it = stir_json_iter(array); *good && stir_json_next(&it);) {
        struct stir_claim_party party;
        if (++*entries > STIR_MAX_DESTS) {
            *good = false;
            return STIR_OK;
        }
        TRY(read_party(c, kind, it.value, &party, good));
        if (party.kind != STIR_PARTY_NONE)
            c->p->dest[c->p->n_dest++] = party;
    }
    return STIR_OK;
}

/*= RFC8225-5.2.1c */
static enum stir_err read_dest(struct claims *c, struct stir_json value)
{
    size_t entries = 0;
    bool good = value.type == STIR_JSON_OBJECT;
    for (struct stir_json_iter it = stir_json_iter(value); good && stir_json_next(&it);) {
        enum stir_party_kind kind = party_kind(it.name);
        good = kind != STIR_PARTY_NONE && it.value.type == STIR_JSON_ARRAY;
        if (good)
            TRY(read_dest_array(c, kind, it.value, &entries, &good));
    }
    if (good && entries > 0)
        return STIR_OK;
    c->p->n_dest = 0;
    stir_passport_fault(c->p, STIR_R_DEST_FORM);
    return STIR_OK;
}

/* ---- Time and SHAKEN ---- */

/*= RFC8225-5.1.1a */
static enum stir_err read_iat(struct claims *c, struct stir_json value)
{
    int64_t iat;
    c->p->has_iat = stir_json_integer(&iat, value) && iat >= 1 && iat <= STIR_IAT_MAX;
    if (c->p->has_iat)
        c->p->iat = iat;
    else
        stir_passport_fault(c->p, STIR_R_IAT_FORM);
    return STIR_OK;
}

/*= RFC8588-4 */
static enum stir_err read_attest(struct claims *c, struct stir_json value)
{
    struct stir_slice text = {NULL, 0};
    if (value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&text, value, c->arena));
    if (text.n == 1 && text.p[0] >= 'A' && text.p[0] <= 'C')
        c->p->attest = text.p[0];
    else
        stir_passport_fault(c->p, STIR_R_ATTEST_VALUE);
    return STIR_OK;
}

/*= RFC8588-5 */
static enum stir_err read_origid(struct claims *c, struct stir_json value)
{
    struct stir_slice text = {NULL, 0};
    if (value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&text, value, c->arena));
    if (text.n <= STIR_MAX_ORIGID)
        c->p->origid = text;
    if (!stir_is_uuid(text))
        stir_passport_fault(c->p, STIR_R_ORIGID_FORM);
    return STIR_OK;
}

/* ---- Diversion, priority ---- */

static enum stir_err read_opt(struct claims *c, struct stir_json value)
{
    bool good = false;
    struct stir_slice text = {NULL, 0};
    if (value.type == STIR_JSON_STRING) {
        TRY(stir_json_string(&text, value, c->arena));
        TRY(stir_opt_form(&good, c->arena, text));
    }
    if (good)
        c->p->opt = text;
    else
        stir_passport_fault(c->p, STIR_R_OPT_FORM);
    return STIR_OK;
}

/* namespace "." r-priority, both token-nodot of RFC 4412 §3.1. */
static bool is_r_value(struct stir_slice text)
{
    size_t dot = stir_slice_find(text, '.');
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (i != dot && !stir_is_digit(c) && !stir_is_alpha(c) && !memchr("-!%*_+`'~", c, 9))
            return false;
    }
    return dot > 0 && dot + 1 < text.n;
}

/*= RFC8443-3 */
static enum stir_err read_rph(struct claims *c, struct stir_json value)
{
    struct stir_json auth;
    bool good = stir_json_member(value, "auth", &auth) && auth.type == STIR_JSON_ARRAY;
    if (good)
        for (struct stir_json_iter it = stir_json_iter(auth); good && stir_json_next(&it);) {
            struct stir_slice text = {NULL, 0};
            if (it.value.type == STIR_JSON_STRING)
                TRY(stir_json_string(&text, it.value, c->arena));
            good = is_r_value(text) && c->p->n_rph < STIR_MAX_RPH;
            if (good)
                c->p->rph[c->p->n_rph++] = text;
        }
    if (good && c->p->n_rph > 0)
        return STIR_OK;
    c->p->n_rph = 0;
    stir_passport_fault(c->p, STIR_R_RPH_FORM);
    return STIR_OK;
}

/*= RFC9027-4 */
static enum stir_err read_sph(struct claims *c, struct stir_json value)
{
    struct stir_slice text = {NULL, 0};
    if (value.type == STIR_JSON_STRING)
        TRY(stir_json_string(&text, value, c->arena));
    if (stir_slice_is(text, "psap-callback"))
        c->p->sph = text;
    else
        stir_passport_fault(c->p, STIR_R_SPH_FORM);
    return STIR_OK;
}

static bool has_esnet(const struct stir_passport *p)
{
    for (size_t i = 0; i < p->n_rph; i++)
        if (p->rph[i].n > 6 && stir_slice_ieq(stir_slice_upto(p->rph[i], 6), stir_slice_of("esnet.", 6)))
            return true;
    return false;
}

/* ---- Rich call data, media keys ---- */

static enum stir_err read_rcd(struct claims *c, struct stir_json value)
{
    c->rcd = value;
    return STIR_OK;
}

static enum stir_err read_rcdi(struct claims *c, struct stir_json value)
{
    c->rcdi = value;
    return STIR_OK;
}

static enum stir_err read_string(struct claims *c, struct stir_slice *out, struct stir_json value, enum stir_reason fault)
{
    if (value.type == STIR_JSON_STRING)
        return stir_json_string(out, value, c->arena);
    stir_passport_fault(c->p, fault);
    return STIR_OK;
}

static enum stir_err read_crn(struct claims *c, struct stir_json value)
{
    return read_string(c, &c->p->crn, value, STIR_R_CRN_FORM);
}

/* iss says whose rich call data it is: one that cannot be read must not pass for none. */
static enum stir_err read_iss(struct claims *c, struct stir_json value)
{
    return read_string(c, &c->p->iss, value, STIR_R_RCD_FORM);
}

/* One fingerprint: alg, a token, and dig, hex without colons. */
/*= RFC8225-5.2.2a RFC8225-5.2.2c */
static enum stir_err is_media_key(bool *good, struct claims *c, struct stir_json object)
{
    struct stir_json member;
    struct stir_slice alg, dig;
    size_t members = 0;
    *good = false;
    for (struct stir_json_iter it = stir_json_iter(object); stir_json_next(&it);)
        members++;
    if (members != 2 || !stir_json_member(object, "alg", &member) || member.type != STIR_JSON_STRING)
        return STIR_OK;
    TRY(stir_json_string(&alg, member, c->arena));
    if (!stir_json_member(object, "dig", &member) || member.type != STIR_JSON_STRING)
        return STIR_OK;
    TRY(stir_json_string(&dig, member, c->arena));
    for (size_t i = 0; i < dig.n; i++)
        if (stir_hex_value((unsigned char)dig.p[i]) < 0)
            return STIR_OK;
    *good = alg.n > 0 && dig.n > 0 && dig.n % 2 == 0;
    return STIR_OK;
}

static enum stir_err read_mky(struct claims *c, struct stir_json value)
{
    size_t n = 0;
    bool good = value.type == STIR_JSON_ARRAY;
    for (struct stir_json_iter it = stir_json_iter(value); good && stir_json_next(&it); n++)
        TRY(is_media_key(&good, c, it.value));
    if (good && n > 0 && n <= STIR_MAX_FINGERPRINTS)
        c->p->mky = value.text;
    else
        stir_passport_fault(c->p, STIR_R_MKY_FORM);
    return STIR_OK;
}

static enum stir_err judge_rich_data(struct claims *c)
{
    bool good, legacy;
    struct stir_slice apn = {NULL, 0};
    if (c->rcd.text.p) {
        TRY(stir_rcd_form(&good, &apn, c->arena, c->rcd));
        if (good)
            c->p->rcd = c->rcd.text;
        else
            stir_passport_fault(c->p, STIR_R_RCD_FORM);
        if (good && apn.p && stir_claim_tn_form(apn) == STIR_R_TN_NOT_CANONICAL)
            stir_passport_fault(c->p, STIR_R_TN_NOT_CANONICAL);
        if (!good)
            c->rcd.text = stir_slice_of(NULL, 0);
    }
    if (c->rcdi.text.p) {
        TRY(stir_rcdi_form(&good, &legacy, c->arena, c->rcdi, c->rcd));
        if (good)
            c->p->rcdi = c->rcdi.text;
        else
            stir_passport_fault(c->p, STIR_R_RCDI_FORM);
        if (good && legacy)
            stir_passport_fault(c->p, STIR_R_RCDI_LEGACY);
    }
    return STIR_OK;
}

/* ---- All of them ---- */

/* A claim that others define and that says nothing to us: jti, nbf, exp (RFC 7519 §4.1), msgi (RFC 9475). */
static enum stir_err skip(struct claims *c, struct stir_json value)
{
    (void)c;
    (void)value;
    return STIR_OK;
}

enum claim { IAT, ORIG, DEST, ATTEST, ORIGID, DIV, OPT, RPH, SPH, RCD, RCDI, MKY, CRN, ISS, JTI, NBF, EXP, MSGI, CLAIMS };

static const struct {
    const char *name;
    size_t len;
    enum stir_err (*read)(struct claims *c, struct stir_json value);
} table[CLAIMS] = {
#define ROW(id, name, read) [id] = {name, sizeof(name) - 1, read}
    ROW(IAT, "iat", read_iat),
    ROW(ORIG, "orig", read_orig),
    ROW(DEST, "dest", read_dest),
    ROW(ATTEST, "attest", read_attest),
    ROW(ORIGID, "origid", read_origid),
    ROW(DIV, "div", read_div),
    ROW(OPT, "opt", read_opt),
    ROW(RPH, "rph", read_rph),
    ROW(SPH, "sph", read_sph),
    ROW(RCD, "rcd", read_rcd),
    ROW(RCDI, "rcdi", read_rcdi),
    ROW(MKY, "mky", read_mky),
    ROW(CRN, "crn", read_crn),
    ROW(ISS, "iss", read_iss),
    ROW(JTI, "jti", skip),
    ROW(NBF, "nbf", skip),
    ROW(EXP, "exp", skip),
    ROW(MSGI, "msgi", skip),
#undef ROW
};

/*= RFC8225-5 */
static enum stir_err read_claim(struct claims *c, struct stir_slice name, struct stir_json value)
{
    for (unsigned i = 0; i < CLAIMS; i++) {
        if (name.n != table[i].len || memcmp(name.p, table[i].name, name.n) != 0)
            continue;
        c->seen |= 1u << i;
        return table[i].read(c, value);
    }
    stir_passport_fault(c->p, STIR_R_CLAIM_UNKNOWN);
    return STIR_OK;
}

/* What every kind must say, and what its own kind must. */
/*= RFC8224-4.1h RFC8225-3 RFC8225-5.1.1a RFC8225-8a RFC8226-8d RFC8946-3a RFC8946-3i RFC8946-5 RFC9118-3g */
/*= RFC9795-8 */
static void judge_kind(struct claims *c)
{
    struct stir_passport *p = c->p;
    const struct rule {
        bool broken;
        enum stir_reason fault;
    } rules[] = {
#define HAS(claim) ((c->seen & 1u << (claim)) != 0)
        {!HAS(IAT), STIR_R_IAT_MISSING},
        {!HAS(ORIG), STIR_R_ORIG_MISSING},
        {!HAS(DEST), STIR_R_DEST_MISSING},
        {p->ppt == STIR_PPT_SHAKEN && !HAS(ATTEST), STIR_R_ATTEST_MISSING},
        {p->ppt == STIR_PPT_SHAKEN && !p->origid.p, STIR_R_ORIGID_MISSING}, /* one that is no string is none */
        {(p->ppt == STIR_PPT_DIV || p->ppt == STIR_PPT_DIV_O) && !HAS(DIV), STIR_R_DIV_FORM},
        {p->ppt == STIR_PPT_DIV && HAS(OPT), STIR_R_DIV_FORM},
        {p->ppt == STIR_PPT_DIV_O && !HAS(OPT), STIR_R_OPT_FORM},
        {p->ppt == STIR_PPT_RPH && !HAS(RPH), STIR_R_RPH_FORM},
        {HAS(SPH) && !has_esnet(p), STIR_R_SPH_FORM},
        {p->ppt == STIR_PPT_RCD && !HAS(RCD) && !HAS(CRN), STIR_R_RCD_FORM},
#undef HAS
    };
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].broken)
            stir_passport_fault(p, rules[i].fault);
}

enum stir_err stir_passport_claims(struct stir_passport *passport, struct stir_arena *arena, struct stir_json payload)
{
    struct claims c = {passport, arena, 0, {STIR_JSON_NULL, {NULL, 0}}, {STIR_JSON_NULL, {NULL, 0}}};
    for (struct stir_json_iter it = stir_json_iter(payload); stir_json_next(&it);) {
        struct stir_slice name;
        TRY(stir_json_unescape(&name, it.name, arena));
        TRY(read_claim(&c, name, it.value));
    }
    TRY(judge_rich_data(&c));
    judge_kind(&c);
    return STIR_OK;
}
