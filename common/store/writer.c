/*
 * The writer. Submitting puts an operation on its lane's list under a lock; the writer takes all
 * lists with one lock, so that the lock is held for some instructions whatever the size of the
 * batch, and sleeps (and is woken) only when there is nothing.
 */
#include "store/writer_internal.h"

#include "base/check.h"
#include "base/mutex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_DEFAULT 8192
#define BATCH_DEFAULT 1024

static const char *const lane_names[WRITER_LANE_COUNT] = {
    [WRITER_CALLS] = "calls", [WRITER_FEEDS] = "feeds", [WRITER_TIMERS] = "timers"};

static void list_init(struct op_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_push(struct op_list *list, struct writer_op *op)
{
    op->next = NULL;
    *list->end = op;
    list->end = &op->next;
}

static struct writer_op *list_pop(struct op_list *list)
{
    struct writer_op *op = list->first;
    if (op != NULL) {
        list->first = op->next;
        if (list->first == NULL) {
            list->end = &list->first;
        }
        op->next = NULL;
    }
    return op;
}

/* Moves all of `from` behind `to`. */
static void list_join(struct op_list *to, struct op_list *from)
{
    if (from->first != NULL) {
        *to->end = from->first;
        to->end = from->end;
        list_init(from);
    }
}

/* --- metrics --- */

static int64_t read_depth(const struct metric *metric)
{
    return (int64_t)atomic_load_explicit((atomic_uint *)metric->context, memory_order_relaxed);
}

static int64_t read_map(const struct metric *metric)
{
    const struct store *store = metric->context;
    return (int64_t)store->map_bytes;
}

static int64_t read_used(const struct metric *metric)
{
    struct store_usage usage;
    store_usage(metric->context, &usage);
    return (int64_t)usage.used_bytes;
}

static void add_metric(struct writer *writer, struct metric *metric, const char *name,
                       const char *labels, const char *help, enum metric_kind kind)
{
    metric->name = name;
    metric->labels = labels;
    metric->help = help;
    metric->kind = kind;
    if (writer->options.metrics != NULL) {
        metric_register(writer->options.metrics, metric);
    }
}

static void add_metrics(struct writer *writer)
{
    const char *name =
        writer->options.name != NULL ? writer->options.name : store_service(writer->options.store);
    char *all = writer->labels[WRITER_LANE_COUNT];
    (void)snprintf(all, WRITER_LABELS_SIZE, "service=\"%.40s\"", name);
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        char *labels = writer->labels[i];
        (void)snprintf(labels, WRITER_LABELS_SIZE, "service=\"%.40s\",lane=\"%s\"", name,
                       lane_names[i]);
        writer->depth[i].read = read_depth;
        writer->depth[i].context = &writer->waiting[i];
        add_metric(writer, &writer->operations[i], "vafa_store_operations_total", labels,
                   "Operations ended, refused ones too.", METRIC_COUNTER);
        add_metric(writer, &writer->depth[i], "vafa_store_queue_depth", labels,
                   "Operations that wait for the writer.", METRIC_GAUGE);
    }
    writer->map_bytes.read = read_map;
    writer->map_bytes.context = writer->options.store;
    writer->used_bytes.read = read_used;
    writer->used_bytes.context = writer->options.store;
    add_metric(writer, &writer->commits, "vafa_store_commits_total", all, "Transactions committed.",
               METRIC_COUNTER);
    add_metric(writer, &writer->journal_writes, "vafa_store_journal_writes_total", all,
               "Batches made durable in the journal, to be committed later.", METRIC_COUNTER);
    add_metric(writer, &writer->aborts, "vafa_store_batch_aborts_total", all,
               "Batches rolled back and tried again in parts, or lost.", METRIC_COUNTER);
    add_metric(writer, &writer->map_bytes, "vafa_store_map_bytes", all, "Size of the map.",
               METRIC_GAUGE);
    add_metric(writer, &writer->used_bytes, "vafa_store_map_used_bytes", all,
               "Bytes of the map in use.", METRIC_GAUGE);
}

/* Under the lock: all that was submitted becomes the writer's own. */
static void take_all(struct writer *writer)
{
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        list_join(&writer->taken[i], &writer->submitted[i]);
    }
}

static bool any_taken(const struct writer *writer)
{
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        if (writer->taken[i].first != NULL) {
            return true;
        }
    }
    return false;
}

/* Without the lock: one of each lane in turn, until there is no room or nothing is left. */
static size_t fill(struct writer *writer, struct writer_op **ops, size_t room)
{
    size_t count = 0;
    unsigned empty = 0;
    while (count < room && empty < WRITER_LANE_COUNT) {
        unsigned lane = writer->turn;
        writer->turn = (writer->turn + 1) % WRITER_LANE_COUNT;
        struct writer_op *op = list_pop(&writer->taken[lane]);
        if (op == NULL) {
            empty++;
            continue;
        }
        empty = 0;
        ops[count++] = op;
        atomic_fetch_sub_explicit(&writer->waiting[lane], 1, memory_order_relaxed);
    }
    return count;
}

/* What has come while a batch was running, behind its first `count`. */
size_t writer_fill_on(struct writer *writer, struct writer_op **ops, size_t count)
{
    size_t room = writer->options.batch_max - (size_t)(ops + count - writer->batch);
    pthread_mutex_lock(&writer->lock);
    if (writer->hold == HOLD_ASKED) {
        room = 0; /* somebody waits for the end of this batch */
    } else {
        take_all(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return fill(writer, ops + count, room);
}

/* --- the thread --- */

static void wait_for_work(struct writer *writer, int64_t us)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + us % SECOND_US * 1000;
    until.tv_sec += us / SECOND_US + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    (void)pthread_cond_timedwait(&writer->work, &writer->lock, &until);
}

/* Under the lock, on the thread: commits what readers do not see, if there is any. */
static enum status publish_unlocked(struct writer *writer, struct error *err)
{
    if (!store_has_unseen(writer->options.store)) {
        return STATUS_OK;
    }
    pthread_mutex_unlock(&writer->lock);
    enum status status = writer_publish(writer, err);
    pthread_mutex_lock(&writer->lock);
    return status;
}

/* Under the lock, on the thread, when nothing is to be run: until something comes, or readers are to
 * see more. */
static void rest(struct writer *writer)
{
    struct error err;
    bool unseen = store_has_unseen(writer->options.store);
    int64_t left_us = unseen ? writer_publish_left_us(writer) : 0;
    if (unseen && left_us <= 0) {
        (void)publish_unlocked(writer, &err); /* tried again later */
        return;
    }
    writer->idle = true;
    if (unseen) {
        wait_for_work(writer, left_us);
    } else {
        pthread_cond_wait(&writer->work, &writer->lock);
    }
    writer->idle = false;
}

/* Under the lock, on the thread: stays between two batches until released, stopped, or the time is
 * over. */
static void stay_held(struct writer *writer)
{
    struct clock *clock = writer->options.clock;
    writer->hold = HOLD_ON;
    writer->hold_until_us = clock_mono_us(clock) + writer->hold_us;
    writer->holds_begun++;
    pthread_cond_broadcast(&writer->held);
    while (writer->hold == HOLD_ON && !writer->stopped) {
        int64_t left_us = writer->hold_until_us - clock_mono_us(clock);
        if (left_us <= 0) {
            break;
        }
        wait_for_work(writer, left_us);
    }
    if (writer->hold == HOLD_ON) { /* else it was released, and perhaps asked for again */
        writer->hold = HOLD_NONE;
    }
}

/* Under the lock, on the thread: somebody asked to hold. A snapshot is to have all that was
 * acknowledged. */
static void hold(struct writer *writer)
{
    if (publish_unlocked(writer, &writer->hold_error) == STATUS_OK) {
        stay_held(writer);
    } else {
        writer->hold = HOLD_NONE;
        pthread_cond_broadcast(&writer->held);
    }
}

static void *run_thread(void *context)
{
    struct writer *writer = context;
    struct error err;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        take_all(writer);
        if (writer->hold == HOLD_ASKED && !writer->stopped) {
            hold(writer);
        } else if (any_taken(writer)) {
            pthread_mutex_unlock(&writer->lock);
            writer_run_batch(writer, fill(writer, writer->batch, writer->options.batch_max));
            pthread_mutex_lock(&writer->lock);
        } else if (writer->stopped) {
            break;
        } else {
            rest(writer);
        }
    }
    (void)publish_unlocked(writer, &err); /* else at the next start */
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* --- from outside --- */

static void init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(cond, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
}

struct writer *writer_new(const struct writer_options *options)
{
    CHECK(options->store != NULL && options->clock != NULL);
    struct writer *writer = calloc(1, sizeof(*writer));
    CHECK(writer != NULL);
    writer->options = *options;
    if (writer->options.queue_max == 0) {
        writer->options.queue_max = QUEUE_DEFAULT;
    }
    if (writer->options.batch_max == 0) {
        writer->options.batch_max = BATCH_DEFAULT;
    }
    mutex_init_brief(&writer->lock);
    init_monotonic(&writer->work);
    init_monotonic(&writer->held);
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        list_init(&writer->submitted[i]);
        list_init(&writer->taken[i]);
    }
    writer->batch = calloc(writer->options.batch_max, sizeof(*writer->batch));
    writer->refused = calloc(writer->options.batch_max, sizeof(*writer->refused));
    CHECK(writer->batch != NULL && writer->refused != NULL);
    writer->idle = true;
    add_metrics(writer);
    return writer;
}

void writer_free(struct writer *writer)
{
    if (writer == NULL) {
        return;
    }
    writer_stop(writer);
    take_all(writer);
    struct error err;
    (void)error_set(&err, STATUS_UNAVAILABLE, NULL, "the writer was stopped");
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        for (struct writer_op *op = list_pop(&writer->taken[i]); op != NULL;
             op = list_pop(&writer->taken[i])) {
            writer_end_ops(writer, &op, 1, &err);
        }
    }
    pthread_cond_destroy(&writer->work);
    pthread_cond_destroy(&writer->held);
    pthread_mutex_destroy(&writer->lock);
    free(writer->batch);
    free(writer->refused);
    free(writer);
}

enum status writer_start(struct writer *writer, struct error *err)
{
    pthread_mutex_lock(&writer->lock);
    enum status status = STATUS_OK;
    if (writer->started || writer->stopped) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, NULL, "a writer is started once");
    } else {
        writer->idle = false; /* until the thread says so */
        int rc = pthread_create(&writer->thread, NULL, run_thread, writer);
        if (rc != 0) {
            writer->idle = true;
            status = error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, rc, "starting the writer");
        } else {
            writer->started = true;
        }
    }
    pthread_mutex_unlock(&writer->lock);
    return status;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool join = writer->started && !writer->stopped;
    writer->stopped = true;
    pthread_cond_broadcast(&writer->work);
    pthread_cond_broadcast(&writer->held);
    pthread_mutex_unlock(&writer->lock);
    if (join) {
        CHECK(pthread_join(writer->thread, NULL) == 0);
    }
}

enum status writer_submit(struct writer *writer, struct writer_op *op, struct error *err)
{
    CHECK(op->lane < WRITER_LANE_COUNT);
    enum status status = STATUS_OK;
    bool wake = false;
    bool signal = false;
    pthread_mutex_lock(&writer->lock);
    if (writer->stopped) {
        status = STATUS_UNAVAILABLE;
    } else if (atomic_load_explicit(&writer->waiting[op->lane], memory_order_relaxed) >=
               writer->options.queue_max) {
        status = STATUS_RESOURCE_EXHAUSTED;
    } else {
        list_push(&writer->submitted[op->lane], op);
        atomic_fetch_add_explicit(&writer->waiting[op->lane], 1, memory_order_relaxed);
        if (writer->idle) {
            writer->idle = false;
            signal = writer->started;
            wake = !writer->started && writer->options.wake != NULL;
        }
    }
    if (signal) {
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->lock);
    if (wake) {
        writer->options.wake(writer->options.context);
    }
    if (status == STATUS_UNAVAILABLE) {
        return error_set(err, status, NULL, "the service is stopping");
    }
    if (status == STATUS_RESOURCE_EXHAUSTED) {
        return error_set(err, status, NULL, "%u %s wait for the store: try again later",
                         writer->options.queue_max, lane_names[op->lane]);
    }
    return STATUS_OK;
}

bool writer_step(struct writer *writer)
{
    struct error err;
    pthread_mutex_lock(&writer->lock);
    CHECK(!writer->started);
    take_all(writer);
    bool work = any_taken(writer);
    bool unseen = store_has_unseen(writer->options.store);
    writer->idle = !work;
    pthread_mutex_unlock(&writer->lock);
    if (work) {
        writer_run_batch(writer, fill(writer, writer->batch, writer->options.batch_max));
    }
    return work || (unseen && writer_publish(writer, &err) == STATUS_OK);
}

/* --- what readers see --- */

uint64_t writer_mark(const struct writer *writer)
{
    return atomic_load(&writer->journaled);
}

bool writer_is_visible(const struct writer *writer, uint64_t mark)
{
    return atomic_load(&writer->visible) >= mark;
}

void writer_publish_soon(struct writer *writer)
{
    atomic_store(&writer->publish_soon, true);
    pthread_mutex_lock(&writer->lock);
    bool started = writer->started;
    if (started) {
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->lock);
    if (!started && writer->options.wake != NULL) {
        writer->options.wake(writer->options.context);
    }
}

/* --- holding --- */

enum status writer_hold(struct writer *writer, int64_t hold_us, struct error *err)
{
    enum status status = STATUS_OK;
    pthread_mutex_lock(&writer->lock);
    if (!writer->started) {
        status =
            error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the writer has no thread to hold");
    } else if (writer->hold != HOLD_NONE) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the writer is held already");
    } else if (hold_us <= 0) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "hold_us", "a hold has a length");
    } else {
        uint64_t before = writer->holds_begun;
        writer->hold = HOLD_ASKED;
        writer->hold_us = hold_us;
        pthread_cond_signal(&writer->work);
        while (writer->hold == HOLD_ASKED && !writer->stopped) {
            pthread_cond_wait(&writer->held, &writer->lock);
        }
        if (writer->holds_begun == before && writer->stopped) {
            status = error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
        } else if (writer->holds_begun == before) {
            *err = writer->hold_error;
            status = err->status;
        }
    }
    pthread_mutex_unlock(&writer->lock);
    return status;
}

bool writer_release(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool in_force = writer->hold == HOLD_ON && !writer->stopped &&
                    clock_mono_us(writer->options.clock) < writer->hold_until_us;
    if (writer->hold == HOLD_ON) {
        writer->hold = HOLD_NONE;
        pthread_cond_signal(&writer->work);
    }
    pthread_mutex_unlock(&writer->lock);
    return in_force;
}
