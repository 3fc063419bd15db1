#include "tests/bench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- options --- */

static void print_help(FILE *out, const char *program, const char *what,
                       const struct bench_option *options)
{
    fprintf(out, "Usage: %s [OPTIONS]\n\n%s\n\nOptions:\n", program, what);
    for (const struct bench_option *option = options; option->name != NULL; option++) {
        fprintf(out, "  %-12s %s\n", option->name, option->help);
    }
}

static const struct bench_option *find_option(const struct bench_option *options, const char *name)
{
    while (options->name != NULL && strcmp(options->name, name) != 0) {
        options++;
    }
    return options->name != NULL ? options : NULL;
}

static void read_value(const struct bench_option *option, const char *value)
{
    if (option->ret_text != NULL) {
        *option->ret_text = value;
        return;
    }
    char *end;
    errno = 0;
    uint64_t number = strtoull(value, &end, 10);
    if (errno != 0 || *end != '\0' || number == 0) {
        bench_fail("%s: %s is not a number from 1 on", option->name, value);
    }
    *option->ret_number = number;
}

void bench_options_read(int argc, char **argv, const char *what, const struct bench_option *options)
{
    for (int i = 1; i < argc; i += 2) {
        const struct bench_option *option = find_option(options, argv[i]);
        if (strcmp(argv[i], "--help") == 0) {
            print_help(stdout, argv[0], what, options);
            exit(EXIT_SUCCESS);
        }
        if (option == NULL || i + 1 == argc) {
            print_help(stderr, argv[0], what, options);
            exit(2);
        }
        read_value(option, argv[i + 1]);
    }
}

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

/* --- figures --- */

int64_t bench_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t bench_percentile(int64_t *values, size_t count, double p)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof(*values), compare);
    size_t place = (size_t)((double)count * p / 100);
    return values[place < count ? place : count - 1];
}

void bench_print(uint64_t count, int64_t took_us, int64_t *latencies_us, size_t latency_count)
{
    double seconds = (double)took_us / 1e6;
    printf("{\"count\":%" PRIu64 ",\"seconds\":%.3f,\"rate\":%.0f", count, seconds,
           (double)count / seconds);
    if (latency_count > 0) {
        int64_t p50_us = bench_percentile(latencies_us, latency_count, 50);
        int64_t p99_us = bench_percentile(latencies_us, latency_count, 99);
        printf(",\"p50_us\":%" PRId64 ",\"p99_us\":%" PRId64, p50_us, p99_us);
    }
    printf("}\n");
}
