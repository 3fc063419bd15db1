/*
 * A storm morning in Isfahan, from 8 to 13 o'clock: thousands call from all fifteen districts, many
 * about the same trees; offices take on, finish, give back; one district is cut off for two hours. At
 * the end nothing is lost and nothing is there twice, each due date is the one that a walk through the
 * pack's hours minute by minute gives, and report counts what was asked.
 *
 * An hour is over when its calls are answered: a few seconds, and no clock is asked.
 */
#include "tests/integration/day.h"
#include "tests/support/memory.h"
#include "tests/support/slow_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"

#include "vafa/report/v1/report.pb-c.h"

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

#define STORM_DUE_PERCENT 300 /* city.ini of the pack */
#define STORM_HOURS 5
#define PAGE_TASKS 100

/* What is promised is a second from registration to the office. A loaded machine, a sanitizer or a
 * debugger may take longer without anything being wrong, so that what was measured is printed, and
 * what is asserted only tells a delay from a task that waited for something else: a poll that was not
 * woken, a timer, a retry. */
#define URGENT_US_MAX INT64_C(10000000)

/* A task as routing tells it. */
struct found {
    unsigned count; /* in how many units' lists */
    uint64_t number, joined_into, storm;
    int64_t registered_us, due_us;
    Routing__TaskState state;
    Routing__ClockKind clock;
    unsigned returns, callers;
    char code[16], unit[64], level[64];
};

struct morning {
    struct system *system;
    struct day day;
    struct day_call *calls;
    size_t count;
    struct found *found; /* by the number of the request */
    unsigned dates, storm_dates, caught_up, urgent;
    int64_t urgent_median_us, urgent_worst_us, peak_us;
};

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
    assert_int_equal(storm->due_percent, STORM_DUE_PERCENT);
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

/* A task of routing, by the number of a request. */
static void get_task(struct day *day, uint64_t case_number, struct vafa_call *call,
                     const Routing__Task **ret_task)
{
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    request.case_number = case_number;
    *call = (struct vafa_call){
        .service = &routing__routing__descriptor, .method = "GetTask", .request = &request.base};
    day_ask(day, call);
    *ret_task = ((const Routing__GetTaskResponse *)call->response)->task;
}

/* The first calls are about the trees, one of each district. */
static const struct day_call *first_of(const struct morning *m, unsigned district)
{
    return &m->calls[district - 1];
}

static unsigned callers_of(const struct morning *m, unsigned district)
{
    unsigned callers = 0;
    for (size_t i = 0; i < m->count; i++) {
        callers += m->calls[i].tree && m->calls[i].district == district && !m->calls[i].withdrawn;
    }
    return callers;
}

/* At 13 o'clock the trees are cleared: one task each, however many have called. */
static void clear_trees(struct morning *m)
{
    for (unsigned district = 1; district <= DAY_DISTRICTS; district++) {
        uint8_t key[UUID_BYTES];
        struct vafa_call call;
        const Routing__Task *task;
        get_task(&m->day, first_of(m, district)->number, &call, &task);
        assert_int_equal(task->state, ROUTING__TASK_STATE__TASK_STATE_ACCEPTED);
        assert_int_equal(task->callers, callers_of(m, district));
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

/* --- what routing has --- */

static void keep_found(struct morning *m, const Routing__Task *task)
{
    assert_true(task->case_number >= 1 && task->case_number <= m->count);
    struct found *found = &m->found[task->case_number];
    *found = (struct found){.count = found->count + 1,
                            .number = task->number,
                            .joined_into = task->joined_into,
                            .storm = task->storm,
                            .registered_us = task->registered_at_us,
                            .due_us = task->due_at_us,
                            .state = task->state,
                            .clock = task->clock,
                            .returns = task->returns,
                            .callers = task->callers > 0 ? task->callers : 1};
    snprintf(found->code, sizeof found->code, "%s", task->code);
    snprintf(found->unit, sizeof found->unit, "%s", task->unit);
    snprintf(found->level, sizeof found->level, "%s", task->level);
}

/* A unit's tasks in all states. */
static void read_unit(struct morning *m, const char *unit)
{
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    request.unit = (char *)(uintptr_t)unit;
    request.page_size = PAGE_TASKS;
    do {
        struct vafa_call call = {.service = &routing__routing__descriptor,
                                 .method = "ListTasks",
                                 .request = &request.base};
        day_ask(&m->day, &call);
        const Routing__ListTasksResponse *page = (const Routing__ListTasksResponse *)call.response;
        for (size_t i = 0; i < page->n_tasks; i++) {
            assert_string_equal(page->tasks[i]->unit, unit);
            keep_found(m, page->tasks[i]);
        }
        request.page_token = page->next_page_token;
        vafa_call_fini(&call);
    } while (request.page_token != 0);
}

/* Of a request that was joined: which task is worked on for it, and that its own code stays. */
static void check_joined(struct morning *m, const struct day_call *call)
{
    const struct day_call *first = first_of(m, call->district);
    struct vafa_call got;
    const Routing__Task *task;
    get_task(&m->day, call->number, &got, &task);
    assert_int_equal(task->number, m->found[first->number].number);
    vafa_call_fini(&got);
    Intake__GetCaseRequest request = INTAKE__GET_CASE_REQUEST__INIT;
    request.code = (char *)(uintptr_t)call->code;
    struct vafa_call story = {
        .service = &intake__intake__descriptor, .method = "GetCase", .request = &request.base};
    day_ask(&m->day, &story);
    const Intake__Case *told = ((const Intake__GetCaseResponse *)story.response)->case_data;
    assert_int_equal(told->number, call->number);
    assert_string_equal(told->incident_code, call->withdrawn ? "" : first->code); /* it has left */
    assert_true((told->state == INTAKE__CASE_STATE__CASE_STATE_WITHDRAWN) == call->withdrawn);
    vafa_call_fini(&story);
}

static void check_alone(struct morning *m, const struct day_call *call)
{
    const struct found *found = &m->found[call->number];
    const struct day_task *done = &m->day.tasks[call->number];
    Routing__TaskState state = ROUTING__TASK_STATE__TASK_STATE_ACCEPTED;
    if (call->withdrawn) {
        state = ROUTING__TASK_STATE__TASK_STATE_CANCELLED;
    } else if (done->finished || call->tree) {
        state = ROUTING__TASK_STATE__TASK_STATE_DONE;
    }
    assert_int_equal(found->state, state);
    assert_int_equal(found->returns, done->returns);
    assert_int_equal(found->callers, call->tree ? callers_of(m, call->district) : 1);
    if (done->unit[0] != '\0') { /* it could be taken on */
        assert_string_equal(found->unit, done->unit);
    }
}

static const char *const joining_names[] = {"alone", "joined", "joined afterwards"};

/* Every acknowledged request has one task in one unit's list: its own, or that of its tree. */
static void check_tasks(struct morning *m)
{
    for (size_t i = 0; i < DAY_OFFICES; i++) {
        read_unit(m, m->day.offices[i].unit);
    }
    for (size_t i = 0; i < m->count; i++) {
        const struct day_call *call = &m->calls[i];
        const struct found *found = &m->found[call->number];
        assert_true(call->number >= 1 && call->number <= m->count);
        if (found->count != (call->joining == DAY_JOINS ? 0 : 1)) {
            fail_msg("request %" PRIu64 " (%s, %s) is in %u lists", call->number, call->code,
                     joining_names[call->joining], found->count);
        }
        if (found->count == 1) {
            assert_string_equal(found->code, call->code);
        }
        if (call->joining == DAY_ALONE) {
            check_alone(m, call);
            continue;
        }
        check_joined(m, call);
        if (found->count == 1) {
            assert_int_equal(found->state, ROUTING__TASK_STATE__TASK_STATE_JOINED);
            assert_int_equal(found->joined_into,
                             m->found[first_of(m, call->district)->number].number);
        }
    }
}

/* --- what offices were told --- */

static void unit_of(const struct day_call *call, char unit[64])
{
    snprintf(unit, 64, "district-%u-%s", call->district, call->topic->desk);
}

static int by_time(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Once, and to the office whose it is; urgent ones soon, where the line was not cut. */
static void check_told(struct morning *m)
{
    int64_t *delays = calloc(m->count, sizeof *delays);
    assert_non_null(delays);
    for (size_t i = 0; i < m->count; i++) {
        const struct day_call *call = &m->calls[i];
        const struct day_task *task = &m->day.tasks[call->number];
        char unit[64];
        unit_of(call, unit);
        assert_int_equal(task->routed, call->joining == DAY_JOINS ? 0 : 1);
        if (task->routed == 0) {
            continue;
        }
        assert_string_equal(task->office->unit, unit);
        if (call->urgent && call->district != DAY_AWAY) {
            delays[m->urgent++] = task->delay_us;
        }
    }
    assert_true(m->urgent > 0);
    qsort(delays, m->urgent, sizeof *delays, by_time);
    m->urgent_median_us = delays[m->urgent / 2];
    m->urgent_worst_us = delays[m->urgent - 1];
    free(delays);
    assert_true(m->urgent_worst_us < URGENT_US_MAX);
}

/* Sequences rise (the office has looked); tasks that came from intake come in the order in which they
 * were made, also over the time in which the line was cut. */
static void check_order(struct morning *m)
{
    for (size_t i = 0; i < DAY_OFFICES; i++) {
        const struct day_office *office = &m->day.offices[i];
        uint64_t last = 0;
        for (size_t j = 0; j < office->told_count; j++) {
            if (office->told[j].kind == ROUTING__CHANGE_KIND__CHANGE_KIND_ROUTED) {
                assert_true(office->told[j].task > last);
                last = office->told[j].task;
                m->caught_up += office->district == DAY_AWAY && j >= office->told_before;
            }
        }
    }
    assert_true(m->caught_up > 0);
}

/* --- due dates --- */

/* Whether the storm must have loosened it: 1, 0, or -1 for what was open when it began and has ended
 * since, perhaps before its turn came. */
static int is_loosened(const struct day_call *call, const struct found *found)
{
    if (!call->topic->in_storm) {
        return 0;
    }
    if (!call->before_storm) {
        return 1;
    }
    if (call->urgent) {
        return 0;
    }
    return found->state == ROUTING__TASK_STATE__TASK_STATE_ACCEPTED ? 1 : -1;
}

static void check_due(struct morning *m, struct slow_clock *slow, const struct day_call *call)
{
    const struct found *found = &m->found[call->number];
    struct slow_level level;
    char unit[64];
    unit_of(call, unit);
    int loosened = is_loosened(call, found);
    assert_true(loosened < 0 || found->storm == (loosened > 0 ? DAY_STORM : 0));
    assert_string_equal(found->level, call->topic->level);
    assert_true(slow_clock_level(slow, call->topic->level, &level));
    int64_t hours = call->urgent && level.urgent_hours > 0 ? level.urgent_hours : level.due_hours;
    int64_t percent = found->storm != 0 && !call->urgent ? STORM_DUE_PERCENT : 100;
    bool working = level.working && !call->urgent;
    assert_int_equal(found->clock, working ? ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING
                                           : ROUTING__CLOCK_KIND__CLOCK_KIND_WALL);
    int64_t due_us = slow_clock_add_exactly(slow, working ? unit : NULL, found->registered_us,
                                            hours * HOUR_US * percent / 100, NULL, 0);
    if (found->due_us != due_us) {
        fail_msg("task %" PRIu64 " (%s, storm %" PRIu64 ") is due %" PRId64
                 " us, and should be %" PRId64,
                 found->number, call->topic->key, found->storm, found->due_us, due_us);
    }
    m->dates++;
    m->storm_dates += percent != 100;
}

static void check_due_dates(struct morning *m)
{
    struct civil *civil;
    struct error err;
    assert_int_equal(civil_new(&civil, "Asia/Tehran", CIVIL_JALALI, 6, &err), STATUS_OK);
    struct slow_clock *slow = slow_clock_new(VAFA_SOURCE_DIR "/deploy/cities/isfahan", civil);
    for (size_t i = 0; i < m->count; i++) {
        if (m->calls[i].joining != DAY_JOINS) {
            check_due(m, slow, &m->calls[i]);
        }
    }
    slow_clock_free(slow);
    civil_free(civil);
    assert_true(m->storm_dates > 0 && m->storm_dates < m->dates);
}

/* --- report --- */

static bool counts_all(const struct morning *m, const struct day_call *call)
{
    (void)m, (void)call;
    return true;
}

static bool counts_cancelled(const struct morning *m, const struct day_call *call)
{
    (void)m;
    return call->withdrawn;
}

static bool counts_done(const struct morning *m, const struct day_call *call)
{
    return !call->withdrawn && (call->tree || m->day.tasks[call->number].finished);
}

static bool counts_open(const struct morning *m, const struct day_call *call)
{
    return !call->withdrawn && !counts_done(m, call);
}

typedef bool counter(const struct morning *m, const struct day_call *call);

/* Of a topic and an area. */
static unsigned own_count(const struct morning *m, counter *counts, const char *topic,
                          const char *area)
{
    unsigned count = 0;
    for (size_t i = 0; i < m->count; i++) {
        count += strcmp(m->calls[i].topic->key, topic) == 0 &&
                 m->calls[i].district == strtoul(area, NULL, 10) && counts(m, &m->calls[i]);
    }
    return count;
}

static void check_metric(struct morning *m, Report__Metric metric, const char *column,
                         counter *counts)
{
    Report__Dimension by[] = {REPORT__DIMENSION__DIMENSION_TOPIC,
                              REPORT__DIMENSION__DIMENSION_AREA};
    Report__QueryReportRequest request = REPORT__QUERY_REPORT_REQUEST__INIT;
    request.metric = metric;
    request.by = by;
    request.n_by = 2;
    struct vafa_call call = {
        .service = &report__report__descriptor, .method = "QueryReport", .request = &request.base};
    day_ask(&m->day, &call);
    const Report__QueryReportResponse *response =
        (const Report__QueryReportResponse *)call.response;
    size_t place = 2;
    while (place < response->n_columns && strcmp(response->columns[place], column) != 0) {
        place++;
    }
    assert_true(place < response->n_columns);
    int64_t all = 0, expected = 0;
    for (size_t i = 0; i < response->n_rows; i++) {
        Report__Cell **cells = response->rows[i]->cells;
        assert_int_equal(cells[place]->count, own_count(m, counts, cells[0]->text, cells[1]->text));
        all += cells[place]->count;
    }
    for (size_t i = 0; i < m->count; i++) {
        expected += counts(m, &m->calls[i]);
    }
    assert_true(expected > 0);
    assert_int_equal(all, expected);
    vafa_call_fini(&call);
}

static void check_report(struct morning *m)
{
    check_metric(m, REPORT__METRIC__METRIC_REQUESTS, "requests", counts_all);
    check_metric(m, REPORT__METRIC__METRIC_DONE, "done", counts_done);
    check_metric(m, REPORT__METRIC__METRIC_OPEN, "open", counts_open);
    check_metric(m, REPORT__METRIC__METRIC_UNDONE, "cancelled", counts_cancelled);
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
        finished += counts_done(m, call);
    }
    printf("           requests                    %zu, each with one task\n", m->count);
    printf("           at the peak                 %zu in %.1f s\n", calls_of[TEN],
           (double)m->peak_us / 1e6);
    printf("           joined to %d trees          %u\n", DAY_DISTRICTS, joined);
    printf("           sent twice, registered once %u\n", twice);
    printf("           taken back                  %u\n", withdrawn);
    printf("           returned, and gone on       %u\n", returned);
    printf("           done                        %u\n", finished);
    printf("           urgent, until the office    %u, median %" PRId64 " ms, worst %" PRId64
           " ms\n",
           m->urgent, m->urgent_median_us / 1000, m->urgent_worst_us / 1000);
    printf("           caught up in order          %u\n", m->caught_up);
    printf("           due dates as walked         %u, of the storm %u\n", m->dates,
           m->storm_dates);
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
    wait_settled(day);
    clear_trees(m);
    wait_settled(day);
    day_end(day);
}

static void a_storm_morning_loses_nothing_doubles_nothing_and_dates_are_right(void **state)
{
    struct morning *m = *state;
    live(m);
    check_tasks(m);
    check_told(m);
    check_order(m);
    check_due_dates(m);
    check_report(m);
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
