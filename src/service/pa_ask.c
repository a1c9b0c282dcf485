/* What a provider asks a token for: the atc of RFC 9447 §5.1, wrapped or not (RFC 9448 §5.5). Its fingerprint is judged by its form alone: whose key it is, is
 * between the provider and the CA (RFC 9448 §5.6). */
#include "service/pa_parts.h"

#include "core/token.h"

void stir_pa_wish_clear(struct stir_pa_wish *wish)
{
    stir_tnauth_free(wish->list);
    stir_arena_clear(&wish->arena);
}

/* base64url without padding, whichever of the two alphabets it came in. */
static struct stir_slice as_b64url(struct stir_slice text, struct stir_arena *arena)
{
    while (text.n && text.p[text.n - 1] == '=')
        text.n--;
    char *out = stir_arena_get(arena, text.n + 1);
    for (size_t i = 0; out && i < text.n; i++)
        out[i] = text.p[i] == '+' ? '-' : text.p[i] == '/' ? '_' : text.p[i];
    return stir_slice_of(out, out ? text.n : 0);
}

/* The one spelling that the list has (RFC 9448 §3). STIR_EDER: it came in another one. */
static enum stir_err read_list(struct stir_pa_wish *wish, struct stir_slice text)
{
    struct stir_slice asked = as_b64url(text, &wish->arena);
    if (!asked.p)
        return STIR_ENOMEM;
    TRY(stir_tnauth_from_base64(&wish->list, asked));
    struct stir_slice der = stir_tnauth_der(wish->list);
    size_t cap = stir_b64url_encoded(der.n) + 1, n;
    char *room = stir_arena_get(&wish->arena, cap);
    if (!room)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(room, cap);
    stir_put_b64url(&w, der);
    TRY(stir_writer_close(&w, &n));
    wish->tkvalue = stir_slice_of(room, n);
    return stir_slice_eq(asked, wish->tkvalue) ? STIR_OK : STIR_EDER;
}

static bool read_value(struct stir_pa_wish *wish, struct stir_exchange *x, struct stir_json atc)
{
    struct stir_slice text;
    if (!stir_pa_text(&text, atc, "tkvalue", &wish->arena)) {
        stir_pa_refuse(x, 400, "tkvalue", "tkvalue is missing: the base64url of the TNAuthList, as \"MAigBhYENzA5Sg\" is of the code 709J");
        return false;
    }
    enum stir_err err = read_list(wish, text);
    if (err == STIR_OK)
        return true;
    stir_pa_refuse(x, 400, "tkvalue", "tkvalue is not the base64url of the canonical DER of a TNAuthList: %s", stir_err_text(err));
    return false;
}

static bool read_ca(struct stir_pa_wish *wish, struct stir_exchange *x, struct stir_json atc)
{
    struct stir_json value;
    if (!stir_json_member(atc, "ca", &value))
        return true;
    if (value.type != STIR_JSON_BOOL) {
        stir_pa_refuse(x, 400, "ca", "ca must be true or false");
        return false;
    }
    wish->ca = stir_slice_is(value.text, "true");
    return true;
}

static bool read_atc(struct stir_pa_wish *wish, struct stir_exchange *x, struct stir_json atc)
{
    struct stir_slice type;
    if (!stir_pa_text(&type, atc, "tktype", &wish->arena) || !(stir_slice_is(type, "TNAuthList") || stir_slice_is(type, "TnAuthList"))) {
        stir_pa_refuse(x, 400, "tktype", "tktype must be \"TNAuthList\"");
        return false;
    }
    if (!read_value(wish, x, atc) || !read_ca(wish, x, atc))
        return false;
    if (stir_pa_text(&wish->fingerprint, atc, "fingerprint", &wish->arena) && stir_token_is_fingerprint(wish->fingerprint))
        return true;
    stir_pa_refuse(x, 400, "fingerprint", "fingerprint must be \"SHA256 \" and 32 pairs of hex digits with ':' between them, of the ACME account's key");
    return false;
}

bool stir_pa_wish_read(struct stir_pa_wish *wish, struct stir_exchange *x)
{
    struct stir_json body, atc;
    *wish = (struct stir_pa_wish){.list = NULL};
    if (!stir_pa_body(x, &body, STIR_PA_MAX_REQUEST))
        return false;
    if (!stir_json_member(body, "atc", &atc))
        atc = body;
    if (atc.type == STIR_JSON_OBJECT)
        return read_atc(wish, x, atc);
    stir_pa_refuse(x, 400, "atc", "atc must be an object with tktype, tkvalue, fingerprint and, when it is asked for, ca");
    return false;
}
