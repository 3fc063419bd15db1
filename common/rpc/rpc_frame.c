/* The wire format: https://protobuf.dev/programming-guides/encoding/ */
#include "rpc/rpc_frame.h"

#include "base/check.h"

#include <stdlib.h>
#include <string.h>

/* Field numbers of proto/vafa/rpc/v1/rpc.proto. */
#define REQUEST_DEADLINE_FIELD 3
#define REQUEST_BODY_FIELD 7
#define RESPONSE_BODY_FIELD 5

/* A tag of one byte and a 32-bit varint. */
#define FIELD_HEAD_MAX 6

static size_t put_varint(uint8_t *out, size_t value)
{
    size_t size = 0;
    while (value >= 0x80) {
        out[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

/* Tag and value, or tag and length. */
static size_t put_head(uint8_t *out, unsigned field, ProtobufCWireType wire_type, size_t value)
{
    out[0] = (uint8_t)(field << 3 | (unsigned)wire_type);
    return 1 + put_varint(out + 1, value);
}

static size_t head_size(size_t value)
{
    uint8_t head[FIELD_HEAD_MAX + 4];
    return put_head(head, 1, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, value);
}

static size_t body_size(const struct rpc_frame_body *body)
{
    return body->message != NULL ? protobuf_c_message_get_packed_size(body->message)
                                 : body->bytes.size;
}

void rpc_frame_pack_response(struct rpc_frame *frame, const Rpc__CallResponse *envelope,
                             const struct rpc_frame_body *body)
{
    CHECK(envelope->body.len == 0);
    size_t envelope_size = protobuf_c_message_get_packed_size(&envelope->base);
    size_t size = body_size(body);
    frame->size = envelope_size + (size > 0 ? head_size(size) + size : 0);
    frame->data = frame->size <= sizeof(frame->room) ? frame->room : malloc(frame->size);
    CHECK(frame->data != NULL);
    uint8_t *at = frame->data;
    at += protobuf_c_message_pack(&envelope->base, at);
    if (size > 0) {
        at += put_head(at, RESPONSE_BODY_FIELD, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, size);
        if (body->message != NULL) {
            at += protobuf_c_message_pack(body->message, at);
        } else {
            memcpy(at, body->bytes.data, size);
            at += size;
        }
    }
    CHECK(at == frame->data + frame->size);
}

void rpc_frame_fini(struct rpc_frame *frame)
{
    if (frame->data != frame->room) {
        free(frame->data);
    }
}

size_t rpc_frame_request_size(const Rpc__CallRequest *envelope, size_t size)
{
    return protobuf_c_message_get_packed_size(&envelope->base) +
           (size > 0 ? head_size(size) + size : 0);
}

void rpc_frame_pack_request(uint8_t *out, const Rpc__CallRequest *envelope,
                            const ProtobufCMessage *body, size_t size)
{
    CHECK(envelope->body.len == 0 && envelope->deadline_ms == 0);
    out += protobuf_c_message_pack(&envelope->base, out);
    if (size > 0) {
        out += put_head(out, REQUEST_BODY_FIELD, PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED, size);
        CHECK(protobuf_c_message_pack(body, out) == size);
    }
}

size_t rpc_frame_put_deadline(uint8_t *request, size_t size, uint32_t deadline_ms)
{
    return size + put_head(request + size, REQUEST_DEADLINE_FIELD, PROTOBUF_C_WIRE_TYPE_VARINT,
                           deadline_ms);
}
