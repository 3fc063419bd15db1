/*
 * A transport without a network: frames go straight to a router through the loop, after a delay a
 * hook decides, or never. The simulator's seam, and the fastest way to test a service.
 */
#ifndef VAFA_RPC_DIRECT_H
#define VAFA_RPC_DIRECT_H

#include "rpc/rpc_client.h"
#include "rpc/rpc_router.h"

/* What happens to one frame on its way. */
struct rpc_fate {
    bool lost;
    bool cut;        /* the sender learns at once: UNAVAILABLE */
    uint32_t copies; /* 1, or 2 for a doubled frame */
    int64_t delay_us;
};

struct rpc_direct {
    struct loop *loop;
    /* The server now (NULL: it is down, UNAVAILABLE). */
    struct rpc_router *(*router)(void *context);
    struct rpc_fate (*fate)(void *context, bool is_reply); /* NULL: no loss, no delay */
    void *context;
};

struct rpc_transport *rpc_direct_transport_new(const struct rpc_direct *direct);

#endif
