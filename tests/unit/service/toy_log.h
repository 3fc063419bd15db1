/* A log that a test writes by hand, served as a service serves its own: what followers follow. */
#ifndef VAFA_TESTS_SERVICE_TOY_LOG_H
#define VAFA_TESTS_SERVICE_TOY_LOG_H

#include "base/loop.h"
#include "rpc/rpc_router.h"

#include "vafa/log/v1/log.pb-c.h"

#define TOY_LOG_EVENTS_MAX 1200

struct toy_log {
    Common__ServiceId service;
    struct loop *loop;
    struct metric_registry *metrics;
    struct rpc_router *router;
    struct arena *arena;
    Eventlog__LoggedEvent *events[TOY_LOG_EVENTS_MAX];
    size_t count;
    struct rpc_call *waiting; /* a long poll that found nothing */
    struct loop_timer wait_over;

    /* What a test may set. */
    bool down;                                         /* nobody listens */
    struct error refuse_with;                          /* unless its status is OK */
    void (*spoil)(Eventlog__ReadEventsResponse *said); /* NULL: nothing */

    /* What it may look at: the reads so far, and where the last one began. */
    size_t reads;
    uint64_t after;
    uint8_t after_hash[32];
};

void toy_log_init(struct toy_log *log, struct loop *loop, struct clock *clock,
                  Common__ServiceId service);
void toy_log_fini(struct toy_log *log); /* no call may be waiting: its clients have gone */

/* One more event, a note of these words; the test may change its record before it is read. */
Common__EventRecord *toy_log_add(struct toy_log *log, const char *text);
/* Tells the record that its writer had followed `service` so far. */
void toy_log_has_seen(struct toy_log *log, Common__EventRecord *record, Common__ServiceId service,
                      uint64_t offset);
/* Answers the read that waits, if there is something. */
void toy_log_wake(struct toy_log *log);

#endif
