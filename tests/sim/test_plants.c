/*
 * The simulator finds bugs: each planted mistake (base/plant.h) is found within SEEDS_MAX seeds of
 * DAYS days, and without one the same seeds pass.
 *
 * Every seed runs in a process of its own, since a broken invariant ends it.
 */
#include "tests/sim/city_days.h"
#include "tests/sim/trouble.h"

#include "base/log.h"
#include "base/plant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define SEEDS_MAX 10
#define DAYS 8
#define TOLD_SIZE 8192

static const char *const plants[] = {
    "answer_before_commit",
    "cursor_in_another_transaction",
    "key_forgotten",
    "timer_lost_on_crash",
    "doubled_message_applied_twice",
    "acknowledged_too_far",
    "office_not_told_of_return",
    "counter_not_counted_down",
    "chain_head_not_moved",
    "at_least_ignored",
    "event_skipped_on_restart",
    "effects_before_causes",
    "clock_followed_backwards",
    "full_disk_acknowledged",
    "call_handed_out_twice",
    "journal_not_replayed",
    "key_outlives_the_forgotten",
    "pause_not_counted",
    "closure_forgotten",
    "joined_not_told",
    "joined_not_called",
    "open_call_never_closed",
    "chase_counted_twice",
    "taken_back_not_left",
    "storm_never_ends",
    "storm_forgets_open_tasks",
    "surge_never_ends",
    "surge_begins_again",
    "taken_pack_forgotten",
    "chased_left_in_place",
    "returned_alarm_forgotten",
    "answers_not_ruled",
    "amended_left_in_place",
    "urgent_caller_unheard",
    "urgent_not_hastened",
    "session_never_ends",
    "session_not_told_who_has_it",
    "session_not_shown_what_is_under_it",
    "caller_not_taken",
    "call_passed_over",
    "outside_stays_open",
};
#define PLANTS (sizeof plants / sizeof plants[0])

static _Noreturn void live(const char *plant, uint64_t seed)
{
    struct city_days_result result;
    const struct city_days_options options = {.seed = seed,
                                              .days = DAYS,
                                              .requests_a_day = CITY_DAYS_REQUESTS_DEFAULT,
                                              .troubles = TROUBLE_ALL};
    log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORMAT_TEXT);
    plant_choose(plant);
    city_days_run(&options, &result);
    exit(0);
}

/* All that the seed says of itself; the rest is read, and forgotten. */
static void read_all(int from, char told[TOLD_SIZE])
{
    size_t size = 0;
    char more[1024];
    ssize_t got;
    while ((got = read(from, more, sizeof more)) > 0) {
        size_t room = TOLD_SIZE - 1 - size;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(told + size, more, kept);
        size += kept;
    }
    told[size] = '\0';
}

/* True: an invariant was found broken, which `told` tells. */
static bool is_found(const char *plant, uint64_t seed, char told[TOLD_SIZE])
{
    int ends[2];
    int status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        if (dup2(ends[1], STDERR_FILENO) < 0) {
            _exit(2);
        }
        live(plant, seed);
    }
    close(ends[1]);
    read_all(ends[0], told);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    if (failed && strncmp(told, "BROKEN: ", 8) != 0) {
        fail_msg("seed %llu ended of itself: %s", (unsigned long long)seed, told);
    }
    return failed;
}

static void finds_the_planted_mistake(void **state)
{
    const char *plant = *state;
    char told[TOLD_SIZE];
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        if (is_found(plant, seed, told)) {
            told[strcspn(told, "\n")] = '\0';
            print_message("%s: found in seed %llu of at most %d: %s\n", plant,
                          (unsigned long long)seed, SEEDS_MAX, told);
            return;
        }
    }
    fail_msg("%s was not found in %d seeds of %d days", plant, SEEDS_MAX, DAYS);
}

static void finds_nothing_where_nothing_is_planted(void **state)
{
    char told[TOLD_SIZE];
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        if (is_found(NULL, seed, told)) {
            fail_msg("%s", told);
        }
    }
}

int main(void)
{
    static char names[PLANTS][64];
    struct CMUnitTest tests[PLANTS + 1];
    for (size_t i = 0; i < PLANTS; i++) {
        (void)snprintf(names[i], sizeof names[i], "finds_%s", plants[i]);
        tests[i] = (struct CMUnitTest){.name = names[i],
                                       .test_func = finds_the_planted_mistake,
                                       .initial_state = (void *)(uintptr_t)plants[i]};
    }
    tests[PLANTS] = (struct CMUnitTest)cmocka_unit_test(finds_nothing_where_nothing_is_planted);
    return cmocka_run_group_tests_name("plants", tests, NULL, NULL);
}
