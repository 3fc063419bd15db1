/*
 * Parked reads: long polls and reads that wait for a position. They hold memory, no thread. A commit wakes those whose key
 * was signalled; a timer ends the others.
 */
#ifndef VAFA_SERVICE_PARKING_H
#define VAFA_SERVICE_PARKING_H

#include "base/loop.h"
#include "base/status.h"

#include <stddef.h>

struct parking;

enum parking_reason {
    PARKING_WOKEN,    /* look again */
    PARKING_OVER,     /* the wait is over: answer now */
    PARKING_REPLACED, /* a newer wait of the same reader came */
    PARKING_DRAINED,  /* the service stops */
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
    enum parking_reason reason;
    bool is_parked;
};

struct parking *parking_new(struct loop *loop, size_t parked_max);
void parking_free(struct parking *parking); /* nothing may be parked; NULL is allowed */

/* Taken before the snapshot a read looks at: if commits came since, parking resumes it at once, so none is missed. */
uint64_t parking_generation(struct parking *parking);

/* key 0: any commit wakes it. reader 0: replaces nobody. RESOURCE_EXHAUSTED when full, UNAVAILABLE once drained. */
enum status parking_park(struct parking *parking, struct parked *parked, uint64_t key, uint64_t reader,
                         int64_t delay_us, uint64_t generation, struct error *err);
/* True when it was parked: it will not resume and is the caller's again. Any thread. */
bool parking_remove(struct parking *parking, struct parked *parked);

/* After a commit; any thread. */
void parking_wake(struct parking *parking, const uint64_t *keys, size_t count, bool all);
void parking_drain(struct parking *parking);
size_t parking_count(struct parking *parking);

#endif
