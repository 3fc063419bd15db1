/*
 * Unpacking in two steps: a walk over the packed bytes, guided by the descriptor, and then
 * protobuf-c.
 *
 * The walk is there because protobuf-c loses what must be checked: a string's length (so a NUL
 * inside it), and it recurses as deep as the sender likes. It needs no memory, so it also refuses
 * before anything is allocated. Wire format: https://protobuf.dev/programming-guides/encoding/
 */
#include "base/message.h"

#include "base/check.h"
#include "base/utf8_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Messages in messages. Ours go about five deep. */
#define DEPTH_MAX 32

#define FIELD_NUMBER_MAX UINT64_C(536870911) /* 2^29 - 1 */
#define VARINT_BYTES_MAX 10

/* How an error about an unknown field begins; message_error_is_unknown_field looks for it. */
#define UNKNOWN_FIELD "unknown field "

struct walk {
    enum message_unknown unknown;
    struct error *err;
};

/* The messages around the present one, for the path in an error. */
struct frame {
    const struct frame *outer;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field; /* of this frame's message; NULL: none yet */
    unsigned at; /* fields[at] is where the next one is looked for first */
    int depth;
};

static void write_path(const struct frame *frame, char *out, size_t size)
{
    if (frame == NULL) {
        out[0] = '\0';
        return;
    }
    write_path(frame->outer, out, size);
    if (frame->field != NULL) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, "%s%s", used > 0 ? "." : "", frame->field->name);
    }
}

/* INVALID_ARGUMENT with the path ("place.street") as the field. */
static enum status refuse(const struct walk *walk, const struct frame *frame, const char *text)
{
    char path[sizeof(walk->err->field) * 4];
    write_path(frame, path, sizeof(path));
    return error_set(walk->err, STATUS_INVALID_ARGUMENT, path, "%s", text);
}

static bool take_varint(struct bytes *in, uint64_t *ret_value)
{
    if (in->size > 0 && in->data[0] < 0x80) { /* most are */
        *ret_value = in->data[0];
        *in = bytes_of(in->data + 1, in->size - 1);
        return true;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < VARINT_BYTES_MAX && i < in->size; i++) {
        uint8_t byte = in->data[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > 1) {
            return false; /* over 64 bits */
        }
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if ((byte & 0x80) == 0) {
            *in = bytes_of(in->data + i + 1, in->size - i - 1);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_bytes(struct bytes *in, uint64_t size, struct bytes *ret_bytes)
{
    if (size > in->size) {
        return false;
    }
    *ret_bytes = bytes_of(in->data, (size_t)size);
    *in = bytes_of(in->data + size, in->size - (size_t)size);
    return true;
}

/* A field's value, whatever its type; content is empty but for length-prefixed ones. */
static bool take_value(struct bytes *in, uint64_t wire_type, struct bytes *ret_content)
{
    struct bytes skipped;
    uint64_t number;
    *ret_content = bytes_of(NULL, 0);
    switch (wire_type) {
    case PROTOBUF_C_WIRE_TYPE_VARINT: return take_varint(in, &number);
    case PROTOBUF_C_WIRE_TYPE_64BIT: return take_bytes(in, 8, &skipped);
    case PROTOBUF_C_WIRE_TYPE_32BIT: return take_bytes(in, 4, &skipped);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
        return take_varint(in, &number) && take_bytes(in, number, ret_content);
    default: return false; /* groups: never used in proto3 */
    }
}

static uint64_t wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    default: return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
}

static bool wire_type_fits(const ProtobufCFieldDescriptor *field, uint64_t wire_type)
{
    return wire_type == wire_type_of(field->type) ||
           (field->label == PROTOBUF_C_LABEL_REPEATED &&
            wire_type == PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED);
}

static enum status check_string(const struct walk *walk, const struct frame *frame,
                                struct bytes text)
{
    if (!utf8_well_formed(text.data, text.size)) {
        return refuse(walk, frame, "the text is not well-formed UTF-8");
    }
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL) {
        return refuse(walk, frame, "the text contains a NUL character");
    }
    return STATUS_OK;
}

/* Senders write fields in the order of their numbers, and so are type->fields. */
static const ProtobufCFieldDescriptor *find_field(struct frame *frame, uint64_t number)
{
    const ProtobufCMessageDescriptor *type = frame->type;
    while (frame->at < type->n_fields && type->fields[frame->at].id < number) {
        frame->at++;
    }
    return frame->at < type->n_fields && type->fields[frame->at].id == number
               ? &type->fields[frame->at]
               : protobuf_c_message_descriptor_get_field(type, (unsigned)number);
}

static enum status walk_message(const struct walk *walk, struct frame *frame, struct bytes in);

static enum status walk_field(const struct walk *walk, struct frame *frame, uint64_t number,
                              uint64_t wire_type, struct bytes content)
{
    const ProtobufCFieldDescriptor *field = find_field(frame, number);
    if (field == NULL) {
        if (walk->unknown == MESSAGE_UNKNOWN_KEEP) {
            return STATUS_OK;
        }
        char text[64];
        snprintf(text, sizeof(text), UNKNOWN_FIELD "%" PRIu64, number);
        return refuse(walk, frame, text);
    }
    frame->field = field;
    if (!wire_type_fits(field, wire_type)) {
        return refuse(walk, frame, "malformed message: the field has another type");
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return check_string(walk, frame, content);
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        struct frame inner = {.outer = frame, .type = field->descriptor, .depth = frame->depth + 1};
        return walk_message(walk, &inner, content);
    }
    return STATUS_OK;
}

static enum status walk_message(const struct walk *walk, struct frame *frame, struct bytes in)
{
    if (frame->depth > DEPTH_MAX) {
        return refuse(walk, frame->outer, "messages are nested too deep");
    }
    while (in.size > 0) {
        uint64_t tag;
        struct bytes content;
        frame->field = NULL;
        if (!take_varint(&in, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX ||
            !take_value(&in, tag & 7, &content)) {
            return refuse(walk, frame, "malformed message");
        }
        enum status status = walk_field(walk, frame, tag >> 3, tag & 7, content);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* protobuf-c's allocator on the arena. */
struct source {
    struct arena *arena;
    bool exhausted;
};

static void *source_alloc(void *data, size_t size)
{
    struct source *source = data;
    void *memory = arena_alloc(source->arena, size);
    source->exhausted = source->exhausted || memory == NULL;
    return memory;
}

static void source_free(void *data, void *memory)
{
    (void)data; /* the arena ends as a whole */
    (void)memory;
}

enum status message_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed,
                           enum message_unknown unknown, struct arena *arena,
                           ProtobufCMessage **ret_message, struct error *err)
{
    struct walk walk = {.unknown = unknown, .err = err};
    struct frame frame = {.type = type, .depth = 1};
    enum status status = walk_message(&walk, &frame, packed);
    if (status != STATUS_OK) {
        return status;
    }
    struct source source = {.arena = arena};
    ProtobufCAllocator allocator = {
        .alloc = source_alloc, .free = source_free, .allocator_data = &source};
    static const uint8_t nothing;
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &allocator, packed.size,
                                                          packed.size > 0 ? packed.data : &nothing);
    if (message == NULL && source.exhausted) {
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, NULL,
                         "the message has too many parts to be unpacked");
    }
    if (message == NULL) {
        return error_set(err, STATUS_INVALID_ARGUMENT, NULL, "malformed message");
    }
    *ret_message = message;
    return STATUS_OK;
}

bool message_error_is_unknown_field(const struct error *err)
{
    return err->status == STATUS_INVALID_ARGUMENT &&
           strncmp(err->message, UNKNOWN_FIELD, strlen(UNKNOWN_FIELD)) == 0;
}

void message_pack(const ProtobufCMessage *message, struct buffer *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *at = buffer_extend(out, size);
    size_t packed = protobuf_c_message_pack(message, at);
    CHECK(packed == size);
}

const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              const char *name, ProtobufCType protobuf_type)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(type, name);
    return field != NULL && field->type == protobuf_type ? field : NULL;
}
