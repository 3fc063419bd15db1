/*
 * Requests that are joined to a task: one thing, told by several citizens.
 *
 *   state  INCIDENT  task u64, case u64   JoinedRecord   a request joined to the task of another
 *
 * The row CASE of a joined request names the incident's task. The task itself is the request's that
 * the others were joined to; it counts the callers and shows the latest codes.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_INCIDENT_H
#define VAFA_SERVICES_ROUTING_ROUTING_INCIDENT_H

#include "services/routing/routing_tables.h"

#include "service/service.h"

#include "vafa/intake/v1/intake.pb-c.h"

/* Requests joined to one task; what befalls it is told of all of them in one decision. */
#define ROUTING_JOINED_MAX 2000
/* Codes of them that a task is read with. */
#define ROUTING_JOINED_CODES_MAX 20
/* Requests in one event. */
#define ROUTING_JOINED_AN_EVENT 50

/* Amended, up to date, opened again, moved, dated, told as urgent, and closed by whose it is. */
#define ROUTING_EVENTS_OF_A_RETURN 8
_Static_assert(2 * (ROUTING_JOINED_MAX / ROUTING_JOINED_AN_EVENT) + ROUTING_EVENTS_OF_A_RETURN <=
                   SERVICE_EVENTS_PER_COMMAND_MAX,
               "a task that comes back and ends again, and what both mean for all joined requests, "
               "are one decision");

bool routing_incident_has(struct store_txn *txn, uint64_t task_number, uint64_t case_number);
/* NULL: it is not joined to the task, or the transaction has failed. */
Routing__JoinedCase *routing_incident_find(struct store_txn *txn, uint64_t task_number,
                                           uint64_t case_number, struct arena *arena);
/* How many of the joined requests are urgent once this one is, or is not. */
uint32_t routing_incident_urgent_joined(struct store_txn *txn, const Routing__Task *task,
                                        uint64_t case_number, bool urgent, struct arena *arena);
/* The first ROUTING_JOINED_AN_EVENT requests behind `after`, by number, in the arena; returns how
 * many. */
size_t routing_incident_list(struct store_txn *txn, uint64_t task_number, uint64_t after,
                             struct arena *arena, Routing__JoinedCase ***ret_cases);
/* How many of the task's chases are this request's; 0 when it is not joined to it. */
uint32_t routing_incident_chases(struct store_txn *txn, uint64_t task_number, uint64_t case_number,
                                 struct arena *arena);
/* For apply. */
void routing_incident_put_chased(struct store_txn *txn, const Routing__TaskChased *chased,
                                 struct arena *arena);
void routing_incident_put(struct store_txn *txn, const Routing__CaseJoined *joined);
void routing_incident_put_urgent(struct store_txn *txn, const Routing__TaskAmended *amended,
                                 struct arena *arena);
void routing_incident_delete(struct store_txn *txn, uint64_t task_number, uint64_t case_number);

#endif
