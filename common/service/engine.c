#include "service/engine.h"

#include "base/check.h"
#include "base/plant.h"
#include "service/decision.h"
#include "service/event_record.h"
#include "service/pack_taken.h"
#include "service/signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
    const struct service_def *def;
    struct store *store;
    const struct city *city;
    uint64_t city_serial;
    struct {
        const struct city *city; /* NULL: none */
        uint64_t serial;
        uint64_t offset; /* of its event */
    } next;              /* a pack whose taking is not durable yet */
    const struct keyring *keyring;
    struct clock *clock;
    struct random *random;
    _Atomic int64_t last_recorded_us; /* the alarm reads it from its own thread */
    struct decision decision;         /* of the operation being run: there is one writer */
    struct arena *apply_arena;
    struct buffer open;
    struct buffer record;
    struct signals signals;
};

#define APPLY_ARENA_BYTES_MAX (16u << 20)

/* --- small parts --- */

const char *service_name(Common__ServiceId id)
{
    static const char *const names[] = {"", "intake", "routing", "followup", "feedback", "report"};
    return (unsigned)id <= SERVICE_COUNT ? names[id] : "";
}

void engine_cursor_name(Common__ServiceId upstream, char out[CURSOR_NAME_MAX])
{
    static const char prefix[] = "follow.";
    memcpy(out, prefix, sizeof prefix - 1);
    strncpy(out + sizeof prefix - 1, service_name(upstream), CURSOR_NAME_MAX - sizeof prefix);
    out[CURSOR_NAME_MAX - 1] = '\0';
}

/* The cursor's row that remembers how far an event has told of it. */
static void seen_name(Common__ServiceId upstream, char out[CURSOR_NAME_MAX])
{
    static const char prefix[] = "seen.";
    memcpy(out, prefix, sizeof prefix - 1);
    strncpy(out + sizeof prefix - 1, service_name(upstream), CURSOR_NAME_MAX - sizeof prefix);
    out[CURSOR_NAME_MAX - 1] = '\0';
}

size_t engine_take_signals(struct engine *engine, uint64_t *ret_keys, size_t max, bool *ret_all)
{
    return signals_take(&engine->signals, ret_keys, max, ret_all);
}

/* --- decisions --- */

enum status decide_emit(struct decide *d, const ProtobufCMessage *open,
                        const struct event_options *options)
{
    struct decision *decision = d->decision;
    if (decision->event_count == SERVICE_EVENTS_PER_COMMAND_MAX) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "one command may not cause more than %d events",
                             SERVICE_EVENTS_PER_COMMAND_MAX);
    }
    size_t i = decision->event_count++;
    decision->events[i].open = open;
    decision->events[i].options = options != NULL ? *options : (struct event_options){0};
    return STATUS_OK;
}

enum status decide_refuse(struct decide *d, enum status status, const char *field,
                          const char *format, ...)
{
    char text[sizeof d->error->message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(d->error, status, field, "%s", text);
}

static enum status change_key_row(struct decide *d, const struct key *key, struct bytes value,
                                  bool is_deleted)
{
    struct decision *decision = d->decision;
    if (decision->key_row_count == DECISION_KEY_ROWS_MAX) {
        return decide_refuse(d, STATUS_INTERNAL, NULL,
                             "one command may not change more than %d key rows",
                             DECISION_KEY_ROWS_MAX);
    }
    size_t i = decision->key_row_count++;
    decision->key_rows[i].key = *key;
    decision->key_rows[i].value = value;
    decision->key_rows[i].is_deleted = is_deleted;
    return STATUS_OK;
}

enum status decision_add_key_row(struct decide *d, const struct key *key, struct bytes value)
{
    return change_key_row(d, key, value, false);
}

enum status decision_delete_key_row(struct decide *d, const struct key *key)
{
    return change_key_row(d, key, bytes_of_text(""), true);
}

int64_t engine_now_us(struct engine *engine, int64_t *ret_behind_us)
{
    int64_t wall_us = clock_wall_us(engine->clock);
    int64_t last_us = PLANTED("clock_followed_backwards") ? 0 : engine->last_recorded_us;
    int64_t behind_us = last_us > wall_us ? last_us - wall_us : 0;
    if (ret_behind_us != NULL) {
        *ret_behind_us = behind_us;
    }
    return wall_us + behind_us;
}

/* A taking that was rolled back has left no row. */
const struct city *engine_city(struct engine *engine, struct store_txn *txn, uint64_t *ret_serial)
{
    bool is_next = engine->next.city != NULL && pack_taken_last(txn, 0) == engine->next.offset;
    *ret_serial = is_next ? engine->next.serial : engine->city_serial;
    return is_next ? engine->next.city : engine->city;
}

static struct decide begin_decision(struct engine *engine, struct store_txn *txn,
                                    struct arena *arena, const struct rpc_caller *caller,
                                    struct error *err)
{
    uint64_t serial;
    engine->decision.event_count = 0;
    engine->decision.key_row_count = 0;
    engine->decision.random = engine->random;
    return (struct decide){
        .txn = txn,
        .city = engine_city(engine, txn, &serial),
        .keyring = engine->keyring,
        .arena = arena,
        .now_us = engine_now_us(engine, NULL),
        .caller = caller,
        .error = err,
        .decision = &engine->decision,
    };
}

#define SEEN_HASH_BYTES 8 /* tells a log that was restored, not one that was forged */

struct seen_list {
    size_t count;
    Common__Seen seen[SERVICE_FEEDS_MAX];
    Common__Seen *list[SERVICE_FEEDS_MAX];
    uint8_t hashes[SERVICE_FEEDS_MAX][SEEN_HASH_BYTES];
};

/* How far we have followed each log, of those that moved since our event before. Logs we only show
 * (no decide) are no cause of our events. */
static void seen_moved(struct engine *engine, struct store_txn *txn, struct seen_list *ret_seen)
{
    ret_seen->count = 0;
    for (size_t i = 0; i < engine->def->feed_count; i++) {
        char name[CURSOR_NAME_MAX];
        struct log_position cursor;
        Common__ServiceId upstream = engine->def->feeds[i].upstream;
        engine_cursor_name(upstream, name);
        if (engine->def->feeds[i].decide == NULL || !cursor_get(txn, name, &cursor)) {
            continue;
        }
        seen_name(upstream, name);
        if (meta_get_u64(txn, name) == cursor.offset) {
            continue;
        }
        meta_put_u64(txn, name, cursor.offset);
        size_t n = ret_seen->count++;
        Common__Seen *seen = &ret_seen->seen[n];
        common__seen__init(seen);
        seen->service = upstream;
        seen->offset = cursor.offset;
        memcpy(ret_seen->hashes[n], cursor.hash, SEEN_HASH_BYTES);
        seen->hash = (ProtobufCBinaryData){SEEN_HASH_BYTES, ret_seen->hashes[n]};
        ret_seen->list[n] = seen;
    }
}

static void append_event(struct engine *engine, struct store_txn *txn, size_t index, int64_t now_us,
                         const struct rpc_caller *caller, const uint8_t *trace_id)
{
    const ProtobufCMessage *open = engine->decision.events[index].open;
    const struct event_options *options = &engine->decision.events[index].options;
    struct seen_list seen;
    seen_moved(engine, txn, &seen);
    buffer_clear(&engine->open);
    message_pack(open, &engine->open);

    Common__EventRecord record = COMMON__EVENT_RECORD__INIT;
    record.kind = event_kind(open);
    record.ignorable = options->ignorable;
    record.recorded_at_us = now_us;
    record.occurred_at_us = options->occurred_at_us != 0 ? options->occurred_at_us : now_us;
    record.historical = options->historical;
    record.seen = seen.list;
    record.n_seen = seen.count;
    record.open = (ProtobufCBinaryData){engine->open.size, engine->open.data};
    record.sealed =
        (ProtobufCBinaryData){options->sealed.size, (uint8_t *)(uintptr_t)options->sealed.data};
    record.citizen = options->citizen;
    if (caller != NULL) {
        record.actor = (char *)(uintptr_t)caller->name;
    }
    if (trace_id != NULL) {
        record.trace_id = (ProtobufCBinaryData){RPC_TRACE_BYTES, (uint8_t *)(uintptr_t)trace_id};
    }
    buffer_clear(&engine->record);
    message_pack(&record.base, &engine->record);

    struct log_position position;
    log_append(txn, buffer_bytes(&engine->record), &position);
    struct apply a = {.arena = engine->apply_arena, .txn = txn, .signals = &engine->signals};
    struct event event = {
        .offset = position.offset,
        .recorded_at_us = record.recorded_at_us,
        .occurred_at_us = record.occurred_at_us,
        .historical = record.historical,
        .actor = record.actor,
        .open = open,
        .sealed = options->sealed,
        .citizen = options->citizen,
    };
    if (pack_taken_of(open) != NULL) {
        pack_taken_apply(&a, &event);
    } else {
        engine->def->apply(&a, &event);
    }
    apply_signal(&a, ENGINE_SIGNAL_LOG);
    arena_reset(engine->apply_arena);
}

/* Everything a decision wants, into the transaction. */
static enum status write_decision(struct engine *engine, struct store_txn *txn,
                                  const struct decide *d, const uint8_t *trace_id)
{
    const struct decision *decision = &engine->decision;
    for (size_t i = 0; i < decision->key_row_count; i++) {
        if (decision->key_rows[i].is_deleted) {
            txn_delete(txn, STORE_KEYS, &decision->key_rows[i].key);
        } else {
            txn_put(txn, STORE_KEYS, &decision->key_rows[i].key, decision->key_rows[i].value);
        }
    }
    for (size_t i = 0; i < decision->event_count; i++) {
        append_event(engine, txn, i, d->now_us, d->caller, trace_id);
    }
    if (decision->event_count > 0) {
        engine->last_recorded_us = d->now_us;
    }
    return txn_error(txn, d->error);
}

/* What became of a decision. A failed transaction outweighs the refusal it may have led to: a row
 * that could not be read is not a row that is not there. */
static enum status outcome(struct store_txn *txn, enum status status, struct error *err)
{
    enum status failure = txn_error(txn, NULL);
    return failure != STATUS_OK ? txn_error(txn, err) : status;
}

/* The same for what nobody asked for and nobody can ask again: a decision beyond its bounds stays
 * so, and must not pass for a full disk, which is waited for. */
static enum status lasting_outcome(struct store_txn *txn, enum status status, struct error *err)
{
    status = outcome(txn, status, err);
    if (status == STATUS_RESOURCE_EXHAUSTED && txn_error(txn, NULL) == STATUS_OK) {
        return error_set(err, STATUS_INTERNAL, NULL,
                         "what follows from it is more than one operation may do");
    }
    return status;
}

/* --- the three kinds of operation --- */

static void answer_again(struct store_txn *txn, const struct idempotency_answer *answer,
                         struct engine_command *command)
{
    const uint8_t *hash;
    struct bytes record;
    log_head(txn, &command->position);
    if (answer->offset < command->position.offset) {
        command->position.offset = answer->offset;
        memset(command->position.hash, 0, sizeof command->position.hash);
        if (answer->offset > 0 && log_get(txn, answer->offset, &record, &hash)) {
            memcpy(command->position.hash, hash, sizeof command->position.hash);
        }
    }
    buffer_append_bytes(command->response, answer->response);
}

enum status engine_run_command(struct engine *engine, struct store_txn *txn,
                               struct engine_command *command, struct error *err)
{
    struct idempotency_answer answer;
    bool known;
    buffer_clear(command->response);
    /* A key's age is judged by the wall clock itself: a clock that was ahead for a while must not
     * make every new key too old. */
    int64_t wall_us = clock_wall_us(engine->clock);
    enum status status =
        idempotency_find(txn, command->key, command->digest, wall_us, &known, &answer, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (known && PLANTED("doubled_message_applied_twice")) {
        struct log_position head;
        log_head(txn, &head);
        known = answer.offset != head.offset; /* nothing else came between */
    }
    if (known) {
        answer_again(txn, &answer, command);
        return txn_error(txn, err);
    }
    ProtobufCMessage *response =
        arena_alloc(command->arena, command->response_type->sizeof_message);
    if (response == NULL) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the call needs more memory than a call may have");
    }
    command->response_type->message_init(response);

    struct decide d = begin_decision(engine, txn, command->arena, command->caller, err);
    d.prepared = command->prepared;
    status = outcome(txn, command->method->decide(&d, command->request, response), err);
    if (status != STATUS_OK && PLANTED("refusal_leaves_a_trace")) {
        idempotency_keep(txn, command->key, command->digest, &answer, wall_us);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = write_decision(engine, txn, &d, command->trace_id);
    if (status != STATUS_OK) {
        return status;
    }
    message_pack(response, command->response);
    log_head(txn, &command->position);
    answer.response = buffer_bytes(command->response);
    answer.offset = command->position.offset;
    if (!PLANTED("key_forgotten")) {
        idempotency_keep(txn, command->key, command->digest, &answer, wall_us);
    }
    return txn_error(txn, err);
}

/* Whether our log is the one that was seen: as long, and with that hash at that place. */
static bool is_ours(struct store_txn *txn, const Common__Seen *seen)
{
    struct bytes record;
    const uint8_t *hash;
    struct log_position head;
    log_head(txn, &head);
    return head.offset >= seen->offset && (seen->hash.len != SEEN_HASH_BYTES || seen->offset == 0 ||
                                           (log_get(txn, seen->offset, &record, &hash) &&
                                            memcmp(hash, seen->hash.data, SEEN_HASH_BYTES) == 0));
}

enum engine_readiness engine_event_readiness(struct engine *engine, struct store_txn *txn,
                                             const Common__EventRecord *record)
{
    if (PLANTED("effects_before_causes")) {
        return ENGINE_READY;
    }
    for (size_t i = 0; i < record->n_seen; i++) {
        const Common__Seen *seen = record->seen[i];
        if (seen->service == engine->def->id) {
            if (!is_ours(txn, seen)) {
                return ENGINE_LOST;
            }
        }
        for (size_t j = 0; j < engine->def->feed_count; j++) {
            if (engine->def->feeds[j].upstream != seen->service) {
                continue;
            }
            char name[CURSOR_NAME_MAX];
            struct log_position cursor = {.offset = 0};
            engine_cursor_name(seen->service, name);
            (void)cursor_get(txn, name, &cursor); /* missing: at the beginning */
            if (cursor.offset < seen->offset) {
                return ENGINE_HELD;
            }
        }
    }
    return ENGINE_READY;
}

enum status engine_run_event(struct engine *engine, struct store_txn *txn, size_t feed,
                             const struct log_position *position, const Common__EventRecord *record,
                             struct arena *arena, struct error *err)
{
    const struct service_feed *f = &engine->def->feeds[feed];
    struct event event;
    bool known = false;
    enum status status =
        event_unpack(record, position->offset, f->event_type, arena, &event, &known, err);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_pack = known && pack_taken_of(event.open) != NULL; /* the other one's own matter */
    known = known && !is_pack;
    if (!known && !is_pack && !record->ignorable) {
        return error_set(
            err, STATUS_UNIMPLEMENTED, NULL,
            "event %llu of %s is of kind %u, which this program does not know: upgrade it",
            (unsigned long long)position->offset, service_name(f->upstream), record->kind);
    }
    struct decide d = begin_decision(engine, txn, arena, NULL, err);
    if (known && f->decide != NULL) {
        status = lasting_outcome(txn, f->decide(&d, &event), err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    char name[CURSOR_NAME_MAX];
    engine_cursor_name(f->upstream, name);
    if (!(PLANTED("cursor_in_another_transaction") && position->offset % 2 == 0)) {
        cursor_put(txn, name, position); /* before our events: they tell that we have seen it */
    }
    if (known && f->view != NULL) {
        struct apply a = {
            .arena = engine->apply_arena, .txn = txn, .city = d.city, .signals = &engine->signals};
        f->view(&a, &event);
        arena_reset(engine->apply_arena);
    }
    const uint8_t *trace_id =
        record->trace_id.len == RPC_TRACE_BYTES ? record->trace_id.data : NULL;
    return write_decision(engine, txn, &d, trace_id);
}

enum status engine_run_timer(struct engine *engine, struct store_txn *txn,
                             const struct timer *timer, struct arena *arena, struct error *err)
{
    struct decide d = begin_decision(engine, txn, arena, NULL, err);
    enum status status = lasting_outcome(txn, engine->def->timer(&d, timer), err);
    if (status != STATUS_OK) {
        return status;
    }
    if (engine->decision.event_count == 0) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                         "timer %u of %llu is due, and nothing follows from it", timer->kind,
                         (unsigned long long)timer->subject);
    }
    status = write_decision(engine, txn, &d, NULL);
    struct timer first;
    if (status == STATUS_OK && timer_first(txn, &first) && first.due_us == timer->due_us &&
        first.kind == timer->kind && first.subject == timer->subject) {
        txn_fail(txn, STATUS_INTERNAL,
                 "timer %u of %llu is due again at once: its event neither cleared nor moved it",
                 timer->kind, (unsigned long long)timer->subject);
        return txn_error(txn, err);
    }
    return status;
}

/* --- another pack --- */

enum status engine_run_pack(struct engine *engine, struct store_txn *txn, const struct city *city,
                            uint64_t serial, const Common__PackTaken *taken,
                            const struct rpc_caller *caller, const uint8_t *trace_id,
                            struct arena *arena, struct log_position *ret_position,
                            int64_t *ret_now_us, struct error *err)
{
    struct decide d = begin_decision(engine, txn, arena, caller, err);
    struct event_options options = {.ignorable = true}; /* nobody else decides by it */
    const ProtobufCMessage *open = pack_taken_event(engine->def->event_type, taken, arena);
    if (open == NULL) {
        return error_set(err, STATUS_UNIMPLEMENTED, NULL, "%s cannot take a pack",
                         engine->def->name);
    }
    enum status status = decide_emit(&d, open, &options);
    if (status == STATUS_OK) {
        status = write_decision(engine, txn, &d, trace_id);
    }
    if (status == STATUS_OK) {
        log_head(txn, ret_position);
        *ret_now_us = d.now_us;
        engine->next.city = city;
        engine->next.serial = serial;
        engine->next.offset = ret_position->offset;
    }
    return status;
}

void engine_end_pack(struct engine *engine, bool is_taken)
{
    if (is_taken) {
        engine->city = engine->next.city;
        engine->city_serial = engine->next.serial;
    }
    engine->next.city = NULL;
}

/* --- life --- */

/* The last event's time, so that recorded_at never runs backwards, whatever the clock did
 * meanwhile. */
static enum status read_last_recorded(struct engine *engine, struct error *err)
{
    struct store_txn *txn;
    enum status status = store_read_begin(engine->store, &txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct log_position head;
    struct bytes packed;
    log_head(txn, &head);
    if (head.offset > 0 && log_get(txn, head.offset, &packed, NULL)) {
        const Common__EventRecord *record = event_record_unpack(packed, engine->apply_arena, err);
        if (record == NULL) {
            status = STATUS_DATA_LOSS;
        } else {
            engine->last_recorded_us = record->recorded_at_us;
        }
        arena_reset(engine->apply_arena);
    }
    if (status == STATUS_OK) {
        status = txn_error(txn, err);
    }
    store_read_end(txn);
    return status;
}

enum status engine_new(struct engine **ret_engine, const struct engine_options *options,
                       struct error *err)
{
    CHECK(options->def->feed_count <= SERVICE_FEEDS_MAX);
    struct engine *engine = calloc(1, sizeof *engine);
    CHECK(engine != NULL);
    engine->def = options->def;
    engine->store = options->store;
    engine->city = options->city;
    engine->city_serial = options->city_serial;
    engine->keyring = options->keyring;
    engine->clock = options->clock;
    engine->random = options->random;
    engine->apply_arena = arena_new(APPLY_ARENA_BYTES_MAX);
    enum status status = read_last_recorded(engine, err);
    if (status != STATUS_OK) {
        engine_free(engine);
        return status;
    }
    *ret_engine = engine;
    return STATUS_OK;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    arena_free(engine->apply_arena);
    buffer_fini(&engine->open);
    buffer_fini(&engine->record);
    free(engine);
}
