/* Shares, metrics and the order of rows. */
#include "services/report/report_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#define HOUR_US (INT64_C(3600) * 1000000)

/* A request that was made at 100 h, was due at 124 h and done at 103.5 h. */
static Report__CaseRow done_row(void)
{
    Report__CaseRow row = REPORT__CASE_ROW__INIT;
    row.number = 7;
    row.occurred_at_us = 100 * HOUR_US;
    row.local_hour = 103;
    row.topic = (char *)(uintptr_t) "asphalt";
    row.area = (char *)(uintptr_t) "5";
    row.unit = (char *)(uintptr_t) "district-5";
    row.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    row.due_at_us = 124 * HOUR_US;
    row.done = true;
    row.done_at_us = 103 * HOUR_US + HOUR_US / 2;
    return row;
}

static void is_on_time_up_to_the_due_date_itself(void **state)
{
    (void)state;
    assert_true(report_rules_on_time(99, 100));
    assert_true(report_rules_on_time(100, 100));
    assert_false(report_rules_on_time(101, 100));
    assert_false(report_rules_on_time(1, 0));
}

static void takes_no_time_when_closed_before_it_was_opened(void **state)
{
    (void)state;
    assert_int_equal(report_rules_resolution_seconds(10000000, 10000000), 0);
    assert_int_equal(report_rules_resolution_seconds(10000000, 8000000), 0);
    assert_int_equal(report_rules_resolution_seconds(10000000, 12999999), 2);
}

static void makes_the_share_of_a_request_that_is_done(void **state)
{
    (void)state;
    Report__CaseRow row = done_row();
    row.calls = 2;
    row.calls_answered = 1;
    row.answers = 1;
    row.score_sum = 4;
    row.satisfied = 1;
    row.resolved = 1;
    const uint64_t expected[REPORT_COUNTER_COUNT] = {1, 1, 1, 1, 2, 1, 1, 4, 1, 1};
    struct report_share share;
    report_rules_share(&row, &share);
    assert_memory_equal(share.counters, expected, sizeof(expected));
    assert_true(share.done);
    assert_int_equal(share.bucket, report_buckets_of(12600));
    assert_int_equal(share.place.local_hour, 103);
    assert_string_equal(share.place.unit, "district-5");
}

static void counts_what_is_late_or_open_or_never_due_where_it_belongs(void **state)
{
    (void)state;
    struct report_share share;
    Report__CaseRow late = done_row();
    late.done_at_us = late.due_at_us + 1;
    report_rules_share(&late, &share);
    assert_int_equal(share.counters[REPORT_COUNTER_DONE_WITH_DUE], 1);
    assert_int_equal(share.counters[REPORT_COUNTER_ON_TIME], 0);

    Report__CaseRow never_due = done_row();
    never_due.due_at_us = 0;
    report_rules_share(&never_due, &share);
    assert_int_equal(share.counters[REPORT_COUNTER_DONE], 1);
    assert_int_equal(share.counters[REPORT_COUNTER_DONE_WITH_DUE], 0);
    assert_int_equal(share.counters[REPORT_COUNTER_ON_TIME], 0);

    Report__CaseRow open = done_row();
    open.done = false;
    open.done_at_us = 0;
    report_rules_share(&open, &share);
    assert_int_equal(share.counters[REPORT_COUNTER_REQUESTS], 1);
    assert_int_equal(share.counters[REPORT_COUNTER_DONE], 0);
    assert_int_equal(share.counters[REPORT_COUNTER_DONE_WITH_DUE], 0);
    assert_false(share.done);
}

static void empties_a_cell_by_taking_out_what_was_put_in(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct report_cell cell = {0};
    struct report_share share;
    Report__CaseRow row = done_row();
    report_rules_share(&row, &share);
    assert_int_equal(report_rules_put_in(&cell, arena, &share), STATUS_OK);
    assert_false(report_rules_is_empty(&cell));
    assert_int_equal(report_rules_take_out(&cell, arena, &share), STATUS_OK);
    assert_true(report_rules_is_empty(&cell));
    assert_int_equal(report_buckets_total(&cell.resolution), 0);
    assert_int_equal(report_rules_take_out(&cell, arena, &share), STATUS_DATA_LOSS);
    arena_free(arena);
}

static void knows_the_words_of_channels(void **state)
{
    (void)state;
    static const char *const words[] = {"",        "phone",   "sms",   "web",   "app",
                                        "walk_in", "session", "staff", "import"};
    for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_string_equal(report_rules_channel_word(i), words[i]);
        assert_true(report_rules_is_channel_word(words[i]));
    }
    assert_string_equal(report_rules_channel_word(9), "");
    assert_false(report_rules_is_channel_word("pigeon"));
}

static void knows_the_dimensions_of_a_place(void **state)
{
    (void)state;
    const struct report_place place = {.topic = "t", .area = "a", .unit = "u", .channel = 4};
    const struct {
        Report__Dimension dimension;
        const char *name;
        const char *value;
    } cases[] = {
        {REPORT__DIMENSION__DIMENSION_TOPIC, "topic", "t"},
        {REPORT__DIMENSION__DIMENSION_AREA, "area", "a"},
        {REPORT__DIMENSION__DIMENSION_UNIT, "unit", "u"},
        {REPORT__DIMENSION__DIMENSION_CHANNEL, "channel", "app"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(report_rules_dimension_name(cases[i].dimension), cases[i].name);
        assert_string_equal(report_rules_value(&place, cases[i].dimension), cases[i].value);
    }
    assert_null(report_rules_dimension_name(REPORT__DIMENSION__DIMENSION_UNSPECIFIED));
    assert_null(report_rules_dimension_name((Report__Dimension)5));
}

static void names_the_documented_columns(void **state)
{
    (void)state;
    const struct {
        Report__Metric metric;
        size_t count;
        const char *columns;
    } cases[] = {
        {REPORT__METRIC__METRIC_UNSPECIFIED, 0, ""},
        {REPORT__METRIC__METRIC_REQUESTS, 1, "requests "},
        {REPORT__METRIC__METRIC_DONE, 1, "done "},
        {REPORT__METRIC__METRIC_OPEN, 1, "open "},
        {REPORT__METRIC__METRIC_ON_TIME, 3, "on_time on_time_count done_with_due "},
        {REPORT__METRIC__METRIC_RESOLUTION_HOURS, 6, "done p50 p75 p90 p95 p99 "},
        {REPORT__METRIC__METRIC_CALLS, 2, "calls answered "},
        {REPORT__METRIC__METRIC_SATISFACTION, 4, "answers mean satisfied resolved "},
        {REPORT__METRIC__METRIC_UNDONE, 3, "closed_undone cancelled referred "},
        {(Report__Metric)9, 0, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const *names = NULL;
        char text[128] = "";
        size_t count = report_rules_columns(cases[i].metric, &names);
        assert_int_equal(count, cases[i].count);
        for (size_t j = 0; j < count; j++) {
            strcat(strcat(text, names[j]), " ");
        }
        assert_string_equal(text, cases[i].columns);
    }
}

static void assert_number(struct report_figure figure, double expected)
{
    assert_int_equal(figure.kind, REPORT_FIGURE_NUMBER);
    assert_true(fabs(figure.number - expected) < 1e-9);
}

static void assert_count(struct report_figure figure, uint64_t expected)
{
    assert_int_equal(figure.kind, REPORT_FIGURE_COUNT);
    assert_true(figure.count == expected);
}

static void computes_each_metric_from_a_cell(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    /* requests, done, with due, on time, calls, answered, answers, score sum, satisfied, resolved,
     * closed undone, cancelled, referred */
    struct report_cell cell = {{16, 6, 5, 4, 4, 3, 3, 11, 2, 1, 2, 1, 3}, {{0}}};
    struct report_figure f[REPORT_FIGURES_MAX];
    for (int i = 1; i <= 6; i++) {
        uint32_t bucket = report_buckets_of(i * 3600);
        assert_int_equal(report_buckets_add(&cell.resolution, arena, bucket, 1), STATUS_OK);
    }
    report_rules_figures(REPORT__METRIC__METRIC_REQUESTS, &cell, f);
    assert_count(f[0], 16);
    report_rules_figures(REPORT__METRIC__METRIC_UNDONE, &cell, f);
    assert_count(f[0], 2);
    assert_count(f[1], 1);
    assert_count(f[2], 3);
    report_rules_figures(REPORT__METRIC__METRIC_DONE, &cell, f);
    assert_count(f[0], 6);
    report_rules_figures(REPORT__METRIC__METRIC_OPEN, &cell, f);
    assert_count(f[0], 4);
    report_rules_figures(REPORT__METRIC__METRIC_ON_TIME, &cell, f);
    assert_number(f[0], 0.8);
    assert_count(f[1], 4);
    assert_count(f[2], 5);
    report_rules_figures(REPORT__METRIC__METRIC_CALLS, &cell, f);
    assert_count(f[0], 4);
    assert_count(f[1], 3);
    report_rules_figures(REPORT__METRIC__METRIC_SATISFACTION, &cell, f);
    assert_count(f[0], 3);
    assert_number(f[1], 11.0 / 3);
    assert_number(f[2], 2.0 / 3);
    assert_number(f[3], 1.0 / 3);
    report_rules_figures(REPORT__METRIC__METRIC_RESOLUTION_HOURS, &cell, f);
    assert_count(f[0], 6);
    const double hours[] = {3, 5, 6, 6, 6}; /* ranks 3, 5, 6, 6, 6 of six */
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(f[1 + i].kind, REPORT_FIGURE_NUMBER);
        assert_true(fabs(f[1 + i].number - hours[i]) <= 0.01 * hours[i]);
    }
    arena_free(arena);
}

static void has_no_figure_of_nothing(void **state)
{
    (void)state;
    struct report_cell cell = {{3}, {{0}}}; /* three requests, nothing done */
    struct report_figure f[REPORT_FIGURES_MAX];
    report_rules_figures(REPORT__METRIC__METRIC_ON_TIME, &cell, f);
    assert_int_equal(f[0].kind, REPORT_FIGURE_NONE);
    report_rules_figures(REPORT__METRIC__METRIC_SATISFACTION, &cell, f);
    assert_count(f[0], 0);
    assert_int_equal(f[1].kind, REPORT_FIGURE_NONE);
    report_rules_figures(REPORT__METRIC__METRIC_RESOLUTION_HOURS, &cell, f);
    assert_count(f[0], 0);
    for (size_t i = 1; i < 6; i++) {
        assert_int_equal(f[i].kind, REPORT_FIGURE_NONE);
    }
}

static struct report_group group(const char *value, int32_t period, struct report_figure figure)
{
    return (struct report_group){
        .period = period, .values = {value, "", "", ""}, .figures = {figure}};
}

static void orders_by_the_figure_the_largest_first_then_by_values(void **state)
{
    (void)state;
    struct report_figure none = {.kind = REPORT_FIGURE_NONE};
    struct report_figure half = {.kind = REPORT_FIGURE_NUMBER, .number = 0.5};
    struct report_figure most = {.kind = REPORT_FIGURE_NUMBER, .number = 0.9};
    const struct report_group ordered[] = {group("d", 9, most), group("b", 1, half),
                                           group("c", 0, half), group("a", 0, none)};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            int order = report_rules_order(&ordered[i], &ordered[j], false);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
    }
}

static void orders_by_time_then_by_values_when_there_are_periods(void **state)
{
    (void)state;
    struct report_figure one = {.kind = REPORT_FIGURE_COUNT, .count = 1};
    struct report_figure two = {.kind = REPORT_FIGURE_COUNT, .count = 2};
    const struct report_group ordered[] = {group("b", -24, one), group("a", 0, one),
                                           group("b", 0, two), group("a", 24, two)};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            int order = report_rules_order(&ordered[i], &ordered[j], true);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_on_time_up_to_the_due_date_itself),
        cmocka_unit_test(takes_no_time_when_closed_before_it_was_opened),
        cmocka_unit_test(makes_the_share_of_a_request_that_is_done),
        cmocka_unit_test(counts_what_is_late_or_open_or_never_due_where_it_belongs),
        cmocka_unit_test(empties_a_cell_by_taking_out_what_was_put_in),
        cmocka_unit_test(knows_the_words_of_channels),
        cmocka_unit_test(knows_the_dimensions_of_a_place),
        cmocka_unit_test(names_the_documented_columns),
        cmocka_unit_test(computes_each_metric_from_a_cell),
        cmocka_unit_test(has_no_figure_of_nothing),
        cmocka_unit_test(orders_by_the_figure_the_largest_first_then_by_values),
        cmocka_unit_test(orders_by_time_then_by_values_when_there_are_periods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
