/* Time through a seam: programs use the machine's clocks, the simulator its own. */
#ifndef VAFA_BASE_CLOCK_H
#define VAFA_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    /* Microseconds since 1970-01-01 UTC; may jump. */
    int64_t (*wall_us)(struct clock *clock);
    /* Microseconds since any point; never goes back. */
    int64_t (*mono_us)(struct clock *clock);
};

struct clock *clock_system(void); /* CLOCK_REALTIME and CLOCK_MONOTONIC; shared, never freed */

static inline int64_t clock_wall_us(struct clock *clock)
{
    return clock->wall_us(clock);
}

static inline int64_t clock_mono_us(struct clock *clock)
{
    return clock->mono_us(clock);
}

#define MS_US INT64_C(1000)
#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)

/* Sums and differences of times that may be any number, as a damaged row has them: they stop at the
 * ends. */
static inline int64_t us_add(int64_t a_us, int64_t b_us)
{
    int64_t sum_us;
    if (__builtin_add_overflow(a_us, b_us, &sum_us)) {
        return b_us > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum_us;
}

static inline int64_t us_sub(int64_t a_us, int64_t b_us)
{
    int64_t difference_us;
    if (__builtin_sub_overflow(a_us, b_us, &difference_us)) {
        return b_us < 0 ? INT64_MAX : INT64_MIN;
    }
    return difference_us;
}

#endif
