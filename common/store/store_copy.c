/*
 * Copies. Rows are put with a cursor in key order into fresh environments (MDB_APPEND), which gives
 * full pages without holes and leaves free pages, and what they still hold, behind. Both files of a
 * copy bear the store's identity (format, service, log id).
 */
#include "store/store_copy.h"

#include "store/store_internal.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_BYTES (32u << 20) /* a transaction of the copy, so that memory stays bounded */
#define READ_BYTES (1u << 20)
#define MAP_SPARE_BYTES                                                                            \
    (UINT64_C(64) << 20) /* a copy of a full map still has room for its own bookkeeping */

/* One file of a copy. */
struct copy_file {
    MDB_env *env;
    MDB_dbi dbi[DB_COUNT];
    bool has[DB_COUNT];
    char *path;
    uint64_t map_bytes;
};

static char *join(const char *folder, const char *name)
{
    char *path;
    CHECK(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

static enum status fail(struct error *err, int rc, const struct copy_file *file, const char *doing)
{
    char what[160];
    (void)snprintf(what, sizeof(what), "%s %.100s", doing, file->path);
    return store_lmdb_error(err, rc, what);
}

static void close_file(struct copy_file *file)
{
    if (file->env != NULL) {
        mdb_env_close(file->env);
    }
    free(file->path);
    *file = (struct copy_file){0};
}

/* `want` marks the databases it is to have. A new file is synced by finish_file alone. */
static enum status open_file(struct copy_file *file, char *path, bool create, uint64_t map_bytes,
                             const bool want[DB_COUNT], struct error *err)
{
    *file = (struct copy_file){.path = path};
    int rc = mdb_env_create(&file->env);
    rc = rc != 0 ? rc : mdb_env_set_maxdbs(file->env, DB_COUNT);
    rc = rc != 0 ? rc : mdb_env_set_mapsize(file->env, map_bytes);
    unsigned flags = MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS | (create ? MDB_NOSYNC : MDB_RDONLY);
    rc = rc != 0 ? rc : mdb_env_open(file->env, path, flags, 0600);
    if (rc != 0) {
        return fail(err, rc, file, "opening");
    }
    enum status status = store_env_check_size(file->env, path, err);
    if (status != STATUS_OK) {
        return status;
    }
    MDB_envinfo info;
    MDB_txn *mdb = NULL;
    rc = mdb_env_info(file->env, &info);
    file->map_bytes = info.me_mapsize;
    rc = rc != 0 ? rc : mdb_txn_begin(file->env, NULL, create ? 0 : MDB_RDONLY, &mdb);
    for (int db = 0; rc == 0 && db < DB_COUNT; db++) {
        if (want[db]) {
            rc = mdb_dbi_open(mdb, store_db_names[db],
                              store_db_flags((enum store_db)db) | (create ? MDB_CREATE : 0),
                              &file->dbi[db]);
            file->has[db] = true;
        }
    }
    if (rc == 0) {
        rc = mdb_txn_commit(mdb);
    } else {
        mdb_txn_abort(mdb);
    }
    return rc == 0 ? STATUS_OK : fail(err, rc, file, "opening");
}

static bool is_stopped(const atomic_bool *stop)
{
    return stop != NULL && atomic_load(stop);
}

static enum status refuse_stopped(const char *path, struct error *err)
{
    return error_set(err, STATUS_UNAVAILABLE, NULL, "the service is stopping: %s is not whole",
                     path);
}

/* Puts every row of one database into the same of `file`. */
static enum status copy_rows(MDB_txn *from, MDB_dbi from_dbi, struct copy_file *file,
                             enum store_db db, const atomic_bool *stop, struct error *err)
{
    MDB_cursor *source = NULL;
    MDB_cursor *target = NULL;
    MDB_txn *to = NULL;
    MDB_val key, value;
    size_t put_bytes = 0;
    int rc = mdb_cursor_open(from, from_dbi, &source);
    if (rc != 0) {
        return fail(err, rc, file, "copying to");
    }
    rc = mdb_cursor_get(source, &key, &value, MDB_FIRST);
    while (rc == 0 && !is_stopped(stop)) {
        if (to == NULL) {
            put_bytes = 0;
            rc = mdb_txn_begin(file->env, NULL, 0, &to);
            rc = rc != 0 ? rc : mdb_cursor_open(to, file->dbi[db], &target);
        }
        rc = rc != 0 ? rc : mdb_cursor_put(target, &key, &value, MDB_APPEND);
        put_bytes += key.mv_size + value.mv_size;
        if (rc == 0 && put_bytes >= COMMIT_BYTES) {
            rc = mdb_txn_commit(to);
            to = NULL;
        }
        rc = rc != 0 ? rc : mdb_cursor_get(source, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(source);
    if (rc == 0) {
        mdb_txn_abort(to);
        return refuse_stopped(file->path, err);
    }
    if (rc != MDB_NOTFOUND) {
        mdb_txn_abort(to);
        return fail(err, rc, file, "copying to");
    }
    rc = to != NULL ? mdb_txn_commit(to) : 0;
    return rc == 0 ? STATUS_OK : fail(err, rc, file, "copying to");
}

static enum status finish_file(struct copy_file *file, struct error *err)
{
    int rc = mdb_env_sync(file->env, 1);
    if (rc != 0) {
        return fail(err, rc, file, "syncing");
    }
    /* The last pages may have been taken and given back, and never written: see
     * store_room_committed. */
    MDB_envinfo info;
    MDB_stat stat;
    struct stat now;
    mdb_filehandle_t fd;
    CHECK(mdb_env_info(file->env, &info) == 0 && mdb_env_stat(file->env, &stat) == 0 &&
          mdb_env_get_fd(file->env, &fd) == 0);
    off_t end = (off_t)(((uint64_t)info.me_last_pgno + 1) * stat.ms_psize);
    if (fstat(fd, &now) != 0 || (now.st_size < end && ftruncate(fd, end) != 0) || fsync(fd) != 0) {
        return error_set_errno(err, STATUS_DATA_LOSS, errno, "syncing %s", file->path);
    }
    return STATUS_OK;
}

/* --- a copy --- */

/* Format, service and log id, without the secret: what a file of keys must not have beside it. */
static enum status copy_identity(struct store_txn *txn, struct copy_file *file, struct error *err)
{
    static const char *const names[] = {META_FORMAT, META_SERVICE, META_LOG_ID};
    MDB_txn *to = NULL;
    int rc = mdb_txn_begin(file->env, NULL, 0, &to);
    for (size_t i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        MDB_val key = mdb_val_of(bytes_of_text(names[i]));
        MDB_val value;
        rc = mdb_get(txn->mdb, txn->store->dbi[DB_META], &key, &value);
        rc = rc != 0 ? rc : mdb_put(to, file->dbi[DB_META], &key, &value, 0);
    }
    if (rc == 0) {
        rc = mdb_txn_commit(to);
    } else {
        mdb_txn_abort(to);
    }
    return rc == 0 ? STATUS_OK : fail(err, rc, file, "copying to");
}

static const bool data_dbs[DB_COUNT] = {
    [DB_META] = true, [DB_LOG] = true, [DB_IDEM] = true, [DB_STATE] = true, [DB_VIEW] = true};
static const bool keys_dbs[DB_COUNT] = {[DB_META] = true, [DB_KEYS] = true};

static enum status copy_data(struct store_txn *txn, const char *folder, const atomic_bool *stop,
                             struct error *err)
{
    struct copy_file file;
    enum status status = open_file(&file, join(folder, "data.mdb"), true,
                                   txn->store->map_bytes + MAP_SPARE_BYTES, data_dbs, err);
    for (int db = 0; status == STATUS_OK && db < DB_COUNT; db++) {
        if (data_dbs[db]) {
            status = copy_rows(txn->mdb, txn->store->dbi[db], &file, (enum store_db)db, stop, err);
        }
    }
    status = status != STATUS_OK ? status : finish_file(&file, err);
    close_file(&file);
    return status;
}

static enum status copy_keys(struct store_txn *txn, const char *folder, const atomic_bool *stop,
                             struct error *err)
{
    struct copy_file file;
    enum status status = open_file(&file, join(folder, "keys.mdb"), true,
                                   txn->store->map_bytes + MAP_SPARE_BYTES, keys_dbs, err);
    status = status != STATUS_OK ? status : copy_identity(txn, &file, err);
    status = status != STATUS_OK
                 ? status
                 : copy_rows(txn->mdb, txn->store->dbi[DB_KEYS], &file, DB_KEYS, stop, err);
    status = status != STATUS_OK ? status : finish_file(&file, err);
    close_file(&file);
    return status;
}

enum status store_copy(struct store_txn *txn, const char *folder, const atomic_bool *stop,
                       struct error *err)
{
    if (txn_error(txn, err) != STATUS_OK) {
        return txn->error.status;
    }
    if (mkdir(folder, 0700) != 0) {
        return error_set_errno(err,
                               errno == EEXIST ? STATUS_ALREADY_EXISTS : STATUS_FAILED_PRECONDITION,
                               errno, "making %s for a copy", folder);
    }
    enum status status = copy_data(txn, folder, stop, err);
    status = status != STATUS_OK ? status : copy_keys(txn, folder, stop, err);
    status = status != STATUS_OK ? status : store_folder_sync(folder, err);
    if (status == STATUS_OK) {
        char *parent = join(folder, "..");
        status = store_folder_sync(parent, err);
        free(parent);
    }
    return status;
}

/* --- putting one together again --- */

static bool same_meta(struct copy_file *a, MDB_txn *in_a, struct copy_file *b, MDB_txn *in_b,
                      const char *name)
{
    MDB_val key = mdb_val_of(bytes_of_text(name));
    MDB_val left, right;
    return mdb_get(in_a, a->dbi[DB_META], &key, &left) == 0 &&
           mdb_get(in_b, b->dbi[DB_META], &key, &right) == 0 &&
           bytes_equal(bytes_of_mdb(left), bytes_of_mdb(right));
}

static enum status check_copy(struct copy_file *data, MDB_txn *in_data, struct copy_file *keys,
                              MDB_txn *in_keys, const char *service, struct error *err)
{
    MDB_val key = mdb_val_of(bytes_of_text(META_FORMAT));
    MDB_val value;
    int rc = mdb_get(in_data, data->dbi[DB_META], &key, &value);
    if (rc != 0 || value.mv_size != 8) {
        return error_set(err, STATUS_DATA_LOSS, NULL, "%s is no copy of a store", data->path);
    }
    if (be64_get(value.mv_data) != STORE_FORMAT) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                         "%s has format %llu, this program reads %d", data->path,
                         (unsigned long long)be64_get(value.mv_data), STORE_FORMAT);
    }
    key = mdb_val_of(bytes_of_text(META_SERVICE));
    rc = mdb_get(in_data, data->dbi[DB_META], &key, &value);
    if (rc != 0 || !bytes_equal(bytes_of_mdb(value), bytes_of_text(service))) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "%s is no copy of %s's store",
                         data->path, service);
    }
    if (!same_meta(data, in_data, keys, in_keys, META_LOG_ID) ||
        !same_meta(data, in_data, keys, in_keys, META_FORMAT)) {
        return error_set(err, STATUS_FAILED_PRECONDITION, NULL, "%s and %s are of different stores",
                         data->path, keys->path);
    }
    return STATUS_OK;
}

static enum status write_whole(struct copy_file *data, struct copy_file *keys, char *path,
                               const char *service, struct error *err)
{
    static const bool all[DB_COUNT] = {true, true, true, true, true, true};
    struct copy_file whole = {.path = path};
    MDB_txn *in_data = NULL;
    MDB_txn *in_keys = NULL;
    enum status status = STATUS_OK;
    int rc = mdb_txn_begin(data->env, NULL, MDB_RDONLY, &in_data);
    rc = rc != 0 ? rc : mdb_txn_begin(keys->env, NULL, MDB_RDONLY, &in_keys);
    status = rc != 0 ? fail(err, rc, data, "reading")
                     : check_copy(data, in_data, keys, in_keys, service, err);
    if (status == STATUS_OK) {
        uint64_t map_bytes = data->map_bytes + keys->map_bytes + MAP_SPARE_BYTES;
        status = open_file(&whole, path, true, map_bytes, all, err);
    }
    for (int db = 0; status == STATUS_OK && db < DB_COUNT; db++) {
        bool from_keys = db == DB_KEYS;
        status = copy_rows(from_keys ? in_keys : in_data, from_keys ? keys->dbi[db] : data->dbi[db],
                           &whole, (enum store_db)db, NULL, err);
    }
    status = status != STATUS_OK ? status : finish_file(&whole, err);
    mdb_txn_abort(in_data);
    mdb_txn_abort(in_keys);
    close_file(&whole);
    return status;
}

static enum status empty_journal(const char *folder, struct error *err)
{
    char *path = join(folder, JOURNAL_FILE);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum status status = STATUS_OK;
    if (fd < 0 || fsync(fd) != 0) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "emptying %s", path);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return status;
}

/* Under the folder's lock. The file gets its name when it is whole and synced, so that a restore
 * cut short leaves no store. */
static enum status restore_locked(const char *copy_folder, const char *folder, const char *service,
                                  struct error *err)
{
    struct copy_file data = {0};
    struct copy_file keys = {0};
    struct stat info;
    char *path = join(folder, "data.mdb");
    char *part = join(folder, "data.mdb.part");
    enum status status = STATUS_OK;
    if (stat(path, &info) == 0) {
        status = error_set(err, STATUS_ALREADY_EXISTS, NULL, "%s holds a store already", folder);
        goto out;
    }
    if (unlink(part) != 0 && errno != ENOENT) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "removing %s", part);
        goto out;
    }
    status = open_file(&data, join(copy_folder, "data.mdb"), false, STORE_MAP_BYTES_DEFAULT,
                       data_dbs, err);
    if (status == STATUS_OK) {
        status = open_file(&keys, join(copy_folder, "keys.mdb"), false, STORE_MAP_BYTES_DEFAULT,
                           keys_dbs, err);
    }
    if (status == STATUS_OK) {
        status = write_whole(&data, &keys, strdup(part), service, err);
    }
    if (status == STATUS_OK) {
        status = empty_journal(folder, err); /* of the store that was here before */
    }
    if (status == STATUS_OK && rename(part, path) != 0) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "renaming %s", part);
    }
    status = status != STATUS_OK ? status : store_folder_sync(folder, err);
out:
    close_file(&data);
    close_file(&keys);
    free(path);
    free(part);
    return status;
}

enum status store_restore(const char *copy_folder, const char *folder, const char *service,
                          struct error *err)
{
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making %s", folder);
    }
    struct store_lock lock;
    enum status status = store_lock_take(&lock, folder, false, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = restore_locked(copy_folder, folder, service, err);
    store_lock_release(&lock);
    return status;
}

/* --- digests --- */

enum status file_digest(const char *path, const atomic_bool *stop, uint8_t ret_digest[32],
                        uint64_t *ret_size, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "opening %s", path);
    }
    crypto_generichash_state state;
    uint8_t *buffer = malloc(READ_BYTES);
    CHECK(buffer != NULL && crypto_generichash_init(&state, NULL, 0, 32) == 0);
    uint64_t size = 0;
    ssize_t got;
    do {
        got = read(fd, buffer, READ_BYTES);
        if (got > 0) {
            CHECK(crypto_generichash_update(&state, buffer, (size_t)got) == 0);
            size += (uint64_t)got;
        }
    } while ((got > 0 || (got < 0 && errno == EINTR)) && !is_stopped(stop));
    enum status status = STATUS_OK;
    if (got > 0) {
        status = refuse_stopped(path, err);
    } else if (got < 0) {
        status = error_set_errno(err, STATUS_DATA_LOSS, errno, "reading %s", path);
    } else {
        CHECK(crypto_generichash_final(&state, ret_digest, 32) == 0);
        *ret_size = size;
    }
    free(buffer);
    close(fd);
    return status;
}
