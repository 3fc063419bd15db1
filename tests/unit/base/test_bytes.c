/* Buffers, comparison, big-endian numbers, hex. */
#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void grows_and_keeps_its_contents(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_EMPTY;
    assert_string_equal(buffer_text(&buffer), "");
    for (int i = 0; i < 1000; i++) {
        buffer_append_format(&buffer, "%d,", i);
    }
    assert_memory_equal(buffer_text(&buffer), "0,1,2,3,", 8);
    assert_string_equal(buffer_text(&buffer) + buffer.size - 4, "999,");
    buffer_clear(&buffer);
    buffer_append(&buffer, NULL, 0);
    buffer_append_text(&buffer, "ab");
    buffer_append_bytes(&buffer, bytes_of_text("cd"));
    assert_true(bytes_equal(buffer_bytes(&buffer), bytes_of_text("abcd")));
    buffer_fini(&buffer);
    assert_null(buffer.data);
    buffer_fini(&buffer);
}

static void formats_text_longer_than_its_room(void **state)
{
    (void)state;
    struct buffer buffer = BUFFER_EMPTY;
    buffer_append_format(&buffer, "<%500d>", 1);
    assert_int_equal(buffer.size, 502);
    assert_int_equal(strlen(buffer_text(&buffer)), 502);
    buffer_fini(&buffer);
}

static void orders_bytes_as_memcmp_with_the_shorter_first(void **state)
{
    (void)state;
    assert_true(bytes_compare(bytes_of_text("a"), bytes_of_text("ab")) < 0);
    assert_true(bytes_compare(bytes_of_text("b"), bytes_of_text("ab")) > 0);
    assert_true(bytes_compare(bytes_of_text("\xFF"), bytes_of_text("a")) > 0);
    assert_int_equal(bytes_compare(bytes_of(NULL, 0), bytes_of_text("")), 0);
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_of_text("")));
    assert_false(bytes_equal(bytes_of_text("a"), bytes_of_text("b")));
}

static void writes_numbers_with_the_high_byte_first(void **state)
{
    (void)state;
    uint8_t out[8];
    be64_put(out, UINT64_C(0x0102030405060708));
    assert_memory_equal(out, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_true(be64_get(out) == UINT64_C(0x0102030405060708));
    be32_put(out, UINT32_C(0xFFEEDDCC));
    assert_memory_equal(out, "\xFF\xEE\xDD\xCC", 4);
    assert_true(be32_get(out) == UINT32_C(0xFFEEDDCC));
    be16_put(out, 0x8001);
    assert_memory_equal(out, "\x80\x01", 2);
    assert_int_equal(be16_get(out), 0x8001);
}

static void reads_only_exact_hex(void **state)
{
    (void)state;
    uint8_t out[2] = {9, 9};
    char text[5];
    assert_false(hex_decode("12", out, 2));
    assert_false(hex_decode("12345", out, 2));
    assert_false(hex_decode("12g4", out, 2));
    assert_int_equal(out[0], 9);
    assert_true(hex_decode("aB09", out, 2));
    hex_encode(out, 2, text);
    assert_string_equal(text, "ab09");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_its_contents),
        cmocka_unit_test(formats_text_longer_than_its_room),
        cmocka_unit_test(orders_bytes_as_memcmp_with_the_shorter_first),
        cmocka_unit_test(writes_numbers_with_the_high_byte_first),
        cmocka_unit_test(reads_only_exact_hex),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
