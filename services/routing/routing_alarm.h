/*
 * An urgent task ("code 100"): which desk it is given to, until when a named person has to have acknowledged
 * it, and who has. Plain values in, plain values out.
 *
 * Its clock is the wall clock, whatever hours count for the task, and runs while the task waits, too.
 */
#ifndef VAFA_SERVICES_ROUTING_ROUTING_ALARM_H
#define VAFA_SERVICES_ROUTING_ROUTING_ALARM_H

#include "base/arena.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <stdbool.h>

/* Urgent, open, and not of the past, or called about since: its unit has to be told of it as that. */
bool routing_alarm_is_needed(const Routing__Task *task);
/* When it goes up a step unless somebody acknowledges it before; 0: it does not. */
int64_t routing_alarm_next(const Routing__Task *task);

/* Whether the event is about an alarm. */
bool routing_alarm_is_event(const Routing__Event *event);
/* What it changes; false, and nothing changed, when it cannot follow on the task's state, or the arena is
 * full. */
bool routing_alarm_change(Routing__Task *task, const Routing__Event *event, struct arena *arena);
/* A named person has done something about it: who was the first is kept. False: the arena is full. */
bool routing_alarm_acknowledge(Routing__Task *task, char *person, int64_t at_us,
                               struct arena *arena);

#endif
