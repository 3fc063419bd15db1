/* Calls and chases, counted a second time: a call opened ends once; a chase is counted once. */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

#define OPEN_US_MAX (2 * HOUR_US) /* of a call that nobody ends */

static _Noreturn void impossible(const struct found *found, const char *why)
{
    invariant_broken(INVARIANT_CALLS, "%s's event %" PRIu64 ": %s",
                     service_name((Common__ServiceId)found->service), found->offset, why);
}

static struct recount_ring *open_ring(struct recount *recount, const struct found *found,
                                      uint64_t number)
{
    if (number < 1 || number > recount->ring_count) {
        impossible(found, "nobody opened the call");
    }
    struct recount_ring *ring = &recount->rings[number - 1];
    if (ring->has_ended) {
        impossible(found, "the call has ended");
    }
    return ring;
}

void recount_take_opened(struct recount *recount, const struct found *found,
                         const Intake__CallOpened *opened)
{
    if (opened->call_number != recount->ring_count + 1) {
        impossible(found, "calls are numbered one after another");
    }
    if ((opened->citizen != 0) != (found->record->citizen != 0) ||
        opened->citizen != found->record->citizen) {
        impossible(found, "a known caller's number is sealed under their key, and no other's");
    }
    if (opened->citizen == 0 && opened->n_shown_cases > 0) {
        impossible(found, "a card was shown of nobody known");
    }
    recount->rings = recount_grow(recount->rings, recount->ring_count, &recount->ring_room,
                                  sizeof *recount->rings);
    recount->rings[recount->ring_count++] = (struct recount_ring){
        .opened_recorded_us = found->record->recorded_at_us, .citizen = opened->citizen};
}

void recount_take_ended(struct recount *recount, const struct found *found,
                        const Intake__CallEnded *ended)
{
    struct recount_ring *ring = open_ring(recount, found, ended->call_number);
    int64_t span_us = found->record->recorded_at_us - ring->opened_recorded_us;
    switch (ended->result) {
    case INTAKE__CALL_RESULT__CALL_RESULT_LEFT_OPEN:
        if (span_us < OPEN_US_MAX) {
            impossible(found, "the call was closed by itself before its time");
        }
        break;
    case INTAKE__CALL_RESULT__CALL_RESULT_REGISTERED:
        if (ring->registered == 0) {
            impossible(found, "nothing was registered in the call");
        }
        break;
    case INTAKE__CALL_RESULT__CALL_RESULT_CHASED:
        if (ring->chased == 0) {
            impossible(found, "nothing was chased in the call");
        }
        break;
    default:
        if (ring->registered > 0) {
            impossible(found, "a request was registered in the call");
        }
    }
    ring->has_ended = true;
}

void recount_take_registered_in(struct recount *recount, const struct found *found,
                                const Intake__RequestRegistered *request)
{
    if (request->call_number == 0) {
        return;
    }
    struct recount_ring *ring = open_ring(recount, found, request->call_number);
    if (request->citizen == 0 && ring->citizen != 0 &&
        recount_forgotten(recount, ring->citizen) == 0) {
        impossible(found, "the call's caller is known, and the request is nobody's");
    }
    ring->registered++;
}

void recount_check_listed(const struct recount *recount, const Intake__Call *call)
{
    const struct recount_ring *ring = call->number >= 1 && call->number <= recount->ring_count
                                          ? &recount->rings[call->number - 1]
                                          : NULL;
    if (ring == NULL || call->opened_at_us != ring->opened_recorded_us ||
        (call->ended_at_us != 0 && !ring->has_ended) || call->is_known != (ring->citizen != 0) ||
        call->n_registered_codes > ring->registered || call->n_chased_codes > ring->chased) {
        invariant_broken(INVARIANT_CALLS, "call %" PRIu64 " is listed otherwise than it went",
                         call->number);
    }
}

/* The office is to be told of it, once. */
static void is_due(struct recount *recount, const struct found *found)
{
    recount->chases = recount_grow(recount->chases, recount->chase_count, &recount->chase_room,
                                   sizeof *recount->chases);
    recount->chases[recount->chase_count++] = found->offset;
}

void recount_take_chased(struct recount *recount, const struct found *found,
                         const Intake__CaseChased *chased)
{
    struct recount_case *one = recount_case(recount, chased->number);
    if (one == NULL || one->withdrawn || chased->chases != one->chases + 1) {
        impossible(found, "a request's chases are counted one by one");
    }
    one->chases = chased->chases;
    if (chased->call_number != 0) {
        open_ring(recount, found, chased->call_number)->chased++;
    }
    is_due(recount, found);
}

/* A request of which more can become. */
static struct recount_case *live_case(struct recount *recount, const struct found *found,
                                      uint64_t number)
{
    struct recount_case *one = recount_case(recount, number);
    if (one == NULL || one->withdrawn) {
        impossible(found, "there is no such request, or it was taken back");
    }
    return one;
}

void recount_take_amended(struct recount *recount, const struct found *found,
                          const Intake__RequestAmended *amended)
{
    struct recount_case *one = live_case(recount, found, amended->number);
    if (amended->amendments != ++one->amendments) {
        impossible(found, "a request's amendments are counted one by one");
    }
    one->answers_told |= 1U << amended->n_answers;
    one->wants_urgent = amended->urgency == COMMON__URGENCY__URGENCY_URGENT;
    is_due(recount, found);
    recount_note(
        recount, amended->number, found,
        (struct recount_event){
            .unit = "",
            .urgent_now = amended->urgent_now,
            .topic = recount_text(recount, amended->topic),
            .area = recount_text(recount, amended->place != NULL ? amended->place->area : ""),
        });
}

void recount_take_withdrawn(struct recount *recount, const struct found *found,
                            const Intake__RequestWithdrawn *withdrawn)
{
    struct recount_case *one = live_case(recount, found, withdrawn->number);
    one->withdrawn = true;
    one->head = 0;
    recount_note(recount, withdrawn->number, found, (struct recount_event){.unit = ""});
}

void recount_take_words(struct recount *recount, const struct found *found,
                        const Intake__WordsAdded *added)
{
    struct recount_case *one = live_case(recount, found, added->number);
    if (added->words_added != ++one->words || added->citizen != found->record->citizen ||
        found->record->sealed.len == 0) {
        impossible(found, "words are counted one by one, and sealed under a citizen's key");
    }
    is_due(recount, found);
    recount_note(recount, added->number, found, (struct recount_event){.unit = ""});
}

/* The request's amendment of that number; NULL: none. */
static const struct recount_event *amendment(const struct recount_case *one, uint32_t number)
{
    for (size_t i = 0; i < one->event_count; i++) {
        const struct recount_event *event = &one->events[i];
        if (event->service == 1 && event->kind == INTAKE__EVENT__KIND_REQUEST_AMENDED &&
            --number == 0) {
            return event;
        }
    }
    return NULL;
}

void recount_take_task_amended(struct recount *recount, const struct found *found,
                               const Routing__TaskAmended *amended)
{
    struct recount_task *task = recount_task(recount, amended->task_number);
    struct recount_case *one = recount_case(recount, amended->case_number);
    if (task == NULL || one == NULL || one->task != task->number ||
        strcmp(amended->unit, task->unit) != 0) {
        impossible(found, "there is no such task of that request, or another unit has it");
    }
    if (amended->amendments + amended->words_added != one->amendments_told + one->words_told + 1 ||
        amended->amendments > one->amendments || amended->words_added > one->words) {
        invariant_broken(INVARIANT_APPLIED_ONCE,
                         "request %" PRIu64 " was amended or added to otherwise than routing tells",
                         one->number);
    }
    if ((task->case_number != one->number) != (amended->is_joined != 0)) {
        impossible(found, "a joined request is told as the task's own, or the other way round");
    }
    bool is_amended = amended->amendments > one->amendments_told;
    bool was_urgent = task->urgent;
    const struct recount_event *cause = amendment(one, amended->amendments);
    bool is_danger =
        is_amended && ((!one->urgent && amended->case_urgency == COMMON__URGENCY__URGENCY_URGENT) ||
                       cause->urgent_now);
    recount_clock_amended(recount, task, amended);
    if (is_amended) {
        one->urgent = amended->case_urgency == COMMON__URGENCY__URGENCY_URGENT;
        const struct recount_urgency told = {.urgency = amended->urgency,
                                             .urgent_joined = amended->urgent_joined,
                                             .caller = one,
                                             .since_us = cause->at_us};
        recount_take_urgency(recount, found, task, &told);
    }
    if (is_amended && (!amended->is_joined || was_urgent != task->urgent ||
                       (is_danger && recount_has_ended(task)))) {
        recount_rules_amended(recount, task, amended, is_danger);
    }
    one->amendments_told = amended->amendments;
    one->words_told = amended->words_added;
    recount->chases_told++;
}

void recount_take_task_chased(struct recount *recount, const struct found *found,
                              const Routing__TaskChased *chased)
{
    struct recount_task *task = recount_task(recount, chased->task_number);
    struct recount_case *one = recount_case(recount, chased->case_number);
    if (task == NULL || one == NULL || one->task != task->number) {
        impossible(found, "there is no such task of that request");
    }
    if (chased->case_chases != one->chases_told + 1 || chased->case_chases > one->chases) {
        invariant_broken(INVARIANT_APPLIED_ONCE,
                         "request %" PRIu64 " was chased %" PRIu32 " times, told of %" PRIu32
                         ", and now of number %" PRIu32,
                         one->number, one->chases, one->chases_told, chased->case_chases);
    }
    if (strcmp(chased->unit, task->unit) != 0) {
        impossible(found, "another unit has the task");
    }
    if (chased->chases != task->chases + 1) {
        impossible(found, "a task's chases are counted one by one");
    }
    one->chases_told = chased->case_chases;
    task->chases = chased->chases;
    recount->chases_told++;
}

void recount_check_chases(struct recount *recount, uint64_t cursor)
{
    uint64_t due = 0;
    for (size_t i = 0; i < recount->chase_count; i++) {
        due += recount->chases[i] <= cursor;
    }
    if (due != recount->chases_told) {
        invariant_broken(INVARIANT_APPLIED_ONCE,
                         "routing has followed intake to %" PRIu64 ", where %" PRIu64
                         " chases were, and has counted %" PRIu64,
                         cursor, due, recount->chases_told);
    }
}

void recount_check_rings(const struct recount *recount, int64_t until_us)
{
    for (size_t i = 0; i < recount->ring_count; i++) {
        const struct recount_ring *ring = &recount->rings[i];
        if (!ring->has_ended && ring->opened_recorded_us + OPEN_US_MAX < until_us) {
            invariant_broken(INVARIANT_CALLS, "call %zu was left open, and nobody closed it",
                             i + 1);
        }
    }
}
