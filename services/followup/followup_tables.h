/*
 * Follow-up's tables, all in the state space.
 *
 *   class  key                    record
 *   CALL   call u64               CallRecord  the call as it stands
 *   QUEUE  due i64, call u64      (empty)     open calls, longest due first; one in somebody's
 *                                             hands lies under the end of its lease
 *   STATE  state u8, call u64     (empty)     finds calls by their state
 *   TASK   task u64, case u64     TaskRecord  which call was last scheduled for a request of a task,
 *                                             and for which finish of it
 *   OPEN_OF    citizen u64, call u64  (empty)  open calls of a citizen
 *   FORGOTTEN  citizen u64            (empty)  nobody calls them any more
 *
 * Keys and reading; only followup_apply.c writes. Tables of sessions: followup_sessions.h.
 */
#ifndef VAFA_SERVICES_FOLLOWUP_FOLLOWUP_TABLES_H
#define VAFA_SERVICES_FOLLOWUP_FOLLOWUP_TABLES_H

#include "service/tables.h"

#include "vafa/followup/v1/records.pb-c.h"

enum followup_class {
    FOLLOWUP_CLASS_CALL = 1,
    FOLLOWUP_CLASS_QUEUE = 2,
    FOLLOWUP_CLASS_STATE = 3,
    FOLLOWUP_CLASS_TASK = 4,
    FOLLOWUP_CLASS_OPEN_OF = 10,
    FOLLOWUP_CLASS_FORGOTTEN = 11,
    FOLLOWUP_CLASS_SESSION = 30, /* these: followup_sessions.h */
    FOLLOWUP_CLASS_SESSION_OF = 31,
    FOLLOWUP_CLASS_SESSION_STATE = 32,
    FOLLOWUP_CLASS_WATCH = 33,
    FOLLOWUP_CLASS_SHOWN = 34,
    FOLLOWUP_CLASS_URGENT = 35,
    FOLLOWUP_CLASS_URGENT_OPEN = 36,
    FOLLOWUP_CLASS_URGENT_DESK = 37,
};

enum followup_timer {
    FOLLOWUP_TIMER_FORGET = 10,  /* subject: the citizen, some of whose calls are to be ended */
    FOLLOWUP_TIMER_SESSION = 11, /* subject: the session whose time is over */
};

void followup_tables_call_key(struct key *key, uint64_t call_number);
void followup_tables_queue_key(struct key *key, int64_t due_us, uint64_t call_number);
void followup_tables_state_key(struct key *key, Followup__CallState state, uint64_t call_number);
void followup_tables_task_key(struct key *key, uint64_t task_number, uint64_t case_number);

/* NULL when there is none. The record lives in the arena, and its call is always set. */
Followup__CallRecord *followup_tables_call(struct store_txn *txn, uint64_t call_number,
                                           struct arena *arena);
/* The last call scheduled for a task and one of its requests (its own, or one that is joined to it),
 * and the finish it is about; 0: none was. */
uint64_t followup_tables_call_of_task(struct store_txn *txn, uint64_t task_number,
                                      uint64_t case_number, struct arena *arena);
uint32_t followup_tables_last_finish(struct store_txn *txn, uint64_t task_number,
                                     uint64_t case_number, struct arena *arena);

void followup_tables_open_key(struct key *key, uint64_t citizen, uint64_t call_number);
/* The first `max` open calls of a citizen. */
size_t followup_tables_open_of(struct store_txn *txn, uint64_t citizen, uint64_t *ret_numbers,
                               size_t max);
void followup_tables_forgotten_key(struct key *key, uint64_t citizen);
bool followup_tables_is_forgotten(struct store_txn *txn, uint64_t citizen);

struct followup_queued {
    int64_t due_us;
    uint64_t call_number;
};

/* The first `max` of the queue; returns how many there were. */
size_t followup_tables_queue_head(struct store_txn *txn, struct followup_queued *ret_rows,
                                  size_t max);

/* The first `max` call numbers behind `after`, of the state, or of all calls when it is
 * unspecified. */
size_t followup_tables_list(struct store_txn *txn, Followup__CallState state, uint64_t after,
                            uint64_t *ret_numbers, size_t max);

#endif
