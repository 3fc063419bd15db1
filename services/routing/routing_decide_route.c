/* A request becomes a task: of the unit that the rules name, or of that of a history; and who is asked to help. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_storms.h"
#include "services/routing/routing_tables.h"

#include "base/plant.h"
#include "service/city_request.h"

#include <string.h>

/* Where the task goes. A history's unit is kept as it came, known to the pack or not. */
static enum status choose_unit(struct decide *d, const Intake__RequestRegistered *request,
                               bool historical, Routing__TaskRouted *routed,
                               struct city_route *ret_route)
{
    struct city_route route;
    struct city_request asked = city_request_of(
        request->topic, request->place, request->urgency, request->answers,
        PLANTED("answers_not_ruled") ? 0 : request->n_answers, routed->registered_at_us);
    city_route(d->city, &asked, &route);
    bool named = request->unit[0] != '\0';
    routed->unit = named ? request->unit
                         : (char *)(uintptr_t)city_unit_in_charge(d->city, route.unit, d->now_us);
    routed->unit_listed = city_unit(d->city, routed->unit) != NULL;
    routed->rule_line = named ? 0 : (uint32_t)route.rule_line;
    *ret_route = route;
    ret_route->unit = routed->unit;
    if (historical) {
        routed->due_at_us = request->due_at_us;
        return STATUS_OK;
    }
    struct routing_looseness looseness;
    routed->storm = request->storm;
    enum status status = routing_decide_looseness(
        d, request->storm, routing_clock_is_urgent(d->city, request->topic, request->urgency),
        &looseness);
    if (looseness.due_percent > 100 || looseness.respond_percent > 100) {
        routed->due_percent = looseness.due_percent;
        routed->respond_percent = looseness.respond_percent;
    }
    return status == STATUS_OK ? routing_decide_dates(d, &route, looseness, routed) : status;
}

/* Whoever was asked before is not asked again, since the lead may have its reasons; but for those whom only the rules
 * had withdrawn. */
static bool was_asked(struct decide *d, const Routing__Task *task, const struct city_route *route,
                      size_t before, const char *unit)
{
    for (size_t i = 0; i < before; i++) { /* two may have one stand-in */
        if (strcmp(city_unit_in_charge(d->city, route->helpers[i], d->now_us), unit) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < task->n_helps; i++) {
        if (strcmp(task->helps[i]->unit, unit) == 0 && !task->helps[i]->withdrawn_by_rule) {
            return true;
        }
    }
    return false;
}

enum status routing_decide_helpers(struct decide *d, const Routing__Task *task,
                                   const struct city_route *route)
{
    const struct event_options options = {.ignorable = true};
    size_t room =
        ROUTING_HELPS_MAX - (task->n_helps < ROUTING_HELPS_MAX ? task->n_helps : ROUTING_HELPS_MAX);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < route->helper_count && room > 0 && status == STATUS_OK; i++) {
        const char *helper = city_unit_in_charge(d->city, route->helpers[i], d->now_us);
        if (strcmp(helper, route->unit) == 0 || was_asked(d, task, route, i, helper)) {
            continue;
        }
        Routing__TaskHelpAsked asked = ROUTING__TASK_HELP_ASKED__INIT;
        asked.task_number = task->number;
        asked.case_number = task->case_number;
        asked.unit = (char *)(uintptr_t)route->unit;
        asked.helper = (char *)(uintptr_t)helper;
        asked.note = (char *)(uintptr_t)route->helpers_note;
        asked.by_rule = true;

        Routing__Event event = ROUTING__EVENT__INIT;
        event.kind_case = ROUTING__EVENT__KIND_TASK_HELP_ASKED;
        event.task_help_asked = arena_copy(d->arena, &asked, sizeof(asked));
        status = routing_emit(d, &event, event.task_help_asked, &options);
        room--;
    }
    return status;
}

enum status routing_decide_route(struct decide *d, const Intake__RequestRegistered *request,
                                 const struct routing_telling *telling)
{
    bool historical = telling->historical;
    int64_t occurred_at_us = telling->occurred_at_us;
    Routing__TaskRouted routed = ROUTING__TASK_ROUTED__INIT;
    routed.task_number = routing_tables_last_task(d->txn) + 1;
    routed.case_number = request->number;
    routed.code = request->code;
    routed.topic = request->topic;
    routed.place = request->place;
    routed.urgency = request->urgency;
    routed.channel = request->channel;
    routed.registered_at_us = occurred_at_us;
    routed.source = request->source;
    routed.external_id = request->external_id;
    routed.citizen = request->can_be_called ? request->citizen : 0;
    routed.n_answers = request->n_answers;
    routed.answers = request->answers;
    routed.chases = routing_tables_case_chases(d->txn, request->number, d->arena);
    struct city_route route;
    enum status status = choose_unit(d, request, historical, &routed, &route);
    if (status != STATUS_OK) {
        return status;
    }
    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_ROUTED;
    event.task_routed = arena_copy(d->arena, &routed, sizeof(routed));
    const struct event_options options = {
        .occurred_at_us = historical ? occurred_at_us : 0,
        .historical = historical,
    };
    status = routing_emit(d, &event, event.task_routed, &options);
    Routing__Task task = routing_rules_new_task(&routed, d->now_us, historical);
    if (status == STATUS_OK && !historical && city_unit_is_outside(d->city, routed.unit)) {
        return routing_decide_refer(d, &task, telling->was_told, &options);
    }
    if (status == STATUS_OK) {
        status = routing_decide_alarm(d, &task, telling->alarm_us);
    }
    bool is_ruled = !historical && request->unit[0] == '\0'; /* else nobody is to be woken */
    return status == STATUS_OK && is_ruled ? routing_decide_helpers(d, &task, &route) : status;
}
