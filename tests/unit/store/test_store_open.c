/* Opening: what is refused, and why. */
#include "store_rig.h"

#include "base/check.h"
#include "store/event_log.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_store(struct rig *rig)
{
    store_free(rig->store);
    rig->store = NULL;
}

static void assert_refused(const char *folder, enum status expected, const char *text)
{
    struct store *store = NULL;
    struct error err = ERROR_NONE;
    assert_int_equal(rig_try_open(folder, &store, &err), expected);
    assert_null(store);
    if (strstr(err.message, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, text);
    }
}

/* Changes a row of the store's own, past the store. */
static void put_raw(const char *folder, const char *db, const char *name, const void *data,
                    size_t size)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
    assert_int_equal(mdb_env_open(env, folder, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, db, 0, &dbi), 0);
    MDB_val key = {strlen(name), (void *)(uintptr_t)name};
    MDB_val value = {size, (void *)(uintptr_t)data};
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void makes_its_folder_for_itself_alone(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "new");
    struct store *store = rig_open(folder);
    struct stat info;
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_string_equal(store_folder(store), folder);
    assert_string_equal(store_service(store), "intake");
    store_free(store);
    free(folder);
}

static void keeps_its_identity(void **state)
{
    struct rig *rig = *state;
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint8_t secret[STORE_SECRET_BYTES];
    memcpy(log_id, store_log_id(rig->store), sizeof(log_id));
    memcpy(secret, store_secret(rig->store), sizeof(secret));
    close_store(rig);
    rig->store = rig_open(rig->folder);
    assert_memory_equal(log_id, store_log_id(rig->store), sizeof(log_id));
    assert_memory_equal(secret, store_secret(rig->store), sizeof(secret));
    char *folder = rig_path(rig->folder, "other");
    struct store *other = rig_open(folder);
    assert_memory_not_equal(log_id, store_log_id(other), sizeof(log_id));
    assert_memory_not_equal(secret, store_secret(other), sizeof(secret));
    store_free(other);
    free(folder);
}

static void refuses_a_newer_format(void **state)
{
    struct rig *rig = *state;
    close_store(rig);
    uint8_t newer[8];
    be64_put(newer, STORE_FORMAT + 1);
    put_raw(rig->folder, "meta", "format", newer, sizeof(newer));
    char text[32];
    (void)snprintf(text, sizeof(text), "format %d", STORE_FORMAT + 1);
    assert_refused(rig->folder, STATUS_FAILED_PRECONDITION, text);
}

/* An empty table has no page for a root, which is written as eight bytes of ones. */
static void damage_root_of(const char *table, const char *folder)
{
    uint8_t page[4096];
    char *path = rig_path(folder, "data.mdb");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    size_t found = 0;
    assert_true(fd >= 0);
    for (off_t at = 0; pread(fd, page, sizeof(page), at) == sizeof(page); at += 4096) {
        uint8_t *name = memmem(page, sizeof(page), table, strlen(table));
        uint8_t *root = name == NULL ? NULL
                                     : memmem(name, (size_t)(page + sizeof(page) - name),
                                              "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
        if (root != NULL) {
            root[6] ^= 1;
            assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
            found++;
        }
    }
    assert_int_not_equal(found, 0);
    close(fd);
    free(path);
}

/* LMDB notes that a table's page cannot be, and tells only the next call, as MDB_BAD_TXN. */
static void says_that_a_table_whose_page_is_not_there_is_damaged(void **state)
{
    struct rig *rig = *state;
    struct key prefix;
    struct txn_scan scan;
    struct bytes key, value;
    close_store(rig);
    damage_root_of("state", rig->folder);
    rig->store = rig_open(rig->folder);
    struct store_txn *txn = rig_read(rig->store);
    key_begin(&prefix, 1);
    txn_scan_begin(&scan, txn, STORE_STATE, &prefix, NULL, false);
    bool found = txn_scan_next(&scan, &key, &value);
    txn_scan_end(&scan);
    enum status status = txn_error(txn, NULL);
    store_read_end(txn);
    assert_false(found);
    assert_int_equal(status, STATUS_DATA_LOSS);
}

static void refuses_another_services_store(void **state)
{
    struct rig *rig = *state;
    close_store(rig);
    struct store *store = NULL;
    struct error err;
    struct store_options options = {.folder = rig->folder, .service = "routing", .no_sync = true};
    assert_int_equal(store_open(&store, &options, &err), STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.message, "intake"));
    rig->store = rig_open(rig->folder); /* and is not harmed */
}

static void says_that_a_flip_in_its_name_is_damage_and_the_way_back(void **state)
{
    struct rig *rig = *state;
    static const char *const damaged[] = {"intaje", "\xe9ntake", "\xff\xfe"};
    close_store(rig);
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        put_raw(rig->folder, "meta", "service", damaged[i], strlen(damaged[i]));
        assert_refused(rig->folder, STATUS_DATA_LOSS, "whose it is should read intake");
        assert_refused(rig->folder, STATUS_DATA_LOSS, "from a backup");
    }
    put_raw(rig->folder, "meta", "service", "report", 6); /* of the same length */
    assert_refused(rig->folder, STATUS_FAILED_PRECONDITION, "is report's, not intake's");
    put_raw(rig->folder, "meta", "service", "intake", 6);
    rig->store = rig_open(rig->folder);
}

static void refuses_options_out_of_range(void **state)
{
    struct rig *rig = *state;
    struct store *store = NULL;
    struct store_options options = {.folder = rig->folder, .service = "", .no_sync = true};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_INVALID_ARGUMENT);
    options.service = "intake";
    options.map_bytes = 1 << 20;
    assert_int_equal(store_open(&store, &options, NULL), STATUS_INVALID_ARGUMENT);
}

static void refuses_a_second_opening_in_this_process(void **state)
{
    struct rig *rig = *state;
    assert_refused(rig->folder, STATUS_FAILED_PRECONDITION, "open");
    struct store *store = NULL;
    struct store_options options = {.folder = rig->folder, .service = "intake", .read_only = true};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_FAILED_PRECONDITION);
    assert_false(rig_has(rig->store, 1)); /* the first works on */
}

/* Runs this program again as `role` on the folder; its exit status. */
static int run_self(const char *role, const char *folder)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", "test_store_open", role, folder, (char *)NULL);
        _exit(126);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void refuses_a_second_process(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(run_self("open", rig->folder), STATUS_FAILED_PRECONDITION);
    close_store(rig);
    assert_int_equal(run_self("open", rig->folder), STATUS_OK);
}

static void lets_another_process_read_beside(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    struct key key = rig_key(1, 1);
    rig_put_text(txn, &key, "one");
    rig_commit(txn);
    assert_int_equal(run_self("read", rig->folder), STATUS_OK);
    txn = rig_write(rig->store); /* this one writes on */
    rig_put_text(txn, &key, "two");
    rig_commit(txn);
}

static void opens_after_a_process_was_killed(void **state)
{
    struct rig *rig = *state;
    close_store(rig);
    assert_int_equal(run_self("killed", rig->folder), 128 + 9);
    rig->store = rig_open(rig->folder);
    assert_true(rig_has(rig->store, 1));
}

static void refuses_a_file_cut_short(void **state)
{
    struct rig *rig = *state;
    struct store_txn *txn = rig_write(rig->store);
    for (uint64_t i = 0; i < 2000; i++) {
        struct key key = rig_key(1, i);
        rig_put_text(txn, &key, "some text to fill a page with");
    }
    rig_commit(txn);
    struct store_usage usage;
    store_usage(rig->store, &usage);
    close_store(rig);
    char *path = rig_path(rig->folder, "data.mdb");
    assert_true(usage.used_bytes > 16 * 4096);
    assert_int_equal(truncate(path, (off_t)usage.used_bytes - 4096 * 8), 0);
    assert_refused(rig->folder, STATUS_DATA_LOSS, "cut short");
    assert_int_equal(truncate(path, 4096), 0);
    assert_refused(rig->folder, STATUS_DATA_LOSS, "");
    assert_int_equal(truncate(path, 0), 0);
    assert_refused(rig->folder, STATUS_DATA_LOSS, "empty");
    assert_int_equal(unlink(path), 0);
    assert_refused(rig->folder, STATUS_DATA_LOSS, "gone");
    free(path);
}

static void opens_what_a_death_in_the_making_left(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "new");
    char *lock = rig_path(rig->folder, "new/store.lock");
    char *data = rig_path(rig->folder, "new/data.mdb");
    assert_int_equal(mkdir(folder, 0700), 0);
    close(open(lock, O_CREAT | O_WRONLY, 0600));
    close(open(data, O_CREAT | O_WRONLY, 0600));
    struct store *store = rig_open(folder);
    store_free(store);
    free(folder);
    free(lock);
    free(data);
}

static void refuses_bytes_that_are_no_store(void **state)
{
    struct rig *rig = *state;
    close_store(rig);
    char *path = rig_path(rig->folder, "data.mdb");
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 4096; i++) {
        fputs("not a store", file);
    }
    fclose(file);
    assert_refused(rig->folder, STATUS_DATA_LOSS, "");
    free(path);
}

static void says_that_there_is_no_store_to_read(void **state)
{
    struct rig *rig = *state;
    char *folder = rig_path(rig->folder, "none");
    struct store *store = NULL;
    struct store_options options = {.folder = folder, .service = "intake", .read_only = true};
    assert_int_equal(store_open(&store, &options, NULL), STATUS_NOT_FOUND);
    assert_int_equal(access(folder, F_OK), -1); /* and makes none */
    free(folder);
}

static void opens_a_file_larger_than_the_map_asked_for(void **state)
{
    struct rig *rig = *state;
    static uint8_t value[1 << 20];
    for (uint64_t i = 0; i < 24; i++) {
        struct store_txn *txn = rig_write(rig->store);
        struct key key = rig_key(1, i);
        txn_put(txn, STORE_STATE, &key, bytes_of(value, sizeof(value)));
        rig_commit(txn);
    }
    close_store(rig);
    struct store_options options = {.folder = rig->folder,
                                    .service = "intake",
                                    .map_bytes = UINT64_C(16) << 20,
                                    .no_sync = true};
    assert_int_equal(store_open(&rig->store, &options, NULL), STATUS_OK);
    assert_true(rig_has(rig->store, 23));
}

static void reports_its_usage(void **state)
{
    struct rig *rig = *state;
    struct store_usage before, after;
    store_usage(rig->store, &before);
    static uint8_t value[1 << 20];
    struct store_txn *txn = rig_write(rig->store);
    struct key key = rig_key(1, 1);
    txn_put(txn, STORE_STATE, &key, bytes_of(value, sizeof(value)));
    rig_commit(txn);
    store_usage(rig->store, &after);
    assert_int_equal(after.map_bytes, RIG_MAP_BYTES);
    assert_in_range(after.used_bytes - before.used_bytes, 1 << 20, (1 << 20) + 65536);
    assert_true(after.disk_free_bytes > 0);
}

/* --- other processes --- */

static int other_process(const char *role, const char *folder)
{
    struct store *store = NULL;
    struct store_options options = {.folder = folder,
                                    .service = "intake",
                                    .map_bytes = RIG_MAP_BYTES,
                                    .read_only = strcmp(role, "read") == 0};
    enum status status = store_open(&store, &options, NULL);
    if (status != STATUS_OK) {
        return (int)status;
    }
    struct key key;
    key_begin(&key, 1);
    key_add_u64(&key, 1);
    struct store_txn *txn;
    if (strcmp(role, "killed") == 0) { /* with a reader and a writer open */
        CHECK(store_write_begin(store, &txn, NULL) == STATUS_OK);
        txn_put(txn, STORE_STATE, &key, bytes_of_text("x"));
        CHECK(store_write_commit(txn, NULL) == STATUS_OK);
        CHECK(store_read_begin(store, &txn, NULL) == STATUS_OK);
        CHECK(store_write_begin(store, &txn, NULL) == STATUS_OK);
        kill(getpid(), 9);
    }
    if (strcmp(role, "read") == 0) {
        struct bytes value;
        CHECK(store_read_begin(store, &txn, NULL) == STATUS_OK);
        CHECK(txn_get(txn, STORE_STATE, &key, &value));
        store_read_end(txn);
        CHECK(store_write_begin(store, &txn, NULL) == STATUS_FAILED_PRECONDITION);
    }
    store_free(store);
    return 0;
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(int argc, char **argv)
{
    if (argc == 3) {
        return other_process(argv[1], argv[2]);
    }
    const struct CMUnitTest tests[] = {
        WITH_STORE(makes_its_folder_for_itself_alone),
        WITH_STORE(keeps_its_identity),
        WITH_STORE(refuses_a_newer_format),
        WITH_STORE(says_that_a_table_whose_page_is_not_there_is_damaged),
        WITH_STORE(refuses_another_services_store),
        WITH_STORE(says_that_a_flip_in_its_name_is_damage_and_the_way_back),
        WITH_STORE(refuses_options_out_of_range),
        WITH_STORE(refuses_a_second_opening_in_this_process),
        WITH_STORE(refuses_a_second_process),
        WITH_STORE(lets_another_process_read_beside),
        WITH_STORE(opens_after_a_process_was_killed),
        WITH_STORE(refuses_a_file_cut_short),
        WITH_STORE(opens_what_a_death_in_the_making_left),
        WITH_STORE(refuses_bytes_that_are_no_store),
        WITH_STORE(says_that_there_is_no_store_to_read),
        WITH_STORE(opens_a_file_larger_than_the_map_asked_for),
        WITH_STORE(reports_its_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
