/* Surges of the service: how they are noticed, told and ended, on a real store. */
#include "services/report/report.h"
#include "tests/support/rig.h"

#include "base/clock.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/report/v1/report.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define DAY_US (24 * HOUR_US)
#define WEEK_US (7 * DAY_US)

/* The usual pack: ten in two hours at least, three weeks known, one in a million. */
struct desk {
    struct rig *rig;
    uint64_t number; /* of the last request */
};

struct told {
    const char *topic, *area;
    Common__Channel channel;
    int64_t at_us;       /* 0: now */
    int64_t recorded_us; /* 0: the same */
    bool historical;
};

static void tell(struct desk *desk, struct told told)
{
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RequestRegistered request = INTAKE__REQUEST_REGISTERED__INIT;
    Intake__Event open = INTAKE__EVENT__INIT;
    struct error err = ERROR_NONE;
    int64_t at_us = told.at_us != 0 ? told.at_us : rig_now_us(desk->rig);
    place.area = (char *)(uintptr_t)(told.area != NULL ? told.area : "");
    request.number = ++desk->number;
    request.topic = (char *)(uintptr_t)(told.topic != NULL ? told.topic : "asphalt");
    request.channel = told.channel != 0 ? told.channel : COMMON__CHANNEL__CHANNEL_PHONE;
    request.place = &place;
    open.kind_case = INTAKE__EVENT__KIND_REQUEST_REGISTERED;
    open.request_registered = &request;
    const struct event event = {.recorded_at_us = told.recorded_us != 0 ? told.recorded_us : at_us,
                                .occurred_at_us = at_us,
                                .historical = told.historical,
                                .actor = "",
                                .open = &open.base};
    if (rig_feed(desk->rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void tell_many(struct desk *desk, size_t count, struct told told)
{
    for (size_t i = 0; i < count; i++) {
        tell(desk, told);
    }
}

/* Eight weeks in which something else was asked each day at this hour. */
static struct desk desk_open(void)
{
    struct desk desk = {.rig = rig_new(&report_service, "isfahan")};
    for (int64_t week = 8; week >= 1; week--) {
        tell(&desk, (struct told){.topic = "flooding",
                                  .at_us = rig_now_us(desk.rig) - week * WEEK_US,
                                  .historical = true});
    }
    return desk;
}

static const Report__ListSurgesResponse *list(struct desk *desk, bool open, uint32_t page_size,
                                              uint64_t token)
{
    Report__ListSurgesRequest request = REPORT__LIST_SURGES_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    request.open = open;
    request.page_size = page_size;
    request.page_token = token;
    if (rig_call(desk->rig, RPC_ROLE_FRONT_END, "ListSurges", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const Report__ListSurgesResponse *)response;
}

static void assert_none(struct desk *desk)
{
    assert_int_equal(rig_event_count(desk->rig), 0);
    assert_int_equal(list(desk, false, 0, 0)->n_surges, 0);
    rig_free(desk->rig);
}

static const Report__Event *event(struct desk *desk, uint64_t offset)
{
    return (const Report__Event *)rig_event(desk->rig, offset)->open;
}

/* --- beginning --- */

static void the_tenth_call_in_two_hours_where_none_is_usual_begins_one(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 9, (struct told){.area = "5"});
    assert_int_equal(rig_event_count(desk.rig), 0);
    tell(&desk, (struct told){.area = "5"});
    const Report__ListSurgesResponse *page = list(&desk, true, 0, 0);
    assert_int_equal(page->n_surges, 1);
    const Report__Surge *surge = page->surges[0];
    assert_int_equal(surge->surge_number, 1);
    assert_int_equal(surge->n_topics, 1);
    assert_string_equal(surge->topics[0], "asphalt");
    assert_int_equal(surge->n_areas, 1);
    assert_string_equal(surge->areas[0], "5");
    assert_int_equal(surge->began_at_us, rig_now_us(desk.rig));
    assert_int_equal(surge->until_us, rig_now_us(desk.rig) + 2 * HOUR_US);
    assert_int_equal(surge->ended_at_us, 0);
    assert_int_equal(surge->requests, 10);
    assert_int_equal(surge->requests_before, 0);
    assert_int_equal(surge->weeks, 8);
    tell_many(&desk, 30, (struct told){.area = "5"}); /* once */
    assert_int_equal(rig_event_count(desk.rig), 1);
    rig_free(desk.rig);
}

static void calls_from_everywhere_begin_one_without_an_area(void **state)
{
    static const char *const areas[] = {"1", "2", "3", "4", "5", ""};
    struct desk desk = desk_open();
    (void)state;
    for (size_t i = 0; i < 10; i++) {
        tell(&desk, (struct told){.area = areas[i % 6]});
    }
    const Report__ListSurgesResponse *page = list(&desk, true, 0, 0);
    assert_int_equal(page->n_surges, 1);
    assert_int_equal(page->surges[0]->n_areas, 0);
    tell_many(&desk, 20, (struct told){.area = "5"}); /* it is in the city's */
    assert_int_equal(rig_event_count(desk.rig), 1);
    rig_free(desk.rig);
}

static void what_is_usual_at_this_hour_of_the_week_is_no_surge(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    for (int64_t week = 8; week >= 1; week--) {
        tell_many(&desk, 8,
                  (struct told){.area = "5",
                                .at_us = rig_now_us(desk.rig) - week * WEEK_US,
                                .historical = true});
    }
    tell_many(&desk, 12, (struct told){.area = "5"});
    assert_none(&desk);
}

static void an_hour_that_was_busy_on_another_day_excuses_nothing(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    for (int64_t week = 8; week >= 1; week--) {
        tell_many(&desk, 8,
                  (struct told){.area = "5",
                                .at_us = rig_now_us(desk.rig) - week * WEEK_US + DAY_US,
                                .historical = true});
    }
    tell_many(&desk, 12, (struct told){.area = "5"});
    assert_int_equal(rig_event_count(desk.rig), 1);
    rig_free(desk.rig);
}

static void a_new_city_tells_of_none(void **state)
{
    struct desk desk = {.rig = rig_new(&report_service, "isfahan")};
    (void)state;
    tell_many(&desk, 100, (struct told){.area = "5"});
    assert_none(&desk);
}

static void a_history_that_is_brought_in_begins_none(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 100, (struct told){.area = "5", .historical = true});
    tell_many(&desk, 100, (struct told){.area = "5", .channel = COMMON__CHANNEL__CHANNEL_IMPORT});
    assert_none(&desk);
}

static void what_staff_enter_and_what_is_told_late_begin_none(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 100, (struct told){.area = "5", .channel = COMMON__CHANNEL__CHANNEL_STAFF});
    tell_many(&desk, 100,
              (struct told){.area = "5", .recorded_us = rig_now_us(desk.rig) + 3 * HOUR_US});
    assert_none(&desk);
}

/* --- going on and ending --- */

static void ends_by_itself_when_no_more_comes(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 10, (struct told){.area = "5"});
    int64_t until_us = rig_now_us(desk.rig) + 2 * HOUR_US;
    rig_advance(desk.rig, 2 * HOUR_US + 4 * MINUTE_US);
    assert_int_equal(rig_event_count(desk.rig), 1);
    rig_restart(desk.rig);
    rig_advance(desk.rig, 2 * MINUTE_US);
    assert_int_equal(rig_event_count(desk.rig), 2);
    assert_int_equal(event(&desk, 2)->kind_case, REPORT__EVENT__KIND_SURGE_ENDED);
    assert_int_equal(rig_event(desk.rig, 2)->occurred_at_us, until_us);
    assert_int_equal(list(&desk, true, 0, 0)->n_surges, 0);
    assert_int_equal(list(&desk, false, 0, 0)->surges[0]->ended_at_us, until_us);
    rig_advance(desk.rig, DAY_US);
    assert_int_equal(rig_event_count(desk.rig), 2);
    rig_free(desk.rig);
}

static void goes_on_while_more_comes_than_is_usual(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 10, (struct told){.area = "5"});
    for (size_t i = 0; i < 3; i++) {
        rig_advance(desk.rig, 70 * MINUTE_US);
        tell_many(&desk, 6, (struct told){.area = "5"});
        assert_int_equal(rig_event_count(desk.rig), 2 + i); /* once an hour */
        assert_int_equal(event(&desk, 2 + i)->kind_case, REPORT__EVENT__KIND_SURGE_LENGTHENED);
    }
    const Report__Surge *surge = list(&desk, true, 0, 0)->surges[0];
    assert_true(surge->until_us >= rig_now_us(desk.rig) + 2 * HOUR_US - MINUTE_US);
    assert_int_equal(surge->requests, 10);
    assert_int_equal(surge->requests_most, 11);
    rig_advance(desk.rig, 3 * HOUR_US);
    assert_int_equal(list(&desk, true, 0, 0)->n_surges, 0);
    rig_free(desk.rig);
}

static void a_second_one_of_the_same_begins_after_the_first_has_ended(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 10, (struct told){.area = "5"});
    rig_advance(desk.rig, 20 * HOUR_US);
    tell_many(&desk, 10, (struct told){.area = "5"});
    const Report__ListSurgesResponse *page = list(&desk, false, 0, 0);
    assert_int_equal(page->n_surges, 2);
    assert_int_equal(page->surges[0]->surge_number, 2);
    assert_int_equal(page->surges[0]->ended_at_us, 0);
    assert_true(page->surges[1]->ended_at_us != 0);
    rig_free(desk.rig);
}

/* Report was away for days and reads what came meanwhile, faster than its timers. */
static void a_report_that_catches_up_tells_of_a_past_one_as_one(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    int64_t then_us = rig_now_us(desk.rig);
    rig_advance(desk.rig, 3 * DAY_US);
    for (int64_t i = 0; i < 4; i++) {
        tell_many(&desk, 10, (struct told){.area = "5", .at_us = then_us + i * HOUR_US});
        rig_advance(desk.rig, MINUTE_US);
    }
    const Report__ListSurgesResponse *page = list(&desk, false, 0, 0);
    assert_int_equal(page->n_surges, 1);
    assert_int_equal(page->surges[0]->began_at_us, then_us);
    assert_int_equal(page->surges[0]->until_us, then_us + 5 * HOUR_US);
    /* What comes now ends it before its timer does. */
    tell(&desk, (struct told){.area = "5"});
    assert_int_equal(list(&desk, false, 0, 0)->surges[0]->ended_at_us, then_us + 5 * HOUR_US);
    rig_free(desk.rig);
}

/* --- listing --- */

/* The timer looks some minutes later; nobody is to begin a storm for it meanwhile. */
static void one_whose_time_is_over_is_not_told_as_lasting(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 10, (struct told){.area = "5"});
    int64_t until_us = rig_now_us(desk.rig) + 2 * HOUR_US;
    rig_advance(desk.rig, 2 * HOUR_US - MINUTE_US);
    assert_int_equal(list(&desk, true, 0, 0)->n_surges, 1);
    rig_advance(desk.rig, 2 * MINUTE_US);
    assert_int_equal(rig_event_count(desk.rig), 1);
    assert_int_equal(list(&desk, true, 0, 0)->n_surges, 0);
    assert_int_equal(list(&desk, false, 0, 0)->surges[0]->ended_at_us, until_us);
    rig_free(desk.rig);
}

/* It is seen, but no storm would help. */
static void one_of_what_is_none_of_the_city_s_is_told_as_that(void **state)
{
    struct desk desk = desk_open();
    (void)state;
    tell_many(&desk, 10, (struct told){.topic = "power-cut", .area = "5"});
    assert_int_equal(list(&desk, true, 0, 0)->n_surges, 1);
    assert_true(list(&desk, true, 0, 0)->surges[0]->outside);
    tell_many(&desk, 10, (struct told){.area = "5"});
    assert_false(list(&desk, true, 0, 0)->surges[0]->outside);
    rig_free(desk.rig);
}

static void lists_newest_first_in_pages(void **state)
{
    static const char *const topics[] = {"asphalt", "broken-branch", "bus-stop"};
    struct desk desk = desk_open();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        tell_many(&desk, 10, (struct told){.topic = topics[i], .area = "5"});
    }
    const Report__ListSurgesResponse *page = list(&desk, false, 2, 0);
    assert_int_equal(page->n_surges, 2);
    assert_int_equal(page->surges[0]->surge_number, 3);
    assert_int_equal(page->next_page_token, 2);
    page = list(&desk, true, 2, page->next_page_token);
    assert_int_equal(page->n_surges, 1);
    assert_int_equal(page->surges[0]->surge_number, 1);
    assert_int_equal(page->next_page_token, 0);
    assert_int_equal(list(&desk, false, 1, 3)->surges[0]->surge_number, 2);
    rig_free(desk.rig);
}

static void who_is_neither_staff_nor_leadership_may_not_list(void **state)
{
    struct desk desk = desk_open();
    Report__ListSurgesRequest request = REPORT__LIST_SURGES_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    (void)state;
    assert_int_equal(
        rig_call(desk.rig, RPC_ROLE_OFFICE, "ListSurges", &request.base, &response, NULL),
        STATUS_PERMISSION_DENIED);
    request.page_size = 101;
    assert_int_equal(
        rig_call(desk.rig, RPC_ROLE_LEADERSHIP, "ListSurges", &request.base, &response, NULL),
        STATUS_INVALID_ARGUMENT);
    rig_free(desk.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tenth_call_in_two_hours_where_none_is_usual_begins_one),
        cmocka_unit_test(calls_from_everywhere_begin_one_without_an_area),
        cmocka_unit_test(what_is_usual_at_this_hour_of_the_week_is_no_surge),
        cmocka_unit_test(an_hour_that_was_busy_on_another_day_excuses_nothing),
        cmocka_unit_test(a_new_city_tells_of_none),
        cmocka_unit_test(a_history_that_is_brought_in_begins_none),
        cmocka_unit_test(what_staff_enter_and_what_is_told_late_begin_none),
        cmocka_unit_test(ends_by_itself_when_no_more_comes),
        cmocka_unit_test(goes_on_while_more_comes_than_is_usual),
        cmocka_unit_test(a_second_one_of_the_same_begins_after_the_first_has_ended),
        cmocka_unit_test(a_report_that_catches_up_tells_of_a_past_one_as_one),
        cmocka_unit_test(one_whose_time_is_over_is_not_told_as_lasting),
        cmocka_unit_test(one_of_what_is_none_of_the_city_s_is_told_as_that),
        cmocka_unit_test(lists_newest_first_in_pages),
        cmocka_unit_test(who_is_neither_staff_nor_leadership_may_not_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
