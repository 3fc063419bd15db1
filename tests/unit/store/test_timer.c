/* Timers: one per kind and subject, in order of due. */
#include "store/timer.h"
#include "store_rig.h"

static void assert_timer(const struct timer *timer, int64_t due_us, uint8_t kind, uint64_t subject)
{
    assert_true(timer->due_us == due_us);
    assert_int_equal(timer->kind, kind);
    assert_true(timer->subject == subject);
}

static void set(struct store_txn *txn, int64_t due_us, uint8_t kind, uint64_t subject)
{
    struct timer timer = {due_us, kind, subject};
    timer_set(txn, &timer);
}

static unsigned rows(struct store_txn *txn)
{
    struct txn_scan scan;
    struct bytes key, value;
    unsigned count = 0;
    txn_scan_begin_all(&scan, txn, STORE_STATE);
    while (txn_scan_next(&scan, &key, &value)) {
        count++;
    }
    txn_scan_end(&scan);
    return count;
}

static void gives_timers_in_order(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct timer timer;
    assert_false(timer_first(txn, &timer));
    struct key neighbour = rig_key(249, 1);
    rig_put_text(txn, &neighbour, "x");
    set(txn, 200, 2, 7);
    set(txn, 100, 9, 1);
    set(txn, 200, 1, UINT64_MAX);
    set(txn, -5, 3, 3);
    set(txn, 200, 2, 6);
    rig_commit(txn);
    txn = rig_read(rig->store);
    assert_true(timer_first(txn, &timer));
    assert_timer(&timer, -5, 3, 3);
    assert_true(timer_next(txn, &timer, &timer));
    assert_timer(&timer, 100, 9, 1);
    assert_true(timer_next(txn, &timer, &timer));
    assert_timer(&timer, 200, 1, UINT64_MAX);
    assert_true(timer_next(txn, &timer, &timer));
    assert_timer(&timer, 200, 2, 6);
    assert_true(timer_next(txn, &timer, &timer));
    assert_timer(&timer, 200, 2, 7);
    assert_false(timer_next(txn, &timer, &timer));
    struct timer gone = {150, 1, 1}; /* one that is not there any more */
    assert_true(timer_next(txn, &gone, &timer));
    assert_timer(&timer, 200, 1, UINT64_MAX);
    store_read_end(txn);
}

static void moves_a_timer(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct timer timer;
    set(txn, 100, 1, 1);
    set(txn, 50, 1, 1);
    set(txn, 300, 1, 1);
    uint64_t changes = txn_changes(txn);
    set(txn, 300, 1, 1); /* as it is */
    assert_int_equal(txn_changes(txn), changes);
    assert_int_equal(rows(txn), 2);
    assert_true(timer_first(txn, &timer));
    assert_timer(&timer, 300, 1, 1);
    rig_commit(txn);
}

static void clears_a_timer_and_leaves_no_row(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct timer timer;
    set(txn, 100, 1, 1);
    set(txn, 100, 2, 1);
    timer_clear(txn, 1, 1);
    timer_clear(txn, 1, 1); /* nothing is there */
    timer_clear(txn, 3, 1);
    assert_true(timer_first(txn, &timer));
    assert_timer(&timer, 100, 2, 1);
    timer_clear(txn, 2, 1);
    assert_false(timer_first(txn, &timer));
    assert_int_equal(rows(txn), 0);
    rig_commit(txn);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(gives_timers_in_order),
        WITH_STORE(moves_a_timer),
        WITH_STORE(clears_a_timer_and_leaves_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
