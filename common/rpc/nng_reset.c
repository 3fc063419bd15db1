/*
 * What stands between NNG 1.5.2 and the kernel: two faults of its are kept from happening here.
 * These definitions stand before libc's because they are in the executable itself; from an archive
 * the linker would drop them, so they are linked as an object (common/rpc/CMakeLists.txt).
 *
 * EPIPE from a socket becomes ECONNRESET. NNG takes EPIPE for NNG_ECLOSED, "I was closed": one
 * connection that sends FIN and then RST - no authentication needed - left listeners dead for good,
 * and dialers likewise. Kept by test_rpc_resets.c.
 *
 * I/O can be held while a socket is closed. A message is read in pieces, first its length; when NNG
 * closes a connection between two pieces, the second read is neither begun nor answered, and NNG's
 * one thread that clears connections away waits for it for ever, and with it every nng_close of the
 * process. While I/O is held the kernel seems to have nothing ("again"): what is between two pieces
 * comes to rest in the second read, where closing finds it. Kept by test_rpc_nng.c,
 * comes_and_goes….
 */
#include "base/clock.h"
#include "rpc/rpc_nng_private.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define EXPORT __attribute__((visibility("default"), used))

/* Connections looked at; a process has fewer (RPC_PIPES_MAX a server). */
#define FDS_MAX 65536

/* How long to wait for connections to come to rest. One whose request nobody takes does not, and
 * need not. */
#define REST_US_MAX (20 * MS_US)

/* Set from before a read until one finds nothing; from before a write until one is complete. */
struct pieces {
    _Atomic bool reading;
    _Atomic bool writing;
};

static struct pieces pieces[FDS_MAX];
static _Atomic int fd_highest = -1;
static _Atomic int holds;

/* The definition behind ours. dlsym's object pointer becomes a function pointer through a union. */
union next {
    void *object;
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    ssize_t (*vector)(int, const struct iovec *, int);
    int (*getsockopt)(int, int, int, void *, socklen_t *);
};

static union next next_of(_Atomic(void *) *cache, const char *name)
{
    void *found = atomic_load_explicit(cache, memory_order_acquire);
    if (found == NULL) {
        found = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(cache, found, memory_order_release);
    }
    return (union next){.object = found};
}

static bool is_socket(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode);
}

/* Only sockets: a closed pipe stays EPIPE. */
static ssize_t translate(int fd, ssize_t result)
{
    if (result < 0 && errno == EPIPE) {
        errno = is_socket(fd) ? ECONNRESET : EPIPE;
    }
    return result;
}

/* --- holding --- */

static bool is_held(int fd)
{
    return atomic_load(&holds) > 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0 && is_socket(fd);
}

static _Atomic bool *piece_of(int fd, bool writing)
{
    static _Atomic bool beyond;
    if (fd < 0 || fd >= FDS_MAX) {
        return &beyond;
    }
    int highest = atomic_load_explicit(&fd_highest, memory_order_relaxed);
    while (fd > highest && !atomic_compare_exchange_weak(&fd_highest, &highest, fd)) {
    }
    return writing ? &pieces[fd].writing : &pieces[fd].reading;
}

/* False, with errno set: held. The mark is set before the look, as rpc_nng_hold sets the hold
 * before it looks for marks. */
static bool piece_begin(int fd, _Atomic bool *piece)
{
    atomic_store(piece, true);
    if (!is_held(fd)) {
        return true;
    }
    atomic_store(piece, false);
    errno = EAGAIN;
    return false;
}

static bool at_rest(void)
{
    int highest = atomic_load(&fd_highest);
    for (int fd = 0; fd <= highest; fd++) {
        if (atomic_load(&pieces[fd].reading) || atomic_load(&pieces[fd].writing)) {
            return false;
        }
    }
    return true;
}

void rpc_nng_hold(void)
{
    atomic_fetch_add(&holds, 1);
    int64_t until_us = clock_mono_us(clock_system()) + REST_US_MAX;
    while (!at_rest() && clock_mono_us(clock_system()) < until_us) {
        sched_yield();
    }
}

void rpc_nng_release(void)
{
    atomic_fetch_sub(&holds, 1);
}

/* --- in libc's place --- */

static size_t total(const struct iovec *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].iov_len;
    }
    return size;
}

/* A write that is complete, or that failed for good, has no second piece. */
static void write_ended(_Atomic bool *piece, ssize_t result, size_t size)
{
    if (result < 0 || (size_t)result == size) {
        atomic_store(piece, false);
    }
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static _Atomic(void *) cache;
    _Atomic bool *piece = piece_of(fd, true);
    if (!piece_begin(fd, piece)) {
        return -1;
    }
    ssize_t result = translate(fd, next_of(&cache, "sendmsg").sendmsg(fd, message, flags));
    write_ended(piece, result, total(message->msg_iov, message->msg_iovlen));
    return result;
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    static _Atomic(void *) cache;
    _Atomic bool *piece = piece_of(fd, false);
    if (!piece_begin(fd, piece)) {
        return -1;
    }
    ssize_t result = translate(fd, next_of(&cache, "readv").vector(fd, parts, count));
    if (result <= 0) {
        atomic_store(piece, false);
    }
    return result;
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static _Atomic(void *) cache;
    _Atomic bool *piece = piece_of(fd, true);
    if (!piece_begin(fd, piece)) {
        return -1;
    }
    ssize_t result = translate(fd, next_of(&cache, "writev").vector(fd, parts, count));
    write_ended(piece, result, count > 0 ? total(parts, (size_t)count) : 0);
    return result;
}

EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict size)
{
    static _Atomic(void *) cache;
    int result = next_of(&cache, "getsockopt").getsockopt(fd, level, name, value, size);
    if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && value != NULL && size != NULL &&
        *size == sizeof(int) && *(int *)value == EPIPE) {
        *(int *)value = ECONNRESET;
    }
    return result;
}
