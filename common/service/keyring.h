/*
 * Sealing citizens' data: a key per citizen, wrapped by a master key that is kept outside the
 * store.
 *
 *   seal   XChaCha20-Poly1305 (libsodium), 24 random bytes of nonce before the ciphertext; the
 *          service's name, the citizen's number and the purpose are authenticated with it
 *   wrap   the citizen's key and phone, sealed in the same way under a key derived from the master
 *          key
 *   find   a phone is found by keyed BLAKE2b-128 under another derived key
 *
 * Rows live in the store's keys space, outside the log and apart in a backup. Taking the key out of a
 * citizen's row makes every sealed word of theirs unreadable here; where an older copy of the row may lie -
 * a free page of the file, a backup - once the master key has been changed (keyring_change.h).
 */
#ifndef VAFA_SERVICE_KEYRING_H
#define VAFA_SERVICE_KEYRING_H

#include "service/service.h"

struct keyring;

#define CITIZEN_KEY_BYTES 32

struct citizen_key {
    uint64_t citizen;
    uint8_t key[CITIZEN_KEY_BYTES];
};

/* Reads the master key file (master_key.h). The newest citizen
 * key of the transaction's store must open with it. When the file is missing, one is made if
 * `create` is set and the store holds no citizen's key yet: a second key beside words sealed under
 * the first would lose the one or the other. FAILED_PRECONDITION, field "master-key", names the
 * file and what to do. */
enum status keyring_open(struct keyring **ret_keyring, const char *master_key_file,
                         struct store_txn *txn, bool create, struct random *random,
                         struct error *err);
void keyring_free(struct keyring *keyring); /* wipes; NULL is allowed */

/* OK when the store holds no citizen's key, or the newest opens; else as keyring_open. */
enum status keyring_check(const char *master_key_file, struct store_txn *txn, struct error *err);

/* The citizen of a phone (E.164), 0 when unknown. */
uint64_t keyring_find_phone(const struct keyring *keyring, struct store_txn *txn, const char *e164);
/* The citizen's key; false when there is none (never was, or forgotten). */
bool keyring_get(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                 struct citizen_key *ret_key);
/* What is left of a citizen's key. */
struct keyring_left {
    bool has_key;
    bool is_forgotten; /* there was one */
    bool is_final;     /* and no master key of then is in force any more */
};
void keyring_left_of(const struct keyring *keyring, struct store_txn *txn, uint64_t citizen,
                     struct keyring_left *ret_left);
/* Highest citizen number that ever had a key here (forgotten ones count). Numbers may be left out:
 * one that was presealed for and not taken. */
uint64_t keyring_last_citizen(struct store_txn *txn);

/* In decide: a new key for the citizen, found later by the phone (e164 may be NULL). The rows are
 * written with the decision's events, in the same transaction, or not at all. */
enum status decide_new_citizen(struct decide *d, uint64_t citizen, const char *e164,
                               struct citizen_key *ret_key);
/* In decide: the citizen's key goes, and their phone is nobody's. *ret_had_key false: there was none,
 * and nothing is done. */
enum status decide_forget_citizen(struct decide *d, uint64_t citizen, bool *ret_had_key);
/* In decide: seals `plain` into d->arena. purpose: "request", "answer". */
enum status decide_seal(struct decide *d, const struct citizen_key *key, const char *purpose,
                        const ProtobufCMessage *plain, struct bytes *ret_sealed);

/* Words sealed before decide, under the key of whoever has the phone, or of a new citizen. */
struct presealed;

/* In prepare. e164 may be "". NULL: it cannot be done here. */
const struct presealed *keyring_preseal(struct prepare *p, const char *e164, const char *purpose,
                                        const ProtobufCMessage *plain);
/* In decide: takes what was sealed, and the rows of a new citizen with it. False, with nothing
 * taken: presealed is NULL, or meanwhile the phone has become another's or the key has changed. */
bool decide_take_presealed(struct decide *d, const struct presealed *presealed,
                           uint64_t *ret_citizen, struct bytes *ret_sealed);

/* NOT_FOUND when the citizen has been forgotten; DATA_LOSS when it does not open. The message lives
 * in the arena. */
enum status keyring_open_sealed(const struct keyring *keyring, struct store_txn *txn,
                                uint64_t citizen, const char *purpose, struct bytes sealed,
                                const ProtobufCMessageDescriptor *type, struct arena *arena,
                                const ProtobufCMessage **ret_plain, struct error *err);

#endif
