/* Rows in the order of their times, and counters of hours that grow with them. */
#include "clients/vafa/surge_measure.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define ALL 0U /* topics and areas are numbered from 1 */

struct row {
    int64_t at_us;
    uint32_t order; /* in the file */
    int32_t local_hour;
    uint32_t topic;
    uint32_t area; /* ALL: none */
};

struct cell {
    int32_t hour;
    uint32_t topic, area;
    uint32_t count; /* 0: the slot is free */
};

struct words {
    char **items;
    size_t count;
};

struct surge_measure {
    struct row *rows;
    size_t row_count, row_room;
    struct words words; /* topics' and areas' */
    struct cell *cells;
    size_t cell_mask;
    struct surge_measured *surges;
    uint32_t *topics, *areas; /* of each surge */
    size_t surge_count, surge_room;
};

static void *grow(void *items, size_t count, size_t size)
{
    void *grown = realloc(items, count * size);
    CHECK(grown != NULL);
    return grown;
}

/* --- taking rows in --- */

struct surge_measure *surge_measure_new(void)
{
    struct surge_measure *measure = calloc(1, sizeof(*measure));
    CHECK(measure != NULL);
    return measure;
}

void surge_measure_free(struct surge_measure *measure)
{
    if (measure == NULL) {
        return;
    }
    for (size_t i = 0; i < measure->words.count; i++) {
        free(measure->words.items[i]);
    }
    free(measure->words.items);
    free(measure->rows);
    free(measure->cells);
    free(measure->surges);
    free(measure->topics);
    free(measure->areas);
    free(measure);
}

/* Few, so a list is enough; ALL for "". */
static uint32_t number_of(struct words *words, const char *text)
{
    if (text[0] == '\0') {
        return ALL;
    }
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->items[i], text) == 0) {
            return (uint32_t)i + 1;
        }
    }
    words->items = grow(words->items, words->count + 1, sizeof(*words->items));
    words->items[words->count] = strdup(text);
    CHECK(words->items[words->count] != NULL);
    return (uint32_t)++words->count;
}

enum status surge_measure_add(struct surge_measure *measure, int64_t at_us, int32_t local_hour,
                              const char *topic, const char *area, struct error *err)
{
    if (measure->row_count == SURGE_MEASURE_ROWS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "more than %d rows",
                         SURGE_MEASURE_ROWS_MAX);
    }
    if (measure->row_count == measure->row_room) {
        measure->row_room = measure->row_room == 0 ? 1024 : measure->row_room * 2;
        measure->rows = grow(measure->rows, measure->row_room, sizeof(*measure->rows));
    }
    measure->rows[measure->row_count] = (struct row){
        .at_us = at_us,
        .order = (uint32_t)measure->row_count,
        .local_hour = local_hour,
        .topic = number_of(&measure->words, topic),
        .area = number_of(&measure->words, area),
    };
    measure->row_count++;
    return STATUS_OK;
}

/* --- counting --- */

static struct cell *cell_of(const struct surge_measure *measure, int32_t hour, uint32_t topic,
                            uint32_t area)
{
    uint64_t hash = (uint64_t)(uint32_t)hour * UINT64_C(0x9E3779B97F4A7C15) ^
                    (uint64_t)topic * UINT64_C(0xC2B2AE3D27D4EB4F) ^
                    (uint64_t)area * UINT64_C(0x165667B19E3779F9);
    size_t at = (size_t)(hash >> 20) & measure->cell_mask;
    struct cell *cell = &measure->cells[at];
    while (cell->count != 0 && (cell->hour != hour || cell->topic != topic || cell->area != area)) {
        at = (at + 1) & measure->cell_mask;
        cell = &measure->cells[at];
    }
    return cell;
}

static void count_one(struct surge_measure *measure, int32_t hour, uint32_t topic, uint32_t area)
{
    struct cell *cell = cell_of(measure, hour, topic, area);
    *cell = (struct cell){hour, topic, area, cell->count + 1};
}

static uint64_t requests_of(const struct surge_measure *measure, int32_t hour, uint32_t topic,
                            uint32_t area)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < REPORT_SURGE_HOURS; i++) {
        sum += cell_of(measure, hour - i, topic, area)->count;
    }
    return sum;
}

static bool is_known(const struct surge_measure *measure, int32_t hour)
{
    bool known = false;
    for (int32_t i = 0; i < 24 && !known; i++) {
        known = cell_of(measure, hour - i, ALL, ALL)->count > 0;
    }
    return known;
}

/* --- what the rules ask --- */

struct asked {
    struct surge_measure *measure;
    const struct row *row;
    size_t open[REPORT_SURGE_SCOPES]; /* its place and one; 0: none */
};

static uint32_t area_of(const struct asked *asked, enum report_surge_scope scope)
{
    return scope == REPORT_SURGE_AREA ? asked->row->area : ALL;
}

/* Ended ones, too: the last one of the scope, whose end may have passed. */
static int64_t lasts(void *context, enum report_surge_scope scope)
{
    struct asked *asked = context;
    const struct surge_measure *measure = asked->measure;
    uint32_t area = area_of(asked, scope);
    size_t at = measure->surge_count;
    while (at > 0 &&
           (measure->topics[at - 1] != asked->row->topic || measure->areas[at - 1] != area)) {
        at--;
    }
    asked->open[scope] = at;
    return at == 0 ? 0 : measure->surges[at - 1].until_us;
}

static uint64_t now(void *context, enum report_surge_scope scope)
{
    const struct asked *asked = context;
    return requests_of(asked->measure, asked->row->local_hour, asked->row->topic,
                       area_of(asked, scope));
}

static uint64_t told(void *context, int64_t at_us)
{
    const struct asked *asked = context;
    const struct surge_measure *measure = asked->measure;
    uint64_t sum = 0;
    for (size_t i = 0; i < measure->surge_count; i++) {
        if (measure->topics[i] == asked->row->topic && measure->areas[i] != ALL &&
            at_us < measure->surges[i].until_us) {
            sum +=
                requests_of(measure, asked->row->local_hour, asked->row->topic, measure->areas[i]);
        }
    }
    return sum;
}

static void before(void *context, enum report_surge_scope scope, struct report_surge_count *count)
{
    const struct asked *asked = context;
    for (int32_t week = 1; week <= REPORT_SURGE_WEEKS; week++) {
        int32_t hour = asked->row->local_hour - week * REPORT_SURGE_WEEK_HOURS;
        if (is_known(asked->measure, hour)) {
            count->weeks++;
            count->before +=
                requests_of(asked->measure, hour, asked->row->topic, area_of(asked, scope));
        }
    }
}

/* --- running --- */

static void begin(struct surge_measure *measure, const struct row *row, uint32_t area,
                  const struct report_surge_count *count)
{
    if (measure->surge_count == measure->surge_room) {
        measure->surge_room = measure->surge_room == 0 ? 64 : measure->surge_room * 2;
        measure->surges = grow(measure->surges, measure->surge_room, sizeof(*measure->surges));
        measure->topics = grow(measure->topics, measure->surge_room, sizeof(*measure->topics));
        measure->areas = grow(measure->areas, measure->surge_room, sizeof(*measure->areas));
    }
    measure->topics[measure->surge_count] = row->topic;
    measure->areas[measure->surge_count] = area;
    measure->surges[measure->surge_count++] = (struct surge_measured){
        .topic = measure->words.items[row->topic - 1],
        .area = area == ALL ? NULL : measure->words.items[area - 1],
        .began_us = row->at_us,
        .until_us = row->at_us + REPORT_SURGE_LASTS_US,
        .count = *count,
        .came = count->now,
    };
}

/* The request, to the surges in whose scope it came. */
static void count_came(struct surge_measure *measure, const struct row *row)
{
    for (size_t i = 0; i < measure->surge_count; i++) {
        if (measure->topics[i] == row->topic &&
            (measure->areas[i] == ALL || measure->areas[i] == row->area) &&
            row->at_us < measure->surges[i].until_us) {
            measure->surges[i].came++;
        }
    }
}

static void look(struct surge_measure *measure, const struct row *row,
                 const struct city_surge *limits)
{
    struct asked asked = {.measure = measure, .row = row};
    const struct report_surge_facts facts = {
        .context = &asked, .lasts = lasts, .now = now, .told = told, .before = before};
    struct report_surge_outcome outcomes[REPORT_SURGE_SCOPES];
    count_came(measure, row);
    report_surge_follow(limits, row->at_us, row->area != ALL, &facts, outcomes);
    for (int i = 0; i < REPORT_SURGE_SCOPES; i++) {
        if (outcomes[i].step == REPORT_SURGE_BEGINS) {
            begin(measure, row, area_of(&asked, (enum report_surge_scope)i), &outcomes[i].count);
        } else if (outcomes[i].step == REPORT_SURGE_GOES_ON) {
            measure->surges[asked.open[i] - 1].until_us = row->at_us + REPORT_SURGE_LASTS_US;
        }
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->at_us != right->at_us) {
        return left->at_us < right->at_us ? -1 : 1;
    }
    return left->order < right->order ? -1 : 1;
}

static void begin_anew(struct surge_measure *measure)
{
    size_t slots = 1024;
    while (slots < 8 * measure->row_count) { /* three cells a row at most */
        slots *= 2;
    }
    free(measure->cells);
    measure->cells = calloc(slots, sizeof(*measure->cells));
    CHECK(measure->cells != NULL);
    measure->cell_mask = slots - 1;
    measure->surge_count = 0;
    if (measure->row_count > 0) {
        qsort(measure->rows, measure->row_count, sizeof(*measure->rows), compare_rows);
    }
}

static uint32_t known_weeks(const struct surge_measure *measure, int32_t hour)
{
    uint32_t weeks = 0;
    for (int32_t week = 1; week <= REPORT_SURGE_WEEKS; week++) {
        weeks += is_known(measure, hour - week * REPORT_SURGE_WEEK_HOURS);
    }
    return weeks;
}

void surge_measure_run(struct surge_measure *measure, const struct city_surge *limits,
                       struct surge_result *ret_result)
{
    int32_t day = INT32_MIN;
    int32_t surge_day = INT32_MIN;
    *ret_result = (struct surge_result){.days = 0};
    begin_anew(measure);
    for (size_t i = 0; i < measure->row_count; i++) {
        const struct row *row = &measure->rows[i];
        size_t surges = measure->surge_count;
        if (row->local_hour / 24 != day) {
            day = row->local_hour / 24;
            ret_result->days++;
            ret_result->judged_days += known_weeks(measure, row->local_hour) >= limits->weeks;
        }
        count_one(measure, row->local_hour, ALL, ALL);
        count_one(measure, row->local_hour, row->topic, ALL);
        if (row->area != ALL) {
            count_one(measure, row->local_hour, row->topic, row->area);
        }
        look(measure, row, limits);
        if (measure->surge_count > surges && surge_day != day) {
            surge_day = day;
            ret_result->surge_days++;
        }
    }
    ret_result->surges = measure->surges;
    ret_result->count = measure->surge_count;
}

bool surge_measure_went_on(const struct surge_measured *surge)
{
    return surge->came >= 2 * surge->count.now;
}
