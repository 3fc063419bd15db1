/* The master key is changed while citizens come, are found and are forgotten. */
#include "service/keyring_change.h"

#include "base/random.h"
#include "service/decision.h"
#include "store/store.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CITIZENS 500 /* more than two steps' worth */

struct rig {
    char folder[SCRATCH_SIZE];
    char file[SCRATCH_SIZE + 16];
    struct store *store;
    struct keyring *keyring;
};

static void phone_of(uint64_t citizen, char e164[17])
{
    snprintf(e164, 17, "+98913%07llu", (unsigned long long)citizen);
}

static enum status open_keyring(struct rig *rig, struct error *err)
{
    struct store_txn *txn;
    assert_int_equal(store_read_begin(rig->store, &txn, NULL), STATUS_OK);
    enum status status = keyring_open(&rig->keyring, rig->file, txn, true, random_system(), err);
    store_read_end(txn);
    return status;
}

/* As after a crash: what is in the file and in the store is all there is. */
static void restart(struct rig *rig)
{
    keyring_free(rig->keyring);
    rig->keyring = NULL;
    assert_int_equal(open_keyring(rig, NULL), STATUS_OK);
}

static struct store_txn *begin_write(struct rig *rig)
{
    struct store_txn *txn;
    assert_int_equal(store_write_begin(rig->store, &txn, NULL), STATUS_OK);
    return txn;
}

/* Decides with the keyring, and writes what was decided. */
static void decide_and_write(struct rig *rig, void (*decide_it)(struct decide *d, uint64_t citizen),
                             uint64_t citizen)
{
    struct decision decision = {.random = random_system()};
    struct error err = ERROR_NONE;
    struct store_txn *txn = begin_write(rig);
    struct decide d = {.arena = arena_new(1u << 20),
                       .txn = txn,
                       .keyring = rig->keyring,
                       .decision = &decision,
                       .error = &err};
    decide_it(&d, citizen);
    for (size_t i = 0; i < decision.key_row_count; i++) {
        if (decision.key_rows[i].is_deleted) {
            txn_delete(txn, STORE_KEYS, &decision.key_rows[i].key);
        } else {
            txn_put(txn, STORE_KEYS, &decision.key_rows[i].key, decision.key_rows[i].value);
        }
    }
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
    arena_free(d.arena);
}

static void decide_new(struct decide *d, uint64_t citizen)
{
    struct citizen_key key;
    char e164[17];
    phone_of(citizen, e164);
    assert_int_equal(decide_new_citizen(d, citizen, citizen % 5 == 0 ? NULL : e164, &key),
                     STATUS_OK);
}

static void decide_forget(struct decide *d, uint64_t citizen)
{
    bool had_key = false;
    assert_int_equal(decide_forget_citizen(d, citizen, &had_key), STATUS_OK);
    assert_true(had_key);
}

static struct keyring_state state_of(struct rig *rig)
{
    struct store_txn *txn;
    assert_int_equal(store_read_begin(rig->store, &txn, NULL), STATUS_OK);
    struct keyring_state state = keyring_state(rig->keyring, txn);
    store_read_end(txn);
    return state;
}

static void step(struct rig *rig)
{
    struct store_txn *txn = begin_write(rig);
    keyring_change_step(rig->keyring, txn, random_system());
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
}

static enum status end_change(struct rig *rig, struct error *err)
{
    struct store_txn *txn;
    assert_int_equal(store_read_begin(rig->store, &txn, NULL), STATUS_OK);
    enum status status = keyring_end_change(rig->keyring, txn, err);
    store_read_end(txn);
    return status;
}

static bool is_found(struct rig *rig, uint64_t citizen)
{
    struct store_txn *txn;
    struct citizen_key key;
    char e164[17];
    phone_of(citizen, e164);
    assert_int_equal(store_read_begin(rig->store, &txn, NULL), STATUS_OK);
    uint64_t found = keyring_find_phone(rig->keyring, txn, e164);
    bool has_key = keyring_get(rig->keyring, txn, citizen, &key);
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
    assert_true(found == 0 || found == citizen);
    assert_int_equal(has_key, found != 0 || citizen % 5 == 0);
    return found != 0;
}

static void all_are_found(struct rig *rig, uint64_t last)
{
    for (uint64_t citizen = 1; citizen <= last; citizen++) {
        assert_int_equal(is_found(rig, citizen), citizen % 5 != 0);
    }
}

static void make_citizens(struct rig *rig, uint64_t first, uint64_t last)
{
    for (uint64_t citizen = first; citizen <= last; citizen++) {
        decide_and_write(rig, decide_new, citizen);
    }
}

/* --- what is seen --- */

static void everybody_is_found_at_every_step(void **state)
{
    struct rig *rig = *state;
    make_citizens(rig, 1, CITIZENS);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    int steps = 0;
    while (!state_of(rig).is_whole) {
        assert_true(steps++ < 10);
        step(rig);
        all_are_found(rig, CITIZENS);
    }
    assert_true(steps > 2);
    assert_int_equal(end_change(rig, NULL), STATUS_OK);
    assert_int_equal(state_of(rig).keys, 1);
    all_are_found(rig, CITIZENS);
    restart(rig);
    all_are_found(rig, CITIZENS);
}

static void whoever_comes_meanwhile_is_under_the_new_key(void **state)
{
    struct rig *rig = *state;
    make_citizens(rig, 1, 10);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    step(rig);
    assert_true(state_of(rig).is_whole);
    make_citizens(rig, 11, 20);
    assert_int_equal(end_change(rig, NULL), STATUS_OK);
    restart(rig);
    all_are_found(rig, 20);
}

static void the_forgotten_are_found_under_no_key(void **state)
{
    struct rig *rig = *state;
    make_citizens(rig, 1, 4);
    decide_and_write(rig, decide_forget, 1);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    decide_and_write(rig, decide_forget, 2); /* under the old key still */
    step(rig);
    decide_and_write(rig, decide_forget, 3); /* under the new one */
    assert_int_equal(end_change(rig, NULL), STATUS_OK);
    for (uint64_t citizen = 1; citizen <= 3; citizen++) {
        assert_false(is_found(rig, citizen));
    }
    assert_true(is_found(rig, 4));
}

static void goes_on_after_a_crash_at_every_step(void **state)
{
    struct rig *rig = *state;
    make_citizens(rig, 1, CITIZENS);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    struct keyring_state begun = state_of(rig);
    for (int i = 0; i < 10 && !state_of(rig).is_whole; i++) {
        restart(rig);
        assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
        assert_memory_equal(state_of(rig).newest, begun.newest, sizeof begun.newest);
        step(rig);
    }
    restart(rig);
    assert_true(state_of(rig).is_whole);
    assert_int_equal(end_change(rig, NULL), STATUS_OK);
    restart(rig);
    all_are_found(rig, CITIZENS);
}

static void does_not_end_while_a_citizen_is_under_the_old_key(void **state)
{
    struct rig *rig = *state;
    struct error err;
    make_citizens(rig, 1, CITIZENS);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    step(rig);
    assert_int_equal(end_change(rig, &err), STATUS_FAILED_PRECONDITION);
    assert_string_equal(err.field, "master-key");
    assert_int_equal(state_of(rig).keys, 2);
}

static void does_not_end_a_change_that_it_was_not_told_of(void **state)
{
    struct rig *rig = *state;
    make_citizens(rig, 1, 2);
    struct rig other = *rig; /* another service of the same file would do this */
    assert_int_equal(open_keyring(&other, NULL), STATUS_OK);
    assert_int_equal(keyring_begin_change(other.keyring, random_system(), NULL), STATUS_OK);
    keyring_free(other.keyring);
    assert_int_equal(end_change(rig, NULL), STATUS_FAILED_PRECONDITION);
    all_are_found(rig, 2);
}

/* Exchanges the file for one that holds only that line of it. */
static void keep_line(struct rig *rig, size_t line, char ret_whole[512])
{
    FILE *file = fopen(rig->file, "r+");
    assert_non_null(file);
    size_t size = fread(ret_whole, 1, 511, file);
    ret_whole[size] = '\0';
    const char *end = strchr(ret_whole, '\n') + 1;
    const char *kept = line == 0 ? ret_whole : end;
    assert_non_null(file = freopen(rig->file, "w", file));
    assert_true(fprintf(file, "%.*s", line == 0 ? (int)(end - ret_whole) : 255, kept) > 0);
    assert_int_equal(fclose(file), 0);
}

static void does_not_start_with_half_of_the_keys(void **state)
{
    struct rig *rig = *state;
    struct error err;
    char whole[512];
    make_citizens(rig, 1, CITIZENS);
    assert_int_equal(keyring_begin_change(rig->keyring, random_system(), NULL), STATUS_OK);
    step(rig);
    for (size_t line = 0; line < 2; line++) {
        keep_line(rig, line, whole);
        struct keyring *before = rig->keyring;
        assert_int_equal(open_keyring(rig, &err), STATUS_FAILED_PRECONDITION);
        assert_non_null(strstr(err.message, "OPERATIONS"));
        rig->keyring = before;
        FILE *file = fopen(rig->file, "w");
        assert_non_null(file);
        assert_true(fputs(whole, file) >= 0);
        assert_int_equal(fclose(file), 0);
    }
    restart(rig);
    all_are_found(rig, CITIZENS);
}

/* --- the frame --- */

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    scratch_new(rig->folder);
    snprintf(rig->file, sizeof rig->file, "%s/master.key", rig->folder);
    char folder[SCRATCH_SIZE + 16];
    snprintf(folder, sizeof folder, "%s/intake", rig->folder);
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = 64u << 20, .no_sync = true};
    assert_int_equal(store_open(&rig->store, &options, NULL), STATUS_OK);
    assert_int_equal(open_keyring(rig, NULL), STATUS_OK);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    keyring_free(rig->keyring);
    store_free(rig->store);
    scratch_remove(rig->folder);
    free(rig);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(everybody_is_found_at_every_step),
        TEST(whoever_comes_meanwhile_is_under_the_new_key),
        TEST(the_forgotten_are_found_under_no_key),
        TEST(goes_on_after_a_crash_at_every_step),
        TEST(does_not_end_while_a_citizen_is_under_the_old_key),
        TEST(does_not_end_a_change_that_it_was_not_told_of),
        TEST(does_not_start_with_half_of_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
