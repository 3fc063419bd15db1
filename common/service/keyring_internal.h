/* What the keyring's own files share: the master keys in force, and a citizen's row. */
#ifndef VAFA_SERVICE_KEYRING_INTERNAL_H
#define VAFA_SERVICE_KEYRING_INTERNAL_H

#include "service/keyring.h"
#include "service/master_key.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

/* Classes of the keys space. */
enum { CLASS_CITIZEN = 1, CLASS_PHONE = 2, CLASS_CHANGE = 3 };

#define PHONE_BYTES 16 /* E.164 without its NUL, zeros behind it */
#define SECRET_BYTES (CITIZEN_KEY_BYTES + PHONE_BYTES)
#define PHONE_INDEX_BYTES 16
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define WRAPPED_BYTES (NONCE_BYTES + SECRET_BYTES + TAG_BYTES)
#define MASTER_ID_BYTES 8

/* What is derived from a master key. */
struct master {
    uint8_t id[MASTER_ID_BYTES]; /* tells it from others, and nothing about it */
    uint8_t wrapping[32];
    uint8_t finding[32];
};

/* The master keys in force, newest first. Never changed once it is the keyring's. */
struct ring {
    size_t count;
    struct master masters[MASTER_KEYS_MAX];
    struct ring *older; /* rings are kept until the keyring goes: somebody may be reading one */
};

struct keyring {
    char service[16];
    char file[4096];
    _Atomic(struct ring *) ring;
    pthread_mutex_t change_lock;    /* of whoever makes another ring the keyring's */
    _Atomic uint64_t last_foreseen; /* the last number given to a citizen who may become one */
};

static inline const struct ring *keyring_ring(const struct keyring *keyring)
{
    return atomic_load(&keyring->ring);
}

/* A forgotten citizen's row holds no key: nothing, or the id of the newest master key of then. */
static inline bool keyring_is_forgotten(struct bytes row)
{
    return row.size <= MASTER_ID_BYTES;
}

/* A citizen's row, opened. */
struct citizen_secret {
    struct citizen_key key;
    char e164[PHONE_BYTES + 1]; /* "" for none */
};

struct master keyring_derive(const uint8_t key[MASTER_KEY_BYTES]);
void keyring_citizen_row(struct key *key, uint64_t citizen);
void keyring_phone_row(const struct master *master, const char *e164, struct key *key);
void keyring_wrap(const struct keyring *keyring, const struct master *master,
                  const struct citizen_secret *secret, struct random *random,
                  uint8_t out[WRAPPED_BYTES]);
/* The master key of the ring under which the row opens; NULL for none. */
const struct master *keyring_unwrap(const struct keyring *keyring, const struct ring *ring,
                                    uint64_t citizen, struct bytes wrapped,
                                    struct citizen_secret *ret_secret);

#endif
