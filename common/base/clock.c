/* The machine's clocks. */
#include "base/clock.h"

#include "base/check.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    CHECK(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * SECOND_US + (int64_t)now.tv_nsec / 1000;
}

static int64_t system_wall_us(struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_REALTIME);
}

static int64_t system_mono_us(struct clock *clock)
{
    (void)clock;
    return read_us(CLOCK_MONOTONIC);
}

struct clock *clock_system(void)
{
    static struct clock clock = {.wall_us = system_wall_us, .mono_us = system_mono_us};
    return &clock;
}
