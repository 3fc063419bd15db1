/* See person_act.h. */
#include "service/person_act.h"

bool person_act_is(const Routing__Event *event, const char *actor)
{
    if (actor[0] == '\0') {
        return false;
    }
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ACCEPTED: return !event->task_accepted->automatic;
    case ROUTING__EVENT__KIND_TASK_SEEN:
    case ROUTING__EVENT__KIND_TASK_PLANNED:
    case ROUTING__EVENT__KIND_TASK_STARTED:
    case ROUTING__EVENT__KIND_TASK_REPORTED:
    case ROUTING__EVENT__KIND_TASK_PAUSED:
    case ROUTING__EVENT__KIND_TASK_RETURNED:
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: return true;
    default: return false;
    }
}
