/* The lists are made by CMake out of proto/ (vafa_contract_lists). */
#include "tests/fuzz/fuzz_contract.h"

#include "base/check.h"
#include "rpc/rpc.h"
#include "services/feedback/feedback.h"
#include "services/followup/followup.h"
#include "services/intake/intake.h"
#include "services/report/report.h"
#include "services/routing/routing.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "contract_headers.inc"

static const ProtobufCMessageDescriptor *const messages[] = {
#include "contract_messages.inc"
};

#define CROWD 300
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

const struct service_def *const fuzz_services[FUZZ_SERVICES] = {
    &intake_service, &routing_service, &followup_service, &feedback_service, &report_service,
};

static size_t hash_below(struct bytes name, size_t limit)
{
    uint32_t hash = 2166136261; /* FNV-1a */
    for (size_t i = 0; i < name.size; i++) {
        hash = (hash ^ name.data[i]) * 16777619;
    }
    return hash % limit;
}

const ProtobufCMessageDescriptor *fuzz_message_type(struct bytes name)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        if (bytes_equal(name, bytes_of_text(messages[i]->name))) {
            return messages[i];
        }
    }
    return messages[hash_below(name, MESSAGES)];
}

const struct service_method *fuzz_method(struct bytes name,
                                         const ProtobufCMessageDescriptor **ret_request)
{
    const struct service_def *def = fuzz_services[hash_below(name, FUZZ_SERVICES)];
    size_t found = hash_below(name, def->rpc->n_methods);
    for (size_t i = 0; i < FUZZ_SERVICES; i++) {
        for (unsigned method = 0; method < fuzz_services[i]->rpc->n_methods; method++) {
            char known[RPC_METHOD_BYTES_MAX + 1];
            rpc_method_name(fuzz_services[i]->rpc, method, known);
            if (bytes_equal(name, bytes_of_text(known))) {
                def = fuzz_services[i];
                found = method;
            }
        }
    }
    *ret_request = def->rpc->methods[found].input;
    return &def->methods[found];
}

/* --- a message of bytes --- */

/* Words the services know, so that a made-up message comes further than their first look-up. */
static const char *const words[] = {
    "asphalt",
    "street-light",
    "district-5",
    "centre-137",
    "5",
    "15",
    "17",
    "fa",
    "en",
    "now",
    "today",
    "-7d",
    "1405-01-01",
    "2026-03-21",
    "2026-01-01T08:00:00Z",
    "09131234567",
    "+989131234567",
    "1234567890",
    "0 913 ۱۲۳ ۴۵۶۷",
    "چاله در خیابان",
    "topic",
    "unit",
    "area",
    "day",
    "month",
    "boston311",
    "office-7",
};

/* Words that nobody should believe: what drives a terminal, turns a line round, breaks a table, CSV or
 * JSON, is very long, or leads to other files. */
/* NOLINTBEGIN(bugprone-suspicious-missing-comma): long words go over several lines */
static const char *const hostile_words[] = {
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\a",
    "one\ntwo\r\nthree\tfour",
    "gone\b\b\b\b\x7f",
    "\xc2\x9b\x33\x31mred",
    "\xc2\x85\xc2\x90\xc2\x9d",
    "\u202egpj.exe",
    "\u2066one \u2067two \u2068three\u2069",
    "\u202a\u202b\u202c\u202d",
    "\u200e\u200f\u061c",
    "\u2028\u2029\ufeff\ufffe",
    "می\u200cشود",
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0010ffff",
    "=1+1",
    "\"quoted\", {\"key\": [1]}",
    "back\\slash",
    "%s%n%1000d",
    "../../etc/passwd",
    "small_pack",
    "vafa: all is well\nvafa: ",
    "18446744073709551616",
    " ",
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zzzzzz"
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zz"
    "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
    "zz",
    "چچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچ"
    "چچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچ"
    "چچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچچ",
};
/* NOLINTEND(bugprone-suspicious-missing-comma) */

static char *make_text(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    if (in->hostile && how >= 0x40 && how < 0x80) {
        return fuzz_text_of(
            in,
            bytes_of_text(hostile_words[how % (sizeof(hostile_words) / sizeof(hostile_words[0]))]));
    }
    if (how < 0x80) {
        return fuzz_text_of(in, bytes_of_text(words[how % (sizeof(words) / sizeof(words[0]))]));
    }
    return fuzz_utf8_of(in, fuzz_take(in, (size_t)how - 0x80));
}

static ProtobufCBinaryData make_bytes(struct fuzz_input *in)
{
    static const size_t usual[] = {16, 16, 32, 0};
    uint8_t how = fuzz_u8(in);
    struct bytes taken = fuzz_take(in, how < 0x80 ? usual[how % 4] : (size_t)how - 0x80);
    size_t size = how < 0x80 ? usual[how % 4] : taken.size;
    uint8_t *data = fuzz_alloc(in, size);
    if (taken.size > 0) {
        memcpy(data, taken.data, taken.size);
    }
    return (ProtobufCBinaryData){size, data};
}

/* Ends of the ranges that numbers and times have. */
static const uint64_t hostile_numbers[] = {
    INT64_MAX,
    (uint64_t)INT64_MIN,
    UINT64_MAX,
    UINT64_MAX - 1,
    UINT64_C(1) << 53,
    UINT32_MAX,
    INT32_MAX,
    (uint64_t)INT32_MIN,
    (uint64_t)-1000001,
    UINT64_C(253402300800000000), /* the year 10000 */
    (uint64_t)-62135596800000001, /* before the year 1 */
    UINT64_C(1000000000000000000),
};

/* Small numbers, times of these years, and anything. */
static uint64_t make_number(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    if (in->hostile && how >= 0x60 && how < 0x90) {
        return hostile_numbers[how % (sizeof(hostile_numbers) / sizeof(hostile_numbers[0]))];
    }
    if (how < 0x90) {
        return how % 32;
    }
    if (how < 0xC0) {
        return UINT64_C(1750000000000000) + (uint64_t)(fuzz_u8(in) % 24) * UINT64_C(2600000000000);
    }
    return fuzz_u64(in);
}

static double make_double(struct fuzz_input *in)
{
    uint8_t how = fuzz_u8(in);
    if (how < 0xC0) {
        return (double)how / 2 + 0.6546;
    }
    uint64_t bits = fuzz_u64(in);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static int make_enum(struct fuzz_input *in, const ProtobufCEnumDescriptor *type)
{
    uint8_t how = fuzz_u8(in);
    return how < 0xF0 ? type->values[how % type->n_values].value : (int)fuzz_u32(in);
}

static void put_u32(void *at, uint32_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void put_u64(void *at, uint64_t value)
{
    memcpy(at, &value, sizeof(value));
}

static void make_value(struct fuzz_input *in, const ProtobufCFieldDescriptor *field, void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32: put_u32(at, (uint32_t)make_number(in)); break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64: put_u64(at, make_number(in)); break;
    case PROTOBUF_C_TYPE_FLOAT: *(float *)at = (float)fuzz_u8(in); break;
    case PROTOBUF_C_TYPE_DOUBLE: *(double *)at = make_double(in); break;
    case PROTOBUF_C_TYPE_BOOL: *(protobuf_c_boolean *)at = fuzz_bool(in); break;
    case PROTOBUF_C_TYPE_ENUM: put_u32(at, (uint32_t)make_enum(in, field->descriptor)); break;
    case PROTOBUF_C_TYPE_STRING: *(char **)at = make_text(in); break;
    case PROTOBUF_C_TYPE_BYTES: *(ProtobufCBinaryData *)at = make_bytes(in); break;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)at = fuzz_message(in, field->descriptor);
        break;
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

/* A crowd is one value hundreds of times. */
static void make_repeated(struct fuzz_input *in, const ProtobufCFieldDescriptor *field,
                          uint8_t *message, uint8_t how)
{
    size_t size = value_size(field->type);
    bool crowd = how >= 0xF0 && in->crowds > 0;
    size_t made = crowd ? 1 : how % 5;
    size_t count = crowd ? CROWD : made;
    uint8_t *values = fuzz_alloc(in, count * size);
    in->crowds -= crowd;
    for (size_t i = 0; i < made; i++) {
        make_value(in, field, values + i * size);
    }
    for (size_t i = made; i < count; i++) {
        memcpy(values + i * size, values, size);
    }
    memcpy(message + field->quantifier_offset, &count, sizeof(count));
    memcpy(message + field->offset, &values, sizeof(values));
}

/* Which of a oneof's members is to be set: the one of that place among them, or none. */
static unsigned choose_member(struct fuzz_input *in, const ProtobufCMessageDescriptor *type,
                              unsigned first)
{
    unsigned members = 0;
    for (unsigned i = first; i < type->n_fields; i++) {
        members += type->fields[i].quantifier_offset == type->fields[first].quantifier_offset;
    }
    return (unsigned)fuzz_below(in, members + 1);
}

ProtobufCMessage *fuzz_message(struct fuzz_input *in, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = fuzz_alloc(in, type->sizeof_message);
    uint8_t *base = (uint8_t *)message;
    unsigned oneof = UINT32_MAX; /* its quantifier */
    unsigned member = 0;         /* how many of its members come before the one that is set */
    type->message_init(message);
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            if (oneof != field->quantifier_offset) {
                oneof = field->quantifier_offset;
                member = choose_member(in, type, i);
            }
            if (member-- == 0) {
                make_value(in, field, base + field->offset);
                put_u32(base + field->quantifier_offset, field->id);
            }
            continue;
        }
        uint8_t how = fuzz_u8(in);
        if (how < 0x20) {
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            make_repeated(in, field, base, how);
        } else {
            make_value(in, field, base + field->offset);
        }
    }
    return message;
}

/* --- what holds for a message --- */

static void check_json(const ProtobufCMessage *message)
{
    struct buffer text = BUFFER_EMPTY;
    message_to_json(message, &text);
    /* 64-bit numbers are beyond jansson's integers. */
    json_t *json = json_loadb((const char *)text.data, text.size,
                              JSON_DECODE_INT_AS_REAL | JSON_REJECT_DUPLICATES, NULL);
    PROPERTY(json_is_object(json), "a message's JSON is an object");
    json_decref(json);
    buffer_fini(&text);
}

void fuzz_check_message(const ProtobufCMessage *message)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    struct buffer packed = BUFFER_EMPTY;
    struct buffer again = BUFFER_EMPTY;
    ProtobufCMessage *copy = NULL;
    message_pack(message, &packed);
    PROPERTY(message_unpack(message->descriptor, buffer_bytes(&packed), MESSAGE_UNKNOWN_KEEP, arena,
                            &copy, NULL) == STATUS_OK,
             "what was packed unpacks");
    message_pack(copy, &again);
    PROPERTY(bytes_equal(buffer_bytes(&packed), buffer_bytes(&again)),
             "it unpacks into the same message");
    check_json(message);
    buffer_fini(&again);
    buffer_fini(&packed);
    arena_free(arena);
}

const ProtobufCMessage *fuzz_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed,
                                    enum message_unknown unknown, struct arena *arena)
{
    struct error err = ERROR_NONE;
    ProtobufCMessage *message = NULL;
    enum status status = message_unpack(type, packed, unknown, arena, &message, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(message == NULL, "a refusal leaves the output alone");
        PROPERTY(status == STATUS_INVALID_ARGUMENT || status == STATUS_RESOURCE_EXHAUSTED,
                 "the sender is told");
        PROPERTY(unknown == MESSAGE_UNKNOWN_REFUSE || !message_error_is_unknown_field(&err),
                 "unknown fields are kept");
        return NULL;
    }
    fuzz_check_message(message);
    return message;
}
