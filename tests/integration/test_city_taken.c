/* A city pack is taken on a running system, seen at work, taken back, and in force after a restart; as one program and as five. */
#include "tests/integration/shell.h"
#include "tests/integration/system.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES "intake routing followup feedback report"

static char base[64], other[64];

static int set_up(void **state)
{
    shell_make_pack(base);
    shell_make_pack(other);
    shell_run("sed -i 's/^topic,area,.*/&\\nasphalt,5,*,deputy-civil,normal,,,,/' %s/rules.csv",
              other);
    *state = system_new(base);
    return 0;
}

static int tear_down(void **state)
{
    system_free(*state);
    shell_run("rm -rf %s %s", base, other);
    return 0;
}

static const char *text_at(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    assert_non_null(text);
    return text;
}

/* Says what it says when it does not end so. */
static void expect(const struct system *s, const char *const *arguments, int code, const char *part)
{
    struct output output = system_vafa(s, arguments);
    if (output.code != code ||
        (strstr(output.out, part) == NULL && strstr(output.err, part) == NULL)) {
        fail_msg("%s %s: %d instead of %d, \"%s\":\n%s%s", arguments[0], arguments[1], output.code,
                 code, part, output.out, output.err);
    }
    output_free(&output);
}

/* The unit that a new request about asphalt in district 5 goes to. */
static void expect_unit(const struct system *s, const char *unit)
{
    json_t *made = system_json(s, ARGS("register", "--topic", "asphalt", "--area", "5"));
    char code[32];
    snprintf(code, sizeof code, "%s", text_at(made, "code"));
    json_decref(made);
    json_t *shown = system_json(s, ARGS("show", code, "--fresh"));
    assert_string_equal(text_at(json_object_get(shown, "case_data"), "unit"), unit);
    json_decref(shown);
}

static void take_other(const struct system *s)
{
    json_t *taken =
        system_json(s, ARGS("city", "take", other, "--note", "a trial", "--name", "other"));
    assert_string_equal(text_at(taken, "name"), "other");
    assert_int_equal(json_object_size(json_object_get(taken, "services")), 5);
    json_decref(taken);
}

static void a_pack_is_taken_works_and_is_taken_back_without_a_restart(void **state)
{
    struct system *s = *state;
    expect(s, ARGS("city", "history", "--lang", "en"), 0, "No other pack has been taken");
    expect(s, ARGS("city", "back", "--note", "x"), 1, "no pack before this one");
    expect_unit(s, "district-5-civil");
    take_other(s);
    expect_unit(s, "deputy-civil");
    take_other(s); /* once more is the same */
    expect(s, ARGS("city", "show", "units"), 0, "deputy-civil");
    json_t *newest = system_json(s, ARGS("city", "history", "--json"));
    assert_string_equal(text_at(newest, "name"), "other");
    assert_string_equal(text_at(newest, "note"), "a trial");
    assert_int_equal(strlen(text_at(newest, "digest")), 64);
    json_decref(newest);

    system_stop_all(s);
    shell_run("rm -r %s", other); /* each service has its own */
    system_start_all(s);
    expect_unit(s, "deputy-civil");

    expect(s, ARGS("city", "back", "--note", "too much for one"), 0, "isfahan");
    expect_unit(s, "district-5-civil");
    expect(s, ARGS("city", "back", "--note", "x"), 1, "no pack before this one");
    system_stop_all(s);
    system_start_all(s);
    expect_unit(s, "district-5-civil");
    expect(s, ARGS("city", "history", "--lang", "en"), 0, "too much for one");
    expect(s, ARGS("verify", "--lang", "en"), 0, "good");
}

/* From a folder without any pack, as from another machine: what the server has in force is read from it, and what it had before. */
static void another_machine_reads_packs_from_the_server(void **state)
{
    struct system *s = *state;
    char url[256], cities[256];
    snprintf(cities, sizeof cities, "%s", getenv("VAFA_CITIES"));
    snprintf(url, sizeof url, "ipc://%s/run", s->data);
    shell_run(
        "sed -i 's/^district-5,\\(.*\\),district-head,/district-5,\\1,acting-head,/' %s/units.csv",
        other);
    take_other(s);
    shell_run("rm -r %s %s && mkdir %s %s", base, other, base, other);
    assert_int_equal(setenv("VAFA_CITIES", base, 1), 0);
    const struct {
        const char *const *arguments;
        const char *part, *no_part;
    } asked[] = {
        {ARGS("route", "explain", "--topic", "asphalt", "--area", "5", "--lang", "en", "--connect",
              url),
         "(deputy-civil)", "(district-5-civil)"},
        {ARGS("city", "locate", "32.65792,51.65637", "--lang", "en", "--connect", url),
         "District 1", "none"},
        {ARGS("clock", "explain", "--unit", "district-5-civil", "--from", "1405-09-05 13:00",
              "--hours", "15", "--lang", "en", "--connect", url),
         "due: 1405-09-0", "no pack"},
        {ARGS("city", "units", "--connect", url), "acting-head", "nobody"},
        {ARGS("city", "units", "--at", "1400-01-01", "--connect", url), "مدیر منطقه",
         "acting-head"},
        {ARGS("register", "--topic", "آسفالت و لکه‌گیری", "--area", "منطقه ۵",
              "--json", "--connect", url),
         "code", "no such"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct output output = run_program("vafa", asked[i].arguments);
        if (output.code != 0 || strstr(output.out, asked[i].part) == NULL ||
            strstr(output.out, asked[i].no_part) != NULL) {
            fail_msg("%zu: %d\n%s%s", i, output.code, output.out, output.err);
        }
        output_free(&output);
    }
    assert_int_equal(setenv("VAFA_CITIES", cities, 1), 0);
}

/* Somebody edits the folder that the server was started with: what is in force is the server's. */
static void a_pack_changed_in_place_is_not_shown_as_the_one_in_force(void **state)
{
    struct system *s = *state;
    const char *const *explain = ARGS("route", "explain", "--topic", "asphalt", "--area", "5");
    shell_run("cp %s/rules.csv %s/", other, base);
    expect(s, explain, 0, "(district-5-civil)");
    system_stop_all(s); /* without a server it is better than nothing */
    expect(s, explain, 0, "(deputy-civil)");
    system_start_all(s);
    expect(s, explain, 0, "(deputy-civil)"); /* what a start finds is in force */
}

static void a_wrong_pack_is_told_by_file_and_line_and_nobody_has_taken_it(void **state)
{
    struct system *s = *state;
    shell_run("sed -i 's/^asphalt,5.*/asphalt,5,*,no-such-unit,normal,,,,/' %s/rules.csv", other);
    expect(s, ARGS("city", "take", other, "--note", "x"), 5, "rules.csv:");
    expect(s, ARGS("city", "take", other), 2, "note");
    shell_run("cp %s/rules.csv %s/ && sed -i 's/^calendar.*/calendar = gregorian/' %s/city.ini",
              base, other, other);
    expect(s, ARGS("city", "take", other, "--note", "x"), 1, "the calendar");
    expect(s, ARGS("city", "history", "--lang", "en"), 0, "No other pack has been taken");
}

static void a_damaged_pack_is_mended_from_another_service_s_or_the_folder(void **state)
{
    struct system *s = *state;
    take_other(s);
    system_stop_all(s);
    shell_run("for d in %s/routing/packs/*; do echo >$d/rules.csv; done", s->data);
    struct output start = run_program("vafa-routing", ARGS("--data", s->data, "--city", base));
    assert_int_equal(start.code, 1);
    assert_non_null(strstr(start.err, "copy that folder from another service's"));
    output_free(&start);
    shell_run("rm -r %s/routing/packs && cp -r %s/intake/packs %s/routing/", s->data, s->data,
              s->data);
    system_start_all(s);
    expect_unit(s, "deputy-civil");
    system_stop_all(s);
    shell_run("for n in " SERVICES "; do rm -r %s/$n/packs/*; done", s->data);
    shell_run("cp -r %s/. %s/", other, base); /* what --city names has the same files */
    system_start_all(s);
    expect_unit(s, "deputy-civil");
}

/* A backup brings the pack along, on a machine that never had its folder. */
static void a_restored_set_comes_up_with_the_pack_that_was_taken(void **state)
{
    struct system *s = *state;
    char set[192];
    snprintf(set, sizeof set, "%s/set", s->folder);
    take_other(s);
    expect_unit(s, "deputy-civil");
    expect(s, ARGS("backup", set), 0, "");
    system_stop_all(s);
    struct system restored = *s;
    snprintf(restored.data, sizeof restored.data, "%s/restored", s->folder);
    restored.city[0] = '\0';
    struct output restore = run_program("vafa", ARGS("restore", set, "--data", restored.data));
    assert_int_equal(restore.code, 0);
    output_free(&restore);
    shell_run("cp -p %s/keys/master.key %s/keys/ && rm -r %s %s", s->data, restored.data, base,
              other);
    system_start_all(&restored);
    expect_unit(&restored, "deputy-civil");
    expect(&restored, ARGS("verify", "--lang", "en"), 0, "good");
    system_stop_all(&restored);
}

/* Without the pack in force a restored service could not start; the one before is missed by nobody but `city back`. */
static void a_backup_needs_the_pack_in_force_and_says_when_the_one_before_is_damaged(void **state)
{
    struct system *s = *state;
    char set[2][192];
    for (int i = 0; i < 2; i++) {
        snprintf(set[i], sizeof set[i], "%s/set%d", s->folder, i);
    }
    take_other(s);
    json_t *newest = system_json(s, ARGS("city", "history", "--json"));
    const char *digest = text_at(newest, "digest");
    shell_run("for d in %s/routing/packs/*; do case $d in */%s) ;; *) echo >$d/rules.csv;; esac; "
              "done",
              s->data, digest);
    expect(s, ARGS("backup", set[0]), 0, "left out the city pack from before");
    shell_run("rm -r %s/routing/packs/%s", s->data, digest);
    expect(s, ARGS("backup", set[1]), 1, "the pack in force");
    json_decref(newest);
}

static void what_cannot_be_taken_back_says_which_rows_and_what_to_do(void **state)
{
    struct system *s = *state;
    shell_run("cp %s/rules.csv %s/ && sed -i '$a newly,تازه,Newly,civil,works,no,' %s/topics.csv",
              base, other, other);
    take_other(s);
    expect(s, ARGS("city", "back", "--note", "x"), 1, "\"newly\"");
    expect(s, ARGS("city", "back", "--note", "x"), 1, "/packs/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pack_is_taken_works_and_is_taken_back_without_a_restart,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_machine_reads_packs_from_the_server, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_pack_changed_in_place_is_not_shown_as_the_one_in_force,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_wrong_pack_is_told_by_file_and_line_and_nobody_has_taken_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_damaged_pack_is_mended_from_another_service_s_or_the_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_restored_set_comes_up_with_the_pack_that_was_taken,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_backup_needs_the_pack_in_force_and_says_when_the_one_before_is_damaged, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_taken_back_says_which_rows_and_what_to_do,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
