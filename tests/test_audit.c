/* The audit log: what was written stays as it was, or it is seen. Run as "test_audit" for SQLite, "test_audit postgresql" for PostgreSQL. */
#include "service/audit.h"

#include "store_support.h"

#include <pthread.h>

#include "core/bytes.h"
#include "service/schema.h"

#define AT INT64_C(1763728867123)

static struct stir_store *store;
static struct stir_diag diag;
static char told[2000];

static int set_up(void **state)
{
    (void)state;
    store_place();
    diag = (struct stir_diag){0};
    told[0] = '\0';
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

struct adding {
    const char *node;
    int64_t at_ms;
    struct stir_audit_entry entry;
};

static enum stir_err add(struct stir_store *s, void *arg)
{
    const struct adding *a = arg;
    return stir_audit_add(s, a->node, a->at_ms, &a->entry);
}

static void add_rows(const char *node, int n)
{
    for (int i = 1; i <= n; i++) {
        char subject[20];
        snprintf(subject, sizeof(subject), "%d", i);
        struct adding a = {node, AT + i, {"certificate issued", "account x", subject, "{\"n\":1}"}};
        assert_int_equal(stir_store_transact(store, add, &a, &diag), STIR_OK);
    }
}

static void tell(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)arg;
    (void)head;
    snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s %lld: %s\n", node, (long long)rows, fault ? fault : "holds");
}

static void verify_says(enum stir_err err, const char *text)
{
    told[0] = '\0';
    assert_int_equal(stir_audit_verify(store, tell, NULL, &diag), err);
    assert_string_equal(told, text);
}

static void a_log_without_rows_holds(void **state)
{
    (void)state;
    verify_says(STIR_OK, "");
}

static void chains_of_nodes_hold_each_for_itself(void **state)
{
    (void)state;
    add_rows("b", 3);
    add_rows("a", 2);
    add_rows("b", 1);
    verify_says(STIR_OK, "a 2: holds\nb 4: holds\n");
}

static void a_chain_longer_than_a_page_holds(void **state)
{
    (void)state;
    add_rows("a", 1001);
    verify_says(STIR_OK, "a 1001: holds\n");
    store_sql(store, "UPDATE audit SET actor = 'nobody' WHERE seq = 1001");
    verify_says(STIR_EVALUE, "a 1000: row 1001 is not what was written: its hash is another\n");
}

static const struct {
    const char *name, *sql, *says;
} attacks[] = {
    {"event", "UPDATE audit SET event = 'certificate revoked' WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"actor", "UPDATE audit SET actor = 'account y' WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"subject", "UPDATE audit SET subject = '3' WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"detail", "UPDATE audit SET detail = '' WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"time", "UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"moved between members", "UPDATE audit SET actor = 'account x2', subject = '' WHERE seq = 2", "a 1: row 2 is not what was written: its hash is another\n"},
    {"left out", "DELETE FROM audit WHERE seq = 2", "a 1: row 2 is missing: the next that is there is 3\n"},
    {"the first left out", "DELETE FROM audit WHERE seq = 1", "a 0: row 1 is missing: the next that is there is 2\n"},
    {"left out, and the rest moved up", "DELETE FROM audit WHERE seq = 2; UPDATE audit SET seq = seq - 1 WHERE seq > 2",
     "a 1: row 2 is not what was written: its hash is another\n"},
    {"the last cut off", "DELETE FROM audit WHERE seq = 4", "a 3: 4 rows were written and 3 are there\n"},
    {"all gone", "DELETE FROM audit", "a 0: 4 rows were written and 0 are there\n"},
    {"head gone", "DELETE FROM audit_heads", "a 4: 0 rows were written and 4 are there\n"},
    {"head of another", "UPDATE audit_heads SET hash = (SELECT hash FROM audit WHERE seq = 1)", "a 4: the last row, 4, is not the one that was written last\n"},
    {"of another node", "UPDATE audit SET node = 'b' WHERE seq = 4",
     "a 3: 4 rows were written and 3 are there\nb 0: row 1 is missing: the next that is there is 4\n"},
    {"hash is none", "UPDATE audit SET hash = (SELECT hash FROM audit WHERE seq = 1) WHERE seq = 2",
     "a 1: row 2 is not what was written: its hash is another\n"},
};

static enum stir_err run_script(struct stir_store *s, void *arg)
{
    char text[300], *rest = text;
    snprintf(text, sizeof(text), "%s", (const char *)arg);
    for (char *sql = rest; sql; sql = rest) {
        rest = strchr(sql, ';');
        if (rest)
            *rest++ = '\0';
        TRY(stir_store_do(s, sql, STIR_NO_VALUES, NULL));
    }
    return STIR_OK;
}

static void whatever_is_changed_is_seen(void **state)
{
    for (size_t i = 0; i < sizeof(attacks) / sizeof(*attacks); i++) {
        char sql[300];
        if (i) {
            tear_down(state);
            set_up(state);
        }
        add_rows("a", 4);
        snprintf(sql, sizeof(sql), "%s", attacks[i].sql);
        assert_int_equal(stir_store_transact(store, run_script, sql, &diag), STIR_OK);
        told[0] = '\0';
        enum stir_err err = stir_audit_verify(store, tell, NULL, &diag);
        if (err != STIR_EVALUE || strcmp(told, attacks[i].says) != 0)
            fail_msg("%s: %s says \"%s\"", attacks[i].name, stir_err_name(err), told);
    }
}

struct forgery {
    unsigned char hash[STIR_SHA256];
};

static enum stir_err read_second(struct stir_store *s, void *arg)
{
    struct forgery *f = arg;
    struct stir_store_rows *rows;
    TRY(stir_store_ask_one(&rows, s, "SELECT hash FROM audit WHERE seq = 2", STIR_NO_VALUES));
    memcpy(f->hash, stir_store_get(rows, 0).p, STIR_SHA256);
    stir_store_rows_free(rows);
    return STIR_OK;
}

static enum stir_err write_second(struct stir_store *s, void *arg)
{
    const struct forgery *f = arg;
    return stir_store_do(s, "UPDATE audit SET subject = 'forged', hash = $1 WHERE seq = 2", STIR_VALUES(stir_store_bytes(stir_slice_of(f->hash, STIR_SHA256))),
                         NULL);
}

/* Whoever has the store can make a row with the hash that fits it: the next one does not fit then. */
static void a_row_that_is_forged_with_its_hash_breaks_the_chain_behind_it(void **state)
{
    struct forgery f;
    struct adding forged = {"a", AT + 2, {"certificate issued", "account x", "forged", "{\"n\":1}"}};
    add_rows("a", 1);
    assert_int_equal(stir_store_transact(store, add, &forged, &diag), STIR_OK);
    assert_int_equal(stir_store_look(store, read_second, &f, &diag), STIR_OK);
    tear_down(state);
    set_up(state);
    add_rows("a", 4);
    assert_int_equal(stir_store_transact(store, write_second, &f, &diag), STIR_OK);
    verify_says(STIR_EVALUE, "a 2: row 3 is not what was written: its hash is another\n");
}

static void keep_head(void *arg, const char *node, int64_t rows, const unsigned char head[STIR_SHA256], const char *fault)
{
    (void)node;
    (void)rows;
    assert_null(fault);
    memcpy(arg, head, STIR_SHA256);
}

static void the_hash_is_the_one_that_the_page_describes(void **state)
{
    (void)state;
    struct adding a = {"node", AT, {"e", "a", "s", ""}};
    unsigned char head[STIR_SHA256], expected[STIR_SHA256];
    assert_int_equal(stir_store_transact(store, add, &a, &diag), STIR_OK);
    assert_int_equal(stir_audit_verify(store, keep_head, head, &diag), STIR_OK);
    /* by Python's hashlib, from docs/AUDIT.md */
    support_hex(expected, sizeof(expected), "3ebd7883399d2675dd40bf67f764e99e6c6d2d818c63c07374cf4c3b1d0aecb9");
    assert_memory_equal(head, expected, STIR_SHA256);
}

struct collected {
    char text[1000];
    size_t n, most;
};

static bool collect(void *arg, const struct stir_audit_row *row)
{
    struct collected *c = arg;
    if (strlen(c->text) < sizeof(c->text) - 20)
        snprintf(c->text + strlen(c->text), 20, "%.*s%lld ", (int)row->node.n, row->node.p, (long long)row->seq);
    return ++c->n != c->most;
}

static void rows_come_in_the_order_of_time(void **state)
{
    (void)state;
    struct collected c = {.most = 0};
    add_rows("b", 3);
    add_rows("a", 2);
    assert_int_equal(stir_audit_each(store, NULL, 0, collect, &c, &diag), STIR_OK);
    assert_string_equal(c.text, "a1 b1 a2 b2 b3 ");
    c = (struct collected){.most = 0};
    assert_int_equal(stir_audit_each(store, NULL, AT + 2, collect, &c, &diag), STIR_OK);
    assert_string_equal(c.text, "a2 b2 b3 ");
    c = (struct collected){.most = 0};
    assert_int_equal(stir_audit_each(store, "b", AT + 2, collect, &c, &diag), STIR_OK);
    assert_string_equal(c.text, "b2 b3 ");
    c = (struct collected){.most = 2};
    assert_int_equal(stir_audit_each(store, NULL, 0, collect, &c, &diag), STIR_OK);
    assert_string_equal(c.text, "a1 b1 ");
}

static void all_rows_of_several_pages_come_once(void **state)
{
    (void)state;
    struct collected c = {.most = 0};
    add_rows("a", 700);
    add_rows("b", 700);
    assert_int_equal(stir_audit_each(store, NULL, 0, collect, &c, &diag), STIR_OK);
    assert_int_equal(c.n, 1400);
    c.n = 0;
    assert_int_equal(stir_audit_each(store, "b", 0, collect, &c, &diag), STIR_OK);
    assert_int_equal(c.n, 700);
}

static enum stir_err add_and_fail(struct stir_store *s, void *arg)
{
    TRY(add(s, arg));
    return STIR_EMISMATCH;
}

static void a_row_is_undone_with_what_it_tells(void **state)
{
    (void)state;
    struct adding a = {"a", AT, {"e", "a", "s", ""}};
    add_rows("a", 2);
    assert_int_equal(stir_store_transact(store, add_and_fail, &a, &diag), STIR_EMISMATCH);
    verify_says(STIR_OK, "a 2: holds\n");
}

static void a_node_has_a_name(void **state)
{
    (void)state;
    char name[66];
    struct adding a = {"", AT, {"e", "a", "s", ""}};
    assert_int_equal(stir_store_transact(store, add, &a, &diag), STIR_EVALUE);
    memset(name, 'n', 65);
    name[65] = '\0';
    a.node = name;
    assert_int_equal(stir_store_transact(store, add, &a, &diag), STIR_EVALUE);
    name[64] = '\0';
    assert_int_equal(stir_store_transact(store, add, &a, &diag), STIR_OK);
    assert_int_equal(stir_audit_verify(store, tell, NULL, &diag), STIR_OK);
}

enum { WRITERS = 4, ROWS = 40 };

struct writer {
    char where[1300];
    enum stir_err err;
};

static void *write_rows(void *arg)
{
    struct writer *w = arg;
    struct stir_store *mine = NULL;
    w->err = stir_store_open(&mine, w->where, &stir_schema, false, NULL);
    for (int i = 0; i < ROWS && w->err == STIR_OK; i++) {
        struct adding a = {"a", AT + i, {"e", "a", "s", ""}};
        w->err = stir_store_transact(mine, add, &a, NULL);
    }
    stir_store_close(mine);
    return NULL;
}

static void write_side_by_side(int writers, bool elsewhere)
{
    pthread_t threads[WRITERS];
    struct writer w[WRITERS];
    for (int i = 0; i < writers; i++) {
        store_elsewhere(w[i].where, elsewhere ? i : 0);
        assert_int_equal(pthread_create(&threads[i], NULL, write_rows, &w[i]), 0);
    }
    for (int i = 0; i < writers; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < writers; i++)
        assert_int_equal(w[i].err, STIR_OK);
}

static void clerks_that_write_one_chain_side_by_side_keep_it_whole(void **state)
{
    (void)state;
    write_side_by_side(WRITERS, false);
    verify_says(STIR_OK, "a 160: holds\n");
}

static void a_command_beside_the_daemon_keeps_the_chain_whole(void **state)
{
    (void)state;
    write_side_by_side(2, true);
    verify_says(STIR_OK, "a 80: holds\n");
}

static void ids_are_of_22_characters_and_never_the_same(void **state)
{
    (void)state;
    char a[STIR_ID], b[STIR_ID];
    assert_int_equal(stir_id_new(a), STIR_OK);
    assert_int_equal(stir_id_new(b), STIR_OK);
    assert_int_equal(strlen(a), 22);
    assert_string_not_equal(a, b);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    store_engine_of(argc, argv);
    const struct CMUnitTest tests[] = {
        T(a_log_without_rows_holds),
        T(chains_of_nodes_hold_each_for_itself),
        T(a_chain_longer_than_a_page_holds),
        T(whatever_is_changed_is_seen),
        T(a_row_that_is_forged_with_its_hash_breaks_the_chain_behind_it),
        T(the_hash_is_the_one_that_the_page_describes),
        T(rows_come_in_the_order_of_time),
        T(all_rows_of_several_pages_come_once),
        T(a_row_is_undone_with_what_it_tells),
        T(a_node_has_a_name),
        T(clerks_that_write_one_chain_side_by_side_keep_it_whole),
        T(a_command_beside_the_daemon_keeps_the_chain_whole),
        T(ids_are_of_22_characters_and_never_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
