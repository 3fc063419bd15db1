/*
 * How long things took, as counts in logarithmic buckets: percentiles with a bounded relative
 * error, from counts that can be merged, counted up and counted down again. After DDSketch (Masson,
 * Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees",
 * PVLDB 12(12), 2019).
 *
 * A value is a whole number of seconds, 0 to REPORT_BUCKETS_SECONDS_MAX. Up to 127 each value has
 * its own bucket; above, each octave [2^e, 2^(e+1)) is cut into 64 buckets of equal width:
 *
 *     seconds          bucket       width
 *     0 .. 127         0 .. 127     1
 *     128 .. 255       128 .. 191   2
 *     256 .. 511       192 .. 255   4
 *     4096 .. 8191     448 .. 511   64           about 1 to 2 hours
 *     2^29 .. 2^30-1   1536 .. 1599 8388608      17 to 34 years
 *
 * For a relative error of at most a = 1 % DDSketch wants of each bucket that its last value be at
 * most g = (1 + a) / (1 - a) = 1.0202 times its first. Here that is less than 65/64 = 1.0157, so
 * the value reported for a bucket, 2 * first * last / (first + last), is within 0.78 % of
 * everything in it. This is DDSketch with the logarithm interpolated linearly between powers of
 * two: a half more buckets than with the logarithm itself, but whole numbers only, so that every
 * machine counts alike and a rebuilt table is the same byte for byte; libm's log() promises no such
 * thing.
 */
#ifndef VAFA_SERVICES_REPORT_REPORT_BUCKETS_H
#define VAFA_SERVICES_REPORT_REPORT_BUCKETS_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

#define REPORT_BUCKETS_SECONDS_MAX                                                                 \
    INT64_C(1073741823) /* 34 years; what took longer counts as this */

#define REPORT_BUCKETS_OCTAVE 64 /* buckets of an octave */
#define REPORT_BUCKETS_OCTAVES 25
#define REPORT_BUCKETS_COUNT (REPORT_BUCKETS_OCTAVE * REPORT_BUCKETS_OCTAVES)

/* Counts by bucket; an octave's are allocated when the first of them is counted. Zeroed, it is
 * empty. */
struct report_buckets {
    uint32_t *octaves[REPORT_BUCKETS_OCTAVES];
};

/* The bucket of a duration; a negative one counts as 0. */
uint32_t report_buckets_of(int64_t seconds);
/* The value reported for a bucket. */
double report_buckets_seconds(uint32_t bucket);

/* Counts `change` up (or down when negative). RESOURCE_EXHAUSTED when the arena is full; DATA_LOSS
 * when the count would leave 0 to UINT32_MAX or there is no such bucket: such counts were not made
 * here. Nothing has changed then. */
enum status report_buckets_add(struct report_buckets *buckets, struct arena *arena, uint32_t bucket,
                               int64_t change);

/* The first bucket from *bucket on that is not empty; false when there is none. "for (b = 0;
 * next(…, &b, &n); b++)" */
bool report_buckets_next(const struct report_buckets *buckets, uint32_t *bucket,
                         uint32_t *ret_count);

uint64_t report_buckets_total(const struct report_buckets *buckets);

/* Nearest-rank percentiles: each is the smallest value with at least ceil(percent / 100 * total)
 * values at or below it. percents: 1 to 100, rising; all are found in one walk. False when nothing
 * was counted. */
bool report_buckets_percentiles(const struct report_buckets *buckets, const uint32_t *percents,
                                size_t count, double *ret_seconds);

#endif
