/* Desks that share a unit's work: each task to one of them, until it is silent. */
#include "tests/sim/recount_internal.h"

#include <inttypes.h>
#include <string.h>

#define HELD_MAX 40 /* with what is urgent */

static struct recount_desk *desk_of(struct recount *recount, const struct found *found,
                                    uint64_t number)
{
    if (number < 1 || number > recount->desk_count) {
        recount_impossible(found, "there is no such desk");
    }
    return &recount->desks[number - 1];
}

/* Urgent ones, then those chased more often - three times is enough -, then those due earlier. */
static bool comes_before(const struct recount_task *a, const struct recount_task *b)
{
    uint32_t chases_a = a->chases > 3 ? 3 : a->chases;
    uint32_t chases_b = b->chases > 3 ? 3 : b->chases;
    if (a->urgent != b->urgent) {
        return a->urgent;
    }
    if (chases_a != chases_b) {
        return chases_a > chases_b;
    }
    if (a->due_at_us != b->due_at_us) {
        return b->due_at_us == 0 || (a->due_at_us != 0 && a->due_at_us < b->due_at_us);
    }
    return a->number < b->number;
}

/* No task that no desk has was to be done before it. */
static void check_first(const struct recount *recount, const struct recount_task *task)
{
    for (size_t i = 0; i < recount->task_count; i++) {
        const struct recount_task *other = &recount->tasks[i];
        if (other->desk == 0 && !recount_has_ended(other) && strcmp(other->unit, task->unit) == 0 &&
            comes_before(other, task)) {
            invariant_broken(INVARIANT_OFFICES,
                             "a desk is given task %" PRIu64 ", though task %" PRIu64
                             " is to be done before",
                             task->number, other->number);
        }
    }
}

/* Whoever is there is given what is urgent, however little it asks for. */
static void check_urgent(const struct recount *recount, const struct recount_desk *desk)
{
    for (size_t i = 0; i < recount->task_count && desk->held < HELD_MAX; i++) {
        const struct recount_task *task = &recount->tasks[i];
        if (task->desk == 0 && task->urgent && !recount_has_ended(task) &&
            strcmp(task->unit, desk->unit) == 0) {
            invariant_broken(INVARIANT_URGENT,
                             "%s of %s claims, and is not given urgent task %" PRIu64, desk->name,
                             desk->unit, task->number);
        }
    }
}

static void take_claimed(struct recount *recount, const struct found *found,
                         const Routing__DeskClaimed *claimed)
{
    if (claimed->desk_number == recount->desk_count + 1) {
        recount->desks = recount_grow(recount->desks, recount->desk_count, &recount->desk_room,
                                      sizeof *recount->desks);
        recount->desks[recount->desk_count++] = (struct recount_desk){
            .unit = recount_text(recount, claimed->unit),
            .name = recount_text(recount, claimed->desk),
        };
    }
    struct recount_desk *desk = desk_of(recount, found, claimed->desk_number);
    if (strcmp(desk->unit, claimed->unit) != 0 || strcmp(desk->name, claimed->desk) != 0) {
        recount_impossible(found, "it is another desk's number");
    }
    for (size_t i = 0; i < claimed->n_task_numbers; i++) {
        struct recount_task *task = recount_task(recount, claimed->task_numbers[i]);
        if (task == NULL || strcmp(task->unit, claimed->unit) != 0 || recount_has_ended(task)) {
            recount_impossible(found, "a desk claims what is no open task of its unit");
        }
        if (task->desk != 0) {
            invariant_broken(INVARIANT_OFFICES, "task %" PRIu64 " goes to two desks", task->number);
        }
        check_first(recount, task);
        task->desk = claimed->desk_number;
        desk->held++;
    }
    if (claimed->n_task_numbers > 0 && desk->held > HELD_MAX) {
        recount_impossible(found, "a desk has more than it may");
    }
    check_urgent(recount, desk);
    desk->lease_us = claimed->lease_us;
    desk->until_us = found->record->recorded_at_us + claimed->lease_us;
    desk->silent = false;
}

static void take_silent(struct recount *recount, const struct found *found,
                        const Routing__DeskSilent *silent)
{
    struct recount_desk *desk = desk_of(recount, found, silent->desk_number);
    if (desk->silent || found->record->recorded_at_us < desk->until_us ||
        found->record->occurred_at_us != desk->until_us) {
        invariant_broken(INVARIANT_TIMERS, "desk %" PRIu64 " is taken for silent before its time",
                         silent->desk_number);
    }
    desk->held = 0;
    desk->silent = true;
    for (size_t i = 0; i < recount->task_count; i++) {
        struct recount_task *task = &recount->tasks[i];
        if (task->desk == silent->desk_number) {
            task->desk = 0;
            task->alarm.orphaned =
                task->alarm.is_on &&
                recount_alarm_has_desk(recount, task, found->record->recorded_at_us);
        }
    }
}

bool recount_take_desks(struct recount *recount, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_DESK_CLAIMED:
        take_claimed(recount, found, event->desk_claimed);
        return true;
    case ROUTING__EVENT__KIND_DESK_SILENT:
        take_silent(recount, found, event->desk_silent);
        return true;
    default: return false;
    }
}

void recount_desk_act(struct recount *recount, const struct found *found, struct recount_task *task,
                      bool leaves)
{
    if (task->desk == 0) {
        return;
    }
    struct recount_desk *desk = desk_of(recount, found, task->desk);
    if (strcmp(found->record->actor, desk->name) == 0) {
        desk->until_us = found->record->recorded_at_us + desk->lease_us;
    }
    if (leaves) {
        task->desk = 0;
        desk->held--;
    }
}
