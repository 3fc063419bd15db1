/*
 * How often what may happen did happen, over all seeds of the process: each kind of event of the logs, and each kind of
 * trouble. Seeds in which something never happens say nothing of it.
 */
#ifndef VAFA_TESTS_SIM_TALLY_H
#define VAFA_TESTS_SIM_TALLY_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

/* The crashes in the order of enum world_crash_point. */
enum tally_kind {
    TALLY_CRASH_NOW,
    TALLY_CRASH_BEFORE_COMMIT,
    TALLY_CRASH_AFTER_COMMIT,
    TALLY_CRASH_BEFORE_JOURNAL,
    TALLY_CRASH_AFTER_JOURNAL,
    TALLY_CRASH_FOLLOWING,
    TALLY_OUTAGE_OF_AN_HOUR,
    TALLY_STORM,
    TALLY_PAUSE,
    TALLY_FULL_DISK,
    TALLY_CLOCK_JUMP,
    TALLY_KIND_COUNT,
};

void tally(enum tally_kind kind);
/* An event of a log, as the recount reads it. */
void tally_event(const ProtobufCMessage *event);

/* A line a kind on standard output: how often. False when something never happened, which is told on standard error. */
bool tally_print(void);

#endif
