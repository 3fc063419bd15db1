/* What a session is shown of the urgent tasks of its units: at once, in order, each change once. */
#include "tests/support/text.h"
#include "tests/unit/followup/seat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void shows_what_is_alarmed_in_its_units_and_who_acknowledges_it(void **state)
{
    struct rig *rig = *state;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "کشیک");
    seat_alarm(rig, 2, "district-3-civil", "");
    seat_alarm(rig, 3, SEAT_DISTRICT, "");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 0);
    assert_int_equal(page->n_changes, 2);
    const Followup__UrgentTask *task = seat_expect(page, 0, SEAT_URGENT(ALARMED), 1);
    assert_int_equal(page->changes[0]->sequence, 1);
    assert_string_equal(task->code, "1234567890");
    assert_string_equal(task->topic, "fire");
    assert_string_equal(task->emergency, "125");
    assert_string_equal(task->place->street, "چهارباغ");
    assert_string_equal(task->unit, SEAT_CIVIL);
    assert_string_equal(task->desk, "کشیک");
    assert_int_equal(task->acknowledge_by_us, rig_now_us(rig) + 10 * MINUTE_US);
    seat_expect(page, 1, SEAT_URGENT(ALARMED), 3);
    desk_pass_minutes(rig, 3);
    seat_see(rig, 1, SEAT_CIVIL, "رئیس عمران");
    seat_see(rig, 1, SEAT_CIVIL, "another"); /* it is his already */
    page = seat_follow(rig, 1, page->next);
    assert_int_equal(page->n_changes, 1);
    task = seat_expect(page, 0, SEAT_URGENT(ACKNOWLEDGED), 1);
    assert_string_equal(task->acknowledged_by, "رئیس عمران");
    assert_int_equal(task->acknowledged_at_us, rig_now_us(rig));
    assert_int_equal(page->next, 3);
    assert_int_equal(seat_follow(rig, 1, 3)->n_changes, 0);
}

static void begins_with_what_nobody_has_acknowledged(void **state)
{
    struct rig *rig = *state;
    for (uint64_t task = 1; task <= 4; task++) {
        seat_alarm(rig, task, task == 4 ? "district-3-civil" : SEAT_CIVIL, "");
    }
    seat_see(rig, 2, SEAT_CIVIL, "رئیس عمران");
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 5, SEAT_CIVIL, "");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 0);
    assert_int_equal(page->n_changes, 3);
    seat_expect(page, 0, SEAT_URGENT(STILL_OPEN), 1);
    seat_expect(page, 1, SEAT_URGENT(STILL_OPEN), 3);
    seat_expect(page, 2, SEAT_URGENT(ALARMED), 5);
    /* What was acknowledged before is no news, but what becomes of it is. */
    seat_return(rig, 2, SEAT_CIVIL, "district-3-civil");
    seat_expect(seat_follow(rig, 1, 3), 0, SEAT_URGENT(LEFT), 2);
}

/* An old task may have become urgent late, or have come from another unit. */
static void begins_with_what_has_waited_longest(void **state)
{
    struct rig *rig = *state;
    seat_alarm(rig, 9, SEAT_DISTRICT, "");
    desk_pass_minutes(rig, 3);
    seat_alarm(rig, 2, SEAT_CIVIL, "");
    seat_alarm(rig, 1, SEAT_DISTRICT, "");
    desk_pass_minutes(rig, 3);
    seat_alarm(rig, 3, SEAT_CIVIL, "");
    seat_alarm(rig, 2, SEAT_CIVIL, ""); /* it became urgent again */
    seat_open(rig, SEAT_DISTRICT);
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 0);
    static const uint64_t order[] = {9, 1, 2, 3};
    assert_int_equal(page->n_changes, 4);
    for (size_t i = 0; i < 4; i++) {
        seat_expect(page, i, SEAT_URGENT(STILL_OPEN), order[i]);
    }
    seat_expect(seat_follow(rig, 1, 2), 0, SEAT_URGENT(STILL_OPEN), 2);
}

static void leaves_out_what_is_more_than_it_can_show_and_says_so(void **state)
{
    struct rig *rig = *state;
    for (uint64_t task = 1; task <= 503; task++) {
        seat_alarm(rig, task, SEAT_CIVIL, "");
    }
    assert_int_equal(seat_open(rig, SEAT_DISTRICT)->left_out, 3);
    Followup__FollowSessionRequest request = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    request.session_number = 1;
    request.changes_max = 500;
    const Followup__FollowSessionResponse *page = desk_call_ok(rig, "FollowSession", &request.base);
    assert_int_equal(page->n_changes, 500);
    seat_expect(page, 499, SEAT_URGENT(STILL_OPEN), 500);
    assert_int_equal(seat_session(rig, 1)->left_out, 3);
}

static void shows_what_leaves_and_where_to_and_what_comes(void **state)
{
    struct rig *rig = *state;
    seat_open(rig, SEAT_DISTRICT);
    seat_open(rig, "district-3");
    seat_alarm(rig, 1, SEAT_CIVIL, "desk");
    seat_return(rig, 1, SEAT_CIVIL, "district-3-civil");
    seat_alarm(rig, 1, "district-3-civil", "");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 0);
    assert_int_equal(page->n_changes, 2);
    const Followup__UrgentTask *task = seat_expect(page, 1, SEAT_URGENT(LEFT), 1);
    assert_string_equal(task->unit, "district-3-civil");
    assert_string_equal(task->code, "1234567890");
    assert_null(task->place); /* it is theirs now */
    page = seat_follow(rig, 2, 0);
    assert_int_equal(page->n_changes, 1);
    assert_non_null(seat_expect(page, 0, SEAT_URGENT(ALARMED), 1)->place);
    /* What moves between two units of one session leaves, and comes. */
    seat_return(rig, 1, "district-3-civil", "district-3-traffic");
    seat_alarm(rig, 1, "district-3-traffic", "");
    page = seat_follow(rig, 2, 1);
    assert_int_equal(page->n_changes, 2);
    seat_expect(page, 0, SEAT_URGENT(LEFT), 1);
    seat_expect(page, 1, SEAT_URGENT(ALARMED), 1);
}

static void shows_which_desk_has_it(void **state)
{
    struct rig *rig = *state;
    uint64_t numbers[] = {1, 2, 9};
    Routing__DeskClaimed claimed = ROUTING__DESK_CLAIMED__INIT;
    Routing__DeskSilent silent = ROUTING__DESK_SILENT__INIT;
    Routing__TaskAlarmGiven given = ROUTING__TASK_ALARM_GIVEN__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "");
    seat_alarm(rig, 2, SEAT_CIVIL, "table 1");
    claimed.unit = silent.unit = given.unit = text(SEAT_CIVIL);
    claimed.desk = silent.desk = text("table 1");
    claimed.task_numbers = numbers;
    claimed.n_task_numbers = 3;
    open.kind_case = ROUTING__EVENT__KIND_DESK_CLAIMED;
    open.desk_claimed = &claimed;
    seat_feed(rig, open, "table 1");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 2);
    assert_int_equal(page->n_changes, 1);
    assert_string_equal(seat_expect(page, 0, SEAT_URGENT(DESK), 1)->desk, "table 1");
    open.kind_case = ROUTING__EVENT__KIND_DESK_SILENT;
    open.desk_silent = &silent;
    seat_feed(rig, open, "");
    given.task_number = 2;
    given.desk = text("table 2");
    open.kind_case = ROUTING__EVENT__KIND_TASK_ALARM_GIVEN;
    open.task_alarm_given = &given;
    seat_feed(rig, open, "");
    page = seat_follow(rig, 1, 3);
    assert_int_equal(page->n_changes, 3);
    assert_string_equal(seat_expect(page, 0, SEAT_URGENT(DESK), 1)->desk, "");
    seat_expect(page, 1, SEAT_URGENT(DESK), 2);
    assert_string_equal(seat_expect(page, 2, SEAT_URGENT(DESK), 2)->desk, "table 2");
}

static void shows_that_nobody_acknowledges_it(void **state)
{
    struct rig *rig = *state;
    Routing__TaskUnacknowledged passed = ROUTING__TASK_UNACKNOWLEDGED__INIT;
    Routing__TaskAccepted accepted = ROUTING__TASK_ACCEPTED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "");
    accepted.task_number = passed.task_number = 1;
    accepted.unit = passed.unit = text(SEAT_CIVIL);
    accepted.automatic = true; /* a program is no person */
    open.kind_case = ROUTING__EVENT__KIND_TASK_ACCEPTED;
    open.task_accepted = &accepted;
    seat_feed(rig, open, "robot");
    passed.step = 1;
    passed.role = text("district-manager");
    passed.next_at_us = rig_now_us(rig) + 20 * MINUTE_US;
    open.kind_case = ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED;
    open.task_unacknowledged = &passed;
    seat_feed(rig, open, "");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 1);
    assert_int_equal(page->n_changes, 1);
    const Followup__UrgentTask *task = seat_expect(page, 0, SEAT_URGENT(WENT_UP), 1);
    assert_int_equal(task->steps, 1);
    assert_string_equal(task->role, "district-manager");
    assert_int_equal(task->acknowledge_by_us, passed.next_at_us);
    assert_int_equal(task->acknowledged_at_us, 0);
}

/* The kind of the last change of task 1, which is of the unit. */
static void ends_as(struct rig *rig, Routing__Event open, Followup__UrgentChangeKind kind)
{
    uint64_t before = seat_follow(rig, 1, 0)->next;
    seat_alarm(rig, 1, SEAT_CIVIL, "desk");
    seat_feed(rig, open, "رئیس عمران");
    seat_feed(rig, open, "رئیس عمران"); /* it has ended */
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, before);
    assert_int_equal(page->n_changes, 2);
    const Followup__UrgentTask *task = seat_expect(page, 1, kind, 1);
    assert_int_equal(task->end, kind);
    assert_string_equal(task->desk, "");
    bool by_person = kind == SEAT_URGENT(DONE) || kind == SEAT_URGENT(CLOSED_UNDONE);
    assert_string_equal(task->acknowledged_by, by_person ? "رئیس عمران" : "");
}

static void shows_how_it_ends_and_that_it_comes_again(void **state)
{
    struct rig *rig = *state;
    Routing__Event open = ROUTING__EVENT__INIT;
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    Routing__TaskClosedUndone undone = ROUTING__TASK_CLOSED_UNDONE__INIT;
    Routing__TaskCancelled cancelled = ROUTING__TASK_CANCELLED__INIT;
    Routing__TaskJoined joined = ROUTING__TASK_JOINED__INIT;
    Routing__TaskAmended amended = ROUTING__TASK_AMENDED__INIT;
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    done.task_number = undone.task_number = cancelled.task_number = 1;
    joined.task_number = amended.task_number = 1;
    seat_open(rig, SEAT_DISTRICT);
    open.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    open.task_done = &done;
    ends_as(rig, open, SEAT_URGENT(DONE));
    open.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    open.task_closed_undone = &undone;
    ends_as(rig, open, SEAT_URGENT(CLOSED_UNDONE));
    open.kind_case = ROUTING__EVENT__KIND_TASK_CANCELLED;
    open.task_cancelled = &cancelled;
    ends_as(rig, open, SEAT_URGENT(CANCELLED));
    open.kind_case = ROUTING__EVENT__KIND_TASK_JOINED;
    open.task_joined = &joined;
    ends_as(rig, open, SEAT_URGENT(JOINED));
    amended.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    open.kind_case = ROUTING__EVENT__KIND_TASK_AMENDED;
    open.task_amended = &amended;
    ends_as(rig, open, SEAT_URGENT(CALMED));
    amended.is_joined = true; /* the urgent request was one that is joined to it */
    ends_as(rig, open, SEAT_URGENT(CALMED));
    split.task_number = 1;
    split.urgency = COMMON__URGENCY__URGENCY_NORMAL;
    open.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    open.case_split = &split;
    ends_as(rig, open, SEAT_URGENT(CALMED));
}

static void stays_urgent_when_another_request_leaves_it(void **state)
{
    struct rig *rig = *state;
    Routing__Event open = ROUTING__EVENT__INIT;
    Routing__CaseSplit split = ROUTING__CASE_SPLIT__INIT;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "desk");
    split.task_number = 1;
    open.kind_case = ROUTING__EVENT__KIND_CASE_SPLIT;
    open.case_split = &split;
    seat_feed(rig, open, ""); /* from before splits told it */
    split.urgency = COMMON__URGENCY__URGENCY_URGENT;
    seat_feed(rig, open, "");
    assert_int_equal(seat_follow(rig, 1, 0)->n_changes, 1);
}

static void shows_another_topic_or_place_and_no_other_amendment(void **state)
{
    struct rig *rig = *state;
    Common__Place place = COMMON__PLACE__INIT;
    Routing__TaskAmended amended = ROUTING__TASK_AMENDED__INIT;
    Routing__Event open = ROUTING__EVENT__INIT;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "");
    place.street = text("چهارباغ");
    amended.task_number = 1;
    amended.topic = text("fire");
    amended.place = &place;
    amended.urgency = COMMON__URGENCY__URGENCY_URGENT;
    open.kind_case = ROUTING__EVENT__KIND_TASK_AMENDED;
    open.task_amended = &amended;
    seat_feed(rig, open, "operator");
    assert_int_equal(seat_follow(rig, 1, 1)->n_changes, 0);
    amended.topic = text("subsidence");
    seat_feed(rig, open, "operator");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 1);
    assert_string_equal(seat_expect(page, 0, SEAT_URGENT(AMENDED), 1)->topic, "subsidence");
    amended.topic = text("asphalt");
    amended.is_joined = true; /* another caller's: the task stays what it is */
    seat_feed(rig, open, "operator");
    assert_int_equal(seat_follow(rig, 1, 2)->n_changes, 0);
}

static void is_shown_nothing_behind_its_end(void **state)
{
    struct rig *rig = *state;
    seat_open(rig, SEAT_DISTRICT);
    seat_alarm(rig, 1, SEAT_CIVIL, "");
    desk_pass_minutes(rig, 121);
    seat_alarm(rig, 2, SEAT_CIVIL, "");
    seat_see(rig, 1, SEAT_CIVIL, "رئیس عمران");
    const Followup__FollowSessionResponse *page = seat_follow(rig, 1, 0);
    assert_int_equal(page->n_changes, 1);
    assert_int_equal(page->session->state, FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED);
}

static void two_sessions_are_shown_the_same_task_each_with_its_own_order(void **state)
{
    struct rig *rig = *state;
    seat_alarm(rig, 1, SEAT_DISTRICT, "");
    seat_open(rig, SEAT_DISTRICT);
    seat_open(rig, SEAT_CIVIL);
    seat_alarm(rig, 2, SEAT_CIVIL, "");
    seat_expect(seat_follow(rig, 1, 0), 1, SEAT_URGENT(ALARMED), 2);
    const Followup__FollowSessionResponse *page = seat_follow(rig, 2, 0);
    assert_int_equal(page->n_changes, 1);
    assert_int_equal(page->changes[0]->sequence, 1);
}

static void who_waits_is_answered_when_the_session_is_closed(void **state)
{
    struct rig *rig = *state;
    Followup__FollowSessionRequest follow = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    Followup__CloseSessionRequest close = FOLLOWUP__CLOSE_SESSION_REQUEST__INIT;
    seat_open(rig, SEAT_DISTRICT);
    int64_t before_us = rig_now_us(rig);
    follow.session_number = close.session_number = 1;
    follow.wait_ms = 30000;
    struct rig_mixed calls[] = {
        {.rpc = &followup__followup__descriptor,
         .method = "FollowSession",
         .role = RPC_ROLE_FRONT_END,
         .request = &follow.base},
        {.rpc = &followup__followup__descriptor,
         .method = "CloseSession",
         .role = RPC_ROLE_FRONT_END,
         .request = &close.base},
    };
    rig_call_mixed(rig, calls, 2);
    assert_non_null(calls[0].response);
    assert_int_equal(((const Followup__FollowSessionResponse *)calls[0].response)->session->state,
                     FOLLOWUP__SESSION_STATE__SESSION_STATE_CLOSED);
    assert_true(rig_now_us(rig) - before_us < SECOND_US);
}

static void refuses_what_cannot_be_followed(void **state)
{
    struct rig *rig = *state;
    Followup__FollowSessionRequest follow = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    follow.session_number = 1;
    desk_call_refused(rig, "FollowSession", &follow.base, STATUS_NOT_FOUND, "session_number");
    seat_open(rig, SEAT_DISTRICT);
    follow.after = 1;
    desk_call_refused(rig, "FollowSession", &follow.base, STATUS_DATA_LOSS, "after");
    follow.after = 0;
    follow.wait_ms = 30001;
    desk_call_refused(rig, "FollowSession", &follow.base, STATUS_INVALID_ARGUMENT, "wait_ms");
    follow.wait_ms = 0;
    follow.changes_max = 501;
    desk_call_refused(rig, "FollowSession", &follow.base, STATUS_INVALID_ARGUMENT, "changes_max");
}

static void what_a_desk_has_is_finished_and_the_citizen_called_as_ever(void **state)
{
    struct rig *rig = *state;
    seat_alarm(rig, 1, SEAT_DISTRICT, "desk");
    desk_finish_tasks(rig, 1);
    assert_int_equal(desk_get_call(rig, 1)->task_number, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        DESK_TEST(shows_what_is_alarmed_in_its_units_and_who_acknowledges_it),
        DESK_TEST(begins_with_what_nobody_has_acknowledged),
        DESK_TEST(begins_with_what_has_waited_longest),
        DESK_TEST(leaves_out_what_is_more_than_it_can_show_and_says_so),
        DESK_TEST(shows_what_leaves_and_where_to_and_what_comes),
        DESK_TEST(shows_which_desk_has_it),
        DESK_TEST(shows_that_nobody_acknowledges_it),
        DESK_TEST(shows_how_it_ends_and_that_it_comes_again),
        DESK_TEST(stays_urgent_when_another_request_leaves_it),
        DESK_TEST(shows_another_topic_or_place_and_no_other_amendment),
        DESK_TEST(is_shown_nothing_behind_its_end),
        DESK_TEST(two_sessions_are_shown_the_same_task_each_with_its_own_order),
        DESK_TEST(who_waits_is_answered_when_the_session_is_closed),
        DESK_TEST(refuses_what_cannot_be_followed),
        DESK_TEST(what_a_desk_has_is_finished_and_the_citizen_called_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
