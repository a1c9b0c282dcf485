#include "service/acme_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/bytes.h"
#include "core/siphash.h"
#include "io/clock.h"
#include "io/crash_point.h"
#include "io/dir.h"
#include "service/acme_settings.h"

enum { TOLD = 1200 };
static const char order_key[] = "order.key";

void stir_acme_tell(const struct stir_acme *acme, const char *format, ...)
{
    char line[TOLD];
    va_list args;
    if (!acme->told.told)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?'; /* words of the authority and of programs */
    acme->told.told(acme->told.arg, line);
}

/* ---- Opened ---- */

static enum stir_err read_settings(struct stir_acme *acme, struct stir_diag *diag)
{
    char name[STIR_ACME_PATH];
    struct stir_slice text = {NULL, 0};
    TRY(stir_acme_path(name, acme, STIR_ACME_CONF, diag));
    enum stir_err err = stir_acme_load(&text, acme, STIR_ACME_CONF, 65536, false, diag);
    if (err == STIR_ENOTFOUND)
        return stir_diag_set(diag, err, SIZE_MAX, "there is no acme.conf: stir acme register makes it");
    TRY(err);
    err = stir_acme_settings_read(&acme->settings, text, name, acme->dir, &acme->texts, diag);
    stir_file_free(&text);
    return err;
}

static enum stir_err make_list(struct stir_acme *acme, struct stir_diag *diag)
{
    const struct stir_acme_settings *s = &acme->settings;
    const struct stir_tnauth_entry entry = {STIR_TNAUTH_SPC, stir_slice_str(s->spc), 0};
    return s->tnauth[0] ? stir_tnauth_from_base64(&acme->list, stir_slice_str(s->tnauth)) : stir_tnauth_new(&acme->list, &entry, 1, diag);
}

static enum stir_err make_ready(struct stir_acme *acme, struct stir_diag *diag)
{
    TRY(read_settings(acme, diag));
    TRY(make_list(acme, diag));
    TRY(stir_es256_ctx_new(&acme->ctx));
    const struct stir_peer_options options = {
        .tls_root = acme->settings.ca_root, .any_url = acme->settings.any_url, .stop = acme->told.stop, .stop_arg = acme->told.arg};
    return stir_peer_new(&acme->peer, &options, diag);
}

enum stir_err stir_acme_open(struct stir_acme **out, const char *dir, const struct stir_acme_told *told, struct stir_diag *diag)
{
    struct stir_acme *acme = calloc(1, sizeof(*acme));
    if (!acme)
        return STIR_ENOMEM;
    acme->lock = -1;
    acme->kind = &stir_acme_tnauthlist;
    acme->told = told ? *told : (struct stir_acme_told){NULL, NULL, NULL};
    int n = snprintf(acme->dir, sizeof(acme->dir), "%s", dir);
    while (n > 1 && n < (int)sizeof(acme->dir) && acme->dir[n - 1] == '/')
        acme->dir[--n] = '\0';
    enum stir_err err = n > 0 && n < (int)sizeof(acme->dir) - 200 ? STIR_OK : stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "no folder has a path of that length");
    err = err == STIR_OK ? make_ready(acme, diag) : err;
    if (err != STIR_OK) {
        stir_acme_free(acme);
        return err;
    }
    *out = acme;
    return STIR_OK;
}

void stir_acme_free(struct stir_acme *acme)
{
    if (!acme)
        return;
    stir_acme_let_go(acme);
    stir_peer_free(acme->peer);
    stir_es256_ctx_free(acme->ctx);
    stir_tnauth_free(acme->list);
    stir_key_free(acme->key);
    for (size_t i = 0; i < acme->n_nonces; i++)
        free(acme->nonce[i]);
    free(acme->kid);
    free(acme->token);
    stir_arena_clear(&acme->texts);
    free(acme);
}

const struct stir_acme_settings *stir_acme_settings(const struct stir_acme *acme)
{
    return &acme->settings;
}

/* ---- What is in use ---- */

static enum stir_err read_chain(struct stir_cert **leaf, const struct stir_acme *acme, const char *name, struct stir_diag *diag)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_cert *chain[STIR_MAX_CHAIN];
    size_t n = 0;
    TRY(stir_acme_load(&pem, acme, name, STIR_MAX_PEM, false, diag));
    enum stir_err err = stir_certs_parse(chain, STIR_MAX_CHAIN, &n, pem, NULL);
    stir_file_free(&pem);
    if (err != STIR_OK)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.80s/%s is no certificate chain: %s", acme->dir, name, stir_err_text(err));
    for (size_t i = 1; i < n; i++)
        stir_cert_free(chain[i]);
    *leaf = chain[0];
    return STIR_OK;
}

/* A mark that cannot be read is one. */
static bool is_revoked(const struct stir_acme *acme)
{
    struct stir_slice mark = {NULL, 0};
    enum stir_err err = stir_acme_load(&mark, acme, "current/" STIR_ACME_REVOKED, STIR_ACME_PATH, false, NULL);
    stir_file_free(&mark);
    return err != STIR_ENOTFOUND;
}

enum stir_err stir_acme_current(struct stir_acme *acme, struct stir_acme_current *out, struct stir_diag *diag)
{
    char link[STIR_ACME_PATH];
    struct stir_cert *leaf = NULL;
    struct stir_slice x5u = {NULL, 0};
    *out = (struct stir_acme_current){.not_after = 0};
    TRY(stir_acme_path(link, acme, "current", diag));
    if (!stir_dir_is(link))
        return stir_diag_set(diag, STIR_ENOTFOUND, SIZE_MAX, "there is no certificate yet");
    TRY(read_chain(&leaf, acme, "current/chain.pem", diag));
    const struct stir_cert_info *info = stir_cert_info(leaf);
    snprintf(out->serial, sizeof(out->serial), "%s", info->serial_hex);
    snprintf(out->dir, sizeof(out->dir), "%s", link);
    out->not_before = info->not_before;
    out->not_after = info->not_after;
    stir_cert_free(leaf);
    out->revoked = is_revoked(acme);
    if (stir_acme_load(&x5u, acme, "current/x5u", STIR_MAX_URL + 2, false, NULL) == STIR_OK) {
        struct stir_slice url = stir_slice_trim(x5u);
        snprintf(out->x5u, sizeof(out->x5u), "%.*s", url.n > STIR_MAX_URL ? 0 : (int)url.n, url.p);
        stir_file_free(&x5u);
    }
    return STIR_OK;
}

/* Certificates of one hour are not all renewed in one minute: each has a moment of its own. */
int64_t stir_acme_due(struct stir_acme *acme)
{
    struct stir_acme_current now;
    static const unsigned char fixed[STIR_SIPHASH_SECRET] = {0};
    const struct stir_siphash hash = stir_siphash_of(fixed);
    if (stir_acme_current(acme, &now, NULL) != STIR_OK)
        return 0;
    if (now.revoked)
        return now.not_before;
    const int64_t life = now.not_after - now.not_before;
    const uint64_t spread = life > 10 ? (uint64_t)(life / 10) : 1;
    return now.not_before + life / 3 * 2 - (int64_t)(stir_siphash(&hash, stir_slice_str(now.serial)) % spread);
}

bool stir_acme_is_under_way(struct stir_acme *acme)
{
    struct stir_acme_work work;
    return stir_acme_work_load(&work, acme, NULL) == STIR_OK;
}

/* ---- One order from its beginning to its use ---- */

static enum stir_err key_of(struct stir_key **key, const struct stir_acme *acme, const char *name, struct stir_diag *diag)
{
    if (strcmp(name, "account.key") != 0)
        return stir_acme_load_key(key, acme, name, diag);
    *key = stir_key_ref(acme->key);
    return STIR_OK;
}

/* The certificate's key is on disk before anything is ordered: no certificate can come whose key is lost. */
static enum stir_err choose_key(struct stir_acme_work *work, struct stir_key **key, struct stir_acme *acme, struct stir_diag *diag)
{
    char link[STIR_ACME_PATH];
    const bool account = acme->settings.account_key_is_cert_key;
    TRY(stir_acme_path(link, acme, "current", diag));
    snprintf(work->key, sizeof(work->key), "%s",
             account                                                             ? "account.key"
             : acme->settings.keep_key && stir_dir_is(link) && !is_revoked(acme) ? "current/key.pem"
                                                                                 : order_key);
    if (strcmp(work->key, order_key) != 0)
        return key_of(key, acme, work->key, diag);
    enum stir_err err = stir_key_generate(key);
    return err == STIR_OK ? stir_acme_save_key(acme, order_key, *key, diag) : stir_diag_set(diag, err, SIZE_MAX, "no key could be made");
}

static enum stir_err begin(struct stir_acme_work *work, struct stir_key **key, struct stir_acme *acme, const char *identifier, struct stir_diag *diag)
{
    *work = (struct stir_acme_work){.order = ""};
    snprintf(work->identifier, sizeof(work->identifier), "%s", strlen(identifier) < sizeof(work->identifier) ? identifier : "");
    stir_acme_work_drop(acme); /* before its key is written over */
    TRY(choose_key(work, key, acme, diag));
    TRY(stir_acme_order_begin(acme, work->order, identifier, diag));
    return stir_acme_work_save(work, acme, diag);
}

static enum stir_err write_chain(char **pem, size_t *n, const struct stir_acme_issued *issued)
{
    size_t cap = issued->n * 2 * STIR_MAX_CERT;
    char *text = malloc(cap);
    *n = 0;
    for (size_t i = 0, one; text && i < issued->n; i++) {
        if (stir_cert_write_pem(text + *n, cap - *n, &one, issued->chain[i]) != STIR_OK) {
            free(text);
            return STIR_ENOMEM;
        }
        *n += one;
    }
    *pem = text;
    return text ? STIR_OK : STIR_ENOMEM;
}

static enum stir_err publish(struct stir_acme *acme, const char *serial, struct stir_slice chain, struct stir_diag *diag)
{
    char path[STIR_ACME_PATH];
    int n = snprintf(path, sizeof(path), "%s/%s.pem", acme->settings.publish_dir, serial);
    if (n <= 0 || n >= (int)sizeof(path) || stir_file_write(path, chain, STIR_FILE_PUBLISHED) != STIR_FILE_OK)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%.120s cannot be written: %s", path, strerror(errno));
    stir_acme_tell(acme, "published as %s", path);
    return STIR_OK;
}

static enum stir_err choose_x5u(char x5u[STIR_MAX_URL + 1], struct stir_acme *acme, const struct stir_acme_issued *issued, const char *serial,
                                struct stir_diag *diag)
{
    int n = issued->x5u[0]               ? snprintf(x5u, STIR_MAX_URL + 1, "%s", issued->x5u)
            : acme->settings.x5u_base[0] ? snprintf(x5u, STIR_MAX_URL + 1, "%s/%s.pem", acme->settings.x5u_base, serial)
                                         : snprintf(x5u, STIR_MAX_URL + 1, "%s", "");
    if (n > STIR_MAX_URL)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "x5u-base and the serial make a URL that is too long");
    if (n == 0)
        stir_acme_tell(acme, "warning: nobody says where the certificate can be had: the order has no x5u, and acme.conf no x5u-base");
    return STIR_OK;
}

/* Into its folder, published, and in use; from then on order.json tells of the deployment alone. */
static enum stir_err take_in(struct stir_acme_work *work, struct stir_acme *acme, const struct stir_acme_issued *issued, const struct stir_key *key,
                             struct stir_diag *diag)
{
    char *pem = NULL, x5u[STIR_MAX_URL + 1];
    const char *serial = stir_cert_info(issued->chain[0])->serial_hex;
    size_t n;
    if (strlen(serial) >= sizeof(work->deploy) || serial[0] == '-')
        return stir_diag_set(diag, STIR_EMISMATCH, SIZE_MAX, "the certificate that came has a serial that none may have");
    TRY(choose_x5u(x5u, acme, issued, serial, diag));
    TRY(write_chain(&pem, &n, issued));
    enum stir_err err = stir_acme_keep(acme, serial, key, stir_slice_of(pem, n), x5u, diag);
    err = err == STIR_OK && acme->settings.publish_dir[0] ? publish(acme, serial, stir_slice_of(pem, n), diag) : err;
    free(pem);
    TRY(err);
    snprintf(work->deploy, sizeof(work->deploy), "%s", serial);
    TRY(stir_acme_use(acme, serial, diag));
    stir_crash_point("acme client: in use");
    work->order[0] = '\0';
    TRY(stir_acme_work_save(work, acme, diag));
    stir_acme_tell(acme, "certificate %s is in use", serial);
    return STIR_OK;
}

static enum stir_err go_through(struct stir_acme_work *work, struct stir_acme *acme, struct stir_key *key, struct stir_diag *diag)
{
    struct stir_acme_issued issued = {.n = 0};
    enum stir_err err = stir_acme_order_finish(acme, &issued, work->order, key, diag);
    err = err == STIR_OK ? take_in(work, acme, &issued, key, diag) : err;
    stir_acme_issued_clear(&issued);
    if (err == STIR_ENOTFOUND || err == STIR_EMISMATCH) /* the order is over, or would end in the same again */
        stir_acme_work_drop(acme);
    return err;
}

/* ---- obtain ---- */

/* An order that is under way, and is for what is wanted now. */
static bool can_go_on(struct stir_acme_work *work, struct stir_key **key, struct stir_acme *acme, const char *identifier)
{
    if (stir_acme_work_load(work, acme, NULL) != STIR_OK || !work->order[0] || strcmp(work->identifier, identifier) != 0)
        return false;
    return key_of(key, acme, work->key, NULL) == STIR_OK;
}

static enum stir_err order(struct stir_acme_work *work, struct stir_acme *acme, const char *identifier, bool force, struct stir_diag *diag)
{
    struct stir_key *key = NULL;
    enum stir_err err = STIR_ENOTFOUND;
    if (!force && can_go_on(work, &key, acme, identifier)) {
        stir_acme_tell(acme, "going on with order %s", work->order);
        err = go_through(work, acme, key, diag);
        stir_key_free(key);
        key = NULL;
        if (err != STIR_ENOTFOUND)
            return err;
        stir_acme_tell(acme, "that order is over; a new one is begun");
    }
    err = begin(work, &key, acme, identifier, diag);
    err = err == STIR_OK ? go_through(work, acme, key, diag) : err;
    stir_key_free(key);
    return err == STIR_ENOTFOUND ? STIR_EVALUE : err; /* of this run's own order: the authority says no */
}

static enum stir_err deploy(struct stir_acme_work *work, struct stir_acme *acme, struct stir_diag *diag)
{
    stir_acme_drop(acme, order_key); /* it lies with its certificate now */
    stir_crash_point("acme client: before deployment");
    TRY(stir_acme_deploy(acme, work->deploy, diag));
    stir_crash_point("acme client: after deployment");
    stir_acme_work_drop(acme);
    return STIR_OK;
}

/* A certificate that is in use, and whose deployment is not done: that is what is under way. */
static bool has_to_deploy(struct stir_acme_work *work, struct stir_acme *acme)
{
    struct stir_acme_current now;
    return stir_acme_work_load(work, acme, NULL) == STIR_OK && work->deploy[0] && stir_acme_current(acme, &now, NULL) == STIR_OK &&
           strcmp(now.serial, work->deploy) == 0;
}

static enum stir_err obtain(struct stir_acme *acme, bool force, struct stir_diag *diag)
{
    struct stir_acme_work work;
    struct stir_arena arena = {NULL, 0, 0};
    const char *identifier = NULL;
    if (!force && has_to_deploy(&work, acme)) {
        stir_acme_tell(acme, "certificate %s is in use already; its deployment goes on", work.deploy);
        return deploy(&work, acme, diag);
    }
    TRY(stir_acme_account(acme, diag));
    enum stir_err err = acme->kind->value(acme, &arena, &identifier, diag);
    err = err == STIR_OK ? order(&work, acme, identifier, force, diag) : err;
    stir_arena_clear(&arena);
    return err == STIR_OK ? deploy(&work, acme, diag) : err;
}

enum stir_err stir_acme_obtain(struct stir_acme *acme, bool force, struct stir_diag *diag)
{
    TRY(stir_acme_hold(acme, diag));
    acme->deadline = stir_clock_monotonic_ms() + acme->settings.timeout * 1000;
    free(acme->token); /* of an earlier run: it may be over */
    acme->token = NULL;
    enum stir_err err = obtain(acme, force, diag);
    stir_acme_let_go(acme);
    return err;
}
