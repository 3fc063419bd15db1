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

static void needs_a_topic_and_a_pack(void **state)
{
    (void)state;
    assert_int_equal(run("--city isfahan"), 2);
    assert_non_null(strstr(output, "topic: it is missing"));
    assert_int_equal(run("--topic asphalt --city nowhere"), 3);
    assert_int_equal(run("--topic asphalt --city isfahan --connect ipc:///nowhere"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_rule_and_why_those_before_it_do_not),
        cmocka_unit_test(takes_names_and_speaks_the_city_s_language),
        cmocka_unit_test(json_has_each_rule_and_its_outcome),
        cmocka_unit_test(needs_a_topic_and_a_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
