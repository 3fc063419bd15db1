/* Many seeds: one after another, or on all cores until one fails. */
#ifndef VAFA_TESTS_SIM_HUNT_H
#define VAFA_TESTS_SIM_HUNT_H

#include "tests/sim/city_days.h"

#include <stddef.h>

struct hunt_options {
    struct city_days_options days; /* its seed is the first */
    const char *faults;            /* as they were given */
    unsigned jobs;                 /* 0: the machine's cores */
    bool tally;                    /* of seeds in a row: what happened is told, and all must */
};

/* The command that repeats a seed. */
void hunt_command(const struct hunt_options *options, uint64_t seed, char *out, size_t size);
/* Seeds in a row, in this process; a program's exit code. */
int hunt_seeds(const struct hunt_options *options, uint64_t count);
/* Without a seed of its own it begins at one of the clock's. */
int hunt_run(const struct hunt_options *options, bool has_seed, uint64_t minutes);

#endif
