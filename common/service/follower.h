/*
 * A follower: reads another service's log by long polls and applies it, event by event, in order,
 * once. The cursor moves in the transaction that applies. A machine on the node's loop; it tries
 * again for ever when the other side is away, and stops for good, saying why, when going on would
 * diverge: DATA_LOSS (a log restored from an older copy), an unknown kind, a refusal.
 */
#ifndef VAFA_SERVICE_FOLLOWER_H
#define VAFA_SERVICE_FOLLOWER_H

#include "base/loop.h"
#include "rpc/rpc_client.h"
#include "service/engine.h"
#include "store/writer.h"

struct follower;

struct follower_options {
    struct engine *engine;
    struct writer *writer;
    struct store *store;
    struct loop *loop;
    const struct service_def *def;
    size_t feed;
    struct rpc_client *client; /* to the followed service; freed with the follower */
    uint32_t wait_ms;          /* of a read when there is nothing to tell; 0: 20,000 */
    /* Stopped for good; on the loop, before its state says so. */
    void (*stopped)(void *context, Common__ServiceId upstream, const struct error *why);
    /* Waits and tries again, for a reason it did not have before; on the loop. */
    void (*waiting)(void *context, Common__ServiceId upstream, const struct error *why);
    void *context;
};

struct follower_state {
    uint64_t offset; /* applied up to here */
    uint64_t head;   /* the log's end as last heard */
    bool stopped;
    struct error why; /* why it has stopped, or waits to try again; STATUS_OK while it runs */
};

struct follower *follower_new(const struct follower_options *options);
void follower_start(struct follower *follower);
/* With the loop stopped, or on it, and with the writer gone (an operation may have been with it).
 * NULL is allowed. */
void follower_free(struct follower *follower);

/* A commit happened: what was held may be ready. Any thread. */
void follower_committed(struct follower *follower);
/* Any thread. */
void follower_state(struct follower *follower, struct follower_state *ret_state);

#endif
