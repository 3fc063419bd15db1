/* A seed is a seed: the same one is the same story, another is another. */
#include "tests/sim/city_days.h"
#include "tests/sim/trouble.h"

#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

static void live(uint64_t seed, struct city_days_result *ret_result)
{
    const struct city_days_options options = {.seed = seed,
                                              .days = 8,
                                              .requests_a_day = CITY_DAYS_REQUESTS_DEFAULT,
                                              .troubles = TROUBLE_ALL};
    city_days_run(&options, ret_result);
}

static void gives_the_same_digest_to_the_same_seed(void **state)
{
    struct city_days_result first, second, other;
    (void)state;
    live(4, &first);
    live(4, &second);
    live(5, &other);
    assert_memory_equal(first.digest, second.digest, STORY_DIGEST_BYTES);
    assert_memory_not_equal(first.digest, other.digest, STORY_DIGEST_BYTES);
}

/* Else the seeds would pass because nothing happens in them. */
static void a_seed_has_all_of_life_in_it(void **state)
{
    struct city_days_result result;
    size_t surges = 0; /* not in each eight days */
    (void)state;
    for (uint64_t seed = 8; seed < 11; seed++) {
        live(seed, &result);
        surges += result.figures.surges;
    }
    assert_true(result.figures.requests > 30);
    assert_true(result.figures.tasks_done > 20);
    assert_true(result.figures.calls > 10);
    assert_true(result.figures.answers > 5);
    assert_true(result.figures.same_answers > 50);
    assert_true(result.figures.rings > 20);
    assert_true(result.figures.chases > 3);
    assert_true(surges > 0);
    assert_true(result.figures.key_changes > 1);
    assert_true(result.crashes > 5);
}

static void knows_the_kinds_of_trouble(void **state)
{
    unsigned kinds = 77;
    (void)state;
    assert_true(trouble_parse("network,clock", &kinds));
    assert_int_equal(kinds, TROUBLE_NETWORK | TROUBLE_CLOCK);
    assert_true(trouble_parse("none", &kinds));
    assert_int_equal(kinds, 0);
    assert_true(trouble_parse("all", &kinds));
    assert_int_equal(kinds, TROUBLE_ALL);
    assert_false(trouble_parse("netw", &kinds));
    assert_false(trouble_parse("disk,floods", &kinds));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_same_digest_to_the_same_seed),
        cmocka_unit_test(a_seed_has_all_of_life_in_it),
        cmocka_unit_test(knows_the_kinds_of_trouble),
    };
    log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
