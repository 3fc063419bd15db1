/* What the recount's own files share. */
#ifndef VAFA_TESTS_SIM_RECOUNT_INTERNAL_H
#define VAFA_TESTS_SIM_RECOUNT_INTERNAL_H

#include "tests/sim/invariants.h"
#include "tests/sim/recount.h"

/* An event as it was found. */
struct found {
    unsigned service;
    uint64_t offset;
    const Common__EventRecord *record;
    const ProtobufCMessage *open;
};

/* recount_events.c: what the event changes, and whether it can be. */
void recount_take(struct recount *recount, const struct found *found);

/* recount_routing.c */
void recount_take_routing(struct recount *recount, const struct found *found);

/* recount_desks.c: true when the event was about desks; and what an act does to the desk of its task. */
bool recount_take_desks(struct recount *recount, const struct found *found);
void recount_desk_act(struct recount *recount, const struct found *found, struct recount_task *task,
                      bool leaves);

/* recount_clock.c: of a task that was routed; of every other event about one; closures; and whether
 * what should have come before `until_us` has. */
void recount_clock_routed(struct recount *recount, struct recount_task *task,
                          const struct found *found, const Routing__TaskRouted *routed);
void recount_clock_take(struct recount *recount, struct recount_task *task,
                        const struct found *found);
void recount_clock_announced(struct recount *recount, const struct found *found,
                             const Routing__ClosureAnnounced *announced);
void recount_clock_applied(struct recount *recount, const struct found *found,
                           const Routing__ClosureApplied *applied);
void recount_clock_check(const struct recount_task *task, int64_t until_us);

/* The event cannot be. */
_Noreturn void recount_impossible(const struct found *found, const char *why);
/* Keeps the event with its request; what the caller leaves out of it is taken from `found`. */
void recount_note(struct recount *recount, uint64_t case_number, const struct found *found,
                  struct recount_event event);

/* Grows a list so that one more fits; returns it. */
void *recount_grow(void *list, size_t count, size_t *room, size_t size);
const char *recount_text(struct recount *recount, const char *text);

#endif
