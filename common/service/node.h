/*
 * A node: one running service. It opens the store, answers calls, follows its feeds and fires its
 * timers. The same code runs with threads in the programs and stepped by a loop on virtual time in
 * the simulator.
 *
 *   transport -> router -> method -> check -> writer: decide, append, apply -> commit -> answer
 *                                 -> read (pooled snapshot) -> answer, or parked until a commit
 */
#ifndef VAFA_SERVICE_NODE_H
#define VAFA_SERVICE_NODE_H

#include "base/loop.h"
#include "rpc/rpc_client.h"
#include "rpc/rpc_router.h"
#include "service/engine.h"
#include "service/follower.h"
#include "store/writer.h"

struct node;

struct node_options {
    const struct service_def *def;
    const char *store_folder;
    const char *master_key_file; /* for services that hold words; keyring_open */
    const struct city *city;
    struct clock *clock;
    struct random *random;
    struct loop *loop;       /* not NULL: no threads, everything is stepped by this loop */
    uint64_t map_bytes;      /* as in store_options */
    size_t journal_bytes;    /* as in store_options: the simulator */
    bool no_sync;            /* the simulator */
    uint32_t follow_wait_ms; /* as wait_ms in follower_options: the simulator */
    uint32_t calls_max;      /* open calls, parked ones included; 0: 2,048 */
    uint32_t parked_max;     /* waiting reads; 0: three quarters of calls_max */
    /* Once, on the writer's thread: the store has failed and writes no more, so the service is to be
     * stopped; a new start brings back what was acknowledged. May be NULL. */
    void (*store_failed)(void *context);
    /* A transport to a followed service. */
    enum status (*connect)(void *context, Common__ServiceId upstream,
                           struct rpc_transport **ret_transport, struct error *err);
    void *context;
};

/* Opens everything; nothing moves yet. */
enum status node_open(struct node **ret_node, const struct node_options *options,
                      struct error *err);
/* Feeds and timers begin; with threads, so do the writer and the loop. */
enum status node_start(struct node *node, struct error *err);

/* In this order, after which every call has been answered: refuse new calls and end the waiting
 * ones (drain), write what waits (settle). The transport may then flush and stop, and the node be
 * freed. */
void node_drain(struct node *node);
void node_settle(struct node *node);
/* Without drain and settle this is a crash: what was not made durable is gone. NULL is allowed. */
void node_free(struct node *node);

struct rpc_router *node_router(struct node *node);
struct store *node_store(struct node *node);
struct writer *node_writer(struct node *node);
bool node_is_draining(const struct node *node);
/* NULL while it serves wholly; else why not (borrowed; stays valid). */
const struct error *node_trouble(struct node *node);
/* How the feed runs; index as in def->feeds. */
void node_feed_state(struct node *node, size_t feed, struct follower_state *ret_state);

#endif
