/*
 * The clock of a task: when a person has to have done something, when the unit is warned, when it is
 * due, when it goes up the ladder; and how these times move while the clock stands. Plain values in,
 * plain values out.
 *
 * A date that has come stays as it is. One that has not moves, when the clock has stood, by as much
 * working time as it was away when the clock stopped. So the order of pauses, closures, returns and
 * moves does not matter to what is right: at any time, a date is the one that the working time left
 * leads to.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_CLOCK_H
#define VAFA_SERVICES_ROUTING_ROUTING_CLOCK_H

#include "base/arena.h"
#include "city/city_route.h"
#include "city/hours.h"

#include "vafa/routing/v1/routing.pb-c.h"

#define ROUTING_CLOSURE_AHEAD_DAYS_MAX 366
#define ROUTING_CLOSURE_DAYS_MAX 60
/* Closures whose end lies in the last year or ahead: so that those of a sum fit HOURS_GAPS_MAX. */
#define ROUTING_CLOSURES_A_YEAR_MAX 200
/* A step of moving due dates: so many tasks are looked at, so many moved at most. */
#define ROUTING_CLOSURE_TASKS_MAX 300
#define ROUTING_CLOSURE_MOVED_MAX 60
/* Between two steps others have their turn. */
#define ROUTING_CLOSURE_STEP_US 20000
#define ROUTING_HOLDS_MAX 200 /* of a task; beyond, the last one goes on */

/* What happens by itself when its time comes; the due date has a timer of its own. */
enum routing_moment {
    ROUTING_MOMENT_NONE,
    ROUTING_MOMENT_WARN,
    ROUTING_MOMENT_RESPOND,
    ROUTING_MOMENT_ESCALATE,
};

/* Open, and not waiting: time passes. */
bool routing_clock_runs(const Routing__Task *task);
/* The due date is still to come, and time passes. */
bool routing_clock_is_due_ahead(const Routing__Task *task);
/* The first of the others that is still to come, its time in *ret_at_us; NONE (and 0) when there is
 * none, when time does not pass, and for a history. Of several at once the first of the enum. */
enum routing_moment routing_clock_next(const Routing__Task *task, int64_t *ret_at_us);

/* The working hours that count; NULL: all hours. */
const struct hours *routing_clock_hours(const struct city *city, const Routing__Task *task);
/* hours_add that ends at HOURS_YEARS_MAX instead of refusing. */
int64_t routing_clock_add(const struct hours *hours, int64_t from_us, int64_t amount_us,
                          const struct hours_gaps *gaps);

/* How much of the usual time there is, percent: 100, or more in a storm. */
struct routing_looseness {
    uint32_t due_percent;
    uint32_t respond_percent;
};

/* The dates of a live request: what the pack says of its level, from when it was made. */
void routing_clock_start(const struct city *city, const struct city_route *route,
                         struct routing_looseness looseness, Routing__TaskRouted *routed,
                         const struct hours_gaps *gaps);
/* How long after the due date the task goes up that step; false when there is no such step. */
bool routing_clock_step_after(const struct city *city, const Routing__Task *task, uint32_t number,
                              const struct city_step **ret_step, int64_t *ret_after_us);

/* The dates of `moved` that are still to come at stop_us, as they are when the clock stands from then
 * until go_us: `before` has not counted yet what `after` takes out, too. False: none moves. */
bool routing_clock_move(const struct hours *hours, const Routing__Task *task, int64_t stop_us,
                        int64_t go_us, const struct hours_gaps *before,
                        const struct hours_gaps *after, Routing__TaskDueMoved *moved);
/* By how much longer each may take; in the time that counts for the task, none below 0. Steps of the
 * ladder keep their distance from the due date. */
struct routing_delays {
    int64_t due_us;
    int64_t respond_us;
    int64_t warn_us;
};
/* What the task's level gives when it is loosened from one to the other; never tightened. */
struct routing_delays routing_clock_delays(const struct city *city, const Routing__Task *task,
                                           struct routing_looseness from,
                                           struct routing_looseness to);
/* The dates of `moved` that are still to come at stop_us, so much later; when the due date has come,
 * nothing moves. False: none does. */
bool routing_clock_delay(const struct hours *hours, const Routing__Task *task, int64_t stop_us,
                         const struct routing_delays *delays, const struct hours_gaps *gaps,
                         Routing__TaskDueMoved *moved);
/* It has become urgent at from_us: dates of `moved` that are still to come are those of an urgent request of the route
 * made then, or stay, whichever is earlier. False: nothing changes, the hours that count included. */
bool routing_clock_hasten(const struct city *city, const Routing__Task *task,
                          const struct city_route *route, int64_t from_us,
                          Routing__TaskDueMoved *moved);
/* Urgent by itself or by its topic. */
bool routing_clock_is_urgent(const struct city *city, const char *topic, Common__Urgency urgency);
/* A TaskDueMoved that leaves all as it is. */
Routing__TaskDueMoved routing_clock_unmoved(const Routing__Task *task, Routing__MoveCause cause);

/* --- what events do --- */

/* Whether the event is one of the clock's own about a task. */
bool routing_clock_is_event(const Routing__Event *event);
/* What it changes; false, and nothing changed, when it cannot follow on the task's state. */
bool routing_clock_change(Routing__Task *task, const Routing__Event *event);
/* The first act of a named person, if the event is that: it also acknowledges an urgent task. False: the
 * arena is full. */
bool routing_clock_respond(Routing__Task *task, const Routing__Event *event, char *actor,
                           int64_t occurred_at_us, struct arena *arena);

#endif
