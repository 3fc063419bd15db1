/* FollowTasks and AcknowledgeTasks: an office reads what became of its tasks, in order, from where it got to. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include "text/utf8.h"

#include <inttypes.h>
#include <string.h>

static enum status check_unit(const struct rpc_caller *caller, const char *unit, struct error *err)
{
    enum status status = text_check_key(unit, CITY_KEY_SIZE_MAX, "unit", err);
    return status != STATUS_OK ? status : routing_rules_check_unit(caller, unit, err);
}

static bool is_every_unit(const char *unit)
{
    return strcmp(unit, ROUTING_EVERY_UNIT) == 0;
}

/* --- FollowTasks --- */

enum status routing_check_follow(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    const Routing__FollowTasksRequest *request = (const Routing__FollowTasksRequest *)message;
    if (is_every_unit(request->unit) && !routing_rules_sees_every_unit(caller)) {
        return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                         "only the import and admin roles follow every unit");
    }
    enum status status = check_unit(caller, request->unit, err);
    if (status == STATUS_OK) {
        status =
            routing_check_at_most(request->changes_max, ROUTING_CHANGES_MAX, "changes_max", err);
    }
    if (status == STATUS_OK) {
        status = routing_check_at_most(request->wait_ms, ROUTING_WAIT_MS_MAX, "wait_ms", err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->reader, ROUTING_READER_MAX, "reader", err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->desk, ROUTING_DESK_MAX, "desk", err);
    }
    return status;
}

/* An answer of FollowTasks while it grows. */
struct follow {
    struct read *r;
    const char *unit;
    const char *desk; /* "": every change */
    size_t changes_max;
    size_t bytes_read; /* skipped events count: they, too, cost time and memory */
    Routing__FollowTasksResponse *response;
};

static bool is_full(const struct follow *follow)
{
    return follow->response->n_changes == follow->changes_max ||
           follow->bytes_read >= ROUTING_ANSWER_BYTES_MAX;
}

/* What a unit is shown of a task: all of it while it has it or helps with it; afterwards only that,
 * and where, it went. NULL: no memory. */
static Routing__Task *visible_task(const struct follow *follow, Routing__Task *task)
{
    if (strcmp(task->unit, follow->unit) == 0 ||
        routing_rules_open_help(task, follow->unit) != NULL ||
        routing_rules_went_up_to(task, follow->unit) ||
        routing_rules_sees_every_unit(follow->r->caller)) {
        return task;
    }
    Routing__Task *left = arena_alloc(follow->r->arena, sizeof(*left));
    if (left != NULL) {
        routing__task__init(left);
        left->number = task->number;
        left->case_number = task->case_number;
        left->code = task->code;
        left->topic = task->topic;
        left->unit = task->unit;
    }
    return left;
}

/* The event as it is told; what was said with it is not for whoever has the task no more. */
static enum status append_change(struct follow *follow, uint64_t sequence, Routing__ChangeKind kind,
                                 int64_t at_us, const Routing__Event *event, Routing__Task *task)
{
    Routing__FollowTasksResponse *response = follow->response;
    struct arena *arena = follow->r->arena;
    if (response->changes == NULL) {
        response->changes = arena_alloc(arena, follow->changes_max * sizeof(*response->changes));
    }
    Routing__TaskChange *change = arena_alloc(arena, sizeof(*change));
    Routing__Task *visible = visible_task(follow, task);
    if (response->changes == NULL || change == NULL || visible == NULL) {
        return routing_refuse_too_large(follow->r);
    }
    routing__task_change__init(change);
    change->sequence = sequence;
    change->kind = kind;
    change->at_us = at_us;
    change->task = visible;
    if (visible == task) {
        change->note = (char *)(uintptr_t)routing_rules_change_note(event);
        change->other_code = (char *)(uintptr_t)routing_rules_change_code(event);
    }
    response->changes[response->n_changes++] = change;
    follow->bytes_read += protobuf_c_message_get_packed_size(&task->base) + strlen(change->note);
    return STATUS_OK;
}

/* Desks of other units, which help with it or to which it went up, are told whichever has it there. */
static bool is_another_desks(const struct follow *follow, const Routing__Task *task)
{
    return follow->desk[0] != '\0' && task->desk[0] != '\0' &&
           strcmp(task->unit, follow->unit) == 0 && strcmp(follow->desk, task->desk) != 0;
}

/* An event of the own log becomes a change, unless offices are not told of its kind. */
static enum status take_event(struct follow *follow, uint64_t offset, struct bytes packed)
{
    struct read *r = follow->r;
    follow->response->next = offset;
    follow->bytes_read += packed.size;
    const Common__EventRecord *record = (const Common__EventRecord *)table_unpack(
        r->txn, packed, &common__event_record__descriptor, r->arena);
    if (record == NULL) {
        return txn_error(r->txn, r->error);
    }
    Routing__ChangeKind kind = routing_rules_change_kind(record->kind);
    if (kind == ROUTING__CHANGE_KIND__CHANGE_KIND_UNSPECIFIED) {
        return STATUS_OK;
    }
    const Routing__Event *event =
        (const Routing__Event *)table_unpack(r->txn, bytes_of(record->open.data, record->open.len),
                                             &routing__event__descriptor, r->arena);
    if (event == NULL) {
        return txn_error(r->txn, r->error);
    }
    uint64_t number = routing_rules_task_of(event);
    if (number == 0) {
        return STATUS_OK; /* a request that could not be joined: no task of anybody changed */
    }
    Routing__Task *task;
    enum status status = routing_read_task(r, number, &task);
    if (status != STATUS_OK) {
        return status;
    }
    return is_another_desks(follow, task)
               ? STATUS_OK
               : append_change(follow, offset, kind, record->occurred_at_us, event, task);
}

static enum status take_offset(struct follow *follow, uint64_t offset)
{
    struct bytes packed;
    if (!log_get(follow->r->txn, offset, &packed, NULL)) {
        return read_refuse(follow->r, STATUS_DATA_LOSS, NULL, "the log has no event %" PRIu64,
                           offset);
    }
    return take_event(follow, offset, packed);
}

static enum status follow_one_unit(struct follow *follow, uint64_t after)
{
    struct key prefix, from;
    struct txn_scan scan;
    struct bytes key, value;
    enum status status = STATUS_OK;
    routing_tables_feed_prefix(&prefix, follow->unit);
    routing_tables_feed_key(&from, follow->unit, after + 1);
    txn_scan_begin(&scan, follow->r->txn, STORE_STATE, &prefix, &from, false);
    while (status == STATUS_OK && !is_full(follow) && txn_scan_next(&scan, &key, &value)) {
        status = take_offset(follow, routing_tables_feed_key_offset(key));
    }
    txn_scan_end(&scan);
    return status;
}

static enum status follow_every_unit(struct follow *follow, uint64_t after)
{
    struct log_scan scan;
    uint64_t offset;
    struct bytes packed;
    enum status status = STATUS_OK;
    log_scan_begin(&scan, follow->r->txn, after + 1);
    while (status == STATUS_OK && !is_full(follow) && log_scan_next(&scan, &offset, &packed)) {
        status = take_event(follow, offset, packed);
    }
    log_scan_end(&scan);
    return status;
}

/* The reader as parking knows it: a unit's key has no line break, so no two pairs share a name. */
static enum status wait_for_change(struct read *r, const Routing__FollowTasksRequest *request)
{
    const char *reader = "";
    if (request->reader[0] != '\0') {
        reader = arena_format(r->arena, "%s\n%s", request->unit, request->reader);
        if (reader == NULL) {
            return routing_refuse_too_large(r);
        }
    }
    return read_park(r, service_signal_key(request->unit), request->wait_ms, reader);
}

/* Where this answer begins. An office that remembers more than we have followed a store that has
 * since been replaced by an older copy. */
static enum status find_start(struct read *r, const Routing__FollowTasksRequest *request,
                              uint64_t acknowledged, uint64_t *ret_after)
{
    struct log_position head;
    log_head(r->txn, &head);
    uint64_t after = request->after != 0 ? request->after : acknowledged;
    if (after > head.offset) {
        return read_refuse(r, STATUS_DATA_LOSS, "after",
                           "the log ends at %" PRIu64 ": either this is no place in it, or it was "
                           "restored from an older copy",
                           head.offset);
    }
    *ret_after = after;
    return STATUS_OK;
}

enum status routing_read_follow(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    const Routing__FollowTasksRequest *request = (const Routing__FollowTasksRequest *)message;
    Routing__FollowTasksResponse *response = (Routing__FollowTasksResponse *)answer;
    bool every = is_every_unit(request->unit);
    if (request->after == 0 && !every && !r->sees_all) {
        return read_wait_to_see(r); /* what the unit acknowledged just before decides */
    }
    enum status status = every ? STATUS_OK : routing_require_unit(r, request->unit);
    uint64_t after = 0;
    if (status == STATUS_OK && !every) {
        response->acknowledged = routing_tables_acknowledged(r->txn, request->unit, r->arena);
    }
    if (status == STATUS_OK) {
        status = find_start(r, request, response->acknowledged, &after);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct follow follow = {
        .r = r,
        .unit = request->unit,
        .desk = request->desk,
        .changes_max = request->changes_max != 0 ? request->changes_max : ROUTING_CHANGES_DEFAULT,
        .response = response,
    };
    response->next = after;
    status = every ? follow_every_unit(&follow, after) : follow_one_unit(&follow, after);
    if (status == STATUS_OK && response->n_changes == 0 && !is_full(&follow) && !r->last &&
        request->wait_ms > 0) {
        return wait_for_change(r, request);
    }
    return status;
}

/* --- AcknowledgeTasks --- */

enum status routing_check_acknowledge(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    const Routing__AcknowledgeTasksRequest *request =
        (const Routing__AcknowledgeTasksRequest *)message;
    if (is_every_unit(request->unit)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "unit",
                         "who follows every unit keeps the place themselves");
    }
    if (request->sequence == 0) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "sequence", "sequences begin at 1");
    }
    return check_unit(caller, request->unit, err);
}

bool routing_follow_is_unhurried(const ProtobufCMessage *message)
{
    const Routing__FollowTasksRequest *request = (const Routing__FollowTasksRequest *)message;
    return request->wait_ms > 0 && request->after > 0;
}
