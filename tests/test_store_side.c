/* Several at one store: side by side, killed, and of different ages. Run as "test_store_side" for SQLite, "test_store_side postgresql" for PostgreSQL. */
#include "store_things.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* --- side by side --- */

static enum stir_err add_one(struct stir_store *s, void *arg)
{
    struct stir_store_rows *rows;
    (void)arg;
    TRY(stir_store_ask_one(&rows, s, "SELECT n FROM counters WHERE name = 'a'", STIR_NO_VALUES));
    const int64_t n = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return stir_store_do(s, "UPDATE counters SET n = $1 WHERE name = 'a'", STIR_VALUES(stir_store_int(n + 1)), NULL);
}

enum { RACERS = 4, ROUNDS = 50 };

struct racer {
    char where[1300];
    enum stir_err err;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct stir_store *mine = NULL;
    r->err = stir_store_open(&mine, r->where, &schema, false, NULL);
    for (int i = 0; i < ROUNDS && r->err == STIR_OK; i++)
        r->err = stir_store_transact(mine, add_one, NULL, NULL);
    stir_store_close(mine);
    return NULL;
}

static void race_in_threads(bool elsewhere)
{
    pthread_t threads[RACERS];
    struct racer racers[RACERS];
    store_sql(store, "INSERT INTO counters (name, n) VALUES ('a', 0)");
    for (int i = 0; i < RACERS; i++) {
        store_elsewhere(racers[i].where, elsewhere ? i : 0);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(racers[i].err, STIR_OK);
    assert_true(store_int(store, "SELECT n FROM counters") == RACERS * ROUNDS);
}

static void threads_that_race_on_one_row_lose_nothing(void **state)
{
    (void)state;
    race_in_threads(false);
}

static void connections_that_know_nothing_of_each_other_race_and_lose_nothing(void **state)
{
    (void)state;
    race_in_threads(true);
}

/* A process of its own, which takes over nothing of ours. */
static pid_t process(void (*run)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        run();
        _exit(0);
    }
    return pid;
}

static int ended(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void race_alone(void)
{
    struct racer r;
    snprintf(r.where, sizeof(r.where), "%s", store_where);
    race(&r);
    _exit(r.err == STIR_OK ? 0 : 1);
}

static void processes_that_race_on_one_row_lose_nothing(void **state)
{
    (void)state;
    pid_t pids[2];
    store_sql(store, "INSERT INTO counters (name, n) VALUES ('a', 0)");
    for (int i = 0; i < 2; i++)
        pids[i] = process(race_alone);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ended(pids[i]), 0);
    assert_true(store_int(store, "SELECT n FROM counters") == 2 * ROUNDS);
}

/* Two that each read both rows and write one: one after the other, the second sees what the first wrote. */
struct skew {
    struct stir_store *store;
    const char *mine;
    pthread_barrier_t *both;
    int runs;
    enum stir_err err;
};

static enum stir_err go_off_duty(struct stir_store *s, void *arg)
{
    struct skew *k = arg;
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, s, "SELECT CAST(sum(n) AS BIGINT) FROM counters", STIR_NO_VALUES));
    const int64_t on_duty = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    if (store_is_postgresql() && k->runs++ == 0)
        pthread_barrier_wait(k->both); /* both have read before either writes */
    return on_duty < 2 ? STIR_OK : stir_store_do(s, "UPDATE counters SET n = 0 WHERE name = $1", STIR_VALUES(stir_store_str(k->mine)), NULL);
}

static void *leave(void *arg)
{
    struct skew *k = arg;
    k->err = stir_store_transact(k->store, go_off_duty, k, NULL);
    return NULL;
}

static void what_two_read_and_write_is_as_if_one_had_been_first(void **state)
{
    (void)state;
    pthread_barrier_t both;
    pthread_t threads[2];
    struct skew skews[2] = {{.mine = "a", .both = &both}, {.mine = "b", .both = &both}};
    store_sql(store, "INSERT INTO counters (name, n) VALUES ('a', 1), ('b', 1)");
    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 2; i++) {
        char where[1300];
        store_elsewhere(where, i);
        skews[i].store = store_open_at(where, &schema);
        assert_int_equal(pthread_create(&threads[i], NULL, leave, &skews[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(skews[i].err, STIR_OK);
        stir_store_close(skews[i].store);
    }
    pthread_barrier_destroy(&both);
    assert_true(store_int(store, "SELECT CAST(sum(n) AS BIGINT) FROM counters") == 1);
}

struct seen {
    struct stir_store *writer;
    int64_t before, after;
};

static enum stir_err look_twice(struct stir_store *s, void *arg)
{
    struct seen *seen = arg;
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, s, "SELECT count(*) FROM things", STIR_NO_VALUES));
    seen->before = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    TRY(stir_store_transact(seen->writer, write_it, NULL, NULL));
    TRY(stir_store_ask_one(&rows, s, "SELECT count(*) FROM things", STIR_NO_VALUES));
    seen->after = stir_store_get_int(rows, 0);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void a_look_sees_one_moment_while_others_write(void **state)
{
    (void)state;
    struct seen seen = {.writer = store_again(&schema), .before = -1, .after = -1};
    assert_int_equal(stir_store_look(store, look_twice, &seen, &diag), STIR_OK);
    assert_true(seen.before == 0 && seen.after == 0);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 1);
    stir_store_close(seen.writer);
}

/* --- killed --- */

static const char *kill_at;

static void kill_here(const char *point)
{
    if (strcmp(point, kill_at) == 0)
        kill(getpid(), SIGKILL);
}

static enum stir_err put_three(struct stir_store *s, void *arg)
{
    (void)arg;
    TRY(put(s, "a", 1));
    TRY(put(s, "b", 1));
    stir_crash_point("test: in the middle");
    return put(s, "c", 1);
}

static void write_and_die(void)
{
    struct stir_store *mine = NULL;
    stir_crash_hook = kill_here;
    if (stir_store_open(&mine, store_where, &schema, true, NULL) != STIR_OK)
        _exit(1);
    _exit(stir_store_transact(mine, put_three, NULL, NULL) == STIR_OK ? 0 : 2);
}

static void a_process_that_is_killed_leaves_all_of_a_transaction_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *at;
        int64_t rows;
    } moments[] = {{"test: in the middle", 0}, {"store: before commit", 0}, {"store: committed", 3}};
    for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++) {
        kill_at = moments[i].at;
        assert_int_equal(ended(process(write_and_die)), 128 + SIGKILL);
        assert_true(store_int(store, "SELECT count(*) FROM things") == moments[i].rows);
        assert_int_equal(stir_store_integrity(store, &diag), STIR_OK);
    }
}

/* --- migrations --- */

static void a_store_of_an_older_program_grows_and_keeps_what_it_has(void **state)
{
    (void)state;
    const struct stir_store_schema first = {steps, 1}, all = {steps, 3};
    store = store_again(&first);
    assert_int_equal(stir_store_transact(store, write_it, NULL, &diag), STIR_OK);
    stir_store_close(store);
    store = store_again(&all);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 1);
    assert_true(store_int(store, "SELECT count(*) FROM pairs") == 0);
    assert_true(store_int(store, "SELECT max(number) FROM store_migrations") == 3);
}

static void open_is_refused(const struct stir_store_schema *with, const char *says)
{
    struct stir_store *other = NULL;
    diag = (struct stir_diag){0};
    assert_int_equal(stir_store_open(&other, store_where, with, true, &diag), STIR_EVALUE);
    assert_null(other);
    if (!strstr(diag.text, says))
        fail_msg("\"%s\" does not say \"%s\"", diag.text, says);
}

static void a_store_that_is_newer_than_the_program_is_refused(void **state)
{
    (void)state;
    const struct stir_store_schema all = {steps, 3};
    store = store_again(&all);
    open_is_refused(&schema, "newer than this program (\"pairs\"");
}

static void a_store_that_grew_by_another_migration_is_refused(void **state)
{
    (void)state;
    const struct stir_store_migration changed[] = {steps[0], {"counters", "CREATE TABLE counters (name TEXT PRIMARY KEY);"}};
    const struct stir_store_schema other = {changed, 2};
    store = store_again(&schema);
    open_is_refused(&other, "migration 2 (\"counters\")");
}

static void a_store_that_lacks_a_migration_is_refused(void **state)
{
    (void)state;
    const struct stir_store_schema all = {steps, 3};
    store = store_again(&all);
    store_sql(store, "DELETE FROM store_migrations WHERE number = 2");
    open_is_refused(&all, "lacks migration 2");
}

static void a_migration_that_fails_is_undone(void **state)
{
    (void)state;
    const struct stir_store_migration broken[] = {steps[0], {"broken", "CREATE TABLE half (a BIGINT); CREATE TABLE half (a BIGINT);"}};
    const struct stir_store_schema wrong = {broken, 2};
    assert_int_not_equal(stir_store_open(&store, store_where, &wrong, true, &diag), STIR_OK);
    assert_non_null(strstr(diag.text, "half"));
    store = store_again(&schema); /* step 1 holds, step 2 was never there */
    assert_true(store_int(store, "SELECT max(number) FROM store_migrations") == 2);
}

static void grow_and_die(void)
{
    struct stir_store *mine = NULL;
    stir_crash_hook = kill_here;
    _exit(stir_store_open(&mine, store_where, &schema, true, NULL) == STIR_OK ? 0 : 1);
}

static void a_migration_that_is_killed_is_made_again(void **state)
{
    (void)state;
    kill_at = "store: migration half made";
    assert_int_equal(ended(process(grow_and_die)), 128 + SIGKILL);
    store = store_again(&schema);
    assert_true(store_int(store, "SELECT count(*) FROM store_migrations") == 2);
    assert_true(store_int(store, "SELECT count(*) FROM counters") == 0);
}

static void grow_together(void)
{
    struct stir_store *mine = NULL;
    const struct stir_store_schema all = {steps, 3};
    enum stir_err err = stir_store_open(&mine, store_where, &all, true, &diag);
    if (err != STIR_OK)
        fprintf(stderr, "# %s\n", diag.text);
    stir_store_close(mine);
    _exit(err == STIR_OK ? 0 : 1);
}

static void processes_that_open_at_once_migrate_once(void **state)
{
    (void)state;
    const struct stir_store_schema all = {steps, 3};
    pid_t pids[4];
    for (int i = 0; i < 4; i++)
        pids[i] = process(grow_together);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ended(pids[i]), 0);
    store = store_again(&all);
    assert_true(store_int(store, "SELECT count(*) FROM store_migrations") == 3);
}

static int at_it[2];

/* Long enough for another to make all of them, were it let. */
static void linger(const char *point)
{
    if (strcmp(point, "store: migration not begun") == 0) {
        (void)!write(at_it[1], "x", 1);
        sleep_ms(400);
        stir_crash_hook = NULL;
    }
}

static void grow_slowly(void)
{
    stir_crash_hook = linger;
    grow_together();
}

static void one_that_opens_while_another_migrates_waits_for_it(void **state)
{
    (void)state;
    const struct stir_store_schema all = {steps, 3};
    char x;
    assert_int_equal(pipe(at_it), 0);
    pid_t pid = process(grow_slowly);
    assert_int_equal(read(at_it[0], &x, 1), 1);
    store = store_again(&all);
    assert_int_equal(ended(pid), 0);
    assert_true(store_int(store, "SELECT count(*) FROM store_migrations") == 3);
    close(at_it[0]);
    close(at_it[1]);
}

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(threads_that_race_on_one_row_lose_nothing),
        T(connections_that_know_nothing_of_each_other_race_and_lose_nothing),
        T(processes_that_race_on_one_row_lose_nothing),
        T(what_two_read_and_write_is_as_if_one_had_been_first),
        T(a_look_sees_one_moment_while_others_write),
        T(a_process_that_is_killed_leaves_all_of_a_transaction_or_nothing),
        T0(a_store_of_an_older_program_grows_and_keeps_what_it_has),
        T0(a_store_that_is_newer_than_the_program_is_refused),
        T0(a_store_that_grew_by_another_migration_is_refused),
        T0(a_store_that_lacks_a_migration_is_refused),
        T0(a_migration_that_fails_is_undone),
        T0(a_migration_that_is_killed_is_made_again),
        T0(processes_that_open_at_once_migrate_once),
        T0(one_that_opens_while_another_migrates_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
