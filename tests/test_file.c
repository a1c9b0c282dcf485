/* Files that are written whole: with which rights, and without a moment in which other threads have another umask. */
#define _GNU_SOURCE /* syscall() */
#include "folder_support.h"

#include "io/file.h"

#include <sys/syscall.h>

static int umasks;

/* In place of the C library's. */
mode_t umask(mode_t mask)
{
    umasks++;
    return (mode_t)syscall(SYS_umask, mask);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(path_in(name), &st), 0);
    return st.st_mode & 07777;
}

/* The umask is the process's: whoever sets it for a moment sets it for clerks that open a store or a log just then, and two who put it back leave none. */
static void each_has_its_rights_and_the_umask_is_left_alone(void **state)
{
    static const struct {
        enum stir_file_mode mode;
        mode_t mask, rights;
    } rows[] = {{STIR_FILE_PUBLIC, 022, 0644},      {STIR_FILE_PUBLIC, 077, 0600},    {STIR_FILE_SECRET, 0, 0600},
                {STIR_FILE_SECRET_FORCED, 0, 0600}, {STIR_FILE_PUBLISHED, 077, 0644}, {STIR_FILE_PUBLISHED, 022, 0644}};
    char name[8];
    (void)state;
    folder_make();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(name, sizeof(name), "%zu", i);
        mode_t before = umask(rows[i].mask);
        int had = umasks;
        assert_int_equal(stir_file_write(path_in(name), S("words"), rows[i].mode), STIR_FILE_OK);
        assert_int_equal(umasks, had);
        umask(before);
        assert_int_equal(mode_of(name), rows[i].rights);
    }
    assert_int_equal(folder_count("", NULL), sizeof(rows) / sizeof(rows[0])); /* nothing is left beside */
    folder_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_rights_and_the_umask_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
