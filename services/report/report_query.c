/*
 * One pass over the cells of the time asked for: those that pass the filters are added up in
 * groups, which lie in a hash table of fixed size (linear probing, at most half full), and are then
 * put in order.
 */
#include "services/report/report_internal.h"
#include "services/report/report_tables.h"

#include "base/utf8_check.h"

#include <stdlib.h>
#include <string.h>

/* After so many cells it is looked whether somebody still waits. */
#define CELLS_A_LOOK 4096

struct query {
    struct read *r;
    struct arena *scratch;
    const Report__QueryReportRequest *request;
    bool with_buckets;
    uint32_t groups_max;
    struct report_group **groups;
    size_t group_count;
    struct report_group **slots;
    size_t slot_mask;
    /* Cells come in the order of their hours: the period of the hour before is mostly this one's.
     */
    int32_t hour;
    int32_t hour_period;
    bool hour_known;
};

/* --- which cells --- */

/* The value passes when its dimension has no filter, or one of that value. */
static bool passes_dimension(const struct query *q, const struct report_place *place,
                             Report__Dimension dimension)
{
    bool filtered = false;
    for (size_t i = 0; i < q->request->n_where; i++) {
        const Report__Filter *filter = q->request->where[i];
        if (filter->dimension != dimension) {
            continue;
        }
        if (strcmp(filter->value, report_rules_value(place, dimension)) == 0) {
            return true;
        }
        filtered = true;
    }
    return !filtered;
}

static bool passes(const struct query *q, const struct report_place *place)
{
    if (q->request->n_where == 0) {
        return true;
    }
    for (int d = 1; d <= REPORT_DIMENSION_COUNT; d++) {
        if (!passes_dimension(q, place, (Report__Dimension)d)) {
            return false;
        }
    }
    return true;
}

/* --- which group --- */

static bool by_period(const struct query *q)
{
    return q->request->per != REPORT__PERIOD__PERIOD_UNSPECIFIED;
}

/* Report's periods begin behind "unspecified", the calendar's at 0; both run from the hour to the
 * month. */
_Static_assert(REPORT__PERIOD__PERIOD_HOUR == CIVIL_HOUR + 1 &&
                   REPORT__PERIOD__PERIOD_DAY == CIVIL_DAY + 1 &&
                   REPORT__PERIOD__PERIOD_WEEK == CIVIL_WEEK + 1 &&
                   REPORT__PERIOD__PERIOD_MONTH == CIVIL_MONTH + 1,
               "the periods have the same order");

static int32_t period_of(struct query *q, int32_t hour)
{
    if (!by_period(q)) {
        return 0;
    }
    if (!q->hour_known || q->hour != hour) {
        q->hour_period = civil_period_start(city_civil(q->r->city), hour,
                                            (enum civil_period)(q->request->per - 1));
        q->hour = hour;
        q->hour_known = true;
    }
    return q->hour_period;
}

/* FNV-1a over the period and the values with their NULs. */
static uint64_t hash_of(int32_t period, const char *const values[], size_t count)
{
    const uint64_t prime = UINT64_C(1099511628211);
    uint64_t hash = (UINT64_C(14695981039346656037) ^ (uint32_t)period) * prime;
    for (size_t i = 0; i < count; i++) {
        for (const char *c = values[i]; *c != '\0'; c++) {
            hash = (hash ^ (uint8_t)*c) * prime;
        }
        hash *= prime;
    }
    return hash ^ hash >> 32;
}

static bool group_is(const struct report_group *group, int32_t period, const char *const values[],
                     size_t count)
{
    if (group->period != period) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(group->values[i], values[i]) != 0) {
            return false;
        }
    }
    return true;
}

static enum status out_of_memory(struct query *q)
{
    return read_refuse(q->r, STATUS_RESOURCE_EXHAUSTED, "rows_max",
                       "the question needs more memory than one may have: " REPORT_ADVICE);
}

static enum status add_group(struct query *q, struct report_group **slot, int32_t period,
                             const char *const values[], size_t count)
{
    if (q->group_count == q->groups_max) {
        return read_refuse(q->r, STATUS_RESOURCE_EXHAUSTED, "rows_max",
                           "the answer has more than %u rows: " REPORT_ADVICE, q->groups_max);
    }
    struct report_group *group = arena_alloc(q->scratch, sizeof(*group));
    if (group == NULL) {
        return out_of_memory(q);
    }
    group->period = period;
    for (size_t i = 0; i < count; i++) { /* they come from keys, which hold any bytes */
        if (!utf8_well_formed(values[i], strlen(values[i]))) {
            return read_refuse(q->r, STATUS_DATA_LOSS, NULL, "the key of a cell is not text");
        }
    }
    for (size_t i = 0; i < REPORT_DIMENSION_COUNT; i++) {
        group->values[i] = i < count ? arena_copy_text(q->r->arena, values[i]) : "";
        if (group->values[i] == NULL) {
            return out_of_memory(q);
        }
    }
    *slot = group;
    q->groups[q->group_count++] = group;
    return STATUS_OK;
}

/* The group of a place, made when it is the first of it. */
static enum status find_group(struct query *q, const struct report_place *place,
                              struct report_group **ret_group)
{
    const char *values[REPORT_DIMENSION_COUNT];
    size_t count = q->request->n_by;
    for (size_t i = 0; i < count; i++) {
        values[i] = report_rules_value(place, q->request->by[i]);
    }
    int32_t period = period_of(q, place->local_hour);
    size_t at = hash_of(period, values, count) & q->slot_mask;
    while (q->slots[at] != NULL && !group_is(q->slots[at], period, values, count)) {
        at = (at + 1) & q->slot_mask;
    }
    if (q->slots[at] == NULL) {
        enum status status = add_group(q, &q->slots[at], period, values, count);
        if (status != STATUS_OK) {
            return status;
        }
    }
    *ret_group = q->slots[at];
    return STATUS_OK;
}

/* --- the pass --- */

static enum status add_cell(struct query *q, const struct report_place *place, struct bytes value)
{
    struct report_group *group;
    enum status status = find_group(q, place, &group);
    if (status != STATUS_OK) {
        return status;
    }
    status = report_tables_cell_add(&group->sum, q->scratch, value, q->with_buckets);
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        return out_of_memory(q);
    }
    if (status != STATUS_OK) {
        return read_refuse(q->r, status, NULL, "a cell of counters cannot be read");
    }
    return STATUS_OK;
}

/* Hours are whole: the first is the one that holds from_us, the last the one that holds the last
 * moment before to_us. */
static int32_t hour_end(const struct query *q)
{
    int64_t to_us = q->request->to_us;
    return to_us == 0 ? INT32_MAX : civil_local_hour(city_civil(q->r->city), to_us - 1) + 1;
}

static enum status scan(struct query *q)
{
    struct key prefix;
    struct key from;
    struct bytes key;
    struct bytes value;
    struct txn_scan cells;
    enum status status = STATUS_OK;
    unsigned seen = 0;
    int32_t end = hour_end(q);
    report_tables_cell_prefix(&prefix);
    report_tables_cell_from(&from, civil_local_hour(city_civil(q->r->city), q->request->from_us));
    txn_scan_begin(&cells, q->r->txn, STORE_VIEW, &prefix, &from, false);
    while (status == STATUS_OK && txn_scan_next(&cells, &key, &value)) {
        struct report_place place;
        if (++seen % CELLS_A_LOOK == 0) {
            status = read_wanted(q->r);
        }
        if (status != STATUS_OK) {
            break;
        }
        if (!report_tables_cell_place(key, &place)) {
            status = read_refuse(q->r, STATUS_DATA_LOSS, NULL, "the key of a cell cannot be read");
        } else if (place.local_hour >= end) {
            break;
        } else if (passes(q, &place)) {
            status = add_cell(q, &place, value);
        }
    }
    txn_scan_end(&cells);
    return status == STATUS_OK ? txn_error(q->r->txn, q->r->error) : status;
}

/* --- the question --- */

static int compare_by_period(const void *a, const void *b)
{
    return report_rules_order(*(struct report_group *const *)a, *(struct report_group *const *)b,
                              true);
}

static int compare_by_figure(const void *a, const void *b)
{
    return report_rules_order(*(struct report_group *const *)a, *(struct report_group *const *)b,
                              false);
}

static void finish(struct query *q)
{
    for (size_t i = 0; i < q->group_count; i++) {
        report_rules_figures(q->request->metric, &q->groups[i]->sum, q->groups[i]->figures);
    }
    qsort(q->groups, q->group_count, sizeof(struct report_group *),
          by_period(q) ? compare_by_period : compare_by_figure);
}

static enum status begin(struct query *q, struct read *r, struct arena *scratch,
                         const Report__QueryReportRequest *request)
{
    *q = (struct query){
        .r = r,
        .scratch = scratch,
        .request = request,
        .with_buckets = request->metric == REPORT__METRIC__METRIC_RESOLUTION_HOURS,
        .groups_max = request->rows_max != 0 ? request->rows_max : REPORT_ROWS_MAX,
    };
    size_t slot_count = 16;
    while (slot_count < 2 * (size_t)q->groups_max) {
        slot_count *= 2;
    }
    q->slot_mask = slot_count - 1;
    q->slots = arena_alloc(scratch, slot_count * sizeof(struct report_group *));
    q->groups = arena_alloc(scratch, q->groups_max * sizeof(struct report_group *));
    if (q->slots == NULL || q->groups == NULL) {
        return out_of_memory(q);
    }
    if (request->n_by == 0 && !by_period(q)) {
        /* The sum of everything has its row even when there is nothing. */
        static const struct report_place nowhere = {.topic = "", .area = "", .unit = ""};
        struct report_group *all;
        return find_group(q, &nowhere, &all);
    }
    return STATUS_OK;
}

enum status report_query_run(struct read *r, struct arena *scratch,
                             const Report__QueryReportRequest *request,
                             struct report_group ***ret_groups, size_t *ret_count)
{
    struct query q;
    enum status status = begin(&q, r, scratch, request);
    if (status == STATUS_OK) {
        status = scan(&q);
    }
    if (status != STATUS_OK) {
        return status;
    }
    finish(&q);
    *ret_groups = q.groups;
    *ret_count = q.group_count;
    return STATUS_OK;
}
