/* Keys and records; the header draws them. */
#include "services/report/report_tables.h"

#define VARINT_BYTES_MAX 10

/* --- keys --- */

void report_tables_case_key(struct key *key, uint64_t number)
{
    key_begin(key, REPORT_CLASS_CASE);
    key_add_u64(key, number);
}

void report_tables_cell_prefix(struct key *key)
{
    key_begin(key, REPORT_CLASS_CELL);
}

void report_tables_cell_from(struct key *key, int32_t local_hour)
{
    key_begin(key, REPORT_CLASS_CELL);
    key_add_i32(key, local_hour);
}

void report_tables_cell_key(struct key *key, const struct report_place *place)
{
    report_tables_cell_from(key, place->local_hour);
    key_add_text(key, place->topic);
    key_add_text(key, place->area);
    key_add_text(key, place->unit);
    key_add_u8(key, place->channel);
}

bool report_tables_cell_place(struct bytes key, struct report_place *ret_place)
{
    struct key_reader reader = key_read(key);
    struct report_place place;
    place.local_hour = key_read_i32(&reader);
    place.topic = key_read_text(&reader);
    place.area = key_read_text(&reader);
    place.unit = key_read_text(&reader);
    place.channel = key_read_u8(&reader);
    if (!reader.ok || reader.rest.size != 0) {
        return false;
    }
    *ret_place = place;
    return true;
}

/* --- rows of requests --- */

const Report__CaseRow *report_tables_case(struct store_txn *txn, uint64_t number,
                                          struct arena *arena)
{
    struct key key;
    report_tables_case_key(&key, number);
    return (const Report__CaseRow *)table_get(txn, STORE_VIEW, &key, &report__case_row__descriptor,
                                              arena);
}

/* --- cells --- */

static bool take_varint(struct bytes *in, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (size_t i = 0; i < in->size && i < VARINT_BYTES_MAX; i++) {
        uint8_t byte = in->data[i];
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            *in = bytes_of(in->data + i + 1, in->size - i - 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static enum status take_buckets(struct bytes *in, struct report_buckets *sum, struct arena *arena)
{
    uint64_t bucket = 0;
    while (in->size > 0) {
        uint64_t step;
        uint64_t count;
        if (!take_varint(in, &step) || !take_varint(in, &count) ||
            step >= REPORT_BUCKETS_COUNT - bucket || count > UINT32_MAX) {
            return STATUS_DATA_LOSS;
        }
        bucket += step;
        enum status status = report_buckets_add(sum, arena, (uint32_t)bucket, (int64_t)count);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status report_tables_cell_add(struct report_cell *sum, struct arena *arena, struct bytes value,
                                   bool with_buckets)
{
    for (size_t i = 0; i < REPORT_COUNTER_COUNT; i++) {
        uint64_t counter;
        if (!take_varint(&value, &counter)) {
            return STATUS_DATA_LOSS;
        }
        sum->counters[i] += counter;
    }
    return with_buckets ? take_buckets(&value, &sum->resolution, arena) : STATUS_OK;
}

static void put_varint(struct buffer *out, uint64_t value)
{
    uint8_t bytes[VARINT_BYTES_MAX];
    size_t size = 0;
    while (value >= 0x80) {
        bytes[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    bytes[size++] = (uint8_t)value;
    buffer_append(out, bytes, size);
}

void report_tables_cell_pack(const struct report_cell *cell, struct buffer *out)
{
    for (size_t i = 0; i < REPORT_COUNTER_COUNT; i++) {
        put_varint(out, cell->counters[i]);
    }
    uint32_t before = 0;
    uint32_t count;
    for (uint32_t bucket = 0; report_buckets_next(&cell->resolution, &bucket, &count); bucket++) {
        put_varint(out, bucket - before);
        put_varint(out, count);
        before = bucket;
    }
}
