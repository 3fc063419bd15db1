/* The desk of the tests; see the header. */
#include "tests/unit/followup/desk.h"

#include "base/clock.h"
#include "services/followup/followup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

int desk_begin(void **state)
{
    *state = rig_new(&followup_service, "isfahan");
    return 0;
}

int desk_finish(void **state)
{
    rig_free(*state);
    return 0;
}

/* --- what happens elsewhere --- */

Routing__TaskDone desk_done_task(uint64_t task_number)
{
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    done.task_number = task_number;
    done.case_number = 100 + task_number;
    done.code = (char *)"1234567890";
    done.topic = (char *)"asphalt";
    done.unit = (char *)"district-5";
    done.note = (char *)"لکه‌گیری شد";
    done.citizen = DESK_CITIZEN;
    return done;
}

void desk_feed_done(struct rig *rig, Routing__TaskDone done, struct event event)
{
    struct error err = ERROR_NONE;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    open.task_done = &done;
    event.open = &open.base;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
}

void desk_finish_tasks(struct rig *rig, uint64_t count)
{
    for (uint64_t task = 1; task <= count; task++) {
        desk_feed_done(rig, desk_done_task(task), (struct event){0});
    }
}

void desk_pass_minutes(struct rig *rig, uint32_t minutes)
{
    rig_advance(rig, minutes * MINUTE_US);
}

const struct city_callback *desk_callback(struct rig *rig)
{
    return city_callback(rig_city(rig));
}

void desk_pass_first_delay(struct rig *rig)
{
    desk_pass_minutes(rig, desk_callback(rig)->first_delay_minutes);
}

/* --- calls --- */

const void *desk_call_ok(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    enum status status = rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, STATUS_OK);
    return response;
}

void desk_call_refused(struct rig *rig, const char *method, ProtobufCMessage *request,
                       enum status status, const char *field)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    uint64_t events = rig_event_count(rig);
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err), status);
    assert_string_equal(err.field, field);
    assert_null(response);
    assert_int_equal(rig_event_count(rig), events);
}

const Followup__NextCallResponse *desk_next_call(struct rig *rig, const char *operator_name)
{
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)(uintptr_t)operator_name;
    return desk_call_ok(rig, "NextCall", &request.base);
}

uint64_t desk_claim(struct rig *rig, const char *operator_name)
{
    const Followup__NextCallResponse *response = desk_next_call(rig, operator_name);
    assert_non_null(response->call);
    assert_int_equal(response->call->state, STATE_CLAIMED);
    assert_string_equal(response->call->operator_name, operator_name);
    return response->call->number;
}

Followup__RecordCallRequest desk_record_request(uint64_t call_number, const char *operator_name,
                                                Followup__CallOutcome outcome)
{
    Followup__RecordCallRequest request = FOLLOWUP__RECORD_CALL_REQUEST__INIT;
    request.call_number = call_number;
    request.operator_name = (char *)(uintptr_t)operator_name;
    request.outcome = outcome;
    return request;
}

const Followup__Call *desk_record(struct rig *rig, uint64_t call_number, const char *operator_name,
                                  Followup__CallOutcome outcome)
{
    Followup__RecordCallRequest request = desk_record_request(call_number, operator_name, outcome);
    const Followup__RecordCallResponse *response = desk_call_ok(rig, "RecordCall", &request.base);
    return response->call;
}

const Followup__Call *desk_record_answer(struct rig *rig, uint64_t call_number,
                                         const char *operator_name, const char *words)
{
    Followup__Answer answer = FOLLOWUP__ANSWER__INIT;
    answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    answer.score = 2;
    answer.words = (char *)(uintptr_t)words;
    Followup__RecordCallRequest request = desk_record_request(call_number, operator_name, ANSWERED);
    request.answer = &answer;
    const Followup__RecordCallResponse *response = desk_call_ok(rig, "RecordCall", &request.base);
    return response->call;
}

const Followup__Call *desk_get_call(struct rig *rig, uint64_t call_number)
{
    Followup__GetCallRequest request = FOLLOWUP__GET_CALL_REQUEST__INIT;
    request.call_number = call_number;
    const Followup__GetCallResponse *response = desk_call_ok(rig, "GetCall", &request.base);
    return response->call;
}

const char *desk_reveal(struct rig *rig, uint64_t call_number)
{
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    request.call_number = call_number;
    request.purpose = (char *)"complaint";
    const Followup__RevealCallResponse *response = desk_call_ok(rig, "RevealCall", &request.base);
    return response->words;
}

const Followup__Event *desk_last_event(struct rig *rig)
{
    return (const Followup__Event *)rig_event(rig, rig_event_count(rig))->open;
}

void desk_expect_same_call(const Followup__Call *a, const Followup__Call *b)
{
    struct buffer packed_a = BUFFER_EMPTY;
    struct buffer packed_b = BUFFER_EMPTY;
    message_pack(&a->base, &packed_a);
    message_pack(&b->base, &packed_b);
    assert_true(bytes_equal(buffer_bytes(&packed_a), buffer_bytes(&packed_b)));
    buffer_fini(&packed_a);
    buffer_fini(&packed_b);
}

ProtobufCBinaryData desk_idempotency_key(struct rig *rig, uint8_t key[16], uint8_t last)
{
    memset(key, 0, 16);
    uint8_t ms[8];
    be64_put(ms, (uint64_t)(rig_now_us(rig) / MS_US));
    memcpy(key, ms + 2, 6);
    key[6] = 0x70;
    key[8] = 0x80;
    key[15] = last;
    return (ProtobufCBinaryData){16, key};
}
