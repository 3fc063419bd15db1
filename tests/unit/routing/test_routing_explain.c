/* Why a rule takes a request: as routing itself would decide, told by the pack in force. */
#include "services/routing/routing_explain.h"
#include "tests/support/text.h"
#include "tests/unit/routing/routing_scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OUTCOME(name) ROUTING__RULE_OUTCOME__RULE_OUTCOME_##name

static const Routing__ExplainRouteResponse *explain(struct rig *rig,
                                                    Routing__ExplainRouteRequest request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (scene_call(rig, RPC_ROLE_FRONT_END, "", "ExplainRoute", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("%s: %s", err.field, err.message);
    }
    return (const Routing__ExplainRouteResponse *)response;
}

static void refuses(struct rig *rig, Routing__ExplainRouteRequest request, enum status status,
                    const char *field)
{
    struct error err = ERROR_NONE;
    assert_int_equal(
        scene_call(rig, RPC_ROLE_FRONT_END, "", "ExplainRoute", &request.base, NULL, &err), status);
    assert_string_equal(err.field, field);
}

static Routing__ExplainRouteRequest about(const char *topic, Common__Place *place, char *area)
{
    Routing__ExplainRouteRequest request = ROUTING__EXPLAIN_ROUTE_REQUEST__INIT;
    common__place__init(place);
    place->area = area;
    request.topic = text(topic);
    request.place = place;
    return request;
}

static Common__Answer answer(const char *question, char **value)
{
    Common__Answer given = COMMON__ANSWER__INIT;
    given.question = text(question);
    given.values = value;
    given.n_values = 1;
    return given;
}

static void tells_the_rule_that_routing_goes_by(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    scene_register_many(rig, 1);
    const Routing__TaskRouted *routed = scene_event(rig, 1)->task_routed;
    const Routing__ExplainRouteResponse *told = explain(rig, about("asphalt", &place, text("5")));
    assert_string_equal(told->unit, routed->unit);
    assert_string_equal(told->in_charge, routed->unit);
    assert_string_equal(told->level, routed->level);
    assert_int_equal(told->rule_line, routed->rule_line);
    assert_true(told->working);
    const Routing__RuleTried *last = told->rules[told->n_rules - 1];
    assert_int_equal(last->line, told->rule_line);
    assert_int_equal(last->outcome, OUTCOME(TAKES));
    assert_string_equal(last->unit, "district-{area}-civil");
    assert_true(told->other_topics > 0);
    assert_int_equal(rig_event_count(rig), 1); /* nothing is decided */
    rig_free(rig);
}

/* The first rule of branches wants a wire; without one the next is tried. */
static void tells_why_the_rules_before_it_do_not_take_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    char *wire[] = {text("wire")};
    Common__Answer touches = answer("touches", wire);
    Common__Answer *answers[] = {&touches};
    Routing__ExplainRouteRequest request = about("broken-branch", &place, text("5"));
    const Routing__ExplainRouteResponse *told = explain(rig, request);
    size_t others = 0;
    for (size_t i = 0; i + 1 < told->n_rules; i++) {
        assert_string_not_equal(told->rules[i]->topic, "asphalt");
        others += told->rules[i]->outcome == OUTCOME(OTHER_ANSWER);
    }
    assert_true(others > 0);
    uint32_t line = told->rule_line;
    request.answers = answers;
    request.n_answers = 1;
    told = explain(rig, request);
    assert_true(told->rule_line < line);
    assert_string_not_equal(told->rules[told->n_rules - 1]->answer, "");
    rig_free(rig);
}

static void counts_rules_of_other_topics_or_tells_them(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    Routing__ExplainRouteRequest request = about("asphalt", &place, text("5"));
    const Routing__ExplainRouteResponse *told = explain(rig, request);
    size_t tried = told->n_rules + told->other_topics;
    request.other_topics = true;
    told = explain(rig, request);
    assert_int_equal(told->n_rules, tried);
    assert_int_equal(told->other_topics, 0);
    assert_int_equal(told->rules[0]->outcome, OUTCOME(OTHER_TOPIC));
    rig_free(rig);
}

static void finds_the_area_of_a_point(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    Routing__ExplainRouteRequest request = about("asphalt", &place, text(""));
    const char *nowhere = explain(rig, request)->unit;
    assert_string_equal(nowhere, "deputy-civil");
    point.latitude = 32.65;
    point.longitude = 51.67;
    place.point = &point;
    assert_string_equal(explain(rig, request)->unit, "district-3-civil");
    rig_free(rig);
}

static void asks_by_the_time_that_is_given(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    char *missing[] = {text("missing")};
    Common__Answer cover = answer("state", missing);
    Common__Answer *answers[] = {&cover};
    Routing__ExplainRouteRequest request = about("manhole", &place, text("5"));
    request.answers = answers;
    request.n_answers = 1;
    request.registered_at_us = 20 * DAY_US + 8 * HOUR_US; /* half past eleven in the morning */
    assert_int_equal(explain(rig, request)->n_helpers, 0);
    request.registered_at_us = 20 * DAY_US + 20 * HOUR_US; /* at night */
    const Routing__ExplainRouteResponse *told = explain(rig, request);
    assert_int_equal(told->n_helpers, 1);
    assert_string_equal(told->helpers[0], "fire-organisation");
    assert_string_not_equal(told->helpers_note, "");
    rig_free(rig);
}

static void names_the_field_that_is_wrong(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    char *values[ROUTING_EXPLAIN_VALUES_MAX + 1];
    for (size_t i = 0; i <= ROUTING_EXPLAIN_VALUES_MAX; i++) {
        values[i] = text("wire");
    }
    Common__Answer given = answer("touches", values);
    Common__Answer *answers[] = {&given};
    refuses(rig, about("", &place, text("5")), STATUS_INVALID_ARGUMENT, "topic");
    refuses(rig, about("asphalt", &place, text("\n")), STATUS_INVALID_ARGUMENT, "area");
    Routing__ExplainRouteRequest request = about("broken-branch", &place, text("5"));
    point.latitude = NAN;
    place.point = &point;
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "latitude");
    place.point = NULL;
    request.registered_at_us = INT64_MAX;
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "registered_at_us");
    request.registered_at_us = 0;
    request.urgency = (Common__Urgency)9;
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "urgency");
    request.urgency = COMMON__URGENCY__URGENCY_URGENT;
    request.answers = answers;
    request.n_answers = 1;
    given.n_values = ROUTING_EXPLAIN_VALUES_MAX + 1;
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "answers");
    given.n_values = 1;
    request.answers = (Common__Answer *[]){&given, &given};
    request.n_answers = 2;
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "answers");
    request.answers = answers;
    request.n_answers = 1;
    values[0] = text("lamp");
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "answers.touches");
    given.question = text("size");
    refuses(rig, request, STATUS_INVALID_ARGUMENT, "answers.size");
    rig_free(rig);
}

/* What a history names need not be listed. */
static void a_topic_that_is_not_listed_goes_where_the_rules_for_all_send_it(void **state)
{
    (void)state;
    struct rig *rig = scene_new_clocked();
    Common__Place place;
    const Routing__ExplainRouteResponse *told = explain(rig, about("comets", &place, text("5")));
    assert_string_equal(told->rules[told->n_rules - 1]->topic, "*");
    assert_string_not_equal(told->unit, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_rule_that_routing_goes_by),
        cmocka_unit_test(tells_why_the_rules_before_it_do_not_take_it),
        cmocka_unit_test(counts_rules_of_other_topics_or_tells_them),
        cmocka_unit_test(finds_the_area_of_a_point),
        cmocka_unit_test(asks_by_the_time_that_is_given),
        cmocka_unit_test(names_the_field_that_is_wrong),
        cmocka_unit_test(a_topic_that_is_not_listed_goes_where_the_rules_for_all_send_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
