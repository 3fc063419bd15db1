/* vafa task show, accept, report, done, return: an office's work on one task. */
#include "clients/vafa/cmd_task.h"

#include "base/clock.h"
#include "clients/vafa/answer_words.h"
#include "clients/vafa/details.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_words.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

/* "district-6, parks": names with commas between them. */
static void print_units(struct session *session, struct table *table, const char *name,
                        char **units, size_t count)
{
    struct buffer text = BUFFER_EMPTY;
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(&text, "%s%s", i > 0 ? session_word(session, ",") : "",
                             i > 0 ? " " : "");
        buffer_append_text(&text, session_unit(session, units[i]));
    }
    details_text(session, table, name, buffer_text(&text));
    buffer_fini(&text);
}

static void print_help(struct session *session, struct table *table, const Routing__TaskHelp *help)
{
    struct buffer text = BUFFER_EMPTY;
    const char *state = help->ended_at_us == 0 ? "open" : help->withdrawn ? "withdrawn" : "done";
    buffer_append_format(&text, "%s: %s (%s)", session_unit(session, help->unit), help->note,
                         session_word(session, state));
    if (help->answer[0] != '\0') {
        buffer_append_format(&text, " %s", help->answer);
    }
    details_text(session, table, "helping_unit", buffer_text(&text));
    buffer_fini(&text);
}

/* "Civil works of district 5: 12:30" for each unit that has had it. */
static void detail_shares(struct session *session, struct table *table, const Routing__Task *task)
{
    for (size_t i = 0; i < task->n_shares; i++) {
        const Routing__UnitShare *share = task->shares[i];
        struct buffer text = BUFFER_EMPTY;
        char since[32];
        session_time(session, share->since_us, since);
        buffer_append_format(&text, "%s: %" PRId64 ":%02" PRId64,
                             session_unit(session, share->unit), share->worked_us / HOUR_US,
                             share->worked_us / MINUTE_US % 60);
        if (since[0] != '\0') {
            buffer_append_format(&text, " + %s …", since);
        }
        details_text(session, table, "share", buffer_text(&text));
        buffer_fini(&text);
    }
}

/* Requests about the same thing: their number, and the codes of those that are joined. */
static void print_callers(struct session *session, struct table *table, const Routing__Task *task)
{
    struct buffer codes = BUFFER_EMPTY;
    if (task->callers > 1 || task->own_withdrawn) {
        table_cell(table, session_word(session, "callers"));
        table_cell_format(table, "%" PRIu32, task->callers);
    }
    for (size_t i = 0; i < task->n_joined_codes; i++) {
        buffer_append_format(&codes, "%s%s", i > 0 ? " " : "", task->joined_codes[i]);
    }
    details_text(session, table, "joined", buffer_text(&codes));
    buffer_fini(&codes);
}

/* Of an urgent one: who has to be told of it, and who has acknowledged it. */
static void print_alarm(struct session *session, struct table *table, const Routing__Task *task)
{
    const Routing__Alarm *alarm = task->alarm;
    char text[64];
    if (alarm == NULL) {
        return;
    }
    session_time(session, alarm->since_us, text);
    details_text(session, table, "urgent_since", text);
    details_text(session, table, "given_to", alarm->given_to);
    if (strcmp(alarm->given_to, alarm->urgent_desk) != 0) {
        details_text(session, table, "instead_of", alarm->urgent_desk);
    }
    if (alarm->acknowledged_at_us == 0) {
        session_time(session, alarm->acknowledge_by_us, text);
        details_text(session, table, "acknowledge_by", text);
    }
    session_time(session, alarm->acknowledged_at_us, text);
    details_text(session, table, "acknowledged", text);
    details_text(session, table, "acknowledged_by", alarm->acknowledged_by);
    if (alarm->steps > 0) {
        table_cell(table, session_word(session, "went_up"));
        table_cell_format(table, "%" PRIu32 " (%s)", alarm->steps,
                          session_role(session, alarm->role, task->unit));
    }
}

static void print_task(struct session *session, const Routing__Task *task)
{
    static const char *const names[] = {"registered", "respond_by",  "responded", "warn_at",
                                        "due",        "escalate_at", "seen",      "planned_for",
                                        "started",    "waits_until", "done",      "closed"};
    const int64_t times[] = {task->registered_at_us, task->respond_at_us,  task->responded_at_us,
                             task->warn_at_us,       task->due_at_us,      task->escalate_at_us,
                             task->seen_at_us,       task->planned_for_us, task->started_at_us,
                             task->pause_until_us,   task->done_at_us,     task->closed_at_us};
    const char *language = session_language(session);
    struct table *table = table_new(2);
    char text[64];
    snprintf(text, sizeof(text), "%" PRIu64, task->number);
    details_text(session, table, "task", text);
    details_text(session, table, "code", task->code);
    details_text(session, table, "state",
                 label_enum(&routing__task_state__descriptor, (int)task->state, language));
    details_text(session, table, "topic", session_topic(session, task->topic));
    details_text(session, table, "unit", session_unit(session, task->unit));
    struct buffer place = BUFFER_EMPTY;
    place_words(session, task->place, &place);
    details_text(session, table, "place", buffer_text(&place));
    answer_words(session, table, task->topic, task->answers, task->n_answers);
    buffer_fini(&place);
    details_text(session, table, "urgency",
                 label_enum(&common__urgency__descriptor, (int)task->urgency, language));
    print_alarm(session, table, task);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        session_time(session, times[i], text);
        details_text(session, table, names[i], text);
    }
    details_text(session, table, "clock",
                 label_enum(&routing__clock_kind__descriptor, (int)task->clock, language));
    detail_shares(session, table, task);
    details_text(session, table, "waits_for",
                 label_enum(&routing__pause_reason__descriptor, (int)task->pause_reason, language));
    details_text(session, table, "close_reason",
                 label_enum(&routing__close_reason__descriptor, (int)task->close_reason, language));
    details_text(session, table, "note", task->note);
    details_text(session, table, "desk", task->desk);
    if (task->for_decision) {
        details_text(session, table, "for_decision", label_word("yes", language));
    }
    print_units(session, table, "units_before", task->units_before, task->n_units_before);
    print_units(session, table, "went_up_to", task->went_up_to, task->n_went_up_to);
    for (size_t i = 0; i < task->n_helps; i++) {
        print_help(session, table, task->helps[i]);
    }
    print_callers(session, table, task);
    snprintf(text, sizeof(text), "%" PRIu64, task->storm);
    details_text(session, table, "storm", task->storm > 0 ? text : "");
    snprintf(text, sizeof(text), "%" PRIu32, task->chases);
    details_text(session, table, "chases", task->chases > 0 ? text : "");
    table_print(table, stdout);
    table_free(table);
}

/* Makes the call; `task_of` finds the task in its answer. */
int task_call(struct session *session, const char *method, const ProtobufCMessage *request,
              const Routing__Task *(*task_of)(const ProtobufCMessage *response))
{
    struct error err = ERROR_NONE;
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = method, .request = request};
    enum status status = session_call(session, &call, &err);
    if (status == STATUS_OK) {
        const Routing__Task *task = task_of(call.response);
        if (session->json) {
            output_message(call.response);
        } else if (task != NULL) {
            print_task(session, task);
        } else {
            status = session_lacks("task", &err);
        }
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

enum status task_read_number(struct session *session, uint64_t *ret_number, struct error *err)
{
    return args_read_number(session->args.arguments[0], "task_number", 1, UINT64_MAX, ret_number,
                            err);
}

/* --- show --- */

static const struct option_def show_options[] = {
    {"case", 0, NULL, "N is the request's number, not the task's"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *shown_task(const ProtobufCMessage *response)
{
    return ((const Routing__GetTaskResponse *)response)->task;
}

static int run_show(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t number;
    Routing__GetTaskRequest request = ROUTING__GET_TASK_REQUEST__INIT;
    if (task_read_number(session, &number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    if (args_has(&session->args, "case")) {
        request.case_number = number;
    } else {
        request.task_number = number;
    }
    return task_call(session, "GetTask", &request.base, shown_task);
}

const struct command command_task_show = {
    .name = "task show",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "one task",
    .help = "Shows a task by its number, or by its request's number.",
    .examples = "vafa task show 12\nvafa task show 7 --case --json",
    .options = show_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_show,
};

/* --- accept --- */

static const Routing__Task *accepted_task(const ProtobufCMessage *response)
{
    return ((const Routing__AcceptTaskResponse *)response)->task;
}

static int run_accept(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__AcceptTaskRequest request = ROUTING__ACCEPT_TASK_REQUEST__INIT;
    if (task_read_number(session, &request.task_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.automatic = args_has(&session->args, "automatic");
    request.idempotency_key = session_key(session);
    return task_call(session, "AcceptTask", &request.base, accepted_task);
}

static const struct option_def accept_options[] = {
    {"automatic", 0, NULL, "a program accepts it, no person: that is no response to the citizen"},
    {NULL, 0, NULL, NULL},
};

const struct command command_task_accept = {
    .name = "task accept",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the unit takes the task on",
    .help = "Says that the unit has seen the task and does it.",
    .options = accept_options,
    .examples = "vafa task accept 12 --unit district-5-civil",
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_accept,
};

/* --- report --- */

#define PICTURES_MAX 10 /* the contract's */

static const struct option_def report_options[] = {
    {"note", 0, "TEXT", "a word on the way; shown to whoever has the code (needed)"},
    {"picture", 0, "REF", "where a picture is: an address, a name in the archive; up to 10 times"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *reported_task(const ProtobufCMessage *response)
{
    return ((const Routing__ReportTaskResponse *)response)->task;
}

static int run_report(struct session *session)
{
    struct error err = ERROR_NONE;
    char *pictures[PICTURES_MAX + 1]; /* one too many is the server's to refuse */
    Routing__ReportTaskRequest request = ROUTING__REPORT_TASK_REQUEST__INIT;
    if (task_read_number(session, &request.task_number, &err) != STATUS_OK ||
        args_need(&session->args, "note", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.note = session_text(session, "note");
    request.pictures = pictures;
    const char *picture;
    while (request.n_pictures <= PICTURES_MAX &&
           (picture = args_value_at(&session->args, "picture", request.n_pictures)) != NULL) {
        pictures[request.n_pictures++] = (char *)(uintptr_t)picture;
    }
    return task_call(session, "ReportTask", &request.base, reported_task);
}

const struct command command_task_report = {
    .name = "task report",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "a word on the way",
    .help = "Adds a note to the request's story. No personal data: it is shown to whoever has the "
            "code.",
    .examples = "vafa task report 12 --unit district-5-civil --note 'اکیپ فردا اعزام "
                "می‌شود'",
    .options = report_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_report,
};

/* --- done --- */

static const struct option_def done_options[] = {
    {"note", 0, "TEXT", "what was done; told to the citizen"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *done_task(const ProtobufCMessage *response)
{
    return ((const Routing__FinishTaskResponse *)response)->task;
}

static int run_done(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__FinishTaskRequest request = ROUTING__FINISH_TASK_REQUEST__INIT;
    if (task_read_number(session, &request.task_number, &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.note = session_text(session, "note");
    return task_call(session, "FinishTask", &request.base, done_task);
}

const struct command command_task_done = {
    .name = "task done",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task is finished",
    .help = "Finishes a task. The citizen will be called and asked whether it is so.",
    .examples = "vafa task done 12 --unit district-5-civil --note 'چاله پر و آسفالت شد'",
    .options = done_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_done,
};

/* --- return --- */

static const struct option_def return_options[] = {
    {"reason", 0, "TEXT", "why it is not yours (needed)"},
    {"to", 0, "UNIT", "whose it is (the coordinator decides)"},
    {NULL, 0, NULL, NULL},
};

static const Routing__Task *returned_task(const ProtobufCMessage *response)
{
    return ((const Routing__ReturnTaskResponse *)response)->task;
}

static int run_return(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__ReturnTaskRequest request = ROUTING__RETURN_TASK_REQUEST__INIT;
    if (task_read_number(session, &request.task_number, &err) != STATUS_OK ||
        args_need(&session->args, "reason", &err) != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.reason = session_text(session, "reason");
    request.to_unit = session_text(session, "to");
    return task_call(session, "ReturnTask", &request.base, returned_task);
}

const struct command command_task_return = {
    .name = "task return",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "the task is not ours",
    .help = "Gives a task to the unit named, or to the coordinator. Its due date stays.",
    .examples = "vafa task return 12 --unit district-5-civil --reason 'خیابان در منطقهٔ ۶ است' --to "
                "district-6",
    .options = return_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_return,
};
