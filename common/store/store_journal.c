/*
 * The journal: a file beside data.mdb that makes changes durable with one sequential write, so that
 * LMDB need not sync its trees for every batch (docs/decisions/0011).
 *
 * A record holds the changes made since the record before it. Records lie one behind the other from
 * the file's beginning, each at a multiple of JOURNAL_BLOCK. They are part of a transaction of LMDB
 * that is still to be committed, and bear its number and their own place in it; once it is committed
 * the file is written from its beginning again. So the records that count are those at the beginning
 * whose transaction is the next one after the tables'; older ones are left over.
 *
 *   record   magic (8), transaction (8), place in it (8), bytes of changes (8), hash (16), changes
 *   hash     XXH3 of the store's secret, transaction, place, bytes and changes: tells a record that was
 *            cut, or is of another store; against a forger there is the log's chain
 *   change   database (1), kind (1), bytes of key (2), bytes of value (4), key, value
 *
 * Numbers are big-endian. A record that was cut while it was being written was answered to nobody: the
 * last one may be broken. A whole one behind a broken one, or of a later transaction than the next,
 * shows that something acknowledged is missing here or in the tables.
 */
#include "store/store_internal.h"

#include "base/check.h"
#include "base/fault.h"
#include "base/plant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define JOURNAL_BYTES_DEFAULT ((size_t)4 << 20)
#define JOURNAL_BLOCK ((size_t)4096) /* what O_DIRECT wants of addresses, sizes and places */
#define JOURNAL_MAGIC "VafaJrn1"
#define RECORD_HASH 32 /* behind the numbers */
#define RECORD_HEAD 48
#define CHANGE_HEAD 8

/* --- writing --- */

static size_t round_up(size_t size)
{
    return (size + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK * JOURNAL_BLOCK;
}

void store_journal_add(struct store_txn *txn, enum journal_change kind, enum store_db db,
                       struct bytes key, struct bytes value)
{
    struct store_journal *journal = &txn->store->journal;
    size_t size = CHANGE_HEAD + key.size + value.size;
    if (journal->buffer == NULL || journal->overflow ||
        size > txn->store->journal_bytes - journal->used) {
        journal->overflow = true;
        return;
    }
    uint8_t *to = journal->buffer + journal->used;
    to[0] = (uint8_t)db;
    to[1] = (uint8_t)kind;
    be16_put(to + 2, (uint16_t)key.size);
    be32_put(to + 4, (uint32_t)value.size);
    memcpy(to + CHANGE_HEAD, key.data, key.size);
    if (value.size > 0) {
        memcpy(to + CHANGE_HEAD + key.size, value.data, value.size);
    }
    journal->used += size;
}

static void forget_changes(struct store_journal *journal)
{
    journal->used = RECORD_HEAD;
    journal->overflow = false;
}

static XXH128_canonical_t record_hash(const struct store *store, const uint8_t *record,
                                      size_t bytes)
{
    XXH128_canonical_t hash;
    XXH3_state_t *state = XXH3_createState();
    CHECK(state != NULL && XXH3_128bits_reset(state) == XXH_OK);
    CHECK(XXH3_128bits_update(state, store->secret, STORE_SECRET_BYTES) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + 8, RECORD_HASH - 8) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + RECORD_HEAD, bytes) == XXH_OK);
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    (void)XXH3_freeState(state);
    return hash;
}

static void make_head(const struct store *store, uint8_t *record, uint64_t transaction,
                      uint64_t place, size_t bytes)
{
    memcpy(record, JOURNAL_MAGIC, 8);
    be64_put(record + 8, transaction);
    be64_put(record + 16, place);
    be64_put(record + 24, bytes);
    XXH128_canonical_t hash = record_hash(store, record, bytes);
    memcpy(record + RECORD_HASH, &hash, sizeof(hash));
}

static int write_all(int fd, const uint8_t *data, size_t size, uint64_t at)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, (off_t)at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return written < 0 ? errno : EIO;
        }
        data += written;
        size -= (size_t)written;
        at += (uint64_t)written;
    }
    return 0;
}

bool store_journal_fits(const struct store *store)
{
    const struct store_journal *journal = &store->journal;
    return store_journal_is_written(store) ||
           (journal->buffer != NULL && !journal->overflow &&
            journal->at + round_up(journal->used) <= store->journal_bytes);
}

bool store_journal_is_written(const struct store *store)
{
    return store->journal.used == RECORD_HEAD && !store->journal.overflow;
}

int store_journal_write(struct store_txn *txn)
{
    struct store *store = txn->store;
    struct store_journal *journal = &store->journal;
    if (fault_point("store.journal.before")) {
        return EIO;
    }
    size_t size = round_up(journal->used);
    make_head(store, journal->buffer, mdb_txn_id(txn->mdb), journal->count,
              journal->used - RECORD_HEAD);
    memset(journal->buffer + journal->used, 0, size - journal->used);
    int rc = write_all(journal->fd, journal->buffer, size, journal->at);
    if (rc != 0 || fault_point("store.journal.after")) {
        return rc != 0 ? rc : EIO;
    }
    journal->count++;
    journal->at += size;
    forget_changes(journal);
    return 0;
}

/* --- the tables' side --- */

bool store_journal_has_unseen(const struct store *store)
{
    return store->journal.count > 0;
}

void store_journal_committed(struct store *store)
{
    store->journal.at = 0;
    store->journal.count = 0;
    store->journal.behind = false;
    forget_changes(&store->journal);
}

void store_journal_aborted(struct store *store)
{
    store->journal.behind = store_journal_has_unseen(store);
    forget_changes(&store->journal);
}

/* --- reading --- */

struct record {
    uint64_t transaction;
    uint64_t place;
    struct bytes changes;
};

/* A record at `at` of the file's bytes. False when there is none. */
static bool read_record(const struct store *store, const uint8_t *file, size_t at,
                        struct record *ret_record)
{
    const uint8_t *head = file + at;
    if (memcmp(head, JOURNAL_MAGIC, 8) != 0) {
        return false;
    }
    uint64_t bytes = be64_get(head + 24);
    if (bytes == 0 || bytes > store->journal_bytes - at - RECORD_HEAD) {
        return false; /* nothing is written for nothing */
    }
    XXH128_canonical_t hash = record_hash(store, head, bytes);
    if (memcmp(&hash, head + RECORD_HASH, sizeof(hash)) != 0) {
        return false;
    }
    *ret_record = (struct record){.transaction = be64_get(head + 8),
                                  .place = be64_get(head + 16),
                                  .changes = bytes_of(head + RECORD_HEAD, bytes)};
    return true;
}

/* What makes it this store was written when it was made, and never again. */
static bool is_identity(enum store_db db, struct bytes key)
{
    static const char *const names[] = {META_FORMAT, META_SERVICE, META_LOG_ID, META_SECRET};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && db == DB_META; i++) {
        if (bytes_equal(key, bytes_of_text(names[i]))) {
            return true;
        }
    }
    return false;
}

static bool apply_change(struct store_txn *txn, struct bytes *changes)
{
    if (changes->size < CHANGE_HEAD) {
        return false;
    }
    const uint8_t *from = changes->data;
    size_t key_size = be16_get(from + 2);
    size_t value_size = be32_get(from + 4);
    if (from[0] >= DB_COUNT || changes->size - CHANGE_HEAD < key_size ||
        changes->size - CHANGE_HEAD - key_size < value_size) {
        return false;
    }
    struct bytes key = bytes_of(from + CHANGE_HEAD, key_size);
    struct bytes value = bytes_of(from + CHANGE_HEAD + key_size, value_size);
    uint64_t changes_before = txn->changes;
    if (is_identity((enum store_db)from[0], key)) {
        return false;
    }
    if (from[1] == JOURNAL_PUT) {
        txn_put_db(txn, (enum store_db)from[0], key, value);
    } else if (from[1] == JOURNAL_DELETE) {
        txn_delete_db(txn, (enum store_db)from[0], key);
    } else {
        return false;
    }
    if (txn->changes == changes_before && txn->error.status == STATUS_OK) {
        return false; /* only what is there is deleted */
    }
    size_t size = CHANGE_HEAD + key_size + value_size;
    *changes = bytes_of(from + size, changes->size - size);
    return true;
}

static int read_file(const struct store_journal *journal, uint8_t *ret_file, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(journal->fd, ret_file + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? errno : EIO;
        }
        done += (size_t)got;
    }
    return 0;
}

static uint8_t *aligned_buffer(const struct store *store)
{
    void *buffer;
    CHECK(posix_memalign(&buffer, JOURNAL_BLOCK, store->journal_bytes) == 0);
    return buffer;
}

void store_journal_replay(struct store_txn *txn)
{
    struct store *store = txn->store;
    struct store_journal *journal = &store->journal;
    uint8_t *file = aligned_buffer(store);
    int rc = read_file(journal, file, journal->at);
    if (rc != 0) {
        txn_fail(txn, STATUS_DATA_LOSS, "reading the journal of %s: %s", store->folder,
                 strerror(rc));
    }
    for (size_t at = 0; at < journal->at && txn->error.status == STATUS_OK;) {
        struct record record;
        size_t size = 0;
        bool good = read_record(store, file, at, &record);
        if (good) {
            size = round_up(RECORD_HEAD + record.changes.size);
        }
        while (good && record.changes.size > 0 && txn->error.status == STATUS_OK) {
            good = apply_change(txn, &record.changes);
        }
        if (!good) {
            txn_fail(txn, STATUS_DATA_LOSS, "the journal of %s is damaged at byte %zu",
                     store->folder, at);
        }
        at += size;
    }
    free(file);
    forget_changes(journal); /* they are in the file */
    journal->behind = txn->error.status != STATUS_OK;
}

/* --- opening --- */

/* What follows the tables; and that nothing shows that more was there. */
static enum status find_records(struct store *store, const uint8_t *file, struct error *err)
{
    struct store_journal *journal = &store->journal;
    struct record record;
    MDB_envinfo info;
    int rc = mdb_env_info(store->env, &info);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "reading the tables' transaction");
    }
    uint64_t next = info.me_last_txnid + 1;
    size_t at = 0;
    uint64_t count = 0;
    while (at < store->journal_bytes && read_record(store, file, at, &record) &&
           record.transaction == next && record.place == count) {
        count++;
        at += round_up(RECORD_HEAD + record.changes.size);
    }
    if (PLANTED("journal_not_replayed")) {
        count = 0;
        at = 0;
    }
    journal->at = at;
    journal->count = count;
    journal->behind = count > 0;
    for (; at < store->journal_bytes; at += JOURNAL_BLOCK) {
        if (read_record(store, file, at, &record) && record.transaction >= next) {
            return error_set(
                err, STATUS_DATA_LOSS, NULL,
                "the journal in %s has a record of transaction %llu, and what leads to "
                "it is missing: it is damaged, or data.mdb is an older copy; restore "
                "the whole set",
                store->folder, (unsigned long long)record.transaction);
        }
    }
    return STATUS_OK;
}

/* Its blocks are written once, so that a record changes nothing but them. */
static int make_file(const struct store *store, uint8_t *file)
{
    const struct store_journal *journal = &store->journal;
    if (store->no_sync) {
        return ftruncate(journal->fd, (off_t)store->journal_bytes) == 0 ? 0 : errno;
    }
    memset(file, 0, store->journal_bytes);
    int rc = write_all(journal->fd, file, store->journal_bytes, 0);
    return rc != 0 || fsync(journal->fd) == 0 ? rc : errno;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return size == 0 || (data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
}

/* O_DIRECT, which not every file system has. */
static int open_file(const char *path, const struct store *store)
{
    const int flags = O_CLOEXEC | (store->read_only ? O_RDONLY : O_RDWR | O_CREAT);
    if (store->no_sync || store->read_only) {
        return open(path, flags, 0600);
    }
    int fd = open(path, flags | O_DSYNC | O_DIRECT, 0600);
    return fd < 0 && errno == EINVAL ? open(path, flags | O_DSYNC, 0600) : fd;
}

/* A file that is short and empty is one whose making was cut. */
static enum status load(struct store *store, uint8_t *file, struct error *err)
{
    struct store_journal *journal = &store->journal;
    struct stat info;
    int rc = fstat(journal->fd, &info) == 0 ? 0 : errno;
    size_t size = rc != 0 || info.st_size > (off_t)store->journal_bytes ? 0 : (size_t)info.st_size;
    rc = rc != 0 ? rc : read_file(journal, file, size);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "reading the journal beside data.mdb");
    }
    if (size == store->journal_bytes) {
        return find_records(store, file, err);
    }
    if (info.st_size > (off_t)store->journal_bytes || !is_zero(file, size)) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "the journal in %s has %lld bytes of %zu: restore the whole set",
                         store->folder, (long long)info.st_size, store->journal_bytes);
    }
    if (store->read_only) {
        return STATUS_OK;
    }
    rc = make_file(store, file);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "making the journal beside data.mdb");
    }
    return store->no_sync ? STATUS_OK : store_folder_sync(store->folder, err);
}

static enum status open_and_load(struct store *store, bool is_new, struct error *err)
{
    struct store_journal *journal = &store->journal;
    char *path;
    CHECK(asprintf(&path, "%s/" JOURNAL_FILE, store->folder) > 0);
    enum status status = STATUS_OK;
    struct stat info;
    if (!is_new && stat(path, &info) != 0 && errno == ENOENT) {
        status = error_set(err, STATUS_DATA_LOSS, NULL,
                           "%s is gone, and what was acknowledged last may be in it only: restore "
                           "the whole set (or, to go on without, make it an empty file)",
                           path);
    } else {
        journal->fd = open_file(path, store);
        if (journal->fd < 0) {
            status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "opening %s", path);
        }
    }
    free(path);
    if (status == STATUS_OK) {
        journal->buffer = aligned_buffer(store);
        forget_changes(journal);
        status = load(store, journal->buffer, err);
    }
    return status;
}

size_t store_journal_bytes(size_t wanted)
{
    return wanted == 0 ? JOURNAL_BYTES_DEFAULT : round_up(wanted);
}

enum status store_journal_open(struct store *store, bool is_new, struct error *err)
{
    enum status status = open_and_load(store, is_new, err);
    struct store_txn *txn;
    if (status == STATUS_OK && store->journal.behind) {
        status = store_write_begin(store, &txn, err);
        status = status != STATUS_OK ? status : store_write_commit(txn, err);
    }
    return status;
}

enum status store_journal_look(struct store *store, struct error *err)
{
    enum status status = open_and_load(store, false, err);
    uint64_t count = store->journal.count;
    store_journal_close(store);
    store->journal.count = status == STATUS_OK ? count : 0;
    return status;
}

void store_journal_close(struct store *store)
{
    if (store->journal.fd >= 0) {
        close(store->journal.fd);
    }
    free(store->journal.buffer);
    store->journal = (struct store_journal){.fd = -1};
}
