/* See store_rig.h. */
#include "store_rig.h"

#include "base/check.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *rig_folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *folder;
    CHECK(asprintf(&folder, "%s/vafa-store-XXXXXX", base != NULL ? base : "/tmp") > 0);
    CHECK(mkdtemp(folder) != NULL);
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void rig_folder_remove(char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

char *rig_path(const char *folder, const char *name)
{
    char *path;
    CHECK(asprintf(&path, "%s/%s", folder, name) > 0);
    return path;
}

enum status rig_try_open(const char *folder, struct store **ret_store, struct error *err)
{
    struct store_options options = {
        .folder = folder, .service = "intake", .map_bytes = RIG_MAP_BYTES, .no_sync = true};
    return store_open(ret_store, &options, err);
}

struct store *rig_open(const char *folder)
{
    struct store *store = NULL;
    struct error err = ERROR_NONE;
    enum status status = rig_try_open(folder, &store, &err);
    if (status != STATUS_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, STATUS_OK);
    return store;
}

int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    CHECK(rig != NULL);
    rig->folder = rig_folder_new();
    rig->store = rig_open(rig->folder);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    store_free(rig->store);
    rig_folder_remove(rig->folder);
    free(rig);
    return 0;
}

struct store_txn *rig_read(struct store *store)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_read_begin(store, &txn, NULL), STATUS_OK);
    return txn;
}

struct store_txn *rig_write(struct store *store)
{
    struct store_txn *txn = NULL;
    assert_int_equal(store_write_begin(store, &txn, NULL), STATUS_OK);
    return txn;
}

void rig_commit(struct store_txn *txn)
{
    struct error err = ERROR_NONE;
    enum status status = store_write_commit(txn, &err);
    if (status != STATUS_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, STATUS_OK);
}

struct key rig_key(uint8_t class, uint64_t number)
{
    struct key key;
    key_begin(&key, class);
    key_add_u64(&key, number);
    return key;
}

void rig_put_text(struct store_txn *txn, const struct key *key, const char *text)
{
    txn_put(txn, STORE_STATE, key, bytes_of_text(text));
}

bool rig_has(struct store *store, uint64_t number)
{
    struct store_txn *txn = rig_read(store);
    struct key key = rig_key(1, number);
    struct bytes value;
    bool found = txn_get(txn, STORE_STATE, &key, &value);
    assert_int_equal(txn_error(txn, NULL), STATUS_OK);
    store_read_end(txn);
    return found;
}

void rig_count_add(struct rig_count *count)
{
    pthread_mutex_lock(&count->lock);
    count->value++;
    pthread_cond_broadcast(&count->changed);
    pthread_mutex_unlock(&count->lock);
}

unsigned rig_count_get(struct rig_count *count)
{
    pthread_mutex_lock(&count->lock);
    unsigned value = count->value;
    pthread_mutex_unlock(&count->lock);
    return value;
}

void rig_count_wait(struct rig_count *count, unsigned value)
{
    pthread_mutex_lock(&count->lock);
    while (count->value < value) {
        pthread_cond_wait(&count->changed, &count->lock);
    }
    pthread_mutex_unlock(&count->lock);
}

int64_t rig_metric(struct metric_registry *registry, const char *name_and_labels)
{
    struct buffer out = BUFFER_EMPTY;
    metric_print(registry, &out);
    char *line_start = NULL;
    CHECK(asprintf(&line_start, "\n%s ", name_and_labels) > 0);
    const char *at = strstr(buffer_text(&out), line_start);
    int64_t value = at == NULL ? -1 : strtoll(at + strlen(line_start), NULL, 10);
    free(line_start);
    buffer_fini(&out);
    return value;
}
