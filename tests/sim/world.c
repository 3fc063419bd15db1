#include "tests/sim/world_internal.h"

#include "base/check.h"
#include "base/fault.h"
#include "service/verify.h"
#include "tests/sim/invariants.h"
#include "tests/sim/story.h"
#include "tests/sim/tally.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAP_BYTES (UINT64_C(1) << 30)
/* How long a follower waits for news. Most hours have none, and empty answers are most of the work: a short wait is for one
 * seed in so many. */
#define WAIT_MS_LONG 240000
#define WAIT_MS_USUAL 20000
#define WAIT_USUAL_IN 8
#define JOURNAL_BYTES                                                                              \
    ((size_t)128 << 10) /* each start reads it, and one that is full is no rarity */
#define ARENA_BYTES_MAX (64u << 20)
#define STEPS_AT_ONE_INSTANT_MAX 1000000 /* more is a loop without end */
#define COMMIT_US_MAX 4000

void world_must(enum status status, const struct error *err)
{
    if (status != STATUS_OK) {
        invariant_broken(INVARIANT_STARTS, "%s: %s: %s", status_name(status), err->field,
                         err->message);
    }
}

/* --- random numbers and time --- */

/* splitmix64: https://prng.di.unimi.it/splitmix64.c */
static uint64_t next_random(struct world_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void fill_random(struct random *random, void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)next_random((struct world_random *)random);
    }
}

void world_random_begin(struct world_random *random, uint64_t seed)
{
    random->random.fill = fill_random;
    random->state = seed;
}

uint64_t world_draw(struct world *world, uint64_t limit)
{
    return next_random(&world->random) % limit;
}

static int64_t mono_us(struct clock *clock)
{
    const struct world_clock *world_clock = (struct world_clock *)clock;
    return *world_clock->mono_us - *world_clock->slept_us;
}

static int64_t wall_us(struct clock *clock)
{
    const struct world_clock *world_clock = (struct world_clock *)clock;
    return *world_clock->mono_us + world_clock->wall_offset_us;
}

int64_t world_now_us(const struct world *world)
{
    return world->mono_us;
}

void world_jump_clock(struct world *world, int64_t us)
{
    for (unsigned i = 0; i < MACHINE_COUNT; i++) {
        world->machines[i].clock.wall_offset_us += us;
    }
}

void world_jump_clock_of(struct world *world, Common__ServiceId service, int64_t us)
{
    world->machines[service].clock.wall_offset_us += us;
}

/* --- machines --- */

static enum status connect_upstream(void *context, Common__ServiceId upstream,
                                    struct rpc_transport **ret_transport, struct error *err)
{
    struct link *self = context; /* of a machine to itself: names it */
    (void)err;
    *ret_transport = world_connect(self->world, self->to, upstream);
    return STATUS_OK;
}

void world_restart(struct world *world, Common__ServiceId service)
{
    struct machine *machine = &world->machines[service];
    struct error err;
    CHECK(machine->node == NULL);
    machine->restart_us = INT64_MAX;
    world->writes++; /* what it has not synced is gone, which is a change too */
    machine->links[service] = (struct link){.world = world, .to = service};
    struct node_options options = {
        .def = machine->def,
        .store_folder = machine->folder,
        .master_key_file = world->master_key,
        .city = world->city,
        .clock = &machine->clock.clock,
        .random = &machine->random.random,
        .loop = machine->loop,
        .map_bytes = MAP_BYTES,
        .journal_bytes = JOURNAL_BYTES,
        .no_sync = true,
        .follow_wait_ms = world->follow_wait_ms,
        .connect = connect_upstream,
        .context = &machine->links[service],
    };
    world->running = service;
    world_must(node_open(&machine->node, &options, &err), &err);
    world_must(node_start(machine->node, &err), &err);
    story_step("%s starts", machine->def->name);
}

/* What its process held is gone: calls it had not answered are cut, what it had not committed never
 * happened. */
void world_crash(struct world *world, Common__ServiceId service)
{
    struct machine *machine = &world->machines[service];
    CHECK(machine->node != NULL);
    machine->dying = true;
    node_free(machine->node);
    machine->node = NULL;
    machine->dying = false;
    machine->paused_us = 0;
    world->crashes++;
    story_step("%s crashes", machine->def->name);
}

unsigned world_crashes(const struct world *world)
{
    return world->crashes;
}

const char *world_folder(struct world *world, Common__ServiceId service)
{
    return world->machines[service].folder;
}

uint64_t world_writes(const struct world *world)
{
    return world->writes;
}

struct node *world_node(struct world *world, Common__ServiceId service)
{
    return world->machines[service].node;
}

/* --- planned crashes --- */

static bool is_full(const struct machine *machine, const char *name)
{
    return machine->disk == WORLD_DISK_FULL ||
           (machine->disk == WORLD_DISK_NEARLY_FULL && strcmp(name, "store.room") == 0);
}

/* The fault points: true makes the commit fail, the disk full, or an operation end behind an event.
 * From a crash on nobody hears of this process any more. */
static bool is_struck(void *context, const char *name)
{
    static const char *const points[WORLD_CRASH_POINT_COUNT] = {
        [WORLD_CRASH_NOW] = "",
        [WORLD_CRASH_BEFORE_COMMIT] = "store.commit.before",
        [WORLD_CRASH_AFTER_COMMIT] = "store.commit.after",
        [WORLD_CRASH_BEFORE_JOURNAL] = "store.journal.before",
        [WORLD_CRASH_AFTER_JOURNAL] = "store.journal.after",
        [WORLD_CRASH_FOLLOWING] = "follower.event",
    };
    struct world *world = context;
    const struct crash_plan *plan = &world->plan;
    if (strncmp(name, "store.room", strlen("store.room")) == 0) {
        return is_full(&world->machines[world->running], name);
    }
    if (strcmp(name, "store.commit.before") == 0) {
        /* Commits take their time, so that what follows them is due for the journal. */
        world->mono_us += (int64_t)world_draw(world, COMMIT_US_MAX);
    }
    if (strcmp(name, "store.commit.after") == 0 || strcmp(name, "store.journal.after") == 0) {
        world->busy_us = world->mono_us;
        world->writes++;
    }
    if (plan->service == 0 || plan->service != world->running ||
        strcmp(name, points[plan->point]) != 0) {
        return false;
    }
    world->machines[plan->service].dying = true;
    return true;
}

void world_mend(struct world *world)
{
    world->plan.service = 0;
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        struct machine *machine = &world->machines[i];
        machine->disk = WORLD_DISK_EMPTY;
        machine->paused_us = 0;
        if (machine->restart_us != INT64_MAX) {
            machine->restart_us = world->mono_us;
        }
    }
}

void world_fill_disk(struct world *world, Common__ServiceId service, enum world_disk disk)
{
    world->machines[service].disk = disk;
}

void world_pause(struct world *world, Common__ServiceId service, int64_t us)
{
    world->machines[service].paused_us = world->mono_us + us;
}

void world_set_faults(struct world *world, const struct world_faults *faults)
{
    world->faults = *faults;
}

void world_plan_crash(struct world *world, Common__ServiceId service, enum world_crash_point point,
                      int64_t down_us)
{
    if (world->plan.service != 0 && world->machines[world->plan.service].dying) {
        return;
    }
    world->plan = (struct crash_plan){.service = service, .point = point, .down_us = down_us};
}

static void carry_out_plan(struct world *world)
{
    struct crash_plan plan = world->plan;
    struct machine *machine = &world->machines[plan.service];
    if (plan.service == 0 || machine->node == NULL ||
        (plan.point != WORLD_CRASH_NOW && !machine->dying)) {
        return;
    }
    world->plan.service = 0;
    world_crash(world, (Common__ServiceId)plan.service);
    tally((enum tally_kind)plan.point);
    if (plan.down_us > HOUR_US) {
        tally(TALLY_OUTAGE_OF_AN_HOUR);
    }
    machine->restart_us = world->mono_us + plan.down_us;
}

static void restart_due(struct world *world)
{
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        if (world->machines[i].restart_us <= world->mono_us) {
            world_restart(world, (Common__ServiceId)i);
        }
    }
}

/* --- time goes on --- */

/* One machine does one thing; false when none has anything to do now. */
static bool step(struct world *world)
{
    unsigned first = (unsigned)world_draw(world, MACHINE_COUNT);
    for (unsigned i = 0; i < MACHINE_COUNT; i++) {
        world->running = (first + i) % MACHINE_COUNT;
        if (world->machines[world->running].paused_us > world->mono_us) {
            continue;
        }
        if (loop_step(world->machines[world->running].loop)) {
            carry_out_plan(world);
            return true;
        }
    }
    return false;
}

/* Its loop's first timer, in the world's time; INT64_MAX: none. */
static int64_t timer_of(const struct machine *machine)
{
    int64_t timer_us = loop_next_us(machine->loop);
    return timer_us == INT64_MAX ? timer_us : timer_us + *machine->clock.slept_us;
}

static int64_t next_us(const struct world *world)
{
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < MACHINE_COUNT; i++) {
        int64_t timer_us = timer_of(&world->machines[i]);
        int64_t paused_us = world->machines[i].paused_us;
        if (paused_us > world->mono_us) {
            timer_us = paused_us;
        }
        int64_t restart_us = world->machines[i].restart_us;
        next = timer_us < next ? timer_us : next;
        next = restart_us < next ? restart_us : next;
    }
    return next;
}

/* Where its log ends. */
static uint64_t head_of(struct world *world, struct machine *machine)
{
    struct store_txn *txn;
    struct log_position head;
    struct error err;
    if (machine->head_as_of != world->writes) { /* logs grow by commits alone */
        world_must(store_read_begin(node_store(machine->node), &txn, &err), &err);
        log_head(txn, &head);
        store_read_end(txn);
        machine->head = head.offset;
        machine->head_as_of = world->writes;
    }
    return machine->head;
}

#define IDLE_US SECOND_US /* without a write; until then the last may stand in a journal alone */

static bool is_up(const struct machine *machine)
{
    return machine->node != NULL && !machine->dying;
}

/* Everybody who is up has followed everybody who is up. */
static bool have_followed(struct world *world)
{
    if (world->followed_as_of == world->writes) { /* since then nobody has written */
        return true;
    }
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        const struct machine *machine = &world->machines[i];
        for (size_t feed = 0; is_up(machine) && feed < machine->def->feed_count; feed++) {
            struct machine *upstream = &world->machines[machine->def->feeds[feed].upstream];
            struct follower_state state;
            node_feed_state(machine->node, feed, &state);
            if (is_up(upstream) && state.offset != head_of(world, upstream)) {
                return false;
            }
        }
    }
    world->followed_as_of = world->writes; /* who comes up later counts as a write */
    return true;
}

static bool is_quiet(struct world *world, void *context)
{
    (void)context;
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        if (world->machines[i].def != NULL && !is_up(&world->machines[i])) {
            return false;
        }
    }
    return world->mono_us - world->busy_us >= IDLE_US && have_followed(world);
}

/* --- hours in which nothing happens --- */

#define STUCK_US (60 * SECOND_US)
#define AWAKE_US (12 * SECOND_US) /* so much before a timer is due they look at their clocks */

/* Somebody is down, paused, or without room, which holds up others. */
static bool is_troubled(const struct world *world)
{
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        const struct machine *machine = &world->machines[i];
        if (machine->def != NULL && (!is_up(machine) || machine->paused_us > world->mono_us ||
                                     machine->disk != WORLD_DISK_EMPTY)) {
            return true;
        }
    }
    return false;
}

/* Who calls a service that is down is not waited for: nothing comes of it before that is up again. Who has not followed is:
 * it may wait for a timer of its own. */
static bool is_idle(struct world *world)
{
    int64_t idle_us = world->mono_us - world->busy_us;
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        if (world->people_calls[i] > 0 && is_up(&world->machines[i])) {
            return false;
        }
    }
    return world->skip_idle && idle_us >= IDLE_US &&
           (have_followed(world) || (idle_us >= STUCK_US && is_troubled(world)));
}

/* When a service's first timer is due by its own clock; INT64_MAX: none. */
static int64_t durable_us(const struct world *world, struct machine *machine)
{
    struct store_txn *txn;
    struct timer timer;
    struct error err;
    if (machine->def == NULL || machine->def->timer == NULL || machine->node == NULL) {
        return INT64_MAX;
    }
    if (machine->due_as_of != world->writes) { /* timers change by commits alone */
        world_must(store_read_begin(node_store(machine->node), &txn, &err), &err);
        machine->due_us = timer_first(txn, &timer) ? timer.due_us : INT64_MAX;
        machine->due_as_of = world->writes;
        store_read_end(txn);
    }
    return machine->due_us == INT64_MAX ? INT64_MAX
                                        : machine->due_us - machine->clock.wall_offset_us;
}

/* Until when everybody may sleep. */
static int64_t wake_us(struct world *world)
{
    int64_t wake = timer_of(&world->machines[PEOPLE]);
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        struct machine *machine = &world->machines[i];
        int64_t due_us = durable_us(world, machine);
        wake = machine->restart_us < wake ? machine->restart_us : wake;
        wake = machine->paused_us > world->mono_us && machine->paused_us < wake ? machine->paused_us
                                                                                : wake;
        due_us -= due_us == INT64_MAX ? 0 : AWAKE_US;
        wake = due_us < wake ? due_us : wake;
    }
    return wake;
}

void world_skip_idle(struct world *world, bool skip)
{
    world->skip_idle = skip;
}

bool world_run_until(struct world *world, bool (*holds)(struct world *world, void *context),
                     void *context, int64_t limit_us)
{
    int64_t end_us = world->mono_us + limit_us;
    int steps = 0;
    while (holds == NULL || !holds(world, context)) {
        restart_due(world);
        if (step(world)) {
            if (++steps == STEPS_AT_ONE_INSTANT_MAX) {
                invariant_broken(INVARIANT_TIME, "%d steps at one instant", steps);
            }
            continue;
        }
        steps = 0;
        int64_t next = next_us(world);
        if (is_idle(world)) {
            int64_t wake = wake_us(world);
            wake = wake < end_us ? wake : end_us;
            if (wake > next) {
                world->slept_us += wake - world->mono_us;
                next = wake;
            }
        }
        if (next > end_us) {
            world->mono_us = end_us;
            return holds != NULL && holds(world, context);
        }
        world->mono_us = next > world->mono_us ? next : world->mono_us;
    }
    return true;
}

void world_quiesce(struct world *world, int64_t limit_us)
{
    if (world_run_until(world, is_quiet, NULL, limit_us)) {
        return;
    }
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        const struct error *trouble =
            world->machines[i].node == NULL ? NULL : node_trouble(world->machines[i].node);
        if (trouble != NULL) {
            story_step("%s: %s", world->machines[i].def->name, trouble->message);
        }
    }
    invariant_broken(INVARIANT_DELIVERY, "the services did not come to rest");
}

/* --- looking --- */

void world_digest(struct world *world, uint8_t ret_digest[WORLD_DIGEST_BYTES])
{
    crypto_generichash_state state;
    CHECK(crypto_generichash_init(&state, NULL, 0, WORLD_DIGEST_BYTES) == 0);
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        struct store_txn *txn;
        struct log_position head;
        uint8_t offset[8];
        struct error err;
        if (world->machines[i].def == NULL) {
            continue;
        }
        world_must(store_read_begin(node_store(world->machines[i].node), &txn, &err), &err);
        log_head(txn, &head);
        store_read_end(txn);
        be64_put(offset, head.offset);
        CHECK(crypto_generichash_update(&state, head.log_id, sizeof head.log_id) == 0);
        CHECK(crypto_generichash_update(&state, offset, sizeof offset) == 0);
        CHECK(crypto_generichash_update(&state, head.hash, sizeof head.hash) == 0);
    }
    CHECK(crypto_generichash_final(&state, ret_digest, WORLD_DIGEST_BYTES) == 0);
}

static void verify_machine(struct world *world, const struct machine *machine)
{
    char scratch[WORLD_PATH_SIZE];
    struct error err;
    struct verify_result result;
    struct verify_options options = {.def = machine->def,
                                     .store = node_store(machine->node),
                                     .city = world->city,
                                     .scratch_folder = scratch,
                                     .random = &world->random.random};
    snprintf(scratch, sizeof scratch, "%s/scratch", world->folder);
    for (size_t feed = 0; feed < machine->def->feed_count; feed++) {
        options.upstreams[feed] =
            node_store(world->machines[machine->def->feeds[feed].upstream].node);
    }
    world_must(verify_service(&options, &result, &err), &err);
    if (!result.ok) {
        invariant_broken(INVARIANT_TABLES, "%s: %s", machine->def->name, result.finding);
    }
}

void world_verify(struct world *world)
{
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        if (world->machines[i].def != NULL) {
            verify_machine(world, &world->machines[i]);
        }
    }
}

/* --- beginning and end --- */

static const int64_t never_slept_us;

static void begin_machine(struct world *world, unsigned i, const struct service_def *def)
{
    struct machine *machine = &world->machines[i];
    machine->def = def;
    machine->clock =
        (struct world_clock){.clock = {.wall_us = wall_us, .mono_us = mono_us},
                             .mono_us = &world->mono_us,
                             .slept_us = i == PEOPLE ? &never_slept_us : &world->slept_us};
    machine->loop = loop_new(&machine->clock.clock);
    machine->restart_us = INT64_MAX;
    world_random_begin(&machine->random, next_random(&world->random));
    if (machine->def != NULL) {
        snprintf(machine->folder, sizeof machine->folder, "%s/%s", world->folder,
                 machine->def->name);
    }
}

struct world *world_new(uint64_t seed, const struct world_faults *faults,
                        const struct service_def *const services[SERVICE_COUNT + 1])
{
    struct world *world = calloc(1, sizeof *world);
    CHECK(world != NULL);
    world->faults = *faults;
    world_random_begin(&world->random, seed);
    world->mono_us = WORLD_BEGIN_US;
    world->follow_wait_ms = world_draw(world, WAIT_USUAL_IN) == 0 ? WAIT_MS_USUAL : WAIT_MS_LONG;
    world->writes = 1;
    world->arena = arena_new(ARENA_BYTES_MAX);
    scratch_new_in_memory(world->folder);
    world_load_cities(world);
    snprintf(world->master_key, sizeof world->master_key, "%s/master.key", world->folder);
    fault_set_hook(is_struck, world);
    for (unsigned i = 0; i < MACHINE_COUNT; i++) {
        begin_machine(world, i, services[i]);
    }
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        if (services[i] != NULL) {
            world_restart(world, (Common__ServiceId)i);
        }
    }
    return world;
}

void world_free(struct world *world)
{
    for (size_t i = 0; i < world->caller_count; i++) {
        rpc_client_free(world->callers[i].client);
    }
    for (unsigned i = 1; i < MACHINE_COUNT; i++) {
        world->machines[i].dying = true;
        node_free(world->machines[i].node);
    }
    for (unsigned i = 0; i < MACHINE_COUNT; i++) {
        loop_free(world->machines[i].loop);
    }
    fault_set_hook(NULL, NULL);
    arena_free(world->arena);
    scratch_remove(world->folder);
    free(world);
}
