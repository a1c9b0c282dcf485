#include "io/evidence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/time.h"
#include "io/clock.h"
#include "io/evidence_spill.h"

static const char current[] = "evidence.jsonl";
#define ROTATED "evidence-"
#define SUFFIX ".jsonl"

enum {
    NAME = 64,
    FRAGMENT = 65536,       /* bytes of a cut line that are kept */
    LONGEST_LINE = 2 << 20, /* looked for backwards */
    KEEP_EVERY_MS = 60000,
    SAME_SECOND = 1000, /* files of one name */
};

struct stir_evidence {
    int dir, fd; /* -1: not open */
    struct stir_evidence_options options;
    char *path;
    struct stir_spill spill;
    int64_t size, began_ms; /* of the current file */
    int64_t kept_ms;        /* last look at the files that were rotated */
    bool dirty;
    bool write_fault; /* the last line was not taken: until one is */
    bool tick_fault;  /* something else failed since the last tick, which tries it again */
    struct stir_evidence_state state;
};

static void say(const struct stir_evidence *e, int level, const char *text)
{
    if (e->options.say)
        e->options.say(e->options.arg, level, text);
}

static bool fail(struct stir_evidence *e, bool *fault, const char *what, int error)
{
    e->state.failures++;
    *fault = true;
    snprintf(e->state.text, sizeof(e->state.text), "%s in %.100s: %s", what, e->path, strerror(error));
    return false;
}

static void mend(struct stir_evidence *e, bool *fault)
{
    *fault = false;
    if (!e->write_fault && !e->tick_fault)
        e->state.text[0] = '\0';
}

/* ---- The file ---- */

/* All of it, or nothing: what was written of it is taken back. */
static bool append(struct stir_evidence *e, struct stir_slice lines)
{
    size_t done = 0;
    while (done < lines.n) {
        const ssize_t n = write(e->fd, lines.p + done, lines.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            const int error = n < 0 ? errno : ENOSPC;
            if (done && ftruncate(e->fd, (off_t)e->size) != 0)
                return fail(e, &e->write_fault, "a line that was cut short could not be taken back", errno);
            return fail(e, &e->write_fault, "evidence cannot be written", error);
        }
        done += (size_t)n;
    }
    e->size += (int64_t)lines.n;
    e->dirty = true;
    return true;
}

/* When the first record of the file was made, as it says itself. */
static int64_t first_time(int fd, int64_t otherwise)
{
    static const char name[] = "\"time\":\"";
    char head[256];
    int64_t at;
    const ssize_t n = pread(fd, head, sizeof(head) - 1, 0);
    if (n <= 0)
        return otherwise;
    head[n] = '\0';
    const char *found = strstr(head, name);
    return found && stir_utc_parse(&at, stir_slice_str(found + sizeof(name) - 1)) ? at : otherwise;
}

/* Where the last whole line ends. */
static int64_t end_of_lines(int fd, int64_t size)
{
    char block[4096];
    for (int64_t end = size, low; end > 0 && size - end < LONGEST_LINE; end = low) {
        low = end > (int64_t)sizeof(block) ? end - (int64_t)sizeof(block) : 0;
        if (pread(fd, block, (size_t)(end - low), (off_t)low) != (ssize_t)(end - low))
            return size;
        for (int64_t i = end - low; i > 0; i--)
            if (block[i - 1] == '\n')
                return low + i;
        if (low == 0)
            return 0;
    }
    return size; /* a line that we never wrote: left as it is */
}

/* A record of what happened to the evidence itself. */
static void put_note(struct stir_writer *w, int64_t now_ms, int64_t cut, struct stir_slice fragment)
{
    stir_put_text(w, "{\"schema\":1,\"kind\":\"note\",\"time\":\"");
    stir_put_utc(w, now_ms);
    stir_put_text(w, "\",\"note\":\"a line that a crash left without its end was cut off\",\"bytes\":");
    stir_put_int(w, cut);
    stir_put_text(w, ",\"fragment\":");
    stir_put_json_string(w, fragment);
    stir_put_text(w, "}\n");
}

static void write_note(struct stir_evidence *e, int64_t now_ms, int64_t cut, struct stir_slice fragment)
{
    const size_t cap = fragment.n * 6 + 512;
    char *line = malloc(cap);
    if (!line)
        return;
    struct stir_writer w = stir_writer_of(line, cap);
    put_note(&w, now_ms, cut, fragment);
    if (w.need <= w.cap)
        (void)append(e, stir_slice_of(line, w.need)); /* a full disk: the log says it all the same */
    mend(e, &e->write_fault);                         /* no record waits for it */
    free(line);
}

/* A crash leaves a line without its end, a power cut one of NULs. */
static void repair(struct stir_evidence *e, int64_t now_ms)
{
    const int64_t end = end_of_lines(e->fd, e->size), cut = e->size - end;
    char *fragment = cut > 0 ? malloc(FRAGMENT) : NULL, text[300];
    if (!fragment)
        return;
    ssize_t n = pread(e->fd, fragment, cut < FRAGMENT ? (size_t)cut : FRAGMENT, (off_t)end);
    if (n < 0 || ftruncate(e->fd, (off_t)end) != 0) {
        fail(e, &e->tick_fault, "a line that a crash left without its end could not be cut off", errno);
        free(fragment);
        return;
    }
    while (n > 0 && fragment[n - 1] == '\0')
        n--;
    e->size = end;
    snprintf(text, sizeof(text), "%.100s/%s: %lld bytes of a line that a crash left without its end were cut off, and put into a record of kind \"note\"",
             e->path, current, (long long)cut);
    write_note(e, now_ms, cut, stir_slice_of(fragment, (size_t)n));
    free(fragment);
    say(e, 1, text);
}

/* The current file, made when it is not there. */
static bool open_file(struct stir_evidence *e, int64_t now_ms)
{
    struct stat st;
    if (e->fd >= 0)
        return true;
    e->fd = openat(e->dir, current, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (e->fd < 0)
        return fail(e, &e->tick_fault, "evidence.jsonl cannot be opened", errno);
    if (fstat(e->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(e->fd);
        e->fd = -1;
        return fail(e, &e->tick_fault, "evidence.jsonl is no file", EINVAL);
    }
    e->size = st.st_size;
    if (e->size)
        repair(e, now_ms);
    e->began_ms = e->size ? first_time(e->fd, now_ms) : now_ms;
    return true;
}

/* ---- Rotation and retention ---- */

static bool name_rotated(const struct stir_evidence *e, char name[NAME])
{
    struct stir_civil t = {.year = 1970, .month = 1, .day = 1};
    struct stat st;
    if (!stir_time_to_civil(&t, e->began_ms / 1000))
        return false;
    for (int i = 1; i < SAME_SECOND; i++) {
        char again[8] = "";
        if (i > 1)
            snprintf(again, sizeof(again), ".%d", i);
        snprintf(name, NAME, ROTATED "%04d%02d%02dT%02d%02d%02dZ%s" SUFFIX, t.year, t.month, t.day, t.hour, t.minute, t.second, again);
        if (fstatat(e->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT;
    }
    return false;
}

static void rotate(struct stir_evidence *e, int64_t now_ms)
{
    char name[NAME], text[200];
    if (fsync(e->fd) != 0) {
        fail(e, &e->tick_fault, "evidence cannot be brought to the disk", errno);
        return;
    }
    if (!name_rotated(e, name) || renameat(e->dir, current, e->dir, name) != 0) {
        fail(e, &e->tick_fault, "evidence.jsonl cannot be renamed", errno);
        return;
    }
    (void)fsync(e->dir);
    close(e->fd);
    e->fd = -1;
    e->dirty = false;
    snprintf(text, sizeof(text), "%.100s/%s is complete", e->path, name);
    say(e, 4, text);
    (void)open_file(e, now_ms); /* a failure is in the state, and is tried again with the next line */
}

static bool is_due(struct stir_evidence *e, int64_t now_ms)
{
    if (e->fd < 0 || e->size == 0)
        return false;
    if (now_ms < e->began_ms)
        e->began_ms = now_ms; /* the clock was set back: its age begins anew */
    return (e->options.rotate_bytes > 0 && e->size >= e->options.rotate_bytes) ||
           (e->options.rotate_after > 0 && now_ms - e->began_ms >= e->options.rotate_after * 1000);
}

static bool is_rotated(const char *name)
{
    const size_t n = strlen(name), prefix = sizeof(ROTATED) - 1, suffix = sizeof(SUFFIX) - 1;
    return n >= prefix + 16 + suffix && memcmp(name, ROTATED, prefix) == 0 && strcmp(name + n - suffix, SUFFIX) == 0 && name[prefix + 8] == 'T' &&
           strspn(name + prefix, "0123456789TZ.") >= n - prefix - suffix;
}

/* What was written last more than `keep` seconds ago goes. */
static void delete_old(struct stir_evidence *e, int64_t now_ms)
{
    const int64_t oldest = now_ms / 1000 - e->options.keep;
    const int fd = e->options.keep > 0 ? dup(e->dir) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct stat st;
    char text[200];
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    rewinddir(dir);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!is_rotated(entry->d_name) || fstatat(e->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || st.st_mtime >= oldest)
            continue;
        if (unlinkat(e->dir, entry->d_name, 0) != 0) {
            fail(e, &e->tick_fault, "a file that was kept long enough cannot be deleted", errno);
            continue;
        }
        snprintf(text, sizeof(text), "%.60s was kept long enough and is deleted", entry->d_name);
        say(e, 2, text);
    }
    closedir(dir);
}

/* ---- Writing ---- */

/* What lies in the reserve comes first: it is older. Whole lines at a time, so that a crash between file and reserve leaves a line twice, never a piece of one.
 */
static bool empty_spill(struct stir_evidence *e)
{
    char *block = stir_spill_used(&e->spill) ? malloc(LONGEST_LINE) : NULL;
    bool good = true;
    size_t n;
    while (block && good && (n = stir_spill_read(&e->spill, block, LONGEST_LINE)) > 0) {
        good = append(e, stir_slice_of(block, n));
        if (good)
            stir_spill_forget(&e->spill, n);
    }
    free(block);
    return good && (stir_spill_used(&e->spill) == 0 || fail(e, &e->write_fault, "the reserve cannot be read", EIO));
}

enum stir_evidence_place stir_evidence_write(struct stir_evidence *e, struct stir_slice lines, int64_t now_ms)
{
    if (open_file(e, now_ms) && empty_spill(e) && append(e, lines)) {
        mend(e, &e->write_fault);
        if (is_due(e, now_ms))
            rotate(e, now_ms);
        return STIR_EVIDENCE_FILE;
    }
    return stir_spill_add(&e->spill, lines, e->options.sync) ? STIR_EVIDENCE_SPILL : STIR_EVIDENCE_NOWHERE;
}

/* Somebody moved or deleted the file: a new one is begun, so that nothing is written where nobody looks. */
static void look_for_file(struct stir_evidence *e, int64_t now_ms)
{
    struct stat ours, there;
    if (e->fd < 0 || fstat(e->fd, &ours) != 0)
        return;
    if (fstatat(e->dir, current, &there, AT_SYMLINK_NOFOLLOW) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
        return;
    say(e, 1, "evidence.jsonl was moved or deleted by somebody else: a new one is begun");
    close(e->fd);
    e->fd = -1;
    (void)open_file(e, now_ms);
}

void stir_evidence_tick(struct stir_evidence *e, int64_t now_ms, bool clock_is_sound)
{
    mend(e, &e->tick_fault);
    look_for_file(e, now_ms);
    if (!open_file(e, now_ms))
        return;
    if (stir_spill_used(&e->spill) && empty_spill(e))
        mend(e, &e->write_fault);
    if (e->options.sync && e->dirty) {
        if (fsync(e->fd) == 0)
            e->dirty = false;
        else
            fail(e, &e->tick_fault, "evidence cannot be brought to the disk", errno);
    }
    if (is_due(e, now_ms))
        rotate(e, now_ms);
    stir_spill_reserve(&e->spill, e->dir, e->options.spill_bytes);
    if (clock_is_sound && (now_ms - e->kept_ms >= KEEP_EVERY_MS || now_ms < e->kept_ms)) {
        delete_old(e, now_ms);
        e->kept_ms = now_ms;
    }
}

void stir_evidence_state(const struct stir_evidence *e, struct stir_evidence_state *out)
{
    *out = e->state;
    out->fault = e->write_fault || e->tick_fault;
    out->spilled = stir_spill_used(&e->spill);
}

/* ---- Begin and end ---- */

static enum stir_err open_folder(struct stir_evidence *e, struct stir_diag *diag)
{
    const char *dir = e->path;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "the folder of evidence \"%.80s\" cannot be made: %s", dir, strerror(errno));
    e->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (e->dir < 0)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "the folder of evidence \"%.80s\" cannot be opened: %s", dir, strerror(errno));
    if (faccessat(e->dir, ".", W_OK | X_OK, AT_EACCESS) != 0)
        return stir_diag_set(diag, STIR_EIO, SIZE_MAX, "the folder of evidence \"%.80s\" cannot be written by this user: %s", dir, strerror(errno));
    if (flock(e->dir, LOCK_EX | LOCK_NB) != 0)
        return stir_diag_set(diag, STIR_ESTATE, SIZE_MAX, "another process writes evidence into \"%.80s\": give each its own folder", dir);
    return STIR_OK;
}

enum stir_err stir_evidence_open(struct stir_evidence **out, const struct stir_evidence_options *options, int64_t now_ms, struct stir_diag *diag)
{
    struct stir_evidence *e = calloc(1, sizeof(*e));
    if (!e)
        return STIR_ENOMEM;
    e->dir = e->fd = e->spill.fd = -1;
    e->path = strdup(options->dir);
    const enum stir_err err = e->path ? open_folder(e, diag) : STIR_ENOMEM;
    if (err != STIR_OK) {
        stir_evidence_close(e);
        return err;
    }
    stir_evidence_set(e, options);
    stir_spill_reserve(&e->spill, e->dir, options->spill_bytes);
    if (open_file(e, now_ms))
        (void)empty_spill(e); /* what fails is in the state, and is tried again each second */
    e->kept_ms = now_ms - KEEP_EVERY_MS;
    *out = e;
    return STIR_OK;
}

void stir_evidence_set(struct stir_evidence *e, const struct stir_evidence_options *options)
{
    e->options = *options;
    e->options.dir = e->path;
}

void stir_evidence_close(struct stir_evidence *e)
{
    if (!e)
        return;
    if (e->fd >= 0) {
        (void)empty_spill(e); /* else it is there at the next start */
        (void)fsync(e->fd);
        close(e->fd);
    }
    stir_spill_close(&e->spill);
    if (e->dir >= 0)
        close(e->dir);
    free(e->path);
    free(e);
}
