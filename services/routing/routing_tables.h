/*
 * Routing's tables, all in the state space.
 *
 *   class   key                          record
 *   TASK    task u64                     TaskRecord    the task as it stands
 *   CASE    case u64                     CaseRecord    finds a request's task
 *   UNIT    unit text, done u8, task u64 empty         a unit's tasks, the open ones apart
 *   DUE     unit text, order, task u64   empty         open ones, what is to be done first coming first
 *   FREE    unit text, order, task u64   empty         of them, the unit's own that no desk has
 *   FEED    unit text, offset u64        empty         events of the own log that concern a unit
 *   OFFICE  unit text                    OfficeRecord  what the office has acknowledged
 *   HOLDS   task u64                     HoldsRecord   who had it when; once it has changed hands
 *   RUNNING task u64                     RunningRecord open tasks with a service level, but those urgent in
 *                                                      all hours: closures and storms move them
 *   CLOSURE number u64                   ClosureRecord
 *
 * A unit's tasks are those it has, and the open ones it helps with. Tasks and cases are written in the order of their numbers, feeds in the order of the log: every
 * table grows at few ends.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_TABLES_H
#define VAFA_SERVICES_ROUTING_ROUTING_TABLES_H

#include "service/tables.h"

#include "vafa/routing/v1/records.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

enum routing_class {
    ROUTING_CLASS_TASK = 1,
    ROUTING_CLASS_CASE = 2,
    ROUTING_CLASS_UNIT = 3,
    ROUTING_CLASS_FEED = 4,
    ROUTING_CLASS_OFFICE = 5,
    ROUTING_CLASS_DUE = 6,
    ROUTING_CLASS_DESK = 14,
    ROUTING_CLASS_DESK_OF = 15,
    ROUTING_CLASS_CLAIM = 16,
    ROUTING_CLASS_HOLDS = 9,
    ROUTING_CLASS_RUNNING = 10,
    ROUTING_CLASS_CLOSURE = 11,
    ROUTING_CLASS_INCIDENT = 18, /* routing_incident.h */
    ROUTING_CLASS_STORM = 19,    /* routing_storms.h */
    ROUTING_CLASS_FREE = 20,
};

enum routing_timer {
    /* Subject: the task's number. */
    ROUTING_TIMER_OVERDUE = 1,
    ROUTING_TIMER_WAITING = 2, /* the limit of its waiting */
    ROUTING_TIMER_CLOCK = 5,   /* it is warned, or should have been answered, or goes up */

    ROUTING_TIMER_ALARM = 10, /* nobody has acknowledged an urgent one */

    ROUTING_TIMER_CLOSURE = 6, /* subject: the closure's number; a step of moving due dates */
    ROUTING_TIMER_STORM = 13,  /* the same, the storm's number */

    /* Subject: the desk's number. */
    ROUTING_TIMER_DESK = 11,
};

/* The task, in the arena and the caller's to change; NULL when there is none (or the transaction
 * has failed). */
Routing__Task *routing_tables_task(struct store_txn *txn, uint64_t number, struct arena *arena);
void routing_tables_put_task(struct store_txn *txn, Routing__Task *task);
uint64_t routing_tables_last_task(struct store_txn *txn); /* 0: none yet */

/* 0: none. */
uint64_t routing_tables_task_of_case(struct store_txn *txn, uint64_t case_number,
                                     struct arena *arena);
/* The request's row, the caller's to change; NULL when there is none (or the transaction has failed). */
Routing__CaseRecord *routing_tables_case(struct store_txn *txn, uint64_t case_number,
                                         struct arena *arena);
/* How often it was chased, whichever task it had. */
uint32_t routing_tables_case_chases(struct store_txn *txn, uint64_t case_number,
                                    struct arena *arena);
void routing_tables_put_case(struct store_txn *txn, uint64_t case_number,
                             const Routing__CaseRecord *record);

/* {unit, closed}: all tasks of the unit that are done, closed undone or cancelled, or all that are
 * not. Key prefix of a scan. */
void routing_tables_unit_prefix(struct key *key, const char *unit, bool closed);
void routing_tables_unit_key(struct key *key, const char *unit, bool closed, uint64_t task_number);
uint64_t routing_tables_unit_key_task(struct bytes key);
/* What is to be done first coming first. */
void routing_tables_due_prefix(struct key *key, const char *unit);
uint64_t routing_tables_due_key_task(struct bytes key);
/* The same of the unit's own that no desk has. */
void routing_tables_free_prefix(struct key *key, const char *unit);
uint64_t routing_tables_free_key_task(struct bytes key, bool *ret_urgent);
/* The task's row there, as long as no desk has it. */
void routing_tables_follow_free(struct store_txn *txn, const Routing__Task *task);
/* The rows that find the task among its unit's, and among those of units that help with it. */
void routing_tables_put_unit_task(struct store_txn *txn, const Routing__Task *task);
void routing_tables_delete_unit_task(struct store_txn *txn, const Routing__Task *task);

void routing_tables_feed_prefix(struct key *key, const char *unit);
void routing_tables_feed_key(struct key *key, const char *unit, uint64_t offset);
uint64_t routing_tables_feed_key_offset(struct bytes key);
void routing_tables_put_feed(struct store_txn *txn, const char *unit, uint64_t offset);
/* 0: nothing ever concerned the unit. */
uint64_t routing_tables_feed_last(struct store_txn *txn, const char *unit);

/* NULL: it has not changed hands, waited or ended. */
Routing__HoldsRecord *routing_tables_holds(struct store_txn *txn, uint64_t task,
                                           struct arena *arena);
void routing_tables_put_holds(struct store_txn *txn, uint64_t task, Routing__HoldsRecord *record);

/* The last closure that is in the task's due dates; false when the task is none whose dates closures
 * move. */
bool routing_tables_running(struct store_txn *txn, uint64_t task, struct arena *arena,
                            uint64_t *ret_closure);
void routing_tables_put_running(struct store_txn *txn, uint64_t task, uint64_t closure);
void routing_tables_delete_running(struct store_txn *txn, uint64_t task);
/* Those behind `after`: at most max of them; how many. */
size_t routing_tables_running_after(struct store_txn *txn, uint64_t after, uint64_t *ret_tasks,
                                    size_t max);

Routing__ClosureRecord *routing_tables_closure(struct store_txn *txn, uint64_t number,
                                               struct arena *arena);
void routing_tables_put_closure(struct store_txn *txn, uint64_t number,
                                Routing__ClosureRecord *record);
uint64_t routing_tables_last_closure(struct store_txn *txn); /* 0: none yet */

uint64_t routing_tables_acknowledged(struct store_txn *txn, const char *unit, struct arena *arena);
void routing_tables_put_acknowledged(struct store_txn *txn, const char *unit, uint64_t sequence);

/* --- desks --- */

/* NULL when there is none. */
Routing__DeskRecord *routing_tables_desk(struct store_txn *txn, uint64_t number,
                                         struct arena *arena);
/* 0: the unit has no desk of that name. */
uint64_t routing_tables_desk_number(struct store_txn *txn, const char *unit, const char *name,
                                    struct arena *arena);
uint64_t routing_tables_last_desk(struct store_txn *txn); /* 0: none yet */
void routing_tables_put_desk(struct store_txn *txn, uint64_t number, Routing__DeskRecord *desk);
void routing_tables_put_desk_number(struct store_txn *txn, const Routing__DeskRecord *desk,
                                    uint64_t number);
void routing_tables_delete_desk_number(struct store_txn *txn, const Routing__DeskRecord *desk);
/* The unit's desks by name, at most `max`; returns how many. */
size_t routing_tables_desks(struct store_txn *txn, const char *unit, struct arena *arena,
                            uint64_t *ret_numbers, size_t max);
void routing_tables_put_claim(struct store_txn *txn, uint64_t desk, uint64_t task_number);
void routing_tables_delete_claim(struct store_txn *txn, uint64_t desk, uint64_t task_number);
/* What the desk has claimed, by number; returns how many, at most `max`. */
size_t routing_tables_claims(struct store_txn *txn, uint64_t desk, uint64_t *ret_numbers,
                             size_t max);

/* The first unit behind `after` ("": the first of all) that was ever told of anything. False: none.
 */
bool routing_tables_next_office(struct store_txn *txn, const char *after, struct arena *arena,
                                const char **ret_unit);

#endif
