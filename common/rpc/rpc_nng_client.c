/*
 * A transport to one server: one connection for all its calls, made again whenever it ends.
 *
 * A call has a slot, found by its number on the wire: WAITING for a connection, then SENT. A call
 * that waits outlives a server's restart, if its caller has the time; one that was sent ends with
 * its connection. Numbers count up, so that a late reply to a call given up does not find another.
 *
 *   dialing:  REST (after a failure, doubling) -> DIAL -> connected -> ... ended -> REST
 *
 * Locks: `done` runs without any, and `cancel` waits for one that runs.
 */
#include "rpc/rpc_nng.h"

#include "base/check.h"
#include "base/mutex.h"
#include "rpc/rpc_conn.h"
#include "rpc/rpc_nng_private.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST_MS_MIN 10
#define REST_MS_MAX 500
#define IN_FLIGHT_MAX 4096

/* A number on the wire is 31 bits, the highest set. */
#define NUMBER_BIT UINT32_C(0x80000000)
#define NUMBER_BYTES 4

enum slot_state { SLOT_IDLE, SLOT_WAITING, SLOT_SENT };

struct slot {
    enum slot_state state;
    uint32_t number;
    void (*done)(void *context, enum status status, struct bytes frame);
    void *context;
    struct buffer frame; /* kept while it waits */
};

struct client_transport {
    struct rpc_transport transport; /* first */
    char *url;
    nng_stream_dialer *dialer; /* NULL: inside the process */
    nng_aio *aio;              /* dials and rests */
    bool resting;              /* the aio's */
    unsigned rest_ms;          /* the dialing's */
    size_t in_flight_max;
    size_t slot_mask;

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t changed;
    struct slot *slots; /* a power of two, so that half are idle: a call's is number & mask */
    size_t in_flight;
    uint32_t last_number;
    struct rpc_conn *conn; /* NULL: none. Its events hold the reference. */
    uint32_t delivering;   /* the call whose `done` runs, else 0 */
    bool ending;           /* the last connection's calls are being ended */
    bool closing;
};

static void dial(struct client_transport *transport);

/* --- slots; under the lock --- */

static struct slot *slot_find(struct client_transport *transport, uint32_t number)
{
    struct slot *slot = &transport->slots[number & transport->slot_mask];
    return slot->state != SLOT_IDLE && slot->number == number ? slot : NULL;
}

/* NULL: as many are in flight as may be. */
static struct slot *slot_take(struct client_transport *transport)
{
    if (transport->in_flight == transport->in_flight_max) {
        return NULL;
    }
    struct slot *slot;
    do {
        transport->last_number = (transport->last_number + 1) | NUMBER_BIT;
        slot = &transport->slots[transport->last_number & transport->slot_mask];
    } while (slot->state != SLOT_IDLE);
    slot->number = transport->last_number;
    transport->in_flight++;
    return slot;
}

static void slot_free(struct client_transport *transport, struct slot *slot)
{
    slot->state = SLOT_IDLE;
    buffer_fini(&slot->frame);
    transport->in_flight--;
}

/* Ends the call. The slot is idle before `done` runs: the caller's next call may want it. */
static void slot_end(struct client_transport *transport, struct slot *slot, enum status status,
                     struct bytes frame)
{
    void (*done)(void *, enum status, struct bytes) = slot->done;
    void *context = slot->context;
    transport->delivering = slot->number;
    slot_free(transport, slot);
    pthread_mutex_unlock(&transport->lock);
    done(context, status, frame);
    pthread_mutex_lock(&transport->lock);
    transport->delivering = 0;
    pthread_cond_broadcast(&transport->changed);
}

/* Under the lock. False: the connection takes nothing. */
static bool queue_on(struct rpc_conn *conn, uint32_t number, struct bytes frame)
{
    uint8_t stack[NUMBER_BYTES];
    be32_put(stack, number);
    return rpc_conn_queue(conn, bytes_of(stack, sizeof(stack)), frame);
}

/* --- the connection --- */

static void conn_message(void *context, const struct rpc_wire_message *message, int64_t arrived_us)
{
    struct client_transport *transport = context;
    (void)arrived_us;
    if (message->stack.size != NUMBER_BYTES) {
        return; /* no call of ours */
    }
    pthread_mutex_lock(&transport->lock);
    struct slot *slot = slot_find(transport, be32_get(message->stack.data));
    if (slot != NULL && slot->state == SLOT_SENT) {
        slot_end(transport, slot, STATUS_OK, message->frame);
    }
    pthread_mutex_unlock(&transport->lock);
}

/* Twice as long each time, until a server has greeted. */
static void rest(struct client_transport *transport)
{
    unsigned twice_ms = 2 * transport->rest_ms;
    transport->resting = true;
    nng_sleep_aio((nng_duration)transport->rest_ms, transport->aio);
    transport->rest_ms = twice_ms < REST_MS_MAX ? twice_ms : REST_MS_MAX;
}

static void conn_ended(void *context, enum rpc_conn_end why)
{
    struct client_transport *transport = context;
    (void)why;
    pthread_mutex_lock(&transport->lock);
    if (rpc_conn_greeted(transport->conn)) {
        transport->rest_ms = REST_MS_MIN;
    }
    transport->conn = NULL;
    transport->ending = true;
    for (size_t i = 0; i <= transport->slot_mask; i++) {
        if (transport->slots[i].state == SLOT_SENT) {
            slot_end(transport, &transport->slots[i], STATUS_UNAVAILABLE, bytes_of(NULL, 0));
        }
    }
    bool again = !transport->closing;
    if (again) {
        rest(transport); /* under the lock, so that it is before the transport's end */
    }
    transport->ending = false;
    pthread_cond_broadcast(&transport->changed);
    pthread_mutex_unlock(&transport->lock);
}

static void connected(struct client_transport *transport, struct rpc_conn *conn)
{
    static const struct rpc_conn_events events = {.message = conn_message, .ended = conn_ended};
    rpc_conn_acquire(conn);
    pthread_mutex_lock(&transport->lock);
    bool wanted = !transport->closing;
    if (wanted) {
        transport->conn = conn;
        for (size_t i = 0; i <= transport->slot_mask; i++) {
            struct slot *slot = &transport->slots[i];
            if (slot->state != SLOT_WAITING) {
                continue;
            }
            if (queue_on(conn, slot->number, buffer_bytes(&slot->frame))) {
                slot->state = SLOT_SENT;
                buffer_fini(&slot->frame);
            } else { /* more waits than a connection takes: it comes again */
                slot_end(transport, slot, STATUS_UNAVAILABLE, bytes_of(NULL, 0));
            }
        }
    }
    pthread_mutex_unlock(&transport->lock);
    if (wanted) {
        rpc_conn_start(conn, &events, transport);
    } else {
        rpc_conn_close(conn);
        rpc_conn_release(conn);
    }
    rpc_conn_release(conn);
}

static void dial_failed(struct client_transport *transport)
{
    pthread_mutex_lock(&transport->lock);
    if (!transport->closing) {
        rest(transport);
    }
    pthread_mutex_unlock(&transport->lock);
}

/* NNG's callback: a connection, a failure, or the end of a rest. */
static void dialed(void *context)
{
    struct client_transport *transport = context;
    int rc = nng_aio_result(transport->aio);
    if (transport->resting) {
        transport->resting = false;
        if (rc == 0) {
            dial(transport);
        }
        return;
    }
    struct rpc_conn *conn = NULL;
    if (rc == 0) {
        bool ipc = rpc_nng_url_path(transport->url) != NULL;
        conn = rpc_conn_new(nng_aio_get_output(transport->aio, 0), ipc, RPC_WIRE_REQ);
    }
    if (conn != NULL) {
        connected(transport, conn);
    } else {
        dial_failed(transport);
    }
}

static void dial(struct client_transport *transport)
{
    if (transport->dialer != NULL) {
        nng_stream_dialer_dial(transport->dialer, transport->aio);
        return;
    }
    struct rpc_conn *conn = rpc_nng_connect_inproc(transport->url);
    if (conn != NULL) {
        connected(transport, conn);
    } else {
        dial_failed(transport);
    }
}

/* --- the transport --- */

static enum status client_send(struct rpc_transport *base, struct bytes frame,
                               void (*done)(void *context, enum status status, struct bytes frame),
                               void *context, _Atomic(void *) *ret_exchange)
{
    struct client_transport *transport = (struct client_transport *)base;
    pthread_mutex_lock(&transport->lock);
    struct slot *slot = slot_take(transport);
    if (slot == NULL) {
        pthread_mutex_unlock(&transport->lock);
        return STATUS_RESOURCE_EXHAUSTED;
    }
    slot->done = done;
    slot->context = context;
    atomic_store(ret_exchange, (void *)(uintptr_t)slot->number);
    struct rpc_conn *conn = transport->conn;
    if (conn == NULL) {
        slot->state = SLOT_WAITING;
        buffer_append_bytes(&slot->frame, frame);
        pthread_mutex_unlock(&transport->lock);
        return STATUS_OK;
    }
    /* Copied under the lock: once it is given up, the call may be cancelled and its frame freed. */
    bool queued = queue_on(conn, slot->number, frame);
    if (queued) {
        slot->state = SLOT_SENT;
        rpc_conn_acquire(conn);
    } else {
        slot_free(transport, slot);
    }
    pthread_mutex_unlock(&transport->lock);
    if (!queued) {
        return STATUS_UNAVAILABLE;
    }
    rpc_conn_flush(conn);
    rpc_conn_release(conn);
    return STATUS_OK;
}

static bool client_cancel(struct rpc_transport *base, void *exchange)
{
    struct client_transport *transport = (struct client_transport *)base;
    uint32_t number = (uint32_t)(uintptr_t)exchange;
    pthread_mutex_lock(&transport->lock);
    while (transport->delivering == number) {
        pthread_cond_wait(&transport->changed, &transport->lock);
    }
    struct slot *slot = slot_find(transport, number);
    bool unsent = slot != NULL && slot->state == SLOT_WAITING;
    if (slot != NULL) {
        slot_free(transport, slot);
    }
    pthread_mutex_unlock(&transport->lock);
    return unsent;
}

static void transport_free(struct client_transport *transport)
{
    nng_aio_free(transport->aio);
    nng_stream_dialer_free(transport->dialer);
    for (size_t i = 0; i <= transport->slot_mask; i++) {
        buffer_fini(&transport->slots[i].frame);
    }
    free(transport->slots);
    free(transport->url);
    pthread_cond_destroy(&transport->changed);
    pthread_mutex_destroy(&transport->lock);
    free(transport);
}

static void client_free(struct rpc_transport *base)
{
    struct client_transport *transport = (struct client_transport *)base;
    pthread_mutex_lock(&transport->lock);
    transport->closing = true;
    pthread_mutex_unlock(&transport->lock);
    nng_aio_stop(transport->aio); /* no connection is made from here on */
    pthread_mutex_lock(&transport->lock);
    struct rpc_conn *conn = transport->conn;
    if (conn != NULL) {
        rpc_conn_acquire(conn);
        pthread_mutex_unlock(&transport->lock);
        rpc_conn_close(conn);
        rpc_conn_release(conn);
        pthread_mutex_lock(&transport->lock);
    }
    while (transport->conn != NULL || transport->ending) {
        pthread_cond_wait(&transport->changed, &transport->lock);
    }
    pthread_mutex_unlock(&transport->lock);
    transport_free(transport);
}

static size_t slots_for(size_t in_flight_max)
{
    size_t count = 2;
    while (count < 2 * in_flight_max) {
        count *= 2;
    }
    return count;
}

static int make_dialer(struct client_transport *transport)
{
    if (rpc_nng_url_is_inproc(transport->url)) {
        return 0;
    }
    int rc = nng_stream_dialer_alloc(&transport->dialer, transport->url);
    if (rc == 0 && rpc_nng_url_path(transport->url) == NULL) {
        rc = nng_stream_dialer_set_bool(transport->dialer, NNG_OPT_TCP_NODELAY, true);
    }
    return rc;
}

enum status rpc_nng_transport_new(struct rpc_transport **ret_transport, const char *url,
                                  size_t in_flight_max, struct error *err)
{
    CHECK(in_flight_max >= 1 && in_flight_max <= IN_FLIGHT_MAX);
    enum status status = rpc_nng_url_check(url, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct client_transport *transport = calloc(1, sizeof(*transport));
    CHECK(transport != NULL);
    transport->transport =
        (struct rpc_transport){.send = client_send, .cancel = client_cancel, .free = client_free};
    transport->rest_ms = REST_MS_MIN;
    transport->in_flight_max = in_flight_max;
    transport->slot_mask = slots_for(in_flight_max) - 1;
    transport->slots = calloc(transport->slot_mask + 1, sizeof(*transport->slots));
    transport->url = strdup(url);
    CHECK(transport->slots != NULL && transport->url != NULL);
    mutex_init_brief(&transport->lock);
    CHECK(pthread_cond_init(&transport->changed, NULL) == 0);
    int rc = make_dialer(transport);
    if (rc == 0) {
        rc = nng_aio_alloc(&transport->aio, dialed, transport);
    }
    if (rc != 0) {
        char what[160];
        snprintf(what, sizeof(what), "dial %s", url);
        transport_free(transport);
        return rpc_nng_error(err, rc, what);
    }
    dial(transport);
    *ret_transport = &transport->transport;
    return STATUS_OK;
}
