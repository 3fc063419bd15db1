/*
 * Sealed parts, keys and the master key file as somebody else may have written them. What was sealed
 * opens for its citizen and its purpose and for nothing else; a changed byte is refused; words that
 * were sealed under the right key and are no message are refused, too.
 */
#include "tests/fuzz/fuzz_contract.h"
#include "tests/fuzz/fuzz_files.h"
#include "tests/fuzz/fuzz_store.h"

#include "base/check.h"
#include "vafa/intake/v1/intake.pb-c.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define CITIZEN 1
#define NEIGHBOUR 2
#define PURPOSE "request"
#define NONCE_BYTES 24
#define TAG_BYTES 16
#define TYPE intake__sealed_words__descriptor

struct scene {
    struct store_txn *txn;
    struct keyring *keyring;
    struct citizen_key key;
    struct arena *arena;
};

/* As keyring.h describes it, and with libsodium alone: so any bytes can be sealed. */
static struct bytes seal(struct fuzz_input *in, const struct citizen_key *key, struct bytes plain)
{
    struct {
        char service[16];
        char purpose[16];
        uint8_t citizen[8];
    } associated = {"intake", PURPOSE, {0}};
    be64_put(associated.citizen, key->citizen);
    size_t size = NONCE_BYTES + plain.size + TAG_BYTES;
    uint8_t *out = fuzz_alloc(in, size);
    CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, plain.data,
                                                     plain.size, (const uint8_t *)&associated,
                                                     sizeof(associated), NULL, out, key->key) == 0);
    return bytes_of(out, size);
}

static enum status open_sealed(const struct scene *scene, uint64_t citizen, const char *purpose,
                               struct bytes sealed, const ProtobufCMessage **ret_plain)
{
    struct error err = ERROR_NONE;
    const ProtobufCMessage *plain = NULL;
    enum status status = keyring_open_sealed(scene->keyring, scene->txn, citizen, purpose, sealed,
                                             &TYPE, scene->arena, &plain, &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(plain == NULL, "a refusal gives no words");
    }
    *ret_plain = plain;
    return status;
}

/* --- what was sealed --- */

static void check_others(const struct scene *scene, struct bytes sealed)
{
    const ProtobufCMessage *plain;
    PROPERTY(open_sealed(scene, NEIGHBOUR, PURPOSE, sealed, &plain) == STATUS_DATA_LOSS,
             "it does not open for another citizen");
    PROPERTY(open_sealed(scene, CITIZEN, "answer", sealed, &plain) == STATUS_DATA_LOSS,
             "it does not open for another purpose");
    PROPERTY(open_sealed(scene, NEIGHBOUR + 1, PURPOSE, sealed, &plain) == STATUS_NOT_FOUND,
             "it does not open for a citizen who has been forgotten");
}

static void check_changed(struct fuzz_input *in, const struct scene *scene, struct bytes sealed)
{
    const ProtobufCMessage *plain;
    uint8_t *changed = fuzz_alloc(in, sealed.size);
    memcpy(changed, sealed.data, sealed.size);
    changed[fuzz_u32(in) % sealed.size] ^= (uint8_t)(fuzz_u8(in) | 1);
    PROPERTY(open_sealed(scene, CITIZEN, PURPOSE, bytes_of(changed, sealed.size), &plain) ==
                 STATUS_DATA_LOSS,
             "a changed byte is seen");
    size_t cut = fuzz_u32(in) % sealed.size;
    PROPERTY(open_sealed(scene, CITIZEN, PURPOSE, bytes_of(sealed.data, cut), &plain) ==
                 STATUS_DATA_LOSS,
             "a missing end is seen");
}

static void seal_and_open(struct fuzz_input *in, const struct scene *scene)
{
    struct buffer packed = BUFFER_EMPTY;
    struct buffer again = BUFFER_EMPTY;
    const ProtobufCMessage *plain;
    message_pack(fuzz_message(in, &TYPE), &packed);
    struct bytes sealed = seal(in, &scene->key, buffer_bytes(&packed));
    PROPERTY(open_sealed(scene, CITIZEN, PURPOSE, sealed, &plain) == STATUS_OK,
             "what was sealed opens");
    message_pack(plain, &again);
    PROPERTY(bytes_equal(buffer_bytes(&packed), buffer_bytes(&again)), "and is the same");
    check_others(scene, sealed);
    check_changed(in, scene, sealed);
    buffer_fini(&again);
    buffer_fini(&packed);
}

/* --- what nobody of ours sealed --- */

static void open_anything(struct fuzz_input *in, const struct scene *scene)
{
    const ProtobufCMessage *plain;
    PROPERTY(open_sealed(scene, CITIZEN, PURPOSE, in->rest, &plain) == STATUS_DATA_LOSS,
             "bytes that were never sealed do not open");
    if (open_sealed(scene, CITIZEN, PURPOSE, seal(in, &scene->key, in->rest), &plain) ==
        STATUS_OK) {
        fuzz_check_message(plain);
    }
}

/* --- the keys' rows, and the master key --- */

static void check_rows(struct fuzz_input *in, struct scene *scene)
{
    struct key row;
    struct citizen_key key;
    struct error err = ERROR_NONE;
    key_begin(&row, 1); /* citizens */
    key_add_u64(&row, CITIZEN);
    struct bytes wrapped = fuzz_take(in, fuzz_u8(in));
    txn_put(scene->txn, STORE_KEYS, &row, wrapped);
    PROPERTY(!keyring_get(scene->keyring, scene->txn, CITIZEN, &key),
             "a key that was not wrapped here is none");
    PROPERTY(txn_error(scene->txn, &err) == (wrapped.size == 0 ? STATUS_OK : STATUS_DATA_LOSS),
             "an empty row is a citizen who has been forgotten, any other one is damage");
}

static void check_master(struct fuzz_input *in, const struct scene *scene)
{
    char path[FUZZ_PATH_SIZE];
    struct keyring *keyring = NULL;
    struct error err = ERROR_NONE;
    fuzz_write("keys/other.key", in->rest);
    fuzz_path("keys/other.key", path);
    enum status status = keyring_open(&keyring, path, scene->txn, false, fuzz_random(), &err);
    if (status != STATUS_OK) {
        fuzz_check_refusal(status, &err);
        PROPERTY(keyring == NULL, "a refusal opens nothing");
    }
    keyring_free(keyring);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *keyring;
    struct fuzz_input in;
    struct store *store = fuzz_store("intake");
    struct scene scene = {.arena = arena_new(8u << 20)};
    if (keyring == NULL) {
        keyring = fuzz_keyring(store);
    }
    scene.keyring = keyring;
    CHECK(store_write_begin(store, &scene.txn, NULL) == STATUS_OK);
    scene.key = fuzz_citizen(scene.txn, keyring, CITIZEN, "+989131234567");
    (void)fuzz_citizen(scene.txn, keyring, NEIGHBOUR, NULL);
    fuzz_begin(&in, data, size);
    check_master(&in, &scene);
    open_anything(&in, &scene);
    seal_and_open(&in, &scene);
    check_rows(&in, &scene);
    fuzz_end(&in);
    store_write_abort(scene.txn);
    arena_free(scene.arena);
    return 0;
}
