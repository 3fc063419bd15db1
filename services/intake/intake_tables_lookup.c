/* The one place that knows how the rows of wrong look-ups look. */
#include "services/intake/intake_amend.h"

#include "base/clock.h"

static const struct bytes no_value = {NULL, 0};

static struct key lookup_key(uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_LOOKUP);
    key_add_u64(&key, number);
    return key;
}

static struct key until_key(int64_t until_us, uint64_t number)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_LOOKUP_UNTIL);
    key_add_i64(&key, until_us);
    key_add_u64(&key, number);
    return key;
}

static struct key count_key(void)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_LOOKUP_COUNT);
    return key;
}

static const Intake__LookUpRecord *find(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key = lookup_key(number);
    return (const Intake__LookUpRecord *)table_get(txn, STORE_STATE, &key,
                                                   &intake__look_up_record__descriptor, arena);
}

bool intake_tables_lookup(struct store_txn *txn, uint64_t number, uint32_t *ret_tries,
                          int64_t *ret_until_us)
{
    struct arena *arena = arena_new(1024);
    const Intake__LookUpRecord *record = find(txn, number, arena);
    bool is_found = record != NULL;
    if (is_found) {
        *ret_tries = record->tries;
        *ret_until_us = record->until_us;
    }
    arena_free(arena);
    return is_found;
}

uint64_t intake_tables_lookup_count(struct store_txn *txn, struct arena *arena)
{
    struct key key = count_key();
    const Intake__LookUpCountRecord *record = (const Intake__LookUpCountRecord *)table_get(
        txn, STORE_STATE, &key, &intake__look_up_count_record__descriptor, arena);
    return record == NULL ? 0 : record->count;
}

static void put_count(struct store_txn *txn, uint64_t count)
{
    struct key key = count_key();
    Intake__LookUpCountRecord record = INTAKE__LOOK_UP_COUNT_RECORD__INIT;
    record.count = count;
    table_put(txn, STORE_STATE, &key, &record.base);
}

void intake_tables_lookup_delete(struct store_txn *txn, struct arena *arena, uint64_t number)
{
    const Intake__LookUpRecord *record = find(txn, number, arena);
    if (record != NULL) {
        struct key key = until_key(record->until_us, number);
        txn_delete(txn, STORE_STATE, &key);
        key = lookup_key(number);
        txn_delete(txn, STORE_STATE, &key);
        uint64_t count = intake_tables_lookup_count(txn, arena);
        put_count(txn, count > 0 ? count - 1 : 0);
    }
}

void intake_tables_lookup_put(struct store_txn *txn, struct arena *arena, uint64_t number,
                              uint32_t tries, int64_t until_us)
{
    intake_tables_lookup_delete(txn, arena, number);
    Intake__LookUpRecord record = INTAKE__LOOK_UP_RECORD__INIT;
    struct key key = lookup_key(number);
    record.tries = tries;
    record.until_us = until_us;
    table_put(txn, STORE_STATE, &key, &record.base);
    key = until_key(until_us, number);
    txn_put(txn, STORE_STATE, &key, no_value);
    put_count(txn, intake_tables_lookup_count(txn, arena) + 1);
}

bool intake_tables_lookup_oldest(struct store_txn *txn, uint64_t *ret_number, int64_t *ret_until_us)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    key_begin(&prefix, INTAKE_CLASS_LOOKUP_UNTIL);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    bool is_found = txn_scan_next(&scan, &key, &value);
    if (is_found) {
        struct key_reader reader = key_read(key);
        *ret_until_us = key_read_i64(&reader);
        *ret_number = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return is_found;
}

/* --- how many were wrong of late --- */

static struct key rate_key(void)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_LOOKUP_RATE);
    return key;
}

/* As of that half hour. */
static Intake__LookUpRateRecord rate_at(struct store_txn *txn, struct arena *arena,
                                        int64_t half_hour)
{
    struct key key = rate_key();
    const Intake__LookUpRateRecord *record = (const Intake__LookUpRateRecord *)table_get(
        txn, STORE_STATE, &key, &intake__look_up_rate_record__descriptor, arena);
    Intake__LookUpRateRecord rate = INTAKE__LOOK_UP_RATE_RECORD__INIT;
    rate.half_hour = half_hour;
    if (record != NULL && record->half_hour == half_hour) {
        rate.wrong = record->wrong;
        rate.wrong_before = record->wrong_before;
    } else if (record != NULL && record->half_hour == half_hour - 1) {
        rate.wrong_before = record->wrong;
    }
    return rate;
}

void intake_tables_lookup_count_wrong(struct store_txn *txn, struct arena *arena, int64_t at_us)
{
    struct key key = rate_key();
    Intake__LookUpRateRecord rate = rate_at(txn, arena, at_us / INTAKE_LOOKUP_LOCK_US);
    rate.wrong++;
    table_put(txn, STORE_STATE, &key, &rate.base);
}

uint64_t intake_tables_lookup_wrong(struct store_txn *txn, struct arena *arena, int64_t now_us)
{
    Intake__LookUpRateRecord rate = rate_at(txn, arena, now_us / INTAKE_LOOKUP_LOCK_US);
    uint64_t left_us = (uint64_t)(INTAKE_LOOKUP_LOCK_US - now_us % INTAKE_LOOKUP_LOCK_US);
    return rate.wrong + rate.wrong_before * left_us / (uint64_t)INTAKE_LOOKUP_LOCK_US;
}
