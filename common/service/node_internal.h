/* What the node's own files share. */
#ifndef VAFA_SERVICE_NODE_INTERNAL_H
#define VAFA_SERVICE_NODE_INTERNAL_H

#include "service/alarm.h"
#include "service/keyring.h"
#include "service/lane.h"
#include "service/node.h"
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

struct node {
    const struct service_def *def;
    const struct city *city;
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
    void *store_failed_context;
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

/* Keeps the first thing that keeps the service from serving wholly, and logs it. Any thread. */
void node_set_trouble(struct node *node, const char *what, const struct error *why);

/* node_methods.c: the handler of every method table. */
void node_handle(void *context, unsigned method, struct rpc_call *call);
enum status method_group_init(struct method_group *group, struct node *node,
                              const ProtobufCServiceDescriptor *descriptor,
                              const struct service_method *methods, struct error *err);
void method_group_fini(struct method_group *group);

/* OK: it will be answered, or is already. node_reads.c, node_commands.c */
enum status node_begin_read(struct method_group *group, unsigned method, struct rpc_call *call,
                            struct error *err);
enum status node_submit_command(struct method_group *group, unsigned method, struct rpc_call *call,
                                struct error *err);

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
void *node_memory_get(const struct node_memory *memory);
void node_memory_free(struct node_memory *memory);

/* node_backup.c */
struct backup *backup_new(struct node *node);
/* A copy that is being made is given up: it might take minutes, and a stop may not. */
void backup_stop(struct backup *backup);
void backup_free(struct backup *backup);
void backup_handle(void *context, unsigned method, struct rpc_call *call);

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
