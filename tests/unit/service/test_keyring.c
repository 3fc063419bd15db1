/* Which master key a store takes: its own, or a new one while it holds nothing. */
#include "service/keyring.h"

#include "base/random.h"
#include "service/decision.h"
#include "store/store.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct rig {
    char folder[64];
    char key[128], other[128]; /* master key files; made when asked for */
    struct store *store;
};

static struct store_txn *snapshot(struct rig *rig)
{
    struct store_txn *txn;
    assert_int_equal(store_read_begin(rig->store, &txn, NULL), STATUS_OK);
    return txn;
}

static enum status open_with(struct rig *rig, const char *file, bool create, struct error *err)
{
    struct keyring *keyring = NULL;
    struct store_txn *txn = snapshot(rig);
    enum status status = keyring_open(&keyring, file, txn, create, random_system(), err);
    store_read_end(txn);
    keyring_free(keyring);
    return status;
}

static enum status check_with(struct rig *rig, const char *file, struct error *err)
{
    struct store_txn *txn = snapshot(rig);
    enum status status = keyring_check(file, txn, err);
    store_read_end(txn);
    return status;
}

static void put_row(struct rig *rig, const struct key *key, struct bytes value)
{
    struct store_txn *txn;
    assert_int_equal(store_write_begin(rig->store, &txn, NULL), STATUS_OK);
    txn_put(txn, STORE_KEYS, key, value);
    assert_int_equal(store_write_commit(txn, NULL), STATUS_OK);
}

/* As a command does it, under the master key of the file. */
static void add_citizen(struct rig *rig, uint64_t citizen, const char *file)
{
    struct keyring *keyring = NULL;
    struct citizen_key made;
    struct decision decision = {.random = random_system()};
    struct store_txn *txn = snapshot(rig);
    assert_int_equal(keyring_open(&keyring, file, txn, true, random_system(), NULL), STATUS_OK);
    store_read_end(txn);
    struct decide d = {.arena = arena_new(1u << 20), .keyring = keyring, .decision = &decision};
    assert_int_equal(decide_new_citizen(&d, citizen, NULL, &made), STATUS_OK);
    assert_int_equal(decision.key_row_count, 1);
    put_row(rig, &decision.key_rows[0].key, decision.key_rows[0].value);
    arena_free(d.arena);
    keyring_free(keyring);
}

/* The row stays, empty, so that the number is not given again. */
static void forget_citizen(struct rig *rig, uint64_t citizen)
{
    struct key key;
    key_begin(&key, 1); /* citizens, the first class of the keys space */
    key_add_u64(&key, citizen);
    put_row(rig, &key, bytes_of_text(""));
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    snprintf(rig->folder, sizeof rig->folder, "/tmp/vafa-keyring-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->key, sizeof rig->key, "%s/master.key", rig->folder);
    snprintf(rig->other, sizeof rig->other, "%s/other.key", rig->folder);
    char folder[128];
    snprintf(folder, sizeof folder, "%s/intake", rig->folder);
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = 16u << 20, .no_sync = true};
    assert_int_equal(store_open(&rig->store, &options, NULL), STATUS_OK);
    *state = rig;
    return 0;
}

static int remove_entry(const char *path, const struct stat *stat_of, int kind, struct FTW *ftw)
{
    (void)stat_of, (void)kind, (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    store_free(rig->store);
    int failed = nftw(rig->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(rig);
    return failed;
}

static void makes_a_key_while_the_store_holds_none(void **state)
{
    struct rig *rig = *state;
    struct stat made;
    assert_int_equal(open_with(rig, rig->key, true, NULL), STATUS_OK);
    assert_int_equal(stat(rig->key, &made), 0);
    assert_int_equal(made.st_mode & 0777, 0600);
    assert_int_equal(open_with(rig, rig->key, false, NULL), STATUS_OK);
}

static void makes_no_key_for_a_store_that_holds_words(void **state)
{
    struct rig *rig = *state;
    struct error err;
    add_citizen(rig, 1, rig->key);
    assert_int_equal(open_with(rig, rig->other, true, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, rig->other));
    assert_non_null(strstr(err.message, "OPERATIONS"));
    assert_string_equal(err.field, "master-key");
    assert_int_not_equal(access(rig->other, F_OK), 0);
    assert_int_equal(check_with(rig, rig->other, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(open_with(rig, rig->key, true, NULL), STATUS_OK);
}

static void refuses_a_key_that_does_not_open_the_newest_citizens(void **state)
{
    struct rig *rig = *state;
    struct error err;
    assert_int_equal(open_with(rig, rig->other, true, NULL), STATUS_OK);
    add_citizen(rig, 1, rig->key);
    assert_int_equal(open_with(rig, rig->other, true, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "made with"));
    assert_int_equal(check_with(rig, rig->other, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(check_with(rig, rig->key, NULL), STATUS_OK);
}

static void looks_behind_the_forgotten_for_the_newest_key(void **state)
{
    struct rig *rig = *state;
    add_citizen(rig, 1, rig->key);
    add_citizen(rig, 2, rig->key);
    forget_citizen(rig, 2);
    assert_int_equal(open_with(rig, rig->other, true, NULL), STATUS_FAILED_PRECONDITION);
    assert_int_equal(check_with(rig, rig->key, NULL), STATUS_OK);
    forget_citizen(rig, 1); /* now there is nothing that a key could open */
    assert_int_equal(check_with(rig, rig->other, NULL), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_key_while_the_store_holds_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_no_key_for_a_store_that_holds_words, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_key_that_does_not_open_the_newest_citizens,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(looks_behind_the_forgotten_for_the_newest_key, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
