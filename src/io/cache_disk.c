#include "io/cache_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/file.h"

/* The first line: what this is, and the SHA-256 of all that follows. */
#define MAGIC "stir-cache 1 "
enum {
    NAME_LENGTH = 64, /* SHA-256 in hex */
    MAGIC_LENGTH = sizeof(MAGIC) - 1,
    FIRST_LINE = MAGIC_LENGTH + NAME_LENGTH + 1,
    HEAD_CAP = STIR_MAX_URL + STIR_HTTP_ETAG + 512,
    FILE_CAP = FIRST_LINE + HEAD_CAP + STIR_MAX_PEM,
    MAX_STATUS = 999,
    LEFT_BEHIND = 3600, /* seconds after which a half-written file has no writer any more */
};

struct stir_cache_disk {
    size_t max_bytes, max_entries;
    size_t bytes, entries; /* as far as this process knows; counted anew when one is over its bound */
    size_t folder_length;
    char path[]; /* of the folder, and room for '/' and a name */
};

static void write_hex(char out[NAME_LENGTH + 1], struct stir_slice bytes)
{
    unsigned char digest[32] = {0};
    unsigned n = 0;
    (void)EVP_Digest(bytes.p, bytes.n, digest, &n, EVP_sha256(), NULL); /* failing, no file is found that is good */
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + i * 2, 3, "%02x", digest[i]);
}

static const char *path_of(struct stir_cache_disk *disk, const char *name)
{
    disk->path[disk->folder_length] = '/';
    memcpy(disk->path + disk->folder_length + 1, name, strlen(name) + 1);
    return disk->path;
}

static const char *path_of_key(struct stir_cache_disk *disk, struct stir_slice key)
{
    char name[NAME_LENGTH + 1];
    write_hex(name, key);
    return path_of(disk, name);
}

static const char *folder(struct stir_cache_disk *disk)
{
    disk->path[disk->folder_length] = '\0';
    return disk->path;
}

/* ---- Bounds ---- */

struct file_seen {
    char name[NAME_LENGTH + 1];
    time_t written;
    size_t bytes;
};

static int by_age(const void *a, const void *b)
{
    const struct file_seen *x = a, *y = b;
    return (x->written > y->written) - (x->written < y->written);
}

static bool is_entry(const char *name)
{
    size_t n = strspn(name, "0123456789abcdef");
    return n == NAME_LENGTH && name[n] == '\0';
}

static bool is_half_written(const char *name, time_t written)
{
    return strspn(name, "0123456789abcdef") == NAME_LENGTH && strncmp(name + NAME_LENGTH, ".new-", 5) == 0 && time(NULL) - written > LEFT_BEHIND;
}

/* All entries of the folder; what writers have left behind is removed on the way. NULL and 0 when there are none, or no memory. */
static struct file_seen *list_files(DIR *dir, size_t *n)
{
    struct file_seen *files = NULL;
    size_t cap = 0;
    const struct dirent *entry;
    *n = 0;
    while ((entry = readdir(dir))) {
        struct stat st;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (is_half_written(entry->d_name, st.st_mtime))
            unlinkat(dirfd(dir), entry->d_name, 0);
        if (!is_entry(entry->d_name))
            continue;
        if (*n == cap) {
            struct file_seen *bigger = realloc(files, (cap ? cap * 2 : 256) * sizeof(*files));
            if (!bigger)
                break;
            files = bigger;
            cap = cap ? cap * 2 : 256;
        }
        memcpy(files[*n].name, entry->d_name, NAME_LENGTH + 1);
        files[*n].written = st.st_mtime;
        files[(*n)++].bytes = (size_t)st.st_size;
    }
    return files;
}

static size_t less_a_tenth(size_t n)
{
    return n - n / 10;
}

/* Count the folder; when it is over a bound, remove the oldest until a tenth is free. */
static void tidy(struct stir_cache_disk *disk)
{
    size_t n, i;
    DIR *dir = opendir(folder(disk));
    if (!dir)
        return;
    struct file_seen *files = list_files(dir, &n);
    disk->bytes = 0;
    disk->entries = n;
    for (i = 0; i < n; i++)
        disk->bytes += files[i].bytes;
    if (disk->bytes > disk->max_bytes || disk->entries > disk->max_entries) {
        qsort(files, n, sizeof(*files), by_age);
        for (i = 0; i < n && (disk->bytes > less_a_tenth(disk->max_bytes) || disk->entries > less_a_tenth(disk->max_entries)); i++) {
            unlinkat(dirfd(dir), files[i].name, 0);
            disk->bytes -= files[i].bytes;
            disk->entries--;
        }
    }
    free(files);
    closedir(dir);
}

enum stir_err stir_cache_disk_new(struct stir_cache_disk **out, const char *path, size_t max_bytes, size_t max_entries)
{
    struct stat st;
    size_t n = strlen(path);
    if (n == 0 || stat(path, &st) != 0 || !S_ISDIR(st.st_mode) || access(path, R_OK | W_OK | X_OK) != 0)
        return STIR_ENOTFOUND;
    struct stir_cache_disk *disk = calloc(1, sizeof(*disk) + n + NAME_LENGTH + 2);
    if (!disk)
        return STIR_ENOMEM;
    memcpy(disk->path, path, n);
    disk->folder_length = n;
    disk->max_bytes = max_bytes;
    disk->max_entries = max_entries;
    tidy(disk);
    *out = disk;
    return STIR_OK;
}

void stir_cache_disk_free(struct stir_cache_disk *disk)
{
    free(disk);
}

/* ---- One file ---- */

static void put_number(struct stir_writer *w, const char *name, int64_t value)
{
    stir_put_format(w, "%s ", name);
    stir_put_int(w, value);
    stir_put_char(w, '\n');
}

static void put_text(struct stir_writer *w, const char *name, struct stir_slice value)
{
    stir_put_format(w, "%s ", name);
    stir_put_slice(w, value);
    stir_put_char(w, '\n');
}

static void put_entry(struct stir_writer *w, struct stir_slice key, const struct stir_kept *kept)
{
    put_text(w, "url", key);
    put_number(w, "status", kept->http_status);
    put_number(w, "fetched", kept->fetched);
    put_number(w, "fresh", kept->fresh_until);
    put_number(w, "while", kept->while_until);
    put_number(w, "error", kept->error_until);
    put_text(w, "etag", stir_slice_str(kept->etag));
    put_number(w, "body", (int64_t)kept->body.n);
    stir_put_slice(w, kept->body);
}

/* What is no file is never written into: it makes room. */
static void remove_stranger(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        unlink(path);
}

void stir_cache_disk_write(struct stir_cache_disk *disk, struct stir_slice key, const struct stir_kept *kept)
{
    char sum[NAME_LENGTH + 1];
    if (kept->body.n > STIR_MAX_PEM || key.n > STIR_MAX_URL * 2)
        return;
    char *text = malloc(FILE_CAP);
    if (!text)
        return;
    struct stir_writer w = stir_writer_of(text + FIRST_LINE, FILE_CAP - FIRST_LINE);
    size_t n = 0;
    put_entry(&w, key, kept);
    if (stir_writer_end(&w, &n) == STIR_OK && n <= disk->max_bytes) {
        write_hex(sum, stir_slice_of(text + FIRST_LINE, n));
        memcpy(text, MAGIC, MAGIC_LENGTH);
        memcpy(text + MAGIC_LENGTH, sum, NAME_LENGTH);
        text[FIRST_LINE - 1] = '\n';
        remove_stranger(path_of_key(disk, key));
        /* 0600, beside it and renamed: another process sees the old one or the new one. A full disk only means that nothing is kept. */
        if (stir_file_write(path_of_key(disk, key), stir_slice_of(text, FIRST_LINE + n), STIR_FILE_SECRET_FORCED) == STIR_FILE_OK) {
            disk->bytes += FIRST_LINE + n;
            disk->entries++;
        }
    }
    free(text);
    if (disk->bytes > disk->max_bytes || disk->entries > disk->max_entries)
        tidy(disk);
}

void stir_cache_disk_drop(struct stir_cache_disk *disk, struct stir_slice key)
{
    unlink(path_of_key(disk, key));
}

/* "NAME VALUE\n" */
static bool take(struct stir_slice *text, const char *name, struct stir_slice *value)
{
    size_t end = stir_slice_find(*text, '\n'), n = strlen(name);
    if (end == text->n || end < n + 1 || memcmp(text->p, name, n) != 0 || text->p[n] != ' ')
        return false;
    *value = stir_slice_of(text->p + n + 1, end - n - 1);
    *text = stir_slice_from(*text, end + 1);
    return true;
}

static bool take_number(struct stir_slice *text, const char *name, int64_t *out)
{
    struct stir_slice value;
    int64_t n = 0;
    if (!take(text, name, &value) || value.n == 0 || value.n > 15)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        if (!stir_is_digit(value.p[i]))
            return false;
        n = n * 10 + (value.p[i] - '0');
    }
    *out = n;
    return true;
}

/* `text` without its first line, into `out`, whose body points into it. */
static bool read_entry(struct stir_slice text, struct stir_slice key, struct stir_kept *out)
{
    struct stir_slice url, etag;
    int64_t status, body;
    if (!take(&text, "url", &url) || !stir_slice_eq(url, key) || !take_number(&text, "status", &status) || status > MAX_STATUS ||
        !take_number(&text, "fetched", &out->fetched))
        return false;
    if (!take_number(&text, "fresh", &out->fresh_until) || !take_number(&text, "while", &out->while_until) || !take_number(&text, "error", &out->error_until))
        return false;
    if (!take(&text, "etag", &etag) || (etag.n && !stir_http_etag_is_good(etag)) || !take_number(&text, "body", &body) || (size_t)body != text.n)
        return false;
    memcpy(out->etag, etag.p, etag.n);
    out->http_status = (int)status;
    out->body = text;
    return true;
}

static bool is_whole(struct stir_slice file)
{
    char sum[NAME_LENGTH + 1];
    if (file.n < FIRST_LINE || memcmp(file.p, MAGIC, MAGIC_LENGTH) != 0 || file.p[FIRST_LINE - 1] != '\n')
        return false;
    write_hex(sum, stir_slice_from(file, FIRST_LINE));
    return memcmp(sum, file.p + MAGIC_LENGTH, NAME_LENGTH) == 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Judged as if it came from the network: certificates or nothing, and never past their validity. */
static enum stir_err judge(struct stir_kept *kept, int64_t now)
{
    int64_t valid_until;
    TRY(stir_cache_valid_until(&valid_until, kept->body));
    kept->fresh_until = least(kept->fresh_until, valid_until);
    kept->while_until = least(kept->while_until, valid_until);
    kept->error_until = least(kept->error_until, valid_until);
    return kept->fetched > now || valid_until < now ? STIR_ETIME : STIR_OK;
}

/* The file's content, judged; `out->body` points into it. */
static enum stir_err read_file(struct stir_slice file, struct stir_slice key, struct stir_kept *out, int64_t now)
{
    if (!is_whole(file) || !read_entry(stir_slice_from(file, FIRST_LINE), key, out))
        return STIR_ESYNTAX;
    return judge(out, now);
}

bool stir_cache_disk_read(struct stir_cache_disk *disk, struct stir_slice key, struct stir_kept *out, int64_t now)
{
    struct stir_slice file = {NULL, 0};
    struct stir_kept kept = {.reason = STIR_R_NONE};
    struct stat st;
    if (lstat(path_of_key(disk, key), &st) != 0 || !S_ISREG(st.st_mode))
        return false; /* a pipe would hold us up */
    enum stir_file_err seen = stir_file_read(&file, path_of_key(disk, key), FILE_CAP, false);
    if (seen == STIR_FILE_ERRNO || seen == STIR_FILE_NOMEM)
        return false;
    enum stir_err err = seen == STIR_FILE_OK ? read_file(file, key, &kept, now) : STIR_ELIMIT;
    if (err != STIR_OK && err != STIR_ENOMEM)
        stir_cache_disk_drop(disk, key);
    char *body = err == STIR_OK ? malloc(kept.body.n) : NULL;
    if (body) {
        memcpy(body, kept.body.p, kept.body.n);
        kept.body.p = body;
        *out = kept;
    }
    stir_file_free(&file);
    return body != NULL;
}
