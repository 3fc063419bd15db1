/* Rules that ask for more than topic, area and urgency: neighbourhood, zone, answer and time. */
#include "tests/unit/city/pack_rig.h"

#include "base/clock.h"
#include "city/city_route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RULES "rules.csv"
#define ZONES "zones.geojson"

#define HEAD "topic,area,urgent,unit,level,neighbourhood,zone,answer,time\n"
#define LAST "*,*,*,centre,normal,,,,\n"
/* The rules of every test that writes none: lines 2 to 8. */
#define ALL                                                                                        \
    HEAD "asphalt,*,*,district-1-civil,,ملک‌شهر,,,\n"                                      \
         "asphalt,*,*,district-2-civil,,,old-town,,\n"                                             \
         "collapse,*,*,bus,,,,fenced=no,night\n"                                                   \
         "collapse,*,*,district-1,,,,fenced=no,\n"                                                 \
         "bus-headway,*,*,bus,,,,line=12,\n"                                                       \
         "*,*,*,district-2,,,,,night\n" LAST

#define SQUARE(w, s, e, n)                                                                         \
    "[[" #w "," #s "],[" #e "," #s "],[" #e "," #n "],[" #w "," #n "],[" #w "," #s "]]"
#define HOLE "[[51.64,32.64],[51.66,32.64],[51.66,32.66],[51.64,32.66],[51.64,32.64]]"
#define ZONE(key, type, coordinates)                                                               \
    "{\"type\":\"Feature\",\"properties\":{\"key\":\"" key "\"},\"geometry\":{\"type\":\"" type    \
    "\",\"coordinates\":" coordinates "}}"
#define COLLECTION(features) "{\"type\":\"FeatureCollection\",\"features\":[" features "]}"
/* Two parts, the first with a hole; and one that overlaps it. */
#define OLD_TOWN                                                                                   \
    ZONE("old-town", "MultiPolygon",                                                               \
         "[[[[51.6,32.6],[51.7,32.6],[51.7,32.7],[51.6,32.7],[51.6,32.6]]," HOLE                   \
         "],[[[51.8,32.6],[51.9,32.6],[51.9,32.7],[51.8,32.7],[51.8,32.6]]]]")
#define RIVER ZONE("river", "Polygon", "[" SQUARE(51.55, 32.6, 51.62, 32.7) "]")

/* 1404-09-03 in Tehran, UTC+3:30. */
#define MIDNIGHT_US (INT64_C(1763929800) * SECOND_US)
#define NOON_US (MIDNIGHT_US + 12 * HOUR_US)

static struct pack_rig rig;

static int set_up(void **state)
{
    (void)state;
    pack_rig_init(&rig);
    pack_rig_write(&rig, RULES, ALL);
    pack_rig_write(&rig, "questions.csv",
                   "topic,key,kind,required,name_fa,name_en,choices\n"
                   "bus-headway,line,string,no,خط؟,Line?,\n"
                   "bus-headway,waited,number,no,چند؟,How many?,\n"
                   "collapse,fenced,one_of,no,بسته؟,Fenced?,yes-no\n"
                   "collapse,blocks,several_of,no,کجا؟,What?,yes-no\n"
                   "collapse,more,text,no,دیگر؟,More?,\n"
                   "collapse,since,datetime,no,کی؟,When?,\n");
    pack_rig_write(&rig, "choices.csv",
                   "list,key,name_fa,name_en\nyes-no,yes,بله,yes\nyes-no,no,خیر,no\n");
    pack_rig_write(&rig, "hours.csv",
                   "schedule,valid_from,valid_to,days,hours\n"
                   "default,,,saturday-wednesday,07:00-14:00\n"
                   "night,,,all holidays,00:00-06:00 22:00-24:00\n");
    pack_rig_write(&rig, "neighbourhoods.csv", "name,area\nملک‌شهر,2\nجلفا,1\n");
    pack_rig_write(&rig, ZONES, COLLECTION(OLD_TOWN));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pack_rig_fini(&rig);
    return 0;
}

/* At noon, with nothing known. */
static struct city_request request_of(const char *topic)
{
    return (struct city_request){
        .topic = topic, .area = "", .neighbourhood = "", .registered_at_us = NOON_US};
}

static void answer(struct city_request *request, const char *question, const char *const *values,
                   size_t count)
{
    request->answers[request->answer_count++] =
        (struct city_answer){.question = question, .values = values, .value_count = count};
}

static struct city_request answered(const char *topic, const char *question,
                                    const char *const *value)
{
    struct city_request request = request_of(topic);
    answer(&request, question, value, 1);
    return request;
}

static struct city_request at_point(double latitude, double longitude)
{
    struct city_request request = request_of("asphalt");
    request.has_point = true;
    request.latitude = latitude;
    request.longitude = longitude;
    return request;
}

static int line_of(const struct city *city, const struct city_request *request)
{
    struct city_route route;
    city_route(city, request, &route);
    return route.rule_line;
}

static int line_at(const struct city *city, double latitude, double longitude)
{
    struct city_request request = at_point(latitude, longitude);
    return line_of(city, &request);
}

static int line_answered(const struct city *city, const char *topic, const char *question,
                         const char *value)
{
    struct city_request request = answered(topic, question, &value);
    return line_of(city, &request);
}

/* --- what takes a request --- */

static void rule_asks_for_a_neighbourhood_however_it_is_spelled(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    static const char *const same[] = {"ملک‌شهر", "ملک شهر", "ملكشهر"};
    struct city_request request = request_of("asphalt");
    for (size_t i = 0; i < 3; i++) {
        request.neighbourhood = same[i];
        assert_int_equal(line_of(city, &request), 2);
    }
    request.neighbourhood = "جلفا";
    assert_int_equal(line_of(city, &request), 8);
    request.neighbourhood = "نقش جهان"; /* not in the file */
    assert_int_equal(line_of(city, &request), 8);
    city_free(city);
}

static void rule_asks_for_a_zone_with_holes_and_several_parts(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    struct city_request nowhere = request_of("asphalt");
    assert_int_equal(line_at(city, 32.62, 51.62), 3);
    assert_int_equal(line_at(city, 32.65, 51.85), 3); /* the other part */
    assert_int_equal(line_at(city, 32.60, 51.65), 3); /* on its border */
    assert_int_equal(line_at(city, 32.65, 51.65), 8); /* in the hole */
    assert_int_equal(line_at(city, 32.65, 51.75), 8); /* between the parts */
    assert_int_equal(line_at(city, -90, 180), 8);
    assert_int_equal(line_of(city, &nowhere), 8);
    city_free(city);
}

static void zones_may_overlap(void **state)
{
    (void)state;
    pack_rig_write(&rig, ZONES, COLLECTION(OLD_TOWN "," RIVER));
    pack_rig_write(&rig, RULES,
                   HEAD "asphalt,*,yes,bus,,,river,,\n"
                        "asphalt,*,*,district-2,,,old-town,,\n"
                        "asphalt,*,*,district-1,,,river,,\n" LAST);
    pack_rig_check(&rig);
    assert_int_equal(pack_rig_errors(&rig), 0);
    assert_false(pack_rig_found(&rig, false, ZONES, 0, "overlap"));
    struct city *city = pack_rig_load(&rig);
    struct city_request both = at_point(32.65, 51.61);
    assert_int_equal(line_of(city, &both), 3);
    both.urgent = true;
    assert_int_equal(line_of(city, &both), 2);
    assert_int_equal(line_at(city, 32.65, 51.57), 4);
    city_free(city);
}

static void rule_asks_for_a_choice(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(line_answered(city, "collapse", "fenced", "no"), 5);
    assert_int_equal(line_answered(city, "collapse", "fenced", "yes"), 8);
    assert_int_equal(line_answered(city, "collapse", "fenced", "perhaps"), 8); /* of a history */
    assert_int_equal(line_answered(city, "collapse", "blocks", "no"), 8);
    assert_int_equal(line_answered(city, "bus-headway", "fenced", "no"), 8);
    city_free(city);
}

static void rule_asks_for_one_of_several_choices(void **state)
{
    (void)state;
    static const char *const both[] = {"yes", "no"};
    pack_rig_replace(&rig, RULES, "fenced=no,\n", "blocks=no,\n");
    struct city *city = pack_rig_load(&rig);
    struct city_request request = request_of("collapse");
    answer(&request, "fenced", both, 1);
    answer(&request, "blocks", both, 2);
    assert_int_equal(line_of(city, &request), 5);
    request.answers[1].value_count = 1; /* "yes" alone */
    assert_int_equal(line_of(city, &request), 8);
    city_free(city);
}

static void text_is_compared_by_its_spelling_and_a_number_by_its_value(void **state)
{
    (void)state;
    pack_rig_replace(&rig, RULES, "line=12,\n",
                     "line=12,\nbus-headway,*,*,district-1,,,,waited=7.5,\n"
                     "bus-headway,*,*,district-2,,,,waited=۰٫۰۰۰۰۰۰۰,\n");
    struct city *city = pack_rig_load(&rig);
    static const struct {
        const char *question, *value;
        int line;
    } cases[] = {
        {"line", "12", 6},       {"line", "۱۲", 6},      {"line", " 12 ", 6},
        {"line", "012", 10},     {"line", "120", 10},    {"waited", "7.5", 7},
        {"waited", "07.500", 7}, {"waited", "75", 10},   {"waited", "-7.5", 10},
        {"waited", "0", 8},      {"waited", "-0.00", 8}, {"waited", "00", 8},
        {"waited", "many", 10},  {"waited", "7.", 10},   {"waited", "", 10},
        {"waited", "7.5.0", 10}, {"waited", "۷٫۵", 7},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(line_answered(city, "bus-headway", cases[i].question, cases[i].value),
                         cases[i].line);
    }
    city_free(city);
}

static void rule_asks_for_the_hours_in_which_it_was_registered(void **state)
{
    (void)state;
    struct city *city = pack_rig_load(&rig);
    struct city_request request = request_of("asphalt");
    static const struct {
        int64_t at_us;
        int line;
    } cases[] = {
        {NOON_US, 8},
        {MIDNIGHT_US, 7},
        {MIDNIGHT_US + 6 * HOUR_US - 1, 7},
        {MIDNIGHT_US + 6 * HOUR_US, 8},
        {MIDNIGHT_US + 22 * HOUR_US - 1, 8},
        {MIDNIGHT_US + 22 * HOUR_US, 7},
        {INT64_MAX, 8}, /* whatever the city's clock shows then */
        {INT64_MIN, 8},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        request.registered_at_us = cases[i].at_us;
        assert_int_equal(line_of(city, &request), cases[i].line);
    }
    city_free(city);
}

static void everything_that_a_rule_asks_for_must_hold(void **state)
{
    (void)state;
    static const char *const no = "no";
    struct city *city = pack_rig_load(&rig);
    struct city_request request = answered("collapse", "fenced", &no);
    assert_int_equal(line_of(city, &request), 5);
    request.registered_at_us = MIDNIGHT_US;
    assert_int_equal(line_of(city, &request), 4);
    request.answer_count = 0;
    assert_int_equal(line_of(city, &request), 7);
    city_free(city);
}

/* --- why not --- */

static enum city_rule_no whys[16];
static struct city_rule_look last_look;

static void note(void *context, const struct city_rule_look *look)
{
    (void)context;
    assert_true(look->line >= 2 && look->line < 18);
    whys[look->line - 2] = look->no;
    if (look->line == 4) {
        last_look = *look;
    }
}

static void tells_which_condition_did_not_hold(void **state)
{
    (void)state;
    static const char *const no = "no";
    struct city *city = pack_rig_load(&rig);
    struct city_route route;
    struct city_request request = request_of("asphalt");
    city_route_explain(city, &request, &route, note, NULL);
    assert_int_equal(whys[0], CITY_RULE_OTHER_NEIGHBOURHOOD);
    assert_int_equal(whys[1], CITY_RULE_OTHER_ZONE);
    assert_int_equal(whys[2], CITY_RULE_OTHER_TOPIC);
    assert_int_equal(whys[5], CITY_RULE_OTHER_TIME);
    request = request_of("collapse");
    city_route_explain(city, &request, &route, note, NULL);
    assert_int_equal(whys[2], CITY_RULE_OTHER_ANSWER);
    assert_string_equal(last_look.answer, "fenced=no");
    assert_string_equal(last_look.time, "night");
    assert_string_equal(last_look.zone, "");
    assert_string_equal(last_look.neighbourhood, "");
    request = answered("collapse", "fenced", &no);
    city_route_explain(city, &request, &route, note, NULL);
    assert_int_equal(whys[2], CITY_RULE_OTHER_TIME);
    assert_int_equal(whys[3], CITY_RULE_TAKES);
    city_free(city);
}

/* --- checking a pack --- */

static void pack_with_all_columns_is_good(void **state)
{
    (void)state;
    pack_rig_check(&rig);
    assert_int_equal(pack_rig_errors(&rig), 0);
    assert_false(pack_rig_found(&rig, false, "hours.csv", 3, "night")); /* a rule has it */
    assert_false(pack_rig_found(&rig, false, ZONES, 0, "no rule"));
    for (int line = 2; line <= 8; line++) {
        assert_false(pack_rig_found(&rig, false, RULES, line, "never matches"));
    }
}

static void tells_mistakes_of_each_column_with_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int line;
        const char *part;
    } wrong[] = {
        {"ملک‌شهر", "ملک‌آباد", 2,
         "neighbourhood \"ملک‌آباد\" is not in neighbourhoods.csv"},
        {"old-town", "new-town", 3, "zone \"new-town\" is not in zones.geojson"},
        {"fenced=no", "fenced", 4, "must be written question=value"},
        {"fenced=no", "=no", 4, "must be written question=value"},
        {"fenced=no", "fenced=", 4, "must be written question=value"},
        {"fenced=no", "line=12", 4, "no question of the answer \"line=12\""},
        {"fenced=no", "fenced=perhaps", 4, "\"fenced=perhaps\": the question has no such choice"},
        {"fenced=no", "more=no", 4, "rules ask only for"},
        {"fenced=no", "since=1404-01-01", 4, "rules ask only for"},
        {"line=12", "waited=many", 6, "no such number"},
        {"line=12", "line=\u200c", 6, "no such answer"},
        {"*,*,*,district-2,,,,,night", "*,*,*,district-2,,,,fenced=no,night", 7, "needs a topic"},
        {",night\n*", ",nights\n*", 7, "time \"nights\" is not in hours.csv"},
        {LAST, "*,*,*,centre,normal,ملک‌شهر,,,\n", 8, "must match everything"},
        {LAST, "*,*,*,centre,normal,,old-town,,\n", 8, "must match everything"},
        {LAST, "*,*,*,centre,normal,,,,night\n", 8, "must match everything"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        pack_rig_write(&rig, RULES, ALL);
        pack_rig_replace(&rig, RULES, wrong[i].from, wrong[i].to);
        pack_rig_expect_error(&rig, RULES, wrong[i].line, wrong[i].part);
    }
}

static void files_that_rules_need_may_be_missing_only_when_no_rule_does(void **state)
{
    (void)state;
    static const char *const files[] = {"neighbourhoods.csv", ZONES, "questions.csv", "hours.csv"};
    static const int lines[] = {2, 3, 4, 4};
    for (size_t i = 0; i < 4; i++) {
        tear_down(NULL);
        set_up(NULL);
        pack_rig_remove(&rig, files[i]);
        pack_rig_expect_error(&rig, RULES, lines[i], "");
    }
}

static void a_mistake_in_another_file_is_told_once(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "questions.csv", "fenced,one_of", "fenced,one");
    pack_rig_write(&rig, ZONES, "{");
    pack_rig_check(&rig);
    assert_int_equal(pack_rig_errors(&rig), 2);
    assert_true(pack_rig_found(&rig, true, "questions.csv", 4, "the kind"));
    assert_true(pack_rig_found(&rig, true, ZONES, 1, "is not JSON"));
}

static void mistakes_in_zones_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {COLLECTION(OLD_TOWN "," OLD_TOWN), "feature 2 (key \"old-town\"): the zone has a feature"},
        {COLLECTION(ZONE("*", "Polygon", "[" SQUARE(1, 1, 2, 2) "]")), "* means all"},
        {COLLECTION(ZONE("a\\nb", "Polygon", "[" SQUARE(1, 1, 2, 2) "]")), "key cannot be used"},
        {COLLECTION(ZONE("", "Polygon", "[" SQUARE(1, 1, 2, 2) "]")), "have no \"key\""},
        {COLLECTION(ZONE("bow", "Polygon", "[[[1,1],[2,2],[2,1],[1,2],[1,1]]]")),
         "its shape cannot be used"},
        {COLLECTION(ZONE("old-town", "Point", "[51.6,32.6]")), "must be a Polygon"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        pack_rig_write(&rig, ZONES, wrong[i].text);
        pack_rig_expect_error(&rig, ZONES, 0, wrong[i].part);
    }
    pack_rig_write(&rig, ZONES, COLLECTION(OLD_TOWN "," RIVER));
    pack_rig_expect_warning(&rig, ZONES, 0, "no rule names the zone \"river\"");
}

static void rule_behind_a_wider_one_is_never_reached(void **state)
{
    (void)state;
    static const struct {
        const char *rules;
        int line; /* 0: every rule can be reached */
    } cases[] = {
        {"asphalt,*,*,bus,,,,,night\nasphalt,1,yes,bus,,ملک شهر,old-town,,night\n", 3},
        {"asphalt,*,*,bus,,ملک‌شهر,,,\nasphalt,*,*,bus,,ملک شهر,,,night\n", 3},
        {"asphalt,*,*,bus,,,old-town,,\nasphalt,*,*,bus,,,old-town,,night\n", 3},
        {"collapse,*,*,bus,,,,fenced=no,\ncollapse,*,*,bus,,,,fenced=no,night\n", 3},
        {"bus-headway,*,*,bus,,,,line=12,\nbus-headway,*,*,bus,,,,line=۱۲,\n", 3},
        {"asphalt,*,*,bus,,,,,\nasphalt,*,*,bus,,ملک‌شهر,,,\n", 3},
        {"asphalt,*,*,bus,,ملک‌شهر,,,\nasphalt,*,*,bus,,,,,\n", 0},
        {"asphalt,*,*,bus,,ملک‌شهر,,,\nasphalt,*,*,bus,,جلفا,,,\n", 0},
        {"collapse,*,*,bus,,,,fenced=no,\ncollapse,*,*,bus,,,,fenced=yes,\n", 0},
        {"collapse,*,*,bus,,,,fenced=no,\ncollapse,*,*,bus,,,,blocks=no,\n", 0},
        {"asphalt,*,*,bus,,,,,night\nasphalt,*,*,bus,,,,,default\n", 0},
        {"asphalt,*,*,bus,,,,,night\nasphalt,*,*,bus,,,old-town,,\n", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char rules[1024];
        (void)snprintf(rules, sizeof(rules), "%s%s%s", HEAD, cases[i].rules, LAST);
        pack_rig_write(&rig, RULES, rules);
        pack_rig_check(&rig);
        assert_int_equal(pack_rig_errors(&rig), 0);
        assert_int_equal(pack_rig_found(&rig, false, RULES, 3, "never matches: the rule on line 2"),
                         cases[i].line == 3);
    }
}

static void topic_that_only_rules_for_all_take_is_told(void **state)
{
    (void)state;
    pack_rig_write(&rig, RULES, HEAD "*,*,*,bus,,,,,night\n" LAST);
    pack_rig_expect_warning(&rig, "topics.csv", 2, "no rule names the topic");
}

static void a_topic_s_rules_ask_for_a_bounded_number_of_answers(void **state)
{
    (void)state;
    char rules[8192] = HEAD;
    size_t size = strlen(rules);
    for (int i = 0; i <= 64; i++) {
        size += (size_t)snprintf(rules + size, sizeof(rules) - size,
                                 "bus-headway,*,*,bus,,,,line=%d,\n", i);
    }
    (void)snprintf(rules + size, sizeof(rules) - size, "%s", LAST);
    pack_rig_write(&rig, RULES, rules);
    pack_rig_expect_error(&rig, RULES, 66, "more than 64 answers");
    char *last = strstr(rules, "line=64");
    assert_non_null(last);
    memcpy(last, "line=63", 7); /* the same again is the same bit */
    pack_rig_write(&rig, RULES, rules);
    struct city *city = pack_rig_load(&rig);
    assert_int_equal(line_answered(city, "bus-headway", "line", "63"), 65);
    city_free(city);
}

/* --- who helps --- */

#define HELP_HEAD "topic,area,urgent,unit,level,helpers,helpers_note\n"
#define HELP_LAST "*,*,*,centre,normal,,\n"

static void rule_names_units_that_help(void **state)
{
    (void)state;
    pack_rig_write(&rig, RULES,
                   HELP_HEAD
                   "asphalt,*,*,district-{area},,bus  district-1,راه را ببندید\n" HELP_LAST);
    struct city *city = pack_rig_load(&rig);
    struct city_route route;
    struct city_request request = request_of("asphalt");
    request.area = "2";
    city_route(city, &request, &route);
    assert_int_equal(route.helper_count, 2);
    assert_string_equal(route.helpers[0], "bus");
    assert_string_equal(route.helpers[1], "district-1");
    assert_string_equal(route.helpers_note, "راه را ببندید");
    request.area = "1"; /* which has the task itself then */
    city_route(city, &request, &route);
    assert_int_equal(route.helper_count, 1);
    assert_string_equal(route.helpers[0], "bus");
    request.topic = "bus-headway";
    city_route(city, &request, &route);
    assert_int_equal(route.helper_count, 0);
    assert_string_equal(route.helpers_note, "");
    city_free(city);
}

/* It has no desk that could finish its part, so the lead could never close the task. */
static void nobody_asks_a_body_outside_the_city_to_help(void **state)
{
    (void)state;
    pack_rig_replace(&rig, "units.csv", "bus,company", "bus,outside");
    pack_rig_write(&rig, RULES,
                   HELP_HEAD "asphalt,*,*,district-2,,bus district-1,close it\n" HELP_LAST);
    pack_rig_expect_warning(&rig, RULES, 2, "nobody asks \"bus\" to help");
    struct city *city = pack_rig_load(&rig);
    struct city_route route;
    struct city_request request = request_of("asphalt");
    city_route(city, &request, &route);
    assert_int_equal(route.helper_count, 1);
    assert_string_equal(route.helpers[0], "district-1");
    city_free(city);
}

static void tells_mistakes_about_who_helps(void **state)
{
    (void)state;
    static const struct {
        const char *cells, *part;
    } wrong[] = {
        {"buss,close it", "helpers \"buss\" is not in units.csv"},
        {"bus bus,close it", "is there twice"},
        {"district-1,close it", "or has the task itself"},
        {"bus,", "go together"},
        {",close it", "go together"},
        {"bus,\"close\tit\x07\"", "helpers_note cannot be used"},
        {"bus district-2 centre district-1-civil district-2-civil,close it", "more than 4"},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char rules[512];
        (void)snprintf(rules, sizeof(rules), HELP_HEAD "asphalt,*,*,district-1,,%s\n" HELP_LAST,
                       wrong[i].cells);
        pack_rig_write(&rig, RULES, rules);
        pack_rig_expect_error(&rig, RULES, 2, wrong[i].part);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(rule_asks_for_a_neighbourhood_however_it_is_spelled),
        TEST(rule_asks_for_a_zone_with_holes_and_several_parts),
        TEST(zones_may_overlap),
        TEST(rule_asks_for_a_choice),
        TEST(rule_asks_for_one_of_several_choices),
        TEST(text_is_compared_by_its_spelling_and_a_number_by_its_value),
        TEST(rule_asks_for_the_hours_in_which_it_was_registered),
        TEST(everything_that_a_rule_asks_for_must_hold),
        TEST(tells_which_condition_did_not_hold),
        TEST(pack_with_all_columns_is_good),
        TEST(tells_mistakes_of_each_column_with_the_line),
        TEST(files_that_rules_need_may_be_missing_only_when_no_rule_does),
        TEST(a_mistake_in_another_file_is_told_once),
        TEST(mistakes_in_zones_are_told),
        TEST(rule_behind_a_wider_one_is_never_reached),
        TEST(topic_that_only_rules_for_all_take_is_told),
        TEST(a_topic_s_rules_ask_for_a_bounded_number_of_answers),
        TEST(rule_names_units_that_help),
        TEST(nobody_asks_a_body_outside_the_city_to_help),
        TEST(tells_mistakes_about_who_helps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
