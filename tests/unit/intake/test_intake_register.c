/* Registering: what a call leaves in the log, and what it does not. */
#include "intake_desk.h"

#include "text/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void gives_numbers_from_one_and_codes_of_ten_digits(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    char before[CODE_SIZE] = "";
    for (uint64_t number = 1; number <= 20; number++) {
        Intake__RegisterCaseRequest request = desk_request();
        const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
        assert_int_equal(response->number, number);
        assert_false(response->already_registered);
        assert_int_equal(strspn(response->code, "0123456789"), CODE_DIGITS);
        assert_int_equal(strlen(response->code), CODE_DIGITS);
        assert_string_not_equal(response->code, before);
        strcpy(before, response->code);
        assert_int_equal(desk_get(rig, response->code)->case_data->number, number);
    }
    assert_int_equal(rig_event_count(rig), 20);
    rig_free(rig);
}

static void registers_once_when_the_same_key_is_sent_twice(void **state)
{
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.idempotency_key = desk_key(rig, key);
    const Intake__RegisterCaseResponse *first = desk_register(rig, &request);
    rig_advance(rig, HOUR_US);
    const Intake__RegisterCaseResponse *second = desk_register(rig, &request);
    assert_string_equal(first->code, second->code);
    assert_int_equal(first->number, second->number);
    assert_false(second->already_registered);
    assert_int_equal(rig_event_count(rig), 1);
    rig_free(rig);
}

static void refuses_the_same_key_with_other_content(void **state)
{
    struct rig *rig = desk_open();
    uint8_t key[16];
    Intake__RegisterCaseRequest request = desk_request();
    (void)state;
    request.idempotency_key = desk_key(rig, key);
    (void)desk_register(rig, &request);
    request.topic = "cleaning";
    desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "idempotency_key");
    rig_free(rig);
}

static void writes_down_what_was_decided(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    (void)state;
    point.latitude = 32.65;
    point.longitude = 51.67;
    place.point = &point;
    place.area = "5";
    place.thing = "تیر برق ۱۷";
    citizen.phone = DESK_PHONE;
    request.citizen = &citizen;
    request.place = &place;
    request.topic = "subsidence"; /* urgent, whatever the caller says */
    const Intake__RegisterCaseResponse *response = desk_register(rig, &request);
    const struct event *event = rig_event(rig, 1);
    const Intake__RequestRegistered *registered = desk_registered(rig, 1);
    assert_int_equal(event->recorded_at_us, rig_now_us(rig));
    assert_int_equal(event->occurred_at_us, rig_now_us(rig));
    assert_false(event->historical);
    assert_string_equal(registered->code, response->code);
    assert_int_equal(registered->channel, COMMON__CHANNEL__CHANNEL_PHONE);
    assert_int_equal(registered->urgency, COMMON__URGENCY__URGENCY_URGENT);
    assert_true(registered->topic_listed);
    assert_true(registered->can_be_called);
    assert_true(registered->place->point->latitude == 32.65);
    assert_string_equal(registered->place->area, "5");
    assert_string_equal(registered->place->thing, "تیر برق ۱۷");
    assert_int_equal(registered->citizen, 1);
    assert_int_equal(event->citizen, 1);
    rig_free(rig);
}

static void finds_the_same_citizen_by_every_spelling_of_a_phone(void **state)
{
    static const char *const spellings[] = {
        "09131234567",     "9131234567",
        "+989131234567",   "00989131234567",
        "989131234567",    "0913 123 4567",
        "(0913) 123-4567", "+98 (913) 123 45 67",
        "۰۹۱۳۱۲۳۴۵۶۷",     "٠٩١٣١٢٣٤٥٦٧",
        "+۹۸۹۱۳۱۲۳۴۵۶۷",   "۰۰۹۸ ۹۱۳ ۱۲۳ ۴۵۶۷",
        "۹۱۳-۱۲۳-۴۵۶۷",    "\u200E+98 913 1234567",
    };
    const size_t count = sizeof(spellings) / sizeof(spellings[0]);
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < count; i++) {
        (void)desk_register_from(rig, spellings[i], "");
        const Intake__RequestRegistered *registered = desk_registered(rig, i + 1);
        if (registered->citizen != 1) {
            fail_msg("\"%s\" is citizen %llu", spellings[i],
                     (unsigned long long)registered->citizen);
        }
        assert_true(registered->can_be_called);
        assert_int_equal(desk_list(rig, spellings[i], 100, 0)->n_cases, i + 1);
    }
    rig_free(rig);
}

static void tells_citizens_apart(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "");
    (void)desk_register_from(rig, "03132211111", "");
    (void)desk_register_from(rig, "+491701234567", "");
    (void)desk_register_from(rig, "32211111", ""); /* the second, as neighbours write it */
    assert_int_equal(desk_registered(rig, 1)->citizen, 1);
    assert_int_equal(desk_registered(rig, 2)->citizen, 2);
    assert_int_equal(desk_registered(rig, 3)->citizen, 3);
    assert_int_equal(desk_registered(rig, 4)->citizen, 2);
    rig_free(rig);
}

static void seals_words_without_a_phone_under_a_key_of_their_own(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const Intake__RegisterCaseResponse *first = desk_register_from(rig, NULL, "لطفاً زودتر");
    const Intake__RegisterCaseResponse *second = desk_register_from(rig, NULL, "لطفاً زودتر");
    assert_int_equal(desk_registered(rig, 1)->citizen, 1);
    assert_int_equal(desk_registered(rig, 2)->citizen, 2);
    assert_false(desk_registered(rig, 1)->can_be_called);
    assert_string_equal(desk_reveal(rig, first->code)->words, "لطفاً زودتر");
    assert_string_equal(desk_reveal(rig, second->code)->words, "لطفاً زودتر");
    assert_string_equal(desk_reveal(rig, second->code)->citizen->phone, "");
    rig_free(rig);
}

static void seals_nothing_where_nothing_is_personal(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen nobody = INTAKE__CITIZEN__INIT;
    (void)state;
    request.citizen = &nobody;
    (void)desk_register(rig, &request);
    assert_int_equal(desk_registered(rig, 1)->citizen, 0);
    assert_false(desk_registered(rig, 1)->can_be_called);
    assert_int_equal(rig_event(rig, 1)->citizen, 0);
    assert_int_equal(rig_event(rig, 1)->sealed.size, 0);
    rig_free(rig);
}

/* --- words --- */

static void keeps_words_exactly_as_given(void **state)
{
    static const char *const words[] = {
        "می\u200Cخواهم «آسفالت» شود؛ ۱۲۳٬۴۵۶ ريال، كوچهٔ علي",
        "👷🏽‍♀️🕳️🚧 لطفاً! 👨‍👩‍👧‍👦 🇮🇷",
        "أحتاج إلى المساعدة، الشارع مُغلَقٌ",
        "first line\n\tsecond line  with  spaces ",
        "\u202Bراست\u202C left",
        "e\xCC\x81 is not \xC3\xA9",
    };
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const Intake__RegisterCaseResponse *response =
            desk_register_from(rig, DESK_PHONE, words[i]);
        assert_string_equal(desk_reveal(rig, response->code)->words, words[i]);
    }
    rig_free(rig);
}

static void takes_four_thousand_characters_and_not_one_more(void **state)
{
    static const char *const characters[] = {"a", "چ", "\xF0\x9F\x95\xB3"};
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        char *words = desk_repeat(characters[i], 4000);
        const Intake__RegisterCaseResponse *response = desk_register_from(rig, DESK_PHONE, words);
        assert_string_equal(desk_reveal(rig, response->code)->words, words);
        free(words);
        Intake__RegisterCaseRequest request = desk_request();
        request.words = desk_repeat(characters[i], 4001);
        desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base,
                     STATUS_INVALID_ARGUMENT, "words");
        free(request.words);
    }
    rig_free(rig);
}

/* True when the bytes hold the text. */
static bool holds(struct bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

static void keeps_personal_data_out_of_what_followers_read(void **state)
{
    static const char name[] = "شهروند نمونه";
    static const char words[] = "خانهٔ ما کنار مدرسه است";
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    struct buffer open = BUFFER_EMPTY;
    (void)state;
    citizen.name = (char *)(uintptr_t)name;
    citizen.phone = DESK_PHONE;
    request.citizen = &citizen;
    request.words = (char *)(uintptr_t)words;
    (void)desk_register(rig, &request);
    const struct event *event = rig_event(rig, 1);
    message_pack(event->open, &open);
    const struct bytes parts[] = {buffer_bytes(&open), event->sealed};
    assert_true(event->sealed.size > sizeof(words) + sizeof(name));
    for (size_t i = 0; i < 2; i++) {
        assert_false(holds(parts[i], name));
        assert_false(holds(parts[i], "شهروند"));
        assert_false(holds(parts[i], words));
        assert_false(holds(parts[i], "مدرسه"));
        assert_false(holds(parts[i], "9131234567"));
    }
    buffer_fini(&open);
    rig_free(rig);
}

/* --- refusals --- */

static void names_the_field_of_a_bad_request(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request;
    Intake__Citizen citizen = INTAKE__CITIZEN__INIT;
    Common__Place place = COMMON__PLACE__INIT;
    Common__GeoPoint point = COMMON__GEO_POINT__INIT;
    (void)state;
    const struct {
        const char *field;
        Common__Channel channel;
        const char *topic;
        const char *phone;
        double latitude;
        const char *area;
        const char *source;
    } cases[] = {
        {"channel", 0, "asphalt", "", 0, "", ""},
        {"topic", COMMON__CHANNEL__CHANNEL_WEB, "no-such-topic", "", 0, "", ""},
        {"phone", COMMON__CHANNEL__CHANNEL_WEB, "asphalt", "12", 0, "", ""},
        {"latitude", COMMON__CHANNEL__CHANNEL_WEB, "asphalt", "", 91, "", ""},
        {"area", COMMON__CHANNEL__CHANNEL_WEB, "asphalt", "", 0, "no-such-area", ""},
        {"external_id", COMMON__CHANNEL__CHANNEL_WEB, "asphalt", "", 0, "", "web"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        request = desk_request();
        request.channel = cases[i].channel;
        request.topic = (char *)(uintptr_t)cases[i].topic;
        citizen.phone = (char *)(uintptr_t)cases[i].phone;
        point.latitude = cases[i].latitude;
        place.area = (char *)(uintptr_t)cases[i].area;
        place.point = &point;
        request.citizen = &citizen;
        request.place = &place;
        request.source = (char *)(uintptr_t)cases[i].source;
        bool is_unknown = strstr(cases[i].topic, "no-such") != NULL || cases[i].area[0] != '\0';
        desk_refuses(rig, RPC_ROLE_FRONT_END, "RegisterCase", &request.base,
                     is_unknown ? STATUS_NOT_FOUND : STATUS_INVALID_ARGUMENT, cases[i].field);
    }
    rig_free(rig);
}

static void takes_requests_from_desks_and_imports_only(void **state)
{
    static const enum rpc_role others[] = {RPC_ROLE_NONE, RPC_ROLE_OFFICE, RPC_ROLE_SERVICE,
                                           RPC_ROLE_LEADERSHIP};
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        Intake__RegisterCaseRequest request = desk_request();
        desk_refuses(rig, others[i], "RegisterCase", &request.base, STATUS_PERMISSION_DENIED, "");
    }
    rig_free(rig);
}

/* --- names of other systems --- */

static const Intake__RegisterCaseResponse *register_named(struct rig *rig, const char *source,
                                                          const char *external_id)
{
    Intake__RegisterCaseRequest request = desk_request();
    request.source = (char *)(uintptr_t)source;
    request.external_id = (char *)(uintptr_t)external_id;
    return desk_register(rig, &request);
}

static void registers_an_external_name_once_for_ever(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const Intake__RegisterCaseResponse *first = register_named(rig, "web", "17");
    rig_advance(rig, 400 * 24 * HOUR_US);
    rig_restart(rig);
    const Intake__RegisterCaseResponse *again = register_named(rig, "web", "17");
    assert_true(again->already_registered);
    assert_string_equal(again->code, first->code);
    assert_int_equal(again->number, first->number);
    assert_int_equal(rig_event_count(rig), 1);
    /* What is alike is not the same. */
    assert_false(register_named(rig, "web", "1")->already_registered);
    assert_false(register_named(rig, "web1", "7")->already_registered);
    assert_false(register_named(rig, "17", "web")->already_registered);
    assert_int_equal(rig_event_count(rig), 4);
    rig_free(rig);
}

/* --- history --- */

static void imports_a_history_with_its_own_time_unit_and_due_date(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    history.occurred_at_us = INT64_C(1314525600000000); /* 2011-08-28 */
    history.due_at_us = INT64_C(1314700000000000);
    history.unit = "PWDx";
    request.history = &history;
    request.channel = COMMON__CHANNEL__CHANNEL_IMPORT;
    request.topic = "topic-of-another-age";
    const Intake__RegisterCaseResponse *response = desk_import(rig, &request);
    const struct event *event = rig_event(rig, 1);
    assert_true(event->historical);
    assert_int_equal(event->occurred_at_us, history.occurred_at_us);
    assert_int_equal(event->recorded_at_us, rig_now_us(rig));
    assert_string_equal(desk_registered(rig, 1)->unit, "PWDx");
    assert_false(desk_registered(rig, 1)->topic_listed);
    const Intake__Case *told = desk_get(rig, response->code)->case_data;
    assert_true(told->historical);
    assert_false(told->topic_listed);
    assert_int_equal(told->occurred_at_us, history.occurred_at_us);
    assert_int_equal(told->registered_at_us, rig_now_us(rig));
    assert_int_equal(told->due_at_us, history.due_at_us);
    rig_free(rig);
}

/* As the import role, with a key of its own. */
static Intake__RegisterCaseRequest request_of_history(Intake__History *history, int64_t at_us)
{
    Intake__RegisterCaseRequest request = desk_request();
    history->occurred_at_us = at_us;
    request.history = history;
    return request;
}

static void imports_a_history_from_the_beginning_of_1970_until_now(void **state)
{
    struct rig *rig = desk_open();
    Intake__History history = INTAKE__HISTORY__INIT;
    Intake__RegisterCaseRequest request = request_of_history(&history, 0);
    (void)state;
    (void)desk_import(rig, &request);
    assert_int_equal(rig_event(rig, 1)->occurred_at_us, 1); /* not now */
    request = request_of_history(&history, rig_now_us(rig));
    (void)desk_import(rig, &request);
    assert_int_equal(rig_event(rig, 2)->occurred_at_us, rig_now_us(rig));
    request = request_of_history(&history, rig_now_us(rig) + 1);
    desk_refuses(rig, RPC_ROLE_IMPORT, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "occurred_at_us");
    request = request_of_history(&history, -1);
    desk_refuses(rig, RPC_ROLE_IMPORT, "RegisterCase", &request.base, STATUS_INVALID_ARGUMENT,
                 "occurred_at_us");
    rig_free(rig);
}

static void takes_histories_from_imports_only(void **state)
{
    static const enum rpc_role others[] = {RPC_ROLE_FRONT_END, RPC_ROLE_ADMIN};
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest request = desk_request();
    Intake__History history = INTAKE__HISTORY__INIT;
    (void)state;
    request.history = &history;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        desk_refuses(rig, others[i], "RegisterCase", &request.base, STATUS_PERMISSION_DENIED,
                     "history");
    }
    rig_free(rig);
}

/* Words are sealed before the writer has its turn: what was sealed for a citizen who did not exist
 * yet must not make two of one, nor give one number to two. */
static void calls_that_come_together_agree_on_who_called(void **state)
{
    static const char *const phones[] = {
        "09130000001", "09130000002", "09130000001", "", "09130000002", "", "09130000001"};
    static const uint64_t same_as[] = {0, 1, 0, 3, 1, 5, 0};
    enum { COUNT = sizeof(phones) / sizeof(phones[0]) };
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest requests[COUNT];
    Intake__Citizen citizens[COUNT];
    ProtobufCMessage *messages[COUNT];
    const ProtobufCMessage *responses[COUNT];
    char words[COUNT][16];
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        requests[i] = desk_request();
        intake__citizen__init(&citizens[i]);
        citizens[i].phone = (char *)(uintptr_t)phones[i];
        snprintf(words[i], sizeof(words[i]), "words %zu", i);
        requests[i].words = words[i];
        requests[i].citizen = &citizens[i];
        messages[i] = &requests[i].base;
    }
    rig_call_together(rig, RPC_ROLE_FRONT_END, "RegisterCase", messages, COUNT, responses);
    for (size_t i = 0; i < COUNT; i++) {
        const Intake__RegisterCaseResponse *response = (const void *)responses[i];
        uint64_t citizen = desk_registered(rig, response->number)->citizen;
        for (size_t j = 0; j < i; j++) {
            uint64_t other =
                desk_registered(rig, ((const Intake__RegisterCaseResponse *)responses[j])->number)
                    ->citizen;
            assert_int_equal(citizen == other, same_as[i] == same_as[j]);
        }
        assert_string_equal(desk_reveal(rig, response->code)->words, words[i]);
    }
    rig_free(rig);
}

static void goes_on_after_a_restart(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const Intake__RegisterCaseResponse *first = desk_register_from(rig, DESK_PHONE, "اول");
    rig_restart(rig);
    const Intake__RegisterCaseResponse *second = desk_register_from(rig, DESK_PHONE, "دوم");
    assert_int_equal(second->number, 2);
    assert_string_not_equal(first->code, second->code);
    assert_int_equal(desk_registered(rig, 2)->citizen, 1);
    rig_restart(rig);
    assert_int_equal(desk_get(rig, first->code)->case_data->number, 1);
    assert_string_equal(desk_reveal(rig, first->code)->words, "اول");
    assert_string_equal(desk_reveal(rig, second->code)->words, "دوم");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_numbers_from_one_and_codes_of_ten_digits),
        cmocka_unit_test(registers_once_when_the_same_key_is_sent_twice),
        cmocka_unit_test(refuses_the_same_key_with_other_content),
        cmocka_unit_test(writes_down_what_was_decided),
        cmocka_unit_test(finds_the_same_citizen_by_every_spelling_of_a_phone),
        cmocka_unit_test(tells_citizens_apart),
        cmocka_unit_test(seals_words_without_a_phone_under_a_key_of_their_own),
        cmocka_unit_test(seals_nothing_where_nothing_is_personal),
        cmocka_unit_test(keeps_words_exactly_as_given),
        cmocka_unit_test(takes_four_thousand_characters_and_not_one_more),
        cmocka_unit_test(keeps_personal_data_out_of_what_followers_read),
        cmocka_unit_test(names_the_field_of_a_bad_request),
        cmocka_unit_test(takes_requests_from_desks_and_imports_only),
        cmocka_unit_test(registers_an_external_name_once_for_ever),
        cmocka_unit_test(imports_a_history_with_its_own_time_unit_and_due_date),
        cmocka_unit_test(imports_a_history_from_the_beginning_of_1970_until_now),
        cmocka_unit_test(takes_histories_from_imports_only),
        cmocka_unit_test(calls_that_come_together_agree_on_who_called),
        cmocka_unit_test(goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
