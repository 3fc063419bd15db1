/* Parts of helping units: asked for, withdrawn, finished. Reads tables, writes nothing. */
#include "services/routing/routing_acts.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include <inttypes.h>

enum status routing_decide_ask_help(struct decide *d, const ProtobufCMessage *message,
                                    ProtobufCMessage *answer)
{
    const Routing__AskHelpRequest *request = (const Routing__AskHelpRequest *)message;
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, request->task_number, ROUTING_ACT_ASK_HELP, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_ask(task, request->unit, d->error);
    }
    if (status == STATUS_OK) {
        status = routing_acts_check_unit(d, "unit", request->unit);
    }
    if (status == STATUS_OK) {
        status = routing_decide_refuse_outside(d, "unit", request->unit);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskHelpAsked asked = ROUTING__TASK_HELP_ASKED__INIT;
    asked.task_number = task->number;
    asked.case_number = task->case_number;
    asked.unit = task->unit;
    asked.helper = request->unit;
    asked.note = request->note;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_ASKED;
    event.task_help_asked = arena_copy(d->arena, &asked, sizeof(asked));
    options.ignorable = true;
    return routing_acts_change(d, &event, event.task_help_asked, &options, task,
                               &((Routing__AskHelpResponse *)answer)->task);
}

static enum status end_help(struct decide *d, uint64_t task_number, enum routing_act act,
                            char *helper, char *note, Routing__Task **ret_task)
{
    Routing__Task *task;
    struct event_options options;
    enum status status = routing_acts_take(d, task_number, act, &task);
    if (status == STATUS_OK && routing_rules_open_help(task, helper) == NULL) {
        status = decide_refuse(d, STATUS_FAILED_PRECONDITION, "unit",
                               "%s has no open part of task %" PRIu64, helper, task->number);
    }
    if (status == STATUS_OK) {
        status = routing_acts_options(d, task, 0, &options);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Routing__TaskHelpFinished finished = ROUTING__TASK_HELP_FINISHED__INIT;
    finished.task_number = task->number;
    finished.case_number = task->case_number;
    finished.unit = task->unit;
    finished.helper = helper;
    finished.note = note;
    finished.withdrawn = act == ROUTING_ACT_WITHDRAW_HELP;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_FINISHED;
    event.task_help_finished = arena_copy(d->arena, &finished, sizeof(finished));
    options.ignorable = true;
    return routing_acts_change(d, &event, event.task_help_finished, &options, task, ret_task);
}

/* Its own part only, whatever other parts there are. */
enum status routing_decide_finish_help(struct decide *d, const ProtobufCMessage *message,
                                       ProtobufCMessage *answer)
{
    const Routing__FinishHelpRequest *request = (const Routing__FinishHelpRequest *)message;
    enum status status = routing_rules_check_unit(d->caller, request->unit, d->error);
    return status != STATUS_OK
               ? status
               : end_help(d, request->task_number, ROUTING_ACT_FINISH_HELP, request->unit,
                          request->note, &((Routing__FinishHelpResponse *)answer)->task);
}

enum status routing_decide_withdraw_help(struct decide *d, const ProtobufCMessage *message,
                                         ProtobufCMessage *answer)
{
    const Routing__WithdrawHelpRequest *request = (const Routing__WithdrawHelpRequest *)message;
    return end_help(d, request->task_number, ROUTING_ACT_WITHDRAW_HELP, request->unit,
                    (char *)protobuf_c_empty_string,
                    &((Routing__WithdrawHelpResponse *)answer)->task);
}
