/* Numbers as people write them, in one form. */
#include "text/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *text, const char *number)
{
    struct buffer out = BUFFER_EMPTY;
    struct error err = ERROR_NONE;
    buffer_append_text(&out, "=");
    enum status status = decimal_fold(text, 6, &out, &err);
    if (number == NULL) {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_string_equal(buffer_text(&out), "="); /* untouched */
    } else {
        assert_int_equal(status, STATUS_OK);
        assert_string_equal(buffer_text(&out) + 1, number);
    }
    buffer_fini(&out);
}

static void gives_equal_numbers_one_form(void **state)
{
    (void)state;
    expect("40", "40");
    expect("040", "40");
    expect("40.0", "40");
    expect("007.50", "7.5");
    expect("0.5", "0.5");
    expect("00", "0");
    expect("-0.0", "0");
    expect("-3.10", "-3.1");
    expect("100", "100");
}

static void reads_persian_digits_and_the_persian_separator(void **state)
{
    (void)state;
    expect("۴۰", "40");
    expect("۲۵٫۵", "25.5");
    expect("٤٠٫٥٠", "40.5");
}

static void refuses_what_is_no_number(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",          "-",   ".5",  "5.",  "1e3",   "1,000", "+4",
        "4 0",       " 4",  "--4", "0x4", "4.5.6", "چهل",   "1234567890123456",
        "1.1234567", "\xff"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        expect(others[i], NULL);
    }
    expect("123456789012345.123456", "123456789012345.123456");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_equal_numbers_one_form),
        cmocka_unit_test(reads_persian_digits_and_the_persian_separator),
        cmocka_unit_test(refuses_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
