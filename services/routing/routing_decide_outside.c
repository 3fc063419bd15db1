/* What is no body of the city's: it gets no work here, since nobody of it would see it. A request that the rules send there ends at
 * once, referred. Reads tables, writes nothing. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include "base/bytes.h"
#include "base/plant.h"

#include <string.h>

enum status routing_decide_refuse_outside(struct decide *d, const char *field, const char *unit)
{
    return city_unit_is_outside(d->city, unit)
               ? decide_refuse(d, STATUS_FAILED_PRECONDITION, field,
                               "%s is no body of the city, and nobody of it would see this: tell "
                               "the citizen whose it is; what is the city's after all is amended, "
                               "or registered anew",
                               unit)
               : STATUS_OK;
}

/* Whose it is, in the city's language; NULL: no memory. */
static char *whose(struct decide *d, const struct city_unit *unit)
{
    struct buffer words = BUFFER_EMPTY;
    bool is_persian = strcmp(city_language(d->city), "fa") == 0;
    buffer_append_text(&words, is_persian ? unit->name_fa : unit->name_en);
    if (unit->phone[0] != '\0') {
        buffer_append_text(&words, is_persian ? "، تلفن " : ", phone ");
        buffer_append_text(&words, unit->phone);
    }
    char *copy = arena_copy_text(d->arena, buffer_text(&words));
    buffer_fini(&words);
    return copy;
}

enum status routing_decide_refer(struct decide *d, Routing__Task *task, bool is_told,
                                 const struct event_options *options)
{
    int64_t at_us = options->occurred_at_us == 0 ? d->now_us : options->occurred_at_us;
    const struct city_unit *unit = city_unit(d->city, task->unit);
    Routing__TaskClosedUndone closed = ROUTING__TASK_CLOSED_UNDONE__INIT;
    if (PLANTED("outside_stays_open")) {
        return STATUS_OK;
    }
    closed.task_number = task->number;
    closed.case_number = task->case_number;
    closed.code = task->code;
    closed.topic = task->topic;
    closed.unit = task->unit;
    closed.reason = ROUTING__CLOSE_REASON__CLOSE_REASON_OUTSIDE_DUTY;
    closed.words = whose(d, unit);
    closed.citizen = is_told ? 0 : task->citizen;
    closed.urgency = task->urgency;
    closed.finish = task->finishes + 1;
    closed.referred = is_told;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE;
    event.task_closed_undone = arena_copy(d->arena, &closed, sizeof(closed));
    enum status status = closed.words == NULL ? STATUS_RESOURCE_EXHAUSTED : STATUS_OK;
    if (status != STATUS_OK) {
        return decide_refuse(d, status, NULL, "the request is too large");
    }
    status = routing_decide_before(d, task, &event, at_us);
    if (status == STATUS_OK) {
        status = routing_emit(d, &event, event.task_closed_undone, options);
    }
    return status == STATUS_OK ? routing_decide_followed(d, task, &event, options) : status;
}
