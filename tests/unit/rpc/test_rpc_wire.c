/* Messages as bytes, against the bytes of the published protocol. */
#include "rpc/rpc.h"
#include "rpc/rpc_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void writes_what_the_protocol_says(void **state)
{
    (void)state;
    static const uint8_t stack[] = {0x80, 0, 0, 7};
    static const uint8_t tcp[] = {0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 7, 'h', 'i'};
    static const uint8_t ipc[] = {1, 0, 0, 0, 0, 0, 0, 0, 6, 0x80, 0, 0, 7, 'h', 'i'};
    struct buffer out = BUFFER_EMPTY;
    rpc_wire_append(&out, false, bytes_of(stack, 4), bytes_of_text("hi"));
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(tcp, sizeof(tcp))));
    buffer_clear(&out);
    rpc_wire_append(&out, true, bytes_of(stack, 4), bytes_of_text("hi"));
    assert_true(bytes_equal(buffer_bytes(&out), bytes_of(ipc, sizeof(ipc))));
    buffer_fini(&out);
}

static void greets_as_the_protocol_says(void **state)
{
    (void)state;
    static const uint8_t req[] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};
    uint8_t hello[RPC_WIRE_HELLO_BYTES];
    rpc_wire_hello_put(hello, RPC_WIRE_REQ);
    assert_memory_equal(hello, req, sizeof(req));
    assert_true(rpc_wire_hello_is(hello, RPC_WIRE_REQ));
    assert_false(rpc_wire_hello_is(hello, RPC_WIRE_REP));
}

static void reads_one_message_after_another_however_they_are_cut(void **state)
{
    (void)state;
    for (int ipc = 0; ipc < 2; ipc++) {
        static const uint8_t stack[] = {0, 0, 0, 1, 0x80, 0, 0, 7};
        struct buffer out = BUFFER_EMPTY;
        rpc_wire_append(&out, ipc, bytes_of(stack, 8), bytes_of_text("first"));
        size_t first = out.size;
        rpc_wire_append(&out, ipc, bytes_of(stack + 4, 4), bytes_of_text(""));
        for (size_t part = 0; part <= out.size; part++) {
            struct rpc_wire_message message;
            size_t size = 0;
            enum rpc_wire_result result =
                rpc_wire_take(bytes_of(out.data, part), ipc, &message, &size);
            assert_int_equal(result, part < first ? RPC_WIRE_MORE : RPC_WIRE_MESSAGE);
            if (part < first) {
                assert_in_range(size, part + 1, first);
                continue;
            }
            assert_int_equal(size, first);
            assert_true(bytes_equal(message.stack, bytes_of(stack, 8)));
            assert_true(bytes_equal(message.frame, bytes_of_text("first")));
        }
        struct rpc_wire_message message;
        size_t size = 0;
        assert_int_equal(
            rpc_wire_take(bytes_of(out.data + first, out.size - first), ipc, &message, &size),
            RPC_WIRE_MESSAGE);
        assert_int_equal(message.frame.size, 0);
        assert_int_equal(size, out.size - first);
        buffer_fini(&out);
    }
}

static void refuses_what_is_no_message(void **state)
{
    (void)state;
    static const uint8_t no_stack[] = {0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t half_word[] = {0, 0, 0, 0, 0, 0, 0, 2, 0x80, 0};
    static const uint8_t endless[] = {0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t huge[] = {0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t largest[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint8_t nine_words[8 + 36] = {0, 0, 0, 0, 0, 0, 0, 36};
    nine_words[8 + 32] = 0x80;
    const struct bytes cases[] = {
        bytes_of(no_stack, sizeof(no_stack)),
        bytes_of(half_word, sizeof(half_word)),
        bytes_of(endless, sizeof(endless)),
        bytes_of(nine_words, sizeof(nine_words)),
    };
    struct rpc_wire_message message;
    size_t size = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(rpc_wire_take(cases[i], false, &message, &size), RPC_WIRE_BROKEN);
    }
    assert_int_equal(rpc_wire_take(bytes_of(huge, sizeof(huge)), false, &message, &size),
                     RPC_WIRE_OVERSIZED);
    assert_int_equal(rpc_wire_take(bytes_of(largest, sizeof(largest)), false, &message, &size),
                     RPC_WIRE_OVERSIZED);
    static const uint8_t other_type[] = {2};
    assert_int_equal(rpc_wire_take(bytes_of(other_type, 1), true, &message, &size),
                     RPC_WIRE_BROKEN);
}

static void takes_the_largest_message_and_none_larger(void **state)
{
    (void)state;
    uint8_t head[8];
    struct rpc_wire_message message;
    size_t size = 0;
    be64_put(head, RPC_TRANSPORT_BYTES_MAX);
    assert_int_equal(rpc_wire_take(bytes_of(head, 8), false, &message, &size), RPC_WIRE_MORE);
    assert_int_equal(size, 8 + RPC_TRANSPORT_BYTES_MAX);
    be64_put(head, RPC_TRANSPORT_BYTES_MAX + 1);
    assert_int_equal(rpc_wire_take(bytes_of(head, 8), false, &message, &size), RPC_WIRE_OVERSIZED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_the_protocol_says),
        cmocka_unit_test(greets_as_the_protocol_says),
        cmocka_unit_test(reads_one_message_after_another_however_they_are_cut),
        cmocka_unit_test(refuses_what_is_no_message),
        cmocka_unit_test(takes_the_largest_message_and_none_larger),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
