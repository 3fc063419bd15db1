/* Opening a keyring: is this the master key that the store's citizens are wrapped under? */
#include "service/keyring_change.h"
#include "service/keyring_internal.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_ELSEWHERE                                                                              \
    "put the store's own master key there, from where it was kept (docs/OPERATIONS.md)"

struct master keyring_derive(const uint8_t key[MASTER_KEY_BYTES])
{
    struct master master;
    CHECK(crypto_kdf_derive_from_key(master.wrapping, sizeof master.wrapping, 1, "vafawrap", key) ==
          0);
    CHECK(crypto_kdf_derive_from_key(master.finding, sizeof master.finding, 2, "vafafind", key) ==
          0);
    uint8_t id[crypto_kdf_BYTES_MIN];
    CHECK(crypto_kdf_derive_from_key(id, sizeof id, 3, "vafaname", key) == 0);
    memcpy(master.id, id, sizeof master.id);
    return master;
}

enum status keyring_read_ring(struct keyring *keyring, size_t keys_max, struct error *err)
{
    struct master_keys keys;
    enum status status = master_key_read(keyring->file, &keys, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct ring *ring = calloc(1, sizeof *ring);
    CHECK(ring != NULL);
    ring->count = keys.count < keys_max ? keys.count : keys_max;
    for (size_t i = 0; i < ring->count; i++) {
        ring->masters[i] = keyring_derive(keys.keys[i].key);
    }
    master_keys_wipe(&keys);
    ring->older = atomic_load(&keyring->ring);
    atomic_store(&keyring->ring, ring);
    return STATUS_OK;
}

/* The newest citizen key that lies in the store, which newer citizens may not have any more:
 * the forgotten. */
static bool newest_key(struct store_txn *txn, uint64_t *ret_citizen, struct bytes *ret_wrapped)
{
    struct key prefix;
    struct bytes key, value;
    struct txn_scan scan;
    bool found = false;
    key_begin(&prefix, CLASS_CITIZEN);
    txn_scan_begin(&scan, txn, STORE_KEYS, &prefix, NULL, true);
    while (!found && txn_scan_next(&scan, &key, &value)) {
        if (!keyring_is_forgotten(value)) {
            struct key_reader reader = key_read(key);
            *ret_citizen = key_read_u64(&reader);
            *ret_wrapped = value;
            found = true;
        }
    }
    txn_scan_end(&scan);
    return found;
}

static bool holds_keys(struct store_txn *txn)
{
    uint64_t citizen;
    struct bytes wrapped;
    return newest_key(txn, &citizen, &wrapped);
}

/* Words sealed under a master key that is not here would be a store that no key opens wholly. */
static enum status check_store(const struct keyring *keyring, struct store_txn *txn,
                               struct error *err)
{
    uint64_t citizen;
    struct bytes wrapped;
    struct citizen_secret secret;
    if (!newest_key(txn, &citizen, &wrapped)) {
        return txn_error(txn, err);
    }
    bool opens = keyring_unwrap(keyring, keyring_ring(keyring), citizen, wrapped, &secret) != NULL;
    sodium_memzero(&secret, sizeof secret);
    if (!opens) {
        return error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                         "%s is not the key that %s was made with: " KEY_ELSEWHERE, keyring->file,
                         keyring->service);
    }
    return keyring_change_check(keyring, txn, err);
}

/* The master keys of the file, which is made if it is missing and may be. */
static enum status read_or_make(struct keyring *keyring, bool has_citizens, bool create,
                                struct random *random, struct error *err)
{
    enum status status = keyring_read_ring(keyring, MASTER_KEYS_MAX, err);
    if (status == STATUS_NOT_FOUND && has_citizens) {
        return error_set(
            err, STATUS_FAILED_PRECONDITION, "master-key",
            "%s is missing, and %s holds citizens' words sealed under it: " KEY_ELSEWHERE,
            keyring->file, keyring->service);
    }
    if (status == STATUS_NOT_FOUND && create) {
        status = master_key_make(keyring->file, random, err);
        if (status == STATUS_OK) {
            status = keyring_read_ring(keyring, MASTER_KEYS_MAX, err);
        }
    }
    if (status == STATUS_OK && create) {
        /* Where the file cannot be written its key cannot be changed either, so nobody has to know. */
        (void)master_key_join(keyring->file, keyring->service, NULL);
    }
    return status;
}

enum status keyring_open(struct keyring **ret_keyring, const char *master_key_file,
                         struct store_txn *txn, bool create, struct random *random,
                         struct error *err)
{
    if (sodium_init() < 0) {
        return error_set(err, STATUS_INTERNAL, NULL, "libsodium cannot be started");
    }
    bool has_citizens = holds_keys(txn);
    enum status status = txn_error(txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct keyring *keyring = calloc(1, sizeof *keyring);
    CHECK(keyring != NULL);
    CHECK(pthread_mutex_init(&keyring->change_lock, NULL) == 0);
    snprintf(keyring->service, sizeof keyring->service, "%s", store_service(txn_store(txn)));
    if ((size_t)snprintf(keyring->file, sizeof keyring->file, "%s", master_key_file) >=
        sizeof keyring->file) {
        status = error_set(err, STATUS_INVALID_ARGUMENT, "master-key", "the path is too long");
    } else {
        status = read_or_make(keyring, has_citizens, create, random, err);
    }
    if (status == STATUS_OK) {
        status = check_store(keyring, txn, err);
    }
    if (status == STATUS_OK) {
        *ret_keyring = keyring;
    } else {
        keyring_free(keyring);
    }
    return status;
}

enum status keyring_check(const char *master_key_file, struct store_txn *txn, struct error *err)
{
    struct keyring *keyring = NULL;
    if (!holds_keys(txn)) {
        return txn_error(txn, err);
    }
    enum status status = keyring_open(&keyring, master_key_file, txn, false, NULL, err);
    keyring_free(keyring);
    return status;
}

void keyring_free(struct keyring *keyring)
{
    if (keyring == NULL) {
        return;
    }
    struct ring *ring = atomic_load(&keyring->ring);
    while (ring != NULL) {
        struct ring *older = ring->older;
        sodium_memzero(ring, sizeof *ring);
        free(ring);
        ring = older;
    }
    (void)pthread_mutex_destroy(&keyring->change_lock);
    free(keyring);
}
