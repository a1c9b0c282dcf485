/* The store in PostgreSQL: a server that goes away, what is told of it, and what it is not trusted with. Run by tests/acme/postgres.py. */
#include "store_support.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <libpq-fe.h>

#include "core/bytes.h"
#include "service/schema.h"

static struct stir_store *store;
static struct stir_diag diag;

static int set_up(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    store = store_again(&stir_schema);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    stir_store_close(store);
    folder_remove();
    return 0;
}

/* Beside the store, as its administrator. */
static void administer(const char *sql)
{
    PGconn *conn = PQconnectdb(store_server);
    PGresult *result = PQexec(conn, sql);
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

/* Every connection but the asking one. */
#define END_ALL "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"

static enum stir_err insert(struct stir_store *s, void *arg)
{
    return stir_store_do(s, "INSERT INTO limits VALUES ('a', $1, 0, 0)", STIR_VALUES(stir_store_str(arg)), NULL);
}

static void a_connection_that_was_lost_is_made_anew(void **state)
{
    (void)state;
    char one[] = "1", two[] = "2";
    assert_int_equal(stir_store_transact(store, insert, one, &diag), STIR_OK);
    administer(END_ALL);
    if (stir_store_transact(store, insert, two, &diag) != STIR_OK) /* the same statement, which the new connection does not know */
        fail_msg("%s", diag.text);
    administer(END_ALL);
    assert_true(store_int(store, "SELECT count(*) FROM limits") == 2);
}

static enum stir_err insert_and_lose(struct stir_store *s, void *arg)
{
    char who[] = "1";
    TRY(insert(s, who));
    if (++*(int *)arg == 1)
        administer(END_ALL);
    return insert(s, (char[]){"2"});
}

static void a_work_that_lost_its_connection_runs_again(void **state)
{
    (void)state;
    int runs = 0;
    if (stir_store_transact(store, insert_and_lose, &runs, &diag) != STIR_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(runs, 2);
    assert_true(store_int(store, "SELECT count(*) FROM limits") == 2);
}

/* --- a server whose answer to COMMIT is lost: a relay on a socket of its own, which hangs up when it has read that answer --- */

static struct {
    int listener;
    char server[108];
} relay;

static int connect_to(const char *folder_of_socket)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof(to.sun_path), "%.80s/.s.PGSQL.5432", folder_of_socket);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* False: one has hung up. `*commits`: a COMMIT went through. */
static bool pass_on(int from, int to, bool *commits)
{
    static const char commit[] = "Q\0\0\0\x0b"
                                 "COMMIT";
    char bytes[65536];
    const ssize_t n = read(from, bytes, sizeof(bytes));
    for (ssize_t i = 0; i + (ssize_t)sizeof(commit) <= n && commits; i++)
        *commits = *commits || memcmp(bytes + i, commit, sizeof(commit)) == 0;
    return n > 0 && write(to, bytes, (size_t)n) == n;
}

static void relay_one(int client, bool lose)
{
    int server = connect_to(relay.server);
    bool commits = false, open = true;
    while (open) {
        struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
        assert_true(poll(fds, 2, 20000) > 0);
        if (fds[1].revents && commits && lose) {
            char answer[100];
            assert_true(read(server, answer, sizeof(answer)) > 0);
            open = false;
        } else if (fds[1].revents) {
            open = pass_on(server, client, NULL);
        } else if (fds[0].revents) {
            open = pass_on(client, server, &commits);
        }
    }
    close(server);
    close(client);
}

/* How many commits of the first connection are let through first: those of opening. */
static void *run_relay(void *arg)
{
    const int *lost = arg;
    for (int i = 0; i < 3; i++) {
        int client = accept(relay.listener, NULL, NULL);
        if (client < 0)
            break;
        relay_one(client, i == *lost);
    }
    return NULL;
}

static void relay_begin(pthread_t *thread, int *lost)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *host = strstr(store_server, "host=");
    assert_non_null(host);
    snprintf(relay.server, sizeof(relay.server), "%.*s", (int)strcspn(host + 5, "&"), host + 5);
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", path_in(".s.PGSQL.5432"));
    relay.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(relay.listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(relay.listener, 4), 0);
    assert_int_equal(pthread_create(thread, NULL, run_relay, lost), 0);
}

static enum stir_err insert_counted(struct stir_store *s, void *arg)
{
    ++*(int *)arg;
    return insert(s, (char[]){"lost"});
}

static void a_commit_whose_answer_is_lost_is_not_done_again(void **state)
{
    (void)state;
    pthread_t thread;
    struct stir_store *far = NULL;
    char where[400];
    int runs = 0, lost = 1; /* the first connection is that of opening; it is ended, and the next loses its answer */
    relay_begin(&thread, &lost);
    snprintf(where, sizeof(where), "postgresql://stir@/stir?host=%s&options=-csearch_path%%3Dt%ld_%u", folder, (long)getpid(), store_schema_at);
    assert_int_equal(stir_store_open(&far, where, &stir_schema, false, &diag), STIR_OK);
    administer(END_ALL);
    assert_int_equal(stir_store_transact(far, insert_counted, &runs, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "nobody knows"));
    assert_int_equal(runs, 1);
    assert_true(store_int(store, "SELECT count(*) FROM limits") == 1);
    stir_store_close(far);
    shutdown(relay.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(relay.listener);
    assert_int_equal(unlink(path_in(".s.PGSQL.5432")), 0);
}

/* --- what is told --- */

static void no_password_is_told(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "postgresql://stir:s3cret@127.0.0.1:1/stir",          "postgresql://stir:s3cret%@127.0.0.1:1/stir",
        "postgresql://stir:x@s3cret@127.0.0.1:1/stir",        "postgresql://stir:x/s3cret@127.0.0.1:1/stir",
        "postgresql://stir@127.0.0.1:1/stir?password=s3cret", "postgresql://stir@127.0.0.1:1/stir?passwort=s3cret",
        "postgres://stir:s3cret@nowhere.invalid/stir",
    };
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct stir_store *other = NULL;
        diag = (struct stir_diag){0};
        assert_int_not_equal(stir_store_open(&other, urls[i], &stir_schema, false, &diag), STIR_OK);
        assert_true(strlen(diag.text) > 20);
        if (strstr(diag.text, "s3cret"))
            fail_msg("%s: %s", urls[i], diag.text);
    }
    assert_null(strstr(stir_store_name(store), "search_path"));
    assert_non_null(strstr(stir_store_name(store), "postgresql://stir@/tmp/stir-pg-"));
}

static enum stir_err read_setting(struct stir_store *s, void *arg)
{
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, s, "SELECT current_setting($1)", STIR_VALUES(stir_store_str(arg))));
    struct stir_slice value = stir_store_get(rows, 0);
    snprintf(arg, 40, "%.*s", (int)value.n, value.p);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static void a_role_that_does_not_wait_for_the_disk_is_made_to(void **state)
{
    (void)state;
    char setting[40] = "synchronous_commit", strict[40] = "synchronous_commit";
    administer("ALTER ROLE stir SET synchronous_commit = off");
    struct stir_store *other = store_again(&stir_schema);
    administer("ALTER ROLE stir SET synchronous_commit = remote_apply");
    struct stir_store *stricter = store_again(&stir_schema);
    administer("ALTER ROLE stir RESET synchronous_commit");
    assert_int_equal(stir_store_look(other, read_setting, setting, &diag), STIR_OK);
    assert_string_equal(setting, "on");
    assert_int_equal(stir_store_look(stricter, read_setting, strict, &diag), STIR_OK);
    assert_string_equal(strict, "remote_apply"); /* what waits for more is left */
    stir_store_close(other);
    stir_store_close(stricter);
}

static void a_database_of_another_encoding_is_refused(void **state)
{
    (void)state;
    char where[400];
    struct stir_store *other = NULL;
    administer("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
    const char *options = strchr(store_server, '?');
    snprintf(where, sizeof(where), "postgresql://stir@/ascii%s", options);
    assert_int_equal(stir_store_open(&other, where, &stir_schema, true, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "SQL_ASCII"));
    administer("DROP DATABASE ascii");
}

static void a_schema_with_tables_of_others_is_refused(void **state)
{
    (void)state;
    struct stir_store *other = NULL;
    store_sql(store, "DROP TABLE store_migrations");
    assert_int_equal(stir_store_open(&other, store_where, &stir_schema, true, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "tables of another program"));
}

static void a_server_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct stir_store *other = NULL;
    assert_int_equal(stir_store_open(&other, "postgresql://stir@/stir?host=/nowhere", &stir_schema, true, &diag), STIR_EIO);
    assert_non_null(strstr(diag.text, "cannot connect"));
    assert_non_null(strstr(diag.text, "/nowhere"));
}

static enum stir_err ask_sum(struct stir_store *s, void *arg)
{
    struct stir_store_rows *rows;
    (void)arg;
    return stir_store_ask_one(&rows, s, "SELECT sum(at_ms) FROM limits", STIR_NO_VALUES);
}

static void a_column_that_cannot_be_read_is_refused(void **state)
{
    (void)state;
    assert_int_equal(stir_store_look(store, ask_sum, NULL, &diag), STIR_ESTATE);
    assert_non_null(strstr(diag.text, "CAST"));
}

static enum stir_err within(struct stir_store *s, void *arg)
{
    (void)s;
    return stir_store_transact(arg, insert, (char[]){"x"}, &diag);
}

static void a_transaction_within_one_of_another_connection_is_refused_and_hangs_not(void **state)
{
    (void)state;
    struct stir_store *other = store_again(&stir_schema);
    assert_int_equal(stir_store_transact(store, within, other, NULL), STIR_ESTATE);
    assert_int_equal(stir_store_transact(other, insert, (char[]){"x"}, &diag), STIR_OK);
    stir_store_close(other);
}

static void a_backup_is_left_to_pg_dump(void **state)
{
    (void)state;
    assert_int_equal(stir_store_backup(store, path_in("copy"), NULL, NULL, &diag), STIR_EVALUE);
    assert_non_null(strstr(diag.text, "pg_dump"));
    assert_int_equal(stir_store_integrity(store, &diag), STIR_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_connection_that_was_lost_is_made_anew),
        T(a_work_that_lost_its_connection_runs_again),
        T(a_commit_whose_answer_is_lost_is_not_done_again),
        T(no_password_is_told),
        T(a_role_that_does_not_wait_for_the_disk_is_made_to),
        T(a_database_of_another_encoding_is_refused),
        T(a_schema_with_tables_of_others_is_refused),
        T(a_server_that_is_not_there_is_told),
        T(a_column_that_cannot_be_read_is_refused),
        T(a_transaction_within_one_of_another_connection_is_refused_and_hangs_not),
        T(a_backup_is_left_to_pg_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
