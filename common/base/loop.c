/*
 * The loop. Both drivers take the next due thing from the same place (take_due), so what the
 * simulator sees is what runs in production.
 */
#include "base/loop.h"

#include "base/check.h"
#include "base/mutex.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

/* Due tasks go before due timers, but after so many in a row one due timer has its turn: tasks that
 * keep posting one another must not put off deadlines for ever. */
#define TASKS_IN_A_ROW_MAX 256

/* The longest sleep; only a bound for arithmetic. */
#define WAIT_US_MAX HOUR_US

struct entry {
    struct loop_timer *timer;
    int64_t at_us;
    uint64_t order; /* timers of one instant expire in the order they were set */
};

struct loop {
    struct clock *clock;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct loop_task *first;
    struct loop_task *last;
    uint64_t posted; /* tasks queued ever */
    uint64_t taken;  /* tasks taken ever */
    uint32_t in_a_row;
    struct entry *heap; /* the earliest first */
    uint32_t timer_count;
    uint32_t timer_capacity;
    uint64_t timer_order;
    bool stopping;
    uint64_t stop_at; /* with stopping: tasks to take before the end */
};

/* What take_due found: a task, or a timer, or neither. */
struct due {
    struct loop_task *task;
    struct loop_timer *timer;
};

struct loop *loop_new(struct clock *clock)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    CHECK(loop != NULL);
    loop->clock = clock;
    mutex_init_brief(&loop->lock);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&loop->changed, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    return loop;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    for (struct loop_task *task = loop->first; task != NULL;) {
        struct loop_task *next = task->next;
        task->next = NULL;
        task->queued = false;
        task = next;
    }
    for (uint32_t i = 0; i < loop->timer_count; i++) {
        loop->heap[i].timer->slot = 0;
    }
    free(loop->heap);
    pthread_cond_destroy(&loop->changed);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

int64_t loop_mono_us(struct loop *loop)
{
    return clock_mono_us(loop->clock);
}

/* The heap of timers; all under the lock. */

static bool entry_before(const struct entry *a, const struct entry *b)
{
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void heap_place(struct loop *loop, uint32_t index, struct entry entry)
{
    loop->heap[index] = entry;
    entry.timer->slot = index + 1;
}

static void heap_up(struct loop *loop, uint32_t index, struct entry entry)
{
    while (index > 0) {
        uint32_t parent = (index - 1) / 2;
        if (!entry_before(&entry, &loop->heap[parent])) {
            break;
        }
        heap_place(loop, index, loop->heap[parent]);
        index = parent;
    }
    heap_place(loop, index, entry);
}

static void heap_down(struct loop *loop, uint32_t index, struct entry entry)
{
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= loop->timer_count) {
            break;
        }
        if (child + 1 < loop->timer_count &&
            entry_before(&loop->heap[child + 1], &loop->heap[child])) {
            child++;
        }
        if (!entry_before(&loop->heap[child], &entry)) {
            break;
        }
        heap_place(loop, index, loop->heap[child]);
        index = child;
    }
    heap_place(loop, index, entry);
}

/* Fills the hole at `index`: one of the two directions does nothing. */
static void heap_fix(struct loop *loop, uint32_t index, struct entry entry)
{
    heap_up(loop, index, entry);
    if (loop->heap[index].timer == entry.timer) {
        heap_down(loop, index, entry);
    }
}

static void heap_remove(struct loop *loop, struct loop_timer *timer)
{
    uint32_t index = timer->slot - 1;
    CHECK(index < loop->timer_count && loop->heap[index].timer == timer);
    timer->slot = 0;
    loop->timer_count--;
    if (index < loop->timer_count) {
        heap_fix(loop, index, loop->heap[loop->timer_count]);
    }
}

static void heap_reserve(struct loop *loop)
{
    if (loop->timer_count < loop->timer_capacity) {
        return;
    }
    CHECK(loop->timer_capacity < UINT32_MAX / 4);
    uint32_t capacity = loop->timer_capacity == 0 ? 32 : loop->timer_capacity * 2;
    struct entry *heap = realloc(loop->heap, capacity * sizeof(*heap));
    CHECK(heap != NULL);
    loop->heap = heap;
    loop->timer_capacity = capacity;
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    pthread_mutex_lock(&loop->lock);
    if (!task->queued) {
        task->queued = true;
        task->next = NULL;
        if (loop->last != NULL) {
            loop->last->next = task;
        } else {
            loop->first = task;
        }
        loop->last = task;
        loop->posted++;
        pthread_cond_signal(&loop->changed);
    }
    pthread_mutex_unlock(&loop->lock);
}

void loop_unpost(struct loop *loop, struct loop_task *task)
{
    pthread_mutex_lock(&loop->lock);
    if (task->queued) {
        struct loop_task *previous = NULL;
        struct loop_task *at = loop->first;
        while (at != task) {
            previous = at;
            at = at->next;
        }
        if (previous != NULL) {
            previous->next = task->next;
        } else {
            loop->first = task->next;
        }
        if (loop->last == task) {
            loop->last = previous;
        }
        task->next = NULL;
        task->queued = false;
        loop->taken++; /* loop_stop counts what is still to be taken */
    }
    pthread_mutex_unlock(&loop->lock);
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_us)
{
    int64_t now_us = loop_mono_us(loop);
    int64_t at_us = now_us;
    if (delay_us > 0 && __builtin_add_overflow(now_us, delay_us, &at_us)) {
        at_us = INT64_MAX - 1;
    }
    pthread_mutex_lock(&loop->lock);
    struct entry entry = {.timer = timer, .at_us = at_us, .order = loop->timer_order++};
    timer->at_us = at_us;
    if (timer->slot != 0) {
        CHECK(timer->slot <= loop->timer_count && loop->heap[timer->slot - 1].timer == timer);
        heap_fix(loop, timer->slot - 1, entry);
    } else {
        heap_reserve(loop);
        loop->timer_count++;
        heap_up(loop, loop->timer_count - 1, entry);
    }
    if (timer->slot == 1) {
        pthread_cond_signal(&loop->changed);
    }
    pthread_mutex_unlock(&loop->lock);
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
    pthread_mutex_lock(&loop->lock);
    if (timer->slot != 0) {
        heap_remove(loop, timer);
    }
    pthread_mutex_unlock(&loop->lock);
}

int64_t loop_next_us(const struct loop *loop)
{
    return loop->timer_count > 0 ? loop->heap[0].at_us : INT64_MAX;
}

static bool timer_is_due(struct loop *loop)
{
    return loop_next_us(loop) <= loop_mono_us(loop);
}

/* Under the lock. Takes the next thing to run at the present time, if there is one. */
static bool take_due(struct loop *loop, struct due *ret_due)
{
    struct loop_task *task = loop->first;
    bool task_turn = task != NULL && (loop->in_a_row < TASKS_IN_A_ROW_MAX || !timer_is_due(loop));
    if (task_turn) {
        loop->first = task->next;
        if (loop->first == NULL) {
            loop->last = NULL;
        }
        task->next = NULL;
        task->queued = false;
        loop->taken++;
        loop->in_a_row = loop->in_a_row < TASKS_IN_A_ROW_MAX ? loop->in_a_row + 1 : 0;
        *ret_due = (struct due){.task = task};
        return true;
    }
    loop->in_a_row = 0;
    if (timer_is_due(loop)) {
        struct loop_timer *timer = loop->heap[0].timer;
        heap_remove(loop, timer);
        *ret_due = (struct due){.timer = timer};
        return true;
    }
    return false;
}

/* Without the lock; what runs may free itself, so it is not looked at afterwards. */
static void run_due(struct due due)
{
    if (due.task != NULL) {
        due.task->run(due.task);
    } else {
        due.timer->expired(due.timer);
    }
}

/* Under the lock. Sleeps until something may be due. */
static void wait_for_change(struct loop *loop)
{
    if (loop->timer_count == 0) {
        pthread_cond_wait(&loop->changed, &loop->lock);
        return;
    }
    int64_t wait_us = loop->heap[0].at_us - loop_mono_us(loop);
    if (wait_us <= 0) {
        return;
    }
    wait_us = wait_us < WAIT_US_MAX ? wait_us : WAIT_US_MAX;
    struct timespec until;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    int64_t until_ns = until.tv_nsec + wait_us % SECOND_US * 1000;
    until.tv_sec += (time_t)(wait_us / SECOND_US + until_ns / 1000000000);
    until.tv_nsec = (long)(until_ns % 1000000000);
    pthread_cond_timedwait(&loop->changed, &loop->lock, &until);
}

void loop_run(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    while (!loop->stopping || loop->taken < loop->stop_at) {
        struct due due;
        if (take_due(loop, &due)) {
            pthread_mutex_unlock(&loop->lock);
            run_due(due);
            pthread_mutex_lock(&loop->lock);
        } else {
            wait_for_change(loop);
        }
    }
    loop->stopping = false;
    pthread_mutex_unlock(&loop->lock);
}

void loop_stop(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    if (!loop->stopping) {
        loop->stopping = true;
        loop->stop_at = loop->posted;
    }
    pthread_cond_signal(&loop->changed);
    pthread_mutex_unlock(&loop->lock);
}

bool loop_step(struct loop *loop)
{
    struct due due;
    if (loop->first == NULL && !timer_is_due(loop)) { /* one thread: no lock for nothing */
        loop->in_a_row = 0;
        return false;
    }
    pthread_mutex_lock(&loop->lock);
    bool found = take_due(loop, &due);
    pthread_mutex_unlock(&loop->lock);
    if (found) {
        run_due(due);
    }
    return found;
}
