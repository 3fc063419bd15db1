/* What the files of this room share. Nobody else includes it, since it brings lmdb.h. */
#ifndef VAFA_STORE_INTERNAL_H
#define VAFA_STORE_INTERNAL_H

#include "store/event_log.h"
#include "store/store.h"

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

/* The LMDB databases; the first three of them are the enum store_space. */
enum store_db { DB_STATE, DB_VIEW, DB_KEYS, DB_META, DB_LOG, DB_IDEM, DB_COUNT };

extern const char *const store_db_names[DB_COUNT];
unsigned store_db_flags(enum store_db db); /* LMDB's, without MDB_CREATE */

#define STORE_SERVICE_BYTES_MAX 31

/* What may be left unused only by operations with `reserve`: already given to the file, or kept
 * free in the map. */
#define STORE_RESERVE_BYTES (UINT64_C(8) << 20)
/* What any batch needs at the least. */
#define STORE_AHEAD_BYTES (UINT64_C(1) << 20)
/* A batch is committed when it has changed this much, whatever still waits. */
#define STORE_BATCH_BYTES_MAX (UINT64_C(32) << 20)

/* Who holds a folder: this process's list of open folders, and the lock file against the others. */
struct store_lock {
    int fd; /* of store.lock; -1 when opened read-only */
    bool listed;
    dev_t device;
    ino_t inode;
};

/* store_journal.c */
struct store_journal {
    int fd;          /* -1: the store is read-only */
    uint8_t *buffer; /* the next record, its head too */
    size_t used;     /* of the buffer */
    bool overflow;   /* the changes since the last record do not fit into one */
    uint64_t count;  /* records of the transaction that is to be committed */
    uint64_t at;     /* where the next one goes */
    bool behind;     /* that transaction was rolled back: replay them */
};

struct store {
    MDB_env *env;
    MDB_dbi dbi[DB_COUNT];
    int data_fd; /* LMDB's own */
    uint64_t page_bytes;
    uint64_t map_bytes;
    char *folder;
    char service[STORE_SERVICE_BYTES_MAX + 1];
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint8_t secret[STORE_SECRET_BYTES];
    bool read_only;
    bool no_sync;
    struct store_lock lock;

    struct store_journal journal;
    size_t journal_bytes;         /* of its file */
    struct store_txn *open_write; /* has changes that are durable and not yet committed */

    atomic_bool failed;        /* a commit failed: no more writing */
    pthread_mutex_t room_lock; /* the writer makes room, and whoever asks for health too */
    uint64_t allocated;        /* the file's blocks are given up to here; under room_lock */

    pthread_mutex_t pool_lock;
    struct store_txn *pool; /* read transactions at rest */
    uint32_t open_count;    /* transactions in use; under pool_lock */
};

struct store_txn {
    struct store *store;
    MDB_txn *mdb;
    bool write;
    bool reserve; /* may use the last of the room */
    struct error error;
    uint64_t changes;
    uint64_t inline_bytes;   /* put into leaves */
    uint64_t overflow_pages; /* put beside them */

    bool head_known;
    struct log_position head;
    MDB_cursor *log_cursor; /* of a write transaction; LMDB closes it */

    bool idem_first_known;
    int64_t idem_first_us; /* of the oldest row; INT64_MAX when there is none */

    struct store_txn *next;
};

static inline MDB_val mdb_val_of(struct bytes bytes)
{
    return (MDB_val){.mv_size = bytes.size, .mv_data = (void *)(uintptr_t)bytes.data};
}

static inline struct bytes bytes_of_mdb(MDB_val val)
{
    return (struct bytes){val.mv_data, val.mv_size};
}

/* The one place where LMDB's codes (and errno) become ours. `what` says what was being done. */
enum status store_lmdb_error(struct error *err, int rc, const char *what);
/* True when there was only no room: nothing was damaged, and it may work later. */
bool store_lmdb_error_is_room(int rc);

/* store_lock.c */
enum status store_lock_take(struct store_lock *lock, const char *folder, bool read_only,
                            struct error *err);
void store_lock_release(struct store_lock *lock);
/* A descriptor that keeps others from opening the folder for writing, until it is closed; -1 when
 * somebody has it open, or it has no lock file. */
int store_lock_guard(const char *folder);
/* The folder has held a whole store: its data may not vanish without a word. */
bool store_lock_is_marked(const struct store_lock *lock);
enum status store_lock_mark(const struct store_lock *lock, const struct store *store,
                            struct error *err);

/* store.c */
enum status store_env_check_size(MDB_env *env, const char *path, struct error *err);
enum status store_folder_sync(const char *folder, struct error *err);
uint64_t store_end_bytes(const struct store *store); /* behind the last page ever used */
uint64_t store_used_bytes(const struct store *store, MDB_txn *mdb);

/* store_room.c */
void store_room_open(struct store *store);
enum status store_room_commit(struct store_txn *txn, struct error *err);
void store_room_committed(struct store *store);

/* store_journal.c. All but opening and closing is for who has the write transaction. */
#define JOURNAL_FILE "journal"
enum journal_change { JOURNAL_PUT = 1, JOURNAL_DELETE = 2 };
size_t store_journal_bytes(size_t wanted); /* of its file, in whole blocks; 0: the usual size */
/* Makes or opens the file, and brings the tables up to it. `is_new`: it may be missing. */
enum status store_journal_open(struct store *store, bool is_new, struct error *err);
/* Of a store that is open read-only, and that nobody has open: counts what the next start will add to
 * the tables, or tells the damage that it will refuse. */
enum status store_journal_look(struct store *store, struct error *err);
void store_journal_close(struct store *store);
/* Every change of a write transaction is added to the next record. */
void store_journal_add(struct store_txn *txn, enum journal_change kind, enum store_db db,
                       struct bytes key, struct bytes value);
bool store_journal_fits(const struct store *store);
bool store_journal_is_written(const struct store *store); /* nothing was changed since */
/* An errno: then it is not known whether the record is there. */
int store_journal_write(struct store_txn *txn);
bool store_journal_has_unseen(const struct store *store); /* records that the tables lack */
void store_journal_replay(struct store_txn *txn);         /* repeats the changes of all of them */
void store_journal_committed(struct store *store);
void store_journal_aborted(struct store *store);

/* store_txn.c */
enum status store_check_failed(const struct store *store, struct error *err);
/* All of these do nothing when the transaction has failed. */
void txn_fail_lmdb(struct store_txn *txn, int rc, const char *what);
bool txn_get_db(struct store_txn *txn, enum store_db db, struct bytes key, struct bytes *ret_value);
void txn_put_db(struct store_txn *txn, enum store_db db, struct bytes key, struct bytes value);
void txn_delete_db(struct store_txn *txn, enum store_db db, struct bytes key);
void txn_count_change(struct store_txn *txn, size_t key_size, size_t value_size);
uint64_t txn_bytes(const struct store_txn *txn);
MDB_cursor *txn_cursor_open(struct store_txn *txn, enum store_db db);
/* All that follows may use the reserve (or not). */
void txn_set_reserve(struct store_txn *txn, bool reserve);

/* meta.c */
#define META_FORMAT "format"
#define META_SERVICE "service"
#define META_LOG_ID "log_id"
#define META_SECRET "secret"

#endif
