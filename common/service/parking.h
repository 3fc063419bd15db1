/*
 * Parked reads: long polls and reads that wait for a position. They hold memory, no thread. A
 * commit wakes those whose key was signalled; a timer ends the others.
 */
#ifndef VAFA_SERVICE_PARKING_H
#define VAFA_SERVICE_PARKING_H

#include "base/loop.h"
#include "base/status.h"

#include <stddef.h>

struct parking;

enum parking_reason {
    PARKING_WOKEN,     /* look again */
    PARKING_OVER,      /* the wait is over: answer now */
    PARKING_REPLACED,  /* a newer wait of the same reader came */
    PARKING_CANCELLED, /* nobody waits for it any more */
    PARKING_DRAINED,   /* the service stops */
};

/* Embedded in its owner, zeroed before first use. */
struct parked {
    /* On the loop, once for each park. */
    void (*resume)(struct parked *parked, enum parking_reason reason);
    /* the parking's own */
    struct parking *parking;
    struct parked *previous, *next;
    struct loop_timer timer;
    uint64_t key;
    uint64_t reader; /* 0: none */
    uint64_t turn;   /* when it first came: tells the newer of two waits of a reader */
    bool brief;      /* the owner's: it waits for the next commit, and takes no place */
    enum parking_reason reason;
    bool is_parked;
    bool cancelled;
};

struct parking *parking_new(struct loop *loop, size_t parked_max);
/* With the loop stopped, or on it; nothing may be parked or ready (parking_drain, parking_resume).
 * NULL is allowed. */
void parking_free(struct parking *parking);

/* Taken before the snapshot a read looks at: if commits came since, parking resumes it at once, so
 * none is missed. */
uint64_t parking_generation(struct parking *parking);

/* key 0: any commit wakes it. reader 0: replaces nobody; a reader's older wait, coming back after
 * the newer one, is itself the one that is replaced. RESOURCE_EXHAUSTED when full, UNAVAILABLE once
 * drained. */
enum status parking_park(struct parking *parking, struct parked *parked, uint64_t key,
                         uint64_t reader, int64_t delay_us, uint64_t generation, struct error *err);
/* It resumes soon, as cancelled, if it waits or when it is parked next. It goes through the loop
 * like every other end, because the loop may be running its timer just now. Any thread. */
void parking_cancel(struct parking *parking, struct parked *parked);

/* After a commit; any thread. */
void parking_wake(struct parking *parking, const uint64_t *keys, size_t count, bool all);
void parking_drain(struct parking *parking);
/* Resumes what is ready now, instead of at its turn: with the loop stopped, or on it. */
void parking_resume(struct parking *parking);
size_t parking_count(struct parking *parking);

#endif
