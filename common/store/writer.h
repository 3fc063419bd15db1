/*
 * The writer: a store's only writer, with group commit.
 *
 * It takes all operations that wait and those that come while it runs them (at most batch_max,
 * taking turns between the lanes), makes their changes durable at once, and only then ends them: OK
 * means on disk. No lingering to fill a batch.
 *
 * Durable is either a commit of the tables or, while commits would take more than a small share of
 * the time, a record in the store's journal. What is in the journal only is not seen by readers: a
 * commit follows within PUBLISH_WAIT_US_MAX, at once when a reader asks (writer_mark); one that fails
 * for want of room is tried again as often.
 *
 * An operation that refuses must not have changed anything (CHECKed by txn_changes). When the
 * transaction itself fails (an LMDB error), the batch is rolled back; the operation that failed is
 * tried alone and the others together again, so that one bad operation does not take others with
 * it. Where the failing one is not known (no room at the commit), the batch is halved. When a
 * commit fails, all of its operations end with DATA_LOSS, refused ones too.
 *
 * Two drivers: writer_start makes a thread; or nobody starts it and writer_step is called until it
 * returns false.
 */
#ifndef VAFA_STORE_WRITER_H
#define VAFA_STORE_WRITER_H

#include "store/store.h"

/* Readers see what was acknowledged at most so much later. */
#define PUBLISH_WAIT_US_MAX (100 * MS_US)

struct writer;

enum writer_lane { WRITER_CALLS, WRITER_FEEDS, WRITER_TIMERS, WRITER_LANE_COUNT };

/* One operation, embedded in its owner; valid until `ended`. */
struct writer_op {
    /* Decides and applies. May be run again after a rollback: everything it keeps outside the
     * transaction must be made anew. A status other than OK refuses this operation alone; it has
     * then changed nothing. */
    enum status (*run)(struct writer_op *op, struct store_txn *txn, struct error *err);
    /* Once it is durable, or refused; op->error.status tells. On the writer's thread (or inside
     * writer_step). May submit again. */
    void (*ended)(struct writer_op *op);
    enum writer_lane lane;
    bool reserve; /* may use the reserve of a nearly full disk: feeds, acknowledgements, deletes */
    bool shown;   /* `ended` reads what was written: its batch is committed, not only journaled */
    struct error error;
    struct writer_op *next; /* the writer's own */
};

struct writer_options {
    struct store *store;
    struct clock *clock;
    uint32_t queue_max;              /* of each lane; 0: 8,192 */
    uint32_t batch_max;              /* 0: 1,024 */
    struct metric_registry *metrics; /* may be NULL; not printed after writer_free */
    const char *name;                /* label service="..." */
    /* After each commit of the tables, on the writer's thread (may be NULL): wakes parked reads. */
    void (*committed)(void *context);
    /* Once, on the writer's thread, when the store has failed and writes no more (may be NULL). */
    void (*failed)(void *context, const struct error *why);
    /* Around the ends of a batch's operations (may be NULL): so that answers can go together. */
    void (*ends_begin)(void *context);
    void (*ends_end)(void *context);
    /* There is work and no thread: the single-threaded driver is told to call writer_step. NULL
     * with a thread. */
    void (*wake)(void *context);
    void *context;
};

struct writer *writer_new(const struct writer_options *options);
/* Stops first. Operations that still wait end with UNAVAILABLE. NULL is allowed. */
void writer_free(struct writer *writer);

enum status writer_start(struct writer *writer, struct error *err);
/* Runs what waits, then ends the thread. */
void writer_stop(struct writer *writer);

/* RESOURCE_EXHAUSTED when the lane is full, UNAVAILABLE once stopped: `ended` is not called then.
 * Any thread. */
enum status writer_submit(struct writer *writer, struct writer_op *op, struct error *err);

/* How a reader sees what was acknowledged before it came: it takes the mark, and when that is not
 * visible it asks for a commit and looks again after one. Any thread. */
uint64_t writer_mark(const struct writer *writer);
bool writer_is_visible(const struct writer *writer, uint64_t mark);
void writer_publish_soon(struct writer *writer);

/* Driver two: one batch, or the commit of what is in the journal only. False when there was nothing
 * to do. */
bool writer_step(struct writer *writer);

/* Holds the writer between batches until released or hold_us is over; returns once it is held. Not
 * for the single-threaded driver. */
enum status writer_hold(struct writer *writer, int64_t hold_us, struct error *err);
/* True when the hold was still in force. */
bool writer_release(struct writer *writer);

#endif
