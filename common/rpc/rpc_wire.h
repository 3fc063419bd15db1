/*
 * The wire: NNG's SP protocol, REQ on the caller's side and REP on the server's, so that NNG's own
 * sockets and every library that speaks SP can call us, and we them. Plain bytes in, plain values
 * out.
 *
 *   hello     00 'S' 'P' 00, protocol (2 bytes), 00 00          both sides, first
 *   message   over ipc only: 01; size of the rest (8 bytes); stack; frame
 *   stack     words of 4 bytes, the last with its highest bit set: the caller's number of the call,
 *             before it the way back through devices. A reply carries its request's stack.
 *
 * Numbers are big-endian. Source: https://github.com/nanomsg/nanomsg/tree/master/rfc
 * (sp-tcp-mapping-01, sp-request-reply-01); the ipc mapping is that of NNG and nanomsg.
 */
#ifndef VAFA_RPC_WIRE_H
#define VAFA_RPC_WIRE_H

#include "base/bytes.h"

#define RPC_WIRE_REQ 0x30
#define RPC_WIRE_REP 0x31
#define RPC_WIRE_HELLO_BYTES 8
#define RPC_WIRE_HEAD_BYTES_MAX 9
#define RPC_WIRE_STACK_BYTES_MAX 32 /* 8 words, the hops NNG allows */

/* Borrowed from the bytes it was taken from. */
struct rpc_wire_message {
    struct bytes stack;
    struct bytes frame;
};

void rpc_wire_hello_put(uint8_t out[RPC_WIRE_HELLO_BYTES], uint16_t protocol);
bool rpc_wire_hello_is(const uint8_t in[RPC_WIRE_HELLO_BYTES], uint16_t protocol);

void rpc_wire_append(struct buffer *out, bool ipc, struct bytes stack, struct bytes frame);

enum rpc_wire_result { RPC_WIRE_MORE, RPC_WIRE_MESSAGE, RPC_WIRE_BROKEN, RPC_WIRE_OVERSIZED };

/* The message that `in` begins with. *ret_size: the bytes it takes; for RPC_WIRE_MORE, how many
 * are needed to go on (more than `in` has, at most what RPC_TRANSPORT_BYTES_MAX allows). BROKEN:
 * this is no message of the protocol; OVERSIZED: it is larger than RPC_TRANSPORT_BYTES_MAX. What
 * follows either cannot be read. */
enum rpc_wire_result rpc_wire_take(struct bytes in, bool ipc, struct rpc_wire_message *ret_message,
                                   size_t *ret_size);

#endif
