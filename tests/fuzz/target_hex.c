/* Hex digits and UUIDv7: the first 16 bytes are a UUID, the next 8 a time, the rest is read as
 * bytes and as hex. */
#include "base/clock.h"
#include "base/random.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_bytes(struct fuzz_input *in, struct bytes bytes)
{
    char *text = fuzz_alloc(in, 2 * bytes.size + 1);
    uint8_t *again = fuzz_alloc(in, bytes.size);
    hex_encode(bytes.data, bytes.size, text);
    PROPERTY(strspn(text, "0123456789abcdef") == 2 * bytes.size && text[2 * bytes.size] == '\0',
             "two digits a byte");
    PROPERTY(hex_decode(text, again, bytes.size) && bytes_equal(bytes, bytes_of(again, bytes.size)),
             "bytes come back from their digits");
    PROPERTY(!hex_decode(text, again, bytes.size + 1),
             "more bytes than there are digits for are refused");
}

static void check_digits(struct fuzz_input *in, const char *text)
{
    size_t digits = strlen(text);
    size_t size = digits / 2;
    uint8_t *bytes = fuzz_alloc(in, size);
    char *again = fuzz_alloc(in, 2 * size + 1);
    bool is_hex = digits % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") == digits;
    PROPERTY(hex_decode(text, bytes, size) == is_hex, "hex is an even number of hex digits");
    if (is_hex) {
        hex_encode(bytes, size, again);
        for (size_t i = 0; i < digits; i++) {
            PROPERTY(again[i] == (text[i] >= 'A' && text[i] <= 'F' ? text[i] + 'a' - 'A' : text[i]),
                     "digits come back from their bytes, in lower case");
        }
    }
}

/* Randomness that is the input. */
struct given {
    struct random random;
    uint8_t bytes[UUID_BYTES];
};

static void fill(struct random *random, void *out, size_t size)
{
    struct given *given = (struct given *)random;
    PROPERTY(size <= UUID_BYTES, "a UUID needs no more than its size");
    memcpy(out, given->bytes, size);
}

static void check_uuid(struct given *given, int64_t time_us)
{
    uint8_t uuid[UUID_BYTES];
    uint8_t later[UUID_BYTES];
    int64_t read_us = uuid7_time_us(given->bytes);
    PROPERTY(read_us == -1 || (read_us >= 0 && read_us % MS_US == 0),
             "a UUIDv7 has a time in whole milliseconds");
    time_us %= INT64_C(1) << 57; /* 48 bits of milliseconds */
    uuid7_make(&given->random, time_us, uuid);
    PROPERTY(uuid7_time_us(uuid) == (time_us > 0 ? time_us / MS_US * MS_US : 0),
             "the time that was put in comes out");
    uuid7_make(&given->random, time_us + MS_US, later);
    PROPERTY(time_us < 0 || memcmp(uuid, later, UUID_BYTES) < 0, "bytes sort by time");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    struct given given = {.random = {.fill = fill}};
    fuzz_begin(&in, data, size);
    struct bytes first = fuzz_take(&in, UUID_BYTES);
    if (first.size > 0) {
        memcpy(given.bytes, first.data, first.size);
    }
    check_uuid(&given, fuzz_i64(&in));
    check_bytes(&in, in.rest);
    check_digits(&in, fuzz_rest_text(&in));
    fuzz_end(&in);
    return 0;
}
