/* Byte runs, the growing buffer, big-endian numbers, hex. */
#include "base/bytes.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64

void buffer_fini(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = BUFFER_EMPTY;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}

/* Room for n more bytes; never leaves data NULL. */
static void reserve(struct buffer *buffer, size_t n)
{
    CHECK(n <= SIZE_MAX / 2 - buffer->size);
    size_t needed = buffer->size + n;
    if (needed <= buffer->capacity && buffer->data != NULL) {
        return;
    }
    size_t capacity = buffer->capacity < CAPACITY_MIN ? CAPACITY_MIN : buffer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    CHECK(data != NULL);
    buffer->data = data;
    buffer->capacity = capacity;
}

uint8_t *buffer_extend(struct buffer *buffer, size_t n)
{
    reserve(buffer, n);
    uint8_t *at = buffer->data + buffer->size;
    buffer->size += n;
    return at;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    if (size > 0) {
        memcpy(buffer_extend(buffer, size), data, size);
    }
}

void buffer_append_bytes(struct buffer *buffer, struct bytes bytes)
{
    buffer_append(buffer, bytes.data, bytes.size);
}

void buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    reserve(buffer, CAPACITY_MIN);
    size_t room = buffer->capacity - buffer->size;
    int length = vsnprintf((char *)buffer->data + buffer->size, room, format, arguments);
    CHECK(length >= 0);
    if ((size_t)length >= room) {
        reserve(buffer, (size_t)length + 1);
        vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, again);
    }
    buffer->size += (size_t)length;
    va_end(again);
    va_end(arguments);
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
    return bytes_of(buffer->data, buffer->size);
}

const char *buffer_text(struct buffer *buffer)
{
    reserve(buffer, 1);
    buffer->data[buffer->size] = '\0';
    return (const char *)buffer->data;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared == 0 ? 0 : memcmp(a.data, b.data, shared);
    if (order != 0) {
        return order;
    }
    return (a.size > b.size) - (a.size < b.size);
}

struct bytes bytes_of_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

void be16_put(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

void be32_put(uint8_t *out, uint32_t value)
{
    be16_put(out, (uint16_t)(value >> 16));
    be16_put(out + 2, (uint16_t)value);
}

void be64_put(uint8_t *out, uint64_t value)
{
    be32_put(out, (uint32_t)(value >> 32));
    be32_put(out + 4, (uint32_t)value);
}

uint16_t be16_get(const uint8_t *in)
{
    return (uint16_t)(in[0] << 8 | in[1]);
}

uint32_t be32_get(const uint8_t *in)
{
    return (uint32_t)be16_get(in) << 16 | be16_get(in + 2);
}

uint64_t be64_get(const uint8_t *in)
{
    return (uint64_t)be32_get(in) << 32 | be32_get(in + 4);
}

void hex_encode(const uint8_t *in, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 0x0F];
    }
    out[2 * size] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool hex_decode(const char *in, uint8_t *out, size_t size)
{
    if (strnlen(in, 2 * size + 1) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < 2 * size; i++) {
        if (hex_digit(in[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < size; i++) {
        out[i] = (uint8_t)(hex_digit(in[2 * i]) * 16 + hex_digit(in[2 * i + 1]));
    }
    return true;
}
