/* The master key's change (keyring_change.h), and what is left of a citizen: answered by every
 * service. */
#include "service/event_record.h"
#include "service/keyring_change.h"
#include "service/node_internal.h"

#include "vafa/keys/v1/keys.pb-c.h"

#include <stddef.h>
#include <string.h>

/* --- CheckCitizen --- */

#define EVENTS_A_LOOK 1000 /* of the log, between two looks whether anybody waits for the answer */

static enum status read_citizen(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *reply)
{
    const Keys__CheckCitizenRequest *request = (const Keys__CheckCitizenRequest *)message;
    Keys__CheckCitizenResponse *response = (Keys__CheckCitizenResponse *)reply;
    struct log_position head;
    struct keyring_left left;
    if (r->keyring == NULL) {
        return STATUS_OK;
    }
    keyring_left_of(r->keyring, r->txn, request->citizen, &left);
    response->holds_words = true;
    response->has_key = left.has_key;
    response->is_forgotten = left.is_forgotten;
    response->is_final = left.is_final;
    log_head(r->txn, &head);
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    enum status status = STATUS_OK;
    for (uint64_t offset = 1; offset <= head.offset && status == STATUS_OK; offset++) {
        struct bytes packed;
        if (!log_get(r->txn, offset, &packed, NULL)) {
            status = read_refuse(r, STATUS_DATA_LOSS, NULL, "the log has no event %llu",
                                 (unsigned long long)offset);
            break;
        }
        const Common__EventRecord *record = event_record_unpack(packed, arena, r->error);
        status = record == NULL ? r->error->status : STATUS_OK;
        response->sealed_parts +=
            record != NULL && record->citizen == request->citizen && record->sealed.len > 0;
        response->events++;
        arena_reset(arena);
        if (status == STATUS_OK && offset % EVENTS_A_LOOK == 0) {
            status = read_wanted(r);
        }
    }
    arena_free(arena);
    return status;
}

static enum status check_citizen(const struct city *city, const struct rpc_caller *caller,
                                 const ProtobufCMessage *message, struct error *err)
{
    (void)city;
    (void)caller;
    return ((const Keys__CheckCitizenRequest *)message)->citizen != 0
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "citizen", "citizens have numbers from 1");
}

const struct service_method node_citizens_methods[] = {
    {.name = "CheckCitizen",
     .kind = METHOD_READ,
     .slow = true,
     .roles = ROLE_BIT(RPC_ROLE_ADMIN),
     .check = check_citizen,
     .read = read_citizen},
};

/* --- the master key --- */

enum { GET_KEYS, BEGIN_CHANGE, WRAP_KEYS, END_CHANGE }; /* in the order of the .proto */

/* --- answers --- */

static void answer(struct rpc_call *call, unsigned method, Keys__KeyState *state)
{
    Keys__GetKeysResponse got = KEYS__GET_KEYS_RESPONSE__INIT;
    Keys__BeginChangeResponse begun = KEYS__BEGIN_CHANGE_RESPONSE__INIT;
    Keys__WrapKeysResponse wrapped = KEYS__WRAP_KEYS_RESPONSE__INIT;
    Keys__EndChangeResponse ended = KEYS__END_CHANGE_RESPONSE__INIT;
    got.state = begun.state = wrapped.state = ended.state = state;
    switch (method) {
    case GET_KEYS: rpc_call_answer(call, &got.base, NULL); break;
    case BEGIN_CHANGE: rpc_call_answer(call, &begun.base, NULL); break;
    case WRAP_KEYS: rpc_call_answer(call, &wrapped.base, NULL); break;
    default: rpc_call_answer(call, &ended.base, NULL); break;
    }
}

static void answer_state(struct rpc_call *call, unsigned method, struct keyring_state state)
{
    Keys__KeyState told = KEYS__KEY_STATE__INIT;
    told.holds_words = true;
    told.keys = state.keys;
    told.newest = (ProtobufCBinaryData){sizeof state.newest, state.newest};
    told.wrapped_to = state.wrapped_to;
    told.citizens = state.citizens;
    told.is_whole = state.is_whole;
    answer(call, method, &told);
}

/* --- each of them, on the writer: what it looks at does not change meanwhile --- */

struct keys_op {
    struct writer_op op; /* first */
    struct node *node;
    struct rpc_call *call;
    unsigned method;
    struct keyring_state state;
};

static enum status run_keys(struct writer_op *writer_op, struct store_txn *txn, struct error *err)
{
    struct keys_op *op = (struct keys_op *)writer_op;
    struct node *node = op->node;
    enum status status = STATUS_OK;
    if (op->method == WRAP_KEYS) {
        keyring_change_step(node->keyring, txn, node->random);
    } else if (op->method == END_CHANGE) {
        status = keyring_end_change(node->keyring, txn, err);
    }
    if (status == STATUS_OK) {
        op->state = keyring_state(node->keyring, txn);
        status = txn_error(txn, err);
    }
    return status;
}

static void keys_ended(struct writer_op *writer_op)
{
    struct keys_op *op = (struct keys_op *)writer_op;
    if (op->op.error.status == STATUS_OK) {
        answer_state(op->call, op->method, op->state);
    } else {
        rpc_call_refuse(op->call, &op->op.error);
    }
}

static enum status submit(struct node *node, unsigned method, struct rpc_call *call,
                          struct error *err)
{
    struct keys_op *op = arena_alloc(rpc_call_arena(call), sizeof *op);
    if (op == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
    }
    *op = (struct keys_op){
        .op = {.run = run_keys, .ended = keys_ended, .lane = WRITER_CALLS},
        .node = node,
        .call = call,
        .method = method,
    };
    return writer_submit(node->writer, &op->op, err);
}

void keys_handle(void *context, unsigned method, struct rpc_call *call)
{
    struct node *node = context;
    struct error err = ERROR_NONE;
    enum status status = STATUS_OK;
    if (rpc_call_caller(call)->role != RPC_ROLE_ADMIN) {
        status = error_set(&err, STATUS_PERMISSION_DENIED, NULL,
                           "the master key is changed in the admin role");
    } else if (node->keyring == NULL) {
        Keys__KeyState none = KEYS__KEY_STATE__INIT;
        answer(call, method, &none);
        return;
    } else if (method == BEGIN_CHANGE) {
        status = keyring_begin_change(node->keyring, node->random, &err);
    }
    if (status == STATUS_OK) {
        status = submit(node, method, call, &err);
    }
    if (status != STATUS_OK) {
        rpc_call_refuse(call, &err);
    }
}
