/*
 * What a service keeps in memory beside its tables: made with each pack (node_city.c), and brought up to date on the loop in small
 * steps, first from what is there already and then after commits.
 */
#include "service/node_internal.h"

#include "base/check.h"

#include <stdlib.h>

/* After a commit: what came meanwhile is looked at together. */
#define CATCH_UP_DELAY_US (200 * MS_US)
/* A step is followed by a rest so many times as long: whoever calls is served first, and on few cores the loop's work is the
 * writer's delay. */
#define REST_FACTOR 7
#define REST_US_MAX (100 * MS_US) /* a step that was held up tells nothing of what it costs */
#define STEP_ARENA_BYTES ((size_t)4 * 1024 * 1024)

struct node_memory {
    struct node *node;
    const struct service_memory *def;
    struct arena *arena; /* of one step */
    struct loop_task step_task;
    struct loop_timer timer;
    atomic_bool is_due; /* a step or the timer is to come */
};

/* One step on a snapshot of its own. False: it has seen all there is, or cannot go on before the next commit. */
static bool step(struct node_memory *m)
{
    struct store_txn *txn;
    struct error err = ERROR_NONE;
    if (store_read_begin(m->node->store, &txn, &err) != STATUS_OK) {
        return false;
    }
    struct node_city *held = node_city_hold(m->node);
    struct read r = {
        .txn = txn,
        .city = held->city,
        .keyring = m->node->keyring,
        .memory = held->memory,
        .arena = m->arena,
        .error = &err,
        .last = true,
        .sees_all = true,
    };
    bool has_more = m->def->catch_up(&r) && txn_error(txn, NULL) == STATUS_OK;
    store_read_end(txn);
    node_city_release(held);
    arena_reset(m->arena);
    return has_more;
}

static void run_step(struct loop_task *task)
{
    struct node_memory *m =
        (struct node_memory *)((char *)task - offsetof(struct node_memory, step_task));
    int64_t begun_us = clock_mono_us(m->node->clock);
    m->is_due = false; /* first: what is committed from now on sets it again */
    if (step(m)) {
        int64_t rest_us = REST_FACTOR * (clock_mono_us(m->node->clock) - begun_us);
        m->is_due = true;
        if (rest_us > 0) {
            loop_timer_set(m->node->loop, &m->timer, rest_us < REST_US_MAX ? rest_us : REST_US_MAX);
        } else {
            loop_post(m->node->loop, &m->step_task); /* behind whatever else waits */
        }
    }
}

static void timer_expired(struct loop_timer *timer)
{
    struct node_memory *m =
        (struct node_memory *)((char *)timer - offsetof(struct node_memory, timer));
    loop_post(m->node->loop, &m->step_task);
}

struct node_memory *node_memory_new(struct node *node)
{
    if (node->def->memory == NULL) {
        return NULL;
    }
    struct node_memory *m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    m->node = node;
    m->def = node->def->memory;
    m->arena = arena_new(STEP_ARENA_BYTES);
    m->step_task.run = run_step;
    m->timer.expired = timer_expired;
    return m;
}

void node_memory_start(struct node_memory *m)
{
    if (m != NULL) {
        m->is_due = true;
        loop_post(m->node->loop, &m->step_task);
    }
}

void node_memory_committed(struct node_memory *m)
{
    if (m != NULL && !atomic_exchange(&m->is_due, true)) {
        loop_timer_set(m->node->loop, &m->timer, CATCH_UP_DELAY_US);
    }
}

void node_memory_free(struct node_memory *m)
{
    if (m == NULL) {
        return;
    }
    loop_timer_clear(m->node->loop, &m->timer);
    loop_unpost(m->node->loop, &m->step_task);
    arena_free(m->arena);
    free(m);
}
