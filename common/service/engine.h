/*
 * The engine: decide, append, apply, keep - what one operation does inside one write transaction.
 * No threads, no network: whoever has a transaction can run it, live or in the simulator.
 */
#ifndef VAFA_SERVICE_ENGINE_H
#define VAFA_SERVICE_ENGINE_H

#include "service/service.h"
#include "service/signals.h"
#include "store/idempotency.h"

struct engine;

struct engine_options {
    const struct service_def *def;
    struct store *store;
    const struct city *city;
    uint64_t city_serial;          /* tells packs apart */
    const struct keyring *keyring; /* NULL unless def->holds_words */
    struct clock *clock;
    struct random *random;
};

enum status engine_new(struct engine **ret_engine, const struct engine_options *options,
                       struct error *err);
void engine_free(struct engine *engine); /* NULL is allowed */

struct engine_command {
    const struct service_method *method;
    const ProtobufCMessageDescriptor *response_type;
    const ProtobufCMessage *request;
    struct bytes key; /* its idempotency key */
    uint8_t digest[IDEMPOTENCY_DIGEST_BYTES];
    const struct rpc_caller *caller;
    const uint8_t *trace_id;
    const void *prepared;
    struct arena *arena;
    /* out */
    struct buffer *response; /* packed; cleared first */
    struct log_position position;
};

/* Runs a command in the writer's transaction. A refusal has changed nothing. */
enum status engine_run_command(struct engine *engine, struct store_txn *txn,
                               struct engine_command *command, struct error *err);

/* Whether an upstream event may be applied yet. */
enum engine_readiness {
    ENGINE_READY,
    ENGINE_HELD, /* its writer had seen more of a log than we have: wait for that */
    ENGINE_LOST, /* it had seen our own log longer, or otherwise: our store is an older copy */
};

enum engine_readiness engine_event_readiness(struct engine *engine, struct store_txn *txn,
                                             const Common__EventRecord *record);

/* Applies one event of a followed log and moves the cursor to `position`. `arena` is the event's
 * own memory. A refusal has changed nothing. */
enum status engine_run_event(struct engine *engine, struct store_txn *txn, size_t feed,
                             const struct log_position *position, const Common__EventRecord *record,
                             struct arena *arena, struct error *err);

/* Fires a due timer. A timer for which nothing was decided is FAILED_PRECONDITION: it would stay
 * due for ever. */
enum status engine_run_timer(struct engine *engine, struct store_txn *txn,
                             const struct timer *timer, struct arena *arena, struct error *err);

/* The pack that decides in the transaction, and its serial. */
const struct city *engine_city(struct engine *engine, struct store_txn *txn, uint64_t *ret_serial);
/* Takes a pack: appends the event, and decides by it from there on. The city stays its owner's, who ends with engine_end_pack once
 * the operation has: before, nothing may be freed. UNIMPLEMENTED for a service that cannot record it. */
enum status engine_run_pack(struct engine *engine, struct store_txn *txn, const struct city *city,
                            uint64_t serial, const Common__PackTaken *taken,
                            const struct rpc_caller *caller, const uint8_t *trace_id,
                            struct arena *arena, struct log_position *ret_position,
                            int64_t *ret_now_us, struct error *err);
/* On the writer's thread, too. False: nothing of it was written, and the pack before decides. */
void engine_end_pack(struct engine *engine, bool is_taken);

/* The time of the next events: the wall clock, but never before the last event. Sets *ret_behind_us
 * (may be NULL) to how far the clock is behind. */
int64_t engine_now_us(struct engine *engine, int64_t *ret_behind_us);

/* Keys signalled since the last call: signals_take. */
size_t engine_take_signals(struct engine *engine, uint64_t *ret_keys, size_t max, bool *ret_all);

/* "follow.intake": the cursor's name. */
void engine_cursor_name(Common__ServiceId upstream, char out[CURSOR_NAME_MAX]);

#define ENGINE_SIGNAL_LOG UINT64_C(2) /* the own log grew */

#endif
