/* Keys, records and sums of surges; the header draws them. */
#include "services/report/report_tables_surges.h"

#include "services/report/report_tables.h"

#include <string.h>

/* --- surges --- */

static struct key surge_key(uint64_t number)
{
    struct key key;
    key_begin(&key, REPORT_CLASS_SURGE);
    key_add_u64(&key, number);
    return key;
}

Report__Surge *report_tables_surge(struct store_txn *txn, uint64_t number, struct arena *arena)
{
    struct key key = surge_key(number);
    const Report__SurgeRecord *record = (const Report__SurgeRecord *)table_get(
        txn, STORE_STATE, &key, &report__surge_record__descriptor, arena);
    if (record != NULL &&
        (record->surge == NULL || record->surge->n_topics != 1 || record->surge->n_areas > 1)) {
        txn_fail(txn, STATUS_DATA_LOSS, "surge %llu is about nothing", (unsigned long long)number);
        return NULL;
    }
    return record == NULL ? NULL : record->surge;
}

void report_tables_surge_put(struct store_txn *txn, Report__Surge *surge)
{
    struct key key = surge_key(surge->surge_number);
    Report__SurgeRecord record = REPORT__SURGE_RECORD__INIT;
    record.surge = surge;
    table_put(txn, STORE_STATE, &key, &record.base);
}

uint64_t report_tables_last_surge(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, REPORT_CLASS_SURGE);
}

/* --- those that last --- */

static struct key open_prefix(const char *topic)
{
    struct key key;
    key_begin(&key, REPORT_CLASS_SURGE_OPEN);
    key_add_text(&key, topic);
    return key;
}

static struct key open_key(const char *topic, const char *area)
{
    struct key key = open_prefix(topic);
    key_add_text(&key, area);
    return key;
}

const Report__OpenSurgeRecord *report_tables_open_surge(struct store_txn *txn, const char *topic,
                                                        const char *area, struct arena *arena)
{
    struct key key = open_key(topic, area);
    return (const Report__OpenSurgeRecord *)table_get(
        txn, STORE_STATE, &key, &report__open_surge_record__descriptor, arena);
}

void report_tables_open_surge_put(struct store_txn *txn, const char *topic, const char *area,
                                  uint64_t number, int64_t until_us)
{
    struct key key = open_key(topic, area);
    Report__OpenSurgeRecord record = REPORT__OPEN_SURGE_RECORD__INIT;
    record.surge_number = number;
    record.until_us = until_us;
    table_put(txn, STORE_STATE, &key, &record.base);
}

void report_tables_open_surge_delete(struct store_txn *txn, const char *topic, const char *area)
{
    struct key key = open_key(topic, area);
    txn_delete(txn, STORE_STATE, &key);
}

/* --- sums --- */

static void fail_cell(struct store_txn *txn)
{
    txn_fail(txn, STATUS_DATA_LOSS, "a cell of counters cannot be read");
}

/* Citizens' requests of one hour. */
static uint64_t requests_of(struct store_txn *txn, int32_t local_hour, const char *topic,
                            const char *area)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    uint64_t sum = 0;
    report_tables_cell_from(&prefix, local_hour);
    key_add_text(&prefix, topic);
    if (area != NULL) {
        key_add_text(&prefix, area);
    }
    txn_scan_begin(&scan, txn, STORE_VIEW, &prefix, NULL, false);
    while (txn_scan_next(&scan, &key, &value)) {
        struct report_cell cell = {.counters = {0}};
        struct report_place place;
        if (!report_tables_cell_place(key, &place) ||
            report_tables_cell_add(&cell, NULL, value, false) != STATUS_OK) {
            fail_cell(txn);
            break;
        }
        if (report_surge_counts(place.channel)) {
            sum += cell.counters[REPORT_COUNTER_REQUESTS];
        }
    }
    txn_scan_end(&scan);
    return sum;
}

uint64_t report_tables_surge_requests(struct store_txn *txn, int32_t local_hour, const char *topic,
                                      const char *area)
{
    uint64_t sum = 0;
    for (int32_t i = 0; i < REPORT_SURGE_HOURS; i++) {
        sum += requests_of(txn, local_hour - i, topic, area);
    }
    return sum;
}

uint64_t report_tables_surge_told(struct store_txn *txn, int32_t local_hour, const char *topic,
                                  int64_t at_us, struct arena *arena)
{
    struct key prefix = open_prefix(topic);
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    uint64_t sum = 0;
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        (void)key_read_text(&reader);
        const char *area = key_read_text(&reader);
        const Report__OpenSurgeRecord *open = (const Report__OpenSurgeRecord *)table_unpack(
            txn, value, &report__open_surge_record__descriptor, arena);
        if (open != NULL && reader.ok && area[0] != '\0' && at_us < open->until_us) {
            sum += report_tables_surge_requests(txn, local_hour, topic, area);
        }
    }
    txn_scan_end(&scan);
    return sum;
}

/* Whether anything at all was asked in the day that ends with the hour. */
static bool is_known(struct store_txn *txn, int32_t local_hour)
{
    struct key prefix;
    struct key from;
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    struct report_place place = {.local_hour = INT32_MAX};
    report_tables_cell_prefix(&prefix);
    report_tables_cell_from(&from, local_hour - 23);
    txn_scan_begin(&scan, txn, STORE_VIEW, &prefix, &from, false);
    if (txn_scan_next(&scan, &key, &value) && !report_tables_cell_place(key, &place)) {
        fail_cell(txn);
    }
    txn_scan_end(&scan);
    return place.local_hour <= local_hour;
}

void report_tables_surge_before(struct store_txn *txn, int32_t local_hour, const char *topic,
                                const char *area, struct report_surge_count *count)
{
    count->before = 0;
    count->weeks = 0;
    for (int32_t week = 1; week <= REPORT_SURGE_WEEKS; week++) {
        int32_t hour = local_hour - week * REPORT_SURGE_WEEK_HOURS;
        if (is_known(txn, hour)) {
            count->weeks++;
            count->before += report_tables_surge_requests(txn, hour, topic, area);
        }
    }
}
