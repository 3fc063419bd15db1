/*
 * What the files of a connection share. One object holds the lock, the count of references, and one
 * end, or the two of a connection inside the process.
 *
 * NNG is called without the lock, since its threads call back at once and would only stumble over
 * it; so a stream may be closed between our decision to read or send and NNG's beginning of it,
 * after which NNG would never call back. Therefore each beginning is followed by another look, and
 * given up if the stream was closed meanwhile.
 */
#ifndef VAFA_RPC_CONN_PRIVATE_H
#define VAFA_RPC_CONN_PRIVATE_H

#include "rpc/rpc_conn.h"

#include <nng/nng.h>
#include <pthread.h>
#include <stdatomic.h>

#define RPC_CONN_ENDS_MAX 2
/* Room for what comes or goes that is kept when there is no more; what goes beyond it is large. */
#define RPC_CONN_IDLE_BYTES 65536

struct rpc_conn {
    struct rpc_conn_shared *shared;
    nng_stream *stream;    /* NULL: inside the process */
    struct rpc_conn *peer; /* then this */
    bool ipc;
    uint16_t protocol;
    const struct rpc_conn_events *events;
    void *context;
    nng_aio *rx;
    nng_aio *tx;
    _Atomic bool closed;
    _Atomic bool greeted;

    /* Whoever reads: one thread at a time. */
    enum rpc_conn_end why; /* for `ended` */
    int64_t arrived_us;    /* the last of `in` */
    struct buffer in;
    size_t in_used;         /* bytes of messages that were delivered */
    size_t in_large;        /* of its capacity, what is counted with RPC_CONN_LARGE_BYTES_MAX */
    int64_t large_since_us; /* when what comes now began to, once it is large */

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
    size_t unsent_large;   /* the same when it is large, else 0: what is counted of all */
    struct buffer next;    /* goes out next; inside the process: comes in next */
};

struct rpc_conn_shared {
    pthread_mutex_t lock;
    _Atomic size_t references;
    size_t end_count;
    struct rpc_conn ends[RPC_CONN_ENDS_MAX];
};

static inline void rpc_conn_lock(struct rpc_conn *conn)
{
    pthread_mutex_lock(&conn->shared->lock);
}

static inline void rpc_conn_unlock(struct rpc_conn *conn)
{
    pthread_mutex_unlock(&conn->shared->lock);
}

/* --- rpc_conn.c --- */

/* Ends whose rx calls back `read`. NULL: no memory. */
struct rpc_conn_shared *rpc_conn_shared_new(size_t end_count, void (*read)(void *context));
/* Under the lock: closed, and neither reads nor sends. True, once: `ended` is to be told, by
 * rpc_conn_tell_end, without it. */
bool rpc_conn_is_over(struct rpc_conn *conn);
void rpc_conn_tell_end(struct rpc_conn *conn);

/* --- rpc_conn_out.c --- */

/* Under the lock. True: submit_send is to follow, without it, by who holds a reference. */
bool rpc_conn_take_send(struct rpc_conn *conn);
void rpc_conn_submit_send(struct rpc_conn *conn);
void rpc_conn_sent(void *context); /* tx's callback */
/* Nothing more is to be read: the other side does not take its answers. */
bool rpc_conn_must_pause(struct rpc_conn *conn);
/* Enough is sent for a paused connection to be read again. */
bool rpc_conn_may_go_on(struct rpc_conn *conn);
/* Sends what was gathered if it has waited long enough. */
void rpc_gather_tick(void);
/* Frees what was to go out. */
void rpc_conn_out_fini(struct rpc_conn *conn);

/* --- rpc_conn_in.c --- */

enum rpc_conn_taking { TAKING_ON, TAKING_PAUSED, TAKING_BROKEN };

/* Delivers the whole messages of `in`. Stops where a pause begins. *ret_needed: the bytes that `in`
 * must have for the next one. TAKING_BROKEN: conn->why tells. */
enum rpc_conn_taking rpc_conn_deliver(struct rpc_conn *conn, bool ipc, size_t *ret_needed);
/* Delivers what there is and reads more; `reading` is set. The caller holds a reference. */
void rpc_conn_read_on(struct rpc_conn *conn);
void rpc_conn_received(void *context); /* rx's callback */
/* Frees what came in. */
void rpc_conn_in_fini(struct rpc_conn *conn);

/* --- rpc_conn_memory.c --- */

/* Makes an end look at what came in. Under the lock; true: rpc_conn_wake it, without the lock. */
bool rpc_conn_take_wake(struct rpc_conn *conn);
void rpc_conn_wake(struct rpc_conn *conn);
/* Straight to where the other end reads. */
bool rpc_conn_hand_over(struct rpc_conn *conn, struct bytes stack, struct bytes frame);

#endif
