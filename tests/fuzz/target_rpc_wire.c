/* The wire: the first byte chooses ipc or tcp, the rest is read as a stream of messages, as a
 * connection reads it: all at once, and byte by byte. */
#include "rpc/rpc.h"
#include "rpc/rpc_wire.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void check_message(struct bytes in, bool ipc, const struct rpc_wire_message *message,
                          size_t size)
{
    PROPERTY(size <= in.size, "a message lies within the input");
    PROPERTY(message->stack.size >= 4 && message->stack.size <= RPC_WIRE_STACK_BYTES_MAX &&
                 message->stack.size % 4 == 0,
             "a stack is one to eight words");
    for (size_t at = 0; at < message->stack.size; at += 4) {
        PROPERTY((message->stack.data[at] >= 0x80) == (at + 4 == message->stack.size),
                 "the last word of a stack, and no other, has its highest bit set");
    }
    struct buffer again = BUFFER_EMPTY;
    rpc_wire_append(&again, ipc, message->stack, message->frame);
    PROPERTY(bytes_equal(buffer_bytes(&again), bytes_of(in.data, size)),
             "a message that was read is written the same");
    buffer_fini(&again);
}

/* As much of it as there is must never be taken for something else. */
static void check_beginnings(struct bytes in, bool ipc, size_t size)
{
    for (size_t part = 0; part < size; part++) {
        struct rpc_wire_message message;
        size_t needed = 0;
        enum rpc_wire_result result =
            rpc_wire_take(bytes_of(in.data, part), ipc, &message, &needed);
        PROPERTY(result == RPC_WIRE_MORE && needed > part && needed <= size,
                 "the beginning of a message wants more of it, and not more than there is");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    bool ipc = (data[0] & 1) != 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    for (;;) {
        struct rpc_wire_message message;
        size_t taken = 0;
        enum rpc_wire_result result = rpc_wire_take(rest, ipc, &message, &taken);
        if (result == RPC_WIRE_MORE) {
            PROPERTY(taken > rest.size, "more is more than there is");
            PROPERTY(taken <= RPC_TRANSPORT_BYTES_MAX + RPC_WIRE_HEAD_BYTES_MAX,
                     "no more is wanted than a message may have");
        }
        if (result != RPC_WIRE_MESSAGE) {
            return 0;
        }
        check_message(rest, ipc, &message, taken);
        if (size < 512) {
            check_beginnings(rest, ipc, taken);
        }
        rest = bytes_of(rest.data + taken, rest.size - taken);
    }
}
