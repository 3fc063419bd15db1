/* What the node's own files share. */
#ifndef VAFA_SERVICE_NODE_INTERNAL_H
#define VAFA_SERVICE_NODE_INTERNAL_H

#include "service/alarm.h"
#include "service/keyring.h"
#include "service/lane.h"
#include "service/node.h"
#include "service/pack_shelf.h"
#include "service/parking.h"

#include <pthread.h>
#include <stdatomic.h>

/* A group of methods behind one protobuf service. */
struct method_group {
    struct node *node;
    const ProtobufCServiceDescriptor *descriptor;
    const struct service_method *methods;
    size_t *key_offsets; /* of idempotency_key in each command's request */
};

struct backup;
struct node_memory;

/* node_city.c: a pack, and what was made with it. */
struct node_city {
    const struct service_def *def;
    const struct city *city;
    struct city *owned; /* the same; NULL: it is who opened the node's */
    void *memory;       /* of the service's definition; NULL: it has none */
    uint64_t serial;    /* tells packs apart */
    uint64_t taken;     /* offset of the event that took it; 0: it was given at the start */
    atomic_uint holds;
};

struct node {
    const struct service_def *def;
    pthread_mutex_t city_lock;
    struct node_city *city; /* in force; under the lock */
    struct pack_shelf shelf;
    atomic_bool is_taking;                                /* the shelf is in use */
    void (*pack_taken)(void *context, struct node *node); /* may be NULL */
    struct clock *clock;
    struct random *random;
    struct metric_registry *metrics;
    struct keyring *keyring;
    struct store *store;
    struct engine *engine;
    struct writer *writer;
    struct loop *loop;
    bool owns_loop; /* with threads */
    pthread_t loop_thread;
    bool loop_runs;
    struct parking *parking;
    void (*store_failed)(void *context); /* may be NULL */
    void *context;                       /* of these two */
    struct lane *lane; /* of slow reads; NULL: there are none, or there are no threads */
    struct rpc_router *router;
    struct follower *followers[SERVICE_FEEDS_MAX];
    struct alarm *alarm;
    struct backup *backup;
    struct node_memory *memory; /* NULL: the service has none */
    struct method_group groups[4];
    struct loop_task write_task; /* without threads: steps the writer */
    atomic_bool draining;
    pthread_mutex_t trouble_lock;
    struct error trouble; /* under the lock until has_trouble is set */
    atomic_bool has_trouble;
    struct metric clock_behind;
    struct metric parked;
    struct metric feed_lag[SERVICE_FEEDS_MAX];
    char labels[SERVICE_FEEDS_MAX + 1][80];
};

/* `owned` (may be NULL) goes with it. Held once. */
struct node_city *node_city_new(const struct node *node, const struct city *city,
                                struct city *owned);
/* The one in force, until released. Any thread. */
struct node_city *node_city_hold(struct node *node);
void node_city_release(struct node_city *city); /* NULL is allowed */
/* Puts another one in force; takes it over. */
void node_city_change(struct node *node, struct node_city *next);
/* The pack that was taken last, else the one that was given. */
enum status node_city_open(struct node *node, const struct node_options *options,
                           struct error *err);

/* Keeps the first thing that keeps the service from serving wholly, and logs it. Any thread. */
void node_set_trouble(struct node *node, const char *what, const struct error *why);

/* node_methods.c: the handler of every method table. */
void node_handle(void *context, unsigned method, struct rpc_call *call);
enum status method_group_init(struct method_group *group, struct node *node,
                              const ProtobufCServiceDescriptor *descriptor,
                              const struct service_method *methods, struct error *err);
void method_group_fini(struct method_group *group);

/* OK: it will be answered, or is already. It was checked with that pack; when it is another one's turn, it is checked again.
 * node_reads.c, node_commands.c */
enum status node_begin_read(struct method_group *group, unsigned method, struct rpc_call *call,
                            uint64_t checked, struct error *err);
enum status node_submit_command(struct method_group *group, unsigned method, struct rpc_call *call,
                                const struct node_city *checked, struct error *err);

/* What a read tells its runner. */
struct read_wait {
    struct node *node;
    struct rpc_call *call;
    bool is_parked;
    uint64_t key;
    uint32_t wait_ms;
    uint64_t reader;
};

/* node_builtin.c: the methods every service has. */
extern const struct service_method node_log_methods[];
extern const struct service_method node_health_methods[];

/* node_memory.c; NULL is allowed everywhere but in _new. */
struct node_memory *node_memory_new(struct node *node);
void node_memory_start(struct node_memory *memory);
void node_memory_committed(struct node_memory *memory); /* on the writer's thread */
void node_memory_free(struct node_memory *memory);

/* node_backup.c */
struct backup *backup_new(struct node *node);
/* A copy that is being made is given up: it might take minutes, and a stop may not. */
void backup_stop(struct backup *backup);
void backup_free(struct backup *backup);
void backup_handle(void *context, unsigned method, struct rpc_call *call);

/* node_packs.c */
void packs_handle(void *context, unsigned method, struct rpc_call *call);

/* node_keys.c */
extern const struct service_method node_citizens_methods[];
void keys_handle(void *context, unsigned method, struct rpc_call *call);

/* A position for an answer; `offset` etc. live in the storage given. */
struct position_storage {
    Common__Position position;
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint8_t hash[STORE_HASH_BYTES];
};
void position_fill(struct position_storage *storage, Common__ServiceId service,
                   const struct log_position *position);

#endif
