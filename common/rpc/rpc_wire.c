#include "rpc/rpc_wire.h"

#include "rpc/rpc.h"

#include <string.h>

#define IPC_MESSAGE 1
#define WORD_BYTES 4
#define LAST_WORD 0x80 /* the highest bit of a word, in its first byte */

static size_t head_bytes(bool ipc)
{
    return ipc ? RPC_WIRE_HEAD_BYTES_MAX : RPC_WIRE_HEAD_BYTES_MAX - 1;
}

void rpc_wire_hello_put(uint8_t out[RPC_WIRE_HELLO_BYTES], uint16_t protocol)
{
    memcpy(out, "\0SP\0\0\0\0", RPC_WIRE_HELLO_BYTES);
    be16_put(out + 4, protocol);
}

bool rpc_wire_hello_is(const uint8_t in[RPC_WIRE_HELLO_BYTES], uint16_t protocol)
{
    uint8_t expected[RPC_WIRE_HELLO_BYTES];
    rpc_wire_hello_put(expected, protocol);
    return memcmp(in, expected, sizeof(expected)) == 0;
}

void rpc_wire_append(struct buffer *out, bool ipc, struct bytes stack, struct bytes frame)
{
    uint8_t *at = buffer_extend(out, head_bytes(ipc));
    if (ipc) {
        *at++ = IPC_MESSAGE;
    }
    be64_put(at, stack.size + frame.size);
    buffer_append_bytes(out, stack);
    buffer_append_bytes(out, frame);
}

/* How many bytes of the payload are its stack; 0: it has none that ends. */
static size_t stack_bytes(struct bytes payload)
{
    for (size_t at = 0; at + WORD_BYTES <= payload.size && at < RPC_WIRE_STACK_BYTES_MAX;
         at += WORD_BYTES) {
        if ((payload.data[at] & LAST_WORD) != 0) {
            return at + WORD_BYTES;
        }
    }
    return 0;
}

enum rpc_wire_result rpc_wire_take(struct bytes in, bool ipc, struct rpc_wire_message *ret_message,
                                   size_t *ret_size)
{
    size_t head = head_bytes(ipc);
    if (ipc && in.size > 0 && in.data[0] != IPC_MESSAGE) {
        return RPC_WIRE_BROKEN;
    }
    if (in.size < head) {
        *ret_size = head;
        return RPC_WIRE_MORE;
    }
    uint64_t size = be64_get(in.data + head - sizeof(uint64_t));
    if (size > RPC_TRANSPORT_BYTES_MAX) {
        return RPC_WIRE_OVERSIZED;
    }
    if (in.size - head < size) {
        *ret_size = head + (size_t)size;
        return RPC_WIRE_MORE;
    }
    struct bytes payload = bytes_of(in.data + head, (size_t)size);
    size_t stack = stack_bytes(payload);
    if (stack == 0) {
        return RPC_WIRE_BROKEN;
    }
    ret_message->stack = bytes_of(payload.data, stack);
    ret_message->frame = bytes_of(payload.data + stack, payload.size - stack);
    *ret_size = head + payload.size;
    return RPC_WIRE_MESSAGE;
}
