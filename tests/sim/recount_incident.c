/* Requests that are joined to another's task: the rules of joining, written a second time. */
#include "tests/sim/recount_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- intake: what operators wanted --- */

static struct recount_case *case_of(struct recount *recount, const struct found *found,
                                    uint64_t number)
{
    struct recount_case *one = recount_case(recount, number);
    if (one == NULL) {
        recount_impossible(found, "it is about a request nobody registered");
    }
    return one;
}

static void join_head(struct recount *recount, const struct found *found, uint64_t number,
                      uint64_t head)
{
    struct recount_case *one = case_of(recount, found, number);
    if (number == head || case_of(recount, found, head)->head != 0) {
        recount_impossible(found, "it joins a request to itself, or to one that is joined");
    }
    for (size_t i = 0; i < recount->case_count; i++) {
        if (recount->cases[i].head == number) {
            recount_impossible(found, "it joins a request to which others are joined");
        }
    }
    one->head = head;
}

void recount_take_joining(struct recount *recount, const struct found *found)
{
    const Intake__Event *event = (const Intake__Event *)found->open;
    switch (event->kind_case) {
    case INTAKE__EVENT__KIND_REQUEST_REGISTERED:
        if (event->request_registered->incident != 0) {
            join_head(recount, found, event->request_registered->number,
                      event->request_registered->incident);
        }
        break;
    case INTAKE__EVENT__KIND_REQUEST_JOINED: {
        const Intake__RequestJoined *joined = event->request_joined;
        const struct recount_case *one = case_of(recount, found, joined->number);
        if (one->head != joined->from_incident) {
            recount_impossible(found, "the request was joined to another one, or to none");
        }
        if ((joined->urgency == COMMON__URGENCY__URGENCY_URGENT) !=
            (one->wants_urgent && !one->historical)) {
            recount_impossible(found,
                               "it is urgent, and joined as if it were not, or the other way");
        }
        join_head(recount, found, joined->number, joined->incident);
        break;
    }
    case INTAKE__EVENT__KIND_REQUEST_SPLIT: {
        const Intake__RequestSplit *split = event->request_split;
        struct recount_case *one = case_of(recount, found, split->registered->number);
        if (one->head == 0 || one->head != split->incident) {
            recount_impossible(found, "it splits off what is not joined so");
        }
        one->head = 0;
        break;
    }
    default: break;
    }
}

/* --- routing: one task for all --- */

void recount_take_first(struct recount *recount, const struct found *found, uint64_t number)
{
    struct recount_case *one = case_of(recount, found, number);
    if (!one->taken && number != recount->last_taken + 1) {
        invariant_broken(INVARIANT_APPLIED_ONCE, "routing's event %" PRIu64 " is out of order",
                         found->offset);
    }
    recount->last_taken = one->taken ? recount->last_taken : number;
    one->taken = true;
}

static size_t count_joined(const struct recount *recount, uint64_t task)
{
    size_t count = 0;
    for (size_t i = 0; i < recount->case_count; i++) {
        count += recount->cases[i].joined_task == task;
    }
    return count;
}

void recount_take_urgency(struct recount *recount, const struct found *found,
                          struct recount_task *task, const struct recount_urgency *told)
{
    const struct recount_case *own = recount_case(recount, task->case_number);
    bool was_live = recount_alarm_is_live(task);
    uint32_t count = 0;
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        count += one->joined_task == task->number && one->urgent;
    }
    task->urgent = count > 0 || (own->urgent && !task->own_left) ||
                   (task->is_deserted && task->urgent); /* it ends as it was */
    task->urgent_today |= told->caller != NULL && told->caller->urgent;
    if ((told->urgency == COMMON__URGENCY__URGENCY_URGENT) != task->urgent ||
        told->urgent_joined != count) {
        invariant_broken(INVARIANT_URGENT,
                         "event %" PRIu64 " of routing: task %" PRIu64
                         " is urgent, and told as if it were not, or the other way",
                         found->offset, task->number);
    }
    recount_clock_urgent(recount, task);
    if (!task->urgent) {
        struct recount_event calmed = {
            .unit = task->unit, .due_at_us = task->due_at_us, .calmed = true};
        if (task->alarm.is_on) {
            recount_note_joined(recount, task, found, calmed);
            calmed.left = task->own_left;
            recount_note(recount, task->case_number, found, calmed);
        }
        recount_alarm_calm(task);
    } else if (!was_live) {
        recount_alarm_owe(task, told->since_us);
        recount_clock_hasten(task, told->since_us);
    }
}

static void take_case_joined(struct recount *recount, const struct found *found,
                             const Routing__CaseJoined *joined)
{
    struct recount_case *one = case_of(recount, found, joined->case_number);
    struct recount_task *task = recount_task(recount, joined->task_number);
    bool is_new = !one->taken;
    recount_take_first(recount, found, joined->case_number);
    if (task == NULL || task->case_number != joined->incident || recount_has_ended(task) ||
        strcmp(task->unit, joined->unit) != 0) {
        recount_impossible(found, "there is no such task that one can be joined to");
    }
    if (one->task != 0) {
        recount_impossible(found, "the request still has another task");
    }
    one->task = joined->task_number;
    one->joined_task = joined->task_number;
    if (joined->callers != (task->own_left ? 0 : 1) + count_joined(recount, task->number)) {
        recount_impossible(found, "the callers are counted wrongly");
    }
    if ((joined->citizen != 0) != (one->can_be_called && !one->historical)) {
        recount_impossible(found, "it names a citizen who is not to be called, or none who is");
    }
    if (joined->case_chases != one->chases_told) {
        invariant_broken(INVARIANT_CALLS,
                         "request %" PRIu64 " was chased %" PRIu32 " times, and brings %" PRIu32
                         " of them along",
                         one->number, one->chases_told, joined->case_chases);
    }
    task->chases += one->chases_told;
    one->urgent = joined->case_urgency == COMMON__URGENCY__URGENCY_URGENT;
    if (is_new && one->urgent != (one->registered_urgent && !one->historical)) {
        invariant_broken(INVARIANT_URGENT,
                         "routing's event %" PRIu64 ": request %" PRIu64
                         " was registered as urgent, and is not told so, or the other way",
                         found->offset, one->number);
    }
    bool was_urgent = task->urgent;
    bool was_alarmed = task->alarm.is_on;
    const struct recount_urgency told = {.urgency = joined->urgency,
                                         .urgent_joined = joined->urgent_joined,
                                         .caller = one,
                                         .since_us = is_new ? one->occurred_at_us
                                                            : found->record->recorded_at_us};
    recount_take_urgency(recount, found, task, &told);
    if (task->urgent && !was_urgent) {
        recount_rules_anew(recount, task);
    }
    recount_concern_all(recount, task, found->offset);
    const struct recount_event noted = {.unit = recount_text(recount, joined->unit),
                                        .due_at_us = joined->due_at_us};
    recount_note(recount, joined->case_number, found, noted);
    if (task->is_planned) {
        recount_note(recount, joined->case_number, found,
                     (struct recount_event){
                         .unit = noted.unit, .due_at_us = noted.due_at_us, .planned_before = true});
    }
    if (was_alarmed) {
        recount_note(recount, joined->case_number, found,
                     (struct recount_event){
                         .unit = noted.unit, .due_at_us = noted.due_at_us, .alarmed_before = true});
    }
}

/* Whose request the task is may leave it, too, as long as others are joined to it. */
static void leave(struct recount *recount, const struct found *found, struct recount_case *one,
                  struct recount_task *task)
{
    bool is_dropped = (task->state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED &&
                       count_joined(recount, task->number) == 0) ||
                      task->state == ROUTING__TASK_STATE__TASK_STATE_JOINED;
    if (!one->withdrawn || is_dropped) {
        recount_impossible(found, "nobody took the request back, or nobody wants the task done");
    }
    if (one->joined_task == 0) {
        if (task->case_number != one->number || task->own_left ||
            (count_joined(recount, task->number) == 0 && !recount_has_ended(task))) {
            recount_impossible(found, "the request does not share the task");
        }
        task->own_left = true;
    }
    one->joined_task = 0; /* it is found there still */
}

static void take_case_split(struct recount *recount, const struct found *found,
                            const Routing__CaseSplit *split)
{
    struct recount_case *one = case_of(recount, found, split->case_number);
    struct recount_task *task = recount_task(recount, split->task_number);
    if (split->refused) {
        return;
    }
    if (task == NULL || one->task != split->task_number || strcmp(task->unit, split->unit) != 0 ||
        (!split->withdrawn && one->joined_task != split->task_number)) {
        recount_impossible(found, "the request is not joined to that task");
    }
    if (split->case_chases != one->chases_told) {
        invariant_broken(INVARIANT_CALLS,
                         "request %" PRIu64 " was chased %" PRIu32 " times, and takes %" PRIu32
                         " of them away",
                         one->number, one->chases_told, split->case_chases);
    }
    task->chases -= one->chases_told;
    if (split->withdrawn) {
        leave(recount, found, one, task);
    } else {
        one->joined_task = 0;
        one->task = 0;
    }
    bool was_urgent = task->urgent;
    task->is_deserted = task->own_left && count_joined(recount, task->number) == 0;
    const struct recount_urgency told = {.urgency = split->urgency,
                                         .urgent_joined = split->urgent_joined};
    recount_take_urgency(recount, found, task, &told);
    if (was_urgent && !task->urgent) {
        recount_rules_anew(recount, task);
    }
    recount_concern_all(recount, task, found->offset);
    recount_note(recount, split->case_number, found,
                 (struct recount_event){.unit = recount_text(recount, split->unit),
                                        .left = split->withdrawn});
}

/* A task of a request that is joined to another's: it ends, and the joining follows. */
void recount_give_up(struct recount *recount, const struct found *found,
                     const struct recount_task *task)
{
    struct recount_case *one = case_of(recount, found, task->case_number);
    if (one->task != task->number || count_joined(recount, task->number) != 0) {
        recount_impossible(found, "others are joined to the task that ends");
    }
    one->task = 0;
}

/* --- what befell the task befalls all --- */

void recount_owe_followed(struct recount *recount, const struct found *found,
                          const struct recount_task *task)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_DONE:
        recount->owed_fate = ROUTING__JOINED_FATE__JOINED_FATE_DONE;
        break;
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
        recount->owed_fate = ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
        break;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        recount->owed_fate = ROUTING__JOINED_FATE__JOINED_FATE_REOPENED;
        break;
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
        recount->owed_fate = ROUTING__JOINED_FATE__JOINED_FATE_CANCELLED;
        break;
    default: return;
    }
    recount->owed_task = task->number;
    recount->owed = count_joined(recount, task->number);
}

static void take_member(struct recount *recount, const struct found *found,
                        const Routing__JoinedFollowed *followed, uint64_t number)
{
    struct recount_case *one = case_of(recount, found, number);
    bool undone = followed->fate == ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
    if (one->joined_task != followed->task_number) {
        recount_impossible(found, "a request it tells of is not joined to the task");
    }
    if (undone || followed->fate == ROUTING__JOINED_FATE__JOINED_FATE_DONE) {
        one->ends = recount_grow(one->ends, one->end_count, &one->end_room, sizeof *one->ends);
        one->ends[one->end_count++] = (struct recount_end){
            .task = followed->task_number,
            .number = followed->finish,
            .finish = {.offset = found->offset,
                       .undone = undone,
                       .at_us = found->record->occurred_at_us},
        };
    }
    recount_note(recount, number, found,
                 (struct recount_event){.unit = recount_text(recount, followed->unit),
                                        .due_at_us = followed->due_at_us,
                                        .fate = followed->fate});
}

static void take_followed(struct recount *recount, const struct found *found,
                          const Routing__JoinedFollowed *followed)
{
    const struct recount_task *task = recount_task(recount, followed->task_number);
    if (task == NULL || followed->due_at_us != task->due_at_us) {
        recount_impossible(found, "the due date is another");
    }
    if (recount->owed_task != followed->task_number || followed->n_members == 0 ||
        followed->n_members > recount->owed || followed->fate != recount->owed_fate) {
        recount_impossible(found, "it tells the joined of what did not befall their task");
    }
    for (size_t i = 0; i < followed->n_members; i++) {
        take_member(recount, found, followed, followed->members[i]->case_number);
    }
    recount->owed -= followed->n_members;
}

bool recount_take_incident(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_CASE_JOINED:
        take_case_joined(recount, found, event->case_joined);
        return true;
    case ROUTING__EVENT__KIND_CASE_SPLIT:
        take_case_split(recount, found, event->case_split);
        return true;
    case ROUTING__EVENT__KIND_JOINED_FOLLOWED:
        take_followed(recount, found, event->joined_followed);
        return true;
    default: return false;
    }
}

/* The task's own request has its story from the event; the joined have it, too. */
void recount_note_joined(struct recount *recount, const struct recount_task *task,
                         const struct found *found, struct recount_event event)
{
    event.copied = true;
    for (size_t i = 0; i < recount->case_count; i++) {
        if (recount->cases[i].joined_task == task->number) {
            recount_note(recount, recount->cases[i].number, found, event);
        }
    }
}

/* --- answers --- */

struct recount_end *recount_end_of(struct recount_case *one, uint64_t task, size_t number)
{
    for (size_t i = one->end_count; i > 0; i--) {
        if (one->ends[i - 1].task == task && one->ends[i - 1].number == number) {
            return &one->ends[i - 1];
        }
    }
    return NULL;
}

bool recount_has_left(struct recount *recount, const struct recount_call *call)
{
    const struct recount_case *one = recount_case(recount, call->case_number);
    const struct recount_task *task = recount_task(recount, call->task);
    return one->withdrawn &&
           (task->case_number == one->number ? task->own_left : one->joined_task != task->number);
}

static void check_end(struct recount *recount, const struct recount_case *one,
                      const struct recount_end *end)
{
    const struct recount_call *call = recount_call(recount, end->finish.call);
    bool called = one->can_be_called && !one->historical;
    if (call == NULL ? called && recount_forgotten(recount, one->citizen) == 0 : !called) {
        invariant_broken(INVARIANT_JOINED,
                         "finish %zu of task %" PRIu64 " has %s call for request %" PRIu64
                         ", which was joined to it",
                         end->number, end->task, call != NULL ? "a" : "no", one->number);
    }
    recount_check_answer(recount, recount_task(recount, end->task), end->number, &end->finish,
                         call);
}

/* Taken back, it is no task's business: but that of others, or of one that nobody wants done. */
static void check_withdrawn(struct recount *recount, const struct recount_case *one)
{
    const struct recount_task *task = recount_task(recount, one->task);
    bool is_part =
        task != NULL &&
        (task->case_number == one->number ? !task->own_left : one->joined_task == task->number);
    bool is_dropped = task != NULL && (task->state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED ||
                                       task->state == ROUTING__TASK_STATE__TASK_STATE_JOINED);
    if (one->withdrawn && is_part && !is_dropped) {
        invariant_broken(INVARIANT_JOINED,
                         "request %" PRIu64 " was taken back, and task %" PRIu64
                         " is still done for it, or asked about",
                         one->number, task->number);
    }
}

/* Of a task whose own request was taken back, somebody is left. */
static void check_deserted(struct recount *recount, const struct recount_task *task)
{
    if (task->own_left && !recount_has_ended(task) && count_joined(recount, task->number) == 0) {
        invariant_broken(INVARIANT_JOINED, "task %" PRIu64 " is done for nobody", task->number);
    }
}

void recount_check_incidents(struct recount *recount)
{
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        uint64_t head = one->head;
        uint64_t own =
            one->joined_task == 0 ? 0 : recount_task(recount, one->joined_task)->case_number;
        check_withdrawn(recount, one);
        if (head != own && !one->withdrawn) {
            invariant_broken(INVARIANT_JOINED,
                             "to intake request %" PRIu64 " is joined to %" PRIu64
                             ", to routing to %" PRIu64,
                             one->number, head, own);
        }
        for (size_t j = 0; j < one->end_count; j++) {
            check_end(recount, one, &one->ends[j]);
        }
    }
    for (size_t i = 0; i < recount->task_count; i++) {
        check_deserted(recount, &recount->tasks[i]);
    }
}
