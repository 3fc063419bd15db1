/*
 * The event log: records under sequential offsets from 1, each with the hash of the chain up to it:
 * hash[n] = BLAKE2b-256(hash[n-1] || record[n]), hash[0] = 32 zero bytes.
 */
#ifndef VAFA_STORE_EVENT_LOG_H
#define VAFA_STORE_EVENT_LOG_H

#include "store/store.h"

/* A place in one log. */
struct log_position {
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint64_t offset;
    uint8_t hash[STORE_HASH_BYTES];
};

/* The end of the log as this transaction sees it. */
void log_head(struct store_txn *txn, struct log_position *ret_head);
/* Appends and moves the head. */
void log_append(struct store_txn *txn, struct bytes record, struct log_position *ret_position);
/* False when there is none at that offset. ret_hash may be NULL; it is STORE_HASH_BYTES long. */
bool log_get(struct store_txn *txn, uint64_t offset, struct bytes *ret_record,
             const uint8_t **ret_hash);
/* DATA_LOSS when the log does not contain the position: another log id, past the end, or another
 * hash there. */
enum status log_check_position(struct store_txn *txn, const struct log_position *position,
                               struct error *err);

/* Walks offsets first..last; *ret_bad is the first whose hash is not the chain's. DATA_LOSS then.
 */
enum status log_verify(struct store_txn *txn, uint64_t first, uint64_t last, uint64_t *ret_bad,
                       struct error *err);

/* Iteration in order, faster than log_get. */
struct log_scan {
    struct store_txn *txn;
    void *cursor;
    uint64_t next;
};
void log_scan_begin(struct log_scan *scan, struct store_txn *txn, uint64_t first);
bool log_scan_next(struct log_scan *scan, uint64_t *ret_offset, struct bytes *ret_record);
void log_scan_end(struct log_scan *scan);

/* --- how far this store has followed other logs (meta; not derived) --- */

#define CURSOR_NAME_MAX 32
bool cursor_get(struct store_txn *txn, const char *name,
                struct log_position *ret_position); /* false: at the beginning of an unknown log */
void cursor_put(struct store_txn *txn, const char *name, const struct log_position *position);

/* Numbers the store keeps beside the log, 0 when never put (meta; not derived): e.g. the last
 * recorded_at_us. */
uint64_t meta_get_u64(struct store_txn *txn, const char *name);
void meta_put_u64(struct store_txn *txn, const char *name, uint64_t value);

#endif
