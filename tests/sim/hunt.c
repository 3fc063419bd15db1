#include "tests/sim/hunt.h"

#include "tests/sim/tally.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 256

void hunt_command(const struct hunt_options *options, uint64_t seed, char *out, size_t size)
{
    int length = snprintf(out, size, "scripts/sim --seed %" PRIu64 " --days %u --faults %s", seed,
                          options->days.days, options->faults);
    CHECK(length > 0 && (size_t)length < size);
    if (options->days.requests_a_day != CITY_DAYS_REQUESTS_DEFAULT) {
        (void)snprintf(out + length, size - (size_t)length, " --requests %u",
                       options->days.requests_a_day);
    }
}

static void run_seed(const struct hunt_options *options, uint64_t seed)
{
    static char command[256];
    struct city_days_options days = options->days;
    struct city_days_result result;
    hunt_command(options, seed, command, sizeof command);
    days.seed = seed;
    days.command = command;
    city_days_run(&days, &result);
}

static double seconds_since(int64_t begun_us)
{
    return (double)(clock_mono_us(clock_system()) - begun_us) / SECOND_US;
}

int hunt_seeds(const struct hunt_options *options, uint64_t count)
{
    int64_t begun_us = clock_mono_us(clock_system());
    for (uint64_t i = 0; i < count; i++) {
        run_seed(options, options->days.seed + i);
    }
    double seconds = seconds_since(begun_us);
    printf("%" PRIu64 " seeds of %u days, from %" PRIu64 ": all good, in %.1f s (%.2f s a seed)\n",
           count, options->days.days, options->days.seed, seconds, seconds / (double)count);
    return !options->tally || tally_print() ? 0 : 1;
}

/* A hunter's own seeds, every jobs-th; each that has passed is a byte to the parent. */
static _Noreturn void hunt_on(const struct hunt_options *options, unsigned job, unsigned jobs,
                              int64_t end_us, int passed)
{
    for (uint64_t seed = options->days.seed + job; clock_mono_us(clock_system()) < end_us;
         seed += jobs) {
        run_seed(options, seed);
        if (write(passed, "", 1) != 1) {
            exit(1);
        }
    }
    exit(0);
}

/* Waits for all; the first that fails ends the others, which were begun here. */
static bool wait_for_all(pid_t *hunters, unsigned jobs)
{
    bool good = true;
    for (unsigned left = jobs; left > 0; left--) {
        int status;
        pid_t ended = wait(&status);
        if (ended < 0) {
            return false;
        }
        bool failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        for (unsigned i = 0; i < jobs; i++) {
            if (hunters[i] == ended) {
                hunters[i] = 0;
            } else if (failed && good && hunters[i] > 0) {
                (void)kill(hunters[i], SIGTERM);
            }
        }
        good = good && !failed;
    }
    return good;
}

static uint64_t count_bytes(int from)
{
    uint64_t count = 0;
    char bytes[4096];
    for (;;) {
        ssize_t got = read(from, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return count;
        }
        count += (uint64_t)got;
    }
}

int hunt_run(const struct hunt_options *asked, bool has_seed, uint64_t minutes)
{
    struct hunt_options options = *asked;
    pid_t hunters[JOBS_MAX];
    int pipe_ends[2];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned jobs = options.jobs > 0 ? options.jobs : cores > 0 ? (unsigned)cores : 1;
    int64_t begun_us = clock_mono_us(clock_system());
    int64_t end_us = begun_us + (int64_t)minutes * MINUTE_US;
    if (!has_seed) {
        options.days.seed = (uint64_t)clock_wall_us(clock_system()) / 1000000 * 1000;
    }
    printf("hunting from seed %" PRIu64 ", %u at once, for %" PRIu64 " minutes\n",
           options.days.seed, jobs, minutes);
    fflush(stdout);
    CHECK(jobs <= JOBS_MAX && pipe(pipe_ends) == 0);
    for (unsigned i = 0; i < jobs; i++) {
        hunters[i] = fork();
        CHECK(hunters[i] >= 0);
        if (hunters[i] == 0) {
            close(pipe_ends[0]);
            hunt_on(&options, i, jobs, end_us, pipe_ends[1]);
        }
    }
    close(pipe_ends[1]);
    bool good = wait_for_all(hunters, jobs);
    uint64_t seeds = count_bytes(pipe_ends[0]);
    printf("%" PRIu64 " seeds, %" PRIu64 " days of city life passed in %.0f s: %s\n", seeds,
           seeds * options.days.days, seconds_since(begun_us),
           good ? "nothing found" : "one failed, see above");
    return good ? 0 : 1;
}
