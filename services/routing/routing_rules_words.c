/* What was said with an event, as offices are told of it. */
#include "services/routing/routing_rules.h"

const char *routing_rules_change_note(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_REPORTED: return event->task_reported->note;
    case ROUTING__EVENT__KIND_TASK_RETURNED: return event->task_returned->reason;
    case ROUTING__EVENT__KIND_TASK_DONE: return event->task_done->note;
    case ROUTING__EVENT__KIND_TASK_PLANNED: return event->task_planned->note;
    case ROUTING__EVENT__KIND_TASK_STARTED: return event->task_started->note;
    case ROUTING__EVENT__KIND_TASK_PAUSED: return event->task_paused->note;
    case ROUTING__EVENT__KIND_TASK_RESUMED: return event->task_resumed->note;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: return event->task_closed_undone->words;
    case ROUTING__EVENT__KIND_TASK_MOVED: return event->task_moved->reason;
    case ROUTING__EVENT__KIND_TASK_REOPENED: return event->task_reopened->note;
    case ROUTING__EVENT__KIND_TASK_CANCELLED: return event->task_cancelled->reason;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: return event->task_help_asked->note;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED: return event->task_help_finished->note;
    case ROUTING__EVENT__KIND_TASK_CHASED: return event->task_chased->note;
    case ROUTING__EVENT__KIND_TASK_ESCALATED: return event->task_escalated->role;
    case ROUTING__EVENT__KIND_TASK_UNACKNOWLEDGED: return event->task_unacknowledged->role;
    case ROUTING__EVENT__KIND_TASK_ALARMED: return event->task_alarmed->desk;
    case ROUTING__EVENT__KIND_TASK_ALARM_GIVEN: return event->task_alarm_given->desk;
    default: return "";
    }
}

const char *routing_rules_change_code(const Routing__Event *event)
{
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_CASE_JOINED: return event->case_joined->code;
    case ROUTING__EVENT__KIND_TASK_JOINED: return event->task_joined->into_code;
    case ROUTING__EVENT__KIND_CASE_SPLIT: return event->case_split->code;
    default: return "";
    }
}
