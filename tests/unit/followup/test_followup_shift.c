/* A long shift: operators ask, record, forget and come too late in any order, the program is
 * restarted among it, and still no call is in two hands, none is lost, and none is made more often
 * than the pack allows. */
#include "tests/unit/followup/desk.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define CALLS 40
#define STEPS 1500
#define OPERATORS 4

static const char *const operators[OPERATORS] = {"Maryam", "Reza", "Sara", "Omid"};

/* What the desk should know of a call. */
struct known {
    const char *holder; /* NULL: nobody */
    int64_t lease_until_us;
    bool ended;
};

struct shift {
    struct rig *rig;
    uint64_t random;
    uint64_t tasks; /* finished so far */
    struct known calls[CALLS + 1];
};

/* splitmix64 (Steele, Lea, Flood 2014): the same shift for the same seed. */
static uint32_t draw(struct shift *shift, uint32_t below)
{
    uint64_t z = shift->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % below);
}

static void finish_task(struct shift *shift)
{
    if (shift->tasks < CALLS) {
        desk_feed_done(shift->rig, desk_done_task(++shift->tasks), (struct event){0});
    }
}

static void ask(struct shift *shift, const char *operator_name)
{
    const Followup__NextCallResponse *response = desk_next_call(shift->rig, operator_name);
    if (response->call == NULL) {
        return;
    }
    struct known *call = &shift->calls[response->call->number];
    assert_false(call->ended);
    assert_true(call->holder == NULL || call->lease_until_us <= rig_now_us(shift->rig));
    assert_true(response->call->due_at_us <= rig_now_us(shift->rig));
    call->holder = operator_name;
    call->lease_until_us = response->call->lease_until_us;
}

static void record(struct shift *shift, uint64_t number, const char *operator_name)
{
    struct known *call = &shift->calls[number];
    Followup__CallOutcome outcome = ANSWERED + draw(shift, 5);
    if (call->holder != operator_name) {
        Followup__RecordCallRequest request = desk_record_request(number, operator_name, NO_ANSWER);
        bool in_other_hands = call->holder != NULL && !call->ended;
        desk_call_refused(shift->rig, "RecordCall", &request.base, STATUS_FAILED_PRECONDITION,
                          in_other_hands ? "operator_name" : "call_number");
        return;
    }
    const Followup__Call *recorded =
        outcome == ANSWERED ? desk_record_answer(shift->rig, number, operator_name, "سپاس")
                            : desk_record(shift->rig, number, operator_name, outcome);
    assert_true(recorded->attempts <= desk_callback(shift->rig)->attempts_max);
    call->holder = NULL;
    call->ended = recorded->state != STATE_WAITING;
}

static void step(struct shift *shift)
{
    const char *operator_name = operators[draw(shift, OPERATORS)];
    switch (draw(shift, 8)) {
    case 0:
    case 1: ask(shift, operator_name); break;
    case 2:
    case 3:
    case 4:
        if (shift->tasks > 0) {
            record(shift, 1 + draw(shift, (uint32_t)shift->tasks), operator_name);
        }
        break;
    case 5: finish_task(shift); break;
    case 6: desk_pass_minutes(shift->rig, draw(shift, 60)); break;
    default:
        if (draw(shift, 50) == 0) {
            rig_restart(shift->rig);
        }
        break;
    }
}

/* One operator stays until nothing is left in the queue. */
static void clear_the_queue(struct shift *shift)
{
    struct rig *rig = shift->rig;
    for (uint32_t i = 0; i <= CALLS * (desk_callback(rig)->attempts_max + 1) * 2; i++) {
        const Followup__NextCallResponse *response = desk_next_call(rig, "Maryam");
        if (response->call != NULL) {
            desk_record(rig, response->call->number, "Maryam", NO_ANSWER);
        } else if (response->next_due_at_us != 0) {
            rig_advance(rig, response->next_due_at_us - rig_now_us(rig));
        } else {
            return;
        }
    }
    fail_msg("calls come back for ever");
}

static void expect_everybody_called(struct shift *shift)
{
    for (uint64_t number = 1; number <= shift->tasks; number++) {
        const Followup__Call *call = desk_get_call(shift->rig, number);
        assert_in_range(call->state, STATE_ANSWERED, STATE_UNREACHED);
        assert_in_range(call->attempts, 1, desk_callback(shift->rig)->attempts_max);
    }
}

static void run_shift(struct rig *rig, uint64_t seed)
{
    struct shift shift = {.rig = rig, .random = seed};
    for (int i = 0; i < STEPS; i++) {
        step(&shift);
    }
    clear_the_queue(&shift);
    expect_everybody_called(&shift);
}

static void keeps_order_through_a_long_shift(void **state)
{
    run_shift(*state, 137);
}

static void keeps_order_through_another_long_shift(void **state)
{
    run_shift(*state, 1390);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(keeps_order_through_a_long_shift),
        DESK_TEST(keeps_order_through_another_long_shift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
