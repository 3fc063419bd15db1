/* A table with open addressing, at most two thirds full. Digests are keyed, so no file can be made
 * that collides. */
#include "clients/vafa/import_index.h"

#include "base/check.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SLOTS_MIN 1024

struct slot {
    uint8_t digest[crypto_shorthash_siphashx24_BYTES];
    int64_t closed_us;
    uint64_t note_offset;
    uint32_t note_size;
    uint8_t state;
    bool used;
};

struct import_index {
    pthread_mutex_t lock; /* guards all below */
    uint8_t key[crypto_shorthash_siphashx24_KEYBYTES];
    struct slot *slots;
    size_t capacity; /* a power of two */
    size_t count;
    size_t states[IMPORT_STATES];
    FILE *notes;
    uint64_t notes_size;
};

enum status import_index_new(struct import_index **ret_index, struct error *err)
{
    FILE *notes = tmpfile();
    if (notes == NULL) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno, "making a temporary file");
    }
    struct import_index *index = calloc(1, sizeof(*index));
    CHECK(index != NULL);
    index->notes = notes;
    index->capacity = SLOTS_MIN;
    index->slots = calloc(index->capacity, sizeof(*index->slots));
    CHECK(index->slots != NULL);
    CHECK(sodium_init() >= 0);
    randombytes_buf(index->key, sizeof(index->key));
    CHECK(pthread_mutex_init(&index->lock, NULL) == 0);
    *ret_index = index;
    return STATUS_OK;
}

void import_index_free(struct import_index *index)
{
    if (index == NULL) {
        return;
    }
    fclose(index->notes);
    pthread_mutex_destroy(&index->lock);
    free(index->slots);
    free(index);
}

/* The slot of the digest, or the free one where it would be. */
static struct slot *slot_of(const struct import_index *index, const uint8_t *digest)
{
    uint64_t at;
    memcpy(&at, digest, sizeof(at));
    for (;; at++) {
        struct slot *slot = &index->slots[at & (index->capacity - 1)];
        if (!slot->used || memcmp(slot->digest, digest, sizeof(slot->digest)) == 0) {
            return slot;
        }
    }
}

static struct slot *slot_of_id(const struct import_index *index, const char *external_id,
                               uint8_t digest[crypto_shorthash_siphashx24_BYTES])
{
    CHECK(crypto_shorthash_siphashx24(digest, (const unsigned char *)external_id,
                                      strlen(external_id), index->key) == 0);
    return slot_of(index, digest);
}

static void grow(struct import_index *index)
{
    struct slot *old = index->slots;
    size_t old_capacity = index->capacity;
    index->capacity *= 2;
    index->slots = calloc(index->capacity, sizeof(*index->slots));
    CHECK(index->slots != NULL);
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].used) {
            *slot_of(index, old[i].digest) = old[i];
        }
    }
    free(old);
}

static enum status keep_note(struct import_index *index, const char *note, struct slot *slot,
                             struct error *err)
{
    size_t size = note != NULL ? strlen(note) : 0;
    if (size > 0 &&
        pwrite(fileno(index->notes), note, size, (off_t)index->notes_size) != (ssize_t)size) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "keeping a note in a temporary file");
    }
    slot->note_offset = index->notes_size;
    slot->note_size = (uint32_t)size;
    index->notes_size += size;
    return STATUS_OK;
}

enum status import_index_add(struct import_index *index, const char *external_id, int64_t closed_us,
                             const char *note, bool *ret_added, struct error *err)
{
    enum status status = STATUS_OK;
    uint8_t digest[crypto_shorthash_siphashx24_BYTES];
    pthread_mutex_lock(&index->lock);
    if (3 * (index->count + 1) > 2 * index->capacity) {
        grow(index);
    }
    struct slot *slot = slot_of_id(index, external_id, digest);
    bool added = !slot->used;
    if (added) {
        status = keep_note(index, closed_us != 0 ? note : NULL, slot, err);
    }
    if (status == STATUS_OK && added) {
        memcpy(slot->digest, digest, sizeof(slot->digest));
        slot->closed_us = closed_us;
        slot->state = IMPORT_SENT;
        slot->used = true;
        index->count++;
        index->states[IMPORT_SENT]++;
    }
    pthread_mutex_unlock(&index->lock);
    if (status == STATUS_OK) {
        *ret_added = added;
    }
    return status;
}

bool import_index_find(struct import_index *index, const char *external_id,
                       enum import_state *ret_state, int64_t *ret_closed_us)
{
    uint8_t digest[crypto_shorthash_siphashx24_BYTES];
    pthread_mutex_lock(&index->lock);
    const struct slot *slot = slot_of_id(index, external_id, digest);
    bool found = slot->used;
    if (found) {
        *ret_state = (enum import_state)slot->state;
        *ret_closed_us = slot->closed_us;
    }
    pthread_mutex_unlock(&index->lock);
    return found;
}

void import_index_set(struct import_index *index, const char *external_id, enum import_state state)
{
    uint8_t digest[crypto_shorthash_siphashx24_BYTES];
    pthread_mutex_lock(&index->lock);
    struct slot *slot = slot_of_id(index, external_id, digest);
    CHECK(slot->used);
    index->states[slot->state]--;
    index->states[state]++;
    slot->state = (uint8_t)state;
    pthread_mutex_unlock(&index->lock);
}

enum status import_index_note(struct import_index *index, const char *external_id,
                              struct buffer *out, struct error *err)
{
    uint8_t digest[crypto_shorthash_siphashx24_BYTES];
    pthread_mutex_lock(&index->lock);
    struct slot *slot = slot_of_id(index, external_id, digest);
    CHECK(slot->used);
    uint64_t offset = slot->note_offset;
    size_t size = slot->note_size;
    pthread_mutex_unlock(&index->lock);
    uint8_t *text = buffer_extend(out, size + 1);
    text[size] = '\0';
    if (size > 0 && pread(fileno(index->notes), text, size, (off_t)offset) != (ssize_t)size) {
        return error_set_errno(err, STATUS_FAILED_PRECONDITION, errno,
                               "reading a note from a temporary file");
    }
    return STATUS_OK;
}

size_t import_index_count(struct import_index *index, enum import_state state)
{
    pthread_mutex_lock(&index->lock);
    size_t count = index->states[state];
    pthread_mutex_unlock(&index->lock);
    return count;
}
