/* Taking an input apart, and saying which property did not hold. */
#include "tests/fuzz/fuzz.h"

#include "base/check.h"
#include "base/utf8_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fuzz_block {
    struct fuzz_block *next;
    void *memory;
};

void fuzz_property_failed(const char *text, const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: this does not hold: %s (%s)\n", file, line, text, condition);
    abort();
}

void fuzz_check_refusal(enum status status, const struct error *err)
{
    PROPERTY(status > STATUS_OK && (unsigned)status < STATUS_COUNT, "a refusal has a known status");
    PROPERTY(err->status == status, "the error tells the status that is returned");
    PROPERTY(err->message[0] != '\0', "a refusal tells why");
    PROPERTY(utf8_well_formed(err->message, strlen(err->message)), "its message is text");
    PROPERTY(utf8_well_formed(err->field, strlen(err->field)), "its field is text");
}

void fuzz_begin(struct fuzz_input *in, const uint8_t *data, size_t size)
{
    *in = (struct fuzz_input){.rest = bytes_of(data, size)};
}

void fuzz_end(struct fuzz_input *in)
{
    for (struct fuzz_block *block = in->blocks; block != NULL;) {
        struct fuzz_block *next = block->next;
        free(block->memory);
        free(block);
        block = next;
    }
    in->blocks = NULL;
}

/* --- numbers --- */

struct bytes fuzz_take(struct fuzz_input *in, size_t size_max)
{
    size_t size = size_max < in->rest.size ? size_max : in->rest.size;
    struct bytes taken = bytes_of(in->rest.data, size);
    if (size > 0) {
        in->rest = bytes_of(in->rest.data + size, in->rest.size - size);
    }
    return taken;
}

uint64_t fuzz_u64(struct fuzz_input *in)
{
    uint8_t number[8] = {0};
    struct bytes taken = fuzz_take(in, sizeof(number));
    if (taken.size > 0) {
        memcpy(number, taken.data, taken.size);
    }
    return be64_get(number);
}

uint32_t fuzz_u32(struct fuzz_input *in)
{
    uint8_t number[4] = {0};
    struct bytes taken = fuzz_take(in, sizeof(number));
    if (taken.size > 0) {
        memcpy(number, taken.data, taken.size);
    }
    return be32_get(number);
}

uint8_t fuzz_u8(struct fuzz_input *in)
{
    struct bytes taken = fuzz_take(in, 1);
    return taken.size > 0 ? taken.data[0] : 0;
}

int64_t fuzz_i64(struct fuzz_input *in)
{
    return (int64_t)fuzz_u64(in);
}

bool fuzz_bool(struct fuzz_input *in)
{
    return (fuzz_u8(in) & 1) != 0;
}

size_t fuzz_below(struct fuzz_input *in, size_t limit)
{
    return (limit <= 256 ? fuzz_u8(in) : fuzz_u32(in)) % limit;
}

/* --- text --- */

struct bytes fuzz_line(struct fuzz_input *in)
{
    const uint8_t *end = in->rest.size > 0 ? memchr(in->rest.data, '\n', in->rest.size) : NULL;
    struct bytes line = fuzz_take(in, end == NULL ? in->rest.size : (size_t)(end - in->rest.data));
    (void)fuzz_take(in, 1);
    return line;
}

void *fuzz_alloc(struct fuzz_input *in, size_t size)
{
    struct fuzz_block *block = malloc(sizeof(*block));
    CHECK(block != NULL);
    block->memory = calloc(1, size > 0 ? size : 1);
    CHECK(block->memory != NULL);
    block->next = in->blocks;
    in->blocks = block;
    return block->memory;
}

char *fuzz_text_of(struct fuzz_input *in, struct bytes bytes)
{
    size_t size = bytes.size > 0 ? strnlen((const char *)bytes.data, bytes.size) : 0;
    char *text = fuzz_alloc(in, size + 1);
    if (size > 0) {
        memcpy(text, bytes.data, size);
    }
    return text;
}

char *fuzz_rest_text(struct fuzz_input *in)
{
    return fuzz_text_of(in, fuzz_take(in, in->rest.size));
}

char *fuzz_utf8_of(struct fuzz_input *in, struct bytes bytes)
{
    char *text = fuzz_text_of(in, bytes);
    size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        size_t length = utf8_decode((const uint8_t *)text + i, size - i, NULL);
        if (length == 0) {
            text[i] = (char)('a' + (uint8_t)text[i] % 26);
            length = 1;
        }
        i += length;
    }
    return text;
}
