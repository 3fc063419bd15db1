/* Shares, metrics and orders; see the header. */
#include "services/report/report_rules.h"

#include "base/check.h"
#include "base/clock.h"

#include <string.h>

#define SECONDS_PER_HOUR 3600.0
#define SATISFIED_SCORE_MIN 4

/* --- cells --- */

bool report_rules_on_time(int64_t done_at_us, int64_t due_at_us)
{
    return due_at_us != 0 && done_at_us <= due_at_us;
}

int64_t report_rules_resolution_seconds(int64_t occurred_at_us, int64_t done_at_us)
{
    return done_at_us > occurred_at_us ? us_sub(done_at_us, occurred_at_us) / SECOND_US : 0;
}

bool report_rules_satisfied(uint32_t score)
{
    return score >= SATISFIED_SCORE_MIN;
}

void report_rules_share(const Report__CaseRow *row, struct report_share *ret_share)
{
    bool done = row->done;
    bool with_due = done && row->due_at_us != 0;
    bool on_time = with_due && report_rules_on_time(row->done_at_us, row->due_at_us);
    int64_t seconds = report_rules_resolution_seconds(row->occurred_at_us, row->done_at_us);
    *ret_share = (struct report_share){
        .place =
            {
                .local_hour = row->local_hour,
                .topic = row->topic,
                .area = row->area,
                .unit = row->unit,
                .channel = (uint8_t)row->channel,
            },
        .counters =
            {
                [REPORT_COUNTER_REQUESTS] = 1,
                [REPORT_COUNTER_DONE] = done,
                [REPORT_COUNTER_DONE_WITH_DUE] = with_due,
                [REPORT_COUNTER_ON_TIME] = on_time,
                [REPORT_COUNTER_CALLS] = row->calls,
                [REPORT_COUNTER_CALLS_ANSWERED] = row->calls_answered,
                [REPORT_COUNTER_ANSWERS] = row->answers,
                [REPORT_COUNTER_SCORE_SUM] = row->score_sum,
                [REPORT_COUNTER_SATISFIED] = row->satisfied,
                [REPORT_COUNTER_RESOLVED] = row->resolved,
                [REPORT_COUNTER_CLOSED_UNDONE] = row->closed_undone != 0,
                [REPORT_COUNTER_CANCELLED] = row->cancelled != 0,
                [REPORT_COUNTER_REFERRED] = row->referred != 0,
            },
        .done = done,
        .bucket = done ? report_buckets_of(seconds) : 0,
    };
}

enum status report_rules_put_in(struct report_cell *cell, struct arena *arena,
                                const struct report_share *share)
{
    for (size_t i = 0; i < REPORT_COUNTER_COUNT; i++) {
        cell->counters[i] += share->counters[i];
    }
    return share->done ? report_buckets_add(&cell->resolution, arena, share->bucket, 1) : STATUS_OK;
}

enum status report_rules_take_out(struct report_cell *cell, struct arena *arena,
                                  const struct report_share *share)
{
    for (size_t i = 0; i < REPORT_COUNTER_COUNT; i++) {
        if (cell->counters[i] < share->counters[i]) {
            return STATUS_DATA_LOSS;
        }
        cell->counters[i] -= share->counters[i];
    }
    return share->done ? report_buckets_add(&cell->resolution, arena, share->bucket, -1)
                       : STATUS_OK;
}

bool report_rules_is_empty(const struct report_cell *cell)
{
    for (size_t i = 0; i < REPORT_COUNTER_COUNT; i++) {
        if (cell->counters[i] != 0) {
            return false;
        }
    }
    return true;
}

/* --- dimensions --- */

static const char *const channel_words[] = {
    [COMMON__CHANNEL__CHANNEL_UNSPECIFIED] = "",    [COMMON__CHANNEL__CHANNEL_PHONE] = "phone",
    [COMMON__CHANNEL__CHANNEL_SMS] = "sms",         [COMMON__CHANNEL__CHANNEL_WEB] = "web",
    [COMMON__CHANNEL__CHANNEL_APP] = "app",         [COMMON__CHANNEL__CHANNEL_WALK_IN] = "walk_in",
    [COMMON__CHANNEL__CHANNEL_SESSION] = "session", [COMMON__CHANNEL__CHANNEL_STAFF] = "staff",
    [COMMON__CHANNEL__CHANNEL_IMPORT] = "import",
};

#define CHANNEL_WORD_COUNT (sizeof(channel_words) / sizeof(channel_words[0]))

const char *report_rules_channel_word(uint32_t channel)
{
    return channel < CHANNEL_WORD_COUNT ? channel_words[channel] : "";
}

bool report_rules_is_channel_word(const char *word)
{
    for (size_t i = 0; i < CHANNEL_WORD_COUNT; i++) {
        if (strcmp(channel_words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

const char *report_rules_dimension_name(Report__Dimension dimension)
{
    static const char *const names[] = {
        [REPORT__DIMENSION__DIMENSION_TOPIC] = "topic",
        [REPORT__DIMENSION__DIMENSION_AREA] = "area",
        [REPORT__DIMENSION__DIMENSION_UNIT] = "unit",
        [REPORT__DIMENSION__DIMENSION_CHANNEL] = "channel",
    };
    return (unsigned)dimension < sizeof(names) / sizeof(names[0]) ? names[dimension] : NULL;
}

const char *report_rules_value(const struct report_place *place, Report__Dimension dimension)
{
    const char *const values[] = {
        [REPORT__DIMENSION__DIMENSION_UNSPECIFIED] = "",
        [REPORT__DIMENSION__DIMENSION_TOPIC] = place->topic,
        [REPORT__DIMENSION__DIMENSION_AREA] = place->area,
        [REPORT__DIMENSION__DIMENSION_UNIT] = place->unit,
        [REPORT__DIMENSION__DIMENSION_CHANNEL] = report_rules_channel_word(place->channel),
    };
    CHECK((unsigned)dimension < sizeof(values) / sizeof(values[0]));
    return values[dimension];
}

/* --- metrics --- */

static const uint32_t percents[] = {50, 75, 90, 95, 99};

#define PERCENT_COUNT (sizeof(percents) / sizeof(percents[0]))

struct columns {
    const char *names[REPORT_FIGURES_MAX];
    size_t count;
};

static const struct columns metric_columns[] = {
    [REPORT__METRIC__METRIC_REQUESTS] = {{"requests"}, 1},
    [REPORT__METRIC__METRIC_DONE] = {{"done"}, 1},
    [REPORT__METRIC__METRIC_OPEN] = {{"open"}, 1},
    [REPORT__METRIC__METRIC_ON_TIME] = {{"on_time", "on_time_count", "done_with_due"}, 3},
    [REPORT__METRIC__METRIC_RESOLUTION_HOURS] = {{"done", "p50", "p75", "p90", "p95", "p99"}, 6},
    [REPORT__METRIC__METRIC_CALLS] = {{"calls", "answered"}, 2},
    [REPORT__METRIC__METRIC_SATISFACTION] = {{"answers", "mean", "satisfied", "resolved"}, 4},
    [REPORT__METRIC__METRIC_UNDONE] = {{"closed_undone", "cancelled", "referred"}, 3},
};

size_t report_rules_columns(Report__Metric metric, const char *const **ret_names)
{
    if ((unsigned)metric >= sizeof(metric_columns) / sizeof(metric_columns[0])) {
        return 0;
    }
    *ret_names = metric_columns[metric].names;
    return metric_columns[metric].count;
}

static const struct report_figure no_figure = {.kind = REPORT_FIGURE_NONE};

static struct report_figure figure_count(uint64_t count)
{
    return (struct report_figure){.kind = REPORT_FIGURE_COUNT, .count = count};
}

static struct report_figure figure_number(double number)
{
    return (struct report_figure){.kind = REPORT_FIGURE_NUMBER, .number = number};
}

/* part / whole; no figure of nothing. */
static struct report_figure figure_share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? no_figure : figure_number((double)part / (double)whole);
}

static void figure_percentiles(const struct report_buckets *buckets,
                               struct report_figure *ret_figures)
{
    double seconds[PERCENT_COUNT];
    bool any = report_buckets_percentiles(buckets, percents, PERCENT_COUNT, seconds);
    for (size_t i = 0; i < PERCENT_COUNT; i++) {
        ret_figures[i] = any ? figure_number(seconds[i] / SECONDS_PER_HOUR) : no_figure;
    }
}

void report_rules_figures(Report__Metric metric, const struct report_cell *cell,
                          struct report_figure ret_figures[REPORT_FIGURES_MAX])
{
    const uint64_t *n = cell->counters;
    switch (metric) {
    case REPORT__METRIC__METRIC_REQUESTS:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_REQUESTS]);
        break;
    case REPORT__METRIC__METRIC_DONE: ret_figures[0] = figure_count(n[REPORT_COUNTER_DONE]); break;
    case REPORT__METRIC__METRIC_OPEN:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_REQUESTS] - n[REPORT_COUNTER_DONE] -
                                      n[REPORT_COUNTER_CLOSED_UNDONE] -
                                      n[REPORT_COUNTER_CANCELLED] - n[REPORT_COUNTER_REFERRED]);
        break;
    case REPORT__METRIC__METRIC_ON_TIME:
        ret_figures[0] = figure_share(n[REPORT_COUNTER_ON_TIME], n[REPORT_COUNTER_DONE_WITH_DUE]);
        ret_figures[1] = figure_count(n[REPORT_COUNTER_ON_TIME]);
        ret_figures[2] = figure_count(n[REPORT_COUNTER_DONE_WITH_DUE]);
        break;
    case REPORT__METRIC__METRIC_RESOLUTION_HOURS:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_DONE]);
        figure_percentiles(&cell->resolution, &ret_figures[1]);
        break;
    case REPORT__METRIC__METRIC_CALLS:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_CALLS]);
        ret_figures[1] = figure_count(n[REPORT_COUNTER_CALLS_ANSWERED]);
        break;
    case REPORT__METRIC__METRIC_SATISFACTION:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_ANSWERS]);
        ret_figures[1] = figure_share(n[REPORT_COUNTER_SCORE_SUM], n[REPORT_COUNTER_ANSWERS]);
        ret_figures[2] = figure_share(n[REPORT_COUNTER_SATISFIED], n[REPORT_COUNTER_ANSWERS]);
        ret_figures[3] = figure_share(n[REPORT_COUNTER_RESOLVED], n[REPORT_COUNTER_ANSWERS]);
        break;
    case REPORT__METRIC__METRIC_UNDONE:
        ret_figures[0] = figure_count(n[REPORT_COUNTER_CLOSED_UNDONE]);
        ret_figures[1] = figure_count(n[REPORT_COUNTER_CANCELLED]);
        ret_figures[2] = figure_count(n[REPORT_COUNTER_REFERRED]);
        break;
    default: CHECK(false); /* the check of the method lets no other through */
    }
}

/* --- rows --- */

static int compare_values(const struct report_group *a, const struct report_group *b)
{
    for (size_t i = 0; i < REPORT_DIMENSION_COUNT; i++) {
        int order = strcmp(a->values[i], b->values[i]);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

/* Figures of one column: of one kind, or none. */
static int compare_figures(const struct report_figure *a, const struct report_figure *b)
{
    if (a->kind == REPORT_FIGURE_NONE || b->kind == REPORT_FIGURE_NONE) {
        return (a->kind != REPORT_FIGURE_NONE) - (b->kind != REPORT_FIGURE_NONE);
    }
    if (a->kind == REPORT_FIGURE_COUNT) {
        return (a->count > b->count) - (a->count < b->count);
    }
    return (a->number > b->number) - (a->number < b->number);
}

int report_rules_order(const struct report_group *a, const struct report_group *b, bool by_period)
{
    int order = by_period ? (a->period > b->period) - (a->period < b->period)
                          : compare_figures(&b->figures[0], &a->figures[0]);
    return order != 0 ? order : compare_values(a, b);
}
