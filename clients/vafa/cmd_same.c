/* vafa case same, vafa intake duplicates: the same thing again - asked of the service, and measured
 * on a history. */
#include "clients/vafa/cmd_same.h"

#include "base/clock.h"
#include "clients/vafa/answer_args.h"
#include "clients/vafa/figures.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_args.h"
#include "clients/vafa/place_words.h"
#include "clients/vafa/same_measure.h"
#include "clients/vafa/table.h"

#include "vafa/intake/v1/intake.pb-c.h"

#include <inttypes.h>

#define ROW_ARENA_BYTES ((size_t)4 * 1024 * 1024)

/* --- case same --- */

static const struct option_def same_options[] = {
    {"topic", 't', "KEY", "what it is about: its key or name (needed)"},
    PLACE_OPTIONS,
    {"answer", 0, "QUESTION=VALUE",
     "what the caller answers, as for vafa register: a line or a stop among it is the place"},
    {"seen", 0, "TIME", "when it was seen (now)"},
    {"limit", 'n', "N", "at most so many, 1 to 20 (5)"},
    {NULL, 0, NULL, NULL},
};

/* "3 d 4 h", "25 min". */
static void age_cell(struct session *session, struct table *table, int64_t us)
{
    int64_t minutes = us > 0 ? us / MINUTE_US : 0;
    const char *hours = session_word(session, "unit_hour");
    if (minutes >= 24 * 60) {
        table_cell_format(table, "%" PRId64 " %s %" PRId64 " %s", minutes / (24 * 60),
                          session_word(session, "unit_day"), minutes / 60 % 24, hours);
    } else if (minutes >= 60) {
        table_cell_format(table, "%" PRId64 " %s", minutes / 60, hours);
    } else {
        table_cell_format(table, "%" PRId64 " %s", minutes, session_word(session, "unit_minute"));
    }
}

void same_print(struct session *session, const Intake__FindSameResponse *response)
{
    static const char *const heads[] = {"code",    "age",   "by",    "metres",
                                        "callers", "topic", "place", "state"};
    const char *language = session_language(session);
    int64_t now_us = clock_wall_us(clock_system());
    struct table *table = table_new(8);
    for (size_t i = 0; i < 8; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    for (size_t i = 0; i < response->n_requests; i++) {
        const Intake__SameRequest *same = response->requests[i];
        const Intake__Case *c = same->case_data;
        struct buffer place = BUFFER_EMPTY;
        if (c == NULL) {
            continue;
        }
        place_words(session, c->place, &place);
        table_cell(table, c->code);
        age_cell(session, table, us_sub(now_us, c->occurred_at_us));
        table_cell(table, label_enum(&intake__same_by__descriptor, (int)same->by, language));
        if (same->by == INTAKE__SAME_BY__SAME_BY_POINT) {
            table_cell_format(table, "%" PRIu32, same->metres);
        } else {
            table_cell(table, "");
        }
        table_cell_format(table, "%" PRIu32, c->callers);
        table_cell(table, session_topic(session, c->topic));
        table_cell(table, buffer_text(&place));
        table_cell(table, label_enum(&intake__case_state__descriptor, (int)c->state, language));
        buffer_fini(&place);
    }
    table_print(table, stdout);
    table_free(table);
}

static enum status read_question(struct session *session, Intake__FindSameRequest *request,
                                 struct place_args *place, struct arena *arena, struct error *err)
{
    uint64_t limit;
    enum status status = args_need(&session->args, "topic", err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "limit", 1, 20, 5, &limit, err);
    }
    if (status == STATUS_OK) {
        status = place_args_read(session, place, err);
    }
    if (status == STATUS_OK) {
        status =
            answer_args_read(&session->args, arena, &request->answers, &request->n_answers, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "seen", 0, &request->at_us, err);
    }
    if (status == STATUS_OK) {
        request->requests_max = (uint32_t)limit;
        request->topic =
            place_args_key(session, CITY_ITEMS_TOPICS, args_text(&session->args, "topic"));
        place->place.area = place_args_key(session, CITY_ITEMS_AREAS, place->place.area);
        request->place = &place->place;
    }
    return status;
}

static int run_case_same(struct session *session)
{
    struct error err = ERROR_NONE;
    struct place_args place;
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "FindSame", .request = &request.base};
    struct arena *arena = arena_new(ANSWERS_ARENA_BYTES);
    if (read_question(session, &request, &place, arena, &err) != STATUS_OK) {
        arena_free(arena);
        return output_usage(&err);
    }
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        const Intake__FindSameResponse *response = (const Intake__FindSameResponse *)call.response;
        if (response->n_requests > 0) {
            same_print(session, response);
        } else {
            puts(session_word(session, "same_none"));
        }
        if (response->partial) {
            puts(session_word(session, "same_partial"));
        }
    }
    vafa_call_fini(&call);
    arena_free(arena);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_case_same = {
    .name = "case same",
    .arguments = "",
    .summary = "open requests that are probably about the same thing",
    .help =
        "Before registering: shows what is open of the same topic, or one the city pack calls kin "
        "(same.csv), near in place and time,\n"
        "the closest first. Places are compared by the thing (a pole, a line and stop), by the "
        "point, or by the street,\n"
        "however they are spelled. A direction need not be told, but two directions of a line are "
        "two things; --thing is the same in one area only. Requests whose work is over are never "
        "shown.",
    .examples =
        "vafa case same --topic broken-branch --point 32.6525,51.6746\n"
        "vafa case same --topic bus-headway --answer line=۹۱ --answer stop='ایستگاه نمونه'\n"
        "vafa case same --topic asphalt --street 'خیابان نمونه' --area 5 --json",
    .options = same_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_case_same,
};

/* --- intake duplicates --- */

static const struct option_def duplicates_options[] = {
    {"profile", 0, "NAME", "how to read the file: imports/NAME.ini of the city pack (needed)"},
    {"mark", 0, "TEXT", "a closing note that holds it says: a duplicate (duplicate)"},
    {"metres", 0, "N", "one radius for all topics, 1 to 500 (the pack's)"},
    {"hours", 0, "N", "one window for all topics, 1 to 2160 (the pack's)"},
    {NULL, 0, NULL, NULL},
};

static enum status read_rows(struct import_csv *csv, const struct import_map *map,
                             struct same_measure *measure, uint64_t *ret_rejected,
                             struct error *err)
{
    struct arena *arena = arena_new(ROW_ARENA_BYTES);
    const struct import_csv_row *csv_row = NULL;
    int64_t now_us = clock_wall_us(clock_system());
    enum status status = import_csv_next(csv, &csv_row, err);
    while (status == STATUS_OK && csv_row != NULL) {
        struct import_row row;
        arena_reset(arena);
        if (import_row_read(map, csv_row, now_us, arena, &row, NULL) != STATUS_OK) {
            (*ret_rejected)++;
        } else {
            status = same_measure_add(measure, &row, err);
        }
        if (status == STATUS_OK) {
            status = import_csv_next(csv, &csv_row, err);
        }
    }
    arena_free(arena);
    return status;
}

static double share(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 0 : (double)part / whole;
}

static void print_counts(struct session *session, const struct same_result *r, uint64_t rejected)
{
    uint32_t unmarked = r->chosen.hits - r->chosen.marked_hits;
    const char *comma = session_word(session, ",");
    printf("%" PRIu32 " %s%s %" PRIu64 " %s%s %" PRIu32 " %s%s %" PRIu32 " %s\n", r->rows,
           session_word(session, "rows"), comma, rejected, session_word(session, "not_readable"),
           session_word(session, ";"), r->comparable, session_word(session, "with_a_place"),
           session_word(session, ";"), r->marked, session_word(session, "marked"));
    figures_head(session, "marked_rows");
    figures_share(session, "marked_found", r->chosen.marked_hits, r->marked);
    figures_share(session, "marked_closed", r->marked_only_closed, r->marked);
    figures_share(session, "marked_nothing", r->marked_nothing, r->marked);
    figures_share(session, "marked_no_place", r->marked_no_place, r->marked);
    figures_head(session, "named_rows");
    figures_count(session, "named_in_file", r->named);
    figures_count(session, "named_open", r->named_open);
    figures_share(session, "named_first", r->named_first, r->named_open);
    figures_share(session, "named_shown", r->named_shown, r->named_open);
    figures_head(session, "suggested_rows");
    figures_share(session, "of_all_rows", r->chosen.hits, r->rows);
    figures_share(session, "suggested_marked", r->chosen.marked_hits, r->chosen.hits);
    figures_share(session, "suggested_unmarked", unmarked, r->chosen.hits);
    figures_share(session, "unmarked_at_point", r->unmarked_at_point, unmarked);
    figures_share(session, "unmarked_by_street", r->unmarked_by_street, unmarked);
    figures_share(session, "unmarked_within_day", r->unmarked_within_day, unmarked);
    figures_share(session, "unmarked_closed_together", r->unmarked_closed_together, unmarked);
    for (size_t i = 0; i < r->topic_count; i++) {
        figures_share_of(session, "unmarked_topic", r->topics[i].topic, r->topics[i].unmarked_hits,
                         unmarked);
    }
}

static void print_curve(struct session *session, const struct same_result *r)
{
    struct table *table = table_new(SAME_MEASURE_WINDOWS + 1);
    figures_head(session, "same_curve");
    table_head(table, 0, "");
    for (size_t w = 0; w < SAME_MEASURE_WINDOWS; w++) {
        char head[32];
        snprintf(head, sizeof(head), "%" PRIu32 " %s", same_measure_hours[w],
                 session_word(session, "hours_short"));
        table_head(table, w + 1, head);
        table_align_right(table, w + 1);
    }
    for (size_t m = 0; m < SAME_MEASURE_RADII; m++) {
        table_cell_format(table, "%" PRIu32 " %s", same_measure_metres[m],
                          session_word(session, "metres_short"));
        for (size_t w = 0; w < SAME_MEASURE_WINDOWS; w++) {
            const struct same_point *point = &r->curve[m][w];
            table_cell_format(table, "%.1f / %.1f", 100 * share(point->marked_hits, r->marked),
                              100 * share(point->marked_hits, point->hits));
        }
    }
    table_print(table, stdout);
    table_free(table);
}

static json_t *curve_json(const struct same_result *r)
{
    json_t *curve = json_array();
    for (size_t m = 0; m < SAME_MEASURE_RADII; m++) {
        for (size_t w = 0; w < SAME_MEASURE_WINDOWS; w++) {
            const struct same_point *point = &r->curve[m][w];
            json_array_append_new(
                curve, json_pack("{s:i, s:i, s:i, s:i, s:f, s:f}", "metres",
                                 (int)same_measure_metres[m], "hours", (int)same_measure_hours[w],
                                 "hits", (int)point->hits, "marked_hits", (int)point->marked_hits,
                                 "recall", share(point->marked_hits, r->marked), "precision",
                                 share(point->marked_hits, point->hits)));
        }
    }
    return curve;
}

static void print_json(const struct same_result *r, uint64_t rejected)
{
    json_t *topics = json_object();
    for (size_t i = 0; i < r->topic_count; i++) {
        json_object_set_new(topics, r->topics[i].topic, json_integer(r->topics[i].unmarked_hits));
    }
    json_t *json = json_pack(
        "{s:i, s:I, s:i, s:i, s:f, s:f, s:i, s:i, s:{s:i, s:i, s:i}, s:{s:i, s:i, s:i, s:i},"
        " s:{s:i, s:i, s:i, s:i, s:o}, s:o}",
        "rows", (int)r->rows, "not_readable", (json_int_t)rejected, "comparable",
        (int)r->comparable, "marked", (int)r->marked, "recall",
        share(r->chosen.marked_hits, r->marked), "precision",
        share(r->chosen.marked_hits, r->chosen.hits), "hits", (int)r->chosen.hits, "marked_hits",
        (int)r->chosen.marked_hits, "missed", "only_closed", (int)r->marked_only_closed, "nothing",
        (int)r->marked_nothing, "no_place", (int)r->marked_no_place, "named", "in_file",
        (int)r->named, "open", (int)r->named_open, "first", (int)r->named_first, "shown",
        (int)r->named_shown, "unmarked", "same_point", (int)r->unmarked_at_point, "by_street",
        (int)r->unmarked_by_street, "within_a_day", (int)r->unmarked_within_day, "closed_together",
        (int)r->unmarked_closed_together, "topics", topics, "curve", curve_json(r));
    output_json(json);
    json_decref(json);
}

static enum status measure_file(struct session *session, const struct city *city,
                                struct same_result *result, uint64_t *ret_rejected,
                                struct same_measure *measure, struct error *err)
{
    struct city_profile *profile = NULL;
    struct import_csv *csv = NULL;
    struct import_map map;
    uint64_t metres = 0;
    uint64_t hours = 0;
    enum status status =
        city_profile_load(&profile, city, args_value(&session->args, "profile"), err);
    if (status == STATUS_OK) {
        status = import_csv_open(&csv, session->args.arguments[0], err);
    }
    if (status == STATUS_OK) {
        status = import_map_init(&map, profile, csv, err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "metres", 1, 500, 0, &metres, err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "hours", 1, 2160, 0, &hours, err);
    }
    if (status == STATUS_OK) {
        status = read_rows(csv, &map, measure, ret_rejected, err);
    }
    if (status == STATUS_OK) {
        same_measure_run(measure, (uint32_t)metres, (uint32_t)hours, result);
    }
    import_csv_close(csv);
    city_profile_free(profile);
    return status;
}

static int run_intake_duplicates(struct session *session)
{
    struct error err = ERROR_NONE;
    struct same_result result = {0};
    uint64_t rejected = 0;
    const char *mark = args_value(&session->args, "mark");
    if (args_need(&session->args, "profile", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    struct same_measure *measure = same_measure_new(city, mark != NULL ? mark : "duplicate");
    enum status status = measure_file(session, city, &result, &rejected, measure, &err);
    if (status == STATUS_OK && session->json) {
        print_json(&result, rejected);
    } else if (status == STATUS_OK) {
        print_counts(session, &result, rejected);
        print_curve(session, &result);
    }
    same_measure_free(measure); /* names of topics in the result are its own */
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_intake_duplicates = {
    .name = "intake duplicates",
    .arguments = "FILE.csv[.gz]",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "how well the same thing is recognised, on a history",
    .help =
        "Asks, of each row of a file, which earlier rows that were open when it came are probably "
        "about the same thing, by the rules and\n"
        "numbers of `vafa case same`, and compares with what the closing notes say. No server is "
        "needed.\n"
        "\n"
        "recall     of the rows whose note holds the mark: those for which an open earlier request "
        "was found.\n"
        "precision  of the rows with a suggestion: those whose note holds the mark. At least: "
        "notes "
        "mark what crews noticed.\n"
        "Where a note names the other request by its number, it is told how often just that one "
        "was "
        "suggested.\n"
        "The curve has one radius and window for all topics; topics that the pack leaves out stay "
        "out.",
    .examples = "vafa intake duplicates tests/data/boston311_2011Q3.csv.gz --city boston-2011 "
                "--profile boston311\n"
                "vafa intake duplicates history.csv --city ./my-city --profile old-system --mark "
                "تکراری --metres 100 --json",
    .options = duplicates_options,
    .local = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_intake_duplicates,
};
