/* A folder of a test's own, and what lies in it. */
#ifndef STIR_TESTS_FOLDER_SUPPORT_H
#define STIR_TESTS_FOLDER_SUPPORT_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

static char folder[64], folder_paths[8][512];
static int folder_path_at;

/* The path of `name` in the folder; one of the last eight. */
static inline const char *path_in(const char *name)
{
    char *path = folder_paths[folder_path_at++ % 8];
    snprintf(path, sizeof(folder_paths[0]), "%s/%s", folder, name);
    return path;
}

static inline void folder_make(void)
{
    snprintf(folder, sizeof(folder), "/tmp/stir-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

/* Names in it that begin with `start`; the last of them in `name`. */
static inline size_t folder_count(const char *start, char name[256])
{
    DIR *dir = opendir(folder);
    size_t n = 0;
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, start, strlen(start)) == 0) {
            n++;
            if (name)
                snprintf(name, 256, "%s", entry->d_name);
        }
    closedir(dir);
    return n;
}

static inline void folder_remove(void)
{
    char name[256];
    while (folder_count("", name))
        assert_int_equal(unlink(path_in(name)), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* All of a file with a closing NUL; "" when it is not there. free() it. */
static inline char *file_text(const char *name)
{
    int fd = open(path_in(name), O_RDONLY);
    struct stat st = {0};
    if (fd >= 0)
        assert_int_equal(fstat(fd, &st), 0);
    char *text = calloc(1, (size_t)st.st_size + 1);
    assert_non_null(text);
    if (fd >= 0) {
        assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
        close(fd);
    }
    return text;
}

static inline void file_put(const char *name, const char *text, size_t n)
{
    int fd = open(path_in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

/* Lines of a file that have `text` in them. */
static inline size_t file_lines(const char *name, const char *text)
{
    char *all = file_text(name);
    size_t n = 0;
    for (char *line = all, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        n += strstr(line, text) != NULL;
    }
    free(all);
    return n;
}

static inline void sleep_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

#endif
