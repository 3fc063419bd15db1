/* See day.h: what holds the morning together. The people are in day_calls.c and day_offices.c. */
#include "tests/integration/day.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S 150 /* longer than any wait takes; what hangs is told then */

const char *const day_desks[DAY_DESKS] = {"urban-services", "green-space", "civil"};

const struct day_topic day_topics[DAY_TOPICS] = {
    {"flooding", "urban-services", "danger", true, true},
    {"broken-branch", "green-space", "danger", true, true},
    {"canal-cleaning", "urban-services", "normal", false, true},
    {"snow-ice", "urban-services", "danger", false, true},
    {"pavement", "civil", "repair", false, true},
    {"cleaning", "urban-services", "normal", false, false},
    {"kerb-gutter", "civil", "works", false, false},
};

bool day_complain(struct day *day, const char *who, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a long one is cut */
    va_end(arguments);
    pthread_mutex_lock(&day->lock);
    if (!day->failed) {
        day->failed = true;
        snprintf(day->failure, sizeof day->failure, "%s: %s", who, text);
        pthread_cond_broadcast(&day->changed);
    }
    pthread_mutex_unlock(&day->lock);
    return false;
}

bool day_try(struct day *day, struct vafa *vafa, const char *who, struct vafa_call *call)
{
    if (vafa_call_wait(vafa, call) == STATUS_OK) {
        return true;
    }
    (void)day_complain(day, who, "%s: %s: %s: %s", call->method, status_name(call->error.status),
                       call->error.field, call->error.message);
    vafa_call_fini(call);
    return false;
}

void day_ask(struct day *day, struct vafa_call *call)
{
    if (vafa_call_wait(day->vafa, call) != STATUS_OK) {
        fail_msg("%s: %s: %s: %s", call->method, status_name(call->error.status), call->error.field,
                 call->error.message);
    }
}

void day_begin(struct day *day, const struct system *system, struct day_call *calls, size_t count)
{
    struct error err;
    const struct vafa_options options = {.data = system->data,
                                         .name = "the test",
                                         .role = RPC_ROLE_ADMIN,
                                         .patience_ms = DAY_PATIENCE_MS};
    *day = (struct day){.system = system, .calls = calls, .call_count = count};
    day->tasks = calloc(count + 1, sizeof *day->tasks);
    assert_non_null(day->tasks);
    assert_int_equal(pthread_mutex_init(&day->lock, NULL), 0);
    pthread_condattr_t monotonic; /* a wait does not end when somebody sets the machine's clock */
    assert_int_equal(pthread_condattr_init(&monotonic), 0);
    assert_int_equal(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC), 0);
    assert_int_equal(pthread_cond_init(&day->changed, &monotonic), 0);
    assert_int_equal(pthread_condattr_destroy(&monotonic), 0);
    assert_int_equal(vafa_open(&day->vafa, &options, &err), STATUS_OK);
    day_offices_come(day);
    day_front_ends_come(day);
}

/* --- waits --- */

/* With the lock held. Fails the test when it comes to nothing. */
static void wait_until(struct day *day, bool (*is_so)(const struct day *day), const char *what)
{
    struct timespec until;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &until), 0);
    until.tv_sec += PATIENCE_S;
    bool late = false;
    while (!day->failed && !late && !is_so(day)) {
        late = pthread_cond_timedwait(&day->changed, &day->lock, &until) == ETIMEDOUT;
    }
    bool failed = day->failed;
    pthread_mutex_unlock(&day->lock);
    if (failed) {
        fail_msg("%s", day->failure);
    }
    if (late) {
        fail_msg("waited for long enough until %s", what);
    }
}

static bool are_answered(const struct day *day)
{
    return day->ended == day->until;
}

void day_take_calls(struct day *day, size_t count)
{
    pthread_mutex_lock(&day->lock);
    assert_true(day->until + count <= day->call_count);
    day->until += count;
    pthread_cond_broadcast(&day->changed);
    wait_until(day, are_answered, "all calls were answered");
}

static bool are_cut_off(const struct day *day)
{
    return day->cut_off == 2 * DAY_DESKS; /* and their watches */
}

void day_cut_off(struct day *day)
{
    pthread_mutex_lock(&day->lock);
    day->away = true;
    wait_until(day, are_cut_off, "the offices were cut off");
}

void day_reconnect(struct day *day)
{
    pthread_mutex_lock(&day->lock);
    day->away = false;
    pthread_cond_broadcast(&day->changed);
    pthread_mutex_unlock(&day->lock);
}

/* Paving is not finished that morning: what was open when the storm began is open still. */
static bool is_moved(const struct day_call *call)
{
    return call->before_storm && !call->urgent && !call->withdrawn &&
           strcmp(call->topic->key, "pavement") == 0;
}

/* What was registered as joined has no task of its own. */
static bool are_dealt_with(const struct day *day)
{
    for (size_t i = 0; i < day->ended; i++) {
        const struct day_call *call = &day->calls[i];
        const struct day_task *task = &day->tasks[call->number];
        if (call->joining != DAY_JOINS &&
            (task->routed == 0 || !task->dealt_with || (is_moved(call) && task->moved == 0))) {
            return false;
        }
    }
    return true;
}

void day_wait_dealt_with(struct day *day)
{
    pthread_mutex_lock(&day->lock);
    wait_until(day, are_dealt_with, "all tasks were dealt with, and moved by the storm");
}

/* --- the end --- */

static void send_home(struct day *day)
{
    pthread_mutex_lock(&day->lock);
    bool was_over = day->over;
    day->over = true;
    pthread_cond_broadcast(&day->changed);
    pthread_mutex_unlock(&day->lock);
    if (!was_over) {
        day_front_ends_go(day);
        day_offices_go(day);
    }
}

void day_end(struct day *day)
{
    send_home(day);
    if (day->failed) {
        fail_msg("%s", day->failure);
    }
}

void day_free(struct day *day)
{
    send_home(day); /* a test that failed has not */
    vafa_close(day->vafa);
    assert_int_equal(pthread_cond_destroy(&day->changed), 0);
    assert_int_equal(pthread_mutex_destroy(&day->lock), 0);
    for (size_t i = 0; i < DAY_OFFICES; i++) {
        free(day->offices[i].told);
    }
    for (size_t i = 0; i < DAY_WATCHES; i++) {
        free(day->watches[i].told);
    }
    free(day->offices);
    free(day->watches);
    free(day->tasks);
}
