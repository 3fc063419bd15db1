/* What is found at the end of a morning (test_day.c), and what it must be. Each check fails the test. */
#ifndef VAFA_TESTS_DAY_CHECKS_H
#define VAFA_TESTS_DAY_CHECKS_H

#include "tests/integration/day.h"

#define DAY_STORM_DUE_PERCENT 300 /* city.ini of the pack */

/* A task as routing tells it. */
struct found {
    unsigned count; /* in how many units' lists */
    uint64_t number, joined_into, storm;
    int64_t registered_us, due_us;
    Routing__TaskState state;
    Routing__ClockKind clock;
    unsigned returns, callers;
    char code[16], unit[64], level[64];
    char acknowledged_by[32]; /* of an urgent one that is open */
};

/* The script's calls, and what became of them. The first of them are about the trees, one of each
 * district. */
struct morning {
    struct system *system;
    struct day day;
    struct day_call *calls;
    size_t count;
    struct found *found; /* by the number of the request */
    unsigned dates, storm_dates, moved, caught_up, urgent, given, phoned, informed;
    int64_t urgent_median_us, urgent_worst_us, peak_us;
};

/* A task of routing, by the number of a request; the caller finishes the call. */
void morning_get_task(struct morning *m, uint64_t case_number, struct vafa_call *call,
                      const Routing__Task **ret_task);
const struct day_call *morning_tree(const struct morning *m, unsigned district);
/* Whose the tree's task is: those who took it back left out. */
unsigned morning_callers(const struct morning *m, unsigned district);
/* As routing tells: of a task that was never shared it says 0. */
unsigned morning_callers_told(const Routing__Task *task);
/* Its work was finished. */
bool morning_is_done(const struct morning *m, const struct day_call *call);

/* Every acknowledged request has one task in one unit's list: its own, or that of its tree. Reads what
 * the other checks look at. */
void morning_check_tasks(struct morning *m);
/* Offices were told of each task once, those it concerns; their desks on watch of urgent ones, soon. */
void morning_check_told(struct morning *m);
/* The calls are there as the front-ends ended them, each with the request that was registered in it. */
void morning_check_calls(struct morning *m);
/* Tasks came in the order in which they were made, also over the time in which the line was cut. */
void morning_check_order(struct morning *m);
/* Each due date is the one that the pack's files give, walked minute by minute. */
void morning_check_due_dates(struct morning *m);
void morning_check_report(struct morning *m);

#endif
