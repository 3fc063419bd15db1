/* The bytes of cells and of their keys. */
#include "services/report/report_tables.h"

#include "city/city.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* The dump of report_tables.h. */
static const uint8_t drawn[] = {0x01, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00,
                                0x00, 0x00, 0x00, 0x00, 0x00, 0xa2, 0x04, 0x01};

static void writes_a_cell_as_it_is_drawn(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct buffer out = BUFFER_EMPTY;
    struct report_cell cell = {{1, 1, 1, 1}, {{0}}};
    uint32_t bucket = report_buckets_of(12600);
    assert_int_equal(report_buckets_add(&cell.resolution, arena, bucket, 1), STATUS_OK);
    report_tables_cell_pack(&cell, &out);
    assert_int_equal(out.size, sizeof(drawn));
    assert_memory_equal(out.data, drawn, sizeof(drawn));
    buffer_fini(&out);
    arena_free(arena);
}

static void adds_cells_up(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct buffer out = BUFFER_EMPTY;
    struct report_cell cell = {{300, 2, 2, 1, UINT64_MAX}, {{0}}};
    struct report_cell sum = {0};
    assert_int_equal(report_buckets_add(&cell.resolution, arena, 0, 1), STATUS_OK);
    assert_int_equal(report_buckets_add(&cell.resolution, arena, 1599, 1000), STATUS_OK);
    report_tables_cell_pack(&cell, &out);
    assert_int_equal(report_tables_cell_add(&sum, arena, buffer_bytes(&out), true), STATUS_OK);
    assert_int_equal(report_tables_cell_add(&sum, arena, bytes_of(drawn, sizeof(drawn)), true),
                     STATUS_OK);
    assert_int_equal(sum.counters[REPORT_COUNTER_REQUESTS], 301);
    assert_int_equal(sum.counters[REPORT_COUNTER_DONE], 3);
    assert_true(sum.counters[REPORT_COUNTER_CALLS] == UINT64_MAX);
    assert_int_equal(report_buckets_total(&sum.resolution), 1002);
    uint32_t bucket = 1;
    uint32_t count;
    assert_true(report_buckets_next(&sum.resolution, &bucket, &count));
    assert_int_equal(bucket, 546);
    assert_int_equal(count, 1);
    buffer_fini(&out);
    arena_free(arena);
}

static void leaves_the_buckets_alone_when_nobody_asks_for_them(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    struct report_cell sum = {0};
    assert_int_equal(report_tables_cell_add(&sum, arena, bytes_of(drawn, sizeof(drawn)), false),
                     STATUS_OK);
    assert_int_equal(sum.counters[REPORT_COUNTER_ON_TIME], 1);
    assert_int_equal(report_buckets_total(&sum.resolution), 0);
    arena_free(arena);
}

static void refuses_bytes_that_are_no_cell(void **state)
{
    (void)state;
    static const uint8_t no_such_bucket[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 1};
    static const uint8_t far_too_long[] = {1,    0,    0,    0,    0,    0,    0,    0,
                                           0,    0,    0,    0,    0,    0xff, 0xff, 0xff,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    struct arena *arena = arena_new(1 << 16);
    struct report_cell sum = {0};
    for (size_t size = 0; size < sizeof(drawn); size++) {
        enum status expected = size == 13 ? STATUS_OK : STATUS_DATA_LOSS; /* 13: nothing was done */
        assert_int_equal(report_tables_cell_add(&sum, arena, bytes_of(drawn, size), true),
                         expected);
    }
    assert_int_equal(
        report_tables_cell_add(&sum, arena, bytes_of(no_such_bucket, sizeof(no_such_bucket)), true),
        STATUS_DATA_LOSS);
    assert_int_equal(
        report_tables_cell_add(&sum, arena, bytes_of(far_too_long, sizeof(far_too_long)), true),
        STATUS_DATA_LOSS);
    arena_free(arena);
}

static void reads_a_place_back_from_its_key(void **state)
{
    (void)state;
    const struct report_place place = {-5, "آسفالت", "", "district-5", 8};
    struct report_place back;
    struct key key;
    report_tables_cell_key(&key, &place);
    assert_true(report_tables_cell_place(key_bytes(&key), &back));
    assert_int_equal(back.local_hour, -5);
    assert_string_equal(back.topic, "آسفالت");
    assert_string_equal(back.area, "");
    assert_string_equal(back.unit, "district-5");
    assert_int_equal(back.channel, 8);
    struct bytes cut = bytes_of(key.data, key.size - 1U);
    assert_false(report_tables_cell_place(cut, &back));
}

static void orders_cells_by_their_hour(void **state)
{
    (void)state;
    const struct report_place before = {-1, "z", "z", "z", 8};
    const struct report_place behind = {0, "", "", "", 0};
    struct key a;
    struct key b;
    struct key from;
    report_tables_cell_key(&a, &before);
    report_tables_cell_key(&b, &behind);
    report_tables_cell_from(&from, 0);
    assert_true(bytes_compare(key_bytes(&a), key_bytes(&from)) < 0);
    assert_true(bytes_compare(key_bytes(&from), key_bytes(&b)) < 0);
}

static void has_room_for_the_longest_keys_of_a_city(void **state)
{
    (void)state;
    char longest[CITY_KEY_SIZE_MAX + 1];
    memset(longest, 'k', CITY_KEY_SIZE_MAX);
    longest[CITY_KEY_SIZE_MAX] = '\0';
    const struct report_place place = {1, longest, longest, longest, 1};
    struct key key;
    report_tables_cell_key(&key, &place);
    assert_false(key.overflow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_cell_as_it_is_drawn),
        cmocka_unit_test(adds_cells_up),
        cmocka_unit_test(leaves_the_buckets_alone_when_nobody_asks_for_them),
        cmocka_unit_test(refuses_bytes_that_are_no_cell),
        cmocka_unit_test(reads_a_place_back_from_its_key),
        cmocka_unit_test(orders_cells_by_their_hour),
        cmocka_unit_test(has_room_for_the_longest_keys_of_a_city),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
