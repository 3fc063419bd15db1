#include "service/keyring_change.h"
#include "service/keyring_internal.h"

#include "base/check.h"
#include "base/plant.h"
#include "service/tables.h"

#include <string.h>

/* --- how far it has come: {master key's id, every citizen up to here} --- */

#define PROGRESS_BYTES (MASTER_ID_BYTES + 8)
#define WHOLE UINT64_MAX

struct progress {
    bool is_known;
    uint8_t id[MASTER_ID_BYTES];
    uint64_t wrapped_to;
};

static void progress_row(struct key *key)
{
    key_begin(key, CLASS_CHANGE);
}

static struct progress read_progress(struct store_txn *txn)
{
    struct progress progress = {0};
    struct key key;
    struct bytes value;
    progress_row(&key);
    if (!txn_get(txn, STORE_KEYS, &key, &value)) {
        return progress;
    }
    if (value.size != PROGRESS_BYTES) {
        txn_fail(txn, STATUS_DATA_LOSS, "the row of the master key's change is %zu bytes long",
                 value.size);
        return progress;
    }
    progress.is_known = true;
    memcpy(progress.id, value.data, MASTER_ID_BYTES);
    progress.wrapped_to = be64_get(value.data + MASTER_ID_BYTES);
    return progress;
}

static void write_progress(struct store_txn *txn, const struct progress *progress)
{
    uint8_t value[PROGRESS_BYTES];
    struct key key;
    progress_row(&key);
    memcpy(value, progress->id, MASTER_ID_BYTES);
    be64_put(value + MASTER_ID_BYTES, progress->wrapped_to);
    txn_put(txn, STORE_KEYS, &key, bytes_of(value, sizeof value));
}

static bool is_of(const struct progress *progress, const struct master *master)
{
    return progress->is_known && memcmp(progress->id, master->id, MASTER_ID_BYTES) == 0;
}

struct keyring_state keyring_state(const struct keyring *keyring, struct store_txn *txn)
{
    const struct ring *ring = keyring_ring(keyring);
    struct progress progress = read_progress(txn);
    struct keyring_state state = {.keys = (uint32_t)ring->count,
                                  .citizens = keyring_last_citizen(txn)};
    memcpy(state.newest, ring->masters[0].id, sizeof state.newest);
    /* With one key everything is under it: opening has looked. */
    state.is_whole =
        ring->count == 1 || (is_of(&progress, &ring->masters[0]) && progress.wrapped_to == WHOLE);
    if (state.is_whole) {
        state.wrapped_to = state.citizens;
    } else if (is_of(&progress, &ring->masters[0])) {
        state.wrapped_to = progress.wrapped_to;
    }
    return state;
}

enum status keyring_change_check(const struct keyring *keyring, struct store_txn *txn,
                                 struct error *err)
{
    const struct ring *ring = keyring_ring(keyring);
    struct progress progress = read_progress(txn);
    enum status status = txn_error(txn, err);
    if (status != STATUS_OK || !progress.is_known) {
        return status;
    }
    bool has_it = false;
    for (size_t i = 0; i < ring->count; i++) {
        has_it = has_it || is_of(&progress, &ring->masters[i]);
    }
    if (!has_it || (progress.wrapped_to != WHOLE && ring->count < MASTER_KEYS_MAX)) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                         "%s lacks a key: %s's was being changed, and citizens are under both, the "
                         "old one and the new; put the file with both there (docs/OPERATIONS.md)",
                         keyring->file, keyring->service);
    }
    return STATUS_OK;
}

/* --- begin --- */

enum status keyring_begin_change(struct keyring *keyring, struct random *random, struct error *err)
{
    CHECK(pthread_mutex_lock(&keyring->change_lock) == 0);
    enum status status = master_key_join(keyring->file, keyring->service, err);
    if (status == STATUS_OK) {
        status = master_key_add(keyring->file, random, err);
    }
    if (status == STATUS_OK) {
        status = keyring_read_ring(keyring, MASTER_KEYS_MAX, err);
    }
    CHECK(pthread_mutex_unlock(&keyring->change_lock) == 0);
    return status;
}

/* --- a step --- */

/* The phone is found under the new key from now on. */
static void move_phone(struct store_txn *txn, const struct master *from, const struct master *to,
                       const struct citizen_secret *secret)
{
    struct key row;
    struct bytes value;
    uint8_t number[8];
    be64_put(number, secret->key.citizen);
    keyring_phone_row(from, secret->e164, &row);
    if (txn_get(txn, STORE_KEYS, &row, &value) &&
        bytes_equal(value, bytes_of(number, sizeof number))) {
        txn_delete(txn, STORE_KEYS, &row);
        keyring_phone_row(to, secret->e164, &row);
        txn_put(txn, STORE_KEYS, &row, bytes_of(number, sizeof number));
    }
}

/* True when the row was under the old key. */
static bool wrap_anew(struct keyring *keyring, struct store_txn *txn, struct random *random,
                      uint64_t citizen, struct bytes row)
{
    const struct ring *ring = keyring_ring(keyring);
    const struct master *newest = &ring->masters[0];
    struct citizen_secret secret;
    struct key key;
    uint8_t wrapped[WRAPPED_BYTES];
    if (keyring_is_forgotten(row)) {
        return false;
    }
    const struct master *under = keyring_unwrap(keyring, ring, citizen, row, &secret);
    if (under == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS, "citizen %llu's key opens under no master key",
                 (unsigned long long)citizen);
        return false;
    }
    if (under != newest) {
        keyring_wrap(keyring, newest, &secret, random, wrapped);
        keyring_citizen_row(&key, citizen);
        txn_put(txn, STORE_KEYS, &key, bytes_of(wrapped, sizeof wrapped));
        if (secret.e164[0] != '\0') {
            move_phone(txn, under, newest, &secret);
        }
    }
    sodium_memzero(&secret, sizeof secret);
    return under != newest;
}

struct row {
    uint64_t citizen;
    size_t size;
    uint8_t value[WRAPPED_BYTES];
};

/* The rows behind a citizen, at most `max`; a row that is longer than one can be is cut, and does not
 * open. */
static size_t read_rows(struct store_txn *txn, uint64_t after, struct row *ret_rows, size_t max)
{
    struct key prefix, start;
    struct bytes key, value;
    struct txn_scan scan;
    size_t count = 0;
    key_begin(&prefix, CLASS_CITIZEN);
    keyring_citizen_row(&start, after + 1);
    txn_scan_begin(&scan, txn, STORE_KEYS, &prefix, &start, false);
    while (count < max && txn_scan_next(&scan, &key, &value)) {
        struct key_reader reader = key_read(key);
        struct row *row = &ret_rows[count++];
        row->citizen = key_read_u64(&reader);
        row->size = value.size < WRAPPED_BYTES ? value.size : WRAPPED_BYTES;
        memcpy(row->value, value.data, row->size);
    }
    txn_scan_end(&scan);
    return count;
}

void keyring_change_step(struct keyring *keyring, struct store_txn *txn, struct random *random)
{
    const struct master *newest = &keyring_ring(keyring)->masters[0];
    struct progress progress = read_progress(txn);
    struct row rows[KEYRING_STEP_ROWS_MAX];
    size_t changed = 0, looked = 0, count;
    if (!is_of(&progress, newest)) {
        progress = (struct progress){.is_known = true};
        memcpy(progress.id, newest->id, sizeof progress.id);
    }
    if (progress.wrapped_to == WHOLE) {
        return;
    }
    do {
        count = read_rows(txn, progress.wrapped_to, rows, KEYRING_STEP_ROWS_MAX - changed);
        for (size_t i = 0; i < count; i++) {
            if (!(PLANTED("wrapped_by_halves") && rows[i].citizen % 2 == 0)) {
                changed += wrap_anew(keyring, txn, random, rows[i].citizen,
                                     bytes_of(rows[i].value, rows[i].size));
            }
            progress.wrapped_to = rows[i].citizen;
        }
        looked += count;
    } while (count > 0 && changed < KEYRING_STEP_ROWS_MAX && looked < KEYRING_STEP_LOOKS_MAX);
    if (count == 0) {
        progress.wrapped_to = WHOLE; /* whoever comes now is wrapped under the newest key */
    }
    write_progress(txn, &progress);
}

/* --- end --- */

/* Somebody else's change of the shared file, which this service was not told of, is not to be ended
 * by it: its citizens are under the key that would go. */
static enum status check_newest_of_file(const struct keyring *keyring, struct error *err)
{
    struct master_keys keys;
    enum status status = master_key_read(keyring->file, &keys, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct master newest = keyring_derive(keys.keys[0].key);
    master_keys_wipe(&keys);
    bool same = memcmp(newest.id, keyring_ring(keyring)->masters[0].id, sizeof newest.id) == 0;
    sodium_memzero(&newest, sizeof newest);
    return same ? STATUS_OK
                : error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                            "%s has a newer key than %s uses: begin the change here, too",
                            keyring->file, keyring->service);
}

enum status keyring_end_change(struct keyring *keyring, struct store_txn *txn, struct error *err)
{
    struct keyring_state state = keyring_state(keyring, txn);
    enum status status = txn_error(txn, err);
    if (status == STATUS_OK && !state.is_whole) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                           "%s has citizens under the old key still: %llu of %llu are done",
                           keyring->service, (unsigned long long)state.wrapped_to,
                           (unsigned long long)state.citizens);
    }
    if (status != STATUS_OK) {
        return status;
    }
    CHECK(pthread_mutex_lock(&keyring->change_lock) == 0);
    status = check_newest_of_file(keyring, err);
    if (status == STATUS_OK) {
        status = master_key_leave(keyring->file, keyring->service, err);
    }
    if (status == STATUS_OK) {
        status = keyring_read_ring(keyring, 1, err);
    }
    CHECK(pthread_mutex_unlock(&keyring->change_lock) == 0);
    return status;
}
