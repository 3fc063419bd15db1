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

/* The event cannot be. */
_Noreturn void recount_impossible(const struct found *found, const char *why);
/* Keeps the event with its request; what the caller leaves out of it is taken from `found`. */
void recount_note(struct recount *recount, uint64_t case_number, const struct found *found,
                  struct recount_event event);

/* recount_calls.c */
void recount_take_opened(struct recount *recount, const struct found *found,
                         const Intake__CallOpened *opened);
void recount_take_ended(struct recount *recount, const struct found *found,
                        const Intake__CallEnded *ended);
void recount_take_registered_in(struct recount *recount, const struct found *found,
                                uint64_t call_number);
void recount_take_chased(struct recount *recount, const struct found *found,
                         const Intake__CaseChased *chased);
void recount_take_amended(struct recount *recount, const struct found *found,
                          const Intake__RequestAmended *amended);
void recount_take_withdrawn(struct recount *recount, const struct found *found,
                            const Intake__RequestWithdrawn *withdrawn);
void recount_take_words(struct recount *recount, const struct found *found,
                        const Intake__WordsAdded *added);
void recount_take_task_amended(struct recount *recount, const struct found *found,
                               const Routing__TaskAmended *amended);
void recount_take_task_chased(struct recount *recount, const struct found *found,
                              const Routing__TaskChased *chased);
/* Routing has counted the chases up to its cursor, and no others. */
void recount_check_chases(struct recount *recount, uint64_t cursor);
/* Calls left open are closed by then. */
void recount_check_rings(const struct recount *recount, int64_t until_us);

/* Grows a list so that one more fits; returns it. */
void *recount_grow(void *list, size_t count, size_t *room, size_t size);
const char *recount_text(struct recount *recount, const char *text);

#endif
