#include "tests/support/request_key.h"

#include "base/arena.h"
#include "base/check.h"

void request_key_fill(ProtobufCMessage *request, struct arena *arena, struct random *random,
                      int64_t wall_us)
{
    const ProtobufCFieldDescriptor *field =
        message_field(request->descriptor, "idempotency_key", PROTOBUF_C_TYPE_BYTES);
    if (field == NULL) {
        return;
    }
    ProtobufCBinaryData *key = (ProtobufCBinaryData *)((char *)request + field->offset);
    if (key->len == 0) {
        key->data = arena_alloc(arena, UUID_BYTES);
        CHECK(key->data != NULL);
        key->len = UUID_BYTES;
        uuid7_make(random, wall_us, key->data);
    }
}
