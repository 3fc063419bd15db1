/* What --help says of each kind of option, and what is said to a value that does not fit. */
#include "service/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct option_spec specs[] = {
    {.name = "data", .kind = OPTION_TEXT, .unit = "DIR", .fallback = "", .help = "its folder"},
    {.name = "map-size",
     .kind = OPTION_NUMBER,
     .unit = "MiB",
     .fallback = "64",
     .least = 16,
     .most = 128,
     .help = "its size"},
    {.name = "log",
     .kind = OPTION_CHOICE,
     .fallback = "text",
     .choices = "text|json",
     .help = "how it speaks"},
    {.name = "quiet", .kind = OPTION_SWITCH, .fallback = "no", .help = "says less"},
    {.name = "version",
     .kind = OPTION_SWITCH,
     .fallback = "no",
     .command = true,
     .help = "says it"},
    {.name = "config", .kind = OPTION_TEXT, .unit = "FILE", .fallback = "", .help = "a file"},
};

#define SPECS (sizeof specs / sizeof specs[0])
#define WORDS_MAX 4

static struct options options;

/* Up to WORDS_MAX words of a command line. */
static enum status read_words(const char *const *words, struct error *err)
{
    char program[] = "test";
    char *argv[WORDS_MAX + 2] = {program};
    int argc = 1;
    for (; argc <= WORDS_MAX && words[argc - 1] != NULL; argc++) {
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    }
    return options_read(&options, specs, SPECS, argc, argv, err);
}

static void help_tells_kind_range_choices_and_default(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    options_print_help(specs, SPECS, &out);
    assert_string_equal(buffer_text(&out),
                        "  --data DIR                   its folder\n"
                        "  --map-size MiB               its size (16 to 128) [64]\n"
                        "  --log text|json              how it speaks [text]\n"
                        "  --quiet                      says less\n"
                        "  --version                    says it\n"
                        "  --config FILE                a file\n");
    buffer_fini(&out);
}

static void a_command_and_the_file_itself_are_not_printed_as_configuration(void **state)
{
    (void)state;
    struct buffer out = BUFFER_EMPTY;
    assert_int_equal(read_words((const char *const[]){"--log=json", "--quiet", NULL}, NULL),
                     STATUS_OK);
    options_print(&options, &out);
    assert_string_equal(buffer_text(&out), "; its folder (default)\ndata = \n"
                                           "; its size (default)\nmap-size = 64\n"
                                           "; how it speaks (flag)\nlog = json\n"
                                           "; says less (flag)\nquiet = yes\n");
    buffer_fini(&out);
}

static void a_flag_takes_its_value_behind_it_or_behind_an_equals_sign(void **state)
{
    (void)state;
    static const char *const forms[][WORDS_MAX] = {
        {"--data", "/srv/a=b", NULL},
        {"--data=/srv/a=b", NULL},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_int_equal(read_words(forms[i], NULL), STATUS_OK);
        assert_string_equal(option_text(&options, "data"), "/srv/a=b");
    }
    assert_int_equal(read_words((const char *const[]){"--quiet", NULL}, NULL), STATUS_OK);
    assert_true(option_switch(&options, "quiet"));
    assert_int_equal(read_words((const char *const[]){"--quiet", "--quiet=no", NULL}, NULL),
                     STATUS_OK);
    assert_false(option_switch(&options, "quiet")); /* the last one counts */
}

static void a_value_that_does_not_fit_is_told_with_what_would(void **state)
{
    (void)state;
    static const struct {
        const char *words[WORDS_MAX];
        const char *field, *says;
    } cases[] = {
        {{"--map-size", "15", NULL}, "map-size", "from 16 to 128"},
        {{"--map-size", "129", NULL}, "map-size", "from 16 to 128"},
        {{"--map-size", "64k", NULL}, "map-size", "MiB"},
        {{"--map-size", "", NULL}, "map-size", "MiB"},
        {{"--map-size", "99999999999999999999", NULL}, "map-size", "MiB"},
        {{"--log", "xml", NULL}, "log", "text|json"},
        {{"--log", "tex", NULL}, "log", "text|json"},
        {{"--log", "text|json", NULL}, "log", "text|json"},
        {{"--log", "", NULL}, "log", "text|json"},
        {{"--quiet=maybe", NULL}, "quiet", "yes"},
        {{"--data", NULL}, "data", "needs a value"},
        {{"--data", " /srv", NULL}, "data", "blanks"},
        {{"--data", "/srv\n/tmp", NULL}, "data", "line ends"},
        {{"--dat", "/srv", NULL}, "--dat", "--help"},
        {{"-data", "/srv", NULL}, "-data", "--help"},
        {{"data", NULL}, "data", "--help"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err;
        assert_int_equal(read_words(cases[i].words, &err), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, cases[i].field);
        assert_non_null(strstr(err.message, cases[i].says));
    }
}

static void a_text_longer_than_an_options_is_refused(void **state)
{
    (void)state;
    struct error err;
    char value[OPTION_TEXT_SIZE + 1];
    memset(value, 'x', sizeof value);
    value[OPTION_TEXT_SIZE] = '\0';
    assert_int_equal(read_words((const char *const[]){"--data", value, NULL}, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "data");
    value[OPTION_TEXT_SIZE - 1] = '\0';
    assert_int_equal(read_words((const char *const[]){"--data", value, NULL}, NULL), STATUS_OK);
    assert_string_equal(option_text(&options, "data"), value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_tells_kind_range_choices_and_default),
        cmocka_unit_test(a_command_and_the_file_itself_are_not_printed_as_configuration),
        cmocka_unit_test(a_flag_takes_its_value_behind_it_or_behind_an_equals_sign),
        cmocka_unit_test(a_value_that_does_not_fit_is_told_with_what_would),
        cmocka_unit_test(a_text_longer_than_an_options_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
