/* Citizens are forgotten: nobody calls them any more, and their answers cannot be read. */
#include "tests/unit/followup/desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vafa/intake/v1/intake.pb-c.h"

#define FORGOTTEN FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_FORGOTTEN
#define MANY 100 /* calls, of which a step ends some */

static void feed_forgotten(struct rig *rig, uint64_t citizen)
{
    Intake__Event open = INTAKE__EVENT__INIT;
    Intake__CitizenForgotten forgotten = INTAKE__CITIZEN_FORGOTTEN__INIT;
    forgotten.citizen = citizen;
    forgotten.reason = (char *)"asked in writing";
    open.kind_case = INTAKE__EVENT__KIND_CITIZEN_FORGOTTEN;
    open.citizen_forgotten = &forgotten;
    assert_int_equal(rig_feed(rig, COMMON__SERVICE_ID__SERVICE_ID_INTAKE,
                              &(struct event){.open = &open.base}, NULL),
                     STATUS_OK);
    rig_advance(rig, SECOND_US); /* its calls are ended at once, some at a time */
}

static void ends_every_open_call_of_theirs_and_none_of_others(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, MANY);
    Routing__TaskDone other = desk_done_task(MANY + 1);
    other.citizen = DESK_CITIZEN + 1;
    desk_feed_done(rig, other, (struct event){0});
    feed_forgotten(rig, DESK_CITIZEN);
    for (uint64_t call = 1; call <= MANY; call++) {
        assert_int_equal(desk_get_call(rig, call)->state, STATE_UNREACHED);
        assert_int_equal(desk_get_call(rig, call)->last_outcome, FORGOTTEN);
    }
    assert_true(desk_last_event(rig)->citizen_forgotten->is_done);
    desk_pass_first_delay(rig);
    assert_int_equal(desk_claim(rig, "Maryam"), MANY + 1);
    assert_null(desk_next_call(rig, "Reza")->call);
}

static void takes_a_call_out_of_the_operators_hands(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    feed_forgotten(rig, DESK_CITIZEN);
    Followup__RecordCallRequest request = desk_record_request(1, "Maryam", REFUSED);
    desk_call_refused(rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION, "call_number");
}

static void opens_no_answer_of_theirs(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    desk_pass_first_delay(rig);
    desk_claim(rig, "Maryam");
    desk_record_answer(rig, 1, "Maryam", "آسفالت دوباره نشست کرده است");
    assert_string_equal(desk_reveal(rig, 1), "آسفالت دوباره نشست کرده است");
    feed_forgotten(rig, DESK_CITIZEN);
    Followup__RevealCallRequest request = FOLLOWUP__REVEAL_CALL_REQUEST__INIT;
    request.call_number = 1;
    request.purpose = (char *)"training";
    assert_int_equal(rig_call(rig, RPC_ROLE_FRONT_END, "RevealCall", &request.base,
                              &(const ProtobufCMessage *){NULL}, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(desk_get_call(rig, 1)->score, 2); /* what is counted stays */
}

static void schedules_no_call_for_who_was_forgotten(void **state)
{
    struct rig *rig = *state;
    feed_forgotten(rig, DESK_CITIZEN);
    uint64_t events = rig_event_count(rig);
    desk_finish_tasks(rig, 1);
    assert_int_equal(rig_event_count(rig), events);
}

static void forgets_once_however_often_it_hears_of_it(void **state)
{
    struct rig *rig = *state;
    desk_finish_tasks(rig, 1);
    feed_forgotten(rig, DESK_CITIZEN);
    uint64_t events = rig_event_count(rig);
    feed_forgotten(rig, DESK_CITIZEN);
    assert_int_equal(rig_event_count(rig), events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(ends_every_open_call_of_theirs_and_none_of_others),
        DESK_TEST(takes_a_call_out_of_the_operators_hands),
        DESK_TEST(opens_no_answer_of_theirs),
        DESK_TEST(schedules_no_call_for_who_was_forgotten),
        DESK_TEST(forgets_once_however_often_it_hears_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
