/*
 * Intake's tables: key classes, record formats, and what is read out of them.
 *
 *   state  CASE           {number}                      CaseRecord       every request
 *   state  CASE_CHANGES   {number}                      CaseChangesRecord  what became of it here since
 *   state  CASE_STORY     {number, service, offset}     TimelineRecord   what the own log tells of it since
 *   state  CITIZEN_CASE   {citizen, number}             (empty)          requests of a known
 * citizen state  EXTERNAL       {source, external id}         ExternalRecord   requests named by
 * another system view   TIMELINE       {number, service, offset}     TimelineRecord   what the
 * other services' logs tell; {number, service, offset, 1}: what the same event tells besides
 *   view   ALARM          {task}                        AlarmRecord      tasks told as urgent
 *
 * Functions that find nothing also do so when the transaction has failed: whoever runs it looks at
 * its error.
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_TABLES_H
#define VAFA_SERVICES_INTAKE_INTAKE_TABLES_H

#include "service/tables.h"
#include "text/code.h"

#include "vafa/common/v1/common.pb-c.h"
#include "vafa/intake/v1/records.pb-c.h"

enum intake_state_class {
    INTAKE_CLASS_CASE = 1,
    INTAKE_CLASS_CITIZEN_CASE = 2,
    INTAKE_CLASS_EXTERNAL = 3,
    INTAKE_CLASS_HEAD = 12, /* these three: intake_members.h */
    INTAKE_CLASS_MEMBER = 13,
    INTAKE_CLASS_JOINED = 14,
    INTAKE_CLASS_LOOK = 20,
    INTAKE_CLASS_CALL = 4, /* intake_calls.h */
    INTAKE_CLASS_CASE_CHANGES = 5,
    INTAKE_CLASS_CASE_STORY = 6,
    INTAKE_CLASS_LOOKUP = 8, /* these four: intake_amend.h */
    INTAKE_CLASS_LOOKUP_UNTIL = 9,
    INTAKE_CLASS_LOOKUP_COUNT = 10,
    INTAKE_CLASS_LOOKUP_RATE = 11,
    INTAKE_CLASS_STORM = 19, /* intake_storms.h */
};

enum intake_view_class {
    INTAKE_CLASS_TIMELINE = 1,
    INTAKE_CLASS_OPEN = 2, /* these two: intake_tables_incident.h */
    INTAKE_CLASS_INCIDENT = 3,
    INTAKE_CLASS_ALARM = 4,
    INTAKE_CLASS_LOOK_ELSEWHERE = 20,
};

enum intake_timer {
    INTAKE_TIMER_CALL = 1,  /* subject: the call's number */
    INTAKE_TIMER_STORM = 2, /* subject: the storm's number */
};

/* An event of the own log: its open part, and its record (may be NULL). NULL fails the transaction, for
 * what is in the tables is in the log. */
const Intake__Event *intake_tables_event(struct store_txn *txn, uint64_t offset,
                                         struct arena *arena,
                                         const Common__EventRecord **ret_record);

/* --- tracking codes: the store's secret is their key --- */

void intake_tables_code(struct store_txn *txn, uint64_t number, char ret_code[CODE_SIZE]);
/* INVALID_ARGUMENT, field "code", when it cannot be one. Says nothing of whether the request
 * exists. */
enum status intake_tables_code_number(struct store_txn *txn, const char *code, uint64_t *ret_number,
                                      struct error *err);

/* --- requests --- */

/* A request as it was registered, read from the own log; topic, place and urgency as they were last
 * amended. */
struct intake_case {
    uint64_t offset;
    int64_t recorded_at_us;
    int64_t occurred_at_us;
    bool historical;
    const char *actor;   /* who registered it */
    struct bytes sealed; /* empty: nothing personal */
    const Intake__RequestRegistered *registered;
    const Intake__CaseChangesRecord *changes; /* what became of it here */
};

uint64_t intake_tables_last_number(struct store_txn *txn); /* 0: none yet */
/* The nearest request from this number on, upwards or downwards; 0: none. */
uint64_t intake_tables_next_number(struct store_txn *txn, uint64_t from, bool downwards);
void intake_tables_case_put(struct store_txn *txn, uint64_t number, uint64_t offset);
/* False when there is none; what it gives lives in the arena. */
bool intake_tables_case_find(struct store_txn *txn, uint64_t number, struct arena *arena,
                             struct intake_case *ret_case);
/* False: the log tells of it in an event that is damaged; the transaction has not failed for it. */
bool intake_tables_are_events_whole(struct store_txn *txn, uint64_t number, struct arena *arena);

/* What became of it here; never NULL but when the transaction has failed or the arena is full. The
 * caller's to change. */
Intake__CaseChangesRecord *intake_tables_case_changes(struct store_txn *txn, uint64_t number,
                                                      struct arena *arena);
void intake_tables_case_changes_put(struct store_txn *txn, uint64_t number,
                                    const Intake__CaseChangesRecord *changes);

void intake_tables_citizen_case_put(struct store_txn *txn, uint64_t citizen, uint64_t number);
/* The citizen's requests below `before` (0: all), highest first; returns how many, at most max. */
size_t intake_tables_citizen_cases(struct store_txn *txn, uint64_t citizen, uint64_t before,
                                   uint64_t *ret_numbers, size_t max);

void intake_tables_external_put(struct store_txn *txn, const char *source, const char *external_id,
                                uint64_t number);
/* 0: not registered. */
uint64_t intake_tables_external_find(struct store_txn *txn, const char *source,
                                     const char *external_id, struct arena *arena);

/* --- who looked at personal data: in the state space at ours, in the view at followup's --- */

#define INTAKE_LOOKS_MAX 500

void intake_tables_look_put(struct store_txn *txn, enum store_space space, uint64_t number,
                            uint64_t offset, const Intake__LookRecord *record);
/* The last ones, newest first; the records live in the arena. Returns how many. */
size_t intake_tables_looks(struct store_txn *txn, enum store_space space, uint64_t number,
                           struct arena *arena,
                           const Intake__LookRecord *ret_looks[INTAKE_LOOKS_MAX]);

/* --- the timeline --- */

/* With the registration itself, that makes the 500 entries of an answer; of them the own log's. */
#define INTAKE_TIMELINE_ROWS_MAX 499
#define INTAKE_OWN_ROWS_MAX 100

struct intake_timeline_row {
    Common__ServiceId service;
    uint64_t offset;
    const Intake__TimelineRecord *record;
};

void intake_tables_timeline_put(struct store_txn *txn, uint64_t number, Common__ServiceId service,
                                uint64_t offset, const Intake__TimelineRecord *record);
/* What such an event tells besides. */
void intake_tables_timeline_put_second(struct store_txn *txn, uint64_t number,
                                       Common__ServiceId service, uint64_t offset,
                                       const Intake__TimelineRecord *record);
/* The same of an event of the own log, in the state space. */
void intake_tables_story_put(struct store_txn *txn, uint64_t number, uint64_t offset,
                             const Intake__TimelineRecord *record);
/* The rows of a request, the own log's before the others', otherwise in no order; of more than fit,
 * the first (how it was routed) and the last ones of each. Returns how many; the records live in the
 * arena. */
size_t intake_tables_timeline(struct store_txn *txn, uint64_t number, struct arena *arena,
                              struct intake_timeline_row ret_rows[INTAKE_TIMELINE_ROWS_MAX]);
/* Those alone that routing tells, likewise: what a joined request needs of its head's. */
size_t intake_tables_task_timeline(struct store_txn *txn, uint64_t number, struct arena *arena,
                                   struct intake_timeline_row ret_rows[INTAKE_TIMELINE_ROWS_MAX]);

/* --- tasks that were told as urgent --- */

void intake_tables_alarm_put(struct store_txn *txn, uint64_t task, uint64_t number);
/* It is urgent no more. The number of its own request, 0 when it was not. */
uint64_t intake_tables_alarm_end(struct store_txn *txn, struct arena *arena, uint64_t task);

#endif
