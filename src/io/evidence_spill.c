#include "io/evidence_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "evidence.spill";
#define MAGIC "stir spill 1 "
enum {
    NUMBER = 19,                                        /* digits of a number */
    HEAD = sizeof(MAGIC) - 1 + NUMBER + 1 + NUMBER + 1, /* magic, used, blank, taken, newline */
};

static bool write_all(int fd, const char *p, size_t n, int64_t at)
{
    for (size_t done = 0; done < n;) {
        const ssize_t wrote = pwrite(fd, p + done, n - done, (off_t)(at + (int64_t)done));
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        done += (size_t)wrote;
    }
    return true;
}

static bool write_head(struct stir_spill *spill)
{
    char head[HEAD + 1];
    snprintf(head, sizeof(head), MAGIC "%0*lld %0*lld\n", NUMBER, (long long)spill->used, NUMBER, (long long)spill->taken);
    return write_all(spill->fd, head, HEAD, 0);
}

/* The number at `p`, digits only; -1 when it is none. */
static int64_t number_at(const char *p)
{
    int64_t value = 0;
    for (size_t i = 0; i < NUMBER; i++) {
        if (!stir_is_digit(p[i]) || value > INT64_MAX / 10 - 1)
            return -1;
        value = value * 10 + (p[i] - '0');
    }
    return value;
}

/* What a run before this one left in it. A head that we did not write counts for nothing. */
static void read_head(struct stir_spill *spill)
{
    char head[HEAD];
    spill->used = spill->taken = 0;
    if (pread(spill->fd, head, HEAD, 0) != HEAD || memcmp(head, MAGIC, sizeof(MAGIC) - 1) != 0 || head[HEAD - 1] != '\n')
        return;
    const int64_t used = number_at(head + sizeof(MAGIC) - 1), taken = number_at(head + sizeof(MAGIC) + NUMBER);
    if (used >= 0 && used <= spill->room && taken >= 0 && taken <= used) {
        spill->used = used;
        spill->taken = taken;
    }
}

int64_t stir_spill_used(const struct stir_spill *spill)
{
    return spill->fd < 0 ? 0 : spill->used - spill->taken;
}

static bool open_spill(struct stir_spill *spill, int dir, bool make)
{
    struct stat st;
    spill->fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
    if (spill->fd < 0)
        return false;
    if (fstat(spill->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        stir_spill_close(spill);
        return false;
    }
    spill->room = st.st_size > HEAD ? (int64_t)st.st_size - HEAD : 0;
    read_head(spill);
    return true;
}

/* Take the room for good: blocks, not a hole. */
static bool take_room(struct stir_spill *spill, int64_t bytes)
{
    if (ftruncate(spill->fd, 0) != 0 || posix_fallocate(spill->fd, 0, (off_t)(bytes + HEAD)) != 0)
        return false;
    spill->room = bytes;
    spill->used = spill->taken = 0;
    return write_head(spill);
}

void stir_spill_reserve(struct stir_spill *spill, int dir, int64_t bytes)
{
    if (spill->fd < 0 && !open_spill(spill, dir, bytes > 0)) /* one that is not wanted any more may hold lines of before */
        return;
    if (spill->room == bytes || stir_spill_used(spill) > 0)
        return;
    if (bytes > 0 && take_room(spill, bytes))
        return;
    (void)unlinkat(dir, name, 0); /* not wanted any more; or half of a reserve takes room and is none */
    stir_spill_close(spill);
}

void stir_spill_close(struct stir_spill *spill)
{
    if (spill->fd >= 0)
        close(spill->fd);
    *spill = (struct stir_spill){.fd = -1};
}

bool stir_spill_add(struct stir_spill *spill, struct stir_slice lines, bool sync)
{
    const int64_t before = spill->used;
    if (spill->fd < 0 || (int64_t)lines.n > spill->room - spill->used || !write_all(spill->fd, lines.p, lines.n, HEAD + spill->used))
        return false;
    if (sync && fdatasync(spill->fd) != 0)
        return false;
    spill->used += (int64_t)lines.n;
    if (write_head(spill) && (!sync || fdatasync(spill->fd) == 0))
        return true;
    spill->used = before;
    return false;
}

size_t stir_spill_read(struct stir_spill *spill, char *buf, size_t cap)
{
    const int64_t left = stir_spill_used(spill);
    const size_t want = left < (int64_t)cap ? (size_t)left : cap;
    ssize_t n = want ? pread(spill->fd, buf, want, (off_t)(HEAD + spill->taken)) : 0;
    if (n <= 0)
        return 0;
    for (ssize_t i = n; i > 0; i--)
        if (buf[i - 1] == '\n')
            return (size_t)i;
    return 0;
}

void stir_spill_forget(struct stir_spill *spill, size_t n)
{
    spill->taken += (int64_t)n;
    if (spill->taken >= spill->used)
        spill->used = spill->taken = 0;
    (void)write_head(spill); /* failing, these lines come twice: better than not at all */
}
