/* Tracking codes: permutation and check digit; the header says how and why. */
#include "text/code.h"

#include "base/bytes.h"
#include "base/check.h"
#include "text/digits.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 8
#define HALF_BITS 15
#define HALF_MASK UINT32_C(0x7FFF)
#define NUMBERS UINT32_C(900000000)
#define FIRST UINT32_C(100000000)

_Static_assert(CODE_KEY_BYTES == crypto_shorthash_siphash24_KEYBYTES, "SipHash's key");

/* The quasigroup of H. M. Damm, "Total anti-symmetrische Quasigruppen" (2004), page 106, order 10.
 */
static const uint8_t damm[10][10] = {
    {0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
    {1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
    {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
    {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
};

char code_check_digit(const char *digits)
{
    uint8_t interim = 0;
    for (const char *at = digits; *at != '\0'; at++) {
        CHECK(*at >= '0' && *at <= '9');
        interim = damm[interim][*at - '0'];
    }
    return (char)('0' + interim);
}

static uint32_t round_value(const uint8_t *key, int round, uint32_t half)
{
    uint8_t in[3] = {(uint8_t)round};
    uint8_t out[crypto_shorthash_siphash24_BYTES];
    be16_put(in + 1, (uint16_t)half);
    crypto_shorthash_siphash24(out, in, sizeof(in), key);
    return be32_get(out) & HALF_MASK;
}

static uint32_t feistel(const uint8_t *key, uint32_t value)
{
    uint32_t left = value >> HALF_BITS;
    uint32_t right = value & HALF_MASK;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t next = left ^ round_value(key, round, right);
        left = right;
        right = next;
    }
    return left << HALF_BITS | right;
}

static uint32_t feistel_back(const uint8_t *key, uint32_t value)
{
    uint32_t left = value >> HALF_BITS;
    uint32_t right = value & HALF_MASK;
    for (int round = ROUNDS - 1; round >= 0; round--) {
        uint32_t before = right ^ round_value(key, round, left);
        right = left;
        left = before;
    }
    return left << HALF_BITS | right;
}

void code_encode(const uint8_t key[CODE_KEY_BYTES], uint64_t number, char ret_code[CODE_SIZE])
{
    CHECK(number <= CODE_NUMBER_MAX);
    /* Walking a permutation from inside the range always comes back into it (1.2 steps on average).
     */
    uint32_t value = (uint32_t)number;
    do {
        value = feistel(key, value);
    } while (value >= NUMBERS);
    snprintf(ret_code, CODE_SIZE, "%09u", (unsigned)(value + FIRST));
    ret_code[CODE_DIGITS - 1] = code_check_digit(ret_code);
    ret_code[CODE_DIGITS] = '\0';
}

/* Ten ASCII digits out of what was typed; false for anything else. */
static bool read_digits(const char *text, char out[CODE_SIZE])
{
    size_t count = 0;
    for (uint32_t code = text_next(&text); code != 0; code = text_next(&text)) {
        int digit = code == UINT32_MAX ? DIGIT_OTHER : digit_of(code);
        if (digit == DIGIT_SEPARATOR) {
            continue;
        }
        if (digit == DIGIT_OTHER || count == CODE_DIGITS) {
            return false;
        }
        out[count++] = (char)('0' + digit);
    }
    out[count] = '\0';
    return count == CODE_DIGITS;
}

enum status code_decode(const uint8_t key[CODE_KEY_BYTES], const char *text, uint64_t *ret_number,
                        struct error *err)
{
    char digits[CODE_SIZE];
    if (!read_digits(text, digits) || digits[0] == '0') {
        return error_set(err, STATUS_INVALID_ARGUMENT, "code",
                         "a tracking code has %d digits and does not begin with 0", CODE_DIGITS);
    }
    if (code_check_digit(digits) != '0') {
        return error_set(err, STATUS_NOT_FOUND, "code",
                         "a digit of the tracking code is wrong: please read it again");
    }
    uint32_t value = 0;
    for (int i = 0; i < CODE_DIGITS - 1; i++) {
        value = value * 10 + (uint32_t)(digits[i] - '0');
    }
    value -= FIRST;
    do {
        value = feistel_back(key, value);
    } while (value >= NUMBERS);
    *ret_number = value;
    return STATUS_OK;
}
