/*
 * A storm morning in Isfahan, from 8 to 13 o'clock: thousands call from all fifteen districts, many
 * about the same trees; offices take on, finish, give back; one district is cut off for two hours. At
 * the end nothing is lost and nothing is there twice, each due date is the one that a walk through the
 * pack's hours minute by minute gives, and report counts what was asked.
 *
 * An hour is over when its calls are answered: a few seconds, and no clock is asked.
 */
#include "tests/integration/day_checks.h"
#include "tests/support/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls before the storm, and in each hour of it. */
enum { BEFORE, EIGHT, NINE, TEN, ELEVEN, TWELVE, HOURS };
static const size_t calls_of[HOURS] = {
    [BEFORE] = TEST_SANITIZED ? 40 : 200, [EIGHT] = TEST_SANITIZED ? 60 : 300,
    [NINE] = TEST_SANITIZED ? 60 : 400,   [TEN] = TEST_SANITIZED ? 300 : 3000,
    [ELEVEN] = TEST_SANITIZED ? 60 : 300, [TWELVE] = TEST_SANITIZED ? 40 : 200,
};

#define STORM_HOURS 5
#define TAKEN_BACK 6 /* the district in which the first caller about the tree takes that back */

/* --- the script --- */

/* splitmix64 of the call's place: every run has the same calls. */
static uint64_t mix(uint64_t n)
{
    uint64_t z = (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void write_call(struct day_call *call, size_t n)
{
    static const struct day_topic *tree_topic = &day_topics[1];
    uint64_t dice = mix(n);
    call->district = (unsigned)(1 + n % DAY_DISTRICTS);
    call->before_storm = n < calls_of[BEFORE];
    call->tree = n < DAY_DISTRICTS || (!call->before_storm && dice % 10 == 0);
    call->topic = call->tree ? tree_topic : &day_topics[(dice >> 8) % DAY_TOPICS];
    call->urgent = call->topic->urgent || (dice >> 16) % 12 == 0;
    call->twice = (dice >> 24) % 10 == 0;
    if (call->tree && n >= DAY_DISTRICTS) {
        call->joining = (dice >> 32) % 3 == 0 ? DAY_JOINED_AFTERWARDS : DAY_JOINS;
    }
    /* Paving is never finished that morning, and so can always be taken back. */
    bool may_be_withdrawn = call->joining != DAY_ALONE || strcmp(call->topic->key, "pavement") == 0;
    call->withdrawn = may_be_withdrawn && (dice >> 40) % 8 == 0;
    call->has_phone = (dice >> 48) % 4 != 0;
    call->phoned = (dice >> 56) % 3 == 0;
    call->asked_before = (dice >> 56) % 16 == 0;
    (void)vafa_new_key(call->key); /* it is there */
}

static void begin_storm(struct day *day)
{
    uint8_t key[UUID_BYTES];
    char *topics[DAY_TOPICS];
    Intake__StartStormRequest request = INTAKE__START_STORM_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.topics = topics;
    for (size_t i = 0; i < DAY_TOPICS; i++) {
        if (day_topics[i].in_storm) {
            topics[request.n_topics++] = (char *)(uintptr_t)day_topics[i].key;
        }
    }
    request.hours = STORM_HOURS;
    request.reason = (char *)(uintptr_t) "توفان";
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "StartStorm", .request = &request.base};
    day_ask(day, &call);
    const Intake__Storm *storm = ((const Intake__StartStormResponse *)call.response)->storm;
    assert_int_equal(storm->storm_number, DAY_STORM);
    assert_int_equal(storm->due_percent, DAY_STORM_DUE_PERCENT);
    vafa_call_fini(&call);
}

static void wait_settled(struct day *day)
{
    struct error err;
    struct vafa_position heads[5];
    const struct vafa_wait wait = {.wait_ms = 2 * DAY_PATIENCE_MS};
    if (vafa_wait_settled(day->vafa, heads, &wait, &err) != STATUS_OK) {
        fail_msg("the services do not settle: %s: %s", status_name(err.status), err.message);
    }
    /* Intake shows what is open, and may be joined, once it has heard so from routing. */
    const Common__Position *routing = &heads[COMMON__SERVICE_ID__SERVICE_ID_ROUTING].position;
    if (vafa_wait_reached(day->vafa, COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &routing, 1, &wait,
                          &err) != STATUS_OK) {
        fail_msg("intake does not hear of tasks: %s: %s", status_name(err.status), err.message);
    }
}

/* --- the trees --- */

/* Who told of this district's tree first takes that back; it is cleared for the others all the same. */
static void take_back_first(struct morning *m)
{
    uint8_t key[UUID_BYTES];
    struct day_call *first = &m->calls[TAKEN_BACK - 1];
    Intake__WithdrawCaseRequest request = INTAKE__WITHDRAW_CASE_REQUEST__INIT;
    request.idempotency_key = vafa_new_key(key);
    request.code = first->code;
    request.reason = (char *)(uintptr_t) "پشیمان شد";
    struct vafa_call call = {
        .service = &intake__intake__descriptor, .method = "WithdrawCase", .request = &request.base};
    day_ask(&m->day, &call);
    vafa_call_fini(&call);
    first->withdrawn = true;
}

/* At 13 o'clock the trees are cleared: one task each, however many have called. */
static void clear_trees(struct morning *m)
{
    for (unsigned district = 1; district <= DAY_DISTRICTS; district++) {
        uint8_t key[UUID_BYTES];
        struct vafa_call call;
        const Routing__Task *task;
        morning_get_task(m, morning_tree(m, district)->number, &call, &task);
        assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ACCEPTED);
        assert_int_equal(morning_callers_told(task), morning_callers(m, district));
        Routing__FinishTaskRequest request = ROUTING__FINISH_TASK_REQUEST__INIT;
        request.idempotency_key = vafa_new_key(key);
        request.task_number = task->number;
        request.note = (char *)(uintptr_t) "درخت برداشته شد";
        vafa_call_fini(&call);
        struct vafa_call finish = {.service = &routing__routing__descriptor,
                                   .method = "FinishTask",
                                   .request = &request.base};
        day_ask(&m->day, &finish);
        vafa_call_fini(&finish);
    }
}

/* --- the morning --- */

static void tell(const struct morning *m)
{
    unsigned joined = 0, withdrawn = 0, twice = 0, returned = 0, finished = 0;
    for (size_t i = 0; i < m->count; i++) {
        const struct day_call *call = &m->calls[i];
        joined += call->joining != DAY_ALONE;
        withdrawn += call->withdrawn;
        twice += call->twice;
        returned += m->day.tasks[call->number].returns;
        finished += morning_is_done(m, call);
    }
    printf("           requests                    %zu, each with one task\n", m->count);
    printf("           at the peak                 %zu in %.1f s\n", calls_of[TEN],
           (double)m->peak_us / 1e6);
    printf("           joined to %d trees          %u\n", DAY_DISTRICTS, joined);
    printf("           sent twice, registered once %u\n", twice);
    printf("           taken back                  %u\n", withdrawn);
    printf("           returned, and gone on       %u\n", returned);
    printf("           done                        %u\n", finished);
    printf("           urgent, until the desk      %u, median %" PRId64 " ms, worst %" PRId64
           " ms; %u given to it at once\n",
           m->urgent, m->urgent_median_us / 1000, m->urgent_worst_us / 1000, m->given);
    printf("           calls opened and ended      %u, nothing registered in %u\n",
           m->phoned + m->informed, m->informed);
    printf("           caught up in order          %u\n", m->caught_up);
    printf("           due dates as walked         %u, of the storm %u, moved by it %u\n", m->dates,
           m->storm_dates, m->moved);
    assert_true(joined > 0 && withdrawn > 0 && twice > 0 && returned > 0);
}

static void live(struct morning *m)
{
    struct day *day = &m->day;
    day_take_calls(day, calls_of[BEFORE]);
    begin_storm(day);
    wait_settled(day);
    day_take_calls(day, calls_of[EIGHT]);
    day_take_calls(day, calls_of[NINE]);
    day_cut_off(day);
    int64_t from_us = clock_mono_us(clock_system());
    day_take_calls(day, calls_of[TEN]);
    m->peak_us = clock_mono_us(clock_system()) - from_us;
    day_take_calls(day, calls_of[ELEVEN]);
    day_reconnect(day);
    day_take_calls(day, calls_of[TWELVE]);
    day_wait_dealt_with(day);
    take_back_first(m);
    wait_settled(day);
    clear_trees(m);
    wait_settled(day);
    day_end(day);
}

static void a_storm_morning_loses_nothing_doubles_nothing_and_dates_are_right(void **state)
{
    struct morning *m = *state;
    live(m);
    morning_check_tasks(m);
    morning_check_told(m);
    morning_check_calls(m);
    morning_check_order(m);
    morning_check_due_dates(m);
    morning_check_report(m);
    tell(m);
}

static int set_up(void **state)
{
    struct morning *m = calloc(1, sizeof *m);
    assert_non_null(m);
    for (size_t i = 0; i < HOURS; i++) {
        m->count += calls_of[i];
    }
    m->calls = calloc(m->count, sizeof *m->calls);
    m->found = calloc(m->count + 1, sizeof *m->found);
    assert_true(m->calls != NULL && m->found != NULL);
    for (size_t i = 0; i < m->count; i++) {
        write_call(&m->calls[i], i);
    }
    m->system = system_new("isfahan");
    day_begin(&m->day, m->system, m->calls, m->count);
    *state = m;
    return 0;
}

static int tear_down(void **state)
{
    struct morning *m = *state;
    day_free(&m->day);
    system_free(m->system);
    free(m->calls);
    free(m->found);
    free(m);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_storm_morning_loses_nothing_doubles_nothing_and_dates_are_right, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
