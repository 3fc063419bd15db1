/* One service's part of a backup: hold the writer, open a snapshot, let go, copy. The caller makes
 * one cut of the five. */
#include "service/node_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "service/pack_taken.h"
#include "store/store_copy.h"

#include "vafa/backup/v1/backup.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SET_ID_BYTES 16
#define LEFT_OUT_SIZE 400
#define SNAPSHOT_US_MAX                                                                            \
    (60 *                                                                                          \
     SECOND_US) /* then a snapshot nobody came back for is closed: it keeps the store's old   \
                        pages */
#define PACKS_LOOK_BYTES_MAX ((size_t)1 << 20)
#define HOLD_MS_MIN 100
#define HOLD_MS_MAX 5000

struct backup {
    struct node *node;
    pthread_mutex_t lock;
    struct store_txn *snapshot;
    uint8_t set_id[SET_ID_BYTES];
    struct loop_timer expiry; /* of a snapshot that is not being copied */
    bool copying;
    pthread_t copier;
    atomic_bool stop;      /* the copy is to be given up: the service is stopping */
    bool has_copier;       /* to be joined */
    struct rpc_call *call; /* the copy's */
    char folder[3072];
};

static enum status check_set(const struct backup *backup, ProtobufCBinaryData set_id,
                             struct error *err)
{
    if (set_id.len != SET_ID_BYTES) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "set_id", "it has %zu bytes instead of %d",
                         set_id.len, SET_ID_BYTES);
    }
    if (backup->snapshot == NULL || memcmp(backup->set_id, set_id.data, SET_ID_BYTES) != 0) {
        return error_set(err, STATUS_NOT_FOUND, "set_id",
                         "no snapshot of that set is open: begin again");
    }
    return STATUS_OK;
}

static enum status begin_snapshot(struct backup *backup,
                                  const Backup__BeginSnapshotRequest *request,
                                  struct log_position *ret_head, struct error *err)
{
    if (request->set_id.len != SET_ID_BYTES) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "set_id", "it has %zu bytes instead of %d",
                         request->set_id.len, SET_ID_BYTES);
    }
    if (request->hold_ms < HOLD_MS_MIN || request->hold_ms > HOLD_MS_MAX) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "hold_ms", "it is %u; %d to %d",
                         request->hold_ms, HOLD_MS_MIN, HOLD_MS_MAX);
    }
    bool is_again = memcmp(backup->set_id, request->set_id.data, SET_ID_BYTES) == 0;
    if (backup->copying || (backup->snapshot != NULL && !is_again)) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "set_id",
                         "another backup is being taken: try again in a minute");
    }
    if (backup->snapshot != NULL) {
        (void)writer_release(
            backup->node->writer); /* begun again: what the first try held is let go */
    }
    store_read_end(backup->snapshot);
    backup->snapshot = NULL;
    enum status status = writer_hold(backup->node->writer, request->hold_ms * MS_US, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_read_begin(backup->node->store, &backup->snapshot, err);
    if (status != STATUS_OK) {
        (void)writer_release(backup->node->writer); /* the cut has failed anyway */
        return status;
    }
    memcpy(backup->set_id, request->set_id.data, SET_ID_BYTES);
    loop_timer_set(backup->node->loop, &backup->expiry, SNAPSHOT_US_MAX);
    log_head(backup->snapshot, ret_head);
    return STATUS_OK;
}

static void snapshot_expired(struct loop_timer *timer)
{
    struct backup *backup = (struct backup *)((char *)timer - offsetof(struct backup, expiry));
    pthread_mutex_lock(&backup->lock);
    if (!backup->copying) {
        store_read_end(backup->snapshot);
        backup->snapshot = NULL;
    }
    pthread_mutex_unlock(&backup->lock);
}

/* --- copying, on a thread of its own: it may take minutes --- */

struct copied_file {
    char path[64];
    uint8_t digest[32];
};

static enum status list_files(const struct backup *backup, Backup__CopySnapshotResponse *response,
                              Backup__CopySnapshotResponse__File files[2],
                              Backup__CopySnapshotResponse__File *list[2],
                              struct copied_file storage[2], struct error *err)
{
    static const char *const names[2] = {"data.mdb", "keys.mdb"};
    for (size_t i = 0; i < 2; i++) {
        char path[sizeof backup->folder + sizeof storage[i].path + 1];
        snprintf(storage[i].path, sizeof storage[i].path, "%s/%s", backup->node->def->name,
                 names[i]);
        snprintf(path, sizeof path, "%s/%.*s", backup->folder, (int)sizeof storage[i].path,
                 storage[i].path);
        backup__copy_snapshot_response__file__init(&files[i]);
        enum status status =
            file_digest(path, &backup->stop, storage[i].digest, &files[i].size_bytes, err);
        if (status != STATUS_OK) {
            return status;
        }
        files[i].path = storage[i].path;
        files[i].digest = (ProtobufCBinaryData){sizeof storage[i].digest, storage[i].digest};
        list[i] = &files[i];
    }
    response->files = list;
    response->n_files = 2;
    return STATUS_OK;
}

/* Without it a restored service could not start. */
static enum status copy_pack_in_force(struct backup *backup, const Common__PackTaken *taken,
                                      struct pack_shelf *to, struct error *err)
{
    struct error why = ERROR_NONE;
    enum status status = pack_shelf_copy(&backup->node->shelf, taken->digest.data, to, &why);
    if (status == STATUS_OK) {
        return status;
    }
    bool is_gone = status == STATUS_NOT_FOUND;
    return error_set(err, is_gone ? STATUS_FAILED_PRECONDITION : status, "pack",
                     "the pack in force: %s", why.message);
}

/* The pack before the one in force is needed to take that back only: no backup is to fail for
 * it. */
static enum status copy_pack_before(struct backup *backup, const Common__PackTaken *taken,
                                    struct pack_shelf *to, char left_out[LEFT_OUT_SIZE],
                                    struct error *err)
{
    struct error why = ERROR_NONE;
    enum status status = pack_shelf_copy(&backup->node->shelf, taken->before.data, to, &why);
    if (status != STATUS_NOT_FOUND && status != STATUS_DATA_LOSS) {
        return status == STATUS_OK ? status : error_set(err, status, why.field, "%s", why.message);
    }
    (void)snprintf(left_out, LEFT_OUT_SIZE, "%s", why.message);
    log_warning(backup->node->def->name, "a backup lacks the city pack from before: %s",
                why.message);
    return STATUS_OK;
}

/* The pack in force at the snapshot and the one before it, when any was taken. Their folders are named by their digests, so they are
 * not listed with the set's files. */
static enum status copy_packs(struct backup *backup, const char *folder,
                              char left_out[LEFT_OUT_SIZE], struct error *err)
{
    struct node *node = backup->node;
    struct pack_shelf to;
    uint64_t offset = pack_taken_last(backup->snapshot, 0);
    if (offset == 0) {
        return STATUS_OK;
    }
    struct arena *arena = arena_new(PACKS_LOOK_BYTES_MAX);
    enum status status = pack_shelf_init(&to, folder, err);
    const Common__PackTaken *taken =
        status == STATUS_OK
            ? pack_taken_get(backup->snapshot, node->def->event_type, offset, arena, NULL, err)
            : NULL;
    if (status == STATUS_OK && taken == NULL) {
        status = STATUS_DATA_LOSS;
    }
    if (status == STATUS_OK) {
        status = copy_pack_in_force(backup, taken, &to, err);
    }
    if (status == STATUS_OK) {
        status = copy_pack_before(backup, taken, &to, left_out, err);
    }
    arena_free(arena);
    return status;
}

static void *copy_snapshot(void *context)
{
    struct backup *backup = context;
    struct error err = ERROR_NONE;
    char folder[sizeof backup->folder + 16];
    Backup__CopySnapshotResponse response = BACKUP__COPY_SNAPSHOT_RESPONSE__INIT;
    Backup__CopySnapshotResponse__File files[2], *list[2];
    struct copied_file storage[2];
    char left_out[LEFT_OUT_SIZE] = "";
    snprintf(folder, sizeof folder, "%s/%s", backup->folder, backup->node->def->name);
    enum status status = store_copy(backup->snapshot, folder, &backup->stop, &err);
    if (status == STATUS_OK) {
        status = list_files(backup, &response, files, list, storage, &err);
    }
    if (status == STATUS_OK) {
        status = copy_packs(backup, folder, left_out, &err);
    }
    response.left_out = left_out;
    pthread_mutex_lock(&backup->lock);
    store_read_end(backup->snapshot);
    backup->snapshot = NULL;
    backup->copying = false;
    struct rpc_call *call = backup->call;
    pthread_mutex_unlock(&backup->lock);
    if (status == STATUS_OK) {
        rpc_call_answer(call, &response.base, NULL);
    } else {
        rpc_call_refuse(call, &err);
    }
    return NULL;
}

static enum status begin_copy(struct backup *backup, const Backup__CopySnapshotRequest *request,
                              struct rpc_call *call, struct error *err)
{
    struct stat stat_of;
    if (backup->copying) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "set_id", "it is being copied already");
    }
    enum status status = check_set(backup, request->set_id, err);
    if (status != STATUS_OK) {
        return status;
    }
    if (request->folder[0] != '/' || strlen(request->folder) >= sizeof backup->folder ||
        stat(request->folder, &stat_of) != 0 || !S_ISDIR(stat_of.st_mode)) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "folder",
                         "give the absolute path of an existing folder");
    }
    snprintf(backup->folder, sizeof backup->folder, "%s", request->folder);
    if (backup->has_copier) {
        CHECK(pthread_join(backup->copier, NULL) == 0);
        backup->has_copier = false;
    }
    backup->call = call;
    backup->copying = true;
    if (pthread_create(&backup->copier, NULL, copy_snapshot, backup) != 0) {
        backup->copying = false;
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "no thread can be started");
    }
    backup->has_copier = true;
    return STATUS_OK;
}

/* --- the methods --- */

enum { BEGIN_SNAPSHOT, RELEASE_WRITER, COPY_SNAPSHOT }; /* in the order of the .proto */

static enum status answer_begin(struct backup *backup, struct rpc_call *call, struct error *err)
{
    Backup__BeginSnapshotResponse response = BACKUP__BEGIN_SNAPSHOT_RESPONSE__INIT;
    struct log_position head;
    struct position_storage storage;
    enum status status = begin_snapshot(
        backup, (const Backup__BeginSnapshotRequest *)rpc_call_request(call), &head, err);
    if (status == STATUS_OK) {
        position_fill(&storage, backup->node->def->id, &head);
        response.head = &storage.position;
        rpc_call_answer(call, &response.base, NULL);
    }
    return status;
}

static enum status answer_release(struct backup *backup, struct rpc_call *call, struct error *err)
{
    const Backup__ReleaseWriterRequest *request =
        (const Backup__ReleaseWriterRequest *)rpc_call_request(call);
    Backup__ReleaseWriterResponse response = BACKUP__RELEASE_WRITER_RESPONSE__INIT;
    enum status status = check_set(backup, request->set_id, err);
    if (status == STATUS_OK) {
        response.held = writer_release(backup->node->writer);
        rpc_call_answer(call, &response.base, NULL);
    }
    return status;
}

void backup_handle(void *context, unsigned method, struct rpc_call *call)
{
    struct backup *backup = context;
    struct error err = ERROR_NONE;
    enum status status;
    if (rpc_call_caller(call)->role != RPC_ROLE_ADMIN) {
        error_set(&err, STATUS_PERMISSION_DENIED, NULL, "backups are taken in the admin role");
        rpc_call_refuse(call, &err);
        return;
    }
    pthread_mutex_lock(&backup->lock);
    switch (method) {
    case BEGIN_SNAPSHOT: status = answer_begin(backup, call, &err); break;
    case RELEASE_WRITER: status = answer_release(backup, call, &err); break;
    default: /* COPY_SNAPSHOT: answered by its thread */
        status = begin_copy(backup, (const Backup__CopySnapshotRequest *)rpc_call_request(call),
                            call, &err);
        break;
    }
    pthread_mutex_unlock(&backup->lock);
    if (status != STATUS_OK) {
        rpc_call_refuse(call, &err);
    }
}

struct backup *backup_new(struct node *node)
{
    struct backup *backup = calloc(1, sizeof *backup);
    CHECK(backup != NULL);
    CHECK(pthread_mutex_init(&backup->lock, NULL) == 0);
    backup->node = node;
    backup->expiry.expired = snapshot_expired;
    return backup;
}

void backup_stop(struct backup *backup)
{
    atomic_store(&backup->stop, true);
}

void backup_free(struct backup *backup)
{
    if (backup == NULL) {
        return;
    }
    backup_stop(backup);
    if (backup->has_copier) {
        CHECK(pthread_join(backup->copier, NULL) == 0);
    }
    loop_timer_clear(backup->node->loop, &backup->expiry);
    store_read_end(backup->snapshot);
    (void)pthread_mutex_destroy(&backup->lock);
    free(backup);
}
