/* Keys and rows of sessions and of the urgent tasks they are shown; see the header. Only apply writes. */
#include "services/followup/followup_sessions.h"

#include "services/followup/followup_tables.h"

#include <inttypes.h>

static void put_mark(struct store_txn *txn, const struct key *key)
{
    txn_put(txn, STORE_STATE, key, bytes_of_text(""));
}

/* The number at the end of a key that has nothing else behind its prefix; keys of one prefix, forwards or backwards. */
static size_t read_numbers(struct store_txn *txn, const struct key *prefix, const struct key *from,
                           bool backwards, uint64_t *ret_numbers, size_t max)
{
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    txn_scan_begin(&scan, txn, STORE_STATE, prefix, from, backwards);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        if (key.size == (size_t)prefix->size + sizeof(uint64_t)) {
            ret_numbers[count++] = be64_get(key.data + prefix->size);
        }
    }
    txn_scan_end(&scan);
    return count;
}

/* --- sessions --- */

static void session_key(struct key *key, uint64_t number)
{
    key_begin(key, FOLLOWUP_CLASS_SESSION);
    key_add_u64(key, number);
}

static void unit_prefix(struct key *key, enum followup_class class, const char *unit)
{
    key_begin(key, (uint8_t) class);
    key_add_text(key, unit);
}

static void session_state_prefix(struct key *key, Followup__SessionState state)
{
    key_begin(key, FOLLOWUP_CLASS_SESSION_STATE);
    key_add_u8(key, (uint8_t)state);
}

Followup__Session *followup_tables_session(struct store_txn *txn, uint64_t number,
                                           struct arena *arena)
{
    struct key key;
    session_key(&key, number);
    const Followup__SessionRecord *record = (const Followup__SessionRecord *)table_get(
        txn, STORE_STATE, &key, &followup__session_record__descriptor, arena);
    if (record != NULL && record->session == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS, "the row of session %" PRIu64 " is empty", number);
        return NULL;
    }
    return record == NULL ? NULL : record->session;
}

uint64_t followup_tables_last_session(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, FOLLOWUP_CLASS_SESSION);
}

uint64_t followup_tables_last_session_of(struct store_txn *txn, const char *unit)
{
    uint64_t last = 0;
    struct key prefix;
    unit_prefix(&prefix, FOLLOWUP_CLASS_SESSION_OF, unit);
    (void)read_numbers(txn, &prefix, NULL, true, &last, 1);
    return last;
}

size_t followup_tables_sessions(struct store_txn *txn, const char *unit,
                                Followup__SessionState state, uint64_t before,
                                uint64_t *ret_numbers, size_t max)
{
    struct key prefix;
    if (unit[0] != '\0') {
        unit_prefix(&prefix, FOLLOWUP_CLASS_SESSION_OF, unit);
    } else if (state != FOLLOWUP__SESSION_STATE__SESSION_STATE_UNSPECIFIED) {
        session_state_prefix(&prefix, state);
    } else {
        key_begin(&prefix, FOLLOWUP_CLASS_SESSION);
    }
    struct key from = prefix;
    if (before != 0) {
        key_add_u64(&from, before - 1);
    }
    return read_numbers(txn, &prefix, before != 0 ? &from : NULL, true, ret_numbers, max);
}

void followup_tables_put_session(struct store_txn *txn, const Followup__Session *session)
{
    struct key key;
    Followup__SessionRecord record = FOLLOWUP__SESSION_RECORD__INIT;
    record.session = (Followup__Session *)(uintptr_t)session;
    session_key(&key, session->number);
    table_put(txn, STORE_STATE, &key, &record.base);
}

void followup_tables_index_session(struct store_txn *txn, const Followup__Session *session,
                                   Followup__SessionState was)
{
    struct key key;
    session_state_prefix(&key, was);
    key_add_u64(&key, session->number);
    txn_delete(txn, STORE_STATE, &key);
    session_state_prefix(&key, session->state);
    key_add_u64(&key, session->number);
    put_mark(txn, &key);
    unit_prefix(&key, FOLLOWUP_CLASS_SESSION_OF, session->unit);
    key_add_u64(&key, session->number);
    put_mark(txn, &key);
    for (size_t i = 0; i < session->n_units; i++) {
        unit_prefix(&key, FOLLOWUP_CLASS_WATCH, session->units[i]);
        key_add_u64(&key, session->number);
        if (session->state == FOLLOWUP__SESSION_STATE__SESSION_STATE_OPEN) {
            put_mark(txn, &key);
        } else {
            txn_delete(txn, STORE_STATE, &key);
        }
    }
}

size_t followup_tables_watching(struct store_txn *txn, const char *unit, uint64_t after,
                                uint64_t *ret_numbers, size_t max)
{
    struct key prefix;
    if (after == UINT64_MAX) {
        return 0; /* a damaged row's number */
    }
    unit_prefix(&prefix, FOLLOWUP_CLASS_WATCH, unit);
    struct key from = prefix;
    key_add_u64(&from, after + 1);
    return read_numbers(txn, &prefix, &from, false, ret_numbers, max);
}

/* --- what a session was shown --- */

static void shown_prefix(struct key *key, uint64_t session)
{
    key_begin(key, FOLLOWUP_CLASS_SHOWN);
    key_add_u64(key, session);
}

uint64_t followup_tables_last_shown(struct store_txn *txn, uint64_t session)
{
    uint64_t last = 0;
    struct key prefix;
    shown_prefix(&prefix, session);
    (void)read_numbers(txn, &prefix, NULL, true, &last, 1);
    return last;
}

void followup_tables_put_shown(struct store_txn *txn, uint64_t session, uint64_t sequence,
                               const Followup__ShownRecord *shown)
{
    struct key key;
    shown_prefix(&key, session);
    key_add_u64(&key, sequence);
    table_put(txn, STORE_STATE, &key, &shown->base);
}

void followup_tables_shown_scan(struct txn_scan *scan, struct store_txn *txn, uint64_t session,
                                uint64_t after)
{
    struct key prefix;
    shown_prefix(&prefix, session);
    struct key from = prefix;
    key_add_u64(&from, after + 1);
    txn_scan_begin(scan, txn, STORE_STATE, &prefix, &from, false);
}

uint64_t followup_tables_shown_sequence(struct bytes key)
{
    struct key_reader reader = key_read(key);
    (void)key_read_u64(&reader); /* the session */
    return key_read_u64(&reader);
}

/* --- urgent tasks --- */

static void urgent_key(struct key *key, uint64_t task_number)
{
    key_begin(key, FOLLOWUP_CLASS_URGENT);
    key_add_u64(key, task_number);
}

static void urgent_open_prefix(struct key *key, const char *unit, bool is_acknowledged)
{
    unit_prefix(key, FOLLOWUP_CLASS_URGENT_OPEN, unit);
    key_add_u8(key, is_acknowledged);
}

static void urgent_desk_prefix(struct key *key, const char *unit, const char *desk)
{
    unit_prefix(key, FOLLOWUP_CLASS_URGENT_DESK, unit);
    key_add_text(key, desk);
}

Followup__UrgentTask *followup_tables_urgent(struct store_txn *txn, uint64_t task_number,
                                             struct arena *arena)
{
    struct key key;
    urgent_key(&key, task_number);
    const Followup__UrgentRecord *record = (const Followup__UrgentRecord *)table_get(
        txn, STORE_STATE, &key, &followup__urgent_record__descriptor, arena);
    if (record != NULL && record->task == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS, "the row of urgent task %" PRIu64 " is empty", task_number);
        return NULL;
    }
    return record == NULL ? NULL : record->task;
}

/* Calls `change` with the keys of the rows that find it. */
static void index_urgent(struct store_txn *txn, const Followup__UrgentTask *task,
                         void (*change)(struct store_txn *txn, const struct key *key))
{
    struct key key;
    if (!followup_rules_urgent_is_open(task)) {
        return;
    }
    urgent_open_prefix(&key, task->unit, task->acknowledged_at_us != 0);
    key_add_i64(&key, task->since_us);
    key_add_u64(&key, task->task_number);
    change(txn, &key);
    if (task->desk[0] != '\0') {
        urgent_desk_prefix(&key, task->unit, task->desk);
        key_add_u64(&key, task->task_number);
        change(txn, &key);
    }
}

static void delete_mark(struct store_txn *txn, const struct key *key)
{
    txn_delete(txn, STORE_STATE, key);
}

void followup_tables_put_urgent(struct store_txn *txn, const Followup__UrgentTask *was,
                                const Followup__UrgentTask *task)
{
    struct key key;
    Followup__UrgentRecord record = FOLLOWUP__URGENT_RECORD__INIT;
    record.task = (Followup__UrgentTask *)(uintptr_t)task;
    urgent_key(&key, task->task_number);
    table_put(txn, STORE_STATE, &key, &record.base);
    if (was != NULL) {
        index_urgent(txn, was, delete_mark);
    }
    index_urgent(txn, task, put_mark);
}

size_t followup_tables_unacknowledged(struct store_txn *txn, const char *unit,
                                      struct followup_waiting *ret_waiting, size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    urgent_open_prefix(&prefix, unit, false);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_text(&reader); /* the unit */
        (void)key_read_u8(&reader);
        const struct followup_waiting waiting = {key_read_i64(&reader), key_read_u64(&reader)};
        if (reader.ok) {
            ret_waiting[count++] = waiting;
        }
    }
    txn_scan_end(&scan);
    return count;
}

size_t followup_tables_of_desk(struct store_txn *txn, const char *unit, const char *desk,
                               uint64_t *ret_numbers, size_t max)
{
    struct key prefix;
    urgent_desk_prefix(&prefix, unit, desk);
    return read_numbers(txn, &prefix, NULL, false, ret_numbers, max);
}
