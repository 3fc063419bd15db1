/* Tables as people and spreadsheets write them. */
#include "city/csv_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct csv_column columns[] = {{"key", true}, {"name", true}, {"note", false}};

static struct csv_table *read_table(const char *text, struct findings *findings)
{
    return csv_table_read("t.csv", bytes_of_text(text), columns, 3, findings);
}

static void cells_keep_their_line_across_comments_and_long_cells(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct csv_table *table =
        read_table("# one\nkey,name\na,\"x\ny\n# no comment\"\n\n# two\nb,z\n", &findings);
    assert_int_equal(findings.count, 0);
    assert_int_equal(csv_table_rows(table), 2);
    assert_int_equal(csv_table_line(table, 0), 3);
    assert_string_equal(csv_table_cell(table, 0, 1), "x\ny\n# no comment");
    assert_int_equal(csv_table_line(table, 1), 8);
    assert_string_equal(csv_table_cell(table, 1, 0), "b");
    assert_string_equal(csv_table_cell(table, 1, 2), ""); /* the column is not there */
    csv_table_free(table);
}

static void columns_may_stand_in_any_order(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct csv_table *table = read_table("note,name,key\n1,2,3\n", &findings);
    assert_int_equal(findings.count, 0);
    assert_string_equal(csv_table_cell(table, 0, 0), "3");
    assert_string_equal(csv_table_cell(table, 0, 1), "2");
    assert_string_equal(csv_table_cell(table, 0, 2), "1");
    csv_table_free(table);
}

static void good_rows_are_kept_beside_bad_ones(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct csv_table *table = read_table("key,name\na,b\nc\nd,e,f\ng,h\n", &findings);
    assert_int_equal(findings.errors, 2);
    assert_int_equal(findings.first_error.line, 3);
    assert_int_equal(csv_table_rows(table), 2);
    assert_string_equal(csv_table_cell(table, 1, 0), "g");
    csv_table_free(table);
}

static void cells_rows_and_columns_have_bounds(void **state)
{
    (void)state;
    struct findings findings = {0};
    struct buffer text = BUFFER_EMPTY;
    buffer_append_text(&text, "key,name\na,");
    for (int i = 0; i < CSV_CELL_SIZE_MAX + 1; i++) {
        buffer_append_text(&text, "x");
    }
    csv_table_free(read_table(buffer_text(&text), &findings));
    assert_int_equal(findings.errors, 1);

    findings = (struct findings){0};
    buffer_clear(&text);
    buffer_append_text(&text, "key,name\n");
    for (int i = 0; i < CSV_ROWS_MAX + 1; i++) {
        buffer_append_text(&text, "a,b\n");
    }
    struct csv_table *table = read_table(buffer_text(&text), &findings);
    assert_int_equal(csv_table_rows(table), CSV_ROWS_MAX);
    assert_int_equal(findings.errors, 1);
    assert_int_equal(findings.first_error.line, CSV_ROWS_MAX + 2);
    csv_table_free(table);

    findings = (struct findings){0};
    buffer_clear(&text);
    for (int i = 0; i < 10000; i++) {
        buffer_append_text(&text, "key,");
    }
    csv_table_free(read_table(buffer_text(&text), &findings));
    assert_int_equal(findings.errors, 1);
    buffer_fini(&text);
}

static void any_bytes_give_findings_and_no_crash(void **state)
{
    (void)state;
    static const char alphabet[] = "a,\"\n\r# ;key\t";
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[64] = "key,name\n";
        size_t start = round % 2 == 0 ? strlen(text) : 0;
        for (size_t i = start; i < sizeof(text) - 1; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
        }
        text[sizeof(text) - 1] = '\0';
        struct findings findings = {0};
        struct csv_table *table = read_table(text, &findings);
        for (size_t row = 0; row < csv_table_rows(table); row++) {
            assert_true(csv_table_line(table, row) >= 1);
            assert_true(strlen(csv_table_cell(table, row, 1)) < sizeof(text));
        }
        csv_table_free(table);
    }
}

static void quoted_text_in_messages_is_cut_between_characters(void **state)
{
    (void)state;
    struct findings_quote quote = findings_quote("short\n");
    assert_string_equal(quote.text, "short?");
    char text[200] = "x";
    for (int i = 0; i < 60; i++) {
        strcat(text, "م");
    }
    quote = findings_quote(text);
    assert_int_equal(strlen(quote.text), 1 + 2 * 29 + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_keep_their_line_across_comments_and_long_cells),
        cmocka_unit_test(columns_may_stand_in_any_order),
        cmocka_unit_test(good_rows_are_kept_beside_bad_ones),
        cmocka_unit_test(cells_rows_and_columns_have_bounds),
        cmocka_unit_test(any_bytes_give_findings_and_no_crash),
        cmocka_unit_test(quoted_text_in_messages_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
