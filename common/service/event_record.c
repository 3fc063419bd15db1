#include "service/event_record.h"

#include "base/check.h"
#include "base/message.h"

#include <string.h>

/* protobuf-c keeps which member of a oneof is set where the quantifier of each of them points. */
uint32_t event_kind(const ProtobufCMessage *open)
{
    const ProtobufCMessageDescriptor *type = open->descriptor;
    CHECK(type->n_fields > 0);
    uint32_t kind;
    memcpy(&kind, (const uint8_t *)open + type->fields[0].quantifier_offset, sizeof kind);
    return kind;
}

const Common__EventRecord *event_record_unpack(struct bytes packed, struct arena *arena,
                                               struct error *err)
{
    ProtobufCMessage *message;
    if (message_unpack(&common__event_record__descriptor, packed, MESSAGE_UNKNOWN_KEEP, arena,
                       &message, err) != STATUS_OK) {
        return NULL;
    }
    return (const Common__EventRecord *)message;
}

enum status event_unpack(const Common__EventRecord *record, uint64_t offset,
                         const ProtobufCMessageDescriptor *type, struct arena *arena,
                         struct event *ret_event, bool *ret_known, struct error *err)
{
    ProtobufCMessage *open;
    enum status status = message_unpack(type, bytes_of(record->open.data, record->open.len),
                                        MESSAGE_UNKNOWN_KEEP, arena, &open, err);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t kind = event_kind(open);
    if (kind != record->kind &&
        (kind != 0 || protobuf_c_message_descriptor_get_field(type, record->kind) != NULL)) {
        return error_set(err, STATUS_DATA_LOSS, "kind",
                         "the record says kind %u, and its event is of kind %u", record->kind,
                         kind);
    }
    *ret_event = (struct event){
        .offset = offset,
        .recorded_at_us = record->recorded_at_us,
        .occurred_at_us = record->occurred_at_us,
        .historical = record->historical,
        .actor = record->actor,
        .open = open,
        .sealed = bytes_of(record->sealed.data, record->sealed.len),
        .citizen = record->citizen,
    };
    *ret_known = kind != 0;
    return STATUS_OK;
}
