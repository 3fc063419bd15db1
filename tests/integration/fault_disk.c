/* The preloaded half of fault_disk.h. Calls go on to the kernel directly. */
#include "tests/integration/fault_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define PATH_SIZE 1024

static struct fault_disk_page *page;

__attribute__((constructor)) static void find_page(void)
{
    const char *path = getenv(FAULT_DISK_VARIABLE);
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        page = mapped == MAP_FAILED ? NULL : mapped;
        (void)close(fd);
    }
}

static bool has(enum fault_disk_fault fault)
{
    return page != NULL && (atomic_load(&page->faults) & fault) != 0;
}

static int refuse(int error)
{
    atomic_fetch_add(&page->refused, 1);
    errno = error;
    return -1;
}

/* --- which file --- */

static bool is_store_path(const char *path)
{
    const char *name = strrchr(path, '/');
    name = name == NULL ? path : name + 1;
    return strcmp(name, "data.mdb") == 0 || strcmp(name, "journal") == 0;
}

/* Whether fd is a store's file; then also its path. */
static bool is_store(int fd, char ret_path[PATH_SIZE])
{
    char link[64];
    if (page == NULL || atomic_load(&page->faults) == 0) {
        return false;
    }
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, ret_path, PATH_SIZE - 1);
    if (size <= 0) {
        return false;
    }
    ret_path[size] = '\0';
    return is_store_path(ret_path);
}

static bool grows(int fd, uint64_t end)
{
    struct stat info;
    return fstat(fd, &info) == 0 && end > (uint64_t)info.st_size;
}

static bool syncs_itself(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_DSYNC) != 0;
}

/* --- what is not synced --- */

static int open_undo(const char *path)
{
    char undo[PATH_SIZE + 8];
    (void)snprintf(undo, sizeof undo, "%s" FAULT_DISK_UNDO, path);
    return open(undo, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Before a write: what it will replace. Whoever dies in the middle of this has not written. Returns
 * where the record begins. */
static off_t remember(const char *path, uint64_t offset, uint64_t size)
{
    off_t begin = 0;
    struct fault_disk_undo head = {.offset = offset, .size = size};
    int undo = open_undo(path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *record = calloc(1, sizeof head + size);
    if (undo >= 0 && file >= 0 && record != NULL) {
        begin = lseek(undo, 0, SEEK_END);
        memcpy(record, &head, sizeof head);
        (void)!pread(file, record + sizeof head, size, (off_t)offset); /* behind the end: zeros */
        (void)!syscall(SYS_write, undo, record, sizeof head + size);
    }
    free(record);
    if (file >= 0) {
        (void)close(file);
    }
    if (undo >= 0) {
        (void)close(undo);
    }
    return begin;
}

/* What was written from that record on is on the disk. */
static void forget(const char *path, off_t begin)
{
    int undo = open_undo(path);
    if (undo >= 0) {
        (void)!syscall(SYS_ftruncate, undo, begin);
        (void)close(undo);
    }
}

/* --- writing --- */

struct write {
    char path[PATH_SIZE]; /* "": it is none of ours */
    off_t undo;
};

/* -1 when it is refused. */
static int begin_write(int fd, uint64_t offset, uint64_t size, struct write *ret_write)
{
    if (!is_store(fd, ret_write->path)) {
        ret_write->path[0] = '\0';
        return 0;
    }
    if (has(FAULT_DISK_READ_ONLY)) {
        return refuse(EROFS);
    }
    if (has(FAULT_DISK_FULL) && grows(fd, offset + size)) {
        return refuse(ENOSPC);
    }
    if (has(FAULT_DISK_SYNC) && syncs_itself(fd)) {
        return refuse(EIO);
    }
    if (has(FAULT_DISK_VOLATILE)) {
        ret_write->undo = remember(ret_write->path, offset, size);
    }
    return 0;
}

/* A write that syncs has synced itself, not what came before. */
static void end_write(int fd, const struct write *write, ssize_t written)
{
    if (write->path[0] != '\0' && written >= 0 && has(FAULT_DISK_VOLATILE) && syncs_itself(fd)) {
        forget(write->path, write->undo);
    }
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    struct write write;
    if (begin_write(fd, (uint64_t)offset, size, &write) != 0) {
        return -1;
    }
    ssize_t written = syscall(SYS_pwrite64, fd, data, size, offset);
    end_write(fd, &write, written);
    return written;
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
    __attribute__((alias("pwrite")));

static uint64_t size_of(const struct iovec *parts, int count)
{
    uint64_t size = 0;
    for (int i = 0; i < count; i++) {
        size += parts[i].iov_len;
    }
    return size;
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct write write;
    off_t offset = page == NULL ? 0 : lseek(fd, 0, SEEK_CUR);
    if (begin_write(fd, offset < 0 ? 0 : (uint64_t)offset, size_of(parts, count), &write) != 0) {
        return -1;
    }
    ssize_t written = syscall(SYS_writev, fd, parts, count);
    end_write(fd, &write, written);
    return written;
}

EXPORT ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    struct write write;
    if (begin_write(fd, (uint64_t)offset, size_of(parts, count), &write) != 0) {
        return -1;
    }
    ssize_t written = syscall(SYS_pwritev, fd, parts, count, offset, 0);
    end_write(fd, &write, written);
    return written;
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset)
    __attribute__((alias("pwritev")));

/* --- syncing --- */

static int sync_with(long number, int fd)
{
    char path[PATH_SIZE];
    bool ours = is_store(fd, path);
    if (ours && has(FAULT_DISK_SYNC)) {
        return refuse(EIO);
    }
    int rc = (int)syscall(number, fd);
    if (ours && rc == 0 && has(FAULT_DISK_VOLATILE)) {
        forget(path, 0);
    }
    return rc;
}

EXPORT int fdatasync(int fd)
{
    return sync_with(SYS_fdatasync, fd);
}

EXPORT int fsync(int fd)
{
    return sync_with(SYS_fsync, fd);
}

/* --- growing --- */

static int refusal_to_grow(int fd, uint64_t end)
{
    char path[PATH_SIZE];
    if (!is_store(fd, path)) {
        return 0;
    }
    int error = has(FAULT_DISK_READ_ONLY) ? EROFS : 0;
    if (error == 0 && has(FAULT_DISK_FULL) && grows(fd, end)) {
        error = ENOSPC;
    }
    return error != 0 && refuse(error) != 0 ? error : 0;
}

EXPORT int posix_fallocate(int fd, off_t offset, off_t size)
{
    int error = refusal_to_grow(fd, (uint64_t)(offset + size));
    if (error != 0) {
        return error;
    }
    return syscall(SYS_fallocate, fd, 0, offset, size) == 0 ? 0 : errno;
}

EXPORT int posix_fallocate64(int fd, off_t offset, off_t size)
    __attribute__((alias("posix_fallocate")));

EXPORT int fallocate(int fd, int mode, off_t offset, off_t size)
{
    return refusal_to_grow(fd, (uint64_t)(offset + size)) != 0
               ? -1
               : (int)syscall(SYS_fallocate, fd, mode, offset, size);
}

EXPORT int fallocate64(int fd, int mode, off_t offset, off_t size)
    __attribute__((alias("fallocate")));

EXPORT int ftruncate(int fd, off_t size)
{
    return refusal_to_grow(fd, (uint64_t)size) != 0 ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

EXPORT int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

/* --- opening --- */

EXPORT int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    if ((flags & O_ACCMODE) != O_RDONLY && has(FAULT_DISK_READ_ONLY) && is_store_path(path)) {
        return refuse(EROFS);
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...) __attribute__((alias("open")));
