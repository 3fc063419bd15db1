/* Answers to a topic's questions, the questions themselves, and whose a matter is. */
#include "intake_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(text) ((char *)(uintptr_t)(text))
#define VALUES_MAX 4

/* Answers as a caller gives them. */
struct given {
    const char *question;
    const char *values[VALUES_MAX]; /* up to the first NULL */
};

struct sheet {
    Common__Answer answers[24];
    Common__Answer *list[24];
    char *values[24][VALUES_MAX];
};

static void put(Intake__RegisterCaseRequest *request, struct sheet *sheet,
                const struct given *given, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Common__Answer *answer = &sheet->answers[i];
        common__answer__init(answer);
        answer->question = TEXT(given[i].question);
        answer->values = sheet->values[i];
        while (answer->n_values < VALUES_MAX && given[i].values[answer->n_values] != NULL) {
            sheet->values[i][answer->n_values] = TEXT(given[i].values[answer->n_values]);
            answer->n_values++;
        }
        sheet->list[i] = answer;
    }
    request->answers = sheet->list;
    request->n_answers = count;
}

static void keeps_answers_in_one_form_and_shows_them(void **state)
{
    static const struct given given[] = {
        {"line", {"۱۲"}},     {"stop", {"دروازه شیراز"}}, {"time", {"۱۴۰۵/۰۹/۰۵ ۱۴:۳۰"}},
        {"waited", {"۲۵٫۵"}}, {"what", {"none"}},
    };
    struct rig *rig = desk_open();
    struct sheet sheet;
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.topic = "bus-headway";
    put(&request, &sheet, given, 5);
    const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
    const Intake__RequestRegistered *registered = desk_registered(rig, 1);
    assert_int_equal(registered->n_answers, 5);
    assert_string_equal(registered->answers[0]->question, "line");
    assert_string_equal(registered->answers[0]->values[0], "۱۲"); /* a name, not a number */
    assert_string_equal(registered->answers[2]->values[0], "2026-11-26T11:00:00.000000Z");
    assert_string_equal(registered->answers[3]->values[0], "25.5");
    const Intake__Case *told = desk_get(rig, response->code)->case_data;
    assert_int_equal(told->n_answers, 5);
    assert_string_equal(told->answers[4]->values[0], "none");
    assert_null(response->referral);
    rig_free(rig);
}

/* So that whoever follows the topic's questions finds the others at that stop (FindSame compares places). */
static void a_line_and_a_stop_that_are_answered_are_the_place(void **state)
{
    static const struct given given[] = {{"line", {"۱۲"}}, {"stop", {"دروازه شیراز"}}};
    struct rig *rig = desk_open();
    struct sheet sheet;
    Common__Place place = COMMON__PLACE__INIT;
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.topic = "bus-headway";
    put(&request, &sheet, given, 2);
    request.place = NULL;
    (void)desk_register(rig, &request);
    assert_string_equal(desk_registered(rig, 1)->place->line, "۱۲");
    assert_string_equal(desk_registered(rig, 1)->place->stop, "دروازه شیراز");
    place.line = "9"; /* what is given as the place stands */
    place.area = "5";
    request.place = &place;
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    (void)desk_register(rig, &request);
    assert_string_equal(desk_registered(rig, 2)->place->line, "9");
    assert_string_equal(desk_registered(rig, 2)->place->stop, "دروازه شیراز");
    assert_string_equal(desk_registered(rig, 2)->place->area, "5");
    char *long_line = desk_repeat("۱", 41); /* an answer may be longer than a part of a place */
    struct given too_long[] = {{"line", {long_line}}};
    put(&request, &sheet, too_long, 1);
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    request.place = NULL;
    (void)desk_register(rig, &request);
    assert_null(desk_registered(rig, 3)->place);
    free(long_line);
    rig_free(rig);
}

static void another_answer_is_another_place_unless_one_was_given(void **state)
{
    static const struct given first[] = {{"line", {"12"}}};
    static const struct given second[] = {{"line", {"13"}}};
    struct rig *rig = desk_open();
    struct sheet sheet, other;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *answer = NULL;
    Intake__RegisterCaseRequest request = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    request.topic = "bus-headway";
    put(&request, &sheet, first, 1);
    amend.code = TEXT(desk_register(rig, &request)->code);
    amend.reason = TEXT("another line");
    put(&request, &other, second, 1);
    amend.answers = request.answers;
    amend.n_answers = 1;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, &err),
                     STATUS_OK);
    assert_string_equal(desk_get(rig, amend.code)->case_data->place->line, "13");
    Common__Place given = COMMON__PLACE__INIT;
    given.line = "14";
    amend.place = &given;
    amend.idempotency_key = (ProtobufCBinaryData){0, NULL};
    put(&request, &other, first, 1);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, &err),
                     STATUS_OK);
    assert_string_equal(desk_get(rig, amend.code)->case_data->place->line, "14");
    rig_free(rig);
}

/* As when it is registered: also where the given one happens to be what was answered before. */
static void a_place_that_an_amendment_gives_stands_against_its_answers(void **state)
{
    static const struct given first[] = {{"line", {"12"}}, {"stop", {"4"}}};
    static const struct given second[] = {{"line", {"13"}}, {"stop", {"5"}}};
    struct rig *rig = desk_open();
    struct sheet sheet, other;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *answer = NULL;
    Common__Place given = COMMON__PLACE__INIT;
    Intake__RegisterCaseRequest request = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    request.topic = "bus-headway";
    put(&request, &sheet, first, 2);
    amend.code = TEXT(desk_register(rig, &request)->code);
    amend.reason = TEXT("heard wrongly");
    put(&request, &other, second, 2);
    amend.answers = request.answers;
    amend.n_answers = 2;
    given.line = "12";
    amend.place = &given;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, &err),
                     STATUS_OK);
    const Common__Place *place = desk_get(rig, amend.code)->case_data->place;
    assert_string_equal(place->line, "12");
    assert_string_equal(place->stop, "5"); /* what it leaves open is answered */
    rig_free(rig);
}

/* Both said the same, and it is the answer that is corrected. */
static void an_answer_that_is_amended_alone_moves_what_was_given_alike(void **state)
{
    static const struct given first[] = {{"line", {"12"}}};
    static const struct given second[] = {{"line", {"13"}}};
    struct rig *rig = desk_open();
    struct sheet sheet, other;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *answer = NULL;
    Common__Place given = COMMON__PLACE__INIT;
    Intake__RegisterCaseRequest request = desk_request();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    (void)state;
    given.line = "12";
    given.area = "5";
    request.topic = "bus-headway";
    request.place = &given;
    put(&request, &sheet, first, 1);
    amend.code = TEXT(desk_register(rig, &request)->code);
    amend.reason = TEXT("heard wrongly");
    put(&request, &other, second, 1);
    amend.answers = request.answers;
    amend.n_answers = 1;
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, &answer, &err),
                     STATUS_OK);
    assert_string_equal(desk_get(rig, amend.code)->case_data->place->line, "13");
    assert_string_equal(desk_get(rig, amend.code)->case_data->place->area, "5");
    rig_free(rig);
}

static void several_may_be_chosen_of_several_of(void **state)
{
    static const struct given given[] = {{"touches", {"wire", "car"}}};
    struct rig *rig = desk_open();
    struct sheet sheet;
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.topic = "broken-branch";
    put(&request, &sheet, given, 1);
    (void)desk_register(rig, &request);
    assert_int_equal(desk_registered(rig, 1)->answers[0]->n_values, 2);
    assert_string_equal(desk_registered(rig, 1)->answers[0]->values[1], "car");
    rig_free(rig);
}

static void refuses_what_the_topic_does_not_ask_naming_the_question(void **state)
{
    static const struct {
        const char *topic;
        struct given given[2];
        size_t count;
        const char *field;
    } cases[] = {
        {"bus-headway", {{"colour", {"red"}}}, 1, "answers.colour"},
        {"cleaning", {{"line", {"12"}}}, 1, "answers.line"},
        {"bus-headway", {{"line", {"12"}}, {"line", {"13"}}}, 2, "answers.line"},
        {"bus-headway", {{"line", {NULL}}}, 1, "answers.line"},
        {"bus-headway", {{"line", {""}}}, 1, "answers.line"},
        {"bus-headway", {{"line", {"12", "13"}}}, 1, "answers.line"},
        {"bus-headway", {{"line", {"1\n2"}}}, 1, "answers.line"},
        {"bus-headway", {{"waited", {"a while"}}}, 1, "answers.waited"},
        {"bus-headway", {{"waited", {"1e3"}}}, 1, "answers.waited"},
        {"bus-headway", {{"waited", {"."}}}, 1, "answers.waited"},
        {"bus-headway", {{"waited", {"1."}}}, 1, "answers.waited"},
        {"bus-headway", {{"waited", {"-"}}}, 1, "answers.waited"},
        {"bus-headway", {{"waited", {"1234567890123456"}}}, 1, "answers.waited"},
        {"bus-headway", {{"time", {"yesterday"}}}, 1, "answers.time"},
        {"bus-headway", {{"time", {"now"}}}, 1, "answers.time"},
        {"bus-headway", {{"time", {"-7d"}}}, 1, "answers.time"},
        {"bus-headway", {{"time", {"2026-13-01"}}}, 1, "answers.time"},
        {"bus-headway", {{"what", {"late"}}}, 1, "answers.what"},
        {"broken-branch", {{"touches", {"wire", "wire"}}}, 1, "answers.touches"},
        {"broken-branch", {{"touches", {"wire", "ghost"}}}, 1, "answers.touches"},
        {"bus-headway", {{"", {"12"}}}, 1, "answers"},
        {"lost-property", {{"line", {"12"}}}, 1, "answers.thing"}, /* it must be answered */
        {"lost-property", {{NULL, {NULL}}}, 0, "answers.thing"},
    };
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sheet sheet;
        Intake__RegisterCaseRequest request = desk_request();
        request.topic = TEXT(cases[i].topic);
        put(&request, &sheet, cases[i].given, cases[i].count);
        desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base,
                     STATUS_INVALID_ARGUMENT, cases[i].field);
    }
    rig_free(rig);
}

static void bounds_the_length_of_all_answers(void **state)
{
    struct rig *rig = desk_open();
    struct sheet sheet;
    Intake__RegisterCaseRequest request = desk_request();
    char *long_line = desk_repeat("خ", 201);
    char *long_text = desk_repeat("ط", 2001);
    (void)state;
    const struct given line[] = {{"line", {long_line}}};
    const struct given text[] = {{"needs", {long_text}}};
    request.topic = "bus-headway";
    put(&request, &sheet, line, 1);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers.line");
    request.topic = "accessibility";
    put(&request, &sheet, text, 1);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers.needs");
    long_text[2000 * strlen("ط")] = '\0';
    (void)desk_register(rig, &request);
    struct given many[21];
    for (size_t i = 0; i < 21; i++) {
        many[i] = (struct given){"line", {"12"}};
    }
    request = desk_request();
    put(&request, &sheet, many, 21);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers");
    const struct given all[] = {{"a", {long_text, long_text, "x"}}};
    put(&request, &sheet, all, 1);
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "answers");
    free(long_line);
    free(long_text);
    rig_free(rig);
}

static void a_history_needs_no_answers(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    request.topic = "lost-property";
    request.history = &history;
    (void)desk_import(rig, &request);
    assert_int_equal(desk_registered(rig, 1)->n_answers, 0);
    rig_free(rig);
}

/* --- whose it is --- */

static void what_is_none_of_the_city_s_is_registered_and_referred(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.topic = "water-cut";
    const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
    assert_string_equal(response->referral->unit, "water-company");
    assert_string_equal(response->referral->phone, "122");
    assert_non_null(strstr(response->referral->name_fa, "آب و فاضلاب"));
    assert_string_equal(desk_get(rig, response->code)->case_data->topic, "water-cut");
    request = desk_request();
    assert_null(desk_register(rig, &request)->referral);
    rig_free(rig);
}

/* Whoever has the other has this one, too. */
static void what_is_joined_is_referred_to_nobody(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    char *head = desk_register(rig, &request)->code;
    request = desk_request();
    request.topic = "water-cut";
    request.join = head;
    const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
    assert_string_equal(response->incident_code, head);
    assert_null(response->referral);
    rig_free(rig);
}

/* --- GetTopic, ListTopics --- */

static void tells_a_topic_with_its_questions_and_choices(void **state)
{
    struct rig *rig = desk_open();
    Intake__GetTopicRequest request = INTAKE__GET_TOPIC_REQUEST__INIT;
    const ProtobufCMessage *answer;
    struct error err = ERROR_NONE;
    (void)state;
    request.topic = "broken-branch";
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "GetTopic", &request.base, &answer, &err),
                     STATUS_OK);
    const Intake__Topic *topic = ((const Intake__GetTopicResponse *)answer)->topic;
    assert_string_equal(topic->key, "broken-branch");
    assert_true(topic->urgent);
    assert_null(topic->referral);
    assert_int_equal(topic->n_questions, 3);
    const Intake__Question *touches = topic->questions[1];
    assert_string_equal(touches->key, "touches");
    assert_int_equal(touches->kind, INTAKE__QUESTION_KIND__QUESTION_KIND_SEVERAL_OF);
    assert_int_equal(touches->n_choices, 4);
    assert_string_equal(touches->choices[0]->key, "wire");
    request.topic = "water-cut";
    assert_int_equal(rig_call(rig, RPC_ROLE_OFFICE, "GetTopic", &request.base, &answer, &err),
                     STATUS_OK);
    assert_string_equal(((const Intake__GetTopicResponse *)answer)->topic->referral->phone, "122");
    request.topic = "no-such-topic";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "GetTopic", &request.base, STATUS_NOT_FOUND, "topic");
    rig_free(rig);
}

static void lists_every_topic_once_in_pages(void **state)
{
    struct rig *rig = desk_open();
    struct city *city = NULL;
    size_t seen = 0;
    Intake__ListTopicsRequest request = INTAKE__LIST_TOPICS_REQUEST__INIT;
    (void)state;
    assert_int_equal(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL), STATUS_OK);
    request.page_size = 7;
    do {
        const ProtobufCMessage *answer;
        struct error err = ERROR_NONE;
        assert_int_equal(
            rig_call(rig, RPC_ROLE_FRONT_END, "ListTopics", &request.base, &answer, &err),
            STATUS_OK);
        const Intake__ListTopicsResponse *response = (const Intake__ListTopicsResponse *)answer;
        assert_true(response->n_topics > 0 && response->n_topics <= 7);
        for (size_t i = 0; i < response->n_topics; i++) {
            assert_string_equal(response->topics[i]->key, city_topic_at(city, seen++)->key);
        }
        request.page_token = response->next_page_token;
    } while (request.page_token != 0);
    assert_int_equal(seen, city_topic_count(city));
    request.page_size = 101;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListTopics", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    city_free(city);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_answers_in_one_form_and_shows_them),
        cmocka_unit_test(a_line_and_a_stop_that_are_answered_are_the_place),
        cmocka_unit_test(another_answer_is_another_place_unless_one_was_given),
        cmocka_unit_test(a_place_that_an_amendment_gives_stands_against_its_answers),
        cmocka_unit_test(an_answer_that_is_amended_alone_moves_what_was_given_alike),
        cmocka_unit_test(several_may_be_chosen_of_several_of),
        cmocka_unit_test(refuses_what_the_topic_does_not_ask_naming_the_question),
        cmocka_unit_test(bounds_the_length_of_all_answers),
        cmocka_unit_test(a_history_needs_no_answers),
        cmocka_unit_test(what_is_none_of_the_city_s_is_registered_and_referred),
        cmocka_unit_test(what_is_joined_is_referred_to_nobody),
        cmocka_unit_test(tells_a_topic_with_its_questions_and_choices),
        cmocka_unit_test(lists_every_topic_once_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
