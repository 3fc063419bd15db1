/* QueryReport, asked as leadership asks it: stories are told, and the answers compared as text. */
#include "services/report/report.h"
#include "tests/support/rig.h"
#include "tests/unit/report/report_story.h"

#include "vafa/report/v1/report.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TOPIC REPORT__DIMENSION__DIMENSION_TOPIC
#define AREA REPORT__DIMENSION__DIMENSION_AREA
#define UNIT REPORT__DIMENSION__DIMENSION_UNIT
#define CHANNEL REPORT__DIMENSION__DIMENSION_CHANNEL

#define REQUESTS REPORT__METRIC__METRIC_REQUESTS
#define ON_TIME REPORT__METRIC__METRIC_ON_TIME
#define RESOLUTION_HOURS REPORT__METRIC__METRIC_RESOLUTION_HOURS

#define PHONE COMMON__CHANNEL__CHANNEL_PHONE
#define APP COMMON__CHANNEL__CHANNEL_APP

#define ANSWERED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
#define NO_ANSWER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER

/* --- telling --- */

struct teller {
    struct story story;
    struct rig *rig;
};

static void tell_rig(struct story *story, Common__ServiceId service, const struct event *event)
{
    struct error err = ERROR_NONE;
    if (rig_feed(((struct teller *)story)->rig, service, event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static struct teller teller_new(const char *city)
{
    return (struct teller){{tell_rig}, rig_new(&report_service, city)};
}

/* A moment on the city's clock, in either calendar. */
static int64_t at(struct teller *t, const char *text)
{
    int64_t us = 0;
    struct error err = ERROR_NONE;
    if (civil_parse(city_civil(rig_city(t->rig)), text, rig_now_us(t->rig), "at", &us, &err) !=
        STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return us;
}

static void registered(struct teller *t, uint64_t number, const char *when, const char *topic,
                       const char *area, Common__Channel channel)
{
    story_registered(&t->story, number, at(t, when), topic, area, channel);
}

static void routed(struct teller *t, uint64_t number, const char *unit, const char *due)
{
    story_routed(&t->story, number, unit, due == NULL ? 0 : at(t, due));
}

static void done(struct teller *t, uint64_t number, const char *unit, const char *when)
{
    story_done(&t->story, number, unit, at(t, when));
}

/* --- asking --- */

static Report__QueryReportRequest ask(Report__Metric metric)
{
    Report__QueryReportRequest request = REPORT__QUERY_REPORT_REQUEST__INIT;
    request.metric = metric;
    return request;
}

static enum status query_as(struct teller *t, enum rpc_role role,
                            Report__QueryReportRequest *request,
                            const Report__QueryReportResponse **ret_response, struct error *err)
{
    const ProtobufCMessage *response = NULL;
    enum status status = rig_call(t->rig, role, "QueryReport", &request->base, &response, err);
    *ret_response = (const Report__QueryReportResponse *)response;
    return status;
}

static enum status query(struct teller *t, Report__QueryReportRequest *request,
                         const Report__QueryReportResponse **ret_response, struct error *err)
{
    return query_as(t, RPC_ROLE_LEADERSHIP, request, ret_response, err);
}

static void write_cell(struct buffer *out, const Report__Cell *cell)
{
    switch (cell->value_case) {
    case REPORT__CELL__VALUE_TEXT: buffer_append_format(out, "'%s'", cell->text); break;
    case REPORT__CELL__VALUE_COUNT: buffer_append_format(out, "%" PRId64, cell->count); break;
    case REPORT__CELL__VALUE_NUMBER: buffer_append_format(out, "%.3f", cell->number); break;
    default: buffer_append_text(out, "-"); break;
    }
}

/* "topic requests\n'asphalt' 2\n" */
static void write_answer(struct buffer *out, const Report__QueryReportResponse *response)
{
    for (size_t i = 0; i < response->n_columns; i++) {
        buffer_append_format(out, "%s%s", i == 0 ? "" : " ", response->columns[i]);
    }
    buffer_append_text(out, "\n");
    for (size_t i = 0; i < response->n_rows; i++) {
        assert_int_equal(response->rows[i]->n_cells, response->n_columns);
        for (size_t j = 0; j < response->n_columns; j++) {
            buffer_append_text(out, j == 0 ? "" : " ");
            write_cell(out, response->rows[i]->cells[j]);
        }
        buffer_append_text(out, "\n");
    }
}

static void assert_answer(struct teller *t, Report__QueryReportRequest *request,
                          const char *expected)
{
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    if (query(t, request, &response, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    struct buffer text = BUFFER_EMPTY;
    write_answer(&text, response);
    assert_string_equal(buffer_text(&text), expected);
    buffer_fini(&text);
}

static void assert_metric_by(struct teller *t, Report__Metric metric, Report__Dimension dimension,
                             const char *expected)
{
    Report__QueryReportRequest request = ask(metric);
    request.n_by = 1;
    request.by = &dimension;
    assert_answer(t, &request, expected);
}

static void assert_metric_per(struct teller *t, Report__Metric metric, Report__Period period,
                              const char *expected)
{
    Report__QueryReportRequest request = ask(metric);
    request.per = period;
    assert_answer(t, &request, expected);
}

static void assert_metric(struct teller *t, Report__Metric metric, const char *expected)
{
    Report__QueryReportRequest request = ask(metric);
    assert_answer(t, &request, expected);
}

static void assert_refused(struct teller *t, Report__QueryReportRequest *request,
                           enum status status, const char *field)
{
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    assert_int_equal(query(t, request, &response, &err), status);
    assert_string_equal(err.field, field);
    assert_true(strlen(err.message) > 0);
}

/* --- dimensions and metrics --- */

static void tell_five_requests(struct teller *t)
{
    registered(t, 1, "1404-10-11 09:10", "asphalt", "5", PHONE);
    registered(t, 2, "1404-10-11 09:50", "asphalt", "5", APP);
    registered(t, 3, "1404-10-11 10:00", "asphalt", "", PHONE);
    registered(t, 4, "1404-10-12 09:00", "bus", "6", COMMON__CHANNEL__CHANNEL_WALK_IN);
    registered(t, 5, "1404-10-12 09:00", "bus", "6", COMMON__CHANNEL__CHANNEL_UNSPECIFIED);
    routed(t, 1, "district-5", "1404-10-13 09:10");
    routed(t, 2, "district-5", "1404-10-13 09:50");
    routed(t, 4, "buses", NULL);
}

static void counts_requests_by_each_dimension(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    tell_five_requests(&t);
    assert_metric(&t, REQUESTS, "requests\n5\n");
    assert_metric_by(&t, REQUESTS, TOPIC, "topic requests\n'asphalt' 3\n'bus' 2\n");
    assert_metric_by(&t, REQUESTS, AREA, "area requests\n'5' 2\n'6' 2\n'' 1\n");
    assert_metric_by(&t, REQUESTS, UNIT, "unit requests\n'' 2\n'district-5' 2\n'buses' 1\n");
    assert_metric_by(&t, REQUESTS, CHANNEL,
                     "channel requests\n'phone' 2\n'' 1\n'app' 1\n'walk_in' 1\n");
    rig_free(t.rig);
}

static void puts_dimensions_in_the_order_asked_for_and_the_period_behind_them(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    Report__Dimension by[] = {CHANNEL, TOPIC};
    Report__QueryReportRequest request = ask(REQUESTS);
    tell_five_requests(&t);
    request.n_by = 2;
    request.by = by;
    assert_answer(&t, &request,
                  "channel topic requests\n'phone' 'asphalt' 2\n'' 'bus' 1\n'app' 'asphalt' 1\n"
                  "'walk_in' 'bus' 1\n");
    request.per = REPORT__PERIOD__PERIOD_DAY;
    assert_answer(&t, &request,
                  "channel topic period requests\n'app' 'asphalt' '1404-10-11' 1\n"
                  "'phone' 'asphalt' '1404-10-11' 2\n'' 'bus' '1404-10-12' 1\n"
                  "'walk_in' 'bus' '1404-10-12' 1\n");
    rig_free(t.rig);
}

static void answers_about_nothing_with_one_row_or_none(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    assert_metric(&t, REQUESTS, "requests\n0\n");
    assert_metric(&t, ON_TIME, "on_time on_time_count done_with_due\n- 0 0\n");
    assert_metric(&t, RESOLUTION_HOURS, "done p50 p75 p90 p95 p99\n0 - - - - -\n");
    assert_metric(&t, REPORT__METRIC__METRIC_SATISFACTION,
                  "answers mean satisfied resolved\n0 - - -\n");
    assert_metric_by(&t, REQUESTS, TOPIC, "topic requests\n");
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_DAY, "period requests\n");
    rig_free(t.rig);
}

static void moves_a_request_with_its_task_from_unit_to_unit(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    registered(&t, 1, "1404-10-11 09:10", "asphalt", "5", PHONE);
    assert_metric_by(&t, REQUESTS, UNIT, "unit requests\n'' 1\n");
    routed(&t, 1, "district-5", NULL);
    assert_metric_by(&t, REQUESTS, UNIT, "unit requests\n'district-5' 1\n");
    story_returned(&t.story, 1, "district-5", "centre-137");
    assert_metric_by(&t, REQUESTS, UNIT, "unit requests\n'centre-137' 1\n");
    story_returned(&t.story, 1, "centre-137", "district-6");
    done(&t, 1, "district-6", "1404-10-12 09:10");
    assert_metric_by(&t, REPORT__METRIC__METRIC_DONE, UNIT, "unit done\n'district-6' 1\n");
    assert_metric_by(&t, RESOLUTION_HOURS, UNIT,
                     "unit done p50 p75 p90 p95 p99\n"
                     "'district-6' 1 24.035 24.035 24.035 24.035 24.035\n");
    rig_free(t.rig);
}

static void counts_what_was_closed_undone_or_cancelled_apart_and_what_is_open_again(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    for (uint64_t number = 1; number <= 4; number++) {
        registered(&t, number, "1404-10-11 09:10", "asphalt", "5", PHONE);
        routed(&t, number, "district-5", NULL);
    }
    done(&t, 1, "district-5", "1404-10-12 09:10");
    story_closed_undone(&t.story, 2, "district-5");
    story_cancelled(&t.story, 3, "district-5");
    assert_metric(&t, REPORT__METRIC__METRIC_DONE, "done\n1\n");
    assert_metric(&t, REPORT__METRIC__METRIC_OPEN, "open\n1\n");
    assert_metric(&t, REPORT__METRIC__METRIC_UNDONE, "closed_undone cancelled referred\n1 1 0\n");
    story_reopened(&t.story, 1, "district-5");
    story_reopened(&t.story, 2, "district-5");
    assert_metric(&t, REPORT__METRIC__METRIC_DONE, "done\n0\n");
    assert_metric(&t, REPORT__METRIC__METRIC_OPEN, "open\n3\n");
    assert_metric(&t, REPORT__METRIC__METRIC_UNDONE, "closed_undone cancelled referred\n0 1 0\n");
    assert_metric(&t, RESOLUTION_HOURS, "done p50 p75 p90 p95 p99\n0 - - - - -\n");
    story_moved(&t.story, 2, "district-5", "district-6");
    done(&t, 2, "district-6", "1404-10-13 09:10");
    assert_metric_by(&t, REPORT__METRIC__METRIC_DONE, UNIT,
                     "unit done\n'district-6' 1\n'district-5' 0\n");
    rig_free(t.rig);
}

static void counts_what_was_referred_apart_until_it_is_open_again(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    for (uint64_t number = 1; number <= 2; number++) {
        registered(&t, number, "1404-10-11 09:10", "power-cut", "5", PHONE);
        routed(&t, number, "power-company", NULL);
        story_referred(&t.story, number, "power-company");
    }
    assert_metric(&t, REPORT__METRIC__METRIC_UNDONE, "closed_undone cancelled referred\n0 0 2\n");
    assert_metric(&t, REPORT__METRIC__METRIC_OPEN, "open\n0\n");
    story_reopened(&t.story, 1, "power-company"); /* amended, it is the city's */
    story_moved(&t.story, 1, "power-company", "district-5");
    assert_metric_by(&t, REPORT__METRIC__METRIC_OPEN, UNIT,
                     "unit open\n'district-5' 1\n'power-company' 0\n");
    assert_metric(&t, REPORT__METRIC__METRIC_UNDONE, "closed_undone cancelled referred\n0 0 1\n");
    story_reopened(&t.story, 1, "district-5");
    story_referred(&t.story, 1, "power-company"); /* and back */
    assert_metric(&t, REPORT__METRIC__METRIC_UNDONE, "closed_undone cancelled referred\n0 0 2\n");
    assert_metric(&t, REPORT__METRIC__METRIC_OPEN, "open\n0\n");
    rig_free(t.rig);
}

static void tells_on_time_from_the_dates(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    for (uint64_t number = 1; number <= 6; number++) {
        registered(&t, number, "1404-10-11 09:00", number < 6 ? "asphalt" : "bus", "", PHONE);
    }
    routed(&t, 1, "u", "1404-10-12 09:00");
    routed(&t, 2, "u", "1404-10-12 09:00");
    routed(&t, 3, "u", "1404-10-12 09:00");
    routed(&t, 4, "u", "1404-10-12 09:00");
    routed(&t, 5, "u", NULL);
    routed(&t, 6, "u", NULL);
    done(&t, 1, "u", "1404-10-11 17:00");
    done(&t, 2, "u", "1404-10-12 09:00"); /* to the moment */
    story_overdue(&t.story, 2, "u");      /* a flag that came late says nothing against the dates */
    done(&t, 3, "u", "1404-10-12 09:00:01");
    done(&t, 5, "u", "1404-10-20 09:00"); /* was never due */
    done(&t, 6, "u", "1404-10-20 09:00");
    assert_metric_by(
        &t, ON_TIME, TOPIC,
        "topic on_time on_time_count done_with_due\n'asphalt' 0.667 2 3\n'bus' - 0 0\n");
    assert_metric_by(&t, REPORT__METRIC__METRIC_OPEN, TOPIC, "topic open\n'asphalt' 1\n'bus' 0\n");
    story_due_moved(&t.story, 3, at(&t, "1404-10-12 10:00")); /* the unit had to wait */
    assert_metric_by(
        &t, ON_TIME, TOPIC,
        "topic on_time on_time_count done_with_due\n'asphalt' 1.000 3 3\n'bus' - 0 0\n");
    rig_free(t.rig);
}

static void tells_how_long_requests_took(void **state)
{
    (void)state;
    static const char *const done_at[] = {"09:01", "09:02", "10:00", "11:00", "13:00",
                                          "17:00", "19:00", "19:00", "21:00", "23:59"};
    struct teller t = teller_new("isfahan");
    for (uint64_t number = 1; number <= 10; number++) {
        char when[32];
        snprintf(when, sizeof(when), "1404-10-11 %s", done_at[number - 1]);
        registered(&t, number, "1404-10-11 09:00", "asphalt", "", PHONE);
        routed(&t, number, "u", NULL);
        done(&t, number, "u", when);
    }
    /* Ranks 5, 8, 9, 10, 10 of ten: 4, 10, 12 hours, and 14.983 twice, each within 1 %. */
    assert_metric(&t, RESOLUTION_HOURS,
                  "done p50 p75 p90 p95 p99\n10 4.000 10.026 12.017 15.004 15.004\n");
    rig_free(t.rig);
}

static void takes_no_time_when_closed_before_it_was_opened(void **state)
{
    (void)state;
    struct teller t = teller_new("boston-2011");
    registered(&t, 1, "2011-07-01 09:00:05", "Graffiti", "17", PHONE);
    registered(&t, 2, "2011-07-01 09:00:05", "Graffiti", "17", PHONE);
    routed(&t, 1, "PROP", "2011-07-01 09:00:05");
    routed(&t, 2, "PROP", NULL);
    done(&t, 1, "PROP", "2011-07-01 09:00:01");
    done(&t, 2, "PROP", "2011-07-01 09:00:05");
    assert_metric(&t, RESOLUTION_HOURS,
                  "done p50 p75 p90 p95 p99\n2 0.000 0.000 0.000 0.000 0.000\n");
    assert_metric(&t, ON_TIME, "on_time on_time_count done_with_due\n1.000 1 1\n");
    rig_free(t.rig);
}

static void counts_calls_and_satisfaction(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    tell_five_requests(&t);
    done(&t, 1, "district-5", "1404-10-12 09:10");
    done(&t, 2, "district-5", "1404-10-12 09:10");
    done(&t, 4, "buses", "1404-10-12 09:10");
    story_called(&t.story, 1, ANSWERED);
    story_answered(&t.story, 1, FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED, 5);
    story_called(&t.story, 2, ANSWERED);
    story_answered(&t.story, 2, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED, 1);
    story_called(&t.story, 4, NO_ANSWER);
    assert_metric_by(&t, REPORT__METRIC__METRIC_CALLS, UNIT,
                     "unit calls answered\n'district-5' 2 2\n'buses' 1 0\n'' 0 0\n");
    assert_metric_by(&t, REPORT__METRIC__METRIC_SATISFACTION, TOPIC,
                     "topic answers mean satisfied resolved\n'asphalt' 2 3.000 0.500 0.500\n"
                     "'bus' 0 - - -\n");
    rig_free(t.rig);
}

/* --- time --- */

static void groups_by_the_citys_calendar_and_week(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    registered(&t, 1, "1404-12-29 23:59:59", "asphalt", "5",
               PHONE); /* a Friday, the year's last day */
    registered(&t, 2, "1405-01-01 00:00", "asphalt", "5", PHONE); /* a Saturday: also a new week */
    registered(&t, 3, "1405-01-01 00:30", "asphalt", "5", PHONE);
    registered(&t, 4, "1405-01-07 12:00", "asphalt", "5", PHONE);
    registered(&t, 5, "1405-01-08 00:00", "asphalt", "5", PHONE);
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_HOUR,
                      "period requests\n'1404-12-29 23:00' 1\n'1405-01-01 00:00' 2\n"
                      "'1405-01-07 12:00' 1\n'1405-01-08 00:00' 1\n");
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_DAY,
                      "period requests\n'1404-12-29' 1\n'1405-01-01' 2\n'1405-01-07' 1\n"
                      "'1405-01-08' 1\n");
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_WEEK,
                      "period requests\n'1404-12-23' 1\n'1405-01-01' 3\n'1405-01-08' 1\n");
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_MONTH,
                      "period requests\n'1404-12' 1\n'1405-01' 4\n");
    rig_free(t.rig);
}

static void counts_the_doubled_hour_of_autumn_as_one(void **state)
{
    (void)state;
    struct teller t = teller_new("boston-2011");
    const char *const moments[] = {"2011-11-06T05:30:00Z", "2011-11-06T06:30:00Z",
                                   "2011-11-06T07:30:00Z"};
    for (uint64_t i = 0; i < 3; i++) {
        registered(&t, i + 1, moments[i], "Graffiti", "", PHONE);
    }
    assert_metric_per(&t, REQUESTS, REPORT__PERIOD__PERIOD_HOUR,
                      "period requests\n'2011-11-06 01:00' 2\n'2011-11-06 02:00' 1\n");
    rig_free(t.rig);
}

static void belongs_to_the_period_of_its_request_however_late_it_is_done(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    registered(&t, 1, "1404-10-11 09:00", "asphalt", "5", PHONE);
    routed(&t, 1, "district-5", "1404-10-12 09:00");
    done(&t, 1, "district-5", "1404-12-01 09:00");
    assert_metric_per(&t, REPORT__METRIC__METRIC_DONE, REPORT__PERIOD__PERIOD_MONTH,
                      "period done\n'1404-10' 1\n");
    rig_free(t.rig);
}

static void reads_whole_hours_from_the_first_to_before_the_end(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    registered(&t, 1, "1404-10-11 08:59:59", "asphalt", "", PHONE);
    registered(&t, 2, "1404-10-11 09:00", "asphalt", "", PHONE);
    registered(&t, 3, "1404-10-11 10:59:59", "asphalt", "", PHONE);
    registered(&t, 4, "1404-10-11 11:00", "asphalt", "", PHONE);
    const struct {
        const char *from;
        const char *to;
        const char *expected;
    } cases[] = {
        {"1404-10-11 09:00", "1404-10-11 11:00", "requests\n2\n"},
        {"1404-10-11 09:30", "1404-10-11 11:00", "requests\n2\n"},
        {"1404-10-11 10:00", "1404-10-11 10:01", "requests\n1\n"},
        {"1404-10-11 09:00", "1404-10-11 11:00:01", "requests\n3\n"},
        {"1404-10-11 09:00", NULL, "requests\n3\n"},
        {"1404-10-11 12:00", NULL, "requests\n0\n"},
        {"1380-01-01", "1404-10-11 09:00", "requests\n1\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        Report__QueryReportRequest request = ask(REQUESTS);
        request.from_us = at(&t, cases[i].from);
        request.to_us = cases[i].to == NULL ? 0 : at(&t, cases[i].to);
        assert_answer(&t, &request, cases[i].expected);
    }
    rig_free(t.rig);
}

/* --- filters --- */

struct filters {
    Report__Filter filters[33];
    Report__Filter *list[33];
};

static void add_filter(Report__QueryReportRequest *request, struct filters *filters,
                       Report__Dimension dimension, const char *value)
{
    Report__Filter *filter = &filters->filters[request->n_where];
    report__filter__init(filter);
    filter->dimension = dimension;
    filter->value = (char *)(uintptr_t)value;
    filters->list[request->n_where++] = filter;
    request->where = filters->list;
}

static void keeps_what_passes_the_filters(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    struct filters filters;
    Report__Dimension by[] = {TOPIC};
    Report__QueryReportRequest request = ask(REQUESTS);
    tell_five_requests(&t);
    request.n_by = 1;
    request.by = by;
    add_filter(&request, &filters, AREA, "5");
    assert_answer(&t, &request, "topic requests\n'asphalt' 2\n");
    add_filter(&request, &filters, AREA, "6"); /* of one dimension: any */
    assert_answer(&t, &request, "topic requests\n'asphalt' 2\n'bus' 2\n");
    add_filter(&request, &filters, CHANNEL, "walk_in"); /* of several: all */
    assert_answer(&t, &request, "topic requests\n'bus' 1\n");
    request.n_where = 0;
    add_filter(&request, &filters, UNIT, "");
    assert_answer(&t, &request, "topic requests\n'asphalt' 1\n'bus' 1\n");
    add_filter(&request, &filters, CHANNEL, "");
    assert_answer(&t, &request, "topic requests\n'bus' 1\n");
    request.n_where = 0;
    add_filter(&request, &filters, TOPIC, "no such topic");
    assert_answer(&t, &request, "topic requests\n");
    rig_free(t.rig);
}

/* --- refusals --- */

static void refuses_a_question_that_makes_no_sense(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    Report__Dimension twice[] = {TOPIC, TOPIC};
    Report__Dimension unknown[] = {(Report__Dimension)5};
    struct filters filters;
    char long_value[CITY_KEY_SIZE_MAX + 2];

    Report__QueryReportRequest request = ask(REPORT__METRIC__METRIC_UNSPECIFIED);
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "metric");
    request = ask((Report__Metric)9);
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "metric");
    request = ask(REQUESTS);
    request.n_by = 2;
    request.by = twice;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "by");
    request.n_by = 1;
    request.by = unknown;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "by");
    request = ask(REQUESTS);
    request.per = (Report__Period)5;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "per");
    request = ask(REQUESTS);
    request.from_us = -1;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "from_us");
    request.from_us = request.to_us = 1000;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "to_us");
    request.to_us = INT64_MAX;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "to_us");
    request = ask(REQUESTS);
    request.rows_max = 10001;
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "rows_max");

    request = ask(REQUESTS);
    add_filter(&request, &filters, REPORT__DIMENSION__DIMENSION_UNSPECIFIED, "x");
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "where.dimension");
    request.n_where = 0;
    add_filter(&request, &filters, CHANNEL, "pigeon");
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "where.value");
    request.n_where = 0;
    memset(long_value, 'x', sizeof(long_value) - 1);
    long_value[sizeof(long_value) - 1] = '\0';
    add_filter(&request, &filters, TOPIC, long_value);
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "where.value");
    request.n_where = 0;
    for (int i = 0; i < 32; i++) {
        add_filter(&request, &filters, TOPIC, "x");
    }
    assert_answer(&t, &request, "requests\n0\n");
    add_filter(&request, &filters, TOPIC, "x");
    assert_refused(&t, &request, STATUS_INVALID_ARGUMENT, "where");
    rig_free(t.rig);
}

static void refuses_more_rows_than_are_wanted_with_advice(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    Report__Dimension by[] = {AREA};
    Report__QueryReportRequest request = ask(REQUESTS);
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    tell_five_requests(&t);
    request.n_by = 1;
    request.by = by;
    request.rows_max = 3;
    assert_answer(&t, &request, "area requests\n'5' 2\n'6' 2\n'' 1\n");
    request.rows_max = 2;
    assert_int_equal(query(&t, &request, &response, &err), STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(err.field, "rows_max");
    assert_non_null(strstr(err.message, "ask for a shorter time"));
    rig_free(t.rig);
}

static void refuses_an_answer_too_large_for_one_message(void **state)
{
    (void)state;
    const int rows = 5000; /* of some 220 bytes: over a mebibyte */
    struct teller t = teller_new("isfahan");
    Report__Dimension by[] = {TOPIC, AREA, UNIT, CHANNEL};
    Report__QueryReportRequest request = ask(REPORT__METRIC__METRIC_SATISFACTION);
    int64_t when_us = at(&t, "1404-10-11 09:00");
    for (int i = 1; i <= rows; i++) {
        char topic[CITY_KEY_SIZE_MAX + 1];
        snprintf(topic, sizeof(topic), "%060d", i);
        story_registered(&t.story, (uint64_t)i, when_us, topic, topic, PHONE);
        story_routed(&t.story, (uint64_t)i, topic, 0);
    }
    request.n_by = 4;
    request.by = by;
    assert_refused(&t, &request, STATUS_RESOURCE_EXHAUSTED, "rows_max");
    request.n_by = 1; /* a thinner answer of as many rows passes */
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    assert_int_equal(query(&t, &request, &response, &err), STATUS_OK);
    assert_int_equal(response->n_rows, rows);
    rig_free(t.rig);
}

static void answers_leadership_and_administrators_only(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    Report__QueryReportRequest request = ask(REQUESTS);
    for (int role = RPC_ROLE_FRONT_END; role <= RPC_ROLE_ADMIN; role++) {
        bool may = role == RPC_ROLE_LEADERSHIP || role == RPC_ROLE_ADMIN;
        assert_int_equal(query_as(&t, (enum rpc_role)role, &request, &response, &err),
                         may ? STATUS_OK : STATUS_PERMISSION_DENIED);
    }
    rig_free(t.rig);
}

/* --- as of, and after --- */

static void tells_how_far_each_log_was_followed(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    const Report__QueryReportResponse *response;
    struct error err = ERROR_NONE;
    Report__QueryReportRequest request = ask(REQUESTS);
    tell_five_requests(&t);
    assert_int_equal(query(&t, &request, &response, &err), STATUS_OK);
    const uint64_t offsets[] = {5, 3, 0, 0, 0};
    assert_int_equal(response->n_as_of, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(response->as_of[i]->service, i + 1);
        assert_true(response->as_of[i]->offset == offsets[i]);
    }
    rig_free(t.rig);
}

static void answers_the_same_after_a_restart(void **state)
{
    (void)state;
    struct teller t = teller_new("isfahan");
    tell_five_requests(&t);
    rig_restart(t.rig);
    done(&t, 1, "district-5", "1404-10-12 09:10");
    assert_metric_by(&t, REPORT__METRIC__METRIC_DONE, UNIT,
                     "unit done\n'district-5' 1\n'' 0\n'buses' 0\n");
    assert_true(rig_event_count(t.rig) == 0); /* and it has written no events of its own */
    rig_free(t.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_requests_by_each_dimension),
        cmocka_unit_test(puts_dimensions_in_the_order_asked_for_and_the_period_behind_them),
        cmocka_unit_test(answers_about_nothing_with_one_row_or_none),
        cmocka_unit_test(moves_a_request_with_its_task_from_unit_to_unit),
        cmocka_unit_test(counts_what_was_closed_undone_or_cancelled_apart_and_what_is_open_again),
        cmocka_unit_test(counts_what_was_referred_apart_until_it_is_open_again),
        cmocka_unit_test(tells_on_time_from_the_dates),
        cmocka_unit_test(tells_how_long_requests_took),
        cmocka_unit_test(takes_no_time_when_closed_before_it_was_opened),
        cmocka_unit_test(counts_calls_and_satisfaction),
        cmocka_unit_test(groups_by_the_citys_calendar_and_week),
        cmocka_unit_test(counts_the_doubled_hour_of_autumn_as_one),
        cmocka_unit_test(belongs_to_the_period_of_its_request_however_late_it_is_done),
        cmocka_unit_test(reads_whole_hours_from_the_first_to_before_the_end),
        cmocka_unit_test(keeps_what_passes_the_filters),
        cmocka_unit_test(refuses_a_question_that_makes_no_sense),
        cmocka_unit_test(refuses_more_rows_than_are_wanted_with_advice),
        cmocka_unit_test(refuses_an_answer_too_large_for_one_message),
        cmocka_unit_test(answers_leadership_and_administrators_only),
        cmocka_unit_test(tells_how_far_each_log_was_followed),
        cmocka_unit_test(answers_the_same_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
