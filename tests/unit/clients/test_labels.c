/* Words of the contract in two languages. */
#include "clients/vafa/labels.h"
#include "clients/vafa/labels_tables.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void reads_values_as_people_type_them(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *outcome = &followup__call_outcome__descriptor;
    const int no_answer = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER;
    assert_int_equal(label_enum_value(outcome, "no-answer"), no_answer);
    assert_int_equal(label_enum_value(outcome, "No_Answer"), no_answer);
    assert_int_equal(label_enum_value(outcome, "unspecified"), -1);
    assert_int_equal(label_enum_value(outcome, ""), -1);
    assert_int_equal(label_enum_value(&common__channel__descriptor, "walk_in"),
                     COMMON__CHANNEL__CHANNEL_WALK_IN);
}

static void knows_the_contracts_words(void **state)
{
    (void)state;
    char word[8];
    label_enum_word(&common__channel__descriptor, COMMON__CHANNEL__CHANNEL_WALK_IN, word,
                    sizeof(word));
    assert_string_equal(word, "walk_in");
    label_enum_word(&common__channel__descriptor, 999, word, sizeof(word));
    assert_string_equal(word, "");
}

static void lists_the_choices(void **state)
{
    (void)state;
    char choices[100];
    static const int partly[] = {FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY, 0};
    label_enum_choices(&followup__resolution__descriptor, NULL, choices, sizeof(choices));
    assert_string_equal(choices, "resolved, partly, unresolved");
    label_enum_choices(&followup__resolution__descriptor, partly, choices, sizeof(choices));
    assert_string_equal(choices, "resolved, unresolved");
}

/* The second would never be found. */
static void no_name_stands_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < labels_words_count; i++) {
        for (size_t j = i + 1; j < labels_words_count; j++) {
            assert_string_not_equal(labels_words[i].name, labels_words[j].name);
        }
    }
    for (size_t i = 0; i < labels_enums_count; i++) {
        for (size_t j = i + 1; j < labels_enums_count; j++) {
            assert_string_not_equal(labels_enums[i].name, labels_enums[j].name);
        }
    }
}

static void has_a_word_for_every_value_in_both_languages(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *const shown[] = {
        &common__channel__descriptor,
        &common__urgency__descriptor,
        &intake__case_state__descriptor,
        &intake__timeline_kind__descriptor,
        &intake__citizen_verdict__descriptor,
        &routing__task_state__descriptor,
        &routing__change_kind__descriptor,
        &followup__call_state__descriptor,
        &followup__call_outcome__descriptor,
        &followup__resolution__descriptor,
        &health__serving_state__descriptor,
        &intake__question_kind__descriptor,
        &intake__place_found__descriptor,
        &followup__session_state__descriptor,
        &followup__urgent_change_kind__descriptor,
    };
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        for (unsigned n = 0; n < shown[i]->n_values; n++) {
            const ProtobufCEnumValue *value = &shown[i]->values[n];
            if (value->value != 0) {
                assert_string_not_equal(label_enum(shown[i], value->value, "fa"), value->name);
                assert_string_not_equal(label_enum(shown[i], value->value, "en"), value->name);
            }
        }
    }
    assert_string_equal(label_enum(&common__channel__descriptor, 0, "fa"), "");
    assert_string_equal(label_enum(&common__channel__descriptor, 999, "fa"), "");
    assert_string_equal(label_word("a word we have not", "fa"), "a word we have not");
}

static void tells_the_end_of_an_import_in_both_languages(void **state)
{
    (void)state;
    assert_string_equal(label_word("import_adds_up", "en"), "it adds up");
    assert_string_equal(label_word("import_adds_up", "fa"), "جمع‌ها می‌خواند");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_values_as_people_type_them),
        cmocka_unit_test(knows_the_contracts_words),
        cmocka_unit_test(lists_the_choices),
        cmocka_unit_test(tells_the_end_of_an_import_in_both_languages),
        cmocka_unit_test(no_name_stands_twice),
        cmocka_unit_test(has_a_word_for_every_value_in_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
