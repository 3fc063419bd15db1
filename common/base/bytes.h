/* Borrowed and owned runs of bytes, and big-endian numbers in them. */
#ifndef VAFA_BASE_BYTES_H
#define VAFA_BASE_BYTES_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Borrowed: valid as long as its owner says. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

/* Owned and growing. Start from BUFFER_EMPTY; end with buffer_fini. Aborts when memory is gone. */
struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

#define BUFFER_EMPTY ((struct buffer){0})

void buffer_fini(struct buffer *buffer);                 /* frees the contents, leaves it empty */
void buffer_clear(struct buffer *buffer);                /* size 0, memory kept */
uint8_t *buffer_extend(struct buffer *buffer, size_t n); /* n uninitialised bytes at the end */
void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_bytes(struct buffer *buffer, struct bytes bytes);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct bytes buffer_bytes(const struct buffer *buffer);
/* The contents with a NUL behind them (not counted in size); valid until the next change. */
const char *buffer_text(struct buffer *buffer);

bool bytes_equal(struct bytes a, struct bytes b);
int bytes_compare(struct bytes a, struct bytes b); /* memcmp order, the shorter first */
static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){.data = data, .size = size};
}
struct bytes bytes_of_text(const char *text); /* without the NUL */

void be16_put(uint8_t *out, uint16_t value);
void be32_put(uint8_t *out, uint32_t value);
void be64_put(uint8_t *out, uint64_t value);
uint16_t be16_get(const uint8_t *in);
uint32_t be32_get(const uint8_t *in);
uint64_t be64_get(const uint8_t *in);

/* Lower-case hex; `out` holds 2 * size + 1 characters. */
void hex_encode(const uint8_t *in, size_t size, char *out);
/* Exactly size bytes from 2 * size hex digits; false (out untouched) for anything else. */
bool hex_decode(const char *in, uint8_t *out, size_t size);

#endif
