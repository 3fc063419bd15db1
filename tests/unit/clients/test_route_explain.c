/* `vafa route explain` on the shipped packs: the program itself is run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include <jansson.h>

static char output[65536];

/* Gives the exit status; what was printed is in `output`. */
static int run(const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof(command),
             "VAFA_CITIES=" VAFA_SOURCE_DIR "/deploy/cities " VAFA_BIN_DIR
             "/vafa route explain %s 2>&1",
             arguments);
    FILE *stream = popen(command, "r"); /* NOLINT(cert-env33-c) */
    assert_non_null(stream);
    size_t size = fread(output, 1, sizeof(output) - 1, stream);
    output[size] = '\0';
    int status = pclose(stream);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void tells_the_rule_and_why_those_before_it_do_not(void **state)
{
    (void)state;
    assert_int_equal(run("--topic asphalt --city isfahan --lang en"), 0);
    assert_non_null(strstr(output, "no such unit"));
    assert_non_null(strstr(output, "takes it"));
    assert_non_null(strstr(output, "Deputy for civil works (deputy-civil)"));
    assert_non_null(strstr(output, "42 (working hours)"));
    assert_non_null(strstr(output, "26 rules for other topics"));
    assert_null(strstr(output, "cleaning"));
    assert_int_equal(run("--topic asphalt --urgent --city isfahan --lang en --all"), 0);
    assert_non_null(strstr(output, "4 (every hour)"));
    assert_non_null(strstr(output, "cleaning"));
    assert_non_null(strstr(output, "another topic"));
}

static void takes_names_and_speaks_the_city_s_language(void **state)
{
    (void)state;
    assert_int_equal(
        run("--topic 'آسفالت و لکه‌گیری' --area 'منطقه ۵' --city isfahan"),
        0);
    assert_non_null(strstr(output, "(district-5-civil)"));
    assert_non_null(strstr(output, "این قاعده می‌پذیرد"));
}

static void json_has_each_rule_and_its_outcome(void **state)
{
    (void)state;
    assert_int_equal(run("--topic unheard-of --area 99 --city isfahan --json"), 0);
    json_t *json = json_loads(output, 0, NULL);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "unit")), "centre-137");
    assert_string_equal(json_string_value(json_object_get(json, "level")), "normal");
    assert_true(json_is_true(json_object_get(json, "working")));
    json_t *rules = json_object_get(json, "rules");
    size_t count = json_array_size(rules);
    assert_true(count >= 3);
    static const char *const outcomes[] = {"other_urgency", "no_unit", "takes"};
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const char *outcome =
            json_string_value(json_object_get(json_array_get(rules, i), "outcome"));
        while (found < 3 && strcmp(outcome, outcomes[found]) != 0) {
            found++; /* in this order */
        }
        assert_true(found < 3);
    }
    json_t *last = json_array_get(rules, count - 1);
    assert_string_equal(json_string_value(json_object_get(last, "outcome")), "takes");
    assert_int_equal(json_integer_value(json_object_get(last, "line")),
                     json_integer_value(json_object_get(json, "rule_line")));
    json_decref(json);
}

/* The outcome of the rule on that line; fails the test when it is not told. */
static const char *outcome_of(json_t *json, const char *arguments, const char *answer)
{
    json_t *rules = json_object_get(json, "rules");
    for (size_t i = 0; i < json_array_size(rules); i++) {
        json_t *rule = json_array_get(rules, i);
        if (strcmp(json_string_value(json_object_get(rule, "answer")), answer) == 0) {
            return json_string_value(json_object_get(rule, "outcome"));
        }
    }
    fail_msg("no rule asks for \"%s\": %s", answer, arguments);
    return NULL;
}

static void answers_and_time_decide_as_they_are_given(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *answer, *outcome, *unit;
        size_t helpers;
    } cases[] = {
        {"--topic pruning --answer touches=car --answer touches=wire", "touches=wire", "takes",
         "power-company", 0},
        {"--topic pruning --area 3 --answer touches=car", "touches=wire", "other_answer",
         "district-3-green-space", 0},
        {"--topic broken-branch --area 3 --answer touches=wire", "touches=wire", "takes",
         "district-3-green-space", 1},
        {"--topic noise --area 3 --at '1405-09-05 23:00'", "", "takes", "police", 0},
        {"--topic noise --area 3 --at '1405-09-05 06:00'", "", "other_time",
         "district-3-urban-services", 0},
        {"--topic manhole --area 3 --answer state=missing --at '1405-09-05 05:59'", "state=missing",
         "takes", "district-3-civil", 1},
        {"--topic manhole --area 3 --answer state=missing --at '1405-09-05 12:00'", "state=missing",
         "other_time", "district-3-civil", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[512];
        (void)snprintf(line, sizeof(line), "%s --city isfahan --json", cases[i].arguments);
        assert_int_equal(run(line), 0);
        json_t *json = json_loads(output, 0, NULL);
        assert_non_null(json);
        assert_string_equal(outcome_of(json, line, cases[i].answer), cases[i].outcome);
        assert_string_equal(json_string_value(json_object_get(json, "unit")), cases[i].unit);
        assert_int_equal(json_array_size(json_object_get(json, "helpers")), cases[i].helpers);
        json_decref(json);
    }
}

static void neighbourhood_and_point_decide_as_they_are_given(void **state)
{
    (void)state;
    static const char *const pack = "--city " VAFA_SOURCE_DIR "/tests/fuzz/small_pack --lang en "
                                    "--topic asphalt --at 1404-09-03";
    static const struct {
        const char *arguments, *unit, *why;
    } cases[] = {
        {"--area 1 --neighbourhood 'ملكشهر'", "District 1 (district-1)", "takes it"},
        {"--area 1", "Civil 1 (district-1-civil)", "another neighbourhood, or not known"},
        {"--area 1 --point 32.63,51.63", "District 2 (district-2)", "takes it"},
        {"--area 1 --point 32.615,51.615", "Civil 1 (district-1-civil)", "outside its zone"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char line[512];
        (void)snprintf(line, sizeof(line), "%s %s", pack, cases[i].arguments);
        assert_int_equal(run(line), 0);
        assert_non_null(strstr(output, cases[i].unit));
        assert_non_null(strstr(output, cases[i].why));
        assert_non_null(strstr(output, "condition"));
    }
}

static void an_answer_that_nobody_can_give_is_refused(void **state)
{
    (void)state;
    assert_int_equal(run("--topic pruning --answer blocks=road --city isfahan"), 2);
    assert_non_null(strstr(output, "is no question of the topic pruning"));
    assert_int_equal(run("--topic pruning --answer touches=sky --city isfahan"), 2);
    assert_non_null(strstr(output, "\"sky\" is no choice"));
    assert_int_equal(run("--topic pruning --answer touches --city isfahan"), 2);
    assert_int_equal(run("--topic pruning --point 32 --city isfahan"), 2);
    assert_int_equal(run("--topic pruning --at never --city isfahan"), 2);
}

static void needs_a_topic_and_a_pack(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan --lang en"), 2);
    assert_non_null(strstr(output, "topic: it is missing"));
    assert_int_equal(run("--topic asphalt --city nowhere"), 3);
    assert_int_equal(run("--topic asphalt --city isfahan --connect ipc:///nowhere"), 0);
    assert_int_equal(run("--topic asphalt --connect ipc:///nowhere"), 4);
}

/* As city check and city take do: a folder that is here needs no "./" before it. The program then finds no server. */
static void a_pack_to_be_tried_is_named_as_for_the_city_commands(void **state)
{
    (void)state;
    char folder[] = "/tmp/vafa-try-XXXXXX";
    char command[1024];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof(command),
             "cd %s && cp -r " VAFA_SOURCE_DIR "/deploy/cities/boston-2011 p2 && "
             "VAFA_CITIES=" VAFA_SOURCE_DIR "/deploy/cities " VAFA_BIN_DIR
             "/vafa route try p2 --city boston-2011 --data %s; code=$?; rm -r %s; exit $code",
             folder, folder, folder);
    int status = system(command); /* NOLINT(cert-env33-c) */
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_rule_and_why_those_before_it_do_not),
        cmocka_unit_test(takes_names_and_speaks_the_city_s_language),
        cmocka_unit_test(json_has_each_rule_and_its_outcome),
        cmocka_unit_test(answers_and_time_decide_as_they_are_given),
        cmocka_unit_test(neighbourhood_and_point_decide_as_they_are_given),
        cmocka_unit_test(an_answer_that_nobody_can_give_is_refused),
        cmocka_unit_test(needs_a_topic_and_a_pack),
        cmocka_unit_test(a_pack_to_be_tried_is_named_as_for_the_city_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
