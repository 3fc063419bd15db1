/*
 * The journal beside data.mdb, as a disk may have left it or somebody made it: a store with it opens
 * or is refused, and one that opened can be read, written, and opened again.
 *
 * The input is choices of records with changes in them. Each record is given the hash that it should
 * have, unless a choice says otherwise, so that what lies behind the hash is met, too. Every input
 * begins with the same small store.
 */
#include "store/event_log.h"
#include "store/idempotency.h"
#include "store/timer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_files.h"

#include "base/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

/* The format as store_journal.c draws it, written down a second time. */
#define JOURNAL_BYTES ((size_t)4 << 20)
#define BLOCK ((size_t)4096)
#define HEAD_BYTES 40
#define HASH_AT 24
#define PUT 1
#define DATABASES 6
#define STATE 0
#define META 3
#define LOG 4

#define RECORDS_MAX 6
#define CHANGES_MAX 8
#define FIRST_NUMBER 3 /* of the records that were committed to the small store */

#define NOW_US (INT64_C(1767254400) * SECOND_US)

/* --- the small store --- */

static struct {
    uint8_t log_id[STORE_LOG_ID_BYTES];
    uint8_t *data; /* data.mdb */
    size_t size;
} base;

static enum status open_store(struct store **ret_store, struct error *err)
{
    char path[FUZZ_PATH_SIZE];
    fuzz_path("store", path);
    const struct store_options options = {
        .folder = path, .service = "intake", .map_bytes = UINT64_C(64) << 20, .no_sync = true};
    return store_open(ret_store, &options, err);
}

static struct store_txn *begin(struct store *store)
{
    struct store_txn *txn = NULL;
    CHECK(store_write_begin(store, &txn, NULL) == STATUS_OK);
    return txn;
}

static void change(struct store_txn *txn, uint64_t number)
{
    struct key key;
    struct log_position position;
    key_begin(&key, 1);
    key_add_u64(&key, number);
    txn_put(txn, STORE_STATE, &key, bytes_of_text("row"));
    log_append(txn, bytes_of_text("event"), &position);
    cursor_put(txn, "routing", &position);
    meta_put_u64(txn, "number", number);
    timer_set(txn, &(struct timer){.due_us = NOW_US, .kind = 1, .subject = number});
}

static void read_base(void)
{
    char path[FUZZ_PATH_SIZE];
    struct stat info;
    fuzz_path("store/data.mdb", path);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(file >= 0 && fstat(file, &info) == 0);
    base.size = (size_t)info.st_size;
    base.data = malloc(base.size);
    CHECK(base.data != NULL && read(file, base.data, base.size) == (ssize_t)base.size);
    CHECK(close(file) == 0);
}

/* Three records, whose changes the tables have, and so their number, too. */
static void make_base(void)
{
    struct store *store = NULL;
    if (base.data != NULL) {
        return;
    }
    CHECK(open_store(&store, NULL) == STATUS_OK);
    memcpy(base.log_id, store_log_id(store), sizeof(base.log_id));
    for (uint64_t number = 1; number <= FIRST_NUMBER; number++) {
        struct store_txn *txn = begin(store);
        change(txn, number);
        CHECK(store_write_journal(txn, NULL) == STATUS_OK);
    }
    struct store_txn *txn = begin(store);
    change(txn, FIRST_NUMBER + 1);
    CHECK(store_write_commit(txn, NULL) == STATUS_OK);
    store_free(store);
    read_base();
}

/* --- a journal of choices --- */

struct journal {
    int file;
    size_t at;
    bool good; /* nothing in it is wrong */
};

static void make_hash(uint8_t *record, size_t bytes)
{
    XXH128_canonical_t hash;
    XXH3_state_t *state = XXH3_createState();
    CHECK(state != NULL && XXH3_128bits_reset(state) == XXH_OK);
    CHECK(XXH3_128bits_update(state, base.log_id, sizeof(base.log_id)) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + 8, HASH_AT - 8) == XXH_OK);
    CHECK(XXH3_128bits_update(state, record + HEAD_BYTES, bytes) == XXH_OK);
    XXH128_canonicalFromHash(&hash, XXH3_128bits_digest(state));
    (void)XXH3_freeState(state);
    memcpy(record + HASH_AT, &hash, sizeof(hash));
}

static struct bytes make_key(struct fuzz_input *in, uint8_t database, struct key *key)
{
    static const char *const names[] = {"format",  "service",        "log_id",       "secret",
                                        "journal", "cursor/routing", "number/number"};
    if (database == META) {
        return bytes_of_text(names[fuzz_below(in, sizeof(names) / sizeof(names[0]))]);
    }
    uint8_t class = fuzz_u8(in);
    if (database == LOG) {
        uint64_t offset = class < 0xE0 ? FIRST_NUMBER + 2 + class % 4 : fuzz_u64(in);
        key->size = sizeof(offset); /* LMDB's integer, in the machine's order */
        memcpy(key->data, &offset, sizeof(offset));
        return bytes_of(key->data, key->size);
    }
    key_begin(key, class < 0x80 ? (uint8_t)(1 + class % 4) : class);
    key_add_u64(key, fuzz_u8(in) % 8);
    return key_bytes(key);
}

static void add_change(struct fuzz_input *in, struct buffer *out, bool *good)
{
    struct key key;
    uint8_t head[8] = {0};
    uint8_t how = fuzz_u8(in);
    head[0] = fuzz_u8(in) % DATABASES;
    head[1] = how % 4 == 3 ? 2 : PUT;
    struct bytes name = make_key(in, head[0], &key);
    if (how >= 0xF0) { /* any bytes for a key */
        name = fuzz_take(in, fuzz_u8(in));
    }
    struct bytes value = fuzz_take(in, head[1] == PUT ? fuzz_u8(in) : 0);
    be16_put(head + 2, (uint16_t)name.size);
    be32_put(head + 4, (uint32_t)value.size);
    /* A log's row has at least its hash; what the store knows of itself may not change. */
    *good = *good && how < 0xE0 && head[0] != META &&
            (head[0] != LOG || (head[1] == PUT && value.size >= STORE_HASH_BYTES));
    if (how >= 0xE0 && how < 0xF0) { /* a head that lies */
        head[fuzz_below(in, sizeof(head))] ^= (uint8_t)(fuzz_u8(in) | 1);
    }
    buffer_append(out, head, sizeof(head));
    buffer_append_bytes(out, name);
    buffer_append_bytes(out, value);
}

static void add_record(struct fuzz_input *in, struct journal *journal, uint64_t number)
{
    static const uint8_t no_head[HEAD_BYTES];
    struct buffer record = BUFFER_EMPTY;
    uint8_t how = fuzz_u8(in);
    buffer_append(&record, no_head, sizeof(no_head));
    for (size_t changes = fuzz_below(in, CHANGES_MAX); changes > 0; changes--) {
        add_change(in, &record, &journal->good);
    }
    if (how >= 0xF0) { /* changes without a form */
        buffer_append_bytes(&record, fuzz_take(in, fuzz_u8(in)));
        journal->good = false;
    }
    size_t bytes = record.size - HEAD_BYTES;
    memcpy(record.data, "VafaJrn1", 8);
    be64_put(record.data + 8, number);
    be64_put(record.data + 16, bytes);
    make_hash(record.data, bytes);
    if (how >= 0xC0 && how < 0xF0) { /* damaged, or cut */
        record.data[fuzz_u32(in) % record.size] ^= (uint8_t)(fuzz_u8(in) | 1);
        journal->good = false;
    }
    if (how >= 0xD8 && how < 0xE0) { /* bytes that are far too many */
        be64_put(record.data + 16, fuzz_u64(in));
    }
    size_t size = (record.size + BLOCK - 1) / BLOCK * BLOCK;
    if (journal->at + size <= JOURNAL_BYTES) {
        CHECK(pwrite(journal->file, record.data, record.size, (off_t)journal->at) ==
              (ssize_t)record.size);
        journal->at += size;
    }
    buffer_fini(&record);
}

/* Mostly the next number at the next place. */
static bool make_journal(struct fuzz_input *in)
{
    char path[FUZZ_PATH_SIZE];
    fuzz_write("store/journal", bytes_of(NULL, 0));
    fuzz_path("store/journal", path);
    struct journal journal = {.file = open(path, O_RDWR | O_CLOEXEC), .good = true};
    CHECK(journal.file >= 0);
    uint8_t how = fuzz_u8(in);
    CHECK(ftruncate(journal.file,
                    (off_t)(how < 0xF0 ? JOURNAL_BYTES : fuzz_u32(in) % (2 * JOURNAL_BYTES))) == 0);
    journal.good = how < 0xF0;
    uint64_t number = FIRST_NUMBER;
    for (size_t records = fuzz_below(in, RECORDS_MAX); records > 0; records--) {
        uint8_t jump = fuzz_u8(in);
        number++;
        if (jump >= 0xE0) { /* a gap, a repetition, another place */
            number = jump >= 0xF8 ? fuzz_u64(in) : number + fuzz_u8(in) % 4 - 2;
            journal.at = fuzz_u32(in) % (JOURNAL_BYTES / BLOCK) * BLOCK;
            journal.good = false;
        }
        add_record(in, &journal, number);
    }
    CHECK(close(journal.file) == 0);
    return journal.good;
}

/* --- a store that opened --- */

static void read_rows(struct store_txn *txn)
{
    struct bytes key;
    struct bytes value;
    for (int space = 0; space < STORE_SPACE_COUNT; space++) {
        struct txn_scan scan;
        txn_scan_begin_all(&scan, txn, (enum store_space)space);
        while (txn_scan_next(&scan, &key, &value)) {
            PROPERTY(key.size > 0, "a row has a key");
        }
        txn_scan_end(&scan);
    }
}

static void read_log(struct store_txn *txn)
{
    struct log_position head;
    struct log_scan scan;
    uint64_t offset = 0;
    uint64_t before = 0;
    uint64_t bad = 0;
    struct bytes record;
    log_head(txn, &head);
    log_scan_begin(&scan, txn, 1);
    while (log_scan_next(&scan, &offset, &record)) {
        PROPERTY(offset > before, "the log's rows come in order");
        before = offset;
    }
    log_scan_end(&scan);
    (void)log_verify(txn, 1, head.offset < 100 ? head.offset : 100, &bad, NULL);
}

static void read_everything(struct store *store)
{
    static const uint8_t digest[IDEMPOTENCY_DIGEST_BYTES];
    struct store_txn *txn = NULL;
    struct log_position position;
    struct timer timer;
    struct idempotency_answer answer;
    struct error err = ERROR_NONE;
    uint8_t uuid[UUID_BYTES];
    bool known = false;
    if (store_read_begin(store, &txn, NULL) != STATUS_OK) {
        return;
    }
    read_rows(txn);
    read_log(txn);
    (void)cursor_get(txn, "routing", &position);
    (void)meta_get_u64(txn, "number");
    for (bool found = timer_first(txn, &timer); found; found = timer_next(txn, &timer, &timer)) {
    }
    uuid7_make(random_system(), NOW_US, uuid);
    (void)idempotency_find(txn, bytes_of(uuid, sizeof(uuid)), digest, NOW_US, &known, &answer,
                           NULL);
    if (txn_error(txn, &err) != STATUS_OK) {
        fuzz_check_refusal(err.status, &err);
    }
    store_read_end(txn);
}

static void write_on(struct store *store)
{
    struct store_txn *txn = NULL;
    struct error err = ERROR_NONE;
    for (uint64_t round = 0; round < 2; round++) {
        enum status status = store_write_begin(store, &txn, &err);
        if (status == STATUS_OK) {
            change(txn, 20 + round);
            status = round == 0 && store_write_fits_journal(txn) ? store_write_journal(txn, &err)
                                                                 : store_write_commit(txn, &err);
        }
        if (status != STATUS_OK) {
            fuzz_check_refusal(status, &err);
        }
    }
}

static bool open_and_use(bool good)
{
    struct store *store = NULL;
    struct error err = ERROR_NONE;
    enum status status = open_store(&store, &err);
    if (status != STATUS_OK) {
        PROPERTY(!good, "a journal as the store writes them is taken");
        fuzz_check_refusal(status, &err);
        return false;
    }
    PROPERTY(!store_has_unseen(store), "what the journal had is in the tables");
    read_everything(store);
    write_on(store);
    store_free(store);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    make_base();
    fuzz_write("store/data.mdb", bytes_of(base.data, base.size));
    fuzz_begin(&in, data, size);
    bool good = make_journal(&in);
    if (open_and_use(good)) {
        (void)open_and_use(good);
    }
    fuzz_end(&in);
    return 0;
}
