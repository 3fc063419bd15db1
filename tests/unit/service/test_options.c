/* Where an option's value comes from, and what is said when it is wrong. */
#include "service/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct option_spec specs[] = {
    {.name = "data", .kind = OPTION_TEXT, .unit = "DIR", .fallback = "here", .help = "folder"},
    {.name = "map-size",
     .kind = OPTION_NUMBER,
     .unit = "MiB",
     .fallback = "64",
     .least = 16,
     .most = 128,
     .help = "size"},
    {.name = "config", .kind = OPTION_TEXT, .unit = "FILE", .fallback = "", .help = "file"},
};

#define SPECS (sizeof specs / sizeof specs[0])

static char path[64];
static struct options options;

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/vafa-options-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    return unsetenv("VAFA_CONFIG") != 0 || unsetenv("VAFA_MAP_SIZE") != 0 || unlink(path) != 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* With the flag --config FILE, or without (NULL). */
static enum status read_with(const char *file, struct error *err)
{
    char program[] = "test", flag[] = "--config";
    char *argv[] = {program, flag, (char *)(uintptr_t)file, NULL};
    return options_read(&options, specs, SPECS, file != NULL ? 3 : 1, argv, err);
}

static void the_flag_is_stronger_than_the_environment_and_that_than_the_file(void **state)
{
    (void)state;
    write_file("data = there\nmap-size = 32\n");
    assert_int_equal(setenv("VAFA_MAP_SIZE", "48", 1), 0);
    assert_int_equal(read_with(path, NULL), STATUS_OK);
    assert_string_equal(option_text(&options, "data"), "there");
    assert_int_equal(option_number(&options, "map-size"), 48);
}

static void the_environment_may_name_the_file(void **state)
{
    (void)state;
    write_file("data = there\n");
    assert_int_equal(setenv("VAFA_CONFIG", path, 1), 0);
    assert_int_equal(read_with(NULL, NULL), STATUS_OK);
    assert_string_equal(option_text(&options, "data"), "there");
    assert_int_equal(read_with("/dev/null", NULL), STATUS_OK); /* the flag names another */
    assert_string_equal(option_text(&options, "data"), "here");
}

static void a_name_given_twice_in_a_file_is_told_with_both_lines(void **state)
{
    (void)state;
    struct error err;
    char place[80];
    write_file("data = there\n\ndata = elsewhere\n");
    assert_int_equal(read_with(path, &err), STATUS_INVALID_ARGUMENT);
    snprintf(place, sizeof place, "%s:3: ", path);
    assert_ptr_equal(strstr(err.message, place), err.message);
    assert_non_null(strstr(err.message, "line 1"));
    assert_string_equal(err.field, "data");
}

static void a_wrong_value_is_told_with_its_place(void **state)
{
    (void)state;
    struct error err;
    char place[80];
    write_file("; a remark\nmap-size = 1\n");
    assert_int_equal(read_with(path, &err), STATUS_INVALID_ARGUMENT);
    snprintf(place, sizeof place, "%s:2: ", path);
    assert_ptr_equal(strstr(err.message, place), err.message);
    assert_string_equal(err.field, "map-size");
    write_file("");
    assert_int_equal(setenv("VAFA_MAP_SIZE", "1", 1), 0);
    assert_int_equal(read_with(path, &err), STATUS_INVALID_ARGUMENT);
    assert_ptr_equal(strstr(err.message, "VAFA_MAP_SIZE: "), err.message);
}

static void a_file_that_is_not_there_is_told_as_the_option_config(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(read_with("/nonexistent/no.conf", &err), STATUS_NOT_FOUND);
    assert_string_equal(err.field, "config");
    assert_non_null(strstr(err.message, "/nonexistent/no.conf"));
}

static void what_is_in_force_is_printed_with_its_source(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    write_file("map-size = 32\n");
    assert_int_equal(read_with(path, NULL), STATUS_OK);
    options_fill(&options, "data", "found", "looked for");
    options_print(&options, &out);
    assert_string_equal(buffer_text(&out),
                        "; folder (looked for)\ndata = found\n; size (file)\nmap-size = 32\n");
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_flag_is_stronger_than_the_environment_and_that_than_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_environment_may_name_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_given_twice_in_a_file_is_told_with_both_lines,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_value_is_told_with_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_told_as_the_option_config,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_force_is_printed_with_its_source, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
