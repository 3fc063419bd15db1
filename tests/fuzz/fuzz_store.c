#include "tests/fuzz/fuzz_store.h"

#include "base/check.h"
#include "service/decision.h"
#include "tests/fuzz/fuzz_files.h"

#include <string.h>

#define STORES_MAX 5

/* --- time and randomness --- */

static int64_t now_us(struct clock *clock)
{
    (void)clock;
    return (int64_t)FUZZ_NOW_US;
}

struct clock *fuzz_clock(void)
{
    static struct clock clock = {.wall_us = now_us, .mono_us = now_us};
    return &clock;
}

static void fill_same(struct random *random, void *out, size_t size)
{
    (void)random;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)out)[i] = (uint8_t)(i * 29 + size);
    }
}

struct random *fuzz_random(void)
{
    static struct random random = {.fill = fill_same};
    return &random;
}

/* --- stores --- */

static struct store *open_store(const char *service)
{
    struct store *store = NULL;
    char path[FUZZ_PATH_SIZE];
    fuzz_path(service, path);
    struct store_options options = {
        .folder = path,
        .service = service,
        .map_bytes = UINT64_C(256) << 20,
        .no_sync = true,
        .random = fuzz_random(),
    };
    PROPERTY(store_open(&store, &options, NULL) == STATUS_OK, "a new store opens");
    return store;
}

struct store *fuzz_store(const char *service)
{
    static struct store *stores[STORES_MAX];
    size_t i = 0;
    while (i < STORES_MAX && stores[i] != NULL) {
        if (strcmp(store_service(stores[i]), service) == 0) {
            return stores[i];
        }
        i++;
    }
    CHECK(i < STORES_MAX);
    stores[i] = open_store(service);
    return stores[i];
}

/* --- keys --- */

const char *fuzz_master_key(void)
{
    static char path[FUZZ_PATH_SIZE];
    if (path[0] == '\0') {
        static const char digits[] =
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";
        fuzz_write("keys/master.key", bytes_of_text(digits));
        fuzz_path("keys/master.key", path);
    }
    return path;
}

struct keyring *fuzz_keyring(struct store *store)
{
    struct keyring *keyring = NULL;
    struct store_txn *txn = NULL;
    PROPERTY(store_read_begin(store, &txn, NULL) == STATUS_OK &&
                 keyring_open(&keyring, fuzz_master_key(), txn, false, fuzz_random(), NULL) ==
                     STATUS_OK,
             "a master key opens");
    store_read_end(txn);
    return keyring;
}

struct citizen_key fuzz_citizen(struct store_txn *txn, struct keyring *keyring, uint64_t citizen,
                                const char *e164)
{
    struct citizen_key key;
    struct error err = ERROR_NONE;
    struct decision decision = {.random = fuzz_random()};
    struct decide d = {.txn = txn,
                       .keyring = keyring,
                       .arena = arena_new(4096),
                       .error = &err,
                       .decision = &decision};
    PROPERTY(decide_new_citizen(&d, citizen, e164, &key) == STATUS_OK, "a citizen is given a key");
    for (size_t i = 0; i < decision.key_row_count; i++) {
        txn_put(txn, STORE_KEYS, &decision.key_rows[i].key, decision.key_rows[i].value);
    }
    arena_free(d.arena);
    return key;
}
