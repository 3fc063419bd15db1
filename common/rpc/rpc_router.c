/*
 * Calls are objects of a pool that is bounded, grows as it is needed and is freed with the router: so a pointer to a call
 * that has ended may still be looked at, under its lock, and tells by its exchange that it has ended. That is what makes
 * answering and cancelling at the same time safe.
 *
 * Locks: a call's lock is taken last, and nothing is called with it held.
 */
#include "rpc/rpc_router.h"

#include "base/check.h"
#include "rpc/rpc_frame.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICES_MAX 8
#define AT_LEAST_MAX 8
#define CALLER_NAME_BYTES_MAX 100
#define CALLER_UNIT_BYTES_MAX 64
#define LABELS_MAX 128

/* A call's envelope, its request and what its handler takes. */
#define CALL_ARENA_BYTES_MAX ((size_t)RPC_UNPACK_BYTES_MAX + RPC_FRAME_BYTES_MAX)

enum refusal {
    REFUSAL_NONE,
    REFUSAL_MALFORMED,
    REFUSAL_OVERSIZED,
    REFUSAL_VERSION,
    REFUSAL_UNKNOWN_METHOD,
    REFUSAL_MALFORMED_BODY,
    REFUSAL_UNKNOWN_FIELD,
    REFUSAL_OVERLOADED,
    REFUSAL_DRAINING,
    REFUSAL_COUNT,
};

static const char *const refusal_names[REFUSAL_COUNT] = {
    [REFUSAL_NONE] = "none",
    [REFUSAL_MALFORMED] = "malformed",
    [REFUSAL_OVERSIZED] = "oversized",
    [REFUSAL_VERSION] = "version",
    [REFUSAL_UNKNOWN_METHOD] = "unknown_method",
    [REFUSAL_MALFORMED_BODY] = "malformed_body",
    [REFUSAL_UNKNOWN_FIELD] = "unknown_field",
    [REFUSAL_OVERLOADED] = "overloaded",
    [REFUSAL_DRAINING] = "draining",
};

struct labelled_metric {
    struct metric metric;
    char labels[LABELS_MAX];
};

struct rpc_call {
    struct rpc_router *router;
    struct rpc_call *next; /* in the pool, or among the idle */
    struct rpc_call *next_idle;
    struct arena *arena;

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t cancel_ended;
    struct rpc_exchange *exchange; /* NULL: answered, or not open yet */
    uint32_t references;           /* the handler's, and one of a cancel that runs */
    bool cancelling;
    pthread_t canceller;
    void (*cancel)(struct rpc_call *call, void *context);
    void *cancel_context;

    _Atomic bool gone;
    const struct rpc_service *service;
    unsigned method;
    const Rpc__CallRequest *envelope;
    const ProtobufCMessage *request;
    struct rpc_caller caller;
    uint8_t trace_id[RPC_TRACE_BYTES];
    int64_t deadline_us;
    void *user;
};

struct rpc_router {
    struct clock *clock;
    size_t calls_max;
    struct rpc_service services[SERVICES_MAX];
    size_t service_count;
    _Atomic bool draining;

    pthread_mutex_t lock; /* guards the block below */
    struct rpc_call *pool;
    struct rpc_call *idle;
    size_t pooled;
    _Atomic size_t open;

    struct labelled_metric by_status[STATUS_COUNT];
    struct labelled_metric refused[REFUSAL_COUNT];
    struct labelled_metric cancelled;
    struct labelled_metric open_now;
};

/* --- the router --- */

static int64_t read_open_calls(const struct metric *metric)
{
    return (int64_t)rpc_router_open_calls(metric->context);
}

static void add_metric(struct metric_registry *metrics, struct labelled_metric *it,
                       const char *metric, const char *help)
{
    it->metric.name = metric;
    it->metric.labels = it->labels;
    it->metric.help = help;
    if (metrics != NULL) {
        metric_register(metrics, &it->metric);
    }
}

static void add_metrics(struct rpc_router *router, struct metric_registry *metrics,
                        const char *name)
{
    for (int status = 0; status < STATUS_COUNT; status++) {
        struct labelled_metric *it = &router->by_status[status];
        snprintf(it->labels, LABELS_MAX, "service=\"%s\",status=\"%s\"", name,
                 status_name((enum status)status));
        add_metric(metrics, it, "vafa_rpc_calls_total", "Calls answered, by status.");
    }
    for (int reason = REFUSAL_NONE + 1; reason < REFUSAL_COUNT; reason++) {
        struct labelled_metric *it = &router->refused[reason];
        snprintf(it->labels, LABELS_MAX, "service=\"%s\",reason=\"%s\"", name,
                 refusal_names[reason]);
        add_metric(metrics, it, "vafa_rpc_refused_total",
                   "Frames that never reached a method, by reason.");
    }
    snprintf(router->cancelled.labels, LABELS_MAX, "service=\"%s\"", name);
    add_metric(metrics, &router->cancelled, "vafa_rpc_cancelled_total",
               "Open calls whose caller went away.");
    snprintf(router->open_now.labels, LABELS_MAX, "service=\"%s\"", name);
    router->open_now.metric.kind = METRIC_GAUGE;
    router->open_now.metric.read = read_open_calls;
    router->open_now.metric.context = router;
    add_metric(metrics, &router->open_now, "vafa_rpc_open_calls", "Calls not answered yet.");
}

struct rpc_router *rpc_router_new(struct clock *clock, struct metric_registry *metrics,
                                  const char *name, size_t calls_max)
{
    CHECK(calls_max > 0);
    struct rpc_router *router = calloc(1, sizeof(*router));
    CHECK(router != NULL);
    router->clock = clock;
    router->calls_max = calls_max;
    CHECK(pthread_mutex_init(&router->lock, NULL) == 0);
    add_metrics(router, metrics, name);
    return router;
}

static void call_free(struct rpc_call *call)
{
    arena_free(call->arena);
    pthread_cond_destroy(&call->cancel_ended);
    pthread_mutex_destroy(&call->lock);
    free(call);
}

void rpc_router_free(struct rpc_router *router)
{
    if (router == NULL) {
        return;
    }
    CHECK(rpc_router_open_calls(router) == 0);
    pthread_mutex_lock(&router->lock); /* the last answer has left it */
    pthread_mutex_unlock(&router->lock);
    for (struct rpc_call *call = router->pool; call != NULL;) {
        struct rpc_call *next = call->next;
        call_free(call);
        call = next;
    }
    pthread_mutex_destroy(&router->lock);
    free(router);
}

void rpc_router_add(struct rpc_router *router, const struct rpc_service *service)
{
    CHECK(router->service_count < SERVICES_MAX);
    router->services[router->service_count++] = *service;
}

void rpc_router_drain(struct rpc_router *router)
{
    atomic_store(&router->draining, true);
}

size_t rpc_router_open_calls(struct rpc_router *router)
{
    return atomic_load(&router->open);
}

/* --- the pool of calls --- */

static struct rpc_call *call_new(struct rpc_router *router)
{
    struct rpc_call *call = calloc(1, sizeof(*call));
    CHECK(call != NULL);
    call->router = router;
    call->arena = arena_new(CALL_ARENA_BYTES_MAX);
    CHECK(pthread_mutex_init(&call->lock, NULL) == 0);
    CHECK(pthread_cond_init(&call->cancel_ended, NULL) == 0);
    return call;
}

/* NULL: as many are open as may be. */
static struct rpc_call *call_take(struct rpc_router *router)
{
    pthread_mutex_lock(&router->lock);
    struct rpc_call *call = router->idle;
    if (call != NULL) {
        router->idle = call->next_idle;
    } else if (router->pooled < router->calls_max) {
        router->pooled++;
        call = call_new(router);
        call->next = router->pool;
        router->pool = call;
    }
    if (call != NULL) {
        atomic_fetch_add(&router->open, 1);
    }
    pthread_mutex_unlock(&router->lock);
    return call;
}

static void call_put_back(struct rpc_call *call)
{
    struct rpc_router *router = call->router;
    arena_reset(call->arena);
    pthread_mutex_lock(&router->lock);
    call->next_idle = router->idle;
    router->idle = call;
    atomic_fetch_sub(&router->open, 1);
    pthread_mutex_unlock(&router->lock);
}

static void call_release(struct rpc_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool last = --call->references == 0;
    pthread_mutex_unlock(&call->lock);
    if (last) {
        call_put_back(call);
    }
}

/* --- a frame comes in --- */

static enum refusal check_caller(struct rpc_call *call, const Rpc__Caller *caller,
                                 struct error *err)
{
    memset(&call->caller, 0, sizeof(call->caller));
    if (caller == NULL) {
        return REFUSAL_NONE;
    }
    if (strlen(caller->name) > CALLER_NAME_BYTES_MAX) {
        error_set(err, STATUS_INVALID_ARGUMENT, "caller.name", "at most %d bytes",
                  CALLER_NAME_BYTES_MAX);
        return REFUSAL_MALFORMED;
    }
    if (strlen(caller->unit) > CALLER_UNIT_BYTES_MAX) {
        error_set(err, STATUS_INVALID_ARGUMENT, "caller.unit", "at most %d bytes",
                  CALLER_UNIT_BYTES_MAX);
        return REFUSAL_MALFORMED;
    }
    if ((int)caller->role < RPC_ROLE_NONE || (int)caller->role > RPC_ROLE_ADMIN) {
        error_set(err, STATUS_INVALID_ARGUMENT, "caller.role", "no such role: %d",
                  (int)caller->role);
        return REFUSAL_MALFORMED;
    }
    snprintf(call->caller.name, sizeof(call->caller.name), "%s", caller->name);
    snprintf(call->caller.unit, sizeof(call->caller.unit), "%s", caller->unit);
    call->caller.role = (enum rpc_role)caller->role;
    return REFUSAL_NONE;
}

/* Fields of the envelope that we don't know: a later version would have another number, so these are mistakes. */
static bool has_unknown_fields(const Rpc__CallRequest *envelope)
{
    bool unknown = envelope->base.n_unknown_fields > 0 ||
                   (envelope->caller != NULL && envelope->caller->base.n_unknown_fields > 0);
    for (size_t i = 0; i < envelope->n_at_least; i++) {
        unknown = unknown || envelope->at_least[i]->base.n_unknown_fields > 0;
    }
    return unknown;
}

static enum refusal check_envelope(struct rpc_call *call, const Rpc__CallRequest *envelope,
                                   struct error *err)
{
    if (envelope->version != RPC_VERSION) {
        error_set(err, STATUS_FAILED_PRECONDITION, "version",
                  "this server speaks version %d of the envelope, not %u", RPC_VERSION,
                  envelope->version);
        return REFUSAL_VERSION;
    }
    if (has_unknown_fields(envelope)) {
        error_set(err, STATUS_INVALID_ARGUMENT, NULL, "unknown field in the envelope");
        return REFUSAL_UNKNOWN_FIELD;
    }
    if (envelope->deadline_ms == 0 || envelope->deadline_ms > RPC_DEADLINE_MS_MAX) {
        error_set(err, STATUS_INVALID_ARGUMENT, "deadline_ms", "must be 1 to %d",
                  RPC_DEADLINE_MS_MAX);
        return REFUSAL_MALFORMED;
    }
    if (envelope->trace_id.len != 0 && envelope->trace_id.len != RPC_TRACE_BYTES) {
        error_set(err, STATUS_INVALID_ARGUMENT, "trace_id", "must be %d bytes or empty",
                  RPC_TRACE_BYTES);
        return REFUSAL_MALFORMED;
    }
    if (envelope->n_at_least > AT_LEAST_MAX) {
        error_set(err, STATUS_INVALID_ARGUMENT, "at_least", "at most %d positions", AT_LEAST_MAX);
        return REFUSAL_MALFORMED;
    }
    if (envelope->body.len > RPC_MESSAGE_BYTES_MAX) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "body", "the request is over %d bytes",
                  RPC_MESSAGE_BYTES_MAX);
        return REFUSAL_OVERSIZED;
    }
    return check_caller(call, envelope->caller, err);
}

static const struct rpc_service *find_service(const struct rpc_router *router, const char *name,
                                              size_t name_size)
{
    for (size_t i = 0; i < router->service_count; i++) {
        const char *known = router->services[i].descriptor->name;
        if (strncmp(known, name, name_size) == 0 && known[name_size] == '\0') {
            return &router->services[i];
        }
    }
    return NULL;
}

static enum refusal find_method(struct rpc_call *call, const char *name, struct error *err)
{
    const char *slash = strchr(name, '/');
    const struct rpc_service *service =
        slash != NULL ? find_service(call->router, name, (size_t)(slash - name)) : NULL;
    const ProtobufCMethodDescriptor *method =
        service != NULL
            ? protobuf_c_service_descriptor_get_method_by_name(service->descriptor, slash + 1)
            : NULL;
    if (method == NULL) {
        error_set(err, STATUS_UNIMPLEMENTED, "method", "no such method here: %.*s",
                  RPC_METHOD_BYTES_MAX, name);
        return REFUSAL_UNKNOWN_METHOD;
    }
    call->service = service;
    call->method = (unsigned)(method - service->descriptor->methods);
    return REFUSAL_NONE;
}

static enum refusal read_body(struct rpc_call *call, struct error *err)
{
    const ProtobufCMethodDescriptor *method = &call->service->descriptor->methods[call->method];
    ProtobufCMessage *request = NULL;
    enum status status = message_unpack(method->input, rpc_call_request_bytes(call),
                                        MESSAGE_UNKNOWN_REFUSE, call->arena, &request, err);
    if (status == STATUS_OK) {
        call->request = request;
        return REFUSAL_NONE;
    }
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        return REFUSAL_OVERSIZED;
    }
    return message_error_is_unknown_field(err) ? REFUSAL_UNKNOWN_FIELD : REFUSAL_MALFORMED_BODY;
}

static enum refusal read_frame(struct rpc_call *call, struct bytes frame, struct error *err)
{
    ProtobufCMessage *message = NULL;
    /* Unknown fields are looked for after the version: another version may well have them. */
    enum status status = message_unpack(&rpc__call_request__descriptor, frame,
                                        MESSAGE_UNKNOWN_KEEP, call->arena, &message, err);
    if (status != STATUS_OK) {
        return status == STATUS_RESOURCE_EXHAUSTED ? REFUSAL_OVERSIZED : REFUSAL_MALFORMED;
    }
    const Rpc__CallRequest *envelope = (const Rpc__CallRequest *)message;
    enum refusal refusal = check_envelope(call, envelope, err);
    if (refusal == REFUSAL_NONE) {
        refusal = find_method(call, envelope->method, err);
    }
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    call->envelope = envelope;
    call->deadline_us = clock_mono_us(call->router->clock) + envelope->deadline_ms * MS_US;
    call->user = NULL;
    memset(call->trace_id, 0, RPC_TRACE_BYTES);
    if (envelope->trace_id.len == RPC_TRACE_BYTES) {
        memcpy(call->trace_id, envelope->trace_id.data, RPC_TRACE_BYTES);
    }
    return read_body(call, err);
}

static void envelope_of_error(const struct error *err, Rpc__CallResponse *envelope)
{
    rpc__call_response__init(envelope);
    envelope->version = RPC_VERSION;
    envelope->status = (uint32_t)err->status;
    envelope->message = (char *)err->message;
    envelope->field = (char *)err->field;
}

/* A frame that became no call. */
static void refuse_frame(struct rpc_router *router, struct rpc_exchange *exchange,
                         enum refusal refusal, const struct error *err)
{
    metric_add(&router->refused[refusal].metric, 1);
    metric_add(&router->by_status[err->status].metric, 1);
    Rpc__CallResponse envelope;
    envelope_of_error(err, &envelope);
    struct rpc_frame frame;
    rpc_frame_pack_response(&frame, &envelope, &(struct rpc_frame_body){0});
    exchange->reply(exchange, bytes_of(frame.data, frame.size));
    rpc_frame_fini(&frame);
}

static void open_call(struct rpc_call *call, struct rpc_exchange *exchange)
{
    pthread_mutex_lock(&call->lock);
    call->exchange = exchange;
    call->references = 1;
    call->cancel = NULL;
    atomic_store(&call->gone, false);
    pthread_mutex_unlock(&call->lock);
    atomic_store(&exchange->call, call);
    /* Cancelling sets `gone` and then looks for a call; here it is the other way round, so one of the two sees it. */
    if (atomic_load(&exchange->gone)) {
        atomic_store(&call->gone, true);
    }
}

void rpc_router_serve(struct rpc_router *router, struct rpc_exchange *exchange, struct bytes frame)
{
    struct error err = ERROR_NONE;
    enum refusal refusal = REFUSAL_NONE;
    struct rpc_call *call = NULL;
    if (frame.size > RPC_FRAME_BYTES_MAX) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, NULL, "the call has %zu bytes, the limit is %d",
                  frame.size, RPC_FRAME_BYTES_MAX);
        refusal = REFUSAL_OVERSIZED;
    } else if (atomic_load(&router->draining)) {
        error_set(&err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
        refusal = REFUSAL_DRAINING;
    } else if ((call = call_take(router)) == NULL) {
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, NULL, "%zu calls are open, try again later",
                  router->calls_max);
        refusal = REFUSAL_OVERLOADED;
    } else {
        refusal = read_frame(call, frame, &err);
    }
    if (refusal != REFUSAL_NONE) {
        if (call != NULL) {
            call_put_back(call);
        }
        refuse_frame(router, exchange, refusal, &err);
        return;
    }
    open_call(call, exchange);
    if (atomic_load(&call->gone)) {
        error_set(&err, STATUS_CANCELLED, NULL, "the caller has gone");
        rpc_call_refuse(call, &err);
        return;
    }
    call->service->handle(call->service->context, call->method, call);
}

/* --- cancelling --- */

/* Under the call's lock. True: run_cancel is to be called, without it. */
static bool take_cancel(struct rpc_call *call)
{
    if (call->cancel == NULL) {
        return false;
    }
    call->cancelling = true;
    call->canceller = pthread_self();
    call->references++;
    return true;
}

static void run_cancel(struct rpc_call *call)
{
    pthread_mutex_lock(&call->lock);
    void (*cancel)(struct rpc_call *, void *) = call->cancel;
    void *context = call->cancel_context;
    call->cancel = NULL;
    pthread_mutex_unlock(&call->lock);
    if (cancel != NULL) { /* NULL: cleared or answered since */
        cancel(call, context);
    }
    pthread_mutex_lock(&call->lock);
    call->cancelling = false;
    pthread_cond_broadcast(&call->cancel_ended);
    pthread_mutex_unlock(&call->lock);
    call_release(call);
}

struct rpc_call *rpc_router_cancel_begin(struct rpc_exchange *exchange)
{
    atomic_store(&exchange->gone, true);
    struct rpc_call *call = atomic_load(&exchange->call);
    if (call == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&call->lock);
    bool run = false;
    if (call->exchange == exchange) {
        if (!atomic_exchange(&call->gone, true)) {
            metric_add(&call->router->cancelled.metric, 1);
        }
        run = !call->cancelling && take_cancel(call);
    }
    pthread_mutex_unlock(&call->lock);
    return run ? call : NULL;
}

void rpc_router_cancel_end(struct rpc_call *call)
{
    if (call != NULL) {
        run_cancel(call);
    }
}

void rpc_router_cancel(struct rpc_exchange *exchange)
{
    rpc_router_cancel_end(rpc_router_cancel_begin(exchange));
}

void rpc_call_on_cancel(struct rpc_call *call, void (*cancel)(struct rpc_call *call, void *context),
                        void *context)
{
    pthread_mutex_lock(&call->lock);
    call->cancel = cancel;
    call->cancel_context = context;
    bool run = false;
    if (cancel == NULL) {
        while (call->cancelling && !pthread_equal(call->canceller, pthread_self())) {
            pthread_cond_wait(&call->cancel_ended, &call->lock);
        }
    } else if (atomic_load(&call->gone) && !call->cancelling) {
        run = take_cancel(call);
    }
    pthread_mutex_unlock(&call->lock);
    if (run) {
        run_cancel(call);
    }
}

/* --- what a handler sees --- */

const ProtobufCMessage *rpc_call_request(const struct rpc_call *call)
{
    return call->request;
}

struct bytes rpc_call_request_bytes(const struct rpc_call *call)
{
    return bytes_of(call->envelope->body.data, call->envelope->body.len);
}

struct arena *rpc_call_arena(struct rpc_call *call)
{
    return call->arena;
}

const struct rpc_caller *rpc_call_caller(const struct rpc_call *call)
{
    return &call->caller;
}

const uint8_t *rpc_call_trace_id(const struct rpc_call *call)
{
    return call->trace_id;
}

int64_t rpc_call_deadline_us(const struct rpc_call *call)
{
    return call->deadline_us;
}

size_t rpc_call_at_least(const struct rpc_call *call, Common__Position *const **ret_positions)
{
    *ret_positions = call->envelope->at_least;
    return call->envelope->n_at_least;
}

bool rpc_call_gone(const struct rpc_call *call)
{
    return atomic_load(&call->gone) || clock_mono_us(call->router->clock) >= call->deadline_us;
}

void *rpc_call_user(const struct rpc_call *call)
{
    return call->user;
}

void rpc_call_set_user(struct rpc_call *call, void *user)
{
    call->user = user;
}

/* --- the reply goes out --- */

/* The frame is packed while the call's arena stands, the call is given back, and only then does the reply go out: so a
 * caller that sends its next call at once finds room for it. */
static void end_call(struct rpc_call *call, Rpc__CallResponse *envelope,
                     const struct rpc_frame_body *body)
{
    metric_add(&call->router->by_status[envelope->status].metric, 1);
    struct rpc_frame frame;
    rpc_frame_pack_response(&frame, envelope, body);
    pthread_mutex_lock(&call->lock);
    struct rpc_exchange *exchange = call->exchange;
    CHECK(exchange != NULL); /* a call is answered once */
    call->exchange = NULL;
    call->cancel = NULL;
    pthread_mutex_unlock(&call->lock);
    atomic_store(&exchange->call, NULL);
    call_release(call);
    exchange->reply(exchange, bytes_of(frame.data, frame.size));
    rpc_frame_fini(&frame);
}

static void answer(struct rpc_call *call, const struct rpc_frame_body *body, size_t body_size,
                   const Common__Position *position)
{
    if (body_size > RPC_MESSAGE_BYTES_MAX) {
        struct error err;
        error_set(&err, STATUS_RESOURCE_EXHAUSTED, NULL,
                  "the answer has %zu bytes, the limit is %d: ask for less", body_size,
                  RPC_MESSAGE_BYTES_MAX);
        rpc_call_refuse(call, &err);
        return;
    }
    Rpc__CallResponse envelope = RPC__CALL_RESPONSE__INIT;
    envelope.version = RPC_VERSION;
    envelope.position = (Common__Position *)position;
    end_call(call, &envelope, body);
}

void rpc_call_answer(struct rpc_call *call, const ProtobufCMessage *response,
                     const Common__Position *position)
{
    CHECK(response->descriptor == call->service->descriptor->methods[call->method].output);
    struct rpc_frame_body body = {.message = response};
    answer(call, &body, protobuf_c_message_get_packed_size(response), position);
}

void rpc_call_answer_bytes(struct rpc_call *call, struct bytes response,
                           const Common__Position *position)
{
    struct rpc_frame_body body = {.bytes = response};
    answer(call, &body, response.size, position);
}

void rpc_call_refuse(struct rpc_call *call, const struct error *err)
{
    CHECK(err->status > STATUS_OK && err->status < STATUS_COUNT);
    Rpc__CallResponse envelope;
    envelope_of_error(err, &envelope);
    end_call(call, &envelope, &(struct rpc_frame_body){0});
}
