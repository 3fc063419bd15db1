/* vafa clock explain: how a deadline comes about, date by date, from a city pack alone; vafa clock
 * close: a closure of the city's offices is announced. */
#include "base/clock.h"
#include "city/hours.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define EXPLAIN_HOURS_MAX 87600

struct explanation {
    struct session *session;
    const struct city *city;
    const struct hours *hours; /* NULL: the wall clock */
    struct table *table;       /* for people */
    json_t *dates;             /* with --json */
    int64_t sum_us;
};

/* --- parts of a line --- */

static const char *weekday_word(int32_t day)
{
    static const char *const words[] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
    return words[civil_weekday(day)];
}

static void date_text(const struct explanation *explanation, int32_t day, char out[32])
{
    civil_period_name(city_civil(explanation->city), day * 24, CIVIL_DAY, out);
}

/* "07:00-13:00 14:00-16:00" */
static void spans_text(const struct hours_rule *rule, char out[96])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; rule != NULL && i < rule->span_count; i++) {
        const struct hours_span *span = &rule->spans[i];
        used += (size_t)snprintf(out + used, 96 - used, "%s%02d:%02d-%02d:%02d", i > 0 ? " " : "",
                                 span->from_minute / 60, span->from_minute % 60,
                                 span->to_minute / 60, span->to_minute % 60);
    }
}

/* "6:15"; seconds only where there are any. */
static void length_text(int64_t us, char out[32])
{
    int64_t seconds = us / SECOND_US;
    int size = snprintf(out, 32, "%" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60);
    if (seconds % 60 != 0) {
        snprintf(out + size, 32 - (size_t)size, ":%02" PRId64, seconds % 60);
    }
}

/* Why a date counts as it does. */
static void append_why(const struct explanation *explanation, const struct hours_step *step,
                       struct buffer *out)
{
    const char *language = session_language(explanation->session);
    bool is_fa = strcmp(language, "fa") == 0;
    const char *comma = label_word(",", language);
    if (step->holiday != NULL) {
        buffer_append_format(out, "%s: %s", label_word("holiday", language),
                             is_fa ? step->holiday->name_fa : step->holiday->name_en);
        if (strcmp(step->holiday->kind, "predicted") == 0) {
            buffer_append_format(out, " (%s)", label_word("clock_predicted", language));
        }
    }
    if (step->holiday == NULL && (step->rule == NULL || step->rule->span_count == 0)) {
        buffer_append_format(out, "%s", label_word("day_closed", language));
    }
    if (step->rule != NULL && step->rule->first_day != INT32_MIN) {
        char from[32], to[32];
        date_text(explanation, step->rule->first_day, from);
        date_text(explanation, step->rule->last_day, to);
        buffer_append_format(out, "%s%s", out->size > 0 ? comma : "", out->size > 0 ? " " : "");
        buffer_append_format(out, "%s %s … %s (hours.csv:%d)", label_word("clock_dated", language),
                             from, to, step->rule->line);
    }
    if (step->shift_us != 0) {
        char length[32];
        length_text(step->shift_us > 0 ? step->shift_us : -step->shift_us, length);
        buffer_append_format(out, "%s%s", out->size > 0 ? comma : "", out->size > 0 ? " " : "");
        buffer_append_format(
            out, "%s %s", label_word(step->shift_us > 0 ? "clock_forward" : "clock_back", language),
            length);
    }
}

/* --- dates --- */

static void tell_json(struct explanation *explanation, const struct hours_step *step,
                      const char *date, const char *spans)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "date", date, "weekday",
                             weekday_word(step->day), "hours", spans, "open_us",
                             (json_int_t)step->open_us, "counted_us", (json_int_t)step->counted_us,
                             "sum_us", (json_int_t)explanation->sum_us);
    if (step->holiday != NULL) {
        json_object_set_new(json, "holiday",
                            json_pack("{s:s, s:s, s:s}", "kind", step->holiday->kind, "name_fa",
                                      step->holiday->name_fa, "name_en", step->holiday->name_en));
    }
    if (step->rule != NULL) {
        json_object_set_new(json, "hours_line", json_integer(step->rule->line));
    }
    if (step->shift_us != 0) {
        json_object_set_new(json, "clock_forward_us", json_integer(step->shift_us));
    }
    json_array_append_new(explanation->dates, json);
}

static void tell_date(void *context, const struct hours_step *step)
{
    struct explanation *explanation = context;
    char date[32], spans[96], counted[32], sum[32];
    date_text(explanation, step->day, date);
    spans_text(step->rule, spans);
    explanation->sum_us += step->counted_us;
    if (explanation->dates != NULL) {
        tell_json(explanation, step, date, spans);
        return;
    }
    struct buffer why = BUFFER_EMPTY;
    append_why(explanation, step, &why);
    length_text(step->counted_us, counted);
    length_text(explanation->sum_us, sum);
    table_cell(explanation->table, date);
    table_cell(explanation->table,
               label_word(weekday_word(step->day), session_language(explanation->session)));
    table_cell(explanation->table, spans);
    table_cell(explanation->table, step->counted_us > 0 ? counted : "");
    table_cell(explanation->table, sum);
    table_cell(explanation->table, buffer_text(&why));
    buffer_fini(&why);
}

/* --- the command --- */

static struct table *new_table(struct session *session)
{
    static const char *const heads[] = {"date", "weekday", "hours", "counted", "sum", "why"};
    struct table *table = table_new(6);
    for (size_t i = 0; i < 6; i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 3);
    table_align_right(table, 4);
    return table;
}

/* Whether the pack's holidays end before the deadline, so that more may come. */
static bool is_beyond_holidays(const struct explanation *explanation, int64_t due_us,
                               char ret_last[32])
{
    const struct hours *hours = explanation->hours;
    if (hours == NULL || hours->holiday_count == 0) {
        return false;
    }
    int32_t last = hours->holidays[hours->holiday_count - 1].day;
    date_text(explanation, last, ret_last);
    return civil_day(hours->civil, due_us) > last;
}

static void print_json(const struct explanation *explanation, const char *unit, int64_t from_us,
                       int64_t amount_us, int64_t due_us)
{
    char from[32], due[32], last[32];
    civil_format(city_civil(explanation->city), from_us, from);
    civil_format(city_civil(explanation->city), due_us, due);
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:O}", "city", city_key(explanation->city),
        "unit", unit, "schedule", explanation->hours == NULL ? "" : explanation->hours->key, "from",
        from, "from_us", (json_int_t)from_us, "due", due, "due_us", (json_int_t)due_us, "amount_us",
        (json_int_t)amount_us, "dates", explanation->dates);
    if (is_beyond_holidays(explanation, due_us, last)) {
        json_object_set_new(json, "holidays_known_to", json_string(last));
    }
    output_json(json);
    json_decref(json);
}

static void print_text(const struct explanation *explanation, const char *unit, int64_t from_us,
                       int64_t amount_us, int64_t due_us)
{
    struct session *session = explanation->session;
    const char *language = session_language(session);
    char from[32], due[32], amount[32], last[32];
    civil_format(city_civil(explanation->city), from_us, from);
    civil_format(city_civil(explanation->city), due_us, due);
    length_text(amount_us, amount);
    if (explanation->hours == NULL) {
        printf("%s\n", label_word("clock_wall", language));
    } else {
        printf("%s: %s%s%s\n", label_word("hours", language), explanation->hours->key,
               unit[0] != '\0' ? " — " : "", unit[0] != '\0' ? session_unit(session, unit) : "");
        table_print(explanation->table, stdout);
    }
    printf("%s + %s = %s: %s\n", from, amount, label_word("due", language), due);
    if (is_beyond_holidays(explanation, due_us, last)) {
        printf("%s %s\n", label_word("clock_holidays_end", language), last);
    }
}

/* What is asked: refused before anything is printed. */
static enum status read_question(struct session *session, const struct city *city,
                                 int64_t *ret_from_us, int64_t *ret_amount_us, struct error *err)
{
    uint64_t hours = 0;
    const char *unit = args_text(&session->args, "unit");
    if (unit[0] != '\0' && city_unit(city, unit) == NULL) {
        return error_set(err, STATUS_NOT_FOUND, "unit", "the city has no unit \"%s\"", unit);
    }
    enum status status = args_need(&session->args, "hours", err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "hours", 0, EXPLAIN_HOURS_MAX, 0, &hours, err);
    }
    if (status == STATUS_OK) {
        *ret_amount_us = (int64_t)hours * HOUR_US;
        status =
            session_read_time(session, "from", clock_wall_us(clock_system()), ret_from_us, err);
    }
    return status;
}

static int run_clock_explain(struct session *session)
{
    struct error err = ERROR_NONE;
    int64_t from_us = 0;
    int64_t amount_us = 0;
    int64_t due_us = 0;
    const struct city *city = session_city(session, &err);
    if (city == NULL) {
        return output_error(&err);
    }
    enum status status = read_question(session, city, &from_us, &amount_us, &err);
    if (status != STATUS_OK) {
        return status == STATUS_INVALID_ARGUMENT ? output_usage(&err) : output_error(&err);
    }
    const char *unit = args_text(&session->args, "unit");
    struct explanation explanation = {
        .session = session,
        .city = city,
        .hours = args_has(&session->args, "wall") ? NULL : city_hours(city, unit),
        .table = new_table(session),
        .dates = session->json ? json_array() : NULL,
    };
    status = hours_explain(explanation.hours, from_us, amount_us, NULL, tell_date, &explanation,
                           &due_us, &err);
    int code = EXIT_DONE;
    if (status != STATUS_OK) {
        code = output_error(&err);
    } else if (session->json) {
        print_json(&explanation, unit, from_us, amount_us, due_us);
    } else {
        print_text(&explanation, unit, from_us, amount_us, due_us);
    }
    table_free(explanation.table);
    json_decref(explanation.dates);
    return code;
}

static const struct option_def explain_options[] = {
    {"from", 0, "TIME", "when the clock starts (now)"},
    {"hours", 0, "N", "how many hours there are, 0 to 87600"},
    {"unit", 'u', "UNIT", "whose working hours (those of units that name none)"},
    {"wall", 0, NULL, "count every hour, day and night, as for urgent requests"},
    {NULL, 0, NULL, NULL},
};

const struct command command_clock_explain = {
    .name = "clock explain",
    .arguments = "",
    .summary = "how a deadline in working hours comes about",
    .help =
        "Counts working hours from a time on, date by date: which count, which do not, and why. By "
        "the city pack that is in force (hours.csv, holidays.csv); with --city by another, and no "
        "server is needed.\n"
        "TIME is as everywhere: 1405-01-15, '1405-01-15 10:30', 2026-04-04, now, -7d.\n"
        "Days of closed offices that were announced for this city are in the services, not in "
        "the pack: they are not counted here.",
    .examples =
        "vafa clock explain --city isfahan --from '1404-12-27 10:00' --hours 16\n"
        "vafa clock explain --city isfahan --unit bus-company --from now --hours 48 --json\n"
        "vafa clock explain --connect tcp://127.0.0.1:4137 --hours 24",
    .options = explain_options,
    .role = RPC_ROLE_ADMIN,
    .run = run_clock_explain,
};

/* --- clock close --- */

static enum status read_closure(struct session *session, Routing__AnnounceClosureRequest *request,
                                struct error *err)
{
    enum status status = args_need(&session->args, "to", err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "reason", err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "from", 0, &request->from_us, err);
    }
    if (status == STATUS_OK) {
        status = session_read_time(session, "to", 0, &request->to_us, err);
    }
    request->reason = session_text(session, "reason");
    return status;
}

static int run_clock_close(struct session *session)
{
    struct error err = ERROR_NONE;
    char from[32], to[32];
    Routing__AnnounceClosureRequest request = ROUTING__ANNOUNCE_CLOSURE_REQUEST__INIT;
    enum status status = read_closure(session, &request, &err);
    if (status != STATUS_OK) {
        return status == STATUS_INVALID_ARGUMENT ? output_usage(&err) : output_error(&err);
    }
    request.idempotency_key = session_key(session);
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "AnnounceClosure",
                             .request = &request.base};
    status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        session_time(session, ((const Routing__AnnounceClosureResponse *)call.response)->from_us,
                     from);
        session_time(session, request.to_us, to);
        printf("%s %s %s %s\n", session_word(session, "clock_closed"), from,
               session_word(session, "until"), to);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

static const struct option_def close_options[] = {
    {"from", 0, "TIME", "from when; what is past is left as it is (now)"},
    {"to", 0, "TIME", "until when, exclusive (needed)"},
    {"reason", 0, "TEXT", "why (needed)"},
    {NULL, 0, NULL, NULL},
};

const struct command command_clock_close = {
    .name = "clock close",
    .arguments = "",
    .summary = "the city's offices are closed for a time",
    .help =
        "Announces a closure that no calendar foresaw: snow, heat, dust, mourning. Due dates in "
        "working hours that are still to come move by the working time it takes; those that have "
        "passed, and urgent tasks, stay as they are. Some hundred tasks move at a time: all have "
        "some seconds later.",
    .examples = "vafa clock close --to +1d --reason 'برف'\n"
                "vafa clock close --from +2d --to +4d --reason 'آلودگی هوا' --json",
    .options = close_options,
    .changes = true,
    .role = RPC_ROLE_ADMIN,
    .run = run_clock_close,
};
