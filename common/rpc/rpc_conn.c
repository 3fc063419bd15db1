/*
 * One object holds the lock, the count of references, and one end, or the two of a connection
 * inside the process.
 *
 * An end is over when it is closed and neither reads nor sends: then `ended` is told, once. NNG is
 * called without the lock, since its threads call back at once and would only stumble over it; so
 * a stream may be closed between our decision to read or send and NNG's beginning of it, after
 * which NNG would never call back. Therefore each beginning is followed by another look, and given
 * up if the stream was closed meanwhile.
 */
#include "rpc/rpc_conn.h"

#include "base/check.h"
#include "base/mutex.h"
#include "rpc/rpc.h"
#include "rpc/rpc_gather.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define IN_BYTES_MIN 4096 /* the first room for what comes in */
#define IN_BYTES_IDLE                                                                              \
    65536                     /* the most that is kept, and read at once, without a larger message \
                               */
#define OUT_BYTES_IDLE 65536  /* the most room that is kept for what goes out */
#define GREETING_MS_MAX 10000 /* a stranger may not keep a connection open without a word */
#define ENDS_MAX 2

/* Sent together: enough that system calls are few, so few that the other side begins early. */
#define GATHERED_MESSAGES_MAX 32
#define GATHERED_CONNS_MAX 16

struct rpc_conn {
    struct shared *shared;
    nng_stream *stream;    /* NULL: inside the process */
    struct rpc_conn *peer; /* then this; NULL when it is over */
    bool ipc;
    uint16_t protocol;
    const struct rpc_conn_events *events;
    void *context;
    nng_aio *rx;
    nng_aio *tx;
    _Atomic bool closed;
    _Atomic bool greeted;

    /* Whoever reads: one thread at a time. */
    struct buffer in;
    size_t in_used; /* bytes of messages that were delivered */

    /* Whoever sends. */
    struct buffer out;
    size_t out_sent;

    /* Changed under the lock. */
    bool started;
    bool reading; /* receiving, or delivering what was received */
    bool sending;
    bool paused;           /* reading waits for the other side to take its answers */
    bool finishing;        /* to be closed when all is sent */
    bool told;             /* `ended` */
    _Atomic size_t unsent; /* of next and out */
    struct buffer next;    /* goes out next; inside the process: comes in next */
};

struct shared {
    pthread_mutex_t lock;
    _Atomic size_t references;
    size_t end_count;
    struct rpc_conn ends[ENDS_MAX];
};

static void received(void *context);
static void sent(void *context);
static void woken(void *context);

/* --- birth and death --- */

static void shared_free(struct shared *shared)
{
    for (size_t i = 0; i < shared->end_count; i++) {
        struct rpc_conn *conn = &shared->ends[i];
        /* The last reference may be given up by a callback: NNG's reaper waits for its end. */
        nng_stream_free(conn->stream);
        nng_aio_reap(conn->rx);
        nng_aio_reap(conn->tx);
        buffer_fini(&conn->in);
        buffer_fini(&conn->out);
        buffer_fini(&conn->next);
    }
    pthread_mutex_destroy(&shared->lock);
    free(shared);
}

/* NULL: no memory. */
static struct shared *shared_new(size_t end_count, void (*read)(void *context))
{
    struct shared *shared = calloc(1, sizeof(*shared));
    CHECK(shared != NULL);
    mutex_init_brief(&shared->lock);
    atomic_store(&shared->references, end_count);
    shared->end_count = end_count;
    bool made = true;
    for (size_t i = 0; i < end_count && made; i++) {
        struct rpc_conn *conn = &shared->ends[i];
        conn->shared = shared;
        made =
            nng_aio_alloc(&conn->rx, read, conn) == 0 && nng_aio_alloc(&conn->tx, sent, conn) == 0;
    }
    if (!made) {
        shared_free(shared);
        return NULL;
    }
    return shared;
}

struct rpc_conn *rpc_conn_new(struct nng_stream *stream, bool ipc, uint16_t protocol)
{
    struct shared *shared = shared_new(1, received);
    if (shared == NULL) {
        nng_stream_free(stream);
        return NULL;
    }
    struct rpc_conn *conn = &shared->ends[0];
    conn->stream = stream;
    conn->ipc = ipc;
    conn->protocol = protocol;
    rpc_wire_hello_put(buffer_extend(&conn->next, RPC_WIRE_HELLO_BYTES), protocol);
    atomic_store(&conn->unsent, RPC_WIRE_HELLO_BYTES);
    return conn;
}

bool rpc_conn_pair(struct rpc_conn *ret_ends[2])
{
    struct shared *shared = shared_new(2, woken);
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

void rpc_conn_acquire(struct rpc_conn *conn)
{
    atomic_fetch_add(&conn->shared->references, 1);
}

void rpc_conn_release(struct rpc_conn *conn)
{
    if (atomic_fetch_sub(&conn->shared->references, 1) == 1) {
        shared_free(conn->shared);
    }
}

static void lock(struct rpc_conn *conn)
{
    pthread_mutex_lock(&conn->shared->lock);
}

static void unlock(struct rpc_conn *conn)
{
    pthread_mutex_unlock(&conn->shared->lock);
}

/* --- the end --- */

/* Under the lock. True: `ended` is to be told, by tell_end, without it. */
static bool is_over(struct rpc_conn *conn)
{
    if (!atomic_load(&conn->closed) || !conn->started || conn->reading || conn->sending ||
        conn->told) {
        return false;
    }
    conn->told = true;
    return true;
}

static void tell_end(struct rpc_conn *conn)
{
    conn->events->ended(conn->context);
    rpc_conn_release(conn);
}

/* Inside the process: makes the end look at what came in. Under the lock; true: wake it, without
 * the lock. */
static bool take_wake(struct rpc_conn *conn)
{
    if (!conn->started || conn->reading || conn->paused || conn->told) {
        return false;
    }
    conn->reading = true;
    return true;
}

static void wake(struct rpc_conn *conn)
{
    CHECK(nng_aio_begin(conn->rx)); /* it is stopped only by freeing it */
    nng_aio_finish(conn->rx, 0);
}

void rpc_conn_close(struct rpc_conn *conn)
{
    struct rpc_conn *peer = NULL;
    lock(conn);
    bool first = !atomic_exchange(&conn->closed, true);
    bool over = is_over(conn);
    if (first && conn->peer != NULL && take_wake(conn->peer)) {
        peer = conn->peer; /* it delivers what came, then ends too */
    }
    unlock(conn);
    if (first && conn->stream != NULL) {
        nng_stream_close(conn->stream); /* what is read or sent ends with an error */
    }
    if (peer != NULL) {
        wake(peer);
    }
    if (over) {
        tell_end(conn);
    }
}

/* --- going out --- */

/* Under the lock. True: submit_send is to follow, without it. */
static bool take_send(struct rpc_conn *conn)
{
    if (conn->sending || conn->stream == NULL || !conn->started || atomic_load(&conn->closed)) {
        return false;
    }
    if (conn->out_sent == conn->out.size) {
        if (conn->out.capacity > OUT_BYTES_IDLE && conn->out.size < conn->out.capacity / 4) {
            buffer_fini(&conn->out);
        }
        buffer_clear(&conn->out);
        conn->out_sent = 0;
        struct buffer empty = conn->out;
        conn->out = conn->next;
        conn->next = empty;
    }
    conn->sending = conn->out.size > 0;
    return conn->sending;
}

/* The caller holds a reference: the callback may come, and the connection end, at once. */
static void submit_send(struct rpc_conn *conn)
{
    nng_iov iov = {.iov_buf = conn->out.data + conn->out_sent,
                   .iov_len = conn->out.size - conn->out_sent};
    CHECK(nng_aio_set_iov(conn->tx, 1, &iov) == 0);
    nng_stream_send(conn->stream, conn->tx);
    if (atomic_load(&conn->closed)) {
        nng_aio_abort(conn->tx, NNG_ECLOSED);
    }
}

/* Inside the process: straight to where the other end reads. */
static bool hand_over(struct rpc_conn *conn, struct bytes stack, struct bytes frame)
{
    lock(conn);
    struct rpc_conn *peer = conn->peer;
    bool taken = peer != NULL && !atomic_load(&conn->closed) && !atomic_load(&peer->closed) &&
                 peer->next.size < RPC_CONN_UNSENT_BYTES_MAX;
    bool rouse = false;
    if (taken) {
        rpc_wire_append(&peer->next, false, stack, frame);
        rouse = take_wake(peer);
    }
    unlock(conn);
    if (rouse) {
        wake(peer);
    }
    return taken;
}

/* The connections to which this thread sends when it has gathered enough. */
static _Thread_local struct {
    unsigned depth;
    unsigned messages;
    size_t count;
    struct rpc_conn *conns[GATHERED_CONNS_MAX];
} gathered;

/* Under the lock. Whether what was sent to this connection goes out with the next flush. */
static bool gather(struct rpc_conn *conn)
{
    if (gathered.depth == 0 || conn->stream == NULL) {
        return false;
    }
    gathered.messages++;
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
        lock(conn);
        bool submit = take_send(conn);
        unlock(conn);
        if (submit) {
            submit_send(conn);
        }
        rpc_conn_release(conn);
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

bool rpc_conn_queue(struct rpc_conn *conn, struct bytes stack, struct bytes frame)
{
    if (stack.size + frame.size > RPC_TRANSPORT_BYTES_MAX) {
        return false;
    }
    if (conn->stream == NULL) {
        return hand_over(conn, stack, frame);
    }
    lock(conn);
    bool taken =
        !atomic_load(&conn->closed) && atomic_load(&conn->unsent) < RPC_CONN_UNSENT_BYTES_MAX;
    if (taken) {
        size_t before = conn->next.size;
        rpc_wire_append(&conn->next, conn->ipc, stack, frame);
        atomic_fetch_add(&conn->unsent, conn->next.size - before);
    }
    unlock(conn);
    return taken;
}

void rpc_conn_flush(struct rpc_conn *conn)
{
    lock(conn);
    bool submit = !gather(conn) && take_send(conn);
    unlock(conn);
    if (submit) {
        submit_send(conn);
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
    lock(conn);
    conn->finishing = true;
    bool empty = atomic_load(&conn->unsent) == 0;
    unlock(conn);
    if (empty || conn->stream == NULL) {
        rpc_conn_close(conn);
    }
}

/* --- coming in --- */

static void read_on(struct rpc_conn *conn);

/* With a gap between the two, so that it does not flutter. Something is on its way as long as
 * something is unsent, so a pause always comes to an end: in sent(). */
static bool must_pause(struct rpc_conn *conn)
{
    return atomic_load_explicit(&conn->unsent, memory_order_relaxed) >= RPC_CONN_PAUSE_BYTES;
}

static bool may_go_on(struct rpc_conn *conn)
{
    return atomic_load(&conn->unsent) < RPC_CONN_PAUSE_BYTES / 2;
}

/* NNG's callback. */
static void sent(void *context)
{
    struct rpc_conn *conn = context;
    bool good = nng_aio_result(conn->tx) == 0;
    rpc_conn_acquire(conn);
    lock(conn);
    conn->sending = false;
    if (good) {
        conn->out_sent += nng_aio_count(conn->tx);
        atomic_fetch_sub(&conn->unsent, nng_aio_count(conn->tx));
    }
    bool submit = good && take_send(conn);
    bool finished = !submit && conn->finishing;
    bool resume = conn->paused && may_go_on(conn) && !atomic_load(&conn->closed);
    if (resume) {
        conn->paused = false;
        conn->reading = true;
    }
    bool over = is_over(conn);
    unlock(conn);
    if (submit) {
        submit_send(conn);
    }
    if (!good || finished) {
        rpc_conn_close(conn);
    }
    if (resume) {
        read_on(conn);
    }
    if (over) {
        tell_end(conn);
    }
    rpc_conn_release(conn);
}

enum taking { TAKING_ON, TAKING_PAUSED, TAKING_BROKEN };

/* Delivers the whole messages of `in`. Stops where a pause begins. *ret_needed: the bytes that `in`
 * must have for the next one. */
static enum taking deliver(struct rpc_conn *conn, bool ipc, size_t *ret_needed)
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
            return TAKING_BROKEN;
        }
        conn->in_used += RPC_WIRE_HELLO_BYTES;
        atomic_store(&conn->greeted, true);
        nng_aio_set_timeout(conn->rx, NNG_DURATION_INFINITE);
    }
    while (!atomic_load(&conn->closed)) {
        struct bytes rest = bytes_of(in->data + conn->in_used, in->size - conn->in_used);
        struct rpc_wire_message message;
        size_t size = 0;
        switch (rpc_wire_take(rest, ipc, &message, &size)) {
        case RPC_WIRE_BROKEN: return TAKING_BROKEN;
        case RPC_WIRE_MORE: *ret_needed = size; return TAKING_ON;
        case RPC_WIRE_MESSAGE: break;
        }
        conn->in_used += size;
        conn->events->message(conn->context, &message);
        if (must_pause(conn)) {
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
    if (in->capacity > IN_BYTES_IDLE && needed <= IN_BYTES_IDLE && left < IN_BYTES_MIN) {
        return IN_BYTES_MIN;
    }
    bool was_filled = in->size == in->capacity;
    bool is_full = left == in->capacity;
    return is_full || (was_filled && in->capacity < IN_BYTES_IDLE) ? 2 * in->capacity
                                                                   : in->capacity;
}

/* What is left moves to the front. */
static void make_room(struct rpc_conn *conn, size_t needed)
{
    struct buffer *in = &conn->in;
    size_t left = in->size - conn->in_used;
    size_t capacity = in_capacity(in, left, needed);
    if (capacity == in->capacity) {
        memmove(in->data, in->data + conn->in_used, left);
        in->size = left;
    } else {
        struct buffer other = BUFFER_EMPTY;
        (void)buffer_extend(&other, capacity);
        buffer_clear(&other);
        buffer_append(&other, left > 0 ? in->data + conn->in_used : NULL, left);
        buffer_fini(in);
        *in = other;
    }
    conn->in_used = 0;
    CHECK(in->capacity > in->size);
}

static void receive(struct rpc_conn *conn, size_t needed)
{
    make_room(conn, needed);
    nng_iov iov = {.iov_buf = conn->in.data + conn->in.size,
                   .iov_len = conn->in.capacity - conn->in.size};
    CHECK(nng_aio_set_iov(conn->rx, 1, &iov) == 0);
    nng_stream_recv(conn->stream, conn->rx);
    if (atomic_load(&conn->closed)) {
        nng_aio_abort(conn->rx, NNG_ECLOSED);
    }
}

/* Delivers what there is and reads more; `reading` is set. The caller holds a reference. */
static void read_on(struct rpc_conn *conn)
{
    size_t needed = 0;
    enum taking taking;
    do {
        rpc_gather_begin(); /* answers given at once */
        taking = deliver(conn, conn->ipc, &needed);
        rpc_gather_end();
        if (taking == TAKING_BROKEN) {
            rpc_conn_close(conn);
        }
        lock(conn);
        conn->paused = taking == TAKING_PAUSED && !may_go_on(conn) && !atomic_load(&conn->closed);
        conn->reading = !conn->paused && !atomic_load(&conn->closed);
        bool ready = conn->reading;
        bool over = is_over(conn);
        unlock(conn);
        if (over) {
            tell_end(conn);
        }
        if (!ready) {
            return;
        }
    } while (taking == TAKING_PAUSED);
    receive(conn, needed);
}

/* NNG's callback. */
static void received(void *context)
{
    struct rpc_conn *conn = context;
    rpc_conn_acquire(conn);
    if (nng_aio_result(conn->rx) == 0) {
        conn->in.size += nng_aio_count(conn->rx);
    } else {
        rpc_conn_close(conn);
    }
    read_on(conn);
    rpc_conn_release(conn);
}

/* The callback of an end inside the process. */
static void woken(void *context)
{
    struct rpc_conn *conn = context;
    rpc_conn_acquire(conn);
    for (;;) {
        lock(conn);
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
        bool over = !more && is_over(conn);
        unlock(conn);
        if (over) {
            tell_end(conn);
        }
        if (!more) {
            break;
        }
        size_t needed = 0;
        CHECK(deliver(conn, false, &needed) == TAKING_ON); /* we wrote it ourselves */
        conn->in_used = 0;
        if (conn->in.capacity > IN_BYTES_IDLE) {
            buffer_fini(&conn->in);
        }
        buffer_clear(&conn->in);
    }
    rpc_conn_release(conn);
}

void rpc_conn_start(struct rpc_conn *conn, const struct rpc_conn_events *events, void *context)
{
    conn->events = events;
    conn->context = context;
    rpc_conn_acquire(conn);
    lock(conn);
    conn->started = true;
    bool rouse =
        conn->stream == NULL &&
        (conn->next.size > 0 || atomic_load(&conn->closed) || atomic_load(&conn->peer->closed)) &&
        take_wake(conn);
    bool submit = take_send(conn);
    bool receive = conn->stream != NULL;
    conn->reading = conn->reading || receive;
    unlock(conn);
    if (receive) {
        nng_aio_set_timeout(conn->rx, GREETING_MS_MAX);
    }
    if (submit) {
        submit_send(conn);
    }
    if (receive) {
        read_on(conn);
    }
    if (rouse) {
        wake(conn);
    }
    rpc_conn_release(conn);
}

bool rpc_conn_greeted(struct rpc_conn *conn)
{
    return atomic_load(&conn->greeted);
}
