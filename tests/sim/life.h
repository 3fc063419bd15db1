/*
 * Days of city life: citizens call as the hour of the day has it, and in storms; operators register,
 * offices follow their tasks, accept, report, finish and return them, the call-back desk calls,
 * a history is brought in, people ask where their request is, leadership asks for figures. All are
 * actors on the people's loop, drawn from the world's seed, and all keep a ledger of what they were
 * answered.
 */
#ifndef VAFA_TESTS_SIM_LIFE_H
#define VAFA_TESTS_SIM_LIFE_H

#include "tests/sim/world.h"

struct life;

struct life_options {
    unsigned days; /* new requests come for so long */
    unsigned requests_a_day;
};

struct life *life_new(struct world *world, const struct life_options *options);
/* Everything begins. */
void life_begin(struct life *life);
/* What can be looked at while faults go on: every day. */
void life_check(struct life *life);
/* Nothing new is begun; what is under way goes on. */
void life_close(struct life *life);
/* Nothing is under way any more. */
bool life_is_over(struct world *world, void *life);
/* With everything delivered: all that must hold. */
void life_check_all(struct life *life);
void life_free(struct life *life);

struct life_figures {
    uint64_t requests, tasks_done, calls, answers, errands, same_answers, events, rings, chases,
        surges, key_changes;
};
void life_figures(const struct life *life, struct life_figures *ret_figures);

#endif
