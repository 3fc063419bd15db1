/*
 * Room for the next batch, on the disk and in the map.
 *
 * A full disk shows from mdb_txn_commit as EIO, which cannot be told from a broken one. So the
 * file's blocks are given to it ahead of the batch (posix_fallocate), where "full" has its own
 * name. Most batches find their room given already and cost a comparison.
 *
 *   0 ........ end ............ + need of the batch ...... + reserve ........ allocated
 *   pages      behind the last  at most, see commit_need   only for those
 *   in use     page ever used                              with `reserve`
 */
#include "store/store_internal.h"

#include "base/check.h"
#include "base/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SLACK_BYTES_MIN (UINT64_C(1) << 20)
#define SLACK_BYTES_MAX (UINT64_C(64) << 20)
#define PAGES_A_CHANGE 2  /* copied leaves: its own, and one that it is merged with */
#define PAGES_A_COMMIT 64 /* the list of free pages, the names, the meta pages */
#define FALLOCATE_TRIES_MAX 8

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t map_reserve(const struct store *store)
{
    return min_u64(STORE_RESERVE_BYTES, store->map_bytes / 8);
}

/* Blocks that an earlier crash left as holes are filled, as far as the file system can. */
void store_room_open(struct store *store)
{
    struct stat info;
    if (store->read_only || fstat(store->data_fd, &info) != 0) {
        return;
    }
    if (!store->no_sync && info.st_size > 0) {
        (void)fallocate(store->data_fd, 0, 0, info.st_size);
    }
    store->allocated = (uint64_t)info.st_size;
}

static int allocate(struct store *store, uint64_t to)
{
    int rc = EINTR;
    for (int i = 0; i < FALLOCATE_TRIES_MAX && rc == EINTR; i++) {
        rc = posix_fallocate(store->data_fd, (off_t)store->allocated,
                             (off_t)(to - store->allocated));
    }
    if (rc == 0) {
        store->allocated = to;
    }
    return rc;
}

/* Under the lock. */
static enum status extend_to(struct store *store, uint64_t wanted, struct error *err)
{
    if (wanted <= store->allocated) {
        return STATUS_OK;
    }
    struct statvfs disk;
    uint64_t missing = wanted - store->allocated;
    if (fstatvfs(store->data_fd, &disk) != 0) {
        return error_set_errno(err, STATUS_UNAVAILABLE, errno, "asking how full the disk of %s is",
                               store->folder);
    }
    uint64_t disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
    uint64_t slack = min_u64(wanted / 8, SLACK_BYTES_MAX);
    slack = slack < SLACK_BYTES_MIN ? SLACK_BYTES_MIN : slack;
    int rc = ENOSPC; /* not even tried when it cannot go well: a failed attempt may leave the disk
                        filled */
    if (disk_free >= missing + 4 * slack) {
        rc = allocate(store, min_u64(wanted + slack, store->map_bytes));
    }
    if (rc != 0 && disk_free >= missing) {
        rc = allocate(store, wanted);
    }
    if (rc == 0) {
        return STATUS_OK;
    }
    if (store_lmdb_error_is_room(rc)) {
        return error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, rc,
                               "the disk of %s is full: %llu KiB are free, %llu KiB are needed",
                               store->folder, (unsigned long long)disk_free / 1024,
                               (unsigned long long)missing / 1024);
    }
    return error_set_errno(err, STATUS_UNAVAILABLE, rc, "making room on the disk of %s",
                           store->folder);
}

/* Gives the file its blocks up to `wanted`, and some more when there are plenty. */
static enum status extend(struct store *store, uint64_t wanted, struct error *err)
{
    if (store->no_sync) {
        return STATUS_OK;
    }
    pthread_mutex_lock(&store->room_lock);
    enum status status = extend_to(store, min_u64(wanted, store->map_bytes), err);
    pthread_mutex_unlock(&store->room_lock);
    return status;
}

static enum status map_full(const struct store *store, uint64_t used, struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                     "the map of %s is full: %llu of %llu MiB are used; raise the map size",
                     store->folder, (unsigned long long)used >> 20,
                     (unsigned long long)store->map_bytes >> 20);
}

/* A test's full disk: a nearly full one has no room for what may not use the reserve. */
static enum status ask_test(const struct store *store, bool reserve, struct error *err)
{
    if (fault_point(reserve ? "store.room.reserve" : "store.room")) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "the disk of %s is full",
                         store->folder);
    }
    return STATUS_OK;
}

enum status store_room(struct store *store, bool reserve, struct error *err)
{
    enum status status = store_check_failed(store, err);
    if (status == STATUS_OK) {
        status = ask_test(store, reserve, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t end = store_end_bytes(store);
    uint64_t in_map = reserve ? map_reserve(store) / 8 : map_reserve(store);
    if (end + STORE_AHEAD_BYTES + map_reserve(store) > store->map_bytes) {
        struct store_txn *txn;
        status = store_read_begin(store, &txn, err);
        if (status != STATUS_OK) {
            return status;
        }
        uint64_t used = store_used_bytes(store, txn->mdb);
        store_read_end(txn);
        if (used + in_map > store->map_bytes) {
            return map_full(store, used, err);
        }
    }
    return extend(store,
                  end + STORE_AHEAD_BYTES / (reserve ? 4 : 1) + (reserve ? 0 : STORE_RESERVE_BYTES),
                  err);
}

static uint64_t branch_pages(const struct store_txn *txn)
{
    uint64_t pages = 0;
    MDB_stat stat;
    for (int db = 0; db < DB_COUNT; db++) {
        if (mdb_stat(txn->mdb, txn->store->dbi[db], &stat) == 0) {
            pages += stat.ms_branch_pages;
        }
    }
    return pages;
}

/* At most so much can a commit add behind the end: each change copies its leaves and the pages above
 * them, though no page twice. */
static uint64_t commit_need(const struct store_txn *txn, uint64_t end)
{
    uint64_t page = txn->store->page_bytes;
    uint64_t copied = min_u64(txn->changes * PAGES_A_CHANGE + branch_pages(txn), end / page);
    uint64_t added = 2 * txn->inline_bytes / page + txn->overflow_pages + PAGES_A_COMMIT;
    return (copied + added) * page;
}

enum status store_room_commit(struct store_txn *txn, struct error *err)
{
    struct store *store = txn->store;
    uint64_t end = store_end_bytes(store);
    uint64_t need = commit_need(txn, end);
    if (store_journal_is_written(store) && store_journal_has_unseen(store)) {
        return STATUS_OK; /* it was made before the records were written */
    }
    if (ask_test(store, txn->reserve, err) != STATUS_OK) {
        return STATUS_RESOURCE_EXHAUSTED;
    }
    if (!txn->reserve && end + need + map_reserve(store) > store->map_bytes) {
        uint64_t used = store_used_bytes(store, txn->mdb);
        if (used + map_reserve(store) > store->map_bytes) {
            return map_full(store, used, err);
        }
    }
    return extend(store, end + need + (txn->reserve ? 0 : STORE_RESERVE_BYTES), err);
}

/* Pages taken and given back within one transaction are never written, so the file may end before
 * the last page. The check at open would take that for a cut. */
void store_room_committed(struct store *store)
{
    uint64_t end = store_end_bytes(store);
    struct stat info;
    pthread_mutex_lock(&store->room_lock);
    if (end > store->allocated && fstat(store->data_fd, &info) == 0 &&
        ((uint64_t)info.st_size >= end || ftruncate(store->data_fd, (off_t)end) == 0)) {
        store->allocated = end > (uint64_t)info.st_size ? end : (uint64_t)info.st_size;
    }
    pthread_mutex_unlock(&store->room_lock);
}
