/*
 * Changing the master key while the service runs, and without touching what is sealed: only each
 * citizen's row is wrapped anew.
 *
 *   begin   a new key comes before the old one in the file; from now on the new one wraps
 *   step    some hundred citizens a transaction are wrapped anew, and their phones are found under it
 *   end     when none is left under the old key, the service leaves it; the last to leave takes it
 *           out of the file
 *
 * How far it has come lies in the store, and both keys lie in the file until the end: whatever dies
 * in between, it is gone on with by beginning again. After the end, whoever has an old copy of the
 * store and not the old key opens nothing: only then is a forgotten citizen forgotten there, too.
 */
#ifndef VAFA_SERVICE_KEYRING_CHANGE_H
#define VAFA_SERVICE_KEYRING_CHANGE_H

#include "service/keyring.h"

/* Citizens a step wraps anew: some milliseconds of the writer's time. */
#define KEYRING_STEP_ROWS_MAX 200
/* And those it may look at, most of which may be forgotten or new already. */
#define KEYRING_STEP_LOOKS_MAX 2000

struct keyring_state {
    uint32_t keys;       /* in force: 1, or 2 while it is being changed */
    uint8_t newest[8];   /* tells the newest key from others; no secret */
    uint64_t wrapped_to; /* every citizen up to this number is under the newest key */
    uint64_t citizens;   /* the highest number */
    bool is_whole;       /* all are */
};

struct keyring_state keyring_state(const struct keyring *keyring, struct store_txn *txn);

/* Puts a new key into the file, unless a change has been begun before, and takes it into use.
 * FAILED_PRECONDITION, field "master-key", when the file cannot be read or written. */
enum status keyring_begin_change(struct keyring *keyring, struct random *random, struct error *err);
/* Wraps some more, in the writer's transaction. DATA_LOSS when a row opens under neither key. */
void keyring_change_step(struct keyring *keyring, struct store_txn *txn, struct random *random);
/* This service needs the old key no more; it stays in the file for others that do.
 * FAILED_PRECONDITION while a citizen of this store is under it. */
enum status keyring_end_change(struct keyring *keyring, struct store_txn *txn, struct error *err);

/* Takes the file's newest keys into use; keyring_open and a change only. */
enum status keyring_read_ring(struct keyring *keyring, size_t keys_max, struct error *err);
/* At opening: a change that was under way has both its keys. */
enum status keyring_change_check(const struct keyring *keyring, struct store_txn *txn,
                                 struct error *err);

#endif
