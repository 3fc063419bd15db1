/* UTF-8 decoding by table 3-7 of the Unicode Standard (chapter 3, "Well-Formed UTF-8 Byte
 * Sequences"). */
#include "base/utf8_check.h"

#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080)

size_t utf8_decode(const uint8_t *data, size_t size, uint32_t *ret_code)
{
    if (size == 0) {
        return 0;
    }
    uint8_t first = data[0];
    size_t length;
    uint32_t code;
    /* The second byte's range carries all of the table's exceptions. */
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (first < 0x80) {
        length = 1;
        code = first;
    } else if (first >= 0xC2 && first <= 0xDF) {
        length = 2;
        code = first & 0x1FU;
    } else if (first >= 0xE0 && first <= 0xEF) {
        length = 3;
        code = first & 0x0FU;
        low = first == 0xE0 ? 0xA0 : 0x80;
        high = first == 0xED ? 0x9F : 0xBF;
    } else if (first >= 0xF0 && first <= 0xF4) {
        length = 4;
        code = first & 0x07U;
        low = first == 0xF0 ? 0x90 : 0x80;
        high = first == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (size < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (data[i] < low || data[i] > high) {
            return 0;
        }
        code = code << 6 | (data[i] & 0x3FU);
        low = 0x80;
        high = 0xBF;
    }
    if (ret_code != NULL) {
        *ret_code = code;
    }
    return length;
}

bool utf8_well_formed(const void *data, size_t size)
{
    const uint8_t *at = data;
    size_t left = size;
    while (left > 0) {
        uint64_t eight;
        if (left >= sizeof(eight)) {
            memcpy(&eight, at, sizeof(eight));
            if ((eight & HIGH_BITS) == 0) {
                at += sizeof(eight);
                left -= sizeof(eight);
                continue;
            }
        }
        size_t length = utf8_decode(at, left, NULL);
        if (length == 0) {
            return false;
        }
        at += length;
        left -= length;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t size, size_t size_max)
{
    if (size <= size_max) {
        return size;
    }
    size_t cut = size_max;
    while (cut > 0 && ((uint8_t)text[cut] & 0xC0) == 0x80) {
        cut--;
    }
    return cut;
}
