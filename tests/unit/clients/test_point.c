/* Points as people write them. */
#include "clients/vafa/point.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void reads_digits_and_separators_of_both_scripts(void **state)
{
    (void)state;
    const char *const texts[] = {"32.6,51.5", "۳۲٫۶,۵۱٫۵", "۳۲.۶،۵۱.۵", " 32.6 , 51.5 "};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        double latitude = 0;
        double longitude = 0;
        assert_int_equal(point_read(texts[i], &latitude, &longitude, NULL), STATUS_OK);
        assert_true(latitude == 32.6 && longitude == 51.5);
    }
}

static void refuses_what_is_no_pair_of_numbers(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",         "32.6",     "32.6,", ",51.5",   "32.6;51.5", "32.6,51.5,1", "32.6,x",
        "nan,51.5", "32.6,inf", "\xFF",  "99,51.5", "-90.1,0",   "0,180.5"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        double latitude = 1;
        double longitude = 2;
        struct error err = ERROR_NONE;
        assert_int_equal(point_read(bad[i], &latitude, &longitude, &err), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "point");
        assert_true(latitude == 1 && longitude == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_digits_and_separators_of_both_scripts),
        cmocka_unit_test(refuses_what_is_no_pair_of_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
