/* What rpc_router.c (a frame comes in) and rpc_call.c (a call is open, cancelled, answered) share.
 */
#ifndef VAFA_RPC_ROUTER_PRIVATE_H
#define VAFA_RPC_ROUTER_PRIVATE_H

#include "rpc/rpc_router.h"

#include <pthread.h>

#define SERVICES_MAX 8
#define LABELS_MAX 128

enum refusal {
    REFUSAL_NONE,
    REFUSAL_MALFORMED,
    REFUSAL_OVERSIZED,
    REFUSAL_VERSION,
    REFUSAL_UNKNOWN_METHOD,
    REFUSAL_MALFORMED_BODY,
    REFUSAL_UNKNOWN_FIELD,
    REFUSAL_OVERLOADED,
    REFUSAL_DRAINING,
    REFUSAL_BROKEN,
    REFUSAL_CROWDED,
    REFUSAL_COUNT,
};

struct labelled_metric {
    struct metric metric;
    char labels[LABELS_MAX];
};

struct rpc_call {
    struct rpc_router *router;
    struct rpc_call *next; /* in the pool, or among the idle */
    struct rpc_call *next_idle;
    struct arena *arena;

    pthread_mutex_t lock; /* guards the block below */
    pthread_cond_t cancel_ended;
    struct rpc_exchange *exchange; /* NULL: answered, or not open yet */
    uint32_t references;           /* the handler's, and one of a cancel that runs */
    bool cancelling;
    pthread_t canceller;
    void (*cancel)(struct rpc_call *call, void *context);
    void *cancel_context;

    _Atomic bool gone;
    const struct rpc_service *service;
    unsigned method;
    const Rpc__CallRequest *envelope;
    const ProtobufCMessage *request;
    struct rpc_caller caller;
    uint8_t trace_id[RPC_TRACE_BYTES];
    int64_t deadline_us;
};

struct rpc_router {
    struct clock *clock;
    size_t calls_max;
    struct rpc_service services[SERVICES_MAX];
    size_t service_count;
    _Atomic bool draining;

    pthread_mutex_t lock; /* guards the block below */
    struct rpc_call *pool;
    struct rpc_call *idle;
    size_t pooled;
    _Atomic size_t open;

    struct labelled_metric by_status[STATUS_COUNT];
    struct labelled_metric refused[REFUSAL_COUNT];
    struct labelled_metric cancelled;
    struct labelled_metric open_now;
};

/* The call's arena is emptied and the call is idle again. */
void rpc_router_put_back(struct rpc_call *call);

/* A response that tells an error; borrows its text. */
void rpc_router_error_envelope(const struct error *err, Rpc__CallResponse *envelope);

#endif
