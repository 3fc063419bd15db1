/*
 * The simulator finds bugs: each planted mistake (plants.c) is found within SEEDS_MAX seeds of DAYS
 * days, as a breach of the invariant it breaks, and without one the same seeds pass.
 *
 * Every seed runs in a process of its own, since a broken invariant ends it.
 */
#include "tests/sim/city_days.h"
#include "tests/sim/plants.h"
#include "tests/sim/trouble.h"

#include "base/check.h"
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
#define PLANTS_MAX 96
#define BROKEN "BROKEN: "

static _Noreturn void live(const char *plant, uint64_t seed)
{
    struct city_days_result result;
    const struct city_days_options options = {.seed = seed,
                                              .days = DAYS,
                                              .requests_a_day = CITY_DAYS_REQUESTS_DEFAULT,
                                              .troubles = TROUBLE_ALL};
    log_setup((enum log_level)(LOG_LEVEL_ERROR + 1), LOG_FORMAT_TEXT);
    invariants_watch();
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

/* Which invariant was found broken, INVARIANT_COUNT for none. `told`: all that is told of it. */
static enum invariant broken_by(const char *plant, uint64_t seed, char told[TOLD_SIZE])
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
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return INVARIANT_COUNT;
    }
    const char *broken = strstr(told, BROKEN); /* a CHECK has its say before */
    for (unsigned i = 0; broken != NULL && i < INVARIANT_COUNT; i++) {
        const char *title = invariant_title((enum invariant)i);
        if (strncmp(broken + strlen(BROKEN), title, strlen(title)) == 0 &&
            broken[strlen(BROKEN) + strlen(title)] == '\n') {
            return (enum invariant)i;
        }
    }
    fail_msg("seed %llu ended of itself: %s", (unsigned long long)seed, told);
    return INVARIANT_COUNT;
}

/* Found as what it is: what else it broke in an earlier seed is told, and does not count. */
static void finds_the_planted_mistake(void **state)
{
    const struct plant *plant = *state;
    char told[TOLD_SIZE];
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        enum invariant broken = broken_by(plant->name, seed, told);
        if (broken == INVARIANT_COUNT) {
            continue;
        }
        const char *why = strstr(told, BROKEN) + strlen(BROKEN) + strlen(invariant_title(broken));
        why += strspn(why, "\n ");
        print_message("%s: seed %llu of at most %d: %s: %.*s\n", plant->name,
                      (unsigned long long)seed, SEEDS_MAX, invariant_title(broken),
                      (int)strcspn(why, "\n"), why);
        if (broken == plant->breaks || broken == plant->or_else) {
            return;
        }
    }
    fail_msg("%s did not break \"%s\" in %d seeds of %d days", plant->name,
             invariant_title(plant->breaks), SEEDS_MAX, DAYS);
}

static void finds_nothing_where_nothing_is_planted(void **state)
{
    char told[TOLD_SIZE];
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS_MAX; seed++) {
        if (broken_by(NULL, seed, told) != INVARIANT_COUNT) {
            fail_msg("%s", told);
        }
    }
}

static void has_a_plant_for_every_invariant(void **state)
{
    (void)state;
    for (unsigned i = 0; i < INVARIANT_COUNT; i++) {
        size_t at = 0;
        while (at < plants_count && plants[at].breaks != (enum invariant)i) {
            at++;
        }
        if (at == plants_count) {
            fail_msg("no plant breaks \"%s\"", invariant_title((enum invariant)i));
        }
    }
}

static void knows_its_plants_by_name(void **state)
{
    (void)state;
    assert_string_equal(plants_find("key_forgotten")->name, "key_forgotten");
    assert_null(plants_find("nosuch"));
    assert_null(plants_find(""));
}

int main(void)
{
    static char names[PLANTS_MAX][64];
    struct CMUnitTest tests[PLANTS_MAX + 3] = {
        cmocka_unit_test(has_a_plant_for_every_invariant),
        cmocka_unit_test(knows_its_plants_by_name),
        cmocka_unit_test(finds_nothing_where_nothing_is_planted),
    };
    CHECK(plants_count <= PLANTS_MAX);
    for (size_t i = 0; i < plants_count; i++) {
        (void)snprintf(names[i], sizeof names[i], "finds_%s", plants[i].name);
        tests[i + 3] = (struct CMUnitTest){.name = names[i],
                                           .test_func = finds_the_planted_mistake,
                                           .initial_state = (void *)(uintptr_t)&plants[i]};
    }
    return _cmocka_run_group_tests("plants", tests, plants_count + 3, NULL, NULL);
}
