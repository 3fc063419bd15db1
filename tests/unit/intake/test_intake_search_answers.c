/* Searching by answers: what is asked is compared as it would be kept. */
#include "services/intake/intake_rules_search.h"
#include "tests/support/text.h"

#include "intake_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Fails unless just these numbers are found, in this order. */
static void finds(struct rig *rig, Intake__SearchCasesRequest request, const uint64_t *numbers,
                  size_t count)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, &response, &err) !=
        STATUS_OK) {
        fail_msg("field \"%s\": %s", err.field, err.message);
    }
    const Intake__SearchCasesResponse *found = (const Intake__SearchCasesResponse *)response;
    assert_int_equal(found->n_cases, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found->cases[i]->number, numbers[i]);
    }
}

static void register_with(struct rig *rig, const char *topic, Common__Answer **answers,
                          size_t count)
{
    Intake__RegisterCaseRequest request = desk_request();
    request.topic = text(topic);
    request.answers = answers;
    request.n_answers = count;
    (void)desk_register(rig, &request);
}

static Common__Answer answer(const char *question, char **values, size_t count)
{
    Common__Answer given = COMMON__ANSWER__INIT;
    given.question = text(question);
    given.values = values;
    given.n_values = count;
    return given;
}

static void finds_what_was_answered_so(void **state)
{
    struct rig *rig = desk_open();
    char *line[] = {text("۹۱")}, *stop[] = {text("دروازه دولت")}, *other[] = {text("۹")},
         *door[] = {text("دروازه")}, *latin[] = {text("91")}, *no[] = {text("no")},
         *none[] = {text("nothing")}, *wire[] = {text("wire")};
    Common__Answer lines = answer("line", line, 1), stops = answer("stop", stop, 1),
                   others = answer("line", other, 1), blocks = answer("blocks-road", no, 1),
                   touches = answer("touches", none, 1);
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    (void)state;
    register_with(rig, "bus-headway", (Common__Answer *[]){&lines, &stops}, 2);
    register_with(rig, "bus-headway", (Common__Answer *[]){&others, &stops}, 2);
    register_with(rig, "broken-branch", (Common__Answer *[]){&blocks, &touches}, 2);
    Common__Answer asked = answer("line", latin, 1);
    Common__Answer part = answer("stop", door, 1);
    Common__Answer *both[] = {&asked, &part};
    request.answers = both;
    request.n_answers = 1;
    finds(rig, request, (const uint64_t[]){1}, 1);
    request.n_answers = 2;
    finds(rig, request, (const uint64_t[]){1}, 1);
    asked = answer("line", NULL, 0);
    finds(rig, request, (const uint64_t[]){2, 1}, 2);
    asked = answer("touches", none, 1);
    request.n_answers = 1;
    finds(rig, request, (const uint64_t[]){3}, 1);
    asked = answer("touches", wire, 1);
    finds(rig, request, NULL, 0);
    asked = answer("touches", (char *[]){text("noth")}, 1); /* a choice fits as a whole */
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers.touches");
    asked = answer("line", latin, 1);
    part = answer("line", latin, 1);
    request.n_answers = 2;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers");
    rig_free(rig);
}

/* Registers with that answer to that question; nothing else is told. */
static void register_answer(struct rig *rig, const char *topic, const char *question,
                            const char *value)
{
    Common__Answer given = answer(question, (char *[]){text(value)}, 1);
    register_with(rig, topic, (Common__Answer *[]){&given}, 1);
}

/* Fails unless just these are found, of the topic or, "", of any. */
static void finds_answer(struct rig *rig, const char *topic, const char *question,
                         const char *value, const uint64_t *numbers, size_t count)
{
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Common__Answer asked = answer(question, (char *[]){text(value)}, 1);
    request.topic = text(topic);
    request.answers = (Common__Answer *[]){&asked};
    request.n_answers = 1;
    finds(rig, request, numbers, count);
}

static void finds_a_time_however_it_is_written(void **state)
{
    static const char *const forms[] = {
        "1405-09-06 08:00",  "۱۴۰۵/۰۹/۰۶ ۰۸:۰۰",          "2026-11-27 08:00",
        "2026-11-27T04:30Z", "2026-11-27T08:00:00+03:30", "2026-11-27T04:30:00.000000Z",
    };
    struct rig *rig = desk_open();
    (void)state;
    register_answer(rig, "bus-headway", "time", "1405-09-06 08:00");
    register_answer(rig, "bus-headway", "time", "1405-09-06 08:01");
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        finds_answer(rig, "bus-headway", "time", forms[i], (const uint64_t[]){1}, 1);
        finds_answer(rig, "", "time", forms[i], (const uint64_t[]){1}, 1);
    }
    rig_free(rig);
}

/* The city's day: in UTC its first hours lie in the day before. */
static void finds_every_time_of_a_day(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    register_answer(rig, "bus-headway", "time", "1405-09-05 23:59:59");
    register_answer(rig, "bus-headway", "time", "1405-09-06 00:00");
    register_answer(rig, "noise", "time", "1405-09-06 23:59:59");
    register_answer(rig, "bus-headway", "time", "1405-09-07");
    finds_answer(rig, "bus-headway", "time", "1405-09-06", (const uint64_t[]){2}, 1);
    finds_answer(rig, "", "time", "1405/9/6", (const uint64_t[]){3, 2}, 2);
    finds_answer(rig, "", "time", "۲۰۲۶-۱۱-۲۷", (const uint64_t[]){3, 2}, 2);
    finds_answer(rig, "", "time", "1405-09-07", (const uint64_t[]){4}, 1);
    finds_answer(rig, "", "time", "1405-09-07 00:00", (const uint64_t[]){4}, 1);
    rig_free(rig);
}

static void keeps_a_number_in_one_form_and_finds_it_in_any(void **state)
{
    static const struct {
        const char *given, *kept;
    } numbers[] = {
        {"20", "20"},    {"۰۲۰", "20"},   {"20.0", "20"},        {"-0", "0"},
        {"000", "0"},    {"0.50", "0.5"}, {"-00.250", "-0.25"},  {"100", "100"},
        {"-0.000", "0"}, {"۳٫۵۰", "3.5"}, {"100.010", "100.01"}, {"-7", "-7"},
    };
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        register_answer(rig, "bus-headway", "waited", numbers[i].given);
        assert_string_equal(desk_registered(rig, i + 1)->answers[0]->values[0], numbers[i].kept);
    }
    finds_answer(rig, "bus-headway", "waited", "020", (const uint64_t[]){3, 2, 1}, 3);
    finds_answer(rig, "", "waited", "20.00", (const uint64_t[]){3, 2, 1}, 3);
    finds_answer(rig, "", "waited", "0", (const uint64_t[]){9, 5, 4}, 3);
    finds_answer(rig, "", "waited", "-0.25", (const uint64_t[]){7}, 1);
    finds_answer(rig, "", "waited", "2", NULL, 0);
    rig_free(rig);
}

/* Once the key is a number, once a choice, once one's own words. */
static void refuses_what_no_topic_can_have_been_answered(void **state)
{
    static const struct {
        const char *topic, *question, *value, *field; /* field NULL: it may be asked */
    } asked[] = {
        {"bus-headway", "waited", "long", "answers.waited"},
        {"", "waited", "long", "answers.waited"},
        {"", "time", "yesterday", "answers.time"},
        {"", "time", "1405-13-01", "answers.time"},
        {"bus-headway", "what", "nothing-of-it", "answers.what"},
        {"", "what", "nothing-of-it", NULL}, /* building-violation takes any text */
        {"building-violation", "what", "nothing-of-it", NULL},
        {"", "asked-by-no-pack", "whatever", NULL},
        {"asphalt", "waited", "long", NULL},
    };
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
        Common__Answer one = answer(asked[i].question, (char *[]){text(asked[i].value)}, 1);
        request.topic = text(asked[i].topic);
        request.answers = (Common__Answer *[]){&one};
        request.n_answers = 1;
        if (asked[i].field == NULL) {
            finds(rig, request, NULL, 0);
        } else {
            desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base,
                         STATUS_INVALID_ARGUMENT, asked[i].field);
        }
    }
    rig_free(rig);
}

/* Each value is compared with each request that is looked at. */
static void refuses_more_values_than_a_search_has_time_for(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    char *values[INTAKE_ASKED_VALUES_MAX + 1];
    (void)state;
    for (size_t i = 0; i <= INTAKE_ASKED_VALUES_MAX; i++) {
        values[i] = text("91");
    }
    Common__Answer asked = answer("line", values, INTAKE_ASKED_VALUES_MAX + 1);
    request.answers = (Common__Answer *[]){&asked};
    request.n_answers = 1;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers");
    asked.n_values = INTAKE_ASKED_VALUES_MAX;
    finds(rig, request, NULL, 0);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_answered_so),
        cmocka_unit_test(finds_a_time_however_it_is_written),
        cmocka_unit_test(finds_every_time_of_a_day),
        cmocka_unit_test(keeps_a_number_in_one_form_and_finds_it_in_any),
        cmocka_unit_test(refuses_what_no_topic_can_have_been_answered),
        cmocka_unit_test(refuses_more_values_than_a_search_has_time_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
