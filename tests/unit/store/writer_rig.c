/* See writer_rig.h. */
#include "writer_rig.h"

static enum status run_put(struct writer_op *op, struct store_txn *txn, struct error *err)
{
    struct put_op *put = (struct put_op *)op;
    put->runs++;
    if (put->follow != NULL) {
        assert_int_equal(writer_submit(put->writer, &put->follow->op, NULL), STATUS_OK);
        put->follow = NULL;
    }
    if (put->refuse != STATUS_OK) {
        return error_set(err, put->refuse, "number", "refused %llu",
                         (unsigned long long)put->number);
    }
    struct key key = rig_key(1, put->number);
    rig_put_text(txn, &key, "row");
    if (put->oversize) {
        for (int i = 0; i < 100; i++) {
            key_add_u64(&key, 1);
        }
        rig_put_text(txn, &key, "row");
    }
    return STATUS_OK;
}

void writer_rig_end_put(struct writer_op *op)
{
    struct put_op *put = (struct put_op *)op;
    struct store_txn *txn;
    if (store_read_begin(put->store, &txn, NULL) == STATUS_OK) {
        struct key key = rig_key(1, put->number);
        struct bytes value;
        put->visible = txn_get(txn, STORE_STATE, &key, &value);
        store_read_end(txn);
    }
    if (put->submit != NULL) {
        put->resubmitted = writer_submit(put->writer, &put->submit->op, NULL) == STATUS_OK;
    }
    put->order = rig_count_get(put->ended) + 1;
    rig_count_add(put->ended);
}

static void note_wake(void *context)
{
    ((struct writer_rig *)context)->wakes++;
}

static void note_committed(void *context)
{
    atomic_fetch_add(&((struct writer_rig *)context)->committed, 1);
}

void writer_rig_init_with_clock(struct writer_rig *fixture, void **state, struct clock *clock,
                                uint32_t queue_max, uint32_t batch_max)
{
    *fixture = (struct writer_rig){.rig = *state, .ended = RIG_COUNT_INIT};
    fixture->registry = metric_registry_new();
    struct writer_options options = {.store = fixture->rig->store,
                                     .clock = clock,
                                     .queue_max = queue_max,
                                     .batch_max = batch_max,
                                     .metrics = fixture->registry,
                                     .name = "intake",
                                     .wake = note_wake,
                                     .committed = note_committed,
                                     .context = fixture};
    fixture->writer = writer_new(&options);
}

void writer_rig_init(struct writer_rig *fixture, void **state, uint32_t queue_max,
                     uint32_t batch_max)
{
    writer_rig_init_with_clock(fixture, state, clock_system(), queue_max, batch_max);
}

void writer_rig_fini(struct writer_rig *fixture)
{
    writer_free(fixture->writer);
    metric_registry_free(fixture->registry);
}

int64_t writer_rig_commits(struct writer_rig *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_commits_total{service=\"intake\"}");
}

int64_t writer_rig_aborts(struct writer_rig *fixture)
{
    return rig_metric(fixture->registry, "vafa_store_batch_aborts_total{service=\"intake\"}");
}

struct put_op writer_rig_put(struct writer_rig *fixture, uint64_t number)
{
    return (struct put_op){.op = {.run = run_put, .ended = writer_rig_end_put, .shown = true},
                           .store = fixture->rig->store,
                           .writer = fixture->writer,
                           .number = number,
                           .ended = &fixture->ended};
}

void writer_rig_submit(struct writer_rig *fixture, struct put_op *put)
{
    assert_int_equal(writer_submit(fixture->writer, &put->op, NULL), STATUS_OK);
}
