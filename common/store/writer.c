/*
 * The writer. Submitting puts an operation on its lane's list under a lock; the writer takes all
 * lists with one lock, so that the lock is held for some instructions whatever the size of the
 * batch, and sleeps (and is woken) only when there is nothing.
 */
#include "store/writer.h"

#include "store/store_internal.h"

#include "base/check.h"
#include "base/mutex.h"
#include "base/plant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUEUE_DEFAULT 8192
#define BATCH_DEFAULT 1024
#define LABELS_SIZE 96

static const char *const lane_names[WRITER_LANE_COUNT] = {
    [WRITER_CALLS] = "calls", [WRITER_FEEDS] = "feeds", [WRITER_TIMERS] = "timers"};

struct op_list {
    struct writer_op *first;
    struct writer_op **end;
};

enum hold_state { HOLD_NONE, HOLD_ASKED, HOLD_ON };

struct writer {
    struct writer_options options;

    pthread_mutex_t lock;
    pthread_cond_t work; /* for the thread: submitted, released, stopped */
    pthread_cond_t held; /* for writer_hold */
    struct op_list submitted[WRITER_LANE_COUNT];
    bool idle;    /* nothing is to be done: the next submission wakes */
    bool started; /* there is a thread */
    bool stopped; /* nothing is accepted */
    enum hold_state hold;
    uint64_t holds_begun;
    int64_t hold_us;
    int64_t hold_until_us;

    /* The writer's own, no lock. */
    struct op_list taken[WRITER_LANE_COUNT];
    struct writer_op **batch;
    struct writer_op **refused;
    unsigned turn;

    atomic_uint waiting[WRITER_LANE_COUNT];
    pthread_t thread;

    char labels[WRITER_LANE_COUNT + 1][LABELS_SIZE]; /* the last without a lane */
    struct metric commits, aborts, operations[WRITER_LANE_COUNT], depth[WRITER_LANE_COUNT];
    struct metric map_bytes, used_bytes;
};

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
    (void)snprintf(all, LABELS_SIZE, "service=\"%.40s\"", name);
    for (int i = 0; i < WRITER_LANE_COUNT; i++) {
        char *labels = writer->labels[i];
        (void)snprintf(labels, LABELS_SIZE, "service=\"%.40s\",lane=\"%s\"", name, lane_names[i]);
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
static size_t fill_on(struct writer *writer, struct writer_op **ops, size_t count)
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

/* --- a batch --- */

static void end_op(struct writer *writer, struct writer_op *op)
{
    metric_add(&writer->operations[op->lane], 1);
    op->ended(op); /* may free it */
}

static void end_ops(struct writer *writer, struct writer_op **ops, size_t count,
                    const struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        ops[i]->error = *err;
        end_op(writer, ops[i]);
    }
}

static void clear_error(struct error *error)
{
    error->status = STATUS_OK;
    error->field[0] = '\0';
    error->message[0] = '\0';
}

/* Ends the operations for which there is no room; the others, whose number is returned, keep their
 * order. */
static size_t admit(struct writer *writer, struct writer_op **ops, size_t count)
{
    struct error full, full_for_all;
    if (store_room(writer->options.store, false, &full) == STATUS_OK) {
        return count;
    }
    bool reserve = store_room(writer->options.store, true, &full_for_all) == STATUS_OK;
    size_t kept = 0, refused = 0;
    for (size_t i = 0; i < count; i++) {
        if (reserve && ops[i]->reserve) {
            ops[kept++] = ops[i];
        } else {
            writer->refused[refused++] = ops[i];
        }
    }
    if (PLANTED("full_disk_acknowledged")) {
        clear_error(&full);
    }
    end_ops(writer, writer->refused, refused, reserve ? &full : &full_for_all);
    return kept;
}

/* False when the transaction failed. */
static bool run_op(struct writer_op *op, struct store_txn *txn)
{
    uint64_t changes = txn_changes(txn);
    clear_error(&op->error);
    enum status status = op->run(op, txn, &op->error);
    if (txn_error(txn, NULL) != STATUS_OK) {
        return false;
    }
    if (status == STATUS_OK) {
        clear_error(&op->error);
    } else {
        CHECK(txn_changes(txn) == changes); /* a refusal leaves no trace */
        op->error.status = status;
    }
    return true;
}

struct plan {
    size_t limit; /* of the next attempt */
    size_t after; /* the limit once an attempt has gone well */
};

/*
 * One transaction of the first operations, at most plan->limit. Without a limit what comes while it
 * runs is taken in too, so that callers who answer quickly share one commit; *count grows by it.
 * Returns how many it ended; 0 when it was rolled back and is to be tried again under the new
 * limit: without the operation that failed and those behind it, or, when that is not known, with
 * half.
 */
static size_t attempt(struct writer *writer, struct writer_op **ops, size_t *count,
                      struct plan *plan)
{
    struct error err;
    struct store_txn *txn;
    if (store_write_begin(writer->options.store, &txn, &err) != STATUS_OK) {
        end_ops(writer, ops, *count, &err);
        return *count;
    }
    bool reserve = true;
    size_t ran = 0;
    while (ran < plan->limit && txn_bytes(txn) < STORE_BATCH_BYTES_MAX) {
        if (ran == *count && plan->limit == SIZE_MAX) {
            *count += admit(writer, ops + ran, fill_on(writer, ops, ran));
        }
        if (ran == *count) {
            break;
        }
        struct writer_op *op = ops[ran];
        if (!run_op(op, txn)) {
            (void)txn_error(txn, &err);
            store_write_abort(txn);
            metric_add(&writer->aborts, 1);
            if (ran == 0) { /* it was alone */
                end_ops(writer, ops, 1, &err);
                return 1;
            }
            *plan = (struct plan){.limit = ran, .after = SIZE_MAX};
            return 0;
        }
        reserve = reserve && op->reserve;
        ran++;
    }
    txn_set_reserve(txn, reserve);
    bool changed = txn_changes(txn) > 0;
    if (PLANTED("answer_before_commit")) {
        for (size_t i = 0; i < ran; i++) {
            end_op(writer, ops[i]);
        }
        (void)store_write_commit(txn, &err);
        return ran;
    }
    enum status status = store_write_commit(txn, &err);
    if (status != STATUS_OK) {
        metric_add(&writer->aborts, 1);
        if (ran == 1 || status == STATUS_DATA_LOSS) {
            end_ops(writer, ops, ran, &err);
            return ran;
        }
        *plan = (struct plan){.limit = ran / 2, .after = ran};
        return 0;
    }
    if (changed) {
        metric_add(&writer->commits, 1);
        if (writer->options.committed != NULL) {
            writer->options.committed(writer->options.context);
        }
    }
    plan->limit = plan->after;
    plan->after = plan->after > SIZE_MAX / 2 ? SIZE_MAX : plan->after * 2;
    if (writer->options.ends_begin != NULL) {
        writer->options.ends_begin(writer->options.context);
    }
    for (size_t i = 0; i < ran; i++) {
        end_op(writer, ops[i]);
    }
    if (writer->options.ends_end != NULL) {
        writer->options.ends_end(writer->options.context);
    }
    return ran;
}

static void run_batch(struct writer *writer, size_t count)
{
    struct writer_op **ops = writer->batch;
    struct plan plan = {.limit = SIZE_MAX, .after = SIZE_MAX};
    while (count > 0) {
        count = admit(writer, ops, count);
        if (count > 0) {
            size_t ended = attempt(writer, ops, &count, &plan);
            ops += ended;
            count -= ended;
        }
    }
}

/* --- the thread --- */

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
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        int64_t ns = until.tv_nsec + left_us % SECOND_US * 1000;
        until.tv_sec += left_us / SECOND_US + ns / 1000000000;
        until.tv_nsec = ns % 1000000000;
        (void)pthread_cond_timedwait(&writer->work, &writer->lock, &until);
    }
    writer->hold = HOLD_NONE;
}

static void *run_thread(void *context)
{
    struct writer *writer = context;
    pthread_mutex_lock(&writer->lock);
    for (;;) {
        if (writer->hold == HOLD_ASKED && !writer->stopped) {
            stay_held(writer);
        }
        take_all(writer);
        if (any_taken(writer)) {
            pthread_mutex_unlock(&writer->lock);
            run_batch(writer, fill(writer, writer->batch, writer->options.batch_max));
            pthread_mutex_lock(&writer->lock);
        } else if (writer->stopped) {
            break;
        } else if (writer->hold != HOLD_ASKED) {
            writer->idle = true;
            pthread_cond_wait(&writer->work, &writer->lock);
            writer->idle = false;
        }
    }
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
            end_ops(writer, &op, 1, &err);
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
    pthread_mutex_lock(&writer->lock);
    CHECK(!writer->started);
    take_all(writer);
    bool work = any_taken(writer);
    writer->idle = !work;
    pthread_mutex_unlock(&writer->lock);
    if (work) {
        run_batch(writer, fill(writer, writer->batch, writer->options.batch_max));
    }
    return work;
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
        while (writer->holds_begun == before && !writer->stopped) {
            pthread_cond_wait(&writer->held, &writer->lock);
        }
        if (writer->holds_begun == before) {
            status = error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping");
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
