/*
 * The city pack in force. It is changed on the writer's thread, and whoever uses it holds it meanwhile: the pack before is freed
 * when the last of them lets go. What a service keeps in memory was made with a pack and goes with it.
 */
#include "service/node_internal.h"

#include "base/check.h"
#include "base/log.h"
#include "base/plant.h"
#include "service/pack_taken.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BYTES_MAX ((size_t)1 << 20)

struct node_city *node_city_new(const struct node *node, const struct city *city,
                                struct city *owned)
{
    static atomic_uint_fast64_t serials;
    struct node_city *it = calloc(1, sizeof *it);
    CHECK(it != NULL);
    it->def = node->def;
    it->city = city;
    it->owned = owned;
    it->holds = 1;
    it->serial = atomic_fetch_add(&serials, 1) + 1;
    it->memory = node->def->memory != NULL ? node->def->memory->make(city) : NULL;
    return it;
}

struct node_city *node_city_hold(struct node *node)
{
    pthread_mutex_lock(&node->city_lock);
    struct node_city *it = node->city;
    atomic_fetch_add(&it->holds, 1);
    pthread_mutex_unlock(&node->city_lock);
    return it;
}

void node_city_release(struct node_city *it)
{
    if (it == NULL || atomic_fetch_sub(&it->holds, 1) > 1) {
        return;
    }
    if (it->memory != NULL) {
        it->def->memory->drop(it->memory);
    }
    city_free(it->owned);
    free(it);
}

void node_city_change(struct node *node, struct node_city *next)
{
    pthread_mutex_lock(&node->city_lock);
    struct node_city *former = node->city;
    node->city = next;
    pthread_mutex_unlock(&node->city_lock);
    node_city_release(former);
    node_memory_committed(node->memory); /* the new one's knows nothing yet */
}

/* --- at start --- */

static enum status tell_damaged(const struct pack_shelf *shelf, const Common__PackTaken *taken,
                                const struct error *why, struct error *err)
{
    char path[PACK_SHELF_PATH_SIZE];
    pack_shelf_path(shelf, taken->digest.data, path);
    log_error("pack", "the pack in force cannot be read", why);
    return error_set(
        err, STATUS_FAILED_PRECONDITION, "city",
        "the pack in force, \"%.60s\", is not whole in packs/%.12s…: copy that folder from "
        "another service's or a backup, or start with --city and the folder it was "
        "taken from",
        taken->name, strrchr(path, '/') + 1);
}

/* The pack that was taken last; what was given at the start may stand in for a damaged one with the same digest. */
static enum status open_taken(struct node *node, const Common__PackTaken *taken,
                              const struct city *given, struct error *err)
{
    struct city *city = NULL;
    struct error why = ERROR_NONE;
    if (given != NULL &&
        bytes_equal(city_digest(given), bytes_of(taken->digest.data, taken->digest.len))) {
        node->city = node_city_new(node, given, NULL);
        return pack_shelf_keep(&node->shelf, given, err);
    }
    if (pack_shelf_load(&node->shelf, taken->digest.data, &city, &why) != STATUS_OK) {
        return tell_damaged(&node->shelf, taken, &why, err);
    }
    node->city = node_city_new(node, city, city);
    return STATUS_OK;
}

enum status node_city_open(struct node *node, const struct node_options *options, struct error *err)
{
    struct store_txn *txn;
    const Common__PackTaken *taken = NULL;
    enum status status = pack_shelf_init(&node->shelf, options->store_folder, err);
    node->shelf.no_sync = options->no_sync;
    if (status == STATUS_OK) {
        status = store_read_begin(node->store, &txn, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct arena *arena = arena_new(LOOK_BYTES_MAX);
    struct error why = ERROR_NONE;
    uint64_t offset = pack_taken_last(txn, 0);
    if (offset != 0 && !PLANTED("taken_pack_forgotten")) {
        taken = pack_taken_get(txn, node->def->event_type, offset, arena, NULL, &why);
        status = taken == NULL ? error_set(err, why.status, NULL, "%s", why.message) : STATUS_OK;
    }
    if (status == STATUS_OK) {
        status = txn_error(txn, err);
    }
    store_read_end(txn);
    if (status == STATUS_OK && taken != NULL) {
        status = open_taken(node, taken, options->city, err);
        if (node->city != NULL) {
            node->city->taken = offset;
        }
    } else if (status == STATUS_OK && options->city == NULL) {
        status = error_set(err, STATUS_NOT_FOUND, "city", "no pack was given, and none was taken");
    } else if (status == STATUS_OK) {
        node->city = node_city_new(node, options->city, NULL);
    }
    arena_free(arena);
    return status;
}

/* --- for who opened the node --- */

const char *node_pack_folder(struct node *node, char out[PACK_SHELF_PATH_SIZE])
{
    struct node_city *it = node_city_hold(node);
    struct store_txn *txn;
    out[0] = '\0';
    if (store_read_begin(node->store, &txn, NULL) == STATUS_OK) {
        if (pack_taken_last(txn, 0) != 0) {
            pack_shelf_path(&node->shelf, city_digest(it->city).data, out);
        }
        store_read_end(txn);
    }
    node_city_release(it);
    return out;
}

void node_city_name(struct node *node, char out[CITY_KEY_SIZE_MAX + 1])
{
    struct node_city *it = node_city_hold(node);
    snprintf(out, CITY_KEY_SIZE_MAX + 1, "%s", city_key(it->city));
    node_city_release(it);
}
