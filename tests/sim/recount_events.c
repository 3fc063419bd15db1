/* What an event changes, and whether it can be: the rules of the trade, written a second time. */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS_MAX 3 /* of the pack */
#define FIRST_CALL_US (1440 * MINUTE_US)

_Noreturn void recount_impossible(const struct found *found, const char *why)
{
    invariant_broken(INVARIANT_ONE_CHAIN, "%s's event %" PRIu64 ": %s",
                     service_name((Common__ServiceId)found->service), found->offset, why);
}

void recount_note(struct recount *recount, uint64_t case_number, const struct found *found,
                  struct recount_event event)
{
    struct recount_case *one = recount_case(recount, case_number);
    if (one == NULL) {
        recount_impossible(found, "it is about a request nobody registered");
    }
    event.service = found->service;
    event.offset = found->offset;
    bool was_so = event.alarmed_before || event.planned_before;
    bool besides = event.calmed || was_so;
    event.kind = besides ? 0 : found->record->kind;
    event.at_us = found->record->occurred_at_us;
    event.actor = was_so || (found->record->historical &&
                             found->service != COMMON__SERVICE_ID__SERVICE_ID_INTAKE)
                      ? ""
                      : recount_text(recount, found->record->actor);
    one->events =
        recount_grow(one->events, one->event_count, &one->event_room, sizeof *one->events);
    one->events[one->event_count++] = event;
}

/* --- the forgotten --- */

static void take_forgotten(struct recount *recount, const struct found *found, uint64_t citizen,
                           uint8_t by)
{
    if (recount_forgotten(recount, citizen) != by - 1u) {
        invariant_broken(INVARIANT_FORGOTTEN,
                         "%s's event %" PRIu64 " forgets citizen %" PRIu64
                         " again, or before intake has",
                         service_name((Common__ServiceId)found->service), found->offset, citizen);
    }
    while (citizen >= recount->forgotten_room) {
        recount->forgotten = recount_grow(recount->forgotten, recount->forgotten_room,
                                          &recount->forgotten_room, sizeof *recount->forgotten);
    }
    recount->forgotten[citizen] = by;
}

/* --- intake --- */

/* "r17" in the place's `thing`: what the people call this request. */
static uint64_t marker_of(const Intake__RequestRegistered *request)
{
    return request->place != NULL && request->place->thing[0] == 'r'
               ? strtoull(request->place->thing + 1, NULL, 10)
               : 0;
}

/* The people point at one place only. */
static void check_place(const struct found *found, const Intake__RequestRegistered *request)
{
    const Common__Place *place = request->place;
    bool has_area = place != NULL && place->area[0] != '\0';
    bool has_point = place != NULL && place->point != NULL;
    Intake__PlaceFound expected = has_point  ? INTAKE__PLACE_FOUND__PLACE_FOUND_POINT
                                  : has_area ? INTAKE__PLACE_FOUND__PLACE_FOUND_GIVEN
                                             : INTAKE__PLACE_FOUND__PLACE_FOUND_NONE;
    if (request->place_found != expected ||
        (has_point && strcmp(place->area, RECOUNT_POINT_AREA) != 0)) {
        recount_impossible(found, "the place's area was not found as it can be");
    }
}

/* What the people answer (life_rules.c), in the form in which it is kept; NULL: nobody answers that. */
static const struct recount_answer *given_answer(const char *topic, const Common__Answer *answer)
{
    static const struct recount_answer given[] = {{"flooding", "depth", "40"},
                                                  {"manhole", "state", "missing"},
                                                  {"manhole", "state", "loose"},
                                                  {"lost-property", "thing", "کیف"},
                                                  {"pruning", "touches", "wire"}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (strcmp(given[i].topic, topic) == 0 &&
            strcmp(given[i].question, answer->question) == 0 &&
            strcmp(given[i].value, answer->values[0]) == 0) {
            return &given[i];
        }
    }
    return NULL;
}

/* The line that was answered is the place's, and what finds it (life_ask_same). */
static bool is_line(const Intake__RequestRegistered *request, const Common__Answer *answer)
{
    const char *line = answer->values[0];
    return strcmp(request->topic, "lost-property") == 0 && strcmp(answer->question, "line") == 0 &&
           strncmp(line, RECOUNT_LINE, strlen(RECOUNT_LINE)) == 0 &&
           strtoull(line + strlen(RECOUNT_LINE), NULL, 10) == marker_of(request) &&
           strcmp(line, request->place->line) == 0;
}

/* One answer at most, and the line. */
static void check_answers(const struct found *found, const Intake__RequestRegistered *request)
{
    for (size_t i = 0; i < request->n_answers; i++) {
        const Common__Answer *answer = request->answers[i];
        if (i > 1 || answer->n_values != 1 ||
            !(i == 0 ? given_answer(request->topic, answer) != NULL : is_line(request, answer))) {
            recount_impossible(found, "it holds an answer nobody gave");
        }
    }
}

static void take_marker(struct recount *recount, uint64_t marker, uint64_t number)
{
    while (marker >= recount->marker_room) {
        recount->case_of_marker =
            recount_grow(recount->case_of_marker, recount->marker_room, &recount->marker_room,
                         sizeof *recount->case_of_marker);
    }
    if (recount->case_of_marker[marker] != 0) {
        invariant_broken(INVARIANT_EXACTLY_ONCE,
                         "what was asked once (r%" PRIu64 ") is request %" PRIu64
                         " and request %" PRIu64,
                         marker, recount->case_of_marker[marker], number);
    }
    recount->case_of_marker[marker] = number;
}

static void take_registered(struct recount *recount, const struct found *found,
                            const Intake__RequestRegistered *request)
{
    if (request->number != recount->case_count + 1) {
        recount_impossible(found, "requests are numbered one after another");
    }
    check_place(found, request);
    check_answers(found, request);
    if (recount_case_of_code(recount, request->code) != NULL) {
        recount_impossible(found, "another request has the code");
    }
    recount->cases = recount_grow(recount->cases, recount->case_count, &recount->case_room,
                                  sizeof *recount->cases);
    struct recount_case *one = &recount->cases[recount->case_count++];
    *one = (struct recount_case){
        .number = request->number,
        .offset = found->offset,
        .marker = marker_of(request),
        .topic = recount_text(recount, request->topic),
        .area = recount_text(recount, request->place != NULL ? request->place->area : ""),
        .channel = request->channel,
        .historical = found->record->historical,
        .can_be_called = request->can_be_called,
        .citizen = request->citizen,
        .by_pack = !found->record->historical && request->place != NULL &&
                   strcmp(request->place->area, WORLD_OTHER_AREA) == 0,
        .is_alone = request->incident == 0,
        .answered =
            request->n_answers > 0 ? given_answer(request->topic, request->answers[0]) : NULL,
        .by_line = request->n_answers > 1,
        .answers_told = 1U << request->n_answers,
        .wants_urgent = request->urgency == COMMON__URGENCY__URGENCY_URGENT,
        .registered_urgent = request->urgency == COMMON__URGENCY__URGENCY_URGENT,
        .storm = request->storm,
        .occurred_at_us = found->record->occurred_at_us,
    };
    CHECK(strlen(request->code) < sizeof one->code);
    memcpy(one->code, request->code, strlen(request->code) + 1);
    if (one->marker != 0) {
        take_marker(recount, one->marker, one->number);
    }
    recount_take_registered_in(recount, found, request);
    recount_take_registered_in_storm(recount, found, one, request);
    recount_note(recount, one->number, found, (struct recount_event){.unit = ""});
    recount_take_joining(recount, found);
}

static void take_intake(struct recount *recount, const struct found *found)
{
    const Intake__Event *event = (const Intake__Event *)found->open;
    switch (event->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        take_registered(recount, found, event->request_registered);
        break;
    case INTAKE__EVENT__KIND_CITIZEN_FORGOTTEN:
        take_forgotten(recount, found, event->citizen_forgotten->citizen, 1);
        break;
    case INTAKE__EVENT__KIND_CALL_OPENED:
        recount_take_opened(recount, found, event->call_opened);
        break;
    case INTAKE__EVENT__KIND_CALL_ENDED:
        recount_take_ended(recount, found, event->call_ended);
        break;
    case INTAKE__EVENT__KIND_CASE_CHASED:
        recount_take_chased(recount, found, event->case_chased);
        recount_note(recount, event->case_chased->number, found,
                     (struct recount_event){.unit = ""});
        break;
    case INTAKE__EVENT__KIND_REQUEST_AMENDED:
        recount_take_amended(recount, found, event->request_amended);
        break;
    case INTAKE__EVENT__KIND_REQUEST_WITHDRAWN:
        recount_take_withdrawn(recount, found, event->request_withdrawn);
        break;
    case INTAKE__EVENT__KIND_WORDS_ADDED:
        recount_take_words(recount, found, event->words_added);
        break;
    default:
        if (!recount_take_storm(recount, found)) {
            recount_take_joining(recount, found);
        }
        break;
    }
}

/* --- followup --- */

/* Of the task to its own request, or to one that is joined to it. */
static struct recount_finish *finish_of(struct recount_task *task, struct recount_case *one,
                                        size_t number)
{
    if (task->case_number == one->number) {
        return &task->finishes[number - 1];
    }
    struct recount_end *end = recount_end_of(one, task->number, number);
    return end == NULL ? NULL : &end->finish;
}

static void take_scheduled(struct recount *recount, const struct found *found,
                           const Followup__CallScheduled *scheduled)
{
    struct recount_task *task = recount_task(recount, scheduled->task_number);
    struct recount_case *one = recount_case(recount, scheduled->case_number);
    size_t finish = scheduled->finish;
    if (task == NULL || one == NULL || finish < 1 || finish > task->finish_count) {
        recount_impossible(found, "it follows no finished task");
    }
    struct recount_finish *ended = finish_of(task, one, finish);
    if (ended == NULL) {
        recount_impossible(found, "the request was not joined to the task when it ended");
    }
    if (ended->call != 0) {
        recount_impossible(found, "this finish of the task has a call already");
    }
    if (recount_forgotten(recount, scheduled->citizen) == 2) {
        invariant_broken(INVARIANT_FORGOTTEN, "call %" PRIu64 " is for a forgotten citizen",
                         scheduled->call_number);
    }
    if (!one->can_be_called || one->historical || scheduled->citizen == 0 ||
        (task->case_number == one->number && scheduled->citizen != task->citizen)) {
        recount_impossible(found, "nobody was to be called about the task");
    }
    if (scheduled->due_at_us != ended->at_us + FIRST_CALL_US ||
        (scheduled->closed_undone != 0) != ended->undone) {
        recount_impossible(found,
                           "it is not due a day after the task ended, or tells of another end");
    }
    if (scheduled->call_number != recount->call_count + 1) {
        recount_impossible(found, "calls are numbered one after another");
    }
    ended->call = scheduled->call_number;
    recount->calls = recount_grow(recount->calls, recount->call_count, &recount->call_room,
                                  sizeof *recount->calls);
    recount->calls[recount->call_count++] = (struct recount_call){
        .number = scheduled->call_number,
        .task = scheduled->task_number,
        .citizen = scheduled->citizen,
        .case_number = scheduled->case_number,
        .finish = finish,
        .state = FOLLOWUP__CALL_STATE__CALL_STATE_WAITING,
        .due_at_us = scheduled->due_at_us,
    };
    recount_note(recount, scheduled->case_number, found,
                 (struct recount_event){.unit = recount_text(recount, scheduled->unit)});
}

static struct recount_call *open_call(struct recount *recount, const struct found *found,
                                      uint64_t number)
{
    struct recount_call *call = recount_call(recount, number);
    if (call == NULL) {
        recount_impossible(found, "there is no such call");
    }
    if (call->state != FOLLOWUP__CALL_STATE__CALL_STATE_WAITING &&
        call->state != FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED) {
        recount_impossible(found, "the call has ended");
    }
    return call;
}

static void take_claimed(struct recount *recount, const struct found *found,
                         const Followup__CallClaimed *claimed)
{
    struct recount_call *call = open_call(recount, found, claimed->call_number);
    int64_t from_us = call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WAITING
                          ? call->due_at_us
                          : call->lease_until_us;
    if (found->record->recorded_at_us < from_us) {
        recount_impossible(found,
                           "the call is handed out before it is due, or out of somebody's hands");
    }
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED;
    call->lease_until_us = claimed->lease_until_us;
    CHECK(strlen(claimed->operator_name) < sizeof call->holder);
    memcpy(call->holder, claimed->operator_name, strlen(claimed->operator_name) + 1);
}

/* Somebody tried a call that was in their hands. */
static struct recount_call *tried_call(struct recount *recount, const struct found *found,
                                       uint64_t number, const char *operator_name)
{
    struct recount_call *call = open_call(recount, found, number);
    if (call->state != FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED ||
        strcmp(call->holder, operator_name) != 0) {
        recount_impossible(found, "the call was not in this operator's hands");
    }
    call->attempts++;
    return call;
}

static void take_attempted(struct recount *recount, const struct found *found,
                           const Followup__CallAttempted *attempted)
{
    struct recount_call *call =
        tried_call(recount, found, attempted->call_number, attempted->operator_name);
    if (call->attempts >= ATTEMPTS_MAX) {
        recount_impossible(found, "the call has been tried often enough");
    }
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_WAITING;
    call->due_at_us = attempted->due_at_us;
    recount_note(recount, attempted->case_number, found, (struct recount_event){.unit = ""});
}

/* A call that ends because its citizen is forgotten is not tried. */
static struct recount_call *dropped_call(struct recount *recount, const struct found *found,
                                         uint64_t number)
{
    struct recount_call *call = open_call(recount, found, number);
    if (recount_forgotten(recount, call->citizen) != 2) {
        recount_impossible(found, "the citizen was not forgotten");
    }
    return call;
}

static void take_completed(struct recount *recount, const struct found *found,
                           const Followup__CallCompleted *completed)
{
    struct recount_call *call =
        completed->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_FORGOTTEN
            ? dropped_call(recount, found, completed->call_number)
            : tried_call(recount, found, completed->call_number, completed->operator_name);
    bool answered = completed->outcome == FOLLOWUP__CALL_OUTCOME__CALL_OUTCOME_ANSWERED;
    if (completed->attempts != call->attempts) {
        recount_impossible(found, "its attempts were counted wrongly");
    }
    call->state = answered ? FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED
                           : FOLLOWUP__CALL_STATE__CALL_STATE_UNREACHED;
    call->resolution = completed->resolution;
    if (completed->finish != call->finish) {
        recount_impossible(found, "it is about another finish of the task");
    }
    recount_note(recount, completed->case_number, found,
                 (struct recount_event){.unit = recount_text(recount, completed->unit),
                                        .score = completed->score,
                                        .resolution = (uint32_t)completed->resolution,
                                        .answered = answered});
}

static void take_withdrawn(struct recount *recount, const struct found *found,
                           const Followup__CallWithdrawn *withdrawn)
{
    struct recount_call *call = open_call(recount, found, withdrawn->call_number);
    if (recount_task(recount, call->task)->reopened_finishes < call->finish &&
        !recount_has_left(recount, call)) {
        recount_impossible(found, "the task was not reopened, nor the request taken back");
    }
    call->state = FOLLOWUP__CALL_STATE__CALL_STATE_WITHDRAWN;
}

static void take_followup(struct recount *recount, const struct found *found)
{
    const Followup__Event *event = (const Followup__Event *)found->open;
    if (recount_take_session(recount, found)) {
        return;
    }
    switch (event->kind_case) {
    case FOLLOWUP__EVENT__KIND_CALL_SCHEDULED:
        take_scheduled(recount, found, event->call_scheduled);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_CLAIMED:
        take_claimed(recount, found, event->call_claimed);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED:
        take_attempted(recount, found, event->call_attempted);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_COMPLETED:
        take_completed(recount, found, event->call_completed);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_WITHDRAWN:
        take_withdrawn(recount, found, event->call_withdrawn);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_REVEALED: break;
    case FOLLOWUP__EVENT__KIND_CITIZEN_FORGOTTEN:
        if (recount_forgotten(recount, event->citizen_forgotten->citizen) != 2) {
            take_forgotten(recount, found, event->citizen_forgotten->citizen, 2);
        }
        break;
    default: recount_impossible(found, "its kind is unknown");
    }
}

/* --- feedback --- */

static void count_answer(struct recount_unit *unit, const Feedback__FeedbackRecorded *recorded)
{
    unit->answers++;
    unit->resolved += recorded->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_RESOLVED;
    unit->partly += recorded->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_PARTLY;
    unit->unresolved += recorded->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
    unit->scores[recorded->score]++;
}

static void take_feedback(struct recount *recount, const struct found *found)
{
    const Feedback__Event *event = (const Feedback__Event *)found->open;
    if (event->kind_case != FEEDBACK__EVENT__KIND_FEEDBACK_RECORDED) {
        recount_impossible(found, "its kind is unknown");
    }
    const Feedback__FeedbackRecorded *recorded = event->feedback_recorded;
    struct recount_call *call = recount_call(recount, recorded->call_number);
    if (call == NULL || call->state != FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED) {
        recount_impossible(found, "nobody was heard");
    }
    if (call->heard) {
        invariant_broken(INVARIANT_APPLIED_ONCE,
                         "call %" PRIu64 " was heard once, and counted twice", call->number);
    }
    if (recorded->score < 1 || recorded->score > 5) {
        recount_impossible(found, "no such score");
    }
    call->heard = true;
    count_answer(recount_unit(recount, recorded->unit), recorded);
    recount_note(recount, recorded->case_number, found,
                 (struct recount_event){.unit = recount_text(recount, recorded->unit),
                                        .score = recorded->score,
                                        .resolution = (uint32_t)recorded->resolution,
                                        .answered = true});
}

void recount_take(struct recount *recount, const struct found *found)
{
    if (found->service == COMMON__SERVICE_ID__SERVICE_ID_REPORT) {
        recount_take_read_by_report(recount, found);
    }
    if (recount_take_pack(recount, found)) {
        return;
    }
    recount_take_looks(recount, found);
    switch (found->service) {
    case COMMON__SERVICE_ID__SERVICE_ID_INTAKE: take_intake(recount, found); break;
    case COMMON__SERVICE_ID__SERVICE_ID_ROUTING: recount_take_routing(recount, found); break;
    case COMMON__SERVICE_ID__SERVICE_ID_FOLLOWUP: take_followup(recount, found); break;
    case COMMON__SERVICE_ID__SERVICE_ID_FEEDBACK: take_feedback(recount, found); break;
    case COMMON__SERVICE_ID__SERVICE_ID_REPORT: recount_take_report(recount, found); break;
    default: recount_impossible(found, "this service writes no other events");
    }
}
