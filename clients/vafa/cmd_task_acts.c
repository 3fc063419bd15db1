/* vafa task see, plan, start, pause, resume, close, move, reopen, cancel, ask-help,
 * finish-help, withdraw-help: the rest of a task's life. */
#include "clients/vafa/choice.h"
#include "clients/vafa/cmd_task.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"

#include <string.h>

/* Nobody meant a time that was not given. */
static enum status need_time(struct session *session, const char *option, int64_t *ret_us,
                             struct error *err)
{
    enum status status = args_need(&session->args, option, err);
    return status == STATUS_OK ? session_read_time(session, option, 0, ret_us, err) : status;
}

/* A value of the enum by its word; INVALID_ARGUMENT tells the choices. */
static enum status need_choice(struct session *session, const char *option,
                               const ProtobufCEnumDescriptor *type, const int *unsaid,
                               int *ret_value, struct error *err)
{
    enum status status = args_need(&session->args, option, err);
    return status == STATUS_OK ? choice_read(&session->args, option, type, unsaid, ret_value, err)
                               : status;
}

/* --- see --- */

static const Routing__Task *see_answer(const ProtobufCMessage *response)
{
    return ((const Routing__SeeTaskResponse *)response)->task;
}

static int run_see(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__SeeTaskRequest request = ROUTING__SEE_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    return task_call(session, "SeeTask", &request.base, see_answer);
}

const struct command command_task_see = {
    .name = "task see",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a person has seen the task",
    .help = "Says that a person of the unit has seen the task, and no more.",
    .examples = "vafa task see 12 --unit district-5-civil",
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_see,
};

/* --- plan --- */

static const struct option_def plan_options[] = {
    {"for", 0, "TIME", "when it will be done, in the future (needed)"},
    {"note", 0, "TEXT", "a word about it; shown to whoever has the code"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *plan_answer(const ProtobufCMessage *response)
{
    return ((const Routing__PlanTaskResponse *)response)->task;
}

static int run_plan(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__PlanTaskRequest request = ROUTING__PLAN_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = need_time(session, "for", &request.planned_for_us, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.note = session_text(session, "note");
    return task_call(session, "PlanTask", &request.base, plan_answer);
}

const struct command command_task_plan = {
    .name = "task plan",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task will be done on a date",
    .help = "Says when the unit will do it; it may be planned again.",
    .examples = "vafa task plan 12 --unit district-5-civil --for 1406-02-01\nvafa task plan 12 "
                "--unit district-5-civil --for +3d",
    .options = plan_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_plan,
};

/* --- start --- */

static const struct option_def start_options[] = {
    {"note", 0, "TEXT", "a word about it; shown to whoever has the code"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *start_answer(const ProtobufCMessage *response)
{
    return ((const Routing__StartTaskResponse *)response)->task;
}

static int run_start(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__StartTaskRequest request = ROUTING__START_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.note = session_text(session, "note");
    return task_call(session, "StartTask", &request.base, start_answer);
}

const struct command command_task_start = {
    .name = "task start",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the unit is at work on it",
    .help = "Says that the work has begun.",
    .examples = "vafa task start 12 --unit district-5-civil",
    .options = start_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_start,
};

/* --- pause --- */

static const struct option_def pause_options[] = {
    {"reason", 0, "WORD", "for whom it waits: citizen, body (another body) (needed)"},
    {"until", 0, "TIME",
     "when the waiting ends at the latest, no further ahead than the city allows (needed)"},
    {"note", 0, "TEXT", "what is waited for; shown to whoever has the code (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *pause_answer(const ProtobufCMessage *response)
{
    return ((const Routing__PauseTaskResponse *)response)->task;
}

static int run_pause(struct session *session)
{
    struct error err = ERROR_NONE;
    int reason = 0;
    Routing__PauseTaskRequest request = ROUTING__PAUSE_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status =
            need_choice(session, "reason", &routing__pause_reason__descriptor, NULL, &reason, &err);
    }
    if (status == STATUS_OK) {
        status = need_time(session, "until", &request.until_us, &err);
    }
    if (status == STATUS_OK) {
        status = args_need(&session->args, "note", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.reason = (Routing__PauseReason)reason;
    request.note = session_text(session, "note");
    return task_call(session, "PauseTask", &request.base, pause_answer);
}

const struct command command_task_pause = {
    .name = "task pause",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task waits, until a limit",
    .help = "Says that the unit cannot go on for now. The waiting ends with `vafa task resume`, or "
            "by itself at the limit. The city pack says how many days ahead that may be "
            "(pause_days_max under "
            "[routing] of city.ini); who still waits then says so again.",
    .examples = "vafa task pause 12 --unit district-5-civil --reason body --until +10d --note 'در "
                "انتظار مجوز آبفا'",
    .options = pause_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_pause,
};

/* --- resume --- */

static const struct option_def resume_options[] = {
    {"note", 0, "TEXT", "a word about it; shown to whoever has the code"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *resume_answer(const ProtobufCMessage *response)
{
    return ((const Routing__ResumeTaskResponse *)response)->task;
}

static int run_resume(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__ResumeTaskRequest request = ROUTING__RESUME_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.note = session_text(session, "note");
    return task_call(session, "ResumeTask", &request.base, resume_answer);
}

const struct command command_task_resume = {
    .name = "task resume",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the waiting is over",
    .help = "Says that the unit is at work again.",
    .examples = "vafa task resume 12 --unit district-5-civil",
    .options = resume_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_resume,
};

/* --- close --- */

static const struct option_def close_options[] = {
    {"reason", 0, "WORD",
     "not-feasible, no-budget, planned-later, not-found, outside-duty (needed)"},
    {"words", 0, "TEXT", "what the citizen hears (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *close_answer(const ProtobufCMessage *response)
{
    return ((const Routing__CloseTaskResponse *)response)->task;
}

static int run_close(struct session *session)
{
    struct error err = ERROR_NONE;
    int reason = 0;
    Routing__CloseTaskRequest request = ROUTING__CLOSE_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status =
            need_choice(session, "reason", &routing__close_reason__descriptor, NULL, &reason, &err);
    }
    if (status == STATUS_OK) {
        status = args_need(&session->args, "words", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.reason = (Routing__CloseReason)reason;
    request.words = session_text(session, "words");
    return task_call(session, "CloseTask", &request.base, close_answer);
}

const struct command command_task_close = {
    .name = "task close",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task will not be done, and why",
    .help = "Closes a task that is not done. It is never counted as done; the citizen is called, "
            "told why, and asked.",
    .examples = "vafa task close 12 --unit district-5-civil --reason no-budget --words 'بودجهٔ "
                "امسال تمام شده است'",
    .options = close_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_close,
};

/* --- move --- */

static const struct option_def move_options[] = {
    {"to", 0, "UNIT", "whose it is (needed)"},
    {"reason", 0, "TEXT", "why (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *move_answer(const ProtobufCMessage *response)
{
    return ((const Routing__MoveTaskResponse *)response)->task;
}

static int run_move(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__MoveTaskRequest request = ROUTING__MOVE_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "to", &err);
    }
    if (status == STATUS_OK) {
        status = args_need(&session->args, "reason", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.to_unit = session_text(session, "to");
    request.reason = session_text(session, "reason");
    return task_call(session, "MoveTask", &request.base, move_answer);
}

const struct command command_task_move = {
    .name = "task move",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task goes to another unit",
    .help = "Gives another unit's task to a third one. For the coordinator, and for the units "
            "above the one that has it. Its due date stays.",
    .examples =
        "vafa task move 12 --unit centre-137 --to district-6 --reason 'خیابان در منطقهٔ ۶ است'",
    .options = move_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_move,
};

/* --- reopen --- */

static const struct option_def reopen_options[] = {
    {"reason", 0, "WORD", "unsatisfied, broken-promise, other (needed)"},
    {"note", 0, "TEXT", "what is to be done (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *reopen_answer(const ProtobufCMessage *response)
{
    return ((const Routing__ReopenTaskResponse *)response)->task;
}

static int run_reopen(struct session *session)
{
    struct error err = ERROR_NONE;
    static const int unsaid[] = {ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED, 0};
    int reason = 0;
    Routing__ReopenTaskRequest request = ROUTING__REOPEN_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = need_choice(session, "reason", &routing__reopen_reason__descriptor, unsaid,
                             &reason, &err);
    }
    if (status == STATUS_OK) {
        status = args_need(&session->args, "note", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.reason = (Routing__ReopenReason)reason;
    request.note = session_text(session, "note");
    return task_call(session, "ReopenTask", &request.base, reopen_answer);
}

const struct command command_task_reopen = {
    .name = "task reopen",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a finished task is open again",
    .help =
        "Opens what was finished or closed undone, with the unit that had it. For the coordinator.",
    .examples = "vafa task reopen 12 --unit centre-137 --reason broken-promise --note 'شهروند "
                "می‌گوید کسی نیامده است'",
    .options = reopen_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_reopen,
};

/* --- cancel --- */

static const struct option_def cancel_options[] = {
    {"reason", 0, "TEXT", "why (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *cancel_answer(const ProtobufCMessage *response)
{
    return ((const Routing__CancelTaskResponse *)response)->task;
}

static int run_cancel(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__CancelTaskRequest request = ROUTING__CANCEL_TASK_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "reason", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.reason = session_text(session, "reason");
    return task_call(session, "CancelTask", &request.base, cancel_answer);
}

const struct command command_task_cancel = {
    .name = "task cancel",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "nobody wants it done any more",
    .help = "Cancels an open task: no call follows. For the coordinator.",
    .examples = "vafa task cancel 12 --unit centre-137 --reason 'شهروند انصراف داد'",
    .options = cancel_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_cancel,
};

/* --- ask-help --- */

static const struct option_def ask_help_options[] = {
    {"of", 0, "UNIT", "the unit that is to help (needed)"},
    {"note", 0, "TEXT", "what is asked of it (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *ask_help_answer(const ProtobufCMessage *response)
{
    return ((const Routing__AskHelpResponse *)response)->task;
}

static int run_ask_help(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__AskHelpRequest request = ROUTING__ASK_HELP_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "of", &err);
    }
    if (status == STATUS_OK) {
        status = args_need(&session->args, "note", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.unit = session_text(session, "of");
    request.note = session_text(session, "note");
    return task_call(session, "AskHelp", &request.base, ask_help_answer);
}

const struct command command_task_ask_help = {
    .name = "task ask-help",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "another unit is to do a part",
    .help = "Asks a unit to do a part of the task. The unit that has the task closes it, when "
            "every part is finished or withdrawn.",
    .examples = "vafa task ask-help 12 --unit district-5-civil --of bus-company --note "
                "'جابه‌جایی ایستگاه'",
    .options = ask_help_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_ask_help,
};

/* --- finish-help --- */

static const struct option_def finish_help_options[] = {
    {"note", 0, "TEXT", "what was done"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *finish_help_answer(const ProtobufCMessage *response)
{
    return ((const Routing__FinishHelpResponse *)response)->task;
}

static int run_finish_help(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__FinishHelpRequest request = ROUTING__FINISH_HELP_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "unit", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.unit = session_text(session, "unit");
    request.note = session_text(session, "note");
    return task_call(session, "FinishHelp", &request.base, finish_help_answer);
}

const struct command command_task_finish_help = {
    .name = "task finish-help",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the helping unit has done its part",
    .help = "Ends the part of the unit that you speak for (--unit).",
    .examples =
        "vafa task finish-help 12 --unit bus-company --note 'ایستگاه جابه‌جا شد'",
    .options = finish_help_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_finish_help,
};

/* --- withdraw-help --- */

static const struct option_def withdraw_help_options[] = {
    {"of", 0, "UNIT", "the helping unit (needed)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *withdraw_help_answer(const ProtobufCMessage *response)
{
    return ((const Routing__WithdrawHelpResponse *)response)->task;
}

static int run_withdraw_help(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__WithdrawHelpRequest request = ROUTING__WITHDRAW_HELP_REQUEST__INIT;
    enum status status = task_read_number(session, &request.task_number, &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "of", &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.unit = session_text(session, "of");
    return task_call(session, "WithdrawHelp", &request.base, withdraw_help_answer);
}

const struct command command_task_withdraw_help = {
    .name = "task withdraw-help",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the part is needed no more",
    .help = "Withdraws what was asked of a helping unit.",
    .examples = "vafa task withdraw-help 12 --unit district-5-civil --of bus-company",
    .options = withdraw_help_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_withdraw_help,
};
