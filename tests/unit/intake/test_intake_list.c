/* A citizen's requests, found by phone. */
#include "intake_desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void lists_newest_first_in_pages(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        (void)desk_register_from(rig, DESK_PHONE, "");        /* odd numbers */
        (void)desk_register_from(rig, "0311 000 00 00", "x"); /* even ones, of somebody else */
    }
    static const size_t sizes[] = {3, 3, 1};
    uint64_t token = 0;
    uint64_t expected = 13;
    for (size_t page = 0; page < 3; page++) {
        const Intake__ListCasesResponse *response = desk_list(rig, DESK_PHONE, 3, token);
        assert_int_equal(response->n_cases, sizes[page]);
        for (size_t i = 0; i < response->n_cases; i++, expected -= 2) {
            assert_int_equal(response->cases[i]->number, expected);
        }
        token = response->next_page_token;
        assert_int_equal(token != 0, page < 2);
    }
    rig_free(rig);
}

static void ends_with_a_full_page(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        (void)desk_register_from(rig, DESK_PHONE, "");
    }
    assert_int_equal(desk_list(rig, DESK_PHONE, 0, 0)->n_cases, 20); /* 0 means 20 */
    assert_int_equal(desk_list(rig, DESK_PHONE, 0, 0)->next_page_token, 0);
    assert_int_equal(desk_list(rig, DESK_PHONE, 19, 0)->next_page_token, 2);
    assert_int_equal(desk_list(rig, DESK_PHONE, 19, 2)->n_cases, 1);
    assert_int_equal(desk_list(rig, DESK_PHONE, 19, 1)->n_cases, 0);
    rig_free(rig);
}

static void keeps_its_place_while_requests_come_in(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        (void)desk_register_from(rig, DESK_PHONE, "");
    }
    uint64_t token = desk_list(rig, DESK_PHONE, 2, 0)->next_page_token;
    (void)desk_register_from(rig, DESK_PHONE, "");
    const Intake__ListCasesResponse *second = desk_list(rig, DESK_PHONE, 2, token);
    assert_int_equal(second->n_cases, 2);
    assert_int_equal(second->cases[0]->number, 2);
    assert_int_equal(second->cases[1]->number, 1);
    rig_free(rig);
}

static void tells_each_request_in_full(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    const char *code = desk_register_from(rig, DESK_PHONE, "محرمانه")->code;
    const Intake__ListCasesResponse *response = desk_list(rig, DESK_E164, 0, 0);
    assert_int_equal(response->n_cases, 1);
    assert_string_equal(response->cases[0]->code, code);
    assert_string_equal(response->cases[0]->topic, "asphalt");
    assert_true(response->cases[0]->can_be_called);
    assert_int_equal(response->cases[0]->state, INTAKE__CASE_STATE__CASE_STATE_REGISTERED);
    rig_free(rig);
}

static void lists_nothing_for_a_phone_nobody_called_from(void **state)
{
    struct rig *rig = desk_open();
    (void)state;
    (void)desk_register_from(rig, DESK_PHONE, "");
    (void)desk_register_from(rig, NULL, "بی‌شماره");
    const Intake__ListCasesResponse *response = desk_list(rig, "09139999999", 0, 0);
    assert_int_equal(response->n_cases, 0);
    assert_int_equal(response->next_page_token, 0);
    rig_free(rig);
}

static void names_the_field_of_a_bad_list(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCasesRequest request = INTAKE__LIST_CASES_REQUEST__INIT;
    (void)state;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "phone");
    request.phone = DESK_PHONE;
    request.page_size = 101;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCases", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    request.page_size = 100;
    desk_refuses(rig, RPC_ROLE_OFFICE, "ListCases", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_newest_first_in_pages),
        cmocka_unit_test(ends_with_a_full_page),
        cmocka_unit_test(keeps_its_place_while_requests_come_in),
        cmocka_unit_test(tells_each_request_in_full),
        cmocka_unit_test(lists_nothing_for_a_phone_nobody_called_from),
        cmocka_unit_test(names_the_field_of_a_bad_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
