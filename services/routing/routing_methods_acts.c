/* What can be refused of an act on a task without the tables: texts, enums, keys of the pack. */
#include "services/routing/routing_internal.h"
#include "services/routing/routing_rules.h"

#include "text/utf8.h"

#include <inttypes.h>
#include <string.h>

static enum status check_listed(const struct city *city, const char *unit, const char *field,
                                struct error *err)
{
    enum status status = text_check_key(unit, CITY_KEY_SIZE_MAX, field, err);
    if (status == STATUS_OK && city_unit(city, unit) == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, field, "there is no unit %s", unit);
    }
    return status;
}

/* protobuf-c hands over numbers that the enum does not name. */
static enum status check_reason(const ProtobufCEnumDescriptor *type, int value, struct error *err)
{
    if (value == 0 || protobuf_c_enum_descriptor_get_value(type, value) == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "reason", "%d is no %s: one must be given",
                         value, type->short_name);
    }
    return STATUS_OK;
}

static enum status check_pictures(const Routing__ReportTaskRequest *request, struct error *err)
{
    if (request->n_pictures > ROUTING_PICTURES_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "pictures", "at most %d",
                         ROUTING_PICTURES_MAX);
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < request->n_pictures && status == STATUS_OK; i++) {
        status = text_check_key(request->pictures[i], ROUTING_PICTURE_BYTES_MAX, "pictures", err);
    }
    return status;
}

enum status routing_check_report(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__ReportTaskRequest *request = (const Routing__ReportTaskRequest *)message;
    enum status status = text_require(request->note, ROUTING_NOTE_MAX, "note", err);
    return status == STATUS_OK ? check_pictures(request, err) : status;
}

enum status routing_check_finish(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__FinishTaskRequest *request = (const Routing__FinishTaskRequest *)message;
    return text_check(request->note, ROUTING_NOTE_MAX, "note", err);
}

enum status routing_check_plan(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__PlanTaskRequest *request = (const Routing__PlanTaskRequest *)message;
    return text_check(request->note, ROUTING_NOTE_MAX, "note", err);
}

enum status routing_check_start(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__StartTaskRequest *request = (const Routing__StartTaskRequest *)message;
    return text_check(request->note, ROUTING_NOTE_MAX, "note", err);
}

enum status routing_check_resume(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__ResumeTaskRequest *request = (const Routing__ResumeTaskRequest *)message;
    return text_check(request->note, ROUTING_NOTE_MAX, "note", err);
}

enum status routing_check_return(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    const Routing__ReturnTaskRequest *request = (const Routing__ReturnTaskRequest *)message;
    enum status status = text_require(request->reason, ROUTING_NOTE_MAX, "reason", err);
    return status == STATUS_OK && request->to_unit[0] != '\0'
               ? check_listed(city, request->to_unit, "to_unit", err)
               : status;
}

enum status routing_check_pause(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__PauseTaskRequest *request = (const Routing__PauseTaskRequest *)message;
    enum status status =
        check_reason(&routing__pause_reason__descriptor, (int)request->reason, err);
    return status == STATUS_OK ? text_require(request->note, ROUTING_NOTE_MAX, "note", err)
                               : status;
}

enum status routing_check_close(const struct city *city, const struct rpc_caller *caller,
                                const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__CloseTaskRequest *request = (const Routing__CloseTaskRequest *)message;
    enum status status =
        check_reason(&routing__close_reason__descriptor, (int)request->reason, err);
    return status == STATUS_OK ? text_require(request->words, ROUTING_NOTE_MAX, "words", err)
                               : status;
}

enum status routing_check_move(const struct city *city, const struct rpc_caller *caller,
                               const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    const Routing__MoveTaskRequest *request = (const Routing__MoveTaskRequest *)message;
    enum status status = check_listed(city, request->to_unit, "to_unit", err);
    return status == STATUS_OK ? text_require(request->reason, ROUTING_NOTE_MAX, "reason", err)
                               : status;
}

enum status routing_check_reopen(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__ReopenTaskRequest *request = (const Routing__ReopenTaskRequest *)message;
    enum status status =
        check_reason(&routing__reopen_reason__descriptor, (int)request->reason, err);
    if (status == STATUS_OK && request->reason == ROUTING__REOPEN_REASON__REOPEN_REASON_AMENDED) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "reason",
                         "that comes by itself, when the request is amended");
    }
    return status == STATUS_OK ? text_require(request->note, ROUTING_NOTE_MAX, "note", err)
                               : status;
}

enum status routing_check_cancel(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__CancelTaskRequest *request = (const Routing__CancelTaskRequest *)message;
    return text_require(request->reason, ROUTING_NOTE_MAX, "reason", err);
}

enum status routing_check_ask_help(const struct city *city, const struct rpc_caller *caller,
                                   const ProtobufCMessage *message, struct error *err)
{
    (void)caller;
    const Routing__AskHelpRequest *request = (const Routing__AskHelpRequest *)message;
    enum status status = check_listed(city, request->unit, "unit", err);
    return status == STATUS_OK ? text_require(request->note, ROUTING_NOTE_MAX, "note", err)
                               : status;
}

enum status routing_check_finish_help(const struct city *city, const struct rpc_caller *caller,
                                      const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__FinishHelpRequest *request = (const Routing__FinishHelpRequest *)message;
    enum status status = text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
    return status == STATUS_OK ? text_check(request->note, ROUTING_NOTE_MAX, "note", err) : status;
}

enum status routing_check_withdraw_help(const struct city *city, const struct rpc_caller *caller,
                                        const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    const Routing__WithdrawHelpRequest *request = (const Routing__WithdrawHelpRequest *)message;
    return text_check_key(request->unit, CITY_KEY_SIZE_MAX, "unit", err);
}
