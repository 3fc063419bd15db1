/* The command line of `vafa report` becomes a question. */
#include "clients/vafa/report_question.h"

#include "clients/vafa/commands.h"
#include "clients/vafa/report_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define CITIES VAFA_SOURCE_DIR "/deploy/cities/"
#define TOPIC REPORT__DIMENSION__DIMENSION_TOPIC
#define AREA REPORT__DIMENSION__DIMENSION_AREA
#define UNIT REPORT__DIMENSION__DIMENSION_UNIT
#define CHANNEL REPORT__DIMENSION__DIMENSION_CHANNEL

#define WORDS_MAX 8

/* Words behind "vafa report requests", up to a NULL. */
static enum status read_words(struct report_question *q, const char *const *words,
                              struct error *err)
{
    static struct args args;
    static char *argv[WORDS_MAX + 3];
    int argc = 0;
    argv[argc++] = (char *)(uintptr_t) "report";
    argv[argc++] = (char *)(uintptr_t) "requests";
    for (; *words != NULL; words++) {
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    argv[argc] = NULL;
    assert_int_equal(args_parse(&args, command_report.options, common_options, argc, argv, err),
                     STATUS_OK);
    return report_question_read(q, &args, err);
}

#define READ(q, err, ...) read_words(q, (const char *const[]){__VA_ARGS__, NULL}, err)

static void assert_key(const struct city *city, Report__Dimension dimension, const char *given,
                       const char *expected, bool expected_known)
{
    bool known = !expected_known;
    char *key = report_names_key(city, dimension, given, &known);
    assert_string_equal(key, expected);
    assert_int_equal(known, expected_known);
    free(key);
}

static void finds_keys_by_the_names_that_tables_show(void **state)
{
    (void)state;
    struct city *isfahan;
    struct city *boston;
    assert_int_equal(city_load(&isfahan, CITIES "isfahan", NULL), STATUS_OK);
    assert_int_equal(city_load(&boston, CITIES "boston-2011", NULL), STATUS_OK);
    assert_key(boston, UNIT, "PWDx", "PWDx", true);
    assert_key(boston, UNIT, "Public Works Department", "PWDx", true);
    assert_key(boston, UNIT, "public works department", "PWDx", true);
    assert_key(isfahan, TOPIC, "garbage", "garbage", true);
    assert_key(isfahan, TOPIC, "Garbage collection", "garbage", true);
    assert_key(isfahan, TOPIC, "جمع‌آوری زباله", "garbage", true);
    assert_key(isfahan, TOPIC, "جمع آوري زباله", "garbage", true); /* Arabic ye, no ZWNJ */
    assert_key(isfahan, AREA, "منطقه 3", "3", true);
    assert_key(isfahan, AREA, "District 3", "3", true);
    city_free(boston);
    city_free(isfahan);
}

static void keeps_a_key_that_nobody_knows(void **state)
{
    (void)state;
    struct city *isfahan;
    assert_int_equal(city_load(&isfahan, CITIES "isfahan", NULL), STATUS_OK);
    assert_key(isfahan, TOPIC, "asfalt", "asfalt", false);
    assert_key(isfahan, AREA, "nope", "nope", false);
    assert_key(NULL, UNIT, "Public Works Department", "Public Works Department", false);
    city_free(isfahan);
}

static void knows_channels_and_none_without_a_pack(void **state)
{
    (void)state;
    assert_key(NULL, CHANNEL, "walk-in", "walk_in", true);
    assert_key(NULL, CHANNEL, "in person", "walk_in", true);
    assert_key(NULL, CHANNEL, "تلفن", "phone", true);
    assert_key(NULL, CHANNEL, "pigeon", "pigeon", false);
    assert_key(NULL, AREA, "", "", true);
    assert_key(NULL, AREA, "—", "", true);
}

static void reads_filters_and_tells_which_are_unknown(void **state)
{
    (void)state;
    struct report_question q;
    struct city *isfahan;
    assert_int_equal(city_load(&isfahan, CITIES "isfahan", NULL), STATUS_OK);
    assert_int_equal(READ(&q, NULL, "--where", "topic=Garbage collection", "-w", "topic=a=b"),
                     STATUS_OK);
    report_question_name_keys(&q, isfahan);
    assert_int_equal(q.request.n_where, 2);
    assert_int_equal(q.request.where[0]->dimension, TOPIC);
    assert_string_equal(q.request.where[0]->value, "garbage");
    assert_true(q.known[0]);
    assert_string_equal(q.request.where[1]->value, "a=b");
    assert_false(q.known[1]);
    report_question_fini(&q);
    city_free(isfahan);
}

static void refuses_a_filter_that_can_be_none(void **state)
{
    (void)state;
    static const char *const filters[] = {"topic", "colour=red", "=x", "channel=pigeon"};
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct report_question q;
        struct error err = ERROR_NONE;
        assert_int_equal(READ(&q, &err, "--where", filters[i]), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "where");
        report_question_fini(&q);
    }
}

static void groups_by_all_dimensions_given_in_their_order(void **state)
{
    (void)state;
    struct report_question q;
    assert_int_equal(READ(&q, NULL, "--by", "area", "--by", "topic,channel", "--by", "unit"),
                     STATUS_OK);
    const Report__Dimension expected[] = {AREA, TOPIC, CHANNEL, UNIT};
    assert_int_equal(q.request.n_by, 4);
    assert_memory_equal(q.request.by, expected, sizeof(expected));
    report_question_fini(&q);
    assert_int_equal(READ(&q, NULL, "--per", "day"), STATUS_OK);
    assert_int_equal(q.request.n_by, 0);
    report_question_fini(&q);
}

static void refuses_dimensions_that_are_missing_unknown_or_given_twice(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "", ",", "topic,", ",topic", "topic,,area", "colour", "topic,area,topic"};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct report_question q;
        struct error err = ERROR_NONE;
        assert_int_equal(READ(&q, &err, "--by", lists[i]), STATUS_INVALID_ARGUMENT);
        assert_string_equal(err.field, "by");
        report_question_fini(&q);
        assert_int_equal(READ(&q, &err, "--by", "area", "--by", lists[i]), STATUS_INVALID_ARGUMENT);
        report_question_fini(&q);
    }
}

static void refuses_two_forms_of_an_answer(void **state)
{
    (void)state;
    struct report_question q;
    struct error err = ERROR_NONE;
    assert_int_equal(READ(&q, &err, "--csv", "--json"), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.message, "--json and --csv are two forms of an answer: leave one out");
    assert_int_equal(READ(&q, &err, "--csv", "--chart"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(READ(&q, &err, "--chart", "--json"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(READ(&q, &err, "--bom"), STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "bom");
    assert_int_equal(READ(&q, &err, "--bom", "--json"), STATUS_INVALID_ARGUMENT);
    assert_int_equal(READ(&q, &err, "--bom", "--csv"), STATUS_OK);
    assert_int_equal(READ(&q, &err, "--csv", "--csv"), STATUS_OK);
}

static void assert_times(const char *from, const char *to, int64_t from_us, int64_t to_us,
                         const char *expected_field)
{
    struct report_question q;
    struct error err = ERROR_NONE;
    struct args args;
    char *argv[] = {(char *)(uintptr_t) "report", (char *)(uintptr_t)from, (char *)(uintptr_t)to,
                    NULL};
    memset(&q, 0, sizeof(q));
    q.request.from_us = from_us;
    q.request.to_us = to_us;
    assert_int_equal(args_parse(&args, command_report.options, NULL, 3, argv, &err), STATUS_OK);
    enum status status = report_question_check_times(&q, &args, &err);
    assert_int_equal(status, expected_field[0] == '\0' ? STATUS_OK : STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, expected_field);
}

static void refuses_times_that_hold_nothing(void **state)
{
    (void)state;
    assert_times("requests", "--csv", 0, 0, "");
    assert_times("--from=x", "--to=y", 1000, 1001, "");
    assert_times("--from=x", "--to=y", 1000, 1000, "to");
    assert_times("--from=x", "requests", -1, 0, "from");
    assert_times("--from=x", "requests", 1000, 0, "");
    assert_times("requests", "--to=y", 0, 0, "to"); /* 0 would be no end */
}

static void names_options_and_not_the_services_fields(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"from_us", "from"},   {"to_us", "to"},
                                           {"rows_max", "limit"}, {"where.value", "where"},
                                           {"by", "by"},          {"", ""}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct error err;
        error_set(&err, STATUS_INVALID_ARGUMENT, names[i][0], "why");
        report_question_name_option(&err);
        assert_string_equal(err.field, names[i][1]);
        assert_string_equal(err.message, "why");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_keys_by_the_names_that_tables_show),
        cmocka_unit_test(keeps_a_key_that_nobody_knows),
        cmocka_unit_test(knows_channels_and_none_without_a_pack),
        cmocka_unit_test(reads_filters_and_tells_which_are_unknown),
        cmocka_unit_test(refuses_a_filter_that_can_be_none),
        cmocka_unit_test(groups_by_all_dimensions_given_in_their_order),
        cmocka_unit_test(refuses_dimensions_that_are_missing_unknown_or_given_twice),
        cmocka_unit_test(refuses_two_forms_of_an_answer),
        cmocka_unit_test(refuses_times_that_hold_nothing),
        cmocka_unit_test(names_options_and_not_the_services_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
