/*
 * The master key's file, which lies outside the stores. A line is a key, 64 hex digits, and the names
 * of the services that have citizens under it:
 *
 *   8f3c…e1 intake followup
 *
 * While the key is being changed there are two lines, the new key first, so that the file opens
 * everything at every moment. A service that needs the old key no more leaves its line, and the last
 * one to leave takes the line with it.
 *
 * Whoever writes the file holds a lock on its folder, writes a draft and renames it: two programs at
 * once end with one key, and a crash leaves the old file or the new one.
 */
#ifndef VAFA_SERVICE_MASTER_KEY_H
#define VAFA_SERVICE_MASTER_KEY_H

#include "base/random.h"
#include "base/status.h"

#include <stddef.h>

#define MASTER_KEY_BYTES 32
#define MASTER_KEYS_MAX 2
#define MASTER_USERS_SIZE 96

struct master_key {
    uint8_t key[MASTER_KEY_BYTES];
    char users[MASTER_USERS_SIZE]; /* "intake followup" */
};

struct master_keys {
    size_t count;
    struct master_key keys[MASTER_KEYS_MAX]; /* newest first */
};

/* NOT_FOUND when there is no such file; FAILED_PRECONDITION, field "master-key", when others can
 * read it (0600 or stricter is asked for) or it does not hold what it should. */
enum status master_key_read(const char *file, struct master_keys *ret_keys, struct error *err);
/* Makes the file with a new key, unless it is there by now. */
enum status master_key_make(const char *file, struct random *random, struct error *err);

/* Each of these changes nothing when that is so already; NOT_FOUND when there is no file. */

/* The service uses every key that is there. */
enum status master_key_join(const char *file, const char *service, struct error *err);
/* A new key comes before the one that is there, used by all who use that one. When there are two, a
 * change has been begun before, and its new key is the one. */
enum status master_key_add(const char *file, struct random *random, struct error *err);
/* The service uses the older key no more. */
enum status master_key_leave(const char *file, const char *service, struct error *err);

void master_keys_wipe(struct master_keys *keys);

#endif
