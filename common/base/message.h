/*
 * The one way in and the one way out for protobuf messages.
 *
 * protobuf-c accepts invalid UTF-8, cuts strings at a NUL and has no limit on allocations; here a
 * message is unpacked into an arena and every string of it, at any depth, is checked.
 */
#ifndef VAFA_BASE_MESSAGE_H
#define VAFA_BASE_MESSAGE_H

#include "base/arena.h"
#include "base/bytes.h"

#include <protobuf-c/protobuf-c.h>

enum message_unknown {
    MESSAGE_UNKNOWN_KEEP,   /* fields of a newer version are ignored: answers, events, records */
    MESSAGE_UNKNOWN_REFUSE, /* they are INVALID_ARGUMENT with the field's number: requests */
};

/* The message lives in `arena` and borrows nothing from `packed`. INVALID_ARGUMENT for malformed
 * bytes, invalid UTF-8, an embedded NUL (the field's path in err: "place.street"), more than 32
 * levels or unknown fields when refused; RESOURCE_EXHAUSTED when the arena's cap is reached. */
enum status message_unpack(const ProtobufCMessageDescriptor *type, struct bytes packed,
                           enum message_unknown unknown, struct arena *arena,
                           ProtobufCMessage **ret_message, struct error *err);

/* True when the failure of message_unpack was about an unknown field (for the counter). */
bool message_error_is_unknown_field(const struct error *err);

/* Appends the packed message. */
void message_pack(const ProtobufCMessage *message, struct buffer *out);

/* JSON in the manner of protobuf's canonical mapping (lowerCamelCase is not used: names as in the
 * .proto; 64-bit numbers are JSON numbers; bytes are hex; enums are their names; unset fields are
 * left out). */
void message_to_json(const ProtobufCMessage *message, struct buffer *out);

/* The field of that name and of that protobuf type, or NULL. */
const ProtobufCFieldDescriptor *message_field(const ProtobufCMessageDescriptor *type,
                                              const char *name, ProtobufCType protobuf_type);

#endif
