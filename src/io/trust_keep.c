#include "io/trust_keep.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"

/* ---- Anchors ---- */

static enum stir_err write_anchors(struct stir_trust_folder *folder, struct stir_cert *const *certs, size_t n, struct stir_diag *diag)
{
    struct stir_slice pem;
    TRY(stir_trust_pem(&pem, certs, n));
    enum stir_err err = stir_trust_folder_commit(folder, pem, diag);
    stir_file_free(&pem);
    return err;
}

/* The administrator's revocation lists are signed under the same root; what is between comes with them. */
static enum stir_err write_root(const struct stir_trust_folder *folder, struct stir_slice root, struct stir_diag *diag)
{
    struct stir_slice pa;
    TRY(stir_trust_folder_read(&pa, folder, STIR_TRUST_FILE_PA, STIR_MAX_PEM, diag));
    bool there = pa.p != NULL;
    stir_file_free(&pa);
    return there ? STIR_OK : stir_trust_folder_write(folder, STIR_TRUST_FILE_PA, root, diag);
}

static enum stir_err write_list(struct stir_trust_folder *folder, const struct stir_ca_list *list, struct stir_slice root, int64_t now, struct stir_diag *diag)
{
    const struct stir_ca_list_info *info = stir_ca_list_info(list);
    struct stir_cert *certs[STIR_MAX_LISTED];
    struct stir_trust_state state = {.there = true, .listed = true, .imported = now, .sequence = info->sequence, .exp = info->exp};
    snprintf(state.signer, sizeof(state.signer), "%s", info->signer);
    /* The same list again says nothing of when its life began. */
    if (folder->state.listed && folder->state.sequence == info->sequence && folder->state.exp == info->exp)
        state.imported = folder->state.imported;
    folder->state = state;
    for (size_t i = 0; i < info->n_certs; i++)
        certs[i] = stir_ca_list_cert(list, i);
    TRY(write_root(folder, root, diag));
    TRY(stir_trust_folder_write(folder, STIR_TRUST_FILE_LIST, info->jws, diag));
    return write_anchors(folder, certs, info->n_certs, diag);
}

enum stir_err stir_trust_keep_list(struct stir_ca_list **out, struct stir_trust_folder *folder, struct stir_slice text, struct stir_slice signer,
                                   struct stir_slice root, int64_t now, struct stir_diag *diag)
{
    struct stir_ca_list *list = NULL;
    TRY(stir_ca_list_parse(&list, text, signer, root, folder->state.sequence, now, diag));
    enum stir_err err = write_list(folder, list, root, now, diag);
    if (err == STIR_OK)
        *out = list;
    else
        stir_ca_list_free(list);
    return err;
}

enum stir_err stir_trust_keep_anchors(struct stir_trust_folder *folder, struct stir_cert *const *certs, size_t n, int64_t now, struct stir_diag *diag)
{
    if (folder->state.listed)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "domain %s is kept by the administrator's list; give these certificates another --domain",
                             folder->name);
    folder->state = (struct stir_trust_state){.there = true, .imported = now, .sequence = -1};
    return write_anchors(folder, certs, n, diag);
}

/* ---- The administrator's certificates ---- */

enum stir_err stir_trust_add_pa_pem(struct stir_trust_builder *builder, struct stir_slice pem, bool fetched, struct stir_diag *diag)
{
    struct stir_cert *certs[STIR_MAX_PA];
    size_t n = 0;
    enum stir_err err = stir_certs_parse(certs, STIR_MAX_PA, &n, pem, diag);
    for (size_t i = 0; i < n; i++) {
        if (err == STIR_OK && !(fetched && stir_cert_info(certs[i])->self_issued))
            err = stir_trust_add_pa(builder, certs[i]);
        stir_cert_free(certs[i]);
    }
    return err;
}

enum stir_err stir_trust_read_pa(struct stir_slice *out, const struct stir_trust_folder *folder, struct stir_diag *diag)
{
    struct stir_slice root, pa;
    *out = stir_slice_str(NULL);
    TRY(stir_trust_folder_read(&root, folder, STIR_TRUST_FILE_PA_ROOT, STIR_MAX_PEM, diag));
    enum stir_err err = stir_trust_folder_read(&pa, folder, STIR_TRUST_FILE_PA, STIR_MAX_PEM, diag);
    char *both = err == STIR_OK && (root.p || pa.p) ? malloc(root.n + pa.n + 2) : NULL;
    if (err == STIR_OK && (root.p || pa.p) && !both)
        err = STIR_ENOMEM;
    if (both)
        *out = stir_slice_of(both, (size_t)snprintf(both, root.n + pa.n + 2, "%.*s\n%.*s", (int)root.n, root.p ? root.p : "", (int)pa.n, pa.p ? pa.p : ""));
    stir_file_free(&root);
    stir_file_free(&pa);
    return err;
}

/* What is bad is an answer; only our own trouble is an error. */
static enum stir_err own_trouble(enum stir_err err)
{
    return err == STIR_ENOMEM || err == STIR_ECRYPTO ? err : STIR_OK;
}

enum stir_err stir_trust_has_root(bool *yes, struct stir_slice pem)
{
    struct stir_cert *certs[STIR_MAX_PA];
    size_t n = 0;
    *yes = false;
    enum stir_err err = pem.p ? own_trouble(stir_certs_parse(certs, STIR_MAX_PA, &n, pem, NULL)) : STIR_OK;
    for (size_t i = 0; i < n; i++) {
        enum stir_err own = stir_cert_info(certs[i])->self_issued ? stir_cert_signed_by(certs[i], certs[i]) : STIR_EMISMATCH;
        *yes = *yes || own == STIR_OK;
        err = err == STIR_OK ? own_trouble(own) : err;
        stir_cert_free(certs[i]);
    }
    return err;
}

/* ---- Revocation lists ---- */

static enum stir_err check_date(const struct stir_crl_info *info, int64_t now, struct stir_diag *diag)
{
    if (info->delta || info->unknown_critical || info->idp == STIR_PART_BAD || info->idp == STIR_PART_TWICE)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "no verifier could use this list: it is a delta list, or something critical in it is not understood");
    if (now < info->this_update)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the list is not in force yet");
    if (info->next_update && now > info->next_update)
        return stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "the list is out of date");
    return STIR_OK;
}

/* RFC 5280 §6.3.3 (b)(2)(i): the name of the list's distribution point is that of the place it was asked for at. */
static enum stir_err check_place(const struct stir_trust_crl *in, struct stir_diag *diag)
{
    struct stir_slice said = stir_crl_info(in->crl)->idp_url;
    if (!in->url || !said.p || stir_slice_is(said, in->url))
        return STIR_OK;
    return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the list says that it is published at %.*s", STIR_SHOW(said));
}

static enum stir_err by_one_of(struct stir_cert *const *certs, size_t n, const struct stir_crl *crl, bool *yes)
{
    for (size_t i = 0; i < n && !*yes; i++) {
        if (!stir_slice_eq(stir_cert_info(certs[i])->subject_der, stir_crl_info(crl)->issuer_der))
            continue;
        enum stir_err err = stir_crl_signed_by(crl, certs[i]);
        *yes = err == STIR_OK;
        TRY(own_trouble(err));
    }
    return STIR_OK;
}

/* A direct list is signed by a CA of the domain. */
static enum stir_err by_anchor(const struct stir_trust_folder *folder, const struct stir_crl *crl, bool *yes, struct stir_diag *diag)
{
    struct stir_slice pem = {NULL, 0};
    size_t n = 0;
    if (stir_crl_info(crl)->indirect)
        return STIR_OK;
    TRY(stir_trust_folder_read(&pem, folder, STIR_TRUST_FILE_ANCHORS, STIR_MAX_BUNDLE, diag));
    struct stir_cert **certs = calloc(STIR_MAX_ANCHORS, sizeof(*certs));
    enum stir_err err = certs ? STIR_OK : STIR_ENOMEM;
    if (certs && pem.p)
        err = own_trouble(stir_certs_parse(certs, STIR_MAX_ANCHORS, &n, pem, NULL));
    if (err == STIR_OK)
        err = by_one_of(certs, n, crl, yes);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    free(certs);
    stir_file_free(&pem);
    return err;
}

static enum stir_err fill(struct stir_trust_builder *builder, const struct stir_trust_crl *in)
{
    if (in->pa.p)
        TRY(stir_trust_add_pa_pem(builder, in->pa, false, NULL));
    if (in->fetched.p)
        TRY(stir_trust_add_pa_pem(builder, in->fetched, true, NULL));
    return stir_trust_add_crl(builder, in->crl);
}

static enum stir_err by_administrator(const struct stir_trust_crl *in, int64_t now, bool *yes)
{
    struct stir_trust_builder *builder = NULL;
    struct stir_trust *trust = NULL;
    if (!in->pa.p && !in->fetched.p)
        return STIR_OK;
    TRY(stir_trust_builder_new(&builder));
    enum stir_err err = fill(builder, in);
    if (err == STIR_OK)
        err = stir_trust_freeze(&trust, builder, 0);
    if (err != STIR_OK)
        stir_trust_builder_free(builder);
    *yes = trust && stir_trust_crl_by_pa(trust, 0, 0, now);
    stir_trust_free(trust);
    return own_trouble(err);
}

/* One file for one issuer and scope, so that the next list takes the place of this one. */
static enum stir_err name_of(char name[STIR_TRUST_CRL_NAME], const struct stir_crl_info *info)
{
    enum { DIGITS = STIR_TRUST_CRL_NAME - 5 };
    const unsigned char scope[] = {info->indirect, info->only_user, info->only_ca, info->only_attribute, info->only_some_reasons};
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool done = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) && EVP_DigestUpdate(ctx, info->issuer_der.p, info->issuer_der.n) &&
                EVP_DigestUpdate(ctx, scope, sizeof(scope)) && EVP_DigestUpdate(ctx, info->idp_url.p, info->idp_url.n) && EVP_DigestFinal_ex(ctx, digest, &n);
    EVP_MD_CTX_free(ctx);
    if (!done || n < DIGITS / 2)
        return STIR_ECRYPTO;
    for (size_t i = 0; i < DIGITS / 2; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
    memcpy(name + DIGITS, ".crl", 5);
    return STIR_OK;
}

static enum stir_err check_number(const struct stir_trust_folder *folder, const struct stir_crl *crl, const char *name, struct stir_diag *diag)
{
    struct stir_slice text;
    struct stir_crl *old = NULL;
    TRY(stir_trust_folder_read(&text, folder, name, STIR_MAX_CRL * 2, diag));
    enum stir_err err = text.p ? own_trouble(stir_crl_parse(&old, text, NULL)) : STIR_OK;
    bool older = old && stir_crl_order(crl, old) < 0;
    stir_crl_free(old);
    stir_file_free(&text);
    TRY(err);
    return older ? stir_diag_set(diag, STIR_ETIME, SIZE_MAX, "older than the list that is there (%s); that one stays", name) : STIR_OK;
}

static enum stir_err check_signer(bool *known, const struct stir_trust_folder *folder, const struct stir_trust_crl *in, int64_t now, struct stir_diag *diag)
{
    *known = false;
    TRY(by_administrator(in, now, known));
    if (!*known)
        TRY(by_anchor(folder, in->crl, known, diag));
    if (*known || in->signer_may_be_unknown)
        return STIR_OK;
    return stir_diag_set(diag, STIR_ESIG, SIZE_MAX, "not signed under the administrator's certificates nor by an anchor of the domain");
}

enum stir_err stir_trust_check_crl(char name[STIR_TRUST_CRL_NAME], bool *known, const struct stir_trust_folder *folder, const struct stir_trust_crl *in,
                                   int64_t now, struct stir_diag *diag)
{
    const struct stir_crl_info *info = stir_crl_info(in->crl);
    TRY(check_date(info, now, diag));
    TRY(check_place(in, diag));
    TRY(check_signer(known, folder, in, now, diag));
    TRY(name_of(name, info));
    return check_number(folder, in->crl, name, diag);
}

enum stir_err stir_trust_keep_crl(char name[STIR_TRUST_CRL_NAME], bool *known, const struct stir_trust_folder *folder, const struct stir_trust_crl *in,
                                  int64_t now, struct stir_diag *diag)
{
    TRY(stir_trust_check_crl(name, known, folder, in, now, diag));
    return stir_trust_folder_write(folder, name, stir_crl_info(in->crl)->der, diag);
}
