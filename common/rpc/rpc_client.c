/*
 * A call from its start to its end: packed, sent, tried again, handed back.
 *
 * One timer of the client wakes the loop for all whose attempt has ended: a timer, since unlike a
 * task it can be taken back when the client is freed.
 */
#include "rpc/rpc_client_private.h"

#include "base/check.h"
#include "base/mutex.h"
#include "rpc/rpc_frame.h"
#include "rpc/rpc_gather.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define AT_LEAST_MAX 8
#define BACKOFF_US_MIN (10 * MS_US)
#define BACKOFF_US_MAX SECOND_US
#define BACKOFF_DOUBLINGS_MAX 7

/* Calls ended in one turn of the loop, so that other things have theirs. */
#define ENDED_IN_A_TURN_MAX 256

static void wake_expired(struct loop_timer *timer);
static void backoff_expired(struct loop_timer *timer);

struct rpc_client *rpc_client_new(struct loop *loop, struct rpc_transport *transport,
                                  struct random *random, const struct rpc_caller *caller)
{
    struct rpc_client *client = calloc(1, sizeof(*client));
    CHECK(client != NULL);
    client->loop = loop;
    client->transport = transport;
    client->wake.expired = wake_expired;
    client->deadline.expired = rpc_client_attempt_expired;
    client->jitter = random_u64(random);
    random->fill(random, client->trace_start, sizeof(client->trace_start));
    memcpy(client->name, caller->name, sizeof(client->name));
    memcpy(client->unit, caller->unit, sizeof(client->unit));
    rpc__caller__init(&client->caller);
    client->caller.name = client->name;
    client->caller.unit = client->unit;
    client->caller.role = (Rpc__Role)caller->role;
    mutex_init_brief(&client->lock);
    return client;
}

/* splitmix64, Steele, Lea, Flood: https://doi.org/10.1145/2714064.2660195. Under the lock. */
static uint64_t jitter_next(struct rpc_client *client)
{
    uint64_t z = client->jitter += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* --- lists; under the lock --- */

static void flights_add(struct rpc_client *client, struct rpc_client_flight *flight)
{
    flight->next = client->flights;
    if (client->flights != NULL) {
        client->flights->previous = flight;
    }
    client->flights = flight;
}

static void flights_remove(struct rpc_client *client, struct rpc_client_flight *flight)
{
    if (flight->previous != NULL) {
        flight->previous->next = flight->next;
    } else {
        client->flights = flight->next;
    }
    if (flight->next != NULL) {
        flight->next->previous = flight->previous;
    }
    flight->previous = flight->next = NULL;
}

static void ended_remove(struct rpc_client *client, struct rpc_client_flight *flight)
{
    if (flight->ended_previous != NULL) {
        flight->ended_previous->ended_next = flight->ended_next;
    } else {
        client->ended_first = flight->ended_next;
    }
    if (flight->ended_next != NULL) {
        flight->ended_next->ended_previous = flight->ended_previous;
    } else {
        client->ended_last = flight->ended_previous;
    }
    flight->ended_previous = flight->ended_next = NULL;
}

/* --- start --- */

/* Packs the call; an error is left in the flight. */
static enum status flight_pack(struct rpc_client_flight *flight)
{
    struct rpc_client_call *call = flight->call;
    struct error *err = &flight->error;
    if (call->deadline_ms > RPC_DEADLINE_MS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "deadline_ms", "at most %d",
                         RPC_DEADLINE_MS_MAX);
    }
    if (call->at_least_count > AT_LEAST_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "at_least", "at most %d positions",
                         AT_LEAST_MAX);
    }
    CHECK(call->method < call->service->n_methods);
    CHECK(call->request->descriptor == call->service->methods[call->method].input);
    size_t body_size = protobuf_c_message_get_packed_size(call->request);
    if (body_size > RPC_MESSAGE_BYTES_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the request has %zu bytes, the limit is %d", body_size,
                         RPC_MESSAGE_BYTES_MAX);
    }
    char method[RPC_METHOD_BYTES_MAX + 1];
    rpc_method_name(call->service, call->method, method);
    Rpc__CallRequest envelope = RPC__CALL_REQUEST__INIT;
    envelope.version = RPC_VERSION;
    envelope.method = method;
    envelope.trace_id.data = call->trace_id;
    envelope.trace_id.len = RPC_TRACE_BYTES;
    envelope.caller = &flight->client->caller;
    envelope.n_at_least = call->at_least_count;
    envelope.at_least = (Common__Position **)call->at_least;
    flight->frame_size = rpc_frame_request_size(&envelope, body_size);
    flight->frame = malloc(flight->frame_size + RPC_FRAME_DEADLINE_ROOM);
    CHECK(flight->frame != NULL);
    rpc_frame_pack_request(flight->frame, &envelope, call->request, body_size);
    return STATUS_OK;
}

/* Under the lock. Trace ids count up from a random start. */
static void trace_make(struct rpc_client *client, uint8_t trace_id[RPC_TRACE_BYTES])
{
    static const uint8_t none[RPC_TRACE_BYTES];
    if (memcmp(trace_id, none, RPC_TRACE_BYTES) == 0) {
        memcpy(trace_id, client->trace_start, RPC_TRACE_BYTES);
        be64_put(trace_id + 8, be64_get(trace_id + 8) + ++client->traces);
    }
}

void rpc_client_start(struct rpc_client *client, struct rpc_client_call *call)
{
    struct rpc_client_flight *flight = calloc(1, sizeof(*flight));
    CHECK(flight != NULL);
    flight->client = client;
    flight->call = call;
    flight->backoff.expired = backoff_expired;
    call->flight = flight;
    call->response = NULL;
    call->error = ERROR_NONE;
    pthread_mutex_lock(&client->lock);
    flights_add(client, flight);
    trace_make(client, call->trace_id);
    bool freeing = client->freeing;
    pthread_mutex_unlock(&client->lock);
    if (freeing) {
        error_set(&flight->error, STATUS_CANCELLED, NULL, "the client is closing");
        rpc_client_attempt_end(flight);
    } else if (flight_pack(flight) != STATUS_OK) {
        rpc_client_attempt_end(flight);
    } else {
        uint32_t deadline_ms = call->deadline_ms > 0 ? call->deadline_ms : RPC_DEADLINE_MS_DEFAULT;
        flight->deadline_us = loop_mono_us(client->loop) + deadline_ms * MS_US;
        rpc_client_attempt_send(flight);
    }
}

/* --- on the loop --- */

/* Hands the outcome to the caller. The call may be over, and the flight freed, when this returns.
 */
static void flight_deliver(struct rpc_client_flight *flight)
{
    struct rpc_client *client = flight->client;
    struct rpc_client_call *call = flight->call;
    pthread_mutex_lock(&client->lock);
    flights_remove(client, flight);
    pthread_mutex_unlock(&client->lock);
    free(flight->frame);
    flight->frame = NULL;
    call->attempts = flight->attempts;
    call->error = flight->error;
    call->response = flight->error.status == STATUS_OK ? flight->response : NULL;
    common__position__init(&call->position);
    if (flight->position != NULL) {
        call->position = *flight->position;
    }
    call->done(call);
}

/* Half of the step to the whole of it. */
static int64_t backoff_us(struct rpc_client *client, uint32_t attempts, bool cut)
{
    if (cut && attempts == 1) {
        return 0;
    }
    uint32_t doublings =
        attempts - 1 < BACKOFF_DOUBLINGS_MAX ? attempts - 1 : BACKOFF_DOUBLINGS_MAX;
    int64_t step_us = BACKOFF_US_MIN << doublings;
    step_us = step_us < BACKOFF_US_MAX ? step_us : BACKOFF_US_MAX;
    pthread_mutex_lock(&client->lock);
    uint64_t draw = jitter_next(client);
    pthread_mutex_unlock(&client->lock);
    return step_us / 2 + (int64_t)(draw % (uint64_t)(step_us / 2 + 1));
}

/* Tries again later when that may help; false: this was the end. */
static bool flight_retry(struct rpc_client_flight *flight)
{
    struct rpc_client *client = flight->client;
    /* Without an attempt there was nothing the server could have said. */
    if (flight->error.status != STATUS_UNAVAILABLE || flight->call->no_retry != 0 ||
        flight->attempts == 0) {
        return false;
    }
    int64_t delay_us = backoff_us(client, flight->attempts, flight->cut);
    if (loop_mono_us(client->loop) + delay_us + MS_US > flight->deadline_us) {
        return false; /* less than the wire's unit would be left */
    }
    pthread_mutex_lock(&client->lock);
    bool freeing = client->freeing;
    flight->state = FLIGHT_WAITING;
    pthread_mutex_unlock(&client->lock);
    if (freeing) {
        return false;
    }
    if (delay_us == 0) {
        rpc_client_attempt_send(flight);
    } else {
        loop_timer_set(client->loop, &flight->backoff, delay_us);
    }
    return true;
}

static void backoff_expired(struct loop_timer *timer)
{
    rpc_client_attempt_send(
        (struct rpc_client_flight *)((char *)timer - offsetof(struct rpc_client_flight, backoff)));
}

static struct rpc_client_flight *ended_take(struct rpc_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct rpc_client_flight *flight = client->ended_first;
    if (flight != NULL) {
        ended_remove(client, flight);
    } else {
        client->woken = false;
    }
    pthread_mutex_unlock(&client->lock);
    return flight;
}

/* False: there are more. */
static bool end_some(struct rpc_client *client)
{
    for (int i = 0; i < ENDED_IN_A_TURN_MAX; i++) {
        struct rpc_client_flight *flight = ended_take(client);
        if (flight == NULL) {
            return true;
        }
        if (!flight_retry(flight)) {
            flight_deliver(flight);
        }
    }
    return false;
}

static void wake_expired(struct loop_timer *timer)
{
    struct rpc_client *client =
        (struct rpc_client *)((char *)timer - offsetof(struct rpc_client, wake));
    rpc_gather_begin(); /* their callers may call again at once */
    bool all = end_some(client);
    rpc_gather_end();
    if (!all) {
        loop_timer_set(client->loop, &client->wake, 0);
    }
}

/* Takes a flight back from wherever it is; on return nothing will come of it. */
static void flight_recall(struct rpc_client_flight *flight)
{
    struct rpc_client *client = flight->client;
    pthread_mutex_lock(&client->lock);
    enum flight_state state = flight->state;
    pthread_mutex_unlock(&client->lock);
    if (state == FLIGHT_WAITING) {
        loop_timer_clear(client->loop, &flight->backoff);
    } else if (state == FLIGHT_SENT) {
        (void)client->transport->cancel(client->transport, atomic_load(&flight->exchange));
    }
    pthread_mutex_lock(&client->lock);
    if (flight->state == FLIGHT_ENDED) { /* perhaps only just now */
        ended_remove(client, flight);
    }
    pthread_mutex_unlock(&client->lock);
}

void rpc_client_cancel(struct rpc_client *client, struct rpc_client_call *call)
{
    struct rpc_client_flight *flight = call->flight;
    CHECK(flight != NULL && flight->client == client);
    flight_recall(flight);
    pthread_mutex_lock(&client->lock);
    flights_remove(client, flight);
    pthread_mutex_unlock(&client->lock);
    rpc_client_call_fini(call);
}

void rpc_client_call_fini(struct rpc_client_call *call)
{
    struct rpc_client_flight *flight = call->flight;
    if (flight != NULL) {
        arena_free(flight->arena);
        free(flight->frame);
        free(flight);
    }
    call->flight = NULL;
    call->response = NULL;
    common__position__init(&call->position);
}

void rpc_client_free(struct rpc_client *client)
{
    if (client == NULL) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    client->freeing = true;
    while (client->flights != NULL) {
        struct rpc_client_flight *flight = client->flights;
        pthread_mutex_unlock(&client->lock);
        flight_recall(flight);
        error_set(&flight->error, STATUS_CANCELLED, NULL, "the client is closing");
        flight_deliver(flight);
        pthread_mutex_lock(&client->lock);
    }
    pthread_mutex_unlock(&client->lock);
    loop_timer_clear(client->loop, &client->wake);
    loop_timer_clear(client->loop, &client->deadline);
    client->transport->free(client->transport);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
