/* vafa report evaluate: how often a surge would have been told of, measured on rows of the past. Needs no server. */
#include "clients/vafa/figures.h"
#include "clients/vafa/import_csv.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/surge_measure.h"
#include "clients/vafa/table.h"

#include "vafa/common/v1/common.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define VALUE_BYTES 1024 /* of a topic, an area, a channel as the profile makes it */
#define CURVE_REQUESTS 4
#define CURVE_CHANCES 4

static const uint32_t curve_requests[CURVE_REQUESTS] = {5, 10, 20, 40};
static const uint32_t curve_one_in[CURVE_CHANCES] = {1000, 100000, 1000000, 100000000};

static const struct option_def options[] = {
    {"profile", 0, "NAME",
     "columns by imports/NAME.ini of the city pack: topic, opened, area, channel"},
    {"topic", 0, "COLUMN", "or each by its name: what it was about"},
    {"time", 0, "COLUMN", "when it was"},
    {"area", 0, "COLUMN", "where it was; may be left out"},
    {"requests", 0, "N", "so many in two hours at least, 2 to 10,000 (the pack's)"},
    {"one-in", 0, "N", "once in so many looks by chance, 20 to 1,000,000,000 (the pack's)"},
    {NULL, 0, NULL, NULL},
};

enum column { TOPIC, TIME, AREA, CHANNEL, COLUMNS };

static const struct {
    const char *option; /* NULL: by the profile alone */
    enum city_field field;
    bool needed;
} wanted[COLUMNS] = {
    [TOPIC] = {"topic", CITY_FIELD_TOPIC, true},
    [TIME] = {"time", CITY_FIELD_OPENED, true},
    [AREA] = {"area", CITY_FIELD_AREA, false},
    [CHANNEL] = {NULL, CITY_FIELD_CHANNEL, false},
};

struct reading {
    const struct city *city;
    struct city_profile *profile; /* NULL: columns by name */
    int columns[COLUMNS];         /* -1: none */
    bool is_named[COLUMNS];       /* by the command line: as it stands in the file */
    struct surge_measure *measure;
    uint64_t rows;
    uint64_t not_citizens;
    uint64_t unusable;
};

/* --- the file --- */

static enum status find_columns(struct session *session, const struct import_csv *csv,
                                struct reading *reading, struct error *err)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *name =
            wanted[i].option != NULL ? args_value(&session->args, wanted[i].option) : NULL;
        reading->is_named[i] = name != NULL;
        if (name == NULL && reading->profile != NULL) {
            name = city_profile_column(reading->profile, wanted[i].field);
        }
        reading->columns[i] = name != NULL ? import_csv_find(csv, name) : -1;
        if (name != NULL && reading->columns[i] < 0) {
            return error_set(err, STATUS_NOT_FOUND, wanted[i].option,
                             "the file has no column \"%s\"", name);
        }
        if (name == NULL && wanted[i].needed) {
            return error_set(
                err, STATUS_INVALID_ARGUMENT, wanted[i].option,
                "which column holds it? Give --%s COLUMN, or --profile NAME of a pack that maps it",
                wanted[i].option);
        }
    }
    return STATUS_OK;
}

/* "" when there is none. */
static const char *value_of(const struct reading *reading, enum column column,
                            const struct import_csv_row *row, char value[VALUE_BYTES])
{
    int at = reading->columns[column];
    if (at < 0) {
        return "";
    }
    if (reading->profile == NULL || reading->is_named[column]) {
        return row->cells[at];
    }
    city_profile_value(reading->profile, wanted[column].field, row->cells[at], value, VALUE_BYTES);
    return value;
}

static enum status read_time(const struct reading *reading, const char *cell, int64_t *ret_us,
                             struct error *err)
{
    return reading->profile != NULL && !reading->is_named[TIME]
               ? civil_parse_format(city_profile_civil(reading->profile), cell,
                                    city_profile_time_format(reading->profile), "time", ret_us, err)
               : civil_parse(city_civil(reading->city), cell, 0, "time", ret_us, err);
}

static bool is_whole(const struct reading *reading, const struct import_csv_row *row)
{
    bool whole = row->trouble == NULL;
    for (size_t i = 0; i < COLUMNS; i++) {
        whole = whole && reading->columns[i] < (int)row->cell_count;
    }
    return whole;
}

static enum status add_row(struct reading *reading, const struct import_csv_row *row,
                           struct error *err)
{
    char topic[VALUE_BYTES], area[VALUE_BYTES], channel[VALUE_BYTES];
    struct error why = ERROR_NONE;
    int64_t at_us = 0;
    reading->rows++;
    const char *known = is_whole(reading, row) ? value_of(reading, TOPIC, row, topic) : "";
    if (known[0] == '\0' ||
        read_time(reading, row->cells[reading->columns[TIME]], &at_us, &why) != STATUS_OK) {
        reading->unusable++;
        return STATUS_OK;
    }
    /* Without such a column all are citizens'. */
    if (reading->columns[CHANNEL] >= 0) {
        int number = label_enum_value(&common__channel__descriptor,
                                      value_of(reading, CHANNEL, row, channel));
        if (number < 0 || !report_surge_counts((uint32_t)number)) {
            reading->not_citizens++;
            return STATUS_OK;
        }
    }
    return surge_measure_add(reading->measure, at_us,
                             civil_local_hour(city_civil(reading->city), at_us), known,
                             value_of(reading, AREA, row, area), err);
}

static enum status read_rows(struct session *session, struct reading *reading, struct error *err)
{
    struct import_csv *csv = NULL;
    const struct import_csv_row *row = NULL;
    const char *profile = args_value(&session->args, "profile");
    enum status status = STATUS_OK;
    if (profile != NULL) {
        status = city_profile_load(&reading->profile, reading->city, profile, err);
    }
    if (status == STATUS_OK) {
        status = import_csv_open(&csv, session->args.arguments[0], err);
    }
    if (status == STATUS_OK) {
        status = find_columns(session, csv, reading, err);
    }
    if (status == STATUS_OK) {
        status = import_csv_next(csv, &row, err);
    }
    while (status == STATUS_OK && row != NULL) {
        status = add_row(reading, row, err);
        if (status == STATUS_OK) {
            status = import_csv_next(csv, &row, err);
        }
    }
    import_csv_close(csv);
    return status;
}

/* --- telling --- */

static size_t went_on(const struct surge_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->count; i++) {
        count += surge_measure_went_on(&result->surges[i]);
    }
    return count;
}

static double a_year(size_t count, const struct surge_result *result)
{
    return result->judged_days > 0 ? (double)count * 365 / result->judged_days : 0;
}

static double usual(const struct report_surge_count *count)
{
    return count->weeks > 0 ? (double)count->before / count->weeks : 0;
}

static void print_counts(struct session *session, const struct reading *reading,
                         const struct surge_result *result)
{
    size_t everywhere = 0;
    const char *comma = session_word(session, ",");
    for (size_t i = 0; i < result->count; i++) {
        everywhere += result->surges[i].area == NULL;
    }
    printf("%" PRIu64 " %s%s %" PRIu64 " %s%s %" PRIu64 " %s\n", reading->rows,
           session_word(session, "rows"), comma, reading->unusable,
           session_word(session, "not_readable"), comma, reading->not_citizens,
           session_word(session, "not_citizens"));
    printf("%" PRIu32 " %s%s %" PRIu32 " %s\n\n", result->days, session_word(session, "days"),
           comma, result->judged_days, session_word(session, "judged_days"));
    figures_yearly(session, "surges_measured", result->count, a_year(result->count, result));
    figures_count(session, "surges_everywhere", everywhere);
    figures_count(session, "surges_in_area", result->count - everywhere);
    figures_count(session, "surges_went_on", went_on(result));
    figures_count(session, "surges_did_not", result->count - went_on(result));
    figures_count(session, "surge_days", result->surge_days);
    putchar('\n');
}

static void print_surges(struct session *session, const struct surge_result *result)
{
    static const char *const heads[] = {"head_from",  "head_until", "head_topic", "head_area",
                                        "head_began", "head_usual", "head_came",  "head_went_on"};
    struct table *table = table_new(8);
    for (size_t i = 0; i < 8; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < result->count; i++) {
        const struct surge_measured *surge = &result->surges[i];
        char from[32], to[32];
        session_time(session, surge->began_us, from);
        session_time(session, surge->until_us, to);
        table_cell(table, from);
        table_cell(table, to);
        table_cell(table, session_topic(session, surge->topic));
        table_cell(table, surge->area != NULL ? surge->area : session_word(session, "all"));
        table_cell_format(table, "%" PRIu64, surge->count.now);
        table_cell_format(table, "%.1f", usual(&surge->count));
        table_cell_format(table, "%" PRIu64, surge->came);
        table_cell(table, session_word(session, surge_measure_went_on(surge) ? "yes" : "no"));
    }
    table_print(table, stdout);
    table_free(table);
}

struct curve {
    size_t surges[CURVE_REQUESTS][CURVE_CHANCES];
    size_t went_on[CURVE_REQUESTS][CURVE_CHANCES];
};

static void measure_curve(struct surge_measure *measure, uint32_t weeks, struct curve *ret_curve)
{
    for (size_t r = 0; r < CURVE_REQUESTS; r++) {
        for (size_t c = 0; c < CURVE_CHANCES; c++) {
            const struct city_surge limits = {
                .requests = curve_requests[r], .weeks = weeks, .one_in = curve_one_in[c]};
            struct surge_result result;
            surge_measure_run(measure, &limits, &result);
            ret_curve->surges[r][c] = result.count;
            ret_curve->went_on[r][c] = went_on(&result);
        }
    }
}

static void print_curve(struct session *session, const struct curve *curve)
{
    struct table *table = table_new(CURVE_CHANCES + 1);
    figures_head(session, "surge_curve");
    table_head(table, 0, "");
    for (size_t c = 0; c < CURVE_CHANCES; c++) {
        char head[32];
        snprintf(head, sizeof(head), "%s %" PRIu32, session_word(session, "one_in"),
                 curve_one_in[c]);
        table_head(table, c + 1, head);
        table_align_right(table, c + 1);
    }
    for (size_t r = 0; r < CURVE_REQUESTS; r++) {
        table_cell_format(table, "%" PRIu32, curve_requests[r]);
        for (size_t c = 0; c < CURVE_CHANCES; c++) {
            table_cell_format(table, "%zu / %zu", curve->surges[r][c], curve->went_on[r][c]);
        }
    }
    table_print(table, stdout);
    table_free(table);
}

static json_t *surges_json(const struct surge_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; i < result->count; i++) {
        const struct surge_measured *surge = &result->surges[i];
        json_array_append_new(
            list, json_pack("{s:s, s:s?, s:I, s:I, s:I, s:f, s:I, s:b}", "topic", surge->topic,
                            "area", surge->area, "began_us", (json_int_t)surge->began_us,
                            "until_us", (json_int_t)surge->until_us, "requests",
                            (json_int_t)surge->count.now, "usual", usual(&surge->count), "came",
                            (json_int_t)surge->came, "went_on", surge_measure_went_on(surge)));
    }
    return list;
}

static json_t *curve_json(const struct curve *curve)
{
    json_t *list = json_array();
    for (size_t r = 0; r < CURVE_REQUESTS; r++) {
        for (size_t c = 0; c < CURVE_CHANCES; c++) {
            json_array_append_new(
                list, json_pack("{s:i, s:i, s:i, s:i}", "requests", (int)curve_requests[r],
                                "one_in", (int)curve_one_in[c], "surges", (int)curve->surges[r][c],
                                "went_on", (int)curve->went_on[r][c]));
        }
    }
    return list;
}

/* Takes the list over. */
static void print_json(const struct reading *reading, const struct surge_result *result,
                       json_t *surges, const struct curve *curve)
{
    json_t *json = json_pack(
        "{s:I, s:I, s:I, s:i, s:i, s:i, s:f, s:o, s:o}", "rows", (json_int_t)reading->rows,
        "unusable", (json_int_t)reading->unusable, "not_citizens",
        (json_int_t)reading->not_citizens, "days", (int)result->days, "judged_days",
        (int)result->judged_days, "surge_days", (int)result->surge_days, "a_year",
        a_year(result->count, result), "surges", surges, "curve", curve_json(curve));
    output_json(json);
    json_decref(json);
}

static void tell(struct session *session, const struct reading *reading,
                 const struct city_surge *limits)
{
    struct surge_result result;
    struct curve curve;
    json_t *surges = NULL;
    surge_measure_run(reading->measure, limits, &result);
    if (session->json) {
        surges = surges_json(&result); /* the curve's runs take their place */
    } else {
        print_counts(session, reading, &result);
        print_surges(session, &result);
    }
    measure_curve(reading->measure, limits->weeks, &curve);
    if (session->json) {
        print_json(reading, &result, surges, &curve);
    } else {
        print_curve(session, &curve);
    }
}

/* --- running --- */

static enum status read_limits(struct session *session, const struct city *city,
                               struct city_surge *ret_limits, struct error *err)
{
    uint64_t requests = 0;
    uint64_t one_in = 0;
    *ret_limits = *city_surge(city);
    enum status status =
        args_number(&session->args, "requests", 2, 10000, ret_limits->requests, &requests, err);
    if (status == STATUS_OK) {
        status =
            args_number(&session->args, "one-in", 20, 1000000000, ret_limits->one_in, &one_in, err);
    }
    ret_limits->requests = (uint32_t)requests;
    ret_limits->one_in = (uint32_t)one_in;
    return status;
}

static int run_evaluate(struct session *session)
{
    struct error err = ERROR_NONE;
    struct city_surge limits;
    struct reading reading = {.city = session_city(session, &err)};
    if (reading.city == NULL) {
        return output_error(&err);
    }
    if (read_limits(session, reading.city, &limits, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    reading.measure = surge_measure_new();
    enum status status = read_rows(session, &reading, &err);
    if (status == STATUS_OK) {
        tell(session, &reading, &limits);
    }
    surge_measure_free(reading.measure);
    city_profile_free(reading.profile);
    if (status == STATUS_INVALID_ARGUMENT) {
        return output_usage(&err);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_report_evaluate = {
    .name = "report evaluate",
    .arguments = "FILE.csv[.gz]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "how often a surge would have been told of, on a history",
    .help =
        "Takes the rows of a file in order of time, as if each had been registered when it was "
        "made, and tells each surge that report\n"
        "would have told of, by the pack's [surge] or the numbers given. Rows whose channel is not "
        "a citizen's are left out.\n"
        "Needs no server. Nothing is kept.\n"
        "\n"
        "BEGAN    requests of two hours with which it began\n"
        "USUAL    the mean of the same hours of up to eight weeks before\n"
        "CAME     requests in its scope until it ended\n"
        "WENT ON  as many came again while it lasted as had begun it. One that did not may be a "
        "false alarm: a list that one\n"
        "         caller told at once looks like it.\n"
        "The curve tells what other numbers would do.",
    .examples = "vafa report evaluate tests/data/boston311_2011Q3.csv.gz --city boston-2011 "
                "--profile boston311\n"
                "vafa report evaluate requests.csv.gz --city ./my-city --topic service_name --time "
                "requested_datetime --requests 20 --json",
    .options = options,
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_evaluate,
};
