/*
 * Calls are objects of a pool that is bounded, grows as it is needed and is freed with the router:
 * so a pointer to a call that has ended may still be looked at, under its lock, and tells by its
 * exchange that it has ended. That is what makes answering and cancelling at the same time safe.
 *
 * Locks: a call's lock is taken last, and nothing is called with it held.
 */
#include "rpc/rpc_router_private.h"

#include "base/check.h"
#include "base/mutex.h"
#include "rpc/rpc_frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_LEAST_MAX 8
#define CALLER_UNIT_BYTES_MAX 64

/* A call's envelope, its request and what its handler takes. */
#define CALL_ARENA_BYTES_MAX ((size_t)RPC_UNPACK_BYTES_MAX + RPC_FRAME_BYTES_MAX)

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
    [REFUSAL_BROKEN] = "broken",
    [REFUSAL_CROWDED] = "crowded",
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
                   "Frames and connections that never reached a method, by reason.");
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
    mutex_init_brief(&router->lock);
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

void rpc_router_count_cut(struct rpc_router *router, enum rpc_router_cut cut)
{
    static const enum refusal refusals[] = {[RPC_ROUTER_CUT_OVERSIZED] = REFUSAL_OVERSIZED,
                                            [RPC_ROUTER_CUT_BROKEN] = REFUSAL_BROKEN,
                                            [RPC_ROUTER_CUT_CROWDED] = REFUSAL_CROWDED};
    metric_add(&router->refused[refusals[cut]].metric, 1);
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
    mutex_init_brief(&call->lock);
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

void rpc_router_put_back(struct rpc_call *call)
{
    struct rpc_router *router = call->router;
    arena_reset(call->arena);
    pthread_mutex_lock(&router->lock);
    call->next_idle = router->idle;
    router->idle = call;
    atomic_fetch_sub(&router->open, 1);
    pthread_mutex_unlock(&router->lock);
}

/* --- a frame comes in --- */

/* Of text that is known to be UTF-8. */
static size_t code_points(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return count;
}

static enum refusal check_caller(struct rpc_call *call, const Rpc__Caller *caller,
                                 struct error *err)
{
    memset(&call->caller, 0, sizeof(call->caller));
    if (caller == NULL) {
        return REFUSAL_NONE;
    }
    if (code_points(caller->name) > RPC_CALLER_NAME_MAX) {
        error_set(err, STATUS_INVALID_ARGUMENT, "caller.name", "at most %d characters",
                  RPC_CALLER_NAME_MAX);
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

/* Fields of the envelope that we don't know: a later version would have another number, so these
 * are mistakes. */
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

static enum refusal read_frame(struct rpc_call *call, struct bytes frame, int64_t arrived_us,
                               struct error *err)
{
    ProtobufCMessage *message = NULL;
    /* Unknown fields are looked for after the version: another version may well have them. */
    enum status status = message_unpack(&rpc__call_request__descriptor, frame, MESSAGE_UNKNOWN_KEEP,
                                        call->arena, &message, err);
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
    call->deadline_us = arrived_us + envelope->deadline_ms * MS_US;
    memset(call->trace_id, 0, RPC_TRACE_BYTES);
    if (envelope->trace_id.len == RPC_TRACE_BYTES) {
        memcpy(call->trace_id, envelope->trace_id.data, RPC_TRACE_BYTES);
    }
    return read_body(call, err);
}

void rpc_router_error_envelope(const struct error *err, Rpc__CallResponse *envelope)
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
    rpc_router_error_envelope(err, &envelope);
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
    /* Cancelling sets `gone` and then looks for a call; here it is the other way round, so one of
     * the two sees it. */
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
        int64_t arrived_us =
            exchange->arrived_us != 0 ? exchange->arrived_us : clock_mono_us(router->clock);
        refusal = read_frame(call, frame, arrived_us, &err);
    }
    if (refusal != REFUSAL_NONE) {
        if (call != NULL) {
            rpc_router_put_back(call);
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
