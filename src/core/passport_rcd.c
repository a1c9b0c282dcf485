/* The form of rich call data and of its digests (RFC 9795 §5.1, §6). Whether the digests hold is the verifier's to see. */
#include "core/json_pointer.h"
#include "core/passport.h"

/* The string member `name`: *out absent when it is not there; false when it is there and no string. */
static enum stir_err member_text(bool *good, struct stir_slice *out, struct stir_arena *arena, struct stir_json object, const char *name)
{
    struct stir_json member;
    *good = true;
    *out = stir_slice_of(NULL, 0);
    if (!stir_json_member(object, name, &member))
        return STIR_OK;
    *good = member.type == STIR_JSON_STRING;
    return *good ? stir_json_string(out, member, arena) : STIR_OK;
}

static bool begins_with(struct stir_slice text, const char *start)
{
    struct stir_slice s = stir_slice_str(start);
    return text.n > s.n && stir_slice_ieq(stir_slice_upto(text, s.n), s);
}

bool stir_is_jcard(struct stir_json card)
{
    struct stir_json_iter it = stir_json_iter(card);
    return card.type == STIR_JSON_ARRAY && stir_json_next(&it) && stir_slice_is(it.value.text, "\"vcard\"") && stir_json_next(&it) &&
           it.value.type == STIR_JSON_ARRAY && !stir_json_next(&it);
}

/*= RFC9795-5.1.1a RFC9795-5.1.1c RFC9795-5.1.2a RFC9795-5.1.4a RFC9795-5.1.5b RFC9795-8.1b */
enum stir_err stir_rcd_form(bool *good, struct stir_slice *apn, struct stir_arena *arena, struct stir_json rcd)
{
    struct stir_slice nam, icn, jcl;
    struct stir_json jcd;
    *good = rcd.type == STIR_JSON_OBJECT;
    if (*good)
        TRY(member_text(good, &nam, arena, rcd, "nam"));
    if (!*good || !nam.p) {
        *good = false;
        return STIR_OK;
    }
    TRY(member_text(good, apn, arena, rcd, "apn"));
    if (*good && apn->p)
        *good = stir_claim_tn_form(*apn) != STIR_R_TN_FORM;
    if (!*good)
        return STIR_OK;
    TRY(member_text(good, &icn, arena, rcd, "icn"));
    if (*good && icn.p)
        *good = begins_with(icn, "https://") || begins_with(icn, "data:");
    if (!*good)
        return STIR_OK;
    TRY(member_text(good, &jcl, arena, rcd, "jcl"));
    if (*good && jcl.p)
        *good = begins_with(jcl, "https://");
    if (*good && stir_json_member(rcd, "jcd", &jcd))
        *good = !jcl.p && stir_is_jcard(jcd);
    return STIR_OK;
}

/* The first step of the JSON pointer `pointer` (RFC 6901) is a member of `object`: what lies deeper may stand behind a URL. */
static enum stir_err points_into(bool *good, struct stir_arena *arena, struct stir_slice pointer, struct stir_json object)
{
    struct stir_json value;
    *good = pointer.n > 1;
    if (!*good)
        return STIR_OK;
    return stir_json_point(good, &value, object, stir_slice_upto(pointer, 1 + stir_slice_find(stir_slice_from(pointer, 1), '/')), arena);
}

/* Algorithm, '-', base64; padding may be left out, as the RFC's own examples do. */
/*= RFC9795-6c RFC9795-6d */
static bool is_digest(struct stir_slice text)
{
    static const struct {
        const char *name;
        size_t len; /* characters without padding */
    } algorithms[] = {{"sha256", 43}, {"sha384", 64}, {"sha512", 86}};
    size_t dash = stir_slice_find(text, '-');
    if (dash == 0 || dash == text.n)
        return false;
    struct stir_slice name = stir_slice_upto(text, dash), sum = stir_slice_from(text, dash + 1);
    for (size_t i = 0; i < name.n; i++)
        if (!stir_is_digit(name.p[i]) && !(name.p[i] >= 'a' && name.p[i] <= 'z'))
            return false;
    for (int padding = 0; padding < 2 && sum.n && sum.p[sum.n - 1] == '='; padding++)
        sum.n--;
    for (size_t i = 0; i < sum.n; i++)
        if (!stir_is_digit(sum.p[i]) && !stir_is_alpha(sum.p[i]) && sum.p[i] != '+' && sum.p[i] != '/')
            return false;
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (stir_slice_is(name, algorithms[i].name))
            return sum.n == algorithms[i].len;
    return sum.n > 0; /* an algorithm that came later: its form is good, and nobody can say that it holds */
}

/*= RFC9795-6a */
enum stir_err stir_rcdi_form(bool *good, bool *legacy, struct stir_arena *arena, struct stir_json rcdi, struct stir_json rcd)
{
    *legacy = false;
    *good = rcdi.type == STIR_JSON_OBJECT && rcd.text.p;
    for (struct stir_json_iter it = stir_json_iter(rcdi); *good && stir_json_next(&it);) {
        struct stir_slice pointer, digest = {NULL, 0};
        TRY(stir_json_unescape(&pointer, it.name, arena));
        bool is_legacy = stir_slice_is(pointer, "icn");
        *legacy = *legacy || is_legacy;
        TRY(points_into(good, arena, is_legacy ? stir_slice_str("/icn") : pointer, rcd));
        if (it.value.type == STIR_JSON_STRING)
            TRY(stir_json_string(&digest, it.value, arena));
        *good = *good && is_digest(digest);
    }
    return STIR_OK;
}
