#include "service/alarm.h"

#include "base/check.h"
#include "base/plant.h"

#include <stdlib.h>

#define TIMERS_PER_OPERATION 64
#define TIMER_ARENA_BYTES_MAX (1u << 20)
#define LOOK_AGAIN_US (10 * SECOND_US) /* the wall clock may jump: look at it now and then */
#define RETRY_US SECOND_US

struct alarm {
    struct alarm_options options;
    struct loop_task commit_task; /* a commit: the earliest timer may be another */
    struct loop_task ended_task;  /* our operation has ended */
    struct loop_timer timer;
    struct writer_op op;
    struct arena *arena;
    bool firing;
    bool stopped;
    size_t fired;        /* by the operation */
    int64_t next_due_us; /* behind them; INT64_MAX for none */
};

/* On the writer. A refused timer ends the operation before it; the next one begins with it and is
 * refused alone. */
static enum status fire_due(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    struct alarm *alarm = (struct alarm *)((char *)op - offsetof(struct alarm, op));
    alarm->fired = 0;
    for (;;) {
        struct timer timer;
        alarm->next_due_us = timer_first(txn, &timer) ? timer.due_us : INT64_MAX;
        if (alarm->fired == TIMERS_PER_OPERATION ||
            alarm->next_due_us > engine_now_us(alarm->options.engine, NULL)) {
            return txn_error(txn, err);
        }
        enum status status =
            engine_run_timer(alarm->options.engine, txn, &timer, alarm->arena, err);
        arena_reset(alarm->arena);
        if (status != STATUS_OK) {
            bool transaction_failed = txn_error(txn, NULL) != STATUS_OK;
            return alarm->fired > 0 && !transaction_failed ? STATUS_OK : status;
        }
        alarm->fired++;
    }
}

static void fire_ended(struct writer_op *op)
{
    struct alarm *alarm = (struct alarm *)((char *)op - offsetof(struct alarm, op));
    loop_post(alarm->options.loop, &alarm->ended_task);
}

static void fire(struct alarm *alarm)
{
    struct error err;
    alarm->firing = true;
    alarm->op = (struct writer_op){
        .run = fire_due, .ended = fire_ended, .lane = WRITER_TIMERS, .reserve = true};
    if (writer_submit(alarm->options.writer, &alarm->op, &err) != STATUS_OK) {
        alarm->firing = false;
        loop_timer_set(alarm->options.loop, &alarm->timer, RETRY_US);
    }
}

/* The earliest timer's due time, INT64_MAX for none. */
static int64_t next_due_us(struct alarm *alarm)
{
    struct store_txn *txn;
    struct timer timer;
    int64_t due_us = INT64_MAX;
    if (store_read_begin(alarm->options.store, &txn, NULL) != STATUS_OK) {
        return due_us; /* looked at again soon */
    }
    if (timer_first(txn, &timer)) {
        due_us = timer.due_us;
    }
    store_read_end(txn);
    return due_us;
}

static void fire_at(struct alarm *alarm, int64_t due_us)
{
    int64_t behind_us;
    int64_t now_us = engine_now_us(alarm->options.engine, &behind_us);
    if (due_us <= now_us) {
        fire(alarm);
        return;
    }
    /* While the wall clock is behind, now stands still until it has caught up. */
    int64_t delay_us = us_add(due_us - now_us, behind_us);
    delay_us = delay_us < LOOK_AGAIN_US ? delay_us : LOOK_AGAIN_US;
    loop_timer_set(alarm->options.loop, &alarm->timer, PLANTED("alarm_never_waits") ? 0 : delay_us);
}

static void look(struct alarm *alarm)
{
    if (!alarm->firing && !alarm->stopped) {
        fire_at(alarm, next_due_us(alarm));
    }
}

static void op_ended(struct loop_task *task)
{
    struct alarm *alarm = (struct alarm *)((char *)task - offsetof(struct alarm, ended_task));
    enum status status = alarm->op.error.status;
    alarm->firing = false;
    if (status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_UNAVAILABLE) {
        loop_timer_set(alarm->options.loop, &alarm->timer, RETRY_US);
    } else if (status != STATUS_OK) {
        alarm->stopped = true;
        alarm->options.stopped(alarm->options.context, &alarm->op.error);
    } else {
        fire_at(alarm, alarm->next_due_us); /* readers may not see yet what was fired */
    }
}

static void committed(struct loop_task *task)
{
    look((struct alarm *)((char *)task - offsetof(struct alarm, commit_task)));
}

static void timer_expired(struct loop_timer *timer)
{
    look((struct alarm *)((char *)timer - offsetof(struct alarm, timer)));
}

void alarm_committed(struct alarm *alarm)
{
    loop_post(alarm->options.loop, &alarm->commit_task);
}

struct alarm *alarm_new(const struct alarm_options *options)
{
    struct alarm *alarm = calloc(1, sizeof *alarm);
    CHECK(alarm != NULL);
    alarm->options = *options;
    alarm->arena = arena_new(TIMER_ARENA_BYTES_MAX);
    alarm->commit_task.run = committed;
    alarm->ended_task.run = op_ended;
    alarm->timer.expired = timer_expired;
    return alarm;
}

void alarm_start(struct alarm *alarm)
{
    if (PLANTED("timer_lost_on_crash") &&
        next_due_us(alarm) <= engine_now_us(alarm->options.engine, NULL)) {
        alarm->firing = true; /* as before the crash */
    }
    look(alarm);
}

void alarm_free(struct alarm *alarm)
{
    if (alarm == NULL) {
        return;
    }
    loop_timer_clear(alarm->options.loop, &alarm->timer);
    loop_unpost(alarm->options.loop, &alarm->commit_task);
    loop_unpost(alarm->options.loop, &alarm->ended_task);
    arena_free(alarm->arena);
    free(alarm);
}
