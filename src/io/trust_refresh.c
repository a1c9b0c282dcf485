/* A folder of trust, kept fresh: what is due, and what is asked for. */
#include <stir/trust_refresh.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "io/trust_errand.h"

enum {
    TIMEOUT_MS = 10000,
    RETRY = 600, /* seconds between two tries for one list */
    POINTS = 64, /* distribution points asked of one domain: STIR_MAX_CRLS lists are kept */
    TRIES = 2 * STIR_MAX_DOMAINS,
};

struct tried {
    char domain[STIR_TRUST_NAME + 1];
    enum stir_trust_kind kind;
    int64_t at;
};

struct stir_trust_refresh {
    char *dir;
    struct stir_trust_errands errands;
    struct stir_trust_target *targets;
    struct tried tried[TRIES];
    size_t next_tried;
};

static int64_t now_of(const struct stir_trust_refresh *r)
{
    return r->errands.clock(r->errands.clock_arg);
}

/* ---- What is due ---- */

static int64_t not_before_retry(const struct stir_trust_refresh *r, const char *domain, enum stir_trust_kind kind, int64_t due)
{
    for (size_t i = 0; i < TRIES; i++)
        if (r->tried[i].kind == kind && strcmp(r->tried[i].domain, domain) == 0 && r->tried[i].at + RETRY > due)
            due = r->tried[i].at + RETRY;
    return due;
}

static void note_try(struct stir_trust_refresh *r, const char *domain, enum stir_trust_kind kind)
{
    struct tried *slot = NULL;
    for (size_t i = 0; i < TRIES && !slot; i++)
        if (r->tried[i].kind == kind && strcmp(r->tried[i].domain, domain) == 0)
            slot = &r->tried[i];
    if (!slot)
        slot = &r->tried[r->next_tried++ % TRIES];
    *slot = (struct tried){.kind = kind, .at = now_of(r)};
    snprintf(slot->domain, sizeof(slot->domain), "%s", domain);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t list_due(const struct stir_trust_target *d)
{
    const struct stir_trust_state *state = &d->folder.state;
    if (!d->settings.pa_url[0])
        return INT64_MAX;
    if (!state->listed)
        return 0;
    return least(stir_trust_folder_written(&d->folder, STIR_TRUST_FILE_LIST) + d->settings.list_refresh, state->imported + (state->exp - state->imported) / 2);
}

static enum stir_err crl_due(const struct stir_trust_target *d, const char *name, int64_t *due, struct stir_diag *diag)
{
    struct stir_slice text;
    struct stir_crl *crl = NULL;
    TRY(stir_trust_folder_read(&text, &d->folder, name, STIR_MAX_CRL * 2, diag));
    *due = least(*due, stir_trust_folder_written(&d->folder, name) + d->settings.crl_refresh);
    enum stir_err err = text.p ? stir_crl_parse(&crl, text, NULL) : STIR_OK;
    if (crl && stir_crl_info(crl)->next_update)
        *due = least(*due, stir_crl_info(crl)->this_update + (stir_crl_info(crl)->next_update - stir_crl_info(crl)->this_update) / 2);
    else if (err != STIR_OK)
        *due = 0; /* one that cannot be read should be replaced */
    stir_crl_free(crl);
    stir_file_free(&text);
    return err == STIR_ENOMEM ? err : STIR_OK;
}

static enum stir_err crls_due(const struct stir_trust_target *d, int64_t *due, struct stir_diag *diag)
{
    struct stir_listing names = {NULL, 0};
    *due = INT64_MAX;
    if (d->settings.n_crl_urls + d->settings.n_crl_hosts == 0)
        return STIR_OK;
    TRY(stir_trust_folder_crls(&names, &d->folder, diag));
    enum stir_err err = STIR_OK;
    if (names.n == 0)
        *due = 0;
    for (size_t i = 0; i < names.n && err == STIR_OK; i++)
        err = crl_due(d, names.name[i], due, diag);
    stir_listing_free(&names);
    return err;
}

static enum stir_err due_of(const struct stir_trust_refresh *r, const struct stir_trust_target *d, enum stir_trust_kind kind, int64_t *due,
                            struct stir_diag *diag)
{
    *due = list_due(d);
    if (kind == STIR_TRUST_CRL)
        TRY(crls_due(d, due, diag));
    *due = *due == INT64_MAX ? INT64_MAX : not_before_retry(r, d->folder.name, kind, *due);
    return STIR_OK;
}

/* ---- What is asked for ---- */

/* Distribution points of the anchors. Those whose host nobody allowed are passed by in silence: the administrator's list stands in for them. */
static enum stir_err add_points_of(struct stir_trust_refresh *r, struct stir_trust_target *t, const struct stir_cert_info *info, size_t *points)
{
    for (size_t i = 0; i < info->n_crldps && *points < POINTS; i++) {
        if (!stir_trust_settings_allow(&t->settings, info->crldps[i].url))
            continue;
        TRY(stir_trust_errand_add(&r->errands, t, STIR_TRUST_CRL, info->crldps[i].url));
        ++*points;
    }
    return STIR_OK;
}

static enum stir_err add_points(struct stir_trust_refresh *r, struct stir_trust_target *t, struct stir_diag *diag)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_cert **certs = calloc(STIR_MAX_ANCHORS, sizeof(*certs));
    size_t n = 0, points = 0;
    enum stir_err err = certs ? stir_trust_folder_read(&pem, &t->folder, STIR_TRUST_FILE_ANCHORS, STIR_MAX_BUNDLE, diag) : STIR_ENOMEM;
    if (err == STIR_OK && pem.p)
        err = stir_certs_parse(certs, STIR_MAX_ANCHORS, &n, pem, diag);
    stir_file_free(&pem);
    for (size_t i = 0; i < n; i++) {
        if (err == STIR_OK)
            err = add_points_of(r, t, stir_cert_info(certs[i]), &points);
        stir_cert_free(certs[i]);
    }
    free(certs);
    return err;
}

static enum stir_err add_crls(struct stir_trust_refresh *r, struct stir_trust_target *t, struct stir_diag *diag)
{
    for (size_t i = 0; i < t->settings.n_crl_urls; i++)
        TRY(stir_trust_errand_add(&r->errands, t, STIR_TRUST_CRL, stir_slice_str(t->settings.crl_url[i])));
    return t->settings.n_crl_hosts ? add_points(r, t, diag) : STIR_OK;
}

static enum stir_err add_domain(struct stir_trust_refresh *r, const char *name, unsigned what, struct stir_diag *diag)
{
    int64_t due, until = what & STIR_TRUST_REFRESH_DUE ? now_of(r) : INT64_MAX - 1;
    TRY(stir_trust_target_open(&r->targets, r->dir, name, diag));
    struct stir_trust_target *t = r->targets;
    TRY(due_of(r, t, STIR_TRUST_LIST, &due, diag));
    if (what & STIR_TRUST_REFRESH_LISTS && due <= until) {
        note_try(r, name, STIR_TRUST_LIST);
        TRY(stir_trust_errand_add(&r->errands, t, STIR_TRUST_LIST, stir_slice_str(NULL)));
    }
    TRY(due_of(r, t, STIR_TRUST_CRL, &due, diag));
    if (what & STIR_TRUST_REFRESH_CRLS && due <= until) {
        note_try(r, name, STIR_TRUST_CRL);
        TRY(add_crls(r, t, diag));
    }
    return STIR_OK;
}

static enum stir_err add_all(struct stir_trust_refresh *r, const struct stir_listing *names, unsigned what, const char *domain, struct stir_diag *diag)
{
    bool found = false;
    for (size_t i = 0; i < names->n; i++) {
        if (domain && strcmp(names->name[i], domain) != 0)
            continue;
        found = true;
        TRY(add_domain(r, names->name[i], what, diag));
    }
    return found ? STIR_OK
                 : stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "%s: holds no domain %s; stir trust add makes one", r->dir, domain ? domain : "at all");
}

enum stir_err stir_trust_refresh_start(struct stir_trust_refresh *r, unsigned what, const char *domain, struct stir_diag *diag)
{
    struct stir_listing names = {NULL, 0};
    if (!r)
        return STIR_EARG;
    STIR_NET_QUIET;
    if (r->errands.active)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "a refresh is under way");
    if (!r->errands.ended)
        stir_trust_targets_free(&r->targets, NULL);
    TRY(stir_trust_folder_names(&names, r->dir, diag));
    enum stir_err err = add_all(r, &names, what, domain, diag);
    stir_listing_free(&names);
    if (err == STIR_OK)
        stir_trust_errands_begin(&r->errands);
    else
        stir_trust_errands_drop(&r->errands.active);
    return err;
}

enum stir_err stir_trust_refresh_point(struct stir_trust_refresh *r, const char *domain, struct stir_slice url, struct stir_diag *diag)
{
    if (!r || !domain || !url.p)
        return STIR_EARG;
    STIR_NET_QUIET;
    struct stir_trust_target *t = r->targets;
    while (t && strcmp(t->folder.name, domain) != 0)
        t = t->next;
    if (!t)
        TRY(stir_trust_target_open(&r->targets, r->dir, domain, diag));
    TRY(stir_trust_errand_add(&r->errands, t ? t : r->targets, STIR_TRUST_CRL, url));
    stir_trust_errands_begin(&r->errands);
    return STIR_OK;
}

static enum stir_err first_due(struct stir_trust_refresh *r, const char *name, int64_t *first, struct stir_diag *diag)
{
    static const enum stir_trust_kind kinds[] = {STIR_TRUST_LIST, STIR_TRUST_CRL};
    int64_t due;
    TRY(stir_trust_target_open(&r->targets, r->dir, name, diag));
    for (size_t i = 0; i < 2; i++) {
        TRY(due_of(r, r->targets, kinds[i], &due, diag));
        *first = least(*first, due);
    }
    return STIR_OK;
}

enum stir_err stir_trust_refresh_due(struct stir_trust_refresh *r, int64_t *at, struct stir_diag *diag)
{
    struct stir_listing names = {NULL, 0};
    if (!r || !at)
        return STIR_EARG;
    STIR_OSSL_QUIET;
    int64_t first = INT64_MAX;
    TRY(stir_trust_folder_names(&names, r->dir, diag));
    enum stir_err err = STIR_OK;
    const struct stir_trust_target *before = r->targets;
    for (size_t i = 0; i < names.n && err == STIR_OK; i++)
        err = first_due(r, names.name[i], &first, diag);
    stir_trust_targets_free(&r->targets, before);
    stir_listing_free(&names);
    if (err == STIR_OK)
        *at = first;
    return err;
}

enum stir_err stir_trust_refresh_new(struct stir_trust_refresh **out, const char *dir, const struct stir_net_options *options, struct stir_diag *diag)
{
    STIR_NET_QUIET;
    const struct stir_net_options none = STIR_NET_OPTIONS_INIT;
    struct stir_net_options ours = options ? *options : none;
    if (!out || !dir || !stir_net_options_are_good(&ours))
        return STIR_EARG;
    if (ours.timeout_ms == 0)
        ours.timeout_ms = TIMEOUT_MS;
    stir_net_defaults(&ours);
    struct stir_trust_refresh *r = calloc(1, sizeof(*r));
    if (!r)
        return STIR_ENOMEM;
    r->errands.any_url = ours.any_url;
    r->errands.clock = ours.clock;
    r->errands.clock_arg = ours.clock_arg;
    r->errands.last = &r->errands.ended;
    r->dir = strdup(dir);
    r->errands.dir = r->dir;
    enum stir_err err = r->dir ? stir_net_fetcher(&r->errands.fetcher, &ours, diag) : STIR_ENOMEM;
    if (err == STIR_OK)
        *out = r;
    else
        stir_trust_refresh_free(r);
    return err;
}

void stir_trust_refresh_free(struct stir_trust_refresh *r)
{
    if (!r)
        return;
    STIR_NET_QUIET;
    stir_fetcher_free(r->errands.fetcher);
    stir_trust_errands_drop(&r->errands.active);
    stir_trust_errands_drop(&r->errands.ended);
    stir_trust_targets_free(&r->targets, NULL);
    free(r->dir);
    free(r);
}

/* ---- Going on ---- */

int stir_trust_refresh_fd(const struct stir_trust_refresh *r)
{
    return r ? stir_fetch_fd(r->errands.fetcher) : -1;
}

int64_t stir_trust_refresh_wait(struct stir_trust_refresh *r)
{
    return !r ? -1 : r->errands.ended ? 0 : stir_fetch_wait(r->errands.fetcher);
}

void stir_trust_refresh_step(struct stir_trust_refresh *r)
{
    if (!r)
        return;
    STIR_NET_QUIET;
    stir_trust_errands_step(&r->errands);
}

void stir_trust_refresh_finish(struct stir_trust_refresh *r)
{
    while (r && r->errands.active) {
        struct pollfd fd = {.fd = stir_fetch_fd(r->errands.fetcher), .events = POLLIN};
        int64_t wait = stir_fetch_wait(r->errands.fetcher);
        (void)poll(&fd, 1, wait < 0 || wait > 60000 ? 60000 : (int)wait); /* a signal only wakes us early */
        stir_trust_refresh_step(r);
    }
}

bool stir_trust_refresh_next(struct stir_trust_refresh *r, struct stir_trust_outcome *out)
{
    struct stir_trust_errand *e = r && out ? r->errands.ended : NULL;
    if (!e)
        return false;
    r->errands.ended = e->next;
    if (!r->errands.ended)
        r->errands.last = &r->errands.ended;
    *out = e->outcome;
    e->next = NULL;
    stir_trust_errands_drop(&e);
    return true;
}
