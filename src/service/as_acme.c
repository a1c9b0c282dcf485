/* Signing identities that an ACME client keeps in a folder (stir-acme(1)): which files are in use now. */
#include "service/as_book.h"

#include "core/bytes.h"
#include "io/file.h"
#include "service/secret.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_FILE, CERT_FILE, X5U };

static bool wrong(struct stir_as_making *m, const struct stir_as_signer *s, const char *what)
{
    stir_as_tell(m, true, "signer %s: acme %s: %s", s->conf->name, s->conf->acme, what);
    return false;
}

/* The name is read once: a renewal that swaps it meanwhile must not give the key of one certificate and the chain of another. */
static bool read_current(struct stir_as_making *m, const struct stir_as_signer *s, char target[PATH_MAX])
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/current", s->conf->acme);
    if (n < 0 || (size_t)n >= sizeof(path))
        return wrong(m, s, "no file has a path of that length");
    ssize_t got = readlink(path, target, PATH_MAX - 1);
    if (got > 0) {
        target[got] = '\0';
        return true;
    }
    if (errno != ENOENT)
        return wrong(m, s, "current is not the link that stir acme makes");
    if (access(s->conf->acme, X_OK) != 0)
        return wrong(m, s, "there is no such folder, or this user may not look into it; stir acme register makes one");
    stir_as_tell(m, false, "signer %s: acme %s has no certificate yet: it signs nothing until one has come", s->conf->name, s->conf->acme);
    return false;
}

static bool name_file(struct stir_as_making *m, struct stir_as_signer *s, int which, const char *target, const char *file)
{
    bool whole = target[0] == '/';
    size_t room = strlen(s->conf->acme) + strlen(target) + strlen(file) + 3;
    s->found[which] = malloc(room);
    m->out_of_memory = m->out_of_memory || !s->found[which];
    if (s->found[which])
        snprintf(s->found[which], room, "%s%s%s/%s", whole ? "" : s->conf->acme, whole ? "" : "/", target, file);
    return s->found[which] != NULL;
}

/* The URL is the first line of its file. */
static bool read_x5u(struct stir_as_making *m, struct stir_as_signer *s)
{
    struct stir_slice text = {NULL, 0};
    struct stir_diag diag = {0};
    enum stir_err err = stir_secret_read(&text, s->found[X5U], STIR_MAX_URL + 2, false, &diag);
    free(s->found[X5U]);
    s->found[X5U] = err == STIR_OK ? strndup(text.p, strcspn(text.p, "\r\n")) : NULL;
    stir_file_free(&text);
    m->out_of_memory = m->out_of_memory || err == STIR_ENOMEM || (err == STIR_OK && !s->found[X5U]);
    return err == STIR_OK ? s->found[X5U] != NULL : wrong(m, s, diag.text[0] ? diag.text : stir_err_text(err));
}

/* The key of the account stays when those of certificates go: what is made of the secret stays too. */
static void mix_account(struct stir_as_making *m, const struct stir_as_signer *s)
{
    struct stir_slice pem = {NULL, 0};
    struct stir_diag diag = {0};
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/account.key", s->conf->acme);
    if (n > 0 && (size_t)n < sizeof(path) && stir_secret_read(&pem, path, STIR_MAX_KEY_PEM, true, &diag) == STIR_OK)
        stir_as_mix_secret(m->book, pem);
    stir_file_free(&pem);
}

bool stir_as_acme_find(struct stir_as_making *m, struct stir_as_signer *s)
{
    char target[PATH_MAX];
    if (s == m->book->signers)
        mix_account(m, s);
    s->key_file = s->cert_file = s->x5u_text = "";
    if (!read_current(m, s, target) || !name_file(m, s, KEY_FILE, target, "key.pem") || !name_file(m, s, CERT_FILE, target, "chain.pem") ||
        !name_file(m, s, X5U, target, "x5u") || !read_x5u(m, s))
        return false;
    s->key_file = s->found[KEY_FILE];
    s->cert_file = s->found[CERT_FILE];
    s->x5u_text = s->found[X5U];
    return true;
}
