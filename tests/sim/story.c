#include "tests/sim/story.h"

#include "base/check.h"
#include "base/clock.h"

#include <inttypes.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Last: it needs what the others declare. */
#include <cmocka.h>

#define STEPS_KEPT 30
#define STEP_SIZE 256
#define TIME_SIZE 40

static struct story_options story;
static bool is_told;
static char steps[STEPS_KEPT][STEP_SIZE + TIME_SIZE];
static uint64_t step_count;
static crypto_generichash_state digest;

void story_begin(const struct story_options *options)
{
    story = *options;
    is_told = true;
    step_count = 0;
    CHECK(crypto_generichash_init(&digest, NULL, 0, STORY_DIGEST_BYTES) == 0);
}

void story_end(void)
{
    is_told = false;
}

/* "day 12 14:05:33.120456" */
static void put_time(char out[TIME_SIZE])
{
    int64_t us = story.now_us(story.context) - story.begin_us;
    (void)snprintf(out, TIME_SIZE, "day %" PRId64 " %02d:%02d:%02d.%06d", us / DAY_US,
                   (int)(us % DAY_US / HOUR_US), (int)(us % HOUR_US / MINUTE_US),
                   (int)(us % MINUTE_US / SECOND_US), (int)(us % SECOND_US));
}

void story_step(const char *format, ...)
{
    char text[STEP_SIZE];
    char time[TIME_SIZE];
    va_list arguments;
    if (!is_told) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_time(time);
    char *step = steps[step_count++ % STEPS_KEPT];
    int size = snprintf(step, sizeof steps[0], "%s  %s", time, text);
    CHECK(size > 0);
    CHECK(crypto_generichash_update(&digest, (const uint8_t *)step, strlen(step) + 1) == 0);
    if (story.trace) {
        puts(step);
    }
}

void story_tell(const char *invariant, const char *what)
{
    char time[TIME_SIZE] = "";
    if (!is_told) {
        fprintf(stderr, "BROKEN: %s\n  %s\n", invariant, what);
        return;
    }
    put_time(time);
    fflush(stdout);
    fprintf(stderr, "BROKEN: %s\n  %s\n  seed %" PRIu64 ", %s\n", invariant, what, story.seed,
            time);
    uint64_t kept = step_count < STEPS_KEPT ? step_count : STEPS_KEPT;
    fprintf(stderr, "  the last %" PRIu64 " of %" PRIu64 " steps:\n", kept, step_count);
    for (uint64_t i = step_count - kept; i < step_count; i++) {
        fprintf(stderr, "    %s\n", steps[i % STEPS_KEPT]);
    }
    if (story.command != NULL) {
        fprintf(stderr, "  again, with everything told: %s --trace\n", story.command);
    }
}

void story_fail(const char *invariant, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    story_tell(invariant, text);
    if (is_told && story.exits) {
        exit(1);
    }
    fail();
    abort(); /* not reached: fail() leaves the test */
}

void story_digest(uint8_t ret_digest[STORY_DIGEST_BYTES])
{
    crypto_generichash_state copy = digest;
    CHECK(crypto_generichash_final(&copy, ret_digest, STORY_DIGEST_BYTES) == 0);
}
