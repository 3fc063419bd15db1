/* libsodium's generator, and UUIDv7 on any generator. */
#include "base/random.h"

#include "base/check.h"
#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

/*
 * Not the kernel for every few bytes: libsodium's own generator, seeded by it. That asks at every
 * draw whether the process was forked, which is a system call too; so each thread draws a stock at
 * once. What was given out is erased from it, and a fork voids the child's: a registration draws up
 * to three times.
 */
#define STOCK_BYTES 512
#define STOCK_DRAW_MAX 64 /* more is drawn by itself */

static _Thread_local struct {
    uint64_t made_at; /* the number of forks then */
    size_t left;
    uint8_t bytes[STOCK_BYTES];
} stock;

static _Atomic uint64_t forks = 1;

/* In the child. libsodium ends a process that draws after a fork without this. */
static void forked(void)
{
    atomic_fetch_add(&forks, 1);
    randombytes_stir();
}

static void sodium_start(void)
{
    CHECK(randombytes_set_implementation(&randombytes_internal_implementation) == 0);
    CHECK(sodium_init() >= 0);
    CHECK(pthread_atfork(NULL, NULL, forked) == 0);
}

static void system_fill(struct random *random, void *out, size_t size)
{
    (void)random;
    if (size > STOCK_DRAW_MAX) {
        randombytes_buf(out, size);
        return;
    }
    uint64_t now = atomic_load_explicit(&forks, memory_order_relaxed);
    if (stock.left < size || stock.made_at != now) {
        randombytes_buf(stock.bytes, STOCK_BYTES);
        stock.left = STOCK_BYTES;
        stock.made_at = now;
    }
    stock.left -= size;
    memcpy(out, stock.bytes + stock.left, size);
    explicit_bzero(stock.bytes + stock.left, size);
}

struct random *random_system(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static struct random random = {.fill = system_fill};
    CHECK(pthread_once(&once, sodium_start) == 0);
    return &random;
}

uint64_t random_u64(struct random *random)
{
    uint64_t value;
    random->fill(random, &value, sizeof(value));
    return value;
}

void uuid7_make(struct random *random, int64_t wall_us, uint8_t out[UUID_BYTES])
{
    uint64_t ms = wall_us > 0 ? (uint64_t)(wall_us / MS_US) : 0;
    random->fill(random, out, UUID_BYTES);
    for (int i = 5; i >= 0; i--) {
        out[i] = (uint8_t)ms;
        ms >>= 8;
    }
    out[6] = (uint8_t)(0x70 | (out[6] & 0x0F)); /* version 7 */
    out[8] = (uint8_t)(0x80 | (out[8] & 0x3F)); /* variant 10 */
}

int64_t uuid7_time_us(const uint8_t uuid[UUID_BYTES])
{
    if (uuid[6] >> 4 != 7 || uuid[8] >> 6 != 2) {
        return -1;
    }
    int64_t ms = 0;
    for (int i = 0; i < 6; i++) {
        ms = ms << 8 | uuid[i];
    }
    return ms * MS_US;
}
