/* What the program tells its caller by its exit status. */
#include "clients/vafa/commands.h"
#include "clients/vafa/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int code_of(enum status status, const char *field)
{
    struct error err = ERROR_NONE;
    error_set(&err, status, field, "some reason");
    return output_exit_code(&err);
}

static void what_does_not_exist_has_a_code_of_its_own_and_what_is_wrong_has_not(void **state)
{
    (void)state;
    assert_int_equal(code_of(STATUS_NOT_FOUND, "unit"), EXIT_NOT_FOUND);
    assert_int_equal(code_of(STATUS_NOT_FOUND, "topics"), EXIT_NOT_FOUND);
    assert_int_equal(code_of(STATUS_INVALID_ARGUMENT, "to_unit"), EXIT_REFUSED);
    assert_int_equal(code_of(STATUS_INVALID_ARGUMENT, "topic"), EXIT_REFUSED);
}

static void tells_a_refused_url_from_a_server_that_is_away(void **state)
{
    (void)state;
    assert_int_equal(code_of(STATUS_INVALID_ARGUMENT, "connect"), EXIT_USAGE);
    assert_int_equal(code_of(STATUS_UNAVAILABLE, "intake"), EXIT_UNREACHABLE);
    assert_int_equal(code_of(STATUS_DEADLINE_EXCEEDED, NULL), EXIT_UNREACHABLE);
    assert_int_equal(code_of(STATUS_NOT_FOUND, "data"), EXIT_UNREACHABLE);
}

static void calls_everything_else_a_refusal(void **state)
{
    (void)state;
    assert_int_equal(code_of(STATUS_INVALID_ARGUMENT, "phone"), EXIT_REFUSED);
    assert_int_equal(code_of(STATUS_PERMISSION_DENIED, "unit"), EXIT_REFUSED);
    assert_int_equal(code_of(STATUS_INTERNAL, NULL), EXIT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_exist_has_a_code_of_its_own_and_what_is_wrong_has_not),
        cmocka_unit_test(tells_a_refused_url_from_a_server_that_is_away),
        cmocka_unit_test(calls_everything_else_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
