/* What a check of a data folder has found. */
#include "clients/vafa/verify_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void reads_what_is_good_and_what_is_damaged(void **state)
{
    (void)state;
    struct verify_line line;
    assert_true(verify_text_read(
        "intake    good: 5 events of its own and 7 followed; chain and tables hold\n", &line));
    assert_string_equal(line.service, "intake");
    assert_true(line.good);
    assert_int_equal(line.events, 5);
    assert_int_equal(line.followed, 7);
    assert_true(verify_text_read("followup  DAMAGED: event 3: the hash is another\n", &line));
    assert_string_equal(line.service, "followup");
    assert_false(line.good);
    assert_string_equal(line.finding, "event 3: the hash is another");
}

static void leaves_other_lines_alone(void **state)
{
    (void)state;
    struct verify_line line;
    const char *const others[] = {"", "\n", "intake\n", "Restore the last backup set\n",
                                  "intake good: many events\n"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(verify_text_read(others[i], &line));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_good_and_what_is_damaged),
        cmocka_unit_test(leaves_other_lines_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
