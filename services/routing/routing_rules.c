/* Due dates, and who may look at what or say when something happened. The life of a task is in
 * routing_rules_life.c, what events do to it in routing_rules_events.c. */
#include "services/routing/routing_rules.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

bool routing_rules_is_watched(int64_t due_at_us, bool historical, int64_t recorded_at_us)
{
    return due_at_us != 0 && (!historical || due_at_us > recorded_at_us);
}

/* --- who may --- */

bool routing_rules_sees_every_unit(const struct rpc_caller *caller)
{
    return caller->role == RPC_ROLE_IMPORT || caller->role == RPC_ROLE_ADMIN;
}

enum status routing_rules_check_unit(const struct rpc_caller *caller, const char *unit,
                                     struct error *err)
{
    bool unbound = caller->unit[0] == '\0';
    if (routing_rules_sees_every_unit(caller) || strcmp(caller->unit, unit) == 0 ||
        (unbound && caller->role != RPC_ROLE_OFFICE)) {
        return STATUS_OK;
    }
    if (unbound) {
        return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                         "an office says which unit it speaks for");
    }
    return error_set(err, STATUS_PERMISSION_DENIED, "unit",
                     "this is another unit's: you speak for %s", caller->unit);
}

enum status routing_rules_check_occurred(const Routing__Task *task, const struct rpc_caller *caller,
                                         int64_t occurred_at_us, int64_t now_us, struct error *err)
{
    static const char field[] = "occurred_at_us";
    if (occurred_at_us == 0) {
        return STATUS_OK;
    }
    if (caller->role != RPC_ROLE_IMPORT) {
        return error_set(err, STATUS_PERMISSION_DENIED, field,
                         "only the import of a history may say when something happened");
    }
    if (!task->historical) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field,
                         "task %" PRIu64 " is not of a history: it happens now", task->number);
    }
    if (occurred_at_us < task->registered_at_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field,
                         "this is before the request of task %" PRIu64 " was made", task->number);
    }
    if (occurred_at_us > now_us) {
        return error_set(err, STATUS_INVALID_ARGUMENT, field, "this is in the future");
    }
    return STATUS_OK;
}
