/*
 * Taking a city pack (docs/decisions/0015): its files are put on the shelf and read there, on the thread the call came on; the
 * writer only appends the event, and from there on decides by the pack. Readers get it once it is on disk.
 */
#include "service/node_internal.h"
#include "service/pack_taken.h"

#include "base/log.h"
#include "base/plant.h"
#include "text/utf8.h"

#include "vafa/packs/v1/packs.pb-c.h"

#include <stddef.h>
#include <string.h>

#define TAKINGS_MAX 100
#define TAKINGS_DEFAULT 20
#define PUT_BYTES_MAX (512u * 1024)
#define GET_BYTES_MAX (256u * 1024)
#define NAME_MAX_POINTS 100
#define NOTE_MAX_POINTS 500

enum { GET_PACKS, GET_FILE, PUT_FILE, TAKE_PACK }; /* in the order of the .proto */

static enum status check_digest(ProtobufCBinaryData digest, struct error *err)
{
    return digest.len == PACK_SHELF_DIGEST_BYTES
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "pack", "it has %zu bytes instead of %d",
                           digest.len, PACK_SHELF_DIGEST_BYTES);
}

static enum status no_memory(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                     "the call needs more memory than a call may have");
}

/* A taking for an answer. */
static Packs__Taking *load_taking(struct node *node, struct store_txn *txn, uint64_t offset,
                                  struct arena *arena, struct error *err)
{
    const Common__EventRecord *record = NULL;
    const Common__PackTaken *taken =
        pack_taken_get(txn, node->def->event_type, offset, arena, &record, err);
    Packs__Taking *taking = taken != NULL ? arena_alloc(arena, sizeof *taking) : NULL;
    if (taking == NULL) {
        return NULL;
    }
    packs__taking__init(taking);
    taking->offset = offset;
    taking->recorded_at_us = record->recorded_at_us;
    taking->actor = record->actor;
    taking->pack = (Common__PackTaken *)(uintptr_t)taken;
    return taking;
}

/* --- GetPacks --- */

/* From the taking at `offset` on; what was taken since is not in force yet. */
static enum status load_takings(struct node *node, struct store_txn *txn, uint64_t offset,
                                size_t takings_max, struct arena *arena,
                                Packs__GetPacksResponse *response, struct error *err)
{
    response->takings = arena_alloc(arena, takings_max * sizeof *response->takings);
    if (response->takings == NULL) {
        return no_memory(err);
    }
    response->last = offset;
    while (offset != 0 && response->n_takings < takings_max) {
        struct error why = ERROR_NONE;
        Packs__Taking *taking = load_taking(node, txn, offset, arena, &why);
        if (taking == NULL) {
            return why.status != STATUS_OK
                       ? error_set(err, why.status, why.field, "%s", why.message)
                       : no_memory(err);
        }
        response->takings[response->n_takings++] = taking;
        offset = pack_taken_last(txn, offset);
    }
    struct bytes back = pack_taken_back(txn, node->def->event_type, response->last, arena,
                                        (const char **)&response->back_name, err);
    response->back = (ProtobufCBinaryData){back.size, (uint8_t *)(uintptr_t)back.data};
    return txn_error(txn, err);
}

static enum status get_packs(struct node *node, struct rpc_call *call, struct error *err)
{
    const Packs__GetPacksRequest *request = (const Packs__GetPacksRequest *)rpc_call_request(call);
    Packs__GetPacksResponse response = PACKS__GET_PACKS_RESPONSE__INIT;
    struct store_txn *txn;
    if (request->takings_max > TAKINGS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "takings_max", "it is %u; at most %d",
                         request->takings_max, TAKINGS_MAX);
    }
    /* First: its taking is on disk, and so in what is read after it. The newest one there may be about to come into force. */
    struct node_city *held = node_city_hold(node);
    enum status status = store_read_begin(node->store, &txn, err);
    if (status != STATUS_OK) {
        node_city_release(held);
        return status;
    }
    struct bytes digest = city_digest(held->city);
    response.digest = (ProtobufCBinaryData){digest.size, (uint8_t *)(uintptr_t)digest.data};
    response.name = (char *)(uintptr_t)city_key(held->city);
    status = load_takings(node, txn, held->taken,
                          request->takings_max != 0 ? request->takings_max : TAKINGS_DEFAULT,
                          rpc_call_arena(call), &response, err);
    if (status == STATUS_OK && response.n_takings > 0) {
        response.name = response.takings[0]->pack->name;
    }
    if (status == STATUS_OK) {
        rpc_call_answer(call, &response.base, NULL);
    }
    store_read_end(txn);
    node_city_release(held);
    return status;
}

/* --- GetFile --- */

static enum status answer_file(struct rpc_call *call, const struct city *city, struct error *err)
{
    const Packs__GetFileRequest *request = (const Packs__GetFileRequest *)rpc_call_request(call);
    Packs__GetFileResponse response = PACKS__GET_FILE_RESPONSE__INIT;
    struct bytes digest = city_digest(city);
    const char *name;
    if (request->place >= city_file_count(city)) {
        return error_set(err, STATUS_OUT_OF_RANGE, "place", "the pack has %zu files",
                         city_file_count(city));
    }
    struct bytes data = city_file_at(city, request->place, &name);
    if (request->offset > data.size) {
        return error_set(err, STATUS_OUT_OF_RANGE, "offset", "the file has %zu bytes", data.size);
    }
    size_t rest = data.size - (size_t)request->offset;
    response.pack = (ProtobufCBinaryData){digest.size, (uint8_t *)(uintptr_t)digest.data};
    response.files = (uint32_t)city_file_count(city);
    response.file = (char *)(uintptr_t)name;
    response.size = data.size;
    response.data = (ProtobufCBinaryData){
        rest < GET_BYTES_MAX ? rest : GET_BYTES_MAX,
        rest == 0 ? NULL
                  : (uint8_t *)(uintptr_t)(data.data +
                                           (PLANTED("file_from_its_start") ? 0 : request->offset))};
    rpc_call_answer(call, &response.base, NULL);
    return STATUS_OK;
}

/* A pack of before, which nobody holds in memory. */
static enum status get_kept_file(struct node *node, struct rpc_call *call, struct error *err)
{
    const Packs__GetFileRequest *request = (const Packs__GetFileRequest *)rpc_call_request(call);
    struct pack_shelf_part part = {.data = BUFFER_EMPTY};
    if (rpc_call_caller(call)->role != RPC_ROLE_ADMIN) {
        return error_set(err, STATUS_PERMISSION_DENIED, "pack",
                         "packs of before are shown in the admin role");
    }
    enum status status = pack_shelf_read(&node->shelf, request->pack.data, request->place,
                                         request->offset, GET_BYTES_MAX, &part, err);
    if (status == STATUS_OK) {
        Packs__GetFileResponse response = PACKS__GET_FILE_RESPONSE__INIT;
        response.pack = request->pack;
        response.files = part.files;
        response.file = part.file;
        response.size = part.size;
        response.data = (ProtobufCBinaryData){part.data.size, part.data.data};
        rpc_call_answer(call, &response.base, NULL);
    }
    buffer_fini(&part.data);
    return status;
}

static enum status get_file(struct node *node, struct rpc_call *call, struct error *err)
{
    const Packs__GetFileRequest *request = (const Packs__GetFileRequest *)rpc_call_request(call);
    enum status status = request->pack.len == 0 ? STATUS_OK : check_digest(request->pack, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct node_city *held = node_city_hold(node);
    bool is_in_force =
        request->pack.len == 0 ||
        bytes_equal(city_digest(held->city), bytes_of(request->pack.data, request->pack.len));
    if (is_in_force) {
        status = answer_file(call, held->city, err);
    }
    node_city_release(held);
    return is_in_force ? status : get_kept_file(node, call, err);
}

/* --- PutFile --- */

static enum status put_file(struct node *node, struct rpc_call *call, struct error *err)
{
    const Packs__PutFileRequest *request = (const Packs__PutFileRequest *)rpc_call_request(call);
    Packs__PutFileResponse response = PACKS__PUT_FILE_RESPONSE__INIT;
    enum status status = check_digest(request->pack, err);
    if (status == STATUS_OK && request->data.len > PUT_BYTES_MAX) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "data", "it has %zu bytes; at most %u",
                           request->data.len, PUT_BYTES_MAX);
    }
    if (status == STATUS_OK) {
        status = pack_shelf_put(&node->shelf, request->pack.data, request->file, request->offset,
                                bytes_of(request->data.data, request->data.len), err);
    }
    if (status == STATUS_OK) {
        atomic_store(&node->is_taking, false); /* before the answer: the next may come with it */
        rpc_call_answer(call, &response.base, NULL);
    }
    return status;
}

/* --- TakePack --- */

struct take_op {
    struct writer_op op; /* first */
    struct node *node;
    struct rpc_call *call;
    struct node_city *next;
    Common__PackTaken taken;
    uint64_t last;
    struct log_position position;
    int64_t now_us;
};

static enum status run_take(struct writer_op *writer_op, struct store_txn *txn, struct error *err)
{
    struct take_op *op = (struct take_op *)writer_op;
    if (pack_taken_last(txn, 0) != op->last) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "last",
                         "another pack was taken meanwhile: look at `vafa city history`");
    }
    return engine_run_pack(op->node->engine, txn, op->next->city, op->next->serial, &op->taken,
                           rpc_call_caller(op->call), rpc_call_trace_id(op->call),
                           rpc_call_arena(op->call), &op->position, &op->now_us, err);
}

static void take_ended(struct writer_op *writer_op)
{
    struct take_op *op = (struct take_op *)writer_op;
    struct node *node = op->node;
    bool is_taken = op->op.error.status == STATUS_OK;
    engine_end_pack(node->engine, is_taken);
    if (is_taken) {
        op->next->taken = op->position.offset;
        node_city_change(node, op->next);
        log_info(node->def->name, "city pack \"%s\" is in force from event %llu on", op->taken.name,
                 (unsigned long long)op->position.offset);
        if (node->pack_taken != NULL) {
            node->pack_taken(node->context, node);
        }
    } else {
        node_city_release(op->next);
    }
    atomic_store(&node->is_taking, false);
    if (is_taken) {
        struct position_storage storage;
        Packs__TakePackResponse response = PACKS__TAKE_PACK_RESPONSE__INIT;
        Packs__Taking taking = PACKS__TAKING__INIT;
        position_fill(&storage, node->def->id, &op->position);
        taking.offset = op->position.offset;
        taking.recorded_at_us = op->now_us;
        taking.actor = (char *)(uintptr_t)rpc_call_caller(op->call)->name;
        taking.pack = &op->taken;
        response.taking = &taking;
        rpc_call_answer(op->call, &response.base, &storage.position);
    } else {
        rpc_call_refuse(op->call, &op->op.error);
    }
}

/* In force already: what made it so. */
static enum status answer_in_force(struct node *node, struct rpc_call *call, struct error *err)
{
    Packs__TakePackResponse response = PACKS__TAKE_PACK_RESPONSE__INIT;
    struct store_txn *txn;
    enum status status = store_read_begin(node->store, &txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t offset = pack_taken_last(txn, 0);
    response.was_in_force = true;
    if (offset != 0) {
        struct error why = ERROR_NONE;
        response.taking = load_taking(node, txn, offset, rpc_call_arena(call), &why);
        if (response.taking == NULL) {
            store_read_end(txn);
            return why.status != STATUS_OK
                       ? error_set(err, why.status, why.field, "%s", why.message)
                       : no_memory(err);
        }
    }
    atomic_store(&node->is_taking, false);
    rpc_call_answer(call, &response.base, NULL);
    store_read_end(txn);
    return STATUS_OK;
}

static enum status check_take(const Packs__TakePackRequest *request, struct error *err)
{
    enum status status = check_digest(request->pack, err);
    if (status == STATUS_OK) {
        status = text_check(request->name, NAME_MAX_POINTS, "name", err);
    }
    if (status == STATUS_OK) {
        status = text_check(request->note, NOTE_MAX_POINTS, "note", err);
    }
    if (status == STATUS_OK && (request->name[0] == '\0' || request->note[0] == '\0')) {
        const char *field = request->name[0] == '\0' ? "name" : "note";
        status = error_set(err, STATUS_INVALID_ARGUMENT, field, "it is empty: %s",
                           request->name[0] == '\0' ? "say how people are to call the pack"
                                                    : "say why the pack is taken");
    }
    return status;
}

/* Of what was in force, what is taken now, and what it takes the place of, the newest stay. */
static void clear_shelf(struct node *node, const struct city *former,
                        const Packs__TakePackRequest *request, struct arena *arena)
{
    uint8_t keep[PACK_SHELF_PACKS_MAX][PACK_SHELF_DIGEST_BYTES];
    struct store_txn *txn;
    if (store_read_begin(node->store, &txn, NULL) != STATUS_OK) {
        return; /* what stays does no harm */
    }
    memcpy(keep[0], request->pack.data, sizeof keep[0]);
    memcpy(keep[1], city_digest(former).data, sizeof keep[1]);
    size_t count = 2 + pack_taken_digests(txn, node->def->event_type, arena, keep + 2,
                                          PACK_SHELF_PACKS_MAX - 2);
    store_read_end(txn);
    pack_shelf_clear(&node->shelf, (const uint8_t(*)[PACK_SHELF_DIGEST_BYTES])keep, count);
}

/* Reads the pack whole from the shelf and looks whether it may follow the one in force. Puts that one on the shelf, too: it may be
 * taken back. */
static enum status load_next(struct node *node, const struct city *former,
                             const Packs__TakePackRequest *request, struct arena *arena,
                             struct city **ret_city, struct error *err)
{
    struct city *city = NULL;
    enum status status = pack_shelf_finish(&node->shelf, request->pack.data, &city, err);
    if (status == STATUS_OK) {
        status = city_may_follow(former, city, err);
    }
    if (status == STATUS_OK) {
        status = pack_shelf_keep(&node->shelf, former, err);
    }
    if (status == STATUS_OK) {
        clear_shelf(node, former, request, arena);
        *ret_city = city;
    } else {
        city_free(city);
    }
    return status;
}

/* The names of before, and that what is to be taken back is what would be. */
static enum status fill_taken(struct node *node, const struct city *former,
                              const Packs__TakePackRequest *request, struct arena *arena,
                              Common__PackTaken *taken, struct error *err)
{
    struct store_txn *txn;
    enum status status = store_read_begin(node->store, &txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t offset = pack_taken_last(txn, 0);
    const Common__PackTaken *before =
        offset != 0 ? pack_taken_get(txn, node->def->event_type, offset, arena, NULL, NULL) : NULL;
    const char *back_name = "";
    struct bytes back =
        pack_taken_back(txn, node->def->event_type, offset, arena, &back_name, NULL);
    struct bytes digest = city_digest(former);
    common__pack_taken__init(taken);
    taken->city = arena_copy_text(arena, city_key(former));
    taken->name = request->name;
    taken->digest = request->pack;
    taken->before = (ProtobufCBinaryData){digest.size, arena_copy(arena, digest.data, digest.size)};
    taken->before_name = before != NULL ? before->name : taken->city;
    taken->note = request->note;
    taken->is_back = request->is_back;
    if (request->is_back && !bytes_equal(back, bytes_of(request->pack.data, request->pack.len))) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "is_back",
                           "it is not the pack that would be taken back");
    } else if (taken->city == NULL || taken->before.data == NULL) {
        status = no_memory(err);
    }
    store_read_end(txn);
    return status;
}

static enum status submit_take(struct node *node, const struct city *former, struct rpc_call *call,
                               struct error *err)
{
    const Packs__TakePackRequest *request = (const Packs__TakePackRequest *)rpc_call_request(call);
    struct take_op *op = arena_alloc(rpc_call_arena(call), sizeof *op);
    struct city *city = NULL;
    enum status status = op == NULL ? no_memory(err) : STATUS_OK;
    if (status == STATUS_OK) {
        status = fill_taken(node, former, request, rpc_call_arena(call), &op->taken, err);
    }
    if (status == STATUS_OK) {
        status = load_next(node, former, request, rpc_call_arena(call), &city, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (request->is_trial) {
        Packs__TakePackResponse response = PACKS__TAKE_PACK_RESPONSE__INIT;
        city_free(city);
        atomic_store(&node->is_taking, false);
        rpc_call_answer(call, &response.base, NULL);
        return STATUS_OK;
    }
    op->op = (struct writer_op){
        .run = run_take, .ended = take_ended, .lane = WRITER_CALLS, .shown = true};
    op->node = node;
    op->call = call;
    op->last = request->last;
    op->next = node_city_new(node, city, city);
    struct node_city *next = op->next;
    status = writer_submit(node->writer, &op->op, err);
    if (status != STATUS_OK) {
        node_city_release(next);
    }
    return status;
}

static enum status take_pack(struct node *node, struct rpc_call *call, struct error *err)
{
    const Packs__TakePackRequest *request = (const Packs__TakePackRequest *)rpc_call_request(call);
    enum status status = check_take(request, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct node_city *held = node_city_hold(node);
    if (bytes_equal(city_digest(held->city), bytes_of(request->pack.data, request->pack.len))) {
        status = answer_in_force(node, call, err);
    } else {
        status = submit_take(node, held->city, call, err);
    }
    node_city_release(held);
    return status;
}

/* What touches the shelf is done by one call at a time, which lets go before it is answered. */
static enum status change_packs(struct node *node, unsigned method, struct rpc_call *call,
                                struct error *err)
{
    if (atomic_exchange(&node->is_taking, true)) {
        return error_set(err, STATUS_UNAVAILABLE, NULL,
                         "another pack is being put or taken: try again");
    }
    enum status status =
        method == PUT_FILE ? put_file(node, call, err) : take_pack(node, call, err);
    if (status != STATUS_OK) {
        atomic_store(&node->is_taking, false);
    }
    return status;
}

void packs_handle(void *context, unsigned method, struct rpc_call *call)
{
    struct node *node = context;
    struct error err = ERROR_NONE;
    enum status status;
    if (method == GET_FILE) {
        status = get_file(node, call, &err);
    } else if (rpc_call_caller(call)->role != RPC_ROLE_ADMIN) {
        status = error_set(&err, STATUS_PERMISSION_DENIED, NULL,
                           "city packs are taken in the admin role");
    } else if (method == GET_PACKS) {
        status = get_packs(node, call, &err);
    } else {
        status = change_packs(node, method, call, &err);
    }
    if (status != STATUS_OK) {
        rpc_call_refuse(call, &err);
    }
}
