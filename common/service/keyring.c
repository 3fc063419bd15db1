#include "service/keyring.h"

#include "base/check.h"
#include "base/random.h"
#include "service/decision.h"
#include "service/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Classes of the keys space. */
enum { CLASS_CITIZEN = 1, CLASS_PHONE = 2 };

#define MASTER_BYTES 32
#define PHONE_INDEX_BYTES 16
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define WRAPPED_BYTES (NONCE_BYTES + CITIZEN_KEY_BYTES + TAG_BYTES)

struct keyring {
    char service[16];
    uint8_t wrapping[32];
    uint8_t finding[32];
    _Atomic uint64_t last_foreseen; /* the last number given to a citizen who may become one */
};

struct presealed {
    uint64_t citizen;
    bool is_new;
    bool has_phone;
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

/* A new citizen's key, and as it lies in the store: wrapped, WRAPPED_BYTES. */
static void make_key(const struct keyring *keyring, uint64_t citizen, struct random *random,
                     struct citizen_key *ret_key, uint8_t *ret_wrapped)
{
    ret_key->citizen = citizen;
    random->fill(random, ret_key->key, sizeof ret_key->key);
    seal(keyring, keyring->wrapping, "wrap", citizen, bytes_of(ret_key->key, sizeof ret_key->key),
         random, ret_wrapped);
}

/* --- rows --- */

static void citizen_row_key(struct key *key, uint64_t citizen)
{
    key_begin(key, CLASS_CITIZEN);
    key_add_u64(key, citizen);
}

static void phone_row_key(const struct keyring *keyring, const char *e164, struct key *key)
{
    uint8_t index[PHONE_INDEX_BYTES];
    CHECK(crypto_generichash(index, sizeof index, (const uint8_t *)e164, strlen(e164),
                             keyring->finding, sizeof keyring->finding) == 0);
    key_begin(key, CLASS_PHONE);
    key_add_bytes(key, index, sizeof index);
}

uint64_t keyring_find_phone(const struct keyring *keyring, struct store_txn *txn, const char *e164)
{
    struct key key;
    struct bytes value;
    phone_row_key(keyring, e164, &key);
    if (!txn_get(txn, STORE_KEYS, &key, &value)) {
        return 0;
    }
    if (value.size != 8) {
        txn_fail(txn, STATUS_DATA_LOSS, "a phone's row is %zu bytes long instead of 8", value.size);
        return 0;
    }
    return be64_get(value.data);
}

bool keyring_get(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                 struct citizen_key *ret_key)
{
    struct key key;
    struct bytes value;
    citizen_row_key(&key, citizen);
    if (!txn_get(txn, STORE_KEYS, &key, &value) || value.size == 0) {
        return false;
    }
    uint8_t opened[CITIZEN_KEY_BYTES];
    if (value.size != WRAPPED_BYTES ||
        !unseal(keyring, keyring->wrapping, "wrap", citizen, value, opened)) {
        txn_fail(txn, STATUS_DATA_LOSS,
                 "citizen %llu's key does not open: is this the store's master key?",
                 (unsigned long long)citizen);
        return false;
    }
    ret_key->citizen = citizen;
    memcpy(ret_key->key, opened, sizeof opened);
    sodium_memzero(opened, sizeof opened);
    return true;
}

uint64_t keyring_last_citizen(struct store_txn *txn)
{
    return table_last_u64(txn, STORE_KEYS, CLASS_CITIZEN);
}

/* --- in decide --- */

enum status decide_new_citizen(struct decide *d, uint64_t citizen, const char *e164,
                               struct citizen_key *ret_key)
{
    struct random *random = d->decision->random;
    uint8_t *wrapped = arena_alloc(d->arena, WRAPPED_BYTES);
    uint8_t *number = arena_alloc(d->arena, 8);
    if (wrapped == NULL || number == NULL) {
        return decide_refuse(d, STATUS_RESOURCE_EXHAUSTED, NULL,
                             "the call needs more memory than a call may have");
    }
    make_key(d->keyring, citizen, random, ret_key, wrapped);
    struct key key;
    citizen_row_key(&key, citizen);
    enum status status = decision_add_key_row(d, &key, bytes_of(wrapped, WRAPPED_BYTES));
    if (status == STATUS_OK && e164 != NULL && e164[0] != '\0') {
        be64_put(number, citizen);
        phone_row_key(d->keyring, e164, &key);
        status = decision_add_key_row(d, &key, bytes_of(number, 8));
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
static bool foresee_key(struct prepare *p, struct presealed *presealed, struct citizen_key *ret_key)
{
    struct bytes row;
    struct key key;
    if (presealed->has_phone && txn_get(p->txn, STORE_KEYS, &presealed->phone_row, &row)) {
        if (row.size != sizeof presealed->number) {
            return false;
        }
        presealed->citizen = be64_get(row.data);
        citizen_row_key(&key, presealed->citizen);
        if (!txn_get(p->txn, STORE_KEYS, &key, &row) || row.size != WRAPPED_BYTES) {
            return false;
        }
        memcpy(presealed->wrapped, row.data, WRAPPED_BYTES);
        ret_key->citizen = presealed->citizen;
        return unseal(p->keyring, p->keyring->wrapping, "wrap", presealed->citizen, row,
                      ret_key->key);
    }
    presealed->is_new = true;
    presealed->citizen = foresee_citizen(p->keyring, p->txn);
    make_key(p->keyring, presealed->citizen, p->random, ret_key, presealed->wrapped);
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
    *presealed = (struct presealed){.has_phone = e164[0] != '\0'};
    if (presealed->has_phone) {
        phone_row_key(p->keyring, e164, &presealed->phone_row);
    }
    bool done =
        foresee_key(p, presealed, &key) &&
        seal_message(p->keyring, &key, purpose, plain, p->random, p->arena, &presealed->sealed);
    be64_put(presealed->number, presealed->citizen);
    sodium_memzero(&key, sizeof key);
    return done ? presealed : NULL;
}

static bool presealed_holds(struct decide *d, const struct presealed *presealed,
                            const struct key *citizen_row)
{
    struct bytes row;
    bool has_row = txn_get(d->txn, STORE_KEYS, citizen_row, &row);
    bool row_holds = presealed->is_new
                         ? !has_row
                         : has_row && bytes_equal(row, bytes_of(presealed->wrapped, WRAPPED_BYTES));
    if (!row_holds || !presealed->has_phone) {
        return row_holds;
    }
    bool known = txn_get(d->txn, STORE_KEYS, &presealed->phone_row, &row);
    return presealed->is_new
               ? !known
               : known && bytes_equal(row, bytes_of(presealed->number, sizeof presealed->number));
}

bool decide_take_presealed(struct decide *d, const struct presealed *presealed,
                           uint64_t *ret_citizen, struct bytes *ret_sealed)
{
    struct key key;
    if (presealed == NULL) {
        return false;
    }
    citizen_row_key(&key, presealed->citizen);
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

/* --- the master key --- */

static enum status read_master(const char *path, uint8_t ret_master[MASTER_BYTES],
                               struct error *err)
{
    char text[2 * MASTER_BYTES + 2];
    struct stat stat_of;
    enum status status = STATUS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "the master key %s cannot be opened", path);
    }
    ssize_t size = -1;
    if (fstat(fd, &stat_of) != 0) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "the master key %s", path);
    } else if ((stat_of.st_mode & 077) != 0) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                           "%s can be read by others: chmod 600 it", path);
    } else if ((size = read(fd, text, sizeof text)) < 2 * MASTER_BYTES ||
               (size == 2 * MASTER_BYTES + 1 && text[2 * MASTER_BYTES] != '\n') ||
               size > 2 * MASTER_BYTES + 1) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                           "%s does not hold 64 hex digits", path);
    } else {
        text[2 * MASTER_BYTES] = '\0';
        if (!hex_decode(text, ret_master, MASTER_BYTES)) {
            status = error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                               "%s does not hold 64 hex digits", path);
        }
    }
    sodium_memzero(text, sizeof text);
    (void)close(fd); /* it was only read */
    return status;
}

/* The name must survive a power loss as surely as the words sealed under the key. */
static bool sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path) + 1,
             slash == NULL ? "." : path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd); /* it was only synced */
    }
    return synced;
}

/* Makes the key in a file of its own and links it into place: two programs starting at once end
 * with one key. */
static enum status make_master(const char *path, struct random *random, struct error *err)
{
    uint8_t master[MASTER_BYTES];
    char text[2 * MASTER_BYTES + 2];
    char draft[4096];
    enum status status = STATUS_OK;
    if ((size_t)snprintf(draft, sizeof draft, "%s.%016llx.new", path,
                         (unsigned long long)random_u64(random)) >= sizeof draft) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "master-key", "the path is too long");
    }
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "the master key %s cannot be made", path);
    }
    random->fill(random, master, sizeof master);
    hex_encode(master, sizeof master, text);
    text[2 * MASTER_BYTES] = '\n';
    if (write(fd, text, 2 * MASTER_BYTES + 1) != 2 * MASTER_BYTES + 1 || fsync(fd) != 0) {
        status = error_set_errno(err, STATUS_RESOURCE_EXHAUSTED, errno,
                                 "the master key %s cannot be written", path);
    } else if ((link(draft, path) != 0 && errno != EEXIST) || !sync_folder_of(path)) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                                 "the master key %s cannot be made", path);
    }
    sodium_memzero(master, sizeof master);
    sodium_memzero(text, sizeof text);
    (void)close(fd);     /* synced above */
    (void)unlink(draft); /* a leftover draft does no harm */
    return status;
}

/* The newest citizen key that lies in the store, whose row may be empty (forgotten) for newer
 * citizens. */
static bool newest_key(struct store_txn *txn, uint64_t *ret_citizen, struct bytes *ret_wrapped)
{
    struct key prefix;
    struct bytes key, value;
    struct txn_scan scan;
    bool found = false;
    key_begin(&prefix, CLASS_CITIZEN);
    txn_scan_begin(&scan, txn, STORE_KEYS, &prefix, NULL, true);
    while (!found && txn_scan_next(&scan, &key, &value)) {
        if (value.size > 0) {
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

/* Words sealed under two master keys would be a store that no key opens wholly. */
static enum status check_newest(const struct keyring *keyring, const char *master_key_file,
                                struct store_txn *txn, struct error *err)
{
    uint64_t citizen;
    struct bytes wrapped;
    uint8_t opened[CITIZEN_KEY_BYTES];
    if (!newest_key(txn, &citizen, &wrapped)) {
        return txn_error(txn, err);
    }
    bool opens = wrapped.size == WRAPPED_BYTES &&
                 unseal(keyring, keyring->wrapping, "wrap", citizen, wrapped, opened);
    sodium_memzero(opened, sizeof opened);
    return opens ? STATUS_OK
                 : error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                             "%s is not the key that %s was made with: put the store's own master "
                             "key there, from where it was kept (docs/OPERATIONS.md)",
                             master_key_file, keyring->service);
}

static void derive(struct keyring *keyring, const uint8_t master[MASTER_BYTES])
{
    CHECK(crypto_kdf_derive_from_key(keyring->wrapping, sizeof keyring->wrapping, 1, "vafawrap",
                                     master) == 0);
    CHECK(crypto_kdf_derive_from_key(keyring->finding, sizeof keyring->finding, 2, "vafafind",
                                     master) == 0);
}

enum status keyring_open(struct keyring **ret_keyring, const char *master_key_file,
                         struct store_txn *txn, bool create, struct random *random,
                         struct error *err)
{
    uint8_t master[MASTER_BYTES];
    struct keyring *keyring = NULL;
    const char *service = store_service(txn_store(txn));
    if (sodium_init() < 0) {
        return error_set(err, STATUS_INTERNAL, NULL, "libsodium cannot be started");
    }
    bool has_keys = holds_keys(txn);
    enum status status = txn_error(txn, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = read_master(master_key_file, master, err);
    if (status == STATUS_NOT_FOUND && has_keys) {
        status =
            error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                      "%s is missing, and %s holds citizens' words sealed under it: put the "
                      "store's own master key there, from where it was kept (docs/OPERATIONS.md)",
                      master_key_file, service);
    } else if (status == STATUS_NOT_FOUND && create) {
        status = make_master(master_key_file, random, err);
        if (status == STATUS_OK) {
            status = read_master(master_key_file, master, err);
        }
    }
    if (status == STATUS_OK) {
        keyring = calloc(1, sizeof *keyring);
        CHECK(keyring != NULL);
        snprintf(keyring->service, sizeof keyring->service, "%s", service);
        derive(keyring, master);
        status = check_newest(keyring, master_key_file, txn, err);
    }
    sodium_memzero(master, sizeof master);
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
    if (keyring != NULL) {
        sodium_memzero(keyring, sizeof *keyring);
    }
    free(keyring);
}
