/* Everybody whose request is joined to a task is called about it, each once for each finish. */
#include "tests/unit/followup/desk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FATE(name) ROUTING__JOINED_FATE__JOINED_FATE_##name
#define JOINED_COUNT 50

/* Requests 201 .. are joined to task 1; the second has nobody to call. */
static void feed_followed(struct rig *rig, size_t count, Routing__JoinedFate fate, uint32_t finish,
                          bool historical)
{
    Routing__JoinedCase cases[JOINED_COUNT];
    Routing__JoinedCase *members[JOINED_COUNT];
    Routing__JoinedFollowed followed = ROUTING__JOINED_FOLLOWED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    struct error err = ERROR_NONE;
    for (size_t i = 0; i < count; i++) {
        routing__joined_case__init(&cases[i]);
        cases[i].case_number = 201 + i;
        cases[i].code = (char *)"2345678901";
        cases[i].citizen = i == 1 ? 0 : 60 + i;
        members[i] = &cases[i];
    }
    followed.task_number = 1;
    followed.case_number = 101;
    followed.topic = (char *)"asphalt";
    followed.unit = (char *)"district-5";
    followed.note = (char *)"patched";
    followed.fate = fate;
    if (fate == FATE(CLOSED_UNDONE)) {
        followed.close_reason = ROUTING__CLOSE_REASON__CLOSE_REASON_NOT_FOUND;
    }
    followed.finish = finish;
    followed.members = members;
    followed.n_members = count;
    open.kind_case = ROUTING__EVENT__KIND_JOINED_FOLLOWED;
    open.joined_followed = &followed;
    const struct event event = {.open = &open.base, .historical = historical};
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, &err),
                     STATUS_OK);
}

static void calls_each_citizen_of_a_joined_request(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    feed_followed(rig, 3, FATE(DONE), 1, false);
    assert_int_equal(rig_event_count(rig), 3);
    const Followup__Call *first = desk_get_call(rig, 2);
    assert_int_equal(first->case_number, 201);
    assert_int_equal(first->task_number, 1);
    assert_int_equal(first->citizen, 60);
    assert_string_equal(first->code, "2345678901");
    assert_string_equal(first->note, "patched");
    assert_string_equal(first->unit, "district-5");
    assert_int_equal(desk_get_call(rig, 3)->case_number, 203);
    feed_followed(rig, 3, FATE(DONE), 1, false); /* heard again */
    assert_int_equal(rig_event_count(rig), 3);
}

static void tells_them_what_was_not_done(void **state)
{
    struct rig *rig = *state;
    feed_followed(rig, 1, FATE(CLOSED_UNDONE), 1, false);
    assert_true(desk_get_call(rig, 1)->closed_undone);
    assert_string_equal(desk_get_call(rig, 1)->reason, "not found");
}

static void withdraws_and_calls_again_when_the_task_was_reopened(void **state)
{
    struct rig *rig = *state;
    feed_followed(rig, 3, FATE(DONE), 1, false);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), 1);
    desk_record_answer(rig, 1, "Maryam", "");
    feed_followed(rig, 3, FATE(REOPENED), 1, false);
    assert_int_equal(desk_get_call(rig, 1)->state, STATE_ANSWERED);
    assert_int_equal(desk_get_call(rig, 2)->state, FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN);
    feed_followed(rig, 3, FATE(DONE), 2, false);
    assert_int_equal(desk_get_call(rig, 3)->case_number, 201);
    assert_int_equal(desk_get_call(rig, 4)->case_number, 203);
    assert_int_equal(desk_get_call(rig, 4)->finish, 2);
}

/* The unit had finished it before the citizen's word came. */
static void calls_nobody_who_has_taken_the_request_back(void **state)
{
    struct rig *rig = *state;
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    const struct event event = {.open = &open.base};
    feed_followed(rig, 3, FATE(DONE), 1, false);
    split.task_number = 1;
    split.case_number = 203;
    open.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    open.case_split = &split;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
    assert_int_equal(desk_get_call(rig, 2)->state, STATE_WAITING); /* it was split off */
    split.withdrawn = true;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &event, NULL),
                     STATUS_OK);
    assert_int_equal(desk_get_call(rig, 1)->state, STATE_WAITING);
    assert_int_equal(desk_get_call(rig, 2)->state, FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN);
}

static void calls_nobody_about_what_nobody_wants_or_what_is_past(void **state)
{
    struct rig *rig = *state;
    feed_followed(rig, 3, FATE(CANCELLED), 0, false);
    feed_followed(rig, 3, FATE(DONE), 1, true);
    assert_int_equal(rig_event_count(rig), 0);
}

static void takes_as_many_as_one_event_has(void **state)
{
    struct rig *rig = *state;
    feed_followed(rig, JOINED_COUNT, FATE(DONE), 1, false);
    assert_int_equal(rig_event_count(rig), JOINED_COUNT - 1);
    assert_int_equal(desk_get_call(rig, JOINED_COUNT - 1)->case_number, 200 + JOINED_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DESK_TEST(calls_each_citizen_of_a_joined_request),
        DESK_TEST(tells_them_what_was_not_done),
        DESK_TEST(withdraws_and_calls_again_when_the_task_was_reopened),
        DESK_TEST(calls_nobody_who_has_taken_the_request_back),
        DESK_TEST(calls_nobody_about_what_nobody_wants_or_what_is_past),
        DESK_TEST(takes_as_many_as_one_event_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
