/* Zones, calendars, periods, and dates as text. */
#include "text/civil.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct civil *isfahan;
static struct civil *isfahan_gregorian;
static struct civil *boston;

static int setup(void **state)
{
    (void)state;
    return civil_new(&isfahan, "Asia/Tehran", CIVIL_JALALI, 6, NULL) != STATUS_OK ||
           civil_new(&isfahan_gregorian, "Asia/Tehran", CIVIL_GREGORIAN, 6, NULL) != STATUS_OK ||
           civil_new(&boston, "America/New_York", CIVIL_GREGORIAN, 0, NULL) != STATUS_OK;
}

static int teardown(void **state)
{
    (void)state;
    civil_free(isfahan);
    civil_free(isfahan_gregorian);
    civil_free(boston);
    civil_free(NULL);
    return 0;
}

static int64_t parse(const struct civil *civil, const char *text)
{
    int64_t us = 0;
    struct error err = ERROR_NONE;
    if (civil_parse(civil, text, 0, "from", &us, &err) != STATUS_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return us;
}

static void assert_utc(int64_t us, const char *expected)
{
    char text[32];
    civil_format_utc(us, text);
    assert_string_equal(text, expected);
}

static void agrees_with_the_published_calendar(void **state)
{
    (void)state;
    FILE *file = fopen(VAFA_SOURCE_DIR "/tests/data/jalali_hijri_gregorian_vectors.csv", "r");
    assert_non_null(file);
    char line[128];
    int rows = 0;
    assert_non_null(fgets(line, sizeof(line), file));
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        const char *jalali = strsep(&rest, ",");
        strsep(&rest, ",");
        const char *gregorian = strsep(&rest, ",\r\n");
        char out[32];
        int64_t us = parse(isfahan, jalali);
        assert_true(us == parse(isfahan, gregorian));
        civil_format(isfahan_gregorian, us, out);
        assert_memory_equal(out, gregorian, 10);
        civil_format(isfahan, us, out);
        assert_memory_equal(out, jalali, 10);
        rows++;
    }
    fclose(file);
    assert_int_equal(rows, 1161);
}

static void begins_every_jalali_year_where_icu_does(void **state)
{
    (void)state;
    FILE *file = fopen(VAFA_SOURCE_DIR "/tests/data/nowruz_1206_1600_icu.csv", "r");
    assert_non_null(file);
    char line[128];
    int rows = 0;
    assert_non_null(fgets(line, sizeof(line), file));
    while (fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        const char *year = strsep(&rest, ",");
        const char *gregorian = strsep(&rest, ",");
        char expected[32];
        char out[32];
        snprintf(expected, sizeof(expected), "%s-01-01 12:00", year);
        char noon[32];
        snprintf(noon, sizeof(noon), "%.10s 12:00", gregorian);
        civil_format(isfahan, parse(isfahan, noon), out);
        assert_string_equal(out, expected);
        rows++;
    }
    fclose(file);
    assert_true(rows > 390);
}

static void goes_there_and_back_on_every_day_of_five_centuries(void **state)
{
    (void)state;
    int32_t weekday = -1;
    const struct civil *const all[] = {isfahan, isfahan_gregorian, boston};
    for (size_t i = 0; i < 3; i++) {
        for (int64_t day = -150000; day < 200000; day++) {
            int64_t us = day * DAY_US + 12 * HOUR_US + 34 * MINUTE_US + 56 * SECOND_US;
            struct civil_time time;
            civil_from_us(all[i], us, &time);
            assert_true(civil_to_us(all[i], &time) == us);
            assert_in_range(time.month, 1, 12);
            assert_in_range(time.day, 1, 31);
            assert_true(weekday < 0 || day == -150000 || time.weekday == (weekday + 1) % 7);
            weekday = time.weekday;
            if (day < -80000 || day > 90000) {
                day += 6; /* outside the zone's table every lookup takes a lock: fewer will do */
                weekday = (weekday + 6) % 7;
            }
        }
    }
}

static void knows_the_weekday(void **state)
{
    (void)state;
    struct civil_time time;
    civil_from_us(boston, parse(boston, "2011-08-28T12:00"), &time);
    assert_int_equal(time.weekday, 0);
    civil_from_us(isfahan, parse(isfahan, "1390-01-01"), &time);
    assert_int_equal(time.weekday, 1); /* Monday 2011-03-21 */
}

static void follows_summer_time_and_its_end_in_iran(void **state)
{
    (void)state;
    assert_utc(parse(isfahan, "1390-06-06 14:30"), "2011-08-28T10:00:00.000000Z"); /* +04:30 */
    assert_utc(parse(isfahan, "1402-06-06 14:30"), "2023-08-28T11:00:00.000000Z"); /* +03:30 */
}

static void moves_a_missing_hour_forward_and_takes_the_first_of_a_doubled_one(void **state)
{
    (void)state;
    /* Boston 2011: 02:00 to 03:00 missing on 13 March, 01:00 to 02:00 twice on 6 November. */
    assert_utc(parse(boston, "2011-03-13 01:59"), "2011-03-13T06:59:00.000000Z");
    assert_utc(parse(boston, "2011-03-13 02:30"), "2011-03-13T07:30:00.000000Z");
    assert_utc(parse(boston, "2011-03-13 03:00"), "2011-03-13T07:00:00.000000Z");
    assert_utc(parse(boston, "2011-11-06 00:59"), "2011-11-06T04:59:00.000000Z");
    assert_utc(parse(boston, "2011-11-06 01:30"), "2011-11-06T05:30:00.000000Z");
    assert_utc(parse(boston, "2011-11-06 02:00"), "2011-11-06T07:00:00.000000Z");
    /* Tehran 1390: 00:00 to 01:00 missing on 2 Farvardin, 23:00 to 24:00 twice on 30 Shahrivar. */
    assert_utc(parse(isfahan, "1390-01-02 00:30"), "2011-03-21T21:00:00.000000Z");
    assert_utc(parse(isfahan, "1390-06-30 23:30"), "2011-09-21T19:00:00.000000Z");
    assert_utc(parse(isfahan, "1390-06-31 00:00"), "2011-09-21T20:30:00.000000Z");
}

static void counts_the_doubled_hour_as_one(void **state)
{
    (void)state;
    int64_t first_us = parse(boston, "2011-11-06 01:30");
    int32_t hour = civil_local_hour(boston, first_us);
    assert_int_equal(civil_local_hour(boston, first_us + HOUR_US), hour);
    assert_int_equal(civil_local_hour(boston, first_us + 2 * HOUR_US), hour + 1);
    assert_int_equal(civil_local_hour(isfahan, 0), 3);
    assert_int_equal(civil_local_hour(isfahan, -4 * HOUR_US), -1);
}

static void assert_period(const struct civil *civil, const char *at, enum civil_period period,
                          const char *start, const char *name)
{
    char out[32];
    int32_t hour = civil_local_hour(civil, parse(civil, at));
    assert_int_equal(civil_period_start(civil, hour, period),
                     civil_local_hour(civil, parse(civil, start)));
    civil_period_name(civil, hour, period, out);
    assert_string_equal(out, name);
}

static void finds_the_beginning_of_periods_in_the_citys_calendar(void **state)
{
    (void)state;
    /* 6 Shahrivar 1390 was a Sunday; weeks begin on Saturday. */
    assert_period(isfahan, "1390-06-06 14:30", CIVIL_HOUR, "1390-06-06 14:00", "1390-06-06 14:00");
    assert_period(isfahan, "1390-06-06 14:30", CIVIL_DAY, "1390-06-06", "1390-06-06");
    assert_period(isfahan, "1390-06-06 14:30", CIVIL_WEEK, "1390-06-05", "1390-06-05");
    assert_period(isfahan, "1390-06-05", CIVIL_WEEK, "1390-06-05", "1390-06-05");
    assert_period(isfahan, "1390-06-06 14:30", CIVIL_MONTH, "1390-06-01", "1390-06");
    assert_period(isfahan, "1399-12-30", CIVIL_MONTH, "1399-12-01", "1399-12");
    assert_period(boston, "2011-08-31 23:59", CIVIL_MONTH, "2011-08-01", "2011-08");
    assert_period(boston, "2011-08-27", CIVIL_WEEK, "2011-08-21", "2011-08-21");
    assert_period(boston, "1960-02-29 05:00", CIVIL_DAY, "1960-02-29", "1960-02-29");
}

static void reads_dates_as_people_write_them(void **state)
{
    (void)state;
    int64_t us = parse(isfahan_gregorian, "2011-08-28T14:30:00+04:30");
    assert_true(parse(isfahan, "1390-06-06T14:30") == us);
    assert_true(parse(isfahan_gregorian, "۱۳۹۰/۰۶/۰۶ ۱۴:۳۰") == us);
    assert_true(parse(isfahan, "2011-08-28T10:00Z") == us);
    assert_true(parse(isfahan, " 2011-08-28 06:00:00-04:00 ") == us);
    assert_true(parse(isfahan, "2011-08-28T10:00:00.000000Z") == us);
    assert_true(parse(isfahan, "2011-08-28T10:00:00.25Z") == us + 250 * MS_US);
}

static void reads_times_relative_to_now(void **state)
{
    (void)state;
    int64_t now_us = parse(isfahan, "1390-06-06 14:30");
    int64_t us;
    assert_int_equal(civil_parse(isfahan, "now", now_us, "from", &us, NULL), STATUS_OK);
    assert_true(us == now_us);
    assert_int_equal(civil_parse(isfahan, "today", now_us, "from", &us, NULL), STATUS_OK);
    assert_true(us == parse(isfahan, "1390-06-06"));
    assert_int_equal(civil_parse(isfahan, "-۷d", now_us, "from", &us, NULL), STATUS_OK);
    assert_true(us == now_us - 7 * DAY_US);
    assert_int_equal(civil_parse(isfahan, "-12h", now_us, "from", &us, NULL), STATUS_OK);
    assert_true(us == now_us - 12 * HOUR_US);
    assert_int_equal(civil_parse(isfahan, "-۱۰m", now_us, "from", &us, NULL), STATUS_OK);
    assert_true(us == now_us - 10 * MINUTE_US);
}

static void refuses_what_is_no_time_and_names_the_field(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        "tomorrow",
        "2011-13-01",
        "2011-02-29",
        "1400-12-30",
        "2011-08-28T25:00",
        "2011-08-28T24:00",
        "2011-08-28T12:60",
        "2011-08-28T12:00+19:00",
        "2011-08-28T12",
        "2011-08-28x",
        "1199-01-01",
        "11-08-28",
        "-7w",
        "-999999d",
        "-d",
        "2011/08-28",
        "2011-08-28T12:00Zx",
        "\xFF",
        "2011-00-01",
        "2011-01-00",
        "2011-08-28T12:00:00 and something that goes on for longer than any date could ever go on"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = ERROR_NONE;
        int64_t us = 42;
        assert_int_equal(civil_parse(isfahan, texts[i], 0, "from", &us, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "from");
        assert_true(us == 42);
    }
}

static void assert_format(const char *text, const char *format, const char *utc)
{
    int64_t us = 42;
    struct error err = ERROR_NONE;
    enum status status = civil_parse_format(boston, text, format, "open_dt", &us, &err);
    if (utc == NULL) {
        assert_int_equal(status, STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "open_dt");
    } else {
        assert_int_equal(status, STATUS_OK);
        assert_utc(us, utc);
    }
}

static void reads_the_formats_of_imports(void **state)
{
    (void)state;
    assert_format("2011-08-28 14:30:15", "%Y-%m-%d %H:%M:%S", "2011-08-28T18:30:15.000000Z");
    assert_format("8/28/11 2:30", "%m/%d/%y %H:%M", "2011-08-28T06:30:00.000000Z");
    assert_format("Aug 28 2011 02:30 pm", "%b %d %Y %I:%M %p", "2011-08-28T18:30:00.000000Z");
    assert_format("28 August 2011 12:05AM", "%d %b %Y %I:%M%p", "2011-08-28T04:05:00.000000Z");
    assert_format("1390/06/06", "%Y/%m/%d", "2011-08-28T04:00:00.000000Z");
    assert_format("01/02/69", "%d/%m/%y", "1969-02-01T05:00:00.000000Z");
    assert_format("2011-08-28 100%", "%Y-%m-%d 100%%", "2011-08-28T04:00:00.000000Z");
    assert_format("2011-08-28 14:30", "%Y-%m-%d", NULL);
    assert_format("2011-08-28", "%Y-%m-%d %H", NULL);
    assert_format("2011-02-30", "%Y-%m-%d", NULL);
    assert_format("13 PM 2011-08-28", "%I %p %Y-%m-%d", NULL);
    assert_format("14:30", "%H:%M", NULL);
    assert_format("2011-08-28", "%Y-%m-%d%Q", NULL);
    assert_format("", "%Y", NULL);
}

static void writes_the_long_form_in_the_language(void **state)
{
    (void)state;
    char out[96];
    int64_t us = parse(isfahan, "1390-06-06 14:30");
    civil_format_long(isfahan, us, "fa", out);
    assert_string_equal(out, "یکشنبه ۶ شهریور ۱۳۹۰، ۱۴:۳۰");
    civil_format_long(isfahan_gregorian, us, "en", out);
    assert_string_equal(out, "Sunday 28 August 2011, 14:30");
    civil_format_long(boston, us, "no-such-language-at-all-and-a-long-name", out);
    assert_true(strlen(out) > 10);
}

static void writes_utc(void **state)
{
    (void)state;
    assert_utc(0, "1970-01-01T00:00:00.000000Z");
    assert_utc(-1, "1969-12-31T23:59:59.999999Z");
    assert_utc(INT64_C(951782399999999), "2000-02-28T23:59:59.999999Z");
}

static void refuses_unknown_zones_and_weekdays(void **state)
{
    (void)state;
    const char *const zones[] = {
        "", "Asia/Isfahan", "GMT+3", "Etc/Unknown",
        "A/name/that/is/far/too/long/for/any/zone/that/the/database/has/ever/had"};
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct civil *civil = NULL;
        struct error err = ERROR_NONE;
        assert_int_equal(civil_new(&civil, zones[i], CIVIL_JALALI, 6, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "zone");
        assert_null(civil);
    }
    struct civil *civil = NULL;
    assert_int_equal(civil_new(&civil, "Asia/Tehran", CIVIL_JALALI, 7, NULL),
                     STATUS_INVALID_ARGUMENT);
}

static void survives_times_beyond_all_calendars(void **state)
{
    (void)state;
    struct civil_time time;
    char out[32];
    char out_long[96];
    const int64_t times_us[] = {INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 2; i++) {
        civil_from_us(isfahan, times_us[i], &time);
        civil_format(boston, times_us[i], out);
        civil_format_utc(times_us[i], out);
        civil_format_long(isfahan, times_us[i], "fa", out_long);
        civil_period_name(isfahan, civil_local_hour(isfahan, times_us[i]), CIVIL_MONTH, out);
        civil_period_name(isfahan, i == 0 ? INT32_MIN : INT32_MAX, CIVIL_WEEK, out);
    }
    time = (struct civil_time){.year = INT32_MAX, .month = INT32_MAX, .day = INT32_MIN};
    civil_to_us(isfahan, &time);
    time = (struct civil_time){.year = INT32_MIN, .month = INT32_MIN, .day = INT32_MIN};
    civil_to_us(boston, &time);
}

static void *ask_in_thread(void *arg)
{
    int64_t sum = 0;
    (void)arg;
    for (int64_t us = -3000 * DAY_US * 40; us < 100000 * DAY_US; us += 7 * DAY_US + 5 * HOUR_US) {
        struct civil_time time;
        civil_from_us(isfahan, us, &time);
        sum += civil_to_us(isfahan, &time) - us + civil_local_hour(boston, us) * (time.day > 0);
    }
    return (void *)(intptr_t)sum; /* the same in every thread */
}

static void answers_many_threads_alike(void **state)
{
    (void)state;
    pthread_t threads[4];
    void *sums[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, ask_in_thread, NULL), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &sums[i]);
        assert_ptr_equal(sums[i], sums[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_published_calendar),
        cmocka_unit_test(begins_every_jalali_year_where_icu_does),
        cmocka_unit_test(goes_there_and_back_on_every_day_of_five_centuries),
        cmocka_unit_test(knows_the_weekday),
        cmocka_unit_test(follows_summer_time_and_its_end_in_iran),
        cmocka_unit_test(moves_a_missing_hour_forward_and_takes_the_first_of_a_doubled_one),
        cmocka_unit_test(counts_the_doubled_hour_as_one),
        cmocka_unit_test(finds_the_beginning_of_periods_in_the_citys_calendar),
        cmocka_unit_test(reads_dates_as_people_write_them),
        cmocka_unit_test(reads_times_relative_to_now),
        cmocka_unit_test(refuses_what_is_no_time_and_names_the_field),
        cmocka_unit_test(reads_the_formats_of_imports),
        cmocka_unit_test(writes_the_long_form_in_the_language),
        cmocka_unit_test(writes_utc),
        cmocka_unit_test(refuses_unknown_zones_and_weekdays),
        cmocka_unit_test(survives_times_beyond_all_calendars),
        cmocka_unit_test(answers_many_threads_alike),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
