/* vafa tasks follow, tasks list, tasks claim: what offices have to do. */
#include "clients/vafa/choice.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/list_text.h"
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
    return session_text(session, "unit");
}

static char *desk_of(struct session *session)
{
    return session_text(session, "desk");
}

/* --- follow --- */

static const struct option_def follow_options[] = {
    {"unit", 'u', "UNIT", "whose tasks; '*': every unit's, as admin (needed)"},
    {"after", 0, "N", "changes behind this sequence (what the unit has acknowledged)"},
    {"acknowledge", 0, NULL, "tell the server that what was printed has arrived"},
    {"once", 0, NULL, "print what is there and end"},
    {"desk", 0, "NAME", "pass over what another desk of the unit has claimed"},
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
        if (change->other_code[0] != '\0') {
            buffer_append_text(&line, "  ");
            table_plain_text(&line, change->other_code);
        }
        if (change->note[0] != '\0') {
            buffer_append_text(&line, "  ");
            table_plain_text(&line, change->note);
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
    request.desk = desk_of(follow->session);
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
    {"state", 0, "STATE",
     "only those of this state (may be repeated): routed, seen, accepted, planned, working, "
     "waiting, done, "
     "closed-undone, cancelled, joined"},
    {"desk", 0, "NAME", "only what this desk of the unit has claimed"},
    {"limit", 'n', "N", "at most so many, 1 to 10000 (100)"},
    {NULL, 0, NULL, NULL},
};

static struct table *task_table(struct session *session)
{
    static const char *const heads[] = {"task",   "code", "topic",      "state", "urgency",
                                        "chases", "desk", "registered", "due",   "note"};
    struct table *table = table_new(sizeof(heads) / sizeof(heads[0]));
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        table_head(table, i, session_word(session, heads[i]));
    }
    table_align_right(table, 0);
    return table;
}

static bool has_ended(Routing__TaskState state)
{
    return state == ROUTING__TASK_STATE__TASK_STATE_DONE ||
           state == ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE ||
           state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED;
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
               task->overdue && !has_ended(task->state)
                   ? label_word("overdue", language)
                   : label_enum(&routing__task_state__descriptor, (int)task->state, language));
    table_cell(table, task->urgency == COMMON__URGENCY__URGENCY_URGENT
                          ? label_enum(&common__urgency__descriptor, (int)task->urgency, language)
                          : "");
    if (task->chases > 0) {
        table_cell_format(table, "%" PRIu32, task->chases);
    } else {
        table_cell(table, "");
    }
    table_cell(table, task->desk);
    table_cell(table, registered);
    table_cell(table, due);
    table_cell(table, task->note);
}

#define PAGE_BYTES_MAX 32 /* the contract's */

/* A list and how far it has come. */
struct list {
    Routing__ListTasksRequest request;
    uint8_t page[PAGE_BYTES_MAX];
    struct table *table; /* NULL: JSON */
    uint64_t left;
    unsigned empty_pages; /* one behind the other */
    bool over;
};

/* The next page is asked for with the bytes of this one; a server that gives the same again would be
 * asked for ever. */
static enum status turn_page(struct list *list, const ProtobufCBinaryData *next, struct error *err)
{
    ProtobufCBinaryData *page = &list->request.page;
    bool same = page->len == next->len &&
                (next->len == 0 || memcmp(page->data, next->data, next->len) == 0);
    list->over = next->len == 0;
    if (!list->over &&
        (same || next->len > PAGE_BYTES_MAX || list->empty_pages > EMPTY_PAGES_MAX)) {
        return error_set(err, STATUS_INTERNAL, "next_page",
                         "the server's next page is not behind this one");
    }
    if (!list->over) {
        memcpy(list->page, next->data, next->len);
        *page = (ProtobufCBinaryData){next->len, list->page};
    }
    return STATUS_OK;
}

/* One page into the table, or printed as JSON. */
static enum status list_page(struct session *session, struct list *list, struct error *err)
{
    struct vafa_call call = {.service = &routing__routing__descriptor,
                             .method = "ListTasks",
                             .request = &list->request.base};
    list->request.page_size = list->left < PAGE_SIZE ? (uint32_t)list->left : PAGE_SIZE;
    enum status status = session_call(session, &call, err);
    if (status == STATUS_OK) {
        const Routing__ListTasksResponse *page = (const Routing__ListTasksResponse *)call.response;
        for (size_t i = 0; i < page->n_tasks && i < list->left; i++) {
            if (list->table == NULL) {
                output_message(&page->tasks[i]->base);
            } else {
                add_task(session, list->table, page->tasks[i]);
            }
        }
        session_end_in(session, session->timeout_ms); /* a page that came gives the next its time */
        list->left -= page->n_tasks < list->left ? page->n_tasks : list->left;
        list->empty_pages = page->n_tasks == 0 ? list->empty_pages + 1 : 0;
        status = turn_page(list, &page->next_page, err);
    }
    vafa_call_fini(&call);
    return status;
}

#define STATES_MAX 9 /* the contract's */

static enum status read_states(struct session *session, Routing__TaskState *states,
                               size_t *ret_count, struct error *err)
{
    const char *word;
    size_t count = 0;
    while ((word = args_value_at(&session->args, "state", count)) != NULL) {
        int value = 0;
        enum status status =
            choice_read_word(word, "state", &routing__task_state__descriptor, NULL, &value, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (count == STATES_MAX) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "state", "at most %d states",
                             STATES_MAX);
        }
        states[count++] = (Routing__TaskState)value;
    }
    *ret_count = count;
    return STATUS_OK;
}

static int run_list(struct session *session)
{
    struct error err = ERROR_NONE;
    Routing__TaskState states[STATES_MAX];
    struct list list = {.request = ROUTING__LIST_TASKS_REQUEST__INIT};
    enum status status = args_need(&session->args, "unit", &err);
    if (status == STATUS_OK) {
        status = read_states(session, states, &list.request.n_states, &err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "limit", 1, 10000, 100, &list.left, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    list.request.unit = unit_of(session);
    list.request.desk = desk_of(session);
    list.request.states = states;
    list.request.order = ROUTING__TASK_ORDER__TASK_ORDER_DUE;
    list.table = session->json ? NULL : task_table(session);
    do {
        status = list_page(session, &list, &err);
    } while (status == STATUS_OK && list.left > 0 && !list.over);
    if (status == STATUS_OK && list.table != NULL) {
        list_text_print(session, list.table);
    }
    table_free(list.table);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_tasks_list = {
    .name = "tasks list",
    .arguments = "",
    .summary = "a unit's tasks",
    .help = "Lists tasks, first what is to be done first: open ones before others, urgent ones "
            "first, then those that citizens asked about again, then by due time. Open tasks that "
            "the unit helps with are among them. With --json one object "
            "a line.",
    .examples =
        "vafa tasks list --unit district-5-civil\nvafa tasks list --unit bus-company --state done "
        "--state closed-undone -n 5 --json",
    .options = list_options,
    .role = RPC_ROLE_OFFICE,
    .run = run_list,
};

/* --- claim --- */

static const struct option_def claim_options[] = {
    {"unit", 'u', "UNIT", "whose tasks (needed)"},
    {"name", 0, "NAME", "the desk's name, under which it also does what it does (needed)"},
    {"max", 'n', "N", "how many more it takes, 0 to 20 (1); 0: only say that it is there"},
    {NULL, 0, NULL, NULL},
};

static void print_claimed(struct session *session, const Routing__ClaimTasksResponse *claimed)
{
    char until[32];
    const char *language = session_language(session);
    struct table *table = table_new(2);
    session_time(session, claimed->until_us, until);
    for (size_t i = 0; i < claimed->n_claimed; i++) {
        table_cell(table, label_word("task", language));
        table_cell_format(table, "%" PRIu64, claimed->claimed[i]);
    }
    table_cell(table, label_word("held", language));
    table_cell_format(table, "%" PRIu32, claimed->held);
    table_cell(table, label_word("until", language));
    table_cell(table, until);
    table_print(table, stdout);
    table_free(table);
}

static int run_claim(struct session *session)
{
    struct error err = ERROR_NONE;
    uint64_t tasks_max = 0;
    Routing__ClaimTasksRequest request = ROUTING__CLAIM_TASKS_REQUEST__INIT;
    struct vafa_call call = {
        .service = &routing__routing__descriptor, .method = "ClaimTasks", .request = &request.base};
    enum status status = args_need(&session->args, "unit", &err);
    if (status == STATUS_OK) {
        status = args_need(&session->args, "name", &err);
    }
    if (status == STATUS_OK) {
        status = args_number(&session->args, "max", 0, 20, 1, &tasks_max, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    request.idempotency_key = session_key(session);
    request.unit = unit_of(session);
    request.desk = session_text(session, "name");
    request.tasks_max = (uint32_t)tasks_max;
    status = session_call(session, &call, &err);
    if (status == STATUS_OK && session->json) {
        output_message(call.response);
    } else if (status == STATUS_OK) {
        print_claimed(session, (const Routing__ClaimTasksResponse *)call.response);
    }
    vafa_call_fini(&call);
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_tasks_claim = {
    .name = "tasks claim",
    .arguments = "",
    .summary = "a desk takes tasks of its unit that no desk has",
    .help = "For units whose work several desks share: each open task goes to one of them. What it "
            "has is its own "
            "for ten minutes from its last claim or act; a desk that is silent longer loses all of "
            "it to "
            "the others.",
    .examples = "vafa tasks claim --unit district-5-civil --name 'desk 2' --max 5\n"
                "vafa tasks claim --unit district-5-civil --name 'desk 2' --max 0\n"
                "vafa tasks list --unit district-5-civil --desk 'desk 2'",
    .options = claim_options,
    .changes = true,
    .role = RPC_ROLE_OFFICE,
    .run = run_claim,
};
