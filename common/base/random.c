/* libsodium's generator, and UUIDv7 on any generator. */
#include "base/random.h"

#include "base/check.h"
#include "base/clock.h"

#include <pthread.h>
#include <sodium.h>

/* Not the kernel for every few bytes: libsodium's own generator, seeded by it, which erases what it
 * has given out and knows when the process was forked. A registration draws up to three times. */
static void sodium_start(void)
{
    CHECK(randombytes_set_implementation(&randombytes_internal_implementation) == 0);
    CHECK(sodium_init() >= 0);
}

static void system_fill(struct random *random, void *out, size_t size)
{
    (void)random;
    randombytes_buf(out, size);
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
