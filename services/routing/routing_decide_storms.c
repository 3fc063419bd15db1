/*
 * What storms decide: how long a request of their scope may take, and the later dates of what was open
 * when they began, some tasks at a time. Reads tables, writes nothing.
 */
#include "services/routing/routing_storms.h"

#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"

#include <inttypes.h>

/* For one storm with all topics and areas it may name: a timer, which looks at many tasks, has not the memory to
 * read them for each. */
#define STORM_ARENA_BYTES ((size_t)256 * 1024)

/* --- a new request --- */

enum status routing_decide_looseness(struct decide *d, uint64_t storm, bool urgent,
                                     struct routing_looseness *ret_looseness)
{
    const Routing__StormRecord *record =
        storm == 0 ? NULL : routing_tables_storm(d->txn, storm, d->arena);
    *ret_looseness = routing_storm_looseness(record == NULL ? NULL : record->taken, urgent);
    return txn_error(d->txn, d->error);
}

/* --- what was open --- */

/* What a storm gives a task. */
struct looser {
    uint64_t number; /* 0: none gives more than the task has */
    int64_t started_at_us;
    struct routing_looseness have, given;
};

/* The looser of each: what one storm has given, another does not take, nor give again. */
static struct routing_looseness loosest(struct routing_looseness a, struct routing_looseness b)
{
    return (struct routing_looseness){
        .due_percent = a.due_percent > b.due_percent ? a.due_percent : b.due_percent,
        .respond_percent =
            a.respond_percent > b.respond_percent ? a.respond_percent : b.respond_percent,
    };
}

static bool is_looser(struct routing_looseness a, struct routing_looseness b)
{
    return a.due_percent != b.due_percent ? a.due_percent > b.due_percent
                                          : a.respond_percent > b.respond_percent;
}

/* Of the storms that are still looking at tasks, the one that makes this task's time the longest. */
static struct looser find_looser(struct decide *d, const Routing__Task *task,
                                 const uint64_t *numbers, size_t count, struct arena *scratch)
{
    struct routing_looseness have = routing_storm_allowed(task);
    struct looser found = {.have = have, .given = have};
    for (size_t i = 0; i < count; i++) {
        arena_reset(scratch);
        const Routing__StormRecord *record = routing_tables_storm(d->txn, numbers[i], scratch);
        const Routing__StormTaken *storm = record == NULL ? NULL : record->taken;
        if (storm == NULL || record->finished || task->number > storm->last_task ||
            !routing_storm_holds(storm, task)) {
            continue;
        }
        struct routing_looseness given = loosest(have, routing_storm_looseness(storm, false));
        if (is_looser(given, found.given)) {
            found.number = storm->storm_number;
            found.started_at_us = storm->started_at_us;
            found.given = given;
        }
    }
    return found;
}

static enum status move(struct decide *d, Routing__Task *task, const struct looser *storm,
                        bool *ret_moved)
{
    const struct hours *hours = routing_clock_hours(d->city, task);
    struct routing_delays delays = routing_clock_delays(d->city, task, storm->have, storm->given);
    Routing__TaskDueMoved moved =
        routing_clock_unmoved(task, ROUTING__MOVE_CAUSE__MOVE_CAUSE_STORM);
    /* Of a unit that waits, what had not come when it began to wait has not come. */
    bool waits = task->paused_at_us != 0 && task->paused_at_us < storm->started_at_us;
    int64_t stop_us = waits ? task->paused_at_us : storm->started_at_us;
    struct hours_gaps gaps;
    bool has_gaps = false;
    moved.closure_number = routing_tables_last_closure(d->txn);
    moved.storm = storm->number;
    moved.due_percent = storm->given.due_percent;
    moved.respond_percent = storm->given.respond_percent;
    if (hours != NULL && moved.closure_number > 0) {
        has_gaps = true;
        routing_closures_read(d->txn, 1, moved.closure_number, stop_us, &gaps);
    }
    *ret_moved =
        routing_clock_delay(hours, task, stop_us, &delays, has_gaps ? &gaps : NULL, &moved) &&
        !PLANTED("storm_forgets_open_tasks");
    return *ret_moved ? routing_decide_moved(d, task, &moved) : STATUS_OK;
}

enum status routing_decide_storms_of(struct decide *d, Routing__Task *task, bool *ret_moved)
{
    uint64_t numbers[ROUTING_STORMS_LOOKING_MAX];
    uint64_t closure;
    struct looser storm = {0};
    struct arena *scratch = arena_new(STORM_ARENA_BYTES);
    size_t count = routing_tables_looking_storms(d->txn, scratch, numbers);
    *ret_moved = false;
    if (count > 0 && routing_tables_running(d->txn, task->number, scratch, &closure) &&
        !routing_clock_is_urgent(d->city, task->topic, task->urgency)) {
        storm = find_looser(d, task, numbers, count, scratch);
    }
    arena_free(scratch);
    enum status status = txn_error(d->txn, d->error);
    return status == STATUS_OK && storm.number != 0 ? move(d, task, &storm, ret_moved) : status;
}

/* --- a storm began --- */

enum status routing_decide_storm(struct decide *d, const struct event *upstream,
                                 const Intake__StormStarted *started)
{
    if (started->storm_number <= routing_tables_last_storm(d->txn)) {
        return STATUS_OK; /* heard of before */
    }
    Routing__StormTaken taken = ROUTING__STORM_TAKEN__INIT;
    taken.storm_number = started->storm_number;
    taken.n_topics = started->n_topics;
    taken.topics = started->topics;
    taken.n_areas = started->n_areas;
    taken.areas = started->areas;
    taken.started_at_us = upstream->occurred_at_us;
    taken.due_percent = started->due_percent;
    taken.respond_percent = started->respond_percent;
    taken.last_task = routing_tables_last_task(d->txn);

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_STORM_TAKEN;
    event.storm_taken = arena_copy(d->arena, &taken, sizeof(taken));
    const struct event_options options = {.ignorable = true};
    return routing_emit(d, &event, event.storm_taken, &options);
}

/* How many of the tasks there were when it began. */
static size_t count_up_to(const uint64_t *tasks, size_t count, uint64_t last)
{
    while (count > 0 && tasks[count - 1] > last) {
        count--;
    }
    return count;
}

/* Looks at the next tasks; ends early when enough have moved. */
enum status routing_decide_storm_step(struct decide *d, uint64_t number)
{
    uint64_t tasks[ROUTING_STORM_TASKS_MAX];
    const Routing__StormRecord *record = routing_tables_storm(d->txn, number, d->arena);
    if (record == NULL || record->taken == NULL || record->finished) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about storm %" PRIu64 ", which looks at no tasks", number);
    }
    size_t found =
        routing_tables_running_after(d->txn, record->task_number, tasks, ROUTING_STORM_TASKS_MAX);
    size_t count = count_up_to(tasks, found, record->taken->last_task);
    size_t looked = 0;
    Routing__StormApplied applied = ROUTING__STORM_APPLIED__INIT;
    enum status status =
        routing_decide_bring_up(d, tasks, count, ROUTING_STORM_MOVED_MAX, &looked, &applied.moved);
    if (status != STATUS_OK) {
        return status;
    }
    applied.storm_number = number;
    applied.task_number = looked > 0 ? tasks[looked - 1] : record->task_number;
    applied.finished = looked == count && (count < found || found < ROUTING_STORM_TASKS_MAX);

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_STORM_APPLIED;
    event.storm_applied = arena_copy(d->arena, &applied, sizeof(applied));
    const struct event_options options = {.ignorable = true};
    return routing_emit(d, &event, event.storm_applied, &options);
}
