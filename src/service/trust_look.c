#include "service/trust_look.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/siphash.h"

static uint64_t number_of(const char *domain, const char *file, const struct stat *st)
{
    static const struct stir_siphash plain = {{0, 0}};
    char text[640];
    int n = snprintf(text, sizeof(text), "%s/%s %llu %lld %lld %lld.%09ld", domain, file, (unsigned long long)st->st_ino, (long long)st->st_size,
                     (long long)st->st_ctim.tv_sec, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec ^ st->st_ctim.tv_nsec);
    return stir_siphash(&plain, stir_slice_of(text, n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

static bool is_known_of(const char *file)
{
    return strcmp(file, "state.json") == 0 || strcmp(file, "list.jws") == 0;
}

static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !dir)
        close(fd);
    return dir;
}

/* Sums, for the order in which a folder names its files is its own affair. */
static void look_at_domain(struct stir_trust_look *look, int at, const char *domain)
{
    DIR *dir = open_folder(at, domain);
    const struct dirent *entry;
    struct stat st;
    for (size_t i = 0; dir && i < STIR_TRUST_LOOKED_AT && (entry = readdir(dir)); i++) {
        if (entry->d_name[0] == '.' || fstatat(dirfd(dir), entry->d_name, &st, 0) != 0 || !S_ISREG(st.st_mode))
            continue;
        uint64_t number = number_of(domain, entry->d_name, &st);
        look->all += number;
        look->material += is_known_of(entry->d_name) ? 0 : number;
    }
    if (dir)
        closedir(dir);
}

struct stir_trust_look stir_trust_look_at(const char *dir)
{
    struct stir_trust_look look = {0, 0};
    DIR *root = open_folder(AT_FDCWD, dir);
    const struct dirent *entry;
    for (size_t i = 0; root && i < STIR_TRUST_LOOKED_AT && (entry = readdir(root)); i++)
        if (entry->d_name[0] != '.')
            look_at_domain(&look, dirfd(root), entry->d_name);
    if (root)
        closedir(root);
    return look;
}
