/* Randomness through a seam, and UUIDv7 (RFC 9562, section 5.7). */
#ifndef VAFA_BASE_RANDOM_H
#define VAFA_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    void (*fill)(struct random *random, void *out, size_t size); /* safe from any thread */
};

/* libsodium's own generator, a stock of it for each thread; shared, never freed. A forked process
 * may draw, too. */
struct random *random_system(void);

uint64_t random_u64(struct random *random);

#define UUID_BYTES 16

/* A UUIDv7 of the given wall time: its bytes sort by that time, in milliseconds. */
void uuid7_make(struct random *random, int64_t wall_us, uint8_t out[UUID_BYTES]);
/* The time in it, in microseconds; -1 when version or variant are not those of a UUIDv7. */
int64_t uuid7_time_us(const uint8_t uuid[UUID_BYTES]);

#endif
