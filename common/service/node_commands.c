/*
 * Commands: prepared on the thread they came on, decided and applied by the writer, answered once
 * they are durable.
 */
#include "service/node_internal.h"

#include <string.h>

struct command_op {
    struct writer_op op;
    struct method_group *group;
    unsigned method;
    struct rpc_call *call;
    uint64_t checked; /* serial of the pack */
    struct engine_command command;
    struct buffer response;
};

/* Another pack has come into force since: what was prepared with the one before is of no use. */
static enum status check_again(struct command_op *op, struct store_txn *txn, struct error *err)
{
    const struct service_method *method = op->command.method;
    uint64_t serial;
    const struct city *city = engine_city(op->group->node->engine, txn, &serial);
    if (serial == op->checked) {
        return STATUS_OK;
    }
    op->command.prepared = NULL;
    return method->check == NULL
               ? STATUS_OK
               : method->check(city, op->command.caller, op->command.request, err);
}

static enum status run_command(struct writer_op *writer_op, struct store_txn *txn,
                               struct error *err)
{
    struct command_op *op =
        (struct command_op *)((char *)writer_op - offsetof(struct command_op, op));
    if (rpc_call_gone(op->call)) {
        return error_set(err, STATUS_DEADLINE_EXCEEDED, NULL,
                         "the caller has gone before the work was begun");
    }
    enum status status = check_again(op, txn, err);
    return status == STATUS_OK ? engine_run_command(op->group->node->engine, txn, &op->command, err)
                               : status;
}

/* What must not be kept with the key is added to the answer from the committed state. */
static enum status complete_answer(struct command_op *op, ProtobufCMessage **ret_response,
                                   struct store_txn **ret_txn, struct node_city **ret_held,
                                   struct error *err)
{
    struct node *node = op->group->node;
    struct store_txn *txn;
    enum status status = message_unpack(op->command.response_type, buffer_bytes(&op->response),
                                        MESSAGE_UNKNOWN_KEEP, op->command.arena, ret_response, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_read_begin(node->store, &txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct read_wait wait = {.node = node, .call = op->call};
    struct node_city *held = node_city_hold(node);
    struct read r = {
        .txn = txn,
        .city = held->city,
        .keyring = node->keyring,
        .memory = held->memory,
        .arena = op->command.arena,
        .caller = op->command.caller,
        .error = err,
        .now_us = clock_wall_us(node->clock),
        .last = true,
        .sees_all = true,
        .wait = &wait,
    };
    status = op->command.method->read(&r, op->command.request, *ret_response);
    if (txn_error(txn, NULL) != STATUS_OK) {
        status = txn_error(txn, err); /* outweighs the refusal it may have led to */
    }
    if (status == STATUS_OK) {
        *ret_txn = txn;
        *ret_held = held;
    } else {
        store_read_end(txn);
        node_city_release(held);
    }
    return status;
}

static void command_ended(struct writer_op *writer_op)
{
    struct command_op *op =
        (struct command_op *)((char *)writer_op - offsetof(struct command_op, op));
    struct buffer response = op->response; /* the operation lives in the call and goes with it */
    struct position_storage storage;
    struct error err;
    if (op->op.error.status != STATUS_OK) {
        rpc_call_refuse(op->call, &op->op.error);
    } else {
        position_fill(&storage, op->group->node->def->id, &op->command.position);
        if (op->command.method->read == NULL) {
            rpc_call_answer_bytes(op->call, buffer_bytes(&response), &storage.position);
        } else {
            ProtobufCMessage *message;
            struct store_txn *txn;
            struct node_city *held;
            if (complete_answer(op, &message, &txn, &held, &err) == STATUS_OK) {
                rpc_call_answer(op->call, message, &storage.position);
                store_read_end(txn);
                node_city_release(held);
            } else {
                rpc_call_refuse(op->call, &err);
            }
        }
    }
    buffer_fini(&response);
}

/* A failure here is none of the command's: decide does without, or meets it too. */
static const void *prepare_command(struct node *node, const struct service_method *method,
                                   struct rpc_call *call, const struct city *city)
{
    struct store_txn *txn;
    if (method->prepare == NULL || store_read_begin(node->store, &txn, NULL) != STATUS_OK) {
        return NULL;
    }
    struct prepare p = {
        .txn = txn,
        .city = city,
        .keyring = node->keyring,
        .arena = rpc_call_arena(call),
        .random = node->random,
    };
    const void *prepared = method->prepare(&p, rpc_call_request(call));
    bool good = txn_error(txn, NULL) == STATUS_OK;
    store_read_end(txn);
    return good ? prepared : NULL;
}

enum status node_submit_command(struct method_group *group, unsigned method, struct rpc_call *call,
                                const struct node_city *checked, struct error *err)
{
    struct node *node = group->node;
    const ProtobufCMessage *request = rpc_call_request(call);
    ProtobufCBinaryData key;
    memcpy(&key, (const uint8_t *)request + group->key_offsets[method], sizeof key);
    if (key.len != IDEMPOTENCY_KEY_BYTES) {
        return error_set(
            err, STATUS_INVALID_ARGUMENT, "idempotency_key",
            "it has %zu bytes instead of %d: give a UUIDv7, and the same one when you try again",
            key.len, IDEMPOTENCY_KEY_BYTES);
    }
    struct command_op *op = arena_alloc(rpc_call_arena(call), sizeof *op);
    if (op == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the request is too large to be worked on");
    }
    op->group = group;
    op->method = method;
    op->call = call;
    op->checked = checked->serial;
    op->response = BUFFER_EMPTY;
    op->op = (struct writer_op){.run = run_command,
                                .ended = command_ended,
                                .lane = WRITER_CALLS,
                                .shown = group->methods[method].read != NULL};
    op->command = (struct engine_command){
        .method = &group->methods[method],
        .response_type = group->descriptor->methods[method].output,
        .request = request,
        .key = bytes_of(key.data, key.len),
        .caller = rpc_call_caller(call),
        .trace_id = rpc_call_trace_id(call),
        .prepared = prepare_command(node, &group->methods[method], call, checked->city),
        .arena = rpc_call_arena(call),
        .response = &op->response,
    };
    idempotency_digest(node->store, group->methods[method].name, rpc_call_request_bytes(call),
                       op->command.digest);
    return writer_submit(node->writer, &op->op, err);
}
