/* The life of a task, due dates and who may do what, without any store. */
#include "services/routing/routing_rules.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROUTED ROUTING__TASK_STATE__TASK_STATE_ROUTED
#define ACCEPTED ROUTING__TASK_STATE__TASK_STATE_ACCEPTED
#define DONE ROUTING__TASK_STATE__TASK_STATE_DONE
#define NONE ROUTING__TASK_STATE__TASK_STATE_UNSPECIFIED

static struct arena *arena; /* of all tests */

static struct rpc_caller caller_of(enum rpc_role role, const char *unit)
{
    struct rpc_caller caller = {.name = "desk", .role = role};
    snprintf(caller.unit, sizeof(caller.unit), "%s", unit);
    return caller;
}

static Routing__Task task_in(Routing__TaskState state)
{
    Routing__Task task = ROUTING__TASK__INIT;
    task.number = 7;
    task.unit = "parks";
    task.note = "seen";
    task.state = state;
    task.registered_at_us = 100;
    task.due_at_us = 900;
    return task;
}

/* The README's table, as letters of the states: routed, seen, accepted, planned, working, idle (it
 * waits), done, undone, cancelled, joined to another; '.': refused. */
static void every_state_and_act_has_the_next_state_of_the_contract(void **state)
{
    (void)state;
    static const char letters[] = "?radspwiuc???j"; /* by the contract's numbers */
    static const char columns[] = "rsapwiducj";
    static const struct {
        enum routing_act act;
        const char *next;
    } expected[] = {
        {ROUTING_ACT_SEE, "s........."},         {ROUTING_ACT_ACCEPT, "aa........"},
        {ROUTING_ACT_PLAN, "ppppp....."},        {ROUTING_ACT_START, "wwww......"},
        {ROUTING_ACT_PAUSE, "iiiii....."},       {ROUTING_ACT_RESUME, ".....w...."},
        {ROUTING_ACT_ELAPSE, ".....a...."},      {ROUTING_ACT_REPORT, "rsapwi...."},
        {ROUTING_ACT_FINISH, "dddddd...."},      {ROUTING_ACT_CLOSE, "uuuuuu...."},
        {ROUTING_ACT_RETURN, "rrrrr....."},      {ROUTING_ACT_MOVE, "rrrrr....."},
        {ROUTING_ACT_REOPEN, "......rr.."},      {ROUTING_ACT_CANCEL, "cccccc...."},
        {ROUTING_ACT_EXPIRE, "rsapwi...."},      {ROUTING_ACT_ASK_HELP, "rsapwi...."},
        {ROUTING_ACT_FINISH_HELP, "rsapwi...."}, {ROUTING_ACT_WITHDRAW_HELP, "rsapwi...."},
        {ROUTING_ACT_JOIN, "jjjjjj...."},        {ROUTING_ACT_BRING_BACK, "......rrr."},
    };
    assert_int_equal(sizeof(expected) / sizeof(expected[0]), ROUTING_ACT_COUNT);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        for (size_t j = 0; j < strlen(columns); j++) {
            char wanted = expected[i].next[j];
            Routing__TaskState from = (Routing__TaskState)(strchr(letters, columns[j]) - letters);
            int to = wanted == '.' ? NONE : (int)(strchr(letters, wanted) - letters);
            assert_int_equal(routing_rules_next_state(from, expected[i].act), to);
        }
        assert_int_equal(routing_rules_next_state(NONE, expected[i].act), NONE);
        assert_int_equal(routing_rules_next_state((Routing__TaskState)99, expected[i].act), NONE);
        assert_int_equal(routing_rules_next_state((Routing__TaskState)-1, expected[i].act), NONE);
    }
}

static void a_refused_act_says_which_task_is_in_which_state(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    Routing__Task task = task_in(DONE);
    assert_int_equal(routing_rules_check_act(&task, ROUTING_ACT_FINISH, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.message, "task 7 is done: it cannot be finished");
    assert_string_equal(err.field, "task_number");
    task.state = ACCEPTED;
    assert_int_equal(routing_rules_check_act(&task, ROUTING_ACT_FINISH, NULL), STATUS_OK);
}

static void a_history_s_past_due_date_is_not_watched_and_a_live_one_is(void **state)
{
    (void)state;
    assert_false(routing_rules_is_watched(0, false, 1000));
    assert_true(routing_rules_is_watched(2000, false, 1000));
    assert_true(routing_rules_is_watched(500, false, 1000));
    assert_true(routing_rules_is_watched(2000, true, 1000));
    assert_false(routing_rules_is_watched(1000, true, 1000));
    assert_false(routing_rules_is_watched(500, true, 1000));
}

static void only_the_unit_itself_the_import_and_the_admin_may_touch_a_task(void **state)
{
    (void)state;
    struct error err = ERROR_NONE;
    struct rpc_caller own = caller_of(RPC_ROLE_OFFICE, "parks");
    struct rpc_caller other = caller_of(RPC_ROLE_OFFICE, "buses");
    struct rpc_caller import = caller_of(RPC_ROLE_IMPORT, "buses");
    struct rpc_caller admin = caller_of(RPC_ROLE_ADMIN, "buses");
    struct rpc_caller unbound = caller_of(RPC_ROLE_OFFICE, "");
    struct rpc_caller operator= caller_of(RPC_ROLE_FRONT_END, "");
    assert_int_equal(routing_rules_check_unit(&own, "parks", &err), STATUS_OK);
    assert_int_equal(routing_rules_check_unit(&import, "parks", &err), STATUS_OK);
    assert_int_equal(routing_rules_check_unit(&admin, "parks", &err), STATUS_OK);
    assert_int_equal(routing_rules_check_unit(&operator, "parks", &err), STATUS_OK);
    assert_int_equal(routing_rules_check_unit(&unbound, "parks", &err), STATUS_PERMISSION_DENIED);
    assert_string_equal(err.field, "unit");
    assert_int_equal(routing_rules_check_unit(&other, "parks", &err), STATUS_PERMISSION_DENIED);
    assert_non_null(strstr(err.message, "buses"));
}

static unsigned who_of(enum rpc_role role, const char *speaks_for, const struct city *city)
{
    struct rpc_caller caller = caller_of(role, speaks_for);
    Routing__Task task = task_in(ROUTED);
    Routing__TaskHelp open = ROUTING__TASK_HELP__INIT;
    Routing__TaskHelp ended = ROUTING__TASK_HELP__INIT;
    Routing__TaskHelp *helps[] = {&ended, &open};
    task.unit = "district-5-civil";
    task.helps = helps;
    task.n_helps = 2;
    open.unit = "parks";
    ended.unit = "buses";
    ended.ended_at_us = 5;
    return routing_rules_who(&caller, &task, city);
}

static void a_caller_is_the_holder_above_it_the_coordinator_or_an_overseer(void **state)
{
    (void)state;
    struct city *city = NULL;
    assert_int_equal(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL), STATUS_OK);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "district-5-civil", city), ROUTING_WHO_HOLDER);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "district-5", city), ROUTING_WHO_ABOVE);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "centre-137", city), ROUTING_WHO_COORDINATOR);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "district-6", city), 0);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "", city), 0);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "parks", city), ROUTING_WHO_HELPER);
    assert_int_equal(who_of(RPC_ROLE_OFFICE, "buses", city), 0);
    assert_int_equal(who_of(RPC_ROLE_ADMIN, "", city), ROUTING_WHO_OVERSEER);
    assert_int_equal(who_of(RPC_ROLE_IMPORT, "", city), ROUTING_WHO_OVERSEER);
    city_free(city);
}

/* Rows: holder, above, coordinator, overseer. */
static void each_act_is_for_those_the_table_names(void **state)
{
    (void)state;
    static const char unit_only[] = "y..y", from_above[] = ".yyy", coordinator[] = "..yy";
    static const char *const may[ROUTING_ACT_COUNT] = {
        [ROUTING_ACT_SEE] = unit_only,           [ROUTING_ACT_ACCEPT] = unit_only,
        [ROUTING_ACT_PLAN] = unit_only,          [ROUTING_ACT_START] = unit_only,
        [ROUTING_ACT_PAUSE] = unit_only,         [ROUTING_ACT_RESUME] = "yyyy",
        [ROUTING_ACT_REPORT] = unit_only,        [ROUTING_ACT_FINISH] = unit_only,
        [ROUTING_ACT_CLOSE] = unit_only,         [ROUTING_ACT_RETURN] = unit_only,
        [ROUTING_ACT_MOVE] = from_above,         [ROUTING_ACT_REOPEN] = coordinator,
        [ROUTING_ACT_CANCEL] = coordinator,      [ROUTING_ACT_ELAPSE] = "....",
        [ROUTING_ACT_EXPIRE] = "....",           [ROUTING_ACT_ASK_HELP] = unit_only,
        [ROUTING_ACT_FINISH_HELP] = "...y", /* and helping units */
        [ROUTING_ACT_WITHDRAW_HELP] = unit_only, [ROUTING_ACT_JOIN] = "....",
        [ROUTING_ACT_BRING_BACK] = "....",
    };
    Routing__Task task = task_in(ROUTED);
    task.unit = "district-5-civil";
    struct city *city = NULL;
    assert_int_equal(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/isfahan", NULL), STATUS_OK);
    const struct rpc_caller callers[] = {
        caller_of(RPC_ROLE_OFFICE, "district-5-civil"),
        caller_of(RPC_ROLE_OFFICE, "district-5"),
        caller_of(RPC_ROLE_OFFICE, "centre-137"),
        caller_of(RPC_ROLE_ADMIN, ""),
    };
    for (int act = 0; act < ROUTING_ACT_COUNT; act++) {
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(
                routing_rules_check_who(&callers[i], &task, (enum routing_act)act, city, NULL),
                may[act][i] == 'y' ? STATUS_OK : STATUS_PERMISSION_DENIED);
        }
    }
    city_free(city);
}

static void the_citizen_s_no_reopens_what_was_done_and_not_too_often(void **state)
{
    (void)state;
    const struct city_life life = {.reopens_max = 2};
    Followup__CallCompleted call = FOLLOWUP__CALL_COMPLETED__INIT;
    Routing__Task task = task_in(DONE);
    task.finishes = 2;
    call.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    call.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    call.finish = 2;
    assert_true(routing_rules_reopens(&task, &call, &life));
    call.finish = 1; /* an answer about what has been done again since */
    assert_false(routing_rules_reopens(&task, &call, &life));
    call.finish = 0; /* a log older than the number */
    task.finishes = 1;
    assert_true(routing_rules_reopens(&task, &call, &life));
    call.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY;
    assert_false(routing_rules_reopens(&task, &call, &life));
    call.resolution = FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    call.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_REFUSED;
    assert_false(routing_rules_reopens(&task, &call, &life));
    call.outcome = FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    task.reopens = 2;
    assert_false(routing_rules_reopens(&task, &call, &life));
    task.reopens = 0;
    task.state = ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE;
    assert_false(routing_rules_reopens(&task, &call, &life));
    task.state = ROUTED; /* somebody has reopened it before */
    assert_false(routing_rules_reopens(&task, &call, &life));
}

static void only_the_import_gives_times_and_only_to_history_between_request_and_now(void **state)
{
    (void)state;
    struct rpc_caller import = caller_of(RPC_ROLE_IMPORT, "");
    struct rpc_caller office = caller_of(RPC_ROLE_OFFICE, "parks");
    Routing__Task live = task_in(ROUTED);
    Routing__Task old = task_in(ROUTED);
    old.historical = true;
    static const struct {
        int64_t at_us;
        enum status expected;
    } times[] = {
        {0, STATUS_OK},    {99, STATUS_INVALID_ARGUMENT},   {100, STATUS_OK},
        {1000, STATUS_OK}, {1001, STATUS_INVALID_ARGUMENT}, {-1, STATUS_INVALID_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_int_equal(routing_rules_check_occurred(&old, &import, times[i].at_us, 1000, NULL),
                         times[i].expected);
    }
    struct error err = ERROR_NONE;
    assert_int_equal(routing_rules_check_occurred(&live, &import, 500, 1000, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, "occurred_at_us");
    assert_int_equal(routing_rules_check_occurred(&old, &office, 500, 1000, &err),
                     STATUS_PERMISSION_DENIED);
    assert_int_equal(routing_rules_check_occurred(&live, &office, 0, 1000, NULL), STATUS_OK);
}

static void a_returned_task_begins_afresh_but_keeps_its_due_date(void **state)
{
    (void)state;
    Routing__Task task = task_in(ACCEPTED);
    task.accepted_at_us = 200;
    task.overdue = true;
    Routing__TaskReturned returned = ROUTING__TASK_RETURNED__INIT;
    returned.to_unit = "buses";
    returned.reason = "a bus stop";
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_RETURNED;
    event.task_returned = &returned;
    assert_true(routing_rules_change_task(&task, &event, 300, arena));
    assert_string_equal(task.unit, "buses");
    assert_string_equal(task.note, "a bus stop");
    assert_int_equal(task.n_units_before, 1);
    assert_string_equal(task.units_before[0], "parks");
    assert_int_equal(task.state, ROUTED);
    assert_int_equal(task.routed_at_us, 300);
    assert_int_equal(task.accepted_at_us, 0);
    assert_int_equal(task.due_at_us, 900);
    assert_int_equal(task.returns, 1);
    assert_true(task.overdue);
}

static void so_are_those_that_it_went_up_to(void **state)
{
    (void)state;
    static char units[14][4];
    Routing__Task task = task_in(ROUTED);
    Routing__TaskEscalated escalated = ROUTING__TASK_ESCALATED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ESCALATED;
    event.task_escalated = &escalated;
    for (int i = 0; i < 14; i++) {
        snprintf(units[i], sizeof(units[i]), "u%d", i);
        escalated.step = task.escalations + 1;
        escalated.to_unit = i == 13 ? units[5] : units[i]; /* once more */
        assert_true(routing_rules_change_task(&task, &event, 300, arena));
    }
    assert_int_equal(task.n_went_up_to, 10);
    assert_string_equal(task.went_up_to[0], "u3");
    assert_string_equal(task.went_up_to[9], "u5");
    assert_true(routing_rules_went_up_to(&task, "u12"));
    assert_false(routing_rules_went_up_to(&task, "u1"));
}

static void units_that_had_it_are_remembered_once_each_and_the_oldest_forgotten(void **state)
{
    (void)state;
    static char units[14][4];
    Routing__Task task = task_in(ROUTED);
    Routing__TaskMoved moved = ROUTING__TASK_MOVED__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_MOVED;
    event.task_moved = &moved;
    for (int i = 0; i < 14; i++) {
        snprintf(units[i], sizeof(units[i]), "u%d", i);
        moved.to_unit = units[i];
        assert_true(routing_rules_change_task(&task, &event, 300, arena));
    }
    assert_int_equal(task.n_units_before, 10);
    assert_string_equal(task.units_before[0], "u3");
    assert_string_equal(task.units_before[9], "u12");
    moved.to_unit = units[5]; /* back, and on */
    assert_true(routing_rules_change_task(&task, &event, 300, arena));
    moved.to_unit = units[6];
    assert_true(routing_rules_change_task(&task, &event, 300, arena));
    assert_int_equal(task.n_units_before, 10);
    assert_string_equal(task.units_before[8], "u13");
    assert_string_equal(task.units_before[9], "u5");
}

static void finishing_without_a_word_keeps_the_word_before(void **state)
{
    (void)state;
    Routing__Task task = task_in(ROUTED);
    Routing__TaskDone done = ROUTING__TASK_DONE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_DONE;
    event.task_done = &done;
    assert_true(routing_rules_change_task(&task, &event, 300, arena));
    assert_string_equal(task.note, "seen");
    assert_int_equal(task.done_at_us, 300);
    assert_int_equal(task.state, DONE);
}

static void an_event_that_cannot_follow_changes_nothing(void **state)
{
    (void)state;
    Routing__Task task = task_in(DONE);
    const Routing__Task before = task;
    Routing__TaskOverdue overdue = ROUTING__TASK_OVERDUE__INIT;
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_OVERDUE;
    event.task_overdue = &overdue;
    assert_false(routing_rules_change_task(&task, &event, 300, arena));
    assert_memory_equal(&task, &before, sizeof(task));
    Routing__Event unknown = ROUTING__EVENT__INIT;
    assert_false(routing_rules_change_task(&task, &unknown, 300, arena));
}

/* A member added to Event without telling the rules would be a change nobody hears of. */
static void every_event_but_the_acknowledgement_is_about_a_task_and_told(void **state)
{
    (void)state;
    for (unsigned i = 0; i < routing__event__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &routing__event__descriptor.fields[i];
        bool about_task =
            strncmp(field->name, "task_", 5) == 0 || strncmp(field->name, "case_", 5) == 0;
        assert_int_equal(routing_rules_change_kind(field->id) != 0, about_task);
    }
    assert_int_equal(routing_rules_change_kind(0), 0);
    assert_int_equal(routing_rules_change_kind(999), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_and_act_has_the_next_state_of_the_contract),
        cmocka_unit_test(a_refused_act_says_which_task_is_in_which_state),
        cmocka_unit_test(a_history_s_past_due_date_is_not_watched_and_a_live_one_is),
        cmocka_unit_test(only_the_unit_itself_the_import_and_the_admin_may_touch_a_task),
        cmocka_unit_test(a_caller_is_the_holder_above_it_the_coordinator_or_an_overseer),
        cmocka_unit_test(each_act_is_for_those_the_table_names),
        cmocka_unit_test(the_citizen_s_no_reopens_what_was_done_and_not_too_often),
        cmocka_unit_test(only_the_import_gives_times_and_only_to_history_between_request_and_now),
        cmocka_unit_test(a_returned_task_begins_afresh_but_keeps_its_due_date),
        cmocka_unit_test(units_that_had_it_are_remembered_once_each_and_the_oldest_forgotten),
        cmocka_unit_test(so_are_those_that_it_went_up_to),
        cmocka_unit_test(finishing_without_a_word_keeps_the_word_before),
        cmocka_unit_test(an_event_that_cannot_follow_changes_nothing),
        cmocka_unit_test(every_event_but_the_acknowledgement_is_about_a_task_and_told),
    };
    arena = arena_new(1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
