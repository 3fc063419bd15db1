#include "toy_log.h"

#include "base/arena.h"
#include "base/check.h"

#include "toy.pb-c.h"

#include <string.h>

#define ARENA_BYTES_MAX (16u << 20)
#define LOG_ID_BYTES 16
#define HASH_BYTES 32

static ProtobufCBinaryData filled(struct arena *arena, size_t size, uint8_t byte)
{
    uint8_t *data = arena_alloc(arena, size);
    CHECK(data != NULL);
    memset(data, byte, size);
    return (ProtobufCBinaryData){size, data};
}

/* The chain's hash of a place: any will do, as long as each has its own. */
static uint8_t hash_byte(uint64_t offset)
{
    return (uint8_t)(offset * 7 + 1);
}

static Common__Position *position(struct toy_log *log, struct arena *arena, uint64_t offset)
{
    Common__Position *at = arena_alloc(arena, sizeof *at);
    CHECK(at != NULL);
    common__position__init(at);
    at->service = log->service;
    at->offset = offset;
    at->log_id = filled(arena, LOG_ID_BYTES, 7);
    at->hash = filled(arena, HASH_BYTES, offset == 0 ? 0 : hash_byte(offset));
    return at;
}

static void answer(struct toy_log *log, struct rpc_call *call)
{
    const Eventlog__ReadEventsRequest *request =
        (const Eventlog__ReadEventsRequest *)rpc_call_request(call);
    Eventlog__ReadEventsResponse response = EVENTLOG__READ_EVENTS_RESPONSE__INIT;
    uint64_t after = request->after->offset;
    size_t left = log->count - (size_t)after;
    response.n_events = left < request->events_max ? left : request->events_max;
    response.events = &log->events[after];
    response.next = position(log, rpc_call_arena(call), after + response.n_events);
    response.head = position(log, rpc_call_arena(call), log->count);
    if (log->spoil != NULL) {
        log->spoil(&response);
    }
    rpc_call_answer(call, &response.base, NULL);
}

/* The read that waits, which waits no more. */
static struct rpc_call *take_waiting(struct toy_log *log)
{
    struct rpc_call *call = log->waiting;
    log->waiting = NULL;
    loop_timer_clear(log->loop, &log->wait_over);
    return call;
}

static void reader_gone(struct rpc_call *call, void *context)
{
    struct error err;
    (void)take_waiting(context);
    error_set(&err, STATUS_CANCELLED, NULL, "the reader has gone");
    rpc_call_refuse(call, &err);
}

static void answer_waiting(struct toy_log *log)
{
    struct rpc_call *call = take_waiting(log);
    rpc_call_on_cancel(call, NULL, NULL);
    answer(log, call);
}

static void wait_is_over(struct loop_timer *timer)
{
    answer_waiting((struct toy_log *)((char *)timer - offsetof(struct toy_log, wait_over)));
}

static void handle(void *context, unsigned method, struct rpc_call *call)
{
    struct toy_log *log = context;
    const Eventlog__ReadEventsRequest *request =
        (const Eventlog__ReadEventsRequest *)rpc_call_request(call);
    CHECK(method == 0 && log->waiting == NULL);
    log->reads++;
    log->after = request->after->offset;
    memset(log->after_hash, 0, sizeof log->after_hash);
    if (request->after->hash.len == sizeof log->after_hash) { /* at the beginning it has none */
        memcpy(log->after_hash, request->after->hash.data, sizeof log->after_hash);
    }
    if (log->refuse_with.status != STATUS_OK) {
        rpc_call_refuse(call, &log->refuse_with);
    } else if (log->after < log->count || log->spoil != NULL) {
        answer(log, call);
    } else {
        log->waiting = call;
        loop_timer_set(log->loop, &log->wait_over, request->wait_ms * MS_US);
        rpc_call_on_cancel(call, reader_gone, log);
    }
}

void toy_log_wake(struct toy_log *log)
{
    if (log->waiting != NULL && log->after < log->count) {
        answer_waiting(log);
    }
}

Common__EventRecord *toy_log_add(struct toy_log *log, const char *text)
{
    CHECK(log->count < TOY_LOG_EVENTS_MAX);
    Toy__NoteAdded note = TOY__NOTE_ADDED__INIT;
    Toy__Event open = TOY__EVENT__INIT;
    struct buffer packed = BUFFER_EMPTY;
    note.text = (char *)(uintptr_t)text;
    open.kind_case = TOY__EVENT__KIND_NOTE_ADDED;
    open.note_added = &note;
    message_pack(&open.base, &packed);

    Eventlog__LoggedEvent *event = arena_alloc(log->arena, sizeof *event);
    Common__EventRecord *record = arena_alloc(log->arena, sizeof *record);
    uint8_t *bytes = arena_alloc(log->arena, packed.size);
    CHECK(event != NULL && record != NULL && bytes != NULL);
    memcpy(bytes, packed.data, packed.size);
    common__event_record__init(record);
    record->kind = TOY__EVENT__KIND_NOTE_ADDED;
    record->recorded_at_us = record->occurred_at_us = (int64_t)log->count + 1;
    record->open = (ProtobufCBinaryData){packed.size, bytes};
    buffer_fini(&packed);
    eventlog__logged_event__init(event);
    event->offset = ++log->count;
    event->record = record;
    event->hash = filled(log->arena, HASH_BYTES, hash_byte(log->count));
    log->events[log->count - 1] = event;
    return record;
}

void toy_log_has_seen(struct toy_log *log, Common__EventRecord *record, Common__ServiceId service,
                      uint64_t offset)
{
    Common__Seen *seen = arena_alloc(log->arena, sizeof *seen);
    record->seen = arena_alloc(log->arena, sizeof *record->seen);
    CHECK(seen != NULL && record->seen != NULL);
    common__seen__init(seen);
    seen->service = service;
    seen->offset = offset;
    record->seen[0] = seen;
    record->n_seen = 1;
}

void toy_log_init(struct toy_log *log, struct loop *loop, struct clock *clock,
                  Common__ServiceId service)
{
    *log = (struct toy_log){.service = service, .loop = loop, .refuse_with = ERROR_NONE};
    log->wait_over.expired = wait_is_over;
    log->metrics = metric_registry_new();
    log->arena = arena_new(ARENA_BYTES_MAX);
    log->router = rpc_router_new(clock, log->metrics, "log", 8);
    rpc_router_add(log->router,
                   &(struct rpc_service){.descriptor = &eventlog__event_log__descriptor,
                                         .handle = handle,
                                         .context = log});
}

void toy_log_fini(struct toy_log *log)
{
    CHECK(log->waiting == NULL);
    rpc_router_free(log->router);
    metric_registry_free(log->metrics);
    arena_free(log->arena);
}
