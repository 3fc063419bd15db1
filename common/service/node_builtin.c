/* The methods every service has: its log for followers, its health, version and metrics. */
#include "service/event_record.h"
#include "service/node_internal.h"

#include "text/utf8.h"

#include "vafa/health/v1/health.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_MAX 1000
#define EVENTS_DEFAULT 256
#define WAIT_MS_MAX 240000
#define ANSWER_BYTES_MAX (512u * 1024)
#define READER_MAX 100 /* code points */

/* --- EventLog --- */

static enum status check_read_events(const struct city *city, const struct rpc_caller *caller,
                                     const ProtobufCMessage *message, struct error *err)
{
    const Eventlog__ReadEventsRequest *request = (const Eventlog__ReadEventsRequest *)message;
    (void)city;
    (void)caller;
    if (request->events_max > EVENTS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "events_max", "it is %u; at most %d",
                         request->events_max, EVENTS_MAX);
    }
    if (request->wait_ms > WAIT_MS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "wait_ms", "it is %u; at most %d",
                         request->wait_ms, WAIT_MS_MAX);
    }
    return text_check(request->reader, READER_MAX, "reader", err);
}

/* Where to read on; refuses what this log does not contain. */
static enum status start_of(struct read *r, const Common__Position *after,
                            struct log_position *ret_start)
{
    struct log_position start = {.offset = 0};
    memcpy(start.log_id, store_log_id(txn_store(r->txn)), STORE_LOG_ID_BYTES);
    if (after == NULL || (after->offset == 0 && after->log_id.len == 0)) {
        *ret_start = start;
        return STATUS_OK;
    }
    if (after->log_id.len != 0 && after->log_id.len != STORE_LOG_ID_BYTES) {
        return read_refuse(r, STATUS_INVALID_ARGUMENT, "after.log_id",
                           "it has %zu bytes instead of %d", after->log_id.len, STORE_LOG_ID_BYTES);
    }
    if (after->hash.len != 0 && after->hash.len != STORE_HASH_BYTES) {
        return read_refuse(r, STATUS_INVALID_ARGUMENT, "after.hash",
                           "it has %zu bytes instead of %d", after->hash.len, STORE_HASH_BYTES);
    }
    start.offset = after->offset;
    if (after->log_id.len != 0) {
        memcpy(start.log_id, after->log_id.data, STORE_LOG_ID_BYTES);
    }
    const uint8_t *hash = start.hash;
    struct bytes record;
    struct log_position head;
    log_head(r->txn, &head);
    if (after->hash.len != 0) {
        memcpy(start.hash, after->hash.data, STORE_HASH_BYTES);
    } else if (start.offset > 0 && start.offset <= head.offset &&
               log_get(r->txn, start.offset, &record, &hash)) {
        memcpy(start.hash, hash, STORE_HASH_BYTES);
    }
    enum status status = log_check_position(r->txn, &start, r->error);
    if (status == STATUS_OK) {
        *ret_start = start;
    }
    return status;
}

static enum status lost_event(struct read *r, uint64_t offset)
{
    return read_refuse(r, STATUS_DATA_LOSS, NULL,
                       "event %llu of the log cannot be read: verify the store",
                       (unsigned long long)offset);
}

/* One event for a follower. RESOURCE_EXHAUSTED when the arena is full. */
static enum status load_event(struct read *r, uint64_t offset, Eventlog__LoggedEvent **ret_event,
                              size_t *ret_size)
{
    struct bytes packed;
    const uint8_t *hash;
    struct error why = ERROR_NONE;
    if (!log_get(r->txn, offset, &packed, &hash)) {
        return lost_event(r, offset);
    }
    Eventlog__LoggedEvent *event = arena_alloc(r->arena, sizeof *event);
    const Common__EventRecord *record = event_record_unpack(packed, r->arena, &why);
    if (event == NULL || (record == NULL && why.status == STATUS_RESOURCE_EXHAUSTED)) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "events_max",
                           "the events need more memory than a call may have");
    }
    if (record == NULL) {
        return lost_event(r, offset);
    }
    Common__EventRecord *open =
        (Common__EventRecord *)(uintptr_t)record; /* ours: it was unpacked just now */
    open->sealed = (ProtobufCBinaryData){0, NULL};
    eventlog__logged_event__init(event);
    event->offset = offset;
    event->record = open;
    event->hash = (ProtobufCBinaryData){STORE_HASH_BYTES, (uint8_t *)(uintptr_t)hash};
    *ret_event = event;
    *ret_size = packed.size + STORE_HASH_BYTES + 16;
    return STATUS_OK;
}

static enum status load_events(struct read *r, struct log_position *next, size_t events_max,
                               Eventlog__ReadEventsResponse *response)
{
    size_t bytes = 0;
    response->events = arena_alloc(r->arena, events_max * sizeof *response->events);
    if (response->events == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "events_max", "ask for fewer events");
    }
    while (response->n_events < events_max && bytes < ANSWER_BYTES_MAX) {
        Eventlog__LoggedEvent *event = NULL;
        size_t size = 0;
        enum status status = load_event(r, next->offset + 1, &event, &size);
        if (status == STATUS_RESOURCE_EXHAUSTED && response->n_events > 0) {
            *r->error = ERROR_NONE;
            break; /* what fits is given */
        }
        if (status != STATUS_OK) {
            return status;
        }
        response->events[response->n_events++] = event;
        next->offset++;
        memcpy(next->hash, event->hash.data, STORE_HASH_BYTES);
        bytes += size;
    }
    return STATUS_OK;
}

static enum status read_events(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    const Eventlog__ReadEventsRequest *request = (const Eventlog__ReadEventsRequest *)message;
    Eventlog__ReadEventsResponse *response = (Eventlog__ReadEventsResponse *)answer;
    struct node *node = r->wait->node;
    struct log_position head, next;
    enum status status = start_of(r, request->after, &next);
    if (status != STATUS_OK) {
        return status;
    }
    log_head(r->txn, &head);
    if (next.offset == head.offset && request->wait_ms > 0 && !r->last) {
        return read_park(r, ENGINE_SIGNAL_LOG, request->wait_ms, request->reader);
    }
    size_t events_max = request->events_max != 0 ? request->events_max : EVENTS_DEFAULT;
    if (events_max > head.offset - next.offset) {
        events_max = (size_t)(head.offset - next.offset);
    }
    status = load_events(r, &next, events_max, response);
    struct position_storage *storage = arena_alloc(r->arena, 2 * sizeof *storage);
    if (status != STATUS_OK || storage == NULL) {
        return status != STATUS_OK ? status
                                   : read_refuse(r, STATUS_RESOURCE_EXHAUSTED, "events_max",
                                                 "ask for fewer events");
    }
    position_fill(&storage[0], node->def->id, &next);
    position_fill(&storage[1], node->def->id, &head);
    response->next = &storage[0].position;
    response->head = &storage[1].position;
    return STATUS_OK;
}

static enum status read_head(struct read *r, const ProtobufCMessage *message,
                             ProtobufCMessage *answer)
{
    Eventlog__GetHeadResponse *response = (Eventlog__GetHeadResponse *)answer;
    struct log_position head;
    (void)message;
    struct position_storage *storage = arena_alloc(r->arena, sizeof *storage);
    if (storage == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    log_head(r->txn, &head);
    position_fill(storage, r->wait->node->def->id, &head);
    response->head = &storage->position;
    return STATUS_OK;
}

static bool waits_for_events(const ProtobufCMessage *request)
{
    return ((const Eventlog__ReadEventsRequest *)request)->wait_ms > 0;
}

const struct service_method node_log_methods[] = {
    {.name = "ReadEvents",
     .kind = METHOD_READ,
     .is_unhurried = waits_for_events,
     .check = check_read_events,
     .read = read_events},
    {.name = "GetHead", .kind = METHOD_READ, .read = read_head},
};

/* --- Health --- */

static enum status read_health(struct read *r, const ProtobufCMessage *message,
                               ProtobufCMessage *answer)
{
    Health__CheckHealthResponse *response = (Health__CheckHealthResponse *)answer;
    struct node *node = r->wait->node;
    size_t feeds = node->def->feed_count;
    (void)message;
    struct position_storage *storage = arena_alloc(r->arena, sizeof *storage);
    Health__CheckHealthResponse__Feed *feed = arena_alloc(r->arena, (feeds + 1) * sizeof *feed);
    response->feeds = arena_alloc(r->arena, (feeds + 1) * sizeof *response->feeds);
    if (storage == NULL || feed == NULL || response->feeds == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    struct log_position head;
    log_head(r->txn, &head);
    position_fill(storage, node->def->id, &head);
    response->head = &storage->position;

    for (size_t i = 0; i < feeds; i++) {
        struct follower_state state;
        node_feed_state(node, i, &state);
        health__check_health_response__feed__init(&feed[i]);
        feed[i].service = node->def->feeds[i].upstream;
        feed[i].offset = state.offset;
        feed[i].head = state.head > state.offset ? state.head : state.offset;
        if (state.why.status != STATUS_OK) {
            char **why = state.stopped ? &feed[i].stopped_because : &feed[i].waiting_because;
            *why = arena_copy_text(r->arena, state.why.message);
        }
        response->feeds[response->n_feeds++] = &feed[i];
    }

    /* After the feeds: one that has stopped meanwhile is trouble already. */
    const struct error *trouble = node_trouble(node);
    struct error unwritable = ERROR_NONE; /* full, or a commit has failed */
    if (trouble == NULL && store_room(node->store, false, &unwritable) != STATUS_OK) {
        trouble = &unwritable;
    }
    response->state = node_is_draining(node) ? HEALTH__SERVING_STATE__SERVING_STATE_DRAINING
                      : trouble != NULL      ? HEALTH__SERVING_STATE__SERVING_STATE_DEGRADED
                                             : HEALTH__SERVING_STATE__SERVING_STATE_SERVING;
    if (trouble != NULL) {
        response->reason = arena_copy_text(r->arena, trouble->message);
    }
    return STATUS_OK;
}

static enum status read_version(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    Health__GetVersionResponse *response = (Health__GetVersionResponse *)answer;
    struct bytes digest = city_digest(r->city);
    (void)message;
    response->version = arena_copy_text(r->arena, VAFA_VERSION);
    response->service = r->wait->node->def->id;
    response->store_format = STORE_FORMAT;
    response->city = arena_copy_text(r->arena, city_key(r->city));
    response->city_digest = (ProtobufCBinaryData){digest.size, (uint8_t *)(uintptr_t)digest.data};
    return STATUS_OK;
}

static enum status read_metrics(struct read *r, const ProtobufCMessage *message,
                                ProtobufCMessage *answer)
{
    Health__GetMetricsResponse *response = (Health__GetMetricsResponse *)answer;
    struct buffer text = BUFFER_EMPTY;
    (void)message;
    metric_print(r->wait->node->metrics, &text);
    response->text = arena_copy_text(r->arena, buffer_text(&text));
    buffer_fini(&text);
    if (response->text == NULL) {
        return read_refuse(r, STATUS_RESOURCE_EXHAUSTED, NULL,
                           "the answer needs more memory than a call may have");
    }
    return STATUS_OK;
}

static bool always(const ProtobufCMessage *request)
{
    (void)request;
    return true;
}

const struct service_method node_health_methods[] = {
    {.name = "CheckHealth", .kind = METHOD_READ, .is_unhurried = always, .read = read_health},
    {.name = "GetVersion", .kind = METHOD_READ, .is_unhurried = always, .read = read_version},
    {.name = "GetMetrics", .kind = METHOD_READ, .is_unhurried = always, .read = read_metrics},
};
