/* Every period has its row, in the city's calendar and zone. */
#include "clients/vafa/report_periods.h"

#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#define ROWS_MAX 4
#define SUNDAY 0
#define SATURDAY 6

/* A question by time, and an answer of periods with a request each. */
struct scene {
    struct civil *civil;
    struct arena *arena;
    Report__QueryReportRequest request;
    Report__QueryReportResponse response;
    char *columns[2];
    Report__Row rows[ROWS_MAX];
    Report__Row *row_list[ROWS_MAX];
    Report__Cell cells[ROWS_MAX][2];
    Report__Cell *cell_lists[ROWS_MAX][2];
};

static void scene_init(struct scene *s, const char *zone, enum civil_calendar calendar,
                       int week_start, Report__Period per)
{
    memset(s, 0, sizeof(*s));
    assert_int_equal(civil_new(&s->civil, zone, calendar, week_start, NULL), STATUS_OK);
    s->arena = arena_new((size_t)8 << 20);
    report__query_report_request__init(&s->request);
    report__query_report_response__init(&s->response);
    s->request.metric = REPORT__METRIC__METRIC_REQUESTS;
    s->request.per = per;
    s->columns[0] = (char *)(uintptr_t) "period";
    s->columns[1] = (char *)(uintptr_t) "requests";
    s->response.n_columns = 2;
    s->response.columns = s->columns;
    s->response.rows = s->row_list;
}

static void scene_fini(struct scene *s)
{
    arena_free(s->arena);
    civil_free(s->civil);
}

static void add_row(struct scene *s, const char *period)
{
    size_t n = s->response.n_rows++;
    assert_true(n < ROWS_MAX);
    for (size_t i = 0; i < 2; i++) {
        report__cell__init(&s->cells[n][i]);
        s->cell_lists[n][i] = &s->cells[n][i];
    }
    s->cells[n][0].value_case = REPORT__CELL__VALUE_TEXT;
    s->cells[n][0].text = (char *)(uintptr_t)period;
    s->cells[n][1].value_case = REPORT__CELL__VALUE_COUNT;
    s->cells[n][1].count = 7;
    report__row__init(&s->rows[n]);
    s->rows[n].n_cells = 2;
    s->rows[n].cells = s->cell_lists[n];
    s->row_list[n] = &s->rows[n];
}

static int64_t at(const struct scene *s, const char *text)
{
    int64_t us;
    assert_int_equal(civil_parse(s->civil, text, 0, "at", &us, NULL), STATUS_OK);
    return us;
}

static enum status fill(struct scene *s, Report__QueryReportResponse *ret_filled)
{
    return report_periods_fill(&s->request, &s->response, s->civil, s->arena, ret_filled, NULL);
}

static void assert_filled(struct scene *s, const char *expected)
{
    Report__QueryReportResponse filled;
    struct buffer text = BUFFER_EMPTY;
    assert_int_equal(fill(s, &filled), STATUS_OK);
    for (size_t i = 0; i < filled.n_rows; i++) {
        Report__Cell **cells = filled.rows[i]->cells;
        assert_int_equal(cells[1]->value_case, REPORT__CELL__VALUE_COUNT);
        buffer_append_format(&text, "%s=%" PRId64 "\n", cells[0]->text, cells[1]->count);
    }
    assert_string_equal(buffer_text(&text), expected);
    buffer_fini(&text);
}

static void fills_between_the_first_and_the_last_row(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "America/New_York", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_DAY);
    add_row(&s, "2012-02-27");
    add_row(&s, "2012-03-01");
    assert_filled(&s, "2012-02-27=7\n2012-02-28=0\n2012-02-29=0\n2012-03-01=7\n");
    scene_fini(&s);
}

static void fills_from_the_time_asked_for_to_before_its_end(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "America/New_York", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_HOUR);
    s.request.from_us = at(&s, "2011-08-28T22:30");
    s.request.to_us = at(&s, "2011-08-29T02:00");
    assert_filled(&s, "2011-08-28 22:00=0\n2011-08-28 23:00=0\n2011-08-29 00:00=0\n"
                      "2011-08-29 01:00=0\n");
    add_row(&s, "2011-08-28 23:00");
    assert_filled(&s, "2011-08-28 22:00=0\n2011-08-28 23:00=7\n2011-08-29 00:00=0\n"
                      "2011-08-29 01:00=0\n");
    scene_fini(&s);
}

static void knows_the_hour_that_spring_skips_and_the_one_autumn_doubles(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "America/New_York", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_HOUR);
    s.request.from_us = at(&s, "2011-03-13T01:00");
    s.request.to_us = at(&s, "2011-03-13T05:00");
    assert_filled(&s, "2011-03-13 01:00=0\n2011-03-13 03:00=0\n2011-03-13 04:00=0\n");
    s.request.from_us = at(&s, "2011-11-06T00:00");
    s.request.to_us = at(&s, "2011-11-06T03:00");
    assert_filled(&s, "2011-11-06 00:00=0\n2011-11-06 01:00=0\n2011-11-06 02:00=0\n");
    scene_fini(&s);
}

/* Iran's clocks skipped the first hour of 2 Farvardin 1401. */
static void has_a_day_that_begins_an_hour_late(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "Asia/Tehran", CIVIL_JALALI, SATURDAY, REPORT__PERIOD__PERIOD_DAY);
    add_row(&s, "1401-01-02");
    add_row(&s, "1401-01-04");
    assert_filled(&s, "1401-01-02=7\n1401-01-03=0\n1401-01-04=7\n");
    scene_fini(&s);
}

static void fills_weeks_from_the_citys_first_day(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "Asia/Tehran", CIVIL_JALALI, SATURDAY, REPORT__PERIOD__PERIOD_WEEK);
    s.request.from_us = at(&s, "1404-09-05"); /* a Wednesday */
    s.request.to_us = at(&s, "1404-09-16");   /* before Sunday */
    add_row(&s, "1404-09-08");
    assert_filled(&s, "1404-09-01=0\n1404-09-08=7\n1404-09-15=0\n");
    scene_fini(&s);
}

static void fills_months_of_the_citys_calendar_over_its_new_year(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "Asia/Tehran", CIVIL_JALALI, SATURDAY, REPORT__PERIOD__PERIOD_MONTH);
    add_row(&s, "1404-10");
    add_row(&s, "1405-02");
    assert_filled(&s, "1404-10=7\n1404-11=0\n1404-12=0\n1405-01=0\n1405-02=7\n");
    scene_fini(&s);
}

static void fills_no_more_than_an_answer_can_have(void **state)
{
    (void)state;
    struct scene s;
    Report__QueryReportResponse filled;
    scene_init(&s, "UTC", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_HOUR);
    s.request.from_us = at(&s, "2011-01-01");
    s.request.to_us = s.request.from_us + REPORT_PERIODS_MAX * INT64_C(3600000000);
    assert_int_equal(fill(&s, &filled), STATUS_OK);
    assert_int_equal(filled.n_rows, REPORT_PERIODS_MAX);
    arena_reset(s.arena);
    s.request.to_us += 1;
    assert_int_equal(fill(&s, &filled), STATUS_RESOURCE_EXHAUSTED);
    scene_fini(&s);
}

static void refuses_rows_of_another_calendar(void **state)
{
    (void)state;
    struct scene s;
    Report__QueryReportResponse filled;
    scene_init(&s, "Asia/Tehran", CIVIL_JALALI, SATURDAY, REPORT__PERIOD__PERIOD_WEEK);
    add_row(&s, "2011-08-28"); /* a Sunday */
    assert_int_equal(fill(&s, &filled), STATUS_FAILED_PRECONDITION);
    s.cells[0][0].text = (char *)(uintptr_t) "once upon a time";
    assert_int_equal(fill(&s, &filled), STATUS_FAILED_PRECONDITION);
    s.cells[0][0].value_case = REPORT__CELL__VALUE__NOT_SET;
    assert_int_equal(fill(&s, &filled), STATUS_FAILED_PRECONDITION);
    scene_fini(&s);
}

static void is_for_counts_by_time_alone(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "UTC", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_WEEK);
    add_row(&s, "2011-08-28");
    s.request.metric = REPORT__METRIC__METRIC_CALLS;
    assert_true(report_periods_wanted(&s.request, &s.response));
    s.request.metric = REPORT__METRIC__METRIC_ON_TIME;
    assert_false(report_periods_wanted(&s.request, &s.response));
    s.request.metric = REPORT__METRIC__METRIC_OPEN;
    s.request.n_by = 1;
    assert_false(report_periods_wanted(&s.request, &s.response));
    s.request.n_by = 0;
    s.request.per = REPORT__PERIOD__PERIOD_UNSPECIFIED;
    assert_false(report_periods_wanted(&s.request, &s.response));
    scene_fini(&s);
}

static void needs_to_know_where_time_begins_and_ends(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, "UTC", CIVIL_GREGORIAN, SUNDAY, REPORT__PERIOD__PERIOD_DAY);
    assert_false(report_periods_wanted(&s.request, &s.response));
    s.request.from_us = at(&s, "2011-08-28");
    assert_false(report_periods_wanted(&s.request, &s.response));
    s.request.to_us = at(&s, "2011-08-29");
    assert_true(report_periods_wanted(&s.request, &s.response));
    scene_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_between_the_first_and_the_last_row),
        cmocka_unit_test(fills_from_the_time_asked_for_to_before_its_end),
        cmocka_unit_test(knows_the_hour_that_spring_skips_and_the_one_autumn_doubles),
        cmocka_unit_test(has_a_day_that_begins_an_hour_late),
        cmocka_unit_test(fills_weeks_from_the_citys_first_day),
        cmocka_unit_test(fills_months_of_the_citys_calendar_over_its_new_year),
        cmocka_unit_test(fills_no_more_than_an_answer_can_have),
        cmocka_unit_test(refuses_rows_of_another_calendar),
        cmocka_unit_test(is_for_counts_by_time_alone),
        cmocka_unit_test(needs_to_know_where_time_begins_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
