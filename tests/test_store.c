/* SQL behind one interface: the same on both engines. Run as "test_store" for SQLite, "test_store postgresql" for PostgreSQL. */
#include "store_support.h"

#include <pthread.h>
#include <sys/wait.h>

#include "core/bytes.h"
#include "io/crash_point.h"

static const struct stir_store_migration steps[] = {
    {"things", "CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT NOT NULL, data BYTES, note TEXT); CREATE INDEX things_n ON things (n);"},
    {"counters", "CREATE TABLE counters (name TEXT PRIMARY KEY, n BIGINT NOT NULL);"},
    {"pairs", "CREATE TABLE pairs (a BIGINT NOT NULL, b BIGINT NOT NULL, PRIMARY KEY (a, b));"},
};
static const struct stir_store_schema schema = {steps, 2};
static struct stir_store *store;
static struct stir_diag diag;

static int set_up(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = store_again(&schema);
    return 0;
}

static int set_up_nothing(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = NULL;
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

static enum stir_err put(struct stir_store *s, const char *name, int64_t n)
{
    return stir_store_do(s, "INSERT INTO things (name, n) VALUES ($1, $2)", STIR_VALUES(stir_store_str(name), stir_store_int(n)), NULL);
}

/* --- values --- */

static const unsigned char bytes_of_all_kinds[] = {0, 1, 0xff, 0x27, 0x5c, 0, 0x80};

static enum stir_err put_values(struct stir_store *s, void *arg)
{
    (void)arg;
    const char *sql = "INSERT INTO things (name, n, data, note) VALUES ($1, $2, $3, $4)";
    TRY(stir_store_do(s, sql,
                      STIR_VALUES(stir_store_str("o'Brien \"\\ \xc3\xa9"), stir_store_int(INT64_MIN),
                                  stir_store_bytes(stir_slice_of(bytes_of_all_kinds, sizeof(bytes_of_all_kinds))), stir_store_str("")),
                      NULL));
    TRY(stir_store_do(
        s, sql, STIR_VALUES(stir_store_str("null"), stir_store_int(INT64_MAX), stir_store_bytes((struct stir_slice){NULL, 0}), stir_store_str(NULL)), NULL));
    return stir_store_do(s, sql, STIR_VALUES(stir_store_str("empty"), stir_store_int(0), stir_store_bytes(stir_slice_of("", 0)), stir_store_str("$1 ? :x")),
                         NULL);
}

static enum stir_err read_values(struct stir_store *s, void *arg)
{
    (void)arg;
    struct stir_store_rows *rows;
    assert_int_equal(stir_store_ask(&rows, s, "SELECT name, n, data, note FROM things ORDER BY n", STIR_NO_VALUES), STIR_OK);
    assert_int_equal(stir_store_next(rows), STIR_OK);
    assert_true(stir_slice_is(stir_store_get(rows, 0), "o'Brien \"\\ \xc3\xa9"));
    assert_true(stir_store_get_int(rows, 1) == INT64_MIN);
    assert_true(stir_slice_eq(stir_store_get(rows, 2), stir_slice_of(bytes_of_all_kinds, sizeof(bytes_of_all_kinds))));
    assert_false(stir_store_is_null(rows, 3));
    assert_true(stir_slice_is(stir_store_get(rows, 3), ""));
    assert_int_equal(stir_store_next(rows), STIR_OK);
    assert_true(stir_slice_is(stir_store_get(rows, 0), "empty"));
    assert_false(stir_store_is_null(rows, 2));
    assert_true(stir_store_get(rows, 2).n == 0);
    assert_true(stir_slice_is(stir_store_get(rows, 3), "$1 ? :x"));
    assert_int_equal(stir_store_next(rows), STIR_OK);
    assert_true(stir_store_get_int(rows, 1) == INT64_MAX);
    assert_true(stir_store_is_null(rows, 2) && stir_store_is_null(rows, 3));
    assert_null(stir_store_get(rows, 3).p);
    assert_true(stir_store_get_int(rows, 3) == 0);
    assert_int_equal(stir_store_next(rows), STIR_ENOTFOUND);
    assert_int_equal(stir_store_next(rows), STIR_ENOTFOUND);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void values_come_back_as_they_were(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, put_values, NULL, &diag), STIR_OK);
    assert_int_equal(stir_store_look(store, read_values, NULL, &diag), STIR_OK);
    stir_store_close(store);
    store = store_again(&schema);
    assert_int_equal(stir_store_look(store, read_values, NULL, &diag), STIR_OK);
}

static enum stir_err by_number(struct stir_store *s, void *arg)
{
    (void)arg;
    struct stir_store_rows *rows;
    TRY(put(s, "a", 1));
    TRY(put(s, "b", 2));
    /* $2 stands before $1, and $1 twice */
    TRY(stir_store_ask_one(&rows, s, "SELECT name FROM things WHERE name <> $2 AND n >= $1 AND n <= $1", STIR_VALUES(stir_store_int(2), stir_store_str("a"))));
    assert_true(stir_slice_is(stir_store_get(rows, 0), "b"));
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void values_are_found_by_their_number(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, by_number, NULL, &diag), STIR_OK);
}

static enum stir_err long_value(struct stir_store *s, void *arg)
{
    char *p = calloc(1, STIR_STORE_MAX_BYTES + 1);
    assert_non_null(p);
    memset(p, 'x', STIR_STORE_MAX_BYTES);
    enum stir_err err =
        stir_store_do(s, "INSERT INTO things (name, n, data) VALUES ('long', 1, $1)", STIR_VALUES(stir_store_bytes(stir_slice_of(p, *(size_t *)arg))), NULL);
    free(p);
    return err;
}

static void the_longest_value_is_kept_and_a_longer_one_refused(void **state)
{
    (void)state;
    size_t n = STIR_STORE_MAX_BYTES;
    assert_int_equal(stir_store_transact(store, long_value, &n, &diag), STIR_OK);
    assert_true(store_int(store, "SELECT CAST(length(data) AS BIGINT) FROM things") == STIR_STORE_MAX_BYTES);
    n++;
    assert_int_equal(stir_store_transact(store, long_value, &n, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "4194305 bytes"));
}

static enum stir_err bad_text(struct stir_store *s, void *arg)
{
    const struct stir_slice *text = arg;
    return stir_store_do(s, "INSERT INTO things (name, n) VALUES ($1, 1)", STIR_VALUES(stir_store_text(*text)), NULL);
}

static void text_is_utf8_without_nul(void **state)
{
    (void)state;
    struct stir_slice nul = {"a\0b", 3}, latin = {"\xe9", 1};
    assert_int_equal(stir_store_transact(store, bad_text, &nul, &diag), STIR_EVALUE);
    assert_int_equal(stir_store_transact(store, bad_text, &latin, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "UTF-8"));
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static enum stir_err wrong_number_of_values(struct stir_store *s, void *arg)
{
    (void)arg;
    return stir_store_do(s, "INSERT INTO things (name, n) VALUES ($1, $2)", STIR_VALUES(stir_store_str("a")), NULL);
}

static void values_are_counted(void **state)
{
    (void)state;
    assert_int_not_equal(stir_store_transact(store, wrong_number_of_values, NULL, &diag), STIR_OK);
}

/* --- rows and changes --- */

static enum stir_err count_changes(struct stir_store *s, void *arg)
{
    (void)arg;
    size_t changed = 9;
    TRY(put(s, "a", 1));
    TRY(put(s, "b", 1));
    TRY(stir_store_do(s, "UPDATE things SET n = 2 WHERE n = 1", STIR_NO_VALUES, &changed));
    assert_int_equal(changed, 2);
    TRY(stir_store_do(s, "UPDATE things SET n = 2 WHERE n = 1", STIR_NO_VALUES, &changed));
    assert_int_equal(changed, 0);
    TRY(stir_store_do(s, "INSERT INTO things (name, n) VALUES ('a', 3) ON CONFLICT DO NOTHING", STIR_NO_VALUES, &changed));
    assert_int_equal(changed, 0);
    TRY(stir_store_do(s, "INSERT INTO things (name, n) VALUES ('c', 3) ON CONFLICT DO NOTHING", STIR_NO_VALUES, &changed));
    assert_int_equal(changed, 1);
    return stir_store_do(s, "DELETE FROM things", STIR_NO_VALUES, &changed) == STIR_OK && changed == 3 ? STIR_OK : STIR_EMISMATCH;
}

static void changed_rows_are_counted(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, count_changes, NULL, &diag), STIR_OK);
}

static enum stir_err returning(struct stir_store *s, void *arg)
{
    (void)arg;
    struct stir_store_rows *rows, *other;
    TRY(stir_store_ask(&rows, s, "INSERT INTO things (name, n) VALUES ('a', 7) RETURNING n + 1", STIR_NO_VALUES));
    /* it is done, though nobody read its row yet */
    TRY(stir_store_ask_one(&other, s, "SELECT count(*) FROM things", STIR_NO_VALUES));
    assert_int_equal(stir_store_get_int(other, 0), 1);
    stir_store_rows_free(other);
    TRY(stir_store_next(rows));
    assert_int_equal(stir_store_get_int(rows, 0), 8);
    stir_store_rows_free(rows);
    assert_int_equal(stir_store_ask_one(&rows, s, "UPDATE things SET n = 1 WHERE name = 'b' RETURNING n", STIR_NO_VALUES), STIR_ENOTFOUND);
    assert_null(rows);
    return STIR_OK;
}

static void a_statement_that_returns_is_done_when_it_is_asked(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, returning, NULL, &diag), STIR_OK);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 1);
}

static enum stir_err two_at_a_time(struct stir_store *s, void *arg)
{
    (void)arg;
    struct stir_store_rows *outer, *inner;
    TRY(put(s, "a", 1));
    TRY(put(s, "b", 2));
    TRY(stir_store_ask(&outer, s, "SELECT name FROM things ORDER BY name", STIR_NO_VALUES));
    for (int i = 0; i < 2; i++) {
        TRY(stir_store_next(outer));
        TRY(stir_store_ask_one(&inner, s, "SELECT n FROM things WHERE name = $1", STIR_VALUES(stir_store_text(stir_store_get(outer, 0)))));
        assert_int_equal(stir_store_get_int(inner, 0), i + 1);
        stir_store_rows_free(inner);
    }
    assert_int_equal(stir_store_ask(&inner, s, "SELECT name FROM things ORDER BY name", STIR_NO_VALUES), STIR_ESTATE);
    return STIR_EMISMATCH; /* and the rows are not given back: the end of the transaction does that */
}

static void rows_of_two_texts_are_read_at_a_time_and_of_one_are_not(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, two_at_a_time, NULL, &diag), STIR_EMISMATCH);
    assert_int_equal(stir_store_transact(store, two_at_a_time, NULL, &diag), STIR_EMISMATCH);
}

static enum stir_err by_bytes(struct stir_store *s, void *arg)
{
    (void)arg;
    static const char *const order[] = {"", "10", "9", "A", "Z", "a", "z", "\xc3\xa4"};
    struct stir_store_rows *rows;
    for (size_t i = 0; i < 8; i++)
        TRY(put(s, order[(i * 5) % 8], 0));
    TRY(stir_store_ask(&rows, s, "SELECT name FROM things ORDER BY name", STIR_NO_VALUES));
    for (size_t i = 0; i < 8; i++) {
        TRY(stir_store_next(rows));
        assert_true(stir_slice_is(stir_store_get(rows, 0), order[i]));
    }
    return STIR_OK;
}

static void text_is_ordered_by_its_bytes(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, by_bytes, NULL, &diag), STIR_OK);
}

/* --- transactions --- */

static enum stir_err put_and_fail(struct stir_store *s, void *arg)
{
    TRY(put(s, "a", 1));
    return *(enum stir_err *)arg;
}

static void a_work_that_fails_is_undone(void **state)
{
    (void)state;
    enum stir_err err = STIR_EMISMATCH;
    assert_int_equal(stir_store_transact(store, put_and_fail, &err, &diag), STIR_EMISMATCH);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
    assert_string_equal(diag.text, ""); /* the work's own error: nothing is said over it */
    err = STIR_OK;
    assert_int_equal(stir_store_transact(store, put_and_fail, &err, &diag), STIR_OK);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 1);
}

static enum stir_err put_twice(struct stir_store *s, void *arg)
{
    TRY(put(s, "a", 1));
    enum stir_err err = put(s, "a", 2);
    assert_int_equal(err, STIR_EEXISTS);
    assert_int_equal(put(s, "b", 2), STIR_EEXISTS); /* nothing more is done in it */
    return *(bool *)arg ? STIR_OK : err;
}

static void what_is_unique_is_there_once_and_the_transaction_is_lost(void **state)
{
    (void)state;
    bool hides = false;
    assert_int_equal(stir_store_transact(store, put_twice, &hides, &diag), STIR_EEXISTS);
    assert_non_null(strstr(diag.text, "things"));
    hides = true;
    assert_int_equal(stir_store_transact(store, put_twice, &hides, &diag), STIR_EEXISTS);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static enum stir_err wrong_sql(struct stir_store *s, void *arg)
{
    (void)arg;
    TRY(put(s, "a", 1));
    return stir_store_do(s, "UPDATE nothing_of_that_name SET n = 1", STIR_NO_VALUES, NULL);
}

static void a_failure_of_the_store_is_told(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, wrong_sql, NULL, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "nothing_of_that_name"));
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static enum stir_err write_it(struct stir_store *s, void *arg)
{
    (void)arg;
    return put(s, "a", 1);
}

static void a_look_writes_nothing(void **state)
{
    (void)state;
    assert_int_equal(stir_store_look(store, write_it, NULL, &diag), STIR_ESTATE);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static void a_statement_outside_of_a_transaction_is_refused(void **state)
{
    (void)state;
    assert_int_equal(put(store, "a", 1), STIR_ESTATE);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static enum stir_err nested(struct stir_store *s, void *arg)
{
    return stir_store_transact(s, write_it, arg, &diag);
}

static void a_transaction_within_another_is_refused(void **state)
{
    (void)state;
    assert_int_equal(stir_store_transact(store, nested, NULL, &diag), STIR_ESTATE);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 0);
}

static enum stir_err busy_thrice(struct stir_store *s, void *arg)
{
    TRY(put(s, "a", 1));
    return ++*(int *)arg < 4 ? STIR_EBUSY : STIR_OK;
}

static void a_busy_work_runs_again_from_its_beginning(void **state)
{
    (void)state;
    int runs = 0;
    assert_int_equal(stir_store_transact(store, busy_thrice, &runs, &diag), STIR_OK);
    assert_int_equal(runs, 4);
    assert_true(store_int(store, "SELECT count(*) FROM things") == 1);
}

static enum stir_err busy_for_ever(struct stir_store *s, void *arg)
{
    (void)s;
    ++*(int *)arg;
    return STIR_EBUSY;
}

static void a_work_that_stays_busy_ends(void **state)
{
    (void)state;
    int runs = 0;
    assert_int_equal(stir_store_transact(store, busy_for_ever, &runs, &diag), STIR_EBUSY);
    assert_int_equal(runs, STIR_STORE_TRIES);
    assert_non_null(strstr(diag.text, "try again"));
}

static enum stir_err many_texts(struct stir_store *s, void *arg)
{
    (void)arg;
    struct stir_store_rows *rows;
    for (int i = 0; i < 600; i++) {
        char sql[60];
        snprintf(sql, sizeof(sql), "SELECT %d FROM things", i);
        TRY(stir_store_ask(&rows, s, sql, STIR_NO_VALUES));
        stir_store_rows_free(rows);
    }
    return STIR_OK;
}

static void sql_made_of_values_is_found_out(void **state)
{
    (void)state;
    assert_int_equal(stir_store_look(store, many_texts, NULL, &diag), STIR_ELIMIT);
    assert_non_null(strstr(diag.text, "constant"));
}

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

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define T0(name) cmocka_unit_test_setup_teardown(name, set_up_nothing, tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(values_come_back_as_they_were),
        T(values_are_found_by_their_number),
        T(the_longest_value_is_kept_and_a_longer_one_refused),
        T(text_is_utf8_without_nul),
        T(values_are_counted),
        T(changed_rows_are_counted),
        T(a_statement_that_returns_is_done_when_it_is_asked),
        T(rows_of_two_texts_are_read_at_a_time_and_of_one_are_not),
        T(text_is_ordered_by_its_bytes),
        T(a_work_that_fails_is_undone),
        T(what_is_unique_is_there_once_and_the_transaction_is_lost),
        T(a_failure_of_the_store_is_told),
        T(a_look_writes_nothing),
        T(a_statement_outside_of_a_transaction_is_refused),
        T(a_transaction_within_another_is_refused),
        T(a_busy_work_runs_again_from_its_beginning),
        T(a_work_that_stays_busy_ends),
        T(sql_made_of_values_is_found_out),
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
