/* How much memory a process takes: for tests that it stays bounded. */
#ifndef VAFA_TESTS_MEMORY_H
#define VAFA_TESTS_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* What is resident; pid 0: of this process. Fails the test when it is not there. */
int64_t memory_rss_bytes(pid_t pid);
/* The most that ever was. */
int64_t memory_peak_bytes(pid_t pid);

/* Sanitizers take memory and time of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_SANITIZED 1
#endif
#endif
#ifndef TEST_SANITIZED
#define TEST_SANITIZED 0
#endif

#endif
