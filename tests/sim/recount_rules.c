/* Where Isfahan's pack sends what people call about here, written down once more without the pack. */
#include "tests/sim/recount_internal.h"

#include "base/clock.h"
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

static bool is_answered(const Routing__TaskRouted *routed, const char *question, const char *value)
{
    for (size_t i = 0; i < routed->n_answers; i++) {
        const Common__Answer *answer = routed->answers[i];
        if (strcmp(answer->question, question) == 0 && strcmp(answer->values[0], value) == 0) {
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

/* The other pack begins with a rule for all that lies there (recount_pack.c). */
static bool is_other_packs(const struct recount *recount, const Routing__TaskRouted *routed)
{
    return recount_pack(recount, COMMON__SERVICE_ID__SERVICE_ID_ROUTING) != 0 &&
           routed->place != NULL && strcmp(routed->place->area, WORLD_OTHER_AREA) == 0;
}

static void expect_unit(const Routing__TaskRouted *routed, char ret_unit[64])
{
    const char *area = routed->place == NULL ? "" : routed->place->area;
    ret_unit[0] = '\0';
    for (size_t i = 0; i < sizeof desks / sizeof desks[0]; i++) {
        if (strcmp(desks[i].topic, routed->topic) != 0) {
            continue;
        }
        if (strcmp(routed->topic, "lost-property") == 0) {
            (void)snprintf(ret_unit, 64, "bus-company");
        } else if (strcmp(routed->topic, "pruning") == 0 &&
                   is_answered(routed, "touches", "wire")) {
            (void)snprintf(ret_unit, 64, OUTSIDE);
        } else if (area[0] == '\0') {
            (void)snprintf(ret_unit, 64, "%s", desks[i].of_city);
        } else {
            (void)snprintf(ret_unit, 64, "district-%s-%s", area, desks[i].of_district);
        }
    }
}

void recount_rules_routed(const struct recount *recount, struct recount_task *task,
                          const Routing__TaskRouted *routed)
{
    char unit[64];
    if (routed->rule_line == 0 || is_other_packs(recount, routed)) {
        return; /* the history's own, or seen to there */
    }
    expect_unit(routed, unit);
    if (strcmp(unit, routed->unit) != 0) {
        invariant_broken(INVARIANT_RULED,
                         "task %" PRIu64 " about %s went to %s by line %u, and belongs to %s",
                         routed->task_number, routed->topic, routed->unit, routed->rule_line, unit);
    }
    task->wants_referral = !task->historical && strcmp(unit, OUTSIDE) == 0;
    if (!task->historical && strcmp(routed->topic, "manhole") == 0 &&
        is_answered(routed, "state", "missing") && is_night(routed->registered_at_us)) {
        task->wanted_helper = "fire-organisation";
    }
}

void recount_rules_next(struct recount_task *task, const Routing__Event *event)
{
    const char *wanted = task->wanted_helper;
    bool is_asked = event->kind_case == ROUTING__EVENT__KIND_TASK_HELP_ASKED && wanted != NULL &&
                    strcmp(event->task_help_asked->helper, wanted) == 0;
    if (wanted != NULL && !is_asked) {
        invariant_broken(INVARIANT_RULED, "%s was not asked to help with task %" PRIu64, wanted,
                         task->number);
    }
    task->wanted_helper = NULL;
    bool is_referred = event->kind_case == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE &&
                       event->task_closed_undone->referred;
    if (task->wants_referral != is_referred) {
        invariant_broken(INVARIANT_RULED,
                         "task %" PRIu64
                         " %s referred at once, as what is outside the city's duty is",
                         task->number, is_referred ? "was, and should not be," : "was not");
    }
    task->wants_referral = false;
}

void recount_rules_check(const struct recount *recount)
{
    for (size_t i = 0; i < recount->task_count; i++) {
        if (recount->tasks[i].wants_referral) {
            invariant_broken(INVARIANT_RULED,
                             "task %" PRIu64 " is outside the city's duty and open",
                             recount->tasks[i].number);
        }
        if (recount->tasks[i].wanted_helper != NULL) {
            invariant_broken(INVARIANT_RULED, "%s was not asked to help with task %" PRIu64,
                             recount->tasks[i].wanted_helper, recount->tasks[i].number);
        }
    }
}
