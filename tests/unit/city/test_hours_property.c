/*
 * Sums of working time equal those made minute by minute, for random packs: several zones with all
 * their changes of the clock, hours over the whole day and touching midnight, hours with dates,
 * holidays, pauses and closures. `test_hours_property SEED PACKS` does others, and more of them.
 */
#include "base/clock.h"
#include "city/hours.h"
#include "tests/support/memory.h"
#include "tests/support/slow_clock.h"
#include "tests/unit/city/pack_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SUMS 14 /* of one pack and unit */
#define GAPS_MAX 6

static uint64_t seed = 20261126;
static int packs = TEST_SANITIZED ? 12 : 48;
static uint64_t drawn;

/* splitmix64 */
static uint64_t draw(uint64_t below)
{
    uint64_t z = (drawn += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % below;
}

struct place {
    const char *zone;
    const char *calendar;
    const char *around; /* days worth looking at: the clock changes, a date is left out */
};

/* Tehran puts the clock forward at midnight (until 1401), São Paulo did too; Lord Howe by half an
 * hour; Apia left out 2011-12-30. */
static const struct place places[] = {
    {"Asia/Tehran", "jalali", "2021-03-22"},
    {"Asia/Tehran", "jalali", "2021-09-22"},
    {"Asia/Tehran", "jalali", "2026-03-10"},
    {"Asia/Tehran", "gregorian", "2022-03-22"},
    {"America/New_York", "gregorian", "2026-03-08"},
    {"America/New_York", "gregorian", "2026-11-01"},
    {"Australia/Lord_Howe", "gregorian", "2026-04-05"},
    {"Australia/Lord_Howe", "jalali", "2026-10-04"},
    {"America/Sao_Paulo", "gregorian", "2018-11-04"},
    {"America/Sao_Paulo", "gregorian", "2019-02-17"},
    {"Pacific/Apia", "gregorian", "2011-12-30"},
    {"Asia/Kathmandu", "gregorian", "2024-02-28"},
};

/* --- a random pack --- */

static void add_spans(struct buffer *out)
{
    static const char *const usual[] = {"closed",      "00:00-24:00", "07:00-14:15",
                                        "22:00-24:00", "00:00-06:30", "00:00-00:01 23:59-24:00"};
    if (draw(3) == 0) {
        buffer_append_format(out, "%s", usual[draw(6)]);
        return;
    }
    int minute = (int)draw(600);
    for (uint64_t i = 0; i <= draw(3) && minute < 1380; i++) {
        int to = minute + 1 + (int)draw((uint64_t)(1440 - minute));
        buffer_append_format(out, "%s%02d:%02d-%02d:%02d", i > 0 ? " " : "", minute / 60,
                             minute % 60, to / 60, to % 60);
        minute = to + 1 + (int)draw(200);
    }
}

static void add_date(struct buffer *out, const struct civil *civil, int64_t us)
{
    struct civil_time time;
    civil_from_us(civil, us, &time);
    buffer_append_format(out, "%04d-%02d-%02d", time.year, time.month, time.day);
}

/* One row a day of the week at most, so that no two meet. */
static void add_week(struct buffer *out, const char *schedule, const char *from_to)
{
    static const char *const names[] = {"sunday",   "monday", "tuesday",  "wednesday",
                                        "thursday", "friday", "saturday", "holidays"};
    if (draw(2) == 0) {
        buffer_append_format(out, "%s,%s,saturday-wednesday,", schedule, from_to);
        add_spans(out);
        buffer_append_format(out, "\n%s,%s,thursday%s,", schedule, from_to,
                             draw(3) == 0 ? " holidays" : "");
        add_spans(out);
        buffer_append_format(out, "\n");
        return;
    }
    bool any = false;
    for (int day = 0; day < 8; day++) {
        if (draw(4) > 0 || (day == 7 && !any)) {
            any = true;
            buffer_append_format(out, "%s,%s,%s,", schedule, from_to, names[day]);
            add_spans(out);
            buffer_append_format(out, "\n");
        }
    }
}

static void add_schedule(struct buffer *out, const struct civil *civil, const char *schedule,
                         int64_t around_us)
{
    add_week(out, schedule, ",");
    for (int64_t from_us = around_us - 20 * DAY_US;
         draw(3) > 0 && from_us < around_us + 20 * DAY_US;) {
        struct buffer dates = BUFFER_EMPTY;
        from_us += (int64_t)draw(15) * DAY_US;
        int64_t to_us = from_us + (int64_t)draw(12) * DAY_US;
        add_date(&dates, civil, from_us);
        buffer_append_format(&dates, ",");
        add_date(&dates, civil, to_us);
        add_week(out, schedule, buffer_text(&dates));
        buffer_fini(&dates);
        from_us = to_us + 3 * DAY_US;
    }
}

static void write_holidays(struct pack_rig *rig, const struct civil *civil, int64_t around_us)
{
    struct buffer text = BUFFER_EMPTY;
    buffer_append_format(&text, "date,kind,name_fa,name_en\n");
    for (int64_t us = around_us - 30 * DAY_US; us < around_us + 40 * DAY_US;
         us += (int64_t)(2 + draw(12)) * DAY_US) {
        add_date(&text, civil, us);
        buffer_append_format(&text, ",local,تعطیل,Holiday\n");
    }
    pack_rig_write(rig, "holidays.csv", buffer_text(&text));
    buffer_fini(&text);
}

/* Noon of the place's day. */
static int64_t write_pack(struct pack_rig *rig, const struct place *place)
{
    char zone[64];
    char calendar[64];
    int64_t around_us;
    struct civil *civil;
    struct buffer text = BUFFER_EMPTY;
    snprintf(zone, sizeof(zone), "zone = %s", place->zone);
    snprintf(calendar, sizeof(calendar), "calendar = %s", place->calendar);
    pack_rig_replace(rig, "city.ini", "zone = Asia/Tehran", zone);
    pack_rig_replace(rig, "city.ini", "calendar = jalali", calendar);
    assert_int_equal(
        civil_new(&civil, place->zone,
                  strcmp(place->calendar, "jalali") == 0 ? CIVIL_JALALI : CIVIL_GREGORIAN, 6, NULL),
        STATUS_OK);
    assert_int_equal(civil_parse(civil, place->around, 0, "around", &around_us, NULL), STATUS_OK);
    around_us += 12 * HOUR_US;
    buffer_append_format(&text, "schedule,valid_from,valid_to,days,hours\n");
    add_schedule(&text, civil, "default", around_us);
    add_schedule(&text, civil, "shifts", around_us);
    pack_rig_write(rig, "hours.csv", buffer_text(&text));
    buffer_fini(&text);
    write_holidays(rig, civil, around_us);
    pack_rig_write(rig, "units.csv",
                   "key,kind,name_fa,name_en,parent,hours\n"
                   "centre,centre,مرکز,Centre,,\n"
                   "district-1,district,منطقه ۱,District 1,,shifts\n"
                   "district-2,district,منطقه ۲,District 2,,\n"
                   "district-1-civil,office,عمران ۱,Civil 1,district-1,\n"
                   "district-2-civil,office,عمران ۲,Civil 2,district-2,\n"
                   "bus,company,اتوبوس,Bus,,shifts\n");
    civil_free(civil);
    return around_us;
}

/* --- the comparison --- */

static void draw_gaps(struct hours_gaps *gaps, struct slow_gap *slow, size_t *ret_count,
                      int64_t from_us, int64_t step_us)
{
    size_t count = draw(GAPS_MAX + 1);
    gaps->count = 0;
    for (size_t i = 0; i < count; i++) {
        slow[i].from_us = from_us + ((int64_t)draw(20 * 1440) - 1440) * step_us;
        slow[i].to_us = slow[i].from_us + ((int64_t)draw(3000) - 60) * step_us;
        assert_int_equal(hours_gaps_add(gaps, slow[i].from_us, slow[i].to_us, NULL), STATUS_OK);
    }
    *ret_count = count;
}

static void add_dates(void *context, const struct hours_step *step)
{
    assert_true(step->counted_us <= step->open_us);
    assert_true(step->open_us <= step->to_us - step->from_us);
    *(int64_t *)context += step->counted_us;
}

static void compare(const struct city *city, struct slow_clock *slow, const char *unit,
                    int64_t around_us, int64_t step_us)
{
    static struct hours_gaps gaps;
    struct slow_gap slow_gaps[GAPS_MAX];
    size_t gap_count;
    struct error err = ERROR_NONE;
    const struct hours *hours = unit == NULL ? NULL : city_hours(city, unit);
    int64_t reach = step_us == MINUTE_US ? 14 * 1440 : 3600; /* steps around the day */
    int64_t from_us = around_us + ((int64_t)draw((uint64_t)(2 * reach)) - reach) * step_us;
    int64_t amount_us = (int64_t)draw(draw(2) == 0 ? 4000 : 200) * step_us;
    draw_gaps(&gaps, slow_gaps, &gap_count, from_us, step_us);

    int64_t expected_us =
        slow_clock_add(slow, unit, from_us, amount_us, slow_gaps, gap_count, step_us, 60 * 1440);
    int64_t got_us = 0;
    enum status status = hours_add(hours, from_us, amount_us, &gaps, &got_us, &err);
    if (expected_us != INT64_MAX) {
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(got_us, expected_us);
        int64_t told_us = 0;
        if (hours != NULL) {
            assert_int_equal(
                hours_explain(hours, from_us, amount_us, &gaps, add_dates, &told_us, &got_us, &err),
                STATUS_OK);
            assert_int_equal(told_us, amount_us);
            assert_int_equal(got_us, expected_us);
        }
    } else { /* beyond what was walked, or never */
        assert_true(status == STATUS_OUT_OF_RANGE || got_us > from_us + 60 * 1440 * step_us);
    }
    int64_t to_us = from_us + (int64_t)draw(step_us == MINUTE_US ? 20 * 1440 : 7200) * step_us;
    int64_t between_us = -1;
    assert_int_equal(hours_between(hours, from_us, to_us, &gaps, &between_us, &err), STATUS_OK);
    assert_int_equal(between_us,
                     slow_clock_between(slow, unit, from_us, to_us, slow_gaps, gap_count, step_us));
}

static void sums_equal_those_made_minute_by_minute(void **state)
{
    (void)state;
    static const char *const units[] = {"centre", "district-1-civil", "bus", "unlisted", NULL};
    size_t cases = 0;
    for (int pack = 0; pack < packs; pack++) {
        struct pack_rig rig;
        drawn = seed + (uint64_t)pack;
        const struct place *place = &places[(size_t)pack % (sizeof(places) / sizeof(places[0]))];
        pack_rig_init(&rig);
        int64_t around_us = write_pack(&rig, place);
        struct city *city = pack_rig_load(&rig);
        struct slow_clock *slow = slow_clock_new(rig.folder, city_civil(city));
        for (size_t i = 0; i < SUMS * 5; i++) {
            compare(city, slow, units[i % 5], around_us, i % 7 == 0 ? SECOND_US : MINUTE_US);
            cases++;
        }
        slow_clock_free(slow);
        city_free(city);
        pack_rig_fini(&rig);
    }
    print_message("%zu sums of %d packs, seed %llu\n", cases, packs, (unsigned long long)seed);
    assert_true(cases > 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        seed = strtoull(argv[1], NULL, 10);
    }
    if (argc > 2) {
        packs = atoi(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_equal_those_made_minute_by_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
