/*
 * A running system for integration tests: real processes on a temporary folder, as one program or
 * as five. Waits for ready lines and never sleeps. A helper that fails, fails the test.
 *
 * TEST_SHAPE=five runs the services as five programs; else vafad runs them all.
 */
#ifndef VAFA_TESTS_SYSTEM_H
#define VAFA_TESTS_SYSTEM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYSTEM_PROGRAMS_MAX 5

struct system {
    char folder[128]; /* of everything */
    char data[160];   /* the servers' */
    char city[64];
    size_t program_count;
    pid_t pids[SYSTEM_PROGRAMS_MAX]; /* 0: not running */
    int outs[SYSTEM_PROGRAMS_MAX];   /* where the ready line comes from; 0: it has come */
};

/* Made and started. city: a pack's name, or a folder. */
struct system *system_new(const char *city);
/* Stops what runs, expects a clean end, removes the folder; NULL is allowed. */
void system_free(struct system *system);

bool system_is_five(void);
/* Program i (0 when one program runs all) of program_count. */
void system_start(struct system *system, size_t i);
void system_start_all(struct system *system);
/* The two halves of a start, for what happens in between. */
void system_start_begin(struct system *system, size_t i);
void system_start_end(struct system *system, size_t i);
void system_kill(struct system *system, size_t i);  /* SIGKILL, and waits until it is gone */
void system_kill_all(struct system *system);        /* all of them before any is waited for */
void system_pause(struct system *system, size_t i); /* SIGSTOP; a paused one may be killed */
void system_resume(struct system *system, size_t i);
/* SIGTERM; expects exit code 0 within 5 s. */
void system_stop(struct system *system, size_t i);
void system_stop_all(struct system *system);
const char *system_program(const struct system *system, size_t i); /* "vafad", "vafa-intake" ... */

/* What a program printed and how it ended. */
struct output {
    int code; /* exit code, or 128 + signal */
    char *out;
    char *err;
};
void output_free(struct output *output);

/* Runs `vafa --data DATA` with these arguments (NULL at the end) to its end. */
struct output system_vafa(const struct system *system, const char *const *arguments);
/* The same for any program of build/bin, without --data. */
struct output run_program(const char *program, const char *const *arguments);
/* Starts it in the background; what it says on standard error is kept. */
pid_t system_vafa_start(const struct system *system, const char *const *arguments);
/* Fails the test, with the logs of all programs, when it did not end with 0. */
void system_expect_good_end(const struct system *system, int code);
int wait_for_end(pid_t pid); /* as output.code */

/* vafa with --json: expects exit code 0 and JSON. The caller decrefs. */
json_t *system_json(const struct system *system, const char *const *arguments);

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
