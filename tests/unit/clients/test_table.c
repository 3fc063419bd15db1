/* Columns stand straight whatever the script. */
#include "clients/vafa/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static char *printed(const struct table *table)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    table_print(table, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void aligns_persian_and_latin_by_their_width(void **state)
{
    (void)state;
    struct table *table = table_new(2);
    table_head(table, 0, "واحد");
    table_head(table, 1, "شمار");
    table_align_right(table, 1);
    table_cell(table, "آسفالت و لکه‌گیری"); /* its ZWNJ takes no column */
    table_cell(table, "7");
    table_cell(table, "PWD");
    table_cell(table, "12345");
    char *text = printed(table);
    assert_string_equal(text, "واحد               شمار\n"
                              "────────────────  ─────\n"
                              "آسفالت و لکه‌گیری      7\n"
                              "PWD               12345\n");
    free(text);
    table_free(table);
}

static void leaves_no_blanks_at_the_end_of_a_line(void **state)
{
    (void)state;
    struct table *table = table_new(2);
    table_cell(table, "a");
    table_cell(table, "");
    table_cell(table, "a");
    table_cell(table, "long");
    char *text = printed(table);
    assert_string_equal(text, "a  \na  long\n");
    free(text);
    table_free(table);
}

static void lets_no_text_drive_the_terminal(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    table_plain_text(&out, "a\033[2Jb\nc\td\x7F\xC2\x9B"
                           "e\xD8\xA7");
    assert_string_equal(buffer_text(&out), "a [2Jb c d  e\xD8\xA7");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_persian_and_latin_by_their_width),
        cmocka_unit_test(leaves_no_blanks_at_the_end_of_a_line),
        cmocka_unit_test(lets_no_text_drive_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
