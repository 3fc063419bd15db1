/* Events change follow-up's tables: the only code that writes them. Follow-up has no views. */
#include "services/followup/followup_internal.h"
#include "services/followup/followup_rules.h"
#include "services/followup/followup_sessions.h"
#include "services/followup/followup_tables.h"

#include "store/timer.h"

#include <inttypes.h>

/* What finds a call besides its number: its place in the queue, and its state. */
static void index_call(struct store_txn *txn, const Followup__Call *call)
{
    struct key key;
    int64_t due_us;
    followup_tables_state_key(&key, call->state, call->number);
    txn_put(txn, STORE_STATE, &key, bytes_of_text(""));
    if (followup_rules_queued_at(call, &due_us)) {
        followup_tables_queue_key(&key, due_us, call->number);
        txn_put(txn, STORE_STATE, &key, bytes_of_text(""));
        followup_tables_open_key(&key, call->citizen, call->number);
        txn_put(txn, STORE_STATE, &key, bytes_of_text(""));
    }
}

static void unindex_call(struct store_txn *txn, const Followup__Call *call)
{
    struct key key;
    int64_t due_us;
    followup_tables_state_key(&key, call->state, call->number);
    txn_delete(txn, STORE_STATE, &key);
    if (followup_rules_queued_at(call, &due_us)) {
        followup_tables_queue_key(&key, due_us, call->number);
        txn_delete(txn, STORE_STATE, &key);
        followup_tables_open_key(&key, call->citizen, call->number);
        txn_delete(txn, STORE_STATE, &key);
    }
}

static void put_call(struct store_txn *txn, const Followup__CallRecord *record)
{
    struct key key;
    followup_tables_call_key(&key, record->call->number);
    table_put(txn, STORE_STATE, &key, &record->base);
    index_call(txn, record->call);
}

/* The call's record, out of its indexes and ready to be changed and put back. NULL has failed the
 * transaction: the log speaks of no call that it did not schedule before. */
static Followup__CallRecord *take_call(struct apply *a, uint64_t call_number)
{
    Followup__CallRecord *record = followup_tables_call(a->txn, call_number, a->arena);
    if (record == NULL) {
        txn_fail(a->txn, STATUS_DATA_LOSS, "the log speaks of call %" PRIu64 ", which is missing",
                 call_number);
        return NULL;
    }
    unindex_call(a->txn, record->call);
    return record;
}

static void apply_scheduled(struct apply *a, const Followup__CallScheduled *scheduled)
{
    Followup__Call call = followup_rules_apply_scheduled(scheduled);
    Followup__CallRecord record = FOLLOWUP__CALL_RECORD__INIT;
    record.call = &call;
    put_call(a->txn, &record);

    struct key key;
    Followup__TaskRecord task = FOLLOWUP__TASK_RECORD__INIT;
    task.call_number = scheduled->call_number;
    task.finish = call.finish;
    followup_tables_task_key(&key, scheduled->task_number, scheduled->case_number);
    table_put(a->txn, STORE_STATE, &key, &task.base);
}

static void apply_claimed(struct apply *a, const Followup__CallClaimed *claimed)
{
    Followup__CallRecord *record = take_call(a, claimed->call_number);
    if (record != NULL) {
        followup_rules_apply_claimed(record->call, claimed);
        put_call(a->txn, record);
    }
}

static void apply_attempted(struct apply *a, const Followup__CallAttempted *attempted)
{
    Followup__CallRecord *record = take_call(a, attempted->call_number);
    if (record != NULL) {
        followup_rules_apply_attempted(record->call, attempted);
        put_call(a->txn, record);
    }
}

static void apply_completed(struct apply *a, const Followup__CallCompleted *completed,
                            const struct event *event)
{
    Followup__CallRecord *record = take_call(a, completed->call_number);
    if (record != NULL) {
        followup_rules_apply_completed(record->call, completed);
        record->words_offset = event->sealed.size > 0 ? event->offset : 0;
        put_call(a->txn, record);
    }
}

static void apply_forgotten(struct apply *a, const Followup__CitizenForgotten *forgotten,
                            int64_t recorded_at_us)
{
    struct key key;
    followup_tables_forgotten_key(&key, forgotten->citizen);
    txn_put(a->txn, STORE_STATE, &key, bytes_of_text(""));
    if (forgotten->is_done) {
        timer_clear(a->txn, FOLLOWUP_TIMER_FORGET, forgotten->citizen);
    } else {
        timer_set(a->txn,
                  &(struct timer){recorded_at_us + 1, FOLLOWUP_TIMER_FORGET, forgotten->citizen});
    }
}

static void apply_withdrawn(struct apply *a, const Followup__CallWithdrawn *withdrawn)
{
    Followup__CallRecord *record = take_call(a, withdrawn->call_number);
    if (record != NULL) {
        followup_rules_apply_withdrawn(record->call);
        put_call(a->txn, record);
    }
}

void followup_apply(struct apply *a, const struct event *event)
{
    const Followup__Event *open = (const Followup__Event *)event->open;
    switch (open->kind_case) {
    case FOLLOWUP__EVENT__KIND_CALL_SCHEDULED: apply_scheduled(a, open->call_scheduled); break;
    case FOLLOWUP__EVENT__KIND_CALL_CLAIMED: apply_claimed(a, open->call_claimed); break;
    case FOLLOWUP__EVENT__KIND_CALL_ATTEMPTED: apply_attempted(a, open->call_attempted); break;
    case FOLLOWUP__EVENT__KIND_CALL_COMPLETED:
        apply_completed(a, open->call_completed, event);
        break;
    case FOLLOWUP__EVENT__KIND_CITIZEN_FORGOTTEN:
        apply_forgotten(a, open->citizen_forgotten, event->recorded_at_us);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_WITHDRAWN: apply_withdrawn(a, open->call_withdrawn); break;
    case FOLLOWUP__EVENT__KIND_SESSION_OPENED:
        followup_apply_session_opened(a, event, open->session_opened);
        break;
    case FOLLOWUP__EVENT__KIND_SESSION_LENGTHENED:
        followup_apply_session_lengthened(a, open->session_lengthened);
        break;
    case FOLLOWUP__EVENT__KIND_SESSION_CLOSED:
        followup_apply_session_closed(a, event, open->session_closed);
        break;
    case FOLLOWUP__EVENT__KIND_URGENT_CHANGED:
        followup_apply_urgent_changed(a, event, open->urgent_changed);
        break;
    case FOLLOWUP__EVENT__KIND_CALL_REVEALED: break; /* the log entry is all there is to it */
    default: break;
    }
}
