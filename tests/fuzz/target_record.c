/*
 * A damaged store. The first byte chooses the service, which lives a while as in target_service.c;
 * then rows are changed behind its back - cut, a byte of them, a value or a key nobody wrote, a
 * record of the log - and it goes on living. Whatever lies there, it answers or refuses, and
 * verification tells or cannot be done.
 */
#include "base/clock.h"
#include "store/store_internal.h"
#include "tests/fuzz/fuzz_service.h"

#include <string.h>

#define STEPS_MAX 24

/* --- damage --- */

static struct store_txn *begin(struct fuzz_service *service)
{
    struct store_txn *txn;
    struct store *store = node_store(rig_node(fuzz_service_rig(service)));
    PROPERTY(store_write_begin(store, &txn, NULL) == STATUS_OK, "the store can be written");
    return txn;
}

/* The key and value of a row that is there; false when there is none. */
static bool pick_row(struct fuzz_input *in, struct store_txn *txn, enum store_space space,
                     struct bytes *ret_key, struct bytes *ret_value)
{
    struct txn_scan scan;
    struct bytes key;
    struct bytes value;
    size_t wanted = fuzz_u8(in) % 16u;
    bool found = false;
    txn_scan_begin_all(&scan, txn, space);
    while (wanted-- != SIZE_MAX && txn_scan_next(&scan, &key, &value)) {
        ret_key->data = memcpy(fuzz_alloc(in, key.size), key.data, key.size);
        ret_key->size = key.size;
        ret_value->data = memcpy(fuzz_alloc(in, value.size + 1), value.data, value.size);
        ret_value->size = value.size;
        found = true;
    }
    txn_scan_end(&scan);
    return found;
}

static struct bytes changed(struct fuzz_input *in, struct bytes bytes)
{
    uint8_t *copy = fuzz_alloc(in, bytes.size + 1);
    if (bytes.size == 0 || fuzz_bool(in)) {
        return bytes_of(copy, 0);
    }
    memcpy(copy, bytes.data, bytes.size);
    uint8_t how = fuzz_u8(in);
    if (how < 0x40) {
        return bytes_of(copy, how % bytes.size);
    }
    copy[fuzz_u8(in) % bytes.size] ^= (uint8_t)(fuzz_u8(in) | 1);
    return bytes_of(copy, bytes.size);
}

/* A key of a class there is, or of none. */
static struct bytes made_key(struct fuzz_input *in)
{
    static const uint8_t classes[] = {1, 2, 3, 4, 5, 1, 2, 250, 251, 9};
    uint8_t *key = fuzz_alloc(in, 64);
    key[0] = classes[fuzz_below(in, sizeof(classes))];
    struct bytes rest = fuzz_take(in, fuzz_u8(in) % 48u);
    if (rest.size > 0) {
        memcpy(key + 1, rest.data, rest.size);
    }
    return bytes_of(key, 1 + rest.size);
}

static void damage_row(struct fuzz_input *in, struct store_txn *txn)
{
    enum store_space space = (enum store_space)fuzz_below(in, STORE_SPACE_COUNT);
    struct bytes key = bytes_of(NULL, 0);
    struct bytes value = key;
    uint8_t how = fuzz_u8(in);
    if (how >= 0xC0 || !pick_row(in, txn, space, &key, &value)) {
        txn_put_db(txn, (enum store_db)space, made_key(in), fuzz_take(in, fuzz_u8(in)));
    } else if (how < 0x30) {
        txn_delete_db(txn, (enum store_db)space, key);
    } else if (how < 0x90) {
        txn_put_db(txn, (enum store_db)space, key, changed(in, value));
    } else {
        struct bytes other = changed(in, key);
        txn_put_db(txn, (enum store_db)space, other.size > 0 ? other : made_key(in), value);
    }
}

static void damage_meta(struct fuzz_input *in, struct store_txn *txn)
{
    static const char *const names[] = {"cursor/follow.intake",   "cursor/follow.routing",
                                        "cursor/follow.followup", "cursor/follow.feedback",
                                        "number/seen.intake",     "number/seen.followup",
                                        "number/idem.dropped"};
    const char *name = names[fuzz_below(in, sizeof(names) / sizeof(names[0]))];
    static const size_t sizes[] = {0, 8, 56, 7};
    uint8_t *value = fuzz_alloc(in, 64);
    size_t size = sizes[fuzz_below(in, 4)];
    struct bytes taken = fuzz_take(in, size);
    if (taken.size > 0) {
        memcpy(value, taken.data, taken.size);
    }
    txn_put_db(txn, DB_META, bytes_of_text(name), bytes_of(value, size));
}

/* A record as nobody makes them, at the log's end: its chain is right, and only it. */
static void damage_log(struct fuzz_input *in, struct store_txn *txn)
{
    struct log_position position;
    if (fuzz_u8(in) < 0xC0) {
        log_append(txn, fuzz_take(in, fuzz_u8(in)), &position);
        return;
    }
    uint64_t offset = fuzz_u8(in) < 0x80 ? fuzz_u8(in) : fuzz_u64(in);
    txn_put_db(txn, DB_LOG, bytes_of(&offset, sizeof(offset)), fuzz_take(in, fuzz_u8(in)));
}

static void damage(struct fuzz_service *service, struct fuzz_input *in)
{
    struct store_txn *txn = begin(service);
    uint8_t what = fuzz_u8(in);
    if (what < 0xB0) {
        damage_row(in, txn);
    } else if (what < 0xD0) {
        damage_meta(in, txn);
    } else {
        damage_log(in, txn);
    }
    struct error err = ERROR_NONE;
    enum status status = store_write_commit(txn, &err);
    if (status != STATUS_OK) { /* behind damage that was there before */
        fuzz_check_refusal(status, &err);
    }
}

/* --- living on --- */

static void verify(struct fuzz_service *service)
{
    struct verify_result result = {.ok = true};
    struct error err = ERROR_NONE;
    enum status status = rig_try_verify(fuzz_service_rig(service), &result, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    } else {
        PROPERTY(result.ok == (result.finding[0] == '\0'), "a store is good, or a finding tells");
    }
}

static void step(struct fuzz_service *service, struct fuzz_input *in)
{
    struct error err = ERROR_NONE;
    uint8_t what = fuzz_u8(in);
    if (what < 0x50) {
        damage(service, in);
    } else if (what < 0xC0) {
        (void)fuzz_service_call(service, in, &err); /* whatever it is, it is checked there */
    } else if (what < 0xF0) {
        fuzz_service_feed(service, in);
    } else {
        rig_advance(fuzz_service_rig(service), (int64_t)(fuzz_u32(in) % (86400u * 10)) * SECOND_US);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    struct fuzz_service *service = fuzz_service_new(fuzz_services[fuzz_below(&in, FUZZ_SERVICES)]);
    for (int i = 0; i < STEPS_MAX && in.rest.size > 0; i++) {
        step(service, &in);
    }
    verify(service);
    fuzz_service_free(service, false);
    fuzz_end(&in);
    return 0;
}
