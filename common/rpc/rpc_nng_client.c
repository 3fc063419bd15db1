/*
 * A transport on REQ contexts: one slot - context, aio, callback - for each call in flight, made
 * when first needed.
 *
 * A slot sends, and receives only when the send has completed: a receive that times out before
 * crashes NNG 1.5.2. A send waits inside NNG until there is a connection, so a call outlives a
 * server's restart if its deadline does.
 *
 * Locks: a slot's, then the transport's. `done` runs under the slot's lock, so that cancel waits
 * for it. NNG is called without: its threads call back at once and would only stumble over the
 * lock. A cancel that comes just then finds nothing to cancel in NNG; the call is over all the
 * same, only its slot stays taken until the reply or the deadline.
 */
#include "rpc/rpc_nng.h"

#include "base/check.h"
#include "base/clock.h"
#include "rpc/rpc_nng_private.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECONNECT_MS_MIN 10
#define RECONNECT_MS_MAX 500
#define IN_FLIGHT_MAX 4096
#define TIMEOUT_MS_MAX (2 * RPC_DEADLINE_MS_MAX)

/* A name for cancel: the slot's index and, above it, how often it was used. */
#define INDEX_BITS 12
_Static_assert(IN_FLIGHT_MAX <= 1 << INDEX_BITS, "an index must fit");

enum slot_state { SLOT_IDLE, SLOT_SENDING, SLOT_RECEIVING };

struct slot {
    struct client_transport *owner;
    size_t index;
    nng_ctx ctx;
    nng_aio *aio;
    struct slot *next_idle; /* under the transport's lock */

    pthread_mutex_t lock; /* guards the block below */
    enum slot_state state;
    uint64_t uses;
    int64_t until_us;
    void (*done)(void *context, enum status status, struct bytes frame); /* NULL: cancelled */
    void *context;
};

struct client_transport {
    struct rpc_transport transport;
    nng_socket socket;
    size_t in_flight_max;
    pthread_mutex_t lock; /* guards the block below */
    struct slot **slots;
    size_t slot_count;
    struct slot *idle;
};

static int64_t now_us(void)
{
    return clock_mono_us(clock_system());
}

/* --- slots --- */

static void slot_happened(void *context);

static enum status slot_new(struct client_transport *owner, struct slot **ret_slot)
{
    struct slot *slot = calloc(1, sizeof(*slot));
    CHECK(slot != NULL);
    slot->owner = owner;
    int rc = nng_ctx_open(&slot->ctx, owner->socket);
    if (rc == 0) {
        rc = nng_aio_alloc(&slot->aio, slot_happened, slot);
        if (rc != 0) {
            nng_ctx_close(slot->ctx);
        }
    }
    if (rc != 0) {
        free(slot);
        return rpc_nng_error(NULL, rc, "open a context");
    }
    CHECK(pthread_mutex_init(&slot->lock, NULL) == 0);
    *ret_slot = slot;
    return STATUS_OK;
}

static enum status slot_take(struct client_transport *transport, struct slot **ret_slot)
{
    enum status status = STATUS_OK;
    struct slot *slot = NULL;
    pthread_mutex_lock(&transport->lock);
    if (transport->idle != NULL) {
        slot = transport->idle;
        transport->idle = slot->next_idle;
    } else if (transport->slot_count == transport->in_flight_max) {
        status = STATUS_RESOURCE_EXHAUSTED;
    } else {
        status = slot_new(transport, &slot);
        if (status == STATUS_OK) {
            slot->index = transport->slot_count;
            transport->slots[transport->slot_count++] = slot;
        }
    }
    pthread_mutex_unlock(&transport->lock);
    if (status == STATUS_OK) {
        *ret_slot = slot;
    }
    return status;
}

static void slot_put_back(struct slot *slot)
{
    struct client_transport *transport = slot->owner;
    pthread_mutex_lock(&transport->lock);
    slot->next_idle = transport->idle;
    transport->idle = slot;
    pthread_mutex_unlock(&transport->lock);
}

static nng_duration timeout_ms(int64_t timeout_us)
{
    int64_t ms = (timeout_us + MS_US - 1) / MS_US;
    return (nng_duration)(ms < TIMEOUT_MS_MAX ? ms : TIMEOUT_MS_MAX);
}

/* Under the slot's lock, the last thing done with it. It is idle before `done` runs: the caller's
 * next call may want it, and will wait for the lock. */
static void slot_end(struct slot *slot, enum status status, struct bytes frame)
{
    void (*done)(void *, enum status, struct bytes) = slot->done;
    slot->state = SLOT_IDLE;
    slot->done = NULL;
    slot_put_back(slot);
    if (done != NULL) {
        done(slot->context, status, frame);
    }
}

/* Under the lock. True: now receive, without it. */
static bool slot_sent(struct slot *slot)
{
    int rc = nng_aio_result(slot->aio);
    if (rc != 0) { /* the message stayed with us */
        nng_msg_free(nng_aio_get_msg(slot->aio));
        nng_aio_set_msg(slot->aio, NULL);
        /* Whatever the reason, also a time-out: the call has never left. */
        slot_end(slot, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
        return false;
    }
    int64_t left_us = slot->until_us - now_us();
    if (slot->done == NULL || left_us <= 0) {
        slot_end(slot, STATUS_DEADLINE_EXCEEDED, bytes_of(NULL, 0));
        return false;
    }
    slot->state = SLOT_RECEIVING;
    nng_aio_set_timeout(slot->aio, timeout_ms(left_us));
    return true;
}

/* Under the lock. The reply is the caller's to free. */
static void slot_received(struct slot *slot, nng_msg **ret_message)
{
    int rc = nng_aio_result(slot->aio);
    if (rc != 0) {
        enum status status = rpc_nng_error(NULL, rc, "receive");
        slot_end(slot, status == STATUS_DEADLINE_EXCEEDED ? status : STATUS_UNAVAILABLE,
                 bytes_of(NULL, 0));
        return;
    }
    nng_msg *message = nng_aio_get_msg(slot->aio);
    nng_aio_set_msg(slot->aio, NULL);
    slot_end(slot, STATUS_OK, bytes_of(nng_msg_body(message), nng_msg_len(message)));
    *ret_message = message;
}

/* NNG's callback: on its threads. */
static void slot_happened(void *context)
{
    struct slot *slot = context;
    nng_msg *message = NULL;
    bool receive = false;
    pthread_mutex_lock(&slot->lock);
    switch (slot->state) {
    case SLOT_SENDING: receive = slot_sent(slot); break;
    case SLOT_RECEIVING: slot_received(slot, &message); break;
    case SLOT_IDLE: break; /* the last callback of nng_aio_stop */
    }
    pthread_mutex_unlock(&slot->lock);
    if (receive) {
        nng_ctx_recv(slot->ctx, slot->aio);
    }
    if (message != NULL) {
        nng_msg_free(message);
    }
}

/* --- the transport --- */

static enum status client_send(struct rpc_transport *base, struct bytes frame, int64_t timeout_us,
                               void (*done)(void *context, enum status status, struct bytes frame),
                               void *context, void **ret_exchange)
{
    struct client_transport *transport = (struct client_transport *)base;
    struct slot *slot = NULL;
    enum status status = slot_take(transport, &slot);
    if (status != STATUS_OK) {
        return status;
    }
    nng_msg *message = NULL;
    if (nng_msg_alloc(&message, frame.size) != 0) {
        slot_put_back(slot);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    memcpy(nng_msg_body(message), frame.data, frame.size);
    pthread_mutex_lock(&slot->lock);
    slot->state = SLOT_SENDING;
    slot->uses++;
    slot->until_us = now_us() + timeout_us;
    slot->done = done;
    slot->context = context;
    *ret_exchange = (void *)(uintptr_t)(slot->uses << INDEX_BITS | slot->index);
    nng_aio_set_msg(slot->aio, message);
    nng_aio_set_timeout(slot->aio, timeout_ms(timeout_us));
    pthread_mutex_unlock(&slot->lock);
    nng_ctx_send(slot->ctx, slot->aio);
    return STATUS_OK;
}

static void client_cancel(struct rpc_transport *base, void *exchange)
{
    struct client_transport *transport = (struct client_transport *)base;
    uint64_t name = (uintptr_t)exchange;
    size_t index = name & ((1 << INDEX_BITS) - 1);
    pthread_mutex_lock(&transport->lock);
    struct slot *slot = index < transport->slot_count ? transport->slots[index] : NULL;
    pthread_mutex_unlock(&transport->lock);
    if (slot == NULL) {
        return;
    }
    pthread_mutex_lock(&slot->lock);
    if (slot->uses == name >> INDEX_BITS && slot->state != SLOT_IDLE) {
        slot->done = NULL;
        nng_aio_cancel(slot->aio); /* the callback puts the slot back */
    }
    pthread_mutex_unlock(&slot->lock);
}

static void client_free(struct rpc_transport *base)
{
    struct client_transport *transport = (struct client_transport *)base;
    for (size_t i = 0; i < transport->slot_count; i++) {
        struct slot *slot = transport->slots[i];
        nng_aio_stop(slot->aio); /* waits for the callback */
        nng_aio_free(slot->aio);
        nng_ctx_close(slot->ctx);
        pthread_mutex_destroy(&slot->lock);
        free(slot);
    }
    rpc_nng_hold();
    nng_close(transport->socket);
    rpc_nng_release();
    pthread_mutex_destroy(&transport->lock);
    free(transport->slots);
    free(transport);
}

static int dial(nng_socket socket, const char *url)
{
    nng_dialer dialer;
    int rc = nng_dialer_create(&dialer, socket, url);
    if (rc == 0) {
        rc = nng_dialer_set_size(dialer, NNG_OPT_RECVMAXSZ, RPC_TRANSPORT_BYTES_MAX);
        rc = rc == NNG_ENOTSUP ? 0 : rc; /* inproc has no limit: the client looks at the size */
    }
    if (rc == 0) {
        rc = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMINT, RECONNECT_MS_MIN);
    }
    if (rc == 0) {
        rc = nng_dialer_set_ms(dialer, NNG_OPT_RECONNMAXT, RECONNECT_MS_MAX);
    }
    return rc == 0 ? nng_dialer_start(dialer, NNG_FLAG_NONBLOCK) : rc;
}

enum status rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                  size_t in_flight_max, struct error *err)
{
    CHECK(in_flight_max >= 1 && in_flight_max <= IN_FLIGHT_MAX);
    enum status status = rpc_nng_url_check(url, err);
    if (status != STATUS_OK) {
        return status;
    }
    nng_socket socket;
    int rc = nng_req0_open(&socket);
    if (rc != 0) {
        return rpc_nng_error(err, rc, "open a socket");
    }
    /* Before a context is opened, which takes it over. NNG would send a call again after 60 s: a
     * second execution. */
    rc = nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (rc == 0) {
        rc = nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, RPC_TRANSPORT_BYTES_MAX);
    }
    if (rc == 0) {
        rc = dial(socket, url);
    }
    if (rc != 0) {
        nng_close(socket);
        char what[160];
        snprintf(what, sizeof(what), "dial %s", url);
        return rpc_nng_error(err, rc, what);
    }
    struct client_transport *transport = calloc(1, sizeof(*transport));
    CHECK(transport != NULL);
    transport->transport =
        (struct rpc_transport){.send = client_send, .cancel = client_cancel, .free = client_free};
    transport->socket = socket;
    transport->in_flight_max = in_flight_max;
    transport->slots = calloc(in_flight_max, sizeof(struct slot *));
    CHECK(transport->slots != NULL);
    CHECK(pthread_mutex_init(&transport->lock, NULL) == 0);
    *ret_transport = &transport->transport;
    return STATUS_OK;
}
