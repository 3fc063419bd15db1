/* What people type on a command line. */
#include "clients/vafa/args.h"
#include "clients/vafa/commands.h"
#include "clients/vafa/help_fa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_def own[] = {
    {"where", 'w', "DIM=VALUE", "some"},
    {"limit", 'n', "N", "some"},
    {"chart", 0, NULL, "bars"},
    {NULL, 0, NULL, NULL},
};

static void reads_options_before_between_and_behind_arguments(void **state)
{
    (void)state;
    struct args args;
    char *argv[] = {"report",         "--chart", "requests", "-w", "area=5",
                    "--where=area=6", "-n5",     "--data",   "d",  NULL};
    assert_int_equal(args_parse(&args, own, common_options, 9, argv, NULL), STATUS_OK);
    assert_int_equal(args.argument_count, 1);
    assert_string_equal(args.arguments[0], "requests");
    assert_true(args_has(&args, "chart"));
    assert_false(args_has(&args, "json"));
    assert_string_equal(args_value_at(&args, "where", 0), "area=5");
    assert_string_equal(args_value_at(&args, "where", 1), "area=6");
    assert_null(args_value_at(&args, "where", 2));
    assert_string_equal(args_value(&args, "where"), "area=6");
    assert_string_equal(args_value(&args, "data"), "d");
    assert_string_equal(args_text(&args, "name"), "");
}

static void takes_everything_behind_two_dashes_as_arguments(void **state)
{
    (void)state;
    struct args args;
    char *argv[] = {"show", "--", "--chart", NULL};
    assert_int_equal(args_parse(&args, own, NULL, 3, argv, NULL), STATUS_OK);
    assert_int_equal(args.argument_count, 1);
    assert_string_equal(args.arguments[0], "--chart");
}

static void names_an_option_it_does_not_know(void **state)
{
    (void)state;
    struct args args;
    struct error err = ERROR_NONE;
    char *unknown[] = {"x", "--nonsense", NULL};
    char *missing[] = {"x", "--limit", NULL};
    char *needless[] = {"x", "--chart=yes", NULL};
    assert_int_equal(args_parse(&args, own, NULL, 2, unknown, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "--nonsense");
    assert_int_equal(args_parse(&args, own, NULL, 2, missing, &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "--limit");
    assert_int_equal(args_parse(&args, own, NULL, 2, needless, &err), STATUS_INVALID_ARGUMENT);
}

static void reads_numbers_in_any_digits_and_within_bounds(void **state)
{
    (void)state;
    uint64_t number = 7;
    struct error err = ERROR_NONE;
    assert_int_equal(args_read_number("۱۲۳", "task", 1, 1000, &number, &err), STATUS_OK);
    assert_int_equal(number, 123);
    const char *const bad[] = {
        "", "0", "1001", "-1", "+1", " 1", "1x", "1.5", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(args_read_number(bad[i], "task", 1, 1000, &number, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "task");
    }
    assert_int_equal(number, 123);
}

static void says_what_to_give_when_a_needed_option_is_missing_or_empty(void **state)
{
    (void)state;
    struct args args;
    struct error err = ERROR_NONE;
    char *argv[] = {"x", "--where", "", "-n", "5", NULL};
    assert_int_equal(args_parse(&args, own, NULL, 5, argv, NULL), STATUS_OK);
    assert_int_equal(args_need(&args, "limit", &err), STATUS_OK);
    assert_int_equal(args_need(&args, "where", &err), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "where");
    assert_string_equal(err.message, "it is missing: --where DIM=VALUE");
}

static void finds_commands_of_one_and_two_words(void **state)
{
    (void)state;
    int words = 0;
    char *one[] = {"report", "requests"};
    char *two[] = {"task", "report", "3"};
    char *none[] = {"task"};
    assert_string_equal(commands_find(2, one, &words)->name, "report");
    assert_int_equal(words, 1);
    assert_string_equal(commands_find(3, two, &words)->name, "task report");
    assert_int_equal(words, 2);
    assert_null(commands_find(1, none, &words));
    assert_null(commands_find(0, none, &words));
}

/* A table's help is what a person reads; a command without examples or with two options of one name
 * is unfinished. */
static void every_command_is_described(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        assert_non_null(command->run);
        assert_true(strlen(command->summary) > 0 && strlen(command->summary) < 80);
        assert_true(strlen(command->help) > 0);
        assert_non_null(strstr(command->examples, "vafa "));
        assert_non_null(strstr(command->examples, command->name));
        for (const struct option_def *a = command->options; a != NULL && a->name != NULL; a++) {
            for (const struct option_def *b = a + 1; b->name != NULL; b++) {
                assert_string_not_equal(a->name, b->name);
                assert_true(a->letter == 0 || a->letter != b->letter);
            }
        }
    }
}

/* The help of a command or group, as printed; the caller frees it. */
static char *help_text(const struct command *command, const char *group)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    if (command != NULL) {
        commands_print_help(command, false, out);
    } else {
        (void)commands_print_group(group, false, out); /* the text tells */
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

static bool is_persian(const char *text)
{
    return strcmp(help_in(true, text), text) != 0;
}

static char *overview(bool fa)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    commands_print_overview(fa, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Whoever adds a command says in both languages what it does; of the overview nothing but names and examples is English. */
static void the_overview_is_whole_in_persian(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (!is_persian(commands[i]->summary)) {
            fail_msg("in help_fa.c there is nothing for \"%s\"", commands[i]->summary);
        }
        const struct option_def *option = commands_common_options(commands[i]);
        for (; option->name != NULL; option++) {
            assert_true(is_persian(option->help));
        }
    }
    char *persian = overview(true);
    char *english = overview(false);
    char *rest = NULL;
    bool is_example = false;
    for (char *line = strtok_r(persian, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        is_example = strncmp(line, "  vafa", 6) == 0;
        if (!is_example && strstr(english, line) != NULL) {
            fail_msg("not in Persian: %s", line);
        }
    }
    free(persian);
    free(english);
}

/* As a whole: --to is not in --topic. */
static bool names_option(const char *text, const char *option)
{
    size_t size = strlen(option);
    for (const char *at = strstr(text, option); at != NULL; at = strstr(at + 1, option)) {
        if (strspn(at + size, "abcdefghijklmnopqrstuvwxyz-") == 0) {
            return true;
        }
    }
    return false;
}

/* Every option that is named in one is named in the other: a text that was changed in English alone is noticed. */
static void expect_options_of(const char *command, const char *english, const char *persian)
{
    for (const char *at = strstr(english, "--"); at != NULL; at = strstr(at + 2, "--")) {
        char option[32] = "--";
        size_t size = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
        assert_true(size < sizeof(option) - 2);
        memcpy(option + 2, at + 2, size);
        if (size > 0 && !names_option(persian, option)) {
            fail_msg("vafa %s --help: %s is told in English only", command, option);
        }
    }
}

static void help_of_every_command_is_whole_in_persian(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        const char *persian = help_about(true, command->name, command->help);
        if (persian == command->help) {
            fail_msg("in help_fa_about.c there is nothing for \"%s\"", command->name);
        }
        expect_options_of(command->name, command->help, persian);
        for (const struct option_def *o = command->options; o != NULL && o->name != NULL; o++) {
            if (!is_persian(o->help)) {
                fail_msg("in help_fa_options.c there is nothing for \"%s\"", o->help);
            }
        }
        assert_ptr_equal(help_about(false, command->name, command->help), command->help);
    }
}

static void help_speaks_the_language_it_is_asked_in(void **state)
{
    (void)state;
    char *plain[] = {"vafa", "--help"};
    char *apart[] = {"vafa", "register", "--help", "--lang", "fa"};
    char *together[] = {"vafa", "--lang=en", "--help"};
    char *words[] = {"vafa", "case", "suggest", "--", "--lang=fa"};
    assert_int_equal(unsetenv("VAFA_LANG"), 0);
    assert_false(help_is_fa(2, plain));
    assert_true(help_is_fa(5, apart));
    assert_false(help_is_fa(4, apart)); /* nothing stands behind it */
    assert_false(help_is_fa(5, words));
    assert_int_equal(setenv("VAFA_LANG", "fa", 1), 0);
    assert_true(help_is_fa(2, plain));
    assert_false(help_is_fa(3, together));
    assert_int_equal(unsetenv("VAFA_LANG"), 0);
}

static void help_names_every_option_once(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        char *text = help_text(commands[i], NULL);
        const char *first = strstr(text, " --unit UNIT ");
        assert_true(first == NULL || strstr(first + 1, " --unit UNIT ") == NULL);
        free(text);
    }
}

static void a_command_that_asks_no_server_offers_no_way_to_one(void **state)
{
    (void)state;
    char *text = help_text(&command_verify, NULL);
    assert_null(strstr(text, "--connect"));
    assert_non_null(strstr(text, "--data"));
    free(text);
}

static void helps_with_a_group_by_listing_its_commands(void **state)
{
    (void)state;
    char *text = help_text(NULL, "task");
    assert_non_null(strstr(text, "task accept N"));
    assert_null(strstr(text, "tasks follow"));
    free(text);
    text = help_text(NULL, "register"); /* a command, no group */
    assert_string_equal(text, "");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_options_before_between_and_behind_arguments),
        cmocka_unit_test(takes_everything_behind_two_dashes_as_arguments),
        cmocka_unit_test(names_an_option_it_does_not_know),
        cmocka_unit_test(reads_numbers_in_any_digits_and_within_bounds),
        cmocka_unit_test(says_what_to_give_when_a_needed_option_is_missing_or_empty),
        cmocka_unit_test(finds_commands_of_one_and_two_words),
        cmocka_unit_test(every_command_is_described),
        cmocka_unit_test(the_overview_is_whole_in_persian),
        cmocka_unit_test(help_of_every_command_is_whole_in_persian),
        cmocka_unit_test(help_speaks_the_language_it_is_asked_in),
        cmocka_unit_test(help_names_every_option_once),
        cmocka_unit_test(a_command_that_asks_no_server_offers_no_way_to_one),
        cmocka_unit_test(helps_with_a_group_by_listing_its_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
