/*
 * Every message of the contract. The first line is the type's name; what follows is read twice: as
 * the packed message, and as choices from which a message is made, packed, changed in one byte and
 * read again.
 */
#include "rpc/rpc.h"
#include "tests/fuzz/fuzz_contract.h"

#include <string.h>

static void read_as_packed(const ProtobufCMessageDescriptor *type, struct bytes packed)
{
    struct arena *strict = arena_new(RPC_UNPACK_BYTES_MAX);
    struct arena *kind = arena_new(RPC_UNPACK_BYTES_MAX);
    bool known = fuzz_unpack(type, packed, MESSAGE_UNKNOWN_REFUSE, strict) != NULL;
    bool taken = fuzz_unpack(type, packed, MESSAGE_UNKNOWN_KEEP, kind) != NULL;
    PROPERTY(taken || !known, "what is taken without unknown fields is taken with them, too");
    arena_free(strict);
    arena_free(kind);
}

static void change_a_byte(struct fuzz_input *in, struct buffer *packed)
{
    if (packed->size > 0) {
        packed->data[fuzz_u32(in) % packed->size] ^= (uint8_t)(fuzz_u8(in) | 1);
    }
}

static void make_and_read(struct fuzz_input *in, const ProtobufCMessageDescriptor *type)
{
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    struct buffer packed = BUFFER_EMPTY;
    message_pack(fuzz_message(in, type), &packed);
    PROPERTY(fuzz_unpack(type, buffer_bytes(&packed), MESSAGE_UNKNOWN_REFUSE, arena) != NULL,
             "a message with well-formed text is taken");
    change_a_byte(in, &packed);
    arena_reset(arena);
    (void)fuzz_unpack(type, buffer_bytes(&packed), MESSAGE_UNKNOWN_KEEP, arena);
    buffer_fini(&packed);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    const ProtobufCMessageDescriptor *type = fuzz_message_type(fuzz_line(&in));
    read_as_packed(type, in.rest);
    make_and_read(&in, type);
    fuzz_end(&in);
    return 0;
}
