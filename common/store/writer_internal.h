/* What the files of the writer share: writer.c has the queue and the thread, writer_batch.c what is
 * done with a batch. */
#ifndef VAFA_STORE_WRITER_INTERNAL_H
#define VAFA_STORE_WRITER_INTERNAL_H

#include "store/store_internal.h"
#include "store/writer.h"

#define WRITER_LABELS_SIZE 96

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
    struct error hold_error; /* why it was not held */

    /* The writer's own, no lock. */
    struct op_list taken[WRITER_LANE_COUNT];
    struct writer_op **batch;
    struct writer_op **refused;
    unsigned turn;
    bool failed;          /* it was told */
    int64_t published_us; /* end of the last commit of the tables */
    int64_t publish_wait_us;

    atomic_bool publish_soon;
    atomic_uint_fast64_t journaled; /* batches */
    atomic_uint_fast64_t visible;   /* of them */

    atomic_uint waiting[WRITER_LANE_COUNT];
    pthread_t thread;

    char labels[WRITER_LANE_COUNT + 1][WRITER_LABELS_SIZE]; /* the last without a lane */
    struct metric commits, journal_writes, aborts, operations[WRITER_LANE_COUNT],
        depth[WRITER_LANE_COUNT];
    struct metric map_bytes, used_bytes;
};

/* What has come while a batch was running, behind its first `count`. */
size_t writer_fill_on(struct writer *writer, struct writer_op **ops, size_t count);

/* Runs the first `count` operations of writer->batch to their ends. */
void writer_run_batch(struct writer *writer, size_t count);
/* Ends operations that were not run. */
void writer_end_ops(struct writer *writer, struct writer_op **ops, size_t count,
                    const struct error *err);
/* Commits what is in the journal only, so that readers see it. */
enum status writer_publish(struct writer *writer, struct error *err);
/* How long that may wait; 0 or less: it is due. */
int64_t writer_publish_left_us(const struct writer *writer);

#endif
