/*
 * Storms, as routing knows them: how much longer the tasks of their scope may take. Rules, table,
 * decisions.
 *
 *   state  STORM  {storm number}  StormRecord
 *   state  STORM  {0}             LookingStormsRecord  those for which tasks are still looked at
 *
 * A request that was registered in a storm names it, so that routing needs not know when it ends. What
 * was open when it began is looked at task by task, as for a closure: a task's dates that have not come
 * move by what the storm allows beyond what the task has been allowed before, which the task tells. Levels
 * are loosened once: of two storms the looser one counts, for the due date and for the first response each.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_STORMS_H
#define VAFA_SERVICES_ROUTING_ROUTING_STORMS_H

#include "service/service.h"
#include "services/routing/routing_clock.h"

#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/routing/v1/records.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

/* A step of moving due dates: so many tasks are looked at, so many moved at most. Each may have to be
 * brought up with closures first. */
#define ROUTING_STORM_TASKS_MAX 300
#define ROUTING_STORM_MOVED_MAX 30
/* Between two steps others have their turn. */
#define ROUTING_STORM_STEP_US 20000
/* Storms for which tasks are looked at, at once; of more, the newest. Eight may run at a time, and each looks for
 * seconds: so many need somebody who begins and ends one after another all the time. */
#define ROUTING_STORMS_LOOKING_MAX 256

/* --- rules --- */

/* `storm` NULL: none. What is urgent is as tight as ever. */
struct routing_looseness routing_storm_looseness(const Routing__StormTaken *storm, bool urgent);
bool routing_storm_holds(const Routing__StormTaken *storm, const Routing__Task *task);
/* What storms have made of the task's time by now. */
struct routing_looseness routing_storm_allowed(const Routing__Task *task);

/* --- table --- */

Routing__StormRecord *routing_tables_storm(struct store_txn *txn, uint64_t number,
                                           struct arena *arena);
void routing_tables_put_storm(struct store_txn *txn, uint64_t number, Routing__StormRecord *record);
uint64_t routing_tables_last_storm(struct store_txn *txn); /* 0: none yet */
/* Those for which tasks are still looked at: mostly none. Returns how many. */
size_t routing_tables_looking_storms(struct store_txn *txn, struct arena *arena,
                                     uint64_t ret_numbers[ROUTING_STORMS_LOOKING_MAX]);

/* --- decide --- */

/* A storm that was never heard of, since an older program passed over it, loosens nothing. */
enum status routing_decide_looseness(struct decide *d, uint64_t storm, bool urgent,
                                     struct routing_looseness *ret_looseness);
enum status routing_decide_storm(struct decide *d, const struct event *event,
                                 const Intake__StormStarted *started);
enum status routing_decide_storm_step(struct decide *d, uint64_t number);
/* Storms that are still looking at tasks move this one now; closures have. What is emitted is changed
 * in `task`. */
enum status routing_decide_storms_of(struct decide *d, Routing__Task *task, bool *ret_moved);

/* --- apply --- */

void routing_apply_storm_taken(struct apply *a, const struct event *event,
                               Routing__StormTaken *taken);
void routing_apply_storm_applied(struct apply *a, const struct event *event,
                                 const Routing__StormApplied *applied);

#endif
