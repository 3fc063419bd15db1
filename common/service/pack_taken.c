#include "service/pack_taken.h"

#include "base/message.h"
#include "service/event_record.h"
#include "service/tables.h"

#include <string.h>

static const ProtobufCFieldDescriptor *member_of(const ProtobufCMessageDescriptor *event_type)
{
    return protobuf_c_message_descriptor_get_field_by_name(event_type, "pack_taken");
}

/* protobuf-c keeps which member of a oneof is set where the quantifier points. */
const Common__PackTaken *pack_taken_of(const ProtobufCMessage *open)
{
    const ProtobufCFieldDescriptor *member = member_of(open->descriptor);
    uint32_t kind;
    const Common__PackTaken *taken;
    if (member == NULL) {
        return NULL;
    }
    memcpy(&kind, (const uint8_t *)open + member->quantifier_offset, sizeof kind);
    memcpy(&taken, (const uint8_t *)open + member->offset, sizeof taken);
    return kind == member->id ? taken : NULL;
}

const ProtobufCMessage *pack_taken_event(const ProtobufCMessageDescriptor *event_type,
                                         const Common__PackTaken *taken, struct arena *arena)
{
    const ProtobufCFieldDescriptor *member = member_of(event_type);
    ProtobufCMessage *open = member != NULL ? arena_alloc(arena, event_type->sizeof_message) : NULL;
    if (open == NULL) {
        return NULL;
    }
    event_type->message_init(open);
    memcpy((uint8_t *)open + member->quantifier_offset, &member->id, sizeof member->id);
    memcpy((uint8_t *)open + member->offset, &taken, sizeof taken);
    return open;
}

void pack_taken_apply(struct apply *a, const struct event *event)
{
    struct key key;
    key_begin(&key, PACK_TAKEN_CLASS);
    key_add_u64(&key, event->offset);
    txn_put(a->txn, STORE_STATE, &key, bytes_of_text(""));
}

uint64_t pack_taken_last(struct store_txn *txn, uint64_t before)
{
    return table_nearest_u64(txn, STORE_STATE, PACK_TAKEN_CLASS,
                             before - 1 /* 0 wraps to the highest */, true);
}

const Common__PackTaken *pack_taken_get(struct store_txn *txn,
                                        const ProtobufCMessageDescriptor *event_type,
                                        uint64_t offset, struct arena *arena,
                                        const Common__EventRecord **ret_record, struct error *err)
{
    struct bytes packed;
    struct event event;
    bool is_known = false;
    if (!log_get(txn, offset, &packed, NULL)) {
        error_set(err, STATUS_DATA_LOSS, NULL, "event %llu of the log cannot be read",
                  (unsigned long long)offset);
        return NULL;
    }
    const Common__EventRecord *record = event_record_unpack(packed, arena, err);
    if (record == NULL ||
        event_unpack(record, offset, event_type, arena, &event, &is_known, err) != STATUS_OK) {
        return NULL;
    }
    const Common__PackTaken *taken = is_known ? pack_taken_of(event.open) : NULL;
    if (taken == NULL || taken->digest.len != 32 || taken->before.len != 32) {
        error_set(err, STATUS_DATA_LOSS, NULL, "event %llu of the log is no taking of a pack",
                  (unsigned long long)offset);
        return NULL;
    }
    if (ret_record != NULL) {
        *ret_record = record;
    }
    return taken;
}

static size_t add_digest(uint8_t (*digests)[32], size_t count, size_t max,
                         ProtobufCBinaryData digest)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(digests[i], digest.data, 32) == 0) {
            return count;
        }
    }
    if (count < max) {
        memcpy(digests[count++], digest.data, 32);
    }
    return count;
}

size_t pack_taken_digests(struct store_txn *txn, const ProtobufCMessageDescriptor *event_type,
                          struct arena *arena, uint8_t (*ret_digests)[32], size_t max)
{
    size_t count = 0;
    uint64_t offset = pack_taken_last(txn, 0);
    for (size_t looks = 0; offset != 0 && count < max && looks < PACK_TAKEN_LOOK_MAX; looks++) {
        const Common__PackTaken *taken = pack_taken_get(txn, event_type, offset, arena, NULL, NULL);
        if (taken == NULL) {
            break;
        }
        count = add_digest(ret_digests, count, max, taken->digest);
        count = add_digest(ret_digests, count, max, taken->before);
        offset = pack_taken_last(txn, offset);
    }
    return count;
}

static bool is_same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

struct bytes pack_taken_back(struct store_txn *txn, const ProtobufCMessageDescriptor *event_type,
                             uint64_t newest, struct arena *arena, const char **ret_name,
                             struct error *err)
{
    uint64_t offset = newest;
    const Common__PackTaken *last =
        offset != 0 ? pack_taken_get(txn, event_type, offset, arena, NULL, err) : NULL;
    const Common__PackTaken *taken = last;
    for (size_t looks = 0; taken != NULL && looks < PACK_TAKEN_LOOK_MAX; looks++) {
        if (!taken->is_back && is_same(taken->digest, last->digest)) {
            *ret_name = taken->before_name;
            return bytes_of(taken->before.data, taken->before.len);
        }
        offset = pack_taken_last(txn, offset);
        taken = offset != 0 ? pack_taken_get(txn, event_type, offset, arena, NULL, err) : NULL;
    }
    return bytes_of_text("");
}
