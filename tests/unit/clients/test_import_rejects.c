/* The file of rows that were not taken. */
#include "clients/vafa/import_rejects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];
static char source_path[96];
static char rejected_path[96];
static struct import_csv *csv;

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_file(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    assert_int_equal(fclose(file), 0);
    text[size] = '\0';
    assert_string_equal(text, expected);
}

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_import_rejects.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(source_path, sizeof(source_path), "%s/in.csv", folder);
    snprintf(rejected_path, sizeof(rejected_path), "%s/out.csv", folder);
    write_text(source_path, "id,topic\n1,asphalt\n");
    return import_csv_open(&csv, source_path, NULL) == STATUS_OK ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    import_csv_close(csv);
    unlink(source_path);
    unlink(rejected_path);
    return rmdir(folder);
}

static void refuses_a_file_that_cannot_be_written_before_any_row(void **state)
{
    (void)state;
    struct import_rejects *rejects = NULL;
    struct error err = ERROR_NONE;
    char path[128];
    snprintf(path, sizeof(path), "%s/no/such/folder.csv", folder);
    assert_int_equal(import_rejects_new(&rejects, path, csv, &err), STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "rejected");
    assert_null(rejects);
}

static void leaves_no_file_when_every_row_was_taken(void **state)
{
    (void)state;
    struct import_rejects *rejects = NULL;
    assert_int_equal(import_rejects_new(&rejects, rejected_path, csv, NULL), STATUS_OK);
    assert_int_equal(import_rejects_close(rejects, NULL), STATUS_OK);
    import_rejects_free(rejects);
    assert_int_not_equal(access(rejected_path, F_OK), 0);
}

static void keeps_an_older_runs_rows_until_there_are_new_ones(void **state)
{
    (void)state;
    struct import_rejects *rejects = NULL;
    const char *const cells[] = {"1", "asphalt"};
    struct error why = ERROR_NONE;
    error_set(&why, STATUS_INVALID_ARGUMENT, "topic", "too long");
    write_text(rejected_path, "an older run's rows, more of them than will be written now: these");
    assert_int_equal(import_rejects_new(&rejects, rejected_path, csv, NULL), STATUS_OK);
    import_rejects_free(rejects);
    assert_file(rejected_path, "an older run's rows, more of them than will be written now: these");

    assert_int_equal(import_rejects_new(&rejects, rejected_path, csv, NULL), STATUS_OK);
    import_rejects_add(rejects, 2, cells, 2, &why);
    assert_int_equal(import_rejects_count(rejects), 1);
    assert_int_equal(import_rejects_close(rejects, NULL), STATUS_OK);
    import_rejects_free(rejects);
    assert_file(rejected_path, "id,topic,rejected_line,rejected_because\n"
                               "1,asphalt,2,topic: too long\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_a_file_that_cannot_be_written_before_any_row, make,
                                        clear),
        cmocka_unit_test_setup_teardown(leaves_no_file_when_every_row_was_taken, make, clear),
        cmocka_unit_test_setup_teardown(keeps_an_older_runs_rows_until_there_are_new_ones, make,
                                        clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
