/* Rows the store keeps beside the log: how far others were followed, and numbers. Keys are text. */
#include "store/store_internal.h"

#include "base/check.h"

#include <stdio.h>
#include <string.h>

#define POSITION_BYTES (STORE_LOG_ID_BYTES + 8 + STORE_HASH_BYTES)

struct meta_key {
    char text[CURSOR_NAME_MAX + 16];
    struct bytes bytes;
};

static bool make_key(struct store_txn *txn, struct meta_key *key, const char *kind,
                     const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > CURSOR_NAME_MAX) {
        txn_fail(txn, STATUS_INTERNAL, "the name of a %s has 1 to %d characters", kind,
                 CURSOR_NAME_MAX);
        return false;
    }
    (void)snprintf(key->text, sizeof(key->text), "%s/%s", kind, name);
    key->bytes = bytes_of_text(key->text);
    return true;
}

/* log id, offset (big-endian), hash */
bool cursor_get(struct store_txn *txn, const char *name, struct log_position *ret_position)
{
    struct meta_key key;
    struct bytes value;
    if (!make_key(txn, &key, "cursor", name) || !txn_get_db(txn, DB_META, key.bytes, &value)) {
        return false;
    }
    if (value.size != POSITION_BYTES) {
        txn_fail(txn, STATUS_DATA_LOSS, "the cursor %s has %zu bytes", name, value.size);
        return false;
    }
    memcpy(ret_position->log_id, value.data, STORE_LOG_ID_BYTES);
    ret_position->offset = be64_get(value.data + STORE_LOG_ID_BYTES);
    memcpy(ret_position->hash, value.data + STORE_LOG_ID_BYTES + 8, STORE_HASH_BYTES);
    return true;
}

void cursor_put(struct store_txn *txn, const char *name, const struct log_position *position)
{
    struct meta_key key;
    uint8_t value[POSITION_BYTES];
    memcpy(value, position->log_id, STORE_LOG_ID_BYTES);
    be64_put(value + STORE_LOG_ID_BYTES, position->offset);
    memcpy(value + STORE_LOG_ID_BYTES + 8, position->hash, STORE_HASH_BYTES);
    if (make_key(txn, &key, "cursor", name)) {
        txn_put_db(txn, DB_META, key.bytes, bytes_of(value, sizeof(value)));
    }
}

uint64_t meta_get_u64(struct store_txn *txn, const char *name)
{
    struct meta_key key;
    struct bytes value;
    if (!make_key(txn, &key, "number", name) || !txn_get_db(txn, DB_META, key.bytes, &value)) {
        return 0;
    }
    if (value.size != 8) {
        txn_fail(txn, STATUS_DATA_LOSS, "the number %s has %zu bytes", name, value.size);
        return 0;
    }
    return be64_get(value.data);
}

void meta_put_u64(struct store_txn *txn, const char *name, uint64_t number)
{
    struct meta_key key;
    uint8_t value[8];
    be64_put(value, number);
    if (make_key(txn, &key, "number", name)) {
        txn_put_db(txn, DB_META, key.bytes, bytes_of(value, sizeof(value)));
    }
}
