/* The follow-up service on a real store: what follows from a finished task, until the citizen is
 * heard or given up. */
#include "services/followup/followup.h"

#include "base/clock.h"
#include "tests/support/rig.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define ANSWERED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED
#define NO_ANSWER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_NO_ANSWER
#define BUSY FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_BUSY
#define WRONG_NUMBER FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_WRONG_NUMBER
#define REFUSED FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED
#define WAITING FOLLOWUP__CALL_STATE__CALL_STATE_WAITING
#define CLAIMED FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED
#define UNREACHED FOLLOWUP__CALL_STATE__CALL_STATE_UNREACHED

#define WORDS "آسفالت دوباره نشست کرده است"
#define CITIZEN 31

static int begin(void **state)
{
    *state = rig_new(&followup_service, "isfahan");
    return 0;
}

/* The rig checks in the end that tables rebuilt from the log equal those that stand. */
static int finish(void **state)
{
    rig_free(*state);
    return 0;
}

/* --- what happens elsewhere --- */

static Routing__TaskDone done_task(uint64_t task_number)
{
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    done.task_number = task_number;
    done.case_number = 100 + task_number;
    done.code = (char *)"1234567890";
    done.topic = (char *)"asphalt";
    done.unit = (char *)"district-5";
    done.note = (char *)"لکه‌گیری شد";
    done.citizen = CITIZEN;
    return done;
}

static void feed_done(struct rig *rig, Routing__TaskDone done, struct event event)
{
    struct error err = ERROR_NONE;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    open.task_done = &done;
    event.open = &open.base;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
}

/* Tasks 1..count are finished now. */
static void finish_tasks(struct rig *rig, uint64_t count)
{
    for (uint64_t task = 1; task <= count; task++) {
        feed_done(rig, done_task(task), (struct event){0});
    }
}

static void pass_minutes(struct rig *rig, uint32_t minutes)
{
    rig_advance(rig, minutes * MINUTE_US);
}

static const struct city_callback *callback(struct rig *rig)
{
    return city_callback(rig_city(rig));
}

/* Until the calls of tasks that were finished now are due. */
static void pass_first_delay(struct rig *rig)
{
    pass_minutes(rig, callback(rig)->first_delay_minutes);
}

/* --- calls --- */

static const void *call_ok(struct rig *rig, const char *method, ProtobufCMessage *request)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    enum status status = rig_call(rig, RPC_ROLE_FRONT_END, method, request, &response, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, STATUS_OK);
    return response;
}

static void call_refused(struct rig *rig, const char *method, ProtobufCMessage *request,
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

static const Followup__NextCallResponse *next_call(struct rig *rig, const char *operator_name)
{
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)(uintptr_t)operator_name;
    return call_ok(rig, "NextCall", &request.base);
}

static uint64_t claim(struct rig *rig, const char *operator_name)
{
    const Followup__NextCallResponse *response = next_call(rig, operator_name);
    assert_non_null(response->call);
    assert_int_equal(response->call->state, CLAIMED);
    assert_string_equal(response->call->operator_name, operator_name);
    return response->call->number;
}

static Followup__RecordCallRequest record_request(uint64_t call_number, const char *operator_name,
                                                  Followup__CallOutcome outcome)
{
    Followup__RecordCallRequest request = FOLLOWUP__RECORD_CALL_REQUEST__INIT;
    request.call_number = call_number;
    request.operator_name = (char *)(uintptr_t)operator_name;
    request.outcome = outcome;
    return request;
}

static const Followup__Call *record(struct rig *rig, uint64_t call_number,
                                    const char *operator_name, Followup__CallOutcome outcome)
{
    Followup__RecordCallRequest request = record_request(call_number, operator_name, outcome);
    const Followup__RecordCallResponse *response = call_ok(rig, "RecordCall", &request.base);
    return response->call;
}

static const Followup__Call *record_answer(struct rig *rig, uint64_t call_number,
                                           const char *operator_name, const char *words)
{
    Followup__Answer answer = FOLLOWUP__ANSWER__INIT;
    answer.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    answer.score = 2;
    answer.words = (char *)(uintptr_t)words;
    Followup__RecordCallRequest request = record_request(call_number, operator_name, ANSWERED);
    request.answer = &answer;
    const Followup__RecordCallResponse *response = call_ok(rig, "RecordCall", &request.base);
    return response->call;
}

static const Followup__Call *get_call(struct rig *rig, uint64_t call_number)
{
    Followup__GetCallRequest request = FOLLOWUP__GET_CALL_REQUEST__INIT;
    request.call_number = call_number;
    const Followup__GetCallResponse *response = call_ok(rig, "GetCall", &request.base);
    return response->call;
}

static const char *reveal(struct rig *rig, uint64_t call_number)
{
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    request.call_number = call_number;
    request.purpose = (char *)"complaint";
    const Followup__RevealCallResponse *response = call_ok(rig, "RevealCall", &request.base);
    return response->words;
}

static const Followup__Event *last_event(struct rig *rig)
{
    return (const Followup__Event *)rig_event(rig, rig_event_count(rig))->open;
}

static void expect_same_call(const Followup__Call *a, const Followup__Call *b)
{
    struct buffer packed_a = BUFFER_EMPTY;
    struct buffer packed_b = BUFFER_EMPTY;
    message_pack(&a->base, &packed_a);
    message_pack(&b->base, &packed_b);
    assert_true(bytes_equal(buffer_bytes(&packed_a), buffer_bytes(&packed_b)));
    buffer_fini(&packed_a);
    buffer_fini(&packed_b);
}

/* --- scheduling --- */

static void schedules_a_call_for_every_finished_task(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 3);
    assert_int_equal(rig_event_count(rig), 3);
    for (uint64_t number = 1; number <= 3; number++) {
        const Followup__Call *call = get_call(rig, number);
        assert_int_equal(call->number, number);
        assert_int_equal(call->task_number, number);
        assert_int_equal(call->case_number, 100 + number);
        assert_string_equal(call->code, "1234567890");
        assert_string_equal(call->topic, "asphalt");
        assert_string_equal(call->unit, "district-5");
        assert_string_equal(call->note, "لکه‌گیری شد");
        assert_int_equal(call->citizen, CITIZEN);
        assert_int_equal(call->state, WAITING);
        assert_int_equal(call->due_at_us,
                         rig_now_us(rig) + callback(rig)->first_delay_minutes * MINUTE_US);
    }
}

static void schedules_none_for_a_citys_past_or_for_nobody(void **state)
{
    struct rig *rig = *state;
    Routing__TaskDone anonymous = done_task(1);
    anonymous.citizen = 0;
    feed_done(rig, anonymous, (struct event){0});
    feed_done(rig, done_task(2), (struct event){.historical = true, .occurred_at_us = DAY_US});
    assert_int_equal(rig_event_count(rig), 0);
}

static void schedules_once_for_a_task(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    finish_tasks(rig, 2);
    assert_int_equal(rig_event_count(rig), 2);
    assert_int_equal(get_call(rig, 2)->task_number, 2);
}

static void passes_over_what_does_not_finish_a_task(void **state)
{
    struct rig *rig = *state;
    struct error err = ERROR_NONE;
    Routing__TaskAccepted accepted = ROUTING__TASK_ACCEPTED__INIT;
    accepted.task_number = 1;
    Routing__Event open = ROUTING__EVENT__INIT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_ACCEPTED;
    open.task_accepted = &accepted;
    struct event event = {.open = &open.base};
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
    assert_int_equal(rig_event_count(rig), 0);
}

/* --- handing out --- */

static void hands_out_the_longest_due_first(void **state)
{
    struct rig *rig = *state;
    int64_t now_us = rig_now_us(rig);
    static const int64_t hours_ago[] = {1, 3, 2};
    for (uint64_t i = 0; i < 3; i++) {
        feed_done(rig, done_task(i + 1),
                  (struct event){.occurred_at_us = now_us - hours_ago[i] * HOUR_US});
    }
    pass_first_delay(rig);
    assert_int_equal(claim(rig, "Maryam"), 2);
    assert_int_equal(claim(rig, "Maryam"), 3);
    assert_int_equal(claim(rig, "Maryam"), 1);
}

static void says_when_the_next_call_is_due_when_none_is(void **state)
{
    struct rig *rig = *state;
    const Followup__NextCallResponse *response = next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us, 0);

    finish_tasks(rig, 1);
    int64_t due_us = get_call(rig, 1)->due_at_us;
    rig_advance(rig, due_us - rig_now_us(rig) - 1);
    uint64_t events = rig_event_count(rig);
    response = next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us, due_us);
    assert_int_equal(rig_event_count(rig), events);

    rig_advance(rig, 1);
    assert_int_equal(claim(rig, "Maryam"), 1);
}

static void says_with_a_call_when_the_one_after_it_is_due(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_minutes(rig, 60);
    feed_done(rig, done_task(2), (struct event){0});
    pass_first_delay(rig);
    const Followup__NextCallResponse *response = next_call(rig, "Maryam");
    assert_int_equal(response->call->number, 1);
    assert_int_equal(response->next_due_at_us, get_call(rig, 2)->due_at_us);
}

static void never_gives_one_call_to_two_operators(void **state)
{
    struct rig *rig = *state;
    static const char *const operators[] = {"Maryam", "Reza", "Sara"};
    bool given[10] = {false};
    finish_tasks(rig, 9);
    pass_first_delay(rig);
    for (size_t i = 0; i < 9; i++) {
        uint64_t number = claim(rig, operators[i % 3]);
        assert_in_range(number, 1, 9);
        assert_false(given[number]);
        given[number] = true;
    }
    const Followup__NextCallResponse *response = next_call(rig, "Maryam");
    assert_null(response->call);
    assert_int_equal(response->next_due_at_us,
                     rig_now_us(rig) + callback(rig)->lease_minutes * MINUTE_US);
}

static void hands_out_again_what_was_not_recorded_in_time(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    assert_int_equal(claim(rig, "Maryam"), 1);
    rig_advance(rig, callback(rig)->lease_minutes * MINUTE_US - 1);
    assert_null(next_call(rig, "Reza")->call);
    rig_advance(rig, 1);
    assert_int_equal(claim(rig, "Reza"), 1);
    assert_int_equal(get_call(rig, 1)->attempts, 0);

    Followup__RecordCallRequest late = record_request(1, "Maryam", NO_ANSWER);
    call_refused(rig, "RecordCall", &late.base, STATUS_FAILED_PRECONDITION, "operator_name");
    record(rig, 1, "Reza", NO_ANSWER);
}

static void believes_who_was_on_the_phone_longer_than_the_lease(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    claim(rig, "Maryam");
    pass_minutes(rig, callback(rig)->lease_minutes + 5);
    assert_int_equal(record_answer(rig, 1, "Maryam", "")->state,
                     FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED);
}

/* A UUIDv7 of this moment: `last` tells one from another. */
static ProtobufCBinaryData idempotency_key(struct rig *rig, uint8_t key[16], uint8_t last)
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

static void gives_the_same_call_again_to_a_request_that_was_sent_twice(void **state)
{
    struct rig *rig = *state;
    uint8_t key[16];
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)"Maryam";
    finish_tasks(rig, 2);
    pass_first_delay(rig);
    request.idempotency_key = idempotency_key(rig, key, 1);
    const Followup__NextCallResponse *first = call_ok(rig, "NextCall", &request.base);
    uint64_t events = rig_event_count(rig);
    const Followup__NextCallResponse *second = call_ok(rig, "NextCall", &request.base);
    assert_int_equal(rig_event_count(rig), events);
    expect_same_call(first->call, second->call);
    assert_int_equal(claim(rig, "Maryam"), 2);
}

/* --- recording --- */

static void records_only_for_whoever_holds_the_call(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    Followup__RecordCallRequest request = record_request(1, "Reza", REFUSED);
    call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "call_number");
    claim(rig, "Maryam");
    call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "operator_name");
    request.call_number = 2;
    call_refused(rig, "RecordCall", &request.base, STATUS_NOT_FOUND, "call_number");

    record(rig, 1, "Maryam", REFUSED);
    request = record_request(1, "Maryam", REFUSED);
    call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "call_number");
}

static void comes_back_later_when_nobody_answered(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    claim(rig, "Maryam");
    pass_minutes(rig, 2);
    int64_t due_us = rig_now_us(rig) + callback(rig)->retry_minutes * MINUTE_US;
    const Followup__Call *call = record(rig, 1, "Maryam", NO_ANSWER);
    expect_same_call(call, get_call(rig, 1));
    assert_int_equal(call->state, WAITING);
    assert_int_equal(call->attempts, 1);
    assert_int_equal(call->last_outcome, NO_ANSWER);
    assert_int_equal(call->due_at_us, due_us);
    assert_string_equal(call->operator_name, "");

    const Followup__Event *event = last_event(rig);
    assert_int_equal(event->kind_case, FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED);
    assert_int_equal(event->call_attempted->case_number, 101);
    assert_string_equal(event->call_attempted->operator_name, "Maryam");

    rig_advance(rig, due_us - rig_now_us(rig) - 1);
    assert_null(next_call(rig, "Reza")->call);
    rig_advance(rig, 1);
    assert_int_equal(claim(rig, "Reza"), 1);
}

static void gives_up_after_the_attempts_of_the_pack(void **state)
{
    struct rig *rig = *state;
    uint32_t attempts_max = callback(rig)->attempts_max;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    for (uint32_t attempt = 1; attempt < attempts_max; attempt++) {
        claim(rig, "Maryam");
        assert_int_equal(record(rig, 1, "Maryam", BUSY)->state, WAITING);
        pass_minutes(rig, callback(rig)->retry_minutes);
    }
    claim(rig, "Maryam");
    const Followup__Call *call = record(rig, 1, "Maryam", NO_ANSWER);
    expect_same_call(call, get_call(rig, 1));
    assert_int_equal(call->state, UNREACHED);
    assert_int_equal(call->attempts, attempts_max);

    const Followup__Event *event = last_event(rig);
    assert_int_equal(event->kind_case, FOLLOWUP__EVENT__KIND_CALL_COMPLETED);
    assert_int_equal(event->call_completed->outcome, NO_ANSWER);
    assert_int_equal(event->call_completed->attempts, attempts_max);
    assert_int_equal(event->call_completed->score, 0);
    pass_minutes(rig, callback(rig)->retry_minutes);
    assert_null(next_call(rig, "Maryam")->call);
    assert_int_equal(next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void gives_up_at_once_when_calling_again_is_no_use(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 2);
    pass_first_delay(rig);
    assert_int_equal(record(rig, claim(rig, "Maryam"), "Maryam", WRONG_NUMBER)->state, UNREACHED);
    assert_int_equal(record(rig, claim(rig, "Maryam"), "Maryam", REFUSED)->state, UNREACHED);
    assert_int_equal(next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void keeps_what_the_citizen_said_of_the_matter(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    claim(rig, "Maryam");
    const Followup__Call *call = record_answer(rig, 1, "Maryam", WORDS);
    expect_same_call(call, get_call(rig, 1));
    assert_int_equal(call->resolution, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(call->score, 2);
    assert_int_equal(call->attempts, 1);
    assert_string_equal(call->operator_name, "Maryam");
    assert_int_equal(call->lease_until_us, 0);

    const Followup__CallCompleted *completed = last_event(rig)->call_completed;
    assert_non_null(completed);
    assert_int_equal(completed->call_number, 1);
    assert_int_equal(completed->case_number, 101);
    assert_int_equal(completed->task_number, 1);
    assert_string_equal(completed->code, "1234567890");
    assert_string_equal(completed->topic, "asphalt");
    assert_string_equal(completed->unit, "district-5");
    assert_int_equal(completed->outcome, ANSWERED);
    assert_int_equal(completed->resolution, FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED);
    assert_int_equal(completed->score, 2);
    assert_int_equal(next_call(rig, "Maryam")->next_due_at_us, 0);
}

static void refuses_what_makes_no_sense(void **state)
{
    struct rig *rig = *state;
    Followup__NextCallRequest nobody = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    call_refused(rig, "NextCall", &nobody.base, STATUS_INVALID_ARGUMENT, "operator_name");

    finish_tasks(rig, 1);
    pass_first_delay(rig);
    claim(rig, "Maryam");
    Followup__RecordCallRequest unanswered = record_request(1, "Maryam", ANSWERED);
    call_refused(rig, "RecordCall", &unanswered.base, STATUS_INVALID_ARGUMENT, "answer");
    Followup__RecordCallRequest unnamed = record_request(1, "", NO_ANSWER);
    call_refused(rig, "RecordCall", &unnamed.base, STATUS_INVALID_ARGUMENT, "operator_name");

    Followup__RevealCallRequest aimless = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    aimless.call_number = 1;
    call_refused(rig, "RevealCall", &aimless.base, STATUS_INVALID_ARGUMENT, "purpose");
    aimless.purpose = (char *)"complaint";
    aimless.call_number = 2;
    call_refused(rig, "RevealCall", &aimless.base, STATUS_NOT_FOUND, "call_number");

    Followup__GetCallRequest unknown = FOLLOWUP__GET_CALL_REQUEST__INIT;
    unknown.call_number = 2;
    call_refused(rig, "GetCall", &unknown.base, STATUS_NOT_FOUND, "call_number");
}

static void is_for_the_desk_only(void **state)
{
    struct rig *rig = *state;
    struct error err = ERROR_NONE;
    const ProtobufCMessage *response = NULL;
    Followup__NextCallRequest request = FOLLOWUP__NEXT_CALL_REQUEST__INIT;
    request.operator_name = (char *)"district-5";
    assert_int_equal(rig_call(rig, RPC_ROLE_OFFICE, "NextCall", &request.base, &response, &err),
                     STATUS_PERMISSION_DENIED);
}

/* --- words --- */

static bool holds_words(struct bytes bytes)
{
    return bytes.size > 0 && memmem(bytes.data, bytes.size, WORDS, strlen(WORDS)) != NULL;
}

static void expect_log_without_words(struct rig *rig)
{
    for (uint64_t offset = 1; offset <= rig_event_count(rig); offset++) {
        const struct event *event = rig_event(rig, offset);
        struct buffer open = BUFFER_EMPTY;
        message_pack(event->open, &open);
        assert_false(holds_words(buffer_bytes(&open)));
        assert_false(holds_words(event->sealed));
        buffer_fini(&open);
    }
}

static void seals_the_words_and_shows_them_on_the_record(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", WORDS);
    const struct event *event = rig_event(rig, rig_event_count(rig));
    assert_int_equal(event->citizen, CITIZEN);
    assert_true(event->sealed.size > strlen(WORDS));

    uint64_t events = rig_event_count(rig);
    assert_string_equal(reveal(rig, 1), WORDS);
    assert_int_equal(rig_event_count(rig), events + 1);
    const Followup__CallRevealed *revealed = last_event(rig)->call_revealed;
    assert_non_null(revealed);
    assert_int_equal(revealed->call_number, 1);
    assert_string_equal(revealed->purpose, "complaint");
    expect_log_without_words(rig);
}

static void shows_them_again_to_a_request_that_was_sent_twice(void **state)
{
    struct rig *rig = *state;
    uint8_t key[16];
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    request.call_number = 1;
    request.purpose = (char *)"complaint";
    finish_tasks(rig, 1);
    pass_first_delay(rig);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", WORDS);
    request.idempotency_key = idempotency_key(rig, key, 1);
    uint64_t events = rig_event_count(rig);
    for (int i = 0; i < 2; i++) {
        const Followup__RevealCallResponse *response = call_ok(rig, "RevealCall", &request.base);
        assert_string_equal(response->words, WORDS);
        assert_int_equal(rig_event_count(rig), events + 1);
    }
}

static void seals_nothing_when_nothing_was_said(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 2);
    pass_first_delay(rig);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", "");
    const struct event *event = rig_event(rig, rig_event_count(rig));
    assert_int_equal(event->sealed.size, 0);
    assert_int_equal(event->citizen, 0);
    assert_string_equal(reveal(rig, 1), "");
    assert_string_equal(reveal(rig, 2), "");
}

static void keeps_one_key_for_all_the_words_of_a_citizen(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 2);
    pass_first_delay(rig);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", WORDS);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", "سپاس");
    assert_string_equal(reveal(rig, 1), WORDS);
    assert_string_equal(reveal(rig, 2), "سپاس");
}

/* --- listing --- */

static const Followup__ListCallsResponse *
list_calls(struct rig *rig, Followup__CallState call_state, uint32_t page_size, uint64_t page_token)
{
    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    request.state = call_state;
    request.page_size = page_size;
    request.page_token = page_token;
    return call_ok(rig, "ListCalls", &request.base);
}

static void expect_numbers(const Followup__ListCallsResponse *response, const uint64_t *numbers,
                           size_t count)
{
    assert_int_equal(response->n_calls, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(response->calls[i]->number, numbers[i]);
    }
}

static void lists_calls_by_number_in_pages(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 5);
    const Followup__ListCallsResponse *page = list_calls(rig, 0, 2, 0);
    expect_numbers(page, (const uint64_t[]){1, 2}, 2);
    page = list_calls(rig, 0, 2, page->next_page_token);
    expect_numbers(page, (const uint64_t[]){3, 4}, 2);
    page = list_calls(rig, 0, 2, page->next_page_token);
    expect_numbers(page, (const uint64_t[]){5}, 1);
    assert_int_equal(page->next_page_token, 0);
    assert_int_equal(list_calls(rig, 0, 5, 0)->next_page_token, 0);
    assert_int_equal(list_calls(rig, 0, 5, UINT64_MAX)->n_calls, 0);

    Followup__ListCallsRequest request = FOLLOWUP__LIST_CALLS_REQUEST__INIT;
    request.page_size = 101;
    call_refused(rig, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT, "page_size");
    request.page_size = 0;
    request.state = (Followup__CallState)5;
    call_refused(rig, "ListCalls", &request.base, STATUS_INVALID_ARGUMENT, "state");
}

static void gives_twenty_calls_when_no_page_size_is_asked_for(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 21);
    const Followup__ListCallsResponse *page = list_calls(rig, 0, 0, 0);
    assert_int_equal(page->n_calls, 20);
    assert_int_equal(page->next_page_token, 20);
}

static void lists_calls_of_one_state(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 6);
    pass_first_delay(rig);
    record_answer(rig, claim(rig, "Maryam"), "Maryam", "");
    record(rig, claim(rig, "Maryam"), "Maryam", NO_ANSWER);
    record(rig, claim(rig, "Maryam"), "Maryam", REFUSED);
    claim(rig, "Maryam");
    expect_numbers(list_calls(rig, FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED, 0, 0),
                   (const uint64_t[]){1}, 1);
    expect_numbers(list_calls(rig, UNREACHED, 0, 0), (const uint64_t[]){3}, 1);
    expect_numbers(list_calls(rig, CLAIMED, 0, 0), (const uint64_t[]){4}, 1);
    expect_numbers(list_calls(rig, WAITING, 0, 0), (const uint64_t[]){2, 5, 6}, 3);
    const Followup__ListCallsResponse *page = list_calls(rig, WAITING, 2, 0);
    expect_numbers(page, (const uint64_t[]){2, 5}, 2);
    expect_numbers(list_calls(rig, WAITING, 2, page->next_page_token), (const uint64_t[]){6}, 1);
}

/* --- after a crash --- */

static void goes_on_after_a_restart(void **state)
{
    struct rig *rig = *state;
    finish_tasks(rig, 2);
    rig_restart(rig);
    pass_first_delay(rig);
    assert_int_equal(claim(rig, "Maryam"), 1);
    rig_restart(rig);
    assert_int_equal(claim(rig, "Reza"), 2);
    record_answer(rig, 1, "Maryam", WORDS);
    rig_restart(rig);
    assert_string_equal(reveal(rig, 1), WORDS);
    pass_minutes(rig, callback(rig)->lease_minutes);
    rig_restart(rig);
    assert_int_equal(claim(rig, "Sara"), 2);
    rig_verify(rig);
}

#define ON_RIG(test) cmocka_unit_test_setup_teardown(test, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_RIG(schedules_a_call_for_every_finished_task),
        ON_RIG(schedules_none_for_a_citys_past_or_for_nobody),
        ON_RIG(schedules_once_for_a_task),
        ON_RIG(passes_over_what_does_not_finish_a_task),
        ON_RIG(hands_out_the_longest_due_first),
        ON_RIG(says_when_the_next_call_is_due_when_none_is),
        ON_RIG(says_with_a_call_when_the_one_after_it_is_due),
        ON_RIG(never_gives_one_call_to_two_operators),
        ON_RIG(hands_out_again_what_was_not_recorded_in_time),
        ON_RIG(believes_who_was_on_the_phone_longer_than_the_lease),
        ON_RIG(gives_the_same_call_again_to_a_request_that_was_sent_twice),
        ON_RIG(records_only_for_whoever_holds_the_call),
        ON_RIG(comes_back_later_when_nobody_answered),
        ON_RIG(gives_up_after_the_attempts_of_the_pack),
        ON_RIG(gives_up_at_once_when_calling_again_is_no_use),
        ON_RIG(keeps_what_the_citizen_said_of_the_matter),
        ON_RIG(refuses_what_makes_no_sense),
        ON_RIG(is_for_the_desk_only),
        ON_RIG(seals_the_words_and_shows_them_on_the_record),
        ON_RIG(shows_them_again_to_a_request_that_was_sent_twice),
        ON_RIG(seals_nothing_when_nothing_was_said),
        ON_RIG(keeps_one_key_for_all_the_words_of_a_citizen),
        ON_RIG(lists_calls_by_number_in_pages),
        ON_RIG(gives_twenty_calls_when_no_page_size_is_asked_for),
        ON_RIG(lists_calls_of_one_state),
        ON_RIG(goes_on_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
