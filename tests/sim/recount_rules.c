/* Where Isfahan's pack sends what people call about here, written down once more without the pack. */
#include "tests/sim/recount_internal.h"

#include "base/clock.h"
#include "city/city.h"
#include "tests/sim/invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEHRAN_US (210 * MINUTE_US)
#define OUTSIDE "power-company" /* no body of the city */

static const struct desk {
    const char *topic, *of_district, *of_city;
} desks[] = {
    {"asphalt", "civil", "deputy-civil"},
    {"garbage", "waste", "waste-organisation"},
    {"flooding", "urban-services", "deputy-urban-services"},
    {"pruning", "green-space", "parks-organisation"},
    {"park-lighting", "green-space", "parks-organisation"},
    {"manhole", "civil", "deputy-civil"},
    {"lost-property", "", ""},
};

/* The rules' one helper here: what is missing at night. */
#define HELPER "fire-organisation"
#define HELPS_MAX 8

static bool is_answered(Common__Answer *const *answers, size_t count, const char *question,
                        const char *value)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(answers[i]->question, question) == 0 &&
            strcmp(answers[i]->values[0], value) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_night(int64_t at_us)
{
    int64_t hour = (at_us + TEHRAN_US) / HOUR_US % 24;
    return hour < 6 || hour >= 22;
}

/* What a task is about. */
struct matter {
    const char *topic, *area;
    Common__Answer *const *answers;
    size_t answer_count;
    int64_t registered_us;
};

static void expect_unit(const struct matter *matter, char ret_unit[64])
{
    ret_unit[0] = '\0';
    for (size_t i = 0; i < sizeof desks / sizeof desks[0]; i++) {
        if (strcmp(desks[i].topic, matter->topic) != 0) {
            continue;
        }
        if (strcmp(matter->topic, "lost-property") == 0) {
            (void)snprintf(ret_unit, 64, "bus-company");
        } else if (strcmp(matter->topic, "pruning") == 0 &&
                   is_answered(matter->answers, matter->answer_count, "touches", "wire")) {
            (void)snprintf(ret_unit, 64, OUTSIDE);
        } else if (matter->area[0] == '\0') {
            (void)snprintf(ret_unit, 64, "%s", desks[i].of_city);
        } else {
            (void)snprintf(ret_unit, 64, "district-%s-%s", matter->area, desks[i].of_district);
        }
    }
}

const char *recount_rules_topic(size_t place)
{
    return desks[place % (sizeof desks / sizeof desks[0])].topic;
}

void recount_rules_unit(const char *topic, const char *area, Common__Answer *const *answers,
                        size_t count, char ret_unit[64])
{
    const struct matter matter = {
        .topic = topic, .area = area, .answers = answers, .answer_count = count};
    expect_unit(&matter, ret_unit);
}

static void take_matter(const struct recount *recount, struct recount_task *task,
                        struct matter matter)
{
    char unit[64];
    expect_unit(&matter, unit);
    task->usual_unit = arena_copy_text(recount->arena, unit);
    task->in_other_area = strcmp(matter.area, WORLD_OTHER_AREA) == 0;
    task->wants_help = strcmp(matter.topic, "manhole") == 0 &&
                       is_answered(matter.answers, matter.answer_count, "state", "missing") &&
                       is_night(matter.registered_us);
}

/* The other pack begins with a rule for all that lies there (recount_pack.c). */
static bool is_other_packs(const struct recount *recount, const struct recount_task *task)
{
    return recount_pack(recount, COMMON__SERVICE_ID__SERVICE_ID_ROUTING) != 0 &&
           task->in_other_area;
}

static const char *rightful_unit(const struct recount *recount, const struct recount_task *task)
{
    return is_other_packs(recount, task) ? WORLD_OTHER_UNIT : task->usual_unit;
}

/* The helper is asked once, unless only the rules withdrew it. */
static void want_helper(const struct recount *recount, struct recount_task *task)
{
    if (task->wants_help && !is_other_packs(recount, task) && task->helper_parts == 0 &&
        task->helps < HELPS_MAX) {
        task->wanted_helper = HELPER;
    }
}

void recount_rules_routed(const struct recount *recount, struct recount_task *task,
                          const Routing__TaskRouted *routed, bool is_told)
{
    take_matter(recount, task,
                (struct matter){routed->topic, routed->place == NULL ? "" : routed->place->area,
                                routed->answers, routed->n_answers, routed->registered_at_us});
    if (routed->rule_line == 0) {
        return; /* the history's own */
    }
    task->by_rule = true;
    if (is_other_packs(recount, task)) {
        return; /* seen to there */
    }
    if (strcmp(task->usual_unit, routed->unit) != 0) {
        invariant_broken(
            INVARIANT_RULED, "task %" PRIu64 " about %s went to %s by line %u, and belongs to %s",
            routed->task_number, routed->topic, routed->unit, routed->rule_line, task->usual_unit);
    }
    task->wants_end = !task->historical && strcmp(task->usual_unit, OUTSIDE) == 0;
    task->end_is_told = is_told;
    if (!task->historical) {
        want_helper(recount, task);
    }
}

/* It ended with a body outside the city; there nothing of a history does by itself. */
static bool is_referred(const struct recount_task *task)
{
    return !task->historical && task->state == ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE &&
           strcmp(task->unit, OUTSIDE) == 0;
}

static void ask_anew(const struct recount *recount, struct recount_task *task, bool is_amended)
{
    bool is_untouched = task->state == ROUTING__TASK_STATE__TASK_STATE_ROUTED ||
                        task->state == ROUTING__TASK_STATE__TASK_STATE_SEEN;
    if (recount_has_ended(task) || task->historical) {
        return;
    }
    bool is_asked = task->wants_help && !is_other_packs(recount, task);
    if (task->rule_helps && !is_asked) {
        task->helper_goes = true;
    }
    if (!is_untouched || !task->by_rule) {
        return;
    }
    const char *unit = rightful_unit(recount, task);
    bool is_refused = !is_amended && strcmp(unit, OUTSIDE) == 0; /* a caller more does not end it */
    if (!is_refused && strcmp(task->unit, unit) != 0) {
        task->wanted_unit = unit;
    }
    want_helper(recount, task);
}

void recount_rules_anew(const struct recount *recount, struct recount_task *task)
{
    ask_anew(recount, task, false);
}

/* What was referred and is another's comes back, and whatever has ended of which danger is told since: to whose it is by the rules, unless
 * a person had decided that. */
static void ask_back(const struct recount *recount, struct recount_task *task, bool is_amended,
                     bool is_danger)
{
    const char *unit = rightful_unit(recount, task);
    bool was_referred = is_referred(task);
    bool is_refused = !is_amended && strcmp(unit, OUTSIDE) == 0;
    bool is_ruled = was_referred || (task->by_rule && !task->historical);
    if (was_referred ? !is_amended || strcmp(unit, OUTSIDE) == 0 : !is_danger) {
        return;
    }
    task->wants_back = true;
    if (is_ruled && !is_refused) {
        task->wanted_unit = strcmp(unit, task->unit) != 0 ? unit : NULL;
        if (strcmp(unit, OUTSIDE) != 0) {
            want_helper(recount, task);
        }
    }
}

void recount_rules_amended(const struct recount *recount, struct recount_task *task,
                           const Routing__TaskAmended *amended, bool is_danger)
{
    take_matter(recount, task,
                (struct matter){amended->topic, amended->place == NULL ? "" : amended->place->area,
                                amended->answers, amended->n_answers, amended->registered_at_us});
    if (recount_has_ended(task)) {
        ask_back(recount, task, !amended->is_joined, is_danger);
    } else {
        ask_anew(recount, task, !amended->is_joined);
    }
}

/* What comes back by its amendment; what opens again at a body outside is handed on. */
static bool is_next_reopening(const struct recount *recount, struct recount_task *task,
                              const Routing__TaskReopened *reopened)
{
    bool is_back = task->wants_back;
    bool is_placed = is_back && task->wanted_unit != NULL;
    task->wants_back = false;
    if (!is_placed && strcmp(task->unit, OUTSIDE) == 0) {
        const char *unit = rightful_unit(recount, task);
        task->wanted_unit =
            strcmp(unit, OUTSIDE) == 0 ? city_coordinator(world_city(recount->world)) : unit;
    }
    bool is_handed_on = task->wanted_unit != NULL;
    task->comes_back = is_back && is_handed_on && !task->historical;
    task->wants_dates = is_back && !is_handed_on && !task->historical;
    return (reopened->reason == ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED) == is_back;
}

/* First who helps no more is told, then who has it, then who helps; dates may move in between. */
static bool is_next(const struct recount *recount, struct recount_task *task,
                    const Routing__Event *event)
{
    if (task->wants_dates) {
        task->wants_dates = false;
        return event->kind_case == ROUTING__EVENT__KIND_TASK_DUE_MOVED &&
               event->task_due_moved->cause == ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED;
    }
    if (task->helper_goes) {
        task->helper_goes = false;
        task->rule_helps = false;
        task->helper_parts--;
        return event->kind_case == ROUTING__EVENT__KIND_TASK_HELP_FINISHED &&
               event->task_help_finished->by_rule && event->task_help_finished->withdrawn &&
               strcmp(event->task_help_finished->helper, HELPER) == 0;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_DUE_MOVED) {
        return event->task_due_moved->cause != ROUTING__MOVE_CAUSE__MOVE_CAUSE_AMENDED;
    }
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_REOPENED) {
        return is_next_reopening(recount, task, event->task_reopened);
    }
    if (task->wanted_unit != NULL) {
        const char *wanted = task->wanted_unit;
        task->wanted_unit = NULL;
        task->wants_dates = task->comes_back && strcmp(wanted, OUTSIDE) != 0;
        task->comes_back = false;
        return event->kind_case == ROUTING__EVENT__KIND_TASK_MOVED && event->task_moved->by_rule &&
               strcmp(event->task_moved->to_unit, wanted) == 0;
    }
    if (task->wanted_helper != NULL) {
        task->wanted_helper = NULL;
        task->rule_helps = true;
        return event->kind_case == ROUTING__EVENT__KIND_TASK_HELP_ASKED &&
               event->task_help_asked->by_rule &&
               strcmp(event->task_help_asked->helper, HELPER) == 0;
    }
    switch (event->kind_case) { /* people's */
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED: return !event->task_help_finished->by_rule;
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED: return !event->task_help_asked->by_rule;
    case ROUTING__EVENT__KIND_TASK_MOVED: return !event->task_moved->by_rule;
    default: return true;
    }
}

void recount_rules_next(const struct recount *recount, struct recount_task *task,
                        const Routing__Event *event)
{
    if (!is_next(recount, task, event)) {
        invariant_broken(INVARIANT_RULED,
                         "task %" PRIu64 ": another event came than the rules ask for",
                         task->number);
    }
    bool is_end = event->kind_case == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    bool is_referred = is_end && event->task_closed_undone->referred;
    if (event->kind_case == ROUTING__EVENT__KIND_TASK_DUE_MOVED) {
        return; /* up to date before it ends */
    }
    if ((task->wants_end && !is_end) || is_referred != (task->wants_end && task->end_is_told)) {
        invariant_broken(INVARIANT_RULED,
                         "task %" PRIu64
                         " %s referred at once, as what is outside the city's duty is",
                         task->number, is_referred ? "was, and should not be," : "was not");
    }
    bool is_dropped = (is_end && strcmp(task->unit, OUTSIDE) == 0) ||
                      event->kind_case == ROUTING__EVENT__KIND_TASK_CANCELLED;
    if (is_dropped) {
        for (size_t i = 0; i < task->helper_count; i++) { /* the rules may ask it again */
            task->helper_parts -= strcmp(task->helpers[i], HELPER) == 0;
        }
    }
    task->wants_end = false;
    switch (event->kind_case) {
    case ROUTING__EVENT__KIND_TASK_HELP_ASKED:
        task->helper_parts += strcmp(event->task_help_asked->helper, HELPER) == 0;
        break;
    case ROUTING__EVENT__KIND_TASK_HELP_FINISHED:
        task->rule_helps =
            task->rule_helps && strcmp(event->task_help_finished->helper, HELPER) != 0;
        break;
    case ROUTING__EVENT__KIND_TASK_MOVED:
        task->by_rule = event->task_moved->by_rule;
        task->wants_end = task->by_rule && strcmp(task->unit, OUTSIDE) == 0;
        task->end_is_told = false;
        break;
    case ROUTING__EVENT__KIND_TASK_RETURNED:
    case ROUTING__EVENT__KIND_TASK_REOPENED: task->by_rule = false; break;
    default: task->rule_helps = task->rule_helps && !recount_has_ended(task); break;
    }
}

void recount_rules_check(const struct recount *recount)
{
    for (size_t i = 0; i < recount->task_count; i++) {
        const struct recount_task *task = &recount->tasks[i];
        if (task->wants_end) {
            invariant_broken(INVARIANT_RULED,
                             "task %" PRIu64 " is outside the city's duty and open", task->number);
        }
        if (task->wanted_helper != NULL || task->wanted_unit != NULL || task->helper_goes ||
            task->wants_back || task->wants_dates) {
            invariant_broken(INVARIANT_RULED,
                             "task %" PRIu64 ": what the rules ask for has not come", task->number);
        }
    }
}
