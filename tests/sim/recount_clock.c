/*
 * The clock of tasks, calculated slowly: each date of each task, when it is routed, when the clock
 * has stood, and when it comes. Nothing of services/routing and of common/city/hours.h is in it.
 */
#include "tests/sim/recount_internal.h"

#include "base/check.h"

#include <inttypes.h>
#include <string.h>

#define DATES 4
#define GAPS_MAX 512

static const char *const date_names[DATES] = {"first response", "warning", "due date", "next step"};

static void dates_of(struct recount_dates *dates, int64_t *ret_dates[DATES])
{
    ret_dates[0] = &dates->respond_us;
    ret_dates[1] = &dates->warn_us;
    ret_dates[2] = &dates->due_us;
    ret_dates[3] = &dates->escalate_us;
}

static void compare(const struct recount_task *task, struct recount_dates got,
                    struct recount_dates expected, const char *what)
{
    int64_t *a[DATES], *b[DATES];
    dates_of(&got, a);
    dates_of(&expected, b);
    for (size_t i = 0; i < DATES; i++) {
        if (*a[i] != *b[i]) {
            invariant_broken(INVARIANT_CLOCK_RIGHT,
                             "%s of task %" PRIu64 " %s is %" PRId64 " us, and should be %" PRId64,
                             date_names[i], task->number, what, *a[i], *b[i]);
        }
    }
}

/* --- slow sums --- */

static size_t gaps_of(const struct recount *recount, const struct recount_task *task,
                      uint64_t closures, struct slow_gap gaps[GAPS_MAX])
{
    size_t count = task->clock.working ? (size_t)closures : 0;
    CHECK(count <= GAPS_MAX);
    for (size_t i = 0; i < count; i++) {
        gaps[i] = (struct slow_gap){recount->closures[i].from_us, recount->closures[i].to_us};
    }
    return count;
}

static int64_t add(const struct recount *recount, const struct recount_task *task, int64_t from_us,
                   int64_t amount_us, uint64_t closures)
{
    struct slow_gap gaps[GAPS_MAX];
    size_t count = gaps_of(recount, task, closures, gaps);
    return slow_clock_add_exactly(recount->slow, task->clock.working ? task->unit : NULL, from_us,
                                  amount_us, gaps, count);
}

static int64_t between(const struct recount *recount, const struct recount_task *task,
                       int64_t from_us, int64_t to_us, uint64_t closures)
{
    struct slow_gap gaps[GAPS_MAX];
    size_t count = gaps_of(recount, task, closures, gaps);
    return slow_clock_between_exactly(recount->slow, task->clock.working ? task->unit : NULL,
                                      from_us, to_us, gaps, count);
}

/* What is still to come moves by what the clock stood for. */
static struct recount_dates move(const struct recount *recount, const struct recount_task *task,
                                 struct recount_dates dates, int64_t stop_us, int64_t go_us,
                                 uint64_t before, uint64_t after)
{
    const bool is_to_come[DATES] = {!task->clock.response_overdue && !task->clock.responded,
                                    !task->clock.warned, !task->overdue, true};
    int64_t *all[DATES];
    dates_of(&dates, all);
    for (size_t i = 0; i < DATES; i++) {
        if (*all[i] != 0 && is_to_come[i] && *all[i] > stop_us) {
            *all[i] =
                add(recount, task, go_us, between(recount, task, stop_us, *all[i], before), after);
        }
    }
    return dates;
}

/* The dates with the closures up to `last` in them. */
static struct recount_dates with_closures(const struct recount *recount,
                                          const struct recount_task *task, uint64_t last)
{
    struct recount_dates dates = task->clock.dates;
    for (uint64_t number = task->clock.closure + 1; number <= last && task->clock.working;
         number++) {
        int64_t from_us = recount->closures[number - 1].from_us;
        int64_t stop_us = from_us > task->clock.registered_us ? from_us : task->clock.registered_us;
        dates = move(recount, task, dates, stop_us, stop_us, number - 1, number);
    }
    return dates;
}

static bool after_of(const struct recount *recount, const struct recount_task *task,
                     uint32_t number, int64_t *ret_us)
{
    int64_t percent, hours;
    if (!slow_clock_step(recount->slow, task->clock.level, task->unit, number, &percent, &hours)) {
        return false;
    }
    *ret_us = hours > 0 ? hours * HOUR_US : task->clock.whole_us * (percent - 100) / 100;
    return true;
}

/* --- routed --- */

static struct recount_dates dates_of_routed(const Routing__TaskRouted *routed)
{
    return (struct recount_dates){.respond_us = routed->respond_at_us,
                                  .warn_us = routed->warn_at_us,
                                  .due_us = routed->due_at_us,
                                  .escalate_us = routed->escalate_at_us};
}

static bool is_urgent(const struct recount *recount, const char *topic_key, Common__Urgency urgency)
{
    const struct city_topic *topic = city_topic(world_city(recount->world), topic_key);
    return urgency == COMMON__URGENCY__URGENCY_URGENT || (topic != NULL && topic->urgent);
}

static int64_t hours_of(const struct slow_level *level, bool urgent)
{
    return urgent && level->urgent_hours > 0 ? level->urgent_hours : level->due_hours;
}

/* How long each part of a level is, us. */
struct lengths {
    int64_t due_us, respond_us, warn_us;
};

/* Percent of the usual; `storm` NULL: a hundred. */
static struct lengths lengths_of(const struct slow_level *level, int64_t hours,
                                 const struct recount_storm *storm)
{
    int64_t due = storm == NULL ? 100 : storm->due_percent;
    int64_t respond = storm == NULL ? 100 : storm->respond_percent;
    struct lengths lengths = {.due_us = hours * due * (HOUR_US / 100),
                              .respond_us = level->respond_hours * respond * (HOUR_US / 100)};
    lengths.warn_us = lengths.due_us * level->warn_percent / 100;
    if (lengths.respond_us > lengths.due_us) {
        lengths.respond_us = lengths.due_us;
    }
    return lengths;
}

static void take_where(struct recount *recount, struct recount_clock *clock, const char *topic,
                       const Common__Place *place, bool urgent)
{
    clock->topic = recount_text(recount, topic);
    clock->area = recount_text(recount, place != NULL ? place->area : "");
    clock->urgent = urgent;
}

/* The dates of a request of clock's level that was made at from_us. */
static struct recount_dates start(const struct recount *recount, struct recount_task *task,
                                  const struct recount_storm *storm, int64_t from_us)
{
    struct recount_clock *clock = &task->clock;
    struct recount_dates dates = {0};
    struct slow_level level;
    int64_t after_us;
    if (!slow_clock_level(recount->slow, clock->level, &level)) {
        return dates;
    }
    int64_t hours = hours_of(&level, clock->urgent);
    struct lengths lengths = lengths_of(&level, hours, storm);
    uint64_t closures = recount->closure_count;
    clock->working = level.working && !clock->urgent;
    clock->whole_us = hours * HOUR_US;
    dates.due_us = add(recount, task, from_us, lengths.due_us, closures);
    if (lengths.respond_us != 0) {
        dates.respond_us = add(recount, task, from_us, lengths.respond_us, closures);
    }
    if (level.warn_percent != 0) {
        dates.warn_us = add(recount, task, from_us, lengths.warn_us, closures);
    }
    if (after_of(recount, task, 1, &after_us)) {
        dates.escalate_us = add(recount, task, dates.due_us, after_us, closures);
    }
    return dates;
}

void recount_clock_routed(struct recount *recount, struct recount_task *task,
                          const struct found *found, const Routing__TaskRouted *routed)
{
    struct recount_clock *clock = &task->clock;
    struct recount_dates expected = {0};
    *clock = (struct recount_clock){.is_live = !found->record->historical,
                                    .level = recount_text(recount, routed->level),
                                    .registered_us = routed->registered_at_us,
                                    .routed_us = found->record->occurred_at_us,
                                    .dates = dates_of_routed(routed),
                                    .closure = recount->closure_count,
                                    .storm = routed->storm};
    bool urgent = is_urgent(recount, routed->topic, routed->urgency);
    take_where(recount, clock, routed->topic, routed->place, urgent);
    const struct recount_storm *storm = urgent ? NULL : recount_storm(recount, routed->storm);
    clock->loosened = storm != NULL;
    if (routed->due_percent != (storm == NULL ? 0 : storm->due_percent) ||
        routed->respond_percent != (storm == NULL ? 0 : storm->respond_percent)) {
        recount_impossible(found, "it is given other time than its storm allows");
    }
    if (clock->is_live) {
        expected = start(recount, task, storm, clock->registered_us);
    } else {
        expected.due_us = routed->due_at_us; /* its own */
    }
    compare(task, clock->dates, expected, "when it is routed");
}

static void take_whole(struct recount *recount, struct recount_clock *clock)
{
    struct slow_level level;
    if (clock->is_live && slow_clock_level(recount->slow, clock->level, &level)) {
        clock->whole_us = hours_of(&level, clock->urgent) * HOUR_US;
    }
}

/* No date moves; how far apart further steps of the ladder are goes by what the request is now. */
void recount_clock_amended(struct recount *recount, struct recount_task *task,
                           const Routing__TaskAmended *amended)
{
    bool urgent = is_urgent(recount, amended->topic, amended->urgency);
    take_where(recount, &task->clock, amended->topic, amended->place, urgent);
    take_whole(recount, &task->clock);
}

/* --- urgent since --- */

void recount_clock_urgent(struct recount *recount, struct recount_task *task)
{
    task->clock.urgent =
        is_urgent(recount, task->clock.topic,
                  task->urgent ? COMMON__URGENCY__URGENCY_URGENT : COMMON__URGENCY__URGENCY_NORMAL);
    take_whole(recount, &task->clock);
}

void recount_clock_hasten(struct recount_task *task, int64_t since_us)
{
    struct recount_clock *clock = &task->clock;
    bool waits = clock->waits_since_us != 0 && clock->waits_since_us < since_us;
    clock->is_hastened = clock->is_live && !recount_has_ended(task);
    clock->hastens_us = waits ? clock->waits_since_us : since_us;
}

static int64_t sooner(bool is_to_come, int64_t at_us, int64_t urgent_us)
{
    bool moves = is_to_come && urgent_us != 0 && (at_us == 0 || urgent_us < at_us);
    return moves ? urgent_us : at_us;
}

/* The dates when they are those of an urgent request, or earlier; the wall clock counts from now on. */
static struct recount_dates hasten(struct recount *recount, struct recount_task *task,
                                   const char *level_key)
{
    struct recount_clock *clock = &task->clock;
    struct recount_dates dates = clock->dates;
    struct slow_level level;
    int64_t after_us;
    int64_t from_us = clock->hastens_us;
    clock->is_hastened = false;
    if (!slow_clock_level(recount->slow, level_key, &level)) {
        return dates;
    }
    clock->working = false;
    clock->level = recount_text(recount, level_key);
    take_whole(recount, clock);
    struct lengths lengths = lengths_of(&level, hours_of(&level, true), NULL);
    int64_t due_us = from_us + lengths.due_us;
    dates.due_us = sooner(!task->overdue, dates.due_us, due_us);
    dates.respond_us = sooner(!clock->response_overdue && !clock->responded, dates.respond_us,
                              lengths.respond_us == 0 ? 0 : from_us + lengths.respond_us);
    dates.warn_us = sooner(!clock->warned, dates.warn_us,
                           level.warn_percent == 0 ? 0 : from_us + lengths.warn_us);
    if (after_of(recount, task, 1, &after_us)) {
        dates.escalate_us = sooner(!task->overdue, dates.escalate_us, due_us + after_us);
    }
    return dates;
}

void recount_clock_hastened(struct recount *recount, struct recount_task *task)
{
    if (task->clock.is_hastened) {
        bool was_working = task->clock.working;
        compare(task, task->clock.dates, hasten(recount, task, task->clock.level),
                "that became urgent");
        if (was_working) {
            invariant_broken(INVARIANT_CLOCK_RIGHT,
                             "task %" PRIu64 " is urgent, and its clock stands at night",
                             task->number);
        }
    }
}

/* --- what comes --- */

static void check_time(const struct recount_task *task, const struct found *found, int64_t at_us,
                       bool again, const char *what)
{
    int64_t told_us = at_us > task->clock.routed_us ? at_us : task->clock.routed_us;
    if (again || at_us == 0 || task->clock.waits_since_us != 0) {
        invariant_broken(INVARIANT_TIMERS, "task %" PRIu64 ": %s again, or though it may not",
                         task->number, what);
    }
    if (found->record->recorded_at_us < at_us || found->record->occurred_at_us != told_us) {
        invariant_broken(INVARIANT_TIMERS, "task %" PRIu64 ": %s not at its time", task->number,
                         what);
    }
}

static void take_escalated(struct recount *recount, struct recount_task *task,
                           const struct found *found, const Routing__TaskEscalated *escalated)
{
    struct recount_clock *clock = &task->clock;
    struct recount_dates expected = clock->dates;
    int64_t this_us, next_us;
    check_time(task, found, clock->dates.escalate_us, escalated->step != clock->steps + 1,
               "it goes up");
    if (!after_of(recount, task, clock->steps + 1, &this_us) || escalated->role[0] == '\0') {
        recount_impossible(found, "the ladder has no such step");
    }
    expected.escalate_us = 0;
    if (after_of(recount, task, clock->steps + 2, &next_us)) {
        expected.escalate_us =
            add(recount, task, clock->dates.escalate_us, next_us > this_us ? next_us - this_us : 0,
                recount->closure_count);
    }
    recount_go_up(recount, task, clock->steps + 1, escalated->to_unit);
    clock->steps++;
    clock->dates.escalate_us = escalated->next_at_us;
    clock->closure = recount->closure_count;
    compare(task, clock->dates, expected, "after a step");
}

/* --- storms --- */

/* What has come by then has come; while the unit waits, by when it began to. */
static int64_t stop_of(const struct recount_task *task, const struct recount_storm *storm)
{
    int64_t waits_us = task->clock.waits_since_us;
    return waits_us != 0 && waits_us < storm->started_us ? waits_us : storm->started_us;
}

/* All storms of this city allow as much: what has been of one is loosened already. */
bool recount_clock_awaits_storm(const struct recount_task *task, const struct recount_storm *storm)
{
    const struct recount_clock *clock = &task->clock;
    return clock->is_live && !recount_has_ended(task) && clock->level[0] != '\0' &&
           !clock->urgent && !clock->loosened && !task->overdue && clock->dates.due_us != 0 &&
           clock->dates.due_us > stop_of(task, storm) && !storm->is_applied &&
           task->number <= storm->last_task &&
           recount_storm_holds(storm, clock->topic, clock->area);
}

static void take_storm(struct recount *recount, struct recount_task *task,
                       const struct found *found, const Routing__TaskDueMoved *told,
                       struct recount_dates moved)
{
    struct recount_clock *clock = &task->clock;
    const struct recount_storm *storm = recount_storm(recount, told->storm);
    struct recount_dates expected = clock->dates;
    struct slow_level level;
    if (storm == NULL || told->due_percent != storm->due_percent ||
        told->respond_percent != storm->respond_percent || !storm->is_taken ||
        !recount_clock_awaits_storm(task, storm) ||
        !slow_clock_level(recount->slow, clock->level, &level)) {
        recount_impossible(found, "the storm does not move the task");
    }
    struct lengths usual = lengths_of(&level, level.due_hours, NULL);
    struct lengths loose = lengths_of(&level, level.due_hours, storm);
    const struct {
        bool is_to_come;
        int64_t *date_us;
        int64_t by_us;
    } all[] = {
        {!clock->response_overdue && !clock->responded, &expected.respond_us,
         loose.respond_us - usual.respond_us},
        {!clock->warned, &expected.warn_us, loose.warn_us - usual.warn_us},
        {true, &expected.due_us, loose.due_us - usual.due_us},
        {true, &expected.escalate_us, loose.due_us - usual.due_us},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i].date_us != 0 && all[i].is_to_come && *all[i].date_us > stop_of(task, storm)) {
            *all[i].date_us =
                add(recount, task, *all[i].date_us, all[i].by_us, recount->closure_count);
        }
    }
    compare(task, moved, expected, "in a storm");
    clock->storm = told->storm;
    clock->loosened = true;
}

/* --- what moves --- */

/* What was referred is an office's of the city now, which has as long as for a request made then. */
static struct recount_dates start_anew(struct recount *recount, struct recount_task *task,
                                       const struct found *found,
                                       const Routing__TaskDueMoved *moved)
{
    struct recount_clock *clock = &task->clock;
    clock->level = recount_text(recount, moved->level);
    clock->working = false;
    clock->is_hastened = false; /* what is urgent has an urgent request's dates at once */
    clock->warned = clock->response_overdue = clock->responded = task->overdue = false;
    clock->steps = 0;
    struct recount_dates dates =
        start(recount, task,
              clock->loosened && !clock->urgent ? recount_storm(recount, clock->storm) : NULL,
              clock->back_us);
    if ((moved->clock == ROUTING__CLOCK_KIND__CLOCK_KIND_WORKING) != clock->working) {
        recount_impossible(found, "its hours are counted otherwise than its level says");
    }
    return dates;
}

static void take_moved(struct recount *recount, struct recount_task *task,
                       const struct found *found, const Routing__TaskDueMoved *moved)
{
    struct recount_clock *clock = &task->clock;
    struct recount_dates dates = {.respond_us = moved->respond_at_us,
                                  .warn_us = moved->warn_at_us,
                                  .due_us = moved->due_at_us,
                                  .escalate_us = moved->escalate_at_us};
    struct recount_dates expected = clock->dates;
    int64_t after_us;
    if (moved->closure_number > recount->closure_count || !clock->is_live) {
        recount_impossible(found, "it knows of a closure to come, or moves a history");
    }
    switch (moved->cause) {
    case ROUTING__MOVE_CAUSE__MOVE_CAUSE_PAUSE: /* compared when the waiting has ended */
        if (clock->waits_since_us == 0 || clock->was_moved) {
            recount_impossible(found, "the task does not wait, or was moved before");
        }
        clock->unmoved = clock->dates;
        clock->was_moved = true;
        break;
    case ROUTING__MOVE_CAUSE__MOVE_CAUSE_CLOSURE:
        compare(task, dates, with_closures(recount, task, moved->closure_number), "with a closure");
        break;
    case ROUTING__MOVE_CAUSE__MOVE_CAUSE_STORM:
        take_storm(recount, task, found, moved, dates);
        break;
    case ROUTING__MOVE_CAUSE__MOVE_CAUSE_URGENT:
        if (!clock->is_hastened) {
            recount_impossible(found, "the task has not become urgent");
        }
        compare(task, dates, hasten(recount, task, moved->level), "that became urgent");
        break;
    case ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED:
        compare(task, dates, start_anew(recount, task, found, moved), "that was referred before");
        break;
    default:
        expected.escalate_us = 0;
        compare(task, dates, expected, "at the end of the ladder");
        if (after_of(recount, task, clock->steps + 1, &after_us)) {
            recount_impossible(found, "the ladder has another step");
        }
        break;
    }
    clock->dates = dates;
    clock->closure = moved->closure_number;
    task->due_at_us = dates.due_us;
}

static void end_waiting(struct recount *recount, struct recount_task *task,
                        const struct found *found)
{
    struct recount_clock *clock = &task->clock;
    if (clock->waits_since_us == 0) {
        return;
    }
    struct recount_dates before = clock->was_moved ? clock->unmoved : clock->dates;
    compare(task, clock->dates,
            move(recount, task, before, clock->waits_since_us, found->record->occurred_at_us,
                 recount->closure_count, recount->closure_count),
            "after a pause");
    clock->waits_since_us = 0;
    clock->was_moved = false;
}

/* --- acts --- */

static void take_act(struct recount_task *task, const struct found *found, bool is_response)
{
    if (is_response && found->record->actor[0] != '\0') {
        task->clock.responded = task->clock.is_live;
        recount_alarm_person(task);
    }
}

static void take_handed_over(struct recount_task *task, const struct found *found)
{
    task->clock.routed_us = found->record->occurred_at_us;
}

/* A history's dates are its own; but a person may take it on. */
static void take_act_of_history(struct recount_task *task, const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_ACCEPTED:
        take_act(task, found, !event->task_accepted->automatic);
        break;
    case ROUTING__EVENT__KIND_TASK_SEEN:
    case ROUTING__EVENT__KIND_TASK_PLANNED:
    case ROUTING__EVENT__KIND_TASK_STARTED:
    case ROUTING__EVENT__KIND_TASK_REPORTED:
    case ROUTING__EVENT__KIND_TASK_PAUSED:
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE: take_act(task, found, true); break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
        take_act(task, found, true);
        take_handed_over(task, found);
        break;
    case ROUTING__EVENT__KIND_TASK_MOVED:
    case ROUTING__EVENT__KIND_TASK_REOPENED: take_handed_over(task, found); break;
    default: break;
    }
}

void recount_clock_take(struct recount *recount, struct recount_task *task,
                        const struct found *found)
{
    const Routing__Event *event = (const Routing__Event *)found->open;
    struct recount_clock *clock = &task->clock;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_WARNED:
        check_time(task, found, clock->dates.warn_us, clock->warned, "it is warned");
        clock->warned = true;
        return;
    case ROUTING__EVENT__KIND_TASK_RESPONSE_OVERDUE:
        check_time(task, found, clock->dates.respond_us,
                   clock->response_overdue || clock->responded, "nobody has answered");
        clock->response_overdue = true;
        return;
    case ROUTING__EVENT__KIND_TASK_ESCALATED:
        take_escalated(recount, task, found, event->task_escalated);
        return;
    case ROUTING__EVENT__KIND_TASK_DUE_MOVED:
        take_moved(recount, task, found, event->task_due_moved);
        return;
    default: break;
    }
    if (!clock->is_live) {
        take_act_of_history(task, found);
        return;
    }
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_PAUSED:
        clock->waits_since_us = found->record->occurred_at_us;
        take_act(task, found, true);
        break;
    case ROUTING__EVENT__KIND_TASK_RESUMED: end_waiting(recount, task, found); break;
    case ROUTING__EVENT__KIND_TASK_DONE:
    case ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE:
    case ROUTING__EVENT__KIND_TASK_CANCELLED:
    case ROUTING__EVENT__KIND_TASK_JOINED:
        end_waiting(recount, task, found);
        clock->closure = recount->closure_count;
        take_act(task, found,
                 event->kind_case == ROUTING__EVENT__KIND_TASK_DONE ||
                     event->kind_case == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE);
        break;
    case ROUTING__EVENT__KIND_TASK_REOPENED:
        compare(task, clock->dates, with_closures(recount, task, recount->closure_count),
                "when it is reopened");
        clock->closure = recount->closure_count;
        clock->back_us = found->record->occurred_at_us;
        take_handed_over(task, found);
        if (recount_alarm_is_live(task)) {
            recount_clock_hasten(task, clock->back_us);
        }
        break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
    case ROUTING__EVENT__KIND_TASK_MOVED:
        take_act(task, found, event->kind_case == ROUTING__EVENT__KIND_TASK_RETURNED);
        take_handed_over(task, found);
        break;
    case ROUTING__EVENT__KIND_TASK_ACCEPTED:
        take_act(task, found, !event->task_accepted->automatic);
        break;
    case ROUTING__EVENT__KIND_TASK_SEEN:
    case ROUTING__EVENT__KIND_TASK_PLANNED:
    case ROUTING__EVENT__KIND_TASK_STARTED:
    case ROUTING__EVENT__KIND_TASK_REPORTED: take_act(task, found, true); break;
    default: break;
    }
}

/* --- closures --- */

void recount_clock_announced(struct recount *recount, const struct found *found,
                             const Routing__ClosureAnnounced *announced)
{
    if (announced->closure_number != recount->closure_count + 1) {
        recount_impossible(found, "closures are numbered one after another");
    }
    if (announced->from_us < found->record->recorded_at_us ||
        announced->to_us <= announced->from_us) {
        recount_impossible(found, "a closure takes time out of the past, or none");
    }
    recount->closures = recount_grow(recount->closures, recount->closure_count,
                                     &recount->closure_room, sizeof *recount->closures);
    recount->closures[recount->closure_count++] =
        (struct recount_closure){.from_us = announced->from_us, .to_us = announced->to_us};
}

/* Behind the last step no open task is left whose dates the closure would move. */
void recount_clock_applied(struct recount *recount, const struct found *found,
                           const Routing__ClosureApplied *applied)
{
    if (applied->closure_number > recount->closure_count ||
        recount->closures[applied->closure_number - 1].applied) {
        recount_impossible(found, "there is no such closure, or it is applied already");
    }
    if (!applied->finished) {
        return;
    }
    recount->closures[applied->closure_number - 1].applied = true;
    for (size_t i = 0; i < recount->task_count; i++) {
        struct recount_task *task = &recount->tasks[i];
        if (task->clock.is_live && !recount_has_ended(task) &&
            task->clock.closure < applied->closure_number) {
            compare(task, task->clock.dates, with_closures(recount, task, applied->closure_number),
                    "after a closure");
        }
    }
}

void recount_clock_check(const struct recount_task *task, int64_t until_us)
{
    const struct recount_clock *clock = &task->clock;
    const struct recount_dates *dates = &clock->dates;
    if (!clock->is_live || clock->waits_since_us != 0 || recount_has_ended(task)) {
        return;
    }
    if ((dates->warn_us != 0 && !clock->warned && dates->warn_us < until_us) ||
        (dates->respond_us != 0 && !clock->response_overdue && !clock->responded &&
         dates->respond_us < until_us) ||
        (dates->escalate_us != 0 && dates->escalate_us < until_us)) {
        invariant_broken(INVARIANT_TIMERS,
                         "task %" PRIu64 " should have been warned, answered or gone up",
                         task->number);
    }
}
