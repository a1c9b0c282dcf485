#include "service/ca_desk.h"

#include "service/ca_order.h"

STIR_AUTO_STRUCT_FREE(stir_csr)

/* --- listing --- */

#define ROWS "SELECT serial, state, profile, spc, account, order_id, node, der, not_before, not_after, issued, revoked, reason FROM certificates"

struct listing {
    const struct stir_ca_filter *filter;
    char serial[STIR_CA_SERIAL_TEXT];
    bool (*row)(void *arg, const struct stir_ca_row *row);
    void *arg;
};

static struct stir_ca_row read_row(const struct stir_store_rows *rows)
{
    return (struct stir_ca_row){
        .serial = stir_store_get(rows, 0),
        .state = stir_store_get(rows, 1),
        .profile = stir_store_get(rows, 2),
        .spc = stir_store_get(rows, 3),
        .account = stir_store_get(rows, 4),
        .order = stir_store_get(rows, 5),
        .node = stir_store_get(rows, 6),
        .der = stir_store_get(rows, 7),
        .not_before = stir_store_get_int(rows, 8),
        .not_after = stir_store_get_int(rows, 9),
        .issued = stir_store_get_int(rows, 10),
        .revoked = stir_store_get_int(rows, 11),
        .reason = stir_store_get_int(rows, 12),
    };
}

/* One text for each way of asking, so that each has its index. */
static enum stir_err ask(struct stir_store_rows **rows, struct stir_store *store, const struct listing *l)
{
    static const char by_serial[] = ROWS " WHERE serial = $1 ORDER BY created DESC LIMIT $2",
                      by_spc[] = ROWS " WHERE spc = $1 ORDER BY not_after DESC LIMIT $2", by_state[] = ROWS " WHERE state = $1 ORDER BY created DESC LIMIT $2",
                      all[] = ROWS " ORDER BY created DESC LIMIT $1";
    const struct stir_ca_filter *f = l->filter;
    const struct stir_store_value limit = stir_store_int(f->limit);
    if (f->serial)
        return stir_store_ask(rows, store, by_serial, STIR_VALUES(stir_store_str(l->serial), limit));
    if (f->spc)
        return stir_store_ask(rows, store, by_spc, STIR_VALUES(stir_store_str(f->spc), limit));
    return f->state ? stir_store_ask(rows, store, by_state, STIR_VALUES(stir_store_str(f->state), limit)) : stir_store_ask(rows, store, all, &limit, 1);
}

static enum stir_err list(struct stir_store *store, void *arg)
{
    const struct listing *l = arg;
    struct stir_store_rows *rows = NULL;
    enum stir_err err = ask(&rows, store, l);
    bool more = true;
    while (err == STIR_OK && more && (err = stir_store_next(rows)) == STIR_OK) {
        const struct stir_ca_row row = read_row(rows);
        if (!l->filter->state || stir_slice_is(row.state, l->filter->state))
            more = l->row(l->arg, &row);
    }
    stir_store_rows_free(rows);
    return err == STIR_ENOTFOUND ? STIR_OK : err;
}

/* As the store has it: upper-case, without the colons that other tools write. False: no serial is so long. */
static bool read_serial(char out[STIR_CA_SERIAL_TEXT], const char *text)
{
    size_t n = 0;
    for (; *text && n < STIR_CA_SERIAL_TEXT - 1; text++)
        if (*text != ':')
            out[n++] = *text >= 'a' && *text <= 'f' ? (char)(*text - 'a' + 'A') : *text;
    out[n] = '\0';
    return *text == '\0';
}

enum stir_err stir_ca_list(struct stir_store *store, const struct stir_ca_filter *filter, bool (*row)(void *arg, const struct stir_ca_row *row), void *arg,
                           struct stir_diag *diag)
{
    struct listing l = {.filter = filter, .row = row, .arg = arg};
    if (filter->serial && !read_serial(l.serial, filter->serial))
        return STIR_OK; /* there is none */
    return stir_store_look(store, list, &l, diag);
}

/* --- issuing --- */

static enum stir_err refuse(struct stir_diag *diag, const char *why)
{
    return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", why);
}

static enum stir_err fill(struct stir_ca_issue *issue, const struct stir_ca *ca, const struct stir_csr *request, int64_t days, int64_t now,
                          struct stir_diag *diag)
{
    const struct stir_csr_info *csr = stir_csr_info(request);
    char why[240];
    if (csr->tnauth != STIR_PART_GOOD)
        return refuse(diag, "the request asks for no TNAuthList that can be read");
    issue->list = csr->tnauth_list;
    issue->key = stir_csr_key(request);
    issue->cn = csr->cn;
    issue->o = csr->o;
    issue->c = csr->c;
    issue->serial_number = csr->serial_number;
    if (!stir_ca_profile_takes(ca, issue->profile, issue->list, why, sizeof(why)))
        return refuse(diag, why);
    if (!stir_ca_profile_times(ca, issue->profile, now, now, days ? now : 0, days ? now + days * 86400 - 1 : 0, &issue->not_before, &issue->not_after, why,
                               sizeof(why)))
        return refuse(diag, why);
    return STIR_OK;
}

static enum stir_err issue_request(struct stir_ca *ca, struct stir_clerk *clerk, const struct stir_csr *request, struct stir_ca_issue *issue, int64_t days,
                                   int64_t now, struct stir_arena *arena, struct stir_diag *diag)
{
    struct stir_ca_faults faults = {.n = 0};
    TRY(fill(issue, ca, request, days, now, diag));
    TRY(stir_ca_csr_faults(&faults, ca, stir_csr_info(request), issue, issue->profile->kind == STIR_PROFILE_DELEGATE_CA, arena));
    if (faults.n > 1)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s (and %zu more)", faults.fault[0].text, faults.n + faults.left_out - 1);
    if (faults.n)
        return refuse(diag, faults.fault[0].text);
    enum stir_err err = stir_ca_issue(ca, clerk, issue, now, diag);
    return err == STIR_EVALUE ? refuse(diag, issue->why) : err;
}

enum stir_err stir_ca_issue_by_hand(struct stir_ca *ca, struct stir_clerk *clerk, struct stir_slice csr, const char *profile, int64_t days, const char *actor,
                                    int64_t now, struct stir_cert **out, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    STIR_AUTO_STRUCT(stir_csr) *request = NULL;
    struct stir_arena arena = {0};
    struct stir_ca_issue issue = {.profile = stir_ca_profile(ca, stir_slice_str(profile ? profile : "")), .actor = actor};
    if (!issue.profile)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "there is no [profile %.32s]", profile ? profile : "");
    enum stir_err err = stir_csr_parse(&request, csr, diag);
    if (err != STIR_OK)
        return err == STIR_ENOMEM || err == STIR_ECRYPTO ? err : STIR_EVALUE;
    err = issue_request(ca, clerk, request, &issue, days, now, &arena, diag);
    stir_arena_clear(&arena);
    if (err == STIR_OK)
        *out = issue.cert;
    return err;
}

enum stir_err stir_ca_chain_text(char **out, size_t *n, const struct stir_ca *ca, const struct stir_cert *cert)
{
    return stir_ca_chain_pem(out, n, ca, cert);
}

/* --- revoking --- */

struct revoking {
    const struct stir_ca *ca;
    const struct stir_clerk *clerk;
    char serial[STIR_CA_SERIAL_TEXT];
    const char *actor;
    int reason;
    int64_t now;
};

static enum stir_err revoke(struct stir_store *store, void *arg)
{
    const struct revoking *v = arg;
    return stir_ca_revoke_row(v->ca, store, v->clerk->node, stir_slice_str(v->serial), v->reason, v->actor, v->now);
}

/* By hand the operator may also say privilegeWithdrawn, 9: what a client may not say of himself. */
enum stir_err stir_ca_revoke_by_hand(struct stir_ca *ca, struct stir_clerk *clerk, const char *serial, int reason, const char *actor, int64_t now,
                                     struct stir_diag *diag)
{
    enum { PRIVILEGE_WITHDRAWN = 9 };
    struct revoking v = {.ca = ca, .clerk = clerk, .actor = actor, .reason = reason, .now = now};
    if (!stir_ca_reason_ok(reason) && reason != PRIVILEGE_WITHDRAWN)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "reasons are %s, 9 (privilegeWithdrawn)", stir_ca_reasons);
    enum stir_err err = read_serial(v.serial, serial) ? stir_store_transact(clerk->store, revoke, &v, diag) : STIR_ENOTFOUND;
    if (err == STIR_ENOTFOUND)
        return stir_diag_set(diag, err, SIZE_MAX, "this authority has issued no certificate %.64s", serial);
    if (err == STIR_EEXISTS)
        return stir_diag_set(diag, err, SIZE_MAX, "certificate %.64s was revoked before", serial);
    return err;
}
