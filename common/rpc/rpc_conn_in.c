/* What comes in: as much as there is with one read, and all whole messages out of it. */
#include "base/check.h"
#include "base/clock.h"
#include "rpc/rpc_conn_private.h"
#include "rpc/rpc_gather.h"

#include <string.h>

#define IN_BYTES_MIN 4096  /* the first room for what comes in */
#define LARGE_MS_MAX 60000 /* a large message has come whole by then */

/* The room of all connections beyond RPC_CONN_IDLE_BYTES each. */
static _Atomic size_t large_bytes;

enum rpc_conn_taking rpc_conn_deliver(struct rpc_conn *conn, bool ipc, size_t *ret_needed)
{
    struct buffer *in = &conn->in;
    *ret_needed = 1;
    if (!atomic_load(&conn->greeted)) {
        if (in->size - conn->in_used < RPC_WIRE_HELLO_BYTES) {
            *ret_needed = RPC_WIRE_HELLO_BYTES;
            return TAKING_ON;
        }
        uint16_t theirs = conn->protocol == RPC_WIRE_REQ ? RPC_WIRE_REP : RPC_WIRE_REQ;
        if (!rpc_wire_hello_is(in->data + conn->in_used, theirs)) {
            conn->why = RPC_CONN_BROKEN;
            return TAKING_BROKEN;
        }
        conn->in_used += RPC_WIRE_HELLO_BYTES;
        atomic_store(&conn->greeted, true);
    }
    while (!atomic_load(&conn->closed)) {
        struct bytes rest = bytes_of(in->data + conn->in_used, in->size - conn->in_used);
        struct rpc_wire_message message;
        size_t size = 0;
        switch (rpc_wire_take(rest, ipc, &message, &size)) {
        case RPC_WIRE_BROKEN: conn->why = RPC_CONN_BROKEN; return TAKING_BROKEN;
        case RPC_WIRE_OVERSIZED: conn->why = RPC_CONN_OVERSIZED; return TAKING_BROKEN;
        case RPC_WIRE_MORE: *ret_needed = size; return TAKING_ON;
        case RPC_WIRE_MESSAGE: break;
        }
        conn->in_used += size;
        conn->events->message(conn->context, &message, conn->arrived_us);
        rpc_gather_tick();
        if (rpc_conn_must_pause(conn)) {
            return TAKING_PAUSED;
        }
    }
    return TAKING_ON;
}

/* How much `in` should hold: more when the last read filled it, little again after a large message.
 * A message larger than that has its room made as it comes: an announced size costs nothing. */
static size_t in_capacity(const struct buffer *in, size_t left, size_t needed)
{
    if (in->capacity < IN_BYTES_MIN) {
        return IN_BYTES_MIN;
    }
    if (in->capacity > RPC_CONN_IDLE_BYTES && needed <= RPC_CONN_IDLE_BYTES &&
        left < IN_BYTES_MIN) {
        return IN_BYTES_MIN;
    }
    bool was_filled = in->size == in->capacity;
    bool is_full = left == in->capacity;
    return is_full || (was_filled && in->capacity < RPC_CONN_IDLE_BYTES) ? 2 * in->capacity
                                                                         : in->capacity;
}

/* Counts the room that `in` is about to have. False: all together would have too much. */
static bool count_large(struct rpc_conn *conn, size_t capacity)
{
    size_t large = capacity > RPC_CONN_IDLE_BYTES ? capacity : 0;
    if (large > conn->in_large) {
        size_t more = large - conn->in_large;
        if (atomic_fetch_add(&large_bytes, more) + more > RPC_CONN_LARGE_BYTES_MAX) {
            atomic_fetch_sub(&large_bytes, more);
            return false;
        }
    } else {
        atomic_fetch_sub(&large_bytes, conn->in_large - large);
    }
    conn->in_large = large;
    return true;
}

void rpc_conn_in_fini(struct rpc_conn *conn)
{
    (void)count_large(conn, 0); /* less is always possible */
    buffer_fini(&conn->in);
}

/* What is left moves to the front. False: there is no room for what is needed. */
static bool make_room(struct rpc_conn *conn, size_t needed)
{
    struct buffer *in = &conn->in;
    size_t left = in->size - conn->in_used;
    size_t capacity = in_capacity(in, left, needed);
    if (conn->in_used > 0 || conn->in_large == 0) {
        conn->large_since_us = conn->arrived_us;
    }
    if (capacity == in->capacity) {
        memmove(in->data, in->data + conn->in_used, left);
        in->size = left;
    } else if (count_large(conn, capacity)) {
        struct buffer other = BUFFER_EMPTY;
        (void)buffer_extend(&other, capacity);
        buffer_clear(&other);
        buffer_append(&other, left > 0 ? in->data + conn->in_used : NULL, left);
        buffer_fini(in);
        *in = other;
    } else {
        return false;
    }
    conn->in_used = 0;
    CHECK(in->capacity > in->size);
    return true;
}

/* How long may be waited for more. Idle connections wait for ever. */
static nng_duration patience_ms(const struct rpc_conn *conn)
{
    if (conn->in_large == 0 || conn->in.size == 0) {
        return NNG_DURATION_INFINITE;
    }
    int64_t until_us = conn->large_since_us + LARGE_MS_MAX * MS_US;
    int64_t left_ms = (until_us - clock_mono_us(clock_system())) / MS_US;
    return left_ms > 1 ? (nng_duration)left_ms : 1;
}

static void receive(struct rpc_conn *conn)
{
    nng_iov iov = {.iov_buf = conn->in.data + conn->in.size,
                   .iov_len = conn->in.capacity - conn->in.size};
    CHECK(nng_aio_set_iov(conn->rx, 1, &iov) == 0);
    if (atomic_load(&conn->greeted)) {
        nng_aio_set_timeout(conn->rx, patience_ms(conn));
    }
    nng_stream_recv(conn->stream, conn->rx);
    if (atomic_load(&conn->closed)) {
        nng_aio_abort(conn->rx, NNG_ECLOSED);
    }
}

void rpc_conn_read_on(struct rpc_conn *conn)
{
    size_t needed = 0;
    enum rpc_conn_taking taking;
    do {
        rpc_gather_begin(); /* answers given at once */
        taking = rpc_conn_deliver(conn, conn->ipc, &needed);
        rpc_gather_end();
        if (taking == TAKING_ON && !make_room(conn, needed)) {
            conn->why = RPC_CONN_CROWDED;
            taking = TAKING_BROKEN;
        }
        if (taking == TAKING_BROKEN) {
            rpc_conn_close(conn);
        }
        rpc_conn_lock(conn);
        conn->paused =
            taking == TAKING_PAUSED && !rpc_conn_may_go_on(conn) && !atomic_load(&conn->closed);
        conn->reading = !conn->paused && !atomic_load(&conn->closed);
        bool ready = conn->reading;
        bool over = rpc_conn_is_over(conn);
        rpc_conn_unlock(conn);
        if (over) {
            rpc_conn_tell_end(conn);
        }
        if (!ready) {
            return;
        }
    } while (taking == TAKING_PAUSED);
    receive(conn);
}

/* NNG's callback. */
void rpc_conn_received(void *context)
{
    struct rpc_conn *conn = context;
    rpc_conn_acquire(conn);
    int rc = nng_aio_result(conn->rx);
    if (rc == 0) {
        conn->in.size += nng_aio_count(conn->rx);
        conn->arrived_us = clock_mono_us(clock_system());
    } else {
        /* Of a message only the beginning came, or not even a greeting. */
        bool cut_short = conn->in.size > conn->in_used || rc == NNG_ETIMEDOUT;
        conn->why = cut_short ? RPC_CONN_BROKEN : RPC_CONN_GONE;
        rpc_conn_close(conn);
    }
    rpc_conn_read_on(conn);
    rpc_conn_release(conn);
}
