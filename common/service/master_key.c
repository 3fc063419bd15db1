#include "service/master_key.h"

#include "base/bytes.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096
#define DIGITS (2 * MASTER_KEY_BYTES)
#define TEXT_BYTES (MASTER_KEYS_MAX * (DIGITS + 1 + MASTER_USERS_SIZE))

void master_keys_wipe(struct master_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

/* --- the users of a key: names with a space between them --- */

static bool uses(const struct master_key *key, const char *service)
{
    size_t size = strlen(service);
    for (const char *at = key->users; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, service, size) == 0) {
            return true;
        }
        at += word;
    }
    return false;
}

static bool is_users(const char *text)
{
    return strlen(text) < MASTER_USERS_SIZE &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz- ") == strlen(text);
}

static void add_user(struct master_key *key, const char *service)
{
    size_t size = strlen(key->users);
    int added =
        snprintf(key->users + size, sizeof key->users - size, "%s%s", size > 0 ? " " : "", service);
    CHECK(added > 0 && size + (size_t)added < sizeof key->users); /* services are few */
}

static void remove_user(struct master_key *key, const char *service)
{
    struct master_key left = {.users = ""};
    char users[MASTER_USERS_SIZE];
    char *rest = memcpy(users, key->users, sizeof users);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (word[0] != '\0' && strcmp(word, service) != 0) {
            add_user(&left, word);
        }
    }
    memcpy(key->users, left.users, sizeof key->users);
}

/* --- reading --- */

static enum status refuse(const char *file, struct error *err)
{
    return error_set(
        err, STATUS_FAILED_PRECONDITION, "master-key",
        "%s is no master key: a line of 64 hex digits (two while it is being changed), "
        "behind which names may stand",
        file);
}

static bool parse_line(char *line, struct master_key *ret_key)
{
    size_t size = strlen(line);
    const char *users = size > DIGITS ? line + DIGITS + 1 : "";
    if (size < DIGITS || (size > DIGITS && line[DIGITS] != ' ') || !is_users(users)) {
        return false;
    }
    line[DIGITS] = '\0';
    snprintf(ret_key->users, sizeof ret_key->users, "%s", users);
    return hex_decode(line, ret_key->key, MASTER_KEY_BYTES);
}

/* `text` ends with a NUL, and holds none before. */
static enum status parse(const char *file, char *text, struct master_keys *ret_keys,
                         struct error *err)
{
    struct master_keys keys = {0};
    enum status status = STATUS_OK;
    char *rest = text;
    for (char *line; status == STATUS_OK && (line = strsep(&rest, "\n")) != NULL;) {
        if (rest == NULL && line[0] == '\0' && keys.count > 0) {
            break; /* behind the last line's end */
        }
        if (keys.count == MASTER_KEYS_MAX || !parse_line(line, &keys.keys[keys.count])) {
            status = refuse(file, err);
        }
        keys.count++;
    }
    if (status == STATUS_OK) {
        *ret_keys = keys;
    }
    master_keys_wipe(&keys);
    return status;
}

enum status master_key_read(const char *file, struct master_keys *ret_keys, struct error *err)
{
    char text[TEXT_BYTES + 2]; /* one byte more tells a longer file, and room for a NUL */
    struct stat stat_of;
    enum status status;
    ssize_t size = 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return error_set_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED_PRECONDITION,
                               errno, "the master key %s cannot be opened", file);
    }
    if (fstat(fd, &stat_of) != 0 || (size = read(fd, text, TEXT_BYTES + 1)) < 0) {
        status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "the master key %s", file);
    } else if ((stat_of.st_mode & 077) != 0) {
        status = error_set(err, STATUS_FAILED_PRECONDITION, "master-key",
                           "%s can be read by others: chmod 600 it", file);
    } else if (size > TEXT_BYTES || memchr(text, '\0', (size_t)size) != NULL) {
        status = refuse(file, err);
    } else {
        text[size] = '\0';
        status = parse(file, text, ret_keys, err);
    }
    sodium_memzero(text, sizeof text);
    (void)close(fd); /* it was only read */
    return status;
}

/* --- writing, under the folder's lock --- */

/* The folder of the file, open and locked; -1, with errno. Closing it unlocks. */
static int lock_folder(const char *file)
{
    char folder[PATH_SIZE];
    const char *slash = strrchr(file, '/');
    int size = snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - file) + 1,
                        slash == NULL ? "." : file);
    if (size < 0 || (size_t)size >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        int why = errno;
        (void)close(fd); /* nothing was done with it */
        errno = why;
        return -1;
    }
    return fd;
}

static bool write_draft(const char *draft, mode_t mode, const struct master_keys *keys)
{
    char text[TEXT_BYTES + 1];
    size_t size = 0;
    (void)unlink(draft); /* of somebody who died while writing it */
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    for (size_t i = 0; i < keys->count; i++) {
        char digits[DIGITS + 1];
        const char *users = keys->keys[i].users;
        hex_encode(keys->keys[i].key, MASTER_KEY_BYTES, digits);
        int added = snprintf(text + size, sizeof text - size, "%s%s%s\n", digits,
                             users[0] != '\0' ? " " : "", users);
        sodium_memzero(digits, sizeof digits);
        CHECK(added > 0 && (size_t)added < sizeof text - size);
        size += (size_t)added;
    }
    bool written =
        write(fd, text, size) == (ssize_t)size && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    sodium_memzero(text, sizeof text);
    return close(fd) == 0 && written;
}

/* The name must survive a power loss as surely as the words sealed under the key. */
static enum status replace(const char *file, int folder, const struct master_keys *keys,
                           struct error *err)
{
    char draft[PATH_SIZE];
    struct stat before;
    mode_t mode = stat(file, &before) == 0 ? before.st_mode & 0600 : 0600;
    int size = snprintf(draft, sizeof draft, "%s.new", file);
    if (size < 0 || (size_t)size >= sizeof draft) {
        return error_set(err, STATUS_INVALID_ARGUMENT, "master-key", "the path is too long");
    }
    if (!write_draft(draft, mode, keys) || rename(draft, file) != 0 || fsync(folder) != 0) {
        enum status status = error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                                             "the master key %s cannot be written", file);
        (void)unlink(draft); /* a leftover draft is taken away the next time */
        return status;
    }
    return STATUS_OK;
}

/* What is to become of the keys that are there; false: nothing. */
struct wanted {
    bool (*change)(struct master_keys *keys, const struct wanted *wanted);
    bool makes; /* the file may be missing */
    struct random *random;
    const char *service;
};

static enum status change(const char *file, const struct wanted *wanted, struct error *err)
{
    struct master_keys keys = {0};
    struct error why = ERROR_NONE;
    int folder = lock_folder(file);
    if (folder < 0) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "the folder of the master key %s cannot be used", file);
    }
    enum status status = master_key_read(file, &keys, &why);
    if (status != STATUS_OK && !(status == STATUS_NOT_FOUND && wanted->makes)) {
        status = error_set(err, status, why.field, "%s", why.message);
    } else {
        status = wanted->change(&keys, wanted) ? replace(file, folder, &keys, err) : STATUS_OK;
    }
    master_keys_wipe(&keys);
    (void)close(folder); /* it was only locked and synced */
    return status;
}

static bool make(struct master_keys *keys, const struct wanted *wanted)
{
    if (keys->count > 0) {
        return false;
    }
    wanted->random->fill(wanted->random, keys->keys[0].key, MASTER_KEY_BYTES);
    keys->count = 1;
    return true;
}

static bool join(struct master_keys *keys, const struct wanted *wanted)
{
    bool changed = false;
    for (size_t i = 0; i < keys->count; i++) {
        if (!uses(&keys->keys[i], wanted->service)) {
            add_user(&keys->keys[i], wanted->service);
            changed = true;
        }
    }
    return changed;
}

static bool add(struct master_keys *keys, const struct wanted *wanted)
{
    if (keys->count != 1) {
        return false;
    }
    keys->keys[1] = keys->keys[0];
    wanted->random->fill(wanted->random, keys->keys[0].key, MASTER_KEY_BYTES);
    keys->count = 2;
    return true;
}

static bool leave(struct master_keys *keys, const struct wanted *wanted)
{
    if (keys->count < 2) {
        return false;
    }
    remove_user(&keys->keys[1], wanted->service);
    keys->count = keys->keys[1].users[0] == '\0' ? 1 : 2;
    return true;
}

enum status master_key_make(const char *file, struct random *random, struct error *err)
{
    return change(file, &(struct wanted){.change = make, .makes = true, .random = random}, err);
}

enum status master_key_join(const char *file, const char *service, struct error *err)
{
    return change(file, &(struct wanted){.change = join, .service = service}, err);
}

enum status master_key_add(const char *file, struct random *random, struct error *err)
{
    return change(file, &(struct wanted){.change = add, .random = random}, err);
}

enum status master_key_leave(const char *file, const char *service, struct error *err)
{
    return change(file, &(struct wanted){.change = leave, .service = service}, err);
}
