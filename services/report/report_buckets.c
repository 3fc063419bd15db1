/* Buckets of durations; the header tells their layout and its reason. */
#include "services/report/report_buckets.h"

#include "base/check.h"

/* The octaves' buckets hold 2^0, 2^1, 2^2 … seconds; the first two octaves are those of single
 * seconds. */
#define SINGLE_SECONDS (2 * REPORT_BUCKETS_OCTAVE)
#define OCTAVE_BITS 6

uint32_t report_buckets_of(int64_t seconds)
{
    if (seconds < 0) {
        return 0;
    }
    uint32_t value =
        (uint32_t)(seconds < REPORT_BUCKETS_SECONDS_MAX ? seconds : REPORT_BUCKETS_SECONDS_MAX);
    if (value < SINGLE_SECONDS) {
        return value;
    }
    /* value >> width_bits is 64 to 127: its leading 1 counts on from the octave before. */
    uint32_t width_bits = 31 - (uint32_t)__builtin_clz(value) - OCTAVE_BITS;
    return width_bits * REPORT_BUCKETS_OCTAVE + (value >> width_bits);
}

double report_buckets_seconds(uint32_t bucket)
{
    CHECK(bucket < REPORT_BUCKETS_COUNT);
    if (bucket < SINGLE_SECONDS) {
        return (double)bucket;
    }
    uint32_t width_bits = bucket / REPORT_BUCKETS_OCTAVE - 1;
    uint32_t first = (bucket - width_bits * REPORT_BUCKETS_OCTAVE) << width_bits;
    uint32_t last = first + (UINT32_C(1) << width_bits) - 1;
    return 2.0 * first * last / ((double)first + last);
}

enum status report_buckets_add(struct report_buckets *buckets, struct arena *arena, uint32_t bucket,
                               int64_t change)
{
    if (bucket >= REPORT_BUCKETS_COUNT) {
        return STATUS_DATA_LOSS;
    }
    uint32_t **octave = &buckets->octaves[bucket / REPORT_BUCKETS_OCTAVE];
    uint32_t at = bucket % REPORT_BUCKETS_OCTAVE;
    int64_t before = *octave != NULL ? (*octave)[at] : 0;
    if (change < -before || change > UINT32_MAX - before) {
        return STATUS_DATA_LOSS;
    }
    if (*octave == NULL) {
        *octave = arena_alloc(arena, REPORT_BUCKETS_OCTAVE * sizeof(**octave));
    }
    if (*octave == NULL) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    (*octave)[at] = (uint32_t)(before + change);
    return STATUS_OK;
}

bool report_buckets_next(const struct report_buckets *buckets, uint32_t *bucket,
                         uint32_t *ret_count)
{
    uint32_t at = *bucket;
    while (at < REPORT_BUCKETS_COUNT) {
        const uint32_t *octave = buckets->octaves[at / REPORT_BUCKETS_OCTAVE];
        if (octave == NULL) {
            at += REPORT_BUCKETS_OCTAVE - at % REPORT_BUCKETS_OCTAVE;
        } else if (octave[at % REPORT_BUCKETS_OCTAVE] == 0) {
            at++;
        } else {
            *bucket = at;
            *ret_count = octave[at % REPORT_BUCKETS_OCTAVE];
            return true;
        }
    }
    return false;
}

uint64_t report_buckets_total(const struct report_buckets *buckets)
{
    uint64_t total = 0;
    uint32_t count;
    for (uint32_t bucket = 0; report_buckets_next(buckets, &bucket, &count); bucket++) {
        total += count;
    }
    return total;
}

bool report_buckets_percentiles(const struct report_buckets *buckets, const uint32_t *percents,
                                size_t count, double *ret_seconds)
{
    uint64_t total = report_buckets_total(buckets);
    if (total == 0) {
        return false;
    }
    uint64_t seen = 0;
    uint32_t bucket = 0;
    uint32_t n = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t rank = (total * percents[i] + 99) / 100;
        while (seen < rank) {
            bucket += seen > 0; /* behind the one that was counted last */
            bool more = report_buckets_next(buckets, &bucket, &n);
            CHECK(more);
            seen += n;
        }
        ret_seconds[i] = report_buckets_seconds(bucket);
    }
    return true;
}
