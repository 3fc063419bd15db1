#include "service/verify.h"

#include "base/check.h"
#include "service/engine.h"
#include "service/event_record.h"
#include "service/pack_taken.h"
#include "store/store_copy.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVENTS_PER_TRANSACTION 10000
#define ARENA_BYTES_MAX (16u << 20)

struct rebuild {
    const struct verify_options *options;
    struct verify_result *result;
    struct store *scratch;
    struct store_txn *txn; /* write transaction on the scratch store */
    size_t in_transaction;
    struct arena *arena;
    struct arena *apply_arena;
    uint64_t done, total;
};

__attribute__((format(printf, 2, 3))) static void find(struct rebuild *rebuild, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(rebuild->result->finding, sizeof rebuild->result->finding, format, arguments);
    va_end(arguments);
    rebuild->result->ok = false;
}

/* --- the scratch store --- */

static void empty_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            (size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < sizeof path) {
            (void)unlink(path); /* what stays is noticed by whoever removes the folder */
        }
    }
    (void)closedir(dir);
}

static enum status open_scratch(struct rebuild *rebuild, struct error *err)
{
    struct store_options options = {
        .folder = rebuild->options->scratch_folder,
        .service = rebuild->options->def->name,
        .no_sync = true,
        .random = rebuild->options->random,
    };
    enum status status = store_open(&rebuild->scratch, &options, err);
    return status == STATUS_OK ? store_write_begin(rebuild->scratch, &rebuild->txn, err) : status;
}

static enum status commit_scratch(struct rebuild *rebuild, struct error *err)
{
    enum status status = store_write_commit(rebuild->txn, err);
    rebuild->txn = NULL;
    rebuild->in_transaction = 0;
    return status;
}

static enum status count_event(struct rebuild *rebuild, struct error *err)
{
    rebuild->done++;
    if (++rebuild->in_transaction < EVENTS_PER_TRANSACTION) {
        return STATUS_OK;
    }
    if (rebuild->options->progress != NULL) {
        rebuild->options->progress(rebuild->options->context, rebuild->done, rebuild->total);
    }
    enum status status = commit_scratch(rebuild, err);
    return status == STATUS_OK ? store_write_begin(rebuild->scratch, &rebuild->txn, err) : status;
}

/* --- applying --- */

/* An event that cannot be applied is a finding, unless there was no memory or no room for it. */
static enum status find_event(struct rebuild *rebuild, Common__ServiceId log, uint64_t offset,
                              const struct error *why, struct error *err)
{
    if (why->status == STATUS_RESOURCE_EXHAUSTED) {
        return error_set(err, why->status, why->field, "%s", why->message);
    }
    find(rebuild, "event %llu of the log of %s cannot be applied: %s", (unsigned long long)offset,
         service_name(log), why->message);
    return STATUS_OK;
}

/* How an event of a log changes the scratch tables. */
static enum status apply_record(struct rebuild *rebuild, struct bytes packed, uint64_t offset,
                                Common__ServiceId log, const ProtobufCMessageDescriptor *type,
                                void (*apply)(struct apply *, const struct event *), bool is_view,
                                struct error *err)
{
    struct event event;
    struct error why = ERROR_NONE;
    bool known = false;
    const Common__EventRecord *record = event_record_unpack(packed, rebuild->arena, &why);
    enum status status =
        record == NULL ? why.status
                       : event_unpack(record, offset, type, rebuild->arena, &event, &known, &why);
    bool is_pack = status == STATUS_OK && known && pack_taken_of(event.open) != NULL;
    apply = !is_pack ? apply : is_view ? NULL : pack_taken_apply;
    if (status == STATUS_OK && known && apply != NULL) {
        struct apply a = {.arena = rebuild->apply_arena,
                          .txn = rebuild->txn,
                          .city = is_view ? rebuild->options->city : NULL,
                          .signals = NULL};
        apply(&a, &event);
        arena_reset(rebuild->apply_arena);
        status = txn_error(rebuild->txn, &why);
    }
    arena_reset(rebuild->arena);
    return status == STATUS_OK ? count_event(rebuild, err)
                               : find_event(rebuild, log, offset, &why, err);
}

static enum status rebuild_state(struct rebuild *rebuild, struct store_txn *live, struct error *err)
{
    const struct service_def *def = rebuild->options->def;
    struct log_scan scan;
    uint64_t offset;
    struct bytes packed;
    enum status status = STATUS_OK;
    log_scan_begin(&scan, live, 1);
    while (status == STATUS_OK && rebuild->result->ok && log_scan_next(&scan, &offset, &packed)) {
        status =
            apply_record(rebuild, packed, offset, def->id, def->event_type, def->apply, false, err);
        rebuild->result->events++;
    }
    log_scan_end(&scan);
    return status == STATUS_OK ? txn_error(live, err) : status;
}

/* A followed log being replayed. */
struct replay {
    Common__ServiceId upstream;
    struct store_txn *txn;
    struct log_scan scan;
    uint64_t done; /* offset applied so far */
    uint64_t end;  /* the cursor */
    uint64_t offset;
    struct bytes packed; /* the next event, when there is one */
    bool has_next;
};

static void advance(struct replay *replay)
{
    replay->has_next = replay->done < replay->end &&
                       log_scan_next(&replay->scan, &replay->offset, &replay->packed);
}

/* Its writer had seen no more of the other logs than has been replayed. */
static enum status is_ready(struct rebuild *rebuild, const struct replay *replay,
                            const struct replay *replays, bool *ret_ready, struct error *err)
{
    struct error why = ERROR_NONE;
    const Common__EventRecord *record = event_record_unpack(replay->packed, rebuild->arena, &why);
    if (record == NULL) {
        *ret_ready = false;
        return find_event(rebuild, replay->upstream, replay->offset, &why, err);
    }
    *ret_ready = true;
    for (size_t i = 0; i < record->n_seen; i++) {
        for (size_t j = 0; j < rebuild->options->def->feed_count; j++) {
            const struct replay *other = &replays[j];
            if (other->upstream == record->seen[i]->service &&
                other->done < record->seen[i]->offset) {
                *ret_ready = false;
            }
        }
    }
    arena_reset(rebuild->arena);
    return STATUS_OK;
}

static enum status replay_one(struct rebuild *rebuild, struct replay *replays, bool *ret_progress,
                              struct error *err)
{
    const struct service_def *def = rebuild->options->def;
    *ret_progress = false;
    for (size_t i = 0; i < def->feed_count; i++) {
        bool ready = true;
        enum status status = STATUS_OK;
        /* As far as this log can go on its own: fewer switches. */
        while (replays[i].has_next &&
               (status = is_ready(rebuild, &replays[i], replays, &ready, err)) == STATUS_OK &&
               ready) {
            status =
                apply_record(rebuild, replays[i].packed, replays[i].offset, replays[i].upstream,
                             def->feeds[i].event_type, def->feeds[i].view, true, err);
            if (status != STATUS_OK || !rebuild->result->ok) {
                return status;
            }
            replays[i].done = replays[i].offset;
            rebuild->result->upstream_events++;
            *ret_progress = true;
            advance(&replays[i]);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status open_replays(struct rebuild *rebuild, struct store_txn *live,
                                struct replay *replays, struct error *err)
{
    const struct service_def *def = rebuild->options->def;
    for (size_t i = 0; i < def->feed_count; i++) {
        char name[CURSOR_NAME_MAX];
        struct log_position cursor = {.offset = 0};
        replays[i].upstream = def->feeds[i].upstream;
        engine_cursor_name(replays[i].upstream, name);
        bool has_cursor = cursor_get(live, name, &cursor);
        enum status status = store_read_begin(rebuild->options->upstreams[i], &replays[i].txn, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (has_cursor && log_check_position(replays[i].txn, &cursor, err) != STATUS_OK) {
            find(rebuild, "its cursor on %s stands at %llu, which that log does not contain",
                 service_name(replays[i].upstream), (unsigned long long)cursor.offset);
            return STATUS_OK;
        }
        replays[i].end = cursor.offset;
        rebuild->total += cursor.offset;
        log_scan_begin(&replays[i].scan, replays[i].txn, 1);
        advance(&replays[i]);
    }
    return STATUS_OK;
}

static enum status rebuild_views(struct rebuild *rebuild, struct store_txn *live, struct error *err)
{
    struct replay replays[SERVICE_FEEDS_MAX] = {0};
    size_t count = rebuild->options->def->feed_count;
    bool progress = true;
    enum status status = open_replays(rebuild, live, replays, err);
    while (status == STATUS_OK && rebuild->result->ok && progress) {
        status = replay_one(rebuild, replays, &progress, err);
    }
    for (size_t i = 0; i < count && status == STATUS_OK && rebuild->result->ok; i++) {
        if (replays[i].done != replays[i].end) {
            find(rebuild, "the log of %s cannot be replayed beyond %llu of %llu",
                 service_name(replays[i].upstream), (unsigned long long)replays[i].done,
                 (unsigned long long)replays[i].end);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (replays[i].scan.txn != NULL) {
            log_scan_end(&replays[i].scan);
        }
        store_read_end(replays[i].txn);
    }
    return status;
}

/* --- comparing --- */

static enum status compare(struct rebuild *rebuild, struct store_txn *live, enum store_space space,
                           const char *name, struct error *err)
{
    struct store_txn *expected;
    struct store_difference difference;
    bool same;
    enum status status = store_read_begin(rebuild->scratch, &expected, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = store_compare(expected, live, space, &same, &difference, err);
    store_read_end(expected);
    if (status == STATUS_OK && !same) {
        char hex[65];
        size_t shown = difference.key.size < 32 ? difference.key.size : 32;
        hex_encode(difference.key.data, shown, hex);
        find(rebuild, "a row of its %s tables is %s (key %s%s)", name, difference.kind, hex,
             shown < difference.key.size ? "…" : "");
    }
    return status;
}

static enum status verify_log(struct rebuild *rebuild, struct store_txn *live, struct error *err)
{
    struct log_position head;
    uint64_t bad;
    log_head(live, &head);
    rebuild->total = head.offset;
    enum status status = txn_error(live, err);
    if (status != STATUS_OK || head.offset == 0) {
        return status;
    }
    struct error why;
    status = log_verify(live, 1, head.offset, &bad, &why);
    if (status == STATUS_DATA_LOSS) {
        find(rebuild, "the hash chain of its log breaks at event %llu of %llu",
             (unsigned long long)bad, (unsigned long long)head.offset);
        return STATUS_OK;
    }
    if (status != STATUS_OK && err != NULL) {
        *err = why;
    }
    return status;
}

static bool can_verify_views(const struct verify_options *options)
{
    for (size_t i = 0; i < options->def->feed_count; i++) {
        if (options->upstreams[i] == NULL) {
            return false;
        }
    }
    return options->def->feed_count > 0;
}

static enum status verify_tables(struct rebuild *rebuild, struct store_txn *live, struct error *err)
{
    bool views = can_verify_views(rebuild->options);
    enum status status = open_scratch(rebuild, err);
    if (status == STATUS_OK) {
        status = rebuild_state(rebuild, live, err);
    }
    if (status == STATUS_OK && rebuild->result->ok && views) {
        status = rebuild_views(rebuild, live, err);
    }
    if (status == STATUS_OK && rebuild->result->ok) {
        status = commit_scratch(rebuild, err);
    }
    if (status == STATUS_OK && rebuild->result->ok) {
        status = compare(rebuild, live, STORE_STATE, "state", err);
    }
    if (status == STATUS_OK && rebuild->result->ok && views) {
        status = compare(rebuild, live, STORE_VIEW, "view", err);
    }
    return status;
}

enum status verify_service(const struct verify_options *options, struct verify_result *ret_result,
                           struct error *err)
{
    struct verify_result result = {.ok = true,
                                   .records_to_add = store_records_to_add(options->store)};
    struct rebuild rebuild = {.options = options, .result = &result};
    struct store_txn *live = NULL;
    rebuild.arena = arena_new(ARENA_BYTES_MAX);
    rebuild.apply_arena = arena_new(ARENA_BYTES_MAX);
    enum status status = store_read_begin(options->store, &live, err);
    if (status == STATUS_OK) {
        status = verify_log(&rebuild, live, err);
    }
    if (status == STATUS_OK && result.ok) {
        status = verify_tables(&rebuild, live, err);
    }
    store_write_abort(rebuild.txn);
    store_read_end(live);
    store_free(rebuild.scratch);
    empty_folder(options->scratch_folder);
    arena_free(rebuild.arena);
    arena_free(rebuild.apply_arena);
    if (status == STATUS_OK) {
        *ret_result = result;
    }
    return status;
}
