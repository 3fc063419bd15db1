/* Managers' sessions: who opens them, for how long, and that they end by themselves. */
#include "tests/unit/followup/seat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HOST "مدیر منطقه"
#define OPEN FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN
#define CLOSED FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED

static Followup__OpenSessionRequest open_request(const char *unit)
{
    Followup__OpenSessionRequest request = FOLLOWUP__OPEN_SESSION_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)unit;
    request.host = (char *)(uintptr_t)HOST;
    return request;
}

static void refused(struct rig *rig, const char *unit, const char *method,
                    ProtobufCMessage *request, enum status status, const char *field)
{
    struct error err = ERROR_NONE;
    const void *response = NULL;
    uint64_t events = rig_event_count(rig);
    assert_int_equal(seat_call(rig, unit, method, request, &response, &err), status);
    assert_string_equal(err.field, field);
    assert_null(response);
    assert_int_equal(rig_event_count(rig), events);
}

static void opens_for_two_hours_with_the_units_under_its_own(void **state)
{
    struct rig *rig = *state;
    char *seats[] = {(char *)(uintptr_t) "رئیس عمران", (char *)(uintptr_t) "رئیس خدمات شهری"};
    Followup__OpenSessionRequest request = open_request(SEAT_DISTRICT);
    const void *response = NULL;
    struct error err = ERROR_NONE;
    request.seats = seats;
    request.n_seats = 2;
    assert_int_equal(seat_call(rig, SEAT_DISTRICT, "OpenSession", &request.base, &response, &err),
                     STATUS_OK);
    const Followup__Session *session = ((const Followup__OpenSessionResponse *)response)->session;
    assert_int_equal(session->number, 1);
    assert_int_equal(session->state, OPEN);
    assert_string_equal(session->host, HOST);
    assert_string_equal(session->seats[1], "رئیس خدمات شهری");
    assert_string_equal(session->opened_by, "Maryam");
    assert_int_equal(session->opened_at_us, rig_now_us(rig));
    assert_int_equal(session->ends_at_us, rig_now_us(rig) + 2 * HOUR_US);
    assert_int_equal(session->n_units, 8);
    assert_string_equal(session->units[0], SEAT_DISTRICT);
    const Followup__Session *kept = seat_session(rig, 1);
    assert_int_equal(kept->n_units, 8);
    assert_string_equal(kept->host, HOST);
    assert_int_equal(kept->ends_at_us, session->ends_at_us);
}

static void a_unit_has_one_open_session_and_another_its_own(void **state)
{
    struct rig *rig = *state;
    Followup__OpenSessionRequest request = open_request(SEAT_DISTRICT);
    Followup__CloseSessionRequest close = FOLLOWUP__CLOSE_SESSION_REQUEST__INIT;
    const void *response = NULL;
    struct error err = ERROR_NONE;
    seat_open(rig, SEAT_DISTRICT);
    refused(rig, SEAT_DISTRICT, "OpenSession", &request.base, STATUS_FAILED_PRECONDITION, "unit");
    assert_int_equal(seat_open(rig, SEAT_CIVIL)->number, 2);
    close.session_number = 1;
    assert_int_equal(seat_call(rig, SEAT_DISTRICT, "CloseSession", &close.base, &response, &err),
                     STATUS_OK);
    const Followup__Session *closed = ((const Followup__CloseSessionResponse *)response)->session;
    assert_int_equal(closed->state, CLOSED);
    assert_string_equal(closed->closed_by, "Maryam");
    assert_int_equal(closed->closed_at_us, rig_now_us(rig));
    assert_int_equal(seat_open(rig, SEAT_DISTRICT)->number, 3);
}

static void closing_again_is_refused_and_the_same_key_gets_the_same_answer(void **state)
{
    struct rig *rig = *state;
    uint8_t bytes[16];
    Followup__CloseSessionRequest close = FOLLOWUP__CLOSE_SESSION_REQUEST__INIT;
    const void *first = NULL;
    const void *second = NULL;
    seat_open(rig, SEAT_DISTRICT);
    close.session_number = 1;
    close.idempotency_key = desk_idempotency_key(rig, bytes, 1);
    assert_int_equal(seat_call(rig, SEAT_DISTRICT, "CloseSession", &close.base, &first, NULL),
                     STATUS_OK);
    desk_pass_minutes(rig, 5);
    assert_int_equal(seat_call(rig, SEAT_DISTRICT, "CloseSession", &close.base, &second, NULL),
                     STATUS_OK);
    assert_int_equal(((const Followup__CloseSessionResponse *)first)->session->closed_at_us,
                     ((const Followup__CloseSessionResponse *)second)->session->closed_at_us);
    close.idempotency_key = (ProtobufCBinaryData){0, NULL};
    refused(rig, SEAT_DISTRICT, "CloseSession", &close.base, STATUS_FAILED_PRECONDITION,
            "session_number");
}

static void ends_by_itself_at_its_time_however_late_that_is_noticed(void **state)
{
    struct rig *rig = *state;
    int64_t ends_us = seat_open(rig, SEAT_DISTRICT)->ends_at_us;
    desk_pass_minutes(rig, 119);
    assert_int_equal(seat_session(rig, 1)->state, OPEN);
    rig_restart(rig);
    desk_pass_minutes(rig, 60);
    const Followup__Session *session = seat_session(rig, 1);
    assert_int_equal(session->state, CLOSED);
    assert_true(session->by_itself);
    assert_int_equal(session->closed_at_us, ends_us);
    assert_string_equal(session->closed_by, "");
    assert_int_equal(seat_open(rig, SEAT_DISTRICT)->number, 2);
}

static void is_lengthened_and_ends_then(void **state)
{
    struct rig *rig = *state;
    Followup__LengthenSessionRequest request = FOLLOWUP__LENGTHEN_SESSION_REQUEST__INIT;
    const void *response = NULL;
    int64_t ends_us = seat_open(rig, SEAT_DISTRICT)->ends_at_us;
    request.session_number = 1;
    request.until_us = ends_us;
    refused(rig, SEAT_DISTRICT, "LengthenSession", &request.base, STATUS_INVALID_ARGUMENT,
            "until_us");
    request.until_us = rig_now_us(rig) + 12 * HOUR_US + 1;
    refused(rig, SEAT_DISTRICT, "LengthenSession", &request.base, STATUS_INVALID_ARGUMENT,
            "until_us");
    request.until_us = 0;
    refused(rig, SEAT_DISTRICT, "LengthenSession", &request.base, STATUS_INVALID_ARGUMENT,
            "until_us");
    request.until_us = ends_us + HOUR_US;
    assert_int_equal(
        seat_call(rig, SEAT_DISTRICT, "LengthenSession", &request.base, &response, NULL),
        STATUS_OK);
    desk_pass_minutes(rig, 179);
    assert_int_equal(seat_session(rig, 1)->state, OPEN);
    desk_pass_minutes(rig, 1);
    assert_int_equal(seat_session(rig, 1)->state, CLOSED);
    request.idempotency_key = (ProtobufCBinaryData){0, NULL};
    refused(rig, SEAT_DISTRICT, "LengthenSession", &request.base, STATUS_FAILED_PRECONDITION,
            "session_number");
}

static void refuses_what_is_no_session(void **state)
{
    struct rig *rig = *state;
    Followup__OpenSessionRequest request = open_request("nowhere");
    refused(rig, "nowhere", "OpenSession", &request.base, STATUS_NOT_FOUND, "unit");
    request = open_request(SEAT_DISTRICT);
    request.host = (char *)(uintptr_t) " ";
    refused(rig, SEAT_DISTRICT, "OpenSession", &request.base, STATUS_INVALID_ARGUMENT, "host");
    request = open_request(SEAT_DISTRICT);
    request.until_us = rig_now_us(rig);
    refused(rig, SEAT_DISTRICT, "OpenSession", &request.base, STATUS_INVALID_ARGUMENT, "until_us");
    request.until_us = rig_now_us(rig) + 12 * HOUR_US + 1;
    refused(rig, SEAT_DISTRICT, "OpenSession", &request.base, STATUS_INVALID_ARGUMENT, "until_us");
    char *seats[31];
    for (size_t i = 0; i < 31; i++) {
        seats[i] = (char *)(uintptr_t) "seat";
    }
    request = open_request(SEAT_DISTRICT);
    request.seats = seats;
    request.n_seats = 31;
    refused(rig, SEAT_DISTRICT, "OpenSession", &request.base, STATUS_INVALID_ARGUMENT, "seats");
    Followup__GetSessionRequest get = FOLLOWUP__GET_SESSION_REQUEST__INIT;
    get.session_number = 7;
    refused(rig, SEAT_DISTRICT, "GetSession", &get.base, STATUS_NOT_FOUND, "session_number");
}

static void an_office_has_to_do_with_its_own_sessions_only(void **state)
{
    struct rig *rig = *state;
    Followup__OpenSessionRequest request = open_request(SEAT_DISTRICT);
    Followup__CloseSessionRequest close = FOLLOWUP__CLOSE_SESSION_REQUEST__INIT;
    Followup__FollowSessionRequest follow = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    Followup__GetSessionRequest get = FOLLOWUP__GET_SESSION_REQUEST__INIT;
    Followup__ListSessionsRequest list = FOLLOWUP__LIST_SESSIONS_REQUEST__INIT;
    refused(rig, "district-3", "OpenSession", &request.base, STATUS_PERMISSION_DENIED, "unit");
    refused(rig, "", "OpenSession", &request.base, STATUS_PERMISSION_DENIED, "unit");
    /* The hotline's own people speak for no unit, and open any. */
    desk_call_ok(rig, "OpenSession", &request.base);
    close.session_number = follow.session_number = get.session_number = 1;
    refused(rig, "district-3", "CloseSession", &close.base, STATUS_PERMISSION_DENIED, "unit");
    refused(rig, "district-3", "FollowSession", &follow.base, STATUS_PERMISSION_DENIED, "unit");
    refused(rig, "district-3", "GetSession", &get.base, STATUS_PERMISSION_DENIED, "unit");
    refused(rig, "district-3", "ListSessions", &list.base, STATUS_PERMISSION_DENIED, "unit");
    list.unit = (char *)(uintptr_t)SEAT_DISTRICT;
    refused(rig, "district-3", "ListSessions", &list.base, STATUS_PERMISSION_DENIED, "unit");
}

static void lists_them_newest_first_in_pages_of_a_unit_or_a_state(void **state)
{
    struct rig *rig = *state;
    Followup__ListSessionsRequest list = FOLLOWUP__LIST_SESSIONS_REQUEST__INIT;
    for (int i = 0; i < 3; i++) {
        seat_open(rig, SEAT_DISTRICT);
        desk_pass_minutes(rig, 121);
    }
    seat_open(rig, "district-3");
    seat_open(rig, SEAT_DISTRICT);
    const Followup__ListSessionsResponse *page = desk_call_ok(rig, "ListSessions", &list.base);
    assert_int_equal(page->n_sessions, 5);
    assert_int_equal(page->sessions[0]->number, 5);
    assert_int_equal(page->sessions[0]->n_units, 0);
    assert_string_equal(page->sessions[0]->host, HOST);
    assert_int_equal(page->next_page_token, 0);
    list.state = OPEN;
    page = desk_call_ok(rig, "ListSessions", &list.base);
    assert_int_equal(page->n_sessions, 2);
    assert_int_equal(page->sessions[1]->number, 4);
    list.state = CLOSED;
    list.unit = (char *)(uintptr_t)SEAT_DISTRICT;
    list.page_size = 2;
    page = desk_call_ok(rig, "ListSessions", &list.base);
    assert_int_equal(page->n_sessions, 2);
    assert_int_equal(page->sessions[0]->number, 3);
    list.page_token = page->next_page_token;
    assert_true(list.page_token != 0);
    page = desk_call_ok(rig, "ListSessions", &list.base);
    assert_int_equal(page->n_sessions, 1);
    assert_int_equal(page->sessions[0]->number, 1);
    assert_int_equal(page->next_page_token, 0);
    list.page_token = 0;
    list.page_size = 101;
    desk_call_refused(rig, "ListSessions", &list.base, STATUS_INVALID_ARGUMENT, "page_size");
    list.page_size = 0;
    list.state = (Followup__SessionState)9;
    desk_call_refused(rig, "ListSessions", &list.base, STATUS_INVALID_ARGUMENT, "state");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DESK_TEST(opens_for_two_hours_with_the_units_under_its_own),
        DESK_TEST(a_unit_has_one_open_session_and_another_its_own),
        DESK_TEST(closing_again_is_refused_and_the_same_key_gets_the_same_answer),
        DESK_TEST(ends_by_itself_at_its_time_however_late_that_is_noticed),
        DESK_TEST(is_lengthened_and_ends_then),
        DESK_TEST(refuses_what_is_no_session),
        DESK_TEST(an_office_has_to_do_with_its_own_sessions_only),
        DESK_TEST(lists_them_newest_first_in_pages_of_a_unit_or_a_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
