#include "toy.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/fault.h"
#include "rpc/rpc_direct.h"
#include "service/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define BEGIN_US (INT64_C(1767254400) * SECOND_US) /* 2026-01-01T08:00:00Z */
#define MAP_BYTES (UINT64_C(64) << 20)
#define NOTE 1 /* class of the state's and the view's rows; the second feed's view has 2 */
#define NOTES_SIGNAL UINT64_C(77)

enum { TIMER_RINGS = 1, TIMER_SILENT, TIMER_ENDLESS };

/* --- the service --- */

static struct key row_key(uint8_t class, uint64_t number)
{
    struct key key;
    key_begin(&key, class);
    key_add_u64(&key, number);
    return key;
}

static void apply(struct apply *a, const struct event *event)
{
    const Toy__NoteAdded *note = ((const Toy__Event *)event->open)->note_added;
    uint64_t number = table_last_u64(a->txn, STORE_STATE, NOTE) + 1;
    struct key key = row_key(NOTE, number);
    txn_put(a->txn, STORE_STATE, &key, bytes_of_text(note->text));
    if (note->timer_kind != 0) {
        timer_set(a->txn, &(struct timer){.due_us = event->recorded_at_us + MINUTE_US,
                                          .kind = (uint8_t)note->timer_kind,
                                          .subject = number});
    }
    if (note->rang != 0) {
        timer_clear(a->txn, TIMER_RINGS, note->rang);
    }
    apply_signal(a, NOTES_SIGNAL);
}

static enum status emit_note(struct decide *d, const char *text, uint32_t timer_kind, uint64_t rang)
{
    Toy__NoteAdded *note = arena_alloc(d->arena, sizeof *note);
    Toy__Event *open = arena_alloc(d->arena, sizeof *open);
    CHECK(note != NULL && open != NULL);
    toy__note_added__init(note);
    toy__event__init(open);
    note->text = (char *)(uintptr_t)text;
    note->timer_kind = timer_kind;
    note->rang = rang;
    open->kind_case = TOY__EVENT__KIND_NOTE_ADDED;
    open->note_added = note;
    return decide_emit(d, &open->base, NULL);
}

static enum status emit_many(struct decide *d)
{
    enum status status = STATUS_OK;
    for (int i = 0; i <= SERVICE_EVENTS_PER_COMMAND_MAX && status == STATUS_OK; i++) {
        status = emit_note(d, "one of many", 0, 0);
    }
    return status;
}

static enum status check_add_note(const struct city *city, const struct rpc_caller *caller,
                                  const ProtobufCMessage *message, struct error *err)
{
    (void)city, (void)caller;
    const Toy__AddNoteRequest *request = (const Toy__AddNoteRequest *)message;
    return request->text[0] != '\0'
               ? STATUS_OK
               : error_set(err, STATUS_INVALID_ARGUMENT, "text", "a note needs words");
}

static enum status decide_add_note(struct decide *d, const ProtobufCMessage *message,
                                   ProtobufCMessage *response)
{
    const Toy__AddNoteRequest *request = (const Toy__AddNoteRequest *)message;
    (void)response;
    if (strcmp(request->text, "refuse") == 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "text", "as you wished");
    }
    if (strcmp(request->text, "many") == 0) {
        return emit_many(d);
    }
    return emit_note(d, request->text, request->timer_kind, 0);
}

static enum status read_after_add(struct read *r, const ProtobufCMessage *request,
                                  ProtobufCMessage *response)
{
    (void)request;
    ((Toy__AddNoteResponse *)response)->count = table_last_u64(r->txn, STORE_STATE, NOTE);
    return STATUS_OK;
}

static enum status read_notes(struct read *r, const ProtobufCMessage *message,
                              ProtobufCMessage *answer)
{
    const Toy__ReadNotesRequest *request = (const Toy__ReadNotesRequest *)message;
    uint64_t count = table_last_u64(r->txn, STORE_STATE, NOTE);
    if (count <= request->known && request->wait_ms > 0 && !r->last) {
        return read_park(r, NOTES_SIGNAL, request->wait_ms, request->reader);
    }
    ((Toy__ReadNotesResponse *)answer)->count = count;
    return STATUS_OK;
}

const struct service_method toy_methods[] = {
    {.name = "AddNote",
     .kind = METHOD_COMMAND,
     .roles = ROLE_BIT(RPC_ROLE_FRONT_END),
     .check = check_add_note,
     .decide = decide_add_note,
     .read = read_after_add},
    {.name = "ReadNotes", .kind = METHOD_READ, .read = read_notes},
};

static enum status hear(struct decide *d, const struct event *event)
{
    const char *text = ((const Toy__Event *)event->open)->note_added->text;
    if (strcmp(text, "refuse") == 0) {
        return decide_refuse(d, STATUS_FAILED_PRECONDITION, "text", "as you wished");
    }
    if (strcmp(text, "many") == 0) {
        return emit_many(d);
    }
    return strcmp(text, "again") == 0 ? emit_note(d, "heard", 0, 0) : STATUS_OK;
}

static void view(struct apply *a, const struct event *event, uint8_t class)
{
    struct key key = row_key(class, event->offset);
    txn_put(a->txn, STORE_VIEW, &key,
            bytes_of_text(((const Toy__Event *)event->open)->note_added->text));
}

static void view_first(struct apply *a, const struct event *event)
{
    view(a, event, NOTE);
}

static void view_second(struct apply *a, const struct event *event)
{
    view(a, event, NOTE + 1);
}

static enum status timer_due(struct decide *d, const struct timer *timer)
{
    switch (timer->kind) {
    case TIMER_RINGS: return emit_note(d, "rang", 0, timer->subject);
    case TIMER_ENDLESS: return emit_note(d, "rang, and is still due", 0, 0);
    default: return STATUS_OK;
    }
}

static const struct service_feed feeds[] = {
    {.upstream = TOY_FIRST_LOG,
     .event_type = &toy__event__descriptor,
     .decide = hear,
     .view = view_first},
    {.upstream = TOY_SECOND_LOG,
     .event_type = &toy__event__descriptor,
     .decide = hear,
     .view = view_second},
};

const struct service_def toy_def = {
    .name = "intake",
    .id = TOY_ID,
    .rpc = &toy__toy__descriptor,
    .methods = toy_methods,
    .event_type = &toy__event__descriptor,
    .apply = apply,
    .feeds = feeds,
    .feed_count = sizeof feeds / sizeof feeds[0],
    .timer = timer_due,
};

/* --- the world around it --- */

static void must(enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        fail_msg("%s: %s: %s", status_name(status), err->field, err->message);
    }
}

static int64_t mono_now(struct clock *clock)
{
    return ((struct toy *)((char *)clock - offsetof(struct toy, clock)))->now_us;
}

static int64_t wall_now(struct clock *clock)
{
    return mono_now(clock) +
           ((struct toy *)((char *)clock - offsetof(struct toy, clock)))->wall_ahead_us;
}

static bool disk_is_full(void *context, const char *name)
{
    return ((struct toy *)context)->full && strncmp(name, "store.room", 10) == 0;
}

static struct rpc_router *log_router(void *context)
{
    struct toy_log *log = context;
    return log->down ? NULL : log->router;
}

static enum status connect_to_log(void *context, Common__ServiceId upstream,
                                  struct rpc_transport **ret_transport, struct error *err)
{
    struct toy *toy = context;
    (void)err;
    *ret_transport = rpc_direct_transport_new(&(struct rpc_direct){
        .loop = toy->loop,
        .router = log_router,
        .context = &toy->logs[upstream == TOY_FIRST_LOG ? 0 : 1],
    });
    return STATUS_OK;
}

/* A node has a pack, though the toy has no use for one: the same for all. */
static const struct city *any_city(void)
{
    static struct city *city;
    struct error err;
    if (city == NULL) {
        must(city_load(&city, VAFA_SOURCE_DIR "/deploy/cities/boston-2011", &err), &err);
    }
    return city;
}

static enum status open_node(struct toy *toy, const struct service_def *def, const char *name,
                             struct node **ret_node, struct error *err)
{
    char folder[SCRATCH_SIZE + 16];
    snprintf(folder, sizeof folder, "%s/%s", toy->folder, name);
    return node_open(ret_node,
                     &(struct node_options){
                         .def = def,
                         .store_folder = folder,
                         .city = any_city(),
                         .clock = &toy->clock,
                         .random = random_system(),
                         .loop = toy->loop,
                         .map_bytes = MAP_BYTES,
                         .no_sync = true,
                         .parked_max = 3,
                         .connect = connect_to_log,
                         .context = toy,
                     },
                     err);
}

static void start_node(struct toy *toy)
{
    struct error err;
    must(open_node(toy, toy->def, "store", &toy->node, &err), &err);
    must(node_start(toy->node, &err), &err);
    toy_advance(toy, 0);
}

enum status toy_try_open(struct toy *toy, const struct service_def *def, struct error *err)
{
    struct node *node = NULL;
    enum status status = open_node(toy, def, "another", &node, err);
    node_free(node);
    return status;
}

static struct rpc_router *own_router(void *context)
{
    struct node *node = ((struct toy *)context)->node;
    return node != NULL ? node_router(node) : NULL;
}

static struct rpc_client *client_new(struct toy *toy, enum rpc_role role)
{
    struct rpc_direct direct = {.loop = toy->loop, .router = own_router, .context = toy};
    struct rpc_caller caller = {.name = "test", .role = role};
    return rpc_client_new(toy->loop, rpc_direct_transport_new(&direct), random_system(), &caller);
}

void toy_init(struct toy *toy)
{
    toy_init_as(toy, &toy_def);
}

void toy_init_as(struct toy *toy, const struct service_def *def)
{
    memset(toy, 0, sizeof *toy);
    toy->def = def;
    toy->clock = (struct clock){.wall_us = wall_now, .mono_us = mono_now};
    toy->now_us = BEGIN_US;
    toy->loop = loop_new(&toy->clock);
    scratch_new(toy->folder);
    toy_log_init(&toy->logs[0], toy->loop, &toy->clock, TOY_FIRST_LOG);
    toy_log_init(&toy->logs[1], toy->loop, &toy->clock, TOY_SECOND_LOG);
    toy->front_end = client_new(toy, RPC_ROLE_FRONT_END);
    toy->leader = client_new(toy, RPC_ROLE_LEADERSHIP);
    fault_set_hook(disk_is_full, toy);
    start_node(toy);
}

/* As a crash. What its clients said by going is still heard. */
static void end_node(struct toy *toy)
{
    node_free(toy->node);
    toy->node = NULL;
    toy_advance(toy, 0);
}

void toy_fini(struct toy *toy)
{
    end_node(toy);
    toy_close(&toy->front_end);
    toy_close(&toy->leader);
    fault_set_hook(NULL, NULL);
    toy_log_fini(&toy->logs[0]);
    toy_log_fini(&toy->logs[1]);
    loop_free(toy->loop);
    scratch_remove(toy->folder);
}

void toy_restart(struct toy *toy)
{
    end_node(toy);
    start_node(toy);
}

static void run_what_is_due(struct toy *toy)
{
    toy_log_wake(&toy->logs[0]);
    toy_log_wake(&toy->logs[1]);
    while (loop_step(toy->loop)) {
    }
}

void toy_advance(struct toy *toy, int64_t us)
{
    int64_t end_us = toy->now_us + us;
    run_what_is_due(toy);
    for (int64_t next_us; (next_us = loop_next_us(toy->loop)) <= end_us;) {
        toy->now_us = next_us > toy->now_us ? next_us : toy->now_us;
        toy->wakes++;
        run_what_is_due(toy);
    }
    toy->now_us = end_us > toy->now_us ? end_us : toy->now_us; /* what ran may have taken time */
    run_what_is_due(toy);
}

/* --- calls --- */

void toy_close(struct rpc_client **client)
{
    rpc_client_free(*client);
    *client = NULL;
}

void toy_call_done(struct rpc_client_call *call)
{
    *(bool *)call->context = true;
}

void toy_start(struct toy *toy, struct toy_call *call, unsigned method,
               const ProtobufCMessage *request)
{
    toy_start_of(toy, call, &toy__toy__descriptor, method, request);
}

void toy_start_of(struct toy *toy, struct toy_call *call, const ProtobufCServiceDescriptor *service,
                  unsigned method, const ProtobufCMessage *request)
{
    call->call.service = service;
    call->call.method = method;
    call->call.request = request;
    call->call.no_retry = 1; /* the first answer is looked at */
    call->call.done = toy_call_done;
    call->call.context = &call->ended;
    rpc_client_start(call->client != NULL ? call->client : toy->front_end, &call->call);
    toy_advance(toy, 0);
}

enum status toy_end(struct toy *toy, struct toy_call *call)
{
    while (!call->ended) {
        int64_t next_us = loop_next_us(toy->loop);
        assert_true(next_us != INT64_MAX);
        toy_advance(toy, next_us - toy->now_us);
    }
    return call->call.error.status;
}

enum status toy_add_note(struct toy *toy, const char *text, uint32_t timer_kind,
                         uint64_t *ret_count, struct error *err)
{
    uint8_t key[UUID_BYTES];
    struct toy_call call = {0};
    Toy__AddNoteRequest request = TOY__ADD_NOTE_REQUEST__INIT;
    uuid7_make(random_system(), clock_wall_us(&toy->clock), key);
    request.idempotency_key = (ProtobufCBinaryData){sizeof key, key};
    request.text = (char *)(uintptr_t)text;
    request.timer_kind = timer_kind;
    toy_start(toy, &call, TOY_ADD_NOTE, &request.base);
    enum status status = toy_end(toy, &call);
    if (status == STATUS_OK && ret_count != NULL) {
        *ret_count = ((const Toy__AddNoteResponse *)call.call.response)->count;
    }
    if (err != NULL) {
        *err = call.call.error;
    }
    rpc_client_call_fini(&call.call);
    return status;
}

/* --- looking --- */

enum status toy_trouble(struct toy *toy)
{
    const struct error *trouble = node_trouble(toy->node);
    return trouble != NULL ? trouble->status : STATUS_OK;
}

static uint64_t last_row(struct toy *toy, enum store_space space, uint8_t class)
{
    struct error err;
    struct store_txn *txn;
    must(store_read_begin(node_store(toy->node), &txn, &err), &err);
    uint64_t last = table_last_u64(txn, space, class);
    must(txn_error(txn, &err), &err);
    store_read_end(txn);
    return last;
}

uint64_t toy_notes(struct toy *toy)
{
    return last_row(toy, STORE_STATE, NOTE);
}

uint64_t toy_viewed(struct toy *toy, size_t feed)
{
    return last_row(toy, STORE_VIEW, (uint8_t)(NOTE + feed));
}

struct log_position toy_head(struct toy *toy)
{
    struct error err;
    struct store_txn *txn;
    struct log_position head;
    must(store_read_begin(node_store(toy->node), &txn, &err), &err);
    log_head(txn, &head);
    must(txn_error(txn, &err), &err);
    store_read_end(txn);
    return head;
}
