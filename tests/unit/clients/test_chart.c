/* Bars fill the room there is. */
#include "clients/vafa/chart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static char *printed(const struct chart_bar *bars, size_t count, size_t columns)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    chart_print(bars, count, columns, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void draws_the_largest_over_the_whole_room_and_eighths_of_it(void **state)
{
    (void)state;
    const struct chart_bar bars[] = {
        {.label = "روز", .value = 16, .shown = "16"},
        {.label = "b", .value = 1, .shown = "1"},
        {.label = "c", .value = 0, .shown = "0"},
        {.label = "d", .value = 9, .shown = "–", .missing = true},
    };
    char *text = printed(bars, 4, 24); /* 24 - 3 - 2 - 3 = 16 columns of bar */
    assert_string_equal(text, "روز  ████████████████ 16\n"
                              "b    █ 1\n"
                              "c    0\n"
                              "d    –\n");
    free(text);
}

static void draws_nothing_when_there_is_nothing(void **state)
{
    (void)state;
    const struct chart_bar bars[] = {{.label = "a", .value = 0, .shown = "0"}};
    char *text = printed(bars, 1, 40);
    assert_string_equal(text, "a  0\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_largest_over_the_whole_room_and_eighths_of_it),
        cmocka_unit_test(draws_nothing_when_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
