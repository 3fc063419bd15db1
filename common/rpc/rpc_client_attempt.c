/*
 * One attempt of a call: a frame goes to the transport, and an answer, a cut or the deadline ends
 * it. One timer of the client watches the deadlines of all that were sent.
 */
#include "rpc/rpc_client_private.h"

#include "base/check.h"
#include "rpc/rpc_frame.h"

#include <stdatomic.h>

/* An answer unpacked, envelope and body, is about so many times as large. */
#define UNPACKED_TIMES 8

/* --- its end, on any thread --- */

/* Under the lock. */
static void ended_add(struct rpc_client *client, struct rpc_client_flight *flight)
{
    flight->ended_next = NULL;
    flight->ended_previous = client->ended_last;
    if (client->ended_last != NULL) {
        client->ended_last->ended_next = flight;
    } else {
        client->ended_first = flight;
    }
    client->ended_last = flight;
}

/* Under the lock. */
static void flight_end_locked(struct rpc_client_flight *flight)
{
    struct rpc_client *client = flight->client;
    flight->state = FLIGHT_ENDED;
    ended_add(client, flight);
    bool wake = !client->woken;
    client->woken = true;
    if (wake) {
        loop_timer_set(client->loop, &client->wake, 0);
    }
}

void rpc_client_attempt_end(struct rpc_client_flight *flight)
{
    pthread_mutex_lock(&flight->client->lock);
    flight_end_locked(flight);
    pthread_mutex_unlock(&flight->client->lock);
}

static enum status read_envelope(struct rpc_client_flight *flight, struct bytes frame,
                                 const Rpc__CallResponse **ret_envelope)
{
    struct error *err = &flight->error;
    if (frame.size > RPC_FRAME_BYTES_MAX) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the server's answer has %zu bytes, the limit is %d", frame.size,
                         RPC_FRAME_BYTES_MAX);
    }
    ProtobufCMessage *message = NULL;
    enum status status = message_unpack(&rpc__call_response__descriptor, frame,
                                        MESSAGE_UNKNOWN_KEEP, flight->arena, &message, err);
    if (status != STATUS_OK) {
        return error_set(err, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
    }
    const Rpc__CallResponse *envelope = (const Rpc__CallResponse *)message;
    if (envelope->version != RPC_VERSION) {
        return error_set(err, STATUS_INTERNAL, "version",
                         "the server answered in version %u of the envelope, we speak %d",
                         envelope->version, RPC_VERSION);
    }
    *ret_envelope = envelope;
    return STATUS_OK;
}

static void read_response(struct rpc_client_flight *flight, struct bytes frame)
{
    if (flight->arena == NULL) {
        flight->arena = arena_new_for((size_t)RPC_UNPACK_BYTES_MAX + RPC_FRAME_BYTES_MAX,
                                      UNPACKED_TIMES * frame.size);
    } else {
        arena_reset(flight->arena);
    }
    struct error *err = &flight->error;
    const Rpc__CallResponse *envelope = NULL;
    if (read_envelope(flight, frame, &envelope) != STATUS_OK) {
        return;
    }
    flight->position = envelope->position;
    if (envelope->status != STATUS_OK) {
        error_set(err,
                  envelope->status < STATUS_COUNT ? (enum status)envelope->status : STATUS_UNKNOWN,
                  envelope->field, "%s", envelope->message);
        return;
    }
    const struct rpc_client_call *call = flight->call;
    ProtobufCMessage *response = NULL;
    if (message_unpack(call->service->methods[call->method].output,
                       bytes_of(envelope->body.data, envelope->body.len), MESSAGE_UNKNOWN_KEEP,
                       flight->arena, &response, NULL) != STATUS_OK) {
        error_set(err, STATUS_INTERNAL, NULL, "the server's answer cannot be read");
        return;
    }
    flight->response = response;
}

static void say_unreachable(struct rpc_client_flight *flight)
{
    flight->cut = true;
    error_set(&flight->error, STATUS_UNAVAILABLE, NULL, "the server cannot be reached");
}

/* The transport's `done`. */
static void attempt_done(void *context, enum status status, struct bytes frame)
{
    struct rpc_client_flight *flight = context;
    if (status == STATUS_OK) {
        read_response(flight, frame);
    } else {
        say_unreachable(flight);
    }
    rpc_client_attempt_end(flight);
}

/* --- deadlines --- */

/* Under the lock. One timer for all flights, set to the earliest deadline of those that were sent
 * since: most end long before, and setting a timer for each would cost more than they do. */
static void watch_deadline(struct rpc_client *client, int64_t at_us)
{
    if (client->next_deadline_us == 0 || at_us < client->next_deadline_us) {
        client->next_deadline_us = at_us;
        loop_timer_set(client->loop, &client->deadline, at_us - loop_mono_us(client->loop));
    }
}

/* Under the lock, which it gives up meanwhile. A call that was never sent has met nobody. */
static void flight_expire(struct rpc_client_flight *flight, void *exchange)
{
    struct rpc_client *client = flight->client;
    pthread_mutex_unlock(&client->lock);
    bool unsent = client->transport->cancel(client->transport, exchange);
    pthread_mutex_lock(&client->lock);
    if (flight->state != FLIGHT_SENT) {
        return; /* it ended just now */
    }
    if (unsent) {
        say_unreachable(flight);
    } else {
        error_set(&flight->error, STATUS_DEADLINE_EXCEEDED, NULL, "no answer within the deadline");
    }
    flight_end_locked(flight);
}

void rpc_client_attempt_expired(struct loop_timer *timer)
{
    struct rpc_client *client =
        (struct rpc_client *)((char *)timer - offsetof(struct rpc_client, deadline));
    int64_t now_us = loop_mono_us(client->loop);
    int64_t next_us = INT64_MAX;
    pthread_mutex_lock(&client->lock);
    client->next_deadline_us = 0;
    /* Flights are removed on this thread alone, and added in front of the first. */
    for (struct rpc_client_flight *flight = client->flights; flight != NULL;
         flight = flight->next) {
        void *exchange = atomic_load(&flight->exchange);
        if (flight->state != FLIGHT_SENT) {
            continue;
        }
        if (flight->deadline_us <= now_us && exchange != NULL) {
            flight_expire(flight, exchange);
        } else if (flight->deadline_us < next_us) {
            next_us = flight->deadline_us;
        }
    }
    if (next_us != INT64_MAX) {
        watch_deadline(client, next_us > now_us ? next_us : now_us + MS_US);
    }
    pthread_mutex_unlock(&client->lock);
}

/* --- its beginning --- */

void rpc_client_attempt_send(struct rpc_client_flight *flight)
{
    struct rpc_client *client = flight->client;
    flight->error = ERROR_NONE;
    flight->cut = false;
    flight->response = NULL;
    flight->position = NULL;
    int64_t left_us = flight->deadline_us - loop_mono_us(client->loop);
    if (left_us <= 0) {
        error_set(&flight->error, STATUS_DEADLINE_EXCEEDED, NULL, "no answer within the deadline");
        rpc_client_attempt_end(flight);
        return;
    }
    flight->attempts++;
    size_t size = rpc_frame_put_deadline(flight->frame, flight->frame_size,
                                         (uint32_t)((left_us + MS_US - 1) / MS_US));
    atomic_store(&flight->exchange, NULL);
    pthread_mutex_lock(&client->lock);
    flight->state = FLIGHT_SENT; /* before it may end */
    watch_deadline(client, flight->deadline_us);
    pthread_mutex_unlock(&client->lock);
    enum status status = client->transport->send(client->transport, bytes_of(flight->frame, size),
                                                 attempt_done, flight, &flight->exchange);
    if (status != STATUS_OK) { /* else the flight may have ended already */
        if (status == STATUS_UNAVAILABLE) {
            say_unreachable(flight);
        } else {
            error_set(&flight->error, status, NULL, "too many calls in flight");
        }
        rpc_client_attempt_end(flight);
    }
}
