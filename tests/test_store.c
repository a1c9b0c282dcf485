/* SQL behind one interface: the same on both engines. Run as "test_store" for SQLite, "test_store postgresql" for PostgreSQL. */
#include "store_things.h"

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
