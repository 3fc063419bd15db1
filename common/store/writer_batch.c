/*
 * A batch: its operations run in one transaction, which is made durable, and then they end. Durable
 * is a record of the journal while commits of the tables would take too much of the time, else such a
 * commit, which readers see.
 */
#include "store/writer_internal.h"

#include "base/check.h"
#include "base/plant.h"

/* Commits take at most about one part in so many of the time. */
#define PUBLISH_SHARE 8
#define PUBLISH_WAIT_US_MIN (2 * MS_US)

static void end_op(struct writer *writer, struct writer_op *op)
{
    metric_add(&writer->operations[op->lane], 1);
    op->ended(op); /* may free it */
}

void writer_end_ops(struct writer *writer, struct writer_op **ops, size_t count,
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
    if (PLANTED("full_disk_refuses_for_good")) {
        full.status = STATUS_FAILED_PRECONDITION;
    }
    writer_end_ops(writer, writer->refused, refused, reserve ? &full : &full_for_all);
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

/* --- durable, and visible --- */

/* How long after a commit that took so long the next one waits. */
static int64_t publish_wait_us(int64_t commit_us)
{
    int64_t wait_us = commit_us * PUBLISH_SHARE;
    wait_us = wait_us < PUBLISH_WAIT_US_MIN ? PUBLISH_WAIT_US_MIN : wait_us;
    return wait_us > PUBLISH_WAIT_US_MAX ? PUBLISH_WAIT_US_MAX : wait_us;
}

int64_t writer_publish_left_us(const struct writer *writer)
{
    if (atomic_load(&writer->publish_soon)) {
        return 0;
    }
    return writer->published_us + writer->publish_wait_us - clock_mono_us(writer->options.clock);
}

/* After an error: when it was the last one, whoever is to know is told. */
static void look_whether_failed(struct writer *writer, const struct error *err)
{
    if (writer->failed || !store_has_failed(writer->options.store)) {
        return;
    }
    writer->failed = true;
    if (writer->options.failed != NULL) {
        writer->options.failed(writer->options.context, err);
    }
}

static enum status commit(struct writer *writer, struct store_txn *txn, bool changed,
                          struct error *err)
{
    int64_t begun_us = clock_mono_us(writer->options.clock);
    enum status status = store_write_commit(txn, err);
    int64_t ended_us = clock_mono_us(writer->options.clock);
    atomic_store(&writer->publish_soon, false);
    if (status == STATUS_OK && !changed) {
        return STATUS_OK;
    }
    writer->published_us = ended_us;
    writer->publish_wait_us = publish_wait_us(ended_us - begun_us);
    if (status != STATUS_OK) {
        metric_add(&writer->aborts, 1);
        writer->publish_wait_us = PUBLISH_WAIT_US_MAX;
        look_whether_failed(writer, err);
    } else {
        atomic_store(&writer->visible, atomic_load(&writer->journaled));
        metric_add(&writer->commits, 1);
        if (writer->options.committed != NULL) {
            writer->options.committed(writer->options.context);
        }
    }
    return status;
}

static enum status journal(struct writer *writer, struct store_txn *txn, bool changed,
                           struct error *err)
{
    enum status status = store_write_journal(txn, err);
    if (status == STATUS_OK && !changed) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        metric_add(&writer->journal_writes, 1);
        atomic_fetch_add(&writer->journaled, 1);
    } else {
        metric_add(&writer->aborts, 1);
        look_whether_failed(writer, err);
    }
    return status;
}

/* Commits what is in the journal only. */
enum status writer_publish(struct writer *writer, struct error *err)
{
    struct store_txn *txn;
    enum status status = store_write_begin(writer->options.store, &txn, err);
    if (status == STATUS_OK) {
        return commit(writer, txn, true, err);
    }
    writer->published_us = clock_mono_us(writer->options.clock);
    writer->publish_wait_us = PUBLISH_WAIT_US_MAX;
    atomic_store(&writer->publish_soon, false);
    look_whether_failed(writer, err);
    return status;
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
    struct store *store = writer->options.store;
    struct error err, unpublished;
    struct store_txn *txn;
    if (store_write_begin(store, &txn, &err) != STATUS_OK) {
        look_whether_failed(writer, &err);
        writer_end_ops(writer, ops, *count, &err);
        return *count;
    }
    bool reserve = true;
    bool shown = false;
    uint64_t changes = txn_changes(txn);
    size_t ran = 0;
    while (ran < plan->limit && txn_bytes(txn) < STORE_BATCH_BYTES_MAX) {
        if (ran == *count && plan->limit == SIZE_MAX) {
            *count += admit(writer, ops + ran, writer_fill_on(writer, ops, ran));
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
                writer_end_ops(writer, ops, 1, &err);
                return 1;
            }
            *plan = (struct plan){.limit = ran, .after = SIZE_MAX};
            return 0;
        }
        reserve = reserve && op->reserve;
        shown = shown || op->shown;
        ran++;
    }
    txn_set_reserve(txn, reserve);
    bool changed = txn_changes(txn) > changes;
    bool due = writer_publish_left_us(writer) <= 0;
    bool unseen = store_has_unseen(store);
    bool journals = !shown && (changed ? !due && store_fits_journal(store) : !due || !unseen);
    if (PLANTED("answer_before_commit") && !shown) {
        for (size_t i = 0; i < ran; i++) {
            end_op(writer, ops[i]);
        }
        (void)(journals ? journal(writer, txn, changed, &err)
                        : commit(writer, txn, txn_changes(txn) > 0, &err));
        return ran;
    }
    enum status status = journals ? journal(writer, txn, changed, &err)
                                  : commit(writer, txn, txn_changes(txn) > 0, &err);
    if (status == STATUS_RESOURCE_EXHAUSTED && unseen &&
        writer_publish(writer, &unpublished) == STATUS_OK) {
        return 0; /* what did not fit beside what was acknowledged may fit behind it */
    }
    if (status != STATUS_OK) {
        if (ran == 1 || status == STATUS_DATA_LOSS) {
            writer_end_ops(writer, ops, ran, &err);
            return ran;
        }
        *plan = (struct plan){.limit = ran / 2, .after = ran};
        return 0;
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

void writer_run_batch(struct writer *writer, size_t count)
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
    /* However many came that change nothing, or were refused for want of room. */
    if (store_has_unseen(writer->options.store) && writer_publish_left_us(writer) <= 0) {
        struct error err;
        (void)writer_publish(writer, &err); /* tried again later */
    }
}
