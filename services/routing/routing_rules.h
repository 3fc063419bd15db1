/*
 * What routing knows of its trade: the life of a task, when it is due, who may touch it. Plain
 * values in, plain values out.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_RULES_H
#define VAFA_SERVICES_ROUTING_ROUTING_RULES_H

#include "base/clock.h"
#include "city/city.h"
#include "rpc/rpc.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#define ROUTING_NOTE_MAX 1000 /* code points; reasons, too */
#define ROUTING_READER_MAX 100
#define ROUTING_DESK_MAX 100 /* code points of a desk's name */
#define ROUTING_DESKS_MAX 32 /* of a unit */
/* What a desk claims; urgent tasks are given to it beyond that, at most as many as it may hold in all. */
#define ROUTING_DESK_TASKS_MAX 20
#define ROUTING_DESK_HELD_MAX 40
#define ROUTING_DESK_LEASE_US (10 * MINUTE_US)
#define ROUTING_BEHIND_MAX 1000
#define ROUTING_CHASE_STEPS_MAX 3 /* a task chased more often comes no earlier for it */
#define ROUTING_PICTURES_MAX 10
#define ROUTING_PICTURE_BYTES_MAX 200
#define ROUTING_UNITS_KEPT_MAX 10
#define ROUTING_HELPS_MAX 8
#define ROUTING_PLAN_DAYS_MAX 731
#define ROUTING_WAIT_MS_MAX 30000
#define ROUTING_CHANGES_DEFAULT 100
#define ROUTING_CHANGES_MAX 500
#define ROUTING_PAGE_SIZE_DEFAULT 20
#define ROUTING_PAGE_SIZE_MAX 100
#define ROUTING_PAGE_BYTES_MAX 32
#define ROUTING_STATES_MAX 10
/* An answer ends behind the change or task with which this much has been read for it: it stays
 * below RPC_MESSAGE_BYTES_MAX. */
#define ROUTING_ANSWER_BYTES_MAX ((size_t)512 * 1024)

/* What can be done to a task. */
enum routing_act {
    ROUTING_ACT_ACCEPT,
    ROUTING_ACT_REPORT,
    ROUTING_ACT_FINISH,
    ROUTING_ACT_RETURN,
    ROUTING_ACT_EXPIRE, /* its due date passes */
    ROUTING_ACT_SEE,
    ROUTING_ACT_PLAN,
    ROUTING_ACT_START,
    ROUTING_ACT_PAUSE,
    ROUTING_ACT_RESUME,
    ROUTING_ACT_ELAPSE, /* the limit of its waiting comes */
    ROUTING_ACT_CLOSE,  /* undone */
    ROUTING_ACT_MOVE,
    ROUTING_ACT_REOPEN,
    ROUTING_ACT_BRING_BACK, /* an amendment opens it again */
    ROUTING_ACT_CANCEL,
    ROUTING_ACT_ASK_HELP,
    ROUTING_ACT_FINISH_HELP,
    ROUTING_ACT_WITHDRAW_HELP,
    ROUTING_ACT_JOIN, /* its request is joined to another's task */
    ROUTING_ACT_COUNT,
};

/* What a caller is to a task: bits, since one may be several. */
enum routing_who {
    ROUTING_WHO_HOLDER = 1,      /* speaks for the unit that has it */
    ROUTING_WHO_ABOVE = 2,       /* speaks for a unit above that one */
    ROUTING_WHO_COORDINATOR = 4, /* speaks for the unit that decides what nobody takes */
    ROUTING_WHO_OVERSEER = 8,    /* import or admin */
    ROUTING_WHO_HELPER = 16, /* speaks for a unit that helps with it, and has not ended its part */
};

/* The state after the act; TASK_STATE_UNSPECIFIED when that cannot be done in this state. */
Routing__TaskState routing_rules_next_state(Routing__TaskState state, enum routing_act act);
/* FAILED_PRECONDITION, with the task's number and state, when the act cannot be done. */
enum status routing_rules_check_act(const Routing__Task *task, enum routing_act act,
                                    struct error *err);
/* Done, closed undone or cancelled. */
bool routing_rules_is_closed(Routing__TaskState state);

/* What the caller is to the task; 0 for nothing. */
unsigned routing_rules_who(const struct rpc_caller *caller, const Routing__Task *task,
                           const struct city *city);
/* PERMISSION_DENIED when the caller may not do that to the task, in whatever state it is. */
enum status routing_rules_check_who(const struct rpc_caller *caller, const Routing__Task *task,
                                    enum routing_act act, const struct city *city,
                                    struct error *err);
/* The same for looking at it, and at a unit's list. */
enum status routing_rules_check_look(const struct rpc_caller *caller, const Routing__Task *task,
                                     const struct city *city, struct error *err);
enum status routing_rules_check_list(const struct rpc_caller *caller, const char *unit,
                                     const struct city *city, struct error *err);

/* It went up to that unit. */
bool routing_rules_went_up_to(const Routing__Task *task, const char *unit);

/* --- helping units --- */

/* The unit's part that has not ended, or NULL. */
Routing__TaskHelp *routing_rules_open_help(const Routing__Task *task, const char *unit);
/* FAILED_PRECONDITION while a helping unit has not ended its part: the lead closes last. */
enum status routing_rules_check_no_help(const Routing__Task *task, struct error *err);
/* Whether this unit may be asked: not the lead, not asked already, and not one too many. */
enum status routing_rules_check_ask(const Routing__Task *task, const char *unit, struct error *err);

/* INVALID_ARGUMENT, with the field, unless `at_us` is later than now and at most `days_max` days. */
enum status routing_rules_check_ahead(int64_t at_us, int64_t now_us, int64_t days_max,
                                      const char *field, struct error *err);
/* Whether what the citizen said opens a finished task again without anybody's decision: it is not
 * done, the task stands as it was when they were asked, somebody still wants it, and that has not happened too often. What
 * the unit closed undone it has given its reason for: only a person opens it again. */
bool routing_rules_reopens(const Routing__Task *task, const Followup__CallCompleted *call,
                           const struct city_life *life);

/* An open task with a due date is watched; one that history had left overdue is not: no timers in
 * the past. A live one that reached us after its due date is overdue at once. */
bool routing_rules_is_watched(int64_t due_at_us, bool historical, int64_t recorded_at_us);

/* The roles that see and do everything, whatever unit they name. */
bool routing_rules_sees_every_unit(const struct rpc_caller *caller);
/* PERMISSION_DENIED when the caller speaks for another unit, or is an office that speaks for none.
 */
enum status routing_rules_check_unit(const struct rpc_caller *caller, const char *unit,
                                     struct error *err);
/* A caller's own time for something (0: none, always allowed). PERMISSION_DENIED without the import
 * role; INVALID_ARGUMENT for a task that is not historical, before the request was made, or later
 * than now. */
enum status routing_rules_check_occurred(const Routing__Task *task, const struct rpc_caller *caller,
                                         int64_t occurred_at_us, int64_t now_us, struct error *err);

/* --- what an event does to a task: the same for the answer given and for the table --- */

/* The number of the task an event is about; 0 for an event that is not about one. */
uint64_t routing_rules_task_of(const Routing__Event *event);
/* The task TaskRouted makes; borrows from the event. */
Routing__Task routing_rules_new_task(const Routing__TaskRouted *routed, int64_t occurred_at_us,
                                     bool historical);
/* What every other event about a task changes in it; borrows from the event, lists grow in the
 * arena. False when the event cannot follow on the task's state, or the arena is full; the task is
 * then as it was. */
bool routing_rules_change_task(Routing__Task *task, const Routing__Event *event,
                               int64_t occurred_at_us, struct arena *arena);
/* How many requests it is about, its own among them unless that was taken back. */
uint32_t routing_rules_callers(const Routing__Task *task);
/* How many of them are joined to it. */
uint32_t routing_rules_joined(const Routing__Task *task);
/* How urgent a task is: as its own request, unless that was taken back, and as any that is joined to it. */
Common__Urgency routing_rules_urgency(Common__Urgency own, bool own_withdrawn,
                                      uint32_t urgent_joined);
/* How far chases put an open task before others of its urgency: one step each, up to a bound. */
uint32_t routing_rules_chase_steps(const Routing__Task *task);
/* How offices are told of an event; CHANGE_KIND_UNSPECIFIED: not at all. `kind` is the member of
 * Event. */
Routing__ChangeKind routing_rules_change_kind(uint32_t kind);
/* What was said with it: a note, a reason, the role or desk it went to; "" for nothing. Of a joining or
 * splitting the code of the other request; "" of all else. Both borrow from the event. */
const char *routing_rules_change_note(const Routing__Event *event);
const char *routing_rules_change_code(const Routing__Event *event);

#endif
