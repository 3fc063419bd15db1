/* What the writer's tests share: a writer on the rig's store, and operations that put one row. */
#ifndef VAFA_TESTS_WRITER_RIG_H
#define VAFA_TESTS_WRITER_RIG_H

#include "store_rig.h"

/* An operation that puts the row {1, number} of the state. */
struct put_op {
    struct writer_op op;
    struct store *store;
    struct writer *writer;
    uint64_t number;
    struct rig_count *ended;
    enum status refuse;    /* refuse instead */
    bool oversize;         /* LMDB's error instead */
    unsigned runs;         /* how often it ran */
    bool visible;          /* the row could be read when it ended */
    unsigned order;        /* which one it was to end, from 1 */
    struct put_op *submit; /* submits this when it ends */
    struct put_op *follow; /* submits this while it runs, once */
    bool resubmitted;
};

struct writer_rig {
    struct rig *rig;
    struct metric_registry *registry;
    struct writer *writer;
    struct rig_count ended;
    unsigned wakes;
    atomic_uint committed;
};

/* *state is the rig's; 0: the defaults. */
void writer_rig_init(struct writer_rig *fixture, void **state, uint32_t queue_max,
                     uint32_t batch_max);
void writer_rig_init_with_clock(struct writer_rig *fixture, void **state, struct clock *clock,
                                uint32_t queue_max, uint32_t batch_max);
void writer_rig_fini(struct writer_rig *fixture);

int64_t writer_rig_commits(struct writer_rig *fixture);
int64_t writer_rig_aborts(struct writer_rig *fixture);

void writer_rig_end_put(struct writer_op *op); /* notes whether the row can be read */
struct put_op writer_rig_put(struct writer_rig *fixture, uint64_t number);
void writer_rig_submit(struct writer_rig *fixture, struct put_op *put);

#endif
