/* The master key's change, as every service answers it (keyring_change.h). */
#include "service/keyring_change.h"
#include "service/node_internal.h"

#include "vafa/keys/v1/keys.pb-c.h"

#include <stddef.h>
#include <string.h>

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
