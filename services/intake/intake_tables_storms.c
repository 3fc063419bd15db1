/* The one place that knows how the rows of storms look. */
#include "services/intake/intake_storms.h"
#include "services/intake/intake_tables.h"

#include <string.h>

enum storm_row {
    STORM_ROW_STORM = 1,
    STORM_ROW_RUNNING = 2,
    STORM_ROW_CASE = 3,
};

static struct key row_key(enum storm_row row)
{
    struct key key;
    key_begin(&key, INTAKE_CLASS_STORM);
    key_add_u8(&key, (uint8_t)row);
    return key;
}

static struct key storm_key(uint64_t number)
{
    struct key key = row_key(STORM_ROW_STORM);
    key_add_u64(&key, number);
    return key;
}

static struct key case_key(uint64_t storm)
{
    struct key key = row_key(STORM_ROW_CASE);
    key_add_u64(&key, storm);
    return key;
}

uint64_t intake_tables_last_storm(struct store_txn *txn)
{
    struct key prefix = row_key(STORM_ROW_STORM);
    struct txn_scan scan;
    struct bytes key, value;
    uint64_t last = 0;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, true);
    if (txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_u8(&reader);
        last = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return last;
}

Intake__Storm *intake_tables_storm(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key = storm_key(number);
    const Intake__StormRecord *record = (const Intake__StormRecord *)table_get(
        txn, STORE_STATE, &key, &intake__storm_record__descriptor, arena);
    return record == NULL ? NULL : record->storm;
}

void intake_tables_storm_put(struct store_txn *txn, Intake__Storm *storm)
{
    struct key key = storm_key(storm->storm_number);
    Intake__StormRecord record = INTAKE__STORM_RECORD__INIT;
    record.storm = storm;
    table_put(txn, STORE_STATE, &key, &record.base);
}

size_t intake_tables_running_storms(struct store_txn *txn, struct arena *arena,
                                    uint64_t ret_numbers[INTAKE_STORMS_RUNNING_MAX])
{
    struct key key = row_key(STORM_ROW_RUNNING);
    const Intake__RunningStormsRecord *record = (const Intake__RunningStormsRecord *)table_get(
        txn, STORE_STATE, &key, &intake__running_storms_record__descriptor, arena);
    size_t count = 0;
    while (record != NULL && count < record->n_numbers && count < INTAKE_STORMS_RUNNING_MAX) {
        ret_numbers[count] = record->numbers[count];
        count++;
    }
    return count;
}

void intake_tables_running_storms_put(struct store_txn *txn, uint64_t *numbers, size_t count)
{
    struct key key = row_key(STORM_ROW_RUNNING);
    Intake__RunningStormsRecord record = INTAKE__RUNNING_STORMS_RECORD__INIT;
    record.numbers = numbers;
    record.n_numbers = count;
    if (count == 0) {
        txn_delete(txn, STORE_STATE, &key);
    } else {
        table_put(txn, STORE_STATE, &key, &record.base);
    }
}

Intake__Storm *intake_tables_storm_for(struct store_txn *txn, struct arena *arena,
                                       const char *topic, const char *area, int64_t at_us)
{
    uint64_t numbers[INTAKE_STORMS_RUNNING_MAX];
    size_t count = intake_tables_running_storms(txn, arena, numbers);
    Intake__Storm *found = NULL;
    for (size_t i = 0; i < count; i++) {
        Intake__Storm *storm = intake_tables_storm(txn, numbers[i], arena);
        /* Its time may be over, and nobody has noticed yet. */
        if (storm != NULL && at_us < storm->ends_at_us &&
            intake_rules_storm_holds(storm, topic, area) &&
            intake_rules_storm_counts(storm, found)) {
            found = storm;
        }
    }
    return found;
}

void intake_tables_storm_case_put(struct store_txn *txn, uint64_t storm, uint64_t number)
{
    static const struct bytes no_value = {NULL, 0};
    struct key key = case_key(storm);
    key_add_u64(&key, number);
    txn_put(txn, STORE_STATE, &key, no_value);
}

size_t intake_tables_storm_cases(struct store_txn *txn, uint64_t storm, uint64_t after,
                                 uint64_t *ret_numbers, size_t max)
{
    struct key prefix = case_key(storm);
    struct key from = prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    if (after == UINT64_MAX) {
        return 0;
    }
    key_add_u64(&from, after + 1);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_u8(&reader);
        (void)key_read_u64(&reader); /* the storm */
        ret_numbers[count++] = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return count;
}
