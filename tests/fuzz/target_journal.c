/*
 * The journal beside a store that was not closed. The input is taken as the file's first bytes, and
 * again as choices from which records are made whose hashes are right: of this transaction or
 * another, with changes of every form. Opening takes them or refuses, and what it takes it takes
 * once.
 */
#include "store/store_internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include "base/check.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define JOURNAL_FILE_BYTES ((size_t)64 << 10) /* a small one: each opening reads all of it */
#define BLOCK 4096
#define RECORDS_MAX 4
#define RECORD_BYTES_MAX 6000

/* --- the store --- */

static enum status open_store(struct store **ret_store, bool read_only, struct error *err)
{
    char folder[FUZZ_PATH_SIZE];
    fuzz_path("store", folder);
    struct store_options options = {.folder = folder,
                                    .service = "intake",
                                    .map_bytes = UINT64_C(64) << 20,
                                    .journal_bytes = JOURNAL_FILE_BYTES,
                                    .read_only = read_only,
                                    .no_sync = true};
    return store_open(ret_store, &options, err);
}

/* A store of three rows, closed: made once, and then put back as it was. */
static struct {
    struct bytes data; /* of data.mdb; NULL: not made yet */
    uint8_t secret[STORE_SECRET_BYTES];
    uint64_t next; /* the number of the transaction to come */
} made_store;

static void keep_data(void)
{
    char path[FUZZ_PATH_SIZE];
    struct stat info;
    fuzz_path("store/data.mdb", path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0 && fstat(file, &info) == 0);
    uint8_t *data = malloc((size_t)info.st_size);
    CHECK(data != NULL && read(file, data, (size_t)info.st_size) == info.st_size);
    CHECK(close(file) == 0);
    made_store.data = bytes_of(data, (size_t)info.st_size);
}

static void make_store(void)
{
    struct store *store;
    struct store_txn *txn;
    MDB_envinfo info;
    fuzz_remove("store/journal");
    fuzz_remove("store/lock.mdb");
    if (made_store.data.data != NULL) {
        fuzz_write("store/data.mdb", made_store.data);
        return;
    }
    (void)mallopt(M_MMAP_THRESHOLD, 64 << 20); /* the store's buffers are taken again and again */
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
    CHECK(open_store(&store, false, NULL) == STATUS_OK);
    CHECK(store_write_begin(store, &txn, NULL) == STATUS_OK);
    for (uint8_t i = 0; i < 3; i++) {
        struct log_position position;
        txn_put_db(txn, (enum store_db)i, bytes_of("\1a", 2), bytes_of("row", 3));
        log_append(txn, bytes_of_text("record"), &position);
    }
    CHECK(store_write_commit(txn, NULL) == STATUS_OK);
    memcpy(made_store.secret, store_secret(store), STORE_SECRET_BYTES);
    CHECK(mdb_env_info(store->env, &info) == 0);
    made_store.next = info.me_last_txnid + 1;
    store_free(store);
    keep_data();
}

/* Records that were made as the store makes them: rows of own tables, in their turn. */
struct made {
    uint64_t records;
    bool plain; /* all of them */
};

/* What is there is read: by a verifier beside it, by the next start, and by the one after that. */
static void check_opening(const struct made *made)
{
    struct error err = ERROR_NONE;
    struct store *store = NULL;
    enum status looked = open_store(&store, true, &err);
    uint64_t to_add = 0;
    if (looked == STATUS_OK) {
        to_add = store_records_to_add(store);
        store_free(store);
    } else {
        fuzz_check_refusal(looked, &err);
    }
    PROPERTY(!made->plain || (looked == STATUS_OK && to_add == made->records),
             "whole records are there");
    enum status status = open_store(&store, false, &err);
    PROPERTY(looked == STATUS_OK || status != STATUS_OK,
             "what a verifier refuses, a start refuses, too");
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        return;
    }
    PROPERTY(!store_has_unseen(store), "what was in the journal is in the tables");
    struct store_txn *txn;
    struct log_position head;
    CHECK(store_read_begin(store, &txn, NULL) == STATUS_OK);
    log_head(txn, &head);
    store_read_end(txn);
    store_free(store);
    PROPERTY(open_store(&store, true, NULL) == STATUS_OK && store_records_to_add(store) == 0,
             "it is added once");
    store_free(store);
}

/* --- records --- */

static size_t put_change(struct fuzz_input *in, uint8_t *at, size_t room, bool *plain)
{
    uint8_t how = fuzz_u8(in);
    struct bytes key = fuzz_take(in, fuzz_u8(in) % 80u);
    struct bytes value = fuzz_take(in, fuzz_u8(in));
    uint8_t number[8] = {0};
    if (how < 0x40) { /* the log's next rows */
        number[0] = (uint8_t)(4 + how % 4);
        key = bytes_of(number, sizeof(number));
    }
    if (8 + key.size + value.size > room) {
        *plain = false;
        return 0;
    }
    at[0] = how < 0x40 ? DB_LOG : fuzz_u8(in) % (DB_COUNT + 1);
    at[1] = how < 0xD0 ? JOURNAL_PUT : fuzz_u8(in) % 4u;
    be16_put(at + 2, (uint16_t)(key.size + (fuzz_u8(in) >= 0xF8)));
    be32_put(at + 4, fuzz_u8(in) >= 0xF8 ? fuzz_u32(in) : (uint32_t)value.size);
    *plain = *plain && at[0] <= DB_VIEW && at[1] == JOURNAL_PUT && key.size > 0 &&
             be16_get(at + 2) == key.size && be32_get(at + 4) == value.size;
    if (key.size > 0) {
        memcpy(at + 8, key.data, key.size);
    }
    if (value.size > 0) {
        memcpy(at + 8 + key.size, value.data, value.size);
    }
    return 8 + key.size + value.size;
}

static void put_hash(const uint8_t secret[STORE_SECRET_BYTES], uint8_t *record, size_t bytes)
{
    XXH128_canonical_t hash;
    XXH3_state_t *state = XXH3_createState();
    CHECK(state != NULL && XXH3_128bits_reset(state) == XXH_OK);
    CHECK(XXH3_128bits_update(state, secret, STORE_SECRET_BYTES) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + 8, 24) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + 48, bytes) == XXH_OK);
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    (void)XXH3_freeState(state);
    memcpy(record + 32, &hash, sizeof(hash));
}

static void make_journal(struct fuzz_input *in, const uint8_t secret[STORE_SECRET_BYTES],
                         uint64_t next, uint8_t *file, struct made *ret_made)
{
    struct made made = {.plain = true};
    size_t at = 0;
    for (uint64_t i = 0; i < RECORDS_MAX && in->rest.size > 0; i++) {
        uint8_t *record = file + at;
        size_t bytes = 0;
        uint8_t how = fuzz_u8(in);
        for (int change = how % 6; change > 0; change--) {
            bytes += put_change(in, record + 48 + bytes, RECORD_BYTES_MAX - bytes, &made.plain);
        }
        memcpy(record, "VafaJrn1", 8);
        be64_put(record + 8, how < 0xC0 ? next : next - 1 + fuzz_u8(in) % 4u);
        be64_put(record + 16, how < 0xE0 ? i : fuzz_u8(in));
        be64_put(record + 24, how < 0xF8 ? bytes : fuzz_u64(in));
        put_hash(secret, record, bytes);
        made.plain = made.plain && bytes > 0 && be64_get(record + 8) == next &&
                     be64_get(record + 16) == i && be64_get(record + 24) == bytes;
        if (fuzz_u8(in) >= 0xF0) {
            record[fuzz_u32(in) % (48 + bytes)] ^= 1;
            made.plain = false;
        }
        made.records++;
        at += (48 + bytes + BLOCK - 1) / BLOCK * BLOCK;
    }
    *ret_made = made;
}

/* Behind its first bytes the file is a hole. */
static void write_journal(const uint8_t *file, size_t used, size_t size)
{
    char path[FUZZ_PATH_SIZE];
    fuzz_path("store/journal", path);
    fuzz_write("store/journal", bytes_of(file, used));
    CHECK(truncate(path, (off_t)size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[RECORDS_MAX * 2 * BLOCK];
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    bool is_made = fuzz_bool(&in);
    struct made made = {.plain = false};
    make_store();
    memset(file, 0, sizeof(file));
    if (is_made) {
        make_journal(&in, made_store.secret, made_store.next, file, &made);
        write_journal(file, sizeof(file), JOURNAL_FILE_BYTES);
    } else {
        bool short_file = fuzz_u8(&in) >= 0x80;
        if (in.rest.size > 0 && in.rest.size <= RECORDS_MAX * 2 * BLOCK) {
            memcpy(file, in.rest.data, in.rest.size);
        }
        write_journal(file, sizeof(file), short_file ? in.rest.size : JOURNAL_FILE_BYTES);
    }
    check_opening(&made);
    fuzz_end(&in);
    return 0;
}
