/*
 * What was sealed, and the master key's file. The first byte chooses: the file's bytes; or a
 * citizen's words sealed as they should be, which then are cut, changed, of another citizen or
 * another purpose, opened as another message. Only what is whole opens, and it opens as it was.
 */
#include "base/check.h"
#include "rpc/rpc.h"
#include "service/decision.h"
#include "service/keyring.h"
#include "tests/fuzz/fuzz_contract.h"
#include "tests/fuzz/fuzz_files.h"

#include "vafa/followup/v1/followup.pb-c.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <string.h>

#define PURPOSE "request"

/* --- a store with one citizen's key --- */

static struct store *store(void)
{
    static struct store *made;
    char folder[FUZZ_PATH_SIZE];
    if (made == NULL) {
        fuzz_path("store", folder);
        const struct store_options options = {.folder = folder,
                                              .service = "intake",
                                              .map_bytes = UINT64_C(64) << 20,
                                              .no_sync = true,
                                              .random = random_system()};
        CHECK(store_open(&made, &options, NULL) == STATUS_OK);
    }
    return made;
}

static struct store_txn *read_store(void)
{
    struct store_txn *txn;
    CHECK(store_read_begin(store(), &txn, NULL) == STATUS_OK);
    return txn;
}

/* Made once, and then read only. */
static const struct keyring *keyring(struct citizen_key *ret_key)
{
    static struct keyring *made;
    char path[FUZZ_PATH_SIZE];
    struct store_txn *txn = read_store();
    if (made == NULL) {
        fuzz_path("master.key", path);
        CHECK(keyring_open(&made, path, txn, true, random_system(), NULL) == STATUS_OK);
        store_read_end(txn);
        CHECK(store_write_begin(store(), &txn, NULL) == STATUS_OK);
        struct decision decision = {.random = random_system()};
        struct arena *arena = arena_new(1 << 16);
        struct error err;
        struct decide d = {
            .txn = txn, .keyring = made, .arena = arena, .error = &err, .decision = &decision};
        for (uint64_t citizen = 1; citizen <= 2; citizen++) {
            CHECK(decide_new_citizen(&d, citizen, NULL, ret_key) == STATUS_OK);
        }
        for (size_t i = 0; i < decision.key_row_count; i++) {
            txn_put(txn, STORE_KEYS, &decision.key_rows[i].key, decision.key_rows[i].value);
        }
        CHECK(store_write_commit(txn, NULL) == STATUS_OK);
        arena_free(arena);
        txn = read_store();
    }
    CHECK(keyring_get(made, txn, 1, ret_key));
    store_read_end(txn);
    return made;
}

/* --- sealing and opening --- */

static struct bytes seal(const struct keyring *keys, const struct citizen_key *key,
                         const ProtobufCMessage *plain, struct arena *arena)
{
    struct decision decision = {.random = random_system()};
    struct error err;
    struct decide d = {.keyring = keys, .arena = arena, .error = &err, .decision = &decision};
    struct bytes sealed;
    CHECK(decide_seal(&d, key, PURPOSE, plain, &sealed) == STATUS_OK);
    return sealed;
}

static enum status open_sealed(const struct keyring *keys, uint64_t citizen, const char *purpose,
                               struct bytes sealed, const ProtobufCMessageDescriptor *type,
                               struct arena *arena, const ProtobufCMessage **ret_plain)
{
    struct error err = ERROR_NONE;
    struct store_txn *txn = read_store();
    enum status status =
        keyring_open_sealed(keys, txn, citizen, purpose, sealed, type, arena, ret_plain, &err);
    store_read_end(txn);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
    }
    return status;
}

static void check_whole(const ProtobufCMessage *plain, const ProtobufCMessage *opened)
{
    struct buffer left = BUFFER_EMPTY;
    struct buffer right = BUFFER_EMPTY;
    message_pack(plain, &left);
    message_pack(opened, &right);
    PROPERTY(bytes_equal(buffer_bytes(&left), buffer_bytes(&right)), "it opens as it was");
    buffer_fini(&left);
    buffer_fini(&right);
}

/* Sealed bytes changed in one of the ways a disk or a stranger may; false: nothing was. */
static bool change(struct fuzz_input *in, struct bytes sealed, struct bytes *ret_changed)
{
    uint8_t *copy = fuzz_alloc(in, sealed.size + 16);
    memcpy(copy, sealed.data, sealed.size);
    uint8_t how = fuzz_u8(in);
    *ret_changed = bytes_of(copy, sealed.size);
    if (how < 0x40) {
        return false;
    }
    if (how < 0x80) {
        *ret_changed = bytes_of(copy, fuzz_u32(in) % sealed.size);
    } else if (how < 0xA0) {
        *ret_changed = bytes_of(copy, sealed.size + 1 + fuzz_u8(in) % 15u);
    } else if (how < 0xE0) {
        copy[fuzz_u32(in) % sealed.size] ^= (uint8_t)(1u << fuzz_below(in, 8));
    } else {
        *ret_changed = fuzz_take(in, in->rest.size);
    }
    return true;
}

static void check_sealed(struct fuzz_input *in)
{
    static const ProtobufCMessageDescriptor *const types[] = {
        &intake__sealed_words__descriptor,
        &intake__register_case_request__descriptor,
        &followup__sealed_answer__descriptor,
    };
    struct citizen_key key;
    struct arena *arena = arena_new(RPC_UNPACK_BYTES_MAX);
    const struct keyring *keys = keyring(&key);
    const ProtobufCMessageDescriptor *type = types[fuzz_below(in, 3)];
    const ProtobufCMessageDescriptor *as = fuzz_u8(in) < 0xC0 ? type : types[fuzz_below(in, 3)];
    const char *purpose = fuzz_u8(in) < 0xE0 ? PURPOSE : "answer";
    uint64_t citizen = fuzz_u8(in) < 0xE0 ? 1 : fuzz_below(in, 4);
    const ProtobufCMessage *plain = fuzz_message(in, type);
    struct bytes sealed = seal(keys, &key, plain, arena);
    const ProtobufCMessage *opened = NULL;
    bool whole = !change(in, sealed, &sealed) && citizen == 1 && strcmp(purpose, PURPOSE) == 0;
    enum status status = open_sealed(keys, citizen, purpose, sealed, as, arena, &opened);
    PROPERTY(whole || status != STATUS_OK, "only what is whole opens, for whom it was sealed");
    if (whole && as == type) {
        PROPERTY(status == STATUS_OK, "what is whole opens");
        check_whole(plain, opened);
    }
    arena_free(arena);
}

/* --- the master key --- */

static void check_file(struct bytes content)
{
    char path[FUZZ_PATH_SIZE];
    struct error err = ERROR_NONE;
    struct keyring *opened = NULL;
    struct citizen_key key;
    (void)keyring(&key); /* so that the store holds a key that must fit */
    fuzz_write("other.key", content);
    fuzz_path("other.key", path);
    struct store_txn *txn = read_store();
    enum status status = keyring_open(&opened, path, txn, false, random_system(), &err);
    store_read_end(txn);
    PROPERTY(status != STATUS_OK, "no other key fits the store");
    fuzz_check_refusal(status, &err);
    PROPERTY(strcmp(err.field, "master-key") == 0, "the refusal names what to look at");
    keyring_free(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in;
    fuzz_begin(&in, data, size);
    if (fuzz_u8(&in) < 0x20) {
        check_file(in.rest);
    } else {
        check_sealed(&in);
    }
    fuzz_end(&in);
    return 0;
}
