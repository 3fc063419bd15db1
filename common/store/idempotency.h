/*
 * The idempotency table: the first OK answer to a key is kept with it, in the transaction that did
 * the work, and given again. Keys are UUIDv7 made by the caller, so rows lie in time order; those
 * older than the retention are dropped, a few with each new one, and a key as old is refused, so
 * that a forgotten key is never taken for a new one.
 */
#ifndef VAFA_STORE_IDEMPOTENCY_H
#define VAFA_STORE_IDEMPOTENCY_H

#include "store/event_log.h"

#define IDEMPOTENCY_KEY_BYTES 16
#define IDEMPOTENCY_DIGEST_BYTES 16
#define IDEMPOTENCY_RETENTION_US (7 * DAY_US)
#define IDEMPOTENCY_FUTURE_US (1 * DAY_US) /* a caller's clock may be ahead by this much */

struct idempotency_answer {
    struct bytes response; /* borrowed from the transaction */
    uint64_t offset;       /* of the log when it was answered */
};

/* Field "idempotency_key": INVALID_ARGUMENT when it is no UUIDv7, too far ahead of now, or known
 * with another digest; FAILED_PRECONDITION when older than the retention. Else OK, with *ret_known
 * telling whether ret_answer was filled. */
enum status idempotency_find(struct store_txn *txn, struct bytes key,
                             const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES], int64_t now_us,
                             bool *ret_known, struct idempotency_answer *ret_answer,
                             struct error *err);
/* Keeps the answer and drops up to 4 expired rows. */
void idempotency_keep(struct store_txn *txn, struct bytes key,
                      const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES],
                      const struct idempotency_answer *answer, int64_t now_us);
/* BLAKE2b-128 of the request, keyed with the store's secret (requests hold personal data), the
 * key's own bytes left in. */
void idempotency_digest(const struct store *store, const char *method, struct bytes request,
                        uint8_t ret_digest[IDEMPOTENCY_DIGEST_BYTES]);

#endif
