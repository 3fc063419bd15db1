/*
 * A lane for reads that take long: threads of their own, so that they hold up nobody but each
 * other. What does not fit into the queue is refused, not waited for.
 */
#ifndef VAFA_SERVICE_LANE_H
#define VAFA_SERVICE_LANE_H

#include "base/status.h"

#include <stddef.h>

struct lane;

/* Embedded in its owner, which lives until `run` is called. */
struct lane_job {
    void (*run)(struct lane_job *job); /* on one of the lane's threads; may free its owner */
    struct lane_job *next;             /* the lane's own */
};

/* RESOURCE_EXHAUSTED when a thread cannot be started. */
enum status lane_new(struct lane **ret_lane, size_t threads, size_t queue_max, struct error *err);
/* RESOURCE_EXHAUSTED when the queue is full, UNAVAILABLE once it was stopped: `run` is not called
 * then. Any thread. */
enum status lane_submit(struct lane *lane, struct lane_job *job, struct error *err);
/* Takes no more, runs what waits, and returns when all have run. */
void lane_stop(struct lane *lane);
void lane_free(struct lane *lane); /* stops first; NULL is allowed */

#endif
