#include "tests/integration/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/message.h"

#include "vafa/feedback/v1/feedback.pb-c.h"
#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/routing/v1/routing.pb-c.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (8u << 20)
#define PATIENCE_MS 60000
#define PAGE_EVENTS 500
#define LINE_SIZE 512

struct lines {
    char **texts;
    size_t count, room;
};

enum { LOGS = 4 };

struct ledger {
    pthread_mutex_t lock; /* guards told */
    struct lines told;    /* by the services' answers */
    struct lines logged;  /* the same, as the logs have it */
    struct lines due;     /* what must follow elsewhere */
    struct lines done;    /* and what did */
    struct vafa_position read[LOGS];
    size_t compared, noted;
};

/* --- lines --- */

static void add(struct lines *lines, const char *text)
{
    if (lines->count == lines->room) {
        lines->room = lines->room * 2 + 1024;
        lines->texts = realloc(lines->texts, lines->room * sizeof *lines->texts);
        CHECK(lines->texts != NULL);
    }
    lines->texts[lines->count] = strdup(text);
    CHECK(lines->texts[lines->count] != NULL);
    lines->count++;
}

__attribute__((format(printf, 2, 3))) static void say(struct lines *lines, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    assert_true((size_t)vsnprintf(text, sizeof text, format, arguments) < sizeof text);
    va_end(arguments);
    add(lines, text);
}

static void clear(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->texts[i]);
    }
    lines->count = 0;
}

static void fini(struct lines *lines)
{
    clear(lines);
    free(lines->texts);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The first that differ tell: one side has a line that the other lacks. */
static void compare(struct lines *expected, struct lines *found, const char *expected_by)
{
    qsort(expected->texts, expected->count, sizeof *expected->texts, by_text);
    qsort(found->texts, found->count, sizeof *found->texts, by_text);
    for (size_t i = 0; i < expected->count || i < found->count; i++) {
        const char *want = i < expected->count ? expected->texts[i] : "(nothing more)";
        const char *have = i < found->count ? found->texts[i] : "(nothing more)";
        if (strcmp(want, have) != 0) {
            fail_msg("%zu lines %s, %zu in the logs; line %zu:\n%s: %s\nthe logs: %s",
                     expected->count, expected_by, found->count, i + 1, expected_by, want, have);
        }
    }
}

/* --- reading a log --- */

struct ledger_event {
    uint64_t offset;
    const char *actor; /* who caused it */
    const ProtobufCMessage *open;
};

typedef void ledger_reader(struct ledger *ledger, const struct ledger_event *event);

static void read_call(struct vafa *vafa, struct vafa_call *call, Common__ServiceId service)
{
    call->to = service;
    call->patience_ms = PATIENCE_MS;
    if (vafa_call_wait(vafa, call) != STATUS_OK) {
        fail_msg("%s of service %d: %s: %s", call->method, (int)service,
                 status_name(call->error.status), call->error.message);
    }
}

/* What is behind *position, which moves to the end. Fails the test when the log does not contain it. */
static void read_log(struct ledger *ledger, struct vafa *vafa, Common__ServiceId service,
                     const ProtobufCMessageDescriptor *type, struct vafa_position *position,
                     ledger_reader *read)
{
    struct error err;
    struct vafa_position head;
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    if (vafa_head(vafa, service, &head, &err) != STATUS_OK) {
        fail_msg("the end of the log of service %d: %s", (int)service, err.message);
    }
    while (position->position.offset < head.position.offset) {
        Eventlog__ReadEventsRequest request = EVENTLOG__READ_EVENTS_REQUEST__INIT;
        request.after = position->position.offset > 0 ? &position->position : NULL;
        request.events_max = PAGE_EVENTS;
        struct vafa_call call = {.service = &eventlog__event_log__descriptor,
                                 .method = "ReadEvents",
                                 .request = &request.base};
        read_call(vafa, &call, service);
        const Eventlog__ReadEventsResponse *page =
            (const Eventlog__ReadEventsResponse *)call.response;
        assert_true(page->n_events > 0);
        for (size_t i = 0; i < page->n_events; i++) {
            const Common__EventRecord *record = page->events[i]->record;
            ProtobufCMessage *open;
            assert_int_equal(message_unpack(type, bytes_of(record->open.data, record->open.len),
                                            MESSAGE_UNKNOWN_REFUSE, arena, &open, NULL),
                             STATUS_OK);
            const struct ledger_event event = {
                .offset = page->events[i]->offset, .actor = record->actor, .open = open};
            read(ledger, &event);
            arena_reset(arena);
        }
        vafa_position_copy(position, page->next);
        vafa_call_fini(&call);
    }
    arena_free(arena);
}

/* --- the four logs as lines --- */

static void from_intake(struct ledger *ledger, const struct ledger_event *event)
{
    const Intake__Event *open = (const Intake__Event *)event->open;
    if (open->kind_case == INTAKE__EVENT__KIND_REQUEST_REGISTERED) {
        const Intake__RequestRegistered *it = open->request_registered;
        say(&ledger->logged, "registered %" PRIu64 " %s: %s, %s, %s by %s", it->number, it->code,
            it->topic, it->place->area, it->place->landmark, event->actor);
        say(&ledger->due, "task for %" PRIu64 " %s citizen %" PRIu64, it->number, it->code,
            it->can_be_called ? it->citizen : 0);
    } else if (open->kind_case == INTAKE__EVENT__KIND_CASE_REVEALED) {
        say(&ledger->logged, "revealed %" PRIu64 " by %s", open->case_revealed->number,
            event->actor);
    } else {
        fail_msg("intake's event %" PRIu64 " is of no kind known here", event->offset);
    }
}

static void told_unit(struct ledger *ledger, const char *unit, const struct ledger_event *event)
{
    say(&ledger->logged, "%s told of %" PRIu64, unit, event->offset);
}

static void from_routing(struct ledger *ledger, const struct ledger_event *event)
{
    struct lines *logged = &ledger->logged;
    const Routing__Event *open = (const Routing__Event *)event->open;
    if (open->kind_case == ROUTING__EVENT__KIND_TASK_ROUTED) {
        const Routing__TaskRouted *it = open->task_routed;
        say(&ledger->done, "task for %" PRIu64 " %s citizen %" PRIu64, it->case_number, it->code,
            it->citizen);
        told_unit(ledger, it->unit, event);
    } else if (open->kind_case == ROUTING__EVENT__KIND_TASK_ACCEPTED) {
        const Routing__TaskAccepted *it = open->task_accepted;
        say(logged, "accepted %" PRIu64 " by %s", it->task_number, event->actor);
        told_unit(ledger, it->unit, event);
    } else if (open->kind_case == ROUTING__EVENT__KIND_TASK_REPORTED) {
        const Routing__TaskReported *it = open->task_reported;
        say(logged, "reported %" PRIu64 " by %s: %s", it->task_number, event->actor, it->note);
        told_unit(ledger, it->unit, event);
    } else if (open->kind_case == ROUTING__EVENT__KIND_TASK_DONE) {
        const Routing__TaskDone *it = open->task_done;
        say(logged, "finished %" PRIu64 " by %s: %s", it->task_number, event->actor, it->note);
        told_unit(ledger, it->unit, event);
        if (it->citizen != 0) {
            say(&ledger->due, "call for %" PRIu64 ": %s", it->task_number, it->note);
        }
    } else if (open->kind_case == ROUTING__EVENT__KIND_TASKS_ACKNOWLEDGED) {
        const Routing__TasksAcknowledged *it = open->tasks_acknowledged;
        say(logged, "acknowledged up to %" PRIu64 " by %s", it->sequence, event->actor);
    } else {
        fail_msg("routing's event %" PRIu64 " is of a kind that nobody asked for", event->offset);
    }
}

static void from_followup(struct ledger *ledger, const struct ledger_event *event)
{
    struct lines *logged = &ledger->logged;
    const Followup__Event *open = (const Followup__Event *)event->open;
    if (open->kind_case == FOLLOWUP__EVENT__KIND_CALL_SCHEDULED) {
        const Followup__CallScheduled *it = open->call_scheduled;
        say(&ledger->done, "call for %" PRIu64 ": %s", it->task_number, it->note);
    } else if (open->kind_case == FOLLOWUP__EVENT__KIND_CALL_CLAIMED) {
        const Followup__CallClaimed *it = open->call_claimed;
        say(logged, "claimed %" PRIu64 " by %s", it->call_number, it->operator_name);
    } else if (open->kind_case == FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED) {
        const Followup__CallAttempted *it = open->call_attempted;
        say(logged, "recorded %" PRIu64 " by %s: outcome %d, score 0", it->call_number,
            it->operator_name, (int)it->outcome);
    } else if (open->kind_case == FOLLOWUP__EVENT__KIND_CALL_COMPLETED) {
        const Followup__CallCompleted *it = open->call_completed;
        say(logged, "recorded %" PRIu64 " by %s: outcome %d, score %" PRIu32, it->call_number,
            it->operator_name, (int)it->outcome, it->score);
        if (it->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED) {
            say(&ledger->due, "feedback of %" PRIu64 ": %" PRIu32, it->call_number, it->score);
        }
    } else {
        fail_msg("followup's event %" PRIu64 " is of a kind that nobody asked for", event->offset);
    }
}

static void from_feedback(struct ledger *ledger, const struct ledger_event *event)
{
    const Feedback__Event *open = (const Feedback__Event *)event->open;
    assert_int_equal(open->kind_case, FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED);
    const Feedback__FeedbackRecorded *it = open->feedback_recorded;
    say(&ledger->done, "feedback of %" PRIu64 ": %" PRIu32, it->call_number, it->score);
}

/* --- the ledger --- */

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    assert_non_null(ledger);
    assert_int_equal(pthread_mutex_init(&ledger->lock, NULL), 0);
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (ledger == NULL) {
        return;
    }
    fini(&ledger->told);
    fini(&ledger->logged);
    fini(&ledger->due);
    fini(&ledger->done);
    assert_int_equal(pthread_mutex_destroy(&ledger->lock), 0);
    free(ledger);
}

void ledger_note(struct ledger *ledger, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* one cut short would not be found */
    va_end(arguments);
    pthread_mutex_lock(&ledger->lock);
    add(&ledger->told, text);
    pthread_mutex_unlock(&ledger->lock);
}

void ledger_compare(struct ledger *ledger, struct vafa *vafa)
{
    static const struct {
        Common__ServiceId service;
        const ProtobufCMessageDescriptor *type;
        ledger_reader *read;
    } logs[LOGS] = {
        {COMMON__SERVICE_ID__SERVICE_ID_INTAKE, &intake__event__descriptor, from_intake},
        {COMMON__SERVICE_ID__SERVICE_ID_ROUTING, &routing__event__descriptor, from_routing},
        {COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP, &followup__event__descriptor, from_followup},
        {COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK, &feedback__event__descriptor, from_feedback},
    };
    for (size_t i = 0; i < LOGS; i++) {
        read_log(ledger, vafa, logs[i].service, logs[i].type, &ledger->read[i], logs[i].read);
    }
    compare(&ledger->told, &ledger->logged, "acknowledged");
    compare(&ledger->due, &ledger->done, "to follow");
    ledger->noted += ledger->told.count;
    ledger->compared += ledger->told.count + ledger->due.count;
    clear(&ledger->told);
    clear(&ledger->logged);
    clear(&ledger->due);
    clear(&ledger->done);
}

size_t ledger_compared(const struct ledger *ledger, size_t *ret_noted)
{
    *ret_noted = ledger->noted;
    return ledger->compared;
}
