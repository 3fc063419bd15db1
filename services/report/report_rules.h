/*
 * What report knows of its trade: what one request adds to which cell, what a metric makes of a
 * cell, and in which order an answer's rows come. Plain values in, plain values out.
 *
 * Every metric speaks of the cohort of requests made in an hour: a request counts in the hour in
 * which it was made, whenever it was done or its citizen heard.
 */
#ifndef VAFA_SERVICES_REPORT_REPORT_RULES_H
#define VAFA_SERVICES_REPORT_REPORT_RULES_H

#include "services/report/report_buckets.h"

#include "vafa/report/v1/records.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"

/* --- cells --- */

/* In the order of a cell's bytes (report_tables.h). */
enum report_counter {
    REPORT_COUNTER_REQUESTS,
    REPORT_COUNTER_DONE,
    REPORT_COUNTER_DONE_WITH_DUE,
    REPORT_COUNTER_ON_TIME,
    REPORT_COUNTER_CALLS,
    REPORT_COUNTER_CALLS_ANSWERED,
    REPORT_COUNTER_ANSWERS,
    REPORT_COUNTER_SCORE_SUM,
    REPORT_COUNTER_SATISFIED, /* answers with a score of 4 or 5 */
    REPORT_COUNTER_RESOLVED,
    REPORT_COUNTER_CLOSED_UNDONE,
    REPORT_COUNTER_CANCELLED,
    REPORT_COUNTER_REFERRED,
    REPORT_COUNTER_COUNT
};

/* A cell, or a sum of cells. Zeroed, it is empty. */
struct report_cell {
    uint64_t counters[REPORT_COUNTER_COUNT];
    struct report_buckets resolution; /* seconds from the request to done, of the done */
};

/* Which cell: an hour on the city's wall clock (civil.h) and a value of each dimension, "" for
 * none. */
struct report_place {
    int32_t local_hour;
    const char *topic;
    const char *area;
    const char *unit;
    uint8_t channel; /* Common__Channel */
};

/* What one request adds to one cell. */
struct report_share {
    struct report_place place; /* borrows the row's text */
    uint64_t counters[REPORT_COUNTER_COUNT];
    bool done;
    uint32_t bucket; /* only when done */
};

/* Done by the due date. due_at_us 0: there was none, and so it was not kept. */
bool report_rules_on_time(int64_t done_at_us, int64_t due_at_us);

/* Whole seconds from the request to done. Histories hold requests closed seconds before they were
 * opened: 0. */
int64_t report_rules_resolution_seconds(int64_t occurred_at_us, int64_t done_at_us);

bool report_rules_satisfied(uint32_t score);

void report_rules_share(const Report__CaseRow *row, struct report_share *ret_share);

/* Puts a share into its cell, or takes it out again. DATA_LOSS when it was never in it;
 * RESOURCE_EXHAUSTED when the arena is full. */
enum status report_rules_put_in(struct report_cell *cell, struct arena *arena,
                                const struct report_share *share);
enum status report_rules_take_out(struct report_cell *cell, struct arena *arena,
                                  const struct report_share *share);

bool report_rules_is_empty(const struct report_cell *cell);

/* --- dimensions --- */

#define REPORT_DIMENSION_COUNT 4

/* "phone" for CHANNEL_PHONE; "" for none, and for a channel this program does not know yet. */
const char *report_rules_channel_word(uint32_t channel);
/* False for a word that is no channel's. "" is one: none. */
bool report_rules_is_channel_word(const char *word);

/* "topic"; NULL when there is no such dimension. */
const char *report_rules_dimension_name(Report__Dimension dimension);
/* The value of a known dimension at a place. */
const char *report_rules_value(const struct report_place *place, Report__Dimension dimension);

/* --- metrics --- */

#define REPORT_FIGURES_MAX 6

enum report_figure_kind {
    REPORT_FIGURE_NONE, /* a share or a percentile of nothing */
    REPORT_FIGURE_COUNT,
    REPORT_FIGURE_NUMBER,
};

struct report_figure {
    enum report_figure_kind kind;
    union {
        uint64_t count;
        double number;
    };
};

/* Names of the metric's columns, at most REPORT_FIGURES_MAX; returns how many, 0 when there is no
 * such metric. */
size_t report_rules_columns(Report__Metric metric, const char *const **ret_names);
/* The figures under those columns. */
void report_rules_figures(Report__Metric metric, const struct report_cell *cell,
                          struct report_figure ret_figures[REPORT_FIGURES_MAX]);

/* --- rows --- */

/* A row of an answer while it is being made. */
struct report_group {
    int32_t period; /* the local hour at which it begins; 0 when there is no grouping by time */
    const char *values[REPORT_DIMENSION_COUNT]; /* in the order asked for, "" behind the last */
    struct report_cell sum;
    struct report_figure figures[REPORT_FIGURES_MAX];
};

/* The order of the rows, as for qsort. by_period: by time, then by values. Else: by the first
 * figure, the largest first and no figure last, then by values. Values are compared byte by byte.
 */
int report_rules_order(const struct report_group *a, const struct report_group *b, bool by_period);

#endif
