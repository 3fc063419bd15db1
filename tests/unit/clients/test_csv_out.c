/* CSV that spreadsheets read and never run. */
#include "clients/vafa/csv_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_cell(const char *text, const char *cell)
{
    struct buffer out = BUFFER_EMPTY;
    csv_out_text(&out, text);
    assert_string_equal(buffer_text(&out), cell);
    buffer_fini(&out);
}

static void makes_formulas_harmless(void **state)
{
    (void)state;
    assert_cell("=1+1", "'=1+1");
    assert_cell("+98", "'+98");
    assert_cell("-2", "'-2");
    assert_cell("@SUM(A1)", "'@SUM(A1)");
    assert_cell("\tx", "'\tx");
    assert_cell("=HYPERLINK(\"a\",\"b\")", "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
}

static void quotes_only_what_needs_it(void **state)
{
    (void)state;
    assert_cell("", "");
    assert_cell("آسفالت", "آسفالت");
    assert_cell("a,b", "\"a,b\"");
    assert_cell("say \"no\"", "\"say \"\"no\"\"\"");
    assert_cell("two\nlines", "\"two\nlines\"");
    assert_cell("a=b", "a=b");
}

static void leaves_numbers_as_they_are(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    csv_out_plain(&out, "-71.0587");
    assert_string_equal(buffer_text(&out), "-71.0587");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_formulas_harmless),
        cmocka_unit_test(quotes_only_what_needs_it),
        cmocka_unit_test(leaves_numbers_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
