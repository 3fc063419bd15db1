/*
 * Who is joined to whom: one incident, told by several citizens. The request that the others are
 * joined to is its head; each keeps its code, its citizen, its call-back and its answer.
 *
 *   state  HEAD    {head}           HeadRecord     a request to which others are joined, and how many
 *   state  MEMBER  {head, number}   (empty)        which they are
 *   state  JOINED  {number}         JoinedRecord   the head of a joined request
 *
 * A head is never joined itself: its members go with it when it is.
 */
#ifndef VAFA_SERVICES_INTAKE_INTAKE_MEMBERS_H
#define VAFA_SERVICES_INTAKE_INTAKE_MEMBERS_H

#include "services/intake/intake_tables.h"

/* Requests joined to one; routing keeps as many. */
#define INTAKE_MEMBERS_MAX 2000
/* Codes of them that an answer lists. */
#define INTAKE_MEMBERS_TOLD 50
/* Of a head that is joined to another: all must fit one decision, and it too. */
#define INTAKE_MEMBERS_MOVED_MAX (SERVICE_EVENTS_PER_COMMAND_MAX - 1)

/* 0: it is joined to none. */
uint64_t intake_members_head(struct store_txn *txn, struct arena *arena, uint64_t number);
/* How many are joined to it. */
uint32_t intake_members_count(struct store_txn *txn, struct arena *arena, uint64_t head);
/* The first `max` of them by number; returns how many. */
size_t intake_members_list(struct store_txn *txn, uint64_t head, uint64_t *ret_numbers, size_t max);

/* For apply. The request leaves the head it was joined to before. */
void intake_members_join(struct store_txn *txn, struct arena *arena, uint64_t number,
                         uint64_t head);
void intake_members_split(struct store_txn *txn, struct arena *arena, uint64_t number);

#endif
