/*
 * The loop: tasks and timers run one after another, none of which may block.
 *
 * Everything in a process that waits for something - followers, durable timers, parked polls, the
 * client's retries - is a machine driven by a loop. It has two drivers: loop_run on a thread, and
 * loop_step, with which the simulator runs every service in one thread on virtual time.
 */
#ifndef VAFA_BASE_LOOP_H
#define VAFA_BASE_LOOP_H

#include "base/clock.h"

#include <stdbool.h>

struct loop;

/* Embedded in its owner, zeroed before first use; stays valid until it ran, was taken back or the
 * loop was freed. */
struct loop_task {
    void (*run)(struct loop_task *task);
    struct loop_task *next; /* the loop's own */
    bool queued;            /* the loop's own */
};

/* Embedded in its owner, zeroed before first use. */
struct loop_timer {
    void (*expired)(struct loop_timer *timer);
    int64_t at_us; /* monotonic; the loop's own */
    uint32_t slot; /* the loop's own: place in the heap plus one, 0 when not set */
};

struct loop *loop_new(struct clock *clock);
/* Forgets what is queued and the timers that are set (their owners must still be there); NULL is
 * allowed. */
void loop_free(struct loop *loop);

/* Any thread. Queues the task (once: posting a queued task again does nothing). */
void loop_post(struct loop *loop, struct loop_task *task);
/* Any thread. Takes it back: on return it is not queued; from another thread it may still be
 * running. */
void loop_unpost(struct loop *loop, struct loop_task *task);

/* Any thread. Sets or moves the timer; a delay of 0 or less expires at the next turn. */
void loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_us);
/* Any thread. On return it will not start to expire; from another thread it may still be running.
 */
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

int64_t loop_mono_us(struct loop *loop);

/* Driver one: runs tasks and timers as they come until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* any thread; what is queued by then is still run */

/* Driver two, where one thread alone posts, sets and steps: runs one due task or timer; false when none is due at the
 * clock's present time. In both drivers due tasks go first, but after 256 tasks in a row one due timer has its turn. */
bool loop_step(struct loop *loop);
/* The same thread: the monotonic time of the next timer, INT64_MAX when there is none. */
int64_t loop_next_us(const struct loop *loop);

#endif
