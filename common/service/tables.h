/* Short forms for the services' tables: records are protobuf messages of the service's
 * records.proto. */
#ifndef VAFA_SERVICE_TABLES_H
#define VAFA_SERVICE_TABLES_H

#include "base/message.h"
#include "store/store.h"

/* The record under the key, unpacked into the arena; NULL when there is none (or the transaction
 * has failed; a record that cannot be read fails it with DATA_LOSS). */
const ProtobufCMessage *table_get(struct store_txn *txn, enum store_space space,
                                  const struct key *key, const ProtobufCMessageDescriptor *type,
                                  struct arena *arena);
/* The same from bytes of a scan. */
const ProtobufCMessage *table_unpack(struct store_txn *txn, struct bytes value,
                                     const ProtobufCMessageDescriptor *type, struct arena *arena);
void table_put(struct store_txn *txn, enum store_space space, const struct key *key,
               const ProtobufCMessage *record);

/* The last number used in a table whose keys are {class, u64, ...}; 0 when it is empty. Next
 * number: + 1. */
uint64_t table_last_u64(struct store_txn *txn, enum store_space space, uint8_t class);

/* The nearest number from this one on, upwards or downwards, in such a table; 0: none. */
uint64_t table_nearest_u64(struct store_txn *txn, enum store_space space, uint8_t class,
                           uint64_t from, bool downwards);

#endif
