/*
 * EPIPE from a socket becomes ECONNRESET, for this whole process.
 *
 * NNG 1.5.2 takes EPIPE for NNG_ECLOSED, "I was closed": one connection that sends FIN and then RST - no
 * authentication needed - left listeners dead for good, and dialers likewise. With ECONNRESET it goes on. These definitions
 * stand before libc's because they are in the executable itself; from an archive the linker would drop them, so they
 * are linked as an object (common/rpc/CMakeLists.txt). Kept by tests/unit/rpc/test_rpc_resets.c.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define EXPORT __attribute__((visibility("default"), used))

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

/* Only sockets: a closed pipe stays EPIPE. */
static ssize_t translate(int fd, ssize_t result)
{
    if (result < 0 && errno == EPIPE) {
        struct stat info;
        errno = fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) ? ECONNRESET : EPIPE;
    }
    return result;
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    static _Atomic(void *) cache;
    return translate(fd, next_of(&cache, "sendmsg").sendmsg(fd, message, flags));
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
    static _Atomic(void *) cache;
    return translate(fd, next_of(&cache, "readv").vector(fd, parts, count));
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static _Atomic(void *) cache;
    return translate(fd, next_of(&cache, "writev").vector(fd, parts, count));
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
