/* What an import remembers of its rows. */
#include "clients/vafa/import_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#define ROWS 20000

static void keeps_closing_times_notes_and_states_of_many_rows(void **state)
{
    (void)state;
    struct import_index *index;
    bool added;
    assert_int_equal(import_index_new(&index, NULL), STATUS_OK);
    for (int i = 0; i < ROWS; i++) {
        char id[32], note[32];
        snprintf(id, sizeof(id), "row-%d", i);
        snprintf(note, sizeof(note), "note %d", i);
        assert_int_equal(import_index_add(index, id, i, note, &added, NULL), STATUS_OK);
        assert_true(added);
    }
    for (int i = 0; i < ROWS; i++) {
        char id[32], note[32];
        enum import_state found;
        int64_t closed_us;
        struct buffer out = BUFFER_EMPTY;
        snprintf(id, sizeof(id), "row-%d", i);
        snprintf(note, sizeof(note), "note %d", i);
        assert_true(import_index_find(index, id, &found, &closed_us));
        assert_int_equal(found, IMPORT_SENT);
        assert_int_equal(closed_us, i);
        assert_int_equal(import_index_note(index, id, &out, NULL), STATUS_OK);
        assert_string_equal((const char *)out.data,
                            i == 0 ? "" : note); /* row 0 is open: no note is kept */
        buffer_fini(&out);
    }
    import_index_set(index, "row-5", IMPORT_ACCEPTED);
    import_index_set(index, "row-5", IMPORT_FINISHED);
    assert_int_equal(import_index_count(index, IMPORT_FINISHED), 1);
    assert_int_equal(import_index_count(index, IMPORT_ACCEPTED), 0);
    assert_int_equal(import_index_count(index, IMPORT_SENT), ROWS - 1);
    import_index_free(index);
}

static void lets_the_first_of_two_rows_of_one_id_count(void **state)
{
    (void)state;
    struct import_index *index;
    enum import_state found;
    int64_t closed_us;
    bool added;
    assert_int_equal(import_index_new(&index, NULL), STATUS_OK);
    assert_int_equal(import_index_add(index, "a", 1, NULL, &added, NULL), STATUS_OK);
    assert_int_equal(import_index_add(index, "a", 2, "second", &added, NULL), STATUS_OK);
    assert_false(added);
    assert_true(import_index_find(index, "a", &found, &closed_us));
    assert_int_equal(closed_us, 1);
    assert_false(import_index_find(index, "b", &found, &closed_us));
    import_index_free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_closing_times_notes_and_states_of_many_rows),
        cmocka_unit_test(lets_the_first_of_two_rows_of_one_id_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
