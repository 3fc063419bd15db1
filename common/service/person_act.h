/* Which of routing's events are the first act of a person that an urgent task, and a first response, wait for. Routing decides by it
 * and follow-up tells by it. Intake's story names the unit's people by a rule of its own: who returns a task has no more to do with it. */
#ifndef VAFA_SERVICE_PERSON_ACT_H
#define VAFA_SERVICE_PERSON_ACT_H

#include "vafa/routing/v1/routing.pb-c.h"

#include <stdbool.h>

/* A named person of the unit that has the task did something about it. What is done to the task from above is none, nor is an acceptance by
 * a program, nor what nobody is named for. */
bool person_act_is(const Routing__Event *event, const char *actor);

#endif
