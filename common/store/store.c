/* Opening and closing a store, and what it says of itself. */
#include "store/store_internal.h"

#include "base/check.h"
#include "base/mutex.h"
#include "base/utf8_check.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MAP_BYTES_MIN (UINT64_C(16) << 20)
#define MAP_BYTES_MAX (UINT64_C(16) << 40)
#define READERS_DEFAULT 126

const char *const store_db_names[DB_COUNT] = {
    [DB_STATE] = "state", [DB_VIEW] = "view", [DB_KEYS] = "keys",
    [DB_META] = "meta",   [DB_LOG] = "log",   [DB_IDEM] = "idem",
};

unsigned store_db_flags(enum store_db db)
{
    return db == DB_LOG ? MDB_INTEGERKEY : 0;
}

_Static_assert((int)DB_STATE == (int)STORE_STATE && (int)DB_VIEW == (int)STORE_VIEW &&
                   (int)DB_KEYS == (int)STORE_KEYS,
               "a space is its database");

/* --- opening --- */

static enum status check_options(const struct store_options *options, struct error *err)
{
    if (options->folder == NULL || options->folder[0] == '\0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "folder", "the store needs a folder");
    }
    if (options->service == NULL || options->service[0] == '\0' ||
        strlen(options->service) > STORE_SERVICE_BYTES_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "service",
                         "a service's name has 1 to %d characters", STORE_SERVICE_BYTES_MAX);
    }
    if (options->map_bytes != 0 &&
        (options->map_bytes < MAP_BYTES_MIN || options->map_bytes > MAP_BYTES_MAX)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "map_bytes",
                         "the map is of 16 MiB to 16 TiB");
    }
    return STATUS_OK;
}

enum status store_folder_sync(const char *folder, struct error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "folder %s", folder);
    }
    enum status status = STATUS_OK;
    if (fsync(fd) != 0) {
        status = error_set_errno(err, STATUS_DATA_LOSS, errno, "syncing folder %s", folder);
    }
    close(fd);
    return status;
}

static enum status make_folder(const char *folder, struct error *err)
{
    if (mkdir(folder, 0700) != 0) {
        return errno == EEXIST
                   ? STATUS_OK
                   : error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making %s", folder);
    }
    char *parent;
    CHECK(asprintf(&parent, "%s/..", folder) > 0);
    enum status status = store_folder_sync(parent, err);
    free(parent);
    return status;
}

/* LMDB would make a new store of an empty file without a word. */
static enum status check_not_emptied(const struct store *store, struct error *err)
{
    char *path;
    CHECK(asprintf(&path, "%s/data.mdb", store->folder) > 0);
    struct stat info;
    bool empty = stat(path, &info) != 0 || info.st_size == 0;
    free(path);
    if (empty && store->read_only) {
        return error_set(err, STATUS_NOT_FOUND, NULL, "there is no store in %s", store->folder);
    }
    if (empty && store_lock_is_marked(&store->lock)) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "data.mdb in %s is gone or empty, and there was a store: restore it (or "
                         "remove store.lock to "
                         "begin a new one)",
                         store->folder);
    }
    return STATUS_OK;
}

/* A file shorter than its pages opens well and kills the process at the first touch of what is
 * missing. */
enum status store_env_check_size(MDB_env *env, const char *path, struct error *err)
{
    MDB_envinfo info;
    MDB_stat stat;
    mdb_filehandle_t fd;
    struct stat file;
    int rc = mdb_env_info(env, &info);
    rc = rc != 0 ? rc : mdb_env_stat(env, &stat);
    rc = rc != 0 ? rc : mdb_env_get_fd(env, &fd);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "checking the size of the store");
    }
    if (fstat(fd, &file) != 0) {
        return error_set_errno(err, STATUS_DATA_LOSS, errno, "size of %s", path);
    }
    uint64_t end = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    if ((uint64_t)file.st_size < end) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "%s is cut short: %llu bytes of %llu; restore it", path,
                         (unsigned long long)file.st_size, (unsigned long long)end);
    }
    return STATUS_OK;
}

static enum status open_env(struct store *store, const struct store_options *options,
                            struct error *err)
{
    int rc = mdb_env_create(&store->env);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "making the LMDB environment");
    }
    uint32_t readers = options->readers_max == 0 ? READERS_DEFAULT : options->readers_max;
    uint64_t map_bytes = options->map_bytes == 0 ? STORE_MAP_BYTES_DEFAULT : options->map_bytes;
    rc = mdb_env_set_maxdbs(store->env, DB_COUNT);
    rc = rc != 0 ? rc : mdb_env_set_maxreaders(store->env, readers);
    rc = rc != 0 ? rc : mdb_env_set_mapsize(store->env, map_bytes);
    unsigned flags = MDB_NOTLS;
    flags |= options->read_only ? MDB_RDONLY : 0;
    flags |= options->no_sync ? MDB_NOSYNC : 0;
    rc = rc != 0 ? rc : mdb_env_open(store->env, store->folder, flags, 0600);
    if (rc != 0) {
        char what[160];
        (void)snprintf(what, sizeof(what), "opening the store in %.120s", store->folder);
        return store_lmdb_error(err, rc, what);
    }
    enum status status = store_env_check_size(store->env, store->folder, err);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_envinfo info;
    MDB_stat stat;
    mdb_filehandle_t fd;
    int dead;
    rc = mdb_env_info(store->env, &info);
    rc = rc != 0 ? rc : mdb_env_stat(store->env, &stat);
    rc = rc != 0 ? rc : mdb_env_get_fd(store->env, &fd);
    rc = rc != 0 ? rc : mdb_reader_check(store->env, &dead);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "opening the store");
    }
    store->map_bytes = info.me_mapsize;
    store->page_bytes = stat.ms_psize;
    store->data_fd = fd;
    return STATUS_OK;
}

static int put_meta(struct store *store, MDB_txn *mdb, const char *name, const void *data,
                    size_t size)
{
    MDB_val key = mdb_val_of(bytes_of_text(name));
    MDB_val value = mdb_val_of(bytes_of(data, size));
    return mdb_put(mdb, store->dbi[DB_META], &key, &value, MDB_NOOVERWRITE);
}

static enum status create(struct store *store, struct random *random, struct error *err)
{
    uint8_t format[8];
    be64_put(format, STORE_FORMAT);
    random->fill(random, store->log_id, sizeof(store->log_id));
    random->fill(random, store->secret, sizeof(store->secret));
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &mdb);
    for (int db = 0; rc == 0 && db < DB_COUNT; db++) {
        rc = mdb_dbi_open(mdb, store_db_names[db], MDB_CREATE | store_db_flags((enum store_db)db),
                          &store->dbi[db]);
    }
    rc = rc != 0 ? rc : put_meta(store, mdb, META_FORMAT, format, sizeof(format));
    rc = rc != 0 ? rc : put_meta(store, mdb, META_SERVICE, store->service, strlen(store->service));
    rc = rc != 0 ? rc : put_meta(store, mdb, META_LOG_ID, store->log_id, sizeof(store->log_id));
    rc = rc != 0 ? rc : put_meta(store, mdb, META_SECRET, store->secret, sizeof(store->secret));
    if (rc == 0) {
        rc = mdb_txn_commit(mdb);
    } else {
        mdb_txn_abort(mdb);
    }
    return rc == 0 ? STATUS_OK : store_lmdb_error(err, rc, "making a new store");
}

static enum status get_meta(struct store *store, MDB_txn *mdb, const char *name, size_t size,
                            struct bytes *ret_value, struct error *err)
{
    MDB_val key = mdb_val_of(bytes_of_text(name));
    MDB_val value;
    int rc = mdb_get(mdb, store->dbi[DB_META], &key, &value);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        return store_lmdb_error(err, rc, "reading what the store is");
    }
    if (rc == MDB_NOTFOUND || (size != 0 && value.mv_size != size)) {
        return error_set(err, STATUS_DATA_LOSS, NULL, "the store in %s lacks its %s", store->folder,
                         name);
    }
    *ret_value = bytes_of_mdb(value);
    return STATUS_OK;
}

/* Another service's name differs in more than a byte, and is text. */
static bool is_damaged_name(struct bytes name, struct bytes own)
{
    size_t differ = 0;
    for (size_t i = 0; i < name.size && name.size == own.size; i++) {
        differ += name.data[i] != own.data[i];
    }
    return differ == 1 || !utf8_well_formed(name.data, name.size);
}

static enum status check_name(const struct store *store, struct bytes name, struct error *err)
{
    struct bytes own = bytes_of_text(store->service);
    if (bytes_equal(name, own)) {
        return STATUS_OK;
    }
    if (is_damaged_name(name, own)) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "the store in %s is damaged: whose it is should read %s; restore the "
                         "whole set from a backup",
                         store->folder, store->service);
    }
    return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "the store in %s is %.*s's, not %s's",
                     store->folder, (int)utf8_cut((const char *)name.data, name.size, 32),
                     (const char *)name.data, store->service);
}

static enum status check_identity(struct store *store, MDB_txn *mdb, struct error *err)
{
    struct bytes format = {0}, service = {0}, log_id = {0}, secret = {0};
    enum status status = get_meta(store, mdb, META_FORMAT, 8, &format, err);
    if (status == STATUS_OK && be64_get(format.data) != STORE_FORMAT) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                         "the store in %s has format %llu, this program reads %d", store->folder,
                         (unsigned long long)be64_get(format.data), STORE_FORMAT);
    }
    status = status != STATUS_OK ? status : get_meta(store, mdb, META_SERVICE, 0, &service, err);
    status = status != STATUS_OK ? status : check_name(store, service, err);
    status = status != STATUS_OK
                 ? status
                 : get_meta(store, mdb, META_LOG_ID, STORE_LOG_ID_BYTES, &log_id, err);
    status = status != STATUS_OK
                 ? status
                 : get_meta(store, mdb, META_SECRET, STORE_SECRET_BYTES, &secret, err);
    if (status == STATUS_OK) {
        memcpy(store->log_id, log_id.data, STORE_LOG_ID_BYTES);
        memcpy(store->secret, secret.data, STORE_SECRET_BYTES);
    }
    return status;
}

static enum status open_existing(struct store *store, struct error *err)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "opening the store");
    }
    /* meta first, and checked first: a newer format may have other databases. */
    static const enum store_db order[DB_COUNT] = {DB_META,  DB_LOG,  DB_IDEM,
                                                  DB_STATE, DB_VIEW, DB_KEYS};
    enum status status = STATUS_OK;
    for (int i = 0; i < DB_COUNT && status == STATUS_OK; i++) {
        enum store_db db = order[i];
        rc = mdb_dbi_open(mdb, store_db_names[db], store_db_flags(db), &store->dbi[db]);
        if (rc == MDB_NOTFOUND) {
            status = error_set(err, STATUS_DATA_LOSS, NULL, "the store in %s lacks its %s",
                               store->folder, store_db_names[db]);
        } else if (rc != 0) {
            status = store_lmdb_error(err, rc, "opening the store");
        }
        if (status == STATUS_OK && db == DB_META) {
            status = check_identity(store, mdb, err);
        }
    }
    if (status != STATUS_OK) {
        mdb_txn_abort(mdb);
        return status;
    }
    rc = mdb_txn_commit(mdb); /* keeps the handles */
    return rc == 0 ? STATUS_OK : store_lmdb_error(err, rc, "opening the store");
}

static enum status open_or_create(struct store *store, const struct store_options *options,
                                  struct error *err)
{
    MDB_stat stat;
    int rc = mdb_env_stat(store->env, &stat);
    if (rc != 0) {
        return store_lmdb_error(err, rc, "opening the store");
    }
    if (stat.ms_entries > 0) {
        return open_existing(store, err);
    }
    if (store->read_only) {
        return error_set(err, STATUS_NOT_FOUND, NULL, "there is no store in %s", store->folder);
    }
    if (store_lock_is_marked(&store->lock)) {
        return error_set(err, STATUS_DATA_LOSS, NULL,
                         "data.mdb in %s is empty, and there was a store: restore it",
                         store->folder);
    }
    return create(store, options->random != NULL ? options->random : random_system(), err);
}

/* Beside a running server the journal is its own business. */
static enum status look_at_journal(struct store *store, struct error *err)
{
    int guard = store_lock_guard(store->folder);
    if (guard < 0) {
        return STATUS_OK;
    }
    enum status status = store_journal_look(store, err);
    close(guard);
    return status;
}

enum status store_open(struct store **ret_store, const struct store_options *options,
                       struct error *err)
{
    enum status status = check_options(options, err);
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(sodium_init() >= 0);
    struct store *store = calloc(1, sizeof(*store));
    CHECK(store != NULL);
    mutex_init_brief(&store->pool_lock);
    CHECK(pthread_mutex_init(&store->room_lock, NULL) == 0);
    store->lock.fd = -1;
    store->journal.fd = -1;
    store->folder = strdup(options->folder);
    CHECK(store->folder != NULL);
    memcpy(store->service, options->service, strlen(options->service) + 1); /* was measured */
    store->read_only = options->read_only;
    store->no_sync = options->no_sync;
    store->journal_bytes = store_journal_bytes(options->journal_bytes);

    status = store->read_only ? STATUS_OK : make_folder(store->folder, err);
    if (status == STATUS_OK) {
        status = store_lock_take(&store->lock, store->folder, store->read_only, err);
    }
    if (status == STATUS_OK) {
        status = check_not_emptied(store, err);
    }
    if (status == STATUS_OK) {
        status = open_env(store, options, err);
    }
    if (status == STATUS_OK) {
        status = open_or_create(store, options, err);
    }
    if (status == STATUS_OK && store->read_only) {
        status = look_at_journal(store, err);
    }
    if (status == STATUS_OK && !store->read_only) {
        store_room_open(store);
        status = store_journal_open(store, !store_lock_is_marked(&store->lock), err);
    }
    if (status == STATUS_OK && !store->read_only && !store_lock_is_marked(&store->lock)) {
        /* Only now is the store whole, whatever dies from here on. */
        status = store->no_sync ? STATUS_OK : store_folder_sync(store->folder, err);
        if (status == STATUS_OK) {
            status = store_lock_mark(&store->lock, store, err);
        }
    }
    if (status != STATUS_OK) {
        store_free(store);
        return status;
    }
    *ret_store = store;
    return STATUS_OK;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store_write_abort(store->open_write);
    store_journal_close(store);
    CHECK(store->open_count == 0);
    while (store->pool != NULL) {
        struct store_txn *txn = store->pool;
        store->pool = txn->next;
        mdb_txn_abort(txn->mdb);
        free(txn);
    }
    if (store->env != NULL) {
        mdb_env_close(store->env);
    }
    store_lock_release(&store->lock);
    pthread_mutex_destroy(&store->pool_lock);
    pthread_mutex_destroy(&store->room_lock);
    sodium_memzero(store->secret, sizeof(store->secret));
    free(store->folder);
    free(store);
}

/* --- what it says of itself --- */

const uint8_t *store_log_id(const struct store *store)
{
    return store->log_id;
}

const uint8_t *store_secret(const struct store *store)
{
    return store->secret;
}

const char *store_service(const struct store *store)
{
    return store->service;
}

const char *store_folder(const struct store *store)
{
    return store->folder;
}

uint64_t store_end_bytes(const struct store *store)
{
    MDB_envinfo info;
    CHECK(mdb_env_info(store->env, &info) == 0);
    return ((uint64_t)info.me_last_pgno + 1) * store->page_bytes;
}

static uint64_t stat_pages(const MDB_stat *stat)
{
    return (uint64_t)stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
}

/* Sums what each tree says it has: exact, and needs no walk through the list of free pages. */
uint64_t store_used_bytes(const struct store *store, MDB_txn *mdb)
{
    uint64_t pages = 2; /* the meta pages */
    MDB_stat stat;
    for (MDB_dbi core = 0; core < 2; core++) { /* free pages, names */
        if (mdb_stat(mdb, core, &stat) == 0) {
            pages += stat_pages(&stat);
        }
    }
    for (int db = 0; db < DB_COUNT; db++) {
        if (mdb_stat(mdb, store->dbi[db], &stat) == 0) {
            pages += stat_pages(&stat);
        }
    }
    return pages * store->page_bytes;
}

void store_usage(struct store *store, struct store_usage *ret_usage)
{
    struct store_usage usage = {.map_bytes = store->map_bytes};
    struct store_txn *txn;
    if (store_read_begin(store, &txn, NULL) == STATUS_OK) {
        usage.used_bytes = store_used_bytes(store, txn->mdb);
        store_read_end(txn);
    } else {
        usage.used_bytes = store_end_bytes(store);
    }
    struct statvfs disk;
    if (statvfs(store->folder, &disk) == 0) {
        usage.disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    }
    *ret_usage = usage;
}
