/* A connection's beginning and end. */
#include "base/check.h"
#include "base/mutex.h"
#include "rpc/rpc_conn_private.h"

#include <stdlib.h>

#define GREETING_MS_MAX 10000 /* a stranger may not keep a connection open without a word */
#define SENDING_MS_MAX 60000  /* nor one by taking nothing of what is sent */

/* --- birth and death --- */

static void shared_free(struct rpc_conn_shared *shared)
{
    for (size_t i = 0; i < shared->end_count; i++) {
        struct rpc_conn *conn = &shared->ends[i];
        /* The last reference may be given up by a callback: NNG's reaper waits for its end. */
        nng_stream_free(conn->stream);
        nng_aio_reap(conn->rx);
        nng_aio_reap(conn->tx);
        rpc_conn_in_fini(conn);
        rpc_conn_out_fini(conn);
    }
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

struct rpc_conn_shared *rpc_conn_shared_new(size_t end_count, void (*read)(void *context))
{
    struct rpc_conn_shared *shared = calloc(1, sizeof(*shared));
    CHECK(shared != NULL);
    mutex_init_brief(&shared->lock);
    atomic_store(&shared->references, end_count);
    shared->end_count = end_count;
    bool made = true;
    for (size_t i = 0; i < end_count && made; i++) {
        struct rpc_conn *conn = &shared->ends[i];
        conn->shared = shared;
        made = nng_aio_alloc(&conn->rx, read, conn) == 0 &&
               nng_aio_alloc(&conn->tx, rpc_conn_sent, conn) == 0;
    }
    if (!made) {
        shared_free(shared);
        return NULL;
    }
    return shared;
}

struct rpc_conn *rpc_conn_new(struct nng_stream *stream, bool ipc, uint16_t protocol)
{
    struct rpc_conn_shared *shared = rpc_conn_shared_new(1, rpc_conn_received);
    if (shared == NULL) {
        nng_stream_free(stream);
        return NULL;
    }
    struct rpc_conn *conn = &shared->ends[0];
    nng_aio_set_timeout(conn->tx, SENDING_MS_MAX);
    conn->stream = stream;
    conn->ipc = ipc;
    conn->protocol = protocol;
    rpc_wire_hello_put(buffer_extend(&conn->next, RPC_WIRE_HELLO_BYTES), protocol);
    atomic_store(&conn->unsent, RPC_WIRE_HELLO_BYTES);
    return conn;
}

void rpc_conn_acquire(struct rpc_conn *conn)
{
    atomic_fetch_add(&conn->shared->references, 1);
}

void rpc_conn_release(struct rpc_conn *conn)
{
    if (atomic_fetch_sub(&conn->shared->references, 1) == 1) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser cannot count references */
        shared_free(conn->shared);
    }
}

/* --- the end --- */

bool rpc_conn_is_over(struct rpc_conn *conn)
{
    if (!atomic_load(&conn->closed) || !conn->started || conn->reading || conn->sending ||
        conn->told) {
        return false;
    }
    conn->told = true;
    return true;
}

void rpc_conn_tell_end(struct rpc_conn *conn)
{
    conn->events->ended(conn->context, conn->why);
    rpc_conn_release(conn);
}

void rpc_conn_close(struct rpc_conn *conn)
{
    struct rpc_conn *peer = NULL;
    rpc_conn_lock(conn);
    bool first = !atomic_exchange(&conn->closed, true);
    bool over = rpc_conn_is_over(conn);
    if (first && conn->peer != NULL && rpc_conn_take_wake(conn->peer)) {
        peer = conn->peer; /* it delivers what came, then ends too */
    }
    rpc_conn_unlock(conn);
    if (first && conn->stream != NULL) {
        nng_stream_close(conn->stream); /* what is read or sent ends with an error */
    }
    if (peer != NULL) {
        rpc_conn_wake(peer);
    }
    if (over) {
        rpc_conn_tell_end(conn);
    }
}

/* --- the beginning --- */

void rpc_conn_start(struct rpc_conn *conn, const struct rpc_conn_events *events, void *context)
{
    conn->events = events;
    conn->context = context;
    rpc_conn_acquire(conn);
    rpc_conn_lock(conn);
    conn->started = true;
    bool rouse =
        conn->stream == NULL &&
        (conn->next.size > 0 || atomic_load(&conn->closed) || atomic_load(&conn->peer->closed)) &&
        rpc_conn_take_wake(conn);
    bool submit = rpc_conn_take_send(conn);
    bool receive = conn->stream != NULL;
    conn->reading = conn->reading || receive;
    rpc_conn_unlock(conn);
    if (receive) {
        nng_aio_set_timeout(conn->rx, GREETING_MS_MAX);
    }
    if (submit) {
        rpc_conn_submit_send(conn);
    }
    if (receive) {
        rpc_conn_read_on(conn);
    }
    if (rouse) {
        rpc_conn_wake(conn);
    }
    rpc_conn_release(conn);
}

bool rpc_conn_greeted(struct rpc_conn *conn)
{
    return atomic_load(&conn->greeted);
}
