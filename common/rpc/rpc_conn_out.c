/* What goes out: gathered while a send is on its way, and by threads that send much. */
#include "base/check.h"
#include "base/clock.h"
#include "rpc/rpc.h"
#include "rpc/rpc_conn_private.h"
#include "rpc/rpc_gather.h"

/* Sent together: enough that system calls are few, so few that the other side begins early. */
#define GATHERED_MESSAGES_MAX 32
#define GATHERED_CONNS_MAX 16
#define GATHERED_US_MAX 200

/* --- a send --- */

static void give_room_back(struct buffer *empty)
{
    if (empty->capacity > RPC_CONN_IDLE_BYTES) {
        buffer_fini(empty);
    }
}

bool rpc_conn_take_send(struct rpc_conn *conn)
{
    if (conn->sending || conn->stream == NULL || !conn->started || atomic_load(&conn->closed)) {
        return false;
    }
    if (conn->out_sent == conn->out.size) {
        buffer_clear(&conn->out);
        conn->out_sent = 0;
        struct buffer empty = conn->out;
        conn->out = conn->next;
        conn->next = empty;
    }
    conn->sending = conn->out.size > 0;
    if (!conn->sending) { /* a large answer's room is not kept */
        give_room_back(&conn->out);
        give_room_back(&conn->next);
    }
    return conn->sending;
}

void rpc_conn_submit_send(struct rpc_conn *conn)
{
    nng_iov iov = {.iov_buf = conn->out.data + conn->out_sent,
                   .iov_len = conn->out.size - conn->out_sent};
    CHECK(nng_aio_set_iov(conn->tx, 1, &iov) == 0);
    nng_stream_send(conn->stream, conn->tx);
    if (atomic_load(&conn->closed)) {
        nng_aio_abort(conn->tx, NNG_ECLOSED);
    }
}

/* --- bounds --- */

/* What is large of the unsent, of all connections. */
static _Atomic size_t large_unsent;

/* Under the lock, after a change of `unsent`. */
static void count_large(struct rpc_conn *conn)
{
    size_t unsent = atomic_load(&conn->unsent);
    size_t large = unsent > RPC_CONN_IDLE_BYTES ? unsent : 0;
    if (large > conn->unsent_large) {
        atomic_fetch_add(&large_unsent, large - conn->unsent_large);
    } else if (large < conn->unsent_large) {
        atomic_fetch_sub(&large_unsent, conn->unsent_large - large);
    }
    conn->unsent_large = large;
}

void rpc_conn_out_fini(struct rpc_conn *conn)
{
    atomic_store(&conn->unsent, 0);
    count_large(conn);
    buffer_fini(&conn->out);
    buffer_fini(&conn->next);
}

static size_t pause_bytes(void)
{
    bool crowded =
        atomic_load_explicit(&large_unsent, memory_order_relaxed) >= RPC_CONN_LARGE_BYTES_MAX;
    return crowded ? RPC_CONN_IDLE_BYTES : RPC_CONN_PAUSE_BYTES;
}

/* With a gap between the two, so that it does not flutter. Something is on its way as long as
 * something is unsent, so a pause always comes to an end: in rpc_conn_sent(). */
bool rpc_conn_must_pause(struct rpc_conn *conn)
{
    return atomic_load_explicit(&conn->unsent, memory_order_relaxed) >= pause_bytes();
}

bool rpc_conn_may_go_on(struct rpc_conn *conn)
{
    return atomic_load(&conn->unsent) < pause_bytes() / 2;
}

/* Under the lock. */
static bool has_room_for(struct rpc_conn *conn, size_t size)
{
    size_t unsent = atomic_load(&conn->unsent);
    return unsent < RPC_CONN_UNSENT_BYTES_MAX &&
           (unsent + size <= RPC_CONN_IDLE_BYTES ||
            atomic_load(&large_unsent) < 2 * (size_t)RPC_CONN_LARGE_BYTES_MAX);
}

/* --- a send's end --- */

/* NNG's callback. */
void rpc_conn_sent(void *context)
{
    struct rpc_conn *conn = context;
    bool good = nng_aio_result(conn->tx) == 0;
    rpc_conn_acquire(conn);
    rpc_conn_lock(conn);
    conn->sending = false;
    if (good) {
        conn->out_sent += nng_aio_count(conn->tx);
        atomic_fetch_sub(&conn->unsent, nng_aio_count(conn->tx));
        count_large(conn);
    }
    bool submit = good && rpc_conn_take_send(conn);
    bool finished = !submit && conn->finishing;
    bool resume = conn->paused && rpc_conn_may_go_on(conn) && !atomic_load(&conn->closed);
    if (resume) {
        conn->paused = false;
        conn->reading = true;
    }
    bool over = rpc_conn_is_over(conn);
    rpc_conn_unlock(conn);
    if (submit) {
        rpc_conn_submit_send(conn);
    }
    if (!good || finished) {
        rpc_conn_close(conn);
    }
    if (resume) {
        rpc_conn_read_on(conn);
    }
    if (over) {
        rpc_conn_tell_end(conn);
    }
    rpc_conn_release(conn);
}

/* --- sending together --- */

/* The connections to which this thread sends when it has gathered enough. */
static _Thread_local struct {
    unsigned depth;
    unsigned messages;
    int64_t since_us; /* of the first message */
    size_t count;
    struct rpc_conn *conns[GATHERED_CONNS_MAX];
} gathered;

/* Under the lock. Whether what was sent to this connection goes out with the next flush. */
static bool gather(struct rpc_conn *conn)
{
    if (gathered.depth == 0 || conn->stream == NULL) {
        return false;
    }
    if (gathered.messages++ == 0) {
        gathered.since_us = clock_mono_us(clock_system());
    }
    for (size_t i = gathered.count; i > 0; i--) {
        if (gathered.conns[i - 1] == conn) {
            return true;
        }
    }
    if (gathered.count == GATHERED_CONNS_MAX) {
        return false;
    }
    rpc_conn_acquire(conn);
    gathered.conns[gathered.count++] = conn;
    return true;
}

static void flush_gathered(void)
{
    gathered.messages = 0;
    while (gathered.count > 0) {
        struct rpc_conn *conn = gathered.conns[--gathered.count];
        rpc_conn_lock(conn);
        bool submit = rpc_conn_take_send(conn);
        rpc_conn_unlock(conn);
        if (submit) {
            rpc_conn_submit_send(conn);
        }
        rpc_conn_release(conn);
    }
}

void rpc_gather_tick(void)
{
    if (gathered.count > 0 && clock_mono_us(clock_system()) - gathered.since_us > GATHERED_US_MAX) {
        flush_gathered();
    }
}

void rpc_gather_begin(void)
{
    gathered.depth++;
}

void rpc_gather_end(void)
{
    if (--gathered.depth == 0) {
        flush_gathered();
    }
}

/* --- from outside --- */

bool rpc_conn_queue(struct rpc_conn *conn, struct bytes stack, struct bytes frame)
{
    if (stack.size + frame.size > RPC_TRANSPORT_BYTES_MAX) {
        return false;
    }
    if (conn->stream == NULL) {
        return rpc_conn_hand_over(conn, stack, frame);
    }
    rpc_conn_lock(conn);
    bool taken = !atomic_load(&conn->closed) && has_room_for(conn, stack.size + frame.size);
    if (taken) {
        size_t before = conn->next.size;
        rpc_wire_append(&conn->next, conn->ipc, stack, frame);
        atomic_fetch_add(&conn->unsent, conn->next.size - before);
        count_large(conn);
    }
    rpc_conn_unlock(conn);
    return taken;
}

void rpc_conn_flush(struct rpc_conn *conn)
{
    rpc_conn_lock(conn);
    bool submit = !gather(conn) && rpc_conn_take_send(conn);
    rpc_conn_unlock(conn);
    if (submit) {
        rpc_conn_submit_send(conn);
    }
    if (gathered.messages >= GATHERED_MESSAGES_MAX) {
        flush_gathered();
    }
}

bool rpc_conn_send(struct rpc_conn *conn, struct bytes stack, struct bytes frame)
{
    bool taken = rpc_conn_queue(conn, stack, frame);
    if (taken) {
        rpc_conn_flush(conn);
    }
    return taken;
}

void rpc_conn_finish(struct rpc_conn *conn)
{
    rpc_conn_lock(conn);
    conn->finishing = true;
    bool empty = atomic_load(&conn->unsent) == 0;
    rpc_conn_unlock(conn);
    if (empty || conn->stream == NULL) {
        rpc_conn_close(conn);
    }
}
