#include "tests/unit/followup/seat.h"
#include "tests/support/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void seat_feed(struct rig *rig, Routing__Event open, const char *actor)
{
    struct error err = ERROR_NONE;
    const struct event event = {.open = &open.base, .actor = actor};
    if (rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err) != STATUS_OK) {
        fail_msg("%s", err.message);
    }
}

void seat_alarm(struct rig *rig, uint64_t number, const char *unit, const char *desk)
{
    Common__Place place = COMMON__PLACE__INIT;
    Routing__TaskAlarmed alarmed = ROUTING__TASK_ALARMED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    place.street = text("چهارباغ");
    alarmed.task_number = number;
    alarmed.case_number = 100 + number;
    alarmed.code = text("1234567890");
    alarmed.topic = text("fire");
    alarmed.place = &place;
    alarmed.unit = text(unit);
    alarmed.since_us = rig_now_us(rig);
    alarmed.acknowledge_by_us = rig_now_us(rig) + 10 * MINUTE_US;
    alarmed.desk = text(desk);
    open.kind_case = ROUTING__EVENT__KIND_TASK_ALARMED;
    open.task_alarmed = &alarmed;
    seat_feed(rig, open, "");
}

void seat_see(struct rig *rig, uint64_t number, const char *unit, const char *person)
{
    Routing__TaskSeen seen = ROUTING__TASK_SEEN__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    seen.task_number = number;
    seen.unit = text(unit);
    open.kind_case = ROUTING__EVENT__KIND_TASK_SEEN;
    open.task_seen = &seen;
    seat_feed(rig, open, person);
}

void seat_return(struct rig *rig, uint64_t number, const char *from, const char *to)
{
    Routing__TaskReturned returned = ROUTING__TASK_RETURNED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    returned.task_number = number;
    returned.from_unit = text(from);
    returned.to_unit = text(to);
    returned.reason = text("مال ما نیست");
    open.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    open.task_returned = &returned;
    seat_feed(rig, open, "office");
}

/* --- sessions --- */

enum status seat_call(struct rig *rig, const char *unit, const char *method,
                      ProtobufCMessage *request, const void **ret_response, struct error *err)
{
    struct rpc_caller caller = {.name = "Maryam", .role = RPC_ROLE_OFFICE};
    const ProtobufCMessage *response = NULL;
    snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    enum status status = rig_call_as(rig, &caller, method, request, &response, err);
    *ret_response = response;
    return status;
}

const Followup__Session *seat_open(struct rig *rig, const char *unit)
{
    struct error err = ERROR_NONE;
    const void *response = NULL;
    Followup__OpenSessionRequest request = FOLLOWUP__OPEN_SESSION_REQUEST__INIT;
    request.unit = text(unit);
    request.host = text("مدیر منطقه");
    enum status status = seat_call(rig, unit, "OpenSession", &request.base, &response, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, STATUS_OK);
    return ((const Followup__OpenSessionResponse *)response)->session;
}

const Followup__Session *seat_session(struct rig *rig, uint64_t number)
{
    Followup__GetSessionRequest request = FOLLOWUP__GET_SESSION_REQUEST__INIT;
    request.session_number = number;
    const Followup__GetSessionResponse *response = desk_call_ok(rig, "GetSession", &request.base);
    return response->session;
}

const Followup__FollowSessionResponse *seat_follow(struct rig *rig, uint64_t session,
                                                   uint64_t after)
{
    Followup__FollowSessionRequest request = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    request.session_number = session;
    request.after = after;
    return desk_call_ok(rig, "FollowSession", &request.base);
}

const Followup__UrgentTask *seat_expect(const Followup__FollowSessionResponse *page, size_t at,
                                        Followup__UrgentChangeKind kind, uint64_t task)
{
    assert_true(at < page->n_changes);
    assert_int_equal(page->changes[at]->kind, kind);
    assert_int_equal(page->changes[at]->task->task_number, task);
    if (at > 0) {
        assert_int_equal(page->changes[at]->sequence, page->changes[at - 1]->sequence + 1);
    }
    return page->changes[at]->task;
}
