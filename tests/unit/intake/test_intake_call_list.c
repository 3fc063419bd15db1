/* The hotline's calls, listed. */
#include "tests/support/text.h"

#include "intake_desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RESULT(name) INTAKE__CALL_RESULT__CALL_RESULT_##name

static const ProtobufCMessage *must(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    const ProtobufCMessage *response = NULL;
    struct error err = ERROR_NONE;
    if (rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err) != STATUS_OK) {
        fail_msg("%s: field \"%s\": %s", method, err.field, err.message);
    }
    return response;
}

/* Opens a call a minute after the one before, and ends it so (unset: it goes on). */
static void call(struct rig *rig, const char *operator, Intake__CallResult result)
{
    Intake__OpenCallRequest open = INTAKE__OPEN_CALL_REQUEST__INIT;
    Intake__EndCallRequest end = INTAKE__END_CALL_REQUEST__INIT;
    rig_advance(rig, MINUTE_US);
    open.channel = COMMON__CHANNEL__CHANNEL_PHONE;
    open.operator_name = text(operator);
    end.call_number =
        ((const Intake__OpenCallResponse *)must(rig, "OpenCall", &open.base))->call_number;
    end.result = result;
    if (result != RESULT(UNSPECIFIED)) {
        (void)must(rig, "EndCall", &end.base);
    }
}

static const Intake__ListCallsResponse *list(struct rig *rig, Intake__ListCallsRequest *request)
{
    return (const void *)must(rig, "ListCalls", &request->base);
}

static void lists_the_newest_first_without_personal_data(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCallsRequest request = INTAKE__LIST_CALLS_REQUEST__INIT;
    (void)state;
    assert_int_equal(list(rig, &request)->n_calls, 0);
    call(rig, "سمیه", RESULT(INFORMED));
    call(rig, "سمیه", RESULT(UNSPECIFIED));
    const Intake__ListCallsResponse *page = list(rig, &request);
    assert_int_equal(page->n_calls, 2);
    assert_int_equal(page->calls[0]->number, 2);
    assert_int_equal(page->calls[0]->ended_at_us, 0);
    assert_int_equal(page->calls[1]->number, 1);
    assert_int_equal(page->calls[1]->result, RESULT(INFORMED));
    assert_int_equal(page->next_page_token, 0);
    rig_free(rig);
}

static void lists_only_what_is_asked_for(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCallsRequest abandoned = INTAKE__LIST_CALLS_REQUEST__INIT;
    Intake__ListCallsRequest open = INTAKE__LIST_CALLS_REQUEST__INIT;
    Intake__ListCallsRequest hers = INTAKE__LIST_CALLS_REQUEST__INIT;
    (void)state;
    call(rig, "سمیه", RESULT(INFORMED));
    call(rig, "زهرا", RESULT(ABANDONED));
    call(rig, "زهرا", RESULT(UNSPECIFIED));
    abandoned.result = RESULT(ABANDONED);
    assert_int_equal(list(rig, &abandoned)->n_calls, 1);
    assert_int_equal(list(rig, &abandoned)->calls[0]->number, 2);
    open.open_only = true;
    assert_int_equal(list(rig, &open)->n_calls, 1);
    assert_int_equal(list(rig, &open)->calls[0]->number, 3);
    hers.operator_name = text("زهرا");
    assert_int_equal(list(rig, &hers)->n_calls, 2);
    rig_free(rig);
}

/* Every span of five calls, against looking at each. */
static void a_span_of_time_begins_and_ends_where_it_says(void **state)
{
    struct rig *rig = desk_open();
    int64_t opened_us[5];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        call(rig, "سمیه", RESULT(SILENT));
        opened_us[i] = rig_now_us(rig);
    }
    for (size_t from = 0; from < 5; from++) {
        for (size_t until = from; until < 5; until++) {
            Intake__ListCallsRequest request = INTAKE__LIST_CALLS_REQUEST__INIT;
            request.from_us = opened_us[from];
            request.until_us = opened_us[until] + 1;
            const Intake__ListCallsResponse *page = list(rig, &request);
            assert_int_equal(page->n_calls, until - from + 1);
            assert_int_equal(page->calls[0]->number, until + 1);
            if (until > from) {
                request.until_us = opened_us[until];
                assert_int_equal(list(rig, &request)->n_calls, until - from);
            }
        }
    }
    rig_free(rig);
}

static void new_calls_move_nothing_on_the_pages_to_come(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCallsRequest request = INTAKE__LIST_CALLS_REQUEST__INIT;
    uint64_t expected = 5;
    (void)state;
    for (int i = 0; i < 5; i++) {
        call(rig, "سمیه", RESULT(SILENT));
    }
    request.page_size = 2;
    do {
        const Intake__ListCallsResponse *page = list(rig, &request);
        for (size_t i = 0; i < page->n_calls; i++) {
            assert_int_equal(page->calls[i]->number, expected--);
        }
        request.page_token = page->next_page_token;
        call(rig, "زهرا", RESULT(SILENT));
    } while (request.page_token != 0);
    assert_int_equal(expected, 0);
    rig_free(rig);
}

/* So many are looked at for one page that does not fill: the next goes on there. */
static void a_page_ends_after_so_many_that_do_not_fit(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCallsRequest request = INTAKE__LIST_CALLS_REQUEST__INIT;
    (void)state;
    call(rig, "زهرا", RESULT(SILENT));
    for (int i = 0; i < 2000; i++) {
        call(rig, "سمیه", RESULT(UNSPECIFIED));
    }
    request.operator_name = text("زهرا");
    const Intake__ListCallsResponse *page = list(rig, &request);
    assert_int_equal(page->n_calls, 0);
    assert_int_equal(page->next_page_token, 2);
    request.page_token = page->next_page_token;
    page = list(rig, &request);
    assert_int_equal(page->n_calls, 1);
    assert_int_equal(page->next_page_token, 0);
    rig_free(rig);
}

static void names_the_field_of_a_bad_question(void **state)
{
    struct rig *rig = desk_open();
    Intake__ListCallsRequest request = INTAKE__LIST_CALLS_REQUEST__INIT;
    (void)state;
    request.result = (Intake__CallResult)99;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT,
                 "result");
    request.result = RESULT(INFORMED);
    request.open_only = true;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT,
                 "result");
    request.open_only = false;
    request.from_us = 10;
    request.until_us = 10;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT,
                 "until_us");
    request.from_us = 0;
    request.page_size = 101;
    desk_refuses(rig, RPC_ROLE_FRONT_END, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT,
                 "page_size");
    request.page_size = 0;
    desk_refuses(rig, RPC_ROLE_OFFICE, "ListCalls", &request.base, STATUS_PERMISSION_DENIED, "");
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_the_newest_first_without_personal_data),
        cmocka_unit_test(lists_only_what_is_asked_for),
        cmocka_unit_test(a_span_of_time_begins_and_ends_where_it_says),
        cmocka_unit_test(new_calls_move_nothing_on_the_pages_to_come),
        cmocka_unit_test(a_page_ends_after_so_many_that_do_not_fit),
        cmocka_unit_test(names_the_field_of_a_bad_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
