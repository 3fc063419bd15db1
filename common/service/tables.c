#include "service/tables.h"

const ProtobufCMessage *table_unpack(struct store_txn *txn, struct bytes value,
                                     const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message;
    struct error err = ERROR_NONE;
    if (message_unpack(type, value, MESSAGE_UNKNOWN_KEEP, arena, &message, &err) != STATUS_OK) {
        txn_fail(txn, err.status == STATUS_RESOURCE_EXHAUSTED ? err.status : STATUS_DATA_LOSS,
                 "a %s cannot be read: %s", type->short_name, err.message);
        return NULL;
    }
    return message;
}

const ProtobufCMessage *table_get(struct store_txn *txn, enum store_space space,
                                  const struct key *key, const ProtobufCMessageDescriptor *type,
                                  struct arena *arena)
{
    struct bytes value;
    if (!txn_get(txn, space, key, &value)) {
        return NULL;
    }
    return table_unpack(txn, value, type, arena);
}

void table_put(struct store_txn *txn, enum store_space space, const struct key *key,
               const ProtobufCMessage *record)
{
    /* Most records are small: no allocation for them. */
    uint8_t small[512];
    size_t size = protobuf_c_message_get_packed_size(record);
    if (size <= sizeof small) {
        size = protobuf_c_message_pack(record, small);
        txn_put(txn, space, key, bytes_of(small, size));
        return;
    }
    struct buffer packed = BUFFER_EMPTY;
    message_pack(record, &packed);
    txn_put(txn, space, key, buffer_bytes(&packed));
    buffer_fini(&packed);
}

uint64_t table_nearest_u64(struct store_txn *txn, enum store_space space, uint8_t class,
                           uint64_t from, bool downwards)
{
    struct key prefix, at;
    struct bytes key, value;
    struct txn_scan scan;
    uint64_t number = 0;
    key_begin(&prefix, class);
    at = prefix;
    key_add_u64(&at, from);
    txn_scan_begin(&scan, txn, space, &prefix, &at, downwards);
    if (txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        number = key_read_u64(&reader);
    }
    txn_scan_end(&scan);
    return number;
}

uint64_t table_last_u64(struct store_txn *txn, enum store_space space, uint8_t class)
{
    return table_nearest_u64(txn, space, class, UINT64_MAX, true);
}
