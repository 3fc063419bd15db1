/* Error texts. */
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static void names_every_status_and_reads_unknown_numbers_as_unknown(void **state)
{
    (void)state;
    assert_string_equal(status_name(STATUS_OK), "OK");
    assert_string_equal(status_name(STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
    assert_string_equal(status_name((enum status)17), "UNKNOWN");
    assert_string_equal(status_name((enum status) - 1), "UNKNOWN");
    for (int i = 0; i < STATUS_COUNT; i++) {
        assert_non_null(status_name((enum status)i));
    }
}

static void cuts_long_text_at_a_character_boundary(void **state)
{
    (void)state;
    char text[600] = "x";
    for (int i = 0; i < 200; i++) {
        strcat(text, "د"); /* two bytes each, so that 255 falls inside one */
    }
    struct error err;
    assert_int_equal(error_set(&err, STATUS_ABORTED, text, "%s", text), STATUS_ABORTED);
    assert_int_equal(strlen(err.message), 255);
    assert_int_equal(strlen(err.field), 63);
    memmove(text, text + 1, strlen(text));
    error_set(&err, STATUS_ABORTED, text, "%s", text);
    assert_int_equal(strlen(err.message), 254);
    assert_int_equal(strlen(err.field), 62);
}

static void makes_text_of_whatever_it_quotes(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, STATUS_ABORTED, "n\xFF", "\"%.3s\" and \"%s\"", "\u0645\u0645", "a\xFE");
    assert_string_equal(err.message, "\"\u0645?\" and \"a?\"");
    assert_string_equal(err.field, "n?");
}

static void wraps_an_error_in_its_own_words(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, STATUS_NOT_FOUND, "unit", "no such unit");
    error_set(&err, err.status, err.field, "reading the pack: %s", err.message);
    assert_string_equal(err.field, "unit");
    assert_string_equal(err.message, "reading the pack: no such unit");
}

static void adds_the_reason_of_errno(void **state)
{
    (void)state;
    struct error err;
    error_set_errno(&err, STATUS_UNAVAILABLE, ENOENT, "opening %s", "a");
    assert_string_equal(err.message, "opening a: No such file or directory");
    assert_string_equal(err.field, "");
    assert_int_equal(error_set(NULL, STATUS_ABORTED, NULL, "nobody listens"), STATUS_ABORTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_status_and_reads_unknown_numbers_as_unknown),
        cmocka_unit_test(cuts_long_text_at_a_character_boundary),
        cmocka_unit_test(makes_text_of_whatever_it_quotes),
        cmocka_unit_test(wraps_an_error_in_its_own_words),
        cmocka_unit_test(adds_the_reason_of_errno),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
