#include "io/trust_folder.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/json.h"

enum { STATE_MAX = 8192 };

/* ---- Paths and files ---- */

enum stir_err stir_trust_file_said(enum stir_file_err err, const char *path, struct stir_diag *diag)
{
    const char *why = "cannot be read or written";
    switch (err) {
    case STIR_FILE_OK: return STIR_OK;
    case STIR_FILE_NOMEM: return stir_diag_set(diag, STIR_ENOMEM, SIZE_MAX, "out of memory");
    case STIR_FILE_ERRNO: why = strerror(errno); break;
    case STIR_FILE_DIRECTORY: why = "is a directory"; break;
    case STIR_FILE_TOO_LONG: why = "longer than any real one"; break;
    case STIR_FILE_EXISTS: why = "exists already"; break;
    case STIR_FILE_HOLDS_KEY: why = "holds a private key, and would be overwritten"; break;
    case STIR_FILE_OPEN_TO_OTHERS: why = "others can read it; mend it with chmod 600"; break;
    }
    return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s: %s", path, why);
}

enum stir_err stir_trust_folder_path(char path[STIR_TRUST_PATH], const struct stir_trust_folder *folder, const char *file, struct stir_diag *diag)
{
    int n = snprintf(path, STIR_TRUST_PATH, "%s/%s%s%s", folder->dir, folder->name, file[0] ? "/" : "", file);
    return n > 0 && n < STIR_TRUST_PATH ? STIR_OK : stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%s: the name is too long", folder->dir);
}

enum stir_err stir_trust_folder_read(struct stir_slice *out, const struct stir_trust_folder *folder, const char *file, size_t max, struct stir_diag *diag)
{
    char path[STIR_TRUST_PATH];
    *out = stir_slice_str(NULL);
    TRY(stir_trust_folder_path(path, folder, file, diag));
    return access(path, F_OK) == 0 ? stir_trust_file_said(stir_file_read(out, path, max, false), path, diag) : STIR_OK;
}

enum stir_err stir_trust_folder_write(const struct stir_trust_folder *folder, const char *file, struct stir_slice content, struct stir_diag *diag)
{
    char path[STIR_TRUST_PATH];
    TRY(stir_trust_folder_path(path, folder, file, diag));
    return stir_trust_file_said(stir_file_write(path, content, STIR_FILE_PUBLIC), path, diag);
}

int64_t stir_trust_folder_written(const struct stir_trust_folder *folder, const char *file)
{
    char path[STIR_TRUST_PATH];
    struct stat st;
    return stir_trust_folder_path(path, folder, file, NULL) == STIR_OK && stat(path, &st) == 0 ? (int64_t)st.st_mtime : 0;
}

enum stir_err stir_trust_pem(struct stir_slice *out, struct stir_cert *const *certs, size_t n)
{
    size_t room = 1, len = 0, used = 0;
    for (size_t i = 0; i < n; i++)
        room += stir_cert_info(certs[i])->der.n * 3 / 2 + 128; /* base64, line ends, the lines around */
    char *text = malloc(room);
    if (!text)
        return STIR_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        enum stir_err err = stir_cert_write_pem(text + used, room - used, &len, certs[i]);
        if (err != STIR_OK) {
            free(text);
            return err;
        }
        used += len;
    }
    *out = stir_slice_of(text, used);
    return STIR_OK;
}

void stir_trust_digest(char hex[STIR_TRUST_HEX], struct stir_slice bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t n = 0;
    hex[0] = '\0';
    if (!EVP_Q_digest(NULL, "SHA256", NULL, bytes.p, bytes.n, digest, &n) || n != STIR_SHA256)
        return;
    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* ---- state.json ---- */

bool stir_trust_folder_is_whole(const struct stir_trust_folder *folder, struct stir_slice ca_pem)
{
    char hex[STIR_TRUST_HEX];
    stir_trust_digest(hex, ca_pem);
    return hex[0] && strcmp(hex, folder->state.ca_sha256) == 0;
}

static bool get_number(struct stir_json object, const char *name, int64_t *out)
{
    struct stir_json value;
    return stir_json_member(object, name, &value) && stir_json_integer(out, value);
}

static bool get_text(struct stir_json object, const char *name, char *out, size_t cap)
{
    struct stir_arena arena = {NULL, 0, 0};
    struct stir_json value;
    struct stir_slice text = {NULL, 0};
    bool good = stir_json_member(object, name, &value) && stir_json_string(&text, value, &arena) == STIR_OK && text.n < cap;
    if (good) {
        memcpy(out, text.p, text.n);
        out[text.n] = '\0';
    }
    stir_arena_clear(&arena);
    return good;
}

static bool parse_state(struct stir_trust_state *out, struct stir_slice text)
{
    struct stir_trust_state state = {.there = true, .sequence = -1};
    struct stir_json object;
    char source[8];
    if (stir_json_parse(&object, text, NULL, NULL) != STIR_OK || object.type != STIR_JSON_OBJECT)
        return false;
    if (!get_text(object, "source", source, sizeof(source)) || !get_number(object, "imported", &state.imported) ||
        !get_text(object, "ca_sha256", state.ca_sha256, sizeof(state.ca_sha256)))
        return false;
    state.listed = strcmp(source, "list") == 0;
    if (state.listed && (!get_number(object, "sequence", &state.sequence) || !get_number(object, "exp", &state.exp) || state.sequence < 0 ||
                         !get_text(object, "signer", state.signer, sizeof(state.signer))))
        return false;
    *out = state;
    return true;
}

static enum stir_err read_state(struct stir_trust_folder *folder, struct stir_diag *diag)
{
    struct stir_slice text;
    folder->state = (struct stir_trust_state){.sequence = -1};
    enum stir_err err = stir_trust_folder_read(&text, folder, STIR_TRUST_FILE_STATE, STATE_MAX, diag);
    if (err == STIR_OK && text.p && !parse_state(&folder->state, text))
        err = stir_diag_set(diag, STIR_EIO, SIZE_MAX, "%s/state.json cannot be read: what sequence was known is lost; take the folder away to begin anew",
                            folder->path);
    stir_file_free(&text);
    return err;
}

static enum stir_err write_state(const struct stir_trust_folder *folder, struct stir_diag *diag)
{
    char text[STATE_MAX];
    size_t n = 0;
    const struct stir_trust_state *state = &folder->state;
    struct stir_writer w = stir_writer_of(text, sizeof(text) - 1);
    stir_put_format(&w, "{\"schema\":1,\"source\":\"%s\",\"imported\":%lld,\"ca_sha256\":\"%s\"", state->listed ? "list" : "pem", (long long)state->imported,
                    state->ca_sha256);
    if (state->listed) {
        stir_put_format(&w, ",\"sequence\":%lld,\"exp\":%lld,\"signer\":", (long long)state->sequence, (long long)state->exp);
        stir_put_json_string(&w, stir_slice_str(state->signer));
    }
    stir_put_text(&w, "}\n");
    if (stir_writer_close(&w, &n) != STIR_OK)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%s/state.json would be too long", folder->path);
    return stir_trust_folder_write(folder, STIR_TRUST_FILE_STATE, stir_slice_of(text, n), diag);
}

enum stir_err stir_trust_folder_commit(struct stir_trust_folder *folder, struct stir_slice ca_pem, struct stir_diag *diag)
{
    stir_trust_digest(folder->state.ca_sha256, ca_pem);
    TRY(stir_trust_folder_write(folder, STIR_TRUST_FILE_ANCHORS, ca_pem, diag));
    return write_state(folder, diag);
}

/* ---- domain.conf ---- */

struct telling {
    const struct stir_trust_folder *folder;
    const struct stir_trust_say *say;
    struct stir_diag *first;
};

static void tell(void *arg, size_t line, const char *what)
{
    struct telling *t = arg;
    struct stir_diag diag = {0};
    (void)stir_diag_set(&diag, STIR_EVALUE, SIZE_MAX, "%s/" STIR_TRUST_FILE_SETTINGS ":%zu: %s", t->folder->path, line, what);
    if (!t->first->text[0])
        *t->first = diag;
    if (t->say && t->say->say)
        t->say->say(t->say->arg, diag.text);
}

enum stir_err stir_trust_folder_settings(struct stir_trust_settings *out, const struct stir_trust_folder *folder, const struct stir_trust_say *say,
                                         struct stir_diag *diag)
{
    struct stir_slice text;
    struct stir_diag first = {0};
    struct telling telling = {folder, say, &first};
    stir_trust_settings_init(out);
    TRY(stir_trust_folder_read(&text, folder, STIR_TRUST_FILE_SETTINGS, STIR_SETTINGS_MAX, diag));
    size_t wrong = text.p ? stir_trust_settings_read(out, text, tell, &telling) : 0;
    stir_file_free(&text);
    if (wrong > 1)
        return stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s (and %zu wrong lines more)", first.text, wrong - 1);
    return wrong ? stir_diag_set(diag, STIR_EVALUE, SIZE_MAX, "%s", first.text) : STIR_OK;
}

/* ---- Domains ---- */

/* As stir_trust_domain() has it. */
static enum stir_err check_name(const char *name)
{
    struct stir_trust_builder *builder = NULL;
    TRY(stir_trust_builder_new(&builder));
    enum stir_err err = stir_trust_domain(builder, stir_slice_str(name));
    stir_trust_builder_free(builder);
    return err;
}

bool stir_trust_name_is_good(const char *name)
{
    return check_name(name) == STIR_OK;
}

static enum stir_err begin(struct stir_trust_folder *out, const char *dir, const char *name, struct stir_diag *diag)
{
    *out = (struct stir_trust_folder){.dir = dir, .lock = -1};
    enum stir_err err = check_name(name);
    if (err != STIR_OK)
        return stir_diag_set(diag, err, SIZE_MAX, "\"%s\" is no name of a domain: 1 to 32 letters, digits, '-', '_'", name);
    memcpy(out->name, name, strlen(name) + 1);
    return stir_trust_folder_path(out->path, out, "", diag);
}

enum stir_err stir_trust_folder_look(struct stir_trust_folder *out, const char *dir, const char *name, struct stir_diag *diag)
{
    TRY(begin(out, dir, name, diag));
    return read_state(out, diag);
}

enum stir_err stir_trust_folder_hold(struct stir_trust_folder *out, const char *dir, const char *name, struct stir_diag *diag)
{
    TRY(begin(out, dir, name, diag));
    TRY(stir_trust_file_said(stir_dir_make(dir), dir, diag));
    TRY(stir_trust_file_said(stir_dir_make(out->path), out->path, diag));
    TRY(stir_trust_file_said(stir_dir_lock(&out->lock, out->path), out->path, diag));
    return read_state(out, diag);
}

void stir_trust_folder_release(struct stir_trust_folder *folder)
{
    if (folder->path[0] && rmdir(folder->path) == 0)
        (void)rmdir(folder->dir);
    if (folder->lock >= 0)
        stir_dir_unlock(folder->lock);
    folder->lock = -1;
}

static enum stir_err list(struct stir_listing *out, const char *path, const char *suffix, size_t max, struct stir_diag *diag)
{
    enum stir_file_err err = stir_dir_list(out, path, suffix, max);
    if (err == STIR_FILE_TOO_LONG)
        return stir_diag_set(diag, STIR_ELIMIT, SIZE_MAX, "%s: holds more than %zu %s", path, max, suffix ? "revocation lists" : "domains");
    return stir_trust_file_said(err, path, diag);
}

enum stir_err stir_trust_folder_names(struct stir_listing *out, const char *dir, struct stir_diag *diag)
{
    return list(out, dir, NULL, STIR_MAX_DOMAINS, diag);
}

enum stir_err stir_trust_folder_crls(struct stir_listing *out, const struct stir_trust_folder *folder, struct stir_diag *diag)
{
    return list(out, folder->path, ".crl", STIR_MAX_CRLS, diag);
}
