#include "service/keyring_internal.h"

#include "base/check.h"
#include "base/plant.h"
#include "base/random.h"
#include "service/decision.h"
#include "service/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct presealed {
    uint64_t citizen;
    bool is_new;
    bool has_phone;
    const struct ring *ring; /* the keys it was sealed with */
    struct key phone_row;
    uint8_t number[8]; /* the phone row's value */
    uint8_t wrapped[WRAPPED_BYTES];
    struct bytes sealed;
};

/* --- sealing --- */

/* What is authenticated beside the text: a sealed part moved to another citizen or purpose does not
 * open. */
struct associated {
    char service[16];
    char purpose[16];
    uint8_t citizen[8];
};

static struct associated associate(const struct keyring *keyring, const char *purpose,
                                   uint64_t citizen)
{
    struct associated associated = {{0}, {0}, {0}};
    memcpy(associated.service, keyring->service, sizeof associated.service);
    snprintf(associated.purpose, sizeof associated.purpose, "%s", purpose);
    be64_put(associated.citizen, citizen);
    return associated;
}

/* out holds NONCE_BYTES + plain.size + TAG_BYTES. */
static void seal(const struct keyring *keyring, const uint8_t key[32], const char *purpose,
                 uint64_t citizen, struct bytes plain, struct random *random, uint8_t *out)
{
    struct associated associated = associate(keyring, purpose, citizen);
    random->fill(random, out, NONCE_BYTES);
    CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, plain.data,
                                                     plain.size, (const uint8_t *)&associated,
                                                     sizeof associated, NULL, out, key) == 0);
}

/* out holds sealed.size - NONCE_BYTES - TAG_BYTES. */
static bool unseal(const struct keyring *keyring, const uint8_t key[32], const char *purpose,
                   uint64_t citizen, struct bytes sealed, uint8_t *out)
{
    struct associated associated = associate(keyring, purpose, citizen);
    if (sealed.size < NONCE_BYTES + TAG_BYTES) {
        return false;
    }
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               out, NULL, NULL, sealed.data + NONCE_BYTES, sealed.size - NONCE_BYTES,
               (const uint8_t *)&associated, sizeof associated, sealed.data, key) == 0;
}

/* Packs and seals into the arena; the packed words are wiped. False: there is no room. */
static bool seal_message(const struct keyring *keyring, const struct citizen_key *key,
                         const char *purpose, const ProtobufCMessage *plain, struct random *random,
                         struct arena *arena, struct bytes *ret_sealed)
{
    size_t size = protobuf_c_message_get_packed_size(plain);
    uint8_t *packed = malloc(size + 1);
    uint8_t *sealed = arena_alloc(arena, NONCE_BYTES + size + TAG_BYTES);
    bool room = packed != NULL && sealed != NULL;
    if (room) {
        CHECK(protobuf_c_message_pack(plain, packed) == size);
        seal(keyring, key->key, purpose, key->citizen, bytes_of(packed, size), random, sealed);
        *ret_sealed = bytes_of(sealed, NONCE_BYTES + size + TAG_BYTES);
    }
    if (packed != NULL) {
        sodium_memzero(packed, size);
    }
    free(packed);
    return room;
}

/* --- rows --- */

void keyring_wrap(const struct keyring *keyring, const struct master *master,
                  const struct citizen_secret *secret, struct random *random,
                  uint8_t out[WRAPPED_BYTES])
{
    uint8_t plain[SECRET_BYTES] = {0};
    memcpy(plain, secret->key.key, CITIZEN_KEY_BYTES);
    memcpy(plain + CITIZEN_KEY_BYTES, secret->e164, strnlen(secret->e164, PHONE_BYTES));
    seal(keyring, master->wrapping, "wrap", secret->key.citizen, bytes_of(plain, sizeof plain),
         random, out);
    sodium_memzero(plain, sizeof plain);
}

const struct master *keyring_unwrap(const struct keyring *keyring, const struct ring *ring,
                                    uint64_t citizen, struct bytes wrapped,
                                    struct citizen_secret *ret_secret)
{
    uint8_t plain[SECRET_BYTES];
    const struct master *found = NULL;
    for (size_t i = 0; i < ring->count && found == NULL && wrapped.size == WRAPPED_BYTES; i++) {
        if (unseal(keyring, ring->masters[i].wrapping, "wrap", citizen, wrapped, plain)) {
            found = &ring->masters[i];
            *ret_secret = (struct citizen_secret){.key.citizen = citizen};
            memcpy(ret_secret->key.key, plain, CITIZEN_KEY_BYTES);
            memcpy(ret_secret->e164, plain + CITIZEN_KEY_BYTES, PHONE_BYTES);
        }
    }
    sodium_memzero(plain, sizeof plain);
    return found;
}

void keyring_citizen_row(struct key *key, uint64_t citizen)
{
    key_begin(key, CLASS_CITIZEN);
    key_add_u64(key, citizen);
}

void keyring_phone_row(const struct master *master, const char *e164, struct key *key)
{
    uint8_t index[PHONE_INDEX_BYTES];
    CHECK(crypto_generichash(index, sizeof index, (const uint8_t *)e164, strlen(e164),
                             master->finding, sizeof master->finding) == 0);
    key_begin(key, CLASS_PHONE);
    key_add_bytes(key, index, sizeof index);
}

/* The phone's row, under whichever master key it lies; false when there is none. */
static bool find_phone_row(const struct ring *ring, struct store_txn *txn, const char *e164,
                           uint64_t *ret_citizen)
{
    for (size_t i = 0; i < ring->count; i++) {
        struct key key;
        struct bytes value;
        keyring_phone_row(&ring->masters[i], e164, &key);
        if (txn_get(txn, STORE_KEYS, &key, &value)) {
            if (value.size != 8) {
                txn_fail(txn, STATUS_DATA_LOSS, "a phone's row is %zu bytes long instead of 8",
                         value.size);
                return false;
            }
            *ret_citizen = be64_get(value.data);
            return true;
        }
    }
    return false;
}

uint64_t keyring_find_phone(const struct keyring *keyring, struct store_txn *txn, const char *e164)
{
    uint64_t citizen = 0;
    return find_phone_row(keyring_ring(keyring), txn, e164, &citizen) ? citizen : 0;
}

/* False when there is none: never was, or forgotten. */
static bool get_secret(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                       struct citizen_secret *ret_secret)
{
    struct key key;
    struct bytes value;
    keyring_citizen_row(&key, citizen);
    if (!txn_get(txn, STORE_KEYS, &key, &value) || keyring_is_forgotten(value)) {
        return false;
    }
    if (keyring_unwrap(keyring, keyring_ring(keyring), citizen, value, ret_secret) == NULL) {
        txn_fail(txn, STATUS_DATA_LOSS,
                 "citizen %llu's key does not open: is this the store's master key?",
                 (unsigned long long)citizen);
        return false;
    }
    return true;
}

bool keyring_get(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                 struct citizen_key *ret_key)
{
    struct citizen_secret secret;
    if (!get_secret(keyring, txn, citizen, &secret)) {
        return false;
    }
    *ret_key = secret.key;
    sodium_memzero(&secret, sizeof secret);
    return true;
}

void keyring_left_of(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                     struct keyring_left *ret_left)
{
    const struct ring *ring = keyring_ring(keyring);
    struct key key;
    struct bytes row;
    keyring_citizen_row(&key, citizen);
    *ret_left = (struct keyring_left){false, false, false};
    if (!txn_get(txn, STORE_KEYS, &key, &row)) {
        return;
    }
    ret_left->is_forgotten = keyring_is_forgotten(row);
    ret_left->has_key = !ret_left->is_forgotten;
    ret_left->is_final = row.size == MASTER_ID_BYTES;
    for (size_t i = 0; i < ring->count && ret_left->is_final; i++) {
        ret_left->is_final = memcmp(row.data, ring->masters[i].id, MASTER_ID_BYTES) != 0;
    }
}

uint64_t keyring_last_citizen(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_KEYS, CLASS_CITIZEN);
}

/* --- in decide --- */

/* A new citizen's key, and as it lies in the store. */
static void make_key(const struct keyring *keyring, const struct ring *ring, uint64_t citizen,
                     const char *e164, struct random *random, struct citizen_key *ret_key,
                     uint8_t ret_wrapped[WRAPPED_BYTES])
{
    struct citizen_secret secret = {.key.citizen = citizen};
    random->fill(random, secret.key.key, sizeof secret.key.key);
    snprintf(secret.e164, sizeof secret.e164, "%s", e164);
    keyring_wrap(keyring, &ring->masters[0], &secret, random, ret_wrapped);
    *ret_key = secret.key;
    sodium_memzero(&secret, sizeof secret);
}

enum status decide_new_citizen(struct decide *d, uint64_t citizen, const char *e164,
                               struct citizen_key *ret_key)
{
    const struct ring *ring = keyring_ring(d->keyring);
    uint8_t *wrapped = arena_alloc(d->arena, WRAPPED_BYTES);
    uint8_t *number = arena_alloc(d->arena, 8);
    if (wrapped == NULL || number == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
    }
    bool has_phone = e164 != NULL && e164[0] != '\0';
    make_key(d->keyring, ring, citizen, has_phone ? e164 : "", d->decision->random, ret_key,
             wrapped);
    struct key key;
    keyring_citizen_row(&key, citizen);
    enum status status = decision_add_key_row(d, &key, bytes_of(wrapped, WRAPPED_BYTES));
    if (status == STATUS_OK && has_phone) {
        be64_put(number, citizen);
        keyring_phone_row(&ring->masters[0], e164, &key);
        status = decision_add_key_row(d, &key, bytes_of(number, 8));
    }
    return status;
}

enum status decide_forget_citizen(struct decide *d, uint64_t citizen, bool *ret_had_key)
{
    const struct ring *ring = keyring_ring(d->keyring);
    struct citizen_secret secret;
    struct key key;
    enum status status = STATUS_OK;
    if (!get_secret(d->keyring, d->txn, citizen, &secret)) {
        status = txn_error(d->txn, d->error);
        if (status == STATUS_OK) {
            *ret_had_key = false;
        }
        return status;
    }
    /* The row stays, without the key: its number is not given to another. */
    keyring_citizen_row(&key, citizen);
    if (!PLANTED("key_outlives_the_forgotten")) {
        status = decision_add_key_row(d, &key, bytes_of(ring->masters[0].id, MASTER_ID_BYTES));
    }
    for (size_t i = 0; i < ring->count && secret.e164[0] != '\0' && status == STATUS_OK; i++) {
        keyring_phone_row(&ring->masters[i], secret.e164, &key);
        status = decision_delete_key_row(d, &key);
    }
    sodium_memzero(&secret, sizeof secret);
    if (status == STATUS_OK) {
        *ret_had_key = true;
    }
    return status;
}

enum status decide_seal(struct decide *d, const struct citizen_key *key, const char *purpose,
                        const ProtobufCMessage *plain, struct bytes *ret_sealed)
{
    return seal_message(d->keyring, key, purpose, plain, d->decision->random, d->arena, ret_sealed)
               ? STATUS_OK
               : decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                               "the call needs more memory than a call may have");
}

/* --- beforehand --- */

/* A number for a citizen who may become one. Decide looks whether it is still free. */
static uint64_t foresee_citizen(struct keyring *keyring, struct store_txn *txn)
{
    uint64_t last = keyring_last_citizen(txn);
    uint64_t foreseen = atomic_load(&keyring->last_foreseen);
    uint64_t number;
    do {
        number = (last > foreseen ? last : foreseen) + 1;
    } while (!atomic_compare_exchange_weak(&keyring->last_foreseen, &foreseen, number));
    return number;
}

/* Who has the phone, with the key as it lies there; or a new citizen. */
static bool foresee_key(struct prepare *p, const char *e164, struct presealed *presealed,
                        struct citizen_key *ret_key)
{
    struct bytes row;
    struct key key;
    struct citizen_secret secret;
    if (presealed->has_phone &&
        find_phone_row(presealed->ring, p->txn, e164, &presealed->citizen)) {
        keyring_citizen_row(&key, presealed->citizen);
        if (!txn_get(p->txn, STORE_KEYS, &key, &row) ||
            keyring_unwrap(p->keyring, presealed->ring, presealed->citizen, row, &secret) == NULL) {
            return false;
        }
        memcpy(presealed->wrapped, row.data, WRAPPED_BYTES);
        *ret_key = secret.key;
        sodium_memzero(&secret, sizeof secret);
        return true;
    }
    presealed->is_new = true;
    presealed->citizen = foresee_citizen(p->keyring, p->txn);
    make_key(p->keyring, presealed->ring, presealed->citizen, e164, p->random, ret_key,
             presealed->wrapped);
    return true;
}

const struct presealed *keyring_preseal(struct prepare *p, const char *e164, const char *purpose,
                                        const ProtobufCMessage *plain)
{
    struct presealed *presealed = arena_alloc(p->arena, sizeof *presealed);
    struct citizen_key key;
    if (presealed == NULL) {
        return NULL;
    }
    *presealed = (struct presealed){.has_phone = e164[0] != '\0', .ring = keyring_ring(p->keyring)};
    if (presealed->has_phone) {
        keyring_phone_row(&presealed->ring->masters[0], e164, &presealed->phone_row);
    }
    bool done =
        foresee_key(p, e164, presealed, &key) &&
        seal_message(p->keyring, &key, purpose, plain, p->random, p->arena, &presealed->sealed);
    be64_put(presealed->number, presealed->citizen);
    sodium_memzero(&key, sizeof key);
    return done ? presealed : NULL;
}

/* While the master key is being changed, a known phone may lie under the older one, which is not
 * looked for here: then decide does it all again. */
static bool presealed_holds(struct decide *d, const struct presealed *presealed,
                            const struct key *citizen_row)
{
    struct bytes row;
    if (presealed->ring != keyring_ring(d->keyring)) {
        return false;
    }
    bool has_row = txn_get(d->txn, STORE_KEYS, citizen_row, &row);
    bool row_holds = presealed->is_new
                         ? !has_row
                         : has_row && bytes_equal(row, bytes_of(presealed->wrapped, WRAPPED_BYTES));
    if (!row_holds || !presealed->has_phone) {
        return row_holds;
    }
    bool known = txn_get(d->txn, STORE_KEYS, &presealed->phone_row, &row);
    return presealed->is_new
               ? !known && presealed->ring->count == 1
               : known && bytes_equal(row, bytes_of(presealed->number, sizeof presealed->number));
}

bool decide_take_presealed(struct decide *d, const struct presealed *presealed,
                           uint64_t *ret_citizen, struct bytes *ret_sealed)
{
    struct key key;
    if (presealed == NULL) {
        return false;
    }
    keyring_citizen_row(&key, presealed->citizen);
    if (!presealed_holds(d, presealed, &key)) {
        return false;
    }
    if (presealed->is_new) {
        /* Two of the four that a command may add. */
        CHECK(decision_add_key_row(d, &key, bytes_of(presealed->wrapped, WRAPPED_BYTES)) ==
              STATUS_OK);
        CHECK(!presealed->has_phone ||
              decision_add_key_row(d, &presealed->phone_row,
                                   bytes_of(presealed->number, sizeof presealed->number)) ==
                  STATUS_OK);
    }
    *ret_citizen = presealed->citizen;
    *ret_sealed = presealed->sealed;
    return true;
}

/* --- opening --- */

enum status keyring_open_sealed(const struct keyring *keyring, struct store_txn *txn,
                                uint64_t citizen, const char *purpose, struct bytes sealed,
                                const ProtobufCMessageDescriptor *type, struct arena *arena,
                                const ProtobufCMessage **ret_plain, struct error *err)
{
    struct citizen_key key;
    if (!keyring_get(keyring, txn, citizen, &key)) {
        enum status status = txn_error(txn, err);
        return status != STATUS_OK ? status
                                   : error_set(err, STATUS_NOT_FOUND, NULL,
                                               "the citizen's data has been forgotten");
    }
    enum status status;
    size_t size =
        sealed.size >= NONCE_BYTES + TAG_BYTES ? sealed.size - NONCE_BYTES - TAG_BYTES : 0;
    uint8_t *packed = malloc(size + 1);
    CHECK(packed != NULL);
    if (!unseal(keyring, key.key, purpose, citizen, sealed, packed)) {
        status = error_set(err, STATUS_DATA_LOSS, NULL, "sealed data of citizen %llu does not open",
                           (unsigned long long)citizen);
    } else {
        ProtobufCMessage *plain;
        status =
            message_unpack(type, bytes_of(packed, size), MESSAGE_UNKNOWN_KEEP, arena, &plain, err);
        if (status == STATUS_OK) {
            *ret_plain = plain;
        }
        sodium_memzero(packed, size);
    }
    free(packed);
    sodium_memzero(&key, sizeof key);
    return status;
}
