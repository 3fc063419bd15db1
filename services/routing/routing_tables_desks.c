/* Keys and records of desks; see routing_tables.h. */
#include "services/routing/routing_tables.h"

#include "base/utf8_check.h"

#include <string.h>

static const struct bytes no_value = {.data = (const uint8_t *)"", .size = 0};

static void desk_key(struct key *key, uint64_t number)
{
    key_begin(key, ROUTING_CLASS_DESK);
    key_add_u64(key, number);
}

static void desks_prefix(struct key *key, const char *unit)
{
    key_begin(key, ROUTING_CLASS_DESK_OF);
    key_add_text(key, unit);
}

static void claims_prefix(struct key *key, uint64_t desk)
{
    key_begin(key, ROUTING_CLASS_CLAIM);
    key_add_u64(key, desk);
}

Routing__DeskRecord *routing_tables_desk(struct store_txn *txn, uint64_t number,
                                         struct arena *arena)
{
    struct key key;
    desk_key(&key, number);
    return (Routing__DeskRecord *)table_get(txn, STORE_STATE, &key,
                                            &routing__desk_record__descriptor, arena);
}

uint64_t routing_tables_desk_number(struct store_txn *txn, const char *unit, const char *name,
                                    struct arena *arena)
{
    struct key key;
    desks_prefix(&key, unit);
    key_add_text(&key, name);
    const Routing__DeskNumberRecord *record = (const Routing__DeskNumberRecord *)table_get(
        txn, STORE_STATE, &key, &routing__desk_number_record__descriptor, arena);
    return record == NULL ? 0 : record->number;
}

uint64_t routing_tables_last_desk(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_STATE, ROUTING_CLASS_DESK);
}

void routing_tables_put_desk(struct store_txn *txn, uint64_t number, Routing__DeskRecord *desk)
{
    struct key key;
    desk_key(&key, number);
    table_put(txn, STORE_STATE, &key, &desk->base);
}

void routing_tables_put_desk_number(struct store_txn *txn, const Routing__DeskRecord *desk,
                                    uint64_t number)
{
    Routing__DeskNumberRecord record = ROUTING__DESK_NUMBER_RECORD__INIT;
    record.number = number;
    struct key key;
    desks_prefix(&key, desk->unit);
    key_add_text(&key, desk->name);
    table_put(txn, STORE_STATE, &key, &record.base);
}

void routing_tables_delete_desk_number(struct store_txn *txn, const Routing__DeskRecord *desk)
{
    struct key key;
    desks_prefix(&key, desk->unit);
    key_add_text(&key, desk->name);
    txn_delete(txn, STORE_STATE, &key);
}

size_t routing_tables_desks(struct store_txn *txn, const char *unit, struct arena *arena,
                            uint64_t *ret_numbers, size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    desks_prefix(&prefix, unit);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        const Routing__DeskNumberRecord *record = (const Routing__DeskNumberRecord *)table_unpack(
            txn, value, &routing__desk_number_record__descriptor, arena);
        if (record == NULL) {
            break; /* the transaction tells */
        }
        ret_numbers[count++] = record->number;
    }
    txn_scan_end(&scan);
    return count;
}

void routing_tables_put_claim(struct store_txn *txn, uint64_t desk, uint64_t task_number)
{
    struct key key;
    claims_prefix(&key, desk);
    key_add_u64(&key, task_number);
    txn_put(txn, STORE_STATE, &key, no_value);
}

void routing_tables_delete_claim(struct store_txn *txn, uint64_t desk, uint64_t task_number)
{
    struct key key;
    claims_prefix(&key, desk);
    key_add_u64(&key, task_number);
    txn_delete(txn, STORE_STATE, &key);
}

size_t routing_tables_claims(struct store_txn *txn, uint64_t desk, uint64_t *ret_numbers,
                             size_t max)
{
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    size_t count = 0;
    claims_prefix(&prefix, desk);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        key_read_u64(&reader);
        ret_numbers[count++] = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return count;
}

bool routing_tables_next_office(struct store_txn *txn, const char *after, struct arena *arena,
                                const char **ret_unit)
{
    struct key prefix, from;
    struct txn_scan scan;
    struct bytes key, value;
    bool found = false;
    key_begin(&prefix, ROUTING_CLASS_FEED);
    key_begin(&from, ROUTING_CLASS_FEED);
    key_add_bytes(&from, after, strlen(after));
    key_add_u8(&from, 1); /* behind the NUL that ends the unit's own keys */
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, &from, false);
    if (txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        const char *unit = key_read_text(&reader);
        if (!reader.ok || !utf8_well_formed(unit, strlen(unit))) {
            txn_fail(txn, STATUS_DATA_LOSS, "the key of a unit's feed cannot be read");
        } else {
            *ret_unit = arena_copy_text(arena, unit);
            found = *ret_unit != NULL;
        }
    }
    txn_scan_end(&scan);
    return found;
}
