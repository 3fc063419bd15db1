/* A storm on the command line: begun by a person, seen by operators and offices, and what it leaves. */
#include "tests/integration/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define STREET "خیابان نمونه"

static int set_up(void **state)
{
    *state = system_new("isfahan");
    return 0;
}

static int tear_down(void **state)
{
    system_free(*state);
    return 0;
}

static json_t *at(json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    if (value == NULL) {
        fail_msg("no %s in %s", name, json_dumps(json, 0));
    }
    return value;
}

/* Prints what was told, and expects this exit code. */
static void expect(struct system *s, const char *const *arguments, int code, const char *told)
{
    struct output shown = system_vafa(s, arguments);
    if (shown.code != code ||
        (strstr(shown.out, told) == NULL && strstr(shown.err, told) == NULL)) {
        fail_msg("%d instead of %d, or no \"%s\" in: %s%s", shown.code, code, told, shown.out,
                 shown.err);
    }
    output_free(&shown);
}

static void begin(struct system *s)
{
    json_t *storm = system_json(s, ARGS("storm", "start", "--topics", "pavement,lost-property",
                                        "--areas", "all", "--hours", "6", "--reason", "باد"));
    assert_int_equal(json_integer_value(at(at(storm, "storm"), "due_percent")), 300);
    json_decref(storm);
}

static void what_was_open_is_told_its_new_date_and_what_is_new_is_taken_in_short(void **state)
{
    struct system *s = *state;
    char code[32];
    json_t *before = system_json(s, ARGS("register", "--topic", "pavement", "--area", "3"));
    snprintf(code, sizeof code, "%s", json_string_value(at(before, "code")));
    json_decref(before);
    expect(s, ARGS("register", "--topic", "lost-property"), 1, "answers.thing");
    begin(s);
    json_t *lost = system_json(s, ARGS("register", "--topic", "lost-property"));
    assert_int_equal(json_integer_value(at(lost, "storm")), 1);
    json_decref(lost);
    json_t *task = NULL;
    do { /* it moves moments after the storm began */
        json_decref(task);
        task = system_json(s, ARGS("task", "show", "1", "--role", "admin"));
    } while (json_object_get(at(task, "task"), "storm") == NULL);
    json_int_t due_us = json_integer_value(at(at(task, "task"), "due_at_us"));
    json_decref(task);
    json_t *story = system_json(s, ARGS("show", code, "--fresh"));
    json_t *last =
        json_array_get(at(story, "timeline"), json_array_size(at(story, "timeline")) - 1);
    assert_string_equal(json_string_value(at(last, "kind")), "TIMELINE_KIND_STORM_DUE_MOVED");
    assert_int_equal(json_integer_value(at(last, "until_us")), due_us);
    json_decref(story);
    json_t *left = system_json(s, ARGS("storm", "left", "1"));
    assert_int_equal(json_array_size(at(left, "missing")), 1);
    json_decref(left);
}

static void operators_are_offered_joining_before_anything_is_registered(void **state)
{
    struct system *s = *state;
    const char *const again[] = {"register", "--topic", "pavement", "--area", "3",
                                 "--street", STREET,    "--lang",   "en",     NULL};
    const char *const alone[] = {"register", "--topic", "pavement", "--area",  "3", "--street",
                                 STREET,     "--lang",  "en",       "--alone", NULL};
    expect(s, again, 0, "code: ");
    expect(s, again, 0, "code: "); /* no storm: nothing is asked */
    begin(s);
    expect(s, again, 1, "--join CODE");
    expect(s, alone, 0, "storm: 1");
    expect(s, ARGS("storm", "list", "--lang", "en"), 0, "runs");
}

static void what_cannot_be_done_to_a_storm_is_told_with_the_field(void **state)
{
    struct system *s = *state;
    expect(s,
           ARGS("storm", "start", "--topics", "nonsense", "--areas", "all", "--hours", "1",
                "--reason", "x"),
           1, "topics");
    expect(s,
           ARGS("storm", "start", "--topics", "all", "--areas", "all", "--hours", "169", "--reason",
                "x"),
           2, "hours");
    expect(s, ARGS("storm", "start", "--areas", "all", "--hours", "1", "--reason", "x"), 2,
           "topics");
    expect(s, ARGS("storm", "end", "1"), 3, "storm_number");
    begin(s);
    expect(s, ARGS("storm", "lengthen", "1", "--hours", "2", "--lang", "en"), 0, "runs");
    expect(s, ARGS("storm", "end", "1", "--lang", "fa"), 0, "پایان داده شد");
    expect(s, ARGS("storm", "end", "1"), 1, "storm_number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_was_open_is_told_its_new_date_and_what_is_new_is_taken_in_short, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(operators_are_offered_joining_before_anything_is_registered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_done_to_a_storm_is_told_with_the_field,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
