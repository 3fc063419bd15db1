/* Reading the logs, their chains, and looking things up. */
#include "tests/sim/recount_internal.h"
#include "tests/sim/tally.h"

#include "base/check.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_MAX (64u << 20)
#define EVENT_BYTES_MAX (8u << 20)

void *recount_grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return list;
    }
    size_t before = *room;
    *room = before == 0 ? 64 : 2 * before;
    void *grown = realloc(list, *room * size);
    CHECK(grown != NULL);
    memset((char *)grown + before * size, 0, (*room - before) * size);
    return grown;
}

/* Units, topics and areas are few: each text is kept once. */
const char *recount_text(struct recount *recount, const char *text)
{
    return recount_unit(recount, text)->key;
}

/* --- the chain --- */

static void chain(const uint8_t before[STORE_HASH_BYTES], struct bytes record,
                  uint8_t ret_hash[STORE_HASH_BYTES])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, STORE_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, before, STORE_HASH_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, record.data, record.size) == 0);
    CHECK(crypto_generichash_final(&state, ret_hash, STORE_HASH_BYTES) == 0);
}

/* The log is still the one that was read, up to where it was read. */
static void check_same_log(struct recount_log *log, unsigned service, struct store_txn *txn,
                           const struct log_position *head)
{
    const char *name = service_name((Common__ServiceId)service);
    if (!log->is_known) {
        log->is_known = true;
        memcpy(log->log_id, head->log_id, STORE_LOG_ID_BYTES);
        log->hashes = recount_grow(log->hashes, 0, &log->room, STORE_HASH_BYTES);
        return;
    }
    if (memcmp(log->log_id, head->log_id, STORE_LOG_ID_BYTES) != 0) {
        invariant_broken(INVARIANT_SYNCED, "%s has another log", name);
    }
    if (head->offset < log->end) {
        invariant_broken(INVARIANT_SYNCED, "%s's log ended at %" PRIu64 ", and ends at %" PRIu64,
                         name, log->end, head->offset);
    }
    struct bytes record;
    const uint8_t *hash;
    if (log->end > 0 && (!log_get(txn, log->end, &record, &hash) ||
                         memcmp(hash, log->hashes[log->end], STORE_HASH_BYTES) != 0)) {
        invariant_broken(INVARIANT_SYNCED, "%s's log is another at %" PRIu64, name, log->end);
    }
}

static void take_next(struct recount *recount, unsigned service, struct store_txn *txn)
{
    static const ProtobufCMessageDescriptor *const types[SERVICE_COUNT + 1] = {
        NULL,
        &intake__event__descriptor,
        &routing__event__descriptor,
        &followup__event__descriptor,
        &feedback__event__descriptor,
        &report__event__descriptor};
    struct recount_log *log = &recount->logs[service];
    const char *name = service_name((Common__ServiceId)service);
    struct bytes packed;
    const uint8_t *hash;
    uint64_t offset = log->end + 1;
    if (!log_get(txn, offset, &packed, &hash)) {
        invariant_broken(INVARIANT_SYNCED, "%s's log lacks %" PRIu64, name, offset);
    }
    log->hashes = recount_grow(log->hashes, (size_t)offset, &log->room, STORE_HASH_BYTES);
    chain(log->hashes[log->end], packed, log->hashes[offset]);
    if (memcmp(hash, log->hashes[offset], STORE_HASH_BYTES) != 0) {
        invariant_broken(INVARIANT_CHAINS, "%s's chain breaks at %" PRIu64, name, offset);
    }
    struct error err;
    ProtobufCMessage *record;
    struct found found = {.service = service, .offset = offset};
    if (message_unpack(&common__event_record__descriptor, packed, MESSAGE_UNKNOWN_REFUSE,
                       recount->event_arena, &record, &err) != STATUS_OK) {
        invariant_broken(INVARIANT_CHAINS, "%s's event %" PRIu64 " cannot be read", name, offset);
    }
    found.record = (const Common__EventRecord *)record;
    if (message_unpack(types[service], bytes_of(found.record->open.data, found.record->open.len),
                       MESSAGE_UNKNOWN_REFUSE, recount->event_arena, &record, &err) != STATUS_OK) {
        invariant_broken(INVARIANT_CHAINS, "%s's event %" PRIu64 " cannot be read", name, offset);
    }
    found.open = record;
    if (found.record->recorded_at_us < log->last_recorded_us) {
        invariant_broken(INVARIANT_CLOCKS,
                         "%s recorded %" PRIu64 " %" PRId64 " us before the event before it", name,
                         offset, log->last_recorded_us - found.record->recorded_at_us);
    }
    log->last_recorded_us = found.record->recorded_at_us;
    log->end = offset;
    recount->events++;
    tally_event(found.open);
    recount_take(recount, &found);
    arena_reset(recount->event_arena);
}

bool recount_catch_up(struct recount *recount)
{
    uint64_t writes = world_writes(recount->world);
    for (unsigned service = 1; service <= SERVICE_COUNT; service++) {
        struct node *node = world_node(recount->world, (Common__ServiceId)service);
        struct store_txn *txn;
        struct log_position head;
        struct error err;
        if (node == NULL || store_has_unseen(node_store(node))) {
            return false; /* what is behind it is not to be read before its causes */
        }
        if (recount->logs[service].as_of == writes) {
            continue;
        }
        CHECK(store_read_begin(node_store(node), &txn, &err) == STATUS_OK);
        log_head(txn, &head);
        check_same_log(&recount->logs[service], service, txn, &head);
        while (recount->logs[service].end < head.offset) {
            take_next(recount, service, txn);
        }
        store_read_end(txn);
        recount->logs[service].as_of = writes;
    }
    return true;
}

/* --- positions and cursors --- */

void recount_check_position(struct recount *recount, const Common__Position *position,
                            const char *what)
{
    const struct recount_log *log;
    if ((unsigned)position->service < 1 || (unsigned)position->service > SERVICE_COUNT) {
        invariant_broken(INVARIANT_SYNCED, "%s was answered with a position of no service", what);
    }
    if (position->offset == 0 || !recount_catch_up(recount)) {
        return; /* the beginning is in every log, and of one not heard of yet the id is not known */
    }
    log = &recount->logs[position->service];
    if (position->log_id.len != STORE_LOG_ID_BYTES ||
        memcmp(position->log_id.data, log->log_id, STORE_LOG_ID_BYTES) != 0 ||
        position->offset > log->end ||
        (position->hash.len == STORE_HASH_BYTES &&
         memcmp(position->hash.data, log->hashes[position->offset], STORE_HASH_BYTES) != 0)) {
        invariant_broken(INVARIANT_SYNCED,
                         "%s was answered with position %" PRIu64 ", which is not in the log of %s",
                         what, position->offset, service_name(position->service));
    }
}

/* How far `service` has followed `upstream`, as its store says. */
static uint64_t cursor_of(struct recount *recount, unsigned service, unsigned upstream)
{
    struct store_txn *txn;
    struct log_position cursor = {.offset = 0};
    struct error err;
    char name[CURSOR_NAME_MAX];
    struct node *node = world_node(recount->world, (Common__ServiceId)service);
    engine_cursor_name((Common__ServiceId)upstream, name);
    CHECK(store_read_begin(node_store(node), &txn, &err) == STATUS_OK);
    (void)cursor_get(txn, name, &cursor);
    store_read_end(txn);
    if (cursor.offset > recount->logs[upstream].end ||
        (cursor.offset > 0 && memcmp(cursor.hash, recount->logs[upstream].hashes[cursor.offset],
                                     STORE_HASH_BYTES) != 0)) {
        invariant_broken(INVARIANT_APPLIED_ONCE, "%s's cursor %" PRIu64 " is not in %s's log",
                         service_name((Common__ServiceId)service), cursor.offset,
                         service_name((Common__ServiceId)upstream));
    }
    return cursor.offset;
}

/* Requests registered up to the cursor have a task, others none. */
static void check_routing_cursor(struct recount *recount)
{
    uint64_t cursor = cursor_of(recount, 2, 1);
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        if ((one->task != 0) != (one->offset <= cursor)) {
            invariant_broken(INVARIANT_APPLIED_ONCE,
                             "routing has followed intake to %" PRIu64 ", and request %" PRIu64
                             " of offset %" PRIu64 " has %s task",
                             cursor, one->number, one->offset, one->task != 0 ? "a" : "no");
        }
    }
    recount_check_chases(recount, cursor);
}

/* Of a forgotten citizen's task there may be a call, or none: it depends on which came first. */
static bool finish_has_call(struct recount *recount, const struct recount_case *one,
                            const struct recount_event *event)
{
    for (size_t i = 0; i < one->end_count; i++) {
        if (one->ends[i].finish.offset == event->offset) {
            return one->ends[i].finish.call != 0;
        }
    }
    for (size_t i = 0; i < recount->task_count; i++) {
        const struct recount_task *task = &recount->tasks[i];
        for (size_t j = 0; task->case_number == one->number && j < task->finish_count; j++) {
            if (task->finishes[j].offset == event->offset) {
                return task->finishes[j].call != 0;
            }
        }
    }
    return false;
}

/* Among the requests' events of `upstream`, those of a kind that asks for an effect have it exactly
 * up to the cursor. */
static void check_effect(struct recount *recount, unsigned service, unsigned upstream)
{
    uint64_t cursor = cursor_of(recount, service, upstream);
    for (size_t i = 0; i < recount->case_count; i++) {
        const struct recount_case *one = &recount->cases[i];
        uint64_t causes = 0;
        uint64_t effects = 0;
        for (size_t j = 0; j < one->event_count; j++) {
            const struct recount_event *event = &one->events[j];
            bool ends = (event->kind == ROUTING__EVENT__KIND_TASK_DONE ||
                         event->kind == ROUTING__EVENT__KIND_TASK_CLOSED_UNDONE) &&
                        !event->copied;
            bool follows = event->fate == ROUTING__JOINED_FATE__JOINED_FATE_DONE ||
                           event->fate == ROUTING__JOINED_FATE__JOINED_FATE_CLOSED_UNDONE;
            bool is_done = event->service == 2 && (ends || follows) && !event->left &&
                           !event->referred && one->can_be_called && !one->historical &&
                           (recount_forgotten(recount, one->citizen) == 0 ||
                            finish_has_call(recount, one, event));
            bool is_heard = event->service == 3 && event->answered;
            causes += event->service == upstream && event->offset <= cursor &&
                      (upstream == 2 ? is_done : is_heard);
            effects += event->service == service &&
                       (service == 3 ? event->kind == FOLLOWUP__EVENT__KIND_CALL_SCHEDULED : true);
        }
        if (causes != effects) {
            invariant_broken(INVARIANT_APPLIED_ONCE,
                             "%s has followed %s to %" PRIu64 ": of request %" PRIu64
                             " it should have written %" PRIu64 " and has %" PRIu64,
                             service_name((Common__ServiceId)service),
                             service_name((Common__ServiceId)upstream), cursor, one->number, causes,
                             effects);
        }
    }
}

void recount_check_cursors(struct recount *recount)
{
    if (!recount_catch_up(recount)) {
        return;
    }
    check_routing_cursor(recount);
    check_effect(recount, 3, 2);
    recount_check_news(recount, cursor_of(recount, 3, 2));
    check_effect(recount, 4, 3);
    recount_check_surges_read(recount, cursor_of(recount, 5, 1));
}

/* --- what must have come --- */

#define NOTICED_US (12 * HOUR_US) /* no fault keeps a due date unnoticed that long */

void recount_check_timers(struct recount *recount, int64_t until_us)
{
    if (!recount_catch_up(recount)) {
        return;
    }
    for (size_t i = 0; i < recount->desk_count; i++) {
        if (!recount->desks[i].silent && recount->desks[i].until_us < until_us) {
            invariant_broken(INVARIANT_TIMERS, "desk %zu is silent, and keeps what it had", i + 1);
        }
    }
    recount_check_rings(recount, until_us);
    recount_check_storms(recount, until_us);
    recount_check_sessions(recount, until_us);
    recount_check_surges(recount, until_us);
    for (size_t i = 0; i < recount->task_count; i++) {
        const struct recount_task *task = &recount->tasks[i];
        bool is_watched = task->due_at_us != 0 &&
                          (!task->historical || task->due_at_us > task->routed_recorded_us);
        bool is_open = !recount_has_ended(task);
        if (task->wait_until_us != 0 && task->wait_until_us < until_us) {
            invariant_broken(INVARIANT_TIMERS, "task %" PRIu64 " waits longer than its limit",
                             task->number);
        }
        recount_clock_check(task, until_us);
        recount_alarm_check(task, until_us);
        bool waits = task->clock.waits_since_us != 0;
        if (is_watched && !task->overdue && task->due_at_us < until_us && is_open && !waits) {
            invariant_broken(INVARIANT_TIMERS,
                             "task %" PRIu64 " was due %" PRId64
                             " s before the time at which all had fired, and is not overdue",
                             task->number, (until_us - task->due_at_us) / SECOND_US);
        }
        /* Split off long after it was due, it may be joined again before the clock looks. */
        int64_t due_here_us =
            task->due_at_us > task->routed_recorded_us ? task->due_at_us : task->routed_recorded_us;
        if (is_watched && !task->overdue && !is_open &&
            task->ended_recorded_us - due_here_us > NOTICED_US) {
            invariant_broken(INVARIANT_TIMERS,
                             "task %" PRIu64 " ended long after its due date, and never overdue",
                             task->number);
        }
    }
}

bool recount_has_ended(const struct recount_task *task)
{
    return task->state == ROUTING__TASK_STATE__TASK_STATE_DONE ||
           task->state == ROUTING__TASK_STATE__TASK_STATE_CLOSED_UNDONE ||
           task->state == ROUTING__TASK_STATE__TASK_STATE_CANCELLED ||
           task->state == ROUTING__TASK_STATE__TASK_STATE_JOINED;
}

#define REOPENS_MAX 2 /* of the pack, when it says nothing */

/* A call of that finish of the task, in which somebody said that it is not done. */
static bool reopens(const struct recount_call *call, uint64_t task, size_t number)
{
    return call != NULL && call->task == task && call->finish == number &&
           call->state == FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED &&
           call->resolution == FOLLOWUP__RESOLUTION__RESOLUTION_UNRESOLVED;
}

/* A finish that did not hold has no call that is still to be made; and an answer of "not done", of
 * whichever caller, has opened the task again, or could not. */
void recount_check_answer(struct recount *recount, const struct recount_task *task, size_t number,
                          const struct recount_finish *finish, const struct recount_call *call)
{
    bool holds = task->reopened_finishes < number;
    (void)recount;
    if (call == NULL) {
        return;
    }
    if (!holds && (call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WAITING ||
                   call->state == FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED)) {
        invariant_broken(INVARIANT_ONE_CHAIN,
                         "task %" PRIu64 " was reopened, and call %" PRIu64 " is still to be made",
                         task->number, call->number);
    }
    if (holds && reopens(call, task->number, number) && !finish->undone &&
        task->reopens < REOPENS_MAX && !task->is_deserted) {
        invariant_broken(INVARIANT_ONE_CHAIN,
                         "task %" PRIu64 " is not done, as call %" PRIu64
                         " says, and was not reopened",
                         task->number, call->number);
    }
}

/* Each finish has its call, and what reopened it is an answer about it. */
static void check_finish(struct recount *recount, const struct recount_task *task, size_t at)
{
    const struct recount_finish *finish = &task->finishes[at];
    const struct recount_call *call = recount_call(recount, finish->call);
    bool called = task->called && !finish->left;
    if (call == NULL ? called && recount_forgotten(recount, task->citizen) == 0 : !called) {
        invariant_broken(INVARIANT_ONE_CHAIN, "finish %zu of task %" PRIu64 " has %s call", at + 1,
                         task->number, call != NULL ? "a" : "no");
    }
    if (finish->reopened_by != 0 &&
        !reopens(recount_call(recount, finish->reopened_by), task->number, at + 1)) {
        invariant_broken(INVARIANT_ONE_CHAIN, "task %" PRIu64 " was reopened by no such answer",
                         task->number);
    }
    recount_check_answer(recount, task, at + 1, finish, call);
}

void recount_check_complete(struct recount *recount)
{
    if (!recount_catch_up(recount)) {
        invariant_broken(INVARIANT_DELIVERY, "a service is down");
    }
    for (size_t i = 0; i < recount->task_count; i++) {
        for (size_t j = 0; j < recount->tasks[i].finish_count; j++) {
            check_finish(recount, &recount->tasks[i], j);
        }
    }
    recount_check_incidents(recount);
    recount_rules_check(recount);
    for (size_t i = 0; i < recount->call_count; i++) {
        const struct recount_call *call = &recount->calls[i];
        bool is_open = call->state == FOLLOWUP__CALL_STATE__CALL_STATE_WAITING ||
                       call->state == FOLLOWUP__CALL_STATE__CALL_STATE_CLAIMED;
        if (is_open && recount_forgotten(recount, call->citizen) != 0) {
            invariant_broken(INVARIANT_FORGOTTEN,
                             "call %" PRIu64 " is open, and citizen %" PRIu64 " was forgotten",
                             call->number, call->citizen);
        }
        if (is_open && recount_has_left(recount, call)) {
            invariant_broken(INVARIANT_ONE_CHAIN,
                             "call %" PRIu64 " is open, and request %" PRIu64 " was taken back",
                             call->number, call->case_number);
        }
        if ((call->state == FOLLOWUP__CALL_STATE__CALL_STATE_ANSWERED) != call->heard) {
            invariant_broken(INVARIANT_ONE_CHAIN, "call %" PRIu64 " has %s answer in feedback",
                             call->number, call->heard ? "an" : "no");
        }
    }
}

/* --- looking things up --- */

struct recount_case *recount_case(struct recount *recount, uint64_t number)
{
    return number >= 1 && number <= recount->case_count ? &recount->cases[number - 1] : NULL;
}

struct recount_case *recount_case_of_code(struct recount *recount, const char *code)
{
    for (size_t i = recount->case_count; i > 0; i--) {
        if (strcmp(recount->cases[i - 1].code, code) == 0) {
            return &recount->cases[i - 1];
        }
    }
    return NULL;
}

struct recount_case *recount_case_of_marker(struct recount *recount, uint64_t marker)
{
    return marker < recount->marker_room ? recount_case(recount, recount->case_of_marker[marker])
                                         : NULL;
}

struct recount_task *recount_task(struct recount *recount, uint64_t number)
{
    return number >= 1 && number <= recount->task_count ? &recount->tasks[number - 1] : NULL;
}

struct recount_call *recount_call(struct recount *recount, uint64_t number)
{
    return number >= 1 && number <= recount->call_count ? &recount->calls[number - 1] : NULL;
}

struct recount_unit *recount_unit(struct recount *recount, const char *key)
{
    for (size_t i = 0; i < recount->unit_count; i++) {
        if (strcmp(recount->units[i].key, key) == 0) {
            return &recount->units[i];
        }
    }
    recount->units = recount_grow(recount->units, recount->unit_count, &recount->unit_room,
                                  sizeof *recount->units);
    struct recount_unit *unit = &recount->units[recount->unit_count++];
    unit->key = arena_copy_text(recount->arena, key);
    CHECK(unit->key != NULL);
    return unit;
}

unsigned recount_forgotten(const struct recount *recount, uint64_t citizen)
{
    return citizen < recount->forgotten_room ? recount->forgotten[citizen] : 0;
}

/* --- life --- */

struct recount *recount_new(struct world *world)
{
    struct recount *recount = calloc(1, sizeof *recount);
    CHECK(recount != NULL);
    recount->world = world;
    recount->arena = arena_new(ARENA_BYTES_MAX);
    recount->event_arena = arena_new(EVENT_BYTES_MAX);
    recount->slow =
        slow_clock_new(VAFA_SOURCE_DIR "/deploy/cities/isfahan", city_civil(world_city(world)));
    return recount;
}

void recount_free(struct recount *recount)
{
    for (unsigned i = 0; i <= SERVICE_COUNT; i++) {
        free(recount->logs[i].hashes);
    }
    for (size_t i = 0; i < recount->case_count; i++) {
        free(recount->cases[i].events);
        free(recount->cases[i].ends);
    }
    for (size_t i = 0; i < recount->task_count; i++) {
        free(recount->tasks[i].finishes);
    }
    for (size_t i = 0; i < recount->unit_count; i++) {
        free(recount->units[i].sequences);
    }
    slow_clock_free(recount->slow);
    free(recount->closures);
    free(recount->storms);
    recount_free_sessions(recount);
    free(recount->surges);
    free(recount->cases);
    free(recount->tasks);
    free(recount->calls);
    free(recount->desks);
    free(recount->rings);
    free(recount->looks);
    free(recount->chases);
    free(recount->units);
    free(recount->case_of_marker);
    free(recount->forgotten);
    arena_free(recount->arena);
    arena_free(recount->event_arena);
    free(recount);
}
