/*
 * What has happened so far: the last steps of the world that runs, told when something breaks; all
 * of them with a trace. Their digest, times included, is the seed's fingerprint.
 *
 * There is one world at a time, so there is one story.
 */
#ifndef VAFA_TESTS_SIM_STORY_H
#define VAFA_TESTS_SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>

#define STORY_DIGEST_BYTES 32

struct story_options {
    uint64_t seed;
    bool trace;          /* every step to standard output */
    bool exits;          /* a failure ends the program, not a test */
    const char *command; /* what repeats it; NULL: nothing to tell */
    int64_t begin_us;    /* days are counted from here */
    int64_t (*now_us)(const void *context);
    const void *context;
};

void story_begin(const struct story_options *options);
/* Nothing more is told of a world that is being freed. */
void story_end(void);

/* One line, without a line break. */
void story_step(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tells what broke, when, and the last steps; then fails the test or ends the program. */
_Noreturn void story_fail(const char *invariant, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for a program that dies: only tells. */
void story_tell(const char *invariant, const char *what);

/* Of all steps so far. */
void story_digest(uint8_t ret_digest[STORY_DIGEST_BYTES]);

#endif
