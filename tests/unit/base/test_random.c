/* Identities that sort by time. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void makes_identities_that_sort_by_their_time(void **state)
{
    (void)state;
    uint8_t before[UUID_BYTES];
    uint8_t after[UUID_BYTES];
    int64_t wall_us = INT64_C(1314522000123456);
    for (int i = 0; i < 1000; i++) {
        uuid7_make(random_system(), wall_us + i * 1000, before);
        uuid7_make(random_system(), wall_us + (i + 1) * 1000, after);
        assert_true(memcmp(before, after, UUID_BYTES) < 0);
        assert_true(uuid7_time_us(before) == (wall_us + i * 1000) / 1000 * 1000);
    }
}

static void never_makes_the_same_identity_twice_in_a_millisecond(void **state)
{
    (void)state;
    uint8_t a[UUID_BYTES];
    uint8_t b[UUID_BYTES];
    uuid7_make(random_system(), 0, a);
    uuid7_make(random_system(), 0, b);
    assert_memory_not_equal(a, b, UUID_BYTES);
}

static void refuses_other_versions_and_variants(void **state)
{
    (void)state;
    uint8_t uuid[UUID_BYTES];
    uuid7_make(random_system(), 5000, uuid);
    assert_true(uuid7_time_us(uuid) == 5000);
    uuid[6] = 0x40;
    assert_true(uuid7_time_us(uuid) == -1);
    uuid[6] = 0x70;
    uuid[8] = 0xC0;
    assert_true(uuid7_time_us(uuid) == -1);
}

static void gives_another_number_each_time(void **state)
{
    (void)state;
    assert_true(random_u64(random_system()) != random_u64(random_system()));
}

/* Numbers are drawn in advance: a child must not go on with its parent's. */
static void a_forked_process_draws_other_numbers(void **state)
{
    (void)state;
    enum { DRAWS = 8 };
    uint64_t own[DRAWS];
    uint64_t childs[DRAWS] = {0};
    int ends[2];
    (void)random_u64(random_system());
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    for (int i = 0; i < DRAWS; i++) {
        own[i] = random_u64(random_system());
    }
    if (child == 0) {
        _exit(write(ends[1], own, sizeof(own)) == sizeof(own) ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], childs, sizeof(childs)), sizeof(childs));
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(ends[0]);
    for (int i = 0; i < DRAWS; i++) {
        for (int j = 0; j < DRAWS; j++) {
            assert_true(own[i] != childs[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_identities_that_sort_by_their_time),
        cmocka_unit_test(a_forked_process_draws_other_numbers),
        cmocka_unit_test(never_makes_the_same_identity_twice_in_a_millisecond),
        cmocka_unit_test(refuses_other_versions_and_variants),
        cmocka_unit_test(gives_another_number_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
