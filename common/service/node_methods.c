/*
 * The one way a method runs: checked on the transport's thread, then a command goes through the
 * writer (node_commands.c), a read to a pooled snapshot (node_reads.c).
 */
#include "service/node_internal.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

static enum status check_method(const struct method_group *group, unsigned method,
                                const struct rpc_call *call, const struct city *city,
                                struct error *err)
{
    const struct service_method *m = &group->methods[method];
    const struct rpc_caller *caller = rpc_call_caller(call);
    if (m->roles != 0 && (m->roles & ROLE_BIT(caller->role)) == 0) {
        return error_set(err, STATUS_PERMISSION_DENIED, NULL, "%s may not be called in this role",
                         m->name);
    }
    return m->check == NULL ? STATUS_OK : m->check(city, caller, rpc_call_request(call), err);
}

void node_handle(void *context, unsigned method, struct rpc_call *call)
{
    struct method_group *group = context;
    struct error err = ERROR_NONE;
    struct node_city *held = node_city_hold(group->node);
    enum status status = check_method(group, method, call, held->city, &err);
    if (status == STATUS_OK) {
        status = group->methods[method].kind == METHOD_COMMAND
                     ? node_submit_command(group, method, call, held, &err)
                     : node_begin_read(group, method, call, held->serial, &err);
    }
    node_city_release(held);
    if (status != STATUS_OK) {
        rpc_call_refuse(call, &err);
    }
}

/* The description must fit the contract: said at start, not at the first call. */
enum status method_group_init(struct method_group *group, struct node *node,
                              const ProtobufCServiceDescriptor *descriptor,
                              const struct service_method *methods, struct error *err)
{
    group->node = node;
    group->descriptor = descriptor;
    group->methods = methods;
    group->key_offsets = calloc(descriptor->n_methods + 1, sizeof *group->key_offsets);
    CHECK(group->key_offsets != NULL);
    for (unsigned i = 0; i < descriptor->n_methods; i++) {
        if (strcmp(methods[i].name, descriptor->methods[i].name) != 0) {
            return error_set(err, STATUS_INTERNAL, NULL,
                             "method %u of %s is %s in the contract and %s in the program", i,
                             descriptor->name, descriptor->methods[i].name, methods[i].name);
        }
        if (methods[i].kind != METHOD_COMMAND) {
            continue;
        }
        const ProtobufCFieldDescriptor *key =
            message_field(descriptor->methods[i].input, "idempotency_key", PROTOBUF_C_TYPE_BYTES);
        if (key == NULL) {
            return error_set(err, STATUS_INTERNAL, NULL, "command %s has no idempotency_key",
                             methods[i].name);
        }
        group->key_offsets[i] = key->offset;
    }
    return STATUS_OK;
}

void method_group_fini(struct method_group *group)
{
    free(group->key_offsets);
    group->key_offsets = NULL;
}

void position_fill(struct position_storage *storage, Common__ServiceId service,
                   const struct log_position *position)
{
    common__position__init(&storage->position);
    memcpy(storage->log_id, position->log_id, sizeof storage->log_id);
    memcpy(storage->hash, position->hash, sizeof storage->hash);
    storage->position.service = service;
    storage->position.offset = position->offset;
    storage->position.log_id = (ProtobufCBinaryData){sizeof storage->log_id, storage->log_id};
    storage->position.hash = (ProtobufCBinaryData){sizeof storage->hash, storage->hash};
}
