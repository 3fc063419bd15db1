/*
 * The client's side: a machine that never blocks. It packs the call, sends it over a transport,
 * obeys the deadline, and tries again on UNAVAILABLE (backoff 10 ms doubling to 1 s with jitter,
 * the first retry after a cut connection at once) while the deadline allows: changing methods carry
 * an idempotency key, so trying again is safe. It recovers by itself when a server comes back.
 */
#ifndef VAFA_RPC_CLIENT_H
#define VAFA_RPC_CLIENT_H

#include "base/loop.h"
#include "base/random.h"
#include "rpc/rpc.h"

/* The seam. A transport carries one frame and brings one back, or fails. */
struct rpc_transport {
    /* Sends the frame (copied before return). OK: `done` will be called once, unless cancelled
     * first, from any thread, perhaps before this returns: with STATUS_OK and the reply frame
     * (borrowed during the call), or UNAVAILABLE. How long to wait is the client's business.
     * *ret_exchange names it for cancel, not NULL; it is set before `done` may be called. */
    enum status (*send)(struct rpc_transport *transport, struct bytes frame,
                        void (*done)(void *context, enum status status, struct bytes frame),
                        void *context, _Atomic(void *) *ret_exchange);
    /* `done` will not be called after this returns. An exchange that has ended may be named, it
     * does nothing then. True: the frame has not been sent, and will not be. */
    bool (*cancel)(struct rpc_transport *transport, void *exchange);
    void (*free)(struct rpc_transport *transport);
};

struct rpc_client;

/* A call in flight; owned by the caller, zeroed before use, valid until `done` has run. */
struct rpc_client_call {
    /* in */
    const ProtobufCServiceDescriptor *service;
    unsigned method;
    const ProtobufCMessage *request; /* packed before rpc_client_start returns */
    uint32_t deadline_ms;            /* 0: RPC_DEADLINE_MS_DEFAULT */
    uint32_t no_retry;               /* 1: one attempt only */
    const Common__Position *at_least[8];
    size_t at_least_count;
    uint8_t trace_id[RPC_TRACE_BYTES];          /* all zero: a new one is made */
    void (*done)(struct rpc_client_call *call); /* on the client's loop */
    void *context;
    /* out, valid during `done` and until rpc_client_call_fini */
    struct error error;               /* status OK, or why not */
    const ProtobufCMessage *response; /* when OK */
    Common__Position position;        /* its bytes live in the call */
    uint32_t attempts;
    struct rpc_client_flight *flight; /* the client's own */
};

/* The client owns the transport and frees it. `loop` must outlive it. */
struct rpc_client *rpc_client_new(struct loop *loop, struct rpc_transport *transport,
                                  struct random *random, const struct rpc_caller *caller);
/* Calls in flight end with CANCELLED, on this thread, before it returns. On the loop's thread
 * (not within a call's `done`), or when the loop no longer runs; no other thread may still be
 * starting calls. NULL is allowed. */
void rpc_client_free(struct rpc_client *client);

/* Any thread. Always ends in call->done, on the loop's thread: on that thread never before it
 * returns; on another perhaps before, after which the call may be gone. */
void rpc_client_start(struct rpc_client *client, struct rpc_client_call *call);
/* Its `done` will not run after this returns (loop thread only). */
void rpc_client_cancel(struct rpc_client *client, struct rpc_client_call *call);
/* Frees what the call holds: its response. */
void rpc_client_call_fini(struct rpc_client_call *call);

/* For programs with threads (never on the loop's own thread): starts the call and waits for its
 * end. Returns call->error.status. */
enum status rpc_client_wait(struct rpc_client *client, struct rpc_client_call *call);

#endif
