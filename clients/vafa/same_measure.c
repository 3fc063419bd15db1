/* Rows in the order of their times, and an index over their places like that of the service. */
#include "clients/vafa/same_measure.h"

#include "base/check.h"
#include "base/clock.h"
#include "services/intake/intake_rules_incident.h"
#include "text/fold.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define NAME_DIGITS_MIN 6 /* a shorter number in a note names nothing */

const uint32_t same_measure_metres[SAME_MEASURE_RADII] = {10, 30, 50, 100, 200, 500};
const uint32_t same_measure_hours[SAME_MEASURE_WINDOWS] = {24, 72, 168, 336, 720, 2160};

struct row {
    int64_t opened_us;
    int64_t closed_us; /* 0: still open */
    struct incident_spot spot;
    const char *topic; /* interned */
    char *id;
    char *note; /* NULL unless marked */
    bool marked;
};

/* Where a row is found: {topic, kind, place}, and its number, which is its place in time. */
struct posting {
    const char *topic;
    uint64_t place;
    uint32_t row;
    uint32_t kind;
};

enum { BY_POINT, BY_THING, BY_STREET };

struct same_measure {
    const struct city *city;
    struct buffer mark; /* folded */
    struct row *rows;
    size_t count;
    size_t room;
    struct posting *postings;
    size_t posting_count;
    uint32_t *by_id; /* rows in the order of their ids */
    char **topics;   /* sorted */
    size_t topic_count;
};

/* --- taking rows in --- */

static void *grow(void *items, size_t count, size_t size)
{
    void *grown = realloc(items, count * size);
    CHECK(grown != NULL);
    return grown;
}

struct same_measure *same_measure_new(const struct city *city, const char *mark)
{
    struct same_measure *measure = calloc(1, sizeof(*measure));
    CHECK(measure != NULL);
    measure->city = city;
    if (text_fold(mark, &measure->mark, NULL) != STATUS_OK) {
        measure->mark.size = 0;
    }
    return measure;
}

void same_measure_free(struct same_measure *measure)
{
    if (measure == NULL) {
        return;
    }
    for (size_t i = 0; i < measure->count; i++) {
        free(measure->rows[i].id);
        free(measure->rows[i].note);
    }
    for (size_t i = 0; i < measure->topic_count; i++) {
        free(measure->topics[i]);
    }
    buffer_fini(&measure->mark);
    free(measure->rows);
    free(measure->postings);
    free(measure->by_id);
    free(measure->topics);
    free(measure);
}

/* The one copy of a topic's key, so that topics are compared by their place in memory; NULL when it
 * is not there and `add` is not asked. */
static const char *intern(struct same_measure *measure, const char *topic, bool add)
{
    size_t low = 0;
    size_t high = measure->topic_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(measure->topics[middle], topic);
        if (order == 0) {
            return measure->topics[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    if (!add) {
        return NULL;
    }
    measure->topics = grow(measure->topics, measure->topic_count + 1, sizeof(*measure->topics));
    memmove(&measure->topics[low + 1], &measure->topics[low],
            (measure->topic_count - low) * sizeof(*measure->topics));
    measure->topics[low] = strdup(topic);
    CHECK(measure->topics[low] != NULL);
    measure->topic_count++;
    return measure->topics[low];
}

static void read_note(const struct same_measure *measure, const char *note, struct row *row)
{
    struct buffer folded = BUFFER_EMPTY;
    if (measure->mark.size > 0 && text_fold(note, &folded, NULL) == STATUS_OK &&
        folded.size >= measure->mark.size) {
        row->marked =
            memmem(folded.data, folded.size, measure->mark.data, measure->mark.size) != NULL;
    }
    if (row->marked) {
        row->note = strdup(note);
        CHECK(row->note != NULL);
    }
    buffer_fini(&folded);
}

enum status same_measure_add(struct same_measure *measure, const struct import_row *from,
                             struct error *err)
{
    struct row row = {.opened_us = from->history.occurred_at_us, .closed_us = from->closed_us};
    if (measure->count == SAME_MEASURE_ROWS_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "more than %d rows",
                         SAME_MEASURE_ROWS_MAX);
    }
    enum status status = incident_spot_of(from->request.place, &row.spot, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (measure->count == measure->room) {
        measure->room = measure->room == 0 ? 1024 : measure->room * 2;
        measure->rows = grow(measure->rows, measure->room, sizeof(*measure->rows));
    }
    row.id = strdup(from->request.external_id);
    CHECK(row.id != NULL);
    row.topic = intern(measure, from->request.topic, true);
    read_note(measure, from->note, &row);
    measure->rows[measure->count++] = row;
    return STATUS_OK;
}

/* --- the index --- */

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->opened_us != right->opened_us) {
        return left->opened_us < right->opened_us ? -1 : 1;
    }
    return strcmp(left->id, right->id);
}

static int compare_postings(const void *a, const void *b)
{
    const struct posting *left = a;
    const struct posting *right = b;
    if (left->topic != right->topic) {
        return (uintptr_t)left->topic < (uintptr_t)right->topic ? -1 : 1;
    }
    if (left->kind != right->kind) {
        return left->kind < right->kind ? -1 : 1;
    }
    if (left->place != right->place) {
        return left->place < right->place ? -1 : 1;
    }
    return left->row == right->row ? 0 : left->row < right->row ? -1 : 1;
}

static int compare_ids(const void *a, const void *b, void *context)
{
    const struct row *rows = context;
    return strcmp(rows[*(const uint32_t *)a].id, rows[*(const uint32_t *)b].id);
}

static uint64_t place_of_cell(struct incident_cell cell)
{
    return (uint64_t)cell.row << 32 | cell.column;
}

static void post(struct same_measure *measure, uint32_t row, uint32_t kind, uint64_t place)
{
    measure->postings[measure->posting_count++] =
        (struct posting){measure->rows[row].topic, place, row, kind};
}

static void build_index(struct same_measure *measure)
{
    if (measure->count == 0) {
        return;
    }
    qsort(measure->rows, measure->count, sizeof(*measure->rows), compare_rows);
    measure->postings = grow(measure->postings, measure->count * 3 + 1, sizeof(*measure->postings));
    measure->by_id = grow(measure->by_id, measure->count + 1, sizeof(*measure->by_id));
    for (uint32_t i = 0; i < measure->count; i++) {
        const struct incident_spot *spot = &measure->rows[i].spot;
        measure->by_id[i] = i;
        if (spot->has_point) {
            post(measure, i, BY_POINT,
                 place_of_cell(incident_cell_of(spot->latitude, spot->longitude)));
        }
        if (spot->thing != 0) {
            post(measure, i, BY_THING, spot->thing);
        }
        if (spot->street != 0) {
            post(measure, i, BY_STREET, spot->street);
        }
    }
    qsort(measure->postings, measure->posting_count, sizeof(*measure->postings), compare_postings);
    qsort_r(measure->by_id, measure->count, sizeof(*measure->by_id), compare_ids, measure->rows);
}

static uint32_t find_id(const struct same_measure *measure, const char *id, size_t size)
{
    size_t low = 0;
    size_t high = measure->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *found = measure->rows[measure->by_id[middle]].id;
        int order = strncmp(found, id, size);
        if (order == 0 && found[size] == '\0') {
            return measure->by_id[middle];
        }
        low = order < 0 ? middle + 1 : low;
        high = order < 0 ? high : middle;
    }
    return NONE;
}

/* The first request of the file, but the row itself, whose number stands in its note. */
static uint32_t named_by(const struct same_measure *measure, uint32_t asked)
{
    const char *at = measure->rows[asked].note;
    while (at != NULL && *at != '\0') {
        size_t digits = strspn(at, "0123456789");
        uint32_t found = digits < NAME_DIGITS_MIN ? NONE : find_id(measure, at, digits);
        if (found != NONE && found != asked) {
            return found;
        }
        at += digits > 0 ? digits : 1;
    }
    return NONE;
}

/* --- asking --- */

typedef void (*take_pair)(void *context, uint32_t row, const struct incident_likeness *likeness);

struct question {
    const struct same_measure *measure;
    const struct city_same *same;
    uint32_t asked;
    take_pair take; /* is given each earlier row that the rules call a candidate, open or not */
    void *context;
};

/* Those of one place, the newest first, as far back as the window goes. */
static void ask_place(const struct question *q, const char *topic, uint32_t kind, uint64_t place)
{
    const struct same_measure *measure = q->measure;
    const struct row *asked = &measure->rows[q->asked];
    const struct posting end = {topic, place, q->asked, kind};
    size_t low = 0;
    size_t high = measure->posting_count;
    while (low < high) { /* the first posting that is not before `end` */
        size_t middle = low + (high - low) / 2;
        bool before = compare_postings(&measure->postings[middle], &end) < 0;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    while (low-- > 0) {
        const struct posting *posting = &measure->postings[low];
        const struct row *row = &measure->rows[posting->row];
        struct incident_likeness likeness;
        if (posting->topic != topic || posting->kind != kind || posting->place != place ||
            asked->opened_us - row->opened_us > (int64_t)q->same->hours * HOUR_US) {
            break;
        }
        if (incident_is_candidate(q->same, &asked->spot, asked->opened_us, &row->spot,
                                  row->opened_us, &likeness)) {
            q->take(q->context, posting->row, &likeness);
        }
    }
}

static void ask_topic(const struct question *q, const char *topic)
{
    const struct incident_spot *spot = &q->measure->rows[q->asked].spot;
    if (spot->thing != 0) {
        ask_place(q, topic, BY_THING, spot->thing);
    }
    if (spot->has_point) {
        struct incident_cells cells =
            incident_cells_around(spot->latitude, spot->longitude, q->same->metres);
        struct incident_cell cell;
        for (cell.row = cells.from.row; cell.row <= cells.to.row; cell.row++) {
            for (cell.column = cells.from.column; cell.column <= cells.to.column; cell.column++) {
                ask_place(q, topic, BY_POINT, place_of_cell(cell));
            }
        }
    }
    if (spot->street != 0) {
        ask_place(q, topic, BY_STREET, spot->street);
    }
}

static void ask(const struct question *q)
{
    const char *topics[CITY_KIN_MAX];
    size_t count = city_kin(q->measure->city, q->measure->rows[q->asked].topic, topics);
    for (size_t i = 0; i < count && q->same->metres > 0; i++) {
        const char *topic = intern((struct same_measure *)(uintptr_t)q->measure, topics[i], false);
        if (topic != NULL) {
            ask_topic(q, topic);
        }
    }
}

static bool is_open_at(const struct row *row, int64_t at_us)
{
    return row->closed_us == 0 || row->closed_us > at_us;
}

/* --- the curve --- */

struct curve_marks {
    const struct same_measure *measure;
    uint32_t asked;
    bool hit[SAME_MEASURE_RADII][SAME_MEASURE_WINDOWS];
};

/* Marks the smallest radius and window that reach it; a street reaches at any radius. */
static void mark_curve(void *context, uint32_t row, const struct incident_likeness *likeness)
{
    struct curve_marks *marks = context;
    const struct row *rows = marks->measure->rows;
    int64_t asked_us = rows[marks->asked].opened_us;
    size_t r = 0;
    size_t w = 0;
    if (!is_open_at(&rows[row], asked_us)) {
        return;
    }
    while (r + 1 < SAME_MEASURE_RADII && likeness->metres > same_measure_metres[r]) {
        r++;
    }
    while (w + 1 < SAME_MEASURE_WINDOWS &&
           asked_us - rows[row].opened_us > (int64_t)same_measure_hours[w] * HOUR_US) {
        w++;
    }
    marks->hit[r][w] = true;
}

static void add_to_curve(const struct curve_marks *marks, bool marked, struct same_result *result)
{
    for (size_t r = 0; r < SAME_MEASURE_RADII; r++) {
        for (size_t w = 0; w < SAME_MEASURE_WINDOWS; w++) {
            bool hit = false;
            for (size_t i = 0; i <= r; i++) {
                for (size_t j = 0; j <= w; j++) {
                    hit = hit || marks->hit[i][j];
                }
            }
            result->curve[r][w].hits += hit;
            result->curve[r][w].marked_hits += hit && marked;
        }
    }
}

/* --- at the chosen radius and window --- */

struct shown {
    const struct same_measure *measure;
    uint32_t asked;
    uint32_t rows[SAME_MEASURE_SHOWN];
    struct incident_likeness likeness[SAME_MEASURE_SHOWN];
    size_t count;
    bool closed; /* there was one, but closed */
};

static void take_shown(void *context, uint32_t row, const struct incident_likeness *likeness)
{
    struct shown *shown = context;
    const struct row *rows = shown->measure->rows;
    if (!is_open_at(&rows[row], rows[shown->asked].opened_us)) {
        shown->closed = true;
        return;
    }
    for (size_t i = 0; i < shown->count; i++) {
        if (shown->rows[i] == row) {
            return; /* by its point and its street: the rules say the same of both */
        }
    }
    size_t at = shown->count < SAME_MEASURE_SHOWN ? shown->count++ : SAME_MEASURE_SHOWN;
    for (; at > 0 &&
           incident_compare(likeness, row, &shown->likeness[at - 1], shown->rows[at - 1]) < 0;
         at--) {
        if (at < SAME_MEASURE_SHOWN) {
            shown->rows[at] = shown->rows[at - 1];
            shown->likeness[at] = shown->likeness[at - 1];
        }
    }
    if (at < SAME_MEASURE_SHOWN) {
        shown->rows[at] = row;
        shown->likeness[at] = *likeness;
    }
}

static void count_named(const struct same_measure *measure, const struct shown *shown,
                        struct same_result *result)
{
    uint32_t named = named_by(measure, shown->asked);
    if (named == NONE) {
        return;
    }
    int64_t asked_us = measure->rows[shown->asked].opened_us;
    result->named++;
    result->named_open += named < shown->asked && is_open_at(&measure->rows[named], asked_us);
    for (size_t i = 0; i < shown->count; i++) {
        result->named_first += i == 0 && shown->rows[i] == named;
        result->named_shown += shown->rows[i] == named;
    }
}

static void count_unmarked(const struct same_measure *measure, const struct shown *shown,
                           struct same_result *result)
{
    const struct row *asked = &measure->rows[shown->asked];
    const struct row *best = &measure->rows[shown->rows[0]];
    int64_t apart_us = asked->closed_us - best->closed_us;
    bool both_closed = asked->closed_us != 0 && best->closed_us != 0;
    result->unmarked_at_point +=
        shown->likeness[0].by == INTAKE__SAME_BY__SAME_BY_POINT && shown->likeness[0].metres <= 1;
    result->unmarked_by_street += shown->likeness[0].by == INTAKE__SAME_BY__SAME_BY_STREET;
    result->unmarked_within_day += asked->opened_us - best->opened_us <= 24 * HOUR_US;
    result->unmarked_closed_together += both_closed && apart_us <= HOUR_US && apart_us >= -HOUR_US;
}

static void count_shown(const struct same_measure *measure, const struct shown *shown,
                        uint32_t *unmarked_of_topic, struct same_result *result)
{
    const struct row *asked = &measure->rows[shown->asked];
    bool hit = shown->count > 0;
    result->comparable += incident_spot_is_known(&asked->spot);
    result->marked += asked->marked;
    result->chosen.hits += hit;
    result->chosen.marked_hits += hit && asked->marked;
    if (asked->marked && !hit) {
        bool known = incident_spot_is_known(&asked->spot);
        result->marked_no_place += !known;
        result->marked_only_closed += known && shown->closed;
        result->marked_nothing += known && !shown->closed;
    }
    if (asked->marked) {
        count_named(measure, shown, result);
    } else if (hit) {
        count_unmarked(measure, shown, result);
        for (size_t i = 0; i < measure->topic_count; i++) {
            unmarked_of_topic[i] += measure->topics[i] == asked->topic;
        }
    }
}

static void rank_topics(const struct same_measure *measure, uint32_t *unmarked_of_topic,
                        struct same_result *result)
{
    while (result->topic_count < SAME_MEASURE_TOPICS) {
        size_t best = 0;
        for (size_t i = 0; i < measure->topic_count; i++) {
            best = unmarked_of_topic[i] > unmarked_of_topic[best] ? i : best;
        }
        if (measure->topic_count == 0 || unmarked_of_topic[best] == 0) {
            return;
        }
        result->topics[result->topic_count++] =
            (struct same_topic){measure->topics[best], unmarked_of_topic[best]};
        unmarked_of_topic[best] = 0;
    }
}

void same_measure_run(struct same_measure *measure, uint32_t metres, uint32_t hours,
                      struct same_result *ret_result)
{
    static const struct city_same widest = {.topic = "*", .metres = 500, .hours = 2160, .kin = ""};
    uint32_t *unmarked_of_topic = calloc(measure->topic_count + 1, sizeof(*unmarked_of_topic));
    CHECK(unmarked_of_topic != NULL);
    memset(ret_result, 0, sizeof(*ret_result));
    ret_result->rows = (uint32_t)measure->count;
    build_index(measure);
    for (uint32_t i = 0; i < measure->count; i++) {
        struct curve_marks marks = {.measure = measure, .asked = i};
        struct shown shown = {.measure = measure, .asked = i};
        struct city_same same = *city_same(measure->city, measure->rows[i].topic);
        same.metres = metres != 0 && same.metres != 0 ? metres : same.metres;
        same.hours = hours != 0 && same.hours != 0 ? hours : same.hours;
        ask(&(struct question){measure, &same, i, take_shown, &shown});
        if (same.metres != 0 && same.hours != 0) {
            ask(&(struct question){measure, &widest, i, mark_curve, &marks});
        }
        count_shown(measure, &shown, unmarked_of_topic, ret_result);
        add_to_curve(&marks, measure->rows[i].marked, ret_result);
    }
    rank_topics(measure, unmarked_of_topic, ret_result);
    free(unmarked_of_topic);
}
