/* Which rule takes a request, and why those before it do not. */
#include "tests/unit/city/pack_rig.h"

#include "city/city_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LOOKS_MAX 512

static struct pack_rig rig;
static struct city_rule_look looks[LOOKS_MAX];
static size_t look_count;

static int set_up(void **state)
{
    (void)state;
    pack_rig_init(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pack_rig_fini(&rig);
    return 0;
}

static void note(void *context, const struct city_rule_look *look)
{
    assert_ptr_equal(context, looks);
    assert_true(look_count < LOOKS_MAX);
    looks[look_count++] = *look;
}

static struct city_request request_of(const char *topic, const char *area, bool urgent)
{
    return (struct city_request){
        .topic = topic, .area = area, .neighbourhood = "", .urgent = urgent};
}

static struct city_route explain_request(const struct city *city,
                                         const struct city_request *request)
{
    struct city_route route;
    look_count = 0;
    city_route_explain(city, request, &route, note, looks);
    assert_true(look_count > 0);
    for (size_t i = 0; i < look_count;
         i++) { /* in order, and nothing behind the one that takes it */
        assert_true(i == 0 || looks[i].line > looks[i - 1].line);
        assert_int_equal(looks[i].no == CITY_RULE_TAKES, i + 1 == look_count);
    }
    assert_int_equal(looks[look_count - 1].line, route.rule_line);
    return route;
}

static struct city_route explain(const struct city *city, const char *topic, const char *area,
                                 bool urgent)
{
    struct city_request request = request_of(topic, area, urgent);
    return explain_request(city, &request);
}

/* Why the rules were passed over, from the top. */
static void expect_looks(const enum city_rule_no *expected, size_t count)
{
    assert_int_equal(look_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(looks[i].no, expected[i]);
    }
}

#define EXPECT_LOOKS(...)                                                                          \
    expect_looks((const enum city_rule_no[]){__VA_ARGS__},                                         \
                 sizeof((const enum city_rule_no[]){__VA_ARGS__}) / sizeof(enum city_rule_no))

static void another_topic_another_area_another_urgency_are_told_apart(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_string_equal(explain(city, "asphalt", "1", true).unit, "district-1-civil");
    EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_AREA, CITY_RULE_TAKES);
    assert_string_equal(explain(city, "asphalt", "2", false).unit, "district-2-civil");
    EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_URGENCY, CITY_RULE_TAKES);
    assert_string_equal(explain(city, "asphalt", "2", true).unit, "district-2");
    EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_TAKES);
    city_free(city);
}

static void area_that_gives_no_unit_is_told(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    static const char *const areas[] = {"", "99"};
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(explain(city, "asphalt", areas[i], false).unit, "centre");
        EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_AREA, CITY_RULE_NO_UNIT,
                     CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_AREA, CITY_RULE_TAKES);
    }
    city_free(city);
}

static void topic_that_is_always_urgent_is_explained_as_urgent(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    struct city_route route = explain(city, "collapse", "2", false);
    assert_int_equal(route.rule_line, 5);
    assert_int_equal(route.due_hours, 2);
    EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_TOPIC,
                 CITY_RULE_TAKES);
    city_free(city);
}

static void unlisted_topic_is_taken_by_rules_for_all(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(explain(city, "unheard-of", "1", false).rule_line, 6);
    EXPECT_LOOKS(CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_TOPIC, CITY_RULE_OTHER_TOPIC,
                 CITY_RULE_OTHER_TOPIC, CITY_RULE_TAKES);
    city_free(city);
}

static void rules_are_told_as_they_are_written(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    (void)explain(city, "asphalt", "", false);
    assert_int_equal(looks[0].line, 2);
    assert_string_equal(looks[0].topic, "bus-headway");
    assert_string_equal(looks[0].area, "*");
    assert_string_equal(looks[0].urgent, "*");
    assert_string_equal(looks[0].unit, "bus");
    assert_string_equal(looks[0].level, "slow");
    assert_string_equal(looks[1].area, "2");
    assert_string_equal(looks[1].urgent, "yes");
    assert_string_equal(looks[1].level, "");
    assert_string_equal(looks[2].unit, "district-{area}-civil");
    city_free(city);
}

static void expect_same(const struct city *city, const char *topic, const char *area, bool urgent)
{
    struct city_route route;
    struct city_request request = request_of(topic, area, urgent);
    struct city_route explained = explain_request(city, &request);
    city_route(city, &request, &route);
    assert_string_equal(explained.unit, route.unit);
    assert_string_equal(explained.level, route.level);
    assert_int_equal(explained.due_hours, route.due_hours);
    assert_int_equal(explained.respond_hours, route.respond_hours);
    assert_int_equal(explained.warn_percent, route.warn_percent);
    assert_int_equal(explained.working, route.working);
    assert_int_equal(explained.rule_line, route.rule_line);
}

/* Each with every district, none and one that is not known; urgent and not. */
static void explains_every_topic_of_isfahan_as_it_is_routed(void **state)
{
    (void)state;
    struct city *city = NULL;
    size_t compared = 0;
    assert_int_equal(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL), STATUS_OK);
    for (size_t t = 0; t <= city_topic_count(city); t++) {
        const char *topic = t < city_topic_count(city) ? city_topic_at(city, t)->key : "unheard-of";
        for (size_t a = 0; a < city_area_count(city) + 2; a++) {
            const char *area = a < city_area_count(city)    ? city_area_at(city, a)->key
                               : a == city_area_count(city) ? ""
                                                            : "99";
            expect_same(city, topic, area, false);
            expect_same(city, topic, area, true);
            compared += 2;
        }
    }
    print_message("%zu requests explained as they are routed: %zu topics and one that is not "
                  "listed, in %zu areas, "
                  "none and one that is not known, urgent and not\n",
                  compared, city_topic_count(city), city_area_count(city));
    assert_int_equal(compared, (city_topic_count(city) + 1) * (city_area_count(city) + 2) * 2);
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(another_topic_another_area_another_urgency_are_told_apart,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(area_that_gives_no_unit_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(topic_that_is_always_urgent_is_explained_as_urgent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(unlisted_topic_is_taken_by_rules_for_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(rules_are_told_as_they_are_written, set_up, tear_down),
        cmocka_unit_test(explains_every_topic_of_isfahan_as_it_is_routed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
