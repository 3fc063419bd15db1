/*
 * Reads: on a pooled snapshot that shows all that was acknowledged before they came, and all they
 * ask for with at_least; until then, or until there is something to tell, they wait in the parking.
 */
#include "service/node_internal.h"

#include "base/check.h"
#include "base/plant.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOT_SEEN_YET "what was acknowledged just before cannot be read yet: try again"
#define ANSWER_EARLY_US                                                                            \
    (20 * MS_US) /* an empty answer to a long poll leaves so long before the deadline */

struct read_op {
    struct parked parked;
    struct method_group *group;
    unsigned method;
    struct rpc_call *call;
    int64_t wait_until_us; /* 0: has not waited yet */
    uint64_t mark;         /* what was acknowledged before it came */
    bool watches_caller;
    uint64_t checked;    /* serial of the pack it was checked with */
    struct lane_job job; /* when it is slow */
    bool last;
};

static void read_refused(struct read_op *op, const struct error *err)
{
    if (op->watches_caller) {
        rpc_call_on_cancel(op->call, NULL, NULL);
    }
    rpc_call_refuse(op->call, err);
}

/* The caller has gone while its read waits, or is about to. */
static void read_cancelled(struct rpc_call *call, void *context)
{
    struct read_op *op = context;
    (void)call;
    parking_cancel(op->group->node->parking, &op->parked);
}

static enum status reached(struct node *node, struct store_txn *txn, const Common__Position *wanted,
                           bool *ret_reached, struct error *err)
{
    struct log_position have = {.offset = 0};
    if (wanted->service == node->def->id) {
        log_head(txn, &have);
    } else {
        bool follows = false;
        for (size_t i = 0; i < node->def->feed_count; i++) {
            follows = follows || node->def->feeds[i].upstream == wanted->service;
        }
        if (!follows) {
            return error_set(err, STATUS_INVALID_ARGUMENT, "at_least",
                             "%s does not follow service %d", node->def->name,
                             (int)wanted->service);
        }
        char name[CURSOR_NAME_MAX];
        engine_cursor_name(wanted->service, name);
        (void)cursor_get(txn, name, &have); /* missing: at the beginning */
    }
    if (have.offset >= wanted->offset && wanted->offset > 0 &&
        wanted->log_id.len == STORE_LOG_ID_BYTES &&
        memcmp(have.log_id, wanted->log_id.data, STORE_LOG_ID_BYTES) != 0) {
        return error_set(err, STATUS_DATA_LOSS, "at_least",
                         "%s's log is another one than the position's",
                         service_name(wanted->service));
    }
    if (wanted->service == node->def->id && have.offset >= wanted->offset && wanted->offset > 0 &&
        wanted->hash.len == STORE_HASH_BYTES) { /* a log restored from an older copy keeps its id */
        struct log_position at = {.offset = wanted->offset};
        struct error why;
        memcpy(at.log_id, have.log_id, STORE_LOG_ID_BYTES);
        memcpy(at.hash, wanted->hash.data, STORE_HASH_BYTES);
        enum status status = log_check_position(txn, &at, &why);
        if (status != STATUS_OK) {
            return error_set(err, status, "at_least", "%s", why.message);
        }
    }
    *ret_reached = PLANTED("at_least_ignored") || have.offset >= wanted->offset;
    return STATUS_OK;
}

static enum status all_reached(struct node *node, struct store_txn *txn,
                               const struct rpc_call *call, bool *ret_reached, struct error *err)
{
    Common__Position *const *positions;
    size_t count = rpc_call_at_least(call, &positions);
    *ret_reached = true;
    for (size_t i = 0; i < count && *ret_reached; i++) {
        enum status status = reached(node, txn, positions[i], ret_reached, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static void start_read(struct read_op *op, bool last);

static void read_resumed(struct parked *parked, enum parking_reason reason)
{
    struct read_op *op = (struct read_op *)((char *)parked - offsetof(struct read_op, parked));
    struct error err;
    switch (reason) {
    case PARKING_WOKEN:
        op->parked.brief = false;
        start_read(op, false);
        return;
    case PARKING_OVER: start_read(op, true); return;
    case PARKING_REPLACED:
        error_set(&err, STATUS_ABORTED, "reader", "a newer call of the same reader waits now");
        break;
    case PARKING_CANCELLED: error_set(&err, STATUS_CANCELLED, NULL, "the caller has gone"); break;
    case PARKING_DRAINED:
        error_set(&err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
        break;
    }
    read_refused(op, &err);
}

/* Parks the read until something happens or wait_until_us. It may be answered, and gone, before
 * this returns. */
static void park(struct read_op *op, uint64_t key, uint64_t reader, int64_t until_us,
                 uint64_t generation)
{
    struct node *node = op->group->node;
    struct error err;
    op->parked.resume = read_resumed;
    if (!op->watches_caller) {
        op->watches_caller = true;
        rpc_call_on_cancel(op->call, read_cancelled, op);
    }
    if (rpc_call_gone(op->call)) {
        error_set(&err, STATUS_CANCELLED, NULL, "the caller has gone, or its deadline has passed");
        read_refused(op, &err);
        return;
    }
    int64_t delay_us = until_us - clock_mono_us(node->clock);
    if (parking_park(node->parking, &op->parked, key, reader, delay_us, generation, &err) !=
        STATUS_OK) {
        read_refused(op, &err);
    }
}

static int64_t latest_answer_us(const struct rpc_call *call)
{
    return rpc_call_deadline_us(call) - ANSWER_EARLY_US;
}

/* Until the commit that shows all that was acknowledged before the read came. */
static void wait_to_see(struct read_op *op, bool last, uint64_t generation)
{
    struct error err;
    if (store_has_failed(op->group->node->store)) {
        error_set(&err, STATUS_UNAVAILABLE, NULL,
                  "the store has failed and the service is stopping");
        read_refused(op, &err);
    } else if (last) {
        error_set(&err, STATUS_DEADLINE_EXCEEDED, NULL, NOT_SEEN_YET);
        read_refused(op, &err);
    } else {
        writer_publish_soon(op->group->node->writer); /* first: parked, it may be gone at once */
        op->parked.brief = true;
        park(op, 0, 0, rpc_call_deadline_us(op->call), generation);
    }
}

static void answer_read(struct read_op *op, struct store_txn *txn, const ProtobufCMessage *response)
{
    struct node *node = op->group->node;
    struct log_position head;
    struct position_storage storage;
    log_head(txn, &head);
    position_fill(&storage, node->def->id, &head);
    if (op->watches_caller) {
        rpc_call_on_cancel(op->call, NULL, NULL);
    }
    rpc_call_answer(op->call, response, &storage.position);
}

/* Another pack has come into force since it was checked. */
static enum status check_again(struct read_op *op, const struct node_city *held, struct error *err)
{
    const struct service_method *method = &op->group->methods[op->method];
    if (held->serial == op->checked || method->check == NULL) {
        return STATUS_OK;
    }
    op->checked = held->serial;
    return method->check(held->city, rpc_call_caller(op->call), rpc_call_request(op->call), err);
}

/* Runs the read on a snapshot: answers, refuses or parks. */
static void run_read(struct read_op *op, bool last)
{
    struct method_group *group = op->group;
    struct node *node = group->node;
    const struct service_method *method = &group->methods[op->method];
    const ProtobufCMessageDescriptor *type = group->descriptor->methods[op->method].output;
    struct error err = ERROR_NONE;
    struct store_txn *txn = NULL;
    bool is_reached = false;
    uint64_t generation = parking_generation(node->parking);

    bool sees_all = writer_is_visible(node->writer, op->mark);
    if (!sees_all &&
        (method->is_unhurried == NULL || !method->is_unhurried(rpc_call_request(op->call)))) {
        wait_to_see(op, last, generation);
        return;
    }
    enum status status = store_read_begin(node->store, &txn, &err);
    if (status == STATUS_OK) {
        status = all_reached(node, txn, op->call, &is_reached, &err);
    }
    if (status == STATUS_OK && !is_reached) {
        store_read_end(txn);
        if (last) {
            error_set(&err, STATUS_DEADLINE_EXCEEDED, "at_least", "%s has not come so far yet",
                      node->def->name);
            read_refused(op, &err);
            return;
        }
        park(op, 0, 0, latest_answer_us(op->call), generation);
        return;
    }
    struct read_wait wait = {.node = node, .call = op->call};
    ProtobufCMessage *response = NULL;
    struct node_city *held = node_city_hold(node);
    if (status == STATUS_OK) {
        status = check_again(op, held, &err);
    }
    if (status == STATUS_OK) {
        struct read r = {
            .txn = txn,
            .city = held->city,
            .keyring = node->keyring,
            .memory = held->memory,
            .arena = rpc_call_arena(op->call),
            .caller = rpc_call_caller(op->call),
            .error = &err,
            .now_us = clock_wall_us(node->clock),
            .last = last || node->draining,
            .sees_all = sees_all,
            .wait = &wait,
        };
        response = arena_alloc(r.arena, type->sizeof_message);
        if (response == NULL) {
            status = error_set(&err, STATUS_RESOURCE_EXHAUSTED, NULL,
                               "the answer needs more memory than a call may have");
        } else {
            type->message_init(response);
            status = method->read(&r, rpc_call_request(op->call), response);
        }
    }
    if (txn != NULL && txn_error(txn, NULL) != STATUS_OK) {
        status = txn_error(txn, &err); /* outweighs the refusal it may have led to */
    }
    if (status != STATUS_OK && !sees_all && !last) { /* only who has seen all refuses */
        store_read_end(txn);
        wait_to_see(op, last, generation);
    } else if (status != STATUS_OK) {
        store_read_end(txn);
        read_refused(op, &err);
    } else if (wait.is_parked) {
        store_read_end(txn); /* never across a wait */
        if (op->wait_until_us == 0) {
            op->wait_until_us = clock_mono_us(node->clock) + wait.wait_ms * MS_US;
        }
        int64_t latest_us = latest_answer_us(op->call);
        park(op, wait.key, wait.reader,
             op->wait_until_us < latest_us ? op->wait_until_us : latest_us, generation);
    } else {
        answer_read(
            op, txn,
            response); /* packs before it returns: the answer may borrow from the snapshot */
        store_read_end(txn);
    }
    node_city_release(held);
}

/* Whether a read that takes long is to be begun, or to go on. */
static enum status still_wanted(struct node *node, const struct rpc_call *call, struct error *err)
{
    if (node->draining) { /* first: clients try again on it */
        return error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
    }
    if (rpc_call_gone(call)) {
        return error_set(err, STATUS_DEADLINE_EXCEEDED, NULL,
                         "the caller has gone, or its deadline has passed: ask for less, or wait "
                         "longer");
    }
    return STATUS_OK;
}

static void run_slow_read(struct lane_job *job)
{
    struct read_op *op = (struct read_op *)((char *)job - offsetof(struct read_op, job));
    struct error err;
    if (still_wanted(op->group->node, op->call, &err) != STATUS_OK) {
        read_refused(op, &err);
    } else {
        run_read(op, op->last);
    }
}

/* Here, or, when it is slow, on the lane. */
static void start_read(struct read_op *op, bool last)
{
    struct node *node = op->group->node;
    struct error err;
    if (node->lane == NULL || !op->group->methods[op->method].slow) {
        run_read(op, last);
        return;
    }
    op->last = last;
    op->job.run = run_slow_read;
    if (lane_submit(node->lane, &op->job, &err) != STATUS_OK) {
        read_refused(op, &err);
    }
}

enum status node_begin_read(struct method_group *group, unsigned method, struct rpc_call *call,
                            uint64_t checked, struct error *err)
{
    struct read_op *op = arena_alloc(rpc_call_arena(call), sizeof *op);
    if (op == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the request is too large to be worked on");
    }
    op->group = group;
    op->method = method;
    op->call = call;
    op->checked = checked;
    op->mark = writer_mark(group->node->writer);
    start_read(op, false);
    return STATUS_OK;
}

/* --- what a read may ask of the skeleton (service.h) --- */

enum status read_park(struct read *r, uint64_t key, uint32_t wait_ms, const char *reader)
{
    CHECK(!r->last);
    r->wait->is_parked = true;
    r->wait->key = key;
    r->wait->wait_ms = wait_ms;
    r->wait->reader = reader != NULL && reader[0] != '\0' ? service_signal_key(reader) : 0;
    return STATUS_OK;
}

/* A refusal of one who has not seen all is not given: run_read waits and asks again. */
enum status read_wait_to_see(struct read *r)
{
    CHECK(!r->sees_all);
    return read_refuse(r, STATUS_DEADLINE_EXCEEDED, NULL, NOT_SEEN_YET);
}

enum status read_wanted(struct read *r)
{
    return still_wanted(r->wait->node, r->wait->call, r->error);
}

enum status read_refuse(struct read *r, enum status status, const char *field, const char *format,
                        ...)
{
    char text[sizeof r->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(r->error, status, field, "%s", text);
}

size_t read_positions(struct read *r, Common__Position ***ret_positions)
{
    const struct service_def *def = r->wait->node->def;
    size_t count = 0;
    Common__Position **positions = arena_alloc(r->arena, (def->feed_count + 1) * sizeof *positions);
    struct position_storage *storage =
        arena_alloc(r->arena, (def->feed_count + 1) * sizeof *storage);
    if (positions == NULL || storage == NULL) {
        return 0;
    }
    for (size_t i = 0; i < def->feed_count; i++) {
        char name[CURSOR_NAME_MAX];
        struct log_position cursor = {.offset = 0};
        engine_cursor_name(def->feeds[i].upstream, name);
        (void)cursor_get(r->txn, name, &cursor); /* missing: at the beginning */
        position_fill(&storage[count], def->feeds[i].upstream, &cursor);
        positions[count] = &storage[count].position;
        count++;
    }
    struct log_position head;
    log_head(r->txn, &head);
    position_fill(&storage[count], def->id, &head);
    positions[count] = &storage[count].position;
    *ret_positions = positions;
    return count + 1;
}
