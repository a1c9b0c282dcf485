/* Finalizing an order (RFC 8555 §7.4): the request is held against the order, the profile and the rules about keys, then issued. And the download (§7.4.2). */
#include "service/ca_order.h"

#include <stdlib.h>

#include "core/der.h"

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

/*= RFC8555-7.4 */
static bool csr_is_good(struct stir_ca_request *r, const struct finalization *f)
{
    struct stir_ca_faults faults = {.n = 0};
    struct stir_ca_issue issue;
    char why[200];
    fill_issue(&issue, r, f, NULL, NULL);
    if (!stir_ca_profile_times(r->ca, f->profile, r->x->now, f->order.created, f->order.not_before, f->order.not_after, &issue.not_before, &issue.not_after,
                               why, sizeof(why)))
        return stir_ca_refuse(r, STIR_PROBLEM_BAD_CSR, "%s", why);
    return stir_ca_went(r, stir_ca_csr_faults(&faults, r->ca, stir_csr_info(f->csr), &issue, f->authorization.ca, &r->arena), NULL) &&
           stir_ca_without_faults(r, &faults, "the request cannot be fulfilled");
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
    if (!stir_ca_profile_times(r->ca, f->profile, r->x->now, f->order.created, f->order.not_before, f->order.not_after, &issue.not_before, &issue.not_after,
                               why, sizeof(why))) {
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

/* Counted where the code is proven: whoever could count up another's by mere orders could keep him from his certificates. */
static bool is_within(struct stir_ca_request *r, const struct stir_tnauth *list)
{
    struct stir_slice spc = stir_tnauth_spc(list);
    const char *code = spc.p ? stir_arena_copy(&r->arena, spc).p : NULL;
    if (spc.p && !code)
        return stir_ca_went(r, STIR_ENOMEM, NULL);
    return !code || stir_ca_within(r, STIR_LIMIT_ORDERS_CODE, code);
}

static void finalize_with(struct stir_ca_request *r, struct finalization *f)
{
    struct stir_diag diag = {0};
    f->profile = stir_ca_profile(r->ca, f->order.profile);
    if (!f->profile) {
        stir_ca_refuse(r, STIR_PROBLEM_UNAUTHORIZED, "profile \"%.*s\" of the order is no longer offered; make a new order", STIR_SHOW(f->order.profile));
        return;
    }
    if (stir_ca_went(r, stir_tnauth_parse(&f->list, f->order.tnauth), &diag) && stir_ca_may_have(r, f->list) && read_csr(r, &f->csr) && csr_is_good(r, f) &&
        is_within(r, f->list))
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
