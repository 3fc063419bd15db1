/* Desks that share a unit's work: each open task to one of them, taken back when it goes silent. Reads
 * tables, writes nothing. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include <inttypes.h>
#include <string.h>

/* --- a desk is there, and takes tasks --- */

/* How many tasks a desk may be given. */
struct room {
    size_t wanted; /* of any kind … */
    size_t urgent; /* … and as long as they are urgent */
};

/* The first open tasks of the unit that no desk has, what is to be done first coming first: urgent ones before others. */
static enum status find_tasks(struct decide *d, const char *unit, struct room room,
                              uint64_t ret_numbers[ROUTING_DESK_HELD_MAX], size_t *ret_count)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    bool is_urgent = true;
    routing_tables_free_prefix(&prefix, unit);
    txn_scan_begin(&scan, d->txn, STORE_STATE, &prefix, NULL, false);
    while (count < room.urgent && txn_scan_next(&scan, &key, &value)) {
        uint64_t number = routing_tables_free_key_task(key, &is_urgent);
        if (!is_urgent && count >= room.wanted) {
            break;
        }
        ret_numbers[count++] = number;
    }
    txn_scan_end(&scan);
    *ret_count = count;
    return txn_error(d->txn, d->error);
}

/* The number of a new desk: the next one, or that of the desk silent for longest when the unit has as
 * many as it may. */
static enum status number_for(struct decide *d, const char *unit, uint64_t *ret_number)
{
    uint64_t numbers[ROUTING_DESKS_MAX];
    size_t count = routing_tables_desks(d->txn, unit, d->arena, numbers, ROUTING_DESKS_MAX);
    int64_t oldest_us = d->now_us;
    uint64_t number = count < ROUTING_DESKS_MAX ? routing_tables_last_desk(d->txn) + 1 : 0;
    for (size_t i = 0; number == 0 && i < count; i++) {
        const Routing__DeskRecord *desk = routing_tables_desk(d->txn, numbers[i], d->arena);
        if (desk != NULL && desk->held == 0 && desk->until_us < oldest_us) {
            oldest_us = desk->until_us;
            *ret_number = numbers[i];
        }
    }
    if (number == 0 && oldest_us == d->now_us) {
        enum status status = txn_error(d->txn, d->error);
        return status != STATUS_OK
                   ? status
                   : decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, "desk",
                                   "%s has %d desks already, and none of them is silent", unit,
                                   ROUTING_DESKS_MAX);
    }
    if (number != 0) {
        *ret_number = number;
    }
    return STATUS_OK;
}

static enum status emit_claimed(struct decide *d, const Routing__ClaimTasksRequest *request,
                                uint64_t desk_number, uint64_t *numbers, size_t count)
{
    Routing__DeskClaimed claimed = ROUTING__DESK_CLAIMED__INIT;
    claimed.unit = request->unit;
    claimed.desk = request->desk;
    claimed.task_numbers = numbers;
    claimed.n_task_numbers = count;
    claimed.lease_us = ROUTING_DESK_LEASE_US;
    claimed.desk_number = desk_number;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_DESK_CLAIMED;
    event.desk_claimed = arena_copy(d->arena, &claimed, sizeof(claimed));
    const struct event_options options = {.ignorable = true};
    return routing_emit(d, &event, event.desk_claimed, &options);
}

enum status routing_decide_claim(struct decide *d, const ProtobufCMessage *message,
                                 ProtobufCMessage *answer)
{
    const Routing__ClaimTasksRequest *request = (const Routing__ClaimTasksRequest *)message;
    Routing__ClaimTasksResponse *response = (Routing__ClaimTasksResponse *)answer;
    uint64_t number = routing_tables_desk_number(d->txn, request->unit, request->desk, d->arena);
    const Routing__DeskRecord *desk = routing_tables_desk(d->txn, number, d->arena);
    uint32_t held = desk != NULL ? desk->held : 0;
    struct room room = {
        .wanted = held < ROUTING_DESK_TASKS_MAX ? ROUTING_DESK_TASKS_MAX - held : 0,
        .urgent = held < ROUTING_DESK_HELD_MAX ? ROUTING_DESK_HELD_MAX - held : 0,
    };
    uint64_t *numbers = arena_alloc(d->arena, ROUTING_DESK_HELD_MAX * sizeof(*numbers));
    size_t count = 0;
    if (numbers == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL, "the request is too large");
    }
    room.wanted = request->tasks_max < room.wanted ? request->tasks_max : room.wanted;
    enum status status = find_tasks(d, request->unit, room, numbers, &count);
    if (status == STATUS_OK && desk == NULL) {
        status = number_for(d, request->unit, &number);
    }
    /* Whoever asks every minute need not fill the log: half a lease is enough. */
    bool is_fresh =
        desk != NULL && count == 0 && desk->until_us > us_add(d->now_us, ROUTING_DESK_LEASE_US / 2);
    if (status == STATUS_OK && !is_fresh) {
        status = emit_claimed(d, request, number, numbers, count);
    }
    if (status == STATUS_OK) {
        response->claimed = numbers;
        response->n_claimed = count;
        response->held = held + (uint32_t)count;
        response->until_us = is_fresh ? desk->until_us : us_add(d->now_us, ROUTING_DESK_LEASE_US);
    }
    return status;
}

/* --- a desk is silent --- */

enum status routing_decide_silent(struct decide *d, uint64_t desk_number)
{
    Routing__DeskRecord *desk = routing_tables_desk(d->txn, desk_number, d->arena);
    if (desk == NULL) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "a timer is about desk %" PRIu64 ", which is missing", desk_number);
    }
    Routing__DeskSilent silent = ROUTING__DESK_SILENT__INIT;
    silent.unit = desk->unit;
    silent.desk = desk->name;
    silent.desk_number = desk_number;

    Routing__Event event = ROUTING__EVENT__INIT;
    event.kind_case = ROUTING__EVENT__KIND_DESK_SILENT;
    event.desk_silent = arena_copy(d->arena, &silent, sizeof(silent));
    const struct event_options options = {.occurred_at_us = desk->until_us, .ignorable = true};
    enum status status = routing_emit(d, &event, event.desk_silent, &options);
    return status == STATUS_OK ? routing_decide_alarms_of_silent(d, desk_number, desk->unit)
                               : status;
}

/* --- another desk's task --- */

enum status routing_check_desk(struct decide *d, const Routing__Task *task)
{
    bool own = task->desk[0] == '\0' || strcmp(task->desk, d->caller->name) == 0;
    if (own || strcmp(d->caller->unit, task->unit) != 0 ||
        routing_tables_desk_number(d->txn, task->unit, d->caller->name, d->arena) == 0) {
        return STATUS_OK; /* or somebody of the unit who is no desk */
    }
    return decide_refuse(d, STATUS_FAILED_PRECONDITION, "task_number",
                         "task %" PRIu64 " is with desk %s", task->number, task->desk);
}
