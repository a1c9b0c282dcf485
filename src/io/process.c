#include "io/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The file `path` of /proc, with a closing NUL. */
static bool read_text(const char *path, char *buf, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, buf, cap - 1);
    close(fd);
    if (n <= 0)
        return false;
    buf[n] = '\0';
    return true;
}

/* proc_pid_stat(5): the fields behind the name in parentheses, from the third on, which is number 0 here. */
enum { UTIME = 11, STIME = 12, THREADS = 17, START = 19, VSIZE = 20, RSS = 21, FIELDS = 22 };

static bool read_fields(double fields[FIELDS])
{
    char text[1024];
    if (!read_text("/proc/self/stat", text, sizeof(text)))
        return false;
    char *at = strrchr(text, ')'); /* the name may hold anything, blanks and parentheses too */
    if (!at || at[1] != ' ')
        return false;
    at += 2;
    for (size_t i = 0; i < FIELDS; i++) {
        char *end;
        fields[i] = strtod(at, &end);
        at = i == 0 ? at + 1 : end; /* the first is a letter */
        if (*at == ' ')
            at++;
        else if (i + 1 < FIELDS)
            return false;
    }
    return true;
}

/* Where system calls are filtered, as packaging/stir.service does, getrlimit() is refused; the file is not. */
static uint64_t max_descriptors(void)
{
    static const char name[] = "Max open files";
    char text[4096];
    const char *line = read_text("/proc/self/limits", text, sizeof(text)) ? strstr(text, name) : NULL;
    return line ? (uint64_t)strtoull(line + sizeof(name) - 1, NULL, 10) : 0; /* "unlimited" is 0, too */
}

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (double)t.tv_sec + (double)t.tv_nsec / 1e9 : 0;
}

static uint64_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t n = 0;
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n ? n - 1 : 0; /* without the one that this reading took */
}

bool stir_process_read(struct stir_process *out)
{
    double fields[FIELDS];
    const double ticks = (double)sysconf(_SC_CLK_TCK);
    if (ticks <= 0 || !read_fields(fields))
        return false;
    out->cpu_seconds = (fields[UTIME] + fields[STIME]) / ticks;
    out->start_seconds = seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) + fields[START] / ticks;
    out->virtual_bytes = (uint64_t)fields[VSIZE];
    out->resident_bytes = (uint64_t)fields[RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
    out->threads = (uint64_t)fields[THREADS];
    out->open_fds = open_descriptors();
    out->max_fds = max_descriptors();
    return true;
}
