/* Claim constraints written (RFC 8226 §8, RFC 9118). */
#include "core/cert.h"

bool stir_constraints_wanted(const struct stir_cert_constraints *c)
{
    return c && (c->der.p || c->n_must_include || c->n_must_exclude || c->n_permitted);
}

/*= RFC9118-6 */
bool stir_constraints_enhanced(const struct stir_cert_constraints *c)
{
    return c->enhanced || c->n_must_exclude > 0;
}

static enum stir_err refuse(struct stir_diag *diag, struct stir_slice name, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "claim constraints: \"%.*s\" %s", STIR_SHOW(name), why);
}

static bool has(const struct stir_slice *names, size_t n, struct stir_slice name)
{
    for (size_t i = 0; i < n; i++)
        if (stir_slice_eq(names[i], name))
            return true;
    return false;
}

/*= RFC9118-3f */
static enum stir_err check_name(struct stir_slice name, struct stir_diag *diag)
{
    if (!name.n)
        return refuse(diag, name, "is no name of a claim");
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] >= 0x80 || (unsigned char)name.p[i] < ' ')
            return refuse(diag, name, "is not ASCII");
    return STIR_OK;
}

/* Each once. */
static enum stir_err check_names(const struct stir_slice *names, size_t n, const char *list, struct stir_diag *diag)
{
    if (n > STIR_MAX_CONSTRAINTS)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "claim constraints: %s has %zu names; %d are read", list, n, STIR_MAX_CONSTRAINTS);
    for (size_t i = 0; i < n; i++) {
        TRY(check_name(names[i], diag));
        if (has(names, i, names[i]))
            return refuse(diag, names[i], "stands twice");
    }
    return STIR_OK;
}

static enum stir_err check_excluded(const struct stir_cert_constraints *c, struct stir_diag *diag)
{
    for (size_t i = 0; i < c->n_must_exclude; i++) {
        struct stir_slice name = c->must_exclude[i];
        if (stir_slice_is(name, "iat") || stir_slice_is(name, "orig") || stir_slice_is(name, "dest")) /*= RFC9118-3d */
            return refuse(diag, name, "is in every token and may not be excluded: verifiers would ignore all constraints");
        if (has(c->must_include, c->n_must_include, name))
            return refuse(diag, name, "is both demanded and excluded: no token would do");
        for (size_t j = 0; j < c->n_permitted; j++)
            if (stir_slice_eq(c->permitted[j].claim, name))
                return refuse(diag, name, "has permitted values and is excluded");
    }
    return STIR_OK;
}

static enum stir_err check_permitted(const struct stir_cert_permitted *permitted, size_t n, struct stir_diag *diag)
{
    if (n > STIR_MAX_CONSTRAINTS)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "claim constraints: values of %zu claims; %d are read", n, STIR_MAX_CONSTRAINTS);
    for (size_t i = 0; i < n; i++) {
        const struct stir_cert_permitted *one = &permitted[i];
        TRY(check_name(one->claim, diag));
        if (!one->values || !one->n)
            return refuse(diag, one->claim, "has no permitted value: no token would do");
        if (one->n > STIR_MAX_CONSTRAINTS)
            return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "claim constraints: %zu values of one claim; %d are read", one->n, STIR_MAX_CONSTRAINTS);
        for (size_t j = 0; j < i; j++)
            if (stir_slice_eq(permitted[j].claim, one->claim))
                return refuse(diag, one->claim, "stands twice");
        for (size_t j = 0; j < one->n; j++)
            if (!one->values[j].p || !stir_utf8_valid(one->values[j]))
                return refuse(diag, one->claim, "has a permitted value that is no UTF-8");
    }
    return STIR_OK;
}

static enum stir_err check(const struct stir_cert_constraints *c, struct stir_diag *diag)
{
    if ((c->n_must_include && !c->must_include) || (c->n_must_exclude && !c->must_exclude) || (c->n_permitted && !c->permitted))
        return STIR_EARG;
    TRY(check_names(c->must_include, c->n_must_include, "mustInclude", diag));
    TRY(check_names(c->must_exclude, c->n_must_exclude, "mustExclude", diag));
    TRY(check_permitted(c->permitted, c->n_permitted, diag));
    return check_excluded(c, diag);
}

/* ---- DER: the module's tags are EXPLICIT ---- */

static void put_names(struct stir_writer *w, unsigned char tag, const struct stir_slice *names, size_t n)
{
    if (!n)
        return;
    size_t member = stir_der_open(w, tag), list = stir_der_open(w, STIR_DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        stir_der_put(w, STIR_DER_IA5, names[i]);
    stir_der_close(w, list);
    stir_der_close(w, member);
}

static void put_permitted(struct stir_writer *w, const struct stir_cert_permitted *permitted, size_t n)
{
    if (!n)
        return;
    size_t member = stir_der_open(w, STIR_DER_CONSTRUCTED(1)), list = stir_der_open(w, STIR_DER_SEQUENCE);
    for (size_t i = 0; i < n; i++) {
        size_t one = stir_der_open(w, STIR_DER_SEQUENCE);
        stir_der_put(w, STIR_DER_IA5, permitted[i].claim);
        size_t values = stir_der_open(w, STIR_DER_SEQUENCE);
        for (size_t j = 0; j < permitted[i].n; j++)
            stir_der_put(w, STIR_DER_UTF8, permitted[i].values[j]);
        stir_der_close(w, values);
        stir_der_close(w, one);
    }
    stir_der_close(w, list);
    stir_der_close(w, member);
}

/* What a request asked for, once it was read as a verifier reads it. */
static enum stir_err put_given(struct stir_writer *w, const struct stir_cert_constraints *c, struct stir_diag *diag)
{
    struct stir_constraints *read = NULL;
    if (c->n_must_include || c->n_must_exclude || c->n_permitted)
        return STIR_EARG;
    enum stir_err err = stir_constraints_parse(&read, c->der, c->enhanced);
    bool is_void = read && stir_constraints_is_void(read);
    stir_constraints_free(read);
    if (err == STIR_ENOMEM)
        return err;
    if (err != STIR_OK)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the claim constraints given cannot be read (%s)", stir_err_text(err));
    if (is_void)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "the claim constraints given exclude iat, orig or dest: verifiers would ignore all of them");
    stir_put_slice(w, c->der);
    return STIR_OK;
}

enum stir_err stir_constraints_put(struct stir_writer *w, const struct stir_cert_constraints *c, struct stir_diag *diag)
{
    if (c->der.p)
        return put_given(w, c, diag);
    TRY(check(c, diag));
    size_t all = stir_der_open(w, STIR_DER_SEQUENCE);
    put_names(w, STIR_DER_CONSTRUCTED(0), c->must_include, c->n_must_include);
    put_permitted(w, c->permitted, c->n_permitted);
    put_names(w, STIR_DER_CONSTRUCTED(2), c->must_exclude, c->n_must_exclude);
    stir_der_close(w, all);
    return STIR_OK;
}
