/* The files, folders and users that a configuration names: are they there, and what they should be? */
#include "server/config.h"

#include "core/bytes.h"
#include "io/dir.h"
#include "io/tls.h"
#include "service/as.h"
#include "service/ca.h"
#include "service/pa.h"
#include "service/secret.h"
#include "service/source.h"

#include <stir/spc_table.h>
#include <stir/trust_store.h>

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct look {
    const struct stir_config_look *to;
    bool good;
};

static void told(void *arg, bool fatal, const char *text)
{
    struct look *look = arg;
    look->good = look->good && !fatal;
    look->to->say(look->to->arg, fatal, text);
}

static void say(struct look *look, bool fatal, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void say(struct look *look, bool fatal, const char *format, ...)
{
    char text[1600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    told(look, fatal, text);
}

/* What went wrong, in words. */
static const char *why(const struct stir_diag *diag, enum stir_err err)
{
    return diag->text[0] ? diag->text : stir_err_text(err);
}

/* ---- Services ---- */

static void look_at_sources(struct look *look, const struct stir_conf *conf)
{
    struct stir_source_book *book = NULL;
    struct stir_diag diag = {0};
    enum stir_err err = stir_source_book_new(&book, conf, &diag);
    if (err != STIR_OK)
        say(look, true, "%s", why(&diag, err));
    stir_source_book_free(book);
}

static void look_at_signers(struct look *look, const struct stir_conf *conf, int64_t now)
{
    const struct stir_as_say to = {told, look};
    struct stir_as_book *book = NULL;
    enum stir_err err = stir_as_book_new(&book, conf, now, &to);
    if (err != STIR_OK && look->good)
        say(look, true, "signers: %s", stir_err_text(err));
    stir_as_book_free(book);
}

static void look_at_holders(struct look *look, const struct stir_conf *conf)
{
    struct stir_spc_table *table = NULL;
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    if (!conf->verify.numbers[0])
        return;
    enum stir_err err = stir_secret_read(&text, conf->verify.numbers, STIR_MAX_SPC_TABLE, false, &diag);
    if (err == STIR_OK)
        err = stir_spc_table_parse(&table, text, &diag);
    if (err != STIR_OK)
        say(look, true, "[verify] numbers: %s", why(&diag, err));
    stir_spc_table_free(table);
    stir_file_free(&text);
}

static void wrong_setting(void *arg, const char *fault)
{
    say(arg, true, "[trust] dir: %s", fault);
}

static void look_at_trust(struct look *look, const struct stir_conf *conf, int64_t now)
{
    struct stir_trust_store_options options = STIR_TRUST_STORE_OPTIONS_INIT;
    struct stir_trust_store *store = NULL;
    struct stir_diag diag = {0};
    size_t n = 0, anchors = 0;
    options.say = wrong_setting;
    options.arg = look;
    enum stir_err err = stir_trust_store_read(&store, conf->trust.dir, now, &options, &diag);
    if (err != STIR_OK)
        say(look, true, "[trust] dir: %s", why(&diag, err));
    const struct stir_trust_item *items = store ? stir_trust_store_items(store, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        anchors += items[i].life == STIR_TRUST_OVER ? 0 : items[i].n_certs;
        if (items[i].life >= STIR_TRUST_GRACE)
            say(look, false, "[trust] dir: %s/%s is over; stir trust update fetches a new one", items[i].domain, items[i].file);
    }
    if (err == STIR_OK && !anchors)
        say(look, false, "[trust] dir: %s trusts nobody: every call fails", conf->trust.dir);
    stir_trust_store_free(store);
}

/* ---- TLS ---- */

static bool read_pem(struct look *look, const char *section, const char *name, const char *key, bool secret, struct stir_tls_pem *out)
{
    struct stir_diag diag = {0};
    out->name = name;
    enum stir_err err = name[0] ? stir_secret_read(&out->content, name, STIR_MAX_BUNDLE, secret, &diag) : STIR_OK;
    if (err != STIR_OK)
        say(look, true, "%s %s: %s", section, key, why(&diag, err));
    return err == STIR_OK;
}

static void look_at_tls(struct look *look, const char *kind, const char *name, const char *cert, const char *key, const char *ca)
{
    struct stir_tls_pem pems[3] = {{.name = ""}, {.name = ""}, {.name = ""}};
    struct stir_diag diag = {0};
    SSL_CTX *context = NULL;
    char section[64];
    STIR_OSSL_QUIET;
    snprintf(section, sizeof(section), "[%s %s]", kind, name);
    if (!cert[0])
        return;
    bool good = read_pem(look, section, cert, "tls-cert", false, &pems[0]);
    good = read_pem(look, section, key, "tls-key", true, &pems[1]) && good;
    good = read_pem(look, section, ca, "tls-client-ca", false, &pems[2]) && good;
    enum stir_err err = good ? stir_tls_server_new(&context, &pems[0], &pems[1], ca[0] ? &pems[2] : NULL, &diag) : STIR_OK;
    if (err != STIR_OK)
        say(look, true, "%s tls-cert: %s", section, why(&diag, err));
    SSL_CTX_free(context);
    for (size_t i = 0; i < sizeof(pems) / sizeof(pems[0]); i++)
        stir_file_free(&pems[i].content);
}

static void look_at_listeners(struct look *look, const struct stir_conf *conf)
{
    for (size_t i = 0; i < conf->n_sip; i++)
        look_at_tls(look, "sip", conf->sip[i].name, conf->sip[i].tls_cert, conf->sip[i].tls_key, conf->sip[i].tls_client_ca);
    for (size_t i = 0; i < conf->n_http; i++)
        look_at_tls(look, "http", conf->http[i].name, conf->http[i].tls_cert, conf->http[i].tls_key, conf->http[i].tls_client_ca);
}

/* ---- Folders, users and the rest ---- */

static void look_at_folder(struct look *look, const char *key, const char *path)
{
    struct stat there;
    if (path[0] && !stir_dir_is(path))
        say(look, true, stat(path, &there) == 0 ? "%s: %s is no folder" : "%s: there is no folder %s", key, path);
}

static void look_at_file(struct look *look, const char *key, const char *path, bool secret)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = path[0] ? stir_secret_read(&text, path, STIR_MAX_BUNDLE, secret, &diag) : STIR_OK;
    if (err != STIR_OK)
        say(look, true, "%s: %s", key, why(&diag, err));
    stir_file_free(&text);
}

/* The folder of a file or socket that does not have to be there yet: it may be made when the service starts (RuntimeDirectory). */
static void look_at_place(struct look *look, const char *key, const char *path)
{
    char folder[1100];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path || (size_t)(slash - path) >= sizeof(folder))
        return;
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    if (!stir_dir_is(folder))
        say(look, false, "%s: there is no folder %s yet", key, folder);
}

/* A folder that is made at the start when it is not there. */
static void look_at_made_folder(struct look *look, const char *key, const char *path)
{
    struct stat there;
    look_at_place(look, key, path);
    if (path[0] && stat(path, &there) == 0 && !S_ISDIR(there.st_mode))
        say(look, true, "%s: %s is there and is no folder", key, path);
}

/* One that an earlier stir serve left is taken over; anything else would be in the way. */
static void look_at_socket(struct look *look, const char *key, const char *path)
{
    struct stat there;
    look_at_place(look, key, path);
    if (path[0] && lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
        say(look, true, "%s: %s is there and is no socket", key, path);
}

static void look_at_process(struct look *look, const struct stir_conf *conf)
{
    if (!conf->server.user[0] && geteuid() == 0)
        say(look, false, "[server] user: is not given, and root serves nobody: it will not start as root");
    if (conf->server.user[0] && !getpwnam(conf->server.user))
        say(look, true, "[server] user: there is no user %s", conf->server.user);
    if (conf->server.group[0] && !getgrnam(conf->server.group))
        say(look, true, "[server] group: there is no group %s", conf->server.group);
    look_at_socket(look, "[server] control", conf->server.control);
    look_at_place(look, "[log] file", conf->log.file);
    look_at_made_folder(look, "[evidence] dir", conf->evidence.dir);
    look_at_file(look, "[webhook] token-file", conf->webhook.token_file, true);
}

static void look_at_pa(struct look *look, const struct stir_conf *conf)
{
    const struct stir_pa_say to = {told, look};
    struct stir_pa *pa = NULL;
    enum stir_err err = stir_pa_new(&pa, conf, &to);
    if (err != STIR_OK && look->good)
        say(look, true, "[pa]: %s", stir_err_text(err));
    stir_pa_free(pa);
    look_at_made_folder(look, "[pa] static-dir", conf->pa.static_dir);
}

static void look_at_ca(struct look *look, const struct stir_conf *conf)
{
    const struct stir_ca_say to = {told, look};
    struct stir_ca *ca = NULL;
    enum stir_err err = stir_ca_new(&ca, conf, NULL, &to);
    if (err != STIR_OK && look->good)
        say(look, true, "[ca]: %s", stir_err_text(err));
    stir_ca_free(ca);
    look_at_folder(look, "[ca] publish-dir", conf->ca.publish_dir);
    look_at_file(look, "[ca] tls-root", conf->ca.tls_root, false);
    look_at_file(look, "[ca] report-token", conf->ca.report_token, true);
}

/* What cannot be there beside what is: a file of SQLite is made at the start. */
static void look_at_store(struct look *look, const struct stir_conf *conf)
{
    struct stat there;
    if (strstr(conf->store.url, "://"))
        return;
    look_at_place(look, "[store] url", conf->store.url);
    if (stat(conf->store.url, &there) == 0 && !S_ISREG(there.st_mode))
        say(look, true, "[store] url: %s is there and is no file", conf->store.url);
}

bool stir_config_files(const struct stir_conf *conf, int64_t now, const struct stir_config_look *to)
{
    struct look look = {to, true};
    look_at_listeners(&look, conf);
    look_at_process(&look, conf);
    look_at_sources(&look, conf);
    if (conf->server.roles & STIR_ROLE_AS)
        look_at_signers(&look, conf, now);
    if (conf->server.roles & STIR_ROLE_VS) {
        look_at_trust(&look, conf, now);
        look_at_holders(&look, conf);
        look_at_file(&look, "[fetch] tls-root", conf->fetch.tls_root, false);
        look_at_folder(&look, "[fetch] cache-dir", conf->fetch.cache_dir);
    }
    if (conf->server.roles & (STIR_ROLE_PA | STIR_ROLE_CA))
        look_at_store(&look, conf);
    if (conf->server.roles & STIR_ROLE_PA)
        look_at_pa(&look, conf);
    if (conf->server.roles & STIR_ROLE_CA)
        look_at_ca(&look, conf);
    if (conf->server.roles & STIR_ROLE_CR)
        look_at_folder(&look, "[repository] dir", conf->repository.dir);
    return look.good;
}
