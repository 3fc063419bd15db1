/* Copies of a store: for a backup, and for telling two stores apart. */
#ifndef VAFA_STORE_COPY_H
#define VAFA_STORE_COPY_H

#include "store/store.h"

#include <stdatomic.h>

/* Copies the snapshot of `txn` into <folder>/ (made here, must not exist): data.mdb with everything
 * but the keys space, and keys.mdb with that alone (kept apart: what forgets a citizen must reach
 * every copy of the keys); both bear the store's format, service and log id. Synced before return.
 * UNAVAILABLE soon after *stop (NULL: never) has become true: the copy is not whole then. */
enum status store_copy(struct store_txn *txn, const char *folder, const atomic_bool *stop,
                       struct error *err);
/* Puts the two files of a copy together again as a store in `folder` (must not hold one). Files of
 * different stores are refused. A restore cut short leaves no store. */
enum status store_restore(const char *copy_folder, const char *folder, const char *service,
                          struct error *err);

/* Where two stores' spaces differ first. OK and *ret_same true when byte for byte the same. */
struct store_difference {
    enum store_space space;
    struct key key;
    const char *kind; /* "missing", "extra", "different" */
};
enum status store_compare(struct store_txn *expected, struct store_txn *actual,
                          enum store_space space, bool *ret_same,
                          struct store_difference *ret_difference, struct error *err);

/* BLAKE2b-256 of a file. `stop` as above. */
enum status file_digest(const char *path, const atomic_bool *stop, uint8_t ret_digest[32],
                        uint64_t *ret_size, struct error *err);

#endif
