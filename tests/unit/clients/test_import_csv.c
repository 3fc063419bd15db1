/* Exports as they come: marks, quotes, line ends, truncation. */
#include "clients/vafa/import_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char path[64];

static int make_path(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_import_csv.XXXXXX");
    int fd = mkstemp(path);
    return fd >= 0 ? close(fd) : -1;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_bytes(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static struct import_csv *open_text(const char *text)
{
    struct import_csv *csv;
    write_bytes(text, strlen(text));
    assert_int_equal(import_csv_open(&csv, path, NULL), STATUS_OK);
    return csv;
}

static const struct import_csv_row *next(struct import_csv *csv)
{
    const struct import_csv_row *row;
    assert_int_equal(import_csv_next(csv, &row, NULL), STATUS_OK);
    return row;
}

static void reads_rows_with_the_lines_on_which_they_begin(void **state)
{
    (void)state;
    struct import_csv *csv =
        open_text("\xEF\xBB\xBF id , name\r\n1,\"two\r\nlines, and \"\"quotes\"\"\"\r\n"
                  "\r\n\n2,آسفالت\n3,last");
    assert_int_equal(import_csv_columns(csv), 2);
    assert_int_equal(import_csv_find(csv, "id"), 0);
    assert_int_equal(import_csv_find(csv, "name"), 1);
    assert_int_equal(import_csv_find(csv, "none"), -1);
    const struct import_csv_row *row = next(csv);
    assert_int_equal(row->line, 2);
    assert_string_equal(row->cells[1], "two\nlines, and \"quotes\"");
    row = next(csv);
    assert_int_equal(row->line, 6);
    assert_string_equal(row->cells[1], "آسفالت");
    row = next(csv);
    assert_int_equal(row->line, 7);
    assert_string_equal(row->cells[1], "last");
    assert_null(next(csv));
    assert_null(next(csv));
    import_csv_close(csv);
}

static void reads_every_kind_of_line_end(void **state)
{
    (void)state;
    struct import_csv *csv = open_text("id,name\r1,a\r2,b\r\n3,c\n4,\"d\re\"\r");
    static const char *const names[] = {"a", "b", "c", "d\ne"};
    for (size_t i = 0; i < 4; i++) {
        const struct import_csv_row *row = next(csv);
        assert_int_equal(row->line, i + 2);
        assert_int_equal(row->cell_count, 2);
        assert_string_equal(row->cells[1], names[i]);
    }
    assert_null(next(csv));
    import_csv_close(csv);
}

static void counts_lines_where_kinds_of_line_end_are_mixed(void **state)
{
    (void)state;
    struct import_csv *csv = open_text("id\n1\r2\n3\r\n4\n");
    for (uint64_t line = 2; line <= 5; line++) {
        assert_int_equal(next(csv)->line, line);
    }
    assert_null(next(csv));
    import_csv_close(csv);
}

static void passes_over_lines_of_blanks(void **state)
{
    (void)state;
    struct import_csv *csv = open_text("id\n1\n   \n2\n\t\n\n3\n");
    assert_int_equal(next(csv)->line, 2);
    assert_int_equal(next(csv)->line, 4);
    assert_int_equal(next(csv)->line, 7);
    assert_null(next(csv));
    import_csv_close(csv);
}

static void does_not_keep_a_row_that_has_no_end(void **state)
{
    (void)state;
    enum { SIZE = 8 * 1024 * 1024 };
    char *text = malloc(SIZE + 1);
    assert_non_null(text);
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    memcpy(text, "id\n1\n\"", 6);
    struct import_csv *csv = open_text(text);
    const struct import_csv_row *row;
    struct error err;
    assert_int_equal(next(csv)->line, 2);
    assert_int_equal(import_csv_next(csv, &row, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, ":3: the row has no end"));
    import_csv_close(csv);
    free(text);
}

static void reads_gzipped_files_by_their_content(void **state)
{
    (void)state;
    gzFile file = gzopen(path, "w");
    assert_non_null(file);
    gzputs(file, "id\n1\n");
    assert_int_equal(gzclose(file), Z_OK);
    struct import_csv *csv;
    assert_int_equal(import_csv_open(&csv, path, NULL), STATUS_OK);
    assert_string_equal(next(csv)->cells[0], "1");
    assert_null(next(csv));
    import_csv_close(csv);
}

static void tells_a_gzipped_file_that_is_cut_short(void **state)
{
    (void)state;
    char bytes[65536];
    gzFile file = gzopen(path, "w");
    assert_non_null(file);
    gzputs(file, "id\n");
    for (int i = 0; i < 20000; i++) {
        gzprintf(file, "%d\n", rand());
    }
    assert_int_equal(gzclose(file), Z_OK);
    FILE *whole = fopen(path, "r");
    size_t size = fread(bytes, 1, sizeof(bytes), whole);
    fclose(whole);
    write_bytes(bytes, size / 2);
    struct import_csv *csv;
    const struct import_csv_row *row = NULL;
    enum status status = import_csv_open(&csv, path, NULL);
    assert_int_equal(status, STATUS_OK);
    do {
        status = import_csv_next(csv, &row, NULL);
    } while (status == STATUS_OK && row != NULL);
    assert_int_equal(status, STATUS_FAILED_PRECONDITION);
    import_csv_close(csv);
}

static void marks_rows_that_cannot_be_used_and_goes_on(void **state)
{
    (void)state;
    struct buffer text = BUFFER_EMPTY;
    buffer_append_text(&text, "id,name\n1,");
    memset(buffer_extend(&text, IMPORT_CSV_ROW_BYTES_MAX + 1), 'x', IMPORT_CSV_ROW_BYTES_MAX + 1);
    buffer_append(&text, "\n2,a\0b\n3,good\n", 14);
    write_bytes((const char *)text.data, text.size);
    buffer_fini(&text);
    struct import_csv *csv;
    assert_int_equal(import_csv_open(&csv, path, NULL), STATUS_OK);
    const struct import_csv_row *row = next(csv);
    assert_int_equal(row->line, 2);
    assert_string_equal(row->trouble, "the row is too long");
    row = next(csv);
    assert_int_equal(row->line, 3);
    assert_string_equal(row->trouble, "there is a NUL in the row");
    row = next(csv);
    assert_null(row->trouble);
    assert_string_equal(row->cells[1], "good");
    import_csv_close(csv);
}

static void tells_a_quote_that_never_closes(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    struct import_csv *csv = open_text("id,name\n1,a\n2,\"never\n3,c\n");
    const struct import_csv_row *row;
    assert_string_equal(next(csv)->cells[0], "1");
    assert_int_equal(import_csv_next(csv, &row, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, ":3: "));
    import_csv_close(csv);
}

static void refuses_what_is_no_file_or_has_no_head(void **state)
{
    (void)state;
    struct import_csv *csv;
    assert_int_equal(import_csv_open(&csv, "/nowhere/x.csv", NULL), STATUS_NOT_FOUND);
    write_bytes("", 0);
    assert_int_equal(import_csv_open(&csv, path, NULL), STATUS_INVALID_ARGUMENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_path, remove_path)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_rows_with_the_lines_on_which_they_begin),
        TEST(reads_every_kind_of_line_end),
        TEST(counts_lines_where_kinds_of_line_end_are_mixed),
        TEST(passes_over_lines_of_blanks),
        TEST(does_not_keep_a_row_that_has_no_end),
        TEST(reads_gzipped_files_by_their_content),
        TEST(tells_a_gzipped_file_that_is_cut_short),
        TEST(marks_rows_that_cannot_be_used_and_goes_on),
        TEST(tells_a_quote_that_never_closes),
        TEST(refuses_what_is_no_file_or_has_no_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
