/* Claim constraints. The extension is checked once and kept as its own DER; holding a token against it walks the lists again, which are short. */
#include "core/constraints.h"

#include <stdlib.h>

enum {
    TAG_UTF8STRING = 0x0c,
    TAG_IA5STRING = 0x16,
    TAG_SEQUENCE = 0x30,
    TAG_INCLUDE = 0xa0, /* the module's tags are EXPLICIT */
    TAG_PERMITTED = 0xa1,
    TAG_EXCLUDE = 0xa2,
};

struct stir_constraints {
    bool is_void;
    struct stir_slice include, permitted, exclude; /* content of the lists, checked; absent when the member is */
    char der[];
};

/* ---- Reading ---- */

/*= RFC9118-3f */
static enum stir_err take_name(struct stir_reader *r, struct stir_slice *name)
{
    TRY(stir_der_get(r, TAG_IA5STRING, name, NULL));
    for (size_t i = 0; i < name->n; i++)
        if ((unsigned char)name->p[i] >= 0x80)
            return STIR_EVALUE;
    return STIR_OK;
}

static enum stir_err take_value(struct stir_reader *r, struct stir_slice *value)
{
    TRY(stir_der_get(r, TAG_UTF8STRING, value, NULL));
    return stir_utf8_valid(*value) ? STIR_OK : STIR_EVALUE;
}

/* JWTClaimValues ::= SEQUENCE { claim, values SEQUENCE OF UTF8String }; `values` gets their content. */
static enum stir_err take_permission(struct stir_reader *r, struct stir_slice *claim, struct stir_slice *values)
{
    struct stir_slice content;
    TRY(stir_der_get(r, TAG_SEQUENCE, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(take_name(&in, claim));
    TRY(stir_der_get(&in, TAG_SEQUENCE, values, NULL));
    return stir_reader_left(&in) ? STIR_EDER : STIR_OK;
}

typedef enum stir_err (*take_fn)(struct stir_reader *r, struct stir_slice *out);

/* SEQUENCE SIZE (1..MAX): `list` is its content. */
static enum stir_err check_list(struct stir_slice list, take_fn take)
{
    struct stir_reader r = stir_reader_of(list);
    size_t n = 0;
    do {
        struct stir_slice one;
        TRY(take(&r, &one));
        if (++n > STIR_MAX_CONSTRAINTS)
            return STIR_ELIMIT;
    } while (stir_reader_left(&r));
    return STIR_OK;
}

static enum stir_err take_checked_permission(struct stir_reader *r, struct stir_slice *claim)
{
    struct stir_slice values;
    TRY(take_permission(r, claim, &values));
    return check_list(values, take_value);
}

/* An optional member [tag] that is a SEQUENCE OF what `take` takes; absent stays absent. */
static enum stir_err take_member(struct stir_reader *r, unsigned char tag, take_fn take, struct stir_slice *list)
{
    struct stir_slice content;
    if (stir_der_peek(r) != tag)
        return STIR_OK;
    TRY(stir_der_get(r, tag, &content, NULL));
    struct stir_reader in = stir_reader_of(content);
    TRY(stir_der_get(&in, TAG_SEQUENCE, list, NULL));
    return stir_reader_left(&in) ? STIR_EDER : check_list(*list, take);
}

/* iat, orig and dest are always permitted: a certificate that excludes one is treated as if it had no such extension. */
/*= RFC9118-3e */
static bool excludes_baseline(struct stir_slice exclude)
{
    struct stir_reader r = stir_reader_of(exclude);
    struct stir_slice name;
    while (take_name(&r, &name) == STIR_OK)
        if (stir_slice_is(name, "iat") || stir_slice_is(name, "orig") || stir_slice_is(name, "dest"))
            return true;
    return false;
}

static enum stir_err read_constraints(struct stir_constraints *c, struct stir_slice der, bool enhanced)
{
    struct stir_slice content;
    struct stir_reader r = stir_reader_of(der);
    TRY(stir_der_get(&r, TAG_SEQUENCE, &content, NULL));
    if (stir_reader_left(&r) || content.n == 0)
        return STIR_EDER;
    r = stir_reader_of(content);
    TRY(take_member(&r, TAG_INCLUDE, take_name, &c->include));
    TRY(take_member(&r, TAG_PERMITTED, take_checked_permission, &c->permitted));
    if (enhanced)
        TRY(take_member(&r, TAG_EXCLUDE, take_name, &c->exclude));
    if (stir_reader_left(&r))
        return STIR_EDER;
    c->is_void = excludes_baseline(c->exclude);
    return STIR_OK;
}

enum stir_err stir_constraints_parse(struct stir_constraints **out, struct stir_slice der, bool enhanced)
{
    if (der.n > STIR_MAX_CERT)
        return STIR_ELIMIT;
    struct stir_constraints *c = calloc(1, sizeof(*c) + der.n);
    if (!c)
        return STIR_ENOMEM;
    if (der.n)
        memcpy(c->der, der.p, der.n);
    enum stir_err err = read_constraints(c, stir_slice_of(c->der, der.n), enhanced);
    if (err == STIR_OK)
        *out = c;
    else
        free(c);
    return err;
}

void stir_constraints_free(struct stir_constraints *c)
{
    free(c);
}

bool stir_constraints_is_void(const struct stir_constraints *c)
{
    return c->is_void;
}

/* ---- Checking ---- */

/* The claim named `name`; names of the token may be spelled with escapes. */
static bool find_claim(struct stir_json payload, struct stir_slice name, struct stir_json *claim)
{
    if (payload.type != STIR_JSON_OBJECT)
        return false;
    for (struct stir_json_iter it = stir_json_iter(payload); stir_json_next(&it);) {
        if (!stir_json_name_is(it.name, name))
            continue;
        *claim = it.value;
        return true;
    }
    return false;
}

/* The text that permitted values are compared with: a string's characters, of anything else the canonical serialisation (RFC 8225 §9). */
static enum stir_err claim_text(struct stir_slice *text, struct stir_json claim, struct stir_arena *arena)
{
    if (claim.type == STIR_JSON_STRING)
        return stir_json_string(text, claim, arena);
    struct stir_writer size = stir_writer_of(NULL, 0);
    TRY(stir_json_put_canonical(&size, claim));
    char *p = stir_arena_get(arena, size.need);
    if (!p)
        return STIR_ENOMEM;
    struct stir_writer w = stir_writer_of(p, size.need);
    TRY(stir_json_put_canonical(&w, claim));
    *text = stir_slice_of(p, size.need);
    return STIR_OK;
}

/* Exactly one of the values, byte by byte. */
/*= RFC8226-8b RFC9118-3b */
static bool is_permitted(struct stir_slice text, struct stir_slice values)
{
    struct stir_reader r = stir_reader_of(values);
    struct stir_slice value;
    while (take_value(&r, &value) == STIR_OK)
        if (stir_slice_eq(value, text))
            return true;
    return false;
}

/* The first name of `names` whose presence in the payload is `present`. */
static bool find_name(struct stir_slice names, struct stir_json payload, bool present, struct stir_slice *name)
{
    struct stir_reader r = stir_reader_of(names);
    struct stir_json value;
    while (take_name(&r, name) == STIR_OK)
        if (find_claim(payload, *name, &value) == present)
            return true;
    return false;
}

/* The first claim that is there and has none of its permitted values. A claim that stands in two entries must satisfy both. */
static enum stir_err find_unpermitted(struct stir_slice permitted, struct stir_json payload, struct stir_arena *arena, bool *found, struct stir_slice *name)
{
    struct stir_reader r = stir_reader_of(permitted);
    struct stir_slice values, text;
    struct stir_json value;
    *found = false;
    while (!*found && take_permission(&r, name, &values) == STIR_OK) {
        if (!find_claim(payload, *name, &value))
            continue;
        TRY(claim_text(&text, value, arena));
        *found = !is_permitted(text, values);
    }
    return STIR_OK;
}

/* The reasons in the order of the catalogue. */
/*= RFC8226-8a RFC9118-3a RFC9118-3c */
enum stir_err stir_constraints_check(const struct stir_constraints *c, struct stir_json payload, enum stir_reason *reason, struct stir_slice *claim)
{
    struct stir_slice name = {NULL, 0};
    enum stir_reason found = STIR_R_NONE;
    if (!c->is_void && find_name(c->exclude, payload, true, &name)) {
        found = STIR_R_CLAIM_EXCLUDED;
    } else if (!c->is_void && find_name(c->include, payload, false, &name)) {
        found = STIR_R_CLAIM_REQUIRED;
    } else if (!c->is_void) {
        struct stir_arena arena = {NULL, 0, 0};
        bool unpermitted = false;
        enum stir_err err = find_unpermitted(c->permitted, payload, &arena, &unpermitted, &name);
        stir_arena_clear(&arena);
        TRY(err);
        found = unpermitted ? STIR_R_CLAIM_NOT_PERMITTED : STIR_R_NONE;
    }
    *reason = found;
    if (found != STIR_R_NONE)
        *claim = name;
    return STIR_OK;
}
