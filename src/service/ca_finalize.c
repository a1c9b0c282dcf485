/* Finalizing an order (RFC 8555 §7.4): the request is held against the order, the profile and the rules about keys, then issued. And the download (§7.4.2). */
#include "service/ca_order.h"

#include <stdlib.h>

#include "core/cert.h"

STIR_AUTO_STRUCT_FREE(stir_csr)
STIR_AUTO_STRUCT_FREE(stir_tnauth)
STIR_AUTO_STRUCT_FREE(stir_cert)

enum { MAX_NAME = 64 }; /* characters of a name (RFC 5280 appendix A.1, ub-organization-name) */

/* --- the request against the order --- */

struct hold {
    struct stir_ca_faults *faults;
    const struct stir_csr_info *csr;
    const struct stir_conf_profile *profile;
    const struct stir_tnauth *list;
    bool token_ca;
};

#define FAULT(h, ...) stir_ca_fault((h)->faults, STIR_PROBLEM_BAD_CSR, __VA_ARGS__)

static void hold_key(const struct hold *h)
{
    if (h->csr->key != STIR_CERT_KEY_P256)
        FAULT(h, "its key is not an EC key on P-256, as a named curve");
}

/*= RFC9448-3 */
static void hold_list(const struct hold *h)
{
    if (h->csr->tnauth != STIR_PART_GOOD)
        FAULT(h, "%s",
              h->csr->tnauth == STIR_PART_ABSENT ? "it asks for no TNAuthList; the order's is to be in it as an extension request (RFC 8226 section 9)"
                                                 : "its TNAuthList cannot be read, or stands there twice");
    else if (!stir_slice_eq(stir_tnauth_der(h->csr->tnauth_list), stir_tnauth_der(h->list)))
        FAULT(h, "its TNAuthList is not the order's");
    if (h->csr->n_sans)
        FAULT(h, "it asks for a subjectAltName, which certificates of STIR do not have");
}

/* Issued is what was asked for, or nothing: an attribute that is not written is refused, not dropped. */
static void hold_attributes(const struct hold *h, struct stir_arena *arena)
{
    struct stir_name_parts parts;
    if (stir_name_read(&parts, h->csr->subject_der, arena) != STIR_OK) {
        FAULT(h, "its subject cannot be read");
        return;
    }
    if (parts.n_cn > 1 || parts.n_o > 1 || parts.n_c > 1 || parts.n_serial_number > 1)
        FAULT(h, "an attribute stands twice in its subject");
    if (parts.n_all != parts.n_cn + parts.n_o + parts.n_c + parts.n_serial_number)
        FAULT(h, "its subject has attributes other than C, O, CN and serialNumber, which certificates of this profile do not have");
}

static bool is_country(struct stir_slice c)
{
    return c.n == 2 && c.p[0] >= 'A' && c.p[0] <= 'Z' && c.p[1] >= 'A' && c.p[1] <= 'Z';
}

static bool is_among(const struct stir_conf_list *list, struct stir_slice text)
{
    for (size_t i = 0; i < list->n; i++)
        if (stir_slice_is(text, list->items[i]))
            return true;
    return list->n == 0;
}

static void hold_names(const struct hold *h)
{
    if (!h->csr->o.n || h->csr->o.n > MAX_NAME)
        FAULT(h, "its subject has no O of 1 to %d characters: the legal name of the provider (ATIS-1000080)", MAX_NAME);
    else if (!is_among(&h->profile->orgs, h->csr->o))
        FAULT(h, "the O of its subject is not one that this profile allows");
    if (!is_country(h->csr->c))
        FAULT(h, "its subject has no C of two capital letters (ISO 3166-1)");
}

/* ATIS-1000080: "SHAKEN", one space, the code. */
static void hold_common_name(const struct hold *h)
{
    char wanted[8 + STIR_MAX_SPC];
    struct stir_slice spc = stir_tnauth_spc(h->list);
    snprintf(wanted, sizeof(wanted), "SHAKEN %.*s", STIR_SHOW(spc));
    if (h->profile->kind == STIR_PROFILE_SHAKEN && !stir_slice_is(h->csr->cn, wanted))
        FAULT(h, "the CN of its subject is not \"%s\" (ATIS-1000080)", wanted);
    else if (!h->csr->cn.n || h->csr->cn.n > MAX_NAME)
        FAULT(h, "its subject has no CN of 1 to %d characters", MAX_NAME);
}

/* RFC 9448 §6 step 9: the token, the profile and the request say the same of a CA. */
/*= RFC9448-6 */
static void hold_ca(const struct hold *h)
{
    bool profile_ca = h->profile->kind == STIR_PROFILE_DELEGATE_CA;
    if (h->csr->wants_ca && !h->token_ca)
        FAULT(h, "it asks for a CA certificate, and the authority token (\"ca\": false) authorises none");
    else if (h->csr->wants_ca && !profile_ca)
        FAULT(h, "it asks for a CA certificate, and profile \"%.32s\" gives none", h->profile->name);
    else if (!h->csr->wants_ca && (profile_ca || h->token_ca))
        FAULT(h, "it does not ask for a CA certificate (basicConstraints cA TRUE), and order and authority token are for one");
}

/* Constraints that are asked for are those that the profile writes; none need be asked for. */
static bool same_constraints(const struct stir_csr_info *csr, const struct stir_cert_info *would_be)
{
    const char *oid = csr->constraints_enhanced ? "1.3.6.1.5.5.7.1.33" : "1.3.6.1.5.5.7.1.27";
    for (size_t i = 0; i < would_be->n_ext; i++)
        if (stir_slice_is(would_be->ext[i].oid, oid))
            return stir_slice_eq(would_be->ext[i].value, csr->constraints);
    return false;
}

/* --- what is issued of it --- */

struct finalization {
    struct stir_ca_order order;
    struct stir_ca_authorization authorization;
    struct stir_csr *csr;
    struct stir_tnauth *list;
    const struct stir_conf_profile *profile;
};

static bool read_csr(struct stir_ca_request *r, struct stir_csr **out)
{
    struct stir_slice text;
    struct stir_diag diag = {0};
    size_t n = 0;
    if (!stir_ca_text_member(r, "csr", &text))
        return false;
    if (!text.p)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"csr\" is missing: the base64url of the request's DER");
    if (text.n > stir_b64url_encoded(STIR_MAX_CERT))
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_CSR, "the request is longer than %d bytes", STIR_MAX_CERT);
    unsigned char *der = stir_arena_get(&r->arena, stir_b64url_max_decoded(text.n) + 1);
    if (!der)
        return stir_ca_went(r, STIR_ENOMEM, NULL);
    if (stir_b64url_decode(der, &n, text) != STIR_OK)
        return stir_ca_refuse(r, STIR_PROBLEM_MALFORMED, "\"csr\" is not base64url without padding (RFC 8555 section 7.4)");
    if (!n || der[0] != STIR_DER_SEQUENCE)
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_CSR, "\"csr\" is not the DER of a request; PEM is not sent to ACME servers");
    enum stir_err err = stir_csr_parse(out, stir_slice_of(der, n), &diag);
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return stir_ca_went(r, err, &diag);
    return err == STIR_OK || stir_ca_refuse(r, STIR_PROBLEM_BAD_CSR, "%s", diag.text[0] ? diag.text : stir_err_text(err));
}

static void fill_issue(struct stir_ca_issue *issue, const struct stir_ca_request *r, const struct finalization *f, const char *order, const char *actor)
{
    const struct stir_csr_info *csr = stir_csr_info(f->csr);
    *issue = (struct stir_ca_issue){
        .order = order,
        .account = r->account.id,
        .profile = f->profile,
        .list = f->list,
        .key = stir_csr_key(f->csr),
        .cn = csr->cn,
        .o = csr->o,
        .c = csr->c,
        .serial_number = csr->serial_number,
        .actor = actor,
    };
}

/* The certificate as it would be, for what only stands there: it is not signed by anybody. */
static enum stir_err imagine(struct stir_cert **out, struct stir_ca_request *r, const struct finalization *f)
{
    unsigned char tbs[STIR_MAX_CERT], der[STIR_MAX_CERT], no_signature[STIR_ES256_SIG] = {0};
    struct stir_ca_issue issue;
    struct stir_cert_params params;
    char why[200];
    size_t n = 0, whole = 0;
    fill_issue(&issue, r, f, NULL, NULL);
    if (!stir_ca_profile_times(r->ca, f->profile, r->x->now, f->order.not_before, f->order.not_after, &issue.not_before, &issue.not_after, why, sizeof(why)))
        return STIR_EVALUE;
    TRY(stir_ca_profile_params(&params, r->ca, &issue, &r->arena));
    TRY(stir_cert_prepare(tbs, sizeof(tbs), &n, &params, r->ca->key, NULL));
    no_signature[STIR_ES256_SIG / 2 - 1] = no_signature[STIR_ES256_SIG - 1] = 1;
    TRY(stir_signed_assemble(der, sizeof(der), &whole, stir_slice_of(tbs, n), no_signature));
    return stir_cert_parse(out, stir_slice_of(der, whole), NULL);
}

static bool hold_constraints(struct stir_ca_request *r, const struct finalization *f, const struct hold *h)
{
    STIR_AUTO_STRUCT(stir_cert) *cert = NULL;
    if (!h->csr->constraints.p || h->faults->n)
        return true;
    enum stir_err err = imagine(&cert, r, f);
    if (err == STIR_ENOMEM || err == STIR_ECRYPTO)
        return stir_ca_went(r, err, NULL);
    if (err != STIR_OK || !same_constraints(h->csr, stir_cert_info(cert)))
        FAULT(h, "it asks for claim constraints that are not those of profile \"%.32s\"", h->profile->name);
    return true;
}

/*= RFC8555-7.4 */
static bool csr_is_good(struct stir_ca_request *r, const struct finalization *f)
{
    struct stir_ca_faults faults = {.n = 0};
    const struct hold h = {&faults, stir_csr_info(f->csr), f->profile, f->list, f->authorization.ca};
    hold_key(&h);
    hold_list(&h);
    hold_attributes(&h, &r->arena);
    hold_names(&h);
    hold_common_name(&h);
    hold_ca(&h);
    return hold_constraints(r, f, &h) && stir_ca_without_faults(r, &faults, "the request cannot be fulfilled");
}

/* --- finalizing --- */

struct look_work {
    struct stir_ca_request *r;
    struct finalization *f;
};
static enum stir_err look_at_authorization(struct stir_store *store, void *arg)
{
    struct look_work *work = arg;
    return stir_ca_authorization_get(&work->f->authorization, store, &work->r->arena, work->f->order.authorization, work->r->x->now, false);
}

/* 403 orderNotReady, and why. An order whose certificate is under way or there is answered as it is: a client that was cut off asks again. */
/*= RFC8555-7.4 */
static bool is_ready(struct stir_ca_request *r, struct finalization *f)
{
    struct look_work work = {r, f};
    struct stir_diag diag = {0};
    if (stir_ca_is(f->order.status, "processing") || stir_ca_is(f->order.status, "valid")) {
        stir_ca_answer_order(r, 200, &f->order);
        return false;
    }
    if (!stir_ca_is(f->order.status, "ready"))
        return stir_ca_refuse(r, STIR_PROBLEM_ORDER_NOT_READY, "the order is \"%.*s\"%s", STIR_SHOW(f->order.status),
                              stir_ca_is(f->order.status, "pending") ? ": its authorization is not proven yet" : "; make a new one");
    if (!stir_ca_went(r, stir_store_look(r->clerk->store, look_at_authorization, &work, &diag), &diag))
        return false;
    if (!stir_ca_is(f->authorization.status, "valid"))
        return stir_ca_refuse(r, STIR_PROBLEM_ORDER_NOT_READY, "its authorization is \"%.*s\"; make a new order", STIR_SHOW(f->authorization.status));
    return true;
}

static void answer_again(struct stir_ca_request *r)
{
    struct stir_ca_order order;
    if (stir_ca_own_order(r, &order))
        stir_ca_answer_order(r, 200, &order);
}

static void issue_order(struct stir_ca_request *r, const struct finalization *f)
{
    struct stir_ca_issue issue;
    struct stir_diag diag = {0};
    char actor[64], order[STIR_ID], why[200];
    snprintf(actor, sizeof(actor), "account %s", r->account.id);
    snprintf(order, sizeof(order), "%.*s", STIR_SHOW(f->order.id));
    fill_issue(&issue, r, f, order, actor);
    if (!stir_ca_profile_times(r->ca, f->profile, r->x->now, f->order.not_before, f->order.not_after, &issue.not_before, &issue.not_after, why, sizeof(why))) {
        stir_ca_refuse(r, STIR_PROBLEM_BAD_CSR, "%s", why);
        return;
    }
    enum stir_err err = stir_ca_issue(r->ca, r->clerk, &issue, r->x->now, &diag);
    if (err == STIR_EVALUE)
        stir_ca_refuse(r, issue.problem, "%s", issue.why);
    else if (err == STIR_ESTATE || stir_ca_went(r, err, &diag))
        answer_again(r);
    stir_cert_free(issue.cert);
}

static void finalize_with(struct stir_ca_request *r, struct finalization *f)
{
    struct stir_diag diag = {0};
    f->profile = stir_ca_profile(r->ca, f->order.profile);
    if (!f->profile) {
        stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "profile \"%.*s\" of the order is no longer offered; make a new order", STIR_SHOW(f->order.profile));
        return;
    }
    if (stir_ca_went(r, stir_tnauth_parse(&f->list, f->order.tnauth), &diag) && read_csr(r, &f->csr) && csr_is_good(r, f))
        issue_order(r, f);
}

void stir_ca_finalize(struct stir_ca_request *r)
{
    struct finalization f = {.csr = NULL};
    r->x->event = "acme finalize";
    if (stir_ca_has_object(r) && stir_ca_own_order(r, &f.order) && is_ready(r, &f))
        finalize_with(r, &f);
    stir_csr_free(f.csr);
    stir_tnauth_free(f.list);
}

/* --- download --- */

struct download {
    struct stir_ca_request *r;
    struct stir_cert *cert;
};
static enum stir_err look_at_certificate(struct stir_store *store, void *arg)
{
    struct download *d = arg;
    struct stir_store_rows *rows = NULL;
    stir_cert_free(d->cert);
    d->cert = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT der FROM certificates WHERE order_id = $1 AND account = $2 AND der IS NOT NULL",
                           STIR_VALUES(stir_store_text(d->r->rest[0]), stir_store_str(d->r->account.id))));
    enum stir_err err = stir_cert_parse(&d->cert, stir_store_get(rows, 0), NULL);
    stir_store_rows_free(rows);
    return err;
}

/* The chain of this reading's authority; of a certificate that a former one issued the chain of that is no longer known, and the certificate stands alone. */
static void answer_chain(struct stir_ca_request *r, const struct stir_cert *cert)
{
    char *pem = NULL;
    size_t n = 0;
    struct stir_ca alone = {.n_chain = 0};
    bool ours = stir_slice_eq(stir_cert_info(cert)->issuer_der, stir_cert_info(r->ca->chain[0])->subject_der);
    if (stir_ca_went(r, stir_ca_chain_pem(&pem, &n, ours ? r->ca : &alone, cert), NULL)) {
        r->answered = true;
        stir_exchange_answer(r->x, 200, "application/pem-certificate-chain", stir_slice_of(pem, n));
    }
    free(pem);
}

/*= RFC8555-7.4.2 */
void stir_ca_certificate(struct stir_ca_request *r)
{
    struct download d = {r, NULL};
    struct stir_diag diag = {0};
    r->x->event = "acme certificate";
    if (!stir_ca_fetches(r))
        return;
    enum stir_err err = stir_store_look(r->clerk->store, look_at_certificate, &d, &diag);
    if (err == STIR_ENOTFOUND)
        stir_ca_refuse_as(r, STIR_PROBLEM_MALFORMED, 404, "this account has no such certificate");
    else if (stir_ca_went(r, err, &diag))
        answer_chain(r, d.cert);
    stir_cert_free(d.cert);
}
