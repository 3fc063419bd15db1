/* Searching: what fits, and pages that stay where they are while new requests come in. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Intake__SearchCasesResponse *search(struct rig *rig,
                                                 Intake__SearchCasesRequest *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, "SearchCases", &request->base, &response, &err) !=
        STATUS_OK) {
        fail_msg("field \"%s\": %s", err.field, err.message);
    }
    return (const Intake__SearchCasesResponse *)response;
}

static char *register_at(struct rig *rig, const char *topic, const char *area, const char *street)
{
    Intake__RegisterCaseRequest request = desk_request();
    Common__Place place = COMMON__PLACE__INIT;
    place.area = text(area);
    place.street = text(street);
    request.topic = text(topic);
    request.place = &place;
    rig_advance(rig, MINUTE_US);
    return text(desk_register(rig, &request)->code);
}

/* Fails unless just these numbers are found, in this order. */
static void finds(struct rig *rig, Intake__SearchCasesRequest request, const uint64_t *numbers,
                  size_t count)
{
    const Intake__SearchCasesResponse *response = search(rig, &request);
    assert_int_equal(response->n_cases, count);
    assert_int_equal(response->next_page_token, 0);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->cases[i]->number, numbers[i]);
    }
}

static void finds_what_fits_all_that_is_given(void **state)
{
    struct rig *rig = desk_open();
    const Intake__SearchCasesRequest any = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Intake__SearchCasesRequest request;
    (void)state;
    char *first = register_at(rig, "asphalt", "5", "خیابان چهارباغ");
    int64_t first_us = rig_now_us(rig);
    (void)register_at(rig, "garbage", "3", "کوی ياس");
    (void)register_at(rig, "asphalt", "3", "");
    (void)desk_register_from(rig, DESK_PHONE, "");
    finds(rig, any, (const uint64_t[]){4, 3, 2, 1}, 4);
    request = any;
    request.topic = text("asphalt");
    finds(rig, request, (const uint64_t[]){4, 3, 1}, 3);
    request.area = text("3");
    finds(rig, request, (const uint64_t[]){3}, 1);
    request = any;
    request.place_words = text("كوي یاس");
    finds(rig, request, (const uint64_t[]){2}, 1);
    request = any;
    request.phone = text(DESK_PHONE);
    finds(rig, request, (const uint64_t[]){4}, 1);
    request.phone = text("09139999999");
    finds(rig, request, NULL, 0);
    request = any;
    request.code = first;
    finds(rig, request, (const uint64_t[]){1}, 1);
    request.topic = text("garbage");
    finds(rig, request, NULL, 0);
    request = any;
    request.until_us = first_us + 1;
    finds(rig, request, (const uint64_t[]){1}, 1);
    request.from_us = first_us + 1;
    request.until_us = 0;
    finds(rig, request, (const uint64_t[]){4, 3, 2}, 3);
    request = any;
    request.state = INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    finds(rig, request, NULL, 0);
    request.state = INTAKE__CASE_STATE__CASE_STATE_REGISTERED;
    finds(rig, request, (const uint64_t[]){4, 3, 2, 1}, 4);
    rig_free(rig);
}

static void finds_by_the_name_of_another_system(void **state)
{
    struct rig *rig = desk_open();
    Intake__RegisterCaseRequest registration = desk_request();
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    (void)state;
    registration.source = text("web");
    registration.external_id = text("w-1");
    (void)desk_register(rig, &registration);
    registration.external_id = text("w-2");
    registration.idempotency_key = (ProtobufCBinaryData){0, NULL};
    (void)desk_register(rig, &registration);
    request.source = text("web");
    finds(rig, request, (const uint64_t[]){2, 1}, 2);
    request.external_id = text("w-1");
    finds(rig, request, (const uint64_t[]){1}, 1);
    request.external_id = text("w-3");
    finds(rig, request, NULL, 0);
    rig_free(rig);
}

static void finds_what_was_amended_under_what_it_is_now(void **state)
{
    struct rig *rig = desk_open();
    Intake__AmendCaseRequest amend = INTAKE__AMEND_CASE_REQUEST__INIT;
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    (void)state;
    amend.code = register_at(rig, "asphalt", "5", "");
    amend.topic = text("garbage");
    amend.reason = text("why");
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "AmendCase", &amend.base, NULL, NULL),
                     STATUS_OK);
    request.topic = text("garbage");
    finds(rig, request, (const uint64_t[]){1}, 1);
    request.topic = text("asphalt");
    finds(rig, request, NULL, 0);
    rig_free(rig);
}

/* Whatever the place is named by, and however that is spelled. */
static void finds_every_part_of_a_place(void **state)
{
    struct rig *rig = desk_open();
    Common__Place place = COMMON__PLACE__INIT;
    const struct {
        char **part;
        char *given;
        char *asked;
    } parts[] = {
        {&place.neighbourhood, text("کوی یاس"), text("یاس")},
        {&place.street, text("خیابان چهارباغ"), text("چهارباغ")},
        {&place.landmark, text("روبه‌روی مسجد"), text("مسجد")},
        {&place.thing, text("نیمکت ۷"), text("نیمکت 7")},
        {&place.line, text("خط ۹۱"), text("91")},
        {&place.direction, text("به سمت شاهین‌شهر"), text("شاهين شهر")},
        {&place.stop, text("دروازه دولت"), text("دروازه")},
        {&place.pole, text("۴۴۱۱"), text("4411")},
        {&place.vehicle, text("۱۰۲۳"), text("1023")},
    };
    const size_t count = sizeof(parts) / sizeof(parts[0]);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        Intake__RegisterCaseRequest request = desk_request();
        request.place = &place;
        *parts[i].part = parts[i].given;
        (void)desk_register(rig, &request);
        *parts[i].part = (char *)(uintptr_t)protobuf_c_empty_string;
    }
    for (size_t i = 0; i < count; i++) {
        Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
        request.place_words = parts[i].asked;
        finds(rig, request, (const uint64_t[]){i + 1}, 1);
    }
    rig_free(rig);
}

/* Of what does not fit nothing is kept, however much citizens have said. */
static void searches_by_a_state_that_nobody_has(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    char *words = desk_repeat("\xF0\x9F\x98\x80", 4000);
    (void)state;
    for (int i = 0; i < 700; i++) {
        (void)desk_register_from(rig, NULL, words);
    }
    request.state = INTAKE__CASE_STATE__CASE_STATE_CONFIRMED;
    finds(rig, request, NULL, 0);
    free(words);
    rig_free(rig);
}

static void pages_stay_while_new_requests_come_in(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    uint64_t expected = 7;
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        (void)register_at(rig, "asphalt", "5", "");
    }
    request.page_size = 3;
    for (size_t page = 0; page < 3; page++) {
        const Intake__SearchCasesResponse *response = search(rig, &request);
        for (size_t i = 0; i < response->n_cases; i++) {
            assert_int_equal(response->cases[i]->number, expected--);
        }
        assert_int_equal(response->next_page_token != 0, page < 2);
        request.page_token = response->next_page_token;
        (void)register_at(rig, "asphalt", "5", "");
    }
    assert_int_equal(expected, 0);
    rig_free(rig);
}

static void looks_at_so_many_for_one_page_and_says_that_there_is_more(void **state)
{
    struct rig *rig = desk_open();
    Intake__SearchCasesRequest request = INTAKE__SEARCH_CASES_REQUEST__INIT;
    (void)state;
    (void)register_at(rig, "garbage", "3", "");
    for (size_t i = 0; i < 2000; i++) {
        Intake__RegisterCaseRequest registration = desk_request();
        (void)desk_register(rig, &registration);
    }
    request.topic = text("garbage");
    const Intake__SearchCasesResponse *response = search(rig, &request);
    assert_int_equal(response->n_cases, 0);
    assert_int_equal(response->next_page_token, 2);
    request.page_token = response->next_page_token;
    finds(rig, request, (const uint64_t[]){1}, 1);
    rig_free(rig);
}

static void names_the_field_of_a_bad_search(void **state)
{
    struct rig *rig = desk_open();
    const Intake__SearchCasesRequest any = INTAKE__SEARCH_CASES_REQUEST__INIT;
    Intake__SearchCasesRequest request = any;
    (void)state;
    request.page_size = 101;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    request = any;
    request.phone = text("12");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "phone");
    request = any;
    request.code = text("123");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "code");
    request = any;
    request.external_id = text("w-1");
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "source");
    request = any;
    request.from_us = 5;
    request.until_us = 5;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "until_us");
    request = any;
    request.state = (Intake__CaseState)99;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "SearchCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "state");
    request = any;
    desk_refuses(rig, RPC_ROLE_OFFICE, "SearchCases", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_fits_all_that_is_given),
        cmocka_unit_test(finds_by_the_name_of_another_system),
        cmocka_unit_test(finds_what_was_amended_under_what_it_is_now),
        cmocka_unit_test(finds_every_part_of_a_place),
        cmocka_unit_test(searches_by_a_state_that_nobody_has),
        cmocka_unit_test(pages_stay_while_new_requests_come_in),
        cmocka_unit_test(looks_at_so_many_for_one_page_and_says_that_there_is_more),
        cmocka_unit_test(names_the_field_of_a_bad_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
