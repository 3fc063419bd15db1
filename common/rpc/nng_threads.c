/*
 * How many threads NNG 1.5.2 makes. It runs its callbacks on two threads a processor, and each
 * callback it queues wakes one more of them: with our callbacks, which never wait, the second only
 * takes the first one's processor and its locks. Half as many made registering 15 to 35 % faster
 * and halved the switches between threads (docs/BENCHMARKS.md).
 *
 * The number is not an option, but it is twice what NNG is told there is of processors. So NNG, and
 * nobody else, is told half. Stands before libc's sysconf in the way of nng_reset.c.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* TSan's runtime asks before it can be asked: its builds do without. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITHOUT_NNG_THREADS
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define WITHOUT_NNG_THREADS
#endif

#ifndef WITHOUT_NNG_THREADS

#define EXPORT __attribute__((visibility("default"), used))
/* Sanitizers ask for the size of a page before they are ready to look at us. */
#define UNWATCHED __attribute__((no_sanitize("address", "thread", "undefined")))

/* glibc's own name for it: the name is not ours to choose. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
extern long __sysconf(int name);

static bool is_nng(void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) != 0 && info.dli_fname != NULL &&
           strstr(info.dli_fname, "libnng") != NULL;
}

EXPORT UNWATCHED long sysconf(int name)
{
    long value = __sysconf(name);
    if (name == _SC_NPROCESSORS_ONLN && value > 0 && is_nng(__builtin_return_address(0))) {
        return (value + 1) / 2;
    }
    return value;
}

#else
typedef int nng_threads_is_left_out; /* a translation unit is never empty */
#endif
