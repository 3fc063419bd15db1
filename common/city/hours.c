/*
 * Time is walked in pieces: the part of one date in which the wall clock's distance from UTC stays
 * the same. Within a piece a span of the wall clock is a span of UTC, so all sums are exact.
 */
#include "city/hours.h"

#include "base/clock.h"

#include <string.h>

#define HOURS_LIMIT_US (HOURS_YEARS_MAX * 366 * DAY_US)

static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t later(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

/* --- gaps --- */

/* The first gap that ends behind `us`. */
static size_t first_gap(const struct hours_gaps *gaps, int64_t us)
{
    size_t low = 0;
    size_t high = gaps->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (gaps->at[middle].to_us <= us) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

enum status hours_gaps_add(struct hours_gaps *gaps, int64_t from_us, int64_t to_us,
                           struct error *err)
{
    if (to_us <= from_us) {
        return STATUS_OK;
    }
    struct hours_gap gap = {.from_us = from_us, .to_us = to_us};
    size_t first = 0;
    while (first < gaps->count && gaps->at[first].to_us < from_us) {
        first++;
    }
    size_t behind = first; /* those from first up to here are joined */
    while (behind < gaps->count && gaps->at[behind].from_us <= to_us) {
        gap.from_us = earlier(gap.from_us, gaps->at[behind].from_us);
        gap.to_us = later(gap.to_us, gaps->at[behind].to_us);
        behind++;
    }
    if (behind == first && gaps->count == HOURS_GAPS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "gaps",
                         "more than %d pauses and closures in one sum", HOURS_GAPS_MAX);
    }
    memmove(&gaps->at[first + 1], &gaps->at[behind], (gaps->count - behind) * sizeof(gap));
    gaps->at[first] = gap;
    gaps->count = gaps->count - (behind - first) + 1;
    return STATUS_OK;
}

/* Takes at most `wanted` of what is left of [from, to) between the gaps, and gives how much that
 * was; when it is all, *ret_end_us is where it was reached. */
static int64_t take(int64_t from_us, int64_t to_us, const struct hours_gaps *gaps,
                    int64_t wanted_us, int64_t *ret_end_us)
{
    int64_t taken_us = 0;
    size_t gap = gaps == NULL ? 0 : first_gap(gaps, from_us);
    while (from_us < to_us) {
        bool is_last = gaps == NULL || gap == gaps->count || gaps->at[gap].from_us >= to_us;
        int64_t until_us = is_last ? to_us : gaps->at[gap].from_us;
        if (until_us - from_us >= wanted_us - taken_us) {
            *ret_end_us = from_us + (wanted_us - taken_us);
            return wanted_us;
        }
        taken_us += later(until_us - from_us, 0);
        from_us = is_last ? to_us : gaps->at[gap].to_us;
        gap++;
    }
    return taken_us;
}

/* --- pieces of dates --- */

struct piece {
    int32_t day;
    int64_t from_us; /* UTC */
    int64_t to_us;
    int64_t offset_us;
    const struct hours_rule *rule;
    const struct hours_holiday *holiday;
};

const struct hours_holiday *hours_holiday_of(const struct hours *hours, int32_t day)
{
    size_t low = 0;
    size_t high = hours->holiday_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (hours->holidays[middle].day < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < hours->holiday_count && hours->holidays[low].day == day ? &hours->holidays[low]
                                                                         : NULL;
}

static const struct hours_rule *rule_of(const struct hours *hours, int32_t day, bool is_holiday)
{
    unsigned bit = is_holiday ? HOURS_ON_HOLIDAYS : 1u << civil_weekday(day);
    for (size_t i = 0; i < hours->rule_count; i++) {
        const struct hours_rule *rule = &hours->rules[i];
        if ((rule->days & bit) != 0 && rule->first_day <= day && day <= rule->last_day) {
            return rule;
        }
    }
    return NULL;
}

/* The piece that begins at from_us and ends at end_us at the latest. */
static enum status piece_at(const struct hours *hours, int64_t from_us, int64_t end_us,
                            struct piece *ret_piece, struct error *err)
{
    struct piece piece = {.from_us = from_us};
    int64_t until_us;
    if (!civil_offset(hours->civil, from_us, &piece.offset_us, &until_us)) {
        return error_set(err, STATUS_OUT_OF_RANGE, NULL,
                         "the city's clock is known from 1900 to 2199 only");
    }
    piece.day = civil_day(hours->civil, from_us);
    int64_t midnight_us = (piece.day + 1) * DAY_US - piece.offset_us;
    piece.to_us = earlier(end_us, earlier(until_us, midnight_us));
    piece.holiday = hours_holiday_of(hours, piece.day);
    piece.rule = rule_of(hours, piece.day, piece.holiday != NULL);
    *ret_piece = piece;
    return STATUS_OK;
}

/* As take, of the piece's working time. */
static int64_t take_piece(const struct piece *piece, const struct hours_gaps *gaps,
                          int64_t wanted_us, int64_t *ret_end_us)
{
    int64_t taken_us = 0;
    int64_t midnight_us = piece->day * DAY_US - piece->offset_us;
    size_t count = piece->rule == NULL ? 0 : piece->rule->span_count;
    for (size_t i = 0; i < count && taken_us < wanted_us; i++) {
        const struct hours_span *span = &piece->rule->spans[i];
        int64_t from_us = later(piece->from_us, midnight_us + span->from_minute * MINUTE_US);
        int64_t to_us = earlier(piece->to_us, midnight_us + span->to_minute * MINUTE_US);
        taken_us += take(from_us, to_us, gaps, wanted_us - taken_us, ret_end_us);
    }
    return taken_us;
}

/* --- sums --- */

static enum status refuse_far(struct error *err)
{
    return error_set(err, STATUS_OUT_OF_RANGE, NULL,
                     "working time is counted over at most %d years", HOURS_YEARS_MAX);
}

static void step_add(struct hours_step *step, const struct piece *piece, int64_t counted_us)
{
    int64_t end_us;
    step->to_us = piece->to_us;
    step->open_us += take_piece(piece, NULL, INT64_MAX, &end_us);
    step->counted_us += counted_us;
}

/* Takes wanted_us from from_us on, until before end_us; tells each date when `tell` is given. */
static enum status walk(const struct hours *hours, int64_t from_us, int64_t end_us,
                        const struct hours_gaps *gaps, int64_t wanted_us,
                        void (*tell)(void *context, const struct hours_step *step), void *context,
                        int64_t *ret_taken_us, int64_t *ret_end_us, struct error *err)
{
    struct hours_step step = {0};
    struct piece piece;
    int64_t offset_us = 0;
    int64_t taken_us = 0;
    bool is_open = false; /* a date is being told */
    for (int64_t at_us = from_us; at_us < end_us && taken_us < wanted_us; at_us = piece.to_us) {
        enum status status = piece_at(hours, at_us, end_us, &piece, err);
        if (status != STATUS_OK) {
            return status;
        }
        int64_t part_us = take_piece(&piece, gaps, wanted_us - taken_us, ret_end_us);
        taken_us += part_us;
        if (tell == NULL) {
            continue;
        }
        if (!is_open || step.day != piece.day) {
            if (is_open) {
                tell(context, &step);
            }
            step = (struct hours_step){
                .day = piece.day, .from_us = at_us, .rule = piece.rule, .holiday = piece.holiday};
        }
        if (at_us != from_us) {
            step.shift_us += piece.offset_us - offset_us;
        }
        offset_us = piece.offset_us;
        is_open = true;
        step_add(&step, &piece, part_us);
    }
    if (is_open) {
        tell(context, &step);
    }
    *ret_taken_us = taken_us;
    return STATUS_OK;
}

enum status hours_explain(const struct hours *hours, int64_t from_us, int64_t amount_us,
                          const struct hours_gaps *gaps,
                          void (*tell)(void *context, const struct hours_step *step), void *context,
                          int64_t *ret_us, struct error *err)
{
    int64_t limit_us;
    if (amount_us < 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "an amount of time is not below 0");
    }
    if (__builtin_add_overflow(from_us, HOURS_LIMIT_US, &limit_us)) {
        return refuse_far(err);
    }
    int64_t taken_us = 0;
    int64_t end_us = from_us;
    enum status status = STATUS_OK;
    if (hours != NULL) {
        status =
            walk(hours, from_us, limit_us, gaps, amount_us, tell, context, &taken_us, &end_us, err);
    } else if (amount_us > 0) {
        taken_us = take(from_us, limit_us, gaps, amount_us, &end_us);
    }
    if (status == STATUS_OK && taken_us < amount_us) {
        status = refuse_far(err);
    }
    if (status == STATUS_OK) {
        *ret_us = end_us;
    }
    return status;
}

enum status hours_add(const struct hours *hours, int64_t from_us, int64_t amount_us,
                      const struct hours_gaps *gaps, int64_t *ret_us, struct error *err)
{
    return hours_explain(hours, from_us, amount_us, gaps, NULL, NULL, ret_us, err);
}

enum status hours_between(const struct hours *hours, int64_t from_us, int64_t to_us,
                          const struct hours_gaps *gaps, int64_t *ret_amount_us, struct error *err)
{
    int64_t taken_us = 0;
    int64_t end_us;
    enum status status = STATUS_OK;
    if (to_us > from_us) {
        int64_t length_us;
        if (__builtin_sub_overflow(to_us, from_us, &length_us) || length_us > HOURS_LIMIT_US) {
            return refuse_far(err);
        }
        if (hours != NULL) {
            status =
                walk(hours, from_us, to_us, gaps, INT64_MAX, NULL, NULL, &taken_us, &end_us, err);
        } else {
            taken_us = take(from_us, to_us, gaps, INT64_MAX, &end_us);
        }
    }
    if (status == STATUS_OK) {
        *ret_amount_us = taken_us;
    }
    return status;
}

bool hours_is_open(const struct hours *hours, int64_t at_us)
{
    int64_t counted_us = 0;
    return at_us < INT64_MAX &&
           hours_between(hours, at_us, at_us + 1, NULL, &counted_us, NULL) == STATUS_OK &&
           counted_us == 1;
}
