/* The cap, the alignment, the reset. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

static void gives_zeroed_and_aligned_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    for (size_t size = 0; size < 500; size++) {
        uint8_t *memory = arena_alloc(arena, size);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(memory[i], 0);
        }
        memset(memory, 0xAA, size);
        if (size == 250) {
            arena_reset(arena);
        }
    }
    arena_free(arena);
}

static void stops_at_its_cap(void **state)
{
    (void)state;
    struct arena *arena = arena_new(100 * 1024);
    size_t total = 0;
    while (arena_alloc(arena, 1000) != NULL) {
        total += 1000;
    }
    assert_in_range(total, 90 * 1024, 100 * 1024);
    assert_null(arena_alloc(arena, SIZE_MAX));
    assert_null(arena_alloc(arena, SIZE_MAX - 8));
    arena_reset(arena);
    assert_non_null(arena_alloc(arena, 100 * 1024));
    assert_null(arena_alloc(arena, 1));
    arena_free(arena);
    arena_free(NULL);
}

static void copies_and_formats(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    assert_string_equal(arena_copy_text(arena, "سلام"), "سلام");
    assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 3);
    assert_string_equal(arena_format(arena, "%s-%d", "x", 5), "x-5");
    assert_null(arena_format(arena, "%2000d", 1));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_and_aligned_memory),
        cmocka_unit_test(stops_at_its_cap),
        cmocka_unit_test(copies_and_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
