/* Typed keys: the first byte is a numbered class, then big-endian numbers and NUL-ended text, so
 * that byte order is the order of the parts. The one builder of keys. */
#ifndef VAFA_STORE_KEY_H
#define VAFA_STORE_KEY_H

#include "base/bytes.h"

#define KEY_BYTES_MAX 511 /* LMDB's limit */

struct key {
    uint16_t size;
    bool overflow; /* a part did not fit: the transaction refuses the key as INTERNAL */
    uint8_t data[KEY_BYTES_MAX];
};

void key_begin(struct key *key, uint8_t class); /* 1..255 */
void key_add_u8(struct key *key, uint8_t value);
void key_add_u32(struct key *key, uint32_t value);
void key_add_i32(struct key *key, int32_t value); /* sign bit flipped: negative before positive */
void key_add_u64(struct key *key, uint64_t value);
void key_add_i64(struct key *key, int64_t value);
void key_add_text(struct key *key, const char *text);               /* with its NUL */
void key_add_bytes(struct key *key, const void *data, size_t size); /* fixed sizes only */
struct bytes key_bytes(const struct key *key);

/* Reading a key back in the same order; `ok` turns false and stays so when a part is missing. */
struct key_reader {
    struct bytes rest;
    bool ok;
};

struct key_reader key_read(struct bytes key); /* behind the class */
uint8_t key_read_u8(struct key_reader *reader);
uint32_t key_read_u32(struct key_reader *reader);
int32_t key_read_i32(struct key_reader *reader);
uint64_t key_read_u64(struct key_reader *reader);
int64_t key_read_i64(struct key_reader *reader);
const char *key_read_text(struct key_reader *reader); /* borrowed; "" when not ok */

#endif
