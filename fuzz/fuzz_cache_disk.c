/* A file of the cache folder: whatever bytes lie there are read whole or refused and gone. The input stands there as it is, and under a good first line, so
 * that what follows a checksum is read too. What is read can be written, and is read as the same. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/bytes.h"
#include "io/cache_disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY "https://cr.example.com:443/sp.pem"

enum { NOW = 1780272000 };

static void check(bool good)
{
    if (!good)
        abort();
}

static struct {
    struct stir_cache_disk *disk;
    char folder[64], path[160];
} lab;

static void hex_of(char out[65], struct stir_slice bytes)
{
    unsigned char digest[32];
    check(EVP_Digest(bytes.p, bytes.n, digest, NULL, EVP_sha256(), NULL) == 1);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* What a writer left that died an hour ago, and an entry that is older than ours: gone at the first write, for there is room for one. */
static void put_others(void)
{
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    char path[192];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%064d%s", lab.folder, 0, i == 0 ? "" : i == 1 ? ".new-abcdef" : "-stranger");
        FILE *f = fopen(path, "wb");
        check(f && fclose(f) == 0 && utimensat(AT_FDCWD, path, old, 0) == 0);
    }
}

static void leave(void)
{
    char path[192];
    snprintf(path, sizeof(path), "%s/%064d-stranger", lab.folder, 0);
    unlink(path); /* nobody else has */
    unlink(lab.path);
    rmdir(lab.folder);
    stir_cache_disk_free(lab.disk);
}

static void begin(void)
{
    char name[65];
    if (lab.disk)
        return;
    snprintf(lab.folder, sizeof(lab.folder), "%s/stir-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(lab.folder) != NULL && stir_cache_disk_new(&lab.disk, lab.folder, 1 << 20, 1) == STIR_OK);
    put_others();
    hex_of(name, stir_slice_str(KEY));
    snprintf(lab.path, sizeof(lab.path), "%s/%s", lab.folder, name);
    check(atexit(leave) == 0);
}

static void put_file(struct stir_slice head, struct stir_slice rest)
{
    FILE *f = fopen(lab.path, "wb");
    check(f && fwrite(head.p, 1, head.n, f) == head.n && fwrite(rest.p, 1, rest.n, f) == rest.n && fclose(f) == 0);
}

static bool read_back(struct stir_kept *kept)
{
    *kept = (struct stir_kept){.reason = STIR_R_NONE};
    return stir_cache_disk_read(lab.disk, stir_slice_str(KEY), kept, NOW);
}

static void release(struct stir_kept *kept)
{
    free((void *)(uintptr_t)kept->body.p);
}

static void check_kept(const struct stir_kept *kept)
{
    int64_t until;
    struct stir_slice etag = stir_slice_str(kept->etag);
    check(stir_cache_valid_until(&until, kept->body) == STIR_OK && until >= NOW);
    check(kept->fresh_until <= until && kept->while_until <= until && kept->error_until <= until && kept->fetched <= NOW);
    check(kept->http_status >= 0 && kept->http_status <= 999 && (etag.n == 0 || stir_http_etag_is_good(etag)));
}

/* What was read is good, and written again it is the same. */
static void judge(void)
{
    struct stir_kept kept, again;
    if (!read_back(&kept)) {
        check(access(lab.path, F_OK) != 0); /* refused, and gone */
        return;
    }
    check_kept(&kept);
    stir_cache_disk_write(lab.disk, stir_slice_str(KEY), &kept);
    check(read_back(&again) && stir_slice_eq(again.body, kept.body) && strcmp(again.etag, kept.etag) == 0);
    check(again.fetched == kept.fetched && again.fresh_until == kept.fresh_until && again.while_until == kept.while_until &&
          again.error_until == kept.error_until);
    release(&kept);
    release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stir_slice input = stir_slice_of(data ? (const void *)data : "", size);
    char line[128], sum[65];
    begin();
    put_file(input, stir_slice_of("", 0));
    judge();
    hex_of(sum, input);
    snprintf(line, sizeof(line), "stir-cache 1 %s\n", sum);
    put_file(stir_slice_str(line), input);
    judge();
    return 0;
}
