/* What the benchmarks share: options, time, and the one line of figures that each prints. */
#ifndef VAFA_TESTS_BENCH_BENCH_H
#define VAFA_TESTS_BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_IN_FLIGHT_MAX 1024

/* One "--name VALUE" of a program. */
struct bench_option {
    const char *name; /* "--count" */
    const char *help;
    const char **ret_text; /* or */
    uint64_t *ret_number;  /* at least 1 */
};

/* Reads the command line; prints the help and exits when asked for it, or when something is wrong
 * with it. The list ends with a zeroed row. */
void bench_options_read(int argc, char **argv, const char *what,
                        const struct bench_option *options);

/* Says why on standard error and exits with 1. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

int64_t bench_now_us(void);

/* The p-th percentile (0 to 100) of `count` values, which are sorted by this. 0 of none. */
int64_t bench_percentile(int64_t *values, size_t count, double p);

/* {"count":…,"seconds":…,"rate":…} and, when latencies are given, "p50_us" and "p99_us" (sorted by
 * this). */
void bench_print(uint64_t count, int64_t took_us, int64_t *latencies_us, size_t latency_count);

#endif
