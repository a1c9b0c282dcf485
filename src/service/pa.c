#include "service/pa_parts.h"

#include "core/url.h"

#include <stdio.h>
#include <string.h>

/* ---- One reading of the configuration ---- */

static void tell(const struct stir_pa_say *say, const char *key, const char *what)
{
    char text[STIR_MAX_URL + 200];
    snprintf(text, sizeof(text), "[pa] %s: %s", key, what);
    if (say && say->say)
        say->say(say->arg, true, text);
}

/* The URL without '/' at its end, and the path in it. */
static bool take_urls(struct stir_pa *pa, const struct stir_pa_say *say)
{
    struct stir_url url;
    const struct stir_conf_pa *conf = pa->conf;
    struct stir_slice base = stir_slice_str(conf->url);
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    enum stir_url_fault fault = stir_url_parse(&url, base, true);
    if (fault != STIR_URL_GOOD || base.n + 60 > STIR_MAX_URL) {
        tell(say, "url", fault != STIR_URL_GOOD ? stir_url_fault_text(fault) : "is too long for what stands below it");
        return false;
    }
    memcpy(pa->url, base.p, base.n);
    /* found in our copy: the last bytes of it */
    bool has_path = url.path.p >= base.p && url.path.p < base.p + base.n;
    pa->prefix = has_path ? stir_slice_str(pa->url + (url.path.p - base.p)) : stir_slice_str("");
    int n = conf->crl_url[0] ? snprintf(pa->crl_url, sizeof(pa->crl_url), "%s", conf->crl_url)
                             : snprintf(pa->crl_url, sizeof(pa->crl_url), "%s/download/v1/crl", pa->url);
    if (n > 0 && (size_t)n < sizeof(pa->crl_url))
        return true;
    tell(say, "crl-url", "is longer than any");
    return false;
}

enum stir_err stir_pa_new(struct stir_pa **out, const struct stir_conf *conf, const struct stir_pa_say *say)
{
    struct stir_pa *pa = calloc(1, sizeof(*pa));
    if (!pa)
        return STIR_ENOMEM;
    pa->conf = &conf->pa;
    atomic_init(&pa->file_list, -1);
    atomic_init(&pa->file_crl, -1);
    if (!take_urls(pa, say) || !stir_pa_keys_read(pa, say)) {
        stir_pa_free(pa);
        return STIR_EVALUE;
    }
    *out = pa;
    return STIR_OK;
}

void stir_pa_free(struct stir_pa *pa)
{
    if (!pa)
        return;
    stir_pa_keys_free(pa);
    free(pa);
}

/* ---- Paths ---- */

static bool begins(struct stir_slice text, const char *with)
{
    size_t n = strlen(with);
    return text.n >= n && memcmp(text.p, with, n) == 0;
}

static bool ends(struct stir_slice text, const char *with)
{
    size_t n = strlen(with);
    return text.n >= n && memcmp(text.p + text.n - n, with, n) == 0;
}

static struct stir_slice below(const struct stir_pa *pa, struct stir_slice path)
{
    bool ours = pa->prefix.n && path.n > pa->prefix.n && memcmp(path.p, pa->prefix.p, pa->prefix.n) == 0 && path.p[pa->prefix.n] == '/';
    return ours ? stir_slice_from(path, pa->prefix.n) : path;
}

bool stir_pa_owns(const struct stir_pa *pa, struct stir_slice path)
{
    static const char *const heads[] = {"/sti-pa/", "/api/v1/", "/at/", "/pa/"};
    path = below(pa, path);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        if (begins(path, heads[i]))
            return true;
    return stir_slice_is(path, "/download/v1/crl");
}

struct door {
    const char *path, *method, *event;
    void (*serve)(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x);
};
static const struct door doors[] = {
    {"/api/v1/auth/login", "POST", "pa login", stir_pa_serve_login},
    {"/api/v1/auth/logout", "POST", "pa logout", stir_pa_serve_logout},
    {"/api/v1/ca-list", "GET", "pa ca-list", stir_pa_serve_list},
    {"/sti-pa/ca-list", "GET", "pa ca-list", stir_pa_serve_list},
    {"/download/v1/crl", "GET", "pa crl", stir_pa_serve_crl},
    {"/sti-pa/crl", "GET", "pa crl", stir_pa_serve_crl},
    {"/api/v1/revocation", "POST", "pa revocation", stir_pa_serve_report},
    {"/sti-pa/revocation", "POST", "pa revocation", stir_pa_serve_report},
};

/* HEAD is GET without the body, which the front leaves out. */
static bool may(struct stir_exchange *x, const char *method)
{
    bool get = method[0] == 'G';
    if (stir_exchange_is(x, method) || (get && stir_exchange_is(x, "HEAD")))
        return true;
    stir_exchange_field(x, "Allow", "%s", get ? "GET, HEAD" : method);
    stir_pa_refuse(x, 405, "method", "only %s is for this", method);
    return false;
}

static void give_pem(struct stir_exchange *x, const char *tag, struct stir_slice pem)
{
    if (!stir_pa_same(x, tag))
        stir_exchange_answer(x, 200, "application/pem-certificate-chain", pem);
}

struct fetching {
    struct stir_slice id;
    struct stir_exchange *x;
};

static enum stir_err fetch(struct stir_store *store, void *arg)
{
    const struct fetching *f = arg;
    struct stir_store_rows *rows = NULL;
    TRY(stir_store_ask_one(&rows, store, "SELECT pem FROM pa_certificates WHERE id = $1", STIR_VALUES(stir_store_text(f->id))));
    stir_exchange_answer(f->x, 200, "application/pem-certificate-chain", stir_store_get(rows, 0));
    stir_store_rows_free(rows);
    return STIR_OK;
}

/* What signed before, or at another node. */
static void serve_former(struct stir_clerk *clerk, struct stir_exchange *x, struct stir_slice id)
{
    struct stir_diag diag = {0};
    struct fetching f = {id, x};
    bool is_id = id.n == STIR_PA_CERT_ID - 1 && stir_is_all(id, STIR_C_HEX);
    enum stir_err err = is_id ? stir_store_look(clerk->store, fetch, &f, &diag) : STIR_ENOTFOUND;
    if (err == STIR_ENOTFOUND)
        stir_pa_refuse(x, 404, "not-found", "there is no such certificate");
    else if (err != STIR_OK)
        stir_pa_fail(clerk, x, err, &diag);
    else
        stir_exchange_field(x, "Cache-Control", "max-age=86400");
}

static void serve_certificate(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x, struct stir_slice name)
{
    const struct stir_pa_seal *crl = stir_pa_crl_seal(pa);
    char tag[STIR_PA_CERT_ID + 3];
    x->event = "pa certificate";
    if (!may(x, "GET"))
        return;
    if (stir_slice_is(name, "root.pem")) {
        stir_exchange_answer(x, 200, "application/pem-certificate-chain", stir_slice_of(pa->root_pem, pa->n_root_pem));
        return;
    }
    struct stir_slice id = ends(name, ".pem") ? stir_slice_upto(name, name.n - 4) : stir_slice_str("");
    const struct stir_pa_seal *seal = stir_slice_is(name, "signer.pem") || stir_slice_is(id, pa->signer.id) ? &pa->signer
                                      : stir_slice_is(name, "crl-signer.pem") || stir_slice_is(id, crl->id) ? crl
                                                                                                            : NULL;
    if (!seal) {
        serve_former(clerk, x, id);
        return;
    }
    snprintf(tag, sizeof(tag), "\"%s\"", seal->id);
    give_pem(x, tag, stir_slice_of(seal->pem, seal->n_pem));
}

/* /HEAD/account/ID/token: ID, or absent. */
static struct stir_slice account_of(struct stir_slice path)
{
    static const char *const heads[] = {"/api/v1/account/", "/sti-pa/account/", "/at/account/"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        size_t n = strlen(heads[i]), tail = sizeof("/token") - 1;
        if (!begins(path, heads[i]) || !ends(path, "/token") || path.n <= n + tail)
            continue;
        struct stir_slice id = stir_slice_of(path.p + n, path.n - n - tail);
        if (stir_slice_find(id, '/') == id.n)
            return id;
    }
    return stir_slice_str(NULL);
}

static void serve_account(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x, struct stir_slice account)
{
    x->event = "pa token";
    if (may(x, "POST"))
        stir_pa_serve_token(pa, clerk, x, account);
}

void stir_pa_serve(struct stir_pa *pa, struct stir_clerk *clerk, struct stir_exchange *x)
{
    struct stir_slice path = below(pa, x->path), account = account_of(path);
    if (account.p) {
        serve_account(pa, clerk, x, account);
        return;
    }
    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
        if (stir_slice_is(path, doors[i].path)) {
            x->event = doors[i].event;
            if (may(x, doors[i].method))
                doors[i].serve(pa, clerk, x);
            return;
        }
    if (begins(path, "/pa/")) {
        serve_certificate(pa, clerk, x, stir_slice_from(path, 4));
        return;
    }
    x->event = "pa not-found";
    stir_pa_refuse(x, 404, "not-found", "the administrator has nothing at this path");
}
