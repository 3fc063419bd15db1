/* A storm on the command line: begun by a person, seen by operators and offices, and what it leaves. */
#include "tests/integration/system.h"
#include "tests/support/pack_copy.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* What is open is known when routing has told intake of it, moments after it was registered: report may have heard of it before.
 * `code`: of any request. */
static void settle(struct system *s, const char *code)
{
    expect(s, ARGS("show", code, "--fresh"), 0, "");
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
    expect(s, ARGS("register", "--topic", "lost-property"), 1, "--answer thing");
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
    char first[32];
    json_t *before =
        system_json(s, ARGS("register", "--topic", "pavement", "--area", "3", "--street", STREET));
    snprintf(first, sizeof first, "%s", json_string_value(at(before, "code")));
    json_decref(before);
    expect(s, again, 0, "code: "); /* no storm: nothing is asked */
    begin(s);
    settle(s, first);
    expect(s, again, 1, "--join CODE");
    expect(s, alone, 0, "storm: 1");
    json_t *lost =
        system_json(s, ARGS("register", "--topic", "lost-property", "--answer", "line=12"));
    json_t *told = system_json(s, ARGS("show", json_string_value(at(lost, "code")), "--fresh"));
    expect(
        s, ARGS("register", "--topic", "lost-property", "--answer", "line=۱۲", "--lang", "en"), 1,
        json_string_value(at(lost, "code"))); /* an answer may be all that is told of the place */
    json_decref(told);
    json_decref(lost);
    expect(s, ARGS("storm", "list", "--lang", "en"), 0, "runs");
}

static void what_is_urgent_is_registered_at_once_and_joining_offered_behind_it(void **state)
{
    struct system *s = *state;
    const char *const by_topic[] = {"register", "--topic", "broken-branch", "--area", "3",
                                    "--street", STREET,    "--lang",        "en",     NULL};
    const char *const by_word[] = {"register", "--topic", "pavement", "--area",   "3", "--street",
                                   STREET,     "--lang",  "en",       "--urgent", NULL};
    char first[32], told[160];
    json_t *storm = system_json(s, ARGS("storm", "start", "--topics", "all", "--areas", "all",
                                        "--hours", "6", "--reason", "باد"));
    json_decref(storm);
    json_t *before = system_json(
        s, ARGS("register", "--topic", "broken-branch", "--area", "3", "--street", STREET));
    snprintf(first, sizeof first, "%s", json_string_value(at(before, "code")));
    json_decref(before);
    snprintf(told, sizeof told, "\n%s ", first);
    settle(s, first);
    expect(s, by_topic, 0, told);
    expect(s, by_topic, 0, "code: ");
    expect(s, by_topic, 0, "dial: 125");
    expect(s, by_topic, 0, "vafa case join");
    json_decref(
        system_json(s, ARGS("register", "--topic", "pavement", "--area", "3", "--street", STREET)));
    settle(s, first);
    expect(s, by_word, 0, "code: ");
    expect(s, by_word, 0, "vafa case join");
}

static void what_cannot_be_done_to_a_storm_is_told_with_the_field(void **state)
{
    struct system *s = *state;
    expect(s,
           ARGS("storm", "start", "--topics", "nonsense", "--areas", "all", "--hours", "1",
                "--reason", "x"),
           3, "--topics");
    expect(s,
           ARGS("storm", "start", "--topics", "all", "--areas", "all", "--hours", "169", "--reason",
                "x"),
           2, "hours");
    expect(s, ARGS("storm", "start", "--areas", "all", "--hours", "1", "--reason", "x"), 2,
           "--topics");
    expect(s, ARGS("storm", "end", "1"), 3, "N: ");
    begin(s);
    expect(s, ARGS("storm", "lengthen", "1", "--hours", "2", "--lang", "en"), 0, "runs");
    expect(s, ARGS("storm", "end", "1", "--lang", "fa"), 0, "پایان داده شد");
    expect(s, ARGS("storm", "end", "1"), 1, "پایان یافته");
}

/* --- a storm that a surge proposed --- */

static void write_text(const char *folder, const char *name, const char *mode, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, mode);
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        fail_msg("cannot write %s", path);
    }
}

/* A pack in which four requests are many, and a week ago is all that is known. */
static int set_up_surge(void **state)
{
    char folder[SCRATCH_SIZE], profiles[SCRATCH_SIZE + 16];
    scratch_new(folder);
    pack_copy("isfahan", folder, NULL, NULL, NULL);
    snprintf(profiles, sizeof profiles, "%s/imports", folder);
    write_text(folder, "city.ini", "ae", "\n[surge]\nrequests = 4\nweeks = 1\none_in = 20\n");
    write_text(profiles, "old.ini", "we",
               "[profile]\nsource = old\nzone = UTC\ntime_format = %Y-%m-%d %H:%M:%S\n\n"
               "[columns]\nexternal_id = id\nopened = opened\ntopic = topic\n");
    *state = system_new(folder);
    return 0;
}

/* Something was asked on this day a week ago. */
static void bring_in_last_week(struct system *s)
{
    char text[128], path[256], when[32];
    time_t then = time(NULL) - 7 * 24 * 3600 - 3600;
    struct tm utc;
    assert_non_null(gmtime_r(&then, &utc));
    assert_true(strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &utc) > 0);
    snprintf(text, sizeof text, "id,opened,topic\n1,%s,pavement\n", when);
    write_text(s->folder, "old.csv", "we", text);
    snprintf(path, sizeof path, "%s/old.csv", s->folder);
    json_decref(system_json(s, ARGS("import", path, "--profile", "old")));
}

static void a_surge_is_told_and_becomes_a_storm_when_a_person_says_so(void **state)
{
    struct system *s = *state;
    bring_in_last_week(s);
    expect(s, ARGS("storm", "start", "--surge", "1", "--hours", "2", "--reason", "باد"), 3,
           "surge");
    for (int i = 0; i < 4; i++) {
        json_decref(system_json(s, ARGS("register", "--topic", "flooding", "--area", "3")));
    }
    struct output shown = {.out = NULL};
    do { /* report hears of them moments later */
        output_free(&shown);
        shown = system_vafa(s, ARGS("report", "surges", "--open", "--json"));
        assert_int_equal(shown.code, 0);
    } while (shown.out[0] == '\0');
    json_t *surge = json_loads(shown.out, 0, NULL);
    output_free(&shown);
    assert_int_equal(json_integer_value(at(surge, "surge_number")), 1);
    assert_string_equal(json_string_value(json_array_get(at(surge, "topics"), 0)), "flooding");
    assert_int_equal(json_integer_value(at(surge, "requests")), 4);
    json_decref(surge);
    expect(s, ARGS("report", "surges", "--lang", "en"), 0, "lasts");
    expect(s, ARGS("report", "surges", "--lang", "fa"), 0, "ادامه دارد");
    expect(s, ARGS("storm", "list", "--lang", "en", "--json"), 0, ""); /* never by itself */
    json_t *answer =
        system_json(s, ARGS("storm", "start", "--surge", "1", "--hours", "2", "--reason", "باد"));
    json_t *storm = at(answer, "storm");
    assert_int_equal(json_integer_value(at(storm, "storm_number")), 1);
    assert_int_equal(json_integer_value(at(storm, "surge")), 1);
    assert_string_equal(json_string_value(json_array_get(at(storm, "topics"), 0)), "flooding");
    assert_string_equal(json_string_value(json_array_get(at(storm, "areas"), 0)), "3");
    json_decref(answer);
    answer = system_json(s, ARGS("storm", "list"));
    assert_int_equal(json_integer_value(at(answer, "surge")), 1);
    json_decref(answer);
}

/* Four without power: the hotline sees it, and no office would have more time by a storm. */
static void a_surge_of_what_is_none_of_the_city_s_proposes_none(void **state)
{
    struct system *s = *state;
    const char *const by_surge[] = {"storm",    "start", "--surge", "1",  "--hours", "2",
                                    "--reason", "باد",   "--lang",  "en", NULL};
    bring_in_last_week(s);
    for (int i = 0; i < 4; i++) {
        json_decref(system_json(s, ARGS("register", "--topic", "power-cut", "--area", "3")));
    }
    expect(s, ARGS("report", "requests", "--fresh"), 0, ""); /* it has heard of them */
    expect(s, ARGS("report", "surges", "--open", "--lang", "en"), 0, "lasts, outside the duty");
    expect(s, by_surge, 1, "outside the city's duty");
    expect(s,
           ARGS("storm", "start", "--surge", "1", "--topics", "pavement", "--hours", "2",
                "--reason", "باد", "--lang", "en"),
           0, "runs"); /* a person knows better */
    expect(s, ARGS("report", "undone", "--csv", "--fresh"), 0, "0,0,4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_was_open_is_told_its_new_date_and_what_is_new_is_taken_in_short, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(operators_are_offered_joining_before_anything_is_registered,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_is_urgent_is_registered_at_once_and_joining_offered_behind_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_done_to_a_storm_is_told_with_the_field,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_surge_is_told_and_becomes_a_storm_when_a_person_says_so,
                                        set_up_surge, tear_down),
        cmocka_unit_test_setup_teardown(a_surge_of_what_is_none_of_the_city_s_proposes_none,
                                        set_up_surge, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
