#include "service/repository.h"

#include "core/bytes.h"
#include "io/dir.h"
#include "io/thread.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum {
    LOOK_MS = 2000, /* how soon a change is seen */
    ETAG = 36,      /* 32 hex digits and two quotes */
    PEM_MAX = STIR_MAX_CHAIN * (STIR_MAX_CERT * 2),
};

struct entry {
    char name[STIR_REPOSITORY_MAX_NAME + 1];
    struct timespec changed;
    off_t size;
    ino_t inode;
    char *pem; /* NULL: not served */
    size_t n;
    char etag[ETAG];
    int64_t not_after;
};

struct stir_shelf {
    atomic_size_t owners;
    struct entry *entries; /* sorted by name */
    size_t n, bytes;
};

struct stir_repository {
    char *dir;
    struct stir_repository_say say;
    pthread_mutex_t lock; /* over `shelf` and `stopped` */
    pthread_cond_t wake;
    pthread_t thread;
    bool runs, stopped;
    bool crowded; /* told so; of the thread that looks alone */
    struct stir_shelf *shelf;
};

static void shelf_free(struct stir_shelf *shelf)
{
    if (!shelf || atomic_fetch_sub(&shelf->owners, 1) != 1)
        return;
    for (size_t i = 0; i < shelf->n; i++)
        free(shelf->entries[i].pem);
    free(shelf->entries);
    free(shelf);
}

static void tell(struct stir_repository *r, const char *name, const char *why)
{
    char text[400];
    snprintf(text, sizeof(text), "repository: %s/%s is not served: %s", r->dir, name, why);
    if (r->say.say)
        r->say.say(r->say.arg, false, text);
}

bool stir_repository_is_name(struct stir_slice name)
{
    if (name.n < 5 || name.n > STIR_REPOSITORY_MAX_NAME || name.p[0] == '.' || !stir_slice_is(stir_slice_from(name, name.n - 4), ".pem"))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!stir_is_alpha(c) && !stir_is_digit(c) && c != '-' && c != '_' && c != '.')
            return false;
    }
    return true;
}

static bool set_etag(struct entry *e)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (EVP_Digest(e->pem, e->n, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    char *at = e->etag;
    *at++ = '"';
    for (size_t i = 0; i < 16; i++)
        at += snprintf(at, 3, "%02x", digest[i]);
    *at++ = '"';
    *at = '\0';
    return true;
}

/* The chain of `certs` as PEM, made anew. */
static enum stir_err write_chain(struct entry *e, struct stir_cert *const *certs, size_t n)
{
    char *buf = malloc(PEM_MAX);
    enum stir_err err = buf ? STIR_OK : STIR_ENOMEM;
    size_t at = 0, len = 0;
    for (size_t i = 0; i < n && err == STIR_OK; i++, at += len)
        err = stir_cert_write_pem(buf + at, PEM_MAX - at, &len, certs[i]);
    e->pem = err == STIR_OK ? malloc(at) : NULL;
    e->n = at;
    if (e->pem)
        memcpy(e->pem, buf, at);
    free(buf);
    return err == STIR_OK && !e->pem ? STIR_ENOMEM : err;
}

static enum stir_err read_chain(struct entry *e, struct stir_slice content, struct stir_diag *diag)
{
    struct stir_cert *certs[STIR_MAX_CHAIN] = {0};
    size_t n = 0;
    TRY(stir_certs_parse(certs, STIR_MAX_CHAIN, &n, content, diag));
    e->not_after = stir_cert_info(certs[0])->not_after;
    enum stir_err err = write_chain(e, certs, n);
    for (size_t i = 0; i < n; i++)
        stir_cert_free(certs[i]);
    return err;
}

static void read_file(struct stir_repository *r, struct entry *e)
{
    char path[4096];
    struct stir_slice content = {0};
    struct stir_diag diag = {0};
    int n = snprintf(path, sizeof(path), "%s/%s", r->dir, e->name);
    if (n < 0 || (size_t)n >= sizeof(path) || stir_file_read(&content, path, STIR_MAX_PEM, false) != STIR_FILE_OK) {
        tell(r, e->name, "it cannot be read, or is longer than a chain is");
        return;
    }
    enum stir_err err = read_chain(e, content, &diag);
    stir_file_free(&content);
    if (err != STIR_OK)
        tell(r, e->name, diag.text[0] ? diag.text : stir_err_text(err));
    else if (!set_etag(e))
        err = STIR_ECRYPTO;
    if (err != STIR_OK) {
        free(e->pem);
        e->pem = NULL;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static const struct entry *find(const struct stir_shelf *shelf, const char *name)
{
    struct entry key;
    if (!shelf || shelf->n == 0)
        return NULL;
    snprintf(key.name, sizeof(key.name), "%s", name);
    return bsearch(&key, shelf->entries, shelf->n, sizeof(*shelf->entries), by_name);
}

static bool is_same(const struct entry *e, const struct entry *old)
{
    return e->size == old->size && e->inode == old->inode && e->changed.tv_sec == old->changed.tv_sec && e->changed.tv_nsec == old->changed.tv_nsec;
}

static bool copy_chain(struct entry *e, const struct entry *old)
{
    e->pem = malloc(old->n);
    if (!e->pem)
        return false;
    memcpy(e->pem, old->pem, old->n);
    memcpy(e->etag, old->etag, sizeof(e->etag));
    e->n = old->n;
    e->not_after = old->not_after;
    return true;
}

/* The chain of one file: as it was when the file is, and also when what is there now cannot be read: it may be half written. */
static void fill(struct stir_repository *r, struct entry *e, const struct stir_shelf *before)
{
    const struct entry *old = find(before, e->name);
    if (!old || !is_same(e, old))
        read_file(r, e);
    if (!e->pem && old && old->pem)
        (void)copy_chain(e, old);
}

/* A regular file with a name that may be asked for; a link could lead anywhere. */
static bool look_at(struct stir_repository *r, struct entry *e, const char *name)
{
    char path[4096];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", r->dir, name);
    if (n < 0 || (size_t)n >= sizeof(path) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || !stir_repository_is_name(stir_slice_str(name)))
        return false;
    *e = (struct entry){.changed = st.st_mtim, .size = st.st_size, .inode = st.st_ino};
    snprintf(e->name, sizeof(e->name), "%s", name);
    return true;
}

static struct stir_shelf *make_shelf(struct stir_repository *r, const struct stir_listing *names, const struct stir_shelf *before)
{
    struct stir_shelf *shelf = calloc(1, sizeof(*shelf));
    struct entry *entries = calloc(names->n + 1, sizeof(*entries));
    if (!shelf || !entries) {
        free(shelf);
        free(entries);
        return NULL;
    }
    atomic_init(&shelf->owners, 1);
    shelf->entries = entries;
    for (size_t i = 0; i < names->n; i++) {
        struct entry *e = &entries[shelf->n];
        if (!look_at(r, e, names->name[i]))
            continue;
        fill(r, e, before);
        shelf->n++;
        shelf->bytes += e->n;
        if (shelf->bytes <= STIR_REPOSITORY_MAX_BYTES)
            continue;
        tell(r, e->name, "the folder holds more than is kept in memory");
        free(e->pem);
        shelf->bytes -= e->n;
        e->pem = NULL;
    }
    return shelf;
}

/* Something of the folder is not as it was on `shelf`. */
static bool has_changed(struct stir_repository *r, const struct stir_listing *names, const struct stir_shelf *shelf)
{
    size_t known = 0;
    for (size_t i = 0; i < names->n; i++) {
        struct entry e;
        if (!look_at(r, &e, names->name[i]))
            continue;
        const struct entry *old = find(shelf, e.name);
        if (!old || !is_same(&e, old))
            return true;
        known++;
    }
    return known != shelf->n;
}

/* Where more lie than are kept, what an authority issues in the course of time, the shelf is empty, and each is read when it is asked for. */
static void note_crowd(struct stir_repository *r, bool crowded)
{
    char text[400];
    if (crowded && !r->crowded && r->say.say) {
        snprintf(text, sizeof(text), "repository: %s holds more than %d files: each is read when it is asked for", r->dir, STIR_REPOSITORY_MAX_FILES);
        r->say.say(r->say.arg, false, text);
    }
    r->crowded = crowded;
}

static enum stir_err look(struct stir_repository *r, struct stir_diag *diag)
{
    struct stir_listing names = {NULL, 0};
    enum stir_file_err got = stir_dir_list(&names, r->dir, ".pem", STIR_REPOSITORY_MAX_FILES);
    if (got != STIR_FILE_OK && got != STIR_FILE_TOO_LONG)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "repository: the folder %s cannot be listed: %s", r->dir, strerror(errno));
    note_crowd(r, got == STIR_FILE_TOO_LONG);
    struct stir_shelf *before = r->shelf; /* changed by this thread alone */
    if (before && !has_changed(r, &names, before)) {
        stir_listing_free(&names);
        return STIR_OK;
    }
    struct stir_shelf *shelf = make_shelf(r, &names, before);
    stir_listing_free(&names);
    if (!shelf)
        return STIR_ENOMEM;
    pthread_mutex_lock(&r->lock);
    r->shelf = shelf;
    pthread_mutex_unlock(&r->lock);
    shelf_free(before);
    return STIR_OK;
}

static bool sleep_a_little(struct stir_repository *r)
{
    const struct timespec until = stir_thread_until(LOOK_MS);
    pthread_mutex_lock(&r->lock);
    while (!r->stopped && pthread_cond_timedwait(&r->wake, &r->lock, &until) == 0)
        ;
    bool on = !r->stopped;
    pthread_mutex_unlock(&r->lock);
    return on;
}

static void *watch(void *arg)
{
    struct stir_repository *r = arg;
    while (sleep_a_little(r)) {
        struct stir_diag diag = {0};
        if (look(r, &diag) != STIR_OK && r->say.say)
            r->say.say(r->say.arg, true, diag.text[0] ? diag.text : "repository: out of memory");
    }
    return NULL;
}

enum stir_err stir_repository_new(struct stir_repository **out, const struct stir_conf_repository *conf, const struct stir_repository_say *say,
                                  struct stir_diag *diag)
{
    struct stir_repository *r = calloc(1, sizeof(*r));
    if (!r)
        return STIR_ENOMEM;
    stir_thread_cond(&r->wake);
    pthread_mutex_init(&r->lock, NULL);
    r->dir = strdup(conf->dir);
    if (say)
        r->say = *say;
    enum stir_err err = r->dir ? look(r, diag) : STIR_ENOMEM;
    if (err == STIR_OK)
        r->runs = stir_thread_begin(&r->thread, watch, r);
    if (!r->runs) {
        stir_repository_free(r);
        return err == STIR_OK ? STIR_ENOMEM : err;
    }
    *out = r;
    return STIR_OK;
}

void stir_repository_free(struct stir_repository *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopped = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    if (r->runs)
        pthread_join(r->thread, NULL);
    shelf_free(r->shelf);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    free(r->dir);
    free(r);
}

static struct stir_shelf *hold_shelf(struct stir_repository *r)
{
    pthread_mutex_lock(&r->lock);
    struct stir_shelf *shelf = r->shelf;
    atomic_fetch_add(&shelf->owners, 1);
    pthread_mutex_unlock(&r->lock);
    return shelf;
}

/* A shelf of one file, read now. What is wrong with it is said by whoever looks through the folder, not for each stranger who asks. */
static struct stir_shelf *read_one(const struct stir_repository *repository, const char *name)
{
    struct stir_repository quiet = {.dir = repository->dir};
    struct stir_shelf *shelf = calloc(1, sizeof(*shelf));
    struct entry *e = calloc(1, sizeof(*e));
    if (!shelf || !e || !look_at(&quiet, e, name)) {
        free(shelf);
        free(e);
        return NULL;
    }
    read_file(&quiet, e);
    atomic_init(&shelf->owners, 1);
    shelf->entries = e;
    shelf->n = 1;
    return shelf;
}

/* Of what the shelf does not have, the folder is asked: a file may have come a moment ago, or be one of very many. */
static struct stir_shelf *shelf_with(struct stir_repository *repository, const char *name)
{
    struct stir_shelf *shelf = hold_shelf(repository);
    const struct entry *e = find(shelf, name);
    struct stir_shelf *one = e && e->pem ? NULL : read_one(repository, name);
    if (one)
        shelf_free(shelf);
    return one ? one : shelf;
}

enum stir_shelf_state stir_repository_take(struct stir_repository *repository, struct stir_slice name, int64_t now, struct stir_shelf_file *out)
{
    *out = (struct stir_shelf_file){0};
    char text[STIR_REPOSITORY_MAX_NAME + 1];
    if (!stir_repository_is_name(name))
        return STIR_SHELF_NONE;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    struct stir_shelf *shelf = shelf_with(repository, text);
    const struct entry *e = find(shelf, text);
    enum stir_shelf_state state = !e || !e->pem ? STIR_SHELF_NONE : e->not_after < now ? STIR_SHELF_OVER : STIR_SHELF_HERE;
    if (state == STIR_SHELF_HERE)
        *out = (struct stir_shelf_file){shelf, stir_slice_of(e->pem, e->n), e->etag, e->not_after};
    else
        shelf_free(shelf);
    return state;
}

void stir_repository_give_back(struct stir_shelf_file *file)
{
    shelf_free(file->shelf);
    *file = (struct stir_shelf_file){0};
}
