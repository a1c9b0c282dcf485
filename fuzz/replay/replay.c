/* Runs a fuzz target over every file of the folders given, the empty input first, and says so as TAP. The target aborts when a property does not hold. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file, in a block of exactly its size, so that a read behind its end is seen. */
static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st) != 0)
        return -1;
    size_t size = (size_t)st.st_size;
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, f) != size)
        return -1;
    fclose(f);
    fprintf(stderr, "# %s\n", path);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

static long run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return 0;
    long n = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (run_file(path) != 0) {
            fprintf(stderr, "# cannot read %s\n", path);
            n = -1;
            break;
        }
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int bad = argc < 2;
    printf("1..%d\n", argc < 2 ? 1 : argc - 1);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++) {
        long n = run_folder(argv[i]);
        printf("%s %d - %ld inputs of %s hold\n", n > 0 ? "ok" : "not ok", i, n, argv[i]);
        bad |= n <= 0;
    }
    if (argc < 2)
        printf("not ok 1 - no corpus given\n");
    return bad;
}
