/*
 * What rpc_client.c (a call from start to end) and rpc_client_attempt.c (one attempt of it) share.
 *
 * A call in flight goes through three states: it is with the transport (SENT), waits for its next
 * attempt (WAITING), or its attempt has come to an end and waits for its turn on the loop (ENDED).
 * The transport brings it from SENT to ENDED on whatever thread; everything else happens on the
 * loop. The client's lock is never held while the transport or a call's `done` runs.
 */
#ifndef VAFA_RPC_CLIENT_PRIVATE_H
#define VAFA_RPC_CLIENT_PRIVATE_H

#include "rpc/rpc_client.h"

#include <pthread.h>

enum flight_state { FLIGHT_WAITING, FLIGHT_SENT, FLIGHT_ENDED };

struct rpc_client_flight {
    struct rpc_client *client;
    struct rpc_client_call *call;

    /* Under the client's lock. */
    enum flight_state state;
    struct rpc_client_flight *previous; /* among all of the client */
    struct rpc_client_flight *next;
    struct rpc_client_flight *ended_previous;
    struct rpc_client_flight *ended_next;

    struct loop_timer backoff;
    int64_t deadline_us;
    uint8_t *frame;
    size_t frame_size;        /* without its deadline */
    _Atomic(void *) exchange; /* NULL: not yet with the transport */
    uint32_t attempts;

    /* What came of the latest attempt. */
    bool cut; /* the connection was, or could not be made */
    struct error error;
    struct arena *arena; /* holds the response; NULL until there is one */
    const ProtobufCMessage *response;
    const Common__Position *position;
};

struct rpc_client {
    struct loop *loop;
    struct rpc_transport *transport;
    char name[sizeof(((struct rpc_caller *)NULL)->name)];
    char unit[sizeof(((struct rpc_caller *)NULL)->unit)];
    Rpc__Caller caller;

    pthread_mutex_t lock; /* guards the block below */
    uint64_t jitter;      /* state of a small generator */
    uint8_t trace_start[RPC_TRACE_BYTES];
    uint64_t traces;
    struct rpc_client_flight *flights;
    struct rpc_client_flight *ended_first;
    struct rpc_client_flight *ended_last;
    bool woken;
    bool freeing;
    int64_t next_deadline_us; /* when `deadline` expires; 0: it is not set */

    struct loop_timer wake;
    struct loop_timer deadline;
};

/* The next attempt begins, or ends at once. */
void rpc_client_attempt_send(struct rpc_client_flight *flight);
/* It has come to an end with flight->error. Any thread. */
void rpc_client_attempt_end(struct rpc_client_flight *flight);
/* Of client->deadline: ends the attempts whose calls have no time left. */
void rpc_client_attempt_expired(struct loop_timer *timer);

#endif
