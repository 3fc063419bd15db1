/*
 * The city's calendar is walked from the first period to the last. Rows come in the same order, so
 * each is either the next period's or there is none of that period.
 */
#include "clients/vafa/report_periods.h"

#include <stdio.h>
#include <string.h>

#define HOURS_A_DAY 24
#define HOURS_A_WEEK (7 * HOURS_A_DAY)
#define HOURS_INTO_NEXT_MONTH                                                                      \
    (32 * HOURS_A_DAY) /* from a month's start; months have 29 to 31 days */

/* Report's periods begin behind "unspecified", the calendar's at 0. */
_Static_assert(REPORT__PERIOD__PERIOD_HOUR == CIVIL_HOUR + 1 &&
                   REPORT__PERIOD__PERIOD_DAY == CIVIL_DAY + 1 &&
                   REPORT__PERIOD__PERIOD_WEEK == CIVIL_WEEK + 1 &&
                   REPORT__PERIOD__PERIOD_MONTH == CIVIL_MONTH + 1,
               "the periods have the same order");

struct walk {
    const struct civil *civil;
    enum civil_period period;
    int32_t hour; /* local, at which a period begins */
    int32_t last; /* the last period's */
};

bool report_periods_wanted(const Report__QueryReportRequest *request,
                           const Report__QueryReportResponse *response)
{
    if (request->per == REPORT__PERIOD__PERIOD_UNSPECIFIED || request->n_by > 0) {
        return false;
    }
    if (response->n_rows == 0 && (request->from_us == 0 || request->to_us == 0)) {
        return false;
    }
    return request->metric == REPORT__METRIC__METRIC_REQUESTS ||
           request->metric == REPORT__METRIC__METRIC_DONE ||
           request->metric == REPORT__METRIC__METRIC_OPEN ||
           request->metric == REPORT__METRIC__METRIC_UNDONE ||
           request->metric == REPORT__METRIC__METRIC_CALLS;
}

static int32_t start_of(const struct walk *walk, int64_t us)
{
    return civil_period_start(walk->civil, civil_local_hour(walk->civil, us), walk->period);
}

/* The inverse of civil_period_name. */
static enum status start_of_name(const struct walk *walk, const char *name, int32_t *ret_hour,
                                 struct error *err)
{
    char day[64];
    int64_t us;
    snprintf(day, sizeof(day), "%s%s", name, walk->period == CIVIL_MONTH ? "-01" : "");
    enum status status = civil_parse(walk->civil, day, 0, "period", &us, err);
    if (status == STATUS_OK) {
        *ret_hour = start_of(walk, us);
    }
    return status;
}

static void step(struct walk *walk)
{
    switch (walk->period) {
    case CIVIL_HOUR: walk->hour++; break;
    case CIVIL_DAY: walk->hour += HOURS_A_DAY; break;
    case CIVIL_WEEK: walk->hour += HOURS_A_WEEK; break;
    case CIVIL_MONTH:
        walk->hour =
            civil_period_start(walk->civil, walk->hour + HOURS_INTO_NEXT_MONTH, CIVIL_MONTH);
        break;
    }
}

/* The hour that clocks skip in spring is none in which nothing happened. */
static bool exists(const struct walk *walk, const char *name)
{
    int32_t hour;
    return walk->period != CIVIL_HOUR ||
           (start_of_name(walk, name, &hour, NULL) == STATUS_OK && hour == walk->hour);
}

static enum status not_ours(struct error *err)
{
    return error_set(err, STATUS_FAILED_PRECONDITION, "per",
                     "the server counts by another calendar than this city pack");
}

/* Where the walk begins and ends. */
static enum status set_out(const Report__QueryReportRequest *request,
                           const Report__QueryReportResponse *response, struct walk *walk,
                           struct error *err)
{
    size_t count = response->n_rows;
    for (size_t i = 0; i < count; i++) {
        const Report__Row *row = response->rows[i];
        if (row->n_cells != response->n_columns || row->n_cells == 0 ||
            row->cells[0]->value_case != REPORT__CELL__VALUE_TEXT) {
            return not_ours(err);
        }
    }
    enum status status = STATUS_OK;
    if (request->from_us != 0) {
        walk->hour = start_of(walk, request->from_us);
    } else {
        status = start_of_name(walk, response->rows[0]->cells[0]->text, &walk->hour, err);
    }
    if (status == STATUS_OK && request->to_us != 0) {
        walk->last = start_of(walk, request->to_us - 1);
    } else if (status == STATUS_OK) {
        status = start_of_name(walk, response->rows[count - 1]->cells[0]->text, &walk->last, err);
    }
    return status == STATUS_OK ? status : not_ours(err);
}

static Report__Row *zero_row(struct arena *arena, const char *name, size_t columns)
{
    Report__Row *row = arena_alloc(arena, sizeof(*row));
    Report__Cell **list = arena_alloc(arena, columns * sizeof(*list));
    Report__Cell *cells = arena_alloc(arena, columns * sizeof(*cells));
    char *text = arena_copy_text(arena, name);
    if (row == NULL || list == NULL || cells == NULL || text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < columns; i++) {
        report__cell__init(&cells[i]);
        cells[i].value_case = REPORT__CELL__VALUE_COUNT;
        list[i] = &cells[i];
    }
    cells[0].value_case = REPORT__CELL__VALUE_TEXT;
    cells[0].text = text;
    report__row__init(row);
    row->n_cells = columns;
    row->cells = list;
    return row;
}

enum status report_periods_fill(const Report__QueryReportRequest *request,
                                const Report__QueryReportResponse *response,
                                const struct civil *civil, struct arena *arena,
                                Report__QueryReportResponse *ret_filled, struct error *err)
{
    struct walk walk = {.civil = civil, .period = (enum civil_period)(request->per - 1)};
    enum status status = set_out(request, response, &walk, err);
    if (status != STATUS_OK) {
        return status;
    }
    Report__Row **rows = arena_alloc(arena, REPORT_PERIODS_MAX * sizeof(*rows));
    size_t count = 0;
    size_t taken = 0;
    for (; rows != NULL && walk.hour <= walk.last; step(&walk)) {
        char name[32];
        civil_period_name(civil, walk.hour, walk.period, name);
        Report__Row *next = taken < response->n_rows ? response->rows[taken] : NULL;
        if (next != NULL && strcmp(next->cells[0]->text, name) == 0) {
            taken++;
        } else if (exists(&walk, name)) {
            next = zero_row(arena, name, response->n_columns);
        } else {
            continue;
        }
        if (next == NULL || count == REPORT_PERIODS_MAX) {
            rows = NULL;
            break;
        }
        rows[count++] = next;
    }
    if (rows == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "per",
                         "there would be more than %d rows: a shorter time or a longer period has "
                         "room for all",
                         REPORT_PERIODS_MAX);
    }
    if (taken != response->n_rows) {
        return not_ours(err);
    }
    *ret_filled = *response;
    ret_filled->n_rows = count;
    ret_filled->rows = rows;
    return STATUS_OK;
}
