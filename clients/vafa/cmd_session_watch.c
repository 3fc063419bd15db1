/* vafa session watch: what is urgent in a session's units, the moment it happens. */
#include "clients/vafa/cmd_session.h"
#include "clients/vafa/labels.h"
#include "clients/vafa/output.h"
#include "clients/vafa/place_words.h"
#include "clients/vafa/table.h"

#include <inttypes.h>
#include <stdio.h>

#define WAIT_MS 30000u /* one long poll */
#define PAGE_SIZE 100
#define HELD_MAX 20

static const struct option_def watch_options[] = {
    {"after", 0, "N", "changes behind this sequence (0: all of the session)"},
    {"once", 0, NULL, "print what is there and end"},
    {NULL, 0, NULL, NULL},
};

/* A session, and how far it was shown. A task is told as it is now: so a full page is held back until
 * the next has come, for only the newest line of a task says who has it. */
struct watch {
    struct session *session;
    uint64_t number;
    bool once;
    bool reached; /* the server has answered: from then on watching outlasts restarts */
    uint64_t after;
    struct vafa_call held[HELD_MAX];
    size_t held_count;
};

static void append(struct buffer *line, const char *before, const char *text)
{
    if (text[0] != '\0') {
        buffer_append_text(line, before);
        table_plain_text(line, text);
    }
}

/* Who has it: the person, else the desk, else to whom it went up. */
static void append_holder(struct session *session, const Followup__UrgentTask *task,
                          struct buffer *line)
{
    const char *language = session_language(session);
    char until[32];
    if (task->end != FOLLOWUP__URGENT_CHANGE_KIND__URGENT_CHANGE_KIND_UNSPECIFIED) {
        return; /* nobody any more */
    }
    if (task->acknowledged_by[0] != '\0') {
        buffer_append_format(line, "  %s ", label_word("session_has_it", language));
        table_plain_text(line, task->acknowledged_by);
        return;
    }
    if (task->desk[0] != '\0') {
        buffer_append_format(line, "  %s ", label_word("desk", language));
        table_plain_text(line, task->desk);
    }
    append(line, "  ", session_role(session, task->role, task->unit));
    if (task->acknowledge_by_us != 0) {
        session_time(session, task->acknowledge_by_us, until);
        buffer_append_format(line, "  %s %s", label_word("session_nobody", language), until);
    }
}

static void print_change(struct session *session, const Followup__UrgentChange *change,
                         bool is_newest)
{
    char time[32];
    struct buffer line = BUFFER_EMPTY;
    struct buffer place = BUFFER_EMPTY;
    const Followup__UrgentTask *task = change->task;
    if (session->json) {
        output_message(&change->base);
        return;
    }
    session_time(session, change->at_us, time);
    buffer_append_format(&line, "%" PRIu64 "  %s  ", change->sequence, time);
    buffer_append_text(&line, label_enum(&followup__urgent_change_kind__descriptor,
                                         (int)change->kind, session_language(session)));
    if (task != NULL) {
        buffer_append_format(&line, "  #%" PRIu64, task->task_number);
        append(&line, "  ", task->code);
        append(&line, "  ", session_topic(session, task->topic));
        append(&line, "  ", is_newest ? session_unit(session, task->unit) : "");
        place_words(session, task->place, &place);
        append(&line, "  ", buffer_text(&place));
        if (is_newest) {
            append_holder(session, task, &line);
        }
        if (is_newest && task->emergency[0] != '\0') {
            buffer_append_format(&line, "  %s: ", session_word(session, "emergency_phone"));
            table_plain_text(&line, task->emergency);
        }
    }
    puts(buffer_text(&line));
    buffer_fini(&line);
    buffer_fini(&place);
}

/* Changes are numbered one after another. */
static enum status check_page(const struct watch *watch,
                              const Followup__FollowSessionResponse *page, struct error *err)
{
    uint64_t after = watch->after;
    for (size_t i = 0; i < page->n_changes; i++) {
        if (page->changes[i]->sequence != after + 1) {
            return error_set(err, STATUS_INTERNAL, "sequence",
                             "the server's changes do not go on behind %" PRIu64, after);
        }
        after++;
    }
    return page->next == after
               ? STATUS_OK
               : error_set(err, STATUS_INTERNAL, "next",
                           "the server's changes do not come to an end behind %" PRIu64, after);
}

static const Followup__FollowSessionResponse *held_page(const struct watch *watch, size_t place)
{
    return (const Followup__FollowSessionResponse *)watch->held[place].response;
}

/* No later change of the same task is there: from `place` of page `from` on. */
static bool is_newest(const struct watch *watch, size_t from, size_t place)
{
    const Followup__UrgentTask *task = held_page(watch, from)->changes[place]->task;
    for (size_t p = from; task != NULL && p < watch->held_count; p++) {
        const Followup__FollowSessionResponse *page = held_page(watch, p);
        for (size_t i = p == from ? place + 1 : 0; i < page->n_changes; i++) {
            const Followup__UrgentTask *later = page->changes[i]->task;
            if (later != NULL && later->task_number == task->task_number) {
                return false;
            }
        }
    }
    return true;
}

static void let_go(struct watch *watch)
{
    for (size_t i = 0; i < watch->held_count; i++) {
        vafa_call_fini(&watch->held[i]);
    }
    watch->held_count = 0;
}

static enum status print_held(struct watch *watch, struct error *err)
{
    for (size_t p = 0; p < watch->held_count; p++) {
        const Followup__FollowSessionResponse *page = held_page(watch, p);
        for (size_t i = 0; i < page->n_changes; i++) {
            print_change(watch->session, page->changes[i], is_newest(watch, p, i));
        }
    }
    let_go(watch);
    return output_flush()
               ? STATUS_OK
               : error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the output is closed");
}

/* What is held is the watch's: the call is empty then. */
static enum status take_page(struct watch *watch, struct vafa_call *call, struct error *err)
{
    const Followup__FollowSessionResponse *page =
        (const Followup__FollowSessionResponse *)call->response;
    enum status status = check_page(watch, page, err);
    if (status != STATUS_OK) {
        return status;
    }
    watch->held[watch->held_count++] = *call;
    *call = (struct vafa_call){0};
    watch->after = page->next;
    bool goes_on = page->n_changes >= PAGE_SIZE && watch->held_count < HELD_MAX;
    return goes_on ? STATUS_OK : print_held(watch, err);
}

static bool is_over(const struct watch *watch, const Followup__FollowSessionResponse *page)
{
    bool is_open = page->session != NULL &&
                   page->session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN;
    return page->n_changes == 0 && (watch->once || !is_open);
}

/* One long poll; *ret_over when nothing is there and nothing is waited for. */
static enum status watch_page(struct watch *watch, bool *ret_over, struct error *err)
{
    bool wait = !watch->once && watch->reached && watch->held_count == 0;
    Followup__FollowSessionRequest request = FOLLOWUP__FOLLOW_SESSION_REQUEST__INIT;
    struct vafa_call call = {.service = &followup__followup__descriptor,
                             .method = "FollowSession",
                             .request = &request.base,
                             .deadline_ms = wait ? WAIT_MS + watch->session->timeout_ms : 0,
                             .patience_ms = wait ? RPC_DEADLINE_MS_MAX : 0};
    request.session_number = watch->number;
    request.after = watch->after;
    request.changes_max = PAGE_SIZE;
    request.wait_ms = wait ? WAIT_MS : 0;
    enum status status = session_call(watch->session, &call, err);
    if (status == STATUS_OK) {
        const Followup__FollowSessionResponse *page =
            (const Followup__FollowSessionResponse *)call.response;
        watch->reached = true;
        session_end_in(watch->session, watch->once ? watch->session->timeout_ms : 0);
        *ret_over = is_over(watch, page);
        status = take_page(watch, &call, err);
    }
    vafa_call_fini(&call);
    return status;
}

static int run_watch(struct session *session)
{
    struct error err = ERROR_NONE;
    bool over = false;
    struct watch watch = {.session = session, .once = args_has(&session->args, "once")};
    enum status status = cmd_session_number(session, &watch.number, &err);
    if (status == STATUS_OK) {
        status = args_number(&session->args, "after", 0, UINT64_MAX - 1, 0, &watch.after, &err);
    }
    if (status != STATUS_OK) {
        return output_usage(&err);
    }
    while (status == STATUS_OK && !over) {
        status = watch_page(&watch, &over, &err);
    }
    if (status != STATUS_OK && watch.held_count > 0) { /* what came before is told all the same */
        (void)print_held(&watch, NULL);
    }
    return status == STATUS_OK ? EXIT_DONE : output_error(&err);
}

const struct command command_session_watch = {
    .name = "session watch",
    .arguments = "N",
    .arguments_min = 1,
    .arguments_max = 1,
    .summary = "tells what is urgent in a session's units, the moment it happens",
    .help =
        "Prints a line (with --json an object) for every change: sequence, time, what "
        "happened, task, code, topic, unit, place, who has it or until when somebody is to, "
        "and the number to dial where life is in danger. First what was open and not "
        "acknowledged when the session was opened. It ends with the session.\n"
        "A task is known as it is now: of several lines of one that come together only the newest "
        "says unit, holder and number to dial (with --json all do, as of now). A server may stop "
        "and start meanwhile.",
    .examples = "vafa session watch 1\n"
                "vafa session watch 1 --once --json",
    .options = watch_options,
    .role = RPC_ROLE_FRONT_END,
    .run = run_watch,
};
