/*
 * Who may open a folder.
 *
 * Other processes are kept out by flock(2) on store.lock. Within this process a list of open
 * folders keeps a folder from being opened twice, read-only or not: closing the second would drop
 * the first's locks in lock.mdb.
 *
 * store.lock is empty until the store in the folder is whole, then names it: so a data file that
 * vanished or was emptied later is told from one that was never made.
 */
#include "store/store_internal.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS_MAX 256

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    dev_t device;
    ino_t inode;
} list[OPEN_FOLDERS_MAX];
static size_t list_count;

static enum status list_add(struct store_lock *lock, const char *folder, struct error *err)
{
    struct stat info;
    if (stat(folder, &info) != 0) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "store folder %s", folder);
    }
    enum status status = STATUS_OK;
    pthread_mutex_lock(&list_lock);
    for (size_t i = 0; i < list_count; i++) {
        if (list[i].device == info.st_dev && list[i].inode == info.st_ino) {
            status = error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                               "store %s is open in this process already", folder);
        }
    }
    if (status == STATUS_OK && list_count == OPEN_FOLDERS_MAX) {
        status =
            error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL, "%d stores are open", OPEN_FOLDERS_MAX);
    }
    if (status == STATUS_OK) {
        list[list_count].device = info.st_dev;
        list[list_count].inode = info.st_ino;
        list_count++;
        lock->listed = true;
        lock->device = info.st_dev;
        lock->inode = info.st_ino;
    }
    pthread_mutex_unlock(&list_lock);
    return status;
}

static void list_remove(struct store_lock *lock)
{
    pthread_mutex_lock(&list_lock);
    for (size_t i = 0; i < list_count; i++) {
        if (list[i].device == lock->device && list[i].inode == lock->inode) {
            list[i] = list[--list_count];
            break;
        }
    }
    pthread_mutex_unlock(&list_lock);
    lock->listed = false;
}

enum status store_lock_take(struct store_lock *lock, const char *folder, bool read_only,
                            struct error *err)
{
    *lock = (struct store_lock){.fd = -1};
    enum status status = list_add(lock, folder, err);
    if (status != STATUS_OK || read_only) {
        return status;
    }
    char *path;
    CHECK(asprintf(&path, "%s/store.lock", folder) > 0);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock->fd < 0) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "store lock %s", path);
    } else if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK ? error_set(err, STATUS_FAILED_PRECONDITION, NULL,
                                                  "store %s is open in another process", folder)
                                      : error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                                                        "store lock %s", path);
        close(lock->fd);
        lock->fd = -1;
    }
    free(path);
    if (status != STATUS_OK) {
        list_remove(lock);
    }
    return status;
}

void store_lock_release(struct store_lock *lock)
{
    if (lock->fd >= 0) {
        /* Said outright, since a child forked meanwhile holds the same open file. */
        (void)flock(lock->fd, LOCK_UN);
        close(lock->fd);
        lock->fd = -1;
    }
    if (lock->listed) {
        list_remove(lock);
    }
}

int store_lock_guard(const char *folder)
{
    char *path;
    CHECK(asprintf(&path, "%s/store.lock", folder) > 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    free(path);
    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool store_lock_is_marked(const struct store_lock *lock)
{
    struct stat info;
    return lock->fd >= 0 && fstat(lock->fd, &info) == 0 && info.st_size > 0;
}

enum status store_lock_mark(const struct store_lock *lock, const struct store *store,
                            struct error *err)
{
    char id[2 * STORE_LOG_ID_BYTES + 1];
    hex_encode(store->log_id, STORE_LOG_ID_BYTES, id);
    char text[STORE_SERVICE_BYTES_MAX + sizeof(id) + 64];
    int size = snprintf(text, sizeof(text), "Vafa store of %s, log %s\n", store->service, id);
    if (pwrite(lock->fd, text, (size_t)size, 0) != size || ftruncate(lock->fd, size) != 0 ||
        fsync(lock->fd) != 0) {
        return error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, errno, "writing store.lock in %s",
                               store->folder);
    }
    return STATUS_OK;
}
