/* Signing identities that an ACME client keeps: key, certificate and x5u are those of `current`, whatever it names. */
#include "as_support.h"

#include "service/as_book.h"

static void make_folder(const char *name)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", as_folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void point(const char *target)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/acme/current", as_folder);
    (void)unlink(path);
    assert_int_equal(symlink(target, path), 0);
}

static void move(const char *from, const char *to)
{
    char a[200], b[200];
    snprintf(a, sizeof(a), "%s/%s", as_folder, from);
    snprintf(b, sizeof(b), "%s/%s", as_folder, to);
    assert_int_equal(rename(a, b), 0);
}

/* A certificate as the client keeps it. */
static void obtained(const char *serial, const char *spc, const char *x5u)
{
    char to[200];
    as_provider("new", spc, NOW - AS_DAY, NOW + 100 * AS_DAY);
    snprintf(to, sizeof(to), "acme/certs/%s", serial);
    make_folder(to);
    snprintf(to, sizeof(to), "acme/certs/%s/key.pem", serial);
    move("new.key", to);
    snprintf(to, sizeof(to), "acme/certs/%s/chain.pem", serial);
    move("new.pem", to);
    snprintf(to, sizeof(to), "acme/certs/%s/x5u", serial);
    as_write(to, x5u, 0644);
    snprintf(to, sizeof(to), "certs/%s", serial);
    point(to);
}

#define SIGNER "[signer m]\nacme = @/acme\ncheck-x5u = no\n"

static struct stir_as_signer_state state_of(size_t index)
{
    struct stir_as_signer_state signer;
    assert_true(stir_as_signer_at(scene.book, index, NOW, &signer));
    return signer;
}

static void what_current_names_signs(void **state)
{
    (void)state;
    make_folder("acme");
    make_folder("acme/certs");
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    assert_non_null(strstr(scene.said, "warning: signer m: acme"));
    assert_non_null(strstr(scene.said, "has no certificate yet"));
    assert_false(state_of(0).usable);
    assert_string_equal(state_of(0).why, "it has no certificate yet");
    assert_string_equal(state_of(0).x5u, "");
    obtained("01", "709J", "https://cr.example.com/cr/01.pem\n");
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    assert_true(state_of(0).usable);
    assert_string_equal(state_of(0).x5u, "https://cr.example.com/cr/01.pem");
    obtained("02", "709K", "https://cr.example.com/cr/02.pem");
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    assert_true(state_of(0).usable);
    assert_string_equal(state_of(0).spc, "709K");
    assert_string_equal(state_of(0).x5u, "https://cr.example.com/cr/02.pem");
}

static void a_folder_that_is_none_is_told(void **state)
{
    (void)state;
    assert_err(as_try(AS_HEAD "[signer m]\nacme = @/nowhere\n", NOW), STIR_EVALUE);
    assert_non_null(strstr(scene.said, "there is no such folder"));
    as_write("acme/file", "x", 0600);
    assert_err(as_try(AS_HEAD "[signer m]\nacme = @/acme/file\n", NOW), STIR_EVALUE);
    assert_non_null(strstr(scene.said, "not the link that stir acme makes"));
}

static void half_a_certificate_is_told(void **state)
{
    char path[200];
    (void)state;
    obtained("03", "709J", "https://cr.example.com/cr/03.pem");
    snprintf(path, sizeof(path), "%s/acme/certs/03/x5u", as_folder);
    assert_int_equal(unlink(path), 0);
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_EVALUE);
    assert_non_null(strstr(scene.said, "acme/certs/03/x5u"));
    as_write("acme/certs/03/x5u", "http://cr.example.com/cr/03.pem", 0644);
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_EVALUE);
    assert_non_null(strstr(scene.said, "x5u \"http://cr.example.com/cr/03.pem\""));
    as_write("acme/certs/03/x5u", "https://cr.example.com/cr/03.pem", 0644);
    snprintf(path, sizeof(path), "%s/acme/certs/03/key.pem", as_folder);
    assert_int_equal(chmod(path, 0644), 0);
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_EVALUE);
    assert_non_null(strstr(scene.said, "acme/certs/03/key.pem"));
}

/* What is made of the server's secret (identifiers of tenants) must not change with every renewal. */
static void the_secret_outlives_a_certificate(void **state)
{
    unsigned char before[STIR_SHA256];
    (void)state;
    as_write("acme/account.key", "an account's key", 0600);
    obtained("04", "709J", "https://cr.example.com/cr/04.pem");
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    memcpy(before, scene.book->secret, sizeof(before));
    obtained("05", "709J", "https://cr.example.com/cr/05.pem");
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    assert_memory_equal(scene.book->secret, before, sizeof(before));
    as_write("acme/account.key", "another account's key", 0600);
    assert_err(as_try(AS_HEAD SIGNER, NOW), STIR_OK);
    assert_memory_not_equal(scene.book->secret, before, sizeof(before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_current_names_signs),
        cmocka_unit_test(a_folder_that_is_none_is_told),
        cmocka_unit_test(half_a_certificate_is_told),
        cmocka_unit_test(the_secret_outlives_a_certificate),
    };
    return cmocka_run_group_tests(tests, as_begin, as_end);
}
