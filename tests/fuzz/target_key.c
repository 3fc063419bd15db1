/*
 * Keys of the store: what is built reads back, and byte order is the order of the parts. The input
 * begins with the kinds of up to eight parts; two keys of these kinds are made from the rest and
 * compared.
 */
#include "store/key.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define PARTS_MAX 8

enum part_kind { PART_U8, PART_U32, PART_I32, PART_U64, PART_I64, PART_TEXT, PART_KINDS };

struct part {
    enum part_kind kind;
    uint64_t number; /* as the kind has it, sign-extended */
    const char *text;
};

struct parts {
    size_t count;
    struct part part[PARTS_MAX];
};

static struct part take_part(struct fuzz_input *in, enum part_kind kind)
{
    struct part part = {.kind = kind, .text = ""};
    switch (kind) {
    case PART_U8: part.number = fuzz_u8(in); break;
    case PART_U32: part.number = fuzz_u32(in); break;
    case PART_I32: part.number = (uint64_t)(int64_t)(int32_t)fuzz_u32(in); break;
    case PART_U64:
    case PART_I64: part.number = fuzz_u64(in); break;
    default: part.text = fuzz_text_of(in, fuzz_take(in, fuzz_u8(in))); break;
    }
    return part;
}

static void add_part(struct key *key, const struct part *part)
{
    switch (part->kind) {
    case PART_U8: key_add_u8(key, (uint8_t)part->number); break;
    case PART_U32: key_add_u32(key, (uint32_t)part->number); break;
    case PART_I32: key_add_i32(key, (int32_t)(int64_t)part->number); break;
    case PART_U64: key_add_u64(key, part->number); break;
    case PART_I64: key_add_i64(key, (int64_t)part->number); break;
    default: key_add_text(key, part->text); break;
    }
}

static struct part read_part(struct key_reader *reader, enum part_kind kind)
{
    struct part part = {.kind = kind, .text = ""};
    switch (kind) {
    case PART_U8: part.number = key_read_u8(reader); break;
    case PART_U32: part.number = key_read_u32(reader); break;
    case PART_I32: part.number = (uint64_t)(int64_t)key_read_i32(reader); break;
    case PART_U64: part.number = key_read_u64(reader); break;
    case PART_I64: part.number = (uint64_t)key_read_i64(reader); break;
    default: part.text = key_read_text(reader); break;
    }
    return part;
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_parts(const struct part *a, const struct part *b)
{
    switch (a->kind) {
    case PART_I32:
    case PART_I64:
        return ((int64_t)a->number > (int64_t)b->number) -
               ((int64_t)a->number < (int64_t)b->number);
    case PART_TEXT: return strcmp(a->text, b->text);
    default: return order(a->number, b->number);
    }
}

static int compare(const struct parts *a, const struct parts *b)
{
    int result = 0;
    for (size_t i = 0; i < a->count && result == 0; i++) {
        result = compare_parts(&a->part[i], &b->part[i]);
    }
    return result;
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static size_t bytes_needed(const struct parts *parts)
{
    static const size_t sizes[PART_KINDS] = {1, 4, 4, 8, 8, 0};
    size_t needed = 1;
    for (size_t i = 0; i < parts->count; i++) {
        const struct part *part = &parts->part[i];
        needed += part->kind == PART_TEXT ? strlen(part->text) + 1 : sizes[part->kind];
    }
    return needed;
}

static struct key build(const struct parts *parts)
{
    struct key key;
    key_begin(&key, 7);
    for (size_t i = 0; i < parts->count; i++) {
        add_part(&key, &parts->part[i]);
    }
    PROPERTY(key.overflow == (bytes_needed(parts) > KEY_BYTES_MAX),
             "a key overflows if and only if it is too long");
    PROPERTY(key.size <= KEY_BYTES_MAX, "and stays within its limit then");
    return key;
}

static void check_reading(const struct key *key, const struct parts *parts)
{
    struct key_reader reader = key_read(key_bytes(key));
    for (size_t i = 0; i < parts->count; i++) {
        struct part part = read_part(&reader, parts->part[i].kind);
        PROPERTY(reader.ok && compare_parts(&part, &parts->part[i]) == 0,
                 "a part reads back as it was added");
    }
    PROPERTY(reader.rest.size == 0, "nothing is left behind the last part");
    (void)key_read_u8(&reader);
    PROPERTY(!reader.ok, "there is no part behind the last");
    PROPERTY(key_read_text(&reader)[0] == '\0' && key_read_u64(&reader) == 0,
             "what is not there reads as nothing");
}

static void compare_two(struct fuzz_input *in)
{
    struct parts a = {.count = 1 + fuzz_below(in, PARTS_MAX)};
    struct parts b = {.count = a.count};
    for (size_t i = 0; i < a.count; i++) {
        a.part[i].kind = (enum part_kind)fuzz_below(in, PART_KINDS);
    }
    for (size_t i = 0; i < a.count; i++) {
        a.part[i] = take_part(in, a.part[i].kind);
        b.part[i] = fuzz_bool(in) ? a.part[i] : take_part(in, a.part[i].kind);
    }
    struct key left = build(&a);
    struct key right = build(&b);
    if (!left.overflow && !right.overflow) {
        check_reading(&left, &a);
        check_reading(&right, &b);
        PROPERTY(sign(bytes_compare(key_bytes(&left), key_bytes(&right))) == sign(compare(&a, &b)),
                 "byte order is the order of the parts");
    }
}

/* Bytes that no builder made. */
static void read_anything(struct fuzz_input *in)
{
    struct bytes key = in->rest;
    struct key_reader reader = key_read(key);
    PROPERTY(reader.ok == (key.size > 0), "only an empty key cannot be read at all");
    for (size_t i = 0; i < key.size; i++) {
        struct part part = read_part(&reader, (enum part_kind)(key.data[i] % PART_KINDS));
        PROPERTY(reader.rest.size <= key.size, "reading goes forward");
        PROPERTY(reader.ok || (part.number == 0 && part.text[0] == '\0'),
                 "what is not there reads as nothing");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    read_anything(&in);
    compare_two(&in);
    fuzz_end(&in);
    return 0;
}
