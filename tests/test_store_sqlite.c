/* The store in a file: whose it is, what the disk does to it, and its copy while others write. */
#include "disk_support.h"
#include "store_support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "core/bytes.h"
#include "io/crash_point.h"
#include "service/audit.h"
#include "service/schema.h"

static struct stir_store *store;
static struct stir_diag diag;

static int set_up(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = NULL;
    disk_is_full = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_crash_hook = NULL;
    stir_store_close(store);
    folder_remove();
    return 0;
}

static void open_says(const char *where, bool create, enum stir_err err, const char *says)
{
    struct stir_store *other = NULL;
    diag = (struct stir_diag){0};
    enum stir_err answered = stir_store_open(&other, where, &stir_schema, create, &diag);
    if (answered != err || other || !strstr(diag.text, says))
        fail_msg("%s: %s, \"%s\"", where, stir_err_name(answered), diag.text);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(path_in(name), &st), 0);
    return st.st_mode & 0777;
}

/* --- the file --- */

static void the_file_and_its_journals_are_of_the_owner_alone(void **state)
{
    (void)state;
    const mode_t before = umask(0);
    store = store_again(&stir_schema);
    store_sql(store, "INSERT INTO limits VALUES ('a', 'b', 0, 0)");
    umask(before);
    assert_int_equal(mode_of("store.db"), 0600);
    assert_int_equal(mode_of("store.db-wal"), 0600);
    assert_int_equal(mode_of("store.db-shm"), 0600);
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    (void)state;
    store = store_again(&stir_schema);
    assert_int_equal(chmod(store_where, 0640), 0);
    open_says(store_where, false, STIR_EVALUE, "chmod 600");
}

/* In a process of its own, which is nobody when this one is root. */
static void who_may_not_is_told_so(void **state)
{
    (void)state;
    store = store_again(&stir_schema);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(store_where, geteuid() == 0 ? 0600 : 0), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct stir_store *other = NULL;
        bool is_nobody = geteuid() != 0 || setuid(65534) == 0;
        enum stir_err err = stir_store_open(&other, store_where, &stir_schema, false, &diag);
        _exit(is_nobody && err == STIR_EIO && strstr(diag.text, "Permission denied: it belongs to the user of stir serve") ? 0 : 1);
    }
    int status = 1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void no_file_is_made_unasked(void **state)
{
    (void)state;
    open_says(store_where, false, STIR_ENOTFOUND, "No such file");
    assert_int_equal(folder_count("", NULL), 0);
    open_says(path_in("nowhere/store.db"), true, STIR_ENOTFOUND, "its folder: No such file");
}

static void a_symbolic_link_to_a_file_is_refused_and_one_to_its_folder_is_followed(void **state)
{
    (void)state;
    char link[600];
    store = store_again(&stir_schema);
    assert_int_equal(symlink(store_where, path_in("other.db")), 0);
    open_says(path_in("other.db"), true, STIR_EVALUE, "symbolic link");
    assert_int_equal(unlink(path_in("other.db")), 0);
    snprintf(link, sizeof(link), "%s-link", folder);
    assert_int_equal(symlink(folder, link), 0);
    struct stir_store *same = NULL;
    char where[700];
    snprintf(where, sizeof(where), "sqlite:%s/store.db", link);
    assert_int_equal(stir_store_open(&same, where, &stir_schema, false, &diag), STIR_OK);
    assert_string_equal(stir_store_name(same), store_where);
    stir_store_close(same);
    assert_int_equal(unlink(link), 0);
}

static void what_is_no_file_of_ours_is_refused_and_stays_as_it_is(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    open_says("/tmp", true, STIR_EVALUE, "no regular file");
    open_says("/tmp/", true, STIR_EVALUE, "path of a file");
    open_says("", true, STIR_EVALUE, "path of a file");
    file_put("text.db", "This is a text that is long enough to be read as the first page of something", 70);
    open_says(path_in("text.db"), true, STIR_EVALUE, "no SQLite file");
    file_put("other.db", "", 0);
    assert_int_equal(sqlite3_open(path_in("other.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "CREATE TABLE cats (name TEXT)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    char *before = file_text("other.db");
    open_says(path_in("other.db"), true, STIR_EVALUE, "another program");
    char *after = file_text("other.db");
    assert_memory_equal(before, after, 8192);
    free(before);
    free(after);
}

static void a_file_without_anything_in_it_becomes_a_store(void **state)
{
    (void)state;
    file_put("store.db", "", 0);
    store = store_again(&stir_schema);
    assert_int_equal(stir_store_engine(store), STIR_STORE_SQLITE);
    assert_true(store_int(store, "SELECT count(*) FROM certificates") == 0);
}

static void a_damaged_file_is_told(void **state)
{
    (void)state;
    unsigned char junk[512];
    memset(junk, 0xa5, sizeof(junk));
    store = store_again(&stir_schema);
    for (int i = 0; i < 200; i++) {
        char sql[200];
        snprintf(sql, sizeof(sql), "INSERT INTO limits VALUES ('something that takes some room', 'somebody of number %d', 0, 0)", i);
        store_sql(store, sql);
    }
    assert_int_equal(stir_store_integrity(store, &diag), STIR_OK);
    stir_store_close(store);
    store = NULL;
    int fd = open(path_in("store.db"), O_RDWR);
    const off_t end = lseek(fd, 0, SEEK_END);
    for (off_t at = end - 5 * 4096; at < end; at += 1024)
        assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
    close(fd);
    store = store_again(&stir_schema);
    assert_int_not_equal(stir_store_integrity(store, &diag), STIR_OK);
    assert_non_null(strstr(diag.text, "damaged"));
}

/* POSIX locks are of a process, and any close of the file ends them: the daemon's clerks open the store one after the other. */
static void one_that_is_opened_and_closed_leaves_the_locks_of_the_first(void **state)
{
    (void)state;
    int status = 0;
    store = store_again(&stir_schema);
    (void)store_int(store, "SELECT count(*) FROM limits");
    struct stir_store *other = store_again(&stir_schema);
    (void)store_int(other, "SELECT count(*) FROM limits");
    stir_store_close(other);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510}; /* where SQLite's readers lock */
        int fd = open(store_where, O_RDWR);
        _exit(fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* --- the disk --- */

static void what_was_answered_is_there_after_the_power_went(void **state)
{
    (void)state;
    disk_begin();
    store = store_again(&stir_schema);
    for (int i = 1; i <= 3; i++) {
        char sql[100];
        snprintf(sql, sizeof(sql), "INSERT INTO limits VALUES ('a', '%d', 0, 0)", i);
        store_sql(store, sql);
        disk_lose_power("store.db", "after.db");
        struct stir_store *after = store_open_at(path_in("after.db"), &stir_schema);
        assert_true(store_int(after, "SELECT count(*) FROM limits") == i);
        assert_int_equal(stir_store_integrity(after, &diag), STIR_OK);
        stir_store_close(after);
    }
    stir_store_close(store);
    store = NULL;
    disk_end();
}

static enum stir_err insert(struct stir_store *s, void *arg)
{
    return stir_store_do(s, "INSERT INTO limits VALUES ('a', $1, 0, 0)", STIR_VALUES(stir_store_str(arg)), NULL);
}

static void a_full_disk_is_told_and_it_goes_on_when_there_is_room(void **state)
{
    (void)state;
    char one[] = "1", two[] = "2";
    disk_begin();
    store = store_again(&stir_schema);
    disk_is_full = true;
    assert_int_equal(stir_store_transact(store, insert, one, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "disk is full"));
    disk_is_full = false;
    assert_int_equal(stir_store_transact(store, insert, two, &diag), STIR_OK);
    assert_true(store_int(store, "SELECT count(*) FROM limits") == 1);
    stir_store_close(store);
    store = NULL;
    disk_end();
}

/* --- copies --- */

static atomic_bool enough;

static enum stir_err add(struct stir_store *s, void *arg)
{
    char who[24];
    const struct stir_audit_entry entry = {"limit changed", "stir", "limit", ""};
    snprintf(who, sizeof(who), "%d", ++*(int *)arg);
    TRY(insert(s, who));
    return stir_audit_add(s, "node", 1, &entry);
}

static void *write_on(void *arg)
{
    struct stir_store *mine = NULL;
    int n = 1000000;
    enum stir_err err = stir_store_open(&mine, store_where, &stir_schema, false, NULL);
    while (err == STIR_OK && !atomic_load(&enough))
        err = stir_store_transact(mine, add, &n, NULL);
    stir_store_close(mine);
    *(enum stir_err *)arg = err;
    return NULL;
}

static void count_steps(void *arg, int64_t done, int64_t all)
{
    assert_true(done >= 0 && done <= all);
    ++*(int *)arg;
}

static enum stir_err fill(struct stir_store *s, void *arg)
{
    char who[400];
    memset(who, 'x', sizeof(who));
    for (int i = 0; i < 12000; i++) {
        snprintf(who, 24, "%d", i);
        who[strlen(who)] = 'x';
        who[399] = '\0';
        TRY(insert(s, who));
    }
    (void)arg;
    return STIR_OK;
}

static void a_copy_is_of_one_moment_while_others_write(void **state)
{
    (void)state;
    pthread_t writer;
    enum stir_err err = STIR_OK;
    int steps = 0;
    atomic_store(&enough, false);
    store = store_again(&stir_schema);
    assert_int_equal(stir_store_transact(store, fill, NULL, &diag), STIR_OK);
    assert_int_equal(pthread_create(&writer, NULL, write_on, &err), 0);
    while (store_int(store, "SELECT count(*) FROM audit") < 3)
        sleep_ms(1);
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof(name), "copy%d.db", i);
        if (stir_store_backup(store, path_in(name), count_steps, &steps, &diag) != STIR_OK)
            fail_msg("%s", diag.text);
    }
    atomic_store(&enough, true);
    pthread_join(writer, NULL);
    assert_int_equal(err, STIR_OK);
    assert_true(steps >= 3); /* there was more than one step: a writer came between */
    for (int i = 0; i < 3; i++) {
        char name[20];
        snprintf(name, sizeof(name), "copy%d.db", i);
        assert_int_equal(mode_of(name), 0600);
        struct stir_store *copy = store_open_at(path_in(name), &stir_schema);
        assert_int_equal(stir_store_integrity(copy, &diag), STIR_OK);
        assert_true(store_int(copy, "SELECT count(*) FROM audit") >= 3);
        assert_true(store_int(copy, "SELECT count(*) FROM limits") - 12000 == store_int(copy, "SELECT count(*) FROM audit"));
        assert_true(store_int(copy, "SELECT seq FROM audit_heads") == store_int(copy, "SELECT count(*) FROM audit"));
        stir_store_close(copy);
    }
}

struct between {
    struct stir_store *writer;
    int n;
};

static void write_between(void *arg, int64_t done, int64_t all)
{
    struct between *b = arg;
    char who[24];
    (void)done;
    (void)all;
    snprintf(who, sizeof(who), "between %d", b->n++);
    if (b->n < 100)
        assert_int_equal(stir_store_transact(b->writer, insert, who, &diag), STIR_OK);
}

static void a_copy_is_of_the_moment_at_which_it_began(void **state)
{
    (void)state;
    store = store_again(&stir_schema);
    assert_int_equal(stir_store_transact(store, fill, NULL, &diag), STIR_OK);
    struct between b = {store_again(&stir_schema), 0};
    assert_int_equal(stir_store_backup(store, path_in("copy.db"), write_between, &b, &diag), STIR_OK);
    assert_true(b.n >= 2);
    struct stir_store *copy = store_open_at(path_in("copy.db"), &stir_schema);
    assert_true(store_int(copy, "SELECT count(*) FROM limits") == 12000);
    assert_true(store_int(store, "SELECT count(*) FROM limits") == 12000 + b.n);
    stir_store_close(copy);
    stir_store_close(b.writer);
}

static void a_copy_replaces_nothing(void **state)
{
    (void)state;
    store = store_again(&stir_schema);
    file_put("copy.db", "precious", 8);
    assert_int_equal(stir_store_backup(store, path_in("copy.db"), NULL, NULL, &diag), STIR_EEXISTS);
    char *text = file_text("copy.db");
    assert_string_equal(text, "precious");
    free(text);
    assert_int_equal(stir_store_backup(store, path_in("nowhere/copy.db"), NULL, NULL, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "nowhere/copy.db: No such file"));
}

static const char *kill_at;

static void kill_here(const char *point)
{
    if (strcmp(point, kill_at) == 0)
        kill(getpid(), SIGKILL);
}

static void a_copy_that_is_killed_has_no_name_or_is_whole(void **state)
{
    (void)state;
    static const char *const moments[] = {"backup: before its name", "backup: named"};
    store = store_again(&stir_schema);
    for (int i = 0; i < 2; i++) {
        int status = 0;
        kill_at = moments[i];
        pid_t pid = fork();
        if (pid == 0) {
            struct stir_store *mine = NULL;
            stir_crash_hook = kill_here;
            if (stir_store_open(&mine, store_where, &stir_schema, false, NULL) == STIR_OK)
                (void)!stir_store_backup(mine, path_in("copy.db"), NULL, NULL, NULL);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(access(path_in("copy.db"), F_OK), i == 0 ? -1 : 0);
    }
    struct stir_store *copy = store_open_at(path_in("copy.db"), &stir_schema);
    assert_int_equal(stir_store_integrity(copy, &diag), STIR_OK);
    stir_store_close(copy);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_file_and_its_journals_are_of_the_owner_alone),
        T(a_file_that_others_can_read_is_refused),
        T(who_may_not_is_told_so),
        T(no_file_is_made_unasked),
        T(a_symbolic_link_to_a_file_is_refused_and_one_to_its_folder_is_followed),
        T(what_is_no_file_of_ours_is_refused_and_stays_as_it_is),
        T(a_file_without_anything_in_it_becomes_a_store),
        T(a_damaged_file_is_told),
        T(one_that_is_opened_and_closed_leaves_the_locks_of_the_first),
        T(what_was_answered_is_there_after_the_power_went),
        T(a_full_disk_is_told_and_it_goes_on_when_there_is_room),
        T(a_copy_is_of_one_moment_while_others_write),
        T(a_copy_is_of_the_moment_at_which_it_began),
        T(a_copy_replaces_nothing),
        T(a_copy_that_is_killed_has_no_name_or_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
