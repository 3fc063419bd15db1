#include "service/follower.h"

#include "base/check.h"
#include "base/fault.h"
#include "base/plant.h"

#include "vafa/log/v1/log.pb-c.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_PER_READ 512
#define EVENTS_PER_OPERATION 256 /* the writer takes turns between calls and feeds */
#define WAIT_MS 20000            /* unless the options say another */
#define PATIENCE_MS 10000        /* for the answer, after the wait */
#define RETRY_US (200 * MS_US)
#define EVENT_ARENA_BYTES_MAX (8u << 20)
#define READ_EVENTS 0 /* method numbers of the EventLog service */

enum step {
    STEP_READING,  /* a call is in flight */
    STEP_APPLYING, /* an operation is at the writer */
    STEP_HELD,     /* waits for a commit: another cursor must move first */
    STEP_PAUSED,   /* waits for the retry timer */
    STEP_STOPPED,
};

struct follower {
    struct follower_options options;
    Common__ServiceId upstream;
    enum step step;
    struct rpc_client_call call;
    const Eventlog__ReadEventsResponse *batch; /* lives in the call */
    size_t next;                               /* in the batch */
    struct log_position cursor;

    struct writer_op op; /* the fields below belong to the writer while STEP_APPLYING */
    size_t applied;
    bool held;
    struct log_position applied_cursor;
    struct arena *arena;

    struct loop_task step_task; /* after the writer, or after a commit while held */
    struct loop_timer retry;
    pthread_mutex_t lock;
    /* Under the lock: */
    struct follower_state state;
    bool is_held;
    uint64_t commits;
    uint64_t commits_at_run; /* when the operation looked: what was committed since may be what it
                                waits for */
};

static bool position_of(const struct follower *follower, const Eventlog__LoggedEvent *event,
                        struct log_position *ret_position);
static void read_on(struct follower *follower);
static void apply_on(struct follower *follower);

/* Where it is. Only what it has done, or that there is nothing to do, ends the reason why it waited:
 * events that were read and cannot be applied are the same trouble again. */
static void publish(struct follower *follower, uint64_t head, bool goes_on)
{
    pthread_mutex_lock(&follower->lock);
    follower->state.offset = follower->cursor.offset;
    if (head > follower->state.head) {
        follower->state.head = head;
    }
    if (goes_on) {
        follower->state.why = ERROR_NONE;
    }
    pthread_mutex_unlock(&follower->lock);
}

/* False when a commit has come since the operation looked: then it is to look again at once. */
static bool hold(struct follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    bool holds = follower->commits == follower->commits_at_run;
    follower->is_held = holds;
    pthread_mutex_unlock(&follower->lock);
    return holds;
}

static void release(struct follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    follower->is_held = false;
    pthread_mutex_unlock(&follower->lock);
}

static void stop(struct follower *follower, const struct error *why)
{
    follower->step = STEP_STOPPED;
    /* Told first: nobody sees a feed that has stopped in a service without trouble. */
    follower->options.stopped(follower->options.context, follower->upstream, why);
    pthread_mutex_lock(&follower->lock);
    follower->state.stopped = true;
    follower->state.why = *why;
    pthread_mutex_unlock(&follower->lock);
}

/* Tries again soon. Told once for each reason, not with every try. */
static void pause_then_read(struct follower *follower, const struct error *why)
{
    pthread_mutex_lock(&follower->lock);
    bool is_new = follower->state.why.status != why->status;
    follower->state.why = *why;
    pthread_mutex_unlock(&follower->lock);
    if (is_new) {
        follower->options.waiting(follower->options.context, follower->upstream, why);
    }
    follower->step = STEP_PAUSED;
    loop_timer_set(follower->options.loop, &follower->retry, RETRY_US);
}

static void retry_expired(struct loop_timer *timer)
{
    struct follower *follower =
        (struct follower *)((char *)timer - offsetof(struct follower, retry));
    read_on(follower);
}

/* --- reading --- */

static enum status load_cursor(struct follower *follower, struct error *err)
{
    struct store_txn *txn;
    enum status status = store_read_begin(follower->options.store, &txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    char name[CURSOR_NAME_MAX];
    struct log_position cursor = {.offset = 0};
    engine_cursor_name(follower->upstream, name);
    (void)cursor_get(txn, name, &cursor); /* missing: from the beginning of whatever log there is */
    status = txn_error(txn, err);
    store_read_end(txn);
    if (status == STATUS_OK) {
        follower->cursor = cursor;
    }
    return status;
}

static void read_done(struct rpc_client_call *call)
{
    struct follower *follower = call->context;
    if (follower->step == STEP_STOPPED) {
        return;
    }
    if (call->error.status == STATUS_DATA_LOSS || call->error.status == STATUS_UNIMPLEMENTED) {
        stop(follower, &call->error);
        return;
    }
    if (call->error.status != STATUS_OK) {
        pause_then_read(follower, &call->error);
        return;
    }
    const Eventlog__ReadEventsResponse *batch =
        (const Eventlog__ReadEventsResponse *)call->response;
    if (batch->next == NULL || batch->next->log_id.len != STORE_LOG_ID_BYTES ||
        batch->head == NULL) {
        struct error err;
        error_set(&err, STATUS_INTERNAL, NULL, "%s answered without positions",
                  service_name(follower->upstream));
        stop(follower, &err);
        return;
    }
    memcpy(follower->cursor.log_id, batch->next->log_id.data, STORE_LOG_ID_BYTES);
    bool is_first = follower->state.head == 0; /* a test's: since the start */
    publish(follower, batch->head->offset, batch->n_events == 0);
    follower->batch = batch;
    follower->next = 0;
    if (PLANTED("event_skipped_on_restart") && is_first && batch->n_events > 1) {
        (void)position_of(follower, batch->events[0], &follower->cursor);
        follower->next = 1;
    }
    if (batch->n_events == 0) {
        read_on(follower);
    } else {
        apply_on(follower);
    }
}

static void read_on(struct follower *follower)
{
    rpc_client_call_fini(&follower->call);
    follower->batch = NULL;
    struct log_position *cursor = &follower->cursor;
    Common__Position after = COMMON__POSITION__INIT;
    after.service = follower->upstream;
    after.offset = cursor->offset;
    if (cursor->offset > 0) {
        after.log_id = (ProtobufCBinaryData){STORE_LOG_ID_BYTES, cursor->log_id};
        after.hash = (ProtobufCBinaryData){STORE_HASH_BYTES, cursor->hash};
    }
    Eventlog__ReadEventsRequest request = EVENTLOG__READ_EVENTS_REQUEST__INIT;
    request.after = &after;
    request.events_max = EVENTS_PER_READ;
    request.wait_ms = follower->options.wait_ms;
    request.reader = (char *)(uintptr_t)follower->options.def->name;
    follower->step = STEP_READING;
    follower->call = (struct rpc_client_call){
        .service = &eventlog__event_log__descriptor,
        .method = READ_EVENTS,
        .request = &request.base,
        .deadline_ms = follower->options.wait_ms + PATIENCE_MS,
        .done = read_done,
        .context = follower,
    };
    rpc_client_start(follower->options.client, &follower->call);
    follower->call.request = NULL; /* packed by now */
}

/* --- applying --- */

static bool position_of(const struct follower *follower, const Eventlog__LoggedEvent *event,
                        struct log_position *ret_position)
{
    if (event->record == NULL || event->hash.len != STORE_HASH_BYTES) {
        return false;
    }
    memcpy(ret_position->log_id, follower->cursor.log_id, STORE_LOG_ID_BYTES);
    memcpy(ret_position->hash, event->hash.data, STORE_HASH_BYTES);
    ret_position->offset = event->offset;
    return true;
}

/* One event in the writer's transaction. *ret_held: not yet. */
static enum status apply_one(struct follower *follower, struct store_txn *txn,
                             const Eventlog__LoggedEvent *event, bool *ret_held, struct error *err)
{
    struct log_position position;
    if (!position_of(follower, event, &position)) {
        return error_set(err, STATUS_INTERNAL, NULL,
                         "%s gave event %llu without its record or its place in the chain",
                         service_name(follower->upstream), (unsigned long long)event->offset);
    }
    if (position.offset != follower->applied_cursor.offset + 1) {
        return error_set(err, STATUS_INTERNAL, NULL, "%s gave event %llu where %llu was expected",
                         service_name(follower->upstream), (unsigned long long)event->offset,
                         (unsigned long long)follower->applied_cursor.offset + 1);
    }
    switch (engine_event_readiness(follower->options.engine, txn, event->record)) {
    case ENGINE_HELD: *ret_held = true; return STATUS_OK;
    case ENGINE_LOST:
        return error_set(
            err, STATUS_DATA_LOSS, NULL,
            "event %llu of %s knows this service's log otherwise than it is: this store "
            "was restored from an older copy; restore the whole set, or verify and "
            "start a new one",
            (unsigned long long)event->offset, service_name(follower->upstream));
    case ENGINE_READY: break;
    }
    enum status status = engine_run_event(follower->options.engine, txn, follower->options.feed,
                                          &position, event->record, follower->arena, err);
    arena_reset(follower->arena);
    if (status == STATUS_OK) {
        follower->applied_cursor = position;
        follower->applied++;
    }
    return status;
}

/* On the writer. A refused event ends the operation before it; the next operation begins with it
 * and is refused alone. */
static enum status run_op(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    struct follower *follower = (struct follower *)((char *)op - offsetof(struct follower, op));
    pthread_mutex_lock(&follower->lock);
    follower->commits_at_run = follower->commits;
    pthread_mutex_unlock(&follower->lock);
    follower->applied = 0;
    follower->held = false;
    follower->applied_cursor = follower->cursor;
    for (size_t i = follower->next;
         i < follower->batch->n_events && follower->applied < EVENTS_PER_OPERATION; i++) {
        enum status status =
            apply_one(follower, txn, follower->batch->events[i], &follower->held, err);
        if (status == STATUS_OK && !follower->held && fault_point("follower.event")) {
            txn_fail(txn, STATUS_UNAVAILABLE, "stopped behind an event by a test");
            status = txn_error(txn, err);
        }
        if (status != STATUS_OK) {
            bool transaction_failed = txn_error(txn, NULL) != STATUS_OK;
            return follower->applied > 0 && !transaction_failed ? STATUS_OK : status;
        }
        if (follower->held) {
            break;
        }
    }
    return STATUS_OK;
}

static void op_ended(struct writer_op *op)
{
    struct follower *follower = (struct follower *)((char *)op - offsetof(struct follower, op));
    loop_post(follower->options.loop, &follower->step_task);
}

static void apply_on(struct follower *follower)
{
    struct error err;
    follower->step = STEP_APPLYING;
    follower->op =
        (struct writer_op){.run = run_op, .ended = op_ended, .lane = WRITER_FEEDS, .reserve = true};
    if (writer_submit(follower->options.writer, &follower->op, &err) != STATUS_OK) {
        pause_then_read(follower, &err); /* stopping, or a full lane: nothing was applied */
    }
}

/* What is lasting stops the feed; a full disk or a stopping writer passes. */
static bool passes(enum status status)
{
    return status == STATUS_RESOURCE_EXHAUSTED || status == STATUS_UNAVAILABLE;
}

static void after_op(struct follower *follower)
{
    const struct error *error = &follower->op.error;
    if (error->status != STATUS_OK) {
        if (passes(error->status)) {
            pause_then_read(follower, error);
        } else {
            stop(follower, error);
        }
        return;
    }
    follower->next += follower->applied;
    follower->cursor = follower->applied_cursor;
    publish(follower, 0, true);
    if (follower->next == follower->batch->n_events) {
        read_on(follower);
    } else if (follower->held && follower->applied == 0 && hold(follower)) {
        follower->step = STEP_HELD;
    } else {
        apply_on(follower);
    }
}

static void step(struct loop_task *task)
{
    struct follower *follower =
        (struct follower *)((char *)task - offsetof(struct follower, step_task));
    if (follower->step == STEP_APPLYING) {
        after_op(follower);
    } else if (follower->step == STEP_HELD) {
        release(follower);
        apply_on(follower);
    }
}

void follower_committed(struct follower *follower)
{
    pthread_mutex_lock(&follower->lock);
    bool is_held = follower->is_held;
    follower->commits++;
    pthread_mutex_unlock(&follower->lock);
    if (is_held) {
        loop_post(follower->options.loop, &follower->step_task);
    }
}

/* --- life --- */

void follower_state(struct follower *follower, struct follower_state *ret_state)
{
    pthread_mutex_lock(&follower->lock);
    *ret_state = follower->state;
    pthread_mutex_unlock(&follower->lock);
}

struct follower *follower_new(const struct follower_options *options)
{
    struct follower *follower = calloc(1, sizeof *follower);
    CHECK(follower != NULL);
    CHECK(pthread_mutex_init(&follower->lock, NULL) == 0);
    follower->options = *options;
    follower->options.wait_ms = options->wait_ms == 0 ? WAIT_MS : options->wait_ms;
    follower->upstream = options->def->feeds[options->feed].upstream;
    follower->arena = arena_new(EVENT_ARENA_BYTES_MAX);
    follower->step = STEP_PAUSED;
    follower->step_task.run = step;
    follower->retry.expired = retry_expired;
    return follower;
}

void follower_start(struct follower *follower)
{
    struct error err;
    if (load_cursor(follower, &err) != STATUS_OK) {
        stop(follower, &err);
        return;
    }
    publish(follower, 0, true);
    read_on(follower);
}

void follower_free(struct follower *follower)
{
    if (follower == NULL) {
        return;
    }
    follower->step = STEP_STOPPED;
    loop_timer_clear(follower->options.loop, &follower->retry);
    loop_unpost(follower->options.loop, &follower->step_task);
    rpc_client_free(follower->options.client);
    rpc_client_call_fini(&follower->call);
    arena_free(follower->arena);
    (void)pthread_mutex_destroy(&follower->lock);
    free(follower);
}
