/* A connection inside the process: each end reads where the other one writes, on NNG's threads. */
#include "base/check.h"
#include "base/clock.h"
#include "rpc/rpc_conn_private.h"

bool rpc_conn_take_wake(struct rpc_conn *conn)
{
    if (!conn->started || conn->reading || conn->paused || conn->told) {
        return false;
    }
    conn->reading = true;
    return true;
}

void rpc_conn_wake(struct rpc_conn *conn)
{
    CHECK(nng_aio_begin(conn->rx)); /* it is stopped only by freeing it */
    nng_aio_finish(conn->rx, 0);
}

bool rpc_conn_hand_over(struct rpc_conn *conn, struct bytes stack, struct bytes frame)
{
    rpc_conn_lock(conn);
    struct rpc_conn *peer = conn->peer;
    bool taken = peer != NULL && !atomic_load(&conn->closed) && !atomic_load(&peer->closed) &&
                 peer->next.size < RPC_CONN_UNSENT_BYTES_MAX;
    bool rouse = false;
    if (taken) {
        rpc_wire_append(&peer->next, false, stack, frame);
        rouse = rpc_conn_take_wake(peer);
    }
    rpc_conn_unlock(conn);
    if (rouse) {
        rpc_conn_wake(peer);
    }
    return taken;
}

/* The callback of an end inside the process. */
static void woken(void *context)
{
    struct rpc_conn *conn = context;
    rpc_conn_acquire(conn);
    for (;;) {
        rpc_conn_lock(conn);
        bool more = conn->next.size > 0 && !atomic_load(&conn->closed);
        if (more) {
            struct buffer empty = conn->in;
            conn->in = conn->next;
            conn->next = empty;
        } else {
            if (conn->peer != NULL && atomic_load(&conn->peer->closed)) {
                atomic_store(&conn->closed, true);
            }
            conn->reading = false;
        }
        bool over = !more && rpc_conn_is_over(conn);
        rpc_conn_unlock(conn);
        if (over) {
            rpc_conn_tell_end(conn);
        }
        if (!more) {
            break;
        }
        size_t needed = 0;
        conn->arrived_us = clock_mono_us(clock_system());
        CHECK(rpc_conn_deliver(conn, false, &needed) == TAKING_ON); /* we wrote it ourselves */
        conn->in_used = 0;
        if (conn->in.capacity > RPC_CONN_IDLE_BYTES) {
            buffer_fini(&conn->in);
        }
        buffer_clear(&conn->in);
    }
    rpc_conn_release(conn);
}

bool rpc_conn_pair(struct rpc_conn *ret_ends[2])
{
    struct rpc_conn_shared *shared = rpc_conn_shared_new(2, woken);
    if (shared == NULL) {
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        struct rpc_conn *conn = &shared->ends[i];
        conn->peer = &shared->ends[1 - i];
        atomic_store(&conn->greeted, true);
        ret_ends[i] = conn;
    }
    return true;
}
