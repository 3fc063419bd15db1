/* What every act of a person on a task begins and ends with. */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_ACTS_H
#define VAFA_SERVICES_ROUTING_ROUTING_ACTS_H

#include "services/routing/routing_rules.h"

#include "service/service.h"

/* The task, if this caller may now do that to it. */
enum status routing_acts_take(struct decide *d, uint64_t number, enum routing_act act,
                              Routing__Task **ret_task);
/* What the import tells of a history's task is history; what an office does with one that was still
 * open happens now. */
enum status routing_acts_options(struct decide *d, const Routing__Task *task,
                                 int64_t occurred_at_us, struct event_options *ret_options);
/* A person who hands work on names one that is a unit now. */
enum status routing_acts_check_unit(struct decide *d, const char *field, const char *unit);
/* Emits the event and answers with the task as it leaves it. */
enum status routing_acts_change(struct decide *d, const Routing__Event *event, const void *member,
                                const struct event_options *options, Routing__Task *task,
                                Routing__Task **ret_task);
/* That it is cancelled, in the arena; task_cancelled is NULL when that is full. */
Routing__Event routing_acts_cancelled(struct decide *d, const Routing__Task *task, char *reason);
/* The same: that it is open again, after its last finish. `call_number`: in which the citizen said so; 0: in none. */
Routing__Event routing_acts_reopened(struct decide *d, const Routing__Task *task,
                                     Routing__ReopenReason reason, char *note,
                                     uint64_t call_number);

#endif
