/* The file of the master key: who may read it, and what must be in it. */
#include "service/keyring.h"

#include "base/random.h"
#include "store/store.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static char folder[SCRATCH_SIZE];
static char key[SCRATCH_SIZE + 16];
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    char store_folder[SCRATCH_SIZE + 16];
    scratch_new(folder);
    snprintf(key, sizeof key, "%s/master.key", folder);
    snprintf(store_folder, sizeof store_folder, "%s/intake", folder);
    const struct store_options options = {
        .folder = store_folder, .service = "intake", .map_bytes = 16u << 20, .no_sync = true};
    return store_open(&store, &options, NULL) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    store_free(store);
    scratch_remove(folder);
    return 0;
}

static void write_key(const char *text, mode_t mode)
{
    FILE *file = fopen(key, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(key, mode), 0);
}

static enum status open_keyring(const char *file, struct error *err)
{
    struct keyring *keyring = NULL;
    struct store_txn *txn;
    assert_int_equal(store_read_begin(store, &txn, NULL), STATUS_OK);
    enum status status = keyring_open(&keyring, file, txn, true, random_system(), err);
    store_read_end(txn);
    assert_int_equal(keyring != NULL, status == STATUS_OK);
    keyring_free(keyring);
    return status;
}

static void a_new_one_is_for_its_owner_alone(void **state)
{
    (void)state;
    struct stat stat_of;
    assert_int_equal(open_keyring(key, NULL), STATUS_OK);
    assert_int_equal(stat(key, &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_int_equal(stat_of.st_size, 65);                /* 64 digits and a line's end */
    assert_int_equal(open_keyring(key, NULL), STATUS_OK); /* and is read the next time */
}

static void one_that_others_may_read_is_refused(void **state)
{
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0644, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct error err;
        write_key(GOOD "\n", modes[i]);
        assert_int_equal(open_keyring(key, &err), STATUS_FAILED_PRECONDITION);
        assert_string_equal(err.field, "master-key");
        assert_non_null(strstr(err.message, "chmod 600"));
    }
    write_key(GOOD "\n", 0400); /* stricter is good */
    assert_int_equal(open_keyring(key, NULL), STATUS_OK);
}

static void one_that_holds_no_key_is_refused_and_left_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "0001",
        (GOOD "20"),
        (GOOD "\n\n"),
        (GOOD "x"),
        (" " GOOD),
        "g00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct error err;
        struct stat stat_of;
        write_key(texts[i], 0600);
        assert_int_equal(open_keyring(key, &err), STATUS_FAILED_PRECONDITION);
        assert_string_equal(err.field, "master-key");
        assert_non_null(strstr(err.message, "64 hex digits"));
        assert_null(strstr(err.message, "0001020304")); /* nothing of it is shown */
        assert_int_equal(stat(key, &stat_of), 0);
        assert_int_equal(stat_of.st_size, strlen(texts[i]));
    }
    write_key(GOOD, 0600); /* without a line's end, as some editors leave it */
    assert_int_equal(open_keyring(key, NULL), STATUS_OK);
}

static void what_cannot_be_made_is_told(void **state)
{
    (void)state;
    struct error err;
    char path[SCRATCH_SIZE + 32];
    snprintf(path, sizeof path, "%s/missing/master.key", folder);
    assert_int_equal(open_keyring(path, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(open_keyring(folder, &err), STATUS_FAILED_PRECONDITION); /* a folder */
    assert_non_null(strstr(err.message, folder));
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_new_one_is_for_its_owner_alone),
        WITH_STORE(one_that_others_may_read_is_refused),
        WITH_STORE(one_that_holds_no_key_is_refused_and_left_as_it_is),
        WITH_STORE(what_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
