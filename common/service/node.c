#include "service/node_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "rpc/rpc_gather.h"

#include "vafa/backup/v1/backup.pb-c.h"
#include "vafa/health/v1/health.pb-c.h"
#include "vafa/keys/v1/keys.pb-c.h"
#include "vafa/log/v1/log.pb-c.h"
#include "vafa/packs/v1/packs.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_MAX_DEFAULT 2048

/* Slow reads: so many at once, and so many that wait. */
#define SLOW_THREADS 2
#define SLOW_QUEUE_MAX 64

/* --- after a commit, on the writer's thread --- */

static void committed(void *context)
{
    struct node *node = context;
    uint64_t keys[SIGNALS_MAX];
    bool all;
    size_t count = engine_take_signals(node->engine, keys, SIGNALS_MAX, &all);
    parking_wake(node->parking, keys, count, all);
    for (size_t i = 0; i < node->def->feed_count; i++) {
        if (node->followers[i] != NULL) {
            follower_committed(node->followers[i]);
        }
    }
    if (node->alarm != NULL) {
        alarm_committed(node->alarm);
    }
    node_memory_committed(node->memory);
}

static void store_failed(void *context, const struct error *why)
{
    struct node *node = context;
    node_set_trouble(node, "a write has failed", why);
    parking_wake(node->parking, NULL, 0, true); /* nothing more will become visible */
    if (node->store_failed != NULL) {
        node->store_failed(node->context);
    }
}

static void answers_begin(void *context)
{
    (void)context;
    rpc_gather_begin();
}

static void answers_end(void *context)
{
    (void)context;
    rpc_gather_end();
}

/* Without threads the writer is one more task of the loop. */
static void wake_writer(void *context)
{
    struct node *node = context;
    loop_post(node->loop, &node->write_task);
}

static void step_writer(struct loop_task *task)
{
    struct node *node = (struct node *)((char *)task - offsetof(struct node, write_task));
    if (writer_step(node->writer)) {
        loop_post(node->loop, task);
    }
}

/* --- trouble: the first thing that keeps the service from serving wholly --- */

void node_set_trouble(struct node *node, const char *what, const struct error *why)
{
    pthread_mutex_lock(&node->trouble_lock);
    bool is_first = !node->has_trouble;
    if (is_first) {
        error_set(&node->trouble, why->status, why->field, "%s: %s", what, why->message);
        node->has_trouble = true;
    }
    pthread_mutex_unlock(&node->trouble_lock);
    if (is_first) { /* what follows from it would only fill the log */
        log_error(node->def->name, what, why);
    }
}

static void feed_stopped(void *context, Common__ServiceId upstream, const struct error *why)
{
    char what[64];
    snprintf(what, sizeof what, "following %s has stopped", service_name(upstream));
    node_set_trouble(context, what, why);
}

/* The other side may just be starting: told, but no trouble of ours. */
static void feed_waits(void *context, Common__ServiceId upstream, const struct error *why)
{
    struct node *node = context;
    log_warning(node->def->name, "following %s waits: %s (%s)", service_name(upstream),
                why->message, status_name(why->status));
}

static void alarm_stopped(void *context, const struct error *why)
{
    node_set_trouble(context, "timers have stopped", why);
}

const struct error *node_trouble(struct node *node)
{
    return node->has_trouble ? &node->trouble : NULL;
}

/* --- gauges --- */

static int64_t read_clock_behind(const struct metric *metric)
{
    struct node *node = metric->context;
    int64_t behind_us;
    (void)engine_now_us(node->engine, &behind_us);
    return behind_us / SECOND_US;
}

static int64_t read_parked(const struct metric *metric)
{
    struct node *node = metric->context;
    return (int64_t)parking_count(node->parking);
}

static int64_t read_feed_lag(const struct metric *metric)
{
    struct node *node = metric->context;
    struct follower_state state;
    node_feed_state(node, (size_t)(metric - node->feed_lag), &state);
    return state.head > state.offset ? (int64_t)(state.head - state.offset) : 0;
}

static void register_metrics(struct node *node)
{
    char *own = node->labels[SERVICE_FEEDS_MAX];
    snprintf(own, sizeof node->labels[0], "service=\"%s\"", node->def->name);
    node->clock_behind =
        (struct metric){.name = "vafa_clock_behind_seconds",
                        .labels = own,
                        .help = "How far the wall clock is behind the last event recorded.",
                        .kind = METRIC_GAUGE,
                        .read = read_clock_behind,
                        .context = node};
    node->parked = (struct metric){.name = "vafa_parked_reads",
                                   .labels = own,
                                   .help = "Reads that wait for something to happen.",
                                   .kind = METRIC_GAUGE,
                                   .read = read_parked,
                                   .context = node};
    metric_register(node->metrics, &node->clock_behind);
    metric_register(node->metrics, &node->parked);
    for (size_t i = 0; i < node->def->feed_count; i++) {
        snprintf(node->labels[i], sizeof node->labels[i], "service=\"%s\",upstream=\"%s\"",
                 node->def->name, service_name(node->def->feeds[i].upstream));
        node->feed_lag[i] = (struct metric){
            .name = "vafa_feed_lag_events",
            .labels = node->labels[i],
            .help = "Events of a followed log that are not applied yet, as last heard.",
            .kind = METRIC_GAUGE,
            .read = read_feed_lag,
            .context = node};
        metric_register(node->metrics, &node->feed_lag[i]);
    }
}

/* --- opening, in the order things need each other --- */

static enum status open_store(struct node *node, const struct node_options *options,
                              struct error *err)
{
    struct store_options store_options = {
        .folder = options->store_folder,
        .service = node->def->name,
        .map_bytes = options->map_bytes,
        .journal_bytes = options->journal_bytes,
        .no_sync = options->no_sync,
        .random = options->random,
    };
    enum status status = store_open(&node->store, &store_options, err);
    if (status != STATUS_OK || !node->def->holds_words) {
        return status;
    }
    struct store_txn *txn;
    status = store_read_begin(node->store, &txn, err);
    if (status == STATUS_OK) {
        status =
            keyring_open(&node->keyring, options->master_key_file, txn, true, options->random, err);
        store_read_end(txn);
    }
    return status;
}

static enum status open_engine(struct node *node, const struct node_options *options,
                               struct error *err)
{
    struct engine_options engine_options = {
        .def = node->def,
        .store = node->store,
        .city = node->city->city,
        .city_serial = node->city->serial,
        .keyring = node->keyring,
        .clock = node->clock,
        .random = node->random,
    };
    enum status status = engine_new(&node->engine, &engine_options, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct writer_options writer_options = {
        .store = node->store,
        .clock = node->clock,
        .metrics = node->metrics,
        .name = node->def->name,
        .committed = committed,
        .failed = store_failed,
        .ends_begin = answers_begin,
        .ends_end = answers_end,
        .wake = options->loop != NULL ? wake_writer : NULL,
        .context = node,
    };
    node->writer = writer_new(&writer_options);
    return STATUS_OK;
}

static enum status open_feeds(struct node *node, const struct node_options *options,
                              struct error *err)
{
    struct rpc_caller caller = {.role = RPC_ROLE_SERVICE};
    snprintf(caller.name, sizeof caller.name, "%s", node->def->name);
    for (size_t i = 0; i < node->def->feed_count; i++) {
        struct rpc_transport *transport;
        enum status status =
            options->connect(options->context, node->def->feeds[i].upstream, &transport, err);
        if (status != STATUS_OK) {
            return status;
        }
        struct follower_options follower_options = {
            .engine = node->engine,
            .writer = node->writer,
            .store = node->store,
            .loop = node->loop,
            .def = node->def,
            .feed = i,
            .client = rpc_client_new(node->loop, transport, node->random, &caller),
            .wait_ms = options->follow_wait_ms,
            .stopped = feed_stopped,
            .waiting = feed_waits,
            .context = node,
        };
        node->followers[i] = follower_new(&follower_options);
    }
    if (node->def->timer != NULL) {
        struct alarm_options alarm_options = {
            .engine = node->engine,
            .writer = node->writer,
            .store = node->store,
            .loop = node->loop,
            .stopped = alarm_stopped,
            .context = node,
        };
        node->alarm = alarm_new(&alarm_options);
    }
    return STATUS_OK;
}

static enum status open_methods(struct node *node, const struct node_options *options,
                                struct error *err)
{
    size_t calls_max = options->calls_max != 0 ? options->calls_max : CALLS_MAX_DEFAULT;
    size_t parked_max = options->parked_max != 0 ? options->parked_max : calls_max / 4 * 3;
    node->parking = parking_new(node->loop, parked_max);
    node->backup = backup_new(node);
    node->memory = node_memory_new(node);
    node->router = rpc_router_new(node->clock, node->metrics, node->def->name, calls_max);
    const struct {
        const ProtobufCServiceDescriptor *descriptor;
        const struct service_method *methods;
    } groups[] = {
        {node->def->rpc, node->def->methods},
        {&eventlog__event_log__descriptor, node_log_methods},
        {&health__health__descriptor, node_health_methods},
        {&keys__citizens__descriptor, node_citizens_methods},
    };
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        enum status status =
            method_group_init(&node->groups[i], node, groups[i].descriptor, groups[i].methods, err);
        if (status != STATUS_OK) {
            return status;
        }
        rpc_router_add(node->router, &(struct rpc_service){.descriptor = groups[i].descriptor,
                                                           .handle = node_handle,
                                                           .context = &node->groups[i]});
    }
    rpc_router_add(node->router, &(struct rpc_service){.descriptor = &backup__backup__descriptor,
                                                       .handle = backup_handle,
                                                       .context = node->backup});
    rpc_router_add(node->router, &(struct rpc_service){.descriptor = &keys__keys__descriptor,
                                                       .handle = keys_handle,
                                                       .context = node});
    rpc_router_add(node->router, &(struct rpc_service){.descriptor = &packs__packs__descriptor,
                                                       .handle = packs_handle,
                                                       .context = node});
    return STATUS_OK;
}

enum status node_open(struct node **ret_node, const struct node_options *options, struct error *err)
{
    struct node *node = calloc(1, sizeof *node);
    CHECK(node != NULL);
    CHECK(pthread_mutex_init(&node->trouble_lock, NULL) == 0);
    node->def = options->def;
    CHECK(pthread_mutex_init(&node->city_lock, NULL) == 0);
    node->pack_taken = options->pack_taken;
    node->context = options->context;
    node->clock = options->clock;
    node->random = options->random;
    node->metrics = metric_registry_new();
    node->owns_loop = options->loop == NULL;
    node->loop = node->owns_loop ? loop_new(node->clock) : options->loop;
    node->write_task.run = step_writer;
    node->store_failed = options->store_failed;
    enum status status = open_store(node, options, err);
    if (status == STATUS_OK) {
        status = node_city_open(node, options, err);
    }
    if (status == STATUS_OK) {
        status = open_engine(node, options, err);
    }
    if (status == STATUS_OK) {
        status = open_methods(node, options, err);
    }
    if (status == STATUS_OK) {
        status = open_feeds(node, options, err);
    }
    if (status != STATUS_OK) {
        node_free(node);
        return status;
    }
    register_metrics(node);
    *ret_node = node;
    return STATUS_OK;
}

/* --- running --- */

static void *run_loop(void *context)
{
    struct node *node = context;
    loop_run(node->loop);
    return NULL;
}

static bool has_slow_method(const struct service_def *def)
{
    if (def->holds_words) {
        return true; /* CheckCitizen */
    }
    for (unsigned i = 0; i < def->rpc->n_methods; i++) {
        if (def->methods[i].slow) {
            return true;
        }
    }
    return false;
}

enum status node_start(struct node *node, struct error *err)
{
    if (node->owns_loop) {
        enum status status = writer_start(node->writer, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (node->owns_loop && has_slow_method(node->def)) {
        enum status status = lane_new(&node->lane, SLOW_THREADS, SLOW_QUEUE_MAX, err);
        if (status != STATUS_OK) {
            return status;
        }
    }
    /* The loop does not run yet: nothing of the machines is touched by two threads. */
    for (size_t i = 0; i < node->def->feed_count; i++) {
        follower_start(node->followers[i]);
    }
    if (node->alarm != NULL) {
        alarm_start(node->alarm);
    }
    node_memory_start(node->memory);
    if (node->owns_loop) {
        if (pthread_create(&node->loop_thread, NULL, run_loop, node) != 0) {
            return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "no thread can be started");
        }
        node->loop_runs = true;
    }
    return STATUS_OK;
}

void node_drain(struct node *node)
{
    node->draining = true;
    rpc_router_drain(node->router);
    parking_drain(node->parking);
    backup_stop(node->backup);
}

void node_settle(struct node *node)
{
    if (node->owns_loop) {
        writer_stop(node->writer);
    } else {
        while (writer_step(node->writer)) {
        }
        parking_resume(node->parking);
    }
    if (node->loop_runs) {
        loop_stop(node->loop);
        CHECK(pthread_join(node->loop_thread, NULL) == 0);
        node->loop_runs = false;
        parking_resume(node->parking); /* those whose turn had not come when the loop stopped */
    }
    if (node->lane != NULL) {
        lane_stop(node->lane); /* what waits there is told that we are stopping */
    }
}

/* Calls and operations that were still under way, if nobody settled: they end as unavailable,
 * unwritten. The writer goes first, since operations of calls, feeds and timers may be with it. */
static void end_what_is_open(struct node *node)
{
    if (node->router != NULL) {
        node_drain(node);
        parking_resume(node->parking);
    }
    writer_free(node->writer);
    node->writer = NULL;
    lane_free(node->lane);
    node->lane = NULL;
}

void node_free(struct node *node)
{
    if (node == NULL) {
        return;
    }
    if (node->loop_runs) {
        node_drain(node);
        node_settle(node);
    }
    end_what_is_open(node);
    for (size_t i = 0; i < node->def->feed_count; i++) {
        follower_free(node->followers[i]);
    }
    alarm_free(node->alarm);
    loop_unpost(node->loop, &node->write_task);
    backup_free(node->backup);
    rpc_router_free(node->router);
    parking_free(node->parking);
    node_memory_free(node->memory);
    for (size_t i = 0; i < sizeof node->groups / sizeof node->groups[0]; i++) {
        method_group_fini(&node->groups[i]);
    }
    if (node->owns_loop) {
        loop_free(node->loop);
    }
    engine_free(node->engine);
    store_free(node->store);
    keyring_free(node->keyring);
    metric_registry_free(node->metrics);
    node_city_release(node->city);
    (void)pthread_mutex_destroy(&node->city_lock);
    (void)pthread_mutex_destroy(&node->trouble_lock);
    free(node);
}

/* --- looking --- */

void node_feed_state(struct node *node, size_t feed, struct follower_state *ret_state)
{
    follower_state(node->followers[feed], ret_state);
}

struct rpc_router *node_router(struct node *node)
{
    return node->router;
}

struct store *node_store(struct node *node)
{
    return node->store;
}

struct writer *node_writer(struct node *node)
{
    return node->writer;
}

bool node_is_draining(const struct node *node)
{
    return node->draining;
}
