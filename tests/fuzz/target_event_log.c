/*
 * Records of event logs. The first line is the name of the service that owns the log; what follows
 * is read twice: as a packed record, and as choices from which a record with an event is made.
 */
#include "service/event_record.h"
#include "tests/fuzz/fuzz_contract.h"

#include <string.h>

static const struct service_def *owner_of(struct bytes name)
{
    for (size_t i = 0; i < FUZZ_SERVICES; i++) {
        if (bytes_equal(name, bytes_of_text(fuzz_services[i]->name))) {
            return fuzz_services[i];
        }
    }
    return fuzz_services[name.size % FUZZ_SERVICES];
}

static uint32_t kind_of(const ProtobufCMessage *event)
{
    uint32_t kind;
    memcpy(&kind, (const uint8_t *)event + event->descriptor->fields[0].quantifier_offset,
           sizeof(kind));
    return kind;
}

static void check_event(const struct event *event, bool known, const Common__EventRecord *record)
{
    uint32_t kind = kind_of(event->open);
    PROPERTY(known == (kind != 0), "an event is known if and only if a member of its oneof is set");
    PROPERTY(!known ||
                 protobuf_c_message_descriptor_get_field(event->open->descriptor, kind) != NULL,
             "a known kind is one of the contract's");
    PROPERTY(!known || kind == record->kind, "the record's kind is its event's");
    PROPERTY(event->recorded_at_us == record->recorded_at_us &&
                 event->occurred_at_us == record->occurred_at_us,
             "its times are the record's");
    PROPERTY(event->actor != NULL, "an event has an actor, maybe an empty one");
    fuzz_check_message(event->open);
}

static bool read_record(const struct service_def *owner, struct bytes packed)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    struct error err = ERROR_NONE;
    struct event event;
    bool known = false;
    enum status status = STATUS_OK;
    const Common__EventRecord *record = event_record_unpack(packed, arena, &err);
    if (record == NULL) {
        status = err.status;
    } else {
        status = event_unpack(record, 1, owner->event_type, arena, &event, &known, &err);
    }
    if (status == STATUS_OK) {
        check_event(&event, known, record);
    } else {
        fuzz_check_refusal(status, &err);
    }
    arena_free(arena);
    return status == STATUS_OK;
}

static void make_and_read(struct fuzz_input *in, const struct service_def *owner)
{
    struct buffer open = BUFFER_EMPTY;
    struct buffer packed = BUFFER_EMPTY;
    ProtobufCMessage *event = fuzz_message(in, owner->event_type);
    Common__EventRecord *record =
        (Common__EventRecord *)fuzz_message(in, &common__event_record__descriptor);
    message_pack(event, &open);
    record->open = (ProtobufCBinaryData){open.size, open.data};
    record->kind = kind_of(event);
    message_pack(&record->base, &packed);
    PROPERTY(read_record(owner, buffer_bytes(&packed)),
             "a record as the engine makes them is read");
    if (packed.size > 0) {
        packed.data[fuzz_u32(in) % packed.size] ^= (uint8_t)(fuzz_u8(in) | 1);
        (void)read_record(owner, buffer_bytes(&packed));
    }
    buffer_fini(&packed);
    buffer_fini(&open);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    const struct service_def *owner = owner_of(fuzz_line(&in));
    (void)read_record(owner, in.rest);
    make_and_read(&in, owner);
    fuzz_end(&in);
    return 0;
}
