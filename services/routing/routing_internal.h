/* What the files of this service give each other, beside its rules and its tables. */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_INTERNAL_H
#define VAFA_SERVICES_ROUTING_ROUTING_INTERNAL_H

#include "city/city_route.h"
#include "city/hours.h"
#include "service/service.h"
#include "services/routing/routing_clock.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* Stands for every unit in FollowTasks; no pack can have a unit of that name. */
#define ROUTING_EVERY_UNIT "*"
/* For one task: what looks at many reads each into the same room. */
#define ROUTING_TASK_ARENA_BYTES ((size_t)1024 * 1024)

/* routing_methods.c: in the order of routing.proto. */
extern const struct service_method routing_methods[];

/* routing_methods_acts.c: the checks of their methods. */
enum status routing_check_report(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_finish(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_return(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_plan(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err);
enum status routing_check_start(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status routing_check_pause(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status routing_check_resume(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_close(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status routing_check_move(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err);
enum status routing_check_reopen(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_cancel(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_check_ask_help(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err);
enum status routing_check_finish_help(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *message, struct error *err);
enum status routing_check_withdraw_help(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *message, struct error *err);

/* routing_offices.c: ClaimTasks' check, ListOffices. */
enum status routing_check_claim(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err);
enum status routing_check_offices(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err);
enum status routing_read_offices(struct read *r, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer);

/* routing_methods_explain.c: ExplainRoute. */
enum status routing_check_explain(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err);
enum status routing_read_explain(struct read *r, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer);

/* routing_list.c: ListTasks. */
enum status routing_check_list(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err);
enum status routing_read_list(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer);

/* routing_follow.c: FollowTasks; AcknowledgeTasks' check. */
enum status routing_check_follow(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err);
enum status routing_read_follow(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer);
/* From where it says: what the office has acknowledged does not matter then. */
bool routing_follow_is_unhurried(const ProtobufCMessage *message);
enum status routing_check_acknowledge(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *message, struct error *err);

/* routing_methods_tasks.c: GetTask; and parts of several methods. */
enum status routing_check_get(const struct city *city, const struct rpc_caller *caller,
                              const ProtobufCMessage *message, struct error *err);
enum status routing_read_get(struct read *r, const ProtobufCMessage *message,
                             ProtobufCMessage *answer);
enum status routing_require_unit(struct read *r, const char *unit);
enum status routing_read_task(struct read *r, uint64_t number, Routing__Task **ret_task);
enum status routing_refuse_too_large(struct read *r);
enum status routing_check_at_most(uint32_t value, uint32_t max, const char *field,
                                  struct error *err);

/* routing_emit.c: emits the event from the arena; its member was copied there by the caller, NULL when the arena
 * was full. */
enum status routing_emit(struct decide *d, const Routing__Event *event, const void *member,
                         const struct event_options *options);

/* routing_decide.c: what happens by itself, and acknowledgements. */
enum status routing_decide_acknowledge(struct decide *d, const ProtobufCMessage *request,
                                       ProtobufCMessage *response);
enum status routing_decide_intake(struct decide *d, const struct event *event);
enum status routing_decide_followup(struct decide *d, const struct event *event);
enum status routing_decide_timer(struct decide *d, const struct timer *timer);

/* routing_decide_acts.c: what the unit does. These requests, and those of the next two, have passed the check of their method. */
enum status routing_decide_accept(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_report(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_finish(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_see(struct decide *d, const ProtobufCMessage *request,
                               ProtobufCMessage *response);
enum status routing_decide_plan(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
enum status routing_decide_start(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
enum status routing_decide_pause(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
enum status routing_decide_resume(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_close(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
/* routing_decide_hand_on.c */
enum status routing_decide_return(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_move(struct decide *d, const ProtobufCMessage *request,
                                ProtobufCMessage *response);
enum status routing_decide_reopen(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
enum status routing_decide_cancel(struct decide *d, const ProtobufCMessage *request,
                                  ProtobufCMessage *response);
/* routing_decide_help.c */
enum status routing_decide_ask_help(struct decide *d, const ProtobufCMessage *request,
                                    ProtobufCMessage *response);
enum status routing_decide_finish_help(struct decide *d, const ProtobufCMessage *request,
                                       ProtobufCMessage *response);
enum status routing_decide_withdraw_help(struct decide *d, const ProtobufCMessage *request,
                                         ProtobufCMessage *response);

/* routing_decide_desks.c */
enum status routing_decide_claim(struct decide *d, const ProtobufCMessage *request,
                                 ProtobufCMessage *response);
enum status routing_decide_silent(struct decide *d, uint64_t desk_number);
/* FAILED_PRECONDITION when the caller is a desk of the task's unit, and another one has it. */
enum status routing_check_desk(struct decide *d, const Routing__Task *task);

/* routing_decide_alarm.c: the task, as it is behind the last event, is urgent since then: its unit is told, if it
 * is open and of today. `task` is changed. */
enum status routing_decide_alarm(struct decide *d, Routing__Task *task, int64_t since_us);
/* The same behind an event that gives it to a unit anew; nothing behind others. */
enum status routing_decide_alarm_behind(struct decide *d, Routing__Task *task,
                                        const Routing__Event *event, int64_t at_us);
/* A desk is silent: what it has of them goes to others. */
enum status routing_decide_alarms_of_silent(struct decide *d, uint64_t desk_number,
                                            const char *unit);
enum status routing_decide_unacknowledged(struct decide *d, Routing__Task *task);

/* routing_apply_desks.c */
void routing_apply_claimed(struct apply *a, const struct event *event,
                           const Routing__DeskClaimed *claimed);
void routing_apply_silent(struct apply *a, const Routing__DeskSilent *silent);
void routing_apply_desk_act(struct apply *a, const struct event *event, const Routing__Task *was,
                            const Routing__Task *now);

/* routing_decide_clock.c: the dates of a live request; what its clock does by itself; closures. */
enum status routing_decide_dates(struct decide *d, const struct city_route *route,
                                 struct routing_looseness looseness, Routing__TaskRouted *routed);
/* Emitted, and changed in `task`. */
enum status routing_decide_moved(struct decide *d, Routing__Task *task,
                                 const Routing__TaskDueMoved *moved);
/* These tasks one after another, as routing_decide_current; ends early when they have moved so often. */
enum status routing_decide_bring_up(struct decide *d, const uint64_t *tasks, size_t count,
                                    uint32_t moves_max, size_t *ret_looked, uint32_t *ret_moves);
/* Before an event that somebody's act, or the limit of a waiting, gives: what of the task's dates
 * has to move first is emitted, and changed in `task`. `at_us`: when that occurs. */
enum status routing_decide_before(struct decide *d, Routing__Task *task,
                                  const Routing__Event *event, int64_t at_us);
/* Before a date that has come is told: closures, and storms, that are not in the task's dates yet move
 * them. What is emitted is changed in `task`. */
enum status routing_decide_current(struct decide *d, Routing__Task *task);
enum status routing_decide_clock(struct decide *d, Routing__Task *task);
/* The unit beside the task's that hears of the step (NULL: there is none), or "". */
char *routing_decide_goes_up_to(const struct decide *d, const Routing__Task *task,
                                const struct city_step *step);
enum status routing_decide_closure_step(struct decide *d, uint64_t number);
enum status routing_decide_closure(struct decide *d, const ProtobufCMessage *request,
                                   ProtobufCMessage *response);

/* routing_methods_clock.c */
enum status routing_check_closure(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err);
/* Adds how long each unit has had it. */
enum status routing_read_shares(struct read *r, Routing__Task *task);

/* routing_closures.c: what the closures take out of working time, of those numbered first to last
 * that end behind since_us. Those that no sum can hold any more are left out. */
void routing_closures_read(struct store_txn *txn, uint64_t first, uint64_t last, int64_t since_us,
                           struct hours_gaps *ret_gaps);

/* routing_apply_clock.c: timers, the index of what closures move, who had it when. `was` is NULL for
 * a new task. */
void routing_apply_clock(struct apply *a, const Routing__Task *was, const Routing__Task *now,
                         const struct event *event);
void routing_apply_closure_announced(struct apply *a, const struct event *event,
                                     const Routing__ClosureAnnounced *announced);
void routing_apply_closure_applied(struct apply *a, const struct event *event,
                                   const Routing__ClosureApplied *applied);

/* What else intake tells of a request. */
struct routing_telling {
    int64_t occurred_at_us; /* it was registered in the city */
    int64_t alarm_us;       /* if it is urgent: since when it is a task of its own */
    bool historical;
    bool was_told; /* whoever registered it told the citizen whose it is, if none of the city's */
};
/* routing_decide_route.c: a task for the request. */
enum status routing_decide_route(struct decide *d, const Intake__RequestRegistered *request,
                                 const struct routing_telling *telling);

/* The helping units of the rule are asked; `task` is theirs and says whom it asked before. */
enum status routing_decide_helpers(struct decide *d, const Routing__Task *task,
                                   const struct city_route *route);

/* routing_decide_anew.c: behind an event that has changed what the task is about, or whether it is urgent and to be told as that
 * (`was_urgent`: it was), which it became at since_us. `reason` of the amendment; NULL when it is about the same as before: what is the city's then stays so. `task` is open,
 * as it is behind that event, and is changed. */
enum status routing_decide_anew(struct decide *d, Routing__Task *task, bool was_urgent,
                                char *reason, int64_t since_us);
/* The same of a task that has ended: it is opened again when it was referred to a body outside the city and is another's, and when there
 * is danger now. */
enum status routing_decide_ended_anew(struct decide *d, Routing__Task *task, bool is_danger,
                                      char *reason, int64_t since_us);
/* Behind an event that opens the task again at since_us: one that is urgent has the dates of that. `task` is changed. */
enum status routing_decide_urgent_again(struct decide *d, Routing__Task *task, int64_t since_us);
/* Behind an event that opens the task again: what a body outside the city had goes to whose it is by the rules, else to the coordinator.
 * `task` is changed. */
enum status routing_decide_take_in(struct decide *d, Routing__Task *task,
                                   const struct event_options *options);
/* routing_decide_outside.c: a unit that is no body of the city. */
/* FAILED_PRECONDITION when it is one: nobody hands work there. */
enum status routing_decide_refuse_outside(struct decide *d, const char *field, const char *unit);
/* The task, which has just come to such a unit, ends. `is_told`: the citizen knows whose it is, and nobody is called. `options` are
 * those of what brought it there. */
enum status routing_decide_refer(struct decide *d, Routing__Task *task, bool is_told,
                                 const struct event_options *options);

/* routing_decide_incident.c: requests that are joined to another's task. */
enum status routing_decide_register_joined(struct decide *d, const struct event *upstream,
                                           const Intake__RequestRegistered *request);
enum status routing_decide_incident(struct decide *d, const Intake__Event *open);
/* Nobody wants it done any more. */
enum status routing_decide_cancelled(struct decide *d, Routing__Task *task, char *reason);
/* The request, joined or the task's own, is no longer part of what the task is about. A task that nobody
 * is left of is cancelled. */
enum status routing_decide_leave(struct decide *d, Routing__Task *task, uint64_t case_number,
                                 char *code, bool withdrawn);
/* What ends or reopens a task does so for all that are joined to it: told behind that event, with its
 * options. `task` as it was before. */
enum status routing_decide_followed(struct decide *d, const Routing__Task *task,
                                    const Routing__Event *event,
                                    const struct event_options *options);
/* routing_decide_citizen.c: what citizens do about requests that are with an office. */
enum status routing_decide_chased(struct decide *d, const Intake__CaseChased *chased);
enum status routing_decide_amended(struct decide *d, const Intake__RequestAmended *amended,
                                   int64_t occurred_at_us);
enum status routing_decide_withdrawn(struct decide *d, const Intake__RequestWithdrawn *withdrawn);
enum status routing_decide_words_added(struct decide *d, const Intake__WordsAdded *added);

/* routing_apply.c */
void routing_apply(struct apply *a, const struct event *event);

#endif
