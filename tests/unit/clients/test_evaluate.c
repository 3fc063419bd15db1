/* What an evaluation counts, on rows of which everything is known. */
#include "clients/vafa/evaluate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct city *load(const char *folder)
{
    struct city *city = NULL;
    struct error err = ERROR_NONE;
    if (city_load(&city, folder, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
    return city;
}

static struct city *small_pack(void)
{
    return load(VAFA_SOURCE_DIR "/tests/data/boston_open311");
}

static void add(struct evaluation *evaluation, int64_t at_us, const char *topic, const char *text)
{
    assert_int_equal(evaluation_add(evaluation, at_us, topic, text, NULL), STATUS_OK);
}

static void asks_before_it_learns_in_order_of_time(void **state)
{
    struct city *city = small_pack();
    struct evaluation *evaluation = evaluation_new(city);
    struct evaluate_result result;
    (void)state;
    for (int64_t at = 300; at > 200;
         at--) { /* the last row is the first asked about: nobody knows its word */
        add(evaluation, at, "Unlisted", "grzb");
    }
    for (int64_t at = 0; at < 100; at++) {
        add(evaluation, at, "Other", "pigeons again");
    }
    assert_int_equal(evaluation_run(evaluation, 50, false, &result, NULL), STATUS_OK);
    assert_int_equal(result.learned, 100);
    assert_int_equal(result.all.model.asked, 100);
    assert_in_range(result.all.model.first_right, 80, 99);
    assert_in_range(result.all.model.told, 80, 99);
    assert_int_equal(result.all.words.told, 0);
    assert_int_equal(result.all.frequent_right, 0);
    assert_int_equal(result.topic_count, 1);
    assert_string_equal(result.topics[0].key, "Unlisted");
    assert_false(result.topics[0].listed);
    assert_int_equal(result.topics[0].learned, 100);
    evaluation_free(evaluation);
    city_free(city);
}

static void learns_nothing_more_when_frozen(void **state)
{
    struct city *city = small_pack();
    struct evaluation *evaluation = evaluation_new(city);
    struct evaluate_result result;
    (void)state;
    add(evaluation, 1, "Other", "pigeons");
    for (int64_t at = 2; at < 5; at++) {
        add(evaluation, at, "Unlisted", "grzb");
    }
    assert_int_equal(evaluation_run(evaluation, 25, true, &result, NULL), STATUS_OK);
    assert_int_equal(result.learned, 1);
    assert_int_equal(result.all.model.asked, 3);
    assert_int_equal(result.all.model.told, 0);
    evaluation_free(evaluation);
    city_free(city);
}

static void measures_the_pack_s_words_beside_what_was_learned(void **state)
{
    struct city *city = small_pack();
    struct evaluation *evaluation = evaluation_new(city);
    struct evaluate_result result;
    (void)state;
    for (int64_t at = 0; at < 6; at++) {
        add(evaluation, at, "Illegal Parking", "A car is illegally parked at the hydrant");
    }
    add(evaluation, 7, "Abandoned Vehicle", "An abandoned car with a flat tire");
    assert_int_equal(evaluation_run(evaluation, 0, false, &result, NULL), STATUS_OK);
    assert_int_equal(result.learned, 0);
    assert_int_equal(result.all.words.asked, 7);
    assert_int_equal(result.all.words.first_right, 7);
    assert_int_equal(result.all.words.told_first_right, 7);
    assert_int_equal(result.all.model.first_right, 7);
    assert_string_equal(result.topics[0].key, "Illegal Parking");
    assert_int_equal(result.topics[0].words.first_right, 6);
    assert_int_equal(result.steps[0].told, 7);
    assert_true(result.steps[9].told <= result.steps[8].told);
    evaluation_free(evaluation);
    city_free(city);
}

static void refuses_what_it_cannot_measure(void **state)
{
    struct city *city = small_pack();
    struct evaluation *evaluation = evaluation_new(city);
    struct evaluate_result result;
    struct error err = ERROR_NONE;
    char topic[32];
    (void)state;
    assert_int_equal(evaluation_run(evaluation, 70, false, &result, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_int_equal(evaluation_add(evaluation, 0, "Other", "\xFF", &err), STATUS_INVALID_ARGUMENT);
    for (size_t i = city_topic_count(city); i < SUGGEST_TOPICS_MAX; i++) {
        snprintf(topic, sizeof(topic), "topic %zu", i);
        add(evaluation, 0, topic, "words");
    }
    assert_int_equal(evaluation_add(evaluation, 0, "one too many", "words", &err),
                     STATUS_RESOURCE_EXHAUSTED);
    evaluation_free(evaluation);
    city_free(city);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_before_it_learns_in_order_of_time),
        cmocka_unit_test(learns_nothing_more_when_frozen),
        cmocka_unit_test(measures_the_pack_s_words_beside_what_was_learned),
        cmocka_unit_test(refuses_what_it_cannot_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
