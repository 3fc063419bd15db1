#include "tests/support/rig.h"

#include "tests/support/request_key.h"
#include "tests/support/scratch.h"

#include "base/check.h"
#include "service/event_record.h"
#include "service/keyring.h"
#include "service/node_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define BEGIN_US (INT64_C(1767254400) * SECOND_US) /* 2026-01-01T08:00:00Z */
#define ARENA_BYTES_MAX (64u << 20)
#define MAP_BYTES (UINT64_C(1) << 30)

/* Time that moves only when told. */
struct rig_clock {
    struct clock clock;
    int64_t now_us;
};

/* An upstream service reduced to its log: what the view tables are rebuilt from. */
struct upstream {
    struct store *store;
    char folder[300];
};

struct rig {
    const struct service_def *def;
    struct city *own_city; /* NULL: `city` is borrowed */
    const struct city *city;
    struct random *random;
    struct rig_clock clock;
    struct arena *arena;      /* what tests hold until the end */
    struct arena *feed_arena; /* of one upstream event */
    char folder[SCRATCH_SIZE];
    char store_folder[300];
    char master_key[300];
    struct loop *loop;
    struct node *node;
    struct upstream upstreams[SERVICE_FEEDS_MAX];
    bool is_fed; /* else there is no view to verify */
};

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        fail_msg("%s: %s: %s", status_name(status), err->field, err->message);
    }
}

static int64_t rig_clock_us(struct clock *clock)
{
    return ((struct rig_clock *)clock)->now_us;
}

/* The rig hands upstream events over itself: its followers find nobody. */
static enum status nobody_there(struct rpc_transport *transport, struct bytes frame,
                                void (*done)(void *context, enum status status, struct bytes frame),
                                void *context, _Atomic(void *) *ret_exchange)
{
    (void)transport, (void)frame, (void)done, (void)context, (void)ret_exchange;
    return STATUS_UNAVAILABLE;
}

static bool cancel_nothing(struct rpc_transport *transport, void *exchange)
{
    (void)transport, (void)exchange;
    return true;
}

static void free_transport(struct rpc_transport *transport)
{
    free(transport);
}

static enum status connect_to_nobody(void *context, Common__ServiceId upstream,
                                     struct rpc_transport **ret_transport, struct error *err)
{
    (void)context, (void)upstream, (void)err;
    struct rpc_transport *transport = malloc(sizeof *transport);
    CHECK(transport != NULL);
    *transport = (struct rpc_transport){
        .send = nobody_there, .cancel = cancel_nothing, .free = free_transport};
    *ret_transport = transport;
    return STATUS_OK;
}

static enum status try_open_node(struct rig *rig, const struct city *city, struct error *err)
{
    struct node_options options = {
        .def = rig->def,
        .store_folder = rig->store_folder,
        .master_key_file = rig->master_key,
        .city = city,
        .clock = &rig->clock.clock,
        .random = rig->random,
        .loop = rig->loop,
        .map_bytes = MAP_BYTES,
        .no_sync = true,
        .connect = connect_to_nobody,
    };
    enum status status = node_open(&rig->node, &options, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (rig->node->alarm != NULL) {
        alarm_start(rig->node->alarm);
    }
    node_memory_start(rig->node->memory);
    return STATUS_OK;
}

static void open_node(struct rig *rig)
{
    struct error err;
    must(try_open_node(rig, rig->city, &err), &err);
}

/* Everything that is due now, and no later. */
static void settle(struct rig *rig)
{
    while (loop_step(rig->loop)) {
    }
}

struct rig *rig_new(const struct service_def *def, const char *city)
{
    char path[512];
    snprintf(path, sizeof path, "%s/deploy/cities/%s", VAFA_SOURCE_DIR, city);
    return rig_new_in(def, path);
}

struct rig *rig_new_in(const struct service_def *def, const char *pack)
{
    struct error err;
    struct city *loaded = NULL;
    must(city_load(&loaded, pack, &err), &err);
    struct rig *rig = rig_new_with(def, loaded, random_system());
    rig->own_city = loaded;
    return rig;
}

struct rig *rig_new_with(const struct service_def *def, const struct city *city,
                         struct random *random)
{
    struct rig *rig = calloc(1, sizeof *rig);
    CHECK(rig != NULL);
    rig->def = def;
    rig->city = city;
    rig->random = random;
    rig->clock.clock = (struct clock){.wall_us = rig_clock_us, .mono_us = rig_clock_us};
    rig->clock.now_us = BEGIN_US;
    rig->arena = arena_new(ARENA_BYTES_MAX);
    rig->feed_arena = arena_new(ARENA_BYTES_MAX);
    scratch_new(rig->folder);
    snprintf(rig->store_folder, sizeof rig->store_folder, "%s/own", rig->folder);
    snprintf(rig->master_key, sizeof rig->master_key, "%s/master.key", rig->folder);
    rig->loop = loop_new(&rig->clock.clock);
    open_node(rig);
    return rig;
}

static void close_node(struct rig *rig)
{
    node_drain(rig->node);
    settle(rig);
    node_settle(rig->node);
    node_free(rig->node);
    rig->node = NULL;
}

void rig_free(struct rig *rig)
{
    rig_verify(rig);
    rig_drop(rig);
}

void rig_drop(struct rig *rig)
{
    close_node(rig);
    loop_free(rig->loop);
    for (size_t i = 0; i < rig->def->feed_count; i++) {
        store_free(rig->upstreams[i].store);
    }
    city_free(rig->own_city);
    arena_free(rig->arena);
    arena_free(rig->feed_arena);
    scratch_remove(rig->folder);
    free(rig);
}

void rig_restart(struct rig *rig)
{
    struct error err;
    must(rig_try_restart(rig, NULL, &err), &err);
}

enum status rig_try_restart(struct rig *rig, const struct city *city, struct error *err)
{
    if (rig->node != NULL) {
        close_node(rig);
    }
    loop_free(rig->loop);
    rig->loop = loop_new(&rig->clock.clock);
    return try_open_node(rig, city != NULL ? city : rig->city, err);
}

const struct city *rig_city(struct rig *rig)
{
    return rig->city;
}

int64_t rig_now_us(struct rig *rig)
{
    return rig->clock.now_us;
}

void rig_advance(struct rig *rig, int64_t us)
{
    int64_t end_us = rig->clock.now_us + us;
    settle(rig);
    while (loop_next_us(rig->loop) <= end_us) {
        int64_t next_us = loop_next_us(rig->loop);
        if (next_us > rig->clock.now_us) {
            rig->clock.now_us = next_us;
        }
        settle(rig);
    }
    rig->clock.now_us = end_us;
    settle(rig);
}

struct node *rig_node(struct rig *rig)
{
    return rig->node;
}

/* --- calls --- */

struct rig_exchange {
    struct rpc_exchange exchange;
    struct buffer reply;
    bool replied;
};

static void keep_reply(struct rpc_exchange *exchange, struct bytes frame)
{
    struct rig_exchange *call =
        (struct rig_exchange *)((char *)exchange - offsetof(struct rig_exchange, exchange));
    assert_false(call->replied);
    call->replied = true;
    buffer_append_bytes(&call->reply, frame);
}

static unsigned method_number(const ProtobufCServiceDescriptor *rpc, const char *name)
{
    for (unsigned i = 0; i < rpc->n_methods; i++) {
        if (strcmp(rpc->methods[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("%s has no method %s", rpc->name, name);
    return 0;
}

static enum status open_reply(struct rig *rig, const struct rig_exchange *call,
                              const ProtobufCServiceDescriptor *rpc, unsigned method,
                              const ProtobufCMessage **ret_response, struct error *err)
{
    struct error unpack_err;
    ProtobufCMessage *message;
    must(message_unpack(&rpc__call_response__descriptor, buffer_bytes(&call->reply),
                        MESSAGE_UNKNOWN_REFUSE, rig->arena, &message, &unpack_err),
         &unpack_err);
    const Rpc__CallResponse *envelope = (const Rpc__CallResponse *)message;
    if (envelope->status != STATUS_OK) {
        return error_set(err, (enum status)envelope->status, envelope->field, "%s",
                         envelope->message);
    }
    must(message_unpack(rpc->methods[method].output,
                        bytes_of(envelope->body.data, envelope->body.len), MESSAGE_UNKNOWN_REFUSE,
                        rig->arena, &message, &unpack_err),
         &unpack_err);
    *ret_response = message;
    return STATUS_OK;
}

static void serve_frame(struct rig *rig, struct bytes frame, struct rig_exchange *call)
{
    *call = (struct rig_exchange){.exchange = {.reply = keep_reply}};
    rpc_router_serve(node_router(rig->node), &call->exchange, frame);
}

/* The call comes in; what it leads to waits for settle(). */
static void serve(struct rig *rig, const struct rpc_caller *caller,
                  const ProtobufCServiceDescriptor *rpc, unsigned method, ProtobufCMessage *request,
                  struct rig_exchange *call)
{
    char name[RPC_METHOD_BYTES_MAX + 1];
    struct buffer body = BUFFER_EMPTY, frame = BUFFER_EMPTY;
    request_key_fill(request, rig->arena, rig->random, rig->clock.now_us);
    message_pack(request, &body);
    rpc_method_name(rpc, method, name);
    Rpc__Caller envelope_caller = RPC__CALLER__INIT;
    envelope_caller.name = (char *)(uintptr_t)caller->name;
    envelope_caller.unit = (char *)(uintptr_t)caller->unit;
    envelope_caller.role = (Rpc__Role)caller->role;
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    envelope.version = RPC_VERSION;
    envelope.method = name;
    envelope.deadline_ms = 10000;
    envelope.caller = &envelope_caller;
    envelope.body = (ProtobufCBinaryData){body.size, body.data};
    message_pack(&envelope.base, &frame);
    serve_frame(rig, buffer_bytes(&frame), call);
    buffer_fini(&frame);
    buffer_fini(&body);
}

/* Until it is answered: a wait that parked, until it is over. */
static void await_reply(struct rig *rig, const struct rig_exchange *call)
{
    settle(rig);
    while (!call->replied) {
        int64_t next_us = loop_next_us(rig->loop);
        assert_true(next_us != INT64_MAX);
        rig_advance(rig, next_us - rig->clock.now_us);
    }
}

void rig_serve(struct rig *rig, struct bytes frame, struct buffer *ret_reply)
{
    struct rig_exchange call;
    serve_frame(rig, frame, &call);
    await_reply(rig, &call);
    *ret_reply = call.reply;
}

enum status rig_call_as(struct rig *rig, const struct rpc_caller *caller, const char *method_name,
                        ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                        struct error *err)
{
    unsigned method = method_number(rig->def->rpc, method_name);
    struct rig_exchange call;
    serve(rig, caller, rig->def->rpc, method, request, &call);
    await_reply(rig, &call);
    const ProtobufCMessage *response = NULL;
    enum status status = open_reply(rig, &call, rig->def->rpc, method, &response, err);
    if (ret_response != NULL) {
        *ret_response = response;
    }
    buffer_fini(&call.reply);
    return status;
}

void rig_call_together(struct rig *rig, enum rpc_role role, const char *method_name,
                       ProtobufCMessage *const *requests, size_t count,
                       const ProtobufCMessage **ret_responses)
{
    const struct rpc_caller caller = {.name = "test", .role = role};
    unsigned method = method_number(rig->def->rpc, method_name);
    struct rig_exchange *calls = calloc(count, sizeof *calls);
    CHECK(calls != NULL);
    for (size_t i = 0; i < count; i++) {
        serve(rig, &caller, rig->def->rpc, method, requests[i], &calls[i]);
    }
    settle(rig);
    for (size_t i = 0; i < count; i++) {
        struct error err;
        assert_true(calls[i].replied);
        must(open_reply(rig, &calls[i], rig->def->rpc, method, &ret_responses[i], &err), &err);
        buffer_fini(&calls[i].reply);
    }
    free(calls);
}

void rig_call_mixed(struct rig *rig, struct rig_mixed *mixed, size_t count)
{
    struct rig_exchange *calls = calloc(count, sizeof *calls);
    CHECK(calls != NULL);
    for (size_t i = 0; i < count; i++) {
        const struct rpc_caller caller = {.name = "test", .role = mixed[i].role};
        serve(rig, &caller, mixed[i].rpc, method_number(mixed[i].rpc, mixed[i].method),
              mixed[i].request, &calls[i]);
    }
    for (size_t i = 0; i < count; i++) {
        await_reply(rig, &calls[i]);
        mixed[i].response = NULL;
        mixed[i].err = ERROR_NONE;
        (void)open_reply(rig, &calls[i], mixed[i].rpc, method_number(mixed[i].rpc, mixed[i].method),
                         &mixed[i].response, &mixed[i].err);
        buffer_fini(&calls[i].reply);
    }
    free(calls);
}

enum status rig_call(struct rig *rig, enum rpc_role role, const char *method_name,
                     ProtobufCMessage *request, const ProtobufCMessage **ret_response,
                     struct error *err)
{
    const struct rpc_caller caller = {.name = "test", .role = role};
    return rig_call_as(rig, &caller, method_name, request, ret_response, err);
}

/* --- upstream events --- */

/* Made when the first event comes. */
static struct store *upstream_store(struct rig *rig, size_t feed)
{
    struct error err;
    struct upstream *upstream = &rig->upstreams[feed];
    if (upstream->store == NULL) {
        const char *name = service_name(rig->def->feeds[feed].upstream);
        snprintf(upstream->folder, sizeof upstream->folder, "%s/%s", rig->folder, name);
        struct store_options options = {.folder = upstream->folder,
                                        .service = name,
                                        .map_bytes = MAP_BYTES,
                                        .no_sync = true,
                                        .random = rig->random};
        must(store_open(&upstream->store, &options, &err), &err);
    }
    return upstream->store;
}

static size_t feed_number(const struct rig *rig, Common__ServiceId upstream)
{
    for (size_t i = 0; i < rig->def->feed_count; i++) {
        if (rig->def->feeds[i].upstream == upstream) {
            return i;
        }
    }
    fail_msg("%s does not follow %s", rig->def->name, service_name(upstream));
    return 0;
}

struct feed_op {
    struct writer_op op;
    struct rig *rig;
    size_t feed;
    struct log_position position;
    const Common__EventRecord *record;
    bool ended;
};

static enum status run_feed(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    struct feed_op *feed = (struct feed_op *)op;
    return engine_run_event(feed->rig->node->engine, txn, feed->feed, &feed->position, feed->record,
                            feed->rig->feed_arena, err);
}

static void feed_ended(struct writer_op *op)
{
    ((struct feed_op *)op)->ended = true;
}

static uint32_t kind_of(const ProtobufCMessage *open)
{
    uint32_t kind;
    memcpy(&kind, (const uint8_t *)open + open->descriptor->fields[0].quantifier_offset,
           sizeof kind);
    return kind;
}

enum status rig_feed(struct rig *rig, Common__ServiceId service, const struct event *event,
                     struct error *err)
{
    struct error own_err;
    size_t number = feed_number(rig, service);
    struct buffer open = BUFFER_EMPTY, packed = BUFFER_EMPTY;
    message_pack(event->open, &open);
    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    record.kind = kind_of(event->open);
    record.recorded_at_us = event->recorded_at_us != 0 ? event->recorded_at_us : rig->clock.now_us;
    record.occurred_at_us =
        event->occurred_at_us != 0 ? event->occurred_at_us : record.recorded_at_us;
    record.historical = event->historical;
    record.open = (ProtobufCBinaryData){open.size, open.data};
    record.citizen = event->citizen;
    if (event->actor != NULL) {
        record.actor = (char *)(uintptr_t)event->actor;
    }
    message_pack(&record.base, &packed);

    struct feed_op feed = {.op = {.run = run_feed, .ended = feed_ended, .lane = WRITER_FEEDS},
                           .rig = rig,
                           .feed = number};
    struct store_txn *txn;
    rig->is_fed = true;
    must(store_write_begin(upstream_store(rig, number), &txn, &own_err), &own_err);
    log_append(txn, buffer_bytes(&packed), &feed.position);
    must(store_write_commit(txn, &own_err), &own_err);
    feed.record = event_record_unpack(buffer_bytes(&packed), rig->feed_arena, &own_err);
    assert_non_null(feed.record);

    must(writer_submit(node_writer(rig->node), &feed.op, &own_err), &own_err);
    settle(rig);
    assert_true(feed.ended);
    arena_reset(rig->feed_arena);
    buffer_fini(&open);
    buffer_fini(&packed);
    if (feed.op.error.status != STATUS_OK && err != NULL) {
        *err = feed.op.error;
    }
    return feed.op.error.status;
}

/* --- looking --- */

uint64_t rig_event_count(struct rig *rig)
{
    struct error err;
    struct store_txn *txn;
    struct log_position head;
    must(store_read_begin(node_store(rig->node), &txn, &err), &err);
    log_head(txn, &head);
    must(txn_error(txn, &err), &err);
    store_read_end(txn);
    return head.offset;
}

const struct event *rig_event(struct rig *rig, uint64_t offset)
{
    struct error err;
    struct store_txn *txn;
    struct bytes packed;
    bool known;
    struct event *event = arena_alloc(rig->arena, sizeof *event);
    must(store_read_begin(node_store(rig->node), &txn, &err), &err);
    assert_true(log_get(txn, offset, &packed, NULL));
    const Common__EventRecord *record = event_record_unpack(packed, rig->arena, &err);
    assert_non_null(record);
    store_read_end(txn);
    must(event_unpack(record, offset, rig->def->event_type, rig->arena, event, &known, &err), &err);
    assert_true(known);
    return event;
}

enum status rig_try_verify(struct rig *rig, struct verify_result *ret_result, struct error *err)
{
    char scratch[300];
    snprintf(scratch, sizeof scratch, "%s/scratch", rig->folder);
    struct verify_options options = {.def = rig->def,
                                     .store = node_store(rig->node),
                                     .city = rig->city,
                                     .scratch_folder = scratch,
                                     .random = rig->random};
    for (size_t i = 0; i < rig->def->feed_count && rig->is_fed; i++) {
        options.upstreams[i] = upstream_store(rig, i);
    }
    return verify_service(&options, ret_result, err);
}

void rig_verify(struct rig *rig)
{
    struct error err;
    struct verify_result result;
    must(rig_try_verify(rig, &result, &err), &err);
    if (!result.ok) {
        fail_msg("%s", result.finding);
    }
}
