/*
 * Envelopes to bytes. A body is packed straight into its place behind the envelope's other fields,
 * without a copy of its own: protobuf allows fields in any order, so the large one is written by
 * hand and the rest by the generated code.
 */
#ifndef VAFA_RPC_FRAME_H
#define VAFA_RPC_FRAME_H

#include "rpc/rpc.h"

/* A frame that is small, as most are, needs no allocation. */
#define RPC_FRAME_ROOM 1536

struct rpc_frame {
    uint8_t *data; /* `room`, or allocated */
    size_t size;
    uint8_t room[RPC_FRAME_ROOM];
};

/* A body: a message, or bytes that are packed already; both NULL and empty: none. */
struct rpc_frame_body {
    const ProtobufCMessage *message;
    struct bytes bytes;
};

/* `envelope` has no body of its own. */
void rpc_frame_pack_response(struct rpc_frame *frame, const Rpc__CallResponse *envelope,
                             const struct rpc_frame_body *body);
void rpc_frame_fini(struct rpc_frame *frame);

/* A request without its deadline, and room behind it for one. */
#define RPC_FRAME_DEADLINE_ROOM 6
size_t rpc_frame_request_size(const Rpc__CallRequest *envelope, size_t body_size);
/* `out` holds rpc_frame_request_size + RPC_FRAME_DEADLINE_ROOM bytes. `envelope` has neither body
 * nor deadline. */
void rpc_frame_pack_request(uint8_t *out, const Rpc__CallRequest *envelope,
                            const ProtobufCMessage *body, size_t body_size);
/* Writes the deadline behind `size` bytes of a request; returns the frame's size. */
size_t rpc_frame_put_deadline(uint8_t *request, size_t size, uint32_t deadline_ms);

#endif
