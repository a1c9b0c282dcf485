/* A folder of trust, read: what it holds, how old that is, and the snapshot of it. */
#include "io/trust_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "io/trust_keep.h"

/* One domain as it was read. */
struct domain {
    struct stir_trust_folder folder;
    struct stir_trust_settings settings;
    struct stir_slice pa[3]; /* pa-root.pem, pa.pem, crl-signer.pem */
    bool pinned;             /* pa-root.pem holds a root: what was fetched counts only under one */
    struct stir_cert **certs;
    size_t n_certs;
    struct stir_listing crl_names;
    struct stir_crl *crls[STIR_MAX_CRLS];
    size_t first_item;
};

struct stir_trust_store {
    int64_t now;
    char *dir;
    struct domain *domains[STIR_MAX_DOMAINS];
    size_t n_domains;
    struct stir_trust_item *items;
    size_t n_items, cap_items;
};

/* ---- Age ---- */

enum stir_trust_life stir_trust_life_of(int64_t from, int64_t until, int64_t grace, int64_t now)
{
    if (until == 0)
        return STIR_TRUST_FRESH;
    if (now >= until)
        return now - until < grace ? STIR_TRUST_GRACE : STIR_TRUST_OVER;
    return from < until && now - from >= (until - from) / 2 ? STIR_TRUST_HALF_OVER : STIR_TRUST_FRESH;
}

int64_t stir_trust_crl_end(const struct stir_crl_info *info)
{
    return info->next_update ? info->next_update + 1 : 0; /* nextUpdate is the last second */
}

/* ---- Items ---- */

static enum stir_err add_item(struct stir_trust_store *store, const struct domain *domain, struct stir_trust_item item, int64_t grace)
{
    if (store->n_items == store->cap_items) {
        size_t cap = store->cap_items ? store->cap_items * 2 : 16;
        struct stir_trust_item *more = realloc(store->items, cap * sizeof(*more));
        if (!more)
            return STIR_ENOMEM;
        store->items = more;
        store->cap_items = cap;
    }
    item.domain = domain->folder.name;
    if (item.life != STIR_TRUST_OVER)
        item.life = stir_trust_life_of(item.from, item.until, grace, store->now);
    item.used_until = item.until ? item.until + grace : 0;
    store->items[store->n_items++] = item;
    return STIR_OK;
}

static enum stir_err read_anchors(struct stir_trust_store *store, struct domain *domain, struct stir_diag *diag)
{
    const struct stir_trust_state *state = &domain->folder.state;
    struct stir_slice pem;
    struct stir_diag why = {0};
    TRY(stir_trust_folder_read(&pem, &domain->folder, STIR_TRUST_FILE_ANCHORS, STIR_MAX_BUNDLE, diag));
    bool there = pem.p != NULL, changed = there && state->there && !stir_trust_folder_is_whole(&domain->folder, pem);
    enum stir_err err = STIR_OK;
    if (!there && !stir_trust_folder_written(&domain->folder, STIR_TRUST_FILE_SETTINGS))
        err = stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: holds no ca.pem; stir trust import makes one", domain->folder.path);
    domain->certs = calloc(STIR_MAX_ANCHORS, sizeof(*domain->certs));
    if (err == STIR_OK && !domain->certs)
        err = STIR_ENOMEM;
    if (err == STIR_OK && there)
        err = stir_certs_parse(domain->certs, STIR_MAX_ANCHORS, &domain->n_certs, pem, &why);
    if (why.text[0])
        (void)stir_diag_set(diag, err, SIZE_MAX, "%s/ca.pem: %s", domain->folder.path, why.text);
    stir_file_free(&pem);
    TRY(err);
    bool listed = state->listed || !there;
    const struct stir_trust_item item = {.kind = listed ? STIR_TRUST_LIST : STIR_TRUST_PEM,
                                         .life = there ? STIR_TRUST_FRESH : STIR_TRUST_OVER,
                                         .file = STIR_TRUST_FILE_ANCHORS,
                                         .from = state->imported,
                                         .until = state->exp,
                                         .sequence = state->sequence,
                                         .signer = state->signer,
                                         .changed = changed,
                                         .certs = domain->certs,
                                         .n_certs = domain->n_certs};
    return add_item(store, domain, item, domain->settings.list_grace);
}

static enum stir_err read_crl(struct stir_trust_store *store, struct domain *domain, size_t i, struct stir_diag *diag)
{
    const char *name = domain->crl_names.name[i];
    struct stir_slice text;
    struct stir_diag why = {0};
    TRY(stir_trust_folder_read(&text, &domain->folder, name, STIR_MAX_CRL * 2, diag)); /* PEM is a third longer than DER */
    enum stir_err err = text.p ? stir_crl_parse(&domain->crls[i], text, &why) : STIR_ENOTFOUND;
    stir_file_free(&text);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "%s/%s: %s", domain->folder.path, name, why.text[0] ? why.text : stir_err_text(err));
    const struct stir_crl_info *info = stir_crl_info(domain->crls[i]);
    const struct stir_trust_item item = {.kind = STIR_TRUST_CRL,
                                         .file = name,
                                         .from = info->this_update,
                                         .until = stir_trust_crl_end(info),
                                         .sequence = -1,
                                         .signer = info->issuer,
                                         .crl = domain->crls[i]};
    return add_item(store, domain, item, domain->settings.crl_grace);
}

static enum stir_err read_domain(struct stir_trust_store *store, const char *name, const struct stir_trust_say *say, struct stir_diag *diag)
{
    static const char *const pa_files[] = {STIR_TRUST_FILE_PA_ROOT, STIR_TRUST_FILE_PA, STIR_TRUST_FILE_CRL_SIGNER};
    struct domain *domain = calloc(1, sizeof(*domain));
    if (!domain)
        return STIR_ENOMEM;
    store->domains[store->n_domains++] = domain;
    domain->first_item = store->n_items;
    TRY(stir_trust_folder_look(&domain->folder, store->dir, name, diag));
    TRY(stir_trust_folder_settings(&domain->settings, &domain->folder, say, diag));
    for (size_t i = 0; i < 3; i++)
        TRY(stir_trust_folder_read(&domain->pa[i], &domain->folder, pa_files[i], STIR_MAX_PEM, diag));
    TRY(stir_trust_has_root(&domain->pinned, domain->pa[0]));
    TRY(read_anchors(store, domain, diag));
    TRY(stir_trust_folder_crls(&domain->crl_names, &domain->folder, diag));
    for (size_t i = 0; i < domain->crl_names.n; i++)
        TRY(read_crl(store, domain, i, diag));
    return STIR_OK;
}

static enum stir_err read_domains(struct stir_trust_store *store, const struct stir_listing *names, const struct stir_trust_say *say, struct stir_diag *diag)
{
    if (names->n == 0)
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "%s: holds no domain; stir trust add or stir trust import makes one", store->dir);
    for (size_t i = 0; i < names->n; i++)
        TRY(read_domain(store, names->name[i], say, diag));
    return STIR_OK;
}

enum stir_err stir_trust_store_read(struct stir_trust_store **out, const char *dir, int64_t now, const struct stir_trust_store_options *options,
                                    struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    struct stir_listing names = {NULL, 0};
    if (!out || !dir || (options && options->size < sizeof(*options)))
        return STIR_EARG;
    const struct stir_trust_say say = {options ? options->say : NULL, options ? options->arg : NULL};
    TRY(stir_trust_folder_names(&names, dir, diag));
    struct stir_trust_store *store = calloc(1, sizeof(*store));
    if (store) {
        store->now = now;
        store->dir = strdup(dir);
    }
    enum stir_err err = store && store->dir ? read_domains(store, &names, &say, diag) : STIR_ENOMEM;
    stir_listing_free(&names);
    if (err == STIR_OK)
        *out = store;
    else
        stir_trust_store_free(store);
    return err;
}

static void free_domain(struct domain *domain)
{
    for (size_t i = 0; i < 3; i++)
        stir_file_free(&domain->pa[i]);
    for (size_t i = 0; i < domain->n_certs; i++)
        stir_cert_free(domain->certs[i]);
    free(domain->certs);
    for (size_t i = 0; i < domain->crl_names.n; i++)
        stir_crl_free(domain->crls[i]);
    stir_listing_free(&domain->crl_names);
    free(domain);
}

void stir_trust_store_free(struct stir_trust_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->n_domains; i++)
        free_domain(store->domains[i]);
    free(store->items);
    free(store->dir);
    free(store);
}

const struct stir_trust_item *stir_trust_store_items(const struct stir_trust_store *store, size_t *n)
{
    if (n)
        *n = store ? store->n_items : 0;
    return store ? store->items : NULL;
}

/* ---- The snapshot ---- */

static enum stir_err add_administrator(const struct domain *domain, struct stir_trust_builder *builder, struct stir_diag *diag)
{
    for (size_t i = 0; i < 3; i++) {
        bool fetched = i == 2;
        struct stir_diag why = {0};
        if (!domain->pa[i].p || (fetched && !domain->pinned))
            continue;
        enum stir_err err = stir_trust_add_pa_pem(builder, domain->pa[i], fetched, &why);
        if (err != STIR_OK)
            return stir_diag_set(diag, err, SIZE_MAX, "%s: the administrator's certificates: %s", domain->folder.path,
                                 why.text[0] ? why.text : stir_err_text(err));
    }
    return STIR_OK;
}

static enum stir_err add_domain(const struct stir_trust_store *store, const struct domain *domain, struct stir_trust_builder *builder, struct stir_diag *diag)
{
    const struct stir_domain_options options = stir_trust_settings_options(&domain->settings);
    enum stir_err err = stir_trust_domain(builder, stir_slice_str(domain->folder.name));
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "%s: there is another domain of this name, or there are more than %d", domain->folder.path, STIR_MAX_DOMAINS);
    TRY(stir_trust_domain_options(builder, &options, diag));
    TRY(stir_trust_crl_grace(builder, domain->settings.crl_grace));
    for (size_t i = 0; i < domain->n_certs && store->items[domain->first_item].life != STIR_TRUST_OVER; i++)
        TRY(stir_trust_add_anchor(builder, domain->certs[i]));
    TRY(add_administrator(domain, builder, diag));
    for (size_t i = 0; i < domain->crl_names.n; i++)
        TRY(stir_trust_add_crl(builder, domain->crls[i]));
    return STIR_OK;
}

enum stir_err stir_trust_store_add(const struct stir_trust_store *store, struct stir_trust_builder *builder, struct stir_diag *diag)
{
    STIR_OSSL_QUIET;
    if (!store || !builder)
        return STIR_EARG;
    for (size_t i = 0; i < store->n_domains; i++)
        TRY(add_domain(store, store->domains[i], builder, diag));
    return STIR_OK;
}

int64_t stir_trust_store_until(const struct stir_trust_store *store)
{
    int64_t until = INT64_MAX;
    for (size_t i = 0; store && i < store->n_items; i++) {
        const struct stir_trust_item *item = &store->items[i];
        if (item->kind == STIR_TRUST_LIST && item->used_until > store->now && item->used_until < until) /* the path check knows the ends of revocation lists */
            until = item->used_until;
    }
    return until;
}
