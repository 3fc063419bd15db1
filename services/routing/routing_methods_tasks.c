/* GetTask, and what several methods check and read. */
#include "services/routing/routing_incident.h"
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"
#include "services/routing/routing_tables.h"

#include <inttypes.h>

/* --- parts of several methods --- */

enum status routing_check_at_most(uint32_t value, uint32_t max, const char *field,
                                  struct error *err)
{
    if (value > max) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "at most %" PRIu32, max);
    }
    return STATUS_OK;
}

/* A unit the pack does not know is one once a history has named it. Refused otherwise, lest an
 * office with a mistyped key wait in silence for ever. */
enum status routing_require_unit(struct read *r, const char *unit)
{
    if (city_unit(r->city, unit) != NULL || routing_tables_feed_last(r->txn, unit) != 0) {
        return STATUS_OK;
    }
    return read_refuse(r, STATUS_NOT_FOUND, "unit", "there is no unit %s", unit);
}

/* The first codes of those joined to it: the task itself only counts them. */
static void tell_joined(struct read *r, Routing__Task *task)
{
    Routing__JoinedCase **cases;
    size_t count = 0;
    if (routing_rules_joined(task) > 0) {
        count = routing_incident_list(r->txn, task->number, 0, r->arena, &cases);
    }
    count = count < ROUTING_JOINED_CODES_MAX ? count : ROUTING_JOINED_CODES_MAX;
    task->joined_codes =
        count == 0 ? NULL : arena_alloc(r->arena, count * sizeof(*task->joined_codes));
    for (size_t i = 0; task->joined_codes != NULL && i < count; i++) {
        task->joined_codes[i] = cases[i]->code;
        task->n_joined_codes++;
    }
}

enum status routing_read_task(struct read *r, uint64_t number, Routing__Task **ret_task)
{
    Routing__Task *task = routing_tables_task(r->txn, number, r->arena);
    if (task == NULL) {
        enum status status = txn_error(r->txn, r->error);
        return status != STATUS_OK ? status
                                   : read_refuse(r, STATUS_NOT_FOUND, "task_number",
                                                 "there is no task %" PRIu64, number);
    }
    tell_joined(r, task);
    *ret_task = task;
    return STATUS_OK;
}

enum status routing_refuse_too_large(struct read *r)
{
    return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL, "the answer is too large");
}

/* --- GetTask --- */

enum status routing_check_get(const struct city *city, const struct rpc_caller *caller,
                              const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__GetTaskRequest *request = (const Routing__GetTaskRequest *)message;
    if ((request->task_number == 0) == (request->case_number == 0)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "task_number",
                         "give a task's number or a case's, one of the two");
    }
    return STATUS_OK;
}

enum status routing_read_get(struct read *r, const ProtobufCMessage *message,
                             ProtobufCMessage *answer)
{
    const Routing__GetTaskRequest *request = (const Routing__GetTaskRequest *)message;
    Routing__GetTaskResponse *response = (Routing__GetTaskResponse *)answer;
    uint64_t number = request->task_number;
    if (number == 0) {
        number = routing_tables_task_of_case(r->txn, request->case_number, r->arena);
        if (number == 0) {
            return read_refuse(r, STATUS_NOT_FOUND, "case_number",
                               "no task is known of case %" PRIu64, request->case_number);
        }
    }
    Routing__Task *task;
    enum status status = routing_read_task(r, number, &task);
    if (status == STATUS_OK) {
        status = routing_rules_check_look(r->caller, task, r->city, r->error);
    }
    if (status == STATUS_OK) {
        status = routing_read_shares(r, task);
    }
    if (status == STATUS_OK) {
        response->task = task;
    }
    return status;
}
