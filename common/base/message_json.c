/* Messages as JSON, by reflection over the descriptor: for people's eyes (logs, the command line).
 */
#include "base/message.h"

#include "base/check.h"
#include "base/json_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append_string(struct buffer *out, const char *text)
{
    buffer_append_text(out, "\"");
    if (text != NULL) {
        json_escape(out, bytes_of_text(text));
    }
    buffer_append_text(out, "\"");
}

static void append_hex(struct buffer *out, const ProtobufCBinaryData *data)
{
    buffer_append_text(out, "\"");
    char *at = (char *)buffer_extend(out, 2 * data->len + 1);
    hex_encode(data->data, data->len, at);
    out->size--; /* the NUL */
    buffer_append_text(out, "\"");
}

/* The shortest decimal form that reads back as the same number; infinities and NaN as strings, as
 * protobuf does. */
static void append_double(struct buffer *out, double value, bool single)
{
    if (isnan(value)) {
        buffer_append_text(out, "\"NaN\"");
        return;
    }
    if (isinf(value)) {
        buffer_append_text(out, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    char text[40];
    int digits_max = single ? 9 : 17;
    for (int digits = single ? 6 : 15; digits <= digits_max; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        double again = strtod(text, NULL);
        if (single ? (float)again == (float)value : !(again < value || again > value)) {
            break;
        }
    }
    buffer_append_text(out, text);
}

static void append_enum(struct buffer *out, const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);
    if (known != NULL) {
        append_string(out, known->name);
    } else {
        buffer_append_format(out, "%d", value);
    }
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_ENUM: return 4;
    case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
    default: return 8;
    }
}

static void append_message(struct buffer *out, const ProtobufCMessage *message);

static void append_value(struct buffer *out, const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        buffer_append_format(out, "%" PRId32, *(const int32_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        buffer_append_format(out, "%" PRIu32, *(const uint32_t *)at);
        break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        buffer_append_format(out, "%" PRId64, *(const int64_t *)at);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        buffer_append_format(out, "%" PRIu64, *(const uint64_t *)at);
        break;
    case PROTOBUF_C_TYPE_FLOAT: append_double(out, (double)*(const float *)at, true); break;
    case PROTOBUF_C_TYPE_DOUBLE: append_double(out, *(const double *)at, false); break;
    case PROTOBUF_C_TYPE_BOOL:
        buffer_append_text(out, *(const protobuf_c_boolean *)at ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_ENUM: append_enum(out, field->descriptor, *(const int *)at); break;
    case PROTOBUF_C_TYPE_STRING: append_string(out, *(char *const *)at); break;
    case PROTOBUF_C_TYPE_BYTES: append_hex(out, at); break;
    case PROTOBUF_C_TYPE_MESSAGE: append_message(out, *(ProtobufCMessage *const *)at); break;
    default: CHECK(field->type <= PROTOBUF_C_TYPE_MESSAGE);
    }
}

static void append_repeated(struct buffer *out, const ProtobufCFieldDescriptor *field, size_t count,
                            const void *values)
{
    const char *at = values;
    buffer_append_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        append_value(out, field, at + i * value_size(field->type));
    }
    buffer_append_text(out, "]");
}

static bool is_all_zero(const void *at, size_t size)
{
    const uint8_t *bytes = at;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Whether a field that is not repeated would be on the wire. */
static bool is_set(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const char *base = (const char *)message;
    const void *at = base + field->offset;
    const void *quantifier = base + field->quantifier_offset;
    bool pointer = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)quantifier == field->id &&
               (!pointer || *(void *const *)at != NULL);
    }
    if (pointer && *(void *const *)at == NULL) {
        return false;
    }
    switch (field->label) {
    case PROTOBUF_C_LABEL_REQUIRED: return true;
    case PROTOBUF_C_LABEL_OPTIONAL: return pointer || *(const protobuf_c_boolean *)quantifier != 0;
    default: break;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        return true;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return **(char *const *)at != '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)at)->len > 0;
    }
    return !is_all_zero(at, value_size(field->type));
}

static void append_message(struct buffer *out, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *type = message->descriptor;
    const char *base = (const char *)message;
    const char *separator = "";
    buffer_append_text(out, "{");
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        size_t count = repeated ? *(const size_t *)(base + field->quantifier_offset) : 0;
        if (repeated ? count == 0 : !is_set(message, field)) {
            continue;
        }
        buffer_append_text(out, separator);
        separator = ",";
        append_string(out, field->name);
        buffer_append_text(out, ":");
        if (repeated) {
            append_repeated(out, field, count, *(void *const *)(base + field->offset));
        } else {
            append_value(out, field, base + field->offset);
        }
    }
    buffer_append_text(out, "}");
}

void message_to_json(const ProtobufCMessage *message, struct buffer *out)
{
    append_message(out, message);
}
