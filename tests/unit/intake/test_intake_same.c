/* FindSame: what is open near in place and time, as routing's log tells it. */
#include "intake_desk.h"

#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"

#include "services/intake/intake.h"

#include "base/clock.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define METRES(n) ((n) / 111195.0) /* of latitude */
#define LATITUDE 32.6525
#define LONGITUDE 51.6746

static void feed(struct rig *rig, const ProtobufCMessage *open, bool historical)
{
    struct event event = {.open = open, .historical = historical, .actor = ""};
    struct error err = ERROR_NONE;
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

static void feed_done(struct rig *rig, uint64_t number, bool historical)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    done.case_number = number;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = &done;
    feed(rig, &event.base, historical);
}

/* Lets routing route it. */
static void route(struct rig *rig, uint64_t number, char *topic, Common__Place *place)
{
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskRouted routed = ROUTING__TASK_ROUTED__INIT;
    routed.case_number = number;
    routed.topic = topic;
    routed.place = place;
    routed.unit = "district-5-civil";
    routed.registered_at_us = rig_now_us(rig);
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = &routed;
    feed(rig, &event.base, false);
}

/* Registers it and lets routing route it; its number. */
static uint64_t open_at(struct rig *rig, char *topic, Common__Place *place)
{
    Intake__RegisterCaseRequest request = desk_request();
    request.topic = topic;
    request.place = place;
    uint64_t number = desk_register(rig, &request)->number;
    route(rig, number, topic, place);
    return number;
}

static uint64_t open_point(struct rig *rig, char *topic, double metres_north)
{
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    point.latitude = LATITUDE + METRES(metres_north);
    point.longitude = LONGITUDE;
    place.point = &point;
    return open_at(rig, topic, &place);
}

static const Intake__FindSameResponse *find(struct rig *rig, char *topic, Common__Place *place,
                                            uint32_t requests_max)
{
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    request.topic = topic;
    request.place = place;
    request.requests_max = requests_max;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const void *)response;
}

static const Intake__FindSameResponse *find_point(struct rig *rig, char *topic)
{
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    point.latitude = LATITUDE;
    point.longitude = LONGITUDE;
    place.point = &point;
    return find(rig, topic, &place, 0);
}

static void expect_numbers(const Intake__FindSameResponse *response, const uint64_t *numbers,
                           size_t count)
{
    assert_int_equal(response->n_requests, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->requests[i]->case_data->number, numbers[i]);
    }
}

static void shows_what_is_open_near_the_closest_first(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    uint64_t far = open_point(rig, "bins", 29);
    uint64_t near = open_point(rig, "bins", -3);
    (void)open_point(rig, "bins", 31); /* beyond the pack's 30 m */
    const Intake__FindSameResponse *response = find_point(rig, "bins");
    expect_numbers(response, (const uint64_t[]){near, far}, 2);
    assert_int_equal(response->requests[0]->by, INTAKE__SAME_BY__SAME_BY_POINT);
    assert_int_equal(response->requests[0]->metres, 3);
    assert_int_equal(response->requests[1]->metres, 29);
    assert_int_equal(response->requests[0]->case_data->state,
                     INTAKE__CASE_STATE__CASE_STATE_IN_WORK);
    assert_string_equal(response->requests[0]->case_data->unit, "district-5-civil");
    assert_false(response->partial);
    rig_free(rig);
}

static void never_shows_a_closed_request(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    uint64_t first = open_point(rig, "asphalt", 0);
    uint64_t second = open_point(rig, "asphalt", 1);
    feed_done(rig, first, false);
    expect_numbers(find_point(rig, "asphalt"), &second, 1);
    feed_done(rig, second, true);
    expect_numbers(find_point(rig, "asphalt"), NULL, 0);
    rig_free(rig);
}

static void shows_nothing_before_it_is_routed(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    place.thing = "pole 7";
    request.place = &place;
    (void)desk_register(rig, &request);
    expect_numbers(find(rig, "asphalt", &place, 0), NULL, 0);
    rig_free(rig);
}

static void shows_kin_topics_and_no_others(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    uint64_t kin = open_point(rig, "manhole", 5);
    (void)open_point(rig, "bins", 5);
    expect_numbers(find_point(rig, "asphalt"), &kin, 1);
    rig_free(rig);
}

static void forgets_what_is_older_than_the_window(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    uint64_t number = open_point(rig, "burst-valve", 0); /* the pack: 72 hours */
    rig_advance(rig, 72 * HOUR_US - MINUTE_US);
    expect_numbers(find_point(rig, "burst-valve"), &number, 1);
    rig_advance(rig, 2 * MINUTE_US);
    expect_numbers(find_point(rig, "burst-valve"), NULL, 0);
    rig_free(rig);
}

/* A clock ahead of ours, or a slip: it cannot have been seen yet. */
static void takes_what_is_still_to_come_as_now(void **state)
{
    struct rig *rig = desk_open();
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    (void)state;
    uint64_t number = open_point(rig, "burst-valve", 0); /* the pack: 72 hours */
    point.latitude = LATITUDE;
    point.longitude = LONGITUDE;
    place.point = &point;
    request.topic = "burst-valve";
    request.place = &place;
    request.at_us = rig_now_us(rig) + 80 * HOUR_US;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, &response, &err),
                     STATUS_OK);
    expect_numbers((const void *)response, &number, 1);
    rig_free(rig);
}

static void finds_the_same_thing_and_the_same_street_however_spelled(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    place.thing = "خط ۹۱، ایستگاه ۴";
    uint64_t stop = open_at(rig, "bus-stop", &place);
    place.thing = "خط 91، ايستگاه 4";
    const Intake__FindSameResponse *response = find(rig, "bus-stop", &place, 0);
    expect_numbers(response, &stop, 1);
    assert_int_equal(response->requests[0]->by, INTAKE__SAME_BY__SAME_BY_THING);

    place.thing = "";
    place.street = "خیابان نمونه";
    place.neighbourhood = "محلهٔ نمونه";
    uint64_t street = open_at(rig, "bins", &place);
    place.street = "خيابان‌نمونه";
    response = find(rig, "bins", &place, 0);
    expect_numbers(response, &street, 1);
    assert_int_equal(response->requests[0]->by, INTAKE__SAME_BY__SAME_BY_STREET);
    place.neighbourhood = "محلهٔ دیگر";
    expect_numbers(find(rig, "bins", &place, 0), NULL, 0);
    rig_free(rig);
}

/* As it is when it is registered: where a point lies tells whose corner it is. */
static void a_name_at_a_point_of_another_district_is_another_thing(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    (void)state;
    place.thing = "کیوسک نمونه";
    place.area = "3";
    uint64_t kiosk = open_at(rig, "bins", &place);
    expect_numbers(find(rig, "bins", &place, 0), &kiosk, 1);
    place.area = "";
    expect_numbers(find(rig, "bins", &place, 0), &kiosk, 1);
    point.latitude = 32.70; /* in district 10 */
    point.longitude = 51.75;
    place.point = &point;
    expect_numbers(find(rig, "bins", &place, 0), NULL, 0);
    rig_free(rig);
}

static void shows_a_request_once_however_it_is_found(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    (void)state;
    point.latitude = LATITUDE;
    point.longitude = LONGITUDE;
    place.point = &point;
    place.thing = "pole 7";
    place.street = "Sample Street";
    uint64_t number = open_at(rig, "lighting", &place);
    const Intake__FindSameResponse *response = find(rig, "lighting", &place, 0);
    expect_numbers(response, &number, 1);
    assert_int_equal(response->requests[0]->by, INTAKE__SAME_BY__SAME_BY_THING);
    rig_free(rig);
}

static void shows_at_most_so_many_the_closest(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    uint64_t numbers[24];
    (void)state;
    for (size_t i = 0; i < 24; i++) {
        numbers[23 - i] =
            open_point(rig, "asphalt", (double)(24 - i)); /* the last is the closest */
    }
    point.latitude = LATITUDE;
    point.longitude = LONGITUDE;
    place.point = &point;
    expect_numbers(find(rig, "asphalt", &place, 0), numbers, 5);
    expect_numbers(find(rig, "asphalt", &place, 1), numbers, 1);
    expect_numbers(find(rig, "asphalt", &place, 20), numbers, 20);
    rig_free(rig);
}

static void a_topic_that_the_pack_leaves_out_is_never_the_same(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)open_point(rig, "bus-driver", 0);
    expect_numbers(find_point(rig, "bus-driver"), NULL, 0);
    rig_free(rig);
}

static void looks_at_a_bounded_number_and_says_so(void **state)
{
    struct rig *rig = desk_open();
    Routing__Event event = ROUTING__EVENT__INIT;
    Routing__TaskRouted routed = ROUTING__TASK_ROUTED__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    place.thing = "the same pole";
    for (size_t i = 0; i < 5001; i++) { /* old ones, which are none */
        routed.case_number = i + 1;
        routed.topic = "lighting";
        routed.place = &place;
        routed.registered_at_us = 1;
        event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
        event.task_routed = &routed;
        feed(rig, &event.base, true);
    }
    const Intake__FindSameResponse *response = find(rig, "lighting", &place, 0);
    assert_int_equal(response->n_requests, 0);
    assert_true(response->partial);
    rig_free(rig);
}

static void withdraw(struct rig *rig, char *code)
{
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    request.code = code;
    request.reason = "solved";
    rig_advance(rig, MINUTE_US);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "WithdrawCase", &request.base, NULL, NULL),
                     STATUS_OK);
}

static void shows_what_was_taken_back_only_as_others_share_it(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest joined = desk_request();
    (void)state;
    uint64_t shared = open_point(rig, "bins", 3);
    joined.topic = "bins";
    joined.join = strdup(find_point(rig, "bins")->requests[0]->case_data->code);
    assert_non_null(joined.join);
    (void)desk_register(rig, &joined);
    withdraw(rig, joined.join);
    (void)open_point(rig, "bins", 1);
    char *alone = strdup(find_point(rig, "bins")->requests[0]->case_data->code);
    assert_non_null(alone);
    withdraw(rig, alone);
    const Intake__FindSameResponse *response = find_point(rig, "bins");
    expect_numbers(response, &shared, 1);
    assert_int_equal(response->requests[0]->case_data->state,
                     INTAKE__CASE_STATE__CASE_STATE_IN_WORK);
    assert_int_equal(response->requests[0]->case_data->callers, 1);
    free(alone);
    free(joined.join);
    rig_free(rig);
}

/* What a caller answers about the bus, as an operator fills in the form. */
struct told {
    char *values[2];
    Common__Answer answers[2];
    Common__Answer *list[2];
};

static void answer(struct told *told, char *line, char *stop)
{
    static const char *const questions[] = {"line", "stop"};
    told->values[0] = line;
    told->values[1] = stop;
    for (size_t i = 0; i < 2; i++) {
        common__answer__init(&told->answers[i]);
        told->answers[i].question = (char *)(uintptr_t)questions[i];
        told->answers[i].n_values = 1;
        told->answers[i].values = &told->values[i];
        told->list[i] = &told->answers[i];
    }
}

/* The operator sees it before registering, not only afterwards. */
static void finds_by_what_is_answered_what_was_registered_by_answers(void **state)
{
    struct rig *rig = desk_open();
    struct told told;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    Intake__RegisterCaseRequest request = desk_request();
    Intake__FindSameRequest ask = INTAKE__FIND_SAME_REQUEST__INIT;
    (void)state;
    answer(&told, "۹۱", "ایستگاه نمونه");
    request.topic = "bus-headway";
    request.answers = told.list;
    request.n_answers = 2;
    uint64_t number = desk_register(rig, &request)->number;
    route(rig, number, request.topic, desk_registered(rig, 1)->place);

    answer(&told, "91", "ايستگاه‌نمونه");
    ask.topic = "bus-headway";
    ask.answers = told.list;
    ask.n_answers = 2;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &ask.base, &response, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    expect_numbers((const void *)response, &number, 1);

    Common__Place place =
        COMMON__PLACE__INIT; /* one that is given stands, as when it is registered */
    place.line = "92";
    ask.place = &place;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &ask.base, &response, &err),
                     STATUS_OK);
    expect_numbers((const void *)response, NULL, 0);
    rig_free(rig);
}

/* A pack may ask for the line as a number: it is compared as it is kept, not as it is written. */
static void finds_a_line_that_is_a_number_however_it_is_written(void **state)
{
    char folder[SCRATCH_SIZE];
    scratch_new(folder);
    pack_copy("isfahan", folder, "questions.csv", "bus-headway,line,string",
              "bus-headway,line,number");
    struct rig *rig = rig_new_in(&intake_service, folder);
    scratch_remove(folder);
    struct told told;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    Intake__RegisterCaseRequest request = desk_request();
    Intake__FindSameRequest ask = INTAKE__FIND_SAME_REQUEST__INIT;
    (void)state;
    answer(&told, "۰۹۱", "ایستگاه نمونه");
    request.topic = "bus-headway";
    request.answers = told.list;
    request.n_answers = 2;
    uint64_t number = desk_register(rig, &request)->number;
    assert_string_equal(desk_registered(rig, 1)->place->line, "91");
    route(rig, number, request.topic, desk_registered(rig, 1)->place);

    answer(&told, "91.0", "ایستگاه نمونه");
    ask.topic = "bus-headway";
    ask.answers = told.list;
    ask.n_answers = 2;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "FindSame", &ask.base, &response, &err) != STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    expect_numbers((const void *)response, &number, 1);
    rig_free(rig);
}

static void refuses_answers_as_registering_does_but_for_missing_ones(void **state)
{
    struct rig *rig = desk_open();
    struct told told;
    Common__Place place = COMMON__PLACE__INIT;
    Intake__FindSameRequest ask = INTAKE__FIND_SAME_REQUEST__INIT;
    (void)state;
    answer(&told, "12", "");
    ask.topic = "bus-headway";
    ask.answers = told.list;
    ask.n_answers = 2;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &ask.base, STATUS_INVALID_ARGUMENT,
                 "answers.stop");
    ask.n_answers = 1;
    ask.topic = "asphalt";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &ask.base, STATUS_INVALID_ARGUMENT,
                 "answers.line");
    ask.n_answers = 0;
    place.street = "Sample Street";
    expect_numbers(find(rig, "lost-property", &place, 0), NULL, 0); /* it asks what was lost */
    rig_free(rig);
}

static void refuses_what_cannot_be_compared(void **state)
{
    struct rig *rig = desk_open();
    Intake__FindSameRequest request = INTAKE__FIND_SAME_REQUEST__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    (void)state;
    request.topic = "asphalt";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, STATUS_INVALID_ARGUMENT,
                 "place");
    place.area = "5";
    place.landmark = "near the bridge";
    request.place = &place;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, STATUS_INVALID_ARGUMENT,
                 "place");
    place.thing = "pole 7";
    request.topic = "asphaltt";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, STATUS_NOT_FOUND, "topic");
    request.topic = "asphalt";
    request.requests_max = 21;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, STATUS_INVALID_ARGUMENT,
                 "requests_max");
    request.requests_max = 0;
    request.at_us = -1;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "FindSame", &request.base, STATUS_INVALID_ARGUMENT,
                 "at_us");
    request.at_us = 0;
    desk_refuses(rig, RPC_ROLE_LEADERSHIP, "FindSame", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_open_near_the_closest_first),
        cmocka_unit_test(never_shows_a_closed_request),
        cmocka_unit_test(shows_nothing_before_it_is_routed),
        cmocka_unit_test(shows_kin_topics_and_no_others),
        cmocka_unit_test(forgets_what_is_older_than_the_window),
        cmocka_unit_test(takes_what_is_still_to_come_as_now),
        cmocka_unit_test(finds_the_same_thing_and_the_same_street_however_spelled),
        cmocka_unit_test(a_name_at_a_point_of_another_district_is_another_thing),
        cmocka_unit_test(shows_a_request_once_however_it_is_found),
        cmocka_unit_test(shows_at_most_so_many_the_closest),
        cmocka_unit_test(a_topic_that_the_pack_leaves_out_is_never_the_same),
        cmocka_unit_test(looks_at_a_bounded_number_and_says_so),
        cmocka_unit_test(shows_what_was_taken_back_only_as_others_share_it),
        cmocka_unit_test(finds_by_what_is_answered_what_was_registered_by_answers),
        cmocka_unit_test(finds_a_line_that_is_a_number_however_it_is_written),
        cmocka_unit_test(refuses_answers_as_registering_does_but_for_missing_ones),
        cmocka_unit_test(refuses_what_cannot_be_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
