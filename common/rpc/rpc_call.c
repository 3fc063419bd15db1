/*
 * An open call: what its handler sees, its cancelling and its answer, which may come at the same
 * time. A pointer to a call that has ended may still be looked at under its lock (rpc_router.c
 * tells why) and tells by its exchange that it has ended.
 */
#include "rpc/rpc_router_private.h"

#include "base/check.h"
#include "rpc/rpc_frame.h"

static void call_release(struct rpc_call *call)
{
    pthread_mutex_lock(&call->lock);
    bool last = --call->references == 0;
    pthread_mutex_unlock(&call->lock);
    if (last) {
        rpc_router_put_back(call);
    }
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

/* --- the reply goes out --- */

/* The frame is packed while the call's arena stands, the call is given back, and only then does the
 * reply go out: so a caller that sends its next call at once finds room for it. */
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
    rpc_router_error_envelope(err, &envelope);
    end_call(call, &envelope, &(struct rpc_frame_body){0});
}
