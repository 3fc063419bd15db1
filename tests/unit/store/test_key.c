/* Keys: byte order is the order of the parts, and what was put in comes out. */
#include "store_rig.h"

#include <string.h>

static void assert_before(const struct key *a, const struct key *b)
{
    assert_true(bytes_compare(key_bytes(a), key_bytes(b)) < 0);
}

static void orders_unsigned_numbers(void **state)
{
    (void)state;
    static const uint64_t values[] = {
        0, 1, 255, 256, 65535, 65536, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX};
    for (size_t i = 1; i < sizeof(values) / sizeof(values[0]); i++) {
        struct key a = rig_key(1, values[i - 1]);
        struct key b = rig_key(1, values[i]);
        assert_before(&a, &b);
        if (values[i] <= UINT32_MAX) {
            key_begin(&a, 1);
            key_begin(&b, 1);
            key_add_u32(&a, (uint32_t)values[i - 1]);
            key_add_u32(&b, (uint32_t)values[i]);
            assert_before(&a, &b);
        }
    }
    struct key a, b;
    key_begin(&a, 1);
    key_begin(&b, 1);
    key_add_u8(&a, 127);
    key_add_u8(&b, 128);
    assert_before(&a, &b);
}

static void orders_negative_numbers_before_positive(void **state)
{
    (void)state;
    static const int64_t wide[] = {INT64_MIN, INT64_MIN + 1, -65536, -1, 0, 1, 65536, INT64_MAX};
    static const int32_t narrow[] = {INT32_MIN, INT32_MIN + 1, -65536, -1, 0, 1, 65536, INT32_MAX};
    for (size_t i = 1; i < sizeof(wide) / sizeof(wide[0]); i++) {
        struct key a, b;
        key_begin(&a, 1);
        key_begin(&b, 1);
        key_add_i64(&a, wide[i - 1]);
        key_add_i64(&b, wide[i]);
        assert_before(&a, &b);
        key_begin(&a, 1);
        key_begin(&b, 1);
        key_add_i32(&a, narrow[i - 1]);
        key_add_i32(&b, narrow[i]);
        assert_before(&a, &b);
    }
}

static void orders_texts_before_what_follows_them(void **state)
{
    (void)state;
    /* "ab", 9 < "abc", 1: the text decides first, since its end sorts before any letter. */
    struct key a, b;
    key_begin(&a, 1);
    key_add_text(&a, "ab");
    key_add_u32(&a, 9);
    key_begin(&b, 1);
    key_add_text(&b, "abc");
    key_add_u32(&b, 1);
    assert_before(&a, &b);
    key_begin(&a, 1);
    key_add_text(&a, "");
    assert_before(&a, &b);
}

static void orders_classes_first(void **state)
{
    (void)state;
    struct key a = rig_key(1, UINT64_MAX);
    struct key b = rig_key(2, 0);
    assert_before(&a, &b);
}

static void gives_back_what_was_put_in(void **state)
{
    (void)state;
    struct key key;
    key_begin(&key, 7);
    key_add_u8(&key, 200);
    key_add_u32(&key, 4000000000u);
    key_add_i32(&key, -5);
    key_add_u64(&key, UINT64_MAX - 3);
    key_add_i64(&key, INT64_MIN + 3);
    key_add_text(&key, "اصفهان");
    key_add_text(&key, "");
    struct key_reader reader = key_read(key_bytes(&key));
    assert_int_equal(key_read_u8(&reader), 200);
    assert_true(key_read_u32(&reader) == 4000000000u);
    assert_int_equal(key_read_i32(&reader), -5);
    assert_true(key_read_u64(&reader) == UINT64_MAX - 3);
    assert_true(key_read_i64(&reader) == INT64_MIN + 3);
    assert_string_equal(key_read_text(&reader), "اصفهان");
    assert_string_equal(key_read_text(&reader), "");
    assert_true(reader.ok);
    assert_int_equal(reader.rest.size, 0);
    assert_int_equal(key_read_u8(&reader), 0);
    assert_false(reader.ok);
}

static void says_when_a_part_is_missing(void **state)
{
    (void)state;
    struct key key;
    key_begin(&key, 7);
    key_add_bytes(&key, "abc", 3);
    struct key_reader reader = key_read(key_bytes(&key));
    assert_string_equal(key_read_text(&reader), ""); /* no NUL */
    assert_false(reader.ok);
    assert_int_equal(key_read_u8(&reader), 0); /* and stays so */
    reader = key_read(bytes_of(NULL, 0));
    assert_false(reader.ok);
}

static void notes_a_part_that_does_not_fit(void **state)
{
    (void)state;
    char text[KEY_BYTES_MAX + 10];
    memset(text, 'a', sizeof(text));
    text[KEY_BYTES_MAX - 2] = '\0';
    struct key key;
    key_begin(&key, 1);
    key_add_text(&key, text);
    assert_false(key.overflow);
    assert_int_equal(key.size, KEY_BYTES_MAX);
    key_add_u8(&key, 1);
    assert_true(key.overflow);
    key_begin(&key, 1); /* a new beginning */
    assert_false(key.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_unsigned_numbers),
        cmocka_unit_test(orders_negative_numbers_before_positive),
        cmocka_unit_test(orders_texts_before_what_follows_them),
        cmocka_unit_test(orders_classes_first),
        cmocka_unit_test(gives_back_what_was_put_in),
        cmocka_unit_test(says_when_a_part_is_missing),
        cmocka_unit_test(notes_a_part_that_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
