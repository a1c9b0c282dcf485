#include "io/trust_errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/url.h"
#include "io/trust_keep.h"
#include "io/trust_login.h"
#include "io/trust_store.h"

enum {
    LOGINS = 2, /* of one errand: a token may end while it is used */
    HOPS = 4,   /* certificates fetched one behind the other towards the root: a signer and an intermediate or two */
};

static int64_t now_of(const struct stir_trust_errand *e)
{
    return e->all->clock(e->all->clock_arg);
}

/* ---- An errand's end ---- */

static void free_errand(struct stir_trust_errand *e)
{
    stir_file_free(&e->token);
    stir_file_free(&e->list);
    stir_crl_free(e->crl);
    free(e->signers);
    free(e);
}

static void end(struct stir_trust_errand *e, enum stir_trust_end how, const char *detail)
{
    struct stir_trust_errands *all = e->all;
    struct stir_trust_errand **at = &all->active;
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    e->next = NULL;
    *all->last = e;
    all->last = &e->next;
    e->outcome.end = how;
    snprintf(e->outcome.detail, sizeof(e->outcome.detail), "%.*s", (int)sizeof(e->outcome.detail) - 1, detail);
}

/* What came is bad, or the trouble is our own. */
static void refuse(struct stir_trust_errand *e, enum stir_err err, const struct stir_diag *diag)
{
    bool ours = err == STIR_EIO || err == STIR_ENOMEM || err == STIR_ECRYPTO;
    end(e, ours ? STIR_TRUST_FAILED : STIR_TRUST_REFUSED, diag->text[0] ? diag->text : stir_err_text(err));
}

static void unreachable(struct stir_trust_errand *e, const char *what, const struct stir_flight *flight)
{
    char detail[sizeof(flight->detail) + 32];
    snprintf(detail, sizeof(detail), "%s: %s", what, flight->detail);
    end(e, STIR_TRUST_UNREACHABLE, detail);
}

/* ---- Requests ---- */

struct asking {
    struct stir_slice url;
    const char *accept;
    struct stir_slice authorization, post;
    size_t max_bytes;
};

/* The errand ends, or `then` is called. */
static void ask(struct stir_trust_errand *e, const struct asking *asking, void (*then)(struct stir_trust_errand *, const struct stir_flight *))
{
    struct stir_url url;
    struct stir_flight *flight;
    char text[STIR_FETCH_URL], detail[200];
    enum stir_url_fault fault = stir_url_parse(&url, asking->url, e->all->any_url);
    if (fault == STIR_URL_GOOD && stir_url_write(text, sizeof(text), &url) != STIR_OK)
        fault = STIR_URL_LONG;
    if (fault != STIR_URL_GOOD) {
        snprintf(detail, sizeof(detail), "%.*s is not fetched: %s", STIR_SHOW(asking->url), stir_url_fault_text(fault));
        end(e, STIR_TRUST_UNREACHABLE, detail);
        return;
    }
    const struct stir_fetch_ask ours = {.url = &url,
                                        .text = text,
                                        .accept = asking->accept,
                                        .etag = "",
                                        .authorization = asking->authorization,
                                        .post = asking->post,
                                        .max_bytes = asking->max_bytes};
    e->then = then;
    enum stir_err err = stir_fetch_start(&flight, e->all->fetcher, &ours, e);
    if (err != STIR_OK)
        end(e, STIR_TRUST_FAILED, stir_err_text(err));
}

/* pa-url and `path`, as text for the outcome too. */
static struct stir_slice place(struct stir_trust_errand *e, const char *path)
{
    int n = snprintf(e->outcome.url, sizeof(e->outcome.url), "%s%s", e->target->settings.pa_url, path);
    return stir_slice_of(e->outcome.url, n > 0 && (size_t)n < sizeof(e->outcome.url) ? (size_t)n : 0);
}

static bool is_denied(const struct stir_flight *flight)
{
    return flight->status == 401 || flight->status == 403;
}

/* ---- The administrator's list ---- */

static void end_list(struct stir_trust_errand *e, const struct stir_ca_list *list, const struct stir_trust_state *before)
{
    const struct stir_ca_list_info *info = stir_ca_list_info(list);
    bool same = before->listed && before->sequence == info->sequence && before->exp == info->exp;
    e->outcome.sequence = info->sequence;
    e->outcome.until = info->exp;
    snprintf(e->outcome.file, sizeof(e->outcome.file), "%s", STIR_TRUST_FILE_ANCHORS);
    end(e, same ? STIR_TRUST_SAME : STIR_TRUST_NEW, "");
}

/* The folder is held only now, and the sequence is read under that: another process may have been faster. */
static void after_list_signer(struct stir_trust_errand *e, const struct stir_flight *flight)
{
    struct stir_trust_folder folder;
    struct stir_ca_list *list = NULL;
    struct stir_diag diag = {0};
    if (flight->end != STIR_FETCH_BODY) {
        unreachable(e, "the list's signer (x5u)", flight);
        return;
    }
    enum stir_err err = stir_trust_folder_hold(&folder, e->all->dir, e->target->folder.name, &diag);
    const struct stir_trust_state before = folder.state;
    if (err == STIR_OK)
        err = stir_trust_keep_list(&list, &folder, e->list, stir_slice_of(flight->body ? flight->body : "", flight->n), e->target->root, now_of(e), &diag);
    stir_trust_folder_release(&folder);
    if (err == STIR_OK)
        end_list(e, list, &before);
    else
        refuse(e, err, &diag);
    stir_ca_list_free(list);
}

static bool copy(struct stir_slice *out, struct stir_slice text)
{
    char *p = malloc(text.n + 1);
    if (p && text.n)
        memcpy(p, text.p, text.n);
    *out = stir_slice_of(p, p ? text.n : 0);
    return p != NULL;
}

static void begin_login(struct stir_trust_errand *e);

static void after_list(struct stir_trust_errand *e, const struct stir_flight *flight)
{
    char url[STIR_MAX_URL + 1];
    struct stir_diag diag = {0};
    if (is_denied(flight) && e->token.p && e->logins < LOGINS) {
        begin_login(e); /* the token has ended since */
        return;
    }
    if (flight->end != STIR_FETCH_BODY) {
        unreachable(e, "the list", flight);
        return;
    }
    struct stir_slice text = stir_slice_of(flight->body ? flight->body : "", flight->n);
    enum stir_err err = stir_ca_list_signer_url(url, sizeof(url), text, &diag);
    if (err == STIR_OK && !copy(&e->list, text))
        err = STIR_ENOMEM;
    if (err != STIR_OK) {
        refuse(e, err, &diag);
        return;
    }
    const struct asking asking = {.url = stir_slice_str(url), .accept = "application/pkix-cert", .max_bytes = STIR_MAX_PEM};
    ask(e, &asking, after_list_signer);
}

static void ask_list(struct stir_trust_errand *e)
{
    const struct asking asking = {
        .url = place(e, "/api/v1/ca-list"), .accept = "application/jose+json", .authorization = e->token, .max_bytes = STIR_MAX_CA_LIST};
    ask(e, &asking, after_list);
}

static void after_login(struct stir_trust_errand *e, const struct stir_flight *flight)
{
    struct stir_diag diag = {0};
    if (is_denied(flight)) {
        snprintf(diag.text, sizeof(diag.text), "the administrator refuses the login (status %ld): is the account right?", flight->status);
        end(e, STIR_TRUST_UNREACHABLE, diag.text);
        return;
    }
    if (flight->end != STIR_FETCH_BODY) {
        unreachable(e, "the login", flight);
        return;
    }
    stir_file_free(&e->token);
    enum stir_err err = stir_trust_token_read(&e->token, stir_slice_of(flight->body ? flight->body : "", flight->n), &diag);
    if (err == STIR_OK)
        ask_list(e);
    else
        end(e, err == STIR_ENOMEM ? STIR_TRUST_FAILED : STIR_TRUST_UNREACHABLE, diag.text[0] ? diag.text : stir_err_text(err));
}

/* Without an account the list is asked for as it is. */
static void begin_login(struct stir_trust_errand *e)
{
    struct stir_diag diag = {0};
    struct stir_slice body;
    enum stir_err err = stir_trust_login_read(&body, &e->target->folder, &e->target->settings, &diag);
    if (err != STIR_OK) {
        end(e, STIR_TRUST_FAILED, diag.text[0] ? diag.text : stir_err_text(err));
        return;
    }
    if (!body.p) {
        ask_list(e);
        return;
    }
    e->logins++;
    const struct asking asking = {.url = place(e, "/api/v1/auth/login"), .accept = "application/json", .post = body, .max_bytes = STIR_TRUST_LOGIN_ANSWER};
    ask(e, &asking, after_login);
    stir_file_free(&body);
}

static void begin_list(struct stir_trust_errand *e)
{
    char detail[200];
    (void)place(e, "/api/v1/ca-list");
    if (e->target->pinned) {
        begin_login(e);
        return;
    }
    snprintf(detail, sizeof(detail), "the domain has no " STIR_TRUST_FILE_PA_ROOT " with the administrator's root: nothing would be believed");
    end(e, STIR_TRUST_FAILED, detail);
}

/* ---- Revocation lists ---- */

/* What is there already, and what was fetched now, is tried together. STIR_ESIG: a signer is still missing. */
static enum stir_err keep_crl(struct stir_trust_errand *e, const struct stir_trust_folder *folder, struct stir_slice pa, struct stir_slice fetched,
                              struct stir_diag *diag)
{
    char name[STIR_TRUST_CRL_NAME];
    bool known;
    struct stir_slice old = {NULL, 0};
    const struct stir_trust_crl in = {.crl = e->crl, .pa = pa, .fetched = e->target->pinned ? fetched : stir_slice_str(NULL), .url = e->outcome.url};
    TRY(stir_trust_check_crl(name, &known, folder, &in, now_of(e), diag));
    TRY(stir_trust_folder_read(&old, folder, name, STIR_MAX_CRL * 2, diag));
    bool same = old.p && stir_slice_eq(old, stir_crl_info(e->crl)->der);
    stir_file_free(&old);
    if (e->signers)
        TRY(stir_trust_folder_write(folder, STIR_TRUST_FILE_CRL_SIGNER, fetched, diag));
    TRY(stir_trust_folder_write(folder, name, stir_crl_info(e->crl)->der, diag));
    snprintf(e->outcome.file, sizeof(e->outcome.file), "%s", name);
    e->outcome.until = stir_trust_crl_end(stir_crl_info(e->crl));
    e->outcome.end = same ? STIR_TRUST_SAME : STIR_TRUST_NEW;
    return STIR_OK;
}

static enum stir_err try_crl(struct stir_trust_errand *e, struct stir_diag *diag)
{
    struct stir_trust_folder folder;
    struct stir_slice pa = {NULL, 0}, before = {NULL, 0};
    enum stir_err err = stir_trust_folder_hold(&folder, e->all->dir, e->target->folder.name, diag);
    if (err == STIR_OK)
        err = stir_trust_read_pa(&pa, &folder, diag);
    if (err == STIR_OK && !e->signers)
        err = stir_trust_folder_read(&before, &folder, STIR_TRUST_FILE_CRL_SIGNER, STIR_MAX_PEM, diag);
    if (err == STIR_OK)
        err = keep_crl(e, &folder, pa, e->signers ? stir_slice_of(e->signers, e->n_signers) : before, diag);
    stir_trust_folder_release(&folder);
    stir_file_free(&pa);
    stir_file_free(&before);
    return err;
}

static void judge_crl(struct stir_trust_errand *e, struct stir_slice signer_url);

/* Certificates behind those that are there; `*next` is where the last one's issuer is. */
static enum stir_err add_signers(struct stir_trust_errand *e, struct stir_slice body, char next[STIR_MAX_URL + 1], struct stir_diag *diag)
{
    struct stir_cert *certs[STIR_MAX_CHAIN];
    struct stir_slice pem = {NULL, 0};
    size_t n = 0;
    TRY(stir_certs_parse(certs, STIR_MAX_CHAIN, &n, body, diag));
    const struct stir_cert_info *last = stir_cert_info(certs[n - 1]);
    enum stir_err err = stir_trust_pem(&pem, certs, n);
    char *more = err == STIR_OK ? realloc(e->signers, e->n_signers + pem.n) : NULL;
    if (more) {
        memcpy(more + e->n_signers, pem.p, pem.n);
        e->signers = more;
        e->n_signers += pem.n;
        snprintf(next, STIR_MAX_URL + 1, "%.*s", last->self_issued ? 0 : (int)last->ca_issuers_url.n, last->ca_issuers_url.p ? last->ca_issuers_url.p : "");
    }
    stir_file_free(&pem);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    return err == STIR_OK && !more ? STIR_ENOMEM : err;
}

static void after_crl_signer(struct stir_trust_errand *e, const struct stir_flight *flight)
{
    char next[STIR_MAX_URL + 1] = "";
    struct stir_diag diag = {0};
    if (flight->end != STIR_FETCH_BODY) {
        unreachable(e, "the signer (caIssuers)", flight);
        return;
    }
    enum stir_err err = add_signers(e, stir_slice_of(flight->body ? flight->body : "", flight->n), next, &diag);
    if (err == STIR_OK)
        judge_crl(e, stir_slice_str(next));
    else
        refuse(e, err, &diag);
}

/* Keep it; or, when its signer is not known, fetch the certificate at `signer_url`, where the same hosts are allowed. */
static void judge_crl(struct stir_trust_errand *e, struct stir_slice signer_url)
{
    struct stir_diag diag = {0};
    enum stir_err err = try_crl(e, &diag);
    bool may_fetch = err == STIR_ESIG && signer_url.n && e->target->pinned && e->hops < HOPS;
    if (err == STIR_OK) {
        end(e, e->outcome.end, "");
    } else if (may_fetch && !stir_trust_settings_allow(&e->target->settings, signer_url)) {
        (void)stir_diag_set(&diag, err, SIZE_MAX, "its signer is not known, and the host of %.*s is not among crl-host", STIR_SHOW(signer_url));
        refuse(e, err, &diag);
    } else if (may_fetch) {
        const struct asking asking = {.url = signer_url, .accept = "application/pkix-cert", .max_bytes = STIR_MAX_PEM};
        e->hops++;
        ask(e, &asking, after_crl_signer);
    } else {
        refuse(e, err, &diag);
    }
}

static void after_crl(struct stir_trust_errand *e, const struct stir_flight *flight)
{
    struct stir_diag diag = {0};
    if (flight->end != STIR_FETCH_BODY) {
        unreachable(e, "the revocation list", flight);
        return;
    }
    enum stir_err err = stir_crl_parse(&e->crl, stir_slice_of(flight->body ? flight->body : "", flight->n), &diag);
    if (err == STIR_OK)
        judge_crl(e, stir_crl_info(e->crl)->ca_issuers_url);
    else
        refuse(e, err, &diag);
}

static void begin_crl(struct stir_trust_errand *e)
{
    const struct asking asking = {.url = stir_slice_str(e->outcome.url), .accept = "application/pkix-crl", .max_bytes = STIR_MAX_CRL * 3 / 2};
    if (stir_trust_settings_allow(&e->target->settings, asking.url))
        ask(e, &asking, after_crl);
    else
        end(e, STIR_TRUST_UNREACHABLE, "not asked: its host is not among crl-host of " STIR_TRUST_FILE_SETTINGS);
}

/* ---- All of them ---- */

enum stir_err stir_trust_target_open(struct stir_trust_target **list, const char *dir, const char *name, struct stir_diag *diag)
{
    struct stir_trust_target *t = calloc(1, sizeof(*t));
    if (!t)
        return STIR_ENOMEM;
    t->next = *list;
    *list = t;
    TRY(stir_trust_folder_look(&t->folder, dir, name, diag));
    TRY(stir_trust_folder_settings(&t->settings, &t->folder, NULL, diag));
    TRY(stir_trust_folder_read(&t->root, &t->folder, STIR_TRUST_FILE_PA_ROOT, STIR_MAX_PEM, diag));
    return stir_trust_has_root(&t->pinned, t->root);
}

void stir_trust_targets_free(struct stir_trust_target **list, const struct stir_trust_target *last)
{
    while (*list != last) {
        struct stir_trust_target *t = *list;
        *list = t->next;
        stir_file_free(&t->root);
        free(t);
    }
}

static bool is_there(const struct stir_trust_errands *all, const struct stir_trust_target *target, enum stir_trust_kind kind, struct stir_slice url)
{
    for (const struct stir_trust_errand *e = all->active; e; e = e->next)
        if (strcmp(e->outcome.domain, target->folder.name) == 0 && e->outcome.kind == kind && (kind == STIR_TRUST_LIST || stir_slice_is(url, e->outcome.url)))
            return true;
    return false;
}

enum stir_err stir_trust_errand_add(struct stir_trust_errands *all, struct stir_trust_target *target, enum stir_trust_kind kind, struct stir_slice url)
{
    if (url.n > STIR_MAX_URL || is_there(all, target, kind, url))
        return STIR_OK;
    struct stir_trust_errand *e = calloc(1, sizeof(*e));
    if (!e)
        return STIR_ENOMEM;
    e->all = all;
    e->target = target;
    e->outcome.kind = kind;
    e->outcome.sequence = -1;
    snprintf(e->outcome.domain, sizeof(e->outcome.domain), "%s", target->folder.name);
    snprintf(e->outcome.url, sizeof(e->outcome.url), "%.*s", (int)url.n, url.p ? url.p : "");
    e->next = all->active;
    all->active = e;
    return STIR_OK;
}

void stir_trust_errands_begin(struct stir_trust_errands *all)
{
    for (struct stir_trust_errand *e = all->active, *next; e; e = next) {
        next = e->next;
        if (e->then)
            continue; /* under way */
        if (e->outcome.kind == STIR_TRUST_LIST)
            begin_list(e);
        else
            begin_crl(e);
    }
}

void stir_trust_errands_step(struct stir_trust_errands *all)
{
    struct stir_flight *flight;
    stir_fetch_step(all->fetcher);
    while ((flight = stir_fetch_next(all->fetcher))) {
        struct stir_trust_errand *e = flight->owner;
        e->then(e, flight);
        stir_flight_free(flight);
    }
}

void stir_trust_errands_drop(struct stir_trust_errand **list)
{
    while (*list) {
        struct stir_trust_errand *e = *list;
        *list = e->next;
        free_errand(e);
    }
}
