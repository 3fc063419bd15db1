/*
 * A connection: messages there and back over one of NNG's byte streams, or inside the process.
 *
 * Its life is ours, not that of NNG's sockets, whose connections could be left half closed
 * (docs/decisions/0010). It reads as much as there is and takes all whole messages out of it, and
 * sends all that has gathered with one call: under load a system call carries many messages.
 *
 * Bounds of one: a message RPC_TRANSPORT_BYTES_MAX; what waits to be sent RPC_CONN_UNSENT_BYTES_MAX.
 * From RPC_CONN_PAUSE_BYTES on nothing more is read until the other side has taken its answers (not
 * inside the process, where both sides are ours); whoever takes nothing for a minute is cut, and so
 * is whoever lets a large message come for longer.
 *
 * Bounds of all, since there may be thousands: what they have received of large messages, and what
 * large answers wait to be sent, are RPC_CONN_LARGE_BYTES_MAX each. Beyond it who wants more room for
 * a message is cut, and who has not taken its answers is not read; beyond twice as much, who would be
 * sent a large answer is cut. Whoever speaks in small messages, and takes the answers, notices
 * nothing.
 *
 * The owner holds a reference from the beginning to `ended`; whoever keeps the pointer longer
 * acquires one. References may be released on any thread, in callbacks too.
 */
#ifndef VAFA_RPC_CONN_H
#define VAFA_RPC_CONN_H

#include "rpc/rpc_wire.h"

#define RPC_CONN_PAUSE_BYTES (2u << 20)
#define RPC_CONN_UNSENT_BYTES_MAX (64u << 20)
#define RPC_CONN_LARGE_BYTES_MAX (256u << 20)

struct nng_stream;
struct rpc_conn;

enum rpc_conn_end {
    RPC_CONN_GONE,      /* closed by either side, or cut */
    RPC_CONN_BROKEN,    /* the other side does not speak the protocol, or said nothing */
    RPC_CONN_OVERSIZED, /* it announced more than RPC_TRANSPORT_BYTES_MAX */
    RPC_CONN_CROWDED,   /* RPC_CONN_LARGE_BYTES_MAX are taken, and it wanted more */
};

/* They run on NNG's threads with no lock held, one at a time a connection. */
struct rpc_conn_events {
    /* arrived_us: monotonic, when the bytes were read that completed it. */
    void (*message)(void *context, const struct rpc_wire_message *message, int64_t arrived_us);
    /* The last event. It may run inside rpc_conn_close. */
    void (*ended)(void *context, enum rpc_conn_end why);
};

/* Takes the stream over. `protocol` is our side's: RPC_WIRE_REQ or RPC_WIRE_REP. NULL: no memory
 * for it, and the stream has been freed. */
struct rpc_conn *rpc_conn_new(struct nng_stream *stream, bool ipc, uint16_t protocol);
/* The two ends of a connection inside the process. False: no memory for it. */
bool rpc_conn_pair(struct rpc_conn *ret_ends[2]);
/* Greets, and reads from now on. */
void rpc_conn_start(struct rpc_conn *conn, const struct rpc_conn_events *events, void *context);

/* Copies the message and sends it by and by, before start too. False: the connection is over, the
 * other side takes nothing and the bound is reached, or the message is too large. */
bool rpc_conn_send(struct rpc_conn *conn, struct bytes stack, struct bytes frame);
/* Its two halves, for who queues under a lock of its own: the first copies, the second sends. */
bool rpc_conn_queue(struct rpc_conn *conn, struct bytes stack, struct bytes frame);
void rpc_conn_flush(struct rpc_conn *conn);

/* Whether the other side has greeted in our protocol. */
bool rpc_conn_greeted(struct rpc_conn *conn);
/* Closes when everything is sent. */
void rpc_conn_finish(struct rpc_conn *conn);
/* Closes at once. Any thread; may be called again. */
void rpc_conn_close(struct rpc_conn *conn);

void rpc_conn_acquire(struct rpc_conn *conn);
void rpc_conn_release(struct rpc_conn *conn);

#endif
