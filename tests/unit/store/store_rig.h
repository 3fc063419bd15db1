/* What the store's tests share: a folder that goes away, a store in it, operations that put one
 * row, waiting. */
#ifndef VAFA_TESTS_STORE_RIG_H
#define VAFA_TESTS_STORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"
#include "store/writer.h"

#include <pthread.h>

/* A fresh folder; the caller frees it with rig_folder_remove. */
char *rig_folder_new(void);
void rig_folder_remove(char *folder);
char *rig_path(const char *folder, const char *name);

#define RIG_MAP_BYTES (UINT64_C(64) << 20)

/* Opens <folder> as intake's store, with a small map and without syncing. */
struct store *rig_open(const char *folder);
enum status rig_try_open(const char *folder, struct store **ret_store, struct error *err);

/* For cmocka_unit_test_setup_teardown: *state is a struct rig. */
struct rig {
    char *folder;
    struct store *store;
};
int rig_setup(void **state);
int rig_teardown(void **state);

struct store_txn *rig_read(struct store *store);
struct store_txn *rig_write(struct store *store);
void rig_commit(struct store_txn *txn);

struct key rig_key(uint8_t class, uint64_t number);
void rig_put_text(struct store_txn *txn, const struct key *key, const char *text);
bool rig_has(struct store *store, uint64_t number); /* the row {1, number} of the state */

/* Counts what ended; waits without sleeping. */
struct rig_count {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned value;
};
#define RIG_COUNT_INIT                                                                             \
    {                                                                                              \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0                                     \
    }
void rig_count_add(struct rig_count *count);
unsigned rig_count_get(struct rig_count *count);
void rig_count_wait(struct rig_count *count, unsigned value);

/* The value of a metric as printed, e.g. "vafa_store_commits_total{service=\"intake\"}"; -1 when it
 * is not there. */
int64_t rig_metric(struct metric_registry *registry, const char *name_and_labels);

#endif
