/*
 * A service's store: one LMDB environment, and transactions on it.
 *
 * Spaces (an LMDB database each):
 *   meta    format version, service, log id, secrets, cursors   the store's own
 *   log     offset -> chain hash, event record                  event_log.h
 *   state   tables that derive from the own log, timers too     rebuilt and compared to verify
 *   view    tables that derive from other services' logs        likewise
 *   idem    idempotency keys and their answers                  idempotency.h; not derived
 *   keys    citizens' sealing keys and what finds them          not derived, apart in a backup
 *
 * A transaction carries a sticky error: get, put and scan do nothing once one has failed, and the
 * error is looked at in one place, at the end. Values borrowed from a transaction die with it, and
 * in a write transaction with the next change.
 */
#ifndef VAFA_STORE_STORE_H
#define VAFA_STORE_STORE_H

#include "base/clock.h"
#include "base/metric.h"
#include "base/random.h"
#include "store/key.h"

#define STORE_FORMAT                                                                               \
    4 /* 2: with a journal; 3: chased tasks come first; 4: the referred apart, what no desk has */
#define STORE_VALUE_BYTES_MAX (2 * 1024 * 1024)
#define STORE_LOG_ID_BYTES 16
#define STORE_HASH_BYTES 32
#define STORE_SECRET_BYTES 32
#define STORE_MAP_BYTES_DEFAULT (UINT64_C(64) << 30)

enum store_space { STORE_STATE, STORE_VIEW, STORE_KEYS, STORE_SPACE_COUNT };

struct store;
struct store_txn;

struct store_options {
    const char
        *folder; /* made (0700) when missing; holds data.mdb, journal, lock.mdb, store.lock */
    const char *service;  /* "intake": must be the store's own */
    uint64_t map_bytes;   /* 0: the default; 16 MiB to 16 TiB; grows when the file is larger */
    uint32_t readers_max; /* 0: 126 */
    /* Verification, beside a running server too: only a reader in lock.mdb. When nobody has the store
     * open, its journal is checked as well (DATA_LOSS). */
    bool read_only;
    /* Tests only: of the journal's file, at least 8,192; 0: 4 MiB. A store stays with its own. */
    size_t journal_bytes;
    bool no_sync;          /* tests and the simulator only: commits are not synced */
    struct random *random; /* for the log id and secret of a new store; NULL: the system's */
};

/* Locks the folder (a second process is refused with FAILED_PRECONDITION), makes or opens the
 * store, checks format version, service and that the file is as long as its pages say (DATA_LOSS),
 * clears stale readers. The lock is held until store_free, and is taken before anything else of the
 * folder is touched. */
enum status store_open(struct store **ret_store, const struct store_options *options,
                       struct error *err);
void store_free(struct store *store); /* no transaction may be open; NULL is allowed */

const uint8_t *store_log_id(const struct store *store); /* STORE_LOG_ID_BYTES */
/* A random secret made with the store, for permutations and digests; survives backup and restore.
 */
const uint8_t *store_secret(const struct store *store); /* STORE_SECRET_BYTES */
const char *store_service(const struct store *store);
const char *store_folder(const struct store *store);

struct store_usage {
    uint64_t map_bytes;
    uint64_t used_bytes; /* pages in use, free ones not counted */
    uint64_t disk_free_bytes;
};
void store_usage(struct store *store, struct store_usage *ret_usage);

/* --- transactions --- */

/* Pooled read transactions, safe from any thread; a snapshot until ended. Never keep one across a
 * wait. */
enum status store_read_begin(struct store *store, struct store_txn **ret_txn, struct error *err);
void store_read_end(struct store_txn *txn); /* NULL is allowed */

/* One at a time, on one thread. Used by the writer and by rebuilds. After store_write_journal it is
 * the same transaction again. */
enum status store_write_begin(struct store *store, struct store_txn **ret_txn, struct error *err);
/* Frees the transaction whatever comes. A sticky error aborts and is returned. Disk or map full:
 * RESOURCE_EXHAUSTED. Failure of the commit itself: DATA_LOSS, and the store refuses to write from
 * then on (reads go on). */
enum status store_write_commit(struct store_txn *txn, struct error *err);
/* NULL is allowed. What store_write_journal made durable stays. */
void store_write_abort(struct store_txn *txn);

/* Instead of a commit, when the changes since the last one fit there: makes them durable with one
 * sequential write. Readers do not see them before the next commit, and the transaction stays open
 * for the next store_write_begin. Errors as of the commit. */
enum status store_write_journal(struct store_txn *txn, struct error *err);
bool store_fits_journal(const struct store *store);
/* A commit or a journal write failed: nothing is written any more. Any thread. */
bool store_has_failed(const struct store *store);
/* There are durable changes that readers do not see: a commit is to come. For who writes. */
bool store_has_unseen(const struct store *store);
/* Of a store opened read-only that nobody had open: records that the next start adds to the tables. */
uint64_t store_records_to_add(const struct store *store);

/* Makes sure that the disk has room for the next batch: RESOURCE_EXHAUSTED (naming disk or map)
 * when it has not, DATA_LOSS once a commit has failed. Called before each batch; recovers by itself
 * once there is room. `reserve` commands (feeds, acknowledgements) may use the last of it. */
enum status store_room(struct store *store, bool reserve, struct error *err);

struct store *txn_store(struct store_txn *txn);
/* The first error of the transaction, STATUS_OK if none. */
enum status txn_error(const struct store_txn *txn, struct error *err);
void txn_fail(struct store_txn *txn, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Changes made so far in a write transaction: a refusal must leave it where it was. */
uint64_t txn_changes(const struct store_txn *txn);

/* False when missing or when the transaction has failed. */
bool txn_get(struct store_txn *txn, enum store_space space, const struct key *key,
             struct bytes *ret_value);
void txn_put(struct store_txn *txn, enum store_space space, const struct key *key,
             struct bytes value);
void txn_delete(struct store_txn *txn, enum store_space space,
                const struct key *key); /* missing: nothing happens */

/* Rows whose keys begin with `prefix`, from `from` on (NULL: the first, or the last when backwards;
 * a backwards scan begins at the last key <= from). The table may not be changed during a scan. */
struct txn_scan {
    struct store_txn *txn;
    void *cursor;
    struct key prefix;
    bool backwards;
    bool started;
    struct key from;
    enum store_space space;
};

void txn_scan_begin(struct txn_scan *scan, struct store_txn *txn, enum store_space space,
                    const struct key *prefix, const struct key *from, bool backwards);
bool txn_scan_next(struct txn_scan *scan, struct bytes *ret_key, struct bytes *ret_value);
void txn_scan_end(struct txn_scan *scan);

/* The same over a whole space, in key order: verification and backup. */
void txn_scan_begin_all(struct txn_scan *scan, struct store_txn *txn, enum store_space space);

#endif
