/* What our orders are for: a TNAuthList (RFC 9448 §3), answered with an authority token (RFC 9447 §3, RFC 9448 §4). */
#include "service/acme_parts.h"

#include <openssl/evp.h>
#include <stdio.h>

#include <stir/lint.h>

#include "core/bytes.h"

/* ---- The identifier ---- */

/*= RFC9448-3 */
static enum stir_err value(struct stir_acme *acme, struct stir_arena *arena, const char **out, struct stir_diag *diag)
{
    struct stir_slice der = stir_tnauth_der(acme->list);
    size_t cap = der.n / 3 * 4 + 8;
    char *text = stir_arena_get(arena, cap);
    if (!text)
        return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    if (acme->settings.base64_padded) {
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)der.p, (int)der.n);
    } else {
        struct stir_writer w = stir_writer_of(text, cap);
        stir_put_b64url(&w, der);
        TRY(stir_writer_close(&w, NULL));
    }
    *out = text;
    return STIR_OK;
}

/* ---- The challenge ---- */

static bool suits(struct stir_json challenge)
{
    struct stir_json type;
    struct stir_slice text;
    return !stir_json_member(challenge, "tkauth-type", &type) || /* one authority leaves it out */
           (type.type == STIR_JSON_STRING && stir_json_string(&text, type, NULL) == STIR_OK && stir_slice_is(text, "atc"));
}

/*= RFC9448-4 */
static enum stir_err answer(struct stir_acme *acme, struct stir_json challenge, json_t **out, struct stir_diag *diag)
{
    (void)challenge; /* its `token` is bound to nothing that is sent (RFC 9447 §3) */
    TRY(stir_acme_token(acme, diag));
    const char *field = acme->settings.tkauth_field;
    *out = strcmp(field, "both") == 0 ? json_pack("{ssss}", "tkauth", acme->token, "atc", acme->token) : json_pack("{ss}", field, acme->token);
    return *out ? STIR_OK : STIR_ENOMEM;
}

/* ---- The request ---- */

static enum stir_err common_name(struct stir_acme *acme, struct stir_arena *arena, struct stir_slice *out)
{
    const struct stir_acme_settings *s = &acme->settings;
    struct stir_slice spc = stir_tnauth_spc(acme->list);
    const char *text = s->common_name[0] ? s->common_name : spc.p ? stir_arena_format(arena, "SHAKEN %.*s", (int)spc.n, spc.p) : s->org;
    *out = stir_slice_str(text);
    return text ? STIR_OK : STIR_ENOMEM;
}

static struct stir_slice some(const char *text)
{
    return stir_slice_str(text[0] ? text : NULL);
}

static enum stir_err request(struct stir_acme *acme, struct stir_arena *arena, struct stir_key *key, struct stir_slice *der, struct stir_diag *diag)
{
    struct stir_cert_params params = STIR_CERT_PARAMS_INIT;
    struct stir_key_signer held = {key, acme->ctx};
    struct stir_signer signer = stir_signer_of_key(&held);
    struct stir_csr *csr = NULL;
    params.role = acme->settings.ca ? STIR_CERT_DELEGATE_CA : STIR_CERT_END_ENTITY; /* RFC 9448 §5.4: as the token says */
    params.path_len = -1;
    params.o = some(acme->settings.org);
    params.c = some(acme->settings.country);
    params.tnauth = acme->list;
    TRY(common_name(acme, arena, &params.cn));
    TRY(stir_csr_make(&csr, &params, &signer, diag));
    *der = stir_arena_copy(arena, stir_csr_info(csr)->der);
    stir_csr_free(csr);
    return der->p ? STIR_OK : STIR_ENOMEM;
}

/* ---- The certificate ---- */

struct lint {
    struct stir_acme *acme;
    unsigned n;
};

static void departs(const struct stir_lint_rule *rule, const char *detail, void *arg)
{
    struct lint *lint = arg;
    if (rule->severity == STIR_LINT_NOTICE || lint->n++ >= 8)
        return;
    stir_acme_tell(lint->acme, "warning: the certificate departs from the profile: %s%s%s (%s)", rule->text, detail[0] ? ": " : "", detail, rule->id);
}

static enum stir_err check(struct stir_acme *acme, struct stir_cert *const *chain, size_t n, struct stir_diag *diag)
{
    const struct stir_cert_info *leaf = stir_cert_info(chain[0]);
    struct lint lint = {acme, 0};
    if (!leaf->tnauth_list)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate that came has no TNAuthList that can be read: nothing could be signed with it");
    if (!stir_slice_eq(stir_tnauth_der(leaf->tnauth_list), stir_tnauth_der(acme->list)))
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate that came has another TNAuthList than was ordered");
    if (leaf->is_ca != acme->settings.ca)
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate that came is %s",
                             leaf->is_ca ? "a CA's: nothing could be signed with it" : "no CA's");
    const bool delegate = acme->settings.ca || !stir_tnauth_spc(acme->list).p; /* the profile of providers asks for one code */
    (void)stir_lint_cert(chain[0], n > 1 ? chain[1] : NULL, delegate ? STIR_LINT_RFC | STIR_LINT_DELEGATE : STIR_LINT_DEFAULT, departs, &lint);
    return STIR_OK;
}

const struct stir_acme_kind stir_acme_tnauthlist = {
    .identifier = "TNAuthList",
    .value = value,
    .challenge = "tkauth-01",
    .suits = suits,
    .answer = answer,
    .request = request,
    .check = check,
};
