/* What is kept, how long, how much of it, and what a broken folder does: nothing. */
#include "io/cache.h"
#include "io/http_life.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define URL "https://cr.example.com:443/sp.pem"

enum { DAY = 86400, HOUR = 3600 };

struct lab {
    struct stir_cache *cache;
    struct stir_slice pem;
    int64_t not_after, now;
    char folder[64];
};

static struct stir_cache *open_cache(const char *folder, size_t bytes, size_t entries)
{
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {bytes, entries, bytes, entries, folder};
    assert_err(stir_cache_new(&cache, &options), STIR_OK);
    return cache;
}

static int begin(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    assert_non_null(lab);
    lab->pem = support_file("vectors/lint/shakenCert.pem");
    assert_err(stir_cache_valid_until(&lab->not_after, lab->pem), STIR_OK);
    lab->now = lab->not_after - 100 * DAY;
    snprintf(lab->folder, sizeof(lab->folder), "/tmp/stir-cache-XXXXXX");
    assert_non_null(mkdtemp(lab->folder));
    lab->cache = open_cache(lab->folder, 1 << 20, 1000);
    *state = lab;
    return 0;
}

/* Files of the folder; `path` (when not NULL) becomes that of the last. */
static size_t count_files(const struct lab *lab, char path[512])
{
    DIR *dir = opendir(lab->folder);
    const struct dirent *entry;
    size_t n = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.') {
            n++;
            if (path)
                snprintf(path, 512, "%s/%s", lab->folder, entry->d_name);
        }
    closedir(dir);
    return n;
}

static int end(void **state)
{
    struct lab *lab = *state;
    char path[512];
    while (count_files(lab, path))
        unlink(path);
    rmdir(lab->folder);
    stir_cache_free(lab->cache);
    support_free(lab->pem);
    free(lab);
    return 0;
}

/* Fresh for an hour, used while asked anew for another, and in trouble for a day. */
static struct stir_kept kept_at(const struct lab *lab, int64_t now)
{
    struct stir_kept kept = {
        .http_status = 200, .body = lab->pem, .fetched = now, .fresh_until = now + HOUR, .while_until = now + 2 * HOUR, .error_until = now + DAY};
    return kept;
}

static enum stir_cache_state state_at(const struct lab *lab, int64_t now)
{
    enum stir_cache_state state;
    enum stir_net_source source;
    const struct stir_kept *kept = stir_cache_find(lab->cache, S(URL), true, now, &state, &source);
    assert_int_equal(kept == NULL, state == STIR_CACHE_NONE);
    return state;
}

static void an_answer_ages_in_its_order(void **state)
{
    struct lab *lab = *state;
    int64_t t = lab->now;
    struct stir_kept kept = kept_at(lab, t);
    assert_int_equal(state_at(lab, t), STIR_CACHE_NONE);
    stir_cache_put(lab->cache, S(URL), true, &kept, t);
    const struct {
        int64_t at;
        enum stir_cache_state state;
    } rows[] = {
        {t, STIR_CACHE_FRESH},
        {t + 3240, STIR_CACHE_FRESH},
        {t + 3241, STIR_CACHE_AGEING},
        {t + HOUR, STIR_CACHE_AGEING},
        {t + HOUR + 1, STIR_CACHE_WHILE},
        {t + 2 * HOUR, STIR_CACHE_WHILE},
        {t + 2 * HOUR + 1, STIR_CACHE_STALE},
        {t + DAY, STIR_CACHE_STALE},
        {t - 60, STIR_CACHE_FRESH}, /* the clock stepped back a little */
        {t + DAY + 1, STIR_CACHE_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (state_at(lab, rows[i].at) != rows[i].state)
            fail_msg("row %zu: state %d, wanted %d", i, (int)state_at(lab, rows[i].at), (int)rows[i].state);
}

static void an_answer_from_the_future_is_none(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(state_at(lab, lab->now - 61), STIR_CACHE_NONE);
}

static void an_etag_keeps_an_answer_for_asking(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    memcpy(kept.etag, "\"v1\"", 5);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(state_at(lab, lab->now + 5 * DAY), STIR_CACHE_STALE);
}

static void a_failed_try_is_not_repeated_at_once(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    kept.retry_at = lab->now + 2 * HOUR + 60;
    stir_cache_put(lab->cache, S(URL), false, &kept, lab->now);
    assert_int_equal(state_at(lab, lab->now + HOUR), STIR_CACHE_FRESH);
    assert_int_equal(state_at(lab, lab->now + 2 * HOUR), STIR_CACHE_HELD);
    assert_int_equal(state_at(lab, lab->now + 2 * HOUR + 60), STIR_CACHE_STALE);
}

static void failures_and_junk_are_short_lived_and_never_on_disk(void **state)
{
    struct lab *lab = *state;
    struct stir_kept failure = kept_at(lab, lab->now), junk = kept_at(lab, lab->now);
    failure.reason = STIR_R_INFO_UNREACHABLE;
    failure.body = stir_slice_of("", 0);
    junk.junk = true;
    junk.body = S("<html>");
    for (int i = 0; i < 2; i++) {
        stir_cache_put(lab->cache, S(URL), true, i ? &junk : &failure, lab->now);
        assert_int_equal(state_at(lab, lab->now + HOUR), STIR_CACHE_FRESH);
        assert_int_equal(state_at(lab, lab->now + HOUR + 1), STIR_CACHE_NONE);
        assert_int_equal(count_files(lab, NULL), 0);
    }
}

static void a_body_that_is_no_certificate_is_never_written(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    kept.body = S("<html>");
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(count_files(lab, NULL), 0);
    kept = kept_at(lab, lab->now);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->not_after + 1);
    assert_int_equal(count_files(lab, NULL), 0);
    stir_cache_put(lab->cache, S(URL), false, &kept, lab->now);
    assert_int_equal(count_files(lab, NULL), 0);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(count_files(lab, NULL), 1);
}

static void another_process_finds_the_same_on_disk(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    enum stir_cache_state how;
    enum stir_net_source source;
    memcpy(kept.etag, "W/\"a-b\"", 8);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    struct stir_cache *other = open_cache(lab->folder, 1 << 20, 10);
    const struct stir_kept *found = stir_cache_find(other, S(URL), true, lab->now + 5, &how, &source);
    assert_non_null(found);
    assert_int_equal(how, STIR_CACHE_FRESH);
    assert_int_equal(source, STIR_NET_DISK);
    assert_true(stir_slice_eq(found->body, lab->pem));
    assert_string_equal(found->etag, kept.etag);
    assert_int_equal(found->http_status, 200);
    assert_true(found->fetched == kept.fetched && found->fresh_until == kept.fresh_until && found->while_until == kept.while_until &&
                found->error_until == kept.error_until);
    assert_non_null(stir_cache_find(other, S(URL), true, lab->now + 5, &how, &source));
    assert_int_equal(source, STIR_NET_MEMORY);
    assert_null(stir_cache_find(other, S(URL "x"), true, lab->now + 5, &how, &source));
    /* What the one asked anew, the other sees once its own is stale. */
    struct stir_kept newer = kept_at(lab, lab->now + 2 * HOUR);
    stir_cache_put(lab->cache, S(URL), true, &newer, lab->now + 2 * HOUR);
    assert_non_null(stir_cache_find(other, S(URL), true, lab->now + 2 * HOUR + 1, &how, &source));
    assert_int_equal(how, STIR_CACHE_FRESH);
    assert_int_equal(source, STIR_NET_DISK);
    stir_cache_free(other);
}

static void nothing_from_disk_outlives_its_certificates(void **state)
{
    struct lab *lab = *state;
    enum stir_cache_state how;
    enum stir_net_source source;
    struct stir_kept kept = kept_at(lab, lab->now);
    kept.fresh_until = kept.while_until = kept.error_until = lab->not_after + DAY;
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    for (int i = 0; i < 2; i++) {
        struct stir_cache *other = open_cache(lab->folder, 1 << 20, 10);
        assert_int_equal(stir_cache_find(other, S(URL), true, lab->not_after + i, &how, &source) != NULL, i == 0);
        stir_cache_free(other);
    }
}

static void spoil(const char *path, long at, int change)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    int c = fgetc(f);
    assert_int_equal(fseek(f, at, SEEK_SET), 0);
    assert_true(fputc(c ^ change, f) != EOF);
    fclose(f);
}

static bool found_by_another(const struct lab *lab)
{
    enum stir_cache_state how;
    enum stir_net_source source;
    struct stir_cache *other = open_cache(lab->folder, 1 << 20, 10);
    bool found = stir_cache_find(other, S(URL), true, lab->now, &how, &source) != NULL;
    stir_cache_free(other);
    return found;
}

static void one_wrong_bit_anywhere_and_a_file_is_none(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    char path[512];
    struct stat st;
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(count_files(lab, path), 1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(found_by_another(lab));
    for (long at = 0; at < (long)st.st_size; at += 7) {
        stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
        spoil(path, at, 1 << at % 7);
        if (found_by_another(lab))
            fail_msg("byte %ld changed and still read", at);
        assert_int_equal(count_files(lab, NULL), 0);
    }
    for (off_t n = 0; n < st.st_size; n += 97) {
        stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
        assert_int_equal(truncate(path, n), 0);
        if (found_by_another(lab))
            fail_msg("cut off after %ld bytes and still read", (long)n);
    }
}

/* What lies there and is no file of ours is neither read nor written into, nor waited for. */
static void a_pipe_or_a_link_in_the_folder_is_no_file(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    char path[512];
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_int_equal(count_files(lab, path), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(unlink(path), 0);
        assert_int_equal(i == 2 ? mkfifo(path, 0600) : symlink(i == 1 ? "/dev/zero" : "/etc/passwd", path), 0);
        assert_false(found_by_another(lab));
        stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
        assert_true(found_by_another(lab)); /* it made room */
    }
}

/* A writer that is killed at any moment leaves the old entry or the new one, and what it had begun is cleared away an hour later. */
static void a_writer_that_is_killed_leaves_whole_files(void **state)
{
    struct lab *lab = *state;
    struct stir_kept kept = kept_at(lab, lab->now);
    char path[512];
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    for (int round = 0; round < 40; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        for (int i = 0; child == 0; i++) {
            kept.http_status = i % 600;
            stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
        }
        const struct timespec moment = {.tv_nsec = 200000L * (round + 10)};
        nanosleep(&moment, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        if (!found_by_another(lab))
            fail_msg("round %d: the entry is gone", round);
    }
    snprintf(path, sizeof(path), "%s/%064d.new-abcdef", lab->folder, 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
    stir_cache_free(open_cache(lab->folder, 1 << 20, 10));
    assert_int_equal(access(path, F_OK), 0); /* its writer may still be at it */
    const struct timespec old[2] = {{.tv_sec = time(NULL) - 3700}, {.tv_sec = time(NULL) - 3700}};
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    stir_cache_free(open_cache(lab->folder, 1 << 20, 10));
    assert_int_not_equal(access(path, F_OK), 0);
}

/* What a checksum cannot tell: an entity tag that would break the request, a time from the future, numbers that are none. */
static void a_well_sealed_file_of_nonsense_is_none(void **state)
{
    struct lab *lab = *state;
    static const char *const etags[] = {"\"a\r\"", "\"a b\"", "\x01"};
    struct stir_kept kept = kept_at(lab, lab->now);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_true(found_by_another(lab));
    for (size_t i = 0; i < sizeof(etags) / sizeof(etags[0]); i++) {
        kept = kept_at(lab, lab->now);
        snprintf(kept.etag, sizeof(kept.etag), "%s", etags[i]);
        stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
        if (found_by_another(lab))
            fail_msg("etag %zu", i);
    }
    kept = kept_at(lab, lab->now + 1);
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_false(found_by_another(lab));
    kept = kept_at(lab, lab->now);
    kept.http_status = 1000;
    stir_cache_put(lab->cache, S(URL), true, &kept, lab->now);
    assert_false(found_by_another(lab));
}

/* What was made of a body may be used as long as asking for it would only give the same. */
static void what_is_quiet_ends_before_it_ages(void **state)
{
    struct lab *lab = *state;
    int64_t t = lab->now;
    struct stir_kept kept = kept_at(lab, t);
    assert_int_equal(stir_kept_quiet_until(&kept), t + 3240);
    kept.retry_at = t + HOUR + 100; /* asking anew failed: not before this */
    assert_int_equal(stir_kept_quiet_until(&kept), t + HOUR + 99);
    kept.retry_at = t + 10 * DAY;
    assert_int_equal(stir_kept_quiet_until(&kept), t + DAY);
    kept.fresh_until = t - 1; /* no-store, max-age=0 */
    kept.error_until = kept.retry_at = 0;
    assert_int_equal(stir_kept_quiet_until(&kept), t - 1);
}

static void memory_is_bounded_and_the_least_used_goes_first(void **state)
{
    struct lab *lab = *state;
    struct stir_cache *cache = open_cache(NULL, 1 << 20, 40); /* 30 answers, 10 failures */
    struct stir_kept kept = kept_at(lab, lab->now);
    enum stir_cache_state how;
    enum stir_net_source source;
    char url[64];
    for (int i = 0; i < 1000; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i);
        stir_cache_put(cache, S(url), false, &kept, lab->now);
        assert_true(stir_cache_entries(cache) <= 30);
        assert_non_null(stir_cache_find(cache, S("https://h/0"), false, lab->now, &how, &source)); /* in use */
    }
    assert_int_equal(stir_cache_entries(cache), 30);
    assert_null(stir_cache_find(cache, S("https://h/970"), false, lab->now, &how, &source));
    assert_non_null(stir_cache_find(cache, S("https://h/971"), false, lab->now, &how, &source));
    kept.reason = STIR_R_INFO_UNREACHABLE;
    for (int i = 0; i < 1000; i++) {
        snprintf(url, sizeof(url), "https://bad/%d", i);
        stir_cache_put(cache, S(url), false, &kept, lab->now);
    }
    assert_int_equal(stir_cache_entries(cache), 40);
    assert_non_null(stir_cache_find(cache, S("https://h/0"), false, lab->now, &how, &source));
    stir_cache_free(cache);
}

static void memory_is_bounded_in_bytes(void **state)
{
    struct lab *lab = *state;
    struct stir_cache *cache = open_cache(NULL, 40 * lab->pem.n, 100000);
    struct stir_kept kept = kept_at(lab, lab->now);
    char url[64];
    for (int i = 0; i < 2000; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i);
        stir_cache_put(cache, S(url), false, &kept, lab->now);
        assert_true(stir_cache_bytes(cache) <= 30 * lab->pem.n);
    }
    assert_true(stir_cache_entries(cache) > 10);
    stir_cache_free(cache);
    cache = open_cache(NULL, 16, 10); /* nothing fits, and nothing breaks */
    stir_cache_put(cache, S(URL), false, &kept, lab->now);
    assert_int_equal(stir_cache_entries(cache), 0);
    stir_cache_free(cache);
}

static void many_are_found_again(void **state)
{
    struct lab *lab = *state;
    struct stir_cache *cache = open_cache(NULL, 64 << 20, 10000);
    struct stir_kept kept = kept_at(lab, lab->now);
    enum stir_cache_state how;
    enum stir_net_source source;
    char url[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i);
        kept.http_status = i;
        stir_cache_put(cache, S(url), false, &kept, lab->now);
    }
    for (int i = 0; i < 5000; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i);
        const struct stir_kept *found = stir_cache_find(cache, S(url), false, lab->now, &how, &source);
        assert_non_null(found);
        assert_int_equal(found->http_status, i);
    }
    stir_cache_drop(cache, S("https://h/17"), false);
    assert_null(stir_cache_find(cache, S("https://h/17"), false, lab->now, &how, &source));
    stir_cache_free(cache);
}

static void the_folder_is_bounded(void **state)
{
    struct lab *lab = *state;
    struct stir_cache *cache = open_cache(lab->folder, 1 << 20, 20);
    struct stir_kept kept = kept_at(lab, lab->now);
    char url[64];
    for (int i = 0; i < 100; i++) {
        snprintf(url, sizeof(url), "https://h/%d", i);
        stir_cache_put(cache, S(url), true, &kept, lab->now);
        assert_true(count_files(lab, NULL) <= 20);
    }
    assert_true(count_files(lab, NULL) >= 18);
    stir_cache_free(cache);
    cache = open_cache(lab->folder, 1 << 20, 1); /* room for one is room for the last */
    stir_cache_put(cache, S(URL), true, &kept, lab->now);
    assert_int_equal(count_files(lab, NULL), 1);
    stir_cache_free(cache);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct lab *lab = *state;
    struct stir_cache *cache = NULL;
    const struct stir_cache_options options = {1000, 10, 1000, 10, "/nowhere/at/all"};
    (void)lab;
    assert_err(stir_cache_new(&cache, &options), STIR_ENOTFOUND);
    assert_null(cache);
}

/* RFC 9111, RFC 5861. */
static void headers_say_how_long(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
        int64_t fresh, while_revalidate, if_error;
        bool no_store, must_revalidate;
    } rows[] = {
        {"X-Other", "max-age=5", -1, -1, -1, false, false},
        {"Cache-Control", "max-age=5", 5, -1, -1, false, false},
        {"cache-control", "Public , Max-Age=\"7\"", 7, -1, -1, false, false},
        {"Cache-Control", "max-age=60, stale-while-revalidate=30, stale-if-error=600", 60, 30, 600, false, false},
        {"Cache-Control", "no-store", -1, -1, -1, true, false},
        {"Cache-Control", "no-cache, max-age=9", 0, -1, -1, false, false},
        {"Cache-Control", "no-cache", 0, -1, -1, false, false},
        {"Cache-Control", "must-revalidate", -1, -1, -1, false, true},
        {"Cache-Control", "max-age=", 0, -1, -1, false, false},
        {"Cache-Control", "max-age=-1", 0, -1, -1, false, false},
        {"Cache-Control", "max-age=1e9", 0, -1, -1, false, false},
        {"Cache-Control", "max-age=99999999999999999999999999", INT32_MAX, -1, -1, false, false},
        {"Cache-Control", "max-age=60, max-age=6, stale-if-error=9, stale-if-error=8", 6, -1, 8, false, false}, /* RFC 9111 4.2.1 */
        {"Cache-Control", "private=\"a, max-age=5\"", 0, -1, -1, false, false},
        {"Cache-Control", ",,=,max-age=3,", 3, -1, -1, false, false},
        {"Cache-Control", "", -1, -1, -1, false, false},
        {"Expires", "Thu, 01 Jan 1970 00:16:50 GMT", 10, -1, -1, false, false},
        {"Expires", "Thu, 01 Jan 1970 00:00:00 GMT", 0, -1, -1, false, false},
        {"Expires", "0", 0, -1, -1, false, false},
        {"Age", "5", -1, -1, -1, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct stir_http_life life = STIR_HTTP_LIFE_INIT;
        stir_http_life_read(&life, S(rows[i].name), S(rows[i].value));
        if (stir_http_life_fresh(&life, 1000) != rows[i].fresh || life.while_revalidate != rows[i].while_revalidate || life.if_error != rows[i].if_error ||
            life.no_store != rows[i].no_store || life.must_revalidate != rows[i].must_revalidate)
            fail_msg("%s: %s: fresh for %lld", rows[i].name, rows[i].value, (long long)stir_http_life_fresh(&life, 1000));
    }
    struct stir_http_life life = STIR_HTTP_LIFE_INIT;
    stir_http_life_read(&life, S("Cache-Control"), S("max-age=100"));
    stir_http_life_read(&life, S("Expires"), S("0"));
    stir_http_life_read(&life, S("Age"), S("40"));
    assert_int_equal(stir_http_life_fresh(&life, 1000), 60); /* max-age before Expires, less the time spent elsewhere */
    life = (struct stir_http_life)STIR_HTTP_LIFE_INIT;
    stir_http_life_read(&life, S("Date"), S("Thu, 01 Jan 1970 00:16:00 GMT"));
    stir_http_life_read(&life, S("Expires"), S("Thu, 01 Jan 1970 00:17:00 GMT"));
    assert_int_equal(stir_http_life_fresh(&life, 5000), 60); /* both by the server's clock */
}

#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_answer_ages_in_its_order),
        test(an_answer_from_the_future_is_none),
        test(an_etag_keeps_an_answer_for_asking),
        test(a_failed_try_is_not_repeated_at_once),
        test(failures_and_junk_are_short_lived_and_never_on_disk),
        test(a_body_that_is_no_certificate_is_never_written),
        test(another_process_finds_the_same_on_disk),
        test(nothing_from_disk_outlives_its_certificates),
        test(one_wrong_bit_anywhere_and_a_file_is_none),
        test(a_pipe_or_a_link_in_the_folder_is_no_file),
        test(a_writer_that_is_killed_leaves_whole_files),
        test(a_well_sealed_file_of_nonsense_is_none),
        test(what_is_quiet_ends_before_it_ages),
        test(memory_is_bounded_and_the_least_used_goes_first),
        test(memory_is_bounded_in_bytes),
        test(many_are_found_again),
        test(the_folder_is_bounded),
        test(a_folder_that_is_not_there_is_told),
        cmocka_unit_test(headers_say_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
