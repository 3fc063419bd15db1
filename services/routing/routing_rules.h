/*
 * What routing knows of its trade: the life of a task, when it is due, who may touch it. Plain
 * values in, plain values out.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_RULES_H
#define VAFA_SERVICES_ROUTING_ROUTING_RULES_H

#include "rpc/rpc.h"

#include "vafa/routing/v1/routing.pb-c.h"

#define ROUTING_NOTE_MAX 1000 /* code points; reasons, too */
#define ROUTING_READER_MAX 100
#define ROUTING_WAIT_MS_MAX 30000
#define ROUTING_CHANGES_DEFAULT 100
#define ROUTING_CHANGES_MAX 500
#define ROUTING_PAGE_SIZE_DEFAULT 20
#define ROUTING_PAGE_SIZE_MAX 100
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
    ROUTING_ACT_COUNT,
};

/* The state after the act; TASK_STATE_UNSPECIFIED when that cannot be done in this state. */
Routing__TaskState routing_rules_next_state(Routing__TaskState state, enum routing_act act);
/* FAILED_PRECONDITION, with the task's number and state, when the act cannot be done. */
enum status routing_rules_check_act(const Routing__Task *task, enum routing_act act,
                                    struct error *err);

/* A history's own due date, and none if it had none: what was promised then is not for today's pack
 * to say. Else the hours of the service level from when the request was made; 0: none. */
int64_t routing_rules_due_us(bool historical, int64_t history_due_us, int64_t occurred_at_us,
                             uint32_t due_hours);
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
/* What every other event about a task changes in it; borrows from the event. False, and nothing
 * changed, when the event cannot follow on the task's state. */
bool routing_rules_change_task(Routing__Task *task, const Routing__Event *event,
                               int64_t occurred_at_us);
/* How offices are told of an event; CHANGE_KIND_UNSPECIFIED: not at all. `kind` is the member of
 * Event. */
Routing__ChangeKind routing_rules_change_kind(uint32_t kind);

#endif
