/* The one builder and the one reader of keys. */
#include "store/key.h"

#include "base/check.h"

#include <string.h>

static uint8_t *extend(struct key *key, size_t size)
{
    if (key->overflow || size > KEY_BYTES_MAX - (size_t)key->size) {
        key->overflow = true;
        return NULL;
    }
    uint8_t *at = key->data + key->size;
    key->size = (uint16_t)(key->size + size);
    return at;
}

void key_begin(struct key *key, uint8_t class)
{
    CHECK(class != 0);
    key->size = 1;
    key->overflow = false;
    key->data[0] = class;
}

void key_add_u8(struct key *key, uint8_t value)
{
    key_add_bytes(key, &value, 1);
}

void key_add_u32(struct key *key, uint32_t value)
{
    uint8_t *at = extend(key, 4);
    if (at != NULL) {
        be32_put(at, value);
    }
}

void key_add_i32(struct key *key, int32_t value)
{
    key_add_u32(key, (uint32_t)value ^ UINT32_C(0x80000000));
}

void key_add_u64(struct key *key, uint64_t value)
{
    uint8_t *at = extend(key, 8);
    if (at != NULL) {
        be64_put(at, value);
    }
}

void key_add_i64(struct key *key, int64_t value)
{
    key_add_u64(key, (uint64_t)value ^ (UINT64_C(1) << 63));
}

void key_add_text(struct key *key, const char *text)
{
    key_add_bytes(key, text, strlen(text) + 1);
}

void key_add_bytes(struct key *key, const void *data, size_t size)
{
    uint8_t *at = extend(key, size);
    if (at != NULL && size > 0) {
        memcpy(at, data, size);
    }
}

struct bytes key_bytes(const struct key *key)
{
    return bytes_of(key->data, key->size);
}

/* --- reading --- */

struct key_reader key_read(struct bytes key)
{
    if (key.size == 0) {
        return (struct key_reader){.rest = key, .ok = false};
    }
    return (struct key_reader){.rest = {key.data + 1, key.size - 1}, .ok = true};
}

static const uint8_t *take(struct key_reader *reader, size_t size)
{
    if (!reader->ok || reader->rest.size < size) {
        reader->ok = false;
        return NULL;
    }
    const uint8_t *at = reader->rest.data;
    reader->rest.data += size;
    reader->rest.size -= size;
    return at;
}

uint8_t key_read_u8(struct key_reader *reader)
{
    const uint8_t *at = take(reader, 1);
    return at == NULL ? 0 : *at;
}

uint32_t key_read_u32(struct key_reader *reader)
{
    const uint8_t *at = take(reader, 4);
    return at == NULL ? 0 : be32_get(at);
}

int32_t key_read_i32(struct key_reader *reader)
{
    const uint8_t *at = take(reader, 4);
    return at == NULL ? 0 : (int32_t)(be32_get(at) ^ UINT32_C(0x80000000));
}

uint64_t key_read_u64(struct key_reader *reader)
{
    const uint8_t *at = take(reader, 8);
    return at == NULL ? 0 : be64_get(at);
}

int64_t key_read_i64(struct key_reader *reader)
{
    const uint8_t *at = take(reader, 8);
    return at == NULL ? 0 : (int64_t)(be64_get(at) ^ (UINT64_C(1) << 63));
}

const char *key_read_text(struct key_reader *reader)
{
    if (!reader->ok || reader->rest.size == 0) {
        reader->ok = false;
        return "";
    }
    const uint8_t *end = memchr(reader->rest.data, 0, reader->rest.size);
    if (end == NULL) {
        reader->ok = false;
        return "";
    }
    return (const char *)take(reader, (size_t)(end - reader->rest.data) + 1);
}
