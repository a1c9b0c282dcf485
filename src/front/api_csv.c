/* secsipidx's interface: a line of commas to be signed, an Identity value to be checked. */
#include "front/api.h"

STIR_AUTO_STRUCT_FREE(stir_passport)

enum { ORIG, DEST, ATTEST, ORIGID, X5U, FIELDS };

static bool split(struct stir_slice fields[FIELDS], struct stir_slice body)
{
    struct stir_slice rest = stir_slice_trim(body);
    for (size_t i = 0; i < FIELDS; i++) {
        size_t comma = stir_slice_find(rest, ',');
        if (comma == rest.n && i + 1 < FIELDS)
            return false;
        fields[i] = stir_slice_trim(stir_slice_of(rest.p, comma));
        rest = stir_slice_from(rest, comma < rest.n ? comma + 1 : rest.n);
    }
    return true;
}

/* secsipidx takes any text as a number; what nobody could verify is refused here. */
static bool read_number(struct stir_party *out, struct stir_slice text, const char *name, struct stir_api_fault *fault)
{
    enum stir_err err = stir_tn_parse(out, text, NULL);
    return err == STIR_OK ? true : stir_api_fail(fault, STIR_API_VALUE, name, "%s: %s", name, stir_err_text(err));
}

bool stir_api_read_csv(struct stir_api_sign *out, struct stir_slice *x5u, struct stir_slice body, struct stir_api_fault *fault)
{
    struct stir_slice f[FIELDS];
    stir_api_sign_begin(out, STIR_API_SECSIPIDX_TEXT);
    if (!split(f, body))
        return stir_api_fail(fault, STIR_API_PARSE, "", "too few tokens");
    if (!read_number(&out->orig, f[ORIG], "orig", fault) || !read_number(&out->dest[0], f[DEST], "dest", fault))
        return false;
    if (f[ATTEST].n != 1 || f[ATTEST].p[0] < 'A' || f[ATTEST].p[0] > 'C')
        return stir_api_fail(fault, STIR_API_VALUE, "attest", "attest is none of A, B and C");
    if (f[ORIGID].n && !stir_is_uuid(f[ORIGID]))
        return stir_api_fail(fault, STIR_API_VALUE, "origid", "origid is no UUID");
    out->claims.ppt = STIR_PPT_SHAKEN;
    out->claims.attest = f[ATTEST].p[0];
    out->claims.orig = &out->orig;
    out->claims.dest = out->dest;
    out->claims.n_dest = 1;
    out->claims.origid = f[ORIGID].n ? f[ORIGID] : (struct stir_slice){0};
    *x5u = f[X5U].n ? f[X5U] : (struct stir_slice){0};
    return true;
}

static struct stir_slice claim_text(const struct stir_claim_party *claim, struct stir_arena *arena)
{
    struct stir_party party;
    if (claim->kind == STIR_PARTY_TN && stir_tn_parse(&party, claim->text, NULL) == STIR_OK)
        return stir_api_party_text(&party, arena);
    return stir_arena_copy(arena, claim->text);
}

/* The call is what the token says it is: a request has nothing to compare with. */
static void read_own_claims(struct stir_api_verify *out, struct stir_arena *arena)
{
    struct stir_identity identity;
    STIR_AUTO_STRUCT(stir_passport) *passport = NULL;
    if (stir_identity_parse(&identity, out->identities[0], STIR_IDENTITY_TOLERANT, NULL, NULL) != STIR_OK || identity.compact ||
        stir_passport_parse(&passport, &identity) != STIR_OK)
        return; /* the verdict says what is wrong */
    if (passport->orig.kind != STIR_PARTY_NONE)
        out->call.from = claim_text(&passport->orig, arena);
    if (passport->n_dest)
        out->call.to = claim_text(&passport->dest[0], arena);
}

bool stir_api_read_check(struct stir_api_verify *out, struct stir_slice body, struct stir_arena *arena, struct stir_api_fault *fault)
{
    struct stir_slice value = stir_slice_trim(body);
    *out = (struct stir_api_verify){.dialect = STIR_API_SECSIPIDX_TEXT, .call = STIR_CALL_INIT};
    if (value.n == 0)
        return stir_api_fail(fault, STIR_API_NO_BODY, "", "cannot read body");
    out->identities[0] = value;
    out->call.identity = out->identities;
    out->call.n_identity = 1;
    read_own_claims(out, arena);
    return true;
}
