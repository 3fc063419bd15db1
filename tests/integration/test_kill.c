/*
 * The killer: a city works while its services are killed, paused, stopped and started at random moments,
 * or the power goes, and whatever anybody was told stays true (people.h, ledger.h).
 *
 * TEST_SEED=N repeats a run's moments, as far as moments repeat. TEST_ROUNDS=N: so many rounds of
 * EVENTS moments each, instead of a short run.
 */
#include "tests/integration/disk.h"
#include "tests/integration/people.h"
#include "tests/integration/shell.h"
#include "tests/support/memory.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS (TEST_SANITIZED ? 1 : 2)
#define EVENTS 12 /* in a round */
#define POWER_ROUNDS 1
#define EVENTS_MAX 60 /* until power has been lost while something was on its way to the disk */

struct scene {
    char pack[64];
    struct system *system;
    struct ledger *ledger;
    struct people *people;
    struct disk disk; /* of who loses power */
    bool has_disk;
    unsigned seed;
    unsigned kills, pauses, stops;
    unsigned hits; /* losses of power that lost something */
    uint64_t lost;
};

static unsigned number_of(const char *variable, unsigned otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : (unsigned)strtoul(text, NULL, 10);
}

static int set_up_on(void **state, bool volatile_disk)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->has_disk = volatile_disk;
    if (volatile_disk) {
        disk_init(&scene->disk);
        disk_set(&scene->disk, FAULT_DISK_VOLATILE);
    }
    shell_make_pack(scene->pack);
    scene->seed = number_of("TEST_SEED", (unsigned)time(NULL) ^ (unsigned)getpid());
    print_message("TEST_SEED=%u\n", scene->seed);
    scene->system = system_new(scene->pack);
    scene->ledger = ledger_new();
    scene->people = people_new(scene->system, scene->ledger, scene->seed);
    *state = scene;
    return 0;
}

static int set_up(void **state)
{
    return set_up_on(state, false);
}

static int set_up_volatile(void **state)
{
    return set_up_on(state, true);
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    people_free(scene->people);
    ledger_free(scene->ledger);
    system_free(scene->system);
    if (scene->has_disk) {
        disk_fini(&scene->disk);
    }
    shell_run("rm -r %s", scene->pack);
    free(scene);
    return 0;
}

/* --- what happens to the services --- */

static unsigned one_of(struct scene *scene, unsigned count)
{
    return (unsigned)rand_r(&scene->seed) % count;
}

/* A moment, not a wait for anything. */
static void let_pass(struct scene *scene, unsigned ms_max)
{
    (void)poll(NULL, 0, (int)one_of(scene, ms_max));
}

static void kill_one(struct scene *scene, size_t victim)
{
    system_kill(scene->system, victim);
    scene->kills++;
}

/* Killed again while it reads what the first kill has left. */
static void kill_while_it_starts(struct scene *scene, size_t victim)
{
    kill_one(scene, victim);
    system_start_begin(scene->system, victim);
    let_pass(scene, 60);
    kill_one(scene, victim);
    system_start(scene->system, victim);
}

/* Its callers wait, give up and try again meanwhile. */
static void pause_one(struct scene *scene, size_t victim)
{
    system_pause(scene->system, victim);
    scene->pauses++;
    let_pass(scene, 600);
    if (one_of(scene, 2) == 0) {
        system_resume(scene->system, victim);
    } else {
        kill_one(scene, victim);
        system_start(scene->system, victim);
    }
}

static void kill_everything(struct scene *scene)
{
    system_kill_all(scene->system);
    scene->kills += (unsigned)scene->system->program_count;
}

static void start_everything(struct scene *scene)
{
    for (size_t i = scene->system->program_count; i-- > 0;) {
        system_start(scene->system, i);
    }
}

/* What was written and not synced goes: all of it, some writes, or some sectors. */
static void lose_power(struct scene *scene)
{
    kill_everything(scene);
    uint64_t lost =
        disk_lose(scene->system, (enum disk_loss)one_of(scene, DISK_LOSS_COUNT), &scene->seed);
    scene->lost += lost;
    scene->hits += lost > 0 ? 1 : 0;
    start_everything(scene);
}

static void something_happens(struct scene *scene)
{
    size_t victim = one_of(scene, (unsigned)scene->system->program_count);
    switch (one_of(scene, 8)) {
    case 0: kill_while_it_starts(scene, victim); break;
    case 1:
    case 2: pause_one(scene, victim); break;
    case 3:
        kill_everything(scene);
        start_everything(scene);
        break;
    case 4:
        system_stop(scene->system, victim);
        scene->stops++;
        system_start(scene->system, victim);
        break;
    default:
        kill_one(scene, victim);
        let_pass(scene, 100);
        system_start(scene->system, victim);
    }
}

static void check_verified(const struct system *system)
{
    struct output verified = system_vafa(system, ARGS("verify", "--lang", "en"));
    if (verified.code != 0) {
        fail_msg("%s%s", verified.out, verified.err);
    }
    output_free(&verified);
}

static void check_through(struct scene *scene, unsigned rounds,
                          void (*happens)(struct scene *scene))
{
    for (unsigned round = 0; round < rounds; round++) {
        people_work(scene->people);
        for (unsigned i = 0; i < EVENTS || (scene->has_disk && scene->hits == 0 && i < EVENTS_MAX);
             i++) {
            let_pass(scene, 700);
            people_check(scene->people);
            happens(scene);
        }
        people_rest_and_compare(scene->people);
    }
    check_verified(scene->system);
    size_t answers;
    size_t lines = ledger_compared(scene->ledger, &answers);
    print_message("%u rounds: %u kills, %u pauses, %u stops, %llu bytes lost in %u of them; %zu "
                  "answers and %zu events that follow from them are in the logs once\n",
                  rounds, scene->kills, scene->pauses, scene->stops,
                  (unsigned long long)scene->lost, scene->hits, answers, lines - answers);
    assert_true(answers > 100 * (size_t)rounds); /* else nothing was tried */
}

static void what_was_acknowledged_is_there_once_whatever_is_killed(void **state)
{
    check_through(*state, number_of("TEST_ROUNDS", ROUNDS), something_happens);
}

static void what_was_acknowledged_is_there_once_after_losses_of_power(void **state)
{
    struct scene *scene = *state;
    check_through(scene, number_of("TEST_ROUNDS", POWER_ROUNDS), lose_power);
    assert_true(scene->hits > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_acknowledged_is_there_once_whatever_is_killed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_acknowledged_is_there_once_after_losses_of_power,
                                        set_up_volatile, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
