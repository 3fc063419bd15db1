/* vafa tasks follow, tasks list: what an office has to do. */
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/session.h"
#include "clients/vafa/table.h"

#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <string.h>

#define FOLLOW_WAIT_MS 30000u /* one long poll */
#define PAGE_SIZE 100
#define EMPTY_PAGES_MAX 1000 /* one behind the other: more is a server that goes on for ever */

static char *unit_of(struct session *session)
{
    return (char *)(uintptr_t)args_text(&session->args, "unit");
}

/* --- follow --- */

static const struct option_def follow_options[] = {
    {"unit", 'u', "UNIT", "whose tasks; '*': every unit's, as admin (needed)"},
    {"after", 0, "N", "changes behind this sequence (what the unit has acknowledged)"},
    {"acknowledge", 0, NULL, "tell the server that what was printed has arrived"},
    {"once", 0, NULL, "print what is there and end"},
    {NULL, 0, NULL, NULL},
};

/* A subscription and how far it has come. */
struct follow {
    struct session *session;
    bool once;
    bool acknowledge;
    bool reached; /* the server has answered: from then on following outlasts restarts */
    uint64_t after;
    unsigned empty_pages; /* with --once: since the last that had changes in it */
};

static void print_change(struct session *session, const Routing__TaskChange *change)
{
    char time[32];
    struct buffer line = BUFFER_EMPTY;
    if (session->json) {
        output_message(&change->base);
        return;
    }
    const Routing__Task *task = change->task;
    session_time(session, change->at_us, time);
    buffer_append_format(&line, "%" PRIu64 "  %s  ", change->sequence, time);
    buffer_append_text(&line, label_enum(&routing__change_kind__descriptor, (int)change->kind,
                                         session_language(session)));
    if (task != NULL) {
        buffer_append_format(&line, "  #%" PRIu64 "  ", task->number);
        table_plain_text(&line, task->code);
        buffer_append_text(&line, "  ");
        table_plain_text(&line, session_topic(session, task->topic));
        buffer_append_text(&line, "  ");
        table_plain_text(&line, session_unit(session, task->unit));
        if (task->urgency == COMMON__URGENCY__URGENCY_URGENT) {
            buffer_append_format(&line, "  %s",
                                 label_enum(&common__urgency__descriptor, (int)task->urgency,
                                            session_language(session)));
        }
        if (task->note[0] != '\0') {
            buffer_append_text(&line, "  ");
            table_plain_text(&line, task->note);
        }
    }
    puts(buffer_text(&line));
    buffer_fini(&line);
}

static enum status acknowledge(struct follow *follow, uint64_t sequence, struct error *err)
{
    uint8_t key[UUID_BYTES];
    Routing__AcknowledgeTasksRequest request = ROUTING__ACKNOWLEDGE_TASKS_REQUEST__INIT;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "AcknowledgeTasks",
                             .request = &request.base,
                             .patience_ms = follow->once ? 0 : RPC_DEADLINE_MS_MAX};
    request.idempotency_key = vafa_new_key(key);
    request.unit = unit_of(follow->session);
    request.sequence = sequence;
    enum status status = session_call(follow->session, &call, err);
    vafa_call_fini(&call);
    return status;
}

/* Each change lies behind the one before, and the next page behind them all. */
static enum status check_page(const struct follow *follow, const Routing__FollowTasksResponse *page,
                              struct error *err)
{
    uint64_t after = follow->after;
    for (size_t i = 0; i < page->n_changes; i++) {
        if (page->changes[i]->sequence <= after) {
            return error_set(err, STATUS_INTERNAL, "sequence",
                             "the server's changes do not go on behind %" PRIu64, after);
        }
        after = page->changes[i]->sequence;
    }
    if (page->next < after || follow->empty_pages > EMPTY_PAGES_MAX) {
        return error_set(err, STATUS_INTERNAL, "next",
                         "the server's changes do not come to an end behind %" PRIu64, after);
    }
    return STATUS_OK;
}

static enum status take_page(struct follow *follow, const Routing__FollowTasksResponse *page,
                             struct error *err)
{
    follow->empty_pages = follow->once && page->n_changes == 0 ? follow->empty_pages + 1 : 0;
    enum status status = check_page(follow, page, err);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < page->n_changes; i++) {
        print_change(follow->session, page->changes[i]);
    }
    if (!output_flush()) { /* what could not be printed has not arrived */
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the output is closed");
    }
    follow->after = page->next;
    if (follow->acknowledge && page->n_changes > 0) {
        return acknowledge(follow, page->changes[page->n_changes - 1]->sequence, err);
    }
    return STATUS_OK;
}

/* One long poll; *ret_over when nothing is there and none is waited for. */
static enum status follow_page(struct follow *follow, bool *ret_over, struct error *err)
{
    bool wait = !follow->once && follow->reached;
    Routing__FollowTasksRequest request = ROUTING__FOLLOW_TASKS_REQUEST__INIT;
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "FollowTasks",
                             .request = &request.base,
                             .deadline_ms = wait ? FOLLOW_WAIT_MS + follow->session->timeout_ms : 0,
                             .patience_ms = wait ? RPC_DEADLINE_MS_MAX : 0};
    uint64_t before = follow->after;
    request.unit = unit_of(follow->session);
    request.after = follow->after;
    request.changes_max = PAGE_SIZE;
    request.wait_ms = wait ? FOLLOW_WAIT_MS : 0;
    enum status status = session_call(follow->session, &call, err);
    if (status == STATUS_OK) {
        const Routing__FollowTasksResponse *page =
            (const Routing__FollowTasksResponse *)call.response;
        follow->reached = true;
        session_end_in(follow->session, follow->once ? follow->session->timeout_ms : 0);
        status = take_page(follow, page, err);
        *ret_over = follow->once && page->n_changes == 0 && page->next == before;
    }
    vafa_call_fini(&call);
    return status;
}

static int run_follow(struct session *session)
{
    struct error err = ERROR_NONE;
    bool over = false;
    struct follow follow = {.session = session,
                            .once = args_has(&session->args, "once"),
                            .acknowledge = args_has(&session->args, "acknowledge")};
    bool every = strcmp(unit_of(session), "*") == 0;
    enum status status = args_need(&session->args, "unit", &err);
    if (status == STATUS_OK && every && follow.acknowledge) {
        status = error_set(&err, STATUS_INVALID_ARGUMENT, "acknowledge",
                           "each unit acknowledges its own: name one with --unit");
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "after", 0, UINT64_MAX, 0, &follow.after, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    if (every && !args_has(&session->args, "role")) {
        session->role = RPC_ROLE_ADMIN;
    }
    while (status == STATUS_OK && !over) {
        status = follow_page(&follow, &over, &err);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_tasks_follow = {
    .name = "tasks follow",
    .arguments = "",
    .summary = "tells what changes in a unit's tasks, the moment it does",
    .help = "Prints a line (with --json an object) for every change: sequence, time, what "
            "happened, task, code, topic, unit.\n"
            "With --acknowledge the server remembers how far the unit has come, and the next run "
            "goes on there.\n"
            "A server may stop and start meanwhile.",
    .examples = "vafa tasks follow --unit district-5-civil --acknowledge\n"
                "vafa tasks follow --unit '*' --once --json",
    .options = follow_options,
    .role = RPC_ROLE_OFFICE,
    .run = run_follow,
};

/* --- list --- */

static const struct option_def list_options[] = {
    {"unit", 'u', "UNIT", "whose tasks (needed)"},
    {"state", 0, "STATE", "only routed, accepted or done ones"},
    {"limit", 'n', "N", "at most so many, 1 to 10000 (100)"},
    {NULL, 0, NULL, NULL},
};

static struct table *task_table(struct session *session)
{
    static const char *const heads[] = {"task",       "code", "topic", "state",
                                        "registered", "due",  "note"};
    struct table *table = table_new(7);
    for (size_t i = 0; i < 7; i++) {
        table_head(table, i, label_word(heads[i], session_language(session)));
    }
    table_align_right(table, 0);
    return table;
}

static void add_task(struct session *session, struct table *table, const Routing__Task *task)
{
    const char *language = session_language(session);
    char registered[32];
    char due[32];
    session_time(session, task->registered_at_us, registered);
    session_time(session, task->due_at_us, due);
    table_cell_format(table, "%" PRIu64, task->number);
    table_cell(table, task->code);
    table_cell(table, session_topic(session, task->topic));
    table_cell(table,
               task->overdue && task->state != ROUTING__TASK_STATE__TASK_STATE_DONE
                   ? label_word("overdue", language)
                   : label_enum(&routing__task_state__descriptor, (int)task->state, language));
    table_cell(table, registered);
    table_cell(table, due);
    table_cell(table, task->note);
}

/* One page into the table, or printed as JSON. */
static enum status list_page(struct session *session, Routing__ListTasksRequest *request,
                             struct table *table, uint64_t *left, unsigned *empty_pages,
                             struct error *err)
{
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = "ListTasks", .request = &request->base};
    request->page_size = *left < PAGE_SIZE ? (uint32_t)*left : PAGE_SIZE;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Routing__ListTasksResponse *page = (const Routing__ListTasksResponse *)call.response;
        for (size_t i = 0; i < page->n_tasks && i < *left; i++) {
            if (session->json) {
                output_message(&page->tasks[i]->base);
            } else {
                add_task(session, table, page->tasks[i]);
            }
        }
        session_end_in(session, session->timeout_ms); /* a page that came gives the next its time */
        *left -= page->n_tasks < *left ? page->n_tasks : *left;
        *empty_pages = page->n_tasks == 0 ? *empty_pages + 1 : 0;
        if (page->next_page_token != 0 &&
            (page->next_page_token <= request->page_token || *empty_pages > EMPTY_PAGES_MAX)) {
            status = error_set(err, STATUS_INTERNAL, "next_page_token",
                               "the server's next page is not behind this one");
        }
        request->page_token = page->next_page_token;
    }
    vafa_call_fini(&call);
    return status;
}

static int run_list(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t left = 0;
    unsigned empty_pages = 0;
    Routing__ListTasksRequest request = ROUTING__LIST_TASKS_REQUEST__INIT;
    const char *state = args_value(&session->args, "state");
    int value = state == NULL ? 0 : label_enum_value(&routing__task_state__descriptor, state);
    enum status status = args_need(&session->args, "unit", &err);
    if (status == STATUS_OK && value < 0) {
        status = error_set(&err, STATUS_INVALID_ARGUMENT, "state",
                           "\"%s\" is none of routed, accepted, done", state);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "limit", 1, 10000, 100, &left, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.unit = unit_of(session);
    request.state = (Routing__TaskState)value;
    struct table *table = session->json ? NULL : task_table(session);
    do {
        status = list_page(session, &request, table, &left, &empty_pages, &err);
    } while (status == STATUS_OK && left > 0 && request.page_token != 0);
    if (status == STATUS_OK && table != NULL) {
        table_print(table, stdout);
    }
    table_free(table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_tasks_list = {
    .name = "tasks list",
    .arguments = "",
    .summary = "a unit's tasks",
    .help = "Lists tasks by number. With --json one object a line.",
    .examples = "vafa tasks list --unit district-5-civil\nvafa tasks list --unit PWDx --state done "
                "-n 5 --json",
    .options = list_options,
    .role = RPC_ROLE_OFFICE,
    .run = run_list,
};
